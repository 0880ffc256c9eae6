import json
from datetime import datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from chartline.release.meds_check import problems
from chartline.release.meds_files import SCHEMA, _dataset

DAY = [datetime(2020, 1, d) for d in range(1, 9)]


def write(folder, files, codes=("A", "MEDS_DEATH"), splits=((1, "train"), (2, "held_out"))):
    for name, rows in files.items():
        path = folder / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        body = [{"subject_id": s, "time": t, "code": c} for s, t, c in rows]
        pq.write_table(pa.Table.from_pylist(body, schema=SCHEMA), path)
    meta = folder / "metadata"
    meta.mkdir()
    pq.write_table(pa.table({"code": list(codes)}), meta / "codes.parquet")
    pq.write_table(
        pa.table({"subject_id": pa.array([s for s, _ in splits], pa.int64()), "split": [n for _, n in splits]}),
        meta / "subject_splits.parquet",
    )
    (meta / "dataset.json").write_text(json.dumps(_dataset({})))
    return folder


SOUND = {
    "train/0.parquet": [(1, None, "A"), (1, DAY[0], "A"), (1, DAY[1], "A")],
    "held_out/0.parquet": [(2, DAY[0], "A")],
}


def test_a_sound_dataset_has_no_problem(tmp_path):
    assert problems(write(tmp_path, SOUND)) == []


@pytest.mark.parametrize(
    ("files", "more", "kind"),
    [
        ({**SOUND, "train/1.parquet": [(1, DAY[3], "A")]}, {}, "split_subject"),
        ({**SOUND, "train/0.parquet": [(1, DAY[1], "A"), (1, DAY[0], "A")]}, {}, "unsorted"),
        ({**SOUND, "train/0.parquet": [(1, DAY[1], "A"), (1, None, "A")]}, {}, "unsorted"),
        ({**SOUND, "train/0.parquet": [(1, DAY[0], "B")]}, {}, "unknown_code"),
        (SOUND, {"splits": ((1, "train"), (1, "tuning"), (2, "held_out"))}, "overlapping_splits"),
        (SOUND, {"splits": ((1, "held_out"), (2, "held_out"))}, "wrong_split"),
        (SOUND, {"splits": ((1, "train"),)}, "wrong_split"),
        (
            {**SOUND, "train/0.parquet": [(1, DAY[0], "MEDS_DEATH"), (1, datetime(2020, 6, 1), "A")]},
            {},
            "after_death",
        ),
    ],
)
def test_each_fault_is_named(tmp_path, files, more, kind):
    assert kind in " ".join(problems(write(tmp_path, files, **more)))


def test_an_undeclared_column_is_named(tmp_path):
    folder = write(tmp_path, SOUND)
    path = folder / "data" / "train" / "0.parquet"
    table = pq.read_table(path)
    pq.write_table(table.append_column("secret", pa.array([1] * table.num_rows)), path)
    assert "undeclared_column" in " ".join(problems(folder))
