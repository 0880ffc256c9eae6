"""Fixtures shared by all tests: one Spark session a process, a fresh lake a test, the corpora where they are."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chartline.deid import keys
from chartline.settings import Settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """The one Spark session of this process."""
    from chartline.lake.spark import session

    started = session(Settings(lake=tmp_path_factory.mktemp("spark"), master="local[2]"), shuffle_partitions=2)
    yield started
    started.stop()


@pytest.fixture(scope="session")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key made for this test run."""
    path = tmp_path_factory.mktemp("key") / "project.key"
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
