"""No age over 89 can be told from what is left of a patient: not from two dates, not from an age beside a date."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chartline.deid import keys, patients, policy
from chartline.deid.walker import Result
from chartline.fhir.people import person
from tests.deid.walking import POLICIES, outcome, state, walker

KEY = keys.Key("k", bytes(range(1, 33)))
NOW = 2026
DATE = re.compile(r"\d{4}(-\d\d(-\d\d(T.*)?)?)?")
SUBJECT = {"reference": "Patient/p1"}
WALKERS = {name: walker(name) for name in POLICIES}
CLOSING = ("safe_harbor", "expert_determination")
"""Policies that close the ages over 89; a limited data set may keep dates and ages (164.514(e)(2))."""
AGE_CODE = {"coding": [{"system": "http://loinc.org", "code": "30525-0"}]}
OTHER_CODE = {"coding": [{"system": "http://loinc.org", "code": "8480-6"}]}


def years(value: float) -> dict[str, Any]:
    return {"value": value, "unit": "years", "system": "http://unitsofmeasure.org", "code": "a"}


def record(born: int, died: int | None, seen: list[int], month: int, by: str) -> list[dict[str, Any]]:
    """A patient's resources, with dates in each form and ages in each element that tells one."""

    def day(year: int) -> str:
        return f"{year}-{month:02d}-15"

    age = years(seen[0] - born)
    patient = {"resourceType": "Patient", "id": "p1", "birthDate": day(born)}
    patient |= {"deceasedDateTime": day(died)} if died else {}
    patient["contact"] = [{"name": {"text": "Ada"}, "period": {"start": day(born)}}]
    patient["extension"] = [
        {"url": "http://hl7.org/fhir/StructureDefinition/patient-birthTime", "valueDateTime": day(born)},
        {"url": "http://example.org/age", "valueAge": age},
        {"url": "http://example.org/age", "valueInteger": seen[0] - born},
    ]
    relative = {"relationship": {"text": "mother"}, "patient": SUBJECT, "status": "completed"}
    member = {"resourceType": "FamilyMemberHistory", "id": "f", **relative, "date": day(seen[-1])}
    made = [
        patient,
        {"resourceType": "RelatedPerson", "id": "r", "patient": SUBJECT, "birthDate": day(born - 20)},
        {**member, "id": "f1", "bornDate": day(born - 25), "ageAge": years(seen[0] - born + 25)},
        {**member, "id": "f2", "bornDate": day(born - 25), "deceasedAge": years(95)},
        {**member, "id": "f3", "ageRange": {"low": years(91), "high": years(97)}, "deceasedDate": day(seen[0])},
        {**member, "id": "f4", "condition": [{"code": OTHER_CODE, "onsetAge": years(93)}]},
    ]
    for i, year in enumerate(seen):
        told = {
            "age": {"onsetAge": years(year - born)},
            "range": {"onsetRange": {"low": years(year - born), "high": years(year - born + 2)}},
            "text": {"onsetString": f"at {year - born}"},
        }[by]
        condition = {"resourceType": "Condition", "id": f"c{i}", "subject": SUBJECT, "code": OTHER_CODE}
        made.append({**condition, "recordedDate": day(year), **told})
        value = {"age": {"valueQuantity": years(year - born)}, "range": {"valueInteger": year - born}}
        seen_at = {"resourceType": "Observation", "id": f"o{i}", "status": "final", "effectiveDateTime": day(year)}
        observed = value.get(by, {"valueString": str(year - born)})
        made.append({**seen_at, "subject": SUBJECT, "code": AGE_CODE, **observed})
        part = {"code": AGE_CODE, "valueQuantity": years(year - born)}
        made.append({**seen_at, "id": f"q{i}", "subject": SUBJECT, "code": OTHER_CODE, "component": [part]})
        made.append(
            {"resourceType": "Encounter", "id": f"e{i}", "status": "finished", "class": {"code": "AMB"}}
            | {"subject": SUBJECT, "period": {"start": day(year), "end": day(year)}}
        )
    return made


def leaves(tree: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(tree, dict):
        for name, value in tree.items():
            yield from leaves(value, f"{path}.{name}")
    elif isinstance(tree, list):
        for value in tree:
            yield from leaves(value, path)
    else:
        yield path, tree


def treated(name: str, resources: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The record through a policy, with the context that the product makes of it."""
    rules = policy.load(name)
    later = re.compile(patients.years_after(NOW))
    latest = max([NOW, *(int(y) for r in resources for y in later.findall(json.dumps(r)))])
    patient, earliest = patients.context(rules, KEY, "test", latest, "p1", [person(resources[0])])
    out = []
    for resource in resources:
        made = outcome(WALKERS[name], resource, state(patient, earliest_year=earliest, anchor=12_345))
        assert isinstance(made, Result), made
        out.append(made.resource)
        days = list(made.offsets.values())
        assert not days or max(days) - min(days) < 90 * 365.25
    return out


@st.composite
def lives(draw: st.DrawFn) -> tuple[int, int | None, list[int], int, str]:
    born = draw(st.integers(1880, NOW))
    died = draw(st.none() | st.integers(born, min(born + 115, NOW)))
    last = max(born, min(died or NOW, born + 115, NOW))
    seen = sorted(draw(st.lists(st.integers(born, last + (3 if died else 0)), min_size=1, max_size=4)))
    return born, died, seen, draw(st.integers(1, 12)), draw(st.sampled_from(["age", "range", "text"]))


@pytest.mark.parametrize("name", CLOSING)
@settings(max_examples=150, deadline=None)
@example((1931, 2020, [2022], 6, "age"))
@example((1930, None, [1990, 2026], 6, "age"))
@example((1937, None, [2026], 12, "range"))
@example((1960, 1990, [1961, 1991], 1, "text"))
@given(lives())
def test_no_age_over_89_can_be_told(name, life):
    born, died, *_ = life
    out = treated(name, record(*life))
    own = [r for r in out if r["resourceType"] != "FamilyMemberHistory"]
    dates = [int(v[:4]) for r in out for p, v in leaves(r, "") if isinstance(v, str) and DATE.fullmatch(v)]
    assert not dates or max(dates) - min(dates) <= 89
    ages = [v for r in out for p, v in leaves(r, "") if p.endswith((".value", ".valueInteger")) and type(v) is not str]
    assert max(ages, default=0) <= 90
    if (died or NOW) - born > 89:
        assert [p for r in own for p, v in leaves(r, "") if p.endswith((".value", ".valueInteger"))] == []
        assert "birthDate" not in out[0]
    assert not any("bornDate" in r or "deceasedDate" in r for r in out)
    assert all("birthDate" not in r for r in out[1:])


@settings(max_examples=50, deadline=None)
@given(lives())
def test_what_does_not_tell_an_age_over_89_stays(life):
    born, died, seen, *_ = life
    out = treated("expert_determination", record(*life))
    if (died or NOW) - born <= 89:
        assert "birthDate" in out[0]
        near = [i for i, year in enumerate(seen) if year <= (died or NOW)]
        assert all("period" in r for r in out if r["resourceType"] == "Encounter" and r["id"] in near)
        if life[-1] == "age":
            assert all("onsetAge" in r for r in out if r["resourceType"] == "Condition")


@settings(max_examples=50, deadline=None)
@given(lives())
def test_a_limited_data_set_keeps_the_dates(life):
    out = treated("limited_data_set", record(*life))
    assert out[0]["birthDate"][:4] == str(life[0])


@pytest.mark.parametrize(
    ("quantity", "made"),
    [
        ({"value": 1100, "unit": "mo", "code": "mo"}, 90),
        ({"value": 1000, "unit": "mo", "code": "mo"}, 1000),
        ({"value": 33000, "unit": "days"}, 90),
        ({"value": 4700, "code": "wk"}, 90),
        ({"value": 95}, 90),
        ({"value": 89, "unit": "Years"}, 89),
        ({"value": 95, "unit": "kg"}, 95),
    ],
)
def test_an_age_is_capped_in_its_own_unit(quantity, made):
    condition = {"resourceType": "Condition", "id": "c", "subject": SUBJECT, "onsetAge": quantity}
    done = outcome(WALKERS["expert_determination"], condition, state())
    assert isinstance(done, Result)
    assert done.resource["onsetAge"]["value"] == made
    assert ("comparator" in done.resource["onsetAge"]) is (made == 90)
