"""What the report is made of: facts read from the audit tables, as plain data, counts only."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from chartline.deid.policy import Policy
from chartline.lake import ledger, tables
from chartline.risk.bounds import sample_for, upper_bound
from chartline.risk.cells import suppressed
from chartline.settings import Settings
from chartline.stage import StageResult

Facts = dict[str, Any]

STAGES = ("land", "parse", "deidentify", "timeline")
SUITES = {"landed": "parse", "parsed": "parse", "deidentified": "deidentify", "timeline": "timeline"}
"""The suites that must have passed, and the stage whose run holds the verdicts."""
SEVERITIES = ("critical", "warning", "info")
_WORST = ("error", "failed", "not_applicable", "passed")

SAFE_HARBOR: Mapping[str, str] = {
    "A": "Names",
    "B": "Geography smaller than a state",
    "C": "Dates but the year; ages over 89",
    "D": "Telephone numbers",
    "E": "Fax numbers",
    "F": "E-mail addresses",
    "G": "Social security numbers",
    "H": "Medical record numbers",
    "I": "Health plan numbers",
    "J": "Account numbers",
    "K": "Certificate and licence numbers",
    "L": "Vehicle identifiers",
    "M": "Device identifiers",
    "N": "Web addresses",
    "O": "IP addresses",
    "P": "Biometric identifiers",
    "Q": "Full-face photographs",
    "R": "Any other unique number or code",
}
"""The identifiers of 45 CFR 164.514(b)(2)(i), by their letter."""
_SPANS = {
    "A": ("NAME", "PERSON", "RELATIVE", "ORGANIZATION"),
    "B": ("STREET", "CITY", "ZIP", "ADDRESS", "LOCATION", "FACILITY"),
    "C": ("DATE", "DOB", "BIRTHDATE", "AGE"),
    "D": ("PHONE",),
    "E": ("FAX",),
    "F": ("EMAIL",),
    "G": ("SSN",),
    "H": ("MRN",),
    "I": ("PLAN", "HEALTH_PLAN"),
    "J": ("ACCOUNT",),
    "K": ("LICENSE",),
    "L": ("VEHICLE",),
    "M": ("DEVICE",),
    "N": ("URL",),
    "O": ("IP",),
    "R": ("ID",),
}
_LETTERS = re.compile(r"164\.514\(b\)\(2\)\(i\)\(([A-R](?:[,-][A-R])*)\)")
_SWEPT = {"GIVEN": "A", "FAMILY": "A", "BIRTHDATE": "C", **{t: letter for letter, ts in _SPANS.items() for t in ts}}


def latest(settings: Settings) -> dict[str, StageResult]:
    """The last completed run of each stage before this one."""
    found = {stage: ledger.latest(settings, stage) for stage in STAGES}
    return {stage: result for stage, result in found.items() if result is not None}


def equations(results: Mapping[str, StageResult]) -> list[Facts]:
    """One row a stage: its counts, what was set aside and left out by reason, and what the equation cannot explain."""
    return [
        {
            "stage": stage,
            "run_id": result.run_id,
            **result.counts.totals(),
            "reasons": {
                "quarantined": dict(result.counts.quarantined),
                "filtered": dict(result.counts.filtered),
            },
            "lost": result.counts.lost,
        }
        for stage, result in results.items()
    ]


def gate_rows(settings: Settings, runs: Iterable[tuple[str, str]]) -> list[Facts]:
    """Verdicts of the named (suite, run) pairs, fatal first, then by suite and check."""
    wanted = set(runs)
    rows = tables.read(settings, "audit.gates").sort_by("seq").to_pylist()
    latest_of = {(r["suite"], r["check"]): r for r in rows if (r["suite"], r["run_id"]) in wanted}
    keep = ("suite", "check", "severity", "verdict", "meaning", "element_count", "unexpected_count")
    told = [{k: r[k] for k in keep} for r in latest_of.values()]
    return sorted(
        told,
        key=lambda r: (
            _WORST.index(r["verdict"]) > 1,
            SEVERITIES.index(r["severity"]),
            _WORST.index(r["verdict"]),
            r["suite"],
            r["check"],
        ),
    )


def elements(settings: Settings, run_id: str) -> list[Facts]:
    """What each rule did to each element; counts of a person's own elements hidden where small."""
    rows = [r for r in tables.read(settings, "audit.elements").to_pylist() if r["run_id"] == run_id]
    by_path: dict[str, dict[tuple[str, str], int]] = defaultdict(dict)
    for r in rows:
        by_path[r["path"]][r["action"], r["rule"]] = r["count"]
    cells = {path: suppressed(counts) for path, counts in by_path.items()}
    told = [
        {
            "path": r["path"],
            "action": r["action"],
            "rule": r["rule"],
            "reason": r["reason"],
            "count": cells[r["path"]][r["action"], r["rule"]],
        }
        for r in rows
    ]
    return sorted(told, key=lambda r: (r["path"], r["action"], r["rule"]))


def letters(reason: str | None) -> set[str]:
    """Letters of the Safe Harbor list that a policy's reason names, ranges written out."""
    found = _LETTERS.search(reason or "")
    out: set[str] = set()
    for part in found[1].split(",") if found else ():
        first, _, last = part.partition("-")
        out |= {chr(c) for c in range(ord(first), ord(last or first) + 1)}
    return out


def safe_harbor(rules: Policy, rows: Sequence[Facts], spans: Mapping[str, int], hits: Mapping[str, int]) -> list[Facts]:
    """Eighteen rows: status ``met``, ``not met`` or ``not applicable`` (not seen in the data), with the evidence."""
    touched: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        named = letters(row["reason"])
        for letter in named if len(named) < len(SAFE_HARBOR) else ():  # a rule for everything proves nothing of one
            touched[letter].add(f"{row['path']} ({row['action']})")
    short_of = _short_of(rules)
    leaked: dict[str, int] = defaultdict(int)
    for category, n in hits.items():
        leaked[_SWEPT.get(category, "R")] += n
    out = []
    for letter, name in SAFE_HARBOR.items():
        in_text = sum(n for t, n in spans.items() if any(t.startswith(kind) for kind in _SPANS.get(letter, ())))
        seen = sorted(touched[letter])
        evidence = [short_of[letter]] if letter in short_of else []
        evidence += [f"{len(seen)} element rules applied, for example {seen[0]}"] if seen else []
        evidence += [f"{in_text:,} spans in notes replaced"] if in_text else []
        evidence += [f"{leaked[letter]:,} found by the sweep"] if leaked[letter] else []
        bad = letter in short_of or leaked[letter]
        status = "not met" if bad else "met" if seen or in_text else "not applicable"
        out.append({"letter": letter, "name": name, "status": status, "evidence": "; ".join(evidence) or "not seen"})
    return out


def _short_of(rules: Policy) -> dict[str, str]:
    """What a policy keeps that Safe Harbor does not allow."""
    found = {}
    if rules.means["zip"] == "zip5" or rules.means["city"] == "keep":
        found["B"] = "the policy keeps city or five-digit ZIP"
    if rules.means["date"] != "year":
        found["C"] = "dates are shifted, which is not Safe Harbor" if rules.means["date"] == "shift" else "dates stay"
    if rules.pseudonyms == "keyed":
        found["R"] = "pseudonyms are keyed, so they are derived from the source id"
    return found


def allowed_kinds(rules: Policy) -> frozenset[str]:
    """Kinds of known values that this policy lets pass, so that finding them is no leak."""
    places = {"CITY", "ZIP"} if rules.means["zip"] == "zip5" or rules.means["city"] == "keep" else set()
    return frozenset(places | ({"BIRTHDATE"} if rules.means["date"] == "keep" else set()))


def text_facts(statuses: Mapping[str, int], spans: Mapping[str, int], leaks: int) -> Facts:
    """Notes by status, spans by type, and what having found no known value in so many notes proves."""
    searched = statuses.get("deidentified", 0)  # what was withheld left no text
    return {
        "notes": dict(sorted(statuses.items())),
        "spans": dict(sorted(spans.items(), key=lambda kv: (-kv[1], kv[0]))),
        "searched": searched,
        "upper_bound": round(upper_bound(0, searched), 6) if searched and not leaks else None,
        "sample_for_one_percent": sample_for(0.01),
        "sample_for_one_per_thousand": sample_for(0.001),
    }


def verdict(blocked: Sequence[str], gates: Sequence[Facts]) -> tuple[str, str]:
    """``blocked``, ``needs review`` or ``releasable``, with the reason in one sentence."""
    if blocked:
        return "blocked", f"Stopped by: {'; '.join(blocked)}."
    warned = [g for g in gates if g["severity"] == "warning" and g["verdict"] in ("failed", "error")]
    if warned:
        named = "; ".join(f"“{g['meaning']}” ({g['suite']} {g['check']})" for g in warned[:4])
        more = f"; and {len(warned) - 4} more below" if len(warned) > 4 else ""
        told = f"Every critical check passed. Not true of this candidate, and yours to judge: {named}{more}."
        return "needs review", told
    return "releasable", "Every check passed and the sweep found nothing."
