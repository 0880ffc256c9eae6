"""The leak sweep: a source's own identifying values, looked for in every byte of files that must not hold any.

What is looked for, and the rule against false alarms, is in ``chartline.audit.known``; how files are opened is in
``chartline.audit.text``. A result tells category, place, count and a keyed hash prefix, never a value. Every sweep
plants a decoy in files of its own and has to find it there.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import hmac
import json
import re
import secrets
import tempfile
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from ahocorasick_rs import BytesAhoCorasick

from chartline import progress
from chartline.audit.known import Party, targets
from chartline.audit.text import CELL, KINDS, Piece, fold, pieces, plain
from chartline.errors import UsageError
from chartline.fhir.known import Known

NEAR = 60  # characters of folded text within which two weak values of one person are a hit
_MOST_HITS = 1000  # places listed; counts go on
_NUMBER = re.compile(r"\d(?<![\w.]\d)(?:[-. ()/]{0,2}\d){6,17}(?!\w)")
_GROUP = re.compile(r"\d+")


@dataclass(frozen=True)
class Hit:
    """Known values of one category in one place.

    Attributes:
        category: kind of the value: NAME, GIVEN, FAMILY, PHONE, EMAIL, STREET, CITY, ZIP, SSN, MRN, ID ...
        file: path below the swept folder; a part of it that holds a known value is withheld.
        surface: one of ``chartline.audit.text.KINDS``.
        column: column of a Parquet file, else empty.
        value: first digits of the value's HMAC under the report key: equal values can be told, values cannot.
        count: how often.
    """

    category: str
    file: str
    surface: str
    column: str
    value: str
    count: int


@dataclass(frozen=True)
class SweepResult:
    """What a sweep looked for, where, and what it found."""

    known: int
    patterns: int
    files: int
    bytes: int
    hits: tuple[Hit, ...]
    categories: Mapping[str, int] = field(default_factory=dict)
    surfaces: Mapping[str, int] = field(default_factory=dict)
    control: Mapping[str, bool] = field(default_factory=dict)
    in_company: int = 0

    @property
    def total(self) -> int:
        """Hits in all, those not listed included."""
        return sum(self.categories.values())

    @property
    def clean(self) -> bool:
        """Whether nothing was found, by a sweep that could have found it."""
        return self.total == 0 and all(self.control.values())

    def to_json(self) -> dict[str, Any]:
        """As plain data for the command line and the report."""
        return {
            "clean": self.clean,
            "known": self.known,
            "patterns": self.patterns,
            "in_company": self.in_company,
            "files": self.files,
            "bytes": self.bytes,
            "total": self.total,
            "categories": dict(self.categories),
            "hits": [vars(h) for h in self.hits],
            "surfaces": {
                "exercised": dict(self.surfaces),
                "not_exercised": [k for k in KINDS if k not in self.surfaces],
            },
            "control": "found" if self.control and all(self.control.values()) else "missed",
            "controls": dict(self.control),
        }


def sweep(paths: Sequence[Path], search: Search) -> SweepResult:
    """Look for known values in every byte of files and folders.

    Args:
        paths: files and folders; folders are walked, hidden files included.
        search: what to look for.

    Raises:
        UsageError: CL2077 a path is not there.
    """
    missing = [i for i, p in enumerate(paths, start=1) if not p.exists()]
    if missing:
        raise UsageError("CL2077", f"path {missing[0]} is not there.", "Check the paths to sweep.")
    hits: Counter[tuple[str, str, str, str, str]] = Counter()
    surfaces: Counter[str] = Counter()
    size = 0
    files = list(_files(paths))
    for path, name in progress.through(files, len(files), "files swept"):
        size += path.stat().st_size
        shown = search.shown(name)
        seen = set()
        for piece in pieces(path, name):
            seen.add(piece.kind)
            for category, value in search.find(piece):
                hits[category, shown, piece.kind, piece.place, value] += 1
        surfaces.update(seen)
    categories: Counter[str] = Counter()
    for (category, *_), n in hits.items():
        categories[category] += n
    listed = tuple(Hit(*k, count=n) for k, n in sorted(hits.items())[:_MOST_HITS])
    return SweepResult(
        known=search.parties,
        patterns=search.patterns,
        files=len(files),
        bytes=size,
        hits=listed,
        categories=dict(sorted(categories.items())),
        surfaces={k: surfaces[k] for k in KINDS if surfaces[k]},
        control=_control(search),
        in_company=search.in_company,
    )


def _files(paths: Sequence[Path]) -> Iterator[tuple[Path, str]]:
    for path in paths:
        if path.is_file():
            yield path, path.name
            continue
        for found in sorted(path.rglob("*")):
            if found.is_file():
                yield found, f"{path.name}/{found.relative_to(path).as_posix()}"


# A reference whose words may be said of a number: ``of a patient 1.00``.
_COUNTED = re.compile(r"[a-z]+ \d{1,3}")


def _is_referred_to(pattern: str, text: str) -> bool:
    kind, number = pattern.split()
    return re.search(rf"{kind}\W*[/|]\W*{number}(?!\d)", text, re.IGNORECASE) is not None


class Search:
    """What a sweep looks for, made ready once for all sweeps: a decoy of its own is among it.

    Args:
        known: the source's persons and places, from ``known_from_lake`` or ``known_from_sources``.
        report_key: key of the hash prefixes; by default one that is forgotten afterwards.
        allowed: kinds of values that the policy lets pass (``chartline.audit.evidence.allowed_kinds``).

    Attributes:
        decoy: a person who does not exist.
        parties: how many persons, places and ids are known.
        patterns: how many patterns they give.
        in_company: how many of them count only near another value of the same person.

    Raises:
        UsageError: CL2078 the source tells no identifying value.
    """

    def __init__(
        self, known: Iterable[Party], *, report_key: bytes | None = None, allowed: Collection[str] = ()
    ) -> None:
        self.decoy = _decoy()
        wanted = (tuple(k for k in party if k.type not in allowed) for party in known)
        self._wanted = targets(chain(wanted, (self.decoy,)))
        self.parties, self.patterns = self._wanted.parties - 1, self._wanted.patterns
        self.in_company = self._wanted.in_company
        if not self.parties:
            raise UsageError("CL2078", "the source tells no identifying value.", "Name FHIR files with --known.")
        self._key = report_key or secrets.token_bytes(32)
        self._words = [*self._wanted.strong, *self._wanted.weak]
        self._automaton = BytesAhoCorasick([b" " + p.encode() + b" " for p in self._words])
        self._families = sorted({family for of in self._wanted.weak.values() for _, family in of})
        self._company = lru_cache(maxsize=65_536)(self._of_one_person)

    def prefix(self, value: str) -> str:
        """First 12 hexadecimal digits of the value's HMAC-SHA-256 under the report key."""
        return hmac.new(self._key, value.encode(), hashlib.sha256).hexdigest()[:12]

    def shown(self, name: str) -> str:
        """A file name with the parts left out that hold a known value."""
        parts = name.split("/")
        return "/".join(f"[withheld {self.prefix(p)}]" if any(self.find(Piece("", "", p))) else p for p in parts)

    def find(self, piece: Piece) -> Iterator[tuple[str, str]]:
        """Category and hash prefix of every hit in a piece."""
        text = plain(piece.text)
        yield from self._numbers(text)
        body = b" " + fold(text) + b" "
        near: list[tuple[int, int, str]] = []
        yield from (("ID", self.prefix(own.decode())) for own in self._wanted.ids.found(body))
        for index, start, end in self._automaton.find_matches_as_indexes(body, overlapping=True):
            pattern = self._words[index]
            kind = self._wanted.strong.get(pattern)
            if kind and (not _COUNTED.fullmatch(pattern) or _is_referred_to(pattern, text)):
                yield kind, self.prefix(pattern)
            elif not kind:
                near.append((start, end, pattern))
        yield from self._pairs(body, near)

    def _numbers(self, text: str) -> Iterator[tuple[str, str]]:
        for run in _NUMBER.finditer(text) if self._wanted.numbers else ():
            groups = _GROUP.findall(run[0])
            for first in range(len(groups)):
                for last in range(first + 1, min(first + 6, len(groups)) + 1):
                    digits = "".join(groups[first:last])
                    if digits in self._wanted.numbers:
                        yield self._wanted.numbers[digits], self.prefix(digits)

    def _pairs(self, body: bytes, near: Sequence[tuple[int, int, str]]) -> Iterator[tuple[str, str]]:
        """Weak values with another kind of weak value of the same person close behind, in the same cell."""
        apart = CELL.encode()
        for i, (_, end, pattern) in enumerate(near):
            for j in range(i + 1, len(near)):
                start, _, other = near[j]
                if start - end > NEAR:
                    break
                if start < end - 1 or apart in body[end:start]:
                    continue
                kinds = self._company(pattern, other)
                if kinds:
                    yield kinds[0], self.prefix(pattern)
                    yield kinds[1], self.prefix(other)

    def _of_one_person(self, pattern: str, other: str) -> tuple[str, str] | None:
        """Two different kinds as which one person has these two weak values."""
        mine, theirs = self._wanted.weak[pattern], self._wanted.weak[other]
        if len(mine) > len(theirs):
            found = self._of_one_person(other, pattern)
            return found and (found[1], found[0])
        both = ((k, o) for party, k in mine for o in self._families if o != k and (party, o) in theirs)
        return min(both, default=None)


# --- the positive control --------------------------------------------------------------------------


def _decoy() -> Party:
    """A person who does not exist, new for every sweep; an id without a digit proves nothing alone."""
    token = f"{secrets.randbelow(10)}{secrets.token_hex(4)}"
    return (Known("NAME", f"Decoy{token} Canary{token}"), Known("MRN", f"DECOY-{token}"))


def _control(search: Search) -> dict[str, bool]:
    """Whether the decoy is found in one file of every kind; the files are gone afterwards."""
    name, number = (k.value for k in search.decoy)
    with tempfile.TemporaryDirectory(prefix="chartline-control-") as folder:
        at = Path(folder)
        (at / "plain.log").write_text(f"INFO {name.upper()} was here")
        (at / "body.json").write_text(json.dumps({"note": f"line\n{name}", "data": ""}))
        (at / "coded.json").write_text(json.dumps({"data": base64.b64encode(f"Seen: {name}, today".encode()).decode()}))
        (at / "stats.json").write_text(json.dumps({"stats": json.dumps({"max": f"line\n{name}"})}))
        (at / "page.html").write_text(f"<html><b>{name.split()[0]}</b> <i>{name.split()[1]}</i></html>")
        (at / "packed.gz").write_bytes(gzip.compress(number.encode()))
        (at / f"{number}.txt").write_text("")
        pq.write_table(pa.table({"note": [[{"text": name}]]}), at / "values.parquet", write_statistics=False)
        marked = pa.table({"n": [1]}).replace_schema_metadata({"comment": number})
        pq.write_table(marked, at / "footer.parquet")
        return {
            path.name if number not in path.name else "file name": any(
                True for piece in pieces(path, path.name) for _ in search.find(piece)
            )
            for path in sorted(at.iterdir())
        }
