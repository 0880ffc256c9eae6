"""Text de-identification: Presidio as the frame, our recognizers inside, known values on top."""

from chartline.deid.text.engine import DocumentResult, TextEngine, TextResult, build
from chartline.deid.text.lines import jsonl

__all__ = ["DocumentResult", "TextEngine", "TextResult", "build", "jsonl"]
