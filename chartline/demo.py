"""``make demo``: a synthetic hospital's records through four DAGs to a published release, on this machine.

``python -m chartline.demo [run|up|down] [FOLDER]``: ``run`` ends everything it started, ``up`` keeps Airflow until
Ctrl-C or ``down``. All files lie in FOLDER (``build/demo``); a second run finds its work done and says so.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from chartline import progress
from chartline.errors import ChartlineError, DataError, MachineError, UsageError
from chartline.local_airflow import ENGINEER, OFFICER, SETTLE_SECONDS, Airflow, end_left_behind, running
from chartline.settings import Settings, room

PATIENTS, SEED, TODAY = 20, 20261124, "20260101"
REASON = "Demonstration on synthetic data: no real patient is in it. Approved by the demo itself."
_STAGE_SECONDS = 900


def _hospital(folder: Path) -> Path:
    """FHIR bundles of 20 synthetic patients, always the same; made once."""
    source = folder / "source"
    if not source.is_dir():
        part = folder / "source.part"
        shutil.rmtree(part, ignore_errors=True)
        synthea = str(Path(sys.executable).with_name("synthea"))
        with progress.step(f"Hospital: {PATIENTS} synthetic patients"):
            command = [synthea, "-p", str(PATIENTS), "-s", str(SEED), "-r", TODAY, "-o", str(part)]
            made = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - a fixed command
        if made.returncode:
            raise MachineError("CL3095", "the synthetic hospital could not be made.", "Run 'make setup' again.")
        (part / "fhir").rename(source)
        shutil.rmtree(part)
    return source


def _settings(folder: Path) -> Settings:
    from chartline import keys

    key = folder / "demo.key"
    if not key.is_file():
        keys.create(key)
        progress.say("Key: drawn, mode 0600")
    return Settings(lake=folder / "lake", project="demo", policy="expert_determination", key=key)


def versions(settings: Settings) -> dict[str, int]:
    """Delta version of each table of the data zones that exists; the audit tables grow with every run."""
    from chartline.lake import tables

    names = sorted(p.stem for p in room("schemas").glob("*.*.json"))
    found = {name: tables.version(settings, name) for name in names if not name.startswith("audit.")}
    return {name: version for name, version in found.items() if version is not None}


def _answer(officer: httpx.Client) -> None:
    """Answer what waits for the privacy officer."""
    asked: dict[str, str | bool] = {"response_received": False, "state": "awaiting_input"}
    waiting = officer.get("/dags/~/dagRuns/~/hitlDetails", params=asked).raise_for_status().json()["hitl_details"]
    if waiting:
        progress.say("Privacy officer: asked; the report is written")
        time.sleep(SETTLE_SECONDS)
    for detail in waiting:
        ti = detail["task_instance"]
        where = f"/dags/{ti['dag_id']}/dagRuns/{ti['dag_run_id']}/taskInstances/{ti['task_id']}/{ti['map_index']}"
        answer = {"chosen_options": ["Approve"], "params_input": {"reason": REASON}}
        officer.patch(f"{where}/hitlDetails", json=answer).raise_for_status()
        progress.say(f"Privacy officer: approved. {REASON}")


def _tasks(engineer: httpx.Client) -> Iterator[dict[str, Any]]:
    found = engineer.get("/dags/~/dagRuns/~/taskInstances", params={"limit": 100, "order_by": "start_date"})
    yield from found.raise_for_status().json()["task_instances"]


def _say_changes(seen: dict[str, str], tasks: list[dict[str, Any]]) -> bool:
    """Say what changed since the last look; return whether anything did."""
    shown = {"running", "success", "failed", "up_for_retry", "awaiting_input", "upstream_failed", "skipped"}
    changed = False
    for ti in tasks:
        name, state = f"{ti['dag_id']}.{ti['task_id']}", str(ti["state"])
        if seen.get(name) != state and state in shown:
            took = f" after {ti['duration']:.0f} s" if state in ("success", "failed") and ti["duration"] else ""
            progress.say(f"{name}: {state.replace('_', ' ')}{took}")
            changed = True
        seen[name] = state
    return changed


def _follow(airflow: Airflow) -> None:
    """Show the tasks as they go, answer as the privacy officer, return when the release DAG ended well.

    Raises:
        DataError: CL1092 a run failed.
        MachineError: CL3096 nothing happened for too long.
    """
    seen: dict[str, str] = {}
    last = time.monotonic()
    with airflow.client(ENGINEER) as engineer, airflow.client(OFFICER) as officer:
        while time.monotonic() - last < _STAGE_SECONDS:
            airflow.require_alive()
            _answer(officer)
            if _say_changes(seen, list(_tasks(engineer))):
                last = time.monotonic()
            runs = engineer.get("/dags/~/dagRuns").raise_for_status().json()["dag_runs"]
            failed = [r["dag_id"] for r in runs if r["state"] == "failed"]
            if failed:
                raise DataError(
                    "CL1092", f"the DAG {failed[0]} failed.", f"Its task's log is in {airflow.home / 'logs'}."
                )
            if any(r["dag_id"] == "release" and r["state"] == "success" for r in runs):
                return
            time.sleep(1)
    raise MachineError("CL3096", "nothing happened for too long.", f"See the logs in {airflow.home}.")


def _ending(settings: Settings, before: dict[str, int], airflow: Airflow) -> str:
    from chartline.lake import ledger

    after = versions(settings)
    assessed = ledger.latest(settings, "assess")
    candidate = assessed.extra["candidate"] if assessed else ""
    report = settings.zone("audit") / "candidates" / candidate / "report.html"
    if before == after:
        news = f"Nothing changed: all {len(after)} tables are at the version of the run before."
    else:
        news = f"Release {candidate} is published."
    binaries = Path(sys.executable).parent
    return f"""
{news}

Report    {report}
Tables    {settings.lake}  (curated/ is what an ML team reads)
Airflow   {airflow.url}  user {OFFICER}, password {airflow.password(OFFICER)}
          (with 'make up' the page stays; with 'make demo' it ends now)

Next      {binaries}/chartline release list --lake {settings.lake}
          {binaries}/chartline verify --lake {settings.lake}
          make up        the same, and Airflow stays
"""


@contextmanager
def _only_demo(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".pid").open("a+") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError("CL2091", f"a demo is running in {folder}.", "End it with 'make down'.") from None
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        yield


def run(folder: Path, *, stay: bool) -> None:
    """Run the demo in a folder; with ``stay`` keep Airflow until a signal.

    Raises:
        ChartlineError: what failed, with the log to read.
    """
    with _only_demo(folder):
        settings = _settings(folder)
        source = _hospital(folder)
        before = versions(settings)
        end_left_behind(folder / "airflow")
        shutil.rmtree(folder / "airflow", ignore_errors=True)  # history of an earlier demo; the lake keeps the evidence
        with running(folder / "airflow", settings) as airflow:
            with airflow.client(ENGINEER) as api:
                asked = {"logical_date": None, "conf": {"source": str(source.absolute())}}
                api.post("/dags/ingest/dagRuns", json=asked).raise_for_status()
            _follow(airflow)
            print(_ending(settings, before, airflow), flush=True)  # noqa: T201 - what the demo is for
            if stay:
                progress.say("Airflow stays. End it with Ctrl-C or 'make down'.")
                signal.pause()


def down(folder: Path) -> None:
    """End a demo that runs in a folder, and wait until it has cleaned up."""
    pid_file = folder / ".pid"
    if not pid_file.is_file():
        return
    with pid_file.open("r+") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.kill(int(handle.read()), signal.SIGTERM)
            fcntl.flock(handle, fcntl.LOCK_EX)
        pid_file.unlink()
    end_left_behind(folder / "airflow")


def main(argv: list[str]) -> int:
    """Entry point; returns the exit code of the command line's convention."""
    action, folder = (argv[0] if argv else "run"), Path(argv[1] if len(argv) > 1 else "build/demo")
    try:
        if action == "down":
            down(folder)
        else:
            run(folder, stay=action == "up")
    except KeyboardInterrupt:
        progress.say("Stopped.")
        return 0 if action == "up" else 130
    except ChartlineError as error:
        progress.say(str(error))
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
