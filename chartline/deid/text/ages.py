"""What in a text tells that its person is older than 89: years too early to stay, ages beside dates.

45 CFR 164.514(b)(2)(i)(C): no element of a date, the year too, that is indicative of such an age.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

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
# A year of the time when something was, of whom no record tells the birth: ``polio in 1930``, no time of day.
_YEAR_WHEN = regex.compile(
    r"\b(?:in|during|year|summer|spring|fall|autumn|winter|circa|(?:Jan|Febr?)(?:uary)?|Mar(?:ch)?|April?|May|June?|July?|Aug(?:ust)?"
    r"|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)(?:\sof)?\s(?P<y>1[89]\d\d)(?!\w|[.:,\-]\d|\s?(?:mg|mcg|g|ml|cc|k?cal|units?|h(?:rs?|ours?)?|steps)\b)",
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
# Ages over 89 that no word of age stands beside: of a death, a birthday, a decade, of somebody who is as old.
_OLD_WORDS = rf"(?:ninety{ONES}|(?:one|a)[\s\-]hundred(?:[\s\-]and)?{ONES})"
_OLD = rf"(?:9\d|1[01]\d|{_OLD_WORDS})"
NINETIETH = r"ninet(?:ieth|y[\s\-](?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth))"
"""An ordinal number from the ninetieth to the ninety-ninth in words."""
_ENDS = (
    r"(?!\w|[.,:/\-]\d|\s?(?:%|[ap]\.?m\b|mg|mcg|ml|mm|cm|kg|lbs?|bpm|mmHg|days?|weeks?|months?|hours?|minutes?"
    r"|on\s(?:RA|room)|F\b))"
)
_KIN = (
    r"(?:father|mother|dad|mom|brother|sister|aunt|uncle|grand(?:mother|father|ma|pa)|[mp]g[mf]|wife|husband|spouse"
    r"|parents?)"
)
_OLD_TOLD = regex.compile(
    r"\b(?:died|dies|death|deceased|expired|dead|dec\.|passed(?:\s(?:away|on))?|lived|alive|healthy)\s(?:\p{L}+\s){0,3}?(?:at|to(?:\sbe)?)"
    rf"\s(?P<a>{_OLD}){_ENDS}|\bage\sat\s\p{{L}}+:?\s(?P<a>{_OLD}){_ENDS}"
    rf"|\b(?P<a>{_OLD}(?:st|nd|rd|th))\s(?:birthday|b-?day|year\b)"
    r"|\b(?:his|her|their|the)\s(?:(?:early|mid|late)[\s\-])?(?P<a>nineties)\b"
    rf"|\b{_KIN}(?:['’]s|\s(?:is|was|now|turns|turned|will\sbe))\s(?:now\s|almost\s|nearly\s)?(?P<a>{_OLD}){_ENDS}"
    r"|\b(?P<a>(?:ten|eleven|10|11)th)\sdecade"
    rf"|(?<=[,;]\s)d\.?\s(?:at\s|@\s?)?(?P<a>{_OLD}){_ENDS}|(?<![\d.])(?P<a>(?:9\d|ninety)-something)\b"
    rf"|\bliving\sat\s(?P<a>{_OLD}){_ENDS}(?!\s(?-i:\p{{Lu}}))"
    rf"|\bat\s(?P<a>{_OLD}),?\s(?:he|she|they)\b|\bage:?\s?(?P<a>{_OLD})\s?y(?:rs?|o)?\b",
    regex.IGNORECASE,
)
# The same in few words, of kin or of who the note is about: ``mom d. 97``, ``lady, 94, from home``, ``Age (yrs) 93``.
_RELATIVE = rf"(?:{_KIN}|mo|fa|bro|sis|sib|son|daughter|dtr|mum|nana|gma|gpa|partner|twin)"
_PERSON = (
    r"(?:lady|woman|man|gentleman|widow(?:er)?|pt|patient|resident|(?:fe)?male|nonagenarian|centenarian|age"
    r"|DOB[^\n]{0,16})"
)
_SEX = r"(?-i:(?:\s/\s|,\s|-)[MF]|\s(?:[WBH][MF]|AA[MF]))"
_OLD_BESIDE = regex.compile(
    rf"\b{_RELATIVE}(?:,\s|\s\(|\s)(?:(?:d\.?|died|dec(?:\.|['’]d|eased)?|dead|passed|aged?)\s)?(?:@\s?|at\s)?(?P<a>{_OLD}){_ENDS}"
    r"(?!\s(?:miles|times|percent|pounds|degrees|minutes|feet|beats))"
    rf"|\b{_PERSON}(?:,\s|\s\()(?P<a>{_OLD})(?=[,)])"
    rf"|(?<![\w/])(?-i:[MF])/(?P<a>9\d|1[01]\d)(?![\w/%]|\.\d)|(?<![\w./\-])(?P<a>9\d|1[01]\d){_SEX}(?![\w/]|\s?\d)"
    rf"|\b(?:aged?|turned|turns|turning):?\s(?P<a>{_OLD_WORDS})|\by/?o\s(?P<a>9\d|1[01]\d)\b"
    rf"|\bage(?:\s?/\s?sex)?(?:\s?\((?:years?|yrs?|y)\))?\s?[:;=\-–]?\s?\|?\s?(?P<a>9\d|1[01]\d)(?!\w|[.,]\d|/\d|\s?(?:%|mg|mm|cm|bpm))"
    rf"|\b(?P<a>{NINETIETH}|(?:one\s)?hundredth)\s(?:birthday|year)"
    # In other units: ninety years are 1,080 months, 4,696 weeks, 32,873 days.
    r"|(?<![\d.,])(?P<a>1,?(?:0[89]|[1-4]\d)\d\s?(?:months?|mos?)|(?:4,?[7-9]\d\d|5,?\d{3}|6,?[0-4]\d\d)\s?(?:weeks?|wks?)"
    r"|(?:3[3-9]|4[0-5]),?\d{3}\s?days?)\sold\b",
    regex.IGNORECASE,
)
# What each of these forms holds.
_MAY_BE_OLD = regex.compile(
    r"\b(?:9\d|1[01]\d)(?!\d)|ninet|hundred|th\sdecade|\d\d\s?(?:months?|mos?|weeks?|wks?|days?)\sold", regex.IGNORECASE
)
# The same of whom no record tells the age.
_OLD_SAID = regex.compile(
    rf"(?<=\bhow\sold\b[^\n?]{{0,30}}\?\s{{1,3}}(?:\[?\p{{L}}+\]?:?\s)?)(?P<a>{_OLD})(?=[.,;!\s]|\Z)"
    rf"|\b(?:pt|patient|he|she|who)\s(?:is|was|turns)\s(?:now\s)?(?P<a>{_OLD})(?=\s?[,;]|\.(?!\d)|\sand\b|\syears\b|\Z)",
    regex.IGNORECASE,
)
_YEARS_OLD = re.compile(r"\b0?(?:9\d|1[01]\d)(?:\s?(?:y|an|a\u00f1|jahr)|/[mf])", re.IGNORECASE)
_OLD_WRITTEN = regex.compile(
    r"(?<![\d./\-])0?(?:(?P<a>9\d|1[01]\d)\s?(?:y|yrs?|ans|años|anni|Jahren?)\b|(?P<a>9\d)/[MF](?![\w/]))",
    regex.IGNORECASE,
)
# The same of whom the record tells to be so old, and an age with the year beside it.
_OLD_OWN = regex.compile(
    rf"\b(?:(?:pt|patient|he|she|they)(?:['’]s|\s(?:is|was|now|turns|turned|will\sbe))|now|nearly|almost|shy\sof|approaching|over)"
    rf"\s(?:now\s|almost\s|nearly\s)?(?P<a>{_OLD}){_ENDS}|(?<![\d.])(?P<a>{_OLD})\s?(?:y|yrs?)\b"
    r"|\b(?:at|was|aged?)\s(?P<a>\d{1,2})(?=\s(?:in|during|since)\s(?:19|20)\d\d\b)",
    regex.IGNORECASE,
)

# How old somebody was when something was, of whom no age may stay: ``quit 1971 when 41``, ``smoked from 18 to 41``.
_OLD_WHEN = regex.compile(
    r"\b(?:quit\w*|stopp\w*|start\w*|smok\w*|menopaus\w*|menarche|retir\w*|marri\w*|diagnos\w*|dx|began|widowed|divorced|drank|drinking"
    r"|moved|immigrated|enlisted|he|she|pt|patient)\b[^.\n]{0,32}?\b(?:when|at|until|till|by|from|was|aged?)\s"
    rf"(?P<a>[1-8]\d|{_IN_WORDS})(?:\s?(?:to|-|\u2013)\s?(?P<a>[1-8]\d))?(?=[.;)]|,(?!\d)|\s(?:when|and|after|with|for|years?|y)\b|\s*\Z)",
    regex.IGNORECASE,
)


def find(text: str, patient: PatientContext) -> Iterator[Found]:
    """Years of birth that may not stay, ages over 89; of a person over 89 every year as early, and every age."""
    if not patient.earliest_year:
        return
    if any(int(year) < patient.earliest_year for year in _YEAR.findall(text)):
        when = (_YEAR_ALONE,) if patient.over_89 else (_YEAR_WHEN,) if not patient.birth_date else ()
        patterns = (_BORN, *when)
        for match in (m for pattern in patterns for m in pattern.finditer(text)):
            if int(match["y"]) < patient.earliest_year:
                yield Found(match.start("y"), match.end("y"), "DATE", "ages:year")
    told = (_OLD_TOLD, _OLD_BESIDE) if patient.birth_date else (_OLD_TOLD, _OLD_BESIDE, _OLD_SAID)
    found = (m for rule in told for m in rule.finditer(text)) if _MAY_BE_OLD.search(text) else ()
    years = () if patient.birth_date and not patient.over_89 else _YEARS_OLD.finditer(text)
    for match in chain(found, filter(None, (_OLD_WRITTEN.match(text, m.start()) for m in years))):
        yield Found(match.start("a"), match.end("a"), "AGE", "ages:over-89")
    for match in _AGE.finditer(text) if patient.over_89 else ():
        yield Found(match.start(), match.end(), "AGE", "ages:beside-dates")
    for match in chain(_OLD_WHEN.finditer(text), _OLD_OWN.finditer(text)) if patient.over_89 else ():
        yield from (Found(start, end, "AGE", "ages:beside-dates") for start, end in match.spans("a"))


def may_stay(date: str, patient: PatientContext) -> bool:
    """Whether no year that a date tells is too early, or too late for the birth that stays.

    Two digits are of the last hundred years, or of the birth.
    """
    if not patient.earliest_year:
        return True
    told = [int(year) for year in _YEAR.findall(date)]
    if not told:
        told = [_told(year, patient) for year in datetext.years_of(date)]
    last = patient.last_year if patient.birth_date else None
    return all(year >= patient.earliest_year and (last is None or year <= last) for year in told)


def _told(year: str, patient: PatientContext) -> int:
    """The year that four digits or two tell."""
    born = (patient.birth_date or "")[:4]
    if patient.over_89 and born.endswith(year):
        return int(born)
    return int(year) if len(year) > 2 else _within(int(year), patient.earliest_year)


def _within(two: int, earliest: int) -> int:
    """The year that two digits tell, when it is one of the hundred that begin before the earliest that may stay."""
    first = earliest - (_CENTURY - 90)
    return first + (two - first) % _CENTURY
