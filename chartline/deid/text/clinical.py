"""C-CDA documents as attachments: the narrative is kept, read with what the rest of the document tells of persons."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from chartline.deid.text.documents import Edit, Read, is_base64, markup, parsed
from chartline.deid.text.lexicon import kind
from chartline.fhir.known import Known

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_SSN = "2.16.840.1.113883.4.1"
# Who is meant by what stands inside of these (HL7 CDA R2, section 4.2, the header's participants).
_PATIENT, _OTHERS = frozenset({"patientRole"}), frozenset({"guardian", "associatedEntity", "relatedEntity"})
_STAFF = frozenset({"assignedAuthor", "assignedEntity", "intendedRecipient", "assignedCustodian"})
_ROLES = _PATIENT | _OTHERS | _STAFF
_PERSONS = re.compile("patient|.*[pP]erson|informationRecipient")
_PLACES = re.compile(".*Organization|location|place")
_SILENT = frozenset({"title", "text", "consumable", "playingEntity", "playingDevice", "manufacturedProduct"})
_ADDRESS = {"streetAddressLine": "STREET", "city": "CITY", "postalCode": "ZIP"}
_POINTS = {"tel": "PHONE", "fax": "PHONE", "mailto": "EMAIL", "http": "URL", "https": "URL"}
_LONG = 4  # letters and digits of a number that is not shared by too much


def cleaned(text: str, read: Callable[[str, tuple[Known, ...]], Sequence[Edit]]) -> str | None:
    """The narrative of a document, read with what the rest of it tells; None for what is no XML, or has none."""
    root = parsed(text)
    if root is None:
        return None
    told = known(root)
    return narrative(root, lambda piece: read(piece, told))


# --- what is known -----------------------------------------------------------------------------------


def known(root: Element) -> tuple[Known, ...]:
    """What a document tells of its patient, of others and of those who treat, outside of its narrative.

    A document may name a guardian, an informant or an author whom no other record does.
    """
    return tuple(dict.fromkeys(_known(root)))


def _known(root: Element) -> Iterator[Known]:
    waiting = [(root, "", "")]
    while waiting:
        node, inside, role = waiting.pop()
        tag = _local(node.tag)
        if tag in _SILENT:
            continue
        role = tag if tag in _ROLES else role
        if tag == "name":
            yield from _named(node, inside, role)
        elif role and tag in _ADDRESS and (text := _said(node)):
            yield Known(_ADDRESS[tag], text)
        elif role and tag == "telecom":
            yield from _reached(node.get("value", ""))
        elif role and tag == "id" and inside == role and len(node.get("extension", "")) >= _LONG:
            yield Known("SSN" if node.get("root") == _SSN else "ID", node.get("extension", ""))
        elif role in _PATIENT and tag == "birthTime" and (day := _DAY.match(node.get("value", ""))):
            yield Known("BIRTHDATE", "-".join(day.groups()))
        waiting.extend((child, tag, role) for child in reversed(node))


_DAY = re.compile(r"(\d{4})(\d\d)(\d\d)")


def _said(node: Element) -> str:
    return " ".join("".join(node.itertext()).split())


def _named(node: Element, inside: str, role: str) -> Iterator[Known]:
    """A person's whole name, and the parts of that of a patient or relative; a place's name."""
    if _PLACES.fullmatch(inside):
        place = _said(node)
        yield from [Known("ORGANIZATION", place)] if len(place) >= _LONG else ()
    elif role and _PERSONS.fullmatch(inside):
        parts = [(_local(child.tag), _said(child)) for child in node]
        whole = " ".join(text for wanted in ("given", "family") for tag, text in parts if tag == wanted) or _said(node)
        if _is_name(whole):
            yield Known("NAME" if inside == "patient" else "STAFF" if role in _STAFF else "RELATIVE", whole)
        for tag, text in parts if role not in _STAFF else ():
            if tag in ("given", "family") and _is_name(text):
                yield Known(tag.upper(), text)


def _is_name(text: str) -> bool:
    """Whether a text is no word in a name's place: ``Mother``, ``Unknown``."""
    kinds = map(kind, re.findall(r"[^\W\d_]+", text))
    return any(k.common_first or k.surname or not k.word for k in kinds)


def _reached(value: str) -> Iterator[Known]:
    scheme, _, rest = value.partition(":")
    if scheme.lower() in _POINTS and rest:
        of = _POINTS[scheme.lower()]
        yield Known(of, value if of == "URL" else rest)


# --- what is read ------------------------------------------------------------------------------------


def narrative(root: Element, read: Read) -> str | None:
    """The titles and narrative blocks of a C-CDA document, cleaned, as XHTML; None without a block that can be read.

    The entries of a clinical document repeat the narrative as coded data with identifiers in the header; only the
    narrative is carried over. A body in Base64 is no narrative. The tree is not what it was afterwards.
    """
    try:
        blocks = [(_local(n.tag), "".join(n.itertext()), _block(n)) for n in _narrative(root)]
    except (ValueError, RecursionError):
        return None
    read_ones = [(local, block) for local, told, block in blocks if told.strip() and not is_base64(told)]
    if not any(local == "text" for local, _ in read_ones):
        return None
    return f'<div xmlns="http://www.w3.org/1999/xhtml">{"".join(markup(block, read) for _, block in read_ones)}</div>'


def _narrative(root: Element) -> Iterator[Element]:
    """The titles and texts of a document, none inside of another."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if _local(node.tag) not in ("title", "text"):
            waiting.extend(reversed(node))
        elif node.get("representation", "").upper() != "B64":
            yield node


def _block(node: Element) -> str:
    """A title or text as XHTML."""
    from defusedxml import ElementTree

    tag = "h2" if _local(node.tag) == "title" else "div"
    for inner in node.iter():
        inner.tag = _local(inner.tag)
    node.tag, node.tail = tag, None
    node.attrib.clear()
    return str(ElementTree.tostring(node, encoding="unicode"))


def _local(tag: object) -> str:
    """A tag without its namespace."""
    return str(tag).rpartition("}")[2]
