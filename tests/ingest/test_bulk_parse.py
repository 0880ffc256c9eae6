"""From a Bulk FHIR server to bronze."""

import tarfile
from collections import Counter
from pathlib import PurePosixPath

import pytest

from chartline import pipeline
from chartline.fhir import versions
from chartline.fhir.parse import parse
from chartline.ingest import link
from chartline.ingest.servers import source
from chartline.lake import spark as sessions
from chartline.lake import tables
from tests.ingest.fhir_server import FhirServer, busy, deletions, ndjson

pytestmark = pytest.mark.spark


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(link, "LEAST", 0.001)


def patient(number, version, when):
    meta = {"versionId": version, "lastUpdated": f"2026-{when}T00:00:00Z"}
    return {"resourceType": "Patient", "id": f"p{number}", "meta": meta, "gender": "female"}


def taken(spark, lake, server, run):
    landed = pipeline.run_stage(lake, "land", sources=[source(server.export)], run_id=run)
    return landed, parse(spark, lake, run_id=run)


def standing(spark, lake):
    bronze = sessions.read(spark, lake, "bronze.resources")
    return {r["resource_id"]: r["version_id"] for r in versions.current(bronze).where("NOT deleted").collect()}


def test_what_a_server_changes_and_deletes_arrives_in_bronze(spark, lake):
    with FhirServer({"Patient.ndjson": ndjson(*(patient(n, "1", "01-01") for n in range(3)))}) as server:
        server.plan_job(busy(202))
        landed, parsed = taken(spark, lake, server, "r1")
        assert (landed.counts.out, parsed.counts.out) == (1, 3)
        server.files = {
            "Patient.ndjson": ndjson(patient(1, "2", "01-05"), patient(3, "1", "01-05")),
            "deleted.ndjson": deletions("Patient/p2"),
        }
        server.manifest = server.default_manifest(transactionTime="2026-02-02T00:00:00Z")
        landed, parsed = taken(spark, lake, server, "r2")
    assert (landed.counts.out, parsed.counts.out, parsed.counts.quarantined) == (2, 3, {})
    assert standing(spark, lake) == {"p0": "1", "p1": "2", "p3": "1"}


def test_the_sample_export_arrives_whole(spark, lake, corpora):
    sample = corpora / "fhir" / "bulk_export" / "smart_sample_10_patients.tar.xz"
    if not sample.is_file():
        pytest.skip("the sample of a bulk export is not here")
    with tarfile.open(sample) as archive:
        files = {
            PurePosixPath(m.name).name: archive.extractfile(m).read()
            for m in archive
            if m.isfile() and not m.name.endswith("log.ndjson")
        }
    with FhirServer(files, gzipped=True) as server:
        landed, parsed = taken(spark, lake, server, "r")
    expected = Counter({name.split(".")[0]: data.count(b"\n") for name, data in files.items()})
    assert (landed.counts.out, landed.counts.quarantined) == (len(files), {})
    assert parsed.counts.totals() == {"in": 7160, "out": 7160, "quarantined": 0, "duplicate": 0, "filtered": 0}
    assert Counter(tables.read(lake, "bronze.resources")["resource_type"].to_pylist()) == expected
