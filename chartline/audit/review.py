"""A sample of de-identified notes for people to read, with what was replaced marked.

It is made from silver alone. Marks tell which words are replacements and so which are not: the page belongs in the
restricted zone and never leaves it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from chartline.audit.report import template
from chartline.risk.bounds import sample_for, upper_bound
from chartline.risk.cells import beside
from chartline.settings import Settings

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

SIZE = sample_for(0.01)
"""So many notes without a leak show with 95 % confidence that fewer than 1 % of all hold one."""
CUT = 50_000
"""Characters of a note that are shown."""


def sample(notes: DataFrame, seed: str) -> list[dict[str, Any]]:
    """At most ``SIZE`` cleaned notes, drawn by the hash of seed and note id: the same whoever draws them again."""
    from pyspark.sql import functions as f

    drawn = notes.where("status = 'deidentified'").orderBy(f.sha2(f.concat(f.lit(seed), "note_id"), 256)).limit(SIZE)
    text = f.substring("text", 1, CUT).alias("text")
    columns = ("note_id", "subject_id", "resource_type", "resource_id", "path", "spans")
    rows: list[dict[str, Any]] = drawn.select(*columns, text, f.length("text").alias("length")).toArrow().to_pylist()
    return rows


def pieces(text: str, spans: Sequence[Mapping[str, Any]] | None) -> Iterator[tuple[str, str | None]]:
    """The text in order: pieces as they were, and replaced ones with the type of what stood there."""
    at = 0
    for span in sorted(spans or (), key=lambda s: (s["start"], s["end"])):
        start, end = max(span["start"], at), min(span["end"], len(text))
        if start >= end:
            continue
        if start > at:
            yield text[at:start], None
        yield text[start:end], span["type"]
        at = end
    if at < len(text):
        yield text[at:], None


def write(
    settings: Settings, candidate: str, rows: Sequence[Mapping[str, Any]], of: int, subjects: int
) -> dict[str, Any] | None:
    """Write ``restricted/review/<candidate>/notes.html``; what the report says of it, None where there is no note.

    Args:
        settings: the project's settings.
        candidate: id of the candidate.
        rows: what ``sample`` drew.
        of: how many notes there are.
        subjects: how many patients there are in all, which the report tells too.
    """
    if not rows:
        return None
    page = template("review.html").render(
        candidate=candidate,
        of=of,
        cut=CUT,
        notes=[{**row, "pieces": list(pieces(row["text"], row["spans"]))} for row in rows],
        bounds=[(found, upper_bound(found, len(rows))) for found in (0, 1, 2, 3, 5, 10) if found < len(rows)],
    )
    folder = settings.zone("restricted") / "review" / candidate
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "notes.html").write_text(page, encoding="utf-8")
    return {
        "file": f"restricted/review/{candidate}/notes.html",
        "sha256": hashlib.sha256(page.encode()).hexdigest(),
        "notes": len(rows),
        "of": of,
        "patients": beside(len({row["subject_id"] for row in rows}), subjects),
    }
