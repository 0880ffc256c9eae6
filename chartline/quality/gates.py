"""Quality gates: suites in ``expectations/``, run by Great Expectations on Spark frames, kept without a value.

A suite is a list of checks, each an expectation on one named frame. The verdict of every check goes to ``audit.gates``.
A critical check that fails, errs, or has nothing to look at where it may not, stops the stage before its output can be
read (``may_be_empty`` says where an empty frame is a good answer).
"""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from chartline.errors import GateFailed, UsageError
from chartline.lake import chain
from chartline.lake import spark as lake
from chartline.settings import Settings, room
from chartline.stage import Counts

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

SEVERITIES = ("critical", "warning", "info")
_FIELDS = frozenset({"id", "frame", "type", "kwargs", "severity", "meaning", "may_be_empty"})
_TYPE = re.compile(r"expect_[a-z_]+")
_NAMING = ("column", "column_A", "column_B", "column_list", "row_condition")
"""Arguments of an expectation that name columns."""


@dataclass(frozen=True)
class Check:
    """One expectation of a suite.

    Attributes:
        id: its id in the catalogue, for example ``D11``.
        frame: name of the frame it looks at.
        type: expectation type of Great Expectations.
        kwargs: its arguments.
        severity: ``critical`` stops the run, ``warning`` is reported, ``info`` is counted.
        meaning: what it protects, for a privacy officer.
        may_be_empty: whether an empty frame is a good answer.
    """

    id: str
    frame: str
    type: str
    kwargs: Mapping[str, Any]
    severity: str
    meaning: str
    may_be_empty: bool


@dataclass(frozen=True)
class Outcome:
    """What became of one check: counts, never a value."""

    check: Check
    verdict: str
    looked_at: int | None
    unexpected: int | None


@cache
def suite(name: str) -> tuple[Check, ...]:
    """The checks of ``expectations/<name>.json``.

    Raises:
        UsageError: CL2060 no such suite, CL2061 it is not JSON, CL2062 a check is incomplete or has an unknown field,
            CL2063 its type or severity is none, CL2065 two have one id, CL2066 there is no check.
    """
    path = room("expectations") / f"{name}.json"
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise UsageError("CL2060", f"there is no suite '{name}'.", "Add expectations/<suite>.json.") from None
    except ValueError:
        raise UsageError("CL2061", f"{path.name} is not JSON.", "Correct it.") from None
    listed = body.get("checks") if isinstance(body, dict) else None
    if not listed:
        raise UsageError("CL2066", f"{path.name} has no checks.", "Write {'checks': [...]}, as the other suites do.")
    checks = []
    for i, item in enumerate(listed):
        where = f"checks[{i}] ({item.get('id', 'no id')})"
        wrong = set(item) - _FIELDS
        missing = _FIELDS - {"may_be_empty"} - set(item)
        if wrong or missing:
            named = ", ".join(sorted(wrong or missing))
            raise UsageError("CL2062", f"{path.name}: {where}: {named}.", "See the other checks for the fields.")
        if item["severity"] not in SEVERITIES or not _TYPE.fullmatch(item["type"]):
            raise UsageError("CL2063", f"{path.name}: {where}: type or severity.", f"Use {', '.join(SEVERITIES)}.")
        checks.append(Check(**{"may_be_empty": False, **item}))
    if len({c.id for c in checks}) < len(checks):
        raise UsageError("CL2065", f"{path.name}: an id is used twice.", "Give each check its own id.")
    return tuple(checks)


# --- Great Expectations ------------------------------------------------------------------------------


@cache
def _context() -> Any:
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    logging.getLogger("great_expectations").setLevel(logging.CRITICAL)
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    return context


def _validated(frame: DataFrame, checks: Sequence[Check], total: int) -> list[Outcome]:
    """Run the checks on one frame; counts are asked for only where something failed, for they cost scans."""
    verdicts = _results(frame, checks, {"result_format": "BOOLEAN_ONLY"})
    outcomes = [Outcome(c, _verdict_of(r), total, 0) for c, r in zip(checks, verdicts, strict=True)]
    failed = [o.check for o in outcomes if o.verdict == "failed"]
    # partial_unexpected_count 0 keeps every offending value out of the result (a test holds this).
    again = _results(frame, failed, {"result_format": "SUMMARY", "partial_unexpected_count": 0}) if failed else []
    counts = {c.id: (r.result or {}).get("unexpected_count") for c, r in zip(failed, again, strict=True)}
    return [replace(o, unexpected=counts[o.check.id]) if o.check.id in counts else o for o in outcomes]


def _results(frame: DataFrame, checks: Sequence[Check], result_format: Mapping[str, Any]) -> list[Any]:
    """Great Expectations' results of one validation, in the order of the checks."""
    from great_expectations.core.expectation_suite import ExpectationSuite

    source = _context().data_sources.add_or_update_spark(checks[0].frame)
    batch = source.add_dataframe_asset("frame").add_batch_definition_whole_dataframe("whole")
    items = [{"type": c.type, "kwargs": dict(c.kwargs), "meta": {"at": i}} for i, c in enumerate(checks)]
    suite_ = ExpectationSuite(name="gate", expectations=items)
    done = batch.get_batch({"dataframe": frame}).validate(suite_, result_format=dict(result_format))
    return sorted(done.results, key=lambda r: int(r.expectation_config.meta["at"]))


def _verdict_of(result: Any) -> str:
    raised = any(info.get("raised_exception") for info in _infos(result.exception_info))
    return "error" if raised else "passed" if result.success else "failed"


def _infos(info: Any) -> Iterable[Mapping[str, Any]]:
    if not isinstance(info, Mapping):
        return ()
    return (info,) if "raised_exception" in info else [v for v in info.values() if isinstance(v, Mapping)]


def _named(frame: DataFrame, checks: Sequence[Check]) -> DataFrame:
    """The frame's columns that the checks name: what is held for them need not hold the text of every note."""
    told = " ".join(str(c.kwargs.get(argument, "")) for c in checks for argument in _NAMING)
    words = set(re.findall(r"\w+", told))
    return frame.select(*(f"`{name}`" for name in frame.columns if name in words))


def _on_frame(frame: DataFrame, checks: Sequence[Check]) -> list[Outcome]:
    total = frame.count()
    if not total:
        return [Outcome(c, "not_applicable", 0, 0) for c in checks]
    try:
        return _validated(frame, checks, total)
    except Exception:
        # Whatever Great Expectations or Spark raises may quote a value: the check has erred, and that is all we keep.
        return [Outcome(c, "error", None, None) for c in checks]


def _held(frame: DataFrame, checks: Sequence[Check]) -> list[Outcome]:
    kept = _named(frame, checks).persist()
    try:
        return _on_frame(kept, checks)
    finally:
        kept.unpersist()


def run(name: str, frames: Mapping[str, DataFrame]) -> list[Outcome]:
    """Run a suite, its frames side by side; one outcome for each check, in the suite's order.

    Raises:
        UsageError: CL2064 the suite names a frame that was not given.
    """
    checks = suite(name)
    unknown = sorted({c.frame for c in checks} - set(frames))
    if unknown:
        raise UsageError("CL2064", f"suite {name} names unknown frames: {', '.join(unknown)}.", "Correct the suite.")
    _context()  # made once, before threads ask for it
    named = dict.fromkeys(c.frame for c in checks)
    made = lake.together(*(partial(_held, frames[n], [c for c in checks if c.frame == n]) for n in named))
    outcomes = {o.check.id: o for each in made for o in each}
    return [outcomes[c.id] for c in checks]


def _whole(counts: Counts) -> Outcome:
    check = Check(
        id="EQ",
        frame="counts",
        type="equation",
        kwargs={},
        severity="critical",
        meaning="in = out + quarantined + duplicate + filtered: nothing is lost, nothing is doubled",
        may_be_empty=True,
    )
    return Outcome(check, "failed" if counts.lost else "passed", counts.in_, abs(counts.lost))


def blocking(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """Critical checks that do not let the run go on: failed, erred, or empty where they may not be."""
    return [
        o
        for o in outcomes
        if o.check.severity == "critical"
        and (o.verdict in ("failed", "error") or (o.verdict == "not_applicable" and not o.check.may_be_empty))
    ]


def verdict(outcomes: Sequence[Outcome]) -> str:
    """Of a whole suite: ``error``, ``failed``, ``not_applicable`` (nothing to look at) or ``passed``."""
    stopped = blocking(outcomes)
    if any(o.verdict == "error" for o in stopped):
        return "error"
    if stopped:
        return "failed"
    looked = [o for o in outcomes if o.check.type != "equation"]
    return "not_applicable" if looked and all(o.verdict == "not_applicable" for o in looked) else "passed"


def check(settings: Settings, name: str, frames: Mapping[str, DataFrame], counts: Counts, *, run_id: str) -> str:
    """Run a gate, keep its verdicts in ``audit.gates``, and return the suite's verdict.

    Args:
        settings: the project's settings.
        name: the suite: landed, parsed, deidentified, timeline or release.
        frames: the frames that the suite names.
        counts: the stage's equation, part of every gate.
        run_id: the run the verdicts belong to.

    Raises:
        GateFailed: CL1050 with the ids of the checks that said no.
    """
    return concluded(settings, name, run(name, frames), counts, run_id=run_id)


def concluded(settings: Settings, name: str, found: Sequence[Outcome], counts: Counts, *, run_id: str) -> str:
    """The second half of ``check``: keep what became of a suite's checks, and return the verdict.

    Raises:
        GateFailed: as ``check``.
    """
    outcomes = [_whole(counts), *found]
    now = datetime.now(UTC)
    chain.append(settings, "audit.gates", [_row(o, name, run_id, now) for o in outcomes])
    stopped = blocking(outcomes)
    if stopped:
        ids = ", ".join(f"{o.check.id} {o.verdict}" for o in stopped)
        raise GateFailed("CL1050", f"gate {name} said no: {ids}.", "See audit.gates; nothing was passed on.")
    return verdict(outcomes)


def one_key(
    settings: Settings, name: str, found: Mapping[str, Collection[str | None]], key_id: str, *, run_id: str
) -> None:
    """Refuse tables in which two keys meet, or one that is not the lake's; the verdict goes to ``audit.gates``.

    Pseudonyms of two keys name one patient twice, and dates of one patient twice shifted give the offsets away.

    Args:
        settings: the project's settings.
        name: the suite that this verdict belongs to: timeline or release.
        found: the key ids of each table's rows.
        key_id: id of the lake's key.
        run_id: the run the verdict belongs to.

    Raises:
        GateFailed: CL1051 with the tables and key ids.
    """
    wrong = {table: ids for table, ids in found.items() if ids and set(ids) != {key_id}}
    check = Check(
        id="KEY",
        frame="keys",
        type="one_key",
        kwargs={"column": "key_id"},
        severity="critical",
        meaning="all rows of a zone are made with one key, the lake's",
        may_be_empty=True,
    )
    verdict = "failed" if wrong else "passed"
    chain.append(
        settings,
        "audit.gates",
        [_row(Outcome(check, verdict, len(found), len(wrong)), name, run_id, datetime.now(UTC))],
    )
    if wrong:
        told = "; ".join(f"{table} of {', '.join(sorted(str(i) for i in ids))}" for table, ids in sorted(wrong.items()))
        raise GateFailed(
            "CL1051",
            f"rows of another key than the lake's ({key_id}): {told}.",
            "Run 'chartline deidentify' and 'chartline timeline' with the lake's key: they write all rows again.",
        )


def _row(outcome: Outcome, name: str, run_id: str, now: datetime) -> dict[str, Any]:
    return {
        "run_id": run_id,
        "suite": name,
        "check": outcome.check.id,
        "expectation": outcome.check.type,
        "column": outcome.check.kwargs.get("column"),
        "severity": outcome.check.severity,
        "verdict": outcome.verdict,
        "element_count": outcome.looked_at,
        "unexpected_count": outcome.unexpected,
        "meaning": outcome.check.meaning,
        "checked_at": now,
    }
