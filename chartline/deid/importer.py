"""Reads a configuration of Microsoft's FHIR anonymizer (``fhirPathRules``) into a policy, and says what it left out.

The configuration is a list of what to remove from everything; a policy is a list of what may stay. So the policy
extends the base, and the rules are carried over where they can only take more away, or name a safer way to keep.
Source of the format: github.com/microsoft/Tools-for-Health-Data-Anonymization, docs/FHIR-anonymization.md.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chartline.deid import policy
from chartline.errors import UsageError
from chartline.fhir import definitions

METHODS = ("keep", "redact", "dateshift", "perturb", "cryptohash", "encrypt", "substitute", "generalize")
_CALL = re.compile(r"(\w+)\('?(.*?)'?\)", re.DOTALL)
_AS = re.compile(r"(.+?)\s+as\s+(\w+)")
_PICKS = frozenset({"first", "last", "single", "tail"})  # of several values; a policy treats all alike
_INSTEAD = {
    "perturb": "the value is dropped: noise does not hide an outlier",
    "encrypt": "the value is dropped: no ciphertext leaves the restricted zone",
    "substitute": "the value is dropped: a constant carries nothing",
    "generalize": "the value is dropped: write the cases as a view on the timeline",
    "cryptohash": "the value is dropped: only ids and references become pseudonyms",
}
_PARAMETERS = {
    "dateShiftScope": "the offset is one for each patient, in all files",
    "dateShiftFixedOffsetInDays": "each patient has an offset of its own",
    "dateShiftKey": "offsets come from the project's key",
    "cryptoHashKey": "pseudonyms come from the project's key",
    "encryptKey": "nothing is encrypted in what leaves the restricted zone",
    "restrictedZipCodeTabulationAreas": "areas pass by an allow list from the census",
}
_NO_ELEMENT = "its path names no element of a known type"
_REBUILT = frozenset({"fullUrl", "link", "request", "response", "search"})


@dataclass(frozen=True)
class _Place:
    """What a path names: the policy's name for it, its type, and whether it stands for that type wherever it is."""

    name: str
    kind: str
    wide: bool = False


@dataclass
class _Made:
    """The policy while it is made: what the configuration keeps of redacted values, decisions by name, what is left."""

    dates: str
    partial: Mapping[str, bool]
    base: policy.Policy
    decided: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)

    def text(self) -> str:
        """The policy file, without decisions on parts of what is dropped."""
        standing = {n: d for n, d in self.decided.items() if d[1] == "drop" or not any(map(self.drops, _above(n)))}
        return _head(self.dates) + "".join(_section(s, standing) for s in ("types", "paths", "extensions"))

    def drops(self, name: str) -> bool:
        """Whether an element is dropped, by the configuration or else by the base, each by its path or its type."""
        kind = _kind(name)
        base = _decision(self.base, _Place(name, kind))
        by_type = self.decided.get(kind) if base and base.rule == kind else None
        decided = self.decided.get(name) or by_type
        return decided[1] == "drop" if decided else base is not None and base.action == "drop"


def import_fhir_anonymizer(file: Path) -> tuple[str, list[str]]:
    """The text of a policy file, and a line for each rule or part of a rule that was not carried over.

    Raises:
        UsageError: CL2051 the file cannot be read, CL2052 it is not a configuration of the anonymizer, CL2155 no JSON.
    """
    body = _read(file)
    parameters = body.get("parameters") or {}
    given = {k.lower(): bool(v) for k, v in parameters.items() if k.startswith("enablePartial")}
    partial = {kind: given.get(f"enablepartial{kind}forredact", False) for kind in ("ages", "dates", "zipcodes")}
    made = _Made(_dates(body), partial, policy.from_text(_head(_dates(body))))
    kept: list[tuple[str, _Place]] = []
    for rule in body["fhirPathRules"]:
        path, named = str(rule.get("path", "")).strip(), str(rule.get("method", "")).lower()
        method = named if named in METHODS else "redact"
        places, remark = _named(path, method)
        if method != named:
            remark = remark or "the method is not known; the value is dropped"
        if places and method == "keep":
            kept += [(path, place) for place in places if place.name not in made.decided]
        for place in places:
            remark = _carry(place, method, made) or remark
        if remark:
            made.left.append(f"{path} ({named or 'no method'}): {remark}")
    made.left += _lost(kept, policy.from_text(made.text()))
    made.left += [f"parameters.{name}: {why}" for name, why in _PARAMETERS.items() if parameters.get(name)]
    if str(body.get("fhirVersion") or "R4").upper() != "R4":
        made.left.append("fhirVersion: the paths were read as those of R4")
    return made.text(), made.left


def _read(file: Path) -> Mapping[str, Any]:
    try:
        body = json.loads(file.read_text(encoding="utf-8-sig"))
    except OSError:
        raise UsageError("CL2051", f"{file} cannot be read.", "Name a configuration file.") from None
    except (ValueError, RecursionError):
        fix = "Take out comments and what its editor marks."
        raise UsageError("CL2155", f"{file} is no JSON.", fix) from None
    rules = body.get("fhirPathRules") if isinstance(body, dict) else None
    whole = isinstance(body, dict) and isinstance(body.get("parameters") or {}, dict)
    if not whole or not isinstance(rules, list) or not all(isinstance(r, dict) for r in rules):
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


def _section(name: str, decided: Mapping[str, tuple[str, str, str]]) -> str:
    lines = [
        f'"{element}" = "{action}"\n'
        if name == "extensions"
        else f'"{element}" = {{ action = "{action}", reason = "imported: {method}" }}\n'
        for element, (section, action, method) in decided.items()
        if section == name
    ]
    return f"[{name}]\n{''.join(lines)}\n" if lines else ""


# --- paths -------------------------------------------------------------------------------------------


def _named(path: str, method: str) -> tuple[list[_Place], str]:
    """The places that a path names, and what of the rule is left out."""
    places: list[_Place] = []
    remark = ""
    for one in _split(path, "|"):
        found, conditional = _places(one)
        if not found:
            return [], _NO_ELEMENT
        if conditional and method == "keep":
            return [], "kept only under a condition, which a policy has not"
        remark = "its condition; the rule is applied to all" if conditional else remark
        places += found
    return places, remark


def _split(path: str, at: str) -> list[str]:
    """The pieces of a path between separators that are in no parentheses and no quotes."""
    depth, quoted, pieces = 0, False, [""]
    for char in path:
        quoted ^= char == "'"
        depth += 0 if quoted else (char == "(") - (char == ")")
        if char == at and depth == 0 and not quoted:
            pieces.append("")
        else:
            pieces[-1] += char
    return [p.strip() for p in pieces]


def _places(path: str) -> tuple[list[_Place], bool]:
    """The places of one path without alternatives, and whether it names them under a condition."""
    if path.startswith("(") and path.endswith(")"):
        path = path[1:-1].strip()
    typed = _AS.fullmatch(path)
    steps = _split(typed[1] if typed else path, ".")
    found, conditional = _heads(steps[0]), False
    for step in [*steps[1:], *([f"ofType({typed[2]})"] if typed else [])]:
        call = _CALL.fullmatch(step)
        if call is None:
            name = step.partition("[")[0]
            conditional |= name != step
            found = [p for place in found for p in _children(place) if name in (_last(p), _choice(p))]
        elif call[1] == "where" or call[1] in _PICKS:
            conditional = True
        elif call[1] == "ofType":
            found = [p for p in found if p.kind == call[2] or p.name == call[2]]
        elif call[1] in ("nodesByType", "nodesByName"):
            below = {p.name: p for place in found for p in _below(place)}.values()
            found = [p for p in below if call[2] == (p.kind if call[1] == "nodesByType" else _last(p))]
        else:
            return [], conditional
    return found, conditional


def _heads(step: str) -> list[_Place]:
    """Where a path begins: a resource type, all of them, a datatype wherever it is, or a name wherever it is."""
    tree = definitions.load()
    call = _CALL.fullmatch(step)
    if step in ("Resource", "DomainResource"):
        return [_Place(n, n) for n in sorted(policy.load("expert_determination").resources)]
    if call is None:
        return [_Place(step, step, tree[step].kind == "datatype")] if step in tree and "." not in step else []
    if call[1] == "nodesByName":
        owners = ((owner, tree[owner].elements.get(call[2])) for owner in sorted(tree))
        return [_Place(f"{owner}.{call[2]}", e.type) for owner, e in owners if e is not None]
    if call[1] == "nodesByType" and call[2] in tree and "." not in call[2]:
        return [_Place(call[2], call[2], wide=True)]
    primitives = {e.type for d in tree.values() for e in d.elements.values() if e.type not in tree}
    return [_Place(call[2], call[2], wide=True)] if call[1] == "nodesByType" and call[2] in primitives else []


def _children(place: _Place) -> list[_Place]:
    definition = definitions.load().get(place.kind)
    return [_Place(f"{place.name}.{n}", e.type) for n, e in definition.elements.items()] if definition else []


def _below(place: _Place, inside: frozenset[str] = frozenset()) -> Iterator[_Place]:
    """All places under this one; a type inside itself is named once."""
    for child in _children(place):
        if child.kind != "Resource" and child.kind not in inside:
            yield child
            if child.kind not in policy.MADE_ANEW:
                yield from _below(child, inside | {child.kind})


def _last(place: _Place) -> str:
    return place.name.rpartition(".")[2]


def _choice(place: _Place) -> str | None:
    """The group of a choice that an element belongs to: ``onset`` for ``Condition.onsetAge``."""
    element = _element(place.name)
    return element.choice if element else None


def _element(name: str) -> definitions.Element | None:
    tree = definitions.load()
    head, *steps = name.split(".")
    element, owner = None, head
    for step in steps:
        element = tree[owner].elements.get(step) if owner in tree else None
        if element is None:
            return None
        owner = element.type
    return element


# --- decisions ---------------------------------------------------------------------------------------


def _carry(place: _Place, method: str, made: _Made) -> str:
    """Decide on a place and what is in it, unless an earlier rule did; what is not carried over."""
    if place.name.startswith("Bundle.") and place.name.split(".")[-1] in (*_REBUILT, "url", "location"):
        return ""  # bundles are written anew, with links between pseudonyms
    owner, _, last = place.name.rpartition(".")
    if last == "reference" and _kind(owner) == "Reference":
        place = _Place(owner, "Reference", owner == "Reference")  # a link is a pseudonym or not there
    if place.kind == "id" or (place.kind == "Reference" and method in ("cryptohash", "keep")):
        return ""  # the base makes pseudonyms of them
    if place.kind == "Extension" and method != "keep":
        made.decided |= dict.fromkeys(made.base.extensions, ("extensions", "drop", method))
        return "" if place.wide else "where it stands; extensions are dropped everywhere"
    if any(_kind(above) in policy.MADE_ANEW for above in _above(place.name)):
        return ""  # nothing of the source is in it
    if method == "keep":
        return _keep(place, made)
    if _settled(place, made):
        return ""  # an earlier rule was for all of its type
    if _holds(place, made):
        for child in _children(place):
            _carry(child, method, made)
        return _INSTEAD.get(method, "")
    _decide(place, _action(place, method, made), method, made)
    if place.wide:
        for name, kind in _named_in_base(made.base, place.kind):
            _carry(_Place(name, kind), method, made)
    return _left(place, method, made)


def _left(place: _Place, method: str, made: _Made) -> str:
    """What is not carried over of a decision that was made; where the policy refuses it, its parts are decided."""
    if method == "redact" and place.kind in policy.DATES and made.partial["dates"] and made.dates == "shift":
        return "the value is dropped, its year too: this policy shifts the dates it keeps"
    objection = _objected(place, made)
    if objection and not place.wide:
        for child in _children(place):
            _carry(child, method, made)
    if method == "dateshift" and place.kind not in policy.DATES:
        return "the value is dropped: only dates are shifted"
    return objection or _INSTEAD.get(method, "")


def _settled(place: _Place, made: _Made) -> bool:
    """Whether an earlier rule keeps or treats a place by its type, or as an element of a type wherever that is."""
    owner, _, last = place.name.rpartition(".")
    names = () if place.wide else (place.kind, f"{_kind(owner)}.{last}")
    return any(n in made.decided and made.decided[n][1] != "drop" for n in names)


def _keep(place: _Place, made: _Made) -> str:
    """Say that a place stays, as the base would have it, lest a later rule on all of its type takes it away."""
    decision = _decision(made.base, place)
    if decision is not None and decision.action != "drop":
        _decide(place, decision.action, "keep", made)
    elif place.kind in ("string", "markdown"):
        _decide(place, "clean-text", "keep", made)
    return ""


def _above(name: str) -> list[str]:
    """The names of what a place is in, from the type on."""
    steps = name.split(".")
    return [".".join(steps[:i]) for i in range(1, len(steps))]


def _kind(name: str) -> str:
    """Type of the element, or name of the type, that a name stands for."""
    element = _element(name)
    return element.type if element else name


def _decide(place: _Place, action: str, method: str, made: _Made) -> None:
    section = "types" if place.wide else "paths"
    if place.name not in made.decided and (place.wide or "." in place.name):
        made.decided[place.name] = (section, action, method)


def _objected(place: _Place, made: _Made) -> str:
    """Why the policy would be refused with this decision, which is taken back then; empty when it would not."""
    element = _element(place.name)
    parts = definitions.load()[place.kind].elements.values() if place.kind in definitions.load() else ()
    if not place.wide and not (element and element.required and any(e.required for e in parts)):
        return ""  # only a group that is required, and parts of it, may not be dropped
    try:
        policy.from_text(made.text())
    except UsageError as refused:
        made.decided.pop(place.name, None)
        return refused.message.partition(": ")[2] or refused.message
    return ""


def _holds(place: _Place, made: _Made) -> bool:
    """Whether parts of what is taken away stay: named by an earlier rule, or a ZIP code that keeps three digits."""
    if place.kind not in definitions.load() or place.kind in ("Extension", "Reference"):
        return False
    again = place.kind in map(_kind, _above(place.name))  # within itself
    prefixes = (f"{place.name}.", *([] if again else [f"{place.kind}."]))
    inside = (n for n, (_, action, _) in made.decided.items() if action != "drop")
    return (
        definitions.load()[place.kind].kind == "resource"
        or any(n.startswith(prefixes) for n in inside)
        or (not again and any(_settled(p, made) for p in _below(place)))
        or (place.kind == "Address" and made.partial["zipcodes"])
    )


def _action(place: _Place, method: str, made: _Made) -> str:
    """The action that takes at least as much away."""
    if place.kind in policy.DATES:
        years = method == "redact" and made.partial["dates"] and made.dates == "year"
        return "date" if method == "dateshift" or years else "drop"
    if method == "redact" and place.kind == "Age" and made.partial["ages"]:
        return "age"
    if method == "redact" and place.name.endswith("ddress.postalCode") and made.partial["zipcodes"]:
        return "zip"
    return "drop"


def _named_in_base(base: policy.Policy, kind: str) -> list[tuple[str, str]]:
    """Elements of a type that the base names one by one, before it asks the type."""
    found = ((path, _element(path)) for path, decision in base.paths.items() if decision.action != "drop")
    return [(path, e.type) for path, e in found if e is not None and e.type == kind]


def _decision(rules: policy.Policy, place: _Place) -> policy.Decision | None:
    """What a policy does at a place; None for one that is no element."""
    if place.wide:
        return rules.types.get(place.kind)
    owner = place.name.rpartition(".")[0]
    element = _element(place.name)
    holder = _element(owner)
    kind = holder.type if holder else owner
    return rules.decide(kind, place.name, element) if element and kind in definitions.load() else None


def _lost(kept: list[tuple[str, _Place]], rules: policy.Policy) -> Iterator[str]:
    """A line for each path that is kept there and does not stay here, with the reason of the policy."""
    told: dict[str, str] = {}
    for path, place in kept:
        steps = place.name.split(".")
        chain = [_Place(".".join(steps[: i + 1]), "") for i in range(1, len(steps))]
        if len(steps) == 1 and not place.wide:
            told.setdefault(path, "nothing is kept unless it is named")
        elif definitions.load()[steps[0]].kind == "datatype":
            chain.insert(0, _Place(steps[0], steps[0], wide=True))
        for at in chain:
            decision = _decision(rules, at)
            open_elsewhere = at.wide and _named_in_base(rules, at.kind)
            if decision is not None and decision.action == "drop" and not open_elsewhere:
                told.setdefault(path, f"it is dropped here with {at.name}: {decision.reason}")
    return (f"{path} (keep): {why}" for path, why in told.items())
