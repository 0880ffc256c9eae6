"""One resource through the policy, and its result checked: what may not pass is told by reason and element path."""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec
import orjson

from chartline.deid import patients
from chartline.deid.context import Known
from chartline.deid.walker import Deidentifier, Members, Refused, Result, Walk, kind_of
from chartline.errors import DataError
from chartline.fhir import validate
from chartline.fhir.people import PARTIES, known_values

_PARTY = re.compile(b'"(?:%b)"' % "|".join(PARTIES).encode())
_CONFIRMED = 997  # one output in so many is also judged as a whole, by our checks and by fhir.resources itself


def outcome(walk: Deidentifier, resource: Members, resource_id: str, state: Walk) -> Result | Refused | None:
    """The de-identified resource, or why it is set aside, or None when the policy does not name its type.

    Args:
        walk: the compiled policy.
        resource: what ``walker.members`` gives.
        resource_id: its id in the source.
        state: the patient, codes and links it is treated with.
    """
    try:
        if "contained" in resource and _PARTY.search(bytes(resource["contained"])):
            state.patient = patients.knowing(state.patient, _of_parties(bytes(resource["contained"])))
        made = walk.resource(resource, resource_id, state)
    except Refused as refused:
        return refused
    except DataError as refused:
        return Refused(f"note_{refused.number.lower()}", kind_of(resource))
    except (TypeError, AttributeError, KeyError, ValueError, RecursionError, msgspec.MsgspecError):
        return Refused("not_shaped_as_fhir", kind_of(resource))
    if made is None:
        return None
    if state.contested:
        return Refused("of_two_patients", made.kind)
    if state.faults:
        return Refused("output_not_valid_fhir", state.faults[0])
    if int(made.id[:8], 16) % _CONFIRMED == 0:
        # A urn tells its target's type only once it is resolved: what the source linked wrongly is not ours to lose.
        found = [i for i in validate.issues(made.resource) if i.reason != "reference_target"]
        found = found or validate.confirm(made.resource)
        if found:
            return Refused("output_not_valid_fhir", found[0].path)
    return made


@lru_cache(maxsize=64)
def _of_parties(contained: bytes) -> tuple[Known, ...]:
    """What the persons and places inside a resource tell: its texts may name them."""
    inside = [i for i in orjson.loads(contained) if isinstance(i, dict) and i.get("resourceType") in PARTIES]
    return tuple(k for inner in inside for k in known_values(inner))
