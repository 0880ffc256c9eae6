"""References of every form: what a resource points to, whose compartment it is in, and what a form means.

Forms (FHIR R4 references.html): relative ``Type/id``, absolute URL, either with ``/_history/version``;
``urn:uuid`` and ``urn:oid`` by the bundle's fullUrl; ``#id`` inside the resource; conditional
``Type?identifier=system|value`` (http.html#conditional); a Reference with an identifier only; and uri, url
and canonical elements that spell a resource literally, or the address of a Binary, where a document lies. A urn
may be in capitals (RFC 8141, RFC 9562), a literal percent-encoded (RFC 3986) or with a version behind ``|``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

LONGEST_ID = 255
"""Characters of a logical id. FHIR allows 64 (hl7.org/fhir/R4/datatypes.html#id), and Epic's are longer; what is
written has a pseudonym in its place."""
ID = rf"[A-Za-z0-9\-.]{{1,{LONGEST_ID}}}"
"""A logical id, as a regular expression."""
_LITERAL = re.compile(rf"(?:.*/)?([A-Z][A-Za-z]{{2,63}})/({ID})(?:/_history/{ID})?(?:#\S*)?")
_RELATIVE = re.compile(rf"[A-Z][A-Za-z]{{2,63}}/{ID}(?:/_history/{ID})?")
_BINARY = re.compile(rf"(?:\S*/)?(Binary/{ID})(?:/_history/{ID})?")
_CONDITIONAL = re.compile(r"(?:[^?]*/)?([A-Za-z]*)\?identifier=([^&]+)")
_URN = ("urn:uuid:", "urn:oid:")
UUID = "[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
"""A uuid in either case (RFC 9562 section 4), as a regular expression of Python and of Java."""
_UUID = re.compile(f"urn:uuid:{UUID}", re.IGNORECASE)
_URI_KEYS = ("url", "uri", "canonical")
_REFERENCE_KEYS = frozenset({"reference", "type", "identifier", "display", "id", "extension"})


@dataclass
class Survey:
    """What one walk over a resource finds.

    Attributes:
        keys: how many object members there are, to compare with the text and so find doubled keys.
        depth: deepest nesting of objects and lists.
        references: each distinct reference as written, in the order met.
        mentions: strings of uri-like elements that may spell a resource.
    """

    keys: int = 0
    depth: int = 0
    references: dict[str, None] = field(default_factory=dict)
    mentions: dict[str, None] = field(default_factory=dict)


def survey(tree: Any) -> Survey:
    """Walk a parsed resource once, without recursion, so that depth cannot break it."""
    found = Survey()
    stack: list[tuple[Any, int]] = [(tree, 1)]
    while stack:
        node, depth = stack.pop()
        if depth > found.depth:
            found.depth = depth
        if type(node) is list:
            stack.extend((v, depth + 1) for v in node if type(v) is dict or type(v) is list)
            continue
        found.keys += len(node)
        for key, value in node.items():
            kind = type(value)
            if kind is dict or kind is list:
                stack.append((value, depth + 1))
                if key == "identifier" and kind is dict and node is not tree:
                    _logical(node, value, found)
            elif kind is str:
                if key == "reference":
                    found.references[value] = None
                elif key.lower().endswith(_URI_KEYS) and key != "fullUrl":
                    found.mentions[value] = None
    return found


def _logical(node: Mapping[str, Any], identifier: Mapping[str, Any], found: Survey) -> None:
    """A Reference that has an identifier only, spelled as the conditional reference that means the same."""
    if "reference" in node or not node.keys() <= _REFERENCE_KEYS:
        return
    system, value, kind = identifier.get("system"), identifier.get("value"), node.get("type")
    if isinstance(value, str) and isinstance(system or "", str):
        token = f"{system}|{value}" if system else value
        found.references[f"{kind if isinstance(kind, str) else ''}?identifier={token}"] = None


def links(found: Survey, tree: Mapping[str, Any], index: Mapping[str, str]) -> list[tuple[str, str | None]]:
    """Each distinct reference of a resource with what it resolves to, sorted.

    Args:
        found: the survey of ``tree``.
        tree: the parsed resource.
        index: fullUrl to ``Type/id`` of the bundle around it.

    Returns:
        Pairs (as written, target). The target is ``Type/id``; ``#id`` itself when that is contained; None when
        only the whole lake can tell (conditional, identifier, a urn of another bundle) or nothing can.
    """
    contained = {f"#{c.get('id')}" for c in tree.get("contained") or () if isinstance(c, dict)} | {"#"}
    pairs = {r: target(r, index, contained) for r in found.references}
    for mention in found.mentions:
        name = plain(mention)
        if name in index or mention in index or _RELATIVE.fullmatch(name) or binary(name):
            pairs.setdefault(mention, target(mention, index, contained))
    return sorted(pairs.items(), key=lambda pair: pair[0])


def plain(reference: str) -> str:
    """The usual spelling of a reference: a uuid in small letters, a literal without percent-encoding and version.

    What is neither stays as it is: an id that is no uuid may differ from another by its capitals alone.
    """
    if reference[:4].lower() == "urn:":
        uuid = _UUID.fullmatch(reference)
        scheme, _, name = reference[4:].partition(":")
        return uuid[0].lower() if uuid else f"urn:{scheme.lower()}:{name}"
    if "?" in reference or ("%" not in reference and "|" not in reference):
        return reference
    name = unquote(reference).partition("|")[0]
    return name if _LITERAL.fullmatch(name) else reference


def target(reference: str, index: Mapping[str, str], contained: Iterable[str] = ()) -> str | None:
    """What one reference resolves to within its bundle: see ``links``."""
    if reference.startswith("#"):
        return reference if reference in contained else None
    if reference in index:
        return index[reference]
    name = plain(reference)
    if name in index:
        return index[name]
    if name.startswith(_URN) or "?" in name:
        return None
    literal = _LITERAL.fullmatch(name)
    return f"{literal[1]}/{literal[2]}" if literal else None


def conditional(reference: str) -> str | None:
    """A conditional reference by identifier as ``survey`` spells one; None for any other form.

    Written it may be with a server before it and percent-encoded (http%3A%2F%2Fhospital%7C123). A '+' is a plus in
    these identifiers, not a blank as in a form.
    """
    match = _CONDITIONAL.fullmatch(reference)
    return f"{match[1]}?identifier={unquote(match[2])}" if match else None


def binary(address: str) -> str | None:
    """``Binary/id`` of the address of a Binary, in whatever form a server writes it; None for any other address."""
    match = _BINARY.fullmatch(plain(address))
    return match[1] if match else None


@cache
def compartment() -> Mapping[str, tuple[tuple[str, ...], ...]]:
    """Element paths by resource type that put a resource into a patient's compartment."""
    body = json.loads(Path(__file__).with_name("patient_compartment.json").read_text(encoding="utf-8"))
    return {kind: tuple(tuple(p.split(".")) for p in paths) for kind, paths in body["elements"].items()}


_SUBJECTS = frozenset({"subject", "patient", "beneficiary", "individual", "for"})
"""Elements that say whose a resource is; others of the compartment say who else had to do with it."""


class Whose(NamedTuple):
    """Whose a resource is: logical ids of Patients.

    Attributes:
        patients: whose it is; none, or more than one when nobody can tell.
        others: who else is named where a patient may stand that makes it part of the compartment.
    """

    patients: tuple[str, ...]
    others: tuple[str, ...] = ()


def whose(tree: Mapping[str, Any], resource_id: str, targets: Mapping[str, str | None]) -> Whose:
    """The subject of a resource, else who else puts it into a compartment.

    A mother who wrote, performed or pays for what is her child's does not make it hers. Where the subject is not
    resolved nobody stands in for it.

    Args:
        tree: the parsed resource.
        resource_id: its id; a Patient is in its own compartment.
        targets: the resource's links, reference to target.
    """
    kind = tree["resourceType"]
    if kind == "Patient":
        return Whose((resource_id,))
    subjects: set[str | None] = set()
    others: set[str | None] = set()
    for path in compartment().get(kind, ()):
        found = subjects if path[0] in _SUBJECTS else others
        found.update(targets.get(reference) for reference in _at(tree, path))
    patients = _patients(subjects) if None in subjects else _patients(subjects) or _patients(others)
    return Whose(patients, tuple(p for p in _patients(subjects | others) if p not in patients))


def leads(tree: Mapping[str, Any], targets: Mapping[str, str | None]) -> tuple[str, ...] | None:
    """What has the patient of a resource that names none itself: all that a Provenance is about, else its visits.

    An Observation needs no subject (hl7.org/fhir/R4/observation.html), and one that names its Encounter is that
    patient's.

    Args:
        tree: the parsed resource.
        targets: the resource's links, reference to target.

    Returns:
        The targets, sorted; None where the resource names a subject or a patient, or somebody who may be one: then
        nothing else tells.
    """
    kind = tree["resourceType"]
    named = sorted({t for t in targets.values() if t})
    if kind == "Provenance":
        return tuple(named)
    for path in compartment().get(kind, ()):
        for somebody in (targets.get(reference) for reference in _at(tree, path)):
            if path[0] in _SUBJECTS or somebody is None or somebody.startswith("Patient/"):
                return None
    return tuple(t for t in named if t.startswith("Encounter/"))


def _patients(names: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(sorted(n.removeprefix("Patient/") for n in names if n and n.startswith("Patient/")))


def patient_of(tree: Mapping[str, Any], resource_id: str, targets: Mapping[str, str | None]) -> str | None:
    """Logical id of the one Patient that a resource is of, see ``whose``; None for none or more than one."""
    found = whose(tree, resource_id, targets).patients
    return found[0] if len(found) == 1 else None


def _at(node: Any, path: tuple[str, ...]) -> Iterator[str]:
    """The references at an element path, spelled as ``survey`` spells them."""
    for item in node if isinstance(node, list) else [node]:
        if not isinstance(item, dict):
            continue
        if path:
            yield from _at(item.get(path[0]), path[1:])
        elif isinstance(item.get("reference"), str):
            yield item["reference"]
        elif isinstance(item.get("identifier"), dict):
            logical = Survey()
            _logical(item, item["identifier"], logical)
            yield from logical.references
