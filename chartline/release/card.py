"""What goes with the data: a data card for people and Croissant metadata for tools, both from measured facts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import meds
import pyarrow as pa

from chartline.audit.terms import FIELDS
from chartline.lake import tables
from chartline.release import contents, meds_files
from chartline.risk import cells

REASONS = {
    "after_death": "more than 30 days after death",
    "duplicate": "exact duplicate: same patient, time, end, kind of record, code, value, unit and text",
    "held_out_time": "later than the temporal hold-out",
    "undated": "no known time",
}


def _told(count: float | None) -> str:
    return "not shown" if count is None else f"{count:,.10g}"


def _cell(value: object) -> str:
    """A text in a cell of a Markdown table."""
    told = {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
    return " ".join(told.replace("|", "\\|").split())


def _meanings() -> dict[str, str]:
    """What each column of the files means, in the words of the schema."""
    return {c.name: c.meaning for c in tables.schema("curated.events").columns} | _MEANINGS


def _head(facts: Mapping[str, Any]) -> str:
    total = facts["events"] + sum(facts["left_out"].values())
    agreed = facts["terms"] or {}
    terms = "".join(f"| {FIELDS[name].lower()} | {_cell(agreed[name])} |\n" for name in FIELDS if name in agreed)
    return f"""\
---
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
| events | {facts["events"]:,} in the MEDS files, {total:,} in `curated.events` |
| codes | {facts["codes"]:,}, of which {facts["described"]:,} have a description |
{terms}"""


def _splits(facts: Mapping[str, Any]) -> str:
    sizes = cells.suppressed({name: split.subjects for name, split in facts["splits"].items()})
    rows = {
        name: (split.subjects, split.events, split.median) if sizes[name] is not None else (None, None, None)
        for name, split in sorted(facts["splits"].items())
    }
    splits = "\n".join(f"| {name} | {' | '.join(map(_told, row))} |" for name, row in rows.items())
    return f"""\
## Splits by patient

| split | patients | events | events of a patient, median |
|---|---|---|---|
{splits}

A split depends on the patient alone: adding patients moves nobody, and a merged patient takes the strictest split.
"""


def _kinds(facts: Mapping[str, Any]) -> str:
    kinds = "\n".join(f"| {kind['type']} | {_told(kind['events'])} |" for kind in facts["kinds"])
    return f"""\
## Events by source

| FHIR type | events |
|---|---|
{kinds}

All events in `curated.events`. Counts that stand for 1-10 patients, or would let one be worked out, are not shown.
"""


def _texts(facts: Mapping[str, Any]) -> str:
    told = facts["texts"]
    if not told:
        return f"## Text\nThere is no text of {contents.WORDS} words or more.\n"
    near = f"the same, or nearly ({contents.ALIKE:.0%} of their {contents.SHINGLE}-word runs, MinHash)"
    template = f"words that stand in a line which notes of more than {cells.SMALL} patients have (template)"
    few = facts["subjects"] <= cells.SMALL
    share = "cannot be told of so few patients" if few else f"{told['template']:.1%}"
    return f"""\
## Text
| | |
|---|---|
| notes (texts of {contents.WORDS} words or more) | {told["notes"]:,} |
| words | {told["words"]:,} |
| notes whose text another note has too, without the first of each | {told["identical"]:.1%} |
| {near} | {told["near_duplicate"]:.1%} |
| {template} | {share} |

What is said again and again is what a model learns by heart first: drop near-duplicates before training on notes.
"""


def _columns(facts: Mapping[str, Any]) -> str:
    meanings = _meanings()
    missing = {name: f"{share:.1%}" for name, share in facts["missing"].items()}
    columns = "\n".join(
        f"| `{name}` | {_cell(meanings[name])} | {missing.get(name, '')} |" for name in meds_files.SCHEMA.names
    )
    return f"""\
## Columns

| column | meaning | without a value |
|---|---|---|
{columns}

Shares are of all events in `curated.events`. A value that is not there was not delivered, does not apply, or was taken
out by the policy.
"""


def _time(facts: Mapping[str, Any]) -> str:
    cut, years = facts["held_out_from"], facts["years"]
    later = f"\nWhat was known only from {cut} on is in the MEDS files of held-out patients alone.\n" if cut else ""
    span = (
        f" The first and the last year with events of more than {cells.SMALL} patients are {years[0]} and {years[-1]}."
        if years
        else ""
    )
    axis = (
        "Calendar dates are not disclosed: `time`, `end_time` and `available_time` are 1970-01-01 plus the days since"
        " the patient's first event."
        if facts["relative"]
        else "`time` is UTC. Under a date-shifting policy all of a patient's dates are moved by one secret offset."
    )
    return f"""\
## Time
{axis}{span} `available_time` is when the fact could have been known; a row may be used at T when
`available_time <= T`. `time_precision` says how exact the source was; `inferred_encounter_end` marks events that had no
date of their own.
{later}"""


def _left_out(facts: Mapping[str, Any]) -> str:
    left = "\n".join(f"| {REASONS[name]} | {count:,} |" for name, count in facts["left_out"].items())
    return f"""\
## Left out of the MEDS files

| why | events |
|---|---|
{left}

They are in `curated.events`.
"""


_GAPS_AND_LOADING = """\
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


def data_card(facts: Mapping[str, Any]) -> str:
    """``DATA_CARD.md``: how it was made and de-identified, what is in it, what is missing, how to load it."""
    sections = (_head, _splits, _kinds, _texts, _columns, _time, _left_out)
    return "\n".join([*(section(facts) for section in sections), _GAPS_AND_LOADING])


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


_CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "arrayShape": "cr:arrayShape",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "name": {"@container": "@language"},
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
"""The context that the specification prescribes (docs.mlcommons.org/croissant, 1.1)."""
_TYPES = {"int64": "sc:Integer", "timestamp[us]": "sc:DateTime", "float": "sc:Float", "double": "sc:Float"}
_MEANINGS = {
    "code": "SYSTEM//CODE",
    "description": "what the code means",
    "parent_codes": "codes that this one belongs to",
    "split": "train, tuning or held_out",
}
SHARDS = "events-parquet"


def croissant(facts: Mapping[str, Any], files: Sequence[Mapping[str, Any]]) -> str:
    """Croissant 1.1 metadata (JSON-LD): each file with its hash, the records of each table, responsible-AI terms."""
    body = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "name": f"chartline-{facts['release_id']}",
        "description": "De-identified longitudinal patient timelines in MEDS format.",
        "datePublished": facts["approved_at"],
        "citeAs": f"Chartline release {facts['release_id']}, approved {facts['approved_at']}",
        "license": "by agreement with the contributing hospital",
        "version": f"1.0.0+{facts['release_id']}",
        "rai:personalSensitiveInformation": f"De-identified health data under the policy {facts['policy']}.",
        "rai:dataCollection": "Routine care records of one hospital, extracted as FHIR.",
        "rai:dataLimitations": "See DATA_CARD.md, known gaps.",
        "rai:dataUseCases": (facts["terms"] or {}).get("purpose", "By agreement with the contributing hospital."),
        "distribution": [
            *(
                {
                    "@type": "cr:FileObject",
                    "@id": f["path"],
                    "name": f["path"],
                    "contentUrl": f["path"],
                    "contentSize": f"{f['size']} B",
                    "encodingFormat": _FORMATS.get(Path(f["path"]).suffix, "text/plain"),
                    "sha256": f["sha256"],
                }
                for f in files
            ),
            {
                "@type": "cr:FileSet",
                "@id": SHARDS,
                "name": SHARDS,
                "description": "The events, a subject whole in one file, in the folder of its split.",
                "encodingFormat": _FORMATS[".parquet"],
                "includes": "data/*/*.parquet",
            },
        ],
        "recordSet": [
            _records("events", {"fileSet": {"@id": SHARDS}}, meds_files.SCHEMA),
            _records("codes", {"fileObject": {"@id": meds.code_metadata_filepath}}, meds_files.CODES, "code"),
            _records("splits", {"fileObject": {"@id": meds.subject_splits_filepath}}, meds_files.SPLITS, "subject_id"),
        ],
    }
    return json.dumps(body, indent=2, sort_keys=True)


_FORMATS = {
    ".parquet": "application/x-parquet",
    ".json": "application/json",
    ".html": "text/html",
    ".md": "text/markdown",
}


def _records(name: str, source: Mapping[str, Any], schema: pa.Schema, key: str | None = None) -> dict[str, Any]:
    """A record set with a field for each column; ``key`` names the one that tells its records apart."""
    meanings = _meanings()
    fields = []
    for column in schema:
        of = column.type.value_type if pa.types.is_list(column.type) else column.type
        fields.append(
            {
                "@type": "cr:Field",
                "@id": f"{name}/{column.name}",
                "name": column.name,
                "description": meanings[column.name],
                "dataType": _TYPES.get(str(of), "sc:Text"),
                "source": {**source, "extract": {"column": column.name}},
                **({"isArray": True, "arrayShape": "-1"} if of is not column.type else {}),
            }
        )
    told = {"@type": "cr:RecordSet", "@id": name, "name": name, "field": fields}
    return {**told, "key": {"@id": f"{name}/{key}"}} if key else told
