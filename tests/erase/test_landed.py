"""Landed files without some of their records: what stays, stays byte for byte and where it was."""

import gzip
import io
import json
from datetime import UTC, datetime

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chartline import keys
from chartline.erase import erase, landed
from chartline.fhir import extracts, records
from chartline.lake import quarantine, tables


def resource(kind, own, **more):
    return orjson.dumps({"resourceType": kind, "id": own, **more})


def bundle(*resources, **more):
    entries = [{"fullUrl": f"urn:uuid:{orjson.loads(r)['id']}", "resource": orjson.loads(r)} for r in resources]
    return orjson.dumps({"resourceType": "Bundle", "type": "collection", **more, "entry": entries})


def of(*ids):
    """Takes the records with these ids."""
    return lambda record: (records.told(record.raw)[1] or records.id_of(record.full_url)) in ids


def found(path, compression, form):
    return [(r.line, r.part, records.told(r.raw)[1]) for r in records.read(path, compression, form) if r.raw]


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_a_line_that_goes_leaves_the_others_at_their_offsets_and_numbers(tmp_path, compression):
    path = tmp_path / "file"
    lines = [
        resource("Patient", "a"),
        resource("Patient", "b", name=[{"family": "Öz"}]),
        b"",
        b"no json",
        resource("Patient", "c"),
    ]
    text = b"\r\n".join(lines) + b"\n"
    path.write_bytes(text if compression == "none" else gzip.compress(text))
    assert landed.count(path, compression, "ndjson", of("b")) == 1
    landed.rewrite(path, compression, "ndjson", of("b"))
    held = path.read_bytes() if compression == "none" else gzip.decompress(path.read_bytes())
    assert held == text.replace(lines[1], b" " * len(lines[1]))
    assert landed.count(path, compression, "ndjson", of("b")) == 0
    assert path.stat().st_mode & 0o777 == 0o600


def test_an_entry_that_goes_leaves_the_others_in_their_places_and_no_word_of_the_envelope(tmp_path):
    path = tmp_path / "file"
    one = bundle(
        resource("Patient", "a"), resource("Patient", "b"), link=[{"relation": "self", "url": "Patient?_id=a"}]
    )
    path.write_bytes(one)
    landed.rewrite(path, "none", "json", of("a"))
    assert found(path, "none", "json") == [(2, 0, "b")]
    assert "link" not in orjson.loads(path.read_bytes())
    assert b"urn:uuid:a" not in path.read_bytes()


def test_bundles_within_bundles_and_on_lines_are_gone_through(tmp_path):
    path = tmp_path / "file"
    inner = bundle(resource("Patient", "a"), resource("Patient", "b"))
    outer = orjson.dumps({"resourceType": "Bundle", "type": "batch", "entry": [{"resource": orjson.loads(inner)}]})
    path.write_bytes(outer + b"\n" + resource("Patient", "c") + b"\n")
    size = path.stat().st_size
    assert landed.count(path, "none", "ndjson", of("a", "c")) == 2
    landed.rewrite(path, "none", "ndjson", of("a", "c"))
    assert [own for *_, own in found(path, "none", "ndjson")] == ["b"]
    assert path.stat().st_size == size


def test_an_entry_that_deletes_goes_too(tmp_path):
    path = tmp_path / "file"
    entries = [{"request": {"method": "DELETE", "url": f"Patient/{own}"}} for own in ("a", "b")]
    path.write_bytes(orjson.dumps({"resourceType": "Bundle", "type": "transaction", "entry": entries}))
    landed.rewrite(path, "none", "json", lambda r: r.deletion is not None and r.deletion.url == "Patient/a")
    assert orjson.loads(path.read_bytes())["entry"] == [{}, entries[1]]


def test_a_file_of_which_nothing_goes_is_what_it_was(tmp_path):
    path = tmp_path / "file"
    for form, text in (
        ("ndjson", b"\xef\xbb\xbf" + resource("Patient", "a") + b"\n\n"),
        ("json", b" [1]\n"),
        ("json", b""),
    ):
        path.write_bytes(text)
        landed.rewrite(path, "none", form, of("b"))
        assert path.read_bytes() == text


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.text(max_size=20), st.sampled_from([b"\n", b"\r\n", b"\n\n"])), max_size=8
    )
)
def test_whatever_the_lines_only_the_persons_go(tmp_path_factory, rows):
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(b"".join(resource("Patient", own, text=text) + end for own, text, end in rows))
    before = found(path, "none", "ndjson")
    size = path.stat().st_size
    landed.rewrite(path, "none", "ndjson", of("a"))
    assert found(path, "none", "ndjson") == [place for place in before if place[2] != "a"]
    assert path.stat().st_size == size


@pytest.fixture(scope="module")
def sheet(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mappings")
    person = {"resourceType": "Patient", "id": "{ID}", "name": [{"text": "{NOTE}"}]}
    files = {"persons": {"must": ["ID", "NOTE"], "resource": person}}
    (folder / "ours.json").write_text(json.dumps({"files": files}))
    return extracts.load(folder).judge(b"ID,NOTE\n", "x.csv")


@pytest.mark.parametrize("compression", ["none", "gzip"])
@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.text('x",\n', max_size=9), st.sampled_from(["\n", "\r\n", "\n\n"])),
        max_size=8,
    )
)
def test_whatever_the_rows_only_the_persons_become_blank(tmp_path_factory, sheet, compression, rows):
    path = tmp_path_factory.getbasetemp() / f"rows-{compression}"
    quoted = ((own, note.replace('"', '""'), end) for own, note, end in rows)
    text = ("\ufeffID,NOTE\n" + "".join(f'{own},"{note}"{end}' for own, note, end in quoted)).encode()

    def place(rows):
        return [(r.line, r.start, r.raw) for r in rows]

    def read():
        data = path.read_bytes() if compression == "none" else gzip.decompress(path.read_bytes())
        return data, list(sheet.rows(io.BytesIO(data)))

    path.write_bytes(text if compression == "none" else gzip.compress(text))
    before = read()[1]
    assert landed.count(path, compression, "csv", of("a"), sheet) == sum(own == "a" for own, *_ in rows)
    landed.rewrite(path, compression, "csv", of("a"), sheet)
    data, after = read()
    assert place(after) == place(r for r in before if r.cells[0] != "a")
    assert len(data) == len(text)


def test_a_row_that_cannot_be_looked_into_is_said_to_be_none(tmp_path, sheet, monkeypatch):
    monkeypatch.setattr("chartline.files.delimited.MAX_ROW", 50)
    path = tmp_path / "file"
    path.write_bytes(b'ID,NOTE\na,"' + b"x" * 100)
    with pytest.raises(EOFError):
        landed.count(path, "none", "csv", of("a"), sheet)


def set_aside(lake, told):
    """Records in quarantine, by their reason."""
    held = [quarantine.Record("parse", "x", n, "f", i, payload=raw) for i, (n, raw) in enumerate(told.items())]
    quarantine.append(lake, held, datetime.now(UTC), "r", keys.load(lake.key))


def test_what_was_set_aside_is_the_persons_by_its_number_too_where_its_type_is_unknown(lake):
    told = {
        "wrong type": b'{"resourceType":"patient","id":"p-4711","name":[{"family":"Doe"}]}',
        "broken off": b'{"resourceType":"Encounter","subject":{"reference":"Patient/p-4711"},"cla',
        "csv": b"p-4711,1961-04-09,Doe",
        "another's": b'{"resourceType":"Encounter","id":"p-4711","subject":{"reference":"Patient/p-2"}}',
    }
    set_aside(lake, told)
    found = erase._aside(lake, {"p-4711"}, erase._numbers(lake, {"p-4711"}))
    assert set(found.values()) == {records.digest(raw) for name, raw in told.items() if name != "another's"}


def test_what_was_set_aside_without_an_id_is_the_persons_by_whatever_is_known(lake):
    known = [("NAME", "Anna Zwinglisberg"), ("GIVEN", "Anna"), ("FAMILY", "Zwinglisberg"), ("MRN", "KH9912873")]
    row = {"resource_type": "Patient", "resource_id": "m3", "person_id": "m3"}
    tables.append(lake, "bronze.people", [{**row, "known": [{"type": t, "value": v} for t, v in known]}])
    sister = [("NAME", "Ilka Quixmirova"), ("FAMILY", "Quixmirova")]
    for own, names in (("m4", sister), ("m3", [("FAMILY", "Quixmirova"), ("NAME", "Anna Quixmirova")])):
        row |= {"resource_id": own, "person_id": own}
        tables.append(lake, "bronze.people", [{**row, "known": [{"type": t, "value": v} for t, v in names]}])
    told = {
        "another's by the name of both": b'{"resourceType":"Patient","name":[{"family":"Quixmirova"}]}',
        "without an id": b'{"resourceType":"Patient","identifier":[{"value":"KH9912873"}]}',
        "by name": b'{"resourceType":"Patient","name":[{"family":"Zwinglisberg","given":["Anna"]}]}',
        "broken off": b'{"resourceType":"Observation","id":"b","subject":{"display":"Zwinglisberg"',
        "no JSON": b"Zwinglisberg is not JSON",
        "unknown": b'{"resourceType":"Foo","id":"f1","x":"Zwinglisberg"}',
        "another's": b'{"resourceType":"Observation","id":"o2","note":[{"text":"with Anna Zwinglisberg"}]}',
        "another's without an id": b'{"resourceType":"Patient","name":[{"family":"Zwingli","given":["Anna"]}]}',
    }
    set_aside(lake, told)
    numbers = erase._numbers(lake, {"m3"})
    found = set(erase._aside(lake, {"m3"}, numbers).values())
    assert found == {records.digest(raw) for name, raw in told.items() if not name.startswith("another's")}
    taken = erase._taken(set(), {"m3"}, found, numbers)
    lines = {name: records.Record(1, raw, fault="" if raw.endswith(b"}") else "not_json") for name, raw in told.items()}
    assert {name for name, record in lines.items() if taken(record)} == {n for n in told if not n.startswith("another")}
