"""The quarantine: sealed, listed without content, released or given up by a person."""

import json
from datetime import UTC, datetime

import pytest

from chartline import keys
from chartline.errors import DataError, UsageError
from chartline.lake import quarantine, tables
from chartline.lake.quarantine import Record

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FILE = "ab" * 32


def record(line=1, reason="not_json", payload=b"Jane Doe was here"):
    return Record("parse", reason, "json", FILE, line, payload=payload)


@pytest.fixture
def key(key_file):
    return keys.load(key_file)


def test_a_payload_is_sealed_and_opens_with_its_key_only(key, tmp_path):
    sealed = quarantine.encrypt(b"Jane Doe", key, "test", "id-1")
    assert b"Jane" not in sealed
    assert quarantine.decrypt(sealed, key, "test", "id-1") == b"Jane Doe"
    for other_key, project, quarantine_id in (
        (keys.create(tmp_path / "other.key"), "test", "id-1"),
        (key, "another project", "id-1"),
        (key, "test", "id-2"),
    ):
        with pytest.raises(DataError, match="CL1034"):
            quarantine.decrypt(sealed, other_key, project, quarantine_id)


def test_two_seals_of_one_payload_differ(key):
    assert quarantine.encrypt(b"x", key, "p", "i") != quarantine.encrypt(b"x", key, "p", "i")


def test_an_id_is_of_the_place_and_the_reason_not_of_the_content():
    assert record(payload=b"x").id == record(payload=b"y").id
    assert (
        len({record().id, record(line=2).id, record(reason="nan").id, Record("parse", "not_json", "j", FILE).id}) == 4
    )


def test_the_same_record_is_written_once(lake, key):
    assert quarantine.append(lake, [record(), record()], NOW, "r1", key) == 1
    assert quarantine.append(lake, [record(), record(line=2)], NOW, "r2", key) == 1
    assert tables.read(lake, quarantine.TABLE).num_rows == 2


def test_summary_and_show_tell_where_and_why_but_not_what(lake, key):
    quarantine.append(lake, [record(), record(line=2), record(line=3, reason="nan")], NOW, "r1", key)
    assert quarantine.summary(lake) == [
        {"stage": "parse", "reason": "not_json", "rule": "json", "records": 2},
        {"stage": "parse", "reason": "nan", "rule": "json", "records": 1},
    ]
    shown = quarantine.show(lake, record().id)
    assert (shown["source_line"], shown["key_id"], shown["first_seen"][:10]) == (1, key.id, "2026-01-01")
    assert "payload" not in shown and "Jane" not in json.dumps(shown)


def test_the_open_records_of_a_reason_are_listed_with_the_ids_that_the_other_commands_want(lake, key):
    held = [record(line=2), record(), record(line=3), record(line=4, reason="nan")]
    quarantine.append(lake, held, NOW, "r1", key)
    quarantine.dispose(lake, [record(line=3).id], "discarded")
    listed = quarantine.listing(lake, "not_json")
    assert [(r["quarantine_id"], r["source_line"]) for r in listed] == [(record().id, 1), (record(line=2).id, 2)]
    assert "Jane" not in json.dumps(listed)
    with pytest.raises(UsageError, match="CL2034"):
        quarantine.listing(lake, "no_such_reason")


def test_content_is_given_to_who_holds_the_key(lake, key):
    quarantine.append(lake, [record(), record(line=2, payload=None)], NOW, "r1", key)
    assert quarantine.content(lake, record().id, key) == b"Jane Doe was here"
    assert quarantine.content(lake, record(line=2).id, key) is None


def test_no_byte_of_the_table_holds_the_payload(lake, key):
    quarantine.append(lake, [record()], NOW, "r1", key)
    files = [p for p in tables.path(lake, quarantine.TABLE).rglob("*") if p.is_file()]
    assert files and not any(b"Jane" in p.read_bytes() for p in files)


def test_a_record_is_disposed_of_once(lake, key):
    quarantine.append(lake, [record(), record(line=2)], NOW, "r1", key)
    assert quarantine.dispose(lake, [record().id], "discarded") == 1
    assert quarantine.dispose(lake, [record().id], "released") == 0
    assert quarantine.show(lake, record().id)["disposition"] == "discarded"
    assert quarantine.show(lake, record(line=2).id)["disposition"] == "open"
    assert quarantine.summary(lake)[0]["records"] == 1


def test_a_record_that_is_not_there_is_a_wrong_call(lake, key):
    quarantine.append(lake, [record()], NOW, "r1", key)
    with pytest.raises(UsageError, match="CL2031"):
        quarantine.dispose(lake, [record().id, "0" * 64], "released")
    assert quarantine.show(lake, record().id)["disposition"] == "open"
