import hashlib
import json
import shutil
from pathlib import Path

import meds
import pyarrow.parquet as pq
import pytest

from chartline.errors import DataError
from chartline.lake import tables
from chartline.release import candidates, meds_check, meds_files, splits
from chartline.release.decide import decide
from chartline.release.publish import publish
from tests.release.gold import ID, START, approve, event, make, patient, report


def folder_of(lake) -> Path:
    return lake.zone("curated") / "releases" / ID


def nothing_is_out(lake) -> bool:
    return not candidates.published(lake) and not folder_of(lake).exists() and not tables.exists(lake, "curated.events")


@pytest.fixture(scope="module")
def released(spark, key_file, tmp_path_factory):
    from chartline.settings import Settings

    lake = make(Settings(lake=tmp_path_factory.mktemp("released") / "lake", project="test", key=key_file))
    approve(lake)
    publish(spark, lake, ID, run_id="run-1")
    return lake


@pytest.fixture
def copy(released, tmp_path):
    from chartline.settings import Settings

    shutil.copytree(released.lake, tmp_path / "copy")
    return Settings(lake=tmp_path / "copy", project="test", key=released.key)


# --- nothing goes round the decision ----------------------------------------------------------------


def without_a_decision(lake):
    pass


def rejected(lake):
    approve(lake, yes=False)


def with_a_tampered_report(lake):
    approve(lake)
    report(lake, policy="another")


def with_a_report_on_other_tables(lake):
    approve(lake)
    tables.append(lake, "gold.codes", [{"code": "Z//1"}])
    report(lake)


def approved_and_then_rejected(lake):
    approve(lake)
    approve(lake, yes=False)


def with_another_candidate_approved(lake):
    shutil.copytree(candidates.folder(lake) / ID, candidates.folder(lake) / "another-candidate")
    decide(lake, "another-candidate", approve=True, by="A. Officer", reason="ok", channel="cli")


def with_a_forged_row(lake):
    row = {"seq": 0, "candidate": ID, "decision": "approved", "decided_by": "x", "reason": "x", "channel": "cli"}
    row |= {"decision_id": "d", "report_hash": candidates.report_hash(lake, ID), "decided_at": START}
    row |= {"prev_hash": "0" * 64, "hash": "0" * 64, "tables": candidates.report(lake, ID)["tables"]}
    tables.append(lake, "audit.decisions", [row])


@pytest.mark.parametrize(
    ("bypass", "number"),
    [
        (without_a_decision, "CL1141"),
        (rejected, "CL1142"),
        (with_a_tampered_report, "CL1143"),
        (with_a_report_on_other_tables, "CL1143"),
        (approved_and_then_rejected, "CL1142"),
        (with_another_candidate_approved, "CL1141"),
        (with_a_forged_row, "CL1140"),
    ],
)
def test_no_way_round_the_decision(spark, lake, bypass, number):
    make(lake, patient(1))
    bypass(lake)
    with pytest.raises(DataError, match=number):
        publish(spark, lake, ID, run_id="r")
    assert nothing_is_out(lake)


def test_what_is_published_is_what_was_approved_also_when_gold_went_on(spark, lake):
    make(lake, patient(1))
    approve(lake)
    tables.append(lake, "gold.events", patient(2))
    publish(spark, lake, ID, run_id="r")
    assert set(tables.read(lake, "curated.events")["subject_id"].to_pylist()) == {1}


def test_a_report_made_anew_can_be_decided_anew(spark, lake):
    make(lake, patient(1))
    approve(lake)
    report(lake, created_at="2026-01-02")
    assert not approve(lake)["unchanged"]
    assert not publish(spark, lake, ID, run_id="r").unchanged


# --- a release is whole or is not ---------------------------------------------------------------------


def test_publishing_again_changes_nothing(spark, copy):
    names = ("curated.events", "curated.subjects", "curated.encounters", "curated.codes", "curated.releases")
    before = {n: tables.version(copy, n) for n in names}
    files = {p: p.read_bytes() for p in folder_of(copy).rglob("*") if p.is_file()}
    again = publish(spark, copy, ID, run_id="run-2")
    assert again.unchanged
    assert again.run_id == "run-1"
    assert {n: tables.version(copy, n) for n in names} == before
    assert {p: p.read_bytes() for p in folder_of(copy).rglob("*") if p.is_file()} == files


@pytest.mark.parametrize("where", ["chartline.release.meds_check.problems", "chartline.release.publish._curated"])
def test_a_run_that_dies_is_run_again(spark, lake, monkeypatch, where):
    make(lake, patient(1))
    approve(lake)
    with monkeypatch.context() as broken:
        broken.setattr(where, lambda *a, **k: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            publish(spark, lake, ID, run_id="r1")
    assert not candidates.published(lake)
    assert publish(spark, lake, ID, run_id="r2").run_id == "r2"
    assert candidates.published(lake) == {ID}


def test_a_faulty_dataset_is_not_published(spark, lake, monkeypatch):
    make(lake, patient(1))
    approve(lake)
    monkeypatch.setattr(meds_check, "problems", lambda folder: ["unsorted: data/train/0.parquet"])
    with pytest.raises(DataError, match="CL1146"):
        publish(spark, lake, ID, run_id="r")
    assert nothing_is_out(lake)


def test_each_curated_table_takes_one_version_on_the_lowest_protocol(released):
    from deltalake import DeltaTable

    row = tables.read(released, "curated.releases").to_pylist()[0]
    for name, version in dict(row["tables"]).items():
        table = DeltaTable(tables.path(released, name), version=version)
        assert (table.protocol().min_reader_version, table.protocol().min_writer_version) == (1, 2)
        assert set(table.to_pyarrow_table()["release_id"].to_pylist()) == {ID}
        writes = [h for h in table.history() if h["operation"] == "WRITE"]
        assert len(writes) == 1, name


def test_every_file_is_listed_with_its_hash_in_the_row_and_in_croissant(released):
    folder = folder_of(released)
    on_disk = {str(p.relative_to(folder)): p for p in folder.rglob("*") if p.is_file()}
    listed = tables.read(released, "curated.releases").to_pylist()[0]["files"]
    assert {f["path"] for f in listed} == set(on_disk)
    for file in listed:
        assert hashlib.sha256(on_disk[file["path"]].read_bytes()).hexdigest() == file["sha256"]
    croissant = json.loads((folder / "croissant.json").read_text())
    assert {f["@id"] for f in croissant["distribution"]} == set(on_disk) - {"croissant.json"}
    assert croissant["conformsTo"].endswith("croissant/1.1")


# --- the MEDS dataset -----------------------------------------------------------------------------------


def test_the_dataset_is_what_meds_says(released):
    folder = folder_of(released)
    assert meds_check.problems(folder) == []
    for path in (folder / "data").rglob("*.parquet"):
        meds.DataSchema.validate(
            pq.read_table(path).select(["subject_id", "time", "code", "numeric_value", "text_value"])
        )
    meds.SubjectSplitSchema.validate(pq.read_table(folder / "metadata" / "subject_splits.parquet"))
    meds.CodeMetadataSchema.validate(pq.read_table(folder / "metadata" / "codes.parquet"))
    meds.DatasetMetadataSchema(**json.loads((folder / "metadata" / "dataset.json").read_text()))


def test_rows_of_a_patient_are_in_order_and_copies_are_out(released):
    folder = folder_of(released)
    rows = pq.read_table(folder / "data" / splits.split(1)).to_pylist()
    mine = [r for r in rows if r["subject_id"] == 1]
    assert [r["code"] for r in mine[:2]] == ["GENDER//F", "MEDS_BIRTH"]
    assert mine[0]["time"] is None
    keys = [(r["time"], r["code"], r["event_id"]) for r in mine[1:]]
    assert keys == sorted(keys)
    assert len(mine) == 8
    assert "0001-0008" not in {r["event_id"] for r in mine}
    assert [r["text_value"] for r in mine if r["code"] == "LOINC//2160-0"] == ["trace"]


def test_each_subject_is_in_the_split_of_its_hash(released):
    table = pq.read_table(folder_of(released) / "metadata" / "subject_splits.parquet").to_pylist()
    assert {r["subject_id"]: r["split"] for r in table} == {s: splits.split(s) for s in range(1, 41)}


@pytest.mark.parametrize("partitions", [1, 3, 8])
def test_the_same_rows_give_the_same_bytes(spark, released, tmp_path, partitions):
    from chartline.lake import spark as lake

    events = lake.read(spark, released, "gold.events").repartition(partitions)
    codes = lake.read(spark, released, "gold.codes").repartition(partitions)
    meds_files.write(events, codes, tmp_path, {})
    for path in (tmp_path / "data").rglob("*.parquet"):
        assert path.read_bytes() == (folder_of(released) / path.relative_to(tmp_path)).read_bytes()
    for name in ("codes.parquet", "subject_splits.parquet"):
        assert (tmp_path / "metadata" / name).read_bytes() == (folder_of(released) / "metadata" / name).read_bytes()


def test_a_subject_stays_whole_when_files_are_small(spark, released, tmp_path, monkeypatch):
    from chartline.lake import spark as lake

    monkeypatch.setattr(meds_files, "SHARD_EVENTS", 40)
    written = meds_files.write(
        lake.read(spark, released, "gold.events"), lake.read(spark, released, "gold.codes"), tmp_path, {}
    )
    assert written.shards > 3
    assert meds_check.problems(tmp_path) == []


def test_without_dates_the_day_axis_orders_events(spark, lake, tmp_path):
    from chartline.lake import spark as reader

    rows = [event(1, i, "LOINC//1", day=d, precision="year", time=START) for i, d in enumerate((3, 0, 2.5))]
    make(lake, rows)
    written = meds_files.write(
        reader.read(spark, lake, "gold.events"), reader.read(spark, lake, "gold.codes"), tmp_path, {}
    )
    assert written.relative
    table = pq.read_table(tmp_path / "data")
    assert [f"{t:%Y-%m-%d %H}" for t in table["time"].to_pylist()] == [
        "1970-01-01 00",
        "1970-01-03 12",
        "1970-01-04 00",
    ]


def test_meds_reader_takes_the_dataset(released, tmp_path):
    pytest.importorskip("meds_reader")
    import subprocess
    import sys

    tools = Path(sys.executable).parent
    converted = tmp_path / "converted"
    for command in (
        [tools / "meds_reader_convert", folder_of(released), converted, "--num_threads", "1"],
        [tools / "meds_reader_verify", folder_of(released), converted],
    ):
        done = subprocess.run(command, capture_output=True, check=False, timeout=300)
        assert done.returncode == 0, done.stderr.decode()[-1500:]


# --- the card ---------------------------------------------------------------------------------------------


def test_a_small_split_cannot_be_told_by_subtraction(released):
    text = (folder_of(released) / "DATA_CARD.md").read_text()
    sizes = {n: sum(splits.split(s) == n for s in range(1, 41)) for n in ("train", "tuning", "held_out")}
    assert min(sizes.values()) <= 10, "the fixture must hold a small split"
    assert f"| patients | {sum(sizes.values())} |" in text
    for name, size in sizes.items():
        if size <= 10:
            assert f"| {name} | {size} |" not in text
    hidden = [n for n, size in sizes.items() if f"| {n} | {size} |" not in text]
    assert sum(sizes[n] for n in hidden) > 10
    assert len(hidden) > 1


def test_the_card_says_how_it_was_made(released):
    text = (folder_of(released) / "DATA_CARD.md").read_text()
    assert text.startswith("---\n")
    row = tables.read(released, "curated.releases").to_pylist()[0]
    for fact in (row["policy_hash"], row["report_hash"], row["decision_id"], "40 exact duplicates"):
        assert fact in text
