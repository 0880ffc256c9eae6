"""One record in, one row out: a resource, a tombstone, a quarantined record or a filtered one; never nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

import orjson

from chartline.deid.keys import Key
from chartline.fhir import definitions, records, references, validate, versions
from chartline.fhir.records import Record
from chartline.ingest.manifests import instant
from chartline.lake import quarantine

MAX_DEPTH = 100  # objects and lists within each other; real questionnaires stay below 40
SAMPLE = 100  # one resource in this many, chosen by its hash, is also read by fhir.resources

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

_MEMBER = re.compile(rb'(?<!\\)"[ \t\r\n]*:')
_NOT_A_NUMBER = re.compile(rb"[:\[,\s](?:NaN|-?Infinity)\b")
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_DELETED = re.compile(r"(?:.*/)?([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})")

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


class Refused(Exception):
    """A record is set aside: reason code and rule."""

    def __init__(self, reason: str, rule: str = "json") -> None:
        super().__init__(reason)
        self.reason = reason
        self.rule = rule


def rows(found: Iterable[Record], origin: Origin) -> Iterator[Row]:
    """The rows of a file's records; a bundle in which one resource is of a foreign FHIR version is refused whole."""
    for bundle, group in groupby(found, key=lambda r: r.bundle):
        if not bundle:
            yield from (_row(record, origin) for record in group)
            continue
        members = [(record, _row(record, origin)) for record in group]
        foreign = next((row["rule"] for _, row in members if row["reason"] == "wrong_fhir_version"), None)
        for record, row in members:
            refused = foreign is not None and row["kind"] != "filtered"
            yield _set_aside(record, origin, Refused("wrong_fhir_version", str(foreign))) if refused else row


def _row(record: Record, origin: Origin) -> Row:
    base = {"source_file": origin.digest, "source_line": record.line, "part": record.part, "reason": None}
    if record.filtered:
        return base | {"kind": "filtered", "reason": record.filtered}
    try:
        if record.fault:
            raise Refused(record.fault)
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


def parsed(raw: bytes) -> dict[str, Any]:
    """A record's JSON object.

    Raises:
        Refused: not_utf8, nan, lone_surrogate, too_deep, not_json, not_an_object, duplicate_key.
    """
    try:
        tree = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise Refused(_why_not(raw)) from None
    if not isinstance(tree, dict):
        raise Refused("not_an_object")
    return tree


def _why_not(raw: bytes) -> str:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return "not_utf8"
    if _depth(raw) > MAX_DEPTH:
        return "too_deep"
    if _NOT_A_NUMBER.search(raw) and _loads(_NOT_A_NUMBER.sub(lambda m: m[0][:1] + b"0", raw)):
        return "nan"
    if _SURROGATE.search(raw) and _loads(_SURROGATE.sub(b"_", raw)):
        return "lone_surrogate"
    return "not_json"


def _depth(raw: bytes) -> int:
    depth = deepest = 0
    for byte in raw[: 1 << 20]:
        depth += (byte in b"{[") - (byte in b"}]")
        deepest = max(deepest, depth)
    return deepest


def _loads(text: bytes) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


def _resource(record: Record, tree: dict[str, Any], origin: Origin) -> Row:
    found = references.survey(tree)
    if found.depth > MAX_DEPTH:
        raise Refused("too_deep")
    # As many members in the text as in the tree, or the exact and slower look decides.
    if len(_MEMBER.findall(record.raw)) != found.keys and records.has_doubled_key(record.raw):
        raise Refused("duplicate_key")
    foreign = versions.foreign(tree)
    if foreign:
        raise Refused("wrong_fhir_version", foreign[1])
    kind, identity = _identity(record, tree, origin)
    for issue in validate.issues(tree):
        raise Refused(issue.reason, issue.path)
    row_hash = records.digest(record.raw)
    if int(row_hash[:8], 16) % SAMPLE == 0:
        for issue in validate.confirm(tree):
            raise Refused(issue.reason, issue.path)
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


def _identity(record: Record, tree: Mapping[str, Any], origin: Origin) -> tuple[str, str]:
    kind, identity = tree.get("resourceType"), tree.get("id")
    if not isinstance(kind, str):
        raise Refused("unknown_resource_type", "resourceType")
    if origin.type and kind != origin.type:
        raise Refused("type_mismatch", "manifest.output.type")
    if identity is None:
        identity = records.id_of(record.full_url)
    if identity is None:
        raise Refused("missing_id", "id")
    if not isinstance(identity, str) or not _ID.fullmatch(identity):
        raise Refused("bad_id", "id")
    return kind, identity


def _tombstone(deletion: records.Deletion, origin: Origin) -> Row:
    match = _DELETED.fullmatch(deletion.url)
    if not match:
        raise Refused("conditional_delete" if "?" in deletion.url else "malformed_delete", "Bundle.entry.request.url")
    when = instant(deletion.last_modified) or origin.exported_at
    kind, identity = match.groups()
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
