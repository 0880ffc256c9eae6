"""The timeline stage: silver to gold, patient by patient; only patients whose silver changed are built again.

Python maps one resource to rows on Arrow batches; whatever relates rows is Spark SQL (``chartline.timeline.build``).
What the last build read of a patient is a digest in ``gold.lineage``: the patients whose digest differs are the touched
ones. Tables lie in buckets of patients, so a late record costs what its bucket costs, not what the lake does.
"""

from __future__ import annotations

import functools
import shutil
from collections import Counter
from collections.abc import Collection, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from chartline import progress
from chartline.deid import policy
from chartline.lake import ledger, tables
from chartline.lake import spark as lake
from chartline.quality import gates
from chartline.settings import Settings
from chartline.stage import Counts, StageResult
from chartline.timeline import build, completeness, mapping

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

SILVER = ("silver.resources", "silver.notes")
DELIVERIES = "silver.deliveries"
BY_BUCKET = ("gold.events", "gold.subjects", "gold.encounters", "gold.lineage", "gold.code_counts")
GOLD = (*BY_BUCKET, "gold.codes", "gold.medications", "gold.completeness")
_PROOF = 20
"""So many untouched patients of the touched buckets are built again each time and compared with what gold holds."""
_FEW = 20_000
"""What is known of so many patients and their visits is sent to every task; of more it is shuffled."""
_LITTLE = 200_000
"""Where no more resources than so many lie in the changed buckets, the plans cost more than the rows."""


@dataclass(frozen=True)
class Base:
    """What gold is as it lies.

    Attributes:
        run: the run that built it.
        looked: the buckets of silver whose files changed since.
    """

    run: StageResult
    looked: frozenset[int]

    @property
    def same_medications(self) -> bool:
        """Whether nothing changed among what belongs to no patient, as a Medication does."""
        return lake.NOBODY not in self.looked


@dataclass(frozen=True)
class Stamps:
    """What rows of silver say of their making.

    Attributes:
        policies: hashes of the policies they were made under.
        keys: ids of the keys.
        relative: whether their times are days.
    """

    policies: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()
    relative: bool = False


@dataclass(frozen=True)
class Scope:
    """What a run builds.

    Attributes:
        sources: subject_id, bucket, digest, resources of the patients to build; ``proof`` marks untouched ones.
        patients: how many those are, the untouched ones aside.
        gone: subject_id, bucket of patients that silver no longer has.
        buckets: the buckets to rewrite; None for all.
    """

    sources: DataFrame
    patients: int
    gone: DataFrame | None
    buckets: set[int] | None


def timeline(spark: SparkSession, settings: Settings, *, run_id: str) -> StageResult:
    """Bring gold to what silver says.

    Counts are resources of the whole lake: each gives at least one event, or is filtered with a reason.

    Raises:
        UsageError: CL2027 the key is not the lake's.
        GateFailed: the gate ``timeline`` said no, CL1051 silver is of another key; gold stays as it was.
    """
    started = datetime.now(UTC)
    rules, key = policy.load(settings.policy), ledger.key(settings)
    at = {n: tables.version(settings, n) or 0 for n in SILVER}
    delivered = tables.version(settings, DELIVERIES) or 0
    digest = ledger.input_digest("timeline", tables={**at, DELIVERIES: delivered}, key=key.id)
    before = ledger.same_work(settings, "timeline", digest)
    if before:
        return before
    scratch = settings.zone("deidentified") / ".scratch" / f"timeline-{run_id}"
    for name in (*SILVER, *GOLD):
        tables.ensure(settings, name)
    try:
        base, stamps = _base(spark, settings, at, key.id)
        keys = {name: told.keys for name, told in stamps.items()}
        gates.one_key(settings, "timeline", keys, key.id, run_id=run_id)
        near = base and len(base.looked) * base.run.counts.in_ <= _LITTLE * lake.BUCKETS
        with lake.little_data(spark) if near else nullcontext():
            made = {"run_id": run_id, "key_id": key.id}
            result = _build(spark, settings, scratch, made, at, base, stamps["silver.resources"])
    finally:
        shutil.rmtree(scratch.parent, ignore_errors=True)
    ledger.record(settings, result, digest, started, policy=rules.name, policy_hash=rules.hash, key_id=key.id)
    return result


def _base(
    spark: SparkSession, settings: Settings, at: Mapping[str, int], key_id: str
) -> tuple[Base | None, dict[str, Stamps]]:
    """The run that gold still is as it left, if today's code made it under silver's policy and the lake's key.

    With it what the rows of silver that are to be looked at say of their making.
    """

    def told(buckets: Collection[int] | None) -> dict[str, Stamps]:
        parts = [lake.in_buckets(lake.read(spark, settings, n, at[n]), buckets) for n in SILVER]
        return dict(zip(SILVER, lake.together(*(functools.partial(_stamps, part) for part in parts)), strict=True))

    last = ledger.latest(settings, "timeline")
    looked = _looked(settings, at, key_id, last)
    if last is None or looked is None:
        return None, told(None)
    found = told(looked)
    if found["silver.resources"].policies <= set(last.extra["policies"]):
        return Base(last, frozenset(looked)), found
    return None, told(None)


def _looked(settings: Settings, at: Mapping[str, int], key_id: str, last: StageResult | None) -> set[int] | None:
    """The buckets of silver that changed since the last run; None when gold can tell nothing of today's."""
    if last is None or (last.extra.get("code"), last.extra.get("key_id")) != (ledger.code_version(), key_id):
        return None
    if any(tables.version(settings, n) != last.tables.get(n) for n in GOLD):
        return None
    changed = [tables.changed_buckets(settings, n, last.extra["silver"][n], at[n]) for n in SILVER]
    return None if None in changed else set().union(*filter(None, changed))


def _stamps(silver: DataFrame) -> Stamps:
    """What rows of a table of silver say of their making; not this call's policy: a stage run by hand may name another.

    A key that is missing is the empty one.
    """
    from pyspark.sql import functions as f

    relative = f.bool_or(f.col("offsets").isNotNull()) if "offsets" in silver.columns else f.lit(None)
    row = silver.agg(
        f.collect_set("policy_hash"), f.collect_set(f.coalesce("key_id", f.lit(""))), relative.cast("boolean")
    ).first()
    return Stamps(frozenset(row[0]), frozenset(row[1]), bool(row[2])) if row else Stamps()


def _digests(silver: DataFrame, notes: DataFrame) -> DataFrame:
    """subject_id (-1 for nobody), bucket, digest over all row hashes, resources."""
    from pyspark.sql import functions as f

    who = f.coalesce("subject_id", f.lit(lake.NOBODY)).alias("subject_id")
    rows = silver.select(who, "bucket", f.xxhash64("resource_type", "resource_id", "row_hash", "source").alias("h"))
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
    base: Base | None,
    medicines: DataFrame,
    scratch: Path,
) -> Scope:
    """All patients; or those whose digest differs from what gold was built from, and whose medications changed."""
    from pyspark.sql import functions as f

    silver, notes = (lake.read(spark, settings, n, at[n]) for n in SILVER)
    if base is None:
        every = _laid(_digests(silver, notes).withColumn("proof", f.lit(False)), scratch / "sources")
        return Scope(every, every.count(), None, None)
    held, looked = lake.read(spark, settings, "gold.lineage"), set(base.looked)
    dosed = held.where("false").select("subject_id", "bucket")
    if not base.same_medications:
        dosed = _laid(_dosed(spark, settings, held, medicines), scratch / "dosed")
        looked |= {r["bucket"] for r in dosed.select("bucket").distinct().collect()}
    silver, notes, held = (lake.in_buckets(frame, looked) for frame in (silver, notes, held))
    was = held.selectExpr("subject_id", "bucket", "digest AS was")
    both = (
        _digests(silver, notes)
        .join(was, ["subject_id", "bucket"], "full")
        .join(f.broadcast(dosed.selectExpr("subject_id", "true AS dosed")), "subject_id", "left")
        .withColumn("touched", f.expr("NOT (digest <=> was) OR coalesce(dosed, false)"))
        .drop("was", "dosed")
    )
    both = _laid(both, scratch / "looked")
    touched = {r["bucket"]: r["count"] for r in both.where("touched").groupBy("bucket").count().collect()}
    both = lake.in_buckets(both, touched)
    order = f.xxhash64("subject_id", f.lit(str(sorted(at.items()))))
    proof = both.where(f"NOT touched AND subject_id <> {lake.NOBODY}").orderBy(order).limit(_PROOF)
    sources = both.where("touched AND digest IS NOT NULL").unionByName(proof)
    sources = _laid(
        sources.selectExpr("subject_id", "bucket", "digest", "resources", "NOT touched AS proof"), scratch / "sources"
    )
    gone = both.where("touched AND digest IS NULL").select("subject_id", "bucket")
    return Scope(sources, sum(touched.values()), gone, set(touched))


def _dosed(spark: SparkSession, settings: Settings, held: DataFrame, medicines: DataFrame) -> DataFrame:
    """Patients with events whose Medication gives another code than before."""
    old = lake.read(spark, settings, "gold.medications").selectExpr(
        "medication_id", "m_code AS c", "m_display AS d", "m_parents AS p"
    )
    changed = (
        medicines.join(old, "medication_id", "full")
        .where("NOT (m_code <=> c AND m_display <=> d AND m_parents <=> p)")
        .selectExpr("collect_set(medication_id) AS changed")
    )
    return held.join(changed, how="cross").where("arrays_overlap(medications, changed)").select("subject_id", "bucket")


def _laid(frame: DataFrame, to: Path) -> DataFrame:
    """The frame from files of its own, so that what is planned on it does not plan its making again."""
    frame.write.mode("overwrite").parquet(str(to))
    return frame.sparkSession.read.schema(frame.schema).parquet(str(to))


def _medicines(
    spark: SparkSession, settings: Settings, silver: DataFrame, relative: bool, base: Base | None, scratch: Path
) -> DataFrame:
    """What each Medication says: as gold holds it, or made anew when what belongs to no patient changed."""
    if base is not None and base.same_medications:
        return lake.read(spark, settings, "gold.medications").drop("run_id")
    drugs = silver.where(f"bucket = {lake.NOBODY} AND resource_type = 'Medication'")
    return _laid(
        build.medications(mapping.mapped(drugs, relative=relative, to=scratch / "drugs")), scratch / "medications"
    )


def _build(
    spark: SparkSession,
    settings: Settings,
    scratch: Path,
    commit: Mapping[str, str],
    at: Mapping[str, int],
    base: Base | None,
    stamps: Stamps,
) -> StageResult:
    from pyspark.sql import functions as f

    run_id = commit["run_id"]
    silver, notes = (lake.read(spark, settings, n, at[n]) for n in SILVER)
    policies, relative = sorted(stamps.policies), stamps.relative
    if base:
        policies, relative = base.run.extra["policies"], base.run.extra["relative"]
    medicines = _medicines(spark, settings, silver, relative, base, scratch)
    scope = _scope(spark, settings, at, base, medicines, scratch)
    picked, texts = silver, notes
    if scope.buckets is not None:
        ids = f.broadcast(scope.sources.select(f.col("subject_id").alias("who")))
        picked, texts = (lake.in_buckets(frame, scope.buckets) for frame in (silver, notes))
        picked = picked.join(ids, f.expr(f"coalesce(subject_id, {lake.NOBODY}) = who"), "left_semi")
        texts = texts.join(ids, f.expr("subject_id = who"), "left_semi")
    rows, few = scratch / "rows", scope.patients <= _FEW
    mapped = mapping.mapped(picked, relative=relative, to=rows)
    visits, again, staged = lake.together(
        lambda: _laid(build.encounters(mapped), scratch / "visits"),
        lambda: _laid(build.told_again(mapped), scratch / "again"),
        lambda: _with_lines(mapped, medicines, few, rows),
    )
    found = build.all_events(staged, again, visits, medicines, texts, few)
    found = build.by_days(found) if relative else found
    laid = _laid(found.select(*_event_columns(), "source", "first"), scratch / "events")
    visits = build.on_axis(visits, laid, relative=relative)
    lineage, subjects = lake.together(
        lambda: _laid(build.lineage(staged, again, laid, scope.sources.drop("proof")), scratch / "lineage"),
        lambda: _laid(build.subjects(staged, laid), scratch / "subjects"),
    )
    frames = {"gold.events": laid, "gold.subjects": subjects, "gold.encounters": visits, "gold.lineage": lineage}
    whole = {name: _whole(spark, settings, name, frame, scope, run_id) for name, frame in frames.items()}
    kept = whole["gold.lineage"]
    if scope.buckets is not None:
        kept = lake.read(spark, settings, "gold.lineage").where(~f.col("bucket").isin(*scope.buckets)).unionByName(kept)
    fresh = functools.partial(_without_proof, scope=scope)
    with progress.step("gate timeline"):
        facing = {
            # A check of a rate passes over nulls: an event without a flag must count as one.
            "events": fresh(laid).withColumn("flags", f.coalesce("flags", f.lit(""))),
            "subjects": fresh(frames["gold.subjects"]).join(_lives(laid), "subject_id", "left"),
            "encounters": fresh(visits),
            "lineage": kept.selectExpr(
                "resources",
                "with_events + aggregate(coalesce(map_values(filtered), array()), 0L, (a, b) -> a + b) AS told",
            ),
            "rebuilt": _rebuilt(spark, settings, laid, scope),
        }
        outcomes, (counts, flags), tally = lake.together(
            lambda: gates.run("timeline", facing), lambda: _counts(kept), lambda: completeness.tally(kept)
        )
        counts.require_whole("timeline")
        verdict = gates.concluded(settings, "timeline", outcomes, counts, run_id=run_id)
    whole["gold.code_counts"] = build.code_counts(whole["gold.events"]).withColumn("run_id", f.lit(run_id))
    works = [
        functools.partial(lake.write, frame, settings, name, "overwrite", commit, scope.buckets)
        for name, frame in whole.items()
    ]
    *versions, medications = lake.together(
        *works, functools.partial(_medications_written, settings, medicines, base, commit)
    )
    written = {**dict(zip(whole, versions, strict=True)), "gold.medications": medications}
    counted = lake.read(spark, settings, "gold.code_counts", written["gold.code_counts"])
    small = {
        "gold.codes": build.codes(counted).toArrow().to_pylist(),
        "gold.completeness": completeness.rows(tally, tables.read(settings, DELIVERIES).to_pylist()),
    }
    for name, held in small.items():
        written[name] = tables.overwrite(settings, name, [{**row, "run_id": run_id} for row in held], commit)
    extra = {
        "code": ledger.code_version(),
        "key_id": commit["key_id"],
        "silver": dict(at),
        "policies": policies,
        "relative": relative,
        "buckets": None if scope.buckets is None else len(scope.buckets),
        "flags": flags,
    }
    return StageResult("timeline", run_id, counts, written, {"timeline": verdict}, extra=extra)


def _with_lines(mapped: DataFrame, medicines: DataFrame, few: bool, rows: Path) -> DataFrame:
    """The mapped rows with what became of the lines of bills among them."""
    if not mapping.holds(rows, "line"):
        return mapped
    return mapping.more(mapped, build.lines(mapped, medicines, few), to=rows)


def _medications_written(settings: Settings, medicines: DataFrame, base: Base | None, commit: Mapping[str, str]) -> int:
    """Bring gold.medications to what was read of them; its version."""
    from pyspark.sql import functions as f

    if base is not None and base.same_medications:
        return base.run.tables["gold.medications"]
    named = medicines.withColumn("run_id", f.lit(commit["run_id"]))
    return lake.write(named, settings, "gold.medications", "overwrite", commit)


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
    held = lake.in_buckets(lake.read(spark, settings, name, tables.version(settings, name)), scope.buckets)
    ours = scope.sources.where("NOT proof").select("subject_id").unionByName(scope.gone.select("subject_id"))
    return held.join(f.broadcast(ours), "subject_id", "left_anti").unionByName(made)


def _counts(lineage: DataFrame) -> tuple[Counts, dict[str, int]]:
    """The equation over the whole lake, and how many events are odd in which way."""
    from pyspark.sql import functions as f

    none = "CAST(map() AS map<string,bigint>)"
    each = lineage.selectExpr(
        "explode(map_concat(map('in', resources, 'out', with_events),"
        f" coalesce(transform_keys(filtered, (k, v) -> concat('filtered/', k)), {none}),"
        f" coalesce(transform_keys(flags, (k, v) -> concat('flags//', k)), {none}))) AS (what, n)"
    )
    told: dict[str, Counter[str]] = {"in": Counter(), "out": Counter(), "filtered": Counter(), "flags": Counter()}
    for row in each.groupBy("what").agg(f.sum("n").alias("n")).orderBy("what").collect():
        of, _, why = row["what"].partition("/")
        told[of][why.partition("/")[2]] += row["n"]
    counts = Counts(in_=told["in"].total(), out=told["out"].total(), filtered=dict(sorted(told["filtered"].items())))
    return counts, dict(told["flags"])


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

    events_now = lake.read(spark, settings, "gold.events", tables.version(settings, "gold.events"))
    held = lake.in_buckets(events_now, scope.buckets)
    both = digest(held, "was").join(digest(found, "now"), "subject_id", "full")
    return both.selectExpr("coalesce(was, 0) AS was", "coalesce(now, 0) AS now")
