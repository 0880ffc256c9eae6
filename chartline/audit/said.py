"""What people write for the record: it stands outside the restricted zone for good, so it may not name a patient."""

from __future__ import annotations

import re
from collections.abc import Callable

from chartline.audit.known import known_from_lake
from chartline.audit.sweep import Search
from chartline.audit.text import Piece, fold, plain
from chartline.errors import UsageError
from chartline.fhir.known import Known
from chartline.settings import Settings

_NO_DIGIT = re.compile(r"\D+")
_BY_DIGITS = ("PHONE", "SSN")


def require_nobody(settings: Settings, *, by: str, reason: str) -> None:
    """Refuse a name or reason in which somebody of the source is told, as the leak sweep would find it.

    Args:
        settings: the project's settings.
        by: who says it. Of the hospital's own staff somebody is its patient too.
        reason: why, in their words.

    Raises:
        UsageError: CL2104 a known value stands in one of them.
    """
    stands = _standing_in(f"{by} \n {reason}")
    among = (tuple(filter(stands, party)) for party in known_from_lake(settings))
    known = [party for party in among if party]
    search = Search(known) if known else None
    for what, text in (("name", by), ("reason", reason)):
        if search and any(search.find(Piece("", "", text))):
            raise UsageError(
                "CL2104",
                f"the {what} holds an identifying value of the source.",
                "Say it without the person, and who decides by a user name: it stays on record for good.",
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
