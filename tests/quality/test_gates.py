"""Every expectation of every suite can fail, none keeps a value, and what is critical stops the run."""

import json
import re
from datetime import UTC, datetime

import pytest

from chartline.errors import GateFailed, UsageError
from chartline.fhir import references
from chartline.lake import chain, tables
from chartline.quality import gates
from chartline.stage import Counts

HEX32, HEX64 = "0123456789abcdef" * 2, "0123456789abcdef" * 4
NOW = datetime(2026, 1, 1, tzinfo=UTC)
CANARY = "Zorblatt Quixmire 219-09-9377 z@hospital.org http://x.org 617-444-0193 aged 97 years"
LEAK = json.dumps({"telecom": CANARY, "latitude": 1, "postalCode": "02139-1234", "note": CANARY}, separators=(",", ":"))

DDL = {
    "landed": {
        "files": "digest string, size long, format string, compression string, landed_at timestamp",
    },
    "parsed": {
        "resources": "resource_type string, resource_id string, row_hash string, raw string, deleted boolean, "
        "source_file string, source_line long, unresolved int",
        "quarantine": "quarantine_id string, reason string",
        "patients": "resource_id string, persons int",
    },
    "deidentified": {
        "resources": "resource_type string, resource_id string, json string, policy_hash string, key_id string",
        "three_digits": "json string",
        "capped_ages": "text string",
        "notes": "note_id string, status string, text string",
    },
    "timeline": {
        "events": "event_id string, subject_id long, source_id string, time timestamp, time_precision string, "
        "end_time timestamp, code string, age double, flags string",
        "subjects": "subject_id long, events long, timelines long, births long, deaths long, genders long",
        "encounters": "encounter_id string",
        "lineage": "resources long, told long",
        "rebuilt": "was long, now long",
    },
    "release": {
        "sweep": "hits long, files long, known long, control string",
        "gates": "suite string, verdict string",
        "stages": "stage string, lost long",
        "policy": "mixes long",
        "risk": "smallest_class long, highest_risk double",
        "terms": "named string",
    },
}
GOOD = {
    "landed": {"files": [(HEX64, 7, "ndjson", "gzip", NOW)]},
    "parsed": {
        "resources": [
            ("Patient", "p-1", "h", "{}", False, HEX64, 1, 0),
            ("Patient", "p-2", "h", None, True, HEX64, 2, 0),
        ],
        "quarantine": [("q", "not_json")],
        "patients": [("p-1", 1)],
    },
    "deidentified": {
        "resources": [("Patient", HEX32, '{"meta":{"security":[{"code":"PSEUDED"}]}}', HEX64, "k")],
        "three_digits": [('{"postalCode":"021"}',)],
        "capped_ages": [("[NAME] is well, aged 90",)],
        "notes": [("n", "deidentified", "[NAME] is well, aged 90, SSN 928-39-7939")],
    },
    "timeline": {
        "events": [
            (HEX32, 1, "s", NOW, "second", NOW, "LOINC//1-1", 40.0, "reversed_period"),
            (HEX32[::-1], 1, "s", None, "static", None, "GENDER//female", None, None),
        ],
        "subjects": [(1, 1, 1, 1, 0, 1)],
        "encounters": [("e",)],
        "lineage": [(2, 2)],
        "rebuilt": [(7, 7)],
    },
    "release": {
        "sweep": [(0, 1, 1, "found")],
        "gates": [("landed", "passed")],
        "stages": [("parse", 0)],
        "policy": [(1,)],
        "risk": [(11, 1 / 11)],
        "terms": [("yes",)],
    },
}
EARLIER = datetime(2025, 1, 1, tzinfo=UTC)
ODD = "before_birth outside_encounter implausible implausible_sex"
BAD = {
    "landed": {"files": [("x", -1, "exe", "rar", None)] * 2},
    "parsed": {
        "resources": [("patient", CANARY, "h", None, False, "x", 0, 3)] * 2,
        "quarantine": [("q", None)] * 2,
        "patients": [("p-1", 2)],
    },
    "deidentified": {
        "resources": [("Patient", CANARY, LEAK, "x", None)] * 2 + [("Patient", "y", None, "x", None)],
        "three_digits": [(LEAK,)],
        "capped_ages": [(CANARY,)],
        "notes": [("n", "raw", CANARY)] * 2,
    },
    "timeline": {
        "events": [
            ("x", None, None, None, "day", None, "no code", 120.0, ODD),
            ("x", None, None, NOW, "day", EARLIER, "c", 120.0, ODD),
        ],
        "subjects": [(1, 0, 2, 2, 2, 2)] * 2,
        "encounters": [("e",), ("e",)],
        "lineage": [(2, 1)],
        "rebuilt": [(7, 8)],
    },
    "release": {
        "sweep": [(1, 0, 0, "missed")],
        "gates": [("landed", "failed")],
        "stages": [("parse", -1)],
        "policy": [(2,)],
        "risk": [(1, 1.0)],
        "terms": [("no",)],
    },
}


def frames(spark, rows, suite):
    return {name: spark.createDataFrame(rows[suite][name], ddl) for name, ddl in DDL[suite].items()}


def test_the_gate_lets_every_id_pass_that_the_reader_does():
    ids = next(check for check in gates.suite("parsed") if check.id == "P1")
    assert ids.kwargs["regex"] == f"^{references.ID}$"


@pytest.mark.parametrize("suite", DDL)
def test_good_rows_pass_every_check(spark, suite):
    verdicts = {o.check.id: o.verdict for o in gates.run(suite, frames(spark, GOOD, suite))}
    assert set(verdicts.values()) == {"passed"}, verdicts


@pytest.mark.parametrize("suite", DDL)
def test_every_check_of_a_suite_fails_on_a_bad_row(spark, suite):
    verdicts = {o.check.id: o.verdict for o in gates.run(suite, frames(spark, BAD, suite))}
    assert set(verdicts.values()) == {"failed"}, verdicts


def test_a_failed_gate_is_kept_and_stops_and_tells_no_value(spark, lake, caplog, capfd):
    with pytest.raises(GateFailed, match="CL1050") as told:
        gates.check(lake, "deidentified", frames(spark, BAD, "deidentified"), Counts(3, 3), run_id="r1")
    rows = tables.read(lake, "audit.gates").to_pylist()
    kept = json.dumps(rows, default=str) + str(told.value) + caplog.text + "".join(capfd.readouterr())
    assert [w for w in ("Zorblatt", "Quixmire", "219-09", "hospital.org", "444-0193") if w in kept] == []
    assert {r["verdict"] for r in rows} == {"failed", "passed"}
    assert {r["check"] for r in rows if r["verdict"] == "passed"} == {"EQ"}
    assert chain.first_break(lake, "audit.gates") is None


def test_an_unmet_equation_stops_though_every_row_is_good(spark, lake):
    with pytest.raises(GateFailed, match="EQ failed"):
        gates.check(lake, "landed", frames(spark, GOOD, "landed"), Counts(2, 1), run_id="r1")


def test_a_warning_is_kept_and_does_not_stop(spark, lake):
    risky = GOOD["release"] | {"risk": [(1, 1.0)]}
    rows = frames(spark, {"release": risky}, "release")
    assert gates.check(lake, "release", rows, Counts(1, 1), run_id="r1") == "passed"
    verdicts = {r["check"]: r["verdict"] for r in tables.read(lake, "audit.gates").to_pylist()}
    assert verdicts["X1"] == verdicts["X2"] == "failed"


@pytest.mark.parametrize(
    ("flag", "check", "few", "many"),
    [
        ("before_birth", "L5", 2, 3),
        ("after_death other", "L5", 2, 3),
        ("outside_encounter", "L6", 10, 11),
        ("implausible", "L10", 2, 3),
        ("implausible_sex", "L11", 0, 1),
    ],
)
def test_odd_events_are_told_from_the_rate_on_that_the_suite_names(spark, flag, check, few, many):
    first = GOOD["timeline"]["events"][0]
    columns = DDL["timeline"]["events"]

    def verdict(odd):
        rows = [(f"{i:032x}", *first[1:-1], flag if i < odd else "") for i in range(200)]
        events = {"events": spark.createDataFrame(rows, columns)}
        given = frames(spark, GOOD, "timeline") | events
        return next(o.verdict for o in gates.run("timeline", given) if o.check.id == check)

    assert (verdict(few), verdict(many)) == ("passed", "failed")


def test_an_empty_frame_stops_where_it_may_not_be_empty(spark, lake):
    empty = {"deidentified": GOOD["deidentified"] | {"resources": []}}
    with pytest.raises(GateFailed, match="not_applicable"):
        gates.check(lake, "deidentified", frames(spark, empty, "deidentified"), Counts(), run_id="r1")


def test_an_empty_frame_is_well_where_it_may_be_empty(spark, lake):
    quiet = {"deidentified": GOOD["deidentified"] | {"notes": []}}
    assert gates.check(lake, "deidentified", frames(spark, quiet, "deidentified"), Counts(1, 1), run_id="r") == "passed"


def test_a_check_that_errs_stops_and_tells_nothing(spark, lake):
    wrong = spark.createDataFrame([(CANARY,)], "digest string")
    with pytest.raises(GateFailed, match="error") as told:
        gates.check(lake, "landed", {"files": wrong}, Counts(1, 1), run_id="r1")
    kept = json.dumps(tables.read(lake, "audit.gates").to_pylist(), default=str) + str(told.value)
    assert "Zorblatt" not in kept


def test_a_missing_frame_is_the_callers_mistake(spark):
    with pytest.raises(UsageError, match="CL2064"):
        gates.run("landed", {})


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("no json", "CL2061"),
        ('{"checks": [{"id": "A"}]}', "CL2062"),
        ('{"checks": []}', "CL2066"),
        ("[]", "CL2066"),
        (
            '{"checks": [{"id": "A", "frame": "f", "type": "x", "kwargs": {}, "severity": "fatal", "meaning": "m"}]}',
            "CL2063",
        ),
        (
            '{"checks": ['
            + ",".join(
                ['{"id": "A", "frame": "f", "type": "expect_x", "kwargs": {}, "severity": "info", "meaning": "m"}'] * 2
            )
            + "]}",
            "CL2065",
        ),
    ],
)
def test_a_mistake_in_a_suite_names_the_file(tmp_path, monkeypatch, text, number):
    (tmp_path / "mine.json").write_text(text)
    monkeypatch.setattr(gates, "room", lambda name: tmp_path)
    with pytest.raises(UsageError, match=f"{number}.*mine.json"):
        gates.suite("mine")


def test_an_unknown_suite_is_refused():
    with pytest.raises(UsageError, match="CL2060"):
        gates.suite("no_such_suite")


@pytest.mark.parametrize(
    ("check", "text", "found"),
    [
        ("D3a", "SSN 219-09-9377.", True),
        ("D3a", "1219-09-9377", False),
        ("D3a", "219-09-93771", False),
        ("D3a", "5219-09-9377 and 219-09-9377", True),
        ("D3b", "to z@hospital.org", True),
        ("D11", '"postalCode":"02139"', True),
        ("D11", '"postalCode":"021"', False),
        ("D11b", '"postalCode":"02139-1234"', True),
        ("D11b", '"postalCode":"021391234"', True),
        ("D11b", '"postalCode":"02139"', False),
        ("D3b", "z.q%+-_9@sub-domain.org", True),
        ("D3b", f"{'x' * 80}@hospital.org", True),
        ("D3b", "z@example.com", False),
        ("D3b", "at @hospital.org", False),
        ("D3b", "take 2 @ bed.time", False),
    ],
)
def test_what_a_number_or_an_address_left_looks_like(check, text, found):
    (pattern,) = (c.kwargs["regex"] for c in gates.suite("deidentified") if c.id == check)
    assert bool(re.search(pattern, text)) is found
