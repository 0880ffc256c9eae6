"""Nothing that a server says or is called reaches a log, an error, a terminal or the audit zone."""

import json
import logging
import signal
import subprocess
import sys
import time
from collections import deque

import pytest

from chartline import cli
from chartline.ingest import link
from chartline.ingest.servers import source
from chartline.lake import tables
from chartline.pipeline import run_stage
from tests.ingest.fhir_server import NOW, Answer, FhirServer, ndjson, outcome
from tests.ingest.test_bulk import keys

WORD = "CANARY"
FILES = {
    "Patient.CANARYFILE.ndjson": ndjson(
        {"resourceType": "Patient", "id": "CANARYID", "name": [{"family": "CANARYNAME"}]}
    ),
    "Patient.2.CANARYFILE.ndjson": ndjson({"resourceType": "Patient", "id": "CANARYID2"}),
    "error.CANARYFILE.ndjson": ndjson(outcome("CANARYCODE", text="CANARYTEXT")),
}
EXPORT = "/fhir/Group/CANARYGROUP/$export"
SAID = {"X-Progress": "CANARYPROGRESS 40%", "X-CANARYHEADER": "CANARYHEADER", **NOW}
LOST = json.dumps(outcome("CANARYCODE", text="CANARYTEXT")).encode()


def gone(server):
    server.files.pop("Patient.2.CANARYFILE.ndjson")


def all_gone(server):
    server.files.clear()


def refused(server):
    server.plan(EXPORT, [Answer(400, SAID, LOST)])


def forbidden(server):
    server.plan(EXPORT, [Answer(403, SAID, LOST)])


def failed(server):
    server.plan("/jobs/CANARYJOB", [Answer(202, SAID), Answer(500, SAID, LOST)])


def no_manifest(server):
    server.plan("/jobs/CANARYJOB", [Answer(200, SAID, LOST)])


def astray(server):
    server.manifest["output"][0]["url"] = "http://CANARYHOST.example.org/CANARYFILE?CANARYSECRET"


def malformed(server):
    server.manifest["output"][0]["url"] = "http://[CANARYHOST/CANARYFILE"


def away(server):
    server.planned["/files/Patient.CANARYFILE.ndjson"] = deque([Answer(503, SAID, LOST)] * 9)


def broken_off(server):
    server.planned["/files/Patient.CANARYFILE.ndjson"] = deque([Answer(200, SAID, LOST, cut=5)] * 9)


def strange_header(server):
    server.plan(EXPORT, [Answer(202, {"Content-Location": "http://[CANARYLOCATION"})])


def no_token(server):
    server.client = "another"


def strange_token(server):
    server.plan("/fhir/token", [Answer(400, SAID, b'{"error": "CANARYERROR", "error_description": "CANARYTEXT"}')])


def damaged_file(server):
    server.files["Patient.CANARYFILE.ndjson"] = b'{"resourceType": "Patient", "CANARYNAME'


@pytest.fixture
def secured(lake, tmp_path, monkeypatch):
    path, public = keys(tmp_path, "EC")
    with FhirServer(dict(FILES), client="CANARYCLIENT", public=public) as server:
        job = {"Content-Location": f"{server.origin}/jobs/CANARYJOB?CANARYSECRET=1"}
        server.jobs.append("/jobs/CANARYJOB")
        server.plan("/jobs/CANARYJOB", [Answer(202, SAID)])
        server.default = Answer(202, job)
        monkeypatch.setattr(server, "kick_off", lambda seen: server.default)
        for entry in server.manifest["output"]:
            entry["url"] += "?CANARYSECRET=1"
        for name, value in {"CLIENT": "CANARYCLIENT", "KEY": str(path)}.items():
            monkeypatch.setenv(f"CHARTLINE_BULK_{name}", value)
        monkeypatch.setattr(link, "LEAST", 0.001)
        monkeypatch.setattr(link, "TRIES", 2)
        yield server


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (None, 0),
        (gone, 0),
        (damaged_file, 0),
        (all_gone, 1),
        (failed, 1),
        (no_manifest, 1),
        (astray, 1),
        (malformed, 1),
        (strange_header, 1),
        (refused, 2),
        (forbidden, 2),
        (no_token, 2),
        (strange_token, 2),
        (away, 3),
        (broken_off, 3),
    ],
    ids=lambda x: getattr(x, "__name__", str(x)),
)
def test_nothing_of_a_server_is_told(secured, lake, capfd, caplog, fault, code):
    if fault:
        fault(secured)
    url = f"{secured.origin}{EXPORT}?_typeFilter=Patient%3Fname%3DCANARYQUERY"
    with caplog.at_level(logging.DEBUG):
        ended = cli.main(["land", url, "--lake", str(lake.lake), "--json"])
    told = "".join(capfd.readouterr()) + caplog.text
    assert ended == code, told
    assert WORD not in told.upper() and str(secured.http.server_port) not in told
    for path in (lake.lake / "audit").rglob("*"):
        assert WORD not in path.name
        assert not path.is_file() or WORD.encode() not in path.read_bytes()
    assert not [p for p in lake.lake.rglob("*") if WORD in p.name and "exports" not in p.parts]


@pytest.mark.parametrize(
    ("how", "ended", "asked"),
    [(signal.SIGKILL, -signal.SIGKILL, 1), (signal.SIGTERM, -signal.SIGTERM, 1), (signal.SIGINT, 3, 2)],
)
def test_a_run_that_is_killed_is_taken_up_by_the_next_and_one_that_is_interrupted_cancels(lake, how, ended, asked):
    with FhirServer({"Patient.ndjson": FILES["Patient.2.CANARYFILE.ndjson"]}) as server:
        job = server.plan_job(Answer(202, {"Retry-After": "3600"}))
        command = [sys.executable, "-m", "chartline.cli", "land", server.export, "--lake", str(lake.lake)]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        until = time.monotonic() + 60
        while job not in server.paths() and time.monotonic() < until:
            time.sleep(0.02)
        process.send_signal(how)
        assert process.wait() == ended
        process.stderr.close()
        assert (job in server.paths("DELETE")) == (how == signal.SIGINT)
        result = run_stage(lake, "land", sources=[source(server.export)])
        assert (result.counts.out, len(server.asked())) == (1, asked)
    assert tables.read(lake, "landing.files").num_rows == 2
