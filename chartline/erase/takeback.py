"""A delivery is taken back: a file landed that should never have come, of another hospital, of a test, or cut off.

Bronze is a function of the files that landed (``chartline.fhir.parse``), and which file another repeats is kept
nowhere: the file goes out of the landing zone, and bronze is read anew from those that are left. What is current then,
what is deleted and whose a resource is comes out as if the file had never come, and so do silver and gold
(decision 45).
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

import pyarrow.dataset as ds

from chartline.audit.said import require_nobody
from chartline.errors import DataError, UsageError
from chartline.files import manifests
from chartline.lake import chain, gone, quarantine, tables
from chartline.lake.landing import blob
from chartline.release import candidates, withdraw
from chartline.settings import Settings

_NAMED_BY = ("digest", "container", "manifest", "run_id")
_READ = ("bronze.resources", quarantine.TABLE)


@dataclass(frozen=True)
class Takeback:
    """An order that has begun.

    Attributes:
        id: its id.
        files: SHA-256 of the files.
        releases: releases that may hold what came of them.
        removed: what is taken out, by place.
    """

    id: str
    files: tuple[str, ...]
    releases: tuple[str, ...]
    removed: Mapping[str, int]


def begin(settings: Settings, wanted: Sequence[str], *, by: str, reason: str) -> Takeback:
    """Find the files and the releases that may hold what came of them, and put the order on the record.

    One that died is the same order when it is ordered again.

    Args:
        settings: the project's settings.
        wanted: SHA-256 of landed files, of archives or of export manifests that they came with, or ids of the runs
            that landed them.
        by: who orders it.
        reason: why.

    Raises:
        UsageError: CL2152 no name or no reason, CL2153 nothing of that name has landed, CL2104 the reason tells a
            person.
        DataError: CL1173 it is all that has landed.
    """
    if not by.strip() or not reason.strip():
        raise UsageError("CL2152", "taking back needs a name and a reason.", "Pass --by NAME and --reason TEXT.")
    require_nobody(settings, by=by, reason=reason)
    died = _died(settings, set(wanted))
    if died:
        return died
    landed = tables.read(settings, "landing.files").to_pylist()
    taken = [file for file in landed if {file[name] for name in _NAMED_BY} & set(wanted)]
    if len({file[name] for file in taken for name in _NAMED_BY} & set(wanted)) < len(set(wanted)):
        raise UsageError(
            "CL2153",
            "no file of that SHA-256, archive, manifest or run has landed, or it was taken back already.",
            "Pass what 'sha256sum FILE' prints, the run_id that 'chartline land' printed, or the id of one that died.",
        )
    digests = {file["digest"] for file in taken}
    taken = [file for file in landed if {file["digest"], file["manifest"]} & digests]
    if len(taken) == len(landed):
        raise DataError("CL1173", "it is all that has landed in this lake.", "Begin with a new lake.")
    files = tuple(sorted(file["digest"] for file in taken))
    rows = {n: tables.read(settings, n, columns=["source_file"], where=_of(files)).num_rows for n in _READ}
    since = min(file["landed_at"] for file in taken)
    order = Takeback(secrets.token_hex(8), files, _since(settings, since), {"landing.files": len(files), **rows})
    said = {"who": by.strip(), "reason": reason.strip(), "releases": list(order.releases)}
    _log(settings, order, "begun", **said, files=list(files), removed=order.removed)
    return order


def _died(settings: Settings, wanted: set[str]) -> Takeback | None:
    """The order over one of these files, or of this id, that did not come to its end."""
    rows = tables.read(settings, gone.TAKEBACKS).sort_by("seq").to_pylist()
    done = {row["takeback_id"] for row in rows if row["step"] == "done"}
    for row in rows:
        if row["step"] == "begun" and row["takeback_id"] not in done and wanted & {row["takeback_id"], *row["files"]}:
            return Takeback(row["takeback_id"], tuple(row["files"]), tuple(row["releases"] or ()), dict(row["removed"]))
    return None


def _since(settings: Settings, landed: datetime) -> tuple[str, ...]:
    """Releases that are out and were assessed since a file landed: a release before cannot hold what came of it."""
    out = [release["release_id"] for release in candidates.releases(settings)]
    assessed = {r: datetime.fromisoformat(candidates.report(settings, r)["created_at"]) for r in out}
    return tuple(r for r, at in assessed.items() if at >= landed.replace(microsecond=0))


def take_out(settings: Settings, order: Takeback) -> None:
    """Take the files out of the restricted zone, and all that was read of any file, for it is read anew."""
    landed = tables.read(settings, "landing.files").to_pylist()
    kept = [file for file in landed if file["digest"] not in order.files]
    if len(kept) < len(landed):
        _missed(settings, [file for file in landed if file["digest"] in order.files], kept)
        tables.rewrite(settings, "landing.files", kept, {"takeback_id": order.id})
    _log(settings, order, "emptied")
    tables.overwrite(settings, "bronze.resources", [], {"takeback_id": order.id})
    aside = tables.read(settings, quarantine.TABLE, columns=["quarantine_id"], where=_of(order.files))
    quarantine.remove(settings, aside["quarantine_id"].to_pylist(), "taken_back")
    for digest in order.files:
        blob(settings, digest).unlink(missing_ok=True)


def _of(files: Sequence[str]) -> ds.Expression:
    return tables.among("source_file", files)


def _missed(settings: Settings, taken: Sequence[dict[str, Any]], kept: Sequence[dict[str, Any]]) -> None:
    """A manifest that stays and names a file that went does not say any more that it came: given up, on the record."""
    there = {(file["manifest"], _stem(file["name"])) for file in kept}
    went = {_stem(file["name"]) for file in taken}
    lost = [
        quarantine.Record("land", "manifest_file_missing", "manifest", file["digest"], number)
        for file in kept
        if file["format"] == "manifest"
        for number, entry in enumerate(manifests.read(blob(settings, file["digest"]).read_bytes()).entries, start=1)
        if _stem(entry.file) in went and (file["digest"], _stem(entry.file)) not in there
    ]
    quarantine.append(settings, lost, datetime.now(UTC), "")
    if lost:
        quarantine.dispose(settings, [record.id for record in lost], "discarded")


def _stem(name: str) -> str:
    return PurePosixPath(name).name.removesuffix(".gz")


def finish(settings: Settings, order: Takeback) -> dict[str, Any]:
    """Destroy what older table versions and pages hold, search for the files once more, and put it on the record.

    Returns:
        ``takeback``, ``files``, ``removed`` and ``left`` by place, ``releases``, ``tables``.
    """
    withdraw.drop_pages(settings)
    versions = withdraw.thinned(settings)
    withdraw.destroy(settings, versions)
    found = left(settings, order.files)
    _log(settings, order, "done", left=found, tables=versions)
    return {
        "takeback": order.id,
        "files": list(order.files),
        "removed": dict(order.removed),
        "left": found,
        "releases": list(order.releases),
        "tables": versions,
    }


def left(settings: Settings, files: Sequence[str]) -> dict[str, int]:
    """What is in the lake of files that were taken back, by place: 1 for a table that holds any of it."""
    held = {"landing.files": tables.among("digest", files), **{name: _of(files) for name in _READ}}
    found = {name: int(tables.holds(settings, name, where)) for name, where in held.items()}
    return found | {"landing": sum(blob(settings, digest).exists() for digest in files)}


def _log(settings: Settings, order: Takeback, step: str, **told: Any) -> None:
    row = {"takeback_id": order.id, "step": step, **told, "taken_at": datetime.now(UTC)}
    chain.append(settings, gone.TAKEBACKS, [row])
