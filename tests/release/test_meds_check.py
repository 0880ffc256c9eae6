import json
from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from chartline import cli
from chartline.errors import UsageError
from chartline.release import meds_check
from chartline.release.meds_check import KINDS, faults
from chartline.release.meds_files import SCHEMA, _dataset

DAY = [datetime(2020, 1, d) for d in range(1, 9)]
LATE = DAY[0] + timedelta(days=31)
SPLITS = ((1, "train"), (2, "held_out"), (3, "train"))


def write(folder, files, codes=("A", "MEDS_DEATH"), splits=SPLITS, schema=SCHEMA):
    for name, rows in files.items():
        path = folder / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        body = [dict(zip(("subject_id", "time", "code", "text_value", "unit"), row, strict=False)) for row in rows]
        pq.write_table(pa.Table.from_pylist(body, schema=schema), path)
    meta = folder / "metadata"
    meta.mkdir(parents=True)
    dictionary = {"code": list(codes), "description": [None] * len(codes), "parent_codes": [None] * len(codes)}
    types = pa.schema([("code", pa.string()), ("description", pa.string()), ("parent_codes", pa.list_(pa.string()))])
    pq.write_table(pa.table(dictionary, schema=types), meta / "codes.parquet")
    pq.write_table(
        pa.table({"subject_id": pa.array([s for s, _ in splits], pa.int64()), "split": [n for _, n in splits]}),
        meta / "subject_splits.parquet",
    )
    (meta / "dataset.json").write_text(json.dumps(_dataset({})))
    return folder


SOUND = {
    "train/0.parquet": [
        *[(1, None, "A"), (1, DAY[0], "A"), (1, DAY[1], "A"), (1, DAY[1], "A", "x"), (1, DAY[1], "A", "x", "kg")],
        *[(3, DAY[0], "MEDS_DEATH"), (3, DAY[0] + timedelta(days=30), "A")],
    ],
    "held_out/0.parquet": [(2, DAY[0], "A")],
}


def kinds(folder):
    return {f.kind for f in faults(folder)}


@pytest.mark.parametrize("rows_at_once", [1, 2, 3, 1000])
def test_a_sound_dataset_has_no_fault(tmp_path, monkeypatch, rows_at_once):
    monkeypatch.setattr(meds_check, "BATCH", rows_at_once)
    assert faults(write(tmp_path, SOUND)) == []


def train(*rows):
    return {**SOUND, "train/0.parquet": [*rows, *SOUND["train/0.parquet"][5:]]}


BROKEN = {
    "split_subject": ({**SOUND, "train/1.parquet": [(1, DAY[3], "A")]}, {}),
    "not_contiguous": (
        train((1, DAY[0], "A"), (4, DAY[0], "A"), (1, DAY[1], "A")),
        {"splits": (*SPLITS, (4, "train"))},
    ),
    "unsorted": (train((1, DAY[1], "A"), (1, DAY[0], "A")), {}),
    "static_after_dated": (train((1, DAY[1], "A"), (1, None, "A")), {}),
    "duplicate_row": (train((1, DAY[0], "A", "x"), (1, DAY[0], "A", "y"), (1, DAY[0], "A", "x")), {}),
    "after_death": (train((1, DAY[0], "MEDS_DEATH"), (1, LATE, "A")), {}),
    "unknown_code": (train((1, DAY[0], "B")), {}),
    "duplicate_code": (SOUND, {"codes": ("A", "A", "MEDS_DEATH")}),
    "overlapping_splits": (SOUND, {"splits": (*SPLITS, (1, "train"))}),
    "unknown_split": (SOUND, {"splits": (*SPLITS, (4, "test"))}),
    "no_split": (SOUND, {"splits": SPLITS[1:]}),
    "wrong_split": (SOUND, {"splits": ((1, "held_out"), *SPLITS[1:])}),
    "wrong_type": (SOUND, {"schema": SCHEMA.set(1, pa.field("time", pa.timestamp("ms")))}),
}


@pytest.mark.parametrize("rows_at_once", [1, 2, 1000])
@pytest.mark.parametrize("kind", BROKEN)
def test_each_fault_is_named_and_no_other(tmp_path, monkeypatch, kind, rows_at_once):
    files, more = BROKEN[kind]
    monkeypatch.setattr(meds_check, "BATCH", rows_at_once)
    assert kinds(write(tmp_path, files, **more)) == {kind}


def test_an_undeclared_column_is_named(tmp_path):
    folder = write(tmp_path, SOUND)
    path = folder / "data" / "train" / "0.parquet"
    table = pq.read_table(path)
    pq.write_table(table.append_column("secret", pa.array([1] * table.num_rows)), path)
    assert kinds(folder) == {"undeclared_column"}


@pytest.mark.parametrize("name", ["codes.parquet", "subject_splits.parquet", "dataset.json"])
@pytest.mark.parametrize("content", [None, b"no such format"])
def test_an_absent_or_damaged_file_is_named(tmp_path, name, content):
    folder = write(tmp_path, SOUND)
    path = folder / "metadata" / name
    path.unlink() if content is None else path.write_bytes(content)
    assert "unreadable" in kinds(folder)


def test_a_field_of_another_type_than_meds_says_is_named(tmp_path):
    folder = write(tmp_path, SOUND)
    (folder / "metadata" / "dataset.json").write_text(json.dumps(_dataset({"etl_name": 1})))
    assert kinds(folder) == {"bad_metadata"}


def test_a_missing_column_is_a_wrong_type(tmp_path):
    folder = write(tmp_path, SOUND)
    path = folder / "data" / "held_out" / "0.parquet"
    pq.write_table(pq.read_table(path).drop(["code"]), path)
    assert kinds(folder) == {"wrong_type"}


def test_a_fault_tells_its_first_row_and_how_many_and_no_value(tmp_path):
    rows = [(1, DAY[0], "A"), (1, DAY[1], "secret-1"), (1, DAY[2], "secret-2")]
    found = faults(write(tmp_path, train(*rows)))
    assert [(f.kind, f.file, f.count, f.row) for f in found] == [("unknown_code", "data/train/0.parquet", 2, 1)]
    assert "secret" not in str(found)


def test_every_kind_of_fault_has_a_test():
    assert set(KINDS) == {*BROKEN, "undeclared_column", "unreadable", "bad_metadata"}


def test_a_folder_without_data_is_a_wrong_call(tmp_path):
    with pytest.raises(UsageError, match="CL2103"):
        faults(tmp_path)


def test_the_command_exits_1_on_a_fault(tmp_path, capfd):
    assert cli.main(["release", "check", str(write(tmp_path / "good", SOUND)), "--json"]) == 0
    assert json.loads(capfd.readouterr()[0]) == {"ok": True, "faults": []}
    files, more = BROKEN["unsorted"]
    assert cli.main(["release", "check", str(write(tmp_path / "bad", files, **more)), "--json"]) == 1
    assert json.loads(capfd.readouterr()[0])["faults"][0]["kind"] == "unsorted"
