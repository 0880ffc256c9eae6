"""Run every benchmark: quality and speed on notes beside stock Presidio, speed on FHIR beside orjson, timelines by size.

Needs the third-party sample data (``CHARTLINE_DATA``, else ``../shared/data``); without it says so and ends with 0.
"""

import sys
import tempfile
from pathlib import Path

from bench import RESULTS, fhir, notes, sample_data, timeline


def main() -> int:
    data = sample_data()
    RESULTS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        notes.run(data / "notes", RESULTS, Path(folder))
        fhir.run(data / "fhir", RESULTS, Path(folder))
        timeline.run(data / "fhir", RESULTS, Path(folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
