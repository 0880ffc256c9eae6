"""What resources share that differ only in their id, days, references, numbers of measures and identifiers' values.

A hospital's records repeat themselves: 95 in 100 of the resources of the sample bundles have a frame that stood before.
What became of a frame is learnt once, by walking it with stand-ins in place of what differs; of the resources that
share it only that is treated. A frame is learnt only where what is made of it depends on nothing else: on no free text,
no note, no age. It holds words, and so is used only for patients of whom none of them is known.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import msgspec
import orjson

from chartline.fhir import references

Members = Mapping[str, msgspec.Raw]
Key = tuple[bytes, ...]
"""What stands between the values of a frame, without the colons before them."""

_LONGEST = 1 << 16  # bytes of a resource that is looked at for its frame
_MOST = 1000  # values of a frame
_FIRST = 1000  # number of the first of them, so that all have four digits and none begins with a zero
_ID = b'"\0"'  # stands for the id; no JSON text has it
# What differs, by what it is like. Only of the values of an element called value none is the frame's, whatever it is.
_VALUES = re.compile(
    rb'": ?('
    rb'"(?:\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:\d\d))?|(?:[A-Z][A-Za-z]+/|urn:uuid:)%b)"'
    rb'|(?:(?<=value":)|(?<=value": ))(?:"[ !#-\[\]-~]*"|-?(?:0|[1-9]\d{0,5})(?:\.\d{1,18})?(?=[,}]))'
    rb")" % references.ID.encode()
)
_NONCE = 10 * secrets.randbelow(10**9) + 1 + 10**10
IDENTITY = f"standin{_NONCE}"
"""The id of a frame."""
# A number of 15 digits is the same after it was read and written.
_TEXT, _NUMBER = f'"{IDENTITY}x%04d"', f"-0.%04d{_NONCE}"
_STAND_INS = re.compile(f'"{IDENTITY}x(\\d{{4}})"|-0\\.(\\d{{4}}){_NONCE}'.encode())
_SIGN = str(_NONCE).encode()

_members = msgspec.json.Decoder(dict[str, msgspec.Raw])


_NOTHING: Callable[[bytes, Any], Any] = dict[bytes, Any]().get


class Opaque(Exception):
    """What is made of a resource depends on more than its frame and the values in it."""


def members(raw: bytes) -> Members:
    """The members of a resource, each value as the bytes it was written in.

    Raises:
        ValueError, msgspec.MsgspecError: it is not a JSON object.
    """
    if not raw.isascii():
        raw.decode()
    return _members.decode(raw)


@lru_cache(maxsize=4096)
def _kind(raw: bytes) -> str:
    kind = orjson.loads(raw)
    return kind if isinstance(kind, str) else ""


def kind_of(given: Members) -> str:
    """The type a resource claims, empty for none."""
    return _kind(bytes(given["resourceType"])) if "resourceType" in given else ""


def cut(raw: bytes, resource_id: str) -> tuple[Key, list[bytes]] | None:
    """A resource's frame and the values in it, as they are written; None where its id is not told or it is too long."""
    before, found, after = raw.partition(f'"{resource_id}"'.encode())
    if not found or len(raw) > _LONGEST:
        return None
    pieces = _VALUES.split(before + _ID + after)
    return tuple(pieces[::2]), pieces[1::2]


Known = Callable[[bytes, Any], Any] | None
Step = Callable[[bytes, Any], bytes | None] | None
Treated = tuple[int, Any, Any]
"""A value's place, what remembers what became of it, and what makes it; without these it stays as it is."""


@dataclass(slots=True)
class Frame:
    """What becomes of the resources that share a frame.

    Attributes:
        kind: the resource type.
        body: the frame as given, with stand-ins.
        template: what is written, with a place for the id and for each value that is.
        after: how many of the values come before the id.
        treated: the values that are written, in order.
        unwritten: those of which nothing is written, but something kept.
        texts: texts of the frame that are read each time; their places are behind those of the values.
        words: what a text of it may share with what is known of a patient.
        outside: addresses that name nothing of this world.
        done: what is counted as done each time.
        mark: the patient of whom none of the words is known, last.
        times: how often it came since it was counted.
        told: members of the body by their names, each with the places of its values.
    """

    kind: str
    body: bytes
    template: bytes
    after: int
    treated: Sequence[Treated]
    unwritten: Sequence[Treated]
    texts: Sequence[bytes]
    words: frozenset[str]
    outside: tuple[str, ...]
    done: list[Any]
    mark: object = None
    times: int = 0
    told: dict[tuple[str, ...], list[tuple[str, bytes, tuple[int, ...]]]] = field(default_factory=dict)

    def parts(self, names: tuple[str, ...], values: Sequence[bytes]) -> tuple[tuple[str, bytes], ...]:
        """Those of the members of these names that a resource with these values has."""
        found = self.told.get(names)
        if found is None:
            body = members(self.body)
            found = self.told[names] = [(name, *_opened(bytes(body[name]))) for name in names if name in body]
        return tuple([(name, text % tuple([values[i] for i in places])) for name, text, places in found])


def _opened(text: bytes) -> tuple[bytes, tuple[int, ...]]:
    """A text with places for its values in place of their stand-ins, and which they are."""
    places = tuple(int(m[1] or m[2]) - _FIRST for m in _STAND_INS.finditer(text))
    return _STAND_INS.sub(b"%b", text.replace(b"%", b"%%")), places


@dataclass(slots=True)
class Given:
    """A resource as it was given.

    Attributes:
        raw: its bytes.
        id: its id in the source.
        key: its frame, None where it is not asked for.
        values: the values in it.
        frame: what becomes of it, where that is known.
    """

    raw: bytes
    id: str
    key: Key | None = None
    values: Sequence[bytes] = ()
    frame: Frame | None = None
    _members: Members | None = None

    @property
    def members(self) -> Members:
        """Its members, each as the bytes it was written in."""
        if self._members is None:
            self._members = members(self.raw)
        return self._members

    @property
    def kind(self) -> str:
        """The type it claims, empty for none."""
        return kind_of(self.members) if self.frame is None else self.frame.kind

    def parts(self, names: tuple[str, ...]) -> tuple[tuple[str, bytes], ...]:
        """Those of the members of these names that it has."""
        if self.frame is not None:
            return self.frame.parts(names, self.values)
        return tuple([(name, bytes(self.members[name])) for name in names if name in self.members])


class Probe:
    """A frame with stand-ins, and what became of each.

    Args:
        key: the frame.
        values: values that it was met with, to tell texts from numbers.

    Raises:
        Opaque: it has too many values, or not one id.
    """

    def __init__(self, key: Key, values: Sequence[bytes]) -> None:
        self._count = len(values)
        if self._count > _MOST or b"".join(key).count(_ID) != 1:
            raise Opaque
        names = [((_TEXT if v[:1] == b'"' else _NUMBER) % (_FIRST + i)).encode() for i, v in enumerate(values)]
        text = b"".join([piece for pair in zip(key, names, strict=False) for piece in (pair[0], b'":', pair[1])])
        self.body = (text + key[-1]).replace(_ID, f'"{IDENTITY}"'.encode())
        self.words: set[str] = set()
        self._outside: set[str] = set()
        self._places = {name: place for place, name in enumerate(names)}
        self._texts: list[bytes] = []
        self._treated: dict[int, Treated] = {}
        self._unwritten: list[Treated] = []

    def treat(self, value: bytes, known: Known = None, step: Step = None, *, written: bool = True) -> None:
        """What a stand-in stands for will be treated by a step, or stay as it is.

        Raises:
            Opaque: it is none, or is treated twice.
        """
        place = self._places.pop(value, None)
        if place is None:
            raise Opaque
        if written:
            self._treated[place] = (place, known, step)
        else:
            self._unwritten.append((place, known, step))

    def each_time(self, text: bytes, step: Step) -> bytes:
        """What stands for a text of the frame that a step reads each time.

        Raises:
            Opaque: a stand-in is in it.
        """
        if holds_stand_in(text):
            raise Opaque
        place = self._count + len(self._texts)
        self._texts.append(text)
        self._treated[place] = (place, _NOTHING, step)
        return (_TEXT % (_FIRST + place)).encode()

    def outside(self, address: str) -> None:
        """An address names nothing of this world, and may do so in another."""
        if "?" in address:
            raise Opaque
        self._outside.update((address, references.plain(address)))

    def learnt(self, kind: str, text: bytes, words: frozenset[str], done: list[Any]) -> Frame:
        """The frame, from what was made of it.

        Raises:
            Opaque: a stand-in is written that no step has treated, or one is missing or comes twice.
        """
        before, *after = text.split(f'"{IDENTITY}"'.encode())
        (start, first), (end, then) = _opened(before), _opened(b"".join(after))
        if len(after) != 1 or sorted((*first, *then)) != sorted(self._treated):
            raise Opaque
        ordered = [self._treated[place] for place in (*first, *then)]
        template = start + b'"%b"' + end
        return Frame(
            kind,
            self.body,
            template,
            len(first),
            ordered,
            self._unwritten,
            self._texts,
            words,
            tuple(self._outside),
            done,
        )


def holds_stand_in(value: bytes) -> bool:
    """Whether a stand-in is in a value."""
    return _SIGN in value
