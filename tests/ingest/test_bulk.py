"""A Bulk FHIR server as a source, over real HTTP."""

import contextlib
import gzip
import json
import stat
from collections import deque
from dataclasses import replace
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from chartline import job, pipeline
from chartline.errors import ChartlineError, DataError, MachineError, UsageError
from chartline.ingest import bulk, link, smart
from chartline.ingest.servers import Server, followed, source
from chartline.lake import ledger, quarantine, tables
from chartline.lake.landing import blob
from tests.ingest.fhir_server import TIME, Answer, FhirServer, busy, deletions, ndjson, outcome, patients

FILES = {"Patient.ndjson": patients("a", "b"), "Observation.ndjson": ndjson({"resourceType": "Observation", "id": "o"})}


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(link, "LEAST", 0.001)
    monkeypatch.setattr(link, "TRIES", 4)


@pytest.fixture
def server():
    with FhirServer(dict(FILES)) as started:
        yield started


def land(lake, *urls):
    return pipeline.run_stage(lake, "land", sources=[source(url) for url in urls])


def rows(lake):
    return {Path(r["name"]).name: r for r in tables.read(lake, "landing.files").to_pylist()}


def state(lake, url):
    return json.loads((bulk.home(lake, url) / "export.json").read_text())


def landed(lake, name):
    return blob(lake, rows(lake)[name]["digest"]).read_bytes()


# --- the whole way --------------------------------------------------------------------------------


def test_an_export_is_landed_as_a_folder_with_its_manifest_would_be(lake, server):
    server.plan_job(busy(202), busy(202))
    counts = land(lake, server.export).counts
    assert counts.totals() == {"in": 3, "out": 2, "quarantined": 0, "duplicate": 0, "filtered": 1}
    found = rows(lake)
    assert found["Patient.ndjson"]["manifest"] == found["manifest.json"]["digest"]
    assert found["Patient.ndjson"]["transaction_time"].year == 2026
    assert landed(lake, "Patient.ndjson") == FILES["Patient.ndjson"]
    assert json.loads(landed(lake, "manifest.json")) == server.manifest


def test_parameters_go_as_they_are_written_and_the_job_is_let_go_of_at_the_end(lake, server):
    land(lake, f"{server.export}?_type=Patient,Observation&_outputFormat=ndjson")
    (asked,) = server.asked()
    assert asked.query == {"_type": ["Patient,Observation"], "_outputFormat": ["ndjson"]}
    assert server.paths("DELETE") == ["/jobs/1"] and server.jobs == []


@pytest.mark.parametrize("path", ["Group/g1/$export", "Patient/$export", "$export", "Group/g1/%24export"])
def test_every_level_of_export_is_taken(lake, server, path):
    assert land(lake, f"{server.base}/{path}").counts.out == 2
    assert bulk.understood(f"{server.base}/{path}", 1).base == server.base


def test_nothing_of_an_export_stays_but_the_landed_files_and_its_time(lake, server):
    land(lake, server.export)
    place = bulk.home(lake, server.export)
    assert sorted(p.name for p in place.iterdir()) == [".lock", "export.json"]
    assert state(lake, server.export)["last"] == TIME
    assert stat.S_IMODE((place / "export.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(place.stat().st_mode) == 0o700


def test_a_server_and_a_folder_land_in_one_call(lake, server, tmp_path):
    (tmp_path / "more.ndjson").write_bytes(patients("c"))
    assert land(lake, str(tmp_path / "more.ndjson"), server.export).counts.out == 3


def test_a_run_takes_a_server_and_a_later_stage_that_fails_leaves_the_export_settled(lake, server, monkeypatch):
    def fail(*_):
        raise DataError("CL1036", "nothing has been landed in this lake.")

    monkeypatch.setattr(pipeline, "_parse", fail)
    with pytest.raises(DataError, match="CL1036"):
        list(pipeline.run(lake, [source(server.export)]))
    assert tables.read(lake, "audit.runs").sort_by("seq")["stage"].to_pylist() == ["land", "parse"]
    assert state(lake, server.export) == {**state(lake, server.export), "last": TIME, "status": ""}


def test_the_job_takes_a_server(lake, server, monkeypatch, capsys):
    monkeypatch.setenv("CHARTLINE_LAKE", str(lake.lake))
    assert job.main("land", [server.export]) == 0
    assert json.loads(capsys.readouterr().out)["counts"]["out"] == 2


def test_a_file_that_holds_an_address_is_that_server(lake, server, tmp_path):
    named = tmp_path / "group.url"
    named.write_text(server.export + "\n")
    assert land(lake, str(named)).counts.out == 2


def test_a_file_of_that_ending_that_holds_none_is_a_file(tmp_path):
    named = tmp_path / "x.url"
    named.write_bytes(b"[InternetShortcut]\xff")
    assert followed(named) == named and followed(tmp_path / "none.url") == tmp_path / "none.url"


def test_the_same_kick_off_by_post_where_the_server_knows_no_other(lake, server):
    server.post_only = True
    land(lake, f"{server.export}?_type=Patient,Observation&_since=2020-01-01T00:00:00Z")
    posted = json.loads(server.asked()[-1].body)
    assert posted["parameter"] == [
        {"name": "_type", "valueString": "Patient"},
        {"name": "_type", "valueString": "Observation"},
        {"name": "_since", "valueInstant": "2020-01-01T00:00:00Z"},
    ]


def test_pages_of_a_manifest_are_all_read(lake, server):
    server.files["2.Patient.ndjson"] = patients("c")
    second = server.default_manifest(
        output=[{"type": "Patient", "url": "../files/2.Patient.ndjson", "count": 1}],
        link=[{"relation": "next", "url": f"{server.origin}/pages/2"}],  # itself: a circle
    )
    server.pages = {"/pages/2": second}
    server.manifest["link"] = [{"relation": "next", "url": f"{server.origin}/pages/2"}]
    counts = land(lake, server.export).counts
    assert (counts.out, counts.filtered) == (3, {"manifest": 2})
    assert rows(lake)["2.Patient.ndjson"]["manifest"] not in (None, rows(lake)["Patient.ndjson"]["manifest"])


def test_files_that_only_their_folder_or_query_tells_apart_are_all_landed(lake, server):
    server.files = {"1/data": patients("a"), "2/data": patients("b"), "blob": patients("c")}
    server.manifest["output"] = [
        *({"type": "Patient", "count": 1, "url": f"{server.origin}/files/{n}/data?sig=x"} for n in (1, 2)),
        *({"type": "Patient", "count": 1, "url": f"{server.origin}/files/blob?part={n}"} for n in (1, 2)),
    ]
    counts = land(lake, server.export).counts
    assert (counts.out, counts.duplicate, counts.quarantined) == (3, 1, {})
    assert len({r["manifest"] for r in rows(lake).values() if r["format"] == "ndjson"} - {None}) == 1


def test_a_manifest_of_very_many_files_is_known_as_one(lake, server):
    entry = server.manifest["output"][0]
    server.manifest["output"] = [{**entry, "url": entry["url"] + f"?n={n}", "x": "y" * 3000} for n in range(100)]
    counts = land(lake, server.export).counts
    assert counts.filtered == {"manifest": 1} and counts.duplicate == 99


def test_a_compressed_transfer_of_several_members_is_landed_plain(lake, server):
    server.gzipped = True
    assert land(lake, server.export).counts.quarantined == {}
    assert rows(lake)["Patient.ndjson"]["compression"] == "none"
    assert landed(lake, "Patient.ndjson") == FILES["Patient.ndjson"]


def test_a_file_is_inflated_in_bounded_pieces():
    data = patients("a") * 200_000
    pieces = list(link._inflated([gzip.compress(data)]))
    assert b"".join(pieces) == data and max(map(len, pieces)) <= link.BLOCK
    assert list(link._inflated([])) == []


# --- what goes wrong on the way -------------------------------------------------------------------


def test_a_busy_server_is_asked_again(lake, server):
    server.plan("/fhir/Group/g1/$export", [busy(429), busy(503)])
    server.planned["/files/Patient.ndjson"] = deque([busy(429), busy(502)])
    assert land(lake, server.export).counts.out == 2
    assert server.paths().count("/files/Patient.ndjson") == 3


def test_a_status_that_fails_in_passing_is_asked_again(lake, server):
    server.plan_job(busy(500, body=outcome("transient")), busy(202), busy(504))
    assert land(lake, server.export).counts.out == 2


def test_a_transfer_that_breaks_off_is_made_again(lake, server):
    data = FILES["Patient.ndjson"]
    packed = {"Content-Encoding": "gzip"}
    server.plan("/files/Patient.ndjson", [Answer(body=data, cut=10)])
    server.plan(
        "/files/Observation.ndjson",
        [Answer(200, packed, gzip.compress(data)[:-9], sized=False), Answer(200, packed, b"no gzip", sized=False)],
    )
    assert land(lake, server.export).counts.totals()["out"] == 2
    assert landed(lake, "Patient.ndjson") == data
    assert landed(lake, "Observation.ndjson") == FILES["Observation.ndjson"]


def test_a_server_that_stays_away_is_a_machine_error_and_the_next_run_goes_on(lake, server):
    server.plan("/files/Patient.ndjson", [busy(503)] * 4)
    with pytest.raises(MachineError, match=r"CL3040: the server of source 1 .*HTTP 503, 4 times"):
        land(lake, server.export)
    assert ledger.finished(lake, "land") == []
    assert tables.read(lake, "audit.runs").to_pylist()[-1]["error"] == "CL3040"
    here = {f"/files/{p.name}" for p in (bulk.home(lake, server.export) / "files" / "1").glob("*.ndjson")}
    server.seen.clear()
    assert land(lake, server.export).counts.out == 2
    assert server.asked() == [] and here.isdisjoint(server.paths())


def test_a_server_that_is_not_there_is_a_machine_error(lake):
    with pytest.raises(MachineError, match=r"CL3040.*ConnectError"):
        land(lake, "http://127.0.0.1:9/fhir/$export")


def test_an_export_that_fails_at_the_server_is_given_up_and_asked_for_anew(lake, server):
    job = server.plan_job(busy(202), busy(500, body=outcome("processing", text="CANARYWORD")))
    with pytest.raises(DataError, match=r"CL1183: .*\(HTTP 500 processing\)"):
        land(lake, server.export)
    assert server.paths("DELETE") == [job] and state(lake, server.export)["status"] == ""
    assert land(lake, server.export).counts.out == 2


def test_a_file_that_cannot_be_had_is_set_aside_and_the_next_export_begins_where_this_did(lake, server):
    del server.files["Observation.ndjson"]
    result = land(lake, server.export)
    assert result.counts.totals() == {"in": 3, "out": 1, "quarantined": 1, "duplicate": 0, "filtered": 1}
    assert quarantine.summary(lake)[0]["reason"] == "manifest_file_missing"
    assert state(lake, server.export)["last"] == ""
    server.files |= FILES
    again = land(lake, server.export)
    assert "_since" not in server.asked()[-1].query
    assert (again.counts.out, again.counts.quarantined) == (1, {})
    assert state(lake, server.export)["last"] == TIME


def test_files_that_are_all_gone_are_a_clear_error_and_the_next_run_asks_anew(lake, server):
    kept, server.files = server.files, {}
    with pytest.raises(DataError, match=r"CL1184: none of the 2 files .*\(HTTP 404: 2\)"):
        land(lake, server.export)
    server.files = kept
    assert land(lake, server.export).counts.out == 2
    assert len(server.asked()) == 2


def test_links_that_ran_out_are_asked_for_anew(lake, server):
    fresh = server.default_manifest()
    stale = json.loads(json.dumps(fresh).replace("/files/", "/old/files/"))
    server.plan_job(Answer(body=json.dumps(stale).encode()))
    server.plan("/old/files/Patient.ndjson", [Answer(410)])
    server.plan("/old/files/Observation.ndjson", [Answer(403)])
    assert land(lake, server.export).counts.out == 2


def test_what_is_not_as_the_manifest_counts_is_set_aside_and_asked_for_again(lake, server):
    server.manifest["output"][0]["count"] = 3
    assert land(lake, server.export).counts.quarantined == {"manifest_count_mismatch": 1}
    assert state(lake, server.export)["last"] == ""


def test_errors_that_the_server_reports_keep_the_time_where_it_was_and_warnings_do_not(lake, server):
    server.files["error.ndjson"] = ndjson(outcome("processing", "warning"), outcome("informational", "information"))
    server.manifest = server.default_manifest()
    assert land(lake, server.export).counts.out == 3
    assert state(lake, server.export)["last"] == TIME
    server.files["error.ndjson"] = ndjson(outcome("processing", "error"))
    server.manifest = server.default_manifest(transactionTime="2027-01-01T00:00:00Z")
    land(lake, server.export)
    assert state(lake, server.export)["last"] == TIME


@pytest.mark.parametrize(
    ("answer", "number"),
    [
        (Answer(202), "CL1181"),
        (Answer(202, {"Content-Location": "ftp://127.0.0.1/x"}), "CL1180"),
        (Answer(202, {"Content-Location": "http://fhir.example.org/x"}), "CL1180"),
        (Answer(400, body=json.dumps(outcome("not-supported", text="CANARYWORD")).encode()), "CL2149"),
        (Answer(404), "CL2149"),
        (Answer(403), "CL2148"),
    ],
)
def test_a_kick_off_that_goes_wrong_says_how(lake, server, answer, number):
    server.plan("/fhir/Group/g1/$export", [answer])
    with pytest.raises(ChartlineError, match=number) as error:
        land(lake, server.export)
    assert "CANARYWORD" not in str(error.value) and "127.0.0.1" not in str(error.value)


def test_a_manifest_may_begin_with_a_byte_order_mark(lake, server):
    server.plan_job(Answer(body=b"\xef\xbb\xbf" + json.dumps(server.manifest).encode()))
    assert land(lake, server.export).counts.out == 2


@pytest.mark.parametrize("body", [b"", b"[]", b'{"resourceType": "Bundle"}', b"<html>"])
def test_what_is_no_manifest_is_refused(lake, server, body):
    server.plan_job(Answer(body=body))
    with pytest.raises(DataError, match="CL1182"):
        land(lake, server.export)


@pytest.mark.parametrize(
    ("url", "number"),
    [
        ("https://fhir.example.org/r4/Group/1", "CL2140"),
        ("https://fhir.example.org/r4/Group/1/", "CL2140"),
        ("https:///$export", "CL2140"),
        ("https://[/$export", "CL2140"),
        ("http://fhir.example.org/r4/$export", "CL2141"),
        ("http://localhost.example.org/r4/$export", "CL2141"),
        ("https://me:secret@fhir.example.org/r4/$export", "CL2142"),
    ],
)
def test_an_address_that_cannot_be_used_is_a_wrong_call(lake, url, number):
    with pytest.raises(UsageError, match=number) as error:
        land(lake, url)
    assert "example.org" not in str(error.value)


def test_a_redirect_out_of_tls_is_not_followed(lake, server):
    server.plan("/files/Patient.ndjson", [Answer(307, {"Location": "http://files.example.org/x"})])
    with pytest.raises(DataError, match="CL1180"):
        land(lake, server.export)


def test_the_longest_and_the_shortest_wait_are_ours(monkeypatch):
    monkeypatch.setattr(link, "LEAST", 1.0)
    assert [link.bounded(n) for n in (0, 20, 10**9)] == [1.0, 20, link.CEILING]


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("120", 120), ("0", 0), ("Fri, 31 Dec 1999 23:59:59 GMT", 0), ("soon", None), ("", None), ("-5", None)],
)
def test_a_wait_is_said_in_seconds_or_as_a_date(said, seconds):
    import httpx

    assert link.retry_after(httpx.Response(202, headers={"Retry-After": said})) == seconds


# --- run again, killed, given up ------------------------------------------------------------------


def test_the_next_export_asks_for_what_changed_since_the_last_whole_one(lake, server):
    land(lake, server.export)
    server.files = {"Patient.ndjson": patients("c"), "deleted.ndjson": deletions("Patient/a")}
    server.manifest = server.default_manifest(transactionTime="2026-02-02T00:00:00.123+01:00")
    result = land(lake, server.export)
    assert server.asked()[-1].query == {"_since": [TIME]}
    assert result.counts.totals() == {"in": 3, "out": 2, "quarantined": 0, "duplicate": 0, "filtered": 1}
    assert state(lake, server.export)["last"] == "2026-02-01T23:00:00.123000Z"


def test_an_empty_since_asks_for_everything_and_the_next_goes_on_from_there(lake, server):
    land(lake, server.export)
    server.manifest["transactionTime"] = "2026-03-03T00:00:00Z"
    result = land(lake, f"{server.export}?_since=")
    assert server.asked()[-1].query == {}
    assert (result.counts.duplicate, result.counts.out) == (2, 0)
    land(lake, server.export)
    assert server.asked()[-1].query == {"_since": ["2026-03-03T00:00:00Z"]}


def test_a_time_that_the_caller_names_stands(lake, server):
    for _ in range(2):
        land(lake, f"{server.export}?_since=2020-01-01T00:00:00Z")
    assert [s.query["_since"] for s in server.asked()] == [["2020-01-01T00:00:00Z"]] * 2


class Killed(BaseException):
    """Stands for the end of the process: nothing of ours runs after it."""


@pytest.fixture
def killed_at(monkeypatch):
    """Make a function of the client end the process at its n-th call."""

    def plan(owner, name, call=1):
        real, calls = getattr(owner, name), []

        def die(*args, **kwargs):
            calls.append(1)
            if len(calls) == call:
                raise Killed
            return real(*args, **kwargs)

        monkeypatch.setattr(owner, name, die)

    return plan


def test_an_export_under_way_is_taken_up_again_after_a_kill(lake, server, killed_at):
    server.plan_job(busy(202), busy(202))
    killed_at(link.Link, "pause")
    with pytest.raises(Killed):
        land(lake, server.export)
    assert land(lake, server.export).counts.out == 2
    assert len(server.asked()) == 1 and server.paths().count("/jobs/planned") == 3


@pytest.mark.parametrize(
    ("owner", "name", "call"),
    [
        (link.Link, "_downloaded", 2),
        (bulk, "_failures", 1),
        (bulk, "_write", 2),
        (pipeline, "only_run", 1),
        (ledger, "record", 1),
        (bulk.Export, "settle", 1),
        (bulk, "_write", 3),
        (bulk.shutil, "rmtree", 3),
    ],
)
def test_a_kill_anywhere_loses_and_doubles_nothing(lake, server, killed_at, monkeypatch, owner, name, call):
    with monkeypatch.context():
        killed_at(owner, name, call)
        with contextlib.suppress(Killed):
            land(lake, server.export)
    land(lake, server.export)
    found = [r["digest"] for r in tables.read(lake, "landing.files").to_pylist() if r["format"] == "ndjson"]
    assert len(found) == len(set(found)) == 2
    assert state(lake, server.export)["last"] == TIME
    assert not (bulk.home(lake, server.export) / "files").exists()
    assert all(r.counts.lost == 0 for r in ledger.finished(lake, "land"))


def test_an_export_under_way_that_the_server_let_go_of_is_asked_for_anew(lake, server, killed_at):
    job = server.plan_job(busy(202))
    killed_at(link.Link, "pause")
    with pytest.raises(Killed):
        land(lake, server.export)
    server.jobs.remove(job)
    assert land(lake, server.export).counts.out == 2
    assert len(server.asked()) == 2


def test_what_was_asked_for_since_a_time_is_not_taken_up_when_everything_is_wanted(lake, server, killed_at):
    land(lake, server.export)
    server.plan_job(busy(202))
    killed_at(link.Link, "pause")
    with pytest.raises(Killed):
        land(lake, server.export)
    land(lake, f"{server.export}?_since=")
    assert [s.query for s in server.asked()] == [{}, {"_since": [TIME]}, {}]
    assert server.paths("DELETE").count("/jobs/planned") == 1


def test_an_interrupt_while_the_server_works_cancels_there(lake, server, monkeypatch):
    job = server.plan_job(busy(202))
    monkeypatch.setattr(link.Link, "pause", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        land(lake, server.export)
    assert server.paths("DELETE") == [job] and state(lake, server.export)["status"] == ""


def test_an_interrupt_while_files_come_keeps_what_is_here(lake, server, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(bulk, "_failures", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            land(lake, server.export)
    assert server.paths("DELETE") == []
    land(lake, server.export)
    assert server.paths().count("/files/Patient.ndjson") == 1


def test_what_is_not_landed_yet_goes_when_somebody_leaves_and_is_fetched_again(lake, server, killed_at):
    killed_at(pipeline, "only_run")
    with pytest.raises(Killed):
        land(lake, server.export)
    assert bulk.drop_files(lake) == 1
    assert not (bulk.home(lake, server.export) / "files").exists() and bulk.drop_files(lake) == 0
    assert land(lake, server.export).counts.out == 2
    assert len(server.asked()) == 1


def test_what_another_run_is_fetching_is_left_to_it(lake, server):
    with bulk.fetched(lake, [Server(server.export)]) as (export,):
        assert bulk.drop_files(lake) == 0 and export.files.is_dir()


def test_two_runs_do_not_fetch_the_same_export(lake, server):
    with bulk.fetched(lake, [Server(server.export)]), pytest.raises(MachineError, match="CL3043"):
        land(lake, server.export)


def test_a_server_is_waited_for_without_the_lakes_lock(lake, server, monkeypatch):
    server.plan_job(busy(202))
    held = []

    def pause(self, seconds):
        with pipeline.only_run(lake):
            held.append(seconds)

    monkeypatch.setattr(link.Link, "pause", pause)
    land(lake, server.export)
    assert held


def test_an_export_that_never_ends_is_left_to_the_next_run(lake, server, monkeypatch):
    monkeypatch.setattr(bulk, "PATIENCE", 0.002)
    server.plan_job(*[busy(202)] * 50)
    with pytest.raises(MachineError, match="CL3042"):
        land(lake, server.export)
    assert state(lake, server.export)["status"] and server.paths("DELETE") == []


# --- who we are -----------------------------------------------------------------------------------


def keys(tmp_path, kind):
    private = ec.generate_private_key(ec.SECP384R1()) if kind == "EC" else rsa.generate_private_key(65537, 2048)
    algorithm = jwt.get_algorithm_by_name("ES384" if kind == "EC" else "RS384")
    path = tmp_path / f"{kind}.jwk"
    path.write_text(json.dumps({"keys": [{**algorithm.to_jwk(private, as_dict=True), "kid": "k1"}]}))
    path.chmod(0o600)
    return path, private.public_key()


@pytest.fixture(params=["EC", "RSA"])
def secured(request, lake, tmp_path):
    """A server that wants a token, and settings that can get one."""
    path, public = keys(tmp_path, request.param)
    with FhirServer(dict(FILES), client="chartline-at-test", public=public) as started:
        yield started, replace(lake, bulk_client="chartline-at-test", bulk_key=path)


def test_a_signed_assertion_is_what_lets_this_client_in(secured):
    server, settings = secured
    assert land(settings, server.export).counts.out == 2
    assert server.paths("POST") == ["/fhir/token"]
    assert b"scope=system%2F%2A.read" in next(s.body for s in server.seen if s.path == "/fhir/token")


def test_a_token_that_runs_out_in_the_middle_is_got_anew(secured):
    server, settings = secured
    server.token_uses = 2
    server.plan_job(*[busy(202)] * 3)
    assert land(settings, server.export).counts.out == 2
    assert server.paths("POST").count("/fhir/token") > 1


def test_a_token_is_got_anew_before_it_runs_out(secured):
    server, settings = secured
    server.token_life = 0
    assert land(settings, server.export).counts.out == 2
    assert 401 not in [s.headers.get("status") for s in server.seen]
    assert server.paths("POST").count("/fhir/token") == 5


def test_a_file_that_wants_no_token_gets_none(secured):
    server, settings = secured
    server.needs_token = False
    server.manifest["requiresAccessToken"] = False
    assert land(settings, server.export).counts.out == 2
    assert not any("Authorization" in s.headers for s in server.seen if s.path.startswith("/files/"))


def test_a_token_stays_with_the_server_where_a_download_leads_elsewhere(secured):
    server, settings = secured
    with FhirServer(dict(FILES), needs_token=False) as storage:
        server.plan("/files/Patient.ndjson", [Answer(307, {"Location": f"{storage.origin}/files/Patient.ndjson"})])
        assert land(settings, server.export).counts.out == 2
        (there,) = storage.seen
    assert "Authorization" not in there.headers
    assert "Authorization" in next(s.headers for s in server.seen if s.path == "/files/Patient.ndjson")


def test_a_manifest_that_does_not_say_gets_the_token_for_its_own_server_only(secured):
    server, settings = secured
    with FhirServer({"Patient.ndjson": patients("z")}, needs_token=False) as storage:
        del server.manifest["requiresAccessToken"]
        server.manifest["output"][0]["url"] = f"{storage.origin}/files/Patient.ndjson"
        server.manifest["output"][0]["count"] = 1
        assert land(settings, server.export).counts.out == 2
        assert "Authorization" not in storage.seen[0].headers


def test_a_client_that_the_server_does_not_know_is_told_so(secured):
    server, settings = secured
    with pytest.raises(UsageError, match=r"CL2147.*HTTP 400, invalid_client"):
        land(replace(settings, bulk_client="another"), server.export)


def test_a_server_that_wants_a_token_says_so_to_a_client_without_one(secured):
    server, settings = secured
    with pytest.raises(UsageError, match=r"CL2148.*HTTP 401 login"):
        land(replace(settings, bulk_client="", bulk_key=None), server.export)


def test_a_plain_server_is_asked_plainly_whatever_the_settings(lake, server, tmp_path):
    path, _ = keys(tmp_path, "EC")
    assert land(replace(lake, bulk_client="c", bulk_key=path), server.export).counts.out == 2


@pytest.mark.parametrize(
    ("text", "mode", "number"),
    [
        (None, 0o600, "CL2144"),
        ('{"kty": "oct", "k": "CANARYKEY", "d": "CANARYKEY"}', 0o600, "CL2146"),
        ('{"kty": "EC", "crv": "P-384", "x": "CANARYKEY", "y": "CANARYKEY", "d": "CANARYKEY"}', 0o600, "CL2146"),
        ('{"keys": "CANARYKEY"}', 0o600, "CL2146"),
        ("CANARYKEY", 0o600, "CL2146"),
        ("{}", 0o644, "CL2145"),
    ],
)
def test_a_key_file_that_cannot_be_used_is_refused_without_a_word_of_it(lake, tmp_path, text, mode, number):
    path = tmp_path / "jwk"
    if text is not None:
        path.write_text(text)
        path.chmod(mode)
    with pytest.raises(UsageError, match=number) as error:
        smart.credentials(replace(lake, bulk_client="c", bulk_key=path))
    assert "CANARYKEY" not in str(error.value)


@pytest.mark.parametrize("half", [{"bulk_client": "c"}, {"bulk_key": Path("x")}])
def test_half_of_the_credentials_is_a_wrong_call(lake, half):
    with pytest.raises(UsageError, match="CL2143"):
        smart.credentials(replace(lake, **half))


def test_a_key_that_we_draw_is_one_that_a_server_lets_in(lake, tmp_path):
    public = smart.create(tmp_path / "bulk.jwk")
    assert stat.S_IMODE((tmp_path / "bulk.jwk").stat().st_mode) == 0o600
    assert "d" not in public["keys"][0]
    with pytest.raises(UsageError, match="CL2020"):
        smart.create(tmp_path / "bulk.jwk")
    found = smart.credentials(replace(lake, bulk_client="c", bulk_key=tmp_path / "bulk.jwk"))
    signed = found.form("https://host/token")["client_assertion"]
    key = jwt.PyJWK(public["keys"][0])
    assert jwt.decode(signed, key, ["ES384"], audience="https://host/token")["sub"] == "c"
    assert jwt.get_unverified_header(signed)["kid"] == public["keys"][0]["kid"]


def test_the_private_key_is_in_no_repr(lake, tmp_path):
    path, _ = keys(tmp_path, "EC")
    found = smart.credentials(replace(lake, bulk_client="c", bulk_key=path))
    assert "key=" not in repr(found).replace("key_id=", "")
    assert "host" not in repr(Server("https://host/$export"))
