"""Who is who: the parties that records name, what identifies them, and which patients are one person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import orjson
import pyarrow as pa

from chartline.fhir import references, versions
from chartline.fhir.people import PARTIES, person
from chartline.lake import tables
from chartline.lake.spark import guarded

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    Batches = Iterator[pa.RecordBatch]

_REPLACED_BY, _REPLACES = "replaced-by", "replaces"


def survivors(links: Mapping[str, Sequence[tuple[str, str]]]) -> dict[str, str]:
    """The surviving Patient of each patient that a merge concerns.

    ``replaced-by`` and ``replaces`` say the same from both ends; ``seealso`` and ``refer`` do not merge. Chains are
    followed to their end. Of several survivors, and of a cycle, the smallest id survives, so that all agree.

    Args:
        links: Patient id to its links, each (type, id of the other Patient).
    """
    after: dict[str, set[str]] = {}
    for patient, found in links.items():
        for kind, other in found:
            if kind in (_REPLACED_BY, _REPLACES) and other != patient:
                old, new = (patient, other) if kind == _REPLACED_BY else (other, patient)
                after.setdefault(old, set()).add(new)
                after.setdefault(new, set())
    return {patient: _end(patient, after) for patient in after}


def _end(patient: str, after: Mapping[str, set[str]]) -> str:
    """The smallest of the last ones: those that everything reached from them leads back to."""
    return min(p for p in _reached(patient, after) if all(p in _reached(q, after) for q in _reached(p, after)))


def _reached(patient: str, after: Mapping[str, set[str]]) -> set[str]:
    reached, todo = {patient}, [patient]
    while todo:
        fresh = after[todo.pop()] - reached
        reached |= fresh
        todo.extend(fresh)
    return reached


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


def people(spark: SparkSession, resources: DataFrame, run_id: str) -> DataFrame:
    """Rows of ``bronze.people``: the current version of each party, with what any of its versions told of it.

    A name that a later version dropped is still in older notes, so the known values of all versions are united.
    A party that was deleted stays, for the same reason.

    Args:
        spark: the session.
        resources: rows with the columns of ``bronze.resources``.
        run_id: id of this run.
    """
    from pyspark.sql import functions as f

    parties = resources.where(f.col("resource_type").isin(*PARTIES) & ~f.col("deleted"))
    columns = ("resource_type", "resource_id", "row_hash", "raw", "links")
    each = parties.select(*columns).mapInArrow(_parties, tables.schema("bronze.people").ddl)
    each = each.withColumnRenamed("run_id", "row_hash").persist()
    key = ["resource_type", "resource_id"]
    united = each.groupBy(*key).agg(f.array_sort(f.array_distinct(f.flatten(f.collect_list("known")))).alias("known"))
    newest = versions.current(parties.drop("raw", "links")).select(*key, "row_hash")
    rows = each.drop("known").join(newest, [*key, "row_hash"]).join(united, key)
    linked = rows.where("resource_type = 'Patient' AND size(links) > 0").select("resource_id", "links").collect()
    merged = survivors(
        {
            r["resource_id"]: [
                (link["type"], link["target"].removeprefix("Patient/"))
                for link in r["links"]
                if link["target"].startswith("Patient/")
            ]
            for r in linked
        }
    )
    persons = spark.createDataFrame(sorted(merged.items()), "resource_id string, survivor string")
    return (
        rows.join(f.broadcast(persons), "resource_id", "left")
        .withColumn("person_id", f.expr("IF(resource_type = 'Patient', coalesce(survivor, person_id), NULL)"))
        .withColumn("run_id", f.lit(run_id))
        .drop("survivor", "row_hash")
    )
