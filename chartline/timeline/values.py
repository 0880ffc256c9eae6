"""What an element of a resource says: its code, its number with the unit, its words."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Any

from chartline.timeline import rules, units

Row = dict[str, Any]
_WORD = 200
_LARGEST = 3.4e38  # of the 32 bits that MEDS gives a number


def at(resource: Any, path: str) -> Any:
    """The value at a dotted path, the values of all entries of a list; a number is a place in one; None for nothing."""
    if "." not in path:
        return resource.get(path) if type(resource) is dict else None
    for i, (step, place) in enumerate(_steps(path)):
        if type(resource) is dict:
            resource = resource.get(step)
        elif type(resource) is not list:
            return None
        elif place is None:
            rest = path.split(".", i)[i]
            return [value for entry in resource if (value := at(entry, rest)) is not None] or None
        else:
            resource = resource[place] if place < len(resource) else None
    return resource


@cache
def _steps(path: str) -> tuple[tuple[str, int | None], ...]:
    return tuple((s, int(s) if s.isdigit() else None) for s in path.split("."))


@lru_cache(maxsize=4096)
def system_name(system: str) -> str:
    """The short name of a code system: from the table, else the last part of its address in upper case."""
    named = rules.table().systems.get(system)
    if named:
        return named
    tail = system.rstrip("/").rsplit("/", 1)[-1].rsplit(":", 1)[-1]
    return as_word(tail).upper() or "UNKNOWN"


@lru_cache(maxsize=1 << 16)
def as_word(text: object) -> str:
    """A text as part of a code: blanks and line ends become one blank, and no more than fits."""
    return " ".join(str(text).split())[:_WORD]


@dataclass(frozen=True)
class Coded:
    """What a concept is called.

    Attributes:
        code: ``SYSTEM//CODE``.
        display: its display.
        parents: its other codings, None where there is one.
        flag: ``code_without_system`` where no system names the code's.
    """

    code: str
    display: str | None
    parents: list[str] | None = None
    flag: str | None = None


def coded(concept: Any) -> Coded | None:
    """The code of a CodeableConcept or Coding.

    Among several codings the one whose system comes first in the table's order of preference, else the first with a
    system and a code; its text is the display of one without. A concept without a code gives its text, or a coding's
    display, under ``TEXT``.
    """
    if type(concept) is not dict:
        return None
    codings = concept.get("coding") if "coding" in concept else [concept]
    found = _chosen(tuple(_coding(c) for c in codings or () if type(c) is dict))
    if found:
        said = None if found.display else concept.get("text")
        return replace(found, display=as_word(said)) if isinstance(said, str) and as_word(said) else found
    shown = (c.get("display") for c in codings or () if type(c) is dict)
    text = concept.get("text") or next(filter(None, shown), "")
    return Coded(f"TEXT//{as_word(text)}", str(text)) if as_word(text) else None


_NAMELESS = 1 << 20
_Coding = tuple[str | None, str | None, str | None]


def _coding(coding: Mapping[str, Any]) -> _Coding:
    return coding.get("system"), coding.get("code"), coding.get("display")


@lru_cache(maxsize=1 << 16)
def _chosen(codings: tuple[_Coding, ...]) -> Coded | None:
    """The code among codings, each system, code and display; the same few thousand make up most of a record."""
    found = [_named(*c) for c in codings if as_word(c[1] or "")]
    if not found:
        return None
    rank, code, display = min(found, key=lambda f: f[0])
    others = sorted({f[1] for f in found} - {code})
    return Coded(code, display, others or None, "code_without_system" if rank == _NAMELESS else None)


def _named(system: str | None, code: str | None, display: str | None) -> tuple[int, str, str | None]:
    word = as_word(code)
    if not system:
        return _NAMELESS, f"UNKNOWN//{word}", display
    name = system_name(system)
    return _rank(name), f"{name}//{word}", display


@cache
def _rank(name: str) -> int:
    prefer = rules.table().prefer
    return prefer.index(name) if name in prefer else len(prefer)


def code_of(concept: Any) -> tuple[str, str | None] | None:
    """``SYSTEM//CODE`` and display of a CodeableConcept or Coding: see ``coded``."""
    found = coded(concept)
    return (found.code, found.display) if found else None


def status_of(resource: Mapping[str, Any], path: str) -> str | None:
    """The status that an element tells: a code, a concept's code, or whether it is so."""
    value = resource.get(path)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return next((c.get("code") for c in value.get("coding") or () if isinstance(c, dict)), None)
    return value if isinstance(value, str) else None


def quantity(value: Any, code: str | None = None) -> Row:
    """numeric_value, unit (UCUM), source_unit and text_value of a Quantity or number.

    The text has the comparator (``<0.1``), and a number that 32 bits cannot hold.

    Args:
        value: the Quantity.
        code: what was measured, for units that convert by substance.
    """
    if is_number(value):
        return _number(value)
    if type(value) is not dict or not is_number(value.get("value")):
        return {}
    # A code of another system than UCUM, such as a concept of SNOMED CT, is no unit.
    names = ("code", "unit") if _is_unit(value.get("system")) else ("unit", "code")
    told = [u for u in map(value.get, names) if u and isinstance(u, str)]
    source = next((u for u in told if units.is_ucum(units.spelled(u))), told[0] if told else None)
    number, unit, flag = units.normalised(float(value["value"]), source, code)
    held = _number(number)
    sign = value.get("comparator")
    text = f"{sign}{_written(value['value'], number)}" if sign else held.get("text_value")
    return {**held, "unit": unit, "source_unit": source, "text_value": text, "flags": joined(flag, held.get("flags"))}


def _is_unit(system: Any) -> bool:
    return not isinstance(system, str) or system_name(system) == "UCUM"


def _written(delivered: float, number: float) -> str:
    """A number as delivered; one that was converted to another unit as converted."""
    return str(delivered) if number == delivered else f"{number:.6g}"


def is_number(value: Any) -> bool:
    """Whether a value is a number of JSON; true and false are none."""
    return type(value) in (int, float)


def _number(value: float) -> Row:
    if abs(value) > _LARGEST:
        return {"text_value": repr(value), "flags": "implausible"}
    return {"numeric_value": float(value)}


def concept_text(value: Any) -> str | None:
    """The code of a concept as a text, ``SYSTEM//CODE``."""
    found = code_of(value)
    return found[0] if found else None


def _range_text(value: Any) -> str | None:
    low, high = at(value, "low.value"), at(value, "high.value")
    if low is None and high is None:
        return None
    return f"{low if low is not None else ''}..{high if high is not None else ''}"


def _range(value: Any) -> Row:
    return {"text_value": _range_text(value)} | _unit_of(value, "low.code", "low.unit", "high.code", "high.unit")


def _ratio(value: Any) -> Row:
    """A titre such as ``<1:8``, or a rate such as ``500:2`` in ``mL/h``; where both have units it is a number too."""
    top, bottom = at(value, "numerator.value"), at(value, "denominator.value")
    if top is None or bottom is None:
        return {}
    over, under = (at(value, f"{part}.comparator") or "" for part in ("numerator", "denominator"))
    parts = [_unit_of(value, f"{part}.code", f"{part}.unit") for part in ("numerator", "denominator")]
    unit, source = (_per(*(part.get(name) for part in parts)) for name in ("unit", "source_unit"))
    told = {"text_value": f"{over}{top}:{under}{bottom}", "unit": unit, "source_unit": source}
    apart = all(parts) and parts[1]["unit"] != "1"
    if over or under or not (apart and is_number(top) and is_number(bottom) and bottom):
        return told
    made = quantity({"value": top / bottom, "unit": unit})
    return {**told, "numeric_value": made["numeric_value"], "unit": made["unit"], "flags": made["flags"]}


def _per(above: str | None, below: str | None) -> str | None:
    return above if below in (None, "1") else f"{above or '1'}/{below}"


def _series(value: Any) -> str | None:
    """The numbers of a SampledData after what makes them readable: ``origin=0 period=10 factor=2.5 dimensions=1: 1 2``.

    A number stands for origin + factor * number, in the unit; the next is told period milliseconds later.
    """
    data = at(value, "data")
    if not isinstance(data, str):
        return None
    scale = [f"{name}={at(value, path)}" for name, path in _SCALE.items() if is_number(at(value, path))]
    return f"{' '.join(scale)}: {data}" if scale else data


_SCALE = {"origin": "origin.value"} | {n: n for n in ("period", "factor", "lowerLimit", "upperLimit", "dimensions")}


def measure(value: Any) -> Row:
    """The value of a Quantity or number, or of a Range or Ratio where one of these stands in its place."""
    if type(value) is dict and "value" not in value:
        return _told_only(_ratio(value) if "numerator" in value else _range(value))
    return quantity(value)


def _told_only(row: Row) -> Row:
    return {k: v for k, v in row.items() if v is not None}


def _unit_of(value: Any, *places: str) -> Row:
    """The unit of a value that is told as text: spelled as that of a number is, but not converted."""
    found = next((u for u in (at(value, p) for p in places) if isinstance(u, str)), None)
    return {"unit": units.spelled(found), "source_unit": found} if found else {}


def _string(value: Any) -> Row:
    """A text; one that is nothing but a number, or a number with a comparator, is that number too."""
    told = _NUMERIC.fullmatch(value) if isinstance(value, str) else None
    return {"text_value": str(value)} | (_number(float(told[1])) if told else {})


_NUMERIC = re.compile(r"\s*(?:[<>]=?\s*)?([+-]?\d{1,12}(?:\.\d{1,12})?)\s*", re.ASCII)


def _texts(read: Callable[[Any], str | None]) -> Callable[[Any], Row]:
    return lambda value: {"text_value": read(value)}


_READ: Mapping[str, Callable[[Any], Row]] = {
    "valueCodeableConcept": _texts(concept_text),
    "valueCoding": _texts(concept_text),
    "valueString": _string,
    "valueInteger": quantity,
    "valueDecimal": quantity,
    "valueBoolean": _texts(lambda v: "true" if v else "false"),
    "valueDate": _texts(str),
    "valueDateTime": _texts(str),
    "valueTime": _texts(str),
    "valueUri": _texts(str),
    "valuePeriod": _texts(lambda v: f"{at(v, 'start') or ''}/{at(v, 'end') or ''}"),
    "valueRange": _range,
    "valueRatio": _ratio,
    "valueSampledData": lambda v: {"text_value": _series(v)} | _unit_of(v, "origin.code", "origin.unit"),
    "valueReference": _texts(lambda v: v.get("reference") if type(v) is dict else None),
    "valueAttachment": _texts(lambda v: v.get("contentType") if type(v) is dict else None),
}
"""What each type of ``value[x]`` tells; an attachment's content is a note of its resource."""


def value_of(item: Mapping[str, Any], code: str | None = None) -> Row:
    """numeric_value, unit, source_unit and text_value of an Observation, one of its components, or an answer.

    A value that holds nothing gives the reason why it is absent, as code.
    """
    told = stated(item, code)
    if told:
        return told
    absent = concept_text(item.get("dataAbsentReason")) or _absent(item)
    return {"text_value": absent} if absent else {}


def stated(item: Mapping[str, Any], code: str | None = None) -> Row:
    """The value that an item states, empty for none: see ``value_of``, which also tells why one is absent."""
    if "valueQuantity" in item:
        return quantity(item["valueQuantity"], code)
    name = next((n for n in item if n in _READ), None)
    return {} if name is None else _told_only(_READ[name](item[name]))


def _absent(item: Mapping[str, Any]) -> str | None:
    """Why a value is absent, as its own extension says."""
    values = [v for name, v in item.items() if name.startswith(("value", "_value"))]
    told = [e for v in values for place in ("extension", "_value.extension") for e in at(v, place) or ()]
    why = next((e.get("valueCode") for e in told if type(e) is dict and e.get("url") == _ABSENT), None)
    return f"ABSENT//{as_word(why)}" if isinstance(why, str) and as_word(why) else None


_ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"


def joined(one: str | None, other: str | None) -> str | None:
    """Two flags as one text, each once."""
    return f"{one} {other}" if one and other and one != other else one or other
