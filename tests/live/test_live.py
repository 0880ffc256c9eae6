"""Airflow's components, the REST API and the jobs together: what an officer, an engineer and an intruder can do."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import psutil
import pytest

from chartline import local_airflow
from chartline.lake import tables
from chartline.local_airflow import ENGINEER, OFFICER, SETTLE_SECONDS
from chartline.settings import Settings
from tests.conftest import ROOT

pytestmark = [pytest.mark.live, pytest.mark.timeout(900)]
PATIENCE = 480
ENDED = ("success", "failed")


@pytest.fixture(scope="module")
def lake(tmp_path_factory, key_file):
    folder = tmp_path_factory.mktemp("live")
    terms = folder / "terms.toml"
    agreed(terms, "Anybody who asks")
    return Settings(lake=folder / "lake", project="live", key=key_file, terms=terms)


def agreed(terms, recipient):
    terms.write_text(f'recipient = "{recipient}"\npurpose = "Research"\n')


@pytest.fixture(scope="module")
def airflow(tmp_path_factory, lake):
    with local_airflow.running(tmp_path_factory.mktemp("airflow") / "home", lake) as started:
        yield started


@pytest.fixture(scope="module")
def engineer(airflow):
    with airflow.client(ENGINEER) as client:
        yield client


@pytest.fixture(scope="module")
def officer(airflow):
    with airflow.client(OFFICER) as client:
        yield client


def until(what, look, patience=PATIENCE):
    """What ``look`` finds, as soon as it finds anything."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(1)
    pytest.fail(f"waited in vain for {what}")


def get(client, path, **params):
    return client.get(path, params=params).raise_for_status().json()


def states(client, dag_id, run_id):
    found = get(client, f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances")["task_instances"]
    return {ti["task_id"]: ti["state"] for ti in found}


def start(client, dag_id, **conf):
    asked = client.post(f"/dags/{dag_id}/dagRuns", json={"logical_date": None, "conf": conf})
    return asked.raise_for_status().json()["dag_run_id"]


def ended(client, dag_id, run_id):
    def look():
        state = get(client, f"/dags/{dag_id}/dagRuns/{run_id}")["state"]
        return state if state in ENDED else None

    return until(f"{dag_id} to end", look)


def question(client):
    """Run id of the release that waits for an answer; fails at once when a DAG failed on the way."""
    before = {r["dag_run_id"] for r in get(client, "/dags/~/dagRuns")["dag_runs"] if r["state"] == "failed"}

    def look():
        runs = get(client, "/dags/~/dagRuns")["dag_runs"]
        failed = [r["dag_id"] for r in runs if r["state"] == "failed" and r["dag_run_id"] not in before]
        assert failed == []
        waiting = get(client, "/dags/~/dagRuns/~/hitlDetails", response_received=False)["hitl_details"]
        return [d["task_instance"]["dag_run_id"] for d in waiting if d["task_instance"]["state"] == "awaiting_input"]

    run_id = until("the question", look)[0]
    time.sleep(SETTLE_SECONDS)
    return run_id


def answer(client, run_id, choice, reason):
    return client.patch(
        f"/dags/release/dagRuns/{run_id}/taskInstances/approve/-1/hitlDetails",
        json={"chosen_options": [choice], "params_input": {"reason": reason}},
    )


def mark(client, run_id, task_id, state):
    path = f"/dags/release/dagRuns/{run_id}/taskInstances/{task_id}"
    client.patch(path, json={"new_state": state}).raise_for_status()


def rows(settings, name):
    return tables.read(settings, name).to_pylist() if tables.exists(settings, name) else []


def test_a_source_that_is_no_absolute_path_is_refused_at_once(engineer):
    asked = engineer.post("/dags/ingest/dagRuns", json={"logical_date": None, "conf": {"source": "x; rm -rf /"}})
    assert asked.status_code == 400


@pytest.fixture(scope="module")
def waiting(engineer, hospital, lake, tmp_path_factory):
    """Run id of a release that came from landing one patient and waits for the officer."""
    source = tmp_path_factory.mktemp("source")
    shutil.copy(sorted(hospital.glob("*.json"))[0], source / "one.json")
    start(engineer, "ingest", source=str(source))
    return question(engineer)


def test_version_run_and_policy_travel_with_the_assets(engineer, waiting, lake):
    names = {a["id"]: a["name"] for a in get(engineer, "/assets")["assets"]}
    events = {names[e["asset_id"]]: e["extra"] for e in get(engineer, "/assets/events")["asset_events"]}
    assert set(events) == {"bronze", "silver", "gold"}
    for extra in events.values():
        assert re.fullmatch(r"[0-9a-f]{64}", extra["policy_hash"])
        assert extra["run_id"]
        assert extra["tables"]


def test_nobody_but_the_officer_may_answer(engineer, waiting):
    assert answer(engineer, waiting, "Approve", "I am in a hurry").status_code == 403


def test_marking_the_approval_as_success_publishes_nothing(engineer, waiting, lake):
    mark(engineer, waiting, "approve", "success")
    assert ended(engineer, "release", waiting) == "failed"
    seen = states(engineer, "release", waiting)
    assert seen["record_approval"] == "failed"
    assert seen["publish"] == "upstream_failed"
    assert rows(lake, "audit.decisions") == []

    mark(engineer, waiting, "record_approval", "success")
    cleared = {"task_ids": ["publish"], "dag_run_id": waiting, "dry_run": False, "only_failed": False}
    engineer.post("/dags/release/clearTaskInstances", json=cleared).raise_for_status()
    assert ended(engineer, "release", waiting) == "failed"
    seen = states(engineer, "release", waiting)
    assert (seen["publish"], seen["announce"]) == ("failed", "upstream_failed")
    assert rows(lake, "audit.decisions") == []
    assert rows(lake, "curated.releases") == []
    assert not list((lake.lake / "curated").glob("releases/*"))


def test_a_refusal_is_not_tried_again(engineer, waiting, lake):
    """Needs the run that the test before left behind: the publishing task failed with exit code 1."""
    tries = get(engineer, f"/dags/release/dagRuns/{waiting}/taskInstances/record_approval/tries")["task_instances"]
    assert [t["state"] for t in tries if t["try_number"] == 1][-1] in ("failed", "success")
    assert max(t["try_number"] for t in tries) == 1


def test_a_rejection_is_recorded_and_the_run_is_red(engineer, officer, waiting, lake):
    start(engineer, "release")
    run_id = question(engineer)
    assert answer(officer, run_id, "Reject", "k is too low for this recipient").status_code == 200
    assert ended(engineer, "release", run_id) == "failed"
    seen = states(engineer, "release", run_id)
    assert seen["record_rejection"] == "success"
    assert seen["rejected"] == "failed"
    assert seen["publish"] == "skipped"
    (decision,) = rows(lake, "audit.decisions")
    assert (decision["decision"], decision["decided_by"], decision["channel"]) == ("rejected", OFFICER, "airflow")
    assert rows(lake, "curated.releases") == []


def test_an_approved_release_is_published_and_known_to_all(engineer, officer, waiting, lake):
    """The same patients for another recipient are another candidate than the one that was rejected."""
    agreed(lake.terms, "A named partner")
    start(engineer, "release")
    run_id = question(engineer)
    assert answer(officer, run_id, "Approve", "as agreed").status_code == 200
    assert ended(engineer, "release", run_id) == "success"
    assert sorted(d["decision"] for d in rows(lake, "audit.decisions")) == ["approved", "rejected"]
    assert len(rows(lake, "curated.releases")) == 1
    names = {a["id"]: a["name"] for a in get(engineer, "/assets")["assets"]}
    assert "curated" in {names[e["asset_id"]] for e in get(engineer, "/assets/events")["asset_events"]}


def test_airflow_keeps_nothing_of_a_patient(airflow, waiting, hospital):
    """Logs, the metadata database and every other file of Airflow: no name, id, number of any patient."""
    known = set()
    for file in hospital.glob("*.json"):
        for entry in json.loads(file.read_text())["entry"]:
            patient = entry["resource"]
            if patient["resourceType"] == "Patient":
                known |= {patient["id"], patient["birthDate"], patient["name"][0]["family"]}
                known |= {i["value"] for i in patient["identifier"]} | {t["value"] for t in patient["telecom"]}
    assert len(known) > 10
    pattern = re.compile(b"|".join(re.escape(k.encode()) for k in known))
    found = [
        str(p.relative_to(airflow.home))
        for p in airflow.home.rglob("*")
        if p.is_file() and pattern.search(str(p).encode() + b"\0" + p.read_bytes())
    ]
    assert found == []


def under(folder):
    """Processes whose Airflow lives below a folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("AIRFLOW_HOME", "").startswith(str(folder)):
                found.append(process.pid)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda n: n.name)
def test_an_interrupted_demo_leaves_no_process(tmp_path, hospital, number):
    shutil.copytree(hospital, tmp_path / "demo" / "source")
    demo = subprocess.Popen(
        [sys.executable, "-m", "chartline.demo", "run", str(tmp_path / "demo")],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        stderr=subprocess.PIPE,
        text=True,
    )
    told = []
    for line in demo.stderr:
        told.append(line)
        if "ingest.land: running" in line:
            break
    assert len(under(tmp_path)) >= 4, "".join(told[-20:])
    demo.send_signal(number)
    demo.communicate(timeout=120)
    assert demo.returncode == 130
    assert under(tmp_path) == []
