"""Run every benchmark: quality and speed on notes beside stock Presidio, speed on FHIR beside orjson, timelines by size.

Needs the third-party sample data (``CHARTLINE_DATA``, else ``../shared/data``); without it says so and ends with 0.
"""

import os
import sys
import tempfile
from pathlib import Path

from bench import fhir, notes, timeline

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "bench" / "results"


def main() -> int:
    data = Path(os.environ.get("CHARTLINE_DATA", ROOT.parent / "shared" / "data"))
    if not data.is_dir():
        print("third-party sample data is not here (set CHARTLINE_DATA); nothing was measured", file=sys.stderr)
        return 0
    RESULTS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        notes.run(data / "notes", RESULTS, Path(folder))
        fhir.run(data / "fhir", RESULTS, Path(folder))
        timeline.run(data / "fhir", RESULTS, Path(folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
