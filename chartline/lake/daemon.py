"""The process that Spark forks its Python workers from: PySpark's own, with PySpark taken from the environment.

Spark puts archives of PySpark and its core jar, in which no Python lies, in front of the path. Before each task a
worker reads the directory of every archive on its path anew (``importlib.invalidate_caches``), 0.25 s of processor
time, and an archive holds no compiled modules. The environment that has Chartline has PySpark too.
"""

from __future__ import annotations

import os
import re
import sys

_ARCHIVE = re.compile(r".*(?:/pyspark\.zip|/py4j-[^/]*\.zip|\.jar)")

sys.path[:] = [path for path in sys.path if not _ARCHIVE.fullmatch(path)]
for path in [path for path in sys.path_importer_cache if _ARCHIVE.match(path)]:
    del sys.path_importer_cache[path]

from pyspark import daemon  # noqa: E402

from chartline.lake import scratch  # noqa: E402


def _hush() -> None:
    """Let nobody hear what a library prints, logs or warns of in a worker: it may hold a value of the data."""
    silence = os.open(os.devnull, os.O_WRONLY)
    for standard in (1, 2):
        os.dup2(silence, standard)
    os.close(silence)


if __name__ == "__main__":
    scratch.no_core()
    os.register_at_fork(after_in_child=_hush)
    daemon.manager()
