"""Hints: cheap signs in a text that tell where a costly rule can match at all, so that it looks nowhere else."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate

from ahocorasick_rs import AhoCorasick, Implementation

Place = tuple[int, int]
# A letter that stands for itself at an alternative's start, and at its end.
_STARTS = re.compile(r"[A-Za-z](?![?*+{])")
_ENDS = re.compile(r"(?<!\\)[A-Za-z]\Z")


class Places:
    """Places of a text, asked often and in any order whether one of them holds a piece."""

    def __init__(self, places: Iterable[Place]) -> None:
        ordered = sorted(places)
        self._starts = [a for a, _ in ordered]
        self._reach = list(accumulate((b for _, b in ordered), max))

    def hold(self, start: int, end: int) -> bool:
        """Whether one place begins at or before ``start`` and ends at or after ``end``."""
        before = bisect_right(self._starts, start)
        return before > 0 and self._reach[before - 1] >= end


def lowered(text: str) -> str:
    """The text in lower case, character for character."""
    low = text.lower()
    return low if len(low) == len(text) else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def literals(words: list[str]) -> list[str]:
    """What each of some alternatives of a pattern starts with, in lower case: its letters up to the first special sign.

    Raises:
        ValueError: an alternative does not start with two letters.
    """
    out = []
    for alternative in words:
        found = re.match(r"[A-Za-z/]+", alternative)
        word = found.group() if found else ""
        if alternative[len(word) : len(word) + 1] == "?":
            word = word[:-1]
        if len(word) < 2:
            raise ValueError(f"no literal start in {alternative!r}")
        out.append(word.lower())
    return out


def alternatives(alternation: str) -> list[str]:
    """The alternatives of a pattern, those inside of brackets left whole."""
    out, depth = [""], 0
    for sign in re.findall(r"\\.|\[[^\]]*\]|.", alternation):
        depth += (sign == "(") - (sign == ")")
        if sign == "|" and not depth:
            out.append("")
        else:
            out[-1] += sign
    return out


def by_letter(words: list[str], *, last: bool = False) -> str:
    """A pattern of alternatives by the letter that they begin with, or end in, so that few are tried at a place.

    Those of one letter keep their order; an alternative that no letter begins may be tried in another turn than before.
    """
    of: dict[str, list[str]] = {}
    for whole in words:
        plain = _ENDS.search(whole) if last else _STARTS.match(whole)
        letter = plain.group() if plain else ""
        of.setdefault(letter, []).append(whole[: len(whole) - len(letter)] if last else whole[len(letter) :])
    made = (f"(?:{'|'.join(rest)}){letter}" if last else f"{letter}(?:{'|'.join(rest)})" for letter, rest in of.items())
    return f"(?:{'|'.join(made)})"


class Hints:
    """Finds, in one pass, where the words of every group stand.

    Args:
        groups: words by group, in lower case.

    Attributes:
        words: all of them.
    """

    def __init__(self, groups: Mapping[str, Iterable[str]]) -> None:
        of: dict[str, list[str]] = {}
        for group, words in groups.items():
            for word in words:
                of.setdefault(word, []).append(group)
        self._groups = list(of.values())
        self.words = tuple(of)
        self._machine = AhoCorasick(self.words, implementation=Implementation.DFA)

    def places(self, low: str) -> dict[str, list[Place]]:
        """Places by group of words in a lower-case text; a word that goes on a longer one does not count."""
        out: defaultdict[str, list[Place]] = defaultdict(list)
        for index, start, end in self._machine.find_matches_as_indexes(low, overlapping=True):
            if start and low[start - 1].isalpha() and low[start].isalpha():
                continue
            for group in self._groups[index]:
                out[group].append((start, end))
        return dict(out)


def windows(places: Iterable[Place], before: int, after: int) -> Iterator[Place]:
    """Places with what stands before and after them, those that touch joined."""
    left, right = -1, -1
    for start, end in sorted(places):
        if left >= 0 and start - before <= right:
            right = max(right, end + after)
            continue
        if left >= 0:
            yield left, right
        left, right = max(0, start - before), end + after
    if left >= 0:
        yield left, right
