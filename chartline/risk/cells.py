"""Small cells: counts of 1 to 10 patients are not shown, nor what would let them be derived (CMS cell size policy)."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TypeVar

SMALL = 10
K = TypeVar("K", bound=Hashable)


def shown(count: int) -> int | None:
    """The count, or None when it is of 1 to 10 patients; zero may be shown."""
    return None if 1 <= count <= SMALL else count


def beside(part: int, whole: int) -> int | None:
    """A part whose whole is told too, or None where it is of 1 to 10 patients or of all but so few."""
    return shown(part) if shown(whole - part) is not None else None


def share(part: int, whole: int) -> float | None:
    """The share, or None where it tells of 1 to 10 patients or of all but so few."""
    if beside(part, whole) is None:
        return None
    return round(part / whole, 6) if whole else 0.0


def suppressed(cells: Mapping[K, int]) -> dict[K, int | None]:
    """Cells of one table whose total is public: small ones None, and the next smallest too until no sum tells them.

    What is hidden adds up to the total less what is shown, so one hidden cell would be known, and hidden cells that
    add up to 10 or less would be a small cell of their own.
    """
    hidden = {k for k, n in cells.items() if shown(n) is None}
    rest = sorted((k for k, n in cells.items() if n > SMALL), key=lambda k: (cells[k], str(k)))
    while hidden and rest and (len(hidden) < 2 or sum(cells[k] for k in hidden) <= SMALL):
        hidden.add(rest.pop(0))
    return {k: None if k in hidden else n for k, n in cells.items()}
