"""Identifying values that a record itself tells: what is looked for in every text beside it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Known:
    """An identifying value that the record itself tells.

    ``type`` is one of NAME (a whole name), GIVEN, FAMILY, PHONE, EMAIL, STREET, CITY, ZIP, SSN, MRN, ID, URL,
    BIRTHDATE, ORGANIZATION, RELATIVE (a whole name of a relative or contact), STAFF (a whole name of one who
    treats, whose initials and names of users are not looked for: a record names many).
    """

    type: str
    value: str = field(repr=False)
