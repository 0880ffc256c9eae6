"""What the demo may leave behind: nothing. The whole of it runs in tests/live."""

import subprocess
import sys
import textwrap

import psutil

from chartline import demo
from chartline.local_airflow import end_left_behind, free_ports


def test_everything_started_is_ended_also_what_leads_a_session_of_its_own_or_ignores_sigterm():
    script = textwrap.dedent("""
        import psutil, subprocess, sys, time
        from chartline import local_airflow
        stays = subprocess.Popen(["sleep", "60"])
        before = psutil.Process().children()
        local_airflow._adopt_orphans()
        stubborn = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
        subprocess.Popen(["sh", "-c", "setsid sleep 61 & sleep 61"], start_new_session=True)
        subprocess.Popen([sys.executable, "-c", stubborn])
        time.sleep(1)
        ended = local_airflow.end_started_since(before, seconds=1)
        print(ended, stays.poll(), len(psutil.Process().children(recursive=True)))
        stays.kill()
    """)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    ended, stays, left = done.stdout.split()
    assert int(ended) >= 3
    assert (stays, left) == ("None", "1")


def test_only_one_demo_runs_in_a_folder_and_down_ends_it(tmp_path):
    script = f"""
import signal, sys, time
from pathlib import Path
from chartline import demo
with demo._only_demo(Path({str(tmp_path)!r})):
    try:
        print("in", flush=True)
        time.sleep(60)
    except KeyboardInterrupt:
        pass
"""
    script = "import signal\nsignal.signal(signal.SIGTERM, signal.default_int_handler)\n" + script
    running = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert running.stdout.readline() == "in\n"
    assert demo.main(["run", str(tmp_path)]) == 2
    assert psutil.pid_exists(running.pid)
    assert demo.main(["down", str(tmp_path)]) == 0
    assert running.wait(timeout=10) == 0
    assert demo.main(["down", str(tmp_path)]) == 0


def test_what_a_killed_demo_left_behind_is_ended_and_nothing_else(tmp_path):
    left = subprocess.Popen(["sleep", "60"], env={"AIRFLOW_HOME": str(tmp_path / "airflow")})
    other = subprocess.Popen(["sleep", "60"], env={"AIRFLOW_HOME": str(tmp_path / "other")})
    end_left_behind(tmp_path / "airflow")
    assert left.wait(timeout=10) != 0
    assert other.poll() is None
    other.kill()
    other.wait()


def test_ports_are_free_and_different():
    assert len(set(free_ports(3))) == 3
