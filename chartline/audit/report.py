"""The report of a release candidate: canonical JSON, whose hash is what a decision is bound to, and one HTML file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2

_TEMPLATES = Path(__file__).with_name("templates")


def canonical(body: Mapping[str, Any]) -> bytes:
    """The report as bytes: sorted keys, two spaces, UTF-8, one newline at the end."""
    return (json.dumps(body, sort_keys=True, indent=2, ensure_ascii=False, default=str) + "\n").encode()


def bars(sizes: Mapping[str, Any], width: int = 520) -> list[dict[str, Any]]:
    """Bars of a histogram: label, what is shown, length in pixels; a hidden cell has the length of its upper end."""
    numbers = {k: int(str(v).rpartition("-")[2]) if isinstance(v, str) else int(v) for k, v in sizes.items()}
    top = max([*numbers.values(), 1])
    return [{"label": k, "shown": sizes[k], "length": round(width * n / top)} for k, n in numbers.items()]


def html(body: Mapping[str, Any], report_hash: str) -> str:
    """The report as one self-contained page: no script, no request, readable on paper."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    environment.filters["bars"] = bars
    environment.filters["n"] = lambda v: f"{v:,}" if isinstance(v, int) else v
    return environment.get_template("report.html").render(r=body, report_hash=report_hash)
