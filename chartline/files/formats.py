"""What a file is, judged by its first bytes; its name is asked only when the bytes leave it open."""

from __future__ import annotations

import csv
import io
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import orjson

HEAD = 256 * 1024  # bytes that are enough to judge a file by
BOM = b"\xef\xbb\xbf"
FHIR_FORMATS = ("ndjson", "json", "fhir_xml", "ccda")  # what is read as FHIR; of others only a CSV that a mapping knows

_GZIP = b"\x1f\x8b"
_UNSUPPORTED = (b"BZh", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd", b"PK\x03\x04", b"7z\xbc\xaf", b"Rar!")
_LFS = b"version https://git-lfs"
CCDA = re.compile(rb"<(?:\w+:)?ClinicalDocument\b")
_FHIR_XML = re.compile(
    rb"(?>\s+|<\?.*?\?>|<!--.*?-->)*+<(?:[\w.-]+:)?[A-Z]\w*\s[^<>]*?xmlns(?::[\w.-]+)?\s*=\s*[\"']http://hl7\.org/fhir[\"']",
    re.DOTALL,
)
_FHIR_NAMES = (".ndjson", ".jsonl", ".json")
_BEGUN_MANIFEST = re.compile(rb'\{\s*"(?:transactionTime|request|requiresAccessToken|manifestType|outputFormat)"\s*:')


@dataclass(frozen=True)
class Format:
    """A judgement on a file.

    Attributes:
        name: ndjson, json, fhir_xml, ccda, xml, csv, manifest, log or unknown.
        compression: gzip or none.
        reason: why the file is not read; empty for what is read as FHIR and a CSV that a mapping knows.
    """

    name: str
    compression: str = "none"
    reason: str = ""


def inflate(head: bytes) -> bytes:
    """The start of a gzip stream, as far as these bytes reach; nothing when they are not gzip."""
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(head, HEAD)
    except zlib.error:
        return b""


Asked = Callable[[bytes, str], str]
"""Tells of first bytes and a name why a CSV file is not read; empty when it is (``extracts.Layouts.reason``)."""


def detect(head: bytes, name: str, csv_reason: Asked | None = None) -> Format:
    """Judge a file.

    Args:
        head: its first ``HEAD`` bytes, or all of a shorter file.
        name: its name as delivered; only the ending is looked at, but by ``csv_reason``.
        csv_reason: asked of what may be a CSV file; without it no CSV is read.
    """
    if not head.startswith(_GZIP):
        return _plain(head, name.lower(), csv_reason, whole=len(head) < HEAD)
    text = inflate(head)
    found = _plain(text, name.lower().removesuffix(".gz"), csv_reason, whole=False)
    return Format(found.name, "gzip", found.reason)


def _plain(head: bytes, name: str, csv_reason: Asked | None, *, whole: bool) -> Format:
    text = head.removeprefix(BOM).strip()
    named_fhir = name.endswith(_FHIR_NAMES)
    if not text:
        return Format("ndjson") if named_fhir and not whole else Format("unknown", reason="empty_file")
    if text.startswith(_LFS):
        return Format("unknown", reason="git_lfs_pointer")
    if text.startswith(_UNSUPPORTED):
        return Format("unknown", reason="unsupported_compression")
    if text[:1] in b"{[":
        return _json(text, whole=whole)
    if text.startswith(b"<"):
        if CCDA.search(text):
            return Format("ccda")
        return Format("fhir_xml") if _FHIR_XML.match(text) else Format("xml", reason="xml")
    why = csv_reason(text, name) if csv_reason else "csv"
    if not why:
        return Format("csv")
    if b'"resourceType"' in text or named_fhir:
        return Format("ndjson")  # damaged or foreign, yet delivered as FHIR: parse says what is wrong, line by line
    return Format("csv", reason=why) if _is_csv(text) else Format("unknown", reason="not_fhir")


def _json(text: bytes, *, whole: bool) -> Format:
    complete = text if whole else text[: text.rfind(b"\n") + 1]
    document = _loads(text) if whole else None
    first = document if isinstance(document, dict) else _loads(text.partition(b"\n")[0])
    if first is None and not whole and _is_long_manifest(text):
        return Format("manifest", reason="manifest")
    if isinstance(first, dict):
        if "exportId" in first and "eventId" in first:
            return Format("log", reason="log")
        if is_manifest(first):
            return Format("manifest", reason="manifest")
    if b'"resourceType"' not in text:
        return Format("unknown", reason="not_fhir")
    if isinstance(document, dict) or not any(map(_is_resource, _lines_with(b'"resourceType"', complete))):
        return Format("json" if b"\n" in text else "ndjson")
    return Format("ndjson")


def is_manifest(body: dict[str, Any]) -> bool:
    """Whether a JSON object is a Bulk Data manifest of STU1 to STU4, or a later page of one."""
    sections = ("output", "deleted", "error", "outcome", "link")
    return "resourceType" not in body and (
        "manifestType" in body or ("transactionTime" in body and any(isinstance(body.get(s), list) for s in sections))
    )


def _is_long_manifest(text: bytes) -> bool:
    """Whether a text that breaks off in its first object begins as a manifest that names very many files."""
    return _BEGUN_MANIFEST.match(text) is not None and b'"transactionTime"' in text and b'"resourceType"' not in text


def _loads(text: bytes) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None


def _lines_with(piece: bytes, text: bytes) -> Iterator[bytes]:
    """The lines of a text that hold a piece: few where JSON is laid out over many lines."""
    at = text.find(piece)
    while at >= 0:
        end = text.find(b"\n", at)
        end = len(text) if end < 0 else end
        yield text[text.rfind(b"\n", 0, at) + 1 : end]
        at = text.find(piece, end)


def _is_resource(line: bytes) -> bool:
    body = _loads(line) if line.lstrip()[:1] == b"{" and line.rstrip()[-1:] == b"}" else None
    return isinstance(body, dict) and "resourceType" in body


def _is_csv(text: bytes) -> bool:
    try:
        rows = [len(row) for row in islice(csv.reader(io.StringIO(text.decode("latin-1"), newline="")), 2)]
    except csv.Error:
        return False
    return len(rows) == 2 and rows[0] == rows[1] > 1
