"""What a long command says while it works."""

import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Event

from chartline import progress
from chartline.lake.spark import at_work


def test_how_many_of_many_things_are_done_is_said_twice_a_minute(monkeypatch, capsys):
    seconds = count(step=12)
    monkeypatch.setattr("chartline.progress.time.monotonic", lambda: float(next(seconds)))
    assert list(progress.through(iter(range(2000)), 2000, "files swept")) == list(range(2000))
    said = [line.split("] ")[1] for line in capsys.readouterr().err.splitlines()]
    assert said[0] == "2 of 2,000 files swept"
    assert all(line.endswith(" of 2,000 files swept") for line in said)
    assert len(said) < 1000


def test_of_what_is_soon_done_nothing_is_said(capsys):
    assert list(progress.through([1, 2], 2, "files")) == [1, 2]
    assert capsys.readouterr().err == ""


def test_a_long_wait_says_what_it_is_at_and_a_teller_that_fails_does_not_end_it(monkeypatch, capsys):
    monkeypatch.setattr(progress, "_EVERY", 0.001)
    told, asked = Event(), count()

    def found():
        if next(asked) == 0:
            raise ValueError
        told.set()
        return "3 of 8 tasks"

    with progress.beat(found):
        assert told.wait(10)
    assert "] 3 of 8 tasks" in capsys.readouterr().err


def test_spark_tells_how_far_it_is(spark):
    assert at_work(spark) == ""
    rdd = spark.sparkContext.parallelize([0, 1], 2)
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(rdd.map(lambda seconds: time.sleep(3)).count)
        while not done.done() and not (said := at_work(spark)):
            time.sleep(0.02)
        assert said.endswith(" of 2 tasks of this step are done")
