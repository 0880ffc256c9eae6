"""Files de-identified without a lake: forms kept, references that resolve, names of files, counts that add up."""

import base64
import gzip
import json
import re
import shutil

import pytest

from chartline import keys
from chartline.deid import dates, fhir_files, policy
from chartline.deid.walk import Refused
from chartline.errors import DataError, UsageError
from chartline.fhir import judge, records, validate
from tests.deid.walking import POLICIES

NOTE = "Ada Quixmire of 12 Alder Street, Boston was seen by Dr. Okonkwo on 2015-03-05. Call 617-555-0188."
PATIENT = {
    "resourceType": "Patient",
    "id": "ada-1",
    "identifier": [{"system": "http://hospital", "value": "MRN0048291"}],
    "name": [{"family": "Quixmire", "given": ["Ada"]}],
    "telecom": [{"system": "phone", "value": "617-555-0188"}],
    "birthDate": "1961-04-09",
    "address": [{"line": ["12 Alder Street"], "city": "Boston", "state": "MA", "postalCode": "02139"}],
}
DOCTOR = {"resourceType": "Practitioner", "id": "doc-1", "name": [{"family": "Okonkwo"}]}
URN = {
    "ada-1": "urn:uuid:11111111-1111-4111-8111-111111111111",
    "doc-1": "urn:uuid:22222222-2222-4222-8222-222222222222",
}
SECRETS = (
    "Quixmire",
    "Ada",
    "Alder",
    "0188",
    "MRN0048291",
    "ada-1",
    "doc-1",
    "Okonkwo",
    "1961-04",
    "2015-03-05",
    *URN.values(),
)


def document(subject, n=1):
    attachment = {"contentType": "text/plain", "data": base64.b64encode(NOTE.encode()).decode()}
    return {
        "resourceType": "DocumentReference",
        "id": f"note-{n}",
        "status": "current",
        "subject": {"reference": subject, "display": "Ada Quixmire"},
        "author": [{"reference": "Practitioner?identifier=http://npi|99"}],
        "date": "2015-03-05T10:00:00Z",
        "content": [{"attachment": attachment}],
    }


def bundle(kind="transaction"):
    doctor = {**DOCTOR, "identifier": [{"system": "http://npi", "value": "99"}]}
    entries = [
        {"fullUrl": URN["ada-1"], "resource": PATIENT, "request": {"method": "POST", "url": "Patient"}},
        {"fullUrl": URN["doc-1"], "resource": doctor, "request": {"method": "POST", "url": "Practitioner"}},
        {"fullUrl": "urn:uuid:33333333-3333-4333-8333-333333333333", "resource": document(URN["ada-1"])},
    ]
    return {"resourceType": "Bundle", "id": "b", "type": kind, "timestamp": "2015-03-05T10:00:00Z", "entry": entries}


def lines(*resources):
    return "".join(json.dumps(r) + "\n" for r in resources)


@pytest.fixture
def run(tmp_path, key_file):
    """De-identify the files of ``tmp_path / in``."""

    def call(name="expert_determination", to="out"):
        return fhir_files.run(
            [tmp_path / "in"], tmp_path / to, policy=policy.load(name), key=keys.load(key_file), project="test"
        )

    (tmp_path / "in").mkdir()
    return call


def written(folder):
    return {p.name: p.read_text() for p in sorted(folder.iterdir())}


@pytest.mark.parametrize("name", ["safe_harbor", "expert_determination"])
def test_no_identifier_of_the_source_is_in_any_byte(tmp_path, run, name):
    (tmp_path / "in" / "Ada_Quixmire_ada-1.json").write_text(json.dumps(bundle()))
    (tmp_path / "in" / "notes of Ada.ndjson").write_text(
        lines(document("Patient/ada-1", 2), document("https://ehr/Patient/ada-1", 3))
    )
    counts = run(name)
    out = written(tmp_path / "out")
    assert {re.sub(r"\A0000[12]-", "", name) for name in out} == {"Bundle.json", "DocumentReference.ndjson"}
    told = re.sub(r"\b[0-9a-f]{32}\b", "", "".join(out.values()))  # a random code may hold any four digits
    told += "".join(base64.b64decode(m).decode() for m in re.findall(r'"data":"([^"]+)"', told))
    assert [s for s in SECRETS if s in told] == []
    assert (counts["in"], counts["out"], counts["notes"]) == (5, 5, 3)


def test_neither_numbers_nor_times_tell_the_order_of_the_source(tmp_path, run):
    """A folder of a file a patient is sorted by name, and a release in that order tells who is who to whoever knows
    the names."""
    for i, name in enumerate(("Adams", "Baker", "Clark", "Davis", "Evans", "Flynn")):
        (tmp_path / "in" / f"{name}.ndjson").write_text(lines(PATIENT | {"id": name, "birthDate": f"195{i}-07-01"}))
    run("limited_data_set")
    years = [json.loads(text)["birthDate"] for text in written(tmp_path / "out").values()]
    assert len(years) == 6
    assert years != sorted(years)
    assert len({p.stat().st_mtime_ns for p in (tmp_path / "out").iterdir()}) == 1
    run("limited_data_set", "again")
    assert written(tmp_path / "again") == written(tmp_path / "out")


def test_a_bundle_stays_a_bundle_whose_references_resolve(tmp_path, run):
    (tmp_path / "in" / "b.json").write_text(json.dumps(bundle()))
    run()
    made = json.loads((tmp_path / "out" / "00001-Bundle.json").read_text())
    assert validate.issues(made) == []
    assert made["type"] == "transaction"
    by_url = {e["fullUrl"]: e["resource"] for e in made["entry"]}
    note = next(r for r in by_url.values() if r["resourceType"] == "DocumentReference")
    for reference in (note["subject"]["reference"], note["author"][0]["reference"]):
        assert f"{fhir_files.BASE}/{reference}" in by_url
    assert {e["request"]["method"] for e in made["entry"]} == {"PUT"}


def test_a_history_stays_one_for_it_alone_may_hold_two_versions_of_a_resource(tmp_path, run):
    told = bundle("history")
    told["entry"].append(told["entry"][0])
    (tmp_path / "in" / "b.json").write_text(json.dumps(told))
    run()
    made = json.loads((tmp_path / "out" / "00001-Bundle.json").read_text())
    assert validate.issues(made) == []
    assert made["type"] == "history"
    assert len(made["entry"]) == 4
    assert {(e["request"]["method"], e["response"]["status"]) for e in made["entry"]} == {("PUT", "200")}


def test_other_bundles_become_collections(tmp_path, run):
    (tmp_path / "in" / "b.json").write_text(json.dumps(bundle("searchset")))
    run()
    made = json.loads((tmp_path / "out" / "00001-Bundle.json").read_text())
    assert made["type"] == "collection"
    assert all("request" not in e for e in made["entry"])


def test_one_patient_one_identity_one_offset_whatever_the_file(tmp_path, run):
    (tmp_path / "in" / "a.ndjson").write_text(lines(PATIENT))
    with gzip.open(tmp_path / "in" / "b.ndjson.gz", "wt") as file:
        file.write(lines(document("Patient/ada-1")))
    run()
    patient, note = (json.loads(t) for t in written(tmp_path / "out").values())
    assert note["subject"]["reference"] == f"Patient/{patient['id']}"
    text = base64.b64decode(note["content"][0]["attachment"]["data"]).decode()
    assert note["date"][:10] in text


def test_ids_longer_than_fhir_allows_become_pseudonyms_that_agree(tmp_path, run):
    own = "eQuixmire-ada.1" * 5
    given = [PATIENT | {"id": own}, *(document(f"{server}Patient/{own}", n) for n, server in enumerate(("", "h://s/")))]
    given += [document(f"Patient/{own}", 9) | {"description": f"as told in Patient/{own}"}]
    (tmp_path / "in" / "a.ndjson").write_text(lines(*given))
    counts = run()
    assert (counts["in"], counts["out"], counts["notes"]) == (4, 4, 3)
    (text,) = written(tmp_path / "out").values()
    patient, *notes = map(json.loads, text.splitlines())
    assert "Quixmire" not in text
    assert {note["subject"]["reference"] for note in notes} == {f"Patient/{patient['id']}"}
    assert [issue for made in (patient, *notes) for issue in validate.issues(made)] == []


def test_keyed_codes_repeat_and_random_codes_do_not(tmp_path, run):
    (tmp_path / "in" / "a.ndjson").write_text(lines(PATIENT))
    for name, same in (("expert_determination", True), ("safe_harbor", False)):
        run(name, f"{name}-1")
        run(name, f"{name}-2")
        assert (written(tmp_path / f"{name}-1") == written(tmp_path / f"{name}-2")) is same


def test_adding_a_patient_changes_no_other(tmp_path, run):
    (tmp_path / "in" / "a.ndjson").write_text(lines(PATIENT, document("Patient/ada-1")))
    run(to="one")
    (tmp_path / "in" / "b.ndjson").write_text(lines({**PATIENT, "id": "eve-2"}, document("Patient/eve-2", 9)))
    run(to="two")
    assert written(tmp_path / "two").items() >= written(tmp_path / "one").items()


def test_an_age_over_89_at_the_last_date_of_the_data_is_not_told(tmp_path, run):
    later = {"resourceType": "Appointment", "id": "x", "status": "booked", "start": "2140-01-01T00:00:00Z"}
    later["participant"] = [{"actor": {"reference": "Patient/ada-1"}, "status": "accepted"}]
    (tmp_path / "in" / "a.ndjson").write_text(lines({**PATIENT, "birthDate": "2045-04-09"}, later))
    run()
    patient = json.loads(written(tmp_path / "out")["00001-Patient.ndjson"].splitlines()[0])
    assert "birthDate" not in patient


def test_the_equation_holds_for_bad_input_and_nothing_of_it_is_told(tmp_path, run, capfd):
    modified = {**PATIENT, "id": "m", "modifierExtension": [{"url": "http://x/Quixmire", "valueBoolean": True}]}
    other = {"resourceType": "AuditEvent", "id": "x"}
    (tmp_path / "in" / "a.ndjson").write_text(
        lines(PATIENT, modified, other, {"resourceType": "Quixmire", "id": "q"})
        + '{"resourceType": "Patient", "id"\n\n'
    )
    (tmp_path / "in" / "b.csv").write_text("name,phone\nAda Quixmire,617-555-0188\n")
    (tmp_path / "in" / "empty.json").write_text('{"resourceType": "Bundle", "type": "searchset"}')
    counts = run()
    assert counts["quarantined"] == {"unknown_modifier_extension": 1, "unknown_resource_type": 1, "not_json": 1}
    assert counts["filtered"] == {"type_not_in_policy": 1, "file_csv": 1, "empty_bundle": 1}
    assert counts["in"] == counts["out"] + 3 + 3
    printed = "".join(capfd.readouterr()) + json.dumps(counts)
    assert [s for s in SECRETS if s in printed] == []


# The fifth and eighth come when their frame is known. A time without a zone is none: hl7.org/fhir/R4/datatypes.html.
@pytest.mark.parametrize("name", POLICIES)
@pytest.mark.parametrize("date", ["2015-03-05T10:00:00", "2015-02-30", "2015-13-01T10:00:00Z", "0000-01-01"])
def test_a_resource_with_a_date_that_is_none_is_counted_whatever_the_policy_makes_of_dates(tmp_path, run, name, date):
    pulse = {"code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]}, "status": "final"}
    pulse |= {"resourceType": "Observation", "subject": {"reference": "Patient/ada-1"}}
    whole = [{**pulse, "id": f"o{n}", "effectiveDateTime": f"2015-03-0{n + 1}"} for n in range(9)]
    whole[4]["effectiveDateTime"] = whole[7]["effectiveDateTime"] = date
    (tmp_path / "in" / "a.ndjson").write_text(lines(PATIENT, *whole))
    counts = run(name)
    assert (counts["in"], counts["out"], counts["quarantined"]) == (10, 8, {"bad_date": 2})


def test_a_damaged_gzip_is_refused_before_anything_is_written(tmp_path, run):
    whole = gzip.compress(lines(PATIENT, *(document("Patient/ada-1", n) for n in range(50))).encode())
    (tmp_path / "in" / "a.ndjson.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError) as caught:
        run()
    assert caught.value.number == "CL1101"
    assert not (tmp_path / "out").exists()


def test_a_file_in_place_of_the_folder_is_refused(tmp_path, run):
    (tmp_path / "in" / "a.ndjson").write_text(lines(PATIENT))
    (tmp_path / "out").write_text("x")
    with pytest.raises(UsageError) as caught:
        run()
    assert caught.value.number == "CL2050"


def test_a_folder_that_holds_files_is_refused(tmp_path, run):
    (tmp_path / "in" / "a.ndjson").write_text(lines(PATIENT))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("x")
    with pytest.raises(UsageError) as caught:
        run()
    assert caught.value.number == "CL2050"


def test_a_folder_within_a_source_is_refused(tmp_path, key_file):
    (tmp_path / "a.ndjson").write_text(lines(PATIENT))
    rules = policy.load("expert_determination")
    with pytest.raises(UsageError) as caught:
        fhir_files.run([tmp_path], tmp_path / "out", policy=rules, key=keys.load(key_file), project="t")
    assert caught.value.number == "CL2154"
    assert not (tmp_path / "out").exists()


def test_a_literal_reference_in_a_document_names_the_pseudonym(tmp_path, run):
    seen = {"resourceType": "Encounter", "id": "97845408", "status": "finished", "class": {"code": "AMB"}}
    text = base64.b64encode(b"see Encounter/97845408").decode()
    page = base64.b64encode(b"<p>See Encounter/97845408</p>").decode()
    attached = [{"contentType": "text/plain", "data": text}, {"contentType": "text/html", "data": page}]
    note = {
        "resourceType": "DocumentReference",
        "id": "d",
        "status": "current",
        "subject": {"reference": "Patient/ada-1"},
        "content": [{"attachment": one} for one in attached],
    }
    (tmp_path / "in" / "a.ndjson").write_text(lines(PATIENT, seen, note))
    run()
    made = [json.loads(line) for path in (tmp_path / "out").iterdir() for line in path.read_text().splitlines()]
    named = next(r["id"] for r in made if r["resourceType"] == "Encounter")
    (document,) = (r for r in made if r["resourceType"] == "DocumentReference")
    for part in document["content"]:
        assert f"Encounter/{named}" in base64.b64decode(part["attachment"]["data"]).decode()


def test_the_cumulus_inputs_lose_every_identifier(corpora, tmp_path, key_file):
    folder = corpora / "fhir" / "cumulus-etl-deid"
    if not folder.is_dir():
        pytest.skip("the Cumulus pairs are not here")
    counts = fhir_files.run(
        [folder], tmp_path / "out", policy=policy.load("expert_determination"), key=keys.load(key_file), project="t"
    )
    assert counts["out"] > 0
    told = "".join(written(tmp_path / "out").values())
    for path in folder.rglob("*.json"):
        try:
            source = json.loads(path.read_text())
        except ValueError:
            continue
        if not isinstance(source, dict) or "input" not in str(path):
            continue
        for name in source.get("name") if isinstance(source.get("name"), list) else ():
            for word in (name.get("family"), *(name.get("given") or ())):
                assert word is None or len(word) < 4 or word not in told


@pytest.mark.parametrize("packed", ["in.tar.gz", "in.tar.xz", "in.zip"])
def test_an_archive_is_read_like_the_files_in_it(tmp_path, packed):
    import shutil

    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "a.ndjson").write_text(json.dumps(PATIENT) + "\n")
    (folder / "b.ndjson.gz").write_bytes(gzip.compress(json.dumps(DOCTOR).encode() + b"\n"))
    made = shutil.make_archive(
        str(tmp_path / "in"), {"in.tar.gz": "gztar", "in.tar.xz": "xztar", "in.zip": "zip"}[packed], folder
    )
    keys.create(tmp_path / "key")
    key, rules = keys.load(tmp_path / "key"), policy.load("expert_determination")
    outs = []
    for name, source in (("plain", folder), ("packed", tmp_path / packed)):
        assert source.exists(), made
        body = fhir_files.run([source], tmp_path / name, policy=rules, key=key, project="p")
        assert (body["in"], body["out"], body["files"]) == (2, 2, 2)
        outs.append(sorted(p.read_bytes() for p in (tmp_path / name).iterdir()))
    assert outs[0] == outs[1]


# --- what a stranger sends ---------------------------------------------------------------------------

SEEN = {"resourceType": "Observation", "id": "o", "status": "final", "code": {"text": "Pulse"}}
RTF = base64.b64encode(rb"{\rtf1 {{\'xx \u99999999999}").decode()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (json.dumps({**SEEN, "encounter": {"reference": 'Encounter?identifier=Quix"mire'}}), ""),
        (json.dumps({**SEEN, "code": {"text": "Encounter?identifier=\\"}}), ""),
        ('{"resourceType":"Observation","id":"o","x":"Encounter?identifier=Quixmire\\ud800"}', "lone_surrogate"),
        ('{"resourceType":"Observation","id":"o","x":"Encounter?identifier=Quixmire\x01"}', "not_json"),
        ('{"resourceType":["Quixmire"],"id":"o","x":"2140-01-01"}', "unknown_resource_type"),
        ('{"resourceType":{"Quixmire":1},"id":"o","x":"2140-01-01"}', "unknown_resource_type"),
        (json.dumps({**SEEN, "subject": {"reference": "#"}}).replace('"#"', "1e999"), "not_json"),
        (json.dumps({**document("Patient/ada-1"), "content": [{"attachment": {"data": RTF}}]}), ""),
        (json.dumps(PATIENT)[:-1] + ',"name":[{"family":"Other"}]}', "duplicate_key"),
        ('{"resourceType":"Observation","id":"x","resourceType":"Patient"}', "duplicate_key"),
        ('{"resourceType":"Bundle","entry":{"Quixmire":1}}', "malformed_bundle"),
        ('{"resourceType":"Bundle","type":["Quixmire"],"entry":[{"resource":' + json.dumps(SEEN) + "}]}", ""),
    ],
)
def test_no_line_stops_the_others_or_is_told(tmp_path, run, capfd, line, reason):
    body = f"{line}\n{json.dumps({**PATIENT, 'id': 'eve-2'})}\n"
    (tmp_path / "in" / "a.ndjson").write_bytes(body.encode())
    counts = run()
    assert (counts["in"], counts["quarantined"]) == (2, {reason: 1} if reason else {})
    assert counts["in"] == counts["out"] + sum(counts["quarantined"].values()) + sum(counts["filtered"].values())
    told = "".join(written(tmp_path / "out").values()) + "".join(capfd.readouterr()) + json.dumps(counts)
    assert "Quix" not in told


CLAIM = {"resourceType": "Claim", "id": "c", "organization": {"reference": "Organization/o"}}


@pytest.mark.parametrize(
    ("resource", "reason"),
    [
        (CLAIM, "wrong_fhir_version"),
        ({**SEEN, "status": "over"}, "unknown_code"),
        ({**SEEN, "id": None}, "missing_id"),
        ({**SEEN, "id": "o_1"}, "bad_id"),
        ({**SEEN, "id": "o" * 256}, "bad_id"),
        ({**SEEN, "id": ""}, "bad_id"),
        ({**SEEN, "id": 7}, "bad_id"),
        ({**SEEN, "id": ["o-1"]}, "bad_id"),
        ({**SEEN, "contained": {"resourceType": "Patient"}}, "cardinality"),
    ],
)
def test_what_was_no_valid_fhir_before_is_set_aside_for_the_reason_that_parse_gives(tmp_path, run, resource, reason):
    told = json.dumps({k: v for k, v in resource.items() if v is not None}).encode()
    key = keys.create(tmp_path / "parse.key")
    origin = judge.Origin("f" * 64, None, None, key, "test")
    assert [row["reason"] for row in judge.rows([records.Record(1, told)], origin)] == [reason]
    (tmp_path / "in" / "a.ndjson").write_bytes(told + b"\n")
    counts = run()
    assert counts["quarantined"] == {reason: 1}


def test_a_bundle_with_a_resource_of_another_fhir_version_is_set_aside_whole(tmp_path, run):
    foreign = {**SEEN, "id": "o-2", "context": {"reference": "Encounter/e"}}
    deleted = {"request": {"method": "DELETE", "url": "Observation/o-3"}}
    body = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": PATIENT}, {"resource": foreign}]}
    body["entry"].append(deleted)
    (tmp_path / "in" / "a.json").write_text(json.dumps(body))
    (tmp_path / "in" / "b.ndjson").write_text(lines(SEEN, foreign))
    counts = run()
    assert counts["quarantined"] == {"wrong_fhir_version": 3}
    assert (counts["in"], counts["out"], counts["filtered"]) == (5, 1, {"deleted": 1})


def test_a_bundle_of_which_nothing_passes_is_counted_and_not_written(tmp_path, run):
    wrong = {"resourceType": "Bundle", "type": "transaction", "entry": [{"resource": {**SEEN, "id": "o_1"}}]}
    (tmp_path / "in" / "a.json").write_text(json.dumps(wrong))
    (tmp_path / "in" / "b.json").write_text(json.dumps({"resourceType": "Bundle", "type": "searchset"}))
    right = {**wrong, "entry": [*wrong["entry"], {"resource": SEEN}]}
    (tmp_path / "in" / "c.ndjson").write_text(lines(wrong, right))
    counts = run()
    assert (counts["in"], counts["out"], counts["bundles_left_out"]) == (5, 1, 3)
    assert (counts["quarantined"], counts["filtered"]) == ({"bad_id": 3}, {"empty_bundle": 1})
    (told,) = written(tmp_path / "out").values()
    (made,) = map(json.loads, told.splitlines())
    assert [e["resource"]["resourceType"] for e in made["entry"]] == ["Observation"]


def test_what_only_the_treatment_made_invalid_is_told_as_that(tmp_path, run, monkeypatch):
    refused = Refused("output_not_valid_fhir", "Observation.status")
    monkeypatch.setattr(fhir_files, "outcome", lambda *_: refused)
    (tmp_path / "in" / "a.ndjson").write_text(lines(SEEN))
    assert run()["quarantined"] == {"output_not_valid_fhir": 1}


@pytest.mark.parametrize("claims", [("Patient", "Observation"), ("Observation", "Patient")])
@pytest.mark.parametrize("more", [{}, {"birthDate": "2140-01-01"}])
def test_a_record_that_claims_two_types_is_learned_as_the_one_it_is_written_as(tmp_path, claims, more):
    first, last = claims
    told = json.dumps({**PATIENT, **more, "resourceType": first})[:-1] + f',"resourceType":"{last}"}}\n'
    (tmp_path / "a.ndjson").write_text(told)
    parties = fhir_files.survey([tmp_path / "a.ndjson"], 2025).parties
    assert {party["resource_type"] for party in parties} <= {last} - {"Observation"}


def entries(*resources):
    made = [{"fullUrl": URN.get(r["id"], f"urn:uuid:{r['id']}"), "resource": r} for r in resources]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": made})


def said(folder, where="valueString"):
    return re.findall(rf'"{where}":"([^"]*)"', "".join(written(folder).values()))


def test_a_later_date_stays_or_not_whatever_the_order_of_a_bundle(tmp_path, run):
    visit = {"resourceType": "Encounter", "id": "e", "status": "planned", "class": {"code": "AMB"}}
    visit |= {"subject": {"reference": URN["ada-1"]}, "period": {"start": "2040-01-05", "end": "2041-01-01"}}
    for number, order in enumerate(([PATIENT, visit], [visit, PATIENT])):
        (tmp_path / "in" / "a.json").write_text(entries(*order))
        run(to=f"out{number}")
        assert said(tmp_path / f"out{number}", "end")
    assert said(tmp_path / "out0", "start") == said(tmp_path / "out1", "start") != []


@pytest.mark.parametrize("form", ["urn", "Patient/ada-1", "https://ehr/Patient/ada-1/_history/2", "Patient/ada-1#name"])
def test_a_relative_is_known_to_the_patients_texts_whatever_form_names_the_patient(tmp_path, run, form):
    named = {"reference": URN["ada-1"] if form == "urn" else form}
    relative = {"resourceType": "RelatedPerson", "id": "r", "patient": named, "name": [{"text": "Wulfric Tindaro"}]}
    (tmp_path / "in" / "a.json").write_text(
        entries(relative, {**SEEN, "subject": named, "valueString": "by tindaro"}, PATIENT)
    )
    run()
    assert len(said(tmp_path / "out")) == 1
    assert "tindaro" not in said(tmp_path / "out")[0]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("seen at tarrowby ridge, records from TRRH", "tarrowby"),
        ("TRRH sent it", "TRRH"),
        ("then stackpole again", "stackpole"),
        ("then fairwether again", "fairwether"),
    ],
)
@pytest.mark.parametrize("form", ["urn", "Organization/o", "https://ehr/Organization/o"])
def test_what_other_records_of_the_patient_name_is_known_to_the_texts(tmp_path, run, form, text, left):
    place = {"resourceType": "Organization", "id": "o", "name": "Tarrowby Ridge Regional Hospital"}
    named = {"reference": "urn:uuid:o" if form == "urn" else form}
    owner = {"reference": "Patient/ada-1"}
    history = {"resourceType": "FamilyMemberHistory", "id": "f", "status": "partial", "patient": owner}
    history |= {"name": "Orville Stackpole", "relationship": {"text": "uncle"}}
    report = {
        "resourceType": "DiagnosticReport",
        "id": "d",
        "status": "final",
        "code": {"text": "note"},
        "subject": owner,
    }
    report |= {
        "performer": [{"reference": "Practitioner/x", "display": "Dr. Ottoline Fairweather"}],
        "conclusion": text,
    }
    patient = PATIENT | {"managingOrganization": named}
    (tmp_path / "in" / "a.json").write_text(entries(report, history, patient, place))
    run()
    assert len(said(tmp_path / "out", "conclusion")) == 1
    assert left not in said(tmp_path / "out", "conclusion")[0]


@pytest.mark.parametrize(
    "named",
    [
        {"reference": "Patient?identifier=http://hospital|MRN0048291"},
        {"reference": "Patient?identifier=http%3A%2F%2Fhospital%7CMRN0048291"},
        {"reference": "https://ehr/fhir/Patient?identifier=MRN0048291"},
        {"identifier": {"system": "http://hospital", "value": "MRN0048291"}},
        {"type": "Patient", "identifier": {"value": "MRN0048291"}},
    ],
)
def test_a_patient_named_by_identifier_is_known_to_the_text_unless_two_bear_it(tmp_path, run, named):
    seen = {**SEEN, "subject": named, "valueString": "by quixmire"}
    (tmp_path / "in" / "a.ndjson").write_text(lines(seen, PATIENT))
    run(to="one")
    assert "quixmire" not in said(tmp_path / "one")[0]
    (tmp_path / "in" / "a.ndjson").write_text(lines(seen, PATIENT, {**PATIENT, "id": "eve-2"}))
    run(to="two")
    ids = re.findall(r'"Patient","id":"(\w+)"|"id":"(\w+)"', "".join(written(tmp_path / "two").values()))
    subject = json.loads(written(tmp_path / "two")["00001-Observation.ndjson"].splitlines()[0])["subject"]
    assert subject.get("reference", "").removeprefix("Patient/") not in {i for pair in ids for i in pair if i}


MOTHER = {
    "resourceType": "Patient",
    "id": "eve-2",
    "name": [{"family": "Brannagh", "given": ["Siobhan"]}],
    "telecom": [{"system": "phone", "value": "6175550123"}],
}


def told_of(text, **elements):
    code = {"coding": [{"system": "http://loinc.org", "code": "8480-6"}]}
    base = {"resourceType": "Observation", "id": "o-1", "status": "final", "code": code, "valueString": text}
    return base | {"effectiveDateTime": "2015-03-05"} | elements


def test_a_resource_is_treated_as_its_subjects_and_knows_who_else_is_named(tmp_path, run):
    own = {"subject": {"reference": "Patient/ada-1"}, "performer": [{"reference": "Patient/eve-2"}]}
    (tmp_path / "in" / "a.ndjson").write_text(
        lines(PATIENT, MOTHER, told_of("brannagh, 6175550123, asked how quixmire is", **own), document("Patient/ada-1"))
    )
    run()
    text = said(tmp_path / "out")[0]
    assert "asked how" in text
    assert not any(w in text.lower() for w in ("brannagh", "6175550123", "quixmire"))
    made = [json.loads(x) for f in (tmp_path / "out").iterdir() for x in f.read_text().splitlines()]
    shifted = {r.get("effectiveDateTime") or r.get("date", "")[:10] for r in made} - {""}
    assert len(shifted) == 1, "one offset of one patient"


@pytest.mark.parametrize("form", ["urn", "Patient/ada-1", "https://ehr/Patient/ada-1/_history/2"])
def test_who_is_named_only_beside_a_reference_is_known_to_all_texts_of_the_patient(tmp_path, run, form):
    owner = {"subject": {"reference": URN["ada-1"] if form == "urn" else form}}
    visit = {"resourceType": "Encounter", "id": "e", "status": "finished", "class": {"code": "AMB"}, **owner}
    visit |= {
        "participant": [
            {"individual": {"reference": "urn:uuid:x", "display": "Dr. Ottoline Farrowick"}},
            {"individual": {"reference": "Practitioner/y", "display": "Attending physician"}},
        ],
        "location": [{"location": {"reference": "Location/z", "display": "7 Merribeck"}}],
        "serviceProvider": {"display": "Emergency Department"},
    }
    text = "attending physician in the emergency department; so farrowick it is. 7 merribeck ok?"
    seen, others = {**SEEN, **owner, "valueString": text}, {**SEEN, "id": "other", "valueString": f"then {text}"}
    others["subject"] = {"reference": "Patient/eve-2"}
    (tmp_path / "in" / "a.json").write_text(entries(seen, others, visit, PATIENT, MOTHER))
    run()
    own, other = sorted(said(tmp_path / "out"), key=lambda t: t.startswith("then"))
    assert re.fullmatch("attending physician in the emergency department; so .+ it is. .+ ok.", own)
    assert not re.search("farrowick|merribeck", own)
    assert other == f"then {text}", "another patient's"


LINKED = {"type": "replaced-by", "other": {"reference": "Patient/ada-2"}}


@pytest.mark.parametrize(
    ("older", "newer", "systems"),
    [
        ({"link": [LINKED]}, {}, ()),
        ({}, {"link": [{"type": "replaces", "other": {"reference": "Patient?identifier=http%3A%2F%2Fold%7C7"}}]}, ()),
        ({}, {}, ("http://hospital",)),
    ],
    ids=["replaced-by", "replaces, by identifier", "an identifier of a declared system"],
)
def test_records_of_one_person_have_one_offset_and_know_of_each_other(tmp_path, key_file, older, newer, systems):
    first = {**PATIENT, **older, "identifier": [*PATIENT["identifier"], {"system": "http://old", "value": "7"}]}
    second = {**PATIENT, **newer, "id": "ada-2", "name": [{"family": "Brannagh", "given": ["Ada"]}]}
    notes = [told_of("with brannagh", id=f"o-{n}", subject={"reference": f"Patient/ada-{n}"}) for n in (1, 2)]
    (tmp_path / "a.ndjson").write_text(lines(first, second, *notes))
    rules, key = policy.load("expert_determination"), keys.load(key_file)
    fhir_files.run(
        [tmp_path / "a.ndjson"], tmp_path / "out", policy=rules, key=key, project="test", person_systems=systems
    )
    made = [json.loads(line) for line in written(tmp_path / "out")["00001-Patient.ndjson"].splitlines()]
    seen = [r for r in made if r["resourceType"] == "Observation"]
    survivor = "ada-1" if systems else "ada-2"
    day = dates.shift("2015-03-05", dates.offset_days(key.derive("date-shift", "test"), survivor, *rules.shift))
    assert [r["effectiveDateTime"] for r in seen] == [day, day]
    assert not any("brannagh" in r["valueString"] for r in seen)
    assert len({r["subject"]["reference"] for r in seen}) == 2, "each record keeps its name, as in silver"


def test_what_may_be_of_two_patients_is_set_aside(tmp_path, run):
    both = [{"reference": "Patient/ada-1"}, {"reference": "Patient/eve-2"}]
    account = {"resourceType": "Account", "id": "a", "status": "active", "subject": both}
    group = {"resourceType": "Group", "id": "g", "type": "person", "actual": True}
    group["member"] = [{"entity": reference} for reference in both]
    (tmp_path / "in" / "a.ndjson").write_text(
        lines(PATIENT, MOTHER, account, told_of("well", performer=both), told_of("well", id="o-2", focus=both), group)
    )
    counts = run()
    assert counts["quarantined"] == {"of_two_patients": 2}
    assert counts["filtered"] == {"type_not_in_policy": 1}
    assert counts["out"] == 3


@pytest.mark.parametrize(("own", "stays"), [("example", False), ("someone-else", True)])
def test_an_id_without_a_digit_goes_only_where_a_text_tells_it_as_one(tmp_path, run, own, stays):
    text = "As an example see Patient/example. Patient/family education was given."
    (tmp_path / "in" / "a.ndjson").write_text(
        lines(PATIENT | {"id": own}, told_of(text, subject={"reference": f"Patient/{own}"}))
    )
    run()
    made = said(tmp_path / "out")[0]
    assert ("Patient/example" in made) is stays
    assert "As an example see" in made
    assert "Patient/family education" in made


def bundle_of(server, patient):
    entry = {"fullUrl": f"{server}/Patient/{patient['id']}", "resource": patient}
    return json.dumps({"resourceType": "Bundle", "type": "searchset", "entry": [entry]})


def test_two_persons_of_two_servers_do_not_become_one(tmp_path, run):
    (tmp_path / "in" / "a.json").write_text(bundle_of("https://a.example.org/fhir", PATIENT))
    (tmp_path / "in" / "b.json").write_text(bundle_of("HTTP://A.example.org/fhir", PATIENT))
    run()
    (tmp_path / "in" / "c.json").write_text(bundle_of("https://b.example.org/fhir", PATIENT))
    shutil.rmtree(tmp_path / "out")
    with pytest.raises(UsageError, match="CL2157") as refused:
        run()
    assert PATIENT["id"] not in str(refused.value)


def test_what_a_server_says_of_a_search_is_filtered(tmp_path, run):
    said_of_it = {"resourceType": "OperationOutcome", "issue": [{"severity": "warning", "code": "processing"}]}
    entries = [{"resource": PATIENT}, {"resource": said_of_it, "search": {"mode": "outcome"}}]
    bundle = {"resourceType": "Bundle", "type": "searchset", "entry": entries}
    (tmp_path / "in" / "a.json").write_text(json.dumps(bundle))
    tally = run()
    assert (tally["filtered"], tally["quarantined"]) == ({"type_not_in_policy": 1}, {})


def test_an_id_that_two_persons_have_is_refused_and_nothing_written(tmp_path, run):
    (tmp_path / "in" / "a.ndjson").write_text(lines(PATIENT))
    other = {"birthDate": "1901-02-03", "name": [{"family": "Zzyx"}], "identifier": [], "telecom": [], "address": []}
    (tmp_path / "in" / "b.ndjson").write_text(lines({**PATIENT, "contact": [], **other}))
    with pytest.raises(UsageError, match="CL2159") as refused:
        run()
    assert PATIENT["id"] not in str(refused.value)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("about", "shifted"),
    [
        (["Patient/ada-1"], True),
        (["Patient/ada-1", "Observation/o9"], True),
        (["Observation/o9"], True),
        (["Patient/ada-1", "Patient/bob-1"], False),
    ],
)
def test_a_provenance_about_a_patient_and_what_is_the_patients_is_the_patients(tmp_path, run, about, shifted):
    made = {"resourceType": "Provenance", "id": "p", "target": [{"reference": name} for name in about]}
    made |= {"recorded": "2015-03-05T10:00:00Z", "agent": [{"who": {"display": "quixmire"}}]}
    seen = told_of("walks", id="o9", subject={"reference": "Patient/ada-1"})
    (tmp_path / "in" / "a.ndjson").write_text(lines(PATIENT, PATIENT | {"id": "bob-1"}, seen, made))
    run()
    out = (json.loads(line) for line in "".join(written(tmp_path / "out").values()).splitlines())
    (provenance,) = (r for r in out if r["resourceType"] == "Provenance")
    assert ("recorded" in provenance) is shifted


@pytest.mark.parametrize("contained", [[], [{"resourceType": "Specimen", "id": "s", "subject": {"display": "x"}}]])
def test_what_names_its_visit_alone_is_of_the_visits_patient(tmp_path, run, contained):
    visit = {"resourceType": "Encounter", "id": "v", "status": "finished", "class": {"code": "AMB"}}
    visit["subject"] = {"reference": "Patient/ada-1"}
    seen = told_of("quixmire walks", encounter={"reference": "Encounter/v"}, effectiveDateTime="2015-03-05")
    seen |= {"contained": contained} if contained else {}
    made = {"resourceType": "Provenance", "id": "p", "target": [{"reference": f"Observation/{seen['id']}"}]}
    made |= {"recorded": "2015-03-05T10:00:00Z", "agent": [{"who": {"display": "quixmire"}}]}
    (tmp_path / "in" / "a.ndjson").write_text(lines(seen, made, visit, PATIENT))
    run()
    out = (json.loads(line) for line in "".join(written(tmp_path / "out").values()).splitlines())
    found = {r["resourceType"]: r for r in out}
    text = found["Observation"]["valueString"]
    assert "quixmire" not in text
    assert text.endswith(" walks")
    assert found["Observation"]["effectiveDateTime"][:4] in ("2014", "2015", "2016")
    assert found["Observation"]["effectiveDateTime"] != "2015-03-05"
    assert found["Provenance"]["recorded"].startswith(found["Observation"]["effectiveDateTime"])


@pytest.mark.parametrize(
    ("own", "text", "stays"),
    [
        ("eq081-VQEgP8drUUqCWzHfw3", "Chart eq081-VQEgP8drUUqCWzHfw3 was seen", False),
        ("eq081-VQEgP8drUUqCWzHfw3", "chart EQ081-VQEGP8DRUUQCWZHFW3 was seen", False),
        ("smart-1288992", "see smart-1288992", False),
        ("0c2c1a7d-1111-4222-8333-444455556666", "opened 0C2C1A7D-1111-4222-8333-444455556666.html", False),
        ("12", "given 12 units", True),
        ("follow-up", "for follow-up soon", True),
    ],
)
def test_a_patients_logical_id_alone_goes_where_it_means_nobody_else(tmp_path, run, own, text, stays):
    named = told_of(text, subject={"reference": f"Patient/{own}"})
    (tmp_path / "in" / "a.ndjson").write_text(lines(PATIENT | {"id": own}, named))
    run()
    made = said(tmp_path / "out")[0]
    assert (made == text) is stays
    assert stays or own.lower() not in made.lower()
