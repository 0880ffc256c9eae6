"""What forms, footers and messages of ordinary notes tell of a person goes; the clinical words around it stay."""

import pytest

from chartline.deid.text import TextEngine
from tests.deid.text.written import NOBODY, left


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("**Account Number:** 7718203-02", ["7718203", "-02"]),
        ("{Member #}: QRD 5518 2207 4   {TIN}: 41-7720913", ["QRD", "5518", "2207 4", "41-77"]),
        ("Hospital No: RT2 418 907, med rec # ..... KD 51 22 84", ["RT2", "418 907", "KD 51", "22 84"]),
        ("claim no. D 31 204 517 of 2019, state card B7103 4418 copied", ["D 31", "204 517", "B7103", "4418"]),
        ("Sent tracking 1Z 40F AA2 07 1188 2096.", ["1Z", "40F", "2096"]),
        ("bleep 3318; called from 44 131 555 0133", ["3318", "44 131"]),
        ("license 41.720913", ["41.720913"]),
        ("Served with the 14th Infantry Division and 9th Airborne.", ["14th Infantry Division", "9th Airborne"]),
        ("Found at W4471 Quarry Rd, near the barn", ["W4471 Quarry Rd"]),
        ("121 Willet Ave Spc 18, Tolland", ["Spc 18"]),
        ("DOB 04 09 1961, seen 17 03 2020", ["04 09", "17 03"]),
        ("Date: 4-14-23. Bed offered 4-17.", ["4-14", "4-17"]),
        ("| a | 5/02 | 5/21 |\n| b | 5/10 | 5/21 |", ["5/10"]),
        ("Return in 2 weeks. KBT 6/13/23", ["KBT"]),
        ("All questions answered. VQ 7/11/2023 11:06 AM", ["VQ"]),
        ("case closed qkj 12/07/23", ["qkj"]),
        ("Dictated 10/22/21, transcribed 10/23/21 bvh/qf", ["bvh", "qf"]),
        ("I. Tollard-Osgard DMD MD / qk\n", ["qk"]),
    ],
)
def test_it_goes(engine: TextEngine, text: str, gone: list[str]) -> None:
    assert left(engine, text, gone) == []


@pytest.mark.parametrize(
    "text",
    [
        "Enrolled on KEYNOTE-522; trial: NCT01234567 was closed.",
        "Prothrombin G20210A negative, GCS 14 (E4V4M6).",
        "Shift 1400-1455 without events.",
        "Repeat as needed. TTE 3 weeks later",
        "pain 4-15 of 20 over weeks 4-16",
    ],
)
def test_it_stays(engine: TextEngine, text: str) -> None:
    assert engine.deidentify(text, NOBODY).text == text
