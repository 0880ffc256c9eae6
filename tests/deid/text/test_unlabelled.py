"""What people write of each other without a label goes; what only looks like it stays."""

import pytest

from chartline.deid.context import PatientContext

NOBODY = PatientContext("nobody")


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("Find me on insta @lena_k7 or venmo @Lena-K.", ["lena_k7", "Lena-K"]),
        ("Router 3c22.fb90.1a2b, address fe80::1ff:fe23:4567:890a.", ["3c22", "fe80"]),
        ("Filed as 3:22-cv-00817; flown in on N407MH.", ["00817", "N407MH"]),
        ("Now lives at 418 Elm, old address Rt 2 Box 118.", ["418 Elm", "Box 118"]),
        ("MVC 10/3, sick call 2/16, note to 9/14, seen Weds 13th.", ["10/3", "2/16", "9/14", "13th"]),
        ("Pt JQ is a 44F here for follow-up. JQ denies pain.", ["JQ"]),
        ("Dressing changed. -mk", ["mk"]),
        ("She works for Norvane and attends Blue Lantern.", ["Norvane", "Lantern"]),
        ("Wojciech called; spoke with Thandiwe about pain.", ["Wojciech", "Thandiwe"]),
        ("Abd al-Rahman bin Yusuf al-Harbi was seen.", ["Rahman", "Yusuf", "Harbi"]),
        ("Mr. Day missed a dose. Later Day reports nausea on Day 3.", ["Mr. Day", "Later Day"]),
        ("Rep Tesfaye W. x499 called.", ["x499", "Tesfaye"]),
    ],
)
def test_what_people_write_without_a_label_goes(engine, text, gone):
    made = engine.deidentify(text, NOBODY).text
    assert [piece for piece in gone if piece in made] == []


@pytest.mark.parametrize(
    "text",
    [
        "Strength 4/5, pain 3/10, murmur 2/6, GCS 14/15, PHQ 9/27, dose 1/2 tab.",
        "Density C. No mass. Hepatitis B. Grade B. Vitamin D.",
        "Ultrasound Multiframe Image Storage.",
        "Discharged to Hospice; transferred to Telemetry; referred to Cardiology.",
        "Heparin x5000 units, #120 tabs, #15 blade, ratio 3:1 at 10:22:33.",
        "Pt NPO is told; PT reports progress; OT states goals are met.",
        "Patient cardiac enzyme profile negative. Klebsiella not grown, likely Candida; Bartonella IgG negative.",
        "He is Danish; mother: Non-Hodgkin’s lymphoma.",
    ],
)
def test_what_only_looks_like_it_stays(engine, text):
    assert engine.deidentify(text, NOBODY).text == text
