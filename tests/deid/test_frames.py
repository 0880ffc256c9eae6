"""Frames: what resources share that differ only in id, days, references and numbers, and when that may be used."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from chartline.deid import frames
from chartline.deid import walker as walking
from chartline.deid.context import PatientContext
from chartline.deid.walk import Refused, Result
from chartline.deid.walker import Deidentifier
from chartline.fhir.known import Known
from tests.deid.walking import PATIENT, SECRET, Engine, state, walker, written

OLD = {"valueInteger": 97}
LOINC = {"system": "http://loinc.org", "code": "8480-6", "display": "Systolic blood pressure"}


@pytest.fixture(autouse=True)
def _learnt_at_once(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(walking, "_OFTEN", 1)
    yield


def observation(number: int, **more: object) -> bytes:
    """An observation whose id, subject, day and value are its own."""
    body = {
        "resourceType": "Observation",
        "id": f"o-{number}",
        "status": "final",
        "code": {"coding": [LOINC]},
        "subject": {"reference": f"Patient/p{number}"},
        "effectiveDateTime": f"2011-03-{number + 1:02d}T10:00:00Z",
        "valueQuantity": {"value": 100 + number, "unit": "mm[Hg]"},
        **more,
    }
    return json.dumps(body, separators=(",", ":")).encode()


def through(walk: Deidentifier, raw: bytes, patient: PatientContext = PATIENT, **more: object) -> bytes:
    """The JSON of what becomes of a resource, by the frames of this walker."""
    made = written(walk, raw, json.loads(raw)["id"], state(patient, **more))
    assert isinstance(made, Result), made
    return made.json


def known(walk: Deidentifier, raw: bytes) -> bool:
    """Whether the frame of a resource is known."""
    return walk.given(raw, "Observation", json.loads(raw)["id"]).frame is not None


def test_what_differs_is_cut_out_and_what_is_left_is_the_frame():
    (one, values), (two, others) = (cut for n in (1, 2) if (cut := frames.cut(observation(n), f"o-{n}")))
    assert one == two
    assert values == [b'"Patient/p1"', b'"2011-03-02T10:00:00Z"', b"101"]
    assert others == [b'"Patient/p2"', b'"2011-03-03T10:00:00Z"', b"102"]


@pytest.mark.parametrize("value", ['"A\\u0042"', '"\x01"', '"Ä"', "1000000", "1e3", "01", "-", '"2011"'])
def test_only_what_is_plainly_written_is_cut_out(value):
    raw = f'{{"resourceType":"Basic","id":"b","value":{value},"created":"2011-3-5"}}'.encode()
    cut = frames.cut(raw, "b")
    assert cut is not None
    assert cut[1] == ([value.encode()] if value == '"2011"' else [])


def test_what_does_not_tell_its_id_has_no_frame():
    assert frames.cut(observation(1), "o-2") is None


def test_a_frame_is_used_from_its_second_resource_on_and_changes_nothing():
    walk = walker()
    assert not known(walk, observation(1))
    for number in range(1, 6):
        assert through(walk, observation(number)) == through(walker(), observation(number))
        assert known(walk, observation(number + 1))


def test_what_came_by_its_frame_is_counted_as_what_was_walked():
    walk, alone = walker(), walker()
    for number in range(5):
        through(walk, observation(number))
    through(alone, observation(0))
    assert walk.counts() == {place: 5 * times for place, times in alone.counts().items()}


def test_whom_a_word_of_the_frame_may_name_is_not_treated_by_it():
    concept = {"coding": [{**LOINC, "display": "Gaxley scale"}]}
    walk, named = walker(), PatientContext("p2", (Known("FAMILY", "Gaxley"),), None, None, -300)
    assert b"Gaxley scale" in through(walk, observation(1, code=concept))
    assert known(walk, observation(2, code=concept))
    assert b"Gaxley" not in through(walk, observation(2, code=concept), named)
    assert b"Gaxley scale" in through(walk, observation(3, code=concept))


def test_a_text_of_the_frame_is_read_with_each_patient():
    engine = Engine()
    walk, named = walker(engine=engine), PatientContext("p2", (Known("FAMILY", "Zorplett"),), None, None, -300)
    said = {"coding": [LOINC], "text": f"as Zorplett and {SECRET} said"}
    assert b"as Zorplett and [NAME] said" in through(walk, observation(1, code=said))
    assert known(walk, observation(2, code=said))
    assert b"as [NAME] and [NAME] said" in through(walk, observation(2, code=said), named)


@pytest.mark.parametrize(
    "more",
    [
        {"code": {"text": "First name"}, "valueString": "Zebulonia"},
        {"code": {"text": "Age"}, "valueInteger": 97},
        {"code": {"coding": [{"system": "urn:x", "code": "7", "display": "First name"}]}, "valueString": "Zebulonia"},
        {"code": {"coding": [{"system": "urn:x", "code": "7", "display": "Age"}]}, "valueInteger": 97},
        {"code": {"text": "Weight"}, "component": [{"code": {"text": "Age"}, "valueQuantity": {"value": 97}}]},
    ],
)
def test_a_question_in_words_is_asked_of_each_resource_of_a_frame(more):
    walk = walker()
    for number in range(4):
        raw = observation(number, **{"valueQuantity": None, **more})
        made = through(walk, raw.replace(b'"valueQuantity":null,', b""))
        assert b"Zebulonia" not in made
        assert b":97" not in made
        assert b"masked" in made or b"90" in made


@pytest.mark.parametrize(
    ("kind", "named", "more"),
    [
        (
            "QuestionnaireResponse",
            "subject",
            {"item": [{"linkId": "1", "text": "First name", "answer": [{"valueInteger": 97}]}]},
        ),
        (
            "QuestionnaireResponse",
            "subject",
            {"item": [{"linkId": "1", "text": "Your age", "answer": [{"valueInteger": 97}]}]},
        ),
        ("Task", "for", {"intent": "order", "input": [{"type": {"text": "Age"}, "valueInteger": 97}]}),
    ],
)
def test_a_question_of_a_form_is_asked_each_time(kind, named, more):
    walk = walker()
    for number in range(4):
        body = {"resourceType": kind, "id": f"f-{number}", "status": "completed", "authored": f"2011-03-0{number + 1}"}
        raw = json.dumps({**body, named: {"reference": "Patient/p1"}, **more}, separators=(",", ":")).encode()
        assert b":97" not in through(walk, raw)


def test_an_address_outside_is_asked_for_in_each_world():
    walk, profile = walker(), "http://hospital.example/profiles/bodysize"
    meta = {"profile": [profile]}
    assert b"bodysize" not in through(walk, observation(1, meta=meta))
    assert known(walk, observation(2, meta=meta))
    world = {profile: "Observation/o-9"}
    assert through(walk, observation(2, meta=meta), links=world) == through(
        walker(), observation(2, meta=meta), links=world
    )


@pytest.mark.parametrize(
    "more",
    [
        {"valueQuantity": {"value": 95, "unit": "a"}},
        {"code": {"coding": [{"system": "http://loinc.org", "code": "30525-0"}]}},
        {"extension": [{"url": "http://hospital.example/x", "valueString": "x", "value": "x"}]},
        {"method": {"coding": [{**LOINC, "version": "2011-03-05"}]}},
    ],
    ids=["a time", "an age", "a value in an extension", "a value in a code"],
)
def test_where_a_value_decides_nothing_is_learnt(more):
    walk = walker()
    for number in range(1, 5):
        assert through(walk, observation(number, **more)) == through(walker(), observation(number, **more))
        assert not known(walk, observation(number, **more))


def test_a_day_that_may_not_stay_is_left_out_though_the_frame_has_one():
    walk, old = walker(), PatientContext("p3", (), None, "1920-01-01", -10, 2020, 2012, over_89=True)
    through(walk, observation(1))
    assert known(walk, observation(2))
    assert b"effectiveDateTime" not in through(walk, observation(2), old)
    assert through(walk, observation(2), old) == through(walker(), observation(2), old)


def test_what_is_not_valid_is_refused_though_the_frame_is():
    walk = walker()
    through(walk, observation(1))
    broken = observation(2).replace(b"2011-03-03T10", b"2011-03-03T99")
    made = written(walk, broken, "o-2", state())
    assert isinstance(made, Refused)
    assert made.reason == "output_not_valid_fhir"


def test_an_id_that_stands_elsewhere_first_is_no_other_resources():
    walk = walker()
    raw = observation(1).replace(b'"id":"o-1",', b"").replace(b'"status"', b'"language":"o-1","id":"o-1","status"')
    assert through(walk, raw) == through(walker(), raw)
    assert not known(walk, raw)


def test_the_members_of_a_frame_are_told_with_the_values_of_the_resource():
    walk = walker()
    through(walk, observation(1))
    given = walk.given(observation(2), "Observation", "o-2")
    assert given.frame is not None
    names = ("subject", "status", "performer")
    assert given.parts(names) == frames.Given(observation(2), "o-2").parts(names)
    assert given.kind == "Observation"


def test_more_values_than_a_frame_has_places_are_no_frame():
    key, values = (b'{"id":"\0"', *[b""] * 1001), [b'"2011-03-05"'] * 1001
    with pytest.raises(frames.Opaque):
        frames.Probe(key, values)


def test_a_stand_in_that_was_written_into_a_resource_is_no_value_of_a_frame():
    walk = walker()
    raw = observation(1, issued=frames.IDENTITY, method={"text": f"{frames.IDENTITY}x1000"})
    made = written(walk, raw, "o-1", state())
    assert isinstance(made, (Result, Refused))
    assert not known(walk, raw)
