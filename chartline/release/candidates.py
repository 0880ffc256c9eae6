"""Release candidates: what was assessed, and what became of it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from chartline.errors import DataError, UsageError
from chartline.lake import gone, tables
from chartline.settings import Settings
from chartline.stage import StageResult

NAMES = ("events", "subjects", "encounters", "codes", "completeness")
"""The tables of gold that are released, and of curated that show a release."""
GOLD = tuple(f"gold.{name}" for name in NAMES)
"""The tables that a candidate is about."""
_ID = re.compile(r"[A-Za-z0-9\-]{8,64}")


def folder(settings: Settings) -> Path:
    """Where the candidates lie."""
    return settings.zone("audit") / "candidates"


def report_path(settings: Settings, candidate: str) -> Path:
    """``report.json`` of a candidate.

    Raises:
        UsageError: CL2100 there is no such candidate.
    """
    path = folder(settings) / candidate / "report.json"
    if not _ID.fullmatch(candidate) or not path.is_file():
        raise UsageError("CL2100", "there is no such candidate.", "List them with 'chartline release list --lake DIR'.")
    return path


def report_hash(settings: Settings, candidate: str) -> str:
    """SHA-256 of the candidate's ``report.json``: what a decision is bound to."""
    return hashlib.sha256(report_path(settings, candidate).read_bytes()).hexdigest()


def report(settings: Settings, candidate: str) -> dict[str, Any]:
    """The report of a candidate.

    Raises:
        UsageError: CL2100 there is no such candidate. DataError: CL1124 its report is damaged.
    """
    data = report_path(settings, candidate).read_bytes()
    with suppress(ValueError):
        body = json.loads(data)
        if isinstance(body, dict) and body.get("candidate") == candidate:
            return body
    raise DataError("CL1124", f"the report of candidate {candidate} is damaged.", "Make it anew: 'chartline assess'.")


def is_as_entered(settings: Settings, assessed: StageResult) -> bool:
    """Whether the report that a run of ``assess`` made lies there as the ledger has it."""
    with suppress(UsageError):
        return bool(report_hash(settings, assessed.extra["candidate"]) == assessed.extra["report_hash"])
    return False


def decision(settings: Settings, candidate: str) -> dict[str, Any] | None:
    """The latest decision on a candidate."""
    rows = tables.read(settings, "audit.decisions").sort_by("seq").to_pylist()
    return next((r for r in reversed(rows) if r["candidate"] == candidate), None)


def releases(settings: Settings) -> list[dict[str, Any]]:
    """The releases that are out and were not withdrawn, oldest first."""
    rows = tables.read(settings, "curated.releases").sort_by("published_at").to_pylist()
    taken_back = withdrawn(settings)
    return [row for row in rows if row["release_id"] not in taken_back]


def published(settings: Settings) -> set[str]:
    """Ids of the releases that are out, or were."""
    return set(tables.read(settings, "curated.releases", columns=["release_id"])["release_id"].to_pylist())


def withdrawn(settings: Settings) -> set[str]:
    """Ids of the releases that were taken back: by an order of their own, or because somebody whom they held left."""
    ordered = tables.read(settings, gone.WITHDRAWALS, columns=["release_id"])["release_id"].to_pylist()
    return {*ordered, *gone.withdrawn(settings)}


def _withdrawal(settings: Settings, candidate: str) -> dict[str, Any] | None:
    """Who took a release back, when and why, or the erasure that did; None for one that was not."""
    for row in tables.read(settings, gone.WITHDRAWALS).sort_by("seq").to_pylist():
        if row["release_id"] == candidate and row["step"] == "begun":
            return {"withdrawn_by": row["who"], "reason": row["reason"], "withdrawn_at": str(row["taken_at"])}
    erasure = gone.withdrawn(settings).get(candidate)
    return {"erasure": erasure} if erasure else None


def record_hash(settings: Settings, candidate: str) -> str | None:
    """SHA-256 of a release's row in ``curated.releases``, which its run in the chained ledger keeps."""
    rows = tables.read(settings, "curated.releases").to_pylist()
    row = next((r for r in rows if r["release_id"] == candidate), None)
    if row is None:
        return None
    plain = {k: sorted(v) if k in ("tables", "source_tables", "digests") and v else v for k, v in row.items()}
    return hashlib.sha256(json.dumps(plain, sort_keys=True, default=str).encode()).hexdigest()


def last_release(settings: Settings, at: Mapping[str, int]) -> dict[str, Any] | None:
    """The row of the newest release before one of these versions of gold; None where there is none.

    One that was taken back counts, for its recipients had it, and so one of the same gold comes after it. One from
    before an erasure does not: a difference of two counts would tell of who left.
    """
    rows = tables.read(settings, "curated.releases").sort_by("published_at").to_pylist()
    taken_back, without = withdrawn(settings), gone.floors(settings)
    for row in reversed(rows):
        made_from = dict(row["source_tables"])
        if row["release_id"] not in taken_back:
            comes_before = made_from != dict(at)
        else:
            comes_before = all(version >= without.get(name, 0) for name, version in made_from.items())
        if comes_before:
            return dict(row)
    return None


def current(settings: Settings, body: dict[str, Any]) -> bool:
    """Whether the tables that a report describes are still the newest."""
    return all(tables.version(settings, name) == version for name, version in body["tables"].items())


def state(settings: Settings, candidate: str) -> str:
    """``published``, ``withdrawn``, ``approved``, ``rejected``, ``blocked``, ``superseded`` or ``pending``."""
    if candidate in withdrawn(settings):
        return "withdrawn"
    if candidate in published(settings):
        return "published"
    found = decision(settings, candidate)
    if found is not None:
        return str(found["decision"])
    body = report(settings, candidate)
    if body["verdict"] == "blocked":
        return "blocked"
    return "pending" if current(settings, body) else "superseded"


def show(settings: Settings, candidate: str) -> dict[str, Any]:
    """One candidate: state, report's path and hash, tables, policy, the decision and the withdrawal if there is one."""
    body = report(settings, candidate)
    found = decision(settings, candidate)
    return {
        "candidate": candidate,
        "state": state(settings, candidate),
        "verdict": body["verdict"],
        "reason": body["reason"],
        "policy": body["policy"],
        "created_at": body["created_at"],
        "tables": body["tables"],
        "report": str(report_path(settings, candidate).with_suffix(".html")),
        "report_hash": report_hash(settings, candidate),
        "decision": {k: str(found[k]) for k in ("decision", "decided_by", "reason", "decided_at", "channel")}
        if found
        else None,
        "withdrawal": _withdrawal(settings, candidate),
    }


def list_candidates(settings: Settings) -> list[dict[str, Any]]:
    """All candidates, oldest first."""
    found = [p.parent.name for p in folder(settings).glob("[!.]*/report.json")]
    return sorted((show(settings, c) for c in found), key=lambda c: str(c["created_at"]))
