"""Which source delivered what, and when: told in the de-identified zone without naming the source or a day too fine.

A source is the server whose bulk export a manifest describes; files that came without a manifest are one source.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from chartline.ingest import manifests
from chartline.ingest.land import blob
from chartline.lake import tables
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
        server = manifests.server(blob(settings, manifest).read_bytes())
        names[manifest] = hmac.new(key, server.encode(), sha256).hexdigest()[:12] if server else FILES
    return [
        (r["digest"], names[r["manifest"]], r["transaction_time"] or r["landed_at"], _by(r["transaction_time"]))
        for r in rows
    ]


def _by(exported: datetime | None) -> str:
    return "landing" if exported is None else "manifest"


def latest(bronze: DataFrame, files: DataFrame, date: str) -> list[dict[str, Any]]:
    """Rows of ``silver.deliveries``: for each source and type the last delivery that held any.

    Args:
        bronze: rows of bronze.resources, all versions.
        files: what ``of_files`` tells, as source_file, source, delivered_at, known_by.
        date: what the policy does to a date; only where it is kept a day is told, else the year.
    """
    from pyspark.sql import functions as f

    form = "yyyy-MM-dd" if date == "keep" else "yyyy"
    last = f.max(f.struct("delivered_at", "known_by"))
    held = bronze.select("source_file", "resource_type").distinct().join(f.broadcast(files), "source_file")
    told = (
        held.groupBy("source", "resource_type")
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
