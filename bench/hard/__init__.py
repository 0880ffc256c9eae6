"""Hard notes: a seeded generator of clinical writing with gold spans, of kinds that no corpus at hand holds."""

from bench.hard.notes import Note, make

__all__ = ["Note", "make"]
