"""Who is named only by the words beside a reference: a visit's doctor, ward and hospital that no record tells more of.

A hospital's extract often holds no Practitioner, Organization or Location, and its notes name them all the same. Such
words may as well be a role or a department (``Attending physician``, ``Emergency Department``): only what is named is
known, for else every ward and nurse of the texts would go.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from chartline.fhir import people, references
from chartline.fhir.known import Known

PERSONS = frozenset({"Patient", "RelatedPerson", "Person", "Practitioner", "PractitionerRole"})
_OF_PATIENTS = frozenset({"Patient", "RelatedPerson", "Person", "FamilyMemberHistory"})
PLACES = frozenset({"Organization", "Location"})
_BEGIN = frozenset(kind[:3].encode() for kind in PERSONS | PLACES)
# Elements whose targets may be persons, where the reference does not tell of which type it is, or only places:
# hl7.org/fhir/R4/ of the types that policies/base.toml lets pass. A payer is none: what insures somebody is not who.
OF_PERSONS = frozenset(
    """
    subject patient beneficiary individual practitioner requester recorder asserter author performer actor member who
    party attester informationSource sender recipient subscriber policyHolder careManager enterer responsible provider
    source resultsInterpreter primaryAuthor orderer collector receiver operator interpreter supplier prescriber owner
    authenticator consentingParty careTeam contributor expressedBy verifier witness generalPractitioner agent
    """.split()
)
OF_PLACES = frozenset(
    "serviceProvider managingOrganization custodian location organization origin destination facility assigner".split()
)
OF_PAYERS = frozenset({"payor", "insurer"})

INSIDE = frozenset({"Practitioner", "PractitionerRole", "RelatedPerson", "Organization", "Location"})
"""Types of which one inside another resource tells of somebody, whom other records may name."""
CONTAINED = "contained:"
"""What stands before such a resource, where it is a piece of the one around it."""
_OF_INSIDE = re.compile(rb'"resourceType"\s*:\s*"(?:%b)"' % "|".join(sorted(INSIDE)).encode())
_TELLING = ("resourceType", "name", "alias", "telecom", "address", "identifier")

FRAGMENT = (
    r'(?:(?:"([A-Za-z]+)"\s*:\s*\[?\s*)?\{([^{}]*(?:\{[^{}]*\}[^{}]*)?)|\}\s*,\s*)'
    r'"display"\s*:\s*"((?:[^"\\]|\\.){1,200})"([^{}]*)'
)
"""An object that displays something, as a regular expression of Python and of Java: the element whose value it is,
what stands before ``display`` in it, what that is, and what stands behind it. Behind more than one inner object, as an
identifier with its type is, only the words are told."""

REFERENCE = r'"reference"\s*:\s*"([^"\\]*)"'
"""What such an object refers to."""

AUTHOR = r'"authorString"\s*:\s*("(?:[^"\\]|\\.){1,200}")'
"""Who wrote an annotation, told in words alone, as a regular expression of Python and of Java."""

_FRAGMENT = re.compile(FRAGMENT)
_AUTHOR = re.compile(AUTHOR.encode())
_REFERENCE = re.compile(REFERENCE)
_INNER = re.compile(r"\{[^{}]*\}")
_TYPE = re.compile(r'"type"\s*:\s*"([A-Za-z]+)"')
NEAR = 96
"""Bytes before what a code or a reference displays in which the rest of it stands."""
REPEATS = "ExplanationOfBenefit"
"""A type that names whom the visit names, fills a quarter of some extracts, and is not asked."""


class Shown(NamedTuple):
    """What a reference displays.

    Attributes:
        target: ``Type/id`` of what it refers to, or the type with nothing behind it; empty where that is not told.
        known: what the words identify, the whole first.
    """

    target: str
    known: tuple[Known, ...]


def fragments(raw: bytes) -> list[bytes]:
    """The pieces of a resource that display something and are no code: a quick look, for each resource is asked.

    A piece goes from the name of the element, or what stands in its place, to the end of the object.
    """
    pieces = raw.split(b'"display"')
    last = len(pieces) - 1
    found = [i for i, piece in enumerate(pieces) if i < last and not _coded(piece)]
    made = [piece for i in found if (piece := _piece(pieces[i], pieces[i + 1]))]
    if b'"authorString"' in raw:
        made += [b'"author":{"display":%b}' % text for text in _AUTHOR.findall(raw)]
    return [*made, *_inside(raw)] if b'"contained"' in raw else made


def _coded(before: bytes) -> bool:
    """Whether what is displayed behind this is a code's: one stands before it in the same object."""
    at = before.rfind(b'"code":"', -NEAR)
    return at >= 0 and before.find(b"}", at) < 0 and before.find(b"{", at) < 0


def _inside(raw: bytes) -> Iterator[bytes]:
    """The persons and places contained in a resource, each as far as it tells who it is."""
    try:
        tree = orjson.loads(raw) if _OF_INSIDE.search(raw) else {}
    except orjson.JSONDecodeError:
        return
    inside = tree.get("contained") if isinstance(tree, dict) else None
    for inner in inside if isinstance(inside, list) else ():
        if isinstance(inner, dict) and inner.get("resourceType") in INSIDE:
            yield CONTAINED.encode() + orjson.dumps({key: inner[key] for key in _TELLING if key in inner})


def _piece(before: bytes, behind: bytes) -> bytes:
    """The object around, with the element that it is the value of; nothing for a reference to what is nobody."""
    at = before.rfind(b'"reference":"', -NEAR) + 13
    if at > 12 and before[at : at + 3] not in _BEGIN and before[at : at + 1].isupper():
        return b""
    at = before.rfind(b"{")
    if before.find(b"}", at) >= 0:
        at = before.rfind(b"{", 0, at)
    name = before.rfind(b'"', 0, before.rfind(b'"', 0, at))
    return before[name:] + b'"display"' + behind[: behind.find(b"}") + 1]


def read(fragment: str, index: Mapping[str, str]) -> Shown | None:
    """Who a piece names; None for nobody, and for what is no reference.

    Args:
        fragment: a match of ``FRAGMENT``, or a text around one.
        index: references as written to ``Type/id``, for the forms that do not say it themselves.
    """
    if fragment.startswith(CONTAINED):
        return _contained(orjson.loads(fragment.removeprefix(CONTAINED)))
    found = _FRAGMENT.search(fragment)
    beside = f"{_INNER.sub('', found[2] or '')}{found[4]}" if found else '"code"'
    if found is None or '"code"' in beside or '"system"' in beside:
        return None
    reference, kind = _REFERENCE.search(beside), _TYPE.search(beside)
    target = (references.target(reference[1], index) or "") if reference else ""
    target = target or (kind[1] if kind else "")
    try:
        display = str(orjson.loads(f'"{found[3]}"'))
    except orjson.JSONDecodeError:
        return None
    told = tuple(known(found[1] or "", target.partition("/")[0], display.strip()))
    return Shown(target, told) if told else None


def _contained(resource: Mapping[str, Any]) -> Shown | None:
    """What a resource inside another tells, the name first; parts of a practitioner's name go with it."""
    found = list(people.known_values(resource))
    if resource["resourceType"] == "Practitioner":
        found = [Known("STAFF", k.value) if k.type == "NAME" else k for k in found if k.type not in ("GIVEN", "FAMILY")]
    return Shown("", tuple(found)) if found else None


# --- what is named -----------------------------------------------------------------------------------

_TITLES = frozenset("dr drs mr mrs ms miss mx prof rev sr sra".split())
_CALLINGS = frozenset("doctor professor nurse sister dame sir".split())  # before a name, or in place of one
_DEGREES = frozenset(
    """
    md do rn np pa pac phd mph bsn msn dnp aprn arnp fnp crnp crna cnm cns lpn lvn cna ma rph pharmd dds dmd dpm od dc
    dpt pt ot otr slp lcsw msw lmsw lmft lpc psyd rd ldn rt emt mbbs mbchb facs facp faap fache frcs mba msc bs jd pc
    pllc esq jr ii iii iv
    """.split()
)
# Who somebody is to the patient, or what is done there, not what it is called.
_ROLES = frozenset(
    """
    inc llc corp ltd company physician physicians doctors nurses provider providers practitioner clinician attending
    hospitalist intensivist nocturnist surgeon anesthetist anesthesiologist radiologist pathologist therapist
    pharmacist technician technologist tech assistant resident intern fellow student staff team group service services
    department dept unit ward clinic hospital center centre office pharmacy laboratory lab system interface user admin
    administrator unknown unassigned unspecified none null other various generic default external historical conversion
    test self patient subject person parent mother father guardian spouse wife husband child son daughter partner
    family caregiver emergency contact on call desk front care health medical medicine consultant registrar locum
    sonographer chaplain interpreter social worker dietitian pool float charge covering rounding night day shift
    inpatient outpatient coordinator manager secretary clerk scheduler receptionist triage telehealth device machine
    analyzer monitor automated
    """.split()
)
# Of wards and houses that are called after nothing: what is done there, for whom, and where it lies.
_GENERIC = frozenset(
    """
    icu micu sicu nicu picu ccu cvicu cticu pacu medsurg telemetry obgyn preop postop periop perioperative admitting
    ambulatory inpatient outpatient hospitalist maternity nursery newborn neonatal perinatal antepartum postpartum
    stepdown oncology childrens womens mens veterans geriatric pediatric bariatric hemodialysis endoscopy wellness
    hospice homecare telehealth telemedicine virtual offsite onsite downtown northside southside eastside westside
    """.split()
)
_PARTICLES = frozenset(
    "van von der den dem de del della di da do dos das la las le los el al bin ibn abu st san santa ten".split()
)
# ``Home with Ilo`` is no facility.
_AT_HOME = re.compile(r"home\b(?!\s(?:care|health|hospice|infusion|instead))", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+(?:['’\-][^\W\d_]+)*")
_MADE = re.compile(r"\w{3,}(?:ist|ian|icu|ology|iatry|iatrics|p(?:a?e)dics?|ectomy|therapy|graphy)s?")


def known(element: str, kind: str, display: str) -> Iterator[Known]:
    """What words beside a reference tell that identifies.

    Args:
        element: name of the element, empty where that is not told.
        kind: resource type that the reference is to, empty where that is not told.
        display: the words.

    Returns:
        A patient's or relative's name as NAME or RELATIVE, another person's as STAFF, a place as ORGANIZATION, also
        without what it has in common with others; nothing for a role, a department or a payer.
    """
    if (element in OF_PAYERS and kind not in PERSONS) or _AT_HOME.match(display):
        return
    if kind in PLACES or (not kind and element in OF_PLACES):
        yield from (Known("ORGANIZATION", text) for text in place(display))
    elif kind in PERSONS or (not kind and element in OF_PERSONS | {""}):
        name = "" if not kind and _HEAD.search(display) else person(display)
        if name:
            of_patient = kind in ("Patient", "Person") or (
                not kind and element in ("subject", "patient", "beneficiary")
            )
            yield Known("NAME" if of_patient else "RELATIVE" if kind == "RelatedPerson" else "STAFF", name)
        elif not kind and _HEAD.search(display):
            yield from (Known("ORGANIZATION", text) for text in place(display))


@lru_cache(maxsize=1 << 16)
def person(display: str) -> str:
    """The name that words say, given names first and without titles and degrees; empty for a role or none."""
    before, comma, after = display.partition(",")
    last, titled = _without_titles(before.split())
    first, more = _without_titles(re.split(r"[\s,]+", after))
    words = [*first, *last] if comma else last
    lower = [w.lower() for word in words for w in _WORD.findall(word)]
    if not lower or len(words) > 6 or not (_ROLES.isdisjoint(lower) or _is_called_so(lower)):
        return ""
    return " ".join(words) if _is_name(lower, titled=titled or more, swapped=bool(comma and first)) else ""


def _is_called_so(words: list[str]) -> bool:
    """Whether somebody's family name is also a role: ``Maeve Ward``."""
    from chartline.deid.text.lexicon import kind

    named = len(words) == 2 and words[0] not in _ROLES
    return named and kind(words[0]).common_first and kind(words[1]).surname


def _without_titles(words: Iterable[str]) -> tuple[list[str], bool]:
    """The words of a name without titles and degrees, and whether there were any."""
    told = [w for w in words if any(map(str.isalpha, w))]
    kept = [w for w in told if not _is_title(w)]
    named = [w.strip("().,;") for w in kept]
    return [w for w in named if w.lower() not in _CALLINGS], len(kept) < len(told)


def _is_title(word: str) -> bool:
    """Whether a word is a title, or a degree: ``DO`` and ``D.O.``, not ``Do``."""
    bare = re.sub(r"[^A-Za-z]", "", word)
    return bare.lower() in _TITLES or (bare.lower() in _DEGREES and not bare.istitle())


def _is_name(words: list[str], *, titled: bool, swapped: bool) -> bool:
    """Whether words are those of a name: each can be one, and one of them, or all together, is nothing else.

    Args:
        words: in lower case, given names first.
        titled: whether a title or a degree stood with them.
        swapped: whether they were written with a comma, as lists of persons are.
    """
    from chartline.deid.text.lexicon import kind

    named = [w for w in words if len(w) > 1 and w not in _PARTICLES]
    found = [kind(w) for w in named]
    if not named or any(k.medical and not (k.first or k.last) for k in found):
        return False
    sure = any(map(_is_no_word, named))
    if titled or swapped:
        return sure or any(k.last if titled else k.first for k in found)
    if len(named) == 1:
        return sure and len(named[0]) > 3
    return all(k.first or k.last or k.unknown for k in found) and (
        sure or (found[0].common_first and found[-1].surname)
    )


def _is_no_word(word: str) -> bool:
    """Whether a word is on no list of words, and neither as short as a short form nor made like one of medicine."""
    from chartline.deid.text.lexicon import kind

    found = kind(word)
    made = len(word) < 4 or _MADE.fullmatch(word.lower()) is not None
    return not (found.word or found.medical or (found.unknown and made))


_HEAD = re.compile(
    r"\b(?:hospital|clinic|center|centre|laborator(?:y|ies)|hospice|infirmary|ward|unit|associates|inc|llc|corp|ltd|pharmacy"
    r"|health|healthcare|home|manor|village|nursing|rehabilitation|university|school)\b",
    re.IGNORECASE,
)


@lru_cache(maxsize=1 << 16)
def place(display: str) -> tuple[str, ...]:
    """The name of a place that words say, and the words of it that are no other's; nothing for a department."""
    own = [w for w in _WORD.findall(display) if len(w) > 4 and w.lower() not in _GENERIC]
    found = [w for w in own if _is_no_word(w) and not (w.isupper() and len(w) < 6)]
    return tuple(dict.fromkeys([display, *found])) if found else ()


# --- whom nobody else tells --------------------------------------------------------------------------


def names(parties: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """What parties, rows like those of ``bronze.people``, are called, in small letters."""
    return frozenset(k["value"].casefold() for party in parties for k in party["known"] or ())


def unknown(found: Mapping[bytes, Shown], parties: Sequence[Mapping[str, Any]]) -> dict[bytes, tuple[Known, ...]]:
    """What is shown of those whom neither a party of that name tells, nor the person that it is about."""
    everywhere = names(p for p in parties if p["resource_type"] not in _OF_PATIENTS)
    asked = {one.target for one in found.values()}
    persons = (p for p in parties if p["resource_type"] in _OF_PATIENTS)
    own = {name: names([p]) for p in persons if (name := f"{p['resource_type']}/{p['resource_id']}") in asked}
    return {
        piece: one.known
        for piece, one in found.items()
        if (name := one.known[0].value.casefold()) not in everywhere and name not in own.get(one.target, ())
    }


def beside(pieces: Iterable[str], *told: frozenset[str]) -> set[Known]:
    """What is shown in somebody's records of those whom no party of these names tells.

    Args:
        pieces: as ``read`` takes them, with the type of what each refers to.
        told: what parties are called, see ``names``.
    """
    found = (read(piece, {}) for piece in pieces)
    new = (one for one in found if one and not any(one.known[0].value.casefold() in names for names in told))
    return {known for one in new for known in one.known}


def row(known: Iterable[Known]) -> dict[str, Any]:
    """What is known only so, like a row of ``bronze.people``."""
    values = sorted((k.type, k.value) for k in known)
    return {"resource_type": "Reference", "resource_id": "", "known": [{"type": t, "value": v} for t, v in values]}
