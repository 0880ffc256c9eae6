"""Rules that every DAG keeps."""

import ast
import json
import re
import subprocess
import sys

import pytest

from tests.conftest import ROOT
from tests.dags.conftest import DAGS

TAGS = {"chartline", "restricted", "deidentified", "curated", "approval"}
OWNERS = {"data-engineering", "privacy-office"}
ANSWER = ("answer", "by", "reason")
JOBS = sorted((ROOT / "jobs").glob("*.py"))


def imported(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            yield node.module


@pytest.mark.parametrize("path", DAGS, ids=lambda p: p.stem)
def test_a_dag_imports_airflow_the_standard_library_and_the_settings_only(path):
    others = {
        name
        for name in imported(path)
        if name.split(".")[0] != "airflow" and name.split(".")[0] not in sys.stdlib_module_names
    }
    assert others == {"chartline.settings"}


@pytest.mark.parametrize("path", JOBS, ids=lambda p: p.stem)
def test_a_job_is_one_call(path):
    assert set(imported(path)) == {"sys", "chartline.job"}
    calls = [n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Call)]
    assert [ast.unparse(c) for c in calls] == [f"sys.exit(main('{path.stem}'))", f"main('{path.stem}')"]


def test_every_file_is_one_dag_of_its_name(bag):
    assert bag["errors"] == {}
    assert sorted(bag["dags"]) == [p.stem for p in DAGS] == ["deidentify", "ingest", "release", "timeline"]


def test_dags_load_without_the_jobs_extra_and_use_little_processor_time(airflow_environment):
    """What is heavy is blocked; what is left takes under a second of one core."""
    code = """
import sys, time
heavy = {"pyspark", "delta", "deltalake", "presidio_analyzer", "presidio_anonymizer", "great_expectations", "fhir",
         "spacy", "pandas", "pyarrow", "numpy", "orjson", "meds", "polars"}
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in heavy:
            raise ModuleNotFoundError(name)
from airflow.dag_processing.dagbag import DagBag
sys.meta_path.insert(0, Block())
began = time.process_time()
bag = DagBag(sys.argv[1])
print(len(bag.dags), len(bag.import_errors), time.process_time() - began)
"""
    command = [sys.executable, "-c", code, str(ROOT / "dags")]
    done = subprocess.run(command, env=airflow_environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    dags, errors, seconds = done.stdout.splitlines()[-1].split()
    assert (dags, errors) == ("4", "0")
    assert float(seconds) < 1


def test_every_dag_has_owner_tags_document_and_runs_one_at_a_time(bag):
    for name, dag in bag["dags"].items():
        assert ast.get_docstring(ast.parse(dag["source"])).strip() == dag["doc"].strip(), name
        assert len(dag["doc"]) > 100
        assert "chartline" in dag["tags"]
        assert set(dag["tags"]) <= TAGS
        assert dag["max_active_runs"] == 1
        assert dag["catchup"] is False
        assert {t["owner"] for t in dag["tasks"].values()} <= OWNERS


def test_jobs_are_tried_again_for_machine_errors_only(bag):
    jobs = [t for d in bag["dags"].values() for t in d["tasks"].values() if t["type"] == "SparkSubmitOperator"]
    assert {t["job"] for t in jobs} == {str(p) for p in JOBS}
    assert {(t["retries"], t["retry_policy"]) for t in jobs} == {(2, "MachineErrorsOnly")}


def test_the_exit_code_decides_about_a_retry(airflow_environment):
    code = """
import json
from airflow.sdk.exceptions import AirflowException
from chartline.airflow_policy import MachineErrorsOnly
said = {n: AirflowException(f"Cannot execute: spark-submit x. Error code is: {n}.") for n in (1, 2, 3, 10, 137)}
said["gone"] = FileNotFoundError("spark-submit")
print(json.dumps({n: MachineErrorsOnly().evaluate(e, 1, 2).action.value for n, e in said.items()}))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], env=airflow_environment, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "1": "fail",
        "2": "fail",
        "3": "default",
        "10": "default",
        "137": "default",
        "gone": "default",
    }


def test_no_argument_of_a_job_holds_more_than_paths_ids_hashes_and_the_answer(bag):
    """Rendered templates are kept in Airflow's database: what may be rendered is a closed list."""
    may = (
        "{{ run_id }}",
        "{{ params.source }}",
        "{{ ti.xcom_pull(task_ids='candidate')['candidate'] }}",
        "{{ ti.xcom_pull(task_ids='candidate')['report_hash'] }}",
        *(f"{{{{ (ti.xcom_pull(task_ids='approve', key='answer') or {{}}).get('{part}', '') }}}}" for part in ANSWER),
    )
    for dag in bag["dags"].values():
        for task in dag["tasks"].values():
            for argument in task["arguments"]:
                for start in range(len(argument)):
                    if argument.startswith("{{", start):
                        assert argument[start:].startswith(may)


@pytest.mark.parametrize(
    ("source", "taken"),
    [
        ("/inbox/export-1/Patient.ndjson", True),
        ("/inbox/group.url", True),
        ("https://fhir.example.org:8443/r4/Group/a-1/$export", True),
        ("https://fhir.example.org/$export?_type=Patient,Observation&_since=", True),
        ("https://fhir.example.org/$export?_since=2026-01-01T00:00:00%2B01:00", True),
        ("inbox/export", False),
        ("http://fhir.example.org/$export", False),
        ("https://fhir.example.org/Group/1", False),
        ("https://me:secret@fhir.example.org/$export", False),
        ("https://fhir.example.org/$export?patient=Patient/1", False),
        ("https://fhir.example.org/$export?_type=Patient&_typeFilter=Patient%3Fname%3DDoe", False),
        ("https://fhir.example.org/$export x; rm", False),
    ],
)
def test_a_source_is_a_path_or_an_address_that_selects_nobody(source, taken):
    """An address is kept in Airflow's database: what it may say is a closed list."""
    calls = [n for n in ast.walk(ast.parse((ROOT / "dags" / "ingest.py").read_text())) if isinstance(n, ast.Call)]
    (pattern,) = [ast.literal_eval(k.value) for c in calls for k in c.keywords if k.arg == "pattern"]
    assert (re.search(pattern, source) is not None) == taken


def test_the_key_is_never_an_argument(bag):
    assert "project.key" not in json.dumps([d["tasks"] for d in bag["dags"].values()])


_INGEST = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
from airflow.serialization.serialized_objects import DagSerialization
from airflow.timetables.base import TimeRestriction
bag = DagBag(sys.argv[1])
told = {"errors": "".join(bag.import_errors.values())}
if "ingest" in bag.dags:
    dag = DagSerialization.from_dict(DagSerialization.to_dict(bag.dags["ingest"]))
    at = dag.timetable.next_dagrun_info(
        last_automated_data_interval=None, restriction=TimeRestriction(None, None, False)
    )
    told |= {"source": dag.params.dump().get("source"), "at": at and at.run_after.strftime("%H:%M")}
print("JSON" + json.dumps(told))
"""


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({}, {"errors": "", "source": None, "at": None}),
        ({"SOURCE": "/inbox"}, {"errors": "", "source": "/inbox", "at": None}),
        ({"SOURCE": "/inbox", "SCHEDULE": "30 2 * * *"}, {"errors": "", "source": "/inbox", "at": "02:30"}),
        ({"SCHEDULE": "30 2 * * *"}, "CL2006"),
        ({"SOURCE": "/inbox", "SCHEDULE": "at night"}, "AirflowTimetableInvalid"),
        ({"SOURCE": "inbox", "SCHEDULE": "@daily"}, "inbox"),
    ],
)
def test_ingest_runs_by_itself_where_the_settings_say_so(airflow_environment, settings, told):
    variables = airflow_environment | {f"CHARTLINE_{name}": value for name, value in settings.items()}
    command = [sys.executable, "-c", _INGEST, str(ROOT / "dags")]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    found = json.loads(next(line for line in done.stdout.splitlines() if line.startswith("JSON"))[4:])
    assert found == told if isinstance(told, dict) else (told in found["errors"] and "at" not in found)
