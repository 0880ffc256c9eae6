"""The picture of a patient's timeline: what a reader sees, at what place, and that nothing of it can be markup."""

import re
import xml.etree.ElementTree as ET

import pytest

from chartline.errors import UsageError
from chartline.lake import tables
from chartline.timeline.picture import LEAST, LEFT, RIGHT, WIDTH, _label, _short, subject_svg, timeline_svg

YEAR = 365.25
SVG = "{http://www.w3.org/2000/svg}"


def event(day, code, kind="Observation", *, until=None, number=None, **more):
    row = {"subject_id": 7, "event_id": f"{code}-{day}", "days": day, "end_days": until, "code": code}
    row |= {"numeric_value": number, "unit": None, "encounter_id": None}
    return row | {"source_type": kind, "source_id": f"{kind}-{day}", **more}


def visit(start, end, kind):
    common = {"kind": "Encounter", "encounter_id": f"e{start}"}
    return [event(start, f"ENCOUNTER//START//{kind}", **common), event(end, "ENCOUNTER//END", **common)]


def life():
    return [
        event(None, "GENDER//female", "Patient"),
        event(0, "MEDS_BIRTH", "Patient"),
        *visit(20 * YEAR, 20 * YEAR + 400, "IMP"),
        *visit(30 * YEAR, 30 * YEAR, "AMB"),
        event(25 * YEAR, "SNOMED//1", "Condition", until=35 * YEAR),
        event(26 * YEAR, "SNOMED//2", "Condition"),
        *(event(10 * YEAR + 90 * i, "RXNORM//1", "MedicationRequest") for i in range(9)),
        *(event(12 * YEAR + i, "LOINC//718-7", number=10.0 + i % 3, unit="g/dL") for i in range(40)),
        event(39 * YEAR, "LOINC//48765-2", text_value="known"),
        event(40 * YEAR, "MEDS_DEATH", "Patient"),
    ]


def rows(svg):
    """What the picture has of each row: the marks as one string of paths, and its texts."""
    root = ET.fromstring(svg)
    found = {}
    for group in root.iter(f"{SVG}g"):
        paths = " ".join(p.get("d") for p in group.findall(f"{SVG}path")[1:])
        found[group.findtext(f"{SVG}title")] = (paths, [t.text for t in group.findall(f"{SVG}text")])
    return found


def place(day, last=40 * YEAR):
    return LEFT + (RIGHT - LEFT) * day / last


def bars(paths):
    return [(float(a), float(b)) for a, b in re.findall(r"M([\d.]+) [\d.]+H([\d.]+)v", paths)]


def test_a_stay_is_a_bar_from_its_start_to_its_end():
    [(start, end)] = bars(rows(timeline_svg(life()))["Hospital stays"][0])
    assert start == pytest.approx(place(20 * YEAR), abs=0.1)
    assert end == pytest.approx(place(20 * YEAR + 400), abs=0.1)


def test_a_diagnosis_ends_where_it_is_told_and_else_is_open_until_death():
    drawn = rows(timeline_svg(life()))
    [closed], [still] = bars(drawn["SNOMED//1"][0]), bars(drawn["SNOMED//2"][0])
    assert closed == pytest.approx((place(25 * YEAR), place(35 * YEAR)), abs=0.1)
    assert still == pytest.approx((place(26 * YEAR), place(40 * YEAR)), abs=0.1)


def test_an_end_that_is_an_event_of_its_own_counts():
    """The abatement of a diagnosis that tells no end itself; an end before its start is none."""
    ended = event(30 * YEAR, "SNOMED//2//ABATED", "Condition", source_id=f"Condition-{26 * YEAR}")
    reversed_ = event(33 * YEAR, "SNOMED//3", "Condition", until=31 * YEAR)
    drawn = rows(timeline_svg([*life(), ended, reversed_]))
    assert bars(drawn["SNOMED//2"][0]) == [pytest.approx((place(26 * YEAR), place(30 * YEAR)), abs=0.1)]
    assert bars(drawn["SNOMED//3"][0]) == [pytest.approx((place(33 * YEAR), place(40 * YEAR)), abs=0.1)]


def test_an_order_that_ended_is_one_bar_and_a_visit_is_what_it_became():
    order = event(36 * YEAR, "RXNORM//2", "MedicationRequest")
    over = event(38 * YEAR, "RXNORM//2//ENDED", "MedicationRequest", source_id=order["source_id"])
    came, left = visit(5 * YEAR, 6 * YEAR, "EMER")
    drawn = rows(timeline_svg([*life(), order, over, came, left | {"code": "ENCOUNTER//END//IMP//home"}]))
    assert bars(drawn["RXNORM//2"][0]) == [pytest.approx((place(36 * YEAR), place(38 * YEAR)), abs=0.1)]
    assert len(bars(drawn["Hospital stays"][0])) == 2 and "Emergency visits" not in drawn


def test_what_stands_beside_an_order_or_a_diagnosis_has_no_row_of_its_own():
    beside = [event(36 * YEAR, f"RATE//RXNORM//1{end}", "MedicationAdministration") for end in ("", "//STOPPED")]
    beside += [event(36 * YEAR, "RXNORM//1//STOPPED", "MedicationAdministration")]
    beside += [event(26 * YEAR, "EVIDENCE//SNOMED//9", "Condition")]
    assert rows(timeline_svg([*life(), *beside])).keys() == rows(timeline_svg(life())).keys()


def test_orders_close_in_time_are_one_course_and_others_are_not():
    far = event(30 * YEAR, "RXNORM//1", "MedicationRequest")
    drawn = bars(rows(timeline_svg([*life(), far]))["RXNORM//1"][0])
    assert drawn[0] == pytest.approx((place(10 * YEAR), place(10 * YEAR + 720)), abs=0.1)
    assert drawn[1] == pytest.approx((place(30 * YEAR), place(30 * YEAR) + LEAST), abs=0.1)


def test_a_result_is_a_curve_with_its_range_and_unit():
    paths, texts = rows(timeline_svg(life(), {"LOINC//718-7": "Hemoglobin"}))["Hemoglobin"]
    assert "L" in paths
    assert texts == ["Hemoglobin", "10–12 g/dL"]


def test_the_head_tells_who_how_much_and_how_it_ended():
    svg = timeline_svg(life())
    assert "female · 58 events over 40.0 years · died" in svg
    assert ">born<" in svg and ">died<" in svg
    assert "1 without a day" in svg


def test_a_record_that_begins_late_in_a_life_has_the_picture_to_itself():
    svg = timeline_svg([event(0, "MEDS_BIRTH", "Patient"), event(50 * YEAR, "A//1"), event(54 * YEAR, "A//1")])
    assert "3 events over 4.0 years · born 50.0 years before them" in svg
    assert ">born<" not in svg and ">50<" in svg and ">40<" not in svg
    (paths, _), *_ = rows(svg).values()
    assert [float(x) for x in re.findall(r"M(\d+) ", paths)] == [LEFT, RIGHT]


def test_a_label_of_capitals_stays_left_of_the_plot():
    assert len(_short("MIMIC-MEDICATION-FORMULARY-DRUG-CODE", 33)) < len(
        _short("mimic-medication-formulary-drug-code", 33)
    )
    assert _label("Hemoglobin") == "Hemoglobin"
    assert _label("MIMIC-MEDICATION-FORMULARY-DRUG-CODE//HEPPREMIX") == "…//HEPPREMIX"


def test_a_short_record_is_told_in_days():
    svg = timeline_svg([event(0, "A//1"), event(30, "A//1")])
    assert "days since the first event" in svg
    assert re.findall(r'font-size="12">(\d+)</text>', svg)[::2][:3] == ["0", "5", "10"]


def test_a_long_record_makes_no_larger_picture():
    """Ten thousand events over eighty years."""
    many = [event(i * 2.92, f"LOINC//{i % 60}", number=float(i % 17)) for i in range(10_000)]
    svg = timeline_svg(many)
    assert len(svg) < 150_000
    assert set(rows(svg)) == {*(f"LOINC//{i}" for i in (0, 1, 10, 11, 12, 13, 14)), "53 other results"}


def test_markup_in_a_description_is_text():
    svg = timeline_svg([event(0, "A//1", "Condition"), event(9, "A//1")], {"A//1": '<script>alert("x")</script>&'})
    assert "<script" not in svg
    assert ET.fromstring(svg).tag == f"{SVG}svg"


@pytest.mark.parametrize("events", [[], [event(None, "GENDER//male", "Patient")], [event(3, "A//1")]])
def test_almost_nothing_still_makes_a_picture(events):
    assert ET.fromstring(timeline_svg(events)).get("width") == str(WIDTH)


@pytest.mark.parametrize("zone", ["gold", "curated"])
def test_it_is_drawn_from_gold_or_where_only_releases_are_from_these(lake, zone):
    wanted = tables.schema(f"{zone}.events").names
    tables.append(lake, f"{zone}.events", [{k: v for k, v in e.items() if k in wanted} for e in life()])
    tables.append(lake, f"{zone}.codes", [{"code": "LOINC//718-7", "description": "Hemoglobin"}])
    assert "Hemoglobin" in rows(subject_svg(lake, 7))
    with pytest.raises(UsageError, match="CL2071"):
        subject_svg(lake, 8)
