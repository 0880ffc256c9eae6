"""The source's own records behind subjects and events: looked up when somebody may see them, translated by no table.

A random code is in the vault. A keyed pseudonym is made again, a subject's from every Patient, 3 s for half a million,
an event's from the records of its patient.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import pyarrow.dataset as ds

from chartline import keys
from chartline.deid import pseudonyms
from chartline.errors import DataError
from chartline.fhir import versions
from chartline.files import manifests
from chartline.lake import tables
from chartline.lake.landing import blob
from chartline.settings import Settings

_PATIENT = ds.field("resource_type") == "Patient"


def origins(settings: Settings, subjects: Collection[int]) -> list[dict[str, Any]]:
    """The person and the records behind each subject, in the order of the ids.

    A record that once was this person's and is no longer is told too, for an older release may hold it: its
    ``person_id`` says whose it is now.

    Args:
        settings: the project's settings; the key is read only for subjects that the vault does not name.
        subjects: ids as ``gold.events`` and ``curated.events`` show them.

    Returns:
        For each ``subject_id`` the ``patient_id`` that stands for the person, and its ``records``: ``patient_id``,
        ``person_id``, ``record_numbers``, ``sources`` (servers, or files where no server is told).

    Raises:
        UsageError: CL2022 to CL2026 the key cannot be used.
        DataError: CL1164 a subject is nobody's under this key.
    """
    if not subjects:
        return []
    person_of = _pairs(settings, "bronze.people", "resource_id", "person_id", _PATIENT)
    history = tables.read(settings, "bronze.identities", columns=["patient_id", "person_id", "was"]).to_pylist()
    standing = _standing(settings, set(subjects), {*person_of, *person_of.values(), *_named(history)})
    records = defaultdict(set, {patient: {patient} for patient in standing.values()})
    for patient, person in person_of.items():
        records[person].add(patient)
    past: dict[str, set[str]] = defaultdict(set)
    for row in history:
        past[row["person_id"]].add(row["patient_id"])
        past[row["was"]].add(row["patient_id"])
    found = {s: {p, *records[person_of.get(p, p)], *past[p]} for s, p in standing.items()}
    told = _told(settings, sorted(set().union(*found.values())))
    return [
        {
            "subject_id": subject,
            "patient_id": standing[subject],
            "records": [{"patient_id": r, "person_id": person_of.get(r, r), **told[r]} for r in sorted(found[subject])],
        }
        for subject in sorted(found)
    ]


Named = tuple[str, str]
_RECORD = (
    *("resource_type", "resource_id", "version_id", "last_updated", "row_hash", "deleted"),
    *("source_file", "source_line", "run_id"),
)


def records(settings: Settings, shown: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The version of a source's record that each event was made of, as far as it is here.

    It is the current one among those that had been parsed when the event was built.

    Args:
        settings: the project's settings; the key is read only for what the vault does not name.
        shown: rows of ``gold.events`` or ``curated.events`` with ``event_id``, ``subject_id``, ``source_type``,
            ``source_id`` and ``run_id``.

    Returns:
        For each row ``event_id`` and of ``bronze.resources`` ``resource_type``, ``resource_id``, ``version_id``,
        ``last_updated``, ``row_hash``, ``source_file`` (SHA-256 of the landed file), ``source_line`` (line, or entry
        of a bundle) and ``run_id``; ``name`` and ``container`` of the file as delivered, ``landed``, where it lies in
        the lake, and ``is_current``, whether no newer version came.

    Raises:
        UsageError: CL2022 to CL2026 the key cannot be used.
        DataError: CL1164 a subject is nobody's under this key, CL1166 a record is not here any more.
    """
    if not shown:
        return []
    people = origins(settings, {row["subject_id"] for row in shown})
    patients = {record["patient_id"] for subject in people for record in subject["records"]}
    of_them = ds.field("patient_id").isin(sorted(patients))
    asked = of_them & ds.field("resource_type").isin(sorted({row["source_type"] for row in shown}))
    held: dict[Named, list[dict[str, Any]]] = defaultdict(list)
    for row in tables.read(settings, "bronze.resources", columns=list(_RECORD), where=asked).to_pylist():
        held[row["resource_type"], row["resource_id"]].append(row)
    named = _names(settings, {row["source_id"] for row in shown}, held)
    found = []
    for row in shown:
        here = held.get(named.get((row["source_type"], row["source_id"]), ("", "")), [])
        then = max((r for r in here if r["run_id"] <= row["run_id"]), key=versions.order, default=None)
        if then is not None:
            told = {column: then[column] for column in _RECORD if column != "deleted"}
            is_current = then is max(here, key=versions.order)
            found.append({"event_id": row["event_id"], **told, "is_current": is_current})
    if len(found) < len(shown):
        raise DataError(
            "CL1166",
            f"{len(shown) - len(found)} of {len(shown)} records behind the events are not in bronze.",
            "They were erased or taken back since.",
        )
    files = _files(settings, {record["source_file"] for record in found})
    return [{**record, **files[record["source_file"]]} for record in found]


def _files(settings: Settings, digests: Collection[str]) -> dict[str, dict[str, Any]]:
    """What landed files were called, and where they lie in the lake."""
    columns, wanted = ["digest", "name", "container"], tables.among("digest", digests)
    files = {
        row.pop("digest"): row for row in tables.read(settings, "landing.files", None, columns, wanted).to_pylist()
    }
    return {d: {**row, "landed": blob(settings, d).relative_to(settings.lake).as_posix()} for d, row in files.items()}


def _names(settings: Settings, codes: Collection[str], held: Iterable[Named]) -> dict[Named, Named]:
    """Type and id of what a type and a pseudonym name, among these records."""
    columns, wanted = ["resource_type", "resource_id", "code"], ds.field("code").isin(sorted(codes))
    vault = tables.read(settings, "vault.pseudonyms", columns=columns, where=wanted).to_pylist()
    found = {(r["resource_type"], r["code"]): (r["resource_type"], r["resource_id"]) for r in vault}
    if set(codes) - {code for _, code in found}:
        secret = keys.load(settings.key).derive("pseudonym", settings.project)
        found |= {(kind, pseudonyms.pseudonym(secret, kind, own)): (kind, own) for kind, own in held}
    return found


def _pairs(settings: Settings, name: str, first: str, second: str, where: ds.Expression) -> dict[str, str]:
    found = tables.read(settings, name, columns=[first, second], where=where)
    return dict(zip(found[first].to_pylist(), found[second].to_pylist(), strict=True))


def _named(history: Iterable[dict[str, str]]) -> set[str]:
    return {patient for row in history for patient in row.values()}


def _standing(settings: Settings, subjects: set[int], patients: Iterable[str]) -> dict[int, str]:
    """The Patient whose pseudonym each subject id is."""
    codes = _pairs(settings, "vault.pseudonyms", "resource_id", "code", _PATIENT)
    found = {s: patient for patient, code in codes.items() if (s := pseudonyms.subject_id(code)) in subjects}
    missing = subjects - found.keys()
    if not missing:
        return found
    key = keys.load(settings.key)
    secret = key.derive("pseudonym", settings.project)
    made = ((pseudonyms.subject_id(pseudonyms.pseudonym(secret, "Patient", patient)), patient) for patient in patients)
    found |= {s: patient for s, patient in made if s in missing}
    if len(found) < len(subjects):
        raise DataError(
            "CL1164",
            f"{len(subjects) - len(found)} of {len(subjects)} subjects are nobody's under the key {key.id}.",
            "Pass the key and the project that their release was made with.",
        )
    return found


def _told(settings: Settings, patients: list[str]) -> dict[str, dict[str, list[str]]]:
    """Record numbers and sources of each of these Patients."""
    wanted = _PATIENT & ds.field("resource_id").isin(patients)
    numbers: dict[str, set[str]] = defaultdict(set)
    sources: dict[str, set[str]] = defaultdict(set)
    for row in tables.read(settings, "bronze.people", columns=["resource_id", "known"], where=wanted).to_pylist():
        numbers[row["resource_id"]] |= {k["value"] for k in row["known"] or () if k["type"] == "MRN"}
    held = tables.read(settings, "bronze.resources", columns=["resource_id", "source_file"], where=wanted).to_pylist()
    named = _sources(settings, {row["source_file"] for row in held})
    for row in held:
        sources[row["resource_id"]].add(named[row["source_file"]])
    return {p: {"record_numbers": sorted(numbers[p]), "sources": sorted(sources[p])} for p in patients}


def _sources(settings: Settings, digests: set[str]) -> dict[str, str]:
    """The server that each landed file was exported from; the file's name as delivered where no manifest tells one."""
    columns, wanted = ["digest", "name", "manifest"], tables.among("digest", digests)
    files = tables.read(settings, "landing.files", columns=columns, where=wanted).to_pylist()
    manifest = {row["manifest"] for row in files if row["manifest"]}
    server = {digest: manifests.server(blob(settings, digest).read_bytes()) for digest in manifest}
    return {row["digest"]: server.get(row["manifest"]) or row["name"] for row in files}
