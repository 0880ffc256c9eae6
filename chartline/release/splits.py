"""Splits by patient: a salted hash of the subject id, so that adding patients moves nobody.

A patient whose record was merged from several takes the strictest split of all of them: what once was held out is
never trained on.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from meds import held_out_split, train_split, tuning_split

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

SALT = "chartline-split"
TRAIN, TUNING = 80, 90
"""Percent marks: below 80 train, below 90 tuning, the rest held out."""
NAMES = (str(train_split), str(tuning_split), str(held_out_split))
"""From the loosest to the strictest."""


def mark(subject_id: int) -> int:
    """A patient's place from 0 to 99."""
    return int(hashlib.sha256(f"{SALT}|{subject_id}".encode()).hexdigest()[:8], 16) % 100


def split(subject_id: int, *merged: int) -> str:
    """train, tuning or held_out: the strictest of the patient's own and of those of the ids merged into it."""
    at = max(mark(s) for s in (subject_id, *merged))
    return NAMES[(at >= TRAIN) + (at >= TUNING)]


def placed(events: DataFrame) -> DataFrame:
    """The events with their ``split``.

    The ids that were merged into a patient are those of its Patient resources: each gives at least one event, whose
    ``source_id`` is the pseudonym that a subject id is made of (``chartline.deid.pseudonyms.subject_id``).
    """
    from pyspark.sql import functions as f

    merged = (
        events.where("source_type = 'Patient'")
        .select("subject_id", f.expr(_MEMBER_SQL).alias("member"))
        .where("member <> subject_id")
        .groupBy("subject_id")
        .agg(f.max(f.expr(_MARK_SQL.format("member"))).alias("merged_mark"))
    )
    at = f.greatest(f.expr(_MARK_SQL.format("subject_id")), f.coalesce("merged_mark", f.lit(0)))
    names = f.when(at < TRAIN, NAMES[0]).when(at < TUNING, NAMES[1]).otherwise(NAMES[2])
    return events.join(f.broadcast(merged), "subject_id", "left").withColumn("split", names).drop("merged_mark")


_MARK_SQL = f"CAST(conv(substr(sha2(concat('{SALT}|', {{0}}), 256), 1, 8), 16, 10) AS BIGINT) % 100"
_MEMBER_SQL = "shiftrightunsigned(CAST(conv(substr(source_id, 1, 16), 16, -10) AS BIGINT), 1)"
