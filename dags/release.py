"""Gold becomes a release, when the privacy officer says so.

Runs when the asset `gold` changes. *assess* sweeps and measures gold and writes the report of a release candidate;
*approve* waits for the privacy officer (Required Actions); the answer is written to `audit.decisions`; *publish*
reads it there again and refuses without one, whatever the colour of the tasks before it. A rejected candidate ends
red at *rejected*. A candidate that is published or rejected is not asked about again.

Emits the asset `curated`.

A red job says in its log what happened and what to do, behind a number: CL1 the data or a gate said no, CL2 the call
was wrong, CL3 the machine failed, which is tried again twice.
"""

import os
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator
from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import DAG, Asset, Context, Metadata, Param, task
from airflow.sdk.exceptions import AirflowFailException

from chartline.settings import load

settings = load()
curated = Asset("curated")
ANSWER = ("answer", "by", "reason")
officer = os.environ.get("CHARTLINE_OFFICER", "privacy_officer")

CANDIDATE = "{{ ti.xcom_pull(task_ids='candidate')['candidate'] }}"
SAID = (
    CANDIDATE,
    "--report-hash={{ ti.xcom_pull(task_ids='candidate')['report_hash'] }}",
    *(
        f"--{part}={{{{ (ti.xcom_pull(task_ids='approve', key='answer') or {{}}).get('{part}', '') }}}}"
        for part in ANSWER
    ),
)


class Approval(ApprovalOperator):
    """Keeps the answer for `record_rejection` too; Airflow drops what a task returns when it skips others."""

    def execute_complete(self, context: Context, event: dict[str, Any]) -> Any:
        """Keep what was chosen, who chose it and why; then go on as Airflow does."""
        if "error" not in event:
            said = (event["chosen_options"][0], event["responded_by_user"]["name"], event["params_input"]["reason"])
            context["ti"].xcom_push(key="answer", value=dict(zip(ANSWER, said, strict=True)))
        return super().execute_complete(context, event)


with DAG(
    "release",
    doc_md=__doc__,
    schedule=[Asset("gold")],
    catchup=False,
    max_active_runs=1,
    tags=["chartline", "curated", "approval"],
    default_args={"owner": "privacy-office", "retries": 2, "retry_delay": timedelta(seconds=30)},
):
    assess = SparkSubmitOperator(task_id="assess", **settings.submission("assess"))

    @task.short_circuit
    def candidate(airflow_run: str) -> dict[str, Any] | None:
        """Facts of the candidate, or nothing when it is published or rejected: then there is nothing to ask."""
        facts = settings.outcome(airflow_run, "assess")
        return facts if facts["state"] in ("pending", "approved") else None

    approve = Approval(
        task_id="approve",
        subject=f"Publish release candidate {CANDIDATE}?",
        body="{% set c = ti.xcom_pull(task_ids='candidate') %}"
        "**{{ c.verdict }}**: {{ c.reason }}\n\n"
        "Report: `{{ c.report }}`\n\nSHA-256 of report.json: `{{ c.report_hash }}`\n\n"
        "Policy: {{ c.policy }} (`{{ c.policy_hash }}`)\n\n"
        "Tables: {{ c.tables }}\n\nEvents: {{ c.counts['in'] }}, gates: {{ c.gates }}",
        params={
            "reason": Param(
                "",
                type="string",
                maxLength=2000,
                description="Why; needed, and kept on the record. It may not name a person: "
                "Airflow keeps it, also when the job refuses it.",
            )
        },
        assigned_users=[{"id": officer, "name": officer}],
    )
    record_approval = SparkSubmitOperator(task_id="record_approval", **settings.submission("decide", *SAID))
    publish = SparkSubmitOperator(task_id="publish", **settings.submission("publish", CANDIDATE))

    @task(outlets=[curated])
    def announce(airflow_run: str) -> Iterator[Metadata]:
        """Tell everyone which release is readable."""
        yield Metadata(curated, settings.outcome(airflow_run, "publish"))

    # A rejection skips the task after `approve`; that is what starts this branch.
    record_rejection = SparkSubmitOperator(
        task_id="record_rejection", trigger_rule="all_skipped", **settings.submission("decide", *SAID)
    )

    @task(retries=0)
    def rejected() -> None:
        """Show a rejected release as what it is: not published."""
        raise AirflowFailException("The privacy officer rejected this candidate: recorded, nothing published.")

    assess >> candidate("{{ run_id }}") >> approve >> record_approval >> publish >> announce("{{ run_id }}")
    record_approval >> record_rejection >> rejected()
