"""Spans: pieces of a text that are to be replaced, and how overlapping ones become one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

TYPES = tuple(
    """
    URL EMAIL IP SSN PHONE ADDRESS FACILITY LOCATION DATE AGE VEHICLE DEVICE MRN ACCOUNT PLAN LICENSE ID ZIP NAME
    """.split()
)
"""What a piece is; where pieces of one length overlap, the first of them decides."""


class Found(NamedTuple):
    """A piece that a recognizer found.

    Attributes:
        start: first code point, half-open.
        end: one past the last.
        type: one of ``TYPES``.
        source: recognizer and rule.
    """

    start: int
    end: int
    type: str
    source: str


@dataclass(frozen=True)
class Span:
    """A piece that was replaced: offsets in the input, type, replacement and the rule that found it."""

    start: int
    end: int
    type: str
    replacement: str = field(repr=False)
    source: str = ""

    def told(self) -> dict[str, Any]:
        """The columns of a span in a table: all but the replacement, which the text has."""
        return {"start": self.start, "end": self.end, "type": self.type, "source": self.source}


_RANK = {name: i for i, name in enumerate(TYPES)}


def union(found: Iterable[Found]) -> list[Found]:
    """Overlapping pieces joined: nothing that a recognizer found is left in part; the longest piece names the type."""
    out: list[Found] = []
    for piece in sorted(found, key=lambda f: (f.start, -f.end, _RANK.get(f.type, 99), f.source)):
        if out and piece.start < out[-1].end:
            last = out[-1]
            longer = max(last, piece, key=lambda f: (f.end - f.start, -_RANK.get(f.type, 99)))
            out[-1] = Found(last.start, max(last.end, piece.end), longer.type, longer.source)
        else:
            out.append(piece)
    return out
