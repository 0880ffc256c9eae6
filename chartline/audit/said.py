"""What people write for the record: it stands outside the restricted zone for good, so it may not name a patient."""

from __future__ import annotations

from chartline.audit.sweep import Search, known_from_lake
from chartline.audit.text import Piece
from chartline.errors import UsageError
from chartline.settings import Settings


def require_nobody(settings: Settings, text: str) -> None:
    """Refuse a reason in which somebody of the source is told, as the leak sweep would find it.

    Raises:
        UsageError: CL2104 a known value stands in it.
    """
    known = list(known_from_lake(settings))
    if known and any(Search(known).find(Piece("", "", text))):
        raise UsageError(
            "CL2104",
            "the reason holds an identifying value of the source.",
            "Say it without the person: it stays on record outside the restricted zone.",
        )
