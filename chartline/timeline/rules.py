"""The mapping table ``schemas/timeline.json``: for each type which elements make events, checked when loaded."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property, lru_cache
from typing import Any

from chartline.errors import UsageError
from chartline.fhir import definitions
from chartline.settings import room


@dataclass(frozen=True)
class Event:
    """One event that a resource of a type gives: where its code, times and value are.

    Attributes:
        over: it tells how a resource ended, and is left out while the status says that it has not.
        apart: its end is an event of its own, and not told with it.
        foretold: its end was known when it was, as that of a plan is.
        since: when it was to begin: it was known by then, and it is its time where nothing tells when it was written.
        line: it is one only where no other record of the patient says the same.
        valued: it is one only where its quantity tells one; not for entries of lists.
        records: the times that tell when it was recorded, and when it was true only where nothing else does.
    """

    element: str
    code: tuple[str, ...]
    time: tuple[str, ...]
    end: tuple[str, ...]
    available: tuple[str, ...]
    undated: str
    planned: tuple[str, ...] = ()
    since: tuple[str, ...] = ()
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
    valued: bool = False
    text: tuple[str, ...] = ()
    value: bool = False
    components: bool = False
    note: bool = False
    line: bool = False
    billing: bool = False
    awaits: str | None = None
    optional: bool = False
    unless: tuple[str, ...] = ()
    records: frozenset[str] = frozenset()

    @cached_property
    def dates_entries(self) -> bool:
        """Whether its times are those of the entries that ``each`` names."""
        return any(map(self.is_of_entry, self.dates))

    @cached_property
    def dates(self) -> tuple[str, ...]:
        """The paths that lead to its times, each once."""
        return tuple(dict.fromkeys((*self.time, *self.end, *self.available, *self.planned, *self.since)))

    def is_of_entry(self, path: str) -> bool:
        """Whether a path leads into the entries that ``each`` names."""
        return self.each is not None and path.startswith(f"{first_step(self.each)}.")


@dataclass(frozen=True)
class TypeRule:
    """How a resource type becomes events.

    Attributes:
        going: statuses under which what lasts has not ended, so that its end is a plan; None for what does not last.
        fates: what other statuses say of what became of it, each the last part of a code.
        holds: types of contained resources that are events too.
        focus: the element that says of whom or what it is told, where that is not the patient.
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
    focus: str | None
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
            rule.get("focus"),
            events,
            frozenset(first_step(p) for e in events for p in _paths(e)),
        )
    return Table(body["systems"], tuple(body["prefer"]), body["descriptions"], body["classes"], types, body["out"])


def _event(item: Mapping[str, Any]) -> Event:
    fields: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in item.items()}
    return Event(**fields, records=frozenset(item["time"][1:]).intersection(item["available"]))


_PATHS = ("code", "time", "end", "available", "planned", "since", "text")


def _paths(event: Event) -> Iterator[str]:
    yield from (path for name in _PATHS for path in getattr(event, name))
    if event.each:
        yield event.each


def first_step(path: str) -> str:
    """The element that a path begins with."""
    return path.partition(".")[0]


@lru_cache(maxsize=4096)
def reachable(kind: str, present: frozenset[str], fate: str | None) -> tuple[Event, ...]:
    """The events that a resource with these elements can give, without the paths that lead nowhere in it."""

    def pruned(event: Event) -> Event:
        fields: dict[str, Any] = {n: tuple(p for p in getattr(event, n) if first_step(p) in present) for n in _PATHS}
        return replace(event, **fields)

    events = map(pruned, all_of(kind, present, fate))
    return tuple(e for e in events if e.time or e.end or not e.optional)


@lru_cache(maxsize=4096)
def all_of(kind: str, present: frozenset[str], fate: str | None) -> tuple[Event, ...]:
    """The events but for those of entries of lists that a resource with these elements does not have."""
    rule = table().types[kind]
    there = (e for e in rule.events if not e.each or first_step(e.each) in present)
    return tuple(_of_fate(e, rule, fate) for e in there if fate or not e.over)


_ENDED = "ENDED"


def fate_of(rule: TypeRule, status: str | None) -> str | None:
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
def sex_of(code: str) -> str | None:
    """The sex that a code tells of, for the few that tell of one."""
    return next((sex for prefix, sex in _sexes() if code.startswith(prefix)), None)


@cache
def statuses_of(kind: str) -> frozenset[str]:
    """The words that FHIR knows for the status of a type; none where it leaves them open."""
    rule, elements = table().types[kind], definitions.load()[kind].elements
    named = [elements[e].codes or frozenset() for e in (rule.status, rule.also) if e and e in elements]
    return frozenset().union(*named)
