"""Structured data: the policy's walk beside plain parsing and writing of the same lines, one core, one run."""

import json
import tarfile
import time
from pathlib import Path
from typing import Any

import orjson

from bench.notes import commit
from chartline.deid import dates, keys, policy, walker
from chartline.deid.context import Cohort, PatientContext
from chartline.deid.phrases import Phrases
from chartline.deid.text import build

FILES = 8


def lines(archive: Path) -> list[bytes]:
    found: list[bytes] = []
    with tarfile.open(archive) as tar:
        members = [m for m in tar if m.isfile()][:FILES]
        for member in members:
            handle = tar.extractfile(member)
            if handle is not None:
                found += [orjson.dumps(e["resource"]) for e in orjson.loads(handle.read())["entry"]]
    return found


def seconds(work: Any, items: list[bytes]) -> float:
    began = time.process_time()
    for item in items:
        work(item)
    return time.process_time() - began


def run(data: Path, results: Path, scratch: Path) -> None:
    """Measure resources a second and core with notes left to the text engine's cache, and the ratio to orjson."""
    keys.create(scratch / "fhir.key")
    key, rules = keys.load(scratch / "fhir.key"), policy.load("expert_determination")
    engine = Phrases(build(rules, key, "bench", Cohort()))
    code = walker.keyed_code(key.derive("pseudonym", "bench"))
    compiled = walker.Deidentifier(rules, engine, lambda _: "urn:chartline:system:bench")
    offset = dates.offset_days(key.derive("date-shift", "bench"), "bench", *rules.shift)
    patient = PatientContext("bench", offset_days=offset)
    items = lines(data / "synthea_r4_bundles" / "dev_359_patients.tar.xz")

    def walk(item: bytes) -> None:
        made = compiled.resource(orjson.loads(item), walker.Walk(patient, code, {}))
        if made is not None:
            orjson.dumps(made.resource)

    seconds(walk, items[:2000])
    walked, plain = seconds(walk, items), seconds(lambda i: orjson.dumps(orjson.loads(i)), items)
    body = {
        "commit": commit(),
        "resources": len(items),
        "per_second": len(items) / walked,
        "ratio_to_orjson": walked / plain,
    }
    print(body)
    (results / "fhir.json").write_text(json.dumps(body, indent=2) + "\n")
