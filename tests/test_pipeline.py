"""What holds around a stage, whichever it is."""

from chartline import pipeline
from chartline.lake import ledger


def test_what_a_killed_stage_left_is_gone_with_the_next_run_and_what_spark_works_with_is_not(lake):
    scratch = lake.zone("restricted") / "scratch"
    left = [scratch / f"{stage}-{ledger.new_run_id()}" / "cohort.json" for stage in ("parse", "deidentify")]
    used = [scratch / name / "x" for name in ("blockmgr-1", "spark-1", "warehouse", "work")]
    for file in (*left, *used):
        file.parent.mkdir(parents=True)
        file.write_text("Quixmire")
    with pipeline.only_run(lake):
        assert not any(file.parent.exists() for file in left)
        assert all(file.exists() for file in used)
