"""A person leaves a lake with a release: nothing of the person is left anywhere, and nobody else loses anything."""

import errno
import json
import shutil

import orjson
import pyarrow.parquet as pq
import pytest

from chartline import keys, pipeline
from chartline.deid import pseudonyms
from chartline.erase import erase, landed
from chartline.errors import DataError, UsageError
from chartline.lake import chain, gone, tables
from chartline.release import candidates, withdraw
from chartline.release.decide import decide
from chartline.settings import Settings
from chartline.verify import verify

BY = {"by": "A. Officer", "reason": "consent withdrawn"}


def rows(lake, name, *columns):
    return tables.read(lake, name, columns=list(columns) or None).to_pylist()


def texts(lake):
    """Every byte of the lake, Parquet taken apart."""
    for path in sorted(p for p in lake.lake.rglob("*") if p.is_file()):
        if path.suffix == ".parquet":
            table = pq.ParquetFile(path).read()
            yield path, "".join(map(str, table.to_pylist())).encode()
        else:
            yield path, path.read_bytes()


def told(lake, *values):
    """The files that tell any of these values, in their name or content."""
    sought = [v.encode() for v in values]
    return [p for p, text in texts(lake) if any(v in text or v in str(p).encode() for v in sought)]


@pytest.fixture(scope="module")
def before(spark, finished, tmp_path_factory):
    """A lake with a release of three persons, and the one who will leave: id, subject, name."""
    at = tmp_path_factory.mktemp("erase") / "lake"
    shutil.copytree(finished.settings.lake, at)
    lake = Settings(lake=at, key=finished.settings.key)
    candidate = finished.answer["candidate"]
    decide(lake, candidate, approve=True, by="A. Officer", reason="as agreed", channel="test")
    pipeline.run_stage(lake, "publish", candidate=candidate)
    people = [r for r in rows(lake, "bronze.people") if r["resource_type"] == "Patient"]
    person = sorted(people, key=lambda r: r["resource_id"])[0]
    family = next(k["value"] for k in person["known"] if k["type"] == "FAMILY")
    secret = keys.load(lake.key).derive("pseudonym", lake.project)
    code = pseudonyms.pseudonym(secret, "Patient", person["resource_id"])
    return lake, candidate, person["resource_id"], code, family


@pytest.fixture(scope="module")
def after(before):
    lake, _, patient, *_ = before
    counted = {n: tables.read(lake, n, columns=["subject_id"]).to_pylist() for n in ("gold.events", "silver.resources")}
    answer = pipeline.erase(lake, patient, **BY)
    return answer, counted


def test_nothing_of_the_person_is_left_in_any_file_of_the_lake(before, after):
    lake, _, patient, code, family = before
    assert told(lake, patient, code, str(pseudonyms.subject_id(code)), family) == []
    assert set(after[0]["left"].values()) == {0}
    assert after[0]["removed"]["bronze"] == after[0]["removed"]["landing"] > 100


def test_nobody_else_loses_anything(before, after):
    lake, _, _, code, _ = before
    for name, held in after[1].items():
        kept = [r for r in held if r["subject_id"] != pseudonyms.subject_id(code)]
        now = tables.read(lake, name, columns=["subject_id"]).to_pylist()
        assert sorted(r["subject_id"] or 0 for r in now) == sorted(r["subject_id"] or 0 for r in kept), name


def test_the_release_is_withdrawn_and_the_lake_verifies(before, after):
    lake, candidate, *_ = before
    assert after[0]["withdrawn"] == [candidate]
    assert candidates.state(lake, candidate) == "withdrawn"
    assert tables.read(lake, "curated.events").num_rows == 0
    folder = lake.zone("curated") / "releases" / candidate
    assert {p.name for p in folder.iterdir()} == withdraw.EVIDENCE
    assert [c for c in verify(lake) if not c.ok] == []
    with pytest.raises(DataError, match="CL1148"):
        pipeline.run_stage(lake, "publish", candidate=candidate)


def test_the_record_tells_who_ordered_it_and_not_who_left(before, after):
    lake, _, patient, code, family = before
    log = sorted(rows(lake, gone.LOG), key=lambda r: r["seq"])
    assert [r["step"] for r in log] == ["begun", "emptied", "done"]
    assert log[0]["who"] == "A. Officer"
    assert not any(v in json.dumps([*map(str, log), after[0]], default=str) for v in (patient, code, family))


def test_a_new_delivery_of_the_person_is_taken_out_again_and_others_come_in(before, after, finished, tmp_path):
    lake, _, patient, code, family = before
    theirs = next(p for p in finished.source.glob("*.json") if patient.encode() in p.read_bytes())
    bundle = orjson.loads(theirs.read_bytes())
    new = {"resourceType": "Patient", "id": "somebody-new", "birthDate": "1970"}
    bundle["entry"].append(
        {"fullUrl": "urn:uuid:somebody-new", "resource": new, "request": {"method": "PUT", "url": "Patient/x"}}
    )
    (tmp_path / "again.json").write_bytes(orjson.dumps(bundle))
    pipeline.run_stage(lake, "land", sources=[tmp_path / "again.json"])
    pipeline.run_stage(lake, "parse")
    assert told(lake, patient, family) == []
    assert "somebody-new" in {r["resource_id"] for r in rows(lake, "bronze.people", "resource_id")}
    assert sorted(r["step"] for r in rows(lake, gone.LOG)) == [*("again", "begun", "done", "emptied", "emptied")]
    unchanged = pipeline.run_stage(lake, "parse")
    assert unchanged.unchanged
    pipeline.run_stage(lake, "deidentify")
    assert told(lake, patient, code, family) == []
    assert [c for c in verify(lake) if not c.ok] == []


def test_who_was_never_here_cannot_leave_and_nobody_does_without_a_name_or_by_another_policy(before, after):
    lake, _, patient, *_ = before
    with pytest.raises(DataError, match="CL1170"):
        pipeline.erase(lake, "nobody", **BY)
    with pytest.raises(UsageError, match="CL2130"):
        pipeline.erase(lake, patient, by=" ", reason="x")
    with pytest.raises(UsageError, match="CL2131"):
        pipeline.erase(Settings(lake=lake.lake, key=lake.key, policy="safe_harbor"), patient, **BY)


@pytest.mark.parametrize(
    ("record", "mentioned"),
    [
        (b'{"resourceType": "Patient", "id": "1"', True),
        (b'{"id" : "1",\n "x": 2, "resourceType": "Patient"', True),
        (b'{"resourceType": "Observation", "id": "1", "subject": {"reference": "Patient/12"}}', False),
        (b'{"resourceType": "Observation", "id": "2", "subject": {"reference": "http://a/Patient/1"}}', True),
        (b'{"resourceType": "Observation", "subject": {"reference": "urn:uuid:1"}}', True),
        (b'{"resourceType": "Observation", "id": "1"}', False),
    ],
)
def test_an_id_is_a_patients_only_where_it_says_so(record, mentioned):
    from chartline.erase.erase import _mention

    assert bool(_mention({"1", "7"}).search(record)) is mentioned


@pytest.mark.parametrize("read", [True, False])
def test_a_file_that_the_machine_cannot_open_now_is_no_damaged_one(tmp_path, monkeypatch, read):
    def refused(*_):
        raise OSError(errno.EMFILE, "too many open files")

    monkeypatch.setattr(landed, "count" if read else "mentions", refused)
    file = {"format": "ndjson" if read else "csv", "compression": "none", "sheet": None}
    with pytest.raises(OSError, match="too many"):
        erase._search(tmp_path / "x", file, lambda record: True, erase._mention({"1"}))


# --- what is whose, in a small lake that was only parsed -------------------------------------------------


def ndjson(*resources):
    return b"".join(orjson.dumps(r) + b"\n" for r in resources)


def patient(own, family, **more):
    return {"resourceType": "Patient", "id": own, "name": [{"family": family, "given": ["Ada"]}], **more}


def of(kind, own, whose, **more):
    return {"resourceType": kind, "id": own, "subject": {"reference": f"Patient/{whose}"}, **more}


DELIVERY = (
    patient("m1", "Motherly"),
    patient("n1", "Newborn", link=[{"other": {"reference": "Patient/m1"}, "type": "seealso"}]),
    of("DocumentReference", "d1", "m1", status="current", content=[{"attachment": {"url": "Binary/b1"}}]),
    of("DocumentReference", "d2", "n1", status="current", content=[{"attachment": {"url": "Binary/b2"}}]),
    {"resourceType": "Binary", "id": "b1", "contentType": "text/plain", "data": "TW90aGVybHk="},
    {"resourceType": "Binary", "id": "b2", "contentType": "text/plain", "data": "TmV3Ym9ybg=="},
    {"resourceType": "Group", "id": "g1", "type": "person", "actual": True}
    | {"member": [{"entity": {"reference": f"Patient/{p}"}} for p in ("m1", "n1")]},
    {
        "resourceType": "RelatedPerson",
        "id": "r1",
        "patient": {"reference": "Patient/m1"},
        "name": [{"family": "Sisterly"}],
    },
    of("Observation", "bad", "m1", status="no such status", code={"text": "x"}),
    of("Observation", "bad2", "n1", status="no such status", code={"text": "x"}),
)


@pytest.fixture
def parsed(spark, lake, tmp_path):
    source = tmp_path / "delivery"
    source.mkdir()
    (source / "all.ndjson").write_bytes(ndjson(*DELIVERY))
    (source / "Motherly_Ada.json").write_bytes(orjson.dumps(of("Condition", "c1", "m1", code={"text": "x"})))
    (source / "list.csv").write_bytes(b"id,name\nm1,Motherly\n")
    (source / "other.csv").write_bytes(b"id,name\nn1,Newborn\n")
    pipeline.run_stage(lake, "land", sources=[source])
    pipeline.run_stage(lake, "parse")
    codes = [{"resource_type": "Patient", "resource_id": p, "code": c * 32} for p, c in (("m1", "a"), ("n1", "b"))]
    tables.append(lake, "vault.pseudonyms", codes)
    return lake


def names(lake):
    return {f"{r['resource_type']}/{r['resource_id']}" for r in rows(lake, "bronze.resources")}


THEIRS = {"Patient/m1", "DocumentReference/d1", "Binary/b1", "Group/g1", "RelatedPerson/r1", "Condition/c1"}


def test_what_is_the_persons_goes_and_what_only_names_the_person_stays(parsed):
    before, aside = names(parsed), rows(parsed, "bronze.quarantine")
    answer = pipeline.erase(parsed, "Patient/m1", **BY)
    assert before - names(parsed) == THEIRS
    assert len(aside) == 2
    assert len(rows(parsed, "bronze.quarantine")) == 1
    assert {r["resource_id"] for r in rows(parsed, "vault.pseudonyms")} == {"n1"}
    assert {r["resource_id"] for r in rows(parsed, "bronze.people")} == {"n1"}
    assert told(parsed, "Motherly", "Sisterly", "TW90aGVybHk=") == []
    assert answer["removed"]["landing.files"] == 1
    assert answer["removed"]["landing.names"] == 1
    assert set(answer["left"].values()) == {0}
    assert len([t for _, t in texts(parsed) if b"n1,Newborn" in t]) == 1


@pytest.mark.parametrize("step", ["rebuild_people", "_left"])
def test_an_erasure_that_died_is_not_done_and_is_run_again(parsed, monkeypatch, step):
    with monkeypatch.context() as patch:
        patch.setattr(erase, step, lambda *a, **k: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            pipeline.erase(parsed, "m1", **BY)
    assert "not done: order it again" in [c.detail for c in verify(parsed) if not c.ok]
    assert set(pipeline.erase(parsed, "m1", **BY)["left"].values()) == {0}
    assert told(parsed, "Motherly", "Sisterly", "TW90aGVybHk=") == []
    assert not THEIRS & names(parsed)
    assert [c for c in verify(parsed) if not c.ok] == []


@pytest.mark.parametrize(("withdrawn", "left"), [((), ["out"]), (("out",), [])])
def test_what_a_publishing_that_died_was_about_to_show_goes_too(lake, withdrawn, left):
    tables.append(lake, "curated.releases", [{"release_id": "out"}])
    for name, release in (("curated.subjects", "out"), ("curated.events", "died")):
        tables.append(lake, name, [{"subject_id": 1, "event_id": "e", "code": "c", "release_id": release}])
        (lake.zone("curated") / "releases" / release / "data").mkdir(parents=True)
    chain.append(lake, gone.LOG, [{"erasure_id": "e", "step": "begun", "releases": list(withdrawn)}])
    withdraw.hide(lake)
    shown = [r["release_id"] for n in ("curated.subjects", "curated.events") for r in rows(lake, n, "release_id")]
    assert shown == left
    assert [p.name for p in (lake.zone("curated") / "releases").glob("[!._]*") if p.is_dir()] == ["out"]


def test_what_comes_back_is_taken_out_as_part_of_the_erasure_it_belongs_to(lake, monkeypatch):
    taken = []
    monkeypatch.setattr(erase.lake, "read", lambda *given: None)
    monkeypatch.setattr(erase.gone, "back", lambda *given: {"m1": "first", "n1": "second", "m2": "first"})
    monkeypatch.setattr(erase, "_purge_restricted", lambda spark, settings, patients, run_id: {"bronze": len(patients)})
    monkeypatch.setattr(
        erase, "finish", lambda spark, settings, erasure, removed, step: taken.append((erasure, removed, step))
    )
    assert erase.again(None, lake, run_id="r")
    told = [(e.id, sorted(e.patients), len(e.subjects), removed["bronze"], step) for e, removed, step in taken]
    assert told == [("first", ["m1", "m2"], 2, 2, "again"), ("second", ["n1"], 1, 1, "again")]
    monkeypatch.setattr(erase.gone, "back", lambda *given: {})
    assert not erase.again(None, lake, run_id="r")
    assert len(taken) == 2
