"""Append-only, hash-chained audit tables: each row carries the hash of the row before it."""

from __future__ import annotations

import fcntl
import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from chartline.lake import tables
from chartline.settings import Settings

GENESIS = "0" * 64


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list) and value and all(isinstance(v, tuple) and len(v) == 2 for v in value):
        return {str(k): _plain(v) for k, v in value}  # Arrow hands maps back as pairs
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return value


def row_hash(row: Mapping[str, Any], later: Collection[str] = ()) -> str:
    """SHA-256 of a row's columns other than ``hash`` as canonical JSON (sorted keys, no spaces, empty maps as null).

    Columns that the table got ``later`` are told where they hold something: rows from before keep their hash.
    """
    body = {
        k: (_plain(v) or None) if isinstance(v, (Mapping, list)) else _plain(v) for k, v in row.items() if k != "hash"
    }
    body = {k: v for k, v in body.items() if v is not None or k not in later}
    return hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


@contextmanager
def locked(settings: Settings, name: str) -> Iterator[None]:
    """Hold the file lock ``audit/.<name>.lock`` so that two writers cannot fork a chain."""
    lock = settings.zone("audit") / f".{name}.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _later(name: str) -> frozenset[str]:
    return frozenset(column.name for column in tables.schema(name).columns if column.later)


def append(settings: Settings, name: str, rows: Iterable[Mapping[str, Any]]) -> int:
    """Append rows to a chained table, one with ``seq``, ``prev_hash`` and ``hash``; return its version."""
    columns = tables.schema(name).names
    with locked(settings, name):
        known = tables.read(settings, name, columns=["seq", "hash"]).sort_by("seq")
        seq = known.num_rows
        last = known["hash"][-1].as_py() if seq else GENESIS
        chained = []
        for row in rows:
            body = {c: row.get(c) for c in columns if c != "hash"} | {"seq": seq, "prev_hash": last}
            last = row_hash(body, _later(name))
            chained.append(body | {"hash": last})
            seq += 1
        return tables.append(settings, name, chained)


def first_break(settings: Settings, name: str) -> int | None:
    """Position of the first row that was changed, removed or moved; None when the chain is whole."""
    last = GENESIS
    for expected, row in enumerate(tables.read(settings, name).sort_by("seq").to_pylist()):
        if row["seq"] != expected or row["prev_hash"] != last or row["hash"] != row_hash(row, _later(name)):
            return expected
        last = row["hash"]
    return None
