"""What the record cannot mean: one lake full of it, built once; all of it is counted, kept and said."""

from datetime import UTC, datetime

import pytest

from chartline.lake import tables
from chartline.settings import Settings
from chartline.timeline.timeline import timeline
from tests.timeline.silver import deliver, pseudonym, subject

pytestmark = pytest.mark.spark
CODE = {"coding": [{"system": "http://snomed.info/sct", "code": "38341003"}]}

ABATED = {"onsetDateTime": "2021-08-05", "abatementDateTime": "2022"}


def patient(**more):
    return {"gender": "female", "birthDate": "1950-06-15", **more}


def observation(when, **more):
    return {"status": "final", "code": CODE, "effectiveDateTime": when, **more}


def visit(start, end, part_of=None):
    told = {"status": "finished", "class": {"code": "IMP"}, "period": {"start": start, "end": end}}
    return told | ({"partOf": {"reference": f"Encounter/{pseudonym(part_of)}"}} if part_of else {})


def to(kind, name):
    return {"reference": f"{kind}/{pseudonym(name)}"}


STATE = {
    # Born, ill the year before; a birthday known to the year only says nothing against the same year.
    ("Patient", "early"): ("early", patient()),
    ("Observation", "before birth"): ("early", observation("1949-12-31")),
    ("Observation", "year of birth"): ("early", observation("1950")),
    ("Observation", "first hours in Tokyo"): ("early", observation("1950-06-15T03:00:00+09:00")),
    ("Observation", "in 1871"): ("early", observation("1871-02-03")),
    # Dead, known to the month only: until 30 days after its end care and bills may follow.
    ("Patient", "late"): ("late", patient(deceasedDateTime="2020-05")),
    ("Observation", "month of death"): ("late", observation("2020-05-20")),
    ("Observation", "29 days after"): ("late", observation("2020-06-29")),
    ("Observation", "31 days after"): ("late", observation("2020-07-02")),
    # One person, two records: the survivor's facts hold, that they differ is said; the other had no other use.
    ("Patient", "twice"): ("twice", patient()),
    ("Patient", "twice, other"): ("twice", patient(birthDate="1951-06-15", gender="male")),
    ("Patient", "agreed"): ("agreed", patient()),
    ("Patient", "agreed, other"): ("agreed", patient()),
    # Visits within each other in a circle, a visit that ended before it began, a visit within none.
    ("Patient", "visits"): ("visits", patient()),
    ("Encounter", "a"): ("visits", visit("2021-03-05T08:00:00Z", "2021-03-07", "b")),
    ("Encounter", "b"): ("visits", visit("2021-03-05T08:00:00Z", "2021-03-08", "a")),
    ("Encounter", "self"): ("visits", visit("2021-04-05", "2021-04-06", "self")),
    ("Encounter", "reversed"): ("visits", visit("2021-05-05", "2021-05-01")),
    ("Encounter", "orphan"): ("visits", visit("2021-06-05", "2021-06-06", "nowhere")),
    ("Condition", "in a"): ("visits", {"code": CODE, "encounter": to("Encounter", "a")}),
    ("Condition", "in reversed"): ("visits", {"code": CODE, "encounter": to("Encounter", "reversed")}),
    ("Condition", "of nobody's visit"): ("visits", {"code": CODE, "encounter": to("Encounter", "nowhere")}),
    ("Condition", "of another's visit"): ("early", {"code": CODE, "encounter": to("Encounter", "a")}),
    # What was seen long after its visit is odd; a condition of the visit that began or ended long from it is not.
    ("Encounter", "short"): ("visits", visit("2021-08-05", "2021-08-06")),
    ("Observation", "weeks after"): ("visits", observation("2021-09-05", encounter=to("Encounter", "short"))),
    ("Condition", "cured"): ("visits", {"encounter": to("Encounter", "short"), "code": CODE, **ABATED}),
    ("Condition", "old"): ("visits", {"encounter": to("Encounter", "short"), "code": CODE, "onsetDateTime": "1999-01"}),
    # A medication that is made of itself, one that was never delivered; a device and its use.
    ("Medication", "loop"): (None, {"ingredient": [{"itemReference": to("Medication", "loop")}]}),
    ("MedicationRequest", "of loop"): ("visits", {"status": "active", "medicationReference": to("Medication", "loop")}),
    ("Device", "pump"): ("visits", {"type": CODE, "status": "active"}),
    ("DeviceUseStatement", "use"): ("visits", {"status": "active", "device": to("Device", "pump")}),
    # What can be no event at all.
    ("Observation", "nothing"): ("visits", {"status": "final"}),
    ("Observation", "error"): ("visits", observation("2021", status="entered-in-error")),
    ("Observation", "nobody's"): (None, observation("2021")),
    # Values and codes.
    ("Observation", "huge"): ("visits", observation("2021", valueQuantity={"value": 1e300, "unit": "a\nbit"})),
    ("Observation", "no system"): ("visits", observation("2021", code={"coding": [{"code": "line\nend"}]})),
    ("Observation", "no date"): ("visits", observation("9999-12-31")),
}  # fmt: skip


@pytest.fixture(scope="module")
def built(spark, key_file, tmp_path_factory):
    lake = Settings(lake=tmp_path_factory.mktemp("bad") / "lake", project="test", key=key_file)
    deliver(spark, lake, STATE)
    return lake, timeline(spark, lake, run_id="bad")


@pytest.fixture(scope="module")
def events(built):
    names = {pseudonym(name): name for _, name in STATE}
    found = {}
    for row in tables.read(built[0], "gold.events").to_pylist():
        found.setdefault(names[row["source_id"]], []).append(row)
    return found


def flags(events, name):
    return {f for row in events[name] for f in (row["flags"] or "").split()}


def test_every_resource_is_an_event_or_a_reason(built):
    counts = built[1].counts
    assert counts.lost == 0
    assert (counts.in_, counts.filtered) == (
        len(STATE),
        {"entered_in_error": 1, "merged_record": 2, "no_code_or_time": 1, "no_subject": 1, "not_on_timeline": 1},
    )
    assert built[1].gates == {"timeline": "passed"}


def test_what_is_odd_is_counted_in_the_run(built):
    assert built[1].extra["flags"] == {
        "after_death": 1,
        "before_birth": 2,
        "code_without_system": 1,
        "conflicting_records": 2,
        "implausible": 1,
        "outside_encounter": 1,
        "reference_cycle": 6,
        "reversed_period": 2,
        "unit_not_ucum": 1,
        "unreadable_time": 1,
    }


@pytest.mark.parametrize(
    ("name", "flag"),
    [
        ("before birth", "before_birth"),
        ("in 1871", "before_birth"),
        ("31 days after", "after_death"),
        ("twice", "conflicting_records"),
        ("weeks after", "outside_encounter"),
        ("huge", "implausible"),
        ("huge", "unit_not_ucum"),
        ("a", "reference_cycle"),
        ("reversed", "reversed_period"),
        ("no system", "code_without_system"),
        ("no date", "unreadable_time"),
    ],
)
def test_what_is_odd_is_said(events, name, flag):
    assert flag in flags(events, name)


@pytest.mark.parametrize(
    "name",
    ["year of birth", "first hours in Tokyo", "month of death", "29 days after", "agreed", "orphan", "cured", "old"],
)
def test_what_may_be_so_is_not_called_odd(events, name):
    assert flags(events, name) == set()


def test_years_before_1900_stay_what_they_are_and_nobody_is_younger_than_born(events):
    (row,) = events["in 1871"]
    assert (row["time"], row["age"]) == (datetime(1871, 2, 3, tzinfo=UTC), None)


def test_of_two_records_of_a_person_the_survivors_facts_hold(events):
    assert "twice, other" not in events
    told = {r["code"]: r["time"] and r["time"].year for r in events["twice"]}
    assert told == {"MEDS_BIRTH": 1950, "GENDER//female": None}


def test_visits_in_a_circle_are_flagged_and_end_by_themselves(built, events):
    rows = tables.read(built[0], "gold.encounters").to_pylist()
    found = {r["encounter_id"]: r for r in rows}
    a, b, alone, orphan = (found[pseudonym(n)] for n in ("a", "b", "self", "orphan"))
    assert [v["flags"] for v in (a, b, alone, orphan)] == ["reference_cycle"] * 3 + [None]
    assert (a["stay_id"], b["stay_id"]) == (pseudonym("a"), pseudonym("b"))
    assert orphan["stay_id"] == pseudonym("nowhere")
    (row,) = events["in a"]
    assert row["time"] == datetime(2021, 3, 7, 23, 59, 59, 999999, tzinfo=UTC)


def test_a_visit_that_ends_before_it_begins_is_over_when_both_times_have_passed(built, events):
    found = {r["encounter_id"]: r for r in tables.read(built[0], "gold.encounters").to_pylist()}
    assert (found[pseudonym("reversed")]["end_time"], found[pseudonym("reversed")]["flags"]) == (
        None,
        "reversed_period",
    )
    (row,) = events["in reversed"]
    assert (row["time"], row["time_precision"]) == (datetime(2021, 5, 5, tzinfo=UTC), "inferred_encounter_end")


@pytest.mark.parametrize("name", ["of nobody's visit", "of another's visit"])
def test_a_diagnosis_of_a_visit_that_is_not_there_has_no_time_and_says_so(events, name):
    (row,) = events[name]
    assert (row["time"], row["time_precision"]) == (None, "unknown")


def test_references_that_lead_nowhere_leave_a_code(events):
    assert [r["code"] for r in events["of loop"]] == ["MEDICATION//UNKNOWN"]
    assert [r["code"] for r in events["use"]] == ["SNOMED//38341003"]
    assert [(r["numeric_value"], r["text_value"]) for r in events["huge"]] == [(None, "1e+300")]
    assert [r["code"] for r in events["no system"]] == ["UNKNOWN//line end"]


def test_no_patient_lost_a_timeline(built):
    who = {r["subject_id"] for r in tables.read(built[0], "gold.subjects").to_pylist()}
    assert who == {subject(n) for n in ("early", "late", "twice", "agreed", "visits")}
