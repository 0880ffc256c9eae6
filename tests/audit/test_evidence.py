"""Evidence tells counts, statuses and reasons, and hides small cells."""

import re
from pathlib import Path

import pytest

from chartline.audit import evidence, report
from chartline.deid import policy
from chartline.lake import tables


@pytest.mark.parametrize(
    ("reason", "named"),
    [
        ("164.514(b)(2)(i)(A): name", {"A"}),
        ("164.514(b)(2)(i)(D,E,F): telecom", {"D", "E", "F"}),
        ("164.514(b)(2)(i)(G-I,R): identifier", {"G", "H", "I", "R"}),
        ("no identifier", set()),
        (None, set()),
    ],
)
def test_letters_of_a_reason(reason, named):
    assert evidence.letters(reason) == named


def rows(*pairs):
    return [{"path": path, "action": "drop", "reason": f"164.514(b)(2)(i)({letter}): x"} for path, letter in pairs]


def test_under_safe_harbor_what_was_treated_is_met_and_what_was_not_seen_is_not_applicable():
    told = evidence.safe_harbor(policy.load("safe_harbor"), rows(("Patient.name", "A")), {"PHONE": 3}, {})
    status = {r["letter"]: r["status"] for r in told}
    assert len(told) == 18
    assert (status["A"], status["D"], status["L"]) == ("met", "met", "not applicable")


def test_a_rule_for_everything_is_no_evidence_for_one_identifier():
    told = evidence.safe_harbor(policy.load("safe_harbor"), rows(("Patient.text", "A-R")), {}, {})
    assert {r["status"] for r in told} == {"not applicable"}


def test_a_hit_of_the_sweep_is_not_met_whatever_was_treated():
    told = evidence.safe_harbor(policy.load("safe_harbor"), rows(("Patient.name", "A")), {}, {"FAMILY": 2})
    assert next(r for r in told if r["letter"] == "A")["status"] == "not met"


def test_shifted_dates_are_never_called_safe_harbor():
    told = {r["letter"]: r for r in evidence.safe_harbor(policy.load("expert_determination"), [], {}, {})}
    assert told["C"]["status"] == told["R"]["status"] == "not met"
    kept = {r["letter"]: r for r in evidence.safe_harbor(policy.load("limited_data_set"), [], {}, {})}
    assert kept["B"]["status"] == kept["C"]["status"] == "not met"


def test_what_a_policy_keeps_is_no_leak():
    assert evidence.allowed_kinds(policy.load("safe_harbor")) == set()
    assert evidence.allowed_kinds(policy.load("limited_data_set")) == {"CITY", "ZIP", "BIRTHDATE"}


def test_small_counts_of_elements_are_hidden_with_their_complement(lake):
    common = {"run_id": "r", "resource_type": "Patient", "rule": "x", "reason": "y", "policy_hash": "h"}
    tables.append(
        lake,
        "audit.elements",
        [
            common | {"path": "Patient.birthDate", "action": "keep", "count": 37},
            common | {"path": "Patient.birthDate", "action": "drop", "count": 3},
            common | {"path": "Patient.gender", "action": "keep", "count": 40},
            common | {"run_id": "other", "path": "Patient.photo", "action": "drop", "count": 40},
        ],
    )
    told = {(r["path"], r["action"]): r["count"] for r in evidence.elements(lake, "r")}
    assert told == {
        ("Patient.birthDate", "keep"): None,
        ("Patient.birthDate", "drop"): None,
        ("Patient.gender", "keep"): 40,
    }


GATE = {"check": "X1", "suite": "release", "severity": "warning", "verdict": "failed", "meaning": "m"}


def test_the_verdict():
    assert evidence.verdict([], [])[0] == "releasable"
    assert evidence.verdict([], [GATE])[0] == "needs review"
    assert evidence.verdict([], [GATE | {"severity": "info"}])[0] == "releasable"
    assert evidence.verdict(["a gate"], [GATE])[0] == "blocked"


def test_no_bound_is_told_where_something_leaked():
    assert evidence.text_facts({"deidentified": 300}, {}, 0)["upper_bound"] == pytest.approx(0.0099, abs=1e-4)
    assert evidence.text_facts({"deidentified": 300}, {}, 1)["upper_bound"] is None


def test_no_column_of_the_report_is_wider_than_a_phone():
    style = (Path(report.__file__).parent / "templates" / "report.html").read_text().split("</style>")[0]
    least = [int(n) for n in re.findall(r"minmax\((\d+)px", style)]
    assert least and max(least) <= 320
