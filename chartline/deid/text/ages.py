"""What in a text tells that its person is older than 89: years too early to stay, ages beside dates.

45 CFR 164.514(b)(2)(i)(C): no element of a date, the year too, that is indicative of such an age.
"""

from __future__ import annotations

from collections.abc import Iterator

import regex

from chartline.deid.context import PatientContext
from chartline.deid.text import datetext
from chartline.deid.text.spans import Found

_YEAR = regex.compile(r"(?<!\d)(?:1[89]|20)\d\d(?!\d)")
_CENTURY = 100
_BORN = regex.compile(
    r"(?:\b(?i:born|birth\w*|DOB|YOB|D\.O\.B)|\bb\.)[^\d\n]{0,24}(?:\d{1,2}[/\-. ]){0,2}(?P<y>(?:1[89]|20)\d\d)(?!\d)"
)
# A year and no clock time, dose, amount or part of a number.
_YEAR_ALONE = regex.compile(
    r"(?<![\w.,/:$#@\-]|\bat\s)(?P<y>1[89]\d\d)(?![\w/]|[.:,\-]\d|\s?(?:mg|mcg|g|ml|cc|k?cal|units?|IU|h(?:rs|ours?)?|steps)\b)",
    regex.IGNORECASE,
)
ONES = r"(?:[\s\-](?:one|two|three|four|five|six|seven|eight|nine))?"
_IN_WORDS = rf"(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety){ONES}"
_AGE = regex.compile(
    rf"(?<![\d.])(?:\d{{1,3}}|\b{_IN_WORDS})[\s\-]?(?:(?:years?|yrs?|y)[\s\-]?(?:olds?|o\b|of\s+age)|(?:yo|y/o|y\.o\.)(?!\w))"
    rf"|\b(?:aged?|age\s?(?:is|of|at\s\w+)?|turn(?:ed|ing))\s?[:=]?\s*(?:\d{{1,3}}\b(?!\s*(?:%|mg|mm|cm|bpm|/))|{_IN_WORDS}\b)"
    r"|(?<![\d./])\d{2}\s?(?:[MF]|male|female)\b(?!/)",
    regex.IGNORECASE,
)


def find(text: str, patient: PatientContext) -> Iterator[Found]:
    """Years of birth that may not stay; of a person over 89 every year as early, and every age."""
    if not patient.earliest_year:
        return
    if any(int(year) < patient.earliest_year for year in _YEAR.findall(text)):
        patterns = (_BORN, _YEAR_ALONE) if patient.over_89 else (_BORN,)
        for match in (m for pattern in patterns for m in pattern.finditer(text)):
            if int(match["y"]) < patient.earliest_year:
                yield Found(match.start("y"), match.end("y"), "DATE", "ages:year")
    for match in _AGE.finditer(text) if patient.over_89 else ():
        yield Found(match.start(), match.end(), "AGE", "ages:beside-dates")


def may_stay(date: str, patient: PatientContext) -> bool:
    """Whether no year that a date tells is too early; two digits are of the last hundred years, or of the birth."""
    if not patient.earliest_year:
        return True
    told = [int(year) for year in _YEAR.findall(date)]
    if not told:
        born = (patient.birth_date or "")[:4]
        told = [
            int(born) if patient.over_89 and born.endswith(year) else _within(int(year), patient.earliest_year)
            for year in datetext.years_of(date)
        ]
    return all(year >= patient.earliest_year for year in told)


def _within(two: int, earliest: int) -> int:
    """The year that two digits tell, when it is one of the hundred that begin before the earliest that may stay."""
    first = earliest - (_CENTURY - 90)
    return first + (two - first) % _CENTURY
