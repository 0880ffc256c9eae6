"""Re-identification risk of the patients in gold, counted in distinct patients.

A class is the set of patients who share a profile. Prosecutor risk (the adversary knows that the person is in the data)
of a patient is 1 / size of the class; journalist risk uses the class in the population, of which no table is at hand,
so the prosecutor's risk stands for it as an upper bound; marketer risk is the share expected to be re-identified.
The names follow El Emam, Guide to the De-Identification of Personal Health Information (2013), and ARX. The threshold
of 0.09, a class of 11, is that of EMA Policy 0070 and Health Canada's PRCI guidance; HIPAA sets none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any

from chartline.risk.cells import SMALL, share, shown, suppressed

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

THRESHOLD = 1 / 11  # written as 0.09
DEMOGRAPHICS = ("birth_year", "gender", "zip3")
MODELS: Mapping[str, tuple[str, ...]] = {
    "birth year, sex, ZIP3": DEMOGRAPHICS,
    "and race, ethnicity, state": (*DEMOGRAPHICS, "race", "ethnicity", "state"),
    "and years of first and last event": (*DEMOGRAPHICS, "first_year", "last_year"),
    "visit pattern: days between visits": ("visit_pattern",),
}
"""What an adversary is assumed to know, in the words of the report; the first one is what the gate judges."""
GROUPS = ("gender", "race", "ethnicity", "state", "birth_decade")
BANDS = ((1, 1), (2, 4), (5, 10), (11, 19), (20, None))


@dataclass(frozen=True)
class Risk:
    """Risk under one assumption; ``patients`` is None for 1 to 10.

    Attributes:
        model: what the adversary knows.
        patients: distinct patients.
        classes: distinct profiles.
        smallest_class: k.
        highest: highest prosecutor risk, 1 / k.
        average: average prosecutor risk over patients, which is also the marketer risk: classes / patients.
        share_above: share of patients whose risk is above the threshold; None where it would tell a small cell.
        share_unique: share of patients alone in their class; None as above.
    """

    model: str
    patients: int | None
    classes: int
    smallest_class: int
    highest: float
    average: float
    share_above: float | None
    share_unique: float | None


def summary(model: str, sizes: Mapping[int, int]) -> Risk:
    """Risk from class sizes.

    Args:
        model: name of the assumption.
        sizes: number of classes by class size in distinct patients.
    """
    patients = sum(size * n for size, n in sizes.items())
    classes = sum(sizes.values())
    if not patients:
        return Risk(model, 0, 0, 0, 0.0, 0.0, 0.0, 0.0)
    above = sum(size * n for size, n in sizes.items() if 1 / size > THRESHOLD)
    k = min(sizes)
    return Risk(
        model=model,
        patients=shown(patients),
        classes=classes,
        smallest_class=k,
        highest=round(1 / k, 6),
        average=round(classes / patients, 6),
        share_above=share(above, patients),
        share_unique=share(sizes.get(1, 0), patients),
    )


def bands(sizes: Mapping[int, int]) -> list[dict[str, Any]]:
    """Patients by the size of their class, in bands, small cells suppressed."""
    counted = {
        (low, high): sum(size * n for size, n in sizes.items() if low <= size and (high is None or size <= high))
        for low, high in BANDS
    }
    cells = suppressed(counted)
    return [
        {"classes_of": f"{low}" if low == high else f"{low}-{high}" if high else f"{low} or more", "patients": n}
        for (low, high), n in cells.items()
    ]


def profiles(subjects: DataFrame, encounters: DataFrame) -> DataFrame:
    """One row a patient with all that a model or a group needs.

    Columns: subject_id, birth_year, gender, zip3, race, ethnicity, state, first_year, last_year, birth_decade,
    visit_pattern (whole days from the first visit to each, with its class: of the days that are released, for where
    dates are not the times are years).
    """
    from pyspark.sql import functions as f

    visits = encounters.groupBy("subject_id").agg(
        f.sort_array(f.collect_list(f.struct("start_days", "class"))).alias("visits")
    )
    since = f.floor(f.array_min(f.transform("visits", lambda v: v["start_days"])))
    pattern = f.transform("visits", lambda v: f.concat_ws(":", f.floor(v["start_days"]) - since, v["class"]))
    return (
        subjects.dropDuplicates(["subject_id"])
        .join(visits, "subject_id", "left")
        .select(
            *("subject_id", *DEMOGRAPHICS, "race", "ethnicity", "state"),
            f.year("first_time").alias("first_year"),
            f.year("last_time").alias("last_year"),
            f.concat((f.floor(f.col("birth_year") / 10) * 10).cast("string"), f.lit("s")).alias("birth_decade"),
            f.array_join(pattern, " ").alias("visit_pattern"),
        )
    )


def class_sizes(people: DataFrame) -> dict[str, dict[int, int]]:
    """For each model, the number of classes by their size in distinct patients; one job for all."""
    from pyspark.sql import functions as f

    def sized(model: str, columns: tuple[str, ...]) -> DataFrame:
        sizes = people.groupBy(*columns).agg(f.count("*").alias("size"))
        return sizes.select(f.lit(model).alias("model"), "size")

    rows = reduce(lambda a, b: a.unionAll(b), (sized(m, c) for m, c in MODELS.items()))
    found: dict[str, dict[int, int]] = {model: {} for model in MODELS}
    for r in rows.groupBy("model", "size").agg(f.count("*").alias("n")).collect():
        found[r["model"]][int(r["size"])] = int(r["n"])
    return found


def diversity(people: DataFrame, events: DataFrame) -> int:
    """Smallest number of distinct diagnoses within a class of the first model (distinct l-diversity); 0 without any."""
    from pyspark.sql import functions as f

    diagnoses = events.where("source_type = 'Condition'").select("subject_id", "code").distinct()
    told = people.join(diagnoses, "subject_id").groupBy(*DEMOGRAPHICS).agg(f.countDistinct("code").alias("l"))
    return int(told.agg(f.min("l")).first()[0] or 0)


def groups(people: DataFrame) -> list[dict[str, Any]]:
    """Risk of the first model by subgroup, for some groups bear more of it (JAMIA 2023, ocad021).

    Rows: dimension, group, patients, average, share_above; all figures None where the cell is small or would let
    a small one be derived.
    """
    from pyspark.sql import Window
    from pyspark.sql import functions as f

    size = f.count("*").over(Window.partitionBy(*DEMOGRAPHICS))
    sized = people.withColumn("risk", 1 / size)
    long = sized.select("risk", f.explode(f.create_map(*(c for g in GROUPS for c in (f.lit(g), f.col(g))))))
    told = long.groupBy("key", f.coalesce("value", f.lit("unknown")).alias("value")).agg(
        f.count("*").alias("n"),
        f.avg("risk").alias("average"),
        f.sum((f.col("risk") > THRESHOLD).cast("int")).alias("above"),
    )
    rows = {(r["key"], r["value"]): r for r in told.collect()}
    out: list[dict[str, Any]] = []
    for dimension in GROUPS:
        cells = suppressed({group: int(r["n"]) for (of, group), r in rows.items() if of == dimension})
        for group, patients in sorted(cells.items()):
            r = rows[dimension, group]
            out.append(
                {
                    "dimension": dimension.replace("_", " "),
                    "group": group,
                    "patients": patients,
                    "average": None if patients is None else round(r["average"], 6),
                    "share_above": None if patients is None else share(int(r["above"]), patients),
                }
            )
    return out


def assess(subjects: DataFrame, encounters: DataFrame, events: DataFrame) -> dict[str, Any]:
    """Everything the report says of structured risk, as plain data."""
    people = profiles(subjects, encounters).persist()
    try:
        sizes = class_sizes(people)
        first = next(iter(MODELS))
        return {
            "threshold": THRESHOLD,
            "suppressed_below": SMALL + 1,
            "models": [vars(summary(model, s)) for model, s in sizes.items()],
            "bands": bands(sizes[first]),
            "diversity": diversity(people, events),
            "groups": groups(people),
        }
    finally:
        people.unpersist()
