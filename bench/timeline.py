"""Gold from silver: events a second of a full build, and what one late record costs, at one and at ten times the size.

Silver is made of the generated patients of the sample data, copied under other pseudonyms until there are enough events.
"""

import hashlib
import json
import re
import tarfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from bench.notes import commit
from chartline import keys
from chartline.lake import spark as lake
from chartline.lake import tables
from chartline.settings import Settings
from chartline.timeline import timeline

SIZES = (100_000, 1_000_000)
_EVENTS_A_BATCH = 50_000
_HOLE = "@@@@@@@@"  # takes the copy's own eight digits of a pseudonym
_NOBODYS = {"Organization", "Practitioner", "PractitionerRole", "Location", "Medication"}
_SCHEMA = pa.schema(
    [
        ("resource_type", pa.string()),
        ("resource_id", pa.string()),
        ("subject_id", pa.int64()),
        ("json", pa.string()),
        ("offsets", pa.map_(pa.string(), pa.float64())),
        ("policy_hash", pa.string()),
        ("key_id", pa.string()),
        ("source", pa.string()),
        ("run_id", pa.string()),
        ("row_hash", pa.int64()),
    ]
)


def patients(archive: Path) -> list[list[tuple[str, str, str]]]:
    """Type, pseudonym and text of each resource of each bundle, with a hole where a copy's digits go."""
    found = []
    with tarfile.open(archive) as tar:
        for member in (m for m in tar if m.name.endswith(".json")):
            handle = tar.extractfile(member)
            entries = orjson.loads(handle.read()).get("entry", []) if handle else []
            if entries and any(e["resource"]["resourceType"] == "Patient" for e in entries):
                found.append(_templates(entries))
    return found


def _templates(entries: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    names = {}
    for e in entries:
        r = e["resource"]
        code = _HOLE + hashlib.sha256(str(r["id"]).encode()).hexdigest()[:24]
        names[e["fullUrl"]] = names[f"{r['resourceType']}/{r['id']}"] = (r["resourceType"], code)
    pattern = re.compile(r'"reference":"([^"]+)"')

    def pointed(match: re.Match[str]) -> str:
        named = names.get(match[1])
        return f'"reference":"{named[0]}/{named[1]}"' if named else match[0]

    rows = []
    for e in entries:
        r = {k: v for k, v in e["resource"].items() if k not in ("text", "contained")}
        rows.append((r["resourceType"], names[e["fullUrl"]][1], pattern.sub(pointed, orjson.dumps(r).decode())))
    return rows


def batches(templates: list[list[tuple[str, str, str]]], events: int, key_id: str) -> Iterator[pa.Table]:
    """Rows of silver for about so many events (a resource gives about one)."""
    made, copy, rows = 0, 0, []
    while made < events:
        digits = hashlib.sha256(str(copy).encode()).hexdigest()[:8]
        bundle = templates[copy % len(templates)]
        owner = next(code for kind, code, _ in bundle if kind == "Patient").replace(_HOLE, digits)
        subject = int(owner[:16], 16) >> 1
        for kind, code, text in bundle:
            rid = code.replace(_HOLE, digits)
            own = None if kind in _NOBODYS else subject
            told = (None, "0" * 64, key_id, "files", "r", int(rid[:15], 16))
            rows.append((kind, rid, own, text.replace(_HOLE, digits), *told))
        made, copy = made + len(bundle), copy + 1
        if len(rows) > _EVENTS_A_BATCH or made >= events:
            yield pa.table(
                [pa.array(c, t) for c, t in zip(zip(*rows, strict=True), _SCHEMA.types, strict=True)], _SCHEMA
            )
            rows = []


class Memory:
    """Peak of the resident memory of this process and all it started, in GiB."""

    def __init__(self) -> None:
        self.peak = 0.0
        self._on = True
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Memory":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._on = False
        self._thread.join()

    def _watch(self) -> None:
        while self._on:
            self.peak = max(self.peak, _resident() / 2**30)
            time.sleep(0.5)


def _resident() -> int:
    parents, sizes = {}, {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
            parents[int(stat.parent.name)] = int(fields[1])
            sizes[int(stat.parent.name)] = _proportional(stat.parent)
        except (OSError, ValueError):
            continue
    ours, todo = set(), [int(Path("/proc/self").resolve().name)]
    while todo:
        pid = todo.pop()
        ours.add(pid)
        todo += [p for p, parent in parents.items() if parent == pid and p not in ours]
    return sum(sizes.get(p, 0) for p in ours)


def _proportional(process: Path) -> int:
    """Resident bytes with shared pages divided among their users, for workers are forks of one another."""
    try:
        found = re.search(r"^Pss:\s+(\d+) kB", (process / "smaps_rollup").read_text(), re.MULTILINE)
    except OSError:
        return 0
    return int(found[1]) * 1024 if found else 0


def measure(spark: Any, templates: list[list[tuple[str, str, str]]], size: int, scratch: Path) -> dict[str, Any]:
    """Seconds of a full build and of the build after one late record, in a lake of so many events."""
    settings = Settings(lake=scratch / f"lake{size}", project="bench", key=scratch / "timeline.key")
    source = scratch / f"silver{size}"
    source.mkdir()
    for i, table in enumerate(batches(templates, size, keys.load(settings.key).id)):
        pq.write_table(table, source / f"{i}.parquet")
    rows = spark.read.parquet(str(source)).selectExpr("*", f"{lake.BUCKET} AS bucket")
    tables.ensure(settings, "silver.notes")
    by = ["resource_type", "resource_id", "subject_id", "row_hash"]
    lake.refresh(rows, settings, "silver.resources", by)
    with Memory() as memory:
        full, events = _timed(spark, settings, "full")
        first = rows.where("resource_type = 'Observation'").orderBy("resource_id").limit(1)
        late = first.withColumn("resource_id", _late("resource_id")).withColumn("json", _late("json"))
        lake.refresh(rows.unionByName(late.selectExpr(*rows.columns)), settings, "silver.resources", by)
        one, after = _timed(spark, settings, "late")
    return {
        "events": events,
        "full_seconds": round(full, 1),
        "events_per_second": round(events / full),
        "late_seconds": round(one, 1),
        "late_events": after - events,
        "peak_gib": round(memory.peak, 2),
    }


def _late(column: str) -> Any:
    from pyspark.sql import functions as f

    return f.concat(f.lit("f"), f.substring(column, 2, 1 << 20)) if column == "resource_id" else f.col(column)


def _timed(spark: Any, settings: Settings, run: str) -> tuple[float, int]:
    began = time.monotonic()
    timeline.timeline(spark, settings, run_id=run)
    seconds = time.monotonic() - began
    return seconds, lake.read(spark, settings, "gold.events").count()


def run(data: Path, results: Path, scratch: Path) -> None:
    """Measure at each size and write ``timeline.json``, ``timeline.md`` and ``timeline.svg``."""
    keys.create(scratch / "timeline.key")
    spark = lake.session(Settings(lake=scratch / "session", key=scratch / "timeline.key"))
    templates = patients(next((data / "synthea_py_generated").glob("*.tar.xz")))
    measure(spark, templates[:2], 2000, scratch)  # the first build of a process pays for loading code
    rows = [measure(spark, templates, size, scratch) for size in SIZES]
    body = {"commit": commit(), "cores": 2, "rows": rows}
    print(body)
    (results / "timeline.json").write_text(json.dumps(body, indent=2) + "\n")
    (results / "timeline.md").write_text(table(rows))
    (results / "timeline.svg").write_text(svg(rows))


def table(rows: list[dict[str, Any]]) -> str:
    """The measurements for people."""
    lines = [
        "# Gold from silver, two cores",
        "",
        "| events | full build, s | events a second | one late record, s | peak memory, GiB |",
        "|---|---|---|---|---|",
        *(
            f"| {r['events']:,} | {r['full_seconds']} | {r['events_per_second']:,} | {r['late_seconds']} "
            f"| {r['peak_gib']} |"
            for r in rows
        ),
        "",
        "The whole stage is in it: reading silver, mapping, joining, the gate, writing all tables. Memory is of the "
        "process, its JVM and its workers together.",
        "",
        "![](timeline.svg)",
        "",
    ]
    return "\n".join(lines)


def svg(rows: list[dict[str, Any]]) -> str:
    """Bars: seconds of a full build and of one late record at each size."""
    most = max(r["full_seconds"] for r in rows)
    out = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 210" font-family="sans-serif" font-size="13">']
    out.append('<text x="20" y="24" font-size="15">Seconds to bring gold up to date, two cores</text>')
    y = 44
    for r in rows:
        for name, colour in (("full_seconds", "#9aa5b1"), ("late_seconds", "#1f7a8c")):
            label = f"{r['events']:,} events, {'all built' if name == 'full_seconds' else 'one late record'}"
            width = max(2.0, 320 * r[name] / most)
            out.append(f'<text x="20" y="{y + 14}">{label}</text>')
            out.append(f'<rect x="240" y="{y}" width="{width:.0f}" height="20" fill="{colour}"/>')
            out.append(f'<text x="{248 + width:.0f}" y="{y + 15}">{r[name]} s</text>')
            y += 30
        y += 14
    return "".join([*out, "</svg>\n"])
