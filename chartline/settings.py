"""The one frozen object that says where the lake is, which project, policy and key apply.

Light on purpose: DAG files import this module, so it uses the standard library only.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from pathlib import Path
from typing import Any

from chartline.errors import UsageError

ZONES = ("restricted", "deidentified", "curated", "audit")
STAGES = ("land", "parse", "deidentify", "timeline", "assess", "publish")
_PREFIX = "CHARTLINE_"
_ELSEWHERE = frozenset({"CONFIG", "DATA", "OFFICER", "UID"})
"""Variables that are read elsewhere than in ``Settings``."""
_SERVICE = re.compile(r"(?:SERVICE_HOST|SERVICE_PORT(?:_\w+)?|PORT(?:_\d+_\w+)?)")
"""What Kubernetes tells every container of a service that is called ``chartline``."""


def room(name: str) -> Path:
    """Folder of rule files shipped with the package: ``policies``, ``schemas`` or ``expectations``."""
    package = Path(__file__).resolve().parent
    inside = package / name
    return inside if inside.is_dir() else package.parent / name


@dataclass(frozen=True)
class Settings:
    """Where and how a project runs.

    Attributes:
        lake: root folder (or mounted bucket) of the lake.
        project: name that separates pseudonyms and offsets of one project from another's.
        policy: name of a policy in ``policies/`` or path of a policy file.
        key: path of the key file; a reference, never the key itself.
        master: Spark master URL used when a stage starts its own session.
        held_out_from: temporal hold-out of the MEDS files: what was known only from that day on stays out of them,
            unless the patient is held out.
        terms: file of the terms of release: recipient, purpose, agreement (``chartline.audit.terms``).
        person_systems: identifier systems that name a person, whatever source a record comes from: Patients that share
            an identifier of one of them are one person. None of them is trusted unless it is declared here.
        bulk_client: client id at the Bulk FHIR server, empty for a server that wants no authorisation.
        bulk_key: path of the private JWK of that client; a reference, never the key itself.
        bulk_scope: what that client may read there.
        extracts: folder of further mappings of CSV extracts (``chartline.fhir.extracts``).
        source: what the DAG ``ingest`` takes where nobody names another.
        schedule: when that DAG takes it by itself: a cron expression or a preset of Airflow, empty for never.
    """

    lake: Path
    project: str = "default"
    policy: str = "expert_determination"
    key: Path | None = None
    master: str = "local[2]"
    held_out_from: date | None = None
    terms: Path | None = None
    person_systems: tuple[str, ...] = ()
    bulk_client: str = ""
    bulk_key: Path | None = None
    bulk_scope: str = "system/*.read"
    extracts: Path | None = None
    source: str = ""
    schedule: str = ""

    def zone(self, name: str) -> Path:
        """Root of a zone: ``restricted``, ``deidentified``, ``curated`` or ``audit``."""
        if name not in ZONES:
            raise UsageError("CL2001", f"there is no zone '{name}'.", f"Use one of {', '.join(ZONES)}.")
        return self.lake / name

    def outcome_file(self, run_id: str, job: str) -> Path:
        """Where a job that Airflow submitted leaves its counts, versions and ids for the run that waits for it."""
        return self.zone("audit") / "outcomes" / run_id / f"{job}.json"

    def outcome(self, run_id: str, job: str) -> dict[str, Any]:
        """What a job of an Airflow run left; counts, versions, ids and hashes only."""
        found: dict[str, Any] = json.loads(self.outcome_file(run_id, job).read_text(encoding="utf-8"))
        return found

    def submission(self, job: str, *arguments: str) -> dict[str, Any]:
        """Keyword arguments of Airflow's ``SparkSubmitOperator`` that run ``jobs/<job>.py``.

        The JVM of the driver starts before the job can open its session, so class path, log settings and
        memory have to come with the submission.
        """
        scratch = (self.zone("restricted") / "scratch").absolute()
        return {
            "application": str(room("jobs") / f"{job}.py"),
            "application_args": ["--outcome", str(self.outcome_file("{{ run_id }}", job).absolute()), *arguments],
            "name": f"chartline-{job}",
            "driver_memory": "1500m",
            "driver_class_path": f"{sys.prefix}/share/chartline/jars/*",
            "conf": {
                "spark.driver.extraJavaOptions": java_options(scratch),
                "spark.io.encryption.enabled": "true",
                "spark.eventLog.enabled": "false",
            },
        }

    def variables(self) -> dict[str, str]:
        """The variables that ``load`` makes these settings of, for processes that work elsewhere."""
        told = {field.name: getattr(self, field.name) for field in fields(self)}
        return {f"{_PREFIX}{name.upper()}": _written(value) for name, value in told.items() if value}

    def with_(self, **changes: object) -> Settings:
        """A copy with some attributes changed; ``None`` leaves an attribute as it is."""
        return replace(self, **{k: v for k, v in changes.items() if v is not None})  # type: ignore[arg-type]


def _written(value: object) -> str:
    if isinstance(value, Path):
        return str(value.absolute())
    return " ".join(value) if isinstance(value, tuple) else str(value)


def java_options(scratch: Path) -> str:
    """How a JVM logs, its time zone, where a crash leaves its report, which shows memory, and that no image is left."""
    log4j = Path(__file__).resolve().parent / "lake" / "log4j2.properties"
    crash = f'"-XX:ErrorFile={scratch}/java-%p.log" -XX:-CreateCoredumpOnCrash'
    return f"-Dlog4j2.configurationFile=file:{log4j} -Duser.timezone=UTC {crash}"


def load(file: Path | None = None) -> Settings:
    """Settings from ``chartline.toml`` (or ``$CHARTLINE_CONFIG``), overridden by ``CHARTLINE_*`` variables.

    Args:
        file: TOML file with the attributes of ``Settings`` as keys.

    Raises:
        UsageError: CL2002 the file is missing or not TOML, CL2003 it holds an unknown key, CL2004 a day is none,
            CL2005 there is no such variable, CL2006 there is a schedule for no source.
    """
    told = {n.removeprefix(_PREFIX): v for n, v in os.environ.items() if n.startswith(_PREFIX)}
    named = file or (Path(told["CONFIG"]) if told.get("CONFIG") else None)
    path = named or Path("chartline.toml")
    values: dict[str, str] = {}
    if named or path.is_file():
        try:
            found = tomllib.loads(path.read_text(encoding="utf-8"))
            # A list is written with blanks, as in its variable: a URI has none.
            values = {k: " ".join(map(str, v)) if isinstance(v, list) else str(v) for k, v in found.items()}
        except (OSError, ValueError) as cause:
            raise UsageError(
                "CL2002", f"settings file {path} cannot be read.", "Write it as TOML or leave it out."
            ) from cause
    known = [field.name for field in fields(Settings)]
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise UsageError("CL2003", f"{path} has unknown keys: {', '.join(unknown)}.", f"Use {', '.join(known)}.")
    variables = [name.upper() for name in known]
    unknown = sorted(n for n in told.keys() - {*variables, *_ELSEWHERE} if not _SERVICE.fullmatch(n))
    if unknown:
        raise UsageError(
            "CL2005",
            f"there are no settings {', '.join(_PREFIX + n for n in unknown)}.",
            f"Use {', '.join(_PREFIX + n for n in sorted({*variables, *_ELSEWHERE}))}, or unset them.",
        )
    values |= {name: told[name.upper()] for name in known if name.upper() in told}
    if values.get("schedule") and not values.get("source"):
        raise UsageError("CL2006", "there is a schedule and no source.", "Name what to ingest as 'source'.")
    read = {name: _READERS.get(name, str)(value) for name, value in values.items() if value}
    return Settings(**{"lake": Path("lake"), **read})


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError("CL2004", "held_out_from is not a day.", "Write it as YYYY-MM-DD.") from None


_READERS: Mapping[str, Callable[[str], Any]] = {
    **dict.fromkeys(("lake", "key", "terms", "bulk_key", "extracts"), Path),
    "held_out_from": _day,
    "person_systems": lambda text: tuple(sorted(set(text.split()))),
}
"""What makes a setting of its text, where it is more than that."""
