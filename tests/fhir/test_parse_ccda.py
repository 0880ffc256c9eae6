"""C-CDA documents through landing and parse: several of one patient, one that is none, and a patient who leaves."""

import json
from collections import Counter

import pytest

from chartline.erase import erase
from chartline.fhir.parse import parse
from chartline.ingest.land import land
from chartline.lake import ledger, tables
from chartline.lake.landing import blob
from tests.fhir.clinical_document import document, problem

pytestmark = pytest.mark.spark

GOES, STAYS = "MRN-7730918", "MRN-5521047"


@pytest.fixture(autouse=True)
def gates_asked(monkeypatch):
    """Gates have tests of their own and cost seconds."""
    monkeypatch.setattr("chartline.fhir.parse.gates.check", lambda *_, **__: "passed")


def run(spark, lake, folder, **files):
    folder.mkdir()
    for name, data in files.items():
        (folder / f"{name}.xml").write_bytes(data)
    assert land(lake, [folder], run_id=ledger.new_run_id()).counts.out == len(files)
    return parse(spark, lake, run_id=ledger.new_run_id()).counts


def told(lake, kind):
    found = [r for r in tables.read(lake, "bronze.resources").to_pylist() if r["resource_type"] == kind]
    return [json.loads(r["raw"]) for r in sorted(found, key=lambda r: r["last_updated"])]


def aside(lake):
    return sorted(r["reason"] for r in tables.read(lake, "bronze.quarantine").to_pylist())


def test_documents_of_a_patient_are_versions_and_the_patient_takes_them_along(spark, lake, tmp_path):
    files = {
        "first": document(problem("1"), problem("2", low=""), name="d1", patient=GOES),
        "then": document(problem("1", status="completed"), name="d2", patient=GOES, time="20150101"),
        "others": document(problem("9"), problem("8", low=""), name="d3", patient=STAYS),
        "none": document(problem("1"), patient=GOES).replace(b"<effectiveTime value=", b"<effectiveTime x=", 1),
    }
    counts = run(spark, lake, tmp_path / "a", **files)
    assert counts.quarantined == {"entry_not_converted": 2, "document_not_converted": 1}
    assert counts.in_ == counts.out + counts.duplicate + 3
    assert sorted(Counter(c["id"] for c in told(lake, "Condition")).values()) == [1, 2]
    others = told(lake, "Patient")
    assert {p["identifier"][0]["value"] for p in others} == {GOES, STAYS}
    (gone,) = {p["id"] for p in others if p["identifier"][0]["value"] == GOES}
    begun = erase.begin(lake, gone, by="A. Officer", reason="asked")
    removed = erase.purge(spark, lake, begun, run_id="r")
    assert set(erase.finish(spark, lake, begun, removed)["left"].values()) == {0}
    assert aside(lake) == ["entry_not_converted"]
    kept = [blob(lake, r["digest"]) for r in tables.read(lake, "landing.files").to_pylist()]
    assert sorted(at.read_bytes() for at in kept if at.is_file() and at.stat().st_size) == [files["others"]]
    assert [p["identifier"][0]["value"] for p in told(lake, "Patient")] == [STAYS]
    later = run(spark, lake, tmp_path / "b", more=document(problem("7"), name="d4", patient=STAYS))
    assert later.quarantined == {}
