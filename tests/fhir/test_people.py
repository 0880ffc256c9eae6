"""What a record tells of a person: every identifying value, by type, and the row of bronze.people."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chartline.fhir import people
from chartline.fhir.known import Known
from chartline.fhir.people import known_values, person
from chartline.lake import tables

V2 = "http://terminology.hl7.org/CodeSystem/v2-0203"


def identifier(value, code=None, system=None):
    made = {"value": value} | ({"system": system} if system else {})
    return made | ({"type": {"coding": [{"system": V2, "code": code}]}} if code else {})


PATIENT = {
    "resourceType": "Patient",
    "id": "p1",
    "name": [
        {"use": "official", "family": "Roe", "given": ["Jane", "Quinn"], "prefix": ["Mrs."]},
        {"use": "maiden", "family": "Doe", "given": ["Jane"]},
    ],
    "telecom": [
        {"system": "phone", "value": "617-555-0100"},
        {"system": "email", "value": "jane@example.org"},
        {"system": "url", "value": "https://jane.example.org"},
        {"value": "jane@example.com"},
        {"value": "555-0199"},
    ],
    "identifier": [
        identifier("2022987", "MR"),
        identifier("999-98-1168", "SS"),
        identifier("999-98-1169", None, "http://hl7.org/fhir/sid/us-ssn"),
        identifier("999-98-1170", None, "urn:oid:2.16.840.1.113883.4.1"),
        identifier("S58375330", "DL"),
        identifier("X11092798X", "PPN"),
        identifier("plain"),
    ],
    "gender": "female",
    "birthDate": "1970-02-03",
    "address": [
        {"use": "old", "line": ["1 Old Road"], "city": "Salem", "state": "OR", "postalCode": "97301"},
        {
            "line": ["495 Western Ave", "Apt 2"],
            "city": "Boston",
            "district": "Suffolk County",
            "state": "MA",
            "postalCode": "02135",
        },
    ],
    "contact": [
        {
            "name": {"family": "Poe", "given": ["Max"]},
            "telecom": [{"system": "phone", "value": "617-555-0101"}],
            "address": {"line": ["9 Elm St"]},
        }
    ],
    "extension": [
        {"url": "http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName", "valueString": "Ada Loe"},
        {
            "url": "http://hl7.org/fhir/StructureDefinition/patient-birthPlace",
            "valueAddress": {"city": "Lowell", "country": "US"},
        },
        {"url": "http://example.org/other", "valueString": "not a name"},
        {
            "url": "http://example.org/more",
            "extension": [
                {"url": "guardian", "valueHumanName": {"family": "Coe", "given": ["Thad"]}},
                {"url": "other", "valueContactPoint": {"system": "phone", "value": "617-555-0177"}},
                {"url": "legacy", "valueIdentifier": {"value": "QX-99182"}},
            ],
        },
    ],
}


@pytest.mark.parametrize(
    "known",
    [
        ("NAME", "Jane Quinn Roe"),
        ("NAME", "Jane Roe"),
        ("NAME", "Jane Doe"),
        ("GIVEN", "Jane"),
        ("GIVEN", "Thad"),
        ("FAMILY", "Coe"),
        ("PHONE", "617-555-0177"),
        ("ID", "QX-99182"),
        ("GIVEN", "Quinn"),
        ("FAMILY", "Roe"),
        ("FAMILY", "Doe"),
        ("PHONE", "617-555-0100"),
        ("EMAIL", "jane@example.org"),
        ("URL", "https://jane.example.org"),
        ("EMAIL", "jane@example.com"),
        ("PHONE", "555-0199"),
        ("MRN", "2022987"),
        ("SSN", "999-98-1168"),
        ("SSN", "999-98-1169"),
        ("SSN", "999-98-1170"),
        ("ID", "S58375330"),
        ("ID", "X11092798X"),
        ("ID", "plain"),
        ("STREET", "1 Old Road"),
        ("STREET", "495 Western Ave"),
        ("STREET", "Apt 2"),
        ("CITY", "Salem"),
        ("CITY", "Boston"),
        ("CITY", "Suffolk County"),
        ("ZIP", "97301"),
        ("ZIP", "02135"),
        ("RELATIVE", "Max Poe"),
        ("GIVEN", "Max"),
        ("FAMILY", "Poe"),
        ("PHONE", "617-555-0101"),
        ("STREET", "9 Elm St"),
        ("RELATIVE", "Ada Loe"),
        ("FAMILY", "Loe"),
        ("CITY", "Lowell"),
        ("BIRTHDATE", "1970-02-03"),
    ],
)
def test_a_patient_is_known_by(known):
    assert Known(*known) in known_values(PATIENT)


def test_nothing_else_is_known():
    found = known_values(PATIENT)
    assert len(found) == len(set(found)) == 41
    told = {k.value for k in found}
    assert not told & {"MA", "US", "female", "Mrs.", "not a name", "p1"}


@pytest.mark.parametrize(
    ("text", "given_", "family"),
    [
        ("Dr. Jane Q. Doe", ["Jane", "Q."], ["Doe"]),
        ("Doe, Jane Q.", ["Jane", "Q."], ["Doe"]),
        ("van der Berg, Anna", ["Anna"], ["van", "der", "Berg"]),
        ("Jane Doe, MD", ["Jane"], ["Doe"]),
        ("Jane Doe Jr.", ["Jane"], ["Doe"]),
        ("Cher", [], ["Cher"]),
        ("Dr.", [], []),
    ],
)
def test_a_name_told_as_text_only_has_its_parts(text, given_, family):
    found = known_values({"resourceType": "Patient", "name": [{"text": text}]})
    assert [k.value for k in found if k.type == "GIVEN"] == given_
    assert [k.value for k in found if k.type == "FAMILY"] == family
    assert Known("NAME", text) in found


def test_text_beside_parts_is_not_cut():
    name = {"text": "Jane of the Doe family", "given": ["Jane"], "family": "Doe"}
    parts = [
        k.value for k in known_values({"resourceType": "Patient", "name": [name]}) if k.type in ("GIVEN", "FAMILY")
    ]
    assert parts == ["Jane", "Doe"]


@pytest.mark.parametrize(
    "text",
    ['Zebulon "Zippy" Roe', "Roe, Zebulon 'Zippy'", "Dr. Zebulon (Zippy) Roe", "Zebulon \u201cZippy\u201d Roe III"],
)
def test_what_somebody_is_called_in_quotes_is_a_given_name(text):
    for name in ({"text": text}, {"text": text, "family": "Roe", "given": ["Zebulon"]}):
        found = set(known_values({"resourceType": "Patient", "id": "p", "name": [name]}))
        assert {Known("GIVEN", "Zippy"), Known("GIVEN", "Zebulon"), Known("FAMILY", "Roe")} <= found
        assert not {k.value for k in found if k.type in ("GIVEN", "FAMILY")} - {"Zippy", "Zebulon", "Roe"}


@pytest.mark.parametrize(
    "text", ["Zebulon Roe (deceased)", "Zebulon Roe (Father)", "Zebulon (MD) Roe", "Zebulon O'Roe's"]
)
def test_what_else_stands_in_brackets_is_no_name(text):
    told = known_values({"resourceType": "Patient", "id": "p", "name": [{"text": text, "given": ["Zebulon"]}]})
    assert [k.value for k in told if k.type in ("GIVEN", "FAMILY")] == ["Zebulon"]


def test_a_related_person_is_a_relative():
    mother = {"resourceType": "RelatedPerson", "id": "r", "name": [{"family": "Doe", "given": ["Mary"]}]}
    assert {k.type for k in known_values(mother)} == {"RELATIVE", "GIVEN", "FAMILY"}


@pytest.mark.parametrize("text", ["Paternal grandmother", "Brother 2", "Unknown"])
def test_a_history_tells_the_names_of_relatives_and_no_word_for_one(text):
    history = {"resourceType": "FamilyMemberHistory", "patient": {"reference": "Patient/p"}}
    told = person(history | {"id": "f", "name": "Orville Stackpole"})
    assert told["patient_id"] == "p"
    assert told["known"][0] == {"type": "RELATIVE", "value": "Orville Stackpole"}
    assert known_values(history | {"name": text}) == ()


@pytest.mark.parametrize(
    ("element", "value", "known"),
    [
        ("generalPractitioner", [{"reference": "Practitioner/1", "display": "Dr. Ida Lund"}], ("FAMILY", "Lund")),
        ("generalPractitioner", [{"type": "Practitioner", "display": "Dr. Ida Lund"}], ("GIVEN", "Ida")),
        (
            "generalPractitioner",
            [{"reference": "x/Organization/1", "display": "Elm Care"}],
            ("ORGANIZATION", "Elm Care"),
        ),
        ("managingOrganization", {"display": "Elm Care"}, ("ORGANIZATION", "Elm Care")),
        ("contact", [{"organization": {"display": "Elm Works"}}], ("ORGANIZATION", "Elm Works")),
        ("generalPractitioner", [{"reference": "PractitionerRole/1", "display": "Lund, Cardiology"}], None),
        ("generalPractitioner", [{"display": "Front desk"}], None),
    ],
)
def test_who_is_named_only_beside_a_reference_is_known(element, value, known):
    found = known_values({"resourceType": "Patient", element: value})
    assert Known(*known) in found if known else found == ()


def test_a_practitioner_has_a_name_and_licences():
    doctor = {
        "resourceType": "Practitioner",
        "name": [{"family": "Nguyen", "given": ["Grace"], "prefix": ["Dr."]}],
        "identifier": [identifier("9999816444", None, "http://hl7.org/fhir/sid/us-npi")],
        "qualification": [{"identifier": [identifier("MA-12345")], "code": {"text": "MD"}}],
    }
    found = set(known_values(doctor))
    assert {Known("NAME", "Grace Nguyen"), Known("ID", "9999816444"), Known("ID", "MA-12345")} <= found


@pytest.mark.parametrize("kind", ["Organization", "Location"])
def test_a_place_is_known_by_name_and_alias(kind):
    contact = {"name": {"text": "Max Poe"}, "telecom": [{"system": "email", "value": "max@example.org"}]}
    place = {"resourceType": kind, "name": "St. Mary", "alias": ["SMH"], "contact": [contact]}
    found = set(known_values(place))
    assert {Known("ORGANIZATION", "St. Mary"), Known("ORGANIZATION", "SMH"), Known("NAME", "Max Poe")} <= found
    address = {"resourceType": "Location", "address": {"line": ["495 Western Ave"]}}
    assert known_values(address) == (Known("STREET", "495 Western Ave"),)


def test_a_person_is_a_row_of_the_table():
    row = person(PATIENT | {"link": [{"type": "replaces", "other": {"reference": "Patient/p0"}}]})
    columns = {c.name for c in tables.schema("bronze.people").columns}
    assert set(row) == columns - {"run_id"}
    assert (row["person_id"], row["patient_id"], row["gender"]) == ("p1", "p1", "female")
    assert (row["birth_date"], row["zip"], row["state"]) == ("1970-02-03", "02135", "MA")
    assert row["links"] == [{"type": "replaces", "target": "Patient/p0"}]
    assert row["known"] == [{"type": k.type, "value": k.value} for k in known_values(PATIENT)]


@pytest.mark.parametrize(
    ("died", "told"),
    [
        ({"deceasedDateTime": "2020-05"}, "2020-05"),
        ({"deceasedBoolean": True}, "true"),
        ({"deceasedBoolean": False}, None),
        ({}, None),
    ],
)
def test_death(died, told):
    assert person(PATIENT | died)["death_date"] == told


@pytest.mark.parametrize(
    ("reference", "patient"),
    [
        ("Patient/p1", "p1"),
        ("Patient/p1/_history/2", "p1"),
        ("https://ehr.example.org/fhir/Patient/p1", "p1"),
        ("Group/g1", None),
    ],
)
def test_a_relative_names_the_patient(reference, patient):
    row = person({"resourceType": "RelatedPerson", "id": "r", "patient": {"reference": reference}})
    assert (row["patient_id"], row["person_id"]) == (patient, None)


def test_only_an_old_address_is_better_than_none():
    assert person(PATIENT | {"address": PATIENT["address"][:1]})["zip"] == "97301"


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(sorted(PATIENT)), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(people.PARTIES), st.dictionaries(st.sampled_from(sorted(PATIENT)[:-1]), ANY))
def test_elements_of_a_wrong_shape_are_passed_over(kind, body):
    known = person(body | {"resourceType": kind})["known"]
    assert all(isinstance(k["value"], str) and k["value"].strip() for k in known)


def test_no_value_is_shown_by_repr():
    assert "Jane" not in repr(known_values(PATIENT))


def test_generated_patients_tell_who_they_are(hospital):
    told = [
        {k.type for k in known_values(entry["resource"])}
        for path in sorted(hospital.glob("*.json"))
        for entry in orjson.loads(path.read_bytes())["entry"]
        if entry["resource"]["resourceType"] == "Patient"
    ]
    everything = {"NAME", "GIVEN", "FAMILY", "PHONE", "EMAIL", "STREET", "CITY", "ZIP", "SSN", "MRN", "ID", "BIRTHDATE"}
    assert len(told) >= 3 and all(everything - {"ID", "EMAIL"} <= found for found in told)


def test_mimic_patients_are_known_by_name_number_and_birth(corpora):
    import gzip

    (path,) = (corpora / "fhir" / "mimic_iv_fhir_demo_2.1.0" / "fhir").glob("*Patient.ndjson.gz")
    patients = [orjson.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]
    assert len(patients) == 100
    assert {frozenset(k.type for k in known_values(p)) for p in patients} == {
        frozenset({"NAME", "FAMILY", "ID", "BIRTHDATE"})
    }


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("12 Quill St Apt 4, Dunmoor OH 45402-1234, USA", ["12 Quill St Apt 4", "Dunmoor", "45402-1234"]),
        (
            "Flat 2B, 19 Quill Mews\nUpper Dunmoor\nBN17 5AB\nUnited Kingdom",
            ["19 Quill Mews", "Upper Dunmoor", "BN17 5AB"],
        ),
        ("1 Quill Rd; Dunmoor ON M5V 3L9", ["1 Quill Rd", "Dunmoor", "M5V 3L9"]),
        ("PO Box 12, Dunmoor", ["PO Box 12", "Dunmoor"]),
        ("homeless", []),
    ],
)
def test_an_address_told_as_text_only_has_its_parts(text, parts):
    told = {k.value: k.type for k in known_values({"resourceType": "Patient", "address": [{"text": text}]})}
    assert told[text] == "STREET"
    assert set(parts) <= told.keys()
    assert not {"United Kingdom", "USA", "OH", "ON"} & told.keys()
    assert ("homeless", "CITY") not in told.items()
    beside = known_values({"resourceType": "Patient", "address": [{"text": text, "line": ["12 Quill St"]}]})
    assert {k.value for k in beside} == {text, "12 Quill St"}


@pytest.mark.parametrize(
    ("value", "known"),
    [
        ("mailto:ada@quill.example", Known("EMAIL", "ada@quill.example")),
        ("tel:+1-419-555-0147", Known("PHONE", "+1-419-555-0147")),
        ("sms:419-555-0147", Known("PHONE", "419-555-0147")),
    ],
)
def test_a_telecom_is_known_without_the_scheme_before_it(value, known):
    assert known in known_values({"resourceType": "Patient", "telecom": [{"value": value}]})


def test_the_own_and_the_partners_name_in_a_family_name_are_known():
    url = "http://hl7.org/fhir/StructureDefinition/humanname-{}-name"
    told = [{"url": url.format(which), "valueString": name} for which, name in (("own", "Ostrova"), ("partner", "Loe"))]
    name = {"family": "Roe", "_family": {"extension": told}}
    found = people.known_values({"resourceType": "Patient", "id": "p", "name": [name]})
    assert {("FAMILY", "Ostrova"), ("FAMILY", "Loe")} <= {(k.type, k.value) for k in found}
