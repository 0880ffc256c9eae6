"""One de-identified resource to event rows, by the mapping table ``schemas/timeline.json``; pure functions.

A row has the columns of ``ROW``. What needs other resources (an encounter's end, a referenced medication's code, the
patient's first event) is left to Spark SQL.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, lru_cache
from typing import Any

from chartline.timeline import rules, times, units, values
from chartline.timeline.values import Row

ROW = {
    "kind": "string",
    "subject_id": "long",
    "time": "long",
    "end_time": "long",
    "available_time": "long",
    "time_precision": "string",
    "undated": "string",
    "billing": "boolean",
    "untold": "boolean",
    "unplaced": "boolean",
    "position": "double",
    "precision": "string",
    "end_at": "double",
    "available_at": "double",
    "code": "string",
    "display": "string",
    "medication_id": "string",
    "prefix": "string",
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

Rows of kind line become events or not, by what else is told of the patient (``chartline.timeline.build.lines``); those
of kind listed say which visit a condition hangs to that names none (``chartline.timeline.build.hung``), those of kind
reported when a result came to be known that does not tell it (``chartline.timeline.build.issued``).
"""
Offsets = Mapping[str, float] | None
"""Days of dated elements on the hidden axis; None where dates show and are the axis themselves."""
_RACE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-race"
_ETHNICITY = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-ethnicity"
_DAY = 86_400_000_000
_BEFORE_MIDNIGHT = 1 - 1e-9
"""A day without a time, as an end, counts whole; on the hidden axis it is a whole number."""


# --- times -------------------------------------------------------------------------------------------


Instant = tuple[int, str, str]
"""Microseconds since 1970, precision, and the element that told."""
_Point = tuple[Instant | None, float | None]


def _first(resource: Mapping[str, Any], paths: Sequence[str], *, end: bool = False) -> Instant | None:
    for path in paths:
        value = values.at(resource, path)
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


def _timed(resource: Mapping[str, Any], event: rules.Event, offsets: Offsets) -> Row:
    """The time columns.

    ``position``, ``end_at`` and ``available_at`` are days on the patient's axis, exact also where only the year is
    disclosed. ``unplaced`` says that only the year is told of one of them, so that nobody can say when all was known.
    """
    paths = _telling(event.time, offsets)
    start, at_ = _point(resource, paths, offsets, end=event.ends)
    if start is None and at_ is None and event.since:
        paths = _telling(event.since, offsets)
        start, at_ = _point(resource, paths, offsets)
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
        paths = tuple(p for p in ends if _start_of(p) in event.time)
        start, at_ = _point(resource, paths, offsets)
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
        flags = values.joined(flags, "unreadable_time")
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
    told = [(start, at_), (known, known_at)]
    if not foretold:
        if start and start[1] != "second" and _before((known, known_at), (start, at_)):
            # Of a day, a month or a year to come nobody knows at its beginning what it brings.
            over, over_at = _point(resource, paths, offsets, end=True)
            known, known_at = _later(known, over), _later(known_at, over_at)
        # What is told with its end is not known before that.
        told.append((end, end_at))
        known, known_at = _later(known, end), _later(known_at, end_at)
    return {
        "flags": flags,
        "time": start[0] if start else None,
        "time_precision": start[1] if start else "unknown",
        "end_time": end[0] if end else None,
        "available_time": known[0] if known else None,
        "position": at_,
        "precision": _precision(start, at_, offsets),
        "end_at": end_at,
        "available_at": known_at,
        "undated": None if start or at_ is not None else event.undated,
        "billing": untold and (event.billing or _awaited(resource, event)),
        "untold": untold,
        "unplaced": offsets is not None and any(moment and day is None for moment, day in told),
    }


def _awaited(resource: Mapping[str, Any], event: rules.Event) -> bool:
    """Whether an element says that what is told came to be known later than it was true, as a specimen does."""
    return event.awaits is not None and values.at(resource, event.awaits) is not None


def _telling(paths: Sequence[str], offsets: Offsets) -> Sequence[str]:
    """The paths that may tell a time.

    On the hidden axis what tells the day tells the year: another element's beside it would tell when the day was.
    """
    return paths if offsets is None else next(((p,) for p in paths if _plain(p) in offsets), paths)


def _precision(found: Instant | None, day: float | None, offsets: Offsets) -> str | None:
    """How exact a day of the axis is: a hidden one without a time is whole or, as an end, just before a whole one."""
    if offsets is None:
        return found[1] if found else None
    if day is None:
        return None
    return "day" if day.is_integer() or math.ceil(day) - day < 2 * (1 - _BEFORE_MIDNIGHT) else "second"


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


def _planned(
    resource: Mapping[str, Any], event: rules.Event, paths: Sequence[str], offsets: Offsets, plan: _Point
) -> _Point:
    """For when it is planned, which its end tells while its time is that of the plan; no date that had passed."""
    start, at_ = plan
    told = _told_by(paths, start, at_)
    for path in event.planned:
        due, due_at = _due(resource, path, offsets, plan)
        passed = (start and due and due[0] <= start[0]) or (at_ is not None and due_at is not None and due_at <= at_)
        same = told and _plain(told) == path and values.at(resource, f"{path}.1") is None
        if told and not same and not passed and (due or due_at is not None):
            return due, due_at
    return None, None


def _due(resource: Mapping[str, Any], path: str, offsets: Offsets, plan: _Point) -> _Point:
    """When something is due: on a date, on the last of several, or so long after the plan's own time."""
    value = values.at(resource, path)
    if type(value) is dict:
        days = _days_long(value.get("high") if "value" not in value else value)
        (start, at_) = plan if days else (None, None)
        due = (start[0] + round(days * _DAY), start[1], path) if days and start else None
        return due, at_ + days if days and at_ is not None else None
    return _point(resource, [path], offsets, end=True)


def _days_long(value: Any) -> float | None:
    """The days of a Duration; None for none, and for one as long as a life."""
    number, named = (
        values.at(value, "value"),
        next((u for u in (values.at(value, "code"), values.at(value, "unit")) if u), None),
    )
    days = units.rules().days.get(named) if isinstance(named, str) else None
    return number * days if days and values.is_number(number) and 0 < number * days < _LIFE else None


_LIFE = 90 * 365.25  # safe_harbor cuts what is longer to it


def _own_ends(
    resource: Mapping[str, Any], event: rules.Event, paths: Sequence[str], start: Instant | None, at_: float | None
) -> tuple[str, ...]:
    """The ends that belong to the time: a note is not over with the visit that it was written about."""
    told = _told_by(paths, start, at_)
    foreign = [
        p for p in event.end if (b := _start_of(p)) in event.time and b != told and values.at(resource, b) is not None
    ]
    return tuple(p for p in event.end if p not in foreign) if foreign else event.end


@cache
def _start_of(path: str) -> str:
    """The start of the period that an end belongs to; nothing for an end that is of no period."""
    return f"{path[:-4]}.start" if path.endswith(".end") else ""


def _says(resource: Mapping[str, Any], paths: Sequence[str]) -> bool:
    return any(isinstance(values.at(resource, p), (str, list)) for p in paths)


def _point(resource: Mapping[str, Any], paths: Sequence[str], offsets: Offsets, *, end: bool = False) -> _Point:
    """A time, and its day on the patient's axis; a year has no day where only the hidden axis spaces events."""
    found = _first(resource, paths, end=end) if paths else None
    if offsets is None:
        return found, found[0] / _DAY if found else None
    day = next((day for path in paths if (day := _day(resource, path, offsets, end=end)) is not None), None)
    return found, _whole_day(day) if end else day


def _day(resource: Mapping[str, Any], path: str, offsets: Mapping[str, float], *, end: bool) -> float | None:
    """The day of a path on the hidden axis; of several dates that of the first, or of the last as an end."""
    plain, value = _plain(path), values.at(resource, path)
    if value is None and plain != path:
        return None  # the day is that of another entry
    if type(value) is not list:
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


def _coded(resource: Mapping[str, Any], event: rules.Event, offsets: Offsets) -> tuple[values.Coded | None, str | None]:
    """The code, and the medication whose code is to be taken instead; why one is absent is none if there is another."""
    if event.fixed:
        return _fixed(_as_it_began(resource, event.began, offsets), event.fixed, event.suffix), None
    absent = None
    for path in event.code:
        value = values.at(resource, path)
        if value is None:
            continue
        if type(value) is dict and "reference" in value:
            medication = _referred(resource, value, event.fixed_if_none or "MEDICATION//UNKNOWN")
            if medication:
                return _under(resource, event, medication[0]), medication[1]
        found = values.coded(value)
        if found and not found.code.startswith("ABSENT//"):
            return _under(resource, event, found), None
        absent = absent or found
    if absent:
        return _under(resource, event, absent), None
    return (_made(event.fixed_if_none), None) if event.fixed_if_none else (None, None)


def _under(resource: Mapping[str, Any], event: rules.Event, found: values.Coded) -> values.Coded | None:
    """A code under the prefix of its event, if it has one; what judges another code stands behind that one."""
    if event.about is None:
        bare = [found.code, *(found.parents or ())]
        return replace(found, code=f"{event.prefix}//{found.code}", parents=bare) if event.prefix else found
    judged = values.coded(values.at(resource, event.about))
    if judged is None:
        return None
    word = found.code.partition("//")[2]
    code = f"{event.prefix}//{judged.code}//{word}"
    return replace(
        judged, code=code, display=f"{judged.display or judged.code}: {found.display or word}", parents=[judged.code]
    )


def _made(code: str) -> values.Coded:
    return values.Coded(code, rules.table().descriptions.get(code))


def _fixed(resource: Mapping[str, Any], code: str, suffix: Sequence[str]) -> values.Coded:
    """A code made here, with what the resource says of it behind: ``ENCOUNTER//END//class//disposition``.

    Each shorter form is a parent of the longer, so that a reader who asks for the ends of stays finds them all.
    """
    told = [_tail(values.at(resource, path)) for path in suffix]
    while told and told[-1] is None:
        told.pop()
    made = _made(code)
    for part in told:
        word, display = part or ("UNKNOWN", None)
        text = f"{made.display}, {display}" if made.display and display else made.display
        parents = [*(made.parents or ()), made.code] if made.code != code else None
        made = values.Coded(f"{made.code}//{word}", text, parents)
    return made


def _as_it_began(resource: Mapping[str, Any], history: str | None, offsets: Offsets) -> Mapping[str, Any]:
    """The resource with what the earliest entry of its history says: a later class is not known at the start."""
    if history is None:
        return resource
    entries = [e for e in resource.get(history) or () if type(e) is dict]
    path, before = f"{history}.period.start", Counter[str]()

    def began(entry: Any) -> float:
        alone = {**resource, history: entry}
        days = None if offsets is None else _days_of(alone, history, [path], offsets, before)
        found = _point(alone, [path], days)[1]
        return math.inf if found is None else found

    return {**resource, **min(entries, key=began)} if entries else resource


def _tail(value: Any) -> tuple[str, str | None] | None:
    """The last part of a code and its display: of a concept, or a word of the table's ``classes``."""
    if isinstance(value, str):
        word = values.as_word(value)
        return (word, rules.table().classes.get(word)) if word else None
    found = values.coded(value)
    return (found.code.partition("//")[2], found.display) if found else None


def _referred(resource: Mapping[str, Any], value: Any, unknown: str) -> tuple[values.Coded, str | None] | None:
    """What a reference to a medication or a device is coded as: its code when it is inside, else its id to look up."""
    named = value.get("reference") if isinstance(value, dict) else None
    if not isinstance(named, str):
        return None
    if not named.startswith("#"):
        return _made(unknown), _reference_id(value)
    inner = _inside(resource, named)
    ingredient = _ingredient(inner)
    found = values.coded(inner.get("code") or inner.get("type")) or values.coded(ingredient.get(_ITEM))
    part = values.at(ingredient, f"{_PART}.reference")
    if found is None and isinstance(part, str):
        if not part.startswith("#"):
            return _made(unknown), _reference_id(part)
        found = values.coded(_inside(resource, part).get("code"))
    return (found, None) if found else None


def _inside(resource: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The contained resource of a name such as ``#m1``."""
    return next((c for c in resource.get("contained") or () if c.get("id") == name[1:]), {})


_ITEM, _PART = "itemCodeableConcept", "itemReference"


def _ingredient(medication: Mapping[str, Any]) -> Mapping[str, Any]:
    """The ingredient that tells what a mixture is: the first active one, else the first."""
    found = [part for part in medication.get("ingredient") or () if isinstance(part, dict)]
    return next((part for part in found if part.get("isActive") is True), found[0] if found else {})


def _named_medication(resource: Mapping[str, Any]) -> Row:
    """The code of a Medication; a mixture without one takes that of an ingredient, here or by reference."""
    ingredient = _ingredient(resource)
    found = values.coded(resource.get("code")) or values.coded(ingredient.get(_ITEM))
    if found:
        return {"code": found.code, "display": found.display, "parents": found.parents}
    return {"medication_id": _reference_id(ingredient.get(_PART))}


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
    rule = rules.table().types.get(kind)
    if rule is None or subject_id is None:
        return [_left_out(base, "not_on_timeline" if rule is None else "no_subject")]
    status = _said(resource, rule)
    if status in rule.removed:
        return [_left_out(base, str(status).replace("-", "_"))]
    visits = [_visit(resource, base, offsets), *_listed(resource, base)] if kind == "Encounter" else []
    visits += _reported(resource, base, offsets) if kind == "DiagnosticReport" else ()
    made = visits + (_course(kind, rule, status, resource, base, offsets) or [_left_out(base, "no_code_or_time")])
    return made + _held_within(rule, resource, base, offsets) if rule.holds and "contained" in resource else made


def _held_within(rule: rules.TypeRule, resource: Mapping[str, Any], base: Row, offsets: Offsets) -> list[Row]:
    """The events of resources that one contains, such as the results of a report, as far as the type says so.

    They happened with it, unless they tell their own time; on the hidden axis only the container is placed.
    """
    made: list[Row] = []
    for i, inner in enumerate(resource["contained"]):
        kind = inner.get("resourceType")
        held = rules.table().types[kind] if kind in rule.holds else None
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


def _said(resource: Mapping[str, Any], rule: rules.TypeRule) -> str | None:
    """The status; where another element tells one too, that one, but for what removes the resource."""
    status = values.status_of(resource, rule.status)
    return status if rule.also is None or status in rule.removed else values.status_of(resource, rule.also) or status


def _course(
    kind: str, rule: rules.TypeRule, status: str | None, resource: Mapping[str, Any], base: Row, offsets: Offsets
) -> list[Row]:
    """The events of a resource of a patient's course; none where it has no code or time."""
    encounter = None
    for path in rule.encounter:
        encounter = encounter or (base["source_id"] if path == "id" else _reference_id(values.at(resource, path)))
    suffix = _suffix(resource, rule, status)
    common = {
        **base,
        "kind": "event",
        "encounter_id": encounter,
        "infer": bool(rule.encounter) and not encounter,
        "first": False,
    }
    # Where there is a hidden axis, it may place what the resource no longer says.
    present, fate = rule.heads.intersection(resource), rules.fate_of(rule, status)
    events = rules.all_of(kind, present, fate) if offsets is not None else rules.reachable(kind, present, fate)
    made: list[Row] = []
    for event in events:
        if not (event.otherwise and made):
            made += _events(resource, event, common, offsets, suffix)
    if made:
        made[0]["first"] = True
    known = rules.statuses_of(kind)
    flag = "unknown_status" if status and known and status not in known else _DOUBTFUL.get(status or "")
    for row in made if flag else ():
        row["flags"] = values.joined(row["flags"], flag)
    for row in made if _of_another(resource, rule) else ():
        row.update(code=f"FOCUS//{row['code']}", parents=None, sex=None)
    return made


def _of_another(resource: Mapping[str, Any], rule: rules.TypeRule) -> bool:
    """Whether a resource is told of somebody or something else than its patient (hl7.org/fhir/R4/observation.html)."""
    if rule.focus is None or rule.focus not in resource:
        return False
    told = [str(values.at(one, "reference") or "") for one in resource[rule.focus] or ()]
    subject = values.at(resource, "subject.reference")
    # Whose patient only the visit tells may be the one in focus.
    return any(one != subject and not (subject is None and one.startswith("Patient/")) for one in told)


_DOUBTFUL = {
    **dict.fromkeys(("preliminary", "registered", "partial"), "preliminary"),
    **dict.fromkeys(("unconfirmed", "provisional", "differential"), "unconfirmed"),
}


def _suffix(resource: Mapping[str, Any], rule: rules.TypeRule, status: str | None) -> str | None:
    """What a status and other elements say of whether it was done, as the last parts of the code."""
    if not rule.qualifiers:
        return rule.modifiers.get(status or "")
    said = [words.get(values.status_of(resource, name) or "") for name, words in rule.qualifiers.items()]
    return "//".join(w for w in (*said, rule.modifiers.get(status or "")) if w) or None


def _left_out(base: Row, reason: str) -> Row:
    return {**base, "kind": "filtered", "reason": reason}


def _events(
    resource: Mapping[str, Any], event: rules.Event, common: Row, offsets: Offsets, suffix: str | None
) -> Iterator[Row]:
    if event.valued and not _quantity(resource, event):
        return
    if event.each and event.dates_entries:
        for i, (view, days) in enumerate(_dated_views(resource, event, offsets)):
            yield from _made_of(resource, event, common, _timed(view, event, days), suffix, [(i, view)], days)
        return
    views = list(enumerate(_views(resource, event.each) if event.each else [resource]))
    if views:
        yield from _made_of(resource, event, common, _timed(resource, event, offsets), suffix, views, offsets)


def _made_of(
    resource: Mapping[str, Any],
    event: rules.Event,
    common: Row,
    timed: Row,
    suffix: str | None,
    views: Sequence[tuple[int, Mapping[str, Any]]],
    offsets: Offsets,
) -> Iterator[Row]:
    """The rows of an event at one time: of the resource, or of entries of it, each with its place."""
    if event.optional and timed["time"] is None and timed["position"] is None:
        return
    if event.answers:
        yield from _answers(resource, event, {**common, **timed}, suffix)
        return
    for i, view in views:
        if event.unless and values.at(view, event.unless[0]) in event.unless[1:]:
            continue
        found, medication = _coded(view, event, offsets)
        if found is not None and not (event.components and _only_components(view)):
            yield _event_row(view, event, i, found, medication, common, timed, suffix)
    if event.components:
        for i, component in enumerate(resource.get("component") or ()):
            named = values.coded(component.get("code"))
            if named:
                told = values.value_of(component, named.code)
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
    resource: Mapping[str, Any], event: rules.Event, offsets: Offsets
) -> Iterator[tuple[Mapping[str, Any], Offsets]]:
    """The views of a list whose entries have times of their own, each with its days on the hidden axis."""
    each = event.each or ""
    head = rules.first_step(each)
    held = resource.get(head)
    paths = [p for p in event.dates if event.is_of_entry(p)]
    before: Counter[str] = Counter()
    for entry in held if type(held) is list else (held,) if held else ():
        days = None if offsets is None else _days_of({**resource, head: entry}, head, paths, offsets, before)
        yield from ((view, days) for view in _views({**resource, head: [entry]}, each))


def _days_of(
    alone: Mapping[str, Any], head: str, paths: Sequence[str], offsets: Mapping[str, float], before: Counter[str]
) -> dict[str, float]:
    """The days of one entry among several: they are told in the order of the dates (``chartline.deid.walk.Walk``)."""
    days = {path: day for path, day in offsets.items() if rules.first_step(path) != head}
    for path in paths:
        value = values.at(alone, path)
        for i, _ in enumerate(v for v in (value if type(value) is list else (value,)) if isinstance(v, str)):
            told = f"{path}#{before[path]}" if before[path] else path
            before[path] += 1
            if told in offsets:
                days[f"{path}#{i}" if i else path] = offsets[told]
    return days


def _valued(base: Row, named: values.Coded, value: Row, suffix: str | None, event_id: str) -> Row:
    """The row of a component or an answer: the times of its resource, a code and a value of its own."""
    return {
        **base,
        **value,
        "code": f"{named.code}//{suffix}" if suffix else named.code,
        "display": named.display,
        "parents": named.parents,
        "sex": rules.sex_of(named.code),
        "flags": values.joined(values.joined(base["flags"], named.flag), value.get("flags")),
        "event_id": event_id,
    }


def _answers(resource: Mapping[str, Any], event: rules.Event, base: Row, suffix: str | None) -> Iterator[Row]:
    """One row for each answer of a form, groups and questions under answers included, in the order of the form."""
    form = _form(resource.get("questionnaire"))
    todo = [(item, f"{i}") for i, item in enumerate(resource.get("item") or ())][::-1]
    while todo:
        item, place = todo.pop()
        inner = [(v, f"{place}.{i}") for i, v in enumerate(item.get("item") or ())]
        link = values.as_word(item.get("linkId") or "").lstrip("/")
        for i, answer in enumerate(item.get("answer") or ()):
            inner += [(v, f"{place}.{i}.{j}") for j, v in enumerate(answer.get("item") or ())]
            value = values.value_of(answer)
            if link and value:
                loinc = _loinc(link)
                named = values.Coded(f"{event.fixed}//{form}{link}", _question(item, event), [loinc] if loinc else None)
                yield _valued(base, named, value, suffix, _event_id(base["source_id"], f"answer.{place}", i))
        todo += inner[::-1]


def _form(canonical: Any) -> str:
    """What a form is called, before the names of its questions; nothing where no form is named."""
    return f"{values.system_name(canonical.partition('|')[0])}//" if isinstance(canonical, str) and canonical else ""


def _question(item: Mapping[str, Any], event: rules.Event) -> str | None:
    return values.as_word(item.get("text") or "") or rules.table().descriptions.get(event.fixed or "")


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
    event: rules.Event,
    index: int,
    found: values.Coded,
    medication: str | None,
    common: Row,
    timed: Row,
    suffix: str | None,
) -> Row:
    parts = [part for part in (suffix, _forbidden(resource, event), event.tail) if part]
    ending = "".join(f"//{part}" for part in parts) if parts else ""
    value: Row = {}
    if event.value:
        value = values.value_of(resource, found.code)
    elif event.quantity:
        value = _quantity(resource, event)
    row = {
        **common,
        **timed,
        **value,
        "kind": "noted" if event.note else "line" if event.line else "event",
        "code": found.code + ending,
        "display": found.display,
        "parents": found.parents,
        "medication_id": medication,
        "prefix": f"{event.prefix}//" if medication and event.prefix else None,
        "suffix": ending,
        "sex": None if event.prefix else rules.sex_of(found.code),
        "event_id": _event_id(common["source_id"], event.element, index),
        "flags": values.joined(values.joined(timed["flags"], found.flag), value.get("flags")),
    }
    for path in event.text:
        if text := _told(values.at(resource, path)):
            row["text_value"] = text
            break
    return row


def _quantity(resource: Mapping[str, Any], event: rules.Event) -> Row:
    for path in event.quantity:
        held = values.at(resource, path)
        if held is not None and (told := values.measure(held)):
            return told
    return {}


def _forbidden(resource: Mapping[str, Any], event: rules.Event) -> str | None:
    return "DO_NOT_PERFORM" if event.forbidden and values.at(resource, event.forbidden) is True else None


def _told(value: Any) -> str | None:
    return value if isinstance(value, str) else values.concept_text(value)


def _only_components(resource: Mapping[str, Any]) -> bool:
    """A panel such as blood pressure: no value of its own, its components carry the values."""
    return bool(resource.get("component")) and not values.stated(resource)


def _visit(resource: Mapping[str, Any], base: Row, offsets: Offsets) -> Row:
    start, position = _point(resource, ["period.start"], offsets)
    end, position_end = _point(resource, ["period.end"], offsets, end=True)
    kind = values.code_of(values.at(resource, "type.0"))
    discharge = values.code_of(values.at(resource, "hospitalization.dischargeDisposition"))
    facts = {
        "class": values.at(resource, "class.code"),
        "type": kind[0] if kind else None,
        "status": resource.get("status"),
        "part_of": _reference_id(resource.get("partOf")),
        "episode": _reference_id(values.at(resource, "episodeOfCare.0")),
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


def _listed(resource: Mapping[str, Any], base: Row) -> Iterator[Row]:
    """A row of kind ``listed`` for each condition that a visit names among its diagnoses: the condition, the visit."""
    if resource.get("status") in rules.table().types["Encounter"].modifiers:
        return
    for entry in resource.get("diagnosis") or ():
        if condition := _reference_id(values.at(entry, "condition")):
            visit = {"encounter_id": base["source_id"], "source_type": "Condition", "source_id": condition}
            yield {**base, **visit, "kind": "listed"}


def _reported(resource: Mapping[str, Any], base: Row, offsets: Offsets) -> Iterator[Row]:
    """A row of kind ``reported`` for each result of a report: the result, and when the report was issued."""
    issued, day = _point(resource, ["issued"], offsets, end=True)
    if issued is None and day is None:
        return
    known = {"available_time": issued[0] if issued else None, "available_at": day}
    for entry in resource.get("result") or ():
        if result := _reference_id(entry):
            yield {**base, **known, "source_type": "Observation", "source_id": result, "kind": "reported"}


def _extension_codes(resource: Mapping[str, Any], url: str) -> list[str]:
    """The OMB categories of US Core's race or ethnicity; a person can name several."""
    told = [e for e in resource.get("extension") or () if e.get("url") == url]
    inner = [i for e in told for i in e.get("extension") or () if i.get("url") == "ombCategory"]
    codes = (values.at(i, "valueCoding.code") for i in inner)
    return list(dict.fromkeys(values.as_word(c) for c in codes if isinstance(c, str) and values.as_word(c)))


def _patient(resource: Mapping[str, Any], base: Row, offsets: Offsets) -> list[Row]:
    """What a Patient tells of the person, and the events of it: birth, death and what always holds."""
    source_id = base["source_id"]
    base = {**base, "own": own_subject(source_id) == base["subject_id"]}
    birth, born = _point(resource, ["birthDate"], offsets)
    # A life ends with its last day: what that day, month or year of death brought came before.
    death, died = _point(resource, ["deceasedDateTime"], offsets, end=True)
    race, ethnicity = _extension_codes(resource, _RACE), _extension_codes(resource, _ETHNICITY)
    home = values.at(resource, "address.0") or {}
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
    lived = _lifespan(base, (birth, born), (death, died), offsets)
    told = [*lived, *_statics(base, facts["gender"], race, ethnicity)]
    if told:
        told[0]["first"] = True
    return [person, *(told or [_left_out(base, "no_code_or_time")])]


def _lifespan(base: Row, birth: _Point, death: _Point, offsets: Offsets) -> Iterator[Row]:
    for name, (found, position) in (("MEDS_BIRTH", birth), ("MEDS_DEATH", death)):
        if found or position is not None:
            yield {
                **base,
                "kind": "fact",
                "code": name,
                "display": rules.table().descriptions[name],
                "time": found[0] if found else None,
                "time_precision": found[1] if found else "unknown",
                "available_time": found[0] if found else None,
                "position": position,
                "precision": _precision(found, position, offsets),
                "event_id": _event_id(base["source_id"], name, 0),
            }


def _statics(base: Row, gender: str | None, race: list[str], ethnicity: list[str]) -> Iterator[Row]:
    for name, codes in (("GENDER", [gender] if gender else []), ("RACE", race), ("ETHNICITY", ethnicity)):
        for i, code in enumerate(codes):
            yield {
                **base,
                "kind": "fact",
                "code": f"{name}//{code}",
                "display": rules.table().descriptions.get(f"{name}//{code}"),
                "time_precision": "static",
                "event_id": _event_id(base["source_id"], name, i),
            }


def own_subject(source_id: str) -> int | None:
    """The subject id that a Patient's own pseudonym gives; another one was given to a record that was merged."""
    try:
        return int(source_id[:16], 16) >> 1
    except ValueError:
        return None
