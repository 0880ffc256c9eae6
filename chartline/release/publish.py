"""Publishing: only on a recorded approval of this very report and these very table versions."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import meds

from chartline import progress
from chartline.errors import DataError
from chartline.lake import chain, ledger, tables
from chartline.lake import spark as lake
from chartline.release import candidates, card, meds_check, meds_files
from chartline.risk import cells
from chartline.settings import Settings
from chartline.stage import Counts, StageResult

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

NAMES = ("events", "subjects", "encounters", "codes")


def require_approval(settings: Settings, candidate: str) -> dict[str, Any]:
    """The approval of a candidate, after everything it is bound to was recomputed.

    Raises:
        DataError: CL1140 the chain of decisions is broken, CL1141 no decision, CL1142 rejected, CL1143 the report is
            not the one that was approved, CL1144 the table versions are not, CL1145 the report blocks the release.
    """
    broken = chain.first_break(settings, "audit.decisions")
    if broken is not None:
        raise DataError("CL1140", f"the chain of decisions breaks at row {broken}.", "Run 'chartline verify'.")
    found = candidates.decision(settings, candidate)
    if found is None:
        raise DataError("CL1141", "there is no decision on this candidate.", "Record one: chartline release decide.")
    if found["decision"] != "approved":
        raise DataError("CL1142", "the candidate was rejected.", "Mend what the officer named and run again.")
    if found["report_hash"] != candidates.report_hash(settings, candidate):
        raise DataError("CL1143", "the report is not the one that was approved.", "Assess and decide anew.")
    body = candidates.report(settings, candidate)
    if dict(found["tables"]) != dict(body["tables"]):
        raise DataError("CL1144", "the approval covers other table versions.", "Assess and decide anew.")
    if body["verdict"] == "blocked":
        raise DataError("CL1145", "the report blocks this release.", "Mend what it names and run again.")
    return found


def publish(spark: SparkSession, settings: Settings, candidate: str, *, run_id: str) -> StageResult:
    """Write the curated tables, the MEDS dataset, card and metadata of an approved candidate.

    The row in ``curated.releases`` comes last and makes it a release: a run that dies before is run again.

    Raises:
        DataError: the approval does not hold (see ``require_approval``), or CL1146 the dataset has a fault.
    """
    started = datetime.now(UTC)
    decision = require_approval(settings, candidate)
    body = candidates.report(settings, candidate)
    digest = ledger.input_digest("publish", candidate=candidate, report=decision["report_hash"])
    if candidate in candidates.published(settings):
        return _published_before(settings, candidate, run_id, digest, started)
    frames = {n: lake.read(spark, settings, f"gold.{n}", body["tables"][f"gold.{n}"]) for n in NAMES}
    with progress.step("writing the MEDS dataset"):
        folder = settings.zone("curated") / "releases" / candidate
        facts = _files(settings, frames, folder, decision, body)
    versions = {}
    for name, frame in frames.items():
        versions[f"curated.{name}"] = _curated(settings, name, frame, candidate, run_id)
    rows = frames["events"].count()
    released = {
        "release_id": candidate,
        "published_at": started,
        "policy": facts["policy"],
        "policy_hash": facts["policy_hash"],
        "report_hash": decision["report_hash"],
        "decision_id": decision["decision_id"],
        "tables": versions,
        "source_tables": dict(body["tables"]),
        "files": card.file_facts(folder),
    }
    versions["curated.releases"] = tables.append(settings, "curated.releases", [released], {"run_id": run_id})
    extra = {"release_id": candidate, "folder": str(folder), "decision_id": decision["decision_id"]}
    result = StageResult("publish", run_id, Counts(rows, rows), versions, {}, False, extra)
    ledger.record(settings, result, digest, started, policy=facts["policy"], policy_hash=facts["policy_hash"])
    return result


def _published_before(settings: Settings, candidate: str, run_id: str, digest: str, started: datetime) -> StageResult:
    """The result of a release that is out; a run that died before its ledger row gets the row now."""
    done = (r for r in reversed(ledger.finished(settings, "publish")) if r.extra["release_id"] == candidate)
    before = next(done, None)
    if before is not None:
        return StageResult("publish", before.run_id, before.counts, before.tables, before.gates, True, before.extra)
    rows = tables.read(settings, "curated.releases").to_pylist()
    row = next(r for r in rows if r["release_id"] == candidate)
    versions = dict(row["tables"])
    events = tables.read(settings, "curated.events", versions["curated.events"], ["event_id"]).num_rows
    folder = settings.zone("curated") / "releases" / candidate
    extra = {"release_id": candidate, "folder": str(folder), "decision_id": row["decision_id"]}
    result = StageResult("publish", run_id, Counts(events, events), versions, {}, True, extra)
    ledger.record(settings, result, digest, started, policy=row["policy"], policy_hash=row["policy_hash"])
    return result


def _curated(settings: Settings, name: str, frame: Any, candidate: str, run_id: str) -> int:
    from pyspark.sql import functions as f

    stamped = frame.withColumn("release_id", f.lit(candidate))
    if name == "events":
        stamped = stamped.repartitionByRange(4, "subject_id").sortWithinPartitions(
            "subject_id", "time", "code", "event_id"
        )
    return lake.write(stamped, settings, f"curated.{name}", "overwrite", {"run_id": run_id, "release_id": candidate})


def _files(
    settings: Settings, frames: dict[str, Any], folder: Path, decision: dict[str, Any], body: dict[str, Any]
) -> dict[str, Any]:
    """Write the release folder under a temporary name, check it, and move it to its place; return its facts."""
    from pyspark.sql import functions as f

    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    published = datetime.now(UTC).isoformat(timespec="seconds")
    written = meds_files.write(
        frames["events"],
        frames["codes"],
        part,
        {
            "dataset_name": f"chartline-{settings.project}",
            "dataset_version": folder.name,
            "license": "by agreement with the contributing hospital",
            "created_at": published,
        },
    )
    faults = meds_check.problems(part)
    if faults:
        raise DataError("CL1146", f"the MEDS dataset has {len(faults)} faults: {faults[0]}.", "Nothing was published.")
    codes = frames["codes"].agg(f.count("*").alias("n"), f.count("description").alias("d")).first()
    facts = {
        "release_id": folder.name,
        "published_at": published,
        "policy": body["policy"],
        "policy_hash": body["policy_hash"],
        "decision_id": decision["decision_id"],
        "report_hash": decision["report_hash"],
        "splits": _split_sizes(part),
        "kinds": _kinds(frames["events"]),
        "years": [] if written.relative else _years(frames["events"]),
        "missing": _missing(frames["events"]),
        "codes": codes["n"],
        "described": codes["d"],
        **vars(written),
    }
    (part / "DATA_CARD.md").write_text(card.data_card(facts), encoding="utf-8")
    source = candidates.report_path(settings, folder.name).parent
    for name in ("report.json", "report.html"):
        shutil.copyfile(source / name, part / name)
    kept = {k: str(v) for k, v in decision.items() if k not in ("tables", "seq")}
    (part / "decision.json").write_text(json.dumps(kept, indent=2, sort_keys=True), encoding="utf-8")
    (part / "croissant.json").write_text(card.croissant(facts, card.file_facts(part)), encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    part.rename(folder)
    return facts


def _kinds(events: DataFrame) -> list[tuple[str, int, int]]:
    """FHIR type, events and patients, the most events first."""
    from pyspark.sql import functions as f

    kinds = events.groupBy("source_type").agg(f.count("*").alias("n"), f.countDistinct("subject_id").alias("who"))
    return [(r["source_type"], r["n"], r["who"]) for r in kinds.orderBy(f.desc("n"), "source_type").collect()]


def _years(events: DataFrame) -> list[int]:
    """Years in which more than a small cell of patients have an event; births are ages and stay out."""
    from pyspark.sql import functions as f

    dated = events.where(f.col("time").isNotNull() & (f.col("code") != meds.birth_code))
    years = dated.groupBy(f.year("time").alias("year")).agg(f.countDistinct("subject_id").alias("who"))
    return [r["year"] for r in years.where(f.col("who") > cells.SMALL).orderBy("year").collect()]


def _missing(events: DataFrame) -> dict[str, float]:
    """Share of the events without a value, by column."""
    from pyspark.sql import functions as f

    names = ("time", "end_time", "available_time", "numeric_value", "unit", "text_value", "encounter_id")
    row = events.agg(*(f.avg(f.col(n).isNull().cast("double")).alias(n) for n in names)).first()
    return {n: float(row[n] or 0.0) for n in names} if row else {}


def _split_sizes(folder: Path) -> dict[str, int]:
    import pyarrow.parquet as pq

    names = pq.read_table(folder / "metadata" / "subject_splits.parquet")["split"].to_pylist()
    return {name: names.count(name) for name in sorted(set(names))}
