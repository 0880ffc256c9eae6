"""From an extract to an approved release by the command line, as its users would."""

import json

import pytest

from chartline import pipeline
from chartline.lake import tables
from chartline.settings import Settings
from tests.conftest import chartline


def test_a_run_ends_with_a_candidate_and_whole_equations(finished):
    answer = finished.answer
    assert answer["candidate"]
    assert answer["status"] == "pending"
    assert list(answer["counts"]) == ["land", "parse", "deidentify", "timeline", "assess"]
    for stage, c in answer["counts"].items():
        assert c["in"] == c["out"] + c["quarantined"] + c["duplicate"] + c["filtered"], stage
    assert answer["counts"]["parse"]["out"] > 1000
    assert set(answer["gates"].values()) == {"passed"}
    assert set(answer["gates"]) == {"landed", "parsed", "deidentified", "timeline", "release"}
    assert answer["tables"]["gold.events"] >= 1


def test_the_sweep_of_the_finished_lake_finds_nothing_and_of_the_source_finds_much(finished):
    lake = finished.settings.lake
    clean = chartline("sweep", lake / "deidentified", lake / "audit", "--known", finished.source, "--json")
    assert clean.returncode == 0, clean.stdout[-500:]
    dirty = chartline("sweep", finished.source, "--known", finished.source, "--json")
    assert dirty.returncode == 1


@pytest.mark.spark
def test_a_second_run_changes_nothing(spark, lake, hospital):
    one = sorted(hospital.glob("*.json"))[0]
    first = list(pipeline.run(lake, [one]))
    second = list(pipeline.run(lake, [one]))
    assert [r.unchanged for r in second] == [True] * 5
    assert [r.tables for r in second] == [r.tables for r in first]
    assert second[-1].extra["candidate"] == first[-1].extra["candidate"]


@pytest.fixture
def copy(finished, tmp_path):
    import shutil

    shutil.copytree(finished.settings.lake, tmp_path / "lake")
    return Settings(lake=tmp_path / "lake", key=finished.settings.key)


def test_nothing_is_published_without_a_decision(finished, copy):
    candidate = finished.answer["candidate"]
    refused = chartline("release", "publish", candidate, "--lake", copy.lake, "--key", copy.key, "--json")
    assert refused.returncode == 1
    assert not tables.exists(copy, "curated.releases") or tables.read(copy, "curated.releases").num_rows == 0


def test_a_rejected_candidate_is_shown_as_rejected_and_not_published(finished, copy):
    candidate = finished.answer["candidate"]
    common = ("--lake", copy.lake, "--json")
    said = chartline("release", "decide", candidate, *common, "--reject", "--by", "A. Officer", "--reason", "k too low")
    assert said.returncode == 0, said.stderr
    shown = json.loads(chartline("release", "show", candidate, *common).stdout)
    assert shown["state"] == "rejected"
    assert chartline("release", "publish", candidate, *common, "--key", copy.key).returncode == 1


def test_an_approved_candidate_is_published_and_verifies(finished, copy):
    candidate = finished.answer["candidate"]
    common = ("--lake", copy.lake, "--json")
    said = chartline(
        "release", "decide", candidate, *common, "--approve", "--by", "A. Officer", "--reason", "as agreed"
    )
    assert said.returncode == 0, said.stderr
    done = chartline("release", "publish", candidate, *common, "--key", copy.key)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    events = tables.read(copy, "curated.events")
    assert events.num_rows == finished.answer["counts"]["assess"]["in"] or events.num_rows > 0
    assert (copy.lake / "curated" / "releases" / candidate / "metadata" / "dataset.json").is_file()
    checked = chartline("verify", *common)
    assert checked.returncode == 0, checked.stdout.decode()[-1500:]
    report = copy.lake / "audit" / "candidates" / candidate / "report.json"
    report.write_bytes(report.read_bytes() + b" ")
    assert chartline("verify", *common).returncode == 1
    sweep = chartline("sweep", copy.lake / "curated", "--known", finished.source, "--json")
    assert sweep.returncode == 0, sweep.stdout[-500:]
