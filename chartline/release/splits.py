"""Splits by patient: a salted hash of the subject id, so that adding patients moves nobody."""

from __future__ import annotations

import hashlib

from meds import held_out_split, train_split, tuning_split

SALT = "chartline-split"
TRAIN, TUNING = 80, 90
"""Percent marks: below 80 train, below 90 tuning, the rest held out."""


def mark(subject_id: int) -> int:
    """A patient's place from 0 to 99."""
    return int(hashlib.sha256(f"{SALT}|{subject_id}".encode()).hexdigest()[:8], 16) % 100


def split(subject_id: int) -> str:
    """train, tuning or held_out."""
    at = mark(subject_id)
    return str(train_split if at < TRAIN else tuning_split if at < TUNING else held_out_split)


MARK_SQL = f"conv(substr(sha2(concat('{SALT}|', subject_id), 256), 1, 8), 16, 10) % 100"
SPLIT_SQL = (
    f"CASE WHEN {MARK_SQL} < {TRAIN} THEN '{train_split}' "
    f"WHEN {MARK_SQL} < {TUNING} THEN '{tuning_split}' ELSE '{held_out_split}' END"
)
