"""FHIR's XML as its JSON: the same resource or bundle, to be read as any other (hl7.org/fhir/R4/xml.html, json.html).

Nothing here judges a resource: what JSON has no way to say (a word for a number, an element that the type does not
have, several of which there may be one) is written as it stands, for validation to name. A number keeps its digits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from copy import deepcopy
from typing import Any

import msgspec
from lxml import etree

from chartline.fhir import definitions

NOT_READ = "xml_not_read"  # why a file is set aside that is no well-formed resource
SPACE = "{http://hl7.org/fhir}"
_DEEPEST = 200  # elements within elements; a bundle of resources has some thirty
_BOOLEANS = {"true": True, "false": False}
_NUMBERS = {
    **dict.fromkeys(("integer", "positiveInt", "unsignedInt"), re.compile(r"-?(?:0|[1-9]\d*)", re.ASCII)),
    "decimal": re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII),
}


class Unreadable(ValueError):
    """A document that is no well-formed resource; what of it is wrong is not told, for it may be a value."""


def parsed(document: bytes) -> Any:
    """The root of an XML document; entities are not resolved, and a document type definition is refused.

    Raises:
        Unreadable: it is not well-formed, or has a document type definition.
    """
    reader = etree.XMLParser(
        resolve_entities=False, no_network=True, huge_tree=True, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(document.strip(), reader)
    except (etree.XMLSyntaxError, ValueError):
        raise Unreadable from None
    if root.getroottree().docinfo.doctype:
        raise Unreadable
    return root


def converted(document: bytes) -> bytes:
    """The JSON of a document that is a resource.

    Raises:
        Unreadable: it is not well-formed, no FHIR, or deeper than a resource is.
    """
    return resource(parsed(document))


def resource(root: Any) -> bytes:
    """The JSON of a root that is a resource.

    Raises:
        Unreadable: it is no FHIR, or deeper than a resource is.
    """
    if not root.tag.startswith(SPACE):
        raise Unreadable
    return msgspec.json.encode(_resource(root, 0))


def entry(element: Any) -> bytes:
    """The JSON of an entry of a bundle.

    Raises:
        Unreadable: it is deeper than an entry is.
    """
    return msgspec.json.encode(_members(element, "Bundle.entry", 0))


def _resource(element: Any, depth: int) -> dict[str, Any]:
    kind = _name(element)
    return {"resourceType": kind, **_members(element, kind, depth)}


def _name(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def _members(element: Any, kind: str, depth: int) -> dict[str, Any]:
    """The members of an object: attributes (``id``, and ``url`` of an extension), then elements by name."""
    if depth > _DEEPEST:
        raise Unreadable
    definition = definitions.load().get(kind)
    made: dict[str, Any] = {name: value for name, value in element.attrib.items() if "}" not in name}
    named: dict[str, list[Any]] = {}
    for child in element:
        named.setdefault(_name(child), []).append(child)
    for name, children in named.items():
        known = definition.elements.get(name) if definition else None
        told = _told(name, children, known.type if known else "", depth + 1)
        many = len(children) > 1 or (known is not None and known.many)
        made.update({key: values if many else values[0] for key, values in told})
    return made


def _told(name: str, children: Sequence[Any], kind: str, depth: int) -> Iterable[tuple[str, list[Any]]]:
    """What elements of one name say: a list, or for primitives one of values and one of what is said about them."""
    if kind == "xhtml":
        return [(name, [_text(child) for child in children])]
    if kind == "Resource":
        return [(name, [_inner(child, depth) for child in children])]
    if kind in definitions.load() or (not kind and not any("value" in child.attrib for child in children)):
        return [(name, [_members(child, kind, depth) for child in children])]
    values = [_value(child.get("value"), kind) for child in children]
    about = [_members(child, "Element", depth) for child in children]
    for each in about:
        each.pop("value", None)
    told = [(name, values)] if any(value is not None for value in values) else []
    return [*told, (f"_{name}", [each or None for each in about])] if any(about) else told


def _inner(element: Any, depth: int) -> dict[str, Any]:
    if len(element) != 1:
        raise Unreadable
    return _resource(element[0], depth)


def _value(text: str | None, kind: str) -> Any:
    if text is None:
        return None
    if kind == "boolean":
        return _BOOLEANS.get(text, text)
    number = _NUMBERS.get(kind)
    return msgspec.Raw(text.encode()) if number and number.fullmatch(text) else text


def _text(element: Any) -> str:
    """A narrative's markup, with the names of its own namespaces only."""
    alone = deepcopy(element)
    alone.tail = None
    etree.cleanup_namespaces(alone)
    return str(etree.tostring(alone, encoding="unicode"))
