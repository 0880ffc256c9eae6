"""Properties of whole records of generated people, through files and through the walk, with the real text engine."""

from __future__ import annotations

import base64
import json
import re
import string
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chartline import keys
from chartline.deid import fhir_files, patients, policy
from chartline.deid import text as text_module
from chartline.deid.context import Cohort
from chartline.deid.phrases import Phrases
from chartline.deid.walk import Refused, Result
from chartline.deid.walker import Deidentifier
from chartline.errors import ChartlineError
from chartline.fhir.people import person
from tests.deid.test_ages import DATE, leaves
from tests.deid.walking import POLICIES, outcome, state

KEY = keys.Key("k", bytes(range(1, 33)))
SLOW = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]}
LABELS = ("safe_harbor", "limited_data_set")
"""Policies that write labels into text: what they make does not depend on who the patient is."""
LOINC = {"coding": [{"system": "http://loinc.org", "code": "8480-6", "display": "Systolic blood pressure"}]}


@pytest.fixture(scope="module")
def engines():
    """A text engine for each policy."""
    return {name: text_module.build(policy.load(name), KEY, "t", Cohort()) for name in POLICIES}


@pytest.fixture(scope="module")
def walkers(engines):
    """A compiled policy for each, over the real text engine."""
    return {n: Deidentifier(policy.load(n), Phrases(e), lambda system: "urn:local") for n, e in engines.items()}


# Names that are on no list of words, as a stranger's would be: the consonants keep them from being one by chance.
NAMES = st.text("bdfgklmnprstvwz", min_size=3, max_size=4).map(lambda c: "".join(f"{x}o" for x in c).title() + "x")
DIGITS = st.text(string.digits, min_size=7, max_size=7)


@st.composite
def identities(draw: st.DrawFn) -> dict[str, str]:
    """Who somebody is."""
    return {
        "id": "p" + draw(DIGITS),
        "given": draw(NAMES),
        "family": draw(NAMES) + "q",
        "mrn": "9" + draw(DIGITS),
        "street": f"{draw(st.integers(100, 999))} {draw(NAMES)} Street",
        "phone": f"617-555-{draw(st.integers(1000, 9999))}",
    }


def record(who: dict[str, str], days: list[date]) -> list[dict[str, Any]]:
    """A patient and what was seen of the patient on these days, with the identity in every place that can hold it."""
    name, subject = f"{who['given']} {who['family']}", {"reference": f"Patient/{who['id']}"}
    subject |= {"display": f"{who['given']} {who['family']}"}
    note = f"{name} of {who['street']} was seen. MRN: {who['mrn']}. Call {who['phone']}. Lungs are clear."
    made: list[dict[str, Any]] = [
        {
            "resourceType": "Patient",
            "id": who["id"],
            "identifier": [{"system": "http://hospital", "value": who["mrn"]}],
            "name": [{"family": who["family"], "given": [who["given"]]}],
            "telecom": [{"system": "phone", "value": who["phone"]}],
            "address": [{"line": [who["street"]], "city": "Walpole", "state": "MA", "postalCode": "02081"}],
            "gender": "female",
            "birthDate": "1971-04-09",
        }
    ]
    for i, day in enumerate(days):
        period = {"start": f"{day}T10:00:00-05:00", "end": f"{day + timedelta(days=2)}T09:30:00-05:00"}
        made += [
            {"resourceType": "Encounter", "id": f"{who['id']}-e{i}", "status": "finished", "class": {"code": "AMB"}}
            | {"subject": subject, "period": period, "identifier": [{"value": f"{who['mrn']}-{i}"}]},
            {"resourceType": "Observation", "id": f"{who['id']}-o{i}", "status": "final", "code": LOINC}
            | {"subject": subject, "effectiveDateTime": f"{day}", "issued": f"{day}T11:12:13.456Z"}
            | {"valueString": f"lives at {who['street']}", "note": [{"text": note, "time": f"{day}T00:00:00Z"}]},
            {"resourceType": "MedicationRequest", "id": f"{who['id']}-m{i}", "status": "active", "intent": "order"}
            | {"subject": subject, "medicationCodeableConcept": LOINC, "authoredOn": f"{day}"}
            | {"dosageInstruction": [{"timing": {"event": [f"{day}"], "repeat": {"boundsPeriod": period}}}]},
            {"resourceType": "DocumentReference", "id": f"{who['id']}-d{i}", "status": "current", "subject": subject}
            | {"date": f"{day}T10:00:00Z", "content": [{"attachment": attached(note)}]},
        ]
    return made


def attached(note: str) -> dict[str, str]:
    return {"contentType": "text/plain", "data": base64.b64encode(note.encode()).decode(), "title": note}


def told(resource: Any) -> str:
    """A resource as text, with its documents decoded."""
    text = json.dumps(resource)
    return text + "".join(base64.b64decode(d).decode() for d in re.findall(r'"data": ?"([^"]+)"', text))


DAYS = st.lists(st.dates(date(1999, 1, 1), date(2025, 12, 1)), min_size=1, max_size=3)


def through(
    walkers: dict[str, Deidentifier], name: str, who: list[dict[str, Any]], offset: int | None = None
) -> list[Any]:
    """The resources of one record, de-identified; with the same offset whoever it is, where one is given."""
    patient = patients.context(policy.load(name), KEY, "t", 2026, (), who[0]["id"], [person(who[0])])
    patient = replace(patient, offset_days=offset) if offset else patient
    made = [outcome(walkers[name], r, state(patient, anchor=99)) for r in who]
    assert all(isinstance(m, Result) for m in made), made
    return [(m.resource, m.offsets) for m in made if isinstance(m, Result)]


@pytest.mark.parametrize("name", POLICIES)
@settings(max_examples=25, **SLOW)
@given(who=identities(), days=DAYS)
def test_no_part_of_an_identity_is_left(walkers, name, who, days):
    made = told([r for r, _ in through(walkers, name, record(who, days))])
    assert [v for v in who.values() if v in made] == []
    assert who["street"].split()[1] not in made


@pytest.mark.parametrize("name", LABELS)
@settings(max_examples=25, **SLOW)
@given(one=identities(), two=identities(), days=DAYS)
def test_swapping_the_identity_changes_only_pseudonyms(walkers, name, one, two, days):
    made = [through(walkers, name, record(who, days)) for who in (one, two)]
    blank = [re.sub(r"[0-9a-f]{32}", "P", told([r for r, _ in m])) for m in made]
    assert blank[0] == blank[1]
    assert [o for _, o in made[0]] == [o for _, o in made[1]]
    ids = [{r["id"] for r, _ in m} for m in made]
    assert (one["id"] == two["id"]) or ids[0].isdisjoint(ids[1])


@settings(max_examples=25, **SLOW)
@given(one=identities(), two=identities(), days=DAYS, offset=st.integers(-365, -1))
def test_swapping_the_identity_moves_no_shifted_date(walkers, one, two, days, offset):
    made = [through(walkers, "expert_determination", record(who, days), offset) for who in (one, two)]
    dates = [[(p, v) for r, _ in m for p, v in leaves(r, "") if isinstance(v, str) and DATE.fullmatch(v)] for m in made]
    assert dates[0] == dates[1] != []


@settings(max_examples=40, **SLOW)
@given(who=identities(), days=DAYS)
def test_intervals_between_all_dates_of_a_record_are_kept_and_none_equals_its_input(walkers, who, days):
    given_ = record(who, days)
    made = [r for r, _ in through(walkers, "expert_determination", given_)]
    moved = set()
    for source, out in zip(given_, made, strict=True):
        before = [(p, v) for p, v in leaves(source, "") if isinstance(v, str) and DATE.fullmatch(v)]
        after = [(p, v) for p, v in leaves(out, "") if isinstance(v, str) and DATE.fullmatch(v)]
        assert [p for p, _ in before] == [p for p, _ in after]
        for (_, was), (_, now) in zip(before, after, strict=True):
            assert was != now
            assert was[10:] == now[10:]
            moved.add(date.fromisoformat(now[:10]) - date.fromisoformat(was[:10]))
    assert len(moved) == 1


@settings(max_examples=25, **SLOW)
@given(who=identities(), days=DAYS)
def test_years_only_leave_years_and_exact_intervals_beside_them(walkers, who, days):
    given_ = record(who, days)
    told_days = {}
    for source, (out, offsets) in zip(given_, through(walkers, "safe_harbor", given_), strict=True):
        assert re.findall(r"\d{4}-\d\d", told(out)) == []
        told_days |= {
            (source["id"], place): (days_, dict(leaves(source, ""))[f".{place}"]) for place, days_ in offsets.items()
        }
    zero = {round(days_ - (date.fromisoformat(v[:10]).toordinal()), 0) for days_, v in told_days.values()}
    assert max(zero) - min(zero) <= 1  # the time of day is in it


# --- through files -----------------------------------------------------------------------------------


def written(lines: list[str], name: str, engine: Any, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The output lines of a file of these lines, by type and id."""
    monkeypatch.setattr(text_module, "build", lambda *_: engine)
    with TemporaryDirectory() as folder:
        (Path(folder) / "in.ndjson").write_text("".join(f"{line}\n" for line in lines))
        fhir_files.run(
            [Path(folder) / "in.ndjson"], Path(folder) / "out", policy=policy.load(name), key=KEY, project="t"
        )
        out = [x for p in sorted((Path(folder) / "out").iterdir()) for x in p.read_text().splitlines()]
    return {f"{r['resourceType']}/{r['id']}": x for x in out for r in [json.loads(x)]}


@pytest.mark.parametrize("name", ["expert_determination", "limited_data_set"])
@settings(max_examples=15, **SLOW)
@given(one=identities(), two=identities(), days=DAYS, data=st.data())
def test_adding_a_patient_changes_no_other_in_any_order(engines, monkeypatch, name, one, two, days, data):
    if one["id"] == two["id"]:
        return
    first, second = ([json.dumps(r) for r in record(who, days)] for who in (one, two))
    alone = written(first, name, engines[name], monkeypatch)
    both = written(data.draw(st.permutations([*first, *second])), name, engines[name], monkeypatch)
    assert len(both) == len(first) + len(second)
    assert both.items() >= alone.items()


@settings(max_examples=60, **SLOW)
@given(who=identities(), days=DAYS, data=st.data())
def test_no_error_count_or_message_tells_a_value_of_a_broken_record(engines, monkeypatch, capfd, who, days, data):
    lines = [json.dumps(r) for r in record(who, days)]
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(lines) - 1))
        cut = data.draw(st.integers(0, len(lines[at])))
        lines[at] = data.draw(
            st.sampled_from(
                [
                    lines[at][:cut],
                    lines[at][:cut] + "}" + lines[at][cut:],
                    lines[at].replace('"final"', json.dumps(who["family"])),
                    lines[at].replace('"Observation"', json.dumps(who["family"])),
                    lines[at].replace(
                        '"subject": {', '"modifierExtension": [{"url": "' + who["mrn"] + '"}], "subject": {'
                    ),
                    lines[at].replace('"data": "', '"data": "%%%'),
                    lines[at].replace('"period": {', '"period": [{"start": "' + who["family"] + '"}], "x": {'),
                ]
            )
        )
    monkeypatch.setattr(text_module, "build", lambda *_: engines["expert_determination"])
    rules = policy.load("expert_determination")
    with TemporaryDirectory() as folder:
        (Path(folder) / "in.ndjson").write_text("\n".join(lines))
        try:
            counts = fhir_files.run(
                [Path(folder) / "in.ndjson"], Path(folder) / "out", policy=rules, key=KEY, project="t"
            )
            made = told([json.loads(x) for p in (Path(folder) / "out").iterdir() for x in p.read_text().splitlines()])
        except ChartlineError as refused:
            counts, made = {"in": 0, "error": f"{refused} {refused!r}"}, ""
    printed = "".join(capfd.readouterr()) + repr(counts)
    if "quarantined" in counts:
        aside = sum(counts["quarantined"].values()) + sum(counts["filtered"].values())
        assert counts["in"] == counts["out"] + aside
    for value in (who["given"], who["family"], who["mrn"], who["phone"], who["id"]):
        assert value not in printed
    if "resourceType" in lines[0][:20] and lines[0].endswith("}"):
        assert who["mrn"] not in made


@settings(max_examples=60, **SLOW)
@given(who=identities(), days=DAYS, data=st.data())
def test_a_refusal_names_the_rule_and_no_value(walkers, who, days, data):
    resource = data.draw(st.sampled_from(record(who, days)[1:]))
    key = data.draw(st.sampled_from(sorted(resource)))
    if key in ("resourceType", "id"):
        return
    junk = st.sampled_from([who["family"], [who["family"]], {who["family"]: who["mrn"]}, [[who["mrn"]]], 7, None])
    made = outcome(walkers["safe_harbor"], {**resource, key: data.draw(junk)}, state())
    if isinstance(made, Refused):
        text = f"{made} {made!r} {made.rule} {made.reason}"
        assert not any(v in text for v in who.values())
