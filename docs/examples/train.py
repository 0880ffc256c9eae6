"""Train a baseline on a MEDS release.

Labels come from ACES, features are counts of the codes known at the prediction time, the model is a logistic
regression. OUT receives ``labels.parquet``, ``weights.parquet``, ``metrics.json`` and ``roc.svg``.
"""

import argparse
import json
import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np
import polars as pl
from aces import config, predicates, query
from omegaconf import OmegaConf
from scipy.sparse import csr_array
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import RocCurveDisplay, roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MaxAbsScaler

mpl.use("Agg")
mpl.rcParams["svg.hashsalt"] = "chartline"

ENOUGH = 10
"""With fewer patients of either outcome held out, every patient is scored by cross-validation instead."""
FOLDS = 5
RESAMPLES = 1000
KEY = ["subject_id", "prediction_time"]


def labels(release: Path, task: Path) -> pl.DataFrame:
    """One row a prediction: subject_id, prediction_time, label. ACES reads shard after shard.

    ACES cannot say "the event came, or the patient was seen long enough without it", so that is said here: a
    negative counts only if the patient's record goes on to the end of the target window.
    """
    rules = config.TaskExtractorConfig.load(task)
    found = []
    for shard in sorted(release.glob("data/**/*.parquet")):
        counted = predicates.get_predicates_df(rules, OmegaConf.create({"standard": "meds", "path": str(shard)}))
        cohort = query.query(rules, counted)
        if cohort.is_empty():
            continue
        last = counted.group_by("subject_id").agg(last=pl.col("timestamp").max())
        end = pl.col("target.end_summary").struct.field("timestamp_at_end")
        known = cohort.join(last, on="subject_id").filter((pl.col("label") > 0) | (pl.col("last") >= end))
        found.append(known.select("subject_id", prediction_time="index_timestamp", label=pl.col("label") > 0))
    if not found:
        raise SystemExit("Nobody meets the task: hold its predicates against the codes in metadata/codes.parquet.")
    return pl.concat(found).unique(KEY).sort(KEY)


def features(release: Path, at: pl.DataFrame) -> tuple[csr_array, list[str]]:
    """log(1 + count) of each code known at each prediction: what always holds, and what was true and available."""
    columns = ["subject_id", "time", "available_time", "code"]
    events = pl.scan_parquet(release / "data/**/*.parquet").select(columns)
    then = pl.col("prediction_time")
    known = pl.col("time").is_null() | ((pl.col("time") <= then) & (pl.col("available_time") <= then))
    joined = at.with_row_index("row").lazy().join(events, on="subject_id").filter(known)
    counts = joined.group_by("row", "code").len().sort("row", "code").collect()
    codes = sorted(set(counts["code"]))
    column = counts["code"].replace_strict({c: i for i, c in enumerate(codes)}, return_dtype=pl.Int64)
    shape = (at.height, len(codes))
    return csr_array((np.log1p(counts["len"].to_numpy()), (counts["row"].to_numpy(), column)), shape=shape), codes


def model() -> Pipeline:
    """The baseline; a code that no training patient has gets no weight."""
    return make_pipeline(MaxAbsScaler(), LogisticRegression(C=0.1, max_iter=2000))


def scored(x: csr_array, y: np.ndarray, who: np.ndarray, split: np.ndarray) -> tuple[str, np.ndarray, np.ndarray]:
    """How it was evaluated, the rows scored, their scores; no patient is scored by a model that saw one of his rows."""
    train, held = split == "train", split == "held_out"
    if min(len(set(who[held & (y == outcome)])) for outcome in (True, False)) >= ENOUGH:
        return "held_out", np.flatnonzero(held), model().fit(x[train], y[train]).predict_proba(x[held])[:, 1]
    score = np.empty(len(y))
    for seen, unseen in StratifiedGroupKFold(FOLDS, shuffle=True, random_state=0).split(x, y, who):
        score[unseen] = model().fit(x[seen], y[seen]).predict_proba(x[unseen])[:, 1]
    return f"{FOLDS}-fold cross-validation by patient", np.arange(len(y)), score


def interval(y: np.ndarray, score: np.ndarray, who: np.ndarray) -> list[float]:
    """The 95 % bootstrap interval of the AUROC. Patients are drawn, not rows: rows of a patient are alike."""
    chance = np.random.default_rng(0)
    rows = [np.flatnonzero(who == patient) for patient in np.unique(who)]
    drawn = (np.concatenate([rows[i] for i in chance.integers(len(rows), size=len(rows))]) for _ in range(RESAMPLES))
    values = [roc_auc_score(y[d], score[d]) for d in drawn if 0 < y[d].sum() < len(d)]
    return [round(float(v), 3) for v in np.quantile(values, [0.025, 0.975])]


def main(release: Path, task: Path, out: Path) -> None:
    """Extract, train on the train split, evaluate, and write what was found."""
    out.mkdir(parents=True, exist_ok=True)
    splits = pl.read_parquet(release / "metadata/subject_splits.parquet")
    table = labels(release, task).join(splits, on="subject_id").sort(KEY)
    x, codes = features(release, table)
    y, who, split = (table[c].to_numpy() for c in ("label", "subject_id", "split"))
    how, rows, score = scored(x, y, who, split)
    auroc, (low, high) = float(roc_auc_score(y[rows], score)), interval(y[rows], score, who[rows])
    counts = {"predictions": len(rows), "positive": int(y[rows].sum()), "patients": len(set(who[rows]))}
    counts["patients_positive"] = len(set(who[rows][y[rows]]))
    said = {"task": task.stem, "evaluated": how, **counts, "auroc": round(auroc, 3), "interval_95": [low, high]}
    # What a model has to beat: how long the record is, with nothing learned.
    said["auroc_of_record_length"] = round(float(roc_auc_score(y[rows], x.expm1().sum(axis=1)[rows])), 3)
    (out / "metrics.json").write_text(json.dumps(said, indent=2) + "\n", encoding="utf-8")
    table.write_parquet(out / "labels.parquet")
    weights = model().fit(x[split == "train"], y[split == "train"])[-1].coef_[0]
    pl.DataFrame({"code": codes, "weight": weights}).write_parquet(out / "weights.parquet")
    shown = RocCurveDisplay.from_predictions(y[rows], score, name="", plot_chance_level=True)
    shown.ax_.set_title(f"{task.stem}: AUROC {auroc:.2f} ({low:.2f} to {high:.2f})\n{how}", fontsize=10)
    shown.ax_.set(xlabel="false positive rate", ylabel="true positive rate")
    shown.ax_.get_legend().remove()
    shown.figure_.savefig(out / "roc.svg", metadata={"Date": None})
    sys.stdout.write(json.dumps(said) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("release", type=Path, help="a folder with data/ and metadata/")
    parser.add_argument("task", type=Path, help="an ACES task")
    parser.add_argument("out", type=Path, help="a folder to write to")
    main(**vars(parser.parse_args()))
