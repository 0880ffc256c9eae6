"""Notes that an export names and leaves at its server: the Binaries behind attachments, brought here beside its files.

A server may give an attachment by its address only (Bulk Data Access IG, section Attachments), and large record systems
give every note so and no Binary. What comes is laid down as further files of lines, and is read as part of the
document that points to it (decision 22). Asked for is only what the server itself has: the token goes nowhere else.
"""

from __future__ import annotations

import base64
import gzip
import time
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, cast

import httpx
import orjson

from chartline import progress
from chartline.errors import MachineError
from chartline.fhir import records, references
from chartline.ingest import link
from chartline.ingest.link import Link

DOCUMENTS = frozenset({"DocumentReference", "DiagnosticReport"})
"""The types whose attachments are read as notes."""
FOLDER = "attachments"
"""Where they lie, beside the pages of the export."""
_BATCH = 200  # documents in memory at a time
_GENERAL = "application/octet-stream"
_NO_TEXT = ("image/", "audio/", "video/")
_WANTED = {"Accept": "application/fhir+json, */*;q=0.5", "Accept-Encoding": "identity"}


def bring(way: Link, base: str, files: Path) -> None:
    """Fetch what the documents of an export point to and is not here yet; a run that was killed is taken up.

    What cannot be had is told by HTTP status, 200 for an answer that is no document. Those notes are withheld, and the
    export is whole all the same: else one note that its server cannot give would have everything asked for each time.

    Args:
        way: the way to the server.
        base: the server's FHIR base, which a relative address is relative to.
        files: the folder of the export's files.

    Raises:
        MachineError: CL3040 the server is away, CL3041 the disk does not take it.
    """
    named, here = _survey(way, base, files)
    absent = [item for item in named.items() if item[0] not in here]
    missing: Counter[int] = Counter()
    said = time.monotonic()
    with way.several() as pool:
        for start in range(0, len(absent), _BATCH):
            batch = absent[start : start + _BATCH]
            came = list(pool.map(lambda of: _fetched(way, *of), batch))
            _lay_down(files, b"".join(line for _, line in came))
            if any(status == link.SILENT for status, _ in came):
                way.ask("GET", f"{base}/metadata", token=False)  # a server that is away answers nothing at all
            missing.update(status for status, line in came if not line)
            if start + _BATCH >= len(absent) or time.monotonic() - said > 5:
                held = len(named) - len(absent) + start + len(batch) - missing.total()
                progress.say(f"source {way.position}: {held:,} of {len(named):,} attached documents are here")
                said = time.monotonic()
    if missing:
        told = link.statuses(missing)
        progress.say(f"source {way.position}: {missing.total():,} attached documents cannot be had ({told}): withheld")


def _lay_down(files: Path, lines: bytes) -> None:
    """One more file of Binaries, whole or not at all."""
    folder, part = files / FOLDER, files.parent / ".arriving-attachments"
    if not lines:
        return
    try:
        folder.mkdir(exist_ok=True)
        part.write_bytes(lines)
        part.replace(folder / f"Binary-{len(list(folder.iterdir())) + 1:06d}.ndjson")
    except OSError as cause:
        raise link.unwritten(cause) from None


# --- what is wanted -------------------------------------------------------------------------------


def _survey(way: Link, base: str, files: Path) -> tuple[dict[str, str], set[str]]:
    """The address of each Binary that a document of the export points to, by ``Binary/id``, and which are here."""
    named: dict[str, str] = {}
    here: set[str] = set()
    for text in (line for path in sorted(files.rglob("*")) if path.is_file() for line in _lines(path)):
        kind, own = records.told(text) if b"Binary" in text else (None, None)
        if kind == "Binary":
            here.add(f"Binary/{own}")
        for url in _addresses(text) if kind in DOCUMENTS else ():
            name, whole = references.binary(url), _whole(way, base, url)
            if name and whole:
                named.setdefault(name, whole)
    return named, here


def _lines(path: Path) -> Iterator[bytes]:
    """The lines of a file; where a packed one is damaged it ends, and landing says so."""
    with path.open("rb") as handle, suppress(EOFError, zlib.error, gzip.BadGzipFile):
        packed = handle.peek(2)[:2] == b"\x1f\x8b"
        whole = cast(BinaryIO, gzip.GzipFile(fileobj=handle)) if packed else handle
        yield from (text for _, text, _ in records.lines(whole))


def _addresses(text: bytes) -> Iterator[str]:
    """The addresses in a document of what is attached to it and may be a text."""
    try:
        nodes: list[Any] = [orjson.loads(text)]
    except orjson.JSONDecodeError:
        return
    while nodes:
        node = nodes.pop()
        if isinstance(node, Mapping):
            url, kind = node.get("url"), node.get("contentType")
            if isinstance(url, str) and not node.get("data") and not str(kind).lower().startswith(_NO_TEXT):
                yield url
            nodes += node.values()
        elif isinstance(node, list):
            nodes += node


def _whole(way: Link, base: str, url: str) -> str | None:
    """An address made whole; None for one that is not the server's own."""
    try:
        whole = str(httpx.URL(f"{base}/").join(url))
    except httpx.InvalidURL:
        return None
    return whole if way.same_origin(whole) else None


# --- what comes -----------------------------------------------------------------------------------


def _fetched(way: Link, name: str, url: str) -> tuple[int, bytes]:
    """The HTTP status, and the document as the line of a Binary of this name; an empty line where it cannot be had."""
    try:
        response = way.ask("GET", url, headers=_WANTED)
    except MachineError:
        return link.SILENT, b""
    if response.status_code != 200:
        return response.status_code, b""
    kind = response.headers.get("Content-Type", "")
    told = link.json_of(response) if "json" in kind else {}
    if told.get("resourceType") != "Binary":
        if "fhir+json" in kind or not response.content:
            return 200, b""
        told = {"contentType": kind or _GENERAL, "data": base64.b64encode(response.content).decode()}
    rest = {key: value for key, value in told.items() if key not in ("resourceType", "id")}
    return 200, orjson.dumps({"resourceType": "Binary", "id": name.removeprefix("Binary/"), **rest}) + b"\n"
