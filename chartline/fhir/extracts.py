"""Mappings: how a row of a CSV extract becomes a FHIR resource; data in ``schemas/extracts/``, checked when loaded.

A mapping has a template a file. In a template a text holds ``{COLUMN}`` or ``{COLUMN|conversion}``; what has an empty
cell is left out, and so is an object that only constants are left of. ``{"case": [{"when": {...}, "then": ...}]}``
gives the first that holds. ``docs/engineer.md`` is the guide.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from functools import cached_property, lru_cache, partial
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from chartline.errors import UsageError
from chartline.fhir import definitions, validate
from chartline.fhir.definitions import Element
from chartline.files import delimited, formats
from chartline.settings import room

UNKNOWN, AMBIGUOUS = "csv_unknown_header", "csv_ambiguous_header"
"""Reasons for which a CSV file is kept and not read: no mapping knows its header, or several do."""

_HOLE = re.compile(r"\{([^{}|]+)(?:\|([^{}]+))?\}")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_INTEGER = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_DIRECTIVE = re.compile(r"%-?.")
_DIRECTIVES = frozenset("%Y %y %m %d %b %B %j %H %I %M %S %f %p %z %a %A %%".split())
"""What of a form of dates is read; ``%c`` and ``%X`` are as the machine's language has it."""
_DAY = r"\d{4}(?:-\d\d(?:-\d\d)?)?"
_WHEN = re.compile(rf"({_DAY})(?:[T ](\d\d:\d\d)(?::(\d\d)(\.\d+)?)? ?(Z|[+-]\d\d(?::?\d\d)?)?)?", re.ASCII)
_TARGET = re.compile(r"([A-Z][A-Za-z]+)/")
_LAYOUT = {"about", "empty", "zone", "encoding", "delimiter", "tables", "files"}
_FILE = {"about", "must", "may", "resource"}
_CONVERTED = {
    **dict.fromkeys(("date", "dateTime", "instant"), ("date", "time")),
    **dict.fromkeys(("integer", "positiveInt", "unsignedInt"), ("integer",)),
    "decimal": ("number",),
    "base64Binary": ("base64",),
    "boolean": ("a table",),
}
"""Datatypes that a cell's text is not, and the conversions that make them."""

Cells = Sequence[str]
_Make = Callable[[Cells], Any]


class Unfit(Exception):
    """A row cannot be made a resource: reason code, and path of the element as the rule."""

    def __init__(self, reason: str, rule: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.rule = rule


class Filtered(Exception):
    """A row is left out because its mapping says so, for a reason that the mapping names."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class _Wrong(Exception):
    """A mapping has a mistake: where, what and how to mend it."""


# --- conversions -------------------------------------------------------------------------------------


def _number(text: str) -> Decimal:
    if not _NUMBER.fullmatch(text):
        raise Unfit("bad_number")
    return Decimal(text)


def _integer(text: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise Unfit("bad_number")
    return int(text)


def _parsed(text: str, form: str) -> datetime:
    try:
        return datetime.strptime(text, form)
    except ValueError:
        raise Unfit("bad_date") from None


@lru_cache(maxsize=1 << 14)
def _date(text: str, form: str) -> str:
    if form:
        return _parsed(text, form).date().isoformat()
    match = _WHEN.fullmatch(text)
    if not match:
        raise Unfit("bad_date")
    return match[1]


@lru_cache(maxsize=1 << 14)
def _time(text: str, form: str, zone: tzinfo | None) -> str:
    """A FHIR dateTime; a time that tells no zone is of the mapping's, and the earlier one in an hour that is twice."""
    if form:
        when = _parsed(text, form)
        text = when.isoformat() if "%H" in form or "%I" in form else when.date().isoformat()
    match = _WHEN.fullmatch(text)
    if not match or (match[2] and len(match[1]) != 10):
        raise Unfit("bad_date")
    day, minute, second, fraction, offset = match.groups()
    if minute is None:
        return day
    written = f"{day}T{minute}:{second or '00'}"
    return f"{written}{fraction or ''}{_told(offset) if offset else _offset(written, zone)}"


def _told(offset: str) -> str:
    return offset if offset == "Z" or ":" in offset else f"{offset[:3]}:{offset[3:] or '00'}"


def _offset(written: str, zone: tzinfo | None) -> str:
    if zone is None:
        raise Unfit("no_time_zone")
    try:
        local = datetime.fromisoformat(written).replace(tzinfo=zone)
        there = local.astimezone(UTC).astimezone(zone)
    except (ValueError, OverflowError):
        raise Unfit("bad_date") from None
    offset = local.isoformat().removeprefix(written)
    # An hour that the clocks passed over, or a time before there were zones, which FHIR has no offset for.
    if there.replace(tzinfo=None) != local.replace(tzinfo=None) or len(offset) != len("+00:00"):
        raise Unfit("bad_date")
    return offset


def _after(text: str, mark: str) -> str:
    _, found, rest = text.partition(mark)
    if not found:
        raise Unfit("unmapped_value")
    return rest


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def hashed(values: Iterable[str]) -> str:
    """The id of a row that has none of its own, from its key columns: the same for the same values, in any file."""
    whole = json.dumps(list(values), ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(whole.encode()).hexdigest()[:32]


_TAKES = {"date": None, "time": None, "after": True, "number": False, "integer": False, "base64": False, "hash": False}
"""The conversions, and whether they take an argument; None for one that may."""


# --- mappings ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class File:
    """How one CSV file of an extract is recognised and read.

    Attributes:
        layout: name of the mapping.
        name: what the file is called there; it decides between files of one mapping with the same columns.
        must: columns, folded, that the header has to have.
        known: columns, folded, that it may have, those included.
        resource: template of a row.
        facts: what the whole mapping says: empty, zone, encoding, delimiter, tables.
    """

    layout: str
    name: str
    must: frozenset[str]
    known: frozenset[str]
    resource: Mapping[str, Any]
    facts: Mapping[str, Any]

    @property
    def delimiter(self) -> str:
        """The character between cells."""
        return str(self.facts.get("delimiter", ","))

    @property
    def encoding(self) -> str:
        """The encoding of the file."""
        return str(self.facts.get("encoding", "utf-8"))

    def knows(self, columns: Sequence[str]) -> bool:
        """Whether a header, folded, has what it must, nothing else than it may, and nothing twice."""
        found = frozenset(columns)
        return self.must <= found <= self.known and len(found) == len(columns)


@dataclass(frozen=True)
class Sheet:
    """A file that was recognised, with its columns in the order of its header."""

    file: File
    columns: tuple[str, ...]

    def rows(self, handle: BinaryIO, *, line: int = 1, size: int | None = None) -> Iterator[delimited.Row]:
        """The rows of the file, or of a piece of it, as ``delimited.rows`` gives them; the header is one."""
        facts = {"delimiter": self.file.delimiter, "encoding": self.file.encoding}
        return delimited.rows(handle, line=line, size=size, **facts)

    def resource(self, cells: Cells) -> bytes:
        """The JSON of the resource that a row makes.

        Raises:
            Unfit: ragged_row, no_row_rule, bad_number, bad_date, no_time_zone or unmapped_value.
            Filtered: the mapping leaves such a row out.
        """
        if len(cells) != len(self.columns):
            raise Unfit("ragged_row", "csv")
        empty = self._empty
        told = ["" if cell in empty else cell for cell in cells]
        told.append("")  # of every column that the file does not have
        made = self._make(told)
        if made is None:
            raise Unfit("no_row_rule", f"{self.file.layout}.{self.file.name}")
        return _json.encode(made)

    @cached_property
    def _empty(self) -> frozenset[str]:
        return frozenset(self.file.facts.get("empty", ()))

    @cached_property
    def _make(self) -> _Make:
        at = {name: i for i, name in enumerate(self.columns)}
        return _Compiler(self.file, lambda name: at.get(name, len(at))).node(self.file.resource, "")


_json = msgspec.json.Encoder(decimal_format="number")


@dataclass(frozen=True)
class Layouts:
    """All mappings: those that ship, and the hospital's own.

    Attributes:
        files: what they say of each CSV file.
        digest: SHA-256 over the mappings' files.
    """

    files: tuple[File, ...]
    digest: str

    def judge(self, head: bytes, name: str) -> Sheet | str:
        """The file that these first bytes are of, or the reason for which it cannot be told.

        Args:
            head: uncompressed bytes that hold the header.
            name: the file's name, asked only when files of one mapping have the same columns.
        """
        found = [Sheet(file, columns) for file in self.files if file.knows(columns := _header(head, file))]
        named = PurePosixPath(name.lower()).name
        called = [sheet for sheet in found if sheet.file.name.lower() in named]
        if len(found) > 1 and len({s.file.layout for s in found}) == 1 and len(called) == 1:
            found = called
        return found[0] if len(found) == 1 else AMBIGUOUS if found else UNKNOWN

    def reason(self, head: bytes, name: str) -> str:
        """Why a file with these first bytes is not read; empty for one that is."""
        found = self.judge(head, name)
        return found if isinstance(found, str) else ""

    def of(self, path: Path, compression: str, name: str) -> Sheet | str:
        """``judge`` for a file that lies under another name than it was delivered under."""
        with path.open("rb") as handle:
            head = handle.read(formats.HEAD)
        return self.judge(formats.inflate(head) if compression == "gzip" else head, name)


def fold(column: str) -> str:
    """A column's name as it is compared: whatever its case and the blanks around it."""
    return column.strip().casefold()


def _header(head: bytes, file: File) -> tuple[str, ...]:
    first = next(delimited.rows(io.BytesIO(head), delimiter=file.delimiter, encoding=file.encoding), None)
    return tuple(map(fold, first.cells)) if first else ()


def load(more: Path | None = None) -> Layouts:
    """The mappings in ``schemas/extracts/`` and in a further folder; one there stands in the place of its namesake.

    Raises:
        UsageError: CL2080 a mapping has a mistake, CL2081 the folder is not there.
    """
    if more is not None and not more.is_dir():
        raise UsageError("CL2081", "the folder of mappings is not there.", "Check CHARTLINE_EXTRACTS.")
    folders = [room("schemas") / "extracts", *([more] if more is not None else [])]
    paths = {path.stem: path for folder in folders for path in sorted(folder.glob("*.json"))}
    whole = hashlib.sha256()
    files: list[File] = []
    for name, path in sorted(paths.items()):
        text = path.read_bytes()
        whole.update(name.encode() + b"\0" + hashlib.sha256(text).digest())
        try:
            files += _files(name, text)
        except _Wrong as wrong:
            where, what, fix = wrong.args
            # A file that lies there by mistake may be a patient's, and be named so.
            file = path.name if b'"files"' in text else f"file {1 + sorted(path.parent.glob('*.json')).index(path)}"
            raise UsageError("CL2080", f"{file}: {where}: {what}.", fix) from None
    return Layouts(tuple(files), whole.hexdigest())


def _files(layout: str, text: bytes) -> Iterator[File]:
    try:
        body = json.loads(text)
    except ValueError:
        raise _Wrong("the file", "it is no JSON", "Correct it.") from None
    if not isinstance(body, dict) or "files" not in body:
        raise _Wrong("the file", "it is no mapping: it has no member files", "Keep mappings only in their folder.")
    _members(body, _LAYOUT, {"files"}, "the file")
    for name in ("files", "tables"):
        if not isinstance(body.get(name, {}), dict):
            raise _Wrong(name, "it is no object", "Write it as one.")
    facts = {key: body[key] for key in body.keys() - {"files", "about"}}
    _texts(facts.get("empty", []), "empty")
    if "zone" in facts:
        facts["zone"] = _zone(facts["zone"])
    _delimited(facts)
    for name, table in facts.get("tables", {}).items():
        if name in _TAKES or not isinstance(table, dict):
            raise _Wrong(f"tables.{name}", "it is no table, or named as a conversion", "Write text to value.")
    for name, one in body["files"].items():
        where = f"files.{name}"
        _members(one, _FILE, {"must", "resource"}, where)
        must, may = (frozenset(map(fold, _texts(one.get(key, []), f"{where}.{key}"))) for key in ("must", "may"))
        if not must:
            raise _Wrong(f"{where}.must", "it is empty", "Name the columns that tell this file from others.")
        file = File(layout, name, must, must | may, one["resource"], facts)
        _Checker(file).resource(one["resource"], where)
        yield file


def _members(value: Any, known: set[str], needed: set[str], where: str) -> None:
    if not isinstance(value, dict):
        raise _Wrong(where, "it is no object", "Write it as one.")
    unknown, missing = sorted(value.keys() - known), sorted(needed - value.keys())
    if unknown or missing:
        what = f"has unknown members {', '.join(unknown)}" if unknown else f"lacks {', '.join(missing)}"
        raise _Wrong(where, what, f"Use {', '.join(sorted(known))}.")


def _texts(value: Any, where: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise _Wrong(where, "it is no list of texts", "Write it as one.")
    return value


def _zone(name: Any) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError):
        raise _Wrong("zone", "it is no time zone", "Name one as America/New_York or UTC.") from None


def _delimited(facts: Mapping[str, Any]) -> None:
    probe = io.BytesIO(b"a")
    try:
        next(delimited.rows(probe, delimiter=facts.get("delimiter", ","), encoding=facts.get("encoding", "utf-8")))
    except (TypeError, LookupError, ValueError):
        raise _Wrong("delimiter, encoding", "no file can be read so", "Name one character, and a known one.") from None


# --- compiling a template ----------------------------------------------------------------------------


@dataclass(frozen=True)
class _Compiler:
    """Makes closures of a template; ``place`` tells where in the cells a column is."""

    file: File
    place: Callable[[str], int]

    def node(self, template: Any, path: str) -> _Make:
        if isinstance(template, str):
            return self.text(template, path)
        if isinstance(template, list):
            return _list([self.node(item, path) for item in template])
        if not isinstance(template, dict):
            return lambda _: template
        if "case" in template:
            return self.case(template["case"], path)
        kind = template.get("resourceType")
        members = [(name, self.node(value, f"{path or kind}.{name}")) for name, value in template.items()]
        return _whole(members) if not path else _object(members, _fed(template))

    def case(self, branches: Sequence[Mapping[str, Any]], path: str) -> _Make:
        made = [
            (
                [(self.place(fold(c)), _wanted(w)) for c, w in branch.get("when", {}).items()],
                _left_out(branch["filtered"]) if "filtered" in branch else self.node(branch["then"], path),
            )
            for branch in branches
        ]

        def choose(cells: Cells) -> Any:
            for conditions, make in made:
                if all(holds(cells[at]) for at, holds in conditions):
                    return make(cells)
            return None

        return choose

    def text(self, template: str, path: str) -> _Make:
        holes = list(_HOLE.finditer(template))
        if not holes:
            return lambda _: template
        if len(holes) == 1 and holes[0][0] == template:
            return self.hole(holes[0], path)
        makes: list[_Make] = []
        end = 0
        for hole in holes:
            makes += [_constant(template[end : hole.start()]), self.hole(hole, path)]
            end = hole.end()
        makes.append(_constant(template[end:]))

        def join(cells: Cells) -> str | None:
            parts = [make(cells) for make in makes]
            return None if None in parts else "".join(map(str, parts))

        return join

    def hole(self, hole: re.Match[str], path: str) -> _Make:
        places = [self.place(fold(column)) for column in hole[1].split(",")]
        name, _, argument = (hole[2] or "").strip().partition(" ")
        if name == "hash":
            return _key(places)
        (at,) = places
        if not name:
            return lambda cells: cells[at] or None
        convert = self.conversion(name, argument)

        def make(cells: Cells) -> Any:
            cell = cells[at]
            if not cell:
                return None
            try:
                return convert(cell)
            except Unfit as unfit:
                raise Unfit(unfit.reason, path) from None

        return make

    def conversion(self, name: str, argument: str) -> Callable[[str], Any]:
        if name == "date":
            return partial(_date, form=argument)
        if name == "time":
            return partial(_time, form=argument, zone=self.file.facts.get("zone"))
        if name == "after":
            return partial(_after, mark=argument)
        plain: Mapping[str, Callable[[str], Any]] = {"number": _number, "integer": _integer, "base64": _base64}
        return plain[name] if name in plain else partial(_looked_up, self.file.facts["tables"][name])


def _looked_up(table: Mapping[str, Any], text: str) -> Any:
    if text not in table:
        raise Unfit("unmapped_value")
    return table[text]


def _constant(text: str) -> _Make:
    return lambda _: text


def _left_out(reason: str) -> _Make:
    def leave(_: Cells) -> None:
        raise Filtered(reason)

    return leave


def _key(places: Sequence[int]) -> _Make:
    def key(cells: Cells) -> str | None:
        values = [cells[at] for at in places]
        return hashed(values) if any(values) else None

    return key


def _wanted(patterns: str | Sequence[str]) -> Callable[[str], bool]:
    """Whether a cell is one of some texts, or begins with one that ends in a star."""
    listed = [patterns] if isinstance(patterns, str) else patterns
    whole = frozenset(p for p in listed if not p.endswith("*"))
    starts = tuple(p[:-1] for p in listed if p.endswith("*"))
    return lambda cell: cell in whole or cell.startswith(starts)


def _list(makes: Sequence[_Make]) -> _Make:
    def items(cells: Cells) -> list[Any] | None:
        return [item for make in makes if (item := make(cells)) is not None] or None

    return items


def _whole(members: Sequence[tuple[str, _Make]]) -> _Make:
    return lambda cells: {name: value for name, make in members if (value := make(cells)) is not None}


def _object(members: Sequence[tuple[str, _Make]], fed: Sequence[str]) -> _Make:
    """An object; absent when it has members that come from columns and none of them is there."""
    make = _whole(members)
    if not fed:
        return make

    def inner(cells: Cells) -> dict[str, Any] | None:
        made: dict[str, Any] = make(cells)
        return None if made.keys().isdisjoint(fed) else made

    return inner


def _fed(template: Mapping[str, Any]) -> list[str]:
    return [name for name, value in template.items() if _from_columns(value)]


def _from_columns(template: Any) -> bool:
    if isinstance(template, str):
        return _HOLE.search(template) is not None
    if isinstance(template, list):
        return any(map(_from_columns, template))
    if isinstance(template, dict):
        inner = [branch.get("then") for branch in template["case"]] if "case" in template else template.values()
        return any(map(_from_columns, inner))
    return False


# --- checking a template -----------------------------------------------------------------------------


@dataclass(frozen=True)
class _Checker:
    """Holds a template against the columns, the conversions and the elements of FHIR."""

    file: File

    def resource(self, template: Any, where: str) -> None:
        for branch, path in _branches(template, f"{where}.resource"):
            self.conditions(branch, path)
            if "filtered" in branch:
                if not re.fullmatch(r"[a-z_]{1,40}", str(branch["filtered"])):
                    raise _Wrong(path, "the reason is no word of small letters", "Write it as payment_row.")
                continue
            body = branch["then"]
            kind = self.kind(body, path)
            if "id" not in body:
                raise _Wrong(path, "it has no id", "Take it from a column, or from key columns as {A,B|hash}.")
            self.object(body, kind, path)

    def kind(self, template: Any, path: str) -> str:
        kind = template.get("resourceType") if isinstance(template, dict) else None
        if kind not in definitions.resource_types():
            raise _Wrong(path, "its resourceType is none of FHIR R4", "Name one, as Patient.")
        return str(kind)

    def conditions(self, branch: Mapping[str, Any], path: str) -> None:
        for column, wanted in branch.get("when", {}).items():
            self.column(column, f"{path}.when")
            if not all(isinstance(w, str) for w in (wanted if isinstance(wanted, list) else [wanted])):
                raise _Wrong(f"{path}.when", "it is neither a text nor a list of texts", "Write what the cell is.")

    def object(self, template: Mapping[str, Any], kind: str, path: str) -> None:
        elements = definitions.load()[kind].elements
        for name, value in template.items():
            if name == "resourceType":
                continue
            if name not in elements:
                raise _Wrong(path, f"{kind} has no element {name}", "Name elements as FHIR R4 does.")
            self.element(value, kind, elements[name], f"{path}.{name}")
        found: list[tuple[str, str]] = []
        validate.of_keys(kind, tuple(template.keys() - {"resourceType"}), found)
        lacking = sorted(name for name, reason in found if reason == "missing_required")
        if lacking:
            raise _Wrong(path, f"{kind} needs {', '.join(lacking)}", "Add it.")

    def element(self, template: Any, owner: str, element: Element, path: str) -> None:
        for value, at in self.values(template, path):
            if not element.many:
                self.item(value, owner, element, at)
            elif not isinstance(value, list):
                raise _Wrong(at, "it is a list in FHIR", "Write it in brackets.")
            else:
                for one in value:
                    for item, inside in self.values(one, at):
                        self.item(item, owner, element, inside)

    def values(self, template: Any, path: str) -> Iterator[tuple[Any, str]]:
        for branch, where in _branches(template, path):
            self.conditions(branch, where)
            if "filtered" in branch:
                raise _Wrong(where, "only a whole row is filtered", "Leave the branch out.")
            if branch["then"] is not None:
                yield branch["then"], where

    def item(self, value: Any, owner: str, element: Element, path: str) -> None:
        if element.type == "Resource":
            self.object(value, self.kind(value, path), path)
        elif element.type in definitions.load():
            if not isinstance(value, dict):
                raise _Wrong(path, f"it is a {element.type} in FHIR", "Write it as an object.")
            self.target(value, element, path)
            self.object(value, element.type, path)
        elif isinstance(value, str) and "{" in value:
            self.holes(value, owner, element, path)
        else:
            self.constant(value, owner, element, path)

    def target(self, value: Mapping[str, Any], element: Element, path: str) -> None:
        named = _TARGET.match(str(value.get("reference", ""))) if element.type == "Reference" else None
        if named and element.targets and named[1] not in element.targets:
            raise _Wrong(path, f"it may not refer to a {named[1]}", f"Refer to {', '.join(sorted(element.targets))}.")

    def constant(self, value: Any, owner: str, element: Element, path: str) -> None:
        found: list[tuple[str, str]] = []
        validate.check(owner, element.name)([value] if element.many else value, found)
        if found:
            raise _Wrong(path, f"a value is no {element.type} ({found[0][1]})", "Write what FHIR R4 allows there.")

    def holes(self, text: str, owner: str, element: Element, path: str) -> None:
        rest = _HOLE.sub("", text)
        if "{" in rest or "}" in rest:
            raise _Wrong(path, "a brace is open", "Write {COLUMN} or {COLUMN|conversion}.")
        for hole in _HOLE.finditer(text):
            name, _, argument = (hole[2] or "").strip().partition(" ")
            columns = hole[1].split(",")
            for column in columns:
                self.column(column, path)
            if len(columns) > 1 and name != "hash":
                raise _Wrong(path, "it joins columns", "Only hash takes several.")
            self.conversion(name, argument, hole[0] == text, owner, element, path)

    def conversion(self, name: str, argument: str, alone: bool, owner: str, element: Element, path: str) -> None:
        table = self.file.facts.get("tables", {}).get(name)
        wanted = _CONVERTED.get(element.type, ())
        if table is not None:
            for value in table.values() if alone else ():
                if value is not None:
                    self.constant(value, owner, element, f"{path} (table {name})")
            return
        if name and name not in _TAKES:
            raise _Wrong(path, f"there is no conversion {name}", f"Use {', '.join(_TAKES)}, or a table.")
        takes = _TAKES.get(name, False)
        if (takes is True and not argument) or (takes is False and argument):
            raise _Wrong(path, f"{name} {'needs' if takes else 'takes no'} argument", "Correct it.")
        unknown = set(_DIRECTIVE.findall(argument)) - _DIRECTIVES if name in ("date", "time") else set()
        if unknown:
            fix = f"Write it with {' '.join(sorted(_DIRECTIVES))}."
            raise _Wrong(path, f"a {name} is not written with {' '.join(sorted(unknown))}", fix)
        if wanted and not (alone and name in wanted):
            raise _Wrong(path, f"it is a {element.type} in FHIR", f"Write {{COLUMN|{wanted[-1]}}}.")
        if name in ("number", "integer") and not wanted:
            raise _Wrong(path, f"it is a {element.type} in FHIR, not a number", "Leave the conversion out.")

    def column(self, column: str, path: str) -> None:
        if fold(column) not in self.file.known:
            raise _Wrong(path, f"there is no column {column.strip()}", "Name it in 'must' or 'may'.")


def _branches(template: Any, path: str) -> Iterator[tuple[Mapping[str, Any], str]]:
    """The branches of a case with their paths; what is no case is the only one."""
    if not (isinstance(template, dict) and "case" in template):
        yield {"then": template}, path
        return
    branches = template["case"]
    if len(template) > 1 or not isinstance(branches, list) or not branches:
        raise _Wrong(path, "a case has nothing beside it, and a list of branches", "Write {'case': [...]}.")
    for number, branch in enumerate(branches):
        where = f"{path}.case.{number}"
        _members(branch, {"when", "then", "filtered"}, set(), where)
        if ("then" in branch) == ("filtered" in branch) or not isinstance(branch.get("when", {}), dict):
            raise _Wrong(where, "a branch has one of 'then' and 'filtered', and 'when' of columns", "Correct it.")
        yield branch, where
