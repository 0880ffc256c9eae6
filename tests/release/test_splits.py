import pytest
from hypothesis import given
from hypothesis import strategies as st

from chartline.release import splits
from tests.release.gold import pseudonym


@given(st.integers(0, 2**63 - 1))
def test_a_split_depends_on_the_patient_alone(subject):
    assert splits.split(subject) == splits.split(subject)
    assert 0 <= splits.mark(subject) < 100


def test_splits_are_about_eighty_ten_ten():
    names = [splits.split(i * 7919) for i in range(5000)]
    assert 0.77 < names.count("train") / 5000 < 0.83
    assert 0.08 < names.count("tuning") / 5000 < 0.12


def test_a_merged_patient_takes_the_strictest_split():
    train, held_out = (next(i for i in range(1, 99) if splits.split(i) == name) for name in ("train", "held_out"))
    assert splits.split(train, held_out) == splits.split(held_out, train) == "held_out"
    assert splits.split(train, train) == "train"


@pytest.mark.spark
def test_spark_says_the_same_also_of_merged_patients(spark):
    """Subject n is merged from n and n + 1 where n is even; its Patient resources tell so."""
    big = 2**63 - 1
    alone = [(n, "Patient", pseudonym(n)) for n in (1, 7, 13, big, big - 4)]
    merged = [(n, "Patient", pseudonym(m)) for n in range(100, 160, 2) for m in (n, n + 1)]
    others = [(n, "Observation", pseudonym(n + 5)) for n in (1, 7, 100)]
    rows = spark.createDataFrame([*alone, *merged, *others], "subject_id long, source_type string, source_id string")
    said = {(r["subject_id"], r["split"]) for r in splits.placed(rows).collect()}
    wanted = {(n, splits.split(n)) for n, *_ in alone} | {(n, splits.split(n, n + 1)) for n in range(100, 160, 2)}
    assert said == wanted
    assert {splits.split(n) for n in range(100, 160, 2)} == set(splits.NAMES)


def test_nobody_moves_between_versions():
    assert [splits.split(i) for i in range(1, 13)] == [
        "train",
        "train",
        "train",
        "tuning",
        "train",
        "train",
        "train",
        "tuning",
        "train",
        "train",
        "train",
        "train",
    ]
