"""A lake changes its key: what is sealed opens with the new one, the old one is refused, two keys never meet."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from chartline import keys
from chartline.deid.rotation import rotate
from chartline.errors import GateFailed, UsageError
from chartline.lake import ledger, quarantine, tables
from chartline.quality import gates
from chartline.stage import Counts, StageResult
from tests.conftest import chartline
from tests.deid.test_deidentify import PEOPLE, _note, built, rows

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PAYLOAD = b'{"resourceType": "Patient", "name": "Ada"}'


def used(settings):
    """The lake with one run of its key and two records in quarantine, one with a payload."""
    key = keys.load(settings.key)
    held = [
        quarantine.Record("deidentify", "unknown", "x", "a" * 64, 1, payload=PAYLOAD),
        quarantine.Record("parse", "not_json", "x", "b" * 64),
    ]
    quarantine.append(settings, held, NOW, "r0", key)
    ledger.record(settings, StageResult("parse", "r0", Counts(2, 0, {"not_json": 2})), "d", NOW, key_id=key.id)
    return held


def test_what_is_sealed_opens_with_the_new_key_and_the_old_key_is_refused(lake, tmp_path):
    held, _ = used(lake)
    body = rotate(lake, tmp_path / "new.key", run_id="r1")
    renewed = replace(lake, key=tmp_path / "new.key")
    assert body == {"key_id": keys.load(renewed.key).id, "retired": keys.load(lake.key).id, "resealed": 1}
    assert quarantine.content(renewed, held.id, keys.load(renewed.key)) == PAYLOAD
    assert {r["key_id"] for r in rows(lake, quarantine.TABLE)} == {body["key_id"], None}
    assert ledger.key(renewed).id == body["key_id"]
    with pytest.raises(UsageError, match=r"CL2027.*chartline key rotate"):
        ledger.key(lake)


def test_a_rotation_that_died_before_its_entry_is_run_again(lake, tmp_path, monkeypatch):
    held, _ = used(lake)
    with monkeypatch.context() as patch:
        patch.setattr(ledger, "record", lambda *a, **k: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            rotate(lake, tmp_path / "new.key", run_id="r1")
    assert ledger.key(lake)
    assert rotate(lake, tmp_path / "new.key", run_id="r2")["resealed"] == 1
    assert quarantine.content(lake, held.id, keys.load(tmp_path / "new.key")) == PAYLOAD


def test_a_key_that_is_not_the_lakes_cannot_give_it_away_and_not_to_itself(lake, tmp_path):
    used(lake)
    with pytest.raises(UsageError, match="CL2028"):
        rotate(lake, lake.key, run_id="r1")
    keys.create(tmp_path / "other.key")
    with pytest.raises(UsageError, match="CL2027"):
        rotate(replace(lake, key=tmp_path / "other.key"), tmp_path / "new.key", run_id="r1")


def test_a_lake_without_a_run_takes_any_key(lake):
    assert ledger.key_id(lake) is None
    assert ledger.key(lake) == keys.load(lake.key)


def test_the_command_gives_the_lake_away_and_tells_ids_only(lake, tmp_path):
    used(lake)
    new = tmp_path / "new.key"
    done = chartline("key", "rotate", new, "--lake", lake.lake, "--project", "test", "--key", lake.key, "--json")
    assert done.returncode == 0, done.stderr.decode()
    assert json.loads(done.stdout) == {"key_id": keys.load(new).id, "retired": keys.load(lake.key).id, "resealed": 1}
    again = chartline("deidentify", "--lake", lake.lake, "--key", lake.key, "--json")
    assert again.returncode == 2
    assert json.loads(again.stdout)["error"]["number"] == "CL2027"


def test_a_folder_that_is_no_lake_gets_no_key(lake, tmp_path):
    new, nowhere = tmp_path / "new.key", tmp_path / "nowhere"
    done = chartline("key", "rotate", new, "--lake", nowhere, "--project", "test", "--key", lake.key, "--json")
    assert (done.returncode, json.loads(done.stdout)["error"]["number"]) == (1, "CL1150")
    assert not new.exists()
    assert not nowhere.exists()


@pytest.mark.parametrize(
    ("found", "passes"),
    [
        ({"silver.resources": {"a"}, "silver.notes": {"a"}}, True),
        ({"silver.resources": {"a"}, "silver.notes": set()}, True),
        ({"silver.resources": {"a", "b"}}, False),
        ({"silver.resources": {"a"}, "silver.notes": {"b"}}, False),
        ({"silver.resources": {"b"}}, False),
        ({"gold.events": {None}}, False),
    ],
)
def test_two_keys_in_a_zone_stop_the_run_and_are_kept_as_a_verdict(lake, found, passes):
    if passes:
        gates.one_key(lake, "timeline", found, "a", run_id="r1")
    else:
        with pytest.raises(GateFailed, match=r"CL1051.*chartline deidentify"):
            gates.one_key(lake, "timeline", found, "a", run_id="r1")
    (kept,) = rows(lake, "audit.gates")
    assert (kept["check"], kept["suite"], kept["severity"]) == ("KEY", "timeline", "critical")
    assert kept["verdict"] == ("passed" if passes else "failed")


def test_the_new_key_makes_a_new_namespace_and_a_half_written_one_is_not_built_on(spark, tmp_path, key_file):
    from chartline.deid.deidentify import deidentify
    from chartline.lake.spark import read, refresh
    from chartline.timeline.timeline import timeline

    settings, _ = built(spark, tmp_path, key_file, "expert_determination", [*PEOPLE, _note(1, "ada-1")])
    timeline(spark, settings, run_id="one")
    before = {n: rows(settings, n) for n in ("silver.resources", "silver.notes", "gold.events")}
    key_id = rotate(settings, tmp_path / "new.key", run_id="two")["key_id"]
    renewed = replace(settings, key=tmp_path / "new.key")
    with pytest.raises(UsageError, match="CL2027"):
        deidentify(spark, settings, run_id="three")
    with pytest.raises(GateFailed, match="CL1051"):
        timeline(spark, renewed, run_id="three")  # silver is still of the old key
    deidentify(spark, renewed, run_id="three")
    after = {n: rows(settings, n) for n in ("silver.resources", "silver.notes")}
    assert {r["key_id"] for n in after for r in after[n]} == {key_id}
    ids = {n: {r["resource_id"] for r in before[n]} & {r["resource_id"] for r in after[n]} for n in after}
    assert ids == {"silver.resources": set(), "silver.notes": set()}
    assert timeline(spark, renewed, run_id="four").extra["buckets"] is None
    subjects = {r["subject_id"] for r in rows(settings, "gold.events")}
    assert subjects.isdisjoint(r["subject_id"] for r in before["gold.events"])
    assert tables.last_told(settings, "gold.events", "key_id") == key_id
    # A run of another key that died between its two commits leaves notes that do not fit.
    mixed = read(spark, settings, "silver.notes").selectExpr(
        *(c if c != "key_id" else "'other' AS key_id" for c in tables.schema("silver.notes").names)
    )
    refresh(mixed, settings, "silver.notes", ["note_id", "key_id"])
    with pytest.raises(GateFailed, match=r"CL1051.*silver\.notes of other"):
        timeline(spark, renewed, run_id="five")
