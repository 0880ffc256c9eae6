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


MOMENTS = {
    "201201111559": "201201031559",
    "20120111155950": "20120103155950",
    "20120111155950-0500": "20120103155950-0500",
    "20120111155950.1234+0530": "20120103155950.1234+0530",
    "20120111T1559": "20120103T1559",
    "20120111T155950Z": "20120103T155950Z",
}


@pytest.mark.parametrize("written", MOMENTS)
@pytest.mark.parametrize("text", ["{}", "seen {}, home", "|{}||", 'value="{}"', "<td>{}</td>", "{} {}"])
def test_a_moment_of_hl7_is_found_whole_and_moves_with_its_time(text, written):
    told = text.format(written, written)
    found = [f for f in datetext.find(told) if f.source == "date:moment"]
    assert {told[f.start : f.end] for f in found} == {written}
    assert len(found) == told.count(written)
    assert datetext.shifted(written, -8) == MOMENTS[written]
    assert datetext.year_of(written) == "2012"
    assert datetext.years_of(written) == ["2012"]


@pytest.mark.parametrize(
    "text",
    [
        *("209913111559", "202001322559", "202001312460", "20200131235960", "2020013123595", "202001312359501"),
        *("1.2.840.201201111559", "x201201111559", "201201111559x", "201201111559.5.2", "201201111559-9999"),
    ],
)
def test_what_only_looks_like_a_moment_is_none(text):
    assert not [f for f in datetext.find(text) if f.source == "date:moment"]
