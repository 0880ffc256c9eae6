from datetime import UTC, datetime

from chartline.lake import ledger, tables
from chartline.release.publish import _published_before


def test_a_release_whose_run_died_before_the_ledger_is_recorded_once(lake):
    version = tables.append(lake, "curated.events", [{"subject_id": 1, "code": "A//1", "event_id": "e"}])
    row = {
        "release_id": "c1",
        "decision_id": "d",
        "policy": "p",
        "policy_hash": "h",
        "tables": {"curated.events": version},
    }
    tables.append(lake, "curated.releases", [row])
    first = _published_before(lake, "c1", "r1", "digest", datetime.now(UTC))
    again = _published_before(lake, "c1", "r2", "digest", datetime.now(UTC))
    assert first.unchanged
    assert first.counts.out == 1
    assert again.run_id == "r1"
    assert len(ledger.finished(lake, "publish")) == 1
