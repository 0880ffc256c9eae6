"""Configurations of the FHIR anonymizer become policies that take at least as much away."""

import json

import pytest

from chartline.deid import policy
from chartline.deid.importer import METHODS, import_fhir_anonymizer
from chartline.deid.phrases import Phrases
from chartline.deid.walk import Result
from chartline.deid.walker import Deidentifier
from chartline.errors import UsageError
from chartline.fhir import definitions
from tests.deid.walking import Engine, outcome, state


def imported(tmp_path, *rules, **parameters):
    file = tmp_path / "config.json"
    file.write_text("\ufeff" + json.dumps({"fhirPathRules": list(rules), "parameters": parameters}))
    text, left = import_fhir_anonymizer(file)
    return policy.from_text(text), left


def rule(path, method, **more):
    return {"path": path, "method": method, **more}


def decided(rules, path):
    owner, _, name = path.rpartition(".")
    element = definitions.load()[owner].elements[name]
    return rules.effect(rules.decide(owner, path, element).action)


def effect_at(rules, path):
    """What a policy does at the element of a path: the first step that is dropped, else the last."""
    tree = definitions.load()
    head, *steps = path.split(".")
    owner, here = head, head
    for step in steps:
        element = tree[owner].elements[step]
        here = f"{here}.{step}"
        effect = rules.effect(rules.decide(owner, here, element).action)
        owner = element.type
    return effect


def through(rules, resource):
    made = outcome(Deidentifier(rules, Phrases(Engine()), lambda s: "urn:local"), resource, state())
    assert isinstance(made, Result), made
    return made.resource


def test_redacted_elements_are_dropped(tmp_path):
    rules, left = imported(tmp_path, rule("Condition.note", "redact"), rule("nodesByType('Quantity')", "redact"))
    assert decided(rules, "Condition.note") == "drop"
    assert decided(rules, "Observation.valueQuantity") == "drop"
    assert left == []


def test_a_choice_names_all_its_forms_and_one_form_only_itself(tmp_path):
    rules, _ = imported(
        tmp_path, rule("Condition.onset", "redact"), rule("FamilyMemberHistory.condition.onset as Age", "perturb")
    )
    assert {decided(rules, f"Condition.onset{t}") for t in ("DateTime", "Age", "Period", "Range", "String")} == {"drop"}
    assert decided(rules, "FamilyMemberHistory.condition.onsetAge") == "drop"
    assert decided(rules, "FamilyMemberHistory.condition.onsetRange") == "keep"


@pytest.mark.parametrize("method", [m for m in METHODS if m not in ("keep", "redact", "dateshift")])
def test_a_method_without_a_counterpart_drops_the_value_and_says_so(tmp_path, method):
    rules, left = imported(tmp_path, rule("Observation.valueInteger", method))
    assert decided(rules, "Observation.valueInteger") == "drop"
    assert left[0].startswith(f"Observation.valueInteger ({method}): the value is dropped")


def test_dates_are_shifted_when_any_is_and_a_redacted_one_is_then_dropped(tmp_path):
    rules, _ = imported(
        tmp_path,
        rule("Patient.birthDate", "redact"),
        rule("nodesByType('dateTime')", "dateShift"),
        enablePartialDatesForRedact=True,
    )
    assert rules.means["date"] == "shift"
    assert decided(rules, "Patient.birthDate") == "drop"
    assert decided(rules, "Observation.effectiveDateTime") == "shift"


@pytest.mark.parametrize(("partial", "effect"), [(True, "year"), (False, "drop")])
def test_a_redacted_date_keeps_its_year_only_where_the_configuration_says_so(tmp_path, partial, effect):
    rules, _ = imported(tmp_path, rule("nodesByType('date')", "redact"), enablePartialDatesForRedact=partial)
    assert decided(rules, "Patient.birthDate") == effect


def test_the_first_rule_decides(tmp_path):
    rules, _ = imported(tmp_path, rule("Condition.recordedDate", "dateShift"), rule("Condition.recordedDate", "redact"))
    assert decided(rules, "Condition.recordedDate") == "shift"


def test_a_kept_text_is_still_cleaned(tmp_path):
    rules, _ = imported(tmp_path, rule("CarePlan.title", "keep"))
    assert decided(rules, "CarePlan.title") == "clean-text"


@pytest.mark.parametrize(
    ("path", "method", "why"),
    [
        ("Resource", "keep", "nothing is kept unless it is named"),
        ("Device.where(id.exists()).status", "keep", "only under a condition"),
        ("Pateint.name", "redact", "no element"),
        ("Patient.name", "scramble", "not known"),
        ("Claim.insurance", "redact", "may not be dropped"),
    ],
)
def test_what_was_not_carried_over_is_told(tmp_path, path, method, why):
    _, left = imported(tmp_path, rule(path, method))
    assert len(left) == 1
    assert why in left[0]


def test_a_condition_on_a_redaction_is_left_out_and_all_is_redacted(tmp_path):
    rules, left = imported(tmp_path, rule("Device.where(id.exists()).status", "redact"))
    assert decided(rules, "Device.status") == "drop"
    assert "condition" in left[0]


def test_ids_and_references_become_pseudonyms_without_a_word(tmp_path):
    rules, left = imported(
        tmp_path, *(rule(p, "cryptoHash") for p in ("Resource.id", "nodesByType('Reference').reference", "Patient.id"))
    )
    assert left == []
    assert decided(rules, "Observation.subject") == "reference"


@pytest.mark.parametrize(
    ("path", "dropped", "stays"),
    [
        ("Patient.nodesByType('Period')", "Patient.name.period", "Encounter.period"),
        ("Patient.nodesByType('Address').state", "Patient.address.state", "Location.address.state"),
        ("nodesByName('conclusion')", "DiagnosticReport.conclusion", "Observation.valueString"),
        ("Observation.value.ofType(string)", "Observation.valueString", "Observation.valueInteger"),
        ("(Observation.value as string)", "Observation.valueString", "Observation.valueInteger"),
        ("Condition.note | Procedure.note", "Procedure.note", "CarePlan.note"),
        ("Observation.component[0].valueString", "Observation.component.valueString", "Observation.valueString"),
        ("Coding.display", "Condition.code.coding.display", "Condition.code.coding.code"),
    ],
)
def test_each_form_of_a_path_names_its_elements_and_no_other(tmp_path, path, dropped, stays):
    rules, _ = imported(tmp_path, rule(path, "redact"))
    assert effect_at(rules, dropped) == "drop"
    assert effect_at(rules, stays) != "drop"


def test_a_whole_type_is_emptied_and_what_was_kept_before_stays(tmp_path):
    rules, left = imported(tmp_path, rule("Patient.gender", "keep"), rule("Patient", "redact"))
    assert left == []
    given = {"resourceType": "Patient", "id": "p1", "gender": "female", "active": True, "birthDate": "1961-04-09"}
    assert set(through(rules, given)) == {"resourceType", "id", "meta", "gender"}


def test_redacting_all_leaves_ids_labels_and_what_the_standard_requires(tmp_path):
    rules, left = imported(tmp_path, rule("Observation.status", "keep"), rule("Resource", "redact"))
    assert left == []
    code = {"coding": [{"system": "http://loinc.org", "code": "8480-6"}]}
    given = {"resourceType": "Observation", "id": "o", "status": "final", "code": code, "valueInteger": 7}
    made = through(rules, given)
    assert (made["status"], made["code"]["extension"][0]["valueCode"]) == ("final", "masked")
    assert set(made) == {"resourceType", "id", "meta", "status", "code"}


def test_an_address_keeps_what_was_kept_before_and_a_partial_zip(tmp_path):
    address = {"line": ["12 Alder Street"], "city": "Boston", "state": "MA", "postalCode": "02139", "country": "US"}
    given = {"resourceType": "Patient", "id": "p1", "address": [{**address, "period": {"start": "2001-02-03"}}]}
    keep, redact = rule("nodesByType('Address').state", "keep"), rule("nodesByType('Address')", "redact")
    for parameters, stays in (({}, {"state"}), ({"enablePartialZipCodesForRedact": True}, {"state", "postalCode"})):
        rules, _ = imported(tmp_path, keep, redact, **parameters)
        assert set(through(rules, given)["address"][0]) == stays
    rules, _ = imported(tmp_path, redact)
    assert "address" not in through(rules, given)


def test_codes_displays_extensions_and_documents_are_dropped_inside_what_stays(tmp_path):
    paths = ("Coding').code", "Coding').display", "Extension')", "base64Binary')", "Reference').reference")
    rules, _ = imported(tmp_path, *(rule(f"nodesByType('{p}", "redact") for p in paths))
    race = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-race"
    coding = {"system": "http://loinc.org", "code": "8480-6", "display": "Systolic blood pressure"}
    given = {
        "resourceType": "DocumentReference",
        "id": "d",
        "status": "current",
        "type": {"coding": [coding]},
        "subject": {"reference": "Patient/p1"},
        "extension": [{"url": race, "extension": [{"url": "ombCategory", "valueCoding": coding}]}],
        "content": [{"attachment": {"contentType": "text/plain", "data": "aGVsbG8="}}],
    }
    made = through(rules, given)
    assert made["type"] == {"coding": [{"system": "http://loinc.org"}]}
    assert made["content"] == [{"attachment": {"contentType": "text/plain"}}]
    assert "extension" not in made
    assert "subject" not in made


def test_ages_stay_below_90_only_where_the_configuration_says_so(tmp_path):
    for partial, effect in ((True, "age"), (False, "drop")):
        rules, _ = imported(tmp_path, rule("nodesByType('Age')", "redact"), enablePartialAgesForRedact=partial)
        assert decided(rules, "Condition.onsetAge") == effect


def test_what_is_kept_there_and_not_here_is_told_with_the_policys_reason(tmp_path):
    _, left = imported(
        tmp_path, rule("Organization.telecom", "keep"), rule("Patient.contact.name.use", "keep"), dateShiftScope="file"
    )
    assert left == [
        "Organization.telecom (keep): it is dropped here with Organization.telecom: 164.514(b)(2)(i)(D,E,F): telecom",
        "Patient.contact.name.use (keep): it is dropped here with Patient.contact: 164.514(b)(2)(i)(A): relatives",
        "parameters.dateShiftScope: the offset is one for each patient, in all files",
    ]


@pytest.mark.parametrize(
    ("body", "number"),
    [
        *((body, "CL2052") for body in ("[]", "{}", '{"fhirPathRules": 1}', '{"fhirPathRules": ["x"]}')),
        *((body, "CL2155") for body in ("", "not json", "{ // a comment\n}", "[" * 100_000)),
    ],
)
def test_what_is_no_configuration_is_refused(tmp_path, body, number):
    file = tmp_path / "config.json"
    file.write_text(body)
    with pytest.raises(UsageError) as caught:
        import_fhir_anonymizer(file)
    assert caught.value.number == number


@pytest.mark.parametrize(
    ("path", "method", "group", "element", "effect"),
    [
        ("nodesByType('dateTime')", "dateShift", "Observation", "Observation.effectiveDateTime", "shift"),
        ("nodesByType('CodeableConcept')", "keep", "Observation", "Observation.code", "keep"),
        ("nodesByType('Period').start", "dateShift", "Encounter", "Encounter.period.start", "shift"),
        ("nodesByType('dateTime')", "dateShift", "Encounter.period", "Encounter.period.end", "shift"),
    ],
)
def test_what_an_earlier_rule_treats_by_its_type_stays_inside_of_a_redacted_group(
    tmp_path, path, method, group, element, effect
):
    rules, _ = imported(tmp_path, rule(path, method), rule(group, "redact"))
    assert effect_at(rules, element) == effect


@pytest.mark.parametrize("method", ["obliterate", ""])
def test_what_an_unknown_method_names_does_not_stay(tmp_path, method):
    rules, left = imported(tmp_path, rule("Patient.birthDate", method))
    assert decided(rules, "Patient.birthDate") == "drop"
    assert left == [f"Patient.birthDate ({method or 'no method'}): the method is not known; the value is dropped"]


@pytest.mark.parametrize("path", ["Observation.valueTime", "Patient.gender"])
def test_a_shift_of_what_is_no_date_is_told(tmp_path, path):
    rules, left = imported(tmp_path, rule(path, "dateShift"))
    assert decided(rules, path) == "drop"
    assert left == [f"{path} (dateshift): the value is dropped: only dates are shifted"]


def test_a_missing_configuration_is_refused(tmp_path):
    with pytest.raises(UsageError) as caught:
        import_fhir_anonymizer(tmp_path / "none.json")
    assert caught.value.number == "CL2051"


def test_what_is_kept_inside_of_what_the_base_drops_by_its_type_is_told_and_not_written(tmp_path):
    rules, left = imported(tmp_path, rule("Patient.name.use", "keep"), rule("Observation.identifier.value", "keep"))
    assert not {"Patient.name.use", "Observation.identifier.value"} & rules.paths.keys()
    assert ["it is dropped here" in line for line in left] == [True, True]
