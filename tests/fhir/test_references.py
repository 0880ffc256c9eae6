"""References of every form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chartline.deid import policy
from chartline.deid.pseudonyms import literal
from chartline.fhir import definitions, people, references, resolve
from chartline.fhir.references import leads, links, patient_of, survey, target, whose
from tests.deid.walking import state

INDEX = {"urn:uuid:1": "Patient/p1", "urn:oid:1.2.3": "Organization/o1", "http://h.org/r/x": "Patient/p9"}


@pytest.mark.parametrize(
    ("written", "resolved"),
    [
        ("Patient/1", "Patient/1"),
        ("Patient/1/_history/3", "Patient/1"),
        ("https://h.org/fhir/Patient/1", "Patient/1"),
        ("https://h.org/fhir/Patient/1/_history/3", "Patient/1"),
        ("urn:uuid:1", "Patient/p1"),
        ("urn:oid:1.2.3", "Organization/o1"),
        ("http://h.org/r/x", "Patient/p9"),
        ("urn:uuid:2", None),
        ("#med", "#med"),
        ("#", "#"),
        ("#nothing", None),
        ("Practitioner?identifier=http://sys|1", None),
        ("not a reference", None),
        ("", None),
        ("Patient/" + "x" * 256, None),
        ("https://h.org/fhir/Patient/" + "x" * 255 + "/_history/3", "Patient/" + "x" * 255),
    ],
)
def test_a_reference_resolves_by_its_form(written, resolved):
    assert target(written, INDEX, {"#med", "#"}) == resolved


@pytest.mark.parametrize(
    ("written", "spelled"),
    [
        ("Patient?identifier=http://hospital|123", "Patient?identifier=http://hospital|123"),
        ("Patient?identifier=http%3A%2F%2Fhospital%7C123", "Patient?identifier=http://hospital|123"),
        ("https://ehr/fhir/Patient?identifier=http%3a%2f%2fhospital|123", "Patient?identifier=http://hospital|123"),
        ("?identifier=1+2%2B3", "?identifier=1+2+3"),
        ("Patient?identifier=50%", "Patient?identifier=50%"),
        ("Patient?identifier=1&name=x", None),
        ("Patient?identifier=", None),
        ("Patient?name=identifier=1", None),
        ("Patient/1", None),
    ],
)
def test_a_conditional_reference_is_spelled_one_way_however_it_is_written(written, spelled):
    assert references.conditional(written) == spelled


def test_links_hold_each_reference_once_sorted_with_contained_ones_inside():
    tree = {
        "resourceType": "MedicationRequest",
        "id": "m",
        "contained": [{"resourceType": "Medication", "id": "med", "manufacturer": {"reference": "urn:oid:1.2.3"}}],
        "medicationReference": {"reference": "#med"},
        "subject": {"reference": "urn:uuid:1"},
        "requester": {"reference": "urn:uuid:1"},
    }
    assert links(survey(tree), tree, INDEX) == [
        ("#med", "#med"),
        ("urn:oid:1.2.3", "Organization/o1"),
        ("urn:uuid:1", "Patient/p1"),
    ]


@pytest.mark.parametrize(
    ("reference", "spelled"),
    [
        ({"type": "Patient", "identifier": {"system": "s", "value": "1"}}, "Patient?identifier=s|1"),
        ({"identifier": {"value": "1"}, "display": "Jane"}, "?identifier=1"),
    ],
)
def test_a_reference_with_an_identifier_only_is_spelled_as_a_search(reference, spelled):
    tree = {"resourceType": "Basic", "id": "b", "subject": reference}
    assert list(survey(tree).references) == [spelled]


def test_an_identifier_that_is_no_reference_is_left_alone():
    tree = {
        "resourceType": "Composition",
        "identifier": {"value": "1"},
        "x": {"identifier": {"value": "2"}, "status": "s"},
    }
    assert not survey(tree).references


def test_uri_elements_count_only_where_they_spell_a_resource():
    tree = {
        "resourceType": "DocumentReference",
        "content": [{"attachment": {"url": "Binary/7", "title": "Patient/not-this-one"}}],
        "extension": [
            {"url": "http://x.org/StructureDefinition/y", "valueUri": "urn:uuid:1"},
            {"valueUrl": "urn:uuid:2"},
        ],
        "instantiatesCanonical": "http://x.org/PlanDefinition/z",
    }
    assert links(survey(tree), tree, INDEX) == [("Binary/7", "Binary/7"), ("urn:uuid:1", "Patient/p1")]


def observation(**elements):
    return {"resourceType": "Observation", "id": "o"} | elements


def patient(tree):
    return patient_of(tree, tree["id"], dict(links(survey(tree), tree, INDEX)))


def test_the_patient_is_found_by_compartment():
    assert patient(observation(subject={"reference": "Patient/1"})) == "1"
    assert patient(observation(subject={"reference": "Patient/1"}, performer=[{"reference": "Patient/1"}])) == "1"
    assert patient({"resourceType": "Patient", "id": "me", "link": [{"other": {"reference": "Patient/you"}}]}) == "me"
    coverage = {"resourceType": "Coverage", "id": "c", "beneficiary": {"reference": "urn:uuid:1"}}
    assert patient(coverage) == "p1"
    team = {"resourceType": "CareTeam", "id": "c", "participant": [{"member": {"reference": "Patient/1"}}, {}]}
    assert patient(team) == "1"


def test_none_or_more_than_one_patient_is_none():
    assert patient(observation()) is None
    assert patient(observation(subject={"reference": "Group/1"})) is None
    assert patient(observation(performer=[{"reference": "Patient/1"}, {"reference": "Patient/2"}])) is None
    assert patient(observation(focus=[{"reference": "Patient/1"}])) is None


def test_a_resource_is_its_subjects_whoever_else_had_to_do_with_it():
    mother = [{"reference": "Patient/2"}]
    observed = observation(subject={"reference": "Patient/1"}, performer=mother)
    assert whose(observed, "o", dict(links(survey(observed), observed, INDEX))) == (("1",), ("2",))
    assert patient({"resourceType": "Coverage", "id": "c", "payor": mother, "beneficiary": observed["subject"]}) == "1"
    assert patient(observation(subject={"reference": "Group/1"}, performer=mother)) == "2"
    account = {"resourceType": "Account", "id": "a", "subject": [observed["subject"], *mother]}
    assert patient(account) is None


def test_nobody_stands_in_for_a_subject_that_is_not_resolved():
    unknown = observation(subject={"reference": "Patient?identifier=x|1"}, performer=[{"reference": "Patient/2"}])
    found = whose(unknown, "o", dict(links(survey(unknown), unknown, INDEX)))
    assert found == ((), ("2",))


_SAYS_WHOSE = {"subject", "patient", "beneficiary", "individual", "for"}


@pytest.mark.parametrize("kind", sorted(policy.load("safe_harbor").resources))
def test_every_type_that_passes_is_its_subjects(kind):
    """R4's compartment leaves Task, GuidanceResponse and Device out."""
    elements = definitions.load()[kind].elements.values()
    named = {e.name for e in elements if e.type == "Reference" and (not e.targets or "Patient" in e.targets)}
    assert named & _SAYS_WHOSE <= {path[0] for path in references.compartment().get(kind, ())}


def test_a_task_is_the_patients_it_is_for():
    task = {"resourceType": "Task", "for": {"reference": "Patient/1"}, "owner": {"reference": "Patient/2"}}
    assert patient_of(task, "t", dict(links(survey(task), task, INDEX))) == "1"


def test_every_compartment_path_is_an_element_that_may_name_a_patient():
    types = definitions.load()
    for kind, paths in references.compartment().items():
        for path in paths:
            owner = kind
            for step in path[:-1]:
                owner = types[owner].elements[step].type
            last = types[owner].elements[path[-1]]
            assert last.type == "Reference", (kind, path)
            assert not last.targets or "Patient" in last.targets, (kind, path)


TREE = st.recursive(
    st.none() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "reference", "url"]), inner, max_size=3)
    ),
    max_leaves=25,
)


@given(TREE)
def test_a_survey_counts_every_member_and_finds_every_reference(tree):
    def walk(node):
        if isinstance(node, dict):
            yield from node.items()
        for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
            yield from walk(inner)

    found = survey({"root": tree})
    members = list(walk({"root": tree}))
    assert found.keys == len(members)
    assert set(found.references) == {v for k, v in members if k == "reference" and isinstance(v, str)}


@given(st.text(max_size=30))
def test_no_text_breaks_resolution(text):
    resolved = target(text, INDEX, {"#"})
    assert resolved is None or resolved == text == "#" or resolved.count("/") == 1


IDS = st.text("abcxyzABCXYZ0189-.", min_size=1, max_size=64)


def encoded(name, which):
    """A name with some of its characters percent-encoded, in capital or small letters."""
    return "".join(f"%{ord(c):02{w}}" if w else c for c, w in zip(name, which, strict=True))


@st.composite
def spellings(draw):
    """A literal reference and another way to write it."""
    name = f"{draw(st.sampled_from(sorted(definitions.resource_types())))}/{draw(IDS)}"
    which = draw(st.lists(st.sampled_from(["", "x", "X"]), min_size=len(name), max_size=len(name)))
    server = draw(st.sampled_from(["", "https://h.org/fhir/", "/"]))
    behind = draw(st.sampled_from(["", "|1", "|2021-03", "%7C1.0.0"]))
    return name, server + encoded(name, which) + behind


@given(spellings())
def test_a_literal_resolves_however_it_is_encoded_and_whatever_its_version(both):
    name, written = both
    assert target(written, {}) == name
    assert literal(state().target(written)) == tuple(name.split("/"))


@given(st.uuids(), st.sampled_from([str.lower, str.upper]), st.sampled_from([str.lower, str.upper]))
def test_a_uuid_is_one_in_capitals_and_in_small_letters(uuid, there, here):
    urn = f"urn:uuid:{uuid}"
    index = {references.plain(there(urn)): "Patient/p1"}
    assert target(here(urn), index) == "Patient/p1"
    assert resolve._lookup(here(urn)) == str(uuid)


@pytest.mark.parametrize(
    "written", ["urn:uuid:Ab-1", "50%25", "a|b", "http://loinc.org|2", "Patient?identifier=a%7Cb|c", "Patient/%zz", "%"]
)
def test_what_is_no_literal_and_no_uuid_keeps_its_spelling(written):
    assert references.plain(written) == written


def test_the_patient_of_a_relative_is_found_in_every_spelling():
    for named in ("Patient/p-1", "Patient/p%2D1", "https://h.org/Patient/p-1|2", "Patient/p-1/_history/2"):
        told = people.person({"resourceType": "RelatedPerson", "id": "r", "patient": {"reference": named}})
        assert told["patient_id"] == "p-1"


@pytest.mark.parametrize(
    ("told", "led"),
    [
        ({}, ("Encounter/v",)),
        ({"performer": [{"reference": "Practitioner/d"}]}, ("Encounter/v",)),
        ({"subject": {"reference": "Patient/1"}}, None),
        ({"subject": {"reference": "Group/g"}}, None),
        ({"subject": {"reference": "Patient?identifier=nobody"}}, None),
        ({"performer": [{"reference": "Patient/2"}]}, None),
        ({"performer": [{"identifier": {"value": "somebody"}}]}, None),
    ],
)
def test_a_visit_leads_to_the_patient_of_what_names_none(told, led):
    seen = {"resourceType": "Observation", "encounter": {"reference": "Encounter/v"}, **told}
    assert leads(seen, dict(links(survey(seen), seen, {}))) == led


def test_a_provenance_leads_to_all_that_it_is_about():
    made = {"resourceType": "Provenance", "target": [{"reference": "Observation/o"}, {"reference": "urn:uuid:1"}]}
    assert leads(made, dict(links(survey(made), made, {}))) == ("Observation/o",)
