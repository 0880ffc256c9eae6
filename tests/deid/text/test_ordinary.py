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
        ("PATIENT: MARSH, SUN-HEE      MRN: E7719204", ["MARSH", "SUN-HEE"]),
        ("Patient Label:  OKORIE-DUNNE, BABAJIDE   MR99-20471", ["OKORIE", "BABAJIDE"]),
        ("{Member name}: Quach, Bao Vy   {Member #}: 1\n{Contact}: Thuyet ext 4", ["Quach", "Bao Vy", "Thuyet"]),
        ('Husband **Grant** aware; grandmother ("Nana Zofka") present.', ["Grant", "Nana", "Zofka"]),
        ("Student: Th0rnquist, Annel1ese", ["rnquist", "Annel", "1ese"]),
        ("oncall Halvorsen paged, vol Mort sat in. Child life Rosalind present.", ["Halvorsen", "Mort", "Rosalind"]),
        ("Talked with Rev. Vossberg of Larch Fork Holiness.", ["Vossberg", "Larch Fork Holiness"]),
        ("LOCATION: OSGARD COUNTY MEMORIAL HOSPITAL", ["HOSPITAL"]),
        ("SEEN AT OSGARD URGENT CARE YESTERDAY", ["OSGARD URGENT CARE"]),
        ("**Location**: Saint Barnabas\n\n**Reason**: cough", ["Saint", "Barnabas"]),
        ("Institution  : BISHOP STREET MRI\nStation : 4", ["BISHOP STREET MRI"]),
        ("Clinic: Quick Motion PT - Westgate", ["Quick Motion PT", "Westgate"]),
        ("a 36-year-old producer for Copper Lantern Shows who", ["Copper Lantern Shows"]),
        ("Transcribed by QuillServe; house managed by Tarn Residential.", ["QuillServe", "Tarn Residential"]),
        ("Osgard Shore Pathologists\nOsgard Primary Care, P.S.C.", ["Shore Pathologists", "P.S.C"]),
        ("EEG 1/18/24 (Osgard): normal. Biopsy of May 4 (Tollard case 3)", ["Osgard", "Tollard"]),
        ("Notified at work (Brightmere), uncle's bakery (Osgard Crust)", ["Brightmere", "Osgard Crust"]),
        ("Preterm birth at QTMC, 2016; flown by helicopter to QZR. ED at Tollard.", ["QTMC", "QZR", "Tollard"]),
        ("From VAMC Dunmore; seen at Clínica San Osvaldo before.", ["VAMC", "Dunmore", "San Osvaldo"]),
        ("mother says home is Osgard-Gap now", ["Osgard-Gap"]),
        ("Address: 14 Rue des Ormes, 75011 Lutry, France", ["14 Rue", "Ormes", "Lutry"]),
        (
            "**Home Address:** Via Larice 22, 20121 Osgarda\nDirección: Av. Lago Sur 1602, Col. Pino",
            ["Larice", "Osgarda", "Pino"],
        ),
        ("Lives at 22 MG Road, Osgardpur 560001", ["Osgardpur", "560001"]),
        ("phone in Recife (81) 3455 6677", ["(81)", "3455", "6677"]),
        ("He was d/c'd 3/4, back 3/6.", ["3/4", "3/6"]),
        ("was in Houston and Osgard from May", ["Houston", "Osgard"]),
        ("Plan as above.\n\nQTV/dictated but not read", ["QTV"]),
        ("Clinic at Osgard Medical Plaza, Suite 410", ["Plaza"]),
        ("Payer: Anthem, ID QLX 771 B 20993", ["QLX", "771", "20993"]),
        ("Interpreter: Mr. Li, ID 22817. Boise, ID 83707", ["22817", "83707", "Li"]),
        ("sent to Meijer #122", ["Meijer", "122"]),
        ("Her sister Ingrid (Boulder) and Dr. Lundgren (Mission) know.", ["Boulder", "Mission"]),
        ("2nd contact JOY MARSH (niece)", ["JOY MARSH"]),
        ("Page 3312 with questions.", ["3312"]),
        ("TRI-OSGARD RADIOLOGY ASSOCIATES\nNORTH OSGARD MEDICAL GROUP\n", ["RADIOLOGY ASSOCIATES", "MEDICAL GROUP"]),
        ("Heather Rheumatology\n18 Alder Court\nDunmore, PA", ["Heather"]),
        ("seen at Osgard Surgical Pavilion; works for Tollard Paving", ["Pavilion", "Paving"]),
        (
            "in the car outside her work (Osgard Drive-In, Tollard), alone; 4/1, Tollard Infusion.",
            ["Osgard", "Infusion"],
        ),
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
        "Location: Left arm\nSite: Right Deltoid\nClinic: Cardiology\nLocation: OR 4\nLocation: Home\nHospital: Day 4",
        "CT of 2019 (Normal) of the head. Labs: Hgb 11.4.",
        "HOLD, AKI. FIBROIDS, GERD. Poor intake. A 14 Fr Foley was placed.",
        "Will address: BP 120/80 and pain. To address - Pain 5/10. IP address: pending. Iron Infusion given.",
        "Flexion 40, extension 45, supination 60, ext 45. HIV CLINIC / Ryan White Visit; retired Lutheran pastor",
        "A Muslim man, Hindu woman; see page 2 of 3.",
        "Medical Oncologist on call; factor V Leiden, will f/u Mon.",
    ],
)
def test_it_stays(engine: TextEngine, text: str) -> None:
    assert engine.deidentify(text, NOBODY).text == text


def test_the_next_field_of_a_form_is_no_part_of_a_name(engine: TextEngine) -> None:
    text = (
        "Attending: Dr. Ilka Tollard\nLocation: 4W    Agency: Osgard Ambulance   Unit: 7\nBy Bram Tarnow, PharmD, BCPS"
    )
    made = engine.deidentify(text, NOBODY)
    assert [text[s.start : s.end] for s in made.spans] == ["Dr. Ilka Tollard", "Osgard Ambulance", "Bram Tarnow"]


def test_a_degree_is_no_state(engine: TextEngine) -> None:
    text = "Counselor Ingrid Lundgren, MS, CGC; born in Jackson, MS, long ago"
    found = [text[s.start : s.end] for s in engine.deidentify(text, NOBODY).spans]
    assert found == ["Ingrid Lundgren", "Jackson, MS"]
