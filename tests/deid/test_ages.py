"""No age over 89 can be told from what is left of a patient: not from two dates, not from an age beside a date."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chartline import keys
from chartline.deid import patients, policy
from chartline.deid.walk import Result
from chartline.fhir.people import person
from tests.deid.walking import PATIENT, POLICIES, outcome, state, walker

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
    insured = {"resourceType": "Coverage", "id": "v", "status": "active", "beneficiary": SUBJECT, "payor": [SUBJECT]}
    made.append(insured | {"period": {"start": day(seen[0]), "end": "2099-12-31"}})
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
    told = (y for r in resources for y in later.findall(json.dumps(r)))
    patient = patients.context(rules, KEY, "test", NOW, told, "p1", [person(resources[0])])
    out = []
    for resource in resources:
        made = outcome(WALKERS[name], resource, state(patient, anchor=12_345))
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


@pytest.mark.parametrize(
    ("end", "latest"), [("2030-12-31", 2030), ("2036-12-31", 2036), ("2037-01-01", NOW), ("2999-12-31", NOW)]
)
@pytest.mark.parametrize("blank", ["", " "])
def test_an_end_that_stands_for_none_is_no_year_that_the_data_tell(end, latest, blank):
    later = re.compile(patients.years_after(NOW))
    assert (
        patients.latest_year(NOW, later.findall(f'{{"period":{{"start":"2020-01-01","end":{blank}"{end}"}}}}'))
        == latest
    )
    assert patients.latest_year(NOW, later.findall(f'{{"effectiveDateTime":{blank}"{end}"}}')) == int(end[:4])


@pytest.mark.parametrize("wrong", ["3021-04-05", "2099-12-31"])
@pytest.mark.parametrize("place", ["issued", "deceasedDateTime"])
def test_a_year_that_no_life_reaches_takes_only_itself_away(wrong, place):
    born, *rest = record(1980, None, [2019, 2021], 6, "age")
    seen = {"resourceType": "Observation", "id": "o", "status": "final", "code": {"text": "Weight"}}
    seen["subject"] = {"reference": "Patient/p1"}
    late = seen | {place: f"{wrong}T10:00:00Z"}
    changed = (born | {place: wrong}, *rest) if place == "deceasedDateTime" else (born, *rest, late)
    out = treated("expert_determination", list(changed))
    assert out[: len(rest) + 1] == treated("expert_determination", [born, *rest])
    assert not any(place in r for r in out)


@pytest.mark.parametrize(("birth", "latest"), [("2040-01-01", 2139), ("2039-01-01", 2110), (None, 2139)])
def test_a_record_that_lies_in_the_future_altogether_has_its_own_years(birth, latest):
    assert patients.latest_year(NOW, ["2110", "2139"], birth) == latest


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


def done(resource: dict[str, Any]) -> dict[str, Any]:
    made = outcome(WALKERS["expert_determination"], resource, state())
    assert isinstance(made, Result)
    return made.resource


def observed(value: dict[str, Any], code: dict[str, Any] = OTHER_CODE) -> dict[str, Any]:
    return {"resourceType": "Observation", "id": "o", "status": "final", "subject": SUBJECT, "code": code, **value}


def values(observation: dict[str, Any]) -> str:
    return json.dumps([v for n, v in observation.items() if n.startswith("value") or n == "component"])


@pytest.mark.parametrize("unit", ["years", "Year(s)", "yo", "y.o.", "years old", "{years}"])
def test_years_over_89_are_an_age_in_whatever_element_and_writing(unit):
    told = {"value": 94, "unit": unit}
    told_in_unit = {**told, "code": "1"}
    for value in (
        {"valueQuantity": told},
        {"valueQuantity": told_in_unit},
        {"valueRange": {"low": told, "high": {"value": 96, "unit": unit}}},
        {"valueRatio": {"numerator": told, "denominator": {"value": 1}}},
        {"component": [{"code": OTHER_CODE, "valueQuantity": told}]},
    ):
        left = values(done(observed(value)))
        assert re.findall(r"9[1-9]", left) == []
        assert "90" in left
        assert "valueRange" not in value or "comparator" not in left
    visit = {"resourceType": "Encounter", "id": "e", "status": "finished", "class": {"code": "AMB"}, "length": told}
    assert done(visit)["length"]["value"] == 90


@pytest.mark.parametrize(
    "words", ["Age", "Age at visit", "Patient's age", "What is your age?", "How old are you?", "AGE"]
)
@pytest.mark.parametrize(
    "value",
    [
        {"valueInteger": 94},
        {"valueQuantity": {"value": 94}},
        {"valueString": "94"},
        {"valueCodeableConcept": {"text": "94"}},
        {"valueRatio": {"numerator": {"value": 94}, "denominator": {"value": 1}}},
    ],
)
def test_an_age_that_is_asked_for_in_words_is_an_age(words, value):
    local = {"coding": [{"system": "urn:h", "code": words.replace(" ", "_")}]}
    for code in ({"text": words}, local):
        assert "94" not in values(done(observed(value, code)))
        assert "94" not in values(done(observed({"component": [{"code": code, **value}]})))


@pytest.mark.parametrize(
    "words", ["Gestational age", "Age-related macular degeneration", "Percentile per age and sex", "Agent", "Average"]
)
def test_what_only_has_to_do_with_an_age_keeps_its_value(words):
    value = {"valueQuantity": {"value": 95.5, "unit": "%"}}
    assert done(observed(value, {"text": words}))["valueQuantity"] == value["valueQuantity"]
    assert done(observed({"valueInteger": 95}, {"text": words}))["valueInteger"] == 95


def test_answers_to_the_question_for_an_age_are_ages():
    answers = [{"valueInteger": 94}, {"valueDecimal": 94.5}, {"valueString": "94"}, {"valueInteger": 31}]
    form = {"resourceType": "QuestionnaireResponse", "id": "q", "status": "completed", "subject": SUBJECT}
    asked = {"linkId": "1", "item": [{"linkId": "1.1", "text": "What is your age?", "answer": answers}]}
    other = {"linkId": "2", "text": "Average pain in percent", "answer": [{"valueInteger": 94}]}
    made = done({**form, "item": [asked, other]})["item"]
    assert made[0]["item"][0]["answer"] == [{"valueInteger": 90}, {"valueDecimal": 90}, {"valueInteger": 31}]
    assert made[1] == other
    alone = [{"linkId": "age", "answer": [{"valueString": "94"}]}]
    assert done({**form, "item": alone})["item"] == [{"linkId": "age"}]


@pytest.mark.parametrize(
    "text",
    [
        *(
            "Year of birth",
            "What year were you born?",
            "In what year were you born?",
            "When were you born?",
            "Year born",
        ),
        *("YOB", "In which year was the patient born", "Birth year"),
    ],
)
def test_the_answer_to_when_somebody_was_born_is_told_by_the_patient_alone(text):
    form = {"resourceType": "QuestionnaireResponse", "id": "q", "status": "completed", "subject": SUBJECT}
    born = [{"linkId": "1", "text": text, "answer": [{"valueInteger": 1931}]}]
    assert done({**form, "item": born})["item"] == [{"linkId": "1", "text": text}]
    where = [{"linkId": "1", "text": "Were you born in a hospital", "answer": [{"valueInteger": 1931}]}]
    assert done({**form, "item": where})["item"] == where


@pytest.mark.parametrize("text", ["Edad", "Alter", "Maternal age", "Years of age"])
def test_an_age_asked_in_other_words_is_capped(text):
    form = {"resourceType": "QuestionnaireResponse", "id": "q", "status": "completed", "subject": SUBJECT}
    said = [{"linkId": "1", "text": text, "answer": [{"valueInteger": 95}]}]
    assert done({**form, "item": said})["item"][0]["answer"] == [{"valueInteger": 90}]


@pytest.mark.parametrize("value", [{"valueInteger": 1931}, {"valueQuantity": {"value": 1931}}, {"valueString": "1931"}])
def test_a_year_of_birth_is_told_by_the_patient_alone(value):
    made = done(observed(value, {"text": "Year of birth"}))
    assert "1931" not in values(made)
    assert made["dataAbsentReason"]["coding"][0]["code"] == "masked"
    in_days = {"valueQuantity": {"value": 1931, "unit": "d"}}
    assert done(observed(in_days, {"text": "Age"}))["valueQuantity"] == in_days["valueQuantity"]


_BILL = {
    "status": "active",
    "type": OTHER_CODE,
    "use": "claim",
    "patient": SUBJECT,
    "created": "2020-01-01",
    "provider": {"reference": "Organization/1"},
    "insurer": {"reference": "Organization/1"},
    "outcome": "complete",
    "insurance": [{"focal": True, "coverage": {"reference": "Coverage/1"}}],
}
ENTRIES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "Claim": ("supportingInfo", "code", {n: v for n, v in _BILL.items() if n not in ("insurer", "outcome")}),
    "ExplanationOfBenefit": ("supportingInfo", "category", _BILL),
    "SupplyRequest": ("parameter", "code", {"itemCodeableConcept": OTHER_CODE, "quantity": {"value": 1}}),
    "DeviceRequest": ("parameter", "code", {"intent": "order", "subject": SUBJECT, "codeCodeableConcept": OTHER_CODE}),
    "Task": ("input", "type", {"status": "completed", "intent": "order", "for": SUBJECT}),
}
ENTRIES["Claim"][2].update(priority=OTHER_CODE, insurance=[{"sequence": 1, **_BILL["insurance"][0]}])


def entered(kind: str, code: dict[str, Any], value: dict[str, Any], *, over_89: bool) -> dict[str, Any]:
    """What an entry of such a resource has as its value."""
    held, named, rest = ENTRIES[kind]
    entry = ({"sequence": 1, "category": OTHER_CODE} if held == "supportingInfo" else {}) | {named: code, **value}
    patient = replace(PATIENT, over_89=over_89)
    resource = {"resourceType": kind, "id": "x", **rest, held: [entry]}
    made = outcome(WALKERS["expert_determination"], resource, state(patient))
    assert isinstance(made, Result)
    return {n: v for n, v in made.resource.get(held, [{}])[0].items() if n.startswith("value")}


@pytest.mark.parametrize("kind", sorted(ENTRIES))
def test_an_age_that_an_entry_gives_under_its_own_code_is_an_age(kind):
    for code in (AGE_CODE, {"text": "Patient's age"}):
        for value in ({"valueQuantity": years(70)}, {"valueQuantity": {"value": 70}}):
            assert entered(kind, code, value, over_89=True) == {}
            assert entered(kind, code, value, over_89=False) == value
        capped = {"valueQuantity": {"value": 90, "comparator": ">="}}
        assert entered(kind, code, {"valueQuantity": {"value": 94}}, over_89=False) == capped
    weight = {"valueQuantity": {"value": 70, "unit": "kg"}}
    assert entered(kind, OTHER_CODE, weight, over_89=True) == weight
