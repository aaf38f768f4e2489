"""Stages: from what the author declares to the ways out of each stage."""

from __future__ import annotations

from loyalcore.program.life_plan import StagesPlan
from loyalcore.program.names import Names
from loyalcore.program.report import Report
from loyalcore.program.watching import Watching
from loyalcore.ruleset.model import Ruleset


def declare_stages(ruleset: Ruleset, names: Names, report: Report) -> None:
    """Declare the customer's stage as names of facts: stage, stage.since."""


def plan_stages(watching: Watching) -> StagesPlan | None:
    """The stages, or None where there are none, or a mistake was reported."""
    return None
