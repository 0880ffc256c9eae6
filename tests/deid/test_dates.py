"""Dates: one offset a patient, precision and time of day kept, intervals exact."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chartline.deid import dates
from chartline.fhir import validate

DAYS = st.dates(date(1900, 1, 1), date(2100, 1, 1))
OFFSETS = st.integers(-365, 365).filter(bool)


@pytest.mark.parametrize(
    ("text", "days", "moved"),
    [
        ("2020-02-29", -366, "2019-02-28"),
        ("2019-03-01", -1, "2019-02-28"),
        ("2020-03-01", -1, "2020-02-29"),
        ("2016-12-31T23:59:60Z", -1, "2016-12-30T23:59:60Z"),
        ("2015-03-08T02:30:00-05:00", -7, "2015-03-01T02:30:00-05:00"),
        ("2015-03-05T10:11:12.123456+14:00", 1, "2015-03-06T10:11:12.123456+14:00"),
        ("2015-03", -20, "2015-02"),
        ("2015-03", -10, "2015-03"),
        ("2015", -17, "2015"),
        ("2015", -200, "2014"),
    ],
)
def test_a_date_is_moved_as_it_is_written(text, days, moved):
    assert dates.shift(text, days) == moved


@pytest.mark.parametrize(
    ("text", "days", "moved"),
    [("2020", -220, "2020"), ("2020", -366, "2019"), ("2020-11", -29, "2020-11"), ("2020-11", -30, "2020-10")],
)
def test_what_tells_an_end_is_never_over_before_it_was(text, days, moved):
    assert dates.shift(text, days, over=True) == moved
    assert dates.shift("2020-11-05", days, over=True) == dates.shift("2020-11-05", days)


@given(DAYS, OFFSETS, st.sampled_from([4, 7]))
def test_no_day_of_a_period_is_after_the_end_of_what_is_left_of_it(day, days, length):
    text = day.isoformat()
    assert dates.shift(text, days)[:length] <= dates.shift(text[:length], days, over=True)


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2015-02-30", "2015-13", "15-03-2015", "0000-01-01", "2015-03-05 Ada"]
)
def test_what_is_no_date_does_not_pass(text):
    assert dates.shift(text, -3) is None


def test_a_date_that_leaves_the_calendar_does_not_pass():
    assert dates.shift("0001-01-01", -1) is None


@given(DAYS, DAYS, OFFSETS)
def test_intervals_are_kept(one, other, days):
    moved = [date.fromisoformat(dates.shift(d.isoformat(), days)) for d in (one, other)]
    assert moved[1] - moved[0] == other - one


@given(DAYS, OFFSETS)
def test_no_full_date_equals_its_input(day, days):
    assert dates.shift(day.isoformat(), days) != day.isoformat()


@given(DAYS, OFFSETS, st.sampled_from([4, 7, 10]))
def test_precision_is_kept_and_the_date_is_real(day, days, length):
    moved = dates.shift(day.isoformat()[:length], days)
    assert len(moved) == length
    assert validate.real_date(moved)


@given(st.datetimes(datetime(1950, 1, 1), datetime(2050, 1, 1)), OFFSETS, st.sampled_from(["Z", "-05:00", "+09:30"]))
def test_time_of_day_and_zone_are_kept(when, days, zone):
    text = when.isoformat(timespec="seconds") + zone
    assert dates.shift(text, days)[10:] == text[10:]


@given(st.text(min_size=1), st.sampled_from([(-365, -1), (-30, 30), (0, 5), (-5, 0), (1, 1)]))
def test_an_offset_is_in_range_never_zero_and_always_the_same(patient, limits):
    made = dates.offset_days(b"k" * 32, patient, *limits)
    assert limits[0] <= made <= limits[1]
    assert made != 0
    assert dates.offset_days(b"k" * 32, patient, *limits) == made


def test_every_offset_of_the_range_is_drawn():
    drawn = {dates.offset_days(b"k" * 32, f"p{i}", -3, 3) for i in range(400)}
    assert drawn == {-3, -2, -1, 1, 2, 3}


def test_another_key_gives_other_offsets():
    pairs = [
        (dates.offset_days(b"a" * 32, f"p{i}", -365, -1), dates.offset_days(b"b" * 32, f"p{i}", -365, -1))
        for i in range(50)
    ]
    assert sum(a == b for a, b in pairs) < 5


def test_years_and_days_on_a_hidden_axis():
    assert dates.year("2015-03-05T10:00:00Z") == "2015"
    assert dates.year("n/a") is None
    assert dates.days_since_epoch("1970-01-02") == 1.0
    assert dates.days_since_epoch("1970-01-01T12:00:00Z") == 0.5
    assert dates.days_since_epoch("1970-01-01T23:59:60Z") == dates.days_since_epoch("1970-01-01T23:59:59Z")
    assert dates.days_since_epoch("1970-01") is None
    midnight = dates.days_since_epoch("1970-01-02T00:00:00Z") + 50_000
    assert not midnight.is_integer() and round(midnight, 10).is_integer()
    assert timedelta(days=dates.days_since_epoch("2020-02-29")) == date(2020, 2, 29) - date(1970, 1, 1)
