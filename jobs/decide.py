"""Write down what the privacy officer answered in Airflow (needs no session)."""

import sys

from chartline.job import main

if __name__ == "__main__":
    sys.exit(main("decide"))
