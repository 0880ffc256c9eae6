"""Numbered, typed errors that carry ids, counts and offsets, never a value from the data.

The number is stable and is looked up in ``docs/errors.md``; the class fixes the exit code of
the command line: 1 the data or a gate said no, 2 the call was wrong, 3 the machine failed.
"""

from __future__ import annotations


class ChartlineError(Exception):
    """Base of every error that Chartline raises on purpose.

    Args:
        number: stable number, unique to one cause, for example ``"CL2003"``.
        message: what happened, in ids, counts and offsets only.
        fix: what the reader should do next, one sentence.
    """

    exit_code = 3

    def __init__(self, number: str, message: str, fix: str = "") -> None:
        super().__init__(f"{number}: {message}" + (f" {fix}" if fix else ""))
        self.number = number
        self.message = message
        self.fix = fix

    def __reduce__(self) -> tuple[type[ChartlineError], tuple[str, str, str]]:
        return (type(self), (self.number, self.message, self.fix))


class DataError(ChartlineError):
    """The data said no: nothing usable in the source, a broken chain, an unmet equation."""

    exit_code = 1


class GateFailed(ChartlineError):
    """A quality gate failed, erred or was vacuous where it may not be."""

    exit_code = 1


class UsageError(ChartlineError):
    """The call was wrong: a missing file, a policy with a mistake, an unknown name."""

    exit_code = 2


class MachineError(ChartlineError):
    """The machine failed: no Java, no disk, an unreadable folder, a lost worker. Worth a retry."""

    exit_code = 3
