import json

import pytest

from chartline.errors import DataError, UsageError
from chartline.lake import tables
from chartline.release import candidates
from chartline.release.decide import decide
from chartline.release.publish import require_approval

ID = "0123456789abcdef"


@pytest.fixture
def assessed(lake):
    tables.append(lake, "gold.codes", [{"code": "A//1", "run_id": "r"}])
    report(lake)
    return lake


def report(lake, verdict="releasable"):
    folder = candidates.folder(lake) / ID
    folder.mkdir(parents=True, exist_ok=True)
    body = {"candidate": ID, "created_at": "2026-01-01", "verdict": verdict, "policy": "p", "policy_hash": "h"}
    body |= {"reason": "", "tables": {"gold.codes": 1}, "key_id": "k"}
    (folder / "report.json").write_text(json.dumps(body))


def say(lake, approve=True, **more):
    return decide(lake, ID, **{"approve": approve, "by": "A. Officer", "reason": "ok", "channel": "cli", **more})


def test_without_a_decision_nothing_may_be_published(assessed):
    assert candidates.state(assessed, ID) == "pending"
    with pytest.raises(DataError, match="CL1141"):
        require_approval(assessed, ID)


@pytest.mark.parametrize("text", [b"", b'{"candidate": "01234', b"[1]", b"\xff", b'{"candidate": "another-one"}'])
def test_a_report_that_was_written_by_half_is_named_and_not_decided_on(assessed, text):
    candidates.report_path(assessed, ID).write_bytes(text)
    for asked in (say, lambda lake: candidates.show(lake, ID), candidates.list_candidates):
        with pytest.raises(DataError, match=f"CL1124.*{ID}"):
            asked(assessed)


def test_a_report_that_a_killed_run_was_writing_is_no_candidate(assessed):
    part = candidates.folder(assessed) / f".{ID}.part"
    part.mkdir()
    (part / "report.json").write_text('{"candidate": "01234')
    assert [c["candidate"] for c in candidates.list_candidates(assessed)] == [ID]


def test_an_approval_holds_and_repeats(assessed):
    first = say(assessed)
    assert say(assessed) == {**first, "unchanged": True}
    assert require_approval(assessed, ID)[0]["decision_id"] == first["decision_id"]
    assert candidates.state(assessed, ID) == "approved"


def test_a_later_rejection_counts(assessed):
    say(assessed)
    say(assessed, approve=False)
    with pytest.raises(DataError, match="CL1142"):
        require_approval(assessed, ID)


def test_a_changed_report_undoes_the_approval(assessed):
    say(assessed)
    report(assessed, verdict="needs_review")
    with pytest.raises(DataError, match="CL1143"):
        require_approval(assessed, ID)


def test_a_blocked_candidate_cannot_be_approved(assessed):
    report(assessed, verdict="blocked")
    with pytest.raises(DataError, match="CL1130"):
        say(assessed)
    assert candidates.state(assessed, ID) == "blocked"


def test_changed_tables_ask_for_a_new_assessment(assessed):
    tables.append(assessed, "gold.codes", [{"code": "A//2", "run_id": "r"}])
    assert candidates.state(assessed, ID) == "superseded"
    with pytest.raises(DataError, match="CL1131"):
        say(assessed)


def test_a_decision_needs_a_name_a_reason_and_a_candidate(assessed):
    with pytest.raises(UsageError, match="CL2101"):
        say(assessed, reason=" ")
    with pytest.raises(UsageError, match="CL2100"):
        decide(assessed, "../../etc", approve=True, by="a", reason="b", channel="cli")


def test_a_decision_whose_reason_names_a_patient_is_not_recorded(assessed):
    person = {"resource_type": "Patient", "resource_id": "p", "known": [{"type": "NAME", "value": "Zorblatt Quixmire"}]}
    tables.append(assessed, "bronze.people", [person])
    with pytest.raises(UsageError, match="CL2104"):
        say(assessed, reason="found Zorblatt Quixmire in note 7")
    assert candidates.state(assessed, ID) == "pending"
    say(assessed, reason="found a name in note 7")
