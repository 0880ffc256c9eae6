import json
import shlex
import subprocess
import sys

import pytest

from chartline import cli
from chartline.audit.sweep import Hit, SweepResult
from chartline.release import candidates
from chartline.settings import STAGES


def run(*argv, stdin=b""):
    return subprocess.run([sys.executable, "-m", "chartline.cli", *argv], input=stdin, capture_output=True, check=False)


def test_a_wrong_call_exits_with_2():
    assert run("nothing").returncode == 2
    assert run("release", "decide", "x", "--by", "a", "--reason", "b").returncode == 2


def test_key_new_prints_one_json_object(tmp_path):
    done = run("key", "new", str(tmp_path / "k"), "--json")
    assert done.returncode == 0
    assert set(json.loads(done.stdout)) == {"key_id", "file"}
    again = run("key", "new", str(tmp_path / "k"), "--json")
    assert again.returncode == 2
    assert json.loads(again.stdout)["error"]["number"] == "CL2020"


def test_a_missing_key_is_a_usage_error_without_a_traceback(tmp_path):
    done = run("deid", "text", "--policy", "safe_harbor", "--key", str(tmp_path / "none"))
    assert done.returncode == 2
    assert b"CL2023" in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("option", "number"), [(("--key", "none.key"), "CL2023"), (("--policy", "none.toml"), "CL2041")]
)
def test_a_run_that_cannot_have_its_key_or_policy_does_nothing(tmp_path, key_file, option, number):
    (tmp_path / "in.ndjson").write_text('{"resourceType": "Patient", "id": "1"}\n')
    name, value = option
    given = {"--key": str(key_file), "--policy": "safe_harbor", name: str(tmp_path / value)}
    words = [word for pair in given.items() for word in pair]
    done = run("run", str(tmp_path / "in.ndjson"), "--lake", str(tmp_path / "lake"), *words, "--json")
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["number"] == number
    assert not (tmp_path / "lake").exists()


_READS_A_LAKE = ("verify", "lineage", "release list", "quarantine list", "reidentify list", "timeline", "assess")


@pytest.mark.parametrize("command", _READS_A_LAKE)
def test_a_folder_that_is_no_lake_is_told_from_a_lake_in_which_nothing_is(tmp_path, capfd, command):
    assert cli.main([*command.split(), "--lake", str(tmp_path / "moved")]) == 1
    assert "CL1150" in capfd.readouterr().err
    assert not (tmp_path / "moved").exists()


@pytest.mark.parametrize(("variable", "number"), [("CHARTLINE_TERMS", "CL2110"), ("CHARTLINE_EXTRACTS", "CL2081")])
def test_a_run_that_cannot_have_its_terms_or_mappings_does_nothing(
    tmp_path, key_file, monkeypatch, capfd, variable, number
):
    (tmp_path / "in.ndjson").write_text('{"resourceType": "Patient", "id": "1"}\n')
    monkeypatch.setenv(variable, str(tmp_path / "none"))
    assert cli.main(["run", str(tmp_path / "in.ndjson"), "--lake", str(tmp_path / "lake"), "--key", str(key_file)]) == 2
    assert number in "".join(capfd.readouterr())
    assert not (tmp_path / "lake").exists()


@pytest.mark.parametrize(("good", "code"), [(0, 1), (1, 0)])
def test_files_of_which_nothing_passes_are_a_data_error_with_the_counts(tmp_path, key_file, capfd, good, code):
    lines = ['{"resourceType": "Patient"}', '{"resourceType": "Patient", "id": "1"}'][: 1 + good]
    (tmp_path / "in.ndjson").write_text("\n".join(lines))
    words = ["deid", "fhir", str(tmp_path / "in.ndjson"), "--policy", "safe_harbor", "--key", str(key_file), "--json"]
    assert cli.main([*words, "--to", str(tmp_path / "out")]) == code
    told = json.loads(capfd.readouterr().out)
    assert (told["in"], told["out"], told["quarantined"]) == (1 + good, good, {"missing_id": 1})
    assert told.get("error", {}).get("number") == (None if good else "CL1102")


@pytest.mark.parametrize("name", ["limited_data_set", "safe_harbor"])
def test_the_sweep_that_is_named_after_files_were_made_looks_for_what_their_policy_does_not_let_pass(
    tmp_path, key_file, capfd, name
):
    born = {"birthDate": "1961-04-09", "address": [{"city": "Quarrelton", "postalCode": "02139", "state": "MA"}]}
    patient = {"resourceType": "Patient", "id": "quix-8812", "name": [{"family": "Quillon", "given": ["Ada"]}], **born}
    (tmp_path / "in.ndjson").write_text(json.dumps(patient))
    words = ["deid", "fhir", str(tmp_path / "in.ndjson"), "--to", str(tmp_path / "out"), "--key", str(key_file)]
    assert cli.main([*words, "--policy", name]) == 0
    said = shlex.split(capfd.readouterr().out.partition("Next:   chartline ")[2])
    assert cli.main(said) == 0
    assert "no known value was found" in capfd.readouterr().out
    stricter = ["safe_harbor" if word == name else word for word in said]
    assert cli.main(stricter) == (1 if name == "limited_data_set" else 0)
    (tmp_path / "out" / "left.txt").write_text("Ada Quillon")
    assert cli.main(said) == 1


@pytest.mark.parametrize(
    ("state", "command"),
    [("pending", "release decide"), ("approved", "release publish"), ("published", None), ("blocked", None)],
)
def test_what_comes_next_is_what_the_state_of_a_candidate_asks_for(monkeypatch, lake, state, command):
    shown = {"state": state, "policy": "safe_harbor", "verdict": "needs review", "report": "r.html"}
    monkeypatch.setattr(candidates, "show", lambda settings, candidate: shown)
    told = cli._candidate(lake, "c1")
    assert "safe_harbor" in told and state in told
    assert ("Next:" in told) == (command is not None) and (command or "") in told


def test_a_reader_that_goes_before_the_end_is_no_failure():
    words = [sys.executable, "-m", "chartline.cli", "policy", "table", "expert_determination"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as done:
        done.stdout.close()
        assert b"Traceback" not in done.stderr.read()
    assert done.returncode == 0


def test_a_candidate_is_shown_as_people_write_it(monkeypatch, capfd):
    shown = {"verdict": "blocked", "tables": {"gold.events": 3}, "report_hash": "ab", "decision": None}
    monkeypatch.setattr(candidates, "show", lambda settings, candidate: shown)
    assert cli.main(["release", "show", "c1"]) == 0
    assert capfd.readouterr().out == "verdict: blocked\ntables: gold.events 3\nreport hash: ab\ndecision: -\n"


@pytest.mark.parametrize(
    ("hits", "found", "said", "code"),
    [
        ((), True, "no known value was found", 0),
        ((), False, "the sweep missed its decoy", 1),
        (
            (Hit("NAME", "audit/a.json", "json", "", "ab12", 3),),
            True,
            "NAME      3      json     -       audit/a.json",
            1,
        ),
    ],
)
def test_what_a_sweep_found_is_a_table(monkeypatch, capfd, tmp_path, hits, found, said, code):
    result = SweepResult(1, 1, 1, 1, hits, {h.category: h.count for h in hits}, control={"plain.log": found})
    monkeypatch.setattr("chartline.audit.sweep.sweep", lambda paths, search: result)
    (tmp_path / "p.ndjson").write_text('{"resourceType": "Patient", "id": "quix-8812"}')
    assert cli.main(["sweep", str(tmp_path), "--known", str(tmp_path / "p.ndjson")]) == code
    assert said in capfd.readouterr().out


def test_a_stage_tells_why_it_left_out_what_it_left_out(tmp_path, capfd):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "own.csv").write_text("A,B\n1,2\n")
    assert cli.main(["land", str(tmp_path / "in"), "--lake", str(tmp_path / "lake")]) == 0
    assert "land filtered: csv_unknown_header 1" in capfd.readouterr().out


def test_help_names_every_stage_and_exit_code():
    done = run("--help")
    assert done.returncode == 0
    for word in (*STAGES[:5], "exit codes", "verify", "sweep", "quarantine", "doctor"):
        assert word.lower().encode() in done.stdout.lower()


@pytest.mark.parametrize("text", ["secret value 1234", "Jane Canary"])
def test_an_unexpected_exception_never_prints_its_text(monkeypatch, capfd, text):
    def boom(settings):
        raise ValueError(text)

    monkeypatch.setattr("chartline.verify.verify", boom)
    assert cli.main(["verify", "--lake", "x", "--json"]) == 3
    out, err = capfd.readouterr()
    assert text not in out + err
    assert json.loads(out)["error"]["number"] == "CL3000"


def test_noise_on_descriptor_1_does_not_reach_standard_output(monkeypatch, capfd):
    import os

    def noisy(settings):
        os.write(1, b"noise of a library\n")
        return []

    monkeypatch.setattr("chartline.verify.verify", noisy)
    assert cli.main(["verify", "--lake", "x", "--json"]) == 0
    out, err = capfd.readouterr()
    assert json.loads(out) == {"ok": True, "first_broken": None, "checks": []}
    assert "noise" in err


LEFT_BEHIND = """
import sys, threading, time
from chartline import cli
from chartline.audit.sweep import Hit, SweepResult
from chartline.release import candidates
threading.Thread(target=time.sleep, args=(600,)).start()
sys.argv = ["chartline", "verify", "--lake", sys.argv[1]]
cli.command()
"""


def test_a_thread_that_a_library_left_behind_changes_neither_the_end_nor_its_code(tmp_path):
    words = [sys.executable, "-c", LEFT_BEHIND, str(tmp_path)]
    done = subprocess.run(words, capture_output=True, timeout=120, check=False)
    assert (done.returncode, b"CL1150" in done.stderr) == (1, True)


def test_an_empty_name_of_a_lake_is_not_the_folder_one_stands_in(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "one.json").write_text("{}")
    with pytest.raises(SystemExit) as ended:
        cli.main(["land", "one.json", "--lake", ""])
    assert ended.value.code == 2
    assert "--lake: it is empty" in capsys.readouterr().err
    assert [p.name for p in tmp_path.iterdir()] == ["one.json"]


def test_an_import_takes_no_policys_place(tmp_path, capfd):
    given, there = tmp_path / "config.json", tmp_path / "mine.toml"
    given.write_text('{"fhirVersion": "R4", "fhirPathRules": [{"path": "nodesByType(\'date\')", "method": "redact"}]}')
    there.write_text("mine")
    words = ["policy", "import", "fhir-anonymizer", str(given), "--to"]
    assert cli.main([*words, str(there)]) == 2
    assert "CL2158" in capfd.readouterr().err
    assert there.read_text() == "mine"
    assert cli.main([*words, str(tmp_path / "new.toml")]) == 0
