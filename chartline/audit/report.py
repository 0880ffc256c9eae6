"""The report of a release candidate: canonical JSON, and one HTML file that needs nothing else to be read."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from chartline.audit.terms import FIELDS
from chartline.audit.text import KINDS
from chartline.risk.cells import SMALL

ICONS = {
    "passed": "✓",
    "met": "✓",
    "found": "✓",
    "releasable": "✓",
    "failed": "✕",
    "error": "✕",
    "missed": "✕",
    "not met": "✕",
    "blocked": "✕",
    "needs review": "!",
    "not_applicable": "–",
    "not applicable": "–",
}
"""Status is told by a sign and a word, never by colour alone."""
_OMB = {
    "1002-5": "American Indian or Alaska Native",
    "2028-9": "Asian",
    "2054-5": "Black or African American",
    "2076-8": "Native Hawaiian or Pacific Islander",
    "2106-3": "White",
    "2131-1": "Other race",
    "2135-2": "Hispanic or Latino",
    "2186-5": "Not Hispanic or Latino",
}
"""The OMB categories of race and ethnicity by the codes that US Core uses."""


def canonical(body: Mapping[str, Any]) -> bytes:
    """The report as canonical JSON: sorted keys, no spaces, UTF-8; its SHA-256 is the hash a decision is bound to."""
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def number(value: float | None) -> str:
    """A count with thousands apart, a measure with three decimals; a small cell, or what would tell one, as hidden."""
    return "hidden" if value is None else f"{value:,.3f}" if isinstance(value, float) else f"{value:,}"


def patients(value: int | None) -> str:
    """A total of patients; 1 to 10 are not told apart."""
    return f"1–{SMALL}" if value is None else f"{value:,}"


def percent(value: float | None) -> str:
    """A share with as many digits as it needs; hidden where the cell is."""
    return "hidden" if value is None else f"{100 * value:.3g} %"


def bars(rows: Sequence[tuple[str, float | None]], line_after: int | None = None) -> list[dict[str, Any]]:
    """Geometry of horizontal bars: label, width in units of 0 to 100, text, and whether it lies past the threshold."""
    most = max((v for _, v in rows if v is not None), default=0) or 1
    return [
        {
            "label": label,
            "value": value,
            "width": round(100 * value / most, 2) if value is not None else 0,
            "y": 30 * i,
            "risky": line_after is not None and i <= line_after,
        }
        for i, (label, value) in enumerate(rows)
    ]


def funnel(stages: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One bar a stage: the shares of what came in that went on, was a duplicate, was left out, was set aside."""
    out = []
    for i, stage in enumerate(stages):
        x, parts = 0.0, []
        for name in ("out", "duplicate", "filtered", "quarantined"):
            width = 100 * stage[name] / stage["in"] if stage["in"] else 0.0
            parts.append({"name": name, "x": round(x, 3), "width": round(width, 3)})
            x += width
        out.append({"stage": stage, "parts": parts, "y": 34 * i})
    return out


def _group(row: Mapping[str, Any]) -> str:
    return f"{row['dimension']}: {_OMB.get(row['group'], row['group'])}"


@cache
def template(name: str) -> Template:
    """A page of ``templates/``, escaped, that errs on what it is not given."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": number, "patients": patients, "percent": percent}
    return environment.get_template(name)


def html(body: Mapping[str, Any], report_hash: str) -> str:
    """The report as one HTML page: no script, no address, charts as SVG with their figures in tables beside them.

    Args:
        body: what ``report.json`` holds.
        report_hash: SHA-256 of ``report.json``.
    """
    risk = body["risk"]
    return template("report.html").render(
        r=body,
        report_hash=report_hash,
        icons=ICONS,
        kinds=KINDS,
        terms=FIELDS,
        first=risk["models"][0],
        bands=bars([(b["classes_of"], b["patients"]) for b in risk["bands"]], line_after=2),
        groups=bars([(_group(g), g["average"]) for g in risk["groups"]]),
        group=_group,
        funnel=funnel(body["stages"]),
    )
