"""What people write for the record: it stands outside the restricted zone for good, so it may not name a patient."""

from __future__ import annotations

import re
from collections.abc import Callable

from chartline.audit.known import known_from_lake
from chartline.audit.sweep import Search
from chartline.audit.text import Piece, fold, plain
from chartline.deid.context import Known
from chartline.errors import UsageError
from chartline.settings import Settings

_NO_DIGIT = re.compile(r"\D+")
_BY_DIGITS = ("PHONE", "SSN")


def require_nobody(settings: Settings, text: str) -> None:
    """Refuse a reason in which somebody of the source is told, as the leak sweep would find it.

    Raises:
        UsageError: CL2104 a known value stands in it.
    """
    stands = _standing_in(text)
    among = (tuple(filter(stands, party)) for party in known_from_lake(settings))
    known = [party for party in among if party]
    if known and any(Search(known).find(Piece("", "", text))):
        raise UsageError(
            "CL2104",
            "the reason holds an identifying value of the source.",
            "Say it without the person: it stays on record outside the restricted zone.",
        )


def _standing_in(text: str) -> Callable[[Known], bool]:
    """Tells the known values that may stand in the text: of a lake the sweep would look for millions.

    Every pattern of a value has its first and its last word, or its digits but for a country's 1.
    """
    told = plain(text)
    words, digits = set(fold(told).split()), _NO_DIGIT.sub("", told)

    def stands(known: Known) -> bool:
        own = fold(known.value).split()
        if own and own[0] in words and own[-1] in words:
            return True
        return known.type in _BY_DIGITS and _NO_DIGIT.sub("", known.value).removeprefix("1") in digits

    return stands
