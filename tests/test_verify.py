import shutil
from datetime import UTC, datetime

import pytest
from deltalake import DeltaTable

from chartline.errors import DataError
from chartline.ingest.land import land
from chartline.lake import chain, gone, ledger, tables
from chartline.lake.landing import blob
from chartline.release import candidates, card
from chartline.settings import Settings
from chartline.stage import Counts, StageResult
from chartline.verify import verify
from tests.release.gold import ID, START, approve, make, patient, release, report


@pytest.fixture(scope="module")
def released(key_file, tmp_path_factory):
    return release(
        make(Settings(lake=tmp_path_factory.mktemp("verified") / "lake", project="test", key=key_file), patient(1))
    )


@pytest.fixture
def copy(released, tmp_path):
    shutil.copytree(released.lake, tmp_path / "copy")
    return Settings(lake=tmp_path / "copy", project="test", key=released.key)


def broken(settings):
    return [c.name for c in verify(settings) if not c.ok]


def data_file(settings, name):
    return next(tables.path(settings, name).rglob("*.parquet"))


def released_file(settings):
    return settings.zone("curated") / "releases" / ID / "DATA_CARD.md"


def rewrite(settings, name, **changed):
    rows = [{**r, **changed} for r in tables.read(settings, name).to_pylist()]
    shutil.rmtree(tables.path(settings, name))
    tables.append(settings, name, rows)


def test_a_sound_lake_holds(released):
    assert len(verify(released)) > 8
    assert broken(released) == []


def test_no_lake_is_not_a_sound_lake(lake):
    with pytest.raises(DataError, match="CL1150"):
        verify(lake)


def test_a_changed_decision_breaks_its_chain(copy):
    rewrite(copy, "audit.decisions", reason="another")
    assert broken(copy)[0] == "chain audit.decisions"


def test_a_changed_run_breaks_its_chain(copy):
    rewrite(copy, "audit.runs", out=7)
    assert broken(copy)[0] == "chain audit.runs"


def test_lost_records_break_an_equation(copy):
    ledger.record(copy, StageResult("parse", "run-9", Counts(10, 9)), "digest", START)
    assert broken(copy) == ["equation parse run-9"]


def test_a_table_that_lost_a_file_is_named(copy):
    version = ledger.latest(copy, "publish").tables["curated.events"]
    data_file(copy, "curated.events").unlink()
    assert f"table curated.events version {version}" in broken(copy)


def test_a_changed_report_is_named(copy):
    report(copy, policy="another")
    assert f"report of {ID}" in broken(copy)


def assessed(lake):
    told = {"candidate": ID, "report_hash": candidates.report_hash(lake, ID)}
    ledger.record(lake, StageResult("assess", "run-1", Counts(1, 1), extra=told), "digest", START)


def test_a_report_made_and_decided_anew_is_sound(lake):
    make(lake, patient(1))
    assessed(lake)
    approve(lake)
    report(lake, created_at="2026-01-02")
    last = f"report of the last assessment, {ID}"
    assert broken(lake) == [last, f"report of {ID}"]
    assessed(lake)
    assert broken(lake) == [f"report of {ID}"]
    approve(lake)
    assert broken(lake) == []
    candidates.report_path(lake, ID).unlink()
    assert broken(lake) == [last, f"report of {ID}"]


@pytest.mark.parametrize(
    "harm",
    [
        lambda s: released_file(s).write_text("another"),
        lambda s: released_file(s).unlink(),
        lambda s: released_file(s).with_name("extra.txt").write_text("smuggled in"),
    ],
    ids=["changed", "gone", "added"],
)
def test_a_released_file_is_named(copy, harm):
    harm(copy)
    assert broken(copy) == [f"files of release {ID}"]


def test_a_release_without_its_approval_is_named(copy):
    rewrite(copy, "curated.releases", decision_id="forged")
    assert f"approval of release {ID}" in broken(copy)


def test_a_pinned_version_of_an_older_release_is_checked_too(copy):
    row = tables.read(copy, "curated.releases").to_pylist()[0]
    later = StageResult("publish", "run-2", Counts(1, 1), {"curated.codes": 1}, extra={"release_id": "other"})
    ledger.record(copy, later, "digest", START)
    data_file(copy, "curated.events").unlink()
    assert f"table curated.events version {dict(row['tables'])['curated.events']}" in broken(copy)
    assert candidates.published(copy) == {ID}


@pytest.mark.parametrize("name", ["curated.events", "gold.codes"])
def test_a_table_of_a_release_whose_data_changed_is_named(copy, name):
    """One byte more, at the end, where no reader looks; of a curated table the digest would see any other byte too."""
    version = dict(tables.read(copy, "curated.releases").to_pylist()[0]["tables"]).get(name, 1)
    with data_file(copy, name).open("ab") as file:
        file.write(b"x")
    assert broken(copy) == [f"table {name} version {version}"]


def test_a_table_of_a_release_that_was_changed_at_equal_size_is_named(copy):
    file = data_file(copy, "curated.codes")
    file.write_bytes(file.read_bytes().replace(b"a code", b"a kode"))
    assert broken(copy) == ["table curated.codes version 1"]


def test_a_release_whose_record_was_written_anew_is_named(copy):
    """Also when the files agree with the new record: the chain of runs keeps its hash."""
    released_file(copy).write_text("another")
    files = card.file_facts(released_file(copy).parent)
    [row] = tables.read(copy, "curated.releases").to_pylist()
    shutil.rmtree(tables.path(copy, "curated.releases") / "_delta_log")
    data_file(copy, "curated.releases").unlink()
    tables.append(copy, "curated.releases", [row | {"files": files}])
    assert broken(copy) == [f"record of release {ID}"]


def test_a_folder_that_is_no_release_is_named(copy):
    (copy.zone("curated") / "releases" / "feedfacefeedface").mkdir()
    assert broken(copy) == ["nothing unlisted among the releases"]


def commits(settings, name):
    return sorted((tables.path(settings, name) / "_delta_log").glob("*.json"))


@pytest.mark.parametrize("name", ["audit.runs", "audit.decisions", "gold.events", "curated.releases"])
@pytest.mark.parametrize(
    "harm", [lambda file: file.write_bytes(b""), lambda file: file.write_bytes(file.read_bytes()[:-9])]
)
def test_a_commit_that_was_written_by_half_or_not_at_all_is_named_and_the_rest_is_looked_at(copy, name, harm):
    harm(commits(copy, name)[-1])
    found = verify(copy)
    assert not next(c for c in found if not c.ok).detail.startswith("CL")
    assert any(name in c.name + c.detail for c in found if not c.ok)
    assert [c for c in found if c.ok]


@pytest.mark.parametrize("name", ["audit.runs", "audit.decisions"])
def test_a_chain_whose_data_is_damaged_is_told_by_the_table(copy, name):
    at = data_file(copy, name)
    at.write_bytes(at.read_bytes()[:-100])
    told = [c for c in verify(copy) if not c.ok]
    assert f"table {name} cannot be read" in told[0].detail
    assert any(c.name.startswith("report of") and c.ok for c in verify(copy)) == (name == "audit.runs")


def test_all_the_chains_that_cannot_be_read_are_named(copy):
    damaged = ("audit.runs", "audit.decisions")
    for name in damaged:
        at = data_file(copy, name)
        at.write_bytes(at.read_bytes()[:-100])
    assert {f"chain {name}" for name in damaged} <= set(broken(copy))


def test_a_table_that_was_altered_after_its_assessment_is_named(copy):
    report_hash = candidates.report_hash(copy, ID)
    extra = {"candidate": ID, "report_hash": report_hash, "verdict": "releasable"}
    ledger.record(copy, StageResult("assess", "run-9", Counts(1, 1), extra=extra), "digest", START)
    assert broken(copy) == []
    at = data_file(copy, "gold.events")
    body = bytearray(at.read_bytes())
    body[len(body) // 2] ^= 1
    at.write_bytes(body)
    assert [name for name in broken(copy) if "gold.events" in name]


@pytest.mark.parametrize("harm", ["changed", "gone", "erased", "taken back"])
def test_a_landed_file_that_is_not_what_came_is_counted(copy, tmp_path, harm):
    (tmp_path / "a.ndjson").write_text('{"resourceType":"Patient","id":"p"}\n')
    land(copy, [tmp_path / "a.ndjson"], run_id="run-land")
    assert broken(copy) == []
    digest = tables.read(copy, "landing.files")["digest"].to_pylist()[0]
    at, now = blob(copy, digest), datetime.now(UTC)
    at.unlink() if harm in ("gone", "taken back") else at.write_text('{"resourceType":"Patient","id":"q"}\n')
    if harm == "erased":  # what an erasure leaves of a file is another content under the same name
        row = {"erasure_id": "e", "step": "done", "left": [], "taken_at": now}
        chain.append(copy, gone.LOG, [row])
    if harm == "taken back":
        row = {"takeback_id": "t", "files": [digest], "taken_at": now}
        chain.append(copy, gone.TAKEBACKS, [row | {"step": "begun"}, row | {"step": "done"}])
    assert ("landed files" in broken(copy)) is (harm in ("changed", "gone"))
    assert all(digest not in check.detail for check in verify(copy))


def test_a_log_that_delta_shortened_is_whole(copy):
    at = DeltaTable(tables.path(copy, "audit.runs"))
    at.create_checkpoint()
    commits(copy, "audit.runs")[0].unlink()
    assert broken(copy) == []
    for checkpoint in (tables.path(copy, "audit.runs") / "_delta_log").glob("*checkpoint*"):
        checkpoint.unlink()
    assert "log of audit.runs" in broken(copy)


def test_a_lake_whose_first_release_is_being_written_is_sound(lake):
    make(lake, patient(1))
    ledger.record(lake, StageResult("timeline", "run-1", Counts(1, 1)), "digest", START)
    (lake.zone("curated") / "releases" / f".{ID}.part" / "data").mkdir(parents=True)
    assert broken(lake) == []


def test_a_log_that_is_gone_is_told_by_the_table(copy):
    shutil.rmtree(tables.path(copy, "gold.events") / "_delta_log")
    assert "table gold.events cannot be read" in next(c.detail for c in verify(copy) if not c.ok)
