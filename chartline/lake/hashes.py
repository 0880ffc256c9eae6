"""What tells that a row of a table changed."""

from __future__ import annotations

import hashlib


def row_hash(*parts: bytes) -> int:
    """The first 63 bits of the SHA-256 of a row's content: a changed row is found by it (decision 16)."""
    return int.from_bytes(hashlib.sha256(b"|".join(parts)).digest()[:8]) >> 1
