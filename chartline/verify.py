"""Recompute what the evidence rests on: landed files, chains, equations, reports, table versions, releases."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from chartline.erase import takeback
from chartline.lake import chain, gone, ledger, tables
from chartline.lake.landing import blob
from chartline.lake.spark import translated
from chartline.release import candidates, card, withdraw
from chartline.settings import STAGES, Settings
from chartline.stage import StageResult


@dataclass(frozen=True)
class Check:
    """One thing recomputed: its name, whether it holds, and where it breaks."""

    name: str
    ok: bool
    detail: str = ""


def verify(settings: Settings) -> list[Check]:
    """Every check, in order; the first that is not ok is the first that breaks.

    Raises:
        DataError: CL1150 there is no lake to verify.
    """
    ledger.require(settings)
    parts = {
        "logs": _logs,
        "landing": _landed,
        "chains": _chains,
        "equations": _equations,
        "versions": _versions,
        "assessment": _assessed,
        "decisions": _decisions,
        "releases": _releases,
        "withdrawals": _withdrawals,
        "takebacks": _takebacks,
        "erasures": _erasures,
    }
    return [check for name, part in parts.items() for check in _gone_through(name, part(settings))]


def _gone_through(name: str, checks: Iterator[Check]) -> Iterator[Check]:
    """The checks of a part; what ends it before its end is a check that does not hold."""
    try:
        yield from checks
    except Exception as cause:
        yield Check(name, False, translated(cause).message)


def _logs(settings: Settings) -> Iterator[Check]:
    """Each table's log has a commit a version: an empty one, as a power cut may leave it, takes rows back unseen."""
    for name in (n for n in tables.names() if tables.exists(settings, n)):
        commits = sorted((tables.path(settings, name) / "_delta_log").glob("[0-9]*.json"))
        numbers = [int(commit.stem) for commit in commits if commit.stem.isdigit() and commit.stat().st_size]
        # Delta forgets commits that are old and in a checkpoint.
        first = numbers[0] if numbers and any(commits[0].parent.glob("*.checkpoint*")) else 0
        whole = bool(numbers) and numbers == list(range(first, int(commits[-1].stem) + 1))
        yield Check(f"log of {name}", whole, "" if whole else "a commit is gone or empty")


def _landed(settings: Settings) -> Iterator[Check]:
    """Each landed file has the content it came with; of files that an erasure has gone through nobody can tell."""
    gone_through = tables.read(settings, gone.LOG, columns=["taken_at"])["taken_at"].to_pylist()
    back = gone.taken_back(settings)
    held = [
        row["digest"]
        for row in tables.read(settings, "landing.files", columns=["digest", "landed_at"]).to_pylist()
        if row["digest"] not in back and all(row["landed_at"] > at for at in gone_through)
    ]
    other = sum(not _is_as_landed(blob(settings, digest), digest) for digest in held)
    yield Check("landed files", not other, f"{other} of {len(held)} are gone or changed" if other else "")


def _is_as_landed(path: Path, digest: str) -> bool:
    try:
        with path.open("rb") as held:
            return hashlib.file_digest(held, "sha256").hexdigest() == digest
    except OSError:
        return False


def _chains(settings: Settings) -> Iterator[Check]:
    logs = ("audit.runs", "audit.gates", "audit.decisions", "audit.reidentifications", gone.LOG)
    for name in (*logs, gone.TAKEBACKS, gone.WITHDRAWALS):
        yield from _gone_through(f"chain {name}", _chain(settings, name))


def _chain(settings: Settings, name: str) -> Iterator[Check]:
    at = chain.first_break(settings, name)
    yield Check(f"chain {name}", at is None, "" if at is None else f"breaks at row {at}")


def _equations(settings: Settings) -> Iterator[Check]:
    for stage in STAGES:
        for result in ledger.finished(settings, stage):
            lost = result.counts.lost
            yield Check(f"equation {stage} {result.run_id}", lost == 0, "" if lost == 0 else f"{lost} records")


def _versions(settings: Settings) -> Iterator[Check]:
    """The versions of each stage's last run, and those that the releases are made of and from.

    What was destroyed because it was taken out is not looked for.
    """
    results = {stage: ledger.latest(settings, stage) for stage in STAGES}
    told = {pair for result in results.values() if result for pair in result.tables.items()}
    without = gone.floors(settings)
    pinned = {(name, version) for name, version in told if version >= without.get(name, 0)}
    wanted: dict[tuple[str, int], str] = {}
    assessed = results["assess"]
    if assessed and candidates.is_as_entered(settings, assessed):
        body = candidates.report(settings, assessed.extra["candidate"])
        wanted |= {(name, body["tables"][name]): digest for name, digest in body.get("digests", {}).items()}
    for row in candidates.releases(settings):
        made = dict(row["tables"] or {})
        pinned |= {*made.items(), *dict(row["source_tables"] or {}).items()}
        wanted |= {(name, made[name]): digest for name, digest in dict(row["digests"] or {}).items()}
    for name, version in sorted(pinned):
        if (name, version) in wanted:
            now = tables.digest(settings, name, version)
            changed = "" if now == wanted[name, version] else "a data file is gone" if now is None else "changed"
            yield Check(f"table {name} version {version}", not changed, changed)
        else:
            yield Check(f"table {name} version {version}", _readable(settings, name, version))


def _readable(settings: Settings, name: str, version: int) -> bool:
    """Whether the version is on record and all its files are there, as long as they were."""
    try:
        files = DeltaTable(tables.path(settings, name), version=version).get_add_actions(flatten=True)
        sizes = zip(files.column("path").to_pylist(), files.column("size_bytes").to_pylist(), strict=True)
        return all((tables.path(settings, name) / path).stat().st_size == size for path, size in sizes)
    except (DeltaError, OSError):
        return False


def _assessed(settings: Settings) -> Iterator[Check]:
    last = ledger.latest(settings, "assess")
    if last:
        name = f"report of the last assessment, {last.extra['candidate']}"
        yield Check(name, candidates.is_as_entered(settings, last))


def _decisions(settings: Settings) -> Iterator[Check]:
    rows = tables.read(settings, "audit.decisions").sort_by("seq").to_pylist()
    latest = {row["candidate"]: row for row in rows}  # an earlier one may be on a report that was made anew
    for row in latest.values():
        path = candidates.folder(settings) / row["candidate"] / "report.json"
        now = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None
        told = "" if now == row["report_hash"] else "the report is gone" if now is None else "the report was changed"
        yield Check(f"report of {row['candidate']}", not told, told)


def _releases(settings: Settings) -> Iterator[Check]:
    withdrawn = candidates.withdrawn(settings)
    for row in tables.read(settings, "curated.releases").to_pylist():
        folder = settings.zone("curated") / "releases" / row["release_id"]
        listed = {f["path"]: f["sha256"] for f in row["files"] or ()}
        there = {f["path"]: f["sha256"] for f in card.file_facts(folder)}
        if row["release_id"] in withdrawn:
            listed = {path: sha256 for path, sha256 in listed.items() if path in withdraw.EVIDENCE}
        changed = sorted(path for path, _ in listed.items() ^ there.items())
        yield Check(f"files of release {row['release_id']}", not changed, changed[0] if changed else "")
        found = candidates.decision(settings, row["release_id"])
        approved = found is not None and found["decision_id"] == row["decision_id"] and found["decision"] == "approved"
        yield Check(f"approval of release {row['release_id']}", approved)
        kept = next((r.extra for r in ledger.finished(settings, "publish") if _is_of(r, row["release_id"])), {})
        now = candidates.record_hash(settings, row["release_id"])
        yield Check(f"record of release {row['release_id']}", kept.get("record_hash") == now)
    yield from _unlisted(settings)


def _is_of(result: StageResult, release: str) -> bool:
    return bool(result.extra.get("release_id") == release)


def _unlisted(settings: Settings) -> Iterator[Check]:
    """No folder lies among the releases that no release is; a hidden one is of a run that died, ``_`` of the table."""
    there = {p.name for p in (settings.zone("curated") / "releases").glob("[!._]*") if p.is_dir()}
    unknown = len(there - candidates.published(settings))
    yield Check("nothing unlisted among the releases", not unknown, f"{unknown} unlisted" if unknown else "")


def _withdrawals(settings: Settings) -> Iterator[Check]:
    """Each withdrawal came to its end, and nothing of the release is back."""
    withdrawn = candidates.withdrawn(settings)
    for row in tables.read(settings, "curated.releases").to_pylist():
        if row["release_id"] in withdrawn:
            left = withdraw.left(settings, row)
            detail = "not done: order it again" if withdraw.unfinished(settings, row["release_id"]) else ""
            detail = detail or (f"{left} files or tables hold it" if left else "")
            yield Check(f"withdrawal of release {row['release_id']}", not detail, detail)


def _takebacks(settings: Settings) -> Iterator[Check]:
    """Each taking back came to its end, and nothing of its files is back."""
    rows = tables.read(settings, gone.TAKEBACKS).sort_by("seq").to_pylist()
    done = {row["takeback_id"] for row in rows if row["step"] == "done"}
    for row in (row for row in rows if row["step"] == "begun"):
        left = sum(takeback.left(settings, row["files"]).values())
        detail = "" if row["takeback_id"] in done else "not done: order it again by this id"
        detail = detail or (f"{left} places hold it" if left else "")
        yield Check(f"delivery taken back by {row['takeback_id']}", not detail, detail)


def _erasures(settings: Settings) -> Iterator[Check]:
    """Each erasure came to its end, and its search found nothing."""
    last = {row["erasure_id"]: row for row in tables.read(settings, gone.LOG).sort_by("seq").to_pylist()}
    for erasure, row in last.items():
        left = sum(n for _, n in row["left"] or ())
        detail = "not done: order it again" if row["left"] is None else f"{left} left" if left else ""
        yield Check(f"erasure {erasure}", not detail, detail)
