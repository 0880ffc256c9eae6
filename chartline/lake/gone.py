"""Who left the lake, and from which version on each table is without them.

Who left must be known to keep them out when a source delivers them again. ``vault.erased`` holds no source id: a code
under a salt of the lake, which confirms an id to whoever brings it and tells none.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from chartline.lake import tables
from chartline.settings import Settings

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

TABLE = "vault.erased"
LOG = "audit.erasures"
TAKEBACKS = "audit.takebacks"
"""The deliveries that were taken back."""
WITHDRAWALS = "audit.withdrawals"
"""The releases that were taken back though nobody left."""


def code(salt: str, patient_id: str) -> str:
    """HMAC-SHA-256 of ``Patient/id`` under the lake's salt."""
    return hmac.digest(bytes.fromhex(salt), f"Patient/{patient_id}".encode(), "sha256").hex()


def among(settings: Settings, patients: Iterable[str]) -> dict[str, str]:
    """Those of these logical ids of Patients that were erased, each with its erasure."""
    held = tables.read(settings, TABLE, columns=["code", "salt", "erasure_id"]).to_pylist()
    if not held:
        return {}
    erasure_of = {row["code"]: row["erasure_id"] for row in held}
    coded = ((patient, code(held[0]["salt"], patient)) for patient in patients)
    return {patient: erasure_of[made] for patient, made in coded if made in erasure_of}


def back(settings: Settings, resources: DataFrame) -> dict[str, str]:
    """The Patients whose resources are among these and who were erased; none are read where nobody was."""
    if not tables.read(settings, TABLE, columns=["code"]).num_rows:
        return {}
    ids = resources.where("patient_id IS NOT NULL").select("patient_id").distinct()
    return among(settings, [row["patient_id"] for row in ids.collect()])


def note(settings: Settings, patients: Iterable[str], erasure: str, now: datetime) -> None:
    """Put Patients on the list; who is on it stays as noted first."""
    held = tables.read(settings, TABLE, columns=["salt"])["salt"]
    salt = held[0].as_py() if len(held) else secrets.token_hex(32)
    fresh = sorted(set(patients) - among(settings, patients).keys())
    rows = [{"code": code(salt, p), "salt": salt, "erasure_id": erasure, "erased_at": now} for p in fresh]
    tables.append(settings, TABLE, rows, {"erasure_id": erasure})


def floors(settings: Settings) -> dict[str, int]:
    """The version of each table from which on nothing is left in it of who left or of what was taken back.

    Data of earlier ones is destroyed, but for what releases that are out are made of or from.
    """
    found: dict[str, int] = {}
    for log in (LOG, TAKEBACKS, WITHDRAWALS):
        for row in tables.read(settings, log, columns=["tables"])["tables"].to_pylist():
            for name, version in row or ():
                found[name] = max(found.get(name, 0), version)
    return found


def taken_back(settings: Settings) -> frozenset[str]:
    """SHA-256 of the landed files that were taken back: they do not come in again."""
    rows = tables.read(settings, TAKEBACKS, columns=["files"])["files"].to_pylist()
    return frozenset(digest for files in rows for digest in files or ())


def emptied(settings: Settings) -> int:
    """How often bronze was emptied, so that it is read anew from the files that are left."""
    steps: list[str] = tables.read(settings, TAKEBACKS, columns=["step"])["step"].to_pylist()
    return steps.count("emptied")


def withdrawn(settings: Settings) -> dict[str, str]:
    """The releases that held somebody who left, each with the erasure that withdrew it."""
    return {release: erasure for erasure, release in _withdrawn(settings)}


def _withdrawn(settings: Settings) -> Iterator[tuple[str, str]]:
    for row in tables.read(settings, LOG, columns=["erasure_id", "releases"]).to_pylist():
        for release in row["releases"] or ():
            yield row["erasure_id"], release
