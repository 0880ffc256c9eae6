"""Another key for a lake: what is sealed is sealed anew, and the ledger says which key is the lake's from now on.

Pseudonyms and offsets are derived from the key, so another key is another namespace, and no table translates between
the two. Silver and gold are made from bronze: the next run with the new key writes all of both again. Releases that
are out keep the names they have and say by their key id which those are (decision 12).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable

from chartline import keys
from chartline.errors import UsageError
from chartline.keys import Key
from chartline.lake import ledger, quarantine, tables
from chartline.settings import Settings
from chartline.stage import Counts, StageResult

STAGE = "rotate"
_PIECE = 10_000  # payloads sealed in one commit: what is held in memory at once


def rotate(settings: Settings, to: Path, *, run_id: str) -> dict[str, Any]:
    """Make a key, or take the one in the file, and give the lake to it. A rotation that died is run again.

    Args:
        settings: the project's settings, with the key that is the lake's now.
        to: file of the new key; made, mode 0600, when it is not there.
        run_id: the run that the ledger names.

    Returns:
        ``key_id``, ``retired`` (id of the key before), ``resealed`` (quarantined payloads).

    Raises:
        UsageError: CL2020 to CL2026 a key cannot be used, CL2027 the key of the settings is not the lake's, CL2028
            the new key is the old one.
        DataError: CL1034 a quarantined payload was changed.
    """
    started = datetime.now(UTC)
    old = ledger.key(settings)
    new = keys.load(to) if to.exists() else keys.create(to)
    if new.id == old.id:
        raise UsageError("CL2028", f"{to} holds the key that the lake has.", "Name another file for the new key.")
    resealed = _reseal(settings, old, new)
    result = StageResult(STAGE, run_id, Counts(resealed, resealed), extra={"retired": old.id})
    digest = ledger.input_digest(STAGE, retired=old.id, key=new.id)
    ledger.record(settings, result, digest, started, key_id=new.id)
    return {"key_id": new.id, "retired": old.id, "resealed": resealed}


def _reseal(settings: Settings, old: Key, new: Key) -> int:
    """Seal the payloads in quarantine with the new key; how many are sealed with it then."""
    if not tables.exists(settings, quarantine.TABLE):
        return 0
    for piece in _sealed(settings, old):
        rows = [_resealed(row, old, new, settings.project) for row in piece]
        source = pa.Table.from_pylist(rows, pa.schema([("id", pa.string()), ("sealed", pa.binary())]))
        with tables.writing(quarantine.TABLE):
            merge = DeltaTable(str(tables.path(settings, quarantine.TABLE))).merge(
                source,
                "held.quarantine_id = made.id",
                source_alias="made",
                target_alias="held",
                commit_properties=CommitProperties(custom_metadata={"key_id": new.id, "records": str(len(rows))}),
            )
            merge.when_matched_update({"payload": "made.sealed", "key_id": f"'{new.id}'"}).execute()
    held = tables.read(settings, quarantine.TABLE, columns=["key_id"])
    return int(held["key_id"].to_pylist().count(new.id))


def _sealed(settings: Settings, key: Key) -> Iterator[list[dict[str, Any]]]:
    """Payloads under this key, some thousand at a time."""
    held = tables.read(settings, quarantine.TABLE, columns=["quarantine_id", "payload", "key_id"])
    mine = held.filter(pa.compute.equal(held["key_id"], key.id))
    for start in range(0, mine.num_rows, _PIECE):
        yield mine.slice(start, _PIECE).to_pylist()


def _resealed(row: Mapping[str, Any], old: Key, new: Key, project: str) -> dict[str, Any]:
    plain = quarantine.decrypt(row["payload"], old, project, row["quarantine_id"])
    return {"id": row["quarantine_id"], "sealed": quarantine.encrypt(plain, new, project, row["quarantine_id"])}
