"""NDJSON, bundles and C-CDA documents de-identified file by file, without a lake: read for who is who, then to write.

A file becomes a file of the same form, named by a number that does not tell its place and the type of its first
resource; its records keep their order. A bundle's entries get a fullUrl that its references resolve against; a
transaction becomes one of PUTs, and so does a history. What may not pass is left out and counted by reason; of what was
no valid FHIR before, that is the reason for which parse would set it aside. A bundle in which one resource is of
another FHIR version is set aside whole, as there. A CSV file is not read, and counted as filtered. Records of one
person, see ``chartline.fhir.persons``, have one offset and keep their own pseudonyms, as in silver.
"""

from __future__ import annotations

import gc
import gzip
import hmac
import io
import os
import re
import secrets
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO, cast

import msgspec
import orjson

from chartline import progress
from chartline.deid import binaries, patients, shown
from chartline.deid.context import PatientContext, knowing
from chartline.deid.frames import Given, kind_of
from chartline.deid.outcome import outcome
from chartline.deid.phrases import Phrases
from chartline.deid.policy import Policy
from chartline.deid.pseudonyms import is_plain, keyed_code, logical
from chartline.deid.walk import Refused, Result, Walk
from chartline.deid.walker import Deidentifier
from chartline.errors import UsageError
from chartline.fhir import accept, ccda, from_xml, persons, records, references, versions
from chartline.fhir.definitions import resource_types
from chartline.fhir.known import Known
from chartline.fhir.people import PARTIES, person
from chartline.files import formats, sources
from chartline.keys import Key

BASE = "https://deidentified.invalid"
"""Server of the fullUrls written: a name that never resolves (RFC 2606), so that relative references do."""

_ENTRY = b'{"fullUrl":"' + BASE.encode() + b'/%(place)b","resource":%(json)b}'
_ACT = _ENTRY[:-1] + b',"request":{"method":"PUT","url":"%(place)b"}}'
_VERSION = _ACT[:-1] + b',"response":{"status":"200"}}'  # an entry of a history: bdl-3 and bdl-4 of Bundle
_FORMS = {"transaction": _ACT, "batch": _ACT, "history": _VERSION}
_OWNERS = 200_000  # remembered forms of what says whose a resource is
_SILENT = 50_000  # remembered pieces that display something and name nobody
_CONDITIONAL = re.compile(rb'["/]([A-Za-z]*)\?identifier=')
_BY_IDENTIFIER = re.compile(rb'"identifier"\s*:\s*\{')
_PARTIES = frozenset(PARTIES)
_OF_RELATIVES = frozenset({"RelatedPerson", "FamilyMemberHistory"})
_LEARNED = _PARTIES | {"Binary"}
_NOT_FHIR = frozenset({"output_not_valid_fhir", "not_shaped_as_fhir"})  # reasons that may lie in the input
_LEADS = re.compile(rb'"encounter"|"resourceType" ?: ?"Provenance"')
_SERVER = re.compile(r"https?://(.+?)/Patient/", re.IGNORECASE)
_SUBJECTS = re.compile(rb'"subject"|"patient"')
_URN = re.compile(rb'"url"\s*:\s*"urn:', re.IGNORECASE)


@dataclass
class World:
    """Who is who in all the files: parties, what references resolve to, the latest year told of a person.

    Attributes:
        parties: rows like those of ``bronze.people``.
        links: reference as written to ``Type/id``, for the forms that do not say it themselves.
        years: patient to the years after the run's that the data tell (``patients.years_after``).
        bearers: identifier of a declared system to the patients that bear it, each with the birth date.
        persons: patient to the one that stands for the person, where records of one were merged.
        relatives: the row of each relative, with what says whose relative it is.
        named: each patient with the references of its record: what it calls an organisation, its notes call so too.
        later: what says whose a record is to the years after the run's that it tells; whose is known at the end.
        formats: what each file is, in the order of the files.
        asked: references by identifier, spelled as conditional ones, that may name something else than a party.
        binaries: documents that lie apart.
        pointing: each record that points to Binaries: what says whose it is, and which they are.
        contexts: Binary to what it names as its securityContext.
        plain_ids: ``Type/id`` of the resources whose id has no digit.
        shown: what references display of persons and places, by the bytes around it.
        silent: such pieces that name nobody.
        beside: each person with who is named only so in its records.
        leading: what resources point to that may have their patient by it, as written.
        servers: id of a Patient to the servers whose bundles give it.
        owners: patient of each resource that such a reference resolves to.
    """

    parties: list[dict[str, Any]] = field(default_factory=list)
    links: dict[str, str] = field(default_factory=dict)
    years: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    bearers: dict[tuple[str, str], set[tuple[str, str | None]]] = field(default_factory=lambda: defaultdict(set))
    persons: Mapping[str, str] = field(default_factory=dict)
    relatives: list[tuple[dict[str, Any], dict[str, Any]]] = field(default_factory=list)
    named: list[tuple[str, list[str]]] = field(default_factory=list)
    later: dict[bytes, set[str]] = field(default_factory=lambda: defaultdict(set))
    formats: list[formats.Format] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)
    binaries: binaries.Held = field(default_factory=binaries.Held)
    pointing: list[tuple[bytes, list[str]]] = field(default_factory=list)
    contexts: dict[str, str] = field(default_factory=dict)
    plain_ids: set[str] = field(default_factory=set)
    shown: dict[bytes, shown.Shown] = field(default_factory=dict)
    silent: set[bytes] = field(default_factory=set)
    beside: dict[str, set[Known]] = field(default_factory=lambda: defaultdict(set))
    leading: set[str] = field(default_factory=set)
    servers: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    owners: dict[str, str] = field(default_factory=dict)

    def get(self, reference: str) -> str | None:
        """What a reference resolves to, by rule or by the files."""
        known = self.links.get(reference) or references.target(reference, self.links)
        return known or self.links.get(references.conditional(reference) or "")

    def owner(self, names: Iterable[str]) -> str | None:
        """The one patient of what resources lead to, a Patient too; None where they have none, or more than one."""
        told = (
            name.removeprefix("Patient/") if name.startswith("Patient/") else self.owners.get(name) for name in names
        )
        found = {owner for owner in told if owner}
        return found.pop() if len(found) == 1 else None

    def person(self, patient_id: str) -> str:
        """The patient that stands for the person whose a record is."""
        return self.persons.get(patient_id, patient_id)


def run(
    given: Sequence[Path], to: Path, *, policy: Policy, key: Key, project: str, person_systems: Collection[str] = ()
) -> dict[str, Any]:
    """De-identify files into a folder.

    Args:
        given: files, folders and archives of NDJSON, bundles and C-CDA documents, gzip included.
        to: folder to write into, new or empty.
        policy: the policy.
        key: the project's key. Random codes, where the policy asks for them, are drawn anew and kept nowhere.
        project: name of the project.
        person_systems: identifier systems that name a person: patients that share one of those are one.

    Returns:
        ``files``, ``in``, ``out``, ``bundles_left_out`` because nothing of them passed, ``notes``, ``withheld`` of
        them, ``quarantined`` and ``filtered`` by reason, policy and key ids.

    Raises:
        UsageError: CL2050 the folder holds files, or is one; CL2154 it lies within a source; CL2157 two servers give
            Patients the same id; CL2159 an id is used for two persons.
        DataError: CL1101 a gzip file is damaged, and what ``chartline.files.sources.items`` raises.
    """
    from chartline.deid.text import build

    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise UsageError("CL2050", f"{to} holds files, or is one.", "Name a new or empty folder.")
    if any(Path(os.path.realpath(to)).is_relative_to(os.path.realpath(source)) for source in given):
        raise UsageError(
            "CL2154", f"{to} lies within a source, and would be read as one.", "Name a folder outside of it."
        )
    year = datetime.now(UTC).year
    with progress.step("reading who is who"):
        world = survey(given, year, binaries.documents(policy), person_systems)
    cohort = patients.cohort((p["resource_type"], k["type"], k["value"]) for p in world.parties for k in p["known"])
    walk = Deidentifier(
        policy,
        Phrases(build(policy, key, project, cohort)),
        patients.local_system_name(key.derive("system", project)),
        world.plain_ids,
    )
    codes = _random_codes() if policy.pseudonyms == "random" else keyed_code(key.derive("pseudonym", project))
    gc.freeze()  # lexicon, definitions and parties stay: collections need not go through them each time
    with progress.step("de-identifying"):
        contexts = _Contexts(policy, key, project, year, world)
        numbers = _numbers(len(world.formats), key.derive("order", project))
        tally = _Writer(walk, world, contexts, codes).write(given, to, numbers)
    return {**tally, "policy": policy.name, "policy_hash": policy.hash, "key_id": key.id}


# --- reading -----------------------------------------------------------------------------------------


class _Rejoined(io.RawIOBase):
    """A stream whose first bytes were read already: a member of an archive can be opened once only."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head, self._rest = head, rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = self._head[: len(buffer)] or self._rest.read(len(buffer))
        self._head = self._head[len(buffer) :]
        buffer[: len(piece)] = piece
        return len(piece)


@contextmanager
def _told(item: sources.Item) -> Iterator[tuple[formats.Format, BinaryIO]]:
    """What a file is and its content; a file that may not be read is of the format of its refusal."""
    if item.refused:
        yield formats.Format("unknown", reason=item.refused), cast(BinaryIO, io.BytesIO())
        return
    with sources.whole(item), item.open() as raw:
        head = raw.read(formats.HEAD)
        found = formats.detect(head, item.name)
        yield found, _unpacked(cast(BinaryIO, io.BufferedReader(_Rejoined(head, raw), formats.HEAD)), found.compression)


def _unpacked(raw: BinaryIO, compression: str) -> BinaryIO:
    return cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if compression == "gzip" else raw


@contextmanager
def _opened(item: sources.Item, compression: str) -> Iterator[BinaryIO]:
    with sources.whole(item), item.open() as raw:
        yield _unpacked(raw, compression)


def _texts(handle: BinaryIO, form: str) -> Iterator[bytes | str]:
    """The documents of a file: each line of NDJSON, else the one document; of what is none the reason."""
    if form == "ndjson":
        for _, text, _ in records.lines(handle):
            yield text or "too_large"
        return
    data = records.read_whole(handle)
    if data is None:
        yield "too_large"
    elif form == "fhir_xml":
        yield _of_xml(data)
    elif form == "ccda":
        yield from _converted(data)
    else:
        yield _compact(data.removeprefix(formats.BOM).strip(b" \t\r\n"))


def _of_xml(document: bytes) -> bytes | str:
    try:
        return from_xml.converted(document)
    except from_xml.Unreadable:
        return from_xml.NOT_READ


def _converted(document: bytes) -> Iterator[bytes | str]:
    try:
        made = ccda.convert(document)
    except ccda.Unconverted:
        yield ccda.NO_DOCUMENT
        return
    yield made.bundle
    yield from (ccda.NO_ENTRY for _ in made.left)


def _compact(text: bytes) -> bytes:
    """A JSON text without the blanks between its tokens, which would be read again at each depth."""
    try:
        return msgspec.json.format(text, indent=-1)
    except (msgspec.MsgspecError, RecursionError):
        return text


def survey(
    given: Sequence[Path], year: int, documents: Collection[str] = (), person_systems: Collection[str] = ()
) -> World:
    """Read all files once for parties, links, dates after ``year`` and what attachments of ``documents`` point to."""
    world = World(binaries=binaries.Held(documents))
    later = re.compile(patients.years_after(year).encode())
    doubtful: set[str] = set()
    for record in _records(given, world.formats):
        _learn(record, world, later, doubtful, person_systems)
    if not world.asked <= world.links.keys():
        for record in _records(given, []):
            if b'"identifier"' in record.raw and records.kind_of(record.raw, _PARTIES) is None:
                _learn_identifiers(record, world, doubtful)
    for name in doubtful:
        del world.links[name]
    _require_one_server(world)
    _require_one_person(world)
    world.persons = _persons(world)
    targets = cast(Mapping[str, str | None], world)
    for row, tree in world.relatives:
        row["patient_id"] = references.patient_of(tree, row["resource_id"], targets)
    for told, years in world.later.items():
        tree = orjson.loads(told)
        owner = references.patient_of(tree, tree["id"], targets)
        if owner:
            world.years[world.person(owner)] |= years
    _lead(given, world, targets)
    _claim(world, targets)
    _attribute(given, world, targets)
    return world


def _require_one_server(world: World) -> None:
    """Refuse files in which an id is two Patients', of two servers: they would become one."""
    shared = [servers for servers in world.servers.values() if len(servers) > 1]
    if shared:
        raise UsageError(
            "CL2157",
            f"{len(shared)} ids of Patients come from {len(set().union(*shared))} servers: each would be one person.",
            "Give each server's files to a call of their own, with a --project of its own.",
        )


def _require_one_person(world: World) -> None:
    """Refuse files in which versions of a Patient tell of two persons, as where two hospitals use the same ids."""
    versions_of: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for party in world.parties:
        if party["resource_type"] == "Patient":
            versions_of[party["resource_id"]].append(party)
    two = sum(persons.any_two(told) for told in versions_of.values())
    if two:
        raise UsageError(
            "CL2159",
            f"{two} ids of Patients are used for two persons, of whom neither birth, name nor number is the same.",
            "Give each hospital's files to a call of their own, with a --project of its own.",
        )


def _lead(given: Sequence[Path], world: World, targets: Mapping[str, str | None]) -> None:
    """Tell whose the visits are by which alone a resource names its patient: files are read again where one does."""
    wanted = {name for name in map(world.get, world.leading) if name and not name.startswith("Patient/")}
    kinds = {name.partition("/")[0] for name in wanted} - _PARTIES
    led: dict[str, Sequence[str]] = {}
    for record in _records(given, []) if kinds else ():
        tree = _parsed(record) if records.kind_of(record.raw, kinds) else None
        name = f"{tree['resourceType']}/{tree['id']}" if tree else ""
        if tree is None or name not in wanted:
            continue
        if owner := references.patient_of(tree, tree["id"], targets):
            world.owners[name] = owner
        else:  # what a Provenance is about may itself name no more than its visit
            led[name] = _leads_of(tree, world)
    for name, names in led.items():
        if (found := world.owner(names)) is not None:
            world.owners[name] = found


def _leads_of(tree: Mapping[str, Any], world: World) -> Sequence[str]:
    named = {reference: world.get(reference) for reference in references.survey(tree).references}
    return references.leads(tree, named) or ()


def _attribute(given: Sequence[Path], world: World, targets: Mapping[str, str | None]) -> None:
    """Tell in whose records somebody is named whom no party tells: the files are read again where there is one."""
    wanted = shown.unknown(world.shown, world.parties)
    for record in _records(given, []) if wanted else ():
        found = [known for piece in shown.fragments(record.raw) for known in wanted.get(piece, ())]
        tree = _parsed(record) if found else None
        owner = references.patient_of(tree, tree["id"], targets) if tree else None
        if owner:
            world.beside[world.person(owner)].update(found)


def _persons(world: World) -> Mapping[str, str]:
    """Which patients are one person, as the lake's stages see it."""
    links: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for party in world.parties:
        for link in party["links"] if party["resource_type"] == "Patient" else ():
            kind, _, other = (world.get(link["target"]) or "").partition("/")
            if kind == "Patient":
                links[party["resource_id"]].append((link["type"], other))
    shared = [sorted(bearers, key=str) for bearers in world.bearers.values() if len(bearers) > 1]
    return persons.merges(links, shared).persons


def _claim(world: World, targets: Mapping[str, str | None]) -> None:
    """Tell whose the Binaries are: by what points to them, and by what they name themselves."""
    owners: dict[str, str | None] = {}
    for told, named in world.pointing:
        tree = orjson.loads(told)
        kind = tree["resourceType"]
        patient = references.patient_of(tree, tree["id"], targets)
        owner = owners[f"{kind}/{tree['id']}"] = patient and world.person(patient)
        world.binaries.claim(named, kind, owner)
    for name, reference in world.contexts.items():
        kind, _, identity = (world.get(reference) or "").partition("/")
        world.binaries.claim(
            [name], "", world.person(identity) if kind == "Patient" else owners.get(f"{kind}/{identity}")
        )
    world.pointing.clear()


def _records(given: Sequence[Path], told: list[formats.Format]) -> Iterator[records.Record]:
    """The records of all files; what each file is, is told by the way."""
    for item in sources.items(given):
        with _told(item) as (found, handle):
            told.append(found)
            if found.reason:
                continue
            for text in _texts(handle, found.name):
                if isinstance(text, str):
                    continue
                bundle = records.opened(text)
                yield from records.expand(bundle, bundle=1) if bundle else (records.Record(1, text),)


def _learn(
    record: records.Record,
    world: World,
    later: re.Pattern[bytes],
    doubtful: set[str],
    person_systems: Collection[str],
) -> None:
    _refer(record, world, doubtful)
    claimed, own = records.told(record.raw)
    if claimed != shown.REPEATS:
        _show(record, world)
    if claimed and own and is_plain(own):
        world.plain_ids.add(f"{claimed}/{own}")
    years = {year.decode() for year in later.findall(record.raw)}
    points = _may_point(record.raw)
    tree = _parsed(record) if claimed in _LEARNED or years or points else None
    if tree is None:
        return
    kind = tree["resourceType"]
    if kind == "Binary":
        _hold(record, tree, world)
        return
    if points:
        found = references.links(references.survey(tree), tree, record.index)
        if named := [t for _, t in found if t and t.startswith("Binary/")]:
            world.pointing.append((orjson.dumps(_owned(tree)), named))
    if kind in _PARTIES:
        world.parties.append(person(tree))
        if kind in _OF_RELATIVES:
            world.relatives.append((world.parties[-1], {"resourceType": kind, "patient": tree.get("patient")}))
        _link_identifiers(tree, world, doubtful)
    if kind == "Patient":
        _learn_patient(tree, world, person_systems)
        if server := _SERVER.match(record.full_url or ""):
            world.servers[tree["id"]].add(server[1].lower())
    if years:
        told = _owned(tree)
        owning = orjson.dumps(told if kind == "Patient" else {**told, "id": ""})
        world.later[owning] |= years


def _refer(record: records.Record, world: World, doubtful: set[str]) -> None:
    """Note what a record is called, and the references in it that only other records resolve."""
    if record.full_url in record.index:
        for url in {str(record.full_url), references.plain(str(record.full_url))}:
            _link(world, url, record.index[str(record.full_url)], doubtful)
    if _asks(record.raw):
        _ask(record, world)
    if _may_be_led(record.raw):
        _follow(record, world)


def _show(record: records.Record, world: World) -> None:
    """Remember what references display."""
    for piece in shown.fragments(record.raw):
        if piece in world.shown or piece in world.silent:
            continue
        found = shown.read(piece.decode(errors="replace"), record.index)
        if found:
            world.shown[piece] = found
        else:
            if len(world.silent) >= _SILENT:
                world.silent.clear()
            world.silent.add(piece)


def _learn_patient(tree: Mapping[str, Any], world: World, person_systems: Collection[str]) -> None:
    world.named.append((tree["id"], list(references.survey(tree).references)))
    for identifier in persons.borne(tree, person_systems) if person_systems else ():
        world.bearers[identifier].add((tree["id"], world.parties[-1]["birth_date"]))


def _owned(tree: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a resource that tells whose it is."""
    return {k: tree[k] for k in ("resourceType", "id", *_owning(tree["resourceType"])) if k in tree}


def _may_point(raw: bytes) -> bool:
    """Whether a record may point to a Binary: a quick look, before it is read."""
    return b"Binary" in raw or ((b'"urn:' in raw or b'"URN:' in raw) and _URN.search(raw) is not None)


def _may_be_led(raw: bytes) -> bool:
    """Whether a record may have its patient by what it points to: a quick look, before it is read."""
    return _LEADS.search(raw) is not None and (b'"contained"' in raw or _SUBJECTS.search(raw) is None)


def _follow(record: records.Record, world: World) -> None:
    tree = _parsed(record)
    if tree is None:
        return
    # What names its own patient says so at the top: most need no look at the rest.
    for part in (_owned(tree), tree):
        found = references.links(references.survey(part), tree, record.index)
        if any(target and target.startswith("Patient/") for _, target in found):
            return
    world.leading.update(reference for reference, _ in found)


def _hold(record: records.Record, tree: Mapping[str, Any], world: World) -> None:
    name = f"Binary/{tree['id']}"
    world.binaries.put(name, record.raw)
    for reference in references.survey({"context": tree.get("securityContext")}).references:
        world.contexts[name] = reference


def _asks(raw: bytes) -> bool:
    """Whether a record may refer by identifier to something else than a party: a quick look, before it is read."""
    if b"?identifier=" in raw and any(m[1].decode() not in _PARTIES for m in _CONDITIONAL.finditer(raw)):
        return True
    return b'"identifier"' in raw and _BY_IDENTIFIER.search(raw) is not None


def _ask(record: records.Record, world: World) -> None:
    """Note the references by identifier."""
    tree = _parsed(record)
    named = [n for n in references.survey(tree).references if "?identifier=" in n] if tree else []
    spelled = [references.conditional(n) or n for n in named]
    world.asked.update(n for n in spelled if n.partition("?")[0] not in _PARTIES)


def _learn_identifiers(record: records.Record, world: World, doubtful: set[str]) -> None:
    tree = _parsed(record)
    if tree is not None:
        _link_identifiers(tree, world, doubtful)


def _link_identifiers(tree: Mapping[str, Any], world: World, doubtful: set[str]) -> None:
    """Remember what the conditional references by the identifiers of a resource resolve to, with the system or not."""
    given = tree.get("identifier")
    for identifier in given if isinstance(given, list) else [given]:
        for token in (identifier, {"value": identifier.get("value")} if isinstance(identifier, dict) else None):
            for name in (logical(tree["resourceType"], token), logical(None, token)):
                _link(world, name, f"{tree['resourceType']}/{tree['id']}", doubtful)


def _link(world: World, name: str | None, target: str, doubtful: set[str]) -> None:
    """Remember what a reference resolves to; one that two resources claim names neither."""
    if name and world.links.setdefault(name, target) != target:
        doubtful.add(name)


def _parsed(record: records.Record) -> dict[str, Any] | None:
    """The resource of a record, with the id its fullUrl gives when it has none; None when it is not one."""
    try:
        tree = orjson.loads(record.raw)
    except orjson.JSONDecodeError:
        return None
    kind = tree.get("resourceType") if isinstance(tree, dict) else None
    if not isinstance(kind, str) or kind not in resource_types():
        return None
    if not isinstance(tree.get("id"), str):
        tree["id"] = records.id_of(record.full_url)
    return tree if tree["id"] else None


def _given(record: records.Record, walk: Deidentifier) -> Given | str:
    """What a record gives, with its id or the one its fullUrl gives; or the reason for which it is set aside."""
    if record.fault or record.filtered or record.deletion:
        return record.fault
    claimed, own = records.told(record.raw)
    if claimed and own and accept.ID.fullmatch(own):
        given = walk.given(record.raw, claimed, own)
        if given.frame is not None:  # one like it was accepted
            return given
    else:
        given = Given(record.raw, "")
    try:
        found = given.members
        resource_id = orjson.loads(bytes(found["id"])) if "id" in found else None
        kind = kind_of(found)
        foreign = versions.is_foreign(kind, found)
    except (ValueError, msgspec.MsgspecError, RecursionError):
        kind = ""
    if kind not in resource_types():
        return accept.fault(record) or "not_a_resource"
    if foreign:
        return versions.FOREIGN
    named = records.id_of(record.full_url) if resource_id is None else resource_id
    if isinstance(named, str) and accept.ID.fullmatch(named):
        given.id = named
        return given
    if kind == "OperationOutcome" and named is None:
        return given  # what a server says of a search has no id, and no policy lets it pass
    return accept.fault(record) or "bad_id"


# --- writing -----------------------------------------------------------------------------------------


def _numbers(count: int, key: bytes) -> list[int]:
    """A number from 1 for each file: those of a source are often sorted by the names of persons."""
    return sorted(range(1, count + 1), key=lambda number: hmac.digest(key, str(number).encode(), "sha256"))


def _random_codes() -> Callable[[str, str], str]:
    drawn: dict[tuple[str, str], str] = {}

    def code(kind: str, source_id: str) -> str:
        return drawn.setdefault((kind, source_id), secrets.token_hex(16))

    return code


class _Contexts(dict[str | None, PatientContext]):
    """The context of each person, made when first asked for; of resources without one under None."""

    def __init__(self, policy: Policy, key: Key, project: str, year: int, world: World) -> None:
        super().__init__({None: PatientContext("nobody", earliest_year=patients.earliest_year(policy, year))})
        self._facts = (policy, key, project)
        self._year, self._world = year, world
        self._people: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for party in world.parties:
            if party["patient_id"]:
                self._people[world.person(party["patient_id"])].append(party)
        places = {f"Organization/{p['resource_id']}": p for p in world.parties if p["resource_type"] == "Organization"}
        for patient, named in world.named:
            found = (places.get(world.get(reference) or "") for reference in named)
            self._people[world.person(patient)] += [place for place in found if place]
        for person_id, named_beside in world.beside.items():
            self._people[person_id].append(shown.row(named_beside))

    def __missing__(self, person_id: str) -> PatientContext:
        told = self._world.years.get(person_id, ())
        made = self[person_id] = patients.context(*self._facts, self._year, told, person_id, self._people[person_id])
        return made

    def of(self, told: references.Whose) -> PatientContext:
        """The context of a resource, with what is known of others whom it names."""
        made = self[self._world.person(told.patients[0]) if len(told.patients) == 1 else None]
        if not told.others:
            return made
        others = map(self._world.person, told.others)
        more = (k for other in others for party in self._people.get(other, ()) for k in party["known"])
        return knowing(made, tuple(Known(k["type"], k["value"]) for k in more))


class _Writer:
    """Writes the de-identified files and keeps the counts."""

    def __init__(self, walk: Deidentifier, world: World, contexts: _Contexts, codes: Callable[[str, str], str]) -> None:
        self._walk, self._world, self._contexts, self._codes = walk, world, contexts, codes
        self._owners: dict[tuple[str, tuple[tuple[str, bytes], ...]], references.Whose] = {}
        self._plain: Counter[str] = Counter()
        self._quarantined: Counter[str] = Counter()
        self._filtered: Counter[str] = Counter()

    def write(self, given: Sequence[Path], to: Path, numbers: Sequence[int]) -> dict[str, Any]:
        """Write every file under its number, all with the time of the first; the counts by name and reason."""
        to.mkdir(parents=True, exist_ok=True)
        began = to.stat().st_mtime
        told = self._world.formats
        files = progress.through(zip(sources.items(given), told, strict=True), len(told), "files written")
        for number, (item, found) in zip(numbers, files, strict=True):
            if found.reason:
                self._filtered[f"file_{found.reason}"] += 1
                self._plain["in"] += 1
                continue
            self._file(item, found, to, number)
        for made in to.iterdir():
            os.utime(made, (began, began))  # or the times would tell the order
        whole = {"in": 0, "out": 0, "files": 0, "bundles_left_out": 0, "notes": 0, "withheld": 0, **self._plain}
        return {**whole, "quarantined": dict(self._quarantined), "filtered": dict(self._filtered)}

    def _file(self, item: sources.Item, found: formats.Format, to: Path, number: int) -> None:
        part = to / f"{number:05d}.part"
        first = ""
        with _opened(item, found.compression) as handle, part.open("wb") as out:
            for text in _texts(handle, found.name):
                made, kind = self._document(text)
                if made is not None:
                    first = first or kind
                    out.write(made + b"\n")
        if first:
            one_document = found.name != "ndjson" or item.name.lower().removesuffix(".gz").endswith(".json")
            part.rename(to / f"{number:05d}-{first}.{'json' if one_document else 'ndjson'}")
            self._plain["files"] += 1
        else:
            part.unlink()

    def _document(self, text: bytes | str) -> tuple[bytes | None, str]:
        if isinstance(text, str):
            self._plain["in"] += 1
            self._quarantined[text] += 1
            return None, ""
        if bundle := records.opened(text):
            return self._bundle(bundle), "Bundle"
        record = records.Record(1, text)
        made = self._one(record, _given(record, self._walk))
        return (made.json, made.kind) if made is not None else (None, "")

    def _bundle(self, bundle: records.Bundle) -> bytes | None:
        """The bundle with what passes; one of which nothing does is not written."""
        kind = bundle.type
        form = _FORMS.get(kind, _ENTRY) if isinstance(kind, str) else _ENTRY
        entries = []
        found = [(record, _given(record, self._walk)) for record in records.expand(bundle, bundle=1)]
        foreign = any(given == versions.FOREIGN for _, given in found)
        for record, given in found:
            made = self._one(record, versions.FOREIGN if foreign else given)
            if made is not None:
                place = f"{made.kind}/{made.id}".encode()
                entries.append(form % {b"place": place, b"json": made.json})
        if not entries:
            self._plain["bundles_left_out"] += 1
            return None
        whole = b"collection" if form is _ENTRY else kind.encode(), b",".join(entries)
        return b'{"resourceType":"Bundle","type":"%b","entry":[%b]}' % whole

    def _one(self, record: records.Record, given: Given | str) -> Result | None:
        self._plain["in"] += 1
        left_out = record.filtered or ("deleted" if record.deletion else "")
        if left_out:
            self._filtered[left_out] += 1
            return None
        if isinstance(given, str):
            self._quarantined[given] += 1
            return None
        # Of a party whose keys are doubled not all that identifies was learned.
        kind = given.kind
        if kind in _PARTIES and records.has_doubled_key(record.raw):
            self._quarantined["duplicate_key"] += 1
            return None
        try:
            told = self._whose(given)
        except orjson.JSONDecodeError:
            self._not_fhir(record, "not_shaped_as_fhir")
            return None
        fate = self._world.binaries.fate(f"Binary/{given.id}") if kind == "Binary" else None
        if fate:
            (self._quarantined if fate == binaries.OF_TWO else self._filtered)[fate] += 1
            return None
        state = Walk(
            self._contexts.of(told),
            self._codes,
            self._world.links,
            contested=len(told.patients) > 1,
            binaries=self._world.binaries,
        )
        made = outcome(self._walk, given, state)
        if made is None:
            self._filtered["type_not_in_policy"] += 1
            return None
        if isinstance(made, Refused):
            if made.reason in _NOT_FHIR:
                self._not_fhir(record, made.reason)
            else:
                self._quarantined[made.reason] += 1
            return None
        self._plain["out"] += 1
        if made.notes:
            self._plain["notes"] += len(made.notes)
            self._plain["withheld"] += sum(note.status == "withheld" for note in made.notes)
        return made

    def _not_fhir(self, record: records.Record, reason: str) -> None:
        """Count a record that is not valid FHIR, or was not made so; good ones are not looked at for it."""
        self._quarantined[accept.fault(record) or reason] += 1

    def _whose(self, given: Given) -> references.Whose:
        """Whose a resource is; what says so is the same in all of a visit."""
        kind = given.kind
        if kind == "Patient":
            return references.Whose((given.id,))
        told = given.parts(_owning(kind))
        if (kind, told) not in self._owners:
            if len(self._owners) >= _OWNERS:
                self._owners.clear()
            targets = cast(Mapping[str, str | None], self._world)
            tree = {"resourceType": kind, **{key: orjson.loads(value) for key, value in told}}
            self._owners[kind, told] = references.whose(tree, given.id, targets)
        found = self._owners[kind, told]
        led = kind == "Provenance" or self._world.owners
        return found if found.patients or not led else self._led(given) or found

    def _led(self, given: Given) -> references.Whose | None:
        """Whose a resource is by what it points to, where that has one patient."""
        if not _may_be_led(given.raw):
            return None
        owner = self._world.owner(_leads_of(orjson.loads(given.raw), self._world))
        return references.Whose((owner,)) if owner else None


@cache
def _owning(kind: str) -> tuple[str, ...]:
    """The elements of a type that can put a resource into a patient's compartment."""
    return tuple(dict.fromkeys(path[0] for path in references.compartment().get(kind, ())))
