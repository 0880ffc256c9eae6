"""The release as a MEDS dataset (meds 0.4.1): a subject whole in one file, contiguous, in order, statics first.

Each file is written by the Spark task that sorted its rows, a row group at a time: no row passes through the driver,
and the same events give the same bytes whatever the partitions, workers and batches were.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import meds
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from chartline import __version__
from chartline.errors import UsageError
from chartline.lake.spark import guarded
from chartline.release import splits
from chartline.timeline.build import GRACE_DAYS

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    Batches = Iterator[pa.RecordBatch]

SHARD_EVENTS = 500_000
"""About so many events go into one file."""
ROW_GROUP = 1 << 15
"""Rows of a row group; a fixed number, for row groups cut where a batch happened to end would change the bytes."""
_EXTRA = {
    "end_time": pa.timestamp("us"),
    "available_time": pa.timestamp("us"),
    "time_precision": pa.string(),
    "unit": pa.string(),
    "encounter_id": pa.string(),
    "days": pa.float64(),
    "days_precision": pa.string(),
    "age": pa.float64(),
    "event_id": pa.string(),
    "source_type": pa.string(),
    "source_id": pa.string(),
}
SCHEMA = pa.schema(
    [
        pa.field("subject_id", pa.int64(), nullable=False),
        pa.field("time", pa.timestamp("us")),
        pa.field("code", pa.string(), nullable=False),
        pa.field("numeric_value", pa.float32()),
        pa.field("text_value", pa.large_string()),
        *(pa.field(n, t) for n, t in _EXTRA.items()),
    ]
)
CODES = pa.schema(
    [
        pa.field("code", pa.string(), nullable=False),
        pa.field("description", pa.string()),
        pa.field("parent_codes", pa.list_(pa.string())),
    ]
)
SPLITS = pa.schema([pa.field("subject_id", pa.int64(), nullable=False), pa.field("split", pa.string(), nullable=False)])
_DONE = pa.schema([("reason", pa.string()), ("subject_id", pa.int64()), ("split", pa.string()), ("events", pa.int64())])
_ORDER = ("time", "place", "code", "numeric_value", "unit", "text_value")


@dataclass(frozen=True)
class Split:
    """Statistics of a split: patients, events, and the median of events a patient."""

    subjects: int
    events: int
    median: float


@dataclass(frozen=True)
class Written:
    """What went into the dataset, and by reason what was left out of it."""

    events: int
    subjects: int
    shards: int
    left_out: Mapping[str, int]
    relative: bool
    splits: Mapping[str, Split]


def relative(events: DataFrame) -> bool:
    """Whether the timeline discloses nothing finer than a year, so that only the day axis orders it."""
    finer = events.where("time_precision IN ('month', 'day', 'second')")
    return finer.isEmpty() and not events.where("days IS NOT NULL").isEmpty()


def _timed(events: DataFrame, on_days: bool) -> DataFrame:
    from pyspark.sql import functions as f

    if not on_days:
        return events
    axis = {"time": "days", "end_time": "end_days", "available_time": "available_days"}
    return events.withColumns(
        {to: f.timestamp_micros(f.round(f.col(days) * 86_400_000_000).cast("long")) for to, days in axis.items()}
    )


def prepared(events: DataFrame, held_out_from: date | None = None) -> DataFrame:
    """The events with ``split``, ``place`` and ``left_out``: the reason why a row is not in the dataset, else null.

    Reasons: ``undated`` (a null time would say that it always held), ``after_death`` (beyond the grace),
    ``held_out_time`` (known only from that day on, of a patient who is not held out).
    ``place`` puts a birth before and a death after what has the same time, and what a visit brought between its ends.
    """
    from pyspark.sql import functions as f

    placed = splits.placed(events)
    deaths = placed.where(f.col("code") == meds.death_code).groupBy("subject_id").agg(f.min("time").alias("died"))
    late = f.expr(f"time > died + INTERVAL {GRACE_DAYS} DAYS")
    kept_back = f.lit(False)
    if held_out_from is not None:
        cut = f.lit(f"{held_out_from.isoformat()} 00:00:00").cast("timestamp")
        kept_back = (f.col("split") != meds.held_out_split) & (f.coalesce("available_time", "time") >= cut)
    reason = (
        f.when(f.expr("time IS NULL AND time_precision <> 'static'"), "undated")
        .when(late, "after_death")
        .when(kept_back, "held_out_time")
    )
    code = f.col("code")
    place = (
        f.when(code == meds.birth_code, 0)
        .when(code.startswith("ENCOUNTER//START"), 1)
        .when(code.startswith("ENCOUNTER//END"), 3)
        .when(code == meds.death_code, 4)
        .otherwise(2)
    )
    return (
        placed.join(f.broadcast(deaths), "subject_id", "left")
        .withColumn("left_out", reason)
        .withColumn("place", place)
        .drop("died")
    )


def _sharded(rows: DataFrame, shards: Mapping[str, int]) -> DataFrame:
    """Rows by ``file``, in the order in which they are written, the copies of a row marked as left out."""
    from pyspark.sql import Window
    from pyspark.sql import functions as f

    several = f.create_map(*(f.lit(v) for pair in sorted(shards.items()) for v in pair))
    number = f.expr("CAST(conv(substr(sha2(concat('shard|', subject_id), 256), 1, 8), 16, 10) AS BIGINT)")
    named = rows.withColumn("file", f.concat_ws("/", "split", (number % several[f.col("split")]).cast("string")))
    # What was ordered and what was given are two; a result and its copy in a report are one, known when the first was.
    of = f.expr("IF(source_type IN ('Observation', 'DiagnosticReport'), 'result', source_type)")
    same = Window.partitionBy("file", "subject_id", "left_out", *_ORDER, "end_time", of)
    first = same.orderBy(f.asc_nulls_last("available_time"), "event_id")
    # One shuffle serves both the copies and the order of the file.
    copies = named.repartition(max(1, sum(shards.values())), "file").withColumn("copy", f.row_number().over(first))
    in_order = copies.sortWithinPartitions("file", "subject_id", "left_out", *_ORDER, "event_id")
    again = f.when(f.expr("left_out IS NULL AND copy > 1"), "duplicate")
    return in_order.withColumn("left_out", f.coalesce("left_out", again)).select(
        "file", "split", "left_out", *SCHEMA.names
    )


def _by_file(batches: Batches) -> Iterator[tuple[str, pa.RecordBatch]]:
    """Pieces of batches that belong to one file, in order; the rows of a file come one after another."""
    for batch in batches:
        names = batch.column(batch.schema.get_field_index("file"))
        ends = pc.run_end_encode(names)
        start = 0
        for name, end in zip(ends.values.to_pylist(), ends.run_ends.to_pylist(), strict=True):
            yield name, batch.slice(start, end - start)
            start = end


def _tally(piece: pa.RecordBatch) -> pa.RecordBatch:
    table = (
        pa.Table.from_batches([piece])
        .select(["left_out", "subject_id", "split"])
        .append_column("events", pa.array([1] * piece.num_rows, pa.int64()))
    )
    counted = table.group_by(["left_out", "subject_id", "split"]).aggregate([("events", "sum")])
    renamed = counted.rename_columns({"left_out": "reason", "events_sum": "events"}).select(_DONE.names)
    return renamed.cast(_DONE).combine_chunks().to_batches()[0]


def _in_groups(pieces: Iterator[pa.Table]) -> Iterator[pa.Table]:
    """Tables of exactly ``ROW_GROUP`` rows, the last one of what is left."""
    held: list[pa.Table] = []
    rows = 0
    for piece in pieces:
        held.append(piece)
        rows += piece.num_rows
        while rows >= ROW_GROUP:
            whole = pa.concat_tables(held)
            yield whole.slice(0, ROW_GROUP).combine_chunks()
            held, rows = [whole.slice(ROW_GROUP)], rows - ROW_GROUP
    if rows:
        yield pa.concat_tables(held).combine_chunks()


def _kept(pieces: Iterator[pa.RecordBatch], tallies: list[pa.RecordBatch]) -> Iterator[pa.Table]:
    """The rows of the dataset; what became of all rows goes into ``tallies``."""
    for piece in pieces:
        tallies.append(_tally(piece))
        kept = pa.Table.from_batches([piece.filter(pc.is_null(piece["left_out"]))])
        yield kept.select(SCHEMA.names).cast(SCHEMA)


@guarded
def _write_files(batches: Batches, *, to: str) -> Batches:
    """Write the files of one task; hand back events by reason, subject and split."""
    from pyspark import TaskContext

    context = TaskContext.get()
    attempt = context.taskAttemptId() if context else 0
    for name, pieces in groupby(_by_file(batches), key=itemgetter(0)):
        path = Path(to) / f"{name}.parquet"
        part = path.with_name(f".{path.name}.{attempt}.part")
        path.parent.mkdir(parents=True, exist_ok=True)
        tallies: list[pa.RecordBatch] = []
        with pq.ParquetWriter(part, SCHEMA, compression="zstd") as writer:
            for group in _in_groups(_kept((piece for _, piece in pieces), tallies)):
                writer.write_table(group, row_group_size=ROW_GROUP)
        if any(None in t["reason"].to_pylist() for t in tallies):
            part.replace(path)
        else:
            part.unlink()
        yield from tallies


def write(
    events: DataFrame, codes: DataFrame, to: Path, facts: Mapping[str, Any], held_out_from: date | None = None
) -> Written:
    """Write data, codes, splits and ``dataset.json`` under a new folder.

    Args:
        events: rows of gold.events.
        codes: rows of gold.codes.
        to: the folder, one that the workers reach too.
        facts: dataset_name, dataset_version, license, created_at.
        held_out_from: what was known only from that day on stays out, unless the patient is held out.

    Raises:
        UsageError: CL2102 a day was given for a timeline that has no calendar.
    """
    on_days = relative(events)
    if on_days and held_out_from is not None:
        raise UsageError(
            "CL2102", "a timeline without dates cannot be cut at a day.", "Leave held_out_from out under safe_harbor."
        )
    rows = prepared(_timed(events, on_days), held_out_from)
    sizes = {r["split"]: r["count"] for r in rows.groupBy("split").count().collect()}
    shards = {name: -(-size // SHARD_EVENTS) for name, size in sizes.items()}
    done = _DONE.empty_table()
    if shards:
        columns = ", ".join(
            f"`{c}` {t}" for c, t in zip(_DONE.names, ("string", "long", "string", "long"), strict=True)
        )
        work = functools.partial(_write_files, to=str(to / "data"))
        done = _sharded(rows, shards).mapInArrow(work, columns).toArrow()
    kept = done.filter(pc.is_null(done["reason"]))
    who = kept.select(["subject_id", "split"]).group_by(["subject_id", "split"]).aggregate([]).sort_by("subject_id")
    metadata = to / "metadata"
    metadata.mkdir(parents=True, exist_ok=True)
    pq.write_table(_dictionary(to, codes), metadata / "codes.parquet")
    pq.write_table(who.select(SPLITS.names).cast(SPLITS), metadata / "subject_splits.parquet")
    (metadata / "dataset.json").write_text(json.dumps(_dataset(facts), indent=2, sort_keys=True), encoding="utf-8")
    left = done.filter(pc.is_valid(done["reason"])).group_by("reason").aggregate([("events", "sum")]).to_pylist()
    return Written(
        events=pc.sum(kept["events"]).as_py() or 0,
        subjects=who.num_rows,
        shards=len(list((to / "data").rglob("*.parquet"))),
        left_out={r["reason"]: r["events_sum"] for r in sorted(left, key=itemgetter("reason"))},
        relative=on_days,
        splits=_by_split(kept),
    )


def _by_split(kept: pa.Table) -> dict[str, Split]:
    of = kept.group_by(["split", "subject_id"]).aggregate([("events", "sum")])
    sizes = {name: of.filter(pc.equal(of["split"], name))["events_sum"].to_pylist() for name in splits.NAMES}
    return {name: Split(len(n), sum(n), median(n)) for name, n in sizes.items() if n}


def used_codes(folder: Path) -> list[str]:
    """Every code of a dataset's data, in order, read a row group at a time."""
    found: set[str] = set()
    for path in sorted((folder / "data").rglob("*.parquet")):
        for batch in pq.ParquetFile(path).iter_batches(columns=["code"]):
            found.update(pc.unique(batch["code"]).to_pylist())
    return sorted(found)


def _dictionary(folder: Path, codes: DataFrame) -> pa.Table:
    """``codes.parquet``: every code of the data, also one that the table of codes does not know."""
    known = {r["code"]: r for r in codes.select(*CODES.names).toArrow().to_pylist()}
    return pa.Table.from_pylist([known.get(c, {"code": c}) for c in used_codes(folder)], schema=CODES)


def _dataset(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "etl_name": "chartline",
        "etl_version": __version__,
        "meds_version": meds.__version__,
        "raw_source_id_columns": ["source_id", "event_id", "encounter_id"],
        "code_modifier_columns": ["unit"],
        "additional_value_modality_columns": [],
        "site_id_columns": [],
        "other_extension_columns": [
            *("end_time", "available_time", "time_precision", "days", "days_precision", "age", "source_type")
        ],
        **facts,
    }
