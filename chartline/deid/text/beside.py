"""Who and what is told by a name that is found: who is named with it, what stands behind it, a first name before it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

import regex

from chartline.deid.text import datetext
from chartline.deid.text.lexicon import is_done, kind, plain
from chartline.deid.text.places import named_place
from chartline.deid.text.reading import CREDENTIALS, PLAIN, SYLLABLES, TOKEN, Token, of_thing
from chartline.deid.text.runs import ACRONYM, AGED, of_kin_or_role
from chartline.deid.text.spans import Found

# What somebody is called, in quotes in brackets behind the name, and an age over 89 behind it.
_BY_NICKNAME = regex.compile(r"\s\([\"“'](?P<v>\p{Lu}[\p{L}'’\- ]{1,20}?)[\"”']\)")
_BY_OTHER = re.compile(r" \((?P<v>[A-Z][a-z]{2,11})\)")
# Initials in brackets behind the name that they are of.
_BY_INITIALS = re.compile(r"\s\((?P<v>[A-Z]\.?\s?[A-Z]\.?(?:\s?[A-Z]\.?)?)\)")
# A day behind somebody or a facility, the next of several children, and the street that a facility stands on.
_BY_DAY = re.compile(
    r",? (?P<v>(?:0?[1-9]|1[0-2])/(?:0?[1-9]|[12]\d|3[01]))(?![\w/%]|[-.]\d| ?(?:mg|mcg|mL|cm|mm|points?|strength|power|scale|pain|mod|min|max|visits|sessions)\b)"
)
_BY_CODE = re.compile(r" (?P<v>(?!(?:19|20)\d\d)\d{5,9})(?=[.,;)\n]|\Z| by\b| on\b| \d)")
_BY_VETERAN = re.compile(r" {1,2}\(?(?P<v>[A-Z]\d{4})(?=\)|\s|\Z)")  # a letter and the last four
_NEXT_CHILD = regex.compile(r"(?:\s\(\d{1,2}\)(?:,|,?\sand|\s&)|,)\s(?P<v>\p{Lu}\p{Ll}[\w'’\-]+)(?=\s\(\d{1,2}\))")
_ON_STREET = regex.compile(r"\son\s(?P<v>\p{Lu}\p{Ll}{2,}(?:\s\p{Lu}\p{Ll}+)?)(?=[.,;)\n]|$|\s[a-z(])")
_BY_AGE = re.compile(r"(?:, | \()(?P<v>9\d|1[01]\d)(?=[,.;)]|\s(?:and|who|with)\b|\s*(?:\n|\Z))")
# A flat or a house of many behind what they are in: ``Osgard Ct apt 3``.
_UNIT_BEHIND = re.compile(
    r",? (?P<v>(?:apt|unit|bldg|lot|trlr|building)\.? ?#?(?:\d{1,4}[A-Z]?|[A-Z]\d{0,4}))\b", re.IGNORECASE
)
_UNITS = frozenset({" ap", " un", " bl", " lo", " tr", " bu", ", a", ", u", ", b", ", l"})
HOUSES = frozenset({"FACILITY", "LOCATION"})
"""What a piece is that is a place and nobody."""
# Where somebody of a credential works: ``Osgard MD, Harbor Light``.
_AFFILIATED = regex.compile(
    rf"(?:,?[ ]{CREDENTIALS})+(?:,[ ]|[ ][-–][ ]|[ ]\()(?!{CREDENTIALS})(?P<v>\p{{Lu}}\p{{Ll}}[\w'’\-]*(?:[ ](?:of[ ]|the[ ])?\p{{Lu}}\p{{Ll}}[\w'’\-]*){{0,3}})(?=[.;)]?[ ]*(?:\n|\Z)|[;)])"
)
_NUMBER_OF_SHOP = re.compile(r" #\d{2,6}\b")
# A town named together with another: ``in Osgard and Tollard last year``.
_AND_TOWN = regex.compile(
    r" and (?P<v>\p{Lu}\p{Ll}{2,})(?=[.,;)\n]|\Z|\s(?:from|in|for|on|last|this|where|with|to|since|until)\b)"
)
# Whose a priest or a pastor is: ``Rev. Tarn of Osgard Fork``.
_CLERGY = re.compile(r"\b(?:Rev(?:erend)?|Fr|Father|Pastor|Rabbi|Imam|Bishop|Deacon|Chaplain|Sister|Brother|Elder)\b")
_CLERGY_OF = regex.compile(r" of (?:the )?(?P<v>\p{Lu}[\w'’.\-]+(?: \p{Lu}[\w'’\-]+){0,4})")
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def behind(text: str, found: list[Found]) -> Iterator[Found]:
    """What tells more of who is named: ``Abra Tarn ("Bee")``, ``Abra, 93,``."""
    for f in found:
        near = text[f.end : f.end + 3]
        if near[-1:].isdigit() or near[1:2].isdigit() or near[:2] in ("  ", " ("):
            day = _BY_DAY.match(text, f.end) if f.type in ("NAME", "FACILITY", "LOCATION") else None
            if day is not None and not datetext.is_counted(text, *day.span("v")):
                yield Found(day.start("v"), day.end("v"), "DATE", "name:by-day")
            code = _BY_CODE.match(text, f.end) if f.type == "NAME" else None
            code = code or (_BY_VETERAN.match(text, f.end) if f.type == "NAME" else None)
            if code is not None:
                yield Found(code.start("v"), code.end("v"), "ID", "name:by-code")
        if near in (" of", " on", " an") or near[:2] == " #":
            yield from _place_behind(text, f)
        if f.type in HOUSES and near.lower() in _UNITS and (unit := _UNIT_BEHIND.match(text, f.end)):
            yield Found(unit.start("v"), unit.end(), "ADDRESS", "name:unit-behind")
        sign = near[:2] if f.type == "NAME" else ""
        if sign in (' "', " “", " I"):
            yield from _goes_by(text, f)
        initial = _INITIALS_LAST.match(text, f.end) if near[:1] in (" ", ",") else None
        if initial is not None:
            yield Found(initial.start("v"), initial.end("v"), "NAME", "name:initial-behind")
        if near[-1:].isupper() and sign and (of := _AFFILIATED.match(text, f.end)):
            end = named_place(text, of.start("v"), of.end("v"), works=False, sure=False)
            if end > of.start("v"):
                yield Found(of.start("v"), end, "FACILITY", "name:affiliated")
        at = f.end if sign == " (" and near[-1:].isdigit() else -1
        while at > 0 and (child := _NEXT_CHILD.match(text, at)):
            yield Found(child.start("v"), child.end("v"), "NAME", "name:next-child")
            at = child.end("v")
        if sign == " (":
            yield from _in_brackets_behind(text, f)
        if sign in (", ", " (") and (aged := _BY_AGE.match(text, f.end)):
            yield Found(aged.start("v"), aged.end("v"), "AGE", "name:aged")


# What stands behind a name: the generation, and in quotes what somebody is called, before a surname or not.
_GENERATION_BEHIND = re.compile(r" (?P<v>III?|IV)(?=[.,;)]|\s|\Z)")
_QUOTED_BEHIND = regex.compile(r"\s[\"“](?P<n>\p{L}[\p{L}'’\-]{1,14})[\"”](?:[ ](?P<l>\p{L}[\p{L}'’\-]+))?")
# Initials behind a surname, where nothing goes on: ``Tarn, J.`` and ``Tarn O. P.``.
_INITIALS_LAST = regex.compile(
    r",? (?!(?:M\. ?[ABDPS]|D\. ?[CDNOP]|[BPNLFC]\. ?[APSRT]|R\. ?[DN]|[OJ]\. ?[DT])\.)(?P<v>\p{Lu}\.(?: ?\p{Lu}\.)?)(?=[ ]{2}|\n|[,;)\]]|\Z)"
)


def _goes_by(text: str, f: Found) -> Iterator[Found]:
    """The generation behind a name, and what somebody is called in quotes, with the surname behind it."""
    generation = _GENERATION_BEHIND.match(text, f.end)
    if generation:
        yield Found(generation.start("v"), generation.end("v"), "NAME", "name:generation")
    quoted = _QUOTED_BEHIND.match(text, f.end)
    if quoted is None or not _is_called(quoted["n"]):
        return
    yield Found(quoted.start("n"), quoted.end("n"), "NAME", "name:nicknamed")
    surname = kind(quoted["l"]) if quoted["l"] else None
    if surname and (surname.last or surname.unknown) and plain(quoted["l"]) not in PLAIN:
        yield Found(quoted.start("l"), quoted.end("l"), "NAME", "name:nicknamed")


def _is_called(word: str) -> bool:
    """Whether a word in quotes behind a name may be what its owner is called, and not what is said."""
    found = kind(word)
    named = found.first or found.unknown or (not found.everyday and (found.last or word[0].isupper()))
    return named and (found.last or not found.medical) and plain(word) not in PLAIN


def _in_brackets_behind(text: str, f: Found) -> Iterator[Found]:
    """What somebody is called too and the town somebody is of, in brackets behind the name."""
    called, other, short = (form.match(text, f.end) for form in (_BY_NICKNAME, _BY_OTHER, _BY_INITIALS))
    if called:
        yield Found(called.start("v"), called.end("v"), "NAME", "name:nicknamed")
    if other and _another(other["v"]):
        yield Found(other.start("v"), other.end("v"), "NAME", "name:nicknamed")
    if other and _a_town_of(other["v"]):
        yield Found(other.start("v"), other.end("v"), "LOCATION", "name:town-of")
    if short:
        initials = {word[0] for word in TOKEN.findall(text, f.start, f.end)}
        if initials.issuperset(c for c in short["v"] if c.isalpha()):
            yield Found(short.start("v"), short.end("v"), "NAME", "name:initials")


def _another(word: str) -> bool:
    """Whether a word in brackets behind a name is what somebody is called too, and no kin or office."""
    found = kind(word)
    return (found.unknown or found.strong or found.common_first) and not (
        found.medical or found.city or plain(word) in PLAIN or of_kin_or_role(word)
    )


def _a_town_of(word: str) -> bool:
    """Whether a word in brackets behind a name is the town somebody is of."""
    found = kind(word)
    return found.city and not (found.medical or plain(word) in PLAIN or of_kin_or_role(word))


def _place_behind(text: str, f: Found) -> Iterator[Found]:
    """The number of a shop, the street that it stands on, the next of two towns, and whose priest somebody is."""
    number = _NUMBER_OF_SHOP.match(text, f.end) if f.type == "FACILITY" else None
    if number:
        yield Found(f.end + 1, number.end(), "FACILITY", "name:number-of-shop")
    street = _ON_STREET.match(text, f.end) if f.type == "FACILITY" else None
    if street and plain(street["v"].split()[0]) not in PLAIN and not street["v"].startswith(_WEEKDAYS):
        yield Found(street.start("v"), street.end("v"), "LOCATION", "name:on-street")
    town = _AND_TOWN.match(text, f.end) if f.type == "LOCATION" else None
    if town and _a_town(town["v"]):
        yield Found(town.start("v"), town.end("v"), "LOCATION", "name:and-town")
    of = _CLERGY_OF.match(text, f.end) if f.type == "NAME" else None
    if of and _CLERGY.search(text, max(0, f.start - 12), f.start + 12):
        end = named_place(text, of.start("v"), of.end("v"), works=True, sure=True)
        if end > of.start("v"):
            yield Found(of.start("v"), end, "FACILITY", "name:clergy")


def _a_town(word: str) -> bool:
    """Whether a word behind a town may be another: a town, a word on no list, or one that people seldom use."""
    found = kind(word)
    rare = found.unknown or found.strong or (found.word and not found.everyday)
    return found.city or (rare and not found.medical and plain(word) not in PLAIN)


# What a person is named behind: a line's start, a label, ``with``.
_NAMED_BEHIND = re.compile(r"(?:\A|\n[ \t]*|[.:;][ ]{1,2}|\b(?:with|w/|by|per) )\Z")
_CAPITAL_BEFORE = re.compile(r"(?<![\w'’\-])[A-Z][a-z]+(?:-[A-Za-z][a-z]+)? \Z")
_CREDENTIAL_NEXT = regex.compile(rf",?[ ]{CREDENTIALS}(?![\w'’])")


def before(text: str, found: list[Found]) -> Iterator[Found]:
    """A first name that is a word, before a surname with a birth date, an age or a credential: ``Paw Tarnovic, DOB``."""
    for f in found:
        name = text[f.start : f.end]
        if f.type != "NAME" or text[f.start - 1 : f.start] != " " or " " in name:
            continue
        before = _CAPITAL_BEFORE.search(text, max(0, f.start - 20), f.start)
        if before is None or not _NAMED_BEHIND.search(text, max(0, before.start() - 6), before.start()):
            continue
        word = before.group().rstrip()
        first, last = kind(word), kind(name)
        syllables = SYLLABLES.fullmatch(word) is not None
        if plain(word) in PLAIN or of_kin_or_role(word) or (not syllables and (first.medical or is_done(word, first))):
            continue
        if (last.namely or last.unknown) and (AGED.match(text, f.end) or _CREDENTIAL_NEXT.match(text, f.end)):
            yield Found(before.start(), before.start() + len(word), "NAME", "name:first-before")


_STROKE = re.compile(r"/(?<=[^\W\d_].)(?=[A-ZÀ-ÖØ-Þ])| / (?<=[^\W\d_]...)(?=[A-ZÀ-ÖØ-Þ])")


def paired(text: str, words: list[Token], found: list[Found]) -> Iterator[Found]:
    """Who is written with a stroke beside somebody: ``Tremblay/Okoye``."""
    signs = {m.start() for m in _STROKE.finditer(text)} if "/" in text else ()
    strokes = [(a, b) for a, b in pairwise(words) if a.end in signs] if signs else ()
    if not strokes:
        return
    behind = {a.start: b for a, b in pairwise(words)}
    starts, ends = {f.start for f in found if f.type == "NAME"}, {f.end for f in found if f.type == "NAME"}
    for left, right in strokes:
        other = right if left.end in ends else left if right.start in starts else None
        start = right.start
        if other is right and right.shape == "initial":
            other = behind.get(start)  # ``K. Tremblay/D. Okoye``
            if other is None or text[right.end : other.start] not in (". ", " "):
                continue
        if other is None or other.shape not in ("capital", "upper") or plain(other.text) in PLAIN or other.kind.medical:
            continue
        if other.kind.last or other.kind.first or other.kind.unknown:
            yield Found(other.start if other is left else start, other.end, "NAME", "name:paired")


# What joins two people.
_AND = re.compile(r" (?:and|&|\+) (?=[A-Z])")


def joined(text: str, words: list[Token], found: list[Found]) -> Iterator[Found]:
    """Who is named together with somebody: ``Abra and Ilo``, ``Ilo & Bram``."""
    ends, starts = {f.end for f in found if f.type == "NAME"}, {f.start for f in found if f.type == "NAME"}
    both = [m for m in _AND.finditer(text) if not (m.start() in ends and m.end() in starts)]
    signs = [m for m in both if m.start() in ends or m.end() in starts or _of_two(text, m.end())]
    if not signs:
        return
    by_end, by_start = {t.end: t for t in words}, {t.start: t for t in words}
    for sign in signs:
        left, right = by_end.get(sign.start()), by_start.get(sign.end())
        if left is None or right is None:
            continue
        if not (left.end in ends or right.start in starts):
            sure = left.kind.last and right.kind.last
            if _colleague(left) and _colleague(right) and (sure or _AGREES.match(text, right.end)):
                yield from (Found(t.start, t.end, "NAME", "name:joined") for t in (left, right))
            continue
        known, other = (left, right) if left.end in ends else (right, left)
        if not known.kind.eponym and other.shape == "capital" and _a_person(other) and not of_thing(text, other.end):
            yield Found(other.start, other.end, "NAME", "name:joined")


# What two people do or are: ``Tarn & Pell agree``.
_OF_TWO = regex.compile(
    r"\p{Lu}[\p{L}'’\-]+\s(?:agree|concur|aware|notified|paged|updated|both|will|were|are|following|to\s(?:see|scrub|assist|follow|discuss)|present|saw|scrubbed|recommend|consulted|rounding|rounded)\b"
)
_AGREES = re.compile(r"\s(?:agree|concur|aware|notified|paged|updated|scrubbed|rounding|rounded)\b")


def _of_two(text: str, at: int) -> bool:
    return _OF_TWO.match(text, at) is not None


def _colleague(token: Token) -> bool:
    """Whether a word is a surname and nothing else, or on no list."""
    found = token.kind
    named = (found.last and found.strong) or (found.unknown and len(token.text) > ACRONYM)
    return token.shape == "capital" and named and not (found.eponym or found.medical or found.city)


def _a_person(token: Token) -> bool:
    """Whether a word may be who is named beside somebody, by the lists alone."""
    found = token.kind
    flower = found.common_first and found.everyday
    if (
        found.eponym
        or (found.medical and not flower)
        or found.city
        or plain(token.text) in PLAIN
        or not token.text[1:].islower()
    ):
        return False
    return found.common_first or found.strong or (found.unknown and len(token.text) > ACRONYM)
