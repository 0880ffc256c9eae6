"""Kinds of documents: how the text is taken out, and how the cleaned text is put back so that markup survives."""

from __future__ import annotations

import codecs
import html
import io
import logging
import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from chartline.deid.text.normalise import CONTROLS
from chartline.errors import DataError
from chartline.files.formats import CCDA

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from pypdf import PageObject

Edit = tuple[int, int, str]
"""A piece of a text by its half-open code points, and what stands in its place."""
Read = Callable[[str], Sequence[Edit]]

_UTF_16 = re.compile("utf[-_]?16", re.IGNORECASE)
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w\-]+)", re.IGNORECASE)
_INSIDE = re.compile(rb"(?:charset|encoding)\s*=\s*[\"']?([\w\-]+)", re.IGNORECASE)
# A tag, a comment, a processing instruction or a doctype: what stands between two pieces of text.
_MARKUP = re.compile(
    r"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>|<![^>]*>"
    r"|</?[A-Za-z](?:[^<>\"']|\"[^\"]*\"|'[^']*')*>|</?[A-Za-z][^<>]*>",
    re.DOTALL,
)
# What ends each of these. One that is never ended is text: looking for each end anew takes hours.
_ENDS = (("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>"), ("<!", ">"))
_HIDDEN = ("script", "style", "head", "template", "noscript", "object", "svg")
_SILENT = re.compile(rf"<({'|'.join(_HIDDEN)})\b", re.IGNORECASE)
_CLOSED = {name: re.compile(rf"</{name}\s*>", re.IGNORECASE) for name in _HIDDEN}
_ATTRIBUTE = re.compile(r"""\s([\w:\-]+)\s*=\s*("[^"]*"|'[^']*')""")
# Attributes that shape a table or a list, with the values that they take; every other one may hold text.
_SHAPES = {
    "xmlns": r"http://www\.w3\.org/1999/xhtml|urn:hl7-org:v3",
    "colspan": r"\d{1,3}",
    "rowspan": r"\d{1,3}",
    "border": r"\d{1,2}",
    "align": "left|right|center|justify|char",
    "valign": "top|middle|bottom|baseline",
    "scope": "row|col|rowgroup|colgroup",
    "type": "[1aAiI]|disc|circle|square",
    "listType": "ordered|unordered",
    "lang": "[a-z]{2}(?:-[A-Z]{2})?",
    "dir": "ltr|rtl|auto",
    "styleCode": (
        "Bold|Italics|Underline|Emphasis|[LR]rule|(?:Top|Bot)rule|Arabic|(?:Little|Big)(?:Roman|Alpha)|Disc|Square"
    ),
}
_SHAPE = {name: re.compile(values) for name, values in _SHAPES.items()}
# Elements that begin a new line of the text that is read, and cells of a row; all others run on.
_LINES = frozenset(
    """
    p div br tr li h1 h2 h3 h4 h5 h6 table ul ol dl dt dd section paragraph item list caption title header footer
    article aside main nav pre blockquote hr address figure figcaption center form fieldset legend thead tbody tfoot
    body html text option select
    """.split()
)
_CELLS = frozenset({"td", "th"})
_RUNS = frozenset(
    """
    b i u s em strong small sub sup span font a abbr code q cite del ins mark content linkhtml footnote tt big strike
    kbd samp var label time bdo bdi wbr col colgroup button
    """.split()
)
_BAR = " | "
# What a reader sees struck out: it was taken back.
_STRUCK = re.compile(r"<(del|s|strike)\b[^<>]*>(?:(?!</?\1\b).)*</\1\s*>", re.IGNORECASE | re.DOTALL)
_BOX = re.compile(r"<input\b[^<>]*\btype\s*=\s*[\"']?(?:checkbox|radio)\b[^<>]*>", re.IGNORECASE)
_TICK = re.compile(r"\schecked\b", re.IGNORECASE)
_NAME = re.compile(r"</?([\w:\-]+)")
_BLANKS = re.compile(r"\s+")
_WHITE = str.maketrans("\n\r\t\f\v", "     ")
# Characters that no markup may hold: www.w3.org/TR/xml/#charsets.
_UNWRITTEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
# Encodings of Python that are no charsets of a document; two of them take hours for a long text.
_NO_CHARSETS = frozenset({"punycode", "idna", "unicode-escape", "raw-unicode-escape"})
_BASE64 = re.compile(r"\s*(?:[A-Za-z0-9+/]{4}[\r\n]*){6,}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?\s*")


def decoded(data: bytes, content_type: str) -> str | None:
    """The text of a byte string under its charset, else UTF-8, else Windows-1252; None for what is no text.

    A byte order mark, and bytes that are UTF-8 beyond ASCII, tell more than what is declared.
    """
    named = _CHARSET.search(content_type)
    inside = _INSIDE.search(data, 0, 1024) if b"<" in data[:1024] else None
    told = [_ordered(data, c) for c in ([named[1]] if named else [inside[1].decode("ascii")] if inside else [])]
    marked = ["utf-16"] if data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else []
    shown = [] if data.isascii() or b"\x00" in data else ["utf-8-sig"]
    for charset in [*marked, *shown, *told, "utf-8-sig", "cp1252"]:
        try:
            if charset in told and not _fits(data, charset):
                continue
            text = data.decode(charset)
        except (UnicodeError, LookupError):
            continue
        return None if _no_text(text) else text
    return None


def _ordered(data: bytes, charset: str) -> str:
    """UTF-16 with the order of its bytes, which without a mark only they tell: in Latin text the higher one is 0."""
    if not _UTF_16.fullmatch(charset):
        return charset
    return "utf-16-be" if data[:4096:2].count(0) > data[1:4096:2].count(0) else "utf-16-le"


def _no_text(text: str) -> bool:
    """Whether what was decoded is none: it has a NUL, or many control characters, or is Base64 once more."""
    return "\x00" in text or len(CONTROLS.findall(text)) * 20 > len(text) or is_base64(text)


def is_base64(text: str) -> bool:
    """Whether a text is nothing but Base64; a word without a digit is none."""
    return _BASE64.fullmatch(text) is not None and any(map(str.isdigit, text)) and any(map(str.islower, text))


def _fits(data: bytes, charset: str) -> bool:
    """Whether bytes may be of a charset: where it does not hold ASCII, Latin text has NULs or few ASCII letters."""
    if codecs.lookup(charset).name in _NO_CHARSETS:
        return False
    plain = b"Patient 0123"
    if plain.decode(charset, "replace") == plain.decode("ascii"):
        return True
    letters = sum(32 <= b < 127 for b in data[:4096])
    return b"\x00" in data[:4096] or letters < 0.7 * len(data[:4096])


# Elements that nobody writes in a plain text.
_HTML = re.compile(
    rb"</?(?:html|body|div|span|table|tr|td|p|br|b|i|strong|em|font|li|ul|h[1-6])(?:\s[^<>]*)?/?>", re.IGNORECASE
)
_PDF = re.compile(rb"%PDF-|^\d+ \d+ obj\b", re.MULTILINE)
_RTF = re.compile(rb"\{\\rtf", re.IGNORECASE)
_OF_RTF = re.compile(rb"\\(?:pard?\b|'[0-9a-f]{2})", re.IGNORECASE)
_HEAD = 1024  # bytes in which a PDF begins: PDF 32000-1, annex H.3.4.1


def kind_of(content_type: str, data: bytes) -> str:
    """``plain``, ``markup``, ``cda``, ``rtf``, ``pdf`` or ``other``: by what it holds where that is plain to see."""
    mime = content_type.partition(";")[0].strip().lower()
    if mime == "application/pdf" or _PDF.search(data, 0, _HEAD):
        return "pdf"
    data = data.replace(b"\x00", b"")  # Latin text in UTF-16 is ASCII without them
    rtf = _RTF.search(data)
    if mime in ("text/html", "application/xhtml+xml"):
        return "rtf" if rtf and b"<" not in data[: rtf.start()] else "markup"
    named = mime in ("text/rtf", "application/rtf")
    if rtf or (named and _OF_RTF.search(data)):
        return "rtf"
    if mime in ("text/xml", "application/xml", "text/cda+xml", "application/cda+xml", "application/hl7-cda+xml"):
        return "cda"
    if named or mime.startswith("text/") or mime == "":
        return _sniffed(data)
    return "other"


def _sniffed(data: bytes) -> str:
    """What is delivered as plain text."""
    if CCDA.search(data):
        return "cda"
    if len(_HTML.findall(data)) > 1:
        return "markup"
    return "cda" if data.lstrip(codecs.BOM_UTF8 + b" \t\r\n").startswith(b"<?xml") else "plain"


def markup(text: str, read: Read) -> str:
    """Markup with its text read as one, so that a name split over tags or a label in another cell is seen.

    Each piece of text stays between its tags; a replacement stands where the piece that it replaces begins.
    """
    pieces, tags = _apart(_ended(_BOX.sub(_ticked, _without_silent(text))))
    made = [html.escape(_UNWRITTEN.sub("", piece), quote=False) for piece in _rewritten(pieces, tags, read)]
    return "".join([made[0], *(part for pair in zip(tags, made[1:], strict=True) for part in pair)])


def _apart(text: str) -> tuple[list[str], list[str]]:
    """The pieces of text of a markup, and the tag behind each but the last."""
    pieces, tags, at = [], [], 0
    for m in _MARKUP.finditer(text):
        pieces.append(html.unescape(text[at : m.start()]))
        tags.append(_safe_tag(m.group()))
        at = m.end()
    pieces.append(html.unescape(text[at:]))
    return pieces, tags


def plain(text: str) -> str:
    """Cleaned markup as a reader sees it: a line a block or row, bars between cells, blanks as one.

    In ``pre``, and where no tag makes a line, blanks and lines are as they were written.
    """
    pieces, tags = _apart(_STRUCK.sub("", text))
    parts: list[str] = []
    begins = True  # whether a line does
    for piece, seam, as_written in zip(pieces, _seams(pieces, tags), _in_lines(pieces, tags), strict=True):
        said = piece if as_written else _BLANKS.sub(" ", piece)
        if (begins or seam == "\n") and not as_written:
            said = said.lstrip(" ")
        parts += ["" if begins else seam, said]
        begins = said.endswith("\n") if said else seam == "\n" or (begins and seam != _BAR)
    return "".join(parts).strip()


def _ticked(box: re.Match[str]) -> str:
    """A box of a form as text: no tag of it stays, and ticked is not the same as not."""
    return "[x]" if _TICK.search(box.group()) else "[ ]"


def _without_silent(text: str) -> str:
    """Markup without the elements whose content no reader sees; one that is never closed is left to be read."""
    kept, at, start = [], 0, 0
    closed = dict(_CLOSED)
    while m := _SILENT.search(text, start):
        name = m[1].lower()
        end = closed[name].search(text, m.end()) if name in closed else None
        start = end.end() if end else m.end()
        if end:
            kept.append(text[at : m.start()])
            at = start
        else:
            closed.pop(name, None)
    return "".join([*kept, text[at:]])


def _ended(text: str) -> str:
    """Markup in which what begins a comment or the like and is never ended is text."""
    for begin, end in _ENDS:
        last = text.rfind(end) + 1
        text = text[:last] + text[last:].replace(begin, "&lt;" + begin[1:])
    return text


def _rewritten(pieces: list[str], tags: list[str], read: Read) -> list[str]:
    """The pieces with what ``read`` finds in them, joined as a reader sees them, replaced."""
    parts, starts, at = [], [], 0
    as_written = _in_lines(pieces, tags)
    for i, (piece, seam) in enumerate(zip(pieces, _seams(pieces, tags), strict=True)):
        starts.append(at + len(seam))
        parts += [seam, piece if as_written[i] else piece.translate(_WHITE)]
        at += len(seam) + len(piece)
    made = [list(piece) for piece in pieces]
    for start, end, replacement in read("".join(parts)):
        written = False
        first = max(bisect_right(starts, start) - 1, 0)
        for i in range(first, len(pieces)):
            low, high = max(start - starts[i], 0), min(end - starts[i], len(pieces[i]))
            if starts[i] >= end:
                break
            if low < high:
                made[i][low:high] = ["" if written else replacement, *[""] * (high - low - 1)]
                written = True
    return ["".join(piece) for piece in made]


def _in_lines(pieces: list[str], tags: list[str]) -> list[bool]:
    """For each piece between tags whether its lines are lines: in ``pre``, and where no tag makes any in the text."""
    names = [_element(tag) for tag in tags]
    told = [i for i, piece in enumerate(pieces) if piece.strip()] or [0]
    if not any(name in _CELLS or name in _LINES for name in names[told[0] : told[-1]]):
        return [True] * len(pieces)
    lines, inside = [False], False
    for tag, name in zip(tags, names, strict=True):
        inside = not tag.startswith("</") if name == "pre" else inside
        lines.append(inside)
    return lines


def _element(tag: str) -> str:
    """The name of a tag in small letters, empty for none."""
    name = _NAME.match(tag)
    return name[1].lower() if name else ""


def _seams(pieces: list[str], tags: list[str]) -> list[str]:
    """What stands before each piece in the text that is read; an empty piece parts nothing."""
    seams, left = [""], pieces[0]
    for tag, piece in zip(tags, pieces[1:], strict=True):
        seams.append(_seam(left, tag, piece))
        left = piece or ("" if seams[-1] else left)
    return seams


def _seam(left: str, tag: str, right: str) -> str:
    """What a tag is in the text that is read: a line, a cell's border, nothing, or a space between run-on words."""
    element = _element(tag)
    if element in _LINES:
        return "\n"
    if element in _CELLS:
        return _BAR if not tag.startswith("</") else " " if right.strip() else ""
    if element == "sup" and not tag.startswith("</") and left[-1:].isdigit() and right[:1].isdigit():
        return "^"
    together = left[-1:].islower() and (right[:1].isupper() or right[:1].isdigit())
    return " " if together or (left[-1:] in (",", ":", ";") and right[:1].isalnum()) else ""


def _safe_tag(tag: str) -> str:
    """A tag with its shape only; nothing of an element that is none of a document's."""
    name = _NAME.match(tag)
    if name is None or name[1].lower() not in _LINES | _CELLS | _RUNS:
        return ""
    shaped = [(n, v) for n, v in _ATTRIBUTE.findall(tag) if n in _SHAPE and _SHAPE[n].fullmatch(v[1:-1])]
    closed = "/>" if tag.endswith("/>") else ">"
    return name.group() + "".join(f" {n}={v}" for n, v in shaped) + closed


def parsed(text: str) -> Element | None:
    """The root of an XML document; None for what is not well-formed, or names entities of its own."""
    from defusedxml import DefusedXmlException, ElementTree

    try:
        root: Element = ElementTree.fromstring(text)
    except (ElementTree.ParseError, DefusedXmlException, ValueError, RecursionError):
        return None
    return root


_RAISED = re.compile(r"(?<=\d)\{\\super\s+(?=\d)")


def rtf(text: str) -> str | None:
    """The text of an RTF document."""
    from striprtf.striprtf import rtf_to_text

    try:
        said = _RAISED.sub(r"{\\super ^", text.replace(r"{\deleted", r"{\*\deleted"))
        return _with_pairs(str(rtf_to_text(said, errors="ignore")))
    except Exception:  # whatever a broken document makes of the library, its message may hold text
        return None


def pdf(data: bytes) -> str | None:
    """The text layer of a PDF, with a line for each page that is a picture; None when there is none."""
    import pypdf

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        pages = [(_page(page), _is_pictured(page)) for page in pypdf.PdfReader(io.BytesIO(data)).pages]
    except Exception:  # as for RTF
        return None
    if not any(text.strip() for text, _ in pages):
        return None
    return _with_pairs("\n".join(PICTURE if pictured and not text.strip() else text for text, pictured in pages))


PICTURE = "[a page without a text layer]"
"""What stands for a page of a PDF that cannot be read, beside others that can."""


def _is_pictured(page: PageObject) -> bool:
    resources = page.get("/Resources")
    return resources is not None and "/XObject" in resources.get_object()


def _page(page: PageObject) -> str:
    """The text of a page; one that is drawn word by word, or letter by letter, as its lines stand on it."""
    text = page.extract_text() or ""
    lines = sum(map(bool, map(str.strip, text.split("\n"))))
    if lines < _FEW_LINES or len(text.split()) >= _IN_WORDS * lines:
        return text
    placed = page.extract_text(extraction_mode="layout", layout_mode_space_vertically=False)
    return _WORD_GAP.sub(" ", placed)


_FEW_LINES = 6
_IN_WORDS = 1.3  # words of a line; a table with a line for each cell has more
_WORD_GAP = re.compile(r"(?<=\S)[ ]{2,3}(?=\S)")


def _with_pairs(text: str) -> str:
    """A text whose letters beyond 16 bits came in halves; half a letter alone is a lost one."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def refuse_large(data: bytes, cap: int) -> None:
    """Raise DataError CL1110 for a document over the cap."""
    if len(data) > cap:
        raise DataError("CL1110", f"a note has {len(data)} bytes, more than {cap}.", "It was set aside.")
