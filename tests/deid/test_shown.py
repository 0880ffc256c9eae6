"""Who is named only by the words beside a reference: names and places are known, roles and departments are not."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chartline.deid import shown
from chartline.fhir.known import Known


@pytest.mark.parametrize(
    ("display", "name"),
    [
        ("Dr. Ottoline Farrowick", "Ottoline Farrowick"),
        ("Farrowick, Ottoline, MD", "Ottoline Farrowick"),
        ("Ottoline Q. Farrowick PA-C", "Ottoline Q Farrowick"),
        ("Nurse Nancy RN", "Nancy"),
        ("Dr. Long", "Long"),
        ("Grace Long", "Grace Long"),
        ("Sugar, Autumn", "Autumn Sugar"),
        ("Linh Do", "Linh Do"),
        ("LINH FARROWICK DO", "LINH FARROWICK"),
        ("Dr. Xavier123 Foo456", "Xavier123 Foo456"),
        ("Farrowick", "Farrowick"),
        ("Mark Day, RN", "Mark Day"),
        ("OTTOLINE M. FARROWICK, M.D., P.C.", "OTTOLINE M FARROWICK"),
    ],
)
def test_a_person_is_called_as_the_display_says_without_title_and_degree(display, name):
    assert shown.person(display) == name


@pytest.mark.parametrize(
    "display",
    [
        *(
            "Attending physician",
            "Primary care",
            "Self",
            "Nurse",
            "Charge Nurse",
            "Float, Nurse",
            "Hospitalist",
            "Dr.",
            "RN",
        ),
        *(
            "Front desk",
            "Lund, Cardiology",
            "Wound Ostomy RN",
            "Radiologist On Call",
            "Glucose",
            "Acute bronchitis",
            "Mom",
        ),
        *(
            "Warfarin 1 MG TAB",
            "Emergency Department",
            "Intensivist",
            "Unknown, Provider",
            "Mirth, Interface",
            "Home",
            "",
        ),
    ],
)
def test_a_role_or_a_thing_is_nobody(display):
    assert shown.person(display) == ""


@pytest.mark.parametrize(
    ("display", "names"),
    [
        ("7 Merribeck", ("7 Merribeck", "Merribeck")),
        ("ST. QUILLMARK MEDICAL CENTER", ("ST. QUILLMARK MEDICAL CENTER", "QUILLMARK")),
        *(
            (t, ())
            for t in ("ICU", "CVICU 3", "PACU", "4 West", "Emergency Department", "Room 12", "Cardiology Clinic")
        ),
        *(
            (t, ())
            for t in ("Medsurg 4", "Outpatient Surgery", "South Wing, second floor", "Orthopaedics", "Main Campus")
        ),
        *(
            (t, ())
            for t in ("Labor and Delivery", "Children's Hospital", "General Hospital", "Community Health Center", "")
        ),
    ],
)
def test_a_place_is_known_when_it_is_called_after_something(display, names):
    assert shown.place(display) == names


@pytest.mark.parametrize(
    ("element", "reference", "known"),
    [
        ("individual", {"reference": "Practitioner/1"}, [Known("STAFF", "Ottoline Farrowick")]),
        ("performer", {"reference": "urn:uuid:1"}, [Known("STAFF", "Ottoline Farrowick")]),
        ("requester", {}, [Known("STAFF", "Ottoline Farrowick")]),
        ("member", {"type": "RelatedPerson"}, [Known("RELATIVE", "Ottoline Farrowick")]),
        ("subject", {"reference": "https://ehr/Patient/1/_history/2"}, [Known("NAME", "Ottoline Farrowick")]),
        ("subject", {}, [Known("NAME", "Ottoline Farrowick")]),
        ("performer", {"reference": "Device/1"}, []),
        ("reasonReference", {}, []),
        ("reasonReference", {"reference": "Condition/1"}, []),
    ],
)
def test_who_is_known_is_told_by_the_target_else_by_the_element(element, reference, known):
    assert told({element: reference | {"display": "Ottoline Farrowick"}}) == set(known)
    assert told({element: [reference | {"display": "Ottoline Farrowick"}]}) == set(known)


@pytest.mark.parametrize(
    ("element", "reference", "known"),
    [
        ("serviceProvider", {}, {"Merribeck Hospital", "Merribeck"}),
        ("performer", {}, {"Merribeck Hospital", "Merribeck"}),
        ("actor", {"reference": "Location/1"}, {"Merribeck Hospital", "Merribeck"}),
        ("policyHolder", {"reference": "Organization/1"}, {"Merribeck Hospital", "Merribeck"}),
        ("organization", {"identifier": {"system": "http://x", "value": "1"}}, {"Merribeck Hospital", "Merribeck"}),
        ("payor", {"reference": "Organization/1"}, set()),
        ("payor", {"identifier": {"value": "1"}}, set()),
        ("insurer", {}, set()),
    ],
)
def test_a_place_is_an_organisation_unless_it_pays(element, reference, known):
    assert told({element: reference | {"display": "Merribeck Hospital"}}) == {Known("ORGANIZATION", v) for v in known}


def told(tree, index=()):
    pieces = shown.fragments(json.dumps(tree, separators=(",", ":")).encode())
    found = (shown.read(piece.decode(), dict(index)) for piece in pieces)
    return {known for one in found if one for known in one.known}


def test_what_a_urn_refers_to_is_told_by_the_bundle():
    tree = {"performer": {"reference": "urn:uuid:1", "display": "Ottoline Farrowick"}}
    assert told(tree, {"urn:uuid:1": "RelatedPerson/1"}) == {Known("RELATIVE", "Ottoline Farrowick")}
    assert told(tree, {"urn:uuid:1": "Specimen/1"}) == set()


def test_who_is_contained_is_known_with_all_that_identifies():
    inner = {"resourceType": "Practitioner", "id": "a", "name": [{"family": "Farrowick", "given": ["Ottoline"]}]}
    inner["telecom"] = [{"system": "phone", "value": "617-555-0123"}]
    relative = {"resourceType": "RelatedPerson", "id": "b", "name": [{"text": "Odo Winslade"}]}
    known = told({"resourceType": "Observation", "contained": [inner, relative, {"resourceType": "Medication"}, "x"]})
    assert {
        Known("STAFF", "Ottoline Farrowick"),
        Known("PHONE", "617-555-0123"),
        Known("RELATIVE", "Odo Winslade"),
    } <= known
    assert told({"resourceType": "Observation", "contained": inner}) == set()


def test_who_wrote_an_annotation_in_words_alone_is_known():
    note = {"authorString": "Dr. Ottoline Farrowick", "text": "seen"}
    assert told({"resourceType": "Condition", "note": [note, {"authorString": "Nurse", "text": "x"}]}) == {
        Known("STAFF", "Ottoline Farrowick")
    }


NAMES = st.sampled_from(["Ottoline Farrowick", 'Dr. Jos\u00e9 "Pip" Winslade', "Oldenfell, Tarquin", "Ada\\Quixmire"])
PERSON = st.sampled_from(
    [
        {"reference": "Practitioner/1"},
        {"type": "Practitioner"},
        {"type": "Practitioner", "reference": "urn:uuid:1", "id": "x"},
        {
            "identifier": {
                "system": "http://npi",
                "type": {"coding": [{"code": "NPI", "display": "Number"}]},
                "value": "1",
            }
        },
    ]
)
CODE = {"coding": [{"system": "http://loinc.org", "code": "8480-6", "display": "Ottavio Pellworth syndrome"}]}


@given(st.lists(st.tuples(PERSON, NAMES, st.booleans()), max_size=4), st.sampled_from([None, 2]), st.booleans())
def test_every_person_beside_a_reference_is_read_however_it_is_written(persons, indent, ascii_only):
    made = [
        {"display": name, **at} if first and "identifier" not in at else {**at, "display": name}
        for at, name, first in persons
    ]
    tree = {"code": CODE, "performer": made, "category": [CODE], "valueString": 'he said "display":"no" {'}
    raw = json.dumps(tree, indent=indent, ensure_ascii=ascii_only).encode()
    found = [shown.read(piece.decode(), {}) for piece in shown.fragments(raw)]
    assert sorted(k.value for one in found if one for k in one.known) == sorted(
        shown.person(name) for _, name, _ in persons
    )


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("blank", ["", " "])
def test_a_code_of_the_object_around_hides_nobody(indent, blank):
    tree = {"relatesTo": [{"code": "signs", "target": {"type": "Practitioner", "display": "Dr. Ottoline Farrowick"}}]}
    raw = json.dumps(tree, indent=indent, separators=(",", f":{blank}")).encode()
    (found,) = [shown.read(piece.decode(), {}) for piece in shown.fragments(raw)]
    assert found is not None
    assert Known("STAFF", "Ottoline Farrowick") in found.known


def test_only_whom_no_party_tells_is_new():
    pieces = {
        b"1": shown.Shown("Practitioner/1", (Known("STAFF", "Ottoline Farrowick"),)),
        b"2": shown.Shown("Patient/1", (Known("NAME", "Ada Quixmire"),)),
        b"3": shown.Shown("Patient/2", (Known("NAME", "Ada Quixmire"),)),
        b"4": shown.Shown("", (Known("STAFF", "Odo Winslade"),)),
    }
    parties = [
        {
            "resource_type": "Practitioner",
            "resource_id": "9",
            "known": [{"type": "NAME", "value": "OTTOLINE FARROWICK"}],
        },
        {"resource_type": "Patient", "resource_id": "1", "known": [{"type": "NAME", "value": "Ada Quixmire"}]},
    ]
    assert shown.unknown(pieces, parties).keys() == {b"3", b"4"}


@pytest.mark.parametrize(
    ("display", "found"), [("Home with Ilo", []), ("Home - son Bram", []), ("Osgard Rehab", ["Osgard Rehab"])]
)
def test_who_somebody_goes_home_to_is_no_facility(display, found):
    """Of a place that was learned so, each note that names him would make a facility of him."""
    assert [k.value for k in shown.known("destination", "", display)][:1] == found
