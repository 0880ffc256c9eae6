"""Landing: each delivered file is copied once, under its SHA-256, and written down with where it came from.

The equation counts files: those found, and those that a manifest names but that did not come. Files that are neither
FHIR data nor a CSV that a mapping knows are kept as evidence and counted as filtered; no later stage reads them.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import secrets
import zlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, cast

from chartline.errors import MachineError
from chartline.fhir import extracts
from chartline.files import formats, manifests
from chartline.files.sources import Item, blocks, items
from chartline.lake import gone, landing, ledger, quarantine, tables
from chartline.settings import Settings
from chartline.stage import Counts, StageResult

CHUNK = 16 << 20  # bytes of NDJSON or CSV that one task reads at most


@dataclass(frozen=True)
class Landed:
    """A file in the landing zone.

    Attributes:
        item: where it came from.
        digest: SHA-256 of its bytes.
        size: bytes.
        format: what it is.
        chunks: (byte offset, 1-based line) where readable pieces of a large uncompressed NDJSON or CSV file begin.
        known: the same bytes were landed before, by this run or another.
        manifest: digest of the manifest that names it.
        transaction_time: server time of that export.
        fault: why it must not be parsed (manifest_count_mismatch, manifest_size_mismatch), empty when it may.
        sheet: the mapping of a CSV file that has one.
    """

    item: Item
    digest: str
    size: int
    format: formats.Format
    chunks: tuple[tuple[int, int], ...] = ()
    known: bool = False
    manifest: str | None = None
    transaction_time: datetime | None = None
    fault: str = ""
    sheet: extracts.Sheet | None = None


@dataclass(frozen=True)
class Missing:
    """A file that a manifest names and that did not come: the manifest's digest and the entry's place in it."""

    manifest: str
    entry: int


@dataclass
class _Tally:
    """What one pass over a file's bytes finds out; filled block by block."""

    sha: Any = field(default_factory=hashlib.sha256)
    size: int = 0
    line: int = 1
    head: bytes = b""
    chunks: list[tuple[int, int]] = field(default_factory=list)

    def add(self, block: bytes) -> None:
        """Take one block into account."""
        if len(self.head) < formats.HEAD:
            self.head += block[: formats.HEAD - len(self.head)]
        self.sha.update(block)
        target = (self.chunks[-1][0] if self.chunks else 0) + CHUNK
        if self.size + len(block) >= target:
            start = block.find(b"\n", max(0, target - self.size)) + 1
            if start:
                self.chunks.append((self.size + start, self.line + block.count(b"\n", 0, start)))
        self.line += block.count(b"\n")
        self.size += len(block)


def land(settings: Settings, sources: Sequence[Path], *, run_id: str) -> StageResult:
    """Copy every file of the sources into the landing zone and write a row each in ``landing.files``.

    Args:
        settings: the project's settings.
        sources: files, folders and archives (tar with gzip, xz or bzip2; zip). Bulk-export folders may
            hold a manifest of any published shape.
        run_id: id of this run.

    Raises:
        UsageError: CL2032 a source is not there.
        DataError: CL1030 a source holds no file (exit code 1), CL1031 to CL1033 an archive cannot be used.
        UsageError: CL2080 or CL2081 a mapping of CSV extracts cannot be used.
        MachineError: CL3035 a source may not be read, CL3036 the landing zone cannot be written.
    """
    started = datetime.now(UTC)
    found = list(_copied(settings, items(sources), extracts.load(settings.extracts)))
    refused = Counter(f.refused for f in found if isinstance(f, Item))
    landed, missing = _against_manifests(settings, [f for f in found if isinstance(f, Landed)])
    digest = ledger.input_digest("land", files=sorted(f.digest for f in landed), refused=sorted(refused.items()))
    before = ledger.same_work(settings, "land", digest)
    if before and all(f.known for f in landed):
        return before
    counts = _counts(landed, missing, refused)
    counts.require_whole("land")
    quarantine.append(settings, _set_aside(landed, missing), started, run_id)
    rows = [_row(f, started, run_id) for f in landed if not f.known]
    versions = {"landing.files": tables.append(settings, "landing.files", rows, {"run_id": run_id})}
    result = StageResult(
        "land", run_id, counts, versions, extra={"bytes": sum(f.size for f in landed), "missing_files": len(missing)}
    )
    ledger.record(settings, result, digest, started)
    return result


def _copied(settings: Settings, found: Iterable[Item], layouts: extracts.Layouts) -> Iterator[Landed | Item]:
    known = set(tables.read(settings, "landing.files", columns=["digest"])["digest"].to_pylist())
    taken_back = gone.taken_back(settings)
    for item in found:
        if item.refused:
            yield item
            continue
        tally = _copy(settings, item, known | taken_back)
        digest = tally.sha.hexdigest()
        if digest in taken_back:
            yield replace(item, refused="taken_back")
            continue
        judged = formats.detect(tally.head, PurePosixPath(item.name).name, layouts.reason)
        sheet = None
        if judged.name == "csv" and not judged.reason:
            told = layouts.judge(formats.inflate(tally.head) if judged.compression == "gzip" else tally.head, item.name)
            sheet = None if isinstance(told, str) else told
        landed = Landed(item, digest, tally.size, judged, known=digest in known, sheet=sheet)
        yield replace(landed, chunks=() if landed.known else _chunks(settings, landed, tally))
        known.add(digest)


def _chunks(settings: Settings, landed: Landed, tally: _Tally) -> tuple[tuple[int, int], ...]:
    if landed.format.compression == "none" and landed.size > CHUNK:
        if landed.format.name == "ndjson":
            return tuple(tally.chunks)
        if landed.sheet:
            return tuple(_rows_apart(landing.blob(settings, landed.digest), landed.sheet))
    return ()


def _rows_apart(path: Path, sheet: extracts.Sheet) -> Iterator[tuple[int, int]]:
    """Rows of a CSV file, a chunk apart, found by the reader itself: a line may lie within quotes."""
    target = CHUNK
    with path.open("rb") as handle:
        for row in sheet.rows(handle):
            if row.start >= target:
                yield row.start, row.line
                target = row.start + CHUNK


def _copy(settings: Settings, item: Item, known: Collection[str]) -> _Tally:
    tally = _Tally()
    folder = landing.folder(settings)
    arriving = folder / f".arriving-{secrets.token_hex(8)}"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(arriving, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            for block in blocks(item):
                tally.add(block)
                out.write(block)
        digest = tally.sha.hexdigest()
        # What is written down stays as it lies: somebody who left may have been taken out of it.
        if digest not in known:
            target = landing.blob(settings, digest)
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            arriving.replace(target)
    except OSError as cause:
        raise MachineError(
            "CL3036",
            f"a file cannot be copied into the landing zone ({type(cause).__name__}).",
            "Check disk and rights.",
        ) from None
    finally:
        arriving.unlink(missing_ok=True)
    return tally


def _against_manifests(settings: Settings, landed: list[Landed]) -> tuple[list[Landed], list[Missing]]:
    """Give each file the manifest that names it; find files that are missing or not as their manifest says.

    A file is looked for by name in the manifest's source, in the manifest's own folder first, with or without ``.gz``.
    """
    missing: list[Missing] = []
    named: dict[int, Landed] = {}
    places = _places(landed)
    for at in landed:
        if at.format.name != "manifest":
            continue
        manifest = manifests.read(landing.blob(settings, at.digest).read_bytes())
        for number, entry in enumerate(manifest.entries, start=1):
            there = places.get((at.item.source, entry.file.removesuffix(".gz")), [])
            if not there:
                missing.append(Missing(at.digest, number))
                continue
            at_hand = min(there, key=lambda i: (_folder(landed[i]) != _folder(at), i))
            named[at_hand] = replace(
                landed[at_hand],
                manifest=at.digest,
                transaction_time=manifest.transaction_time,
                fault=_fault(settings, landed[at_hand], entry),
            )
    return [named.get(i, f) for i, f in enumerate(landed)], missing


def _places(landed: list[Landed]) -> dict[tuple[int, str], list[int]]:
    """Where in the list the files of a source lie that have a name; ``.gz`` is left off."""
    places: dict[tuple[int, str], list[int]] = {}
    for i, file in enumerate(landed):
        name = PurePosixPath(file.item.name).name.removesuffix(".gz")
        places.setdefault((file.item.source, name), []).append(i)
    return places


def _folder(file: Landed) -> PurePosixPath:
    return PurePosixPath(file.item.name).parent


def _fault(settings: Settings, file: Landed, entry: manifests.Entry) -> str:
    if entry.size is not None and file.format.compression == "none" and entry.size != file.size:
        return "manifest_size_mismatch"
    if entry.count is not None and entry.count != _lines(settings, file):
        return "manifest_count_mismatch"
    return ""


def _lines(settings: Settings, file: Landed) -> int:
    opened = gzip.open if file.format.compression == "gzip" else open
    try:
        with cast(BinaryIO, opened(landing.blob(settings, file.digest), "rb")) as handle:
            if file.sheet:
                return sum(1 for _ in file.sheet.rows(handle)) - 1
            return sum(1 for line in handle if line.strip())
    except (EOFError, gzip.BadGzipFile, zlib.error):
        return -1  # a gzip file that breaks off has no number of lines


def _counts(landed: list[Landed], missing: list[Missing], refused: Counter[str]) -> Counts:
    fresh = [f for f in landed if not f.known]
    quarantined = Counter(f.fault for f in fresh if f.fault)
    if missing:
        quarantined["manifest_file_missing"] = len(missing)
    return Counts(
        in_=len(landed) + len(missing) + refused.total(),
        out=sum(1 for f in fresh if not f.fault and not f.format.reason),
        quarantined=quarantined,
        duplicate=len(landed) - len(fresh),
        filtered=refused + Counter(f.format.reason for f in fresh if not f.fault and f.format.reason),
    )


def _set_aside(landed: list[Landed], missing: list[Missing]) -> list[quarantine.Record]:
    return [
        *(quarantine.Record("land", f.fault, "manifest", f.digest) for f in landed if f.fault and not f.known),
        *(quarantine.Record("land", "manifest_file_missing", "manifest", m.manifest, m.entry) for m in missing),
    ]


def _row(file: Landed, now: datetime, run_id: str) -> dict[str, Any]:
    return {
        "digest": file.digest,
        "size": file.size,
        "name": file.item.name,
        "container": file.item.container,
        "format": file.format.name,
        "compression": file.format.compression,
        "manifest": file.manifest,
        "transaction_time": file.transaction_time,
        "chunks": [{"offset": offset, "line": line} for offset, line in file.chunks],
        "landed_at": now,
        "run_id": run_id,
    }
