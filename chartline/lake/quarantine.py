"""Records set aside: why, from where, and their bytes under the project key; released or given up by a person.

A released record re-enters at parse from the landed file, so that its bundle is around it again; when parse
accepts it, it is marked ``reentered``, else it is open again.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from deltalake import CommitProperties, DeltaTable

from chartline.errors import DataError, UsageError
from chartline.keys import Key
from chartline.lake import tables
from chartline.settings import Settings

TABLE = "bronze.quarantine"
_NONCE = 12  # bytes: NIST SP 800-38D section 8.2.2, random construction
_ID = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Record:
    """One record to set aside; without a payload when the landed file itself is it.

    Attributes:
        stage: stage that says no.
        reason: reason code, an enumeration.
        rule: rule or element path, never a value.
        source_file: digest of the landed file.
        source_line: 1-based line or bundle entry; None for the whole file.
        resource_type: FHIR type where it can be trusted.
        part: place inside the line, for a bundle on one line.
        payload: the record's bytes, not yet encrypted.
    """

    stage: str
    reason: str
    rule: str
    source_file: str
    source_line: int | None = None
    resource_type: str | None = None
    part: int = 0
    payload: bytes | None = field(default=None, repr=False)

    @property
    def id(self) -> str:
        """SHA-256 of stage, source file, line (and part of the line) and reason: the same record, the same id."""
        facts = (self.stage, self.source_file, self.source_line, self.part, self.reason)
        return hashlib.sha256("|".join(map(str, facts)).encode()).hexdigest()


def encrypt(payload: bytes, key: Key, project: str, quarantine_id: str) -> bytes:
    """Nonce and AES-256-GCM ciphertext under the project's quarantine key, bound to the record's id."""
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(key.derive("quarantine", project)).encrypt(nonce, payload, quarantine_id.encode())


def decrypt(payload: bytes, key: Key, project: str, quarantine_id: str) -> bytes:
    """The record's bytes.

    Raises:
        DataError: CL1034 another key made it, or it was changed.
    """
    try:
        sealed = AESGCM(key.derive("quarantine", project))
        return sealed.decrypt(payload[:_NONCE], payload[_NONCE:], quarantine_id.encode())
    except InvalidTag:
        raise DataError("CL1034", "a quarantined record cannot be opened with this key.", "Use its own key.") from None


def row(record: Record, now: datetime | None, run_id: str, key: Key | None = None, project: str = "") -> dict[str, Any]:
    """The record as a row of ``bronze.quarantine``; a payload needs a key."""
    sealed = encrypt(record.payload, key, project, record.id) if key and record.payload is not None else None
    return {
        "quarantine_id": record.id,
        "stage": record.stage,
        "reason": record.reason,
        "rule": record.rule,
        "resource_type": record.resource_type,
        "source_file": record.source_file,
        "source_line": record.source_line,
        "payload": sealed,
        "key_id": key.id if key and sealed else None,
        "disposition": "open",
        "first_seen": now,
        "run_id": run_id,
    }


def append(settings: Settings, records: Iterable[Record], now: datetime, run_id: str, key: Key | None = None) -> int:
    """Write records that are not in the table yet; return how many were new."""
    known = set(tables.read(settings, TABLE, columns=["quarantine_id"])["quarantine_id"].to_pylist())
    fresh = {r.id: r for r in records if r.id not in known}
    if fresh:
        rows = [row(r, now, run_id, key, settings.project) for r in fresh.values()]
        tables.append(settings, TABLE, rows, {"run_id": run_id})
    return len(fresh)


def remove(settings: Settings, ids: Iterable[str], why: str) -> int:
    """Take records out for good, by an order that is on record; how many. The commit names ids and the reason only."""
    named = sorted(i for i in ids if _ID.fullmatch(i))
    if named:
        quoted = ", ".join(f"'{i}'" for i in named)
        commit = CommitProperties(custom_metadata={why: str(len(named))})
        with tables.writing(TABLE):
            table = DeltaTable(str(tables.path(settings, TABLE)))
            table.delete(f"quarantine_id IN ({quoted})", commit_properties=commit)
    return len(named)


def summary(settings: Settings) -> list[dict[str, Any]]:
    """Counts of open records by stage, reason and rule, most first."""
    table = tables.read(settings, TABLE, columns=["stage", "reason", "rule", "disposition"])
    tally = Counter((r["stage"], r["reason"], r["rule"] or "") for r in table.to_pylist() if r["disposition"] == "open")
    ordered = sorted(tally.items(), key=lambda item: (-item[1], item[0]))
    return [{"stage": s, "reason": r, "rule": u, "records": n} for (s, r, u), n in ordered]


def listing(settings: Settings, reason: str) -> list[dict[str, Any]]:
    """Open records of a reason in the order of their files and lines: id, stage, rule, type and place.

    Raises:
        UsageError: CL2034 no open record has that reason.
    """
    columns = ["quarantine_id", "stage", "rule", "resource_type", "source_file", "source_line"]
    table = tables.read(settings, TABLE, columns=[*columns, "reason", "disposition"])
    found = [r for r in table.to_pylist() if (r["reason"], r["disposition"]) == (reason, "open")]
    if not found:
        raise UsageError("CL2034", "no open record has this reason.", "See them with 'chartline quarantine list'.")
    found.sort(key=lambda r: (r["source_file"], r["source_line"] or 0, r["quarantine_id"]))
    return [{name: r[name] for name in columns} for r in found]


def show(settings: Settings, quarantine_id: str) -> dict[str, Any]:
    """Where a record came from and why it is here; everything but its content.

    Raises:
        UsageError: CL2031 there is no such record.
    """
    columns = [c for c in tables.schema(TABLE).names if c != "payload"]
    for found in tables.read(settings, TABLE, columns=columns).to_pylist():
        if found["quarantine_id"] == quarantine_id:
            return {k: v.isoformat() if isinstance(v, datetime) else v for k, v in found.items()}
    raise _missing()


def content(settings: Settings, quarantine_id: str, key: Key) -> bytes | None:
    """The record's own bytes, for a person who may see them; None when the landed file itself is the record."""
    show(settings, quarantine_id)
    table = tables.read(settings, TABLE, columns=["quarantine_id", "payload"])
    sealed = next(r["payload"] for r in table.to_pylist() if r["quarantine_id"] == quarantine_id)
    return None if sealed is None else decrypt(sealed, key, settings.project, quarantine_id)


def dispose(settings: Settings, ids: Iterable[str], disposition: str) -> int:
    """Release open records to the next parse, or discard them; return how many changed.

    Args:
        ids: ids of the records.
        disposition: ``released`` or ``discarded``.

    Raises:
        UsageError: CL2031 one of them is not there; then none is changed.
    """
    table = tables.read(settings, TABLE, columns=["quarantine_id", "disposition"])
    held = {r["quarantine_id"]: r["disposition"] for r in table.to_pylist()}
    wanted = set(ids)
    if not wanted <= held.keys():
        raise _missing()
    opened = {i for i in wanted if held[i] == "open"}
    settle(settings, dict.fromkeys(opened, disposition))
    return len(opened)


def _missing() -> UsageError:
    fix = "List them with 'chartline quarantine list REASON'."
    return UsageError("CL2031", "there is no such quarantined record.", fix)


def settle(settings: Settings, dispositions: Mapping[str, str]) -> None:
    """Set the dispositions of records by id, one Delta commit for each disposition."""
    for disposition in sorted(set(dispositions.values())):
        ids = sorted(i for i, d in dispositions.items() if d == disposition and _ID.fullmatch(i))
        quoted = ", ".join(f"'{i}'" for i in ids)
        commit = CommitProperties(custom_metadata={"disposition": disposition, "records": str(len(ids))})
        with tables.writing(TABLE):
            DeltaTable(str(tables.path(settings, TABLE))).update(
                updates={"disposition": f"'{disposition}'"},
                predicate=f"quarantine_id IN ({quoted})",
                commit_properties=commit,
            )
