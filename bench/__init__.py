"""Speed and quality beside peers: ``python -m bench`` writes tables and plots into ``bench/results``.

All of it needs the third-party sample data: the folder named by ``CHARTLINE_DATA``, else ``../shared/data``.
"""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "bench" / "results"


def sample_data() -> Path:
    """The folder of the sample data; without it the command says so and ends well, for nothing went wrong."""
    folder = Path(os.environ.get("CHARTLINE_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        print("third-party sample data is not here (set CHARTLINE_DATA); nothing was measured")
        raise SystemExit(0)
    return folder
