"""The policy compiled to closures that walk one parsed resource and build the de-identified one.

Only what a closure was compiled for is copied; every other key is left behind and counted. Contained resources,
primitive extensions, references of every form, narrative and attachments go through the same tree.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from chartline.deid import dates, geography, phrases
from chartline.deid.context import PatientContext
from chartline.deid.phrases import Phrases
from chartline.deid.policy import DATES, Decision, Policy
from chartline.errors import DataError
from chartline.fhir import definitions, validate
from chartline.fhir.definitions import Element

if TYPE_CHECKING:
    from chartline.deid.text import DocumentResult

ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
MASKED = {"extension": [{"url": ABSENT, "valueCode": "masked"}]}
_LABELS = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue"
# LOINC codes whose value is the patient's age.
_AGE_CODES = frozenset({"30525-0", "21612-7", "29553-5", "63900-5", "39016-1"})
_OLDEST = 90  # 45 CFR 164.514(b)(2)(i)(C): ages over 89 become one category of age 90 or older

_LITERAL = re.compile(
    r"(?:[a-z][a-z0-9+.-]*://\S+/)?([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/\S+)?(?:#\S*)?"
)
_CONCEPTS = 20_000  # remembered concepts of one element; a hospital's vocabulary in use is smaller
_PUBLIC_CODE = re.compile(r"[^\s@]{1,48}")
_URN = re.compile(r"urn:(uuid|oid):(\S+)")


class Refused(DataError):
    """The resource may not pass at all; the rule says why, in element paths."""

    def __init__(self, reason: str, rule: str) -> None:
        super().__init__("CL1100", f"resource refused: {reason} at {rule}.")
        self.reason = reason
        self.rule = rule

    def __reduce__(self) -> tuple[type[Refused], tuple[str, str]]:  # type: ignore[override]
        return (type(self), (self.reason, self.rule))


@dataclass
class Note:
    """A note that was found in a resource, after cleaning."""

    path: str
    content_type: str
    text: str
    spans: list[dict[str, Any]]
    status: str


@dataclass
class Walk:
    """What the closures need to know while they walk one resource."""

    patient: PatientContext
    code: Callable[[str, str], str]
    links: Mapping[str, str]
    earliest_year: int = 0
    anchor: int | None = None
    contained: dict[str, str] = field(default_factory=dict)
    said: set[Any] = field(default_factory=set)
    notes: list[Note] = field(default_factory=list)
    offsets: dict[str, float] = field(default_factory=dict)


Step = Callable[[Any, Walk], Any]


@dataclass(frozen=True)
class Result:
    """A de-identified resource, its notes, and hidden-origin day counts of its dates (year-only policies)."""

    resource: dict[str, Any]
    notes: list[Note]
    offsets: dict[str, float]


def keyed_code(key: bytes) -> Callable[[str, str], str]:
    """Pseudonyms as the first 32 hexadecimal digits of HMAC-SHA-256 over ``Type/id``, remembered within a worker."""
    known: dict[tuple[str, str], str] = {}
    keyed = hmac.new(key, digestmod=hashlib.sha256)

    def code(kind: str, source_id: str) -> str:
        made = known.get((kind, source_id))
        if made is None:
            mac = keyed.copy()
            mac.update(f"{kind}/{source_id}".encode())
            made = mac.hexdigest()[:32]
            if len(known) < 1_000_000:
                known[kind, source_id] = made
        return made

    return code


def subject_id(pseudonym: str) -> int:
    """The patient's int64 id: the first 63 bits of the patient's pseudonym."""
    return int(pseudonym[:16], 16) >> 1


def literal(reference: str) -> tuple[str, str] | None:
    """Type and id of a relative, absolute or versioned literal reference; None for any other form."""
    match = _LITERAL.fullmatch(reference)
    return (match[1], match[2]) if match and match[1] in definitions.resource_types() else None


def logical(kind: Any, identifier: Any) -> str | None:
    """A reference by identifier only, spelled as the conditional reference that means the same."""
    if not isinstance(identifier, Mapping) or not isinstance(identifier.get("value"), str):
        return None
    system = identifier.get("system")
    token = f"{system}|{identifier['value']}" if system else identifier["value"]
    return f"{kind if isinstance(kind, str) else ''}?identifier={token}"


@dataclass
class _Seen:
    """What a concept became, its words, what was done to it by slot, and how often it came again."""

    made: Any
    words: frozenset[str]
    done: list[tuple[int, int]]
    times: int = 0


class Deidentifier:
    """A policy compiled for one text engine.

    Args:
        policy: the policy.
        text: the text engine, with its memory.
        local_system: gives a local code system a name that does not tell whose it is.
    """

    def __init__(self, policy: Policy, text: Phrases, local_system: Callable[[str], str]) -> None:
        self._policy = policy
        self._text = text
        self._local_system = local_system
        self._steps: dict[str, Callable[[Mapping[str, Any], Walk], dict[str, Any]]] = {}
        self._slots: list[tuple[str, str, Decision]] = []
        self._hits: list[int] = []
        self._unknown: Counter[str] = Counter()
        self._seen: dict[str, dict[bytes, _Seen]] = {}
        self._public: dict[str, bool] = {}
        self._plain: dict[str, dict[str, int]] = {}
        self._labels = [{"system": _LABELS, "code": c} for c in self._label_codes()]
        self._meta = validate.judged("Meta", {"security": self._labels})

    def _label_codes(self) -> list[str]:
        return ["PSEUDED", "REDACTED", *(["ABSTRED"] if self._policy.means["date"] == "year" else [])]

    # --- one resource --------------------------------------------------------------------------------

    def resource(self, resource: Mapping[str, Any], walk: Walk) -> Result | None:
        """De-identify one resource; None when the policy does not let its type pass.

        Raises:
            Refused: CL1100 it may not pass at all, for example for a modifierExtension.
            DataError: what the text engine raises when a note must be set aside.
        """
        kind = str(resource.get("resourceType"))
        if kind not in self._policy.resources:
            return None
        for i, inner in enumerate(resource.get("contained") or ()):
            if inner.get("resourceType") in self._policy.resources and isinstance(inner.get("id"), str):
                walk.contained[inner["id"]] = f"c{i + 1}"
        out = self._one(kind, resource, walk)
        if kind == "Observation":
            cap_observed_age(out)
        out["id"] = walk.code(kind, str(resource["id"]))
        out["meta"] = self._labelled(out.get("meta"))
        contained = [self._contained(inner, walk) for inner in resource.get("contained") or ()]
        kept = [c for c in contained if c is not None]
        if kept:
            out["contained"] = kept
        return Result(out, walk.notes, walk.offsets)

    def _labelled(self, meta: dict[str, Any] | None) -> dict[str, Any]:
        """What stays of a resource's meta, with the labels of what was done to it."""
        if not meta:
            return self._meta
        known = {(c.get("system"), c.get("code")) for c in meta.get("security", ())}
        added = [c for c in self._labels if (c["system"], c["code"]) not in known]
        return {**meta, "security": [*meta.get("security", ()), *added]}

    def _contained(self, inner: Mapping[str, Any], walk: Walk) -> dict[str, Any] | None:
        kind = str(inner.get("resourceType"))
        if kind not in self._policy.resources:
            return None
        out = self._one(kind, inner, walk)
        if inner.get("id") in walk.contained:
            out["id"] = walk.contained[inner["id"]]
        return out

    def _one(self, kind: str, resource: Mapping[str, Any], walk: Walk) -> dict[str, Any]:
        step = self._steps.get(kind)
        if step is None:
            step = self._steps[kind] = self._compile(kind, kind)
        return {"resourceType": kind, **step(resource, walk)}

    def _count_seen(self) -> None:
        """Count what was done to concepts that were remembered, as if each had been walked."""
        for seen in self._seen.values():
            for known in seen.values():
                for slot, times in known.done:
                    self._hits[slot] += times * known.times
                known.times = 0

    def counts(self) -> Counter[tuple[str, str, str, str, str]]:
        """What was done since the last call, by resource type, path, effect, rule and reason."""
        self._count_seen()
        done: Counter[tuple[str, str, str, str, str]] = Counter()
        for i, (kind, path, decision) in enumerate(self._slots):
            if self._hits[i]:
                done[kind, path, self._policy.effect(decision.action), decision.rule, decision.reason] += self._hits[i]
                self._hits[i] = 0
        for kind, count in self._unknown.items():
            done[kind, f"{kind}.*", "drop", "default", "no definition names it"] += count
        self._unknown.clear()
        return done

    # --- compiling -----------------------------------------------------------------------------------

    def _slot(self, path: str, decision: Decision) -> int:
        self._slots.append((path.partition(".")[0], path, decision))
        self._hits.append(0)
        return len(self._slots) - 1

    def _steps_of(self, owner: str, path: str) -> dict[str, Step]:
        definition = definitions.load()[owner]
        steps: dict[str, Step] = {}
        for name, element in definition.elements.items():
            if definition.kind == "resource" and name in ("contained", "id"):
                continue
            steps[name] = self._element(owner, f"{path}.{name}", element)
            if _is_primitive(element):
                steps[f"_{name}"] = _absent_reason_only
        return steps

    def _compile(self, owner: str, path: str) -> Callable[[Mapping[str, Any], Walk], dict[str, Any]]:
        steps, required = self._steps_of(owner, path), _stand_ins(owner)
        plain, hits = self._plain.pop(path, {}), self._hits
        whole = definitions.load()[owner].kind == "resource"
        passed = frozenset({"resourceType", "id", "contained"}) if whole else frozenset({"id"})
        unknown, root = self._unknown, path.partition(".")[0]

        def step(value: Mapping[str, Any], walk: Walk) -> dict[str, Any]:
            out: dict[str, Any] = {}
            for key, inner in value.items():
                slot = plain.get(key)
                if slot is not None:
                    hits[slot] += 1
                    if type(inner) is not dict and type(inner) is not list and inner is not None:
                        out[key] = inner
                    continue
                act = steps.get(key)
                if act is not None:
                    made = act(inner, walk)
                    if made is not None:
                        out[key] = made
                elif key not in passed:
                    unknown[root] += 1
            for names, stand_in, masked in required:
                if names.isdisjoint(out):
                    out[stand_in] = masked
            return out

        return step

    def _element(self, owner: str, path: str, element: Element) -> Step:
        if element.name == "modifierExtension":
            return _refuse_modifier(path)
        if element.name == "extension":
            return self._extensions(path)
        decision = self._policy.decide(owner, path, element)
        slot, hits = self._slot(path, decision), self._hits
        one = self._action(decision, owner, path, element)
        if one is None:

            def drop(value: Any, walk: Walk) -> None:
                hits[slot] += 1

            return drop
        act = one
        if act is _as_it_is and not element.many:
            self._plain.setdefault(path.rpartition(".")[0], {})[element.name] = slot
        if element.many:

            def each(value: Any, walk: Walk) -> list[Any] | None:
                hits[slot] += 1
                made = [m for m in [act(v, walk) for v in value if v is not None] if m is not None]
                return made or None

            return each

        def single(value: Any, walk: Walk) -> Any:
            hits[slot] += 1
            return act(value, walk)

        return single

    def _action(self, decision: Decision, owner: str, path: str, element: Element) -> Step | None:
        effect = self._policy.effect(decision.action)
        if effect == "drop":
            return None
        if decision.action == "date" or (element.type in DATES and effect == "keep"):
            return self._date(effect, path)
        if effect == "keep":
            return self._kept(path, element)
        made: dict[str, Callable[[], Step]] = {
            "zip3": lambda: _on_text(geography.zip3),
            "zip5": lambda: _on_text(geography.zip5),
            "reference": lambda: self._reference,
            "age": lambda: self._age(path),
            "code-check": lambda: self._code_check(path, element.type),
            "clean-text": lambda: self._clean_text(owner, path, element),
        }
        return made[effect]()

    def _clean_text(self, owner: str, path: str, element: Element) -> Step:
        if element.type == "Narrative":
            return self._narrative(path)
        return self._concept_text if owner == "CodeableConcept" else self._cleaned

    def _kept(self, path: str, element: Element) -> Step | None:
        tree = definitions.load()
        if element.type == "Attachment":
            return self._attachment(path)
        if element.type == "CodeableConcept":
            return self._concept(path)
        if element.type in tree:
            return self._nested(element.type, path)
        if element.type == "Resource":
            return None
        # A code without a closed list, such as a language or content type, can hold anything.
        return self._checked if element.type == "code" and element.codes is None else _as_it_is

    def _nested(self, kind: str, path: str) -> Step:
        """The walk of a datatype or backbone, compiled on first use, because types refer to themselves."""
        compiled: list[Callable[[Mapping[str, Any], Walk], dict[str, Any]]] = []

        def step(value: Any, walk: Walk) -> Any:
            if not isinstance(value, Mapping):
                return None
            if not compiled:
                compiled.append(self._compile(kind, path))
            return compiled[0](value, walk) or None

        return step

    # --- actions -------------------------------------------------------------------------------------

    def _date(self, effect: str, path: str) -> Step:
        place = path.partition(".")[2]
        instant = definitions_type(path) == "instant"

        def shifted(value: Any, walk: Walk) -> Any:
            if not _dated(value, walk):
                return None
            return dates.shift(value, walk.patient.offset_days) if walk.patient.offset_days is not None else None

        def to_year(value: Any, walk: Walk) -> Any:
            if not _dated(value, walk):
                return None
            if walk.anchor is not None:
                days = dates.days_since_epoch(value)
                if days is not None:
                    walk.offsets.setdefault(place, days + walk.anchor)
            return None if instant else dates.year(value)

        def kept(value: Any, walk: Walk) -> Any:
            return value if _dated(value, walk) else None

        return {"shift": shifted, "year": to_year, "keep": kept}[effect]

    def _reference(self, value: Any, walk: Walk) -> Any:
        if not isinstance(value, Mapping):
            return None
        out: dict[str, Any] = {}
        kind = value.get("type")
        named = value.get("reference") or logical(kind, value.get("identifier"))
        if isinstance(named, str):
            made = self._pointed(named, walk)
            if made is not None:
                out["reference"] = made
        if isinstance(kind, str) and kind in definitions.resource_types():
            out["type"] = kind
        # Made here of a known type and 32 digits: there is nothing in it to judge again.
        return validate.Judged(out) if out else MASKED

    def _pointed(self, named: str, walk: Walk) -> str | None:
        if named.startswith("#"):
            inner = walk.contained.get(named[1:])
            return f"#{inner}" if inner else None
        target = literal(walk.links.get(named) or named)
        if target is not None:
            return f"{target[0]}/{walk.code(*target)}"
        urn = _URN.fullmatch(named)
        if urn is None:
            return None
        made = walk.code("urn", urn[2])
        return f"urn:uuid:{made[:8]}-{made[8:12]}-{made[12:16]}-{made[16:20]}-{made[20:]}"

    def _cleaned(self, value: Any, walk: Walk) -> Any:
        return self._text.clean(value, walk.patient) or None if isinstance(value, str) else None

    def _checked(self, value: Any, walk: Walk) -> Any:
        if not isinstance(value, str) or self._text.identifies(value, walk.patient):
            return None
        return value

    def _code_check(self, path: str, kind: str) -> Step:
        if kind == "Coding":
            return self._coding
        return self._public_only if kind == "uri" else self._checked

    def _public_only(self, value: Any, walk: Walk) -> Any:
        return value if self._is_public(value) else None

    def _is_public(self, system: Any) -> bool:
        if not isinstance(system, str):
            return False
        known = self._public.get(system)
        if known is None:
            known = self._public[system] = system.startswith(self._policy.public_systems)
        return known

    def _coding(self, value: Any, walk: Walk) -> Any:
        if not isinstance(value, Mapping):
            return None
        system, code, display = value.get("system"), value.get("code"), value.get("display")
        public = self._is_public(system)
        out: dict[str, Any] = {}
        if isinstance(system, str):
            out["system"] = system if public else self._local_system(system)
        if isinstance(code, str):
            fits = _PUBLIC_CODE.fullmatch(code) if public else not self._text.free_form(code, walk.patient)
            out |= {"code": code} if fits else {"_code": MASKED}
        if public and isinstance(display, str) and not self._text.identifies(display, walk.patient):
            out["display"] = display
        return out or None

    def _concept(self, path: str) -> Step:
        """A CodeableConcept. The same one comes again and again: what became of it is remembered by its bytes.

        Only a concept without free text is remembered, and only for patients of whom none of its words is known.
        """
        inner, seen, hits = self._nested("CodeableConcept", path), self._seen.setdefault(path, {}), self._hits

        def step(value: Any, walk: Walk) -> Any:
            if not isinstance(value, Mapping):
                return None
            key = orjson.dumps(value)
            known = seen.get(key)
            if known is not None and not self._text.concerns(known.words, walk.patient):
                known.times += 1
                return known.made
            codings = value.get("coding")
            found = [c for c in codings if isinstance(c, Mapping)] if isinstance(codings, list) else []
            walk.said = {c.get("display") for c in found if self._is_public(c.get("system"))}
            text = value.get("text")
            if known is not None or text not in {None, *walk.said} or len(seen) >= _CONCEPTS:
                return inner(value, walk)
            before, strange = hits.copy(), self._unknown.total()
            made = inner(value, walk)
            # A replaced text carries this patient's surrogate, which must not reach another patient.
            whole = text is None or (made or {}).get("text") in (None, text)
            if whole and self._unknown.total() == strange:
                said = phrases.words(key.decode())
                if not self._text.concerns(said, walk.patient):
                    old = [*before, *[0] * (len(hits) - len(before))]
                    done = [(i, n - old[i]) for i, n in enumerate(hits) if n > old[i]]
                    seen[key] = _Seen(validate.judged("CodeableConcept", made) if made else None, said, done)
            return made

        return step

    def _concept_text(self, value: Any, walk: Walk) -> Any:
        """A text that only repeats the display of a public code is judged as that display."""
        if value in walk.said and isinstance(value, str) and not self._text.identifies(value, walk.patient):
            return value
        return self._cleaned(value, walk)

    def _age(self, path: str) -> Step:
        inner = self._nested("Age", path)

        def step(value: Any, walk: Walk) -> Any:
            return _capped(inner(value, walk))

        return step

    def _attachment(self, path: str) -> Step:
        inner = self._nested("Attachment", path)
        place = f"{path}.data"

        def step(value: Any, walk: Walk) -> Any:
            if not isinstance(value, Mapping):
                return None
            data, kind = value.get("data"), value.get("contentType")
            out = inner({k: v for k, v in value.items() if k != "data"}, walk) or {}
            if not isinstance(data, str):
                return out or MASKED
            if self._policy.effect("attachment") == "drop":
                return out or MASKED
            try:
                content = base64.b64decode(data, validate=False)
            except binascii.Error:
                raise Refused("attachment_not_base64", place) from None
            made = self._text.document(content, str(kind or "text/plain"), walk.patient)
            walk.notes.append(_note(place, str(kind or "text/plain"), made))
            if made.status == "deidentified":
                out |= {"contentType": made.content_type, "data": base64.b64encode(made.data).decode()}
            return out or MASKED

        return step

    def _narrative(self, path: str) -> Step:
        def step(value: Any, walk: Walk) -> Any:
            div = value.get("div") if isinstance(value, Mapping) else None
            # A generated one says nothing that the elements do not (hl7.org/fhir/R4/valueset-narrative-status.html).
            if not isinstance(div, str) or value.get("status") == "generated":
                return None
            made = self._text.document(div.encode(), "application/xhtml+xml", walk.patient)
            if made.status != "deidentified":
                return None
            return {"status": "additional", "div": made.data.decode()}

        return step

    def _extensions(self, path: str) -> Step:
        rules = self._policy.extensions
        values = self._compile_extension_values()
        slot, hits = (
            self._slot(path, Decision("drop", "Extension", "an extension that [extensions] does not name")),
            self._hits,
        )

        def one(value: Any, walk: Walk) -> Any:
            url = value.get("url") if isinstance(value, Mapping) else None
            rule = rules.get(url) if isinstance(url, str) else None
            if rule is None:
                hits[slot] += 1
                return None
            if rule == "nested":
                inner = [m for m in (one(v, walk) for v in value.get("extension") or ()) if m is not None]
                return {"url": url, "extension": inner} if inner else None
            for key, inner_value in value.items():
                if key in values:
                    made = values[key](inner_value, walk)
                    return {"url": url, key: made} if made is not None else None
            return None

        def each(value: Any, walk: Walk) -> list[Any] | None:
            made = [m for m in (one(v, walk) for v in value) if m is not None] if isinstance(value, list) else []
            return made or None

        return each

    def _compile_extension_values(self) -> Mapping[str, Step]:
        """The values that a named extension may hold: codes only, for the published ones that pass hold no other."""

        def concept(value: Any, walk: Walk) -> Any:
            made = [coding(c, walk) for c in value.get("coding") or ()] if isinstance(value, Mapping) else []
            kept = [m for m in made if m]
            return {"coding": kept} if kept else None

        coding = self._coding
        return {"valueCoding": coding, "valueCodeableConcept": concept, "valueCode": self._checked}


# --- pieces ------------------------------------------------------------------------------------------


def definitions_type(path: str) -> str | None:
    """Datatype of the element that a path names; None when the path leaves the definitions."""
    tree = definitions.load()
    head, *rest = path.split(".")
    kind = head
    for step in rest:
        element = tree[kind].elements.get(step) if kind in tree else None
        if element is None:
            return None
        kind = element.type
    return kind


def _is_primitive(element: Element) -> bool:
    return element.type not in definitions.load() and element.type != "Resource"


def _stand_ins(owner: str) -> list[tuple[frozenset[str], str, Any]]:
    """For each required element or choice: its names, and what says 'masked' in its place when it may not stay.

    Of a choice a datatype is taken where there is one: fhir.resources does not count a primitive's extension as it.
    """
    groups: dict[str, list[Element]] = {}
    for name, element in definitions.load()[owner].elements.items():
        if element.required:
            groups.setdefault(element.choice or name, []).append(element)
    found = []
    for elements in groups.values():
        first = min(elements, key=lambda e: _is_primitive(e) or _has_required(e.type))
        names = frozenset(n for e in elements for n in (e.name, f"_{e.name}"))
        stand_in = f"_{first.name}" if _is_primitive(first) else first.name
        found.append((names, stand_in, [MASKED] if first.many else MASKED))
    return found


def _has_required(kind: str) -> bool:
    return any(e.required for e in definitions.load()[kind].elements.values())


def _as_it_is(value: Any, walk: Walk) -> Any:
    return None if isinstance(value, (dict, list)) else value


def _on_text(change: Callable[[str], str | None]) -> Step:
    def step(value: Any, walk: Walk) -> Any:
        return change(value) if isinstance(value, str) else None

    return step


def _dated(value: Any, walk: Walk) -> bool:
    """Whether a date may stay at all: with the latest date it must not tell an age over 89."""
    if not isinstance(value, str):
        return False
    found = dates.year(value)
    return found is not None and int(found) >= walk.earliest_year


def _capped(value: Any) -> Any:
    if isinstance(value, dict) and isinstance(value.get("value"), (int, float)):
        years = value.get("code") in (None, "a") and value.get("unit") in (None, "a", "yr", "year", "years")
        if years and value["value"] > _OLDEST - 1:
            return {**value, "value": _OLDEST, "comparator": ">="}
    return value


def cap_observed_age(resource: dict[str, Any]) -> None:
    """Turn an Observation of the patient's age over 89 into 90 or older, in place."""
    codes = {c.get("code") for c in (resource.get("code") or {}).get("coding", ()) if isinstance(c, Mapping)}
    if codes & _AGE_CODES and isinstance(resource.get("valueQuantity"), dict):
        resource["valueQuantity"] = _capped(resource["valueQuantity"])


def _absent_reason_only(value: Any, walk: Walk) -> Any:
    """Of a primitive's extensions only the reason why it is absent stays."""
    if not isinstance(value, Mapping):
        return None
    kept = [
        {"url": ABSENT, "valueCode": e["valueCode"]}
        for e in value.get("extension") or ()
        if isinstance(e, Mapping) and e.get("url") == ABSENT and e.get("valueCode") in _ABSENT_CODES
    ]
    return {"extension": kept} if kept else None


_ABSENT_CODES = frozenset(
    {
        *("unknown", "asked-unknown", "temp-unknown", "not-asked", "asked-declined", "masked", "not-applicable"),
        *("unsupported", "as-text", "error", "not-a-number", "negative-infinity", "positive-infinity", "not-performed"),
        "not-permitted",
    }
)


def _refuse_modifier(path: str) -> Step:
    def step(value: Any, walk: Walk) -> Any:
        raise Refused("unknown_modifier_extension", path)

    return step


def _note(path: str, content_type: str, made: DocumentResult) -> Note:
    spans = [{"start": s.start, "end": s.end, "type": s.type, "source": s.source} for s in made.spans]
    return Note(path, content_type, made.text if made.status == "deidentified" else "", spans, made.status)
