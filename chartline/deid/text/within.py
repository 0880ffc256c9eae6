"""A deadline that also ends what does not look at the time: patterns, and the readers of other people's documents."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_AGAIN = 1.0  # seconds after which one that was swallowed is raised again


def _over(*_: object) -> None:
    raise TimeoutError


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Raise TimeoutError in what runs inside once it has used so many seconds of a processor.

    Processor time, so that a busy machine sets no note aside. Only the main thread can be interrupted, and the
    outermost deadline counts: elsewhere nothing happens here.
    """
    counts = signal.getitimer(signal.ITIMER_VIRTUAL)[0] == 0
    if seconds <= 0 or not counts or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGVTALRM, _over)
    try:
        signal.setitimer(signal.ITIMER_VIRTUAL, seconds, _AGAIN)
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
