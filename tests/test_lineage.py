"""The ledger as OpenLineage: who read and wrote which version, what gates said, nothing else."""

import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from chartline.errors import DataError
from chartline.lake import chain, gone, ledger
from chartline.lineage import events
from chartline.settings import STAGES
from chartline.stage import Counts, StageResult
from tests.conftest import chartline

FOLDER = "/a/path/of/the/machine"
TABLES = {
    "land": {"landing.files": 1},
    "parse": {"bronze.resources": 4, "bronze.people": 2},
    "deidentify": {"silver.resources": 5, "silver.notes": 5, "silver.deliveries": 1},
    "timeline": {"gold.events": 6, "gold.subjects": 6},
    "assess": {"gold.events": 6, "gold.subjects": 6},
    "publish": {"curated.events": 1},
}
EXTRA = {"assess": {"candidate": "c1"}, "publish": {"folder": FOLDER}}


def record(lake, stage, run_id="r1", **more):
    counts = Counts(9, 7, {"missing_id": 1}, 1)
    result = StageResult(stage, run_id, counts, TABLES[stage], extra=EXTRA.get(stage, {}))
    started = datetime.now(UTC) - timedelta(hours=1)
    ledger.record(lake, result, "digest", started, policy="p", policy_hash="h", key_id="k", **more)


def gate(lake, suite, check, verdict="passed", severity="critical", column=None, at=None):
    row = {"run_id": "r1", "suite": suite, "check": check, "expectation": "expect_x", "column": column}
    row |= {"severity": severity, "verdict": verdict, "meaning": "why", "checked_at": at or datetime.now(UTC)}
    chain.append(lake, "audit.gates", [row])


@pytest.fixture
def ran(lake):
    for stage in STAGES:
        if stage == "parse":
            gate(lake, "landed", "R3", column="digest")
            gate(lake, "landed", "R4", "failed", "warning")
            gate(lake, "parsed", "P1", "not_applicable")
        record(lake, stage)
    return lake


def ends(lake):
    """The last event of each job, by its name."""
    return {e["job"]["name"]: e for e in events(lake) if e["eventType"] != "START"}


def versions(datasets):
    return {d["name"]: d["facets"].get("version", {}).get("datasetVersion") for d in datasets}


def facets(value):
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in ("facets", "inputFacets", "outputFacets"):
                yield from inner.values()
            yield from facets(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from facets(inner)


def test_each_run_starts_and_ends_once_and_ids_are_its_own(ran):
    told = [(e["run"]["runId"], e["eventType"]) for e in events(ran)]
    runs = {run for run, _ in told}
    assert len(runs) == len(STAGES) + 2
    assert sorted(told) == sorted((run, kind) for run in runs for kind in ("START", "COMPLETE"))
    assert all(str(uuid.UUID(run)) == run for run in runs)


def test_what_one_stage_wrote_the_next_one_reads_in_that_version(ran):
    told = ends(ran)
    assert versions(told["parse"]["inputs"]) == {"landing.files": "1"}
    assert {name: versions(told[name]["outputs"]) for name in ("parse", "timeline", "publish")} == {
        name: {table: str(version) for table, version in TABLES[name].items()}
        for name in ("parse", "timeline", "publish")
    }
    assert versions(told["deidentify"]["inputs"]) == {"bronze.resources": "4", "bronze.people": "2"}
    assert versions(told["assess"]["outputs"]) == {"audit.candidates": "c1"}
    assert versions(told["publish"]["inputs"]).items() >= {("gold.events", "6"), ("audit.candidates", "c1")}


def test_rows_are_told_of_the_table_they_were_written_to(ran):
    told = ends(ran)
    rows = {
        d["name"]: d["outputFacets"]["outputStatistics"]["rowCount"]
        for e in told.values()
        for d in e["outputs"]
        if d["outputFacets"]
    }
    assert rows == dict.fromkeys(("landing.files", "bronze.resources", "silver.resources", "curated.events"), 7)


def test_a_gate_is_a_run_that_reads_its_table_and_says_what_it_found(ran):
    told = ends(ran)
    landed, parsed = told["gate.landed"], told["gate.parsed"]
    assert (versions(landed["inputs"]), versions(parsed["inputs"])) == (
        {"landing.files": "1"},
        {"bronze.resources": "4"},
    )
    said = landed["inputs"][0]["inputFacets"]["dataQualityAssertions"]["assertions"]
    assert [(a["name"], a.get("column"), a["success"], a["severity"]) for a in said] == [
        ("R3", "digest", True, "error"),
        ("R4", None, False, "warn"),
    ]
    assert landed["run"]["facets"]["parent"]["run"]["runId"] == told["parse"]["run"]["runId"]


def test_a_failed_run_tells_its_number_and_what_it_read_and_no_output(lake):
    record(lake, "land")
    gate(lake, "parsed", "P1", "failed")
    failed = StageResult("parse", "r1", Counts())
    ledger.record(lake, failed, "", datetime.now(UTC) - timedelta(hours=1), error="CL1050")
    told = events(lake)
    start, end = (e for e in told if e["job"]["name"] == "parse")
    assert (end["eventType"], end["outputs"], versions(end["inputs"])) == ("FAIL", [], {"landing.files": "1"})
    assert end["run"]["facets"]["errorMessage"]["message"] == "CL1050"
    assert "errorMessage" not in start["run"]["facets"]
    (about,) = ends(lake)["gate.parsed"]["inputs"]
    assert versions([about]) == {"bronze.resources": None}, "what failed was not written"


def test_a_run_that_was_tried_again_under_its_id_is_another_run_with_its_own_gates(lake):
    long_ago = datetime.now(UTC) - timedelta(hours=1)
    gate(lake, "timeline", "L1", at=long_ago)
    for started, error in ((long_ago, "CL1050"), (datetime.now(UTC), "")):
        if not error:
            gate(lake, "timeline", "L2")
        ledger.record(lake, StageResult("timeline", "r1", Counts()), "", started, error=error)
    ended = [e for e in events(lake) if e["eventType"] != "START"]
    said = [
        [a["name"] for a in d["inputFacets"]["dataQualityAssertions"]["assertions"]]
        for e in ended
        for d in e["inputs"]
        if "inputFacets" in d
    ]
    assert said == [["L1"], ["L2"]]
    assert len({e["run"]["runId"] for e in ended}) == 4


def test_every_event_and_facet_names_its_schema(ran):
    for event in events(ran):
        assert event["schemaURL"] == "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
        assert datetime.fromisoformat(event["eventTime"]).tzinfo is not None
        found = list(facets(event))
        assert found
        assert all(f["_schemaURL"].startswith(("https://openlineage.io/", "urn:chartline:")) for f in found)
        assert all(f["_producer"] == event["producer"] for f in found)


def test_the_run_facet_tells_counts_policy_key_and_code(ran):
    told = ends(ran)["deidentify"]["run"]["facets"]["chartline_run"]
    assert (told["in"], told["out"], told["duplicate"], told["quarantined"]) == (9, 7, 1, {"missing_id": 1})
    assert (told["policy_hash"], told["key_id"], told["code_version"]) == ("h", "k", ledger.code_version())


def test_the_command_prints_the_same_lines_each_time_and_no_path(ran):
    first, again = (chartline("lineage", "--lake", ran.lake) for _ in range(2))
    assert (first.returncode, first.stdout) == (0, again.stdout)
    lines = [json.loads(line) for line in first.stdout.splitlines()]
    assert [e["eventType"] for e in lines] == [e["eventType"] for e in events(ran)]
    assert FOLDER.encode() not in first.stdout


def test_a_folder_that_is_no_lake_is_refused(lake):
    with pytest.raises(DataError, match="CL1150"):
        events(lake)


def test_what_an_erasure_left_is_what_the_next_stage_reads(lake):
    record(lake, "parse")
    for step, told in (("begun", None), ("emptied", {"bronze.resources": 9, "bronze.people": 8}), ("done", None)):
        chain.append(
            lake, gone.LOG, [{"erasure_id": "e1", "step": step, "tables": told, "taken_at": datetime.now(UTC)}]
        )
    record(lake, "deidentify", "r2")
    names = [e["job"]["name"] for e in events(lake)]
    assert names == ["parse", "parse", "erase", "erase", "deidentify", "deidentify"]
    assert versions(ends(lake)["erase"]["outputs"]) == {"bronze.resources": "9", "bronze.people": "8"}
    assert versions(ends(lake)["deidentify"]["inputs"]) == {"bronze.resources": "9", "bronze.people": "8"}
    assert "lifecycleStateChange" not in json.dumps(ends(lake)["erase"]), "others are in these tables still"
