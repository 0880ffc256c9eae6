"""Kinds of documents: how the text is taken out, and how the cleaned text is put back so that markup survives."""

from __future__ import annotations

import codecs
import html
import io
import logging
import re
from bisect import bisect_right
from collections.abc import Callable, Sequence

from chartline.errors import DataError

Edit = tuple[int, int, str]
"""A piece of a text by its half-open code points, and what stands in its place."""
Read = Callable[[str], Sequence[Edit]]

_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w\-]+)", re.IGNORECASE)
_INSIDE = re.compile(rb"(?:charset|encoding)\s*=\s*[\"']?([\w\-]+)", re.IGNORECASE)
# A tag, a comment, a processing instruction or a doctype: what stands between two pieces of text.
_MARKUP = re.compile(
    r"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>|<![^>]*>"
    r"|</?[A-Za-z](?:[^<>\"']|\"[^\"]*\"|'[^']*')*>|</?[A-Za-z][^<>]*>",
    re.DOTALL,
)
_SILENT = re.compile(r"<(script|style|head|template|noscript|object|svg)\b.*?</\1\s*>", re.DOTALL | re.IGNORECASE)
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
_NAME = re.compile(r"</?([\w:\-]+)")
_WHITE = str.maketrans("\n\r\t\f\v", "     ")


def decoded(data: bytes, content_type: str) -> str | None:
    """The text of a byte string under its declared charset, else UTF-8, else Windows-1252; None for binary content."""
    named = _CHARSET.search(content_type)
    inside = _INSIDE.search(data, 0, 1024) if b"<" in data[:1024] else None
    told = [named[1]] if named else [inside[1].decode("ascii")] if inside else []
    marked = ["utf-16"] if data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else []
    for charset in [*told, *marked, "utf-8-sig", "cp1252"]:
        try:
            if charset in told and not _fits(data, charset):
                continue
            text = data.decode(charset)
        except (UnicodeError, LookupError):
            continue
        return None if "\x00" in text else text
    return None


def _fits(data: bytes, charset: str) -> bool:
    """Whether bytes may be of a charset: where it does not hold ASCII, Latin text has NULs or few ASCII letters."""
    plain = b"Patient 0123"
    if plain.decode(charset, "replace") == plain.decode("ascii"):
        return True
    letters = sum(32 <= b < 127 for b in data[:4096])
    return b"\x00" in data[:4096] or letters < 0.7 * len(data[:4096])


# Elements that nobody writes in a plain text.
_HTML = re.compile(
    rb"</?(?:html|body|div|span|table|tr|td|p|br|b|i|strong|em|font|li|ul|h[1-6])(?:\s[^<>]*)?/?>", re.IGNORECASE
)


def kind_of(content_type: str, data: bytes) -> str:
    """``plain``, ``markup``, ``cda``, ``rtf``, ``pdf`` or ``other``."""
    mime = content_type.partition(";")[0].strip().lower()
    if data[:5] == b"%PDF-" or mime == "application/pdf":
        return "pdf"
    if mime in ("text/rtf", "application/rtf") or data[:5] == b"{\\rtf":
        return "rtf"
    if mime in ("text/html", "application/xhtml+xml"):
        return "markup"
    if b"<ClinicalDocument" in data[:4096] and (mime.startswith("text/") or mime == ""):
        return "cda"
    if mime in ("text/xml", "application/xml", "text/cda+xml", "application/cda+xml", "application/hl7-cda+xml"):
        return "cda"
    if mime.startswith("text/") or mime == "":
        return "markup" if len(_HTML.findall(data[:65536])) > 1 else "plain"
    return "other"


def markup(text: str, read: Read) -> str:
    """Markup with its text read as one, so that a name split over tags or a label in another cell is seen.

    Each piece of text stays between its tags; a replacement stands where the piece that it replaces begins.
    """
    text = _SILENT.sub("", text)
    pieces, tags, at = [], [], 0
    for m in _MARKUP.finditer(text):
        pieces.append(html.unescape(text[at : m.start()]))
        tags.append(_safe_tag(m.group()))
        at = m.end()
    pieces.append(html.unescape(text[at:]))
    made = _rewritten(pieces, tags, read)
    out = [html.escape(made[0], quote=False)]
    for tag, piece in zip(tags, made[1:], strict=True):
        out += [tag, html.escape(piece, quote=False)]
    return "".join(out)


def _rewritten(pieces: list[str], tags: list[str], read: Read) -> list[str]:
    """The pieces with what ``read`` finds in them, joined as a reader sees them, replaced."""
    parts, starts, at = [], [], 0
    for i, piece in enumerate(pieces):
        seam = _seam(pieces[i - 1], tags[i - 1], piece) if i else ""
        starts.append(at + len(seam))
        parts += [seam, piece.translate(_WHITE)]
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


def _seam(left: str, tag: str, right: str) -> str:
    """What a tag is in the text that is read: a line, a cell's border, nothing, or a space between run-on words."""
    name = _NAME.match(tag)
    element = name[1].lower() if name else ""
    if element in _LINES:
        return "\n"
    if element in _CELLS:
        return " | " if tag.startswith("<" + name[1]) else ""  # type: ignore[index]
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


def cda(text: str, read: Read) -> str | None:
    """The titles and narrative blocks of a C-CDA document, cleaned, as XHTML; None without a block that can be read.

    The entries of a clinical document repeat the narrative as coded data with identifiers in the header; only the
    narrative is carried over. A body in Base64 is no narrative.
    """
    from defusedxml import ElementTree
    from defusedxml.common import DefusedXmlException

    try:
        root = ElementTree.fromstring(text)
    except (ElementTree.ParseError, DefusedXmlException, ValueError):
        return None
    blocks = []
    for node in root.iter():
        local = _local(node.tag)
        if (
            local not in ("title", "text")
            or node.get("representation") == "B64"
            or not "".join(node.itertext()).strip()
        ):
            continue
        for inner in node.iter():
            inner.tag = _local(inner.tag)
        node.tag, node.tail = ("h2" if local == "title" else "div"), None
        node.attrib.clear()
        blocks.append((local, markup(ElementTree.tostring(node, encoding="unicode"), read)))
    if not any(local == "text" for local, _ in blocks):
        return None
    return f'<div xmlns="http://www.w3.org/1999/xhtml">{"".join(block for _, block in blocks)}</div>'


def _local(tag: object) -> str:
    """A tag without its namespace."""
    return str(tag).rpartition("}")[2]


def rtf(text: str) -> str | None:
    """The text of an RTF document."""
    from striprtf.striprtf import rtf_to_text

    try:
        return str(rtf_to_text(text, errors="ignore"))
    except Exception:  # whatever a broken document makes of the library, its message may hold text
        return None


def pdf(data: bytes) -> str | None:
    """The text layer of a PDF; None when there is none."""
    import pypdf

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        pages = [page.extract_text() or "" for page in pypdf.PdfReader(io.BytesIO(data)).pages]
    except Exception:  # as for RTF
        return None
    text = "\n".join(pages)
    return text if text.strip() else None


def refuse_large(data: bytes, cap: int) -> None:
    """Raise DataError CL1110 for a document over the cap."""
    if len(data) > cap:
        raise DataError("CL1110", f"a note has {len(data)} bytes, more than {cap}.", "It was set aside.")
