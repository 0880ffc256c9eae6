"""The tree of FHIR elements that parsing, validation and de-identification are compiled from.

Compiled once from the models of ``fhir.resources`` R4B into ``schemas/fhir_r4b.json``, so that a worker loads it in
milliseconds. The extracts are R4 (4.0.1); R4B (4.3.0) differs from it only in the medication definition, evidence and
subscription types (hl7.org/fhir/R4B/history.html), none of which carries a patient's course. R4-only types are unknown.

``python -m chartline.fhir.definitions`` writes the file again after an update of ``fhir.resources``.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

from chartline.fhir import references
from chartline.settings import room

FILE = "fhir_r4b.json"

# The models take value sets from one-line descriptions, which cut some short with '+', leave some out, and name codes
# of open ones (as of Expression.language). The whole sets are from hl7.org/fhir/R4B/valuesets.html.
_OBSERVATION = [
    "registered",
    "preliminary",
    "final",
    "amended",
    "corrected",
    "cancelled",
    "entered-in-error",
    "unknown",
]
_ENCOUNTER = [
    "planned",
    "arrived",
    "triaged",
    "in-progress",
    "onleave",
    "finished",
    "cancelled",
    "entered-in-error",
    "unknown",
]
_COMPARATOR = ["<", "<=", ">=", ">"]
_MEALS = ["", "M", "D", "V"]
_EVENT_TIMING = [
    *("MORN", "MORN.early", "MORN.late", "NOON", "AFT", "AFT.early", "AFT.late", "EVE", "EVE.early", "EVE.late"),
    *("NIGHT", "PHS", "HS", "WAKE", *(f"{when}{meal}" for when in ("C", "AC", "PC") for meal in _MEALS)),
]
_CORRECTED: dict[str, list[str]] = {
    **{f"{kind}.comparator": _COMPARATOR for kind in ("Quantity", "Age", "Count", "Distance", "Duration")},
    "DetectedIssue.status": _OBSERVATION,
    "DeviceUdiCarrier.entryType": ["barcode", "rfid", "manual", "card", "self-reported", "unknown"],
    "DeviceUseStatement.status": ["active", "completed", "entered-in-error", "intended", "stopped", "on-hold"],
    "DiagnosticReport.status": [*_OBSERVATION, "partial", "appended"],
    "Encounter.status": _ENCOUNTER,
    "EncounterStatusHistory.status": _ENCOUNTER,
    "Observation.status": _OBSERVATION,
    **{path: [] for path in ("CapabilityStatement.format", "CapabilityStatement.patchFormat", "Expression.language")},
    "QuestionnaireItem.type": [
        *("group", "display", "question", "boolean", "decimal", "integer", "date", "dateTime", "time", "string"),
        *("text", "url", "choice", "open-choice", "attachment", "reference", "quantity"),
    ],
    "RiskAssessment.status": _OBSERVATION,
    "StructureMapGroupRuleTarget.transform": [
        *("create", "copy", "truncate", "escape", "cast", "append", "translate", "reference", "dateOp", "uuid"),
        *("pointer", "evaluate", "cc", "c", "qty", "id", "cp"),
    ],
    "SupplyRequest.status": [
        *("draft", "active", "suspended", "cancelled", "completed", "entered-in-error", "unknown"),
    ],
    "TimingRepeat.when": _EVENT_TIMING,
    "Task.status": [
        *("draft", "requested", "received", "accepted", "rejected", "ready", "cancelled", "in-progress", "on-hold"),
        *("failed", "completed", "entered-in-error"),
    ],
}

_MARKS = {"EncodedBytes": "base64Binary", "UuidVersion": "uuid"}  # pydantic's own markers, where FHIR has no model type


@dataclass(frozen=True)
class Element:
    """One element of a type.

    Attributes:
        name: JSON name, with the type for a choice (``valueQuantity``).
        type: name of a datatype, primitive or backbone type (``Patient.contact``); ``Resource`` for any resource.
        many: whether it is a list.
        required: whether at least one must be there (for a choice: one of the group).
        choice: name of the choice group (``value``) or None.
        codes: the codes of a required binding, or None.
        targets: resource types that a Reference may name; empty for any.
    """

    name: str
    type: str
    many: bool
    required: bool
    choice: str | None
    codes: frozenset[str] | None
    targets: frozenset[str]


@dataclass(frozen=True)
class TypeDefinition:
    """A resource, datatype or backbone type and its elements by JSON name."""

    name: str
    kind: str
    elements: Mapping[str, Element]


@cache
def load() -> Mapping[str, TypeDefinition]:
    """All types by name, from the compiled file."""
    body = json.loads((room("schemas") / FILE).read_text(encoding="utf-8"))
    return {
        name: TypeDefinition(
            name,
            definition["kind"],
            {
                element: Element(
                    element,
                    facts["type"],
                    facts.get("many", False),
                    facts.get("required", False),
                    facts.get("choice"),
                    frozenset(facts["codes"]) if "codes" in facts else None,
                    frozenset(facts.get("targets", ())),
                )
                for element, facts in definition["elements"].items()
            },
        )
        for name, definition in body.items()
    }


@cache
def resource_types() -> frozenset[str]:
    """Names of the resource types."""
    return frozenset(name for name, definition in load().items() if definition.kind == "resource")


# --- compiling, with fhir.resources ------------------------------------------------------------------


def _unwrapped(annotation: Any) -> tuple[Any, bool]:
    """The type inside Optional and List, and whether there was a List."""
    many = False
    while True:
        inner = [a for a in get_args(annotation) if a is not type(None)]
        origin = getattr(annotation, "__origin__", None)
        if origin is list:
            many, annotation = True, inner[0]
        elif inner and not hasattr(annotation, "__metadata__"):
            annotation = inner[0]
        else:
            return annotation, many


def _type_name(annotation: Any) -> str:
    if annotation is bool:
        return "boolean"
    marks = getattr(annotation, "__metadata__", None)
    if marks:
        name = type(marks[0]).__name__
        return _MARKS.get(name, name[0].lower() + name[1:])
    return str(annotation.__name__).removesuffix("Type")


def _elements(model: Any) -> Iterator[tuple[str, str, bool, dict[str, Any]]]:
    for field in model.model_fields.values():
        facts = field.json_schema_extra
        if isinstance(facts, dict) and facts.get("element_property"):
            annotation, many = _unwrapped(field.annotation)
            yield field.alias, _type_name(annotation), many, {**facts, "is_required": field.is_required()}


def _facts(owner: str, name: str, kind: str, many: bool, extra: Mapping[str, Any]) -> dict[str, Any]:
    facts: dict[str, Any] = {"type": kind}
    if many:
        facts["many"] = True
    if extra["is_required"] or extra.get("element_required") or extra.get("one_of_many_required"):
        facts["required"] = True
    if "one_of_many" in extra:
        facts["choice"] = extra["one_of_many"]
    codes = _CORRECTED.get(f"{owner}.{name}", extra.get("enum_values"))
    if codes and kind == "code":
        facts["codes"] = sorted(codes)
    targets = [t for t in extra.get("enum_reference_types", ()) if t != "Resource"]
    if targets and kind == "Reference":
        facts["targets"] = sorted(targets)
    return facts


def models() -> ModuleType:
    """The models of ``fhir.resources``, of ids as long as are let in: it asks for that when a model is first built."""
    from fhir_core import constraints

    constraints.TYPES_ID_MAX_LENGTH = references.LONGEST_ID
    return importlib.import_module("fhir.resources.R4B")


def compiled() -> dict[str, Any]:
    """The content of the compiled file, from the installed ``fhir.resources``."""
    import pkgutil

    package = models()
    from fhir.resources.R4B.resource import Resource

    found = {
        name: model
        for module in pkgutil.iter_modules(package.__path__)
        for name, model in vars(importlib.import_module(f"{package.__name__}.{module.name}")).items()
        if isinstance(model, type) and hasattr(model, "model_fields") and model.__module__.endswith(f".{module.name}")
    }
    tops = {n: m for n, m in found.items() if n.lower() == m.__module__.rpartition(".")[2]}
    paths: dict[str, str] = {}
    queue = [(name, name) for name in sorted(tops)]
    while queue:  # breadth first, so that a shared backbone is named by its shortest path
        name, path = queue.pop(0)
        for element, kind, _, _ in _elements(found[name]):
            if kind in found and kind not in tops and kind not in paths:
                paths[kind] = f"{path}.{element}"
                queue.append((kind, paths[kind]))
    body: dict[str, Any] = {}
    for name in (*sorted(tops), *paths):
        model = found[name]
        kind = "backbone" if name in paths else "resource" if issubclass(model, Resource) else "datatype"
        elements = {
            element: _facts(name, element, paths.get(of, of), many, extra)
            for element, of, many, extra in _elements(model)
        }
        body[paths.get(name, name)] = {"kind": kind, "elements": elements}
    return body


def write(path: Path) -> None:
    """Write the compiled file."""
    lines = (f"{json.dumps(name)}: {json.dumps(body, separators=(',', ':'))}" for name, body in compiled().items())
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else room("schemas") / FILE)
