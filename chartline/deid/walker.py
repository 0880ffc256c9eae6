"""The policy compiled to closures that walk the JSON of one resource and write the de-identified one.

Only what a closure was compiled for is written; every other key is left behind and counted. Contained resources,
primitive extensions, references of every form, narrative and attachments go through the same tree. A value is read only
where an action looks at it, and what an action made is checked against the definitions before it is written, so that
the whole needs no second look. Records repeat themselves: what became of a value is remembered by its bytes.
"""

from __future__ import annotations

import base64
import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec
import orjson

from chartline.deid import ages, asked, binaries, dates, forms, frames, geography, phrases, vocabularies
from chartline.deid.actions import (
    NO_WORD,
    all_words,
    as_it_is,
    checked_by,
    dated,
    decimal,
    each,
    each_time,
    from_base64,
    on_text,
    refuse_less_than_text,
    refuse_modifier,
    tells_absence,
)
from chartline.deid.answers import may_say, opened, written
from chartline.deid.frames import Members, kind_of, members
from chartline.deid.phrases import Phrases
from chartline.deid.plans import NEW, SHAPES, Entry, Fill, Filled, Memory, Plan, Seen, Type, leave
from chartline.deid.policy import DATES, Decision, Policy
from chartline.deid.pseudonyms import is_plain, literal, logical, unresolved
from chartline.deid.walk import Action, Note, Refused, Result, Step, Walk
from chartline.errors import DataError
from chartline.fhir import definitions, references, validate
from chartline.fhir.definitions import Element
from chartline.fhir.people import PARTIES

_LABELS = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue"
_MADE_BY = "urn:chartline:policy:"

_MEMORY = 20_000  # remembered values of one element; a hospital's vocabulary in use is smaller
_LONG = 4096  # bytes of a value that is not remembered
_LINKS = 200_000  # remembered references of the records that come together
_FRAMES = 10_000  # known frames
_MET = 200_000  # frames that are remembered as met
_OFTEN = 3  # meetings before a frame is worth learning
_TRIES = 3  # after which one that could not be learnt is given up
_FRAMES_TRIED = 4096  # resources of a type after which it is asked whether frames come again among them
_ALONE = frozenset({*PARTIES, "Binary"})  # a person's or place's record, or a document, comes once
# Measures of a device, more of them than a number that is known of somebody has parts or digits.
_SERIES = re.compile(r"(?:(?:-?\d{1,6}(?:\.\d{1,18})?|[EUL])(?:\s+|\Z)){17,}")
_TWO_NUMBERS = re.compile(r"\d{1,4}(?:\.\d{1,4})? ?[-–] ?\d{1,4}(?:\.\d{1,4})?")
# One word, and not shaped as a social security number, a telephone number or a day: no vocabulary's codes are.
_PUBLIC_CODE = re.compile(
    r"(?!(?:\d{3}-\d\d-\d{4}|(?:\(\d{3}\)|\d{3}[-.])\d{3}[-.]\d{4}|\d{4}-\d\d-\d\d)\Z)[^\s@]{1,48}"
)
# Some vocabularies have words for codes, with single blanks between them: hl7.org/fhir/R4/datatypes.html#code.
_PUBLIC_WORDS = re.compile(r"(?!.*\d{7})(?=.{3,100}\Z)[^\s@]+(?: [^\s@]+)+")
# A literal reference in a text. ``Patient/family`` is one only if a resource has that id.
_MENTION = re.compile(rf"\b([A-Z][A-Za-z]+)/({references.ID}(?<=[A-Za-z0-9]))(?:/_history/[A-Za-z0-9\-.]+)?")
_VOCABULARIES = frozenset({"CodeSystem", "ValueSet", "Questionnaire"})
_MIME = re.compile(r"[A-Za-z]+/[A-Za-z\d.+\-]{1,80}")
# What tells when something was over, or was written down: nothing of it was known before.
_TELLS_OVER = frozenset(
    {
        *("end", "deceasedDateTime", "abatementDateTime", "whenHandedOver", "approvalDate"),
        *("recorded", "recordedDate", "dateAsserted", "dateRecorded", "assertedDate", "issued", "created", "authored"),
    }
)
_LONG_NUMBER = 1_000_000  # from which a number may be a phone's, a record's or a person's
_DAY = rb'"\d{4}-\d\d-\d\d'
_TIME = rb"T(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?(?:Z|[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00))"
# Dates of a day as they are written in JSON, by their type: hl7.org/fhir/R4/datatypes.html#primitive.
_DAYS = {
    "date": re.compile(_DAY + b'"'),
    "dateTime": re.compile(_DAY + b"(?:" + _TIME + b')?"'),
    "instant": re.compile(_DAY + _TIME + b'"'),
}
# A reference and nothing else, without an escape that could hide what it says.
_POINTS = re.compile(rb'\{[ \n\r\t]*"reference"[ \n\r\t]*:[ \n\r\t]*"([^"\\]+)"[ \n\r\t]*\}')
_MASKED = orjson.dumps(forms.MASKED)
_members = msgspec.json.Decoder(dict[str, msgspec.Raw])
_rows = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])
_items = msgspec.json.Decoder(list[msgspec.Raw])
_loads, _dumps = orjson.loads, orjson.dumps
_OBJECT, _LIST = b"{["


class Deidentifier:
    """A policy compiled for one text engine.

    Args:
        policy: the policy.
        text: the text engine, with its memory.
        local_system: gives a local code system a name that does not tell whose it is.
        plain_ids: ``Type/id`` of the resources whose id has no digit: a text may tell them, or just say such a word.
    """

    def __init__(
        self, policy: Policy, text: Phrases, local_system: Callable[[str], str], plain_ids: Collection[str] = ()
    ) -> None:
        self._policy = policy
        self._plain_ids = frozenset(plain_ids)
        self._text = text
        self._local_system = local_system
        self._without_towns = policy.effect("city") != "keep"
        self._fills: dict[str, Fill] = {}
        self._slots: list[tuple[str, str, Decision]] = []
        self._hits: Counter[int] = Counter()
        self._unknown: Counter[str] = Counter()
        self._types: list[Type] = []
        self._left: list[Plan] = []
        self._memories: list[Memory] = []
        self._days: dict[str, dict[bytes, bytes | None]] = {}
        self._names: dict[bytes, bytes | None] = {}
        self._pointers: dict[bool, dict[bytes, bytes | None]] = {}
        self._owner: tuple[Any, ...] = ()
        self._world: tuple[Any, ...] = ()
        self._frames: dict[frames.Key, frames.Frame] = {}
        self._met: Counter[int] = Counter()
        self._tried: dict[str, list[int]] = {}
        self._public: dict[str, str | None] = {}
        self._labels = [{"system": _LABELS, "code": c} for c in self._label_codes()]
        self._labelled = lru_cache(maxsize=1024)(self._with_labels)
        self._only_labels = b',"meta":' + self._with_labels(b"{}")

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
        inside = self._inside(bytes(given["contained"]), walk) if "contained" in given else ()
        form, values = self._fill(kind)(given, walk)
        if "meta" in form.places:
            at = form.places["meta"]
            values = (*values[:at], self._labelled(values[at]), *values[at + 1 :])
        code = resource_id if walk.probe is not None else walk.code(kind, resource_id)
        out = self._body(kind, given, form, values, walk) + b',"id":"' + code.encode() + b'"'
        if "meta" not in form.places:
            out += self._only_labels
        made = [c for inner in inside if (c := self._contained(kind, inner, walk)) is not None]
        if made:
            out += b',"contained":[' + b",".join(made) + b"]"
        return Result(kind, code, out + b"}", walk.notes, walk.offsets)

    def _begin(self, walk: Walk) -> None:
        """Forget what was remembered of another patient, or with other links or codes."""
        about = walk.about = self._text.about(walk.patient)
        owner, world = self._owner, self._world
        if not owner or owner[0] is not about or owner[1] != walk.anchor:
            self._owner = (about, walk.anchor)
            for days in self._days.values():
                days.clear()
        if not world or world[0] is not walk.links or world[1] is not walk.code:
            self._world = (walk.links, walk.code)
            for pointers in (self._names, *self._pointers.values()):
                pointers.clear()

    def _with_labels(self, meta: bytes) -> bytes:
        """What stays of a resource's meta, with the labels of what was done to it and the policy that it comes from.

        The source is what FHIR keeps of a Provenance in the resource itself: hl7.org/fhir/R4/resource.html#Meta.
        """
        body = {**_loads(meta), "source": f"{_MADE_BY}{self._policy.hash}"}
        known = {(c.get("system"), c.get("code")) for c in body.get("security", ())}
        added = [c for c in self._labels if (c["system"], c["code"]) not in known]
        return _dumps({**body, "security": [*body.get("security", ()), *added]})

    def _body(self, kind: str, given: Members, form: forms.Form, values: Sequence[bytes], walk: Walk) -> bytes:
        """A resource but for what follows its elements: id, labels and contained resources."""
        if kind == "Observation":
            form, values = self._observed(given, form, values, walk)
        return form.template % tuple(values)

    def _observed(
        self, given: Members, form: forms.Form, values: Sequence[bytes], walk: Walk
    ) -> tuple[forms.Form, Sequence[bytes]]:
        """An Observation without ages over 89, and without what it was asked who somebody is."""
        code, parts = (bytes(given[name]) if name in given else None for name in ("code", "component"))
        of_age, of_whom = ages.may_tell_age(code, parts), asked.may_hold(code, parts, self._without_towns)
        if not of_age and not of_whom:
            return form, values
        walk.beyond_frame()
        out = dict(zip(form.names, values, strict=True))
        if of_age:
            ages.cap_observed_age(out, given, walk.patient.over_89)
        if of_whom:
            asked.withhold(out, given, self._without_towns)
        return forms.form("Observation", "Observation", tuple(out)), tuple(out.values())

    def _inside(self, value: bytes, walk: Walk) -> Sequence[Members]:
        """The contained resources of a resource, named before anything may refer to them."""
        items = _items.decode(value)
        given = [_members.decode(item) for item in items]
        for i, (inner, item) in enumerate(zip(given, items, strict=True)):
            kind, name = kind_of(inner), _id(inner)
            if isinstance(name, str) and kind in self._policy.resources:
                walk.contained[name] = f"c{i + 1}"
            if isinstance(name, str) and kind == "Binary":
                walk.inside[f"#{name}"] = bytes(item)
        return given

    def _contained(self, owner: str, inner: Members, walk: Walk) -> bytes | None:
        kind = kind_of(inner)
        if kind not in self._policy.resources:
            return None
        before = len(walk.faults)
        out = self._body(kind, inner, *self._fill(kind)(inner, walk), walk)
        walk.faults[before:] = [f"{owner}.contained.{f.partition('.')[2]}" for f in walk.faults[before:]]
        name = walk.contained.get(_id(inner))
        return out + b',"id":"' + name.encode() + b'"}' if name else out + b"}"

    def _fill(self, kind: str) -> Fill:
        fill = self._fills.get(kind)
        if fill is None:
            fill = self._fills[kind] = self._compile(kind, kind)
        return fill

    # --- frames --------------------------------------------------------------------------------------

    def given(self, raw: bytes, kind: str, resource_id: str) -> frames.Given:
        """A resource with its frame, where it may have one that comes again.

        Args:
            raw: the resource in its bytes.
            kind: the type it claims.
            resource_id: its id in the source.
        """
        made = frames.Given(raw, resource_id)
        if kind in _ALONE or kind not in self._policy.resources:
            return made
        tried = self._tried.setdefault(kind, [0, 0])
        if tried[0] > _FRAMES_TRIED and tried[1] * 4 < tried[0]:
            return made
        found = frames.cut(raw, resource_id)
        if found is not None:
            made.key, made.values = found
            made.frame = self._frames.get(made.key)
            tried[0] += 1
            tried[1] += made.frame is not None
        return made

    def again(self, given: frames.Given, walk: Walk) -> Result | None:
        """De-identify a resource whose frame is known; None where it must be walked all the same."""
        frame = given.frame
        if frame is None:
            return None
        self._begin(walk)
        written = _filled(frame, given.values, walk) if _serves(frame, walk) else None
        if written is None or walk.faults:
            walk.faults.clear()
            walk.offsets.clear()
            walk.dated.clear()
            return None
        frame.times += 1
        code = walk.code(frame.kind, given.id)
        written.insert(frame.after, code.encode())
        return Result(frame.kind, code, frame.template % tuple(written), walk.notes, walk.offsets)

    def learn(self, given: frames.Given, walk: Walk) -> None:
        """Learn the frame of a resource that was walked, when it comes again."""
        if given.key is None or given.frame is not None:
            return
        if len(self._met) >= _MET:
            self._met.clear()
        name = hash(given.key)
        self._met[name] += 1
        if _OFTEN <= self._met[name] < _OFTEN + _TRIES and len(self._frames) < _FRAMES:
            frame = self._learnt(given.key, given.values, walk)
            if frame is not None:
                self._frames[given.key] = frame

    def _learnt(self, key: frames.Key, values: Sequence[bytes], walk: Walk) -> frames.Frame | None:
        """What becomes of a frame, found by walking it with stand-ins; None where more than it decides that."""
        done: list[Plan | Seen] = []
        try:
            probe = frames.Probe(key, values)
            trial = Walk(walk.patient, walk.code, walk.links, done=done, probe=probe)
            for memory in (*self._days.values(), *self._pointers.values()):
                memory.clear()  # what was made of another's day or reference is none of the frame
            made = self.resource(members(probe.body), frames.IDENTITY, trial)
            if made is None or trial.faults:
                return None
            words = frozenset(probe.words).union(*(one.words for one in done if isinstance(one, Seen)))
            if not words.isdisjoint(trial.about.known):
                return None
            return probe.learnt(made.kind, made.json, words, done)
        except (frames.Opaque, DataError, TypeError, AttributeError, KeyError, ValueError, msgspec.MsgspecError):
            return None
        finally:
            for one in done:
                one.times -= 1  # it was no resource

    # --- counting ------------------------------------------------------------------------------------

    def _again(self, done: list[Plan | Seen], times: int) -> None:
        """Count what was done to a value that was remembered, as if it had been walked so many times."""
        if times:
            for one in done:
                if isinstance(one, Seen):
                    self._again(one.done, times)
                else:
                    self._planned(one, times)

    def _planned(self, plan: Plan, times: int) -> None:
        if not times:
            return
        for slot in plan.slots:
            self._hits[slot] += times
        if plan.strange:
            self._unknown[plan.root] += plan.strange * times

    def _count(self, memory: Memory) -> None:
        for seen in memory.values():
            if seen.done:
                self._again(seen.done, seen.times)
            seen.times = 0

    def _count_all(self) -> None:
        for plan in (*self._left, *(plan for at in self._types for plan in at.plans.values())):
            self._planned(plan, plan.times)
            plan.times = 0
        for memory in self._memories:
            self._count(memory)
        for frame in self._frames.values():
            self._again(frame.done, frame.times)
            frame.times = 0

    def counts(self) -> Counter[tuple[str, str, str, str, str]]:
        """What was done since the last call, by resource type, path, effect, rule and reason."""
        self._count_all()
        done: Counter[tuple[str, str, str, str, str]] = Counter()
        for slot, times in self._hits.items():
            kind, path, decision = self._slots[slot]
            done[kind, path, self._policy.effect(decision.action), decision.rule, decision.reason] += times
        for kind, count in self._unknown.items():
            done[kind, f"{kind}.*", "drop", "default", "no definition names it"] += count
        self._hits.clear()
        self._unknown.clear()
        return done

    # --- compiling -----------------------------------------------------------------------------------

    def _slot(self, path: str, decision: Decision) -> int:
        self._slots.append((path.partition(".")[0], path, decision))
        return len(self._slots) - 1

    def _compile(self, owner: str, path: str) -> Fill:
        """What walks the members of a type at a path; how, is planned once for each set of keys."""
        at = Type(owner, path, self._element, self._slotted(owner, path))
        self._types.append(at)

        def fill(given: Members, walk: Walk) -> Filled:
            keys = tuple(given)
            plan = at.plans.get(keys)
            if plan is None:
                if len(at.plans) >= SHAPES:
                    self._count_all()
                    at.plans.clear()
                plan = at.plans[keys] = at.plan(keys)
            return plan.run(given, walk)

        return fill

    def _slotted(self, owner: str, path: str) -> dict[str, int]:
        """The slots of the elements that are decided one by one."""
        return {
            name: self._slot(f"{path}.{name}", self._policy.decide(owner, f"{path}.{name}", element))
            for name, element in forms.elements(owner).items()
            if name not in ("extension", "modifierExtension")
        }

    def _element(self, owner: str, path: str, element: Element) -> Entry | None:
        if element.name == "modifierExtension":
            return Entry(refuse_modifier(path))
        if element.name == "extension":
            return self._remembered(self._extensions(owner, path))
        decision = self._policy.decide(owner, path, element)
        effect = self._policy.effect(decision.action)
        if effect == "drop" or (effect == "keep" and element.type == "Resource"):
            return None
        if decision.action == "date" or (element.type in DATES and effect == "keep"):
            return self._date(effect, owner, path, element)
        if effect == "keep" and element.type == "Range" and ages.tells_age(owner, element):
            return Entry(self._listed(self._age(path, "Range"), element))
        if effect == "keep" and element.type in definitions.load():
            return self._datatype(path, element)
        if effect == "reference" and element.type == "Reference":
            return self._pointer(path, element)
        if effect == "age":
            return Entry(self._listed(self._age(path), element))
        action = self._action(decision.action, owner, path, element)
        leaf = checked_by(validate.check(owner, element.name), action, path)
        if effect == "clean-text":
            return Entry(each_time(leaf))
        if element.type == "decimal":
            return Entry(decimal(leaf))
        return self._remembered(leaf)

    def _action(self, action: str, owner: str, path: str, element: Element) -> Action:
        """The action on a value that stands by itself, of each where there is a list."""
        effect = self._policy.effect(action)
        made: dict[str, Callable[[], Action]] = {
            "reference": lambda: self._linked,
            "zip3": lambda: on_text(geography.zip3),
            "zip5": lambda: on_text(geography.zip5),
            "code-check": lambda: self._looked_at(owner, path, element),
            "clean-text": lambda: self._clean_text(owner, path, element),
            "keep": lambda: on_text(geography.city) if action == "city" else self._kept(element),
        }
        one = made[effect]()
        return each(one) if element.many else one

    def _kept(self, element: Element) -> Action:
        if element.type in ("decimal", "integer", "positiveInt", "unsignedInt"):
            return self._number
        if element.type != "code" or element.codes is not None:
            return as_it_is
        # A code without a closed list, such as a content type or that of an extension, can hold anything.
        return self._language if element.name == "language" else self._code

    def _clean_text(self, owner: str, path: str, element: Element) -> Action:
        if element.type == "Narrative":
            return self._narrative(path)
        if owner == "CodeableConcept":
            return self._concept_text
        return self._range_text if path.endswith(".referenceRange.text") else self._cleaned

    def _datatype(self, path: str, element: Element) -> Entry:
        if element.type == "CodeableConcept":
            return self._remembered(self._listed(self._concept(path), element))
        if element.type == "Attachment":
            return Entry(self._listed(self._attachment(path), element))
        if element.type == "QuestionnaireResponse.item":
            step = self._listed(self._unasked(self._without_ages(element.type, path)), element)
        elif element.type in ("Task.input", "Task.output"):
            step = self._listed(self._unasked(self._without_ages(element.type, path), asked.untold), element)
        elif element.type == "Address":
            step = self._listed(self._address(path), element)
        elif element.type in ages.WITHOUT_AGES:
            step = self._listed(self._without_ages(element.type, path), element)
        else:
            step = self._nested(element.type, path, many=element.many)
        if element.type == "Meta":
            return self._remembered(step)
        return Entry(step)

    def _nested(self, kind: str, path: str, *, many: bool = False) -> Step:
        """The walk of a datatype or backbone, compiled on first use, because types refer to themselves."""
        fills: list[Fill] = []

        def one(given: Members, walk: Walk) -> bytes | None:
            if not fills:
                fills.append(self._compile(kind, path))
            form, values = fills[0](given, walk)
            return form.template % tuple(values) + b"}" if form.template != b"{" else None

        def step(value: bytes, walk: Walk) -> bytes | None:
            return one(_members.decode(value), walk) if value[0] == _OBJECT else None

        if not many:
            return step
        mixed = self._each_of(step)

        def each(value: bytes, walk: Walk) -> bytes | None:
            try:
                given = _rows.decode(value)
            except msgspec.ValidationError:
                return mixed(value, walk)
            made = [m for row in given if (m := one(row, walk)) is not None]
            return b"[" + b",".join(made) + b"]" if made else None

        return each

    def _listed(self, step: Step, element: Element) -> Step:
        return self._each_of(step) if element.many else step

    def _each_of(self, step: Step) -> Step:
        def listed(value: bytes, walk: Walk) -> bytes | None:
            if value[0] != _LIST:
                refuse_less_than_text(_loads(value))
                return None
            made = [m for item in _items.decode(value) if (m := step(bytes(item), walk)) is not None]
            return b"[" + b",".join(made) + b"]" if made else None

        return listed

    def _remembered(self, step: Step) -> Entry:
        """A step that remembers what became of a value, for all patients.

        It remembers what was made without a look at the patient (no date, reference, free text or surrogate among it)
        or at what only the resource tells (a note, a reference inside it), and uses it only for patients of whom none
        of its words is known.
        """
        memory: Memory = {}
        self._memories.append(memory)

        def first(value: bytes, walk: Walk) -> bytes | None:
            if walk.probe is not None:
                walk.probe.words |= all_words(value)
                return step(value, walk)
            if len(memory) >= _MEMORY or len(value) > _LONG or value in memory:
                return step(value, walk)
            outer, before = walk.done, (walk.personal, walk.single, len(walk.faults))
            done = walk.done = []
            made = step(value, walk)
            walk.done = outer
            if outer is not None:
                outer += done
            if before == (walk.personal, walk.single, len(walk.faults)):
                words = all_words(value)
                if words.isdisjoint(walk.about.known):
                    memory[value] = Seen(made, words, done, walk.about.mark)
            return made

        return Entry(first, seen=memory)

    # --- actions -------------------------------------------------------------------------------------

    def _date(self, effect: str, owner: str, path: str, element: Element) -> Entry:
        """Dates. Of those of a day the day is moved, and what is behind it stays."""
        place = path.partition(".")[2]
        over = element.name in _TELLS_OVER

        def shifted(value: Any, walk: Walk) -> Any:
            offset = walk.patient.offset_days
            return dates.shift(value, offset, over=over) if dated(value, walk) and offset is not None else None

        def to_year(value: Any, walk: Walk) -> Any:
            if not dated(value, walk):
                return None
            if walk.anchor is not None:
                walk.single += 1
                nth = walk.dated[place] = walk.dated.get(place, -1) + 1
                days = dates.days_since_epoch(value)
                if days is not None:
                    walk.offsets[f"{place}#{nth}" if nth else place] = days + walk.anchor
            return None if element.type == "instant" else dates.year(value)

        def kept(value: Any, walk: Walk) -> Any:
            return value if dated(value, walk) else None

        one = {"shift": shifted, "year": to_year, "keep": kept}[effect]
        check = validate.check(owner, element.name)
        leaf = checked_by(check, each(one) if element.many else one, path)

        def told(value: bytes, walk: Walk) -> None:
            """A date that is none is a fault, whatever is made of it: it must not be lost without a count."""
            found: validate.Found = []
            check(_loads(value), found)
            walk.faults += [path] if found else ()

        known = self._days.setdefault(f"{effect} {element.type} {element.many}", {})
        whole = _DAYS[element.type].fullmatch if effect == "shift" and not element.many else None
        days = self._days.setdefault("days", {})

        never = effect == "year" and element.type == "instant"

        def step(value: bytes, walk: Walk) -> bytes | None:
            if walk.probe is not None:
                walk.probe.treat(value, known.get, step, written=not never)
                return None if never else value
            before = (walk.single, len(walk.faults))
            if whole is not None and whole(value):
                day = value[1:11]
                if day not in days:
                    made = shifted(day.decode(), walk)
                    days[day] = made.encode() if made is not None else None
                moved = days[day]
                found = None if moved is None else b'"' + moved + value[11:]
            else:
                found = leaf(value, walk)
            if found is None or effect == "year":
                told(value, walk)
            if before == (walk.single, len(walk.faults)) and len(known) < _MEMORY:
                known[value] = found
            return found

        return Entry(step, known=known, personal=True)

    def _pointer(self, path: str, element: Element) -> Entry:
        """References. What ``#id`` points to lies inside the one resource, and is not remembered."""
        leaf = each(self._reference) if element.many else self._reference
        known = self._pointers.setdefault(element.many, {})

        def step(value: bytes, walk: Walk) -> bytes | None:
            before = walk.single
            plain = None if element.many else _POINTS.fullmatch(value)
            if plain is not None:
                made = self._pointed(plain[1].decode(), walk)
                found: bytes | None = _MASKED if made is None else b'{"reference":"' + made.encode() + b'"}'
            else:
                read = leaf(_loads(value), walk)
                found = None if read is None else _dumps(read)
            if walk.single == before and walk.probe is None:
                if len(known) >= _LINKS:
                    known.clear()
                known[value] = found
            return found

        return Entry(step, known=known, personal=True)

    def _reference(self, value: Any, walk: Walk) -> Any:
        if not isinstance(value, dict):
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
        return out or forms.MASKED

    def _linked(self, value: Any, walk: Walk) -> Any:
        """A uri, url or canonical that names a record; any other names the world outside."""
        walk.personal += 1
        if not isinstance(value, str):
            return None
        named = value.partition("|")[0]
        if named.startswith("#"):
            return self._pointed(named, walk)
        target = literal(walk.target(named))
        if target is None or target[0] not in self._policy.resources:
            if walk.probe is not None:
                walk.probe.outside(named)
            return None
        walk.beyond_frame()
        try:
            return self._pointed(named, walk)
        except Refused:  # the vault has no code for what is not in the lake
            return None

    def _pointed(self, named: str, walk: Walk) -> str | None:
        if named == "#":
            return named
        if named.startswith("#"):
            walk.single += 1
            inner = walk.contained.get(named[1:])
            return f"#{inner}" if inner else None
        if walk.probe is not None:
            walk.probe.treat(f'"{named}"'.encode(), self._names.get, self._named)
            return named
        target = literal(walk.target(named))
        if target is not None:
            return f"{target[0]}/{walk.code(*target)}"
        urn = unresolved(named)
        if urn is None:
            return None
        made = walk.code(*urn)
        return f"urn:uuid:{made[:8]}-{made[8:12]}-{made[12:16]}-{made[16:20]}-{made[20:]}"

    def _named(self, value: bytes, walk: Walk) -> bytes | None:
        """What a reference becomes that is written without escapes."""
        made = self._pointed(value[1:-1].decode(), walk)
        if len(self._names) >= _LINKS:
            self._names.clear()
        self._names[value] = found = b'"' + made.encode() + b'"' if made is not None else None
        return found

    def _mentioned(self, text: str, walk: Walk) -> str:
        """A text whose literal references name pseudonyms."""

        def pseudonym(match: re.Match[str]) -> str:
            told = not is_plain(match[2]) or f"{match[1]}/{match[2]}" in self._plain_ids
            if match[1] not in definitions.resource_types() or not told:
                return match[0]
            try:
                return f"{match[1]}/{walk.code(match[1], match[2])}"
            except Refused:  # the vault has no code for what is not in the lake
                return match[1]

        return _MENTION.sub(pseudonym, text) if "/" in text else text

    def _cleaned(self, value: Any, walk: Walk) -> Any:
        walk.of_patient()
        if not isinstance(value, str):
            return None
        return self._mentioned(self._text.clean(value, walk.patient), walk) or None

    def _range_text(self, value: Any, walk: Walk) -> Any:
        """What a range of reference says: two numbers and nothing else are no telephone here, ``232-1245``."""
        return value if isinstance(value, str) and _TWO_NUMBERS.fullmatch(value) else self._cleaned(value, walk)

    def _number(self, value: Any, walk: Walk) -> Any:
        """A number; a long one does not stay where it is known of the patient, or a day."""
        if isinstance(value, (dict, list)):
            return None
        if type(value) not in (int, float) or abs(value) < _LONG_NUMBER:
            return value
        walk.of_patient()
        told = f"{value:.0f}"
        is_day = self._policy.means["date"] != "keep" and dates.is_day(told)
        return None if is_day or self._text.identifies(told, walk.patient) else value

    def _checked(self, value: Any, walk: Walk) -> Any:
        if not isinstance(value, str) or self._text.identifies(value, walk.patient):
            return None
        return value

    def _series(self, value: Any, walk: Walk) -> Any:
        """The numbers of a SampledData; a few, or long ones, may be a number of a person."""
        return value if isinstance(value, str) and _SERIES.fullmatch(value) else self._checked(value, walk)

    def _code(self, value: Any, walk: Walk) -> Any:
        return value if isinstance(value, str) and not self._text.free_form(value, walk.patient) else None

    def _language(self, value: Any, walk: Walk) -> Any:
        return value if isinstance(value, str) and vocabularies.is_language(value) else None

    def _looked_at(self, owner: str, path: str, element: Element) -> Action:
        if owner == "Address" and self._without_towns:
            return on_text(geography.state_or_country)
        special = {"SampledData": self._series, "Address": self._region}
        return special.get(owner) or self._code_check(path, element.type)

    def _region(self, value: Any, walk: Walk) -> Any:
        return self._checked(geography.region(value), walk) if isinstance(value, str) else None

    def _code_check(self, path: str, kind: str) -> Action:
        if kind == "Coding":
            return self._coding_of(path)
        if kind == "canonical":
            return self._canonical
        return self._system if kind == "uri" else self._checked

    def _canonical(self, value: Any, walk: Walk) -> Any:
        """What a form is called: a published one as it is, a hospital's own by a name that is made of it."""
        if not isinstance(value, str):
            return None
        return self._system(value.partition("|")[0], walk)

    def _system(self, value: Any, walk: Walk) -> Any:
        """The system of a unit: its code must not stand without one (qty-3 of hl7.org/fhir/R4/datatypes.html)."""
        if not isinstance(value, str):
            return None
        return value if self._is_public(value, walk) else self._local_system(value)

    def _is_public(self, system: Any, walk: Walk) -> bool:
        """Whether a code system is a published vocabulary; what its address adds to the listed one must name nobody."""
        if not isinstance(system, str):
            return False
        if system not in self._public:
            if len(self._public) >= _MEMORY:
                self._public.clear()
            self._public[system] = self._beyond_public(system)
        words = self._public[system]
        return words == "" or (words is not None and not self._text.identifies(words, walk.patient))

    def _beyond_public(self, system: str) -> str | None:
        """The words that a public address has beyond the listed one; None where they tell of a record or a name."""
        part = self._policy.public_part(system)
        if not part:
            return part
        target, words = literal(system), NO_WORD.sub(" ", part)
        of_record = target is not None and target[0] not in _VOCABULARIES
        return None if of_record or phrases.holds_name(words) else words

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
        if not isinstance(value, dict):
            return None
        system, code, display = value.get("system"), value.get("code"), value.get("display")
        public = self._is_public(system, walk)
        out: dict[str, Any] = {}
        if isinstance(system, str):
            out["system"] = system if public else self._local_system(system)
        told = display if isinstance(display, str) and self._text.identifies(display, walk.patient) else None
        if isinstance(code, str):
            fits = self._fits(str(system), code, walk) if public else not self._text.free_form(code, walk.patient)
            fits = fits and not (told and phrases.repeats(code, told))
            out |= {"code": code} if fits else {"_code": forms.MASKED}
        if public and isinstance(display, str) and told is None:
            out["display"] = display
        return out or None

    def _fits(self, system: str, code: str, walk: Walk) -> bool:
        """Whether a code can be one of a public vocabulary, and is not a name or number that was written there."""
        if not vocabularies.fits(system, code) and self._text.free_form(code, walk.patient):
            return False
        if _PUBLIC_CODE.fullmatch(code):
            return not self._text.names(code, walk.patient)
        return _PUBLIC_WORDS.fullmatch(code) is not None and not self._text.identifies(code, walk.patient)

    def _concept(self, path: str) -> Step:
        inner = self._nested("CodeableConcept", path)

        def step(value: bytes, walk: Walk) -> bytes | None:
            if value[0] != _OBJECT:
                return None
            told = _loads(value)
            codings = told.get("coding")
            found = [c for c in codings if isinstance(c, dict)] if isinstance(codings, list) else []
            if found and "text" not in told and not any("code" in c or "system" in c for c in found):
                # What only a display tells is a text: as that of a local code it would go.
                return inner(_dumps({"text": found[0].get("display")}), walk)
            walk.said = {c.get("display") for c in found if self._is_public(c.get("system"), walk)}
            return inner(value, walk)

        return step

    def _concept_text(self, value: Any, walk: Walk) -> Any:
        """A text that only repeats the display of a public code is judged as that display."""
        if value in walk.said and isinstance(value, str) and not self._text.identifies(value, walk.patient):
            return value
        return self._cleaned(value, walk)

    def _age(self, path: str, kind: str = "Age") -> Step:
        """An age, over 89 as 90; none of a patient over 89, for with a date beside it the birth is told."""
        inner, cap = self._nested(kind, path), ages.capped if kind == "Age" else ages.capped_range
        of_relative = path.startswith("FamilyMemberHistory.")

        def step(value: bytes, walk: Walk) -> bytes | None:
            walk.beyond_frame()
            if walk.patient.over_89 and not of_relative:
                return None
            made = inner(value, walk)
            return None if made is None else ages.changed(made, cap)

        return step

    def _without_ages(self, kind: str, path: str) -> Step:
        """What may hold an age without being one, with 90 in place of an age over 89."""
        inner, (may_be, without) = self._nested(kind, path), ages.WITHOUT_AGES[kind]

        def step(value: bytes, walk: Walk) -> bytes | None:
            made = inner(value, walk)
            if made is None or not (may_be.search(made) or may_say(may_be, value)):
                return made
            walk.beyond_frame()
            return without(made, value, walk.patient.over_89)

        return step

    def _address(self, path: str) -> Step:
        """An address; one that is abroad has no ZIP code, which is told from five digits by nothing but the country."""
        inner = self._nested("Address", path)

        def step(value: bytes, walk: Walk) -> bytes | None:
            made = inner(value, walk)
            if made is None or b'"postalCode"' not in made or b'"country"' not in value:
                return made
            walk.beyond_frame()
            told = _loads(value).get("country")
            if not isinstance(told, str) or geography.is_american(told):
                return made
            kept = {name: held for name, held in opened(made).items() if name != "postalCode"}
            return written(kept) if kept else None

        return step

    def _unasked(self, inner: Step, without: Callable[[bytes, bytes, bool], bytes | None] = asked.unanswered) -> Step:
        """An item of a form, or an entry of a task, without the answer to who somebody is."""

        def step(value: bytes, walk: Walk) -> bytes | None:
            made = inner(value, walk)
            kept = made and without(made, value, self._without_towns)
            if kept is not made:
                walk.beyond_frame()
            return kept

        return step

    def _attachment(self, path: str) -> Step:
        inner, place = self._nested("Attachment", path), f"{path}.data"
        withheld = self._drops("Attachment", place)
        absent, shared, odd, unread = (
            self._left_out(place, why)
            for why in ("its Binary is not here", "its Binary is of two patients", "not Base64", "cannot be read")
        )

        def document(data: Any, kind: str, url: Any, walk: Walk) -> dict[str, str]:
            """What the attached document becomes, or the Binary that it lies in."""
            named = url if isinstance(url, str) and not data else ""
            name = references.binary(walk.links.get(named) or named)
            if name is not None or named.startswith("#"):
                walk.of_resource()
                raw = walk.inside.get(named) if name is None else walk.binaries.get(name)
                if not raw:
                    return self._withheld(absent if raw is None else shared, place, kind, walk)
                data, kind = binaries.content(raw, kind)
            if data is None:
                return {}
            content = from_base64(data) if isinstance(data, str) else None
            kind = kind or "text/plain"
            if content is None:
                return self._withheld(odd, place, kind, walk)
            return self._document(content, kind, place, walk) or self._withheld(unread, place, kind, walk)

        def step(value: bytes, walk: Walk) -> bytes | None:
            if value[0] != _OBJECT:
                return None
            whole = _loads(value)
            data, kind = whole.pop("data", None), whole.get("contentType")
            made = inner(_dumps(whole), walk)
            out = _loads(made) if made else {}
            if not withheld:
                out |= document(data, str(kind or ""), whole.get("url"), walk)
            return _dumps(out or forms.MASKED)

        return step

    def _left_out(self, path: str, why: str) -> Plan:
        """What counts that an element was left behind for a reason that only its value tells."""
        left = Plan([self._slot(path, Decision("drop", path.partition(".")[2], why))], 0, path.partition(".")[0])
        self._left.append(left)
        return left

    def _withheld(self, why: Plan, place: str, kind: str, walk: Walk) -> dict[str, str]:
        """Nothing of a document that is not here or cannot be read; it is told as a note all the same."""
        walk.of_resource()
        why.times += 1
        walk.notes.append(Note(place, self._mime(kind, walk), "", [], "withheld"))
        return {}

    def _document(self, content: bytes, kind: str, place: str, walk: Walk) -> dict[str, str]:
        """What an attached document becomes, nothing of one that cannot be read; what is read is told as a note."""
        walk.of_resource()
        made = self._text.document(content, kind, walk.patient, walk.readings)
        if made.status != "deidentified":
            return {}
        spans = [span.told() for span in made.spans]
        plain = self._mentioned(made.plain, walk)
        walk.notes.append(Note(place, self._mime(kind, walk), plain, spans, made.status))
        whole = self._mentioned(made.data.decode(), walk).encode()
        data = {"data": base64.b64encode(whole).decode()} if whole else {}
        return {"contentType": made.content_type, **data}

    def _mime(self, kind: str, walk: Walk) -> str:
        """A content type as delivered, empty where it may be something else that was written there."""
        mime = kind.partition(";")[0].strip()
        return mime.lower() if _MIME.fullmatch(mime) and not self._text.identifies(mime, walk.patient) else ""

    def _narrative(self, path: str) -> Action:
        left = self._left_out(path, "a narrative that is no XHTML")
        of_section = path.endswith(".section.text")  # what a document says is there and nowhere else

        def narrative(value: Any, walk: Walk) -> Any:
            div = value.get("div") if isinstance(value, dict) else None
            # A generated one says nothing that the elements do not (hl7.org/fhir/R4/valueset-narrative-status.html).
            if not isinstance(div, str) or (value.get("status") == "generated" and not of_section):
                return None
            from chartline.deid.text.documents import parsed

            walk.of_patient()
            made = self._text.document(div.encode(), "application/xhtml+xml", walk.patient, walk.readings)
            text = self._mentioned(made.data.decode(), walk)
            if made.status == "deidentified" and parsed(text) is not None:
                return {"status": "additional", "div": text}
            leave(left, walk)
            return None

        return narrative

    def _extensions(self, owner: str, path: str) -> Step:
        rules = self._policy.extensions
        values = self._compile_extension_values()
        slot = self._slot(path, Decision("drop", "Extension", "an extension that [extensions] does not name"))
        left = Plan([slot], 0, path.partition(".")[0])
        self._left.append(left)

        def one(value: Any, walk: Walk) -> Any:
            url = value.get("url") if isinstance(value, dict) else None
            rule = rules.get(url) if isinstance(url, str) else None
            if url == forms.ABSENT and rule is not None and not tells_absence(value):
                rule = None
            if rule is None:
                leave(left, walk)
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

        return checked_by(validate.check(owner, "extension"), each, path)

    def _compile_extension_values(self) -> Mapping[str, Action]:
        """The values that a named extension may hold: codes only, for the published ones that pass hold no other."""

        def concept(value: Any, walk: Walk) -> Any:
            made = [coding(c, walk) for c in value.get("coding") or ()] if isinstance(value, dict) else []
            kept = [m for m in made if m]
            return {"coding": kept} if kept else None

        coding = self._coding_of("Coding")
        return {"valueCoding": coding, "valueCodeableConcept": concept, "valueCode": self._checked}


# --- pieces ------------------------------------------------------------------------------------------


def _id(given: Members) -> Any:
    return _loads(bytes(given["id"])) if "id" in given else None


def _serves(frame: frames.Frame, walk: Walk) -> bool:
    """Whether a frame may be used for a patient and in a world."""
    about = walk.about
    if frame.mark is not about.mark:
        if not frame.words.isdisjoint(about.known):
            return False
        frame.mark = about.mark
    return not any(map(walk.links.get, frame.outside))


def _filled(frame: frames.Frame, values: Sequence[bytes], walk: Walk) -> list[bytes] | None:
    """What becomes of the values of a frame, in order; None where one may not stay."""
    given = [*values, *frame.texts]
    written: list[bytes] = []
    for place, known, step in frame.treated:
        made = value = given[place]
        if step is not None:
            made = known(value, NEW)
            if made is NEW:
                made = step(value, walk)
            if made is None:
                return None
        written.append(made)
    for place, known, step in frame.unwritten:
        if known(given[place], NEW) is NEW:
            step(given[place], walk)
    return written
