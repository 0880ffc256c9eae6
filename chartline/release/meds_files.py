"""The release as a MEDS dataset (meds 0.4.1): a subject whole in one file, contiguous, in order, statics first."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import meds
import pyarrow as pa
import pyarrow.parquet as pq

from chartline import __version__
from chartline.release import splits

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

SHARD_EVENTS = 500_000
"""About so many events go into one file; a shard passes through the driver's memory."""
GRACE_DAYS = 30
"""Events later than so many days after death are left out: certificates and billing follow a death, care does not."""
_EXTRA = {
    "end_time": pa.timestamp("us"),
    "available_time": pa.timestamp("us"),
    "time_precision": pa.string(),
    "unit": pa.string(),
    "encounter_id": pa.string(),
    "days": pa.float64(),
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


@dataclass(frozen=True)
class Written:
    """What went into the dataset, and what was left out of it."""

    events: int
    subjects: int
    shards: int
    duplicates: int
    undated: int
    after_death: int
    relative: bool


def relative(events: DataFrame) -> bool:
    """Whether the timeline discloses nothing finer than a year, so that only the day axis orders it."""
    finer = events.where("time_precision IN ('month', 'day', 'second', 'instant')")
    return finer.isEmpty() and not events.where("days IS NOT NULL").isEmpty()


def _timed(events: DataFrame, on_days: bool) -> DataFrame:
    from pyspark.sql import functions as f

    if not on_days:
        return events
    shifted = f.timestamp_micros((f.col("days") * 86_400_000_000).cast("long"))
    # Only the year of what ended and of when it was known is there: null says so, a day would claim too much.
    unknown = f.lit(None).cast("timestamp")
    return events.withColumn("time", shifted).withColumn("end_time", unknown).withColumn("available_time", unknown)


def prepared(events: DataFrame) -> tuple[DataFrame, dict[str, int]]:
    """Rows of the dataset with ``split`` and ``shard``, and counts of what was left out.

    Left out: events whose time is unknown (a null time would say they always held), events later than the grace after
    death, and exact duplicates (same patient, time, code, value and text).
    """
    from pyspark.sql import Window
    from pyspark.sql import functions as f

    on_days = relative(events)
    timed = _timed(events, on_days)
    total = timed.count()
    dated = timed.where("time IS NOT NULL OR time_precision = 'static'")
    n_dated = dated.count()
    deaths = dated.where(f.col("code") == meds.death_code).groupBy("subject_id").agg(f.min("time").alias("died"))
    alive = dated.join(f.broadcast(deaths), "subject_id", "left").where(
        f"died IS NULL OR time IS NULL OR time <= died + INTERVAL {GRACE_DAYS} DAYS"
    )
    n_alive = alive.count()
    same = ["subject_id", "time", "code", "numeric_value", "unit", "text_value"]
    first = Window.partitionBy(*same).orderBy("event_id")
    unique = alive.withColumn("n", f.row_number().over(first)).where("n = 1").drop("n", "died").persist()
    n_unique = unique.count()
    shards = max(1, -(-n_unique // SHARD_EVENTS))
    placed = unique.withColumn("split", f.expr(splits.SPLIT_SQL)).withColumn(
        "shard", f.expr(f"conv(substr(sha2(concat('shard|', subject_id), 256), 1, 8), 16, 10) % {shards}").cast("int")
    )
    return placed, {
        "events": n_unique,
        "undated": total - n_dated,
        "after_death": n_dated - n_alive,
        "duplicates": n_alive - n_unique,
        "relative": int(on_days),
    }


def write(events: DataFrame, codes: DataFrame, to: Path, facts: dict[str, Any]) -> Written:
    """Write data, codes, splits and ``dataset.json`` under a new folder.

    Args:
        events: rows of gold.events.
        codes: rows of gold.codes.
        to: the folder.
        facts: dataset_name, dataset_version, license, created_at.
    """
    placed, counts = prepared(events)
    shards = 0
    for row in placed.select("split", "shard").distinct().orderBy("split", "shard").collect():
        part = placed.where((placed["split"] == row["split"]) & (placed["shard"] == row["shard"]))
        _shard(part, to / "data" / row["split"] / f"{row['shard']}.parquet")
        shards += 1
    metadata = to / "metadata"
    metadata.mkdir(parents=True, exist_ok=True)
    used = placed.select("code").distinct()
    table = codes.join(used, "code").select("code", "description", "parent_codes").orderBy("code").toArrow()
    pq.write_table(table.cast(_CODES), metadata / "codes.parquet")
    who = placed.select("subject_id", "split").distinct().orderBy("subject_id").toArrow()
    pq.write_table(who.cast(_SPLITS), metadata / "subject_splits.parquet")
    (metadata / "dataset.json").write_text(json.dumps(_dataset(facts), indent=2, sort_keys=True), encoding="utf-8")
    placed.unpersist()
    return Written(
        events=counts["events"],
        subjects=who.num_rows,
        shards=shards,
        duplicates=counts["duplicates"],
        undated=counts["undated"],
        after_death=counts["after_death"],
        relative=bool(counts["relative"]),
    )


_CODES = pa.schema(
    [
        pa.field("code", pa.string(), nullable=False),
        pa.field("description", pa.string()),
        pa.field("parent_codes", pa.list_(pa.string())),
    ]
)
_SPLITS = pa.schema(
    [pa.field("subject_id", pa.int64(), nullable=False), pa.field("split", pa.string(), nullable=False)]
)


def _shard(part: DataFrame, to: Path) -> None:
    from pyspark.sql import functions as f

    order = [f.col("subject_id"), f.col("time").asc_nulls_first(), f.col("code"), f.col("event_id")]
    utc = [f.to_timestamp_ntz(f.date_format(n, "yyyy-MM-dd HH:mm:ss.SSSSSS")).alias(n) for n in _TIMES]
    plain = [f.col(n) for n in SCHEMA.names if n not in _TIMES]
    table = part.select(*utc, *plain).select(*SCHEMA.names).orderBy(*order).coalesce(1).toArrow()
    to.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table.cast(SCHEMA), to)


_TIMES = ("time", "end_time", "available_time")


def _dataset(facts: dict[str, Any]) -> dict[str, Any]:
    return {
        "etl_name": "chartline",
        "etl_version": __version__,
        "meds_version": meds.__version__,
        "raw_source_id_columns": ["source_id", "event_id", "encounter_id"],
        "code_modifier_columns": ["unit"],
        "additional_value_modality_columns": [],
        "site_id_columns": [],
        "other_extension_columns": ["end_time", "available_time", "time_precision", "days", "age", "source_type"],
        **facts,
    }
