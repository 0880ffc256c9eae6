"""What a record knows, written into every place of FHIR that holds a text: how much of it is left, by where it is known.

Invented patients, with names that are rare and names that are words. Each fact is a resource's or only the words beside
a reference to one that was not delivered. A fragment is a fact in one of the forms that clinicians write it in, alone
in a resource, between words that tell nothing. It is a leak when a word or number of it that identifies is left in what
became of the resource, attachments and narratives opened. Towns, postal codes and days that a limited data set keeps
are not asked for under it. ``python -m bench.known_in_fhir``: one process, under two minutes.
"""

import base64
import json
import random
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench import RESULTS, workshop
from bench.hard import values as v
from bench.hard.record import FRAMES
from bench.notes import commit
from chartline import keys
from chartline.deid import fhir_files, policy
from chartline.deid.pseudonyms import pseudonym

POLICIES = ("safe_harbor", "limited_data_set", "expert_determination")
PATIENTS, SEED, EACH = 18, 5, 4
PROJECT = "bench"
_NO_SIGN = frozenset(
    "dr md rn mr mrs the st saint mount unit ward floor west east room hospital hosp memorial mem clinic center"
    " laboratory lab care family medicine and van den der von del las los san works plumbing sons".split()
)
_WARDS = ("7 {}", "{} 4 West", "{} Unit", "{} Ward, room 12", "Ward {}")
_HOUSES = ("{} Memorial Hospital", "St. {} Hospital", "Mount {} Medical Center", "{} Clinic")
_PLACES = (
    "Ashgrove Tolliver Merribeck Quillan Osterby Farrenholt Winslade Dunmarrow Castlebar Hopewell Brookhaven".split()
)


@dataclass(frozen=True)
class Fact:
    """What is known of somebody: where from, what kind it is, and the value or the person."""

    source: str
    kind: str
    value: Any


Forms = Mapping[str, Callable[[Any], str]]
_person: Forms = {
    "full": lambda p: f"{p.first} {p.last}",
    "capitals": lambda p: f"{p.first} {p.last}".upper(),
    "small": lambda p: f"{p.first} {p.last}".lower(),
    "family": lambda p: p.last,
    "titled": lambda p: f"Dr. {p.last}",
    "initial": lambda p: f"{p.first[0]}. {p.last}",
    "swapped": lambda p: f"{p.last}, {p.first}",
    "possessive": lambda p: f"{p.last}'s",
    "LAST FIRST": lambda p: f"{p.last} {p.first}".upper(),
    "cells": lambda p: f"{p.first} | {p.last}",
}
_short = {"Hospital": "Hosp", "Memorial": "Mem", "Medical": "Med", "Center": "Ctr", "Mount": "Mt", "Unit": "U"}
FORMS: dict[str, Forms] = {
    "person": _person,
    "place": {
        "as it is": str,
        "capitals": str.upper,
        "small": str.lower,
        "short": lambda t: " ".join(_short.get(w, w) for w in t.split()),
        "sign": lambda t: next(w for w in re.findall(r"\w+", t) if w.lower() not in _NO_SIGN and not w.isdigit()),
    },
    "phone": {"as it is": str, "digits": lambda t: re.sub(r"\D", "", t), "local": lambda t: t[-8:]},
    "number": {"as it is": str, "apart": lambda t: f"{t[:4]} {t[4:]}", "zeros": lambda t: f"00{t}"},
    "day": {name: v.DATE_FORMS[name] for name in ("us", "long", "dot", "compact")},
    "street": {"as it is": str, "small": str.lower, "name": lambda t: t.split(" ", 1)[1]},
    "town": {"as it is": str, "capitals": str.upper},
    "zip": {"as it is": str},
}


# --- the records -------------------------------------------------------------------------------------


def _of(kind: str, own: str, /, **more: Any) -> dict[str, Any]:
    return {"resourceType": kind, "id": own, **more}


def _shown(text: str, target: str = "") -> dict[str, Any]:
    return {"reference": target, "display": text} if target else {"display": text}


def record(rng: random.Random, n: int) -> tuple[list[dict[str, Any]], list[Fact]]:
    """The resources that tell of a patient, and what they tell."""
    me = {"reference": f"Patient/p{n}"}
    own, kin, contact, holder = (v.person(rng) for _ in range(4))
    gp, seen, surgeon, asked, gave, read, nurse, wrote, inside = (v.person(rng) for _ in range(9))
    places = rng.sample(_PLACES, 6)
    hospital, clinic, laboratory = (rng.choice(_HOUSES).format(p) for p in places[:3])
    ward, employer = rng.choice(_WARDS).format(places[3]), f"{places[4]} Plumbing LLC"
    born, phone, mrn = (
        v.day(rng).replace(year=1961),
        f"6{v.digits(rng, 2)}-2{v.digits(rng, 2)}-{v.digits(rng, 4)}",
        v.digits(rng, 8),
    )
    street, town, code = (
        f"{v.digits(rng, 3)} {places[5]} Road",
        rng.choice(("Sheboygan", "Kalamazoo", "Yakima")),
        v.digits(rng, 5),
    )
    named = lambda p: [{"family": p.last, "given": [p.first]}]  # noqa: E731
    full = lambda p: f"{p.first} {p.last}"  # noqa: E731
    coded = {"coding": [{"system": "http://loinc.org", "code": "34117-2"}]}
    visit = {"status": "finished", "class": {"code": "AMB"}, "subject": me}
    order = {"status": "active", "intent": "order", "subject": me}
    told = [
        _of("Patient", f"p{n}", name=named(own), birthDate=born.isoformat(), telecom=[{"system": "phone", "value": phone}],
            identifier=[{"type": {"coding": [{"code": "MR"}]}, "value": mrn}], contact=[{"name": named(contact)[0]}],
            address=[{"line": [street], "city": town, "state": "OH", "postalCode": code}],
            generalPractitioner=[_shown(full(gp), f"Practitioner/g{n}")]),
        _of("RelatedPerson", f"r{n}", patient=me, name=named(kin)),
        _of("Encounter", f"e{n}", **visit, participant=[{"individual": _shown(f"Dr. {full(seen)}", f"Practitioner/a{n}")}],
            location=[{"location": _shown(ward, f"Location/w{n}")}], serviceProvider=_shown(hospital, f"Organization/h{n}")),
        _of("Procedure", f"pr{n}", status="completed", subject=me, code=coded,
            performer=[{"actor": _shown(f"{full(surgeon)}, MD", f"PractitionerRole/s{n}")}]),
        _of("ServiceRequest", f"sr{n}", **order, code=coded,
            requester={"type": "Practitioner", "display": f"{asked.last}, {asked.first}"}),
        _of("MedicationRequest", f"mr{n}", **order, medicationCodeableConcept=coded, requester=_shown(f"Dr {full(gave)}")),
        _of("DiagnosticReport", f"dr{n}", status="final", code=coded, subject=me,
            performer=[_shown(laboratory, f"Organization/l{n}"), _shown(full(read), f"Practitioner/d{n}")]),
        _of("CareTeam", f"ct{n}", subject=me, participant=[{"member": _shown(f"{full(nurse)}, RN", f"Practitioner/n{n}")}]),
        _of("Appointment", f"ap{n}", status="booked",
            participant=[{"status": "accepted", "actor": me}, {"status": "accepted", "actor": _shown(clinic, f"Location/c{n}")}]),
        _of("Coverage", f"cv{n}", status="active", beneficiary=me, payor=[_shown("Acme Health", f"Organization/i{n}")],
            policyHolder=_shown(employer, f"Organization/b{n}"), subscriber=_shown(full(holder), f"RelatedPerson/x{n}")),
        _of("Composition", f"co{n}", status="final", type=coded, subject=me, date="2019-03-04", title="note",
            author=[{"identifier": {"system": "urn:x", "value": f"Q{n}"}, "display": f"{full(wrote)}, NP"}]),
        _of("MedicationStatement", f"ms{n}", status="active", subject=me, medicationCodeableConcept=coded,
            informationSource={"reference": "#in"}, contained=[_of("Practitioner", "in", name=named(inside))]),
    ]  # fmt: skip
    facts = [
        *(Fact("Patient", "person", own), Fact("Patient", "phone", phone), Fact("Patient", "number", mrn)),
        *(Fact("Patient", "day", born), Fact("Patient", "street", street), Fact("Patient", "town", town)),
        *(
            Fact("Patient", "zip", code),
            Fact("RelatedPerson", "person", kin),
            Fact("Patient.contact", "person", contact),
        ),
        *(Fact("Patient.generalPractitioner", "person", gp), Fact("Encounter.participant", "person", seen)),
        *(Fact("Procedure.performer", "person", surgeon), Fact("ServiceRequest.requester", "person", asked)),
        *(Fact("MedicationRequest.requester", "person", gave), Fact("DiagnosticReport.performer", "person", read)),
        *(Fact("CareTeam.participant", "person", nurse), Fact("Coverage.subscriber", "person", holder)),
        *(Fact("Composition.author", "person", wrote), Fact("contained Practitioner", "person", inside)),
        *(Fact("Encounter.serviceProvider", "place", hospital), Fact("Encounter.location", "place", ward)),
        *(Fact("Appointment.participant", "place", clinic), Fact("DiagnosticReport.performer", "place", laboratory)),
        Fact("Coverage.policyHolder", "place", employer),
    ]
    return told, facts


# --- where a fragment is written ---------------------------------------------------------------------


def _attached(text: str, kind: str) -> dict[str, Any]:
    return {"contentType": kind, "data": base64.b64encode(text.encode()).decode()}


_SAID = {"status": "final", "code": {"coding": [{"system": "http://loinc.org", "code": "8302-2"}]}}
_ASKED = {"status": "active", "intent": "order"}
CONTAINERS: dict[str, Callable[[str, str, dict[str, Any]], dict[str, Any]]] = {
    "Observation.valueString": lambda t, _, me: _of("Observation", "", **_SAID, subject=me, valueString=t),
    "Observation.note": lambda t, _, me: _of("Observation", "", **_SAID, subject=me, note=[{"text": t}]),
    "Observation.code.text": lambda t, _, me: _of("Observation", "", status="final", subject=me, code={"text": t}),
    "Coding.display": lambda _, t, me: _of("Observation", "", status="final", subject=me, code={
        "coding": [{"system": "http://loinc.org", "code": "8302-2", "display": t}]}),
    "Quantity.unit": lambda _, t, me: _of("Observation", "", **_SAID, subject=me, valueQuantity={"value": 1, "unit": t}),
    "local code": lambda _, t, me: _of("Observation", "", status="final", subject=me, code={
        "coding": [{"system": "http://hospital.example.org/codes", "code": t}]}),
    "QuestionnaireResponse.linkId": lambda _, t, me: _of("QuestionnaireResponse", "", status="completed", subject=me,
        item=[{"linkId": t, "answer": [{"valueBoolean": True}]}]),
    "Observation.identifier": lambda _, t, me: _of("Observation", "", **_SAID, subject=me, identifier=[{"value": t}]),
    "Observation.extension": lambda t, _, me: _of("Observation", "", **_SAID, subject=me,
        extension=[{"url": "http://example.org/said", "valueString": t}]),
    "Observation.component": lambda t, _, me: _of("Observation", "", **_SAID, subject=me,
        component=[{"code": {"text": "said"}, "valueString": t}]),
    "DiagnosticReport.conclusion": lambda t, _, me: _of("DiagnosticReport", "", **_SAID, subject=me, conclusion=t),
    "presentedForm, plain": lambda t, _, me: _of("DiagnosticReport", "", **_SAID, subject=me,
        presentedForm=[_attached(t, "text/plain")]),
    "presentedForm, HTML": lambda t, _, me: _of("DiagnosticReport", "", **_SAID, subject=me,
        presentedForm=[_attached(f"<html><body><table><tr><td>said</td><td>{t}</td></tr></table></body></html>", "text/html")]),
    "DocumentReference": lambda t, _, me: _of("DocumentReference", "", status="current", subject=me,
        content=[{"attachment": _attached(f"Progress note\n\n{t}\nStable.", "text/plain")}]),
    "Composition.section": lambda t, _, me: _of("Composition", "", status="final", type={"text": "note"}, date="2019-03-04",
        author=[{"reference": "Practitioner/none"}], title="note", subject=me, section=[{"title": "Said", "text": {
            "status": "additional", "div": f'<div xmlns="http://www.w3.org/1999/xhtml"><p>{t}</p></div>'}}]),
    "QuestionnaireResponse.answer": lambda t, _, me: _of("QuestionnaireResponse", "", status="completed", subject=me,
        item=[{"linkId": "1", "text": "What was said", "answer": [{"valueString": t}]}]),
    "Task.description": lambda t, _, me: _of("Task", "", **_ASKED, **{"for": me}, description=t),
    "Communication.payload": lambda t, _, me: _of("Communication", "", status="completed", subject=me,
        payload=[{"contentString": t}]),
    "Appointment.comment": lambda t, _, me: _of("Appointment", "", status="booked", comment=t,
        participant=[{"status": "accepted", "actor": me}]),
    "Appointment.patientInstruction": lambda t, _, me: _of("Appointment", "", status="booked", patientInstruction=t,
        participant=[{"status": "accepted", "actor": me}]),
    "MedicationRequest.dosage": lambda t, _, me: _of("MedicationRequest", "", **_ASKED, subject=me,
        medicationCodeableConcept={"text": "aspirin"}, dosageInstruction=[{"text": t}]),
    "Condition.note": lambda t, _, me: _of("Condition", "", subject=me, code={"text": "pain"}, note=[{"text": t}]),
    "CarePlan.description": lambda t, _, me: _of("CarePlan", "", status="active", intent="plan", subject=me, description=t),
    "Procedure.followUp": lambda t, _, me: _of("Procedure", "", status="completed", subject=me, followUp=[{"text": t}]),
    "Goal.description": lambda t, _, me: _of("Goal", "", lifecycleStatus="active", subject=me, description={"text": t}),
}  # fmt: skip
"""Builders of a resource from the framed fragment, the bare one and the subject."""


@dataclass(frozen=True)
class Fragment:
    """What was written where: the container, the form, what of it identifies, and the resource's place in the output."""

    fact: Fact
    form: str
    container: str
    signs: tuple[str, ...]
    name: str


def signs(fact: Fact, text: str) -> tuple[str, ...]:
    """The words and numbers of a fragment that identify."""
    if fact.kind in ("phone", "number", "zip"):
        return (re.sub(r"\D", "", text).lstrip("0")[-7:],)
    if fact.kind == "day":
        return (text.lower(),)
    words = re.findall(r"[^\W\d_]+(?:['’-][^\W\d_]{2,})*", re.sub(r"'s\b", "", text.lower()))
    return tuple(
        w for w in words if len(w) > 2 and w not in _NO_SIGN and w not in ("road", "llc", "plumbing", "medical")
    )


def fragments(rng: random.Random, n: int, facts: Iterable[Fact]) -> Iterator[tuple[dict[str, Any], Fragment]]:
    """Each fact in some of its forms, each in the next container."""
    at = rng.randrange(len(CONTAINERS))
    names = list(CONTAINERS)
    for fact in facts:
        for form in rng.sample(list(FORMS[fact.kind]), min(EACH, len(FORMS[fact.kind]))):
            for _ in range(2):
                container, at = names[at % len(names)], at + 1
                text = v.spaced(FORMS[fact.kind][form](fact.value))
                made = CONTAINERS[container](
                    rng.choice(FRAMES).strip().format(text), text, {"reference": f"Patient/p{n}"}
                )
                made["id"] = f"f{n}-{at}"
                wanted = signs(fact, text)
                if wanted:
                    yield made, Fragment(fact, form, container, wanted, f"{made['resourceType']}/{made['id']}")


# --- what is left ------------------------------------------------------------------------------------


def said(node: Any) -> Iterator[str]:
    """Every text of a resource, attachments decoded."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "data" and isinstance(value, str):
                yield re.sub(r"<[^>]*>", " ", base64.b64decode(value).decode())
            elif key not in ("reference", "system", "url", "id", "div"):
                yield from said(value)
            elif key == "div":
                yield re.sub(r"<[^>]*>", " ", value)
    elif isinstance(node, list):
        for value in node:
            yield from said(value)
    elif isinstance(node, str):
        yield node


def is_left(fragment: Fragment, text: str) -> bool:
    """Whether something that identifies is still in the text."""
    if fragment.fact.kind in ("phone", "number", "zip"):
        return fragment.signs[0] in re.sub(r"[\s.\-()/]", "", text)
    return any(re.search(rf"(?<![^\W_]){re.escape(s)}(?![^\W_])", text.lower()) for s in fragment.signs)


def kept(rules: policy.Policy, fact: Fact) -> bool:
    """Whether the policy lets such a value stay."""
    return rules.name == "limited_data_set" and fact.kind in ("town", "zip", "day")


def measured(name: str, file: Path, written: list[Fragment], key: keys.Key, to: Path) -> Iterator[tuple[Fragment, str]]:
    """Of each fragment what became of it: ``left``, ``gone``, ``kept`` on purpose, or ``aside`` with its resource."""
    rules = replace(policy.load(name), pseudonyms="keyed")  # so that a resource is found again
    fhir_files.run([file], to, policy=rules, key=key, project=PROJECT)
    pseudonyms = key.derive("pseudonym", PROJECT)
    lines = [json.loads(line) for path in to.iterdir() for line in path.read_text(encoding="utf-8").splitlines()]
    found = {f"{r['resourceType']}/{r['id']}": " ¦ ".join(said(r)) for r in lines}
    for fragment in written:
        kind, _, own = fragment.name.partition("/")
        text = found.get(f"{kind}/{pseudonym(pseudonyms, kind, own)}")
        if kept(rules, fragment.fact):
            yield fragment, "kept"
        elif text is None:
            yield fragment, "aside"
        else:
            yield fragment, "left" if is_left(fragment, text) else "gone"


Counts = dict[tuple[str, str], Counter[str]]
"""Fates by a name and a policy."""


def table(title: str, names: Iterable[str], found: Counts) -> list[str]:
    """A Markdown table: fragments left of those asked for, by name and policy."""

    def cell(name: str, rules: str) -> str:
        one = found.get((name, rules), Counter())
        return f"{one['left']} of {one['left'] + one['gone'] + one['aside']}"

    head = [f"| {title} | {' | '.join(POLICIES)} |", "|---|" + "---|" * len(POLICIES)]
    return [*head, *(f"| {name} | {' | '.join(cell(name, rules) for rules in POLICIES)} |" for name in names), ""]


def drawn() -> tuple[list[dict[str, Any]], list[Fragment]]:
    """The resources of invented patients, and the fragments written into them."""
    rng = random.Random(SEED)
    resources, written = [], []
    for n in range(PATIENTS):
        told, facts = record(rng, n)
        pairs = list(fragments(rng, n, facts))
        resources += [*told, *(made for made, _ in pairs)]
        written += [fragment for _, fragment in pairs]
    return resources, written


def counted(resources: list[dict[str, Any]], written: list[Fragment]) -> dict[str, Counts]:
    """What became of the fragments under each policy, by what they are known from, their form and their container."""
    found: dict[str, Counts] = {"known from": {}, "form": {}, "written into": {}, "all": {}}
    with workshop() as (folder, key):
        file = folder / "in.ndjson"
        file.write_text("".join(json.dumps(r) + "\n" for r in resources), encoding="utf-8")
        for rules in POLICIES:
            for fragment, fate in measured(rules, file, written, keys.load(key), folder / rules):
                form = f"{fragment.fact.kind}, {fragment.form}"
                names = (fragment.fact.source, form, fragment.container, "all")
                for counts, name in zip(found.values(), names, strict=True):
                    counts.setdefault((name, rules), Counter())[fate] += 1
    return found


def main() -> int:
    """Write, de-identify and count; 0 always, for the tests say what must not be left."""
    resources, written = drawn()
    found = counted(resources, written)
    rows = ["# What the record knows, written into FHIR", ""]
    rows += [
        f"Commit {commit()}, {PATIENTS} invented patients, {len(written):,} fragments: those of which something",
        "is left.",
        "",
    ]
    body: dict[str, Any] = {"commit": commit(), "patients": PATIENTS, "fragments": len(written)}
    for title, counts in found.items():
        names = sorted({name for name, _ in counts})
        rows += table(title, names, counts)
        body[title] = {name: {r: dict(sorted(counts[name, r].items())) for r in POLICIES} for name in names}
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "known_in_fhir.md").write_text("\n".join(rows), encoding="utf-8")
    (RESULTS / "known_in_fhir.json").write_text(json.dumps(body, indent=2) + "\n", encoding="utf-8")
    print("\n".join(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
