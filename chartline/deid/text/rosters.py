"""People in lists: rows of a ward or a board, legends of initials, names in JSON, and who signs in small letters."""

from __future__ import annotations

import re
from collections.abc import Iterator

import regex

from chartline.deid.text.hints import Place
from chartline.deid.text.lexicon import kind, plain
from chartline.deid.text.reading import NO_INITIALS, PLAIN, TOKEN, Token, shape_of
from chartline.deid.text.runs import is_usual, of_kin_or_role
from chartline.deid.text.spans import Found


def find(text: str, words: list[Token], hints: dict[str, list[Place]]) -> Iterator[Found]:
    """People whom a list tells."""
    yield from _rows(text)
    yield from _marked_rows(text)
    yield from _boarded(text) if "  " in text else ()
    yield from _in_a_legend(text, words) if "=" in text else ()
    yield from _by_initials(text) if _AGED.search(text) else ()
    yield from _given(text)
    yield from _signed_small(text, hints.get("credential", []))


# A row of a list of patients: ``4 Osgard 61 GIB s/p EGD``; one alone may be of anything.
_ROW_OF_LIST = regex.compile(
    r"(?m)^[ \t]*(?:[A-Z]?\d{1,4}[A-Z]?[.):]?|[-•*])[ ](?:(?:Mr|Mrs|Ms)\.?[ ])?(?P<v>\p{Lu}[\p{L}'’\-]+(?:,[ ]\p{Lu}[\p{L}'’\-]*|[ ]\p{Lu}[\p{L}'’\-]+)?)"
    r",?[ ](?:[1-9]|[1-9]\d)[ ]?(?:[MF]\b|y\.?/?o\b|(?!(?:mg|mcg|ml|mL|BID|TID|QID|QHS|PO|IV|IM|SQ|SL|PRN)\b)\p{Lu}{2}|s/p\b|w/)"
)
_ROW_BEGUN = re.compile(r"\n[ \t]*(?:[A-Z]?\d{1,4}[A-Z]?[.):]?|[-•*]) [A-Z][^\W\d_]+[^\n\d]{0,24} \d")


def _rows(text: str) -> Iterator[Found]:
    """People in the rows of a list, each with an age, where several rows are written so."""
    if "\n" not in text or len(_ROW_BEGUN.findall(f"\n{text}")) < _ROWS:
        return
    rows = [
        m for m in _ROW_OF_LIST.finditer(text) if not kind(m["v"].split()[0].rstrip(",")).medical or _a_usual(m["v"])
    ]
    for m in rows if len(rows) >= _ROWS else ():
        yield Found(m.start("v"), m.end("v"), "NAME", "name:row")


_ROWS = 2
# The same in bold before a bed: ``**Osgard** 5E-12``.
_MARKED_ROW = regex.compile(
    r"\*{2,3}(?P<v>\p{Lu}[\p{L}'’\-]+(?:, ?\p{Lu}[\p{L}'’\-]*)?)\*{2,3}(?=:? \(?(?:[Bb]ed |[Rr]m )?[A-Z\d]{0,4}\d)"
)


def _marked_rows(text: str) -> Iterator[Found]:
    """People in bold, each before a bed, where several are written so."""
    rows = list(_MARKED_ROW.finditer(text)) if "** " in text else []
    for m in rows if len(rows) >= _ROWS and any(kind(m["v"].split(",")[0]).strong for m in rows) else ():
        yield Found(m.start("v"), m.end("v"), "NAME", "name:marked-row")


def _a_usual(name: str) -> bool:
    """Whether a name is a single word that is a usual surname."""
    return is_usual(Token(name, 0, len(name), shape_of(name), kind(name)))


# On a board, with the age in the next column: ``2  0730   TARN, S       66``.
_BOARDED = regex.compile(
    r"(?:(?<=[ ]{2})|(?m:^)|(?<=\t))(?P<v>\p{L}[\p{L}'’\-]+,[ ]\p{L}(?:[ ]\p{L})?)(?=[ \t]{2,}\d{1,3}(?:[ \t]|[yYmMfF]\b|$))"
)
_WIDE_AGE = re.compile(r", [A-Za-z](?: [A-Za-z])?[ \t]{2,}\d")


def _boarded(text: str) -> Iterator[Found]:
    """A surname and initials in a column before that of the ages."""
    for m in _BOARDED.finditer(text) if _WIDE_AGE.search(text) else ():
        surname = m["v"].partition(",")[0]
        found = kind(surname)
        sided = found.word and not found.common_first and m["v"][-1] in "RLrl"  # ``KNEE, R``
        if (
            not sided
            and plain(surname) not in PLAIN
            and (found.surname or found.unknown or (found.last and not found.medical))
        ):
            yield Found(m.start("v"), m.end("v"), "NAME", "name:boarded")


# What initials stand for: ``JL = Ilka Tarn RN``.
_LEGEND = regex.compile(r"(?<![\w/])(?P<i>\p{Lu}{2,3})[ ]?=[ ]?(?P<n>\p{Lu}[\p{L}'’\-]+(?:[ ]\p{Lu}[\p{L}'’\-]+){1,2})")


def _in_a_legend(text: str, words: list[Token]) -> Iterator[Found]:
    """Initials that a legend explains, wherever they stand."""
    told = {m["i"] for m in _LEGEND.finditer(text) if _is_of(m["i"], m["n"])}
    for token in words if told else ():
        if token.text in told:
            yield Found(token.start, token.end, "NAME", "name:legend")


def _is_of(initials: str, name: str) -> bool:
    """Whether initials are those of a person's name that goes on in no word of medicine."""
    words = TOKEN.findall(name)[: len(initials)]
    first, last = kind(words[0]), kind(words[-1])
    named = first.first and (not first.everyday or last.namely or last.unknown)
    return "".join(w[0] for w in words) == initials and named and not last.medical


# A patient who is two or three letters, before the age, at a line's start: ``RJ 78m``.
_AGED = re.compile(r" \d{1,3} ?(?:[MFmf]|yo?|y/o)\b")
_INITIALLED = re.compile(r"(?m)^[ \t]*(?P<v>[A-Z]{2,3}) (?=\d{1,3} ?(?:[MFmf]|yo?|y/o)\b)")


def _by_initials(text: str) -> Iterator[Found]:
    """Patients who are told by initials and age."""
    for m in _INITIALLED.finditer(text):
        if m["v"].lower() not in NO_INITIALS and m["v"].lower() not in PLAIN:
            yield Found(m.start("v"), m.end("v"), "NAME", "name:initials-aged")


_GIVEN = re.compile(r"[\"']given[\"'] ?: ?\[([^\[\]{}]{2,120})\]")
_QUOTED = re.compile(r"[\"']([^\"'\n]{1,40})[\"']")


def _given(text: str) -> Iterator[Found]:
    """The given names of a resource of FHIR in JSON."""
    for m in _GIVEN.finditer(text) if "given" in text else ():
        for name in _QUOTED.finditer(text, m.start(1), m.end(1)):
            yield Found(name.start(1), name.end(1), "NAME", "name:given")


# Who signs with a credential in small letters: ``b. tarn rn 0712``, ``ilka tarn md``.
_SMALL = frozenset(
    "rn lpn lvn cna md do np fnp pa crna cnm dpm dds dmd pharmd rd rdn rt rrt pt dpt ot slp lcsw msw".split()
)
_SIGNS_BEFORE = regex.compile(
    r"(?r)(?:^|[\n.;/-])[ ]?(?P<v>(?:(?P<i>\p{L})\.?|(?P<f>\p{Ll}{2,}))[ ](?P<l>\p{L}\p{Ll}+(?:-\p{Ll}+)?))[ ]$"
)
_SIGNED = re.compile(r"(?:-c)?(?: ?(?:\Z|[\n.,;/]|\d{3,4}\b|\d{1,2}:\d\d))")
_REACH = 48


def _signed_small(text: str, credentials: list[Place]) -> Iterator[Found]:
    """Who signs in small letters, with an initial or a first name, a surname and a credential."""
    for start, end in credentials:
        if text[start:end] not in _SMALL or not _SIGNED.match(text, end):
            continue
        m = _SIGNS_BEFORE.search(text[max(0, start - _REACH) : start])
        if m is None or plain(m["l"]) in PLAIN or of_kin_or_role(m["l"]):
            continue
        last, first = kind(m["l"]), kind(m["f"]) if m["f"] else None
        if last.medical or (m["i"] == "a" and "." not in m["v"]):
            continue
        named = first is None or (first.first and not first.everyday) or (first.unknown and last.strong)
        if named and (last.last or last.unknown):
            at = max(0, start - _REACH)
            yield Found(at + m.start("v"), at + m.end("v"), "NAME", "name:signed-small")
