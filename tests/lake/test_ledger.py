"""What tells one stage's work from another's."""

import shutil

from chartline.lake import ledger
from chartline.settings import room


def test_a_changed_mapping_is_other_work(tmp_path, monkeypatch):
    shutil.copytree(room("schemas"), tmp_path / "schemas")
    shutil.copytree(room("expectations"), tmp_path / "expectations")
    monkeypatch.setattr(ledger, "room", lambda name: tmp_path / name)
    same = ledger.code_version.__wrapped__()
    assert same == ledger.code_version()
    mapping = tmp_path / "schemas" / "timeline.json"
    mapping.write_text(mapping.read_text().replace("ENCOUNTER", "VISIT", 1))
    assert ledger.code_version.__wrapped__() != same


def test_the_digest_of_inputs_tells_stage_and_facts_apart():
    one = ledger.input_digest("parse", files=["a"])
    assert one == ledger.input_digest("parse", files=["a"])
    assert len({one, ledger.input_digest("parse", files=["b"]), ledger.input_digest("land", files=["a"])}) == 3
