"""The usual results come out in one unit, whatever unit a laboratory reports them in."""

import json

import pytest

from chartline.timeline import units
from tests.conftest import ROOT

SAME = [
    ("2345-7", (5.55, "mmol/L"), (100, "mg/dL")),
    ("2160-0", (88.4, "umol/L"), (1, "mg/dL")),
    ("718-7", (150, "g/L"), (15, "g/dL")),
    ("1975-2", (17.1, "umol/L"), (1, "mg/dL")),
    ("8480-6", (16, "kPa"), (120, "mm[Hg]")),
    ("8462-4", (80, "mmHg"), (80, "mm[Hg]")),
    ("8310-5", (98.6, "[degF]"), (37, "Cel")),
    ("29463-7", (154, "[lb_av]"), (69.85, "kg")),
    ("6690-2", (7.2, "10*9/L"), (7.2, "10*3/uL")),
    ("6690-2", (7200, "/uL"), (7.2, "10*3/uL")),
    ("777-3", (250, "G/L"), (250, "10*3/uL")),
    ("789-8", (4.5, "10*12/L"), (4.5, "10*6/uL")),
    ("19123-9", (0.82, "mmol/L"), (2.0, "mg/dL")),
    ("2777-1", (1.13, "mmol/L"), (3.5, "mg/dL")),
    ("1994-3", (4.8, "mg/dL"), (1.2, "mmol/L")),
    ("3084-1", (357, "umol/L"), (6, "mg/dL")),
    ("6598-7", (14, "ng/L"), (0.014, "ng/mL")),
    ("3024-7", (15.5, "pmol/L"), (1.2, "ng/dL")),
    ("3255-7", (3.1, "g/L"), (310, "mg/dL")),
    ("4548-4", (53, "mmol/mol"), (7.0, "%")),
    ("59261-8", (53, "mmol/mol"), (53, "mmol/mol")),
    ("14749-6", (100, "mg/dL"), (5.55, "mmol/L")),
    ("14682-9", (1, "mg/dL"), (88.4, "umol/L")),
    ("22664-7", (30, "mg/dL"), (5, "mmol/L")),
    ("89579-7", (0.026, "ng/mL"), (26, "ng/L")),
    ("48065-7", (0.5, "mg/L FEU"), (500, "ng/mL{FEU}")),
    ("62292-8", (75, "nmol/L"), (30, "ng/mL")),
    ("2132-9", (148, "pmol/L"), (200, "pg/mL")),
    ("3026-2", (103, "nmol/L"), (8, "ug/dL")),
    ("9318-7", (3.4, "mg/mmol"), (30, "mg/g")),
    ("751-8", (4.2, "10*9/L"), (4.2, "10*3/uL")),
    ("16362-6", (100, "ug/dL"), (58.7, "umol/L")),
]


@pytest.mark.parametrize("unit", sorted(set(units.rules().aliases.values())))
def test_what_a_spelling_is_read_as_is_a_unit(unit):
    assert units.is_ucum(unit)


@pytest.mark.parametrize(
    ("spelled", "unit"),
    [(("UNIT", "Units", "units"), "U"), (("gm", "grams"), "g"), (("MG", "mg"), "mg"), (("TAB", "tablets"), "{tablet}")],
)
def test_one_dose_in_the_spellings_of_several_systems_has_one_unit(spelled, unit):
    assert {units.normalised(2.0, s, None) for s in spelled} == {(2.0, unit, None)}


@pytest.mark.parametrize(
    ("written", "unit"),
    [
        ("gm/dL", "g/dL"),
        ("K/ul", "10*3/uL"),
        ("10^6/uL", "10*6/uL"),
        ("\u00b5IU/mL", "u[IU]/mL"),
        ("cc/hr", "mL/h"),
        ("M", "M"),
    ],
)
def test_a_spelling_of_a_laboratory_is_read_and_one_letter_is_what_it_is(written, unit):
    assert units.spelled(written) == unit


@pytest.mark.parametrize(("code", "given", "wanted"), SAME)
def test_one_result_in_two_units_is_the_same(code, given, wanted):
    number, unit, flag = units.normalised(*given, f"LOINC//{code}")
    assert (number, unit, flag) == (pytest.approx(wanted[0], rel=0.01), wanted[1], None)


@pytest.mark.parametrize("code", units.rules().labs)
def test_every_unit_of_a_usual_result_is_one_and_what_is_plausible_in_it_stays_so(code):
    lab = units.rules().labs[code]
    for unit, linear in {lab.unit: units.Linear(lab.unit, 1.0), **lab.others}.items():
        assert units.is_ucum(unit)
        middle = (lab.low + lab.high) / 2
        inside, beyond = ((made - linear.plus) / linear.times for made in (middle, (lab.high + 1) * 2))
        assert units.normalised(inside, unit, code) == (pytest.approx(middle), lab.unit, None)
        assert units.normalised(beyond, unit, code)[2] == "implausible"


def test_haemoglobin_a1c_is_converted_by_the_master_equation_and_a_temperature_by_its_definition():
    """Pairs of ngsp.org/ifcc.asp and its table: 20 mmol/mol are 4.0 %, 48 are 6.5 %, 108 are 12.0 %."""
    pairs = [(20, 4.0), (42, 6.0), (48, 6.5), (75, 9.0), (108, 12.0)]
    given = [units.normalised(n, "mmol/mol", "LOINC//4548-4")[0] for n, _ in pairs]
    assert [round(n, 1) for n in given] == [percent for _, percent in pairs]
    assert units.normalised(212, "degF", None)[0] == pytest.approx(100)


def test_an_amount_and_a_mass_of_one_substance_say_the_same():
    """Each pair of codes, of which one gives the mass and one the amount: to one and back, within the same bounds."""
    told = json.loads((ROOT / "schemas" / "units.json").read_text())["labs"]
    masses = {lab["name"]: code for code, lab in told.items()}
    pairs = [(code, masses[lab["name"].removesuffix(", amount")]) for code, lab in told.items() if _both(lab, masses)]
    assert len(pairs) >= 20
    for amount, mass in pairs:
        lab, other = (units.rules().labs[code] for code in (amount, mass))
        there, unit, _ = units.normalised(lab.high, lab.unit, mass)
        assert unit == other.unit
        assert there == pytest.approx(other.high, rel=0.1), (amount, mass)
        assert units.normalised(there, unit, amount)[:2] == (pytest.approx(lab.high, rel=1e-3), lab.unit)


def _both(lab, masses):
    return lab["name"].endswith(", amount") and lab["name"].removesuffix(", amount") in masses
