"""FHIR times as instants in UTC, with the precision they were written in.

A date without a time is midnight UTC of that day, a month its first day, a year its first day; as the end of a period
each is the last microsecond, because FHIR counts a date-only end as inclusive (hl7.org/fhir/R4/datatypes.html#Period).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

_PARTIAL = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?")
_LEAP = re.compile(r"(T\d\d:\d\d):60(?=\D|$)")
_FOREVER = 9000
"""From this year on a date is how a system writes that there is none, such as 9999-12-31 for an end still open."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)


@lru_cache(maxsize=1 << 17)
def instant(text: str, *, end: bool = False) -> tuple[int, str] | None:
    """Microseconds since 1970-01-01T00:00:00Z and the precision (year, month, day, second); None for no date.

    A leap second is read as the second before it, for clocks in UTC have no name for it. A year from 9000 on is none.
    """
    partial = _PARTIAL.fullmatch(text)
    try:
        if int(text[:4]) >= _FOREVER:
            return None
        if partial is None:
            made = datetime.fromisoformat(_LEAP.sub(r"\1:59", text))
            if made.tzinfo is None:
                return None
            return (made - EPOCH) // _TICK, "second"
        year, month, day = int(partial[1]), int(partial[2] or 1), int(partial[3] or 1)
        start = datetime(year, month, day, tzinfo=UTC)
        precision = "day" if partial[3] else "month" if partial[2] else "year"
        if end:
            after = {
                "day": lambda: start + timedelta(days=1),
                "month": lambda: datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC),
                "year": lambda: datetime(year + 1, 1, 1, tzinfo=UTC),
            }[precision]()
            return (after - EPOCH) // _TICK - 1, precision
        return (start - EPOCH) // _TICK, precision
    except (ValueError, OverflowError):
        return None
