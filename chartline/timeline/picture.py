"""A patient's timeline as one SVG: what a reader asks of a record, lane by lane, drawn from de-identified events only.

The axis is the days since the patient's first event, which every policy discloses, told in years (in days for a short
record). Stays, diagnoses and courses of medication are bars, results are curves, the rest are ticks whose height tells
how many share a pixel: a record of ten thousand events makes a picture of the same size as one of a hundred.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import accumulate, pairwise
from typing import Any, TypeVar

import meds
import pyarrow.dataset as ds

from chartline.errors import UsageError
from chartline.lake import tables
from chartline.settings import Settings

Event = Mapping[str, Any]
K = TypeVar("K")
Span = tuple[float, float | None]
"""Days of a start and an end; None where no end is told."""

WIDTH, LEFT, RIGHT = 1200, 292, 1042
TOP, ROW, CURVE, HEAD = 124, 19, 32, 27
"""Pixels: where lanes begin; heights of a row, of a row with a curve, of a group's heading."""
LEAST = 3
"""No bar is narrower."""
NAMED, CURVES = 8, 7
"""So many diagnoses, medications, results have a row of their own; the others share one."""
COURSE = 365.25
"""Orders of one medication at most so many days apart are joined to a course."""
YEAR = 365.25
INK, SOFT, LINE, PAPER = "#1b2430", "#5a6878", "#e1e6ec", "#ffffff"
_ENDS = ("//ABATED", "//ENDED")
_BESIDE = ("RATE//", "EVIDENCE//")
"""Events that stand beside the order or diagnosis that they are about, and need no row of their own."""
STAYS = frozenset({"IMP", "ACUTE", "NONAC", "OBSENC", "SS"})
"""Classes of a visit over night or of a day in a bed (v3-ActCode)."""
VITAL_SIGNS = frozenset(
    f"LOINC//{code}"
    for code in (
        *("8480-6", "8462-4", "8478-0", "8867-4", "9279-1", "8310-5", "2708-6", "59408-5"),
        *("29463-7", "8302-2", "39156-5", "9843-4", "8289-1", "77606-2", "59576-9"),
    )
)
"""Single values of the vital signs profile (hl7.org/fhir/R4/observation-vitalsigns.html) and growth percentiles."""
ORDERS = ("MedicationRequest", "MedicationAdministration", "MedicationDispense", "MedicationStatement")
OTHERS = (
    ("Allergies", ("AllergyIntolerance",)),
    ("Procedures", ("Procedure",)),
    ("Immunizations", ("Immunization",)),
    ("Imaging", ("ImagingStudy", "Media")),
    ("Notes", ("DocumentReference", "Composition", "ClinicalImpression")),
    ("Reports", ("DiagnosticReport",)),
    ("Plans, teams, goals", ("CarePlan", "CareTeam", "Goal", "EpisodeOfCare")),
    ("Claims and coverage", ("Claim", "ExplanationOfBenefit", "Coverage")),
)


@dataclass(frozen=True)
class Row:
    """One line of the picture: its label, what stands right of the plot, its height, and what draws it."""

    label: str
    right: str
    height: int
    draw: Callable[[float, float], str]


@dataclass(frozen=True)
class Group:
    """Rows under one heading, in one colour."""

    name: str
    colour: str
    rows: Sequence[Row]


def timeline_svg(events: Sequence[Event], names: Mapping[str, str | None] | None = None) -> str:
    """A picture of one patient's events.

    Args:
        events: rows of ``gold.events`` or ``curated.events``; those without ``days`` are counted, not drawn.
        names: description by code.
    """
    dated = sorted((e for e in events if e["days"] is not None), key=lambda e: (e["days"], e["event_id"]))
    names = names or {}
    last = max((e["days"] for e in dated), default=0.0)
    first = _begin(dated, last)
    scale = _scale(first, last)
    died = next((e["days"] for e in dated if e["code"] == meds.death_code), None)
    groups = [g for g in _groups(dated, names, scale, last if died is None else died) if g.rows]
    body: list[str] = []
    y = float(TOP)
    for group in groups:
        body.append(_text(20, y + 17, group.name, INK, weight=600))
        body.append(f'<path d="M20 {y + 24:.0f}H{WIDTH - 20}" stroke="{LINE}"/>')
        y += HEAD
        for row in group.rows:
            body.append(_row(row, group.colour, y))
            y += row.height
        y += 9
    bottom = y + 4
    head = [*_title(events, dated, first, last), *_axis(first, last, scale, bottom)]
    return "".join([_open(bottom + 78, events, dated), *head, *body, *_landmarks(dated, scale, bottom), "</svg>\n"])


def _begin(dated: Sequence[Event], last: float) -> float:
    """The day that the axis begins on: the first, but no birth after which more than half of the picture is empty."""
    birth = next((e["days"] for e in dated if e["code"] == meds.birth_code), None)
    first: float = min((e["days"] for e in dated), default=0.0)
    after: float = min((e["days"] for e in dated if e["code"] != meds.birth_code), default=first)
    return after if birth == first and after - first > (last - first) / 2 else first


# --- what is drawn ------------------------------------------------------------------------------------


def _groups(
    dated: Sequence[Event], names: Mapping[str, str | None], x: Callable[[float], float], until: float
) -> Iterable[Group]:
    by_type: dict[str, list[Event]] = defaultdict(list)
    whole = _with_ends(dated)
    for event in whole:
        if not event["code"].startswith(_BESIDE):
            by_type[event["source_type"]].append(event)
    yield Group("Visits", "#1f5fa8", _visits(by_type["Encounter"], x))
    yield Group("Diagnoses", "#a3342c", _spans(_conditions(by_type["Condition"]), names, x, until, "diagnoses"))
    orders = [e for kind in ORDERS for e in by_type[kind] if not _undone(e)]
    yield Group("Medication", "#6d4aa5", _spans(_courses(orders), names, x, until, "medications"))
    measured = defaultdict(list)
    for e in by_type["Observation"]:
        if e["numeric_value"] is not None and math.isfinite(e["numeric_value"]):
            measured[e["code"], e["unit"] or ""].append(e)
    vital = {k: v for k, v in measured.items() if k[0] in VITAL_SIGNS}
    other = {k: v for k, v in measured.items() if k[0] not in VITAL_SIGNS}
    yield Group("Vital signs", "#0f766e", _curves(vital, names, x, "vital signs"))
    told = [e for e in by_type["Observation"] if e["numeric_value"] is None]
    yield Group("Results", "#2f7d4f", [*_curves(other, names, x, "results"), *_ticks("Findings in words", told, x)])
    listed = [(name, [e for kind in kinds for e in by_type[kind]]) for name, kinds in OTHERS]
    shown = {"Encounter", "Condition", "Observation", "Patient", *ORDERS, *(k for _, kinds in OTHERS for k in kinds)}
    listed.append(("Everything else", [e for e in whole if e["source_type"] not in shown]))
    yield Group("Also on record", "#5a6878", [row for name, found in listed for row in _ticks(name, found, x)])


def _with_ends(dated: Sequence[Event]) -> list[Event]:
    """The events, with the end that an event of its own tells of their resource in that one's place."""
    over = {e["source_id"]: e["days"] for e in dated if e["code"].endswith(_ENDS)}
    lasting = (e for e in dated if not e["code"].endswith(_ENDS))
    return [{**e, "end_days": over.get(e["source_id"], e["end_days"])} for e in lasting]


def _undone(event: Event) -> bool:
    return str(event["code"]).endswith(("//NOT_DONE", "//CANCELLED", "//STOPPED"))


def _ended(event: Event) -> float | None:
    """The day an event's own end falls on; None where none is told."""
    end: float | None = event["end_days"]
    return end if end is not None and end >= event["days"] else None


def _visits(events: Sequence[Event], x: Callable[[float], float]) -> list[Row]:
    """Hospital stays and emergencies as bars, other visits as ticks; a visit ends where its end event says."""
    ends = {e["encounter_id"]: e for e in events if e["code"].startswith("ENCOUNTER//END")}
    starts = [e for e in events if e["code"].startswith("ENCOUNTER//START") and not _undone(e)]
    of_class = defaultdict(list)
    for e in starts:
        # A visit is drawn as what it became: an emergency that was admitted is a stay.
        kind = _class(ends.get(e["encounter_id"], e)) or _class(e)
        of_class["stay" if kind in STAYS else "emergency" if kind == "EMER" else "other"].append(e)
    rows = []
    for name, label in (("stay", "Hospital stays"), ("emergency", "Emergency visits")):
        spans: list[Span] = [
            (e["days"], max(ends.get(e["encounter_id"], e)["days"], e["days"])) for e in of_class[name]
        ]
        if spans:
            rows.append(Row(label, f"{len(spans):,}", ROW, _bars(spans, x, 0)))
    return [*rows, *_ticks("Other visits", of_class["other"], x)]


def _class(event: Event) -> str:
    """The class of a visit that its start or end tells."""
    return "".join(event["code"].split("//")[2:3])


def _conditions(events: Sequence[Event]) -> dict[str, list[Span]]:
    """Spans by code."""
    spans: dict[str, list[Span]] = defaultdict(list)
    for e in events:
        if not _undone(e):
            spans[e["code"]].append((e["days"], _ended(e)))
    return spans


def _courses(events: Sequence[Event]) -> dict[str, list[Span]]:
    """Spans by code: each from the first of a run of orders to the last, or to the latest end that one tells."""
    orders: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for e in sorted(events, key=lambda e: e["days"]):
        orders[e["code"]].append((e["days"], _ended(e) or e["days"]))
    courses: dict[str, list[Span]] = {}
    for code, found in orders.items():
        runs = [found[0]]
        for start, end in found[1:]:
            if start - runs[-1][1] <= COURSE:
                runs[-1] = (runs[-1][0], max(runs[-1][1], end))
            else:
                runs.append((start, end))
        courses[code] = [*runs]
    return courses


def _spans(
    by_code: Mapping[str, Sequence[Span]],
    names: Mapping[str, str | None],
    x: Callable[[float], float],
    until: float,
    what: str,
) -> list[Row]:
    """A row each for the codes that cover the most days, one row of ticks for the rest."""

    def covered(code: str) -> float:
        return sum(max((until if end is None else end) - start, 0) for start, end in by_code[code])

    ranked = sorted(by_code, key=lambda c: (-covered(c), -len(by_code[c]), c))
    ranked, rest = _parted(ranked, NAMED)
    shown = sorted(ranked, key=lambda c: by_code[c][0][0])
    rows = [Row(_named(c, names), f"{len(by_code[c]):,}", ROW, _bars(by_code[c], x, until)) for c in shown]
    starts = [{"days": start} for c in rest for start, _ in by_code[c]]
    return [*rows, *_ticks(f"{len(rest):,} other {what}", starts, x)]


def _curves(
    measured: Mapping[tuple[str, str], Sequence[Event]],
    names: Mapping[str, str | None],
    x: Callable[[float], float],
    what: str,
) -> list[Row]:
    """A row with a curve for each of the most frequent results, one row of ticks for the rest."""
    ranked = sorted(measured, key=lambda k: (-len(measured[k]), k))
    rows = []
    ranked, others = _parted(ranked, CURVES)
    for code, unit in ranked:
        values = [(e["days"], float(e["numeric_value"])) for e in measured[code, unit]]
        low, high = min(v for _, v in values), max(v for _, v in values)
        between = _number(low) if low == high else f"{_number(low)}–{_number(high)}"
        label = _named(code, names)
        rows.append(Row(label, f"{between} {_unit(unit)}".rstrip(), CURVE, _curve(values, x)))
    rest = [e for k in others for e in measured[k]]
    return [*rows, *_ticks(f"{len(others):,} other {what}", rest, x)]


def _parted(ranked: list[K], room: int) -> tuple[list[K], list[K]]:
    """Those with a row of their own and the rest, which is never a single one."""
    return (ranked, []) if len(ranked) <= room + 1 else (ranked[:room], ranked[room:])


def _named(code: str, names: Mapping[str, str | None]) -> str:
    return names.get(code) or code


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _unit(unit: str) -> str:
    """A UCUM unit as people write it: annotations lose their braces, brackets go."""
    return unit.replace("mm[Hg]", "mmHg").replace("10*", "10^").translate(str.maketrans("", "", "{}[]"))


# --- marks --------------------------------------------------------------------------------------------


def _ticks(label: str, events: Sequence[Event], x: Callable[[float], float]) -> list[Row]:
    """One row of ticks, none where there is nothing: taller where more events share a pixel."""
    if not events:
        return []
    at = Counter(round(x(e["days"])) for e in events)
    most = max(at.values())

    def draw(y: float, height: float) -> str:
        room = height - 6
        marks = (
            f"M{px} {y + height - 3:.0f}v-{room * (0.45 + 0.55 * math.log1p(n - 1) / (math.log1p(most - 1) or 1)):.1f}"
            for px, n in sorted(at.items())
        )
        return f'<path d="{"".join(marks)}" stroke="currentColor" stroke-width="1.5"/>'

    return [Row(label, f"{len(events):,}", ROW, draw)]


def _bars(spans: Sequence[Span], x: Callable[[float], float], until: float) -> Callable[[float, float], str]:
    """Bars with a mark at each start; what has no end is pale up to ``until``."""
    opened = [(x(a), x(max(until, a))) for a, b in spans if b is None]
    closed = [(x(a), max(x(b), x(a) + LEAST)) for a, b in spans if b is not None]
    starts = sorted({round(x(a), 1) for a, _ in spans})

    def draw(y: float, height: float) -> str:
        top, room = y + 4, height - 8

        def filled(bars: Iterable[tuple[float, float]], opacity: str) -> str:
            drawn = "".join(f"M{a:.1f} {top:.1f}H{b:.1f}v{room:.1f}H{a:.1f}z" for a, b in bars)
            return f'<path d="{drawn}" fill="currentColor" fill-opacity="{opacity}"/>' if drawn else ""

        marks = "".join(f"M{a} {top:.1f}v{room:.1f}" for a in starts)
        edges = f'<path d="{marks}" stroke="currentColor" stroke-width="2"/>'
        return filled(_joined(opened), ".2") + filled(_joined(closed), ".6") + edges

    return draw


def _joined(bars: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """The bars, those that touch made one."""
    out: list[tuple[float, float]] = []
    for a, b in sorted(bars):
        if out and a <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], b))
        else:
            out.append((a, b))
    return out


def _curve(values: Sequence[tuple[float, float]], x: Callable[[float], float]) -> Callable[[float, float], str]:
    """A line through the mean of each pixel, over a band from its lowest to its highest value; dots where few."""
    low, high = min(v for _, v in values), max(v for _, v in values)
    columns: dict[int, list[float]] = defaultdict(list)
    for day, value in values:
        columns[round(x(day))].append(value)
    line = [(px, sum(found) / len(found), min(found), max(found)) for px, found in sorted(columns.items())]

    def draw(y: float, height: float) -> str:
        top, room = y + 4, height - 9

        def at(value: float) -> float:
            return top + room * (0.5 if high == low else 1 - (value - low) / (high - low))

        band = "".join(f"M{px} {at(a):.1f}V{at(b):.1f}" for px, _, a, b in line if b > a)
        path = "M" + "L".join(f"{px} {at(mean):.1f}" for px, mean, _, _ in line)
        out = [f'<path d="{band}" stroke="currentColor" stroke-width="1.6" stroke-opacity=".35"/>'] if band else []
        if len(line) > 1:
            out.append(
                f'<path d="{path}" fill="none" stroke="currentColor" stroke-width="1.3" stroke-linejoin="round"/>'
            )
        if all(b - a >= 5 for (a, *_), (b, *_) in pairwise(line)):
            out += [f'<circle cx="{px}" cy="{at(mean):.1f}" r="2.1" fill="currentColor"/>' for px, mean, _, _ in line]
        return "".join(out)

    return draw


# --- the sheet ----------------------------------------------------------------------------------------


def _scale(first: float, last: float) -> Callable[[float], float]:
    length = (last - first) or 1.0
    return lambda day: LEFT + (RIGHT - LEFT) * (day - first) / length


def _text(
    x: float, y: float, text: str, colour: str, *, anchor: str = "start", size: float = 0, weight: int = 0
) -> str:
    more = (f' font-size="{size}"' if size else "") + (f' font-weight="{weight}"' if weight else "")
    placed = f' text-anchor="{anchor}"' if anchor != "start" else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}"{placed}{more}>{escape(text)}</text>'


def _short(text: str, room: int) -> str:
    """The text as far as there is room for so many small letters; a capital takes a third more."""
    widths = accumulate(4 / 3 if c.isupper() else 1.0 for c in text)
    fits = sum(width <= room for width in widths)
    return text if fits == len(text) else f"{text[: fits - 1].rstrip()}…"


def _label(text: str) -> str:
    """As much as there is room for; of a code that has no name rather its end than its system."""
    short = _short(text, 33)
    return short if short == text or "//" not in text else _short(f"…{text[text.index('//') :]}", 33)


def _row(row: Row, colour: str, y: float) -> str:
    middle = y + row.height / 2 + 4.5
    label = _text(32, middle, _label(row.label), INK)
    told = f"<title>{escape(row.label)}</title>"
    value = _text(RIGHT + 12, middle, _short(row.right, 20), INK, size=12)
    ground = f'<path d="M{LEFT} {y + row.height - 2.5:.1f}H{RIGHT}" stroke="{LINE}"/>'
    return f'<g color="{colour}">{told}{ground}{label}{row.draw(y, row.height)}{value}</g>'


def _open(height: float, events: Sequence[Event], dated: Sequence[Event]) -> str:
    days = dated[-1]["days"] - dated[0]["days"] if dated else 0
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" width="{WIDTH}"'
        f' height="{height:.0f}" role="img" aria-labelledby="t d" font-size="13"'
        " font-family=\"system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif\">"
        f'<title id="t">Timeline of one patient</title><desc id="d">{len(dated):,} events over {days:,.0f} days; '
        f"{len(events) - len(dated):,} without a day.</desc>"
        f'<rect width="{WIDTH}" height="{height:.0f}" fill="{PAPER}"/>'
    )


def _length(days: float) -> str:
    return f"{days / YEAR:.1f} years" if days >= 2 * YEAR else f"{days:,.0f} days"


def _title(events: Sequence[Event], dated: Sequence[Event], first: float, last: float) -> Iterable[str]:
    gender = next((e["code"].removeprefix("GENDER//") for e in events if e["code"].startswith("GENDER//")), None)
    ended = "died" if any(e["code"] == meds.death_code for e in dated) else None
    before = first - dated[0]["days"] if dated else 0
    born = f"born {_length(before)} before them" if before else None
    facts = [gender, f"{len(dated):,} events over {_length(last - first)}", born, ended]
    yield _text(20, 36, "One patient", INK, size=22, weight=650)
    yield _text(20, 60, " · ".join(f for f in facts if f), SOFT, size=14)


def _axis(first: float, last: float, x: Callable[[float], float], bottom: float) -> Iterable[str]:
    """Lines and numbers above and below the lanes, and how to read the marks."""
    unit, name = (YEAR, "years") if last - first >= 2 * YEAR else (1.0, "days")
    length = max((last - first) / unit, 1e-9)
    step = next(s * 10**p for p in range(-3, 6) for s in (1, 2, 5) if length / (s * 10**p) <= 10)
    marks = [i * step for i in range(math.ceil(first / unit / step), math.floor(last / unit / step) + 1)]
    for mark in marks:
        at = x(mark * unit)
        yield f'<path d="M{at:.1f} {TOP - 12}V{bottom:.0f}" stroke="{LINE}"/>'
        for y in (TOP - 18, bottom + 16):
            yield _text(at, y, f"{mark:,.10g}", SOFT, anchor="middle", size=12)
    for y in (TOP - 18, bottom + 16):
        yield _text(LEFT - 16, y, f"{name} since the first event", SOFT, anchor="end", size=12)
    legend = (
        "Bar: from start to end, pale where no end is told, with a mark at each start; orders of one medication at most"
        " a year apart make one bar.",
        "Tick: an event, taller where several share a place. Curve: the mean, over the range where values crowd. Right:"
        " how many, or lowest to highest.",
    )
    for i, line in enumerate(legend):
        yield _text(20, bottom + 44 + 17 * i, line, SOFT, size=12)


def _landmarks(dated: Sequence[Event], x: Callable[[float], float], bottom: float) -> Iterable[str]:
    for code, name, dash in ((meds.birth_code, "born", ' stroke-dasharray="2 3"'), (meds.death_code, "died", "")):
        day = next((e["days"] for e in dated if e["code"] == code), None)
        if day is not None and (at := x(day)) >= LEFT:
            yield f'<path d="M{at:.1f} {TOP - 36}V{bottom:.0f}" stroke="{INK}" stroke-width="1.4"{dash}/>'
            yield _text(at, TOP - 40, name, INK, anchor="middle", size=12, weight=600)


# --- where it is read from ----------------------------------------------------------------------------

COLUMNS = (
    *("subject_id", "event_id", "days", "end_days", "code", "numeric_value", "unit"),
    *("encounter_id", "source_type", "source_id"),
)


def subject_svg(settings: Settings, subject: int) -> str:
    """The picture of one patient: of gold, or of the newest release where the lake holds the curated zone only.

    Raises:
        UsageError: CL2071 there is no such patient.
    """
    zone = "gold" if tables.exists(settings, "gold.events") else "curated"
    rows = tables.read(settings, f"{zone}.events", columns=[*COLUMNS], where=ds.field("subject_id") == subject)
    if not rows.num_rows:
        raise UsageError(
            "CL2071", f"there is no such patient in {zone}.events.", f"Take a subject_id from {zone}.subjects."
        )
    events = rows.to_pylist()
    used = sorted({e["code"] for e in events})
    named = tables.read(settings, f"{zone}.codes", columns=["code", "description"], where=ds.field("code").isin(used))
    return timeline_svg(events, {c["code"]: c["description"] for c in named.to_pylist()})
