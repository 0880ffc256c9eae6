"""Airflow cluster policy: a task that submits a job is tried again only when the machine failed.

Airflow finds it by the entry point ``airflow.policy`` and calls it for each task of each DAG. What the
data, a gate or the caller got wrong (exit codes 1 and 2) is wrong the second time too.
"""

from __future__ import annotations

import re
from typing import Any

from airflow.policies import hookimpl
from airflow.sdk import RetryDecision, RetryPolicy
from airflow.sdk.exceptions import AirflowException

_EXIT = re.compile(r"Error code is: (\d+)\.")


class MachineErrorsOnly(RetryPolicy):  # type: ignore[misc]
    """Fail at once on exit codes 1 and 2 of a job; otherwise the task's ``retries`` count."""

    def evaluate(self, exception: BaseException, try_number: int, max_tries: int, context: Any = None) -> RetryDecision:
        """Read the exit code from what ``SparkSubmitHook`` raised; called in the worker."""
        code = _EXIT.search(str(exception)) if isinstance(exception, AirflowException) else None
        if code and code[1] in ("1", "2"):
            return RetryDecision.fail(reason=f"exit code {code[1]}: the same call would say the same")
        return RetryDecision.default()


@hookimpl  # type: ignore[untyped-decorator]
def task_policy(task: Any) -> None:
    """Give the policy to tasks that submit one of our jobs."""
    if "/jobs/" in str(getattr(task, "application", "")) and task.retry_policy is None:
        task.retry_policy = MachineErrorsOnly()
