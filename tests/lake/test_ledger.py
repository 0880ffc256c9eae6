"""What tells one stage's work from another's."""

import shutil
from datetime import UTC, datetime

import pytest

from chartline import pipeline
from chartline.errors import ChartlineError
from chartline.lake import ledger, tables
from chartline.settings import room
from chartline.stage import Counts, StageResult


def test_a_changed_mapping_is_other_work(tmp_path, monkeypatch):
    shutil.copytree(room("schemas"), tmp_path / "schemas")
    shutil.copytree(room("expectations"), tmp_path / "expectations")
    monkeypatch.setattr(ledger, "room", lambda name: tmp_path / name)
    same = ledger.code_version.__wrapped__()
    assert same == ledger.code_version()
    mapping = tmp_path / "schemas" / "timeline.json"
    mapping.write_text(mapping.read_text().replace("ENCOUNTER", "VISIT", 1))
    assert ledger.code_version.__wrapped__() != same


def test_a_changed_word_list_is_other_work(tmp_path, monkeypatch):
    """What was read by the old list must not stand (bronze.readings)."""
    package = tmp_path / "chartline"
    shutil.copytree(room("chartline"), package, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(ledger, "__file__", str(package / "lake" / "ledger.py"))
    same = ledger.code_version.__wrapped__()
    assert same == ledger.code_version()
    brands = package / "deid" / "text" / "data" / "brands.txt"
    brands.write_text(brands.read_text(encoding="utf-8") + "velmora\n", encoding="utf-8")
    assert ledger.code_version.__wrapped__() != same


def test_the_digest_of_inputs_tells_stage_and_facts_apart():
    one = ledger.input_digest("parse", files=["a"])
    assert one == ledger.input_digest("parse", files=["a"])
    assert len({one, ledger.input_digest("parse", files=["b"]), ledger.input_digest("land", files=["a"])}) == 3


@pytest.mark.parametrize(
    ("before", "number"),
    [
        (lambda at, old: None, None),
        (lambda at, old: shutil.rmtree(at), "CL1151"),
        (lambda at, old: (shutil.rmtree(at), shutil.copytree(old, at)), "CL1151"),
        (lambda at, old: shutil.rmtree(at / "_delta_log"), "CL3015"),
    ],
    ids=["as it was left", "gone", "of an older copy", "without its log"],
)
def test_no_stage_works_on_a_lake_in_which_a_table_is_not_what_the_ledger_says(lake, tmp_path, before, number):
    at = tables.path(lake, "bronze.people")
    tables.append(lake, "bronze.people", [{"resource_type": "Patient", "resource_id": "p"}])
    shutil.copytree(at, tmp_path / "old")
    version = tables.append(lake, "bronze.people", [{"resource_type": "Patient", "resource_id": "q"}])
    result = StageResult("parse", "run-1", Counts(2, 2), {"bronze.people": version})
    ledger.record(lake, result, "digest", datetime.now(UTC))
    before(at, tmp_path / "old")
    if number is None:
        ledger.require_tables(lake)
        return
    source = tmp_path / "one.ndjson"
    source.write_text('{"resourceType": "Patient", "id": "r"}\n')
    with pytest.raises(ChartlineError, match=number):
        pipeline.run_stage(lake, "land", sources=[source])
    assert not tables.exists(lake, "landing.files")
