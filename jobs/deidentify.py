"""Bronze to de-identified silver."""

import sys

from chartline.job import main

if __name__ == "__main__":
    sys.exit(main("deidentify"))
