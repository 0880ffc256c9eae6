"""A candidate is assessed once, tells no value, and is blocked by a leak, a failed gate or a mixed policy."""

import hashlib
import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from chartline import keys
from chartline.deid import policy
from chartline.errors import DataError, GateFailed
from chartline.lake import chain, gone, ledger, tables
from chartline.release import candidates
from chartline.release.assess import _key_ids, assess
from chartline.release.candidates import GOLD
from chartline.stage import Counts, StageResult

NAME = "Zorblatt Quixmire"
HEX = "0123456789abcdef" * 2
NOW = datetime(2020, 1, 1, tzinfo=UTC)
GATES = {"parse": {"landed": "passed", "parsed": "passed"}, "deidentify": {"deidentified": "passed"}}


@pytest.fixture
def ready(lake):
    """A lake with one patient in every table that assessment reads."""
    rules, key = policy.load(lake.policy), keys.load(lake.key)
    known = [{"type": "NAME", "value": NAME}, {"type": "FAMILY", "value": "Quixmire"}]
    stamp = {"policy_hash": rules.hash, "key_id": key.id, "run_id": "r0"}
    patient = {"resource_type": "Patient", "resource_id": "patient-4711"}
    tables.append(lake, "bronze.people", [patient | {"known": known}])
    tables.append(lake, "bronze.resources", [patient | {"raw": "{}", "row_hash": "h"}])
    tables.append(lake, "silver.resources", [{"resource_type": "Patient", "resource_id": HEX, "json": "{}"} | stamp])
    note = {"note_id": "n", "text": "[NAME] is well", "status": "deidentified"}
    tables.append(lake, "silver.notes", [note | stamp | {"spans": [{"start": 0, "end": 6, "type": "NAME"}]}])
    event = {"subject_id": 1, "time": NOW, "code": "S//1", "event_id": HEX, "source_type": "Condition"}
    gold = {
        "events": event | {"source_id": HEX, "run_id": "r0"},
        "subjects": {"subject_id": 1, "birth_year": 1960, "events": 1, "run_id": "r0"},
        "encounters": {"encounter_id": HEX, "subject_id": 1, "start_time": NOW},
        "codes": {"code": "S//1"},
        "completeness": {"source": "files", "resource_type": "Condition"},
    }
    for name, row in gold.items():
        tables.append(lake, f"gold.{name}", [row], {"key_id": key.id})
    element = {"run_id": "r0", "resource_type": "Patient", "path": "Patient.name", "action": "drop", "count": 40}
    reason = "164.514(b)(2)(i)(A): name"
    tables.append(
        lake, "audit.elements", [element | {"reason": reason, "rule": "HumanName", "policy_hash": rules.hash}]
    )
    for stage in ("land", "parse", "deidentify", "timeline"):
        gates = GATES.get(stage, {"timeline": "passed"} if stage == "timeline" else {})
        ledger.record(lake, StageResult(stage, "r0", Counts(3, 2, {"not_json": 1}), {}, gates), stage, NOW)
    return lake


def files(settings, candidate):
    folder = candidates.folder(settings) / candidate
    return (folder / "report.json").read_bytes(), (folder / "report.html").read_text()


def test_a_candidate_is_written_bound_to_its_hash_and_not_written_again(spark, ready):
    result = assess(spark, ready, run_id="r1")
    data, page = files(ready, result.extra["candidate"])
    body = json.loads(data)
    assert (
        result.extra["report_hash"]
        == hashlib.sha256(data).hexdigest()
        == candidates.report_hash(ready, result.extra["candidate"])
    )
    assert data == json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert body["verdict"] == result.extra["verdict"] == "needs review"  # one patient has no company
    assert set(body["tables"]) == set(GOLD)
    assert len(body["safe_harbor"]) == 18
    assert body["sweep"]["control"] == "found"
    assert body["size"]["subjects"] is None
    assert {g["suite"] for g in body["gates"]} == {"release"}
    assert result.extra["report_hash"] in page
    assert (body["terms"], body["changes"]) == (None, None)
    assert body["contents"] == [{"type": "Condition", "events": None, "patients": None}]
    again = assess(spark, ready, run_id="r2")
    assert again.unchanged
    assert again.extra == result.extra
    assert again.run_id == "r1"
    assert_page(page, data)
    candidates.report_path(ready, again.extra["candidate"]).write_bytes(data[:100])
    assert not assess(spark, ready, run_id="r3").unchanged
    assert json.loads(files(ready, again.extra["candidate"])[0])["tables"] == body["tables"]


def test_notes_to_read_are_drawn_into_the_restricted_zone(spark, ready):
    candidate = assess(spark, ready, run_id="r1").extra["candidate"]
    told = candidates.report(ready, candidate)["review"]
    page = (ready.lake / told["file"]).read_bytes()
    assert told["file"].startswith("restricted/")
    assert hashlib.sha256(page).hexdigest() == told["sha256"]
    assert (told["notes"], told["of"], told["patients"]) == (1, 1, None)
    assert "<mark>[NAME]<small>NAME</small></mark> is well" in page.decode()


def test_terms_and_the_release_before_make_another_candidate(spark, ready, tmp_path):
    first = assess(spark, ready, run_id="r1").extra["candidate"]
    body = candidates.report(ready, first)
    old = {name: version - 1 for name, version in body["tables"].items()}
    row = {"release_id": first, "published_at": NOW, "source_tables": old}
    tables.append(ready, "curated.releases", [row])
    (tmp_path / "terms.toml").write_text('recipient = "An Institute"\npurpose = "a model"\n')
    agreed = ready.with_(terms=tmp_path / "terms.toml")
    second = assess(spark, agreed, run_id="r2").extra["candidate"]
    data, page = files(ready, second)
    told = json.loads(data)
    assert second != first
    assert told["changes"]["release_id"] == first
    assert {c["name"]: c["after"] for c in told["changes"]["rules"]}["recipient"] == "An Institute"
    assert [c["after"] for c in told["changes"]["checks"] if c["name"].startswith("release X14")] == ["passed"]
    assert "An Institute" in page
    assert_page(page, data)
    assert assess(spark, agreed, run_id="r3").unchanged
    row |= {"release_id": second, "published_at": NOW + timedelta(days=1), "source_tables": body["tables"]}
    tables.append(ready, "curated.releases", [row])
    assert assess(spark, agreed, run_id="r4").unchanged
    chain.append(ready, gone.WITHDRAWALS, [{"release_id": second, "step": "begun"}])
    third = assess(spark, agreed, run_id="r5").extra["candidate"]
    data, page = files(ready, third)
    told = json.loads(data)["changes"]
    assert third not in (first, second)
    assert (told["release_id"], told["withdrawn"], told["figures"][1]["before"]) == (second, True, 1)
    assert f"<code>{second}</code> of 2020-01-02 00:00:00 UTC, which was withdrawn since." in page
    assert_page(page, data)


def assert_page(page, data):
    """One file that needs nothing: no script, no address to fetch from, and no value of the source."""
    assert "default-src &#39;none&#39;" in page or "default-src 'none'" in page
    assert re.search(r"<script|\son\w+=|src=|url\(|href=\"(?!#)", page) is None
    told = (page + data.decode()).lower()
    assert [w for w in ("zorblatt", "quixmire", "patient-4711") if w in told] == []
    assert page.count("<table") == page.count("<caption")
    for header in re.findall(r"<th[ >][^>]*>", page):
        assert "scope=" in header


def test_a_leak_blocks_and_the_report_says_where_and_not_what(spark, ready):
    leak = {"subject_id": 1, "time": NOW, "code": "S//2", "event_id": HEX[::-1], "source_id": HEX, "run_id": "r0"}
    tables.append(ready, "gold.events", [leak | {"text_value": f"seen with {NAME}"}])
    with pytest.raises(GateFailed, match="CL1121"):
        assess(spark, ready, run_id="r1")
    (found,) = candidates.list_candidates(ready)
    assert found["state"] == "blocked"
    data, page = files(ready, found["candidate"])
    body = json.loads(data)
    found_at = {(h["category"], h["surface"], h["column"]) for h in body["sweep"]["hits"]}
    assert {("NAME", "parquet values", "text_value"), ("FAMILY", "parquet values", "text_value")} <= found_at
    assert {r["letter"]: r["status"] for r in body["safe_harbor"]}["A"] == "not met"
    assert body["text"]["upper_bound"] is None
    assert_page(page, data)
    assert ledger.latest(ready, "assess") is None


def test_silver_of_another_policy_blocks(spark, ready):
    other = ready.with_(policy="safe_harbor")
    with pytest.raises(GateFailed, match="X15"):
        assess(spark, other, run_id="r1")


def test_a_gate_that_did_not_pass_blocks(spark, ready):
    ledger.record(ready, StageResult("timeline", "r9", Counts(1, 1), {}, {"timeline": "failed"}), "t", NOW)
    with pytest.raises(GateFailed, match="X12"):
        assess(spark, ready, run_id="r1")


def test_without_gold_there_is_nothing_to_assess(spark, lake):
    with pytest.raises(DataError, match="CL1123"):
        assess(spark, lake, run_id="r1")


@pytest.mark.parametrize("name", ["gold.encounters", "silver.notes"])
def test_tables_of_an_earlier_version_are_not_measured(name):
    now = tables.schema(name).names
    tables.require_columns({name: [*now, "and_one_that_is_gone"]})
    with pytest.raises(DataError, match=f"CL1125: table {name} was made by an earlier version"):
        tables.require_columns({"gold.codes": tables.schema("gold.codes").names, name: now[:-1]})


def test_a_table_that_was_made_and_never_written_is_of_no_key(lake):
    """A source without visits has no rows in ``gold.encounters``, and no commit of it names a key."""
    for name in GOLD:
        tables.ensure(lake, name)
    tables.append(lake, "gold.subjects", [{"subject_id": 1, "run_id": "r"}], {"key_id": "k"})
    assert _key_ids(lake, {}) == {"gold.subjects": {"k"}}
