"""Facilities told by where they stand and how they are written, and what looks like one."""

import pytest

from tests.deid.text.written import NOBODY


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("Tall Cedars Spine & Pain\n410 W. Alder Street\nDunmore, PA 18512\nSeen today.", ["Tall Cedars"]),
        ("Blue Mesa Sleep Disorders Center\nAccredited by the academy\n\nSeen today.", ["Blue Mesa"]),
        ("Hear Better of the Lowlands\n\nApril 12th, 2019\n\nDear Dr. Lindqvist,\nSeen today.", ["Better of the Low"]),
        ("CLINIC NOTE - Bluebell Fertility\nSeen today.", ["Bluebell"]),
        ("Footloose Surgical, LLC performed the case. Copy to Tarnmoor Imaging PLLC.", ["Footloose", "Tarnmoor"]),
        ("Hernia repair (Varnhold 2006). Stent 2016 (Varnhold).", ["Varnhold"]),
        ("PPH with her second (Varnhold, 2016, 1 unit).", ["Varnhold"]),
        ("Rides with the Second Presbyterian group, sings at Mount Varn Baptist Church.", ["Presbyterian", "Varn"]),
        ("Flown in by Life Flight 3. Engine 51 on scene.", ["Life Flight", "Engine 51"]),
        ("Laid off from Varnhold. Will deliver at Tarnmoor.", ["Varnhold", "Tarnmoor"]),
        ("Location: Tidewater Endocrine - Tall Bridge\nSeen today.", ["Tidewater", "Tall Bridge"]),
        ("Fell at your Grand Island warehouse.", ["Grand Island"]),
    ],
)
def test_facilities_that_their_place_or_form_tells_go(engine, text, gone):
    made = engine.deidentify(text, NOBODY).text
    assert [piece for piece in gone if piece in made] == []


@pytest.mark.parametrize(
    "text",
    [
        "Discharge Summary\n410 mL blood loss was noted.",
        "PRIOR AUTHORIZATION REQUEST - Letter of Medical Necessity\nSeen today.",
        "ACCOUNT NOTES - Patient Financial Services\nCalled today.",
        "Physical Therapy Evaluation\n\nDear colleague,\nSeen today.",
        "Vaccinated (Moderna 2021). MRI 2016 (Abnormal). Stress test (Negative, 2019).",
        "Ottawa: lateral malleolus tender. TriCare pays nothing, MassHealth pays all.",
        "VIRCHOW-ROBIN SPACES PROMINENT.\nNO MASS EFFECT SEEN TODAY.",
        "ORTHOPAEDIC CLINIC NOTE\nSeen today.",
        "The guidelines (J Am Acad Dermatol) support it.",
    ],
)
def test_headings_makers_and_tests_stay(engine, text):
    assert engine.deidentify(text, NOBODY).text == text


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("Case 3: Lundgren, R., 72M, MRN 55201", ["Lundgren"]),
        ("AUTHOR: LUNDGREN,PATIENCE L\nSEEN TODAY.", ["LUNDGREN", "PATIENCE"]),
        ("per mom by phone (Tamsyn 304-555-0155)", ["Tamsyn"]),
        ("EEG (Varnhagen, 3/30) slow.", ["Varnhagen"]),
        ("02/15/23 vkj: Claim denied.\n03/01/23 vkj: paid.", ["vkj"]),
        ("Vent weaned.\nKVARNSTROM, VELDA ID: 0007719", ["KVARNSTROM", "VELDA"]),
        ("father Knut pseudocholinesterase deficiency", ["Knut"]),
        ("agreed with husband Tou Ger and his mother", ["Tou", "Ger"]),
        ("Ilka Lundgren, PhD\nKonstantin Lundgren-Wu, PhD", ["Ilka", "Konstantin"]),
    ],
)
def test_people_that_their_place_tells_go(engine, text, gone):
    made = engine.deidentify(text, NOBODY).text
    assert [piece for piece in gone if piece in made] == []


@pytest.mark.parametrize(
    "text",
    [
        "Anti-TPO Ab 34, TSH 4.2",
        "Pump: CADD pump 2400 mg/m2 over 46 h. Rx: F180, 4 h.",
        "Thyroid N. Abdo soft. Rey copy 35/36. 0.75 in Huber needle.",
        "EE states the floor was wet. Attends NA on weekdays.",
        "Recently back from Trinidad and Kenya. A Vietnam veteran.",
        "biopsies on 3/4/2021: 4/14 cores. Teach back 3/4 done.",
        "wt up, last seen well, want full code, no son here.",
        "She was born at thirty two weeks, one of twins.",
    ],
)
def test_tests_doses_and_countries_stay(engine, text):
    made = engine.deidentify(text, NOBODY)
    assert [text[s.start : s.end] for s in made.spans if s.type != "DATE" or s.end - s.start < 6] == []


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ('labeled "Lundgren, L breast 2:00"', ", L breast"),
        ("Sigrun Lundgren F 29 dob 3/4/1994", " F 29 dob "),
        ("Dr. Lindqvist CRNA. ASA 2, resume ASA.", "CRNA. ASA 2, resume ASA."),
        ("Ilka Lundgren MD PhD, Neurology", " MD PhD, Neurology"),
        ("Ilka Lundgren, Au.D.", ", Au.D."),
        ("Attn: Ilka Lundgren, Human Resources", ", Human Resources"),
        ("Asst: Roxanne    Hyg: Agnes", "    Hyg: "),
        ("Fax 423.555.0120\n\n14 May 2019", "\n\n"),
        ("Rx sent, on Capital Blvd. Notified her.", ". Notified her."),
        ("Seen at Varnhold Infirmary\n\nThe plan is the same.", "\n\nThe plan is the same."),
    ],
)
def test_what_stands_beside_a_name_stays(engine, text, kept):
    assert kept in engine.deidentify(text, NOBODY).text


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("ANESTHESIOLOGIST: Wen-Hao Tsai, MD\nSeen.", "NAME"),
        ("From: Roderick Lundgren <here>", "NAME"),
        ("Social work (Keisha Lundgren, LCSW) saw her.", "NAME"),
        ("Sent to Rhiannon Lundgren, ARNP", "NAME"),
        ("She is from Duluth.", "LOCATION"),
    ],
)
def test_a_person_is_a_person_and_a_town_a_town(engine, text, kind):
    assert [s.type for s in engine.deidentify(text, NOBODY).spans] == [kind]


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("Last tx 6/10. At home tonight 2/2.", ["6/10", "2/2"]),
        ("Gone from the 3rd to the 10th. On the night of the 5th he fell.", ["3rd", "10th", "5th"]),
        ("Here the 3rd through the 10th of October.", ["3rd", "10th"]),
        ("Since mid-July, better in early-May.", ["July", "May"]),
        ("Book Nov. 13 or 20.", ["13", "20"]),
        ("til sunday the 12th", ["12th"]),
        ("date of birth seven twenty one fifty two", ["seven twenty one fifty two"]),
        ("seen january twenty third two thousand twenty four", ["two thousand twenty four"]),
    ],
)
def test_days_written_in_passing_go(engine, text, gone):
    spans = engine.deidentify(text, NOBODY).spans
    found = " ".join(text[s.start : s.end] for s in spans)
    assert [piece for piece in gone if piece not in found] == []
