"""The stage on a small lake: bronze to silver, one identity a person, the vault, counts that add up."""

import base64
import json
import random
import re
from dataclasses import replace
from datetime import date

import pytest

from chartline import keys
from chartline.deid import deidentify, policy, shown
from chartline.deid.origins import origins
from chartline.errors import UsageError
from chartline.fhir import parse, references, validate
from chartline.fhir.known import Known
from chartline.ingest.land import land
from chartline.lake import tables
from chartline.settings import Settings

NOTE = "Ada Quixmire, formerly Ada Thornquist, was seen by Dr. Okonkwo on 2015-03-05. Call 617-555-0188."
SECRETS = ("Quixmire", "Thornquist", "Okonkwo", "0188", "MRN0048291", "ada-1", "ada-old", "2015-03-05", "Alder Street")


def _note(n, subject):
    attachment = {"contentType": "text/plain", "data": base64.b64encode(NOTE.encode()).decode()}
    return {
        "resourceType": "DocumentReference",
        "id": f"note-{n}",
        "status": "current",
        "subject": {"reference": f"Patient/{subject}", "display": "Ada Quixmire"},
        "date": "2015-03-05T10:00:00Z",
        "content": [{"attachment": attachment}],
    }


def _observation(n, subject, **more):
    code = {"coding": [{"system": "http://loinc.org", "code": "8480-6"}]}
    return {
        "resourceType": "Observation",
        "id": f"obs-{n}",
        "status": "final",
        "code": code,
        "subject": {"reference": f"Patient/{subject}"},
        "effectiveDateTime": "2015-03-05T09:00:00Z",
        **more,
    }


PEOPLE = [
    {
        "resourceType": "Patient",
        "id": "ada-1",
        "identifier": [{"system": "http://hospital", "value": "MRN0048291"}],
        "name": [{"family": "Quixmire", "given": ["Ada"]}],
        "telecom": [{"system": "phone", "value": "617-555-0188"}],
        "birthDate": "1961-04-09",
        "address": [{"line": ["12 Alder Street"], "city": "Boston", "state": "MA", "postalCode": "02139"}],
        "link": [{"other": {"reference": "Patient/ada-old"}, "type": "replaces"}],
    },
    {
        "resourceType": "Patient",
        "id": "ada-old",
        "active": False,
        "name": [{"family": "Thornquist", "given": ["Ada"]}],
        "link": [{"other": {"reference": "Patient/ada-1"}, "type": "replaced-by"}],
    },
    {"resourceType": "Practitioner", "id": "doc-1", "name": [{"family": "Okonkwo"}]},
    {"resourceType": "AuditEvent", "id": "audit-1", "type": {"code": "rest"}, "recorded": "2015-03-05T10:00:00Z"}
    | {"agent": [{"requestor": True}], "source": {"observer": {"display": "x"}}},
]
APART = "Ada Quixmire rests at 12 Alder Street."
BINARIES = [
    {"resourceType": "Patient", "id": "eve-2", "name": [{"family": "Brannagh", "given": ["Eve"]}]},
    *(
        {
            "resourceType": "Binary",
            "id": f"bin-{n}",
            "contentType": "text/plain",
            "data": base64.b64encode(APART.encode()).decode(),
            **more,
        }
        for n, more in enumerate(({}, {}, {"securityContext": {"reference": "Patient/eve-2"}}, {}))
    ),
    *(
        {
            "resourceType": "DocumentReference",
            "id": f"apart-{n}",
            "status": "current",
            "subject": {"reference": f"Patient/{subject}"},
            "content": [{"attachment": {"contentType": "text/plain", "url": url}}],
        }
        for n, subject, url in (
            (0, "ada-1", "Binary/bin-0"),
            (1, "ada-old", "https://ehr.example.org/fhir/Binary/bin-0"),
            (2, "ada-1", "Binary/bin-1"),
            (3, "eve-2", "Binary/bin-1"),
            (4, "ada-1", "Binary/bin-2"),
            (5, "ada-1", "Binary/elsewhere"),
        )
    ),
]
EVE = {"reference": "Patient/eve-2"}
BESIDE = [
    _observation(8, "ada-1", performer=[EVE], valueString="brannagh says that quixmire sleeps. See Patient/example."),
    {
        "resourceType": "Account",
        "id": "account",
        "status": "active",
        "subject": [EVE, {"reference": "Patient/ada-1"}],
    },
    {"resourceType": "Patient", "id": "example"},
]
BY_DISPLAY = [
    {
        "resourceType": "Encounter",
        "id": "visit",
        "status": "finished",
        "class": {"system": "http://x", "code": "AMB", "display": "ambulatory"},
        "subject": {"reference": "Patient/ada-old", "display": "Thornquist, Adalind"},
        "participant": [
            {"individual": {"reference": "Practitioner/a", "display": "Dr. Jane \u201cJ\u201d Farrowick"}},
            {"individual": {"display": "Odo Winslade, MD", "reference": "Practitioner/b"}},
            {"individual": {"reference": "Practitioner/doc-1", "display": "Dr. Okonkwo"}},
        ],
        "location": [{"location": {"reference": "Location/w", "display": "7 Merribeck"}}],
        "contained": [
            {"id": "in", "resourceType": "Practitioner", "name": [{"family": "Pinderhall", "given": ["Zo\u00eb"]}]},
            {"resourceType": "Organization", "id": "of", "name": "Tarrowby Ridge Hospital"},
        ],
        "reasonReference": [{"reference": "Condition/c", "display": "Ottavio Pellworth syndrome"}],
    },
    _observation(7, "ada-1", valueString="then farrowick, oldenfell, winslade and adalind on merribeck", performer=[
        {"identifier": {"system": "http://npi", "value": "1"}, "display": "Tarquin Oldenfell, RN"},
        {"reference": "Organization/l", "display": "Quillmark Laboratory"},
    ], note=[{"authorString": "Dr. Vesta Mirkwold", "text": "as before"}]),
]  # fmt: skip
RECORDS = [
    *PEOPLE,
    *(_note(n, s) for n, s in ((1, "ada-1"), (2, "ada-old"))),
    _observation(1, "ada-1", valueString="lives at 12 Alder Street, Boston"),
    _observation(2, "ada-old", meta={"versionId": "1", "lastUpdated": "2015-03-05T00:00:00Z"}, valueInteger=1),
    _observation(2, "ada-old", meta={"versionId": "2", "lastUpdated": "2015-03-06T00:00:00Z"}, valueInteger=2),
]


def built(spark, folder, key, name, records=RECORDS):
    """Settings of a lake with these records in silver, and the result of the stage."""
    source = folder / "in"
    source.mkdir(parents=True, exist_ok=True)
    (source / "all.ndjson").write_text("".join(json.dumps(r) + "\n" for r in records))
    settings = Settings(lake=folder / "lake", project="test", key=key, policy=name)
    land(settings, [source], run_id="one")
    parse.parse(spark, settings, run_id="one")
    return settings, deidentify.deidentify(spark, settings, run_id="one")


def rows(settings, name):
    return tables.read(settings, name).to_pylist()


def comparable(settings, name):
    return sorted(
        json.dumps({k: v for k, v in r.items() if k != "run_id"}, sort_keys=True) for r in rows(settings, name)
    )


@pytest.fixture(scope="module")
def shifted(spark, tmp_path_factory, key_file):
    return built(spark, tmp_path_factory.mktemp("shifted"), key_file, "expert_determination")


@pytest.fixture(scope="module")
def years(spark, tmp_path_factory, key_file):
    return built(spark, tmp_path_factory.mktemp("years"), key_file, "safe_harbor")


def test_every_version_is_accounted_for(shifted):
    _, result = shifted
    assert (result.counts.in_, result.counts.out) == (9, 7)
    assert dict(result.counts.filtered) == {"superseded": 1, "type_not_in_policy": 1}
    assert result.counts.lost == 0
    assert result.gates == {"deidentified": "passed"}


@pytest.mark.parametrize("name", ["expert_determination", "safe_harbor"])
def test_what_names_two_patients_or_lies_in_a_binary_is_its_subjects_or_set_aside(spark, tmp_path, key_file, name):
    settings, result = built(spark, tmp_path, key_file, name, [*PEOPLE[:3], *BINARIES, *BESIDE, *BY_DISPLAY])
    assert dict(result.counts.filtered) == {"binary_in_its_document": 1, "type_not_in_policy": 1}
    assert dict(result.counts.quarantined) == {"binary_of_two_patients": 2, "of_two_patients": 1}
    assert (result.counts.in_, result.counts.out) == (19, 14)
    notes = rows(settings, "silver.notes")
    assert sorted(n["status"] for n in notes) == ["deidentified"] * 2 + ["withheld"] * 4
    texts = {n["text"] for n in notes if n["status"] == "deidentified"}
    assert len(texts) == 1
    assert not any(s in " ".join(texts) for s in SECRETS)
    assert "rests at" in " ".join(texts)
    made = [r for r in rows(settings, "silver.resources") if r["resource_type"] == "Observation"]
    assert {r["subject_id"] for r in made} == {n["subject_id"] for n in notes if n["text"]}
    said = sorted(json.loads(r["json"])["valueString"] for r in made)
    assert [re.sub(r"\W.*", "", text) for text in said][1:] == ["then"]
    assert "says that" in said[0]
    told = ("brannagh", "quixmire", "example", "farrowick", "winslade", "adalind", "merribeck", "oldenfell")
    assert not any(word in " ".join(said).lower() for word in told)


@pytest.mark.spark
@pytest.mark.parametrize("which", ["shifted", "years"])
def test_no_identifier_is_in_any_row(which, request):
    settings, _ = request.getfixturevalue(which)
    told = "".join(json.dumps(rows(settings, n)) for n in ("silver.resources", "silver.notes", "audit.elements"))
    told += "".join(base64.b64decode(m).decode() for m in re.findall(r'\\"data\\":\\"([^"\\]+)', told))
    assert [s for s in SECRETS if s in told] == []


def test_silver_is_valid_fhir_stamped_with_policy_and_key(shifted):
    settings, _ = shifted
    rules, key = policy.load("expert_determination"), keys.load(settings.key)
    for row in rows(settings, "silver.resources"):
        assert validate.issues(json.loads(row["json"])) == []
        assert (row["policy_hash"], row["key_id"]) == (rules.hash, key.id)


@pytest.mark.spark
@pytest.mark.parametrize("which", ["shifted", "years"])
def test_merged_patients_are_one_subject(which, request):
    settings, _ = request.getfixturevalue(which)
    owned = [r for r in rows(settings, "silver.resources") if r["resource_type"] != "Practitioner"]
    assert len({r["subject_id"] for r in owned}) == 1
    assert {r["subject_id"] for r in rows(settings, "silver.notes")} == {owned[0]["subject_id"]}


@pytest.mark.spark
@pytest.mark.parametrize("which", ["shifted", "years"])
def test_a_subject_leads_back_to_all_records_of_its_person(which, request):
    settings, _ = request.getfixturevalue(which)
    (subject,) = {r["subject_id"] for r in rows(settings, "silver.resources")} - {None}
    (found,) = origins(settings, [subject])
    assert found["patient_id"] == "ada-1"
    assert {r["patient_id"]: (r["person_id"], r["sources"]) for r in found["records"]} == {
        "ada-1": ("ada-1", ["all.ndjson"]),
        "ada-old": ("ada-1", ["all.ndjson"]),
    }


def test_one_offset_in_resources_and_notes(shifted):
    settings, _ = shifted
    resources = [json.loads(r["json"]) for r in rows(settings, "silver.resources")]
    seen = {r["date"][:10] for r in resources if r["resourceType"] == "DocumentReference"}
    seen |= {r["effectiveDateTime"][:10] for r in resources if r["resourceType"] == "Observation"}
    (moved,) = seen
    assert -365 <= (date.fromisoformat(moved) - date(2015, 3, 5)).days <= -1
    assert all(moved in n["text"] for n in rows(settings, "silver.notes"))


def test_years_only_and_exact_intervals_beside_them(years):
    settings, _ = years
    silver = rows(settings, "silver.resources")
    assert re.findall(r"\d{4}-\d\d", "".join(r["json"] for r in silver)) == []
    offsets = [dict(r["offsets"]) for r in silver if r["resource_type"] in ("Observation", "DocumentReference")]
    hours = sorted({round(o.get("effectiveDateTime", o.get("date")) % 1 * 24, 3) for o in offsets})
    assert hours == [9.0, 10.0]


def test_the_same_input_is_not_worked_twice(spark, shifted):
    settings, first = shifted
    again = deidentify.deidentify(spark, settings, run_id="two")
    assert again.unchanged
    assert dict(again.tables) == dict(first.tables)


def test_order_and_partitions_change_nothing(spark, tmp_path, key_file, shifted):
    shuffled = random.Random(7).sample(RECORDS, len(RECORDS))
    settings, _ = built(spark, tmp_path, key_file, "expert_determination", shuffled)
    for name in ("silver.resources", "silver.notes"):
        assert comparable(settings, name) == comparable(shifted[0], name)


def test_random_codes_are_made_once_and_derived_from_nothing(spark, tmp_path, key_file, years):
    settings, _ = years
    before = {(r["resource_type"], r["resource_id"]): r["code"] for r in rows(settings, "vault.pseudonyms")}
    assert before["Patient", "ada-1"] != before["Patient", "ada-old"]
    assert len(set(before.values())) == len(before)
    other, _ = built(spark, tmp_path, key_file, "safe_harbor")
    fresh = {(r["resource_type"], r["resource_id"]): r["code"] for r in rows(other, "vault.pseudonyms")}
    assert fresh.keys() == before.keys()
    assert not set(fresh.values()) & set(before.values())
    more = tmp_path / "more"
    more.mkdir()
    (more / "more.ndjson").write_text(json.dumps(_observation(3, "ada-1")) + "\n")
    land(other, [more], run_id="two")
    parse.parse(spark, other, run_id="two")
    deidentify.deidentify(spark, other, run_id="two")
    after = {(r["resource_type"], r["resource_id"]): r["code"] for r in rows(other, "vault.pseudonyms")}
    assert {k: after[k] for k in fresh} == fresh
    assert set(after) - set(fresh) == {("Observation", "obs-3")}


LATER = [
    _observation(3, "ada-1"),
    {"resourceType": "Practitioner", "id": "doc-2", "name": [{"family": "sorrelgate"}]},
    {"resourceType": "Patient", "id": "new-3", "name": [{"family": "Vandermolen", "given": ["Wim"]}]},
    _note(9, "new-3"),
]
QUIET, NAMING = "Afebrile, ambulating, tolerating diet.", "Told to sorrelgate at noon."


def _apart(n, text):
    note = _note(n, "ada-1")
    note["content"][0]["attachment"]["data"] = base64.b64encode(text.encode()).decode()
    return note


def _delivered(spark, settings, folders, run_id):
    land(settings, folders, run_id=run_id)
    parse.parse(spark, settings, run_id=run_id)
    return deidentify.deidentify(spark, settings, run_id=run_id).extra["documents"]


def test_documents_are_read_once_and_silver_is_as_if_all_had_come_at_once(spark, tmp_path, key_file):
    files = [tmp_path / "first", tmp_path / "later"]
    for folder, records in zip(files, ([*RECORDS, _apart(3, QUIET), _apart(4, NAMING)], LATER), strict=True):
        folder.mkdir()
        (folder / f"{folder.name}.ndjson").write_text("".join(json.dumps(r) + "\n" for r in records))
    settings, whole = (
        Settings(lake=tmp_path / n, project="test", key=key_file, policy="expert_determination") for n in "ab"
    )
    assert _delivered(spark, settings, files[:1], "one") == {"read": 3, "kept": 0}
    assert any("sorrelgate" in r["text"] for r in rows(settings, "silver.notes"))
    assert _delivered(spark, settings, files[1:], "two") == {"read": 2, "kept": 2}
    assert _delivered(spark, whole, files, "one") == {"read": 4, "kept": 0}
    assert not any("sorrelgate" in r["text"] for r in rows(whole, "silver.notes"))
    for name in ("silver.resources", "silver.notes"):
        assert comparable(settings, name) == comparable(whole, name)
    known = [{r["reading"]: (r["person_id"], r["text"]) for r in rows(a, "bronze.readings")} for a in (settings, whole)]
    assert known[0] == known[1]
    assert len(known[0]) == 4


def test_what_was_done_is_counted_for_every_element(shifted):
    settings, _ = shifted
    counts = {(r["path"], r["action"]): r["count"] for r in rows(settings, "audit.elements")}
    assert counts["Patient.name", "drop"] == 2
    assert counts["Patient.birthDate", "shift"] == 1
    assert counts["DocumentReference.subject", "reference"] == 2


def test_the_organisations_that_a_patient_names_are_rows_of_the_person(spark):
    named = [("urn:uuid:1", "Organization/o"), ("Practitioner/o", "Practitioner/o")]
    rows = [("Patient", "p1", named), ("Patient", "p2", []), ("Encounter", "p3", named)]
    alive = spark.createDataFrame(
        rows, "resource_type string, person_id string, links array<struct<reference:string,target:string>>"
    )
    parties = [("Organization", "o", None), ("Location", "o", None), ("Organization", "other", None)]
    people = spark.createDataFrame(parties, "resource_type string, resource_id string, person_id string")
    places = deidentify._places(alive, people).collect()
    assert [(r["resource_type"], r["resource_id"], r["person_id"]) for r in places] == [("Organization", "o", "p1")]


@pytest.mark.parametrize("changed", ["policy_hash", "key_id"])
def test_a_worker_works_with_the_policy_and_the_key_that_its_rows_are_stamped_with_or_not_at_all(key_file, changed):
    rules, key = policy.load("expert_determination"), keys.load(key_file)
    job = deidentify.Job("expert_determination", key_file, "test", key_file, 2026, "e", rules.hash, key.id)
    assert deidentify._given(job) == (rules, key)
    with pytest.raises(UsageError, match="CL2053"):
        deidentify._given(replace(job, **{changed: "another"}))


def test_a_key_that_is_missing_stops_the_stage(spark, shifted, tmp_path):
    from chartline.errors import UsageError

    settings = replace(shifted[0], key=tmp_path / "none.key")
    with pytest.raises(UsageError):
        deidentify.deidentify(spark, settings, run_id="three")


def test_what_the_lake_reads_beside_references_is_what_files_tell(spark):
    raws = [json.dumps(r, ensure_ascii=False, indent=i) for i in (None, 1) for r in BY_DISPLAY]
    raws += [json.dumps(r, separators=(",", ":")) for r in BY_DISPLAY]
    found = {
        f"p{n}": references.links(references.survey(json.loads(raw)), json.loads(raw), {}) for n, raw in enumerate(raws)
    }
    alive = spark.createDataFrame(
        [("Encounter", person, raw, links) for (person, links), raw in zip(found.items(), raws, strict=True)],
        "resource_type string, person_id string, raw string, links array<struct<reference:string,target:string>>",
    )
    made = {row["person_id"]: shown.beside(row["shown"]) for row in deidentify._beside(alive).collect()}
    pieces = {f"p{n}": map(bytes.decode, shown.fragments(raw.encode())) for n, raw in enumerate(raws)}
    assert made == {person: shown.beside(told) for person, told in pieces.items()}
    assert {Known("STAFF", "Tarquin Oldenfell"), Known("STAFF", "Vesta Mirkwold")} <= made["p1"]
    assert {Known("STAFF", "Zo\u00eb Pinderhall"), Known("ORGANIZATION", "Tarrowby Ridge Hospital")} <= made["p0"]
