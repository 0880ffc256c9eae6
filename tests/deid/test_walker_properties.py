"""Properties of the walk over resources of every type: filled to the brim, mutated, and with identities swapped."""

import base64
import json
import re
from collections import Counter
from functools import cache

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from chartline.deid import dates, policy
from chartline.deid import walker as walking
from chartline.deid.context import PatientContext
from chartline.deid.phrases import Phrases
from chartline.deid.pseudonyms import keyed_code
from chartline.deid.walk import Refused, Result, Walk
from chartline.deid.walker import Deidentifier
from chartline.fhir import definitions, validate
from chartline.fhir.known import Known
from tests.deid.walking import POLICIES, SECRET, Engine, outcome, state, walker, written
from tests.end_to_end import canaries

FULL, PLANTED = canaries.resources()
TREE = definitions.load()
PASSING = [r for r in FULL if r["resourceType"] in policy.load("safe_harbor").resources]
OBSERVATION = {"resourceType": "Observation", "id": "o", "status": "final", "code": {"text": "x"}}
WALKERS = {name: walker(name) for name in POLICIES}
ADA = PatientContext("p1", tuple(Known("NAME", v) for v in canaries.KNOWN), "female", "1961-04-09", -17)


def walked(resource, name="expert_determination", patient=ADA, **more):
    """The outcome for a resource, whose text engine knows the canaries as the patient's."""
    return outcome(WALKERS[name], resource, state(patient, **more))


def strings(tree):
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield key
            yield from strings(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from strings(value)
    elif isinstance(tree, str):
        yield tree


@pytest.mark.parametrize("name", POLICIES)
@pytest.mark.parametrize("resource", PASSING, ids=lambda r: r["resourceType"])
def test_every_type_passes_valid_and_without_a_canary(resource, name):
    made = walked(resource, name)
    assert isinstance(made, Result), (made.reason, made.rule)
    assert validate.issues(made.resource) == []
    assert validate.confirm(made.resource) == []
    told = json.dumps(made.resource) + json.dumps([n.text for n in made.notes])
    secrets = {*canaries.KNOWN, canaries.PATIENT_ID, *PLANTED.tokens.values()}
    if name == "limited_data_set":
        secrets -= {canaries.CITY, canaries.BIRTH}  # 164.514(e)(2): town, state, ZIP code and dates may stay
    assert [s for s in secrets if s in told] == []


@pytest.mark.parametrize("resource", PASSING, ids=lambda r: r["resourceType"])
def test_no_full_date_of_a_shifted_patient_equals_its_input(resource):
    made = walked(resource)
    assert isinstance(made, Result)
    assert "2011-03-0" not in json.dumps(made.resource)


@pytest.mark.parametrize("resource", PASSING, ids=lambda r: r["resourceType"])
def test_years_only_leave_no_date_element_but_the_year(resource):
    made = walked(resource, "safe_harbor")
    assert isinstance(made, Result)
    assert re.findall(r"\d{4}-\d\d", json.dumps(made.resource)) == []


def _paths(tree, path):
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield f"{path}.{key}"
            yield from _paths(value, f"{path}.{key}")
    elif isinstance(tree, list):
        for value in tree:
            yield from _paths(value, path)


def _allowed(kind, rules):
    """Whether the policy lets an output path of a resource pass, asked step by step."""

    def passes(path):
        owner, here = kind, kind
        for step in path.split(".")[1:]:
            if step in ("extension", "resourceType", "id") or step.startswith("_") or here.endswith("meta"):
                return True
            element = TREE[owner].elements[step]
            here = f"{here}.{step}"
            decided = rules.decide(owner, here, element)
            masked = element.required
            if rules.effect(decided.action) == "drop" and not masked:
                return False
            if element.type in ("Resource", "Extension", "Narrative", "Reference"):
                return True
            owner = element.type
        return True

    return passes


JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([SECRET, "2011-03-05", "x"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["value", "text", "system", "id", SECRET]), inner, max_size=3)
    ),
    max_leaves=6,
)


@st.composite
def mutated(draw):
    """A resource of some type in which a few elements, known or not, hold anything."""
    resource = json.loads(json.dumps(draw(st.sampled_from(PASSING))))
    known = sorted(TREE[resource["resourceType"]].elements)
    for _ in range(draw(st.integers(1, 4))):
        key = draw(st.sampled_from([*known, SECRET, "_status", "implicitRules"]))
        if key not in ("modifierExtension", "id", "resourceType"):
            resource[key] = draw(JUNK)
    return resource


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None)
@given(mutated(), st.sampled_from(POLICIES))
def test_output_paths_are_a_subset_of_the_allow_list_and_errors_hold_no_value(resource, name):
    made = walked(resource, name)
    if isinstance(made, Refused):
        assert SECRET not in f"{made} {made!r} {made.rule} {made.reason}"
        return
    assert isinstance(made, Result)
    assert validate.issues(made.resource) == []
    assert [s for s in strings(made.resource) if SECRET in s] == []
    passes = _allowed(resource["resourceType"], policy.load(name))
    assert [p for p in _paths(made.resource, resource["resourceType"]) if not passes(p)] == []


def _blank(tree):
    """A resource with its pseudonyms taken out."""
    return re.sub(r"[0-9a-f]{32}", "P", json.dumps(tree, sort_keys=True))


def _renamed(text):
    return text.replace(canaries.GIVEN, "Bramwick").replace(canaries.FAMILY, "Oldenfell")


def _in_base64(text):
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize("resource", PASSING, ids=lambda r: r["resourceType"])
def test_swapping_the_identity_changes_only_pseudonyms(resource):
    text = _renamed(json.dumps(resource)).replace(canaries.PATIENT_ID, "other-9")
    swapped = json.loads(text.replace(_in_base64(canaries.SENTENCE), _in_base64(_renamed(canaries.SENTENCE))))
    other = tuple(Known("NAME", _renamed(v)) for v in canaries.KNOWN)
    one, two = walked(resource), walked(swapped, patient=PatientContext("other-9", other, "female", "1961-04-09", -17))
    assert isinstance(one, Result)
    assert isinstance(two, Result)
    assert _blank(one.resource) == _blank(two.resource)
    if "subject" in resource:
        assert one.resource != two.resource


@settings(max_examples=40, deadline=None)
@given(st.permutations(PASSING[:12]))
def test_the_order_of_resources_changes_nothing(order):
    fresh = walker()
    for resource in order:
        made, alone = outcome(fresh, resource, state(ADA)), _alone()[resource["resourceType"]]
        assert isinstance(made, Result)
        assert isinstance(alone, Result)
        assert made.resource == alone.resource


@cache
def _alone():
    """What becomes of each when no other was walked before."""
    return {r["resourceType"]: outcome(walker(), r, state(ADA)) for r in PASSING[:12]}


BO = PatientContext("p2", (Known("NAME", "Bo Wren"), Known("FAMILY", "Wren")), "male", "1950-02-03", -300)


def _counted(walk, work):
    for resource, patient in work:
        outcome(walk, resource, state(patient))
    return walk.counts()


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(PASSING), st.sampled_from([ADA, BO])), min_size=2, max_size=12))
def test_what_is_remembered_changes_neither_what_is_made_nor_what_is_counted(work):
    """A walker that has met other patients' resources, again and again, makes and counts what a new one does."""
    used, alone = walker(), Counter()
    for resource, patient in work * 3:
        made, new = outcome(used, resource, state(patient)), outcome(walker(), resource, state(patient))
        assert isinstance(made, Result)
        assert isinstance(new, Result)
        assert made.json == new.json
        assert [n.text for n in made.notes] == [n.text for n in new.notes]
    counts = used.counts()
    for resource, patient in work:
        alone.update({place: 3 * n for place, n in _counted(walker(), [(resource, patient)]).items()})
    assert counts == alone


@pytest.mark.parametrize("name", POLICIES)
@pytest.mark.parametrize("resource", PASSING, ids=lambda r: r["resourceType"])
def test_json_that_is_laid_out_or_escaped_makes_the_same(resource, name):
    plain = walked(resource, name)
    assert isinstance(plain, Result)
    for text in (json.dumps(resource, indent=2), json.dumps(resource).replace("/", "\\u002f").replace("-", "\\u002d")):
        made = written(WALKERS[name], text.encode(), resource["id"], state(ADA))
        assert isinstance(made, Result)
        assert made.json == plain.json


@settings(max_examples=300, deadline=None)
@given(
    st.from_regex(r"\d{4}(-\d\d(-\d\d(T\d\d:\d\d:\d\d(\.\d{1,3})?(Z|[+-]\d\d:\d\d)?)?)?)?", fullmatch=True),
    st.sampled_from(["effectiveDateTime", "issued"]),
)
def test_a_date_is_moved_as_the_rule_for_dates_moves_it(text, name):
    made = walked({**OBSERVATION, name: text})
    if validate.real_datetime(text) and (name != "issued" or "T" in text):
        assert made.resource.get(name) == dates.shift(text, ADA.offset_days)
    else:
        assert (made.reason, made.rule) == ("output_not_valid_fhir", f"Observation.{name}")


@settings(max_examples=100, deadline=None)
@given(st.dates(), st.dates(), st.integers(-365, -1))
def test_intervals_between_elements_of_different_types_are_kept(one, other, days):
    from datetime import date

    patient = PatientContext("p", (), None, None, days)
    early, late = (d.isoformat() for d in (one, other))
    a = walked(
        {
            "resourceType": "Encounter",
            "id": "e",
            "status": "finished",
            "class": {"code": "AMB"},
            "period": {"start": early},
        },
        patient=patient,
    )
    b = walked(
        {
            "resourceType": "Immunization",
            "id": "i",
            "status": "completed",
            "vaccineCode": {"text": "x"},
            "patient": {"reference": "Patient/p"},
            "occurrenceDateTime": late,
        },
        patient=patient,
    )
    if (
        not (isinstance(a, Result) and isinstance(b, Result))
        or "period" not in a.resource
        or "occurrenceDateTime" not in b.resource
    ):
        assert min(one, other).year <= 2  # it left the calendar
        return
    moved = date.fromisoformat(b.resource["occurrenceDateTime"]) - date.fromisoformat(a.resource["period"]["start"])
    assert moved == other - one


# --- others -------------------------------------------------------------------------------------------

OBSERVATION = next(r for r in PASSING if r["resourceType"] == "Observation")
VISIT = {
    "resourceType": "Encounter",
    "id": "e",
    "status": "finished",
    "class": {"code": "AMB"},
    "participant": [{"individual": {"reference": "urn:uuid:1"}, "period": {"start": "2011-03-05"}}],
}
PEOPLE = (
    PatientContext("a", (Known("FAMILY", "Bell"),), "female", "1961-04-09", -17),
    PatientContext("b", (Known("GIVEN", "Systolic"), Known("MRN", "A-12")), None, None, -17),
    PatientContext("c", (), None, "1920-01-01", -200, 2020, 1931, over_89=True),
    PatientContext("d", (Known("STREET", "5 A St"),), None, None, -200, 2010, 1936),
    PatientContext("e", (Known("STREET", "5 A St"),), None, None, -200, 2010, 2015),
    PatientContext("nobody"),
)
"""People of whom the same words tell different things, with equal and other offsets and limits of years."""
WORLDS = ({}, {"urn:uuid:1": "Patient/p1"}, {"urn:uuid:1": "Patient/p2", "Patient?identifier=x|1": "Patient/p9"})
CODES = (keyed_code(b"k" * 32), keyed_code(b"j" * 32))
WORDS = (
    *("Bell", "Systolic", "A-12", SECRET, "x", "2011-03-05", "2011-03-05T10:00:00Z", "2011-03-05T10:00:00+05:00", ""),
    *(
        "#c",
        "#d",
        "#",
        "Patient/p1",
        "urn:uuid:1",
        "Patient?identifier=x|1",
        "http://loinc.org",
        "8480-6",
        "30525-0",
        "a",
    ),
)
INSIDE = (
    [],
    [{**VISIT, "id": "c", "statusHistory": [{"status": "planned", "period": {"start": "2011-03-05"}}]}],
    [
        {"resourceType": "Device", "id": "c", "note": [{"text": "Bell", "time": "2011-03-05"}]},
        {"resourceType": "Patient", "id": "d"},
    ],
    [{**OBSERVATION, "id": "c", "subject": {"reference": "#c"}, "valueQuantity": {"value": 95, "unit": "a"}}],
)


class Surrogates(Engine):
    """Replaces what is known by a word of the patient's own."""

    def clean(self, text, patient):
        return super().clean(text, patient).replace("[NAME]", f"[{patient.patient_id}]")


def _changed(tree, drawn, depth=0):
    if isinstance(tree, dict):
        kept = [(k, _changed(v, drawn, depth + 1)) for k, v in tree.items() if drawn.random() > 0.005]
        return dict(drawn.sample(kept, len(kept)) if drawn.random() < 0.1 else kept)
    if isinstance(tree, list):
        made = [_changed(v, drawn, depth + 1) for v in tree]
        return made + made[:1] if drawn.random() < 0.05 else made
    return drawn.choice(WORDS) if depth > 1 and drawn.random() < 0.02 else tree


def _written(tree, drawn):
    text = json.dumps(tree, ensure_ascii=drawn.random() < 0.5, indent=drawn.choice([None, None, 1]))
    return (text.replace("B", "\\u0042") if drawn.random() < 0.1 else text).encode()


DAYS = ("2011-03-05", "1934-12-31", "2012-02-29T10:00:00Z", "2016-03-05T10:00:00+05:00", "2029-01-01", "0001-01-01")
REFERENCES = ("Patient/p1", "urn:uuid:1", "Practitioner/9-a", "Organization/b", "urn:uuid:c")


def _twin(raw, drawn):
    """The same frame with other days, references and numbers, and once in a while another id."""
    days = re.compile(rb'(": ?)"\d{4}-\d\d-\d\d[^"]*"')
    raw = days.sub(lambda m: m[1] + json.dumps(drawn.choice(DAYS)).encode(), raw)
    references = re.compile(rb'(reference": ?)"[^"#?]*"')
    raw = references.sub(lambda m: m[1] + json.dumps(drawn.choice(REFERENCES)).encode(), raw)
    numbers = re.compile(rb'(?<=value": )\d+(?:\.\d+)?')
    raw = numbers.sub(lambda _: str(drawn.choice([0, 7.25, 89, 95, 2011, 5551234])).encode(), raw)
    return re.sub(rb'(?<=value": )"[^"\\]*"', lambda _: json.dumps(drawn.choice(WORDS)).encode(), raw)


def _told(walk, job):
    raw, patient, anchor, links, code = job
    made = written(walk, raw, "o", Walk(patient, code, links, anchor))
    if made is None or isinstance(made, Refused):
        return made and (made.reason, made.rule)
    return made.json, made.notes, made.offsets


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow], phases=[Phase.generate])
@given(st.randoms(use_true_random=False), st.sampled_from(POLICIES))
def test_whoever_was_walked_before_changes_nothing_in_what_is_made_or_counted(drawn, name):
    def fresh():
        return Deidentifier(policy.load(name), Phrases(Surrogates()), lambda system: "urn:chartline:system:x")

    kinds = [OBSERVATION, VISIT, *drawn.sample(PASSING, 2)]
    given_ = [{**_changed(drawn.choice(kinds), drawn), "contained": drawn.choice(INSIDE)} for _ in range(4)]
    raws = [_written({**r, "resourceType": r.get("resourceType", "Observation")}, drawn) for r in given_]
    raws += [_twin(drawn.choice(raws[:4]), drawn) for _ in range(8)]
    choices = (raws, PEOPLE, (None, 12345, 777), WORLDS, CODES)
    jobs = [tuple(map(drawn.choice, choices))]
    for _ in range(25):  # each has all but one in common with the one before
        other = drawn.randrange(len(choices))
        jobs.append((*jobs[-1][:other], drawn.choice(choices[other]), *jobs[-1][other + 1 :]))
    long, counted = fresh(), Counter()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(walking, "_OFTEN", drawn.choice([1, 2]))
        for job in jobs:
            alone = fresh()
            assert _told(long, job) == _told(alone, job)
            counted += alone.counts()
    assert long.counts() == counted
