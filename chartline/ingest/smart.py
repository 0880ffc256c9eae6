"""SMART Backend Services: who this client is, signed with a key that only it has.

Source: HL7 SMART App Launch, Backend Services and Client Authentication: Asymmetric. The client signs a short
assertion with RS384 or ES384 and gets a short-lived access token for it. The private key comes from a file by
reference; neither it nor a token is in any repr, error or log.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.exceptions import PyJWTError

from chartline import keys
from chartline.errors import UsageError
from chartline.settings import Settings

_SIGNED: dict[tuple[Any, Any], str] = {("RSA", None): "RS384", ("EC", "P-384"): "ES384"}
_ASSERTED_FOR = 240  # seconds; the specification allows five minutes at most, and clocks differ
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass(frozen=True)
class Credentials:
    """What a client proves itself with: its id at the server, the scope it asks for, its private key."""

    client: str
    scope: str
    algorithm: str
    key_id: str | None
    key: Any = field(repr=False)

    def form(self, endpoint: str) -> dict[str, str]:
        """The form that asks a token endpoint for an access token."""
        now = int(time.time())
        facts = {"iss": self.client, "sub": self.client, "aud": endpoint, "iat": now, "exp": now + _ASSERTED_FOR}
        headers = {"kid": self.key_id} if self.key_id else {}
        signed = jwt.encode(facts | {"jti": secrets.token_hex(16)}, self.key, self.algorithm, headers)
        return {
            "grant_type": "client_credentials",
            "scope": self.scope,
            "client_assertion_type": _ASSERTION,
            "client_assertion": signed,
        }


def create(path: Path) -> dict[str, Any]:
    """Draw a client's key, for ES384, into a new file of mode 0600; its public half as a JWK set, to be registered.

    Raises:
        UsageError: CL2020 the file is there already, CL2021 it cannot be written.
    """
    algorithm, private = jwt.get_algorithm_by_name("ES384"), ec.generate_private_key(ec.SECP384R1())
    named = {"kid": secrets.token_hex(8), "alg": "ES384", "use": "sig"}
    keys.write_new(path, {**algorithm.to_jwk(private, as_dict=True), **named})
    return {"keys": [{**algorithm.to_jwk(private.public_key(), as_dict=True), **named}]}


def credentials(settings: Settings) -> Credentials | None:
    """The credentials that the settings name; None when they name none, for a server that wants none.

    Raises:
        UsageError: CL2143 one of client and key is missing, CL2144 the key file cannot be read, CL2145 other
            users may read it, CL2146 it holds no private key for RS384 or ES384.
    """
    if not settings.bulk_client and settings.bulk_key is None:
        return None
    if not settings.bulk_client or settings.bulk_key is None:
        raise UsageError(
            "CL2143",
            "a Bulk FHIR server needs both a client id and its key.",
            "Set CHARTLINE_BULK_CLIENT and CHARTLINE_BULK_KEY, or neither for a server that wants none.",
        )
    try:
        mode = settings.bulk_key.stat().st_mode
        body = json.loads(settings.bulk_key.read_text(encoding="utf-8"))
    except OSError:
        raise UsageError(
            "CL2144", f"key file {settings.bulk_key} cannot be read.", "Make one with 'chartline key client FILE'."
        ) from None
    except ValueError:
        raise _no_key(settings.bulk_key) from None
    if mode & 0o077:
        raise UsageError(
            "CL2145",
            f"key file {settings.bulk_key} can be read by other users.",
            f"Run: chmod 600 {settings.bulk_key}",
        )
    for found in _keys(body):
        told = (found.get("kty"), found.get("crv"))
        algorithm = next((name for kind, name in _SIGNED.items() if kind == told), None)
        if algorithm is None or "d" not in found:
            continue
        try:
            key = jwt.PyJWK(dict(found), algorithm).key
        except (PyJWTError, ValueError):  # its text holds the key
            raise _no_key(settings.bulk_key) from None
        key_id = found.get("kid")
        return Credentials(
            settings.bulk_client,
            settings.bulk_scope,
            algorithm,
            key_id if isinstance(key_id, str) else None,
            key,
        )
    raise _no_key(settings.bulk_key)


def _no_key(path: Path) -> UsageError:
    return UsageError(
        "CL2146",
        f"{path} holds no private JWK for RS384 or ES384.",
        "Make one with 'chartline key client FILE', or write it as a JWK: RSA, or EC with curve P-384.",
    )


def _keys(body: Any) -> Iterator[Mapping[str, Any]]:
    found = body.get("keys", [body]) if isinstance(body, dict) else []
    return (key for key in found if isinstance(key, dict)) if isinstance(found, list) else iter(())
