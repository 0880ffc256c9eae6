"""Third-party CSV extracts, read in place: every row of every file becomes what it should, and none is set aside."""

from collections import Counter

import pytest

from chartline import keys
from chartline.fhir import extracts, judge, records
from chartline.ingest.land import land
from chartline.lake import tables
from chartline.lake.landing import blob


@pytest.fixture
def outcomes(corpora, lake):
    """Lands a set and judges its rows in this process: rows by mapping's file, type and reason."""

    def judged(path):
        land(lake, [corpora / "fhir" / path], run_id="r")
        layouts = extracts.load()
        tally = Counter()
        for file in tables.read(lake, "landing.files").to_pylist():
            if file["format"] != "csv":
                continue
            place = blob(lake, file["digest"])
            sheet = layouts.of(place, file["compression"], file["name"])
            if isinstance(sheet, str):
                tally[sheet] += 1
                continue
            origin = judge.Origin(file["digest"], None, None, keys.load(lake.key), "test")
            for row in judge.rows(records.read(place, file["compression"], "csv", sheet=sheet), origin):
                tally[sheet.file.name, row.get("resource_type"), row["reason"]] += 1
        return dict(tally)

    return judged


def test_27_patients_of_synthea_come_whole(outcomes):
    assert outcomes("ehr_csv/dbt_synthea_27_patients.tar.xz") == {
        ("allergies", "AllergyIntolerance", None): 40,
        ("careplans", "CarePlan", None): 49,
        ("claims", "Claim", None): 1267,
        ("claims_transactions", "ChargeItem", None): 1545,
        ("claims_transactions", None, "payment_or_transfer"): 3683,
        ("conditions", "Condition", None): 438,
        ("devices", "DeviceUseStatement", None): 3,
        ("encounters", "Encounter", None): 604,
        ("imaging_studies", "ImagingStudy", None): 1,
        ("immunizations", "Immunization", None): 29,
        ("medications", "MedicationRequest", None): 663,
        ("observations", "Observation", None): 990,
        ("organizations", "Organization", None): 63,
        ("patients", "Patient", None): 27,
        ("payer_transitions", "Coverage", None): 793,
        ("payer_transitions", None, "no_insurance"): 258,
        ("payers", "Organization", None): 10,
        ("procedures", "Procedure", None): 249,
        ("providers", "Practitioner", None): 166,
        ("supplies", "SupplyDelivery", None): 72,
    }


def test_an_older_header_generation_of_synthea_comes_whole(outcomes):
    found = outcomes("ehr_csv/synthea_csv_apr2020_partial.tar.xz")
    assert found["patients", "Patient", None] == 1171
    assert found["allergies", "AllergyIntolerance", None] == 597
    assert found["conditions", "Condition", None] == 8376
    assert {reason for _, _, reason in found} == {None, "no_insurance"}
    assert sum(found.values()) == 40823


def test_the_tables_of_i2b2_come_whole_and_other_tables_are_not_known(outcomes):
    found = outcomes("edge_cases/cumulus_etl_tests_data.tar.xz")
    assert {key: n for key, n in found.items() if isinstance(key, tuple)} == {
        ("observation_fact", "Condition", None): 2,
        ("observation_fact", "DocumentReference", None): 2,
        ("observation_fact", "MedicationAdministration", None): 1,
        ("observation_fact", "MedicationStatement", None): 1,
        ("observation_fact", "Observation", None): 8,
        ("patient_dimension", "Patient", None): 2,
        ("visit_dimension", "Encounter", None): 2,
    }
    assert set(outcomes("ehr_csv/dbt_synthea_omop_vocab_partial.tar.xz")) - set(found) == {"csv_unknown_header"}
