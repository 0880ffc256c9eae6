"""Hard notes: a seeded generator of clinical writing with gold spans, of kinds that no corpus at hand holds."""

from bench.hard.notes import Note, make
from bench.hard.record import recorded

__all__ = ["Note", "make", "recorded"]
