"""What holds around a stage, whichever it is."""

import subprocess
import sys

from chartline import pipeline
from chartline.lake import ledger, scratch

PARTS = (("audit", "candidates"), ("curated", "releases"))
WORKS = """
import sys
from pathlib import Path
from chartline.lake import scratch
own = scratch.of_process(Path(sys.argv[1]))
(own / "blockmgr-1").mkdir()
print(own, flush=True)
sys.stdin.read()
"""


def test_what_a_killed_stage_left_is_gone_with_the_next_run_and_what_spark_works_with_is_not(lake):
    root = scratch.root(lake)
    left = [root / f"{stage}-{ledger.new_run_id()}" / "cohort.json" for stage in ("parse", "deidentify")]
    left += [lake.zone("deidentified") / ".scratch" / f"timeline-{ledger.new_run_id()}" / "rows"]
    left += [lake.zone(zone) / name / ".feed.part" / "x" for zone, name in PARTS]
    used = [root / name / "x" for name in ("warehouse", "work")]  # of executors that others started
    landing = lake.zone("restricted") / "landing"
    copied = [landing / ".arriving-1", landing / "blobs" / "ab" / ".arriving-2"]
    for file in (*left, *copied, *used, scratch.of_process(root) / "spark-1" / "x"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("Quixmire")
    with pipeline.only_run(lake):
        assert not any(file.parent.exists() for file in left)
        assert not any(file.exists() for file in copied) and landing.is_dir()
        assert all(file.exists() for file in (*used, scratch.of_process(root) / "spark-1" / "x"))


def test_what_spark_worked_with_is_gone_with_the_next_run_once_its_process_is_dead(lake):
    root = scratch.root(lake)
    command = [sys.executable, "-c", WORKS, str(root)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline().strip().startswith(str(root))
        with pipeline.only_run(lake):
            assert list(root.glob("session-*/blockmgr-1"))
        other.kill()
    assert list(root.glob("session-*"))
    with pipeline.only_run(lake):
        assert not list(root.glob("session-*"))
