"""Which version of a resource is current, and which patients are one person."""

import itertools
import random
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chartline.fhir.persons import survivors
from chartline.fhir.versions import current, order

EARLY, LATE = datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 2, 1, tzinfo=UTC)

#          last_updated, version_id, deleted, row_hash
VERSIONS = {
    "the later one": ((LATE, "1", False, "a"), [(EARLY, "9", False, "z"), (None, "10", False, "z")]),
    "the higher number when times are equal": ((LATE, "10", False, "a"), [(LATE, "9", False, "z")]),
    "a number before no number": ((LATE, "1", False, "a"), [(LATE, "abc", False, "z"), (LATE, None, False, "z")]),
    "the hash when nothing else tells": ((None, None, False, "z"), [(None, None, False, "a")]),
    "a tombstone when it is the newest": ((LATE, None, True, "a"), [(EARLY, "7", False, "z")]),
    "a tombstone in a tie": ((LATE, "2", True, "a"), [(LATE, "2", False, "z")]),
    "a deletion of which no time is told": ((None, None, True, "a"), [(LATE, "7", False, "z")]),
    "a resource made again after its deletion": ((LATE, None, False, "a"), [(EARLY, None, True, "z")]),
}


@pytest.mark.spark
def test_the_current_version_does_not_depend_on_order(spark):
    columns = "resource_type string, resource_id string, last_updated timestamp, version_id string, deleted boolean"
    columns += ", row_hash string"
    for step in (1, -1):
        rows = [("Patient", name, *v) for name, (won, lost) in VERSIONS.items() for v in [won, *lost][::step]]
        for partitions in (1, 3):
            found = current(spark.createDataFrame(rows, columns).repartition(partitions)).collect()
            assert {r.resource_id: r.row_hash for r in found} == {name: won[3] for name, (won, _) in VERSIONS.items()}
            assert "__rank" not in found[0].asDict()


@pytest.mark.spark
def test_a_few_rows_are_ranked_as_many_are(spark):
    drawn = random.Random(7)
    numbers = [
        None,
        "",
        "abc",
        "1",
        "9",
        "10",
        "007",
        "-2",
        "1.5",
        "1.4",
        "2",
        "1e1",
        "1E1",
        "-",
        ".",
        ".5",
        "5.",
        "0.5",
    ]
    numbers += ["NaN", "Infinity", "1_0", "9" * 38, "9" * 38 + ".5", "9" * 39, "1e40", "-1.5"]
    times = [None, EARLY, LATE]
    rows = [
        (
            "Patient",
            str(i // 4),
            drawn.choice(times),
            drawn.choice(numbers),
            drawn.random() < 0.3,
            f"{drawn.random():f}",
        )
        for i in range(1600)
    ]
    columns = ("resource_type", "resource_id", "last_updated", "version_id", "deleted", "row_hash")
    ddl = " string, ".join(columns).replace("last_updated string", "last_updated timestamp")
    ddl = ddl.replace("deleted string", "deleted boolean") + " string"
    found = {r.resource_id: r.row_hash for r in current(spark.createDataFrame(rows, ddl)).collect()}
    best = {}
    for row in (dict(zip(columns, row, strict=True)) for row in rows):
        best[row["resource_id"]] = max(best.get(row["resource_id"], row), row, key=order)
    assert found == {name: row["row_hash"] for name, row in best.items()}


BY, OF = "replaced-by", "replaces"


@pytest.mark.parametrize(
    ("links", "expected"),
    [
        ({}, {}),
        ({"a": [(BY, "b")]}, {"a": "b", "b": "b"}),
        ({"b": [(OF, "a")]}, {"a": "b", "b": "b"}),
        ({"a": [(BY, "b")], "b": [(BY, "c"), (OF, "a")]}, {"a": "c", "b": "c", "c": "c"}),
        ({"a": [(BY, "b")], "b": [(BY, "a")]}, {"a": "a", "b": "a"}),
        ({"x": [(BY, "b")], "b": [(BY, "c")], "c": [(BY, "b")]}, {"x": "b", "b": "b", "c": "b"}),
        ({"a": [(BY, "c"), (BY, "b")]}, {"a": "b", "b": "b", "c": "c"}),
        ({"a": [(BY, "a")]}, {}),
        ({"a": [("seealso", "b"), ("refer", "c")]}, {}),
    ],
    ids=["none", "replaced-by", "replaces", "chain", "cycle", "into a cycle", "two survivors", "itself", "no merge"],
)
def test_merges_are_followed_to_the_survivor(links, expected):
    assert survivors(links) == expected


PATIENTS = st.sampled_from("abcdef")


@given(st.lists(st.tuples(PATIENTS, st.sampled_from([BY, OF, "seealso"]), PATIENTS), max_size=12))
def test_merges_end_and_do_not_depend_on_order(told):
    def asked(told):
        links = {}
        for patient, kind, other in told:
            links.setdefault(patient, []).append((kind, other))
        return survivors(links)

    found = asked(told)
    assert found == asked(told[::-1])
    assert all(found[found[p]] == found[p] for p in found)
    for old, new in itertools.product(found, found):
        if (old, BY, new) in told and (new, BY, old) in told:
            assert found[old] == found[new]
