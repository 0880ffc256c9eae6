"""A release is taken back: its data go, and what was approved and decided stays.

There is one way out of the curated zone, whether an officer orders it or a person whom the release held leaves
(``chartline.erase``). Afterwards ``curated.*`` shows nothing, not the release before: nobody decided that again.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds

from chartline.audit.said import require_nobody
from chartline.errors import UsageError
from chartline.lake import chain, gone, history, tables
from chartline.release import candidates
from chartline.settings import Settings

EVIDENCE = frozenset({"report.json", "report.html", "decision.json"})
"""What stays of a release that is withdrawn: what was approved and decided, in counts only."""
CURATED = tuple(f"curated.{name}" for name in candidates.NAMES)
"""The tables that show a release."""


def withdraw(settings: Settings, release: str, *, by: str, reason: str) -> dict[str, Any]:
    """Take a release back for good; one whose withdrawal died is finished, one that is withdrawn changes nothing.

    Args:
        settings: the project's settings.
        release: id of the release.
        by: who orders it.
        reason: why.

    Returns:
        ``release``, ``recipient`` (as the terms of the release name it, or None), ``tables`` (those that
        show no release, with their version), ``unchanged``.

    Raises:
        UsageError: CL2150 no name or no reason, CL2151 there is no such release, CL2104 the reason tells a person.
    """
    if not by.strip() or not reason.strip():
        raise UsageError("CL2150", "a withdrawal needs a name and a reason.", "Pass --by NAME and --reason TEXT.")
    if release not in candidates.published(settings):
        raise UsageError(
            "CL2151",
            "there is no such release.",
            "List them with 'chartline release list --lake DIR'; what is not published is rejected.",
        )
    require_nobody(settings, by=by, reason=reason)
    begun = release in candidates.withdrawn(settings)
    unchanged = begun and not unfinished(settings, release)
    if not begun:
        _log(settings, release, "begun", who=by.strip(), reason=reason.strip())
    hide(settings)
    versions = {name: version for name in CURATED if (version := tables.version(settings, name)) is not None}
    destroy(settings, {**versions, **_held_back(settings, release)})
    emptied = {} if any(tables.holds(settings, name, _is_out(settings)) for name in versions) else versions
    if unfinished(settings, release):
        _log(settings, release, "done", tables=emptied)
    terms = candidates.report(settings, release).get("terms") or {}
    return {"release": release, "recipient": terms.get("recipient"), "tables": emptied, "unchanged": unchanged}


def _log(settings: Settings, release: str, step: str, **told: Any) -> None:
    row = {"release_id": release, "step": step, **told, "taken_at": datetime.now(UTC)}
    chain.append(settings, gone.WITHDRAWALS, [row])


def unfinished(settings: Settings, release: str) -> bool:
    """Whether the release's withdrawal was ordered for itself and did not come to its end."""
    rows = tables.read(settings, gone.WITHDRAWALS, columns=["release_id", "step"]).to_pylist()
    return {row["step"] for row in rows if row["release_id"] == release} == {"begun"}


def hide(settings: Settings) -> None:
    """The curated zone shows no release that is withdrawn, and none that a publishing which died did not finish."""
    for name in CURATED:
        if tables.holds(settings, name, ~_is_out(settings)):
            tables.overwrite(settings, name, [])
    published, withdrawn = candidates.published(settings), candidates.withdrawn(settings)
    for folder in (settings.zone("curated") / "releases").glob("[!._]*"):
        if folder.is_dir() and folder.name not in published:
            shutil.rmtree(folder)
        elif folder.name in withdrawn:
            _empty(folder)


def _is_out(settings: Settings) -> ds.Expression:
    """The rows, in a curated table, of a release that is out."""
    return tables.among("release_id", [release["release_id"] for release in candidates.releases(settings)])


def _empty(folder: Path) -> None:
    for child in folder.iterdir():
        if child.is_dir():
            shutil.rmtree(child)
        elif child.name not in EVIDENCE:
            child.unlink()


def drop_pages(settings: Settings) -> int:
    """Delete pages of the restricted zone that a person reads: samples of notes, and who subjects are; how many.

    The samples of releases that are out stay.
    """
    out = {r["release_id"] for r in candidates.releases(settings)}
    pages = [p for p in (settings.zone("restricted") / "review").glob("*") if p.name not in out]
    pages += (settings.zone("restricted") / "reidentified").glob("*")
    for page in pages:
        shutil.rmtree(page) if page.is_dir() else page.unlink()
    return len(pages)


def thinned(settings: Settings) -> dict[str, int]:
    """The tables whose older versions may be destroyed, with the newest version of each.

    The audit zone and the list of releases hold nobody's rows.
    """
    data = (n for n in tables.names() if tables.schema(n).zone != "audit" and n != "curated.releases")
    return {name: version for name in data if (version := tables.version(settings, name)) is not None}


def _held_back(settings: Settings, release: str) -> dict[str, int]:
    """The tables of which what was taken out since is kept for this release, and from which version it is out."""
    row = next(r for r in tables.read(settings, "curated.releases").to_pylist() if r["release_id"] == release)
    without = gone.floors(settings)
    return {n: without[n] for n, version in dict(row["source_tables"] or ()).items() if version < without.get(n, 0)}


def destroy(settings: Settings, since: Mapping[str, int]) -> None:
    """Destroy what older versions of tables hold, but for those that releases which are out are made of or from.

    Args:
        settings: the project's settings.
        since: the first version of each table that stays.
    """
    releases = candidates.releases(settings)
    for name, first in since.items():
        newest = tables.version(settings, name) or 0
        pinned = (version for release in releases for version in _pinned(release, name))
        history.destroy(tables.path(settings, name), {*range(first, newest + 1), *pinned})


def _pinned(release: Mapping[str, Any], name: str) -> list[int]:
    """The versions of a table that a release is made of or from."""
    told = (dict(release["tables"] or ()), dict(release["source_tables"] or ()))
    return [versions[name] for versions in told if name in versions]


def left(settings: Settings, release: Mapping[str, Any]) -> int:
    """How much of a withdrawn release is in the curated tables: data files of its versions, and tables that show it.

    Args:
        settings: the project's settings.
        release: its row of ``curated.releases``.
    """
    found = 0
    for name, version in dict(release["tables"] or ()).items():
        if name in CURATED:
            at, own = tables.path(settings, name), ds.field("release_id") == release["release_id"]
            found += sum((at / path).exists() for path in history.paths(at, version))
            found += tables.holds(settings, name, own)
    return found
