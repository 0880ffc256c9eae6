"""A walker over a text engine of one rule, so that tests of structured data do not depend on the real one."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from chartline.deid import outcome as checked
from chartline.deid import policy
from chartline.deid.context import PatientContext
from chartline.deid.frames import kind_of, members
from chartline.deid.phrases import Phrases
from chartline.deid.pseudonyms import keyed_code
from chartline.deid.walk import Refused, Result, Walk
from chartline.deid.walker import Deidentifier
from chartline.errors import DataError
from chartline.fhir.known import Known

POLICIES = ("safe_harbor", "expert_determination", "limited_data_set")
SECRET = "Quixmire"
"""The word that the engine of these tests knows as a name."""
PATIENT = PatientContext("p1", (Known("NAME", "Ada Bell"), Known("FAMILY", "Bell")), "female", "1961-04-09", -17)


@dataclass
class Document:
    data: bytes
    content_type: str
    text: str
    spans: list[Any] = field(default_factory=list)
    status: str = "deidentified"

    @property
    def plain(self) -> str:
        return self.text


@dataclass
class Engine:
    """Replaces ``SECRET`` and what is known of the patient; withholds PDF; sets aside what it cannot decode."""

    calls: list[str] = field(default_factory=list)

    def clean(self, text: str, patient: PatientContext) -> str:
        self.calls.append(text)
        for word in (SECRET, *(k.value for k in patient.known)):
            text = text.replace(word, "[NAME]")
        return text

    def identifies(self, text: str, patient: PatientContext) -> bool:
        return self.clean(text, patient) != text

    def document(self, data: bytes, content_type: str, patient: PatientContext) -> Document:
        if content_type == "application/pdf":
            return Document(b"", content_type, "", status="withheld")
        try:
            text = self.clean(data.decode(), patient)
        except UnicodeDecodeError:
            raise DataError("CL1999", "a note cannot be read.") from None
        return Document(text.encode(), content_type, text)


def walker(name: str = "expert_determination", engine: Engine | None = None) -> Deidentifier:
    """A compiled policy."""
    return Deidentifier(policy.load(name), Phrases(engine or Engine()), lambda system: "urn:chartline:system:x")


def state(patient: PatientContext = PATIENT, **more: Any) -> Walk:
    """What a walk needs to know, with links as given."""
    return Walk(patient, keyed_code(b"k" * 32), more.pop("links", {}), **more)


def outcome(walk: Deidentifier, resource: dict[str, Any], treated: Walk) -> Result | Refused | None:
    """What becomes of a parsed resource."""
    return written(walk, json.dumps(resource).encode(), str(resource.get("id")), treated)


def written(walk: Deidentifier, raw: bytes, resource_id: str, treated: Walk) -> Result | Refused | None:
    """What becomes of a resource as it is written."""
    return checked.outcome(walk, walk.given(raw, kind_of(members(raw)), resource_id), treated)


def through(resource: dict[str, Any], name: str = "expert_determination", **more: Any) -> dict[str, Any]:
    """The de-identified and checked resource."""
    made = outcome(walker(name), resource, state(**more))
    assert isinstance(made, Result), made
    return made.resource


def refused(resource: dict[str, Any], name: str = "expert_determination") -> Refused:
    """Why a resource is set aside."""
    made = outcome(walker(name), resource, state())
    assert isinstance(made, Refused), made
    return made
