"""A delivery that should never have come goes, and the lake is as if it never had."""

import hashlib
import json
import shutil
from datetime import UTC, datetime

import orjson
import pytest

from chartline import pipeline
from chartline.erase import takeback
from chartline.errors import DataError, UsageError
from chartline.lake import gone, tables
from chartline.lake.landing import blob
from chartline.lineage import events
from chartline.release import candidates
from chartline.settings import STAGES, Settings
from chartline.verify import verify
from tests.conftest import chartline

BY = {"by": "A. Engineer", "reason": "the export of another hospital"}
REBUILT = ("bronze.resources", "bronze.people", "silver.resources", "silver.notes", "silver.deliveries")
REBUILT += tuple(f"gold.{n}" for n in (*candidates.NAMES, "lineage", "medications", "code_counts"))


def patient(own, family, **more):
    named = [{"family": family, "given": ["Ada"]}]
    return {"resourceType": "Patient", "id": own, "name": named, "gender": "female", "birthDate": "1960-02-03", **more}


def result(own, whose, value, day, **more):
    code = {"coding": [{"system": "http://loinc.org", "code": "718-7", "display": "Hemoglobin"}]}
    told = {"status": "final", "code": code, "valueQuantity": {"value": value, "unit": "g/dL", "code": "g/dL"}}
    told |= {"subject": {"reference": f"Patient/{whose}"}, "effectiveDateTime": day}
    return {"resourceType": "Observation", "id": own, **told, **more}


def condition(own, whose, text, **more):
    return {"resourceType": "Condition", "id": own, "subject": {"reference": f"Patient/{whose}"}} | {
        "code": {"text": text, "coding": [{"system": "http://snomed.info/sct", "code": "44054006"}]},
        "recordedDate": "2021-05-06",
        **more,
    }


def at(day, **more):
    return {"meta": {"lastUpdated": f"2024-01-{day:02}T00:00:00Z", **more}}


VISIT = {"resourceType": "Encounter", "id": "e1", "status": "finished", "class": {"code": "AMB"}}
VISIT |= {"subject": {"reference": "Patient/p1"}, "period": {"start": "2021-05-06", "end": "2021-05-06"}}
TWICE = result("o2", "p2", 13.5, "2021-03-04", **at(1))
GOOD = (
    patient("p1", "Quillon", **at(1)),
    patient("p2", "Ostberg", **at(1)),
    result("o1", "p1", 12.5, "2021-03-04", **at(1)),
    TWICE,
    result("o4", "p1", 9.5, "2021-03-05", encounter={"reference": "Encounter/e1"}, **at(1)),
    condition("c1", "p2", "deleted by mistake", **at(1)),
    condition("c2", "p2", "no such gender is set aside", **at(1)),
    patient("p9", "Aside", gender="no such gender"),
)
BAD = (
    result("o1", "p1", 99.5, "2021-03-04", **at(9)),
    TWICE,
    VISIT | at(2),
    patient("p3", "Wrongly", **at(2)),
    result("o3", "p3", 11.5, "2021-03-04", **at(2)),
    patient("p2", "Ostberg", link=[{"other": {"reference": "Patient/p1"}, "type": "replaced-by"}], **at(3)),
    patient("p8", "Broken", gender="no such gender"),
)
DELETION = {"resourceType": "Bundle", "type": "transaction"}
DELETION |= {"entry": [{"request": {"method": "DELETE", "url": "Condition/c1"}}]}


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    good, bad = tmp_path_factory.mktemp("good"), tmp_path_factory.mktemp("bad")
    (good / "all.ndjson").write_bytes(b"".join(orjson.dumps(r) + b"\n" for r in GOOD))
    (good / "late.ndjson").write_bytes(orjson.dumps(condition("c3", "p1", "late", **at(4))))
    (bad / "Wrongly_Ada.ndjson").write_bytes(b"".join(orjson.dumps(r) + b"\n" for r in BAD))
    (bad / "deleted.json").write_bytes(orjson.dumps(DELETION))
    return good, bad


def digests(folder):
    return sorted(hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.iterdir())


def built(at, key, *deliveries, to="timeline"):
    lake = Settings(lake=at, project="test", key=key)
    for folder in deliveries:
        landed = pipeline.run_stage(lake, "land", sources=[folder])
        for stage in STAGES[1 : STAGES.index(to) + 1]:
            pipeline.run_stage(lake, stage)
    return lake, landed.run_id


@pytest.fixture(scope="module")
def never(spark, sources, key_file, tmp_path_factory):
    """A lake in which the bad delivery never came."""
    return built(tmp_path_factory.mktemp("never") / "lake", key_file, sources[0])[0]


@pytest.fixture(scope="module")
def both(spark, sources, key_file, tmp_path_factory):
    """A lake in which it came after the good one, with the run that landed it."""
    return built(tmp_path_factory.mktemp("both") / "lake", key_file, *sources)


@pytest.fixture(scope="module")
def parsed(spark, sources, key_file, tmp_path_factory):
    """The same, with nothing made of it yet."""
    return built(tmp_path_factory.mktemp("parsed") / "lake", key_file, *sources, to="parse")


def copy(lake, to):
    shutil.copytree(lake.lake, to)
    return Settings(lake=to, project="test", key=lake.key)


def rows(lake, name):
    """What a table holds but for ids and times of runs."""
    left_out = {"run_id", "landed_at", "first_seen"}
    columns = [c for c in tables.schema(name).names if c not in left_out]
    told = tables.read(lake, name, columns=columns).to_pylist()
    return sorted(json.dumps(row, default=str, sort_keys=True) for row in told)


def differing(lake, never, names=REBUILT):
    return [name for name in names if rows(lake, name) != rows(never, name)]


def files(lake):
    return [p for p in lake.lake.rglob("*") if p.is_file()]


def test_the_fixture_would_show_a_difference(never, both):
    assert set(differing(both[0], never)) >= {"bronze.resources", "bronze.people", "silver.resources", "gold.events"}
    assert len(tables.read(never, "bronze.quarantine")) == 1


def test_the_lake_is_as_if_it_never_had_come(never, both, sources, tmp_path):
    lake, run = copy(both[0], tmp_path / "lake"), both[1]
    told = pipeline.take_back(lake, [run], **BY)
    assert told["files"] == digests(sources[1])
    assert told["removed"]["landing.files"] == 2
    assert told["removed"]["bronze.resources"] >= 5
    assert told["removed"]["bronze.quarantine"] == 1
    assert set(told["left"].values()) == {0}
    assert differing(lake, never) == []
    assert [r["quarantine_id"] for r in tables.read(lake, "bronze.quarantine").to_pylist()] == [
        r["quarantine_id"] for r in tables.read(never, "bronze.quarantine").to_pylist()
    ]
    assert [c for c in verify(lake) if not c.ok] == []
    assert not any(b"Wrongly" in p.read_bytes() or "Wrongly" in p.name for p in files(lake) if p.suffix != ".parquet")
    assert not any(blob(lake, digest).exists() for digest in digests(sources[1]))
    log = tables.read(lake, gone.TAKEBACKS).sort_by("seq").to_pylist()
    assert [(r["step"], r["who"]) for r in log] == [("begun", BY["by"]), ("emptied", None), ("done", None)]
    assert log[0]["files"] == digests(sources[1])
    assert [e["job"]["name"] for e in events(lake)][-1] == "takeback"
    for stage in ("parse", "deidentify", "timeline"):
        assert pipeline.run_stage(lake, stage).unchanged, stage
    again = pipeline.run_stage(lake, "land", sources=sources)
    assert (again.counts.duplicate, dict(again.counts.filtered)) == (2, {"taken_back": 2})
    assert pipeline.run_stage(lake, "parse").unchanged
    with pytest.raises(UsageError, match="CL2153"):
        pipeline.take_back(lake, [run], **BY)


def test_of_what_it_repeated_the_others_are_kept_also_when_it_came_first(never, sources, key_file, tmp_path):
    lake, _ = built(tmp_path / "lake", key_file, sources[1], sources[0])
    assert tables.holds(lake, "bronze.resources", takeback._of(digests(sources[1])))
    pipeline.take_back(lake, digests(sources[1]), **BY)
    assert differing(lake, never) == []


@pytest.mark.parametrize("where", ["quarantine.remove", "withdraw.destroy"])
def test_one_that_died_is_not_done_and_is_finished_when_it_is_ordered_again(
    never, parsed, tmp_path, monkeypatch, where
):
    lake, run = copy(parsed[0], tmp_path / "lake"), parsed[1]
    owner, _, name = where.partition(".")
    with monkeypatch.context() as patch:
        patch.setattr(getattr(takeback, owner), name, lambda *a, **k: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            pipeline.take_back(lake, [run], **BY)
    (broken,) = [c for c in verify(lake) if not c.ok and c.name.startswith("delivery")]
    order = broken.name.rpartition(" ")[2]
    assert broken.detail == "not done: order it again by this id"
    told = pipeline.take_back(lake, [order], **BY)
    assert (told["takeback"], told["removed"]["landing.files"], set(told["left"].values())) == (order, 2, {0})
    assert differing(lake, never, ("bronze.resources", "bronze.people")) == []
    assert [c for c in verify(lake) if not c.ok] == []


# --- without Spark -----------------------------------------------------------------------------------------

DAY = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def landed(lake):
    """Five files: an export of two with its manifest, and two that came alone."""
    manifest = {"transactionTime": "2026-01-01T00:00:00Z", "request": "https://a/$export", "output": []}
    manifest["output"] = [{"type": t, "url": f"https://a/{t}.ndjson"} for t in ("Patient", "Observation")]
    data = orjson.dumps(manifest)
    digest = hashlib.sha256(data).hexdigest()
    blob(lake, digest).parent.mkdir(parents=True)
    blob(lake, digest).write_bytes(data)
    told = {"size": 1, "format": "ndjson", "compression": "none", "landed_at": DAY}
    made = [told | {"digest": digest, "name": "manifest.json", "format": "manifest", "run_id": "r1"}]
    for name, of, run in (
        ("Patient", digest, "r1"),
        ("Observation", digest, "r2"),
        ("x", None, "r2"),
        ("y", None, "r3"),
    ):
        made.append(told | {"digest": name[0].lower() * 64, "name": f"{name}.ndjson", "manifest": of, "run_id": run})
    tables.append(lake, "landing.files", made)
    tables.ensure(lake, "audit.runs")
    return lake, digest


def begun(lake, *wanted):
    return list(takeback.begin(lake, wanted, **BY).files)


def test_a_run_a_manifest_and_a_file_name_what_came_with_them(landed):
    lake, manifest = landed
    assert begun(lake, "x" * 64) == ["x" * 64]
    assert begun(lake, "r3") == ["y" * 64]
    assert begun(lake, manifest) == begun(lake, "r1") == sorted([manifest, "p" * 64, "o" * 64])


def test_what_is_not_here_and_all_that_is_here_are_refused(landed):
    lake, _ = landed
    for number, wanted, said in (
        ("CL2152", ["x" * 64], BY | {"reason": " "}),
        ("CL2153", ["x" * 64, "z" * 64], BY),
        ("CL2153", ["none"], BY),
        ("CL1173", ["r1", "r2", "r3"], BY),
    ):
        with pytest.raises((UsageError, DataError), match=number):
            takeback.begin(lake, wanted, **said)
    assert not tables.exists(lake, gone.TAKEBACKS)


def test_releases_that_were_assessed_since_are_named(landed):
    lake, _ = landed
    for release, day in (("before00", "2026-02-28"), ("since000", "2026-03-01"), ("later000", "2026-03-02")):
        folder = candidates.folder(lake) / release
        folder.mkdir(parents=True)
        body = {"candidate": release, "created_at": f"{day}T00:00:00+00:00"}
        (folder / "report.json").write_text(json.dumps(body))
        tables.append(lake, "curated.releases", [{"release_id": release, "published_at": DAY}])
    assert set(takeback.begin(lake, ["r3"], **BY).releases) == {"since000", "later000"}


def test_a_manifest_that_stays_says_no_more_that_the_file_came(landed):
    lake, manifest = landed
    takeback.take_out(lake, takeback.begin(lake, ["o" * 64], **BY))
    (row,) = tables.read(lake, "bronze.quarantine").to_pylist()
    told = {n: row[n] for n in ("stage", "reason", "source_file", "source_line", "disposition")}
    assert told == {
        "stage": "land",
        "reason": "manifest_file_missing",
        "source_file": manifest,
        "source_line": 2,
        "disposition": "discarded",
    }


def test_what_somebody_put_back_is_named(landed):
    lake, _ = landed
    order = takeback.begin(lake, ["r3"], **BY)
    page = lake.zone("restricted") / "review" / "a-candidate" / "notes.html"
    page.parent.mkdir(parents=True)
    page.write_text("a note")
    takeback.take_out(lake, order)
    takeback.finish(lake, order)
    assert not page.parent.exists()
    # The rows of this fixture have no files behind them.
    assert [c.name for c in verify(lake) if not c.ok] == ["landed files"]
    blob(lake, "y" * 64).parent.mkdir(parents=True)
    blob(lake, "y" * 64).write_bytes(b"{}")
    assert [(c.name, c.detail) for c in verify(lake) if not c.ok][1:] == [
        (f"delivery taken back by {order.id}", "1 places hold it")
    ]


def test_the_command_refuses_what_is_not_here_without_a_value(landed):
    lake, _ = landed
    words = ("takeback", "Jane-Canary", "--lake", lake.lake, "--key", lake.key, "--by", "A.", "--reason", "x", "--json")
    done = chartline(*words)
    assert (done.returncode, json.loads(done.stdout)["error"]["number"]) == (2, "CL2153")
    assert b"Canary" not in done.stdout + done.stderr
