"""Digits that measure something, no number of anybody: doses, ranges, angles, tasks of a test, places in a genome.

Under a policy of surrogates a dose that was taken for a telephone becomes another dose, and nothing tells.
"""

from __future__ import annotations

import re
from itertools import pairwise

import regex

_UNIT = (
    r"mg|mcg|ug|[µμ]g|ng|pg|kg|grams?|milligrams?|micrograms?|mL|ml|ML|cc|m?IU|units?|mEq|[mnp]mol|mm|cm|k?Hz|ohms?|bpm|mmHg|k?cal(?:ories)?"
    r"|cells|copies|fL|rpm|watts?|c?Gy|m?sec|ms|steps"
)
_UNIT_BEHIND = regex.compile(rf"[ ]?(?:{_UNIT}|g|%|/uL|U/L)(?![\p{{L}}\d])|[LJW](?![\p{{L}}\d])")
_RATE = r"[A-Za-zµμ\d]+/[A-Za-zµμ]+\d?|%"
_UNIT_BEFORE = regex.compile(
    rf"(?:{_RATE}|\bmg|\bU/L)[ \t|]{{1,12}}[(\[]?(?:[Rr]ef(?:erence)?(?:[ ][Rr]ange)?:?[ ]?)?\Z|(?:{_RATE})[ ]?[(\[]\Z"
)
_ONE = re.compile(r"\d{1,4}(?:\.\d{1,4})?")
_RANGE = re.compile(r"(\d{1,5}(?:\.\d{1,4})?)[-–](\d{1,5}(?:\.\d{1,4})?)")
_ROUND = 50  # of which both ends of a range of doses or counts are multiples; few telephones are
_CALLED = re.compile(
    r"(?:\b(?:phone|tel\w*|call\w*|cell|fax|pager|page|ph|contact|reach\w*|number|no|text|ring|dial|at|mobile|home|work|office|ext|line|message|msg)"
    r"|#)\W{0,3}\Z",
    re.IGNORECASE,
)
_HEADED = re.compile(r"\b(?:tele)?phones?\b|\bcell\b|\bfax\b|\bmobile\b|\bpager\b", re.IGNORECASE)
# Cells that are counted, not called.
_CELLS = re.compile(
    r"(?:\bCD\d+\+?|\b(?:T|B|NK|stem|white|red|blood|mast|plasma|per))[ -]cells?\W{0,2}\Z", re.IGNORECASE
)
_LOCUS = re.compile(r"(?:\bchr(?:\d{1,2}|[XYM]T?)\s?:\s?|(?:\b|:)[gm]\.|\bchr(?:\d{1,2}|[XYM]T?)\s?:\s?\d+[-–])\Z")
_LOCUS_SIGNS = frozenset(":.-–")
_OF_A_GENE = re.compile(
    r"\b(?:ClinVar|gene|Entrez|variation|allele|HGNC|OMIM|PubChem|Ensembl)\s(?:variation\s|allele\s)?ID:?\s?\Z",
    re.IGNORECASE,
)
_STEPS = frozenset({-7, -3})  # of serial sevens and threes


def is_measure(text: str, start: int, end: int) -> bool:
    """Whether digits and their signs at a place in a text measure something, or are a place in a genome."""
    piece, before = text[start:end], text[max(0, start - 40) : start]
    if before.rstrip(" ")[-1:] in _LOCUS_SIGNS and _LOCUS.search(before):
        return True
    if "ID" in before[-5:] and _OF_A_GENE.search(before):
        return True
    if _ONE.fullmatch(piece):
        return _UNIT_BEHIND.match(text, end) is not None
    ends = _RANGE.fullmatch(piece)
    if ends is None:
        return _counted_down(piece)
    low, high = float(ends[1]), float(ends[2])
    if "." in ends[1] and "." in ends[2]:
        return True
    if _UNIT_BEHIND.match(text, end) is not None or ends[1] == "0":
        return low < high
    told = low % _ROUND == high % _ROUND == 0 and not _is_called(text, start)
    return low < high and (told or _CELLS.search(before) is not None or _UNIT_BEFORE.search(before) is not None)


def _is_called(text: str, start: int) -> bool:
    """Whether a word before digits calls somebody, or a heading near them does."""
    return (
        _CALLED.search(text, max(0, start - 16), start) is not None
        or _HEADED.search(text, max(0, start - 160), start) is not None
    )


def _counted_down(piece: str) -> bool:
    """Whether numbers are those that somebody said who subtracts seven or three each time."""
    numbers = piece.split("-")
    if len(numbers) < 3 or not all(n.isdecimal() and len(n) < 4 for n in numbers):
        return False
    steps = {int(after) - int(n) for n, after in pairwise(numbers)}
    return len(steps) == 1 and steps <= _STEPS
