"""What a sample of reviewed notes proves: the one-sided Clopper-Pearson bound on a rate."""

from __future__ import annotations

import math

CONFIDENCE = 0.95
"""Of the bounds and samples."""


def upper_bound(found: int, looked_at: int) -> float:
    """Highest rate that ``found`` in ``looked_at`` does not rule out (Clopper and Pearson 1934, one-sided).

    Args:
        found: how many of the sample had a leak.
        looked_at: size of the sample.

    Returns:
        A rate between 0 and 1; 1 when nothing was looked at.
    """
    if found >= looked_at:
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(80):
        middle = (low + high) / 2
        if _at_most(found, looked_at, middle) > 1 - CONFIDENCE:
            low = middle
        else:
            high = middle
    return high


def _at_most(found: int, n: int, rate: float) -> float:
    """Probability of at most ``found`` successes in ``n`` trials."""
    logs = math.log(rate), math.log1p(-rate)
    ways = (math.lgamma(n + 1) - math.lgamma(i + 1) - math.lgamma(n - i + 1) for i in range(found + 1))
    return sum(math.exp(w + i * logs[0] + (n - i) * logs[1]) for i, w in enumerate(ways))


def sample_for(rate: float) -> int:
    """How many notes without a leak prove that fewer than ``rate`` of all have one."""
    return math.ceil(math.log(1 - CONFIDENCE) / math.log1p(-rate))
