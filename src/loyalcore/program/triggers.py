"""Triggers: from what the author declares to when each of them comes."""

from __future__ import annotations

from loyalcore.program.life_plan import TriggerPlan
from loyalcore.program.names import Names
from loyalcore.program.report import Report
from loyalcore.program.watching import Watching
from loyalcore.ruleset.model import Ruleset


def declare_triggers(ruleset: Ruleset, names: Names, report: Report) -> None:
    """Declare the event of every trigger, with its fields."""


def plan_triggers(watching: Watching) -> tuple[TriggerPlan, ...]:
    """Every trigger that is sound, in the order written; the others are reported."""
    return ()
