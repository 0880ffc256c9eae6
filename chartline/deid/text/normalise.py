"""Writing that hides: invisible characters, look-alike letters, wide and spaced-out forms, with offsets back."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import regex

_UNSEEN = "\u200b"
_SURROGATES = 0xD800  # from here on a number of 16 bits may be half a letter
# Letters without ink that are no format characters: fillers of Hangul and Khmer, an empty Braille cell.
_BLANK = frozenset("\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
# Letters of other scripts that look like Latin ones (Unicode TR39 confusables, the single-letter part).
_LOOKALIKES = str.maketrans(
    "ʼꞌʻАВЕЗКМНОРСТУХЅІЈаеорсухѕіјԁһԛԝѵӏвкмнтгΑΒΕΖΗΙΚΜΝΟΡΤΥΧαικνορτυχօսոհɑɡɩıʟɪɴʀ",
    "'''ABE3KMHOPCTYXSIJaeopcyxsijdhqwvlbkmhtrABEZHIKMNOPTYXaiknoptuxounhagiiLINR",
)
# Dashes that typesetting puts between digits, and hyphens anywhere, one sign for one.
_DASH = regex.compile(r"[\u2010\u2011]|(?<=\d)[\u2012\u2013\u2212](?=\d)")
# Dates and telephone numbers in which a scan read digits as letters.
_MISREAD = re.compile(
    r"(?<![\w/.])[\dOolI]{1,2}/[\dOolI]{1,2}/(?:[\dOolI]{4}|[\dOolI]{2})(?![\w/])"
    r"|(?<!\w)\(?[\dOolI]{3}\)?[ .\-]{1,2}[\dOolI]{3}[.\-][\dOolI]{4}(?!\w)"
)
# Ends of lines other than a newline; a return before one is part of it.
_LINE_END = re.compile(r"[\r\x0b\x0c\x85\u2028\u2029](?!(?<=\r)\n)")
# The end of a line within a number that is written in groups: ``(216) 555-\n0133``.
_IN_NUMBER = re.compile(r"\n(?<=\d-\n)(?=\d{3,4}(?!\d))")
# A word in which a scan read letters as digits: ``Wi11iam Kowa1ski``; short ones such as ``Hba1c`` are codes.
_MISREAD_WORD = re.compile(r"\b[A-Z][a-z]+(?:[01]{1,2}[a-z]{2,})+\b")
_BY_LETTER = re.compile(r"[01][a-z]{2}")
_LETTERS = str.maketrans("01", "ol")
_BY_DIGIT = re.compile(r"\d(?:[OolI]|(?<=[OolI].))|/(?<=[OolI].)")
_DIGITS = str.maketrans("OolI", "0011")
# What no text holds: control characters other than white space.
CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
# UTF-8 that was read as Windows-1252 or Latin-1, a letter at a time.
_FOLLOWS = "[\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]"
_MISTAKEN = re.compile(rf"[\u00c3-\u00c5]{_FOLLOWS}|\u00e1{_FOLLOWS}{{2}}")
# A character that is told by its number or name, as markup and rich text do, more than once where markup was escaped.
_REFERENCE = re.compile(
    r"&(?:amp;)*(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,8}\d{0,2});|\\'[0-9a-fA-F]{2}|\\u\d{2,5}\?"
)
# A letter of UTF-8 as addresses (RFC 3986) and mails (RFC 2045) write it: ``%C3%B1``, ``=C3=B1``.
_ENCODED = re.compile(
    r"(?:%[Cc][2-9A-Fa-f]|%[Dd][0-9A-Fa-f])%[89ABab][0-9A-Fa-f]|(?:=C[2-9A-F]|=D[0-9A-F])=[89AB][0-9A-F]"
)
_NO_SIGNS = str.maketrans("", "", "%=")
# A tag of writing inside of a word.
_TAG = re.compile(r"(?<=[^\W_])</?(?:[biu]|em|strong|span|font|su[bp])>(?=[a-z\d])", re.IGNORECASE)
# Single letters and digits with a sign between; a short form with stops ends before a number: ``d.o.b 1.2.50``.
_APART = re.compile(
    r"[ .\u00a0_*\-](?<=[^\W_].)(?<![^\W_][^\W_].)(?<![^\W_]['\u2019][^\W_] )"
    r"(?!(?<=\.[^\W\d_] )\d)(?:['\u2019][ .\u00a0_*\-])?[^\W_](?![^\W_])"
    r"(?:[ .\u00a0_*\-](?!(?<=\.[^\W\d_] )\d)(?:['\u2019][ .\u00a0_*\-])?[^\W_](?![^\W_])){3,}"
)
# A size: ``a 4.8 x 4.6 x 3.9 cm mass``.
_BY = re.compile(r"\d[ ]?[xX\u00d7][ ]?\d")

# Answers to the items of a questionnaire: ``GAD-7: 2 3 3 2 1 2 2``.
_ANSWERS = re.compile(r"[0-3](?: [0-3])+")


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

    def without(self, pieces: Iterable[tuple[int, int]]) -> Normal:
        """The text without pieces of it; each character keeps the place it came from."""
        gone = {i for a, b in pieces for i in range(a, b)}
        if not gone:
            return self
        length = len(self.text)
        starts, ends = self.starts or range(length), self.ends or range(1, length + 1)
        kept = [i for i in range(length) if i not in gone]
        return Normal("".join(self.text[i] for i in kept), [starts[i] for i in kept], [ends[i] for i in kept])


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
    """Whether a character has no ink and no width: format and control characters and fillers."""
    return char in _BLANK or unicodedata.category(char) == "Cf" or CONTROLS.match(char) is not None


# What begins a line that no sentence goes on in: a label, a mark, a number of a list, a cell.
_NO_SEQUEL = re.compile(
    r"[\s\-*\u2022#|>+]|\d{1,2}[.)]\s|[\w /()'&-]{1,32}(?:[|\t]|:(?!//|\d\d))|[A-Z][A-Z /&-]{3,}(?:\n|\Z)"
)
_NARROWEST, _WIDEST, _DEEPEST = 40, 132, 13
_SENTENCE = re.compile(r"(?:(?:^|\s)[a-z]{2,}(?=[,;\s]).*?){3}")


def _is_sentence(line: str) -> bool:
    """Whether a line is of writing: of small words, and no label before them."""
    return _NO_SEQUEL.match(line) is None and _SENTENCE.search(line) is not None


def _margins(text: str) -> list[tuple[int, int]]:
    """Where a line ends at which a sentence only came to the margin, each with what begins the next line.

    These are blanks, and in a quoted text its marks. Such a line has no room for the next line's first word. The margin
    is the longest line; a text with one that no page is wide enough for has none.
    """
    lines = text.split("\n")
    width = max((len(line) for line in lines if " " in line.strip(" >")), default=0)  # no margin breaks an address
    if not _NARROWEST <= width <= _WIDEST:
        return []
    found, end = [], -1
    for line, following in pairwise(lines):
        end += len(line) + 1
        said = following.lstrip(" >" if line.startswith(">") else " ")
        begins = end + 1 + len(following) - len(said)
        full = said and len(line) + 1 + len(said.split(None, 1)[0]) > width
        of_table = "|" in line or "\t" in line
        ended = of_table or line[-1:] in ("", ":") or begins - end > _DEEPEST
        if full and not ended and not _NO_SEQUEL.match(text, begins):
            found.append((end, begins))
    if len(found) == 1 and not _is_sentence(text[: found[0][0]].rpartition("\n")[2]):
        return []
    return found


def _unwrapped(normal: Normal) -> Normal:
    """The text with one blank for each end of a line at a margin."""
    margins = _margins(normal.text) if "\n" in normal.text else []
    if not margins:
        return normal
    text = list(normal.text)
    for end, _ in margins:
        text[end] = " "
    return Normal("".join(text), normal.starts, normal.ends).without([(end + 1, begins) for end, begins in margins])


def _reread(text: str) -> str:
    """The text with every end of a line as a newline, and what a scan misread as it was, one for one.

    These are letters in the place of digits, and digits in the place of letters.
    """

    def numbers(m: re.Match[str]) -> str:
        return m.group().translate(_DIGITS) if sum(map(str.isdigit, m.group())) * 2 >= len(m.group()) - 3 else m.group()

    text = _IN_NUMBER.sub(" ", _LINE_END.sub("\n", text))
    text = _MISREAD.sub(numbers, text) if _BY_DIGIT.search(text) else text
    return _MISREAD_WORD.sub(lambda m: m.group().translate(_LETTERS), text) if _BY_LETTER.search(text) else text


def _mistaken(text: str) -> dict[int, tuple[int, str]]:
    """Where letters begin that are written as something else, where each ends, and the letter that it is.

    They were read in a wrong charset, or are told by their numbers. The letter of a tag is none that is seen.
    """
    found = [] if text.isascii() else [(m, _decoded(m.group())) for m in _MISTAKEN.finditer(text)]
    if "%" in text or "=" in text:
        found += [(m, _letter_of(bytes.fromhex(m.group().translate(_NO_SIGNS)))) for m in _ENCODED.finditer(text)]
    if "&" in text or "\\" in text:
        found += [(m, _referred(m.group())) for m in _REFERENCE.finditer(text)]
    if "<" in text:
        found += [(m, _UNSEEN) for m in _TAG.finditer(text)]
    return {m.start(): (m.end(), letter) for m, letter in found if letter}


def _referred(reference: str) -> str:
    """The character that a reference is to, empty for none."""
    if reference[0] == "&":
        letter = html.unescape("&" + reference.rpartition("&")[2].rpartition("amp;")[2])
        return letter if len(letter) == 1 else ""
    if reference[1] == "u":
        number = int(reference[2:-1])
        letter = chr(number) if number < _SURROGATES else ""
    else:
        letter = bytes.fromhex(reference[2:]).decode("cp1252", "ignore")
    return letter if letter.isalnum() else ""


def _decoded(piece: str) -> str:
    for charset in ("cp1252", "latin-1"):
        try:
            return _letter_of(piece.encode(charset))
        except UnicodeError:
            continue
    return ""


def _letter_of(utf8: bytes) -> str:
    letter = utf8.decode("utf-8")
    return letter if letter.isalpha() else ""


def normalise(text: str) -> Normal:
    """The text with what is invisible left out, look-alikes made Latin, full-width folded, single letters joined.

    A letter that was read in a wrong charset, or is told by its number, is the letter that it is.
    """
    apart = [(m.start() - 1, m.end()) for m in _APART.finditer(text)] if len(text) < 1 << 21 else []
    apart = [(a, b) for a, b in apart if not (_BY.search(text, a, b) or _ANSWERS.fullmatch(text, a, b))]
    mistaken = _mistaken(text)
    if not apart and not mistaken and not CONTROLS.search(text) and (text.isascii() or not any(map(_hides, set(text)))):
        plain = text if text.isascii() else _DASH.sub("-", text.replace("\u00a0", " "))
        return _unwrapped(Normal(_reread(plain), None, None))
    gaps = {i for a, b in apart for i in range(a + 1, b, 2)}
    chars: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    at = 0
    while at < len(text):
        i = at
        at, char = mistaken.get(i, (i + 1, text[i]))
        mark = char >= "\u0250" and unicodedata.category(char) in ("Mn", "Me")
        if i in gaps or _invisible(char) or mark:
            if ends:
                ends[-1] = at
            if mark and chars:
                composed = unicodedata.normalize("NFC", chars[-1] + char)
                chars[-1] = composed if len(composed) == 1 else chars[-1]
            continue
        made = char if char < "\u0131" else unicodedata.normalize("NFKC", char).translate(_LOOKALIKES)
        made = made.replace("\u00a0", " ")
        for piece in made or char:
            chars.append(piece)
            starts.append(i)
            ends.append(at)
    return _unwrapped(Normal(_reread(_DASH.sub("-", "".join(chars))), starts, ends))


# --- read again ----------------------------------------------------------------------------------------

_DIVIDED = re.compile(r"-[ \t]*\r?\n[ \t]*|-[ \t]+(?=[a-z])")
_LOST = re.compile(r"[?\ufffd]{1,2}")
_GAP = re.compile(r"\s*(?:\||\n\s*>)[\s|>]*|\s{3,}")
_SINGLES = re.compile(r"(?<![^\W_])[^\W\d_](?:[ \t.\-_*]{0,3}['\u2019]?[ \t.\-_*]{1,3}[^\W\d_](?![^\W_])){2,}")


@dataclass(frozen=True)
class Again:
    """A text as it would read without what a scan or a system did to its words; ``changed`` are the places of it.

    ``lost`` tells that letters are missing where it was changed.
    """

    normal: Normal
    changed: list[int]
    lost: bool


def again(text: str) -> Iterator[Again]:
    """Other ways to read a text: divided words and single letters joined, lost letters left out."""
    divided = [m.span() for m in _DIVIDED.finditer(text) if _in_word(text, *m.span())]
    if divided:
        yield _without(text, divided, lost=False)
    lost = [m.span() for m in _LOST.finditer(text) if _lost_in(text, *m.span())]
    if lost:
        yield _without(text, lost, lost=True)
    singles = [
        (m.start() + g.start(), m.start() + g.end())
        for m in _SINGLES.finditer(text)
        for g in re.finditer(r"[\W_]+", m.group())
    ]
    if singles:
        yield _without(text, singles, lost=False)


def closed(text: str) -> Again | None:
    """A text with one blank for each border of cells, mark of a quoted line and run of blanks; None without any."""
    gaps = [m.span() for m in _GAP.finditer(text)]
    if not gaps:
        return None
    blank = _GAP.sub(lambda m: " " * len(m.group()), text)
    return _without(blank, [(start + 1, end) for start, end in gaps], lost=False)


def _in_word(text: str, start: int, end: int) -> bool:
    return text[start - 1 : start].isalpha() and text[end : end + 1].isalpha()


def _lost_in(text: str, start: int, end: int) -> bool:
    """Whether a question mark stands where a letter may have been: in a word or at the beginning of one."""
    before = text[start - 1 : start] if start else " "
    if text[start] == "\ufffd" and before.isalpha():
        return True
    return text[end : end + 1].isalpha() and (before.isalpha() or before.isspace() or before in "(\"'")


def _without(text: str, pieces: list[tuple[int, int]], *, lost: bool) -> Again:
    """The text without pieces of it, each character with its place in the text."""
    removed = 0
    changed = []
    for start, end in pieces:
        changed.append(start - removed)
        removed += end - start
    return Again(Normal(text, None, None).without(pieces), changed, lost)
