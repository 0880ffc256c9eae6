"""The sweep finds a canary on every surface, and only what proves something."""

import base64
import bz2
import gzip
import json
import lzma
import sqlite3
import tracemalloc
import unicodedata
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chartline.audit import sweep as swept
from chartline.audit.known import Ids, known_from_lake, known_from_sources, party, targets, telling
from chartline.audit.text import fold
from chartline.errors import DataError, UsageError
from chartline.fhir.known import Known
from chartline.files.formats import BOM
from chartline.lake import tables

NAME, MRN, PHONE, STREET = "Zorblatt Quixmire", "MRN88120937", "617-555-0193", "8841 Vexation Hollow Road"
PERSON = (
    Known("NAME", NAME),
    Known("GIVEN", "Zorblatt"),
    Known("FAMILY", "Quixmire"),
    Known("MRN", MRN),
    Known("PHONE", PHONE),
    Known("SSN", "219-09-9377"),
    Known("EMAIL", "z.quixmire@canary.example"),
    Known("STREET", STREET),
    Known("CITY", "Boston"),
    Known("ZIP", "02139"),
    Known("BIRTHDATE", "1961-04-09"),
    Known("ORGANIZATION", "Plimhaven General Hospital"),
)


def sweep(paths, known, **key):
    return swept.sweep(paths, swept.Search(known, **key))


MAY = (Known("NAME", "May Long"), Known("GIVEN", "May"), Known("FAMILY", "Long"), Known("CITY", "Salem"))


def plain(folder):
    (folder / "x.log").write_text(f"ERROR at {NAME}")


def upper_and_accents(folder):
    (folder / "x.txt").write_text("ZÓRBLATT   QUIXMÍRE")


def family_first(folder):
    (folder / "x.txt").write_text("Quixmire, Zorblatt")


def json_escapes(folder):
    (folder / "x.json").write_text('{"t":"seen by\\nZorblatt\\u0020Quixmire"}')


def base64_attachment(folder):
    (folder / "x.json").write_text(json.dumps({"data": base64.b64encode(f"Note about {NAME}.".encode()).decode()}))


def json_in_json(folder):
    (folder / "x.json").write_text(json.dumps({"stats": json.dumps({"max": "by\nZorblatt\u00a0Quixmire"})}))


def base64_of_latin_1(folder):
    written = base64.b64encode(f"Se\u00f1ora {NAME}, 61 a\u00f1os".encode("latin-1"))
    (folder / "x.json").write_text(json.dumps({"data": written.decode()}))


def gzip_in_base64(folder):
    (folder / "x.json").write_text(json.dumps({"data": base64.b64encode(gzip.compress(NAME.encode())).decode()}))


def gzipped(folder):
    (folder / "x.gz").write_bytes(gzip.compress(b"a ") + gzip.compress(MRN.encode()))


def bzipped(folder):
    (folder / "x.bz2").write_bytes(bz2.compress(b"a ") + bz2.compress(MRN.encode()))


def xzipped(folder):
    (folder / "x.xz").write_bytes(lzma.compress(b"a ") + b"\0\0\0\0" + lzma.compress(MRN.encode()))


def zipped(folder):
    with zipfile.ZipFile(folder / "x.zip", "w") as archive:
        archive.writestr("inner.txt", MRN)


def member_name(folder):
    with zipfile.ZipFile(folder / "x.zip", "w") as archive:
        archive.writestr(f"{MRN}.txt", "")


def file_name(folder):
    (folder / f"{MRN}.txt").write_text("")


def folder_name(folder):
    (folder / f"patient={MRN}").mkdir()
    (folder / f"patient={MRN}" / "x").write_text("")


def html_attribute(folder):
    (folder / "x.html").write_text(f'<html><p title="{NAME}">x</p></html>')


def html_across_tags(folder):
    (folder / "x.html").write_text("<html><td>Zorblatt</td><td>Quixmire</td></html>")


def url_encoded(folder):
    (folder / "x.log").write_text("GET /p?name=zorblatt%20quixmire")


def parquet_nested(folder):
    pq.write_table(pa.table({"n": [[{"text": "x"}, {"text": NAME}]]}), folder / "x.parquet", write_statistics=False)


def parquet_map(folder):
    kind = pa.map_(pa.string(), pa.string())
    pq.write_table(pa.table({"n": pa.array([[("k", MRN)]], kind)}), folder / "x.parquet", write_statistics=False)


def parquet_binary(folder):
    pq.write_table(pa.table({"n": [gzip.compress(MRN.encode())]}), folder / "x.parquet", write_statistics=False)


def parquet_number(folder):
    pq.write_table(pa.table({"n": [6175550193]}), folder / "x.parquet", write_statistics=False)


def parquet_metadata(folder):
    pq.write_table(pa.table({"n": [1]}).replace_schema_metadata({"made": NAME}), folder / "x.parquet")


def delta_log(folder):
    (folder / "_delta_log").mkdir()
    stats = json.dumps({"minValues": {"name": NAME}})
    (folder / "_delta_log" / "0.json").write_text(json.dumps({"add": {"stats": stats}}))


def sqlite_file(folder):
    with sqlite3.connect(folder / "x.db") as base:
        base.execute("create table t (v text)")
        base.execute("insert into t values (?)", (NAME,))
    base.close()


def utf16(folder):
    (folder / "x.txt").write_bytes(NAME.encode("utf-16"))


SURFACES = [
    plain,
    upper_and_accents,
    family_first,
    json_escapes,
    json_in_json,
    base64_attachment,
    base64_of_latin_1,
    gzip_in_base64,
    gzipped,
    bzipped,
    xzipped,
    zipped,
    member_name,
    file_name,
    folder_name,
    html_attribute,
    html_across_tags,
    url_encoded,
    parquet_nested,
    parquet_map,
    parquet_binary,
    parquet_number,
    parquet_metadata,
    delta_log,
    sqlite_file,
    utf16,
]


@pytest.mark.parametrize("plant", SURFACES, ids=lambda f: f.__name__)
def test_a_canary_is_found_on_every_surface_and_never_told(plant, tmp_path):
    plant(tmp_path)
    found = sweep([tmp_path], [PERSON])
    assert found.total > 0
    assert not found.clean
    told = json.dumps(found.to_json()).lower()
    assert [w for w in ("zorblatt", "quixmire", MRN.lower(), "5550193") if w in told] == []


@pytest.mark.parametrize(
    "text",
    [
        "call (617) 555 0193",
        "call +1 617.555.0193 now",
        "on 2024-01-05 617-555-0193",
        "ssn 219 09 9377",
        "219099377",
        "Z.Quixmire@Canary.Example",
        "lives at 8841 vexation hollow road.",
        "Dr Quixmire",
        "seen at Plimhaven General Hospital",
        "Boston, MA 02139",
        "born 1961-04-09 in Boston",
        "May Long was seen",
        "Long, May",
        "May of Salem",
        '{"family":"Long","given":["May"]}',
    ],
)
def test_what_is_proof(tmp_path, text):
    (tmp_path / "x.txt").write_text(text)
    assert sweep([tmp_path], [PERSON, MAY]).total > 0


@pytest.mark.parametrize(
    "text",
    [
        "In May, as long as it lasts",
        "a Boston scientific stent",
        "code 02139",
        "on 1961-04-09",
        "MRN8812093",
        "XMRN88120937",
        "617-555-01934",
        "General Hospital",
        "8841 units",
        "Salem" + " filler" * 20 + " May",
    ],
)
def test_what_is_no_proof(tmp_path, text):
    (tmp_path / "x.txt").write_text(text)
    assert sweep([tmp_path], [PERSON, MAY]).total == 0


def test_cells_of_a_column_are_not_read_together(tmp_path):
    pq.write_table(pa.table({"n": ["Boston", "02139"]}), tmp_path / "x.parquet", write_statistics=False)
    assert sweep([tmp_path], [PERSON]).total == 0


def test_a_short_id_is_found_as_a_reference_only(tmp_path):
    known = [party({"resourceType": "Encounter", "id": "17"})]
    (tmp_path / "x.txt").write_text("17 of 20")
    assert sweep([tmp_path], known).total == 0
    (tmp_path / "x.txt").write_text('{"reference":"Encounter/17"}')
    assert sweep([tmp_path], known).total == 1


def test_a_number_that_is_told_of_a_patient_is_no_reference(tmp_path):
    known = [party({"resourceType": "Patient", "id": "1"})]
    (tmp_path / "x.txt").write_text("Highest risk of a patient 1.00, in Patient 1 of 2")
    assert sweep([tmp_path], known).total == 0
    (tmp_path / "x.txt").write_text("see Patient/1.")
    assert sweep([tmp_path], known).total == 1


IDS = [f"{n:08x}-1c2d-4e5f-8a9b-{n * 7919:012x}" for n in range(1, 40)]


@pytest.mark.parametrize(
    "own", ["8841f0c2-1c2d-4e5f-8a9b-3c2d1e0f9a8b", "obs-2023-000417-a", "urn.oid.98765432", IDS[7]]
)
def test_an_id_that_is_proof_is_found_in_any_place_and_once(tmp_path, own):
    known = [party({"resourceType": "Observation", "id": i}) for i in (*IDS, own)]
    (tmp_path / "x.json").write_text(f'{{"reference":"Observation/{own}"}}')
    pq.write_table(pa.table({"n": ["quiet", f"see {own.upper()}."]}), tmp_path / "x.parquet", write_statistics=False)
    assert sweep([tmp_path], known).categories == {"ID": 2}
    (tmp_path / "x.json").write_text(f'{{"reference":"Observation/{own}0"}}')
    pq.write_table(pa.table({"n": [own[:-1], own[1:]]}), tmp_path / "x.parquet", write_statistics=False)
    assert sweep([tmp_path], known).total == 0


def test_of_ids_that_share_a_word_each_is_found(tmp_path):
    known = [party({"resourceType": "Observation", "id": f"visit-20230417-{n}"}) for n in range(100, 130)]
    (tmp_path / "x.txt").write_text(" and ".join(f"visit-20230417-{n}" for n in range(90, 140)))
    assert sweep([tmp_path], known).total == 30


def test_an_id_is_looked_for_once_though_it_is_told_with_its_type():
    assert targets([party({"resourceType": "Observation", "id": IDS[0]})]).patterns == 1
    assert targets([party({"resourceType": "Observation", "id": "17"})]).patterns == 1, "with its type: alone no proof"
    of_person = party({"resourceType": "Patient", "id": "17", "birthDate": "1961-03-07"})
    assert targets([of_person]).patterns == 3, "in company it is one"


@given(st.data())
def test_ids_are_found_where_they_stand_as_whole_words(data):
    word = st.text("ab19", min_size=1, max_size=8)
    spelled = st.lists(word, min_size=1, max_size=4).map(" ".join)
    ids = {i for i in data.draw(st.lists(spelled, max_size=5)) if telling(i.encode())}
    text = " ".join(data.draw(st.lists(st.one_of(word, st.sampled_from(sorted(ids)) if ids else word), max_size=12)))
    padded = f" {text} "
    there = {i for i in ids if f" {i} " in padded}
    assert {own.decode() for own in Ids(ids).found(padded.encode())} == there


def test_an_id_of_a_resource_takes_few_bytes():
    tracemalloc.start()
    held = Ids(f"{n:08x} 1c2d 4e5f 8a9b {n * 7919:012x}" for n in range(50_000))
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(held) == 50_000
    assert size < 50_000 * 40


def test_weak_values_of_many_persons_are_a_hit_only_for_one_who_has_both(tmp_path):
    many = [(Known("GIVEN", "May"), Known("CITY", f"Town{n}")) for n in range(50)]
    (tmp_path / "x.txt").write_text("May of Salem " * 20)
    assert sweep([tmp_path], [*many, (Known("CITY", "Salem"),)]).total == 0
    assert sweep([tmp_path], [*many, (Known("CITY", "Salem"), Known("GIVEN", "May"))]).categories.keys() == {
        "CITY",
        "NAME",
    }


@given(st.text(st.sampled_from("aZ9 _-\x00\u0301\u00e9\u00df\u0130\ufb01\u00bd\u2019\u4e2d\u03a3\u0660/"), max_size=30))
def test_folding_only_what_is_foreign_is_folding_all_of_it(text):
    plain = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(c for c in plain if not unicodedata.combining(c))
    whole = "".join(c if c.isalnum() or c == "\x00" else " " for c in letters)
    assert fold(text).split() == whole.encode().split()


def test_an_id_that_is_a_label_is_found_as_a_reference_only(tmp_path):
    party = (Known("ID", "10-minute-apgar-score"), Known("ID", "Observation/10-minute-apgar-score"))
    (tmp_path / "a.json").write_text('{"display": "10 minute Apgar Score"}')
    assert sweep([tmp_path], [party]).total == 0
    (tmp_path / "a.json").write_text('{"reference": "Observation/10-minute-apgar-score"}')
    assert sweep([tmp_path], [party]).categories == {"ID": 1}


def test_an_id_that_reads_as_an_element_of_its_type_proves_nothing_in_the_name_of_that_element(tmp_path):
    parties = [(Known("ID", own), Known("ID", f"{kind}/{own}")) for kind, own in _AS_ELEMENTS]
    (tmp_path / "elements.json").write_text('["Provenance.signature", "Condition.onsetAge.value"]')
    assert sweep([tmp_path], parties).total == 0
    (tmp_path / "other.json").write_text('{"reference": "Provenance/exemplar"}')
    assert sweep([tmp_path], parties).categories == {"ID": 1}


_AS_ELEMENTS = (("Provenance", "signature"), ("Condition", "onsetage"), ("Provenance", "exemplar"))


def test_the_id_of_a_published_definition_is_nobodys(tmp_path):
    known = [party({"resourceType": kind, "id": "uscr-8812-x"}) for kind in ("StructureDefinition", "Observation")]
    (tmp_path / "a.json").write_text('{"url": "http://hl7.org/fhir/us/core/StructureDefinition/uscr-8812-x"}')
    assert sweep([tmp_path], [*known[:1], PERSON]).clean
    assert not sweep([tmp_path], known).clean


def test_a_clean_folder_is_clean_and_the_decoy_was_found_everywhere(tmp_path):
    (tmp_path / "x.txt").write_text("nothing here")
    found = sweep([tmp_path], [PERSON])
    assert found.clean
    assert len(found.control) == 9
    assert all(found.control.values())
    told = found.to_json()
    assert told["surfaces"]["exercised"] == {"file name": 1, "text": 1}
    assert "parquet values" in told["surfaces"]["not_exercised"]


def test_a_decoy_drawn_without_a_digit_is_found_all_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(swept.secrets, "token_hex", lambda _: "aebaddcb")
    (tmp_path / "x.txt").write_text("nothing here")
    assert sweep([tmp_path], [PERSON], report_key=b"k").clean


def test_a_sweep_that_misses_its_decoy_is_not_clean(tmp_path, monkeypatch):
    (tmp_path / "x.txt").write_text("nothing here")
    monkeypatch.setattr("chartline.audit.text._all_streams", lambda *_: b"")
    found = sweep([tmp_path], [PERSON])
    assert not found.control["packed.gz"]
    assert not found.clean


def test_the_same_value_has_the_same_hash_under_one_key_and_another_under_the_next(tmp_path):
    for name in "ab":
        (tmp_path / f"{name}.txt").write_text(MRN)
    first = sweep([tmp_path], [PERSON], report_key=b"1" * 32)
    other = sweep([tmp_path], [PERSON], report_key=b"2" * 32)
    assert len({h.value for h in first.hits}) == 1
    assert {h.value for h in first.hits} != {h.value for h in other.hits}


def test_nothing_known_and_nothing_there_are_refused(tmp_path):
    with pytest.raises(UsageError, match="CL2078"):
        sweep([tmp_path], [])
    with pytest.raises(UsageError, match="CL2078"):
        sweep([tmp_path], [()])  # what is no person tells nothing
    with pytest.raises(UsageError, match="CL2077"):
        sweep([tmp_path / "no"], [PERSON])


PATIENT = {
    "resourceType": "Patient",
    "id": "p-4711",
    "name": [{"family": "Quixmire", "given": ["Zorblatt"]}],
    "birthDate": "1961-04-09",
}


@pytest.mark.parametrize("mark", [b"", BOM])
@pytest.mark.parametrize("form", ["ndjson", "gzip", "bundle", "single"])
def test_known_values_come_from_sources_of_every_form(tmp_path, form, mark):
    text = json.dumps(PATIENT)
    if form == "bundle":
        text = json.dumps({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": PATIENT}]})
    data = mark + (text + "\n").encode()
    name = "Patient.ndjson" if form in ("ndjson", "gzip") else "x.json"
    (tmp_path / name).write_bytes(gzip.compress(data) if form == "gzip" else data)
    (known,) = known_from_sources([tmp_path])
    assert Known("NAME", "Zorblatt Quixmire") in known
    assert Known("ID", "Patient/p-4711") in known


def test_a_source_that_tells_not_all_its_values_is_refused(tmp_path):
    (tmp_path / "Patient.ndjson.gz").write_bytes(gzip.compress(json.dumps(PATIENT).encode())[:-9])
    with pytest.raises(DataError, match="CL1101"):
        known_from_sources([tmp_path])


def test_known_values_come_from_a_csv_extract_that_a_mapping_knows(tmp_path):
    header = "Id,BIRTHDATE,DEATHDATE,SSN,DRIVERS,PASSPORT,FIRST,LAST,MAIDEN,GENDER,ADDRESS,CITY,STATE,ZIP"
    row = "p-4711,1961-04-09,,999-17-5017,S99984236,X19277260X,Zorblatt,Quixmire,Vexley,M,1 Elm St,Woburn,MA,01801"
    (tmp_path / "patients.csv").write_bytes(gzip.compress(f"{header}\n{row}\n".encode()))
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    (known,) = known_from_sources([tmp_path])
    told = {(k.type, k.value) for k in known}
    assert {("NAME", "Zorblatt Quixmire"), ("FAMILY", "Vexley"), ("SSN", "999-17-5017"), ("MRN", "p-4711")} <= told
    assert {("ID", "S99984236"), ("ID", "X19277260X"), ("STREET", "1 Elm St"), ("ZIP", "01801")} <= told


def test_known_values_of_a_lake_hold_every_source_id(lake):
    row = {"resource_type": "Patient", "resource_id": "p-4711", "known": [{"type": "FAMILY", "value": "Quixmire"}]}
    tables.append(lake, "bronze.people", [row])
    ids = [("Patient", "p-4711"), ("Observation", "o-1"), ("ValueSet", "v-1")]
    rows = [{"resource_type": t, "resource_id": i, "row_hash": "h"} for t, i in ids]
    tables.append(lake, "bronze.resources", rows)
    people, other = known_from_lake(lake)
    assert Known("FAMILY", "Quixmire") in people
    assert Known("ID", "Observation/o-1") in other


@pytest.mark.parametrize(
    ("name", "alone"),
    [("Brzostek", True), ("Quenneville", True), ("Smith", False), ("Parkinson", False), ("Roe", False)],
)
def test_a_surname_that_few_bear_is_proof_alone(tmp_path, name, alone):
    person = party({"resourceType": "Patient", "id": "p1", "name": [{"family": name, "given": ["Ada"]}]})
    (tmp_path / "note.txt").write_text(f"Mr. {name} was seen.")
    result = swept.sweep([tmp_path], swept.Search([person]))
    assert bool(result.total) is alone
    assert (result.in_company < result.patterns) and result.to_json()["in_company"] == result.in_company
