"""Tier ladders: from what the author declares to what it takes to reach and keep a level."""

from __future__ import annotations

from loyalcore.program.life_plan import LadderPlan
from loyalcore.program.names import Names
from loyalcore.program.report import Report
from loyalcore.program.watching import Watching
from loyalcore.ruleset.model import Ruleset


def declare_tiers(ruleset: Ruleset, names: Names, report: Report) -> None:
    """Declare the levels and benefits as names of facts: tier.LADDER, benefit.LADDER.NAME."""


def plan_tiers(watching: Watching) -> tuple[LadderPlan, ...]:
    """Every ladder that is sound; the others are reported."""
    return ()
