import hashlib
import json
import shutil
import sys
from datetime import timedelta
from pathlib import Path

import meds
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import write_deltalake

from chartline.errors import DataError, UsageError
from chartline.lake import ledger, tables
from chartline.release import candidates, meds_check, meds_files, splits
from chartline.release.decide import decide
from chartline.release.publish import publish
from chartline.verify import verify
from tests.release.gold import ID, START, approve, event, make, patient, pseudonym, report


def folder_of(lake) -> Path:
    return lake.zone("curated") / "releases" / ID


def nothing_is_out(lake) -> bool:
    return not candidates.published(lake) and not folder_of(lake).exists() and not tables.exists(lake, "curated.events")


@pytest.fixture(scope="module", autouse=True)
def _a_page():
    """Gold made by hand has a report without the sections that a page is drawn from."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("chartline.release.publish.html", lambda body, digest: f"<html>{digest}</html>")
        yield


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
    own = candidates.report_path(lake, "another-candidate")
    own.write_text(own.read_text().replace(ID, "another-candidate"))
    decide(lake, "another-candidate", approve=True, by="A. Officer", reason="ok", channel="cli")


def with_a_forged_row(lake):
    row = {"seq": 0, "candidate": ID, "decision": "approved", "decided_by": "x", "reason": "x", "channel": "cli"}
    row |= {"decision_id": "d", "report_hash": candidates.report_hash(lake, ID), "decided_at": START}
    row |= {"prev_hash": "0" * 64, "hash": "0" * 64, "tables": candidates.report(lake, ID)["tables"]}
    tables.append(lake, "audit.decisions", [row])


def with_a_table_that_was_altered(lake):
    approve(lake)
    file = next(tables.path(lake, "gold.events").rglob("*.parquet"))
    body = bytearray(file.read_bytes())
    body[len(body) // 2] ^= 1
    file.write_bytes(body)


@pytest.mark.parametrize(
    ("bypass", "number"),
    [
        (with_a_table_that_was_altered, "CL1152"),
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


def test_a_candidate_of_an_earlier_version_is_named_as_that_and_nothing_is_written(spark, lake):
    make(lake, patient(1))
    held = tables.read(lake, "gold.encounters").select(["encounter_id", "subject_id", "bucket"])
    write_deltalake(tables.path(lake, "gold.encounters"), held, mode="overwrite", schema_mode="overwrite")
    report(lake)
    approve(lake)
    with pytest.raises(DataError, match=r"CL1125: table gold\.encounters was made by an earlier version"):
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


def dies_at(monkeypatch, name, call):
    """The n-th call of a function that publishing makes raises, as a killed process would end there."""
    module, _, attribute = name.rpartition(".")
    real, calls = getattr(sys.modules[module], attribute), []

    def dying(*args, **more):
        calls.append(1)
        return 1 / 0 if len(calls) == call else real(*args, **more)

    monkeypatch.setattr(name, dying)


@pytest.mark.parametrize(
    ("where", "call"),
    [
        ("chartline.release.meds_check.faults", 1),
        ("chartline.lake.spark.write", 3),
        ("chartline.release.card.file_facts", 2),
        ("chartline.lake.tables.append", 1),
        ("chartline.lake.ledger.record", 1),
    ],
)
def test_a_run_that_dies_anywhere_is_run_again_and_nothing_is_doubled(spark, lake, monkeypatch, where, call):
    make(lake, patient(1))
    approve(lake)
    with monkeypatch.context() as broken:
        dies_at(broken, where, call)
        with pytest.raises(ZeroDivisionError):
            publish(spark, lake, ID, run_id="r1")
    assert (candidates.published(lake) == {ID}) == (where == "chartline.lake.ledger.record")
    publish(spark, lake, ID, run_id="r2")
    assert candidates.published(lake) == {ID}
    assert tables.read(lake, "curated.releases").num_rows == 1
    assert [r.extra["release_id"] for r in ledger.finished(lake, "publish")] == [ID]
    assert {tables.version(lake, f"curated.{n}") for n in ("events", "subjects", "encounters", "codes")} == {1}
    assert [p.name for p in folder_of(lake).parent.iterdir() if ID in p.name] == [ID]
    assert all(c.ok for c in verify(lake) if "release" in c.name)


def test_the_report_that_goes_out_is_the_one_that_was_hashed(spark, lake, monkeypatch):
    """Whoever changes the file after the hash was checked changes nothing of what is published."""
    make(lake, patient(1))
    approve(lake)
    approved = candidates.report_path(lake, ID).read_bytes()
    real = meds_files.write

    def meanwhile(*args, **more):
        report(lake, policy="another")
        return real(*args, **more)

    monkeypatch.setattr(meds_files, "write", meanwhile)
    publish(spark, lake, ID, run_id="r")
    assert (folder_of(lake) / "report.json").read_bytes() == approved
    assert hashlib.sha256(approved).hexdigest() in (folder_of(lake) / "report.html").read_text()
    assert tables.read(lake, "curated.releases")["policy"].to_pylist() == ["p"]


def test_the_same_approval_gives_the_same_bytes(spark, released, copy):
    """Published anew from the same candidate and decision, every file of the release is the same."""
    before = {p.relative_to(folder_of(released)): p.read_bytes() for p in folder_of(released).rglob("*") if p.is_file()}
    shutil.rmtree(copy.zone("curated"))
    shutil.rmtree(tables.path(copy, "audit.runs"))
    publish(spark, copy, ID, run_id="another")
    after = {p.relative_to(folder_of(copy)): p.read_bytes() for p in folder_of(copy).rglob("*") if p.is_file()}
    assert after == before


def test_a_faulty_dataset_is_not_published(spark, lake, monkeypatch):
    make(lake, patient(1))
    approve(lake)
    monkeypatch.setattr(meds_check, "faults", lambda folder: [meds_check.Fault("unsorted", "data/train/0.parquet")])
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
    files = {f["@id"] for f in croissant["distribution"] if f["@type"] == "cr:FileObject"}
    assert files == set(on_disk) - {"croissant.json"}
    assert croissant["conformsTo"].endswith("croissant/1.1")


def test_croissant_tells_the_columns_of_each_table(released):
    folder = folder_of(released)
    croissant = json.loads((folder / "croissant.json").read_text())
    told = {r["@id"]: [f["source"]["extract"]["column"] for f in r["field"]] for r in croissant["recordSet"]}
    shard = next((folder / "data").rglob("*.parquet"))
    tables = {"codes": "metadata/codes.parquet", "splits": "metadata/subject_splits.parquet", "events": shard}
    assert told == {name: pq.read_schema(folder / path).names for name, path in tables.items()}
    ids = [f["@id"] for f in croissant["distribution"]]
    ids += [n["@id"] for r in croissant["recordSet"] for n in (r, *r["field"])]
    assert len(ids) == len(set(ids))
    sources = [f["source"] for r in croissant["recordSet"] for f in r["field"]]
    assert {(s.get("fileSet") or s["fileObject"])["@id"] for s in sources} <= set(ids)
    [shards] = [f for f in croissant["distribution"] if f["@type"] == "cr:FileSet"]
    assert set(folder.glob(shards["includes"])) == set((folder / "data").rglob("*.parquet"))


def test_the_croissant_library_takes_it(released):
    mlcroissant = pytest.importorskip("mlcroissant", reason="mlcroissant is not installed")
    dataset = mlcroissant.Dataset(str(folder_of(released) / "croissant.json"))
    assert not dataset.metadata.ctx.issues.errors
    assert len(list(dataset.records(record_set="splits"))) == 40


# --- the MEDS dataset -----------------------------------------------------------------------------------


def test_the_dataset_is_what_meds_says(released):
    folder = folder_of(released)
    assert meds_check.faults(folder) == []
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
    keys = [(r["time"], r["code"]) for r in mine[1:]]
    assert keys == sorted(keys)
    assert len(mine) == 8
    assert "0001-0008" not in {r["event_id"] for r in mine}
    assert [r["text_value"] for r in mine if r["code"] == "LOINC//2160-0"] == ["trace"]


def test_of_what_was_ordered_and_given_both_stay_and_of_a_result_the_copy_that_was_known_first(spark, lake):
    known = [START + timedelta(days=days) for days in (16, 9)]
    drug = event(1, 90, "RXNORM//1", day=8, source_type="MedicationRequest")
    rows = [
        *patient(1),
        *(
            {**drug, "event_id": f"1-9{n}", "source_type": kind}
            for n, kind in enumerate(("MedicationRequest", "MedicationAdministration"))
        ),
        *(event(1, 95 + n, "LOINC//2-0", day=8, numeric_value=1.0, available_time=at) for n, at in enumerate(known)),
        event(1, 97, "LOINC//2-0", day=8, numeric_value=1.0, end_time=known[0], source_type="DiagnosticReport"),
    ]
    make(lake, rows)
    approve(lake)
    publish(spark, lake, ID, run_id="r")
    told = pa.concat_tables(map(pq.read_table, (folder_of(lake) / "data").rglob("*.parquet"))).to_pylist()
    assert sorted(r["source_type"] for r in told if r["code"] == "RXNORM//1") == [
        "MedicationAdministration",
        "MedicationRequest",
    ]
    results = [(r["source_type"], r["available_time"]) for r in told if r["code"] == "LOINC//2-0"]
    assert sorted(results)[1:] == [("Observation", known[1].replace(tzinfo=None))]
    assert len(results) == 2


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
    assert meds_check.faults(tmp_path) == []


def test_without_dates_the_day_axis_orders_events(spark, lake, tmp_path):
    from chartline.lake import spark as reader

    rows = [
        event(1, i, "LOINC//1", day=d, precision="year", time=START, end_days=d + 2.0, available_days=d + 0.5)
        for i, d in enumerate((3, 0, 2.5))
    ]
    make(lake, rows)
    written = meds_files.write(
        reader.read(spark, lake, "gold.events"), reader.read(spark, lake, "gold.codes"), tmp_path, {}
    )
    assert written.relative
    table = pq.read_table(tmp_path / "data")

    def told(column):
        return [f"{t:%m-%d %H}" for t in table[column].to_pylist()]

    assert told("time") == ["01-01 00", "01-03 12", "01-04 00"]
    assert told("end_time") == ["01-03 00", "01-05 12", "01-06 00"]
    assert told("available_time") == ["01-01 12", "01-04 00", "01-04 12"]


def rows_of(spark, lake, to, rows, **more):
    from chartline.lake import spark as reader

    make(lake, rows)
    written = meds_files.write(
        reader.read(spark, lake, "gold.events"), reader.read(spark, lake, "gold.codes"), to, {}, **more
    )
    assert meds_check.faults(to) == []
    return written, pq.read_table(to / "data", partitioning=None).to_pylist()


def test_at_one_time_birth_comes_first_and_death_last_and_what_is_late_is_out(spark, lake, tmp_path):
    rows = [
        *[event(1, 0, "MEDS_DEATH", day=0), event(1, 1, "A//1", day=0), event(1, 2, "Z//1", day=0)],
        *[event(1, 3, "MEDS_BIRTH", day=0), event(1, 4, "A//1", day=30), event(1, 5, "A//1", day=30.1)],
    ]
    written, told = rows_of(spark, lake, tmp_path, rows)
    assert [r["code"] for r in told] == ["MEDS_BIRTH", "A//1", "Z//1", "MEDS_DEATH", "A//1"]
    assert written.left_out == {"after_death": 1}


def test_a_merged_patient_that_was_held_out_is_not_trained_on(spark, lake, tmp_path):
    train, held_out = (next(i for i in range(1, 99) if splits.split(i) == name) for name in ("train", "held_out"))
    statics = [
        event(train, n, f"GENDER//{n}", precision="static", source_type="Patient", source_id=pseudonym(member))
        for n, member in enumerate((train, held_out))
    ]
    written, told = rows_of(spark, lake, tmp_path, [*statics, event(train, 5, "A//1", day=1)])
    assert written.splits == {"held_out": meds_files.Split(subjects=1, events=3, median=3)}
    assert len(told) == 3


def test_a_temporal_hold_out_keeps_what_was_known_later_for_the_held_out(spark, lake, tmp_path):
    train, held_out = (next(i for i in range(1, 99) if splits.split(i) == name) for name in ("train", "held_out"))
    early, late = event(train, 1, "A//1", day=1), event(train, 2, "A//1", day=3)
    issued_later = event(train, 3, "B//1", day=1, available_time=START + timedelta(days=4))
    rows = [early, late, issued_later, event(held_out, 4, "A//1", day=3), event(train, 5, "S//1", precision="static")]
    written, told = rows_of(spark, lake, tmp_path, rows, held_out_from=(START + timedelta(days=2)).date())
    assert {r["event_id"][-1] for r in told} == {"1", "4", "5"}
    assert written.left_out == {"held_out_time": 2}


def test_a_day_axis_cannot_be_cut_at_a_day(spark, lake, tmp_path):
    rows = [event(1, 1, "A//1", day=1, precision="year")]
    with pytest.raises(UsageError, match="CL2102"):
        rows_of(spark, lake, tmp_path, rows, held_out_from=START.date())


def test_a_patient_of_whom_nothing_is_kept_is_in_no_split(spark, lake, tmp_path):
    rows = [event(1, 1, "A//1", day=1), event(2, 2, "A//1", precision="unknown")]
    written, told = rows_of(spark, lake, tmp_path, rows)
    assert (written.subjects, len(told), written.left_out) == (1, 1, {"undated": 1})


def test_a_code_that_the_table_of_codes_does_not_know_is_in_the_dictionary(spark, lake, tmp_path):
    from chartline.lake import spark as reader

    make(lake, [event(1, 1, "A//1", day=1)])
    no_codes = reader.read(spark, lake, "gold.codes").where("false")
    meds_files.write(reader.read(spark, lake, "gold.events"), no_codes, tmp_path, {})
    assert pq.read_table(tmp_path / "metadata" / "codes.parquet").to_pylist() == [
        {"code": "A//1", "description": None, "parent_codes": None}
    ]


@pytest.mark.parametrize("rows", [1, 7, 100])
def test_row_groups_do_not_depend_on_batches(rows, monkeypatch):
    monkeypatch.setattr(meds_files, "ROW_GROUP", 10)
    whole = pa.table({"n": list(range(35))})
    pieces = [whole.slice(i, rows) for i in range(0, 35, rows)]
    groups = list(meds_files._in_groups(iter(pieces)))
    assert [g.num_rows for g in groups] == [10, 10, 10, 5]
    assert pa.concat_tables(groups)["n"].to_pylist() == list(range(35))


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
    hidden = [n for n, size in sizes.items() if f"| {n} | {size} |" not in text]
    assert {n for n, size in sizes.items() if size <= 10} <= set(hidden)
    assert all(f"| {n} | not shown | not shown | not shown |" in text for n in hidden)
    assert sum(sizes[n] for n in hidden) > 10
    assert len(hidden) > 1


def test_the_card_counts_the_codes_that_the_files_have(released):
    folder = folder_of(released)
    described = pq.read_table(folder / meds.code_metadata_filepath)["description"]
    told = f"| codes | {len(described)}, of which {len(described) - described.null_count} have a description |"
    assert told in (folder / "DATA_CARD.md").read_text()


def test_the_card_says_how_it_was_made(released):
    text = (folder_of(released) / "DATA_CARD.md").read_text()
    assert text.startswith("---\n")
    row = tables.read(released, "curated.releases").to_pylist()[0]
    for fact in (row["policy_hash"], row["report_hash"], row["decision_id"], "unit and text | 40 |"):
        assert fact in text
