"""Parse end to end on small lakes: whole, incremental, deterministic, released records come back."""

import json

import pytest

from chartline.errors import DataError, GateFailed, UsageError
from chartline.fhir.parse import parse
from chartline.ingest import land as landing
from chartline.ingest.land import land
from chartline.lake import ledger, quarantine, tables
from chartline.settings import Settings

pytestmark = pytest.mark.spark
NPI = "http://hl7.org/fhir/sid/us-npi"


def resource(kind, id, **elements):
    return {"resourceType": kind, "id": id} | elements


def observation(id, subject, **elements):
    code = {"text": "pulse"}
    return resource("Observation", id, status="final", code=code, subject={"reference": subject}, **elements)


def basic(id, subject):
    return resource("Basic", id, code={"text": "t"}, subject=subject)


PATIENT = resource("Patient", "p1", name=[{"family": "Doe", "given": ["Jane"]}], birthDate="1970-01-01")
PRACTITIONER = resource("Practitioner", "d1", identifier=[{"system": NPI, "value": "99"}], name=[{"family": "Who"}])
WITH_DOCTOR = observation("o1", "Patient/p1", performer=[{"reference": f"Practitioner?identifier={NPI}|99"}])


@pytest.fixture
def delivery(tmp_path):
    """Writes a delivery: file name to a list of resources (NDJSON), a bundle, or bytes."""

    def write(name, **files):
        folder = tmp_path / name
        folder.mkdir()
        for file, content in files.items():
            data = (
                content
                if isinstance(content, bytes)
                else (
                    "\n".join(map(json.dumps, content)) if isinstance(content, list) else json.dumps(content)
                ).encode()
            )
            (folder / file).write_bytes(data)
        return folder

    return write


@pytest.fixture(autouse=True)
def gates_asked(request, monkeypatch):
    """Gates have tests of their own and cost seconds: they are real only where a test is about them."""
    if "real_gates" not in request.fixturenames:
        monkeypatch.setattr("chartline.fhir.parse.gates.check", lambda *_, **__: "passed")


@pytest.fixture
def real_gates():
    """Asks for the real gates."""


def bundle(*resources):
    return {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [{"fullUrl": f"urn:uuid:{r['id']}", "resource": r} for r in resources],
    }


def run(spark, lake, *sources):
    for source in sources:
        land(lake, [source], run_id=ledger.new_run_id())
    return parse(spark, lake, run_id=ledger.new_run_id())


def bronze(lake, *columns):
    rows = tables.read(lake, "bronze.resources").to_pylist()
    return {f"{r['resource_type']}/{r['resource_id']}": tuple(r[c] for c in columns) for r in rows}


def digest(lake, history=("run_id",)):
    """Rows of bronze, sorted, without the columns that tell which run or delivery came first."""
    rows = [
        {k: v for k, v in row.items() if k not in history}
        for name in ("bronze.resources", "bronze.people")
        for row in tables.read(lake, name).to_pylist()
    ]
    return sorted(json.dumps(r, default=str, sort_keys=True) for r in rows)


def test_a_patient_id_that_two_hospitals_use_stops_before_anything_is_written(spark, lake, delivery, real_gates):
    run(spark, lake, delivery("a", p=[PATIENT, observation("o1", "Patient/p1")]))
    renamed = PATIENT | {"name": [{"family": "Roe", "given": ["Jane"]}], "meta": {"versionId": "2"}}
    assert run(spark, lake, delivery("b", p=[renamed])).gates["parsed"] == "passed"
    before = bronze(lake, "row_hash")
    other = resource("Patient", "p1", name=[{"family": "Quixmire", "given": ["Otto"]}], birthDate="1931-05-06")
    with pytest.raises(GateFailed, match=r"CL1050.*P15") as stopped:
        run(spark, lake, delivery("c", p=[other, observation("o2", "Patient/p1")]))
    assert "Quixmire" not in str(stopped.value)
    assert bronze(lake, "row_hash") == before


def test_files_become_rows_and_the_equation_holds(spark, lake, delivery, real_gates):
    source = delivery(
        "d",
        a=[PATIENT, WITH_DOCTOR, observation("o2", "Patient/p1")],
        b=bundle(PATIENT, PRACTITIONER),
        c=b'{"resourceType":"Patient"}\nnot json\n' + json.dumps(resource("OperationOutcome", "x")).encode(),
    )
    result = run(spark, lake, source)
    assert result.counts.totals() == {"in": 8, "out": 4, "quarantined": 2, "duplicate": 1, "filtered": 1}
    assert result.counts.quarantined == {"missing_id": 1, "not_json": 1}
    assert bronze(lake, "patient_id", "unresolved", "deleted") == {
        "Patient/p1": ("p1", 0, False),
        "Practitioner/d1": (None, 0, False),
        "Observation/o1": ("p1", 0, False),
        "Observation/o2": ("p1", 0, False),
    }
    raw = {r["resource_id"]: r["raw"] for r in tables.read(lake, "bronze.resources").to_pylist()}
    assert raw["o1"] == json.dumps(WITH_DOCTOR)
    assert tables.read(lake, "bronze.quarantine").num_rows == 2
    assert result.gates == {"landed": "passed", "parsed": "passed"}
    assert not (lake.zone("restricted") / "scratch" / f"parse-{result.run_id}").exists()


def test_a_conditional_reference_is_resolved_by_a_file_that_comes_later(spark, lake, delivery):
    run(spark, lake, delivery("first", a=[PATIENT, WITH_DOCTOR]))
    assert bronze(lake, "unresolved")["Observation/o1"] == (1,)
    run(spark, lake, delivery("second", b=[PRACTITIONER]))
    links, unresolved = bronze(lake, "links", "unresolved")["Observation/o1"]
    assert unresolved == 0
    assert {link["reference"]: link["target"] for link in links}[
        f"Practitioner?identifier={NPI}|99"
    ] == "Practitioner/d1"


def test_an_identifier_that_becomes_ambiguous_resolves_no_more(spark, lake, delivery):
    run(spark, lake, delivery("first", a=[PATIENT, WITH_DOCTOR, PRACTITIONER]))
    assert bronze(lake, "unresolved")["Observation/o1"] == (0,)
    run(spark, lake, delivery("second", b=[PRACTITIONER | {"id": "d2"}]))
    assert bronze(lake, "unresolved")["Observation/o1"] == (1,)


def test_references_that_only_the_lake_resolves(spark, lake, delivery):
    patient = PATIENT | {"identifier": [{"system": "mrn", "value": "7+7"}]}
    run(
        spark,
        lake,
        delivery(
            "d",
            a=[
                patient,
                observation("encoded", "Patient?identifier=mrn%7C7+7"),
                observation("of-a-server", "https://ehr/fhir/Patient?identifier=mrn%7C7%2B7"),
                observation("not-encoded-well", "Patient?identifier=mrn|7+7%"),
                observation("no-system", "Patient?identifier=7+7"),
                observation("urn", "urn:uuid:p1"),
                observation("gone", "Patient/gone"),
                observation("odd", "Patient?name=Doe"),
                basic("logical", {"identifier": {"system": "mrn", "value": "7+7"}}),
                basic("inside", {"reference": "#p"}),
                resource(
                    "Provenance", "prov", target=[{"reference": "Observation/urn"}], recorded="2024-01-01T00:00:00Z",
                    agent=[{"who": {"reference": "Practitioner/nobody"}}],
                ),
                resource(
                    "Provenance", "of-a-urn", target=[{"reference": "urn:uuid:p1"}], recorded="2024-01-01T00:00:00Z",
                    agent=[{"who": {"reference": "Practitioner/nobody"}}],
                ),
            ],
        ),
    )  # fmt: skip
    assert bronze(lake, "patient_id", "unresolved") == {
        "Patient/p1": ("p1", 0),
        "Observation/encoded": ("p1", 0),
        "Observation/of-a-server": ("p1", 0),
        "Observation/not-encoded-well": (None, 1),
        "Observation/no-system": ("p1", 0),
        "Observation/urn": ("p1", 0),
        "Observation/gone": ("gone", 1),
        "Observation/odd": (None, 1),
        "Basic/logical": ("p1", 0),
        "Basic/inside": (None, 1),
        "Provenance/prov": ("p1", 1),
        "Provenance/of-a-urn": ("p1", 1),
    }


VISIT = resource("Encounter", "v", status="finished", subject={"reference": "Patient/p1"}, **{"class": {"code": "AMB"}})


def of_a_visit(identity, **told):
    seen = observation(identity, "Patient/p1") | {"encounter": {"reference": "Encounter/v"}, **told}
    return {k: v for k, v in seen.items() if v is not None and (k != "subject" or "subject" in told)}


@pytest.mark.parametrize("parts", [1, 2, 3])
def test_what_names_its_visit_alone_is_of_the_visits_patient_in_whatever_order_they_come(spark, lake, delivery, parts):
    made = {"target": [{"reference": "Observation/o"}], "recorded": "2024-01-01T00:00:00Z"}
    told = [
        resource("Provenance", "prov", agent=[{"who": {"reference": "Practitioner/d"}}], **made),
        of_a_visit("o", performer=[{"reference": "Practitioner/d"}]),
        of_a_visit("of-a-group", subject={"reference": "Group/g"}),
        of_a_visit("unknown", subject={"reference": "Patient?identifier=nobody"}),
        PATIENT,
        VISIT,
    ]
    for n in range(parts):
        run(spark, lake, delivery(f"d{n}", a=told[n * 6 // parts : (n + 1) * 6 // parts]))
    assert bronze(lake, "patient_id") == {
        "Patient/p1": ("p1",),
        "Encounter/v": ("p1",),
        "Observation/o": ("p1",),
        "Observation/of-a-group": (None,),
        "Observation/unknown": (None,),
        "Provenance/prov": ("p1",),
    }


def test_nothing_new_is_no_work_and_new_files_only_append(spark, lake, delivery):
    first = run(spark, lake, delivery("first", a=[PATIENT]))
    again = parse(spark, lake, run_id="again")
    assert again.unchanged and again.run_id == first.run_id
    before = tables.version(lake, "bronze.resources")
    more = run(spark, lake, delivery("second", b=[observation("o2", "Patient/p1")]))
    assert not more.unchanged and more.counts.totals()["in"] == 1
    assert tables.version(lake, "bronze.resources") == before + 1


def test_versions_are_kept_and_exact_duplicates_dropped_in_any_delivery(spark, lake, delivery):
    second = PATIENT | {"birthDate": "1971-01-01", "meta": {"versionId": "2", "lastUpdated": "2024-01-01T00:00:00Z"}}
    counts = run(spark, lake, delivery("first", a=[PATIENT, PATIENT, second])).counts
    assert (counts.out, counts.duplicate) == (2, 1)
    counts = run(spark, lake, delivery("second", b=[second, observation("o", "Patient/p1")])).counts
    assert (counts.out, counts.duplicate) == (1, 1)


def test_bronze_does_not_depend_on_partitions_order_or_number_of_deliveries(spark, tmp_path, key_file, delivery):
    files = {
        "a": [PATIENT, WITH_DOCTOR, *(observation(f"x{i}", f"Patient/p{i % 3}") for i in range(40))],
        "b": bundle(PRACTITIONER, PATIENT, observation("o9", "urn:uuid:p1")),
        "c": [resource("Patient", "p2", link=[{"type": "replaced-by", "other": {"reference": "Patient/p1"}}])],
        "d": bundle(resource("Patient", "p0"), observation("o10", "urn:uuid:p1")),
    }
    whole, content = [], []
    for name, orders, partitions in (
        ("one", ["abcd"], "1"), ("two", ["dcba"], "3"), ("three", ["ad", "cb"], "8"),
    ):  # fmt: skip
        lake = Settings(lake=tmp_path / name, project="test", key=key_file)
        spark.conf.set("spark.sql.shuffle.partitions", partitions)
        for order in orders:
            run(spark, lake, delivery(f"{name}-{order}", **{f"{i}": files[f] for i, f in enumerate(order)}))
        whole.append(digest(lake))
        content.append(digest(lake, ("run_id", "source_file", "source_line")))
    spark.conf.set("spark.sql.shuffle.partitions", "2")
    assert whole[0] == whole[1] and len(whole[0]) == 51
    # A resource that two deliveries bring is where the first of them put it.
    assert content[0] == content[1] == content[2]


def test_a_large_file_is_read_in_pieces(spark, lake, delivery, monkeypatch):
    monkeypatch.setattr(landing, "CHUNK", 2000)
    monkeypatch.setattr("chartline.files.sources.BLOCK", 500)
    result = run(spark, lake, delivery("d", a=[observation(f"o{i}", "Patient/p1") for i in range(200)]))
    assert result.counts.out == 200
    lines = {r["resource_id"]: r["source_line"] for r in tables.read(lake, "bronze.resources").to_pylist()}
    assert lines == {f"o{i}": i + 1 for i in range(200)}


def test_people_know_what_any_version_told_and_who_they_became(spark, lake, delivery):
    married = PATIENT | {
        "name": [{"family": "Roe", "given": ["Jane"]}],
        "meta": {"lastUpdated": "2024-01-01T00:00:00Z"},
        "link": [{"type": "replaced-by", "other": {"reference": "Patient/p2"}}],
        "address": [{"use": "home", "postalCode": "02139", "state": "MA"}],
    }
    mother = resource("RelatedPerson", "r1", patient={"reference": "urn:uuid:p1"}, name=[{"text": "Mary Doe"}])
    run(spark, lake, delivery("d", a=bundle(PATIENT, mother), b=[married, resource("Patient", "p2"), PRACTITIONER]))
    people = {r["resource_id"]: r for r in tables.read(lake, "bronze.people").to_pylist()}
    assert set(people) == {"p1", "p2", "r1", "d1"}
    assert {"Doe", "Roe"} <= {k["value"] for k in people["p1"]["known"]}
    assert (people["p1"]["person_id"], people["p2"]["person_id"], people["d1"]["person_id"]) == ("p2", "p2", None)
    assert (people["p1"]["zip"], people["r1"]["patient_id"]) == ("02139", "p1")
    assert people["p1"]["links"] == [{"type": "replaced-by", "target": "Patient/p2"}]


def test_a_deletion_is_a_row(spark, lake, delivery, real_gates):
    gone = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [{"request": {"method": "DELETE", "url": "Patient/p1"}}],
    }
    run(spark, lake, delivery("d", a=[PATIENT], b=[gone]))
    rows = [r for r in tables.read(lake, "bronze.resources").to_pylist() if r["deleted"]]
    assert [(r["resource_id"], r["raw"], r["patient_id"]) for r in rows] == [("p1", None, "p1")]


def test_a_file_that_its_manifest_disowns_waits_until_it_is_released(spark, lake, delivery):
    manifest = {"transactionTime": "2021-01-01T00:00:00Z", "output": [{"type": "Patient", "url": "x/a", "count": 2}]}
    assert run(spark, lake, delivery("d", a=[PATIENT], b=manifest)).counts.in_ == 0
    (held,) = tables.read(lake, "bronze.quarantine").to_pylist()
    assert held["reason"] == "manifest_count_mismatch"
    quarantine.dispose(lake, [held["quarantine_id"]], "released")
    assert parse(spark, lake, run_id="after").counts.out == 1
    assert quarantine.show(lake, held["quarantine_id"])["disposition"] == "reentered"
    assert parse(spark, lake, run_id="once more").counts.in_ == 0


def test_a_released_record_is_judged_again(spark, lake, delivery, monkeypatch):
    bad = observation("o1", "urn:uuid:p1", valueString="x", comment="looks like STU3")
    run(
        spark,
        lake,
        delivery("d", a=bundle(PATIENT), b=[PATIENT | {"nickname": "J"}, observation("o2", "Patient/p1"), bad]),
    )
    held = {r["reason"]: r["quarantine_id"] for r in tables.read(lake, "bronze.quarantine").to_pylist()}
    quarantine.dispose(lake, [held["unknown_element"]], "released")
    counts = parse(spark, lake, run_id="after").counts
    assert counts.totals() == {"in": 1, "out": 0, "quarantined": 1, "duplicate": 0, "filtered": 0}
    assert quarantine.show(lake, held["unknown_element"])["disposition"] == "open"
    assert tables.read(lake, "bronze.quarantine").num_rows == 2


def test_a_run_that_broke_off_is_made_good_by_the_next(spark, lake, delivery, monkeypatch):
    source = delivery("d", a=[WITH_DOCTOR, PATIENT, PRACTITIONER, {"resourceType": "Patient"}])

    def die(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr("chartline.fhir.parse.rebuild_people", die)
        with pytest.raises(KeyboardInterrupt):
            run(spark, lake, source)
    result = parse(spark, lake, run_id="next")
    assert result.counts.totals() == {"in": 4, "out": 0, "quarantined": 1, "duplicate": 3, "filtered": 0}
    assert tables.read(lake, "bronze.people").num_rows == 2
    assert tables.read(lake, "bronze.resources").num_rows == 3
    assert tables.read(lake, "bronze.quarantine").num_rows == 1


def test_a_key_is_asked_for_first(spark, lake, delivery):
    with pytest.raises(UsageError, match="CL2022"):
        parse(spark, Settings(lake=lake.lake), run_id="r")


def test_a_lake_in_which_nothing_was_landed_says_so(spark, lake):
    with pytest.raises(DataError, match="CL1036"):
        parse(spark, lake, run_id="r")


def test_a_gate_that_says_no_leaves_bronze_as_it_was(spark, lake, delivery, monkeypatch):
    def refuse(*_, **__):
        raise GateFailed("CL1050", "gate parsed said no.")

    monkeypatch.setattr("chartline.fhir.parse._parsed_gate", refuse)
    with pytest.raises(GateFailed):
        run(spark, lake, delivery("d", a=[PATIENT, {"resourceType": "Patient"}]))
    for name in ("bronze.resources", "bronze.quarantine", "bronze.people"):
        assert tables.read(lake, name).num_rows == 0


def test_a_patient_who_was_set_aside_is_known_by_name_all_the_same(spark, lake, delivery):
    """Or the notes of one whose gender is no code would be read without the name that is in them."""
    named = PATIENT | {"id": "p9", "name": [{"family": "Quixmire"}]}
    run(spark, lake, delivery("d", a=[named | {"gender": "F"}, named | {"id": "no id"}]))
    assert [(p["resource_id"], p["person_id"]) for p in tables.read(lake, "bronze.people").to_pylist()] == [
        ("p9", "p9")
    ]
    run(spark, lake, delivery("e", a=[named | {"name": [{"family": "Doe"}]}]))
    (person,) = tables.read(lake, "bronze.people").to_pylist()
    assert {k["value"] for k in person["known"] if k["type"] == "FAMILY"} == {"Quixmire", "Doe"}
