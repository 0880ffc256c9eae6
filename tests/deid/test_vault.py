"""Random codes of Safe Harbor: made once whoever asks, also when many ask at the same time."""

import json
import os
import subprocess
import sys
import threading
from collections import Counter

import pytest

from chartline.deid import pseudonyms, vault
from chartline.lake import tables
from tests.conftest import ROOT

IDS = "resource_type string, resource_id string, row_hash string, person_id string, "
DDL = IDS + "links array<struct<reference:string,target:string>>"
LINE = [(f"Observation/{i}", f"Patient/{i % 40}") for i in range(120)]


def frame(spark, wanted):
    rows = [
        (a.partition("/")[0], a.partition("/")[2], f"h{i}", b.partition("/")[2], [(b, b)])
        for i, (a, b) in enumerate(wanted)
    ]
    return spark.createDataFrame(rows, DDL)


def codes(spark, lake, wanted, run_id):
    """What each id got, by ``Type/id``."""
    made, _ = vault.with_codes(spark, lake, frame(spark, wanted), run_id)
    return {k: v for row in made.select("codes").collect() for k, v in row["codes"].items()}


def held(lake):
    return [
        (f"{r['resource_type']}/{r['resource_id']}", r["code"])
        for r in tables.read(lake, "vault.pseudonyms").to_pylist()
    ]


WORKER = """
import json, sys
from pathlib import Path
from chartline.lake.spark import session
from chartline.settings import Settings
from tests.deid.test_vault import LINE, codes
lake, name, start = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
settings = Settings(lake=lake, project="test", master="local[1]")
spark = session(settings, shuffle_partitions=1)
told = {}
for turn in range(2):
    told |= codes(spark, settings, LINE[start + 20 * turn : start + 20 * turn + 60], name)
print("TOLD" + json.dumps(told))
"""


def test_many_processes_and_threads_draw_each_code_once(spark, lake, tmp_path):
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", WORKER, str(lake.lake)]
    others = [
        subprocess.Popen([*command, f"p{start}", str(start)], stdout=subprocess.PIPE, cwd=ROOT, env=env)
        for start in (0, 30)
    ]
    told = []
    threads = [
        threading.Thread(target=lambda s=start: told.append(codes(spark, lake, LINE[s : s + 60], f"t{s}")))
        for start in (0, 20, 40, 60)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for other in others:
        out = other.communicate(timeout=180)[0].decode()
        assert other.returncode == 0
        told.append(json.loads(out.partition("TOLD")[2]))
    kept = held(lake)
    assert {n for n, count in Counter(n for n, _ in kept).items() if count > 1} == set()
    assert len({code for _, code in kept}) == len(kept)
    assert {n for pair in LINE for n in pair} == {n for n, _ in kept}
    assert len(told) == 6
    for answer in told:
        assert answer.items() <= dict(kept).items()
    again = codes(spark, lake, LINE, "again")
    assert again == dict(kept)
    assert held(lake) == kept


def test_a_code_outlives_a_run_that_died_before_it_used_it(spark, lake, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(vault.tables, "version", lambda *a: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            codes(spark, lake, LINE[:5], "one")
    kept = dict(held(lake))
    assert codes(spark, lake, LINE[:5], "two") == kept


def test_a_reference_that_leads_nowhere_has_a_code_under_the_name_that_the_walk_asks_for(spark):
    uuid = "7a5f9b0e-4d0c-4f0e-9d53-0b7c6a7d9f10"
    written = {
        f"urn:uuid:{uuid.upper()}": ("urn", uuid),
        f"URN:UUID:{uuid}": ("urn", uuid),
        "urn:oid:1.2.3": ("urn", "1.2.3"),
        "Patient/x%2D1|2": ("Patient", "x-1"),
        "Patient?identifier=1": None,
        "#inner": None,
    }
    links = [{"reference": name, "target": None} for name in written]
    rows = spark.createDataFrame([("Goal", "g", "h", None, links)], DDL)
    asked = {(r["resource_type"], r["resource_id"]) for r in vault.needed(rows).collect()}
    assert asked == {("Goal", "g"), *filter(None, written.values())}
    assert [pseudonyms.unresolved(name) for name in written] == list(written.values())
