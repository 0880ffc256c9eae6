"""What became of a person's documents in the last run: what still stands is not read again (decision 40).

A note of a page takes the text engine a hundred times as long as the rest of its resource takes the walk. What becomes
of it depends on its bytes, on what is known of the patient, on code, policy and key, and on the cohort in two ways:
providers whom it may name are found in it, and a surrogate is nobody's name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from chartline.deid.context import PatientContext
from chartline.lake.hashes import row_hash

if TYPE_CHECKING:
    from chartline.deid.text import DocumentResult

TABLE = "bronze.readings"
COLUMNS = ("reading", "content_type", "text", "spans", "status", "cohort", "providers", "free", "taken")
"""What a reading is made of again."""


@dataclass
class Readings:
    """Readings of one person's documents by name, which is a digest of the document and of what is known of the person.

    Attributes:
        before: those of the last run.
        used: those that this run used, from before or new.
    """

    before: dict[str, DocumentResult] = field(default_factory=dict, repr=False)
    used: dict[str, DocumentResult] = field(default_factory=dict, repr=False)

    def rows(self, person_id: str, engine: str) -> Iterator[dict[str, Any]]:
        """Rows of ``bronze.readings``; ``count`` is 1 for one that stood, 0 for a new one.

        Args:
            person_id: whose they are.
            engine: digest of code, policy, key and project.
        """
        for name, made in self.used.items():
            leaning = made.leaning
            told = {
                "person_id": person_id,
                "reading": name,
                "engine": engine,
                "content_type": made.content_type,
                "text": made.text,
                "spans": [span.told() for span in made.spans],
                "status": made.status,
                "cohort": leaning.cohort,
                "providers": leaning.providers,
                "free": list(leaning.free),
                "taken": list(leaning.taken),
            }
            stood = self.before.get(name) is made
            yield told | {"row_hash": row_hash(orjson.dumps(told)), "count": int(stood)}


def of_row(row: Mapping[str, Any]) -> DocumentResult:
    """The reading that a row of ``bronze.readings`` tells."""
    from chartline.deid.text import DocumentResult, Leaning
    from chartline.deid.text.spans import Span

    text = row["text"]
    spans = (Span(s["start"], s["end"], s["type"], text[s["start"] : s["end"]], s["source"]) for s in row["spans"])
    leaning = Leaning(row["cohort"], row["providers"], tuple(row["free"]), tuple(row["taken"]))
    data = text.encode("utf-8", "replace")
    return DocumentResult(data, row["content_type"], text, tuple(spans), row["status"], leaning)


def basis(patient: PatientContext) -> bytes:
    """Digest of what is known of a patient."""
    return hashlib.sha256(orjson.dumps(patient)).digest()
