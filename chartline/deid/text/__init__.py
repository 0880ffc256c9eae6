"""Text de-identification: Presidio as the frame, our recognizers inside, known values on top."""

from chartline.deid.text.engine import DocumentResult, Leaning, TextEngine, TextResult, build
from chartline.deid.text.lines import jsonl

__all__ = ["DocumentResult", "Leaning", "TextEngine", "TextResult", "build", "jsonl"]
