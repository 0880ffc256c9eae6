"""The timeline stage: silver resources to gold events, subjects, encounters and codes.

Python maps one resource to rows on Arrow batches; whatever relates rows is Spark SQL.
"""

from __future__ import annotations

import functools
import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson
import pyarrow as pa

from chartline import progress
from chartline.deid import keys, policy
from chartline.lake import ledger, tables
from chartline.lake import spark as lake
from chartline.quality import gates
from chartline.settings import Settings
from chartline.stage import Counts, StageResult
from chartline.timeline import events

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    Batches = Iterator[pa.RecordBatch]

_READ = "resource_type, resource_id, subject_id, json, offsets"
SMALL = 10
"""Counts of up to so many patients are not shown (CMS cell size policy)."""
OLDEST = 90.0


def _schema() -> pa.Schema:
    return pa.schema([(n, tables.arrow_type(t)) for n, t in events.ROW.items()])


@lake.guarded
def _map(batches: Batches, *, relative: bool) -> Batches:
    schema = _schema()
    for batch in batches:
        columns = batch.to_pydict()
        made: list[events.Row] = []
        for kind, rid, subject, text, offsets in zip(
            *(columns[n] for n in ("resource_type", "resource_id", "subject_id", "json", "offsets")), strict=True
        ):
            made += events.rows(kind, rid, subject, orjson.loads(text), dict(offsets or ()) if relative else None)
        if made:
            yield pa.RecordBatch.from_pylist(made, schema=schema)


def timeline(spark: SparkSession, settings: Settings, *, run_id: str) -> StageResult:
    """Build gold from silver.

    Counts are resources: each gives at least one event, or is filtered with a reason.

    Raises:
        GateFailed: the gate ``timeline`` said no; gold stays as it was.
    """
    started = datetime.now(UTC)
    rules, key = policy.load(settings.policy), keys.load(settings.key)
    at = {n: tables.version(settings, n) for n in ("silver.resources", "silver.notes")}
    digest = ledger.input_digest("timeline", tables=at)
    before = ledger.same_work(settings, "timeline", digest)
    if before:
        return before
    scratch = settings.zone("deidentified") / ".scratch" / f"timeline-{run_id}"
    try:
        silver = lake.read(spark, settings, "silver.resources", at["silver.resources"])
        notes = lake.read(spark, settings, "silver.notes", at["silver.notes"])
        columns = ", ".join(f"`{n}` {t}" for n, t in events.ROW.items())
        # Told by silver, not by this call's policy: a stage run by hand may not name the one silver was made under.
        relative = not silver.where("offsets IS NOT NULL").isEmpty()
        work = functools.partial(_map, relative=relative)
        silver.selectExpr(*_READ.split(", ")).mapInArrow(work, columns).write.mode("overwrite").parquet(str(scratch))
        staged = spark.read.schema(columns).parquet(str(scratch))
        result = _write(settings, staged, notes, silver.count(), run_id)
    finally:
        shutil.rmtree(scratch.parent, ignore_errors=True)
    ledger.record(settings, result, digest, started, policy=rules.name, policy_hash=rules.hash, key_id=key.id)
    return result


def _write(settings: Settings, staged: DataFrame, notes: DataFrame, total: int, run_id: str) -> StageResult:
    from pyspark.sql import functions as f

    tally: Counter[str] = Counter()
    for r in staged.where("kind = 'filtered'").groupBy("reason").count().collect():
        tally[r["reason"]] = r["count"]
    out = staged.where("kind = 'event'").select("source_type", "source_id").distinct().count()
    counts = Counts(in_=total, out=out, filtered=dict(sorted(tally.items())))
    counts.require_whole("timeline")
    visits = encounters(staged).persist()
    found = all_events(staged, visits, notes).withColumn("run_id", f.lit(run_id)).persist()
    frames = {
        "events": found.select(tables.schema("gold.events").names),
        "subjects": subjects(staged, found).withColumn("run_id", f.lit(run_id)),
        "encounters": visits.withColumn("run_id", f.lit(run_id)).select(tables.schema("gold.encounters").names),
        "codes": codes(found).withColumn("run_id", f.lit(run_id)),
    }
    with progress.step("gate timeline"):
        verdict = gates.check(settings, "timeline", frames, counts, run_id=run_id)
    written = {}
    for name, frame in frames.items():
        written[f"gold.{name}"] = lake.write(frame, settings, f"gold.{name}", "overwrite", {"run_id": run_id})
    found.unpersist()
    visits.unpersist()
    return StageResult("timeline", run_id, counts, written, {"timeline": verdict})


def _stamp(column: str) -> Any:
    from pyspark.sql import functions as f

    return f.timestamp_micros(f.col(column))


def encounters(staged: DataFrame) -> DataFrame:
    """One row a visit, with its end on the patient's day axis (``position_end``)."""
    from pyspark.sql import functions as f

    return staged.where("kind = 'visit'").select(
        f.col("source_id").alias("encounter_id"),
        "subject_id",
        _stamp("time").alias("start_time"),
        _stamp("end_time").alias("end_time"),
        *(f.col("facts")[name].alias(name) for name in ("class", "type", "status", "part_of", "discharge")),
        f.col("facts")["position_end"].cast("double").alias("position_end"),
    )


def medications(staged: DataFrame) -> DataFrame:
    """Code and display of each medication (``m_code``, ``m_display``); a mixture's: its first ingredient's."""
    from pyspark.sql import functions as f

    named = staged.where("kind = 'medication'")
    inner = named.select(
        f.col("source_id").alias("medication_id"), f.col("code").alias("i_code"), f.col("display").alias("i_display")
    )
    return named.join(inner, "medication_id", "left").select(
        f.col("source_id").alias("medication_id"),
        f.coalesce("code", "i_code").alias("m_code"),
        f.coalesce("display", "i_display").alias("m_display"),
    )


def all_events(staged: DataFrame, visits: DataFrame, notes: DataFrame) -> DataFrame:
    """The events with what other resources tell: a visit's end, a medication's code, a note's text, the day, the age.

    What has no date of its own takes the end of its visit, never the start, and says so in ``time_precision``: a
    billing code is not known before the visit ended (MIT-LCP/mimic-code#918).
    """
    from pyspark.sql import functions as f

    events_ = staged.where("kind = 'event'")
    medication = medications(staged)
    ends = visits.select("encounter_id", f.col("end_time").alias("v_end"), f.col("position_end").alias("v_position"))
    texts = (
        notes.where("status = 'deidentified'")
        .groupBy(f.col("resource_id").alias("source_id"))
        .agg(
            f.concat_ws(
                "\n\n", f.transform(f.array_sort(f.collect_list(f.struct("note_id", "text"))), lambda n: n["text"])
            ).alias("n_text")
        )
    )
    inferred = "undated = 'encounter_end' AND v_end IS NOT NULL"
    joined = (
        events_.join(medication, "medication_id", "left")
        .join(ends, "encounter_id", "left")
        .join(texts, "source_id", "left")
        .withColumn("code", f.coalesce(f.concat("m_code", "suffix"), f.col("code")))
        .withColumn("display", f.coalesce("m_display", "display"))
        .withColumn("own_time", _stamp("time"))
        .withColumn("time", f.when(f.expr(inferred), f.col("v_end")).otherwise(f.col("own_time")))
        .withColumn("position", f.when(f.expr(inferred), f.col("v_position")).otherwise(f.col("position")))
        .withColumn(
            "time_precision",
            f.when(f.expr(inferred), f.lit("inferred_encounter_end")).otherwise(f.col("time_precision")),
        )
        .withColumn(
            "available_time",
            f.greatest(
                "time",
                f.coalesce(
                    _stamp("available_time"), f.when(f.expr("billing AND v_end IS NOT NULL"), f.col("v_end")), "time"
                ),
            ),
        )
        .withColumn("end_time", _stamp("end_time"))
        .withColumn(
            "text_value", f.when(f.col("note"), f.coalesce("n_text", "text_value")).otherwise(f.col("text_value"))
        )
    )
    firsts = joined.groupBy("subject_id").agg(
        f.min("position").alias("first"), f.min(f.when(f.col("code") == "MEDS_BIRTH", f.col("position"))).alias("born")
    )
    years = (f.col("position") - f.col("born")) / 365.25
    return (
        joined.join(firsts, "subject_id", "left")
        .withColumn("days", f.round(f.col("position") - f.col("first"), 6))
        .withColumn("age", f.round(f.least(years, f.lit(OLDEST)), 4))
        .withColumn("encounter_inferred", f.lit(False))
    )


def subjects(staged: DataFrame, found: DataFrame) -> DataFrame:
    """One row a patient; a patient whose Patient resource was not delivered has only counts."""
    from pyspark.sql import functions as f

    facts = staged.where("kind = 'subject'").groupBy("subject_id").agg(f.min_by("facts", "source_id").alias("facts"))
    spans = found.groupBy("subject_id").agg(
        f.count("*").alias("events"), f.min("time").alias("first_time"), f.max("time").alias("last_time")
    )
    return facts.join(spans, "subject_id", "full").select(
        "subject_id",
        f.col("facts")["birth_year"].cast("int").alias("birth_year"),
        *(f.col("facts")[n].alias(n) for n in ("gender", "race", "ethnicity", "zip3", "state")),
        (f.col("facts")["deceased"] == "true").alias("deceased"),
        f.coalesce("events", f.lit(0)).alias("events"),
        "first_time",
        "last_time",
    )


def codes(found: DataFrame) -> DataFrame:
    """One row a code with its display and counts; counts of 1-10 patients are null."""
    from pyspark.sql import functions as f

    counted = found.groupBy("code").agg(
        f.max("display").alias("description"), f.count("*").alias("n"), f.countDistinct("subject_id").alias("p")
    )
    shown = f.col("p") > SMALL
    return counted.select(
        "code",
        "description",
        f.lit(None).cast("array<string>").alias("parent_codes"),
        f.when(shown, f.col("n")).alias("events"),
        f.when(shown, f.col("p")).alias("subjects"),
    )
