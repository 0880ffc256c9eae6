"""Records in a file: lines of NDJSON, resources in bundles of every kind, single documents; bytes untouched.

A row of a CSV file is the resource that its mapping makes of it, a C-CDA document the bundle that it is converted to,
and of FHIR in XML the JSON is read. Nothing here judges a resource. A record that cannot even be told apart carries a
fault: its reason code.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, cast

import msgspec
import orjson

from chartline.fhir import ccda, from_xml, references
from chartline.fhir.extracts import UNKNOWN, Filtered, Sheet, Unfit
from chartline.files.delimited import Row
from chartline.files.formats import BOM

MAX_LINE = 64 << 20  # bytes of one NDJSON line; base64 attachments make lines of tens of megabytes
MAX_DOCUMENT = 512 << 20  # bytes of one document, which is read whole
MAX_RATIO = 400  # unpacked to packed bytes of a gzip file larger than FREE_BYTES
FREE_BYTES = 1 << 30
MAX_BUNDLES = 8  # bundles within bundles
_BLOCK = 1 << 20
_DELETED = re.compile(rf"(?:.*/)?([A-Z][A-Za-z]+)/({references.ID})")
_PREFIX = 96  # bytes by which a resource is looked for in its bundle before all of it is


@dataclass(frozen=True)
class Deletion:
    """A DELETE entry: ``Type/id`` and when and as which version the server says it happened."""

    url: str
    last_modified: str | None = None
    version: str | None = None

    @property
    def target(self) -> tuple[str, str] | None:
        """Type and id of what was deleted; None where the address is no resource's."""
        match = _DELETED.fullmatch(self.url)
        return (match[1], match[2]) if match else None


@dataclass(slots=True)
class Record:
    """One record found in a file.

    Attributes:
        line: 1-based line, or entry of a bundle that is a document; None for a whole file.
        part: 1-based place inside the line for a bundle on one line, else 0.
        raw: the resource's bytes as delivered, or as made of a row, a row's own when it made none; empty for a DELETE.
        full_url: fullUrl of the bundle entry.
        index: fullUrl to ``Type/id`` of the bundle around it, shared by its records.
        bundle: id of the bundle inside the file, 0 when there is none; a bundle is refused as a whole.
        deletion: set for a DELETE entry.
        fault: reason code when the bytes are no record.
        rule: what the fault is about.
        filtered: reason when there is nothing to keep (empty_bundle, no_resource, or as a mapping says of a row).
    """

    line: int | None
    raw: bytes = field(repr=False, default=b"")
    part: int = 0
    full_url: str | None = field(repr=False, default=None)
    index: Mapping[str, str] = field(repr=False, default_factory=dict)
    bundle: int = 0
    deletion: Deletion | None = None
    fault: str = ""
    rule: str = "json"
    filtered: str = ""


class _Head(msgspec.Struct):
    resourceType: Any = None  # noqa: N815
    id: Any = None


class Entry(msgspec.Struct):
    """An entry of a bundle, as far as it tells what it is."""

    fullUrl: Any = None  # noqa: N815
    resource: msgspec.Raw = msgspec.Raw(b"")
    request: Any = None
    response: Any = None


class _Bundle(msgspec.Struct):
    resourceType: Any = None  # noqa: N815
    type: Any = None
    entry: list[Entry] = []


@dataclass(slots=True)
class Bundle:
    """A text that says it is a Bundle.

    Attributes:
        text: the text.
        type: what it says of its type.
        entries: its entries, each resource in its bytes.
        fault: reason code when it cannot be taken apart.
    """

    text: bytes = field(repr=False)
    type: Any = None
    entries: list[Entry] = field(repr=False, default_factory=list)
    fault: str = ""


_head = msgspec.json.Decoder(_Head)
# How nearly every resource begins: what it is can be read there without going through all of it.
_FULL_URL = re.compile(rf"(?i:urn:uuid:)({references.ID})|https?://.+/[A-Z]\w+/({references.ID})")
_BEGINS = re.compile(
    rb'\s*\{\s*"resourceType"\s*:\s*"([A-Za-z]+)"(?:\s*,\s*"id"\s*:\s*"(' + references.ID.encode() + rb')"\s*,)?'
)
_bundle = msgspec.json.Decoder(_Bundle)


class DoubledKey(ValueError):
    """An object has the same key twice; the key itself is not told."""


def _no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    body = dict(pairs)
    if len(body) != len(pairs):
        raise DoubledKey
    return body


def has_doubled_key(text: bytes) -> bool:
    """Whether any object in a JSON text has the same key twice."""
    if b"\\" not in text and _colons_stay(text):
        return False
    try:
        json.loads(text, object_pairs_hook=_no_doubles)
    except DoubledKey:
        return True
    return False


def _colons_stay(text: bytes) -> bool:
    """Whether as many colons are written as were read: a key that is met twice takes its colon with it."""
    try:
        return orjson.dumps(orjson.loads(text)).count(b":") == text.count(b":")
    except orjson.JSONDecodeError:
        return False


def read(
    path: Path,
    compression: str,
    form: str,
    *,
    start: int = 0,
    line: int = 1,
    end: int | None = None,
    sheet: Sheet | str = UNKNOWN,
) -> Iterator[Record]:
    """Every record of a landed file, or of a piece of an uncompressed NDJSON or CSV file.

    Args:
        path: the landed file.
        compression: gzip or none.
        form: ndjson, json, fhir_xml, ccda or csv.
        start: byte offset of the piece; ``line`` is its first line.
        line: 1-based number of the first line.
        end: byte offset after the piece, None for the end of the file.
        sheet: the mapping of a CSV file, or why it has none.
    """
    fault = _gzip_fault(path) if compression == "gzip" else ""
    if fault:
        yield Record(None, fault=fault)
        return
    with cast(BinaryIO, gzip.open(path, "rb") if compression == "gzip" else path.open("rb")) as handle:
        if form == "json":
            yield from document(handle)
        elif form in CONVERTED:
            yield from CONVERTED[form](handle)
        elif form == "csv":
            handle.seek(start)
            yield from of_rows(handle, sheet, line, None if end is None else end - start, headed=start == 0)
        else:
            handle.seek(start)
            for number, text, whole in lines(handle, line, None if end is None else end - start):
                yield from _line(number, text, whole)


def _gzip_fault(path: Path) -> str:
    """Why a gzip file may not be read: fail closed, one broken byte sets the whole file aside."""
    cap = max(FREE_BYTES, MAX_RATIO * path.stat().st_size)
    size = 0
    try:
        with gzip.open(path, "rb") as handle:
            while block := handle.read(_BLOCK):
                size += len(block)
                if size > cap:
                    return "gzip_expands_too_far"
    except EOFError:
        return "truncated_gzip"
    except (OSError, zlib.error):
        return "corrupt_gzip"
    return ""


def lines(handle: BinaryIO, first: int = 1, size: int | None = None) -> Iterator[tuple[int, bytes, bool]]:
    """Lines that hold something: (1-based number, text without blanks around it, ended by a line feed).

    A line above ``MAX_LINE`` comes as an empty text, so that it costs no memory. A byte order mark before the
    first line is left out; carriage returns and blank lines are no content.
    """
    number, left = first, size
    while left is None or left > 0:
        text = handle.readline(MAX_LINE + 1)
        if not text:
            return
        taken, whole = len(text), text.endswith(b"\n")
        if taken > MAX_LINE and not whole:
            text = b""
            while not whole and (rest := handle.readline(_BLOCK)):
                taken, whole = taken + len(rest), rest.endswith(b"\n")
            yield number, b"", whole
        elif content := (text.removeprefix(BOM) if number == 1 else text).strip(b" \t\r\n"):
            yield number, content, whole
        number += 1
        left = None if left is None else left - taken


def of_rows(
    handle: BinaryIO, sheet: Sheet | str, first: int = 1, size: int | None = None, *, headed: bool = True
) -> Iterator[Record]:
    """What the rows of a CSV file, or of a piece of one, become; the header is none of them.

    Args:
        handle: the file, at the beginning of a row.
        sheet: its mapping, or why it has none.
        first: 1-based number of that row's line.
        size: bytes to read; None for all.
        headed: whether that row is the header.
    """
    if isinstance(sheet, str):
        yield Record(None, fault=sheet, rule="csv")
        return
    for row in islice(sheet.rows(handle, line=first, size=size), 1 if headed else 0, None):
        yield of_row(row, sheet)


def of_row(row: Row, sheet: Sheet) -> Record:
    """What a row becomes; its own bytes are those of one that makes no resource."""
    try:
        if row.fault:
            raise Unfit(row.fault, "csv")
        return Record(row.line, sheet.resource(row.cells))
    except Unfit as unfit:
        return Record(row.line, row.raw, fault=unfit.reason, rule=unfit.rule)
    except Filtered as filtered:
        return Record(row.line, row.raw, filtered=filtered.reason)


def _line(number: int, text: bytes, whole: bool) -> Iterator[Record]:
    if not text:
        yield Record(number, fault="line_too_long")
    elif not whole and not _is_json(text):
        yield Record(number, text, fault="truncated_line")
    elif found := opened(text):
        for part, record in enumerate(expand(found, bundle=number), start=1):
            yield replace(record, line=number, part=part)
    else:
        yield Record(number, text)


def _is_json(text: bytes) -> bool:
    try:
        _head.decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False
    return True


def document(handle: BinaryIO) -> Iterator[Record]:
    """The records of one JSON document: the entries of a bundle, or the single resource."""
    data = read_whole(handle)
    if data is None:
        yield Record(None, fault="file_too_large")
        return
    yield from of_document(data)


def of_document(data: bytes) -> Iterator[Record]:
    """The records of one JSON document that is at hand, of any size."""
    text = data.removeprefix(BOM).strip(b" \t\r\n")
    if found := opened(text):
        yield from _entries(found)
    else:
        yield Record(1, text)


def read_whole(handle: BinaryIO) -> bytes | None:
    """A file that is one document; None for one above ``MAX_DOCUMENT``."""
    data = handle.read(MAX_DOCUMENT + 1)
    return data if len(data) <= MAX_DOCUMENT else None


def of_xml(handle: BinaryIO) -> Iterator[Record]:
    """The records of a FHIR document in XML, each in JSON; nothing of an empty file: what an erasure leaves of one."""
    data = read_whole(handle)
    if data is None:
        yield Record(None, fault="file_too_large")
    elif data.strip():
        try:
            made = from_xml.converted(data)
        except from_xml.Unreadable:
            yield Record(None, data, fault=from_xml.NOT_READ, rule="xml")
            return
        yield from of_document(made)


def of_ccda(handle: BinaryIO) -> Iterator[Record]:
    """What a C-CDA document says as records, and behind them the entries that could not be converted.

    Nothing of an empty file: what an erasure leaves of a document.
    """
    data = read_whole(handle)
    if data is None:
        yield Record(None, fault="file_too_large")
        return
    try:
        made = ccda.convert(data) if data.strip() else None
    except ccda.Unconverted:
        yield Record(None, data, fault=ccda.NO_DOCUMENT, rule="ccda")
        return
    bundle = opened(made.bundle) if made else None
    if made is None or bundle is None:
        return
    yield from _entries(bundle)
    for entry, raw in enumerate(made.left, start=len(bundle.entries) + 1):
        yield Record(entry, raw, fault=ccda.NO_ENTRY, rule="ccda")


CONVERTED: Mapping[str, Callable[[BinaryIO], Iterator[Record]]] = {"fhir_xml": of_xml, "ccda": of_ccda}
"""What reads a document of each form that becomes JSON when it is read."""


def _entries(found: Bundle) -> Iterator[Record]:
    for entry, record in enumerate(expand(found, bundle=1), start=1):
        yield replace(record, line=entry)


def opened(text: bytes) -> Bundle | None:
    """A text as the Bundle it is; None for any other. The quick look keeps most resources from being read for it."""
    begins = _BEGINS.match(text)
    if begins[1] != b"Bundle" if begins else b'"Bundle"' not in text:
        return None
    try:
        body = _bundle.decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return Bundle(text, fault="malformed_bundle") if kind_of(text, {"Bundle"}) else None
    return Bundle(text, body.type, body.entry) if body.resourceType == "Bundle" else None


def kind_of(raw: bytes, known: Collection[str]) -> str | None:
    """The resource type a record claims, when it is a known one; a record that is no JSON claims none."""
    begins = _BEGINS.match(raw)
    if begins and begins[1].decode() not in known:
        return None
    try:
        kind = _head.decode(raw).resourceType
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return kind if isinstance(kind, str) and kind in known else None


def expand(found: Bundle, *, bundle: int, depth: int = 1) -> Iterator[Record]:
    """The records of a bundle of any type, bundles within it included, in order; line and part not yet set."""
    entries = found.entries
    raws = [bytes(entry.resource) for entry in entries]
    fault = found.fault or ("too_deep" if depth > MAX_BUNDLES else "")
    if fault or has_doubled_key(_envelope(found.text, raws)):
        yield Record(0, found.text, bundle=bundle, fault=fault or "duplicate_key")
        return
    if not entries:
        yield Record(0, bundle=bundle, filtered="empty_bundle")
    index = _index(entries, raws)
    for entry, raw in zip(entries, raws, strict=True):
        full_url = entry.fullUrl if isinstance(entry.fullUrl, str) else None
        deletion = deletion_of(entry)
        if deletion:
            yield Record(0, bundle=bundle, full_url=full_url, deletion=deletion)
        elif not raw or raw == b"null":
            yield Record(0, bundle=bundle, filtered="no_resource")
        elif inner := opened(raw):
            yield from expand(inner, bundle=bundle, depth=depth + 1)
        else:
            yield Record(0, raw, full_url=full_url, index=index, bundle=bundle)


def _envelope(text: bytes, raws: list[bytes]) -> bytes:
    """The bundle without its resources: what is left must have no doubled key either, or an entry was lost."""
    kept, position = [], 0
    for raw in raws:
        if raw:
            start = text.find(raw[:_PREFIX], position)
            if text[start : start + len(raw)] != raw:
                start = text.index(raw, position)
            kept += [text[position:start], b"null"]
            position = start + len(raw)
    return b"".join([*kept, text[position:]])


def _index(entries: list[Entry], raws: list[bytes]) -> dict[str, str]:
    """Map fullUrl, also as it is usually spelled, to ``Type/id``; one that two resources claim names neither."""
    index: dict[str, str] = {}
    doubtful = set()
    for entry, raw in zip(entries, raws, strict=True):
        if not isinstance(entry.fullUrl, str) or not raw:
            continue
        kind, own = told(raw)
        identity = own or id_of(entry.fullUrl)
        if kind and identity:
            name = f"{kind}/{identity}"
            spelled = {entry.fullUrl, references.plain(entry.fullUrl)}
            doubtful |= {url for url in spelled if index.setdefault(url, name) != name}
    return {url: name for url, name in index.items() if url not in doubtful}


def told(raw: bytes) -> tuple[str | None, str | None]:
    """The type and the id that a resource claims."""
    begins = _BEGINS.match(raw)
    if begins and begins[2]:
        return begins[1].decode(), begins[2].decode()
    try:
        head = _head.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None, None
    kind, own = head.resourceType, head.id
    return kind if isinstance(kind, str) else None, own if isinstance(own, str) else None


def id_of(full_url: str | None) -> str | None:
    """The logical id that a fullUrl gives: of ``urn:uuid:id`` and of ``http://server/Type/id``."""
    match = _FULL_URL.fullmatch(full_url or "")
    return (match[1] or match[2]) if match else None


def deletion_of(entry: Entry) -> Deletion | None:
    """What an entry says was deleted; None when it says nothing of the kind."""
    request = entry.request
    if not isinstance(request, dict) or str(request.get("method")).upper() != "DELETE":
        return None
    response = entry.response if isinstance(entry.response, dict) else {}
    etag = re.fullmatch(r'(?:W/)?"?([^"]+)"?', str(response.get("etag") or ""))
    modified = response.get("lastModified")
    return Deletion(str(request.get("url") or ""), modified if isinstance(modified, str) else None, etag and etag[1])


def digest(raw: bytes) -> str:
    """SHA-256 of a record's bytes."""
    return hashlib.sha256(raw).hexdigest()
