"""Every link that resolved before resolves after, in whatever form it was written, and tells no id of the source."""

import base64
import gzip
import json
import re

import pytest

from chartline import keys
from chartline.deid import fhir_files, policy
from chartline.fhir import validate
from tests.deid.walking import POLICIES, through

SERVER = "https://ehr.example.org/fhir"
URN = "urn:uuid:7a5f9b0e-4d0c-4f0e-9d53-0b7c6a7d9f10"
OID = "urn:oid:1.2.840.99.1"
NUMBER = {"system": "http://hospital/visits", "value": "V-00417"}
PATIENT = {"resourceType": "Patient", "id": "ada-1", "identifier": [{"system": "http://hospital", "value": "M-77"}]}
ENCOUNTER = {
    "resourceType": "Encounter",
    "id": "visit-9",
    "status": "finished",
    "class": {"code": "AMB"},
    "identifier": [NUMBER],
    "subject": {"reference": "Patient/ada-1"},
}
CODE = {"coding": [{"system": "http://loinc.org", "code": "8480-6"}]}
OBSERVATION = {"resourceType": "Observation", "status": "final", "code": CODE}
SECRETS = ("ada-1", "visit-9", "V-00417", "M-77", "ehr.example.org", "7a5f9b0e", "1.2.840.99", "obs-", "hospital")

FORMS = {
    "relative": {"reference": "Encounter/visit-9"},
    "versioned": {"reference": "Encounter/visit-9/_history/3"},
    "absolute": {"reference": f"{SERVER}/Encounter/visit-9"},
    "absolute versioned": {"reference": f"{SERVER}/Encounter/visit-9/_history/3"},
    "of the server's root": {"reference": "/Encounter/visit-9"},
    "of a folder of the server": {"reference": "fhir/r4/Encounter/visit-9"},
    "fullUrl": {"reference": URN},
    "fullUrl in capitals": {"reference": URN.upper()},
    "fullUrl with a uuid in capitals": {"reference": f"urn:uuid:{URN[9:].upper()}"},
    "with a version": {"reference": "Encounter/visit-9|1"},
    "absolute with a version": {"reference": f"{SERVER}/Encounter/visit-9|2.0"},
    "percent-encoded": {"reference": "Encounter/visit%2D9"},
    "absolute, all percent-encoded": {"reference": f"{SERVER}/Encounter%2F%76isit%2d9/_history/3"},
    "conditional": {"reference": "Encounter?identifier=http://hospital/visits|V-00417"},
    "conditional, encoded": {"reference": "Encounter?identifier=http%3A%2F%2Fhospital%2Fvisits%7CV-00417"},
    "conditional of a server": {"reference": f"{SERVER}/Encounter?identifier=http%3a%2f%2fhospital/visits%7cV-00417"},
    "identifier only": {"identifier": NUMBER},
    "identifier and type": {"type": "Encounter", "identifier": NUMBER},
    "with a name": {"reference": "Encounter/visit-9", "display": "visit-9 of Ada"},
    "with an id inside": {
        "reference": "Encounter/visit-9",
        "extension": [{"url": f"{SERVER}/x", "valueReference": {"reference": "Encounter/visit-9"}}],
    },
}
URLS = {
    "url": f"{SERVER}/Encounter/visit-9",
    "relative url": "Encounter/visit-9",
    "versioned url": "Encounter/visit-9/_history/1",
    "url by fullUrl": URN,
    "url by fullUrl in capitals": URN.upper(),
    "url with a version": f"{SERVER}/Encounter/visit-9|1",
    "url, percent-encoded": f"{SERVER}/Encounter/visit%2D9",
}


@pytest.fixture
def treated(tmp_path, key_file):
    """The output resources of a bundle with these entries, by fullUrl."""

    def call(entries, name="expert_determination", kind="transaction"):
        bundle = {"resourceType": "Bundle", "id": "obs-bundle", "type": kind, "entry": entries}
        bundle["link"] = [{"relation": "self", "url": f"{SERVER}/Patient/ada-1/$everything"}]
        (tmp_path / "in").mkdir(exist_ok=True)
        (tmp_path / "in" / "b.json").write_text(json.dumps(bundle))
        fhir_files.run(
            [tmp_path / "in"], tmp_path / "out", policy=policy.load(name), key=keys.load(key_file), project="t"
        )
        (file,) = (tmp_path / "out").iterdir()
        told = file.read_text()
        assert [s for s in SECRETS if s in told] == []
        made = json.loads(told)
        assert validate.issues(made) == []
        return {e["fullUrl"]: e["resource"] for e in made["entry"]}

    return call


def entry(resource, url=None):
    given = {"fullUrl": url or f"{SERVER}/{resource['resourceType']}/{resource['id']}", "resource": resource}
    place = f"{resource['resourceType']}/{resource['id']}"
    request = {"method": "PUT", "url": place, "ifNoneExist": f"_id={resource['id']}"}
    return {**given, "request": request, "response": {"status": "201", "location": f"{SERVER}/{place}/_history/1"}}


def resolved(by_url, reference):
    return by_url[f"{fhir_files.BASE}/{reference}"]


@pytest.mark.parametrize("name", POLICIES)
def test_every_form_of_a_reference_resolves_again(treated, name):
    own = [
        {**OBSERVATION, "id": f"obs-{i}", "subject": {"reference": "Patient/ada-1"}, "encounter": form}
        for i, form in enumerate(FORMS.values())
    ]
    by_url = treated([entry(PATIENT), entry(ENCOUNTER, URN), *map(entry, own)], name)
    made = [r for r in by_url.values() if r["resourceType"] == "Observation"]
    assert len(made) == len(FORMS)
    for form, observation in zip(FORMS, made, strict=True):
        assert resolved(by_url, observation["encounter"]["reference"])["resourceType"] == "Encounter", form
        assert set(observation["encounter"]) <= {"reference", "type"}


def test_a_fullurl_in_capitals_is_found_by_a_reference_in_small_letters(treated):
    own = {**OBSERVATION, "id": "obs-1", "subject": {"reference": "Patient/ada-1"}, "encounter": {"reference": URN}}
    by_url = treated([entry(PATIENT), entry(ENCOUNTER, URN.upper()), entry(own)])
    made = next(r for r in by_url.values() if r["resourceType"] == "Observation")
    assert resolved(by_url, made["encounter"]["reference"])["resourceType"] == "Encounter"


@pytest.mark.parametrize("name", POLICIES)
@pytest.mark.parametrize("form", URLS)
def test_a_url_of_a_record_resolves_again(treated, name, form):
    attachment = {"contentType": "text/plain", "url": URLS[form]}
    note = {
        "resourceType": "DocumentReference",
        "id": "obs-d",
        "status": "current",
        "content": [{"attachment": attachment}],
    }
    based = {**OBSERVATION, "id": "obs-t", "subject": {"reference": "Patient/ada-1"}}
    by_url = treated([entry(PATIENT), entry(ENCOUNTER, URN), entry(note), entry(based)], name)
    made = next(r for r in by_url.values() if r["resourceType"] == "DocumentReference")
    assert resolved(by_url, made["content"][0]["attachment"]["url"])["resourceType"] == "Encounter"


def test_uris_and_canonicals_name_records_or_nothing():
    links = {URN: "Patient/p1"}
    task = {"resourceType": "Task", "id": "t", "status": "requested", "intent": "order"}
    task["input"] = [
        {"type": CODE, "valueUri": "Patient/p1"},
        {"type": CODE, "valueCanonical": f"{SERVER}/Patient/p1|2"},
        {"type": CODE, "valueUrl": URN},
        {"type": CODE, "valueUri": "https://hospital.example.org/people/Ada-Bell"},
        {"type": CODE, "valueUri": "urn:oid:1.2.840.99.1"},
        {"type": CODE, "valueUrl": "Library/ada-1"},
    ]
    made = through({**task, "instantiatesUri": f"{SERVER}/Patient/p1"}, links=links)
    own = through({"resourceType": "Patient", "id": "p1"})
    name = f"Patient/{own['id']}"
    assert made["instantiatesUri"] == name
    values = [next((v for k, v in i.items() if k != "type"), None) for i in made["input"]]
    assert values[:3] == [name] * 3
    assert not any(isinstance(v, str) for v in values[3:])


@pytest.mark.parametrize("name", POLICIES)
def test_contained_and_containing_resources_keep_their_links(name):
    inner = {
        "resourceType": "Medication",
        "id": "ada-1",
        "code": CODE,
        "ingredient": [{"itemReference": {"reference": "#sub"}}],
    }
    substance = {"resourceType": "Substance", "id": "sub", "code": CODE}
    provenance = {
        "resourceType": "Provenance",
        "id": "pr",
        "target": [{"reference": "#"}],
        "recorded": "2020-01-01T00:00:00Z",
        "agent": [{"who": {"reference": "#"}}],
    }
    given = {
        "resourceType": "MedicationRequest",
        "id": "m",
        "status": "active",
        "intent": "order",
        "subject": {"reference": "Patient/p1"},
        "medicationReference": {"reference": "#ada-1"},
        "contained": [inner, substance, provenance],
    }
    made = through(given, name)
    ids = {f"#{c['id']}": c for c in made["contained"]}
    medication = ids[made["medicationReference"]["reference"]]
    assert ids[medication["ingredient"][0]["itemReference"]["reference"]]["resourceType"] == "Substance"
    assert made["contained"][2]["target"] == [{"reference": "#"}]
    assert "ada-1" not in json.dumps(made)


def test_provenance_points_to_what_it_pointed_to(treated):
    note = {"resourceType": "Provenance", "id": "obs-p", "recorded": "2020-01-01T00:00:00Z"}
    note |= {
        "target": [{"reference": "Encounter/visit-9/_history/2"}, {"reference": URN}, {"reference": "Patient/ada-1"}]
    }
    note |= {"agent": [{"who": {"reference": f"{SERVER}/Patient/ada-1"}, "onBehalfOf": {"display": "hospital"}}]}
    by_url = treated([entry(PATIENT), entry(ENCOUNTER, URN), entry(note)])
    made = next(r for r in by_url.values() if r["resourceType"] == "Provenance")
    kinds = [resolved(by_url, t["reference"])["resourceType"] for t in made["target"]]
    assert kinds == ["Encounter", "Encounter", "Patient"]
    assert resolved(by_url, made["agent"][0]["who"]["reference"])["resourceType"] == "Patient"


@pytest.mark.parametrize("kind", ["searchset", "history", "batch", "document", "collection"])
def test_the_links_of_a_bundle_itself_are_left_behind(treated, kind):
    by_url = treated([entry(PATIENT), entry(ENCOUNTER)], kind=kind)
    assert {r["resourceType"] for r in by_url.values()} == {"Patient", "Encounter"}


def test_links_between_files_resolve_whatever_the_order(tmp_path, key_file):
    (tmp_path / "in").mkdir()
    own = {**OBSERVATION, "id": "obs-1", "encounter": {"identifier": NUMBER}, "subject": {"reference": "Patient/ada-1"}}
    (tmp_path / "in" / "a.ndjson").write_text(json.dumps(own) + "\n")
    with gzip.open(tmp_path / "in" / "b.ndjson.gz", "wt") as file:
        file.write(json.dumps(ENCOUNTER) + "\n" + json.dumps(PATIENT) + "\n")
    rules = policy.load("expert_determination")
    fhir_files.run([tmp_path / "in"], tmp_path / "out", policy=rules, key=keys.load(key_file), project="t")
    made = [json.loads(x) for p in sorted((tmp_path / "out").iterdir()) for x in p.read_text().splitlines()]
    ids = {f"{r['resourceType']}/{r['id']}" for r in made}
    assert made[0]["encounter"]["reference"] in ids
    assert made[0]["subject"]["reference"] in ids


def test_an_identifier_that_two_records_have_names_neither(treated):
    other = {**ENCOUNTER, "id": "visit-10"}
    own = {**OBSERVATION, "id": "obs-1", "encounter": {"type": "Encounter", "identifier": NUMBER}}
    by_url = treated([entry(PATIENT), entry(ENCOUNTER), entry(other), entry(own)])
    made = next(r for r in by_url.values() if r["resourceType"] == "Observation")
    assert made["encounter"] == {"type": "Encounter"}


# --- values where nobody looks -----------------------------------------------------------------------

FULL = {
    **PATIENT,
    "name": [{"family": "Quixmire", "given": ["Adalyn"]}],
    "birthDate": "1961-04-09",
    "address": [{"line": ["12 Alder Street"], "city": "Walpole", "state": "MA", "postalCode": "02081"}],
    "telecom": [{"system": "phone", "value": "617-555-0188"}],
}
HIDDEN = {
    "an address in a value": {"valueString": "12 Alder Street, Walpole"},
    "a birth date in a value": {"valueString": "born 04/09/1961 in Walpole"},
    "a birth date written out": {"valueString": "Date of birth: April 9, 1961"},
    "a name in a display": {"subject": {"reference": "Patient/ada-1", "display": "Mrs. Adalyn Quixmire"}},
    "a name in a local code": {"valueCodeableConcept": {"coding": [{"system": "urn:l", "code": "Quixmire Adalyn"}]}},
    "a number in an identifier": {"identifier": [{"value": "1961-04-09-M-77"}]},
    "a date in an extension": {"extension": [{"url": "http://x/born", "valueString": "born 1961-04-09"}]},
    "a name in an extension of a primitive": {
        "_status": {"extension": [{"url": "http://x", "valueString": "said by Quixmire"}]}
    },
    "a phone as a number": {"valueQuantity": {"value": 6175550188, "unit": "mL"}},
    "a phone in a unit": {"valueQuantity": {"value": 1, "unit": "617-555-0188"}},
    "a name in a note": {"note": [{"text": "Quixmire, Adalyn, born 1961-04-09, called from 617-555-0188"}]},
    "a name in a series": {
        "valueSampledData": {"origin": {"value": 0}, "period": 1, "dimensions": 1, "data": "Quixmire"}
    },
    "a name in a method": {"method": {"text": "as Adalyn Quixmire asked"}},
}


def test_a_reference_in_a_text_names_the_pseudonym_and_a_slash_between_words_stays():
    said = "see Patient/p1/_history/2 and Encounter/e-77; Patient/family informed, Condition/diagnosis unclear"
    div = f'<div xmlns="http://www.w3.org/1999/xhtml">{said}</div>'
    made = through({**OBSERVATION, "id": "o", "note": [{"text": said}], "text": {"status": "additional", "div": div}})
    own = through({"resourceType": "Patient", "id": "p1"})["id"]
    for text in (made["note"][0]["text"], made["text"]["div"]):
        assert f"see Patient/{own} and Encounter/" in text
        assert "e-77" not in text
        assert "Patient/family informed, Condition/diagnosis unclear" in text


@pytest.mark.parametrize("name", ["safe_harbor", "expert_determination"])
@pytest.mark.parametrize("where", HIDDEN)
def test_a_value_where_nobody_looks_is_not_left(tmp_path, key_file, name, where):
    (tmp_path / "in").mkdir()
    own = {**OBSERVATION, "id": "obs-1", "subject": {"reference": "Patient/ada-1"}, **HIDDEN[where]}
    (tmp_path / "in" / "a.ndjson").write_text(json.dumps(FULL) + "\n" + json.dumps(own) + "\n")
    counts = fhir_files.run(
        [tmp_path / "in"], tmp_path / "out", policy=policy.load(name), key=keys.load(key_file), project="t"
    )
    assert counts["out"] == 2
    told = "".join(p.read_text() for p in (tmp_path / "out").iterdir())
    told = re.sub(r"\b[0-9a-f]{32}\b", "", told)  # a random code may hold any four digits
    secrets = ("Quixmire", "Adalyn", "Alder", "Walpole", "1961-04", "04/09", "April 9", "0188", "M-77")
    assert [s for s in secrets if s in told] == []
    assert base64.b64encode(b"Quixmire").decode() not in told
