"""FHIR dates: one offset a patient, applied to the calendar date as written; time of day and zone stay as they are.

Shifting the written date rather than the instant keeps intervals in whole days exact and cannot move a day across a
daylight-saving change. A partial date keeps its precision: it is shifted at mid-period (day 15, 1 July) and cut again;
one that tells when something was over or written down at the end of its period, so that what is left of it is never
over before it was.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from calendar import monthrange
from datetime import date, datetime, timedelta
from functools import lru_cache

_TIME = r"T\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)"
_DATE = re.compile(rf"(\d{{4}})(?:-(\d\d)(?:-(\d\d)({_TIME})?)?)?", re.ASCII)
_EIGHT = re.compile(r"(?:19|20)\d{6}", re.ASCII)
EPOCH = date(1970, 1, 1).toordinal()
_HAIR = 3e-11
"""Days, some microseconds: what a sum of days still holds, and what is gone once days are rounded to be told."""


def offset_days(key: bytes, patient_id: str, low: int, high: int) -> int:
    """The offset of one patient, in ``low..high`` days, never 0: HMAC-SHA-256 of the patient's id.

    Args:
        key: ``Key.derive("date-shift", project)``.
        patient_id: logical id of the person in the source.
        low: lowest offset.
        high: highest offset.
    """
    choices = high - low + 1 - (1 if low <= 0 <= high else 0)
    drawn = int.from_bytes(hmac.new(key, patient_id.encode(), hashlib.sha256).digest()[:8], "big") % choices
    days = low + drawn
    return days + 1 if low <= 0 <= days else days


@lru_cache(maxsize=1 << 17)
def shift(text: str, days: int, *, over: bool = False) -> str | None:
    """A FHIR date, dateTime or instant moved by a number of days; None when it is not one or leaves the calendar.

    Args:
        text: the date.
        days: the offset.
        over: whether a partial one is moved by its last day.
    """
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    year, month, day = match[1], match[2], match[3]
    try:
        month_of = int(month or (12 if over else 7))
        last = monthrange(int(year), month_of)[1] if over else 15 if month else 1
        moved = date(int(year), month_of, int(day or last)) + timedelta(days=days)
    except (ValueError, OverflowError):
        return None
    whole = moved.isoformat()
    return whole[: 10 if day else 7 if month else 4] + (match[4] or "")


@lru_cache(maxsize=1 << 17)
def year(text: str) -> str | None:
    """The year of a FHIR date, dateTime or instant; None when it is not one."""
    match = _DATE.fullmatch(text)
    return match[1] if match else None


def is_day(digits: str) -> bool:
    """Whether eight digits are a day of these centuries as systems without a type for days keep one: ``20240307``."""
    try:
        return _EIGHT.fullmatch(digits) is not None and bool(date.fromisoformat(digits))
    except ValueError:
        return False


def days_since_epoch(text: str) -> float | None:
    """Days, with the fraction of the day, from 1970-01-01 to a dateTime with its zone; midnight where there is no time.

    A day without a time is a whole number; a moment at midnight is a hair later. None for partial dates, whose day is
    not known.
    """
    match = _DATE.fullmatch(text)
    if match is None or match[3] is None:
        return None
    try:
        if "T" not in text:
            return float(date.fromisoformat(text).toordinal() - EPOCH)
        moment = datetime.fromisoformat(text.replace(":60", ":59")).timestamp() / 86400
        return moment + _HAIR if moment.is_integer() else moment
    except ValueError:
        return None
