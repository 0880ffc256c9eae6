"""FHIR in XML: it is read as the JSON it means, wherever FHIR is read, and a person leaves it as any other file."""

import gzip
import io
import json
import re
import tarfile
from collections import Counter

import pytest
from fhir.resources.R4B import get_fhir_model_class

from chartline import keys
from chartline.audit import known
from chartline.deid import fhir_files, policy
from chartline.erase import landed
from chartline.fhir import definitions, from_xml, records
from chartline.files import formats

PATIENT = """<?xml version="1.0" encoding="UTF-8"?>
<!-- of the registry -->
<Patient xmlns="http://hl7.org/fhir" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="x y">
  <id value="p-1"/>
  <text><status value="generated"/>
    <div xmlns="http://www.w3.org/1999/xhtml"><p>Zorblatt &amp; <b>Quixmire</b></p></div></text>
  <contained><Organization><id value="o"/><name value="Quellbury"/></Organization></contained>
  <extension url="http://x.org/e"><valueDecimal value="1.500"/></extension>
  <active value="true"/>
  <name id="n1"><family value="Quixmire"/><given value="Zorblatt"/><given value="Öde"><extension url="http://x.org/m">
    <valueCode value="MID"/></extension></given></name>
  <birthDate value="1961-04-09" id="b"/>
  <deceasedBoolean><extension url="http://x.org/u"><valueCode value="unknown"/></extension></deceasedBoolean>
  <multipleBirthInteger value="2"/>
  <managingOrganization><reference value="#o"/></managingOrganization>
</Patient>""".encode()
MEANS = {
    "resourceType": "Patient",
    "id": "p-1",
    "text": {
        "status": "generated",
        "div": '<div xmlns="http://www.w3.org/1999/xhtml"><p>Zorblatt &amp; <b>Quixmire</b></p></div>',
    },
    "contained": [{"resourceType": "Organization", "id": "o", "name": "Quellbury"}],
    "extension": [{"url": "http://x.org/e", "valueDecimal": 1.5}],
    "active": True,
    "name": [
        {
            "id": "n1",
            "family": "Quixmire",
            "given": ["Zorblatt", "Öde"],
            "_given": [None, {"extension": [{"url": "http://x.org/m", "valueCode": "MID"}]}],
        }
    ],
    "birthDate": "1961-04-09",
    "_birthDate": {"id": "b"},
    "_deceasedBoolean": {"extension": [{"url": "http://x.org/u", "valueCode": "unknown"}]},
    "multipleBirthInteger": 2,
    "managingOrganization": {"reference": "#o"},
}


def bundle(*resources, **more):
    said = "".join(f'<{name} value="{value}"/>' for name, value in more.items())
    entries = "".join(
        f'<entry><fullUrl value="urn:uuid:{own}"/><resource>{text}</resource></entry>' for own, text in resources
    )
    return f'<Bundle xmlns="http://hl7.org/fhir">{said}<type value="collection"/>{entries}</Bundle>'.encode()


def patient(own):
    return own, f'<Patient><id value="{own}"/><name><family value="Quix{own}"/></name></Patient>'


def test_a_resource_is_what_its_xml_means_and_its_numbers_keep_their_digits():
    made = from_xml.converted(PATIENT)
    assert json.loads(made) == MEANS
    assert b'"valueDecimal":1.500' in made


def test_names_may_be_spelled_with_a_prefix():
    text = re.sub(rb"<(/?)(?=[A-Za-z])(?!div|p>|b>|/)", rb"<\1f:", PATIENT)
    text = text.replace(b'xmlns="http://hl7.org/fhir"', b'xmlns:f="http://hl7.org/fhir"')
    text = text.replace(b"</f:div>", b"</div>").replace(b"</f:p>", b"</p>").replace(b"</f:b>", b"</b>")
    assert formats.detect(text, "a").name == "fhir_xml"
    assert {**json.loads(from_xml.converted(text)), "text": 0} == {**MEANS, "text": 0}


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ('<multipleBirthInteger value="two"/>', {"multipleBirthInteger": "two"}),
        ('<active value="TRUE"/>', {"active": "TRUE"}),
        ('<birthDate value="1961"/><birthDate value="1962"/>', {"birthDate": ["1961", "1962"]}),
        ('<shoe value="9"/>', {"shoe": "9"}),
        ('<shoe><size value="9"/></shoe>', {"shoe": {"size": "9"}}),
        ("<name/>", {"name": [{}]}),
    ],
)
def test_what_json_has_no_way_to_say_stands_as_it_is(text, means):
    made = from_xml.converted(f'<Patient xmlns="http://hl7.org/fhir">{text}</Patient>'.encode())
    assert json.loads(made) == {"resourceType": "Patient", **means}


@pytest.mark.parametrize(
    "text",
    [
        PATIENT[:-20],
        b'<!DOCTYPE x [<!ENTITY e "v">]>' + PATIENT.partition(b"?>")[2],
        b"<Patient/>",
        PATIENT.replace(b"</Organization>", b"</Organization><Group/>"),
        b'<Basic xmlns="http://hl7.org/fhir">' + b'<extension url="u">' * 9000 + b"</extension>" * 9000 + b"</Basic>",
        b"",
    ],
)
def test_what_is_no_resource_is_refused(text):
    with pytest.raises(from_xml.Unreadable) as refused:
        from_xml.converted(text)
    assert not refused.value.args


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (PATIENT, "fhir_xml"),
        (b"\xef\xbb\xbf" + PATIENT, "fhir_xml"),
        (PATIENT.partition(b"-->")[2], "fhir_xml"),
        (b"<Bundle\n  xmlns='http://hl7.org/fhir'>", "fhir_xml"),
        (b'<html xmlns="http://www.w3.org/1999/xhtml"><a href="http://hl7.org/fhir"/></html>', "xml"),
        (b'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns="http://hl7.org/fhir">', "xml"),
        (b'<Patient xmlns="http://hl7.org/fhir/other">', "xml"),
    ],
)
def test_a_file_is_known_by_its_root(text, name):
    assert formats.detect(text, "a.txt").name == name
    assert formats.detect(gzip.compress(text), "a.txt.gz").name == name


def test_records_of_bundles_have_places_and_what_is_none_is_set_aside_whole():
    made = list(records.of_xml(io.BytesIO(bundle(patient("a"), patient("b")))))
    assert [(r.line, r.full_url, json.loads(r.raw)["id"]) for r in made] == [
        (1, "urn:uuid:a", "a"),
        (2, "urn:uuid:b", "b"),
    ]
    (refused,) = records.of_xml(io.BytesIO(b"<Patient/>"))
    assert (refused.fault, refused.rule, refused.raw) == ("xml_not_read", "xml", b"<Patient/>")
    assert list(records.of_xml(io.BytesIO(b" \n"))) == []


def archived(archive, ending):
    """Name and bytes of the files of an archive of the sample data."""
    if not archive.exists():
        pytest.skip(f"{archive.name} is not here")
    with tarfile.open(archive) as tar:
        for member in tar:
            if member.isfile() and member.name.endswith(ending):
                yield member.name, tar.extractfile(member).read()


def test_the_examples_of_the_standard_mean_in_xml_what_they_mean_in_json(corpora):
    archive = corpora / "fhir" / "edge_cases" / "fhir_test_cases_examples_r4_r4b_r5.tar.xz"
    found = dict(archived(archive, (".xml", ".json")))
    pairs = [(n, n[:-4] + ".json") for n in found if n.startswith("r4b/") and n.endswith(".xml")]
    assert len(pairs) == 10
    told = {}
    for in_xml, in_json in pairs:
        (record,) = records.of_xml(io.BytesIO(found[in_xml]))
        assert not record.fault
        told[in_xml] = record.raw
        if in_json in found:
            made, means = json.loads(record.raw), json.loads(found[in_json])
            assert {**made, "text": 0} == {**means, "text": 0}
    assert b'"value":1.00' in told["r4b/examples/observation-decimal.xml"]


def in_both_by_the_library(corpora):
    """Resources of the sample data in XML as ``fhir.resources`` writes it, with the JSON that it writes."""
    tried: Counter[str] = Counter()
    for _, text in archived(corpora / "fhir" / "us_core" / "us_core_examples.tar.xz", ".json"):
        kind = records.told(text)[0]
        tried[kind] += 1
        if kind in definitions.resource_types() and tried[kind] <= 3:
            try:
                model = get_fhir_model_class(kind).model_validate_json(text)
            except ValueError:
                continue
            yield model.model_dump_xml(), json.loads(model.model_dump_json())


def alike(value):
    """A value without what the library spells in two ways: numbers, UTC, the white space of a narrative."""
    if isinstance(value, dict):
        return {name: alike(inner) for name, inner in value.items() if name != "div"}
    if isinstance(value, list):
        return [alike(inner) for inner in value]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return round(float(value), 9)
    return re.sub(r"(T[\d:.]+)\+00:00$", r"\1Z", value) if isinstance(value, str) else value


def test_what_the_library_writes_is_read_as_it_means_it(corpora):
    kinds = set()
    for text, means in in_both_by_the_library(corpora):
        made = from_xml.converted(text if isinstance(text, bytes) else text.encode())
        assert alike(json.loads(made)) == alike(means)
        kinds.add(means["resourceType"])
    assert len(kinds) > 20


def test_files_are_de_identified_without_a_lake_and_the_sweep_knows_whom_they_tell_of(tmp_path, key_file):
    folder, to = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    (folder / "one.xml").write_bytes(PATIENT)
    (folder / "several.xml").write_bytes(bundle(patient("a1"), patient("b2")))
    (folder / "none.xml").write_bytes(b'<Patient xmlns="http://hl7.org/fhir">')
    rules = policy.load("expert_determination")
    told = fhir_files.run([folder], to, policy=rules, key=keys.load(key_file), project="test")
    assert (told["in"], told["out"], told["quarantined"]) == (4, 3, {"xml_not_read": 1})
    made = "".join(path.read_text() for path in to.iterdir())
    assert {path.suffix for path in to.iterdir()} == {".json"}
    assert not [name for name in ("Quix", "Zorblatt", "Quellbury", "1961-04-09") if name in made]
    parties = known.known_from_sources([folder])
    assert {"Zorblatt Quixmire", "Quixa1", "Quixb2"} <= {value.value for party in parties for value in party}


def of(*ids):
    """Takes the records with these ids."""
    return lambda record: (records.told(record.raw)[1] or records.id_of(record.full_url)) in ids


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_an_entry_that_goes_leaves_the_others_in_their_places_and_no_word_of_the_envelope(tmp_path, compression):
    path = tmp_path / "file"
    inner = bundle(patient("c"), patient("d")).decode()
    data = bundle(patient("a"), patient("b"), ("of-d", inner), id="of-a")
    path.write_bytes(gzip.compress(data) if compression == "gzip" else data)
    assert landed.count(path, compression, "fhir_xml", of("a", "d")) == 2
    landed.rewrite(path, compression, "fhir_xml", of("a", "d"))
    left = gzip.decompress(path.read_bytes()) if compression == "gzip" else path.read_bytes()
    read = list(records.read(path, compression, "fhir_xml"))
    assert [(r.line, json.loads(r.raw)["id"]) for r in read if r.raw] == [(2, "b"), (3, "c")]
    assert not [name for name in (b"Quixa", b"Quixd", b"urn:uuid:a", b"of-a", b"of-d") if name in left]
    assert formats.detect(left, "x.xml").name == "fhir_xml"
    assert landed.count(path, compression, "fhir_xml", of("a", "d")) == 0


def test_of_a_resource_that_goes_nothing_stays_and_one_that_does_not_stays_as_it_was(tmp_path):
    path = tmp_path / "file"
    for data in (PATIENT, bundle(patient("a")), b"<Patient", b""):
        path.write_bytes(data)
        landed.rewrite(path, "none", "fhir_xml", of("x"))
        assert path.read_bytes() == data
    path.write_bytes(PATIENT)
    landed.rewrite(path, "none", "fhir_xml", of("p-1"))
    assert list(records.read(path, "none", "fhir_xml")) == []
