"""The walk of one resource: what passes, what is changed, what is left behind, what is set aside."""

import base64
import gc
import json
import re
import weakref
from dataclasses import replace

import msgspec
import pytest

from chartline.deid import policy
from chartline.deid.context import PatientContext
from chartline.deid.forms import MASKED
from chartline.deid.frames import members
from chartline.deid.phrases import Phrases
from chartline.deid.pseudonyms import literal, subject_id
from chartline.deid.walk import Refused, Result
from chartline.deid.walker import Deidentifier
from chartline.fhir.known import Known
from tests.deid.walking import PATIENT, POLICIES, SECRET, Engine, outcome, refused, state, through, walker, written

LOINC = {"coding": [{"system": "http://loinc.org", "code": "8480-6", "display": "Systolic blood pressure"}]}
NOTE = f"Seen with {SECRET} today."


def observation(**more):
    return {
        "resourceType": "Observation",
        "id": "o1",
        "status": "final",
        "code": LOINC,
        "subject": {"reference": "Patient/p1", "display": "Ada Bell"},
        **more,
    }


def patient(**more):
    return {"resourceType": "Patient", "id": "p1", **more}


def note(data: bytes, kind="text/plain"):
    content = [{"attachment": {"contentType": kind, "data": base64.b64encode(data).decode(), "title": NOTE}}]
    return {"resourceType": "DocumentReference", "id": "d1", "status": "current", "content": content}


# --- identity and references -------------------------------------------------------------------------


def test_ids_and_references_become_the_same_pseudonym():
    own, other = through(patient()), through(observation())
    assert other["subject"] == {"reference": f"Patient/{own['id']}"}
    assert len(own["id"]) == 32
    assert own["id"] != through({**patient(), "id": "p2"})["id"]


@pytest.mark.parametrize(
    "form",
    [
        "Patient/p1",
        "Patient/p1/_history/3",
        "https://ehr.example.org/fhir/Patient/p1",
        "https://ehr.example.org/fhir/Patient/p1/_history/2",
        "urn:uuid:7a5f9b0e-4d0c-4f0e-9d53-0b7c6a7d9f10",
        "Patient?identifier=http://hospital|77",
    ],
)
def test_every_form_of_reference_names_the_same_pseudonym(form):
    links = {
        "urn:uuid:7a5f9b0e-4d0c-4f0e-9d53-0b7c6a7d9f10": "Patient/p1",
        "Patient?identifier=http://hospital|77": "Patient/p1",
    }
    made = through(observation(subject={"reference": form}), links=links)
    assert made["subject"]["reference"] == f"Patient/{through(patient())['id']}"


def test_a_reference_by_identifier_only_is_resolved_and_its_identifier_left_behind():
    by_identifier = {"type": "Patient", "identifier": {"system": "http://hospital", "value": "77"}}
    links = {"Patient?identifier=http://hospital|77": "Patient/p1"}
    made = through(observation(subject=by_identifier), links=links)
    assert made["subject"] == {"type": "Patient", "reference": f"Patient/{through(patient())['id']}"}


@pytest.mark.parametrize(
    "form", ["Patient?identifier=http://hospital|77", "http://example.org/doc/Ada-Bell", "Ada Bell", "#gone", "p1"]
)
def test_a_reference_to_nothing_tells_nothing(form):
    made = through(observation(subject={"reference": form, "display": "Ada Bell"}))
    assert "reference" not in made["subject"]
    assert form not in json.dumps(made)


def test_an_unresolved_urn_keeps_its_form_and_not_its_value():
    made = through(observation(subject={"reference": "urn:uuid:7a5f9b0e-4d0c-4f0e-9d53-0b7c6a7d9f10"}))
    assert made["subject"]["reference"].startswith("urn:uuid:")
    assert "7a5f9b0e" not in made["subject"]["reference"]


def test_contained_resources_are_walked_and_renamed():
    inner = {"resourceType": "Practitioner", "id": "ada-bell", "name": [{"family": "Bell"}], "gender": "female"}
    made = through(observation(contained=[inner], performer=[{"reference": "#ada-bell"}]))
    assert made["contained"] == [{"resourceType": "Practitioner", "gender": "female", "id": "c1"}]
    assert made["performer"] == [{"reference": "#c1"}]


def test_a_contained_resource_that_may_not_pass_leaves_no_reference_behind():
    inner = {"resourceType": "AuditEvent", "id": "a", "type": {"code": "rest"}}
    made = through(observation(contained=[inner], focus=[{"reference": "#a"}]))
    assert "contained" not in made
    assert "reference" not in made["focus"][0]


def test_a_type_outside_the_policy_does_not_pass():
    assert outcome(walker(), {"resourceType": "AuditEvent", "id": "a"}, state()) is None


def test_literals_and_subject_ids():
    assert literal("Patient/1#x") == ("Patient", "1")
    assert literal("Pateint/1") is None
    assert literal("http://h/Ward/1") is None
    assert subject_id("f" * 32) == 2**63 - 1
    assert subject_id("0" * 32) == 0


# --- the patient -------------------------------------------------------------------------------------


def test_the_identifiers_of_a_patient_are_left_behind():
    given = patient(
        name=[{"family": "Bell", "given": ["Ada"]}],
        identifier=[{"value": "123-45-6789"}],
        telecom=[{"value": "617-555-0188"}],
        photo=[{"data": "aGk="}],
        contact=[{"name": {"text": "Joan Bell"}}],
        gender="female",
        address=[
            {
                "line": ["12 Alder Street"],
                "city": "Boston",
                "district": "Suffolk",
                "state": "MA",
                "postalCode": "02139",
                "text": "12 Alder Street, Boston",
                "period": {"start": "2001-02-03"},
            }
        ],
    )
    made = through(given)
    assert made["address"] == [{"state": "MA", "postalCode": "021", "period": {"start": "2001-01-17"}}]
    assert set(made) == {"resourceType", "id", "meta", "gender", "address"}
    assert through(given, "limited_data_set")["address"][0]["city"] == "Boston"
    assert through(given, "limited_data_set")["address"][0]["postalCode"] == "02139"
    assert through(given, "safe_harbor")["address"][0]["period"] == {"start": "2001"}


def test_synthea_extensions_do_not_pass_and_race_does():
    race = {
        "url": "http://hl7.org/fhir/us/core/StructureDefinition/us-core-race",
        "extension": [
            {"url": "ombCategory", "valueCoding": {"system": "urn:oid:2.16.840.1.113883.6.238", "code": "2106-3"}},
            {"url": "text", "valueString": "White"},
        ],
    }
    given = patient(
        extension=[
            race,
            {"url": "http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName", "valueString": "Joan Bell"},
            {"url": "http://hl7.org/fhir/StructureDefinition/patient-birthPlace", "valueAddress": {"city": "Boston"}},
            {"url": "http://synthetichealth.github.io/synthea/disability-adjusted-life-years", "valueDecimal": 1.5},
        ]
    )
    made = through(given)["extension"]
    assert [e["url"] for e in made] == [race["url"]]
    assert [e["url"] for e in made[0]["extension"]] == ["ombCategory"]


@pytest.mark.parametrize("name", POLICIES)
def test_a_primitive_never_gains_precision_from_its_extension(name):
    birth_time = {
        "extension": [
            {
                "url": "http://hl7.org/fhir/StructureDefinition/patient-birthTime",
                "valueDateTime": "1961-04-09T01:02:03Z",
            }
        ]
    }
    made = through(patient(birthDate="1961-04", _birthDate=birth_time), name)
    assert "_birthDate" not in made
    assert len(made["birthDate"]) <= len("1961-04")


def test_the_reason_of_an_absent_primitive_stays():
    absent = {
        "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]
    }
    assert through(patient(_birthDate=absent))["_birthDate"] == absent


# --- ages --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["safe_harbor", "expert_determination"])
def test_no_date_stays_that_tells_an_age_over_89(name):
    given = patient(birthDate="1931-04-09", deceasedDateTime="2021-05-06T10:00:00Z")
    made = through(given, name, patient=replace(PATIENT, earliest_year=2021 - 89))
    assert "birthDate" not in made
    assert made["deceasedDateTime"][:3] == "202"


def test_a_newborns_first_event_is_shifted_with_the_birth_date():
    born = through(patient(birthDate="2015-03-05"))["birthDate"]
    first = through(observation(effectiveDateTime="2015-03-05T04:05:06-05:00"))["effectiveDateTime"]
    assert born == "2015-02-16"
    assert first == "2015-02-16T04:05:06-05:00"


@pytest.mark.parametrize(
    ("age", "made"),
    [(89, {"value": 89}), (90, {"value": 90, "comparator": ">="}), (104.5, {"value": 90, "comparator": ">="})],
)
def test_ages_over_89_become_90(age, made):
    years = {"unit": "a", "system": "http://unitsofmeasure.org", "code": "a"}
    given = {"resourceType": "Condition", "id": "c", "subject": {"reference": "Patient/p1"}}
    assert through({**given, "onsetAge": {"value": age, **years}})["onsetAge"] == {**years, **made}
    code = {"coding": [{"system": "http://loinc.org", "code": "30525-0"}]}
    seen = through(observation(code=code, valueQuantity={"value": age, **years}))
    assert seen["valueQuantity"] == {**years, **made}


# --- text --------------------------------------------------------------------------------------------


def test_an_address_in_an_observation_value_is_cleaned():
    engine = Engine()
    made = outcome(walker(engine=engine), observation(valueString=f"12 Alder Street, {SECRET}"), state())
    assert isinstance(made, Result)
    assert made.resource["valueString"] == "12 Alder Street, [NAME]"


def test_a_text_is_cleaned_for_its_own_patient():
    made = through(
        observation(note=[{"text": "Ada Bell is well", "authorString": "Dr. Bell", "time": "2015-03-05T00:00:00Z"}])
    )
    assert made["note"] == [{"text": "[NAME] is well", "time": "2015-02-16T00:00:00Z"}]


def test_a_note_is_cleaned_and_told_apart():
    made = outcome(walker(), note(NOTE.encode()), state())
    assert isinstance(made, Result)
    attachment = made.resource["content"][0]["attachment"]
    assert base64.b64decode(attachment["data"]) == b"Seen with [NAME] today."
    assert "title" not in attachment
    assert [(n.path, n.text, n.status) for n in made.notes] == [
        ("DocumentReference.content.attachment.data", "Seen with [NAME] today.", "deidentified")
    ]


def test_a_document_that_cannot_be_read_is_withheld():
    made = outcome(walker(), note(b"%PDF-1.7", "application/pdf"), state())
    assert isinstance(made, Result)
    assert "data" not in made.resource["content"][0]["attachment"]
    assert (made.notes[0].status, made.notes[0].text) == ("withheld", "")


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("TEXT/HTML; charset=UTF-8", "text/html"),
        (f"text/plain; name={SECRET}.txt", "text/plain"),
        (f"text/plain {SECRET}", ""),
        (f"text/{SECRET}", ""),
        (f"image/{SECRET.lower()} 4829137", ""),
        (SECRET, ""),
        ("4829137", ""),
        ({"family": SECRET}, ""),
    ],
)
def test_a_note_tells_its_content_type_and_nothing_else_that_was_written_there(told, kept):
    made = outcome(walker(), note(NOTE.encode(), told), state())
    assert isinstance(made, Result)
    assert [n.content_type for n in made.notes] == [kept]


@pytest.mark.parametrize("data", [5, True, ["QUJD"], {"a": "QUJD"}])
def test_data_that_is_no_text_is_withheld_and_counted(data):
    given, walk = note(b""), walker()
    given["content"][0]["attachment"]["data"] = data
    made = outcome(walk, given, state())
    assert isinstance(made, Result)
    assert [n.status for n in made.notes] == ["withheld"]
    assert "not Base64" in {reason for _, _, _, _, reason in walk.counts()}


def test_a_document_that_cannot_be_read_is_counted_with_the_reason():
    walk = walker()
    outcome(walk, note(b"%PDF-1.7", "application/pdf"), state())
    counted = {(path, action, reason): n for (_, path, action, _, reason), n in walk.counts().items()}
    assert counted["DocumentReference.content.attachment.data", "drop", "cannot be read"] == 1


def test_an_empty_note_leaves_no_empty_value():
    made = outcome(walker(), note(b""), state())
    assert isinstance(made, Result)
    assert made.resource["content"][0]["attachment"] == {"contentType": "text/plain"}


def test_a_note_that_the_engine_refuses_sets_the_resource_aside():
    assert refused(note(b"\xff\xfe\xfa")).reason == "note_cl1999"


def test_narrative_is_cleaned_or_dropped_by_the_policy():
    text = {"status": "additional", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{NOTE}</div>'}
    assert SECRET not in through(observation(text=text))["text"]["div"]
    assert "text" not in through(observation(text=text), "safe_harbor")


@pytest.mark.parametrize("div", ["<div>stable<br></div>", "<div>stable", "<div>a</div><div>b</div>", "<div>\x01</div>"])
def test_a_narrative_that_is_no_xhtml_is_left_behind_and_counted_and_its_resource_stays(div):
    walk = walker()
    made = outcome(walk, observation(text={"status": "additional", "div": div}), state())
    assert isinstance(made, Result)
    assert "text" not in made.resource
    counted = {(path, action, reason): n for (_, path, action, _, reason), n in walk.counts().items()}
    assert counted["Observation.text", "drop", "a narrative that is no XHTML"] == 1


@pytest.mark.parametrize("name", POLICIES)
def test_a_generated_narrative_is_left_behind(name):
    text = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">Systolic blood pressure</div>'}
    assert "text" not in through(observation(text=text), name)


def test_a_section_says_what_no_element_does_whatever_its_status():
    text = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">Start metformin 500 mg</div>'}
    made = through(
        {
            "resourceType": "Composition",
            "id": "c1",
            "status": "final",
            "type": LOINC,
            "subject": {"reference": "Patient/p1"},
            "date": "2015-03-05",
            "author": [{"reference": "Practitioner/d1"}],
            "title": "Summary",
            "text": text,
            "section": [{"title": "Plan", "text": text}],
        },
        "expert_determination",
    )
    assert "text" not in made
    assert made["section"][0]["text"] == {**text, "status": "additional"}


# --- codes -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "code", ["Bell, Ada", "5551234567", "ada@example.org", "seen by the doctor on the ward", SECRET]
)
def test_a_local_code_that_may_hold_a_person_is_masked(code):
    concept = {"coding": [{"system": "urn:oid:1.2.840.114350.1.13", "code": code, "display": "x"}], "text": "Pulse"}
    made = through(observation(code=concept))["code"]
    assert code not in json.dumps(made)
    assert made["text"] == "Pulse"


def test_a_local_code_stays_and_its_system_does_not_tell_whose_it_is():
    concept = {"coding": [{"system": "http://saint-elsewhere.org/codes", "code": "PULSE-1", "display": "Pulse"}]}
    made = through(observation(code=concept))["code"]["coding"]
    assert made == [{"system": "urn:chartline:system:x", "code": "PULSE-1"}]


@pytest.mark.parametrize(
    ("system", "public"),
    [
        ("http://loinc.org", True),
        ("http://loinc.org/", True),
        ("http://terminology.hl7.org/CodeSystem/v2-0360/2.7", True),
        ("http://hl7.org/fhir/us/core/CodeSystem/us-core-documentreference-category", True),
        ("http://hl7.org/fhir/sid/icd-10-cm", True),
        ("urn:oid:2.16.840.1.113883.6.238", True),
        ("http://loinc.org/patient/John", False),
        ("http://loinc.org.saint-elsewhere.org/codes", False),
        ("http://loinc.org?patient=4711", False),
        ("http://hl7.org/fhir/sid/us-ssn", False),
        ("http://hl7.org/fhir/sid/us-ssn/078051120", False),
        ("http://hl7.org/fhir/observation-status?mrn=4711", False),
        ("http://hl7.org/fhir/observation-status#4711", False),
        ("http://hl7.org/fhir/Patient/83004711", False),
        ("http://hl7.org/fhir/078-05-1120", False),
        ("http://hl7.org/fhir/john-smith", False),
        ("http://terminology.hl7.org/CodeSystem/garcia", False),
        ("http://hl7.org/fhir/Practitioner/house", False),
        ("http://hl7.org/fhir/Bell", False),
        (f"http://terminology.hl7.org/CodeSystem/of{SECRET}", False),
        ("http://terminology.hl7.org/NamingSystem/NCSBNID", False),
        ("urn:oid:2.16.840.1.113883.6.238.078051120", False),
        ("urn:iso:std:iso:3166:Bell", False),
    ],
)
def test_only_the_address_of_a_published_vocabulary_passes(system, public):
    made = through(observation(code={"coding": [{"system": system, "code": "a-1", "display": "Pulse"}]}))
    (coding,) = made["code"]["coding"]
    assert coding["system"] == (system if public else "urn:chartline:system:x")
    assert ("display" in coding) is public


def test_an_address_that_names_a_patient_is_local_to_that_patient_whoever_came_before():
    walk, code = walker(), {"coding": [{"system": "http://hl7.org/fhir/OldVexley", "code": "a1"}]}
    resource = {"resourceType": "Observation", "id": "o", "status": "final", "code": code}
    told = []
    for name in ("Bell", "Vexley", "Bell"):
        made = outcome(walk, resource, state(PatientContext(name, (Known("FAMILY", name),))))
        told.append(made.resource["code"]["coding"][0]["system"])
    assert told == [code["coding"][0]["system"], "urn:chartline:system:x", code["coding"][0]["system"]]


def test_a_public_display_stays_unless_it_names_somebody():
    stay = {"Systolic blood pressure": True, f"Pressure of {SECRET}": False, "Dr. Bell": False, "Bell palsy": True}
    for display, stays in stay.items():
        coding = {"system": "http://loinc.org", "code": "8480-6", "display": display}
        made = through(observation(code={"coding": [coding]}))["code"]
        assert ("display" in made["coding"][0]) is stays
        made = through(observation(code={"coding": [coding], "text": display}))["code"]
        assert (made["text"] == display) is stays


def test_a_unit_or_language_that_names_somebody_is_left_behind():
    made = through(observation(valueQuantity={"value": 1, "unit": SECRET, "code": SECRET}, language=SECRET))
    assert made["valueQuantity"] == {"value": 1}
    assert "language" not in made


@pytest.mark.parametrize("text", ["232-1245", "0.40 - 4.50", "70\u201399"])
def test_two_numbers_of_a_reference_range_are_no_telephone(text):
    made = through(observation(referenceRange=[{"text": text}, {"text": SECRET}]))
    assert made["referenceRange"][0]["text"] == text
    assert SECRET not in json.dumps(made)


def test_a_local_system_of_a_unit_has_a_name_that_tells_nothing():
    """A code without a system is no valid Quantity (qty-3)."""
    measure = {"value": 1, "unit": "mg", "system": "http://saint-elsewhere.org/units", "code": "mg"}
    made = through(observation(valueQuantity=measure))
    assert made["valueQuantity"] == measure | {"system": "urn:chartline:system:x"}


def test_an_organization_and_a_consent_say_that_something_is_masked_where_they_must_have_one_of_two():
    """Invariants org-1 and ppc-1."""
    made = through({"resourceType": "Organization", "id": "o", "name": SECRET, "identifier": [{"value": SECRET}]})
    assert made["_name"] == MASKED
    needed = {"status": "active", "scope": {"text": "care"}, "category": [{"text": "care"}]}
    made = through({"resourceType": "Consent", "id": "c", **needed, "policy": [{"uri": f"http://x.org/{SECRET}"}]})
    assert made["policyRule"] == MASKED


@pytest.mark.parametrize(
    "system",
    [
        "http://hl7.org/fhir/us/davinci-pdex/CodeSystem/ProvenanceAgentRoleType",
        "http://cancerstaging.org",
        "urn:oid:2.16.840.1.114222.4.5.327",
        "http://va.gov/terminology/medrt",
        "https://bluebutton.cms.gov/resources/variables/clm_drg_cd",
    ],
)
def test_codes_of_published_vocabularies_stay(system):
    coding = {"system": system, "code": "N0000175722", "display": "Staged"}
    assert through(observation(valueCodeableConcept={"coding": [coding]}))["valueCodeableConcept"]["coding"] == [coding]


@pytest.mark.parametrize(("code", "stays"), [("44054007", False), ("44054006", True)])
def test_an_edition_of_snomed_is_held_to_its_check_digit(code, stays):
    coding = {"system": "http://snomed.info/sct/731000124108", "code": code}
    made = through(observation(valueCodeableConcept={"coding": [coding]}))["valueCodeableConcept"]["coding"]
    assert ("code" in made[0]) is stays


def test_what_only_a_display_tells_is_a_text():
    made = through(observation(code={"coding": [{"display": "Hemoglobin"}]}))
    assert made["code"] == {"text": "Hemoglobin"}
    made = through(observation(code={"coding": [{"display": SECRET}]}))
    assert SECRET not in json.dumps(made)


def test_a_published_form_keeps_its_address():
    url = "http://hl7.org/fhir/us/sdoh-clinicalcare/Questionnaire/SDOHCC-QuestionnairePRAPARE"
    form = {"resourceType": "QuestionnaireResponse", "id": "q", "status": "completed", "questionnaire": url}
    assert through(form)["questionnaire"] == url


# --- meta --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "codes"),
    [("expert_determination", {"PSEUDED", "REDACTED"}), ("safe_harbor", {"PSEUDED", "REDACTED", "ABSTRED"})],
)
def test_meta_says_what_was_done_and_nothing_of_the_source(name, codes):
    meta = {
        "versionId": "7",
        "lastUpdated": "2020-01-02T03:04:05Z",
        "source": "http://saint-elsewhere.org/Ada",
        "profile": ["http://saint-elsewhere.org/profile"],
        "tag": [{"system": "http://saint-elsewhere.org", "code": "Ada"}],
        "security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}],
    }
    made = through(observation(meta=meta), name)["meta"]
    assert set(made) == {"security", "source"}
    assert made["source"] == f"urn:chartline:policy:{policy.load(name).hash}"
    assert {c["code"] for c in made["security"]} == {"R", *codes}


# --- what is set aside -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "place",
    [
        {"modifierExtension": [{"url": "http://x", "valueBoolean": True}]},
        {"component": [{"code": LOINC, "modifierExtension": [{"url": "http://x", "valueBoolean": True}]}]},
        {"contained": [{"resourceType": "Device", "modifierExtension": [{"url": "http://x", "valueBoolean": True}]}]},
    ],
)
def test_an_unknown_modifier_extension_sets_the_resource_aside(place):
    assert refused(observation(**place)).reason == "unknown_modifier_extension"


@pytest.mark.parametrize(
    "broken",
    [
        {"status": SECRET},
        {"component": SECRET},
        {"valueInteger": SECRET},
        {"category": [SECRET]},
        {"code": SECRET},
        {"contained": [SECRET]},
        {"contained": SECRET},
        {"note": {"text": SECRET}},
        {"subject": [SECRET]},
        {"referenceRange": [[SECRET]]},
    ],
)
def test_what_is_not_shaped_as_fhir_is_set_aside_or_left_behind_and_never_repeated(broken):
    made = outcome(walker(), observation(**broken), state())
    told = json.dumps(made.resource) if isinstance(made, Result) else f"{made!s} {made!r}"
    assert SECRET not in told


def test_a_required_element_that_may_not_stay_is_masked():
    made = through(
        {
            "resourceType": "Coverage",
            "id": "c",
            "status": "active",
            "beneficiary": {"display": "Ada"},
            "payor": [{"display": "Acme"}],
        }
    )
    reason = made["beneficiary"]["extension"][0]
    assert reason == {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "masked"}


# --- years only --------------------------------------------------------------------------------------


def test_years_only_keep_intervals_on_an_axis_of_hidden_origin():
    period = {"start": "2015-03-05T10:00:00Z", "end": "2015-03-07T22:00:00Z"}
    made = outcome(walker("safe_harbor"), observation(effectivePeriod=period), state(anchor=12345))
    assert isinstance(made, Result)
    assert made.resource["effectivePeriod"] == {"start": "2015", "end": "2015"}
    assert made.offsets["effectivePeriod.end"] - made.offsets["effectivePeriod.start"] == 2.5


def test_an_instant_cannot_be_a_year_and_is_left_behind():
    assert "issued" not in through(observation(issued="2015-03-05T10:00:00Z"), "safe_harbor")


# --- counts ------------------------------------------------------------------------------------------


def test_what_was_done_is_counted_by_path_and_rule_and_only_once():
    made = walker()
    outcome(
        made,
        observation(status="final", valueString=NOTE, color="red", encounter={"reference": "Encounter/e"}),
        state(),
    )
    counts = {(path, action, rule): n for (_, path, action, rule, _), n in made.counts().items()}
    assert counts["Observation.valueString", "clean-text", "Observation.valueString"] == 1
    assert counts["Observation.encounter", "reference", "Reference"] == 1
    assert counts["Observation.*", "drop", "default"] == 1
    assert not made.counts()


def test_what_is_remembered_is_counted_as_if_it_had_been_walked():
    made = walker()
    for _ in range(5):
        outcome(made, observation(), state())
    counts = {path: n for (_, path, *_), n in made.counts().items()}
    assert counts["Observation.code"] == counts["Observation.code.coding"] == counts["Observation.subject"] == 5


# --- the memory of phrases ---------------------------------------------------------------------------


def test_a_label_is_read_once_for_all_patients_without_its_words():
    engine = Engine()
    made = walker(engine=engine)
    for i in range(5):
        outcome(made, observation(), state(PatientContext(f"p{i}", (Known("FAMILY", f"Name{i}"),), offset_days=-3)))
    assert engine.calls.count("Systolic blood pressure") == 1


def test_a_free_text_is_cleaned_for_each_patient_anew():
    made = walker()
    for name in ("Archibald", "Bartholomew"):
        person = PatientContext("p", (Known("GIVEN", name),), offset_days=-3)
        for said in ("Archibald", "Bartholomew"):
            result = outcome(made, observation(code={**LOINC, "text": f"pulse of {said}"}), state(person))
            assert isinstance(result, Result)
            assert (said in result.resource["code"]["text"]) is (said != name)


def test_the_memory_of_one_patient_does_not_reach_another():
    made = walker()
    other = PatientContext("p2", (Known("FAMILY", "Systolic"),), offset_days=-3)
    for person, stays in ((PATIENT, True), (other, False), (PATIENT, True)):
        result = outcome(made, observation(), state(person))
        assert isinstance(result, Result)
        assert ("display" in result.resource["code"]["coding"][0]) is stays


def test_a_replaced_text_of_a_code_is_each_patients_own_in_any_order():
    class Surrogates(Engine):
        def clean(self, text, patient):
            return super().clean(text, patient).replace("[NAME]", f"[{patient.patient_id}]")

    concept = {"coding": [{"system": "http://loinc.org", "code": "1-8", "display": SECRET}], "text": SECRET}
    people = [PatientContext(name, (), "male", None, -9) for name in ("one", "two")]

    def texts(order):
        made = walker(engine=Surrogates())
        results = {p.patient_id: outcome(made, observation(code=concept), state(p)) for p in order}
        return {name: result.resource["code"]["text"] for name, result in results.items()}

    assert texts(people) == texts(people[::-1]) == {"one": "[one]", "two": "[two]"}


# --- every required element --------------------------------------------------------------------------


def test_dropping_any_required_element_is_refused_or_leaves_valid_fhir():
    from chartline.deid import importer, policy
    from chartline.errors import UsageError
    from chartline.fhir import definitions, validate
    from tests.end_to_end import canaries

    tree, base = definitions.load(), policy.load("expert_determination")
    dropped, kept = 0, set()
    for resource in canaries.resources()[0]:
        kind = resource["resourceType"]
        required = {f"{e.choice}[x]" if e.choice else n for n, e in tree[kind].elements.items() if e.required}
        for name in sorted(required) if kind in base.resources else ():
            rule = f'[paths]\n"{kind}.{name}" = {{ action = "drop", reason = "trial" }}\n'
            try:
                rules = policy.from_text(importer._head("shift") + rule)
            except UsageError as refused:
                assert refused.number == "CL2049"
                kept.add(f"{kind}.{name}")
                continue
            made = outcome(Deidentifier(rules, Phrases(Engine()), lambda system: "urn:x"), resource, state())
            assert isinstance(made, Result), (kind, name)
            assert validate.issues(made.resource) == validate.confirm(made.resource) == []
            assert "masked" in json.dumps(made.resource)
            dropped += 1
    assert dropped > 100
    assert {"Claim.insurance", "AllergyIntolerance.reaction"} & kept == {"Claim.insurance"}


# --- as it was written -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "decimal", ["1.10", "1.0", "-0.00", "1E1", "44", "-1234567.10", "0.000000000000000001", "0.123456789012345678"]
)
def test_a_decimal_keeps_its_precision(decimal):
    years = {"value": "#", "unit": "a"}
    given = observation(
        valueQuantity=years,
        component=[{"code": LOINC, "valueQuantity": years}],
        referenceRange=[{"age": {"low": years}, "low": {"value": "#"}}],
    )
    body = json.dumps(given).replace('"#"', decimal)
    result = written(walker(), body.encode(), "o", state())
    assert isinstance(result, Result)
    assert re.findall(rb'"value":([^,}]+)', result.json) == [decimal.encode()] * 4


@pytest.mark.parametrize("number", ["1e999", "01", "+1", ".5", "1.", "NaN", "Infinity", "0x10", "--1"])
def test_what_is_no_number_does_not_pass(number):
    body = json.dumps(observation(valueQuantity={"value": "#"})).replace('"#"', number)
    try:
        members(body.encode())
    except (ValueError, msgspec.MsgspecError):
        return
    made = written(walker(), body.encode(), "o", state())
    assert isinstance(made, Refused)
    assert number not in f"{made} {made!r} {made.rule}"


def test_a_name_written_as_the_code_of_a_public_vocabulary_is_masked_for_its_owner_alone():
    made = walker()
    for person, stays in ((PATIENT, False), (PatientContext("p2", (), offset_days=-3), True), (PATIENT, False)):
        result = outcome(
            made, observation(code={"coding": [{"system": "http://loinc.org", "code": "Bell"}]}), state(person)
        )
        assert isinstance(result, Result)
        assert ("code" in result.resource["code"]["coding"][0]) is stays


DRUGS = "http://mimic.mit.edu/fhir/mimic/CodeSystem/mimic-medication-name"


@pytest.mark.parametrize(
    ("code", "stays"),
    [
        ("Potassium Chloride Replacement (Critical Care and Oncology)", True),
        ("Albumin 5% (25g / 500mL)", True),
        ("Heparin Flush (10 units/ml)", True),
        ("Ada Bell", False),
        ("Chloride for Bell", False),
        ("given to Quixmire", False),
        ("Chloride 5551234567", False),
        ("Chloride to ward@example.org", False),
        ("Chloride  twice", False),
        (" ".join(["chloride"] * 12), False),
    ],
)
def test_words_as_the_code_of_a_public_vocabulary_stay_unless_they_tell_of_somebody(code, stays):
    made = through(observation(code={"coding": [{"system": DRUGS, "code": code}]}))["code"]["coding"][0]
    assert made.get("code") == (code if stays else None)


# --- persons inside a resource -----------------------------------------------------------------------


def test_what_a_contained_person_tells_is_known_to_the_texts_of_its_resource_and_of_no_other():
    made = walker()
    inside = [{"resourceType": "Practitioner", "id": "x", "name": [{"family": "Systolic", "given": ["Zed"]}]}]
    for contained, stays in (
        (inside, False),
        ([], True),
        (inside, False),
        ([{**inside[0], "resourceType": "Device"}], True),
    ):
        result = outcome(made, observation(contained=contained, valueString="Zed came"), state())
        assert isinstance(result, Result)
        assert ("display" in result.resource["code"]["coding"][0]) is stays
        assert ("Zed" in result.resource["valueString"]) is stays


def test_what_is_remembered_of_values_does_not_hold_the_patients_who_had_them():
    made, held = walker(), []
    for i in range(200):
        treated = state(PatientContext(f"p{i}", (Known("FAMILY", f"Name{i}"),), offset_days=-3))
        outcome(made, observation(code={"coding": [{"system": "urn:local", "code": f"c{i}"}]}), treated)
        held.append(weakref.ref(treated.about))
    gc.collect()
    assert sum(about() is not None for about in held) < 50


def test_a_waveform_stays_and_a_number_of_a_person_in_its_place_does_not():
    def made(data):
        sampled = {"origin": {"value": 0}, "period": 10, "dimensions": 1, "data": data}
        return through(observation(valueSampledData=sampled))["valueSampledData"].get("data")

    wave = "2041 2043 2037 2047 -2060.5 E 2051 2023 2014 U L 2027 2034 2033 2040 2047 2047 2053"
    assert made(wave) == wave
    assert made(f"{wave} {SECRET}") is None
    assert made(SECRET) is None


def test_of_a_waveform_nothing_is_read_as_text():
    engine = Engine()
    told = {"origin": {"value": 0}, "period": 10, "dimensions": 1, "data": " ".join(["2041"] * 500)}
    outcome(walker(engine=engine), observation(valueSampledData=told), state())
    assert not any("2041" in call for call in engine.calls)


def test_the_reason_for_an_absence_is_one_of_the_standard():
    url = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
    reasons = [{"url": url, "valueCode": "Zanzibar"}, {"url": url, "valueCode": "unknown"}]
    assert through(observation(extension=reasons))["extension"] == reasons[1:]


@pytest.mark.parametrize("number", [20240307, 19610409.0])
def test_a_day_written_as_a_number_stays_only_where_days_do(number):
    told = observation(valueQuantity={"value": number})
    assert "value" not in through(told).get("valueQuantity", {})
    assert through(told, "limited_data_set")["valueQuantity"]["value"] == number
    for other in (20241307, 20240230, 18991231, 2024030):
        assert through(observation(valueQuantity={"value": other}))["valueQuantity"]["value"] == other


def test_a_code_without_a_list_holds_no_number_of_a_person():
    made = through(observation(language="519099371", valueQuantity={"value": 1, "code": "519099371"}))
    assert "519099371" not in json.dumps(made)


@pytest.mark.parametrize("number", ["519-09-9371", "413-555-0177", "(413)555-0177", "1961-04-09"])
def test_a_public_code_is_not_shaped_as_a_number_of_a_person(number):
    made = through(observation(code={"coding": [{"system": "http://loinc.org", "code": number}]}))
    assert number not in json.dumps(made)


@pytest.mark.parametrize("code", ["0409-4888-10", "00409-488-02", "50-78-2", "271649006", "8480-6", "S72.001A"])
def test_a_public_code_stays(code):
    coding = {"system": "http://hl7.org/fhir/sid/ndc", "code": code}
    assert through(observation(code={"coding": [coding]}))["code"]["coding"] == [coding]


def test_a_year_of_death_is_not_over_before_the_person_died():
    told = {"resourceType": "Patient", "id": "p1", "deceasedDateTime": "2020", "birthDate": "1961"}
    made = through(told, patient=PatientContext("p1", (), "female", "1961", -220))
    assert (made["deceasedDateTime"], made["birthDate"]) == ("2020", "1960")


def test_a_note_names_pseudonyms_in_the_document_and_in_what_is_told_of_it():
    data = base64.b64encode(b"see Encounter/97845408").decode()
    note = {"resourceType": "DocumentReference", "id": "d", "status": "current", "subject": {"reference": "Patient/p1"}}
    note |= {"content": [{"attachment": {"contentType": "text/plain", "data": data}}]}
    made = outcome(walker("expert_determination"), note, state())
    (told,) = made.notes
    whole = base64.b64decode(made.resource["content"][0]["attachment"]["data"]).decode()
    assert told.text == whole
    assert re.fullmatch(r"see Encounter/[0-9a-f]{32}", whole)
