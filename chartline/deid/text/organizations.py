"""Organisations that no word for a facility ends: unions and lodges with their number, teams, sororities."""

from __future__ import annotations

from collections.abc import Iterator

import regex

from chartline.deid.text.hints import Place, windows
from chartline.deid.text.lexicon import GREEK, LODGES, TEAMS, UNIONS, kind, plain
from chartline.deid.text.reading import PLAIN, TOKEN, opened, word_start
from chartline.deid.text.spans import Found


def _either(words: frozenset[str]) -> str:
    return "|".join(word.title() for word in sorted(words))


_LEADING = r"(?:\p{Lu}[\w'’&.\-]*[ ](?:(?:\p{Lu}[\w'’&.\-]*|of|the)[ ]){0,3})"
_NUMBER = r"(?:\#|[Nn]o\.?[ ])?\d{1,5}(?![\w/%]|[.,]\d|[ ](?:mg|mL|cm|mm|h|hrs?|hours?|days?|weeks?|min)\b)"
_A_UNION = "|".join(sorted(UNIONS))
_UNION = regex.compile(rf"{_LEADING}?\b(?i:{_A_UNION})\b(?<=\b\p{{Lu}}[\p{{L}}]+)[ ](?:Local[ ])?{_NUMBER}")
_LODGE = regex.compile(rf"(?P<led>{_LEADING})?(?P<what>{_either(LODGES)})[ ]{_NUMBER}")
_FOLLOWED = r"(?![ ](?:fans?|games?|jersey|shirt|hat|cap|[Hh]ospital)\b)"  # a team that somebody watches
_TEAM = _either(TEAMS)
_NAMED_TEAM = regex.compile(rf"(?P<led>(?:\p{{Lu}}[\p{{L}}'’.\-]+[ ]){{1,3}})(?:{_TEAM})\b{_FOLLOWED}")
_THE_TEAM = regex.compile(
    rf"\b(?:for|with|play(?:s|ed|ing)?|coach(?:es|ed|ing)?|joined)[ ]the[ ](?P<v>{_TEAM})\b{_FOLLOWED}"
)
_LETTER = _either(GREEK)
_SORORITY = regex.compile(
    r"(?<=\b(?:in|of|at|for|with|the|joined|join|rush(?:ed|ing)?|pledg(?:e|ed|ing)|her|his|our|their)[ ])"
    rf"(?P<v>(?:{_LETTER})(?:[ ](?:{_LETTER})){{1,2}})"
    r"(?=[.,;:)\n]|$|[ ](?:house|sorority|frat\w*|brothers?|sisters?|chapter|formal|party|so|and|at|since|with)\b)"
)
# Pairs of a light chain, a T cell's receptor and opioid receptors.
_OF_CELLS = frozenset(
    {"kappa lambda", "lambda kappa", "alpha beta", "gamma delta", "mu kappa", "mu delta", "delta kappa"}
)

_BEGIN = ("union", "lodge", "team")
_OF_NUMBER = frozenset("0123456789#Nn")


def find(text: str, hints: dict[str, list[Place]]) -> Iterator[Found]:
    """Organisations by their numbers, their letters and what their members are called."""
    unions, lodges, teams = ([(a, b) for a, b in hints.get(name, ()) if text[a].isupper()] for name in _BEGIN)
    for start, end in windows(unions, 40, 20):
        yield from (_found(m) for m in _UNION.finditer(text, word_start(text, start), end))
    for start, end in windows((p for p in lodges if text[p[1] + 1 : p[1] + 2] in _OF_NUMBER), 40, 16):
        for m in _LODGE.finditer(text, word_start(text, start), end):
            if m["led"] or m["what"] in ("Local", "Troop", "Aerie"):
                yield _found(m)
    for start, end in windows(teams, 40, 8):
        for m in _NAMED_TEAM.finditer(text, word_start(text, start), end):
            words = [w.group() for w in TOKEN.finditer(m["led"])]
            if not all(plain(w) in PLAIN or kind(w).everyday for w in words):
                yield _found(m)
        yield from (_found(m, "v") for m in _THE_TEAM.finditer(text, word_start(text, start), end))
    for m in opened(_SORORITY, text, hints, "greek", capital=True):
        if m["v"].lower() not in _OF_CELLS:
            yield _found(m, "v")


def _found(match: regex.Match[str], group: str | int = 0) -> Found:
    return Found(match.start(group), match.end(group), "FACILITY", "name:organization")
