"""The files inside what a caller names: files, folders and archives, one after the other, none read whole.

Nothing is unpacked to disk under its own name, so a path inside an archive can reach nothing; a member
with a path that tries is still refused, because an honest export has none.
"""

from __future__ import annotations

import bz2
import errno
import gzip
import hashlib
import lzma
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

from chartline.errors import ChartlineError, DataError, MachineError, UsageError
from chartline.files.formats import inflate

MAX_UNPACKED = 1 << 40  # bytes taken from one archive, whatever its own size
MAX_RATIO = 400  # unpacked to packed; xz of pretty-printed FHIR stays below 60
BLOCK = 1 << 20
FREE_BYTES = 1 << 30  # small archives may unpack to this much at any ratio

_Open = Callable[[], BinaryIO]
_NO_PATH = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG})
_ARCHIVE_ERRORS = (tarfile.TarError, zipfile.BadZipFile, lzma.LZMAError, zlib.error, EOFError, NotImplementedError)


@dataclass(frozen=True)
class Item:
    """A file found in a source.

    Attributes:
        source: position of the source in the call, from 1.
        name: path inside the source; may hold names of people.
        container: SHA-256 of the archive it was taken from, None when it came on its own.
        open: opens the bytes; to be called before the next item is asked for.
        refused: why the file may not be read (not_a_file, unsafe_path, taken_back), empty when it may.
    """

    source: int
    name: str
    container: str | None
    open: _Open
    refused: str = ""


def items(sources: Sequence[Path]) -> Iterator[Item]:
    """Every file of every source, in the order of the call and then by path.

    Raises:
        UsageError: CL2032 a source is not there.
        MachineError: CL3035 a source, or a file in it, may not be read.
        DataError: CL1030 a folder or archive holds no file (exit code 1: the call was right, the data is
            missing), CL1031 an archive is damaged, CL1032 it unpacks to far more than it holds, CL1033 it is locked.
    """
    for position, path in enumerate(sources, start=1):
        found = 0
        try:
            for item in _walk(position, path):
                found += 1
                yield item
        except PermissionError:
            raise MachineError(
                "CL3035", f"source {position} may not be read.", "Give this user read rights on it."
            ) from None
        except OSError as cause:
            if cause.errno not in _NO_PATH:
                raise
            raise UsageError("CL2032", f"source {position} is not there.", "Check the path.") from None
        if not found:
            raise DataError("CL1030", f"source {position} holds no file.", "Check that the export has arrived.")


def blocks(item: Item) -> Iterator[bytes]:
    """The bytes of an item in blocks of a megabyte; DataError CL1031 when its archive is damaged there."""
    try:
        with item.open() as handle:
            while block := handle.read(BLOCK):
                yield block
    except _ARCHIVE_ERRORS:
        raise _damaged(item.source) from None
    except OSError as cause:
        if cause.errno is not None:
            raise
        raise _damaged(item.source) from None  # what bzip2 says of bytes that are none


@contextmanager
def whole(item: Item) -> Iterator[None]:
    """Within it the content of a gzip file is read; DataError CL1101 when it is damaged."""
    try:
        yield
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise DataError("CL1101", f"source {item.source} holds a damaged gzip file.", "Have it sent again.") from None


def _walk(position: int, path: Path) -> Iterator[Item]:
    if not path.is_dir():
        yield from _file(position, path, path.name)
        return
    root = path.resolve()
    for child in _children(path):
        name = child.relative_to(path).as_posix()
        if child.is_symlink() and not (child.exists() and child.resolve().is_relative_to(root)):
            yield Item(position, name, None, _nothing, "unsafe_path")
        else:
            yield from _file(position, child, name)


def _children(folder: Path) -> Iterator[Path]:
    for child in sorted(folder.iterdir()):
        if child.is_dir() and not child.is_symlink():
            yield from _children(child)
        else:
            yield child


def _file(position: int, path: Path, name: str) -> Iterator[Item]:
    if not stat.S_ISREG(path.stat().st_mode):
        yield Item(position, name, None, _nothing, "not_a_file")
        return
    with path.open("rb") as handle:
        kind = archive_kind(handle.read(1 << 14), name)
    if kind:
        yield from _members(position, path, name, kind)
    else:
        yield Item(position, name, None, lambda: path.open("rb"))


def archive_kind(head: bytes, name: str) -> str:
    """``tar`` or ``zip`` when these first bytes are an archive's, else empty.

    A zip is told from office documents, which are zips too, by its name.
    """
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "zip" if name.lower().endswith(".zip") else ""
    unpacked = head
    try:
        if head.startswith(b"\x1f\x8b"):
            unpacked = inflate(head)
        elif head.startswith(b"BZh") and name.lower().endswith((".tbz2", ".tar.bz2", ".tbz")):
            return "tar"  # one block of bzip2 is larger than the head
        elif head.startswith(b"BZh"):
            unpacked = bz2.BZ2Decompressor().decompress(head, 1024)
        elif head.startswith(b"\xfd7zXZ\x00"):
            unpacked = lzma.LZMADecompressor().decompress(head, 1024)
    except (OSError, lzma.LZMAError, EOFError):
        return ""
    return "tar" if unpacked[257:262] == b"ustar" else ""


def _members(position: int, path: Path, name: str, kind: str) -> Iterator[Item]:
    with path.open("rb") as handle:
        container = hashlib.file_digest(handle, "sha256").hexdigest()
    cap = min(MAX_UNPACKED, max(FREE_BYTES, MAX_RATIO * path.stat().st_size))
    read = _tar if kind == "tar" else _zip
    try:
        yield from read(position, path, name, container, cap)
    except ChartlineError:
        raise
    except _ARCHIVE_ERRORS:
        raise _damaged(position) from None


def _damaged(position: int) -> DataError:
    return DataError("CL1031", f"source {position} is or holds a damaged archive.", "Have it delivered again.")


@contextmanager
def _budget(position: int, cap: int) -> Iterator[Callable[[int], None]]:
    left = cap

    def spend(size: int) -> None:
        nonlocal left
        left -= size
        if left < 0:
            raise DataError("CL1032", f"an archive in source {position} unpacks beyond its cap.", "Unpack it yourself.")

    yield spend


def _tar(position: int, path: Path, name: str, container: str, cap: int) -> Iterator[Item]:
    with tarfile.open(path, "r|*") as archive, _budget(position, cap) as spend:
        for member in archive:
            if member.isdir():
                continue
            spend(member.size)
            refused = _unsafe(member.name) or ("" if member.isreg() else "not_a_file")
            inner = member
            yield Item(
                position,
                f"{name}!/{member.name}",
                container,
                lambda inner=inner: cast(BinaryIO, archive.extractfile(inner)),  # type: ignore[misc]
                refused,
            )


def _zip(position: int, path: Path, name: str, container: str, cap: int) -> Iterator[Item]:
    with zipfile.ZipFile(path) as archive, _budget(position, cap) as spend:
        for member in archive.infolist():
            if member.is_dir():
                continue
            spend(member.file_size)
            if member.flag_bits & 0x1:
                raise DataError("CL1033", f"an archive in source {position} needs a password.", "Deliver it open.")
            refused = _unsafe(member.filename)
            inner = member
            yield Item(
                position,
                f"{name}!/{member.filename}",
                container,
                lambda inner=inner: cast(BinaryIO, archive.open(inner)),  # type: ignore[misc]
                refused,
            )


def _unsafe(name: str) -> str:
    path = PurePosixPath(name.replace("\\", "/"))
    unsafe = not path.parts or path.is_absolute() or ".." in path.parts or path.parts[0].endswith(":")
    return "unsafe_path" if unsafe else ""


def _nothing() -> BinaryIO:
    raise FileNotFoundError
