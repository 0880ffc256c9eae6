"""What is loaded up to when: years of more than ten patients, no small count, no day that a policy does not tell."""

import pytest

from chartline.files import manifests
from chartline.timeline.completeness import rows

CAME = [{"source": "files", "resource_type": "Observation", "delivered": "2026", "known_by": "landing"}]


def sums(subjects, kind="Observation", first=2010, last=2020, available=2021, **more):
    row = {"of": f"files|{kind}", "first_year": first, "last_year": last, "available_year": available}
    return row | {"resources": subjects * 2, "events": subjects * 3, "subjects": subjects, **more}


def told(tallied, *names):
    return {r["resource_type"]: tuple(r[n] for n in names) for r in rows(tallied, CAME)}


def test_a_row_tells_what_came_and_up_to_when():
    (row,) = rows([sums(40)], CAME)
    assert row == {
        "source": "files",
        "resource_type": "Observation",
        "delivered": "2026",
        "known_by": "landing",
        "resources": 80,
        "events": 120,
        "subjects": 40,
        "first_year": 2010,
        "last_year": 2020,
        "last_available_year": 2021,
    }


def test_the_outermost_year_is_one_of_more_than_ten_patients():
    tallied = [sums(1, first=1950, last=2026), sums(9, first=1990, last=2025), sums(1, first=2000), sums(50)]
    assert told(tallied, "first_year", "last_year") == {"Observation": (2000, 2020)}


def test_of_patients_who_are_not_there_together_no_years_are_told():
    tallied = [sums(7, first=1930, last=1960), sums(6, first=2006, last=2020)]
    assert told(tallied, "subjects", "first_year", "last_year") == {"Observation": (13, None, None)}


@pytest.mark.parametrize("few", [1, 10])
def test_a_small_count_is_null_and_so_is_the_one_that_would_tell_it(few):
    tallied = [sums(few, "Goal"), sums(30), sums(20, "Condition")]
    shown = told(tallied, "resources", "events", "subjects", "first_year")
    assert shown == {
        "Goal": (None, None, None, None),
        "Condition": (None, None, None, 2010),
        "Observation": (60, 90, 30, 2010),
    }


def test_two_small_counts_hide_each_other():
    tallied = [sums(3, "Goal"), sums(4, "Flag"), sums(20, "Condition")]
    assert told(tallied, "subjects") == {
        "Goal": (None,),
        "Flag": (None,),
        "Condition": (20,),
        "Observation": (0,),
    }


def test_what_belongs_to_no_patient_has_no_small_cell():
    tallied = [sums(0, "Organization", first=None, last=None, available=None, resources=3, events=0)]
    assert told(tallied, "resources", "subjects", "first_year")["Organization"] == (3, 0, None)


def test_what_came_and_is_gone_again_is_told_too():
    assert told([], "delivered", "resources") == {"Observation": ("2026", 0)}


@pytest.mark.parametrize(
    ("manifest", "server"),
    [
        ('{"request": "https://ehr.example/fhir/$export?_since=x"}', "https://ehr.example/fhir"),
        ('{"request": "https://ehr.example/fhir/Group/1/$export"}', "https://ehr.example/fhir"),
        ('{"output": [{"type": "Patient", "url": "https://store.example/a/b?sig=1"}]}', "https://store.example"),
        ('{"deleted": [{"url": "https://store.example/a"}]}', "https://store.example"),
        ('{"output": [{"type": "Patient", "url": "a.ndjson"}]}', None),
        ("{}", None),
    ],
)
def test_the_server_of_an_export(manifest, server):
    assert manifests.server(manifest.encode()) == server
