"""Delta tables as the files in ``schemas/`` describe them: where they lie, how they are made, read, appended to.

Small tables are read and appended to without a JVM, through delta-rs; frames too large for one
process go through ``chartline.lake.spark``. Both write the same Delta protocol (reader 1, writer 2).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.dataset as ds
from deltalake import CommitProperties, DeltaTable, Field, Schema, write_deltalake
from deltalake.exceptions import DeltaError, TableNotFoundError

from chartline.errors import DataError, MachineError, UsageError
from chartline.settings import Settings, room

_BUCKET = re.compile(r"/bucket=(-?\d+)/")
_PRIMITIVES: dict[str, pa.DataType] = {
    "string": pa.string(),
    "long": pa.int64(),
    "int": pa.int32(),
    "double": pa.float64(),
    "float": pa.float32(),
    "boolean": pa.bool_(),
    "binary": pa.binary(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", tz="UTC"),
}


@dataclass(frozen=True)
class Column:
    """One column: its name, Spark type, whether it may be null, PHI class, meaning, unit; whether it came later."""

    name: str
    type: str
    nullable: bool
    phi: str
    meaning: str
    unit: str | None
    later: bool


@dataclass(frozen=True)
class TableSchema:
    """One table: zone, meaning of a row, key columns, Delta properties and columns; how its rows lie in its files."""

    name: str
    zone: str
    row: str
    key: tuple[str, ...]
    properties: Mapping[str, str]
    columns: tuple[Column, ...]
    partition: tuple[str, ...] = ()
    order: tuple[str, ...] = ()

    @property
    def ddl(self) -> str:
        """Spark DDL of the columns, all nullable, for ``createDataFrame`` and ``mapInArrow``."""
        return ", ".join(f"`{c.name}` {c.type}" for c in self.columns)

    @property
    def arrow(self) -> pa.Schema:
        """Arrow schema of the columns."""
        return pa.schema([pa.field(c.name, arrow_type(c.type), c.nullable) for c in self.columns])

    @property
    def names(self) -> list[str]:
        """Column names in order."""
        return [c.name for c in self.columns]


def _split(text: str) -> list[str]:
    depth, start, parts = 0, 0, []
    for i, char in enumerate(text):
        depth += (char == "<") - (char == ">")
        if char == "," and depth == 0:
            parts.append(text[start:i])
            start = i + 1
    return [p.strip() for p in [*parts, text[start:]]]


def arrow_type(ddl: str) -> pa.DataType:
    """Arrow type of a Spark type name, for example ``array<struct<start:int,type:string>>``.

    Raises:
        UsageError: CL2010 the type is not one that the schema files may use.
    """
    ddl = ddl.strip()
    if ddl in _PRIMITIVES:
        return _PRIMITIVES[ddl]
    kind, _, inner = ddl.partition("<")
    inner = inner.removesuffix(">")
    if kind == "array":
        return pa.list_(arrow_type(inner))
    if kind == "map":
        key, value = _split(inner)
        return pa.map_(arrow_type(key), arrow_type(value))
    if kind == "struct":
        fields = (field.split(":", 1) for field in _split(inner))
        return pa.struct([pa.field(name.strip(), arrow_type(of)) for name, of in fields])
    raise UsageError("CL2010", f"unknown column type '{ddl}' in a table schema.", "Use a Spark type name.")


@cache
def schema(name: str) -> TableSchema:
    """Schema of a table by its name, for example ``gold.events``.

    Raises:
        UsageError: CL2011 no schema file of that name, CL2012 a file that lacks a field.
    """
    path = room("schemas") / f"{name}.json"
    if not path.is_file():
        raise UsageError("CL2011", f"there is no schema file for table '{name}'.", "Add schemas/<table>.json.")
    body = json.loads(path.read_text(encoding="utf-8"))
    try:
        columns = tuple(
            Column(c["name"], c["type"], c["nullable"], c["phi"], c["meaning"], c.get("unit"), bool(c.get("later")))
            for c in body["columns"]
        )
        return TableSchema(
            body["table"],
            body["zone"],
            body["row"],
            tuple(body["key"]),
            dict(body["properties"]),
            columns,
            tuple(body.get("partition", ())),
            tuple(body.get("order", ())),
        )
    except KeyError as cause:
        raise UsageError("CL2012", f"{path.name} lacks the field {cause}.", "See the other schema files.") from None


def require_columns(held: Mapping[str, Collection[str]]) -> None:
    """Refuse tables, by name, without a column that is measured or released: as empty it would say that there is none.

    Raises:
        DataError: CL1125 a table is of an earlier version of Chartline.
    """
    for name, columns in held.items():
        if not set(schema(name).names) <= set(columns):
            raise DataError(
                "CL1125",
                f"table {name} was made by an earlier version of Chartline.",
                "Make it anew with 'chartline deidentify' and 'chartline timeline', then assess and decide.",
            )


def names() -> list[str]:
    """Names of all tables that have a schema file."""
    return sorted(p.stem for p in room("schemas").glob("*.*.json"))


def path(settings: Settings, name: str) -> Path:
    """Folder of a table: ``<lake>/<zone>/<x>/<y>``; ``curated.*`` and ``audit.*`` lie straight in their zone."""
    zone = schema(name).zone
    area, _, leaf = name.partition(".")
    return settings.zone(zone) / leaf if area == zone else settings.zone(zone) / area / leaf


@contextmanager
def _reading(name: str) -> Iterator[None]:
    try:
        yield
    except (DeltaError, OSError, pa.ArrowException) as cause:
        raise _damaged(name, type(cause).__name__) from None


def _damaged(name: str, found: str) -> MachineError:
    return MachineError(
        "CL3015",
        f"table {name} cannot be read: its log or a data file is damaged or gone ({found}).",
        "Check storage and rights, or bring the table back from a copy; 'chartline verify' tells what else is broken.",
    )


@contextmanager
def writing(name: str) -> Iterator[None]:
    """Within it a table is written; MachineError CL3010 when it cannot be."""
    try:
        yield
    except (DeltaError, OSError) as cause:
        raise MachineError(
            "CL3010", f"table {name} cannot be written ({type(cause).__name__}).", "Check disk and rights of the lake."
        ) from None


def _open(settings: Settings, name: str, version: int | None = None) -> DeltaTable | None:
    if not exists(settings, name):
        return None
    with _reading(name):
        return DeltaTable(path(settings, name), version=version)


def exists(settings: Settings, name: str) -> bool:
    """Whether the table has been made.

    Raises:
        MachineError: CL3015 it was, but its log is gone: it is not empty, as one that has not been made would be.
    """
    at = path(settings, name)
    with _reading(name):
        made = bool(DeltaTable.is_deltatable(str(at)))
        if not made and at.is_dir() and any(p.suffix == ".parquet" or "=" in p.name for p in at.iterdir()):
            raise _damaged(name, "no log")
    return made


def version(settings: Settings, name: str) -> int | None:
    """Current Delta version of a table, None when it has not been made."""
    table = _open(settings, name)
    return None if table is None else table.version()


def last_commit(settings: Settings, name: str) -> tuple[int, dict[str, Any]] | None:
    """Newest version of a table and the ids that its commit keeps; None when it has not been made."""
    table = _open(settings, name)
    if table is None:
        return None
    newest = table.history(1)[0]
    return int(newest["version"]), json.loads(newest.get("userMetadata") or "{}")


def last_told(settings: Settings, name: str, of: str) -> str | None:
    """What the newest commit of a table that names this id, for example ``key_id``, says of it; None for none.

    A commit that only takes rows out names none.
    """
    table = _open(settings, name)
    for commit in table.history() if table is not None else ():
        told = {**commit, **json.loads(commit.get("userMetadata") or "{}")}
        if of in told:
            return str(told[of])
    return None


def ensure(settings: Settings, name: str) -> Path:
    """Make the table, empty, from its schema file unless it is there; return its folder.

    Column meanings become column comments; the lowest Delta protocol is used; statistics are off
    where the schema says so, because minimum and maximum values in a Delta log are data.

    Raises:
        MachineError: CL3010 the folder cannot be written, CL3015 the table was made and is damaged.
    """
    at = path(settings, name)
    if exists(settings, name):
        return at
    table = schema(name)
    fields = [
        Field.from_json(
            json.dumps(
                {
                    **json.loads(Field.from_arrow(pa.field(c.name, arrow_type(c.type), c.nullable)).to_json()),
                    "metadata": {"comment": c.meaning},
                }
            )
        )
        for c in table.columns
    ]
    with writing(name):
        at.mkdir(parents=True, exist_ok=True)
        DeltaTable.create(
            str(at),
            Schema(fields),
            mode="ignore",
            name=name,
            description=table.row,
            partition_by=list(table.partition) or None,
            configuration=dict(table.properties),
        )
    return at


def changed_buckets(settings: Settings, name: str, before: int, after: int) -> set[int] | None:
    """Buckets whose files differ between two versions, told by the Delta log alone; None when it no longer tells."""
    if before == after:
        return set()
    try:
        files = [set(DeltaTable(path(settings, name), version=v).file_uris()) for v in (before, after)]
    except (DeltaError, TableNotFoundError, OSError):
        return None
    return {int(found[1]) for uri in files[0] ^ files[1] if (found := _BUCKET.search(uri))}


def append(
    settings: Settings, name: str, rows: Iterable[Mapping[str, Any]], metadata: Mapping[str, str] | None = None
) -> int:
    """Append a few rows and return the new version; missing keys become null.

    Args:
        rows: mappings by column name.
        metadata: ids and hashes to keep in the Delta commit (run_id, policy_hash), never a value.
    """
    data = _arrow(name, rows)
    if data.num_rows:
        _write(settings, name, data, "append", metadata)
    ensure(settings, name)
    return version(settings, name) or 0


def overwrite(
    settings: Settings, name: str, rows: Iterable[Mapping[str, Any]], metadata: Mapping[str, str] | None = None
) -> int:
    """Make a small table hold exactly these rows and return the new version: see ``append``."""
    _write(settings, name, _arrow(name, rows), "overwrite", metadata)
    return version(settings, name) or 0


def rewrite(
    settings: Settings, name: str, rows: Iterable[Mapping[str, Any]], metadata: Mapping[str, str] | None = None
) -> int:
    """Make an append-only table hold exactly these rows, by an order that is on record: see ``append``."""
    at = str(ensure(settings, name))
    with writing(name):
        DeltaTable(at).alter.set_table_properties({"delta.appendOnly": "false"})
        try:
            return overwrite(settings, name, rows, metadata)
        finally:
            DeltaTable(at).alter.set_table_properties({"delta.appendOnly": "true"})


def _arrow(name: str, rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    table = schema(name)
    return pa.Table.from_pylist([{c: row.get(c) for c in table.names} for row in rows], schema=table.arrow)


def _write(
    settings: Settings,
    name: str,
    data: pa.Table,
    mode: Literal["append", "overwrite"],
    metadata: Mapping[str, str] | None,
) -> None:
    kept = CommitProperties(custom_metadata=dict(metadata or {}))
    at = str(ensure(settings, name))
    with writing(name):
        write_deltalake(at, data, mode=mode, schema_mode="merge", commit_properties=kept)


def read(
    settings: Settings,
    name: str,
    at_version: int | None = None,
    columns: list[str] | None = None,
    where: ds.Expression | None = None,
) -> pa.Table:
    """A small table, or some columns and rows of any, as Arrow; no rows when the table has not been made.

    Raises:
        MachineError: CL3015 its log or a data file is damaged or gone.
    """
    table = _open(settings, name, at_version)
    if table is None:
        wanted = schema(name).arrow
        return (pa.schema([wanted.field(c) for c in columns]) if columns else wanted).empty_table()
    # One thread: Arrow's pool threads that still hold a delta-rs file at interpreter exit abort the process.
    with _reading(name):
        return table.to_pyarrow_dataset().to_table(columns=columns, filter=where, use_threads=False)


def batches(settings: Settings, name: str, columns: list[str]) -> Iterator[pa.RecordBatch]:
    """Some columns of a table of any size, piece by piece; nothing when the table has not been made.

    Raises:
        MachineError: CL3015 its log or a data file is damaged or gone.
    """
    table = _open(settings, name)
    with _reading(name):
        # One thread, as for ``read``.
        yield from table.to_pyarrow_dataset().to_batches(columns=columns, use_threads=False) if table else ()


def among(column: str, texts: Iterable[str]) -> ds.Expression:
    """The rows of which a column is one of these texts; no row where there is none of them."""
    return ds.field(column).isin(pa.array(sorted(texts), pa.string()))


def holds(settings: Settings, name: str, where: ds.Expression) -> bool:
    """Whether the newest version of a table has such a row.

    Raises:
        MachineError: CL3015 its log or a data file is damaged or gone.
    """
    table = _open(settings, name)
    with _reading(name):
        return table is not None and bool(table.to_pyarrow_dataset().head(1, filter=where, use_threads=False).num_rows)


def digest(settings: Settings, name: str, at_version: int) -> str | None:
    """SHA-256 over path and content of the data files of a version; None when it or one of them cannot be read."""
    at, whole = path(settings, name), hashlib.sha256()
    try:
        table = DeltaTable(at, version=at_version)
        for file in sorted(table.get_add_actions(flatten=True).column("path").to_pylist()):
            with (at / file).open("rb") as data:
                whole.update(f"{file} {hashlib.file_digest(data, 'sha256').hexdigest()}\n".encode())
    except (DeltaError, OSError):
        return None
    return whole.hexdigest()
