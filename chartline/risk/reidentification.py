"""Measured re-identification risk: how many people share a profile, and what an adversary who knows one could do.

Prosecutor, journalist and marketer risk as in El Emam and Dankar (JAMIA 2008) and ARX's risk model; the threshold 0.09
(eleven people) is that of EMA Policy 0070, Health Canada and All of Us. HIPAA sets no number.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

THRESHOLD = 0.09
SMALL = 10
QUASI = ("birth_year", "gender", "zip3")


@dataclass(frozen=True)
class Risk:
    """Risk of one set of quasi-identifiers over distinct patients.

    Attributes:
        quasi: the quasi-identifiers.
        patients: distinct patients.
        classes: distinct profiles.
        smallest_class: patients in the smallest profile (k).
        highest: prosecutor risk of the most exposed patient, 1/k.
        average: expected share re-identified when all are attacked (marketer risk), classes/patients.
        above: share of patients whose risk is above the threshold.
        sizes: patients by size of their profile, in bands.
    """

    quasi: tuple[str, ...]
    patients: int
    classes: int
    smallest_class: int
    highest: float
    average: float
    above: float
    sizes: Mapping[str, int]


_BANDS = (
    (1, 1, "1"),
    (2, 5, "2-5"),
    (6, 10, "6-10"),
    (11, 20, "11-20"),
    (21, 100, "21-100"),
    (101, 1 << 62, "over 100"),
)


def risk(patients: Iterable[Mapping[str, Any]], quasi: Sequence[str] = QUASI) -> Risk:
    """Risk over rows of one patient each; an unknown value is a value of its own."""
    sizes = Counter(tuple(p.get(q) for q in quasi) for p in patients)
    total = sum(sizes.values())
    bands = {name: sum(n for n in sizes.values() if low <= n <= high) for low, high, name in _BANDS}
    smallest = min(sizes.values(), default=0)
    return Risk(
        quasi=tuple(quasi),
        patients=total,
        classes=len(sizes),
        smallest_class=smallest,
        highest=1 / smallest if smallest else 0.0,
        average=len(sizes) / total if total else 0.0,
        above=sum(n for n in sizes.values() if 1 / n > THRESHOLD) / total if total else 0.0,
        sizes=bands,
    )


def diversity(patients: Sequence[Mapping[str, Any]], sensitive: str, quasi: Sequence[str] = QUASI) -> int:
    """The l of distinct l-diversity: the fewest different values of a sensitive column within a profile."""
    values: dict[tuple[Any, ...], set[Any]] = defaultdict(set)
    for p in patients:
        values[tuple(p.get(q) for q in quasi)].add(p.get(sensitive))
    return min((len(v) for v in values.values()), default=0)


def visit_patterns(gaps: Mapping[int, Sequence[int]]) -> float:
    """Share of patients whose series of days between visits is theirs alone: it survives any date shift.

    Args:
        gaps: by patient, days between successive visits.
    """
    patterns = Counter(tuple(g) for g in gaps.values() if len(g) > 0)
    withpattern = sum(patterns.values())
    return sum(1 for n in patterns.values() if n == 1) / withpattern if withpattern else 0.0


def subgroups(patients: Sequence[Mapping[str, Any]], by: str, quasi: Sequence[str] = QUASI) -> dict[str, Risk]:
    """Risk by group, measured within the whole cohort's profiles; groups of 1-10 patients are left out."""
    sizes = Counter(tuple(p.get(q) for q in quasi) for p in patients)
    groups: dict[str, list[int]] = defaultdict(list)
    for p in patients:
        groups[str(p.get(by) or "unknown")].append(sizes[tuple(p.get(q) for q in quasi)])
    return {
        name: Risk(
            tuple(quasi),
            len(found),
            0,
            min(found),
            1 / min(found),
            sum(1 / n for n in found) / len(found),
            sum(1 / n > THRESHOLD for n in found) / len(found),
            {},
        )
        for name, found in sorted(groups.items())
        if len(found) > SMALL
    }


def leak_bound(reviewed: int, leaks: int, confidence: float = 0.95) -> float:
    """One-sided upper bound on the share of leaking notes (Clopper and Pearson 1934), by bisection."""
    if reviewed <= 0 or leaks >= reviewed:
        return 1.0
    low, high = leaks / reviewed, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if _tail(reviewed, leaks, middle) > 1 - confidence:
            low = middle
        else:
            high = middle
    return high


def _tail(n: int, k: int, p: float) -> float:
    """Probability of at most k of n."""
    term, total = (1 - p) ** n, 0.0
    for i in range(k + 1):
        total += term
        term *= (n - i) / (i + 1) * p / (1 - p) if p < 1 else 0.0
    return total
