"""The leak sweep: the source's known identifying values, looked for in every byte of any file.

Every byte is read as what it is: Parquet decoded with its footers and statistics, gzip unpacked, base64 decoded,
anything else as text; file names too. Text and values are folded alike (case, accents, punctuation), so ``Smith,  JOHN``
and ``617.555.0193`` are found however they are written. Hits are counted by file and column, with a keyed hash in place
of the value.

What is looked for, and what not, because it would be found everywhere: whole names, name parts that are no word, place,
medical term or eponym, ids and record numbers of six characters or more, phones, e-mails, pages, street lines, names of
organisations, source ids. Cities, ZIP codes and birth dates alone are left to the gates and the policy.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import hmac
import re
import secrets
import tarfile
import tempfile
import unicodedata
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import ahocorasick_rs
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from chartline.deid.context import Known
from chartline.deid.text import lexicon
from chartline.deid.text.lexicon import kind
from chartline.errors import UsageError
from chartline.fhir.people import PARTIES, known_values
from chartline.lake import tables
from chartline.settings import Settings

_SPACES = {i: " " for i in range(128) if not chr(i).isalnum()}
_BASE64 = re.compile(rb'"(?:data|hash)"\s*:\s*"([A-Za-z0-9+/]{16,}={0,2})"')
_CHUNK = 8 << 20
_OVERLAP = 256
_SHORTEST = 6
_CATEGORIES = {
    "NAME": "name",
    "RELATIVE": "name",
    "GIVEN": "name part",
    "FAMILY": "name part",
    "PHONE": "phone",
    "EMAIL": "e-mail",
    "STREET": "street",
    "SSN": "social security number",
    "MRN": "record number",
    "ID": "identifier",
    "URL": "page",
    "ORGANIZATION": "organisation",
    "SOURCE": "source id",
}


@dataclass(frozen=True)
class Hit:
    """A known value found: its category, where, how often, and a keyed hash in its place."""

    category: str
    file: str
    column: str
    count: int
    mark: str


@dataclass(frozen=True)
class SweepResult:
    """What was looked for, where, and what was found.

    Attributes:
        hits: known values found.
        files: files read.
        size: bytes read, after decoding.
        surfaces: files by kind: parquet, delta log, json, html, text, gzip, archive, other.
        known: values looked for, by category.
        control: ``found`` when the decoy planted for this sweep was found in every kind of file, else ``missed``.
    """

    hits: tuple[Hit, ...]
    files: int
    size: int
    surfaces: Mapping[str, int]
    known: Mapping[str, int]
    control: str

    @property
    def clean(self) -> bool:
        """Whether nothing was found and the sweep proved that it can find."""
        return not self.hits and self.control == "found"

    def to_json(self) -> dict[str, Any]:
        """The result as plain data, without a value."""
        return {
            "clean": self.clean,
            "hits": [vars(h) for h in self.hits],
            "files": self.files,
            "bytes": self.size,
            "surfaces": dict(self.surfaces),
            "known": dict(self.known),
            "control": self.control,
        }


def folded(text: str) -> str:
    """Lower case, without accents, every run of other characters as one space."""
    if not text.isascii():
        decomposed = unicodedata.normalize("NFKD", text)
        text = "".join(c for c in decomposed if not unicodedata.combining(c))
        text = "".join(c if c.isalnum() else " " for c in text)
    text = text.lower().translate(_SPACES)
    while "  " in text:
        text = text.replace("  ", " ")
    return text


# --- what to look for --------------------------------------------------------------------------------


def _needles(known: Known) -> Iterator[str]:
    value = folded(known.value).strip()
    return _FORMS[known.type](known.value, value)


def _whole_name(_: str, value: str) -> Iterator[str]:
    words = value.split()
    if len(words) > 1 and len(value) > _SHORTEST:
        yield value
        yield " ".join([words[-1], *words[:-1]])


def _name_part(name: str, value: str) -> Iterator[str]:
    if " " not in value and len(value) >= 5 and _telling(name):
        yield value


def _digits(number: str, _: str) -> Iterator[str]:
    digits = re.sub(r"\D", "", number)
    if len(digits) >= 9:
        yield from _regrouped(digits)


def _phrase(_: str, value: str) -> Iterator[str]:
    words = value.split()
    if len(words) > 2 or (len(words) == 2 and any(c.isdigit() for c in value)):
        yield value


def _identifier(_: str, value: str) -> Iterator[str]:
    """An id of six characters or more with a digit in it; a short number would be found in any table of counts."""
    short = value.isdigit() and len(value) <= _SHORTEST
    if len(value.replace(" ", "")) >= _SHORTEST and any(c.isdigit() for c in value) and not short:
        yield value


def _contact(_: str, value: str) -> Iterator[str]:
    if len(value) >= _SHORTEST:
        yield value


_FORMS = {
    "NAME": _whole_name,
    "RELATIVE": _whole_name,
    "GIVEN": _name_part,
    "FAMILY": _name_part,
    "PHONE": _digits,
    "SSN": _digits,
    "ORGANIZATION": _phrase,
    "STREET": _phrase,
    "EMAIL": _contact,
    "URL": _contact,
    "MRN": _identifier,
    "ID": _identifier,
    "SOURCE": _identifier,
}


def _telling(name: str) -> bool:
    found = kind(re.sub(r"\d+$", "", name)) if not name[-1:].isdigit() else None
    if found is None:
        return True  # Synthea's numbered names are nobody else's words
    return not (found.word or found.medical or found.eponym or found.city or name.lower() in lexicon.STATES)


def _regrouped(digits: str) -> Iterator[str]:
    yield digits
    if len(digits) == 11 and digits[0] == "1":
        yield from _regrouped(digits[1:])
    if len(digits) == 10:
        yield f"{digits[:3]} {digits[3:6]} {digits[6:]}"
        yield f"{digits[:3]} {digits[3:]}"
    if len(digits) == 9:
        yield f"{digits[:3]} {digits[3:5]} {digits[5:]}"


@dataclass
class Needles:
    """All needles of a sweep in one automaton."""

    category_of: dict[str, str] = field(repr=False)
    mark_key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)

    @cached_property
    def ordered(self) -> list[str]:
        """The needles, in the automaton's order."""
        return sorted(self.category_of)

    @cached_property
    def automaton(self) -> Any:
        """The automaton over the needles, each between spaces."""
        return ahocorasick_rs.AhoCorasick([f" {n} " for n in self.ordered])

    def find(self, text: str) -> Iterator[str]:
        """Needles in a folded text, each time they occur."""
        for index, _, _ in self.automaton.find_matches_as_indexes(f" {text} ", overlapping=True):
            yield self.ordered[index]

    def mark(self, needle: str) -> str:
        """A keyed hash in place of a value, so that equal values can be told without telling them."""
        return hmac.new(self.mark_key, needle.encode(), hashlib.sha256).hexdigest()[:12]


def needles(known: Iterable[Known]) -> Needles:
    """The needles of known values, each with its category."""
    found: dict[str, str] = {}
    for value in known:
        if value.type in _CATEGORIES:
            for needle in _needles(value):
                found.setdefault(needle, _CATEGORIES[value.type])
    return Needles(found)


def known_from_lake(settings: Settings) -> list[Known]:
    """Known values of everybody in ``bronze.people``, and the source ids in ``bronze.resources``."""
    people = tables.read(settings, "bronze.people", columns=["known"])
    values = {(k["type"], k["value"]) for row in people["known"].to_pylist() for k in row or ()}
    ids = tables.read(settings, "bronze.resources", columns=["resource_id"])["resource_id"]
    values |= {("SOURCE", i) for i in pc.unique(ids).to_pylist() if i}
    return [Known(t, v) for t, v in sorted(values)]


def known_from_sources(sources: Sequence[Path]) -> list[Known]:
    """Known values of every party in source files (NDJSON, bundles, gzip, archives, folders), and all resource ids.

    Raises:
        UsageError: CL2080 nothing in the sources is FHIR.
    """
    values: dict[Known, None] = {}
    for source in sources:
        for _, data in _contents(source):
            for resource, contained in _resources(data):
                if not contained:
                    values[Known("SOURCE", str(resource.get("id")))] = None
                if resource.get("resourceType") in PARTIES:
                    values.update(dict.fromkeys(known_values(resource)))
    if not values:
        raise UsageError("CL2080", "the sources hold no FHIR resource.", "Name the files that were delivered.")
    return list(values)


def _resources(data: bytes) -> Iterator[tuple[dict[str, Any], bool]]:
    """Each resource of a file, and whether it is contained in another: its id is then local and tells nothing."""
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        bodies: list[Any] = [orjson.loads(data)]
    except orjson.JSONDecodeError:
        bodies = []
        for line in data.splitlines():
            try:
                bodies.append(orjson.loads(line))
            except orjson.JSONDecodeError:
                continue
    for body in bodies:
        entries = body.get("entry") if isinstance(body, dict) else None
        inner = [e.get("resource") for e in entries if isinstance(e, dict)] if isinstance(entries, list) else [body]
        for resource in inner:
            if isinstance(resource, dict) and isinstance(resource.get("resourceType"), str):
                yield resource, False
                yield from ((c, True) for c in resource.get("contained") or () if isinstance(c, dict))


# --- where to look -----------------------------------------------------------------------------------


def _files(path: Path) -> Iterator[Path]:
    if not path.exists():
        raise UsageError("CL2081", f"{path} does not exist.", "Name a file or folder.")
    yield from sorted(p for p in path.rglob("*") if p.is_file() and not p.is_symlink()) if path.is_dir() else [path]


def _contents(source: Path) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each file of a source, unpacked."""
    for path in _files(source):
        if tarfile.is_tarfile(path):
            with tarfile.open(path) as archive:
                for member in archive:
                    handle = archive.extractfile(member) if member.isfile() else None
                    if handle is not None:
                        yield f"{path.name}/{member.name}", _unpacked(handle.read())
        else:
            yield path.name, _unpacked(path.read_bytes())


def _unpacked(data: bytes) -> bytes:
    try:
        return gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    except (OSError, EOFError, zlib.error):
        return data


def surface(path: Path) -> str:
    """The kind of a file, by what it is and where it lies."""
    if "_delta_log" in path.parts:
        return "delta log"
    kinds = {
        ".parquet": "parquet",
        ".json": "json",
        ".jsonl": "json",
        ".ndjson": "json",
        ".html": "html",
        ".gz": "gzip",
    }
    kinds |= {".md": "text", ".txt": "text", ".log": "text", ".csv": "text", ".svg": "html", ".db": "database"}
    return kinds.get(path.suffix.lower(), "archive" if path.suffix in (".xz", ".tar", ".zip") else "other")


def _texts(path: Path) -> Iterator[tuple[str, str]]:
    """Column (or part) and decoded text of everything in a file."""
    if path.suffix == ".parquet":
        try:
            yield from _parquet(path)
        except (pa.ArrowInvalid, OSError):
            yield "bytes", path.read_bytes().decode("utf-8", "replace")
        return
    for _, data in _contents(path):
        yield from (("bytes", piece) for piece in _pieces(data))
        for match in _BASE64.finditer(data):
            yield "base64", base64.b64decode(match[1] + b"==").decode("utf-8", "replace")


def _pieces(data: bytes) -> Iterator[str]:
    for start in range(0, max(1, len(data)), _CHUNK):
        yield data[max(0, start - _OVERLAP) : start + _CHUNK].decode("utf-8", "replace")


def _parquet(path: Path) -> Iterator[tuple[str, str]]:
    file = pq.ParquetFile(path)
    meta = file.metadata
    yield "footer", str(meta.metadata) + str(file.schema_arrow.metadata)
    for group in range(meta.num_row_groups):
        for column in range(meta.num_columns):
            facts = meta.row_group(group).column(column).statistics
            if facts is not None and facts.has_min_max:
                yield "statistics", f"{facts.min} {facts.max}"
    for batch in file.iter_batches(batch_size=4096):
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            for values in _strings(column):
                joined = "\n".join(v for v in values.to_pylist() if v)
                yield name, joined
                if '"data"' in joined:
                    for match in _BASE64.finditer(joined.encode()):
                        yield f"{name} (base64)", base64.b64decode(match[1] + b"==").decode("utf-8", "replace")


def _strings(column: pa.Array) -> Iterator[pa.Array]:
    """The string (and binary) arrays inside a column of any nesting."""
    kind_of = column.type
    if pa.types.is_string(kind_of) or pa.types.is_large_string(kind_of):
        yield column
    elif pa.types.is_binary(kind_of) or pa.types.is_large_binary(kind_of):
        yield pa.array([v.decode("utf-8", "replace") if v else None for v in column.to_pylist()], pa.string())
    elif pa.types.is_map(kind_of):
        yield from _strings(column.keys)
        yield from _strings(column.items)
    elif pa.types.is_list(kind_of) or pa.types.is_large_list(kind_of):
        yield from _strings(column.flatten())
    elif pa.types.is_struct(kind_of):
        for inner in column.flatten():
            yield from _strings(inner)
    elif not pa.types.is_null(kind_of):
        yield column.cast(pa.string())


# --- the sweep ---------------------------------------------------------------------------------------


def sweep(paths: Sequence[Path], known: Iterable[Known]) -> SweepResult:
    """Look for known values in every byte of files and folders.

    Raises:
        UsageError: CL2081 a path does not exist, CL2082 there is nothing to look for.
    """
    wanted = needles(known)
    if not wanted.category_of:
        raise UsageError("CL2082", "the source tells no value to look for.", "Name the files that were delivered.")
    hits: Counter[tuple[str, str, str, str]] = Counter()
    surfaces: Counter[str] = Counter()
    files = size = 0
    for root in paths:
        for path in _files(root):
            files += 1
            surfaces[surface(path)] += 1
            place = str(path.relative_to(root)) if path != root else path.name
            found, read = _in_file(path, place, wanted)
            hits += found
            size += read
    listed = tuple(
        Hit(category, _safe_place(file, wanted), column, count, mark)
        for (category, file, column, mark), count in sorted(hits.items())
    )
    return SweepResult(listed, files, size, dict(surfaces), dict(Counter(wanted.category_of.values())), _control())


def _in_file(path: Path, place: str, wanted: Needles) -> tuple[Counter[tuple[str, str, str, str]], int]:
    hits: Counter[tuple[str, str, str, str]] = Counter()
    size = 0
    for column, text in [("file name", place), *_texts(path)]:
        size += len(text)
        for needle in wanted.find(folded(text)):
            hits[wanted.category_of[needle], place, column, wanted.mark(needle)] += 1
    return hits, size


def _safe_place(place: str, wanted: Needles) -> str:
    """A file's name, unless the name itself tells."""
    if next(wanted.find(folded(place)), None) is None:
        return place
    return f"file {hashlib.sha256(place.encode()).hexdigest()[:12]}"


def _control() -> str:
    """Plant a decoy in a file of each kind and look for it with the same code."""
    decoy = f"Zq{secrets.token_hex(6)} Decoyson"
    wanted = needles([Known("NAME", decoy)])
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "a.json").write_text(f'{{"x": "{decoy.upper()}"}}')
        (root / "b.ndjson.gz").write_bytes(gzip.compress(decoy.encode()))
        data = base64.b64encode(f"seen with {decoy} today".encode()).decode()
        (root / "c.json").write_text(f'{{"data": "{data}"}}')
        pq.write_table(pa.table({"t": [None, f"a {decoy}."], "n": [[{"v": decoy}], None]}), root / "d.parquet")
        found = {p.name for p in _files(root) if _in_file(p, p.name, wanted)[0]}
    return "found" if found == {"a.json", "b.ndjson.gz", "c.json", "d.parquet"} else "missed"
