"""Triggers, tiers, stages, tasks, journeys, recoveries, dissolutions: what time and change bring
about for a customer.

`declare_life` comes before any expression is checked: it adds trigger events and the names
of tiers and stages. `plan_life` comes when metrics, segments and offers are known.
"""

from __future__ import annotations

from collections.abc import Mapping

from loyalcore.program.care.journeys import plan_journeys
from loyalcore.program.care.recovery import declare_recovery, plan_recoveries
from loyalcore.program.care.tasks import plan_work
from loyalcore.program.figures.metric_plan import MetricPlan
from loyalcore.program.ladders.stages import declare_stages, plan_stages
from loyalcore.program.ladders.tiers import declare_tiers, plan_tiers
from loyalcore.program.names import Names
from loyalcore.program.parting.dissolution import declare_dissolutions, plan_dissolutions
from loyalcore.program.report import Report
from loyalcore.program.timing.life_plan import LifePlan
from loyalcore.program.timing.triggers import declare_triggers, plan_triggers
from loyalcore.program.timing.watching import Watching
from loyalcore.ruleset.model import Ruleset


def declare_life(ruleset: Ruleset, names: Names, report: Report) -> None:
    """Declare the events of triggers, and what tiers, stages and open cases are called."""
    declare_triggers(ruleset, names, report)
    declare_tiers(ruleset, names, report)
    declare_stages(ruleset, names, report)
    declare_dissolutions(ruleset, names)
    declare_recovery(ruleset, names, report)


def plan_life(watching: Watching, metrics: Mapping[str, MetricPlan]) -> LifePlan | None:
    """All of it, or None where the ruleset has none of these sections."""
    triggers = plan_triggers(watching)
    ladders, stages = plan_tiers(watching), plan_stages(watching)
    journeys = plan_journeys(watching)  # before the metrics: it adds to what is watched
    dissolutions = plan_dissolutions(watching)  # so does it
    plan = LifePlan(
        triggers,
        ladders,
        stages,
        tuple(
            metric
            for name, metric in metrics.items()
            if name in watching.watched and metric.window is not None
        ),
        {trigger.name: trigger for trigger in triggers},
        plan_work(watching),
        journeys,
        plan_recoveries(watching),
        dissolutions,
    )
    return plan or None
