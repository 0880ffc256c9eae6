"""The stages in order, each run under the lake's lock and with its failure on the ledger."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chartline import progress
from chartline.errors import ChartlineError, MachineError, UsageError
from chartline.ingest.servers import Server, Source, followed
from chartline.lake import ledger, scratch
from chartline.lake.spark import translated
from chartline.settings import STAGES, Settings
from chartline.stage import Counts, StageResult

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from chartline.ingest.bulk import Export

_LITTLE = 64 << 20
"""Bytes landed in all up to which interpreting plans costs less than compiling them: some 35,000 resources."""
Stage = Callable[[Settings, str], StageResult]


@contextmanager
def only_run(settings: Settings) -> Iterator[None]:
    """Hold the lake, so that two runs cannot interleave their writes; the lock ends with the process."""
    lock = settings.zone("restricted") / ".run.lock"
    try:
        lock.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = lock.open("w")
    except OSError:
        raise MachineError("CL3020", "the lake cannot be written.", "Check that --lake is a folder you own.") from None
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise MachineError("CL3021", "another run is working on this lake.", "Wait for it to end.") from None
        scratch.clear(settings)
        yield


def _land(sources: Sequence[Path | Export]) -> Stage:
    def stage(settings: Settings, run_id: str) -> StageResult:
        from chartline.ingest.land import land

        result = land(settings, [s if isinstance(s, Path) else s.files for s in sources], run_id=run_id)
        for source in sources:
            if not isinstance(source, Path):
                source.settle(result.counts)
        return result

    return stage


@contextmanager
def _at_hand(settings: Settings, sources: Sequence[Source], run_id: str) -> Iterator[Sequence[Path | Export]]:
    """The sources as files and folders: a server's export is waited for, which may take days, without the lake's lock.

    Its failure is one of ``land``.
    """
    given = [followed(source) for source in sources]
    with ExitStack() as stack:
        found: Sequence[Path | Export] = [s for s in given if isinstance(s, Path)]
        if any(isinstance(s, Server) for s in given):
            from chartline.ingest import bulk

            started = datetime.now(UTC)
            try:
                found = stack.enter_context(bulk.fetched(settings, given))
            except Exception as cause:
                error = translated(cause)
                with suppress(MachineError), only_run(settings):
                    _failed(settings, "land", run_id, started, error)
                raise error from None
        yield found


@contextmanager
def _spark(settings: Settings) -> Iterator[SparkSession]:
    """The session, with plans that fit how much has landed."""
    from chartline.lake import spark, tables

    started = spark.session(settings)
    landed = sum(tables.read(settings, "landing.files", columns=["size"])["size"].to_pylist())
    with (
        spark.little_data(started) if landed <= _LITTLE else nullcontext(),
        progress.beat(lambda: spark.at_work(started)),
    ):
        yield started


def _parse(settings: Settings, run_id: str) -> StageResult:
    from chartline.erase.erase import again
    from chartline.fhir.parse import parse

    with _spark(settings) as spark:
        result = parse(spark, settings, run_id=run_id)
        if again(spark, settings, run_id=run_id):
            progress.say("persons who were erased came back and were taken out again")
        return result


def _deidentify(settings: Settings, run_id: str) -> StageResult:
    from chartline.deid.deidentify import deidentify

    with _spark(settings) as spark:
        return deidentify(spark, settings, run_id=run_id)


def _timeline(settings: Settings, run_id: str) -> StageResult:
    from chartline.timeline.timeline import timeline

    with _spark(settings) as spark:
        return timeline(spark, settings, run_id=run_id)


def _assess(settings: Settings, run_id: str) -> StageResult:
    from chartline.release.assess import assess

    with _spark(settings) as spark:
        return assess(spark, settings, run_id=run_id)


def _publish(candidate: str) -> Stage:
    def stage(settings: Settings, run_id: str) -> StageResult:
        from chartline.release.publish import publish

        with _spark(settings) as spark:
            return publish(spark, settings, candidate, run_id=run_id)

    return stage


def _require_rules(settings: Settings) -> None:
    """Refuse a policy, terms, mappings or a key that cannot be used before anything is copied or a session started."""
    from chartline.audit import terms
    from chartline.deid import policy
    from chartline.fhir import extracts

    policy.load(settings.policy)
    terms.load(settings.terms)
    extracts.load(settings.extracts)
    ledger.key(settings)


def _failed(settings: Settings, name: str, run_id: str, started: datetime, cause: ChartlineError) -> None:
    ledger.record(settings, StageResult(name, run_id, Counts()), "", started, error=cause.number)


def _attempt(settings: Settings, name: str, stage: Stage, run_id: str) -> StageResult:
    started = datetime.now(UTC)
    progress.say(f"{name} ...")
    try:
        ledger.require_tables(settings)
        result = stage(settings, run_id)
    except Exception as cause:
        error = translated(cause)
        with suppress(MachineError):  # of a ledger that cannot be written, on a full disk
            _failed(settings, name, run_id, started, error)
        raise error from None
    seconds = (datetime.now(UTC) - started).total_seconds()
    totals = ", ".join(f"{k} {v:,}" for k, v in result.counts.totals().items() if v or k in ("in", "out"))
    progress.say(f"{name} {'unchanged' if result.unchanged else f'done in {seconds:.1f} s'}: {totals}")
    return result


def _stages(sources: Sequence[Path | Export], candidate: str = "") -> dict[str, Stage]:
    """What each of ``chartline.settings.STAGES`` does; ``publish`` needs a candidate."""
    return {
        "land": _land(sources),
        "parse": _parse,
        "deidentify": _deidentify,
        "timeline": _timeline,
        "assess": _assess,
        "publish": _publish(candidate),
    }


def run_stage(
    settings: Settings, name: str, *, sources: Sequence[Source] = (), candidate: str = "", run_id: str | None = None
) -> StageResult:
    """Run one stage by its name.

    Args:
        settings: the project's settings.
        name: one of ``chartline.settings.STAGES``.
        sources: files, folders and servers, for ``land``.
        candidate: id of the release candidate, for ``publish``.
        run_id: id to use instead of a new one.

    Raises:
        ChartlineError: whatever the stage says, as a typed error without a value; it is on the ledger. DataError:
            CL1150 there is no lake, which only ``land`` makes.
    """
    if name != STAGES[0]:
        ledger.require(settings)
    if name in ("parse", "deidentify", "timeline"):
        _require_rules(settings)
    run_id = run_id or ledger.new_run_id()
    with _at_hand(settings, sources, run_id) as found, only_run(settings):
        return _attempt(settings, name, _stages(found, candidate)[name], run_id)


def run(settings: Settings, sources: Sequence[Source]) -> Iterator[StageResult]:
    """Land to assess, one result as each stage ends; the first error ends the chain.

    Raises:
        ChartlineError: whatever a stage says; UsageError before the first of them when the policy, the terms, a
            mapping or the key cannot be used.
    """
    _require_rules(settings)
    run_id = ledger.new_run_id()
    with _at_hand(settings, sources, run_id) as found, only_run(settings):
        stages = _stages(found)
        for name in STAGES[: STAGES.index("publish")]:
            yield _attempt(settings, name, stages[name], run_id)


def _require_silvers_policy(settings: Settings) -> None:
    from chartline.deid import policy

    made_with = ledger.policy_hash(settings, "deidentify")
    if made_with not in (None, policy.load(settings.policy).hash):
        name = ledger.policy_name(settings, "deidentify")
        raise UsageError("CL2131", f"silver was made with another policy, {name}.", "Pass it: --policy NAME|FILE.")


def _made_anew(settings: Settings, run_id: str) -> None:
    """Silver and gold as bronze is now, as far as the lake has them."""
    from chartline.lake import tables

    for name, stage, table in (("deidentify", _deidentify, "silver"), ("timeline", _timeline, "gold")):
        if any(tables.exists(settings, t) for t in tables.names() if t.startswith(f"{table}.")):
            _attempt(settings, name, stage, run_id)


def take_back(settings: Settings, wanted: Sequence[str], *, by: str, reason: str) -> dict[str, Any]:
    """Take landed files out of the lake as if they had never come: bronze is read anew from the others.

    Args:
        settings: the project's settings, with the policy that silver was made with.
        wanted: SHA-256 of landed files, of their archive or of their export manifest, or the run that landed them.
        by: who orders it.
        reason: why.

    Returns:
        What ``chartline.erase.takeback.finish`` gives.

    Raises:
        UsageError: CL2131 silver was made with another policy, CL2152 no name or no reason, CL2153 nothing of that
            name has landed; what a stage says.
        DataError: CL1173 it is all that has landed.
    """
    from chartline.erase import takeback

    _require_rules(settings)
    ledger.require(settings)
    run_id = ledger.new_run_id()
    _require_silvers_policy(settings)
    with only_run(settings):
        order = takeback.begin(settings, wanted, by=by, reason=reason)
        takeback.take_out(settings, order)
        _attempt(settings, "parse", _parse, run_id)
        _made_anew(settings, run_id)
        with progress.step("destroying what older versions held, searching for the files"):
            return takeback.finish(settings, order)


def erase(settings: Settings, patient: str, *, by: str, reason: str, old_keys: Sequence[Path] = ()) -> dict[str, Any]:
    """Take a person out of the lake: what has landed is parsed first, what was made of it is made anew afterwards.

    Args:
        settings: the project's settings, with the policy that silver was made with.
        patient: logical id of one of the person's Patients, as the source gives it.
        by: who orders it.
        reason: why.
        old_keys: files of keys that the lake has retired.

    Returns:
        What ``chartline.erase.erase.finish`` gives.

    Raises:
        UsageError: CL2130 no name or no reason, CL2131 silver was made with another policy; what a stage says.
        DataError: CL1170 no such patient, CL1171 a release was made with a key that is not named.
    """
    from chartline import keys
    from chartline.erase import erase as erasing

    _require_rules(settings)
    ledger.require(settings)
    run_id = ledger.new_run_id()
    _require_silvers_policy(settings)
    retired = [keys.load(path) for path in old_keys]
    with only_run(settings):
        _attempt(settings, "parse", _parse, run_id)
        with _spark(settings) as spark:
            erasure = erasing.begin(settings, patient, by=by, reason=reason, old_keys=retired)
            removed = erasing.purge(spark, settings, erasure, run_id=run_id)
            _made_anew(settings, run_id)
            with progress.step("destroying what older versions held, searching every place"):
                return erasing.finish(spark, settings, erasure, removed)
