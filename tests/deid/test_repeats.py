"""Forms: what is written into one is what the whole walk makes, whoever's resources were met before."""

import json

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from chartline.deid import policy
from chartline.deid.context import Known, PatientContext
from chartline.deid.outcome import outcome
from chartline.deid.phrases import Phrases
from chartline.deid.repeats import Repeats, owning
from chartline.deid.walker import Deidentifier, Refused, Result, Walk, keyed_code, members
from tests.deid.test_walker_properties import OBSERVATION, PASSING, PEOPLE, VISIT, Surrogates
from tests.deid.walking import POLICIES

CODE = keyed_code(b"k" * 32)
LINKS = {"urn:uuid:1": "Patient/p1", "Patient?identifier=x|1": "Patient/p9"}
PULSE = {
    "resourceType": "Observation",
    "id": "o1",
    "identifier": [{"system": "urn:x", "value": "123-45-6789"}],
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4", "display": "Heart rate"}]},
    "subject": {"reference": "Patient/a"},
    "effectiveDateTime": "2011-03-05T10:00:00Z",
    "valueQuantity": {"value": 71.5, "unit": "/min", "system": "http://unitsofmeasure.org", "code": "/min"},
}
ANNA = PatientContext("a", (Known("NAME", "Anna Quillby"),), offset_days=-17)
BELL = PatientContext("b", (Known("FAMILY", "Heartwell"), Known("GIVEN", "Heart")), offset_days=-300)


class Files:
    """Resources as a command over files treats them: into their forms, else walked and learned from."""

    def __init__(self, name="expert_determination", links=LINKS):
        rules = policy.load(name)
        self.links, self.filled = links, 0
        self.walk = Deidentifier(rules, Phrases(Surrogates()), lambda system: "urn:chartline:system:x")
        self.repeats = Repeats(self.walk, rules, CODE, links)

    def made(self, raw, patient, earliest=0):
        repeat = self.repeats.read(raw)
        if repeat is not None and (made := self.repeats.write(repeat, Walk(patient, CODE, self.links, earliest))):
            self.filled += 1
            return made
        walk, given_ = Walk(patient, CODE, self.links, earliest), members(raw)
        made = outcome(self.walk, given_, json.loads(raw)["id"], walk)
        if repeat is not None and isinstance(made, Result):
            self.repeats.learn(repeat, made, walk)
        return made


def compact(resource):
    return json.dumps(resource, separators=(",", ":")).encode()


def told(made):
    return (made.reason, made.rule) if isinstance(made, Refused) else made and (made.json, made.notes, made.offsets)


def same(files, resource, patient, earliest=0, **how):
    """What the files make, and that a walker which has met nothing makes the same."""
    raw = compact(resource)
    made, name = files.made(raw, patient, earliest), how.get("name", "expert_determination")
    assert told(made) == told(Files(name, files.links).made(raw, patient, earliest))
    return made


def test_what_repeats_is_written_into_a_form():
    files = Files()
    for i in range(4):
        resource = {**PULSE, "id": f"o{i}", "effectiveDateTime": f"2011-03-0{i + 1}T10:00:00Z"}
        resource["valueQuantity"] = {**PULSE["valueQuantity"], "value": 70 + i / 8}
        resource["identifier"] = [{"system": "urn:x", "value": f"{i}99"}]
        made = same(files, resource, ANNA)
        assert made.resource["valueQuantity"]["value"] == 70 + i / 8
        assert b"99" not in made.json.replace(made.id.encode(), b"")
    assert files.filled == 2


def test_a_form_is_not_used_for_a_patient_of_whom_a_word_of_it_is_known():
    files = Files()
    for _ in range(3):
        same(files, PULSE, ANNA)
    before = files.filled
    made = same(files, PULSE, BELL)
    assert files.filled == before
    assert "display" not in made.resource["code"]["coding"][0]
    assert "display" in same(files, PULSE, ANNA).resource["code"]["coding"][0]


def test_a_form_first_met_with_such_a_patient_serves_others_whole():
    files = Files()
    for _ in range(3):
        assert "display" not in same(files, PULSE, BELL).resource["code"]["coding"][0]
    for _ in range(3):
        assert "display" in same(files, PULSE, ANNA).resource["code"]["coding"][0]


def test_a_free_text_is_read_with_each_patient():
    files = Files()
    said = {k: v for k, v in PULSE.items() if k != "valueQuantity"} | {"valueString": "Anna Quillby is well"}
    for patient in (ANNA, BELL, ANNA, BELL, BELL, ANNA, ANNA):
        made = same(files, said, patient)
        assert ("Quillby" in made.resource["valueString"]) is (patient is BELL)


@pytest.mark.parametrize("amounts", [(40, 50, 60, 95), (40, 95, 95, 40)])
@pytest.mark.parametrize("over_89", [True, False])
def test_an_age_is_judged_by_its_number(amounts, over_89):
    files = Files()
    age = {"coding": [{"system": "http://loinc.org", "code": "30525-0"}]}
    patient = PatientContext("a", (), offset_days=-17, over_89=over_89)
    for amount in amounts:
        quantity = {"value": amount, "unit": "a", "system": "http://unitsofmeasure.org", "code": "a"}
        same(files, {**PULSE, "code": age, "valueQuantity": quantity}, patient)
        same(files, {**PULSE, "valueQuantity": quantity}, patient)
    assert files.filled == 0


def test_a_date_that_may_not_stay_and_a_reference_that_names_nothing_are_walked():
    files = Files()
    for resource, patient, earliest in (
        (PULSE, ANNA, 1920),
        (PULSE, ANNA, 1920),
        (PULSE, ANNA, 1920),
        ({**PULSE, "effectiveDateTime": "1911-03-05T10:00:00Z"}, ANNA, 1920),
        ({**PULSE, "effectiveDateTime": "2011-02-31"}, ANNA, 1920),
        ({**PULSE, "subject": {"reference": "nowhere"}}, ANNA, 1920),
        (PULSE, PatientContext("a", last_year=2010, offset_days=-1), 1920),
    ):
        same(files, resource, patient, earliest)
    assert files.filled == 1


def test_what_a_form_cannot_tell_is_walked():
    files = Files()
    for resource in (
        {**PULSE, "note": [{"text": 'said "2011-03-05"'}]},
        {**PULSE, "contained": [{"resourceType": "Patient", "id": "p", "name": [{"family": "Zed"}]}]},
        {"resourceType": "Patient", "id": "a", "name": [{"family": "Zed"}], "birthDate": "1961-04-09"},
    ):
        for _ in range(3):
            same(files, resource, ANNA)
    twice = compact(PULSE).replace(b'"status"', b'"id":"o2","status"')
    assert len({files.made(twice, ANNA).json for _ in range(3)}) == 1
    assert files.filled == 0


def test_an_identifier_that_a_policy_keeps_is_no_gap(tmp_path):
    file = tmp_path / "own.toml"
    file.write_text('extends = "expert_determination"\n[types]\nIdentifier = {action = "keep", reason = "x"}\n')
    files = Files(str(file))
    for i in range(4):
        same(files, {**PULSE, "identifier": [{"system": "urn:x", "value": f"{i}"}]}, ANNA, name=str(file))


def test_what_tells_whose_a_resource_is_comes_from_its_form():
    files = Files()
    for _ in range(3):
        files.made(compact(PULSE), ANNA)
    other = {**PULSE, "id": "o9", "subject": {"reference": "Patient/z%d"}}
    repeat = files.repeats.read(compact(other))
    assert repeat.form is not None
    assert repeat.owner == owning("Observation", members(compact(other)))


DATES = ("2011-03-05", "2011-03-05T10:00:00Z", "2011-03-05T10:00:00.123+05:00", "1899-12-31", "2011-02-31", "2011-03")
REFERENCES = (
    "Patient/a",
    "urn:uuid:1",
    "#c",
    "#",
    "Patient?identifier=x|1",
    "nowhere",
    "Group/1",
    "http://s/Patient/b",
)
AMOUNTS = (0, 1, 71.5, 95, -3, 999999, 1234567, 0.1234567890123)


def _refilled(tree, drawn, name=""):
    """A resource with other dates, references and amounts."""
    if isinstance(tree, dict):
        return {k: _refilled(v, drawn, k) for k, v in tree.items()}
    if isinstance(tree, list):
        return [_refilled(v, drawn, name) for v in tree]
    if isinstance(tree, str) and tree[:4].isdigit() and tree[4:5] == "-" and drawn.random() < 0.5:
        return drawn.choice(DATES)
    if name == "reference" and drawn.random() < 0.5:
        return drawn.choice(REFERENCES)
    if name == "value" and isinstance(tree, (int, float)):
        return drawn.choice(AMOUNTS)
    return tree


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.too_slow], phases=[Phase.generate])
@given(st.randoms(use_true_random=False), st.sampled_from(POLICIES))
def test_whoever_came_before_changes_nothing_in_what_is_made(drawn, name):
    files = Files(name)
    kinds = [PULSE, OBSERVATION, VISIT, drawn.choice(PASSING)]
    for _ in range(20):
        resource = _refilled({**drawn.choice(kinds), "id": drawn.choice("xyz")}, drawn)
        same(files, resource, drawn.choice(PEOPLE), drawn.choice((0, 1936)), name=name)
