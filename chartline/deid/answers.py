"""What asks and what answers: Observations and items of forms, taken apart and written again.

What is asked is read in the source, for the words of a local code do not stay. Answers are the JSON that the walker
made; what is changed is written anew, the rest keeps its bytes.
"""

from __future__ import annotations

import re
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


def may_say(sign: re.Pattern[bytes], given: bytes) -> bool:
    """Whether JSON as it was given may hold a sign: a quick look, which an escaped letter must not deceive."""
    return b"\\u" in given or sign.search(given) is not None


def said(concept: bytes) -> tuple[list[str], list[str]]:
    """The codes of a concept, and its words: its text, displays and codes."""
    told = orjson.loads(concept)
    told = told if isinstance(told, dict) else {}
    given = told.get("coding")
    codings = [c for c in given if isinstance(c, dict)] if isinstance(given, list) else []
    codes = [c.get("code") for c in codings]
    words = [told.get("text"), *(c.get("display") for c in codings), *codes]
    return [c for c in codes if isinstance(c, str)], [w for w in words if isinstance(w, str) and w]


def each_observed(out: Holder, given: Mapping[str, Any], change: Callable[[Holder, bytes | None], object]) -> None:
    """Let a function change an Observation and each of its components, in place, by the concepts they came with."""
    change(out, bytes(given["code"]) if "code" in given else None)
    if "component" in out:
        holders = _opened_each(out["component"])
        for holder, source in zip(holders, _opened_each(bytes(given["component"])), strict=True):
            change(holder, source.get("code"))
        out["component"] = _list_of(holders)


def answered(item: bytes, given: bytes, asks: Callable[[str], object], change: Callable[[Holder], object]) -> bytes:
    """An item of a form, its answers changed in place by a function where its id or text asks; empty ones go.

    Args:
        item: what was made of it.
        given: the item in the source.
        asks: whether words ask.
        change: changes an answer.
    """
    made = opened(item)
    if "answer" not in made or not any(map(asks, words_of(opened(given)))):
        return item
    return written(_changed(made, change))


def answered_below(item: bytes, change: Callable[[Holder], object]) -> bytes:
    """An item of a form, all answers of it and of the items below it changed in place; empty ones go."""
    made = _changed(opened(item), change)
    if "item" in made:
        made["item"] = b"[" + b",".join([answered_below(below, change) for below in _items.decode(made["item"])]) + b"]"
    return written(made)


def words_of(item: Holder) -> list[str]:
    """The id and the text of an item of a form as it was given."""
    told = (orjson.loads(item[name]) for name in ("linkId", "text") if name in item)
    return [word for word in told if isinstance(word, str)]


def _changed(item: Holder, change: Callable[[Holder], object]) -> Holder:
    if "answer" not in item:
        return item
    answers = _opened_each(item["answer"])
    for answer in answers:
        change(answer)
    kept = [answer for answer in answers if answer]
    rest = {name: value for name, value in item.items() if name != "answer"}
    return {**rest, "answer": _list_of(kept)} if kept else rest


def _opened_each(entries: bytes) -> list[Holder]:
    """The members of each value of a list; what else may stand there has none."""
    return [opened(entry) for entry in map(bytes, _items.decode(entries)) if entry[:1] == b"{"]


def _list_of(holders: list[Holder]) -> bytes:
    return b"[" + b",".join(map(written, holders)) + b"]"
