"""Bad and odd input, each with its reason code; good bytes come through untouched."""

import gzip
import json
from datetime import UTC, datetime

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chartline.deid.frames import members
from chartline.fhir import accept, definitions, judge, records, versions
from chartline.fhir.judge import Origin
from chartline.keys import Key
from chartline.lake import quarantine

KEY = Key("k1", bytes(range(32)))
PATIENT = b'{"resourceType":"Patient","id":"a"}'


def origin(**facts):
    return Origin(**{"digest": "f" * 64, "type": None, "exported_at": None, "key": KEY, "project": "test"} | facts)


def rows_of(path, compression="none", form="ndjson", **facts):
    return list(judge.rows(records.read(path, compression, form), origin(**facts)))


@pytest.fixture
def rows(tmp_path):
    """Rows of a file with these bytes."""

    def read(data, form="ndjson", compression="none", **facts):
        path = tmp_path / "file"
        path.write_bytes(data)
        return rows_of(path, compression, form, **facts)

    return read


def resource(**elements):
    return orjson.dumps({"resourceType": "Patient", "id": "a"} | elements)


def bundle(*entries, kind="transaction"):
    return orjson.dumps({"resourceType": "Bundle", "type": kind, "entry": list(entries)})


def outcome(row):
    return row["kind"], row["reason"], row["source_line"]


def deep(levels):
    return b'{"resourceType":"Patient","id":"a","extension":' + b"[" * levels + b"]" * levels + b"}"


BAD_LINES = {
    "not JSON": (b"Jane Doe was here", "not_json"),
    "cut off": (PATIENT[:-3], "not_json"),
    "a list": (b"[1]", "not_an_object"),
    "a number": (b"7", "not_an_object"),
    "two objects on a line": (PATIENT + PATIENT, "not_json"),
    "duplicate keys": (b'{"resourceType":"Patient","id":"a","gender":"male","gender":"female"}', "duplicate_key"),
    "duplicate keys with other blanks": (b'{"resourceType":"Patient","id":"a","id" : "b"}', "duplicate_key"),
    "NaN": (b'{"resourceType":"Patient","id":"a","multipleBirthInteger":NaN}', "nan"),
    "minus infinity": (b'{"resourceType":"Patient","id":"a","multipleBirthInteger": -Infinity}', "nan"),
    "a lone surrogate": (b'{"resourceType":"Patient","id":"a","language":"\\ud800"}', "lone_surrogate"),
    "not UTF-8": (b'{"resourceType":"Patient","id":"a","language":"\xff"}', "not_utf8"),
    "a NUL": (b'{"resourceType":"Patient","id":"a\x00"}', "not_json"),
    "depth that a parser refuses": (deep(3000), "too_deep"),
    "depth that a parser bears": (deep(accept.MAX_DEPTH), "too_deep"),
    "unknown resource type": (b'{"resourceType":"Patients","id":"a"}', "unknown_resource_type"),
    "no resource type": (b'{"id":"a"}', "unknown_resource_type"),
    "a resource type that is no text": (b'{"resourceType":7,"id":"a"}', "unknown_resource_type"),
    "a resource type that is a list": (b'{"resourceType":["Patient"],"id":"a"}', "unknown_resource_type"),
    "missing id": (b'{"resourceType":"Patient"}', "missing_id"),
    "an id that is none": (b'{"resourceType":"Patient","id":"a/b"}', "bad_id"),
    "an id that is a number": (b'{"resourceType":"Patient","id":7}', "bad_id"),
    "unknown element": (b'{"resourceType":"Patient","id":"a","nickname":"J"}', "unknown_element"),
    "a day that never was": (b'{"resourceType":"Patient","id":"a","birthDate":"2001-02-30"}', "bad_date"),
    "unknown modifierExtension": (
        b'{"resourceType":"Patient","id":"a","modifierExtension":[{"url":"http://x.org/y","valueBoolean":true}]}',
        "unknown_modifier_extension",
    ),
    "STU3": (b'{"resourceType":"Encounter","id":"a","status":"finished","reason":[]}', "wrong_fhir_version"),
    "DSTU2": (b'{"resourceType":"MedicationOrder","id":"a"}', "wrong_fhir_version"),
    "R5": (b'{"resourceType":"Encounter","id":"a","status":"planned","class":[]}', "wrong_fhir_version"),
    "a profile of R5": (
        b'{"resourceType":"Patient","id":"a","meta":{"profile":["http://hl7.org/fhir/5.0/StructureDefinition/P"]}}',
        "wrong_fhir_version",
    ),
}


@pytest.mark.parametrize(("line", "reason"), BAD_LINES.values(), ids=BAD_LINES)
def test_a_bad_line_is_set_aside_and_its_neighbours_are_not(rows, line, reason):
    found = rows(resource(id="before") + b"\n" + line + b"\n" + resource(id="after") + b"\n")
    assert [outcome(r) for r in found] == [("resource", None, 1), ("quarantine", reason, 2), ("resource", None, 3)]


@pytest.mark.parametrize("line", [line for line, _ in BAD_LINES.values()], ids=BAD_LINES)
def test_what_is_set_aside_is_encrypted_and_comes_back_byte_for_byte(rows, line):
    row = rows(PATIENT + b"\n" + line + b"\n")[1]
    # Not "no byte of the line is in it": one byte of a cipher text may well be the `7` that was set aside.
    assert row["payload"] != line and row["key_id"] == "k1"
    assert quarantine.decrypt(row["payload"], KEY, "test", row["quarantine_id"]) == line
    shown = json.dumps({k: v for k, v in row.items() if k != "payload"})
    assert "Jane" not in shown and "nickname" not in shown


@pytest.mark.parametrize(
    "line",
    [
        PATIENT,
        b'{"resourceType":"Patient","id":"a","name":[{"text":": odd \\": text"}]}',
        b' \t{"resourceType":"Patient","id":"a"} ',
    ],
)
def test_a_good_line_comes_through_untouched(rows, line):
    (row,) = rows(line + b"\n")
    assert row["raw"].encode() == line.strip()


def test_byte_order_mark_carriage_returns_and_blank_lines_are_no_content(rows):
    found = rows(b"\xef\xbb\xbf" + PATIENT + b"\r\n\r\n \n" + resource(id="b") + b"\r\n")
    assert [(r["resource_id"], r["source_line"]) for r in found] == [("a", 1), ("b", 4)]
    assert found[0]["raw"].encode() == PATIENT


def test_a_truncated_last_line_is_named_as_such(rows):
    found = rows(PATIENT + b"\n" + PATIENT[:20])
    assert [outcome(r) for r in found] == [("resource", None, 1), ("quarantine", "truncated_line", 2)]


def test_a_last_line_without_a_line_feed_is_whole_when_it_parses(rows):
    assert [r["kind"] for r in rows(PATIENT + b"\n" + resource(id="b"))] == ["resource", "resource"]


def test_a_line_of_twenty_megabytes_is_read_and_one_above_the_cap_is_set_aside(rows, monkeypatch):
    text = "x" * (20 << 20)
    big = orjson.dumps({"resourceType": "Patient", "id": "big", "name": [{"text": text}]})
    assert [r["kind"] for r in rows(big + b"\n" + PATIENT)] == ["resource", "resource"]
    monkeypatch.setattr(records, "MAX_LINE", 10 << 20)
    found = rows(big + b"\n" + PATIENT)
    assert [outcome(r) for r in found] == [("quarantine", "line_too_long", 1), ("resource", None, 2)]
    assert found[0]["payload"] is None


def test_a_truncated_gzip_sets_the_whole_file_aside(rows):
    data = gzip.compress(b"\n".join(resource(id=str(i)) for i in range(1000)))
    (row,) = rows(data[:-20], compression="gzip")
    assert outcome(row) == ("quarantine", "truncated_gzip", None)


def test_a_damaged_gzip_sets_the_whole_file_aside(rows):
    data = bytearray(gzip.compress(b"\n".join(resource(id=str(i)) for i in range(1000))))
    data[-6] ^= 0xFF
    (row,) = rows(bytes(data), compression="gzip")
    assert outcome(row) == ("quarantine", "corrupt_gzip", None)


def test_a_gzip_bomb_is_set_aside(rows, monkeypatch):
    monkeypatch.setattr(records, "FREE_BYTES", 1000)
    (row,) = rows(gzip.compress(b" " * 10_000_000), compression="gzip")
    assert row["reason"] == "gzip_expands_too_far"


def test_a_pretty_printed_resource_is_one_record(rows):
    text = json.dumps({"resourceType": "Patient", "id": "a"}, indent=2).encode()
    (row,) = rows(b"\xef\xbb\xbf" + text + b"\r\n", form="json")
    assert (row["kind"], row["source_line"], row["raw"].encode()) == ("resource", 1, text)


def test_a_document_above_the_cap_is_set_aside(rows, monkeypatch):
    monkeypatch.setattr(records, "MAX_DOCUMENT", 10)
    (row,) = rows(PATIENT, form="json")
    assert outcome(row) == ("quarantine", "file_too_large", None)


def test_a_line_of_another_type_than_the_manifest_promises_is_set_aside(rows):
    found = rows(PATIENT + b'\n{"resourceType":"Location","id":"l"}\n', type="Patient")
    assert [r["reason"] for r in found] == [None, "type_mismatch"]


def test_an_operation_outcome_is_no_record_of_a_patient(rows):
    line = b'{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"exception"}]}'
    assert outcome(rows(line)[0]) == ("filtered", "operation_outcome", 1)


# --- bundles -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["transaction", "batch", "collection", "searchset", "history", "document", "message"])
@pytest.mark.parametrize("form", ["json", "ndjson"])
def test_bundles_of_every_kind_give_their_resources(rows, kind, form):
    data = bundle(
        {"resource": {"resourceType": "Patient", "id": "a"}},
        {"resource": {"resourceType": "Location", "id": "b"}},
        kind=kind,
    )
    found = rows(data, form=form)
    assert [(r["resource_type"], r["resource_id"]) for r in found] == [("Patient", "a"), ("Location", "b")]
    places = [(r["source_line"], r["part"]) for r in found]
    assert places == ([(1, 0), (2, 0)] if form == "json" else [(1, 1), (1, 2)])


def test_an_entry_keeps_its_bytes_blanks_and_all(rows):
    entry = b'{ "resourceType" : "Patient",\n   "id":"a" }'
    (row,) = rows(b'{"resourceType":"Bundle","entry":[{"resource":' + entry + b"}]}", form="json")
    assert row["raw"].encode() == entry


@pytest.mark.parametrize(
    "url",
    [
        "urn:uuid:11111111-2222-3333-4444-555555555555",
        "https://h.org/fhir/Patient/11111111-2222-3333-4444-555555555555",
    ],
)
def test_an_entry_without_id_takes_that_of_its_full_url(rows, url):
    (row,) = rows(bundle({"fullUrl": url, "resource": {"resourceType": "Patient"}}), form="json")
    assert row["resource_id"] == "11111111-2222-3333-4444-555555555555"
    assert row["raw"] == '{"resourceType":"Patient"}'


def test_references_by_full_url_are_resolved_whatever_the_order(rows):
    mother = {"fullUrl": "urn:uuid:x1", "resource": {"resourceType": "Patient", "id": "p1"}}
    goal = {
        "resource": {
            "resourceType": "Goal",
            "id": "g",
            "lifecycleStatus": "active",
            "description": {"text": "t"},
            "subject": {"reference": "urn:uuid:x1"},
        }
    }
    for entries in ((mother, goal), (goal, mother)):
        found = {r["resource_type"]: r for r in rows(bundle(*entries), form="json")}
        assert found["Goal"]["links"] == [{"reference": "urn:uuid:x1", "target": "Patient/p1"}]
        assert found["Goal"]["patient_id"] == "p1"


def test_a_full_url_that_two_resources_claim_names_neither(rows):
    found = rows(
        bundle(
            {"fullUrl": "urn:uuid:x", "resource": {"resourceType": "Patient", "id": "p1"}},
            {"fullUrl": "urn:uuid:x", "resource": {"resourceType": "Patient", "id": "p2"}},
            {
                "resource": {
                    "resourceType": "Basic",
                    "id": "b",
                    "code": {"text": "t"},
                    "subject": {"reference": "urn:uuid:x"},
                }
            },
        ),
        form="json",
    )
    assert found[2]["links"] == [{"reference": "urn:uuid:x", "target": None}] and found[2]["patient_id"] is None


def test_a_delete_entry_is_a_tombstone(rows):
    entry = {
        "request": {"method": "DELETE", "url": "Patient/p1"},
        "response": {"status": "204", "etag": 'W/"4"', "lastModified": "2024-03-01T10:00:00Z"},
    }
    (row,) = rows(bundle(entry, kind="history"), form="json")
    assert (row["kind"], row["deleted"], row["resource_id"], row["version_id"]) == ("resource", True, "p1", "4")
    assert row["last_updated"] == datetime(2024, 3, 1, 10, tzinfo=UTC)


def test_a_bulk_deletion_happened_when_the_export_was_made(rows):
    when = datetime(2024, 1, 1, tzinfo=UTC)
    (row,) = rows(bundle({"request": {"method": "DELETE", "url": "Patient/p1"}}), exported_at=when)
    assert (row["deleted"], row["last_updated"]) == (True, when)


def test_a_deletion_by_search_is_set_aside(rows):
    (row,) = rows(bundle({"request": {"method": "DELETE", "url": "Patient?identifier=x|1"}}), form="json")
    assert row["reason"] == "conditional_delete"


def test_entries_and_bundles_without_content_are_counted(rows):
    assert rows(bundle(), form="json")[0]["reason"] == "empty_bundle"
    assert rows(bundle({"response": {"status": "201"}}), form="json")[0]["reason"] == "no_resource"


def test_bundles_in_bundles_are_opened(rows):
    inner = orjson.loads(bundle({"resource": {"resourceType": "Patient", "id": "in"}}))
    found = rows(bundle({"resource": inner}, {"resource": {"resourceType": "Patient", "id": "out"}}), form="json")
    assert [r["resource_id"] for r in found] == ["in", "out"]


def test_bundles_without_end_are_set_aside(rows):
    body = orjson.loads(bundle({"resource": {"resourceType": "Patient", "id": "in"}}))
    for _ in range(records.MAX_BUNDLES):
        body = {"resourceType": "Bundle", "entry": [{"resource": body}]}
    assert [r["reason"] for r in rows(orjson.dumps(body), form="json")] == ["too_deep"]


def test_an_entry_with_two_resources_loses_neither(rows):
    """A parser keeps the last of two equal keys: then the first would be gone without a trace."""
    data = b'{"resourceType":"Bundle","entry":[{"resource":' + PATIENT + b',"resource":' + PATIENT + b"}]}"
    assert [r["reason"] for r in rows(data, form="json")] == ["duplicate_key"]


def test_a_bundle_with_one_resource_of_another_version_is_refused_whole(rows):
    stu3 = {"resource": {"resourceType": "Observation", "id": "o", "context": {}}}
    found = rows(bundle({"resource": {"resourceType": "Patient", "id": "a"}}, stu3, {"response": {}}), form="json")
    assert [r["reason"] for r in found] == ["wrong_fhir_version", "wrong_fhir_version", "no_resource"]
    assert {r["rule"] for r in found[:2]} == {"Observation.context"}


def test_a_bundle_that_is_none_is_set_aside_as_one(rows):
    assert rows(b'{"resourceType":"Bundle","entry":{}}', form="json")[0]["reason"] == "malformed_bundle"


# --- properties --------------------------------------------------------------------------------------


LINE = st.sampled_from([PATIENT, resource(id="b"), b"", b"  ", b"noise", b'{"a":1}', b'"text"'])


@given(st.lists(LINE, max_size=30), st.sampled_from([b"\n", b"\r\n"]), st.booleans(), st.integers(1, 60))
def test_pieces_of_a_file_hold_the_lines_of_the_whole(tmp_path_factory, content, end, bom, size):
    path = tmp_path_factory.mktemp("lines") / "f"
    data = (b"\xef\xbb\xbf" if bom else b"") + end.join(content)
    path.write_bytes(data)
    whole = [(r.line, r.raw) for r in records.read(path, "none", "ndjson")]
    assert whole == [(i, c.strip()) for i, c in enumerate(content, 1) if c.strip()]
    starts = [(0, 1)]
    for offset in range(size, len(data), size):
        at = data.find(b"\n", offset) + 1
        if at and at > starts[-1][0]:
            starts.append((at, data[:at].count(b"\n") + 1))
    stops = [s for s, _ in starts[1:]] + [None]
    pieces = [
        (r.line, r.raw)
        for (start, line), stop in zip(starts, stops, strict=True)
        for r in records.read(path, "none", "ndjson", start=start, line=line, end=stop)
    ]
    assert pieces == whole


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text(max_size=5), JSON, max_size=5), st.sampled_from([None, 1]))
def test_no_object_is_suspected_of_doubled_keys_without_reason(body, indent):
    text = json.dumps(body, indent=indent, ensure_ascii=False).encode()
    assert not records.has_doubled_key(text)
    row = judge._row(records.Record(1, text), origin())
    assert row["kind"] == "quarantine" and row["reason"] != "duplicate_key"


@given(st.binary(max_size=200))
def test_no_bytes_break_the_judge(data):
    row = judge._row(records.Record(1, data), origin())
    assert row["kind"] == "quarantine"


# --- the rules about other versions ------------------------------------------------------------------


def test_no_rule_about_other_versions_hits_an_element_of_ours():
    """Each sign of a foreign version is an element R4B does not have, or has in another JSON shape."""
    shapes = {True: list, False: dict}
    for kind, rules in versions._rules()[2].items():
        for element, shape, _ in rules:
            ours = definitions.load()[kind].elements.get(element)
            assert ours is None or (shape is not None and shape is not shapes[ours.many]), (kind, element)
    assert not set(versions._rules()[1]) & definitions.resource_types()


def test_a_foreign_version_is_seen_in_the_members_as_it_is_in_the_tree():
    values = ("x", ["x"], {"x": 1}, 7, None)
    trees = [
        {"resourceType": kind, "id": "a", element: value}
        for kind, rules in versions._rules()[2].items()
        for element, _, _ in rules
        for value in values
    ]
    trees += [
        {"resourceType": "Patient", "meta": {"profile": [f"{prefix}StructureDefinition/Patient"]}}
        for prefix in (*versions._rules()[0], "http://hl7.org/fhir/4.0/", "http://hl7.org/fhir/", "http://x/3.0/")
    ]
    found = [versions.foreign(tree) is not None for tree in trees]
    assert [versions.is_foreign(tree["resourceType"], members(json.dumps(tree).encode())) for tree in trees] == found
    assert set(found) == {True, False}


def test_an_entry_is_found_in_its_bundle_though_another_text_begins_like_it():
    import json

    from chartline.fhir import records

    begins = {"resourceType": "Patient", "id": "a", "text": {"status": "additional", "div": "x" * 100}}
    entry = {"response": {"status": "200", "outcome": {**begins, "gender": "male"}}, "fullUrl": "http://s/Patient/a"}
    bundle = {"resourceType": "Bundle", "type": "batch-response", "entry": [{**entry, "resource": begins}]}
    found = list(records.expand(records.opened(json.dumps(bundle).encode()), bundle=1))
    assert [json.loads(r.raw) for r in found] == [begins]
    assert found[0].index == {"http://s/Patient/a": "Patient/a"}


def test_what_a_resource_is_does_not_depend_on_the_order_of_its_members():
    from chartline.fhir import records

    for raw in (b'{"resourceType": "Patient", "id": "a", "x": 1}', b'{"id": "a", "x": 1, "resourceType": "Patient"}'):
        assert records.kind_of(raw, {"Patient"}) == "Patient"
        assert records.kind_of(raw, {"Location"}) is None
        assert records.opened(raw + b' "Bundle"') is None
    assert records.opened(b'{"entry": [], "resourceType": "Bundle"}')
    assert records.opened(b'{"resourceType": "Bundle", "id": "b", "entry": []}')


KEYS = st.sampled_from(["a", "b", "a:b", "\\u0061", 'a\\"'])
OBJECTS = st.recursive(
    st.sampled_from(["1", "null", '"x:y"', '"\\u003a"', "1e999", "[]"]),
    lambda inner: st.lists(st.tuples(KEYS, inner), max_size=4).map(
        lambda pairs: "{" + ", ".join(f'"{key}" : {value}' for key, value in pairs) + "}"
    ),
    max_leaves=8,
)


@given(OBJECTS)
def test_a_doubled_key_is_found_however_it_is_written(text):
    doubled = []

    def look(pairs):
        doubled.append(len(dict(pairs)) < len(pairs))
        return dict(pairs)

    json.loads(text, object_pairs_hook=look)
    assert records.has_doubled_key(text.encode()) is any(doubled)
