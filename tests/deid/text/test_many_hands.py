"""Forms of terse notes by many hands: who is named by a word, who only by an office, a bed or a letter, and where."""

import pytest

from tests.deid.text.written import NOBODY, left


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("Seen w/ Dr. K today, Mr. B aware.", ["Dr. K", "Mr. B"]),
        ("Son Tarn Osgard is on the way.", ["Tarn", "Osgard"]),
        ("Radha W/o Velmor Osgard, 57y. Baby D/o Ilka Osgard.", ["Radha", "Velmor", "Ilka"]),
        ("Relieved by Marsh 0700, escorted by Banks to CT.", ["Marsh", "Banks"]),
        ("K 6.1, Marsh aware. Rivers notified 0410. Banks at bs.", ["Marsh", "Rivers", "Banks"]),
        ("D/w OB Velmor-Osgard. Per renal Osgardson, no HD.", ["Velmor", "Osgard"]),
        ("Tube placed by RT Osgardson. RD Osgardson recs TF.", ["Osgardson"]),
        ("Marsh, 44F, cough. Pt Banks c/o HA.", ["Marsh", "Banks"]),
        ("Pt: Marsh  DOB 3/4/1960", ["Marsh"]),
        ("Seen by L. Young RN.\nMarsh RN 3/4", ["L. Young", "Marsh"]),
        ("Surg Rivers  Asst P. Velmor  EBL 20", ["Rivers", "Velmor"]),
        ("1 Osgard 47 PNA d2\n2 Velmor, T 72 SBO\n3 Pell 33 DKA", ["Osgard", "Velmor", "Pell"]),
        ("Rm 4 Osgard 47 PNA.", ["Osgard"]),
        ("0815  YOUNG, RITA  38F  MRN 00218843", ["YOUNG", "RITA"]),
        ("Dear Standing Cloud,\nyour labs are normal.", ["Standing", "Cloud"]),
        ("This is Velmor Osgard calling for a refill.\nSigned, Tarnow", ["Velmor", "Osgard", "Tarnow"]),
        ("Pt De la Cruz c/o HA. Per St. Clair, ok.", ["De la", "Cruz", "St.", "Clair"]),
        ("born to Velmira 33 G3P2", ["Velmira"]),
        ("First name Velmira was misspelled.", ["Velmira"]),
        ("mrn,last,first,dob,attending\n2218,Field,Rita,1949-08-27,Osgard", ["Field", "Rita", "08-27", "Osgard"]),
        ("hey Osgardson, can you cover? any update on Velmira? is Tarnowsky NPO", ["Osgard", "Velmira", "Tarnow"]),
        ("Osgardson bed 4 needs a scan. Told Velmira to call. FYI Tarnowsky d/c'd", ["Osgard", "Velmira", "Tarnow"]),
        ("My name's Velmira. Your patient, Osgard", ["Velmira", "Osgard"]),
        (
            "slept well. np thuy to round. rd osgardson recs tf. velmira 44f here, wasted 1 w osgardson",
            ["thuy", "osgard", "velm"],
        ),
        ("Dictated. T: 03/04/25 QV/lm Job 2218", ["QV", "lm"]),
    ],
)
def test_people_of_terse_notes_go(engine, text, gone):
    assert left(engine, text, gone) == []


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("Now with Harmony hospice. Kept at Osgard surgery center.", ["Harmony", "Osgard"]),
        ("Thank you for choosing Gull Harbor!", ["Gull", "Harbor"]),
        ("1st choice The Arbors, 2nd Wexford.", ["Arbors", "Wexford"]),
        ("Denied by Gull Harbor (no bed). Resettled by Gull House.", ["Gull"]),
        ("HH w/ Brightway. Jail: Gull Harbor", ["Brightway", "Gull"]),
        ("Admit to Gull Harbor 2016. Code 2 to Gull Harbor.", ["Gull", "Harbor"]),
        ("Transferred from QTMC ED.", ["QTMC"]),
        ("Went to University Hospital, MRN 22184 (UH)", ["UH)"]),
        ("K. Osgard MD, Gull Harbor", ["Gull", "Harbor"]),
        ("SEEN AT ST VELMOR LAST MONTH. DENIED BY GULL HARBOR.", ["VELMOR", "GULL"]),
        ("was at gull harbor x3 wks, labs reviewed", ["gull", "harbor"]),
        ("Vill: Osgardpur. Brgy. San Velmor", ["Osgardpur", "Velmor"]),
        ("Flat at 1834 N Osgard, upstairs. Sent to 4th and Osgard for a fall.", ["1834", "Osgard"]),
        ("Lives at Velmorstraße 9, 4821 Osgard.", ["Velmor", "9,", "4821", "Osgard"]),
    ],
)
def test_facilities_and_addresses_of_terse_notes_go(engine, text, gone):
    assert left(engine, text, gone) == []


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("Stay from 03.04. to 11.04.2025.", ["03.04", "11.04"]),
        ("HD#4 (5/8). S/p TKA (5/8). PSG 3/9: AHI 12.", ["5/8", "3/9"]),
        ("3/9 pt seen, stable.", ["3/9"]),
        ("Stuck by a needle 7/7 ~0215.", ["7/7"]),
        ("CXR 9/14 clear. HUS 9/15 no bleed.", ["9/14", "9/15"]),
        ("Text from 0431 221 843.", ["0431", "221", "843"]),
        ("Medicare number is 2218 43107 1.", ["2218", "43107 1"]),
        ("DOC# 25-044871, Subj 014-0022, Bands 22184", ["044871", "014-0022", "22184"]),
    ],
)
def test_days_and_numbers_of_terse_notes_go(engine, text, gone):
    assert left(engine, text, gone) == []


@pytest.mark.parametrize(
    "text",
    [
        "Dr notified, Dr aware. Labs ordered earlier.",
        "Rt is a 71 y/o male.",
        "Relieved by rest. Followed by Surgery, confirmed by Doppler, treated by Mohs.",
        "Family notified 0410. Charge paged x2. Hand feels numb.",
        "1. Aspirin 81 daily\n2. Coreg 25 BID\n3. Plavix 75 PO",
        "T. Velmor-AM 2 OD, Inj Velmocef 1 g BD.",
        "Seen @2pm, born @38w4d, @10cm, @25mL/hr.",
        "NDC 0078221843 dispensed.",
        "Gave 2 Tylenol. Pt resting. Reglan 10 PO. VSS. Pt walking.",
        "Referred to Radiation Oncology, Gynecologic Oncology, Oral Surgery and Interventional Radiology.",
        "Mass located at Right Axillary Lymph Node level 2.",
        "SLP MBSS: aspiration. Dx: CAP, AKI.",
        "HH: PT/OT/RN ordered. Jail: none. Hospice: declined. Denied by Medicare Advantage.",
        "CT W/o Contrast. D/o mood. W/O edema.",
        "Mueller-Hinton and Kirby-Bauer. Narcan Rx.",
        "Dear Colleague,\nthe patient is well.",
        "RT Hip pain, RT Pelvis 45 Gy. OT Eval. ST Elevation.",
        "Monitoring 3 times, measuring 0.5 cm, during 1982.",
        "See Flowsheet. Is Lasix cleared? Told family to wait. FYI Foley d/c'd. Lasix please. Gave 100 W Units.",
        "Pain 5/8. Strength 4/5 (better). Day 5 (of 7).",
        "| Bed | Pt | RN |\n|---|---|---|\n| 24 | closed | |",
    ],
)
def test_what_only_looks_like_it_in_terse_notes_stays(engine, text):
    assert engine.deidentify(text, NOBODY).text == text


def test_a_sentence_behind_a_street_is_no_town(engine):
    made = engine.deidentify("Seen at 417 Osgard Drive.\nTransferred later.", NOBODY).text
    assert made.endswith("Transferred later.")
    assert "Osgard" not in made


def test_who_refers_stays_and_who_is_a_medical_assistant_is_no_place(engine):
    made = engine.deidentify("Referring Ilka Osgard DO. R. Velmor, MA", NOBODY).text
    assert made.startswith("Referring ")
    assert made.endswith(", MA")
    assert "Osgard" not in made
    assert "Velmor" not in made
