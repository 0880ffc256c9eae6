"""The Delta jars: resolved once at set-up into the environment, then given to Spark as local files."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from chartline.errors import MachineError

COORDINATE = "io.delta:delta-spark_4.1_2.13:4.4.0"
FOLDER = Path(sys.prefix) / "share" / "chartline" / "jars"
# The rest of what the coordinate resolves to (Hadoop, Jackson, Parquet, ...) is in PySpark already.
_WANTED = ("io.delta_", "io.unitycatalog_", "org.locationtech.jts_")


def local() -> list[Path]:
    """The jars that a session needs.

    Raises:
        MachineError: CL3011 set-up has not fetched them.
    """
    jars = sorted(FOLDER.glob("*.jar"))
    if not jars:
        raise MachineError(
            "CL3011",
            "the Delta jars are not in this environment.",
            "Run 'make setup', or 'python -m chartline.lake.jars'.",
        )
    return jars


def fetch() -> list[Path]:
    """Resolve the jars from Maven Central with Spark's own resolver, unless they are there."""
    if not any(FOLDER.glob("*.jar")):
        from pyspark.sql import SparkSession

        resolved = FOLDER.parent / "ivy"
        SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").config(
            "spark.jars.packages", COORDINATE
        ).config("spark.jars.ivy", str(resolved)).getOrCreate().stop()
        FOLDER.mkdir(parents=True, exist_ok=True)
        for jar in (resolved / "jars").glob("*.jar"):
            if jar.name.startswith(_WANTED):
                shutil.copy2(jar, FOLDER / jar.name)
        shutil.rmtree(resolved)
    return local()


if __name__ == "__main__":
    fetch()
