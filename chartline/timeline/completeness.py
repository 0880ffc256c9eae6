"""What is known to be loaded, up to when, of each source and resource type: a table that readers can join."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from chartline.lake.spark import NOBODY
from chartline.risk.cells import SMALL, shown

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

Key = tuple[str, str]
"""Source and resource type."""


@dataclass
class _Sum:
    resources: int = 0
    events: int = 0
    subjects: int = 0
    years: dict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))


def tally(lineage: DataFrame) -> list[dict[str, Any]]:
    """Sums over all patients by source, type and years; a few rows, for years are few."""
    from pyspark.sql import functions as f

    each = lineage.select("subject_id", f.explode("loaded").alias("of", "has")).select("subject_id", "of", "has.*")
    return [
        r.asDict()
        for r in each.groupBy("of", "first_year", "last_year", "available_year")
        .agg(
            f.sum("resources").alias("resources"),
            f.sum("events").alias("events"),
            f.count_if(f.col("subject_id") != NOBODY).alias("subjects"),
        )
        .collect()
    ]


def rows(tallied: Iterable[Mapping[str, Any]], delivered: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows of ``gold.completeness``.

    A year is the one from which on, or up to which, more than ten patients have events: the first and the last event
    of all may be one patient's. Of few patients who are not there together the first may come after the last: then
    there are no such years. Counts of 1-10 patients are null, and the next smallest too where it alone would let
    one be worked out.

    Args:
        tallied: what ``tally`` tells.
        delivered: rows of silver.deliveries.
    """
    sums: dict[Key, _Sum] = defaultdict(_Sum)
    for row in tallied:
        source, _, kind = row["of"].partition("|")
        told = sums[source, kind]
        told.resources += row["resources"]
        told.events += row["events"]
        told.subjects += row["subjects"]
        for name in ("first_year", "last_year", "available_year"):
            if row[name] is not None:
                told.years[name][row[name]] += row["subjects"]
    came = {(d["source"], d["resource_type"]): d for d in delivered}
    hidden = _hidden(sums)
    return [_row(key, sums[key], came.get(key, {}), key in hidden) for key in sorted(sums.keys() | came.keys())]


def _hidden(sums: Mapping[Key, _Sum]) -> set[Key]:
    """Cells whose counts are not shown: their sum is known, so one alone would be known too."""
    small = {k for k, s in sums.items() if shown(s.subjects) is None}
    rest = sorted((k for k, s in sums.items() if s.subjects > SMALL), key=lambda k: (sums[k].subjects, k))
    return small | set(rest[:1]) if len(small) == 1 else small


def _row(key: Key, told: _Sum, came: Mapping[str, Any], hidden: bool) -> dict[str, Any]:
    first = _reached(sorted(told.years["first_year"].items()))
    last = _reached(sorted(told.years["last_year"].items(), reverse=True))
    apart = first is not None and last is not None and first > last
    return {
        "source": key[0],
        "resource_type": key[1],
        "delivered": came.get("delivered"),
        "known_by": came.get("known_by"),
        "resources": None if hidden else told.resources,
        "events": None if hidden else told.events,
        "subjects": None if hidden else told.subjects,
        "first_year": None if apart else first,
        "last_year": None if apart else last,
        "last_available_year": _reached(sorted(told.years["available_year"].items(), reverse=True)),
    }


def _reached(years: Iterable[tuple[int, int]]) -> int | None:
    """The year in which, counted from the outermost, more patients than a small cell holds have been met."""
    met = 0
    for year, subjects in years:
        met += subjects
        if met > SMALL:
            return year
    return None
