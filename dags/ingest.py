"""An extract becomes bronze.

Lands every file of `source` under its SHA-256, then parses what is new into `bronze.resources`; a record that
is not valid FHIR is set aside with a reason. Trigger it with the path of a file, a folder or an archive that
Airflow's workers can read, or with the address of a Bulk FHIR export; whoever may see Airflow sees that address, so
write it into a file `NAME.url` and give its path where it names a group that not everybody may know, or selects by
more than type and time. The same extract again changes nothing; the same server again is asked for what changed.
With the settings `source` and `schedule` it runs by itself.

Emits the asset `bronze`.

A red job says in its log what happened and what to do, behind a number: CL1 the data or a gate said no, CL2 the call
was wrong, CL3 the machine failed, which is tried again twice.
"""

from collections.abc import Iterator
from datetime import timedelta

from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator
from airflow.sdk import DAG, Asset, Metadata, Param, task

from chartline.settings import load

settings = load()
bronze = Asset("bronze")

with DAG(
    "ingest",
    doc_md=__doc__,
    schedule=settings.schedule or None,
    catchup=False,
    max_active_runs=1,
    tags=["chartline", "restricted"],
    default_args={"owner": "data-engineering", "retries": 2, "retry_delay": timedelta(seconds=30)},
    params={
        "source": Param(
            **({"default": settings.source} if settings.source else {}),
            description="Absolute path of a file, folder or archive, as Airflow's workers see it, or the https address "
            "of a Bulk FHIR export: it ends in $export, or in that and ?_type=... and the like. It may not name a "
            "person.",
            type="string",
            pattern=(
                r"^(/[A-Za-z0-9._/ -]+"
                r"|https://[A-Za-z0-9.:-]+/[A-Za-z0-9._~/-]*\$export"
                r"(\?((_type|_since|_until|_outputFormat|_elements)=[A-Za-z0-9_,.:+/%-]*&?)+)?)$"
            ),
            maxLength=500,
        )
    },
):
    land = SparkSubmitOperator(task_id="land", **settings.submission("land", "{{ params.source }}"))
    parse = SparkSubmitOperator(task_id="parse", **settings.submission("parse"))

    @task(outlets=[bronze])
    def announce(airflow_run: str) -> Iterator[Metadata]:
        """Tell the next DAG which version is ready."""
        yield Metadata(bronze, settings.outcome(airflow_run, "parse"))

    land >> parse >> announce("{{ run_id }}")
