"""Progress for people, on standard error: what a long command is doing, nothing that the data says."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

_started = time.monotonic()
_EVERY = 30  # seconds
_Thing = TypeVar("_Thing")


def say(message: str) -> None:
    """One line with the seconds since the start; pass counts, stages and versions only."""
    elapsed = time.monotonic() - _started
    stamp = f"[{elapsed:6.1f}s]"
    if sys.stderr.isatty():
        stamp = f"\x1b[2m{stamp}\x1b[0m"
    print(f"{stamp} {message}", file=sys.stderr, flush=True)  # noqa: T201


@contextmanager
def step(name: str) -> Iterator[None]:
    """Say that a step began, and how long it took when it ended well."""
    began = time.monotonic()
    say(f"{name} ...")
    yield
    say(f"{name} done in {time.monotonic() - began:.1f} s")


@contextmanager
def beat(found: Callable[[], str]) -> Iterator[None]:
    """Say twice a minute what a long wait is at, when there is something to say."""
    ended = threading.Event()

    def tell() -> None:
        while not ended.wait(_EVERY):
            with suppress(Exception):  # what only tells of the work must not end it
                if message := found():
                    say(message)

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        ended.set()
        teller.join()


def through(things: Iterable[_Thing], count: int, what: str) -> Iterator[_Thing]:
    """The things one after another, saying twice a minute how many of them are done."""
    said = time.monotonic()
    for done, thing in enumerate(things):
        if time.monotonic() - said > _EVERY:
            said = time.monotonic()
            say(f"{done:,} of {count:,} {what}")
        yield thing
