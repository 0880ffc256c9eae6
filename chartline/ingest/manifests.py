"""Bulk Data manifests of every published shape, and whether the files they name arrived whole.

Sources: HL7 Bulk Data Access IG, STU1 to STU4 ballot. STU4 renames ``error`` to ``outcome`` and drops
``request``; STU3 adds paging by ``link``; a manifest may leave ``type`` out when it is organised by patient.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

import orjson

from chartline.ingest.formats import BOM

_ASKED = re.compile(r"/(?:(?:Patient|Group/[^/]+)/)?\$.*", re.DOTALL)
SECTIONS = ("output", "deleted", "error", "outcome")


@dataclass(frozen=True)
class Entry:
    """A file that a manifest names.

    Attributes:
        section: output, deleted, error or outcome.
        file: last part of the URL's path, as the file is called on disk.
        type: resource type of every line; None where the manifest does not say.
        count: lines that the file must have; None where the manifest does not say.
        size: bytes that the file must have; None where the manifest does not say.
    """

    section: str
    file: str
    type: str | None = None
    count: int | None = None
    size: int | None = None


@dataclass(frozen=True)
class Manifest:
    """A manifest: server time of the export (UTC), the files it names in order."""

    transaction_time: datetime | None
    entries: tuple[Entry, ...]


def read(data: bytes) -> Manifest:
    """Read a manifest that ``formats.detect`` recognised; entries without a URL are left out."""
    body = orjson.loads(data.removeprefix(BOM))
    found = [_entry(section, item) for section in SECTIONS for item in _items(body.get(section))]
    return Manifest(instant(body.get("transactionTime")), tuple(e for e in found if e.file))


def server(data: bytes) -> str | None:
    """The server that made the export a manifest tells of: the base of its ``request``, else where its files lie."""
    body = orjson.loads(data.removeprefix(BOM))
    asked = body.get("request")
    if isinstance(asked, str) and "$" in asked:
        return _ASKED.sub("", asked)
    for section in SECTIONS:
        for item in _items(body.get(section)):
            found = urlsplit(item["url"]) if isinstance(item.get("url"), str) else None
            if found is not None and found.netloc:
                return f"{found.scheme}://{found.netloc}"
    return None


def _items(section: Any) -> list[Mapping[str, Any]]:
    return [item for item in section if isinstance(item, dict)] if isinstance(section, list) else []


def _entry(section: str, item: Mapping[str, Any]) -> Entry:
    url = item.get("url") if isinstance(item.get("url"), str) else ""
    return Entry(
        section=section,
        file=PurePosixPath(unquote(urlsplit(url).path)).name,
        type=item["type"] if section == "output" and isinstance(item.get("type"), str) else None,
        count=_whole(item.get("count")),
        size=_whole(item.get("size", item.get("fileSize"))),
    )


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
