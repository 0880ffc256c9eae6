"""The timeline that discloses no date: from landing to gold, with exact order, exact spacing and no age over 90."""

import base64
import json
from datetime import UTC, datetime

import pytest

from chartline.lake import tables
from chartline.pipeline import run_stage
from chartline.settings import Settings

pytestmark = pytest.mark.spark
BIRTH = datetime(1950, 3, 15, tzinfo=UTC)
LOINC = "http://loinc.org"


def result(code, when, **more):
    return {
        "resourceType": "Observation",
        "id": f"o-{code}",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": code}]},
        "subject": {"reference": "Patient/ann"},
        "effectiveDateTime": when,
        "valueInteger": 1,
        **more,
    }


def stay(name, period, kind="AMB"):
    return {
        "resourceType": "Encounter",
        "id": name,
        "status": "finished",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": kind},
        "subject": {"reference": "Patient/ann"},
        "period": period,
    }


VISIT = {"encounter": {"reference": "Encounter/stay"}}
NOTE = b"Seen on March 1, 2020. Stable since 2 Feb 2019."
OLD = {"subject": {"reference": "Patient/old"}}
SOURCE = [
    {"resourceType": "Patient", "id": "ann", "birthDate": "1950-03-15", "gender": "female"},
    {"resourceType": "Patient", "id": "old", "birthDate": "1925-06-01", "gender": "male"},
    stay("stay", {"start": "2020-02-29T08:00:00Z", "end": "2020-03-02"}, "IMP"),
    {
        "resourceType": "Condition",
        "id": "undated",
        "subject": {"reference": "Patient/ann"},
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": "38341003"}]},
        **VISIT,
    },
    result("2345-7", "1999-12-31T23:59:59Z"),
    result("2160-0", "2000-01-01T00:00:00Z"),
    result("718-7", "2020-02-29T10:00:00+02:00", issued="2020-03-01T09:30:00Z", **VISIT),
    result("2823-3", "2020-03-01T00:00:00.250Z"),  # names no visit, lies in one
    result("2951-2", "2020-03-03"),  # lies in none
    result("4548-4", "2021-01"),  # a month has no day
    {k: v for k, v in result("8665-2", "2020-03-01", valueDateTime="2020-02-11").items() if k != "valueInteger"},
    {
        k: v
        for k, v in result("8251-1", "2020-03-01", valueString="due 03/14/2020, smoker since 1999").items()
        if k != "valueInteger"
    },
    {
        "resourceType": "DocumentReference",
        "id": "note",
        "status": "current",
        "subject": {"reference": "Patient/ann"},
        "date": "2020-03-01T10:00:00Z",
        "type": {"coding": [{"system": LOINC, "code": "11506-3"}]},
        "content": [{"attachment": {"contentType": "text/plain", "data": base64.b64encode(NOTE).decode()}}],
    },
    stay("open", {"start": "2020-03-12T12:00:00Z"}),
    result("1751-7", "2020-03-12T13:00:00Z", encounter={"reference": "Encounter/open"}),
    stay("back", {"start": "2020-05-02T10:00:00Z", "end": "2020-05-01T10:00:00Z"}),
    result("2885-2", "2020-05-02T10:00:00Z", encounter={"reference": "Encounter/back"}),
    result("6690-2", "1930-05-05", **OLD),
    result("789-8", "2019-05-05", **OLD),
]


@pytest.fixture(scope="module")
def built(spark, key_file, tmp_path_factory):
    at = tmp_path_factory.mktemp("harbor")
    lake = Settings(lake=at / "lake", project="test", key=key_file, policy="safe_harbor")
    (at / "all.ndjson").write_text("".join(json.dumps(r) + "\n" for r in SOURCE))
    run_stage(lake, "land", sources=[at / "all.ndjson"])
    done = [run_stage(lake, stage) for stage in ("parse", "deidentify", "timeline")]
    rows = tables.read(lake, "gold.events").to_pylist()
    visits = tables.read(lake, "gold.encounters").to_pylist()
    return done[-1], {r["code"].removeprefix("LOINC//"): r for r in rows if r["code"] != "MEDS_BIRTH"}, rows, visits


def days_from_birth(text):
    return pytest.approx((datetime.fromisoformat(text) - BIRTH).total_seconds() / 86400, abs=1e-9)


@pytest.mark.parametrize(
    ("code", "when"),
    [
        ("2345-7", "1999-12-31T23:59:59+00:00"),
        ("2160-0", "2000-01-01T00:00:00+00:00"),
        ("718-7", "2020-02-29T10:00:00+02:00"),
        ("2823-3", "2020-03-01T00:00:00.250+00:00"),
        ("2951-2", "2020-03-03T00:00:00+00:00"),
        ("ENCOUNTER//START//IMP", "2020-02-29T08:00:00+00:00"),
    ],
)
def test_events_are_in_order_and_apart_as_they_were_to_the_second(built, code, when):
    assert built[1][code]["days"] == days_from_birth(when)


def test_what_was_known_later_is_known_later_by_days(built):
    row = built[1]["718-7"]
    assert row["available_days"] == days_from_birth("2020-03-01T09:30:00+00:00")
    day = built[1]["2951-2"]
    assert day["days"] + 1 - 1e-6 < day["available_days"] < day["days"] + 1, "a day is known when it is over"


def test_a_moment_at_midnight_is_not_a_day_without_a_time(built):
    """A reader is told which is which: the one is known at once, the other when the day is over."""
    moment, day = built[1]["2160-0"], built[1]["2951-2"]
    assert (moment["days_precision"], day["days_precision"]) == ("second", "day")
    assert moment["days"].is_integer() and day["days"].is_integer()
    assert moment["available_days"] == moment["days"]
    assert (built[1]["718-7"]["days_precision"], built[1]["SNOMED//38341003"]["days_precision"]) == ("second", "day")
    assert {r["days_precision"] for r in built[2] if r["days"] is None} == {None}
    [birth] = [r for r in built[2] if r["code"] == "MEDS_BIRTH" and r["subject_id"] == moment["subject_id"]]
    assert (birth["days"], birth["days_precision"]) == (0.0, "day")


def test_an_undated_diagnosis_waits_for_the_whole_last_day_of_its_visit(built):
    row = built[1]["SNOMED//38341003"]
    end = (datetime(2020, 3, 3, tzinfo=UTC) - BIRTH).days
    assert end - 1e-6 < row["days"] < end
    assert row["available_days"] == row["days"] == built[1]["ENCOUNTER//END//IMP"]["days"]
    assert row["time_precision"] == "inferred_encounter_end"


def test_an_event_that_names_no_visit_gets_the_one_around_it_and_says_so(built):
    found = {code: (row["encounter_id"], row["encounter_inferred"]) for code, row in built[1].items()}
    stay = found["718-7"][0]
    assert found["718-7"] == (stay, False)
    assert found["2823-3"] == (stay, True)
    assert found["2951-2"] == (None, False)


def test_no_date_finer_than_a_year_is_told(built):
    precisions = {r["time_precision"] for r in built[2]}
    assert precisions <= {"year", "static", "inferred_encounter_end", "unknown"}
    for row in built[2]:
        assert row["available_time"] is row["end_time"] is None
        at = row["time"]
        assert at is None or (at.month, at.day, at.hour) in ((1, 1, 0), (12, 31, 23))


def test_years_beside_days_tell_no_more_than_the_year_of_the_first_event(built):
    """A second apart about New Year's Eve of 1999: the calendar's years beside these days would tell the second."""
    rows = [r for r in built[2] if r["days"] is not None]
    first = {r["subject_id"]: r["time"].year for r in rows if r["days"] == 0}
    for row in rows:
        assert row["time"].year == first[row["subject_id"]] + int(row["days"] // 365.25)
    assert [built[1][code]["time"].year for code in ("2345-7", "2160-0", "718-7")] == [1999, 1999, 2019]
    stay = built[1]["718-7"]["encounter_id"]
    [visit] = [r for r in built[3] if r["encounter_id"] == stay]
    ends = (built[1][f"ENCOUNTER//{which}//IMP"]["time"] for which in ("START", "END"))
    assert (visit["start_time"], visit["end_time"]) == tuple(ends)


def test_texts_beside_days_tell_no_year_of_a_date(built):
    """A note begins with its own day: that year would bound the first day as the calendar's year of the event would."""
    found = built[1]
    assert found["8665-2"]["text_value"] == "[DATE]"
    assert found["8251-1"]["text_value"] == "due [DATE], smoker since 1999"
    assert found["11506-3"]["text_value"] == "Seen on [DATE]. Stable since [DATE]."
    assert found["2160-0"]["numeric_value"] == 1


def test_visits_are_in_order_and_as_long_as_they_were(built):
    rows = {r["encounter_id"]: r for r in built[3]}
    first, second, back = (rows[built[1][code]["encounter_id"]] for code in ("718-7", "1751-7", "2885-2"))
    assert first["start_days"] == days_from_birth("2020-02-29T08:00:00+00:00")
    assert first["end_days"] == built[1]["ENCOUNTER//END//IMP"]["days"]
    assert 1.6 < first["end_days"] - first["start_days"] < 3
    assert (second["start_days"] - first["end_days"], second["end_days"]) == (pytest.approx(9.5, abs=1e-6), None)
    assert (back["start_days"], back["end_days"]) == (days_from_birth("2020-05-02T10:00:00+00:00"), None)
    assert (back["end_time"], back["flags"]) == (None, "reversed_period")


def test_a_month_has_a_year_and_no_day(built):
    row = built[1]["4548-4"]
    assert (row["days"], row["time"].year) == (None, 2021)


def test_nobody_is_older_than_90_and_no_span_tells_it(built):
    ages = [r["age"] for r in built[2] if r["age"] is not None]
    assert ages and max(ages) <= 90
    assert max(r["days"] for r in built[2] if r["days"] is not None) < 90 * 366
    assert {r["code"] for r in built[2] if r["subject_id"] == built[1]["789-8"]["subject_id"]} == {
        "GENDER//male",
        "LOINC//6690-2",
        "LOINC//789-8",
    }
    assert built[1]["6690-2"]["days"] is None


def test_the_gate_and_the_equation_hold(built):
    assert built[0].gates == {"timeline": "passed"}
    assert built[0].counts.lost == 0
