"""C-CDA documents as FHIR: what a document's header and entries say, and the document itself as a note.

The entries are converted by ``ccda_to_fhir`` as the guide "C-CDA on FHIR" has it (hl7.org/fhir/us/ccda). It draws new
ids each time; here a resource is named after what the document calls it, so that a visit or a problem that two
documents tell of is one resource in two versions, and a document that comes twice says nothing new (decision 47).
"""

from __future__ import annotations

import base64
import logging
import re
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import orjson
from lxml import etree

from chartline.fhir import from_xml

NO_DOCUMENT, NO_ENTRY = "document_not_converted", "entry_not_converted"  # why one, or an entry of one, is set aside
CONTENT_TYPE = "application/hl7-cda+xml"
_NAMESPACES = {"c": "urn:hl7-org:v3"}
_IMMUNIZATION = "2.16.840.1.113883.10.20.22.4.52"
_UUID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_SSN = "http://hl7.org/fhir/sid/us-ssn"
_LEFT_OUT = frozenset({"Provenance"})  # of when an entry was written the library (0.3) gives a day, which is no instant
_DATED = re.compile(r"\d{8}.*")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")

Resource = dict[str, Any]


class Unconverted(Exception):
    """A document that cannot be converted; what of it is wrong is not told, for it may be a value."""


@dataclass(frozen=True)
class Converted:
    """A document in FHIR.

    Attributes:
        bundle: a document bundle in JSON.
        left: the entries that could not be converted, each in XML with whom the document is of.
    """

    bundle: bytes = field(repr=False)
    left: tuple[bytes, ...] = field(repr=False)


def convert(document: bytes) -> Converted:
    """A C-CDA document as a document bundle, with a DocumentReference that holds it.

    An entry that breaks a rule of its own template is left out and told; the document around it is converted. The
    time of the document is the ``lastUpdated`` of all that it says: a later document tells the newer version.

    Raises:
        Unconverted: it is no well-formed C-CDA document, has a document type definition, or lacks what its header
            needs: a patient, a time.
    """
    root = _parsed(document)
    if not _DATED.fullmatch(root.xpath("string(c:effectiveTime/@value)", namespaces=_NAMESPACES)):
        raise Unconverted  # the library would take today
    note = _note(root, document)
    _tell_days_of_immunizations(root)
    with _silence():
        made, left = _entries(root)
    told = {entry["resource"]["resourceType"]: entry["resource"] for entry in made}
    if not {"Composition", "Patient"} <= told.keys():
        raise Unconverted
    header = told["Composition"]
    made.append(_entry("DocumentReference", _reference(header, note)))
    updated = _instant(str(header.get("date", "")))
    for entry in made if updated else ():
        entry["resource"].setdefault("meta", {})["lastUpdated"] = updated
    bundle = orjson.dumps({"resourceType": "Bundle", "type": "document", "entry": [_first(e) for e in made]})
    return Converted(_renamed(bundle, _names(made), document.lower()), left)


# --- reading -----------------------------------------------------------------------------------------


def _parsed(document: bytes) -> Any:
    try:
        root = from_xml.parsed(document)
    except from_xml.Unreadable:
        raise Unconverted from None
    if etree.QName(root).localname != "ClinicalDocument":
        raise Unconverted
    return root


def _note(root: Any, document: bytes) -> tuple[str, bytes]:
    """Content type and content of what is to be read of a document: the body that is not XML, else the document.

    Of such a body, which may be as large as a scan, the root keeps no text.
    """
    for body in root.iterfind("c:component/c:nonXMLBody/c:text", _NAMESPACES):
        kind, text = body.get("mediaType", "text/plain"), body.text or ""
        packed = body.get("representation", "").upper() == "B64"
        body.text = ""
        if packed:
            return kind, "".join(text.split()).encode()
        if text.strip():
            return kind, base64.b64encode(text.encode())
    return CONTENT_TYPE, base64.b64encode(document)


def _tell_days_of_immunizations(root: Any) -> None:
    """Write the time of an immunization as the beginning of an interval: the library (0.3) reads no other."""
    given = f"c:substanceAdministration[c:templateId/@root='{_IMMUNIZATION}']"
    for time in root.xpath(f".//{given}/c:effectiveTime[@value and not(c:low)]", namespaces=_NAMESPACES):
        etree.SubElement(time, f"{{{_NAMESPACES['c']}}}low", value=time.attrib.pop("value"))


@contextmanager
def _silence() -> Iterator[None]:
    """Within it the library tells nobody anything: its messages hold values."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


@cache
def _library() -> tuple[Any, Any, Any]:
    """What converts a document, what reads a piece of one, and the model of an entry; loaded on first use."""
    from ccda_to_fhir import convert_document
    from ccda_to_fhir.ccda.models import section
    from ccda_to_fhir.ccda.models.clinical_document import RelatedEntity
    from ccda_to_fhir.ccda.parser import parse_ccda_fragment

    # The library leaves this model without the one that it names (0.3), and every informant would fail.
    section.Informant.model_rebuild(_types_namespace={"RelatedEntity": RelatedEntity})
    return convert_document, parse_ccda_fragment, section.Entry


def _entries(root: Any) -> tuple[list[Resource], tuple[bytes, ...]]:
    """The bundle's entries as the library makes them, and the document's that it cannot read."""
    converted = _tried(root)
    if converted is not None:
        return converted, ()
    _, read, model = _library()
    left = []
    for entry in list(root.iterfind(".//c:section/c:entry", _NAMESPACES)):
        try:
            read(etree.tostring(entry, encoding="unicode", with_tail=False), model)
        except Exception:  # whatever it raises, its message may hold a value
            entry.getparent().remove(entry)
            left.append(_with_owner(entry, root))
    converted = _tried(root)
    if converted is None:
        raise Unconverted
    return converted, tuple(left)


def _with_owner(entry: Any, root: Any) -> bytes:
    """An entry alone tells nobody whose it is, and who asks to be erased would leave it behind."""
    alone = etree.Element(root.tag, nsmap=root.nsmap)
    alone.extend([*map(deepcopy, root.iterfind("c:recordTarget", _NAMESPACES)), entry])
    return bytes(etree.tostring(alone))


def _tried(root: Any) -> list[Resource] | None:
    try:
        made = _library()[0](etree.tostring(root, encoding="unicode"))
    except Exception:  # as above
        return None
    return [_filled(entry) for entry in made["bundle"]["entry"] if entry["resource"]["resourceType"] not in _LEFT_OUT]


def _filled(value: Any) -> Any:
    """A value without what is empty in it, which FHIR has no way to write."""
    if isinstance(value, dict):
        return {name: inner for name, given in value.items() if (inner := _filled(given)) not in ("", [], {}, None)}
    if isinstance(value, list):
        return [inner for given in value if (inner := _filled(given)) not in ("", [], {}, None)]
    return value


# --- writing -----------------------------------------------------------------------------------------


def _entry(kind: str, resource: Resource) -> Resource:
    return {"fullUrl": f"urn:uuid:{resource['id']}", "resource": {"resourceType": kind, **resource}}


def _first(entry: Resource) -> Resource:
    """An entry whose resource begins with what it is."""
    resource = entry["resource"]
    return {**entry, "resource": {"resourceType": resource["resourceType"], "id": resource["id"], **resource}}


def _reference(header: Resource, note: tuple[str, bytes]) -> Resource:
    """The DocumentReference of a document: what it is, whose, when, and its content.

    Args:
        header: its Composition.
        note: content type, and content in Base64.
    """
    told = str(header.get("date", ""))
    dated = {"date": told} if _INSTANT.fullmatch(told) else {}
    attachment = {"contentType": note[0], "data": note[1].decode(), **({"creation": told} if told else {})}
    visit = {"context": {"encounter": [header["encounter"]]}} if "encounter" in header else {}
    return {
        "id": "00000000-0000-4000-8000-000000000000",  # the library draws no such one; the document names it below
        "status": "current",
        **({"identifier": [header["identifier"]]} if "identifier" in header else {}),
        **{name: header[name] for name in ("type", "subject") if name in header},
        **dated,
        "content": [{"attachment": attachment}],
        **visit,
    }


def _instant(told: str) -> str:
    """A document's time as an instant; of a day its beginning, for documents have an order."""
    if _INSTANT.fullmatch(told):
        return told
    return f"{told}T00:00:00Z" if _DAY.fullmatch(told) else ""


def _names(entries: list[Resource]) -> dict[bytes, bytes]:
    """For each id that was drawn the one that the resource has in every document.

    It comes of the identifier where that is one resource's in the document, else of the content and the patient; of
    several that are alike, the first in one document is the first in the other.
    """
    told = [(entry["resource"]["resourceType"], _identifier(entry["resource"])) for entry in entries]
    often = Counter(told)
    owner = next((t for t in told if t[0] == "Patient"), ("", ""))
    seen: Counter[tuple[str, ...]] = Counter()
    names = {}
    for entry, (kind, identifier) in zip(entries, told, strict=True):
        resource = entry["resource"]
        alone = identifier and often[kind, identifier] == 1
        key = (kind, identifier) if alone else (kind, *owner, identifier, _content(resource))
        names[resource["id"].encode()] = str(uuid5(NAMESPACE_URL, "\n".join((*key, str(seen[key]))))).encode()
        seen[key] += 1
    return names


def _renamed(bundle: bytes, names: Mapping[bytes, bytes], said: bytes) -> bytes:
    """The bundle with its names; what the library refers to and does not make is named by the order of its places."""
    told = dict(names)

    def name(match: re.Match[bytes]) -> bytes:
        drawn = match[0]
        if drawn not in told:
            of_nothing = uuid5(NAMESPACE_URL, f"{told[first].decode()} {len(told)}")
            told[drawn] = drawn if drawn in said else str(of_nothing).encode()
        return told[drawn]

    first = next(iter(told))
    return _UUID.sub(name, bundle)


def _identifier(resource: Mapping[str, Any]) -> str:
    """System and value of what a resource is called; a social security number only where there is no other."""
    given = resource.get("identifier") or []
    listed = given if isinstance(given, list) else [given]
    named = sorted((i for i in listed if i.get("value")), key=lambda i: i.get("system") == _SSN)
    return f"{named[0].get('system', '')}|{named[0]['value']}" if named else ""


def _content(resource: Mapping[str, Any]) -> str:
    """What a resource says, without ids that were drawn and the time of the document."""
    said = {name: value for name, value in resource.items() if name not in ("id", "meta")}
    return _UUID.sub(b"", orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).decode()
