from datetime import UTC, datetime

import pytest
from deltalake import write_deltalake

from chartline.lake import chain, ledger, tables
from chartline.stage import Counts, StageResult


def record(lake, run_id="r1", stage="parse", error=""):
    result = StageResult(
        stage,
        run_id,
        Counts(4, 2, {"bad_json": 1}, 0, {"superseded": 1}),
        {"bronze.resources": 3},
        {"parsed": "passed"},
    )
    ledger.record(lake, result, "digest", datetime.now(UTC), policy="p", policy_hash="h", key_id="k", error=error)


def rewrite(lake, change):
    at = tables.path(lake, "audit.runs")
    rows = tables.read(lake, "audit.runs").sort_by("seq").to_pylist()
    import pyarrow as pa

    table = pa.Table.from_pylist(change(rows), schema=tables.schema("audit.runs").arrow)
    write_deltalake(str(at.parent / "other"), table)
    import shutil

    shutil.rmtree(at)
    (at.parent / "other").rename(at)


def test_a_whole_chain_has_no_break(lake):
    for i in range(3):
        record(lake, f"r{i}")
    assert chain.first_break(lake, "audit.runs") is None
    assert tables.read(lake, "audit.runs").sort_by("seq")["seq"].to_pylist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        (lambda rows: [rows[0], {**rows[1], "out": 3}, rows[2]], 1),
        (lambda rows: [rows[0], rows[2]], 1),
        (lambda rows: [rows[1], rows[2]], 0),
        (lambda rows: [{**rows[0], "seq": 1}, {**rows[1], "seq": 0}, rows[2]], 0),
        (lambda rows: [rows[0], {**rows[1], "quarantined": [("bad_json", 0)]}, rows[2]], 1),
    ],
    ids=["edited", "removed", "head removed", "reordered", "edited inside a map"],
)
def test_tampering_is_found_at_its_row(lake, change, broken):
    for i in range(3):
        record(lake, f"r{i}")
    rewrite(lake, change)
    assert chain.first_break(lake, "audit.runs") == broken


def test_equal_work_is_found_and_failed_work_is_not(lake):
    assert ledger.same_work(lake, "parse", "digest") is None
    record(lake, "r1")
    found = ledger.same_work(lake, "parse", "digest")
    assert found is not None
    assert found.unchanged
    assert found.counts == Counts(4, 2, {"bad_json": 1}, 0, {"superseded": 1})
    assert found.tables == {"bronze.resources": 3}
    assert ledger.same_work(lake, "parse", "other") is None
    record(lake, "r2", error="CL3000")
    assert ledger.same_work(lake, "parse", "digest") is not None
    assert ledger.latest_failure(lake).run_id == "r2"


def test_the_digest_depends_on_every_fact():
    base = ledger.input_digest("parse", files=["a"], key="k")
    assert base == ledger.input_digest("parse", key="k", files=["a"])
    assert (
        len(
            {
                base,
                ledger.input_digest("parse", files=["b"], key="k"),
                ledger.input_digest("land", files=["a"], key="k"),
            }
        )
        == 3
    )
