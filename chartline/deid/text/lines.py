"""Notes as JSON lines: the function behind ``chartline deid text``."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from chartline.deid import dates, patients
from chartline.deid.context import Cohort, PatientContext
from chartline.deid.policy import Policy
from chartline.deid.text.engine import TextEngine, build
from chartline.errors import DataError
from chartline.fhir.known import Known
from chartline.fhir.people import known_values
from chartline.keys import Key

_KNOWN = {
    *("NAME", "GIVEN", "FAMILY", "PHONE", "EMAIL", "STREET", "CITY", "ZIP", "SSN", "MRN", "ID", "URL"),
    "BIRTHDATE",
} | {
    "ORGANIZATION",
    "RELATIVE",
}
_SAME = {"ADDRESS": "STREET", "LOCATION": "CITY", "DOB": "BIRTHDATE", "DATE": "BIRTHDATE", "FACILITY": "ORGANIZATION"}
_TELLING = ("name", "telecom", "address", "identifier", "contact")  # lists of a Patient that tell who it is


def jsonl(lines: Iterable[bytes], write: Callable[[str], object], *, policy: Policy, key: Key, project: str) -> int:
    """De-identify ``{"id", "text", "patient"?, "known"?}`` lines; one line out for each line in, in order.

    The id comes back as it was given: give one that tells nobody. A line that cannot be treated, a blank one too, comes
    back as ``{"id", "error": {"number", "message"}}`` without its text.

    Returns:
        How many lines could not be treated.
    """
    engine = build(policy, key, project, Cohort())
    offsets = key.derive("date-shift", project)
    failed = 0
    for number, line in enumerate(lines, 1):
        try:
            body = orjson.loads(line)
            answer = _answer(body, engine, policy, offsets)
        except orjson.JSONDecodeError:
            failed += 1
            answer = _error(None, "CL1120", f"line {number} is not a JSON object with id and text")
        except DataError as refused:
            failed += 1
            answer = _error(_named(body), refused.number, refused.message)
        write(orjson.dumps(answer).decode())
    return failed


def _named(body: Any) -> Any:
    """The id of a line; None for one that is nested deeper than can be written."""
    name = body.get("id") if isinstance(body, dict) else None
    try:
        orjson.dumps(name)
    except orjson.JSONEncodeError:
        return None
    return name


def _error(note_id: Any, number: str, message: str) -> dict[str, Any]:
    return {"id": note_id, "error": {"number": number, "message": message}}


def _answer(body: Any, engine: TextEngine, policy: Policy, offsets: bytes) -> dict[str, Any]:
    if not isinstance(body, dict) or not isinstance(body.get("text"), str):
        raise DataError("CL1120", "a line is not a JSON object with id and text.")
    if not _told(body):
        raise DataError("CL1103", "a line tells its patient or known values in a form that cannot be read.")
    cleaned = engine.deidentify(body["text"], context(body, policy, offsets))
    spans = [
        {"start": s.start, "end": s.end, "type": s.type, "replacement": s.replacement, "source": s.source}
        for s in cleaned.spans
    ]
    return {"id": _named(body), "text": cleaned.text, "spans": spans}


def _told(body: dict[str, Any]) -> bool:
    """Whether what a line tells of its patient can be read: values that are passed over would stay in the text."""
    record, known = body.get("patient") or {}, body.get("known") or []
    if not isinstance(record, dict):
        return False
    lists = [known, *(record.get(name) or [] for name in _TELLING)]
    whole = all(isinstance(given, list) and all(isinstance(i, dict) for i in given) for given in lists)
    return whole and all(map(_readable, known))


def _readable(item: Mapping[str, Any]) -> bool:
    """A number is read too: records keep their numbers so."""
    return isinstance(item.get("type"), str) and isinstance(item.get("value"), (str, int))


def context(body: dict[str, Any], policy: Policy, offsets: bytes) -> PatientContext:
    """The patient of a note: from its FHIR Patient and known values; without one, each note is a patient of its own.

    A note that has no id is the patient that its text is.
    """
    record = body.get("patient") or {}
    values = list(known_values({"resourceType": "Patient", **record}))
    for item in body.get("known") or ():
        kind = item["type"].upper()
        values.append(Known(_SAME.get(kind, kind if kind in _KNOWN else "ID"), str(item["value"])))
    told = [str(one) for one in (record.get("id"), body.get("id")) if one not in (None, "")]
    identity = told[0] if told else hashlib.sha256(body["text"].encode("utf-8", "replace")).hexdigest()
    shift = policy.text.dates == "shift"
    days = (record.get(name) for name in ("birthDate", "deceasedDateTime"))
    earliest, over_89, last = patients.lifetime(policy, datetime.now(UTC).year, *days)
    return PatientContext(
        patient_id=identity,
        known=tuple(dict.fromkeys(values)),
        gender=record.get("gender"),
        birth_date=record.get("birthDate"),
        offset_days=dates.offset_days(offsets, identity, *policy.shift) if shift else None,
        last_year=last,
        earliest_year=earliest,
        over_89=over_89,
    )
