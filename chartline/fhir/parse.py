"""Parsing: landed files to one row a resource version, with what fails set aside and nothing lost.

Files and pieces of large files are spread over Python workers, each record is judged once
(``chartline.fhir.judge``), and the judgements are staged as Parquet in the restricted zone. From there on it is
Spark SQL: exact duplicates are dropped, references resolved over the whole lake, the gate asked, the rows written.

Bronze is a function of the set of files landed: a delivery that brings the target of an older dangling reference
updates the older row too, so an incremental build equals a full one.
"""

from __future__ import annotations

import hashlib
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from chartline import keys, progress
from chartline.errors import DataError, GateFailed
from chartline.fhir import extracts, identity, judge, records, resolve
from chartline.fhir.people import PARTIES
from chartline.files import formats, manifests
from chartline.keys import Key
from chartline.lake import gone, ledger, quarantine, tables
from chartline.lake import spark as lake
from chartline.lake.landing import blob
from chartline.quality import gates
from chartline.settings import Settings
from chartline.stage import Counts, StageResult

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    Batches = Iterator[pa.RecordBatch]

_UNIT = (
    "digest string, name string, form string, compression string, start long, line long, stop long, type string, "
    "exported_at timestamp, wanted array<long>"
)
_TABLES = ("bronze.resources", "bronze.quarantine", "bronze.people", "bronze.identities")
_PLACE = ("source_file", "source_line", "part")
_BATCH_BYTES = 8 << 20
_BATCH_ROWS = 2000
_TASKS_A_CORE = 4  # pieces differ in size; a few tasks for each core even them out


@dataclass(frozen=True)
class Work:
    """What a run of parse has to read.

    Attributes:
        units: rows of ``_UNIT``: files and pieces of files.
        released: ids of the quarantined records that a person released.
        digest: SHA-256 over all that the result depends on.
        landing: version of ``landing.files`` that was looked at.
        emptied: how often bronze was emptied before, to be read anew.
        bronze: version of ``bronze.resources`` that the last completed run left.
        anew: whether ``bronze.people`` has to be built again whatever arrived: other systems declare who is who.
        layouts: the mappings of CSV extracts.
        unread: digests of the CSV files that none of them knows; they are looked at again when there are others.
    """

    units: list[dict[str, Any]]
    released: frozenset[str]
    digest: str
    landing: int
    emptied: int
    bronze: int
    anew: bool
    layouts: extracts.Layouts
    unread: list[str]


@dataclass(frozen=True)
class Delivery:
    """What the files bring, beside what bronze holds.

    Attributes:
        bronze: ``bronze.resources`` before, at its version, for frames are evaluated late and this run writes to it.
        version: that version.
        fresh: resources that bronze does not hold.
        again: what ``_still_there`` tells; None where nothing can be held again.
        types: resource types of ``fresh``.
        counts: the equation.
    """

    bronze: DataFrame
    version: int | None
    fresh: DataFrame
    again: DataFrame | None
    types: frozenset[str]
    counts: Counts


def parse(spark: SparkSession, settings: Settings, *, run_id: str) -> StageResult:
    """Turn landed files that were not parsed before into rows of ``bronze.resources`` and ``bronze.quarantine``.

    ``bronze.people`` is built again when parties or merges arrived. The equation counts records: lines of NDJSON,
    entries of bundles, single resources, rows of CSV, and a file that cannot be read as one.

    Raises:
        UsageError: CL2022 to CL2027 the key is missing, unusable or not the lake's, CL2080 or CL2081 a mapping is.
        DataError: CL1036 nothing was landed.
        GateFailed: CL1001 or CL1035 records are unaccounted for, CL1050 a gate said no.
    """
    started = datetime.now(UTC)
    key = ledger.key(settings)
    work = _work(settings)
    before = ledger.same_work(settings, "parse", work.digest)
    if before:
        return before
    gate = _landed_gate(spark, settings, run_id)
    staged_at = settings.zone("restricted") / "scratch" / f"parse-{run_id}"
    try:
        with progress.step(f"reading {len(work.units)} files and pieces of files"):
            staged = _staged(spark, settings, work, staged_at)
        result = _write(spark, settings, staged, work, run_id, started, gate)
    finally:
        spark.catalog.clearCache()
        shutil.rmtree(staged_at, ignore_errors=True)
    ledger.record(settings, result, work.digest, started, key_id=key.id)
    return result


# --- what there is to do -----------------------------------------------------------------------------


def _work(settings: Settings) -> Work:
    version = tables.version(settings, "landing.files")
    landed = {f["digest"]: f for f in tables.read(settings, "landing.files", version).to_pylist()}
    layouts = extracts.load(settings.extracts)
    last = ledger.latest(settings, "parse")
    done = set()
    emptied = gone.emptied(settings)
    if last and last.extra.get("emptied", 0) == emptied:
        # An erasure destroys earlier versions, and parses all that has landed before it makes its own.
        seen = max(last.extra["landing"], gone.floors(settings).get("landing.files", 0))
        done = set(tables.read(settings, "landing.files", seen, ["digest"])["digest"].to_pylist())
        csv_files = {digest for digest, file in landed.items() if file["format"] == "csv"}
        done -= set(last.extra.get("unread", csv_files))
    unread = [d for d in sorted(landed.keys() - done) if not _is_read(settings, landed[d], layouts)]
    aside = tables.read(
        settings, quarantine.TABLE, columns=["quarantine_id", "stage", "source_file", "source_line", "disposition"]
    )
    notes = [r for r in aside.to_pylist() if r["stage"] in ("land", "parse")]
    # A file that landing set aside waits for a person; a missing file has a place in its manifest instead.
    held = {r["source_file"] for r in notes if r["stage"] == "land" and r["disposition"] in ("open", "discarded")}
    released = [r for r in notes if r["disposition"] == "released" and r["source_file"] in landed]
    again: dict[str, set[int | None]] = {}
    for r in released:
        again.setdefault(r["source_file"], set()).add(r["source_line"])
    # What was set aside whole, an erasure took whole.
    aside_whole = {r["source_file"] for r in notes if r["source_line"] is None}
    held |= {digest for digest in aside_whole if not blob(settings, digest).is_file()}
    units: list[dict[str, Any]] = []
    for digest, file in sorted(landed.items()):
        if file["format"] not in (*formats.FHIR_FORMATS, "csv") or digest in held or digest in unread:
            continue
        if digest not in done:
            units += _pieces(settings, file, None)
        elif digest in again:
            lines = again[digest]
            units += _pieces(settings, file, None if None in lines else sorted(n for n in lines if n))
    ids = frozenset(r["quarantine_id"] for r in released)
    files = hashlib.sha256("".join(sorted(landed)).encode()).hexdigest()
    facts = {
        "files": files,
        "emptied": emptied,
        "released": sorted(ids),
        "person_systems": settings.person_systems,
        "extracts": layouts.digest,
    }
    bronze = last.tables["bronze.resources"] if last else 0
    anew = last is not None and last.extra.get("person_systems") != _systems(settings)
    digest = ledger.input_digest("parse", **facts)
    return Work(units, ids, digest, version or 0, emptied, bronze, anew, layouts, unread)


def _is_read(settings: Settings, file: Mapping[str, Any], layouts: extracts.Layouts) -> bool:
    """Whether a file is no CSV, or one that is still there and that a mapping knows."""
    if file["format"] != "csv":
        return True
    at = blob(settings, file["digest"])
    return at.is_file() and not isinstance(layouts.of(at, file["compression"], file["name"]), str)


def _systems(settings: Settings) -> str:
    """The declared identifier systems as a hash: their names may tell whose data this is."""
    return hashlib.sha256(" ".join(settings.person_systems).encode()).hexdigest()


def _pieces(settings: Settings, file: Mapping[str, Any], wanted: list[int] | None) -> list[dict[str, Any]]:
    starts = [(0, 1), *((c["offset"], c["line"]) for c in file["chunks"] or ())]
    stops = [offset for offset, _ in starts[1:]] + [None]
    promise = _promise(settings, file)
    return [
        {
            "digest": file["digest"],
            "name": file["name"],
            "form": file["format"],
            "compression": file["compression"],
            "start": start,
            "line": line,
            "stop": stop,
            "type": promise,
            "exported_at": file["transaction_time"],
            "wanted": wanted,
        }
        for (start, line), stop in zip(starts, stops, strict=True)
    ]


def _promise(settings: Settings, file: Mapping[str, Any]) -> str | None:
    """The resource type that the file's manifest promises for each of its lines."""
    if not file["manifest"]:
        return None
    name = Path(file["name"]).name.removesuffix(".gz")
    manifest = manifests.read(blob(settings, file["manifest"]).read_bytes())
    return next((e.type for e in manifest.entries if e.file.removesuffix(".gz") == name), None)


# --- in the workers ----------------------------------------------------------------------------------


@lake.guarded
def _walk(batches: Batches, *, settings: Settings, layouts: extracts.Layouts) -> Batches:
    key = keys.load(settings.key)
    for batch in batches:
        for unit in batch.to_pylist():
            yield from _batched(_unit_rows(unit, settings, layouts, key))


def _unit_rows(unit: Mapping[str, Any], settings: Settings, layouts: extracts.Layouts, key: Key) -> Iterator[judge.Row]:
    """The rows of one file or piece, and at the end one of kind ``unit`` with how many records were found in it."""
    origin = judge.Origin(unit["digest"], unit["type"], unit["exported_at"], key, settings.project)
    wanted = None if unit["wanted"] is None else set(unit["wanted"])
    found = 0

    def counted() -> Iterator[records.Record]:
        nonlocal found
        path = blob(settings, unit["digest"])
        places = {"start": unit["start"], "line": unit["line"], "end": unit["stop"]}
        if unit["form"] == "csv":
            places["sheet"] = layouts.of(path, unit["compression"], unit["name"])
        for record in records.read(path, unit["compression"], unit["form"], **places):
            if wanted is None or record.line in wanted:
                found += 1
                yield record

    yield from judge.rows(counted(), origin)
    yield {"kind": "unit", "source_file": unit["digest"], "n": found}


def _batched(rows: Iterator[judge.Row]) -> Batches:
    schema = pa.schema([(name, tables.arrow_type(kind)) for name, kind in judge.STAGED.items()])
    held: list[judge.Row] = []
    size = 0
    for row in rows:
        held.append(row)
        size += len(row.get("raw") or row.get("payload") or "")
        if size > _BATCH_BYTES or len(held) >= _BATCH_ROWS:
            yield pa.RecordBatch.from_pylist(held, schema=schema)
            held, size = [], 0
    if held:
        yield pa.RecordBatch.from_pylist(held, schema=schema)


# --- in Spark ----------------------------------------------------------------------------------------


def _staged(spark: SparkSession, settings: Settings, work: Work, at: Path) -> DataFrame:
    columns = ", ".join(f"{name} {kind}" for name, kind in judge.STAGED.items())
    tasks = max(1, min(len(work.units), _TASKS_A_CORE * spark.sparkContext.defaultParallelism))
    units = spark.createDataFrame(work.units, _UNIT).repartition(tasks)
    walk = partial(_walk, settings=settings, layouts=work.layouts)
    units.mapInArrow(walk, columns).write.mode("overwrite").parquet(str(at))
    return spark.read.schema(columns).parquet(str(at))


def _tally(staged: DataFrame) -> Counter[tuple[str, str | None]]:
    """Records by kind and reason; GateFailed CL1035 when a file's rows are not as many as the records found in it."""
    from pyspark.sql import functions as f

    each = staged.groupBy("source_file", "kind", "reason").agg(f.count("*").alias("rows"), f.sum("n").alias("n"))
    tally: Counter[tuple[str, str | None]] = Counter()
    balance: Counter[str] = Counter()
    for row in each.collect():
        found = row["n"] if row["kind"] == "unit" else row["rows"]
        tally[row["kind"], None if row["kind"] in ("unit", "resource") else row["reason"]] += found
        balance[row["source_file"]] += found if row["kind"] == "unit" else -found
    uneven = sum(1 for difference in balance.values() if difference)
    if uneven:
        raise GateFailed("CL1035", f"{uneven} files have records that are unaccounted for.", "Report this.")
    return tally


def _doubles(resources: DataFrame, bronze: DataFrame) -> DataFrame:
    """Places of rows that bronze has already, or that came before in this delivery (by file digest, then line)."""
    from pyspark.sql import Window
    from pyspark.sql import functions as f

    first = Window.partitionBy(*resolve.KEY).orderBy(f.desc_nulls_last("last_updated"), *_PLACE)
    known = bronze.select(*resolve.KEY, f.lit(True).alias("known"))
    return (
        resources.select(*resolve.KEY, "last_updated", *_PLACE)
        .withColumn("rank", f.row_number().over(first))
        .join(known, list(resolve.KEY), "left")
        .where("rank > 1 OR known")
        .select(*_PLACE)
    )


def _still_there(resources: DataFrame, bronze: DataFrame) -> DataFrame:
    """Versions without a time of their own that a later export holds again: KEY and ``last_updated``, as a change.

    A server that keeps no times exports the same version anew, and that it is still there is what its time tells.
    """
    from pyspark.sql import functions as f

    held = bronze.select(*resolve.KEY, f.col("last_updated").alias("was"))
    newest = resources.groupBy(*resolve.KEY).agg(f.max("last_updated").alias("last_updated"))
    later = "last_updated > was OR was IS NULL AND last_updated IS NOT NULL"
    return newest.join(held, list(resolve.KEY)).where(later).drop("was")


def _types(rows: DataFrame) -> set[str]:
    return {r["resource_type"] for r in rows.select("resource_type").distinct().collect()}


def _landed_gate(spark: SparkSession, settings: Settings, run_id: str) -> dict[str, str]:
    landed = ledger.latest(settings, "land")
    if landed is None:
        raise DataError("CL1036", "nothing has been landed in this lake.", "Run 'chartline land SOURCE...' first.")
    files = lake.read(spark, settings, "landing.files")
    return {"landed": gates.check(settings, "landed", {"files": files}, landed.counts, run_id=run_id)}


def _parsed_gate(
    settings: Settings, rows: DataFrame, aside: DataFrame, several: DataFrame, counts: Counts, run_id: str
) -> dict[str, str]:
    """Ask the gate about the new rows; it gets one character of their text and no links, for it does not read them."""
    from pyspark.sql import functions as f

    frames = {
        "resources": rows.withColumn("raw", f.left("raw", f.lit(1))).drop("links"),
        "quarantine": aside.drop("payload"),
        "patients": several,
    }
    return {"parsed": gates.check(settings, "parsed", frames, counts, run_id=run_id)}


def _write(
    spark: SparkSession,
    settings: Settings,
    staged: DataFrame,
    work: Work,
    run_id: str,
    started: datetime,
    gate: dict[str, str],
) -> StageResult:
    delivery = _delivery(spark, settings, staged, work, run_id)
    rows, changed = _resolved(delivery, run_id)
    aside = _aside(spark, settings, staged, started, run_id)
    several = (
        identity.several(delivery.fresh, delivery.bronze)
        if "Patient" in delivery.types
        else spark.createDataFrame([], identity.SEVERAL)
    )
    gate |= _parsed_gate(settings, rows, aside, several, delivery.counts, run_id)
    # From here on the lake is written to.
    touched = _touched(staged, delivery, changed)
    if delivery.counts.quarantined:
        lake.write(aside, settings, quarantine.TABLE, "append", {"run_id": run_id})
    if delivery.types:
        lake.write(rows, settings, "bronze.resources", "append", {"run_id": run_id})
    _update(spark, settings, changed, ("links", "unresolved", "patient_id", "run_id"))
    if delivery.again is not None:
        _update(spark, settings, delivery.again, ("last_updated", "run_id"))
    merges: dict[str, int] = {}
    if work.anew or delivery.version != work.bronze or touched & set(PARTIES):  # another: a run before broke off
        merges = rebuild_people(spark, settings, run_id, started)
    _settle(settings, work.released, staged)
    for name in _TABLES:
        tables.ensure(settings, name)
    versions = {name: tables.version(settings, name) or 0 for name in _TABLES}
    extra = {"landing": work.landing, "emptied": work.emptied, "person_systems": _systems(settings)}
    extra |= {"unread": work.unread, **merges}
    return StageResult("parse", run_id, delivery.counts, versions, gate, extra=extra)


def _delivery(spark: SparkSession, settings: Settings, staged: DataFrame, work: Work, run_id: str) -> Delivery:
    """Tell what is new among the judged records; GateFailed CL1001 or CL1035 when some are unaccounted for."""
    from pyspark.sql import functions as f

    tally = _tally(staged)
    tables.ensure(settings, "bronze.resources")
    version = tables.version(settings, "bronze.resources")
    bronze = lake.read(spark, settings, "bronze.resources", version)
    resources = staged.where("kind = 'resource'").withColumn("run_id", f.lit(run_id))
    doubles = _doubles(resources, bronze).persist()
    duplicate = doubles.count()
    exported = duplicate and any(u["exported_at"] for u in work.units)
    again = _still_there(resources, bronze).withColumn("run_id", f.lit(run_id)).persist() if exported else None
    fresh = resources.join(doubles, list(_PLACE), "left_anti") if duplicate else resources
    types = {r["resource_type"]: r["count"] for r in fresh.groupBy("resource_type").count().collect()}
    counts = Counts(
        in_=tally["unit", None],
        out=sum(types.values()),
        quarantined=_reasons(tally, "quarantine"),
        duplicate=duplicate,
        filtered=_reasons(tally, "filtered"),
    )
    counts.require_whole("parse")
    return Delivery(bronze, version, fresh, again, frozenset(types), counts)


def _resolved(delivery: Delivery, run_id: str) -> tuple[DataFrame, DataFrame]:
    """The new rows with their links resolved, and the rows of bronze whose links resolve now or otherwise."""
    fresh, bronze = delivery.fresh, delivery.bronze
    old = resolve.unsettled(bronze)
    narrow = [*resolve.KEY, "patient_id", "links", "raw"]
    whole = [*resolve.KEY, "patient_id", "deleted", "raw"]
    found = resolve.repairs(
        fresh.select(narrow).unionByName(old.select(narrow)), bronze.select(whole).unionByName(fresh.select(whole))
    ).persist()
    return resolve.mended(fresh, found), _changed(old, resolve.mended(old, found), run_id).persist()


def _touched(staged: DataFrame, delivery: Delivery, changed: DataFrame) -> set[str]:
    """The types of what comes in, changes or is set aside."""
    touched = set(delivery.types) | _types(changed)
    if delivery.again is not None:
        touched |= _types(delivery.again)
    if delivery.counts.quarantined:
        touched |= _types(staged.where("kind = 'quarantine'"))
    return touched


def _reasons(tally: Counter[tuple[str, str | None]], kind: str) -> dict[str, int]:
    return {reason: n for (of, reason), n in sorted(tally.items(), key=str) if of == kind and reason and n}


def _changed(old: DataFrame, mended: DataFrame, run_id: str) -> DataFrame:
    """Rows of bronze whose links, count of unresolved ones or patient came out differently."""
    from pyspark.sql import functions as f

    before = old.selectExpr(*resolve.KEY, "links AS l", "unresolved AS u", "patient_id AS p")
    return (
        mended.select(*resolve.KEY, "links", "unresolved", "patient_id")
        .join(before, list(resolve.KEY))
        .where("NOT (links <=> l AND unresolved <=> u AND patient_id <=> p)")
        .drop("l", "u", "p")
        .withColumn("run_id", f.lit(run_id))
    )


def _update(spark: SparkSession, settings: Settings, changed: DataFrame, columns: Sequence[str]) -> None:
    """Merge changed columns into rows of bronze, where there are any."""
    from delta.tables import DeltaTable

    if changed.isEmpty():
        return
    same = " AND ".join(f"b.{c} = c.{c}" for c in resolve.KEY)
    target = DeltaTable.forPath(spark, str(tables.path(settings, "bronze.resources"))).alias("b")
    target.merge(changed.alias("c"), same).whenMatchedUpdate(set={c: f"c.{c}" for c in columns}).execute()


def _aside(spark: SparkSession, settings: Settings, staged: DataFrame, started: datetime, run_id: str) -> DataFrame:
    """Rows for the quarantine that it does not hold yet."""
    from pyspark.sql import functions as f

    held = lake.read(spark, settings, quarantine.TABLE).select("quarantine_id")
    return (
        staged.where("kind = 'quarantine'")
        .join(held, "quarantine_id", "left_anti")
        .withColumn("stage", f.lit("parse"))
        .withColumn("disposition", f.lit("open"))
        .withColumn("first_seen", f.lit(started))
        .withColumn("run_id", f.lit(run_id))
    )


def rebuild_people(spark: SparkSession, settings: Settings, run_id: str, now: datetime) -> dict[str, int]:
    """Build ``bronze.people`` again from bronze and what was set aside; whose person changed, and for what."""
    bronze = lake.read(spark, settings, "bronze.resources")
    aside = identity.set_aside(lake.read(spark, settings, quarantine.TABLE), settings)
    rows, found = identity.people(spark, bronze, aside, run_id, settings.person_systems)
    lake.write(rows, settings, "bronze.people", "overwrite", {"run_id": run_id})
    history = tables.read(settings, "bronze.identities").to_pylist()
    changed = identity.changes(history, found, run_id, now)
    tables.append(settings, "bronze.identities", changed, {"run_id": run_id})
    why = Counter(found.because.values())
    return {
        "merged_by_link": why["link"],
        "merged_by_identifier": why["identifier"],
        "identifiers_refused": found.refused,
        "identities_changed": len(changed),
    }


def _settle(settings: Settings, released: frozenset[str], staged: DataFrame) -> None:
    """Mark the records that a person released: those that failed again are open again, the others are back in."""
    if released:
        failed = {r["quarantine_id"] for r in staged.where("kind = 'quarantine'").select("quarantine_id").collect()}
        quarantine.settle(settings, {i: "open" if i in failed else "reentered" for i in released})
