"""Structured data: ``chartline deid fhir`` and the policy's walk beside plain parsing and writing of the same lines.

One core, one run: CPU time of this process. The walk is parsing, policy, validation and writing of each resource, with
the text engine's memory filled; the command is all of it, with what it costs to start, to learn who is who and to read
each label once.
"""

import gc
import json
import re
import shutil
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import orjson

from bench import unpack
from bench.notes import commit
from chartline import keys
from chartline.deid import dates, fhir_files, policy, pseudonyms, walker
from chartline.deid.context import Cohort, PatientContext
from chartline.deid.outcome import outcome
from chartline.deid.phrases import Phrases
from chartline.deid.text import build
from chartline.deid.walk import Walk
from chartline.fhir.known import Known

_URN = re.compile(r"urn:uuid:[0-9a-f-]{36}")
POLICY = "expert_determination"
BUNDLES = ("shared_org_practitioner.tar.xz", "dev_359_patients.tar.xz")


def seconds(work: Callable[[], Any]) -> float:
    """CPU seconds of this process."""
    began = time.process_time()
    work()
    return time.process_time() - began


def unpacked(data: Path, to: Path) -> list[Path]:
    """The bundles as files, first the shared one, which the others refer to."""
    for name in BUNDLES:
        unpack(data / "synthea_r4_bundles" / name, to / name.partition(".")[0])
    folders = (to / name.partition(".")[0] for name in BUNDLES)
    return [path for folder in folders for path in sorted(folder.rglob("*.json"))]


def resources(bundle: Path) -> list[dict[str, Any]]:
    """The resources of a bundle."""
    return [entry["resource"] for entry in orjson.loads(bundle.read_bytes())["entry"]]


def as_lines(bundles: Iterable[Path], to: Path) -> list[Path]:
    """The same resources as a Bulk Data export has them: a file of lines a type, references resolved."""
    kinds: dict[str, list[bytes]] = defaultdict(list)
    for bundle in bundles:
        entries = orjson.loads(bundle.read_bytes())["entry"]
        names = {e["fullUrl"]: f"{e['resource']['resourceType']}/{e['resource']['id']}" for e in entries}
        for entry in entries:
            line = orjson.dumps(entry["resource"]).decode()
            line = _URN.sub(lambda urn, names=names: names.get(urn[0], urn[0]), line)  # type: ignore[misc]
            kinds[entry["resource"]["resourceType"]].append(line.encode())
    to.mkdir()
    for kind, lines in kinds.items():
        (to / f"{kind}.ndjson").write_bytes(b"\n".join(lines) + b"\n")
    return sorted(to.iterdir())


def plain(lines: list[bytes]) -> float:
    """Seconds to parse and write the lines, the best of three."""
    return min(seconds(lambda: [orjson.dumps(orjson.loads(line)) for line in lines]) for _ in range(3))


def walked(bundles: list[Path], key: keys.Key) -> dict[str, float]:
    """The walk over each patient's resources, each with a name and an offset of its own."""
    rules = policy.load(POLICY)
    engine = Phrases(build(rules, key, "bench", Cohort()))
    code = pseudonyms.keyed_code(key.derive("pseudonym", "bench"))
    compiled = walker.Deidentifier(rules, engine, lambda _: "urn:chartline:system:bench")
    links: dict[str, str] = {}
    work: list[tuple[Walk, list[tuple[bytes, str, str]]]] = []
    shift = key.derive("date-shift", "bench")
    for number, bundle in enumerate(bundles):
        known = (Known("NAME", f"Bramwick Oldenfell{number}"),)
        days = dates.offset_days(shift, str(number), *rules.shift)
        walk = Walk(PatientContext(str(number), known, offset_days=days), code, links)
        work.append((walk, [(orjson.dumps(r), r["resourceType"], r["id"]) for r in resources(bundle)]))

    def all_of_them() -> None:
        for given, items in work:
            for line, kind, name in items:
                state = Walk(given.patient, code, links)
                outcome(compiled, compiled.given(line, kind, name), state)

    lines = [line for _, items in work for line, *_ in items]
    all_of_them()
    gc.freeze()  # as the command and each worker do
    took, least = min(seconds(all_of_them) for _ in range(2)), plain(lines)
    return {"resources": len(lines), "seconds": took, "orjson_seconds": least}


def commanded(files: list[Path], lines: list[bytes], key: keys.Key, to: Path) -> dict[str, float]:
    """The whole command on files that hold these lines."""
    rules = policy.load(POLICY)

    def run(given: list[Path]) -> float:
        shutil.rmtree(to, ignore_errors=True)
        return seconds(lambda: fhir_files.run(given, to, policy=rules, key=key, project="bench"))

    start = run(files[:1])
    took, least = run(files), plain(lines)
    return {"resources": len(lines), "seconds": took, "start_seconds": start, "orjson_seconds": least}


def told(facts: dict[str, float]) -> dict[str, float]:
    """Resources a second, and how many times parsing and writing it takes."""
    each = facts["resources"] / facts["seconds"]
    return {**facts, "per_second": each, "ratio_to_orjson": facts["seconds"] / facts["orjson_seconds"]}


def table(body: dict[str, dict[str, float]]) -> str:
    """The results as Markdown."""
    rows = [
        "# Structured data\n",
        f"Commit {commit()}, one of two shared virtual cores, policy `{POLICY}`, CPU time. `orjson` is `loads` and",
        "`dumps` of the same resources, one compact line each, in the same run.\n",
        "| what | resources | a second | microseconds each | orjson, microseconds each | times orjson |",
        "|---|---|---|---|---|---|",
    ]
    for name, facts in body.items():
        each, least = (1e6 * facts[n] / facts["resources"] for n in ("seconds", "orjson_seconds"))
        rows.append(
            f"| {name} | {facts['resources']:,} | {facts['per_second']:,.0f} | {each:.1f} | {least:.1f}"
            f" | {facts['ratio_to_orjson']:.1f} |"
        )
    return "\n".join(rows) + "\n"


def run(data: Path, results: Path, scratch: Path) -> None:
    """Measure the walk, and the command on bundles as they were delivered and on lines, and write the table."""
    keys.create(scratch / "fhir.key")
    key = keys.load(scratch / "fhir.key")
    bundles = unpacked(data, scratch / "bundles")
    lines = [orjson.dumps(r) for bundle in bundles for r in resources(bundle)]
    files = as_lines(bundles, scratch / "lines")
    body = {
        "walk": told(walked(bundles[:60], key)),
        "`deid fhir`, bundles as delivered": told(commanded(bundles, lines, key, scratch / "out")),
        "`deid fhir`, lines": told(commanded(files, lines, key, scratch / "out")),
    }
    print(table(body))
    (results / "fhir.md").write_text(table(body), encoding="utf-8")
    (results / "fhir.json").write_text(json.dumps({"commit": commit(), **body}, indent=2) + "\n", encoding="utf-8")
