"""Bulk Data manifests of every published shape."""

import json
from datetime import UTC, datetime

import pytest

from chartline.errors import DataError
from chartline.files.formats import HEAD, Format, detect, is_manifest
from chartline.files.manifests import OWN, Entry, instant, read, server

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


def test_an_address_that_is_none_is_passed_over():
    body = STU4 | {"output": [{"type": "Patient", "url": "http://[bad/1.ndjson"}]}
    assert server(json.dumps(body).encode()) == "https://example.org"
    assert [entry.file for entry in read(json.dumps(body).encode()).entries] == ["file", "err.ndjson"]


def test_a_resource_is_no_manifest():
    assert not is_manifest({"resourceType": "Bundle", "link": [], "transactionTime": "x"})


@pytest.mark.parametrize("value", [None, 5, "", "2021", "2021-01-01", "2021-01-01T00:00:00", "never"])
def test_what_is_no_instant_is_none(value):
    assert instant(value) is None


def test_a_leap_second_is_the_second_before_it():
    assert instant("2016-12-31T23:59:60Z") == datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)


def named(*urls):
    body = STU4 | {"output": [{"url": url} for url in urls], "outcome": []}
    return [e.file for e in read(json.dumps(body).encode()).entries]


def test_files_that_their_names_do_not_tell_apart_get_a_number():
    assert named("https://h/1/data", "https://h/2/data", "https://h/3/data.gz") == ["data", "2.data", "3.data.gz"]
    assert named("https://h/f?id=1", "https://h/f?id=2", "https://h/f?id=1") == ["f", "2.f", "f"]
    assert named("https://h/2.a", "https://h/x/a", "https://h/y/a") == ["2.a", "a", "3.a"]


@pytest.mark.parametrize(
    "url", ["https://h/", "https://h", "https://h/a/..", "https://h/%00", "https://[/", f"/{'n' * 300}"]
)
def test_what_no_file_can_be_called_is_called_file(url):
    assert named(url) == ["file"]


@pytest.mark.parametrize(
    ("said", "needed"), [(True, True), ("true", True), (False, False), ("false", False), (1, None)]
)
def test_whether_a_token_is_needed_is_understood_in_quotes_too(said, needed):
    assert read(json.dumps(STU4 | {"requiresAccessToken": said}).encode()).requires_token is needed


def test_no_file_has_the_name_of_its_manifest():
    assert named(f"https://h/{OWN}") == [f"1.{OWN}"]


def test_a_manifest_tells_where_it_goes_on_and_whether_its_files_want_a_token():
    first, third = (read(json.dumps(body).encode()) for body in (STU1, STU3))
    assert (first.next_page, first.requires_token) == ("", True)
    assert (third.next_page, third.requires_token) == ("https://example.org/m2.json", None)
    assert read(json.dumps(STU4 | {"link": [{"relation": ["next"], "url": 5}, 3]}).encode()).next_page == ""


@pytest.mark.parametrize("indent", [None, 2])
def test_a_manifest_that_is_longer_than_what_is_looked_at_is_known(indent):
    many = [{"type": "Patient", "url": f"https://example.org/{n}/{'x' * 500}"} for n in range(1000)]
    head = json.dumps(STU1 | {"output": many}, indent=indent).encode()[:HEAD]
    assert detect(head, "export") == Format("manifest", reason="manifest")


def test_many_lines_of_something_else_are_no_manifest():
    line = b'{"request": "x", "transactionTime": 5}\n'
    assert detect((line * HEAD)[:HEAD], "x").name == "unknown"


def test_a_manifest_that_breaks_off_is_a_typed_error():
    with pytest.raises(DataError, match="CL1037"):
        read(json.dumps(STU1).encode()[:-5])
