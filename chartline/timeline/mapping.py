"""Silver's resources to the rows of ``chartline.timeline.events``, on Arrow batches in Spark's Python workers.

Each task writes its rows itself, a folder a kind: rows that go back through the JVM to be written cost more than
their mapping does, and who asks for visits reads visits only.
"""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from chartline.lake import tables
from chartline.lake.spark import guarded
from chartline.timeline import events, values

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    Batches = Iterator[pa.RecordBatch]

_READ = ("resource_type", "resource_id", "subject_id", "json", "offsets", "source")
_COLUMNS = {name: kind for name, kind in events.ROW.items() if name != "kind"}
_SCHEMA = pa.schema([(name, tables.arrow_type(kind)) for name, kind in _COLUMNS.items()])
_ROW_GROUP = 1 << 16


def mapped(silver: DataFrame, *, relative: bool, to: Path) -> DataFrame:
    """The rows of resources, with the columns of ``events.ROW``.

    Args:
        silver: rows of silver.resources.
        relative: whether the policy discloses only years, so that events lie on the axis of ``offsets``.
        to: a folder that is not there, one that the workers reach too.
    """
    work = functools.partial(_write, relative=relative, to=str(to))
    silver.select(*_READ).mapInArrow(work, "rows long").write.format("noop").mode("overwrite").save()
    to.mkdir(parents=True, exist_ok=True)
    return _laid(silver.sparkSession, to)


def holds(to: Path, kind: str) -> bool:
    """Whether rows of a kind were written to the folder."""
    return (to / f"kind={kind}").exists()


def more(staged: DataFrame, rows: DataFrame, *, to: Path) -> DataFrame:
    """The mapped rows with further ones, written beside them."""
    rows.write.partitionBy("kind").mode("append").parquet(str(to))
    return _laid(staged.sparkSession, to)


def _laid(spark: SparkSession, to: Path) -> DataFrame:
    return spark.read.schema(", ".join(f"`{n}` {t}" for n, t in events.ROW.items())).parquet(str(to))


@guarded
def _write(batches: Batches, *, relative: bool, to: str) -> Batches:
    """Write the rows of one task, a file a kind, which has its name once it is whole."""
    from pyspark import TaskContext

    context = TaskContext.get()
    task, attempt = (context.partitionId(), context.taskAttemptId()) if context else (0, 0)
    parts: dict[str, Path] = {}
    with ExitStack() as open_:
        writers: dict[str, pq.ParquetWriter] = {}
        for kind, group in _groups(batches, relative):
            if kind not in writers:
                parts[kind] = Path(to, f"kind={kind}", f".{task}.{attempt}")
                parts[kind].parent.mkdir(parents=True, exist_ok=True)
                writers[kind] = open_.enter_context(pq.ParquetWriter(parts[kind], _SCHEMA))
            writers[kind].write_table(group)
    for part in parts.values():
        part.replace(part.with_name(f"{task}.parquet"))
    yield from ()


def _groups(batches: Batches, relative: bool) -> Iterator[tuple[str, pa.Table]]:
    """Kind and rows, so many at a time that a file has few row groups."""
    held: dict[str, list[pa.RecordBatch]] = defaultdict(list)
    for batch in batches:
        for kind, rows in _rows(batch, relative).items():
            held[kind].append(pa.RecordBatch.from_pylist(rows, schema=_SCHEMA))
            if sum(piece.num_rows for piece in held[kind]) >= _ROW_GROUP:
                yield kind, pa.Table.from_batches(held.pop(kind))
    for kind, pieces in held.items():
        yield kind, pa.Table.from_batches(pieces)


def _rows(batch: pa.RecordBatch, relative: bool) -> dict[str, list[values.Row]]:
    """The rows of the resources of a batch, by kind."""
    columns = batch.to_pydict()
    made: dict[str, list[values.Row]] = defaultdict(list)
    for kind, rid, subject, text, offsets, source in zip(*(columns[n] for n in _READ), strict=True):
        days = dict(offsets or ()) if relative else None
        for row in events.rows(kind, rid, subject, orjson.loads(text), days):
            row["source"] = source
            made[row["kind"]].append(row)
    return made
