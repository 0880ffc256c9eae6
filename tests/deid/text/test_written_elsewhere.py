"""Forms of writing that notes of other hospitals, vendors and countries use, with names that nobody has."""

import pytest

from tests.deid.text.written import NOBODY, left


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("MRN ED TEMP: ED-MRN-004471", ["ED-MRN", "004471"]),
        ("Order #20218-QCH, seen again.", ["20218", "QCH"]),
        ("陈女士 came in for review. Ms. 陈 declined; seen by 王医生 today.", ["陈", "王"]),
        ("sister 陈晓琳 is well, Mother 陈林氏 dx at 52, interpreter 李娜.", ["陈晓琳", "陈林氏", "李娜"]),
        ("UHID: KH.2213.19, Hosp No. 22134, IP No: 19/2213, OP No. 2213/19", ["2213", "22134"]),
        ("Photo attached: wound-photo-varga.jpg; clip tele_2213.mp4", ["varga", "2213"]),
        ("[03/04/19 10:22:31 OSGARDQ] cleared", ["OSGARDQ"]),
        ("Came from 9 Pen y Tarn, Osgard Mawr, QX64 4RT by car.", ["9 Pen", "Tarn", "Mawr", "QX64"]),
        ("Drives a van, registration QX19 KLV.", ["QX19", "KLV"]),
        (
            "Scene GPS: 12.3457, -65.4329. Found at 41.2345° N, 77.1234° W.",
            ["12.3457", "65.4329", "41.2345", "77.1234"],
        ),
        ("Reg. No: 2213/19 and Acc. no. A2213", ["2213"]),
        ("PID|1||2213^^^LAB^MR||Tarnow^Ilse^B^^||19510412|F", ["Tarnow", "Ilse", "19510412"]),
    ],
)
def test_numbers_and_stamps_of_other_systems_go(engine, text, gone):
    assert left(engine, text, gone) == []


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("Ph- 98450 22134. Ph. 044 2213 4478", ["98450", "22134", "4478"]),
        ("Beeper: 3-4478, pgr 3-4479", ["3-4478", "3-4479"]),
        ("d.o.b 1.2.50 seen today", ["1.2.50"]),
        ("Sister rang from 07700 900 461; flat (020) 7946 0134.", ["07700", "900 461", "7946"]),
        ("Away 21 to 27 December, back 2nd and 3rd January 2021.", ["21 to", "27", "2nd", "3rd"]),
        ("Cough for 2/52 ago, seen on 3/12 in ED, admitted 12/7, booked for 9/12.", ["3/12", "12/7", "9/12"]),
    ],
)
def test_phones_and_days_behind_short_labels_go(engine, text, gone):
    assert left(engine, text, gone) == []


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("Signed by QOSGARD on 3/4/2019 at 10:15.", ["QOSGARD"]),
        ("Note text.\nTranscriptionist: rbelkova\n", ["rbelkova"]),
        ("Note text.\nTypist: RB\nTechnologist: KW\n", ["RB", "KW"]),
    ],
)
def test_user_names_and_letters_of_who_wrote_go(engine, text, gone):
    assert left(engine, text, gone) == []


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("Patient: Ilka Varga", ["Ilka", "Varga"]),
        ("Emergency Contact: Mother, Ilka Varga", ["Ilka", "Varga"]),
        ("Varga, Quentin (Q.V.) and Belkova, Rita (RB) were seen.", ["Q.V.", "RB"]),
        ("Initials: Q.V.", ["Q.V."]),
        ("Pt: RV, 44F with cough.", ["RV"]),
        ("Discharged home. Reach Quentin at the desk.", ["Quentin"]),
        ("Three children, Rusk (9); Quint (8); and Osric (4).", ["Rusk", "Quint", "Osric"]),
        ("Mr Quentin Tarnow (Quen) was seen.", ["Quen"]),
        ("S: 林小春, 35yo female.\n陳大文", ["林小春", "陳大文"]),
        ("Dressing changed.\n- MK", ["MK"]),
        ("**Referring Physician**: Osgard\n**Provider:** Tarnow", ["Osgard", "Tarnow"]),
        ("<b>Physician:</b> Osgard<br>", ["Osgard"]),
        ('{"lastName":"Osgard","pcp":"Tarnow","city":"Velmor"}', ["Osgard", "Tarnow", "Velmor"]),
        ("<given>Ilse</given><family>Osgard</family> <city>Velmor</city>", ["Ilse", "Osgard", "Velmor"]),
        ("Wed 08:00 (Osgard): All fine. Wed 18:30 (Rita B): ate well.", ["Osgard", "Rita B"]),
    ],
)
def test_people_by_a_rare_word_or_by_letters_go(engine, text, gone):
    assert left(engine, text, gone) == []


def test_a_month_behind_a_facility_is_a_day_of_its_own(engine):
    made = engine.deidentify("Seen at Varga Clinic in January 2001, again in March.", NOBODY)
    assert [s.type for s in made.spans] == ["FACILITY", "DATE", "DATE"]


def test_an_office_on_the_line_before_is_not_of_the_facility(engine):
    made = engine.deidentify("Seen by: Dr. Rita Belkova, PharmD\nClinical Pharmacist\nAtlantic Medical Center", NOBODY)
    assert "Clinical Pharmacist" in made.text
    assert "Atlantic" not in made.text


@pytest.mark.parametrize(
    "text",
    [
        "Pain went from 8/10 to 3/10, strength 4/5 to 5/5.",
        "Held with Kelly clamps and a Weitlaner retractor. A Rosenberg view was taken.",
        "Tenderness at McBurney's point, none elsewhere.",
        "MSH|ORU^R01|P\nOBR|1|CT PELVIS^CT Pelvis|71275^CT ANGIOGRAPHY CHEST^CPT4|",
        "Health Information was given. Dose and Route: one tablet by mouth.",
        "Agency IDs:\nPatient/Client: seen",
        "Cough 3/52, tablets for 5/7, seen 10/7 ago; review in 1/12 and 3-4/52.",
        "NURSE: Good morning! How are you?",
        "Emergency Contact: Father\nSeen with 高血壓 and\n腹痛",
        "Ordered today:\n- FBE\n- CRP\nGel at the sink @work. Offered GP Mental Health Care Plan.",
        "Values 1.2345, 2.3456 were measured. Sat is ninety-two percent.",
        "Died at 10:30. Lived at 98 weeks of follow up.",
        "Blood pH 7.35-7.45, PH 7.35 PCO2 44 PO2 88.",
        "Printed by PHARMACY on request. Entered by NURSING at noon.",
        "history of 高血压 and 糖尿病, seen today for follow up; 家庭医生 agrees.",
    ],
)
def test_what_only_looks_like_it_stays(engine, text):
    assert engine.deidentify(text, NOBODY).text == text


def test_kin_before_a_name_is_no_last_name(engine):
    made = engine.deidentify("Emergency Contact: Father, Quentin Osgard", NOBODY).text
    assert made.startswith("Emergency Contact: Father, ")
    assert "Osgard" not in made


def test_what_a_person_views_keeps_nobody_in(engine):
    assert left(engine, "Maria Kowalski views her illness as a test.", ["Maria", "Kowalski"]) == []


def test_a_field_for_who_refers_keeps_its_name(engine):
    made = engine.deidentify("Referring MD: Osgard", NOBODY).text
    assert made.startswith("Referring MD: ")
    assert "Osgard" not in made


@pytest.mark.parametrize(
    "text",
    [
        "MIXED BACTERIAL FLORA ( >= 3 COLONY TYPES)",
        "Sparse growth Commensal Respiratory Flora.",
        "Respiratory Flora Absent.",
        "NO ANTIBODY TO B. BURGDORFERI OR A. PHAGOCYTOPHILUM DETECTED BY EIA.",
        "CULTURE GREW A. BAUMANNII, S. MALTOPHILIA AND C. AURIS.",
        "Negative by the Illumigene assay.",
    ],
)
def test_what_a_culture_grew_is_nobody(engine, text):
    assert engine.deidentify(text, NOBODY).text == text


def test_who_is_called_like_what_grows_goes_all_the_same(engine):
    assert (
        left(engine, "Mixed bowel flora. Patient Flora Varga was seen; Flora rests.", ["Flora V", "Varga", "Flora r"])
        == []
    )


@pytest.mark.parametrize(
    "text",
    [
        "Body mass index 25.0-25.9, adult. Ankle-brachial index: 0.85-1.10.",
        "Magnetic Resonance Imaging of the brain showed no lesion.",
        "Insertion of Infusion Device into Superior Vena Cava, Percutaneous Approach",
        "Introduction of Other Antineoplastic into Central Vein, Percutaneous Approach",
        "She had a Transcranial Doppler.",
    ],
)
def test_ranges_vessels_and_images_are_no_numbers_and_no_places(engine, text):
    assert engine.deidentify(text, NOBODY).text == text


def test_a_number_behind_index_that_is_no_range_goes(engine):
    assert (
        left(engine, "index 4471-22, index 12.5-33.1A, index 1.2.3-4.5", ["4471-22", "12.5-33.1A", "1.2.3-4.5"]) == []
    )
