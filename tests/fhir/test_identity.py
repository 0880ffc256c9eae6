"""Which records are one person: by link, by declared identifiers, and how that changed."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chartline.errors import UsageError
from chartline.fhir.identity import changes, told
from chartline.fhir.people import person
from chartline.fhir.persons import are_two, merges
from chartline.keys import Key
from chartline.lake.quarantine import encrypt
from chartline.settings import load

TO = "replaced-by"


@pytest.mark.parametrize(
    ("links", "shared", "persons", "because"),
    [
        ({}, [], {}, {}),
        ({}, [[("b", None), ("a", None)]], {"a": "a", "b": "a"}, {"b": "identifier"}),
        ({}, [[("a", "1950"), ("b", "1950-01-02")]], {"a": "a", "b": "a"}, {"b": "identifier"}),
        # Through a third record; and where a link already says who stands for one of them.
        ({}, [[("c", None), ("b", None)], [("b", None), ("a", None)]], dict.fromkeys("abc", "a"),
         {"b": "identifier", "c": "identifier"}),
        ({"b": [(TO, "z")]}, [[("b", None), ("c", None)]], dict.fromkeys("bcz", "c"),
         {"b": "identifier", "z": "identifier"}),
        ({"b": [(TO, "a")]}, [[("b", None), ("a", None)]], {"a": "a", "b": "a"}, {"b": "link"}),
    ],
    ids=["none", "shared", "partial birth", "through a third", "with a link", "both say it"],
)  # fmt: skip
def test_records_that_share_a_declared_identifier_are_one_person(links, shared, persons, because):
    found = merges(links, shared)
    assert (dict(found.persons), dict(found.because), found.refused) == (persons, because, 0)


@pytest.mark.parametrize(
    "bearers",
    [
        [("a", "1950-01-02"), ("b", "1950-01-03")],
        [("a", "1950"), ("b", "1951-01-03")],
        [(str(i), None) for i in range(11)],
    ],
    ids=["other day", "other year", "a placeholder"],
)  # fmt: skip
def test_an_identifier_that_cannot_be_of_one_person_joins_nobody_and_is_counted(bearers):
    found = merges({}, [bearers])
    assert (found.persons, found.refused) == ({}, 1)


@given(st.lists(st.lists(st.sampled_from("abcdefgh"), min_size=2, max_size=4, unique=True), max_size=6), st.randoms())
def test_the_order_of_what_is_shared_does_not_matter(groups, random):
    shared = [[(p, None) for p in group] for group in groups]
    mixed = [random.sample(g, len(g)) for g in random.sample(shared, len(shared))]
    found = merges({}, mixed).persons
    assert found == merges({}, shared).persons
    for group in groups:
        assert len({found[p] for p in group}) == 1
    assert all(found[person] == person for person in found.values())


def noted(history, links, run):
    rows = changes(history, merges(links), run, datetime(2026, 1, len(history) + 1, tzinfo=UTC))
    return [*history, *rows]


ADA = {
    "resourceType": "Patient",
    "id": "1",
    "birthDate": "1950-01-02",
    "name": [{"family": "Quill", "given": ["Ada"]}],
    "identifier": [{"system": "urn:mrn", "value": "77"}],
    "address": [{"city": "Salem", "postalCode": "01970"}],
}
BEN = {"birthDate": "1971-05-06", "name": [{"family": "Brill", "given": ["Ben"]}], "identifier": [{"value": "88"}]}


@pytest.mark.parametrize(
    ("changed", "two"),
    [
        (BEN, True),
        (BEN | {"name": [{"text": "Ben Brill"}]}, True),
        (BEN | {"birthDate": "1950"}, False),
        (BEN | {"birthDate": None}, False),
        (BEN | {"name": []}, False),
        (BEN | {"name": [{"family": "Brill", "given": ["ADA"]}]}, False),
        (BEN | {"identifier": ADA["identifier"]}, False),
        ({"birthDate": "1951-01-02"}, False),
        ({"name": BEN["name"]}, False),
    ],
    ids=["all", "a text", "year alone", "no birth", "no name", "first name", "number", "only birth", "only name"],
)
def test_versions_tell_of_two_persons_only_where_nothing_agrees(changed, two):
    one, other = person(ADA), person(ADA | changed)
    assert are_two(one, other) is are_two(other, one) is two


def test_the_history_keeps_each_merge_and_its_undoing():
    history = noted([], {"a": [(TO, "b")]}, "r1")
    history = noted(history, {"a": [(TO, "b")]}, "r2")  # nothing new, no row
    history = noted(history, {"a": [(TO, "b")], "b": [(TO, "c")]}, "r3")
    history = noted(history, {}, "r4")
    assert [(r["run_id"], r["patient_id"], r["was"], r["person_id"], r["because"]) for r in history] == [
        ("r1", "a", "a", "b", "link"),
        ("r3", "a", "b", "c", "link"),
        ("r3", "b", "b", "c", "link"),
        ("r4", "a", "c", "a", "unmerged"),
        ("r4", "b", "c", "b", "unmerged"),
    ]


def test_no_system_is_trusted_unless_it_is_declared(tmp_path, monkeypatch):
    file = tmp_path / "chartline.toml"
    file.write_text('person_systems = ["urn:oid:1.2.3", "http://mpi.example"]')
    assert load(file).person_systems == ("http://mpi.example", "urn:oid:1.2.3")
    monkeypatch.setenv("CHARTLINE_PERSON_SYSTEMS", "urn:oid:9")
    assert load(file).person_systems == ("urn:oid:9",)
    monkeypatch.delenv("CHARTLINE_PERSON_SYSTEMS")
    file.write_text('lake = "x"')
    assert load(file).person_systems == ()
    file.write_text("person_system = []")
    with pytest.raises(UsageError, match="CL2003"):
        load(file)


@pytest.mark.parametrize(
    ("raw", "known"),
    [
        (b'{"resourceType":"Patient","id":"p","gender":"F","name":[{"family":"Doe"}]}', ["Doe", "Doe"]),
        (b'{"resourceType":"Patient","id":"p","name":"Doe","telecom":[7],"birthDate":{}}', []),
        (b'{"resourceType":"Patient","name":[{"family":"Doe"}]}', None),
        (b'{"resourceType":"Patient","id":"Jane Doe"}', None),
        (b'{"resourceType":"Patient","resourceType":"Pateint","id":"p"}', None),
        (b'["Doe"]', None),
        (b'{"resourceType":"Patient","id":"p","na', None),
    ],
)
def test_what_a_party_tells_that_was_set_aside(raw, known):
    key = Key("k", bytes(range(32)))
    row = told(encrypt(raw, key, "test", "q"), "q", key, "test")
    assert (row and [k["value"] for k in row["known"]]) == known
    assert told(encrypt(raw, key, "another", "q"), "q", key, "test") is None
