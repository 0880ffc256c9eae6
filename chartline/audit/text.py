"""The text inside any file, however it is packed: what the leak sweep reads."""

from __future__ import annotations

import base64
import binascii
import bz2
import html
import io
import lzma
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

KINDS = ("file name", "parquet values", "parquet footer", "delta log", "json", "html", "compressed", "base64", "text")
"""The surfaces that a sweep can exercise; ``text`` is every other byte, logs and databases included."""

CELL = "\x00"
_CAP = 1 << 30  # bytes that one compressed file may unpack to
_DEEPEST = 4
_ROWS = 16_384  # of a Parquet file at a time
_BASE64 = re.compile(r"[A-Za-z0-9+/]{24,}={0,2}")
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})|\\[nrtbf\"/\\]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_TEXT_TO_CONTROL = 32  # of bytes by chance a quarter are control characters
_TAG = re.compile(r"<[^<>]{1,500}>")
_FOREIGN = re.compile(r"[^\x00-\x7f]+")
_NOT_WORD = re.compile(r"\W+|_+")
_TABLE = bytes(c if chr(c).isalnum() or c == 0 else 32 for c in range(128)) + bytes(range(128, 256))


@dataclass(frozen=True)
class Piece:
    """Some text of a file: its surface, its column or member, and the text, cells set apart by ``CELL``."""

    kind: str
    place: str
    text: str


def fold(text: str) -> bytes:
    """Lower case, no accents, words set apart by single spaces, in UTF-8; cells stay apart."""
    if not text.isascii():
        text = _FOREIGN.sub(lambda m: _folded(m[0]), text)
    return b" ".join(text.lower().encode().translate(_TABLE).split())


@lru_cache(maxsize=4096)
def _folded(run: str) -> str:
    plain = unicodedata.normalize("NFKD", run.casefold())
    return _NOT_WORD.sub(" ", "".join(c for c in plain if not unicodedata.combining(c)))


def plain(text: str) -> str:
    """The text with what JSON, HTML and URLs escape written out; marked-up text a second time without its tags."""
    if "\\" in text:
        text = f" {CELL} ".join(map(_unescaped, _nested(text)))
    if "&" in text:
        text = html.unescape(text)
    if "%" in text:
        text = unquote(text, errors="replace")
    return f"{text} {CELL} {_TAG.sub(' ', text)}" if "</" in text else text


def _nested(text: str) -> Iterator[str]:
    """A text, and what it is where it stands in a string of JSON that stands in another: a Delta log's ``stats``."""
    for _ in range(_DEEPEST):
        yield text
        if "\\\\" not in text:
            return
        text = text.replace("\\\\", "\\")


def _unescaped(text: str) -> str:
    made = _ESCAPE.sub(lambda m: chr(int(m[1], 16)) if m[1] else " ", text)
    return made.encode("utf-8", "replace").decode()


def pieces(path: Path, name: str) -> Iterator[Piece]:
    """Every piece of text of a file: its name, its values, its footer, what is packed in it.

    Args:
        path: the file.
        name: its name as it is to be searched.
    """
    yield Piece("file name", "", name)
    yield from _opened(path.read_bytes(), name, "", 0)


def _opened(data: bytes, name: str, place: str, depth: int) -> Iterator[Piece]:
    if depth > _DEEPEST or not data:
        return
    if data[:4] == b"PAR1" and data[-4:] == b"PAR1":
        yield from _parquet(data)
        return
    unpacked = _unpacked(data)
    if unpacked is not None:
        for member, inner in unpacked:
            yield Piece("compressed", place, member)
            yield from (Piece(p.kind, place, p.text) for p in _opened(inner, name, place, depth + 1))
        yield Piece("compressed", place, "")
        return
    yield from _texts(_decoded(data), name, place, depth)


def _texts(text: str, name: str, place: str, depth: int) -> Iterator[Piece]:
    yield Piece(_kind(text, name), place, text)
    if depth <= _DEEPEST:
        yield from _base64(text, name, place, depth)


def _kind(text: str, name: str) -> str:
    if "_delta_log" in name:
        return "delta log"
    start = text[:200].lstrip().lower()
    if start.startswith(("<!doctype", "<html")):
        return "html"
    return "json" if start.startswith(("{", "[")) else "text"


def _decoded(data: bytes) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _unpacked(data: bytes) -> list[tuple[str, bytes]] | None:
    """Members of compressed bytes with their names; None when they are not compressed."""
    for magic, stream in _STREAMS:
        if data.startswith(magic):
            found = _all_streams(data, magic, stream)
            return [("", found)] if found else None
    if not data.startswith(b"PK\x03\x04"):
        return None
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return [(m.filename, archive.read(m)) for m in archive.infolist() if m.file_size < _CAP]
    except (OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, RuntimeError):
        return None


_STREAMS: tuple[tuple[bytes, Callable[[], Any]], ...] = (
    (b"\x1f\x8b", lambda: zlib.decompressobj(zlib.MAX_WBITS | 16)),
    (b"BZh", bz2.BZ2Decompressor),
    (b"\xfd7zXZ\x00", lzma.LZMADecompressor),
)
"""How compressed bytes begin, and what unpacks a stream of them."""


def _all_streams(data: bytes, magic: bytes, stream: Callable[[], Any]) -> bytes:
    """All streams of compressed bytes, one behind the other, up to the first that is damaged."""
    out, left = [], _CAP
    while data.startswith(magic) and left > 0:
        one = stream()
        try:
            out.append(one.decompress(data, left))
        except (OSError, EOFError, zlib.error, lzma.LZMAError):
            break
        left -= len(out[-1])
        data = one.unused_data.lstrip(b"\0")  # xz fills up to a multiple of four
    return b"".join(out)


def _base64(text: str, name: str, place: str, depth: int) -> Iterator[Piece]:
    found = []
    for run in set(_BASE64.findall(text)):
        try:
            data = base64.b64decode(run + "=" * (-len(run) % 4))
        except (binascii.Error, ValueError):
            continue
        if _unpacked(data) is not None:
            yield from (Piece("base64", place, p.text) for p in _opened(data, name, place, depth + 1))
            continue
        inner = _decoded(data)
        if len(_CONTROL.findall(inner)) * _TEXT_TO_CONTROL <= len(inner):
            found.append(inner)
    if found:
        yield Piece("base64", place, f" {CELL} ".join(found))


# --- Parquet ---------------------------------------------------------------------------------------


def _parquet(data: bytes) -> Iterator[Piece]:
    file = pq.ParquetFile(io.BytesIO(data))
    yield Piece("parquet footer", "", f" {CELL} ".join(_footer(file)))
    for batch in file.iter_batches(batch_size=_ROWS):
        for column, values in zip(batch.schema.names, batch.columns, strict=True):
            yield from _values(values, column)


def _footer(file: Any) -> Iterator[str]:
    """Key-value metadata, the schema's own, and the smallest and largest value of every column."""
    meta = file.metadata
    for pairs in (meta.metadata, file.schema_arrow.metadata):
        yield from (_decoded(part) for pair in (pairs or {}).items() for part in pair)
    yield str(meta.created_by)
    for group in range(meta.num_row_groups):
        for column in range(meta.num_columns):
            told = meta.row_group(group).column(column)
            yield told.path_in_schema
            if told.is_stats_set and told.statistics.has_min_max:
                yield from (str(told.statistics.min), str(told.statistics.max))


def _values(array: Any, column: str) -> Iterator[Piece]:
    for name, leaf in _leaves(array, column):
        values = [v for v in pc.unique(leaf).to_pylist() if v is not None]
        if values and isinstance(values[0], bytes):
            for value in values:
                yield from (Piece("parquet values", name, p.text) for p in _opened(value, "", name, 1))
        elif values:
            for piece in _texts(f" {CELL} ".join(map(str, values)), "", name, 1):
                yield Piece("base64" if piece.kind == "base64" else "parquet values", name, piece.text)


def _leaves(array: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Arrays of text, bytes and whole numbers inside a column of any shape; times cannot hold a name."""
    kind = array.type
    if pa.types.is_dictionary(kind):
        yield from _leaves(array.dictionary_decode(), name)
    elif pa.types.is_struct(kind):
        for i, part in enumerate(array.flatten()):
            yield from _leaves(part, f"{name}.{kind.field(i).name}")
    elif pa.types.is_map(kind):
        yield from _leaves(array.keys, f"{name}.key")
        yield from _leaves(array.items, f"{name}.value")
    elif pa.types.is_nested(kind):
        yield from _leaves(array.flatten(), name)
    elif not (pa.types.is_temporal(kind) or pa.types.is_boolean(kind) or pa.types.is_floating(kind)):
        yield name, array
