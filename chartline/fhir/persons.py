"""Which Patients are one person: by a ``link``, or by an identifier of a system that the project declares."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

OUTDATED = ("old", "temp")
"""Uses of an identifier that no longer or not yet name the person."""

_REPLACED_BY, _REPLACES = "replaced-by", "replaces"
MOST_RECORDS = 10
"""An identifier that more records share than a person has charts is a placeholder, such as 0 or UNKNOWN."""
_SHARED_BY_MANY = frozenset({"CITY", "ZIP", "ORGANIZATION"})


@dataclass(frozen=True)
class Merges:
    """Which Patients are one person.

    Attributes:
        persons: Patient to the one that stands for the person, only where a merge concerns it.
        because: ``link`` or ``identifier``, for each Patient that became another.
        refused: identifiers that records share and that join nobody: their births differ, or too many share them.
    """

    persons: Mapping[str, str]
    because: Mapping[str, str]
    refused: int


def survivors(links: Mapping[str, Sequence[tuple[str, str]]]) -> dict[str, str]:
    """The surviving Patient of each patient that a merge concerns.

    ``replaced-by`` and ``replaces`` say the same from both ends; ``seealso`` and ``refer`` do not merge. Chains are
    followed to their end. Of several survivors, and of a cycle, the smallest id survives, so that all agree.

    Args:
        links: Patient id to its links, each (type, id of the other Patient).
    """
    after: dict[str, set[str]] = {}
    for patient, found in links.items():
        for kind, other in found:
            if kind in (_REPLACED_BY, _REPLACES) and other != patient:
                old, new = (patient, other) if kind == _REPLACED_BY else (other, patient)
                after.setdefault(old, set()).add(new)
                after.setdefault(new, set())
    return {patient: _end(patient, after) for patient in after}


def _end(patient: str, after: Mapping[str, set[str]]) -> str:
    """The smallest of the last ones: those that everything reached from them leads back to."""
    return min(p for p in _reached(patient, after) if all(p in _reached(q, after) for q in _reached(p, after)))


def _reached(patient: str, after: Mapping[str, set[str]]) -> set[str]:
    reached, todo = {patient}, [patient]
    while todo:
        fresh = after[todo.pop()] - reached
        reached |= fresh
        todo.extend(fresh)
    return reached


def merges(
    links: Mapping[str, Sequence[tuple[str, str]]], shared: Iterable[Sequence[tuple[str, str | None]]] = ()
) -> Merges:
    """Persons by links and by shared identifiers.

    Args:
        links: see ``survivors``.
        shared: for each identifier of a declared system the Patients that bear it, each with its birth date.
    """
    linked = survivors(links)
    up: dict[str, str] = {}

    def top(patient: str) -> str:
        while patient in up:
            patient = up[patient]
        return patient

    refused = 0
    for bearers in sorted(sorted(b, key=str) for b in shared):
        births = {born for _, born in bearers if born}
        if len(bearers) > MOST_RECORDS or not _may_be_one(births):
            refused += 1
            continue
        tops = sorted({top(linked.get(patient, patient)) for patient, _ in bearers})
        up |= dict.fromkeys(tops[1:], tops[0])
        linked |= {patient: linked.get(patient, patient) for patient, _ in bearers}
    persons = {patient: top(person) for patient, person in linked.items()}
    because = {p: "link" if linked[p] == person else "identifier" for p, person in persons.items() if p != person}
    return Merges(persons, because, refused)


def _may_be_one(births: Iterable[str]) -> bool:
    """Whether birth dates, some of them partial, can be those of one person: the shorter begin the longer."""
    known = sorted(births, key=len)
    return all(later.startswith(sooner) for i, sooner in enumerate(known) for later in known[i + 1 :])


def are_two(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two versions of one Patient tell of two persons, as when two hospitals use the same ids.

    Both name somebody born on a day, and neither the day nor any name, number or address is the same. A person who is
    given another name keeps the birth or a number.

    Args:
        one: a row of ``bronze.people``, or what ``people.person`` gives.
        other: another.
    """
    births = {row["birth_date"] for row in (one, other)}
    told, told_too = ({(k["type"], k["value"].casefold()) for k in row["known"]} for row in (one, other))
    named = all(any(kind == "FAMILY" for kind, _ in known) for known in (told, told_too))
    alike = {kind for kind, _ in told & told_too} - _SHARED_BY_MANY
    return named and all(births) and not _may_be_one(births) and not alike


def any_two(versions: Iterable[Mapping[str, Any]]) -> bool:
    """Whether any two versions of one Patient tell of two persons, see ``are_two``."""
    return any(are_two(one, other) for one, other in combinations(versions, 2))


def borne(patient: Mapping[str, Any], systems: Collection[str]) -> Iterator[tuple[str, str]]:
    """The identifiers of declared systems that a Patient bears, as system and value."""
    given = patient.get("identifier")
    for identifier in given if isinstance(given, list) else ():
        if isinstance(identifier, dict) and identifier.get("use") not in OUTDATED:
            system, value = identifier.get("system"), identifier.get("value")
            if isinstance(system, str) and system in systems and isinstance(value, str) and value.strip():
                yield system, value.strip()
