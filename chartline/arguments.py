"""A parser of arguments that does not repeat what it was given: it may be a patient's name or number."""

from __future__ import annotations

import argparse
import re
from typing import NoReturn

_REPEATED = re.compile(
    r"(?P<of_choice>invalid choice): .*(?= \(choose from )|(?P<option>ambiguous option): .*(?= could match )"
    r"|(?P<other>unrecognized arguments|ignored explicit argument|invalid \w+ value):? .*",
    re.DOTALL,
)


class Parser(argparse.ArgumentParser):
    """Python's own, whose errors name the argument and what it may be, not what was written."""

    def error(self, message: str) -> NoReturn:
        """Print usage and message, and exit with 2."""
        super().error(_REPEATED.sub(lambda found: str(found[found.lastgroup or 0]), message))
