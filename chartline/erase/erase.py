"""A person leaves: out of every table, landed file and release, so that a search of all of them finds nothing.

What the person's records are is told by bronze: the versions of the person's resources, what names nobody but the
person, and the Binaries that only those point to. A version that belongs to somebody else and names the person (a
newborn's link to the mother) is that person's and stays. A release that held the person is withdrawn, not thinned: it
would not be what the officer approved (decision 31).
"""

from __future__ import annotations

import gzip
import re
import secrets
import zlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pyarrow.dataset as ds

from chartline import keys, progress
from chartline.audit.said import require_nobody
from chartline.audit.sweep import Search
from chartline.audit.text import Piece
from chartline.deid import pseudonyms, readings
from chartline.erase import landed
from chartline.errors import DataError, UsageError
from chartline.fhir import extracts, records
from chartline.fhir.definitions import resource_types
from chartline.fhir.known import Known
from chartline.fhir.parse import rebuild_people
from chartline.fhir.records import Record
from chartline.files.formats import FHIR_FORMATS
from chartline.keys import Key
from chartline.lake import chain, gone, ledger, quarantine, tables
from chartline.lake import spark as lake
from chartline.lake.landing import blob
from chartline.release import candidates, withdraw
from chartline.settings import Settings

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_IDS = frozenset({"MRN", "SSN", "ID"})
_OWN = _IDS | {"NAME", "GIVEN", "FAMILY"}
_NAMES = _OWN | {"RELATIVE"}
_SHORTEST = 4  # characters of a name that is looked for in the names of files
_KEY = ("resource_type", "resource_id")


@dataclass(frozen=True)
class Erasure:
    """An erasure that has begun.

    Attributes:
        id: its id.
        patients: logical ids of the person's Patients.
        subjects: ids under which timelines show, or once showed, them.
        releases: releases that hold the person.
    """

    id: str
    patients: frozenset[str]
    subjects: frozenset[int]
    releases: tuple[str, ...]


# --- who, and where ------------------------------------------------------------------------------------


def begin(settings: Settings, patient: str, *, by: str, reason: str, old_keys: Sequence[Key] = ()) -> Erasure:
    """Find a person and the releases that hold the person, put the person on the list and the order on the record.

    Args:
        settings: the project's settings.
        patient: logical id of one of the person's Patients.
        by: who orders it.
        reason: why.
        old_keys: keys of the lake that were retired, for the releases made with them.

    Raises:
        UsageError: CL2130 no name or no reason, CL2104 the reason tells a person.
        DataError: CL1170 no such patient is or was in the lake, CL1171 a release was made with a key that is not named.
    """
    if not by.strip() or not reason.strip():
        raise UsageError("CL2130", "an erasure needs a name and a reason.", "Pass --by NAME and --reason TEXT.")
    require_nobody(settings, by=by, reason=reason)
    patients = _patients(settings, patient.removeprefix("Patient/"))
    known = [keys.load(settings.key), *old_keys]
    subjects = _subjects(settings, patients, known)
    releases = _holding(settings, subjects, {key.id for key in known})
    now = datetime.now(UTC)
    # One that died is the same erasure when it is ordered again.
    made = next(iter(gone.among(settings, patients).values()), secrets.token_hex(8))
    gone.note(settings, patients, made, now)
    begun = Erasure(made, patients, subjects, tuple(releases))
    _log(settings, begun, "begun", who=by.strip(), reason=reason.strip(), releases=releases)
    return replace(begun, releases=tuple(r for r, erasure in gone.withdrawn(settings).items() if erasure == made))


def _patients(settings: Settings, named: str) -> frozenset[str]:
    """The Patients of a person; of one who left those of whom anything came back or was left."""
    where = ds.field("resource_type") == "Patient"
    people = tables.read(settings, "bronze.people", columns=["resource_id", "person_id"], where=where)
    person_of = dict(zip(people["resource_id"].to_pylist(), people["person_id"].to_pylist(), strict=True))
    if named in person_of:
        return frozenset(p for p, person in person_of.items() if person == person_of[named])
    owned = tables.read(settings, "bronze.resources", columns=["patient_id"], where=ds.field("patient_id") == named)
    if not owned.num_rows and not gone.among(settings, {named}):
        raise DataError(
            "CL1170", "no such patient is in this lake.", "Pass the logical id of a Patient as its source gives it."
        )
    return frozenset({named})


def _are(patients: Collection[str]) -> ds.Expression:
    """The rows of these Patients, in a table of resources by type and id."""
    return (ds.field("resource_type") == "Patient") & ds.field("resource_id").isin(sorted(patients))


def _known(settings: Settings, patients: Collection[str], kinds: Collection[str]) -> list[str]:
    """What is known of the Patients, of these kinds, but for what is too short to be looked for."""
    found = _all_known(settings, patients)
    return sorted({k.value for k in found if k.type in kinds and len(k.value) >= _SHORTEST})


def _only_known(settings: Settings, patients: Collection[str]) -> tuple[Known, ...]:
    """Numbers and names of the Patients that no other has: a namesake's record is not theirs, nor a sister's."""
    own = dict.fromkeys(k for k in _all_known(settings, patients) if k.type in _OWN)
    where = (ds.field("resource_type") == "Patient") & ~ds.field("resource_id").isin(sorted(patients))
    others = tables.read(settings, "bronze.people", columns=["known"], where=where)["known"].to_pylist() if own else ()
    taken = {(k["type"], k["value"].casefold()) for ks in others for k in ks or ()}
    return tuple(k for k in own if (k.type, k.value.casefold()) not in taken)


def _all_known(settings: Settings, patients: Collection[str]) -> list[Known]:
    """What is known of the Patients, as long as they are in bronze."""
    known = tables.read(settings, "bronze.people", columns=["known"], where=_are(patients))["known"].to_pylist()
    return [Known(k["type"], k["value"]) for ks in known for k in ks or ()]


def _subjects(settings: Settings, patients: Collection[str], known: Iterable[Key]) -> frozenset[int]:
    drawn = tables.read(settings, "vault.pseudonyms", columns=["code"], where=_are(patients))["code"].to_pylist()
    secrets_ = [key.derive("pseudonym", settings.project) for key in known]
    made = [pseudonyms.pseudonym(secret, "Patient", p) for secret in secrets_ for p in sorted(patients)]
    return frozenset(map(pseudonyms.subject_id, [*drawn, *made]))


def _holding(settings: Settings, subjects: Collection[int], known: Collection[str]) -> list[str]:
    found, unsearched = [], 0
    for row in candidates.releases(settings):
        if _there(settings, "curated.subjects", subjects, dict(row["tables"])["curated.subjects"]):
            found.append(row["release_id"])
        elif candidates.report(settings, row["release_id"]).get("identity", {}).get("key_id") not in known:
            unsearched += 1
    if unsearched:
        raise DataError(
            "CL1171",
            f"{unsearched} releases were made with a key that the lake has retired.",
            "Name the files of its old keys: --old-key FILE.",
        )
    return found


def _there(settings: Settings, name: str, subjects: Collection[int], version: int | None = None) -> int:
    """Rows of a table that are of these subjects."""
    wanted = ds.field("subject_id").isin(sorted(subjects))
    return int(tables.read(settings, name, version, ["subject_id"], wanted).num_rows)


# --- taking out ----------------------------------------------------------------------------------------


def purge(spark: SparkSession, settings: Settings, erasure: Erasure, *, run_id: str) -> dict[str, int]:
    """Withdraw the releases and take the person out of the restricted zone; what was taken out, by place.

    Bronze comes last, for it tells what the rest is searched for: a purge that died is run again.
    """
    withdraw.hide(settings)
    return {"releases": len(erasure.releases), **_purge_restricted(spark, settings, erasure.patients, run_id)}


def _purge_restricted(
    spark: SparkSession, settings: Settings, patients: Collection[str], run_id: str
) -> dict[str, int]:
    own = _own(spark, settings, patients)
    names = {f"{r['resource_type']}/{r['resource_id']}" for r in own.collect()} | {f"Patient/{p}" for p in patients}
    numbers = _numbers(settings, patients)
    aside = _aside(settings, patients, numbers)
    removed = Counter({"landing": 0})
    with progress.step("taking records out of landed files"):
        removed.update(_thin_landed(settings, _taken(names, patients, set(aside.values()), numbers), numbers))
    removed["landing.names"] = _rename(settings, patients)
    removed["quarantine"] = quarantine.remove(settings, aside, "erased")
    removed["identities"] = _forget_identities(settings, patients)
    removed["readings"] = _forget_readings(settings)
    removed["pages"] = withdraw.drop_pages(settings)
    removed["exports"] = _drop_exports(settings)
    with progress.step("taking rows out of bronze"):
        removed["vault"] = _delete(settings, own, "vault.pseudonyms")
        removed["bronze"] = _delete(settings, own, "bronze.resources")
        rebuild_people(spark, settings, run_id, datetime.now(UTC))
    own.unpersist()
    return dict(removed)


def _own(spark: SparkSession, settings: Settings, patients: Collection[str]) -> DataFrame:
    """Type and id of the person's resources, each once."""
    from pyspark.sql import functions as f

    bronze = lake.read(spark, settings, "bronze.resources")
    who = f.broadcast(spark.createDataFrame([(p,) for p in sorted(patients)], "patient_id string"))
    named = who.select(f.concat(f.lit("Patient/"), "patient_id").alias("target"))
    links = bronze.select(*_KEY, "patient_id", f.explode("links.target").alias("target"))
    theirs = bronze.join(who, "patient_id", "left_semi").select(*_KEY)
    itself = who.select(f.lit("Patient").alias("resource_type"), f.col("patient_id").alias("resource_id"))
    nobodys = links.where("patient_id IS NULL").join(named, "target", "left_semi").select(*_KEY)
    first = theirs.unionByName(itself).unionByName(nobodys).distinct()
    pointing = links.where("startswith(target, 'Binary/')").join(
        first.withColumn("own", f.lit(True)), list(_KEY), "left"
    )
    only = pointing.groupBy("target").agg(f.expr("bool_and(coalesce(own, false))").alias("only")).where("only")
    documents = only.selectExpr("'Binary' AS resource_type", "substring(target, 8) AS resource_id")
    return first.unionByName(documents).distinct().persist()


def _mention(patients: Collection[str]) -> re.Pattern[bytes]:
    """A reference to one of the Patients, or the id of a record that may be one: ids are told apart by type."""
    ids = "|".join(re.escape(p) for p in sorted(patients)).encode()
    itself = rb'(?s:(?=.*"Patient").*"id"\s*:\s*"(?:%b)")' % ids
    named = rb"(?:Patient(?:/|%%2[Ff])(?:%b)|(?i:urn:uuid:(?:%b)))" % (ids, ids)
    return re.compile(rb"%b(?![A-Za-z0-9\-.])|\A%b" % (named, itself))


def _numbers(settings: Settings, patients: Collection[str]) -> re.Pattern[bytes]:
    """The person's ids, and the numbers under which rows of CSV may tell the person that make no resource."""
    texts = "|".join(map(re.escape, sorted({*_known(settings, patients, _IDS), *patients}))).encode()
    return re.compile(rb"(?<![A-Za-z0-9\-.])(?:%b)(?![A-Za-z0-9\-.])" % texts)


def _aside(settings: Settings, patients: Collection[str], numbers: re.Pattern[bytes]) -> dict[str, str]:
    """Quarantined records that name the person: id, and SHA-256 of the record.

    A row of CSV has no words for ids, and what is of no known type may have any. What is no resource, or has no id,
    names the person by what is known of nobody else, as the leak sweep would find it.
    """
    key, mention = keys.load(settings.key), _mention(patients)
    own = _only_known(settings, patients)
    search = Search([own]) if own else None
    held = tables.read(settings, quarantine.TABLE, columns=["quarantine_id", "payload"]).to_pylist()
    sealed = ((r["quarantine_id"], r["payload"]) for r in held if r["payload"] is not None)
    opened = ((i, quarantine.decrypt(payload, key, settings.project, i)) for i, payload in sealed)

    def names(plain: bytes) -> bool:
        typed = records.kind_of(plain, resource_types()) is not None
        if mention.search(plain) or (not typed and numbers.search(plain)):
            return True
        told = search.find(Piece("", "", plain.decode(errors="replace"))) if search and _is_nameless(plain) else ()
        return any(told)

    return {i: records.digest(plain) for i, plain in opened if names(plain)}


def _is_nameless(plain: bytes) -> bool:
    """Whether a record is no resource that has an id."""
    try:
        body = orjson.loads(plain)
    except orjson.JSONDecodeError:
        return True
    return not (isinstance(body, dict) and body.get("resourceType") in resource_types() and body.get("id"))


def _taken(
    names: Collection[str], patients: Collection[str], aside: Collection[str], numbers: re.Pattern[bytes]
) -> landed.Taken:
    mention = _mention(patients)

    def taken(record: Record) -> bool:
        if record.deletion:
            return record.deletion.target is not None and "/".join(record.deletion.target) in names
        if record.fault or record.filtered:
            return numbers.search(record.raw) is not None or (bool(aside) and records.digest(record.raw) in aside)
        kind, own = records.told(record.raw)
        if f"{kind}/{own or records.id_of(record.full_url)}" in names:
            return True
        if len(record.raw) > records.MAX_LINE:
            return mention.search(record.raw) is not None
        return bool(record.raw and aside) and records.digest(record.raw) in aside

    return taken


def _files(settings: Settings) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The landed files and their rows, a CSV file's with the ``sheet`` that its mapping makes of it."""
    layouts = extracts.load(settings.extracts)
    for file in tables.read(settings, "landing.files").to_pylist():
        at = blob(settings, file["digest"])
        if at.is_file() and file["format"] != "manifest":
            told = layouts.of(at, file["compression"], file["name"]) if file["format"] == "csv" else ""
            yield at, file | {"sheet": None if isinstance(told, str) else told}


def _is_read(file: dict[str, Any]) -> bool:
    return file["format"] in FHIR_FORMATS or file["sheet"] is not None


def _thin_landed(settings: Settings, taken: landed.Taken, numbers: re.Pattern[bytes]) -> Counter[str]:
    """Take the records out of every landed file; a file that no stage reads goes whole when it names the person."""
    removed: Counter[str] = Counter()
    for at, file in _files(settings):
        found = _search(at, file, taken, numbers)
        if _is_read(file) and found > 0:
            landed.rewrite(at, file["compression"], file["format"], taken, file["sheet"])
            removed["landing"] += found
        elif found:
            at.unlink()
            removed["landing.files"] += 1
    return removed


_UNREADABLE = -1


def _search(at: Path, file: dict[str, Any], taken: landed.Taken, numbers: re.Pattern[bytes]) -> int:
    """How much of a landed file is the person's: records, or 1 for one that no stage reads, ``_UNREADABLE`` for none.

    A gzip file that breaks off cannot be searched, and no stage can read it either.
    """
    try:
        if _is_read(file):
            return landed.count(at, file["compression"], file["format"], taken, file["sheet"])
        return landed.mentions(at, file["compression"], numbers)
    except (EOFError, gzip.BadGzipFile, zlib.error):
        return _UNREADABLE


def _rename(settings: Settings, patients: Collection[str]) -> int:
    """Names of landed files that tell the person; the table takes no changes but this one."""
    values = _known(settings, patients, _NAMES)
    alone = "|".join(map(re.escape, sorted(patients)))
    told = re.compile("|".join([*map(re.escape, values), f"(?<![A-Za-z0-9])(?:{alone})(?![A-Za-z0-9])"]), re.I)
    rows = tables.read(settings, "landing.files").to_pylist()
    telling = [r for r in rows if told.search(r["name"])]
    if telling:
        for row in telling:
            row["name"] = "erased"
        tables.rewrite(settings, "landing.files", rows, {"erased": str(len(telling))})
    return len(telling)


def _forget_identities(settings: Settings, patients: Collection[str]) -> int:
    rows = tables.read(settings, "bronze.identities").to_pylist()
    kept = [r for r in rows if not {r["patient_id"], r["person_id"], r["was"]} & set(patients)]
    if len(kept) < len(rows):
        tables.overwrite(settings, "bronze.identities", kept)
    return len(rows) - len(kept)


def _forget_readings(settings: Settings) -> int:
    """What became of all documents: of others' too it tells names of the person that were passed over."""
    held = int(tables.read(settings, readings.TABLE, columns=["reading"]).num_rows)
    if held:
        tables.overwrite(settings, readings.TABLE, [])
    return held


def _drop_exports(settings: Settings) -> int:
    """Exports of servers that were fetched and not landed yet."""
    from chartline.ingest import bulk

    return bulk.drop_files(settings)


def _delete(settings: Settings, own: DataFrame, name: str) -> int:
    """Delete the rows of these resources; how many. The commit tells columns, no id."""
    from delta.tables import DeltaTable as Held

    if not tables.exists(settings, name):
        return 0
    spark, at = own.sparkSession, str(tables.path(settings, name))
    before = lake.read(spark, settings, name).count()
    same = " AND ".join(f"h.{c} = o.{c}" for c in _KEY)
    Held.forPath(spark, at).alias("h").merge(own.alias("o"), same).whenMatchedDelete().execute()
    return int(before - lake.read(spark, settings, name).count())


# --- the proof -----------------------------------------------------------------------------------------


def finish(
    spark: SparkSession, settings: Settings, erasure: Erasure, removed: dict[str, int], *, step: str = "done"
) -> dict[str, Any]:
    """Destroy the data of older table versions, search every place once more, and put what was found on the record.

    Returns:
        ``erasure``, ``removed`` and ``left`` by place, ``withdrawn`` releases, ``tables``.
    """
    versions = withdraw.thinned(settings)
    _log(settings, erasure, "emptied", tables=versions)  # before anybody looks in vain for what is destroyed
    withdraw.destroy(settings, versions)
    left = _left(spark, settings, erasure)
    _log(settings, erasure, step, removed=removed, left=left)
    return {
        "erasure": erasure.id,
        "removed": removed,
        "left": left,
        "withdrawn": list(erasure.releases),
        "tables": versions,
    }


def _log(settings: Settings, erasure: Erasure, step: str, **told: Any) -> None:
    row = {"erasure_id": erasure.id, "step": step, **told, "taken_at": datetime.now(UTC)}
    chain.append(settings, gone.LOG, [row])


def _left(spark: SparkSession, settings: Settings, erasure: Erasure) -> dict[str, int]:
    own = _own(spark, settings, erasure.patients)
    bronze = lake.read(spark, settings, "bronze.resources").join(own, list(_KEY), "left_semi").count()
    numbers = _numbers(settings, erasure.patients)
    aside = _aside(settings, erasure.patients, numbers)
    names = {f"Patient/{p}" for p in erasure.patients}
    taken = _taken(names, erasure.patients, set(aside.values()), numbers)
    people, read = _are(erasure.patients), ds.field("person_id").isin(sorted(erasure.patients))
    out = {
        "bronze": bronze,
        "people": tables.read(settings, "bronze.people", columns=["resource_id"], where=people).num_rows,
        "readings": tables.read(settings, readings.TABLE, columns=["reading"], where=read).num_rows,
        "vault": tables.read(settings, "vault.pseudonyms", columns=["resource_id"], where=people).num_rows,
        "quarantine": len(aside),
        "landing": sum(_search(at, file, taken, numbers) != 0 for at, file in _files(settings)),
    }
    own.unpersist()
    for name in ("silver.resources", "silver.notes", "gold.events", "gold.subjects", "gold.encounters"):
        out[name] = _there(settings, name, erasure.subjects)
    out |= {name: _there(settings, name, erasure.subjects) for name in ("curated.events", "curated.subjects")}
    return out


# --- what comes back -----------------------------------------------------------------------------------


def again(spark: SparkSession, settings: Settings, *, run_id: str) -> bool:
    """After new files were parsed, take out again what they brought of persons who left; whether they brought any.

    It is part of the erasure of each: of one that died before it took anything out, all of it comes back here, and what
    is left elsewhere is its own to take out when it is ordered again.
    """
    back = gone.back(settings, lake.read(spark, settings, "bronze.resources"))
    for erasure in sorted(set(back.values())):
        patients = frozenset(patient for patient, of in back.items() if of == erasure)
        subjects = _subjects(settings, patients, [ledger.key(settings)])
        removed = _purge_restricted(spark, settings, patients, run_id)
        finish(spark, settings, Erasure(erasure, patients, subjects, ()), removed, step="again")
    return bool(back)
