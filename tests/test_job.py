import hashlib
import json

import pytest

from chartline import job, pipeline
from chartline.errors import DataError, MachineError, UsageError
from chartline.release import decide
from chartline.stage import Counts, StageResult

CANDIDATE = "candidate-1"
DONE = StageResult("parse", "run-1", Counts(3, 3), {"bronze.resources": 4}, {"parsed": "passed"})


@pytest.fixture
def configured(lake, monkeypatch):
    monkeypatch.setenv("CHARTLINE_LAKE", str(lake.lake))
    monkeypatch.setenv("CHARTLINE_KEY", str(lake.key))
    return lake


def test_a_job_prints_and_leaves_the_same_object(configured, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(pipeline, "run_stage", lambda *args, **kwargs: DONE)
    outcome = tmp_path / "a" / "run" / "parse.json"
    assert job.main("parse", ["--outcome", str(outcome)]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads(outcome.read_text())
    assert printed["tables"] == {"bronze.resources": 4}
    assert printed["run_id"] == "run-1"
    assert len(printed["policy_hash"]) == 64
    assert [p.name for p in outcome.parent.iterdir()] == ["parse.json"]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (DataError("CL1999", "no"), 1),
        (UsageError("CL2999", "no"), 2),
        (MachineError("CL3999", "no"), 3),
        (ValueError("Jane Canary"), 3),
    ],
)
def test_a_failure_is_an_exit_code_a_number_and_no_outcome(configured, monkeypatch, capsys, tmp_path, error, code):
    def fail(*args, **kwargs):
        raise error

    monkeypatch.setattr(pipeline, "run_stage", fail)
    assert job.main("parse", ["--outcome", str(tmp_path / "parse.json")]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert "CL" in err
    assert "Jane" not in err
    assert not (tmp_path / "parse.json").exists()


def asked(settings, **said):
    report = settings.zone("audit") / "candidates" / CANDIDATE / "report.json"
    report.parent.mkdir(parents=True)
    report.write_text("{}")
    told = {
        "answer": "Approve",
        "by": "officer",
        "reason": "as agreed",
        "report-hash": hashlib.sha256(b"{}").hexdigest(),
    }
    return [CANDIDATE, *(f"--{name}={value}" for name, value in (told | said).items())]


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ({"answer": ""}, "CL1090"),
        ({"answer": "Maybe"}, "CL1090"),
        ({"by": ""}, "CL1090"),
        ({"reason": "  "}, "CL1090"),
        ({"report-hash": "0" * 64}, "CL1091"),
    ],
)
def test_what_is_no_answer_about_this_report_is_not_recorded(configured, monkeypatch, capsys, said, number):
    monkeypatch.setattr(decide, "decide", lambda *args, **kwargs: pytest.fail("recorded"))
    assert job.main("decide", asked(configured, **said)) == 1
    assert number in capsys.readouterr().err


@pytest.mark.parametrize(("answer", "approve"), [("Approve", True), ("Reject", False)])
def test_an_answer_is_recorded_as_it_was_given(configured, monkeypatch, answer, approve):
    recorded = []
    monkeypatch.setattr(decide, "decide", lambda settings, candidate, **said: recorded.append((candidate, said)) or {})
    assert job.main("decide", asked(configured, answer=answer, reason="--no flag")) == 0
    assert recorded == [(CANDIDATE, {"approve": approve, "by": "officer", "reason": "--no flag", "channel": "airflow"})]


def test_there_is_no_other_job():
    with pytest.raises(UsageError, match="CL2090"):
        job.main("drop", [])
