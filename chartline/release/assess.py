"""Assessment: sweep, risk, gate and report make a release candidate out of gold."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from chartline import progress
from chartline.audit import evidence, report, review, sweep, terms
from chartline.audit.changes import changes
from chartline.audit.known import known_from_lake
from chartline.deid import policy
from chartline.deid.policy import Policy
from chartline.errors import DataError, GateFailed
from chartline.keys import Key
from chartline.lake import ledger, tables
from chartline.lake import spark as lake
from chartline.quality import gates
from chartline.release import candidates, contents
from chartline.release.candidates import GOLD
from chartline.risk import measure
from chartline.risk.cells import shown
from chartline.settings import Settings
from chartline.stage import Counts, StageResult

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

ZONES = ("deidentified", "audit", "curated")
_FRAMES = {
    "sweep": "hits long, files long, known long, control string",
    "gates": "suite string, verdict string",
    "stages": "stage string, lost long",
    "policy": "mixes long",
    "risk": "smallest_class long, highest_risk double",
    "terms": "named string",
}


@dataclass(frozen=True)
class Candidate:
    """What is assessed, and under what.

    Attributes:
        id: a hash of all that follows but the run.
        run_id: the run that assesses it.
        at: versions of the tables of gold and silver.
        rules: the policy.
        key: the project's key.
        terms: the terms of the release; None where no file is named.
        since: the release before, as ``curated.releases`` has it; None before the first.
    """

    id: str
    run_id: str
    at: Mapping[str, int]
    rules: Policy
    key: Key
    terms: Mapping[str, Any] | None
    since: Mapping[str, Any] | None

    @property
    def gold(self) -> dict[str, int]:
        """The versions of the tables that a release is made of."""
        return {name: version for name, version in self.at.items() if name in GOLD}


@dataclass(frozen=True)
class Findings:
    """What an assessment finds.

    Attributes:
        swept: what the leak sweep found.
        risk: what ``chartline.risk.measure`` tells.
        rows: rows of each table of gold.
        results: the last result of each stage before.
        gate: verdict of the gate ``release``.
        blocked: why the candidate is blocked; empty when it is not.
    """

    swept: sweep.SweepResult
    risk: Mapping[str, Any]
    rows: Mapping[str, int]
    results: Mapping[str, StageResult]
    gate: str
    blocked: list[str]


def assess(spark: SparkSession, settings: Settings, *, run_id: str) -> StageResult:
    """Write ``audit/candidates/<id>/report.json`` and ``report.html`` for the current versions of gold.

    The id comes from what the report describes (table versions, policy, key, terms, the release before), so an
    unchanged lake gives the same candidate. A sample of notes to read lies in the restricted zone. Counts are events.

    Raises:
        DataError: CL1123 there is no gold yet, CL1125 a table is of an earlier version of Chartline.
        GateFailed: CL1121 the candidate is blocked (its report is written and says why), CL1122 a known value would
            have stood in the report itself (no report is written), CL1051 silver or gold is of another key.
    """
    started = datetime.now(UTC)
    digest, candidate = _candidate(settings, run_id)
    before = ledger.same_work(settings, "assess", digest)
    if before and candidates.is_as_entered(settings, before):
        return before
    rules, key = candidate.rules, candidate.key
    frames = {name: lake.read(spark, settings, name, version) for name, version in candidate.at.items()}
    tables.require_columns({name: frame.columns for name, frame in frames.items()})
    stamps = {name: _stamps(frame) for name, frame in frames.items() if name not in GOLD}
    gates.one_key(settings, "release", _key_ids(settings, stamps), key.id, run_id=run_id)
    with progress.step("leak sweep"):
        search = _search(settings, rules, key)
        swept = sweep.sweep([settings.zone(z) for z in ZONES if settings.zone(z).exists()], search)
    with progress.step("re-identification risk"):
        risk = measure.assess(frames["gold.subjects"], frames["gold.encounters"], frames["gold.events"])
    rows = {name: frames[name].count() for name in GOLD}
    counts = Counts(rows["gold.events"], rows["gold.events"])
    results = evidence.latest(settings)
    facing = _gate_frames(spark, candidate, stamps["silver.resources"], swept, risk, results)
    gate, said = _gate(settings, facing, counts, run_id)
    blocked = [] if swept.clean else [f"the sweep found {swept.total:,} known values"]
    found = Findings(swept, risk, rows, results, gate, blocked + said)
    body = _body(settings, candidate, frames, found, started)
    report_hash = _write(settings, candidate.id, body, search)
    if body["verdict"] == "blocked":
        told = candidates.report_path(settings, candidate.id).with_suffix(".html")
        why = "; ".join(found.blocked)
        raise GateFailed("CL1121", f"candidate {candidate.id} is blocked: {why}.", f"Read {told}.")
    extra = {"candidate": candidate.id, "report_hash": report_hash, "verdict": body["verdict"]}
    result = StageResult("assess", run_id, counts, candidate.gold, {"release": gate}, extra=extra)
    ledger.record(settings, result, digest, started, policy=rules.name, policy_hash=rules.hash, key_id=key.id)
    return result


def _candidate(settings: Settings, run_id: str) -> tuple[str, Candidate]:
    """What there is to assess, and the hash of it."""
    rules, key = policy.load(settings.policy), ledger.key(settings)
    versions = {name: tables.version(settings, name) for name in (*GOLD, "silver.resources", "silver.notes")}
    at = {name: version for name, version in versions.items() if version is not None}
    if len(at) < len(versions):
        raise DataError("CL1123", "there is no gold to assess.", "Run 'chartline timeline' first.")
    agreed = terms.load(settings.terms)
    since = candidates.last_release(settings, {name: version for name, version in at.items() if name in GOLD})
    digest = ledger.input_digest(
        "assess",
        tables=at,
        policy=rules.hash,
        key=key.id,
        project=settings.project,
        terms=agreed and agreed["sha256"],
        since=since and since["release_id"],
    )
    return digest, Candidate(digest[:16], run_id, at, rules, key, agreed, since)


def _search(settings: Settings, rules: Policy, key: Key) -> sweep.Search:
    return sweep.Search(
        known_from_lake(settings),
        report_key=key.derive("report", settings.project),
        allowed=evidence.allowed_kinds(rules),
    )


Stamps = set[tuple[str | None, str | None]]


def _stamps(silver: DataFrame) -> Stamps:
    """The policies and keys that made the rows of a table of silver."""
    return {(r["policy_hash"], r["key_id"]) for r in silver.select("policy_hash", "key_id").distinct().collect()}


def _key_ids(settings: Settings, silver: Mapping[str, Stamps]) -> dict[str, set[str | None]]:
    """The keys that made the rows of silver, and those that the commits of gold name; none of what was only made."""
    rows = {name: {key_id for _, key_id in stamps} for name, stamps in silver.items()}
    written = [name for name in GOLD if tables.version(settings, name)]
    return {**rows, **{name: {tables.last_told(settings, name, "key_id")} for name in written}}


def _gate_frames(
    spark: SparkSession,
    candidate: Candidate,
    stamps: Stamps,
    swept: sweep.SweepResult,
    risk: Mapping[str, Any],
    results: Mapping[str, StageResult],
) -> dict[str, DataFrame]:
    """The frames that ``expectations/release.json`` names."""
    verdicts = {suite: results[stage].gates.get(suite, "missing") for suite, stage in evidence.SUITES.items()}
    first = risk["models"][0]
    control = "found" if swept.control and all(swept.control.values()) else "missed"
    rows: dict[str, list[tuple[Any, ...]]] = {
        "sweep": [(swept.total, swept.files, swept.known, control)],
        "gates": list(verdicts.items()),
        "stages": [(stage, result.counts.lost) for stage, result in results.items()],
        "policy": [(len(stamps | {(candidate.rules.hash, candidate.key.id)}),)],
        "risk": [(first["smallest_class"], first["highest"])],
        "terms": [("yes" if candidate.terms else "no",)],
    }
    return {name: spark.createDataFrame(rows[name], ddl) for name, ddl in _FRAMES.items()}


def _gate(settings: Settings, facing: Mapping[str, DataFrame], counts: Counts, run_id: str) -> tuple[str, list[str]]:
    """The verdict of the gate, and what it says where it says no: the report tells it too."""
    try:
        with progress.step("gate release"):
            return gates.check(settings, "release", facing, counts, run_id=run_id), []
    except GateFailed as cause:
        return "failed", [cause.message.rstrip(".")]


def _body(
    settings: Settings, candidate: Candidate, frames: Mapping[str, DataFrame], found: Findings, started: datetime
) -> dict[str, Any]:
    """The report; the notes to read are drawn and laid down with it."""
    rules, rows = candidate.rules, found.rows
    body = {
        "candidate": candidate.id,
        "created_at": started.isoformat(timespec="seconds"),
        "tables": candidate.gold,
        "digests": {name: tables.digest(settings, name, version) for name, version in candidate.gold.items()},
        "policy": rules.name,
        "policy_hash": rules.hash,
        "size": {n.removeprefix("gold."): shown(count) if n == "gold.subjects" else count for n, count in rows.items()},
        **_evidence(settings, candidate, frames, found),
        "identity": {
            "project": settings.project,
            "run_id": candidate.run_id,
            "key_id": candidate.key.id,
            "code_version": ledger.code_version(),
            "basis": rules.basis,
            "silver": {name: candidate.at[name] for name in ("silver.resources", "silver.notes")},
        },
        "terms": candidate.terms,
    }
    with progress.step("notes to read"):
        drawn = review.sample(frames["silver.notes"], candidate.id)
        cleaned = body["text"]["notes"].get("deidentified", 0)
        to_read = review.write(settings, candidate.id, drawn, cleaned, rows["gold.subjects"])
    return {**body, "changes": _changes(settings, body, candidate.since), "review": to_read}


def _changes(settings: Settings, body: Mapping[str, Any], since: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What is other than in the release before; None before the first."""
    if not since:
        return None
    earlier = candidates.report(settings, since["release_id"])
    told = changes(body, earlier, since["published_at"].isoformat(timespec="seconds"))
    return {**told, "withdrawn": earlier["candidate"] in candidates.withdrawn(settings)}


def _evidence(
    settings: Settings, candidate: Candidate, frames: Mapping[str, DataFrame], found: Findings
) -> dict[str, Any]:
    """What the verdict rests on."""
    rules, results, swept = candidate.rules, found.results, found.swept
    notes = frames["silver.notes"]
    statuses = {r["status"]: r["count"] for r in notes.groupBy("status").count().collect()}
    typed = notes.selectExpr("explode(spans.type) AS type").groupBy("type").count().collect()
    spans = {r["type"]: r["count"] for r in typed}
    elements = evidence.elements(settings, results["deidentify"].run_id)
    runs = [(suite, results[stage].run_id) for suite, stage in evidence.SUITES.items()]
    judged = evidence.gate_rows(settings, [*runs, ("release", candidate.run_id)])
    verdict, reason = evidence.verdict(found.blocked, judged)
    return {
        "verdict": verdict,
        "reason": reason,
        "sweep": swept.to_json(),
        "risk": dict(found.risk),
        "text": evidence.text_facts(statuses, spans, swept.total),
        "stages": evidence.equations(results),
        "gates": judged,
        "elements": elements,
        "safe_harbor": evidence.safe_harbor(rules, elements, spans, swept.categories),
        "contents": contents.kinds(frames["gold.events"]),
        "texts": contents.texts(frames["gold.events"]),
    }


def _write(settings: Settings, candidate: str, body: Mapping[str, Any], search: sweep.Search) -> str:
    """Write both files under a temporary name, sweep them too, move them to their place; return the report's hash."""
    folder = candidates.folder(settings) / candidate
    part = folder.with_name(f".{candidate}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    data = report.canonical(body)
    digest = hashlib.sha256(data).hexdigest()
    (part / "report.json").write_bytes(data)
    (part / "report.html").write_text(report.html(body, digest), encoding="utf-8")
    own = sweep.sweep([part], search)
    if not own.clean:
        shutil.rmtree(part)
        raise GateFailed("CL1122", f"the report itself holds {own.total} known values.", "Please report this number.")
    shutil.rmtree(folder, ignore_errors=True)
    part.rename(folder)
    return digest
