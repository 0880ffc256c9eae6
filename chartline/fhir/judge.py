"""One record in, one row out: a resource, a tombstone, a quarantined record or a filtered one; never nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from chartline.fhir import definitions, records, references, versions
from chartline.fhir.accept import Refused, accepted, parsed
from chartline.fhir.records import Record
from chartline.files.manifests import instant
from chartline.keys import Key
from chartline.lake import quarantine

# Columns of a staged row: those of bronze and of the quarantine, ``kind`` that says which of them count (resource,
# quarantine, filtered, unit), ``part`` (place inside a line) and ``n`` (records found in a unit).
STAGED = {
    "kind": "string",
    "n": "long",
    "source_file": "string",
    "source_line": "long",
    "part": "int",
    "resource_type": "string",
    "resource_id": "string",
    "version_id": "string",
    "last_updated": "timestamp",
    "patient_id": "string",
    "raw": "string",
    "links": "array<struct<reference:string,target:string>>",
    "deleted": "boolean",
    "row_hash": "string",
    "reason": "string",
    "rule": "string",
    "quarantine_id": "string",
    "payload": "binary",
    "key_id": "string",
}

Row = dict[str, Any]


@dataclass(frozen=True)
class Origin:
    """Where records come from.

    Attributes:
        digest: of the landed file.
        type: resource type that the file's manifest promises, None when it does not.
        exported_at: server time of the export, the time of deletions and resources that have none of their own.
        key: project key, for the payload of what is set aside.
        project: project name.
    """

    digest: str
    type: str | None
    exported_at: datetime | None
    key: Key
    project: str


def rows(found: Iterable[Record], origin: Origin) -> Iterator[Row]:
    """The rows of a file's records; a bundle in which one resource is of a foreign FHIR version is refused whole."""
    for bundle, group in groupby(found, key=lambda r: r.bundle):
        if not bundle:
            yield from (_row(record, origin) for record in group)
            continue
        members = [(record, _row(record, origin)) for record in group]
        foreign = next((row["rule"] for _, row in members if row["reason"] == versions.FOREIGN), None)
        for record, row in members:
            refused = foreign is not None and row["kind"] != "filtered"
            yield _set_aside(record, origin, Refused(versions.FOREIGN, str(foreign))) if refused else row


def _row(record: Record, origin: Origin) -> Row:
    base = {"source_file": origin.digest, "source_line": record.line, "part": record.part, "reason": None}
    if record.filtered:
        return base | {"kind": "filtered", "reason": record.filtered}
    try:
        if record.fault:
            raise Refused(record.fault, record.rule)
        if record.deletion:
            return base | _tombstone(record.deletion, origin)
        tree = parsed(record.raw)
        if tree.get("resourceType") == "OperationOutcome":
            return base | {"kind": "filtered", "reason": "operation_outcome"}
        return base | _resource(record, tree, origin)
    except Refused as refused:
        return _set_aside(record, origin, refused)


def _set_aside(record: Record, origin: Origin, refused: Refused) -> Row:
    note = quarantine.Record(
        "parse",
        refused.reason,
        refused.rule,
        origin.digest,
        record.line,
        records.kind_of(record.raw, definitions.resource_types()),
        record.part,
        record.raw or None,
    )
    sealed = quarantine.row(note, None, "", origin.key, origin.project)
    return {"kind": "quarantine", "part": record.part, **sealed}


def _resource(record: Record, tree: dict[str, Any], origin: Origin) -> Row:
    kind, identity, row_hash, found = accepted(record, tree, origin.type)
    links = references.links(found, tree, record.index)
    meta = tree.get("meta", {})
    return {
        "kind": "resource",
        "resource_type": kind,
        "resource_id": identity,
        "version_id": meta.get("versionId"),
        "last_updated": instant(meta.get("lastUpdated")) or origin.exported_at,
        "patient_id": references.patient_of(tree, identity, dict(links)),
        "raw": record.raw.decode("utf-8"),
        "links": [{"reference": r, "target": t} for r, t in links],
        "deleted": False,
        "row_hash": row_hash,
    }


def _tombstone(deletion: records.Deletion, origin: Origin) -> Row:
    if deletion.target is None:
        raise Refused("conditional_delete" if "?" in deletion.url else "malformed_delete", "Bundle.entry.request.url")
    when = instant(deletion.last_modified) or origin.exported_at
    kind, identity = deletion.target
    facts = f"DELETE {kind}/{identity} {when.isoformat() if when else ''} {deletion.version or ''}"
    return {
        "kind": "resource",
        "resource_type": kind,
        "resource_id": identity,
        "version_id": deletion.version,
        "last_updated": when,
        "patient_id": identity if kind == "Patient" else None,
        "links": [],
        "deleted": True,
        "row_hash": records.digest(facts.encode()),
    }
