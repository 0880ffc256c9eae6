"""Run every benchmark: notes beside stock Presidio, FHIR beside orjson, timelines by size, known values in FHIR.

Needs the third-party sample data (``CHARTLINE_DATA``, else ``../shared/data``); without it says so and ends with 0.
"""

import sys
import tempfile
from pathlib import Path

from bench import RESULTS, fhir, known_in_fhir, notes, sample_data, timeline


def main() -> int:
    data = sample_data()
    RESULTS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        notes.run(data / "notes", RESULTS, Path(folder))
        fhir.run(data / "fhir", RESULTS, Path(folder))
        timeline.run(data / "fhir", RESULTS, Path(folder))
    return known_in_fhir.main()


if __name__ == "__main__":
    sys.exit(main())
