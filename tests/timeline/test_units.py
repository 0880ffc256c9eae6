"""The usual results come out in one unit, whatever unit a laboratory reports them in."""

import pytest

from chartline.timeline import units

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


@pytest.mark.parametrize(("code", "given", "wanted"), SAME)
def test_one_result_in_two_units_is_the_same(code, given, wanted):
    number, unit, flag = units.normalised(*given, f"LOINC//{code}")
    assert (number, unit, flag) == (pytest.approx(wanted[0], rel=0.01), wanted[1], None)


@pytest.mark.parametrize("code", units.rules().labs)
def test_every_unit_of_a_usual_result_is_one_and_what_is_plausible_in_it_stays_so(code):
    lab = units.rules().labs[code]
    for unit, factor in {lab.unit: 1.0, **lab.factors}.items():
        assert units.is_ucum(unit)
        middle = (lab.low + lab.high) / 2
        assert units.normalised(middle / factor, unit, code) == (pytest.approx(middle), lab.unit, None)
        assert units.normalised((lab.high + 1) * 2 / factor, unit, code)[2] == "implausible"
