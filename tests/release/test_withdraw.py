"""A release is taken back: nothing of it can be read or comes back unseen, and what was decided stays on the record."""

import json
import shutil
from datetime import timedelta

import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

from chartline.errors import DataError, UsageError
from chartline.lake import chain, gone, tables
from chartline.lineage import events
from chartline.release import candidates, withdraw
from chartline.release.publish import require_approval
from chartline.settings import Settings
from chartline.verify import verify
from tests.conftest import chartline
from tests.release.gold import ID, START, approve, make, patient, release, report

NEWER = "fedcba9876543210"
BY = {"by": "A. Officer", "reason": "the project ended"}


@pytest.fixture(scope="module")
def two(key_file, tmp_path_factory):
    """A lake with two releases, of one patient and of two."""
    lake = Settings(lake=tmp_path_factory.mktemp("withdraw") / "lake", project="test", key=key_file)
    release(make(lake, patient(1)))
    tables.append(lake, "gold.events", patient(2))
    tables.append(lake, "gold.subjects", [{"subject_id": 2}])
    report(lake, NEWER, terms={"recipient": "An Institute"})
    return release(lake, NEWER, START + timedelta(days=1))


@pytest.fixture
def lake(two, tmp_path):
    shutil.copytree(two.lake, tmp_path / "copy")
    return Settings(lake=tmp_path / "copy", project="test", key=two.key)


def shown(lake):
    return {r for n in withdraw.CURATED for r in tables.read(lake, n, columns=["release_id"])["release_id"].to_pylist()}


def folder(lake, candidate):
    return lake.zone("curated") / "releases" / candidate


def broken(lake):
    return {c.name: c.detail for c in verify(lake) if not c.ok}


def data_files(lake, name):
    at = tables.path(lake, name)
    return [f for f in at.rglob("*.parquet") if "_delta_log" not in f.relative_to(at).parts]


def held(lake):
    """The releases of which a data file of the curated tables is still there."""
    files = (f for n in withdraw.CURATED for f in tables.path(lake, n).glob("*.parquet"))
    return {r for f in files for r in pq.ParquetFile(f).read(["release_id"])["release_id"].to_pylist()}


def test_of_the_current_release_nothing_is_shown_nor_the_one_before_in_its_place(lake):
    told = withdraw.withdraw(lake, NEWER, **BY)
    assert (told["recipient"], told["unchanged"], set(told["tables"])) == ("An Institute", False, set(withdraw.CURATED))
    assert (shown(lake), held(lake)) == (set(), {ID})
    assert {p.name for p in folder(lake, NEWER).iterdir()} == {"report.json", "report.html"}
    assert (folder(lake, ID) / "data" / "0.parquet").exists()
    before = next(r for r in candidates.releases(lake) if r["release_id"] == ID)
    at = dict(before["tables"])["curated.events"]
    assert set(tables.read(lake, "curated.events", at)["subject_id"].to_pylist()) == {1}
    assert broken(lake) == {}


def test_of_an_older_release_only_its_own_goes(lake):
    assert withdraw.withdraw(lake, ID, **BY)["tables"] == {}
    assert (shown(lake), held(lake)) == ({NEWER}, {NEWER})
    assert broken(lake) == {}
    withdraw.withdraw(lake, NEWER, **BY)
    assert (shown(lake), held(lake), candidates.releases(lake)) == (set(), set(), [])
    assert broken(lake) == {}


def test_a_table_that_was_compacted_since_shows_it_no_more_either(lake):
    DeltaTable(str(tables.path(lake, "curated.events"))).optimize.compact()
    tables.append(lake, "curated.events", [{"subject_id": 9, "event_id": "e", "code": "c", "release_id": NEWER}])
    withdraw.withdraw(lake, NEWER, **BY)
    assert (shown(lake), held(lake)) == (set(), {ID})


def test_what_was_taken_out_of_gold_is_kept_for_a_release_no_longer_than_the_release(lake):
    now = tables.overwrite(lake, "gold.events", patient(3))
    chain.append(lake, gone.TAKEBACKS, [{"takeback_id": "t", "step": "done", "tables": {"gold.events": now}}])
    codes = len(data_files(lake, "gold.codes"))
    for release_id, kept in ((ID, {1, 2, 3}), (NEWER, {3})):
        withdraw.withdraw(lake, release_id, **BY)
        there = (pq.ParquetFile(f).read(["subject_id"]) for f in data_files(lake, "gold.events"))
        assert {s for rows in there for s in rows["subject_id"].to_pylist()} == kept
    assert len(data_files(lake, "gold.codes")) == codes, "nothing was taken out of it"


def test_it_is_not_decided_on_or_published_again(lake):
    withdraw.withdraw(lake, NEWER, **BY)
    for again in (lambda: require_approval(lake, NEWER), lambda: approve(lake, NEWER)):
        with pytest.raises(DataError, match="CL1133"):
            again()
    assert candidates.last_release(lake, candidates.report(lake, NEWER)["tables"])["release_id"] == NEWER


def test_a_release_from_before_an_erasure_is_not_compared_with_once_it_is_withdrawn(lake):
    at = candidates.report(lake, NEWER)["tables"]
    withdraw.withdraw(lake, ID, **BY)
    assert candidates.last_release(lake, at)["release_id"] == ID
    withdraw._log(lake, ID, "done", tables={"gold.events": at["gold.events"]})
    assert candidates.last_release(lake, at) is None


def test_who_took_it_back_and_why_is_told_and_the_same_again_changes_nothing(lake):
    withdraw.withdraw(lake, NEWER, **BY)
    assert withdraw.withdraw(lake, NEWER, by="B. Other", reason="another")["unchanged"]
    log = tables.read(lake, gone.WITHDRAWALS).sort_by("seq").to_pylist()
    assert [(r["step"], r["who"], r["reason"]) for r in log] == [("begun", *BY.values()), ("done", None, None)]
    told = {c["candidate"]: (c["state"], c["withdrawal"]) for c in candidates.list_candidates(lake)}
    when = {"withdrawn_at": str(log[0]["taken_at"])}
    assert told[ID] == ("published", None)
    assert told[NEWER] == ("withdrawn", {"withdrawn_by": "A. Officer", "reason": "the project ended", **when})


@pytest.mark.parametrize(("where", "call"), [("hide", 1), ("destroy", 1), ("shutil.rmtree", 1), ("_log", 2)])
def test_a_withdrawal_that_died_is_not_done_and_is_finished_when_it_is_ordered_again(lake, monkeypatch, where, call):
    owner, _, name = f"withdraw.{where}".rpartition(".")
    owner, calls = eval(owner), []
    real = getattr(owner, name)

    def dying(*given, **more):
        calls.append(1)
        return 1 / 0 if len(calls) == call else real(*given, **more)

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, dying)
        with pytest.raises(ZeroDivisionError):
            withdraw.withdraw(lake, NEWER, **BY)
    assert candidates.state(lake, NEWER) == "withdrawn"
    assert broken(lake)[f"withdrawal of release {NEWER}"] == "not done: order it again"
    assert not withdraw.withdraw(lake, NEWER, **BY)["unchanged"]
    assert (shown(lake), held(lake)) == (set(), {ID})
    assert broken(lake) == {}
    assert [r["step"] for r in tables.read(lake, gone.WITHDRAWALS).sort_by("seq").to_pylist()] == ["begun", "done"]


def put_a_file_of_the_dataset_back(lake, before):
    shutil.copytree(folder(before, NEWER) / "data", folder(lake, NEWER) / "data")


def put_a_data_file_back(lake, before):
    shutil.copytree(tables.path(before, "curated.codes"), tables.path(lake, "curated.codes"), dirs_exist_ok=True)


def restore_a_table(lake, before):
    at = next(
        dict(r["tables"]) for r in tables.read(before, "curated.releases").to_pylist() if r["release_id"] == NEWER
    )
    put_a_data_file_back(lake, before)
    DeltaTable(str(tables.path(lake, "curated.codes"))).restore(at["curated.codes"])


def write_the_rows_again(lake, before):
    tables.append(lake, "curated.subjects", tables.read(before, "curated.subjects").to_pylist())


@pytest.mark.parametrize(
    ("back", "named"),
    [
        (put_a_file_of_the_dataset_back, "files of release"),
        (put_a_data_file_back, "withdrawal of release"),
        (restore_a_table, "withdrawal of release"),
        (write_the_rows_again, "withdrawal of release"),
    ],
)
def test_what_somebody_put_back_is_named(lake, two, back, named):
    withdraw.withdraw(lake, NEWER, **BY)
    back(lake, two)
    assert f"{named} {NEWER}" in broken(lake)


def test_a_changed_log_breaks_its_chain(lake):
    withdraw.withdraw(lake, NEWER, **BY)
    rows = [{**r, "who": "somebody"} for r in tables.read(lake, gone.WITHDRAWALS).to_pylist()]
    shutil.rmtree(tables.path(lake, gone.WITHDRAWALS))
    tables.append(lake, gone.WITHDRAWALS, rows)
    assert set(broken(lake)) == {f"chain {gone.WITHDRAWALS}"}


def test_without_a_name_a_reason_or_a_release_nothing_is_withdrawn(lake):
    report(lake, "not-published-0")
    known = [{"type": "NAME", "value": "Jane Canary"}]
    tables.append(lake, "bronze.people", [{"resource_type": "Patient", "resource_id": "p", "known": known}])
    for number, which, said in (
        ("CL2150", ID, BY | {"by": " "}),
        ("CL2150", ID, BY | {"reason": ""}),
        ("CL2151", "not-published-0", BY),
        ("CL2151", "../x", BY),
        ("CL2104", ID, BY | {"reason": "Jane Canary asked"}),
    ):
        with pytest.raises(UsageError, match=number):
            withdraw.withdraw(lake, which, **said)
    assert not tables.exists(lake, gone.WITHDRAWALS)


def test_lineage_tells_which_tables_were_emptied_and_when(lake):
    withdraw.withdraw(lake, ID, **BY)
    told = withdraw.withdraw(lake, NEWER, **BY)["tables"]
    first, second = ([e for e in events(lake) if e["job"]["name"] == "withdraw"][i : i + 2] for i in (0, 2))
    assert [e["eventType"] for e in (*first, *second)] == ["START", "COMPLETE"] * 2
    assert first[1]["outputs"] == [], "the current release stands"
    made = {d["name"]: d["facets"] for d in second[1]["outputs"]}
    assert {n: int(f["version"]["datasetVersion"]) for n, f in made.items()} == told
    assert {f["lifecycleStateChange"]["lifecycleStateChange"] for f in made.values()} == {"TRUNCATE"}
    assert second[1]["run"]["facets"]["chartline_run"]["run_id"] == NEWER
    assert events(lake)[-1] == second[1]


def test_the_command_says_whom_to_tell(lake):
    words = ("release", "withdraw", NEWER, "--lake", lake.lake, "--by", "A. Officer", "--reason", "an error was found")
    done = [chartline(*words), chartline(*words, "--json"), chartline(*words[:2], "nobodys", *words[3:], "--json")]
    assert [d.returncode for d in done] == [0, 0, 2]
    assert done[0].stdout.decode() == f"{NEWER} is withdrawn; tell whoever received it: An Institute\n"
    assert json.loads(done[1].stdout)["unchanged"] is True
    assert json.loads(done[2].stdout)["error"]["number"] == "CL2151"
    shown = chartline("release", "show", NEWER, "--lake", lake.lake)
    assert "withdrawal: withdrawn by A. Officer, reason an error was found" in shown.stdout.decode().replace("_", " ")
