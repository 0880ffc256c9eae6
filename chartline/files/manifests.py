"""Bulk Data manifests of every published shape, and whether the files they name arrived whole.

Sources: HL7 Bulk Data Access IG, STU1 to STU4 ballot. STU4 renames ``error`` to ``outcome`` and drops
``request``; STU3 adds paging by ``link``; a manifest may leave ``type`` out when it is organised by patient.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

import orjson

from chartline.errors import DataError
from chartline.files.formats import BOM

_ASKED = re.compile(r"/(?:(?:Patient|Group/[^/]+)/)?\$.*", re.DOTALL)
SECTIONS = ("output", "deleted", "error", "outcome")
OWN = "manifest.json"
"""The name of a manifest in the folder of its export; no file that it names has it."""
_LONGEST = 200  # bytes of a file's name


@dataclass(frozen=True)
class Entry:
    """A file that a manifest names.

    Attributes:
        section: output, deleted, error or outcome.
        file: last part of the URL's path, as the file is called on disk; with its number before it where an
            entry before has that name.
        type: resource type of every line; None where the manifest does not say.
        count: lines that the file must have; None where the manifest does not say.
        size: bytes that the file must have; None where the manifest does not say.
        url: where the server has it, perhaps for a while only: no part of what the entry is.
    """

    section: str
    file: str
    type: str | None = None
    count: int | None = None
    size: int | None = None
    url: str = field(default="", repr=False, compare=False)


@dataclass(frozen=True)
class Manifest:
    """A manifest.

    Attributes:
        transaction_time: server time of the export (UTC).
        entries: the files it names, in order.
        next_page: where it goes on, empty at the end.
        requires_token: whether its files are had with the access token only; None where it does not say.
    """

    transaction_time: datetime | None
    entries: tuple[Entry, ...]
    next_page: str = field(default="", repr=False, compare=False)
    requires_token: bool | None = None


def read(data: bytes) -> Manifest:
    """Read a manifest that ``formats.detect`` recognised; entries without a URL are left out.

    Raises:
        DataError: CL1037 it was recognised by its beginning and breaks off later.
    """
    try:
        body = orjson.loads(data.removeprefix(BOM))
    except orjson.JSONDecodeError:
        raise DataError("CL1037", "a manifest is damaged.", "Have it delivered again.") from None
    found = [_entry(section, item) for section in SECTIONS for item in _items(body.get(section))]
    links = {str(item.get("relation")): _text(item.get("url")) for item in _items(body.get("link"))}
    return Manifest(
        transaction_time=instant(body.get("transactionTime")),
        entries=_apart(e for e in found if e.url),
        next_page=links.get("next", ""),
        requires_token={"true": True, "false": False}.get(str(body.get("requiresAccessToken")).lower()),  # or in quotes
    )


def _apart(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Entries with a name each, also where a server tells its files apart by folder or query."""
    taken = {OWN}
    names: dict[str, str] = {}
    named = []
    for number, entry in enumerate(entries, start=1):
        name = names.get(entry.url, entry.file)
        while entry.url not in names and name.removesuffix(".gz") in taken:
            name = f"{number}.{name}"
        names[entry.url] = name
        taken.add(name.removesuffix(".gz"))
        named.append(replace(entry, file=name))
    return tuple(named)


def server(data: bytes) -> str | None:
    """The server that made the export a manifest tells of: the base of its ``request``, else where its files lie."""
    body = orjson.loads(data.removeprefix(BOM))
    asked = body.get("request")
    if isinstance(asked, str) and "$" in asked:
        return _ASKED.sub("", asked)
    for section in SECTIONS:
        for item in _items(body.get(section)):
            found = _address(_text(item.get("url")))
            if found.netloc:
                return f"{found.scheme}://{found.netloc}"
    return None


def _items(section: Any) -> list[Mapping[str, Any]]:
    return [item for item in section if isinstance(item, dict)] if isinstance(section, list) else []


def _entry(section: str, item: Mapping[str, Any]) -> Entry:
    url = _text(item.get("url"))
    return Entry(
        section=section,
        file=_file_name(url),
        type=item["type"] if section == "output" and isinstance(item.get("type"), str) else None,
        count=_whole(item.get("count")),
        size=_whole(item.get("size", item.get("fileSize"))),
        url=url,
    )


def _address(url: str) -> SplitResult:
    """The parts of an address; all empty for what is none."""
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")


def _file_name(url: str) -> str:
    """The last part of the address's path; ``file`` where no file can be called that."""
    name = PurePosixPath(unquote(_address(url).path)).name
    usable = name not in ("", ".", "..") and "\0" not in name and len(name.encode()) <= _LONGEST
    return name if usable else "file"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def instant(value: Any) -> datetime | None:
    """A FHIR instant or dateTime with a zone as UTC; None when it is not one.

    A leap second becomes the second before it, since no clock here can hold it.
    """
    if not isinstance(value, str) or "T" not in value:
        return None
    try:
        parsed = datetime.fromisoformat(value.replace(":60", ":59", 1) if ":60" in value[16:20] else value)
    except ValueError:
        return None
    return parsed.astimezone(UTC) if parsed.tzinfo else None
