"""The source's own records behind subjects: looked up when somebody may see them, translated by no table.

A random code is in the vault. A keyed pseudonym is made again from every Patient, 3 s for half a million.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

import pyarrow.dataset as ds

from chartline.deid import keys, pseudonyms
from chartline.errors import DataError
from chartline.ingest import manifests
from chartline.ingest.land import blob
from chartline.lake import tables
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
    columns, wanted = ["digest", "name", "manifest"], ds.field("digest").isin(sorted(digests))
    files = tables.read(settings, "landing.files", columns=columns, where=wanted).to_pylist()
    manifest = {row["manifest"] for row in files if row["manifest"]}
    server = {digest: manifests.server(blob(settings, digest).read_bytes()) for digest in manifest}
    return {row["digest"]: server.get(row["manifest"]) or row["name"] for row in files}
