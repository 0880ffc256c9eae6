"""Silver to gold timelines."""

import sys

from chartline.job import main

if __name__ == "__main__":
    sys.exit(main("timeline"))
