"""One resource through the policy, and its result checked: what may not pass is told by reason and element path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chartline.deid.walker import Deidentifier, Refused, Result, Walk
from chartline.errors import DataError
from chartline.fhir import validate

_CONFIRMED = 997  # one output in so many is also judged by fhir.resources itself


def outcome(walk: Deidentifier, resource: Mapping[str, Any], state: Walk) -> Result | Refused | None:
    """The de-identified resource, or why it is set aside, or None when the policy does not name its type.

    Args:
        walk: the compiled policy.
        resource: the parsed resource, with an id.
        state: the patient, codes and links it is treated with.
    """
    kind = str(resource.get("resourceType"))
    try:
        made = walk.resource(resource, state)
    except Refused as refused:
        return refused
    except DataError as refused:
        return Refused(f"note_{refused.number.lower()}", kind)
    except (TypeError, AttributeError, KeyError, ValueError):
        return Refused("not_shaped_as_fhir", kind)
    if made is None:
        return None
    # A urn tells its target's type only once it is resolved: what the source linked wrongly is not ours to lose.
    found = [i for i in validate.issues(made.resource) if i.reason != "reference_target"]
    if not found and int(made.resource["id"][:8], 16) % _CONFIRMED == 0:
        found = validate.confirm(made.resource)
    return Refused("output_not_valid_fhir", found[0].path) if found else made
