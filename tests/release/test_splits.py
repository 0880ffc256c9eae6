import pytest
from hypothesis import given
from hypothesis import strategies as st

from chartline.release import splits


@given(st.integers(0, 2**63 - 1))
def test_a_split_depends_on_the_patient_alone(subject):
    assert splits.split(subject) == splits.split(subject)
    assert 0 <= splits.mark(subject) < 100


def test_splits_are_about_eighty_ten_ten():
    names = [splits.split(i * 7919) for i in range(5000)]
    assert 0.77 < names.count("train") / 5000 < 0.83
    assert 0.08 < names.count("tuning") / 5000 < 0.12


@pytest.mark.spark
def test_spark_says_the_same(spark):
    rows = (
        spark.range(0, 400, 13).selectExpr("id AS subject_id").selectExpr("subject_id", f"{splits.SPLIT_SQL} AS split")
    )
    assert {r["subject_id"]: r["split"] for r in rows.collect()} == {i: splits.split(i) for i in range(0, 400, 13)}


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
