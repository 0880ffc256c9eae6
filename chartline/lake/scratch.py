"""Where stages and Spark work, and what a killed one leaves: it tells persons, and nobody would look for them there.

A stage has a folder of its name and run. Spark has one of this process, locked as long as the process lives: what a
killed process left is told from what another works with, whichever host or container that one is in.
"""

from __future__ import annotations

import fcntl
import os
import resource
import shutil
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path

from chartline.settings import STAGES, Settings

_OURS = "session-"
_LOCK = ".lock"
_LEFT = {
    "restricted": (*(f"scratch/{stage}-*" for stage in STAGES), "landing/.arriving-*", "landing/blobs/*/.arriving-*"),
    "deidentified": (".scratch",),
    "audit": ("candidates/.*.part",),
    "curated": ("releases/.*.part",),
}
"""What stages write under names of its own before it takes its place."""


def root(settings: Settings) -> Path:
    """The folder that all of it lies in."""
    return (settings.zone("restricted") / "scratch").resolve()


@cache
def of_process(root: Path) -> Path:
    """A folder that is this process's until it ends, however it ends."""
    root.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".", dir=root))
    # Never closed: the lock goes with the process. Only what is locked takes a name by which it is cleared.
    fcntl.flock(os.open(folder / _LOCK, os.O_WRONLY | os.O_CREAT, 0o600), fcntl.LOCK_EX)
    return folder.rename(root / f"{_OURS}{folder.name[1:]}")


def contents(folder: Path) -> tuple[Path, Path]:
    """What is left of such a folder when all in it is gone, in the order in which it was made."""
    return folder, folder / _LOCK


def clear(settings: Settings) -> None:
    """Remove what killed runs left half done; whoever calls holds the lake."""
    for zone, names in _LEFT.items():
        for left in (found for name in names for found in settings.zone(zone).glob(name)):
            shutil.rmtree(left, ignore_errors=True) if left.is_dir() else left.unlink(missing_ok=True)
    for left in root(settings).glob(f"{_OURS}*"):
        if _is_nobodys(left):
            shutil.rmtree(left, ignore_errors=True)


def _is_nobodys(folder: Path) -> bool:
    with suppress(OSError), (folder / _LOCK).open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def no_core() -> None:
    """A crash of this process, or of one that it starts, leaves no image of its memory where nobody looks for it."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
