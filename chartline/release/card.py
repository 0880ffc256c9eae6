"""What goes with the data: a data card for people and Croissant metadata for tools, both from measured facts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from chartline.risk import cells

REASONS = {
    "after_death": "more than 30 days after death",
    "duplicate": "exact duplicate: same patient, time, code, value, unit and text",
    "held_out_time": "later than the temporal hold-out",
    "undated": "no known time",
}


def _told(count: int | None) -> str:
    return "not shown" if count is None else f"{count:,}"


def data_card(facts: Mapping[str, Any]) -> str:
    """``DATA_CARD.md``: how it was made and de-identified, what is in it, what is missing, how to load it."""
    sizes = cells.suppressed(facts["splits"])
    left = "\n".join(f"| {REASONS[name]} | {count:,} |" for name, count in facts["left_out"].items())
    cut = facts["held_out_from"]
    splits = "\n".join(f"| {name} | {_told(sizes[name])} |" for name in sorted(sizes))
    by_kind = cells.suppressed({name: patients for name, _, patients in facts["kinds"]})
    kinds = "\n".join(
        f"| {name} | {_told(None if by_kind[name] is None else events)} |" for name, events, _ in facts["kinds"]
    )
    missing = "\n".join(f"| `{name}` | {share:.1%} |" for name, share in sorted(facts["missing"].items()))
    years = facts["years"]
    span = (
        f"The first and the last year with events of more than {cells.SMALL} patients are {years[0]} and {years[-1]}."
        if years
        else ""
    )
    axis = (
        "Calendar dates are not disclosed: `time` is 1970-01-01 plus the days since the patient's first event, and"
        " `available_time` is null, for when a fact became known is not told to the day."
        if facts["relative"]
        else "`time` is UTC. Under a date-shifting policy all of a patient's dates are moved by one secret offset."
    )
    return f"""---
license: other
task_categories: [time-series-forecasting]
tags: [medical, ehr, meds, de-identified]
pretty_name: Chartline release {facts["release_id"]}
---
# Chartline release {facts["release_id"]}

De-identified longitudinal patient timelines, owned by the contributing hospital. Use is governed by the agreement with
that hospital; this card grants no licence.

| | |
|---|---|
| approved | {facts["approved_at"]} |
| de-identification policy | {facts["policy"]} (SHA-256 `{facts["policy_hash"]}`) |
| approved by decision | `{facts["decision_id"]}` on report `{facts["report_hash"]}` |
| patients | {_told(cells.shown(facts["subjects"]))} |
| events | {facts["events"]:,} |
| codes | {facts["codes"]:,}, of which {facts["described"]:,} have a description |

## Splits by patient

| split | patients |
|---|---|
{splits}

## Events by source

| FHIR type | events |
|---|---|
{kinds}

Counts that stand for 1-10 patients, or would let one be worked out, are not shown.

## Columns without a value

| column | share of events |
|---|---|
{missing}

## Time
{axis} {span} `available_time` is when the fact could have been known; a row may be used at T when
`available_time <= T`. `time_precision` says how exact the source was; `inferred_encounter_end` marks events that had no
date of their own.

{f"What was known only from {cut} on is in the MEDS files of held-out patients alone." if cut else ""}

## Left out of the MEDS files

| why | events |
|---|---|
{left}

They are in `curated.events`.

## Known gaps
Free text is cleaned by software and can still hold what no list knows. Seasons, weekdays and epidemic waves are lost
where dates are shifted. Imaging, waveforms and genomes are reference events only. Codes of the hospital's own systems
keep their code but not the system's name.

## Loading
See `docs/ml-team.md` of Chartline, or:

```python
import polars as pl
events = pl.read_parquet("data/train/*.parquet")
codes = pl.read_parquet("metadata/codes.parquet")
```
"""


def file_facts(folder: Path) -> list[dict[str, Any]]:
    """Path, size and SHA-256 of each file under a folder, in order."""
    return [
        {
            "path": str(p.relative_to(folder)),
            "sha256": hashlib.sha256(p.read_bytes()).hexdigest(),
            "size": p.stat().st_size,
        }
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    ]


def croissant(facts: Mapping[str, Any], files: Sequence[Mapping[str, Any]]) -> str:
    """Croissant 1.1 metadata (JSON-LD) with each file's hash and the responsible-AI terms."""
    body = {
        "@context": {
            "@language": "en",
            "@vocab": "https://schema.org/",
            "cr": "http://mlcommons.org/croissant/",
            "rai": "http://mlcommons.org/croissant/RAI/",
            "dct": "http://purl.org/dc/terms/",
            "sc": "https://schema.org/",
            "conformsTo": "dct:conformsTo",
        },
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "name": f"chartline-{facts['release_id']}",
        "description": "De-identified longitudinal patient timelines in MEDS format.",
        "datePublished": facts["approved_at"],
        "version": facts["release_id"],
        "rai:personalSensitiveInformation": f"De-identified health data under the policy {facts['policy']}.",
        "rai:dataCollection": "Routine care records of one hospital, extracted as FHIR.",
        "rai:dataLimitations": "See DATA_CARD.md, known gaps.",
        "distribution": [
            {
                "@type": "cr:FileObject",
                "@id": f["path"],
                "name": f["path"],
                "contentUrl": f["path"],
                "contentSize": f"{f['size']} B",
                "encodingFormat": "application/vnd.apache.parquet" if f["path"].endswith(".parquet") else "text/plain",
                "sha256": f["sha256"],
            }
            for f in files
        ],
    }
    return json.dumps(body, indent=2, sort_keys=True)
