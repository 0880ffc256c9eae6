"""The validator: every fault by path and reason, nothing valid refused, never a value, never a crash."""

import copy
import datetime
import tarfile

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chartline.fhir import definitions, validate
from chartline.fhir.validate import Issue, confirm, issues

PATIENT = {"resourceType": "Patient", "id": "p1"}
OBSERVATION = {"resourceType": "Observation", "id": "o1", "status": "final", "code": {"text": "x"}}
CONDITION = {"resourceType": "Condition", "id": "c1", "subject": {"reference": "Patient/p1"}}
EXTENSION = {"url": "http://example.org/x", "valueString": "x"}


def without(resource, key):
    return {k: v for k, v in resource.items() if k != key}


def found(resource):
    return [(i.path, i.reason) for i in issues(resource)]


# The 29 cases that fhir.resources, fhirkit and HL7's JSON schema were tried on: none of them saw all that is wrong.
REFUSED = {
    "no status": (without(OBSERVATION, "status"), "Observation.status", "missing_required"),
    "no code": (without(OBSERVATION, "code"), "Observation.code", "missing_required"),
    "no extension.url": (
        OBSERVATION | {"extension": [{"valueString": "x"}]},
        "Observation.extension.url",
        "missing_required",
    ),
    "two values": (OBSERVATION | {"valueString": "x", "valueInteger": 1}, "Observation.value[x]", "choice_conflict"),
    "two deaths": (
        PATIENT | {"deceasedBoolean": True, "deceasedDateTime": "2020-01-01"},
        "Patient.deceased[x]",
        "choice_conflict",
    ),
    "status banana": (OBSERVATION | {"status": "banana"}, "Observation.status", "unknown_code"),
    "gender F": (PATIENT | {"gender": "F"}, "Patient.gender", "unknown_code"),
    "unknown element": (PATIENT | {"nickname": "x"}, "Patient.*", "unknown_element"),
    "wrong type": (PATIENT | {"resourceType": "Pacient"}, "Resource.resourceType", "unknown_resource_type"),
    "bad month": (PATIENT | {"birthDate": "2020-13-01"}, "Patient.birthDate", "bad_date"),
    "no zone": (
        OBSERVATION | {"effectiveDateTime": "2020-01-01T10:00:00"},
        "Observation.effectiveDateTime",
        "bad_date",
    ),
    "space for T": (
        OBSERVATION | {"effectiveDateTime": "2020-01-01 10:00:00Z"},
        "Observation.effectiveDateTime",
        "bad_date",
    ),
    "hour 24": (
        OBSERVATION | {"effectiveDateTime": "2020-01-01T24:00:00Z"},
        "Observation.effectiveDateTime",
        "bad_date",
    ),
    "category not a list": (OBSERVATION | {"category": {"text": "x"}}, "Observation.category", "cardinality"),
    "birthDate with time": (PATIENT | {"birthDate": "2020-01-01T00:00:00Z"}, "Patient.birthDate", "bad_date"),
    "30 February": (PATIENT | {"birthDate": "2020-02-30"}, "Patient.birthDate", "bad_date"),
    "decimal as string": (
        OBSERVATION | {"valueQuantity": {"value": "1.5"}},
        "Observation.valueQuantity.value",
        "wrong_type",
    ),
    "null": (PATIENT | {"gender": None}, "Patient.gender", "empty_value"),
    "empty array": (PATIENT | {"name": []}, "Patient.name", "empty_value"),
    "id with space": (PATIENT | {"id": "a b"}, "Patient.id", "bad_id"),
    "long id": (PATIENT | {"id": "a" * 256}, "Patient.id", "bad_id"),
    "target": (
        CONDITION | {"subject": {"reference": "Practitioner/1"}},
        "Condition.subject.reference",
        "reference_target",
    ),
}
ACCEPTED = {
    "year": PATIENT | {"birthDate": "2020"},
    "month": PATIENT | {"birthDate": "2020-02"},
    "day": PATIENT | {"birthDate": "2020-02-29"},
    "only _birthDate": PATIENT | {"_birthDate": {"extension": [EXTENSION]}},
    "birthTime": PATIENT
    | {
        "birthDate": "2020-01-01",
        "_birthDate": {
            "extension": [
                {
                    "url": "http://hl7.org/fhir/StructureDefinition/patient-birthTime",
                    "valueDateTime": "2020-01-01T09:30:00-05:00",
                }
            ]
        },
    },
    "only _status": without(OBSERVATION, "status") | {"_status": {"extension": [EXTENSION]}},
    "target": CONDITION | {"subject": {"reference": "https://example.org/fhir/Group/1"}},
}


@pytest.mark.parametrize(("resource", "path", "reason"), REFUSED.values(), ids=REFUSED)
def test_detection_matrix_refused(resource, path, reason):
    assert found(resource) == [(path, reason)]


@pytest.mark.parametrize("resource", ACCEPTED.values(), ids=ACCEPTED)
def test_detection_matrix_accepted(resource):
    assert found(resource) == []
    assert confirm(resource) == []


def test_ids_longer_than_fhir_allows_are_let_in_for_there_are_record_systems_that_give_them():
    resource = OBSERVATION | {"id": "e" * 65, "subject": {"reference": "Patient/" + "e" * 255}}
    assert found(resource) == []
    assert confirm(resource) == []


def test_the_matrix_has_all_29_cases():
    assert len(REFUSED) + len(ACCEPTED) == 29


BEYOND = {
    "modifier": (
        PATIENT | {"modifierExtension": [EXTENSION]},
        "Patient.modifierExtension",
        "unknown_modifier_extension",
    ),
    "inner modifier": (
        PATIENT | {"contact": [{"modifierExtension": [EXTENSION]}]},
        "Patient.contact.modifierExtension",
        "unknown_modifier_extension",
    ),
    "empty object": (PATIENT | {"maritalStatus": {}}, "Patient.maritalStatus", "empty_value"),
    "empty string": (PATIENT | {"name": [{"family": ""}]}, "Patient.name.family", "empty_value"),
    "blank string": (PATIENT | {"name": [{"family": "  "}]}, "Patient.name.family", "empty_value"),
    "boolean as string": (PATIENT | {"active": "true"}, "Patient.active", "wrong_type"),
    "integer as boolean": (OBSERVATION | {"valueInteger": True}, "Observation.valueInteger", "wrong_type"),
    "integer of 33 bits": (OBSERVATION | {"valueInteger": 1 << 31}, "Observation.valueInteger", "wrong_type"),
    "decimal as boolean": (
        OBSERVATION | {"valueQuantity": {"value": True}},
        "Observation.valueQuantity.value",
        "wrong_type",
    ),
    "comparator": (
        OBSERVATION | {"valueQuantity": {"value": 1, "comparator": "~"}},
        "Observation.valueQuantity.comparator",
        "unknown_code",
    ),
    "list for one": (PATIENT | {"birthDate": ["2020"]}, "Patient.birthDate", "cardinality"),
    "string for object": (PATIENT | {"name": ["Jane"]}, "Patient.name", "wrong_type"),
    "instant without time": (OBSERVATION | {"issued": "2020-01-01"}, "Observation.issued", "bad_date"),
    "digits that are not ASCII": (PATIENT | {"birthDate": "٢٠٢٠"}, "Patient.birthDate", "bad_date"),
    "a date and a line": (PATIENT | {"birthDate": "2020-01-01\n"}, "Patient.birthDate", "bad_date"),
    "year 0": (PATIENT | {"birthDate": "0000"}, "Patient.birthDate", "bad_date"),
    "year and time": (
        OBSERVATION | {"effectiveDateTime": "2020T10:00:00Z"},
        "Observation.effectiveDateTime",
        "bad_date",
    ),
    "zone +15": (
        OBSERVATION | {"effectiveDateTime": "2020-01-01T10:00:00+15:00"},
        "Observation.effectiveDateTime",
        "bad_date",
    ),
    "uri with space": (PATIENT | {"implicitRules": "a b"}, "Patient.implicitRules", "bad_format"),
    "narrative that is no div": (
        PATIENT | {"text": {"status": "generated", "div": "<p>x</p>"}},
        "Patient.text.div",
        "bad_format",
    ),
    "contained": (
        OBSERVATION | {"contained": [PATIENT | {"gender": "F"}]},
        "Observation.contained.gender",
        "unknown_code",
    ),
    "contained of no type": (
        OBSERVATION | {"contained": [{"id": "x"}]},
        "Observation.contained.resourceType",
        "unknown_resource_type",
    ),
    "resourceType in a datatype": (
        PATIENT | {"name": [{"resourceType": "Patient", "family": "x"}]},
        "Patient.name.*",
        "unknown_element",
    ),
    "value and _value of another type": (
        OBSERVATION | {"valueString": "x", "_valueInteger": {"extension": [EXTENSION]}},
        "Observation.value[x]",
        "choice_conflict",
    ),
    "_name of a complex element": (PATIENT | {"_name": [{"id": "x"}]}, "Patient._", "unknown_element"),
    "value in a primitive extension": (
        PATIENT | {"_birthDate": {"value": "x"}},
        "Patient._birthDate",
        "unknown_element",
    ),
    "empty primitive extension": (PATIENT | {"_birthDate": {}}, "Patient._birthDate", "wrong_type"),
    "primitive extension without url": (
        PATIENT | {"_birthDate": {"extension": [{"valueString": "x"}]}},
        "Patient._birthDate.extension.url",
        "missing_required",
    ),
    "one extension for a list": (
        PATIENT | {"name": [{"given": ["x"], "_given": {"id": "y"}}]},
        "Patient.name._given",
        "cardinality",
    ),
    "lists out of step": (
        PATIENT | {"name": [{"given": ["x"], "_given": [None, {"id": "y"}]}]},
        "Patient.name.given",
        "cardinality",
    ),
    "a place empty in both": (PATIENT | {"name": [{"given": [None, "x"]}]}, "Patient.name.given", "empty_value"),
    "needed choice": (
        {
            "resourceType": "MedicationRequest",
            "status": "active",
            "intent": "order",
            "subject": {"reference": "Patient/p1"},
        },
        "MedicationRequest.medication[x]",
        "missing_required",
    ),
}


@pytest.mark.parametrize(("resource", "path", "reason"), BEYOND.values(), ids=BEYOND)
def test_beyond_the_matrix(resource, path, reason):
    assert found(resource) == [(path, reason)]


@pytest.mark.parametrize("value", [None, [], "Patient", 1, {}, {"resourceType": None}, {"resourceType": ["Patient"]}])
def test_what_is_no_resource(value):
    assert found(value) == [("Resource.resourceType", "unknown_resource_type")]
    if isinstance(value, dict):
        assert confirm(value) != []


def test_valid_corners():
    given = {"given": [None, "x"], "_given": [{"extension": [EXTENSION]}, None]}
    for resource in (
        PATIENT | {"name": [given]},
        OBSERVATION | {"issued": "2016-12-31T23:59:60.123456789Z"},
        OBSERVATION | {"valueQuantity": {"value": -1e-7, "comparator": "<"}},
        OBSERVATION | {"valueInteger": -(1 << 31)},
        OBSERVATION | {"contained": [PATIENT], "subject": {"reference": "#p1"}},
        CONDITION | {"subject": {"reference": "urn:uuid:3b5e0d3c-0000-4000-8000-000000000000"}},
        CONDITION | {"subject": {"identifier": {"value": "1"}}},
    ):
        assert found(resource) == []
    assert issues(OBSERVATION) == [] and issues(PATIENT) == []


def test_all_faults_are_reported_in_document_order():
    wrong = PATIENT | {"gender": "F", "birthDate": "x", "contact": [{"gender": "M"}]}
    assert [i.path for i in issues(wrong)] == ["Patient.gender", "Patient.birthDate", "Patient.contact.gender"]


def test_no_issue_holds_a_value_or_an_unknown_key():
    secret = "Zyxwvut"
    for wrong in (
        PATIENT | {secret: secret, f"_{secret}": 1, "gender": secret, "birthDate": secret, "active": secret},
        OBSERVATION | {"status": secret, "code": secret, "subject": {"reference": f"Medication/{secret}"}, secret: 1},
        {"resourceType": secret},
    ):
        assert issues(wrong) and confirm(wrong)
        assert secret not in repr(issues(wrong)) and secret not in repr(confirm(wrong))


def test_an_issue_is_a_path_and_a_reason():
    assert issues(PATIENT | {"gender": "F"}) == [Issue("Patient.gender", "unknown_code")]


@given(st.dates(min_value=datetime.date(1, 1, 1)))
def test_every_day_of_the_calendar_is_a_date(day):
    assert validate.real_date(f"{day.year:04}-{day:%m-%d}")


@given(st.integers(0, 9999), st.integers(0, 99), st.integers(0, 99))
def test_no_other_day_is(year, month, day):
    try:
        real = bool(datetime.date(year, month, day))
    except ValueError:
        real = False
    assert validate.real_date(f"{year:04}-{month:02}-{day:02}") is real


@given(st.datetimes(min_value=datetime.datetime(1, 1, 1)), st.integers(-13 * 60, 14 * 60))
def test_every_moment_with_a_zone_is_a_datetime(moment, offset):
    zone = f"{'-' if offset < 0 else '+'}{abs(offset) // 60:02}:{abs(offset) % 60:02}"
    assert validate.real_datetime(moment.isoformat() + zone)
    assert not validate.real_datetime(moment.isoformat())


@given(st.text(max_size=70))
def test_ids_are_those_of_the_rule(text):
    letters = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.")
    valid = 0 < len(text) <= 64 and set(text) <= letters
    assert (found(PATIENT | {"id": text}) == []) is valid


RICH = OBSERVATION | {
    "meta": {"versionId": "1", "lastUpdated": "2020-01-01T00:00:00Z", "profile": ["http://example.org/p"]},
    "contained": [PATIENT | {"name": [{"family": "Doe", "given": ["Jane"], "_given": [{"id": "x"}]}]}],
    "category": [{"coding": [{"system": "http://example.org/s", "code": "vital-signs"}]}],
    "subject": {"reference": "Patient/p1"},
    "effectivePeriod": {"start": "2020-01-01", "end": "2020-01-02T00:00:00Z"},
    "component": [{"code": {"text": "x"}, "valueQuantity": {"value": 1.5, "unit": "kg"}}],
    "extension": [EXTENSION],
}
ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def places(value, at=()):
    """Every place inside a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield (*at, key)
        yield from places(item, (*at, key))


@settings(max_examples=300)
@given(st.sampled_from(list(places(RICH))), ANY)
def test_a_change_anywhere_never_crashes(place, value):
    changed = copy.deepcopy(RICH)
    inner = changed
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = value
    for issue in issues(changed):
        assert issue.reason in REASONS


REASONS = {
    *("missing_required", "unknown_element", "wrong_type", "cardinality", "choice_conflict", "unknown_code"),
    *("bad_format", "bad_date", "bad_id", "reference_target", "empty_value", "unknown_modifier_extension"),
    "unknown_resource_type",
}


def test_reasons_are_those_that_are_told():
    assert all(reason in Issue.__doc__ for reason in REASONS)


@pytest.mark.parametrize("kind", sorted(definitions.resource_types()))
def test_every_type_compiles_and_refuses_what_it_does_not_know(kind):
    reported = found({"resourceType": kind, "chartline": 1})
    assert (f"{kind}.*", "unknown_element") in reported
    needed = {p for p, r in reported if r == "missing_required"}
    elements = definitions.load()[kind].elements.values()
    assert needed == {f"{kind}.{e.choice + '[x]' if e.choice else e.name}" for e in elements if e.required}


def test_generated_patients_pass_both_judges(hospital):
    """Whatever we accept, fhir.resources accepts; a sample, because it takes its time."""
    resources = [
        entry["resource"]
        for path in sorted(hospital.glob("*.json"))
        for entry in orjson.loads(path.read_bytes())["entry"]
    ]
    assert [found(r) for r in resources if issues(r)] == []
    assert [confirm(r) for r in resources[::25] if confirm(r)] == []


@pytest.mark.parametrize(
    ("path", "count"),
    [
        ("synthea_r4_2020_ms/r4_11_patients.tar.xz", 5298),
        ("synthea_hiv_notes/sample_data_small_and_incremental.tar.xz", 13607),
    ],
)
def test_real_sets_pass_both_judges(corpora, path, count):
    with tarfile.open(corpora / "fhir" / path) as archive:
        files = [archive.extractfile(m).read() for m in archive if m.isfile() and m.name.endswith(".json")]
    resources = [entry["resource"] for file in files for entry in orjson.loads(file).get("entry", ())]
    assert len(resources) == count
    assert [found(r) for r in resources if issues(r)] == []
    assert [confirm(r) for r in resources[::50] if confirm(r)] == []
