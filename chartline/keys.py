"""Project keys: made once, kept in a file by reference, loaded in the worker, never logged or passed by value."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from chartline.errors import UsageError

_MIN_BYTES = 32  # 256 bits: the output size of HMAC-SHA-256 (NIST SP 800-107 section 5.3.4)
_MIN_DISTINCT = 12  # a random 32-byte string has fewer distinct bytes with probability below 1e-20


@dataclass(frozen=True)
class Key:
    """A project key: a public id and a secret that stays out of every repr, log and pickle preview."""

    id: str
    secret: bytes = field(repr=False)

    def derive(self, purpose: str, project: str) -> bytes:
        """32 bytes for one purpose of one project, by HKDF-SHA-256 (RFC 5869).

        Args:
            purpose: ``pseudonym``, ``date-shift``, ``surrogate`` or ``quarantine``.
        """
        info = f"chartline/{project}/{purpose}".encode()
        return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=info).derive(self.secret)


def _id(secret: bytes) -> str:
    """What a secret is called: the ledger tells keys apart by it, and the secret cannot be had from it."""
    return hashlib.sha256(b"chartline key id" + secret).hexdigest()[:12]


def create(path: Path) -> Key:
    """Draw a new key and write it to a new file of mode 0600.

    Raises:
        UsageError: CL2020 the file is there already, CL2021 it cannot be written.
    """
    secret = secrets.token_bytes(_MIN_BYTES)
    key = Key(id=_id(secret), secret=secret)
    write_new(
        path, {"id": key.id, "secret": base64.b64encode(secret).decode(), "created": datetime.now(UTC).isoformat()}
    )
    return key


def write_new(path: Path, body: Mapping[str, Any]) -> None:
    """Write a secret to a new file of mode 0600.

    Raises:
        UsageError: CL2020 the file is there already; a key is never overwritten. CL2021 it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise UsageError(
            "CL2020", f"key file {path} exists.", "Choose another name; keys are not overwritten."
        ) from None
    except OSError:
        raise UsageError("CL2021", f"key file {path} cannot be written.", "Choose a folder you may write to.") from None
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(body, file)


def load(path: Path | None) -> Key:
    """Read a key file.

    Raises:
        UsageError: CL2022 no key was given, CL2023 the file is missing or unreadable, CL2024 it is not a
            key file, CL2025 the secret is short or has too little variety to be random, CL2026 other
            users may read it, CL2029 the secret is not the one that the id names.
    """
    if path is None:
        raise UsageError("CL2022", "no key was given.", "Make one with 'chartline key new FILE' and pass --key FILE.")
    try:
        mode = path.stat().st_mode
        body = json.loads(path.read_text(encoding="utf-8"))
        secret = base64.b64decode(body["secret"], validate=True)
        key_id = str(body["id"])
    except OSError:
        raise UsageError(
            "CL2023",
            f"key file {path} cannot be read.",
            "Check the path; a new one is made by 'chartline key new FILE'.",
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error):
        raise UsageError("CL2024", f"{path} is not a key file.", "Make one with 'chartline key new FILE'.") from None
    if len(secret) < _MIN_BYTES or len(set(secret)) < _MIN_DISTINCT:
        raise UsageError(
            "CL2025", f"the key in {path} is too short or not random.", "Make one with 'chartline key new FILE'."
        )
    if key_id != _id(secret):
        raise UsageError(
            "CL2029", f"the secret in {path} is not the one that its id names.", "Bring back the file as it was made."
        )
    if mode & 0o077:
        raise UsageError("CL2026", f"key file {path} can be read by other users.", f"Run: chmod 600 {path}")
    return Key(key_id, secret)
