"""Resources that repeat one another but for dates, references and amounts, each written into a form.

A hospital's records are a few thousand forms filled in again and again. A form is what is left of a resource without
the values of those kinds and without its flat identifiers. What the policy makes of a form is learned once, from one
with stand-ins in its gaps, for nobody in particular; the values of a resource are then treated as the elements treat
them that they stand in. A form serves only patients of whom none of its words is known, and those for whom the whole
walk was seen to make the same; with a free text in it, only the latter.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache

import orjson

from chartline.deid import phrases
from chartline.deid.context import PatientContext
from chartline.deid.outcome import MALFORMED, holds_party
from chartline.deid.policy import DATES, Policy, decisions
from chartline.deid.walker import Deidentifier, Members, Refused, Result, Step, Treated, Walk, kind_of, members, texts
from chartline.errors import DataError
from chartline.fhir import definitions, references
from chartline.fhir.people import PARTIES

_TEXT = rb'"[ !#-\[\]-~]*"'
_FLAT = rb'\{"[a-z]+":%b(?:,"[a-z]+":%b)*\}' % (_TEXT, _TEXT)
# What fills a gap, behind the quote that ends its name: a date, what a reference says, an amount, identifiers.
_GAPS = re.compile(
    rb'":('
    rb'"\d{4}-\d\d-\d\d(?:T[0-9:.]{8,24}(?:Z|[+-]\d\d:\d\d))?"'
    rb'|(?<="reference":)"[ !$-\[\]-~][ !#-\[\]-~]*"'
    rb'|(?<="value":)-?(?:0|[1-9]\d{0,5})(?:\.\d{1,18})?(?=[,}])'
    rb'|(?<="identifier":)\[%b(?:,%b)*\])' % (_FLAT, _FLAT)
)
_BEGINS = re.compile(rb'\{(?:"resourceType":"[A-Za-z]+",)?"id":"([A-Za-z0-9\-.]{1,64})"')
_TOKEN = b"%018d" % secrets.randbelow(10**18)  # by which a stand-in is told from all that the data may hold
_STAND_INS = re.compile(rb'"~(\d{4})\.%b"|1(\d{4})\.%b' % (_TOKEN, _TOKEN))
_NOBODY = PatientContext("nobody")
_FORMS = 20_000  # remembered forms
_MET = 500_000  # names of forms that were met once
_GAPS_AT_MOST = 10_000
_TRIAL = 2048  # look-ups of what begins alike, after which it is left when fewer than one in eight repeat
_NEW = b""  # no JSON: what is not known


@dataclass(slots=True, eq=False)
class Form:
    """What resources that repeat one another become.

    Attributes:
        kind: their type.
        template: the de-identified resource, with gaps.
        takes: for each gap the number of the value, what is known of such values and what treats others; None for one
            that stays as it is.
        owner: what tells whose it is, as JSON with gaps, and the numbers of the values there.
        words: the words of what does not differ; None when it was read with the patient.
        mark: stands for the patient for whom it was last found to hold.
    """

    kind: str
    template: bytes
    takes: list[tuple[int, Callable[[bytes, bytes], bytes | None], Step] | tuple[int, None, None]]
    owner: tuple[bytes, list[int]]
    words: frozenset[str] | None
    mark: object = None

    def concerns(self, about: phrases.About) -> bool:
        """Whether it may become something else for a patient."""
        return self.mark is not about.mark and (self.words is None or not self.words.isdisjoint(about.known))


@dataclass(slots=True)
class Repeat:
    """A resource taken apart: its id, the name of its form, the values in its gaps, and its form when that is known."""

    id: str
    name: tuple[bytes, ...]
    values: list[bytes]
    form: Form | None

    @property
    def owner(self) -> bytes:
        """What tells whose it is, as ``owning`` gives it; of one whose form is known."""
        assert self.form is not None  # noqa: S101
        told, numbers = self.form.owner
        return told % tuple([self.values[i] for i in numbers])


class Repeats:
    """The forms that were met.

    Args:
        walk: the compiled policy.
        rules: the policy.
        code: the pseudonyms.
        links: what references resolve to.
    """

    def __init__(
        self, walk: Deidentifier, rules: Policy, code: Callable[[str, str], str], links: Mapping[str, str]
    ) -> None:
        self._walk, self._code, self._links = walk, code, links
        self._left = _left_behind(rules)
        self._forms: dict[tuple[bytes, ...], Form | None] = {}
        self._met: set[int] = set()
        self._trials: dict[bytes, list[int]] = {}

    def read(self, raw: bytes) -> Repeat | None:
        """A resource taken apart; None for one whose like does not come again."""
        begins = _BEGINS.match(raw)
        if begins is None or b"\\" in raw:
            return None
        head = raw[: begins.start(1)]
        trial = self._trials.get(head)
        if trial is None:
            trial = self._trials[head] = [0, 0]
        if trial[0] > _TRIAL and trial[1] * 8 < trial[0]:
            return None
        pieces = _GAPS.split(raw[begins.end(1) :])
        name = (head, *pieces[::2])
        form = self._forms.get(name)
        trial[0] += 1
        trial[1] += form is not None
        return Repeat(begins[1].decode(), name, pieces[1::2], form)

    def write(self, repeat: Repeat, walk: Walk) -> Result | None:
        """The de-identified resource; None for one that must be walked."""
        form = repeat.form
        if form is None:
            return None
        about = self._walk.about(walk)
        if form.concerns(about):
            return None
        form.mark = about.mark
        return self._filled(form, repeat, walk)

    def _filled(self, form: Form, repeat: Repeat, walk: Walk) -> Result | None:
        """A form with what became of the values of a resource; None when one has to be left out."""
        try:
            code = walk.code(form.kind, repeat.id)
            given, made = [*repeat.values, b'"%b"' % code.encode()], []
            for number, known, step in form.takes:
                value = given[number]
                if known is not None and step is not None:
                    found = known(value, _NEW)
                    if found is _NEW:
                        found = step(value, walk)
                    if found is None:
                        return None
                    value = found
                made.append(value)
        except Refused:
            return None
        if walk.faults:
            walk.faults.clear()
            return None
        return Result(form.kind, code, form.template % tuple(made), [], {})

    def learn(self, repeat: Repeat, made: Result, walk: Walk) -> None:
        """Learn from a resource that was walked: what becomes of its form, or that it holds for the patient."""
        form = repeat.form
        if form is None:
            if repeat.name in self._forms or not self._again(repeat.name):
                return
            form = self._form(repeat)
        about = self._walk.about(walk)
        filled = None if form is None else self._filled(form, repeat, walk)
        if form is not None and filled is not None and filled.json == made.json:
            form.mark = about.mark
        elif form is not None and (filled is None or form.concerns(about)):
            form = replace(form, words=None)
        else:
            form = None
        self._forms[repeat.name] = form

    def _again(self, name: tuple[bytes, ...]) -> bool:
        """Whether a form was met before."""
        if len(self._forms) >= _FORMS:
            self._forms.clear()
        if len(self._met) >= _MET:
            self._met.clear()
        told = hash(name)
        again = told in self._met
        self._met.add(told)
        return again

    def _form(self, repeat: Repeat) -> Form | None:
        """What becomes of a form, for nobody; None when that depends on more than each value by itself."""
        if len(repeat.values) >= _GAPS_AT_MOST:
            return None
        marks = [_stand_in(value, number) for number, value in enumerate(repeat.values)]
        head, first, *rest = repeat.name
        filled = [b'":' + mark + piece for mark, piece in zip(marks, rest, strict=True)]
        given = members(b"".join([head, repeat.id.encode(), first, *filled]))
        kind = kind_of(given)
        if kind in (*PARTIES, "Binary") or holds_party(given) or orjson.loads(bytes(given["id"])) != repeat.id:
            return None
        treated: dict[bytes, Treated | None] = dict.fromkeys(marks)
        walk = Walk(_NOBODY, self._code, self._links, holes=treated)
        try:
            made = self._walk.resource(given, repeat.id, walk)
        except (DataError, *MALFORMED):
            return None
        if made is None or walk.faults or walk.notes or walk.offsets:
            return None
        template, places = _with_gaps(made.json.replace(b'"%b"' % made.id.encode(), _stand_in(b'"', len(marks))))
        if _TOKEN in template or len(places) > len(set(places)) or len(marks) not in places:
            return None
        for number, (mark, piece) in enumerate(zip(marks, (first, *rest), strict=False)):
            if treated[mark] is None and (number in places or (piece.rpartition(b'"')[2], mark[:1]) not in self._left):
                return None
        takes = [_take(n, treated[marks[n]] if n < len(marks) else None) for n in places]
        said = [text for name, value in given.items() if name != "id" for text in texts(orjson.loads(bytes(value)))]
        words = None if walk.looks else frozenset[str]().union(*map(phrases.words, said))
        return Form(kind, template, takes, _with_gaps(owning(kind, given)), words)


def _stand_in(value: bytes, number: int) -> bytes:
    """What stands in a gap while its form is walked: no date or reference, but as well formed."""
    if value[:1] == b'"':
        return b'"~%04d.%b"' % (number, _TOKEN)
    return b'[{"value":"~%04d.%b"}]' % (number, _TOKEN) if value[:1] == b"[" else b"1%04d.%b" % (number, _TOKEN)


def _with_gaps(text: bytes) -> tuple[bytes, list[int]]:
    """A text with gaps for formatting where stand-ins are, and the numbers of these in order."""
    numbers = [int(m[1] or m[2]) for m in _STAND_INS.finditer(text)]
    return _STAND_INS.sub(b"%b", text.replace(b"%", b"%%")), numbers


def _take(
    number: int, treated: Treated | None
) -> tuple[int, Callable[[bytes, bytes], bytes | None], Step] | tuple[int, None, None]:
    return (number, None, None) if treated is None or treated[1] is None else (number, treated[0].get, treated[1])


@cache
def _date_names() -> frozenset[bytes]:
    """Names that only elements of a date have."""
    types: dict[str, set[str]] = {}
    for definition in definitions.load().values():
        for name, element in definition.elements.items():
            types.setdefault(name, set()).add(element.type)
    return frozenset(name.encode() for name, found in types.items() if found <= DATES)


def _left_behind(rules: Policy) -> frozenset[tuple[bytes, bytes]]:
    """Names with the beginning of a value that, where nothing treated it, was left behind without a look at it."""
    of_identifiers = [d for _, kind, d in decisions(rules) if kind == "Identifier"]
    apart = {(b"identifier", b"[")} if all(rules.effect(d.action) == "drop" for d in of_identifiers) else set()
    return frozenset({(name, b'"') for name in _date_names()} | {(b"reference", b'"'), (b"value", b"1")} | apart)


@cache
def elements_owning(kind: str) -> tuple[str, ...]:
    """The elements of a type that can put a resource into a patient's compartment."""
    return tuple(dict.fromkeys(path[0] for path in references.compartment().get(kind, ())))


def owning(kind: str, given: Members) -> bytes:
    """What of a resource tells whose it is, as JSON; the same in all of a visit."""
    told = [b'"%b":%b' % (name.encode(), bytes(given[name])) for name in elements_owning(kind) if name in given]
    return b",".join([b'{"resourceType":"%b"' % kind.encode(), *told]) + b"}"
