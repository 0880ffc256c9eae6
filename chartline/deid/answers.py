"""What asks and what answers: Observations and items of forms, taken apart and written again.

Values are the JSON that the walker made; what is changed is written anew, the rest keeps its bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import orjson

Holder = dict[str, bytes]
"""Members of an Observation, a component, an item or an answer, each as it is written."""
MEMORY = 20_000
"""Remembered concepts and questions; a hospital's vocabulary and forms in use are smaller."""
WITHHELD = orjson.dumps(
    {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": "masked"}]}
)
"""Why an Observation has no value (hl7.org/fhir/R4/valueset-data-absent-reason.html)."""

_members = msgspec.json.Decoder(dict[str, msgspec.Raw])
_items = msgspec.json.Decoder(list[msgspec.Raw])


def opened(value: Any) -> Holder:
    """The members of a value."""
    return {name: bytes(held) for name, held in _members.decode(value).items()}


def written(members: Mapping[str, bytes]) -> bytes:
    """A value of these members."""
    return b"{" + b",".join([orjson.dumps(name) + b":" + value for name, value in members.items()]) + b"}"


def said(concept: bytes) -> tuple[list[str], list[str]]:
    """The codes of a concept, and its words: its text, displays and codes."""
    told = orjson.loads(concept)
    codings = [c for c in told.get("coding", ()) if isinstance(c, dict)]
    codes = [c.get("code") for c in codings]
    words = [told.get("text"), *(c.get("display") for c in codings), *codes]
    return [c for c in codes if isinstance(c, str)], [w for w in words if isinstance(w, str) and w]


def each_observed(out: Holder, change: Callable[[Holder], object]) -> None:
    """Let a function change an Observation and each of its components, in place."""
    change(out)
    if "component" in out:
        out["component"] = _list_of(_each(out["component"], change))


def answered(item: bytes, asks: Callable[[str], object], change: Callable[[Holder], object]) -> bytes:
    """An item of a form, its answers changed in place by a function where its id or text asks; empty ones go."""
    given = opened(item)
    if "answer" not in given or not any(asks(orjson.loads(given[n])) for n in ("linkId", "text") if n in given):
        return item
    kept = [answer for answer in _each(given.pop("answer"), change) if answer]
    return written({**given, "answer": _list_of(kept)} if kept else given)


def _each(entries: bytes, change: Callable[[Holder], object]) -> list[Holder]:
    holders = [opened(entry) for entry in _items.decode(entries)]
    for holder in holders:
        change(holder)
    return holders


def _list_of(holders: list[Holder]) -> bytes:
    return b"[" + b",".join(map(written, holders)) + b"]"
