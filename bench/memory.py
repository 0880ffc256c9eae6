"""Memory of one worker over 100,000 notes, each of them new: every number and every fifth word is changed.

``python -m bench.memory`` writes ``bench/results/memory.json``; takes two to three minutes on one core.
"""

import json
import random
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from bench import RESULTS, sample_data
from bench.notes import commit, labelled, ours

NOTES = 100_000
STEP = 10_000
CORPORA = ("asq-phi", "deidgate", "mts-dialog")
_WORD = re.compile(r"[A-Za-z]{4,}|\d+")


def changed(text: str, rng: random.Random) -> str:
    """A text with new numbers and new words, so that no memory of words or sentences helps."""

    def new(match: re.Match[str]) -> str:
        word = match.group()
        if word.isdigit():
            return "".join(rng.choice("123456789") for _ in word)
        if rng.random() < 0.8:
            return word
        at = rng.randrange(1, len(word))
        return word[:at] + rng.choice("aeiou") + rng.choice("lmnrst") + word[at:]

    return _WORD.sub(new, text)


def drawn(data: Path, rng: random.Random) -> Iterator[str]:
    texts = [text for corpus in CORPORA for text, _ in labelled(data / "notes" / corpus)]
    while True:
        yield changed(rng.choice(texts), rng)


def main() -> int:
    data = sample_data()
    process, rows, measured = psutil.Process(), [], commit()
    with tempfile.TemporaryDirectory() as folder:
        work = ours(Path(folder))
        began = time.process_time()
        for n, text in enumerate(drawn(data, random.Random(1)), 1):
            work(text)
            if n % STEP == 0 or n == 1000:
                rows.append({"notes": n, "mib": round(process.memory_info().rss / 2**20, 1)})
                print(rows[-1], round(time.process_time() - began, 1), flush=True)
            if n == NOTES:
                break
    body = {"commit": measured, "seconds": round(time.process_time() - began, 1), "resident": rows}
    (RESULTS / "memory.json").write_text(json.dumps(body, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
