"""Random codes for Safe Harbor: drawn once for each source id, kept in ``vault.pseudonyms``, derived from nothing.

45 CFR 164.514(c)(1): a code may not be derived from or related to information about the individual.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pyarrow as pa

from chartline.deid import pseudonyms
from chartline.lake import chain, tables
from chartline.lake import spark as lake
from chartline.settings import Settings

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_KEY = "resource_type string, resource_id string"


@lake.guarded
def _draw(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        codes = pa.array([secrets.token_hex(16) for _ in range(batch.num_rows)], pa.string())
        yield pa.RecordBatch.from_arrays([*batch.columns, codes], names=[*batch.schema.names, "code"])


@lake.guarded
def _named(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """What unresolved references name, spelled as the walk asks for it."""
    schema = pa.schema([(name, pa.string()) for name in ("row_hash", "resource_type", "resource_id")])
    for batch in batches:
        each = zip(
            batch["row_hash"].to_pylist(), map(pseudonyms.unresolved, batch["reference"].to_pylist()), strict=True
        )
        rows = [dict(zip(schema.names, (row_hash, *name), strict=True)) for row_hash, name in each if name]
        yield pa.RecordBatch.from_pylist(rows, schema=schema)


def needed(resources: DataFrame) -> DataFrame:
    """Each source id that the resources, their persons and links name: row_hash, resource_type, resource_id."""
    from pyspark.sql import functions as f

    own = resources.select("row_hash", "resource_type", "resource_id")
    persons = resources.where("person_id IS NOT NULL").select(
        "row_hash", f.lit("Patient").alias("resource_type"), f.col("person_id").alias("resource_id")
    )
    links = resources.select("row_hash", f.explode("links").alias("link")).select("row_hash", "link.*")
    literal = links.where("target IS NOT NULL").select(
        "row_hash",
        f.split_part("target", f.lit("/"), f.lit(1)).alias("resource_type"),
        f.split_part("target", f.lit("/"), f.lit(2)).alias("resource_id"),
    )
    lost = links.where("target IS NULL").select("row_hash", "reference").mapInArrow(_named, f"row_hash string, {_KEY}")
    return own.unionByName(persons).unionByName(literal).unionByName(lost).where("resource_id <> ''").distinct()


def with_codes(spark: SparkSession, settings: Settings, resources: DataFrame, run_id: str) -> tuple[DataFrame, int]:
    """Give each resource the codes of all ids it names, drawing those that are new; also the vault's version.

    Returns:
        The rows with a column ``codes map<string,string>`` from ``Type/id`` to code, and the version of the vault.
    """
    from pyspark.sql import functions as f

    wanted = needed(resources).persist()
    with chain.locked(settings, "vault"):
        vault = lake.read(spark, settings, "vault.pseudonyms")
        new = wanted.select("resource_type", "resource_id").distinct()
        new = new.join(vault, ["resource_type", "resource_id"], "left_anti")
        drawn = new.mapInArrow(_draw, f"{_KEY}, code string").withColumn("run_id", f.lit(run_id))
        if not new.isEmpty():
            lake.write(drawn, settings, "vault.pseudonyms", "append", {"run_id": run_id})
    version = tables.version(settings, "vault.pseudonyms") or 0
    vault = lake.read(spark, settings, "vault.pseudonyms", version)
    named = f.concat_ws("/", "resource_type", "resource_id")
    maps = (
        wanted.join(vault, ["resource_type", "resource_id"])
        .groupBy("row_hash")
        .agg(f.map_from_entries(f.collect_list(f.struct(named, "code"))).alias("codes"))
    )
    return resources.join(maps, "row_hash", "left"), version
