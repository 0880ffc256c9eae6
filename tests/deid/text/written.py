"""What tests of writing ask of an engine that knows nobody."""

from __future__ import annotations

from collections.abc import Iterable

from chartline.deid.context import PatientContext
from chartline.deid.text import TextEngine

NOBODY = PatientContext("nobody")


def left(engine: TextEngine, text: str, gone: Iterable[str]) -> list[str]:
    """The pieces that should go and are still in the text."""
    made = engine.deidentify(text, NOBODY).text
    return [piece for piece in gone if piece in made]
