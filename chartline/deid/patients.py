"""From what the record knows of a person to the context that every element, note and attachment is treated with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from hmac import new as mac
from typing import Any

from chartline.deid import dates
from chartline.deid.context import Cohort, PatientContext
from chartline.deid.policy import Policy
from chartline.deid.pseudonyms import is_plain
from chartline.fhir.known import Known
from chartline.keys import Key

MAX_AGE = 89  # 45 CFR 164.514(b)(2)(i)(C)
PLANNED = 10
"""What is later than all else by more years, such as an end of 2099-12-31, says that there is none: it cannot stay."""
_TELLING = 6
"""Letters and digits of a logical id that means somebody wherever it stands."""
_PERSONS = frozenset({"Patient", "RelatedPerson", "FamilyMemberHistory", "Person"})
_NAMES = frozenset({"NAME", "GIVEN", "FAMILY", "RELATIVE"})


def context(
    rules: Policy,
    key: Key,
    project: str,
    year: int,
    told: Iterable[str],
    person_id: str,
    people: Sequence[Mapping[str, Any]],
) -> PatientContext:
    """The person as the engines see it.

    A date that, with the latest date of the person, tells an age over 89 does not stay
    (45 CFR 164.514(b)(2)(i)(C)). Of a deceased person the latest date is that of the death. A later one, as of a bill
    or of a visit to come, stays only within 89 years of the birth and ``PLANNED`` years.

    Args:
        rules: the policy.
        key: the project's key.
        project: name of the project.
        year: of the run.
        told: what ``years_after`` finds in the person's records.
        person_id: id of the person; of merged patients the surviving one.
        people: rows of ``bronze.people`` of the person, of each record merged into it, of relatives, and of the
            organisations that the person's record names.
    """
    patients = [p for p in people if p["resource_type"] == "Patient"]
    own = next((p for p in patients if p["resource_id"] == person_id), next(iter(patients), {}))
    known = dict.fromkeys(Known(k["type"], k["value"]) for p in people for k in p["known"] or ())
    known |= dict.fromkeys(Known("ID", p["resource_id"]) for p in patients if _is_telling(p["resource_id"]))
    offset = None
    if rules.means["date"] == "shift":
        offset = dates.offset_days(key.derive("date-shift", project), person_id, *rules.shift)
    birth = own.get("birth_date")
    earliest, over_89, last = lifetime(rules, latest_year(year, told, birth), birth, own.get("death_date"))
    return PatientContext(
        patient_id=person_id,
        known=tuple(known),
        gender=own.get("gender"),
        birth_date=birth,
        offset_days=offset,
        last_year=last,
        earliest_year=earliest,
        over_89=over_89,
    )


def _is_telling(resource_id: str) -> bool:
    """Whether a text that holds a logical id means the patient by it, and neither a word nor a measure."""
    return len(resource_id) >= _TELLING and not is_plain(resource_id)


def lifetime(rules: Policy, latest: int, birth: str | None, death: str | None) -> tuple[int, bool, int | None]:
    """The earliest year whose dates may stay, whether the person is or became older than 89, and the latest such year.

    Args:
        rules: the policy.
        latest: latest year that the data may tell of a living person.
        birth: birthDate as delivered.
        death: deceasedDateTime as delivered; what is no date is none, and what is later than a life may be.
    """
    born, died = (dates.year(str(told or "")) for told in (birth, death))
    last = int(died) if died and int(died) <= _lived(latest, birth) else latest
    earliest = earliest_year(rules, last)
    over_89 = is_over_89(birth, earliest)
    within = int(born) + MAX_AGE if born and not over_89 else 0
    last = max(last, min(within, last + PLANNED))
    return earliest, over_89, last if earliest else None


def is_over_89(birth_date: str | None, earliest: int) -> bool:
    """Whether who was born then is or became older than 89, when ``earliest`` is the earliest year that may stay."""
    born = dates.year(str(birth_date or ""))
    return born is not None and int(born) < earliest


def earliest_year(rules: Policy, latest: int) -> int:
    """The earliest year that may stay when ``latest`` is the last year a person's data tells of."""
    return 0 if rules.means["date"] == "keep" else latest - MAX_AGE


def years_after(year: int) -> str:
    """A regular expression, for Python and Java, of a JSON date in a year after this one, the year as its group.

    Of the end of a period the group begins with ``end``. A year alone is not looked for: a code may be four digits.
    Such a date does not stay (``last_year``).
    """
    thousand, hundred, ten, one = tuple(str(year))
    later = [
        *([f"{thousand}{hundred}{ten}[{int(one) + 1}-9]"] if one < "9" else []),
        *([f"{thousand}{hundred}[{int(ten) + 1}-9][0-9]"] if ten < "9" else []),
        *([f"{thousand}[{int(hundred) + 1}-9][0-9][0-9]"] if hundred < "9" else []),
    ]
    return f'"((?:end": ?")?(?:{"|".join(later)}))-(?:0[1-9]|1[0-2])["-]'


def latest_year(year: int, told: Iterable[str], birth: str | None = None) -> int:
    """The latest year that the data may tell of a living person: of the run, or of a later date in the data.

    A year that no life of ``MAX_AGE`` and ``PLANNED`` years reaches is an error, and takes no other date with it.

    Args:
        year: of the run.
        told: what ``years_after`` finds in the person's records.
        birth: birthDate as delivered.
    """
    years = [(int(text[-4:]), text.startswith("end")) for text in told]
    if dates.year(str(birth or "")):
        years = [(y, end) for y, end in years if y <= _lived(year, birth)]
    latest = max([year, *(y for y, end in years if not end)])
    return max([latest, *(y for y, end in years if end and y <= latest + PLANNED)])


def _lived(year: int, birth: str | None) -> int:
    """The last year that may be told of somebody born then, seen in ``year``."""
    born = dates.year(str(birth or ""))
    return max(year, int(born) + MAX_AGE if born else year) + PLANNED


def cohort(known: Iterable[tuple[str, str, str]]) -> Cohort:
    """What every worker must know of the whole cohort, from (resource type, type of value, value) of all people."""
    found = sorted(set(known))
    providers = tuple(dict.fromkeys(Known(t, v) for owner, t, v in found if owner not in _PERSONS))
    parts = {p.casefold() for _, kind, value in found if kind in _NAMES for p in (value, *value.split())}
    return Cohort(providers, frozenset(parts))


def local_system_name(key: bytes) -> Callable[[str], str]:
    """Names local code systems by a keyed hash: stable within the project, silent about whose they are."""

    @lru_cache(maxsize=4096)
    def name(system: str) -> str:
        return f"urn:chartline:system:{mac(key, system.encode(), sha256).hexdigest()[:12]}"

    return name
