"""What a table's older versions hold: Delta keeps it, whatever the newest version shows, until it is destroyed."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import orjson
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError


def destroy(at: Path, versions: Collection[int]) -> None:
    """Delete the data files of a table that only other versions than these have."""
    kept = {at / path for v in versions for path in paths(at, v)}
    for file in at.rglob("*.parquet"):
        if file not in kept and "_delta_log" not in file.relative_to(at).parts:
            file.unlink()
            file.with_name(f".{file.name}.crc").unlink(missing_ok=True)
    _forget_statistics(at, {path.relative_to(at).as_posix() for path in kept})


def _forget_statistics(at: Path, kept: Collection[str]) -> None:
    """Take the smallest and largest values of destroyed files out of a table's log, where they would outlive the files.

    Statistics are optional (Delta protocol, "Per-file Statistics"), and so are the checksum and checkpoint files of
    older versions as long as all commits are there.
    """
    log = at / "_delta_log"
    DeltaTable(at).create_checkpoint()
    newest = DeltaTable(at).version()
    whole = (log / f"{0:020}.json").is_file()
    for file in log.glob("[0-9]*"):
        older = int(file.name[:20]) < newest
        if file.suffix == ".crc" or (older and whole and ".checkpoint" in file.name):
            file.unlink()
            file.with_name(f".{file.name}.crc").unlink(missing_ok=True)
        elif file.suffix == ".json":
            _without_statistics(file, kept)


def _without_statistics(commit: Path, kept: Collection[str]) -> None:
    actions = [orjson.loads(line) for line in commit.read_bytes().splitlines() if line.strip()]
    found = [a for told in actions for n in ("add", "remove") if (a := told.get(n)) and a["path"] not in kept]
    telling = [action for action in found if "stats" in action]
    for action in telling:
        del action["stats"]
    if telling:
        part = commit.with_name(f".{commit.name}.part")
        part.write_bytes(b"".join(orjson.dumps(told) + b"\n" for told in actions))
        part.replace(commit)
        commit.with_name(f".{commit.name}.crc").unlink(missing_ok=True)


def paths(at: Path, version: int) -> list[str]:
    """The data files of a version, below the table's folder; none where its log no longer tells."""
    try:
        return [
            str(p) for p in DeltaTable(at, version=version).get_add_actions(flatten=True).column("path").to_pylist()
        ]
    except DeltaError:
        return []
