"""Fixtures shared by all tests: one Spark session a process, a fresh lake a test, the corpora where they are."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from chartline import keys
from chartline.local_airflow import SHORT_LIVED
from chartline.settings import Settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

ROOT = Path(__file__).resolve().parents[1]
SERIAL = "-XX:+UseSerialGC -Xmn400m -XX:MetaspaceSize=300m"
"""One thread collects, and seldom: two processes share two cores."""
os.environ["JAVA_TOOL_OPTIONS"] = f"{SHORT_LIVED} {SERIAL}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs Spark, and put the files that take minutes first, so that no process waits for another's last.

    A test that asks for a session or for a finished lake needs Spark; ``make unit`` leaves it out.
    """
    first: dict[Path, int] = {}
    for item in items:
        if {"spark", "finished"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("spark")
        whole_runs = {"docs", "end_to_end"} & set(item.path.relative_to(ROOT).parts)
        rank = 0 if item.get_closest_marker("live") else 1 if whole_runs or item.get_closest_marker("spark") else 2
        first[item.path] = min(rank, first.get(item.path, rank))
    items.sort(key=lambda item: first[item.path])


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """The one Spark session of this process; the runs of the command line and of Airflow compile their plans."""
    from chartline.lake.spark import little_data, session

    with pytest.MonkeyPatch.context() as patched:
        # Unlike a command, this process works for minutes: the optimizing compiler pays for itself.
        patched.setenv("JAVA_TOOL_OPTIONS", f"-XX:ReservedCodeCacheSize=240m {SERIAL}")
        started = session(Settings(lake=tmp_path_factory.mktemp("spark"), master="local[2]"), shuffle_partitions=2)
    with little_data(started):
        yield started
    started.stop()


@pytest.fixture(scope="session")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The key of all tests, always the same: one that is drawn may move a date by chance to where a test looks."""
    path = tmp_path_factory.mktemp("key") / "project.key"
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(keys.secrets, "token_bytes", lambda size: hashlib.sha256(b"tests").digest()[:size])
        keys.create(path)
    return path


@pytest.fixture
def lake(tmp_path: Path, key_file: Path) -> Settings:
    """Settings over an empty lake."""
    return Settings(lake=tmp_path / "lake", project="test", key=key_file)


@pytest.fixture(scope="session")
def corpora() -> Path:
    """Folder of third-party sample data; the test is skipped where it is absent."""
    folder = Path(os.environ.get("CHARTLINE_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("third-party sample data is not here (set CHARTLINE_DATA)")
    return folder


def chartline(*argv: str | Path, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Call the command line in a process of its own."""
    command = [sys.executable, "-m", "chartline.cli", *map(str, argv)]
    return subprocess.run(command, input=stdin, capture_output=True, check=False, timeout=600)


@pytest.fixture(scope="session")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a synthetic hospital's bundles: three patients, always the same."""
    folder = tmp_path_factory.mktemp("hospital")
    command = [
        str(Path(sys.executable).with_name("synthea")),
        "-p",
        "3",
        "-s",
        "11",
        "-r",
        "20260101",
        "-o",
        str(folder),
    ]
    subprocess.run(command, check=True, capture_output=True)
    return folder / "fhir"


@dataclass(frozen=True)
class Finished:
    """A lake that went from landing to a release candidate, and what the command printed."""

    settings: Settings
    source: Path
    answer: dict[str, Any]


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory, hospital: Path, key_file: Path) -> Finished:
    """One ``chartline run`` over the synthetic hospital, shared by the tests that only read it, in all processes."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "finished"
    folder.mkdir(exist_ok=True)
    lake, answer = folder / "lake", folder / "answer.json"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not answer.exists():
            options = ("--lake", lake, "--policy", "expert_determination", "--key", key_file, "--json")
            done = chartline("run", hospital, *options)
            assert done.returncode == 0, done.stderr.decode()[-3000:]
            answer.write_bytes(done.stdout)
    return Finished(Settings(lake=lake, key=key_file), hospital, json.loads(answer.read_bytes()))
