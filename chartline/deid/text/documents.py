"""Kinds of documents: how the text is taken out, and how the cleaned text is put back so that markup survives."""

from __future__ import annotations

import codecs
import html
import io
import logging
import re
from collections.abc import Callable

from chartline.errors import DataError

Clean = Callable[[str], str]

_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w\-]+)", re.IGNORECASE)
# A tag, a comment, a processing instruction or a doctype: what stands between two pieces of text.
_MARKUP = re.compile(r"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>|<![^>]*>|</?[A-Za-z][^<>]*>", re.DOTALL)
_SILENT = re.compile(r"<(script|style|head)\b.*?</\1\s*>", re.DOTALL | re.IGNORECASE)
# Attributes whose values people read; every other attribute that may hold text is dropped.
_ATTRIBUTE = re.compile(r"""\s([\w:\-]+)\s*=\s*("[^"]*"|'[^']*')""")
_STRUCTURAL = frozenset(
    {"xmlns", "colspan", "rowspan", "border", "align", "valign", "scope", "type", "lang", "dir", "styleCode"}
)
_BREAKS = re.compile(
    r"</?(?:p|div|br|tr|li|h[1-6]|table|ul|ol|section|paragraph|item|list|td|th|caption)\b[^>]*>", re.IGNORECASE
)


def decoded(data: bytes, content_type: str) -> str | None:
    """The text of a byte string under its declared charset, else UTF-8, else Windows-1252; None for binary content."""
    named = _CHARSET.search(content_type)
    marked = ["utf-16"] if data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else []
    for charset in ([named[1]] if named else []) + marked + ["utf-8-sig", "cp1252"]:
        try:
            text = data.decode(charset)
        except (UnicodeDecodeError, LookupError):
            continue
        return None if "\x00" in text else text
    return None


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
    if mime.startswith("text/") or mime in ("", "application/json", "application/fhir+json"):
        return "plain"
    return "other"


def markup(text: str, clean: Clean) -> str:
    """Markup with its text cleaned as one, so that a name split over tags is seen, and put back piece by piece."""
    text = _SILENT.sub("", text)
    pieces, tags, at = [], [], 0
    for m in _MARKUP.finditer(text):
        pieces.append(html.unescape(text[at : m.start()]))
        tags.append(_safe_tag(m.group()))
        at = m.end()
    pieces.append(html.unescape(text[at:]))
    made = _piecewise(pieces, tags, clean)
    out = [html.escape(made[0], quote=False)]
    for tag, piece in zip(tags, made[1:], strict=True):
        out += [tag, html.escape(piece, quote=False)]
    return "".join(out)


_SEAM = "\ue000"  # private use: stands for a tag inside the running text


def _piecewise(pieces: list[str], tags: list[str], clean: Clean) -> list[str]:
    """Clean piece by piece: cells, paragraphs and the like, joined where only inline tags part them."""
    made: list[str] = []
    block: list[int] = []

    def flush() -> None:
        if not block:
            return
        if len(block) == 1:
            made.append(clean(pieces[block[0]]) if pieces[block[0]].strip() else pieces[block[0]])
        else:
            joined = clean("".join(pieces[i] for i in block))
            # The words of a run of inline pieces stay together in its first piece; the tags around them stay.
            made.extend([joined, *([""] * (len(block) - 1))])
        block.clear()

    for i in range(len(pieces)):
        if block and _BREAKS.fullmatch(tags[i - 1]) is not None:
            flush()
        block.append(i)
    flush()
    return made


def _safe_tag(tag: str) -> str:
    if tag.startswith(("<!--", "<![CDATA[", "<?", "<!")):
        return ""
    attributes = [(n, v) for n, v in _ATTRIBUTE.findall(tag) if n in _STRUCTURAL]
    name = re.match(r"</?[\w:\-]+", tag)
    closed = "/>" if tag.endswith("/>") else ">"
    return (name.group() if name else "") + "".join(f" {n}={v}" for n, v in attributes) + closed


def cda(text: str, clean: Clean) -> str | None:
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
        blocks.append((local, markup(ElementTree.tostring(node, encoding="unicode"), clean)))
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
    except (ValueError, IndexError, KeyError, TypeError, LookupError):
        return None


def pdf(data: bytes) -> str | None:
    """The text layer of a PDF; None when there is none."""
    import pypdf
    from pypdf.errors import PyPdfError

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        pages = [page.extract_text() or "" for page in pypdf.PdfReader(io.BytesIO(data)).pages]
    except (PyPdfError, ValueError, KeyError, TypeError, IndexError, AttributeError, OSError, RecursionError):
        return None
    text = "\n".join(pages)
    return text if text.strip() else None


def refuse_large(data: bytes, cap: int) -> None:
    """Raise DataError CL1110 for a document over the cap."""
    if len(data) > cap:
        raise DataError("CL1110", f"a note has {len(data)} bytes, more than {cap}.", "It was set aside.")
