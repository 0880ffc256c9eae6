from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chartline.timeline.times import EPOCH, instant


def at(text):
    return (datetime.fromisoformat(text).replace(tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("text", "wanted", "precision"),
    [
        ("2021", "2021-01-01", "year"),
        ("2021-03", "2021-03-01", "month"),
        ("2021-03-05", "2021-03-05", "day"),
        ("2021-03-05T10:11:12Z", "2021-03-05T10:11:12", "second"),
        ("2021-03-05T10:11:12+02:00", "2021-03-05T08:11:12", "second"),
        ("2021-03-05T10:11:12.5-05:00", "2021-03-05T15:11:12.500000", "second"),
        ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59", "second"),
        ("1871-02-03", "1871-02-03", "day"),
    ],
)
def test_an_instant_is_utc_and_keeps_its_precision(text, wanted, precision):
    assert instant(text) == (at(wanted), precision)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("2020-02", "2020-02-29"), ("2021", "2021-12-31"), ("2021-03-05", "2021-03-05"), ("2021-12", "2021-12-31")],
)
def test_a_date_only_end_counts_its_whole_day(text, wanted):
    assert instant(text, end=True)[0] == at(f"{wanted}T23:59:59.999999")


@pytest.mark.parametrize("text", ["", "soon", "2021-13", "2021-02-30", "2021-03-05T10:11:12", "21-03-05"])
def test_what_is_no_date_is_none(text):
    assert instant(text) is None


@given(st.datetimes(min_value=datetime(1800, 1, 1), max_value=datetime(2200, 1, 1)), st.integers(-14 * 60, 14 * 60))
def test_the_zone_changes_how_it_is_written_and_not_when_it_was(when, minutes):
    here = when.replace(tzinfo=UTC)
    there = here + timedelta(minutes=minutes)
    sign = "+" if minutes >= 0 else "-"
    zone = f"{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
    text = there.replace(tzinfo=None).isoformat()
    assert instant(f"{text}{zone}") == ((here - EPOCH) // timedelta(microseconds=1), "second")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2021-03-05T10:11:12.123456789+14:00", "2021-03-04T20:11:12.123456"),
        ("2021-03-05T00:00:00-12:00", "2021-03-05T12:00:00"),
        ("2021-11-07T01:30:00-04:00", "2021-11-07T05:30:00"),
        ("2021-11-07T01:30:00-05:00", "2021-11-07T06:30:00"),
        ("2016-12-31T18:59:60.25-05:00", "2016-12-31T23:59:59.250000"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00"),
        ("1582-10-10", "1582-10-10"),
    ],
)
def test_odd_zones_leap_seconds_and_old_years(text, wanted):
    assert instant(text)[0] == at(wanted)


@pytest.mark.parametrize("text", ["9999-12-31", "9999-12-31T23:59:59Z", "9999", "2021-03-05T10:60:00Z"])
def test_no_end_and_no_minute(text):
    assert instant(text, end=True) is None
