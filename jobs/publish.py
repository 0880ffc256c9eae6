"""Publish an approved candidate; refuses when no decision on this very report is on record."""

import sys

from chartline.job import main

if __name__ == "__main__":
    sys.exit(main("publish"))
