"""The privacy officer's decision: an append-only, chained row bound to the report's hash and the table versions."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

from chartline.audit.said import require_nobody
from chartline.errors import DataError, UsageError
from chartline.lake import chain
from chartline.release import candidates
from chartline.settings import Settings


def decide(settings: Settings, candidate: str, *, approve: bool, by: str, reason: str, channel: str) -> dict[str, Any]:
    """Record a decision; the same one on the same report changes nothing, another becomes the one that counts.

    Args:
        settings: the project's settings.
        candidate: id of the candidate.
        approve: true to approve, false to reject.
        by: who decides.
        reason: why, in the officer's words.
        channel: ``cli`` or ``airflow``.

    Raises:
        UsageError: CL2100 no such candidate, CL2101 no name or no reason, CL2104 the reason tells a person.
        DataError: CL1130 a blocked candidate cannot be approved, CL1131 its tables have changed since, CL1132 it is
            published and cannot be rejected any more, CL1133 it was published and withdrawn.
    """
    if not by.strip() or not reason.strip():
        raise UsageError("CL2101", "a decision needs a name and a reason.", "Pass --by NAME and --reason TEXT.")
    body = candidates.report(settings, candidate)
    wanted = "approved" if approve else "rejected"
    report_hash = candidates.report_hash(settings, candidate)
    if candidate in candidates.withdrawn(settings):
        raise DataError("CL1133", "the release was withdrawn.", "Run 'chartline assess' and decide anew.")
    before = candidates.decision(settings, candidate)
    if before is not None and (before["decision"], before["report_hash"]) == (wanted, report_hash):
        return _answer(before, unchanged=True)
    if not approve and candidate in candidates.published(settings):
        raise DataError("CL1132", "the candidate is published.", "Take it back with 'chartline release withdraw'.")
    if approve and body["verdict"] == "blocked":
        raise DataError("CL1130", "the candidate is blocked.", "Read its report: 'chartline release show ID' names it.")
    if approve and not candidates.current(settings, body):
        raise DataError("CL1131", "the tables changed since the report.", "Run 'chartline assess' and decide anew.")
    require_nobody(settings, by=by, reason=reason)
    now = datetime.now(UTC)
    row = {
        "decision_id": hashlib.sha256(f"{candidate}|{wanted}|{by}|{now.isoformat()}".encode()).hexdigest()[:16],
        "candidate": candidate,
        "decision": wanted,
        "decided_by": by.strip(),
        "reason": reason.strip(),
        "report_hash": report_hash,
        "tables": body["tables"],
        "channel": channel,
        "decided_at": now,
    }
    chain.append(settings, "audit.decisions", [row])
    return _answer(row, unchanged=False)


def _answer(row: dict[str, Any], *, unchanged: bool) -> dict[str, Any]:
    return {
        "candidate": row["candidate"],
        "decision": row["decision"],
        "decision_id": row["decision_id"],
        "report_hash": row["report_hash"],
        "unchanged": unchanged,
    }
