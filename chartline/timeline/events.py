"""One de-identified resource to event rows, by the mapping table ``schemas/timeline.json``; pure functions.

A row has the columns of ``ROW``. What needs other resources (an encounter's end, a referenced medication's code, the
patient's first event) is left to Spark SQL.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property, lru_cache
from typing import Any

from chartline.errors import UsageError
from chartline.fhir import definitions
from chartline.settings import room
from chartline.timeline import times, units

ROW = {
    "kind": "string",
    "subject_id": "long",
    "time": "long",
    "end_time": "long",
    "available_time": "long",
    "time_precision": "string",
    "undated": "string",
    "billing": "boolean",
    "position": "double",
    "end_at": "double",
    "available_at": "double",
    "code": "string",
    "display": "string",
    "medication_id": "string",
    "suffix": "string",
    "numeric_value": "double",
    "unit": "string",
    "source_unit": "string",
    "text_value": "string",
    "encounter_id": "string",
    "event_id": "string",
    "source_type": "string",
    "source_id": "string",
    "source": "string",
    "reason": "string",
    "first": "boolean",
    "own": "boolean",
    "infer": "boolean",
    "sex": "string",
    "flags": "string",
    "parents": "array<string>",
    "facts": "map<string,string>",
}
EVENTS = ("event", "noted", "fact")
"""Kinds of rows that are events: noted ones take the text of notes, facts are of the person, told by a Patient.

Rows of kind line become events or not, by what else is told of the patient (``chartline.timeline.build.lines``).
"""
Row = dict[str, Any]
Offsets = Mapping[str, float] | None
"""Days of dated elements on the hidden axis; None where dates show and are the axis themselves."""
_RACE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-race"
_ETHNICITY = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-ethnicity"
_DAY = 86_400_000_000
_BEFORE_MIDNIGHT = 1 - 1e-9
"""A day without a time, as an end, counts whole; on the hidden axis it is a whole number."""
_WORD = 200
_LARGEST = 3.4e38  # of the 32 bits that MEDS gives a number


@dataclass(frozen=True)
class Event:
    """One event that a resource of a type gives: where its code, times and value are.

    Attributes:
        over: it tells how a resource ended, and is left out while the status says that it has not.
        apart: its end is an event of its own, and not told with it.
        foretold: its end was known when it was, as that of a plan is.
        line: it is one only where no other record of the patient says the same.
        records: the times that tell when it was recorded, and when it was true only where nothing else does.
    """

    element: str
    code: tuple[str, ...]
    time: tuple[str, ...]
    end: tuple[str, ...]
    available: tuple[str, ...]
    undated: str
    planned: tuple[str, ...] = ()
    fixed: str | None = None
    fixed_if_none: str | None = None
    each: str | None = None
    answers: bool = False
    ends: bool = False
    over: bool = False
    apart: bool = False
    foretold: bool = False
    began: str | None = None
    otherwise: bool = False
    suffix: tuple[str, ...] = ()
    prefix: str | None = None
    about: str | None = None
    tail: str | None = None
    forbidden: str | None = None
    quantity: tuple[str, ...] = ()
    text: tuple[str, ...] = ()
    value: bool = False
    components: bool = False
    note: bool = False
    line: bool = False
    billing: bool = False
    optional: bool = False
    unless: tuple[str, ...] = ()
    records: frozenset[str] = frozenset()

    @cached_property
    def dates_entries(self) -> bool:
        """Whether its times are those of the entries that ``each`` names."""
        return any(map(self.is_of_entry, (*self.time, *self.end, *self.available, *self.planned)))

    def is_of_entry(self, path: str) -> bool:
        """Whether a path leads into the entries that ``each`` names."""
        return self.each is not None and path.startswith(f"{_head(self.each)}.")


@dataclass(frozen=True)
class TypeRule:
    """How a resource type becomes events.

    Attributes:
        going: statuses under which what lasts has not ended, so that its end is a plan; None for what does not last.
        fates: what other statuses say of what became of it, each the last part of a code.
        holds: types of contained resources that are events too.
    """

    encounter: tuple[str, ...]
    status: str
    also: str | None
    removed: frozenset[str]
    modifiers: Mapping[str, str]
    qualifiers: Mapping[str, Mapping[str, str]]
    going: frozenset[str] | None
    fates: Mapping[str, str]
    holds: frozenset[str]
    events: tuple[Event, ...]
    heads: frozenset[str]


@dataclass(frozen=True)
class Table:
    """The mapping table."""

    systems: Mapping[str, str]
    prefer: tuple[str, ...]
    descriptions: Mapping[str, str]
    classes: Mapping[str, str]
    types: Mapping[str, TypeRule]
    out: Mapping[str, str]


@cache
def table() -> Table:
    """The mapping table, checked against the FHIR types.

    Raises:
        UsageError: CL2070 it names a type that FHIR does not have, or an unknown field.
    """
    body = json.loads((room("schemas") / "timeline.json").read_text(encoding="utf-8"))
    unknown = sorted((set(body["types"]) | set(body["out"])) - definitions.resource_types())
    if unknown:
        raise UsageError("CL2070", f"timeline.json names unknown types: {', '.join(unknown)}.", "Correct the names.")
    types = {}
    for name, rule in body["types"].items():
        events = tuple(_event(item) for item in rule["events"])
        types[name] = TypeRule(
            tuple(rule["encounter"]),
            rule["status"],
            rule.get("also"),
            frozenset(rule["removed"]),
            rule["modifiers"],
            rule.get("qualifiers", {}),
            frozenset(rule["going"]) if "going" in rule else None,
            rule.get("fates", {}),
            frozenset(rule.get("holds", ())),
            events,
            frozenset(_head(p) for e in events for p in _paths(e)),
        )
    return Table(body["systems"], tuple(body["prefer"]), body["descriptions"], body["classes"], types, body["out"])


def _event(item: Mapping[str, Any]) -> Event:
    fields: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in item.items()}
    return Event(**fields, records=frozenset(item["time"][1:]).intersection(item["available"]))


_PATHS = ("code", "time", "end", "available", "planned", "text")


def _paths(event: Event) -> Iterator[str]:
    yield from (path for name in _PATHS for path in getattr(event, name))
    if event.each:
        yield event.each


def _head(path: str) -> str:
    return path.partition(".")[0]


@lru_cache(maxsize=4096)
def _reachable(kind: str, present: frozenset[str], fate: str | None) -> tuple[Event, ...]:
    """The events that a resource with these elements can give, without the paths that lead nowhere in it."""

    def pruned(event: Event) -> Event:
        fields: dict[str, Any] = {n: tuple(p for p in getattr(event, n) if _head(p) in present) for n in _PATHS}
        return replace(event, **fields)

    events = map(pruned, _held(kind, present, fate))
    return tuple(e for e in events if e.time or e.end or not e.optional)


@lru_cache(maxsize=4096)
def _held(kind: str, present: frozenset[str], fate: str | None) -> tuple[Event, ...]:
    """The events but for those of entries of lists that a resource with these elements does not have."""
    rule = table().types[kind]
    there = (e for e in rule.events if not e.each or _head(e.each) in present)
    return tuple(_of_fate(e, rule, fate) for e in there if fate or not e.over)


_ENDED = "ENDED"


def _fate(rule: TypeRule, status: str | None) -> str | None:
    """What became of a resource, None while nothing is said of it; a status that nobody knows is none of a plan."""
    ended = rule.going is not None and status not in rule.going
    return rule.fates.get(status or "") or (_ENDED if ended else None)


def _of_fate(event: Event, rule: TypeRule, fate: str | None) -> Event:
    """An event of a resource that had this fate.

    Its end is a plan while it lasts, known with it; nobody knew then when and how it would end. That is told by an
    event of its own, at its own time, and where no time is told without one unless it only ended.
    """
    if event.over:
        return replace(event, tail=fate, optional=fate == _ENDED)
    return event if rule.going is None else replace(event, apart=bool(fate), foretold=not fate)


@cache
def _sexes() -> tuple[tuple[str, str], ...]:
    body = json.loads((room("schemas") / "timeline.json").read_text(encoding="utf-8"))
    return tuple((prefix, sex) for sex, prefixes in body["one_sex"].items() for prefix in prefixes)


@lru_cache(maxsize=1 << 16)
def _sex_of(code: str) -> str | None:
    """The sex that a code tells of, for the few that tell of one."""
    return next((sex for prefix, sex in _sexes() if code.startswith(prefix)), None)


@cache
def _statuses(kind: str) -> frozenset[str]:
    """The words that FHIR knows for the status of a type; none where it leaves them open."""
    rule, elements = table().types[kind], definitions.load()[kind].elements
    named = [elements[e].codes or frozenset() for e in (rule.status, rule.also) if e and e in elements]
    return frozenset().union(*named)


# --- paths, codes, values ----------------------------------------------------------------------------


def at(resource: Any, path: str) -> Any:
    """The value at a dotted path; a number is a place in a list; None where there is nothing."""
    if "." not in path:
        return resource.get(path) if type(resource) is dict else None
    for step, place in _steps(path):
        if type(resource) is dict:
            resource = resource.get(step)
        elif type(resource) is list:
            resource = resource[place] if place is not None and place < len(resource) else None
        else:
            return None
    return resource


@cache
def _steps(path: str) -> tuple[tuple[str, int | None], ...]:
    return tuple((s, int(s) if s.isdigit() else None) for s in path.split("."))


@lru_cache(maxsize=4096)
def system_name(system: str) -> str:
    """The short name of a code system: from the table, else the last part of its address in upper case."""
    named = table().systems.get(system)
    if named:
        return named
    tail = system.rstrip("/").rsplit("/", 1)[-1].rsplit(":", 1)[-1]
    return _word(tail).upper() or "UNKNOWN"


@lru_cache(maxsize=1 << 16)
def _word(text: object) -> str:
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
    system and a code; a concept without a code gives its text, or a coding's display, under ``TEXT``.
    """
    if type(concept) is not dict:
        return None
    codings = concept.get("coding") if "coding" in concept else [concept]
    found = _chosen(tuple(_coding(c) for c in codings or () if type(c) is dict))
    if found:
        return found
    shown = (c.get("display") for c in codings or () if type(c) is dict)
    text = concept.get("text") or next(filter(None, shown), "")
    return Coded(f"TEXT//{_word(text)}", str(text)) if _word(text) else None


_NAMELESS = 1 << 20
_Coding = tuple[str | None, str | None, str | None]


def _coding(coding: Mapping[str, Any]) -> _Coding:
    return coding.get("system"), coding.get("code"), coding.get("display")


@lru_cache(maxsize=1 << 16)
def _chosen(codings: tuple[_Coding, ...]) -> Coded | None:
    """The code among codings, each system, code and display; the same few thousand make up most of a record."""
    found = [_named(*c) for c in codings if _word(c[1] or "")]
    if not found:
        return None
    rank, code, display = min(found, key=lambda f: f[0])
    others = sorted({f[1] for f in found} - {code})
    return Coded(code, display, others or None, "code_without_system" if rank == _NAMELESS else None)


def _named(system: str | None, code: str | None, display: str | None) -> tuple[int, str, str | None]:
    word = _word(code)
    if not system:
        return _NAMELESS, f"UNKNOWN//{word}", display
    name = system_name(system)
    return _rank(name), f"{name}//{word}", display


@cache
def _rank(name: str) -> int:
    prefer = table().prefer
    return prefer.index(name) if name in prefer else len(prefer)


def code_of(concept: Any) -> tuple[str, str | None] | None:
    """``SYSTEM//CODE`` and display of a CodeableConcept or Coding: see ``coded``."""
    found = coded(concept)
    return (found.code, found.display) if found else None


def _status(resource: Mapping[str, Any], path: str) -> str | None:
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
    if _is_number(value):
        return _number(value)
    if type(value) is not dict or not _is_number(value.get("value")):
        return {}
    # A code of another system than UCUM, such as a concept of SNOMED CT, is no unit.
    names = ("code", "unit") if _is_unit(value.get("system")) else ("unit", "code")
    source = next((u for u in map(value.get, names) if u and isinstance(u, str)), None)
    number, unit, flag = units.normalised(float(value["value"]), source, code)
    held = _number(number)
    sign = value.get("comparator")
    text = f"{sign}{_written(value['value'], number)}" if sign else held.get("text_value")
    return {**held, "unit": unit, "source_unit": source, "text_value": text, "flags": _both(flag, held.get("flags"))}


def _is_unit(system: Any) -> bool:
    return not isinstance(system, str) or system_name(system) == "UCUM"


def _written(delivered: float, number: float) -> str:
    """A number as delivered; one that was converted to another unit as converted."""
    return str(delivered) if number == delivered else f"{number:.6g}"


def _is_number(value: Any) -> bool:
    return type(value) in (int, float)


def _number(value: float) -> Row:
    if abs(value) > _LARGEST:
        return {"text_value": repr(value), "flags": "implausible"}
    return {"numeric_value": float(value)}


def _concept_text(value: Any) -> str | None:
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
    """A titre such as ``<1:8``, or a strength such as ``5:1`` in ``mg/mL``."""
    top, bottom = at(value, "numerator.value"), at(value, "denominator.value")
    if top is None or bottom is None:
        return {}
    over, under = (at(value, f"{part}.comparator") or "" for part in ("numerator", "denominator"))
    above, below = (
        _unit_of(value, f"{part}.code", f"{part}.unit").get("unit") for part in ("numerator", "denominator")
    )
    unit = above if below in (None, "1") else f"{above or '1'}/{below}"
    return {"text_value": f"{over}{top}:{under}{bottom}", "unit": unit, "source_unit": unit}


def _series(value: Any) -> str | None:
    """The numbers of a SampledData after what makes them readable: ``origin=0 period=10 factor=2.5 dimensions=1: 1 2``.

    A number stands for origin + factor * number, in the unit; the next is told period milliseconds later.
    """
    data = at(value, "data")
    if not isinstance(data, str):
        return None
    scale = [f"{name}={at(value, path)}" for name, path in _SCALE.items() if _is_number(at(value, path))]
    return f"{' '.join(scale)}: {data}" if scale else data


_SCALE = {"origin": "origin.value"} | {n: n for n in ("period", "factor", "lowerLimit", "upperLimit", "dimensions")}


def _measure(value: Any) -> Row:
    """The value of a Quantity or number, or of a Range or Ratio where one of these stands in its place."""
    if type(value) is dict and "value" not in value:
        return _told_only(_ratio(value) if "numerator" in value else _range(value))
    return quantity(value)


def _told_only(row: Row) -> Row:
    return {k: v for k, v in row.items() if v is not None}


def _unit_of(value: Any, *places: str) -> Row:
    """The unit of a value that is told as text."""
    found = next((u for u in (at(value, p) for p in places) if isinstance(u, str)), None)
    return {"unit": found, "source_unit": found} if found else {}


def _string(value: Any) -> Row:
    """A text; one that is nothing but a number, or a number with a comparator, is that number too."""
    told = _NUMERIC.fullmatch(value) if isinstance(value, str) else None
    return {"text_value": str(value)} | (_number(float(told[1])) if told else {})


_NUMERIC = re.compile(r"\s*(?:[<>]=?\s*)?([+-]?\d{1,12}(?:\.\d{1,12})?)\s*", re.ASCII)


def _texts(read: Callable[[Any], str | None]) -> Callable[[Any], Row]:
    return lambda value: {"text_value": read(value)}


_READ: Mapping[str, Callable[[Any], Row]] = {
    "valueCodeableConcept": _texts(lambda v: _concept_text(v)),
    "valueCoding": _texts(lambda v: _concept_text(v)),
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
    told = _value(item, code)
    if told:
        return told
    absent = _concept_text(item.get("dataAbsentReason")) or _absent(item)
    return {"text_value": absent} if absent else {}


def _value(item: Mapping[str, Any], code: str | None = None) -> Row:
    if "valueQuantity" in item:
        return quantity(item["valueQuantity"], code)
    name = next((n for n in item if n in _READ), None)
    return {} if name is None else _told_only(_READ[name](item[name]))


def _absent(item: Mapping[str, Any]) -> str | None:
    """Why a value is absent, as its own extension says."""
    values = [v for name, v in item.items() if name.startswith(("value", "_value"))]
    told = [e for v in values for place in ("extension", "_value.extension") for e in at(v, place) or ()]
    why = next((e.get("valueCode") for e in told if type(e) is dict and e.get("url") == _ABSENT), None)
    return f"ABSENT//{_word(why)}" if isinstance(why, str) and _word(why) else None


_ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"


# --- times -------------------------------------------------------------------------------------------

Instant = tuple[int, str, str]
"""Microseconds since 1970, precision, and the element that told."""
_Point = tuple[Instant | None, float | None]


def _first(resource: Mapping[str, Any], paths: Sequence[str], *, end: bool = False) -> Instant | None:
    for path in paths:
        value = at(resource, path)
        if isinstance(value, str):
            found = times.instant(value, end=end)
        elif type(value) is list:
            # Of several dates the first is when it began, and the last when it was over.
            each = filter(None, (times.instant(text, end=end) for text in value if isinstance(text, str)))
            found = (max if end else min)(each, default=None)
        else:
            continue
        if found is not None:
            return found[0], found[1], path
    return None


def _timed(resource: Mapping[str, Any], event: Event, offsets: Offsets) -> Row:
    """The time columns.

    ``position``, ``end_at`` and ``available_at`` are days on the patient's axis, exact also where only the year is
    disclosed.
    """
    paths = event.time
    if offsets is not None:
        # On the hidden axis what tells the day tells the year: another element's beside it would tell when the day was.
        paths = next(((p,) for p in paths if _plain(p) in offsets), paths)
    start, at_ = _point(resource, paths, offsets, end=event.ends)
    ends = event.end and _own_ends(resource, event, paths, start, at_)
    end, end_at = _point(resource, ends, offsets, end=True)
    known, known_at = _point(resource, event.available, offsets, end=True)
    untold = known is None and known_at is None
    flags = None
    turned = _before((end, end_at), (start, at_))
    if turned and _told_by(paths, start, at_) in event.records:
        # What was written down when it was over was true before that.
        known, known_at = _later(known, start), _later(known_at, at_)
        start, at_ = _point(resource, ends, offsets)
        turned, flags = False, "open_start"
    elif start is None and at_ is None and ends:
        lone = tuple(p for p in ends if _start_of(p) in event.time)
        start, at_ = _point(resource, lone, offsets)
        if start or at_ is not None:
            flags = "open_start"
    if untold and at_ is not None and (start is None or start[1] != "second"):
        # What nothing says more of is known when its day, month or year is over.
        known, known_at = _point(resource, paths, offsets, end=True)
    if turned:
        # Which of the two is wrong nobody can tell: what is known is known when both have passed (mimic-code#1288).
        known, known_at = _later(known or end, start), _later(known_at if known_at is not None else end_at, at_)
        end, end_at, flags = None, None, "reversed_period"
    elif (start is None and at_ is None and _says(resource, paths)) or (end is None and ends and _says(resource, ends)):
        flags = _both(flags, "unreadable_time")
    if event.apart:
        end, end_at = None, None
    if event.over and start is None and at_ is None:
        # When it was written says nothing of when it was over.
        known, known_at = None, None
    foretold = event.foretold and not flags
    if event.planned and flags is None:
        due, due_at = _planned(resource, event, paths, offsets, (start, at_))
        if due or due_at is not None:
            end, end_at, foretold = due, due_at, True
    if not foretold:
        # What is told with its end is not known before that.
        known, known_at = _later(known, end), _later(known_at, end_at)
    return {
        "flags": flags,
        "time": start[0] if start else None,
        "time_precision": start[1] if start else "unknown",
        "end_time": end[0] if end else None,
        "available_time": known[0] if known else None,
        "position": at_,
        "end_at": end_at,
        "available_at": known_at,
        "undated": None if start or at_ is not None else event.undated,
        "billing": event.billing and untold,
    }


def _told_by(paths: Sequence[str], start: Instant | None, at_: float | None) -> str | None:
    """The element that tells a time; where only the hidden axis has it, the last that was looked at."""
    return start[2] if start else paths[-1] if at_ is not None else None


def _before(one: _Point, other: _Point) -> bool:
    """Whether one point is before another: by their days where the other has one."""
    if other[1] is not None:
        return one[1] is not None and one[1] < other[1]
    return one[0] is not None and other[0] is not None and one[0][0] < other[0][0]


def _later(one: Any, other: Any) -> Any:
    """The later of two times, of which each may be missing."""
    return other if one is None or (other is not None and other > one) else one


def _planned(resource: Mapping[str, Any], event: Event, paths: Sequence[str], offsets: Offsets, plan: _Point) -> _Point:
    """For when it is planned, which its end tells while its time is that of the plan; no date that had passed."""
    start, at_ = plan
    told = _told_by(paths, start, at_)
    for path in event.planned:
        due, due_at = _due(resource, path, offsets, plan)
        passed = (start and due and due[0] <= start[0]) or (at_ is not None and due_at is not None and due_at <= at_)
        same = told and _plain(told) == path and at(resource, f"{path}.1") is None
        if told and not same and not passed and (due or due_at is not None):
            return due, due_at
    return None, None


def _due(resource: Mapping[str, Any], path: str, offsets: Offsets, plan: _Point) -> _Point:
    """When something is due: on a date, on the last of several, or so long after the plan's own time."""
    value = at(resource, path)
    if type(value) is dict:
        days = _days_long(value.get("high") if "value" not in value else value)
        (start, at_) = plan if days else (None, None)
        due = (start[0] + round(days * _DAY), start[1], path) if days and start else None
        return due, at_ + days if days and at_ is not None else None
    return _point(resource, [path], offsets, end=True)


def _days_long(value: Any) -> float | None:
    """The days of a Duration; None for none, and for one as long as a life."""
    number, named = at(value, "value"), next((u for u in (at(value, "code"), at(value, "unit")) if u), None)
    days = units.rules().days.get(named) if isinstance(named, str) else None
    return number * days if days and _is_number(number) and 0 < number * days < _LIFE else None


_LIFE = 90 * 365.25  # safe_harbor cuts what is longer to it


def _own_ends(
    resource: Mapping[str, Any], event: Event, paths: Sequence[str], start: Instant | None, at_: float | None
) -> tuple[str, ...]:
    """The ends that belong to the time: a note is not over with the visit that it was written about."""
    told = _told_by(paths, start, at_)
    foreign = [p for p in event.end if (b := _start_of(p)) in event.time and b != told and at(resource, b) is not None]
    return tuple(p for p in event.end if p not in foreign) if foreign else event.end


@cache
def _start_of(path: str) -> str:
    """The start of the period that an end belongs to; nothing for an end that is of no period."""
    return f"{path[:-4]}.start" if path.endswith(".end") else ""


def _says(resource: Mapping[str, Any], paths: Sequence[str]) -> bool:
    return any(isinstance(at(resource, p), (str, list)) for p in paths)


def _point(resource: Mapping[str, Any], paths: Sequence[str], offsets: Offsets, *, end: bool = False) -> _Point:
    """A time, and its day on the patient's axis; a year has no day where only the hidden axis spaces events."""
    found = _first(resource, paths, end=end) if paths else None
    if offsets is None:
        return found, found[0] / _DAY if found else None
    day = next((day for path in paths if (day := _day(resource, path, offsets, end=end)) is not None), None)
    return found, _whole_day(day) if end else day


def _day(resource: Mapping[str, Any], path: str, offsets: Mapping[str, float], *, end: bool) -> float | None:
    """The day of a path on the hidden axis; of several dates that of the first, or of the last as an end."""
    plain = _plain(path)
    if type(at(resource, path)) is not list:
        return offsets.get(plain)
    days = (day for told, day in offsets.items() if told.partition("#")[0] == plain)
    return (max if end else min)(days, default=None)


def _whole_day(day: float | None) -> float | None:
    """The end of a day on the hidden axis, and of a moment the moment."""
    return day + _BEFORE_MIDNIGHT if day is not None and day.is_integer() else day


@cache
def _plain(path: str) -> str:
    return ".".join(p for p in path.split(".") if not p.isdigit())


# --- resources ---------------------------------------------------------------------------------------


def _event_id(source_id: str, element: str, index: int) -> str:
    return hashlib.sha256(f"{source_id}|{element}|{index}".encode()).hexdigest()[:32]


def _reference_id(value: Any) -> str | None:
    named = value.get("reference") if isinstance(value, dict) else value
    return named.rpartition("/")[2] if isinstance(named, str) and not named.startswith("#") else None


def _coded(resource: Mapping[str, Any], event: Event) -> tuple[Coded | None, str | None]:
    """The code, and the medication whose code is to be taken instead; why one is absent is none if there is another."""
    if event.fixed:
        return _fixed(_as_it_began(resource, event.began), event.fixed, event.suffix), None
    absent = None
    for path in event.code:
        value = at(resource, path)
        if value is None:
            continue
        if type(value) is dict and "reference" in value:
            medication = _referred(resource, value, event.fixed_if_none or "MEDICATION//UNKNOWN")
            if medication:
                return medication
        found = coded(value)
        if found and not found.code.startswith("ABSENT//"):
            return _under(resource, event, found), None
        absent = absent or found
    if absent:
        return _under(resource, event, absent), None
    return (_made(event.fixed_if_none), None) if event.fixed_if_none else (None, None)


def _under(resource: Mapping[str, Any], event: Event, found: Coded) -> Coded | None:
    """A code under the prefix of its event, if it has one; what judges another code stands behind that one."""
    if event.about is None:
        bare = [found.code, *(found.parents or ())]
        return replace(found, code=f"{event.prefix}//{found.code}", parents=bare) if event.prefix else found
    judged = coded(at(resource, event.about))
    if judged is None:
        return None
    word = found.code.partition("//")[2]
    code = f"{event.prefix}//{judged.code}//{word}"
    return replace(
        judged, code=code, display=f"{judged.display or judged.code}: {found.display or word}", parents=[judged.code]
    )


def _made(code: str) -> Coded:
    return Coded(code, table().descriptions.get(code))


def _fixed(resource: Mapping[str, Any], code: str, suffix: Sequence[str]) -> Coded:
    """A code made here, with what the resource says of it behind: ``ENCOUNTER//END//class//disposition``.

    Each shorter form is a parent of the longer, so that a reader who asks for the ends of stays finds them all.
    """
    told = [_tail(at(resource, path)) for path in suffix]
    while told and told[-1] is None:
        told.pop()
    made = _made(code)
    for part in told:
        word, display = part or ("UNKNOWN", None)
        text = f"{made.display}, {display}" if made.display and display else made.display
        parents = [*(made.parents or ()), made.code] if made.code != code else None
        made = Coded(f"{made.code}//{word}", text, parents)
    return made


def _as_it_began(resource: Mapping[str, Any], history: str | None) -> Mapping[str, Any]:
    """The resource with what the earliest entry of its history says: a later class is not known at the start."""
    entries = [e for e in resource.get(history) or () if type(e) is dict] if history else []
    return {**resource, **min(entries, key=lambda e: str(at(e, "period.start") or ""))} if entries else resource


def _tail(value: Any) -> tuple[str, str | None] | None:
    """The last part of a code and its display: of a concept, or a word of the table's ``classes``."""
    if isinstance(value, str):
        word = _word(value)
        return (word, table().classes.get(word)) if word else None
    found = coded(value)
    return (found.code.partition("//")[2], found.display) if found else None


def _referred(resource: Mapping[str, Any], value: Any, unknown: str) -> tuple[Coded | None, str | None] | None:
    """What a reference to a medication or a device is coded as: its code when it is inside, else its id to look up."""
    named = value.get("reference") if isinstance(value, dict) else None
    if not isinstance(named, str):
        return None
    if not named.startswith("#"):
        return _made(unknown), _reference_id(value)
    inner = _inside(resource, named)
    found = coded(inner.get("code") or inner.get("type")) or coded(at(inner, _INGREDIENT))
    part = at(inner, f"{_PART}.reference")
    if found is None and isinstance(part, str):
        if not part.startswith("#"):
            return _made(unknown), _reference_id(part)
        found = coded(_inside(resource, part).get("code"))
    return (found, None) if found else None


def _inside(resource: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The contained resource of a name such as ``#m1``."""
    return next((c for c in resource.get("contained") or () if c.get("id") == name[1:]), {})


_INGREDIENT, _PART = "ingredient.0.itemCodeableConcept", "ingredient.0.itemReference"


def _named_medication(resource: Mapping[str, Any]) -> Row:
    """The code of a Medication; a mixture without one takes its first ingredient's, here or by reference."""
    found = code_of(resource.get("code")) or code_of(at(resource, _INGREDIENT))
    if found:
        return {"code": found[0], "display": found[1]}
    return {"medication_id": _reference_id(at(resource, _PART))}


def rows(
    kind: str, resource_id: str, subject_id: int | None, resource: Mapping[str, Any], offsets: Offsets
) -> list[Row]:
    """The rows of one resource: its events, or one row of kind ``filtered`` with the reason.

    Args:
        kind: resource type.
        resource_id: pseudonym of the resource.
        subject_id: the patient, None where there is none.
        resource: the de-identified resource.
        offsets: day positions of its dated elements, where the policy discloses only the year; None where dates show.
    """
    base = {"subject_id": subject_id, "source_type": kind, "source_id": resource_id}
    if kind == "Patient" and subject_id is not None:
        return _patient(resource, base, offsets)
    if kind == "Medication":
        named = {**base, "kind": "medication", **_named_medication(resource)}
        return [named, _left_out(base, "not_on_timeline")]
    rule = table().types.get(kind)
    if rule is None or subject_id is None:
        return [_left_out(base, "not_on_timeline" if rule is None else "no_subject")]
    status = _said(resource, rule)
    if status in rule.removed:
        return [_left_out(base, str(status).replace("-", "_"))]
    visits = [_visit(resource, base, offsets)] if kind == "Encounter" else []
    made = visits + (_course(kind, rule, status, resource, base, offsets) or [_left_out(base, "no_code_or_time")])
    return made + _held_within(rule, resource, base, offsets) if rule.holds and "contained" in resource else made


def _held_within(rule: TypeRule, resource: Mapping[str, Any], base: Row, offsets: Offsets) -> list[Row]:
    """The events of resources that one contains, such as the results of a report, as far as the type says so.

    They happened with it, unless they tell their own time; on the hidden axis only the container is placed.
    """
    made: list[Row] = []
    for i, inner in enumerate(resource["contained"]):
        kind = inner.get("resourceType")
        held = table().types[kind] if kind in rule.holds else None
        if held is None or (status := _said(inner, held)) in held.removed:
            continue
        own = {n: v for n, v in inner.items() if offsets is None or n not in _WHEN}
        dated = not _HAPPENED.isdisjoint(own)
        told = {n: resource[n] for n in _OF_BOTH if n in resource and not (dated and n in _HAPPENED)}
        inside = {**base, "source_id": f"{base['source_id']}#{i}"}
        found = _course(kind, held, status, {**told, **own}, inside, offsets)
        made += ({**row, "source_id": base["source_id"], "first": False} for row in found)
    return made


_HAPPENED = frozenset({"effectiveDateTime", "effectivePeriod", "effectiveInstant", "effectiveTiming"})
_WHEN = _HAPPENED | {"issued"}
_OF_BOTH = _WHEN | {"encounter"}


def _said(resource: Mapping[str, Any], rule: TypeRule) -> str | None:
    """The status; where another element tells one too, that one, but for what removes the resource."""
    status = _status(resource, rule.status)
    return status if rule.also is None or status in rule.removed else _status(resource, rule.also) or status


def _course(
    kind: str, rule: TypeRule, status: str | None, resource: Mapping[str, Any], base: Row, offsets: Offsets
) -> list[Row]:
    """The events of a resource of a patient's course; none where it has no code or time."""
    encounter = None
    for path in rule.encounter:
        encounter = encounter or (base["source_id"] if path == "id" else _reference_id(at(resource, path)))
    suffix = _suffix(resource, rule, status)
    common = {
        **base,
        "kind": "event",
        "encounter_id": encounter,
        "infer": bool(rule.encounter) and not encounter,
        "first": False,
    }
    # Where there is a hidden axis, it may place what the resource no longer says.
    present, fate = rule.heads.intersection(resource), _fate(rule, status)
    events = _held(kind, present, fate) if offsets is not None else _reachable(kind, present, fate)
    made: list[Row] = []
    for event in events:
        if not (event.otherwise and made):
            made += _events(resource, event, common, offsets, suffix)
    if made:
        made[0]["first"] = True
    known = _statuses(kind)
    flag = "unknown_status" if status and known and status not in known else _DOUBTFUL.get(status or "")
    for row in made if flag else ():
        row["flags"] = _both(row["flags"], flag)
    return made


_DOUBTFUL = {
    **dict.fromkeys(("preliminary", "registered", "partial"), "preliminary"),
    **dict.fromkeys(("unconfirmed", "provisional", "differential"), "unconfirmed"),
}


def _suffix(resource: Mapping[str, Any], rule: TypeRule, status: str | None) -> str | None:
    """What a status and other elements say of whether it was done, as the last parts of the code."""
    if not rule.qualifiers:
        return rule.modifiers.get(status or "")
    said = [words.get(_status(resource, name) or "") for name, words in rule.qualifiers.items()]
    return "//".join(w for w in (*said, rule.modifiers.get(status or "")) if w) or None


def _both(one: str | None, other: str | None) -> str | None:
    return f"{one} {other}" if one and other and one != other else one or other


def _left_out(base: Row, reason: str) -> Row:
    return {**base, "kind": "filtered", "reason": reason}


def _events(
    resource: Mapping[str, Any], event: Event, common: Row, offsets: Offsets, suffix: str | None
) -> Iterator[Row]:
    if event.each and event.dates_entries:
        for i, (view, days) in enumerate(_dated_views(resource, event, offsets)):
            yield from _made_of(resource, event, common, _timed(view, event, days), suffix, [(i, view)])
        return
    views = list(enumerate(_views(resource, event.each) if event.each else [resource]))
    if views:
        yield from _made_of(resource, event, common, _timed(resource, event, offsets), suffix, views)


def _made_of(
    resource: Mapping[str, Any],
    event: Event,
    common: Row,
    timed: Row,
    suffix: str | None,
    views: Sequence[tuple[int, Mapping[str, Any]]],
) -> Iterator[Row]:
    """The rows of an event at one time: of the resource, or of entries of it, each with its place."""
    if event.optional and timed["time"] is None and timed["position"] is None:
        return
    if event.answers:
        yield from _answers(resource, event, {**common, **timed}, suffix)
        return
    for i, view in views:
        if event.unless and at(view, event.unless[0]) in event.unless[1:]:
            continue
        found, medication = _coded(view, event)
        if found is not None and not (event.components and _only_components(view)):
            yield _event_row(view, event, i, found, medication, common, timed, suffix)
    if event.components:
        for i, component in enumerate(resource.get("component") or ()):
            named = coded(component.get("code"))
            if named:
                told = value_of(component, named.code)
                event_id = _event_id(common["source_id"], "component", i)
                yield _valued({**common, **timed}, named, told, suffix, event_id)


def _views(resource: Mapping[str, Any], path: str) -> Iterator[Mapping[str, Any]]:
    """The resource once for each entry of the lists along a path, with that entry alone in their place."""
    head, _, rest = path.partition(".")
    held = resource.get(head)
    for entry in held if type(held) is list else (held,) if held else ():
        if not rest:
            yield {**resource, head: entry}
        elif type(entry) is dict:
            yield from ({**resource, head: inner} for inner in _views(entry, rest))


def _dated_views(
    resource: Mapping[str, Any], event: Event, offsets: Offsets
) -> Iterator[tuple[Mapping[str, Any], Offsets]]:
    """The views of a list whose entries have times of their own, each with its days on the hidden axis."""
    each = event.each or ""
    head = _head(each)
    held = resource.get(head)
    paths = [
        p for p in dict.fromkeys((*event.time, *event.end, *event.available, *event.planned)) if event.is_of_entry(p)
    ]
    before: Counter[str] = Counter()
    for entry in held if type(held) is list else (held,) if held else ():
        alone = {**resource, head: entry}
        days = None if offsets is None else _days_of(alone, head, paths, offsets, before)
        yield from ((view, days) for view in _views({**resource, head: [entry]}, each))


def _days_of(
    alone: Mapping[str, Any], head: str, paths: Sequence[str], offsets: Mapping[str, float], before: Counter[str]
) -> dict[str, float]:
    """The days of one entry among several: they are told in the order of the dates (``chartline.deid.walker.Walk``)."""
    days = {path: day for path, day in offsets.items() if _head(path) != head}
    for path in paths:
        value = at(alone, path)
        for i, _ in enumerate(v for v in (value if type(value) is list else (value,)) if isinstance(v, str)):
            told = f"{path}#{before[path]}" if before[path] else path
            before[path] += 1
            if told in offsets:
                days[f"{path}#{i}" if i else path] = offsets[told]
    return days


def _valued(base: Row, named: Coded, value: Row, suffix: str | None, event_id: str) -> Row:
    """The row of a component or an answer: the times of its resource, a code and a value of its own."""
    return {
        **base,
        **value,
        "code": f"{named.code}//{suffix}" if suffix else named.code,
        "display": named.display,
        "parents": named.parents,
        "sex": _sex_of(named.code),
        "flags": _both(_both(base["flags"], named.flag), value.get("flags")),
        "event_id": event_id,
    }


def _answers(resource: Mapping[str, Any], event: Event, base: Row, suffix: str | None) -> Iterator[Row]:
    """One row for each answer of a form, groups and questions under answers included, in the order of the form."""
    todo = [(item, f"{i}") for i, item in enumerate(resource.get("item") or ())][::-1]
    while todo:
        item, place = todo.pop()
        inner = [(v, f"{place}.{i}") for i, v in enumerate(item.get("item") or ())]
        link = _word(item.get("linkId") or "").lstrip("/")
        for i, answer in enumerate(item.get("answer") or ()):
            inner += [(v, f"{place}.{i}.{j}") for j, v in enumerate(answer.get("item") or ())]
            value = value_of(answer)
            if link and value:
                loinc = _loinc(link)
                named = Coded(f"{event.fixed}//{link}", _question(item, event), [loinc] if loinc else None)
                yield _valued(base, named, value, suffix, _event_id(base["source_id"], f"answer.{place}", i))
        todo += inner[::-1]


def _question(item: Mapping[str, Any], event: Event) -> str | None:
    return _word(item.get("text") or "") or table().descriptions.get(event.fixed or "")


@lru_cache(maxsize=4096)
def _loinc(link: str) -> str | None:
    """The LOINC code that a linkId ends in, as US Core's forms write them (``/93043-8/56051-6``)."""
    code = link.rpartition("/")[2]
    digits, dash, check = code.partition("-")
    if not (dash and digits.isascii() and digits.isdigit() and len(digits) <= 7 and check.isdigit()):
        return None
    doubled = [int(d) * (2 if i % 2 == 0 else 1) for i, d in enumerate(reversed(digits))]
    return f"LOINC//{code}" if check == str(-sum(n // 10 + n % 10 for n in doubled) % 10) else None


def _event_row(
    resource: Mapping[str, Any],
    event: Event,
    index: int,
    found: Coded,
    medication: str | None,
    common: Row,
    timed: Row,
    suffix: str | None,
) -> Row:
    parts = [part for part in (suffix, _forbidden(resource, event), event.tail) if part]
    ending = "".join(f"//{part}" for part in parts) if parts else ""
    value: Row = {}
    if event.value:
        value = value_of(resource, found.code)
    elif event.quantity:
        value = next((told for p in event.quantity if (told := _measure(at(resource, p)))), {})
    row = {
        **common,
        **timed,
        **value,
        "kind": "noted" if event.note else "line" if event.line else "event",
        "code": found.code + ending,
        "display": found.display,
        "parents": found.parents,
        "medication_id": medication,
        "suffix": ending,
        "sex": None if event.prefix else _sex_of(found.code),
        "event_id": _event_id(common["source_id"], event.element, index),
        "flags": _both(_both(timed["flags"], found.flag), value.get("flags")),
    }
    for path in event.text:
        if text := _told(at(resource, path)):
            row["text_value"] = text
            break
    return row


def _forbidden(resource: Mapping[str, Any], event: Event) -> str | None:
    return "DO_NOT_PERFORM" if event.forbidden and at(resource, event.forbidden) is True else None


def _told(value: Any) -> str | None:
    return value if isinstance(value, str) else _concept_text(value)


def _only_components(resource: Mapping[str, Any]) -> bool:
    """A panel such as blood pressure: no value of its own, its components carry the values."""
    return bool(resource.get("component")) and not _value(resource)


def _visit(resource: Mapping[str, Any], base: Row, offsets: Offsets) -> Row:
    start, position = _point(resource, ["period.start"], offsets)
    end, position_end = _point(resource, ["period.end"], offsets, end=True)
    kind = code_of(at(resource, "type.0"))
    discharge = code_of(at(resource, "hospitalization.dischargeDisposition"))
    facts = {
        "class": at(resource, "class.code"),
        "type": kind[0] if kind else None,
        "status": resource.get("status"),
        "part_of": _reference_id(resource.get("partOf")),
        "episode": _reference_id(at(resource, "episodeOfCare.0")),
        "discharge": discharge[0] if discharge else None,
        "position_end": repr(position_end) if position_end is not None else None,
    }
    return {
        **base,
        "kind": "visit",
        "time": start[0] if start else None,
        "end_time": end[0] if end else None,
        "position": position,
        "facts": [(k, v) for k, v in facts.items() if v],
    }


def _extension_codes(resource: Mapping[str, Any], url: str) -> list[str]:
    """The OMB categories of US Core's race or ethnicity; a person can name several."""
    told = [e for e in resource.get("extension") or () if e.get("url") == url]
    inner = [i for e in told for i in e.get("extension") or () if i.get("url") == "ombCategory"]
    codes = (at(i, "valueCoding.code") for i in inner)
    return list(dict.fromkeys(_word(c) for c in codes if isinstance(c, str) and _word(c)))


def _patient(resource: Mapping[str, Any], base: Row, offsets: Offsets) -> list[Row]:
    """What a Patient tells of the person, and the events of it: birth, death and what always holds."""
    source_id = base["source_id"]
    base = {**base, "own": own_subject(source_id) == base["subject_id"]}
    birth, born = _point(resource, ["birthDate"], offsets)
    # A life ends with its last day: what that day, month or year of death brought came before.
    death, died = _point(resource, ["deceasedDateTime"], offsets, end=True)
    race, ethnicity = _extension_codes(resource, _RACE), _extension_codes(resource, _ETHNICITY)
    home = at(resource, "address.0") or {}
    facts = {
        "gender": resource.get("gender"),
        "race": next(iter(race), None),
        "ethnicity": next(iter(ethnicity), None),
        "zip3": (home.get("postalCode") or "")[:3] or None,
        "state": home.get("state"),
        "birth_year": str(resource.get("birthDate"))[:4] if birth else None,
        "deceased": "true" if death or resource.get("deceasedBoolean") is True else "false",
    }
    person = {**base, "kind": "subject", "facts": [(k, v) for k, v in facts.items() if v]}
    told = [*_lifespan(base, (birth, born), (death, died)), *_statics(base, facts["gender"], race, ethnicity)]
    if told:
        told[0]["first"] = True
    return [person, *(told or [_left_out(base, "no_code_or_time")])]


def _lifespan(base: Row, birth: _Point, death: _Point) -> Iterator[Row]:
    for name, (found, position) in (("MEDS_BIRTH", birth), ("MEDS_DEATH", death)):
        if found or position is not None:
            yield {
                **base,
                "kind": "fact",
                "code": name,
                "display": table().descriptions[name],
                "time": found[0] if found else None,
                "time_precision": found[1] if found else "unknown",
                "available_time": found[0] if found else None,
                "position": position,
                "event_id": _event_id(base["source_id"], name, 0),
            }


def _statics(base: Row, gender: str | None, race: list[str], ethnicity: list[str]) -> Iterator[Row]:
    for name, codes in (("GENDER", [gender] if gender else []), ("RACE", race), ("ETHNICITY", ethnicity)):
        for i, code in enumerate(codes):
            yield {
                **base,
                "kind": "fact",
                "code": f"{name}//{code}",
                "display": table().descriptions.get(f"{name}//{code}"),
                "time_precision": "static",
                "event_id": _event_id(base["source_id"], name, i),
            }


def own_subject(source_id: str) -> int | None:
    """The subject id that a Patient's own pseudonym gives; another one was given to a record that was merged."""
    try:
        return int(source_id[:16], 16) >> 1
    except ValueError:
        return None
