"""Copy an extract into the restricted zone, each file once under its SHA-256 (needs no session)."""

import sys

from chartline.job import main

if __name__ == "__main__":
    sys.exit(main("land"))
