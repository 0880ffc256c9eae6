"""One resource through the policy, and its result checked: what may not pass is told by reason and element path."""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec
import orjson

from chartline.deid.context import knowing
from chartline.deid.frames import Given, Members
from chartline.deid.walk import Refused, Result, Walk
from chartline.deid.walker import Deidentifier
from chartline.errors import DataError
from chartline.fhir import validate
from chartline.fhir.known import Known
from chartline.fhir.people import PARTIES, known_values, named

_PARTY = re.compile(b'"(?:%b)"' % "|".join(PARTIES).encode())
_DOCUMENTS = frozenset({"DocumentReference", "DiagnosticReport", "Composition", "Communication"})
_WHO = ("author", "authenticator", "custodian", "performer", "resultsInterpreter", "sender", "recipient")
"""Elements of a document that tell who had to do with it: its text names them, and maybe no other resource does."""
_CONFIRMED = 997  # one output in so many is also judged as a whole, by our checks and by fhir.resources itself


def outcome(walk: Deidentifier, given: Given, state: Walk) -> Result | Refused | None:
    """The de-identified resource, or why it is set aside, or None when the policy does not name its type.

    Args:
        walk: the compiled policy.
        given: what ``walk.given`` gives.
        state: the patient, codes and links it is treated with.
    """
    try:
        made = walk.again(given, state) or _walked(walk, given, state)
    except Refused as refused:
        return refused
    except DataError as refused:
        return Refused(f"note_{refused.number.lower()}", given.kind)
    except (TypeError, AttributeError, KeyError, ValueError, RecursionError, msgspec.MsgspecError):
        return Refused("not_shaped_as_fhir", given.kind)
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


def _walked(walk: Deidentifier, given: Given, state: Walk) -> Result | None:
    """A resource walked with what it tells itself of others; if it tells nothing of them its frame is learnt."""
    resource, patient = given.members, state.patient
    if "contained" in resource and _PARTY.search(bytes(resource["contained"])):
        state.patient = knowing(state.patient, _of_parties(bytes(resource["contained"])))
    if given.kind in _DOCUMENTS and (who := _who(resource)):
        state.patient = knowing(state.patient, _named(who))
    made = walk.resource(resource, given.id, state)
    if made is not None and state.patient is patient and not state.faults:
        walk.learn(given, state)
    return made


def _who(document: Members) -> tuple[bytes, ...]:
    told = (bytes(document[name]) for name in _WHO if name in document)
    return tuple(raw for raw in told if b'"display"' in raw)


@lru_cache(maxsize=1024)
def _named(who: tuple[bytes, ...]) -> tuple[Known, ...]:
    return tuple(k for raw in who for k in named(orjson.loads(raw)))


@lru_cache(maxsize=64)
def _of_parties(contained: bytes) -> tuple[Known, ...]:
    """What the persons and places inside a resource tell: its texts may name them."""
    inside = [i for i in orjson.loads(contained) if isinstance(i, dict) and i.get("resourceType") in PARTIES]
    return tuple(k for inner in inside for k in known_values(inner))
