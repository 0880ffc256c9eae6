"""Notes that a Bulk FHIR server gives by address only, over real HTTP."""

import base64
import gzip
import json

import pytest

from chartline import pipeline
from chartline.errors import MachineError
from chartline.ingest import attachments, bulk, link
from chartline.ingest.servers import source
from chartline.lake import tables
from chartline.lake.landing import blob
from tests.ingest.fhir_server import Answer, FhirServer, busy, ndjson, outcome

TEXT = "Seen today. Doing well."
PLAIN = Answer(200, {"Content-Type": "text/plain; charset=utf-8"}, TEXT.encode())


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(link, "LEAST", 0.001)
    monkeypatch.setattr(link, "TRIES", 3)


def note(number, url, kind="text/plain", **attachment):
    attached = {"contentType": kind, "url": url, **attachment}
    return {
        "resourceType": "DocumentReference",
        "id": f"d{number}",
        "status": "current",
        "content": [{"attachment": attached}],
    }


def as_fhir(name, text=TEXT):
    body = {"resourceType": "Binary", "id": name, "contentType": "text/html", "data": encoded(text)}
    return Answer(200, {"Content-Type": "application/fhir+json;charset=utf-8"}, json.dumps(body).encode())


def encoded(text):
    return base64.b64encode(text.encode()).decode()


@pytest.fixture
def serve():
    """A started server of these documents; what they point to is answered by ``documents``."""
    started = []

    def make(*resources, name="DocumentReference.ndjson", packed=False, **more):
        data = ndjson(*resources)
        server = FhirServer({name: gzip.compress(data) if packed else data}, **more).__enter__()
        started.append(server)
        return server

    yield make
    for server in started:
        server.__exit__()


def land(lake, server):
    return pipeline.run_stage(lake, "land", sources=[source(server.export)])


def brought(lake):
    """The Binaries that were landed, by id."""
    found = {}
    for row in tables.read(lake, "landing.files").to_pylist():
        if row["name"].startswith(attachments.FOLDER):
            lines = blob(lake, row["digest"]).read_bytes().splitlines()
            found |= {json.loads(line)["id"]: json.loads(line) for line in lines}
    return found


def asked_for(server):
    return sorted(path for path in server.paths() if "/Binary/" in path)


def test_what_a_document_points_to_lands_beside_it_in_whatever_form_the_server_gives_it(lake, serve):
    server = serve(note(1, "Binary/n1"), {"resourceType": "DiagnosticReport", "id": "r"})
    server.files["DiagnosticReport.ndjson"] = ndjson(
        {"resourceType": "DiagnosticReport", "id": "r", "presentedForm": [{"url": f"{server.base}/Binary/n2"}]}
    )
    server.manifest = server.default_manifest()
    server.documents = {"/fhir/Binary/n1": PLAIN, "/fhir/Binary/n2": as_fhir("n2")}
    counts = land(lake, server).counts
    assert brought(lake) == {
        "n1": {
            "resourceType": "Binary",
            "id": "n1",
            "contentType": "text/plain; charset=utf-8",
            "data": encoded(TEXT),
        },
        "n2": {"resourceType": "Binary", "id": "n2", "contentType": "text/html", "data": encoded(TEXT)},
    }
    assert counts.quarantined == {}


def test_only_texts_that_the_server_has_and_the_export_has_not_are_asked_for(lake, serve):
    server = serve(
        *(note(n, f"Binary/n{n}") for n in (1, 1, 2)),
        note(3, "Binary/picture", kind="image/png"),
        note(4, "Binary/inside", data=encoded(TEXT)),
        note(5, "https://elsewhere.example/Binary/n5"),
        note(6, "http://[broken/Binary/n6"),
        note(7, "Binary/n7/_history/3"),
        note(8, "https://elsewhere.example/notes/8.pdf"),
        {"resourceType": "Patient", "id": "p", "photo": [{"url": "Binary/n9"}]},
    )
    server.files["Binary.ndjson"] = ndjson({"resourceType": "Binary", "id": "n2", "data": encoded(TEXT)})
    server.manifest = server.default_manifest()
    server.documents = {"/fhir/Binary/n1": PLAIN, "/fhir/Binary/n7/_history/3": PLAIN}
    land(lake, server)
    assert asked_for(server) == ["/fhir/Binary/n1", "/fhir/Binary/n7/_history/3"]
    assert sorted(brought(lake)) == ["n1", "n7"]


def test_a_note_that_cannot_be_had_is_told_and_the_export_is_whole(lake, serve, capfd):
    server = serve(*(note(n, f"Binary/n{n}") for n in range(1, 8)))
    wrong = Answer(200, {"Content-Type": "application/fhir+json"}, json.dumps(outcome("not-found")).encode())
    server.documents = {
        "/fhir/Binary/n1": PLAIN,
        "/fhir/Binary/n2": Answer(403),
        "/fhir/Binary/n3": wrong,
        "/fhir/Binary/n4": busy(503),
        "/fhir/Binary/n6": Answer(200, {"Content-Type": "text/plain"}),
        "/fhir/Binary/n7": Answer(200, {}, TEXT.encode()),
    }
    land(lake, server)
    assert {name: binary["contentType"] for name, binary in brought(lake).items()} == {
        "n1": "text/plain; charset=utf-8",
        "n7": "application/octet-stream",
    }
    said = capfd.readouterr().err
    assert "5 attached documents cannot be had (no answer: 1, HTTP 200: 2, HTTP 403: 1, HTTP 404: 1): withheld" in said
    assert "n4" not in said and server.base not in said
    state = json.loads((bulk.home(lake, server.export) / "export.json").read_text())
    assert state["last"]


def test_a_run_that_ends_is_taken_up_where_it_was(lake, serve, monkeypatch):
    monkeypatch.setattr(attachments, "_BATCH", 1)
    server = serve(*(note(n, f"Binary/n{n}") for n in (1, 2, 3)))
    server.documents = {"/fhir/Binary/n1": PLAIN, "/fhir/Binary/n2": busy(503), "/fhir/metadata": busy(503)}
    with pytest.raises(MachineError, match="CL3040"):
        land(lake, server)
    server.seen.clear()
    server.documents = {f"/fhir/Binary/n{n}": PLAIN for n in (1, 2, 3)}
    land(lake, server)
    assert asked_for(server) == ["/fhir/Binary/n2", "/fhir/Binary/n3"]
    assert sorted(brought(lake)) == ["n1", "n2", "n3"]
    assert not [path for path in server.paths() if path.startswith("/files/")]


def test_documents_in_packed_files_are_seen_and_damaged_ones_are_left_to_landing(lake, serve):
    server = serve(note(1, "Binary/n1"), name="DocumentReference.ndjson.gz", packed=True)
    server.files["Other.ndjson.gz"] = gzip.compress(ndjson(note(2, "Binary/n2")))[:-9]
    server.manifest = server.default_manifest()
    server.documents = {"/fhir/Binary/n1": PLAIN, "/fhir/Binary/n2": PLAIN}
    land(lake, server)
    assert "n1" in brought(lake)
