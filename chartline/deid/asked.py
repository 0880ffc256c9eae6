"""What is asked for by name: the answer to a question for a name, an address or a number of a person does not stay.

A first name, a street or a member number that nothing else tells of looks like any other word or number. Who filled in
a form says it all the same, and the question says what it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache, partial
from typing import Any

from chartline.deid.answers import (
    MEMORY,
    WITHHELD,
    Holder,
    answered,
    answered_below,
    each_observed,
    may_say,
    opened,
    said,
    words_of,
)

_NAMES_CODES = frozenset({"45392-8", "45393-6", "45394-4", "54125-0", "45396-9", "45397-7", "45400-9", "56799-0"})
_PLACES_CODES = frozenset({"45401-7"})
"""Codes of LOINC for the parts of a name, numbers of insured persons, an address; and for a ZIP code."""
_PERSONS = (
    r"(?:patient|client|person|subject|participant|resident|applicant|respondent|informant|proxy|member|subscriber"
    r"|insured|policy ?holder|guarantor|employee|child|children|baby|son|daughter|brother|sister|sibling|parent|mother"
    r"|father|guardian|parent (?:or )?guardian|care ?giver|care ?taker|spouse|partner|husband|wife|relative|next of kin"
    r"|nok|emergency contact"
    r"|contact|you|friend|doctor|physician|provider|practitioner|pcp|gp|nurse|dentist|therapist|pharmacist|pharmacy"
    r"|hospital|clinic|practice|facility|school|employer|insurance|insurer|health plan|plan)s?"
)
_LEADS = (
    rf"(?:(?:what|which|is|are|was|please|enter|give|provide|state|write|type|specify|list|your|the|his|her|their|my|a|an"
    rf"|pt|please|print|printed|additional|emergency|legal|preferred|former|current|home|work|mailing|billing|permanent"
    rf"|primary|secondary|official|new|other|alternate|in|do|{_PERSONS}) )*"
)
_CARERS = (
    r"(?:(?:referring|attending|ordering|primary|primary care|treating|admitting|family|regular|usual) )?"
    r"(?:doctor|physician|provider|practitioner|nurse|surgeon|therapist|dentist|pharmacist|counsel+or|specialist"
    r"|attending|case ?manager|social worker|witness|interpreter)"
)
_NUMBERED = (
    r"(?:social security|military(?: service)?|service|medical record|chart|hospital|patient|client|member|membership"
    r"|insurance|policy|group|medicare"
    r"|medicaid|subscriber|beneficiary|account|passport|driver ?s? licen[cs]e|licen[cs]e|identification|identity"
    r"|national|national id|nhs|health card|health insurance|case|file|study|employee|contact|tax|ssn|mrn|id"
    r"|student|badge|prescription|rx|certificate|(?:device )?serial|(?:bank|checking|savings) account"
    r"|(?:credit|debit) card|(?:licen[cs]e )?plate|vehicle(?: identification| registration)?|permit|registration"
    r"|dea|npi)"
)
_WHO = (
    r"(?:(?:full|first|last|middle|given|family|maiden|legal|preferred|birth|former|previous|nick|sur|user) ?)*names?"
    r"(?: suffix| prefix| s)?(?: used| at birth| before marriage)?(?: please)?|(?:middle )?initials?"
    r"|(?:street|e ?mail|postal|residential|ip)? ?address(?: line)?(?: \d)?"
    r"|(?:house|street|apartment|apt|room) (?:name|number|no)|street"
    r"|(?:(?:tele|cell|mobile|day ?time|evening|smart) ?)?(?:phone|telephone|fax|mobile|cell|pager)(?: number| no)?"
    rf"|e ?mail|ssn|mrn|nhs number|{_NUMBERED} (?:number|no|id|identifier)|employer|signature|home ?page|web ?site"
    r"|driver ?s? licen[cs]e|(?:licen[cs]e|vehicle|registration)? ?plate(?: of (?:(?:the|your) )?(?:vehicle|car))?|vin"
    r"|(?:bank|checking|savings) account"
    r"|(?:credit|debit) card|passport|aadhaar|(?:student|school|badge|employee|national|tax|member|patient) id|badge"
    r"|(?:(?:instagram|twitter|facebook|snapchat|tiktok|social media|discord|venmo) )?(?:handle|account name)"
    r"|(?:instagram|twitter|facebook|snapchat|tiktok|discord|venmo)(?: account| id)?"
    r"|where (?:do|does|did) (?:you|he|she|they|the \w+|your \w+) (?:live|reside|stay)(?: now| currently)?"
    r"|(?:name of )?(?:school|employer)(?: attended)?|(?:what|which) school(?: do(?:es)? (?:(?:your|the) )?\w+ attend)?"
    r"|place of (?:employment|work)|where (?:do|does|did) (?:you|he|she|they|the \w+|your \w+) work"
    rf"|{_CARERS}(?: name)?|(?:who is|which|what)(?: (?:your|the|his|her))? {_CARERS}"
    r"(?: (?:do|does) (?:you|he|she|they)(?: usually)? (?:see|go to|have))?"
    r"|referred by|persons? to (?:notify|call|contact)"
    r"|names? and (?:ages?|birth ?dates?|dates? of birth|relationships?)"
    r"|(?:the )?last (?:4|four)(?: digits)?(?: of)?(?: \w+)? (?:ssn|social(?: security)?(?: number)?)"
    r"|(?:ssn|social(?: security)?(?: number)?) last (?:4|four)(?: digits)?|[flm] ?name|insurance (?:group|id|policy)"
    r"|alias(?:es)?|aka|also known as|log ?in|screen ?name|(?:user|skype|patient portal) ?id|next of kin|contact person"
    r"|emergency contact(?: \d)?"
    r"|health ?care proxy|primary care (?:physician|provider|doctor)|pcp|clinician|interviewer|guardian"
    r"|(?:form )?(?:signed|completed|filled (?:in|out)|prepared|submitted) by"
    r"|what (?:do|would) you (?:like|prefer|want) to be called|what (?:should|do) (?:we|people) call you"
    r"|vorname|nachname|familienname|nom(?: de famille)?|pr[eé]nom|apellidos?|nombres?(?: completo)?"
)
_WHERE = (
    r"(?:city|town|village|municipality|county|district|neighbou?rhood)(?: of (?:birth|residence))?"
    r"|(?:zip|postal|post) ?code|zip|home ?town|birth ?place|place of (?:birth|residence)"
)
_FORM = (
    r"(?: (?:who is |who )?(?:complet|fill|answer|report|sign|submitt)\w+(?: (?:in|out))?(?: (?:this|the))?"
    r"(?: (?:form|survey|questionnaire))?)"
)
_ORDER = r"(?: (?:first|last|middle|family|given|mi|and|name))+"
_TAIL = (
    rf"(?: (?:of|for) (?:(?:the|your|his|her|a) )?{_PERSONS}{_FORM}?)?(?: (?:do )?you live (?:at|in))?"
    rf"(?:{_ORDER}| type your name)?"
)
_ASKS_WHO = re.compile(rf"{_LEADS}(?:{_WHO}){_TAIL}")
_ASKS_WHERE = re.compile(rf"{_LEADS}(?:{_WHERE}){_TAIL}")
# Groups of a form of which each item tells of somebody or of a number.
_GROUP = re.compile(
    r"(?:emergency contacts?|insurance|employer|employment|next of kin|guarantor|pharmacy|home|mailing address)"
    r"(?: (?:information|info|details|data))?"
)
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_NO_WORD = re.compile(r"(?:['\u2019]s\b|[\W_])+")
_MAY_ASK = re.compile(
    rb"name|nom\b|nombre|apellido|call|alias|aka|known|log ?in|kin\b|contact|proxy|pcp|primary care|clinician"
    rb"|interviewer|guardian|\bby\b|initial|address|street|phone|fax|mobile|cell|pager|mail|ssn|mrn|number"
    rb"|licen[cs]e|plate|\bvin\b|serial|account|\bcard\b|aadhaar|passport|handle|school|badge|\blive\b|reside|stay"
    rb"|instagram|twitter|facebook|snapchat|tiktok|discord|venmo|doctor|physician|provider|nurse|surgeon|therapist|dentist"
    rb"|pharmac|counsel|specialist|attending|manager|worker|witness|interpreter|referr|where|notify|social|insur|town|#|\bno\b|_no\b|identifier|employer|signature|page|site|city|town|village|municip|county|district|hood|zip|post|place|\bid\b|5\d{4}-|45[34]\d\d-",
    re.IGNORECASE,
)
_SAID = tuple(
    f"{blank}value{kind}"
    for kind in ("String", "Integer", "Decimal", "Quantity", "Coding", "CodeableConcept", "Attachment")
    for blank in ("", "_")
)
"""Forms of an answer that can say it. A yes or no cannot, a date is one already, and a reference is a pseudonym."""


@lru_cache(maxsize=MEMORY)
def asks(question: str, where: bool) -> bool:
    """Whether words ask for who somebody is or how to reach them; also where they live, if that may not stay.

    Args:
        question: the words, or a name of a field such as ``patientFirstName``.
        where: whether towns and ZIP codes count.
    """
    words = _NO_WORD.sub(" ", _HUMP.sub(" ", question.replace("#", " number "))).strip().lower()
    asked = _ASKS_WHO.fullmatch(words) or (where and _ASKS_WHERE.fullmatch(words))
    code = question.rpartition("/")[2]
    return bool(asked) or code in _NAMES_CODES or (where and code in _PLACES_CODES)


@lru_cache(maxsize=MEMORY)
def concept_asks(code: bytes, where: bool) -> bool:
    """Whether a concept asks so, by its code or in words."""
    _, words = said(code)
    return any(asks(word, where) for word in words)


def unanswered(item: bytes, given: bytes, where: bool) -> bytes:
    """An item of a form, given so, without what answers such a question; answers keep the items below them.

    What a group asks for the items in it are parts of: ``Name`` with ``First`` and ``Last``.
    """
    if not may_say(_MAY_ASK, given):
        return item
    source = opened(given)
    if "item" in source and any(
        asks(word, where) or _GROUP.fullmatch(word.strip().lower()) for word in words_of(source)
    ):
        return answered_below(item, _silence)
    return answered(item, given, partial(asks, where=where), _silence)


def untold(entry: bytes, given: bytes, where: bool) -> bytes | None:
    """An entry of a task's input or output, given so; None where its type asks such a question."""
    if not may_say(_MAY_ASK, given):
        return entry
    told = opened(given).get("type")
    return None if told is not None and concept_asks(told, where) else entry


def may_hold(code: bytes | None, component: bytes | None, where: bool) -> bool:
    """Whether an Observation may answer such a question: a quick look that spares nearly all."""
    return (code is not None and concept_asks(code, where)) or (component is not None and may_say(_MAY_ASK, component))


def withhold(out: Holder, given: Mapping[str, Any], where: bool) -> None:
    """Take away what an Observation, given so, or its components answer to such a question, in place."""
    each_observed(out, given, partial(_withhold, where=where))


def _withhold(holder: Holder, code: bytes | None, where: bool) -> None:
    if code is not None and concept_asks(code, where) and not holder.keys().isdisjoint(_SAID):
        _silence(holder)
        holder["dataAbsentReason"] = WITHHELD


def _silence(holder: Holder) -> None:
    for name in _SAID:
        holder.pop(name, None)
