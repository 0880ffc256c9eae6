"""What a file is, judged by its bytes."""

import gzip

import pytest

from chartline.files.formats import detect

PATIENT = b'{"resourceType":"Patient","id":"a"}'
PRETTY = b'{\n  "resourceType": "Patient",\n  "id": "a"\n}\n'
MANIFEST = b'{\n "transactionTime": "2021-01-01T00:00:00Z",\n "output": []\n}'


@pytest.mark.parametrize(
    ("data", "name", "format", "reason"),
    [
        (PATIENT + b"\n" + PATIENT, "a.ndjson", "ndjson", ""),
        (PATIENT, "a.json", "ndjson", ""),
        (PATIENT + b"\n" + PATIENT, "no-ending-at-all", "ndjson", ""),
        (b"\xef\xbb\xbf" + PATIENT, "bom.json", "ndjson", ""),
        (PRETTY, "a.json", "json", ""),
        (b"\xef\xbb\xbf" + PRETTY, "a.txt", "json", ""),
        (PATIENT[:-9] + b"\n" + PATIENT + b"\n", "first line is cut.ndjson", "ndjson", ""),
        (b"what is this\n" + PATIENT, "first line is noise.ndjson", "ndjson", ""),
        (b"what is this", "noise.ndjson", "ndjson", ""),
        (b"what is this", "README.md", "unknown", "not_fhir"),
        (b'{"name": "a package"}', "package.json", "unknown", "not_fhir"),
        (b"", "empty.ndjson", "unknown", "empty_file"),
        (b" \r\n \n", "blank.ndjson", "unknown", "empty_file"),
        (b"version https://git-lfs.github.com/spec/v1\noid", "Patient.ndjson", "unknown", "git_lfs_pointer"),
        (b"BZh91AY", "Patient.ndjson.bz2", "unknown", "unsupported_compression"),
        (b'<Patient xmlns="http://hl7.org/fhir">', "a.xml", "fhir_xml", ""),
        (b"<html>", "a.html", "xml", "xml"),
        (b"Id,BIRTHDATE\n1,2000-01-01\n", "patients.csv", "csv", "csv"),
        (b'Id,NAME\n1,"Doe, Jane"\n', "patients.csv", "csv", "csv"),
        (MANIFEST, "export.json", "manifest", "manifest"),
        (b'{"exportId":"1","eventId":"kickoff"}\n', "log.ndjson", "log", "log"),
        (b"\x89PNG\r\n\x1a\n", "scan.png", "unknown", "not_fhir"),
    ],
)
def test_a_file_is_what_its_bytes_say(data, name, format, reason):
    found = detect(data, name)
    assert (found.name, found.reason, found.compression) == (format, reason, "none")


def test_gzip_is_looked_into():
    found = detect(gzip.compress(PATIENT + b"\n" + PATIENT), "Patient.ndjson.gz")
    assert (found.name, found.compression, found.reason) == ("ndjson", "gzip", "")


def test_gzip_that_is_broken_from_the_start_is_left_to_parse_to_refuse():
    assert detect(b"\x1f\x8b" + b"\0" * 40, "Patient.ndjson.gz").name == "ndjson"


def test_a_bundle_with_one_line_an_entry_is_one_document():
    bundle = b'{"resourceType":"Bundle","type":"collection","entry":[\n{"resource":' + PATIENT + b"}\n]}"
    assert detect(bundle, "a.json").name == "json"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"Id,NOTE\n1,x\n", ""),
        (b"Id,NOTE\n", ""),
        (b'Id,NOTE\n1,"{""resourceType"":""Patient""}"\n', ""),
        (b"Id,OTHER\n1,x\n", "unknown"),
    ],
)
def test_a_csv_is_read_when_its_header_is_known(data, reason):
    def known(head, name):
        return "" if head.startswith(b"Id,NOTE") and name == "a.csv" else "unknown"

    for given, packed in ((data, "a.csv"), (gzip.compress(data), "A.csv.gz")):
        found = detect(given, packed, known)
        assert (found.name, found.reason) == ("csv", reason)
