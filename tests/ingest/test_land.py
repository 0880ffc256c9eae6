"""Landing: every file once, counted, whatever it came in."""

import gzip
import io
import json
import os
import tarfile
import zipfile

import pytest

from chartline.errors import DataError, MachineError, UsageError
from chartline.files import sources
from chartline.ingest import land as landing
from chartline.ingest.land import land
from chartline.lake import quarantine, tables
from chartline.lake.landing import blob

PATIENT = b'{"resourceType":"Patient","id":"a"}\n'
OTHER = b'{"resourceType":"Patient","id":"b"}\n'


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "delivery"
    folder.mkdir()
    return folder


def rows(lake):
    return {r["name"]: r for r in tables.read(lake, "landing.files").to_pylist()}


def test_a_file_is_copied_once_under_its_digest(lake, source):
    (source / "Jane Doe.json").write_bytes(PATIENT)
    result = land(lake, [source], run_id="r1")
    (row,) = rows(lake).values()
    assert blob(lake, row["digest"]).read_bytes() == PATIENT
    assert (row["size"], row["format"], row["run_id"]) == (len(PATIENT), "ndjson", "r1")
    assert result.counts.totals() == {"in": 1, "out": 1, "quarantined": 0, "duplicate": 0, "filtered": 0}
    assert blob(lake, row["digest"]).stat().st_mode & 0o077 == 0


def test_names_of_people_stay_out_of_the_lakes_file_names(lake, source):
    (source / "Jane Doe.json").write_bytes(PATIENT)
    land(lake, [source], run_id="r1")
    assert not [p for p in lake.lake.rglob("*") if "Doe" in p.name]


def test_the_same_bytes_are_a_duplicate(lake, source):
    (source / "a.json").write_bytes(PATIENT)
    (source / "b.json").write_bytes(PATIENT)
    assert land(lake, [source], run_id="r1").counts.duplicate == 1
    (source / "c.json").write_bytes(OTHER)
    again = land(lake, [source], run_id="r2")
    assert again.counts.totals() == {"in": 3, "out": 1, "quarantined": 0, "duplicate": 2, "filtered": 0}
    assert len(rows(lake)) == 2


def test_the_same_delivery_is_no_work(lake, source):
    (source / "a.json").write_bytes(PATIENT)
    first = land(lake, [source], run_id="r1")
    second = land(lake, [source], run_id="r2")
    assert second.unchanged and second.run_id == "r1" and second.counts == first.counts
    assert tables.version(lake, "landing.files") == first.tables["landing.files"]


def test_a_landed_file_that_somebody_was_taken_out_of_is_not_filled_again_by_the_next_delivery(lake, source):
    (source / "a.json").write_bytes(PATIENT + OTHER)
    land(lake, [source], run_id="r1")
    at = blob(lake, rows(lake)["a.json"]["digest"])
    at.write_bytes(b" " * (len(PATIENT) - 1) + b"\n" + OTHER)
    (source / "b.json").write_bytes(OTHER)
    assert land(lake, [source], run_id="r2").counts.duplicate == 1
    assert PATIENT not in at.read_bytes()


def test_a_csv_that_a_mapping_knows_is_landed_as_data(lake, source):
    header = "START,STOP,PATIENT,ENCOUNTER,CODE,DESCRIPTION\n"
    for name in ("conditions", "allergies", "unnamed"):
        (source / f"{name}.csv").write_text(f"{header}2020-01-01,,p,{name},1,x\n")
    counts = land(lake, [source], run_id="r").counts
    assert (counts.out, counts.filtered) == (2, {"csv_ambiguous_header": 1})
    assert {r["format"] for r in rows(lake).values()} == {"csv"}


def test_what_is_no_fhir_is_counted_with_its_reason(lake, source):
    (source / "README.md").write_text("read me")
    (source / "patients.csv").write_text("a,b\n1,2\n")
    (source / "log.ndjson").write_text('{"exportId":"1","eventId":"kickoff"}\n')
    (source / "Patient.ndjson").write_text("version https://git-lfs.github.com/spec/v1\n")
    (source / "good.ndjson").write_bytes(PATIENT)
    counts = land(lake, [source], run_id="r").counts
    assert counts.filtered == {"not_fhir": 1, "csv_unknown_header": 1, "log": 1, "git_lfs_pointer": 1}
    assert (counts.in_, counts.out, counts.lost) == (5, 1, 0)


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:xz", "w:bz2"])
def test_tar_archives_are_read_member_by_member(lake, tmp_path, mode):
    archive = tmp_path / f"export.tar{mode[1:].replace(':', '.')}"
    with tarfile.open(archive, mode) as tar:
        for name, data in (("x/Patient.ndjson", PATIENT), ("x/b.ndjson", OTHER)):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    assert land(lake, [archive], run_id="r").counts.out == 2
    assert {r["container"] for r in rows(lake).values()} != {None}
    assert {n.split("!/")[1] for n in rows(lake)} == {"x/Patient.ndjson", "x/b.ndjson"}


def test_a_zip_in_a_folder_is_read_too(lake, source):
    with zipfile.ZipFile(source / "export.zip", "w") as archive:
        archive.writestr("a.ndjson", PATIENT)
    assert land(lake, [source], run_id="r").counts.out == 1


def test_a_member_whose_path_tries_to_leave_is_refused(lake, tmp_path):
    archive = tmp_path / "evil.zip"
    with zipfile.ZipFile(archive, "w") as out:
        for name in ("../../escape.ndjson", "/etc/escape.ndjson", "C:\\escape.ndjson", ".", "ok.ndjson"):
            out.writestr(name, PATIENT)
    counts = land(lake, [archive], run_id="r").counts
    assert counts.filtered == {"unsafe_path": 4} and counts.out == 1


def test_links_and_devices_in_an_archive_are_refused(lake, tmp_path):
    archive = tmp_path / "links.tar"
    with tarfile.open(archive, "w") as tar:
        link = tarfile.TarInfo("passwd.ndjson")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
        member = tarfile.TarInfo("a.ndjson")
        member.size = len(PATIENT)
        tar.addfile(member, io.BytesIO(PATIENT))
    assert land(lake, [archive], run_id="r").counts.filtered == {"not_a_file": 1}


def test_a_link_out_of_the_folder_is_refused(lake, source, tmp_path):
    (tmp_path / "outside.json").write_bytes(OTHER)
    (source / "link.json").symlink_to(tmp_path / "outside.json")
    (source / "dangling.json").symlink_to(source / "nothing")
    (source / "a.json").write_bytes(PATIENT)
    counts = land(lake, [source], run_id="r").counts
    assert (counts.out, counts.filtered) == (1, {"unsafe_path": 2})


def test_an_archive_bomb_is_refused(lake, tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "FREE_BYTES", 1000)
    archive = tmp_path / "bomb.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("a.ndjson", b" " * 10_000_000)
    with pytest.raises(DataError, match="CL1032"):
        land(lake, [archive], run_id="r")


def test_a_damaged_archive_is_refused_whole(lake, tmp_path):
    archive = tmp_path / "cut.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        for i in range(50):
            data = os.urandom(50_000)
            member = tarfile.TarInfo(f"{i}.ndjson")
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    archive.write_bytes(archive.read_bytes()[:-600_000])
    with pytest.raises(DataError, match="CL1031"):
        land(lake, [archive], run_id="r")
    assert rows(lake) == {}


def test_an_empty_folder_says_so(lake, source):
    with pytest.raises(DataError, match="CL1030: source 1 holds no file") as error:
        land(lake, [source], run_id="r")
    assert error.value.exit_code == 1


def test_a_source_that_is_not_there_is_a_wrong_call(lake, tmp_path, source):
    (source / "a.json").write_bytes(PATIENT)
    with pytest.raises(UsageError, match="CL2032: source 2"):
        land(lake, [source, tmp_path / "Jane Doe"], run_id="r")


@pytest.mark.parametrize("name", ["loop", "x" * 300, "loop/a.json"])
def test_a_path_that_leads_nowhere_is_a_wrong_call(lake, tmp_path, name):
    (tmp_path / "loop").symlink_to(tmp_path / "pool")
    (tmp_path / "pool").symlink_to(tmp_path / "loop")
    with pytest.raises(UsageError, match="CL2032: source 1"):
        land(lake, [tmp_path / name], run_id="r")


def test_a_folder_that_may_not_be_read_is_a_machine_error(lake, source, monkeypatch):
    def refuse(_):
        raise PermissionError

    monkeypatch.setattr(sources, "_children", refuse)
    with pytest.raises(MachineError, match="CL3035: source 1"):
        land(lake, [source], run_id="r")


def manifest(source, **entry):
    body = {
        "transactionTime": "2021-01-01T00:00:00Z",
        "output": [{"type": "Patient", "url": "https://example.org/files/Patient.ndjson", **entry}],
    }
    (source / "manifest.json").write_text(json.dumps(body))


def test_a_file_knows_the_manifest_that_names_it(lake, source):
    manifest(source, count=2)
    (source / "Patient.ndjson").write_bytes(PATIENT + b"\n" + OTHER)
    counts = land(lake, [source], run_id="r").counts
    found = rows(lake)
    assert found["Patient.ndjson"]["manifest"] == found["manifest.json"]["digest"]
    assert found["Patient.ndjson"]["transaction_time"].year == 2021
    assert counts.totals() == {"in": 2, "out": 1, "quarantined": 0, "duplicate": 0, "filtered": 1}


def test_a_file_that_is_named_but_missing_is_counted_and_set_aside(lake, source):
    manifest(source)
    result = land(lake, [source], run_id="r")
    assert result.counts.quarantined == {"manifest_file_missing": 1}
    assert result.counts.in_ == 2 and result.extra["missing_files"] == 1
    assert quarantine.summary(lake)[0]["reason"] == "manifest_file_missing"


@pytest.mark.parametrize(
    ("entry", "reason"), [({"count": 3}, "manifest_count_mismatch"), ({"size": 5}, "manifest_size_mismatch")]
)
def test_a_file_that_is_not_as_its_manifest_says_is_set_aside_whole(lake, source, entry, reason):
    manifest(source, **entry)
    (source / "Patient.ndjson").write_bytes(PATIENT + OTHER)
    assert land(lake, [source], run_id="r").counts.quarantined == {reason: 1}


def test_a_gzipped_file_answers_to_its_plain_name(lake, source):
    manifest(source, count=2)
    (source / "Patient.ndjson.gz").write_bytes(gzip.compress(PATIENT + OTHER))
    assert land(lake, [source], run_id="r").counts.quarantined == {}
    assert rows(lake)["Patient.ndjson.gz"]["manifest"]


def test_a_large_file_is_given_starts_of_pieces(lake, source, monkeypatch):
    monkeypatch.setattr(landing, "CHUNK", 1000)
    monkeypatch.setattr(sources, "BLOCK", 300)
    data = b"".join(b'{"resourceType":"Patient","id":"%d"}\n' % i for i in range(200))
    (source / "Patient.ndjson").write_bytes(data)
    land(lake, [source], run_id="r")
    (row,) = rows(lake).values()
    assert len(row["chunks"]) > 3
    for chunk in row["chunks"]:
        before = data[: chunk["offset"]]
        assert before.endswith(b"\n") and before.count(b"\n") + 1 == chunk["line"]
