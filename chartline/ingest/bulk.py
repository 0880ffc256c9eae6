"""Bulk FHIR exports: asked for, waited for, and brought here as a folder with its manifest, which landing then reads.

Source: HL7 Bulk Data Access IG, STU1 to STU4 ballot, and the FHIR asynchronous request pattern.

An export has a home of its own in the landing zone, named by the hash of its address. ``export.json`` there tells
where the server works on it, so that a run that was killed is taken up again, and up to which time the last whole
one told; ``files/<page>/`` holds a page of its manifest and what that page names. The files go once landing has
copied and written them down.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import as_completed
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import httpx
import orjson

from chartline import progress
from chartline.errors import DataError, MachineError, UsageError
from chartline.files import formats, manifests
from chartline.ingest import attachments, link, smart
from chartline.ingest.link import Link
from chartline.ingest.servers import Server, Source
from chartline.lake import landing
from chartline.settings import Settings
from chartline.stage import Counts

PATIENCE = 30 * 86400.0  # seconds waited for one export
SAY = 300.0  # seconds between lines that tell nothing new
_EXPORT = re.compile(r"(.*?)(?:/Patient|/Group/[^/]+)?/\$export/?")
_PERCENT = re.compile(r"(?<!\d)(\d{1,3})(?:\.\d+)?\s*%")
_PAGES = 100_000


@dataclass(frozen=True)
class Asked:
    """What the address of an export says.

    Attributes:
        url: the address, without an empty ``_since``.
        base: the FHIR base of the server.
        since: whether the caller names a time to export from.
        anew: whether the caller wants everything again, said by an empty ``_since``.
    """

    url: str
    base: str
    since: bool
    anew: bool


@dataclass(frozen=True)
class _State:
    """What is kept of an export between runs.

    Attributes:
        last: server time of the last export that was landed whole, as a FHIR instant; where the next begins.
        status: where the server tells of the export under way, empty when there is none.
        since: the time that the export under way was asked from, empty for everything.
        fetched: its files are all here.
        whole: nothing is missing of it, and the server reported no error.
        time: its server time.
    """

    last: str = ""
    status: str = ""
    since: str = ""
    fetched: bool = False
    whole: bool = False
    time: str = ""


@dataclass(frozen=True)
class _Page:
    """A page of a manifest: as delivered, as read, and where it came from."""

    data: bytes
    manifest: manifests.Manifest
    url: str


class _Gone(Exception):
    """The server knows nothing of the export any longer."""


@dataclass(frozen=True)
class Export:
    """An export that lies here: a source for landing until it is settled."""

    home: Path
    way: Link

    @property
    def files(self) -> Path:
        """The folder to land."""
        return self.home / "files"

    def settle(self, counts: Counts) -> None:
        """Note that its files were landed with these counts, remove them, and tell the server that it may, too.

        The time for the next export moves only when nothing at all is missing.
        """
        state = _read(self.home)
        whole = state.whole and not any(reason.startswith("manifest_") for reason in counts.quarantined)
        _write(self.home, _State(last=state.time if whole and state.time else state.last))
        shutil.rmtree(self.files, ignore_errors=True)
        if state.status:
            self.way.delete(state.status)


@contextmanager
def fetched(settings: Settings, sources: Sequence[Source]) -> Iterator[list[Path | Export]]:
    """The sources with each server's export brought here; each is held until the context ends.

    Raises:
        UsageError: CL2140 to CL2142 an address cannot be used, CL2143 to CL2147 the credentials cannot, CL2148 the
            server wants others, CL2149 it refuses the export.
        DataError: CL1180 a server leads astray, CL1181 to CL1183 it breaks the protocol or its export failed, CL1184
            its files are gone.
        MachineError: CL3040 a server does not answer, CL3041 the disk does not take it, CL3042 it never ends, CL3043
            another run fetches the same.
    """
    credentials = smart.credentials(settings)
    with ExitStack() as stack:
        found: list[Path | Export] = []
        for position, source in enumerate(sources, start=1):
            if isinstance(source, Server):
                found.append(stack.enter_context(_export(settings, source, position, credentials)))
            else:
                found.append(source)
        yield found


def home(settings: Settings, url: str) -> Path:
    """Where the export with this address lives: ``restricted/landing/exports/<start of its hash>``."""
    name = hashlib.sha256(url.encode()).hexdigest()[:32]
    return landing.folder(settings) / "exports" / name


def drop_files(settings: Settings) -> int:
    """Remove what was fetched and not landed, for somebody who leaves may be in it; in how many exports.

    The next run asks the server for it again. What another run is fetching at this moment is on its way in.
    """
    dropped = 0
    for place in (landing.folder(settings) / "exports").glob("*"):
        with suppress(MachineError), _held(settings, place, 0):
            if (place / "files").exists():
                _write(place, replace(_read(place), fetched=False))
                shutil.rmtree(place / "files")
                dropped += 1
    return dropped


def understood(url: str, position: int) -> Asked:
    """What an address asks for.

    Raises:
        UsageError: CL2140 it is no export's, CL2141 it is not https, CL2142 it holds a password.
    """
    try:
        parts = urlsplit(url.partition("#")[0])
        host = parts.hostname or ""
        httpx.URL(url)
    except (ValueError, httpx.InvalidURL):
        host = ""
    match = _EXPORT.fullmatch(unquote(parts.path)) if host else None
    if match is None:
        raise UsageError(
            "CL2140",
            f"source {position} is a server, but its address does not end in $export.",
            "Write https://HOST/BASE/Group/ID/$export, Patient/$export or $export, in single quotes in a shell.",
        )
    if parts.scheme.lower() != "https" and not link.is_loopback(host):
        raise UsageError(
            "CL2141",
            f"the address of source {position} is not https.",
            "Patient data goes over TLS; http is taken on this machine only.",
        )
    if parts.username or parts.password:
        raise UsageError(
            "CL2142",
            f"the address of source {position} holds a user or a password.",
            "Use SMART Backend Services: CHARTLINE_BULK_CLIENT and CHARTLINE_BULK_KEY.",
        )
    asked = [p for p in parts.query.split("&") if p]
    kept = [p for p in asked if p not in ("_since", "_since=")]
    plain = parts._replace(query="&".join(kept)).geturl()
    since = any(unquote(p.partition("=")[0]) == "_since" for p in kept)
    base = f"{parts.scheme}://{parts.netloc}{quote(match[1])}"
    return Asked(plain, base, since, anew=len(kept) < len(asked))


@contextmanager
def _export(
    settings: Settings, server: Server, position: int, credentials: smart.Credentials | None
) -> Iterator[Export]:
    asked = understood(server.url, position)
    place = home(settings, asked.url)
    with ExitStack() as stack:
        stack.enter_context(_held(settings, place, position))
        way = Link(asked.url, asked.base, position, credentials)
        stack.callback(way.close)
        try:
            _fetch(way, place, asked)
        except DataError:  # it will not get better
            _give_up(way, place)
            raise
        yield Export(place, way)


@contextmanager
def _held(settings: Settings, place: Path, position: int) -> Iterator[None]:
    """Make the export's home and let nobody else work in it."""
    try:
        settings.lake.mkdir(parents=True, exist_ok=True)
        for folder in (settings.zone("restricted"), place.parent.parent, place.parent, place):
            folder.mkdir(exist_ok=True, mode=0o700)
        lock = (place / ".lock").open("w")
    except OSError as cause:
        raise link.unwritten(cause) from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise MachineError(
                "CL3043", f"another run is fetching the export of source {position}.", "Wait for it to end."
            ) from None
        yield


def _read(place: Path) -> _State:
    known = {f.name for f in fields(_State)}
    try:
        body = json.loads((place / "export.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return _State()
    return _State(**{name: value for name, value in body.items() if name in known})


def _write(place: Path, state: _State) -> None:
    """Whole or not at all: a run may be killed at any time."""
    part = place / "export.part"
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
            json.dump(asdict(state), out)
        part.replace(place / "export.json")
    except OSError as cause:
        raise link.unwritten(cause) from None


# --- from the first word to the last file ---------------------------------------------------------


def _fetch(way: Link, place: Path, asked: Asked) -> None:
    """Bring the export here, from wherever an earlier run left it."""
    state = _read(place)
    if asked.anew and state.since:
        _give_up(way, place)
        state = _read(place)
    if state.fetched:
        progress.say(f"source {way.position}: the export is here already")
        return
    for left_over in place.glob(".arriving-*"):
        left_over.unlink()  # of a run that was killed
    try:
        pages = _awaited(way, place, asked, state)
    except KeyboardInterrupt:  # somebody does not want it any more; a kill leaves it to be taken up again
        _give_up(way, place)
        raise
    state = _read(place)
    missing = _brought(way, place, pages)
    if missing:
        with suppress(_Gone):  # its links may have run out and the server may give new ones
            pages = _pages(way, state.status)
            missing = _brought(way, place, pages)
    named = sum(len({entry.file for entry in page.manifest.entries}) for page in pages)
    gone = link.statuses(missing)
    if missing and missing.total() == named:
        raise DataError(
            "CL1184",
            f"none of the {named} files of the export of source {way.position} can be had ({gone}).",
            "They are no longer kept: run the same again, and a new export is asked for.",
        )
    if missing:
        progress.say(f"source {way.position}: {missing.total()} of {named} files cannot be had ({gone}): set aside")
    attachments.bring(way, asked.base, place / "files")
    failures = _failures(place, pages)
    if failures:
        progress.say(f"source {way.position}: the server reports {failures} errors; the next export begins as this did")
    told = pages[0].manifest.transaction_time
    when = told.isoformat().replace("+00:00", "Z") if told else ""
    _write(place, replace(state, fetched=True, whole=not missing and not failures, time=when))


def _give_up(way: Link, place: Path) -> None:
    """Have the server stop and forget the export under way."""
    state = _read(place)
    _write(place, _State(last=state.last))
    shutil.rmtree(place / "files", ignore_errors=True)
    if state.status:
        way.delete(state.status)


def _awaited(way: Link, place: Path, asked: Asked, state: _State) -> list[_Page]:
    """The pages of the manifest, of the export under way or of a new one."""
    if state.status:
        progress.say(f"source {way.position}: taking up the export under way")
        with suppress(_Gone):
            return _pages(way, state.status)
        progress.say(f"source {way.position}: the server has let go of it")
    shutil.rmtree(place / "files", ignore_errors=True)
    since = "" if asked.anew or asked.since else state.last
    status = _kicked_off(way, asked.url, since)
    _write(place, _State(last=state.last, status=status, since=since))
    progress.say(f"source {way.position}: export of {'what changed' if since else 'everything'} asked for")
    try:
        return _pages(way, status)
    except _Gone:
        raise _broken(way, "has let go of the export that it was asked for") from None


def _kicked_off(way: Link, url: str, since: str) -> str:
    """Ask for the export; where the server tells of it."""
    whole = f"{url}{'&' if '?' in url else '?'}_since={quote(since, safe='')}" if since else url
    headers = {"Accept": "application/fhir+json", "Prefer": "respond-async"}
    response = way.ask("GET", whole, headers=headers)
    if response.status_code in (405, 501):  # STU4 knows POST only
        parameters = {"resourceType": "Parameters", "parameter": _parameters(urlsplit(whole).query)}
        bare = urlsplit(whole)._replace(query="").geturl()
        headers["Content-Type"] = "application/fhir+json"
        response = way.ask("POST", bare, headers=headers, content=orjson.dumps(parameters))
    _require_let_in(way, response)
    if response.is_error:
        raise UsageError(
            "CL2149",
            f"the server of source {way.position} refuses the export ({link.codes(response)}).",
            "Check the address and its parameters against what the server supports.",
        )
    location = response.headers.get("Content-Location")
    if not location:
        raise _broken(way, "does not say where it tells of the export")
    return way.resolve(location, str(response.url))


def _parameters(query: str) -> list[dict[str, Any]]:
    """The parameters of a query as those of a ``Parameters`` resource."""
    return [
        {"name": name, "valueReference": {"reference": value}}
        if name == "patient"
        else {"name": name, "valueInstant" if name in ("_since", "_until") else "valueString": value}
        for name, values in parse_qsl(query)
        for value in (values.split(",") if name in ("_type", "_elements", "patient") else [values])
    ]


def _require_let_in(way: Link, response: httpx.Response) -> None:
    if response.status_code in (401, 403):
        raise UsageError(
            "CL2148",
            f"the server of source {way.position} does not let this client in ({link.codes(response)}).",
            "Set CHARTLINE_BULK_CLIENT, CHARTLINE_BULK_KEY and CHARTLINE_BULK_SCOPE as it was registered there.",
        )


def _broken(way: Link, how: str) -> DataError:
    return DataError("CL1181", f"the server of source {way.position} {how}.", "Report this to those who run it.")


# --- waiting --------------------------------------------------------------------------------------


def _pages(way: Link, status: str) -> list[_Page]:
    """All pages of the manifest, once the export is complete."""
    pages: list[_Page] = []
    url, token = status, True
    while url and len(pages) < _PAGES and url not in {p.url for p in pages}:
        response = _complete(way, url, token)
        if not formats.is_manifest(link.json_of(response)):
            raise DataError(
                "CL1182",
                f"the server of source {way.position} gives no manifest, page {len(pages) + 1}.",
                "Report this to those who run it.",
            )
        page = _Page(response.content, manifests.read(response.content), url)
        pages.append(page)
        url = way.resolve(page.manifest.next_page, url) if page.manifest.next_page else ""
        token = _needs_token(way, page, url)
    return pages


def _needs_token(way: Link, page: _Page, url: str) -> bool:
    """A manifest that does not say whether it wants the token gets it for the server's own addresses only."""
    said = page.manifest.requires_token
    return said if said is not None else bool(url) and way.same_origin(url)


def _complete(way: Link, url: str, token: bool) -> httpx.Response:
    """The answer that a page is complete, asked for as often as the server wants to be asked."""
    waited, step, told, silent = 0.0, link.LEAST, -1, SAY
    while waited < PATIENCE:
        response = way.ask("GET", url, token=token, headers={"Accept": "application/json"})
        if response.status_code == 200:
            return response
        _require_let_in(way, response)
        if response.status_code in (404, 410):
            raise _Gone
        if response.status_code != 202:
            raise DataError(
                "CL1183",
                f"the export failed at the server of source {way.position} ({link.codes(response)}).",
                "Run the same again, and a new export is asked for.",
            )
        percent = _percent(response)
        if percent > told or silent >= SAY:
            progress.say(f"source {way.position}: the server is at work{f', {percent} %' if percent >= 0 else ''}")
            told, silent = max(told, percent), 0.0
        asked = link.retry_after(response)
        wait = link.bounded(step if asked is None else asked)
        way.pause(wait)
        waited, silent, step = waited + wait, silent + wait, min(step * 2, 60.0)
    raise MachineError(
        "CL3042",
        f"the export of source {way.position} is still not complete.",
        "Run the same again: the export under way is taken up.",
    )


def _percent(response: httpx.Response) -> int:
    """How far the server says it is; -1 where it says so in words, which may be anything."""
    found = _PERCENT.search(response.headers.get("X-Progress", ""))
    return min(100, int(found[1])) if found else -1


# --- files ----------------------------------------------------------------------------------------


def _brought(way: Link, place: Path, pages: Sequence[_Page]) -> Counter[int]:
    """Download what is not here yet, a few files at a time; how many files cannot be had, by HTTP status."""
    _lay_out(place, pages)
    wanted = {
        place / "files" / str(number) / entry.file: (url, _needs_token(way, page, url))
        for number, page in enumerate(pages, start=1)
        for entry in page.manifest.entries
        for url in [way.resolve(entry.url, page.url)]
    }
    absent = {target: where for target, where in wanted.items() if not target.exists()}
    missing: Counter[int] = Counter()
    said = time.monotonic()
    with way.several() as pool:
        running = [
            pool.submit(way.download, url, target, place, token=token) for target, (url, token) in absent.items()
        ]
        for done, future in enumerate(as_completed(running), start=1):
            status = future.result()
            missing.update([status] if status != 200 else [])
            if done == len(running) or time.monotonic() - said > 5:
                here = len(wanted) - len(running) + done - missing.total()
                progress.say(f"source {way.position}: {here:,} of {len(wanted):,} files are here")
                said = time.monotonic()
    return missing


def _lay_out(place: Path, pages: Sequence[_Page]) -> None:
    """A folder a page with the manifest in it; what another export left here goes."""
    folders = [place / "files" / str(number) for number in range(1, len(pages) + 1)]
    try:
        before = [manifests.read((f / manifests.OWN).read_bytes()) for f in folders if (f / manifests.OWN).exists()]
        if before != [page.manifest for page in pages]:
            shutil.rmtree(place / "files", ignore_errors=True)
        for folder, page in zip(folders, pages, strict=True):
            folder.mkdir(parents=True, exist_ok=True)
            part = place / ".arriving-manifest"
            part.write_bytes(page.data)
            part.replace(folder / manifests.OWN)
    except OSError as cause:
        raise link.unwritten(cause) from None


def _failures(place: Path, pages: Sequence[_Page]) -> int:
    """How many errors the server reports of its own export; information and warnings are none."""
    return sum(
        _errors_in(path)
        for number, page in enumerate(pages, start=1)
        for entry in page.manifest.entries
        if entry.section in ("error", "outcome")
        for path in [place / "files" / str(number) / entry.file]
        if path.exists()
    )


def _errors_in(path: Path) -> int:
    found = 0
    with path.open("rb") as lines:
        for line in lines:
            if line.strip():
                found += _severe(line)
    return found


def _severe(line: bytes) -> int:
    """How many issues of a line are errors; one where it cannot be read."""
    try:
        issues = orjson.loads(line).get("issue") or []
        return sum(1 for i in issues if isinstance(i, Mapping) and i.get("severity") in ("error", "fatal"))
    except (orjson.JSONDecodeError, AttributeError, TypeError):
        return 1
