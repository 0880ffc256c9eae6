"""Who is who: the parties that records name, what identifies them, and which patients are one person.

Two Patients are one person when a ``link`` says so, or when they share an identifier of a system that the project's
settings declare. What became of whom, and when, is kept in ``bronze.identities``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pyarrow as pa

from chartline import keys
from chartline.errors import DataError
from chartline.fhir import accept, references, versions
from chartline.fhir.people import PARTIES, person
from chartline.fhir.persons import OUTDATED, Merges, any_two, merges
from chartline.keys import Key
from chartline.lake import quarantine, tables
from chartline.lake.spark import guarded
from chartline.settings import Settings

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    Batches = Iterator[pa.RecordBatch]


def changes(
    history: Iterable[Mapping[str, Any]], found: Merges, run_id: str, now: datetime
) -> list[dict[str, str | datetime]]:
    """Rows for ``bronze.identities``: each Patient whose person is not what the history says last.

    A Patient without history is a person of its own.
    """
    last: dict[str, str] = {}
    for row in sorted(history, key=lambda r: r["noted_at"]):
        last[row["patient_id"]] = row["person_id"]
    now_is = {p: person for p, person in found.persons.items() if p != person}
    return [
        {
            "patient_id": patient,
            "person_id": now_is.get(patient, patient),
            "was": last.get(patient, patient),
            "because": found.because.get(patient, "unmerged"),
            "run_id": run_id,
            "noted_at": now,
        }
        for patient in sorted(last.keys() | now_is.keys())
        if now_is.get(patient, patient) != last.get(patient, patient)
    ]


@guarded
def _parties(batches: Batches) -> Batches:
    schema = tables.schema("bronze.people").arrow
    for batch in batches:
        yield pa.RecordBatch.from_pylist([_party(row) for row in batch.to_pylist()], schema=schema)


def _party(row: Mapping[str, Any]) -> dict[str, Any]:
    tree = orjson.loads(row["raw"])
    targets = {link["reference"]: link["target"] for link in row["links"]}
    told = person(tree)
    return told | {
        "resource_id": row["resource_id"],
        "person_id": row["resource_id"] if row["resource_type"] == "Patient" else None,
        "patient_id": references.patient_of(tree, row["resource_id"], targets),
        "links": [link | {"target": targets.get(link["target"]) or link["target"]} for link in told["links"]],
        "run_id": row["row_hash"],  # carries the version through, see below
    }


def several(fresh: DataFrame, bronze: DataFrame) -> DataFrame:
    """The Patients of several versions that new rows are of: ``resource_id``, and how many ``persons`` they tell of.

    Args:
        fresh: new rows, with the columns of ``bronze.resources``.
        bronze: the rows that are there.
    """
    from pyspark.sql import functions as f

    new, old = (frame.where("resource_type = 'Patient' AND NOT deleted") for frame in (fresh, bronze))
    columns = ("resource_id", "row_hash", "raw")
    known = old.select(*columns).join(new.select("resource_id").distinct(), "resource_id", "left_semi")
    each = new.select(*columns).unionByName(known).groupBy("resource_id")
    versions_of = each.agg(f.array_sort(f.collect_list(f.struct("row_hash", "raw"))).alias("versions"))
    told = versions_of.where("size(versions) > 1").selectExpr("resource_id", "versions.raw AS raws")
    return told.mapInArrow(_told_of, SEVERAL)


SEVERAL = "resource_id string, persons int"
"""Columns of ``several``."""


@guarded
def _told_of(batches: Batches) -> Batches:
    schema = pa.schema([("resource_id", pa.string()), ("persons", pa.int32())])
    for batch in batches:
        rows = [{"resource_id": r["resource_id"], "persons": _persons(r["raws"])} for r in batch.to_pylist()]
        yield pa.RecordBatch.from_pylist(rows, schema=schema)


def _persons(raws: Sequence[str]) -> int:
    """2 where versions of a Patient tell of two persons, else 1."""
    return 2 if any_two(person(orjson.loads(raw)) for raw in raws) else 1


def set_aside(held: DataFrame, settings: Settings) -> DataFrame:
    """Rows of ``bronze.people`` that the parties tell which parse set aside: one a record, links left out.

    Args:
        held: rows of ``bronze.quarantine``.
        settings: the project's settings; what another key sealed is passed over.
    """
    from pyspark.sql import functions as f

    parties = held.where(f.col("resource_type").isin(*PARTIES)).where("stage = 'parse' AND payload IS NOT NULL")
    told = partial(_refused, key=settings.key, project=settings.project)
    return parties.select("quarantine_id", "payload").mapInArrow(told, tables.schema("bronze.people").ddl)


@guarded
def _refused(batches: Batches, *, key: Path, project: str) -> Batches:
    schema, opened = tables.schema("bronze.people").arrow, keys.load(key)
    for batch in batches:
        found = (told(row["payload"], row["quarantine_id"], opened, project) for row in batch.to_pylist())
        yield pa.RecordBatch.from_pylist([row for row in found if row is not None], schema=schema)


def told(payload: bytes, quarantine_id: str, key: Key, project: str) -> dict[str, Any] | None:
    """What a party that was set aside tells of itself; None of one that cannot be read or has no id."""
    try:
        tree = orjson.loads(quarantine.decrypt(payload, key, project, quarantine_id))
    except (DataError, orjson.JSONDecodeError):
        return None
    if not isinstance(tree, dict) or tree.get("resourceType") not in PARTIES:
        return None
    own = tree.get("id")
    return person(tree) | {"links": []} if isinstance(own, str) and accept.ID.fullmatch(own) else None


def people(
    spark: SparkSession, resources: DataFrame, aside: DataFrame, run_id: str, systems: Sequence[str] = ()
) -> tuple[DataFrame, Merges]:
    """Rows of ``bronze.people`` and the merges: the current version of each party, with what any version told of it.

    A name that a later version dropped is still in older notes, so the known values of all versions are united.
    A party that was deleted stays, for the same reason, and so does one that was set aside: its notes may not be.

    Args:
        spark: the session.
        resources: rows with the columns of ``bronze.resources``.
        aside: what ``set_aside`` gives.
        run_id: id of this run.
        systems: declared identifier systems.
    """
    from pyspark.sql import functions as f

    parties = resources.where(f.col("resource_type").isin(*PARTIES) & ~f.col("deleted"))
    columns = ("resource_type", "resource_id", "row_hash", "raw", "links")
    each = parties.select(*columns).mapInArrow(_parties, tables.schema("bronze.people").ddl)
    each = each.withColumnRenamed("run_id", "row_hash").persist()
    key = ["resource_type", "resource_id"]
    aside = aside.withColumnRenamed("run_id", "row_hash").persist()
    united = each.unionByName(aside).groupBy(*key)
    united = united.agg(f.array_sort(f.array_distinct(f.flatten(f.collect_list("known")))).alias("known"))
    newest = versions.current(parties.drop("raw", "links")).select(*key, "row_hash")
    others = aside.drop("known").join(newest, key, "left_anti")
    facts = f.struct(*(c for c in others.columns if c not in key))
    one_each = others.groupBy(*key).agg(f.min(facts).alias("facts")).select(*key, "facts.*")
    rows = each.drop("known").join(newest, [*key, "row_hash"]).unionByName(one_each).join(united, key)
    linked = rows.where("resource_type = 'Patient' AND size(links) > 0").select("resource_id", "links").collect()
    links = {
        r["resource_id"]: [
            (link["type"], link["target"].removeprefix("Patient/"))
            for link in r["links"]
            if link["target"].startswith("Patient/")
        ]
        for r in linked
    }
    found = merges(links, _shared(parties.join(newest, [*key, "row_hash"]), systems) if systems else ())
    persons = spark.createDataFrame(sorted(found.persons.items()), "resource_id string, survivor string")
    told = (
        rows.join(f.broadcast(persons), "resource_id", "left")
        .withColumn("person_id", f.expr("IF(resource_type = 'Patient', coalesce(survivor, person_id), NULL)"))
        .withColumn("run_id", f.lit(run_id))
        .drop("survivor", "row_hash")
    )
    return told, found


def _shared(patients: DataFrame, systems: Sequence[str]) -> list[list[tuple[str, str | None]]]:
    """The Patients, with their birth dates, that bear the same identifier of a declared system."""
    from pyspark.sql import functions as f

    told = "struct<birthDate:string,identifier:array<struct<system:string,value:string,use:string>>>"
    each = (
        patients.where("resource_type = 'Patient'")
        .select("resource_id", f.from_json("raw", told).alias("t"))
        .select("resource_id", "t.birthDate", f.explode("t.identifier").alias("i"))
        .where(f.col("i.system").isin(*systems) & ~f.coalesce("i.use", f.lit("")).isin(*OUTDATED))
        .select("i.system", f.trim("i.value").alias("value"), f.struct("resource_id", "birthDate").alias("bearer"))
        .where("value <> ''")
    )
    groups = each.groupBy("system", "value").agg(f.collect_set("bearer").alias("bearers")).where("size(bearers) > 1")
    return [[(b["resource_id"], b["birthDate"]) for b in row["bearers"]] for row in groups.collect()]
