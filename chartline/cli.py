"""The command line: the package's functions without Airflow, for a laptop, a test and a script.

Every command takes ``--json``: one object on standard output, everything else on standard error.
Exit codes: 0 done, 1 the data or a gate said no, 2 the call was wrong, 3 the machine failed.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple, NoReturn

from chartline import __version__
from chartline.arguments import Parser
from chartline.errors import ChartlineError, DataError, UsageError
from chartline.ingest.servers import source
from chartline.lake import scratch
from chartline.settings import Settings, load
from chartline.stage import StageResult

Answer = tuple[Mapping[str, Any], str, int]
"""What a command hands back: the JSON object, the text for people, the exit code."""


def _folder(text: str) -> Path:
    """A folder that is named: an empty text, of a variable of the shell that is not set, is not the one we stand in."""
    if not text:
        raise argparse.ArgumentTypeError("it is empty")
    return Path(text)


def _wanted(text: str) -> int | str:
    """A subject_id as a number, an event_id as the 32 hexadecimal digits that it is."""
    if re.fullmatch(r"[0-9a-f]{32}", text):
        return text
    if text.isdecimal() and int(text) < 2**63:
        return int(text)
    raise argparse.ArgumentTypeError("it is no subject_id and no event_id")


def _settings(args: argparse.Namespace) -> Settings:
    given = load(args.config)
    return given.with_(
        lake=args.lake,
        project=getattr(args, "project", None),
        policy=getattr(args, "policy", None),
        key=getattr(args, "key", None),
    )


def _table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    cells = [[str(c) if c is not None else "-" for c in row] for row in [header, *rows]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    lines = ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in cells]
    return "\n".join(lines)


def _told(error: ChartlineError) -> dict[str, str]:
    return {"number": error.number, "message": error.message, "fix": error.fix}


# --- the pipeline ---------------------------------------------------------------------------------


def _run(args: argparse.Namespace) -> Answer:
    from chartline import pipeline
    from chartline.lake import ledger

    settings = _settings(args)
    results: list[StageResult] = []
    error: ChartlineError | None = None
    try:
        results.extend(pipeline.run(settings, args.source))  # keeps what ended before an error
    except ChartlineError as cause:
        error = cause
    body: dict[str, Any] = {
        "run_id": results[-1].run_id if results else None,
        "candidate": next((r.extra["candidate"] for r in results if r.stage == "assess"), None),
        "status": "pending" if error is None else ("blocked" if error.exit_code == 1 else "failed"),
        "unchanged": error is None and all(r.unchanged for r in results[1:]),
        "tables": {name: v for r in results for name, v in r.tables.items()},
        "counts": {r.stage: r.counts.totals() for r in results},
        "quarantined": {r.stage: dict(r.counts.quarantined) for r in results if r.counts.quarantined},
        "filtered": {r.stage: dict(r.counts.filtered) for r in results if r.counts.filtered},
        "gates": {name: v for r in results for name, v in r.gates.items()},
    }
    if error is not None:
        failed = ledger.latest_failure(settings) if results else None
        body["gates"] |= failed.gates if failed else {}
        body["error"] = _told(error)
    rows = [(r.stage, *(f"{v:,}" for v in r.counts.totals().values())) for r in results]
    text = _table(("stage", "in", "out", "quarantined", "duplicate", "filtered"), rows)
    text += "".join(f"\n{line}" for r in results for line in _reasons(r, settings))
    if error is not None:
        return body, f"{text}\n\n{error}" if rows else str(error), error.exit_code
    return body, f"{text}\n\n{_candidate(settings, body['candidate'])}", 0


def _reasons(result: StageResult, settings: Settings) -> Iterator[str]:
    """A line each for what a stage left out and what it set aside, with the reasons, most first."""
    listed = f"; see 'chartline quarantine list --lake {settings.lake}'"
    for fate, told, more in (
        ("filtered", result.counts.filtered, ""),
        ("quarantined", result.counts.quarantined, listed),
    ):
        if told:
            ranked = sorted(told.items(), key=lambda item: (-item[1], item[0]))
            yield f"{result.stage} {fate}: {', '.join(f'{reason} {n:,}' for reason, n in ranked)}{more}"


def _candidate(settings: Settings, candidate: str) -> str:
    """Where a candidate stands, and what comes next."""
    from chartline.release import candidates

    found = candidates.show(settings, candidate)
    command = {"pending": "decide", "approved": "publish"}.get(found["state"])
    said = "--approve --by NAME --reason TEXT" if command == "decide" else ""
    lines = [
        f"Release candidate {candidate} under the policy {found['policy']}: {found['state']}, {found['verdict']}.",
        f"Report: {found['report']}",
        f"Next:   chartline release {command} {candidate} --lake {settings.lake} {said}".rstrip() if command else "",
    ]
    return "\n".join(filter(None, lines))


def _stage(name: str) -> Callable[[argparse.Namespace], Answer]:
    def command(args: argparse.Namespace) -> Answer:
        from chartline import pipeline

        settings = _settings(args)
        result = pipeline.run_stage(settings, name, sources=getattr(args, "source", ()))
        body, text, code = _stage_answer(result)
        text = "\n".join((text, *_reasons(result, settings)))
        return body, text + (f"\n{_candidate(settings, result.extra['candidate'])}" if name == "assess" else ""), code

    return command


def _stage_answer(result: StageResult) -> Answer:
    body = {
        "stage": result.stage,
        "run_id": result.run_id,
        "unchanged": result.unchanged,
        "counts": result.counts.totals(),
        "quarantined": dict(result.counts.quarantined),
        "filtered": dict(result.counts.filtered),
        "tables": dict(result.tables),
        "gates": dict(result.gates),
        **result.extra,
    }
    totals = ", ".join(f"{k} {v:,}" for k, v in result.counts.totals().items())
    return body, f"{result.stage}: {'unchanged, ' if result.unchanged else ''}{totals}", 0


def _timeline(args: argparse.Namespace) -> Answer:
    if args.action is None:
        return _stage("timeline")(args)
    if args.subject is None:
        raise UsageError("CL2030", "timeline show needs a subject.", "chartline timeline show SUBJECT --lake DIR")
    from chartline.timeline.picture import subject_svg

    svg = subject_svg(_settings(args), args.subject)
    return {"subject_id": args.subject, "svg": svg}, svg, 0


# --- releases -------------------------------------------------------------------------------------


def _release_list(args: argparse.Namespace) -> Answer:
    from chartline.lake import ledger
    from chartline.release import candidates

    settings = _settings(args)
    ledger.require(settings)
    found = candidates.list_candidates(settings)
    rows = [(c["candidate"], c["state"], c["policy"], c["created_at"]) for c in found]
    return {"candidates": found}, _table(("candidate", "state", "policy", "created"), rows), 0


def _release_show(args: argparse.Namespace) -> Answer:
    from chartline.release import candidates

    found = candidates.show(_settings(args), args.id)
    return found, "\n".join(f"{k.replace('_', ' ')}: {_plain(v)}" for k, v in found.items()), 0


def _plain(value: object) -> str:
    """A value as people write it: a table as its names and figures, and what is not there as a dash."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_plain(of)}" for name, of in value.items())
    return "-" if value is None else str(value)


def _release_decide(args: argparse.Namespace) -> Answer:
    from chartline.release.decide import decide

    body = decide(_settings(args), args.id, approve=args.approve, by=args.by, reason=args.reason, channel="cli")
    before = ", as decided before: nothing was recorded" if body["unchanged"] else ""
    return body, f"{args.id} is {body['decision']}{before}", 0


def _release_publish(args: argparse.Namespace) -> Answer:
    from chartline import pipeline

    settings = _settings(args)
    body, text, code = _stage_answer(pipeline.run_stage(settings, "publish", candidate=args.id))
    return body, f"{text}\nRelease: {settings.zone('curated') / 'releases' / args.id}", code


def _release_withdraw(args: argparse.Namespace) -> Answer:
    from chartline import pipeline
    from chartline.lake import ledger
    from chartline.release.withdraw import withdraw

    settings = _settings(args)
    ledger.require(settings)
    with pipeline.only_run(settings):
        body = withdraw(settings, args.id, by=args.by, reason=args.reason)
    told = f"tell whoever received it{': ' + body['recipient'] if body['recipient'] else ''}"
    return body, f"{args.id} is withdrawn{', as before' if body['unchanged'] else f'; {told}'}", 0


def _release_check(args: argparse.Namespace) -> Answer:
    from chartline.release import meds_check

    found = meds_check.faults(args.folder)
    text = "\n".join(map(str, found)) or "the dataset is sound"
    return {"ok": not found, "faults": [f.to_json() for f in found]}, text, 1 if found else 0


# --- from a subject back to its patient -----------------------------------------------------------


def _reidentify_request(args: argparse.Namespace) -> Answer:
    from chartline.release import reidentify

    subjects = [wanted for wanted in args.wanted if isinstance(wanted, int)]
    events = [wanted for wanted in args.wanted if isinstance(wanted, str)]
    body = reidentify.request(_settings(args), subjects, events=events, by=args.by, reason=args.reason)
    return body, body["request"], 0


def _reidentify_decide(args: argparse.Namespace) -> Answer:
    from chartline.release import reidentify

    body = reidentify.decide(_settings(args), args.id, approve=args.approve, by=args.by, reason=args.reason)
    return body, f"{args.id} is {body['decision']}", 0


def _reidentify_open(args: argparse.Namespace) -> Answer:
    from chartline.release import reidentify

    body = reidentify.open_request(_settings(args), args.id, by=args.by)
    told = f"{body['subjects']} subjects, {body['records']} patient records, {body['events']} events"
    return body, f"{body['file']}: {told}", 0


def _reidentify_list(args: argparse.Namespace) -> Answer:
    from chartline.lake import ledger
    from chartline.release import reidentify

    settings = _settings(args)
    ledger.require(settings)
    found = reidentify.requests(settings)
    header = ("request", "state", "subjects", "events", "asked by", "asked at", "opened")
    told = ("asked_by", "asked_at", "opened")
    rows = [
        (r["request"], r["state"], len(r["subjects"]), len(r["events"]), *(r[name] for name in told)) for r in found
    ]
    return {"requests": found}, _table(header, rows), 0


# --- de-identification without a lake -------------------------------------------------------------


def _deid_text(args: argparse.Namespace) -> Answer:
    from chartline import keys
    from chartline.deid import policy
    from chartline.deid.text import jsonl

    given = load(args.config).with_(policy=args.policy, key=args.key, project=args.project)
    out = args.stdout
    failed = jsonl(
        sys.stdin.buffer,
        lambda line: out.write(line + "\n"),
        policy=policy.load(given.policy),
        key=keys.load(given.key),
        project=given.project,
    )
    return {}, "", 1 if failed else 0


def _deid_fhir(args: argparse.Namespace) -> Answer:
    from chartline import keys
    from chartline.deid import fhir_files, policy

    given = load(args.config).with_(policy=args.policy, key=args.key, project=args.project)
    body = fhir_files.run(
        args.source,
        args.to,
        policy=policy.load(given.policy),
        key=keys.load(given.key),
        project=given.project,
        person_systems=given.person_systems,
    )
    text = ", ".join(f"{k} {v}" for k, v in body.items() if isinstance(v, int))
    for fate in ("quarantined", "filtered"):
        text += "".join(f"\n{fate}: {reason} {n}" for reason, n in sorted(body[fate].items()))
    if "file_csv" in body["filtered"]:
        text += "\nCSV is not read here: take it through a lake with 'chartline run'."
    if body["out"]:
        sweep = ("chartline", "sweep", str(args.to), "--policy", given.policy, "--known", *map(str, args.source))
        text += f"\nNext:   {shlex.join(sweep)}"
    if body["out"] or not body["in"]:
        return body, text, 0
    error = DataError("CL1102", f"none of {body['in']} records passed.", "See the reasons for which they did not.")
    return {**body, "error": _told(error)}, f"{text}\n\n{error}", error.exit_code


def _policy_import(args: argparse.Namespace) -> Answer:
    from chartline.deid.importer import import_fhir_anonymizer

    if args.to and args.to.exists():
        raise UsageError("CL2158", f"{args.to} is there already.", "Name a new file, or move that one away.")
    text, left = import_fhir_anonymizer(args.file)
    if args.to:
        args.to.write_text(text, encoding="utf-8")
    body = {"policy": str(args.to) if args.to else text, "not_carried_over": left}
    notes = "\n".join(f"not carried over: {line}" for line in left)
    return body, (notes if args.to else text) or "everything was carried over", 0


def _policy_table(args: argparse.Namespace) -> Answer:
    from chartline.deid import policy

    text = policy.policy_table(policy.load(args.policy))
    return {"policy": args.policy, "table": text}, text, 0


# --- evidence -------------------------------------------------------------------------------------


def _sweep(args: argparse.Namespace) -> Answer:
    from chartline.audit import evidence, known, sweep
    from chartline.deid import policy

    given = load(args.config).with_(policy=args.policy)
    allowed = evidence.allowed_kinds(policy.load(given.policy))
    told = known.known_from_sources(args.known, given.extracts)
    result = sweep.sweep(args.path, sweep.Search(told, allowed=allowed))
    body = result.to_json()
    hits = [(h.category, h.count, h.surface, h.column or None, h.file, h.value) for h in result.hits]
    text = _table(("category", "count", "surface", "column", "file", "hash of the value"), hits)
    if not hits:
        clean = f"no known value was found; {result.in_company:,} of {result.patterns:,} count only beside another"
        text = clean if result.clean else "the sweep missed its decoy: it proves nothing"
    return body, text, 0 if result.clean else 1


def _verify(args: argparse.Namespace) -> Answer:
    from chartline.verify import verify

    checks = verify(_settings(args))
    broken = next((c for c in checks if not c.ok), None)
    body = {
        "ok": broken is None,
        "first_broken": broken.name if broken else None,
        "checks": [{"name": c.name, "ok": c.ok, "detail": c.detail} for c in checks],
    }
    text = "\n".join(f"{'ok  ' if c.ok else 'FAIL'} {c.name} {c.detail}".rstrip() for c in checks)
    return body, text, 1 if broken else 0


def _lineage(args: argparse.Namespace) -> Answer:
    from chartline.lineage import events

    found = events(_settings(args))
    return {"events": found}, "\n".join(json.dumps(event, sort_keys=True) for event in found), 0


def _quarantine(action: str) -> Callable[[argparse.Namespace], Answer]:
    def command(args: argparse.Namespace) -> Answer:
        from chartline.lake import ledger, quarantine

        settings = _settings(args)
        ledger.require(settings)
        if action == "list":
            rows = quarantine.listing(settings, args.reason) if args.reason else quarantine.summary(settings)
            header = tuple(rows[0]) if rows else ("stage", "reason", "rule", "records")
            return {"quarantine": rows}, _table(header, [tuple(r.values()) for r in rows]), 0
        if action == "show":
            record = quarantine.show(settings, args.id)
            return record, "\n".join(f"{k}: {_plain(v)}" for k, v in record.items()), 0
        changed = quarantine.dispose(settings, args.id, "released" if action == "retry" else "discarded")
        text = f"{action}: {changed} records, {len(set(args.id)) - changed} were not open"
        if changed and action == "retry":
            text += f"\nNext:   chartline parse --lake {settings.lake}"
        return {"changed": changed, "action": action}, text, 0

    return command


def _erase(args: argparse.Namespace) -> Answer:
    from chartline import pipeline

    body = pipeline.erase(
        _settings(args), args.patient, by=args.by, reason=args.reason, old_keys=tuple(args.old_key or ())
    )
    left = sum(body["left"].values())
    taken = ", ".join(f"{place} {n:,}" for place, n in body["removed"].items() if n)
    text = [f"erasure {body['erasure']}: taken out {taken or 'nothing'}; a search of every place finds {left}"]
    if body["withdrawn"]:
        text.append(f"withdrawn, tell whoever received them: {', '.join(body['withdrawn'])}")
        text.append("Next:   chartline assess, and a new decision, for a release without the person")
    return body, "\n".join(text), 1 if left else 0


def _takeback(args: argparse.Namespace) -> Answer:
    from chartline import pipeline

    body = pipeline.take_back(_settings(args), args.delivery, by=args.by, reason=args.reason)
    left = sum(body["left"].values())
    taken = ", ".join(f"{place} {n:,}" for place, n in body["removed"].items() if n)
    text = [f"{len(body['files'])} files are taken back by {body['takeback']}: {taken}; a search finds {left}"]
    if body["releases"]:
        text.append(f"assessed since they landed: {', '.join(body['releases'])}")
        text.append("Next:   chartline release withdraw, for those that should not hold them; chartline assess")
    return body, "\n".join(text), 1 if left else 0


def _key_new(args: argparse.Namespace) -> Answer:
    from chartline import keys

    key = keys.create(args.file)
    return {"key_id": key.id, "file": str(args.file)}, f"key {key.id} is in {args.file}; keep it safe, never in git", 0


def _key_client(args: argparse.Namespace) -> Answer:
    from chartline.ingest import smart

    public = smart.create(args.file)
    return public, json.dumps(public), 0


def _key_rotate(args: argparse.Namespace) -> Answer:
    from chartline import pipeline
    from chartline.deid.rotation import rotate
    from chartline.lake import ledger

    settings = _settings(args)
    ledger.require(settings)
    with pipeline.only_run(settings):
        body = rotate(settings, args.file, run_id=ledger.new_run_id())
    text = (
        f"the lake belongs to key {body['key_id']} now, {args.file}; {body['resealed']} quarantined records are sealed "
        f"with it.\nNext:   chartline deidentify and chartline timeline with the new key: they write all rows again."
    )
    return body, text, 0


def _doctor(args: argparse.Namespace) -> Answer:
    from chartline import doctor

    checks = doctor.checks(_settings(args))
    body = {
        "ok": all(c.ok for c in checks),
        "checks": [{"name": c.name, "ok": c.ok, "detail": c.detail} for c in checks],
    }
    text = "\n".join(f"{'ok  ' if c.ok else 'FAIL'} {c.name}: {c.detail}" for c in checks)
    return body, text, 0 if body["ok"] else 3


# --- the parser -----------------------------------------------------------------------------------

Argument = tuple[tuple[str, ...], Mapping[str, Any]]
"""What ``add_argument`` takes."""


class Command(NamedTuple):
    """A command of the command line.

    Attributes:
        words: how it is called; the first of two is its group.
        help: what it does.
        does: what does it.
        arguments: what it takes; of those in a list exactly one.
    """

    words: str
    help: str
    does: Callable[[argparse.Namespace], Answer]
    arguments: Sequence[Argument | list[Argument]]


def _argument(*names: str, **how: Any) -> Argument:
    return names, how


_COMMON = (
    _argument("--json", action="store_true", help="one JSON object on standard output"),
    _argument("--config", type=Path, help="settings file (default chartline.toml)"),
)
_LAKE = (*_COMMON, _argument("--lake", type=_folder, help="root folder of the lake"))
_RULES = (
    _argument("--policy", help="safe_harbor, expert_determination, limited_data_set or a policy file"),
    _argument("--key", type=Path, help="key file, made by 'chartline key new FILE'"),
    _argument("--project", help="name that separates this project's pseudonyms from others'"),
)
_STAGE = (*_LAKE, *_RULES)
_ID = _argument("id", metavar="ID")
_IDS = _argument("id", nargs="+", metavar="ID")
_FILE = _argument("file", type=Path)
_BY = _argument("--by", required=True, metavar="NAME")
_SAID = (_BY, _argument("--reason", required=True, metavar="TEXT"))
_DECIDES = (
    _ID,
    [_argument("--approve", action="store_true"), _argument("--reject", dest="approve", action="store_false")],
    *_SAID,
)
_SOURCES = _argument(
    "source",
    type=source,
    nargs="+",
    metavar="SOURCE",
    help="a file, a folder, an archive, or the address of a Bulk FHIR export: 'https://HOST/BASE/Group/ID/$export'",
)

_GROUPS = {
    "release": "List, show, decide, publish and withdraw releases; check a dataset.",
    "reidentify": "Go back from subjects and events: one asks, another decides, each step is logged.",
    "deid": "De-identify without a lake.",
    "policy": "Print or import a policy.",
    "quarantine": "Records that were set aside.",
    "key": "Project keys.",
}
_COMMANDS = (
    Command("run", "Land to assess; ends with a release candidate.", _run, (*_STAGE, _SOURCES)),
    Command("land", "Copy an extract into the restricted zone.", _stage("land"), (*_STAGE, _SOURCES)),
    Command("parse", "Landed files to bronze resources.", _stage("parse"), _STAGE),
    Command("deidentify", "Bronze to de-identified silver.", _stage("deidentify"), _STAGE),
    Command(
        "timeline",
        "Silver to gold timelines; 'show SUBJECT' draws one.",
        _timeline,
        (
            *_STAGE,
            _argument("action", nargs="?", choices=["show"]),
            _argument("subject", nargs="?", type=int, metavar="SUBJECT"),
        ),
    ),
    Command("assess", "Sweep, risk and report: a release candidate.", _stage("assess"), _STAGE),
    Command("release list", "All candidates and their state.", _release_list, _LAKE),
    Command("release show", "One candidate.", _release_show, (*_LAKE, _ID)),
    Command("release decide", "Record the privacy officer's decision.", _release_decide, (*_LAKE, *_DECIDES)),
    Command("release publish", "Publish an approved candidate.", _release_publish, (*_STAGE, _ID)),
    Command(
        "release withdraw",
        "Take a published release back: its data go.",
        _release_withdraw,
        (*_LAKE, _argument("id", metavar="RELEASE"), *_SAID),
    ),
    Command(
        "release check",
        "Find the faults of any MEDS dataset.",
        _release_check,
        (*_COMMON, _argument("folder", type=Path, metavar="DIR")),
    ),
    Command(
        "reidentify request",
        "Ask for the patients behind subjects or the records behind events; prints the request's id.",
        _reidentify_request,
        (
            *_LAKE,
            _argument("wanted", type=_wanted, nargs="+", metavar="SUBJECT|EVENT", help="a subject_id or an event_id"),
            *_SAID,
        ),
    ),
    Command(
        "reidentify decide", "Approve or reject another person's request.", _reidentify_decide, (*_LAKE, *_DECIDES)
    ),
    Command("reidentify open", "Write who they are into the restricted zone.", _reidentify_open, (*_STAGE, _ID, _BY)),
    Command("reidentify list", "All requests with their state and every step.", _reidentify_list, _LAKE),
    Command(
        "deid text",
        'Lines {"id", "text", "patient"?, "known"?} in, lines {"id", "text", "spans"} out; ids as they were given.',
        _deid_text,
        (*_COMMON, *_RULES),
    ),
    Command(
        "deid fhir",
        "NDJSON, bundles, FHIR XML and C-CDA, without Spark; no CSV.",
        _deid_fhir,
        (
            *_COMMON,
            *_RULES,
            _argument("source", type=Path, nargs="+", metavar="SOURCE", help="files, folders and archives"),
            _argument("--to", type=Path, required=True, metavar="DIR", help="a new or empty folder"),
        ),
    ),
    Command(
        "policy table",
        "What a policy does to each element, as Markdown.",
        _policy_table,
        (*_COMMON, _argument("policy", metavar="NAME|FILE")),
    ),
    Command(
        "policy import",
        "Carry over a configuration of Microsoft's FHIR anonymizer.",
        _policy_import,
        (
            *_COMMON,
            _argument("kind", choices=["fhir-anonymizer"]),
            _argument("file", type=Path, metavar="CONFIG"),
            _argument("--to", type=Path, metavar="FILE"),
        ),
    ),
    Command(
        "sweep",
        "Look for the source's identifying values in any file.",
        _sweep,
        (
            *_COMMON,
            _argument("path", type=Path, nargs="+", metavar="PATH"),
            _argument("--known", type=Path, nargs="+", required=True, metavar="SOURCE"),
            _argument("--policy", help="what this policy lets pass, such as a ZIP, is not looked for"),
        ),
    ),
    Command("verify", "Recompute hashes, chains and equations.", _verify, _LAKE),
    Command("lineage", "The ledger as OpenLineage run events, one a line.", _lineage, _LAKE),
    Command(
        "quarantine list",
        "Counts by stage, reason and rule.",
        _quarantine("list"),
        (
            *_STAGE,
            _argument("reason", nargs="?", metavar="REASON", help="the open records of this reason, with their ids"),
        ),
    ),
    Command("quarantine show", "Where a record came from and why it is here.", _quarantine("show"), (*_STAGE, _ID)),
    Command(
        "quarantine retry",
        "Let records re-enter at parse.",
        _quarantine("retry"),
        (*_STAGE, _IDS),
    ),
    Command(
        "quarantine discard",
        "Give records up, on the record.",
        _quarantine("discard"),
        (*_STAGE, _IDS),
    ),
    Command(
        "takeback",
        "A delivery that should never have come goes.",
        _takeback,
        (
            *_STAGE,
            _argument(
                "delivery",
                nargs="+",
                metavar="SHA256|RUN",
                help="a landed file, its archive or manifest, or its run of land",
            ),
            *_SAID,
        ),
    ),
    Command(
        "erase",
        "A person leaves: every table, landed file and release.",
        _erase,
        (
            *_STAGE,
            _argument("--patient", required=True, metavar="SOURCE_ID", help="logical id of a Patient in its source"),
            _argument("--old-key", type=Path, action="append", metavar="FILE", help="a key that the lake has retired"),
            *_SAID,
        ),
    ),
    Command("key new", "Draw a key into a new file of mode 0600.", _key_new, (*_COMMON, _FILE)),
    Command(
        "key client",
        "Draw a key for Bulk FHIR servers; prints the public half to register.",
        _key_client,
        (*_COMMON, _FILE),
    ),
    Command(
        "key rotate",
        "Give a lake to another key: a new namespace.",
        _key_rotate,
        (*_STAGE, _argument("file", type=Path, help="file of the new key; made when it is not there")),
    ),
    Command("doctor", "Check the machine, the installation, the lake and the settings.", _doctor, _STAGE),
)


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="chartline",
        description="De-identified, longitudinal patient timelines, with the evidence a privacy officer signs.",
        epilog="Exit codes: 0 done, 1 the data or a gate said no, 2 the call was wrong, 3 the machine failed.",
    )
    parser.add_argument("--version", action="version", version=f"chartline {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    groups: dict[str, Any] = {}
    for words, help, does, arguments in _COMMANDS:
        group, _, name = words.rpartition(" ")
        if group and group not in groups:
            told = commands.add_parser(group, help=_GROUPS[group], description=_GROUPS[group])
            groups[group] = told.add_subparsers(required=True, metavar="ACTION")
        made = groups.get(group, commands).add_parser(name, help=help, description=help)
        made.set_defaults(does=does)
        _take(made, arguments)
    return parser


def _take(to: Any, arguments: Iterable[Argument | list[Argument]]) -> None:
    for argument in arguments:
        if isinstance(argument, list):
            _take(to.add_mutually_exclusive_group(required=True), argument)
        else:
            names, how = argument
            to.add_argument(*names, **how)


@contextmanager
def _standard_output_kept() -> Iterator[IO[str]]:
    """Hand out the real standard output and point descriptor 1 at standard error.

    The JVM and libraries print to descriptor 1; a caller that parses our output must not see that.
    """
    sys.stdout.flush()
    real = os.dup(1)
    os.dup2(2, 1)
    try:
        with os.fdopen(real, "w", encoding="utf-8", closefd=False) as out:
            yield out
    finally:
        os.dup2(real, 1)
        os.close(real)


def _refusal(cause: Exception) -> Answer:
    from chartline.lake.spark import translated

    error = translated(cause)
    print(str(error), file=sys.stderr)  # noqa: T201
    return {"error": _told(error)}, "", error.exit_code


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the arguments say; returns the exit code."""
    args = _parser().parse_args(argv)
    scratch.no_core()
    with _standard_output_kept() as out:
        args.stdout = out
        try:
            body, text, code = args.does(args)
        except KeyboardInterrupt:
            print("interrupted; run the same command again to go on", file=sys.stderr)  # noqa: T201
            return 3
        except Exception as cause:
            body, text, code = _refusal(cause)
        said = json.dumps(body, default=str) if args.json and body else "" if args.json else text
        if said:
            _print(said, out)
    return int(code)


def _print(text: str, out: IO[str]) -> None:
    """Print for a reader that may go before the end, as ``head`` does: what it did not want is no failure."""
    try:
        print(text, file=out, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), out.fileno())  # what is still in the buffer has to go somewhere


def command() -> NoReturn:
    """The console script: it ends once the answer is out.

    Arrow's threads of a scan may outlive it and abort a process while Python takes itself apart (apache/arrow#34314): a
    command that did its work would end by a signal instead of with its exit code.
    """
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    command()
