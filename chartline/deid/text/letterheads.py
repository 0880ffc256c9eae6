"""Facilities told by where or how they are written: a letterhead, ``LLC`` behind them, a year beside them in brackets."""

from __future__ import annotations

import re
from collections.abc import Iterator

import regex

from chartline.deid.text import lexicon
from chartline.deid.text.lexicon import kind, plain
from chartline.deid.text.places import GENERIC
from chartline.deid.text.reading import CREDENTIALS, TOKEN
from chartline.deid.text.runs import of_kin_or_role
from chartline.deid.text.spans import Found


def find(text: str) -> Iterator[Found]:
    """Facilities that their place or form tells."""
    for start, end in _headed(text):
        yield Found(start, end, "FACILITY", "name:letterhead")
    for m in _FIRM.finditer(text) if _FIRM_ENDS.search(text) else ():
        yield Found(m.start("v"), m.end("v"), "FACILITY", "name:firm")
    for m in _BESIDE_YEAR.finditer(text) if "(" in text and _YEAR_ENDS.search(text) else ():
        if _names_a_place(m["v"]):
            yield Found(m.start("v"), m.end("v"), "FACILITY", "name:beside-year")
    for m in _CONGREGATION.finditer(text) if _BELIEF.search(text) else ():
        yield Found(m.start(), m.end(), "FACILITY", "name:congregation")
    for m in _CALL_SIGN.finditer(text) if _CALLED.search(text) else ():
        yield Found(m.start(), m.end(), "FACILITY", "name:call-sign")


# What a first line that is a letterhead is made of: words with capitals, no figures, no label.
_HEAD = regex.compile(
    r"\s*(?P<v>\p{Lu}[\p{L}'’.&\-]*(?:[ ](?:of|and|&|the|at|for|-|–|\p{Lu}[\p{L}'’.&\-]*),?){1,8})[ ]*\n"
)
# The line below it, of an address, a telephone or an accreditation, and what begins a letter.
_BELOW = regex.compile(
    r"\s*(?:\d{1,6}[ ]\p{Lu}|P\.?O\.?[ ]Box|Suite[ ]|(?i:tel|ph|phone|fax|www|accredited|a[ ]division|member[ ]of)\b)"
)
_OF_A_PERSON = re.compile(rf",?\s{CREDENTIALS}")
_LETTER = re.compile(r"\n\s*(?:Dear |RE: |Re: |To Whom )")
_LETTER_REACH = 600
# What heads a note and no paper.
_OF_A_NOTE = frozenset(
    """
    note notes report summary letter form record records consult consultation history physical progress discharge admission
    evaluation assessment plan visit encounter procedure operative transcript message template results result list update
    services department division unit request referral order orders instructions questionnaire protocol certificate statement chart handoff sheet log agreement
    """.split()
)
_BEHIND_NOTE = regex.compile(
    r"[A-Z][A-Z/& ]{3,40}[ ][-–—][ ](?P<v>\p{Lu}\p{Ll}[\p{L}'’\-]*(?:[ ](?:of|the|and|&|\p{Lu}\p{Ll}[\p{L}'’\-]*)){1,5})(?=[ ]*(?:\n|\d))"
)


def _headed(text: str) -> Iterator[tuple[int, int]]:
    """The first line, where it is a letterhead, or what stands behind the kind of the note in it."""
    behind = _BEHIND_NOTE.match(text)
    if behind is not None and _heads_a_paper(behind["v"]):
        yield behind.span("v")
    head = _HEAD.match(text)
    if head is None or _OF_A_PERSON.search(head["v"]):
        return
    letter = _LETTER.search(text, head.end(), _LETTER_REACH) and head["v"].count(" ") > 1
    if (letter or _BELOW.match(text, head.end())) and _heads_a_paper(head["v"]):
        yield head.span("v")


def _heads_a_paper(name: str) -> bool:
    """Whether words are no kind of note, no department that every hospital has, and nobody's name."""
    found = TOKEN.findall(name)
    words, kinds = {plain(w) for w in found}, [kind(w) for w in found]
    if words & _OF_A_NOTE or words <= GENERIC:
        return False
    return any(k.medical for k in kinds) or not (kinds[0].common_first and kinds[-1].last)


_FIRM_ENDS = re.compile(r" (?:P?LLC|LLP|PLLP|P\.C\.|Inc|Corp)\b")
_FIRM = regex.compile(
    r"(?<![\w'’\-])(?P<v>\p{Lu}[\p{L}'’\-]*(?:[ ](?:of|and|&|the|\p{Lu}[\p{L}'’\-]*)){0,5},?[ ](?:PLLC|LLC|PLLP|LLP|P\.C\.|Inc|Corp)\b\.?)"
)
# Quick looks, each cheaper than the form.
_YEAR_ENDS = re.compile(r"(?:19|20)\d\d(?:[),]| \()")
_BELIEF = re.compile(r" (?:Presb|Bapt|Method|Luth|Congreg|Unit|Episc|Pente|Nazar|AME)")
_CALLED = re.compile(
    r"(?:Flight|Life|Evac|Link|Net|Star|One|Care|Engine|Ladder|Rescue|Medic|Squad|Truck|Battalion|Ambulance)\b"
)
# ``(Osgard 2006)``, ``(Osgard, 2016, 1 unit)``, ``2016 (Osgard)``.
_BESIDE_YEAR = regex.compile(
    r"\((?P<v>\p{Lu}\p{Ll}{3,}(?:[ ]\p{Lu}\p{Ll}+){0,2}),?[ ](?:19|20)\d\d(?=[),])|(?<=\b(?:19|20)\d\d[ ])\((?P<v>\p{Lu}\p{Ll}{3,}(?:[ ]\p{Lu}\p{Ll}+){0,2})\)"
)


def _names_a_place(name: str) -> bool:
    """Whether words in brackets beside a year may be where something was done: none is of medicine or says who or how."""
    words = TOKEN.findall(name)
    if not _NO_PLACE.isdisjoint(map(plain, words)):
        return False
    return not any(kind(w).medical or kind(w).eponym or of_kin_or_role(w) for w in words)


_NO_PLACE = GENERIC | lexicon.COUNTRIES | lexicon.STATES


# Congregations, which are called after their number or what they believe.
_CONGREGATION = regex.compile(
    r"\b(?:First|Second|Third|Fourth|Grace|Trinity|Calvary|Zion|Bethel|Bethany|Immanuel|Emmanuel|(?:Mt\.|Mount)[ ]\p{Lu}\p{Ll}+|St\.?[ ]\p{Lu}\p{Ll}+['’]?s?)"
    r"[ ](?:Presbyterian|Baptist|Methodist|Lutheran|Congregational|Unitarian|Episcopal|Pentecostal|Nazarene|AME)\b(?:[ ](?:Church|Parish))?"
)
# Helicopters and engines, by what they are called on the radio.
_CALL_SIGN = regex.compile(
    r"\b(?:Life|Air|Med|Mercy|Angel|Stat|Sky|Star|Guardian)[ ]?(?:Flight|Life|Evac|Link|Net|Star|One|Care)\b(?:[ ]\d{1,3}\b)?(?<!\bSkyLink)"
    r"|\b(?:Engine|Ladder|Rescue|Medic|Squad|Truck|Battalion|Ambulance)[ ]\d{1,3}\b(?![.\-/%]\d|[ ](?:mg|mL))"
)
