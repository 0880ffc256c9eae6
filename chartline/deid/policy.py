"""Policies: allow lists that say what happens to each element, and why; files that the privacy officer owns.

A policy file extends ``policies/base.toml``. It is checked against the FHIR definitions when loaded; a mistake is
refused with file, path and fix. What no rule names is dropped.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from chartline.errors import UsageError
from chartline.fhir import definitions
from chartline.fhir.definitions import Element
from chartline.settings import room

DATES = frozenset({"date", "dateTime", "instant"})
_STRINGS = frozenset({"string", "markdown"})
_FITS: Mapping[str, frozenset[str]] = {
    "date": DATES,
    "zip": frozenset({"string"}),
    "city": frozenset({"string"}),
    "age": frozenset({"Age"}),
    "pseudonym": frozenset({"id"}),  # of a resource, nothing else
    "reference": frozenset({"Reference", "uri", "url", "canonical"}),
    "code-check": frozenset({"Coding", "string", "code", "uri", "canonical"}),
    "clean-text": _STRINGS,
    "attachment": frozenset({"base64Binary"}),
    "narrative": frozenset({"Narrative"}),
}
ACTIONS = frozenset({"keep", "drop", *_FITS})
_MEANS: Mapping[str, frozenset[str]] = {
    "date": frozenset({"year", "shift", "keep"}),
    "zip": frozenset({"zip3", "zip5", "drop"}),
    "city": frozenset({"keep", "drop"}),
    "attachment": frozenset({"clean-text", "drop"}),
    "narrative": frozenset({"clean-text", "drop"}),
}
_TEXT: Mapping[str, frozenset[str]] = {
    "replacement": frozenset({"label", "surrogate"}),
    "dates": frozenset({"year", "shift", "keep"}),
    "geography": frozenset({"state", "city"}),
    "consistency": frozenset({"patient", "document", "none"}),
}
_MOST_DAYS = 3650
"""A shift of more than ten years is a wrong unit: hours or seconds, not days."""
MADE_ANEW = {
    "Reference": "a reference is made from the pseudonym of what it names",
    "Narrative": "a narrative passes as a whole, cleaned, or not at all",
    "Extension": "an extension passes by its address in [extensions]",
}
_ID_FIX = "The id of a resource becomes a pseudonym; nothing else does."
_DATA_FIX = "The data of an Attachment is a document, that of a Binary it points to included; nothing else is."
_OF_EVERY_RESOURCE = frozenset({"id", "implicitRules", "language", "meta"})
_TABLES = frozenset({"dates", "means", "text", "resources", "types", "paths", "extensions", "systems"})
_SHORTEST_SYSTEM = 8  # characters; a shorter one would name every vocabulary
_STEP = r"(?:[A-Za-z](?:[A-Za-z._-]|\d(?!\d{4})){0,63}|\d{1,4}(?:\.\d){0,2})"
_FOLDERS = {
    "/": re.compile(rf"{_STEP}(?:/{_STEP}){{0,4}}"),
    ".": re.compile(r"\d{1,4}(?:\.\d{1,4}){0,2}"),
}
"""What may follow a listed address that ends so: a path of words, arcs of an oid."""
_EXTENSION_RULES = frozenset({"value", "nested", "drop"})
_SECTIONS = frozenset(
    {
        *("name", "basis", "extends", "pseudonyms", "dates", "means", "text"),
        *("resources", "types", "paths", "extensions", "systems"),
    }
)


@dataclass(frozen=True)
class TextRules:
    """How notes are treated.

    Attributes:
        replacement: ``label`` ([NAME]) or ``surrogate`` (another name of the same kind).
        dates: ``year``, ``shift`` by the patient's offset, or ``keep``.
        geography: smallest unit that may stay: ``state`` or ``city`` (with five-digit ZIP).
        consistency: a surrogate is the same within a ``patient``, a ``document`` or not at all (``none``).
    """

    replacement: str
    dates: str
    geography: str
    consistency: str


@dataclass(frozen=True)
class Decision:
    """What happens to one element: action, the rule that says so, and its reason."""

    action: str
    rule: str
    reason: str


_DEFAULT = Decision("drop", "default", "no rule names it")


@dataclass(frozen=True)
class Policy:
    """A loaded policy.

    Attributes:
        name: its name, for example ``safe_harbor``.
        basis: the provision it serves.
        hash: SHA-256 of its content with all that it extends.
        pseudonyms: ``keyed`` (HMAC) or ``random`` (codes from the vault).
        shift: lowest and highest offset in days, where dates are shifted.
        means: what the actions date, zip, city, attachment and narrative do here.
        text: how notes are treated.
        resources: resource types that pass, with the reason.
    """

    name: str
    basis: str
    hash: str
    pseudonyms: str
    shift: tuple[int, int]
    means: Mapping[str, str]
    text: TextRules
    resources: Mapping[str, str]
    types: Mapping[str, Decision] = field(repr=False)
    paths: Mapping[str, Decision] = field(repr=False)
    extensions: Mapping[str, str] = field(repr=False)
    public_systems: tuple[str, ...] = field(repr=False)
    registries: tuple[str, ...] = field(repr=False)

    def decide(self, owner: str, path: str, element: Element) -> Decision:
        """The decision on an element.

        Args:
            owner: type that declares the element, for example ``CodeableConcept`` or ``Patient.contact``.
            path: path from the resource on, for example ``Condition.code.text``.
            element: its definition.
        """
        names = [path, f"{owner}.{element.name}"]
        if element.choice:
            names += [f"{path.rpartition('.')[0]}.{element.choice}[x]", f"{owner}.{element.choice}[x]"]
        if element.name in _OF_EVERY_RESOURCE and owner in definitions.resource_types():
            names.append(f"Resource.{element.name}")
        for name in names:
            if name in self.paths:
                return self.paths[name]
        definition = definitions.load().get(element.type)
        if definition is not None and definition.kind == "backbone":
            return Decision("keep", element.type, "its elements are decided one by one")
        return self.types.get(element.type, _DEFAULT)

    def public_part(self, system: str) -> str | None:
        """What the address of a published vocabulary has beyond the one listed; None for any other code system.

        An address passes when it is listed, or lies in a folder that is (one that ends in ``/``, or in the ``.`` of an
        oid) and is made of words and short numbers: no query, no number that could be a person's, no long path. Of two
        folders around an address the inner one counts. One that is listed passes under http and https.
        A registry of numbers of persons is no vocabulary.
        """
        if system.startswith(self.registries):
            return None
        other = re.sub(r"\Ahttp(s?)(?=://)", lambda scheme: "http" if scheme[1] else "https", system)
        if any(
            name in self.public_systems for name in (system, system.removesuffix("/"), other, other.removesuffix("/"))
        ):
            return ""
        for listed in self.public_systems:
            shape = _FOLDERS.get(listed[-1])
            if shape and system.startswith(listed) and shape.fullmatch(system, len(listed)):
                return system[len(listed) :]
        return None

    def effect(self, action: str) -> str:
        """What an action does under this policy: ``date`` becomes shift, year or keep, and so on."""
        return self.means.get(action, action)


# --- loading -----------------------------------------------------------------------------------------


def _refuse(file: Path, where: str, wrong: str, allowed: Iterable[str]) -> UsageError:
    options = sorted(allowed)
    close = difflib.get_close_matches(wrong, options, n=1)
    fix = f"Did you mean '{close[0]}'?" if close else f"Use one of: {', '.join(options[:12])}."
    return UsageError("CL2040", f"{file.name}: '{wrong}' at {where} is not known.", fix)


def _malformed(file: Path, where: str, form: str, fix: str) -> UsageError:
    return UsageError("CL2074", f"{file.name}: {where} is not {form}.", fix)


def _without_reason(file: Path, where: str) -> UsageError:
    return UsageError("CL2044", f"{file.name}: {where} lacks an action or a reason.", "Give both, and nothing else.")


def _unfit(file: Path, where: str, action: str, kind: str, fix: str) -> UsageError:
    return UsageError("CL2045", f"{file.name}: action '{action}' at {where} does not fit {kind}.", fix)


def _idle(file: Path, path: str, why: str, fix: str) -> UsageError:
    return UsageError("CL2073", f'{file.name}: [paths] "{path}" would change nothing: {why}.', fix)


_SAFE_HARBOR = "164.514(b)(2)"


def _harboured(file: Path, rules: Policy) -> None:
    """Refuse what calls itself Safe Harbor and tells more than it may: 45 CFR 164.514(b)(2)(i)(B), (C) and (R)."""
    told = {
        f"[means] date is '{rules.means['date']}'": rules.means["date"] in ("shift", "keep"),
        f"[means] zip is '{rules.means['zip']}'": rules.means["zip"] not in ("zip3", "drop"),
        f"[means] city is '{rules.means['city']}'": rules.means["city"] != "drop",
        f"pseudonyms is '{rules.pseudonyms}'": rules.pseudonyms != "random",
    }
    what = next((what for what, wrong in told.items() if wrong), None)
    if what:
        fix = "Give it as safe_harbor has it, or name another basis."
        raise _contradiction(file, f"basis names Safe Harbor and {what}, which it does not allow", fix)


def _contradiction(file: Path, what: str, fix: str) -> UsageError:
    return UsageError("CL2072", f"{file.name}: {what}.", fix)


def _one_of(file: Path, where: str, value: Any, allowed: Iterable[str]) -> str:
    if value not in set(allowed):
        raise _refuse(file, where, str(value), allowed)
    return str(value)


def _file_of(name: str) -> Path:
    named = Path(name)
    if named.suffix == ".toml" or named.parent != Path():
        return named
    return room("policies") / f"{name}.toml"


def _content(file: Path, seen: tuple[Path, ...] = ()) -> dict[str, Any]:
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise UsageError("CL2156", f"policy file {file} is not written in UTF-8.", "Save it as UTF-8.") from None
    except OSError:
        names = (p.stem for p in room("policies").glob("*.toml") if p.stem != "base")
        raise UsageError(
            "CL2041", f"policy file {file} cannot be read.", f"Use {', '.join(sorted(names))} or a path."
        ) from None
    return _merged(file, text, seen)


def _merged(file: Path, text: str, seen: tuple[Path, ...] = ()) -> dict[str, Any]:
    """The content of a policy with all that it extends, its own rules over those."""
    try:
        body = tomllib.loads(text)
    except tomllib.TOMLDecodeError as cause:
        raise UsageError("CL2042", f"{file} is not TOML: {cause}.", "Correct that line.") from None
    for section, content in body.items():
        _one_of(file, "the top level", section, _SECTIONS)
        if isinstance(content, dict) != (section in _TABLES):
            form = "a table" if section in _TABLES else "a text"
            raise _malformed(file, section, form, "See policies/safe_harbor.toml.")
    parent = body.pop("extends", None)
    if parent is None:
        return body
    base_file = file.parent / f"{parent}.toml"
    base_file = base_file if base_file.is_file() else _file_of(str(parent))
    if base_file in seen:
        raise UsageError("CL2043", f"{file.name} extends itself.", "Remove 'extends'.")
    base = _content(base_file, (*seen, file))
    if "paths" in base:
        base = {**base, "paths": _not_superseded(base["paths"], body.get("paths", {}))}
    merged = {k: {**base.get(k, {}), **v} if isinstance(v, dict) else v for k, v in body.items()}
    return {**base, **merged}


def _not_superseded(given: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """The base's paths without those that the extending file decides as a whole: forms of a choice, parts of a drop."""
    dropped = tuple(f"{path}." for path, rule in own.items() if isinstance(rule, dict) and rule.get("action") == "drop")
    choices = {path.removesuffix("[x]") for path in own if path.endswith("[x]")}
    tree = definitions.load()

    def of_choice(path: str) -> bool:
        owner, _, name = path.rpartition(".")
        holder = tree.get(_kind(owner) or "")
        element = holder.elements.get(name) if holder else None
        return element is not None and f"{owner}.{element.choice}" in choices

    return {path: rule for path, rule in given.items() if not path.startswith(dropped) and not of_choice(path)}


def _steps(path: str) -> tuple[Element | None, str | None, Iterable[str]]:
    """The element that a path names, the first step that is wrong, and what could stand there."""
    tree = definitions.load()
    head, *rest = path.split(".")
    if head not in tree or tree[head].kind == "backbone":
        return None, head, [n for n, d in tree.items() if d.kind != "backbone"]
    here, element = tree[head], None
    for i, step in enumerate(rest):
        group = step.removesuffix("[x]") if step.endswith("[x]") else None
        matches = [e for n, e in here.elements.items() if (e.choice == group if group else n == step)]
        if not matches:
            return None, step, here.elements
        element = matches[0]
        if i < len(rest) - 1:
            here = tree.get(element.type, here)
    return element, None, ()


def _kinds(name: str) -> set[str]:
    """Types of the element that a name stands for, of all forms of a choice; the name of a type is one."""
    owner, _, step = name.rpartition(".")
    holder = definitions.load().get(_kind(owner) or "")
    forms = holder.elements.values() if holder and step.endswith("[x]") else ()
    return {e.type for e in forms if e.choice == step.removesuffix("[x]")} or {_kind(name) or name}


def _above(path: str) -> Iterator[tuple[str, str, Element]]:
    """The elements in which the one that a path names lies, each with the type that declares it and its own path."""
    owner, *steps = path.split(".")
    at = owner
    for step in steps[:-1]:
        element = definitions.load()[owner].elements[step]
        at = f"{at}.{step}"
        yield owner, at, element
        owner = element.type


def _kind(path: str) -> str | None:
    """Type of the element, or name of the type, that a path names; None for one that is wrong."""
    element, wrong, _ = _steps(path)
    return None if wrong is not None else element.type if element is not None else path


def _decision(file: Path, section: str, name: str, body: Any) -> Decision:
    where = f'[{section}] "{name}"'
    if not isinstance(body, dict) or set(body) != {"action", "reason"} or not str(body.get("reason", "")).strip():
        raise _without_reason(file, where)
    return Decision(_one_of(file, where, body["action"], ACTIONS), name, str(body["reason"]))


def _fitting(file: Path, where: str, decision: Decision, kind: str) -> None:
    allowed = _FITS.get(decision.action)
    if allowed is not None and kind not in allowed:
        fix = f"It fits {', '.join(sorted(allowed))}; use keep or drop, or name another element."
        raise _unfit(file, where, decision.action, f"the type {kind}", fix)


def _effective(file: Path, path: str, decision: Decision) -> None:
    """Refuse a decision on what the product makes itself, which would change nothing."""
    steps = path.split(".")
    for i in range(1, len(steps)):
        above = ".".join(steps[:i])
        kind = _kind(above)
        if kind in MADE_ANEW and path != "Reference.type":
            raise _idle(file, path, MADE_ANEW[kind], f'Decide on "{above}" as a whole.')
    whole = len(steps) == 2 and steps[0] in definitions.resource_types()
    if whole and steps[1] in ("extension", "modifierExtension", "contained"):
        why = "extensions pass by [extensions], contained resources by the rules of their type"
        raise _idle(file, path, why, "Use [extensions] or [resources].")
    if (whole and steps[1] == "id") is not (decision.action == "pseudonym"):
        raise _unfit(file, f'[paths] "{path}"', decision.action, "it", _ID_FIX)


def _checked_paths(file: Path, section: Mapping[str, Any]) -> dict[str, Decision]:
    decided = {}
    for path, body in section.items():
        element, wrong, allowed = _steps(path)
        if wrong is not None:
            raise _refuse(file, f'[paths] "{path}"', wrong, allowed)
        decision = _decision(file, "paths", path, body)
        if element is not None:
            _fitting(file, f'[paths] "{path}"', decision, element.type)
        if decision.action == "attachment" and _kind(path.rpartition(".")[0]) != "Attachment":
            raise _unfit(file, f'[paths] "{path}"', decision.action, "it", _DATA_FIX)
        _effective(file, path, decision)
        decided[path] = decision
    return decided


def _checked_types(file: Path, section: Mapping[str, Any]) -> dict[str, Decision]:
    tree = definitions.load()
    known = {n for n, d in tree.items() if d.kind == "datatype"} | {
        e.type for d in tree.values() for e in d.elements.values() if e.type not in tree
    }
    decided = {}
    for name, body in section.items():
        _one_of(file, "[types]", name, known)
        decision = _decision(file, "types", name, body)
        _fitting(file, f'[types] "{name}"', decision, name)
        if decision.action in ("pseudonym", "attachment"):
            fix = _ID_FIX if decision.action == "pseudonym" else _DATA_FIX
            raise _unfit(file, f'[types] "{name}"', decision.action, "a type", fix)
        decided[name] = decision
    return decided


def _choices(
    file: Path, section: str, body: Mapping[str, Any], allowed: Mapping[str, frozenset[str]]
) -> dict[str, str]:
    for name in body:
        _one_of(file, f"[{section}]", name, allowed)
    for name in allowed:
        if name not in body:
            raise UsageError(
                "CL2046", f"{file.name}: [{section}] lacks '{name}'.", f"Use {' or '.join(sorted(allowed[name]))}."
            )
    return {name: _one_of(file, f"[{section}] {name}", body[name], allowed[name]) for name in allowed}


@cache
def load(name: str) -> Policy:
    """A policy by its name in ``policies/`` or by the path of a file.

    Raises:
        UsageError: CL2040 to CL2049, CL2072 to CL2074, each with the file, the path in it and the fix.
    """
    file = _file_of(name)
    return _checked(file, _content(file))


def from_text(text: str) -> Policy:
    """A policy from the text of a file that is not written yet; raises as ``load``."""
    file = room("policies") / "imported.toml"
    return _checked(file, _merged(file, text))


def _checked(file: Path, body: Mapping[str, Any]) -> Policy:
    for required in ("name", "basis", "pseudonyms", "means", "text", "resources", "types"):
        if required not in body:
            raise UsageError("CL2047", f"{file.name} lacks '{required}'.", "See policies/safe_harbor.toml.")
    for kind, reason in body["resources"].items():
        if str(reason).strip() in ACTIONS:
            fix = "Take it out to drop the type, and name elements of it under [paths]."
            raise _contradiction(file, f"[resources] {kind} has an action where its reason to pass stands", fix)
        _one_of(file, "[resources]", kind, definitions.resource_types())
        if not isinstance(reason, str) or not reason.strip():
            raise _without_reason(file, f"[resources] {kind}")
    for url, rule in body.get("extensions", {}).items():
        _one_of(file, f'[extensions] "{url}"', rule, _EXTENSION_RULES)
    means = _choices(file, "means", body["means"], _MEANS)
    rules = _policy(file, body, means, _shift(file, body.get("dates", {}), means["date"]))
    _agreeing(file, rules)
    _replaceable(file, rules)
    return rules


def _shift(file: Path, dates: Mapping[str, Any], means: str) -> tuple[int, int]:
    """Lowest and highest offset, in whole days, with at least two to draw from."""
    for name in dates:
        _one_of(file, "[dates]", name, ("low", "high"))
    low, high = dates.get("low", 0), dates.get("high", 0)
    days = type(low) is int and type(high) is int and max(abs(low), abs(high)) <= _MOST_DAYS
    if not days or (means == "shift" and high - low + (not low <= 0 <= high) < 2):  # 0 is never drawn
        raise UsageError(
            "CL2048",
            f"{file.name}: [dates] low and high must be whole days, {_MOST_DAYS} at most, low below high, with two or "
            "more offsets to draw from.",
            "For example low = -365, high = -1.",
        )
    return low, high


def _agreeing(file: Path, rules: Policy) -> None:
    """Refuse rules that contradict each other."""
    text, means = rules.text, rules.means
    if text.dates != means["date"]:
        what = (
            f"[text] dates is '{text.dates}' and [means] date is '{means['date']}', so that a note would tell the dates"
        )
        raise _contradiction(file, what, "Give both the same.")
    if text.geography == "city" and means["city"] == "drop":
        what = "[text] geography is 'city' and [means] city is 'drop', so that a note would tell the town"
        raise _contradiction(file, what, 'Use geography = "state".')
    if _SAFE_HARBOR in rules.basis:
        _harboured(file, rules)
    for name, decision in {**rules.types, **rules.paths}.items():
        if decision.action == "keep" and means["date"] != "keep" and not _kinds(name).isdisjoint(DATES):
            what = f"\"{name}\" is kept and [means] date is '{means['date']}', so that it would tell the dates"
            raise _contradiction(file, what, 'Use action = "date", for each form of a choice its own.')
    for path, decision in rules.paths.items():
        dropped = [at for owner, at, e in _above(path) if rules.effect(rules.decide(owner, at, e).action) == "drop"]
        if dropped and rules.effect(decision.action) != "drop":
            what = f'[paths] "{path}" never applies: "{dropped[0]}" is dropped'
            raise _contradiction(file, what, f'Keep "{dropped[0]}", or take "{path}" out.')


def _policy(file: Path, body: Mapping[str, Any], means: Mapping[str, str], shift: tuple[int, int]) -> Policy:
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return Policy(
        name=str(body["name"]),
        basis=str(body["basis"]),
        hash=hashlib.sha256(canonical.encode()).hexdigest(),
        pseudonyms=_one_of(file, "pseudonyms", body["pseudonyms"], ("keyed", "random")),
        shift=shift,
        means=means,
        text=TextRules(**_choices(file, "text", body["text"], _TEXT)),
        resources=dict(body["resources"]),
        types=_checked_types(file, body["types"]),
        paths=_checked_paths(file, body.get("paths", {})),
        extensions={url: rule for url, rule in body.get("extensions", {}).items() if rule != "drop"},
        public_systems=_systems(file, body.get("systems", {}), "public"),
        registries=_systems(file, body.get("systems", {}), "registries"),
    )


def _systems(file: Path, section: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """Addresses of vocabularies, or of folders of them, inner folders before those around them."""
    for given in section:
        _one_of(file, "[systems]", given, ("public", "registries"))
    found = section.get(name, [])
    named = isinstance(found, list) and all(isinstance(s, str) and len(s) >= _SHORTEST_SYSTEM for s in found)
    if not named or not all(":" in s for s in found):
        raise _malformed(
            file, f"[systems] {name}", "a list of addresses", f'For example {name} = ["http://loinc.org"].'
        )
    return tuple(sorted(found, key=len, reverse=True))


def _replaceable(file: Path, rules: Policy) -> None:
    """Refuse to drop a required element for which no 'masked' can stand: a group that has required parts itself."""
    tree = definitions.load()
    for path, kind, decision in decisions(rules):
        owner, _, name = path.rpartition(".")
        parts = tree[kind].elements.values() if kind in tree else ()
        element = tree[owner].elements[name]
        if not element.required or element.choice or not any(e.required for e in parts):
            continue  # of a choice another form can be masked
        if rules.effect(decision.action) == "drop":
            raise UsageError(
                "CL2049",
                f"{file.name}: {path} may not be dropped: the standard requires it, and parts of it.",
                f'Keep "{path}" and drop its parts, or take its resource type from [resources].',
            )


# --- reading a policy --------------------------------------------------------------------------------


def decisions(policy: Policy) -> Iterator[tuple[str, str, Decision]]:
    """Every element of every type that passes, with its type and decision; datatypes once, under their own name."""
    tree = definitions.load()
    roots = [n for n, d in tree.items() if d.kind == "datatype"]
    roots += [n for n, d in tree.items() if d.kind != "datatype" and n.partition(".")[0] in policy.resources]
    for owner in sorted(roots):
        for name, element in tree[owner].elements.items():
            yield f"{owner}.{name}", element.type, policy.decide(owner, f"{owner}.{name}", element)


def _cell(text: str) -> str:
    """A text that is one cell of a Markdown table."""
    return " ".join(text.split()).replace("|", "\\|")


def policy_table(policy: Policy) -> str:
    """A Markdown table of what a policy does to each element of each type, for the privacy officer."""
    lines = [
        f"# Policy {_cell(policy.name)}",
        "",
        f"Basis: {_cell(policy.basis)}. SHA-256 `{policy.hash}`. Ids: {policy.pseudonyms}. A resource type or element"
        " that is not here does not pass.",
        "",
        "| element | type | action | reason |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {path} | {kind} | {policy.effect(d.action)} | {_cell(d.reason)} |" for path, kind, d in decisions(policy)
    ]
    refused = sorted(definitions.resource_types() - set(policy.resources) - {"Resource", "DomainResource"})
    lines += ["", f"Resource types that do not pass: {', '.join(refused)}."]
    return "\n".join(lines) + "\n"
