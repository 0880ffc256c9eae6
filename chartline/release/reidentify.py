"""The way back from a subject to its patient, or from an event to its record: one person asks, another decides, and
every step is on the record.

45 CFR 164.514(c) allows a code that leads back as long as nobody is told how. Here nobody is: what was found stays in
the restricted zone, and ``audit.reidentifications`` is the access log, append-only and chained, with the steps that
were refused. A person is who the caller says: who may call, and may read the restricted zone, is the deployment's.
"""

from __future__ import annotations

import json
import secrets
import tempfile
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds

from chartline.audit.said import require_nobody
from chartline.deid.origins import origins, records
from chartline.errors import ChartlineError, DataError, UsageError
from chartline.lake import chain, tables
from chartline.release import candidates
from chartline.settings import Settings

TABLE = "audit.reidentifications"
LAPSES = timedelta(days=30)
"""How long after it was asked a request may be decided on and opened."""


def request(
    settings: Settings, subjects: Sequence[int] = (), *, events: Sequence[str] = (), by: str, reason: str
) -> dict[str, Any]:
    """Ask for the patients behind subjects, and for the records behind events, of gold or of a release.

    Raises:
        UsageError: CL2104 the reason tells a person, CL2120 a subject is unknown, CL2122 no name or no reason, CL2123
            an event is unknown.
    """
    _require_said(by, reason)
    require_nobody(settings, by=by, reason=reason)
    wanted, named = sorted(set(subjects)), sorted(set(events))
    unknown = _unknown(settings, "subjects", "subject_id", wanted)
    if unknown:
        raise UsageError(
            "CL2120",
            f"{unknown} of {len(wanted)} subjects are in no timeline of this lake.",
            "Take a subject_id from gold.subjects or curated.subjects.",
        )
    unknown = _unknown(settings, "events", "event_id", named)
    if unknown:
        raise UsageError(
            "CL2123",
            f"{unknown} of {len(named)} events are in no timeline of this lake.",
            "Take an event_id from gold.events or curated.events.",
        )
    made = secrets.token_hex(8)
    _log(settings, made, "requested", by, reason, subjects=wanted, events=named)
    return {"request": made, "subjects": len(wanted), "events": len(named)}


def decide(settings: Settings, request: str, *, approve: bool, by: str, reason: str) -> dict[str, Any]:
    """Approve or reject another person's request; a rejection ends it, an approval that was given before too.

    Raises:
        UsageError: CL2104 the reason tells a person, CL2121 there is no such request, CL2122 no name or no reason.
        DataError: CL1160 the person who asked decides, CL1161 the request lapsed, CL1162 it was rejected, CL1165 the
            log was altered.
    """
    _require_said(by, reason)
    require_nobody(settings, by=by, reason=reason)
    asked = _request(settings, request)
    with _refusal_logged(settings, request, by, reason):
        if _folded(by) == _folded(asked["asked_by"]):
            raise DataError("CL1160", "a request is decided on by another person than asked.", "Ask a second person.")
        _require_alive(asked)
    decision = "approved" if approve else "rejected"
    _log(settings, request, decision, by, reason)
    return {"request": request, "decision": decision}


def open_request(settings: Settings, request: str, *, by: str) -> dict[str, Any]:
    """Write who the subjects are, and what the events were made of, to a file of mode 0600; its path and counts.

    The file is ``restricted/reidentified/<request>.json``. An event is told for each place that shows it, gold or a
    release (``shown_in``): what was made of it may have changed in between.

    Raises:
        UsageError: CL2022 to CL2026 the key cannot be used, CL2104 the name is one of the source, CL2121 there is no
            such request, CL2122 no name.
        DataError: CL1161 the request lapsed, CL1162 it was rejected, CL1163 it is not approved, CL1164 a subject is
            nobody's under this key, CL1165 the log was altered, CL1166 a record is not here any more.
    """
    _require_said(by)
    require_nobody(settings, by=by, reason="")
    asked = _request(settings, request)
    with _refusal_logged(settings, request, by):
        _require_alive(asked)
        if asked["state"] != "approved":
            raise DataError("CL1163", "the request is not approved.", "Let another person decide on it first.")
        found = origins(settings, asked["subjects"])
        shown = _shown(settings, "events", "event_id", asked["events"])
        made_of = [
            {**record, "shown_in": row["place"]} for row, record in zip(shown, records(settings, shown), strict=True)
        ]
    _log(settings, request, "opened", by)  # before anybody can read it: an access without a row must not be
    body = {
        "request": request,
        "reason": asked["reason"],
        "opened_by": by.strip(),
        "subjects": found,
        "events": made_of,
    }
    text = json.dumps(body, indent=1, default=str)
    file = _write(settings.zone("restricted") / "reidentified", f"{request}.json", text)
    return {
        "request": request,
        "file": str(file),
        "subjects": len(found),
        "records": sum(len(subject["records"]) for subject in found),
        "events": len(asked["events"]),
    }


def requests(settings: Settings) -> list[dict[str, Any]]:
    """All requests, oldest first, with their state and every step: pending, approved, rejected or lapsed."""
    found: dict[str, dict[str, Any]] = {}
    for row in tables.read(settings, TABLE).sort_by("seq").to_pylist():
        first = {"request": row["request_id"], "asked_by": row["who"], "reason": row["reason"]}
        first |= {"subjects": row["subjects"] or [], "events": row.get("events") or []}
        first |= {"asked_at": row["taken_at"], "steps": []}
        told = ("step", "who", "reason", "error", "taken_at")
        found.setdefault(row["request_id"], first)["steps"].append({name: row[name] for name in told})
    return [{**r, "state": _state(r), "opened": _steps(r).count("opened")} for r in found.values()]


def _steps(asked: dict[str, Any]) -> list[str]:
    return [step["step"] for step in asked["steps"]]


def _state(asked: dict[str, Any]) -> str:
    if "rejected" in _steps(asked):
        return "rejected"
    if datetime.now(UTC) - asked["asked_at"] > LAPSES:
        return "lapsed"
    return "approved" if "approved" in _steps(asked) else "pending"


def _request(settings: Settings, request: str) -> dict[str, Any]:
    if chain.first_break(settings, TABLE) is not None:
        raise DataError("CL1165", "the log of re-identifications was altered.", "See 'chartline verify --lake DIR'.")
    for asked in requests(settings):
        if asked["request"] == request:
            return asked
    raise UsageError("CL2121", "there is no such request.", "List them with 'chartline reidentify list --lake DIR'.")


def _require_said(*texts: str) -> None:
    if not all(map(_folded, texts)):
        raise UsageError("CL2122", "a step needs a name and a reason.", "Pass --by NAME and --reason TEXT.")


def _require_alive(asked: dict[str, Any]) -> None:
    if asked["state"] == "rejected":
        raise DataError("CL1162", "the request was rejected.", "Ask anew, with what was missing.")
    if asked["state"] == "lapsed":
        raise DataError("CL1161", f"the request is older than {LAPSES.days} days.", "Ask anew.")


def _folded(name: str) -> str:
    """Letters and digits of a text: who writes a name in another way is no other person."""
    return "".join(c for c in unicodedata.normalize("NFKD", name).casefold() if c.isalnum())


_COLUMNS = {
    "subjects": ["subject_id"],
    "events": ["event_id", "subject_id", "source_type", "source_id", "run_id"],
}
"""What tells a subject, and an event and its record in silver."""


def _unknown(settings: Settings, name: str, column: str, wanted: Sequence[Any]) -> int:
    """How many are neither in gold nor in any release."""
    return len(wanted) - len({row[column] for row in _shown(settings, name, column, wanted)})


def _shown(settings: Settings, name: str, column: str, wanted: Sequence[Any]) -> list[dict[str, Any]]:
    """The rows of gold and of each release that show what is wanted, with their ``place``: ``gold`` or a release."""
    if not wanted:
        return []
    out = [
        (r["release_id"], f"curated.{name}", dict(r["tables"]).get(f"curated.{name}"))
        for r in candidates.releases(settings)
    ]
    found = []
    for place, table, version in [("gold", f"gold.{name}", None), *out]:
        rows = tables.read(settings, table, version, _COLUMNS[name], ds.field(column).isin(list(wanted)))
        found += [{**row, "place": place} for row in rows.to_pylist()]
    return found


def _log(
    settings: Settings,
    request: str,
    step: str,
    by: str,
    reason: str | None = None,
    *,
    subjects: Sequence[int] | None = None,
    events: Sequence[str] | None = None,
    error: str | None = None,
) -> None:
    row = {"request_id": request, "step": step, "who": by.strip(), "reason": reason and reason.strip()}
    told = {"subjects": subjects, "events": events or None, "error": error, "taken_at": datetime.now(UTC)}
    chain.append(settings, TABLE, [row | told])


@contextmanager
def _refusal_logged(settings: Settings, request: str, by: str, reason: str | None = None) -> Iterator[None]:
    try:
        yield
    except ChartlineError as refused:
        _log(settings, request, "refused", by, reason, error=refused.number)
        raise


def _write(folder: Path, name: str, text: str) -> Path:
    """A file of mode 0600 in a folder of mode 0700, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=folder, delete=False) as part:
        part.write(text)
    return Path(part.name).replace(folder / name)
