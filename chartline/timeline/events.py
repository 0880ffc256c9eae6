"""One de-identified resource to event rows, by the mapping table ``schemas/timeline.json``; pure functions.

A row has the columns of ``ROW``. What needs other resources (an encounter's end, a referenced medication's code, the
patient's first event) is left to Spark SQL.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
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
    "code": "string",
    "display": "string",
    "medication_id": "string",
    "suffix": "string",
    "numeric_value": "double",
    "unit": "string",
    "source_unit": "string",
    "text_value": "string",
    "note": "boolean",
    "encounter_id": "string",
    "event_id": "string",
    "source_type": "string",
    "source_id": "string",
    "reason": "string",
    "first": "boolean",
    "own": "boolean",
    "infer": "boolean",
    "sex": "string",
    "flags": "string",
    "parents": "array<string>",
    "facts": "map<string,string>",
}
Row = dict[str, Any]
Offsets = Mapping[str, float] | None
"""Days of dated elements on the hidden axis; None where dates show and are the axis themselves."""
_RACE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-race"
_ETHNICITY = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-ethnicity"
_DAY = 86_400_000_000


@dataclass(frozen=True)
class Event:
    """One event that a resource of a type gives: where its code, times and value are."""

    element: str
    code: tuple[str, ...]
    time: tuple[str, ...]
    end: tuple[str, ...]
    available: tuple[str, ...]
    undated: str
    fixed: str | None = None
    fixed_if_none: str | None = None
    suffix: tuple[str, ...] = ()
    prefix: str | None = None
    tail: str | None = None
    quantity: str | None = None
    text: tuple[str, ...] = ()
    value: bool = False
    components: bool = False
    note: bool = False
    billing: bool = False
    optional: bool = False


@dataclass(frozen=True)
class TypeRule:
    """How a resource type becomes events."""

    encounter: tuple[str, ...]
    status: str
    removed: frozenset[str]
    modifiers: Mapping[str, str]
    events: tuple[Event, ...]


@dataclass(frozen=True)
class Table:
    """The mapping table."""

    systems: Mapping[str, str]
    prefer: tuple[str, ...]
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
            tuple(rule["encounter"]), rule["status"], frozenset(rule["removed"]), rule["modifiers"], events
        )
    return Table(body["systems"], tuple(body["prefer"]), types, body["out"])


def _event(item: Mapping[str, Any]) -> Event:
    fields: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in item.items()}
    return Event(**fields)


@cache
def _sexes() -> tuple[tuple[str, str], ...]:
    body = json.loads((room("schemas") / "timeline.json").read_text(encoding="utf-8"))
    return tuple((prefix, sex) for sex, prefixes in body["one_sex"].items() for prefix in prefixes)


@lru_cache(maxsize=1 << 16)
def _sex_of(code: str) -> str | None:
    """The sex that a code tells of, for the few that tell of one."""
    return next((sex for prefix, sex in _sexes() if code.startswith(prefix)), None)


@cache
def _statuses(kind: str, element: str) -> frozenset[str] | None:
    found = definitions.load()[kind].elements.get(element)
    return found.codes if found else None


# --- paths, codes, values ----------------------------------------------------------------------------


def at(resource: Any, path: str) -> Any:
    """The value at a dotted path; a number is a place in a list; None where there is nothing."""
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
    return tail.upper() or "UNKNOWN"


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
    system and a code; a concept without a code gives its text under ``TEXT``.
    """
    if type(concept) is not dict:
        return None
    codings = concept.get("coding") if "coding" in concept else [concept]
    found = [_named(c) for c in codings or () if type(c) is dict and c.get("code")]
    if found:
        rank, code, display = found[0] if len(found) == 1 else min(found, key=lambda f: f[0])
        others = sorted({f[1] for f in found} - {code}) if len(found) > 1 else None
        return Coded(code, display, others or None, "code_without_system" if rank == _NAMELESS else None)
    text = concept.get("text") or concept.get("display")
    return Coded(f"TEXT//{' '.join(str(text).split())[:200]}", str(text)) if text else None


_NAMELESS = 1 << 20


def _named(coding: Mapping[str, Any]) -> tuple[int, str, str | None]:
    system = coding.get("system")
    if not system:
        return _NAMELESS, f"UNKNOWN//{coding['code']}", coding.get("display")
    name = system_name(system)
    return _rank(name), f"{name}//{coding['code']}", coding.get("display")


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
    if isinstance(value, dict):
        return next((c.get("code") for c in value.get("coding") or () if isinstance(c, dict)), None)
    return value if isinstance(value, str) else None


def quantity(value: Any, code: str | None = None) -> Row:
    """numeric_value, unit (UCUM), source_unit and text_value of a Quantity; the text has its comparator (``<0.1``).

    Args:
        value: the Quantity.
        code: what was measured, for units that convert by substance.
    """
    if type(value) is not dict or type(value.get("value")) not in (int, float):
        return {}
    source = value.get("code") or value.get("unit")
    number, unit, flag = units.normalised(float(value["value"]), source, code)
    text = f"{value['comparator']}{value['value']}" if value.get("comparator") else None
    return {"numeric_value": number, "unit": unit, "source_unit": source, "text_value": text, "flags": flag}


def _concept_text(value: Any) -> str | None:
    found = code_of(value)
    return found[0] if found else None


def _range_text(value: Any) -> str | None:
    low, high = at(value, "low.value"), at(value, "high.value")
    return f"{low if low is not None else ''}..{high if high is not None else ''}" if isinstance(value, dict) else None


def _ratio_text(value: Any) -> str | None:
    top, bottom = at(value, "numerator.value"), at(value, "denominator.value")
    return f"{top}:{bottom}" if top is not None and bottom is not None else None


_TEXTS: Mapping[str, Callable[[Any], str | None]] = {
    "valueCodeableConcept": _concept_text,
    "valueString": str,
    "valueBoolean": lambda v: "true" if v else "false",
    "valueDateTime": str,
    "valueTime": str,
    "valuePeriod": lambda v: f"{at(v, 'start') or ''}/{at(v, 'end') or ''}",
    "valueRange": _range_text,
    "valueRatio": _ratio_text,
    "valueSampledData": lambda v: at(v, "data"),
}


def value_of(item: Mapping[str, Any], code: str | None = None) -> Row:
    """numeric_value, unit, source_unit and text_value of an Observation or one of its components."""
    if "valueQuantity" in item:
        return quantity(item["valueQuantity"], code)
    if type(item.get("valueInteger")) is int:
        return {"numeric_value": float(item["valueInteger"])}
    for name, read in _TEXTS.items():
        if name in item:
            return {"text_value": read(item[name])}
    absent = code_of(item.get("dataAbsentReason"))
    return {"text_value": absent[0]} if absent else {}


# --- times -------------------------------------------------------------------------------------------


def _first(resource: Mapping[str, Any], paths: Sequence[str], *, end: bool = False) -> tuple[int, str, str] | None:
    for path in paths:
        text = at(resource, path)
        found = times.instant(text, end=end) if isinstance(text, str) else None
        if found is not None:
            return found[0], found[1], path
    return None


def _timed(resource: Mapping[str, Any], event: Event, offsets: Offsets) -> Row:
    """The time columns; ``position`` is the day on the patient's axis, exact also where only the year is disclosed."""
    start = _first(resource, event.time)
    end = _first(resource, event.end, end=True) if event.end else None
    known = _first(resource, event.available, end=True) if event.available else None
    position = _position(start, event.time, offsets)
    flags = None
    if end and start and end[0] < start[0]:
        # Which of the two is wrong nobody can tell: what is known is known when both have passed (mimic-code#1288).
        known = max(known or end, start)
        end, flags = None, "reversed_period"
    elif start is None and any(at(resource, p) for p in event.time):
        flags = "unreadable_time"
    return {
        "flags": flags,
        "time": start[0] if start else None,
        "time_precision": start[1] if start else "unknown",
        "end_time": end[0] if end else None,
        "available_time": known[0] if known else None,
        "position": position,
        "undated": None if start or position is not None else event.undated,
        "billing": event.billing and known is None,
    }


def _position(found: tuple[int, str, str] | None, places: Sequence[str], offsets: Offsets) -> float | None:
    """The day on the patient's axis; a year without a day has none where only the hidden axis spaces events."""
    if offsets is None:
        return found[0] / _DAY if found else None
    return next((offsets[p] for p in map(_plain, places) if p in offsets), None)


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
    """The code, and the medication whose code is to be taken instead."""
    if event.fixed:
        tail = next((v for v in (at(resource, p) for p in event.suffix) if v), None)
        named = coded(tail) if isinstance(tail, dict) else None
        end = named.code.rpartition("//")[2] if named else tail if isinstance(tail, str) else None
        return Coded(f"{event.fixed}//{end}" if end else event.fixed, None), None
    for path in event.code:
        value = at(resource, path)
        if value is None:
            continue
        if path.endswith("Reference"):
            medication = _medication(resource, value)
            if medication:
                return medication
        found = coded(value)
        if found:
            return (
                (replace(found, code=f"{event.prefix}//{found.code}", parents=[found.code]), None)
                if event.prefix
                else (found, None)
            )
    return (Coded(event.fixed_if_none, None), None) if event.fixed_if_none else (None, None)


def _medication(resource: Mapping[str, Any], value: Any) -> tuple[Coded | None, str | None] | None:
    named = value.get("reference") if isinstance(value, dict) else None
    if not isinstance(named, str):
        return None
    if named.startswith("#"):
        inner: Mapping[str, Any] = next((c for c in resource.get("contained") or () if c.get("id") == named[1:]), {})
        found = coded(inner.get("code"))
        return (found, None) if found else None
    return Coded("MEDICATION//UNKNOWN", None), _reference_id(value)


def _named_medication(resource: Mapping[str, Any]) -> Row:
    """The code of a Medication; a mixture without one takes its first ingredient's, here or by reference."""
    found = code_of(resource.get("code")) or code_of(at(resource, "ingredient.0.itemCodeableConcept"))
    if found:
        return {"code": found[0], "display": found[1]}
    return {"medication_id": _reference_id(at(resource, "ingredient.0.itemReference"))}


def rows(
    kind: str, resource_id: str, subject_id: int | None, resource: Mapping[str, Any], offsets: Offsets
) -> Iterator[Row]:
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
        told = list(_patient(resource, base, offsets))
        first = next((row for row in told if row["kind"] == "event"), None)
        if first is not None:
            first["first"] = True
        yield from told
        if not any(row["kind"] == "event" for row in told):
            yield _left_out(base, "no_code_or_time")
        return
    if kind == "Medication":
        yield {**base, "kind": "medication", **_named_medication(resource)}
        yield _left_out(base, "not_on_timeline")
        return
    rule = table().types.get(kind)
    if rule is None or subject_id is None:
        yield _left_out(base, "not_on_timeline" if rule is None else "no_subject")
        return
    status = _status(resource, rule.status)
    if status in rule.removed:
        yield _left_out(base, str(status).replace("-", "_"))
        return
    encounter = next((i for i in (_encounter_id(resource, resource_id, p) for p in rule.encounter) if i), None)
    suffix = rule.modifiers.get(status or "")
    known = _statuses(kind, rule.status)
    flag = "unknown_status" if status and known and status not in known else _DOUBTFUL.get(status or "")
    common = {**base, "kind": "event", "encounter_id": encounter, "infer": bool(rule.encounter) and not encounter}
    if kind == "Encounter":
        yield _visit(resource, base, offsets)
    made = 0
    for event in rule.events:
        for row in _events(resource, event, common, offsets, suffix):
            row["first"] = not made
            if flag:
                row["flags"] = _both(row.get("flags"), flag)
            made += 1
            yield row
    if not made:
        yield _left_out(base, "no_code_or_time")


_DOUBTFUL = {"preliminary": "preliminary", "registered": "preliminary"}


def _both(one: str | None, other: str | None) -> str | None:
    return f"{one} {other}" if one and other else one or other


def _left_out(base: Row, reason: str) -> Row:
    return {**base, "kind": "filtered", "reason": reason}


def _encounter_id(resource: Mapping[str, Any], resource_id: str, path: str) -> str | None:
    return resource_id if path == "id" else _reference_id(at(resource, path))


def _events(
    resource: Mapping[str, Any], event: Event, common: Row, offsets: Offsets, suffix: str | None
) -> Iterator[Row]:
    timed = _timed(resource, event, offsets)
    if event.optional and timed["time"] is None and timed["position"] is None:
        return
    found, medication = _coded(resource, event)
    source_id = common["source_id"]
    if found is not None and not (event.components and _only_components(resource)):
        yield _event_row(resource, event, found, medication, {**common, **timed}, suffix)
    if event.components:
        for i, component in enumerate(resource.get("component") or ()):
            named = coded(component.get("code"))
            if named:
                value = value_of(component, named.code)
                yield {
                    **common,
                    **timed,
                    **value,
                    "code": f"{named.code}//{suffix}" if suffix else named.code,
                    "display": named.display,
                    "parents": named.parents,
                    "sex": _sex_of(named.code),
                    "flags": _both(_both(timed["flags"], named.flag), value.get("flags")),
                    "event_id": _event_id(source_id, "component", i),
                }


def _event_row(
    resource: Mapping[str, Any], event: Event, found: Coded, medication: str | None, base: Row, suffix: str | None
) -> Row:
    ending = "".join(f"//{part}" for part in (event.tail, suffix) if part)
    row = {
        **base,
        "code": found.code + ending,
        "display": found.display,
        "parents": found.parents,
        "medication_id": medication,
        "suffix": ending,
        "note": event.note,
        "sex": None if event.prefix else _sex_of(found.code),
        "event_id": _event_id(base["source_id"], event.element, 0),
    }
    value: Row = {}
    if event.value:
        value = value_of(resource, found.code)
    elif event.quantity:
        value = quantity(at(resource, event.quantity))
    row |= value
    row["flags"] = _both(_both(base["flags"], found.flag), value.get("flags"))
    text = next((t for t in (at(resource, p) for p in event.text) if isinstance(t, str)), None)
    if text:
        row["text_value"] = text
    return row


def _only_components(resource: Mapping[str, Any]) -> bool:
    """A panel such as blood pressure: no value of its own, its components carry the values."""
    return bool(resource.get("component")) and not value_of(resource)


def _visit(resource: Mapping[str, Any], base: Row, offsets: Offsets) -> Row:
    start = _first(resource, ["period.start"])
    end = _first(resource, ["period.end"], end=True)
    position_end = _position(end, ["period.end"], offsets)
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
        "position": _position(start, ["period.start"], offsets),
        "facts": [(k, v) for k, v in facts.items() if v],
    }


def _extension_code(resource: Mapping[str, Any], url: str) -> str | None:
    for extension in resource.get("extension") or ():
        if extension.get("url") == url:
            inner = extension.get("extension") or ()
            return next((at(i, "valueCoding.code") for i in inner if i.get("url") == "ombCategory"), None)
    return None


def _patient(resource: Mapping[str, Any], base: Row, offsets: Offsets) -> Iterator[Row]:
    source_id = base["source_id"]
    base = {**base, "own": own_subject(source_id) == base["subject_id"]}
    birth = _first(resource, ["birthDate"])
    death = _first(resource, ["deceasedDateTime"])
    race, ethnicity = _extension_code(resource, _RACE), _extension_code(resource, _ETHNICITY)
    home = at(resource, "address.0") or {}
    facts = {
        "gender": resource.get("gender"),
        "race": race,
        "ethnicity": ethnicity,
        "zip3": (home.get("postalCode") or "")[:3] or None,
        "state": home.get("state"),
        "birth_year": str(resource.get("birthDate"))[:4] if birth else None,
        "deceased": "true" if death or resource.get("deceasedBoolean") is True else "false",
    }
    yield {**base, "kind": "subject", "facts": [(k, v) for k, v in facts.items() if v]}
    common = {**base, "kind": "event"}
    for name, found, place in (("MEDS_BIRTH", birth, "birthDate"), ("MEDS_DEATH", death, "deceasedDateTime")):
        position = _position(found, [place], offsets)
        if found or position is not None:
            yield {
                **common,
                "code": name,
                "time": found[0] if found else None,
                "time_precision": found[1] if found else "unknown",
                "available_time": found[0] if found else None,
                "position": position,
                "event_id": _event_id(source_id, name, 0),
            }
    statics = {"GENDER": resource.get("gender"), "RACE": race, "ETHNICITY": ethnicity}
    for name, code in statics.items():
        if code:
            yield {
                **common,
                "code": f"{name}//{code}",
                "time_precision": "static",
                "event_id": _event_id(source_id, name, 0),
            }


def own_subject(source_id: str) -> int | None:
    """The subject id that a Patient's own pseudonym gives; another one was given to a record that was merged."""
    try:
        return int(source_id[:16], 16) >> 1
    except ValueError:
        return None
