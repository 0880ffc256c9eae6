"""The policy compiled to closures that walk the JSON of one resource and write the de-identified one.

Only what a closure was compiled for is written; every other key is left behind and counted. Contained resources,
primitive extensions, references of every form, narrative and attachments go through the same tree. A value is read only
where an action looks at it, and what an action made is checked against the definitions before it is written, so that
the whole needs no second look. Records repeat themselves: what became of a value is remembered by its bytes.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

import msgspec
import orjson

from chartline.deid import dates, geography, phrases
from chartline.deid.context import PatientContext
from chartline.deid.phrases import About, Phrases
from chartline.deid.policy import DATES, Decision, Policy
from chartline.errors import DataError
from chartline.fhir import definitions, validate
from chartline.fhir.definitions import Element

if TYPE_CHECKING:
    from chartline.deid.text import DocumentResult

ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
MASKED = {"extension": [{"url": ABSENT, "valueCode": "masked"}]}
_LABELS = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue"
# Codes of LOINC and SNOMED CT whose value is the patient's age.
_AGE_CODES = frozenset({"30525-0", "21612-7", "29553-5", "63900-5", "39016-1", "424144002", "397669002"})
_IN_A_YEAR = {
    **dict.fromkeys(("a", "a_j", "a_g", "y", "yr", "yrs", "year", "years"), 1.0),
    **dict.fromkeys(("mo", "mo_j", "mo_g", "month", "months"), 12.0),
    **dict.fromkeys(("wk", "week", "weeks"), 52.18),
    **dict.fromkeys(("d", "day", "days"), 365.25),
    **dict.fromkeys(("h", "hour", "hours"), 8766.0),
}
_OLDEST = 90  # 45 CFR 164.514(b)(2)(i)(C): ages over 89 become one category of age 90 or older

_LITERAL = re.compile(
    r"(?:[a-z][a-z0-9+.-]*://\S+/)?([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/\S+)?(?:#\S*)?"
)
_MEMORY = 20_000  # remembered values of one element; a hospital's vocabulary in use is smaller
_LONG = 4096  # bytes of a value that is not remembered
_LINKS = 200_000  # remembered references of the records that come together
_SHAPES = 4096  # remembered sets of keys of one type
_NUMBERS = frozenset({"decimal", "integer", "positiveInt", "unsignedInt"})  # quicker read than looked up
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


@dataclass(slots=True)
class Walk:
    """What the closures need to know while they walk one resource, and what they tell of it.

    Attributes:
        faults: element paths of what was made but is not valid FHIR.
        personal: how many values were treated as the patient's own, and so say nothing of another patient's.
    """

    patient: PatientContext
    code: Callable[[str, str], str]
    links: Mapping[str, str]
    earliest_year: int = 0
    anchor: int | None = None
    contained: dict[str, str] = field(default_factory=dict)
    said: set[Any] = field(default_factory=set)
    notes: list[Note] = field(default_factory=list)
    offsets: dict[str, float] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    personal: int = 0
    about: About = field(init=False, repr=False)


Members = Mapping[str, msgspec.Raw]
Action = Callable[[Any, Walk], Any]
"""What becomes of one value, None for nothing."""
Step = Callable[[bytes, Walk], bytes | None]
"""What becomes of one element, as JSON, None for nothing."""

_members = msgspec.json.Decoder(dict[str, msgspec.Raw])
_items = msgspec.json.Decoder(list[msgspec.Raw])
_loads, _dumps = orjson.loads, orjson.dumps
_OBJECT, _LIST = b"{["


def members(raw: bytes) -> Members:
    """The members of a resource, each value as the bytes it was written in.

    Raises:
        ValueError, msgspec.MsgspecError: it is not a JSON object.
    """
    if not raw.isascii():
        raw.decode()
    return _members.decode(raw)


class _Names(dict[str, bytes]):
    """How the name of a member is written before its value."""

    def __missing__(self, name: str) -> bytes:
        made = self[name] = _dumps(name) + b":"
        return made


_names = _Names()


def _written(out: Mapping[str, bytes]) -> bytes:
    return b"{" + b",".join([_names[k] + v for k, v in out.items()]) + b"}"


@dataclass(slots=True)
class Result:
    """A de-identified resource, its notes, and hidden-origin day counts of its dates (year-only policies)."""

    kind: str
    id: str
    json: bytes
    notes: list[Note]
    offsets: dict[str, float]

    @property
    def resource(self) -> dict[str, Any]:
        """The resource, parsed."""
        return dict(_loads(self.json))


def keyed_code(key: bytes) -> Callable[[str, str], str]:
    """Pseudonyms as the first 32 hexadecimal digits of HMAC-SHA-256 over ``Type/id``, remembered within a worker."""
    known: dict[tuple[str, str], str] = {}

    def code(kind: str, source_id: str) -> str:
        made = known.get((kind, source_id))
        if made is None:
            made = hmac.digest(key, f"{kind}/{source_id}".encode(), "sha256").hex()[:32]
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


@dataclass(slots=True)
class _Seen:
    """What a value became, its words, what was done to it by slot, how often it came again, and for whom last."""

    made: bytes | None
    words: frozenset[str]
    done: list[tuple[int, int]]
    times: int = 0
    last: About | None = None


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
        self._compiled: dict[str, Callable[[Members, Walk], dict[str, bytes]]] = {}
        self._slots: list[tuple[str, str, Decision]] = []
        self._below: dict[str, list[int]] = {}
        self._hits: list[int] = []
        self._unknown: Counter[str] = Counter()
        self._memories: list[dict[bytes, _Seen]] = []
        self._dates: dict[str, dict[bytes, bytes | None]] = {}
        self._dated_for: tuple[int | None, int, int | None] | None = None
        self._pointers: dict[bool, dict[bytes, bytes | None]] = {}
        self._pointed_by: tuple[Mapping[str, str], Callable[[str, str], str]] | None = None
        self._public: dict[str, bool] = {}
        self._labels = [{"system": _LABELS, "code": c} for c in self._label_codes()]
        self._labelled = lru_cache(maxsize=1024)(self._with_labels)

    def _label_codes(self) -> list[str]:
        return ["PSEUDED", "REDACTED", *(["ABSTRED"] if self._policy.means["date"] == "year" else [])]

    # --- one resource --------------------------------------------------------------------------------

    def resource(self, given: Members, resource_id: str, walk: Walk) -> Result | None:
        """De-identify one resource; None when the policy does not let its type pass.

        What was made but is not valid FHIR is told by ``walk.faults``.

        Args:
            given: what ``members`` gives.
            resource_id: its id in the source.
            walk: what it is treated with.

        Raises:
            Refused: CL1100 it may not pass at all, for example for a modifierExtension.
            DataError: what the text engine raises when a note must be set aside.
        """
        kind = kind_of(given)
        if kind not in self._policy.resources:
            return None
        self._begin(walk)
        inside = [_members.decode(c) for c in _items.decode(given["contained"]) or ()] if "contained" in given else []
        for i, inner in enumerate(inside):
            if kind_of(inner) in self._policy.resources and isinstance(name := _id(inner), str):
                walk.contained[name] = f"c{i + 1}"
        out = self._one(kind, given, walk)
        code = walk.code(kind, resource_id)
        out["id"] = _dumps(code)
        out["meta"] = self._labelled(out.get("meta"))
        kept = [c for inner in inside if (c := self._contained(kind, inner, walk)) is not None]
        if kept:
            out["contained"] = b"[" + b",".join(kept) + b"]"
        return Result(kind, code, _written(out), walk.notes, walk.offsets)

    def _begin(self, walk: Walk) -> None:
        """Forget what was remembered for another patient's dates or other links."""
        walk.about = self._text.about(walk.patient)
        dated_for = (walk.patient.offset_days, walk.earliest_year, walk.patient.last_year)
        if dated_for != self._dated_for:
            self._dated_for = dated_for
            for dated in self._dates.values():
                dated.clear()
        if self._pointed_by is None or self._pointed_by[0] is not walk.links or self._pointed_by[1] is not walk.code:
            self._pointed_by = (walk.links, walk.code)
            for pointers in self._pointers.values():
                pointers.clear()

    def _with_labels(self, meta: bytes | None) -> bytes:
        """What stays of a resource's meta, with the labels of what was done to it."""
        body = _loads(meta) if meta else {}
        known = {(c.get("system"), c.get("code")) for c in body.get("security", ())}
        added = [c for c in self._labels if (c["system"], c["code"]) not in known]
        return _dumps({**body, "security": [*body.get("security", ()), *added]})

    def _contained(self, owner: str, inner: Members, walk: Walk) -> bytes | None:
        kind = kind_of(inner)
        if kind not in self._policy.resources:
            return None
        before = len(walk.faults)
        out = self._one(kind, inner, walk)
        walk.faults[before:] = [f"{owner}.contained.{f.partition('.')[2]}" for f in walk.faults[before:]]
        if _id(inner) in walk.contained:
            out["id"] = _dumps(walk.contained[_id(inner)])
        return _written(out)

    def _one(self, kind: str, given: Members, walk: Walk) -> dict[str, bytes]:
        compiled = self._compiled.get(kind)
        if compiled is None:
            compiled = self._compiled[kind] = self._compile(kind, kind)
        out = {"resourceType": _dumps(kind), **compiled(given, walk)}
        if kind == "Observation":
            _cap_observed_age(out, walk.patient.over_89)
        return out

    def _count_seen(self) -> None:
        """Count what was done to values that were remembered, as if each had been walked."""
        for memory in self._memories:
            for known in memory.values():
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
        slot = len(self._slots)
        self._slots.append((path.partition(".")[0], path, decision))
        self._hits.append(0)
        above = path
        while above:
            self._below.setdefault(above, []).append(slot)
            above = above.rpartition(".")[0]
        return slot

    def _steps_of(self, owner: str, path: str) -> dict[str, Step]:
        definition = definitions.load()[owner]
        steps: dict[str, Step] = {}
        for name, element in definition.elements.items():
            if definition.kind == "resource" and name in ("contained", "id"):
                continue
            steps[name] = self._element(owner, f"{path}.{name}", element)
            if _is_primitive(element):
                check = validate.check(owner, f"_{name}")
                steps[f"_{name}"] = _checked_by(check, _absent_reason_only, f"{path}._{name}")
        return steps

    def _compile(self, owner: str, path: str) -> Callable[[Members, Walk], dict[str, bytes]]:
        steps, unknown, root = self._steps_of(owner, path), self._unknown, path.partition(".")[0]
        whole = definitions.load()[owner].kind == "resource"
        passed = frozenset({"resourceType", "id", "contained"}) if whole else frozenset({"id"})
        shapes: dict[tuple[str, ...], tuple[dict[str, bytes], list[str]] | None] = {}

        def compiled(given: Members, walk: Walk) -> dict[str, bytes]:
            out: dict[str, bytes] = {}
            for key, value in given.items():
                step = steps.get(key)
                if step is not None:
                    made = step(bytes(value), walk)
                    if made is not None:
                        out[key] = made
                elif key not in passed:
                    unknown[root] += 1
            keys = tuple(out)
            if keys not in shapes:
                if len(shapes) >= _SHAPES:
                    shapes.clear()
                shapes[keys] = _completed(owner, path, keys)
            missing = shapes[keys]
            if missing is not None:
                out.update(missing[0])
                walk.faults += missing[1]
            return out

        return compiled

    def _element(self, owner: str, path: str, element: Element) -> Step:
        if element.name == "modifierExtension":
            return _refuse_modifier(path)
        if element.name == "extension":
            return self._extensions(owner, path)
        decision = self._policy.decide(owner, path, element)
        effect = self._policy.effect(decision.action)
        slot = self._slot(path, decision)
        if effect == "drop" or (effect == "keep" and element.type == "Resource"):
            return self._counted(_nothing, slot)
        if decision.action == "date" or (element.type in DATES and effect == "keep"):
            return self._date(effect, owner, path, element, slot)
        if effect == "keep" and element.type == "Range" and _tells_age(owner, element):
            return self._counted(self._listed(self._age(path, "Range"), element), slot)
        if effect == "keep" and element.type in definitions.load():
            return self._datatype(path, element, slot)
        if effect == "reference" and element.type == "Reference":
            return self._pointer(path, element, slot)
        if effect == "age":
            return self._counted(self._listed(self._age(path), element), slot)
        action = self._action(decision.action, owner, path, element)
        leaf = self._counted(_checked_by(validate.check(owner, element.name), action, path), slot)
        return leaf if effect == "clean-text" or element.type in _NUMBERS else self._remembered(leaf, path)

    def _action(self, action: str, owner: str, path: str, element: Element) -> Action:
        """The action on a value that stands by itself, of each where there is a list."""
        effect = self._policy.effect(action)
        made: dict[str, Callable[[], Action]] = {
            "reference": lambda: self._linked,
            "zip3": lambda: _on_text(geography.zip3),
            "zip5": lambda: _on_text(geography.zip5),
            "code-check": lambda: self._code_check(path, element.type),
            "clean-text": lambda: self._clean_text(owner, element),
            # A code without a closed list, such as a language or content type, can hold anything.
            "keep": lambda: self._checked if element.type == "code" and element.codes is None else _as_it_is,
        }
        one = made[effect]()
        return _each(one) if element.many else one

    def _clean_text(self, owner: str, element: Element) -> Action:
        if element.type == "Narrative":
            return self._narrative
        return self._concept_text if owner == "CodeableConcept" else self._cleaned

    def _datatype(self, path: str, element: Element, slot: int) -> Step:
        if element.type == "CodeableConcept":
            return self._remembered(self._counted(self._listed(self._concept(path), element), slot), path)
        one = self._attachment(path) if element.type == "Attachment" else self._nested(element.type, path)
        return self._counted(self._listed(one, element), slot)

    def _nested(self, kind: str, path: str) -> Step:
        """The walk of a datatype or backbone, compiled on first use, because types refer to themselves."""
        compiled: list[Callable[[Members, Walk], dict[str, bytes]]] = []

        def step(value: bytes, walk: Walk) -> bytes | None:
            if value[0] != _OBJECT:
                return None
            if not compiled:
                compiled.append(self._compile(kind, path))
            out = compiled[0](_members.decode(value), walk)
            return _written(out) if out else None

        return step

    def _counted(self, step: Step, slot: int) -> Step:
        hits = self._hits

        def counted(value: bytes, walk: Walk) -> bytes | None:
            hits[slot] += 1
            return step(value, walk)

        return counted

    def _listed(self, step: Step, element: Element) -> Step:
        if not element.many:
            return step

        def listed(value: bytes, walk: Walk) -> bytes | None:
            if value[0] != _LIST:
                _refuse_less_than_text(_loads(value))
                return None
            made = [m for item in _items.decode(value) if (m := step(bytes(item), walk)) is not None]
            return b"[" + b",".join(made) + b"]" if made else None

        return listed

    def _remembered(self, step: Step, path: str) -> Step:
        """A step that remembers what became of a value, for patients of whom none of its words is known.

        Only what was made without a look at the patient is remembered: no date, reference, free text or surrogate.
        """
        seen: dict[bytes, _Seen] = {}
        self._memories.append(seen)
        hits, below = self._hits, self._below[path]

        def first(value: bytes, walk: Walk) -> bytes | None:
            before = [hits[i] for i in below]
            state = (walk.personal, len(walk.faults), self._unknown.total())
            made = step(value, walk)
            if state == (walk.personal, len(walk.faults), self._unknown.total()):
                said = frozenset().union(*map(phrases.words, _texts(_loads(value))))
                if said.isdisjoint(walk.about.known):
                    before += [0] * (len(below) - len(before))
                    done = [(i, hits[i] - b) for i, b in zip(below, before, strict=True) if hits[i] > b]
                    seen[value] = _Seen(made, said, done)
            return made

        def again(value: bytes, walk: Walk) -> bytes | None:
            known = seen.get(value)
            if known is None:
                return first(value, walk) if len(seen) < _MEMORY and len(value) < _LONG else step(value, walk)
            if known.last is not walk.about:
                if not known.words.isdisjoint(walk.about.known):
                    return step(value, walk)
                known.last = walk.about
            known.times += 1
            return known.made

        return again

    # --- actions -------------------------------------------------------------------------------------

    def _date(self, effect: str, owner: str, path: str, element: Element, slot: int) -> Step:
        place, hits = path.partition(".")[2], self._hits

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
            return None if element.type == "instant" else dates.year(value)

        def kept(value: Any, walk: Walk) -> Any:
            return value if _dated(value, walk) else None

        one = {"shift": shifted, "year": to_year, "keep": kept}[effect]
        leaf = _checked_by(validate.check(owner, element.name), _each(one) if element.many else one, path)
        if effect == "year":
            return self._counted(leaf, slot)  # it also tells the days, which are not remembered
        known = self._dates.setdefault(f"{effect} {element.type} {element.many}", {})

        def step(value: bytes, walk: Walk) -> bytes | None:
            hits[slot] += 1
            made = known.get(value, _UNKNOWN)
            if made is _UNKNOWN:
                before = len(walk.faults)
                made = leaf(value, walk)
                if len(walk.faults) == before and len(known) < _MEMORY:
                    known[value] = made
            return made

        return step

    def _pointer(self, path: str, element: Element, slot: int) -> Step:
        leaf = _checked_by(_unchecked, _each(self._reference) if element.many else self._reference, path)
        known, hits = self._pointers.setdefault(element.many, {}), self._hits

        def step(value: bytes, walk: Walk) -> bytes | None:
            hits[slot] += 1
            made = known.get(value, _UNKNOWN)
            if made is _UNKNOWN:
                made = leaf(value, walk)
                # What ``#id`` points to lies inside the one resource; a backslash could hide it.
                if b"#" not in value and b"\\" not in value and len(known) < _LINKS:
                    known[value] = made
            return made

        return step

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
        return out or MASKED

    def _linked(self, value: Any, walk: Walk) -> Any:
        """A uri, url or canonical that names a record; any other names the world outside."""
        walk.personal += 1
        if not isinstance(value, str):
            return None
        named = value.partition("|")[0]
        if named.startswith("#"):
            return self._pointed(named, walk)
        target = literal(walk.links.get(named) or named)
        if target is None or target[0] not in self._policy.resources:
            return None
        try:
            return self._pointed(named, walk)
        except Refused:  # the vault has no code for what is not in the lake
            return None

    def _pointed(self, named: str, walk: Walk) -> str | None:
        if named == "#":
            return named
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
        walk.personal += 1
        return self._text.clean(value, walk.patient) or None if isinstance(value, str) else None

    def _checked(self, value: Any, walk: Walk) -> Any:
        if not isinstance(value, str) or self._text.identifies(value, walk.patient):
            return None
        return value

    def _code_check(self, path: str, kind: str) -> Action:
        if kind == "Coding":
            return self._coding_of(path)
        return self._public_only if kind == "uri" else self._checked

    def _public_only(self, value: Any, walk: Walk) -> Any:
        return value if self._is_public(value) else None

    def _is_public(self, system: Any) -> bool:
        if not isinstance(system, str):
            return False
        known = self._public.get(system)
        if known is None:
            known = self._public[system] = self._policy.is_public(system)
        return known

    def _coding_of(self, path: str) -> Action:
        """A Coding without those parts that the policy drops."""
        dropped = tuple(n for n in ("system", "code", "display") if self._drops("Coding", f"{path}.{n}"))
        if not dropped:
            return self._coding

        def step(value: Any, walk: Walk) -> Any:
            made = self._coding(value, walk) or {}
            return {k: v for k, v in made.items() if k.removeprefix("_") not in dropped} or None

        return step

    def _drops(self, owner: str, path: str) -> bool:
        """Whether the policy drops an element that is not walked by itself."""
        element = definitions.load()[owner].elements[path.rpartition(".")[2]]
        return self._policy.effect(self._policy.decide(owner, path, element).action) == "drop"

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
        inner = self._nested("CodeableConcept", path)

        def step(value: bytes, walk: Walk) -> bytes | None:
            if value[0] != _OBJECT:
                return None
            codings = _loads(value).get("coding")
            found = [c for c in codings if isinstance(c, Mapping)] if isinstance(codings, list) else []
            walk.said = {c.get("display") for c in found if self._is_public(c.get("system"))}
            return inner(value, walk)

        return step

    def _concept_text(self, value: Any, walk: Walk) -> Any:
        """A text that only repeats the display of a public code is judged as that display."""
        if value in walk.said and isinstance(value, str) and not self._text.identifies(value, walk.patient):
            return value
        return self._cleaned(value, walk)

    def _age(self, path: str, kind: str = "Age") -> Step:
        """An age, over 89 as 90; none of a patient over 89, for with a date beside it the birth is told."""
        inner, cap = self._nested(kind, path), _capped if kind == "Age" else _capped_range
        of_relative = path.startswith("FamilyMemberHistory.")

        def step(value: bytes, walk: Walk) -> bytes | None:
            if walk.patient.over_89 and not of_relative:
                return None
            made = inner(value, walk)
            return None if made is None else _dumps(cap(_loads(made)))

        return step

    def _attachment(self, path: str) -> Step:
        inner, place = self._nested("Attachment", path), f"{path}.data"
        withheld = self._drops("Attachment", place)

        def step(value: bytes, walk: Walk) -> bytes | None:
            if value[0] != _OBJECT:
                return None
            whole = _loads(value)
            data, kind = whole.pop("data", None), whole.get("contentType")
            made = inner(_dumps(whole), walk)
            out = _loads(made) if made else {}
            if isinstance(data, str) and not withheld:
                out |= self._document(data, str(kind or "text/plain"), place, walk)
            return _dumps(out or MASKED)

        return step

    def _document(self, data: str, kind: str, place: str, walk: Walk) -> dict[str, str]:
        """What an attached document becomes; it is told as a note."""
        try:
            content = base64.b64decode(data, validate=False)
        except binascii.Error:
            raise Refused("attachment_not_base64", place) from None
        made = self._text.document(content, kind, walk.patient)
        walk.notes.append(_note(place, kind, made))
        if made.status != "deidentified":
            return {}
        return {"contentType": made.content_type, "data": base64.b64encode(made.data).decode()}

    def _narrative(self, value: Any, walk: Walk) -> Any:
        div = value.get("div") if isinstance(value, Mapping) else None
        # A generated one says nothing that the elements do not (hl7.org/fhir/R4/valueset-narrative-status.html).
        if not isinstance(div, str) or value.get("status") == "generated":
            return None
        made = self._text.document(div.encode(), "application/xhtml+xml", walk.patient)
        if made.status != "deidentified":
            return None
        return {"status": "additional", "div": made.data.decode()}

    def _extensions(self, owner: str, path: str) -> Step:
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

        return self._remembered(_checked_by(validate.check(owner, "extension"), each, path), path)

    def _compile_extension_values(self) -> Mapping[str, Action]:
        """The values that a named extension may hold: codes only, for the published ones that pass hold no other."""

        def concept(value: Any, walk: Walk) -> Any:
            made = [coding(c, walk) for c in value.get("coding") or ()] if isinstance(value, Mapping) else []
            kept = [m for m in made if m]
            return {"coding": kept} if kept else None

        coding = self._coding_of("Coding")
        return {"valueCoding": coding, "valueCodeableConcept": concept, "valueCode": self._checked}


# --- pieces ------------------------------------------------------------------------------------------


_UNKNOWN = b"?"  # no JSON: what is not remembered


def kind_of(given: Members) -> str:
    """The type a resource claims, empty for none."""
    kind = _loads(bytes(given["resourceType"])) if "resourceType" in given else None
    return kind if isinstance(kind, str) else ""


def _id(given: Members) -> Any:
    return _loads(bytes(given["id"])) if "id" in given else None


def _texts(value: Any) -> Iterator[str]:
    """Every text inside a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)


def _nothing(value: bytes, walk: Walk) -> None:
    """What becomes of a dropped element."""


def _unchecked(made: Any, found: validate.Found) -> None:
    """A reference is made here of a known type and 32 digits: there is nothing in it to judge."""


def _refuse_less_than_text(value: Any) -> None:
    """What stands alone where a list belongs is left behind; a resource with less than that is set aside."""
    if not isinstance(value, (str, dict)):
        raise TypeError


def _each(action: Action) -> Action:
    def each(value: Any, walk: Walk) -> list[Any] | None:
        if type(value) is not list:
            _refuse_less_than_text(value)
            return None
        made = [m for v in value if v is not None and (m := action(v, walk)) is not None]
        return made or None

    return each


def _checked_by(check: validate.Check, action: Action, path: str) -> Step:
    """An action as a step; what it made is told as a fault when it is not valid."""

    def step(value: bytes, walk: Walk) -> bytes | None:
        made = action(_loads(value), walk)
        if made is None:
            return None
        found: validate.Found = []
        check(made, found)
        if found:
            walk.faults.append(f"{path}.{found[0][0]}".rstrip("."))
        return _dumps(made)

    return step


def _completed(owner: str, path: str, keys: tuple[str, ...]) -> tuple[dict[str, bytes], list[str]] | None:
    """What a value with these keys still needs to be valid, and what is wrong all the same; None where nothing is."""
    added = {name: masked for names, name, masked in _stand_ins(owner) if names.isdisjoint(keys)}
    found: validate.Found = []
    for name, masked in added.items():
        before = len(found)
        validate.check(owner, name)(masked, found)
        found[before:] = [(f"{name}.{inner}".rstrip("."), reason) for inner, reason in found[before:]]
    validate.of_keys(owner, (*keys, *added), found)
    if not added and not found:
        return None
    return {n: _dumps(m) for n, m in added.items()}, [f"{path}.{inner}" for inner, _ in found]


def _is_primitive(element: Element) -> bool:
    return element.type not in definitions.load() and element.type != "Resource"


@cache
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


def _on_text(change: Callable[[str], str | None]) -> Action:
    def step(value: Any, walk: Walk) -> Any:
        return change(value) if isinstance(value, str) else None

    return step


def _dated(value: Any, walk: Walk) -> bool:
    """Whether a date may stay at all: with the latest date it must not tell an age over 89."""
    if not isinstance(value, str):
        return False
    found = dates.year(value)
    if found is None or int(found) < walk.earliest_year:
        return False
    last = walk.patient.last_year
    return last is None or int(found) <= last


def _tells_age(owner: str, element: Element) -> bool:
    """Whether a Range is one of ages: beside an Age in a choice, of a reference range, of a predicted risk."""
    siblings = [e for e in definitions.load()[owner].elements.values() if e.choice == element.choice]
    beside = element.choice not in (None, "value") and any(e.type == "Age" for e in siblings)
    return beside or element.name == "age" or (owner, element.name) == ("RiskAssessment.prediction", "whenRange")


def _capped(value: Any, without_unit: float | None = 1.0) -> Any:
    """An age over 89 years as 90 or older; a value without a unit of time is in years, or is no age (None)."""
    if not isinstance(value, dict) or not isinstance(value.get("value"), (int, float)):
        return value
    unit = value.get("code") or value.get("unit")
    per_year = _IN_A_YEAR.get(str(unit).lower()) if unit else without_unit
    if per_year is None or value["value"] / per_year <= _OLDEST - 1:
        return value
    if per_year == 1.0:
        return {**value, "value": _OLDEST, "comparator": ">="}
    return {"value": _OLDEST, "comparator": ">=", "unit": "a", "system": "http://unitsofmeasure.org", "code": "a"}


def _capped_range(value: Any) -> Any:
    """A range of ages that ends at 90; its ends know no comparator."""
    capped = {name: _capped(bound) for name, bound in value.items()}
    for bound in capped.values():
        if isinstance(bound, dict):
            bound.pop("comparator", None)
    return capped


def _cap_observed_age(out: dict[str, bytes], over_89: bool) -> None:
    """Turn an observed age over 89 into 90 or older, in place; of a patient over 89 take any observed age away.

    Any quantity in years over 89 counts as an age: what else is measured in years does not reach it.
    """
    _cap_value(out, over_89)
    if "component" in out and (_OF_TIME.search(out["component"]) or _OF_AGE.search(out["component"])):
        parts = [{n: bytes(v) for n, v in _members.decode(bytes(p)).items()} for p in _items.decode(out["component"])]
        for part in parts:
            _cap_value(part, over_89)
        out["component"] = b"[" + b",".join(map(_written, parts)) + b"]"


def _cap_value(holder: dict[str, bytes], over_89: bool) -> None:
    if "code" not in holder or not _asks_age(holder["code"]):
        if _OF_TIME.search(holder.get("valueQuantity", b"")):
            holder["valueQuantity"] = _dumps(_capped(_loads(holder["valueQuantity"]), None))
        return
    if over_89 or "valueString" in holder:
        for name in [n for n in holder if n.removeprefix("_").startswith("value")]:
            del holder[name]
        holder["dataAbsentReason"] = _WITHHELD
    for name, cap in (("valueQuantity", _capped), ("valueRange", _capped_range), ("valueInteger", _capped_number)):
        if name in holder:
            holder[name] = _dumps(cap(_loads(holder[name])))


def _capped_number(value: Any) -> Any:
    return min(value, _OLDEST)


@lru_cache(maxsize=_MEMORY)
def _asks_age(code: bytes) -> bool:
    return any(isinstance(c, Mapping) and c.get("code") in _AGE_CODES for c in _loads(code).get("coding", ()))


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


_OF_TIME = re.compile(rb'"(?:code|unit)":"(?:%b)"' % "|".join(_IN_A_YEAR).encode(), re.IGNORECASE)
_OF_AGE = re.compile(rb'"code":"(?:%b)"' % "|".join(sorted(_AGE_CODES)).encode())
_WITHHELD = _dumps(
    {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": "masked"}]}
)
_ABSENT_CODES = frozenset(
    {
        *("unknown", "asked-unknown", "temp-unknown", "not-asked", "asked-declined", "masked", "not-applicable"),
        *("unsupported", "as-text", "error", "not-a-number", "negative-infinity", "positive-infinity", "not-performed"),
        "not-permitted",
    }
)


def _refuse_modifier(path: str) -> Step:
    def step(value: bytes, walk: Walk) -> bytes | None:
        raise Refused("unknown_modifier_extension", path)

    return step


def _note(path: str, content_type: str, made: DocumentResult) -> Note:
    spans = [{"start": s.start, "end": s.end, "type": s.type, "source": s.source} for s in made.spans]
    return Note(path, content_type, made.text if made.status == "deidentified" else "", spans, made.status)
