"""What the gate looks for in cleaned text is never what the text engine itself writes there."""

import json
import re

import pytest

from chartline import keys
from chartline.deid import policy
from chartline.deid.context import Cohort, PatientContext
from chartline.deid.text import build
from chartline.settings import room

NOTE = (
    "Zephyrine Quackenbush, 91 years of age, SSN 520-31-{n:04d} (SS# ending {n:04d}), MRN 77192{n:02d}, called from "
    "(216) 734-{n:04d}, fax 330.261.{n:04d}, zq{n}@mail.example, https://portal.example/p/{n}, on 3/{d}/2021. "
    "Lives at {n} Alder Street, Dunmore, PA 17602. Member ID XQJ88{n:04d}, license D{n:04d}-771, seen from 10.0.{d}.7."
)


def patterns(policy_keeps_ages: bool) -> dict[str, re.Pattern[str]]:
    checks = json.loads((room("expectations") / "deidentified.json").read_text())["checks"]
    frames = {"notes"} if policy_keeps_ages else {"notes", "capped_ages"}
    wanted = [c for c in checks if c["frame"] in frames and c["kwargs"]["column"] == "text"]
    return {c["id"]: re.compile(c["kwargs"]["regex"]) for c in wanted if c["type"].endswith("_not_match_regex")}


@pytest.mark.parametrize("name", ["safe_harbor", "expert_determination", "limited_data_set"])
def test_no_note_that_was_cleaned_stops_a_lake(name: str, key_file) -> None:
    rules = policy.load(name)
    engine = build(rules, keys.load(key_file), "test", Cohort())
    wanted = patterns(rules.text.dates == "keep")
    assert len(wanted) > 3
    for n in range(40):
        text = NOTE.format(n=1000 + 37 * n, d=1 + n % 28)
        assert any(p.search(text) for p in wanted.values())
        made = engine.deidentify(text, PatientContext(f"p{n}", offset_days=-40 - n)).text
        assert [check for check, p in wanted.items() if p.search(made)] == []


def test_a_number_that_may_be_issued_is_found() -> None:
    found = patterns(False)["D3c"]
    assert all(found.search(f"SSN {number}.") for number in ("520-31-4107", "899-01-0001", "001-01-0001"))
    assert not any(found.search(f"SSN {number}.") for number in ("928-39-7939", "000-12-3456", "666-12-3456"))
