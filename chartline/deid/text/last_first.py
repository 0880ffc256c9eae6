"""People told by a comma: the last name first, rows of a list with an initial, and who is addressed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

import regex

from chartline.deid.text.lexicon import COUNTRIES, Kind, kind, plain
from chartline.deid.text.reading import CREDENTIAL, KIN_WORD, LED_BY, PLAIN, SYLLABLES, Token, of_list, word_start
from chartline.deid.text.runs import ACRONYM, AGED, opens_list
from chartline.deid.text.spans import Found

_PARTICLE = regex.compile(rf"(?:(?i:St\.|{LED_BY})\s){{0,3}}")
# What laboratories and wards print between a last and a first name: ``Smith RN, John``.
_OFFICES = "MD DO RN NP PA LPN RPh MLS MT RT CRT".split()
_SUFFIXES = ["Jr", "Sr", "II", "III", "IV", *_OFFICES]
_LAST_FIRST = regex.compile(
    rf"(?<![\w,])(?P<last>(?:(?i:St\.|{LED_BY})\s){{0,3}}[^\W\d_][\w'’\-]+(?:\s+(?:{'|'.join(_SUFFIXES)})\.?)?),[ \t]?(?P<first>[^\W\d_][\w'’\-]+)(?P<mid>(?:\s[^\W\d_]\b\.?|\s+[A-Z][\w'’\-]+)?)"
)
_LONGEST_ACRONYM = 5


def find(text: str, words: list[Token]) -> Iterator[Found]:
    """Last name first, as in ``Smith, John A.``."""
    for at in _comma_starts(text, words):
        m = _LAST_FIRST.match(text, at)
        if m is None or _of_an_office(text, m):
            continue
        last, first = kind(_PARTICLE.sub("", m.group("last"), 1).split()[0]), kind(m.group("first"))
        if _plainly_last_first(m, last, first):
            yield Found(m.start(), _with_middle(text, m), "NAME", "name:last-first")
            continue
        same_case = m.group("last")[0].isupper() and m.group("first")[0].isupper()
        if (
            (m.group("last") + m.group("first")).isupper()
            and len(m.group("last")) <= _LONGEST_ACRONYM
            and len(m.group("first")) <= _LONGEST_ACRONYM
            and not (last.surname and first.common_first)
        ):
            continue
        mixed = m.group("last").isupper() and not m.group("first").isupper()
        if _of_things(text, m):
            continue
        if any(c.isdigit() for c in m.group()) or (m.group("first").isupper() and not m.group("last").isupper()):
            continue
        if mixed and not (last.namely or (last.unknown and len(m.group("last")) > 5)):
            continue
        if mixed and len(m.group("last").split()[0]) < ACRONYM and not last.surname:
            continue
        if plain(m.group("last")) in PLAIN or plain(m.group("first")) in PLAIN:
            continue
        named = (
            first.first and first.strong and (opens_list(text, m.start()) or bool(_DATED.match(text, m.end("first"))))
        )
        if (last.medical or last.eponym or (first.eponym and not first.first)) and not named:
            continue
        if named and not first.medical and not _LISTED.match(text, m.end("first")):
            yield Found(m.start(), _with_middle(text, m), "NAME", "name:last-first")
            continue
        sure = first.common_first and first.strong and not last.medical and last.last
        if (
            same_case and first.first and first.common_first and (last.last or last.unknown) and (not last.word or sure)
        ) or (same_case and _comma_name(text, m, last, first) and not _of_several(text, m)):
            yield Found(m.start(), _with_middle(text, m), "NAME", "name:last-first")
        elif (same_case and first.first and first.strong and last.last and not last.word) or (
            same_case
            and m.group("mid").strip(" .")
            and len(m.group("mid").strip(" .")) == 1
            and last.last
            and first.first
        ):
            yield Found(m.start(), m.end(), "NAME", "name:last-first")


def _comma_starts(text: str, words: list[Token]) -> Iterator[int]:
    """Where a capitalised word stands before a comma and another one."""
    for i, (left, right) in enumerate(pairwise(words)):
        if right.start - left.end <= 3 and text[left.end] in ",." and "," in text[left.end : right.start]:
            if left.text in _SUFFIXES and i:
                yield words[i - 1].start
            elif left.text[0].isupper() and right.text[0].isupper():
                yield _with_particles(text, words, i)


def _with_particles(text: str, words: list[Token], i: int) -> int:
    """The start of a last name with the particles before it, as in ``van den Berg``."""
    at = words[i].start
    while i and _PARTICLE.fullmatch(text, words[i - 1].start, at) and at - words[i - 1].end < 3:
        i, at = i - 1, words[i - 1].start
    return at


def _of_an_office(text: str, m: regex.Match[str]) -> bool:
    """Whether two words are kin behind a label and who it is, or who somebody is and the credential."""
    credential = CREDENTIAL.match(text, m.start("first"))
    if (
        credential
        and credential.end() >= m.end("first")
        and (m.end("first") > m.start("first") + 2 or credential.group().count(".") > 1)
    ):
        return True  # ``Tarn, PharmD``, ``Tarn, Au.D.``
    if plain(m.group("first")) in COUNTRIES and _COMES_FROM.search(text, max(0, m.start() - 8), m.start()):
        return True  # ``from Osgard, India``
    # ``Contact: Father, Quentin Tarn``
    return text[max(0, m.start() - 2) : m.start()] == ": " and KIN_WORD.fullmatch(m.group("last")) is not None


_COMES_FROM = re.compile(r"\b(?:in|from|of|to|via|near)\s\Z")
_GRADED_LAST = re.compile(r"\s(?:II|III|IV)$")
_GRADED_TOO = re.compile(r"\s(?:I{1,3}|IV|V|[A-D]|\d)(?!\w|\.\w)")
_ROMAN = re.compile(r"[IVX]+[a-e]?")


def _of_things(text: str, m: regex.Match[str]) -> bool:
    """Whether two words are numbers or short forms, two of a list of things of medicine, or two scales with grades."""
    if max(len(m.group("last")), len(m.group("first"))) < 3 or _ROMAN.fullmatch(m.group("last")):
        return True
    if "-" in m.group("last") and "-" in m.group("first") and not kind(m.group("first")).first:
        return True  # ``Osgard-Tarn, Pell-Varga``
    graded = _GRADED_LAST.search(m.group("last")) and _GRADED_TOO.match(text, m.end("first"))
    return bool(graded) or of_list(text, m.start(), m.end("first"))


def _of_several(text: str, m: regex.Match[str]) -> bool:
    """Whether two words are of a longer list that brings no people, not a last and a first name."""
    if opens_list(text, m.start()):
        return False
    return bool(_LISTED.match(text, m.end("first")) or _IN_LIST.search(text, max(0, m.start() - 24), m.start()))


def _plainly_last_first(m: regex.Match[str], last: Kind, first: Kind) -> bool:
    """Whether an office, two syllables (``Sung, Mi-ra``) or capitals of a surname and a first name tell a person."""
    if last.namely and not last.eponym and first.common_first and AGED.match(m.string, m.end()):
        return True  # ``Tarn, Grant  DOB``
    named = last.surname and first.common_first and first.strong
    if named and not m.string[m.start() - 2 : m.start() - 1].isalpha() and AGED.match(m.string, m.end()):
        return True  # ``Long, Rita  44M``
    if m.group().isupper() and len(m.group("last")) > ACRONYM:
        return named
    if first.medical or first.everyday:
        return False
    if last.namely and _CREDENTIALED.search(m.group("last")):
        return plain(m.group("first")) not in PLAIN and m.group("first")[1:].islower()
    return last.last and SYLLABLES.fullmatch(m.group("first")) is not None


_CREDENTIALED = re.compile(rf"\s(?:{'|'.join(_OFFICES)})$")
_MIDDLE_ENDS = regex.compile(r"\s?(?:[,;(|)]|\s\s|\n|$)")


def _with_middle(text: str, m: regex.Match[str]) -> int:
    """The end of ``Last, First`` with a middle initial where nothing of the sentence follows it."""
    alone = len(m.group("mid").strip(" .")) == 1 and _MIDDLE_ENDS.match(text, m.end())
    return int(m.end() if alone else m.end("first"))


def _comma_name(text: str, m: regex.Match[str], last: Kind, first: Kind) -> bool:
    """Whether ``Last, First`` is a person when the lists do not say so: by what they do not know, or by the place."""
    told = first.first or not m.group().isupper() or _NUMBERED.match(text, m.end("first"))
    if last.unknown and (first.first or first.unknown) and told:
        return True
    if last.namely and not last.city and (first.unknown or first.namely) and not m.group().isupper():
        return not first.medical
    if (
        last.strong
        and last.last
        and first.last
        and not last.city
        and not first.medical
        and m.group("first")[1:].islower()
    ):
        return text[m.end("first") : m.end("first") + 1] in ("", ".", ";", ")", "\n", "|", "(")
    headed = _HEADS.search(text, max(0, m.start() - 12), m.start()) and not first.medical
    if headed and (last.namely or last.unknown) and not m.group().isupper():
        return True
    named = first.common_first or first.unknown or (first.first and first.strong) or last.unknown
    return named and not last.medical and not first.medical and opens_list(text, m.start())


# What a person's number or birth is told by.
_NUMBERED = re.compile(r"\s+(?:ID|MRN|DOB|HRN|EMPI)\b")
# What heads a person, and a date behind one.
_HEADS = regex.compile(r"\b(?i:pt|patient|name|inmate|resident|client|member|veteran)\s?:?\s\Z")
_DATED = regex.compile(r"\s+\(?\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}")
_LISTED = regex.compile(r",?\s+(?:and\s+)?[A-Z][a-z]+,|,\s+[A-Z][a-z]+(?:\s\d|\.\s)|,\s+(?:and|or)\s")
_IN_LIST = regex.compile(r"\p{Lu}\p{L}[\p{L}\-]*(?:\s(?:[IVX]+|[A-D]|\d))?,\s\Z")
# A surname with an initial that begins a row of a list: ``Osgard, M rm 4``.
_ROWED = regex.compile(
    r"(?<=\b(?i:to|for|on|pt:?|patient:?|name:?|ordering:?|labell?ed|of)\s[\"“]?)(?P<v>\p{Lu}[\p{L}'’\-]{3,},\s?(?![LR]\s\p{Ll})\p{Lu})(?=[ ]|\s*(?:\n|$))|"
    r"(?P<v>\p{Lu}[\p{L}'’\-]+,\s?\p{Lu})\.?,?(?=\s(?:calling|called|calls|here|[\"”]|(?i:rm|room|bed)\b|\d{1,3}\s?(?:[MF]\b|y)|(?:DOB|MRN)\b)|\s?[/|(])"
)
# Who is addressed: ``No problem, Abra.``
_ADDRESSED = regex.compile(
    r"(?<=\b(?i:yes|no|ok|okay|hi|hey|hello|sorry|thanks|you|problem|sure|right|well|good|great|morning|afternoon|evening|bye|care|luck|welcome|now|so|alright|listen|see|know)), (?P<v>\p{Lu}\p{Ll}{2,})(?=[.?!,])"
)
_COMMA = re.compile(r", ?(?=[A-Z](?:[a-z]{2,14}[.?!,]|(?![\w'’-])))")


def _capital_start(text: str, at: int) -> int:
    """The start of the word before a place, behind a quote."""
    start = word_start(text, at)
    return start + 1 if text[start] in '"“(' else start


def by_comma(text: str) -> Iterator[Found]:
    """Surnames with an initial in a row of a list, and who is addressed in talk."""
    for comma in _COMMA.finditer(text):
        row = _ROWED.match(text, _capital_start(text, comma.start()))
        if row is not None:
            found = kind(row["v"].split(",")[0])
            if (found.last or found.unknown) and not found.medical and not found.eponym:
                yield Found(row.start("v"), row.end("v"), "NAME", "name:rowed")
        said = _ADDRESSED.match(text, comma.start())
        if said is not None and kind(said["v"]).common_first and plain(said["v"]) not in PLAIN:
            yield Found(said.start("v"), said.end("v"), "NAME", "name:addressed")
