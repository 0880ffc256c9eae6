"""A source is a path or a Bulk FHIR server: which of the two, told from what a caller wrote.

Light on purpose: the command line and the jobs ask here before they know whether they need a client.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

_ADDRESS = ("https://", "http://")
_LONGEST = 8192  # bytes of a file that may hold an address and nothing else


@dataclass(frozen=True)
class Server:
    """A Bulk FHIR server as a source.

    Attributes:
        url: address of the export as the caller wrote it; it may hold the id of a group, so it is in no repr.
    """

    url: str = field(repr=False)


Source = Path | Server


def source(text: str) -> Source:
    """A server where the text is an address, else a path; nothing is refused here."""
    return Server(text.strip()) if text.strip().lower().startswith(_ADDRESS) else Path(text)


def followed(given: Source) -> Source:
    """The server whose address a file named ``*.url`` holds; anything else as it is.

    So an address need not stand in a command line, a process list or Airflow's database.
    """
    if isinstance(given, Server) or given.suffix != ".url":
        return given
    try:
        with given.open("rb") as handle:
            found = source(handle.read(_LONGEST).decode("ascii"))
    except (OSError, UnicodeDecodeError):
        return given
    return found if isinstance(found, Server) else given
