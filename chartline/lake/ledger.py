"""The run ledger: which stage did what to which inputs, so that equal work is not done twice."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from chartline import __version__, keys
from chartline.errors import DataError, UsageError
from chartline.lake import chain, tables
from chartline.settings import STAGES, Settings, room
from chartline.stage import Counts, StageResult


def new_run_id() -> str:
    """A run id that sorts by time: ``20261124T113000Z-1a2b3c4d``."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"


_WORKING = frozenset({".py", ".json", ".txt", ".gz", ".html"})  # suffixes of what the package works by


@cache
def code_version() -> str:
    """The version of the package and a digest of its code, word lists, table schemas, mappings and gates.

    A mapping or a list that its owner changed, or a code that a developer changed, is other work: a stage must not say
    ``unchanged`` because the data is what it was. Policies have a hash of their own in what depends on them.
    """
    package = Path(__file__).resolve().parents[1]
    working = (p for p in package.rglob("*") if p.suffix in _WORKING)
    found = {f"chartline/{p.relative_to(package).as_posix()}": p for p in working}
    for name in ("schemas", "expectations"):
        found |= {f"{name}/{p.relative_to(room(name)).as_posix()}": p for p in room(name).rglob("*.json")}
    whole = hashlib.sha256()
    for name, path in sorted(found.items()):
        whole.update(name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return f"{__version__}+{whole.hexdigest()[:12]}"


def input_digest(stage: str, **facts: Any) -> str:
    """SHA-256 over everything a stage's output depends on; pass versions, hashes and ids, never values."""
    body = {"stage": stage, "code": code_version(), **facts}
    return hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":"), default=str).encode()).hexdigest()


def _result(row: Mapping[str, Any], *, unchanged: bool) -> StageResult:
    return StageResult(
        stage=row["stage"],
        run_id=row["run_id"],
        counts=Counts(
            row["in"], row["out"], dict(row["quarantined"] or {}), row["duplicate"], dict(row["filtered"] or {})
        ),
        tables=dict(row["tables"] or {}),
        gates=dict(row["gates"] or {}),
        unchanged=unchanged,
        extra=json.loads(row["extra"] or "{}"),
    )


def require(settings: Settings) -> None:
    """Refuse a folder that is no lake.

    Raises:
        DataError: CL1150 there is no ledger in it.
    """
    if not tables.exists(settings, "audit.runs"):
        raise DataError("CL1150", "there is no evidence in this lake.", "Pass --lake with the folder of a lake.")


def require_tables(settings: Settings) -> None:
    """Refuse a lake in which a table is gone or older than a stage left it: one that is read as empty would hide much.

    Without ``bronze.people`` no note would be cleaned of what is known of its patient, and no sweep would miss it.

    Raises:
        DataError: CL1151 a table is not what the ledger says. MachineError: CL3015 one is damaged.
    """
    left = {pair for stage in STAGES if (result := latest(settings, stage)) for pair in result.tables.items()}
    for name, version in sorted(left):
        now = tables.version(settings, name)
        if now is None or now < version:
            raise DataError(
                "CL1151",
                f"table {name} is {'gone' if now is None else f'at version {now}'}, the ledger has version {version}.",
                "Bring the whole lake back from one copy.",
            )


def finished(settings: Settings, stage: str) -> list[StageResult]:
    """Completed runs of a stage, oldest first."""
    rows = tables.read(settings, "audit.runs").sort_by("seq").to_pylist()
    return [_result(r, unchanged=False) for r in rows if r["stage"] == stage and r["status"] == "done"]


def latest(settings: Settings, stage: str) -> StageResult | None:
    """The last completed run of a stage."""
    return next(reversed(finished(settings, stage)), None)


def latest_failure(settings: Settings) -> StageResult | None:
    """The stage that ended last, when it failed, with the verdicts its gates had reached."""
    rows = tables.read(settings, "audit.runs").sort_by("seq").to_pylist()
    if not rows or rows[-1]["status"] != "failed":
        return None
    failed = _result(rows[-1], unchanged=False)
    verdicts: dict[str, str] = {}
    for gate in tables.read(settings, "audit.gates").sort_by("seq").to_pylist():
        if gate["run_id"] == failed.run_id:
            worst = ("passed", "not_applicable", "failed", "error")
            before = verdicts.get(gate["suite"], "passed")
            counted = gate["verdict"] if gate["severity"] == "critical" else "passed"
            verdicts[gate["suite"]] = max(before, counted, key=worst.index)
    return replace(failed, gates=verdicts)


def same_work(settings: Settings, stage: str, digest: str) -> StageResult | None:
    """The last completed run of the stage, when its input digest is this one: then there is nothing to do."""
    rows = tables.read(settings, "audit.runs").sort_by("seq").to_pylist()
    done = [r for r in rows if r["stage"] == stage and r["status"] == "done"]
    return _result(done[-1], unchanged=True) if done and done[-1]["input_digest"] == digest else None


def key_id(settings: Settings) -> str | None:
    """Id of the key that is the lake's: of the last run that ended and used one; None before the first."""
    rows = tables.read(settings, "audit.runs", columns=["seq", "status", "key_id"]).sort_by("seq").to_pylist()
    return next((str(r["key_id"]) for r in reversed(rows) if r["status"] == "done" and r["key_id"]), None)


def policy_hash(settings: Settings, stage: str) -> str | None:
    """Hash of the policy that the last completed run of a stage followed; None before the first."""
    return _last(settings, stage, "policy_hash")


def policy_name(settings: Settings, stage: str) -> str | None:
    """Name of that policy, as the policy gives it."""
    return _last(settings, stage, "policy")


def _last(settings: Settings, stage: str, column: str) -> str | None:
    rows = tables.read(settings, "audit.runs", columns=["seq", "stage", "status", column]).sort_by("seq")
    done = [r[column] for r in rows.to_pylist() if (r["stage"], r["status"]) == (stage, "done")]
    return str(done[-1]) if done else None


def key(settings: Settings) -> keys.Key:
    """The key that the settings name, when it is the lake's.

    Raises:
        UsageError: CL2022 to CL2026 the key cannot be used, CL2027 the lake belongs to another key.
    """
    named = keys.load(settings.key)
    lakes = key_id(settings)
    if lakes not in (None, named.id):
        raise UsageError(
            "CL2027",
            f"the lake belongs to the key {lakes}, not to {named.id}.",
            "Pass its key, or give it to another with 'chartline key rotate FILE'.",
        )
    return named


def record(
    settings: Settings,
    result: StageResult,
    digest: str,
    started_at: datetime,
    *,
    policy: str = "",
    policy_hash: str = "",
    key_id: str = "",
    error: str = "",
) -> None:
    """Append a stage that ended to ``audit.runs``; ``error`` is the error number of one that failed."""
    chain.append(
        settings,
        "audit.runs",
        [
            {
                "run_id": result.run_id,
                "stage": result.stage,
                "status": "failed" if error else "done",
                "input_digest": digest,
                **{k: v for k, v in result.counts.totals().items() if k in ("in", "out", "duplicate")},
                "quarantined": dict(result.counts.quarantined),
                "filtered": dict(result.counts.filtered),
                "tables": dict(result.tables),
                "gates": dict(result.gates),
                "extra": json.dumps(dict(result.extra), sort_keys=True),
                "policy": policy,
                "policy_hash": policy_hash,
                "key_id": key_id,
                "code_version": code_version(),
                "error": error,
                "started_at": started_at,
                "ended_at": datetime.now(UTC),
            }
        ],
    )
