"""Assessment: sweep, risk, gate and report make a release candidate out of gold."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from chartline import progress
from chartline.audit import evidence, report, review, sweep, terms
from chartline.audit.changes import changes
from chartline.audit.known import known_from_lake
from chartline.deid import policy
from chartline.deid.policy import Policy
from chartline.errors import DataError, GateFailed
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
    rules, key = policy.load(settings.policy), ledger.key(settings)
    at = {name: tables.version(settings, name) for name in (*GOLD, "silver.resources", "silver.notes")}
    if None in at.values():
        raise DataError("CL1123", "there is no gold to assess.", "Run 'chartline timeline' first.")
    agreed = terms.load(settings.terms)
    before_this = candidates.last_release(settings, {n: v for n, v in at.items() if v is not None and n in GOLD})
    digest = ledger.input_digest(
        "assess",
        tables=at,
        policy=rules.hash,
        key=key.id,
        project=settings.project,
        terms=agreed and agreed["sha256"],
        since=before_this and before_this["release_id"],
    )
    before = ledger.same_work(settings, "assess", digest)
    if before and candidates.is_as_entered(settings, before):
        return before
    candidate = digest[:16]
    frames = {name: lake.read(spark, settings, name, version) for name, version in at.items()}
    tables.require_columns({name: frame.columns for name, frame in frames.items()})
    stamps = {name: _stamps(frame) for name, frame in frames.items() if name not in GOLD}
    gates.one_key(settings, "release", _key_ids(settings, stamps), key.id, run_id=run_id)
    secret = key.derive("report", settings.project)
    allowed = evidence.allowed_kinds(rules)
    with progress.step("leak sweep"):
        search = sweep.Search(known_from_lake(settings), report_key=secret, allowed=allowed)
        zones = [settings.zone(z) for z in ZONES if settings.zone(z).exists()]
        swept = sweep.sweep(zones, search)
    with progress.step("re-identification risk"):
        risk = measure.assess(frames["gold.subjects"], frames["gold.encounters"], frames["gold.events"])
    rows = {name: frames[name].count() for name in GOLD}
    counts = Counts(rows["gold.events"], rows["gold.events"])
    results = evidence.latest(settings)
    blocked: list[str] = [] if swept.clean else [f"the sweep found {swept.total:,} known values"]
    gate = "passed"
    try:
        with progress.step("gate release"):
            facing = _gate_frames(spark, rules, key.id, stamps["silver.resources"], swept, risk, results, agreed)
            gate = gates.check(settings, "release", facing, counts, run_id=run_id)
    except GateFailed as cause:
        gate = "failed"
        blocked.append(cause.message.rstrip("."))
    held = {name: version for name, version in at.items() if version is not None and name in GOLD}
    body = {
        "candidate": candidate,
        "created_at": started.isoformat(timespec="seconds"),
        "tables": held,
        "digests": {name: tables.digest(settings, name, version) for name, version in held.items()},
        "policy": rules.name,
        "policy_hash": rules.hash,
        "size": {n.removeprefix("gold."): shown(count) if n == "gold.subjects" else count for n, count in rows.items()},
        **_body(settings, rules, frames, swept, risk, results, run_id, blocked),
    }
    body["identity"] = {
        "project": settings.project,
        "run_id": run_id,
        "key_id": key.id,
        "code_version": ledger.code_version(),
        "basis": rules.basis,
        "silver": {name: at[name] for name in ("silver.resources", "silver.notes")},
    }
    body["terms"] = agreed
    body["changes"] = None
    if before_this:
        earlier = candidates.report(settings, before_this["release_id"])
        body["changes"] = changes(body, earlier, before_this["published_at"].isoformat(timespec="seconds"))
        body["changes"]["withdrawn"] = earlier["candidate"] in candidates.withdrawn(settings)
    with progress.step("notes to read"):
        drawn = review.sample(frames["silver.notes"], candidate)
        cleaned = body["text"]["notes"].get("deidentified", 0)
        body["review"] = review.write(settings, candidate, drawn, cleaned, rows["gold.subjects"])
    report_hash = _write(settings, candidate, body, search)
    if body["verdict"] == "blocked":
        told = candidates.report_path(settings, candidate).with_suffix(".html")
        raise GateFailed("CL1121", f"candidate {candidate} is blocked: {'; '.join(blocked)}.", f"Read {told}.")
    extra = {"candidate": candidate, "report_hash": report_hash, "verdict": body["verdict"]}
    result = StageResult("assess", run_id, counts, held, {"release": gate}, extra=extra)
    ledger.record(settings, result, digest, started, policy=rules.name, policy_hash=rules.hash, key_id=key.id)
    return result


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
    rules: Policy,
    key_id: str,
    stamps: Stamps,
    swept: sweep.SweepResult,
    risk: Mapping[str, Any],
    results: Mapping[str, StageResult],
    agreed: Mapping[str, Any] | None,
) -> dict[str, DataFrame]:
    """The frames that ``expectations/release.json`` names."""
    verdicts = {suite: results[stage].gates.get(suite, "missing") for suite, stage in evidence.SUITES.items()}
    first = risk["models"][0]
    control = "found" if swept.control and all(swept.control.values()) else "missed"
    rows: dict[str, list[tuple[Any, ...]]] = {
        "sweep": [(swept.total, swept.files, swept.known, control)],
        "gates": list(verdicts.items()),
        "stages": [(stage, result.counts.lost) for stage, result in results.items()],
        "policy": [(len(stamps | {(rules.hash, key_id)}),)],
        "risk": [(first["smallest_class"], first["highest"])],
        "terms": [("yes" if agreed else "no",)],
    }
    return {name: spark.createDataFrame(rows[name], ddl) for name, ddl in _FRAMES.items()}


def _body(
    settings: Settings,
    rules: Policy,
    frames: Mapping[str, DataFrame],
    swept: sweep.SweepResult,
    risk: Mapping[str, Any],
    results: Mapping[str, StageResult],
    run_id: str,
    blocked: list[str],
) -> dict[str, Any]:
    notes = frames["silver.notes"]
    statuses = {r["status"]: r["count"] for r in notes.groupBy("status").count().collect()}
    typed = notes.selectExpr("explode(spans.type) AS type").groupBy("type").count().collect()
    spans = {r["type"]: r["count"] for r in typed}
    elements = evidence.elements(settings, results["deidentify"].run_id)
    runs = [*((suite, results[stage].run_id) for suite, stage in evidence.SUITES.items()), ("release", run_id)]
    judged = evidence.gate_rows(settings, runs)
    verdict, reason = evidence.verdict(blocked, judged)
    told = swept.to_json()
    return {
        "verdict": verdict,
        "reason": reason,
        "sweep": told,
        "risk": dict(risk),
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
