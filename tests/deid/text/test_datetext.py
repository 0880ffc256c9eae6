"""The grammar of dates as a whole: what a form finds is tested where its kind of note is."""

import pytest

from chartline.deid.text import datetext


def test_every_form_is_tried_somewhere():
    tried = {name for forms in datetext._PARTED.values() for name in forms}
    tried |= {name for forms, _, _ in datetext._AROUND.values() for name in forms}
    assert tried == set(datetext._PATTERN)


@pytest.mark.parametrize(
    ("text", "days", "made"),
    [
        ("21 to 27 December", 2, "23 to 29 December"),
        ("2nd and 3rd January 2021", 1, "3rd and 4th January 2021"),
        ("29-30 November", 1, "30 November-1 December"),
    ],
)
def test_days_before_their_month_move_together(text, days, made):
    assert datetext.shifted(text, days) == made


@pytest.mark.parametrize(
    "text",
    [
        *("{}/{}", "stay {}/{}, home", "{}--{}", "{}..{}", "{}-{}", "_{}_{}_", "/{}/{}/", "{}T10:00:00Z/{}T11:30:00Z"),
        *("x{}x {}T", "v1.{} {}b"),
    ],
)
def test_a_day_in_eight_digits_is_found_whatever_it_runs_into(text):
    told = text.format("2021-03-04", "2021-03-09")
    assert {told[f.start : f.end][:10] for f in datetext.find(told)} == {"2021-03-04", "2021-03-09"}


@pytest.mark.parametrize(
    "text", ["2021-13-04", "12021-03-04", "2021-03-041", "1.2021.03.04.7", "2021-3-4b", "2021/03-04"]
)
def test_what_only_looks_like_such_a_day_is_none(text):
    assert not list(datetext.find(text))
