"""Ages in structured data: over 89 years they are one category, wherever they stand and whatever they are called.

45 CFR 164.514(b)(2)(i)(C). Of a person over 89 no age stays at all, for with a date beside it the birth is told. Values
are the JSON that the walker made; what is changed is written anew, the rest keeps its bytes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import Any

import orjson

from chartline.deid.answers import MEMORY, WITHHELD, Holder, answered, each_observed, may_say, opened, said, written
from chartline.fhir import definitions
from chartline.fhir.definitions import Element

# Codes of LOINC and SNOMED CT whose value is the patient's age.
_AGE_CODES = frozenset({"30525-0", "21612-7", "29553-5", "63900-5", "39016-1", "424144002", "397669002"})
_IN_A_YEAR = {
    **dict.fromkeys(("a", "a_j", "a_g", "y", "yo", "y/o", "yr", "yrs", "year", "years", "yearold", "yearsold"), 1.0),
    **dict.fromkeys(("mo", "mo_j", "mo_g", "month", "months"), 12.0),
    **dict.fromkeys(("wk", "week", "weeks"), 52.18),
    **dict.fromkeys(("d", "day", "days"), 365.25),
    **dict.fromkeys(("h", "hour", "hours"), 8766.0),
}
_ASIDE = re.compile(r"[\s(){}.]")  # in a unit, what stands beside it: ``year(s)``, ``y.o.``
# How the question for a person's age or year of birth begins. What is related, adjusted or specific to an age is none.
_ASKED_AGE = re.compile(
    r"[\W_]*(?:(?:what|which|in|is|was|the|your|his|her|anchor|current|chronological|estimated|calculated|reported"
    r"|stated|patient|pt|person|subject|participant|maternal|paternal|mother|father|partner|spouse|informant)(?:['\u2019]?s)?[\W_]+)*"
    r"(?:age(?!s?[a-z]|[\W_]*(?:related|adjusted|specific|appropriate|matched))|how[\W_]+old"
    r"|(?:edad|alter|[aâ]ge|età|leeftijd|years?[\W_]+of[\W_]+age)[\W_]*\Z|birth[\W_]*year|year[\W_]+of[\W_]+birth|yob\b|born[\W_]*\Z"
    r"|year[\W_]+(?:(?:you|he|she|they)[\W_]+)?(?:(?:were|was)[\W_]+(?:\w+[\W_]+){0,3}?)?born"
    r"|when[\W_]+(?:were|was)[\W_]+(?:\w+[\W_]+){1,3}?born)",
    re.IGNORECASE,
)
_YEAR = re.compile(rb'(?:\{"value":)?(?:1[89]|20)\d\d(?:\.0*)?\}?')  # a number without a unit that is a year
_OVER_89 = re.compile(rb"(?<![\d.])(?:9\d|1[0-4]\d)(?!\d)")
_OLDEST = 90  # 45 CFR 164.514(b)(2)(i)(C): ages over 89 become one category of age 90 or older

_loads, _dumps = orjson.loads, orjson.dumps


def tells_age(owner: str, element: Element) -> bool:
    """Whether a Range is one of ages: beside an Age in a choice, of a reference range, of a predicted risk."""
    siblings = [e for e in definitions.load()[owner].elements.values() if e.choice == element.choice]
    beside = element.choice not in (None, "value") and any(e.type == "Age" for e in siblings)
    return beside or element.name == "age" or (owner, element.name) == ("RiskAssessment.prediction", "whenRange")


def capped(value: Any, without_unit: float | None = 1.0) -> Any:
    """An age over 89 years as 90 or older; a value without a unit of time is in years, or is no age (None)."""
    if not isinstance(value, dict) or not isinstance(value.get("value"), (int, float)):
        return value
    units = [_ASIDE.sub("", str(value[name])).lower() for name in ("code", "unit") if value.get(name)]
    per_year = next((_IN_A_YEAR[u] for u in units if u in _IN_A_YEAR), None) if units else without_unit
    if per_year is None or value["value"] / per_year <= _OLDEST - 1:
        return value
    if per_year == 1.0:
        return {**value, "value": _OLDEST, "comparator": ">="}
    return {"value": _OLDEST, "comparator": ">=", "unit": "a", "system": "http://unitsofmeasure.org", "code": "a"}


def changed(value: bytes, change: Callable[[Any], Any]) -> bytes:
    """A value changed; in its own bytes when it is not, for they tell the precision of a decimal."""
    was = _loads(value)
    now = change(was)
    return value if now == was else _dumps(now)


def capped_range(value: Any) -> Any:
    """A range of ages that ends at 90; its ends know no comparator."""
    bounds = {name: capped(bound) for name, bound in value.items()}
    return {
        name: {n: v for n, v in bound.items() if n != "comparator"} if isinstance(bound, dict) else bound
        for name, bound in bounds.items()
    }


def _of_years(value: bytes, given: bytes, over_89: bool) -> bytes:
    """A quantity in years over 89 counts as an age: what else is measured in years does not reach it."""
    return changed(value, lambda was: capped(was, None))


def _range_of_years(value: bytes, given: bytes, over_89: bool) -> bytes:
    return changed(value, capped_range)


def may_tell_age(code: bytes | None, component: bytes | None) -> bool:
    """Whether an Observation may hold an age: a quick look that spares nearly all from being taken apart."""
    asks = code is not None and _asks_age(code)
    return asks or (component is not None and may_say(_OF_AGE, component))


def cap_observed_age(out: Holder, given: Mapping[str, Any], over_89: bool) -> None:
    """Turn an observed age over 89 into 90 or older, in place; of a patient over 89 take any observed age away."""
    each_observed(out, given, partial(_cap_observed, over_89=over_89))


def _cap_observed(holder: Holder, code: bytes | None, over_89: bool) -> None:
    if code is not None and _asks_age(code) and not _cap_value(holder, over_89):
        holder["dataAbsentReason"] = WITHHELD


def _answered_ages(item: bytes, given: bytes, over_89: bool) -> bytes:
    """A question with its answers; those to the question for an age are treated as observed ages."""
    return answered(item, given, _ASKED_AGE.match, partial(_cap_value, over_89=over_89))


def _entered_age(entry: bytes, given: bytes, over_89: bool) -> bytes:
    """What an entry says under a code of its own; one that gives an age is treated as an observed age."""
    made, source = opened(entry), opened(given)
    if not any(_asks_age(source[n]) for n in ("code", "type", "category") if n in source):
        return entry
    _cap_value(made, over_89)
    return written(made)


def _cap_value(holder: Holder, over_89: bool) -> bool:
    """Cap the value of what asks for an age, in place; False when the value is taken away."""
    values = [n for n in holder if n.removeprefix("_").startswith("value")]
    told = any(
        _YEAR.fullmatch(holder[n]) if n in _CAPS else n == "valueString" or _OVER_89.search(holder[n]) for n in values
    )
    if values and (over_89 or told):
        for name in values:
            del holder[name]
        return False
    for name in values:
        if name in _CAPS:
            holder[name] = changed(holder[name], _CAPS[name])
    return True


def _capped_number(value: Any) -> Any:
    return min(value, _OLDEST)


@lru_cache(maxsize=MEMORY)
def _asks_age(code: bytes) -> bool:
    """Whether a concept asks for the age of a person, by its code or in words."""
    codes, words = said(code)
    return not _AGE_CODES.isdisjoint(codes) or any(map(_ASKED_AGE.match, words))


_OF_TIME = re.compile(rb'"(?:code|unit)":"\W*(?:%b)\b' % "|".join(_IN_A_YEAR).encode(), re.IGNORECASE)
_OF_AGE = re.compile(
    rb'"code"\s*:\s*"(?:%b)"|age|how|birth|born|yob|edad|alter|et\xc3\xa0|leeftijd'
    % "|".join(sorted(_AGE_CODES)).encode(),
    re.IGNORECASE,
)
_CAPS: Mapping[str, Callable[[Any], Any]] = {
    "valueQuantity": capped,
    "valueRange": capped_range,
    "valueInteger": _capped_number,
    "valueDecimal": _capped_number,
}
WITHOUT_AGES: Mapping[str, tuple[re.Pattern[bytes], Callable[[bytes, bytes, bool], bytes]]] = {
    "Duration": (_OF_TIME, _of_years),
    "Quantity": (_OF_TIME, _of_years),
    "Range": (_OF_TIME, _range_of_years),
    "QuestionnaireResponse.item": (_OF_AGE, _answered_ages),
    **dict.fromkeys(
        (
            *("Claim.supportingInfo", "ExplanationOfBenefit.supportingInfo"),
            *("DeviceRequest.parameter", "SupplyRequest.parameter", "Device.property", "Group.characteristic"),
            *("Task.input", "Task.output"),
        ),
        (_OF_AGE, _entered_age),
    ),
}
"""What may hold an age without being one: the quick look that spares nearly all, and what is made of the others, of
what the walker made and what was given."""
