"""C-CDA documents: what of them becomes FHIR, under which names, and what of them is refused."""

import base64
import io
import json
import tarfile
from collections import Counter

import pytest

from chartline import keys
from chartline.audit import known
from chartline.deid import fhir_files, policy
from chartline.erase import landed
from chartline.fhir import ccda, records
from chartline.files import formats
from tests.fhir.clinical_document import document, immunization, problem

NAMES = ("Isolde", "Brannoch", "Halloway", "Merribeck", "Quarrymead", "Fenwick", "555-0142", "1971-04-23", "19710423")


def resources(data: bytes) -> dict[str, list[dict]]:
    found: dict[str, list[dict]] = {}
    for entry in json.loads(ccda.convert(data).bundle)["entry"]:
        resource = entry["resource"]
        assert entry["fullUrl"] == f"urn:uuid:{resource['id']}"
        found.setdefault(resource["resourceType"], []).append(resource)
    return found


def test_header_entries_and_the_document_itself_become_resources():
    data = document(problem("1"))
    found = resources(data)
    (patient,), (condition,), (note,) = (found[kind] for kind in ("Patient", "Condition", "DocumentReference"))
    assert patient["birthDate"] == "1971-04-23"
    assert patient["name"][0]["family"] == "Brannoché"
    assert condition["code"]["coding"][0]["code"] == "233604007"
    assert condition["onsetDateTime"] == "2014-02-27"
    assert condition["subject"]["reference"] == f"urn:uuid:{patient['id']}"
    assert note["subject"]["reference"] == f"urn:uuid:{patient['id']}"
    assert note["type"]["coding"][0]["code"] == "34133-9"
    assert note["date"] == "2014-03-03T10:15:00-05:00"
    attachment = note["content"][0]["attachment"]
    assert (attachment["contentType"], base64.b64decode(attachment["data"])) == (ccda.CONTENT_TYPE, data)
    assert {"Composition", "Practitioner", "Organization"} <= found.keys()
    assert not list(_empty(found))


def _empty(value):
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for child in children:
        if child in ("", [], {}, None):
            yield child
        yield from _empty(child)


def test_a_document_is_always_converted_to_the_same_bytes():
    data = document(problem("1"), problem("2", "195967001"))
    assert ccda.convert(data).bundle == ccda.convert(data).bundle


def test_what_two_documents_tell_of_is_one_resource_and_the_later_tells_last():
    first = resources(document(problem("1"), problem("2", "195967001")))
    then = resources(document(problem("2", "195967001", status="completed"), name="d2", time="20150101"))
    assert then["Patient"][0]["id"] == first["Patient"][0]["id"]
    (told,) = then["Condition"]
    before = next(c for c in first["Condition"] if c["id"] == told["id"])
    assert before["code"] == told["code"]
    assert before["meta"]["lastUpdated"] == "2014-03-03T10:15:00-05:00"
    assert told["meta"]["lastUpdated"] == "2015-01-01T00:00:00Z"
    assert then["DocumentReference"][0]["id"] != first["DocumentReference"][0]["id"]


def test_two_resources_that_a_document_calls_the_same_stay_two():
    once = resources(document(problem("1"), problem("1", "195967001")))["Condition"]
    again = resources(document(problem("1", "195967001"), problem("1"), name="d2"))["Condition"]
    assert len({c["id"] for c in once}) == 2
    assert {(c["id"], c["code"]["coding"][0]["code"]) for c in once} == {
        (c["id"], c["code"]["coding"][0]["code"]) for c in again
    }


def test_patients_of_one_number_in_two_systems_are_two():
    ours = resources(document())
    theirs = resources(document().replace(b'root="1.2.3.5"', b'root="1.2.3.55"'))
    assert ours["Patient"][0]["id"] != theirs["Patient"][0]["id"]


def test_the_day_of_an_immunization_is_told():
    (given,) = resources(document(given=immunization()))["Immunization"]
    assert given["occurrenceDateTime"] == "2012-08-15"
    assert given["vaccineCode"]["coding"][0]["code"] == "88"


def test_an_entry_that_breaks_a_rule_of_its_template_is_left_and_the_others_stay():
    made = ccda.convert(document(problem("1"), problem("2", low=""), problem("3", "195967001")))
    kinds = Counter(e["resource"]["resourceType"] for e in json.loads(made.bundle)["entry"])
    assert kinds["Condition"] == 2
    (left,) = made.left
    assert b'extension="a2"' in left
    assert b'extension="p1"' in left


def test_nothing_is_said_about_a_document(capfd, caplog, recwarn):
    ccda.convert(document(problem("1"), problem("2", low=""), text=""))
    with pytest.raises(ccda.Unconverted) as refused:
        ccda.convert(document().replace(b"<recordTarget>", b"<recordTarget"))
    assert (str(refused.value), refused.value.__cause__) == ("", None)
    assert refused.value.__suppress_context__
    out, err = capfd.readouterr()
    assert (out, err, caplog.records, list(recwarn)) == ("", "", [], [])


@pytest.mark.parametrize(
    "data",
    [
        document().replace(b"<ClinicalDocument", b'<!DOCTYPE x [<!ENTITY a "b">]><ClinicalDocument', 1),
        document().replace(b"Isolde", b"&a;", 1).replace(b"<Clin", b"<!DOCTYPE x [<!ENTITY a 'b'>]><Clin", 1),
        document(time="").replace(b'<effectiveTime value=""/>', b"<effectiveTime nullFlavor='UNK'/>"),
        document()[:-10],
        document().replace(b"recordTarget>", b"recordTargets>"),
        b'<section xmlns="urn:hl7-org:v3"><!-- <ClinicalDocument --></section>',
        b"",
    ],
    ids=["doctype", "entity", "no time", "cut", "nobody", "section", "empty"],
)
def test_what_is_no_document_of_somebody_is_refused(data):
    with pytest.raises(ccda.Unconverted):
        ccda.convert(data)


@pytest.mark.parametrize(
    ("body", "kind", "content"),
    [
        ('<text mediaType="application/pdf" representation="B64">JVBE\nRi0=</text>', "application/pdf", b"%PDF-"),
        ('<text mediaType="text/plain">Seen today.</text>', "text/plain", b"Seen today."),
    ],
)
def test_a_body_that_is_not_xml_is_the_note(body, kind, content):
    data = document(body=f"<component><nonXMLBody>{body}</nonXMLBody></component>")
    attachment = resources(data)["DocumentReference"][0]["content"][0]["attachment"]
    assert (attachment["contentType"], base64.b64decode(attachment["data"])) == (kind, content)


def test_the_encoding_that_a_document_names_is_honoured():
    data = document(problem("1"), encoding="iso-8859-1")
    assert resources(data)["Patient"][0]["name"][0]["family"] == "Brannoché"


def test_records_have_places_and_what_is_left_stands_behind_them():
    made = list(records.of_ccda(io.BytesIO(document(problem("1"), problem("2", low="")))))
    assert [r.line for r in made] == list(range(1, len(made) + 1))
    assert [r.fault for r in made if r.fault] == ["entry_not_converted"]
    assert made[-1].raw.startswith(b"<ClinicalDocument")
    (refused,) = records.of_ccda(io.BytesIO(b"<ClinicalDocument/>"))
    assert (refused.line, refused.fault, refused.raw) == (None, "document_not_converted", b"<ClinicalDocument/>")
    assert list(records.of_ccda(io.BytesIO(b"\n"))) == []


def test_a_document_is_known_by_its_root_whatever_its_name():
    for data in (
        document(),
        b"\xef\xbb\xbf" + document(),
        document().replace(b"ClinicalDocument", b"n:ClinicalDocument"),
    ):
        assert formats.detect(data, "a.txt") == formats.Format("ccda")


def test_files_of_documents_are_de_identified_without_a_lake(tmp_path, key_file):
    folder, to = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    (folder / "Isolde.xml").write_bytes(document(problem("1"), problem("2", low="")))
    (folder / "none.xml").write_bytes(b"<ClinicalDocument/>")
    rules = policy.load("expert_determination")
    told = fhir_files.run([folder], to, policy=rules, key=keys.load(key_file), project="test")
    assert told["quarantined"] == {"entry_not_converted": 1, "document_not_converted": 1}
    (made,) = to.iterdir()
    assert made.suffix == ".json"
    text = made.read_text()
    notes = [
        base64.b64decode(r["content"][0]["attachment"]["data"]).decode()
        for r in (e["resource"] for e in json.loads(text)["entry"])
        if r["resourceType"] == "DocumentReference"
    ]
    assert "was seen by" in notes[0]
    assert "Summary" in notes[0]
    assert not [name for name in NAMES for said in (text, *notes) if name in said]
    assert "233604007" in text


def test_the_sweep_knows_whom_a_document_tells_of(tmp_path):
    (tmp_path / "a.xml").write_bytes(document())
    told = {value.value for party in known.known_from_sources([tmp_path]) for value in party}
    assert {"Brannoché", "Halloway", "Merribeck Hospital", "77 Quarrymead Lane"} <= told


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_a_document_goes_whole_when_any_of_it_goes(tmp_path, compression):
    import gzip

    path = tmp_path / "file"
    data = document(problem("1"))
    path.write_bytes(gzip.compress(data) if compression == "gzip" else data)
    read = lambda: list(records.read(path, compression, "ccda"))  # noqa: E731
    landed.rewrite(path, compression, "ccda", lambda _: False)
    assert len(read()) > 4
    assert landed.count(path, compression, "ccda", lambda r: b'"Condition"' in r.raw[:40]) == 1
    landed.rewrite(path, compression, "ccda", lambda r: b'"Condition"' in r.raw[:40])
    assert read() == []


def test_published_documents_are_converted_and_valid(corpora):
    archive = corpora / "fhir" / "ccda" / "hl7_ccda_examples.tar.xz"
    if not archive.exists():
        pytest.skip("the C-CDA examples are not here")
    fates: Counter[str] = Counter()
    with tarfile.open(archive) as tar:
        for member in tar:
            data = (
                tar.extractfile(member).read() if member.name.startswith("Documents/") or ".xml" in member.name else b""
            )
            if formats.detect(data[: formats.HEAD], "x.xml").name != "ccda":
                continue
            told = list(records.of_ccda(io.BytesIO(data)))
            whole = b"<recordTarget>" in data and b"<author" in data
            assert whole == (told[0].fault != "document_not_converted"), member.name
            fates.update(r.fault or "resource" for r in told)
    assert fates["resource"] > 400
    assert fates["entry_not_converted"] == 0
