"""Sweep, risk and report of gold: a release candidate."""

import sys

from chartline.job import main

if __name__ == "__main__":
    sys.exit(main("assess"))
