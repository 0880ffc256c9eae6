"""Bronze becomes de-identified silver.

Runs when the asset `bronze` changes. Applies the project's policy to every resource and note, under the gates
*parsed* and *deidentified*: what fails them is never readable by the next stage.

Emits the asset `silver`.

A red job says in its log what happened and what to do, behind a number: CL1 the data or a gate said no, CL2 the call
was wrong, CL3 the machine failed, which is tried again twice.
"""

from collections.abc import Iterator
from datetime import timedelta

from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator
from airflow.sdk import DAG, Asset, Metadata, task

from chartline.settings import load

settings = load()
silver = Asset("silver")

with DAG(
    "deidentify",
    doc_md=__doc__,
    schedule=[Asset("bronze")],
    catchup=False,
    max_active_runs=1,
    tags=["chartline", "deidentified"],
    default_args={"owner": "data-engineering", "retries": 2, "retry_delay": timedelta(seconds=30)},
):
    deidentify = SparkSubmitOperator(task_id="deidentify", **settings.submission("deidentify"))

    @task(outlets=[silver])
    def announce(airflow_run: str) -> Iterator[Metadata]:
        """Tell the next DAG which version is ready."""
        yield Metadata(silver, settings.outcome(airflow_run, "deidentify"))

    deidentify >> announce("{{ run_id }}")
