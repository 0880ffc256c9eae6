"""Rows of a CSV file, each with its line, its bytes and what is wrong with it; streamed, one row in memory.

The standard library's reader says where a row ends and what its cells are. A row that it cannot read, or whose bytes
are not in the encoding of the file, comes with a reason code instead of cells: nothing is mended, nothing left out.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from chartline.files.formats import BOM

MAX_ROW = 16 << 20  # bytes of one row; notes in a cell stay far below

_UNCLOSED = "unexpected end of data"  # what the reader says of a quote that the file ends in
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Row:
    """One row.

    Attributes:
        line: 1-based line on which it begins.
        start: byte at which it begins, counted from where reading began.
        raw: its bytes, the end of its line included; empty for one that is too long.
        cells: its cells without the blanks around them; empty when there is a fault.
        fault: reason code: malformed_row, unclosed_quote, row_too_long, wrong_encoding.
    """

    line: int
    start: int
    raw: bytes = field(repr=False)
    cells: list[str] = field(repr=False, default_factory=list)
    fault: str = ""


class _TooLong(Exception):
    """A row has more than ``MAX_ROW`` bytes."""


class _Lines:
    """The lines that the reader asks for, and the bytes of those that it took for the row at hand."""

    def __init__(self, handle: BinaryIO, size: int | None, first: int, encoding: str) -> None:
        self._handle, self._left, self._encoding = handle, size, encoding
        self.line, self.start = first, 0
        self.taken: list[bytes] = []
        self.held = 0
        self.foreign = False
        self._mark = BOM if first == 1 and codecs.lookup(encoding).name == "utf-8" else b""

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        room = MAX_ROW + 1 - self.held
        text = self._handle.readline(room if self._left is None else min(room, self._left))
        self.held += len(text)
        self._left = None if self._left is None else self._left - len(text)
        if self.held > MAX_ROW:
            raise _TooLong
        if not text:
            raise StopIteration
        self.taken.append(text)
        text, self._mark = text.removeprefix(self._mark), b""
        try:
            return text.decode(self._encoding)
        except UnicodeDecodeError:
            self.foreign = True
            return text.decode(self._encoding, "surrogateescape")

    def next_row(self) -> None:
        self.line += len(self.taken)
        self.start += self.held
        self.taken, self.held, self.foreign = [], 0, False

    def drain(self) -> None:
        """Pass over all that is left."""
        while self._left != 0 and (
            block := self._handle.read(_BLOCK if self._left is None else min(_BLOCK, self._left))
        ):
            self._left = None if self._left is None else self._left - len(block)


def rows(
    handle: BinaryIO, *, line: int = 1, size: int | None = None, delimiter: str = ",", encoding: str = "utf-8"
) -> Iterator[Row]:
    """Every row that is not blank, as one is that holds blanks and ends of lines only.

    A quote that is opened and not closed takes the rest with it, as one row: where the next one begins is then unknown.

    Args:
        handle: the file, at the beginning of a row.
        line: 1-based number of that row's line; a byte order mark is looked for on line 1 only.
        size: bytes to read, up to the end of a row; None for all.
        delimiter: the character between cells.
        encoding: of the file.
    """
    csv.field_size_limit(MAX_ROW)
    lines = _Lines(handle, size, line, encoding)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        cells: list[str] = []
        fault = ""
        try:
            cells = next(reader)
        except StopIteration:
            return
        except _TooLong:
            lines.drain()
            yield Row(lines.line, lines.start, b"", fault="row_too_long")
            return
        except csv.Error as refused:
            fault = "unclosed_quote" if str(refused) == _UNCLOSED else "malformed_row"
        fault = "wrong_encoding" if lines.foreign else fault
        found = [] if fault else [cell.strip() for cell in cells]
        if fault or len(found) > 1 or any(found):
            yield Row(lines.line, lines.start, b"".join(lines.taken), found, fault)
        lines.next_row()
