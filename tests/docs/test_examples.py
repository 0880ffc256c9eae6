"""The example's commands run on a MEDS dataset whose labels are known, with facts planted that came too late."""

import json
import os
import re
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from tests.conftest import ROOT

PATIENTS = range(60)
CENSORED = 3
VISIT, STAY, AGAIN, LATE = datetime(2015, 1, 1), datetime(2016, 1, 5), datetime(2016, 1, 27), datetime(2018, 1, 1)
DEATH = datetime(2016, 8, 1)
DAY = timedelta(days=1)


def dies(patient):
    return patient % 2 == 0


def readmitted(patient):
    return patient % 8 == 0


def history(patient):
    """(code, time, available_time): a visit, a stay, for some a second stay, then death or a visit years later."""
    known = [
        ("LOINC//KNOWN", VISIT - DAY, VISIT - DAY),
        ("ENCOUNTER//START//AMB", VISIT - DAY, VISIT - DAY),
        ("ENCOUNTER//END", VISIT, VISIT),
        ("ENCOUNTER//START//IMP", STAY - 3 * DAY, STAY - 3 * DAY),
        ("SNOMED//SICK" if dies(patient) else "SNOMED//WELL", STAY - DAY, STAY),
        ("ENCOUNTER//END//01", STAY, STAY),
    ]
    if patient == CENSORED:
        return known
    if readmitted(patient):
        known += [("ENCOUNTER//START//IMP", AGAIN - 2 * DAY, AGAIN - 2 * DAY), ("ENCOUNTER//END", AGAIN, AGAIN)]
    if not dies(patient):
        return [*known, ("ENCOUNTER//START//AMB", LATE - DAY, LATE - DAY), ("ENCOUNTER//END", LATE, LATE)]
    return [
        *known,
        ("LEAK//KNOWN_LATER", VISIT - DAY, DEATH - DAY),
        ("LEAK//LATER", DEATH - DAY, DEATH - DAY),
        ("MEDS_DEATH", DEATH, DEATH),
    ]


def rows(patient):
    static = [("GENDER//F", None, None), ("MEDS_BIRTH", datetime(1950, 1, 1), datetime(1950, 1, 1))]
    ordered = static + sorted(history(patient), key=lambda e: e[1])
    return [{"subject_id": patient, "time": at, "code": code, "available_time": seen} for code, at, seen in ordered]


def dataset(folder: Path) -> Path:
    shards = {"train/0": PATIENTS[:14], "train/1": PATIENTS[14:28], "tuning/0": PATIENTS[28:36]}
    shards["held_out/0"] = PATIENTS[36:]
    stamp = pl.Datetime("us")
    schema = {"subject_id": pl.Int64, "time": stamp, "code": pl.String, "available_time": stamp}
    for name, patients in shards.items():
        (folder / "data" / name).parent.mkdir(parents=True, exist_ok=True)
        table = pl.DataFrame([row for p in patients for row in rows(p)], schema=schema)
        table.with_columns(numeric_value=pl.lit(None, pl.Float32)).write_parquet(folder / "data" / f"{name}.parquet")
    (folder / "metadata").mkdir()
    splits = [{"subject_id": p, "split": name.partition("/")[0]} for name, ps in shards.items() for p in ps]
    pl.DataFrame(splits).write_parquet(folder / "metadata/subject_splits.parquet")
    return folder


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """The folder the page's own commands wrote to."""
    folder = tmp_path_factory.mktemp("example")
    page = (ROOT / "docs/examples/README.md").read_text(encoding="utf-8")
    [block] = re.findall(r"```sh\n(.*?)```", page, re.DOTALL)
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "RELEASE": str(dataset(folder / "release")), "OUT": str(folder)}
    command = ["bash", "-euo", "pipefail", "-c", block]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    return folder


def found(folder, task):
    table = pl.read_parquet(folder / task / "labels.parquet")
    return {(r["subject_id"], r["prediction_time"]): r["label"] for r in table.to_dicts()}


def test_one_year_mortality_is_labelled_as_constructed(ran):
    expected = {(p, VISIT): False for p in PATIENTS}
    expected |= {(p, STAY): dies(p) for p in PATIENTS if p != CENSORED}
    expected |= {(p, AGAIN): dies(p) for p in PATIENTS if readmitted(p)}
    assert found(ran, "mortality_1y") == expected


def test_readmission_is_labelled_as_constructed(ran):
    expected = {(p, STAY): readmitted(p) for p in PATIENTS if p != CENSORED}
    expected |= {(p, AGAIN): False for p in PATIENTS if readmitted(p)}
    assert found(ran, "readmission_30d") == expected


@pytest.mark.parametrize("task", ["mortality_1y", "readmission_30d"])
def test_no_feature_comes_from_after_the_prediction(ran, task):
    weights = dict(pl.read_parquet(ran / task / "weights.parquet").iter_rows())
    assert {"LOINC//KNOWN", "SNOMED//SICK", "GENDER//F", "ENCOUNTER//END//01"} <= set(weights)
    assert not [code for code in weights if code.startswith("LEAK") or code == "MEDS_DEATH"]


def test_the_model_learns_what_decides(ran):
    weights = dict(pl.read_parquet(ran / "mortality_1y" / "weights.parquet").iter_rows())
    assert max(weights, key=weights.get) == "SNOMED//SICK"


def test_metrics_say_how_they_were_measured(ran):
    mortality, readmission = (
        json.loads((ran / task / "metrics.json").read_text()) for task in ("mortality_1y", "readmission_30d")
    )
    assert mortality["evaluated"] == "held_out"
    assert (mortality["patients"], mortality["patients_positive"], mortality["auroc"]) == (24, 12, 1.0)
    assert readmission["evaluated"] == "5-fold cross-validation by patient"
    assert (readmission["patients"], readmission["positive"]) == (59, 8)
    low, high = readmission["interval_95"]
    assert low <= readmission["auroc"] <= high
    assert all((ran / task / "roc.svg").read_text().count("<path") for task in ("mortality_1y", "readmission_30d"))


def test_a_task_that_nobody_meets_says_so(ran, tmp_path):
    task = (ROOT / "docs/examples/tasks/mortality_1y.yaml").read_text().replace("ENCOUNTER//END", "ADMISSION//END")
    (tmp_path / "task.yaml").write_text(task)
    words = ["docs/examples/train.py", ran / "release", tmp_path / "task.yaml", tmp_path / "out"]
    done = subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, check=False, timeout=120)
    assert done.returncode == 1
    assert done.stderr.decode().splitlines()[-1].startswith("Nobody meets the task")
