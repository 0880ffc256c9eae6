"""Names that are words or short forms of notes go where writing tells that they are names; the words stay."""

import pytest

from chartline.deid.text import TextEngine
from tests.deid.text.written import NOBODY, left


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("Pt name: Max Verholt   DOB 3/4/2016", ["Max", "Verholt"]),
        ("Her son Max Verholt was here. Max was seen by me.", ["Max", "Verholt"]),
        ("Name: Ros Verholt", ["Ros", "Verholt"]),
        ("Patient: Esi Verholt", ["Esi", "Verholt"]),
        ("Name: Quill Tsegaye", ["Quill", "Tsegaye"]),
        ("She said call Crystal about the CT.", ["Crystal"]),
        ("I asked Dawn to fax the form.", ["Dawn"]),
        ("Told Summer we would call.", ["Summer"]),
        ('bio dad "Bo" Verholt left early', ["Bo", "Verholt"]),
        ("Ilka Iron Elk was seen.", ["Iron Elk"]),
        ("Spotted Crow, Aurelio, 11 yo, Hx: staring spells", ["Spotted", "Crow", "Aurelio"]),
        ("LARKSHORE FAMILY PRACTICE\n880 W. Dunmore Blvd, Osgard, MI 49441", ["LARKSHORE FAMILY"]),
        ("SEEN AT DESERT QUILL URGENT CARE.", ["DESERT QUILL"]),
        ("Missed 2/10, 2/12 (funeral).", ["2/10", "2/12"]),
        ("Reminded of 9/24 echo, hold metoprolol.", ["9/24"]),
        ("ATTENDING: BROOKS   WT 94", ["BROOKS"]),
        ("Paw Verholt, DOB 1/1/1990", ["Paw", "Verholt"]),
        ("transplant eval - Nguyen, J.\nTo: clinic", ["Nguyen", "J."]),
        ("physician [signature] Nguyen O. P.    Head of dept.", ["Nguyen", "O. P."]),
        ('Dr. "Lam" at a clinic; rep "Joy" called', ["Lam", "Joy"]),
        ("I think her name was Summer", ["Summer"]),
        ("Results called by KLM on 1/16 at 11:40. answered, BQ 2/21/23", ["KLM", "BQ"]),
        ("pt: orla iron elk  dob 5/5/61", ["orla", "iron elk"]),
        ('pt: orla "ray" tollard  dob 5/5/61', ["orla", "ray", "tollard"]),
        ('PT VERHOLT, FERDINAND "PING"  72M', ["VERHOLT", "FERDINAND", "PING"]),
        ("Mr. Bae Sung-min, pt's cell", ["Bae", "Sung"]),
        ("Mr Cha Her visited.", ["Cha", "Her"]),
        ("Aurelio Verholt III     DOB 10/10/55", ["Verholt", "III"]),
        ("CALLER Ed Verholt, pharmacist", ["Ed", "Verholt"]),
        ("Chap. Blessing Quillwright, BCC", ["Blessing", "Quillwright"]),
    ],
)
def test_it_goes(engine: TextEngine, text: str, gone: list[str]) -> None:
    assert left(engine, text, gone) == []


@pytest.mark.parametrize(
    "text",
    [
        "Max assist of 2. Max HR 120. Max Temp 101. Max Inspiratory pressure.  Max: 40.",
        "ESI 3. ROS: negative.",
        "Name: Metoprolol Succinate",
        "Call Light within reach. Call Bell in reach. Call Center number.",
        "Asked Cardiology to see her. Told Nursing to hold. Tell Pharmacy.",
        "Ask Your Doctor. Ask Me 3.",
        "He drinks Red Bull. Plan: Blue Shield.",
        "REFERRED TO PAIN CARE. ROUTINE DENTAL CARE. CONTINUE WOUND CARE. FOLLOW UP WITH FAMILY MEDICINE.",
        "Missed 2/3 visits. Missed 3/7 days. Missed 2/10 doses.",
        "PR interval   * ms\nQRS duration   144 ms\nQT/QTc   520/413 ms\nP-R-T axes   *  -62  88",
        "no DR. UACR 9.",
        "II/VI systolic murmur. Burmese.",
        "12 LEAD ST, NO STEMI. RT: YES   RN: DAY   RESIDENT: WELL",
        "placed ropi 20 mL, SonoSite, Stimuplex needle",
    ],
)
def test_it_stays(engine: TextEngine, text: str) -> None:
    assert engine.deidentify(text, NOBODY).spans == ()
