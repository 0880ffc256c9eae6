"""docker-compose.yml is valid, closed to the outside, and says the same as the code."""

import base64
import dataclasses
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from chartline import keys, local_airflow
from chartline.lake import jars
from chartline.settings import ZONES, Settings
from tests.conftest import ROOT

COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
AIRFLOW = {n: s for n, s in SERVICES.items() if n.startswith("airflow-")}
SPARK = {n: s for n, s in SERVICES.items() if n.startswith("spark-")}
OURS = AIRFLOW | SPARK
DOCKERFILE = (ROOT / "docker" / "Dockerfile").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
SPEC = json.loads(Path(__file__).with_name("compose-spec.json").read_text())


def each(services=SERVICES):
    return pytest.mark.parametrize("service", services.values(), ids=services)


def mounts(service):
    volumes = service.get("volumes", [])
    return dict((v["source"], v["target"]) if isinstance(v, dict) else v.split(":")[:2] for v in volumes)


def test_it_is_a_compose_file():
    assert [e.json_path for e in Draft202012Validator(SPEC).iter_errors(COMPOSE)] == []


@pytest.mark.parametrize(
    ("service", "key", "value"),
    [("postgres", "helthcheck", {}), ("store", "ports", "9000"), ("spark-master", "cap_drop", "ALL")],
)
def test_the_schema_sees_a_mistake(service, key, value):
    wrong = json.loads(json.dumps(COMPOSE))
    wrong["services"][service][key] = value
    assert not Draft202012Validator(SPEC).is_valid(wrong)


def test_the_stack_is_whole():
    components = {f"airflow-{c}" for c in local_airflow.COMPONENTS}
    workers = {"spark-master", "spark-worker-1", "spark-worker-2"}
    assert set(SERVICES) == {"postgres", "airflow-init", "store"} | components | workers


@each()
def test_images_have_exact_versions(service):
    name, _, tag = service["image"].rpartition(":")
    assert name and re.fullmatch(r"\d+(\.\d+)+", tag)


@each(OURS)
def test_airflow_and_spark_run_one_image_of_this_version(service):
    assert service["image"] == f"chartline:{PROJECT['version']}"
    assert (ROOT / service["build"]["dockerfile"]).is_file() and service["build"]["context"] == "."


def test_the_image_installs_the_pins_by_hash():
    resolved = dict(re.findall(r"^([a-z0-9-]+)==([^ ;\\]+)", (ROOT / "constraints.txt").read_text(), re.MULTILINE))
    wanted = [r for extra in ("airflow", "jobs") for r in PROJECT["optional-dependencies"][extra]]
    pins = dict(r.split("==") for r in wanted if "==" in r)
    assert {name: resolved[name] for name in ("pyspark", "delta-spark")} == {
        name: pins[name] for name in ("pyspark", "delta-spark")
    }
    lowest = next(r for r in wanted if r.startswith("apache-airflow>="))
    assert resolved["apache-airflow"] == re.search(r">=([\d.]+)", lowest)[1]
    assert "pip install --no-cache-dir --require-hashes -r constraints.txt" in DOCKERFILE
    assert "pip install --no-cache-dir --no-deps -e ." in DOCKERFILE


def test_the_image_has_java_the_delta_jars_and_a_python_we_support():
    python = re.search(r"^FROM python:3\.(\d+)-", DOCKERFILE, re.MULTILINE)[1]
    low, high = re.search(r">=3\.(\d+),<3\.(\d+)", PROJECT["requires-python"]).groups()
    assert int(low) <= int(python) < int(high)
    assert "openjdk-17-jre-headless" in DOCKERFILE
    assert f"python -m {jars.__name__}" in DOCKERFILE
    assert f"SPARK_HOME=/usr/local/lib/python3.{python}/site-packages/pyspark" in DOCKERFILE


def test_what_the_image_is_built_from_is_sent_to_the_builder():
    ignored = (ROOT / ".dockerignore").read_text().split()
    needed = ("constraints.txt", "pyproject.toml", "README.md", "LICENSE", "chartline", "dags", "jobs", "policies")
    assert all((ROOT / n).exists() for n in (*needed, "schemas", "expectations", "docker/entrypoint"))
    assert not {*needed, "schemas", "expectations", "docker"} & set(ignored)
    assert {"docker/secrets", "lake", "inbox", ".git"} <= set(ignored)


@each()
def test_ports_are_bound_to_this_machine_only(service):
    assert all(re.fullmatch(r"127\.0\.0\.1:(\d+):\1", port) for port in service.get("ports", []))


def test_only_two_pages_leave_the_inner_network():
    assert {n for n, s in SERVICES.items() if "ports" in s} == {"airflow-api-server", "store"}
    assert {n for n, s in SERVICES.items() if "outside" in s["networks"]} == {"airflow-api-server", "store"}
    assert COMPOSE["networks"]["inside"] == {"internal": True}


@each()
def test_nothing_runs_as_root_or_may_become_it(service):
    assert service["user"] == "${CHARTLINE_UID:-1000}"
    assert service["cap_drop"] == ["ALL"] and service["security_opt"] == ["no-new-privileges:true"]


@each({n: s for n, s in SERVICES.items() if n != "airflow-init"})
def test_every_service_has_a_health_check_and_comes_back(service):
    assert service["healthcheck"]["test"][0] == "CMD" and service["restart"] == "unless-stopped"


def test_what_is_waited_for_can_happen():
    for service in SERVICES.values():
        for name, wait in service.get("depends_on", {}).items():
            ends = name == "airflow-init"
            assert (wait["condition"] == "service_completed_successfully") == ends
            assert "healthcheck" in SERVICES[name] or wait["condition"] != "service_healthy"


def test_health_checks_ask_the_jobs_that_airflow_has():
    from airflow.jobs.dag_processor_job_runner import DagProcessorJobRunner
    from airflow.jobs.scheduler_job_runner import SchedulerJobRunner
    from airflow.jobs.triggerer_job_runner import TriggererJobRunner

    asked = {s["healthcheck"]["test"][5] for s in AIRFLOW.values() if "--job-type" in str(s.get("healthcheck"))}
    runners = (SchedulerJobRunner, TriggererJobRunner, DagProcessorJobRunner)
    assert asked == {runner.job_type for runner in runners}


def test_no_secret_is_written_down():
    words = re.compile(r"PASSWORD|SECRET|TOKEN|FERNET|ACCESS|JWT|SQL_ALCHEMY", re.IGNORECASE)
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if words.search(name):
                by_reference = value.startswith("cat /run/secrets/") or name.endswith("_FILE")
                assert by_reference, name
    assert all(set(s) == {"file"} and s["file"].startswith("docker/secrets/") for s in COMPOSE["secrets"].values())
    assert "/docker/secrets/" in (ROOT / ".gitignore").read_text().split()


@each()
def test_a_secret_that_is_read_is_mounted(service):
    text = json.dumps([service.get("environment"), service.get("command")])
    read = set(re.findall(r"/run/secrets/(\w+)", text))
    given = set(service.get("secrets", []))
    assert given <= set(COMPOSE["secrets"])
    # Those who only carry the settings on (CHARTLINE_KEY is a path) do not get the key itself.
    assert read - given <= {"project_key"}


def test_the_key_and_the_lake_are_only_where_the_work_is_done():
    with_key = {n for n, s in SERVICES.items() if "project_key" in s.get("secrets", [])}
    with_lake = {n for n, s in SERVICES.items() if mounts(s).get("lake") == "/lake"}
    assert with_key == with_lake == {"airflow-scheduler", "spark-worker-1", "spark-worker-2"}


def test_the_store_has_the_curated_zone_only_and_cannot_write():
    (volume,) = SERVICES["store"]["volumes"]
    assert volume["read_only"] and volume["volume"]["subpath"] in ZONES and volume["volume"]["subpath"] == "curated"
    assert f"/lake/{volume['volume']['subpath']}" in DOCKERFILE
    (command,) = SERVICES["store"]["command"]
    assert "--read-only" in command and "/buckets" in command and volume["target"] == "/buckets/curated"


@each(AIRFLOW)
def test_variables_are_those_that_the_code_reads(service):
    ours = {n for n in service["environment"] if n.startswith("CHARTLINE_")}
    fields = {f"CHARTLINE_{f.name.upper()}" for f in dataclasses.fields(Settings)}
    assert ours == fields | {"CHARTLINE_OFFICER"}
    assert service["environment"]["CHARTLINE_LAKE"] == "/lake"


@each(AIRFLOW)
def test_airflow_is_set_as_in_the_demo(service, tmp_path):
    demo = local_airflow.environment(tmp_path, Settings(lake=tmp_path), [1, 2, 3])
    environment = service["environment"]
    same = ("CORE__EXECUTOR", "CORE__LOAD_EXAMPLES", "CORE__DAGS_ARE_PAUSED_AT_CREATION", "CORE__PARALLELISM")
    assert all(environment[f"AIRFLOW__{n}"] == demo[f"AIRFLOW__{n}"] for n in same)
    assert environment["CHARTLINE_OFFICER"] == demo["CHARTLINE_OFFICER"] == local_airflow.OFFICER
    users = environment["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS"]
    assert users == demo["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS"]
    assert environment["AIRFLOW__CORE__DAGS_FOLDER"] == "/opt/chartline/dags" and (ROOT / "dags").is_dir()
    assert "WORKDIR /opt/chartline\n" in DOCKERFILE


@each(AIRFLOW)
def test_every_variable_of_airflow_is_an_option_of_airflow(service):
    from airflow.configuration import conf

    options = {(s, o) for s, body in conf.configuration_description.items() for o in body["options"]}
    for name in service["environment"]:
        if name.startswith("AIRFLOW__"):
            _, section, option = name.lower().split("__")
            known = (section, option.removesuffix("_cmd"))
            assert known in options, name
            assert not option.endswith("_cmd") or known in conf.sensitive_config_values, name


def test_hosts_and_ports_are_those_of_the_services():
    text = json.dumps(OURS)
    assert set(re.findall(r"spark://([\w-]+):(\d+)", text)) == {("spark-master", "7077")}
    master = SPARK["spark-master"]["command"]
    assert (master[master.index("--host") + 1], master[master.index("--port") + 1]) == ("spark-master", "7077")
    (url,) = {s["environment"]["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] for s in AIRFLOW.values()}
    assert url == "http://airflow-api-server:8080/execution/"
    for service in AIRFLOW.values():
        connection = json.loads(service["environment"]["AIRFLOW_CONN_SPARK_DEFAULT"])
        assert connection == {"conn_type": "spark", "host": service["environment"]["CHARTLINE_MASTER"]}


def test_spill_and_logs_of_executors_stay_in_the_restricted_zone():
    for service in SPARK.values():
        if "lake" in mounts(service):
            assert service["environment"]["SPARK_LOCAL_DIRS"] == "/lake/restricted/scratch"
    # A driver's folder is the session's to choose, so that the next run can clear it away; this would overrule it.
    assert "SPARK_LOCAL_DIRS" not in AIRFLOW["airflow-scheduler"]["environment"]
    workers = [s["environment"]["SPARK_WORKER_DIR"] for n, s in SPARK.items() if "worker" in n]
    assert all(w.startswith("/lake/restricted/") for w in workers)


def test_spark_speaks_encrypted_and_to_those_it_knows():
    lines = (ROOT / "docker" / "spark-defaults.conf").read_text().splitlines()
    options = dict(line.split(maxsplit=1) for line in lines if line and not line.startswith("#"))
    for option in ("spark.authenticate", "spark.network.crypto.enabled", "spark.io.encryption.enabled"):
        assert options[option] == "true"
    assert "spark.authenticate.secret" not in options


@pytest.fixture
def drawn(tmp_path):
    """A copy of the script with this environment beside it, run twice."""
    (tmp_path / "docker").mkdir()
    (tmp_path / ".venv").symlink_to(sys.prefix)
    script = shutil.copy(ROOT / "docker" / "make-secrets", tmp_path / "docker")

    def content():
        subprocess.run([script], check=True, capture_output=True)
        return {p.name: p.read_bytes() for p in (tmp_path / "docker" / "secrets").iterdir()}

    first = content()
    assert content() == first
    return tmp_path / "docker" / "secrets"


def test_all_secrets_are_drawn_once_and_for_the_owner_only(drawn):
    assert {p.name for p in drawn.iterdir()} == {Path(s["file"]).name for s in COMPOSE["secrets"].values()}
    assert all(name == Path(s["file"]).name for name, s in COMPOSE["secrets"].items())
    assert {stat.S_IMODE(p.stat().st_mode) for p in drawn.iterdir()} == {0o600}
    keys.load(drawn / "project_key")


def test_secrets_fit_their_readers(drawn):
    password = (drawn / "postgres_password").read_text()
    postgres = SERVICES["postgres"]["environment"]
    url = f"postgresql+psycopg2://{postgres['POSTGRES_USER']}:{password}@postgres:5432/{postgres['POSTGRES_DB']}"
    assert (drawn / "airflow_database").read_text() == url
    assert len(base64.urlsafe_b64decode((drawn / "airflow_fernet_key").read_text())) == 32
    users = AIRFLOW["airflow-api-server"]["environment"]["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS"]
    assert [f"{u}:" in users for u in json.loads((drawn / "airflow_passwords").read_text())] == [True, True]
    # rclone reads the variable as one line of CSV, and the pair holds a comma.
    assert re.fullmatch(r'"chartline,[0-9a-f]{64}"', (drawn / "store_key").read_text())


def test_the_entrypoint_gives_spark_the_secret_and_runs_the_command(tmp_path):
    script = (ROOT / "docker" / "entrypoint").read_text()
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "spark_secret").write_text("drawn")
    (secrets / "airflow_passwords").write_text("{}")
    moved = script.replace("/run/secrets", str(secrets)).replace("/opt/chartline", str(ROOT))
    (tmp_path / "entrypoint").write_text(moved)
    environment = {
        "PATH": os.environ["PATH"],
        "SPARK_CONF_DIR": str(tmp_path / "spark"),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(tmp_path / "passwords.json"),
    }
    done = subprocess.run(
        ["sh", tmp_path / "entrypoint", "echo", "ran"], env=environment, capture_output=True, check=True
    )
    written = tmp_path / "spark" / "spark-defaults.conf"
    assert done.stdout == b"ran\n" and written.read_text().endswith("spark.authenticate.secret drawn\n")
    assert stat.S_IMODE(written.stat().st_mode) == 0o600 and (tmp_path / "passwords.json").read_text() == "{}"


@pytest.mark.parametrize("script", ["entrypoint", "make-secrets"])
def test_scripts_can_be_run(script):
    assert os.access(ROOT / "docker" / script, os.X_OK)
