"""The inputs and expected outputs of two other tools: no identifier passes, what they keep stays or its rule is named.

An expected output says what that tool does. What it keeps and we do not must be told by a rule of the policy: the
element's path or type with its action, the default, or the reason for which the resource is set aside.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from chartline import keys
from chartline.deid import policy
from chartline.deid.context import Cohort, PatientContext
from chartline.deid.importer import import_fhir_anonymizer
from chartline.deid.phrases import Phrases
from chartline.deid.text import build
from chartline.deid.walk import Refused, Result
from chartline.deid.walker import Deidentifier
from chartline.fhir import definitions
from chartline.fhir.known import Known
from tests.deid.walking import POLICIES, outcome, state

_NAMING = {"family", "given", "prefix", "suffix", "line", "city", "district", "postalCode", "birthDate"}
_LIMITED = {"city", "postalCode", "birthDate"}  # 164.514(e)(2): town, ZIP code and dates may stay
_MARK = "drop"  # Cumulus writes it where its own scrubber must take something away


@cache
def _engine(rules: policy.TextRules, name: str) -> Phrases:
    key = keys.Key("test", bytes(range(1, 33)))
    return Phrases(build(_LOADED[rules, name], key, "test", Cohort()))


_LOADED: dict[tuple[policy.TextRules, str], policy.Policy] = {}


def _walker(rules: policy.Policy) -> Deidentifier:
    _LOADED[rules.text, rules.means["date"]] = rules
    return Deidentifier(rules, _engine(rules.text, rules.means["date"]), lambda system: "urn:local")


def _resources(body: Any) -> Iterator[dict[str, Any]]:
    if isinstance(body, dict) and body.get("resourceType") == "Bundle":
        for entry in body.get("entry") or ():
            yield from _resources(entry.get("resource"))
    elif isinstance(body, dict) and body.get("resourceType"):
        yield body


def _load(path: Path) -> list[dict[str, Any]]:
    return list(_resources(json.loads(path.read_text(encoding="utf-8-sig"))))


def _identifiers(tree: Any, stays: Collection[str] = (), under: str = "") -> Iterator[str]:
    """What names somebody: parts of names and addresses, contact points, identifiers, ids."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            named = (
                key in _NAMING.difference(stays)
                or (key == "value" and under in ("telecom", "identifier"))
                or key == "id"
            )
            if named and isinstance(value, (str, list)):
                yield from (v for v in ([value] if isinstance(value, str) else value) if isinstance(v, str))
            yield from _identifiers(value, stays, key)
    elif isinstance(tree, list):
        for value in tree:
            yield from _identifiers(value, stays, under)


def _left(source: dict[str, Any], made: dict[str, Any], rules: policy.Policy) -> list[str]:
    """Identifiers of the source that are a word of a value in ours; the year of a birth may stay."""
    told = "\n".join(str(v) for p, v in _leaves(made, "") if not p.endswith((".system", ".url")))
    stays = _LIMITED if rules.name == "limited_data_set" else set()
    towns = {str(v) for p, v in _leaves(source, "") if p.rpartition(".")[2] in stays}
    found = {
        v for v in {*_identifiers(source, stays)} - towns if len(v) > 2 and v != _MARK and not re.fullmatch(r"\d{4}", v)
    }
    return [v for v in found if re.search(rf"(?<!\w){re.escape(v)}(?!\w)", told)]


def _leaves(tree: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from _leaves(value, f"{path}.{key}")
    elif isinstance(tree, list):
        for value in tree:
            yield from _leaves(value, path)
    else:
        yield path, tree


def _rule(rules: policy.Policy, path: str) -> str:
    """The rule for which an element may be missing or changed; empty when every step to it is kept as it is."""
    tree = definitions.load()
    owner, here = path.split(".")[0], path.split(".")[0]
    for step in path.split(".")[1:]:
        if step.startswith("_") or step in ("extension", "modifierExtension", "id", "meta", "contained"):
            return f"{step}: not copied from the source"
        element = tree[owner].elements.get(step)
        if element is None:
            return "default: no definition names it"
        here = f"{here}.{step}"
        decision = rules.decide(owner, here, element)
        effect = rules.effect(decision.action)
        if owner == "Attachment" and step == "contentType":
            return "Attachment.data: the cleaned document is of its own type"
        if effect != "keep":
            return f"{decision.rule}: {effect}: {decision.reason}"
        owner = element.type
    return ""


def _unexplained(
    rules: policy.Policy, source: dict[str, Any], expected: dict[str, Any], made: dict[str, Any]
) -> list[str]:
    """Paths of the expected output that are not in ours, and no rule says why; the source's own value is no loss."""
    kind = made["resourceType"]
    ours, given = set(_leaves(made, kind)), set(_leaves(source, kind))
    lost = [p for p, v in _leaves(expected, kind) if not p.endswith(".resourceType") and (p, v) not in ours]
    lost = [p for p in lost if not any(p == q and (q, v) in ours for q, v in given)]
    return [path for path in lost if not _rule(rules, path)]


def _checked(rules: policy.Policy, source: list[dict[str, Any]], expected: list[dict[str, Any]]) -> int:
    """Check one pair under one policy; how many resources passed."""
    known = tuple(dict.fromkeys(Known("NAME", v) for v in _identifiers(source) if len(v) > 2))
    patient = PatientContext("p", known, None, None, -17)
    walk, passed = _walker(rules), 0
    for i, resource in enumerate(source):
        made = outcome(walk, {"id": f"r{i}", **resource}, state(patient))
        if made is None or isinstance(made, Refused):
            assert made is None or (made.reason and made.rule)
            continue
        assert isinstance(made, Result)
        passed += 1
        assert _left(resource, made.resource, rules) == [], resource["resourceType"]
        if i < len(expected) and expected[i].get("resourceType") == resource["resourceType"]:
            assert _unexplained(rules, resource, expected[i], made.resource) == []
    return passed


@pytest.fixture(scope="module")
def microsoft(corpora: Path) -> Path:
    folder = corpora / "fhir" / "ms-fhir-anonymizer"
    if not folder.is_dir():
        pytest.skip("Microsoft's pairs are not here")
    return folder


@pytest.fixture(scope="module")
def cumulus(corpora: Path) -> Path:
    folder = corpora / "fhir" / "cumulus-etl-deid"
    if not folder.is_dir():
        pytest.skip("the Cumulus pairs are not here")
    return folder


def _pairs(folder: Path) -> dict[str, tuple[Path, Path | None]]:
    inputs = [p for p in sorted(folder.rglob("*.json")) if not p.stem.endswith("-target")]
    targets = {p.stem.removesuffix("-target"): p for p in folder.rglob("*-target.json")}
    pairs: dict[str, tuple[Path, Path | None]] = {p.stem: (p, targets.get(p.stem)) for p in inputs}
    for stem, target in targets.items():
        if stem not in pairs:  # patient-redact-all is what becomes of patient-basic
            source = folder / f"{stem.removesuffix('-redact-all')}-basic.json"
            source = source if source.is_file() else folder / f"{stem.removesuffix('-redact-all')}.json"
            pairs[stem] = (source, target)
    return pairs


def test_every_configuration_of_microsofts_on_every_pair(microsoft: Path) -> None:
    pairs = _pairs(microsoft / "TestResources")
    assert len(pairs) > 25
    passed: Counter[str] = Counter()
    for file in sorted((microsoft / "Configurations").rglob("*.json")):
        text, left = import_fhir_anonymizer(file)
        rules = policy.from_text(text)
        assert all(": " in line for line in left)
        for source, target in pairs.values():
            passed[file.name] += _checked(rules, _load(source), _load(target) if target else [])
    assert len(passed) == 14
    assert min(passed.values()) > 15


@pytest.mark.parametrize("name", POLICIES)
def test_our_policies_on_every_pair_of_both(microsoft: Path, cumulus: Path, name: str) -> None:
    rules = policy.load(name)
    passed = Counter[str]()
    for source, target in _pairs(microsoft / "TestResources").values():
        passed["microsoft"] += _checked(rules, _load(source), _load(target) if target else [])
    for source in sorted((cumulus / "input").glob("*.json")):
        passed["cumulus"] += _checked(rules, _load(source), _load(cumulus / "output" / source.name))
    assert min(passed.values()) > 15
