"""Identifying values that a record tells of a person or party: what may not be left after de-identification."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from chartline.fhir import references
from chartline.fhir.known import Known

PARTIES = (
    *("Patient", "RelatedPerson", "FamilyMemberHistory", "Person"),
    *("Practitioner", "PractitionerRole", "Organization", "Location"),
)

_SSN = ("http://hl7.org/fhir/sid/us-ssn", "urn:oid:2.16.840.1.113883.4.1")
_IDENTIFIER_TYPES = {"MR": "MRN", "SS": "SSN", "SB": "SSN"}
_MAIDEN = "http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName"
_BIRTH_PLACE = "http://hl7.org/fhir/StructureDefinition/patient-birthPlace"
_TITLE = re.compile(r"(?:dr|mrs?|ms|miss|prof|rev|sr|jr|md|phd|rn|do|ii|iii|iv)\.?", re.IGNORECASE)
# What somebody is called stands in quotes or brackets inside a whole name: Robert "Bobby" Doe.
_CALLED = re.compile(
    r"(?<!\S)[\"'\u2018\u201c(\u00ab]([^\W\d_][^\W_]+(?:-[^\W_]+)?)[\"'\u2019\u201d)\u00bb](?=[\s,]|$)"
)
_PRACTITIONER = re.compile(r"(?:^|.*[ /])Practitioner(?:[/?].*| None)")
# What a history says in place of a relative's name.
_KIN = re.compile(
    r"\b(?:mother|father|parent|brother|sister|sibling|twin|son|daughter|child|aunt|uncle|cousin|nephew|niece|wife|husband"
    r"|spouse|partner|grand\w+|half|step\w*|(?:ma|pa)ternal|relative|family|member|unknown|none|no|not|other)\b",
    re.IGNORECASE,
)
_SCHEME = re.compile(r"(?:mailto|tel|sms|fax):(?=.)", re.IGNORECASE)
# In an address that is told as text only: what is between the signs, and a postal code that ends a piece.
_LINE = re.compile(r"\s*[\n;,]\s*")
_CODE = re.compile(r"(?:^|\s)(\d{5}(?:-\d{4})?|[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}|[A-Z]\d[A-Z]\s?\d[A-Z]\d)$")
_STATE = re.compile(r"(?:(?:^|\s+)[A-Z]{2})?\s*$")
_PATIENT = re.compile(r"(?:.*/)?Patient/([A-Za-z0-9\-.]+)(?:/_history/.*)?")


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _dicts(value: Any) -> list[Mapping[str, Any]]:
    return [v for v in _items(value) if isinstance(v, Mapping)]


def _texts(value: Any) -> list[str]:
    return [v.strip() for v in _items(value) if isinstance(v, str) and v.strip()]


def whole_name(name: Mapping[str, Any]) -> str:
    """``Given Middle Family`` of a HumanName, or its text."""
    parts = [*_texts(name.get("given")), *_texts(name.get("family"))]
    return " ".join(parts) or next(iter(_texts(name.get("text"))), "")


def _parts(text: str) -> tuple[list[str], list[str]]:
    """Given and family names of a name that is told as text only, ``Dr. Jane Q. Doe`` or ``Doe, Jane Q.``."""
    before, comma, after = text.partition(",")
    first, last = ([w for w in half.split() if not _TITLE.fullmatch(w)] for half in (before, after))
    if comma and last:
        return last, first
    return (first[:-1], first[-1:]) if len(first) > 1 else ([], first)


def _names(value: Any, whole: str) -> Iterator[Known]:
    for name in _dicts(value):
        full = whole_name(name)
        if full:
            yield Known(whole, full)
        given, family = _texts(name.get("given")), _texts(name.get("family"))
        yield from _parts_of_family(name.get("_family"))
        if given and family:
            yield Known(whole, f"{given[0]} {family[0]}")
        for text in _texts(name.get("text")):
            yield Known(whole, text)
            called = [
                c for c in _CALLED.findall(text) if c[0].isupper() and not (_TITLE.fullmatch(c) or _KIN.search(c))
            ]
            yield from (Known("GIVEN", part) for part in called)
            if called:
                text = " ".join(_CALLED.sub("", text).split())
                yield Known(whole, text)
            if not given and not family:
                given, family = _parts(text)
        yield from (Known("GIVEN", part) for part in given)
        yield from (Known("FAMILY", part) for part in family)


def _parts_of_family(family: Any) -> Iterator[Known]:
    """The own name and the partner's in a family name, as the extensions of FHIR's HumanName tell them."""
    for held in _dicts(family):
        for extension in _dicts(held.get("extension")):
            if str(extension.get("url")).endswith(("humanname-own-name", "humanname-partner-name")):
                yield from (Known("FAMILY", text) for text in _texts(extension.get("valueString")))


def named(value: Any) -> Iterator[Known]:
    """Who is named by the words beside references: the record may hold nothing else of them."""
    for reference in _dicts(value):
        target = f"{reference.get('type')} {reference.get('reference')}"
        for text in _texts(reference.get("display")):
            if "Organization" in target:
                yield Known("ORGANIZATION", text)
            elif _PRACTITIONER.fullmatch(target):
                yield from _names({"text": text}, "NAME")


def _telecoms(value: Any) -> Iterator[Known]:
    kinds = {"phone": "PHONE", "fax": "PHONE", "pager": "PHONE", "sms": "PHONE", "email": "EMAIL", "url": "URL"}
    for point in _dicts(value):
        for text in (_SCHEME.sub("", t) for t in _texts(point.get("value"))):
            yield Known(kinds.get(str(point.get("system")), "EMAIL" if "@" in text else "PHONE"), text)


def _addresses(value: Any) -> Iterator[Known]:
    for address in _dicts(value):
        yield from (Known("STREET", line) for line in _texts(address.get("line")))
        yield from (Known("CITY", city) for city in _texts(address.get("city")) + _texts(address.get("district")))
        yield from (Known("ZIP", code) for code in _texts(address.get("postalCode")))
        for text in _texts(address.get("text")):
            yield Known("STREET", text)
            yield from () if address.get("line") else _written_address(text)


def _written_address(text: str) -> Iterator[Known]:
    """The parts of an address that is told as text only; what has no digit is a town up to the code that ends it."""
    pieces = [p for p in _LINE.split(text) if p]
    coded = [i for i, p in enumerate(pieces) if i and _CODE.search(p)]
    for i, piece in enumerate(pieces):
        code = _CODE.search(piece) if i else None
        rest = _STATE.sub("", piece[: code.start()] if code else piece)
        if code:
            yield Known("ZIP", code[1])
        if any(map(str.isdigit, rest)):
            yield Known("STREET", rest)
        elif len(rest) > 3 and i and (not coded or i <= coded[-1]):
            yield Known("CITY", rest)


def _identifiers(value: Any) -> Iterator[Known]:
    for identifier in _dicts(value):
        codes = [
            str(c.get("code")) for t in _dicts(identifier.get("type")) for c in _dicts(t.get("coding")) if c.get("code")
        ]
        kind = next((_IDENTIFIER_TYPES[c] for c in codes if c in _IDENTIFIER_TYPES), "ID")
        if identifier.get("system") in _SSN:
            kind = "SSN"
        yield from (Known(kind, text) for text in _texts(identifier.get("value")))


def _organizations(value: Any) -> Iterator[Known]:
    yield from (Known("ORGANIZATION", text) for one in _dicts(value) for text in _texts(one.get("display")))


def _contacts(value: Any, whole: str) -> Iterator[Known]:
    for contact in _dicts(value):
        yield from _names(contact.get("name"), whole)
        yield from _telecoms(contact.get("telecom"))
        yield from _addresses(contact.get("address"))
        yield from _organizations(contact.get("organization"))


def _extensions(value: Any) -> Iterator[Known]:
    for extension in _dicts(value):
        yield from _names(extension.get("valueHumanName"), "RELATIVE")
        yield from _telecoms(extension.get("valueContactPoint"))
        yield from _identifiers(extension.get("valueIdentifier"))
        yield from _extensions(extension.get("extension"))
        if extension.get("url") == _MAIDEN:
            for text in _texts(extension.get("valueString")):
                yield Known("RELATIVE", text)
                yield Known("FAMILY", text.split()[-1])
        if extension.get("url") == _BIRTH_PLACE:
            yield from _addresses(extension.get("valueAddress"))


def known_values(resource: Mapping[str, Any]) -> tuple[Known, ...]:
    """Identifying values that one of the PARTIES tells, each once.

    Args:
        resource: the parsed resource; elements of a wrong shape are passed over, for the validator reports them.

    Returns:
        Whole names and their parts, phones, e-mails, street lines, cities and counties, postal codes, identifiers by
        kind, relatives' names as RELATIVE, birth date; an organisation's or location's name as ORGANIZATION, also one
        that only the display of a reference tells.
    """
    found: list[Known] = []
    kind = resource.get("resourceType")
    if kind in ("Organization", "Location"):
        found += [Known("ORGANIZATION", t) for t in _texts(resource.get("name")) + _texts(resource.get("alias"))]
    elif kind == "FamilyMemberHistory":
        names = [{"text": text} for text in _texts(resource.get("name")) if not _KIN.search(text)]
        found += _names(names, "RELATIVE")
    else:
        found += _names(resource.get("name"), "RELATIVE" if kind == "RelatedPerson" else "NAME")
    found += _telecoms(resource.get("telecom"))
    found += _addresses(resource.get("address"))
    found += _identifiers(resource.get("identifier"))
    for qualification in _dicts(resource.get("qualification")):
        found += _identifiers(qualification.get("identifier"))
    found += _contacts(resource.get("contact"), "RELATIVE" if kind == "Patient" else "NAME")
    found += _extensions(resource.get("extension"))
    found += named(resource.get("generalPractitioner"))
    found += _organizations(resource.get("managingOrganization"))
    found += [Known("BIRTHDATE", text) for text in _texts(resource.get("birthDate"))]
    return tuple(dict.fromkeys(found))


def _home(resource: Mapping[str, Any]) -> Mapping[str, Any]:
    addresses = _dicts(resource.get("address"))
    current = [a for a in addresses if a.get("use") != "old"]
    return next(iter(current or addresses), {})


def _patient_of(resource: Mapping[str, Any]) -> str | None:
    if resource.get("resourceType") == "Patient":
        return resource.get("id")
    named = (_PATIENT.fullmatch(references.plain(str(p.get("reference")))) for p in _dicts(resource.get("patient")))
    return next((match[1] for match in named if match), None)


def person(resource: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of ``bronze.people`` that one resource tells; ``person_id`` is its own id until merges are seen."""
    patient = resource.get("resourceType") == "Patient"
    died = resource.get("deceasedDateTime") or ("true" if resource.get("deceasedBoolean") is True else None)
    home = _home(resource)
    return {
        "resource_type": resource.get("resourceType"),
        "resource_id": resource.get("id"),
        "person_id": resource.get("id") if patient else None,
        "patient_id": _patient_of(resource),
        "links": [
            {"type": str(link.get("type")), "target": str(other.get("reference"))}
            for link in _dicts(resource.get("link"))
            for other in _dicts(link.get("other"))
            if other.get("reference")
        ],
        "known": [{"type": k.type, "value": k.value} for k in known_values(resource)],
        "gender": next(iter(_texts(resource.get("gender"))), None),
        "birth_date": next(iter(_texts(resource.get("birthDate"))), None),
        "death_date": str(died) if died else None,
        "zip": next(iter(_texts(home.get("postalCode"))), None),
        "state": next(iter(_texts(home.get("state"))), None),
    }
