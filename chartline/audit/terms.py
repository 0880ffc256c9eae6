"""The terms of a release: to whom, for what, under which agreement; a file that the privacy officer owns.

Expert determination judges the risk for an anticipated recipient (45 CFR 164.514(b)(1)(i)), a limited data set needs a
data use agreement (164.514(e)(4)), and both hold for a time. Chartline states the terms in the report that is signed.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from chartline.errors import UsageError

FIELDS: Mapping[str, str] = {
    "recipient": "Recipient",
    "purpose": "Purpose",
    "custodian": "Custodian",
    "environment": "Where it is used, and who can reach it",
    "agreement": "Agreement",
    "no_reidentification": "Agreement forbids re-identification and passing on",
    "screening": "Recipient screened (28 CFR 202)",
    "reassess_by": "To be assessed anew by",
}
"""What the file may hold, and what the report calls it."""
_NEEDED = ("recipient", "purpose")
_TYPES: Mapping[str, tuple[type, str]] = {
    "no_reidentification": (bool, "true or false"),
    "reassess_by": (date, "a day, 2027-12-31"),
}


def load(file: Path | None) -> dict[str, Any] | None:
    """The terms as plain data, with the ``sha256`` of their file; None where no file is named.

    Raises:
        UsageError: CL2110 the file cannot be read as TOML, CL2111 a field is unknown,
            CL2112 one is missing or of another type.
    """
    if file is None:
        return None
    try:
        data = file.read_bytes()
        body = tomllib.loads(data.decode("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as cause:
        fix = "Check the path that 'terms' or CHARTLINE_TERMS names; docs/privacy-officer.md shows such a file."
        raise UsageError("CL2110", f"{file} cannot be read as TOML.", fix) from cause
    unknown = sorted(set(body) - set(FIELDS))
    if unknown:
        raise UsageError("CL2111", f"{file} has unknown fields: {', '.join(unknown)}.", f"Use {', '.join(FIELDS)}.")
    for name in FIELDS:
        kind, wanted = _TYPES.get(name, (str, "a text"))
        value = body.get(name)
        if (name in body or name in _NEEDED) and (type(value) is not kind or value == "" or str(value).isspace()):
            raise UsageError("CL2112", f"{file}: {name} must be {wanted}.", f"Write a line {name} = ... in it.")
    told = {name: value.isoformat() if isinstance(value, date) else value for name, value in body.items()}
    return {**told, "sha256": hashlib.sha256(data).hexdigest()}
