"""The process that Python workers come from."""

import os
import sys
from pathlib import Path

import pyarrow as pa
import pytest

pytestmark = pytest.mark.spark


def _path(batches):
    import pyspark

    for _ in batches:
        found = (pyspark.__file__, *sys.path, *sys.path_importer_cache)
        yield pa.RecordBatch.from_pylist([{"at": path} for path in found])


def test_a_worker_has_no_archive_of_spark_on_its_path_and_pyspark_from_the_environment(spark):
    import pyspark

    first, *path = [row["at"] for row in spark.range(1).mapInArrow(_path, "at string").collect()]
    assert first == pyspark.__file__
    assert not [at for at in path if "pyspark.zip" in at or "-src.zip" in at or ".jar" in at]


def _ears(batches):
    silence = Path(os.devnull).stat().st_rdev
    for _ in batches:
        yield pa.RecordBatch.from_pylist([{"heard": os.fstat(number).st_rdev != silence} for number in (1, 2)])


def test_what_is_printed_in_a_worker_is_not_heard(spark):
    assert [row["heard"] for row in spark.range(1).mapInArrow(_ears, "heard boolean").collect()] == [False, False]
