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
