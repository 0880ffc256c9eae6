"""HTTP with a Bulk FHIR server: authorised, patient, and without a word of what passes in a log or an error.

Addresses may hold ids of groups and patients, or be a secret themselves (signed downloads); answers hold data. So
errors carry the source's place in the call, HTTP status and codes from closed lists, and nothing else.
"""

from __future__ import annotations

import ipaddress
import logging
import os
import secrets
import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, TypeVar

import httpx
import orjson
import tenacity

from chartline import __version__
from chartline.errors import ChartlineError, DataError, MachineError, UsageError
from chartline.files.formats import BOM
from chartline.ingest.smart import Credentials

LEAST = 1.0  # seconds: the shortest wait, and the first of a series that doubles
CEILING = 3600.0  # seconds: the longest wait, whatever a server asks for
TRIES = 8
PARALLEL = 4
BLOCK = 1 << 20
_TIMEOUT = httpx.Timeout(300.0, connect=30.0)
_AGAIN = (408, 425, 429, 502, 503, 504)
_TRANSIENT = frozenset("transient lock-error no-store exception timeout incomplete throttled".split())
_ISSUES = _TRANSIENT | frozenset(
    "invalid structure required value invariant security login unknown expired forbidden suppressed processing "
    "not-supported duplicate multiple-matches not-found deleted too-long code-invalid extension too-costly "
    "business-rule conflict limited-filter informational success".split()
)
_REFUSALS = frozenset(
    "invalid_request invalid_client invalid_grant unauthorized_client unsupported_grant_type invalid_scope".split()
)
_T = TypeVar("_T")


SILENT = 0
"""In place of an HTTP status, where no answer came."""


class Again(Exception):
    """An answer that is worth another try, and after how many seconds where the server says so."""

    def __init__(self, what: str, after: float | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.after = after


class Stopped(Exception):
    """The call was given up while a download went on beside it."""


class Link:
    """The way to one server.

    Args:
        url: address of the export; it decides where addresses that the server names may lead.
        base: the server's FHIR base, where it tells how it authorises.
        position: place of the source in the call, from 1, for errors.
        credentials: what this client proves itself with, if with anything.
    """

    def __init__(self, url: str, base: str, position: int, credentials: Credentials | None) -> None:
        # Their loggers write whole addresses and, on the lowest level, headers.
        for name in ("httpx", "httpcore"):
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        self.position = position
        self.stop = threading.Event()
        self._origin = httpx.URL(url)
        self._base = base
        self._credentials = credentials
        self._lock = threading.Lock()
        self._endpoint: str | None = None
        self._token = ""
        self._renew_at = 0.0
        self._client = httpx.Client(
            headers={"User-Agent": f"chartline/{__version__}", "Accept-Encoding": "gzip"},
            timeout=_TIMEOUT,
            follow_redirects=True,
            # A proxy would carry what may only be spoken to this machine itself.
            trust_env=self._origin.scheme == "https",
            event_hooks={"request": [lambda request: self._check(request.url)]},
        )

    def close(self) -> None:
        """End it, and the downloads that still go on."""
        self.stop.set()
        self._client.close()

    def resolve(self, url: str, against: str) -> str:
        """An address that the server named, made whole.

        Raises:
            DataError: CL1180 it may not be followed.
        """
        try:
            whole = httpx.URL(against).join(url)
        except httpx.InvalidURL:
            raise self._astray() from None
        self._check(whole)
        return str(whole)

    def _check(self, url: httpx.URL) -> None:
        """Refuse to leave TLS; a server on this machine may name others on it."""
        local = self._origin.scheme == "http" and url.scheme == "http" and is_loopback(url.host)
        if not url.host or (url.scheme != "https" and not local):
            raise self._astray()

    def _astray(self) -> DataError:
        return DataError(
            "CL1180",
            f"the server of source {self.position} names an address that is not https.",
            "Nothing was asked there; have the server name its files with https.",
        )

    def same_origin(self, url: str) -> bool:
        """Whether an address is of the server itself."""
        other = httpx.URL(url)
        return (other.scheme, other.host, other.port) == (self._origin.scheme, self._origin.host, self._origin.port)

    @contextmanager
    def several(self) -> Iterator[ThreadPoolExecutor]:
        """Threads that fetch beside each other; they end with the call."""
        pool = ThreadPoolExecutor(PARALLEL, "chartline-bulk")
        try:
            yield pool
        except BaseException:
            self.stop.set()
            raise
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def pause(self, seconds: float) -> None:
        """Wait, unless the call is given up."""
        if self.stop.wait(seconds):
            raise Stopped

    # --- one answer -------------------------------------------------------------------------------

    def ask(self, method: str, url: str, *, token: bool = True, **parts: Any) -> httpx.Response:
        """The answer to a request, read whole; tried again as long as that may help.

        Raises:
            MachineError: CL3040 no answer came, however often it was tried.
            UsageError: CL2147 the server gives no token.
            DataError: CL1180 it leads astray.
        """

        def once() -> httpx.Response:
            with closing(self._send(method, url, token, parts)) as response:
                response.read()
                return response

        return self._persistent(once)

    def delete(self, url: str) -> None:
        """Tell the server that an export is not needed any more; whether it hears is its own affair."""
        with suppress(Again, Stopped, httpx.HTTPError, ChartlineError):
            self._send("DELETE", url, True, {}).close()

    def download(self, url: str, target: Path, part: Path, *, token: bool) -> int:
        """Fetch a file block by block; the HTTP status, 200 when it lies at ``target``, whole.

        Args:
            url: where it is.
            target: where it shall lie.
            part: folder on the same disk for what has not come whole yet.
            token: whether the server wants the access token for it.

        Raises:
            MachineError: CL3040 no answer came, CL3041 the disk does not take it.
        """
        return self._persistent(lambda: self._downloaded(url, target, part, token))

    def _downloaded(self, url: str, target: Path, part: Path, token: bool) -> int:
        accept = {"Accept": "application/fhir+ndjson, */*;q=0.5"}
        with closing(self._send("GET", url, token, {"headers": accept})) as response:
            if response.status_code != 200:
                return response.status_code
            arriving = part / f".arriving-{secrets.token_hex(8)}"
            try:
                with os.fdopen(os.open(arriving, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
                    for block in _decoded(response):
                        if self.stop.is_set():
                            raise Stopped
                        out.write(block)
                arriving.replace(target)
            except OSError as cause:
                raise unwritten(cause) from None
            finally:
                arriving.unlink(missing_ok=True)
        return 200

    def _send(self, method: str, url: str, token: bool, parts: Mapping[str, Any]) -> httpx.Response:
        """One request, and one more with a new token when the server does not know the old one any longer."""
        bearer = self._bearer() if token else ""
        response = self._once(method, url, bearer, parts)
        if response.status_code == 401 and bearer:
            response.close()
            response = self._once(method, url, self._bearer(refused=bearer), parts)
        if response.status_code >= 400:
            with closing(response):
                response.read()
            if _is_transient(response):
                raise Again(f"HTTP {response.status_code}", retry_after(response))
        return response

    def _once(self, method: str, url: str, bearer: str, parts: Mapping[str, Any]) -> httpx.Response:
        asked = dict(parts)
        headers = {**asked.pop("headers", {}), **({"Authorization": f"Bearer {bearer}"} if bearer else {})}
        redirected = asked.pop("follow_redirects", True)
        request = self._client.build_request(method, url, headers=headers, **asked)
        return self._client.send(request, stream=True, follow_redirects=redirected)

    def _persistent(self, do: Callable[[], _T]) -> _T:
        tried = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type((Again, httpx.RequestError)),
            stop=tenacity.stop_after_attempt(TRIES),
            wait=_next_wait,
            sleep=self.pause,
        )
        try:
            return tried(do)
        except tenacity.RetryError as cause:
            last = cause.last_attempt.exception()
            what = last.what if isinstance(last, Again) else type(last).__name__
            raise MachineError(
                "CL3040",
                f"the server of source {self.position} does not answer ({what}, {TRIES} times).",
                "Run the same again: it goes on where it stopped.",
            ) from None

    # --- who we are -------------------------------------------------------------------------------

    def _bearer(self, refused: str = "") -> str:
        """The access token, got anew before it runs out or when it was refused; empty where none is wanted."""
        if self._credentials is None:
            return ""
        with self._lock:
            if self._endpoint is None:
                self._endpoint = self._discovered()
            if self._endpoint and (self._token in ("", refused) or time.monotonic() >= self._renew_at):
                self._token, life = self._granted(self._credentials, self._endpoint)
                self._renew_at = time.monotonic() + 0.8 * life
            return self._token

    def _discovered(self) -> str:
        """The token endpoint; empty where the server has none."""
        url = f"{self._base}/.well-known/smart-configuration"
        body = json_of(self.ask("GET", url, token=False, headers={"Accept": "application/json"}))
        found = body.get("token_endpoint")
        return self.resolve(found, url) if isinstance(found, str) else ""

    def _granted(self, credentials: Credentials, endpoint: str) -> tuple[str, float]:
        form = credentials.form(endpoint)
        headers = {"Accept": "application/json"}
        response = self.ask("POST", endpoint, token=False, data=form, headers=headers, follow_redirects=False)
        body = json_of(response)
        token, life = body.get("access_token"), body.get("expires_in")
        if response.status_code != 200 or not isinstance(token, str) or not token.isascii():
            why = body.get("error") if body.get("error") in _REFUSALS else "no reason"
            raise UsageError(
                "CL2147",
                f"the server of source {self.position} gives no token (HTTP {response.status_code}, {why}).",
                "Check CHARTLINE_BULK_CLIENT, _SCOPE and that the server knows the public half of CHARTLINE_BULK_KEY.",
            )
        return token, float(life) if isinstance(life, int | float) else 300.0


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def json_of(response: httpx.Response) -> dict[str, Any]:
    """The JSON object in an answer; empty when there is none."""
    try:
        body = orjson.loads(response.content.removeprefix(BOM))
    except orjson.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}


def codes(response: httpx.Response) -> str:
    """HTTP status and the issue codes of an OperationOutcome, as an error may tell them."""
    return " ".join([f"HTTP {response.status_code}", *sorted(_issues(response) & _ISSUES)])


def statuses(missing: Counter[int]) -> str:
    """How much cannot be had, by HTTP status, as a line for people tells it."""
    named = {SILENT: "no answer"}
    return ", ".join(f"{named.get(status, f'HTTP {status}')}: {n:,}" for status, n in sorted(missing.items()))


def _issues(response: httpx.Response) -> set[str]:
    found = json_of(response).get("issue")
    issues = found if isinstance(found, list) else []
    return {str(i.get("code")) for i in issues if isinstance(i, dict)}


def _is_transient(response: httpx.Response) -> bool:
    """Whether a refusal may pass: the IG has a server that fails for good say so with an issue of another code."""
    if response.status_code in _AGAIN:
        return True
    return response.status_code >= 500 and response.status_code != 501 and _issues(response) <= _TRANSIENT


def retry_after(response: httpx.Response) -> float | None:
    """Seconds that the server asks to wait, given as seconds or as a date."""
    said = response.headers.get("Retry-After", "").strip()
    try:
        seconds = float(said) if said[:1].isdigit() else (_instant(said) - datetime.now(UTC)).total_seconds()
    except (TypeError, ValueError):
        return None
    return max(0.0, seconds)


def _instant(said: str) -> datetime:
    found = parsedate_to_datetime(said)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def bounded(seconds: float) -> float:
    """A wait between the shortest and the longest."""
    return min(CEILING, max(LEAST, seconds))


def _next_wait(state: tenacity.RetryCallState) -> float:
    cause = state.outcome.exception() if state.outcome else None
    asked = cause.after if isinstance(cause, Again) else None
    return bounded(LEAST * 2 ** (state.attempt_number - 1) if asked is None else asked)


def _decoded(response: httpx.Response) -> Iterator[bytes]:
    if response.headers.get("Content-Encoding", "").strip().lower() in ("gzip", "x-gzip"):
        return _inflated(response.iter_raw(BLOCK))
    return response.iter_bytes(BLOCK)


def _inflated(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Inflate a gzip stream of any number of members in bounded pieces; Again when it breaks off.

    httpx stops without a word at the end of the first member and at a stream that breaks off.
    """
    member = zlib.decompressobj(zlib.MAX_WBITS | 16)
    begun = False
    try:
        for block in blocks:
            left, full = block, False
            while left or full:
                if member.eof:
                    member = zlib.decompressobj(zlib.MAX_WBITS | 16)
                piece = member.decompress(left, BLOCK)
                yield piece
                begun, full = True, len(piece) == BLOCK and not member.eof
                left = member.unused_data if member.eof else member.unconsumed_tail
    except zlib.error:
        raise Again("damaged gzip") from None
    if begun and not member.eof:
        raise Again("gzip cut off")


def unwritten(cause: OSError) -> MachineError:
    """The error for a disk that does not take what a server sends."""
    return MachineError(
        "CL3041",
        f"an export cannot be written into the landing zone ({type(cause).__name__}).",
        "Check disk and rights, then run the same again: it goes on where it stopped.",
    )
