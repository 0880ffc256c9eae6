"""Digits that measure something stay, and numbers of people that look like them go."""

import pytest

from chartline.deid.text import TextEngine
from chartline.deid.text.measures import is_measure
from tests.deid.text.written import NOBODY, left


@pytest.mark.parametrize(
    "text",
    [
        "acetaminophen 500-1000 mg q6h prn, metformin 500\u20132000 mg/d, vitamin D 400-1000 IU",
        "B12 512 pg/mL (232-1245). ANC 500-1500. Ferritin 300-1000. Tone of 500-4000 Hz.",
        "4.1 mmol/L (ref 3.5-5.1), TSH ref: 0.4-4.0, Reference: 0.40-4.50, ref 1.005-1.030",
        "PT 14.2/INR 1.2, Pt 13.5/INR 1.1. MR 1.5T brain.",
        "Knee ROM ext 0-135. CD4 cell 350-500. Serial 7s 93-86-79-72.",
        "home visit 2-3x per week, visit 2-3x/wk",
        "case 1200 mL EBL, donor 1200 g, lead 1200 ohm, specimen 4.0-5.6 cm, Implant 4.0-5.6 mm",
        "Plate 6-hole 3.5 mm LCP",
        "NC_000007.13:g.55259515T>G, chr7:55259515, chr17:43045712-43045800, COSM6224, Gene ID 7157, ClinVar ID 12366",
        "ENST00000269305, VCV000016609",
        "0.3 ML epinephrine 1 MG/ML Auto-Injector [EpiPen]",
        "Napsin A positive. Scl-70 neg, Jo-1 pos. Duffy a pos, Kidd neg. Lewis b neg.",
        "Saint Louis encephalitis virus IgG. Timothy grass IgE 3+. Camila 0.35 MG Oral Tablet",
        "0.2 Ehrlich U/dL. 5 Bethesda units. 200 Todd units. Initial Public Health Case Report",
    ],
)
def test_it_stays(engine: TextEngine, text: str) -> None:
    assert engine.deidentify(text, NOBODY).text == text


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("Call 555-1234, or 555-0100; ph 300-1200.", ["555-1234", "555-0100", "300-1200"]),
        ("Reach him at 500-1000.", ["500-1000"]),
        ("ext 4417; ref 4471-20; case 120049", ["4417", "4471", "120049"]),
        ("lat 42.22, long -121.78", ["42.22", "121.78"]),
        ("Latitude 42.2249 Longitude -121.7817; 42.2249,-121.7817", ["42.2249", "121.7817"]),
    ],
)
def test_it_goes(engine: TextEngine, text: str, gone: list[str]) -> None:
    assert left(engine, text, gone) == []


@pytest.mark.parametrize(
    ("before", "piece", "behind", "measures"),
    [
        ("take ", "500-1000", " mg", True),
        ("take ", "1000-500", " mg", False),
        ("", "500-1000", "", True),
        ("call ", "500-1000", "", False),
        ("", "555-1234", "", False),
        ("pg/mL  ", "232-1245", "", True),
        ("", "93-86-79", "", True),
        ("", "93-86-80", "", False),
        ("chrX:", "155259515", "", True),
        ("", "155259515", "", False),
        ("", "1200", " ohm", True),
        ("", "1200", " Main", False),
    ],
)
def test_what_stands_around_digits_tells(before: str, piece: str, behind: str, measures: bool) -> None:
    assert is_measure(f"{before}{piece}{behind}", len(before), len(before) + len(piece)) is measures
