"""Plans: what is done to a value with certain keys, found once and run for each value that has them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from chartline.deid import forms
from chartline.deid.actions import absent_reason_only, checked_by
from chartline.deid.frames import Members
from chartline.deid.walk import Step, Walk
from chartline.fhir import validate
from chartline.fhir.definitions import Element

SHAPES = 4096  # remembered sets of keys of one type


@dataclass(slots=True)
class Seen:
    """What a value became, its words, what was done to it, for whom last and how often it came again."""

    made: bytes | None
    words: frozenset[str]
    done: list[Plan | Seen]
    mark: object
    times: int = 0


Memory = dict[bytes, Seen]


@dataclass(slots=True)
class Plan:
    """What is done to a value with certain keys, and how often it was.

    Attributes:
        slots: what is counted, by slot; ``strange`` is the number of keys that no definition names.
        root: the resource type.
        run: does it.
    """

    slots: list[int]
    strange: int
    root: str
    run: Fill = field(init=False)
    times: int = 0


Filled = tuple[forms.Form, Sequence[bytes]]
Fill = Callable[[Members, Walk], Filled]


@dataclass(slots=True)
class Entry:
    """What is done to one member: its step, and what it remembers.

    Attributes:
        step: makes what it becomes, and remembers it.
        seen: what was made of values with parts, or by looking at the patient's words.
        known: what was made of dates and references, as it is.
        personal: whether it treats the value as the patient's own.
    """

    step: Step
    seen: Memory | None = None
    known: dict[bytes, bytes | None] | None = None
    personal: bool = False


class Type:
    """A type at a path: the steps of its elements, and what is done to each set of keys that was met."""

    def __init__(
        self, owner: str, path: str, element: Callable[[str, str, Element], Entry | None], slots: Mapping[str, int]
    ) -> None:
        self._owner, self._path, self._element, self._slots = owner, path, element, slots
        self._elements = forms.elements(owner)
        self._entries: dict[str, Entry | None] = {}
        self._forms: dict[tuple[str, ...], forms.Form] = {}
        self.plans: dict[tuple[str, ...], Plan] = {}

    def _known(self, key: str) -> bool:
        plain = self._elements.get(key.removeprefix("_"))
        return key in self._elements or (plain is not None and forms.is_primitive(plain))

    def _entry(self, key: str) -> Entry | None:
        """What is done to a member; None when it is left behind."""
        if key not in self._entries:
            path = f"{self._path}.{key}"
            if key in self._elements:
                self._entries[key] = self._element(self._owner, path, self._elements[key])
            else:
                self._entries[key] = Entry(checked_by(validate.check(self._owner, key), absent_reason_only, path))
        return self._entries[key]

    def _form(self, names: tuple[str, ...]) -> forms.Form:
        found = self._forms.get(names)
        if found is None:
            if len(self._forms) >= SHAPES:
                self._forms.clear()
            found = self._forms[names] = forms.form(self._owner, self._path, names)
        return found

    def plan(self, keys: tuple[str, ...]) -> Plan:
        """What is done to a value with these keys."""
        entries = [self._entry(key) if self._known(key) else None for key in keys]
        names = tuple(key for key, entry in zip(keys, entries, strict=True) if entry is not None)
        strange = sum(not self._known(key) and key not in forms.passed(self._owner) for key in keys)
        made = Plan([self._slots[k] for k in keys if k in self._slots], strange, self._path.partition(".")[0])
        whole = self._form(names)

        parts: dict[tuple[bool, ...], forms.Form] = {}

        def partly(values: Sequence[bytes | None], walk: Walk) -> Filled:
            there = tuple([value is not None for value in values])
            form = parts.get(there)
            if form is None:
                form = self._form(tuple([name for name, one in zip(names, there, strict=True) if one]))
                if len(parts) < SHAPES:
                    parts[there] = form
            walk.faults += form.faults
            return form, [value for value in values if value is not None]

        made.run = _run(made, entries, whole, partly)
        return made


NEW = b""  # no JSON: what is not known
_ASK_KNOWN = """
raw = bytes(r{i})
v{i} = known{i}(raw, NEW)
if v{i} is NEW: v{i} = step{i}(raw, walk)
"""
_ASK_SEEN = """
raw = bytes(r{i})
seen = seen{i}(raw)
if seen is not None and (seen.mark is about.mark or seen.words.isdisjoint(about.known)):
    seen.mark = about.mark
    seen.times += 1
    if done is not None: done.append(seen)
    v{i} = seen.made
else: v{i} = step{i}(raw, walk)
"""


def _run(
    plan: Plan,
    entries: Sequence[Entry | None],
    whole: forms.Form,
    partly: Callable[[Sequence[bytes | None], Walk], Filled],
) -> Fill:
    """A plan as one function without loops. Nothing of the data is in its text: members are told by their place."""
    kept = {i: entry for i, entry in enumerate(entries) if entry is not None}
    names: dict[str, Any] = {"NEW": NEW, "plan": plan, "whole": whole, "partly": partly, "faults": whole.faults}
    lines = ["plan.times += 1", "done, about = walk.done, walk.about", "if done is not None: done.append(plan)"]
    if any(entry.personal for entry in kept.values()):
        lines.append("walk.personal += 1")
    if kept:
        lines.append(f"{', '.join(f'r{i}' if i in kept else '_' for i in range(len(entries)))}, = given.values()")
    for i, entry in kept.items():
        names[f"step{i}"] = entry.step
        if entry.known is not None:
            names[f"known{i}"] = entry.known.get
            lines += _ASK_KNOWN.format(i=i).split("\n")
        elif entry.seen is not None:
            names[f"seen{i}"] = entry.seen.get
            lines += _ASK_SEEN.format(i=i).split("\n")
        else:
            lines.append(f"v{i} = step{i}(bytes(r{i}), walk)")
    values = f"({''.join(f'v{i}, ' for i in kept)})"
    if kept:
        lines.append(f"if {' or '.join(f'v{i} is None' for i in kept)}: return partly({values}, walk)")
    if whole.faults:
        lines.append("walk.faults += faults")
    lines.append(f"return whole, {values}")
    exec("def run(given, walk):\n    " + "\n    ".join(lines), names)  # noqa: S102
    run: Fill = names["run"]
    return run


def leave(left: Plan, walk: Walk) -> None:
    """Count what is left behind, and tell so to what remembers the value that it is in."""
    left.times += 1
    if walk.done is not None:
        walk.done.append(left)
