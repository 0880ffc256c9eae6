"""Check a resource against the compiled definitions, and report every fault by path and reason, never by value.

The checks are closures compiled once a type: unknown elements, types and formats of primitives, real calendar dates,
cardinality, choice types, required elements, codes of required bindings, reference targets, primitive extensions,
contained resources, empty values, unknown modifierExtensions. Rules are those of hl7.org/fhir/R4B/datatypes.html.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from chartline.fhir import definitions, references
from chartline.fhir.definitions import Element

Found = list[tuple[str, str]]
Check = Callable[[Any, Found], None]

_SPACE = re.compile(r"\s")
_ID = re.compile(references.ID)
_CODE = re.compile(r"\S+(?: \S+)*")
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?", re.ASCII)
_DATE = re.compile(r"(\d{4})(?:-(0[1-9]|1[0-2])(?:-(0[1-9]|[12]\d|3[01]))?)?", re.ASCII)
_ZONE = re.compile(r"Z|[+-]((0\d|1[0-3]):[0-5]\d|14:00)", re.ASCII)
_DATETIME = re.compile(rf"({_DATE.pattern})(?:T({_TIME.pattern})({_ZONE.pattern}))?", re.ASCII)
_OID = re.compile(r"urn:oid:[0-2](\.(0|[1-9]\d*))+", re.ASCII)
_UUID = re.compile(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_RELATIVE = re.compile(rf"(?:https?://\S+/)?([A-Z][A-Za-z]+)/{references.ID}(?:/_history/\S+)?")


@dataclass(frozen=True)
class Issue:
    """One fault: element path without indexes or values, and a reason.

    Reasons: missing_required, unknown_element, wrong_type, cardinality, choice_conflict, unknown_code, bad_format,
    bad_date, bad_id, reference_target, empty_value, unknown_modifier_extension, unknown_resource_type.
    """

    path: str
    reason: str


# --- primitives --------------------------------------------------------------------------------------


@lru_cache(maxsize=1 << 16)
def real_date(text: str) -> bool:
    """Whether a FHIR date, of any precision, is on the calendar (no 30 February, no year 0)."""
    match = _DATE.fullmatch(text)
    if not match or match[1] == "0000":
        return False
    return match[3] is None or int(match[3]) <= calendar.monthrange(int(match[1]), int(match[2]))[1]


@lru_cache(maxsize=1 << 16)
def real_datetime(text: str) -> bool:
    """Whether a FHIR dateTime is well formed and on the calendar; a time needs a full date and a zone."""
    match = _DATETIME.fullmatch(text)
    return bool(match) and real_date(match[1]) and ("T" not in text or len(match[1]) == 10)  # type: ignore[index]


def _instant(text: str) -> bool:
    return "T" in text and real_datetime(text)


def _is_integer(value: Any) -> bool:
    return type(value) is int and -(1 << 31) <= value < 1 << 31


def _string(ok: Callable[[str], Any], reason: str) -> Check:
    def check(value: Any, found: Found) -> None:
        if type(value) is not str:
            found.append(("", "wrong_type"))
        elif not value.strip():
            found.append(("", "empty_value"))
        elif not ok(value):
            found.append(("", reason))

    return check


def _of(ok: Callable[[Any], bool]) -> Check:
    def check(value: Any, found: Found) -> None:
        if not ok(value):
            found.append(("", "wrong_type"))

    return check


def _any_text(_: str) -> bool:
    return True


def _no_space(text: str) -> bool:
    return _SPACE.search(text) is None


_PRIMITIVES: Mapping[str, Check] = {
    "string": _string(_any_text, "bad_format"),
    "markdown": _string(_any_text, "bad_format"),
    "xhtml": _string(lambda t: t.lstrip().startswith("<div"), "bad_format"),
    "base64Binary": _string(_any_text, "bad_format"),
    "code": _string(_CODE.fullmatch, "bad_format"),
    "id": _string(_ID.fullmatch, "bad_id"),
    "uri": _string(_no_space, "bad_format"),
    "url": _string(_no_space, "bad_format"),
    "canonical": _string(_no_space, "bad_format"),
    "oid": _string(_OID.fullmatch, "bad_format"),
    "uuid": _string(_UUID.fullmatch, "bad_format"),
    "date": _string(real_date, "bad_date"),
    "dateTime": _string(real_datetime, "bad_date"),
    "instant": _string(_instant, "bad_date"),
    "time": _string(_TIME.fullmatch, "bad_format"),
    "boolean": _of(lambda v: type(v) is bool),
    "integer": _of(_is_integer),
    "positiveInt": _of(lambda v: _is_integer(v) and v > 0),
    "unsignedInt": _of(lambda v: _is_integer(v) and v >= 0),
    "decimal": _of(lambda v: type(v) is float or type(v) is int),
}


# --- elements ----------------------------------------------------------------------------------------


def _coded(codes: frozenset[str]) -> Check:
    def check(value: Any, found: Found) -> None:
        if type(value) is not str:
            found.append(("", "wrong_type"))
        elif value not in codes:
            found.append(("", "unknown_code"))

    return check


def _reference(targets: frozenset[str]) -> Check:
    plain = _type("Reference")

    def check(value: Any, found: Found) -> None:
        plain(value, found)
        if targets and type(value) is dict:
            named = value.get("reference")
            match = _RELATIVE.fullmatch(named) if type(named) is str else None
            if match and match[1] in definitions.resource_types() and match[1] not in targets:
                found.append(("reference", "reference_target"))

    return check


def _listed(item: Check, *, nulls: bool) -> Check:
    def check(value: Any, found: Found) -> None:
        if type(value) is not list:
            found.append(("", "cardinality"))
            return
        if not value:
            found.append(("", "empty_value"))
        for entry in value:
            if entry is None and nulls:
                continue  # a null keeps the place of an item that only has a primitive extension
            item(entry, found)

    return check


def _single(item: Check) -> Check:
    def check(value: Any, found: Found) -> None:
        if type(value) is list:
            found.append(("", "cardinality"))
        else:
            item(value, found)

    return check


def _modifier(value: Any, found: Found) -> None:
    found.append(("", "unknown_modifier_extension"))


def _element(element: Element) -> Check:
    if element.name == "modifierExtension":
        return _modifier
    if element.type == "Resource":
        item: Check = _resource
    elif element.codes is not None:
        item = _coded(element.codes)
    elif element.type == "Reference":
        item = _reference(element.targets)
    elif element.type in _PRIMITIVES:
        item = _PRIMITIVES[element.type]
    else:
        item = _deferred(element.type)
    return _listed(item, nulls=element.type in _PRIMITIVES) if element.many else _single(item)


def _deferred(name: str) -> Check:
    """The check of a type, compiled on first use, because types refer to themselves."""

    def check(value: Any, found: Found) -> None:
        _type(name)(value, found)

    return check


def _primitive_extension(value: Any, found: Found) -> None:
    """What ``_birthDate`` and its like hold: an object with id and extension."""
    if type(value) is not dict or not value:
        found.append(("", "wrong_type"))
    elif value.keys() - {"id", "extension"}:
        found.append(("", "unknown_element"))
    elif "extension" in value:
        before = len(found)
        _EXTENSIONS(value["extension"], found)
        _under("extension", found, before)


def _in_step(value: Mapping[str, Any], key: str, found: Found) -> None:
    """A list of primitives and the list of their extensions are equally long, and a place is empty in one at most."""
    items, others = value.get(key), value.get(f"_{key}")
    if type(items) is not list or (others is not None and type(others) is not list):
        return
    others = [None] * len(items) if others is None else others
    if len(items) != len(others):
        found.append((key, "cardinality"))
    elif any(item is None and other is None for item, other in zip(items, others, strict=True)):
        found.append((key, "empty_value"))


def _under(key: str, found: Found, start: int) -> None:
    """Put a key before the paths of the faults found inside it."""
    for i in range(start, len(found)):
        path, reason = found[i]
        found[i] = (f"{key}.{path}" if path else key, reason)


@dataclass(frozen=True)
class _Shape:
    """What a type demands: a check a key, required keys, choice groups by name, the group of a key, primitive lists."""

    checks: Mapping[str, Check]
    required: tuple[str, ...]
    needed: Mapping[str, tuple[str, ...]]
    group_of: Mapping[str, str]
    lists: frozenset[str]

    def missing(self, value: Mapping[str, Any], found: Found) -> None:
        for key in self.required:
            if key not in value and f"_{key}" not in value:
                found.append((key, "missing_required"))
        for group, names in self.needed.items():
            if not any(n in value or f"_{n}" in value for n in names):
                found.append((f"{group}[x]", "missing_required"))

    def in_step(self, value: Mapping[str, Any], found: Found) -> None:
        for key in self.lists:
            if key in value:
                _in_step(value, key, found)

    def one_of_each(self, keys: list[str], found: Found) -> None:
        groups = [self.group_of[k] for k in {k.removeprefix("_") for k in keys}]
        found.extend((f"{g}[x]", "choice_conflict") for g in sorted({g for g in groups if groups.count(g) > 1}))


@cache
def _shape(name: str) -> _Shape:
    elements = definitions.load()[name].elements
    checks: dict[str, Check] = {n: _element(e) for n, e in elements.items()}
    checks |= {
        f"_{n}": _listed(_primitive_extension, nulls=True) if e.many else _single(_primitive_extension)
        for n, e in elements.items()
        if e.type in _PRIMITIVES
    }
    groups: dict[str, tuple[str, ...]] = {}
    for n, e in elements.items():
        if e.choice:
            groups[e.choice] = (*groups.get(e.choice, ()), n)
    return _Shape(
        checks,
        tuple(n for n, e in elements.items() if e.required and e.choice is None),
        {g: names for g, names in groups.items() if any(elements[n].required for n in names)},
        {key: g for g, names in groups.items() for n in names for key in (n, f"_{n}")},
        frozenset(n for n, e in elements.items() if e.many and e.type in _PRIMITIVES),
    )


@cache
def _type(name: str) -> Check:
    shape = _shape(name)
    checks, group_of, lists = shape.checks, shape.group_of, shape.lists
    required, needs_a_choice = frozenset(shape.required), bool(shape.needed)
    typed = definitions.load()[name].kind == "resource"

    def check(value: Any, found: Found) -> None:
        if type(value) is not dict or not value:
            found.append(("", "wrong_type" if type(value) is not dict else "empty_value"))
            return
        chosen = []
        for key, inner in value.items():
            inner_check = checks.get(key)
            if inner_check is None:
                if not (typed and key == "resourceType"):
                    found.append((_safe(key), "unknown_element"))
                continue
            if key in group_of:
                chosen.append(key)
            before = len(found)
            if inner is None:
                found.append(("", "empty_value"))
            else:
                inner_check(inner, found)
            if len(found) > before:
                _under(key, found, before)
        if len(chosen) > 1:
            shape.one_of_each(chosen, found)
        if needs_a_choice or not value.keys() >= required:
            shape.missing(value, found)
        if lists and not lists.isdisjoint(value):
            shape.in_step(value, found)

    return check


def _safe(key: str) -> str:
    """A key the definitions do not know is data: it is not repeated."""
    return "_" if key.startswith("_") else "*"


def _resource(value: Any, found: Found) -> None:
    kind = value.get("resourceType") if type(value) is dict else None
    if type(kind) is not str or kind not in definitions.resource_types():
        found.append(("resourceType", "unknown_resource_type"))
    else:
        _type(kind)(value, found)


_EXTENSIONS = _listed(_deferred("Extension"), nulls=False)


def check(owner: str, name: str) -> Check:
    """The check of one element of a type, or of a primitive's extensions (``_birthDate``), its list included.

    A check is given a parsed value and adds each fault, as path and reason, to a list.
    """
    return _shape(owner).checks[name]


def of_keys(owner: str, keys: tuple[str, ...], found: Found) -> None:
    """Add the faults that the keys of a value alone tell: what is missing, and a choice made twice."""
    shape = _shape(owner)
    shape.one_of_each([k for k in keys if k in shape.group_of], found)
    shape.missing(dict.fromkeys(keys), found)


def issues(resource: Any) -> list[Issue]:
    """Every fault of a parsed resource; empty when it is valid.

    Args:
        resource: a resource as ``orjson.loads`` gives it.

    Returns:
        Issues in document order, with paths from the resource's type on (``Patient.contact.gender``).
    """
    found: Found = []
    _resource(resource, found)
    if not found:
        return []
    kind = resource.get("resourceType") if isinstance(resource, dict) else None
    prefix = kind if isinstance(kind, str) and kind in definitions.resource_types() else "Resource"
    return [Issue(f"{prefix}.{path}", reason) for path, reason in found]


@cache
def _names() -> frozenset[str]:
    return frozenset(name for definition in definitions.load().values() for name in definition.elements)


def _named(key: str) -> str:
    return key if key.removeprefix("_") in _names() else _safe(key)


def confirm(resource: Mapping[str, Any]) -> list[Issue]:
    """The verdict of ``fhir.resources`` R4B itself on one resource: slower, and independent of our own checks.

    Content that is not Base64 is no fault of the resource: it is withheld when the attachment is read.
    """
    from pydantic import ValidationError

    try:
        definitions.models().get_fhir_model_class(str(resource["resourceType"])).model_validate(resource)
    except ValidationError as refused:
        errors = refused.errors(include_input=False, include_url=False, include_context=False)
        wrong = (e["loc"] for e in errors if e["type"] != "base64_decode")
        paths = (tuple(_named(str(p)) for p in at if not isinstance(p, int)) for at in wrong)
        return [Issue(".".join((str(resource["resourceType"]), *path)), "fhir_resources_rejects") for path in paths]
    except (KeyError, LookupError, TypeError, ValueError):
        return [Issue("Resource", "fhir_resources_rejects")]
    except AttributeError:  # it stumbles over a required list whose values are all absent with a reason
        return []
    return []
