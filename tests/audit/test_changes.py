"""What changed since the release before, told from two reports."""

import copy

from chartline.audit.changes import changes

BODY = {
    "candidate": "now",
    "policy": "expert_determination",
    "policy_hash": "a" * 64,
    "identity": {"key_id": "k1", "code_version": "0.1.0"},
    "terms": {"recipient": "R", "purpose": "P", "sha256": "b" * 64},
    "size": {"subjects": 60, "events": 1000, "encounters": 90, "codes": 20},
    "text": {"searched": 30},
    "stages": [{"quarantined": 2}, {"quarantined": 1}],
    "sweep": {"total": 0},
    "risk": {"models": [{"smallest_class": 11, "highest": 0.0909, "average": 0.05}]},
    "elements": [
        {"path": "Patient.name", "action": "drop"},
        {"path": "Patient.birthDate", "action": "year"},
        {"path": "Patient.birthDate", "action": "drop"},
    ],
    "gates": [{"suite": "release", "check": "X1", "meaning": "company", "verdict": "passed"}],
}


def compared(**differing):
    before = {**copy.deepcopy(BODY), "candidate": "then", **differing}
    return changes(BODY, before, "2026-01-01T00:00:00+00:00")


def figures(told):
    return {f["name"]: (f["before"], f["after"]) for f in told["figures"]}


def test_the_same_again_changes_nothing():
    told = compared()
    assert told["release_id"] == "then"
    assert (told["rules"], told["checks"]) == ([], [])
    assert told["elements"] == {"new": [], "gone": [], "changed": []}
    assert all(before == after for before, after in figures(told).values())


def test_rules_terms_and_checks_tell_then_and_now():
    gates = [{**BODY["gates"][0], "verdict": "failed"}]
    told = compared(policy="safe_harbor", terms=None, gates=gates)
    rules = {r["name"]: (r["before"], r["after"]) for r in told["rules"]}
    assert rules == {
        "policy": ("safe_harbor", "expert_determination"),
        "terms": ("none", "b" * 16),
        "recipient": (None, "R"),
        "purpose": (None, "P"),
    }
    assert told["checks"] == [{"name": "release X1: company", "before": "failed", "after": "passed"}]


def test_elements_are_new_gone_or_treated_otherwise():
    before = [{"path": "Patient.photo", "action": "drop"}, {"path": "Patient.birthDate", "action": "shift"}]
    assert compared(elements=before)["elements"] == {
        "new": [{"path": "Patient.name", "before": [], "after": ["drop"]}],
        "gone": [{"path": "Patient.photo", "before": ["drop"], "after": []}],
        "changed": [{"path": "Patient.birthDate", "before": ["shift"], "after": ["drop", "year"]}],
    }


def test_totals_of_patients_that_are_few_apart_are_hidden():
    for was, told in ((49, (49, 60)), (50, (None, None)), (59, (None, None)), (60, (60, 60)), (None, (None, None))):
        assert figures(compared(size={**BODY["size"], "subjects": was}))["patients"] == told


def test_what_was_set_aside_is_summed_over_the_stages():
    assert figures(compared(stages=[{"quarantined": 0}]))["records set aside"] == (0, 3)
