"""What the manifests of exports confirm, of files that came before too."""

import json
from datetime import UTC, datetime

import pytest

from chartline.deid import deliveries
from chartline.ingest.land import land

MONTHS = [datetime(2026, m, 1, tzinfo=UTC) for m in (1, 2, 3)]
SERVER = "https://ehr.example.org/fhir"


@pytest.fixture
def deliver(lake, tmp_path):
    """Land an export of a month: type to ids, with what its manifest says otherwise or leaves out."""

    def call(month, held, absent=(), server=SERVER, **more):
        folder = tmp_path / f"{month}-{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        entries = []
        for kind, ids in held.items():
            text = "".join(json.dumps({"resourceType": kind, "id": i}) + "\n" for i in ids)
            if kind not in absent:
                (folder / f"{kind}.ndjson").write_text(text)
            entries.append({"type": kind, "url": f"{server}/{kind}.ndjson", "count": len(ids)} | more)
        manifest = {"transactionTime": MONTHS[month].isoformat(), "request": f"{server}/$export", "output": entries}
        (folder / "manifest.json").write_text(json.dumps(manifest))
        land(lake, [folder], run_id=f"r{month}")
        told = deliveries.confirmed(lake, b"k" * 32)
        return {kind: (source, MONTHS.index(at)) for (source, kind), at in told.items()}

    return call


def months(told):
    return {kind: month for kind, (_, month) in told.items()}


def test_the_same_file_in_a_later_export_is_confirmed_and_one_that_is_not_in_it_is_not(deliver):
    assert months(deliver(0, {"Patient": "a", "Goal": "g"})) == {"Patient": 0, "Goal": 0}
    told = deliver(1, {"Patient": "a"})
    assert months(told) == {"Patient": 1, "Goal": 0}
    (source,) = {source for source, _ in told.values()}
    assert "ehr" not in source


def test_the_latest_export_counts_whatever_came_first(deliver):
    deliver(2, {"Patient": "a"})
    assert months(deliver(0, {"Patient": "a"})) == {"Patient": 2}


def test_what_did_not_come_was_set_aside_or_is_empty_confirms_nothing(deliver):
    deliver(0, {"Patient": "a", "Goal": "g"})
    assert months(deliver(1, {"Patient": "a", "Goal": "g"}, absent=["Goal"])) == {"Patient": 1, "Goal": 0}
    assert months(deliver(2, {"Goal": "h"}, count=7)) == {"Patient": 1, "Goal": 0}
    assert months(deliver(2, {"Goal": ""})) == {"Patient": 1, "Goal": 0}


def test_the_same_bytes_of_two_servers_confirm_each_its_own(lake, deliver):
    deliver(0, {"Patient": "a"})
    deliver(1, {"Patient": "a"}, server="https://other.example.org")
    told = deliveries.confirmed(lake, b"k" * 32)
    assert [kind for _, kind in told] == ["Patient", "Patient"]
    assert sorted(told.values()) == MONTHS[:2]
