"""Dates as people write them: found by a grammar, reduced to the year, or shifted and written back in the form found.

Durations, ratios, scores, doses and times of day are not dates.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from datetime import date, timedelta

import regex

from chartline.deid.text.hints import Hints, Place, lowered, windows
from chartline.deid.text.spans import Found

_MONTHS = """
    January February March April May June July August September October November December
    """.split()
_MONTH_OF = {name[:n].lower(): i + 1 for i, name in enumerate(_MONTHS) for n in (3, len(name))} | {"sept": 9}
_ORDINALS = """
    first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth
    fifteenth sixteenth seventeenth eighteenth nineteenth twentieth twenty-first twenty-second twenty-third twenty-
    fourth twenty-fifth twenty-sixth twenty-seventh twenty-eighth twenty-ninth thirtieth thirty-first
    """.split()
_MON = r"(?P<mon>(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?))\b\.?"
_DAY = r"(?P<d>0?[1-9]|[12]\d|3[01])(?P<ord>st|nd|rd|th)?"
_Y4 = r"(?P<y>(?:19|20)\d\d)"
_YEAR = r"(?:(?P<y>(?:19|20)\d\d)|['’]?(?P<y2>\d\d))"
_WEEKDAY = r"(?:(?:Mon|Tues?|Wed(?:nes)?|Thu(?:rs)?|Fri|Sat(?:ur)?|Sun)(?:day)?\.?,?\s+(?:the\s+)?)?"
_BEFORE = r"(?<![\w/.\-])"
_AFTER = r"(?![\w/]|[.\-]\d)"
_HOLIDAYS = (
    r"(?:Christmas(?:\s+(?:Eve|Day))?|Thanksgiving(?:\s+Day)?|New\s+Year['’]?s?(?:\s+(?:Eve|Day))|Easter(?:\s+Sunday)?"
    r"|Halloween|(?:the\s+)?Fourth\s+of\s+July|Labor\s+Day|Memorial\s+Day|Independence\s+Day|Valentine['’]?s\s+Day"
    r"|(?:Mother|Father)['’]s\s+Day|Veterans\s+Day|Presidents['’]?\s+Day|Columbus\s+Day|Hanukkah|Passover|Diwali"
    r"|St\.?\s+Patrick['’]?s\s+Day|Martin\s+Luther\s+King(?:\s+Jr\.?)?\s+Day|Good\s+Friday|Mardi\s+Gras)"
)
_NOT_DAY = r"(?!\s*(?:percentile|week|wk|day|floor|rib|grade|degree|digit|toe|finger|metatarsal|metacarpal|nerve|interspace|intercostal|trimester|century|dose|cycle|vertebra|ICS|edition))"
_TIME = r"(?:[T\s]\s?\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:\s?[ap]\.?m\.?)?(?:Z|[+-]\d{2}:?\d{2})?)?"

_FORMS: list[tuple[str, regex.Pattern[str]]] = [
    (name, regex.compile(pattern, regex.IGNORECASE if fold else 0))
    for name, pattern, fold in [
        (
            "iso",
            rf"{_BEFORE}{_Y4}(?P<s>[-/.])(?P<m>0?[1-9]|1[0-2])(?P=s){_DAY}(?P<time>T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?(?![\w/]|[.\-]\d)",
            False,
        ),
        ("compact", rf"(?<![\w.\-]){_Y4}(?P<m>0[1-9]|1[0-2])(?P<d>0[1-9]|[12]\d|3[01])(?![\w]|[.\-]\d)", False),
        (
            "month-range",
            rf"{_BEFORE}{_WEEKDAY}{_MON}\s*{_DAY}\s*(?:-|–|—|to|through|thru|and)\s*(?:(?P<d2>0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th)?)(?:,?\s*{_Y4})?{_AFTER}",
            True,
        ),
        (
            "month-day",
            rf"{_BEFORE}{_WEEKDAY}{_MON}[\s\-/]*(?:the\s+)?{_DAY}(?:(?:\s*,\s*|\s+|[\-/]){_YEAR}(?!\s*(?:mg|mcg|ml|units?|tab))|(?![\w:/]|[.,\-]?\d))",
            False,
        ),
        ("month-day-upper", rf"{_BEFORE}{_MON}[\s\-/]*{_DAY}(?:,\s*|\s+|[\-/]){_Y4}{_AFTER}", True),
        (
            "day-month",
            rf"{_BEFORE}{_WEEKDAY}(?:the\s+)?{_DAY}(?:\s+of)?(?!\.\s+{_MON}\s+[a-z])[\s\-/.]*{_MON}(?:[\s\-/,.]*{_YEAR}(?!\d|:\d|%))?{_AFTER}",
            False,
        ),
        ("day-month-year", rf"{_BEFORE}{_DAY}(?:\s+of)?[\s\-/.]*{_MON}[\s\-/,.]*{_Y4}{_AFTER}", True),
        (
            "month-year",
            rf"{_BEFORE}(?:(?:early|mid|late)[\s\-]+)?{_MON},?(?:\s+of)?[\s\-/]*(?:{_Y4}|['’](?P<y2>\d\d)){_AFTER}",
            False,
        ),
        (
            "month-year-lower",
            rf"{_BEFORE}(?P<mon>january|february|april|june|july|august|september|october|november|december)\s+{_Y4}{_AFTER}",
            True,
        ),
        (
            "month-word",
            rf"{_BEFORE}{_MON}\s+(?:the\s+)?(?P<dw>{'|'.join(sorted(_ORDINALS, key=len, reverse=True))})\b(?:,?\s*{_Y4})?",
            True,
        ),
        (
            "word-month",
            rf"\bthe\s+(?P<dw>{'|'.join(sorted(_ORDINALS, key=len, reverse=True))})\s+of\s+{_MON}(?:,?\s*{_Y4})?",
            True,
        ),
        ("numeric", rf"{_BEFORE}(?P<m>0?[1-9]|1[0-2])(?P<s>[/\-.]){_DAY}(?P=s){_YEAR}(?:(?=\s)|{_AFTER})", False),
        ("numeric-eu", rf"{_BEFORE}{_DAY}(?P<s>[/\-.])(?P<m>0?[1-9]|1[0-2])(?P=s){_YEAR}{_AFTER}", False),
        (
            "numeric-range",
            rf"{_BEFORE}(?P<m>0?[1-9]|1[0-2])/{_DAY}\s*(?:-|–|to)\s*(?:0?[1-9]|1[0-2])/(?:0?[1-9]|[12]\d|3[01])(?:/{_YEAR})?{_AFTER}",
            False,
        ),
        ("month-slash-year", rf"{_BEFORE}(?P<m>0?[1-9]|1[0-2])[/\-]{_Y4}{_AFTER}", False),
        ("year-month", rf"{_BEFORE}{_Y4}[\-/](?P<m>0[1-9]|1[0-2]){_AFTER}", False),
        ("spaced", rf"{_BEFORE}(?P<m>0?[1-9]|1[0-2])\s*(?P<s>[/\-.])\s*{_DAY}\s*(?P=s)\s*{_YEAR}{_AFTER}", False),
        (
            "partial",
            rf"(?=\d)(?:(?<=\b(?:on|since|until|till|by|before|after|around|effective|starting|stopped|dated|from|through|thru|as\sof|seen|visit|clinic|appt|"
            rf"admitted|discharged|scheduled|due|born|DOB|DOS|DOA|LMP|EDD|EDC|RTC|f/u|date|started|last|next|birthday(?:\sis)?|b-?day(?:\sis)?|today|tomorrow|"
            rf"yesterday|CT|MRI|CXR|EKG|ECG|echo|labs|(?:Mon|Tues?|Wed|Thurs?|Fri|Sat|Sun)(?:day|nesday|rsday|urday)?,?)\s)|(?<=\b(?:DOB|DOS|DOA|LMP|EDD|date|seen|visit|on|birthday|b-?day):\s?))"
            rf"(?P<m>0?[1-9]|1[0-2])[/\-]{_DAY}(?![\d/\-]|\.\d|\s*(?:mg|strength|power|pain|points?|scale|days?|weeks?|months?|doses?|times|%|ppd|tabs?|hours?|hrs?|reps?|VAS|intensity|motor|grade|in\s(?:all|both|the)|bilat|throughout|murmur|systolic|tsp|cup|pack|ppd|L\b|mL))",
            True,
        ),
        (
            "sign-off",
            rf"(?=\d)(?:(?<=\b(?:MD|DO|RN|NP|PA-?C?|LPN|APRN|PharmD|PGY-?\d|MS-?\d)\.?,?\s)|(?<=(?:^|\s)[-–—]{{1,2}}\s?\p{{Lu}}[\w.'’\- ]{{1,30}}\s))"
            rf"(?P<m>0?[1-9]|1[0-2])/{_DAY}(?:/{_YEAR})?(?=\s*(?:$|\n|[,;]|@|\d\d:?\d\d\b))",
            False,
        ),
        (
            "the-nth",
            rf"(?<=\b(?:on|until|by|since|before|after|from|for|dated)\s)the\s+(?P<d>[12]?\d|3[01])(?:st|nd|rd|th)\b{_NOT_DAY}",
            True,
        ),
        ("holiday", rf"\b{_HOLIDAYS}(?:(?:\s+of|,)?\s+{_Y4})?\b", True),
        ("quarter", rf"\bQ[1-4][\s\-/']*(?:of\s+)?{_Y4}\b", False),
        ("weekday-date", rf"\b(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day(?=,?\s+(?:{_MON}|\d))", False),
    ]
]
_PATTERN = dict(_FORMS)
_WORDS = {
    "month": "jan feb mar apr may jun jul aug sep oct nov dec",
    "holiday": "christmas thanksgiving easter halloween labor memorial independence valentine mother father veterans"
    " president columbus hanukkah passover diwali patrick martin mardi fourth good new",
    "weekday": "monday tuesday wednesday thursday friday saturday sunday",
    "quarter": "q1 q2 q3 q4",
}
# Which forms are looked for around which hint, and how far before it and after it.
_AROUND: dict[str, tuple[tuple[str, ...], int, int]] = {
    "month": (
        (
            *("month-range", "month-day", "month-day-upper", "day-month", "day-month-year", "month-year"),
            *("month-year-lower", "month-word", "word-month"),
        ),
        28,
        40,
    ),
    "holiday": (("holiday",), 20, 40),
    "weekday": (("weekday-date",), 1, 30),
    "quarter": (("quarter",), 1, 16),
    "parted": (
        ("iso", "numeric", "numeric-eu", "numeric-range", "month-slash-year", "year-month", "partial", "sign-off"),
        12,
        36,
    ),
    "apart": (("spaced",), 12, 24),
    "eight": (("compact",), 2, 4),
    "nth": (("the-nth",), 8, 24),
}
_HINTS = Hints({name: words.split() for name, words in _WORDS.items()})
_SIGNS = {
    "parted": re.compile(r"\d[/\-]\d|\d\.\d{1,2}\.\d"),
    "apart": re.compile(r"\d\s+[/.\-]\s*\d|\d[/.\-]\s+\d"),
    "eight": re.compile(r"(?<!\d)(?:19|20)\d{6}(?!\d)"),
    "nth": re.compile(r"\d(?:st|nd|rd|th)\b", re.IGNORECASE),
}
_TIMEOUT = 5.0
_OCCURRENCE_YEAR = 2001  # not a leap year; stands in where a date has no year


def find(text: str) -> Iterator[Found]:
    """Every date that is more exact than a year."""
    hints: dict[str, list[Place]] = _HINTS.places(lowered(text))
    for name, sign in _SIGNS.items():
        hints[name] = [m.span() for m in sign.finditer(text)]
    for hint, places in hints.items():
        forms, before, after = _AROUND[hint]
        for start, end in windows(places, before, after):
            for name in forms:
                for match in _PATTERN[name].finditer(text, start, end, timeout=_TIMEOUT):
                    if _possible(match):
                        yield Found(match.start(), match.end(), "DATE", f"date:{name}")


def _groups(match: regex.Match[str]) -> dict[str, str]:
    return {k: v for k, v in match.groupdict().items() if v}


def _possible(match: regex.Match[str]) -> bool:
    parts = _groups(match)
    month = _month(parts)
    day = parts.get("d")
    if month and day and int(day) > calendar.monthrange(2000, month)[1]:
        return False
    return not (parts.get("mon", "").lower() in ("may", "mar") and match.group()[0].islower() and "y" not in parts)


def _month(parts: dict[str, str]) -> int | None:
    if "mon" in parts:
        return _MONTH_OF[parts["mon"].lower().rstrip(".")]
    return int(parts["m"]) if "m" in parts else None


def year_of(text: str) -> str | None:
    """The four-digit year written in a date, if there is one."""
    match = regex.search(r"(?<!\d)(?:19|20)\d\d(?!\d)|^(?:19|20)\d\d", text)
    return str(match.group()) if match else None


def shifted(text: str, days: int) -> str | None:
    """The date moved by a number of days and written in the form it was found in; None when the form has no calendar day."""
    for name, pattern in _FORMS:
        match = pattern.fullmatch(text)
        if match is None or not _possible(match):
            continue
        if name in ("month-range", "numeric-range", "the-nth", "holiday", "quarter", "weekday-date"):
            return None
        return _rewritten(match, days)
    return None


def _rewritten(match: regex.Match[str], days: int) -> str | None:
    parts = _groups(match)
    month = _month(parts)
    if month is None:
        return None
    year = int(parts["y"]) if "y" in parts else _century(parts.get("y2"))
    day = int(parts["d"]) if "d" in parts else _ORDINALS.index(parts["dw"].lower()) + 1 if "dw" in parts else 15
    try:
        moved = date(year, month, day) + timedelta(days=days)
    except (ValueError, OverflowError):
        return None
    new = {
        "y": f"{moved.year:04d}",
        "y2": f"{moved.year % 100:02d}",
        "m": f"{moved.month:0{len(parts.get('m', '')) or 1}d}",
        "d": f"{moved.day:0{_day_width(parts)}d}",
        "mon": _named(parts.get("mon", ""), moved.month),
        "ord": _suffix(moved.day),
        "dw": _ORDINALS[moved.day - 1],
    }
    text = match.group()
    if regex.match(r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)", text, regex.IGNORECASE):
        first = min(match.start(g) for g in parts if g in ("mon", "d", "m"))
        text, offset = text[first - match.start() :], first
    else:
        offset = match.start()
    for group in sorted((g for g in parts if g in new), key=lambda g: -match.start(g)):
        a, b = match.start(group) - offset, match.end(group) - offset
        text = text[:a] + new[group] + text[b:]
    return str(text)


def _day_width(parts: dict[str, str]) -> int:
    """Digits of the day: two where the date as found pads its day or its month."""
    day, month = parts.get("d", ""), parts.get("m", "")
    return 2 if len(day) == 2 and (day[0] == "0" or len(month) == 2) else 1


def _century(two: str | None) -> int:
    if two is None:
        return _OCCURRENCE_YEAR
    return 2000 + int(two) if int(two) <= 30 else 1900 + int(two)


def _named(found: str, month: int) -> str:
    name = _MONTHS[month - 1]
    bare = found.rstrip(".")
    made = name if bare.lower() in (m.lower() for m in _MONTHS) and len(bare) > 3 else name[:3]
    return made.upper() if bare.isupper() else made.lower() if bare.islower() else made


def _suffix(day: int) -> str:
    return "th" if 11 <= day % 100 <= 13 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
