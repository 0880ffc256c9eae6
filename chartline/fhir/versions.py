"""Versions: which FHIR a resource was written in, and which version of a resource is the current one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import orjson

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

FOREIGN = "wrong_fhir_version"
"""Reason for which a resource of another version is set aside, and the whole bundle around it."""

_SHAPES = {"string": str, "list": list, "object": dict}
_OPENS: Mapping[type | None, bytes] = {str: b'"', list: b"[", dict: b"{"}


@cache
def _rules() -> tuple[dict[str, str], dict[str, str], dict[str, list[tuple[str, type | None, str]]]]:
    body = json.loads(Path(__file__).with_name("foreign_versions.json").read_text(encoding="utf-8"))
    elements: dict[str, list[tuple[str, type | None, str]]] = {}
    for version, types in body["elements"].items():
        for kind, shapes in types.items():
            rules = [(element, _SHAPES.get(shape), version) for element, shape in shapes.items()]
            elements.setdefault(kind, []).extend(rules)
    types = {kind: version for version, kinds in body["types"].items() for kind in kinds}
    return body["profiles"], types, elements


def foreign(tree: Mapping[str, Any]) -> tuple[str, str] | None:
    """FHIR version and rule that give a resource away as DSTU2, STU3 or R5; None for R4, R4B or no sign.

    Only elements and types that R4 does not have, or has in another JSON shape, are signs; a resource
    that looks alike in all versions has none.
    """
    profiles, types, elements = _rules()
    kind = tree.get("resourceType")
    if not isinstance(kind, str):
        return None
    if kind in types:
        return types[kind], kind
    for element, shape, version in elements.get(kind, ()):
        if element in tree and (shape is None or isinstance(tree[element], shape)):
            return version, f"{kind}.{element}"
    meta = tree.get("meta")
    declared = meta.get("profile") if isinstance(meta, dict) else None
    for profile in declared if isinstance(declared, list) else ():
        for prefix, version in profiles.items():
            if isinstance(profile, str) and profile.startswith(prefix):
                return version, f"{kind}.meta.profile"
    return None


def is_foreign(kind: str, members: Mapping[str, msgspec.Raw]) -> bool:
    """Whether ``foreign`` has an answer, of a resource whose members are the JSON they were written in.

    Raises:
        ValueError: its meta is not JSON.
    """
    signs, shapes = _signs(kind)
    if not signs.isdisjoint(members):
        return True
    for element, first in shapes:
        if element in members and bytes(members[element])[:1] == first:
            return True
    meta = bytes(members["meta"]) if "meta" in members else b""
    if b".0" not in meta:  # every profile of the rules is in a folder named for its version
        return False
    return foreign({"resourceType": kind, "meta": orjson.loads(meta)}) is not None


@cache
def _signs(kind: str) -> tuple[frozenset[str], tuple[tuple[str, bytes], ...]]:
    """Elements of a type that give another version away, and those that do by what their JSON begins with."""
    rules = [(element, _OPENS.get(shape)) for element, shape, _ in _rules()[2].get(kind, ())]
    return frozenset(e for e, first in rules if first is None), tuple((e, first) for e, first in rules if first)


def order(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """By what ``current`` ranks the versions of one resource, lowest first, for a few rows of ``bronze.resources``."""
    deleted, at, number = bool(row["deleted"]), row["last_updated"], _number(row["version_id"])
    return deleted and at is None, (at is not None, at), (number is not None, number), deleted, row["row_hash"]


def _number(version_id: str | None) -> int | None:
    """``try_cast(version_id AS DECIMAL(38, 0))``."""
    try:
        number = Decimal((version_id or "").replace("_", "x"))
        whole = int(number.to_integral_value(ROUND_HALF_UP)) if number.adjusted() < 38 else None
    except (ArithmeticError, ValueError):
        return None
    return None if whole is None or abs(whole) >= 10**38 else whole


def current(df: DataFrame) -> DataFrame:
    """The current version of each resource, tombstones among them.

    A tombstone without a time stands above all: nothing says that the resource was made again after it. Then the latest
    by ``last_updated`` (none counts as the oldest), then by ``version_id`` read as a number (none, or no number, counts
    as the lowest), then a tombstone before a resource, then by ``row_hash``. The rule is a total order over the rows of
    one resource, so it does not depend on partitioning or order of arrival.

    Args:
        df: rows with the columns of ``bronze.resources``.

    Returns:
        One row for each (resource_type, resource_id), same columns; filter on ``NOT deleted`` for what exists.
    """
    from pyspark.sql import Window
    from pyspark.sql import functions as f

    newest = Window.partitionBy("resource_type", "resource_id").orderBy(
        f.expr("coalesce(deleted, false) AND last_updated IS NULL").desc(),
        f.col("last_updated").desc_nulls_last(),
        f.expr("try_cast(version_id AS DECIMAL(38, 0))").desc_nulls_last(),
        f.coalesce("deleted", f.lit(False)).desc(),
        f.col("row_hash").desc(),
    )
    return df.withColumn("__rank", f.row_number().over(newest)).where("__rank = 1").drop("__rank")
