import pytest

from chartline.fhir import definitions
from chartline.timeline import events

LOINC = {"coding": [{"system": "http://loinc.org", "code": "8480-6", "display": "Systolic"}]}
WHEN = "2021-03-05T10:00:00Z"


def made(resource, subject=7, offsets=None):
    return list(events.rows(resource["resourceType"], "a" * 32, subject, resource, offsets))


def one(resource, **more):
    found = [r for r in made(resource, **more) if r["kind"] == "event"]
    assert len(found) == 1
    return found[0]


def observation(**more):
    return {"resourceType": "Observation", "status": "final", "code": LOINC, "effectiveDateTime": WHEN, **more}


def test_every_type_of_the_table_is_a_resource_type_and_every_passing_type_is_decided():
    table = events.table()
    assert not set(table.types) & set(table.out)
    assert set(table.types) | set(table.out) <= definitions.resource_types()


@pytest.mark.parametrize("kind", sorted(events.table().types))
def test_the_paths_of_the_table_exist(kind):
    tree = definitions.load()
    for event in events.table().types[kind].events:
        for path in (*event.time, *event.end, *event.available, *event.code, *event.text):
            here = kind
            for step in (s for s in path.split(".") if not s.isdigit()):
                assert step in tree[here].elements, f"{kind}.{path}"
                here = tree[here].elements[step].type


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ({"valueQuantity": {"value": 120, "code": "mm[Hg]", "unit": "mmHg"}}, (120.0, "mm[Hg]", None)),
        ({"valueQuantity": {"value": 98.6, "unit": "degF"}}, (pytest.approx(37.0), "Cel", None)),
        ({"valueQuantity": {"value": 0.1, "comparator": "<", "code": "mg/dL"}}, (0.1, "mg/dL", "<0.1")),
        ({"valueInteger": 3}, (3.0, None, None)),
        ({"valueBoolean": True}, (None, None, "true")),
        ({"valueString": "clear"}, (None, None, "clear")),
        ({"valueCodeableConcept": LOINC}, (None, None, "LOINC//8480-6")),
        ({"valueRange": {"low": {"value": 1}, "high": {"value": 2}}}, (None, None, "1..2")),
        ({"valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 64}}}, (None, None, "1:64")),
        ({"dataAbsentReason": {"coding": [{"code": "unknown"}]}}, (None, None, "UNKNOWN//unknown")),
    ],
)
def test_values(value, wanted):
    row = one(observation(**value))
    assert (row.get("numeric_value"), row.get("unit"), row.get("text_value")) == wanted


def test_a_panel_gives_its_components_and_not_itself():
    part = {"code": LOINC, "valueQuantity": {"value": 120, "code": "mm[Hg]"}}
    found = made(observation(component=[part, part]))
    assert [r["code"] for r in found] == ["LOINC//8480-6"] * 2
    assert len({r["event_id"] for r in found}) == 2


def test_a_result_is_known_when_it_was_issued():
    row = one(observation(valueInteger=1, issued="2021-03-06T00:00:00Z"))
    assert row["available_time"] - row["time"] == 14 * 3600 * 1_000_000


@pytest.mark.parametrize(
    ("status", "reason"),
    [("entered-in-error", "entered_in_error")],
)
def test_what_was_entered_in_error_is_counted_and_not_shown(status, reason):
    found = made(observation(status=status, valueInteger=1))
    assert [(r["kind"], r["reason"]) for r in found] == [("filtered", reason)]


def test_what_was_not_done_is_its_own_code():
    row = one({"resourceType": "Procedure", "status": "not-done", "code": LOINC, "performedDateTime": WHEN})
    assert row["code"] == "LOINC//8480-6//NOT_DONE"


def test_an_undated_diagnosis_asks_for_the_end_of_its_visit():
    row = one({"resourceType": "Condition", "code": LOINC, "encounter": {"reference": "Encounter/e1"}})
    assert (row["undated"], row["time"], row["encounter_id"]) == ("encounter_end", None, "e1")


def test_a_visit_gives_its_start_and_end_and_a_row_of_its_own():
    found = made(
        {
            "resourceType": "Encounter",
            "status": "finished",
            "class": {"code": "AMB"},
            "period": {"start": WHEN, "end": "2021-03-05"},
            "partOf": {"reference": "Encounter/e0"},
        }
    )
    assert [r.get("code") for r in found] == [None, "ENCOUNTER//START//AMB", "ENCOUNTER//END"]
    assert dict(found[0]["facts"])["part_of"] == "e0"


def test_a_medication_by_reference_waits_for_its_code():
    order = {"resourceType": "MedicationRequest", "status": "active", "authoredOn": WHEN}
    row = one({**order, "medicationReference": {"reference": "Medication/m1"}})
    assert (row["code"], row["medication_id"]) == ("MEDICATION//UNKNOWN", "m1")
    inner = {"resourceType": "Medication", "id": "c1", "code": LOINC}
    assert one({**order, "contained": [inner], "medicationReference": {"reference": "#c1"}})["code"] == "LOINC//8480-6"


def test_the_preferred_vocabulary_wins_whatever_its_place():
    local = {"system": "urn:chartline:system:ab12", "code": "x"}
    snomed = {"system": "http://snomed.info/sct", "code": "38341003"}
    assert events.code_of({"coding": [local, LOINC["coding"][0], snomed]})[0] == "SNOMED//38341003"
    assert events.code_of({"coding": [local]})[0] == "AB12//x"
    assert events.code_of({"text": "a  free\ntext"})[0] == "TEXT//a free text"
    assert events.code_of({}) is None


def test_a_patient_gives_birth_death_and_what_always_holds():
    found = made(
        {"resourceType": "Patient", "gender": "female", "birthDate": "1950-01-02", "deceasedDateTime": "2020-05-06"}
    )
    assert {r.get("code") for r in found} == {None, "MEDS_BIRTH", "MEDS_DEATH", "GENDER//female"}
    assert [r["time_precision"] for r in found if r.get("code") == "GENDER//female"] == ["static"]


def test_where_only_the_year_shows_the_day_axis_orders():
    row = one(observation(effectiveDateTime="2021", valueInteger=1), offsets={"effectiveDateTime": 20123.5})
    assert (row["position"], row["time_precision"], row["undated"]) == (20123.5, "year", None)


@pytest.mark.parametrize(
    ("resource", "subject", "reason"),
    [
        ({"resourceType": "Organization"}, None, "not_on_timeline"),
        (observation(valueInteger=1), None, "no_subject"),
        ({"resourceType": "Goal", "lifecycleStatus": "active"}, 7, "no_code_or_time"),
    ],
)
def test_what_gives_no_event_gives_a_reason(resource, subject, reason):
    assert [(r["kind"], r["reason"]) for r in made(resource, subject=subject)] == [("filtered", reason)]


def test_a_patient_of_whom_nothing_is_told_is_counted():
    assert [(r["kind"], r.get("reason")) for r in made({"resourceType": "Patient"})] == [
        ("subject", None),
        ("filtered", "no_code_or_time"),
    ]


def test_a_bare_year_has_no_place_on_the_hidden_axis_and_one_on_the_calendar():
    seen = observation(effectiveDateTime="2021", valueInteger=1)
    assert one(seen, offsets={})["position"] is None
    assert one(seen)["position"] == 18628.0


@pytest.mark.parametrize("offsets", [{}, {"period.start": 20000.0}])
def test_a_visits_end_is_on_the_hidden_axis_or_on_none(offsets):
    visit = {"resourceType": "Encounter", "status": "finished", "period": {"start": "2021", "end": "2021"}}
    assert "position_end" not in dict(made(visit, offsets=offsets)[0]["facts"])


def test_an_order_does_not_tell_that_it_was_stopped_later():
    order = {"resourceType": "MedicationRequest", "status": "stopped", "authoredOn": WHEN}
    assert one({**order, "medicationCodeableConcept": LOINC})["code"] == "LOINC//8480-6"


def test_a_mixture_takes_its_first_ingredients_code():
    mix = {"resourceType": "Medication", "ingredient": [{"itemReference": {"reference": "Medication/m1"}}]}
    assert made(mix, subject=None)[0]["medication_id"] == "m1"
    known = {"resourceType": "Medication", "ingredient": [{"itemCodeableConcept": LOINC}]}
    assert made(known, subject=None)[0]["code"] == "LOINC//8480-6"
