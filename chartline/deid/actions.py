"""Actions and steps that need no policy: checks, lists, numbers as they are written, reasons of absence."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import orjson

from chartline.deid import dates, forms, frames, phrases
from chartline.deid.walk import Action, Refused, Step, Walk
from chartline.fhir import validate

_loads, _dumps = orjson.loads, orjson.dumps
_MEASURE = re.compile(rb"-?(?:0|[1-9]\d{0,5})(?:\.\d{1,18})?")  # less than a number that may be somebody's
_DECIMAL = re.compile(rb"-?(?:0|[1-9]\d{0,17})(?:\.\d{1,18})?(?:[eE][+-]?\d\d?)?")  # longer: as a double
NO_WORD = re.compile(r"[^A-Za-z0-9]+|(?<=[a-z])(?=[A-Z])")
"""What stands between the words of an address."""


def _texts(value: Any) -> Iterator[str]:
    """Every text inside a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)


def from_base64(data: str) -> bytes | None:
    """The bytes that a base64Binary tells, blanks allowed (hl7.org/fhir/R4/datatypes.html#base64Binary), or None."""
    try:
        return base64.b64decode("".join(data.split()), validate=True)
    except (binascii.Error, ValueError):
        return None


def all_words(value: bytes) -> frozenset[str]:
    """The words of all texts inside a value."""
    return frozenset[str]().union(*map(_words, _texts(_loads(value))))


def _words(text: str) -> frozenset[str]:
    """The words of a text; of an address also those that only a capital tells apart, for it is judged by them."""
    return phrases.words(text) | phrases.words(NO_WORD.sub(" ", text)) if ":" in text else phrases.words(text)


def refuse_less_than_text(value: Any) -> None:
    """What stands alone where a list belongs is left behind; a resource with less than that is set aside."""
    if not isinstance(value, (str, dict)):
        raise TypeError


def each(action: Action) -> Action:
    """An action on each value of a list; what it makes nothing of is left out."""

    def of_all(value: Any, walk: Walk) -> list[Any] | None:
        if type(value) is not list:
            refuse_less_than_text(value)
            return None
        made = [m for v in value if v is not None and (m := action(v, walk)) is not None]
        return made or None

    return of_all


def checked_by(check: validate.Check, action: Action, path: str) -> Step:
    """An action as a step; what it made is told as a fault when it is not valid."""

    def step(value: bytes, walk: Walk) -> bytes | None:
        if walk.probe is not None and frames.holds_stand_in(value):
            raise frames.Opaque
        made = action(_loads(value), walk)
        if made is None:
            return None
        found: validate.Found = []
        check(made, found)
        if found:
            walk.faults.append(f"{path}.{found[0][0]}".rstrip("."))
        return _dumps(made)

    return step


def each_time(leaf: Step) -> Step:
    """A text is read anew for each resource of a frame, unless it only repeats what was judged without the patient."""

    def step(value: bytes, walk: Walk) -> bytes | None:
        if walk.probe is None:
            return leaf(value, walk)
        try:
            return leaf(value, walk)
        except frames.Opaque:
            return walk.probe.each_time(value, leaf)

    return step


def decimal(step: Step) -> Step:
    """A decimal as it is written: ``1.10`` is more precise than ``1.1`` (hl7.org/fhir/R4/datatypes.html#decimal)."""

    def written(value: bytes, walk: Walk) -> bytes | None:
        if walk.probe is not None and frames.holds_stand_in(value):
            walk.probe.treat(value)
        if _MEASURE.fullmatch(value):
            return value
        made = step(value, walk)
        return value if made is not None and _DECIMAL.fullmatch(value) else made

    return written


def as_it_is(value: Any, walk: Walk) -> Any:
    """A value that has no parts, as it stands."""
    return None if isinstance(value, (dict, list)) else value


def on_text(change: Callable[[str], str | None]) -> Action:
    """An action on a text that needs to know nothing else."""

    def step(value: Any, walk: Walk) -> Any:
        return change(value) if isinstance(value, str) else None

    return step


def dated(value: Any, walk: Walk) -> bool:
    """Whether a date may stay at all: with the latest date it must not tell an age over 89."""
    if not isinstance(value, str):
        return False
    found = dates.year(value)
    if found is None or int(found) < walk.patient.earliest_year:
        return False
    last = walk.patient.last_year
    return last is None or int(found) <= last


def tells_absence(extension: Mapping[str, Any]) -> bool:
    """Whether an extension gives a reason of the published list why a value is absent."""
    reason = extension.get("valueCode")
    return isinstance(reason, str) and reason in _ABSENT_CODES


def absent_reason_only(value: Any, walk: Walk) -> Any:
    """Of a primitive's extensions only the reason why it is absent stays."""
    if not isinstance(value, dict):
        return None
    kept = [
        {"url": forms.ABSENT, "valueCode": e["valueCode"]}
        for e in value.get("extension") or ()
        if isinstance(e, dict) and e.get("url") == forms.ABSENT and tells_absence(e)
    ]
    return {"extension": kept} if kept else None


_ABSENT_CODES = frozenset(
    {
        *("unknown", "asked-unknown", "temp-unknown", "not-asked", "asked-declined", "masked", "not-applicable"),
        *("unsupported", "as-text", "error", "not-a-number", "negative-infinity", "positive-infinity", "not-performed"),
        "not-permitted",
    }
)


def refuse_modifier(path: str) -> Step:
    """A step that lets no resource pass whose modifierExtension may turn what it says into the opposite.

    Raises:
        Refused: CL1100 whenever it is run.
    """

    def step(value: bytes, walk: Walk) -> bytes | None:
        raise Refused("unknown_modifier_extension", path)

    return step
