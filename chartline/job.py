"""What the Spark applications in ``jobs/`` share: arguments in, one JSON object out, the exit code.

Exit codes are those of the command line: 0 done, 1 the data or a gate said no, 2 the call was wrong,
3 the machine failed. Settings come from ``CHARTLINE_*`` variables, as in the DAGs.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from chartline.arguments import Parser
from chartline.errors import DataError, UsageError
from chartline.ingest.servers import source
from chartline.lake import scratch
from chartline.settings import Settings, load

Facts = dict[str, Any]
"""Counts, versions, ids and hashes: all that a job may hand to Airflow."""


def _stage(name: str) -> Callable[[Settings, argparse.Namespace], Facts]:
    def run(settings: Settings, args: argparse.Namespace) -> Facts:
        from chartline import pipeline
        from chartline.deid import policy

        result = pipeline.run_stage(
            settings, name, sources=getattr(args, "source", ()), candidate=getattr(args, "candidate", "")
        )
        return {
            "stage": result.stage,
            "run_id": result.run_id,
            "unchanged": result.unchanged,
            "counts": result.counts.totals(),
            "tables": dict(result.tables),
            "gates": dict(result.gates),
            "policy": settings.policy,
            "policy_hash": policy.load(settings.policy).hash,
            **result.extra,
        }

    return run


def _assess(settings: Settings, args: argparse.Namespace) -> Facts:
    from chartline.release import candidates

    facts = _stage("assess")(settings, args)
    candidate = facts["candidate"]
    shown = candidates.show(settings, candidate)
    return facts | {
        "state": shown["state"],
        "reason": shown["reason"],
        "report": str(candidates.report_path(settings, candidate).with_suffix(".html").absolute()),
        "report_hash": candidates.report_hash(settings, candidate),
    }


def _decide(settings: Settings, args: argparse.Namespace) -> Facts:
    """Record what the officer answered in Airflow, about the very report that the question named."""
    from chartline.release import candidates
    from chartline.release.decide import decide

    if args.answer not in ("Approve", "Reject") or not args.by or not args.reason.strip():
        raise DataError(
            "CL1090", "there is no answer with a name and a reason.", "Clear the task 'approve' and answer it."
        )
    if candidates.report_hash(settings, args.candidate) != args.report_hash:
        raise DataError("CL1091", "the report is not the one the officer was asked about.", "Run 'assess' again.")
    return dict(
        decide(
            settings,
            args.candidate,
            approve=args.answer == "Approve",
            by=args.by,
            reason=args.reason,
            channel="airflow",
        )
    )


_JOBS: Mapping[str, Callable[[Settings, argparse.Namespace], Facts]] = {
    **{name: _stage(name) for name in ("land", "parse", "deidentify", "timeline", "publish")},
    "assess": _assess,
    "decide": _decide,
}


def _arguments(job: str, argv: Sequence[str]) -> argparse.Namespace:
    parser = Parser(prog=f"jobs/{job}.py")
    parser.add_argument("--outcome", type=Path, help="file that gets the JSON object too")
    if job == "land":
        parser.add_argument("source", type=source, nargs="+", metavar="SOURCE")
    if job in ("decide", "publish"):
        parser.add_argument("candidate", metavar="CANDIDATE")
    if job == "decide":
        for name, help in (
            ("answer", "Approve or Reject"),
            ("by", "who answered"),
            ("reason", "why"),
            ("report-hash", "SHA-256 of the report that the question named"),
        ):
            parser.add_argument(f"--{name}", required=True, help=help)
    return parser.parse_args(argv)


def _leave(file: Path, facts: Facts) -> None:
    """Write the outcome whole or not at all; the run that asked for it may read at any time."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part")
    part.write_text(json.dumps(facts, default=str, sort_keys=True), encoding="utf-8")
    part.replace(file)


def main(job: str, argv: Sequence[str] | None = None) -> int:
    """Run a job and return its exit code.

    Args:
        job: name of a file in ``jobs/``.
        argv: arguments, ``sys.argv`` by default.

    Raises:
        UsageError: CL2090 there is no such job.
    """
    if job not in _JOBS:
        raise UsageError("CL2090", f"there is no job '{job}'.", f"Use one of {', '.join(_JOBS)}.")
    args = _arguments(job, sys.argv[1:] if argv is None else argv)
    scratch.no_core()
    try:
        facts = _JOBS[job](load(), args)
        if args.outcome:
            _leave(args.outcome, facts)
    except Exception as cause:
        from chartline.lake.spark import translated

        error = translated(cause)
        sys.stderr.write(f"{error}\n")
        return int(error.exit_code)
    sys.stdout.write(json.dumps(facts, default=str, sort_keys=True) + "\n")
    sys.stdout.flush()
    return 0
