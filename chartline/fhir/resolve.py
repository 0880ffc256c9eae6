"""References that only the whole lake can resolve, in Spark SQL: independent of file order and of delivery.

Three things are looked up: whether a target is there; a resource by its identifier (conditional references and
references with an identifier only); a resource by the uuid in a urn of another bundle. Two answers are no answer.
And of what names no patient itself: whose that is that it is about, or the visit that it names.
All of it works on narrow rows, without the resources' text; what it finds is joined to the wide rows once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import orjson
import pyarrow as pa

from chartline.fhir import references
from chartline.lake.spark import guarded

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    Batches = Iterator[pa.RecordBatch]

KEY = ("resource_type", "resource_id", "row_hash")

_IS_CONDITIONAL = "contains({}, '?identifier=')"
_LOST = "resource_type string, resource_id string, row_hash string, reference string, target string, lookup string"
# Rows whose patient is that of what they point to, as far as their links tell.
_LED = (
    "resource_type NOT IN ('Patient', 'Encounter') AND (resource_type = 'Provenance' OR"
    " (exists(links, l -> startswith(coalesce(l.target, ''), 'Encounter/'))"
    " AND NOT exists(links, l -> startswith(coalesce(l.target, ''), 'Patient/'))))"
)
_LEADS = "resource_type string, resource_id string, row_hash string, target string"
_SETTLED = "resource_type string, resource_id string, row_hash string, patient_id string"


def unsettled(bronze: DataFrame) -> DataFrame:
    """Rows of bronze whose links or patient a new delivery may change."""
    from pyspark.sql import functions as f

    conditional = f.expr(f"exists(links, l -> {_IS_CONDITIONAL.format('l.reference')})")
    return bronze.where((f.col("unresolved") > 0) | f.expr(_LED) | conditional)


def repairs(rows: DataFrame, lake: DataFrame) -> DataFrame:
    """What the lake knows beyond a row's own bundle, for the rows that need it.

    Args:
        rows: KEY, patient_id, links, raw: new rows, and those of bronze that are ``unsettled``.
        lake: KEY, patient_id, deleted, raw of all that is in the lake, new rows included.

    Returns:
        KEY, ``filled`` (map of reference to the target it resolves to, null values for those that do not),
        ``unresolved`` (count of links without a resource), ``moved`` (whether the patient was worked out anew) and
        ``patient_id``.
    """
    from pyspark.sql import functions as f

    lost = _dangling(rows, lake).persist()
    answered = (
        lost.join(_answers(lost, lake), "lookup", "left")
        .groupBy(*KEY)
        .agg(
            f.map_from_entries(f.collect_set(f.struct("reference", f.coalesce("answer", "target")))).alias("filled"),
            f.expr("CAST(count_if(answer IS NULL) AS INT)").alias("unresolved"),
        )
        .persist()
    )
    late = _late_patients(rows.join(answered, list(KEY)))
    owners = lake.select(*KEY, "patient_id").join(late, list(KEY), "left_anti").unionByName(late)
    led = _patients_by_target(mended(rows, answered), owners)
    moved = led.unionByName(late.join(led, list(KEY), "left_anti")).withColumn("moved", f.lit(True))
    return answered.join(moved, list(KEY), "full")


def mended(rows: DataFrame, found: DataFrame) -> DataFrame:
    """The rows with their links, ``unresolved`` and patient as ``repairs`` found them; all else as it was."""
    from pyspark.sql import functions as f

    facts = found
    for column, kind in (("moved", "boolean"), ("patient_id", "string")):
        if column not in facts.columns:
            facts = facts.withColumn(column, f.lit(None).cast(kind))
    facts = facts.withColumnRenamed("patient_id", "new_patient").withColumnRenamed("unresolved", "left_over")
    return (
        rows.join(facts, list(KEY), "left")
        .withColumn("unresolved", f.coalesce("left_over", f.lit(0)))
        .withColumn("patient_id", f.expr("IF(coalesce(moved, false), new_patient, patient_id)"))
        .withColumn(
            "links",
            f.expr(
                "CASE WHEN filled IS NULL THEN links ELSE transform(links, l -> named_struct('reference', l.reference, "
                "'target', IF(map_contains_key(filled, l.reference), filled[l.reference], l.target))) END"
            ),
        )
        .drop("filled", "moved", "new_patient", "left_over")
    )


def _dangling(rows: DataFrame, lake: DataFrame) -> DataFrame:
    """Links whose target is not in the lake: KEY, reference, target, lookup.

    A conditional reference is always among them, whatever it was resolved to before: a second resource with the
    same identifier makes it ambiguous.
    """
    from pyspark.sql import functions as f

    each = rows.select(*KEY, f.explode("links").alias("link")).selectExpr(
        *KEY,
        "link.reference",
        f"IF({_IS_CONDITIONAL.format('link.reference')}, NULL, link.target) AS target",
    )
    there = lake.select(f.concat_ws("/", "resource_type", "resource_id").alias("target")).distinct()
    return (
        each.where("target IS NULL OR NOT startswith(target, '#')")
        .join(there, "target", "left_anti")
        .select(*KEY, "reference", "target")
        .mapInArrow(_looked_up, _LOST)
    )


@guarded
def _looked_up(batches: Batches) -> Batches:
    for batch in batches:
        lookups = [_lookup(reference) for reference in batch.column("reference").to_pylist()]
        yield pa.RecordBatch.from_arrays(
            [*batch.columns, pa.array(lookups, pa.string())], names=[*batch.schema.names, "lookup"]
        )


def _lookup(reference: str) -> str | None:
    """What a reference is looked up by: the uuid of a urn, or an identifier."""
    name = references.plain(reference)
    return name[9:] if name.startswith("urn:uuid:") else references.conditional(reference)


def _answers(lost: DataFrame, lake: DataFrame) -> DataFrame:
    """What the lookups of dangling links stand for, where exactly one resource answers: lookup, answer."""
    from pyspark.sql import functions as f

    wanted = lost.where("lookup IS NOT NULL").select("lookup").distinct()
    asked = wanted.where("contains(lookup, '?')").selectExpr("split_part(lookup, '?', 1) AS kind").distinct().collect()
    kinds = {r["kind"] for r in asked}
    there = lake.where("NOT deleted")
    named = there if "" in kinds else there.where(f.col("resource_type").isin(sorted(kinds)))
    name = f.concat_ws("/", "resource_type", "resource_id").alias("answer")
    tokens = (
        named.withColumn("known", f.from_json("raw", "identifier array<struct<system:string,value:string>>"))
        .select("resource_type", name, f.explode("known.identifier").alias("i"))
        .where("i.value IS NOT NULL")
        .selectExpr("answer", "i.system", "i.value", "explode(array(resource_type, '')) AS kind")
        .selectExpr("answer", "kind", "explode(array(value, concat(coalesce(system, ''), '|', value))) AS token")
        .selectExpr("answer", "concat(kind, '?identifier=', token) AS lookup")
    )
    plain = f"IF(resource_id RLIKE '^{references.UUID}$', lower(resource_id), resource_id) AS lookup"
    uuids = there.select(name, f.expr(plain))
    return (
        wanted.join(tokens.unionByName(uuids), "lookup")
        .groupBy("lookup")
        .agg(f.min("answer").alias("answer"), f.max("answer").alias("other"))
        .where("answer = other")
        .drop("other")
    )


@guarded
def _compartments(batches: Batches) -> Batches:
    schema = pa.schema([(c, pa.string()) for c in (*KEY, "patient_id")])
    for batch in batches:
        out: list[dict[str, Any]] = []
        for row in batch.to_pylist():
            targets = {link["reference"]: link["target"] for link in row["links"]} | dict(row["filled"])
            patient = references.patient_of(orjson.loads(row["raw"]), row["resource_id"], targets)
            out.append({c: row[c] for c in KEY} | {"patient_id": patient})
        yield pa.RecordBatch.from_pylist(out, schema=schema)


def _late_patients(rows: DataFrame) -> DataFrame:
    """Patients of rows that name theirs by identifier or by a urn of another bundle: KEY, patient_id."""
    late = rows.where(
        "resource_type NOT IN ('Patient', 'Provenance')"
        " AND (exists(map_values(filled), v -> startswith(coalesce(v, ''), 'Patient/'))"
        " OR exists(map_keys(filled), k -> contains(k, 'Patient?identifier=') OR startswith(k, '?identifier=')))"
    )
    return late.select(*KEY, "raw", "links", "filled").mapInArrow(_compartments, _SETTLED)


@guarded
def _led(batches: Batches) -> Batches:
    schema = pa.schema([(c, pa.string()) for c in (*KEY, "target")])
    for batch in batches:
        out: list[dict[str, Any]] = []
        for row in batch.to_pylist():
            targets = {link["reference"]: link["target"] for link in row["links"]}
            found = references.leads(orjson.loads(row["raw"]), targets) or ()
            out += ({c: row[c] for c in KEY} | {"target": target} for target in found)
        yield pa.RecordBatch.from_pylist(out, schema=schema)


def _patients_by_target(rows: DataFrame, lake: DataFrame) -> DataFrame:
    """Patients of rows that name none, where all they lead to that has one has the same: KEY, patient_id.

    A Provenance may be about what has its patient by its visit.
    """
    from pyspark.sql import functions as f

    name = "concat_ws('/', resource_type, resource_id) AS target"
    each = rows.where("raw IS NOT NULL").where(_LED).select(*KEY, "raw", "links").mapInArrow(_led, _LEADS).persist()
    found = each.join(
        lake.where("patient_id IS NOT NULL").selectExpr(name, "patient_id AS owner"), "target", "left"
    ).withColumn("owner", f.expr("coalesce(owner, IF(startswith(target, 'Patient/'), substring(target, 9), NULL))"))
    if each.where("resource_type <> 'Provenance'").isEmpty():
        return _agreed(found)
    by_visit = _agreed(found.where("resource_type <> 'Provenance'")).persist()
    late = by_visit.selectExpr(name, "patient_id AS late")
    about = found.where("resource_type = 'Provenance'").join(late, "target", "left")
    return by_visit.unionByName(_agreed(about.withColumn("owner", f.coalesce("late", "owner"))))


def _agreed(found: DataFrame) -> DataFrame:
    from pyspark.sql import functions as f

    return found.groupBy(*KEY).agg(f.expr("IF(min(owner) = max(owner), min(owner), NULL)").alias("patient_id"))
