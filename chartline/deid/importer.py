"""Reads a configuration of Microsoft's FHIR anonymizer (``fhirPathRules``) into a policy, and says what it left out.

The configuration is a list of what to remove from everything; a policy is a list of what may stay. So the policy
extends the base, and the rules are carried over where they can only take more away, or name a safer way to keep.
Source of the format: github.com/microsoft/Tools-for-Health-Data-Anonymization, docs/FHIR-anonymization.md.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chartline.deid import policy
from chartline.errors import UsageError
from chartline.fhir import definitions
from chartline.fhir.definitions import Element

METHODS = ("keep", "redact", "dateshift", "perturb", "cryptohash", "encrypt", "substitute", "generalize")
_PARTIAL = "enablePartialDatesForRedact"
_ANY_TYPE = re.compile(r"nodesByType\('(\w+)'\)((?:\.\w+)*)")
_CONDITION = re.compile(r"\.where\(.*?\)(?=\.|$)")
_AS = re.compile(r"(.+?)(?: as |\.ofType\()(\w+)\)?")
_NAME = re.compile(r"[A-Za-z]\w*(?:\.\w+)*")
_INSTEAD = {
    "perturb": "the value is dropped: noise does not hide an outlier",
    "encrypt": "the value is dropped: no ciphertext leaves the restricted zone",
    "substitute": "the value is dropped: a constant carries nothing",
    "generalize": "the value is dropped: write the cases as a view on the timeline",
    "cryptohash": "the value is dropped: only ids and references become pseudonyms",
}
_IDS = ("Resource.id", "Resource", "Bundle.entry.fullUrl", "Bundle.entry.resource.id")


def import_fhir_anonymizer(file: Path) -> tuple[str, list[str]]:
    """The text of a policy file, and a line for each rule or part of a rule that was not carried over.

    Raises:
        UsageError: CL2051 the file cannot be read, CL2052 it is not a configuration of the anonymizer.
    """
    body = _read(file)
    dates = _dates(body)
    head = _head(dates)
    years = dates == "year" and bool((body.get("parameters") or {}).get(_PARTIAL))
    decided: dict[str, str] = {}
    left: list[str] = []
    for rule in body["fhirPathRules"]:
        path, method = str(rule.get("path", "")), str(rule.get("method", "")).lower()
        lines, remark = _carried(path, method, years)
        for name, line in lines:
            if name in decided:
                continue  # as there, the first rule that names an element decides
            problem = _objection(head + line)
            if problem:
                remark = problem
            else:
                decided[name] = line
        if remark:
            left.append(f"{path} ({method}): {remark}")
    types = [line for line in decided.values() if line.startswith("[types]")]
    paths = [line for line in decided.values() if line.startswith("[paths]")]
    return head + _section("types", types) + _section("paths", paths), left


def _read(file: Path) -> Mapping[str, Any]:
    try:
        body = json.loads(file.read_text(encoding="utf-8-sig"))
    except OSError:
        raise UsageError("CL2051", f"{file} cannot be read.", "Name a configuration file.") from None
    except ValueError:
        body = None
    rules = body.get("fhirPathRules") if isinstance(body, dict) else None
    if not isinstance(rules, list) or not all(isinstance(r, dict) for r in rules):
        raise UsageError("CL2052", f"{file} has no list of fhirPathRules.", "Name a configuration of the anonymizer.")
    return dict(body)


def _dates(body: Mapping[str, Any]) -> str:
    """What happens to a date that stays: shift where any is shifted, else the year."""
    methods = {str(r.get("method", "")).lower() for r in body["fhirPathRules"]}
    return "shift" if "dateshift" in methods else "year"


def _head(dates: str) -> str:
    return f"""# Imported from a configuration of the FHIR anonymizer. An allow list: what is not named is dropped.
name = "imported"
basis = "imported; to be determined by an expert"
extends = "base"
pseudonyms = "keyed"

[dates]
low = -365
high = -1

[means]
date = "{dates}"
zip = "zip3"
city = "drop"
attachment = "clean-text"
narrative = "clean-text"

[text]
replacement = "label"
dates = "{dates}"
geography = "state"
consistency = "none"

"""


def _section(name: str, lines: list[str]) -> str:
    body = "".join(line.removeprefix(f"[{name}]\n") for line in lines)
    return f"[{name}]\n{body}\n" if body else ""


def _objection(text: str) -> str:
    """Why the policy would be refused with this rule; empty when it would not."""
    try:
        policy.from_text(text)
    except UsageError as refused:
        return refused.message.partition(": ")[2] or refused.message
    return ""


def _carried(path: str, method: str, years: bool) -> tuple[list[tuple[str, str]], str]:
    """Lines of the policy for one rule, by the element they name, and what of the rule is left out."""
    if method not in METHODS:
        return [], "the method is not known"
    if path in _IDS and method in ("keep", "redact", "cryptohash"):
        return [], "" if method != "keep" else "nothing is kept unless it is named; ids become pseudonyms"
    conditional = _CONDITION.sub("", path)
    remark = "" if conditional == path else "its condition; the rule is applied to all"
    if remark and method == "keep":
        return [], "kept only under a condition, which a policy has not"
    elements = _elements(conditional)
    if not elements:
        return [], "its path names no element of a known type"
    if method == "cryptohash" and all(_is_id(name, element) for _, name, element in elements):
        return [], remark  # the base makes pseudonyms of them
    lines = [(name, _line(section, name, element, method, years)) for section, name, element in elements]
    return [(n, line) for n, line in lines if line], remark or _INSTEAD.get(method, "")


def _elements(path: str) -> list[tuple[str, str, Element | str]]:
    """Section, name and definition (or type) of the elements that a path names."""
    tree = definitions.load()
    by_type = _ANY_TYPE.fullmatch(path)
    if by_type and not by_type[2]:
        return [("types", by_type[1], by_type[1]), *_of_type(by_type[1])]
    named = f"{by_type[1]}{by_type[2]}" if by_type else path
    typed = _AS.fullmatch(named)
    if typed:
        named = typed[1] + typed[2][0].upper() + typed[2][1:]
    head, *rest = named.split(".")
    if _NAME.fullmatch(named) is None or head not in tree or not rest:
        return []
    owner = head
    for step in rest[:-1]:
        element = tree[owner].elements.get(step)
        if element is None or element.type not in tree:
            return []
        owner = element.type
    base = named.rpartition(".")[0]
    found = [e for n, e in tree[owner].elements.items() if rest[-1] in (n, e.choice)]
    return [("paths", f"{base}.{e.name}", e) for e in found]


def _of_type(kind: str) -> list[tuple[str, str, Element | str]]:
    """Elements of a type that the base names one by one, before it asks the type."""
    named = (path for path, d in policy.load("expert_determination").paths.items() if d.action != "drop")
    return [found for path in named for found in _elements(path) if _kind(found[2]) == kind]


def _kind(element: Element | str) -> str:
    return element if isinstance(element, str) else element.type


def _is_id(name: str, element: Element | str) -> bool:
    return _kind(element) in ("Reference", "id") or name == "Reference.reference"


def _line(section: str, name: str, element: Element | str, method: str, years: bool) -> str:
    action = _action(_kind(element), method, years)
    return f'[{section}]\n"{name}" = {{ action = "{action}", reason = "imported: {method}" }}\n' if action else ""


def _action(kind: str, method: str, years: bool) -> str:
    """The action that takes at least as much away; empty where the base already does what the rule asks.

    Args:
        kind: type of the element.
        method: method of the rule.
        years: whether a redacted date keeps its year, there and in this policy.
    """
    if kind in policy.DATES:
        return "date" if method in ("keep", "dateshift") or (method == "redact" and years) else "drop"
    if method == "keep":
        return {"string": "clean-text", "markdown": "clean-text"}.get(kind, "")
    return "drop"
