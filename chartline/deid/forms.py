"""How a value is written that has some members: what stands in for those it must have, and what is wrong all the same.

What may not stay of what FHIR requires is told as masked (hl7.org/fhir/R4/extension-data-absent-reason.html).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson

from chartline.fhir import definitions, validate
from chartline.fhir.definitions import Element

ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
MASKED = {"extension": [{"url": ABSENT, "valueCode": "masked"}]}
# What a type must have one of, by its invariants org-1 and ppc-1: hl7.org/fhir/R4, organization.html and consent.html.
_ONE_OF: Mapping[str, tuple[frozenset[str], str]] = {
    "Organization": (frozenset({"identifier", "name", "_name"}), "_name"),
    "Consent": (frozenset({"policy", "policyRule"}), "policyRule"),
}
_APART = ("contained", "id")  # elements of a resource that are not among those of its type

_dumps = orjson.dumps


@dataclass(slots=True)
class Form:
    """How a value with these members is written, what of it is no valid FHIR, and where its members stand."""

    names: tuple[str, ...]
    template: bytes
    faults: list[str]
    places: dict[str, int]

    def held(self, values: Sequence[bytes], name: str) -> bytes | None:
        """The value of a member, None where it is not there."""
        return values[self.places[name]] if name in self.places else None


def form(owner: str, path: str, names: tuple[str, ...]) -> Form:
    """How a value with these members is written, without its end, with what stands in for what it must have."""
    added, faults = _completed(owner, path, names)
    told = [b'"resourceType":' + _dumps(owner)] if definitions.load()[owner].kind == "resource" else []
    said = [_dumps(name) + b":%b" for name in names]
    fixed = [_dumps(name) + b":" + _dumps(masked).replace(b"%", b"%%") for name, masked in added.items()]
    return Form(names, b"{" + b",".join([*told, *said, *fixed]), faults, {n: i for i, n in enumerate(names)})


def _completed(owner: str, path: str, keys: tuple[str, ...]) -> tuple[dict[str, Any], list[str]]:
    """What a value with these keys still needs to be valid, and the paths of what is wrong all the same."""
    added = {name: masked for names, name, masked in _stand_ins(owner) if names.isdisjoint(keys)}
    found: validate.Found = []
    for name, masked in added.items():
        before = len(found)
        validate.check(owner, name)(masked, found)
        found[before:] = [(f"{name}.{inner}".rstrip("."), reason) for inner, reason in found[before:]]
    validate.of_keys(owner, (*keys, *added), found)
    return added, [f"{path}.{inner}" for inner, _ in found]


@cache
def _stand_ins(owner: str) -> list[tuple[frozenset[str], str, Any]]:
    """For each required element or choice: its names, and what says 'masked' in its place when it may not stay.

    Of a choice a datatype is taken where there is one, else a text: fhir.resources does not count a primitive's
    extension as it.
    """
    groups: dict[str, list[Element]] = {}
    for name, element in definitions.load()[owner].elements.items():
        if element.required:
            groups.setdefault(element.choice or name, []).append(element)
    found: list[tuple[frozenset[str], str, Any]] = []
    for elements in groups.values():
        first = min(elements, key=lambda e: is_primitive(e) or _has_required(e.type))
        names = frozenset(n for e in elements for n in (e.name, f"_{e.name}"))
        stand_in = f"_{first.name}" if is_primitive(first) else first.name
        masked: Any = [MASKED] if first.many else MASKED
        text = next((e.name for e in elements if e.choice and e.type == "string"), None)
        found.append((names, text, "masked") if text and is_primitive(first) else (names, stand_in, masked))
    if owner in _ONE_OF:
        found.append((*_ONE_OF[owner], MASKED))
    return found


def _has_required(kind: str) -> bool:
    return any(e.required for e in definitions.load()[kind].elements.values())


@cache
def elements(owner: str) -> Mapping[str, Element]:
    """The elements of a type, by name, but for those of a resource that the walker treats apart."""
    definition = definitions.load()[owner]
    return {n: e for n, e in definition.elements.items() if definition.kind != "resource" or n not in _APART}


def is_primitive(element: Element) -> bool:
    """Whether the values of an element have no members."""
    return element.type not in definitions.load() and element.type != "Resource"


def passed(owner: str) -> tuple[str, ...]:
    """Keys that are treated apart or that every type has."""
    return ("resourceType", *_APART) if definitions.load()[owner].kind == "resource" else ("id",)
