"""A Bulk FHIR server in a thread: the protocol of the IG over real HTTP, with faults that a test can plan."""

from __future__ import annotations

import gzip
import json
import threading
import time
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit

import jwt

TIME = "2026-01-02T03:04:05Z"
NOW = {"Retry-After": "0"}


def ndjson(*resources: Mapping[str, Any]) -> bytes:
    return b"".join(json.dumps(r).encode() + b"\n" for r in resources)


def patients(*ids: str) -> bytes:
    return ndjson(*({"resourceType": "Patient", "id": i} for i in ids))


def deletions(*references: str) -> bytes:
    entries = [{"request": {"method": "DELETE", "url": r}} for r in references]
    return ndjson({"resourceType": "Bundle", "type": "transaction", "entry": entries})


def outcome(code: str, severity: str = "error", text: str = "") -> dict[str, Any]:
    issue = {"severity": severity, "code": code, "diagnostics": text, "details": {"text": text}}
    return {"resourceType": "OperationOutcome", "issue": [issue]}


@dataclass
class Answer:
    """What the server says; ``cut`` bytes of a body are sent and the connection dropped."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    cut: int | None = None
    sized: bool = True


def busy(status: int, **said: Any) -> Answer:
    return Answer(status, NOW, json.dumps(said.get("body", {})).encode())


@dataclass
class Seen:
    method: str
    path: str
    query: dict[str, list[str]]
    headers: Mapping[str, str]
    body: bytes


@dataclass
class FhirServer:
    """One server; ``planned[path]`` holds answers that come before the ordinary one."""

    files: dict[str, bytes] = field(default_factory=dict)
    manifest: dict[str, Any] = field(default_factory=dict)
    pages: dict[str, dict[str, Any]] = field(default_factory=dict)
    documents: dict[str, Answer] = field(default_factory=dict)
    planned: dict[str, deque[Answer]] = field(default_factory=lambda: defaultdict(deque))
    client: str = ""
    public: Any = None
    token_uses: int = 1000
    token_life: int = 300
    needs_token: bool = True
    post_only: bool = False
    gzipped: bool = False
    seen: list[Seen] = field(default_factory=list)
    jobs: list[str] = field(default_factory=list)
    left: dict[str, int] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)

    def __enter__(self) -> FhirServer:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # headers and body are two writes, and the second would wait for an answer

            def log_message(self, *_: object) -> None:
                pass

            def handle_any(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                parts = urlsplit(self.path)
                body = self.rfile.read(length)
                seen = Seen(self.command, unquote(parts.path), parse_qs(parts.query), dict(self.headers), body)
                outer.seen.append(seen)
                self.reply(outer.answer(seen))

            do_GET = do_POST = do_DELETE = handle_any

            def reply(self, answer: Answer) -> None:
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                if answer.sized:
                    self.send_header("Content-Length", str(len(answer.body)))
                else:
                    self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(answer.body[: answer.cut])
                if answer.cut is not None or not answer.sized:
                    self.close_connection = True

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.origin = f"http://127.0.0.1:{self.http.server_port}"
        self.base = f"{self.origin}/fhir"
        self.export = f"{self.base}/Group/g1/$export"
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()
        if not self.manifest:
            self.manifest = self.default_manifest()
        return self

    def __exit__(self, *_: object) -> None:
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()

    def default_manifest(self, **changes: Any) -> dict[str, Any]:
        """Every file in the section that its name begins with, or in output."""
        body: dict[str, Any] = {
            "transactionTime": TIME,
            "request": f"{self.base}/Group/g1/$export",
            "requiresAccessToken": self.public is not None,
            "output": [],
            "deleted": [],
            "error": [],
        }
        for name, data in self.files.items():
            section = name.split(".")[0] if name.split(".")[0] in ("deleted", "error") else "output"
            kind = {"deleted": "Bundle", "error": "OperationOutcome"}.get(section, name.split(".")[0])
            entry = {"type": kind, "url": f"{self.origin}/files/{name}"}
            body[section].append(entry | ({"count": data.count(b"\n")} if section == "output" else {}))
        return body | changes

    def paths(self, method: str = "GET") -> list[str]:
        return [s.path for s in self.seen if s.method == method]

    def asked(self) -> list[Seen]:
        return [s for s in self.seen if s.path.endswith("$export")]

    # --- the protocol ---------------------------------------------------------------------------

    def answer(self, seen: Seen) -> Answer:
        if self.planned[seen.path]:
            return self.planned[seen.path].popleft()
        if seen.path.endswith("/.well-known/smart-configuration"):
            found = {"token_endpoint": f"{self.base}/token"}
            return Answer(body=json.dumps(found).encode()) if self.public else Answer(404)
        if seen.path == "/fhir/token":
            return self.grant(seen)
        if seen.path.startswith("/files/"):
            if self.needs_token and not self.let_in(seen):
                return Answer(401)
            return self.file(seen)
        if not self.let_in(seen):
            return Answer(401, body=json.dumps(outcome("login")).encode())
        if seen.path.endswith("$export"):
            return self.kick_off(seen)
        if seen.path in self.documents:
            return self.documents[seen.path]
        if seen.path in self.pages:
            return Answer(body=json.dumps(self.pages[seen.path]).encode())
        return self.status(seen)

    def let_in(self, seen: Seen) -> bool:
        if self.public is None:
            return True
        token = seen.headers.get("Authorization", "").removeprefix("Bearer ")
        self.left[token] = self.left.get(token, 0) - 1
        return self.left[token] >= 0

    def grant(self, seen: Seen) -> Answer:
        form = dict(parse_qsl(seen.body.decode()))
        claims = jwt.decode(form["client_assertion"], self.public, ["RS384", "ES384"], audience=f"{self.base}/token")
        sound = (
            claims["iss"] == claims["sub"] == self.client
            and claims["exp"] - time.time() <= 300
            and claims["jti"] not in self.used
            and form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
            and form["grant_type"] == "client_credentials"
            and jwt.get_unverified_header(form["client_assertion"])["kid"] == "k1"
        )
        if not sound:
            return Answer(400, body=b'{"error": "invalid_client"}')
        self.used.add(claims["jti"])
        token = f"token-{len(self.used)}-CANARYTOKEN"
        self.left[token] = self.token_uses
        body = {"access_token": token, "token_type": "bearer", "expires_in": self.token_life, "scope": form["scope"]}
        return Answer(body=json.dumps(body).encode())

    def kick_off(self, seen: Seen) -> Answer:
        if self.post_only and seen.method == "GET":
            return Answer(405)
        assert "respond-async" in seen.headers["Prefer"] and seen.headers["Accept"] == "application/fhir+json"
        self.jobs.append(f"/jobs/{len(self.seen)}")
        return Answer(202, {"Content-Location": f"{self.origin}{self.jobs[-1]}"})

    def status(self, seen: Seen) -> Answer:
        if seen.path not in self.jobs:
            return Answer(404, body=json.dumps(outcome("not-found")).encode())
        if seen.method == "DELETE":
            self.jobs.remove(seen.path)
            return Answer(202)
        return Answer(body=json.dumps(self.manifest).encode())

    def file(self, seen: Seen) -> Answer:
        name = seen.path.removeprefix("/files/")
        if name not in self.files:
            return Answer(404)
        data = self.files[name]
        if self.gzipped and "gzip" in seen.headers.get("Accept-Encoding", ""):
            half = len(data) // 2
            return Answer(200, {"Content-Encoding": "gzip"}, gzip.compress(data[:half]) + gzip.compress(data[half:]))
        return Answer(200, {"Content-Type": "application/fhir+ndjson"}, data)

    def plan(self, path: str, answers: Iterable[Answer]) -> None:
        self.planned[path].extend(answers)

    def plan_job(self, *answers: Answer) -> str:
        """Plan what the status of the next export says first; its path."""
        location = {"Content-Location": f"{self.origin}/jobs/planned"}
        self.jobs.append("/jobs/planned")
        self.planned["/fhir/Group/g1/$export"].append(Answer(202, location))
        self.planned["/jobs/planned"].extend(answers)
        return "/jobs/planned"
