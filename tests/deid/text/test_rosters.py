"""People on boards, in legends and lists, who signs in small letters; numbers and days as such papers write them."""

import pytest

from chartline.deid.context import PatientContext
from chartline.deid.text import TextEngine
from tests.deid.text.written import NOBODY, left


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("1   0730   NEZ, M        41   LAP\n2   0730   ELK, S       66   TKA", ["NEZ, M", "ELK, S"]),
        ("Verholt, G     58   HERNIA", ["Verholt, G"]),
        ("JV = Jolene Verholt RN\nSenna 0800  JV  ref  JV", ["JV"]),
        ("RJ 78m north tower 612\nEW 90f 618", ["RJ", "EW", "90f"]),
        ("2  Lea, Pearl      104B  91  F    2/12", ["Lea", "Pearl", "91"]),
        ('"name": [{"family": "Verholt", "given": ["Orla", "Rose"]}]', ["Verholt", "Orla", "Rose"]),
        ("questions answered.\nb. tollard rn 0712", ["b. tollard"]),
        ("- q. verholt md", ["q. verholt"]),
        ("k nguyen rn", ["k nguyen"]),
        ("MRN: HX 118204. Chart # B 4471. Record no. GX 118204", ["HX", "118204", "B 4471", "GX"]),
        ("his chart number there is GIMC 338820.", ["GIMC", "338820"]),
        ("Medicaid ID: AB 12345C. Case # CR 2023 1187", ["AB", "12345C", "CR", "1187"]),
        ("Medicare ID: 1EG4 TE5 MK73", ["1EG4", "TE5", "MK73"]),
        ("SN 3519 2277 and Machine 2K9S-107714", ["3519", "2277", "2K9S", "107714"]),
        ("2u PRBC W0417 24 118834", ["W0417", "118834"]),
        ("Insurance Caloptima 93310027F.", ["93310027F"]),
        ("dtr Orla (410)-555-0181; epi (407/555-0151)", ["410", "0181", "407", "0151"]),
        ("in blood bank, x4-8821. spectra 51122", ["8821", "51122"]),
        ("called back from # ending 0129", ["0129"]),
        ("SS# 4 7 0 - 0 0 - 8 8 1 2   Driver lic", ["4 7 0", "8 8 1 2"]),
        ("Zoom mtg ID 884 4171 0029", ["884", "0029"]),
        ("refused meds on 5-4 and 5-5.", ["5-4", "5-5"]),
        ("window (25FEB-03MAR2021). DOS 030824.", ["25FEB", "03MAR", "030824"]),
        ("the 14th day of September, 2022. thursday the ninth", ["14th", "September", "ninth"]),
        ("Spent New Year's in town. Lunar New Year trip. Holy Saturday.", ["New Year", "Saturday"]),
        ("Dr. Tollard's note of 6/20.", ["6/20"]),
        ("SSN (last four): 0918", ["0918"]),
        ("GTT ordered for 4/10 7:30a; come to the 5/7 session", ["4/10", "5/7"]),
        ("77 Alder Street, 3rd Floor.", ["77", "3rd"]),
        ("Sang-Hoon Yoo, PharmD", ["Sang", "Hoon", "Yoo"]),
        ("Osgard Medical Supply; Little Osgard Learning Center", ["Supply", "Little Osgard", "Learning"]),
    ],
)
def test_it_goes(engine: TextEngine, text: str, gone: list[str]) -> None:
    assert left(engine, text, gone) == []


@pytest.mark.parametrize(
    "text",
    [
        "GAD-7: 2 3 3 2 1 2 2 = 15. PHQ-9: 3 2 3 3 2 2 1 0 0",
        "Suboxone 8/2 film. sub 8/2 x 2 films. Buprenorphine 8/2 SL daily. AUASS 11/2.",
        "PT = Physical Therapy. AF = Atrial Fibrillation. CF: Cystic Fibrosis",
        "knee, r   2   cm. HR 78m",
        "I will do. he can do. see md.",
        "laceration w/o FB (S61.211A). Corneal FB (T15.01XA).",
        "PRENATAL VISIT 28w3d. OB visit 12w2d",
        "valve (St. Jude, porcine). Est intake 50%. Exam: Afeb.",
        "PLAN: 2-3x/wk x 12 wk. Alcon SN60WF +21.5. M1E0S1T2 by biopsy.",
    ],
)
def test_it_stays(engine: TextEngine, text: str) -> None:
    assert engine.deidentify(text, NOBODY).spans == ()


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("BUNCOTT COUNTY EMS   PATIENT CARE REPORT", ["BUNCOTT", "COUNTY"]),
        ("6. Birthplace: HAMTRAMCK, MICHIGAN", ["HAMTRAMCK"]),
        ("Brooklyn, N.Y. 11206. Suite 2100 * Norfolk VA * 23502", ["11206", "23502"]),
        ("mailed to PO BOX 4471 MUKILTEO 98275", ["4471", "MUKILTEO", "98275"]),
        ("LZ: helipad, N40 03.12 W111 43.88.", ["N40", "W111", "43.88"]),
        ("MRI 11/8/23 @ Osgard Ridge Medical Ctr: stenosis", ["Osgard", "Ctr"]),
        ("REFERRED FROM OSGARD SIDE COMMUNITY HEALTH SERVICES", ["OSGARD", "SERVICES"]),
        ("local OPO Osgard Donor Services", ["Osgard Donor"]),
        ("LINE LIST - Cedar Osgard SNF - updated", ["Cedar Osgard"]),
        ("Osgardwater Pain & Spine\n880 Alder Rd Ste 2100", ["Osgardwater Pain"]),
        ("CENTRAL OSGARD REFERENCE LAB", ["CENTRAL OSGARD"]),
        ("Receiving: Osgardak then QNMC", ["Osgardak"]),
    ],
)
def test_places_go(engine: TextEngine, text: str, gone: list[str]) -> None:
    assert left(engine, text, gone) == []


def test_two_surnames_become_two_and_stay_the_same_ones(shifting: TextEngine) -> None:
    text = "Ilka Rivera Montoya was seen. Mrs. Rivera is well. Ms. Montoya too."
    made = [s.replacement.split() for s in shifting.deidentify(text, PatientContext("p", offset_days=-20)).spans]
    assert made[0][1:] == [made[1][-1], made[2][-1]]


def test_a_shop_and_its_telephone_are_two(shifting: TextEngine) -> None:
    made = shifting.deidentify("Called CVS #9801 714-555-0130.", PatientContext("p", offset_days=-20))
    assert [s.type for s in made.spans] == ["FACILITY", "PHONE"]
    assert "555-" in made.text
