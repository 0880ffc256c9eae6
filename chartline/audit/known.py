"""What the leak sweep looks for: a source's identifying values, turned into patterns that mean something when found.

The rule against false alarms, which is also printed in the report:

- **Found anywhere, as whole words:** whole names in either order, name parts that are on no list of words, common
  names, eponyms or places (``Quixmire``, ``Abe604``, ``Brzostek``, a surname that few bear), e-mails, street lines with
  a number, web addresses, ids of six characters or more with a letter and a digit (not ``10-minute-apgar-score``, which
  any text may say), whole numbers of nine digits or more, ``Type/id`` of any id (not ``Provenance/signature``, which is
  an element), facilities whose name has a distinctive word. Phones and social security numbers are compared by their
  digits, however they are grouped.
- **Found only near another value of the same person:** name parts that are also words (``May``, ``Long``), cities,
  five-digit ZIP codes, short ids and dates of birth count when two of different kinds stand within 60 characters. A
  birth date alone proves nothing, for the shifted date of one patient may be the true one of another.
- **Not looked for:** ids of published definitions (profiles, code systems, questionnaires). They are the ends of public
  addresses that any record may name (``.../StructureDefinition/us-core-race``) and are nobody's.
"""

from __future__ import annotations

import gzip
import io
import re
from array import array
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from chartline.audit.text import fold
from chartline.deid.text import lexicon
from chartline.fhir import definitions, extracts, records
from chartline.fhir.known import Known
from chartline.fhir.people import PARTIES, known_values
from chartline.files import formats, sources
from chartline.lake import tables
from chartline.settings import Settings

Party = tuple[Known, ...]
"""The identifying values of one person or place; of a resource that is neither, its id alone."""

_DIGITS = re.compile(r"\D+")
_DIGIT = re.compile(rb"\d")
_TELLING = 6  # letters of a word that an id is looked for by
_WORDS = 12  # of an id that is looked for so
_SURNAME_LEAST = 6  # letters that a surname on a list has more of, to be proof alone
_AT_ONCE = 1 << 14  # runs of words whose hashes are compared at once


@dataclass(frozen=True)
class Targets:
    """Patterns by folded text, and phone-like numbers by their digits.

    Attributes:
        strong: folded pattern to kind; a match is a hit.
        weak: folded pattern to the (party, kind) pairs it belongs to; two of one party near each other are a hit.
        numbers: digits to kind.
        ids: folded ids; a match of one is a hit. A source has millions, of which an automaton would hold every letter.
        parties: how many persons, places and ids were known.
    """

    strong: Mapping[str, str]
    weak: Mapping[str, frozenset[tuple[int, str]]]
    numbers: Mapping[str, str]
    ids: Ids
    parties: int

    @property
    def patterns(self) -> int:
        """How many different patterns are looked for."""
        return len(self.strong) + len(self.weak) + len(self.numbers) + len(self.ids)

    @property
    def in_company(self) -> int:
        """How many of them count only near another value of the same person."""
        return len(self.weak)


class Ids:
    """Folded ids as hashes, sixteen bytes each: of the word that each is found by, and of the whole.

    The hashes are this process's own (SipHash of 64 bits, keyed anew): that one of a hundred million ids is met by
    chance at a word that is one's is less likely than one in a thousand million.
    """

    def __init__(self, patterns: Iterable[str] = ()) -> None:
        words, wholes = array("q"), array("q")
        self._most = 0
        for pattern in patterns:
            own = pattern.encode()
            words.append(hash(telling(own)))
            wholes.append(hash(own))
            self._most = max(self._most, own.count(b" ") + 1)
        self._words, self._wholes = (np.unique(np.frombuffer(held, np.int64)) for held in (words, wholes))

    def __len__(self) -> int:
        return len(self._wholes)

    def found(self, body: bytes) -> Iterator[bytes]:
        """Every place of a folded text at which an id stands as whole words."""
        words = body.split()
        marked = set(_those_in(self._words, [w for w in set(words) if len(w) >= _TELLING])) if self._most else ()
        pieces = self._around(words, marked) if marked else iter(())
        while some := list(islice(pieces, _AT_ONCE)):
            yield from _those_in(self._wholes, some)

    def _around(self, words: Sequence[bytes], marked: Collection[bytes]) -> Iterator[bytes]:
        """Every run of words that may be an id; one that holds several of the marked comes with the first of them."""
        before = -1
        for at, word in enumerate(words):
            if word in marked:
                for first in range(max(before + 1, at - self._most + 1), at + 1):
                    for last in range(at + 1, min(len(words), first + self._most) + 1):
                        yield b" ".join(words[first:last])
                before = at


def _those_in(hashes: Any, told: list[bytes]) -> Iterator[bytes]:
    """Those of some texts whose hash is among sorted ones."""
    asked = np.fromiter(map(hash, told), np.int64, len(told))
    places = np.searchsorted(hashes, asked)
    places[places == len(hashes)] = 0
    yield from (told[i] for i in np.flatnonzero(hashes[places] == asked))


def telling(pattern: bytes) -> bytes:
    """The longest word with a digit of a folded id; empty for none of six letters, and where there are many words."""
    words = pattern.split()
    word = max((w for w in words if _DIGIT.search(w)), key=len, default=b"")
    return word if len(word) >= _TELLING and len(words) <= _WORDS else b""


def targets(known: Iterable[Party]) -> Targets:
    """Sort known values into what is a hit anywhere, what is one only in company, and numbers."""
    strong: dict[str, str] = {}
    weak: dict[str, set[tuple[int, str]]] = {}
    numbers: dict[str, str] = {}
    parties = array("q")

    def sorted_out(party: Party) -> Iterator[str]:
        """Put what is known of one party where it belongs; its ids that are found by a word are returned."""
        if not party:
            return
        parties.append(hash(party))
        proof: set[str] = set()
        company: list[tuple[str, str]] = []
        for item in party:
            if item.type == "ID" and item.value.partition("/")[2] in proof:
                continue  # the id alone is looked for
            for kind, pattern, certain in _patterns(item):
                if not certain:
                    company.append((pattern, _family(kind)))
                elif kind == "ID" and telling(pattern.encode()):
                    proof.add(item.value)
                    yield pattern
                else:
                    strong.setdefault(pattern, kind)
                    proof.update([item.value] if kind == "ID" else ())
            if item.type in ("PHONE", "SSN"):
                digits = _DIGITS.sub("", item.value)
                if len(digits) >= 7:
                    numbers[digits] = item.type
                    numbers[digits[1:] if len(digits) == 11 and digits[0] == "1" else digits] = item.type
        # Values of one kind alone are never a hit: the short id of a resource that is no person's.
        if len({family for _, family in company}) > 1:
            for pattern, family in company:
                weak.setdefault(pattern, set()).add((len(parties), family))

    ids = Ids(pattern for party in known for pattern in sorted_out(party))
    alone = {p: frozenset(o) for p, o in weak.items() if p not in strong}
    return Targets(strong, alone, numbers, ids, len(np.unique(np.frombuffer(parties, np.int64))))


def _family(kind: str) -> str:
    """Kinds that are told apart in company: two parts of a name are one kind, so that 'in May, as long as' is none."""
    return "NAME" if kind in ("GIVEN", "FAMILY", "RELATIVE") else "ID" if kind in ("MRN", "SSN") else kind


def _patterns(item: Known) -> Iterator[tuple[str, str, bool]]:
    """Kind, folded pattern, and whether the pattern alone is proof."""
    text = fold(item.value).decode()
    words = text.split()
    if item.type in ("NAME", "RELATIVE") and len(words) > 1:
        given, family = words[0], words[-1]
        for order in (text, " ".join([family, *words[:-1]]), f"family {family} given {given}"):
            yield item.type, order, True
    elif item.type == "ORGANIZATION":
        if len(words) > 1 and len(text) >= 12 and any(_distinctive(w) for w in words):
            yield item.type, text, True
    elif len(text) > 1:
        yield item.type, text, _certain(item.type, item.value, text)


def _certain(kind: str, value: str, text: str) -> bool:
    if kind in ("NAME", "RELATIVE", "GIVEN", "FAMILY"):
        return _rare(text)
    if kind in ("ID", "MRN", "SSN"):
        return _certain_id(value, text)
    if kind == "STREET":
        return " " in text and len(text) > 7 and any(c.isdigit() for c in text)
    return kind in ("EMAIL", "URL") and len(text) > 5


def _certain_id(value: str, text: str) -> bool:
    plain = text.replace(" ", "")
    if "/" in value:  # Type/id
        return len(text.split()) > 1 and not _element(value)
    if plain.isdigit():
        return len(plain) >= 9
    return len(plain) >= 6 and any(c.isdigit() for c in plain) and not _phrase(text)


def _element(value: str) -> bool:
    """Whether ``Type/id`` reads as an element of the type: every report says ``Provenance.signature``."""
    kind, _, own = value.partition("/")
    return own.lower() in _elements().get(kind, ())


@cache
def _elements() -> Mapping[str, frozenset[str]]:
    """The elements of each type in small letters; asked for every id of a source."""
    return {kind: frozenset(map(str.lower, of.elements)) for kind, of in definitions.load().items()}


@cache
def _definitions() -> frozenset[str]:
    """The types that are published definitions: FHIR marks them, and them alone, as experimental or not."""
    return frozenset(kind for kind, of in definitions.load().items() if "experimental" in of.elements)


def _phrase(text: str) -> bool:
    """Whether an id is words of the language with at most a two-digit number: ``10-minute-apgar-score`` is a label."""
    words = [w for w in text.split() if not w.isdigit()]
    if len(words) < 2 or sum(map(str.isdigit, text)) > 2:
        return False
    kinds = [lexicon.kind(w) for w in words]
    return all(k.word or k.medical for k in kinds)


def _rare(text: str) -> bool:
    """Whether a name part is proof alone: it holds a digit, or is on no list of words, common names, cities."""
    return all(_distinctive(w) for w in text.split())


def _distinctive(word: str) -> bool:
    if any(c.isdigit() for c in word):
        return len(word) > 4 and not word.isdigit()
    kind = lexicon.kind(word)
    if kind.word or kind.medical or kind.city or kind.eponym or kind.first or kind.surname:
        return False
    return len(word) > (_SURNAME_LEAST if kind.last else 4)


# --- where known values come from ------------------------------------------------------------------


def _ids(kind: str, own: str) -> Party:
    """How a resource is called; a published definition's id is nobody's."""
    return () if kind in _definitions() else (Known("ID", own), Known("ID", f"{kind}/{own}"))


def party(resource: Mapping[str, Any]) -> Party:
    """Known values of one resource of a source: what it tells of a person or place, and its own id."""
    kind, own = str(resource.get("resourceType", "")), resource.get("id")
    ids = _ids(kind, own) if isinstance(own, str) and own else ()
    return (*ids, *(known_values(resource) if kind in PARTIES else ()))


def known_from_lake(settings: Settings) -> Iterator[Party]:
    """Known values of ``bronze.people`` and the source id of every version in ``bronze.resources``, piece by piece."""
    seen = set()
    for batch in tables.batches(settings, "bronze.people", ["resource_type", "resource_id", "known"]):
        for r in batch.to_pylist():
            seen.add((r["resource_type"], r["resource_id"]))
            yield (
                Known("ID", r["resource_id"]),
                Known("ID", f"{r['resource_type']}/{r['resource_id']}"),
                *(Known(k["type"], k["value"]) for k in r["known"] or ()),
            )
    by = ["resource_type", "resource_id"]
    for batch in tables.batches(settings, "bronze.resources", by):
        for kind, own in zip(*(batch[name].to_pylist() for name in by), strict=True):
            if (kind, own) not in seen and (ids := _ids(kind, own)):
                yield ids


def known_from_sources(paths: Sequence[Path], mappings: Path | None = None) -> list[Party]:
    """Known values of every resource in files, folders and archives, without a lake and without Spark.

    Args:
        paths: FHIR, and CSV that a mapping knows.
        mappings: folder of further mappings of CSV extracts.

    Raises:
        DataError: CL1101 a gzip file is damaged: what it tells cannot be looked for.
    """
    layouts = extracts.load(mappings)
    return [party(r) for item in sources.items(paths) if not item.refused for r in _resources(item, layouts)]


def _resources(item: sources.Item, layouts: extracts.Layouts) -> Iterator[Mapping[str, Any]]:
    data = b"".join(sources.blocks(item))
    form = formats.detect(data[: formats.HEAD], item.name, layouts.reason)
    if form.reason:
        return
    with sources.whole(item):
        content = gzip.decompress(data) if form.compression == "gzip" else data
    handle = io.BytesIO(content)
    if form.name == "csv":
        found: Iterable[records.Record] = records.of_rows(handle, layouts.judge(content[: formats.HEAD], item.name))
    elif form.name in records.CONVERTED:
        found = records.CONVERTED[form.name](handle)
    elif form.name == "ndjson":
        found = (record for _, text, _ in records.lines(handle) for record in records.of_document(text))
    else:
        found = records.of_document(content)
    for record in found:
        try:
            body = orjson.loads(record.raw)
        except ValueError:  # what is no JSON tells no values; parse sets it aside
            continue
        if isinstance(body, dict):
            yield body
