"""What a stage of the pipeline hands back: counts that must add up, versions, gate verdicts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chartline.errors import GateFailed


@dataclass(frozen=True)
class Counts:
    """Rows of a stage; ``in_ = out + quarantined + duplicate + sum(filtered)`` or a row was lost.

    Attributes:
        in_: records read.
        out: records written to the stage's main table.
        quarantined: records set aside, by reason code.
        duplicate: records already known, byte for byte.
        filtered: records left out on purpose, by reason.
    """

    in_: int = 0
    out: int = 0
    quarantined: Mapping[str, int] = field(default_factory=dict)
    duplicate: int = 0
    filtered: Mapping[str, int] = field(default_factory=dict)

    @property
    def lost(self) -> int:
        """Records that the equation cannot account for; zero when nothing is lost or doubled."""
        accounted = self.out + sum(self.quarantined.values()) + self.duplicate + sum(self.filtered.values())
        return self.in_ - accounted

    def require_whole(self, stage: str) -> None:
        """Raise GateFailed CL1001 unless the equation holds."""
        if self.lost:
            raise GateFailed(
                "CL1001",
                f"stage {stage} cannot account for {self.lost} records.",
                "Nothing was published; report this.",
            )

    def totals(self) -> dict[str, int]:
        """The five numbers of the equation under their names in the command line's JSON."""
        return {
            "in": self.in_,
            "out": self.out,
            "quarantined": sum(self.quarantined.values()),
            "duplicate": self.duplicate,
            "filtered": sum(self.filtered.values()),
        }


@dataclass(frozen=True)
class StageResult:
    """Outcome of one stage.

    Attributes:
        stage: one of ``chartline.settings.STAGES``.
        run_id: id of the run that did the work (an earlier one when ``unchanged``).
        counts: the equation.
        tables: Delta version of each table the stage is responsible for.
        gates: verdict by suite name: passed, failed, error or not_applicable.
        unchanged: true when inputs, policy, key and code were those of an earlier completed run.
        extra: small JSON-safe facts, ids and counts only (for example the candidate's id).
    """

    stage: str
    run_id: str
    counts: Counts
    tables: Mapping[str, int] = field(default_factory=dict)
    gates: Mapping[str, str] = field(default_factory=dict)
    unchanged: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)
