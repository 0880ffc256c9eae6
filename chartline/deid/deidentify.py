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


@dataclass(frozen=True)
class Run:
    """What a run of the stage goes by.

    Attributes:
        id: its id.
        rules: the policy.
        key: the project's key.
        at: versions of the tables of bronze that it reads; None for one that is not there.
        year: the year in which it began: who is older than 89 depends on it.
        again: what ``deliveries.confirmed`` tells.
        engine: SHA-256 over what a reading depends on beside the document.
        scratch: its folder in the restricted zone.
    """

    id: str
    rules: policy.Policy
    key: keys.Key
    at: Mapping[str, int | None]
    year: int
    again: Mapping[tuple[str, str], datetime]
    engine: str
    scratch: Path

    @property
    def stamp(self) -> dict[str, str]:
        """What each row and each commit of the run bears."""
        return {"run_id": self.id, "policy_hash": self.rules.hash, "key_id": self.key.id}


@dataclass(frozen=True)
class Bronze:
    """What a run finds in bronze.

    Attributes:
        total: how many resource versions there are.
        people: ``bronze.people``.
        newest: the current versions with ``person_id``; cached until the run ends.
        current: those of them that are to be de-identified, with the ``source`` that delivered them.
        left_out: how many versions are not, by reason.
        delivered: rows for ``silver.deliveries``.
    """

    total: int
    people: DataFrame
    newest: DataFrame
    current: DataFrame
    left_out: Mapping[str, int]
    delivered: list[dict[str, Any]]


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
    again = deliveries.confirmed(settings, key.derive("source", settings.project))
    told = {"|".join(of): at.isoformat() for of, at in again.items()}
    facts = {"policy": rules.hash, "key": key.id, "project": settings.project}
    digest = ledger.input_digest("deidentify", tables=at, year=started.year, confirmed=told, **facts)
    before = ledger.same_work(settings, "deidentify", digest)
    if before:
        return before
    scratch = settings.zone("restricted") / "scratch" / f"deidentify-{run_id}"
    scratch.mkdir(parents=True)
    try:
        engine = ledger.input_digest("reading", **facts)
        result = _build(spark, settings, Run(run_id, rules, key, at, started.year, again, engine, scratch))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    ledger.record(settings, result, digest, started, policy=rules.name, policy_hash=rules.hash, key_id=key.id)
    return result


def _build(spark: SparkSession, settings: Settings, run: Run) -> StageResult:
    from pyspark.sql import functions as f

    bronze = _bronze(spark, settings, run)
    resources, written = _equipped(spark, settings, run, bronze)
    job = _job(settings, run, bronze)
    earlier = lake.read(spark, settings, readings.TABLE).where(f.col("engine") == run.engine)
    staged = _staged(spark, resources, bronze.people, earlier, job, run.scratch / "rows")
    tally, documents = _tally(staged)
    counts = _counts(bronze, tally)
    counts.require_whole("deidentify")
    stamped = _stamped(staged, run)
    verdict = _gate(settings, run, stamped, counts)
    written |= _write_silver(settings, run, stamped)
    written["silver.deliveries"] = deliveries.replace(settings, bronze.delivered, run.id)
    written |= _write_logs(spark, settings, run, stamped, counts)
    bronze.newest.unpersist()
    return StageResult("deidentify", run.id, counts, written, {"deidentified": verdict}, extra={"documents": documents})


def _bronze(spark: SparkSession, settings: Settings, run: Run) -> Bronze:
    from pyspark.sql import functions as f

    rows = lake.read(spark, settings, "bronze.resources", run.at["bronze.resources"])
    people = lake.read(spark, settings, "bronze.people", run.at["bronze.people"])
    total = rows.count()
    newest = _with_person(versions.current(rows), people).persist()
    sources = deliveries.of_files(settings, run.key.derive("source", settings.project))
    files = spark.createDataFrame(sources, "source_file string, source string, delivered_at timestamp, known_by string")
    confirmations = spark.createDataFrame(
        [(*of, at) for of, at in sorted(run.again.items())],
        "source string, resource_type string, delivered_at timestamp",
    )
    delivered = deliveries.latest(rows, files, confirmations, run.rules.means["date"])
    alive = newest.where("NOT coalesce(deleted, false)")
    alive = alive.join(f.broadcast(files.select("source_file", "source")), "source_file", "left")
    current, erased = _without_erased(settings, alive)
    left_out = {
        "superseded": total - newest.count(),
        "deleted": newest.where("coalesce(deleted, false)").count(),
        "erased": erased,
    }
    return Bronze(total, people, newest, current, {reason: n for reason, n in left_out.items() if n}, delivered)


def _equipped(spark: SparkSession, settings: Settings, run: Run, bronze: Bronze) -> tuple[DataFrame, dict[str, int]]:
    """The resources with what the walk needs beside each, and the version of the vault where codes were drawn."""
    from pyspark.sql import functions as f

    drawn: dict[str, int] = {}
    if run.rules.pseudonyms == "random":
        coded, drawn["vault.pseudonyms"] = vault.with_codes(spark, settings, bronze.current, run.id)
    else:
        coded = bronze.current.withColumn("codes", f.lit(None).cast(_IN["codes"]))
    attached = binaries.attached(coded, bronze.current, binaries.documents(run.rules))
    others = _others(bronze.current, bronze.people)
    return attached.join(others, ["resource_type", "resource_id"], "left"), drawn


def _job(settings: Settings, run: Run, bronze: Bronze) -> Job:
    key = Path(str(settings.key)).resolve()
    cohort = _cohort_file(bronze.people, bronze.current, run.scratch)
    return Job(settings.policy, key, settings.project, cohort, run.year, run.engine, run.rules.hash, run.key.id)


def _tally(staged: DataFrame) -> tuple[Counter[tuple[str, str]], dict[str, int]]:
    """Rows by kind and reason, and how many documents were read and how many readings stood as they were."""
    from pyspark.sql import functions as f

    tally: Counter[tuple[str, str]] = Counter()
    stood = 0
    for r in staged.groupBy("kind", "reason").agg(f.count("*").alias("rows"), f.sum("count").alias("n")).collect():
        tally[r["kind"], r["reason"] if r["kind"] in ("quarantine", "filtered") else ""] += r["rows"]
        stood += r["n"] if r["kind"] == "reading" else 0
    return tally, {"read": tally["reading", ""] - stood, "kept": stood}


def _counts(bronze: Bronze, tally: Counter[tuple[str, str]]) -> Counts:
    by_reason = {
        fate: {reason: n for (kind, reason), n in sorted(tally.items()) if kind == fate}
        for fate in ("quarantine", "filtered")
    }
    return Counts(
        in_=bronze.total,
        out=tally["resource", ""],
        quarantined=by_reason["quarantine"],
        filtered={**by_reason["filtered"], **bronze.left_out},
    )


def _stamped(staged: DataFrame, run: Run) -> DataFrame:
    from pyspark.sql import functions as f

    return staged.withColumns({name: f.lit(value) for name, value in run.stamp.items()}).withColumn(
        "bucket", f.expr(lake.BUCKET)
    )


def _silver(stamped: DataFrame) -> dict[str, DataFrame]:
    """The rows of each table of silver that is of patients."""
    kinds = {"silver.resources": "resource", "silver.notes": "note"}
    return {name: stamped.where(f"kind = '{kind}'").select(tables.schema(name).names) for name, kind in kinds.items()}


def _gate(settings: Settings, run: Run, stamped: DataFrame, counts: Counts) -> str:
    """Ask the gate; of a policy that lets ZIP codes or ages pass it is not to look for them."""
    resources, notes = _silver(stamped).values()
    with_zip = resources.where("contains(json, '\"postalCode\"')").select("json")
    texts = notes.select("text")
    frames = {
        "resources": resources,
        "notes": notes,
        "three_digits": with_zip.limit(0) if run.rules.means["zip"] == "zip5" else with_zip,
        "capped_ages": texts.limit(0) if run.rules.text.dates == "keep" else texts,
    }
    with progress.step("gate deidentified"):
        return gates.check(settings, "deidentified", frames, counts, run_id=run.id)


def _write_silver(settings: Settings, run: Run, stamped: DataFrame) -> dict[str, int]:
    """Silver and the readings, in the buckets whose rows changed; versions by table."""
    from pyspark.sql import functions as f

    written: dict[str, int] = {}
    for name, frame in _silver(stamped).items():
        by = [*tables.schema(name).key, "subject_id", "row_hash", "policy_hash", "key_id"]
        by += ["source"] if name == "silver.resources" else []
        written[name] = lake.refresh(frame, settings, name, by, run.stamp)
    of_persons = stamped.where("kind = 'reading'").withColumn("bucket", f.expr(_BUCKET))
    of_persons = of_persons.select(tables.schema(readings.TABLE).names)
    by = ["person_id", "reading", "row_hash"]
    return written | {readings.TABLE: lake.refresh(of_persons, settings, readings.TABLE, by, run.stamp)}


def _write_logs(
    spark: SparkSession, settings: Settings, run: Run, stamped: DataFrame, counts: Counts
) -> dict[str, int]:
    """What was set aside, where any was, and what was done to each element; versions by table."""
    from pyspark.sql import functions as f

    written: dict[str, int] = {}
    if counts.quarantined:
        aside = _aside(spark, settings, stamped)
        written[quarantine.TABLE] = lake.write(aside, settings, quarantine.TABLE, "append", run.stamp)
    elements = stamped.where("kind = 'count'").groupBy(
        "run_id", "resource_type", "path", "action", "rule", "reason", "policy_hash"
    )
    counted = elements.agg(f.sum("count").alias("count"))
    return written | {"audit.elements": lake.write(counted, settings, "audit.elements", "append", run.stamp)}


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
