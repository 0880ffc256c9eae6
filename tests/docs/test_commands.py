"""Every command in the documentation is run, in order, page by page."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow.dataset as ds
import pytest

from chartline.lake import tables
from tests.conftest import ROOT
from tests.ingest.fhir_server import FhirServer, patients

BLOCK = re.compile(r"(?:<!-- needs: (\w+) -->\n)?```sh\n(.*?)```", re.DOTALL)
PAGES = ["README.md", "CONTRIBUTING.md", *(f"docs/{p.name}" for p in sorted((ROOT / "docs").glob("*.md")))]


@pytest.fixture
def server():
    """A Bulk FHIR server with one patient."""
    with FhirServer({"Patient.ndjson": patients("one")}) as started:
        yield started


def blocks(page: str) -> list[tuple[str | None, str]]:
    return [(need or None, body) for need, body in BLOCK.findall((ROOT / page).read_text(encoding="utf-8"))]


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


@pytest.mark.parametrize("page", PAGES)
def test_every_make_target_named_exists(page):
    named = {t for _, body in blocks(page) for t in re.findall(r"^make ([a-z-]+)", body, re.MULTILINE)}
    assert named <= make_targets()


@pytest.mark.parametrize("page", PAGES)
def test_commands_run(page, request, tmp_path):
    """``make`` lines are left to the tests of the targets; the others run in a copy of a finished lake."""
    runnable = [(need, body) for need, body in blocks(page) if not body.lstrip().startswith(("make ", "git clone"))]
    if not runnable:
        pytest.skip("no command of ours on this page")
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    if any(need == "candidate" for need, _ in runnable):
        finished = request.getfixturevalue("finished")
        copy = tmp_path / "lake"
        shutil.copytree(finished.settings.lake, copy)
        people = tables.read(
            finished.settings, "bronze.people", columns=["resource_id"], where=ds.field("resource_type") == "Patient"
        )
        environment |= {
            "LAKE": str(copy),
            "KEY": str(finished.settings.key),
            "SOURCE": str(finished.source),
            "CANDIDATE": finished.answer["candidate"],
            "SUBJECT": str(tables.read(finished.settings, "gold.subjects", columns=["subject_id"])["subject_id"][0]),
            "EVENT": str(tables.read(finished.settings, "gold.events", columns=["event_id"])["event_id"][0]),
            "PATIENT": str(people["resource_id"][0]),
            "CHARTLINE_KEY": str(finished.settings.key),
        }
    if any(need == "server" for need, _ in runnable):
        server = request.getfixturevalue("server")
        environment |= {"EXPORT": server.export}
    for _, body in runnable:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", body],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            check=False,
            timeout=300,
        )
        assert done.returncode == 0, f"{page}:\n{body}\n{done.stderr.decode()[-2000:]}"
