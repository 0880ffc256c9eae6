"""A hand-made gold layer with its candidate, so that publishing is tested without the stages before it."""

import json
from datetime import UTC, datetime, timedelta

from chartline.lake import ledger, tables
from chartline.release import candidates, card
from chartline.release.decide import decide
from chartline.stage import Counts, StageResult

ID = "0123456789abcdef"
GOLD = ("gold.events", "gold.subjects", "gold.encounters", "gold.codes", "gold.completeness")
START = datetime(2020, 3, 1, 8, tzinfo=UTC)


def event(subject, number, code, *, day=None, precision="second", **more):
    at = None if day is None else START + timedelta(days=day)
    row = {"subject_id": subject, "event_id": f"{subject:04d}-{number:04d}", "code": code, "time": at}
    row |= {"available_time": at, "time_precision": precision, "days": None if day is None else float(day)}
    return row | {"source_type": "Observation", "source_id": pseudonym(subject), "run_id": "r", **more}


def pseudonym(subject):
    """The pseudonym of the Patient resource that gives this subject id."""
    return f"{subject << 1:016x}{'0' * 16}"


def patient(subject):
    """Ten rows: a static one, seven to keep, of which two at the same time, one copy and one without a known time."""
    kept = [event(subject, i, "LOINC//718-7", day=9 - i, numeric_value=float(i), unit="g/dL") for i in range(1, 6)]
    return [
        event(subject, 0, "GENDER//F", precision="static", source_type="Patient"),
        *kept,
        event(subject, 6, "LOINC//2160-0", day=8, text_value="trace"),
        event(subject, 7, "MEDS_BIRTH", day=-9000, source_type="Patient"),
        {**kept[0], "event_id": f"{subject:04d}-0008"},
        event(subject, 9, "SNOMED//1", precision="unknown", source_type="Condition"),
    ]


def make(lake, rows=None):
    """Write gold and an assessed candidate over it."""
    rows = [r for s in range(1, 41) for r in patient(s)] if rows is None else rows
    tables.append(lake, "gold.events", rows)
    tables.append(lake, "gold.subjects", [{"subject_id": s} for s in sorted({r["subject_id"] for r in rows})])
    tables.append(lake, "gold.encounters", [{"encounter_id": "e1", "subject_id": rows[0]["subject_id"]}])
    tables.append(lake, "gold.completeness", [{"source": "files", "resource_type": "Observation", "subjects": 40}])
    codes = sorted({r["code"] for r in rows})
    tables.append(lake, "gold.codes", [{"code": c, "description": "a code", "parent_codes": []} for c in codes])
    report(lake)
    return lake


def report(lake, candidate=ID, **more):
    folder = candidates.folder(lake) / candidate
    folder.mkdir(parents=True, exist_ok=True)
    body = {
        "candidate": candidate,
        "created_at": "2026-01-01",
        "verdict": "releasable",
        "policy": "p",
        "policy_hash": "h",
    }
    body |= {"contents": [], "texts": None, "reason": ""}
    body |= {"tables": {name: tables.version(lake, name) for name in GOLD}, **more}
    body |= {"digests": {name: tables.digest(lake, name, version) for name, version in body["tables"].items()}}
    (folder / "report.json").write_text(json.dumps(body))
    (folder / "report.html").write_text("<html></html>")


def approve(lake, candidate=ID, *, yes=True):
    return decide(lake, candidate, approve=yes, by="A. Officer", reason="as agreed", channel="cli")


def release(lake, candidate=ID, at=START):
    """A release of an assessed candidate as publishing leaves it, written without Spark; publishing is tested apart."""
    decision = approve(lake, candidate)
    versions = {}
    for name in candidates.NAMES:
        rows = [{**row, "release_id": candidate} for row in tables.read(lake, f"gold.{name}").to_pylist()]
        versions[f"curated.{name}"] = tables.overwrite(lake, f"curated.{name}", rows, {"release_id": candidate})
    folder = lake.zone("curated") / "releases" / candidate
    (folder / "data").mkdir(parents=True)
    (folder / "DATA_CARD.md").write_text("a card")
    (folder / "data" / "0.parquet").write_bytes(b"rows")
    for name in ("report.json", "report.html"):
        (folder / name).write_bytes((candidates.folder(lake) / candidate / name).read_bytes())
    row = {"release_id": candidate, "decision_id": decision["decision_id"], "report_hash": decision["report_hash"]}
    row |= {"published_at": at, "tables": versions, "source_tables": candidates.report(lake, candidate)["tables"]}
    row |= {"digests": {name: tables.digest(lake, name, version) for name, version in versions.items()}}
    tables.append(lake, "curated.releases", [row | {"files": card.file_facts(folder)}])
    told = {"release_id": candidate, "record_hash": candidates.record_hash(lake, candidate)}
    ledger.record(lake, StageResult("publish", "run-1", Counts(1, 1), versions, extra=told), "digest", at)
    return lake
