"""Whether a record is a resource that may be let in, and why not when it may not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

from chartline.fhir import records, references, validate, versions
from chartline.fhir.records import Record

MAX_DEPTH = 100  # objects and lists within each other; real questionnaires stay below 40
SAMPLE = 100  # one resource in this many, chosen by its hash, is also read by fhir.resources

_MEMBER = re.compile(rb'(?<!\\)"[ \t\r\n]*:')
_NOT_A_NUMBER = re.compile(rb"[:\[,\s](?:NaN|-?Infinity)\b")
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")
ID = re.compile(references.ID)


class Refused(Exception):
    """A record is set aside: reason code and rule."""

    def __init__(self, reason: str, rule: str = "json") -> None:
        super().__init__(reason)
        self.reason = reason
        self.rule = rule


class Accepted(NamedTuple):
    """A resource that may be let in: type, id, SHA-256 of its bytes, and what one walk over it found."""

    kind: str
    id: str
    row_hash: str
    found: references.Survey


def parsed(raw: bytes) -> dict[str, Any]:
    """A record's JSON object.

    Raises:
        Refused: not_utf8, nan, lone_surrogate, too_deep, not_json, not_an_object.
    """
    try:
        tree = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise Refused(_why_not_json(raw)) from None
    if not isinstance(tree, dict):
        raise Refused("not_an_object")
    return tree


def _why_not_json(raw: bytes) -> str:
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


def accepted(record: Record, tree: Mapping[str, Any], promised: str | None = None) -> Accepted:
    """A record's resource, judged.

    Args:
        record: the record.
        tree: what ``parsed`` gives of it.
        promised: the type that its file's manifest promises.

    Raises:
        Refused: it may not be let in.
    """
    found = references.survey(tree)
    if found.depth > MAX_DEPTH:
        raise Refused("too_deep")
    # As many members in the text as in the tree, or the exact and slower look decides.
    if len(_MEMBER.findall(record.raw)) != found.keys and records.has_doubled_key(record.raw):
        raise Refused("duplicate_key")
    foreign = versions.foreign(tree)
    if foreign:
        raise Refused(versions.FOREIGN, foreign[1])
    kind, identity = _identity(record, tree, promised)
    for issue in validate.issues(tree):
        raise Refused(issue.reason, issue.path)
    row_hash = records.digest(record.raw)
    if int(row_hash[:8], 16) % SAMPLE == 0:
        for issue in validate.confirm(tree):
            raise Refused(issue.reason, issue.path)
    return Accepted(kind, identity, row_hash, found)


def _identity(record: Record, tree: Mapping[str, Any], promised: str | None) -> tuple[str, str]:
    kind, identity = tree.get("resourceType"), tree.get("id")
    if not isinstance(kind, str):
        raise Refused("unknown_resource_type", "resourceType")
    if promised and kind != promised:
        raise Refused("type_mismatch", "manifest.output.type")
    if identity is None:
        identity = records.id_of(record.full_url)
    if identity is None:
        raise Refused("missing_id", "id")
    if not isinstance(identity, str) or not ID.fullmatch(identity):
        raise Refused("bad_id", "id")
    return kind, identity


def fault(record: Record) -> str:
    """The reason for which a record may not be let in; empty when it may."""
    try:
        accepted(record, parsed(record.raw))
    except Refused as refused:
        return refused.reason
    return ""
