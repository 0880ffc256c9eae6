from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT

DAGS = sorted((ROOT / "dags").glob("*.py"))


@pytest.fixture(scope="session")
def airflow_environment(tmp_path_factory):
    """Variables for a process of its own: Airflow reconfigures logging and refuses to share it."""
    home = tmp_path_factory.mktemp("airflow")
    return {k: v for k, v in os.environ.items() if not k.startswith(("AIRFLOW", "CHARTLINE"))} | {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "CHARTLINE_LAKE": "/lake",
        "CHARTLINE_KEY": "/keys/project.key",
    }


_DESCRIBE = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import Asset
bag = DagBag(sys.argv[1])

def names(assets):
    return sorted(a.name for a in assets if isinstance(a, Asset))

print("JSON" + json.dumps({
    "errors": dict(bag.import_errors),
    "seconds": {s.file.strip("/"): s.duration.total_seconds() for s in bag.dagbag_stats},
    "dags": {d.dag_id: {
        "doc": d.doc_md, "tags": sorted(d.tags), "catchup": d.catchup, "max_active_runs": d.max_active_runs,
        "schedule": names(getattr(getattr(d.timetable, "asset_condition", None), "objects", ())),
        "source": open(d.fileloc).read(),
        "tasks": {t.task_id: {
            "type": type(t).__name__, "owner": t.owner, "retries": t.retries,
            "retry_policy": type(t.retry_policy).__name__, "trigger_rule": str(t.trigger_rule),
            "after": sorted(t.upstream_task_ids), "outlets": names(t.outlets),
            "job": str(getattr(t, "application", "")), "arguments": list(getattr(t, "application_args", None) or []),
        } for t in d.tasks},
    } for d in bag.dags.values()},
}))
"""


@pytest.fixture(scope="session")
def bag(airflow_environment):
    """What Airflow makes of ``dags/``, as plain data."""
    import json

    done = subprocess.run(
        [sys.executable, "-c", _DESCRIBE, str(ROOT / "dags")],
        env=airflow_environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(next(line for line in done.stdout.splitlines() if line.startswith("JSON"))[4:])
