"""What the machine lacks is said before anything else, with the line that puts it there."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT


def preflight(folder, path, **env):
    return subprocess.run(
        ["/bin/sh", str(ROOT / "scripts" / "preflight")],
        cwd=folder,
        env={"PATH": path, **env},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def tools(tmp_path):
    """A PATH with the tools of any Unix, no Java, no Python; not root."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("sed", "head", "df", "awk", "sh"):
        (folder / name).symlink_to(shutil.which(name))
    program(folder, "id", "echo 1000")
    return folder


def program(folder, name, body):
    (folder / name).unlink(missing_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{body}\n")
    (folder / name).chmod(0o755)


JAVA = "echo 'openjdk version \"17.0.15\"' >&2"


def test_missing_java_is_said_with_the_line_that_installs_it(tools, tmp_path):
    done = preflight(tmp_path, str(tools))
    assert done.returncode == 3
    assert "openjdk-17-jre-headless" in done.stderr


def test_old_java_is_said(tools, tmp_path):
    program(tools, "java", "echo 'openjdk version \"11.0.2\"' >&2")
    done = preflight(tmp_path, str(tools))
    assert done.returncode == 3
    assert "found '11'" in done.stderr


def test_old_python_is_said(tools, tmp_path):
    program(tools, "java", JAVA)
    program(tools, "python3", "exit 1")
    done = preflight(tmp_path, str(tools))
    assert done.returncode == 3
    assert "Python 3.11" in done.stderr


def test_too_little_disk_is_said(tools, tmp_path):
    program(tools, "df", "printf 'Filesystem 1024-blocks Used Available\\nx 1 1 2048\\n'")
    done = preflight(tmp_path, str(tools))
    assert done.returncode == 3
    assert "2 MiB of disk are free" in done.stderr


def test_a_fit_machine_names_its_python(tools, tmp_path):
    program(tools, "java", JAVA)
    program(tools, "python3.12", "exit 0")
    done = preflight(tmp_path, str(tools))
    assert (done.returncode, done.stdout.strip()) == (0, str(tools / "python3.12"))


@pytest.mark.skipif(not Path("/etc/debian_version").exists(), reason="installs on Debian only")
def test_root_on_debian_gets_java_installed(tools, tmp_path):
    program(tmp_path, "java.deb", JAVA)
    program(tools, "id", "echo 0")
    program(tools, "python3.12", "exit 0")
    (tools / "ln").symlink_to("/bin/ln")
    program(tools, "apt-get", f'if [ "$1" = install ]; then ln -s "{tmp_path}/java.deb" "{tools}/java"; fi')
    done = preflight(tmp_path, str(tools))
    assert done.returncode == 0, done.stderr
    assert "installing Java" in done.stderr
