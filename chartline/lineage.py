"""What each stage read and wrote as OpenLineage run events, for a catalogue such as Marquez or DataHub.

A run of a stage is a START and a COMPLETE or FAIL. A gate is a run of its own that reads the table it is about, for
assertions belong to inputs. What takes data back is a run that reads nothing and takes rows out of tables. All
that is told is in chained tables, so the same tables give the same lines: ids, versions, counts and hashes, never a
value of the data or a path.

Source: OpenLineage 2-0-2, openlineage.io/spec.
"""

from __future__ import annotations

import heapq
import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from chartline.lake import gone, ledger, tables
from chartline.release import candidates
from chartline.settings import Settings

Row = Mapping[str, Any]
Event = dict[str, Any]

_SPEC = "https://openlineage.io/spec"
_RUN_FACET = "urn:chartline:openlineage:run-facet:1"
_IDS = uuid.uuid5(uuid.NAMESPACE_URL, "urn:chartline:openlineage:run")

_CANDIDATES = "audit.candidates"
_READS = {
    "parse": ("landing.files",),
    "deidentify": ("bronze.resources", "bronze.people"),
    "timeline": ("silver.resources", "silver.notes", "silver.deliveries"),
    "assess": ("silver.resources", "silver.notes", *candidates.GOLD),
    "publish": (*candidates.GOLD, _CANDIDATES),
}
_OUT = {
    "land": "landing.files",
    "parse": "bronze.resources",
    "deidentify": "silver.resources",
    "publish": "curated.events",
}
"""The table of whose rows the ledger's ``out`` tells; a timeline's are resources, and an assessment writes none."""
_ABOUT = {
    "landed": ("parse", "landing.files"),
    "parsed": ("parse", "bronze.resources"),
    "deidentified": ("deidentify", "silver.resources"),
    "timeline": ("timeline", "gold.events"),
    "release": ("assess", "gold.events"),
}
"""The stage that asks a gate, and the main table that the gate is about."""


_ORDERS = {
    "erase": (gone.LOG, "erasure_id", "emptied"),
    "takeback": (gone.TAKEBACKS, "takeback_id", "done"),
    "withdraw": (gone.WITHDRAWALS, "release_id", "done"),
}
"""What takes rows back: the log of such a job, the column of its ids, and the step that tells the tables."""


def events(settings: Settings) -> list[Event]:
    """The events of all runs, in the order in which they ended.

    Raises:
        DataError: CL1150 there is no ledger.
    """
    ledger.require(settings)
    gates: dict[str, list[Row]] = {}
    for gate in tables.read(settings, "audit.gates").sort_by("seq").to_pylist():
        gates.setdefault(gate["run_id"], []).append(gate)
    namespace, versions = f"chartline://{settings.project}", dict[str, str]()
    found: list[Event] = []
    runs = tables.read(settings, "audit.runs").sort_by("seq").to_pylist()
    for row in heapq.merge(runs, _orders(settings), key=_ended):
        asked = [gate for gate in gates.get(row["run_id"], ()) if _during(gate, row)]
        found += _Run(row, namespace, versions).events(asked)
        versions |= _written(row)
    return found


def _ended(row: Row) -> datetime:
    at: datetime = row["ended_at"]
    return at


def _orders(settings: Settings) -> list[Row]:
    """What took rows back, each with the columns of a run: from its first step to the one that tells the tables."""
    found: list[Row] = []
    nothing = dict.fromkeys(tables.schema("audit.runs").names)
    for job, (log, own, told) in _ORDERS.items():
        begun: dict[str, datetime] = {}
        for row in tables.read(settings, log).sort_by("seq").to_pylist():
            started = begun.setdefault(row[own], row["taken_at"])
            if row["step"] == told:
                order = {"seq": row["seq"], "run_id": row[own], "stage": job, "status": "done", "tables": row["tables"]}
                found.append(nothing | order | {"started_at": started, "ended_at": row["taken_at"]})
    return sorted(found, key=_ended)


def _during(gate: Row, row: Row) -> bool:
    """Whether a check was made by this run of the stage, not by another of the same id."""
    stage, _ = _ABOUT.get(gate["suite"], ("", ""))
    return bool(stage == row["stage"] and row["started_at"] <= gate["checked_at"] <= row["ended_at"])


def _written(row: Row) -> dict[str, str]:
    """The version of each dataset that a run made; what an assessment names, it read, and its candidate is new."""
    if row["stage"] == "assess":
        return {_CANDIDATES: json.loads(row["extra"])["candidate"]} if row["status"] == "done" else {}
    return {name: str(version) for name, version in row["tables"] or ()}


@dataclass(frozen=True)
class _Run:
    """One row of the ledger, and the version of each dataset before it."""

    row: Row
    namespace: str
    before: Mapping[str, str]

    def events(self, gates: Sequence[Row]) -> Iterator[Event]:
        """The run's START, those of its gates, and its end."""
        row = self.row
        facets: dict[str, Any] = {"chartline_run": self._own_facet()}
        reads = [self._dataset(name, self.before) for name in _READS.get(row["stage"], ())]
        yield self._event("START", row["started_at"], self._run(facets), row["stage"], reads)
        for suite in dict.fromkeys(gate["suite"] for gate in gates):
            yield from self._gate(suite, [gate for gate in gates if gate["suite"] == suite])
        if row["status"] == "done":
            made = [self._made(name) for name in _written(row)]
            yield self._event("COMPLETE", row["ended_at"], self._run(facets), row["stage"], reads, made)
        else:
            error = self._facet("ErrorMessageRunFacet", "1-0-1", message=row["error"], programmingLanguage="PYTHON")
            yield self._event("FAIL", row["ended_at"], self._run(facets | {"errorMessage": error}), row["stage"], reads)

    def _gate(self, suite: str, checks: Sequence[Row]) -> Iterator[Event]:
        stage, table = _ABOUT[suite]
        job = {"namespace": self.namespace, "name": stage}
        parent = self._facet("ParentRunFacet", "1-2-0", run={"runId": self._id()}, job=job)
        said = self._facet("DataQualityAssertionsDatasetFacet", "1-1-0", assertions=[*map(_assertion, checks)])
        about = self._dataset(table, self.before if table in _READS[stage] else _written(self.row))
        about |= {"inputFacets": {"dataQualityAssertions": said}}
        run, name = self._run({"parent": parent}, suite), f"gate.{suite}"
        yield self._event("START", checks[0]["checked_at"], run, name, [])
        yield self._event("COMPLETE", checks[-1]["checked_at"], run, name, [about])

    def _event(
        self, kind: str, at: datetime, run: Event, job: str, inputs: Sequence[Event], outputs: Sequence[Event] = ()
    ) -> Event:
        return {
            "eventType": kind,
            "eventTime": at.astimezone(UTC).isoformat(timespec="microseconds"),
            "run": run,
            "job": {"namespace": self.namespace, "name": job},
            "inputs": list(inputs),
            "outputs": list(outputs),
            "producer": self._producer,
            "schemaURL": f"{_SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent",
        }

    @property
    def _producer(self) -> str:
        return f"urn:chartline:{self.row['code_version'] or 'lake'}"

    def _id(self, suite: str = "") -> str:
        """A run's UUID; the place in the ledger tells two runs of one id apart."""
        return str(uuid.uuid5(_IDS, f"{self.row['run_id']}/{self.row['stage']}/{self.row['seq']}/{suite}"))

    def _run(self, facets: Mapping[str, Any], suite: str = "") -> Event:
        return {"runId": self._id(suite), "facets": facets}

    def _facet(self, name: str, version: str, **members: Any) -> dict[str, Any]:
        """A facet of the specification."""
        schema = f"{_SPEC}/facets/{version}/{name}.json#/$defs/{name}"
        return {"_producer": self._producer, "_schemaURL": schema, **members}

    def _own_facet(self) -> dict[str, Any]:
        """What the ledger knows of a run and the specification has no facet for."""
        names = ("run_id", "policy", "policy_hash", "key_id", "code_version", "input_digest", "in", "out", "duplicate")
        told = {name: self.row[name] for name in names if self.row[name] is not None}
        reasons = {name: dict(self.row[name] or ()) for name in ("quarantined", "filtered")}
        return {"_producer": self._producer, "_schemaURL": _RUN_FACET, **told, **reasons}

    def _dataset(self, name: str, versions: Mapping[str, str]) -> dict[str, Any]:
        at = versions.get(name)
        known = {"version": self._facet("DatasetVersionDatasetFacet", "1-0-1", datasetVersion=at)} if at else {}
        return {"namespace": self.namespace, "name": name, "facets": known}

    def _made(self, name: str) -> dict[str, Any]:
        rows = self._facet("OutputStatisticsOutputDatasetFacet", "1-0-2", rowCount=self.row["out"])
        counted = {"outputStatistics": rows} if name == _OUT.get(self.row["stage"]) else {}
        made = self._dataset(name, _written(self.row))
        if self.row["stage"] == "withdraw":
            facet = self._facet("LifecycleStateChangeDatasetFacet", "1-0-1", lifecycleStateChange="TRUNCATE")
            made["facets"]["lifecycleStateChange"] = facet
        return {**made, "outputFacets": counted}


def _assertion(gate: Row) -> dict[str, Any]:
    """A check of a gate; one that had nothing to look at found no issue."""
    column = {"column": gate["column"]} if gate["column"] else {}
    return {
        "assertion": gate["expectation"],
        "success": gate["verdict"] in ("passed", "not_applicable"),
        "severity": "error" if gate["severity"] == "critical" else "warn",
        "name": gate["check"],
        "description": gate["meaning"],
        **column,
    }
