"""Airflow's components on this machine, on SQLite and localhost, for the demo and the live test.

Not for production: ``docker-compose.yml`` is the shape of that. ``airflow standalone`` is not used because
it leaves components behind when it is ended.
"""

from __future__ import annotations

import base64
import ctypes
import importlib.util
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

from chartline import progress
from chartline.errors import MachineError
from chartline.settings import Settings, room

ENGINEER, OFFICER = "data_engineer", "privacy_officer"
COMPONENTS = ("api-server", "scheduler", "dag-processor", "triggerer")
SETTLE_SECONDS = 10
"""Wait this long before answering a question by machine: an answer within one loop of Airflow's scheduler looks to it
like a task that was lost, and it asks again."""
SHORT_LIVED = "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=240m"
"""Options of a Java process that works for seconds: the optimizing compiler does not pay for itself there; and what was
compiled once is kept, where the other compiler alone has room for 48 MB."""
_START_SECONDS = 180
_PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h


def free_ports(count: int) -> list[int]:
    """TCP ports of localhost that nobody listens on."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    try:
        return [int(s.getsockname()[1]) for s in held]
    finally:
        for s in held:
            s.close()


def environment(home: Path, settings: Settings, ports: list[int]) -> dict[str, str]:
    """All the variables that Airflow and the jobs get; of the caller's, only what finds programs and Java.

    Args:
        home: folder of Airflow's database, logs and passwords.
        settings: handed to DAGs and jobs as ``CHARTLINE_*``.
        ports: three free ports: web page, logs of the workers, logs of the triggerer.
    """
    binaries = Path(sys.executable).parent
    pyspark = importlib.util.find_spec("pyspark")
    if pyspark is None or not pyspark.submodule_search_locations:
        raise MachineError("CL3090", "PySpark is not in this environment.", "Run 'make setup'.")
    url = f"http://127.0.0.1:{ports[0]}"
    kept = {k: os.environ[k] for k in ("JAVA_HOME", "LANG", "LC_ALL", "TZ", "TMPDIR") if k in os.environ}
    return kept | {
        "PATH": f"{binaries}:{os.environ.get('PATH', os.defpath)}",
        "HOME": str(home),
        "PYTHONUNBUFFERED": "1",
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(ports[0]),
        "AIRFLOW__API__BASE_URL": url,
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API__SECRET_KEY": secrets.token_hex(32),
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(32),
        "AIRFLOW__CORE__DAGS_FOLDER": str(room("dags")),
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__FERNET_KEY": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{ENGINEER}:admin,{OFFICER}:user",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
        "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(ports[2]),
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(ports[1]),
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "AIRFLOW_CONN_SPARK_DEFAULT": json.dumps({"conn_type": "spark", "host": settings.master}),
        "JAVA_TOOL_OPTIONS": SHORT_LIVED,
        "SPARK_HOME": pyspark.submodule_search_locations[0],
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_DRIVER_PYTHON": sys.executable,
        "CHARTLINE_OFFICER": OFFICER,
        **settings.variables(),
    }


@dataclass(frozen=True)
class Airflow:
    """A running Airflow: where its page is and who may sign in."""

    home: Path
    url: str
    components: Mapping[str, subprocess.Popen[bytes]]

    def password(self, user: str) -> str:
        """Password that the simple auth manager drew for a user."""
        drawn = json.loads((self.home / "simple_auth_manager_passwords.json.generated").read_text(encoding="utf-8"))
        return str(drawn[user])

    def client(self, user: str) -> httpx.Client:
        """A signed-in client of the REST API."""
        token = httpx.post(f"{self.url}/auth/token", json={"username": user, "password": self.password(user)})
        token.raise_for_status()
        bearer = {"Authorization": f"Bearer {token.json()['access_token']}"}
        return httpx.Client(base_url=f"{self.url}/api/v2", headers=bearer, timeout=60)

    def require_alive(self) -> None:
        """Raise MachineError CL3091 when a component ended."""
        for name, process in self.components.items():
            if process.poll() is not None:
                raise MachineError("CL3091", f"Airflow's {name} ended.", f"See {self.home / f'{name}.log'}.")


def _adopt_orphans() -> None:
    """Make orphans of our children our own (Linux), so that none can outlive us unseen."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _started_since(before: list[psutil.Process]) -> list[psutil.Process]:
    mine = [child for child in psutil.Process().children() if child not in before]
    below: list[psutil.Process] = []
    for child in mine:
        with suppress(psutil.NoSuchProcess):
            below += child.children(recursive=True)
    return below + mine


def end_started_since(before: list[psutil.Process], seconds: float = 6) -> int:
    """End every process started since ``before`` was listed, asking first; return how many there were.

    Task processes lead groups of their own, so the tree is walked instead of signalling groups.
    """
    ended = 0
    deadline = time.monotonic() + seconds
    while left := _started_since(before):
        for process in left:
            with suppress(psutil.NoSuchProcess):
                process.terminate() if time.monotonic() < deadline else process.kill()
        gone, _ = psutil.wait_procs(left, timeout=2)
        ended += len(gone)
    return ended


def end_left_behind(home: Path) -> None:
    """End every process whose Airflow lives in ``home``: what a demo that was killed itself could not end."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get("AIRFLOW_HOME") == str(home.absolute()):
                process.kill()


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """SIGTERM and SIGHUP unwind the stack as Ctrl-C does; the handlers of before come back at the end."""

    def stop(number: int, _: Any) -> None:
        raise KeyboardInterrupt(signal.Signals(number).name)

    before = {s: signal.signal(s, stop) for s in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _start(name: str, env: Mapping[str, str], home: Path) -> subprocess.Popen[bytes]:
    with (home / f"{name}.log").open("ab") as log:
        return subprocess.Popen(  # noqa: S603 - a fixed command
            [sys.executable, "-m", "airflow", name],
            env=dict(env),
            cwd=home,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C reaches us alone; we end the rest in order
        )


def _migrate(env: Mapping[str, str], home: Path) -> None:
    with (home / "migrate.log").open("ab") as log:
        done = subprocess.run(
            [sys.executable, "-m", "airflow", "db", "migrate"],
            env=dict(env),
            cwd=home,
            stdout=log,
            stderr=log,
            check=False,
        )
    if done.returncode:
        raise MachineError("CL3092", "Airflow's database could not be made.", f"See {home / 'migrate.log'}.")


def _await_health(airflow: Airflow) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        airflow.require_alive()
        with suppress(httpx.HTTPError):
            if httpx.get(f"{airflow.url}/api/v2/monitor/health", timeout=5).is_success:
                return
        time.sleep(0.5)
    raise MachineError("CL3093", "Airflow did not start in time.", f"See the logs in {airflow.home}.")


def _await_dags(airflow: Airflow, wanted: set[str]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    with airflow.client(ENGINEER) as api:
        while time.monotonic() < deadline:
            airflow.require_alive()
            if wanted <= {d["dag_id"] for d in api.get("/dags").raise_for_status().json()["dags"]}:
                return
            time.sleep(0.5)
    raise MachineError("CL3094", "Airflow did not read the DAGs in time.", f"See {airflow.home / 'dag-processor.log'}.")


@contextmanager
def running(home: Path, settings: Settings, extra: Mapping[str, str] | None = None) -> Iterator[Airflow]:
    """Airflow's four components, started one by one and all ended at the end, whatever happens in between.

    Args:
        home: empty or missing folder for Airflow's own files.
        settings: project settings of DAGs and jobs.
        extra: more environment variables.

    Raises:
        MachineError: CL3091 a component ended, CL3092 no database, CL3093 no answer, CL3094 no DAGs in time.
    """
    home = home.absolute()
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    ports = free_ports(3)
    env = environment(home, settings, ports) | dict(extra or {})
    _adopt_orphans()
    before = psutil.Process().children()
    components: dict[str, subprocess.Popen[bytes]] = {}
    airflow = Airflow(home, f"http://127.0.0.1:{ports[0]}", components)
    with _ended_by_signals():
        try:
            progress.say("Airflow: making its database")
            _migrate(env, home)
            for name in COMPONENTS:
                progress.say(f"Airflow: starting {name}")
                components[name] = _start(name, env, home)
            _await_health(airflow)
            _await_dags(airflow, {p.stem for p in room("dags").glob("*.py")})
            progress.say(f"Airflow: ready at {airflow.url}")
            yield airflow
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C must not cut this short
            progress.say(f"Airflow: ended {end_started_since(before)} processes")
