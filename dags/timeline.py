"""Silver becomes gold timelines.

Runs when the asset `silver` changes. Builds `gold.events`, `subjects`, `encounters` and `codes`, under the gate
*timeline*.

Emits the asset `gold`.

A red job says in its log what happened and what to do, behind a number: CL1 the data or a gate said no, CL2 the call
was wrong, CL3 the machine failed, which is tried again twice.
"""

from collections.abc import Iterator
from datetime import timedelta

from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator
from airflow.sdk import DAG, Asset, Metadata, task

from chartline.settings import load

settings = load()
gold = Asset("gold")

with DAG(
    "timeline",
    doc_md=__doc__,
    schedule=[Asset("silver")],
    catchup=False,
    max_active_runs=1,
    tags=["chartline", "deidentified"],
    default_args={"owner": "data-engineering", "retries": 2, "retry_delay": timedelta(seconds=30)},
):
    timeline = SparkSubmitOperator(task_id="timeline", **settings.submission("timeline"))

    @task(outlets=[gold])
    def announce(airflow_run: str) -> Iterator[Metadata]:
        """Tell the next DAG which version is ready."""
        yield Metadata(gold, settings.outcome(airflow_run, "timeline"))

    timeline >> announce("{{ run_id }}")
