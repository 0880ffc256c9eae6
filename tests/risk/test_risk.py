"""Risk numbers against fixtures computed by hand."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chartline.risk import measure
from chartline.risk.bounds import sample_for, upper_bound
from chartline.risk.cells import share, shown, suppressed


@pytest.mark.parametrize(
    ("found", "looked_at", "bound"),
    [(0, 300, 0.0099), (1, 300, 0.0157), (3, 1000, 0.0077), (10, 1000, 0.0169), (0, 10_000, 0.0003)],
)
def test_the_upper_bound_is_that_of_the_tables(found, looked_at, bound):
    assert upper_bound(found, looked_at) == pytest.approx(bound, abs=5e-5)


def test_nothing_looked_at_proves_nothing():
    assert upper_bound(0, 0) == 1.0
    assert upper_bound(3, 3) == 1.0


@pytest.mark.parametrize(("rate", "notes"), [(0.01, 299), (0.005, 598), (0.001, 2995), (0.0001, 29_956)])
def test_how_many_clean_notes_prove_a_rate(rate, notes):
    assert sample_for(rate) == notes


@given(st.integers(1, 500), st.integers(0, 20))
def test_more_leaks_never_lower_the_bound(n, found):
    assert upper_bound(min(found + 1, n), n) >= upper_bound(min(found, n), n)


def test_zero_and_large_counts_are_shown():
    assert [shown(n) for n in (0, 1, 10, 11)] == [0, None, None, 11]


def test_a_single_small_cell_takes_the_next_smallest_with_it():
    assert suppressed({"a": 3, "b": 40, "c": 25}) == {"a": None, "b": 40, "c": None}


def test_small_cells_that_add_up_to_a_small_cell_take_another():
    assert suppressed({"a": 3, "b": 4, "c": 25, "d": 90}) == {"a": None, "b": None, "c": None, "d": 90}


@given(st.dictionaries(st.text(min_size=1, max_size=3), st.integers(0, 60), max_size=8))
def test_no_hidden_cell_can_be_derived_from_the_total(cells):
    out = suppressed(cells)
    hidden = [k for k, n in out.items() if n is None]
    assert all(n is None or n == 0 or n > 10 for n in out.values())
    if hidden and any(n for n in out.values() if n):
        assert len(hidden) > 1
        assert sum(cells[k] for k in hidden) > 10


def test_risk_by_hand():
    """Twelve patients alone, twelve pairs, one class of 12: 48 patients in 25 classes."""
    risk = measure.summary("m", {1: 12, 2: 12, 12: 1})
    assert (risk.patients, risk.classes, risk.smallest_class) == (48, 25, 1)
    assert (risk.highest, risk.average) == (1.0, 0.520833)
    assert (risk.share_above, risk.share_unique) == (0.75, 0.25)


@pytest.mark.parametrize(
    ("part", "whole", "told"),
    [(0, 40, 0.0), (10, 40, None), (11, 40, 0.275), (29, 40, 0.725), (30, 40, None), (40, 40, 1.0), (0, 0, 0.0)],
)
def test_a_share_does_not_tell_of_a_few_nor_of_all_but_a_few(part, whole, told):
    assert share(part, whole) == told


def test_a_class_of_ten_is_above_the_threshold_and_of_eleven_is_not():
    assert measure.summary("m", {10: 2}).share_above == 1.0
    assert measure.summary("m", {11: 2}).share_above == 0.0


def test_bands_hide_small_cells_and_one_more():
    assert measure.bands({1: 3, 12: 1, 30: 1}) == [
        {"classes_of": "1", "patients": None},
        {"classes_of": "2-4", "patients": 0},
        {"classes_of": "5-10", "patients": 0},
        {"classes_of": "11-19", "patients": None},
        {"classes_of": "20 or more", "patients": 30},
    ]


def test_no_patients_no_risk():
    assert measure.summary("m", {}).highest == 0.0


PEOPLE = "subject_id long, birth_year int, gender string, zip3 string, race string, ethnicity string, state string, "
PEOPLE += "first_time timestamp, last_time timestamp"


@pytest.fixture(scope="module")
def frames(spark):
    from datetime import datetime

    at = datetime(2020, 1, 1)
    rows = [(i, 1960, "female", "021", "a", "x", "MA", at, at) for i in range(12)]
    rows += [(20, 1931, "male", "027", "b", "x", "MA", at, at), (21, None, None, None, None, None, None, None, None)]
    visits = [(i, i + d + 0.25, "AMB") for i in range(12) for d in (0, 3)]
    visits += [(20, 400.5, "EMER"), (22, None, "AMB")]
    events = [(i, "Condition", f"S//{i % 3}") for i in range(12)] + [(20, "Condition", "S//1")]
    return (
        spark.createDataFrame(rows, PEOPLE),
        spark.createDataFrame(visits, "subject_id long, start_days double, class string"),
        spark.createDataFrame(events, "subject_id long, source_type string, code string"),
    )


def test_spark_counts_distinct_patients_per_profile(frames):
    told = measure.assess(*frames)
    first, *_, pattern = told["models"]
    assert (first["patients"], first["classes"], first["smallest_class"]) == (14, 3, 1)
    assert (first["share_above"], pattern["share_unique"]) == (None, None), "two of fourteen"
    assert told["diversity"] == 1


def test_a_visit_pattern_is_of_the_days_that_are_released(frames):
    """Under safe_harbor times are years, and of years alone two visits three days and three months apart are alike."""
    rows = {r["subject_id"]: r["visit_pattern"] for r in measure.profiles(*frames[:2]).collect()}
    assert {rows[i] for i in range(12)} == {"0:AMB 3:AMB"}
    assert (rows[20], rows[21]) == ("0:EMER", None)


def test_small_subgroups_are_hidden_with_their_complement(frames):
    rows = {(r["dimension"], r["group"]): r for r in measure.assess(*frames)["groups"]}
    assert rows["gender", "male"]["patients"] is None
    assert rows["gender", "male"]["average"] is None
    assert all(math.isfinite(r["average"]) for r in rows.values() if r["average"] is not None)
    assert {r["patients"] for r in rows.values()} <= {None, 12, 13, 14}
