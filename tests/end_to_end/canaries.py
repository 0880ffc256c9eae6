"""FHIR resources in which every element that may hold something identifying holds a canary.

The tree of definitions is walked, so an element that a later version adds is planted without anybody thinking of it.
Two kinds of canary are planted: a token of its own in each identifying element, and, in free text, a sentence
with the patient's own identifying values.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from typing import Any

from chartline.fhir import definitions

GIVEN, FAMILY, MIDDLE = "Zorblatt", "Quixmire", "Yvonnique"
PHONE, EMAIL, MRN, SSN = "617-555-0193", "zorblatt.quixmire@canary.example", "MRN88120937", "219-09-9377"
STREET, CITY = "8841 Vexation Hollow Road", "Plimhaven"
BIRTH = "1961-04-09"
KNOWN = (GIVEN, FAMILY, MIDDLE, PHONE, EMAIL, MRN, SSN, STREET, CITY, BIRTH)
SENTENCE = f"Seen with {GIVEN} {FAMILY} of {STREET}, {CITY}, MRN {MRN}, phone {PHONE}, e-mail {EMAIL}, SSN {SSN}."
"""What a careless clinician writes into any text field."""

_MAX_DEPTH = 4
_SKIPPED = {"contained", "modifierExtension", "resourceType", "id", "implicitRules", "extension", "meta"}


@dataclass
class Planted:
    """Canaries planted so far, by the element they stand in."""

    tokens: dict[str, str] = field(default_factory=dict)

    def token(self, path: str) -> str:
        """A word of high entropy that belongs to one element path."""
        word = "CANARY" + hashlib.sha256(path.encode()).hexdigest()[:12].upper()
        self.tokens[path] = word
        return word


def _primitive(kind: str, path: str, element: definitions.Element, planted: Planted) -> Any:
    if element.codes:
        return sorted(element.codes)[0]
    fixed: dict[str, Any] = {
        "boolean": True,
        "integer": 3,
        "positiveInt": 1,
        "unsignedInt": 2,
        "decimal": 1.5,
        "date": "2011-03-05",
        "dateTime": "2011-03-05T10:11:12Z",
        "instant": "2011-03-05T10:11:12Z",
        "time": "10:11:12",
        "code": "final",
        "oid": "urn:oid:1.2.3.4",
        "uuid": "urn:uuid:7a5f9b0e-4d0c-4f0e-9d53-0b7c6a7d9f10",
    }
    if kind in fixed:
        return fixed[kind]
    if kind in ("string", "markdown"):
        return SENTENCE
    if kind == "base64Binary":
        return base64.b64encode(SENTENCE.encode()).decode()
    if kind in ("uri", "url", "canonical"):
        return f"http://canary.example/{planted.token(path)}"
    if kind == "id":
        return planted.token(path)
    if kind == "xhtml":
        return f'<div xmlns="http://www.w3.org/1999/xhtml"><p title="{GIVEN} {FAMILY}">{SENTENCE}</p></div>'
    raise AssertionError(f"no canary for the primitive type {kind}")


_DATATYPES: dict[str, Any] = {
    "HumanName": {"family": FAMILY, "given": [GIVEN, MIDDLE], "text": f"{GIVEN} {MIDDLE} {FAMILY}"},
    "Address": {"line": [STREET], "city": CITY, "state": "MA", "postalCode": "02139", "text": f"{STREET}, {CITY}"},
    "ContactPoint": {"system": "phone", "value": PHONE},
    "Narrative": {
        "status": "generated",
        "div": f'<div xmlns="http://www.w3.org/1999/xhtml"><p title="{GIVEN} {FAMILY}">{SENTENCE}</p></div>',
    },
    "Coding": {"system": "http://loinc.org", "code": "8480-6", "display": SENTENCE},
    "CodeableConcept": {
        "coding": [{"system": "http://loinc.org", "code": "8480-6", "display": SENTENCE}],
        "text": SENTENCE,
    },
    "Quantity": {"value": 7.5, "unit": "mmol/L", "system": "http://unitsofmeasure.org", "code": "mmol/L"},
    "Period": {"start": "2011-03-05T10:11:12Z", "end": "2011-03-06T10:11:12Z"},
    "Annotation": {"text": SENTENCE, "authorString": f"{GIVEN} {FAMILY}", "time": "2011-03-05T10:11:12Z"},
    "Attachment": {
        "contentType": "text/plain",
        "data": base64.b64encode(SENTENCE.encode()).decode(),
        "title": SENTENCE,
        "url": f"http://canary.example/{MRN}",
    },
}


def _value(element: definitions.Element, path: str, planted: Planted, depth: int) -> Any:
    kind = element.type
    tree = definitions.load()
    if kind == "Reference":
        if element.targets and "Patient" not in element.targets and "Resource" not in element.targets:
            return {"reference": f"{sorted(element.targets)[0]}/{planted.token(path)}", "display": f"{GIVEN} {FAMILY}"}
        return {"reference": f"Patient/{PATIENT_ID}", "display": f"{GIVEN} {FAMILY}"}
    if kind == "Identifier":
        return {"system": f"http://canary.example/{planted.token(path + '.system')}", "value": planted.token(path)}
    if kind in _DATATYPES:
        return _DATATYPES[kind]
    if kind in tree:
        return _fill(kind, path, planted, depth + 1)
    return _primitive(kind, path, element, planted)


def _fill(kind: str, path: str, planted: Planted, depth: int) -> dict[str, Any]:
    body: dict[str, Any] = {}
    chosen: set[str] = set()
    for name, element in definitions.load()[kind].elements.items():
        if name in _SKIPPED or (depth >= _MAX_DEPTH and not element.required):
            continue
        if element.choice:
            if element.choice in chosen:
                continue
            chosen.add(element.choice)
        value = _value(element, f"{path}.{name}", planted, depth)
        if value in ({}, []):
            continue
        body[name] = [value] if element.many else value
    return body


PATIENT_ID = "canary-patient-0001"


def patient() -> dict[str, Any]:
    """The patient to whom every canary resource belongs."""
    return {
        "resourceType": "Patient",
        "id": PATIENT_ID,
        "identifier": [
            {
                "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}]},
                "value": MRN,
            },
            {"system": "http://hl7.org/fhir/sid/us-ssn", "value": SSN},
        ],
        "name": [{"family": FAMILY, "given": [GIVEN, MIDDLE]}],
        "telecom": [{"system": "phone", "value": PHONE}, {"system": "email", "value": EMAIL}],
        "gender": "female",
        "birthDate": BIRTH,
        "address": [{"line": [STREET], "city": CITY, "state": "MA", "postalCode": "02139"}],
    }


def resources() -> tuple[list[dict[str, Any]], Planted]:
    """One resource of every type, filled to the brim, and what was planted where."""
    planted = Planted()
    made = [patient()]
    for kind, definition in definitions.load().items():
        if definition.kind != "resource" or kind in (
            "Patient",
            "Bundle",
            "Parameters",
            "Binary",
            "DomainResource",
            "Resource",
        ):
            continue
        made.append({"resourceType": kind, "id": planted.token(f"{kind}.id"), **_fill(kind, kind, planted, 0)})
    return made, planted
