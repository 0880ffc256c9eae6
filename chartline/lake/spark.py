"""The Spark session of the jobs, and Delta reads and writes of frames too large for one process."""

from __future__ import annotations

import functools
import json
import os
import re
import sys
import traceback
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from chartline.errors import ChartlineError, DataError, GateFailed, MachineError, UsageError
from chartline.lake import jars, scratch, tables
from chartline.settings import Settings, java_options

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    Batches = Iterator[pa.RecordBatch]


BUCKETS = 64
NOBODY = -1
"""Bucket, and in digests the subject, of what belongs to no patient."""
BUCKET = f"CAST(coalesce(subject_id % {BUCKETS}, {NOBODY}) AS INT)"
"""The bucket of a row, in SQL: of its patient's pseudonym, which tells nothing.

A table partitioned by it is rewritten only where patients changed (decision 16).
"""


def session(settings: Settings, *, shuffle_partitions: int = 4) -> SparkSession:
    """The session of this process, made on the first call: Delta, UTC, no UI, no console noise.

    Spill and scratch files may hold PHI, so they lie in the restricted zone, in a folder of this process. Under
    ``spark-submit`` the master and memory of the submission win.
    """
    from pyspark.logger import PySparkLogger
    from pyspark.sql import SparkSession

    for name in ("SQLQueryContextLogger", "DataFrameQueryContextLogger"):
        PySparkLogger.getLogger(name).disabled = True  # they print messages of exceptions, which hold values
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    os.environ.setdefault("PYSPARK_DRIVER_PYTHON", sys.executable)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    root = scratch.root(settings)
    own = root if SparkSession.getActiveSession() else scratch.of_process(root)
    options = {
        "spark.jars": ",".join(str(j) for j in jars.local()),
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.sql.session.timeZone": "UTC",
        # Java compiles no method longer than so many bytes: a stage of wide rows goes operator by operator instead.
        "spark.sql.codegen.hugeMethodLimit": "8000",
        "spark.sql.shuffle.partitions": str(shuffle_partitions),
        "spark.sql.sources.parallelPartitionDiscovery.parallelism": "4",
        "spark.databricks.delta.snapshotPartitions": "1",
        "spark.sql.execution.arrow.maxRecordsPerBatch": "1000",
        # Rows that are kept may hold whole resources: 10,000 of them at a time, Spark's choice, fill the memory.
        "spark.sql.inMemoryColumnarStorage.batchSize": "500",
        "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
        # INT96, Spark's choice, is read as nanoseconds elsewhere: they end in 2262, and a date of 2999 stops readers.
        "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
        "spark.sql.warehouse.dir": str(root / "warehouse"),
        "spark.local.dir": str(own),
        "spark.io.encryption.enabled": "true",
        "spark.ui.enabled": "false",
        "spark.eventLog.enabled": "false",  # a site may keep plans, and plans hold values
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.memory": "1500m",
        "spark.driver.extraJavaOptions": f"{java_options(root)} {_collector()}",
        "spark.python.worker.reuse": "true",
        "spark.python.daemon.module": "chartline.lake.daemon",
    }
    builder = SparkSession.builder.appName("chartline")
    if "SPARK_ENV_LOADED" not in os.environ:
        builder = (
            builder.master(settings.master)
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.driver.bindAddress", "127.0.0.1")
        )
    for name, value in options.items():
        builder = builder.config(name, value)
    started = builder.getOrCreate()
    for left in scratch.contents(own) if own is not root else ():
        started._jvm.java.io.File(str(left)).deleteOnExit()  # what is last is deleted first
    return started


def _collector() -> str:
    """Java's collector that costs least in all; none where the environment names one, for Java takes no second."""
    told = " ".join(os.environ.get(name, "") for name in ("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS"))
    return "" if re.search(r"-XX:\+Use\w+GC\b", told) else "-XX:+UseParallelGC"


def read(spark: SparkSession, settings: Settings, name: str, version: int | None = None) -> DataFrame:
    """A table as a frame, at a version or as it is; made empty first when it is not there."""
    at = tables.ensure(settings, name)
    reader = spark.read.format("delta")
    return (reader if version is None else reader.option("versionAsOf", version)).load(str(at))


def write(
    df: DataFrame,
    settings: Settings,
    name: str,
    mode: str,
    metadata: Mapping[str, str] | None = None,
    buckets: Collection[int] | None = None,
) -> int:
    """Append to a table or overwrite it, in one Delta commit; return the new version.

    Args:
        df: a frame that has the table's columns; they are put in order and cast.
        mode: ``append`` or ``overwrite``.
        metadata: ids and hashes to keep in the commit, never a value.
        buckets: with ``overwrite``, the buckets to overwrite; the others stay as they are.
    """
    at = tables.ensure(settings, name)
    table = tables.schema(name)
    if buckets is not None and not buckets:
        return tables.version(settings, name) or 0
    ordered = df.selectExpr(*(f"CAST(`{c.name}` AS {c.type}) AS `{c.name}`" for c in table.columns))
    if table.partition:
        ordered = ordered.repartition(*table.partition).sortWithinPartitions(*table.partition, *table.order)
    # A lake of an earlier version has the columns of its time: new ones are added with what is written.
    writer = ordered.write.format("delta").mode(mode).option("mergeSchema", "true")
    if buckets is not None:
        writer = writer.option("replaceWhere", f"bucket IN ({', '.join(str(int(b)) for b in sorted(buckets))})")
    if metadata:
        writer = writer.option("userMetadata", json.dumps(dict(metadata), sort_keys=True))
    writer.save(str(at))
    version = tables.version(settings, name)
    if version is None:
        raise MachineError("CL3012", f"table {name} is gone after it was written.", "Check the lake's storage.")
    return version


def refresh(
    df: DataFrame, settings: Settings, name: str, by: Sequence[str], metadata: Mapping[str, str] | None = None
) -> int:
    """Make a table of buckets hold exactly these rows, rewriting only the buckets whose rows differ; its version.

    Args:
        df: all rows, with the table's columns.
        by: columns that tell two rows apart, a hash of the wide ones among them.
        metadata: ids and hashes to keep in the commit, never a value.
    """
    from pyspark.sql import functions as f

    def digests(rows: DataFrame, label: str) -> DataFrame:
        each = rows.select("bucket", f.xxhash64(*by).alias("h"))
        return each.groupBy("bucket").agg(f.struct(f.count("*"), f.bit_xor("h")).alias(label))

    version = tables.version(settings, name)
    held = read(df.sparkSession, settings, name, version)
    both = digests(df, "new").join(digests(held, "old"), "bucket", "full").where("NOT (new <=> old)")
    buckets = {r["bucket"] for r in both.select("bucket").collect()}
    if not buckets:
        return version or 0
    return write(in_buckets(df, buckets), settings, name, "overwrite", metadata, buckets)


def in_buckets(frame: DataFrame, buckets: Collection[int] | None) -> DataFrame:
    """The rows that lie in these buckets; all for None."""
    from pyspark.sql import functions as f

    return frame if buckets is None else frame.where(f.col("bucket").isin(*buckets))


_LITTLE = {
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.shuffle.partitions": "1",
}


@contextmanager
def little_data(spark: SparkSession) -> Iterator[None]:
    """Within it plans are interpreted, not compiled, and made once, and rows that meet meet in one task.

    Of a few thousand rows plans and tasks are most of the cost.
    A late record in a lake of 3,000 events took 31 s of processor time with compiled plans, 21 s without.
    """
    before = {name: spark.conf.get(name, None) for name in _LITTLE}
    try:
        for name, value in _LITTLE.items():
            spark.conf.set(name, value)
        yield
    finally:
        for name, held in before.items():
            spark.conf.unset(name) if held is None else spark.conf.set(name, held)


def at_work(spark: SparkSession) -> str:
    """How far Spark is with what it is at, for people who wait; empty between two steps."""
    tracker = spark.sparkContext.statusTracker()
    under_way = [found for i in tracker.getActiveStageIds() if (found := tracker.getStageInfo(i))]
    done, tasks = (sum(getattr(of, name) for of in under_way) for name in ("numCompletedTasks", "numTasks"))
    return f"at work, {done:,} of {tasks:,} tasks of this step are done" if tasks else ""


def together(*works: Callable[[], Any]) -> list[Any]:
    """Run actions that do not need one another side by side; what they return, in their order.

    Spark plans an action in one thread: of little data that is most of the time, and the other cores wait.
    """
    with ThreadPoolExecutor(len(works)) as pool:
        return [done.result() for done in [pool.submit(work) for work in works]]


def guarded(work: Callable[..., Batches]) -> Callable[..., Batches]:
    """Wrap a function that runs in Python workers so that no exception carries a value of the data.

    A ChartlineError passes; anything else becomes MachineError CL3013 with the exception's class and the
    place in our code, because Spark prints the exceptions of its workers into its logs.
    """

    @functools.wraps(work)
    def run(*args: Any, **kwargs: Any) -> Batches:
        try:
            yield from work(*args, **kwargs)
        except ChartlineError:
            raise
        except Exception as cause:
            raise MachineError("CL3013", f"a worker failed with {type(cause).__name__}{_place(cause)}.") from None

    return run


_OURS = re.compile(r"(DataError|GateFailed|UsageError|MachineError): (CL\d{4}): ([^\n]*)")
_MACHINE = re.compile(
    r"No space left on device|Disk quota exceeded|File too large|Permission denied|Read-only file system"
    r"|Py4JNetworkError|OutOfMemoryError|ChecksumException|FileNotFoundException|AccessDeniedException"
    r"|Python worker exited unexpectedly"
)
_CLASSES = {c.__name__: c for c in (DataError, GateFailed, UsageError, MachineError)}


def translated(cause: Exception) -> ChartlineError:
    """The typed error behind an exception; the text of one that is not ours is not passed on, for it may hold values.

    A ChartlineError raised in a worker comes back inside Spark's exception and is found by its number, and what of the
    machine stopped Java by one of a few words.
    """
    if isinstance(cause, ChartlineError):
        return cause
    ours = _OURS.search(str(cause))
    if ours:
        return _CLASSES[ours[1]](ours[2], ours[3])
    stopped = _MACHINE.search(f"{type(cause).__name__} {cause}")
    if stopped or isinstance(cause, (MemoryError, OSError, EOFError)):
        what = stopped[0] if stopped else type(cause).__name__
        return MachineError("CL3014", f"the machine failed with {what}.", "Check disk, memory and rights.")
    told = f"unexpected {type(cause).__name__}{_place(cause)}."
    return MachineError("CL3000", told, "Please report this number and place.")


_PACKAGE = Path(__file__).resolve().parents[1]


def _place(cause: Exception) -> str:
    """The last place in our code that an exception came through; nothing for one that came through none."""
    frames = [f for f in traceback.extract_tb(cause.__traceback__) if _PACKAGE in Path(f.filename).resolve().parents]
    return f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
