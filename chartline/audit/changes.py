"""What changed since the release before: rules, figures, elements and checks, from the two reports alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from chartline.risk.cells import SMALL

Facts = dict[str, Any]
Body = Mapping[str, Any]


def changes(body: Body, before: Body, published_at: str) -> Facts:
    """The differences of two reports.

    Returns:
        ``release_id`` and ``published_at`` of the earlier one; ``rules``, ``figures`` and ``checks`` as rows with
        ``before`` and ``after``; ``elements``: paths that are ``new``, ``gone`` or ``changed``.
    """
    return {
        "release_id": before["candidate"],
        "published_at": published_at,
        "rules": _differing(_rules(before), _rules(body)),
        "figures": _figures(before, body),
        "elements": _elements(before, body),
        "checks": _differing(_checks(before), _checks(body)),
    }


def _differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Facts]:
    names = [n for n in {**before, **after} if before.get(n) != after.get(n)]
    return [{"name": n, "before": before.get(n), "after": after.get(n)} for n in names]


def _rules(body: Body) -> dict[str, Any]:
    identity, terms = body["identity"], body.get("terms") or {}
    told = {"policy": body["policy"], "policy hash": body["policy_hash"][:16], "key": identity["key_id"]}
    told |= {"Chartline": identity["code_version"], "terms": (terms.get("sha256") or "none")[:16]}
    return told | {"recipient": terms.get("recipient"), "purpose": terms.get("purpose")}


def _figures(before: Body, after: Body) -> list[Facts]:
    rows = [{"name": n, "before": b, "after": _measured(after)[n]} for n, b in _measured(before).items()]
    was, now = before["size"]["subjects"], after["size"]["subjects"]
    # Two totals a few patients apart would tell of these few.
    close = was is None or now is None or 0 < abs(now - was) <= SMALL
    patients = {"name": "patients", "before": None if close else was, "after": None if close else now}
    return [patients, *rows]


def _measured(body: Body) -> dict[str, Any]:
    first = body["risk"]["models"][0]
    return {
        "events": body["size"]["events"],
        "visits": body["size"]["encounters"],
        "codes": body["size"]["codes"],
        "notes searched": body["text"]["searched"],
        "records set aside": sum(stage["quarantined"] for stage in body["stages"]),
        "known values found": body["sweep"]["total"],
        "smallest class (k)": first["smallest_class"],
        "highest risk": first["highest"],
        "average risk": first["average"],
    }


def _elements(before: Body, after: Body) -> Facts:
    was, now = _treatments(before), _treatments(after)
    both = was.keys() & now.keys()
    return {
        "new": [{"path": p, "before": [], "after": now[p]} for p in sorted(now.keys() - was.keys())],
        "gone": [{"path": p, "before": was[p], "after": []} for p in sorted(was.keys() - now.keys())],
        "changed": [{"path": p, "before": was[p], "after": now[p]} for p in sorted(both) if was[p] != now[p]],
    }


def _treatments(body: Body) -> dict[str, list[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for row in body["elements"]:
        found[row["path"]].add(row["action"])
    return {path: sorted(actions) for path, actions in found.items()}


def _checks(body: Body) -> dict[str, str]:
    return {f"{g['suite']} {g['check']}: {g['meaning']}": g["verdict"] for g in body["gates"]}
