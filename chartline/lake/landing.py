"""Where what is delivered lies, and what a server exports while it is fetched: the landing zone."""

from __future__ import annotations

from pathlib import Path

from chartline.settings import Settings


def folder(settings: Settings) -> Path:
    """The landing zone: ``restricted/landing``."""
    return settings.zone("restricted") / "landing"


def blob(settings: Settings, digest: str) -> Path:
    """Where the file with this SHA-256 lies: ``restricted/landing/blobs/<first two>/<digest>``."""
    return folder(settings) / "blobs" / digest[:2] / digest
