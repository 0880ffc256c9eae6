"""One walk over a resource: what it needs to know, and what it tells."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from chartline.deid import binaries, frames
from chartline.deid.context import PatientContext
from chartline.deid.phrases import About
from chartline.deid.readings import Readings
from chartline.errors import DataError
from chartline.fhir import references

if TYPE_CHECKING:
    from chartline.deid.plans import Plan, Seen


class Refused(DataError):
    """The resource may not pass at all; the rule says why, in element paths."""

    def __init__(self, reason: str, rule: str) -> None:
        super().__init__("CL1100", f"resource refused: {reason} at {rule}.")
        self.reason = reason
        self.rule = rule

    def __reduce__(self) -> tuple[type[Refused], tuple[str, str]]:  # type: ignore[override]
        return (type(self), (self.reason, self.rule))


@dataclass
class Note:
    """A note that was found in a resource, after cleaning."""

    path: str
    content_type: str
    text: str
    spans: list[dict[str, Any]]
    status: str


@dataclass(slots=True)
class Walk:
    """What the closures need to know while they walk one resource, and what they tell of it.

    Attributes:
        contested: whether the resource names more than one patient whose it may be.
        binaries: documents that lie apart, by ``Binary/id``; empty for one that may not be read.
        inside: contained Binaries, by ``#id``.
        faults: element paths of what was made but is not valid FHIR.
        personal: how many values were treated as the patient's own, and so say nothing of another patient's.
        single: how many values were treated as the resource's own: notes, hidden-origin days, references inside it.
        done: what was done since a value began whose treatment will be remembered.
        probe: the frame that is learnt, of whose stand-ins nothing else may be made.
        readings: what became of the person's documents before; None where that is not kept.
        offsets: days on the hidden axis of the dates that became years, by path; of a path's second date ``path#1``.
        dated: the place of the last of these dates among those of its path, from 0.
    """

    patient: PatientContext
    code: Callable[[str, str], str]
    links: Mapping[str, str]
    anchor: int | None = None
    contested: bool = False
    binaries: Mapping[str, bytes] | binaries.Held = field(default_factory=dict)
    contained: dict[str, str] = field(default_factory=dict)
    inside: dict[str, bytes] = field(default_factory=dict)
    said: set[Any] = field(default_factory=set)
    notes: list[Note] = field(default_factory=list)
    offsets: dict[str, float] = field(default_factory=dict)
    dated: dict[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    personal: int = 0
    single: int = 0
    done: list[Plan | Seen] | None = field(default=None, repr=False)
    probe: frames.Probe | None = field(default=None, repr=False)
    readings: Readings | None = field(default=None, repr=False)
    about: About = field(init=False, repr=False)

    def of_patient(self) -> None:
        """Count a value that is treated as the patient's own."""
        self.personal += 1
        self.beyond_frame()

    def of_resource(self) -> None:
        """Count a value that is treated as the resource's own."""
        self.single += 1
        self.beyond_frame()

    def beyond_frame(self) -> None:
        """Give up the frame that is learnt: more than it decides what is made.

        Raises:
            frames.Opaque: one is learnt.
        """
        if self.probe is not None:
            raise frames.Opaque

    def target(self, named: str) -> str:
        """What a reference resolves to, however a conditional one is written; itself when that is not known."""
        known = self.links.get(named) or ("?" in named and self.links.get(references.conditional(named) or ""))
        if known:
            return known
        name = references.plain(named)
        return self.links.get(name) or name


Action = Callable[[Any, Walk], Any]
"""What becomes of one value, None for nothing."""
Step = Callable[[bytes, Walk], bytes | None]
"""What becomes of one element, as JSON, None for nothing."""


@dataclass(slots=True)
class Result:
    """A de-identified resource, its notes, and hidden-origin day counts of its dates (year-only policies)."""

    kind: str
    id: str
    json: bytes
    notes: list[Note]
    offsets: dict[str, float]

    @property
    def resource(self) -> dict[str, Any]:
        """The resource, parsed."""
        return dict(orjson.loads(self.json))
