"""What the schemas of MEDS cannot say: faults of a whole dataset, each named, found in one pass over any MEDS folder.

A file is read a batch at a time, so that memory grows with the patients and not with the events. A fault tells its
kind, file, first row and how many there are, never a value of the data.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import meds
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from chartline.errors import UsageError
from chartline.release.splits import NAMES
from chartline.timeline.build import GRACE_DAYS

KINDS = {
    "unreadable": "a file of the dataset is absent or cannot be read",
    "wrong_type": "a column is absent, or has another type than MEDS says, or is null where it must not be",
    "bad_metadata": "dataset.json has a field of another type than MEDS says",
    "undeclared_column": "a column that dataset.json does not declare",
    "not_contiguous": "the rows of a subject do not come one after another",
    "unsorted": "a row is earlier than the one before it of the same subject",
    "static_after_dated": "a row without a time comes after a dated one of the same subject",
    "split_subject": "a subject is in more than one file",
    "duplicate_row": "a row says the same as another: subject, time, end, kind of record, code, values, modifiers",
    "after_death": f"a subject has an event more than {GRACE_DAYS} days after its death",
    "unknown_code": "a code that codes.parquet does not list",
    "duplicate_code": "codes.parquet lists a code twice",
    "overlapping_splits": "a subject is in two splits",
    "unknown_split": "a split other than train, tuning and held_out",
    "no_split": "a subject of the data has no split",
    "wrong_split": "a subject is in the folder of another split",
}
"""Every kind of fault, and what it means."""
BATCH = 1 << 17
_CORE = {
    "subject_id": (pa.int64(), pa.types.is_integer),
    "time": (pa.timestamp("us"), pa.types.is_timestamp),
    "code": (pa.string(), lambda t: _is_text(t) or pa.types.is_dictionary(t)),
    "numeric_value": (pa.float32(), pa.types.is_floating),
    "text_value": (pa.large_string(), lambda t: _is_text(t)),
}
"""Each column of MEDS: the type it must have, and those that can be read on after it was found to have another."""
_NEEDED = ("subject_id", "time", "code")
_LISTS = (
    *("raw_source_id_columns", "code_modifier_columns", "additional_value_modality_columns", "site_id_columns"),
    "other_extension_columns",
)
_NO_TIME = np.iinfo(np.int64).min
_GRACE = timedelta(days=GRACE_DAYS) // timedelta(microseconds=1)


@dataclass(frozen=True)
class Fault:
    """One kind of fault in one file: its first row (from 0; None where no row is meant) and how many there are."""

    kind: str
    file: str
    count: int = 1
    row: int | None = None

    def __str__(self) -> str:
        """For people: what, where, how many."""
        at = "" if self.row is None else f", first at row {self.row:,}"
        return f"{self.kind}: {self.file}: {KINDS[self.kind]} ({self.count:,}{at})"

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return asdict(self)


def faults(folder: Path) -> list[Fault]:
    """Every fault of a MEDS dataset, by file; empty when it is sound.

    Raises:
        UsageError: CL2103 the folder holds no data of a MEDS dataset.
    """
    files = sorted((folder / "data").rglob("*.parquet"))
    if not files:
        raise UsageError("CL2103", "there is no data/**/*.parquet under this folder.", "Pass a release's folder.")
    found: list[Fault] = []
    lists = _declared(folder, found)
    declared = set(_CORE) | {c for columns in lists.values() for c in columns}
    codes = _codes(folder, found)
    split_of = _splits(folder, found)
    modifiers = tuple(lists.get("code_modifier_columns", ()))
    home: set[int] = set()
    unplaced = 0
    for path in files:
        name = str(path.relative_to(folder))
        subjects = _file(path, name, declared, modifiers, codes, found)
        _add(found, "split_subject", name, len(subjects & home))
        part = path.relative_to(folder / "data").parts[0]
        if split_of is not None and part in NAMES:
            _add(found, "wrong_split", name, sum(split_of.get(s, part) != part for s in subjects))
        if split_of is not None:
            unplaced += sum(s not in split_of for s in subjects - home)
        home |= subjects
    _add(found, "no_split", meds.subject_splits_filepath, unplaced)
    return found


def _add(found: list[Fault], kind: str, file: str, count: int, row: int | None = None) -> None:
    if count:
        found.append(Fault(kind, file, int(count), None if row is None else int(row)))


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _tried(found: list[Fault], file: str, read: Callable[[], Any]) -> Any:
    """What a read gives; None and a fault when it fails, whatever the reader raises, for its text may quote values."""
    try:
        return read()
    except Exception:
        found.append(Fault("unreadable", file))
        return None


def _declared(folder: Path, found: list[Fault]) -> dict[str, list[str]]:
    name = meds.dataset_metadata_filepath
    body = _tried(found, name, lambda: json.loads((folder / name).read_text(encoding="utf-8")))
    if body is None:
        return {}
    try:
        meds.DatasetMetadataSchema.validate(body)
    except Exception:  # flexible_schema raises several classes, whose texts quote values
        found.append(Fault("bad_metadata", name))
    lists = {key: body.get(key) for key in _LISTS} if isinstance(body, dict) else {}
    return {key: [str(c) for c in value] for key, value in lists.items() if isinstance(value, list)}


def _table(folder: Path, name: str, schema: Any, columns: Sequence[str], found: list[Fault]) -> pa.Table | None:
    """A table of metadata; None where the columns to look at are absent."""
    table = _tried(found, name, lambda: pq.read_table(folder / name))
    if table is None:
        return None
    try:
        schema.validate(table)
    except Exception:
        found.append(Fault("wrong_type", name))
    return table if set(columns) <= set(table.column_names) else None


def _codes(folder: Path, found: list[Fault]) -> pa.Array | None:
    """The codes of the dictionary; None where there is none to hold the data against."""
    name = meds.code_metadata_filepath
    table = _table(folder, name, meds.CodeMetadataSchema, ["code"], found)
    if table is None:
        return None
    codes = pc.unique(table["code"]).cast(pa.string())
    _add(found, "duplicate_code", name, table.num_rows - len(codes))
    return codes


def _splits(folder: Path, found: list[Fault]) -> dict[int, str] | None:
    name = meds.subject_splits_filepath
    table = _table(folder, name, meds.SubjectSplitSchema, ["subject_id", "split"], found)
    if table is None:
        return None
    subjects, splits = table["subject_id"].to_pylist(), table["split"].to_pylist()
    split_of = dict(zip(subjects, splits, strict=True))
    _add(found, "overlapping_splits", name, len(subjects) - len(split_of))
    _add(found, "unknown_split", name, sum(s not in NAMES for s in splits))
    return split_of


@dataclass
class _Seen:
    """What the batches of one file told so far; ``subject`` and ``time`` are those of the last row."""

    subject: int | None = None
    time: int = _NO_TIME
    rows: int = 0
    subjects: set[int] = field(default_factory=set)
    died: dict[int, int] = field(default_factory=dict)
    last: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Subject to its latest time and the row that has it."""
    group: set[int] = field(default_factory=set)
    """Digests of the rows of the last subject and time."""
    counts: dict[str, tuple[int, int | None]] = field(default_factory=dict)

    def tell(self, kind: str, places: np.ndarray) -> None:
        """Count faults at these rows of the batch."""
        if len(places):
            before, first = self.counts.get(kind, (0, None))
            self.counts[kind] = (before + len(places), self.rows + int(places[0]) if first is None else first)


def _file(
    path: Path,
    name: str,
    declared: set[str],
    modifiers: Sequence[str],
    codes: pa.Array | None,
    found: list[Fault],
) -> set[int]:
    """Add the faults of one file; hand back its subjects."""
    file = _tried(found, name, lambda: pq.ParquetFile(path))
    if file is None:
        return set()
    schema = file.schema_arrow
    _add(found, "undeclared_column", name, len(set(schema.names) - declared))
    absent = [c for c in _NEEDED if c not in schema.names]
    types = {c: schema.field(c).type for c in _CORE if c in schema.names}
    _add(found, "wrong_type", name, len(absent) + sum(kind != _CORE[c][0] for c, kind in types.items()))
    if absent or not all(_CORE[c][1](kind) for c, kind in types.items()):
        return set()
    identity = [c for c in (*_CORE, *modifiers, "end_time", "source_type") if c in schema.names]
    seen = _Seen()
    for batch in file.iter_batches(batch_size=BATCH, columns=list(dict.fromkeys(identity))):
        _batch(batch, identity, codes, seen)
        seen.rows += batch.num_rows
    late = [row for s, (time, row) in seen.last.items() if s in seen.died and time > seen.died[s] + _GRACE]
    for kind, (count, row) in seen.counts.items():
        _add(found, kind, name, count, row)
    _add(found, "after_death", name, len(late), min(late, default=None))
    return seen.subjects


def _batch(batch: pa.RecordBatch, identity: Sequence[str], codes: pa.Array | None, seen: _Seen) -> None:
    if not batch.num_rows:
        return
    for column in ("subject_id", "code"):
        seen.tell("wrong_type", np.flatnonzero(batch[column].is_null().to_numpy(zero_copy_only=False)))
    subject = batch["subject_id"].fill_null(0).to_numpy(zero_copy_only=False)
    time = (
        batch["time"]
        .cast(pa.timestamp("us", getattr(batch["time"].type, "tz", None)))
        .cast(pa.int64())
        .fill_null(_NO_TIME)
        .to_numpy(zero_copy_only=False)
    )
    code = batch["code"].cast(pa.string())
    same = np.empty(len(subject), bool)
    same[1:] = subject[1:] == subject[:-1]
    same[0] = seen.subject is not None and int(subject[0]) == seen.subject
    before = np.concatenate([[seen.time], time[:-1]])
    seen.tell("unsorted", np.flatnonzero(same & (time < before) & (time != _NO_TIME)))
    seen.tell("static_after_dated", np.flatnonzero(same & (time == _NO_TIME) & (before != _NO_TIME)))
    if codes is not None:
        known = pc.is_in(code, value_set=codes).to_numpy(zero_copy_only=False)
        seen.tell("unknown_code", np.flatnonzero(~known & code.is_valid().to_numpy(zero_copy_only=False)))
    starts = np.flatnonzero(~same)
    seen.tell("not_contiguous", np.array([i for i in starts if _came_before(int(subject[i]), seen)], np.int64))
    _lives(subject, time, code, np.union1d(starts, [0]), seen)
    _copies(batch, identity, same & (time == before), seen)
    seen.subject, seen.time = int(subject[-1]), int(time[-1])


def _came_before(subject: int, seen: _Seen) -> bool:
    before = subject in seen.subjects
    seen.subjects.add(subject)
    return before


def _lives(subject: np.ndarray, time: np.ndarray, code: pa.Array, starts: np.ndarray, seen: _Seen) -> None:
    """Keep each subject's death and latest time."""
    dead = pc.starts_with(code, meds.death_code).fill_null(False).to_numpy(zero_copy_only=False) & (time != _NO_TIME)
    for i in np.flatnonzero(dead):
        who = int(subject[i])
        seen.died[who] = min(int(time[i]), seen.died.get(who, int(time[i])))
    ends = np.append(starts[1:], len(subject))
    for start, end in zip(starts, ends, strict=True):
        at = start + int(np.argmax(time[start:end]))
        who = int(subject[start])
        if who not in seen.last or time[at] > seen.last[who][0]:
            seen.last[who] = (int(time[at]), seen.rows + at)


def _copies(batch: pa.RecordBatch, identity: Sequence[str], goes_on: np.ndarray, seen: _Seen) -> None:
    """Tell rows whose digest another row of the same subject and time has; the last group goes on in the next batch."""
    digest = np.zeros(batch.num_rows, np.uint64)
    for name in identity:
        digest = digest * np.uint64(0x9E3779B97F4A7C15) + _digests(batch[name])
    group = np.cumsum(~goes_on)
    frame = pd.DataFrame({"group": group, "digest": digest})
    again = frame.duplicated().to_numpy()
    first = group == 0  # the group that the batch before began
    again |= first & np.isin(digest, np.fromiter(seen.group, np.uint64, len(seen.group)))
    seen.tell("duplicate_row", np.flatnonzero(again))
    ending = group == group[-1]
    seen.group = set(digest[ending].tolist()) | (seen.group if group[-1] == 0 else set())


def _digests(column: pa.Array) -> np.ndarray:
    """A 64-bit digest of each value, that of its bytes; equal values have equal ones in every batch and file."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        bits = column.fill_null(0).to_numpy(zero_copy_only=False)
        hashed = pd.util.hash_array(np.ascontiguousarray(bits))
        hashed[column.is_null().to_numpy(zero_copy_only=False)] = 1
        return np.asarray(hashed, np.uint64)
    coded = column.dictionary_encode(null_encoding="encode")
    each = np.asarray(pd.util.hash_array(coded.dictionary.to_numpy(zero_copy_only=False), categorize=False), np.uint64)
    return np.asarray(each[coded.indices.to_numpy(zero_copy_only=False)], np.uint64)
