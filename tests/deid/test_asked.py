"""A question for who somebody is, and the answer to it."""

from typing import Any

import pytest

from chartline.deid import asked
from tests.deid.walking import through

SUBJECT = {"reference": "Patient/p1"}
FORM = {"resourceType": "QuestionnaireResponse", "id": "q", "status": "completed", "subject": SUBJECT}
OF_WHOM = [
    *("Name", "First name", "firstName", "What is your full name?", "patient_last_name", "Mother's maiden name"),
    *("Name of emergency contact", "Emergency contact's first name", "Street address", "Address line 2", "homeAddress"),
    *("What address do you live at?", "Phone", "Telephone number", "phoneNumber", "Mobile no.", "E-mail"),
    *("Social Security Number", "SSN", "MRN", "Medical record number", "Member ID", "Driver's license number"),
    *("Driver license", "License plate", "VIN", "Device serial number", "Certificate number", "Bank account"),
    *("Credit card", "Student ID", "Badge number", "Prescription number", "Aadhaar", "Instagram handle", "School name"),
    *("Where do you live?", "Which school do you attend?"),
    *("Employer", "Signature", "Name of your doctor", "/54114-4/54125-0", "Please enter your surname"),
    "emailAddress",
    *("Your full name please", "Print name", "Pt name", "Given name(s)", "Other names used", "Last name at birth"),
    *("Name (First Last)", "Patient Name (Last, First)", "Name of person completing this form", "Signed by", "PCP"),
    *("Patient signature (type your name)", "Emergency Contact 1", "Next of kin", "Parent/guardian", "Aliases", "AKA"),
    *("Healthcare proxy", "Interviewer", "User ID", "Screen name", "What do you like to be called?"),
    *("Vorname", "Nom de famille", "Apellidos"),
    *("SSN last four", "Last 4 of Social", "Account #", "Military service number", "License plate of vehicle", "LNAME"),
    *("Provider", "Referred by", "Referring provider name", "Doctor", "Who is your doctor?", "Nurse", "Witness"),
    *("Which doctor do you usually see?", "Place of employment", "Where do you work?", "Person to notify"),
    *("What school does your child attend?", "Children (names and ages)", "Attending"),
]
OF_WHERE = [
    "City",
    "What city do you live in?",
    "ZIP code",
    "postalCode",
    "Postcode",
    "County of residence",
    "/45401-7",
    "Hometown",
]
MASKED = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": "masked"}]}
OF_OTHER = [
    *("Name of medication", "Name the current president", "Which drug names do you recall?", "Employment status"),
    *("Number of children", "Number of falls", "Do you own a telephone?", "Hours on the phone a day"),
    *("Place of delivery", "Country of birth", "Marital status", "Page 2", "Site", "Number", "Initial dose"),
    *("Blood type", "Homework", "Post-operative pain", "Identified problem", "Address the pain", "Line type", "Case"),
    *(
        "Mother",
        "Contact lenses",
        "Signed consent",
        "Last dose",
        "Called 911",
        "First pregnancy",
        "Who completed the form",
    ),
    *("Do you live alone?", "Plate count", "Serial creatinine", "Do you have a driver's license?", "Account of injury"),
    *("Work schedule", "Nursing care", "Doctor visits", "Specialist needed", "Last four weeks", "Where does it hurt?"),
    *("Do you have a primary care physician", "Name three objects", "Contact with a case", "Study name"),
]


@pytest.mark.parametrize("question", OF_WHOM)
def test_a_question_for_a_person_is_known(question):
    assert asked.asks(question, where=False)


@pytest.mark.parametrize("question", OF_WHERE)
def test_a_question_for_a_town_is_one_where_towns_may_not_stay(question):
    assert asked.asks(question, where=True)
    assert not asked.asks(question, where=False)


@pytest.mark.parametrize("question", OF_OTHER)
def test_other_questions_are_left_alone(question):
    assert not asked.asks(question, where=True)


def answered(question: str, *answers: dict[str, Any], policy: str = "safe_harbor") -> Any:
    """The answers of an item that stay."""
    item = {"linkId": "1", "item": [{"linkId": "1.1", "text": question, "answer": list(answers)}]}
    return through({**FORM, "item": [item]}, policy)["item"][0]["item"][0].get("answer")


@pytest.mark.parametrize("policy", ["safe_harbor", "expert_determination", "limited_data_set"])
@pytest.mark.parametrize("answer", [{"valueString": "Zosimaretta"}, {"valueInteger": 48291}, {"valueDecimal": 4829.0}])
def test_what_answers_a_question_for_a_person_does_not_stay(answer, policy):
    assert answered("First name", answer, policy=policy) is None
    assert answered("Favourite food", answer, policy=policy) == [answer]


def test_a_town_that_is_asked_for_stays_where_towns_may():
    said = {"valueString": "Oberquillingen"}
    assert answered("City", said) is None
    assert answered("City", said, policy="limited_data_set") == [said]


def test_what_cannot_tell_who_it_is_stays_and_so_do_the_items_below_an_answer():
    below = {"linkId": "1.1.1", "text": "Pain", "answer": [{"valueInteger": 3}]}
    yes, name = {"valueBoolean": True}, {"valueString": "Zosimaretta", "item": [below]}
    assert answered("Phone", yes, name) == [yes, {"item": [below]}]


@pytest.mark.parametrize("group", ["Name", "Emergency contact name", "Home address", "Insurance", "Employer"])
def test_the_items_of_a_group_that_asks_so_have_no_answer(group):
    below = [
        {"linkId": f"1.{i}", "text": text, "answer": [{"valueString": "Zosimaretta"}]} for i, text in enumerate("AB")
    ]
    made = through({**FORM, "item": [{"linkId": "1", "text": group, "item": below}]})["item"][0]["item"]
    assert [item.get("answer") for item in made] == [None, None]
    (other,) = through({**FORM, "item": [{"linkId": "1", "text": "Symptoms", "item": below[:1]}]})["item"]
    assert other["item"][0]["answer"] == [{"valueString": "Zosimaretta"}]


def test_what_a_task_is_told_so_goes():
    asked_so = [
        {"type": {"text": "MRN"}, "valueInteger": 88172},
        {"type": {"text": "Patient name"}, "valueCodeableConcept": {"text": "Zosimaretta"}},
    ]
    kept = {"type": {"text": "Doses"}, "valueInteger": 2}
    task = {"resourceType": "Task", "id": "t", "status": "requested", "intent": "order", "for": SUBJECT}
    made = through({**task, "input": [*asked_so, kept], "output": asked_so[:1]})
    assert made["input"] == [kept]
    assert "output" not in made


def test_an_observation_that_was_asked_so_has_no_value():
    told = {"valueString": "Zosimaretta Alley 9"}
    of_address = {"coding": [{"system": "http://loinc.org", "code": "56799-0", "display": "Address"}]}
    seen = {"resourceType": "Observation", "id": "o", "status": "final", "subject": SUBJECT}
    masked = MASKED
    alone = through({**seen, "code": of_address, **told})
    assert "valueString" not in alone
    assert alone["dataAbsentReason"] == masked
    parts = [{"code": of_address, **told}, {"code": {"text": "Housing"}, "valueString": "own home"}]
    made = through({**seen, "code": {"text": "Social history"}, "component": parts})["component"]
    assert made == [{"code": of_address, "dataAbsentReason": masked}, parts[1]]


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("Social security number", {"valueQuantity": {"value": 412697}}),
        ("ZIP code", {"valueInteger": 53593}),
        ("First name", {"valueCodeableConcept": {"text": "Zosimaretta"}}),
    ],
)
def test_a_component_that_is_asked_so_has_no_value_of_any_type(code, said):
    seen = {"resourceType": "Observation", "id": "o", "status": "final", "subject": SUBJECT, "code": {"text": "Intake"}}
    (made,) = through({**seen, "component": [{"code": {"text": code}, **said}]})["component"]
    assert made.keys() & said.keys() == set()
    assert made["dataAbsentReason"] == MASKED


@pytest.mark.parametrize("display", ["Patient Name", "Street address", "Member ID"])
def test_what_only_the_words_of_a_local_code_ask_has_no_answer(display):
    local = {"coding": [{"system": "urn:oid:1.2.3.4", "code": "7", "display": display}]}
    seen = {"resourceType": "Observation", "id": "o", "status": "final", "subject": SUBJECT}
    told = {"valueString": "Zosimaretta"}
    alone = through({**seen, "code": local, **told})
    components = [{"code": {"text": "Gait"}, **told}, {"code": local, **told}]
    parts = through({**seen, "code": {"text": "Panel"}, "component": components})
    assert "valueString" not in alone
    assert ["valueString" in part for part in parts["component"]] == [True, False]


@pytest.mark.parametrize("policy", ["safe_harbor", "expert_determination", "limited_data_set"])
def test_a_form_of_a_hospital_has_a_made_name_and_a_published_one_its_own(policy):
    def form(address):
        return through({**FORM, "questionnaire": address}, policy)["questionnaire"]

    assert form("https://zosima-hospital.example.org/Questionnaire/intake|1.1") == "urn:chartline:system:x"
    assert form("Questionnaire/intake") == "urn:chartline:system:x"
    assert form("http://loinc.org|2.7") == "http://loinc.org"
