"""Landed files without some of their records, everything else byte for byte and line for line where it was.

A line or a row of CSV that goes becomes blanks, so that offsets and line numbers of all others stay true; an entry that
goes becomes ``{}``, in XML an empty element, which is read as an entry without a resource. Of a C-CDA document nothing
stays.
"""

from __future__ import annotations

import gzip
import io
import os
import re
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, cast

import msgspec
from lxml import etree

from chartline.fhir import from_xml, records
from chartline.fhir.extracts import Sheet
from chartline.fhir.records import Record
from chartline.files.delimited import Row
from chartline.files.formats import BOM

Taken = Callable[[Record], bool]
"""Whether a record goes: told with its bytes or its deletion, and its fullUrl."""

_members = msgspec.json.Decoder(dict[str, msgspec.Raw])
_items = msgspec.json.Decoder(list[msgspec.Raw])
_entry = msgspec.json.Decoder(records.Entry)
_ENTRY = f"{from_xml.SPACE}entry"
_BUNDLE = f"{from_xml.SPACE}resource/{from_xml.SPACE}Bundle"
_NO_END = re.compile(rb"[^\r\n]")
_BLOCK = 1 << 20
_ENVELOPE = ("resourceType", "type")  # what else a bundle says, links above all, may tell whose it is


def count(path: Path, compression: str, form: str, taken: Taken, sheet: Sheet | None = None) -> int:
    """How many records of a landed file would go; ``sheet`` is the mapping of a CSV file.

    Raises:
        EOFError, OSError, zlib.error: it is no whole gzip file, or a row of it is too long to be looked into.
    """
    if sheet:
        with _opened(path, compression) as held:
            return sum(1 for _ in _rows_that_go(held, sheet, taken))
    went = 0

    def counted(record: Record) -> bool:
        nonlocal went
        goes = taken(record)
        went += goes
        return goes

    with _opened(path, compression) as held:
        for _ in _thinned(held, form, counted):
            pass
    return went


def rewrite(path: Path, compression: str, form: str, taken: Taken, sheet: Sheet | None = None) -> None:
    """Take records out of a landed file; it is replaced whole or not at all."""
    with _opened(path, compression) as held, _replaced(path, compression) as out:
        if sheet:
            with _opened(path, compression) as read:
                out.writelines(_blanked(held, _rows_that_go(read, sheet, taken)))
        else:
            out.writelines(_thinned(held, form, taken))


def _rows_that_go(held: BinaryIO, sheet: Sheet, taken: Taken) -> Iterator[Row]:
    for row in islice(sheet.rows(held), 1, None):
        if row.fault == "row_too_long":
            raise EOFError
        if taken(records.of_row(row, sheet)):
            yield row


def _blanked(held: BinaryIO, rows: Iterable[Row]) -> Iterator[bytes]:
    """A file with blanks where some of its rows are."""
    at = 0
    for row in rows:
        yield from _blocks(held, row.start - at)
        yield _NO_END.sub(b" ", held.read(len(row.raw)))
        at = row.start + len(row.raw)
    yield from _blocks(held)


def _blocks(held: BinaryIO, left: int | None = None) -> Iterator[bytes]:
    while block := held.read(_BLOCK if left is None else min(left, _BLOCK)):
        yield block
        left = None if left is None else left - len(block)


def mentions(path: Path, compression: str, text: re.Pattern[bytes]) -> bool:
    """Whether a file that is no FHIR holds a text, line by line."""
    with _opened(path, compression) as held:
        return any(map(text.search, held))


@contextmanager
def _opened(path: Path, compression: str) -> Iterator[BinaryIO]:
    with cast(BinaryIO, gzip.open(path, "rb") if compression == "gzip" else path.open("rb")) as held:
        yield held


@contextmanager
def _replaced(path: Path, compression: str) -> Iterator[BinaryIO]:
    part = path.with_name(f".arriving-{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as raw:
            if compression == "gzip":
                with gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as packed:
                    yield cast(BinaryIO, packed)
            else:
                yield raw
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _thinned(held: BinaryIO, form: str, taken: Taken) -> Iterator[bytes]:
    if form == "ccda":
        whole = held.read()
        # A document is one person's: its header names whom each of its parts is of.
        gone = sum(map(taken, records.of_ccda(io.BytesIO(whole))))
        yield b"" if gone else whole
        return
    if form == "fhir_xml":
        yield _kept_in_xml(held.read(), taken)
        return
    if form != "ndjson":
        yield _kept(held.read(), taken)
        return
    for line in held:
        kept = _kept(line, taken)
        end = len(line.rstrip(b"\r\n"))
        yield line if kept == line else kept.ljust(end) + line[end:]


def _kept(data: bytes, taken: Taken) -> bytes:
    """What stays of a record, or of the bundle that it is; empty for nothing."""
    text = data.removeprefix(BOM).strip(b" \t\r\n")
    found = records.opened(text)
    if found is None or found.fault:
        return b"" if text and taken(Record(None, text)) else data
    return _thinned_bundle(text, taken) or data


def _thinned_bundle(text: bytes, taken: Taken) -> bytes | None:
    """A bundle without what goes; None when nothing of it does."""
    bundle = records.opened(text)
    members = _members.decode(text)
    if bundle is None or not bundle.entries:
        return None
    given = [bytes(entry) for entry in _items.decode(bytes(members["entry"]))]
    made = []
    for entry, read in zip(given, bundle.entries, strict=True):
        raw = bytes(read.resource)
        inner = _thinned_bundle(raw, taken) if raw and records.opened(raw) else None
        if inner is not None:
            made.append(b'{"resource":%b}' % inner)
            continue
        made.append(b"{}" if _goes(read, taken) else entry)
    if made == given:
        return None
    kept = {name: bytes(members[name]) for name in _ENVELOPE if name in members}
    whole = [
        *(b'"%b":%b' % (name.encode(), value) for name, value in kept.items()),
        b'"entry":[' + b",".join(made) + b"]",
    ]
    return b"{" + b",".join(whole) + b"}"


def _goes(entry: records.Entry, taken: Taken) -> bool:
    raw = bytes(entry.resource)
    url = entry.fullUrl if isinstance(entry.fullUrl, str) else None
    record = Record(None, raw, full_url=url, deletion=records.deletion_of(entry))
    return bool(raw or record.deletion) and taken(record)


def _kept_in_xml(data: bytes, taken: Taken) -> bytes:
    """What stays of a resource or a bundle in XML; empty for nothing."""
    try:
        root = from_xml.parsed(data)
        found = from_xml.resource(root)
    except from_xml.Unreadable:
        return b"" if data.strip() and taken(Record(None, data)) else data
    if records.opened(found) is None:
        return b"" if taken(Record(None, found)) else data
    return etree.tostring(root, encoding="utf-8") if _thin(root, taken) else data


def _thin(bundle: Any, taken: Taken) -> bool:
    """Empty the entries of a bundle that go, and take out what else it says; whether any did."""
    gone = False
    for entry in bundle.iterfind(_ENTRY):
        inner = entry.find(_BUNDLE)
        if inner is not None:
            if _thin(inner, taken):
                _keep(entry, f"{from_xml.SPACE}resource")
                gone = True
        elif _goes(_entry.decode(from_xml.entry(entry)), taken):
            entry.clear()
            gone = True
    if gone:
        _keep(bundle, _ENTRY, f"{from_xml.SPACE}type")
    return gone


def _keep(element: Any, *names: str) -> None:
    for said in list(element):
        if said.tag not in names:
            element.remove(said)
