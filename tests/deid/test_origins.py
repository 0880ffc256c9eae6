"""Which records are behind a subject: by vault and by key, of merged persons, of any source."""

import json
from datetime import UTC, datetime

import pytest

from chartline import keys
from chartline.deid import pseudonyms
from chartline.deid.origins import origins
from chartline.errors import DataError, UsageError
from chartline.lake import tables
from chartline.lake.landing import blob

CODES = {"p-1": "0f" * 16, "p-2": "a5" * 16}


def keyed(lake, patient):
    secret = keys.load(lake.key).derive("pseudonym", lake.project)
    return pseudonyms.subject_id(pseudonyms.pseudonym(secret, "Patient", patient))


def people(lake, **persons):
    rows = [{"resource_type": "Patient", "resource_id": r, "person_id": p} for r, p in persons.items()]
    tables.overwrite(lake, "bronze.people", rows)


def vault(lake):
    rows = [{"resource_type": "Patient", "resource_id": p, "code": code} for p, code in CODES.items()]
    tables.append(lake, "vault.pseudonyms", [*rows, {**rows[0], "resource_type": "urn", "resource_id": "u"}])


def records(found):
    return [(one["patient_id"], [(r["patient_id"], r["person_id"]) for r in one["records"]]) for one in found]


def test_a_random_code_is_looked_up_without_a_key(lake):
    people(lake, **{"p-1": "p-1", "p-2": "p-2"})
    vault(lake)
    found = origins(lake.with_(key=lake.lake / "none"), [pseudonyms.subject_id(CODES["p-2"])])
    assert records(found) == [("p-2", [("p-2", "p-2")])]


def test_random_and_keyed_subjects_are_found_together(lake):
    people(lake, **{"p-1": "p-1", "p-2": "p-2", "p-3": "p-3"})
    vault(lake)
    found = origins(lake, [keyed(lake, "p-3"), pseudonyms.subject_id(CODES["p-1"])])
    assert {f["subject_id"]: f["patient_id"] for f in found} == {
        keyed(lake, "p-3"): "p-3",
        pseudonyms.subject_id(CODES["p-1"]): "p-1",
    }


@pytest.mark.parametrize("asked", ["new", "old"])
def test_all_records_of_a_merged_person_are_told_whichever_pseudonym_the_release_has(lake, asked):
    people(lake, new="new", old="new", other="other")
    assert records(origins(lake, [keyed(lake, asked)])) == [(asked, [("new", "new"), ("old", "new")])]


def test_a_record_that_was_unmerged_is_told_with_whose_it_is_now(lake):
    people(lake, new="new", old="old")
    told = [("new", "old", "link"), ("old", "new", "unmerged")]
    row = {"patient_id": "old", "run_id": "r", "noted_at": datetime(2026, 1, 1, tzinfo=UTC)}
    rows = [{**row, "person_id": p, "was": w, "because": b} for p, w, b in told]
    tables.append(lake, "bronze.identities", rows)
    assert records(origins(lake, [keyed(lake, "new")])) == [("new", [("new", "new"), ("old", "old")])]


def test_a_survivor_that_was_never_delivered_is_found(lake):
    people(lake, old="elsewhere")
    found = origins(lake, [keyed(lake, "elsewhere")])
    assert records(found) == [("elsewhere", [("elsewhere", "elsewhere"), ("old", "elsewhere")])]


def test_a_source_is_its_server_or_else_the_file_as_delivered(lake):
    people(lake, **{"p-1": "p-1"})
    manifest = json.dumps({"request": "https://ehr.example.org/fhir/$export", "output": []})
    blob(lake, "m" * 64).parent.mkdir(parents=True)
    blob(lake, "m" * 64).write_text(manifest)
    files = [{"digest": "a", "name": "Patient.ndjson", "manifest": "m" * 64}, {"digest": "b", "name": "old/p.json"}]
    tables.append(lake, "landing.files", files)
    row = {"resource_type": "Patient", "resource_id": "p-1"}
    tables.append(lake, "bronze.resources", [{**row, "source_file": d, "row_hash": d} for d in "ab"])
    ((record,),) = (one["records"] for one in origins(lake, [keyed(lake, "p-1")]))
    assert record["sources"] == ["https://ehr.example.org/fhir", "old/p.json"]


def test_a_subject_of_another_project_is_nobodys_here(lake):
    people(lake, **{"p-1": "p-1"})
    with pytest.raises(DataError, match="CL1164: 1 of 1"):
        origins(lake.with_(project="another"), [keyed(lake, "p-1")])


def test_a_keyed_subject_needs_a_key(lake):
    people(lake, **{"p-1": "p-1"})
    with pytest.raises(UsageError, match="CL2023"):
        origins(lake.with_(key=lake.lake / "none"), [keyed(lake, "p-1")])
