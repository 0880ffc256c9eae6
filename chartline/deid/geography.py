"""Towns, states, countries and ZIP areas (45 CFR 164.514(b)(2)(i)(B)), by allow lists: the unknown does not pass."""

from __future__ import annotations

import json
import re
import unicodedata
from functools import cache, lru_cache

from chartline.settings import room

_ZIP = re.compile(r"\s*(\d{5})(?:-?\d{4})?\s*")


@cache
def areas() -> frozenset[str]:
    """ZIP3s with more than 20,000 people in the 2010 and in the 2020 census (``schemas/zip3.json``)."""
    return frozenset(json.loads((room("schemas") / "zip3.json").read_text(encoding="utf-8"))["zip3"])


def zip3(code: str) -> str | None:
    """First three digits of a ZIP or ZIP+4 code, ``000`` where too few people live; None for anything else."""
    match = _ZIP.fullmatch(code)
    if match is None:
        return None
    return match[1][:3] if match[1][:3] in areas() else "000"


def zip5(code: str) -> str | None:
    """First five digits of a ZIP or ZIP+4 code; None for anything else."""
    match = _ZIP.fullmatch(code)
    return match[1] if match else None


def city(name: str) -> str | None:
    """A town; None for what holds a digit or an at sign, as a street, a number or an address of mail does."""
    return None if re.search(r"[\d@]", name) else name


@cache
def _regions() -> frozenset[str]:
    """States and countries of ``schemas/regions.json``, in small letters without accents and signs."""
    body = json.loads((room("schemas") / "regions.json").read_text(encoding="utf-8"))
    return frozenset((*body["states"], *body["countries"]))


def state_or_country(name: str) -> str | None:
    """A state, province or country by its name or code (ISO 3166-1 and 3166-2); None for what is none."""
    code = _ISO_STATE.fullmatch(name)
    known = code[1].lower() if code else _spelled(name)
    return name if known in _regions() else None


def is_american(name: str) -> bool:
    """Whether an address of that country has American ZIP codes."""
    return _spelled(name) in _AMERICAN


_ISO_STATE = re.compile(r"([A-Za-z]{2})-[A-Za-z0-9]{1,3}")
_AMERICAN = frozenset(
    ("us", "usa", "u s", "u s a", "united states", "united states of america", "america", "pr", "puerto rico")
)


@lru_cache(maxsize=4096)
def _spelled(name: str) -> str:
    folded = unicodedata.normalize("NFKD", name.casefold())
    return " ".join("".join(c for c in folded if c.isalnum() or c == " ").split())


def region(name: str) -> str | None:
    """A state or country where towns may stay; None for what holds four digits in a row, as a ZIP code there does."""
    return None if re.search(r"\d{4}", name) else name
