"""Writing that hides: invisible characters, look-alike letters, wide and spaced-out forms, with offsets back."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

# Letters without ink that are no format characters: fillers of Hangul and Khmer, an empty Braille cell.
_BLANK = frozenset("\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
# Letters of other scripts that look like Latin ones (Unicode TR39 confusables, the single-letter part).
_LOOKALIKES = str.maketrans(
    "АВЕЗКМНОРСТУХЅІЈаеорсухѕіјԁһԛԝѵӏвкмнтгΑΒΕΖΗΙΚΜΝΟΡΤΥΧαικνορτυχօսոհɑɡɩıʟɪɴʀ",
    "ABE3KMHOPCTYXSIJaeopcyxsijdhqwvlbkmhtrABEZHIKMNOPTYXaiknoptuxounhagiiLINR",
)
# Dashes that typesetting puts between digits, and hyphens anywhere, one sign for one.
_DASH = re.compile(r"[\u2010\u2011]|(?<=\d)[\u2012\u2013\u2212](?=\d)")
# Dates and telephone numbers in which a scan read digits as letters.
_MISREAD = re.compile(
    r"(?<![\w/.])[\dOolI]{1,2}/[\dOolI]{1,2}/(?:[\dOolI]{4}|[\dOolI]{2})(?![\w/])"
    r"|(?<!\w)\(?[\dOolI]{3}\)?[ .\-]{1,2}[\dOolI]{3}[.\-][\dOolI]{4}(?!\w)"
)
_BY_DIGIT = re.compile(r"[OolI][\d/]|\d[OolI]")
_DIGITS = str.maketrans("OolI", "0011")
_APART = re.compile(r"(?<![^\W_])(?:[^\W_][ .\u00a0_*\-](?=[^\W_](?![^\W_]))){4,}[^\W_](?![^\W_])")


@dataclass(frozen=True)
class Normal:
    """Text as the recognizers read it, and for each of its characters the place it came from.

    ``starts[i]`` and ``ends[i]`` are the half-open code points of the input behind character ``i``.
    """

    text: str
    starts: list[int] | None
    ends: list[int] | None

    def back(self, start: int, end: int) -> tuple[int, int]:
        """Offsets in the input of a span of the normal text."""
        if self.starts is None or self.ends is None:
            return start, end
        return self.starts[start], self.ends[end - 1]


@lru_cache(maxsize=4096)
def _hides(char: str) -> bool:
    """Whether a character is invisible, combining, wide or a look-alike."""
    if char < "\u0131":
        return char == "\u00ad"
    return (
        _invisible(char)
        or unicodedata.category(char) in ("Mn", "Me")
        or unicodedata.normalize("NFKC", char).translate(_LOOKALIKES) != char
    )


@lru_cache(maxsize=4096)
def _invisible(char: str) -> bool:
    """Whether a character has no ink and no width: format characters and fillers."""
    return char >= "\u00ad" and (char in _BLANK or unicodedata.category(char) == "Cf")


def _reread(text: str) -> str:
    """The text with letters that a scan made of digits as digits again, one for one."""

    def numbers(m: re.Match[str]) -> str:
        return m.group().translate(_DIGITS) if sum(map(str.isdigit, m.group())) * 2 >= len(m.group()) - 3 else m.group()

    return _MISREAD.sub(numbers, text) if _BY_DIGIT.search(text) else text


def normalise(text: str) -> Normal:
    """The text with what is invisible left out, look-alikes made Latin, full-width folded, single letters joined."""
    apart = [m.span() for m in _APART.finditer(text)] if len(text) < 1 << 21 else []
    if not apart and (text.isascii() or not any(map(_hides, set(text)))):
        plain = text if text.isascii() else _DASH.sub("-", text.replace("\u00a0", " "))
        return Normal(_reread(plain), None, None)
    gaps = {i for a, b in apart for i in range(a + 1, b, 2)}
    chars: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for i, char in enumerate(text):
        mark = char >= "\u0250" and unicodedata.category(char) in ("Mn", "Me")
        if i in gaps or _invisible(char) or mark:
            if ends:
                ends[-1] = i + 1
            if mark and chars:
                composed = unicodedata.normalize("NFC", chars[-1] + char)
                chars[-1] = composed if len(composed) == 1 else chars[-1]
            continue
        made = char if char < "\u0131" else unicodedata.normalize("NFKC", char).translate(_LOOKALIKES)
        made = made.replace("\u00a0", " ")
        for piece in made or char:
            chars.append(piece)
            starts.append(i)
            ends.append(i + 1)
    return Normal(_reread(_DASH.sub("-", "".join(chars))), starts, ends)
