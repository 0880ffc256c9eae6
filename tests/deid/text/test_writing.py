"""How clinicians write beside full sentences: what of it names somebody goes, what of it names a thing stays."""

import pytest

from chartline.deid.context import PatientContext

NOBODY = PatientContext("nobody")


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("Collected 03/14/2021-0630 by lab.", ["03/14"]),
        ("Rounds\n3/8 1900 assumed care. Vomited 12/1 at 0847.", ["3/8", "12/1"]),
        ("Ref to Dr. Lundgren x4-2207, RD p4417, spec 0214:C00318S.", ["4-2207", "4417", "00318"]),
        ("DEXA 5/2 normal. Filled 11/4, delivered 6/10, admitted 2/2 for CHF.", ["5/2", "11/4", "6/10", "2/2"]),
        ("Performed by: Vasquez RN, Ingrid", ["Vasquez", "Ingrid"]),
        ("PATIENT: BRANNIGAN, TOBIAS K  ROOM 4", ["BRANNIGAN", "TOBIAS K"]),
        ("Thickener taught. Ingrid Lundgren, CDCES", ["Lundgren"]),
        ("CNM Halvorsen at bedside. Pt Prewitt back from CT.", ["Halvorsen", "Prewitt"]),
        ("Here with both moms, Ingrid and Kirsten.", ["Ingrid", "Kirsten"]),
        ("Took the kids (Connor, 9, and Hailey, 6) to school.", ["Connor", "Hailey"]),
        ("Patient and Marjorie voiced understanding. Will ask Marlene to fax it.", ["Marjorie", "Marlene"]),
        ("Follow in 3 months. Lundgren", ["Lundgren"]),
        ("Ulcer cultured. JW, PGY-2", ["JW"]),
        ("CT from Osprey Lake Regional was read as normal.", ["Osprey"]),
        (
            "Seen by Prairie Lark Home Care; to Hospice of the Plains on Friday.",
            ["Prairie Lark", "Hospice of the Plains"],
        ),
        ("Had a stent at Eastern Dakota in 2019. Works nights at Harbor Point.", ["Eastern", "Harbor"]),
    ],
)
def test_who_and_where_are_found_in_terse_writing(engine, text, gone):
    made = engine.deidentify(text, NOBODY).text
    assert [piece for piece in gone if piece in made] == []


@pytest.mark.parametrize(
    "text",
    [
        "Watch 1900-0700. Taper 60-50-40-30-20-10.",
        "Neuro: Babinski downgoing. Murmur at Erb's point. Lambl's excrescences. Circle of Willis patent.",
        "NYHA I. Takes metoprolol. ASA II, Mallampati 2. Dx: A. TVA with HGD.",
        "Await Nephrology input. Saw Cardiology today. Seen in the Walk-In Clinic. Sent to the Methadone Clinic.",
        "Two stents (LAD PCI) done; removal of Ex-Fix.",
        "Hi, I'm well. Okay, I'll call. Good, I've been sleeping.",
        "Dear Colleague, thank you for the referral.",
        "He fell from a Christmas tree. She attends Gamblers Anonymous.",
        "His aunt had Lou Gehrig's disease. A native of Norway, being seen for cough.",
        "Pain 10/10 at 0800, strength 5/5. Admitted 2/2 pneumonia.",
    ],
)
def test_things_written_like_names_and_days_stay(engine, text):
    assert engine.deidentify(text, NOBODY).text == text


def test_a_credential_is_no_name_and_no_part_of_what_stands_in_the_next_line(engine):
    text = "Seen by Ingrid Lundgren, MD, PhD\nOsprey Rheumatology Associates"
    assert [text[s.start : s.end] for s in engine.deidentify(text, NOBODY).spans] == [
        "Ingrid Lundgren",
        "Osprey Rheumatology Associates",
    ]
