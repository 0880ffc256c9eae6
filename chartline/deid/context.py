"""What de-identification knows of a patient and of the cohort: shared by structured data, notes and attachments."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache

from chartline.fhir.known import Known


@dataclass(frozen=True)
class PatientContext:
    """One patient as the engines see it; the same object for every element, note and attachment.

    Attributes:
        patient_id: logical id in the source; any stable id for a note without a patient.
        known: identifying values of the patient and the patient's relatives.
        gender: FHIR administrative gender, for surrogates of the same gender.
        birth_date: birthDate as delivered, for ages over 89.
        offset_days: the one date offset of this patient; None where the policy does not shift.
        last_year: the latest year whose dates may stay; a later one would tell, with the earliest, an age over 89.
            None for no limit.
        earliest_year: the earliest year whose dates may stay; one before it tells an age over 89. 0 for no limit.
        over_89: whether the patient is or became older than 89: then no age stays that, with a date, tells the birth.
        on_axis: whether exact days are told beside the texts: the year of a date in them would tell the day of it.
    """

    patient_id: str
    known: tuple[Known, ...] = field(default=(), repr=False)
    gender: str | None = None
    birth_date: str | None = field(default=None, repr=False)
    offset_days: int | None = None
    last_year: int | None = None
    earliest_year: int = 0
    over_89: bool = False
    on_axis: bool = False


@lru_cache(maxsize=256)
def knowing(patient: PatientContext, more: tuple[Known, ...]) -> PatientContext:
    """The patient with what is known of others whom a resource or a document names: its texts may name them too."""
    known = dict.fromkeys([*patient.known, *more])
    return replace(patient, known=tuple(known)) if len(known) > len(patient.known) else patient


@dataclass(frozen=True)
class Cohort:
    """Identifying values that are not one patient's: providers and facilities, and every name of the cohort.

    Attributes:
        providers: names, phones and ids of practitioners, organisations and locations.
        names: all whole names and name parts of the cohort, casefolded; a surrogate never equals one.
    """

    providers: tuple[Known, ...] = field(default=(), repr=False)
    names: frozenset[str] = field(default=frozenset(), repr=False)
