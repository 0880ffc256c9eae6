"""Every set of FHIR data from landing to timeline: what became of each record, by set and by type.

A set is given as it was delivered, archive by archive, to a lake of its own. Half an hour on two cores, so ``python -m
bench.sets [words]`` is a command of its own; with words only the sets whose names hold one of them.
"""

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench import RESULTS, asked_for, sample_data, workshop
from bench.notes import commit
from chartline import pipeline
from chartline.errors import ChartlineError
from chartline.lake import ledger, tables
from chartline.settings import Settings

SETS: dict[str, tuple[str, ...]] = {
    "40 generated patients": ("synthea_py_generated",),
    "359 Synthea bundles": (
        "synthea_r4_bundles/shared_org_practitioner.tar.xz",
        "synthea_r4_bundles/dev_359_patients.tar.xz",
    ),
    "100 Synthea patients of 2018": ("synthea_r4_2018_bds",),
    "11 Synthea patients of 2020": ("synthea_r4_2020_ms",),
    "MIMIC-IV demo": ("mimic_iv_fhir_demo_2.1.0/fhir",),
    "bulk sample, 10 patients": ("bulk_export/smart_sample_10_patients.tar.xz",),
    "bulk sample, 100 patients in part": ("bulk_export/smart_sample_100_patients_partial.tar.xz",),
    "HL7 bulk data examples": ("bulk_export/hl7_bulkdata_ig_examples.tar.xz",),
    "HIV set": ("synthea_hiv_notes/sample_data_small_and_incremental.tar.xz",),
    "HIV uploader fixtures": ("synthea_hiv_notes/uploader_test_files.tar.xz",),
    "NACHC searchset pages": ("searchset_pages",),
    "Pathling encoders and import": ("synthea_other",),
    "Pathling library data": ("edge_cases/pathling_library_api_test_data.tar.xz",),
    "US Core examples": ("us_core",),
    "FHIR test cases": ("edge_cases/fhir_test_cases_examples_r4_r4b_r5.tar.xz",),
    "Microsoft server test files": ("edge_cases/ms_fhir_server_testfiles_r4_normative_r4b_r5.tar.xz",),
    "Microsoft anonymizer pairs": ("edge_cases/ms_anonymizer_input_target_pairs.tar.xz",),
    "Cumulus ETL tests": ("edge_cases/cumulus_etl_tests_data.tar.xz",),
    "STU3 and DSTU2": ("version_mix",),
}
STAGES = ("land", "parse", "deidentify", "timeline")


def through(settings: Settings, sources: Sequence[Path]) -> dict[str, Any]:
    """Counts of each stage and of each type; of a set that a stage refuses, the error's number."""
    stages: dict[str, Any] = {}
    for name in STAGES:
        try:
            result = pipeline.run_stage(settings, name, sources=sources)
        except ChartlineError as error:
            return {"stages": stages, "error": f"{name}: {error.number}", "types": {}}
        counts = result.counts
        stages[name] = {
            **counts.totals(),
            "reasons": dict(sorted((Counter(counts.quarantined) + Counter(counts.filtered)).items())),
        }
    return {"stages": stages, "flags": ledger_flags(settings), "types": by_type(settings)}


def ledger_flags(settings: Settings) -> Mapping[str, int]:
    """Events by what is odd about them."""
    last = ledger.latest(settings, "timeline")
    return last.extra["flags"] if last else {}


def by_type(settings: Settings) -> dict[str, dict[str, Any]]:
    """Of each type: de-identified resources, those with events, events, and the rest by reason."""
    found: dict[str, dict[str, Any]] = defaultdict(lambda: {"resources": 0, "with_events": 0, "events": 0, "why": {}})
    for kind in tables.read(settings, "silver.resources", columns=["resource_type"])["resource_type"].to_pylist():
        found[kind]["resources"] += 1
    seen = set()
    events = tables.read(settings, "gold.events", columns=["source_type", "source_id"])
    for row in zip(events["source_type"].to_pylist(), events["source_id"].to_pylist(), strict=True):
        found[row[0]]["events"] += 1
        found[row[0]]["with_events"] += row not in seen
        seen.add(row)
    for told in tables.read(settings, "gold.lineage", columns=["filtered"])["filtered"].to_pylist():
        for what, count in told or ():
            kind, _, why = what.partition("/")
            found[kind]["why"][why] = found[kind]["why"].get(why, 0) + count
    return {kind: found[kind] for kind in sorted(found)}


def left(kind: Mapping[str, Any]) -> int:
    """Resources of a type that are neither an event nor in a reason."""
    return int(kind["resources"] - kind["with_events"] - sum(kind["why"].values()))


def _reasons(found: Mapping[str, int]) -> str:
    return ", ".join(f"{why} {n:,}" for why, n in sorted(found.items(), key=lambda item: (-item[1], item[0])))


def table(results: Mapping[str, Any]) -> str:
    """The results as Markdown: one table by set, one by type over all sets, one by type of each set."""
    lines = [
        "# What became of each record",
        "",
        f"Commit {commit()}, policy `expert_determination`. Records are what a delivery holds, before anything is known",
        "of them; each is de-identified, set aside or left out with a reason, and each de-identified resource is an",
        "event or is left out with a reason. Lost is what neither accounts for.",
        "",
        "| set | records | duplicate | left out or set aside, by reason | de-identified | with events | lost | events |",
        "|---|---|---|---|---|---|---|---|",
    ]
    whole: dict[str, dict[str, Any]] = {}
    for name, body in results.items():
        lines.append(_line(name, body))
        for kind, facts in body["types"].items():
            total = whole.setdefault(kind, {"resources": 0, "with_events": 0, "events": 0, "why": {}})
            for column in ("resources", "with_events", "events"):
                total[column] += facts[column]
            total["why"] = dict(Counter(total["why"]) + Counter(facts["why"]))
    lines += ["", "## By type, over all sets", "", *_of_types(dict(sorted(whole.items())))]
    for name, body in results.items():
        if body["types"]:
            lines += ["", f"### {name}", "", *_of_types(body["types"])]
    return "\n".join(lines) + "\n"


def _line(name: str, body: Mapping[str, Any]) -> str:
    stages = body["stages"]
    if "error" in body:
        return f"| {name} | | | refused: {body['error']} | | | | |"
    reasons = Counter(stages["parse"]["reasons"]) + Counter(stages["deidentify"]["reasons"])
    lost = sum(left(t) for t in body["types"].values())
    told = [sum(t[n] for t in body["types"].values()) for n in ("resources", "with_events", "events")]
    copies = stages["parse"]["duplicate"] + stages["deidentify"]["duplicate"]
    return (
        f"| {name} | {stages['parse']['in']:,} | {copies:,} | {_reasons(reasons)} | {told[0]:,} | {told[1]:,} | {lost} "
        f"| {told[2]:,} |"
    )


def _of_types(types: Mapping[str, Mapping[str, Any]]) -> list[str]:
    rows = ["| type | resources | with events | events | left out, by reason |", "|---|---|---|---|---|"]
    rows += [
        f"| {kind} | {t['resources']:,} | {t['with_events']:,} | {t['events']:,} | {_reasons(t['why'])} |"
        for kind, t in types.items()
    ]
    return rows


def main(wanted: Sequence[str]) -> int:
    """Take the sets whose names hold one of the words, or all; 1 when a resource is lost."""
    data = sample_data() / "fhir"
    results: dict[str, Any] = {}
    with workshop() as (scratch, key):
        for name in (n for n in SETS if asked_for(n, wanted)):
            settings = Settings(lake=scratch / name, project="bench", key=key)
            results[name] = through(settings, [data / source for source in SETS[name]])
            print(name, json.dumps({k: v for k, v in results[name].items() if k != "types"}), flush=True)
    if not wanted:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / "sets.md").write_text(table(results), encoding="utf-8")
        body = json.dumps({"commit": commit(), **results}, indent=2) + "\n"
        (RESULTS / "sets.json").write_text(body, encoding="utf-8")
    lost = sum(left(kind) for body in results.values() for kind in body["types"].values())
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
