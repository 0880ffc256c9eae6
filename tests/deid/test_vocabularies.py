"""What codes of published vocabularies look like, and what codes of any other spell somebody."""

import json

import pytest

from chartline.deid import vocabularies
from chartline.deid.phrases import spells_somebody
from tests.deid import walking

SNOMED, LOINC, ICD = "http://snomed.info/sct", "http://loinc.org", "http://hl7.org/fhir/sid/icd-10-cm"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"


@pytest.mark.parametrize(
    ("system", "code"),
    [
        *((SNOMED, code) for code in ("44054006", "38341003", "195967001", "900000000000207008")),
        *((LOINC, code) for code in ("2339-0", "85354-9", "72166-2", "LA6576-8", "LP14635-4")),
        *((ICD, code) for code in ("E11.9", "E119", "S52.521A", "U07.1", "I10")),
        *(("http://hl7.org/fhir/sid/icd-9-cm", code) for code in ("250.00", "25000", "V58.61", "E880.9", "38.93")),
        *((RXNORM, code) for code in ("860975", "2563431")),
        *(("http://hl7.org/fhir/sid/ndc", code) for code in ("0093-1048-01", "00093104801", "0093-1048")),
        *(("http://www.ama-assn.org/go/cpt", code) for code in ("99213", "99213-25", "0001U")),
        *(("urn:ietf:bcp:47", code) for code in ("en", "en-US", "zh-Hans-CN", "es-419")),
        ("http://terminology.hl7.org/CodeSystem/v3-ActCode", "AMB"),
    ],
)
def test_codes_of_a_vocabulary_fit(system, code):
    assert vocabularies.fits(system, code)


@pytest.mark.parametrize(
    ("system", "code"),
    [
        *((SNOMED, code) for code in ("6085550199", "20200304", "44054007", "Oglethorpe", "")),
        *((LOINC, code) for code in ("608555-0", "2339-1", "20200304")),
        *((ICD, code) for code in ("OGLETHORPE", "19500304")),
        *((RXNORM, code) for code in ("19500304", "Oglethorpe")),
        *(("urn:ietf:bcp:47", code) for code in ("en-x-oglethor-pe", "english")),
    ],
)
def test_what_is_no_code_of_a_vocabulary_does_not(system, code):
    assert not vocabularies.fits(system, code)


@pytest.mark.parametrize(
    "code",
    [
        "SMITHJOHN",
        "JSMITH42",
        "Room12Smith",
        "FOGLETHORPE",
        "OGLETHORPE",
        "jane.doe",
        "JaneDoe",
        "jane_doe",
        "ward7-smith",
    ],
)
def test_a_code_that_spells_somebody_is_told(code):
    assert spells_somebody(code)


@pytest.mark.parametrize(
    "code",
    ["GLUCOSE", "HGB", "EMER", "URGENT", "ED-ICU", "creatinine", "MED_SURG", "OUTPATIENT", "ROUTINE", "T4N1", "4548-4"],
)
def test_a_code_that_is_a_word_or_an_abbreviation_is_none(code):
    assert not spells_somebody(code)


def coded(system, code):
    return {
        "resourceType": "Observation",
        "id": "o",
        "status": "final",
        "subject": {"reference": "Patient/p1"},
        "code": {"coding": [{"system": system, "code": code}]},
        "valueQuantity": {"value": 1, "unit": "mg"},
    }


@pytest.mark.parametrize("policy", ["safe_harbor", "expert_determination"])
@pytest.mark.parametrize(
    ("system", "code"),
    [
        *(("http://hospital/codes", c) for c in ("SMITHJOHN", "10.2.3.4")),
        *((SNOMED, c) for c in ("6085550199", "20200304")),
        *((ICD, c) for c in ("OGLETHORPE", "19500304")),
        (RXNORM, "19500304"),
    ],
)
def test_a_name_or_number_in_place_of_a_code_is_masked(policy, system, code):
    made = walking.outcome(walking.walker(policy), coded(system, code), walking.state(walking.PATIENT, anchor=4321))
    assert code not in json.dumps(made.resource)


@pytest.mark.parametrize(
    ("system", "code"), [("http://hospital/codes", "GLUC-7"), (SNOMED, "44054006"), (SNOMED, "34552-0")]
)
def test_a_code_that_may_be_one_stays(system, code):
    state = walking.state(walking.PATIENT, anchor=4321)
    made = walking.outcome(walking.walker("safe_harbor"), coded(system, code), state)
    assert made.resource["code"]["coding"][0]["code"] == code


@pytest.mark.parametrize(("tag", "stays"), [("en-US", True), ("en-x-r0001", False)])
def test_a_language_for_private_use_does_not_stay(tag, stays):
    given = coded(SNOMED, "44054006") | {"language": tag}
    made = walking.outcome(walking.walker("safe_harbor"), given, walking.state(walking.PATIENT, anchor=4321))
    assert (made.resource.get("language") == tag) is stays
