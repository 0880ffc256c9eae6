"""The referee of privacy: no canary leaves the restricted zone, in any byte, whether all goes well or not."""

import gzip
import hashlib
import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from ahocorasick_rs import BytesAhoCorasick

from chartline import pipeline
from chartline.lake import tables
from chartline.settings import Settings
from tests.conftest import chartline
from tests.end_to_end import canaries


def surfaces(folder: Path):
    """Every file as bytes: names, raw bytes, and for Parquet every decoded value and the footer."""
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        yield path, str(path.relative_to(folder)).encode()
        data = path.read_bytes()
        yield path, data
        if path.suffix == ".gz":
            yield path, gzip.decompress(data)
        if path.suffix == ".parquet":
            file = pq.ParquetFile(path)
            yield path, str(file.metadata.metadata).encode() + str(file.schema_arrow.metadata).encode()
            for group in range(file.metadata.num_row_groups):
                for column in range(file.metadata.num_columns):
                    yield path, str(file.metadata.row_group(group).column(column).statistics).encode()
            yield path, json.dumps(file.read().to_pylist(), default=str).encode()


def leaks(folder: Path, words: list[str]) -> set[tuple[str, str]]:
    found = set()
    lowered = [word.encode().lower() for word in words]
    search = BytesAhoCorasick(lowered)
    for path, data in surfaces(folder):
        for number, _, _ in search.find_matches_as_indexes(data.lower(), overlapping=True):
            found.add((str(path.relative_to(folder)), lowered[number].decode()))
    return found


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("canaries")
    resources, tokens = canaries.resources()
    (folder / "all.ndjson").write_text("".join(json.dumps(r) + "\n" for r in resources))
    return folder, tokens, len(resources)


def bad_lines() -> list[str]:
    """Lines full of identifying values that are no resources or may not pass."""
    person = json.dumps(canaries.patient())
    return [
        person[:-30],
        person.replace('"1961-04-09"', '"1961-02-30"'),
        person.replace('"gender": "female"', f'"gender": "{canaries.SENTENCE}"'),
        person.replace('"Patient"', '"Pateint"'),
        json.dumps(
            {**canaries.patient(), "modifierExtension": [{"url": "http://x", "valueString": canaries.SENTENCE}]}
        ),
        canaries.SENTENCE,
    ]


def test_no_canary_leaves_the_restricted_zone_or_is_printed(planted, tmp_path, key_file):
    """Bad lines are set aside, the run goes on, and nothing of them or of the others is printed."""
    folder, tokens, total = planted
    bad = bad_lines()
    source = tmp_path / "source"
    shutil.copytree(folder, source)
    (source / "Patient.ndjson").write_text("\n".join(bad))
    lake = tmp_path / "lake"
    done = chartline("run", source, "--lake", lake, "--policy", "expert_determination", "--key", key_file, "--json")
    answer = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    words = [*canaries.KNOWN, canaries.PATIENT_ID, "Pateint", *tokens.tokens.values()]
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "stdout").write_bytes(done.stdout)
    (tmp_path / "logs" / "stderr").write_bytes(done.stderr)
    for zone in ("deidentified", "audit"):
        assert leaks(lake / zone, words) == set()
    assert leaks(tmp_path / "logs", words) == set()
    assert answer["counts"]["parse"]["in"] == total + len(bad)
    found = tables.read(Settings(lake=lake), "bronze.quarantine", columns=["source_file"])["source_file"].to_pylist()
    assert found.count(hashlib.sha256((source / "Patient.ndjson").read_bytes()).hexdigest()) == len(bad)
    assert answer["counts"]["deidentify"]["out"] > 40


@pytest.mark.spark
def test_no_canary_leaves_under_safe_harbor(planted, spark, lake):
    folder, tokens, _ = planted
    settings = lake.with_(policy="safe_harbor")
    results = list(pipeline.run(settings, [folder]))
    assert results[-1].extra["candidate"]
    words = [*canaries.KNOWN, canaries.PATIENT_ID, *tokens.tokens.values()]
    for zone in ("deidentified", "audit"):
        assert leaks(settings.zone(zone), words) == set()
    events = tables.read(settings, "gold.events")
    assert {t.month for t in events["time"].to_pylist() if t} <= {1, 12}, "only the year may show"


def test_the_referee_sees_a_canary_where_there_is_one(planted, tmp_path):
    folder, tokens, _ = planted
    word = next(iter(tokens.tokens.values()))
    assert leaks(folder, [word])
    (tmp_path / "x.gz").write_bytes(gzip.compress(word.encode()))
    assert leaks(tmp_path, [word])
