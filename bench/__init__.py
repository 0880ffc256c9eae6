"""Speed and quality beside peers: ``python -m bench`` writes tables and plots into ``bench/results``.

All of it needs the third-party sample data: the folder named by ``CHARTLINE_DATA``, else ``../shared/data``.
"""

import os
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from chartline import keys

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "bench" / "results"


def sample_data() -> Path:
    """The folder of the sample data; without it the command says so and ends well, for nothing went wrong."""
    folder = Path(os.environ.get("CHARTLINE_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        print("third-party sample data is not here (set CHARTLINE_DATA); nothing was measured")
        raise SystemExit(0)
    return folder


def asked_for(name: str, words: Sequence[str]) -> bool:
    """Whether the caller's words choose a part of a benchmark; no word chooses all."""
    return not words or any(word in name for word in words)


@contextmanager
def workshop() -> Iterator[tuple[Path, Path]]:
    """A folder that is gone afterwards, and the file of a key in it."""
    with tempfile.TemporaryDirectory() as folder:
        key = Path(folder) / "bench.key"
        keys.create(key)
        yield Path(folder), key


def unpack(archive: Path, to: Path) -> None:
    """Write the files of an archive below a folder; Python before 3.11.4 has no filter that would do."""
    with tarfile.open(archive) as tar:
        for member in tar:
            handle = tar.extractfile(member) if member.isfile() else None
            if handle is not None:
                path = to / member.name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(handle.read())
