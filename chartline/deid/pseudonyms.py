"""Pseudonyms, and what of a reference has one."""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable
from typing import Any

from chartline.fhir import definitions, references

_LITERAL = re.compile(rf"(?:\S*/)?([A-Z][A-Za-z]+)/({references.ID})(?:/_history/\S+)?(?:#\S*)?")
_URN = re.compile(r"urn:(uuid|oid):(\S+)")
_DIGIT = re.compile(r"\d")


def pseudonym(key: bytes, kind: str, source_id: str) -> str:
    """The first 32 hexadecimal digits of HMAC-SHA-256 over ``Type/id``."""
    return hmac.digest(key, f"{kind}/{source_id}".encode(), "sha256").hex()[:32]


def keyed_code(key: bytes) -> Callable[[str, str], str]:
    """Pseudonyms under a key, remembered within a worker."""
    known: dict[tuple[str, str], str] = {}

    def code(kind: str, source_id: str) -> str:
        made = known.get((kind, source_id))
        if made is None:
            made = pseudonym(key, kind, source_id)
            if len(known) < 1_000_000:
                known[kind, source_id] = made
        return made

    return code


def subject_id(pseudonym: str) -> int:
    """The patient's int64 id: the first 63 bits of the patient's pseudonym."""
    return int(pseudonym[:16], 16) >> 1


def is_plain(resource_id: str) -> bool:
    """Whether an id has no digit, and so may also be just a word of a text."""
    return _DIGIT.search(resource_id) is None


def literal(reference: str) -> tuple[str, str] | None:
    """Type and id of a relative, absolute or versioned literal reference; None for any other form."""
    match = _LITERAL.fullmatch(reference)
    return (match[1], match[2]) if match and match[1] in definitions.resource_types() else None


def unresolved(reference: str) -> tuple[str, str] | None:
    """What a reference that resolves to nothing has a pseudonym of: a literal's type and id, or ``urn`` and name."""
    name = references.plain(reference)
    urn = _URN.fullmatch(name)
    return ("urn", urn[2]) if urn else literal(name)


def logical(kind: Any, identifier: Any) -> str | None:
    """A reference by identifier only, spelled as the conditional reference that means the same."""
    if not isinstance(identifier, dict) or not isinstance(identifier.get("value"), str):
        return None
    system = identifier.get("system")
    token = f"{system}|{identifier['value']}" if system else identifier["value"]
    return f"{kind if isinstance(kind, str) else ''}?identifier={token}"
