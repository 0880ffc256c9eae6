"""CSV extracts through landing and parse: every row has its place and its fate."""

import gzip
import json

import pytest

from chartline import keys
from chartline.erase import erase
from chartline.errors import UsageError
from chartline.fhir.parse import parse
from chartline.ingest import land as landing
from chartline.ingest.land import land
from chartline.lake import ledger, quarantine, tables
from chartline.lake.landing import blob
from chartline.settings import Settings

pytestmark = pytest.mark.spark

MAPPING = {
    "tables": {"sex": {"F": "female", "M": "male"}},
    "files": {
        "persons": {
            "must": ["MRN", "BORN"],
            "may": ["SEX", "NOTE"],
            "resource": {
                "case": [
                    {"when": {"MRN": "TEST*"}, "filtered": "test_person"},
                    {
                        "then": {
                            "resourceType": "Patient",
                            "id": "{MRN}",
                            "birthDate": "{BORN|date}",
                            "gender": "{SEX|sex}",
                            "name": [{"text": "{NOTE}"}],
                        }
                    },
                ]
            },
        }
    },
}
ROWS = b"MRN,BORN,SEX,NOTE\n"


@pytest.fixture(autouse=True)
def gates_asked(monkeypatch):
    """Gates have tests of their own and cost seconds."""
    monkeypatch.setattr("chartline.fhir.parse.gates.check", lambda *_, **__: "passed")


@pytest.fixture
def mappings(tmp_path):
    """A hospital's folder of mappings, and what to write into it."""
    folder = tmp_path / "mappings"
    folder.mkdir()

    def write(body):
        (folder / "ours.json").write_text(json.dumps(body))
        return folder

    return write


@pytest.fixture
def ours(lake, mappings):
    return lake.with_(extracts=mappings(MAPPING))


def run(spark, lake, folder, **files):
    folder.mkdir(exist_ok=True)
    for name, data in files.items():
        (folder / f"{name}.csv").write_bytes(data)
    landed = land(lake, [folder], run_id=ledger.new_run_id())
    return landed.counts, parse(spark, lake, run_id=ledger.new_run_id()).counts


def bronze(lake):
    return {r["resource_id"]: r for r in tables.read(lake, "bronze.resources").to_pylist()}


def held(lake):
    return {r["source_line"]: r for r in tables.read(lake, "bronze.quarantine").to_pylist()}


def test_every_row_is_a_resource_set_aside_left_out_or_a_duplicate(spark, ours, tmp_path):
    data = b"\r\n".join(
        [
            b"\xef\xbb\xbfmrn,Born,NOTE,sex",
            b'p1,1970-01-01,"Jane',
            b'""Jo"" Doe",F',
            b"",
            b"p2,1980-02-30,,M",
            b"p3,1980-02-03,,X",
            b"p4,1980-02-03",
            b"p5,1980-02-03,M\xfcller,M",
            b'p6,"1980"-02-03,,M',
            b",1980-02-03,,M",
            b"TEST1,1980-02-03,,M",
            b"p7,1980-02-03,,M",
            b"p7,1980-02-03,,M",
            b"p 8,1980-02-03,,M",
            b'p9,1980-02-03,"never closed,M',
        ]
    )
    landed, parsed = run(spark, ours, tmp_path / "d", persons=data)
    assert landed.out == 1
    assert parsed.totals() == {"in": 12, "out": 2, "quarantined": 8, "duplicate": 1, "filtered": 1}
    assert parsed.filtered == {"test_person": 1}
    assert {line: (r["reason"], r["rule"]) for line, r in held(ours).items()} == {
        5: ("bad_date", "Patient.birthDate"),
        6: ("unmapped_value", "Patient.gender"),
        7: ("ragged_row", "csv"),
        8: ("wrong_encoding", "csv"),
        9: ("malformed_row", "csv"),
        10: ("missing_id", "id"),
        14: ("bad_id", "id"),
        15: ("unclosed_quote", "csv"),
    }
    unmapped = held(ours)[6]
    assert b"1980" not in unmapped["payload"]
    assert quarantine.content(ours, unmapped["quarantine_id"], keys.load(ours.key)) == b"p3,1980-02-03,,X\r\n"
    found = bronze(ours)
    assert {i: r["source_line"] for i, r in found.items()} == {"p1": 2, "p7": 12}
    assert json.loads(found["p1"]["raw"])["name"] == [{"text": 'Jane\r\n"Jo" Doe'}]
    people = tables.read(ours, "bronze.people")["resource_id"].to_pylist()
    assert sorted(people) == ["p1", "p2", "p7"], "who was set aside for a day that is none is known too"


def test_a_gzipped_file_and_a_large_one_in_pieces_have_the_same_rows(spark, ours, tmp_path, key_file, monkeypatch):
    rows = [b'p%d,1970-01-01,F,"line\nbreak, and %s"\n' % (i, b"x" * (i % 7)) for i in range(200)]
    lines = {f"p{i}": 2 + 2 * i for i in range(200)}
    monkeypatch.setattr(landing, "CHUNK", 1000)
    _, counts = run(spark, ours, tmp_path / "d", persons=ROWS + b"".join(rows))
    (file,) = tables.read(ours, "landing.files").to_pylist()
    assert len(file["chunks"]) > 3
    assert counts.out == 200
    assert {i: r["source_line"] for i, r in bronze(ours).items()} == lines
    packed = Settings(lake=tmp_path / "other", key=key_file, extracts=ours.extracts)
    _, again = run(spark, packed, tmp_path / "e", persons=gzip.compress(ROWS + b"".join(rows)))
    assert again.out == 200
    assert {i: r["raw"] for i, r in bronze(packed).items()} == {i: r["raw"] for i, r in bronze(ours).items()}
    assert {i: r["source_line"] for i, r in bronze(packed).items()} == lines


def test_a_header_that_no_mapping_knows_waits_for_one(spark, lake, tmp_path, mappings):
    landed, parsed = run(spark, lake, tmp_path / "d", persons=ROWS + b"p1,1970-01-01,F,\n")
    assert landed.filtered == {"csv_unknown_header": 1}
    assert parsed.totals() == {"in": 0, "out": 0, "quarantined": 0, "duplicate": 0, "filtered": 0}
    later = lake.with_(extracts=mappings(MAPPING))
    _, parsed = run(spark, later, tmp_path / "d")
    assert parsed.totals() == {"in": 1, "out": 1, "quarantined": 0, "duplicate": 0, "filtered": 0}
    _, parsed = run(spark, later, tmp_path / "d", more=ROWS + b"p2,1970-01-01,F,\n")
    assert parsed.in_ == 1


def test_rows_set_aside_come_back_when_the_mapping_is_mended(spark, ours, tmp_path, mappings):
    run(spark, ours, tmp_path / "d", persons=ROWS + b"p1,1970-01-01,F,\np2,1970-01-01,X,\np3,1970-01-01,X,\n")
    quarantine.dispose(ours, [held(ours)[3]["quarantine_id"]], "released")
    mappings(MAPPING | {"tables": {"sex": {"F": "female", "M": "male", "X": "other"}}})
    counts = parse(spark, ours, run_id="after").counts
    assert (counts.in_, counts.out) == (1, 1)
    assert json.loads(bronze(ours)["p2"]["raw"])["gender"] == "other"
    assert {r["disposition"] for r in held(ours).values()} == {"reentered", "open"}


def test_a_manifest_tells_when_an_extract_was_made(spark, ours, tmp_path):
    for month in (2, 1):  # the newer first
        folder = tmp_path / f"month{month}"
        folder.mkdir()
        url = "https://ehr.example/persons.csv"
        manifest = {
            "transactionTime": f"2021-0{month}-01T00:00:00Z",
            "output": [{"type": "Patient", "url": url, "count": 1}],
        }
        (folder / "manifest.json").write_text(json.dumps(manifest))
        _, counts = run(spark, ours, folder, persons=ROWS + b"p1,1970-01-0%d,F,\n" % month)
        assert counts.out == 1
    rows = tables.read(ours, "bronze.resources").to_pylist()
    newest = max(rows, key=lambda r: r["last_updated"])
    assert json.loads(newest["raw"])["birthDate"] == "1970-01-02"
    assert tables.read(ours, "bronze.quarantine").num_rows == 0


def test_a_person_who_leaves_takes_rows_along_and_nobody_elses(spark, ours, tmp_path):
    number = [{"type": {"coding": [{"code": "MR"}]}, "value": "{MRN}"}]
    mapping = json.loads(json.dumps(MAPPING).replace('"{MRN}"', '"{MRN|hash}"'))
    person = mapping["files"]["persons"]["resource"]["case"]
    person[1]["then"]["identifier"] = number
    person[0] = {"when": {"NOTE": "TEST"}, "filtered": "test_person"}
    (ours.extracts / "ours.json").write_text(json.dumps(mapping))
    theirs = b'p-1000,1970-01-01,F,"Jane\nDoe"\np-1000,1970-13-01,F,twice\np-1000,1970-01-01,,TEST\n'
    others = b"p-10001,1980-01-01,F,Joan\np-2000,1980-13-01,F,\n"
    run(spark, ours, tmp_path / "d", persons=ROWS + theirs + others, other=b"a,b\np-1000,x\n")
    (gone,) = (i for i, r in bronze(ours).items() if "Jane" in r["raw"])
    begun = erase.begin(ours, gone, by="A. Officer", reason="asked")
    removed = erase.purge(spark, ours, begun, run_id="r")
    assert {k: removed[k] for k in ("landing", "landing.files", "bronze", "quarantine")} == {
        "landing": 3,
        "landing.files": 1,
        "bronze": 1,
        "quarantine": 1,
    }
    assert set(erase.finish(spark, ours, begun, removed)["left"].values()) == {0}
    (kept,) = [r for r in tables.read(ours, "landing.files").to_pylist() if blob(ours, r["digest"]).is_file()]
    data = blob(ours, kept["digest"]).read_bytes()
    assert data.endswith(others) and data.startswith(ROWS) and not data.removesuffix(others)[len(ROWS) :].split()
    assert [json.loads(r["raw"])["name"][0]["text"] for r in bronze(ours).values()] == ["Joan"]
    _, counts = run(spark, ours, tmp_path / "e", persons=ROWS + b"p-3000,1970-01-01,F,\n")
    assert counts.totals() == {"in": 1, "out": 1, "quarantined": 0, "duplicate": 0, "filtered": 0}


def test_a_mapping_with_a_mistake_is_refused_before_anything_is_copied(lake, tmp_path, mappings):
    body = json.loads(json.dumps(MAPPING).replace("birthDate", "bornOn"))
    with pytest.raises(UsageError, match="CL2080"):
        land(lake.with_(extracts=mappings(body)), [tmp_path], run_id="r")
    assert not lake.lake.exists()
