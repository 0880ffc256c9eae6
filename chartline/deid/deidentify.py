"""De-identification: current bronze resources to silver, each patient with one identity and one offset.

A patient's rows travel together: the people rows come first in their partition and make the context that every
resource, note and attachment of that patient is treated with.
"""

from __future__ import annotations

import gc
import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pyarrow as pa

from chartline import keys, progress
from chartline.deid import binaries, dates, deliveries, patients, policy, pseudonyms, readings, shown, vault, walker
from chartline.deid.context import Cohort, PatientContext, knowing
from chartline.deid.outcome import outcome
from chartline.deid.phrases import Phrases
from chartline.deid.text import build
from chartline.deid.walk import Refused, Walk
from chartline.errors import UsageError
from chartline.fhir import references, versions
from chartline.fhir.known import Known
from chartline.lake import gone, ledger, quarantine, tables
from chartline.lake import spark as lake
from chartline.lake.hashes import row_hash
from chartline.quality import gates
from chartline.settings import Settings
from chartline.stage import Counts, StageResult

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    Batches = Iterator[pa.RecordBatch]

_SPAN = "array<struct<start:int,end:int,type:string,source:string>>"
_IN = {
    "unit": "string",
    "rank": "int",
    "resource_type": "string",
    "resource_id": "string",
    "person_id": "string",
    "raw": "string",
    "links": "array<struct<reference:string,target:string>>",
    "codes": "map<string,string>",
    "binaries": "map<string,string>",
    "fate": "string",
    "others": "array<struct<type:string,value:string>>",
    "source_file": "string",
    "source_line": "long",
    "source": "string",
    "person": "string",
}
_OUT = {
    "kind": "string",
    "resource_type": "string",
    "resource_id": "string",
    "subject_id": "long",
    "json": "string",
    "offsets": "map<string,double>",
    "note_id": "string",
    "path": "string",
    "content_type": "string",
    "text": "string",
    "spans": _SPAN,
    "status": "string",
    "reason": "string",
    "rule": "string",
    "action": "string",
    "count": "long",
    "quarantine_id": "string",
    "payload": "binary",
    "source_file": "string",
    "source_line": "long",
    "source": "string",
    "row_hash": "long",
    "person_id": "string",
    "reading": "string",
    "engine": "string",
    "cohort": "string",
    "providers": "string",
    "free": "array<string>",
    "taken": "array<string>",
}
# That of silver is the pseudonym's, which must not stand beside the person.
_BUCKET = f"CAST(pmod(xxhash64(person_id), {lake.BUCKETS}) AS INT)"
_BATCH_ROWS = 500
_AROUND = 400  # letters before and behind what a reference displays in which the rest of it stands


@dataclass(frozen=True)
class Job:
    """What a worker needs to build its engines: references and names, no secret and no data."""

    policy: str
    key: Path
    project: str
    cohort: Path
    year: int
    engine: str
    policy_hash: str
    key_id: str


@cache
def _given(job: Job) -> tuple[policy.Policy, keys.Key]:
    """The policy and the key as this worker reads them, which are those that the rows are stamped with."""
    rules, key = policy.load(job.policy), keys.load(job.key)
    if (rules.hash, key.id) != (job.policy_hash, job.key_id):
        raise UsageError("CL2053", "the policy or the key changed while the stage was at work.", "Run it again.")
    return rules, key


@cache
def _cohort(job: Job) -> Mapping[str, Any]:
    """What ``_cohort_file`` wrote, read once a worker."""
    return dict(json.loads(job.cohort.read_text(encoding="utf-8")))


@cache
def _providers(job: Job) -> frozenset[str]:
    """What the parties of the whole cohort are called."""
    return frozenset(value.casefold() for _, value in _cohort(job)["providers"])


@cache
def _engine(job: Job) -> Phrases:
    """The text engine of this worker, built once and proved on a control note before its first batch counts."""
    body = _cohort(job)
    cohort = Cohort(tuple(Known(t, v) for t, v in body["providers"]), frozenset(body["names"]))
    phrases = Phrases(build(*_given(job), job.project, cohort))
    gc.freeze()  # a worker collects after each task: 0.05 s to look at lexicons that stay
    return phrases


class _Unit:
    """One person's (or one unowned resource's) rows while they pass: who it is, made from the people rows once."""

    def __init__(self, job: Job, name: str) -> None:
        self.job, self.name = job, name
        self.people: list[Mapping[str, Any]] = []
        self.readings = readings.Readings()
        self._made: PatientContext | None = None

    def learn(self, told: Mapping[str, Any]) -> None:
        """Take up what a row tells that comes before the person's records: of a person, or of an earlier reading."""
        if "reading" in told:
            self.readings.before[told["reading"]] = readings.of_row(told)
        else:
            self.people.append(told)

    def context(self, person_id: str | None) -> PatientContext:
        """The context of the rows that follow."""
        if self._made is None:
            rules, key = _given(self.job)
            if person_id is None:
                earliest = patients.earliest_year(rules, self.job.year)
                self._made = PatientContext(self.name, earliest_year=earliest)
            else:
                told = (year for p in self.people for year in p.get("later", ()))
                people, project = self._told(), self.job.project
                made = patients.context(rules, key, project, self.job.year, told, person_id, people)
                self._made = replace(made, on_axis=rules.means["date"] == "year")
        return self._made

    def _told(self) -> list[Mapping[str, Any]]:
        """The people rows, and who is named only beside references."""
        pieces = [piece for p in self.people for piece in p.get("shown") or ()]
        told = [p for p in self.people if "shown" not in p]
        beside = shown.beside(pieces, _providers(self.job), shown.names(told))
        return [*told, shown.row(beside)] if beside else told


@lake.guarded
def _walk(batches: Batches, *, job: Job) -> Batches:
    rules, key = _given(job)
    engine = _engine(job)
    names = patients.local_system_name(key.derive("system", job.project))
    walk = walker.Deidentifier(rules, engine, names, _cohort(job)["plain_ids"])
    keyed = pseudonyms.keyed_code(key.derive("pseudonym", job.project))
    anchors = key.derive("anchor", job.project)
    unit = _Unit(job, "")
    held: list[dict[str, Any]] = []
    for batch in batches:
        for row in batch.to_pylist():
            if row["unit"] != unit.name:
                held += _read(unit)
                unit = _Unit(job, row["unit"])
            if row["person"] is not None:
                unit.learn(orjson.loads(row["person"]))
                continue
            patient = unit.context(row["person_id"])
            code = _from_vault(dict(row["codes"] or ())) if rules.pseudonyms == "random" else keyed
            state = Walk(patient, code, {i["reference"]: i["target"] for i in row["links"] or () if i["target"]})
            state.binaries = {name: text.encode() for name, text in row["binaries"] or ()}
            if row["person_id"] is not None:
                state.readings = unit.readings
            if row["others"] is not None:
                more = tuple(Known(k["type"], k["value"]) for k in row["others"])
                state.patient, state.contested = knowing(patient, more), _contested(row)
            if rules.means["date"] == "year" and row["person_id"] is not None:
                state.anchor = dates.offset_days(anchors, patient.patient_id, 10_000, 50_000)
            held += _rows(row, walk, state, key, job.project)
            if len(held) >= _BATCH_ROWS:
                yield _batch(held)
                held = []
    held += _read(unit)
    for (kind, path, action, rule, reason), count in sorted(walk.counts().items()):
        held.append(
            {"kind": "count", "resource_type": kind, "path": path, "action": action, "rule": rule, "reason": reason}
            | {"count": count}
        )
    if held:
        yield _batch(held)


def _read(unit: _Unit) -> Iterator[dict[str, Any]]:
    return ({"kind": "reading", **row} for row in unit.readings.rows(unit.name, unit.job.engine))


def _batch(rows: list[dict[str, Any]]) -> pa.RecordBatch:
    schema = pa.schema([(n, tables.arrow_type(t)) for n, t in _OUT.items()])
    return pa.RecordBatch.from_pylist(rows, schema=schema)


def _contested(row: Mapping[str, Any]) -> bool:
    """Whether a resource that names a patient, but is nobody's, may be more than one's."""
    if row["person_id"] is not None:
        return False
    targets = {link["reference"]: link["target"] for link in row["links"]}
    return len(references.whose(orjson.loads(row["raw"]), row["resource_id"], targets).patients) > 1


def _from_vault(codes: Mapping[str, str]) -> Callable[[str, str], str]:
    def code(kind: str, source_id: str) -> str:
        found = codes.get(f"{kind}/{source_id}")
        if found is None:
            raise Refused("no_code_in_vault", kind)
        return found

    return code


def _rows(
    row: Mapping[str, Any], walk: walker.Deidentifier, state: Walk, key: keys.Key, project: str
) -> Iterator[dict[str, Any]]:
    """The rows that one resource becomes: the resource and its notes, or a quarantined or filtered record."""
    kind = row["resource_type"]
    if row["fate"] == binaries.READ:
        yield {"kind": "filtered", "reason": row["fate"], "count": 1}
        return
    if row["fate"] == binaries.OF_TWO:
        yield _set_aside(row, row["fate"], kind, key, project)
        return
    made = outcome(walk, walk.given(row["raw"].encode(), kind, row["resource_id"]), state)
    if made is None:
        yield {"kind": "filtered", "reason": "type_not_in_policy", "count": 1}
        return
    if isinstance(made, Refused):
        yield _set_aside(row, made.reason, made.rule, key, project)
        return
    owner = row["person_id"]
    subject = pseudonyms.subject_id(state.code("Patient", owner)) if owner is not None else None
    resource_id, text = made.id, made.json
    offsets = sorted(made.offsets.items()) or None
    yield {
        "kind": "resource",
        "row_hash": row_hash(text, orjson.dumps(offsets)),
        "resource_type": kind,
        "resource_id": resource_id,
        "subject_id": subject,
        "json": text.decode(),
        "offsets": offsets,
        "source": row["source"],
    }
    for i, note in enumerate(made.notes):
        yield {
            "kind": "note",
            "row_hash": row_hash(
                note.text.encode("utf-8", "surrogatepass"), orjson.dumps([note.spans, note.status, note.path])
            ),
            "note_id": f"{hashlib.sha256(resource_id.encode()).hexdigest()[:24]}{i:08x}",
            "subject_id": subject,
            "resource_type": kind,
            "resource_id": resource_id,
            "path": note.path,
            "content_type": note.content_type.partition(";")[0].strip(),
            "text": note.text,
            "spans": note.spans,
            "status": note.status,
        }


def _set_aside(row: Mapping[str, Any], reason: str, rule: str, key: keys.Key, project: str) -> dict[str, Any]:
    record = quarantine.Record(
        stage="deidentify",
        reason=reason,
        rule=rule,
        source_file=row["source_file"],
        source_line=row["source_line"],
        resource_type=row["resource_type"],
        payload=row["raw"].encode(),
    )
    return {"kind": "quarantine", **quarantine.row(record, None, "", key, project)} | {"status": None}


# --- the stage ---------------------------------------------------------------------------------------


def deidentify(spark: SparkSession, settings: Settings, *, run_id: str) -> StageResult:
    """Build silver from the current versions in bronze.

    Counts are resource versions: ``superseded`` and ``deleted`` versions, and types the policy does not name, are
    filtered; what may not pass is quarantined with its reason.

    Raises:
        UsageError: the policy or the key cannot be used, the key is not the lake's (CL2027), or one of the two changed
            while the stage was at work (CL2053).
        GateFailed: the gate ``deidentified`` said no; silver stays as it was.
    """
    started = datetime.now(UTC)
    rules, key = policy.load(settings.policy), ledger.key(settings)
    at = {n: tables.version(settings, n) for n in ("bronze.resources", "bronze.people", gone.TABLE)}
    year = started.year
    again = deliveries.confirmed(settings, key.derive("source", settings.project))
    told = {"|".join(of): at.isoformat() for of, at in again.items()}
    facts = {"policy": rules.hash, "key": key.id, "project": settings.project}
    digest = ledger.input_digest("deidentify", tables=at, year=year, confirmed=told, **facts)
    before = ledger.same_work(settings, "deidentify", digest)
    if before:
        return before
    scratch = settings.zone("restricted") / "scratch" / f"deidentify-{run_id}"
    scratch.mkdir(parents=True)
    try:
        engine = ledger.input_digest("reading", **facts)
        result = _build(spark, settings, rules, scratch, run_id, at, year, again, engine)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    ledger.record(settings, result, digest, started, policy=rules.name, policy_hash=rules.hash, key_id=key.id)
    return result


def _build(
    spark: SparkSession,
    settings: Settings,
    rules: policy.Policy,
    scratch: Path,
    run_id: str,
    at: Mapping[str, int | None],
    year: int,
    again: Mapping[tuple[str, str], datetime],
    engine: str,
) -> StageResult:
    from pyspark.sql import functions as f

    bronze = lake.read(spark, settings, "bronze.resources", at["bronze.resources"])
    people = lake.read(spark, settings, "bronze.people", at["bronze.people"])
    total = bronze.count()
    newest = _with_person(versions.current(bronze), people).persist()
    key = keys.load(settings.key)
    sources = deliveries.of_files(settings, key.derive("source", settings.project))
    files = spark.createDataFrame(sources, "source_file string, source string, delivered_at timestamp, known_by string")
    confirmations = spark.createDataFrame(
        [(*of, at) for of, at in sorted(again.items())], "source string, resource_type string, delivered_at timestamp"
    )
    told = deliveries.latest(bronze, files, confirmations, rules.means["date"])
    alive = newest.where("NOT coalesce(deleted, false)")
    alive = alive.join(f.broadcast(files.select("source_file", "source")), "source_file", "left")
    deleted = newest.where("coalesce(deleted, false)").count()
    alive, erased = _without_erased(settings, alive)
    superseded = total - newest.count()
    current = alive
    written: dict[str, int] = {}
    if rules.pseudonyms == "random":
        alive, written["vault.pseudonyms"] = vault.with_codes(spark, settings, alive, run_id)
    else:
        alive = alive.withColumn("codes", f.lit(None).cast(_IN["codes"]))
    alive = binaries.attached(alive, current, binaries.documents(rules))
    alive = alive.join(_others(current, people), ["resource_type", "resource_id"], "left")
    job = Job(
        settings.policy,
        Path(str(settings.key)).resolve(),
        settings.project,
        _cohort_file(people, current, scratch),
        year,
        engine,
        rules.hash,
        key.id,
    )
    earlier = lake.read(spark, settings, readings.TABLE).where(f.col("engine") == engine)
    staged = _staged(spark, alive, people, earlier, job, scratch / "rows")
    tally: Counter[tuple[str, str]] = Counter()
    stood = 0
    for r in staged.groupBy("kind", "reason").agg(f.count("*").alias("rows"), f.sum("count").alias("n")).collect():
        tally[r["kind"], r["reason"] if r["kind"] in ("quarantine", "filtered") else ""] += r["rows"]
        stood += r["n"] if r["kind"] == "reading" else 0
    counts = Counts(
        in_=total,
        out=tally["resource", ""],
        quarantined={reason: n for (kind, reason), n in sorted(tally.items()) if kind == "quarantine"},
        filtered={
            **{reason: n for (kind, reason), n in sorted(tally.items()) if kind == "filtered"},
            **({"superseded": superseded} if superseded else {}),
            **({"deleted": deleted} if deleted else {}),
            **({"erased": erased} if erased else {}),
        },
    )
    counts.require_whole("deidentify")
    stamped = (
        staged.withColumn("policy_hash", f.lit(rules.hash))
        .withColumn("key_id", f.lit(key.id))
        .withColumn("run_id", f.lit(run_id))
        .withColumn("bucket", f.expr(lake.BUCKET))
    )
    resources, notes = stamped.where("kind = 'resource'"), stamped.where("kind = 'note'")
    columns = {n: tables.schema(n).names for n in ("silver.resources", "silver.notes")}
    frames = {
        "resources": resources.select(columns["silver.resources"]),
        "notes": notes.select(columns["silver.notes"]),
    }
    with_zip = resources.where("contains(json, '\"postalCode\"')")
    three_digits = with_zip.limit(0) if rules.means["zip"] == "zip5" else with_zip
    texts = frames["notes"].select("text")
    capped_ages = texts.limit(0) if rules.text.dates == "keep" else texts
    with progress.step("gate deidentified"):
        seen = {**frames, "three_digits": three_digits.select("json"), "capped_ages": capped_ages}
        verdict = gates.check(settings, "deidentified", seen, counts, run_id=run_id)
    stamp = {"run_id": run_id, "policy_hash": rules.hash, "key_id": key.id}
    for name, frame in (("silver.resources", frames["resources"]), ("silver.notes", frames["notes"])):
        by = [*tables.schema(name).key, "subject_id", "row_hash", "policy_hash", "key_id"]
        by += ["source"] if name == "silver.resources" else []
        written[name] = lake.refresh(frame, settings, name, by, stamp)
    of_persons = stamped.where("kind = 'reading'").withColumn("bucket", f.expr(_BUCKET))
    of_persons = of_persons.select(tables.schema(readings.TABLE).names)
    written[readings.TABLE] = lake.refresh(
        of_persons, settings, readings.TABLE, ["person_id", "reading", "row_hash"], stamp
    )
    written["silver.deliveries"] = deliveries.replace(settings, told, run_id)
    aside = _aside(spark, settings, stamped)
    if tally and any(kind == "quarantine" for kind, _ in tally):
        written[quarantine.TABLE] = lake.write(aside, settings, quarantine.TABLE, "append", stamp)
    elements = stamped.where("kind = 'count'").groupBy(
        "run_id", "resource_type", "path", "action", "rule", "reason", "policy_hash"
    )
    written["audit.elements"] = lake.write(
        elements.agg(f.sum("count").alias("count")), settings, "audit.elements", "append", stamp
    )
    newest.unpersist()
    extra = {"documents": {"read": tally["reading", ""] - stood, "kept": stood}}
    return StageResult("deidentify", run_id, counts, written, {"deidentified": verdict}, extra=extra)


def _without_erased(settings: Settings, alive: DataFrame) -> tuple[DataFrame, int]:
    """The resources of those who did not leave, and how many are of those who did: what parse took out is not here."""
    from pyspark.sql import functions as f

    left = gone.back(settings, alive)
    if not left:
        return alive, 0
    theirs = f.broadcast(alive.sparkSession.createDataFrame([(p,) for p in sorted(left)], "patient_id string"))
    return alive.join(theirs, "patient_id", "left_anti"), alive.join(theirs, "patient_id", "left_semi").count()


def _cohort_file(people: DataFrame, current: DataFrame, scratch: Path) -> Path:
    """What every worker must know of the whole cohort, in one file of the restricted zone."""
    from pyspark.sql import functions as f

    rows = people.selectExpr("resource_type", "explode(known) AS k").selectExpr("resource_type", "k.type", "k.value")
    found = patients.cohort((r["resource_type"], r["type"], r["value"]) for r in rows.distinct().collect())
    path = scratch / "cohort.json"
    plain = current.where("NOT resource_id RLIKE '[0-9]'")
    plain_ids = [
        r["name"] for r in plain.select(f.concat_ws("/", "resource_type", "resource_id").alias("name")).collect()
    ]
    body = {
        "providers": [(k.type, k.value) for k in found.providers],
        "names": sorted(found.names),
        "plain_ids": sorted(plain_ids),
    }
    path.write_text(json.dumps(body), encoding="utf-8")
    return path


def _with_person(rows: DataFrame, people: DataFrame) -> DataFrame:
    """Add ``person_id``: the patient, or the record that the patient's was merged into."""
    from pyspark.sql import functions as f

    merged = people.where("resource_type = 'Patient'").select(
        f.col("resource_id").alias("patient_id"), f.col("person_id").alias("survivor")
    )
    named = rows.drop("person_id").join(merged, "patient_id", "left")
    return named.withColumn("person_id", f.coalesce("survivor", "patient_id")).drop("survivor")


def _others(current: DataFrame, people: DataFrame) -> DataFrame:
    """What is known of the patients whom a resource names beside its own: resource_type, resource_id, others."""
    from pyspark.sql import functions as f

    beside = (
        "exists(links, l -> startswith(l.target, 'Patient/') AND substring(l.target, 9) <> coalesce(patient_id, ''))"
    )
    named = current.where("resource_type <> 'Binary'").where(beside).withColumnRenamed("person_id", "own")
    named = named.select("resource_type", "resource_id", "own", f.explode("links.target").alias("target"))
    named = named.where("startswith(target, 'Patient/')").withColumn("patient_id", f.expr("substring(target, 9)"))
    named = _with_person(named.distinct(), people).where("NOT person_id <=> own")
    known = _with_person(people.where("patient_id IS NOT NULL"), people).select(
        "person_id", f.explode("known").alias("k")
    )
    return (
        named.select("resource_type", "resource_id", "person_id")
        .join(known, "person_id", "left")
        .groupBy("resource_type", "resource_id")
        .agg(f.sort_array(f.collect_set("k")).alias("others"))
    )


def _staged(
    spark: SparkSession, alive: DataFrame, people: DataFrame, earlier: DataFrame, job: Job, at: Path
) -> DataFrame:
    from pyspark.sql import functions as f

    later = f.collect_set(f.regexp_extract_all("raw", f.lit(patients.years_after(job.year)), 1))
    years = f.array_sort(f.array_distinct(f.flatten(later))).alias("later")
    latest = alive.where("person_id IS NOT NULL").groupBy("person_id").agg(years)
    resources = alive.select(
        f.coalesce("person_id", f.concat_ws("/", "resource_type", "resource_id")).alias("unit"),
        f.lit(1).alias("rank"),
        *(c for c in _IN if c not in ("unit", "rank", "person")),
        f.lit(None).cast("string").alias("person"),
    )
    own = ("unit", "rank", "resource_type", "resource_id", "person_id", "person")
    told = ("resource_type", "resource_id", "known", "gender", "birth_date", "death_date", "later", "shown")
    persons = _with_person(people.where("patient_id IS NOT NULL"), people).unionByName(_places(alive, people))
    persons = persons.unionByName(_beside(alive), allowMissingColumns=True)
    persons = persons.join(latest, "person_id", "left").select(
        f.col("person_id").alias("unit"),
        f.lit(0).alias("rank"),
        "resource_type",
        "resource_id",
        "person_id",
        *(f.lit(None).cast(kind).alias(c) for c, kind in _IN.items() if c not in own),
        f.to_json(f.struct(*told)).alias("person"),
    )
    known = earlier.select(
        f.col("person_id").alias("unit"),
        f.lit(0).alias("rank"),
        *(f.lit(None).cast(kind).alias(c) for c, kind in _IN.items() if c not in ("unit", "rank", "person")),
        f.to_json(f.struct(*readings.COLUMNS)).alias("person"),
    )
    columns = ", ".join(f"`{n}` {t}" for n, t in _OUT.items())
    tasks = 8 * spark.sparkContext.defaultParallelism
    rows = resources.unionByName(persons).unionByName(known).repartition(tasks, "unit")
    rows = rows.sortWithinPartitions("unit", "rank", "resource_type", "resource_id").select(*_IN)
    rows.mapInArrow(partial(_walk, job=job), columns).write.mode("overwrite").parquet(str(at))
    return spark.read.schema(columns).parquet(str(at))


def _places(alive: DataFrame, people: DataFrame) -> DataFrame:
    """The organisations that a Patient names, as rows of the person: what notes call them is short for them."""
    from pyspark.sql import functions as f

    named = alive.where("resource_type = 'Patient'").select("person_id", f.explode("links.target").alias("target"))
    named = named.where("startswith(target, 'Organization/')").distinct()
    each = people.where("resource_type = 'Organization'").drop("person_id")
    return each.join(named, f.expr("target = concat('Organization/', resource_id)")).drop("target")


def _beside(alive: DataFrame) -> DataFrame:
    """What references display of persons and places, and who is contained, in each person's records, as rows of it.

    Codes display most: what stands behind one is left before the rest is looked at, see ``shown.fragments``.
    """
    from pyspark.sql import functions as f

    asked = alive.where("person_id IS NOT NULL").where(f.col("resource_type") != shown.REPEATS)
    coded = f'right(before, {shown.NEAR}) RLIKE \'"code": ?"[^{{}}]*$\''
    around = f"concat(right(before, {_AROUND}), '\"display\"', left(behind, {_AROUND}))"
    pairs = "arrays_zip(slice(pieces, 1, size(pieces) - 1), slice(pieces, 2, size(pieces) - 1))"
    kinds = f.col("kind").isin(*sorted(shown.PERSONS | shown.PLACES))
    beside = (
        asked.where(f.col("raw").contains('"display"'))
        .select("person_id", "links", f.split("raw", '"display"').alias("pieces"))
        .select("person_id", "links", f.inline(f.expr(pairs)).alias("before", "behind"))
        .where(f"NOT {coded}")
        # A column that is only named is made anew wherever it is asked for; what is exploded is made once.
        .select(
            "person_id", "links", f.explode(f.array(f.regexp_extract(f.expr(around), shown.FRAGMENT, 0))).alias("piece")
        )
        .withColumn("named", f.regexp_extract("piece", shown.REFERENCE, 1))
        .withColumn("kind", f.expr("split(get(filter(links, l -> l.reference = named), 0).target, '/')[0]"))
        .where((f.col("piece") != "") & (kinds | f.col("kind").isNull() | f.col("kind").startswith("#")))
        .withColumn("to", f.when(kinds, f.concat(f.lit('"reference":"'), "kind", f.lit('/_"'))).otherwise(""))
        .select("person_id", f.regexp_replace("piece", f.lit(shown.REFERENCE), f.col("to")).alias("piece"))
    )
    inner = f.from_json(f.get_json_object("raw", "$.contained"), "array<string>")
    inside = (
        asked.where(f.col("raw").contains('"contained"'))
        .select("person_id", f.explode(inner).alias("inner"))
        .where(f.get_json_object("inner", "$.resourceType").isin(*sorted(shown.INSIDE)))
        .select("person_id", f.concat(f.lit(shown.CONTAINED), "inner").alias("piece"))
    )
    written = asked.where(f.col("raw").contains('"authorString"')).select(
        "person_id", f.explode(f.regexp_extract_all("raw", f.lit(shown.AUTHOR), 1)).alias("author")
    )
    authors = written.select("person_id", f.concat(f.lit('"author":{"display":'), "author", f.lit("}")).alias("piece"))
    return (
        beside.unionByName(inside)
        .unionByName(authors)
        .groupBy("person_id")
        .agg(f.sort_array(f.collect_set("piece")).alias("shown"))
        .withColumn("resource_type", f.lit("Reference"))
        .withColumn("resource_id", f.lit(""))
    )


def _aside(spark: SparkSession, settings: Settings, staged: DataFrame) -> DataFrame:
    from pyspark.sql import functions as f

    held = lake.read(spark, settings, quarantine.TABLE).select("quarantine_id")
    return (
        staged.where("kind = 'quarantine'")
        .join(held, "quarantine_id", "left_anti")
        .withColumn("stage", f.lit("deidentify"))
        .withColumn("disposition", f.lit("open"))
        .withColumn("first_seen", f.lit(datetime.now(UTC)))
    )
