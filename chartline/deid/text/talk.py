"""Talk that is written down: lines that begin with who speaks. What stands behind the sign is said, no name."""

from __future__ import annotations

import re
from functools import lru_cache

_SPEAKERS = (
    "doctor|dr|md|physician|clinician|provider|nurse|rn|np|midwife|therapist|counselor|patient|pt|client|mother|father|mom|dad|parent"
    "|daughter|son|wife|husband|spouse|partner|sister|brother|grandmother|grandfather|caller|caregiver|interpreter"
)
_TURN = re.compile(rf"(?m)^[ \t]*(?P<who>{_SPEAKERS}):[ ]", re.IGNORECASE)
_TURNS = 4  # lines of at least two speakers, from which on a text is talk


@lru_cache(maxsize=1)
def starts(text: str) -> frozenset[int]:
    """Where somebody begins to speak in a text; nowhere in one that is no talk."""
    turns = list(_TURN.finditer(text)) if ":" in text else []
    talk = len(turns) >= _TURNS and len({turn["who"].lower() for turn in turns}) > 1
    return frozenset(turn.start("who") for turn in turns) if talk else frozenset()
