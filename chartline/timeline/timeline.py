"""The timeline stage: silver to gold, patient by patient; only patients whose silver changed are built again.

Python maps one resource to rows on Arrow batches; whatever relates rows is Spark SQL (``chartline.timeline.build``).
What the last build read of a patient is a digest in ``gold.lineage``: the patients whose digest differs are the touched
ones. Tables lie in buckets of patients, so a late record costs what its bucket costs, not what the lake does.
"""

from __future__ import annotations

import functools
import hashlib
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
import pyarrow as pa

from chartline import progress
from chartline.deid import keys, policy
from chartline.lake import ledger, tables
from chartline.lake import spark as lake
from chartline.quality import gates
from chartline.settings import Settings, room
from chartline.stage import Counts, StageResult
from chartline.timeline import build, events
from chartline.timeline.build import NOBODY

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    Batches = Iterator[pa.RecordBatch]

SILVER = ("silver.resources", "silver.notes")
BY_BUCKET = ("gold.events", "gold.subjects", "gold.encounters", "gold.lineage", "gold.code_counts")
GOLD = (*BY_BUCKET, "gold.codes", "gold.medications")
_PROOF = 20
"""So many untouched patients of the touched buckets are built again each time and compared with what gold holds."""
_FEW = 20_000
"""What is known of so many patients and their visits is sent to every task; of more it is shuffled."""
_READ = ("resource_type", "resource_id", "subject_id", "json", "offsets")


def _rules_hash() -> str:
    """SHA-256 over the code and the tables that turn silver into gold: another hash, and all of gold is built anew."""
    here = Path(__file__).parent
    files = [*sorted(here.glob("*.py")), room("schemas") / "timeline.json", room("schemas") / "units.json"]
    return hashlib.sha256(b"".join(p.read_bytes() for p in files)).hexdigest()


@lake.guarded
def _map(batches: Batches, *, relative: bool) -> Batches:
    schema = pa.schema([(n, tables.arrow_type(t)) for n, t in events.ROW.items()])
    for batch in batches:
        columns = batch.to_pydict()
        made: list[events.Row] = []
        for kind, rid, subject, text, offsets in zip(*(columns[n] for n in _READ), strict=True):
            made += events.rows(kind, rid, subject, orjson.loads(text), dict(offsets or ()) if relative else None)
        if made:
            yield pa.RecordBatch.from_pylist(made, schema=schema)


@dataclass(frozen=True)
class Scope:
    """What a run builds.

    Attributes:
        sources: subject_id, bucket, digest, resources of the patients to build; ``proof`` marks untouched ones.
        gone: subject_id, bucket of patients that silver no longer has.
        buckets: the buckets to rewrite; None for all.
    """

    sources: DataFrame
    gone: DataFrame | None
    buckets: set[int] | None


def timeline(spark: SparkSession, settings: Settings, *, run_id: str) -> StageResult:
    """Bring gold to what silver says.

    Counts are resources of the whole lake: each gives at least one event, or is filtered with a reason.

    Raises:
        GateFailed: the gate ``timeline`` said no; gold stays as it was.
    """
    started = datetime.now(UTC)
    rules, key = policy.load(settings.policy), keys.load(settings.key)
    at = {n: tables.version(settings, n) or 0 for n in SILVER}
    code = _rules_hash()
    digest = ledger.input_digest("timeline", tables=at, rules=code, key=key.id)
    before = ledger.same_work(settings, "timeline", digest)
    if before:
        return before
    scratch = settings.zone("deidentified") / ".scratch" / f"timeline-{run_id}"
    for name in (*SILVER, *GOLD):
        tables.ensure(settings, name)
    try:
        base = _base(spark, settings, code, at)
        result = _build(spark, settings, scratch, run_id, at, base, code)
    finally:
        shutil.rmtree(scratch.parent, ignore_errors=True)
    ledger.record(settings, result, digest, started, policy=rules.name, policy_hash=rules.hash, key_id=key.id)
    return result


def _base(spark: SparkSession, settings: Settings, code: str, at: Mapping[str, int]) -> StageResult | None:
    """The run that gold still is as it left, when its rules and silver's policy are today's; else None."""
    last = ledger.latest(settings, "timeline")
    if last is None or last.extra.get("rules") != code:
        return None
    if any(tables.version(settings, n) != last.tables.get(n) for n in GOLD):
        return None
    return last if last.extra["policies"] == _policies(spark, settings, at) else None


def _policies(spark: SparkSession, settings: Settings, at: Mapping[str, int]) -> list[str]:
    silver = lake.read(spark, settings, SILVER[0], at[SILVER[0]])
    return sorted(str(r["policy_hash"]) for r in silver.select("policy_hash").distinct().collect())


def _digests(silver: DataFrame, notes: DataFrame) -> DataFrame:
    """subject_id (-1 for nobody), bucket, digest over all row hashes, resources."""
    from pyspark.sql import functions as f

    who = f.coalesce("subject_id", f.lit(NOBODY)).alias("subject_id")
    rows = silver.select(who, "bucket", f.xxhash64("resource_type", "resource_id", "row_hash").alias("h"))
    texts = notes.select(who, f.xxhash64("note_id", "row_hash").alias("h"))
    told = rows.groupBy("subject_id", "bucket").agg(f.bit_xor("h").alias("h"), f.count("*").alias("resources"))
    said = texts.groupBy("subject_id").agg(f.bit_xor("h").alias("nh"), f.count("*").alias("n"))
    return told.join(said, "subject_id", "left").select(
        "subject_id", "bucket", f.xxhash64("h", "resources", "nh", "n").alias("digest"), "resources"
    )


def _scope(
    spark: SparkSession,
    settings: Settings,
    at: Mapping[str, int],
    base: StageResult | None,
    medicines: DataFrame,
    scratch: Path,
) -> Scope:
    """All patients; or those whose digest differs from what gold was built from, and whose medications changed."""
    from pyspark.sql import functions as f

    silver, notes = (lake.read(spark, settings, n, at[n]) for n in SILVER)
    if base is None:
        every = _laid(_digests(silver, notes).withColumn("proof", f.lit(False)), scratch / "sources")
        return Scope(every, None, None)
    looked: set[int] | None = set()
    for name in SILVER:
        found = tables.changed_buckets(settings, name, base.extra["silver"][name], at[name])
        looked = None if found is None or looked is None else looked | found
    held = lake.read(spark, settings, "gold.lineage")
    was = held.selectExpr("subject_id", "bucket", "digest AS was")
    if looked is not None:
        near = f.col("bucket").isin(*looked)
        silver, notes, was = silver.where(near), notes.where(near), was.where(near)
    both = _digests(silver, notes).join(was, ["subject_id", "bucket"], "full")
    touched = both.where("NOT (digest <=> was)").select("subject_id", "bucket")
    if looked is None or -1 in looked:
        touched = touched.unionByName(_dosed(spark, settings, held, medicines)).distinct()
    touched = _laid(touched, scratch / "touched")
    buckets = {r["bucket"] for r in touched.select("bucket").distinct().collect()}
    here = f.col("bucket").isin(*buckets)
    full, full_notes = (lake.read(spark, settings, n, at[n]).where(here) for n in SILVER)
    now = _laid(_digests(full, full_notes), scratch / "now")
    fresh = now.join(f.broadcast(touched.select("subject_id")), "subject_id", "left_semi")
    still = now.where(f"subject_id <> {NOBODY}").join(
        f.broadcast(touched.select("subject_id")), "subject_id", "left_anti"
    )
    proof = still.orderBy(f.xxhash64("subject_id", f.lit(str(sorted(at.items()))))).limit(_PROOF)
    sources = fresh.withColumn("proof", f.lit(False)).unionByName(proof.withColumn("proof", f.lit(True)))
    sources = _laid(sources, scratch / "sources")
    gone = touched.join(now.select("subject_id"), "subject_id", "left_anti")
    return Scope(sources, gone, buckets)


def _dosed(spark: SparkSession, settings: Settings, held: DataFrame, medicines: DataFrame) -> DataFrame:
    """Patients with events whose Medication gives another code than before."""
    old = lake.read(spark, settings, "gold.medications").selectExpr("medication_id", "m_code AS c", "m_display AS d")
    changed = (
        medicines.join(old, "medication_id", "full")
        .where("NOT (m_code <=> c AND m_display <=> d)")
        .selectExpr("collect_set(medication_id) AS changed")
    )
    return held.join(changed, how="cross").where("arrays_overlap(medications, changed)").select("subject_id", "bucket")


def _laid(frame: DataFrame, to: Path) -> DataFrame:
    """The frame from files of its own, so that what is planned on it does not plan its making again."""
    frame.write.mode("overwrite").parquet(str(to))
    return frame.sparkSession.read.schema(frame.schema).parquet(str(to))


def _staged(silver: DataFrame, relative: bool, to: Path) -> DataFrame:
    columns = ", ".join(f"`{n}` {t}" for n, t in events.ROW.items())
    return _laid(silver.select(*_READ).mapInArrow(functools.partial(_map, relative=relative), columns), to)


def _build(
    spark: SparkSession,
    settings: Settings,
    scratch: Path,
    run_id: str,
    at: Mapping[str, int],
    base: StageResult | None,
    code: str,
) -> StageResult:
    from pyspark.sql import functions as f

    silver, notes = (lake.read(spark, settings, n, at[n]) for n in SILVER)
    # Told by silver, not by this call's policy: a stage run by hand may not name the one silver was made under.
    relative = base.extra["relative"] if base else not silver.where("offsets IS NOT NULL").isEmpty()
    drugs = silver.where("bucket = -1 AND resource_type = 'Medication'")
    medicines = _laid(build.medications(_staged(drugs, relative, scratch / "drugs")), scratch / "medications")
    scope = _scope(spark, settings, at, base, medicines, scratch)
    picked, texts = silver, notes
    if scope.buckets is not None:
        here = f.col("bucket").isin(*scope.buckets)
        ids = f.broadcast(scope.sources.select(f.col("subject_id").alias("who")))
        picked = silver.where(here).join(ids, f.expr(f"coalesce(subject_id, {NOBODY}) = who"), "left_semi")
        texts = notes.where(here).join(ids, f.expr("subject_id = who"), "left_semi")
    staged = _staged(picked, relative, scratch / "rows")
    visits = _laid(build.encounters(staged), scratch / "visits")
    few = scope.sources.count() <= _FEW
    found = build.all_events(staged, visits, medicines, texts, few).select(*_event_columns())
    found = _laid(found, scratch / "events")
    lineage = _laid(build.lineage(staged, found, scope.sources.drop("proof")), scratch / "lineage")
    frames = {
        "gold.events": found,
        "gold.subjects": _laid(build.subjects(staged, found), scratch / "subjects"),
        "gold.encounters": visits,
        "gold.lineage": lineage,
    }
    whole = {name: _whole(spark, settings, name, frame, scope, run_id) for name, frame in frames.items()}
    kept = lake.read(spark, settings, "gold.lineage")
    if scope.buckets is not None:
        kept = kept.where(~f.col("bucket").isin(*scope.buckets)).unionByName(whole["gold.lineage"])
    else:
        kept = whole["gold.lineage"]
    counts, flags = _counts(kept)
    counts.require_whole("timeline")
    fresh = functools.partial(_without_proof, scope=scope)
    with progress.step("gate timeline"):
        facing = {
            "events": fresh(found),
            "subjects": fresh(frames["gold.subjects"]).join(_lives(found), "subject_id", "left"),
            "encounters": fresh(visits),
            "lineage": kept.selectExpr(
                "resources",
                "with_events + aggregate(coalesce(map_values(filtered), array()), 0L, (a, b) -> a + b) AS told",
            ),
            "rebuilt": _rebuilt(spark, settings, found, scope),
        }
        verdict = gates.check(settings, "timeline", facing, counts, run_id=run_id)
    written = {}
    for name, frame in whole.items():
        written[name] = lake.write(frame, settings, name, "overwrite", {"run_id": run_id}, scope.buckets)
    built = lake.read(spark, settings, "gold.events", written["gold.events"])
    if scope.buckets is not None:
        built = built.where(f.col("bucket").isin(*scope.buckets))
    tallied = build.code_counts(built).withColumn("run_id", f.lit(run_id))
    written["gold.code_counts"] = lake.write(
        tallied, settings, "gold.code_counts", "overwrite", {"run_id": run_id}, scope.buckets
    )
    codes = build.codes(lake.read(spark, settings, "gold.code_counts")).withColumn("run_id", f.lit(run_id))
    written["gold.codes"] = lake.write(codes, settings, "gold.codes", "overwrite", {"run_id": run_id})
    named = medicines.withColumn("run_id", f.lit(run_id))
    written["gold.medications"] = lake.write(named, settings, "gold.medications", "overwrite", {"run_id": run_id})
    extra = {
        "rules": code,
        "silver": dict(at),
        "policies": _policies(spark, settings, at),
        "relative": relative,
        "buckets": None if scope.buckets is None else len(scope.buckets),
        "flags": flags,
    }
    return StageResult("timeline", run_id, counts, written, {"timeline": verdict}, extra=extra)


def _event_columns() -> list[str]:
    return [c for c in tables.schema("gold.events").names if c != "run_id"]


def _without_proof(frame: DataFrame, scope: Scope) -> DataFrame:
    from pyspark.sql import functions as f

    if scope.buckets is None:
        return frame
    proof = scope.sources.where("proof").select("subject_id")
    return frame.join(f.broadcast(proof), "subject_id", "left_anti")


def _whole(
    spark: SparkSession, settings: Settings, name: str, frame: DataFrame, scope: Scope, run_id: str
) -> DataFrame:
    """The rows of the buckets to rewrite: the patients built now, and the untouched ones as they were."""
    from pyspark.sql import functions as f

    made = _without_proof(frame, scope).withColumn("run_id", f.lit(run_id)).select(*tables.schema(name).names)
    if scope.buckets is None or scope.gone is None:
        return made
    held = lake.read(spark, settings, name, tables.version(settings, name))
    held = held.where(f.col("bucket").isin(*scope.buckets))
    ours = scope.sources.where("NOT proof").select("subject_id").unionByName(scope.gone.select("subject_id"))
    return held.join(f.broadcast(ours), "subject_id", "left_anti").unionByName(made)


def _counts(lineage: DataFrame) -> tuple[Counts, dict[str, int]]:
    """The equation over the whole lake, and how many events are odd in which way."""
    from pyspark.sql import functions as f

    row = lineage.agg(f.sum("resources").alias("n"), f.sum("with_events").alias("e")).first()
    tally: Counter[str] = Counter()
    for r in (
        lineage.select(f.explode("filtered").alias("why", "n")).groupBy("why").agg(f.sum("n").alias("n")).collect()
    ):
        tally[r["why"].partition("/")[2]] += r["n"]
    odd = lineage.select(f.explode("flags").alias("flag", "n")).groupBy("flag").agg(f.sum("n").alias("n")).collect()
    counts = Counts(in_=(row and row["n"]) or 0, out=(row and row["e"]) or 0, filtered=dict(sorted(tally.items())))
    return counts, {r["flag"]: r["n"] for r in sorted(odd, key=lambda r: str(r["flag"]))}


# --- what the gate looks at --------------------------------------------------------------------------


def _lives(found: DataFrame) -> DataFrame:
    """Births, deaths and genders of each patient, and on how many timelines its records tell such facts."""
    from pyspark.sql import functions as f

    told = found.where("source_type = 'Patient'")
    places = told.groupBy("source_id").agg(f.countDistinct("subject_id").alias("places"))
    return (
        told.join(places, "source_id")
        .groupBy("subject_id")
        .agg(
            f.count_if(f.col("code") == "MEDS_BIRTH").alias("births"),
            f.count_if(f.col("code") == "MEDS_DEATH").alias("deaths"),
            f.count_if(f.startswith("code", f.lit("GENDER//"))).alias("genders"),
            f.max("places").alias("timelines"),
        )
    )


def _rebuilt(spark: SparkSession, settings: Settings, found: DataFrame, scope: Scope) -> DataFrame:
    """Digests of untouched patients: of the events gold holds, and of those built now from silver."""
    from pyspark.sql import functions as f

    columns = _event_columns()
    if scope.buckets is None:
        return spark.createDataFrame([], "was long, now long")
    proof = f.broadcast(scope.sources.where("proof").select("subject_id"))
    typed = [
        f"CAST({c.name} AS {c.type}) AS {c.name}" for c in tables.schema("gold.events").columns if c.name in columns
    ]

    def digest(rows: DataFrame, label: str) -> DataFrame:
        each = rows.join(proof, "subject_id", "left_semi").selectExpr(*typed)
        hashed = each.select("subject_id", f.xxhash64(*columns).alias("h"))
        return hashed.groupBy("subject_id").agg(f.xxhash64(f.bit_xor("h"), f.count("*")).alias(label))

    held = lake.read(spark, settings, "gold.events", tables.version(settings, "gold.events"))
    held = held.where(f.col("bucket").isin(*scope.buckets))
    both = digest(held, "was").join(digest(found, "now"), "subject_id", "full")
    return both.selectExpr("coalesce(was, 0) AS was", "coalesce(now, 0) AS now")
