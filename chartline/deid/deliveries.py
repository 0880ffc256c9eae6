"""Which source delivered what, and when: told in the de-identified zone without naming the source or a day too fine.

A source is the server whose bulk export a manifest describes; files that came without a manifest are one source.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping
from datetime import datetime
from hashlib import sha256
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from chartline.files import manifests
from chartline.lake import quarantine, tables
from chartline.lake.landing import blob
from chartline.settings import Settings

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

FILES = "files"
"""The source of what came without a manifest."""
_TABLE = "silver.deliveries"


def of_files(settings: Settings, key: bytes) -> list[tuple[str, str, datetime, str]]:
    """Digest, source, time and what tells the time (``manifest`` or ``landing``) of each landed file.

    Args:
        settings: the project's settings.
        key: gives a source its name, which tells that it is the same and not which it is.
    """
    columns = ["digest", "manifest", "transaction_time", "landed_at"]
    rows = tables.read(settings, "landing.files", columns=columns).to_pylist()
    names: dict[str | None, str] = {None: FILES}
    for manifest in sorted({r["manifest"] for r in rows if r["manifest"]}):
        names[manifest] = _source(blob(settings, manifest).read_bytes(), key)
    return [
        (r["digest"], names[r["manifest"]], r["transaction_time"] or r["landed_at"], _by(r["transaction_time"]))
        for r in rows
    ]


def confirmed(settings: Settings, key: bytes) -> dict[tuple[str, str], datetime]:
    """Source and type to the time of the latest export whose manifest names files of the type that came.

    A file that is the same as one before is landed once, under the export that it came with first; the manifest of the
    later export tells that it is still what the source says.
    """
    rows = tables.read(settings, "landing.files", columns=["digest", "name", "format", "manifest"]).to_pylist()
    columns = ["stage", "source_file", "source_line"]
    aside = tables.read(settings, quarantine.TABLE, columns=columns).to_pylist()
    held = {(r["source_file"], r["source_line"]) for r in aside if r["stage"] == "land"}
    refused = {(r["manifest"], _stem(r["name"])) for r in rows if (r["digest"], None) in held}
    latest: dict[tuple[str, str], datetime] = {}
    for file in rows:
        if file["format"] != "manifest":
            continue
        body = blob(settings, file["digest"]).read_bytes()
        told, source = manifests.read(body), _source(body, key)
        for number, entry in enumerate(told.entries, start=1):
            came = (file["digest"], number) not in held and (file["digest"], _stem(entry.file)) not in refused
            if came and entry.type and entry.count != 0 and told.transaction_time:
                of = source, entry.type
                latest[of] = max(latest.get(of, told.transaction_time), told.transaction_time)
    return latest


def _stem(name: str) -> str:
    return PurePosixPath(name).name.removesuffix(".gz")


def _source(manifest: bytes, key: bytes) -> str:
    server = manifests.server(manifest)
    return hmac.new(key, server.encode(), sha256).hexdigest()[:12] if server else FILES


def _by(exported: datetime | None) -> str:
    return "landing" if exported is None else "manifest"


def latest(bronze: DataFrame, files: DataFrame, confirmations: DataFrame, date: str) -> list[dict[str, Any]]:
    """Rows of ``silver.deliveries``: for each source and type the last delivery that held any, the same again too.

    Args:
        bronze: rows of bronze.resources, all versions.
        files: what ``of_files`` tells, as source_file, source, delivered_at, known_by.
        confirmations: what ``confirmed`` tells, as source, resource_type, delivered_at; of what is not held it says
            nothing.
        date: what the policy does to a date; only where it is kept a day is told, else the year.
    """
    from pyspark.sql import functions as f

    form = "yyyy-MM-dd" if date == "keep" else "yyyy"
    last = f.max(f.struct("delivered_at", "known_by"))
    of = ["source", "resource_type"]
    held = bronze.select("source_file", "resource_type").distinct().join(f.broadcast(files), "source_file")
    again = confirmations.withColumn("known_by", f.lit("manifest")).join(held.select(*of).distinct(), of, "left_semi")
    told = (
        held.select(*of, "delivered_at", "known_by")
        .unionByName(again)
        .groupBy(*of)
        .agg(last.alias("last"))
        .select(
            "source",
            "resource_type",
            f.date_format("last.delivered_at", form).alias("delivered"),
            f.col("last.known_by").alias("known_by"),
        )
    )
    return [r.asDict() for r in told.orderBy("source", "resource_type").collect()]


def replace(settings: Settings, rows: Iterable[Mapping[str, Any]], run_id: str) -> int:
    """Make ``silver.deliveries`` hold these rows, unless it does; its version."""
    columns = [n for n in tables.schema(_TABLE).names if n != "run_id"]
    wanted = [{c: row[c] for c in columns} for row in rows]
    held = tables.read(settings, _TABLE, columns=columns).to_pylist()
    if sorted(held, key=lambda r: (r["source"], r["resource_type"])) == wanted:
        return tables.version(settings, _TABLE) or 0
    return tables.overwrite(settings, _TABLE, [{**row, "run_id": run_id} for row in wanted], {"run_id": run_id})
