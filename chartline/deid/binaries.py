"""Documents that lie apart: a Binary that an attachment points to is read as if it were the attachment's own data.

Large record systems export a note as a DocumentReference whose ``content.attachment.url`` names a Binary
(hl7.org/fhir/R4/documentreference.html). A Binary has no patient of its own: it is treated as part of what points to
it, with that patient's known values and offset, and is not written by itself. One that is of two patients, by what
points to it and by its own securityContext, is nobody's and is set aside.
"""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any

import msgspec

from chartline.deid.policy import Policy, decisions

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

READ = "binary_in_its_document"
"""Why a Binary that a document points to is no row of its own."""
OF_TWO = "binary_of_two_patients"
"""Why a Binary is set aside, and withheld from what points to it."""

_GENERAL = "application/octet-stream"
_NO_TEXT = ("image/", "audio/", "video/")


class _Binary(msgspec.Struct):
    contentType: Any = None  # noqa: N815
    data: Any = None


_binary = msgspec.json.Decoder(_Binary)


def content(raw: bytes, told: str) -> tuple[Any, str]:
    """The data of a Binary, empty for none, and its content type.

    Args:
        raw: the Binary.
        told: content type that the attachment tells. It stands where the Binary tells none, or a general one, or the
            same without a charset.

    Raises:
        msgspec.MsgspecError: it is no JSON object.
    """
    body = _binary.decode(raw)
    own = body.contentType if isinstance(body.contentType, str) else ""
    kind, _, more = own.partition(";")
    of_one_kind = kind.strip().lower() in ("", _GENERAL, told.partition(";")[0].strip().lower())
    return "" if body.data is None else body.data, told if told and of_one_kind and not more.strip() else own


class Held:
    """Binaries of files that are read twice: kept packed, with whose they are, from the first reading to the second.

    Args:
        documents: the types whose attachments are read.
    """

    def __init__(self, documents: Collection[str] = ()) -> None:
        self._documents = documents
        self._packed: dict[str, bytes] = {}
        self._owners: dict[str, set[str | None]] = defaultdict(set)
        self._read: set[str] = set()

    def put(self, name: str, raw: bytes) -> None:
        """Keep ``Binary/id``; of pictures and sounds only what they are."""
        kind = _binary.decode(raw).contentType
        if isinstance(kind, str) and kind.lower().startswith(_NO_TEXT):
            raw = msgspec.json.encode({"contentType": kind})
        self._packed[name] = zlib.compress(raw, 1)

    def claim(self, names: Iterable[str], kind: str, owner: str | None) -> None:
        """Note that a resource of a type and a patient, or of nobody, points to Binaries or is named by them."""
        document = kind in self._documents
        for name in names:
            if document:
                self._read.add(name)
            if document or owner is not None:
                self._owners[name].add(owner)

    def get(self, name: str) -> bytes | None:
        """A Binary; empty for one of two patients, None for one that no document was seen to point to, or not here."""
        packed, fate = self._packed.get(name), self.fate(name)
        if packed is None or fate is None:
            return None
        return b"" if fate == OF_TWO else zlib.decompress(packed)

    def fate(self, name: str) -> str | None:
        """What becomes of the Binary itself: ``READ``, ``OF_TWO``, or None for one that no document points to."""
        if name not in self._read:
            return None
        return OF_TWO if len(self._owners[name]) > 1 else READ


def documents(policy: Policy) -> frozenset[str]:
    """Resource types with an attachment whose data passes."""
    effects = {path: (kind, policy.effect(d.action)) for path, kind, d in decisions(policy)}
    if effects["Attachment.data"][1] == "drop":
        return frozenset()
    types = (path.partition(".")[0] for path, made in effects.items() if made == ("Attachment", "keep"))
    return frozenset(types) & policy.resources.keys()


def attached(rows: DataFrame, current: DataFrame, kinds: Collection[str]) -> DataFrame:
    """The rows with the documents that lie apart, joined to what points to them.

    Args:
        rows: resources, among others with ``resource_type``, ``resource_id`` and ``raw``.
        current: the same resources with ``person_id`` and ``links``.
        kinds: the types whose attachments are read.

    Returns:
        The rows with ``binaries map<string,string>``, ``Binary/id`` to its JSON, empty for one of two patients, and
        ``fate``, for a Binary as ``Held.fate`` tells it. One that is read with its document has no ``raw``.
    """
    from pyspark.sql import functions as f

    held = current.where("resource_type = 'Binary'")
    if held.isEmpty():
        columns = f.lit(None).cast("map<string,string>").alias("binaries"), f.lit(None).cast("string").alias("fate")
        return rows.select("*", *columns)
    name = f.concat_ws("/", "resource_type", "resource_id").alias("name")
    named = current.select(name, "resource_type", "person_id", f.explode("links.target").alias("target"))
    document = f.col("resource_type").isin(sorted(kinds)).alias("document")
    pointing = named.where("startswith(target, 'Binary/')").select("name", "target", "person_id", document).distinct()
    there = current.select(name, "person_id").withColumnRenamed("name", "target")
    contexts = named.where("resource_type = 'Binary'").select("name", "target").join(there, "target", "left")
    fates = (
        pointing.selectExpr("target AS name", "document", "coalesce(person_id, IF(document, '', NULL)) AS owner")
        .unionByName(
            contexts.selectExpr(
                "name",
                "false AS document",
                "coalesce(person_id, IF(startswith(target, 'Patient/'), substring(target, 9), NULL)) AS owner",
            )
        )
        .groupBy("name")
        .agg(f.expr("bool_or(document) AS read"), f.expr("coalesce(min(owner) <> max(owner), false) AS of_two"))
        .where("read")
        .select("name", f.when(f.col("of_two"), OF_TWO).otherwise(READ).alias("fate"))
    )
    contents = held.select(name, "raw").join(fates, "name")
    contents = contents.selectExpr("name AS target", f"IF(fate = '{OF_TWO}', '', raw) AS content")
    maps = (
        pointing.where("document")
        .join(contents, "target")
        .groupBy("name")
        .agg(f.map_from_entries(f.collect_list(f.struct("target", "content"))).alias("binaries"))
    )
    fates = fates.where("startswith(name, 'Binary/')")
    joined = rows.select("*", name).join(maps, "name", "left").join(fates, "name", "left").drop("name")
    return joined.withColumn("raw", f.expr(f"IF(fate = '{READ}', NULL, raw)"))
