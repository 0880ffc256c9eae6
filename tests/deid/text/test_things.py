"""Lists of things called after people stay; who and what is named beside them, in full or cut short, goes."""

from random import Random

import pytest

from chartline.deid.text import TextEngine
from tests.deid.text.written import NOBODY, left


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("Ship to 900 Willet Blvd, Suite 4, Osgard, South Carolina 29910", ["900", "Willet", "Osgard", "29910"]),
        ("LIVES IN\n44 WILLET LANE\nOSGARD, NORTH DAKOTA 58346", ["WILLET", "OSGARD", "58346"]),
        ("TARN CARDIAC AND VASCULAR SPECIALISTS, P.C.\nseen today", ["TARN", "VASCULAR", "SPECIALISTS"]),
        (
            "Osgard Cardiac Centre\nLabs from Renal Care of Tollard. Came by Osgard Life Flight.",
            ["Osgard", "Renal Care of Tollard", "Flight"],
        ),
        (
            "Questions re Surgery Center of Osgard parking; Sisters of the Holy Tarn",
            ["Surgery Center", "Osgard", "Sisters", "Holy Tarn"],
        ),
        ("Referred by Catholic Family Services. Filled by OsgardRx.", ["Catholic", "Services", "OsgardRx"]),
        ("Ilo Osgard, MD wrote. Routed to pool\niosgard 10:15", ["iosgard"]),
        ("Read by Ilo Fenwick-Osgard, MD. Cyst unchanged. IFO", ["IFO"]),
        ("Transcribed: tlk 11/06/24", ["tlk"]),
        ("LIST **Osgard** 5E-12: GIB. **Lundgren** 5W-3: stroke", ["Osgard", "Lundgren"]),
        ('container labeled "Osgard, Ilo - left breast"', ["Osgard", "Ilo"]),
        ("Copies to: Lundgren / Osgard", ["Lundgren", "Osgard"]),
        ("Signed out to Marsh at 1900. Osgard PGY-1 p7781", ["Marsh", "p7781"]),
        ("sent me Osgard F. (DOB 1961-03-09)", ["Osgard"]),
        ("My name is Lundgren. That's L-U-N-D-G-R-E-N.", ["L-U-N-D-G-R-E-N"]),
        ("seen on the twenty second of August, home on, like, the twenty eighth.", ["twenty second", "twenty eighth"]),
        ("sober since New Years. Last dose Plavix 1/8.", ["New Years", "1/8"]),
        ("A# A219 334 870, code 7RQ4ZLA2", ["A219", "334 870", "7RQ4ZLA2"]),
        ("Unit No:   557 21 09\nJ#: 90117723/DOC#: 884410", ["557", "21 09", "90117723", "884410"]),
        ("cell (470)5550177; OSGARD,ILO J  O4471  of the Navy", ["5550177", "4471"]),
        ("Stays in Osgard 5/16. Trailer off County Road 29, Willet Ct apt 3.", ["Osgard", "Road 29", "apt 3"]),
    ],
)
def test_what_is_told_beside_things_goes(engine: TextEngine, text: str, gone: list[str]) -> None:
    assert left(engine, text, gone) == []


@pytest.mark.parametrize(
    "text",
    [
        "Allis, Kelly, Metzenbaum, Mayo scissors. Ladd procedure, Norwood/Glenn/Fontan, Ross, Bentall, Kasai, Dor.",
        "Heller myotomy, Wolff-Parkinson-White, Hartmann then reversal",
        "Wartenberg sign L. Marcus Gunn OS. Bartholin cyst L. Nabothian cysts.",
        "Is the Calvert formula relevant? Eats Gerber, Similac. In modified Lloyd-Davies.",
        "SNOMED 44054006. RxNorm code 8609751. Pip/tazo 8/4 S.",
        "Attending Attestation: I saw the patient.",
        "Pacer: Guidant Insignia, Sorin Reply. Leads: Sprint Quattro, Durata.",
        "Brief Hospital Course: 76M with fever.",
        "BCx 2/4 GPC. A Z-Pak. May-Thurner, Paget-Schroetter. Gleason 7 in 3/12 cores.",
        "FINAL DIAGNOSIS\nA. Colon, cecum, polypectomy: adenoma.\nB. Esophagus bx.",
        "Noninvasive Prenatal test. Reviewed KDIGO, ADA and others.",
    ],
)
def test_things_called_after_people_stay(engine: TextEngine, text: str) -> None:
    assert engine.deidentify(text, NOBODY).text == text


def test_who_is_brought_into_a_list_of_things_goes(engine: TextEngine) -> None:
    assert left(engine, "Implants: Guidant, Insignia, by Dr. Osgard", ["Osgard"]) == []


def test_no_cut_of_a_text_breaks_the_engine(engine: TextEngine) -> None:
    whole = (
        "LIST **Osgard** 5E-12: a, b/c. Read by Ilo F.-Osgard MD / IFO\n"
        'labeled "Osgard, I"; Leads: Tarn, Pell\nA# A219 334 870'
    )
    draw = Random(13)
    for _ in range(60):
        start = draw.randrange(len(whole))
        engine.deidentify(whole[start : start + draw.randrange(1, 60)] + whole[: draw.randrange(40)], NOBODY)
