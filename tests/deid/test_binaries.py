"""Documents that lie apart: which content type tells, whose a Binary is, and what becomes of it in every form."""

import base64
import json

import pytest

from chartline import keys
from chartline.deid import binaries, fhir_files, policy
from chartline.deid.walk import Result
from tests.deid.walking import outcome, state, walker

NOTE = "Ada Quixmire of 12 Alder Street was seen by Dr. Okonkwo on 2015-03-05. Zoë is well. Call 617-555-0188."
SECRETS = ("Quixmire", "Alder", "Okonkwo", "2015-03-05", "0188", "bin-1", "ada-1")
PATIENT = {
    "resourceType": "Patient",
    "id": "ada-1",
    "name": [{"family": "Quixmire", "given": ["Ada"]}],
    "telecom": [{"system": "phone", "value": "617-555-0188"}],
    "address": [{"line": ["12 Alder Street"], "city": "Boston", "state": "MA"}],
}
OTHER = {"resourceType": "Patient", "id": "eve-2", "name": [{"family": "Brannagh", "given": ["Eve"]}]}
SERVER = "https://ehr.example.org/api/FHIR/R4"
URN = "urn:uuid:5b1f8a4e-7f43-4a3c-9d52-6a0d2a3f1c11"


def binary(text=NOTE, kind="text/plain", charset="utf-8", **more):
    data = base64.b64encode(text.encode(charset)).decode()
    return {"resourceType": "Binary", "id": "bin-1", "contentType": kind, "data": data} | more


def document(url="Binary/bin-1", subject="ada-1", n=1, kind="text/plain", **attachment):
    return {
        "resourceType": "DocumentReference",
        "id": f"doc-{n}",
        "status": "current",
        "subject": {"reference": f"Patient/{subject}"},
        "content": [{"attachment": {"contentType": kind, "url": url, **attachment}}],
    }


def attached(resource):
    data = resource["content"][0]["attachment"].get("data")
    return None if data is None else base64.b64decode(data).decode()


# --- one Binary --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("own", "told", "kind"),
    [
        ("text/html", "text/plain", "text/html"),
        ("", "text/plain", "text/plain"),
        (None, "text/rtf", "text/rtf"),
        ("application/octet-stream", "text/html; charset=latin1", "text/html; charset=latin1"),
        ("text/plain", "TEXT/plain; charset=cp1252", "TEXT/plain; charset=cp1252"),
        ("text/plain; charset=utf-8", "text/plain; charset=cp1252", "text/plain; charset=utf-8"),
        ("text/plain", "", "text/plain"),
    ],
)
def test_the_binary_tells_its_content_type_and_the_attachment_what_it_leaves_open(own, told, kind):
    raw = json.dumps({"resourceType": "Binary", "contentType": own, "data": "QQ=="}).encode()
    assert binaries.content(raw, told) == ("QQ==", kind)


def test_the_documents_are_those_whose_attachments_the_policy_reads():
    assert binaries.documents(policy.load("safe_harbor")) == {
        *("DocumentReference", "DiagnosticReport", "Communication", "CommunicationRequest"),
    }
    silent = '\nname = "x"\nextends = "safe_harbor"\n[means]\nattachment = "drop"\n'
    assert binaries.documents(policy.from_text(silent)) == frozenset()


def through(url="Binary/b", held=b"", links=None, **attachment):
    here = {"Binary/b": held} if held is not None else {}
    made = outcome(walker(), document(url, **attachment), state(links=links or {}, binaries=here))
    assert isinstance(made, Result), made
    return made


FORMS = ("Binary/b", f"{SERVER}/Binary/b", "/fhir/Binary/b", f"{SERVER}/Binary/b/_history/2", URN)


@pytest.mark.parametrize("url", FORMS)
def test_every_form_of_address_finds_the_binary(url):
    raw = json.dumps(binary("Bell is well")).encode()
    made = through(url, raw, links={URN: "Binary/b"})
    assert attached(made.resource) == "[NAME] is well"
    assert "url" not in made.resource["content"][0]["attachment"]
    assert [(n.path, n.text) for n in made.notes] == [("DocumentReference.content.attachment.data", "[NAME] is well")]


def test_a_contained_binary_is_read_as_one_that_lies_apart_and_is_not_written_by_itself():
    given = document("#bin-1") | {"contained": [binary("Bell is well")]}
    made = outcome(walker(), given, state())
    assert isinstance(made, Result)
    assert attached(made.resource) == "[NAME] is well"
    assert "contained" not in made.resource
    assert [n.text for n in made.notes] == ["[NAME] is well"]
    elsewhere = outcome(walker(), given | document("#bin-2"), state())
    assert isinstance(elsewhere, Result)
    assert [n.status for n in elsewhere.notes] == ["withheld"]


def test_what_the_attachment_holds_itself_comes_before_what_it_points_to():
    made = through(held=b"", data=base64.b64encode(b"Bell is here").decode())
    assert attached(made.resource) == "[NAME] is here"


@pytest.mark.parametrize(
    ("held", "why"),
    [
        (None, "its Binary is not here"),
        (b"", "its Binary is of two patients"),
        (json.dumps(binary() | {"data": "Ada Quixmire!"}).encode(), "not Base64"),
    ],
)
def test_a_document_that_is_not_there_is_withheld_and_counted_and_its_resource_stays(held, why):
    walk = walker()
    here = {"Binary/b": held} if held is not None else {}
    made = outcome(walk, document("Binary/b"), state(binaries=here))
    assert isinstance(made, Result)
    assert made.resource["content"][0]["attachment"] == {"contentType": "text/plain"}
    assert [(n.status, n.text) for n in made.notes] == [("withheld", "")]
    counted = {(path, action, reason): n for (_, path, action, _, reason), n in walk.counts().items()}
    assert counted["DocumentReference.content.attachment.data", "drop", why] == 1


@pytest.mark.parametrize("data", ["Ada Quixmire", "QUJ", "€"])
def test_an_attachment_that_is_not_base64_is_withheld_and_the_others_stay(data):
    given = document("Binary/b", data=data)
    given["content"].append({"attachment": {"contentType": "text/plain", "data": "QmVsbA ==\n"}})
    made = outcome(walker(), given, state())
    assert isinstance(made, Result)
    attachments = [c["attachment"] for c in made.resource["content"]]
    assert attachments[0] == {"contentType": "text/plain"}
    assert base64.b64decode(attachments[1]["data"]) == b"[NAME]"
    assert [n.status for n in made.notes] == ["withheld", "deidentified"]


# --- in files ----------------------------------------------------------------------------------------


@pytest.fixture
def run(tmp_path, key_file):
    """De-identify files, each of these resources; the counts and the written resources by type."""

    def call(*files, name="expert_determination"):
        (tmp_path / "in").mkdir()
        for n, resources in enumerate(files):
            body = "".join(json.dumps(r) + "\n" for r in resources)
            (tmp_path / "in" / f"{n}.ndjson").write_text(body, encoding="utf-8")
        to = tmp_path / "out"
        counts = fhir_files.run([tmp_path / "in"], to, policy=policy.load(name), key=keys.load(key_file), project="t")
        whole = sum(counts["quarantined"].values()) + sum(counts["filtered"].values())
        assert counts["in"] == counts["out"] + whole
        made = [json.loads(line) for f in sorted(to.iterdir()) for line in f.read_text().splitlines()]
        made = [e["resource"] for m in made for e in m.get("entry", ())] + [m for m in made if "entry" not in m]
        return counts, {r["resourceType"]: r for r in made}

    return call


def bundle(url):
    entries = [
        {"fullUrl": URN, "resource": {k: v for k, v in binary().items() if k != "id"}},
        {"fullUrl": "urn:uuid:0c1d", "resource": PATIENT},
        {"fullUrl": "urn:uuid:0c1e", "resource": document(url)},
    ]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


@pytest.mark.parametrize("files", [([binary()], [PATIENT, document()]), ([document(), PATIENT, binary()],)])
@pytest.mark.parametrize("name", ["safe_harbor", "expert_determination"])
def test_a_note_in_a_binary_is_cleaned_as_its_documents_whatever_the_order_of_files(run, files, name):
    counts, made = run(*files, name=name)
    text = attached(made["DocumentReference"])
    assert "is well" in text
    assert [s for s in SECRETS if s in text + json.dumps(made)] == []
    assert "Binary" not in made
    assert (counts["notes"], counts["withheld"], counts["filtered"]) == (1, 0, {"binary_in_its_document": 1})


def test_a_note_in_a_bundle_is_found_by_its_urn(run):
    _, made = run([bundle(URN)])
    assert "is well" in attached(made["DocumentReference"])
    assert "Quixmire" not in json.dumps(made)


@pytest.mark.parametrize(
    "owners",
    [
        [document(), document(subject="eve-2", n=2)],
        [document(), document(f"{SERVER}/Binary/bin-1", "eve-2", 2)],
        [document(), document("/api/Binary/bin-1", "eve-2", 2)],
    ],
)
def test_a_binary_of_two_patients_is_set_aside_and_withheld_from_both(run, owners):
    counts, made = run([PATIENT, OTHER, binary(), *owners])
    assert attached(made["DocumentReference"]) is None
    assert counts["quarantined"] == {"binary_of_two_patients": 1}
    assert (counts["notes"], counts["withheld"]) == (2, 2)


@pytest.mark.parametrize(
    ("context", "withheld"),
    [("Patient/eve-2", 1), ("Patient/ada-1", 0), ("DocumentReference/doc-1", 0), ("Encounter/e", 0)],
)
def test_the_security_context_of_a_binary_must_not_name_another_patient(run, context, withheld):
    counts, _ = run([PATIENT, OTHER, binary(securityContext={"reference": context}), document()])
    assert counts["withheld"] == withheld


def test_a_policy_that_lets_binaries_pass_counts_each_once_all_the_same(run, tmp_path):
    file = tmp_path / "open.toml"
    file.write_text('name = "open"\nextends = "expert_determination"\n[resources]\nBinary = "kinds of documents"\n')
    counts, made = run([PATIENT, document(), binary(), binary(id="bin-2")], name=str(file))
    assert counts["filtered"] == {"binary_in_its_document": 1}
    assert set(made["Binary"]) == {"resourceType", "id", "meta", "contentType"}


def test_what_the_first_reading_did_not_see_is_not_read_in_the_second():
    held = binaries.Held(["DocumentReference"])
    held.put("Binary/b", json.dumps(binary()).encode())
    held.claim(["Binary/b"], "Patient", "ada-1")
    assert held.get("Binary/b") is None
    held.claim(["Binary/b"], "DocumentReference", "ada-1")
    assert json.loads(held.get("Binary/b")) == binary()
    held.claim(["Binary/b"], "DocumentReference", None)
    assert held.get("Binary/b") == b""


def test_a_binary_that_no_document_points_to_is_not_written(run):
    counts, made = run([PATIENT | {"photo": [{"contentType": "image/png", "url": "Binary/bin-1"}]}, binary()])
    assert set(made) == {"Patient"}
    assert counts["filtered"] == {"type_not_in_policy": 1}


@pytest.mark.parametrize("charset", ["utf-8", "cp1252", "utf-16"])
def test_the_charset_that_either_tells_is_read(run, charset):
    _, made = run([PATIENT, binary(charset=charset), document(kind=f"text/plain; charset={charset}")])
    text = attached(made["DocumentReference"])
    assert "is well" in text
    assert "Ã" not in text
