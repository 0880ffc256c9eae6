"""Landed files to bronze resources, or to quarantine with a reason."""

import sys

from chartline.job import main

if __name__ == "__main__":
    sys.exit(main("parse"))
