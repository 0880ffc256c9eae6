"""The way back to a patient: two persons, a log of every step, nothing of the source outside the restricted zone."""

import hashlib
import json
import shutil
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from chartline import keys
from chartline.deid import pseudonyms
from chartline.errors import DataError, UsageError
from chartline.lake import chain, tables
from chartline.release import reidentify
from chartline.verify import verify
from tests.conftest import chartline

ASKER, SECOND = "A. Asker", "B. Second"
LOG = reidentify.TABLE


def subject(lake, patient):
    secret = keys.load(lake.key).derive("pseudonym", lake.project)
    return pseudonyms.subject_id(pseudonyms.pseudonym(secret, "Patient", patient))


@pytest.fixture
def held(lake):
    """A lake of two patients with keyed pseudonyms, one of whom a second record is of."""
    people = [("p-1", "p-1"), ("p-2", "p-2"), ("p-2-old", "p-2")]
    known = [{"type": "MRN", "value": "MRN-77"}, {"type": "NAME", "value": "Jane Canary"}]
    rows = [{"resource_type": "Patient", "resource_id": r, "person_id": p, "known": known} for r, p in people]
    tables.append(lake, "bronze.people", [*rows, {"resource_type": "Practitioner", "resource_id": "p-1"}])
    tables.append(lake, "gold.subjects", [{"subject_id": subject(lake, p)} for p in ("p-1", "p-2")])
    tables.ensure(lake, "audit.runs")  # without a ledger it is no lake
    return lake


def ask(lake, *patients, **more):
    wanted = [subject(lake, p) for p in patients or ("p-1",)]
    return reidentify.request(lake, wanted, **{"by": ASKER, "reason": "incidental finding", **more})["request"]


def decide(lake, asked, approve=True, by=SECOND):
    return reidentify.decide(lake, asked, approve=approve, by=by, reason="as agreed")


def approved(lake, *patients):
    asked = ask(lake, *patients)
    decide(lake, asked)
    return asked


def steps(lake, asked):
    (found,) = (r for r in reidentify.requests(lake) if r["request"] == asked)
    return [(s["step"], s["who"], s["error"]) for s in found["steps"]]


def written(told):
    return {s["subject_id"]: [r["patient_id"] for r in s["records"]] for s in json.loads(told.read_text())["subjects"]}


def later(lake, monkeypatch, days):
    """Let so many days pass after all that was asked."""

    class Later(reidentify.datetime):
        @classmethod
        def now(cls, tz=None):
            return super().now(tz) + timedelta(days=days)

    monkeypatch.setattr(reidentify, "datetime", Later)


def test_two_persons_open_what_was_asked_and_nothing_else(held):
    asked = approved(held, "p-2")
    told = reidentify.open_request(held, asked, by=ASKER)
    file = held.zone("restricted") / "reidentified" / f"{asked}.json"
    assert told == {"request": asked, "file": str(file), "subjects": 1, "records": 2, "events": 0}
    assert written(file) == {subject(held, "p-2"): ["p-2", "p-2-old"]}
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert steps(held, asked) == [("requested", ASKER, None), ("approved", SECOND, None), ("opened", ASKER, None)]


def test_each_opening_is_a_row_and_writes_one_file(held):
    asked = approved(held)
    for who in (ASKER, "C. Third"):
        reidentify.open_request(held, asked, by=who)
    assert [s[:2] for s in steps(held, asked)[2:]] == [("opened", ASKER), ("opened", "C. Third")]
    assert [p.name for p in (held.zone("restricted") / "reidentified").iterdir()] == [f"{asked}.json"]


@pytest.mark.parametrize("name", [ASKER, "a  asker", "A. ASKER ", "Á. Asker"])
def test_who_asks_does_not_decide_however_the_name_is_written(held, name):
    asked = ask(held)
    with pytest.raises(DataError, match="CL1160"):
        decide(held, asked, by=name)
    assert steps(held, asked)[1:] == [("refused", name.strip(), "CL1160")]


def test_nothing_is_opened_without_an_approval(held):
    asked = ask(held)
    with pytest.raises(DataError, match="CL1163"):
        reidentify.open_request(held, asked, by=ASKER)
    assert steps(held, asked)[-1] == ("refused", ASKER, "CL1163")
    assert not (held.zone("restricted") / "reidentified").exists()


@pytest.mark.parametrize("before", [True, False])
def test_a_rejection_ends_a_request_an_approved_one_too(held, before):
    asked = approved(held) if before else ask(held)
    decide(held, asked, approve=False, by="C. Third")
    with pytest.raises(DataError, match="CL1162"):
        decide(held, asked)
    with pytest.raises(DataError, match="CL1162"):
        reidentify.open_request(held, asked, by=ASKER)


@pytest.mark.parametrize(("days", "state"), [(29, "approved"), (31, "lapsed")])
def test_a_request_lapses(held, monkeypatch, days, state):
    asked, undecided = approved(held), ask(held)
    later(held, monkeypatch, days)
    assert [r["state"] for r in reidentify.requests(held)] == [state, "pending" if state == "approved" else "lapsed"]
    if state == "lapsed":
        with pytest.raises(DataError, match="CL1161"):
            reidentify.open_request(held, asked, by=ASKER)
        with pytest.raises(DataError, match="CL1161"):
            decide(held, undecided)


def test_unknown_subjects_are_counted_and_nothing_is_asked(held):
    with pytest.raises(UsageError, match="CL2120: 1 of 2 subjects"):
        reidentify.request(held, [subject(held, "p-1"), 7], by=ASKER, reason="audit")
    assert reidentify.requests(held) == []


@pytest.mark.parametrize(("by", "reason"), [(" ", "audit"), ("A.", "-"), ("", "")])
def test_a_step_needs_a_name_and_a_reason(held, by, reason):
    with pytest.raises(UsageError, match="CL2122"):
        ask(held, by=by, reason=reason)


def test_there_is_no_request_of_another_name(held):
    ask(held)
    for step in (lambda: decide(held, "../x"), lambda: reidentify.open_request(held, "../x", by=ASKER)):
        with pytest.raises(UsageError, match="CL2121"):
            step()


def test_another_key_opens_nobody_and_the_attempt_is_on_the_record(held, tmp_path):
    asked = approved(held, "p-1", "p-2")
    keys.create(tmp_path / "other")
    with pytest.raises(DataError, match="CL1164: 2 of 2"):
        reidentify.open_request(held.with_(key=tmp_path / "other"), asked, by=ASKER)
    assert steps(held, asked)[-1] == ("refused", ASKER, "CL1164")


def test_an_approval_that_was_written_past_the_chain_opens_nothing(held):
    asked = ask(held)
    row = {"seq": 1, "request_id": asked, "step": "approved", "who": SECOND}
    tables.append(held, LOG, [row | {"prev_hash": chain.GENESIS, "hash": chain.GENESIS}])
    with pytest.raises(DataError, match="CL1165"):
        reidentify.open_request(held, asked, by=ASKER)


def test_a_changed_log_breaks_its_chain(held):
    tables.append(held, "audit.runs", [])
    approved(held)
    rows = [{**r, "who": "somebody"} for r in tables.read(held, LOG).to_pylist()]
    assert [c.name for c in verify(held) if not c.ok] == []
    shutil.rmtree(tables.path(held, LOG))
    tables.append(held, LOG, rows)
    assert [c.name for c in verify(held) if not c.ok] == [f"chain {LOG}"]


def test_a_subject_of_an_older_release_may_be_asked_for(held):
    old = subject(held, "p-2-old")
    versions = [tables.append(held, "curated.subjects", [{"subject_id": old, "release_id": "r1"}])]
    versions.append(tables.overwrite(held, "curated.subjects", [{"subject_id": 1, "release_id": "r2"}]))
    released = [{"release_id": f"r{v}", "tables": {"curated.subjects": v}} for v in versions]
    tables.append(held, "curated.releases", released)
    told = reidentify.open_request(held, approved(held, "p-2-old"), by=ASKER)
    assert told["records"] == 2, "the record is another person's by now: whose, is told"


# --- from an event to its record ---------------------------------------------------------------------------

DAY = datetime(2026, 1, 1, tzinfo=UTC)


FIRST = {"resource_type": "Observation", "resource_id": "o-1", "patient_id": "p-1", "raw": "{}", "row_hash": "h1"}
FIRST |= {"version_id": "1", "last_updated": DAY, "source_file": "f" * 64, "source_line": 7, "run_id": "r1"}


@pytest.fixture
def told(held):
    """A result that came twice: its first version is in a release, its second in gold; files of both have landed."""
    second = FIRST | {"version_id": "2", "row_hash": "h2", "source_file": "e" * 64, "source_line": 9, "run_id": "r3"}
    other = FIRST | {"resource_id": "o-2", "row_hash": "h3"}
    tables.append(held, "bronze.resources", [FIRST, second, other])
    files = [{"digest": d * 64, "name": f"{d}.ndjson", "container": "day.zip", "size": 1} for d in "fe"]
    tables.append(held, "landing.files", files)
    released = [shown(held, "r2") | {"release_id": "r1"}]
    versions = {f"curated.{n}": tables.append(held, f"curated.{n}", released) for n in ("events", "subjects")}
    tables.append(held, "curated.releases", [{"release_id": "r1", "tables": versions}])
    tables.append(held, "gold.events", [shown(held, "r4")])
    return held


def shown(lake, run, event="a" * 32, record="o-1"):
    secret = keys.load(lake.key).derive("pseudonym", lake.project)
    source = {"source_type": "Observation", "source_id": pseudonyms.pseudonym(secret, "Observation", record)}
    return {"subject_id": subject(lake, "p-1"), "event_id": event, "code": "A//1", "run_id": run, **source}


def opened(lake, *events):
    asked = reidentify.request(lake, events=events, by=ASKER, reason="an odd value")["request"]
    decide(lake, asked)
    body = reidentify.open_request(lake, asked, by=ASKER)
    return body, json.loads((lake.zone("restricted") / "reidentified" / f"{asked}.json").read_text())


def test_an_event_leads_to_the_version_it_was_made_of_in_gold_and_in_each_release(told):
    body, found = opened(told, "a" * 32)
    assert (body["subjects"], body["events"], found["subjects"]) == (0, 1, []), "nobody asked who it is"
    new, old = found["events"]
    assert (new["shown_in"], old["shown_in"]) == ("gold", "r1")
    same = {"event_id": "a" * 32, "resource_type": "Observation", "resource_id": "o-1", "container": "day.zip"}
    assert same.items() <= new.items()
    assert same.items() <= old.items()
    telling = ("version_id", "row_hash", "source_file", "source_line", "name", "run_id", "is_current")
    assert [new[n] for n in telling] == ["2", "h2", "e" * 64, 9, "e.ndjson", "r3", True]
    assert [old[n] for n in telling] == ["1", "h1", "f" * 64, 7, "f.ndjson", "r1", False]
    assert old["landed"] == f"restricted/landing/blobs/ff/{'f' * 64}"


def test_a_random_code_leads_to_its_record_too(told):
    code = {"resource_type": "Observation", "resource_id": "o-2", "code": "c" * 32}
    tables.append(told, "vault.pseudonyms", [code])
    tables.append(told, "gold.events", [shown(told, "r4", "b" * 32) | {"source_id": "c" * 32}])
    assert [e["resource_id"] for e in opened(told, "b" * 32)[1]["events"]] == ["o-2"]


def test_an_event_whose_record_is_gone_opens_nothing_and_that_is_on_the_record(told):
    tables.append(told, "gold.events", [shown(told, "r4", "b" * 32, "o-9")])
    with pytest.raises(DataError, match="CL1166: 1 of 3 records"):
        opened(told, "a" * 32, "b" * 32)
    (asked,) = reidentify.requests(told)
    assert steps(told, asked["request"])[-1] == ("refused", ASKER, "CL1166")
    assert asked["events"] == ["a" * 32, "b" * 32]


def test_unknown_events_are_counted_and_nothing_is_asked(told):
    with pytest.raises(UsageError, match="CL2123: 1 of 2 events"):
        reidentify.request(told, [subject(told, "p-1")], events=["a" * 32, "9" * 32], by=ASKER, reason="audit")
    assert reidentify.requests(told) == []


def test_a_log_from_before_events_could_be_asked_for_holds(told):
    rows = [{"seq": 0, "request_id": "old", "step": "requested", "who": ASKER, "reason": "x", "subjects": [1]}]
    rows[0] |= {"error": None, "taken_at": DAY, "prev_hash": chain.GENESIS}
    body = {
        "error": None,
        "prev_hash": chain.GENESIS,
        "reason": "x",
        "request_id": "old",
        "seq": 0,
        "step": "requested",
    }
    body |= {"subjects": [1], "taken_at": "2026-01-01T00:00:00.000000+00:00", "who": ASKER}
    rows[0]["hash"] = hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
    old = tables.schema(LOG).arrow
    at = tables.path(told, LOG)
    write_deltalake(str(at), pa.Table.from_pylist(rows, old.remove(old.get_field_index("events"))))
    assert "events" not in tables.read(told, LOG).column_names
    assert [r["events"] for r in reidentify.requests(told)] == [[]]
    opened(told, "a" * 32)
    assert chain.first_break(told, LOG) is None
    changed = [{**r, "events": r["events"] and ["b" * 32]} for r in tables.read(told, LOG).to_pylist()]
    shutil.rmtree(at)
    tables.append(told, LOG, changed)
    assert chain.first_break(told, LOG) == 1


@pytest.mark.parametrize("text", ["x", "-1", "1.5", "A" * 32, "a" * 31, str(2**63), "\u0663" * 32])
def test_what_is_no_subject_and_no_event_is_refused(lake, text):
    done = chartline("reidentify", "request", text, "--lake", lake.lake, "--by", "x", "--reason", "x")
    assert done.returncode == 2


def test_no_source_value_is_printed_or_left_outside_the_restricted_zone(held):
    where = ("--lake", held.lake)
    tables.append(held, "gold.events", [shown(held, "r4", record="p-2")])
    tables.append(held, "bronze.resources", [FIRST | {"resource_id": "p-2"}])
    tables.append(held, "landing.files", [{"digest": "f" * 64, "name": "Canary.ndjson", "size": 1}])
    wanted = (str(subject(held, "p-2")), "a" * 32)
    done = [chartline("reidentify", "request", *wanted, *where, "--by", ASKER, "--reason", "a finding")]
    asked = done[0].stdout.decode().strip()
    done.append(chartline("reidentify", "decide", asked, *where, "--approve", "--by", SECOND, "--reason", "yes"))
    own = ("--key", held.key, "--by", ASKER)
    config = held.lake.parent / "settings.toml"
    config.write_text(f'project = "{held.project}"\n')
    done.append(chartline("reidentify", "open", asked, *where, *own, "--config", config, "--json"))
    done.append(chartline("reidentify", "list", *where))
    assert [d.returncode for d in done] == [0, 0, 0, 0]
    assert {n: json.loads(done[2].stdout)[n] for n in ("records", "events")} == {"records": 2, "events": 1}
    assert b"Canary.ndjson" in (held.zone("restricted") / "reidentified" / f"{asked}.json").read_bytes()
    printed = b"".join(d.stdout + d.stderr for d in done)
    left = b"".join(p.read_bytes() for p in held.zone("audit").rglob("*") if p.is_file())
    logged = json.dumps(tables.read(held, LOG).to_pylist(), default=str).encode()
    assert [w for w in (b"p-2", b"MRN-77", b"Canary") if w in printed + left + logged] == []
