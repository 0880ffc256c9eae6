"""Publishing: only on a recorded approval of this very report and these very table versions."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import meds
import pyarrow.parquet as pq

from chartline import progress
from chartline.audit.report import html
from chartline.errors import DataError
from chartline.lake import chain, gone, ledger, tables
from chartline.lake import spark as lake
from chartline.release import candidates, card, contents, meds_check, meds_files
from chartline.settings import Settings
from chartline.stage import Counts, StageResult

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


def require_approval(settings: Settings, candidate: str) -> tuple[dict[str, Any], bytes]:
    """The approval of a candidate, after everything it is bound to was recomputed, and the bytes that were approved.

    The report is read once: what is hashed here is what is published.

    Raises:
        DataError: CL1140 the chain of decisions is broken, CL1141 no decision, CL1142 rejected, CL1143 the report is
            not the one that was approved, CL1144 the table versions are not, CL1145 the report blocks the release,
            CL1147 its terms have run out, CL1148 somebody was erased since it was assessed, CL1133 it was published
            and withdrawn, CL1152 the files of its tables are not those that were assessed.
    """
    broken = chain.first_break(settings, "audit.decisions")
    if broken is not None:
        raise DataError("CL1140", f"the chain of decisions breaks at row {broken}.", "Run 'chartline verify'.")
    found = candidates.decision(settings, candidate)
    if found is None:
        raise DataError("CL1141", "there is no decision on this candidate.", "Record one: chartline release decide.")
    if found["decision"] != "approved":
        raise DataError("CL1142", "the candidate was rejected.", "Mend what the officer named and run again.")
    approved = candidates.report_path(settings, candidate).read_bytes()
    if found["report_hash"] != hashlib.sha256(approved).hexdigest():
        raise DataError("CL1143", "the report is not the one that was approved.", "Assess and decide anew.")
    body = json.loads(approved)
    if dict(found["tables"]) != dict(body["tables"]):
        raise DataError("CL1144", "the approval covers other table versions.", "Assess and decide anew.")
    without = gone.floors(settings)
    if any(version < without.get(name, 0) for name, version in body["tables"].items()):
        raise DataError("CL1148", "somebody was erased since the assessment.", "Assess and decide anew.")
    told = body.get("digests", {})  # a report of an earlier version tells none
    altered = [n for n, digest in told.items() if digest != tables.digest(settings, n, body["tables"][n])]
    if altered:
        raise DataError(
            "CL1152", f"data files of {altered[0]} were altered since the assessment.", "Run 'chartline verify'."
        )
    if candidate in candidates.withdrawn(settings):
        raise DataError("CL1133", "the release was withdrawn.", "Run 'chartline assess' and decide anew.")
    if body["verdict"] == "blocked":
        raise DataError("CL1145", "the report blocks this release.", "Mend what it names and run again.")
    by = (body.get("terms") or {}).get("reassess_by")
    if by and datetime.now(UTC).date().isoformat() > by:
        raise DataError("CL1147", "the terms of this release have run out.", "Renew the terms, assess and decide anew.")
    return found, approved


def publish(spark: SparkSession, settings: Settings, candidate: str, *, run_id: str) -> StageResult:
    """Write the curated tables, the MEDS dataset, card and metadata of an approved candidate.

    The folder takes its name when the tables are written, and the row in ``curated.releases`` comes last and makes it
    a release. A run that dies before is run again; a table that it wrote is not written twice.

    Raises:
        DataError: the approval does not hold (see ``require_approval``), CL1125 a table is of an earlier version of
            Chartline, CL1146 the dataset has a fault, or CL1149 its key is retired.
    """
    started = datetime.now(UTC)
    decision, approved = require_approval(settings, candidate)
    body = json.loads(approved)
    digest = ledger.input_digest("publish", candidate=candidate, report=decision["report_hash"])
    if candidate in candidates.published(settings):
        return _published_before(settings, candidate, run_id, digest, started)
    key_id = body.get("identity", {}).get("key_id")
    if None not in (key_id, lakes := ledger.key_id(settings)) and lakes != key_id:
        raise DataError(
            "CL1149", "the candidate was made with a key that the lake has retired.", "Run all stages anew."
        )
    ids = {"run_id": run_id, "key_id": str(key_id)}
    frames = {n: lake.read(spark, settings, f"gold.{n}", body["tables"][f"gold.{n}"]) for n in candidates.NAMES}
    tables.require_columns({f"gold.{name}": frame.columns for name, frame in frames.items()})
    folder = settings.zone("curated") / "releases" / candidate
    part = folder.with_name(f".{candidate}.part")
    with progress.step("writing the MEDS dataset"):
        _files(settings, frames, part, decision, approved)
    versions = {f"curated.{n}": _curated(settings, n, frame, candidate, ids) for n, frame in frames.items()}
    shutil.rmtree(folder, ignore_errors=True)  # of a run that died before its row
    part.rename(folder)
    rows = frames["events"].count()
    released = {
        "release_id": candidate,
        "published_at": started,
        "policy": body["policy"],
        "policy_hash": body["policy_hash"],
        "report_hash": decision["report_hash"],
        "decision_id": decision["decision_id"],
        "tables": versions,
        "source_tables": dict(body["tables"]),
        "files": card.file_facts(folder),
        "digests": {name: tables.digest(settings, name, version) for name, version in versions.items()},
    }
    versions["curated.releases"] = tables.append(settings, "curated.releases", [released], {"run_id": run_id})
    extra = _extra(settings, candidate, decision["decision_id"])
    result = StageResult("publish", run_id, Counts(rows, rows), versions, {}, False, extra)
    ledger.record(settings, result, digest, started, policy=body["policy"], policy_hash=body["policy_hash"])
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
    extra = _extra(settings, candidate, row["decision_id"])
    result = StageResult("publish", run_id, Counts(events, events), versions, {}, True, extra)
    ledger.record(settings, result, digest, started, policy=row["policy"], policy_hash=row["policy_hash"])
    return result


def _extra(settings: Settings, candidate: str, decision: str) -> dict[str, Any]:
    """What the ledger keeps of a release; the hash of its row binds the row to the chain of runs."""
    folder = settings.zone("curated") / "releases" / candidate
    record = candidates.record_hash(settings, candidate)
    return {"release_id": candidate, "folder": str(folder), "decision_id": decision, "record_hash": record}


def _curated(settings: Settings, name: str, frame: DataFrame, candidate: str, ids: Mapping[str, str]) -> int:
    """Write one curated table unless its newest version is this release's, left by a run that died; its version."""
    from pyspark.sql import functions as f

    before = tables.last_commit(settings, f"curated.{name}")
    if before is not None and before[1].get("release_id") == candidate:
        return before[0]
    stamped = frame.withColumn("release_id", f.lit(candidate))
    if name == "events":
        stamped = stamped.repartitionByRange(4, "subject_id").sortWithinPartitions(
            "subject_id", "time", "code", "event_id"
        )
    return lake.write(stamped, settings, f"curated.{name}", "overwrite", {**ids, "release_id": candidate})


def _files(
    settings: Settings, frames: dict[str, DataFrame], part: Path, decision: dict[str, Any], approved: bytes
) -> None:
    """Write the release folder under a temporary name and check it; the same candidate and decision, the same bytes."""
    body = json.loads(approved)
    candidate, decided = body["candidate"], decision["decided_at"].isoformat(timespec="seconds")
    shutil.rmtree(part, ignore_errors=True)
    written = meds_files.write(
        frames["events"],
        frames["codes"],
        part,
        {
            "dataset_name": f"chartline-{settings.project}",
            "dataset_version": candidate,
            "license": "by agreement with the contributing hospital",
            "created_at": decided,
        },
        settings.held_out_from,
    )
    found = meds_check.faults(part)
    if found:
        raise DataError("CL1146", f"the MEDS dataset has {len(found)} faults: {found[0]}.", "Nothing was published.")
    codes = pq.read_table(part / meds.code_metadata_filepath, columns=["description"])
    facts = {
        "release_id": candidate,
        "approved_at": decided,
        "policy": body["policy"],
        "policy_hash": body["policy_hash"],
        "decision_id": decision["decision_id"],
        "report_hash": decision["report_hash"],
        "kinds": body["contents"],
        "texts": body["texts"],
        "years": [] if written.relative else contents.years(frames["events"]),
        "missing": contents.missing(frames["events"]),
        "codes": codes.num_rows,
        "described": codes.num_rows - codes["description"].null_count,
        "held_out_from": settings.held_out_from,
        "terms": body.get("terms"),
        **vars(written),
    }
    (part / "DATA_CARD.md").write_text(card.data_card(facts), encoding="utf-8")
    (part / "report.json").write_bytes(approved)
    (part / "report.html").write_text(html(body, decision["report_hash"]), encoding="utf-8")
    kept = {k: str(v) for k, v in decision.items() if k not in ("tables", "seq")}
    (part / "decision.json").write_text(json.dumps(kept, indent=2, sort_keys=True), encoding="utf-8")
    (part / "croissant.json").write_text(card.croissant(facts, card.file_facts(part)), encoding="utf-8")
