"""Units and results: how a unit is spelled in UCUM, the unit that a usual lab is reported in, what is plausible of it.

The rules are data: ``schemas/units.json``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from chartline.settings import room

_ANNOTATION = re.compile(r"\{[!-z|~]*\}")
_GROUP = re.compile(r"\(([^()]*)\)")
_OPERATOR = re.compile(r"[./]")


@dataclass(frozen=True)
class Linear:
    """``number * times + plus`` in the unit ``to``."""

    to: str
    times: float
    plus: float = 0.0


@dataclass(frozen=True)
class Lab:
    """A usual result: the unit it is given in, how others become it, and the bounds of what a body can show."""

    unit: str
    others: Mapping[str, Linear]
    low: float
    high: float


@dataclass(frozen=True)
class Units:
    """The rules of ``schemas/units.json``.

    Attributes:
        aliases: other spellings of units.
        folded: the units of all rules by their small letters, of those that no other is written as.
        days: how many each unit of time has.
    """

    aliases: Mapping[str, str]
    folded: Mapping[str, str]
    convert: Mapping[str, Linear]
    labs: Mapping[str, Lab]
    component: re.Pattern[str]
    days: Mapping[str, float]


@cache
def rules() -> Units:
    """The rules, read once."""
    body = json.loads((room("schemas") / "units.json").read_text(encoding="utf-8"))
    convert = {k: Linear(v["to"], v["times"], v.get("plus", 0.0)) for k, v in body["convert"].items()}
    labs = {k: _lab(v) for k, v in body["labs"].items()}
    folded = _folded(body["aliases"], [*convert, *(u for lab in labs.values() for u in (lab.unit, *lab.others))])
    return Units(body["aliases"], folded, convert, labs, _component(body["ucum"]), body["days"])


def _folded(aliases: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    spelled: dict[str, set[str]] = {}
    for name, unit in [*aliases.items(), *((n, aliases.get(n, n)) for n in (*names, *aliases.values()))]:
        spelled.setdefault(name.casefold(), set()).add(unit)
    return {name: unit for name, units in spelled.items() if len(units) == 1 for unit in units}


def _lab(told: Mapping[str, Any]) -> Lab:
    unit = told["unit"]
    others = {n: Linear(unit, **v) if type(v) is dict else Linear(unit, v) for n, v in told.get("from", {}).items()}
    return Lab(unit, others, told["low"], told["high"])


def _component(ucum: Mapping[str, Any]) -> re.Pattern[str]:
    """One factor of a unit (The Unified Code for Units of Measure, section 2.2): a number, or an atom and exponent."""

    def any_of(words: list[str]) -> str:
        return "|".join(re.escape(w) for w in sorted(words, key=len, reverse=True))

    atoms = rf"(?:{any_of(ucum['prefixes'])})?(?:{any_of(ucum['metric'])})|{any_of(ucum['other'])}"
    return re.compile(rf"(?:10[*^]|{atoms})(?:[+-]?\d+)?|\d+")


@lru_cache(maxsize=4096)
def is_ucum(unit: str) -> bool:
    """Whether a unit is an expression of UCUM's units; annotations in braces say nothing."""
    bare = _ANNOTATION.sub(lambda m: "1" if m.start() == 0 or unit[m.start() - 1] in "./(" else "", unit)
    while (inner := _GROUP.search(bare)) is not None:
        if not is_ucum(inner[1]):
            return False
        bare = f"{bare[: inner.start()]}1{bare[inner.end() :]}"
    parts = _OPERATOR.split(bare.removeprefix("/"))
    return all(rules().component.fullmatch(part) for part in parts)


@lru_cache(maxsize=4096)
def spelled(unit: str) -> str:
    """A unit as UCUM spells it, as it was written where no rule knows it; capitals are read where nothing else is.

    One letter says what it says: ``M`` is no metre.
    """
    known = rules()
    unit = known.aliases.get(unit, unit)
    return unit if is_ucum(unit) or len(unit) == 1 else known.folded.get(unit.casefold(), unit)


@lru_cache(maxsize=16384)
def _plan(unit: str, code: str | None) -> tuple[str, float, float, float | None, float | None, bool]:
    """Unit to report in, ``times``, ``plus``, plausible bounds, and whether the unit is UCUM."""
    known = rules()
    written = spelled(unit)
    made, low, high = known.convert.get(written, Linear(written, 1.0)), None, None
    lab = known.labs.get(code or "")
    if lab is not None:
        other = Linear(lab.unit, 1.0) if made.to == lab.unit else lab.others.get(made.to)
        if other is not None:
            made = Linear(lab.unit, made.times * other.times, made.plus * other.times + other.plus)
            low, high = lab.low, lab.high
    return made.to, made.times, made.plus, low, high, is_ucum(made.to)


def normalised(number: float, unit: str | None, code: str | None) -> tuple[float, str | None, str | None]:
    """Number and unit as reported, and what is odd about them: ``unit_not_ucum`` or ``implausible``; else None.

    Args:
        number: the value as delivered.
        unit: the unit as delivered.
        code: ``LOINC//...`` of what was measured: mass and amount convert by the substance.
    """
    if unit is None:
        return number, None, None
    to, times, plus, low, high, valid = _plan(unit, code)
    made = number * times + plus
    if low is not None and high is not None and not low <= made <= high:
        return made, to, "implausible"
    return made, to, None if valid else "unit_not_ucum"
