"""Bulk Data manifests of every published shape."""

import json
from datetime import UTC, datetime

import pytest

from chartline.ingest.formats import is_manifest
from chartline.ingest.manifests import Entry, instant, read

STU1 = {
    "transactionTime": "2021-01-01T01:00:00+01:00",
    "request": "https://example.org/$export",
    "requiresAccessToken": True,
    "output": [{"type": "Patient", "url": "https://example.org/o/Patient%20one.ndjson", "count": 3}],
    "error": [{"type": "OperationOutcome", "url": "https://example.org/o/err.ndjson"}],
}
STU2 = STU1 | {"deleted": [{"type": "Bundle", "url": "https://example.org/o/del.ndjson"}]}
STU3 = {
    "transactionTime": "2021-01-01T00:00:00Z",
    "outputOrganizedBy": "Patient",
    "output": [{"url": "https://example.org/o/1.ndjson", "continuesInFile": "https://example.org/o/2.ndjson"}],
    "link": [{"relation": "next", "url": "https://example.org/m2.json"}],
}
STU4 = {
    "manifestType": "http://hl7.org/fhir/uv/bulkdata/StructureDefinition/BulkDataManifest",
    "transactionTime": "2021-01-01T00:00:00Z",
    "output": [{"type": "Patient", "url": "o/1.ndjson?token=x"}],
    "outcome": [{"url": "https://example.org/o/err.ndjson"}],
}


@pytest.mark.parametrize(
    ("body", "entries"),
    [
        (STU1, [Entry("output", "Patient one.ndjson", "Patient", 3), Entry("error", "err.ndjson")]),
        (
            STU2,
            [
                Entry("output", "Patient one.ndjson", "Patient", 3),
                Entry("deleted", "del.ndjson"),
                Entry("error", "err.ndjson"),
            ],
        ),
        (STU3, [Entry("output", "1.ndjson")]),
        (STU4, [Entry("output", "1.ndjson", "Patient"), Entry("outcome", "err.ndjson")]),
    ],
    ids=["STU1", "STU2", "STU3", "STU4"],
)
def test_every_shape_is_read(body, entries):
    assert is_manifest(body)
    manifest = read(json.dumps(body).encode())
    assert list(manifest.entries) == entries
    assert manifest.transaction_time == datetime(2021, 1, 1, tzinfo=UTC)


def test_a_resource_is_no_manifest():
    assert not is_manifest({"resourceType": "Bundle", "link": [], "transactionTime": "x"})


@pytest.mark.parametrize("value", [None, 5, "", "2021", "2021-01-01", "2021-01-01T00:00:00", "never"])
def test_what_is_no_instant_is_none(value):
    assert instant(value) is None


def test_a_leap_second_is_the_second_before_it():
    assert instant("2016-12-31T23:59:60Z") == datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)
