"""What a release holds, counted: for the report that is signed and the card that goes with the data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import meds

from chartline.risk import cells

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def kinds(events: DataFrame) -> list[dict[str, Any]]:
    """``type``, ``events`` and ``patients`` of each FHIR type, the most events first.

    Patients are None where those who have the type, or those who lack it, are a small cell; events where those who
    have it are, and of another type where the total of all events would tell them: then its patients too.
    """
    from pyspark.sql import functions as f

    counted = events.groupBy("source_type").agg(f.count("*").alias("n"), f.countDistinct("subject_id").alias("who"))
    rows = counted.orderBy(f.desc("n"), "source_type").collect()
    everybody = events.select("subject_id").distinct().count()
    told = cells.suppressed({r["source_type"]: r["who"] for r in rows})
    return [
        {
            "type": r["source_type"],
            "events": None if told[r["source_type"]] is None else r["n"],
            "patients": told[r["source_type"]] if cells.share(r["who"], everybody) is not None else None,
        }
        for r in rows
    ]


def years(events: DataFrame) -> list[int]:
    """Years in which more than a small cell of patients have an event; births are ages and stay out."""
    from pyspark.sql import functions as f

    dated = events.where(f.col("time").isNotNull() & (f.col("code") != meds.birth_code))
    counted = dated.groupBy(f.year("time").alias("year")).agg(f.countDistinct("subject_id").alias("who"))
    return [r["year"] for r in counted.where(f.col("who") > cells.SMALL).orderBy("year").collect()]


def missing(events: DataFrame) -> dict[str, float]:
    """Share of the events without a value, by column."""
    from pyspark.sql import functions as f

    names = ("time", "end_time", "available_time", "numeric_value", "unit", "text_value", "encounter_id")
    row = events.agg(*(f.avg(f.col(n).isNull().cast("double")).alias(n) for n in names)).first()
    return {n: float(row[n] or 0.0) for n in names} if row else {}


# --- how much of the text is said again ---------------------------------------------------------------

WORDS = 20
"""A text of fewer words is a coded answer, not a note."""
SHINGLE, BANDS, ROWS = 5, 16, 8
"""Words of a shingle; bands of the signature and hashes of a band: two texts meet in a band from 0.7 alike on."""
ALIKE = 0.8
"""Jaccard similarity of the shingles from which one text counts as near-duplicate of another (Lee et al., ACL 2022)."""
_LINE = r"\n|(?<=[.!?])\s+"


def texts(events: DataFrame) -> dict[str, Any] | None:
    """How much of the notes is copied: what a model learns by heart first (arXiv 2107.06499); None without notes.

    Returns:
        ``notes``, ``words``; ``identical`` and ``near_duplicate``: shares of the notes whose text, as it is or nearly,
        another note earlier in order of id has; ``template``: share of the words that stand in lines which more than a
        small cell of patients have, numbers aside.
    """
    from pyspark.sql import functions as f

    words = f.size(f.split(f.trim("text_value"), r"\s+"))
    notes = (
        events.where("text_value IS NOT NULL")
        .select("subject_id", "event_id", f.col("text_value").alias("text"), words.alias("words"))
        .where(f.col("words") >= WORDS)
        .persist()
    )
    try:
        total = notes.agg(f.count("*").alias("n"), f.sum("words").alias("words"), f.countDistinct("text").alias("own"))
        row = total.first()
        if row is None or not row["n"]:
            return None
        return {
            "notes": row["n"],
            "words": row["words"],
            "identical": round(1 - row["own"] / row["n"], 6),
            "near_duplicate": round(_near_duplicates(notes) / row["n"], 6),
            "template": round(_template_words(notes) / row["words"], 6),
        }
    finally:
        notes.unpersist()


def _near_duplicates(notes: DataFrame) -> int:
    """Notes that agree with the first note of one of their bands in ``ALIKE`` of the signature or more.

    MinHash (Broder 1997) by Spark's MinHashLSH, whose similarity join compares every pair of a bucket and so does not
    end on notes made from one template; compared with the first note of each bucket alone the cost is linear.
    """
    from pyspark.ml import Pipeline
    from pyspark.ml.feature import HashingTF, MinHashLSH, NGram, RegexTokenizer
    from pyspark.ml.functions import vector_to_array
    from pyspark.sql import functions as f

    once = notes.groupBy("text").agg(f.min("event_id").alias("id"), f.count("*").alias("copies"))
    steps = [
        RegexTokenizer(inputCol="text", outputCol="tokens", pattern=r"\W+"),
        NGram(n=SHINGLE, inputCol="tokens", outputCol="shingles"),
        HashingTF(inputCol="shingles", outputCol="set", binary=True, numFeatures=1 << 20),
    ]
    made = Pipeline(stages=steps).fit(once).transform(once)
    sets = made.where(f.size("shingles") > 0).select("id", "copies", "set")
    hasher = MinHashLSH(inputCol="set", outputCol="hashes", numHashTables=BANDS * ROWS, seed=1)
    signature = f.transform("hashes", lambda v: vector_to_array(v)[0].cast("long"))
    signed = hasher.fit(sets).transform(sets).select("id", "copies", signature.alias("signature")).persist()
    try:
        bands = f.expr(
            f"transform(sequence(0, {BANDS - 1}), i -> xxhash64(slice(signature, i * {ROWS} + 1, {ROWS}), i))"
        )
        banded = signed.select("id", f.explode(bands).alias("band"))
        firsts = banded.groupBy("band").agg(f.min("id").alias("first"))
        pairs = banded.join(firsts, "band").where("id <> first").select("id", "first").distinct()
        told = signed.selectExpr("id AS first", "signature AS other")
        agree = f.expr("aggregate(zip_with(signature, other, (a, b) -> IF(a = b, 1, 0)), 0, (n, x) -> n + x)")
        near = pairs.join(signed, "id").join(told, "first").where(agree >= ALIKE * BANDS * ROWS).select("id").distinct()
        again = once.join(near.withColumn("near", f.lit(1)), "id", "left")
        counted = again.agg(f.sum(f.col("copies") - 1 + f.coalesce("near", f.lit(0)))).first()
        return int(counted[0] or 0) if counted else 0
    finally:
        signed.unpersist()


def _template_words(notes: DataFrame) -> int:
    from pyspark.sql import functions as f

    line = f.regexp_replace(f.lower(f.trim("line")), "[0-9]+", "0")
    lines = notes.select("subject_id", f.explode(f.split("text", _LINE)).alias("line")).where("trim(line) <> ''")
    counted = lines.select(
        "subject_id", f.xxhash64(line).alias("key"), f.size(f.split(f.trim("line"), r"\s+")).alias("n")
    )
    common = counted.groupBy("key").agg(f.countDistinct("subject_id").alias("who"), f.sum("n").alias("words"))
    row = common.where(f.col("who") > cells.SMALL).agg(f.sum("words")).first()
    return int(row[0] or 0) if row else 0
