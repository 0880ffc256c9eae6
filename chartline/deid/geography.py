"""Towns, and ZIP areas under 45 CFR 164.514(b)(2)(i)(B): an allow list, so that an unknown area becomes 000."""

from __future__ import annotations

import json
import re
from functools import cache

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


def region(name: str) -> str | None:
    """A state or country; None for what holds four digits in a row, as a ZIP code that was written there does."""
    return None if re.search(r"\d{4}", name) else name
