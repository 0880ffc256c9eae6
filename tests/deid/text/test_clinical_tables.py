"""Tables as electronic records write them: names of problems, parts of the body, ranges and codes are nobody's."""

import pytest

from chartline import keys
from chartline.deid import policy
from chartline.deid.context import Cohort, PatientContext
from chartline.deid.text import build

NOBODY = PatientContext("p")


@pytest.fixture(scope="module")
def engine(key_file):
    return build(policy.load("safe_harbor"), keys.load(key_file), "test", Cohort())


@pytest.mark.parametrize(
    "text",
    [
        "Name | Dates | Status\nDark stools | ongoing | Active\nAppendicitis | ongoing | Active",
        "Name | Actual Result | Date\nCBC with Ordered Manual Differential panel | | ",
        "Name | Onset Age | Status\nPneumonia | 65 Years | Resolved\nBelow Knee Amputation | 40 Years | Resolved",
        "Vaccine | Dose | Location\nInfluenza | 1 | Left Arm\nTetanus | 2 | Right Deltoid",
        "Diagnosis | Age At Onset\nDiabetes | 40",
        "Height | 177 cm | Weight | 86 kg",
        "CM: Weight",
        "Substance | Type | Reaction\n| Cheese | Allergy | Nausea |",
        "| Result | Status | Comment |",
        "| Risk | Status |",
        "Hemoglobin | 13.7 | G/DL | (11.7-15.5) | N (Normal)",
        "Thyroxine (T4) | 5.1 | mcg/dL | (4.5-12.0)",
        "Body Mass Index (kg/m2) | 25.8 | 25.8",
        "Pneumonia (233604007 SNOMED CT)",
        "code 195967001 (SNOMED-CT)",
        "233604007 (SNOMED CT)",
        "309362, RxNorm",
        "UMLS C0004096",
        "Polys (Absolute) | 2852 | CELLS/MCL | (1500-7800) | N",
        "Lymphs (Absolute) | 1901 | CELLS/MCL | (850-3900) | N",
        "Fiorinal/Codeine #3 50-325-40-30 MG CAPS | daily",
        "No Known Health Concerns",
        "Planned | Referral to Specialist | soon",
        "Chest X-Ray, PA and LAT View",
    ],
)
def test_what_a_table_tells_of_care_is_left(engine, text):
    assert engine.deidentify(text, NOBODY).text == text


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Name | MRN | Ward\nCricket Small | 7654321 | 6", ("Cricket", "Small", "7654321")),
        ("Name | Dates | Status\nMaria Lopez | ongoing | seen", ("Maria", "Lopez")),
        ("Name | Phone | Role\nSection Weight | 617-555-0142 | aide", ("Section", "Weight", "0142")),
        ("Provider | Seen\nMJT | x\nJ. Osterby | y", ("Osterby",)),
        ("Vaccine | Dose | Location\nInfluenza | 1 | Fernhollow Clinic", ("Fernhollow",)),
        ("DL: D1234567 on file", ("D1234567",)),
        ("Name | Marsh | Status", ("Marsh",)),
        ("| Cheryl | RN |", ("Cheryl",)),
        ("MRN 88123901 CPT 99213", ("88123901",)),
        ("88123901 CPT 99213", ("88123901",)),
        ("Name | Phone\nM. Osterby | 850-3900", ("Osterby", "850-3900")),
        ("call (850-3900)", ("850-3900",)),
        ("seen at Quillmore Health. Concerns none", ("Quillmore",)),
        ("Norwood, PA", ("Norwood",)),
        ("chart (88123901) LOINC 8302-2", ("88123901",)),
    ],
)
def test_what_it_tells_of_persons_is_not(engine, text, names):
    said = engine.deidentify(text, NOBODY).text
    assert not [name for name in names if name in said]
