"""A patient's timeline as a picture: one lane a kind of event, drawn from de-identified events only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import pyarrow.compute as pc

from chartline.errors import UsageError
from chartline.lake import tables
from chartline.settings import Settings

LANES = (
    ("Visits", ("Encounter", "EpisodeOfCare"), "#1f5fa8"),
    ("Diagnoses", ("Condition", "AllergyIntolerance"), "#a3342c"),
    (
        "Medication",
        ("MedicationRequest", "MedicationAdministration", "MedicationDispense", "MedicationStatement"),
        "#7a4fa3",
    ),
    ("Immunization", ("Immunization",), "#2c7a7b"),
    ("Procedures", ("Procedure", "ServiceRequest", "ImagingStudy"), "#b06a00"),
    ("Results", ("Observation", "DiagnosticReport", "Specimen"), "#2f7d4f"),
    ("Notes", ("DocumentReference", "Composition"), "#5a6878"),
    ("Other", (), "#8a8f98"),
)
_WIDTH, _LEFT, _ROW, _TOP = 1000, 160, 46, 54


def _lane(source_type: str) -> int:
    return next((i for i, (_, types, _) in enumerate(LANES) if source_type in types), len(LANES) - 1)


def timeline_svg(rows: Sequence[Mapping[str, Any]]) -> str:
    """A picture of one patient's events on the axis of days since the first.

    Args:
        rows: events with ``days``, ``code`` and ``source_type``; events without a day are counted, not drawn.
    """
    dated = [r for r in rows if r["days"] is not None]
    last = max((r["days"] for r in dated), default=0.0) or 1.0
    used = sorted({_lane(r["source_type"]) for r in dated})
    height = _TOP + _ROW * len(used) + 44
    scale = (_WIDTH - _LEFT - 50) / last
    caption = f"{len(dated):,} events, {last / 365.25:.1f} years"
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" aria-labelledby="t d"'
        ' font-family="system-ui, sans-serif" font-size="13">',
        '<title id="t">Timeline of one patient</title>',
        f'<desc id="d">{len(dated)} events over {last:.0f} days; {len(rows) - len(dated)} that always hold.</desc>',
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="16" y="28" font-size="16" font-weight="600" fill="#1b2430">{caption}</text>',
    ]
    for place, lane in enumerate(used):
        name, _, colour = LANES[lane]
        y = _TOP + _ROW * place + 20
        mine = [r for r in dated if _lane(r["source_type"]) == lane]
        out.append(f'<line x1="{_LEFT}" x2="{_WIDTH - 50}" y1="{y}" y2="{y}" stroke="#d9e0e8"/>')
        out.append(f'<text x="16" y="{y + 4}" fill="#1b2430">{name}</text>')
        out.append(f'<text x="{_LEFT - 12}" y="{y + 4}" fill="#5a6878" text-anchor="end">{len(mine):,}</text>')
        for r in mine:
            label = escape(f"day {r['days']:.1f} {r['code']}")
            x = _LEFT + r["days"] * scale
            dot = f'<circle cx="{x:.1f}" cy="{y}" r="5" fill="{colour}" fill-opacity="0.45">'
            out.append(f"{dot}<title>{label}</title></circle>")
    for step in range(5):
        x, day = _LEFT + step * last * scale / 4, step * last / 4
        out.append(f'<text x="{x:.0f}" y="{height - 16}" fill="#5a6878" text-anchor="middle">day {day:,.0f}</text>')
    return "".join([*out, "</svg>\n"])


def subject_svg(settings: Settings, subject: int) -> str:
    """The picture of one patient of gold.

    Raises:
        UsageError: CL2071 gold has no such patient.
    """
    events = tables.read(settings, "gold.events", columns=["subject_id", "days", "code", "source_type"])
    rows = events.filter(pc.equal(events["subject_id"], subject)).to_pylist()
    if not rows:
        raise UsageError("CL2071", "there is no such patient in gold.events.", "Take a subject_id from gold.subjects.")
    return timeline_svg(rows)
