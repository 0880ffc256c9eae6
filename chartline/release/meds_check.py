"""What the schemas of MEDS cannot say: faults of a whole dataset, each named."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import meds
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from chartline.release.meds_files import GRACE_DAYS

_BASE = {"subject_id", "time", "code", "numeric_value", "text_value"}
_SPLITS = (meds.train_split, meds.tuning_split, meds.held_out_split)
_LISTS = (
    *("raw_source_id_columns", "code_modifier_columns", "additional_value_modality_columns", "site_id_columns"),
    "other_extension_columns",
)


def problems(folder: Path) -> list[str]:
    """Faults of a MEDS dataset, by kind and file; empty when it is sound.

    Kinds: schema, split_subject, unsorted, unknown_code, overlapping_splits, wrong_split, undeclared_column and
    after_death.
    """
    found: list[str] = []
    declared = _declared(folder)
    codes = set(pq.read_table(folder / "metadata" / "codes.parquet", columns=["code"])["code"].to_pylist())
    splits = pq.read_table(folder / "metadata" / "subject_splits.parquet").to_pydict()
    if len(set(splits["subject_id"])) < len(splits["subject_id"]):
        found.append("overlapping_splits: a subject is in two splits")
    split_of = dict(zip(splits["subject_id"], splits["split"], strict=True))
    home: dict[int, str] = {}
    for path in sorted((folder / "data").rglob("*.parquet")):
        name = str(path.relative_to(folder))
        table = pq.read_table(path)
        found += (f"{fault}: {name}" for fault in _file_faults(table, declared, codes))
        subjects = pc.unique(table["subject_id"]).to_pylist()
        if any(s in home for s in subjects):
            found.append(f"split_subject: {name} holds a subject of another file")
        home |= dict.fromkeys(subjects, name)
        part = path.relative_to(folder / "data").parts[0]
        if part in _SPLITS and any(split_of.get(s) != part for s in subjects):
            found.append(f"wrong_split: {name}")
    if set(home) - set(split_of):
        found.append("wrong_split: a subject has no split")
    return found


def _declared(folder: Path) -> set[str]:
    body = json.loads((folder / "metadata" / "dataset.json").read_text(encoding="utf-8"))
    return _BASE | {c for name in _LISTS for c in body.get(name, ())}


def _file_faults(table: pa.Table, declared: set[str], codes: set[str]) -> Iterator[str]:
    try:
        meds.DataSchema.validate(table.select([c for c in table.column_names if c in _BASE]))
    except Exception as cause:  # flexible_schema raises several classes, whose texts quote values
        yield f"schema ({type(cause).__name__})"
        return
    if set(table.column_names) - declared:
        yield "undeclared_column"
    if set(pc.unique(table["code"]).to_pylist()) - codes:
        yield "unknown_code"
    subject, time = table["subject_id"].to_pylist(), table["time"].to_pylist()
    seen: set[int] = set()
    for i, who in enumerate(subject):
        if i and who == subject[i - 1]:
            before, now = time[i - 1], time[i]
            if before is not None and (now is None or now < before):
                yield "unsorted"
                break
        elif who in seen:
            yield "unsorted"
            break
        seen.add(who)
    deaths = {
        s: t for s, t, c in zip(subject, time, table["code"].to_pylist(), strict=True) if c == meds.death_code and t
    }
    grace = timedelta(days=GRACE_DAYS)
    if any(t is not None and s in deaths and t > deaths[s] + grace for s, t in zip(subject, time, strict=True)):
        yield "after_death"
