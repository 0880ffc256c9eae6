import os
import re
import subprocess
import sys

import hypothesis.strategies as st
import pytest
from hypothesis import given

from chartline.fhir import definitions
from chartline.quality import gates
from chartline.timeline import events, rules, times, values
from tests.conftest import ROOT
from tests.deid import walking
from tests.end_to_end import canaries

CODING = {"system": "http://loinc.org", "code": "8480-6", "display": "Systolic"}
LOINC = {"coding": [CODING]}
WHEN = "2021-03-05T10:00:00Z"
WAVE = {
    "dimensions": 1,
    "data": "1 2 E",
    "period": 2.5,
    "factor": 1.612,
    "upperLimit": 9,
    "origin": {"value": 0, "unit": "mV"},
}


def made(resource, subject=7, offsets=None):
    return list(events.rows(resource["resourceType"], "a" * 32, subject, resource, offsets))


def one(resource, **more):
    found = [r for r in made(resource, **more) if r["kind"] in events.EVENTS]
    assert len(found) == 1
    return found[0]


def observation(**more):
    return {"resourceType": "Observation", "status": "final", "code": LOINC, "effectiveDateTime": WHEN, **more}


def test_every_type_of_the_table_is_a_resource_type_and_every_passing_type_is_decided():
    table = rules.table()
    assert not set(table.types) & set(table.out)
    assert set(table.types) | set(table.out) <= definitions.resource_types()


@pytest.mark.parametrize("kind", sorted(rules.table().types))
def test_the_paths_of_the_table_exist(kind):
    tree = definitions.load()
    for event in rules.table().types[kind].events:
        several = (*event.dates, *event.code, *event.text, *event.quantity, *event.suffix)
        for path in filter(None, (*several, event.each, event.about, event.forbidden)):
            here = kind
            for step in (s for s in path.split(".") if not s.isdigit()):
                assert step in tree[here].elements, f"{kind}.{path}"
                here = tree[here].elements[step].type


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ({"valueQuantity": {"value": 120, "code": "mm[Hg]", "unit": "mmHg"}}, (120.0, "mm[Hg]", None)),
        ({"valueQuantity": {"value": 98.6, "unit": "degF"}}, (pytest.approx(37.0), "Cel", None)),
        ({"valueQuantity": {"value": 1, "unit": {}, "code": ""}}, (1.0, None, None)),
        ({"valueQuantity": {"value": 0.1, "comparator": "<", "code": "mg/dL"}}, (0.1, "mg/dL", "<0.1")),
        ({"valueInteger": 3}, (3.0, None, None)),
        ({"valueBoolean": True}, (None, None, "true")),
        ({"valueString": "clear"}, (None, None, "clear")),
        ({"valueCodeableConcept": LOINC}, (None, None, "LOINC//8480-6")),
        ({"valueRange": {"low": {"value": 1}, "high": {"value": 2}}}, (None, None, "1..2")),
        ({"valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 64}}}, (None, None, "1:64")),
        ({"dataAbsentReason": {"coding": [{"code": "unknown"}]}}, (None, None, "UNKNOWN//unknown")),
        ({"valueQuantity": {"unit": "mg"}, "dataAbsentReason": {"text": "lost"}}, (None, None, "TEXT//lost")),
        ({"valueRange": {"low": {"value": 1, "code": "mg"}}}, (None, "mg", "1..")),
        ({"valueSampledData": WAVE}, (None, "mV", "origin=0 period=2.5 factor=1.612 upperLimit=9 dimensions=1: 1 2 E")),
        ({"valueSampledData": {"origin": {"unit": "mV"}, "data": "1 2 E"}}, (None, "mV", "1 2 E")),
        ({"valueSampledData": {"origin": {"value": 0}, "period": 2, "data": None}}, (None, None, None)),
        ({"valueString": " 7.20 "}, (7.2, None, " 7.20 ")),
        ({"valueString": "<0.1"}, (0.1, None, "<0.1")),
        ({"valueString": "7 mg"}, (None, None, "7 mg")),
        ({"valueBoolean": False}, (None, None, "false")),
        ({"valueTime": "10:11:12"}, (None, None, "10:11:12")),
        ({"valuePeriod": {"start": "2021"}}, (None, None, "2021/")),
        ({"valueInteger": 0}, (0.0, None, None)),
        ({}, (None, None, None)),
    ],
)
def test_values(value, wanted):
    row = one(observation(**value))
    assert (row.get("numeric_value"), row.get("unit"), row.get("text_value")) == wanted


def test_a_result_that_is_coded_twice_comes_out_in_its_usual_unit():
    glucose = {"coding": [SNOMED["coding"][0], {"system": "http://loinc.org", "code": "2345-7"}]}
    row = one(observation(code=glucose, valueQuantity={"value": 5, "unit": "mmol/L"}))
    assert (row["code"], row["numeric_value"], row["unit"]) == ("LOINC//2345-7", pytest.approx(90.08), "mg/dL")
    assert row["parents"] == ["SNOMED//38341003"]


@pytest.mark.parametrize(
    ("system", "unit"),
    [
        ("http://snomed.info/sct", "mmol/L"),
        ("http://unitsofmeasure.org", "258813002"),
        ("urn:oid:2.16.840.1.113883.6.8", "258813002"),
        (None, "258813002"),
    ],
)
def test_a_concept_of_another_vocabulary_is_no_unit(system, unit):
    given = {"value": 5, "unit": "mmol/L", "code": "258813002"} | ({"system": system} if system else {})
    assert one(observation(valueQuantity=given))["source_unit"] == unit


def test_what_is_odd_twice_is_said_once():
    odd = observation(code={"coding": [{"system": "http://loinc.org", "code": "2345-7"}]})
    assert one(odd | {"valueQuantity": {"value": 1e39, "unit": "mg/dL"}})["flags"] == "implausible"


def test_a_panel_gives_its_components_and_not_itself():
    part = {"code": LOINC, "valueQuantity": {"value": 120, "code": "mm[Hg]"}}
    found = made(observation(component=[part, part]))
    assert [r["code"] for r in found] == ["LOINC//8480-6"] * 2
    assert len({r["event_id"] for r in found}) == 2


def judged(code, **more):
    system = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
    return {"coding": [{"system": system, "code": code, **more}]}


def test_how_a_result_was_judged_is_an_event_beside_it_known_when_it_was():
    resource = observation(valueInteger=190, issued="2021-03-06T00:00:00Z")
    value, high, critical = made(resource | {"interpretation": [judged("H", display="High"), judged("HH")]})
    assert (value["code"], value["numeric_value"]) == ("LOINC//8480-6", 190.0)
    assert [(r["code"], r["display"]) for r in (high, critical)] == [
        ("INTERPRETATION//LOINC//8480-6//H", "Systolic: High"),
        ("INTERPRETATION//LOINC//8480-6//HH", "Systolic: HH"),
    ]
    assert high["parents"] == ["LOINC//8480-6"]
    assert {(r["time"], r["available_time"]) for r in (high, critical)} == {(value["time"], value["available_time"])}
    assert high.get("numeric_value") is high.get("text_value") is None
    assert len({r["event_id"] for r in (value, high, critical)}) == 3


def test_a_part_of_a_panel_is_judged_by_itself():
    parts = [{"code": LOINC, "valueInteger": 120}, {"code": {"text": "other"}, "interpretation": [{"text": "Low"}]}]
    assert codes(observation(component=[*parts, {"interpretation": [judged("N")]}])) == [
        "LOINC//8480-6", "TEXT//other", "INTERPRETATION//TEXT//other//Low",
    ]  # fmt: skip


def test_a_judgement_that_says_nothing_is_no_event():
    assert codes(observation(valueInteger=1, interpretation=[{"extension": []}])) == ["LOINC//8480-6"]


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
    assert [r.get("code") for r in found] == [None, "ENCOUNTER//START//AMB", "ENCOUNTER//END//AMB"]
    assert dict(found[0]["facts"])["part_of"] == "e0"


def test_a_medication_by_reference_waits_for_its_code():
    order = {"resourceType": "MedicationRequest", "status": "active", "authoredOn": WHEN}
    row = one({**order, "medicationReference": {"reference": "Medication/m1"}})
    assert (row["code"], row["medication_id"]) == ("MEDICATION//UNKNOWN", "m1")
    inner = {"resourceType": "Medication", "id": "c1", "code": LOINC}
    assert one({**order, "contained": [inner], "medicationReference": {"reference": "#c1"}})["code"] == "LOINC//8480-6"


@pytest.mark.parametrize(
    ("part", "wanted"),
    [
        ("#s", ("LOINC//8480-6", None)),
        ("Medication/m2", ("MEDICATION//UNKNOWN", "m2")),
        ("#m", ("MEDICATION//UNKNOWN", None)),
    ],
)
def test_a_mixture_inside_an_order_is_called_by_its_first_ingredient(part, wanted):
    mixture = {"resourceType": "Medication", "id": "m", "ingredient": [{"itemReference": {"reference": part}}]}
    inside = [mixture, {"resourceType": "Substance", "id": "s", "code": LOINC}]
    order = {"resourceType": "MedicationRequest", "status": "active", "authoredOn": WHEN, "contained": inside}
    row = one({**order, "medicationReference": {"reference": "#m"}})
    assert (row["code"], row["medication_id"]) == wanted


def test_the_preferred_vocabulary_wins_whatever_its_place():
    local = {"system": "urn:chartline:system:ab12", "code": "x"}
    snomed = {"system": "http://snomed.info/sct", "code": "38341003"}
    disease = {"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "I10"}
    assert values.code_of({"coding": [local, disease, snomed]})[0] == "SNOMED//38341003"
    assert values.code_of({"coding": [snomed, local, CODING]})[0] == "LOINC//8480-6"
    assert values.code_of({"coding": [local]})[0] == "AB12//x"
    assert values.code_of({"text": "a  free\ntext"})[0] == "TEXT//a free text"
    assert values.code_of({}) is None


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


def test_a_mixture_is_its_active_ingredient_where_it_tells_which():
    saline, drug = ({"itemCodeableConcept": {"coding": [{"system": "http://loinc.org", "code": c}]}} for c in "12")
    mix = {"resourceType": "Medication", "ingredient": [saline, drug | {"isActive": True}]}
    assert made(mix)[0]["code"] == "LOINC//2"
    mix["ingredient"][1]["isActive"] = False
    assert made(mix)[0]["code"] == "LOINC//1"


def test_a_mixture_takes_its_first_ingredients_code():
    mix = {"resourceType": "Medication", "ingredient": [{"itemReference": {"reference": "Medication/m1"}}]}
    assert made(mix, subject=None)[0]["medication_id"] == "m1"
    known = {"resourceType": "Medication", "ingredient": [{"itemCodeableConcept": LOINC}]}
    assert made(known, subject=None)[0]["code"] == "LOINC//8480-6"


# --- statuses, intents, answers, lists ---------------------------------------------------------------


def codes(resource, **more):
    return [r["code"] for r in made(resource, **more) if r["kind"] in events.EVENTS]


@pytest.mark.parametrize(
    ("kind", "more", "ending"),
    [
        ("MedicationRequest", {"status": "active", "intent": "order"}, ""),
        ("MedicationRequest", {"status": "active", "intent": "plan"}, "//PLANNED"),
        ("MedicationRequest", {"status": "active", "intent": "order", "doNotPerform": True}, "//DO_NOT_PERFORM"),
        ("MedicationRequest", {"status": "active", "intent": "order", "doNotPerform": False}, ""),
        ("MedicationRequest", {"status": "cancelled", "intent": "proposal"}, "//PROPOSED//CANCELLED"),
        ("MedicationDispense", {"status": "declined"}, "//NOT_DONE"),
        ("MedicationStatement", {"status": "intended"}, "//PLANNED"),
    ],
)
def test_what_was_only_meant_or_forbidden_is_its_own_code(kind, more, ending):
    assert codes({"resourceType": kind, "medicationCodeableConcept": LOINC, **more})[-1] == f"LOINC//8480-6{ending}"


def test_a_visit_that_ends_on_a_day_ends_with_it():
    visit = {"resourceType": "Encounter", "status": "finished", "period": {"start": "2021-03-05", "end": "2021-03-05"}}
    start, end = (r["time"] for r in made(visit) if r["kind"] in events.EVENTS)
    assert end - start == 86_400_000_000 - 1


def test_a_medication_whose_code_the_policy_masks_was_given_all_the_same():
    masked = {"coding": [{"system": "http://local", "_code": {"extension": [{"url": "x", "valueCode": "masked"}]}}]}
    for kind in ("MedicationRequest", "MedicationAdministration", "MedicationDispense", "MedicationStatement"):
        resource = {"resourceType": kind, "status": "completed", "medicationCodeableConcept": masked}
        assert codes(resource) == ["MEDICATION//UNKNOWN"]


def test_a_planned_visit_is_no_admission():
    visit = {"resourceType": "Encounter", "status": "planned", "class": {"code": "IMP"}, "period": {"start": WHEN}}
    assert codes(visit) == ["ENCOUNTER//START//IMP//PLANNED"]


def test_the_end_of_a_visit_tells_its_class_and_how_the_patient_left():
    home = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/discharge-disposition", "code": "home"}]}
    visit = {"resourceType": "Encounter", "status": "finished", "class": {"code": "IMP"}, "period": {"end": WHEN}}
    end = made(visit | {"hospitalization": {"dischargeDisposition": home}})[-1]
    assert (end["code"], end["parents"]) == ("ENCOUNTER//END//IMP//home", ["ENCOUNTER//END//IMP"])
    assert end["display"] == "End of a visit, inpatient encounter"
    del visit["class"]
    assert codes(visit)[-1] == "ENCOUNTER//END"
    assert codes(visit | {"hospitalization": {"dischargeDisposition": home}})[-1] == "ENCOUNTER//END//UNKNOWN//home"


def test_every_code_that_is_made_here_is_described():
    table = rules.table()
    named = {c for rule in table.types.values() for e in rule.events for c in (e.fixed, e.fixed_if_none) if c}
    assert named <= set(table.descriptions)


def test_a_race_is_described_and_all_races_are_told():
    race = [{"url": "ombCategory", "valueCoding": {"code": c}} for c in ("2106-3", "2028-9")]
    patient = {"resourceType": "Patient", "extension": [{"url": events._RACE, "extension": race}]}
    found = {r["code"]: r["display"] for r in made(patient) if r["kind"] in events.EVENTS}
    assert found == {"RACE//2106-3": "Race: White", "RACE//2028-9": "Race: Asian"}


QUESTIONS = {
    "resourceType": "QuestionnaireResponse",
    "status": "completed",
    "authored": WHEN,
    "item": [
        {"linkId": "/93043-8", "item": [{"linkId": "/93043-8/56051-6", "answer": [{"valueCoding": CODING}]}]},
        {"linkId": "q1", "text": "How many?", "answer": [{"valueInteger": 3}, {"valueDecimal": 0.5}]},
        {
            "linkId": "q2",
            "answer": [{"valueBoolean": True, "item": [{"linkId": "q2.1", "answer": [{"valueDate": "2021-03-01"}]}]}],
        },
        {"linkId": "q3", "answer": [{"valueQuantity": {"value": 2, "code": "h"}}, {"valueString": "well"}]},
        {"linkId": "q4", "answer": [{"valueTime": "10:00:00"}, {"valueReference": {"reference": "Condition/c1"}}]},
        {"linkId": "q5"},
    ],
}  # fmt: skip


def test_each_answer_of_a_form_is_an_event_with_its_value():
    form, *answers = (r for r in made(QUESTIONS) if r["kind"] in events.EVENTS)
    assert (form["code"], form["first"]) == ("QUESTIONNAIRE//RESPONSE", True)
    assert [(r["code"], r.get("numeric_value"), r.get("text_value")) for r in answers] == [
        ("QUESTION//93043-8/56051-6", None, "LOINC//8480-6"),
        ("QUESTION//q1", 3.0, None),
        ("QUESTION//q1", 0.5, None),
        ("QUESTION//q2", None, "true"),
        ("QUESTION//q2.1", None, "2021-03-01"),
        ("QUESTION//q3", 2.0, None),
        ("QUESTION//q3", None, "well"),
        ("QUESTION//q4", None, "10:00:00"),
        ("QUESTION//q4", None, "Condition/c1"),
    ]
    assert answers[0]["parents"] == ["LOINC//56051-6"]
    assert (answers[1]["display"], answers[1]["parents"]) == ("How many?", None)
    assert len({r["event_id"] for r in answers}) == len(answers)


def test_questions_of_two_forms_do_not_share_a_code():
    """hl7.org/fhir/R4/questionnaire-definitions.html#Questionnaire.item.linkId: unique within its form only."""
    forms = ("http://forms.example.org/phq9", "http://forms.example.org/alcohol|2.0")
    told = [[r for r in made({**QUESTIONS, "questionnaire": f}) if r["kind"] in events.EVENTS] for f in forms]
    assert [form["text_value"] for form, *_ in told] == list(forms)
    assert [answers[1]["code"] for _, *answers in told] == ["QUESTION//PHQ9//q1", "QUESTION//ALCOHOL//q1"]
    assert told[0][1]["parents"] == ["LOINC//56051-6"]


def test_a_cancelled_visit_did_not_end():
    stay = {
        "resourceType": "Encounter",
        "class": {"code": "IMP"},
        "period": {"start": "2021-01-15", "end": "2021-01-18"},
    }
    told = {
        s: {r["code"] for r in made({**stay, "status": s}) if r["kind"] in events.EVENTS}
        for s in ("cancelled", "finished")
    }
    assert told == {
        "cancelled": {"ENCOUNTER//START//IMP//CANCELLED"},
        "finished": {"ENCOUNTER//START//IMP", "ENCOUNTER//END//IMP"},
    }


def test_what_is_only_registered_is_no_result_yet():
    assert one(observation(status="registered"))["code"].endswith("//REGISTERED")
    assert "//" in one(observation(status="preliminary"))["code"]
    assert not one(observation(status="preliminary"))["code"].endswith("//REGISTERED")


def test_what_is_measured_of_another_is_not_the_patients():
    """hl7.org/fhir/R4/observation-definitions.html#Observation.focus."""
    mine = {"subject": {"reference": "Patient/p"}, "focus": [{"reference": "Patient/p"}]}
    others = {"subject": {"reference": "Patient/p"}, "focus": [{"reference": "RelatedPerson/fetus"}]}
    bare = one(observation())["code"]
    assert one(observation(**mine))["code"] == bare
    by_visit = {"encounter": {"reference": "Encounter/e"}, "focus": [{"reference": "Patient/p"}]}
    assert one(observation(**by_visit))["code"] == bare
    found = one(observation(**others))
    assert (found["code"], found["parents"], found["sex"]) == (f"FOCUS//{bare}", None, None)


def test_a_local_code_is_described_by_the_words_of_its_concept():
    local = {"coding": [{"system": "urn:oid:1.2.3.4", "code": "4711"}], "text": "lisinopril 10 mg tablet"}
    found = values.coded(local)
    assert found is not None and found.display == "lisinopril 10 mg tablet" and not found.code.startswith("TEXT//")


@pytest.mark.parametrize(
    ("quantity", "wanted"),
    [
        ({"value": 150, "code": "KG"}, (150.0, "kg", None)),
        ({"value": 9, "unit": "MG/DL"}, (9.0, "mg/dL", None)),
        ({"value": 9, "unit": "mg/dL", "code": "MGDL"}, (9.0, "mg/dL", None)),
        ({"value": 9, "unit": "smidgens"}, (9.0, "smidgens", "unit_not_ucum")),
    ],
)
def test_units_in_other_letters_are_read(quantity, wanted):
    told = values.quantity(quantity)
    assert (told["numeric_value"], told["unit"], told["flags"]) == wanted


def test_a_link_that_only_looks_like_loinc_is_none():
    assert events._loinc("/68517-2") == "LOINC//68517-2"
    assert [events._loinc(v) for v in ("/68517-3", "q1", "a-1", "12345678-9", "1-", "-1")] == [None] * 6


def test_each_condition_of_a_relative_is_an_event():
    father = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-RoleCode", "code": "FTH"}]}
    history = {"resourceType": "FamilyMemberHistory", "status": "completed", "date": WHEN, "relationship": father}
    aged = {"code": LOINC, "onsetAge": {"value": 52, "code": "a"}}
    told = [
        r for r in made(history | {"condition": [aged, {"code": {"text": "stroke"}}]}) if r["kind"] in events.EVENTS
    ]
    assert [(r["code"], r.get("numeric_value"), r["text_value"]) for r in told] == [
        ("FAMILY//LOINC//8480-6", 52.0, "ROLECODE//FTH"),
        ("FAMILY//TEXT//stroke", None, "ROLECODE//FTH"),
    ]
    assert len({r["event_id"] for r in told}) == 2
    assert codes(history) == ["FAMILY//ROLECODE//FTH"]


def test_a_predicted_outcome_is_not_one_that_happened():
    risk = {"resourceType": "RiskAssessment", "status": "final", "occurrenceDateTime": WHEN}
    told = made(risk | {"prediction": [{"outcome": LOINC, "probabilityDecimal": 0.25}]})
    assert [(r["code"], r.get("numeric_value")) for r in told] == [
        ("RISK//ASSESSMENT", None),
        ("RISK//LOINC//8480-6", 0.25),
    ]


def test_the_use_of_a_device_waits_for_the_devices_code():
    use = {"resourceType": "DeviceUseStatement", "status": "active", "timingDateTime": WHEN}
    row = one(use | {"device": {"reference": "Device/d1"}, "reasonCode": [LOINC]})
    assert (row["code"], row["medication_id"]) == ("DEVICE//USE", "d1")


# --- what lies inside a resource ---------------------------------------------------------------------

SNOMED = {"coding": [{"system": "http://snomed.info/sct", "code": "38341003"}]}


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ({"valueQuantity": {"value": 50, "comparator": "<", "unit": "degF"}}, (10.0, "Cel", "<10")),
        ({"valueRatio": {"numerator": {"value": 1, "comparator": "<"}, "denominator": {"value": 8}}},
         (None, None, "<1:8")),
        ({"valueRatio": {"numerator": {"value": 5, "code": "mg"}, "denominator": {"value": 1, "code": "mL"}}},
         (5.0, "mg/mL", "5:1")),
        ({"valueRatio": {"numerator": {"value": 5, "comparator": ">", "unit": "mg"},
                         "denominator": {"value": 2, "unit": "h"}}}, (None, "mg/h", ">5:2")),
        ({"valueRatio": {"numerator": {"value": 5, "unit": "mg"}, "denominator": {"value": 0, "unit": "h"}}},
         (None, "mg/h", "5:0")),
        ({"valueRatio": {"numerator": {"value": 5}}}, (None, None, None)),
        ({"valueCodeableConcept": {"coding": [{"system": "http://local", "display": "Positive"}]}},
         (None, None, "TEXT//Positive")),
    ],
)  # fmt: skip
def test_a_value_is_told_with_its_sign_its_unit_and_its_words(value, wanted):
    row = one(observation(**value))
    assert (row.get("numeric_value"), row.get("unit"), row.get("text_value")) == wanted


@pytest.mark.parametrize("at", ["_valueString", "valueQuantity", "inside"])
def test_an_extension_tells_why_a_value_is_absent(at):
    why = {"extension": [{"url": values._ABSENT, "valueCode": "unknown"}]}
    value = {"valueQuantity": {"_value": why}} if at == "inside" else {at: why}
    assert one(observation(**value))["text_value"] == "ABSENT//unknown"
    assert codes(observation(component=[{"code": SNOMED, "valueInteger": 1}], **value)) == ["SNOMED//38341003"]


@pytest.mark.parametrize(
    ("resource", "wanted"),
    [
        ({"resourceType": "AllergyIntolerance", "code": LOINC, "criticality": "high",
          "reaction": [{"manifestation": [SNOMED, {"text": "hives"}], "severity": "mild"}, {"severity": "severe"}]},
         [("ALLERGY//LOINC//8480-6", "high"), ("REACTION//SNOMED//38341003", "mild"),
          ("REACTION//TEXT//hives", "mild")]),
        ({"resourceType": "CarePlan", "status": "active",
          "activity": [{"detail": {"code": LOINC}}, {"detail": {"code": SNOMED, "doNotPerform": True}}, {}]},
         [("PLAN//CARE", None), ("PLAN//LOINC//8480-6", None), ("PLAN//SNOMED//38341003//DO_NOT_PERFORM", None)]),
        ({"resourceType": "Encounter", "status": "finished", "type": [SNOMED], "reasonCode": [LOINC, SNOMED]},
         [(None, None), ("ENCOUNTER//START", "SNOMED//38341003"), ("REASON//LOINC//8480-6", None),
          ("REASON//SNOMED//38341003", None)]),
        ({"resourceType": "Goal", "lifecycleStatus": "active", "description": SNOMED,
          "target": [{"measure": LOINC, "detailRange": {"high": {"value": 140, "code": "mm[Hg]"}}}]},
         [("SNOMED//38341003", None), ("GOAL//LOINC//8480-6", "..140")]),
        ({"resourceType": "Claim", "status": "active", "type": SNOMED,
          "diagnosis": [{"diagnosisCodeableConcept": LOINC}, {"diagnosisReference": {"reference": "Condition/1"}}],
          "procedure": [{"procedureCodeableConcept": LOINC}]},
         [("SNOMED//38341003", None), ("CLAIM//LOINC//8480-6", None), ("CLAIM//LOINC//8480-6", None)]),
        ({"resourceType": "NutritionOrder", "status": "active", "oralDiet": {"type": [LOINC, SNOMED]},
          "enteralFormula": {"baseFormulaType": SNOMED}, "supplement": [{"type": LOINC}]},
         [("LOINC//8480-6", None), ("SNOMED//38341003", None), ("SNOMED//38341003", None), ("LOINC//8480-6", None)]),
        ({"resourceType": "NutritionOrder", "status": "active"}, [("NUTRITION//ORDER", None)]),
        ({"resourceType": "ClinicalImpression", "status": "completed", "finding": [{"itemCodeableConcept": LOINC}]},
         [("IMPRESSION//CLINICAL", None), ("IMPRESSION//LOINC//8480-6", None)]),
        ({"resourceType": "ImagingStudy", "status": "available", "procedureCode": [LOINC], "modality": [SNOMED]},
         [("LOINC//8480-6", "SNOMED//38341003")]),
        ({"resourceType": "Condition", "code": LOINC, "severity": SNOMED}, [("LOINC//8480-6", "SNOMED//38341003")]),
        ({"resourceType": "Condition", "code": LOINC, "evidence": [{"code": [SNOMED, {"text": "chills"}]}, {}]},
         [("LOINC//8480-6", None), ("EVIDENCE//SNOMED//38341003", None), ("EVIDENCE//TEXT//chills", None)]),
        ({"resourceType": "CareTeam", "status": "active", "reasonCode": [SNOMED]},
         [("TEAM//CARE", None), ("REASON//SNOMED//38341003", None)]),
        ({"resourceType": "Appointment", "status": "booked", "reasonCode": [SNOMED]},
         [("APPOINTMENT//BOOKED", None), ("REASON//SNOMED//38341003", None)]),
        ({"resourceType": "Procedure", "status": "not-done", "code": LOINC, "statusReason": SNOMED},
         [("LOINC//8480-6//NOT_DONE", "SNOMED//38341003")]),
    ],
    ids=lambda v: v["resourceType"] if isinstance(v, dict) else None,
)  # fmt: skip
def test_each_coded_part_of_a_resource_is_told(resource, wanted):
    found = made(resource)
    assert [(r.get("code"), r.get("text_value")) for r in found] == wanted
    told = [r["event_id"] for r in found if r["kind"] in events.EVENTS]
    assert len(set(told)) == len(told)


INFUSED = {"resourceType": "MedicationAdministration", "status": "completed", "medicationCodeableConcept": LOINC}
INFUSED |= {"effectivePeriod": {"start": WHEN, "end": "2021-03-05T12:00:00Z"}}
HALF = {"numerator": {"value": 500, "code": "mL"}, "denominator": {"value": 2, "code": "h"}}


def test_an_infusion_is_told_with_its_dose_and_beside_it_with_its_rate():
    dose, rate = {"value": 49.5, "unit": "ml"}, {"value": 100, "unit": "mL/hour"}
    given_, fast = made(INFUSED | {"dosage": {"dose": dose, "rateQuantity": rate}})
    assert (given_["code"], given_["numeric_value"], given_["unit"]) == ("LOINC//8480-6", 49.5, "mL")
    assert (fast["code"], fast["numeric_value"], fast["unit"]) == ("RATE//LOINC//8480-6", 100.0, "mL/h")
    assert (fast["source_unit"], fast["parents"]) == ("mL/hour", ["LOINC//8480-6"])
    times = ("time", "end_time", "available_time", "time_precision", "encounter_id")
    assert [given_[n] for n in times] == [fast[n] for n in times]
    assert (given_["first"], fast["first"], given_["event_id"] == fast["event_id"]) == (True, False, False)
    plain, ratio = made(INFUSED | {"status": "not-done", "dosage": {"rateRatio": HALF}})
    assert plain.get("numeric_value") is None
    assert (ratio["numeric_value"], ratio["unit"], ratio["text_value"]) == (250.0, "mL/h", "500:2")
    assert ratio["code"] == "RATE//LOINC//8480-6//NOT_DONE"
    for without in ({"dose": dose}, {"dose": dose, "rateQuantity": {"unit": "mL/h"}}):
        assert one(INFUSED | {"dosage": without})["numeric_value"] == 49.5


def test_what_was_stopped_was_begun_and_is_not_told_to_be_stopped_before_it_was():
    begun, stopped = made(INFUSED | {"status": "stopped", "dosage": {"dose": {"value": 5, "unit": "mg"}}})
    assert (begun["code"], begun["numeric_value"], begun["flags"]) == ("LOINC//8480-6", 5.0, None)
    assert (stopped["code"], stopped["time"]) == ("LOINC//8480-6//STOPPED", begun["end_time"])
    operation = {"resourceType": "Procedure", "status": "stopped", "code": LOINC, "performedPeriod": {"start": WHEN}}
    begun, stopped = made(operation)
    assert [(r["code"], r["time"] is None, r["undated"]) for r in (begun, stopped)] == [
        ("LOINC//8480-6", False, None),
        ("LOINC//8480-6//STOPPED", True, "encounter_end"),
    ]
    assert (stopped["available_time"], stopped["available_at"]) == (None, None)


BOUNDS = {"start": "2021-03-06", "end": "2021-03-16"}


@pytest.mark.parametrize(
    ("bounds", "placed"),
    [
        ({"dosageInstruction": [{"timing": {"repeat": {"boundsPeriod": BOUNDS}}}]}, (1, 10)),
        ({"dispenseRequest": {"validityPeriod": BOUNDS}}, (1, 10)),
        ({"dosageInstruction": [{"timing": {"event": ["2021-03-06", "2021-03-08"]}}]}, (1, None)),
        (
            {
                "dispenseRequest": {"validityPeriod": {"start": "2021-03-06"}},
                "dosageInstruction": [{"timing": {"repeat": {"boundsDuration": {"value": 5, "unit": "days"}}}}],
            },
            (1, 5),
        ),
        ({"dosageInstruction": [{"timing": {"repeat": {"boundsPeriod": {"end": "2021-03-16"}}}}]}, (None, None)),
    ],
    ids=["bounds", "validity", "events", "duration", "end only"],
)
def test_an_order_that_does_not_tell_when_it_was_written_was_by_the_time_it_was_to_begin(bounds, placed):
    day = 86_400_000_000
    order = {"resourceType": "MedicationRequest", "status": "active", "intent": "order"} | bounds
    order |= {"medicationCodeableConcept": LOINC}
    row, written = one(order), one(order | {"authoredOn": "2021-03-05"})
    start = written["time"]
    assert start == times.instant("2021-03-05")[0]
    days = None if row["time"] is None else (row["time"] - start) // day
    length = None if row["end_time"] is None or row["time"] is None else (row["end_time"] - row["time"]) // day
    assert (days, length) == placed
    if row["time"] is None:
        assert row["undated"] == "encounter_end"
    else:
        assert (row["available_time"] - row["time"]) // day == 0
    on_axis = {"dosageInstruction.timing.repeat.boundsPeriod.start": 7.0, "dispenseRequest.validityPeriod.start": 7.0}
    on_axis |= {"dosageInstruction.timing.event": 7.0, "dosageInstruction.timing.event#1": 9.0}
    hidden = one(order, offsets=on_axis)
    assert (hidden["position"], hidden["precision"]) == (7.0, "day")
    assert one(order, offsets=on_axis | {"authoredOn": 6.5})["position"] == 6.5


def test_an_activity_of_a_plan_without_a_time_is_at_its_own():
    detail = {"code": LOINC, "scheduledPeriod": BOUNDS}
    plan, activity = made({"resourceType": "CarePlan", "status": "active", "activity": [{"detail": detail}]})
    assert plan["time"] is None
    assert (activity["time"], activity["end_time"]) == (
        times.instant("2021-03-06")[0],
        times.instant("2021-03-16", end=True)[0],
    )


def test_what_is_only_known_to_have_ended_is_known_when_its_last_day_is_over():
    begun, ended = made({"resourceType": "Coverage", "status": "active", "period": {"end": "2012-03-17"}})
    assert begun["flags"] == "open_start"
    assert begun["available_time"] == ended["time"] == times.instant("2012-03-17", end=True)[0]


def test_a_dispense_lasts_as_long_as_its_supply():
    handed = {"resourceType": "MedicationDispense", "status": "completed", "medicationCodeableConcept": LOINC}
    handed |= {"whenHandedOver": WHEN, "quantity": {"value": 60}, "daysSupply": {"value": 30, "code": "d"}}
    row = one(handed)
    assert (row["numeric_value"], (row["end_time"] - row["time"]) / 86_400_000_000) == (60.0, 30.0)
    assert row["available_time"] == row["time"], "how long it is to last is known with it"
    assert one(handed | {"daysSupply": {"value": 30}})["end_time"] is None


def test_where_a_patient_was_admitted_from_is_told_at_the_start():
    source = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/admit-source", "code": "emd"}]}
    found = {r["code"]: r for r in made(STAY | {"hospitalization": {"admitSource": source}}) if r["kind"] == "event"}
    row = found["ENCOUNTER//ADMITTED//emd"]
    assert row["time"] == row["available_time"] == found["ENCOUNTER//START//EMER"]["time"]
    assert "ENCOUNTER//ADMITTED" not in codes(STAY | {"hospitalization": {"dischargeDisposition": source}})


@pytest.mark.parametrize(
    ("unit", "wanted"), [("mmHg", "mm[Hg]"), ("TAB", "{tablet}"), ("degF", "[degF]"), ("mg/dL", "mg/dL")]
)
def test_the_unit_of_a_range_is_spelled_as_that_of_a_number(unit, wanted):
    row = one(observation(valueRange={"low": {"value": 1, "unit": unit}, "high": {"value": 2, "unit": unit}}))
    assert (row["unit"], row["source_unit"], row["text_value"]) == (wanted, unit, "1..2")


@pytest.mark.parametrize(
    ("kind", "of"), [("MedicationRequest", "dosageInstruction"), ("MedicationStatement", "dosage")]
)
def test_how_fast_a_medication_is_to_be_given_is_told_beside_its_dose(kind, of):
    fast = {"low": {"value": 2, "code": "mL/h"}, "high": {"value": 4, "code": "mL/h"}}
    plan = {"resourceType": kind, "status": "active", "medicationReference": {"reference": "Medication/m"}}
    rows = made(plan | {of: [{"doseAndRate": [{"doseQuantity": {"value": 1, "unit": "mg"}, "rateRange": fast}]}]})
    assert [(r["code"], r.get("numeric_value"), r.get("text_value")) for r in rows] == [
        ("MEDICATION//UNKNOWN", 1.0, None),
        ("RATE//MEDICATION//UNKNOWN", None, "2..4"),
    ]
    assert [(r["medication_id"], r["prefix"]) for r in rows] == [("m", None), ("m", "RATE//")]


def test_a_document_without_a_time_of_its_own_has_that_of_its_content():
    content = {"attachment": {"contentType": "text/plain", "creation": "2014-03-03"}}
    note = {"resourceType": "DocumentReference", "status": "current", "type": LOINC, "content": [content]}
    assert (one(note)["time"], one(note)["time_precision"]) == (micros("2014-03-03"), "day")
    assert one(note | {"date": WHEN})["time"] != one(note)["time"]


def test_a_note_without_a_type_stays_and_one_whose_document_was_entered_in_error_does_not():
    note = {"resourceType": "DocumentReference", "status": "current", "date": WHEN}
    assert codes(note) == ["DOCUMENT//NOTE"]
    assert one(note | {"docStatus": "preliminary"})["flags"] == "preliminary"
    assert one(note | {"docStatus": "final"})["flags"] is None
    for wrong in ({"docStatus": "entered-in-error"}, {"docStatus": "final", "status": "entered-in-error"}):
        assert [r.get("reason") for r in made(note | wrong)] == ["entered_in_error"]


def test_a_mixture_inside_an_order_takes_its_first_ingredients_code():
    mix = {"resourceType": "Medication", "id": "m", "ingredient": [{"itemCodeableConcept": LOINC}]}
    order = {"resourceType": "MedicationRequest", "status": "active", "medicationReference": {"reference": "#m"}}
    assert codes(order | {"contained": [mix]}) == ["LOINC//8480-6"]


def test_that_a_condition_ended_is_not_known_before_it_was_recorded():
    past = {"resourceType": "Condition", "code": LOINC, "onsetDateTime": "2000", "abatementDateTime": "2001"}
    ended = made(past | {"recordedDate": WHEN})[1]
    assert ended["code"].endswith("//ABATED")
    assert ended["available_time"] > ended["time"]
    assert made(past)[1]["billing"]


@pytest.mark.parametrize("kind", ["Condition", "AllergyIntolerance"])
def test_the_period_in_which_something_began_is_not_how_long_it_lasted(kind):
    row = one({"resourceType": kind, "code": LOINC, "onsetPeriod": {"start": "2000", "end": "2001"}})
    assert (row["time"], row["end_time"]) == (946_684_800_000_000, None)
    assert one({"resourceType": kind, "code": LOINC, "onsetPeriod": {"end": "2000"}})["time"] == 946_684_800_000_000


def test_what_happened_on_a_day_is_known_when_the_day_is_over():
    row = one(observation(effectiveDateTime="2021-03-05", valueInteger=1))
    assert row["available_time"] - row["time"] == 86_400_000_000 - 1
    assert one(observation(valueInteger=1))["available_time"] is None
    hidden = one(observation(effectiveDateTime="2021", valueInteger=1), offsets={"effectiveDateTime": 20123.0})
    assert 20123.99 < hidden["available_at"] < 20124


# --- what is planned ---------------------------------------------------------------------------------

GOAL = {"resourceType": "Goal", "lifecycleStatus": "active", "description": SNOMED}


def micros(text, *, end=False):
    return times.instant(text, end=end)[0]


def test_a_goal_stands_where_it_was_set_and_ends_when_each_target_is_due():
    targets = [{"measure": LOINC, "dueDate": "2021-09-01"}, {"dueDate": "2021-12-01"}]
    found = made(GOAL | {"startDate": "2021-03-05", "target": targets})
    assert [(r["code"], r["end_time"]) for r in found] == [
        ("SNOMED//38341003", None),
        ("GOAL//LOINC//8480-6", micros("2021-09-01", end=True)),
        ("GOAL//SNOMED//38341003", micros("2021-12-01", end=True)),
    ]
    assert {r["time"] for r in found} == {micros("2021-03-05")}
    hidden = {"startDate": 20000.0, "target.dueDate": 20180.0, "target.dueDate#1": 20271.0}
    year = GOAL | {"startDate": "2021", "target": [t | {"dueDate": "2021"} for t in targets]}
    assert [r["end_at"] for r in made(year, offsets=hidden)[1:]] == [20181 - 1e-9, 20272 - 1e-9]


def test_a_target_of_a_goal_without_a_time_is_known_when_it_is_due():
    row = made(GOAL | {"target": [{"measure": LOINC, "dueDate": "2021-09-01"}]})[1]
    assert (row["time"], row["end_time"]) == (micros("2021-09-01"), None)
    assert row["available_time"] == micros("2021-09-01", end=True)


def test_a_due_date_that_had_passed_when_the_goal_was_judged_is_no_end_before_its_begin():
    row = made(GOAL | {"statusDate": WHEN, "target": [{"measure": LOINC, "dueDate": "2020-01-01"}]})[1]
    assert (row["time"], row["end_time"], row["flags"]) == (micros(WHEN), None, None)


def test_an_activity_stands_where_its_plan_does_and_ends_with_what_was_scheduled():
    def activity(**detail):
        return {"detail": {"status": "scheduled", "code": LOINC, **detail}}

    period = {"start": "2021-04-01", "end": "2021-05-01"}
    plan = {"resourceType": "CarePlan", "status": "active", "period": {"start": WHEN, "end": "2022"}, "created": WHEN}
    found = made(plan | {"activity": [
        activity(scheduledPeriod=period, quantity={"value": 3}),
        activity(scheduledTiming={"repeat": {"boundsPeriod": period}}, dailyAmount={"value": 2, "code": "mg"}),
        activity(status="entered-in-error"),
        activity(code=None, productCodeableConcept=SNOMED),
    ]})  # fmt: skip
    assert [(r["code"], r.get("numeric_value"), r["end_time"]) for r in found] == [
        ("PLAN//CARE", None, micros("2022", end=True)),
        ("PLAN//LOINC//8480-6", 3.0, micros("2021-05-01", end=True)),
        ("PLAN//LOINC//8480-6", 2.0, micros("2021-05-01", end=True)),
        ("PLAN//SNOMED//38341003", None, micros("2022", end=True)),
    ]
    assert {(r["time"], r["available_time"]) for r in found} == {(micros(WHEN), micros(WHEN))}


@pytest.mark.parametrize(
    ("when", "time", "end"),
    [
        ({"authoredOn": WHEN, "occurrenceDateTime": "2021-06-01"}, WHEN, "2021-06-01"),
        ({"authoredOn": WHEN, "occurrencePeriod": {"start": "2021-06-01", "end": "2021-07-01"}}, WHEN, "2021-07-01"),
        ({"authoredOn": WHEN, "occurrenceDateTime": "2021-01-01"}, WHEN, None),
        ({"occurrenceDateTime": "2021-06-01"}, "2021-06-01", None),
        ({"occurrencePeriod": {"start": "2021-06-01", "end": "2021-07-01"}}, "2021-06-01", "2021-07-01"),
    ],
)
def test_a_service_stands_where_it_was_ordered_and_ends_when_it_is_planned(when, time, end):
    row = one({"resourceType": "ServiceRequest", "status": "active", "intent": "order", "code": LOINC} | when)
    assert (row["time"], row["end_time"], row["flags"]) == (micros(time), end and micros(end, end=True), None)


def lasts(value, code):
    return {"value": value, "system": "http://unitsofmeasure.org", "code": code}


@pytest.mark.parametrize(
    ("bounds", "days"),
    [
        ({"event": ["2021-04-05T10:00:00Z", "2021-06-05T10:00:00Z", "2021-05-05T10:00:00Z"]}, 92),
        ({"event": ["2021-04-05T10:00:00Z"]}, 31),
        ({"repeat": {"boundsDuration": lasts(10, "d")}}, 10),
        ({"repeat": {"boundsDuration": lasts(36, "h")}}, 1.5),
        ({"repeat": {"boundsDuration": {"value": 2, "unit": "weeks"}}}, 14),
        ({"repeat": {"boundsRange": {"low": lasts(5, "d"), "high": lasts(3, "mo")}}}, 91.3125),
        ({"repeat": {"boundsDuration": lasts(10, "furlong")}}, None),
        ({"repeat": {"boundsDuration": lasts(-1, "d")}}, None),
        ({"repeat": {"boundsDuration": lasts(1e300, "d")}}, None),
        ({"repeat": {"boundsDuration": {"code": "d"}}}, None),
        ({"repeat": {"boundsRange": {"low": lasts(5, "d")}}}, None),
    ],
)
def test_a_plan_may_be_told_as_times_or_as_how_long_it_lasts(bounds, days):
    """Of an order and of an activity of a plan, on the calendar and on the hidden axis."""
    order = {"resourceType": "ServiceRequest", "status": "active", "code": LOINC, "authoredOn": WHEN}
    order |= {"occurrenceTiming": bounds}
    other = {"detail": {"status": "scheduled", "code": SNOMED, "scheduledTiming": {"event": ["2021-12-12"]}}}
    activity = {"detail": {"status": "scheduled", "code": LOINC, "scheduledTiming": bounds}}
    plan = {"resourceType": "CarePlan", "status": "active", "period": {"start": WHEN}, "activity": [other, activity]}
    for resource in (order, plan):
        row = made(resource)[-1]
        assert row["end_time"] == (days and row["time"] + days * 24 * HOUR)
        assert row["available_time"] in (None, row["time"])
        treated = walking.state(walking.PATIENT, anchor=4321)
        result = walking.outcome(walking.walker("safe_harbor"), whole(resource), treated)
        row = made(result.resource, offsets=result.offsets)[-1]
        assert row["end_at"] == (days and pytest.approx(row["position"] + days, abs=1e-9))


def whole(resource):
    return {"id": "r", "subject": {"reference": "Patient/p1"}, "intent": "order", **resource}


def test_a_goal_is_due_so_long_after_it_was_set():
    goal = GOAL | {"startDate": "2021-03-05", "target": [{"measure": LOINC, "dueDuration": lasts(12, "wk")}]}
    aim, target = made(goal)
    assert (aim["end_time"], target["end_time"]) == (None, micros("2021-03-05") + 84 * 24 * HOUR)
    assert made(GOAL | {"target": goal["target"]})[1]["end_time"] is None


def test_how_long_a_medication_is_to_be_taken_is_known_with_the_order_and_until_when_it_was_is_not():
    def order(**repeat):
        dose = [{"timing": {"repeat": repeat}}]
        told = {"resourceType": "MedicationRequest", "status": "completed", "authoredOn": WHEN}
        return told | {"medicationCodeableConcept": LOINC, "dosageInstruction": dose}

    assert one(order(boundsDuration=lasts(7, "d")))["end_time"] == micros(WHEN) + 7 * 24 * HOUR
    ordered, ended = made(order(boundsPeriod={"end": "2021-03-09"}))
    assert (ordered["end_time"], ended["time"]) == (None, micros("2021-03-09", end=True))


def test_when_a_device_was_made_is_no_time_of_the_patient():
    device = {"resourceType": "Device", "type": LOINC, "manufactureDate": WHEN}
    assert (one(device)["time"], one(device)["time_precision"]) == (None, "unknown")


def test_a_timing_bounds_what_it_repeats():
    bounds = {"start": "2021-03-05", "end": "2021-03-06"}
    row = one(observation(effectiveDateTime=None, effectiveTiming={"repeat": {"boundsPeriod": bounds}}))
    assert row["end_time"] - row["time"] == 2 * 86_400_000_000 - 1


# --- what became of something is told when it was known ------------------------------------------------

BEGAN, RECORDED, AT, LATER = "2021-03-05", "2021-04-05", "2021-05-05T00:00:00Z", "2021-06-05"
LASTING = sorted(kind for kind, rule in rules.table().types.items() if rule.going is not None or rule.fates)
SOON_OVER = sorted((k, s) for k in LASTING for s in rules.statuses_of(k) - rules.table().types[k].removed)
PLANS = {"Appointment", "Claim", "ExplanationOfBenefit", "ServiceRequest"}
"""Types whose end is in what was written: an appointment's slot, the period of a bill, when a service is wanted."""
ACTS = ("MedicationAdministration", "Procedure")


def put(resource, path, value):
    """The resource with a value at a dotted path, whatever has to be made for it."""
    step, _, rest = path.partition(".")
    if step.isdigit():
        held = [*(resource or []), *[{} for _ in range(int(step) + 1 - len(resource or []))]]
        return [*held[: int(step)], put(held[int(step)], rest, value) if rest else value, *held[int(step) + 1 :]]
    held = resource or {}
    return {**held, step: put(held.get(step), rest, value) if rest else value}


def told(kind, status, **dates):
    """A resource with the first of its codes, and a date at the first of its paths to each of some times."""
    rule = rules.table().types[kind]
    resource = put({"resourceType": kind}, rule.status, status)
    for event in rule.events:
        for path in (*event.code[:1], *([event.about] if event.about else [])):
            resource = put(resource, path, LOINC)
        for name, when in dates.items():
            ends = event.time if event.over else event.end
            for path in (ends if name == "end" else getattr(event, name) if not event.over else ())[:1]:
                resource = put(resource, path, when)
    entries = {event.each.partition(".")[0] for event in rule.events if event.each} & set(resource)
    return resource | {name: [resource[name]] for name in entries if isinstance(resource[name], dict)}


def since(row):
    """When a row could be known, as Spark works it out where no visit says more."""
    return max((t for t in (row["time"], row["available_time"]) if t is not None), default=None)


def then(resource):
    rows = [r for r in made(resource) if r["kind"] in events.EVENTS and since(r) is not None]
    return {(r["code"], r["time"], r["end_time"], r.get("text_value")) for r in rows if since(r) <= micros(AT)}


@pytest.mark.parametrize(("kind", "status"), SOON_OVER)
def test_what_became_of_something_later_changes_nothing_of_what_was_known_before(kind, status):
    rule = rules.table().types[kind]
    dates = {"time": BEGAN, "available": RECORDED, **({"end": LATER} if kind in PLANS else {})}
    known = then(told(kind, "active", **dates))
    ending = f"//{rule.modifiers[status]}" if status in rule.modifiers else ""
    over = rule.fates.get(status) or (rule.going is not None and status not in rule.going)
    became = then(told(kind, status, **dates | {"end": LATER} if over else dates))
    assert became <= {(f"{code}{ending}", *rest) for code, *rest in known}
    assert became or kind in ("Appointment", "MedicationDispense", *ACTS), "what went on is known from its end on"


@pytest.mark.parametrize("kind", sorted(rules.table().types))
def test_no_row_tells_an_end_before_it_could_be_known(kind):
    rule = rules.table().types[kind]
    for status in (rules.statuses_of(kind) or {"active"}) - (rule.going or frozenset()):
        for recorded in (BEGAN, RECORDED, LATER):
            rows = made(told(kind, status, time=BEGAN, available=recorded, end=LATER))
            ends = [r for r in rows if r["kind"] in events.EVENTS and r.get("end_time") is not None]
            assert kind in PLANS or all(r["end_time"] <= since(r) for r in ends)


ENDED = [
    ("CarePlan", {"status": "completed"}, "PLAN//CARE//ENDED"),
    ("CarePlan", {"status": "revoked"}, "PLAN//CARE//CANCELLED"),
    ("CareTeam", {"status": "inactive"}, "TEAM//CARE//ENDED"),
    ("EpisodeOfCare", {"status": "finished"}, "EPISODE//CARE//ENDED"),
    ("Coverage", {"status": "active"}, "COVERAGE//PERIOD//ENDED"),
    ("Coverage", {"status": "cancelled"}, "COVERAGE//PERIOD//CANCELLED"),
    ("Flag", {"status": "inactive", "code": LOINC}, "LOINC//8480-6//ENDED"),
]


@pytest.mark.parametrize(("kind", "more", "code"), ENDED)
def test_that_something_lasting_is_over_is_an_event_of_its_own(kind, more, code):
    began, over = made({"resourceType": kind, "period": {"start": BEGAN, "end": LATER}} | more)
    assert (began["time"], began["end_time"]) == (micros(BEGAN), None)
    assert began["available_time"] == micros(BEGAN, end=True)
    assert (over["code"], over["time"]) == (code, micros(LATER, end=True))
    assert "CANCELLED" not in began["code"] and began["first"] and not over["first"]


def test_while_something_lasts_its_end_is_a_plan():
    plan = {"resourceType": "CarePlan", "status": "active", "period": {"start": BEGAN, "end": LATER}}
    assert one(plan)["end_time"] == micros(LATER, end=True)
    assert one(plan | {"period": {"start": BEGAN}, "status": "completed"})["end_time"] is None


def test_an_order_is_not_coded_as_what_was_found():
    order = {"resourceType": "ServiceRequest", "status": "active", "intent": "order", "code": LOINC, "authoredOn": WHEN}
    assert one(order)["code"] == "ORDER//LOINC//8480-6"


@pytest.mark.parametrize(
    ("order", "code"),
    [
        ({"resourceType": "ServiceRequest", "status": "revoked", "code": LOINC, "authoredOn": WHEN},
         "ORDER//LOINC//8480-6"),
        ({"resourceType": "MedicationRequest", "status": "cancelled", "medicationCodeableConcept": LOINC,
          "authoredOn": WHEN}, "LOINC//8480-6"),
        ({"resourceType": "NutritionOrder", "status": "revoked", "dateTime": WHEN}, "NUTRITION//ORDER"),
        ({"resourceType": "Claim", "status": "cancelled", "type": LOINC, "created": WHEN}, "LOINC//8480-6"),
        ({"resourceType": "CarePlan", "status": "revoked", "created": WHEN}, "PLAN//CARE"),
    ],
)  # fmt: skip
def test_an_order_that_was_cancelled_at_a_time_that_nobody_told_is_so_without_a_time(order, code):
    ordered, cancelled = made(order)
    assert (ordered["code"], ordered["time"]) == (code, micros(WHEN))
    assert (cancelled["code"], cancelled["time"], cancelled["undated"]) == (f"{code}//CANCELLED", None, "unknown")
    assert cancelled["available_time"] is None, "nobody knew it when the order was written"


def test_an_order_ends_when_its_validity_did_and_an_active_one_is_planned_to():
    order = {"resourceType": "MedicationRequest", "medicationCodeableConcept": LOINC, "authoredOn": WHEN}
    order |= {"dispenseRequest": {"validityPeriod": {"end": LATER}}}
    ordered, ended = made(order | {"status": "stopped"})
    assert (ordered["code"], ordered["end_time"]) == ("LOINC//8480-6", None)
    assert (ended["code"], ended["time"]) == ("LOINC//8480-6//ENDED", micros(LATER, end=True))
    assert one(order | {"status": "active"})["end_time"] == micros(LATER, end=True)


def test_a_goal_is_known_when_it_was_set_and_what_became_of_it_when_that_was_said():
    goal = GOAL | {"startDate": BEGAN, "statusDate": LATER}
    assert one(goal)["available_time"] == micros(BEGAN, end=True)
    for status, word in (("completed", "ENDED"), ("cancelled", "CANCELLED"), ("rejected", "CANCELLED")):
        aim, became = made(goal | {"lifecycleStatus": status})
        assert (aim["code"], became["code"]) == ("SNOMED//38341003", f"SNOMED//38341003//{word}")
        assert became["time"] == micros(LATER, end=True)


def test_an_appointment_that_nobody_came_to_is_not_one_when_it_was_made():
    made_for = {"resourceType": "Appointment", "status": "noshow", "serviceType": [LOINC], "created": BEGAN}
    missed = one(made_for | {"start": "2021-06-05T10:00:00Z", "end": "2021-06-05T11:00:00Z"})
    assert (missed["code"], missed["time"]) == ("LOINC//8480-6//NOT_DONE", micros("2021-06-05T10:00:00Z"))
    assert missed["available_time"] == micros("2021-06-05T11:00:00Z"), "who has not come may still come"
    assert one(made_for)["time"] is None


ACTIVE_BLEEDING = {"coding": [{"system": "http://snomed.info/sct", "code": "131148009", "display": "Bleeding"}]}


def test_how_an_adverse_event_turned_out_has_no_time():
    fatal = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/adverse-event-outcome", "code": "fatal"}]}
    event = {"resourceType": "AdverseEvent", "actuality": "actual", "event": LOINC, "date": WHEN, "outcome": fatal}
    happened, outcome = made(event)
    assert happened.get("text_value") is None
    assert (outcome["code"], outcome["time"]) == ("OUTCOME//LOINC//8480-6//fatal", None)


def test_a_complication_is_known_when_the_procedure_was_over_or_the_visit():
    operation = {"resourceType": "Procedure", "status": "completed", "code": LOINC}
    done, bled = made(operation | {"performedDateTime": WHEN, "complication": [ACTIVE_BLEEDING]})
    assert (done["code"], bled["code"]) == ("LOINC//8480-6", "COMPLICATION//SNOMED//131148009")
    assert (bled["time"], bled["billing"]) == (done["time"], True)
    done, bled = made(operation | {"performedPeriod": {"start": WHEN, "end": LATER}, "complication": [ACTIVE_BLEEDING]})
    assert (bled["end_time"], bled["available_time"]) == (None, micros(LATER, end=True))
    assert not bled["billing"]


def test_how_far_a_goal_was_reached_is_told_at_the_time_of_its_status():
    reached = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/goal-achievement", "code": "achieved"}]}
    aim, told = made(GOAL | {"startDate": BEGAN, "statusDate": LATER, "achievementStatus": reached})
    assert (aim["time"], told["code"]) == (micros(BEGAN), "ACHIEVEMENT//SNOMED//38341003//achieved")
    assert told["time"] == micros(LATER)
    _, undated = made(GOAL | {"startDate": BEGAN, "achievementStatus": reached})
    assert (undated["time"], undated["undated"]) == (None, "unknown")


def test_a_condition_that_began_and_ended_before_it_was_recorded_tells_its_end_once():
    past = {"resourceType": "Condition", "code": LOINC, "onsetDateTime": BEGAN, "abatementDateTime": RECORDED}
    onset, abated = made(past | {"recordedDate": LATER})
    assert (onset["end_time"], abated["time"]) == (None, micros(RECORDED, end=True))


# --- bad input: counted, kept, said ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("resource", "flag"),
    [
        (observation(status="banana"), "unknown_status"),
        (observation(status="preliminary"), "preliminary"),
        (observation(code={"coding": [{"code": "x"}]}), "code_without_system"),
        (observation(valueQuantity={"value": 1, "unit": "a bit"}), "unit_not_ucum"),
        (observation(valueQuantity={"value": 1, "unit": "((("}), "unit_not_ucum"),
        (observation(valueQuantity={"value": 1e300, "code": "mg/dL"}), "implausible"),
        (observation(effectiveDateTime="soon"), "unreadable_time"),
        (observation(effectiveDateTime="2021-02-30"), "unreadable_time"),
        (observation(effectiveDateTime="9999-12-31"), "unreadable_time"),
        ({"resourceType": "Condition", "code": LOINC, "verificationStatus": {"coding": [{"code": "provisional"}]}},
         "unconfirmed"),
    ],
)  # fmt: skip
def test_what_is_odd_is_said_and_the_event_stays(resource, flag):
    assert flag in one(resource)["flags"].split()


PERIODS = [
    ({"start": "2021-03-05", "end": "2021-03-05"}, ("2021-03-05", "2021-03-05T23:59:59.999999", None)),
    ({"start": WHEN, "end": "2021-03-05"}, (WHEN, "2021-03-05T23:59:59.999999", None)),
    ({"start": WHEN}, (WHEN, None, None)),
    ({"end": WHEN}, (WHEN, WHEN, "open_start")),
    ({"end": "2021-03"}, ("2021-03-01", "2021-03-31T23:59:59.999999", "open_start")),
    ({"start": WHEN, "end": "2021-03-04"}, (WHEN, None, "reversed_period")),
    ({"start": WHEN, "end": "9999-12-31"}, (WHEN, None, "unreadable_time")),
    ({"start": "1871-02-03", "end": "1871-02-03"}, ("1871-02-03", "1871-02-03T23:59:59.999999", None)),
    ({"start": "2016-12-31T23:59:60Z", "end": "2017-01-01T00:00:00+00:00"},
     ("2016-12-31T23:59:59", "2017-01-01T00:00:00", None)),
]  # fmt: skip


@pytest.mark.parametrize(("period", "wanted"), PERIODS)
def test_periods_of_every_shape(period, wanted):
    from datetime import UTC, datetime

    def stamp(text):
        at = datetime.fromisoformat(text).replace(tzinfo=UTC)
        return round((at - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1e6)

    row = one({"resourceType": "Procedure", "status": "completed", "code": LOINC, "performedPeriod": period})
    start, end, flag = wanted
    assert (row["time"], row["end_time"], row["flags"]) == (stamp(start), end and stamp(end), flag)
    assert row["position"] * 86_400_000_000 == pytest.approx(row["time"])


MEASURED, ISSUED = "2021-03-05T10:00:00Z", "2021-03-09T08:00:00Z"
WRITTEN_DOWN = {
    "Observation": {"status": "final", "code": LOINC, "effectivePeriod": {"end": MEASURED}, "issued": ISSUED},
    "DiagnosticReport": {"status": "final", "code": LOINC, "effectivePeriod": {"end": MEASURED}, "issued": ISSUED},
    "Media": {"createdPeriod": {"end": MEASURED}, "issued": ISSUED},
    "Specimen": {
        "status": "available", "type": SNOMED, "collection": {"collectedPeriod": {"end": MEASURED}},
        "receivedTime": ISSUED,
    },
    "ClinicalImpression": {"effectivePeriod": {"end": MEASURED}, "date": ISSUED},
    "MedicationStatement": {
        "medicationCodeableConcept": SNOMED, "effectivePeriod": {"end": MEASURED}, "dateAsserted": ISSUED,
    },
    "DeviceUseStatement": {"timingPeriod": {"end": MEASURED}, "recordedOn": ISSUED},
    "CarePlan": {"period": {"end": MEASURED}, "created": ISSUED},
    "Condition": {"code": SNOMED, "abatementDateTime": MEASURED, "recordedDate": ISSUED},
}  # fmt: skip


@pytest.mark.parametrize("kind", WRITTEN_DOWN)
def test_what_was_over_when_it_was_written_down_stands_at_its_end_and_is_known_then(kind):
    """On the calendar, and on the hidden axis, where a time of a day is told by its day alone."""
    resource = {"resourceType": kind, "status": "completed", **WRITTEN_DOWN[kind]}
    for row in made(resource):
        assert (row["time"], row["available_time"]) == (micros(MEASURED), micros(ISSUED))
    assert made(resource)[0]["flags"] == "open_start"
    treated = walking.state(walking.PATIENT, anchor=4321)
    result = walking.outcome(walking.walker("safe_harbor"), whole(resource), treated)
    for row in made(result.resource, offsets=result.offsets):
        known = micros(ISSUED) - micros(MEASURED)
        assert row["available_at"] - row["position"] == pytest.approx(known / (24 * HOUR), abs=1e-9)


def test_what_began_before_it_was_over_and_was_written_down_between_is_told_as_it_is():
    diabetes = {"resourceType": "Condition", "code": SNOMED, "recordedDate": WHEN}
    assert one(diabetes)["time"] == micros(WHEN)
    assert made(diabetes | {"abatementDateTime": "2021-06"})[0]["time"] == micros(WHEN)
    told = made(diabetes | {"onsetDateTime": "2021-02-05", "abatementDateTime": "2021-01"})[0]
    assert (told["time"], told["flags"]) == (micros("2021-02-05"), "reversed_period")
    # The year of the onset is told, its day is not.
    years = diabetes | {"onsetDateTime": "2009", "recordedDate": "2021", "abatementDateTime": "2010"}
    row = made(years, offsets={"recordedDate": 20900.0, "abatementDateTime": 17000.0})[0]
    assert (row["time"], row["position"], row["available_at"]) == (micros("2010"), 17000.0, pytest.approx(20901.0))


def test_on_the_hidden_axis_a_year_is_that_of_the_day():
    """A year of one element beside a day of another tells in which year the day was not, or was."""
    past = {"resourceType": "Condition", "code": LOINC, "onsetDateTime": "2009", "recordedDate": "2021"}
    row = one(past, offsets={"recordedDate": 20900.0})
    assert (row["time"], row["position"]) == (micros("2021"), 20900.0)
    assert one(observation(effectiveDateTime="2021"), offsets={"issued": 20123.5})["time"] is None
    ended = made(past | {"abatementDateTime": "2010"}, offsets={"recordedDate": 20900.0})
    assert [(r["time"], r["position"], r["flags"]) for r in ended] == [
        (micros("2021"), 20900.0, None),
        (micros("2010", end=True), None, None),
    ]


SEVERAL = {"event": ["2021-03-07T08:00:00Z", WHEN, "2021-03-06"]}


@pytest.mark.parametrize(
    "resource",
    [
        observation(effectiveDateTime=None, effectiveTiming=SEVERAL, valueInteger=1, interpretation=[SNOMED]),
        {"resourceType": "DeviceUseStatement", "status": "active", "timingTiming": SEVERAL},
    ],
)
def test_of_several_dates_the_first_is_when_it_was_and_the_last_when_it_is_known(resource):
    resource = {name: value for name, value in resource.items() if value}
    for row in made(resource):
        assert (row["time"], row["available_time"]) == (micros(WHEN), micros("2021-03-07T08:00:00Z"))
    treated = walking.state(walking.PATIENT, anchor=4321)
    result = walking.outcome(walking.walker("safe_harbor"), whole(resource), treated)
    for row in made(result.resource, offsets=result.offsets):
        assert row["available_at"] - row["position"] == pytest.approx(46 / 24, abs=1e-9)


def test_a_note_does_not_end_with_the_visit_it_is_about():
    visit = {"period": {"start": "2019-03-01", "end": "2019-03-02"}}
    note = {"resourceType": "DocumentReference", "status": "current", "type": LOINC, "context": visit}
    assert [one(note | {"date": WHEN})[c] for c in ("end_time", "flags")] == [None, None]
    assert one(note)["end_time"] is not None
    year = {"period": {"start": "2019", "end": "2019"}}
    hidden = {"date": 21000.5, "context.period.start": 20000.0, "context.period.end": 20001.0}
    row = one(note | {"context": year}, offsets=hidden)
    assert [row[c] for c in ("position", "end_at", "time", "flags")] == [21000.5, None, None, None]


def test_a_reversed_period_is_known_when_both_of_its_times_have_passed():
    period = {"start": WHEN, "end": "2021-03-04T00:00:00Z"}
    row = one({"resourceType": "Procedure", "status": "completed", "code": LOINC, "performedPeriod": period})
    assert row["available_time"] == row["time"]


@pytest.mark.parametrize(("text", "days"), [("2020-05-06", 18389), ("2020-05", 18414), ("2020", 18628)])
def test_a_death_is_the_end_of_its_day_month_or_year(text, days):
    died = made({"resourceType": "Patient", "deceasedDateTime": text})[1]
    assert (died["code"], died["time"]) == ("MEDS_DEATH", days * 86_400_000_000 - 1)


def test_a_visit_that_ends_on_a_day_lasts_that_day_on_the_hidden_axis_too():
    visit = {"resourceType": "Encounter", "status": "finished", "period": {"start": "2021", "end": "2021"}}
    facts = dict(made(visit, offsets={"period.start": 20000.25, "period.end": 20001.0})[0]["facts"])
    assert 20001.99 < float(facts["position_end"]) < 20002


def test_on_the_hidden_axis_periods_end_and_results_are_known_to_the_moment():
    seen = observation(effectiveDateTime="2021", valueInteger=1)
    row = one(seen, offsets={"effectiveDateTime": 20123.5, "issued": 20123.75})
    assert (row["position"], row["available_at"], row["available_time"]) == (20123.5, 20123.75, None)
    given_ = {"resourceType": "Procedure", "status": "completed", "code": LOINC, "performedPeriod": {"start": "2021"}}
    row = one(given_, offsets={"performedPeriod.start": 20123.5, "performedPeriod.end": 20120.25})
    assert (row["flags"], row["end_at"], row["available_at"]) == ("reversed_period", None, 20123.5)


def test_a_code_of_blanks_is_none_and_line_ends_are_blanks():
    assert values.coded({"text": " \n "}) is None
    assert values.coded({"coding": [{"system": "s", "code": " "}]}) is None
    assert values.coded({"coding": [{"system": "urn:x: y\n", "code": "a\nb"}]}).code == "Y//a b"
    assert values.coded({"coding": [{"system": "///", "code": "a"}]}).code == "UNKNOWN//a"


def accounted(rows):
    """One resource is one first event, or one reason."""
    return [r for r in rows if r.get("first") or r["kind"] == "filtered"]


@pytest.mark.parametrize("resource", canaries.resources()[0], ids=lambda r: r["resourceType"])
def test_a_resource_with_every_element_is_an_event_or_a_reason(resource):
    found = made(resource)
    assert len(accounted(found)) == 1
    assert len({r["event_id"] for r in found if r["kind"] in events.EVENTS}) == sum(
        r["kind"] in events.EVENTS for r in found
    )
    ours = set(events.ROW) - {"kind"}
    assert all(set(r) - {"kind"} <= ours for r in found)


@pytest.mark.parametrize("resource", canaries.resources()[0], ids=lambda r: r["resourceType"])
def test_paths_that_lead_nowhere_in_a_resource_are_left_out_without_a_trace(resource, monkeypatch):
    views = [resource, *({k: v for k, v in resource.items() if k != gone} for gone in resource if gone != "id")]
    views = [v for v in views if "resourceType" in v]
    pruned = [made(v) for v in views]
    monkeypatch.setattr(rules, "reachable", lambda *at: rules.all_of(*at))
    assert [made(v) for v in views] == pruned


FORM = re.compile(next(c.kwargs["regex"] for c in gates.suite("timeline") if c.id == "F3"))
DIGEST = """
import hashlib
from chartline.timeline import events, rules, times, values
from tests.end_to_end import canaries
made = [list(events.rows(r["resourceType"], "a" * 32, 7, r, None)) for r in canaries.resources()[0]]
print(hashlib.sha256(repr(made).encode()).hexdigest())
"""


def test_the_zone_of_the_machine_changes_nothing():
    found = set()
    for zone in ("UTC", "Asia/Tokyo", "America/New_York"):
        environment = {**os.environ, "TZ": zone, "PYTHONPATH": str(ROOT)}
        done = subprocess.run([sys.executable, "-c", DIGEST], env=environment, capture_output=True, check=True)
        found.add(done.stdout)
    assert len(found) == 1


WORDS = st.text(max_size=6) | st.sampled_from(["2021-03-05", "9999", "2021-13", "final", "banana", "mg", "a//b", "\n"])
LEAVES = WORDS | st.none() | st.booleans() | st.integers(-(10**18), 10**18) | st.floats(allow_nan=False)
NAMES = ["code", "coding", "system", "display", "text", "value", "unit", "comparator", "low", "high", "start", "end"]
VALUES = st.recursive(LEAVES, lambda v: st.dictionaries(st.sampled_from(NAMES), v, max_size=3), max_leaves=6)
CONCEPTS = st.fixed_dictionaries(
    {}, optional={"coding": st.lists(st.fixed_dictionaries({}, optional={"system": WORDS, "code": WORDS}), max_size=2),
                  "text": WORDS}
)  # fmt: skip


@given(
    st.fixed_dictionaries(
        {"resourceType": st.just("Observation")},
        optional={
            "status": WORDS,
            "code": CONCEPTS,
            "effectiveDateTime": WORDS,
            "issued": WORDS,
            "effectivePeriod": st.fixed_dictionaries({}, optional={"start": WORDS, "end": WORDS}),
            "valueQuantity": VALUES,
            "valueRange": VALUES,
            "valueString": WORDS,
            "dataAbsentReason": CONCEPTS,
            "component": st.lists(st.fixed_dictionaries({"code": CONCEPTS, "valueQuantity": VALUES}), max_size=2),
        },
    ),
    st.none() | st.dictionaries(st.sampled_from(["effectiveDateTime", "effectivePeriod.end"]), st.floats(0, 9e4)),
)
def test_no_input_breaks_the_mapping_and_none_is_lost(resource, offsets):
    found = made(resource, offsets=offsets)
    assert len(accounted(found)) == 1
    for row in found:
        assert row.get("code") is None or FORM.fullmatch(row["code"])
        assert abs(row.get("numeric_value") or 0.0) < 3.5e38


# --- entries with times of their own ---------------------------------------------------------------------

STAY = {
    "resourceType": "Encounter",
    "id": "e1",
    "status": "finished",
    "class": {"code": "IMP"},
    "subject": {"reference": "Patient/p1"},
    "period": {"start": "2020-03-01T08:00:00Z", "end": "2020-03-09T08:00:00Z"},
    "location": [
        {"location": {"reference": "Location/ed"}, "period": {"start": "2020-03-01T08:00:00Z"}},
        {"location": {"reference": "Location/x"}, "status": "reserved", "period": {"start": "2020-03-02T00:00:00Z"}},
        {"location": {"reference": "Location/y"}},
        {"location": {"reference": "Location/z"}, "period": {"start": "2020"}},
        {
            "location": {"reference": "Location/icu"},
            "period": {"start": "2020-03-03T20:00:00Z", "end": "2020-03-05T08:00:00Z"},
            "physicalType": {"coding": [{"system": "http://example.org/t", "code": "wa"}]},
        },
    ],
    "classHistory": [
        {"class": {"code": "EMER"}, "period": {"start": "2020-03-01T08:00:00Z"}},
        {"class": {"code": "IMP"}, "period": {"start": "2020-03-02T08:00:00Z"}},
    ],
    "statusHistory": [{"status": "arrived", "period": {"start": "2020-03-01T08:00:00Z"}}],
}
HOUR = 3_600_000_000


def test_places_classes_and_statuses_of_a_visit_are_events_at_their_own_times():
    found = {r["code"]: r for r in made(STAY) if r["kind"] == "event"}
    start = found["ENCOUNTER//START//EMER"]["time"]
    told = {code: (r["time"] - start) / HOUR for code, r in found.items() if code.count("//") > 1 or "LOC" in code}
    assert told["ENCOUNTER//LOCATION//wa"] == 60
    assert told["ENCOUNTER//CLASS//EMER"] == told["ENCOUNTER//STATUS//arrived"] == 0
    assert told["ENCOUNTER//CLASS//IMP"] == 24
    places = [(r["text_value"], r["time_precision"]) for r in made(STAY) if "LOCATION" in (r.get("code") or "")]
    assert places == [("Location/ed", "second"), ("Location/z", "year"), ("Location/icu", "second")]
    assert not any(r.get("end_time") for r in made(STAY) if "LOCATION" in (r.get("code") or ""))


def test_each_diagnosis_of_a_visit_is_told_with_its_use_and_rank_when_the_visit_ended():
    roles = "http://terminology.hl7.org/CodeSystem/diagnosis-role"
    use = {"coding": [{"system": roles, "code": "DD", "display": "Discharge diagnosis"}]}
    listed = [{"condition": {"reference": "Condition/c1"}, "use": use, "rank": 1}]
    listed += [{"condition": {"reference": "Condition/c2"}}]
    found = [r for r in made(STAY | {"diagnosis": listed}) if "DIAGNOSIS" in (r.get("code") or "")]
    assert [(r["code"], r.get("numeric_value"), r["text_value"]) for r in found] == [
        ("ENCOUNTER//DIAGNOSIS//DD", 1.0, "Condition/c1"),
        ("ENCOUNTER//DIAGNOSIS", None, "Condition/c2"),
    ]
    assert found[0]["display"] == "Diagnosis of a visit, Discharge diagnosis"
    assert {(r["time"], r["undated"], r["billing"], r["encounter_id"]) for r in found} == {
        (None, "encounter_end", True, "a" * 32)
    }
    assert [r["source_id"] for r in made(STAY | {"diagnosis": listed}) if r["kind"] == "listed"] == ["c1", "c2"]
    assert not [r for r in made(STAY | {"status": "cancelled", "diagnosis": listed}) if r["kind"] == "listed"]


def test_on_the_hidden_axis_each_entry_keeps_its_own_day():
    treated = walking.state(walking.PATIENT, anchor=4321)
    result = walking.outcome(walking.walker("safe_harbor"), STAY, treated)
    rows = [r for r in made(result.resource, offsets=result.offsets) if r["kind"] == "event"]
    start = next(r["position"] for r in rows if r["code"].startswith("ENCOUNTER//START"))
    days = [(r["code"], r["position"] and round(r["position"] - start, 6)) for r in rows if "//END" not in r["code"]]
    assert days[1:] == [
        ("ENCOUNTER//LOCATION", 0.0),
        ("ENCOUNTER//LOCATION", None),
        ("ENCOUNTER//LOCATION//wa", 2.5),
        ("ENCOUNTER//CLASS//EMER", 0.0),
        ("ENCOUNTER//CLASS//IMP", 1.0),
        ("ENCOUNTER//STATUS//arrived", 0.0),
    ]


def test_a_reaction_is_at_its_onset_and_one_without_at_the_allergys():
    reactions = [{"manifestation": [SNOMED], "onset": "2019-05-01T10:00:00Z"}, {"manifestation": [LOINC, SNOMED]}]
    allergy = {"resourceType": "AllergyIntolerance", "code": LOINC, "recordedDate": WHEN, "reaction": reactions}
    rows = [r for r in made(allergy) if r["code"].startswith("REACTION")]
    recorded = next(r["time"] for r in made(allergy) if r["code"].startswith("ALLERGY"))
    assert [r["time"] == recorded for r in rows] == [False, True, True]
    assert rows[0]["available_time"] == recorded
    assert len({r["event_id"] for r in rows}) == 3


# --- results inside a report, ages ---------------------------------------------------------------------

REPORT = {"resourceType": "DiagnosticReport", "status": "final", "code": {"text": "Electrolytes"}}


def results_of(report, **more):
    """The events of results that a report contains."""
    rows = made({**REPORT, **report}, **more)
    assert [r["first"] for r in rows if r["kind"] in events.EVENTS] == [True] + [False] * (len(rows) - 1)
    assert len({r["event_id"] for r in rows}) == len(rows)
    return [r for r in rows if r["code"].startswith("LOINC//")]


def contained(**more):
    return {"resourceType": "Observation", "status": "final", "code": LOINC, **more}


def test_a_result_that_a_report_contains_is_told_at_the_times_of_the_report():
    held = [contained(valueQuantity={"value": n, "unit": "mmol/L"}) for n in (4.1, 5.2)]
    report = {"effectiveDateTime": WHEN, "issued": "2021-03-06T09:00:00Z", "encounter": {"reference": "Encounter/e"}}
    found = results_of({**report, "contained": held, "result": [{"reference": "#c1"}, {"reference": "#c2"}]})
    assert [(r["code"], r["numeric_value"]) for r in found] == [("LOINC//8480-6", 4.1), ("LOINC//8480-6", 5.2)]
    first, _ = found
    assert (first["time"], first["available_time"]) == (micros(WHEN), micros("2021-03-06T09:00:00Z"))
    assert (first["encounter_id"], first["source_type"], first["source_id"]) == ("e", "DiagnosticReport", "a" * 32)


def test_a_contained_result_keeps_a_time_of_its_own_where_dates_show():
    own = {"effectiveDateTime": "2021-03-04T08:00:00Z", "valueInteger": 3}
    report = {"effectiveDateTime": WHEN, "issued": "2021-03-06T09:00:00Z", "contained": [contained(**own)]}
    (found,) = results_of(report)
    assert (found["time"], found["available_time"]) == (micros("2021-03-04T08:00:00Z"), micros("2021-03-06T09:00:00Z"))
    years = {"effectiveDateTime": "2021", "contained": [contained(effectiveDateTime="2020", valueInteger=3)]}
    (hidden,) = results_of(years, offsets={"effectiveDateTime": 12.5, "effectiveDateTime#1": 3.0})
    assert hidden["position"] == 12.5


def test_a_contained_result_that_was_an_error_or_is_of_another_type_is_no_event():
    held = [contained(valueInteger=3) | {"status": "entered-in-error"}, {"resourceType": "Specimen", "type": LOINC}]
    assert results_of({"effectiveDateTime": WHEN, "contained": held}) == []


@pytest.mark.parametrize(
    "told",
    [
        {"resourceType": "Condition", "onsetAge": {"value": 52, "code": "a", "unit": "years"}, "recordedDate": WHEN},
        {"resourceType": "Procedure", "status": "completed", "performedAge": {"value": 52, "code": "a"}},
        {"resourceType": "AllergyIntolerance", "onsetAge": {"value": 52, "code": "a"}, "recordedDate": WHEN},
    ],
)
def test_the_age_at_which_something_was_is_its_value(told):
    found = one({"code": LOINC, **told})
    assert (found["numeric_value"], found["unit"]) == (52, "a")


@pytest.mark.parametrize(
    ("oid", "name"),
    [
        *(("6.1", "LOINC"), ("6.96", "SNOMED"), ("6.88", "RXNORM"), ("6.90", "ICD10CM"), ("6.103", "ICD9CM")),
        *(("12.292", "CVX"), ("6.69", "NDC"), ("6.12", "CPT4"), ("6.4", "ICD10PCS"), ("6.285", "HCPCS")),
    ],
)
def test_a_vocabulary_has_one_name_under_its_address_and_its_oid(oid, name):
    assert values.system_name(f"urn:oid:2.16.840.1.113883.{oid}") == name


@pytest.mark.parametrize(
    ("told", "offsets", "unplaced"),
    [
        ({"onsetDateTime": "2012", "recordedDate": "2020"}, {"onsetDateTime": 15301.0}, [True]),
        (
            {"onsetDateTime": "2012", "recordedDate": "2020"},
            {"onsetDateTime": 15301.0, "recordedDate": 18000.5},
            [False],
        ),
        ({"onsetDateTime": "2012-05-06", "recordedDate": "2020"}, None, [False]),
        ({"recordedDate": "2013", "abatementDateTime": "2015"}, {"recordedDate": 15799.0}, [False, True]),
        ({"onsetDateTime": "2012"}, {"onsetDateTime": 15301.0}, [False]),
    ],
)
def test_on_the_hidden_axis_nobody_knows_when_a_year_was_known(told, offsets, unplaced):
    found = made({"resourceType": "Condition", "code": LOINC, **told}, offsets=offsets)
    assert [row["unplaced"] for row in found] == unplaced


@pytest.mark.parametrize(
    ("when", "known"), [("2021-03-05", "2021-03-05"), ("2021-03", "2021-03"), ("2021", "2021"), (WHEN, WHEN)]
)
def test_of_a_day_to_come_nobody_knows_at_its_beginning_what_it_brings(when, known):
    told = {"resourceType": "Condition", "code": LOINC, "onsetDateTime": when, "recordedDate": "2015-01-01"}
    row = one(told)
    assert max(row["available_time"], row["time"]) == micros(known, end=when != WHEN)
    # A plan is known when it is made, whatever day it is for.
    order = {"resourceType": "ServiceRequest", "status": "active", "intent": "order", "code": LOINC}
    plan = one(order | {"authoredOn": "2015-01-01", "occurrenceDateTime": "2021-03-05"})
    assert plan["available_time"] == micros("2015-01-01", end=True)


EMERGENCY, WARD = ({"class": {"code": code}} for code in ("EMER", "IMP"))


@pytest.mark.parametrize(
    ("first", "then", "offsets"),
    [
        ("2021-03-05T10:00:00Z", "2021-03-06T10:00:00Z", None),
        ("2021-03-05T05:00:00Z", "2021-03-05T00:30:00-08:00", None),
        ("2021-03-05", None, None),
        ("2021", "2021", (18691.2, 18692.4)),
    ],
)
def test_a_visit_begins_with_the_class_that_it_had_first_in_whatever_order_they_are_told(first, then, offsets):
    entries = [(EMERGENCY, first), (WARD, then)]
    for order in (entries, entries[::-1]):
        history = [{**kind, "period": {"start": when} if when else {}} for kind, when in order]
        seen = {"resourceType": "Encounter", "status": "finished", **WARD, "period": {"start": first}}
        days = None
        if offsets:
            of_first, of_then = offsets if order is entries else offsets[::-1]
            days = {"period.start": offsets[0], "classHistory.period.start": of_first}
            days["classHistory.period.start#1"] = of_then
        found = made(seen | {"classHistory": history}, offsets=days)
        assert "ENCOUNTER//START//EMER" in [row.get("code") for row in found]


def test_on_the_hidden_axis_the_first_of_a_list_does_not_take_the_day_of_the_second():
    timed = {"timing": {"event": ["2021"]}}
    order = {"resourceType": "MedicationRequest", "status": "active", "medicationCodeableConcept": LOINC}
    days = {"dosageInstruction.timing.event": 18158.0}
    assert one(order | {"dosageInstruction": [timed]}, offsets=days)["position"] == 18158.0
    assert one(order | {"dosageInstruction": [{"text": "daily"}, timed]}, offsets=days)["position"] is None


def test_an_order_of_several_steps_ends_with_the_last():
    def until(day):
        return {
            "timing": {"repeat": {"boundsPeriod": {"start": f"2021-03-{day - 4:02d}", "end": f"2021-03-{day:02d}"}}}
        }

    taper = {"resourceType": "MedicationRequest", "status": "active", "medicationCodeableConcept": LOINC}
    taper |= {"authoredOn": "2021-03-01", "dosageInstruction": [until(5), {"text": "as needed"}, until(20), until(10)]}
    assert one(taper)["end_time"] == micros("2021-03-20", end=True)
    over = [row for row in made(taper | {"status": "completed"}) if row["code"].endswith("//ENDED")]
    assert [row["time"] for row in over] == [micros("2021-03-20", end=True)]
    days = {"authoredOn": 18000.5} | {
        f"dosageInstruction.timing.repeat.boundsPeriod.end{nth}": day
        for nth, day in (("", 18004.0), ("#1", 18019.0), ("#2", 18009.0))
    }
    assert one(taper, offsets=days)["end_at"] == 18020 - 1e-9


def test_a_vaccination_without_a_date_of_its_own_has_that_of_its_record():
    shot = {"resourceType": "Immunization", "status": "completed", "vaccineCode": LOINC, "recorded": "2021-03-05"}
    assert one(shot | {"occurrenceString": "as a child"})["time"] == micros("2021-03-05")
    assert one(shot | {"occurrenceDateTime": "2019-03-05"})["time"] == micros("2019-03-05")


def test_an_adverse_event_is_known_when_it_was_detected():
    event = {"resourceType": "AdverseEvent", "actuality": "actual", "event": LOINC, "date": "2020-01-01"}
    found = made(event | {"detected": "2020-02-01T10:00:00Z"})[0]
    assert found["available_time"] == micros("2020-02-01T10:00:00Z")
