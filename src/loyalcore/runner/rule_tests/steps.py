"""A case through the step, in memory: the same cascade that a run folds events with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from loyalcore.effects.kind import Facts
from loyalcore.engine.cascade import cascade
from loyalcore.engine.outcome import Outcome
from loyalcore.engine.state import CustomerState, new_state
from loyalcore.engine.step import see
from loyalcore.events import Event
from loyalcore.program.plan import Program
from loyalcore.program.rule_plan import RulePlan
from loyalcore.runner.rule_tests.cases import Case
from loyalcore.values import to_datetime


@dataclass(frozen=True)
class Taken:
    """One step that was taken: a customer before, what was decided, the customer after."""

    program: Program
    before: CustomerState
    outcome: Outcome
    after: CustomerState

    @property
    def event(self) -> Event:
        return self.outcome.event

    @property
    def rules(self) -> tuple[RulePlan, ...]:
        """The rules on this type of event."""
        return self.program.events[self.event.type].rules

    @property
    def facts(self) -> Facts:
        """The facts that the rules rested on, seen again: they are a function of the rest."""
        return see(self.program, self.before, self.event).facts

    def __str__(self) -> str:
        local = to_datetime(self.event.time, self.program.locale.zone)
        return f"{self.event.type} of {local:%Y-%m-%d %H:%M}"


def take(program: Program, case: Case) -> Iterator[Taken]:
    """Every step of `case`, those of emitted events too, in the order they were taken."""
    states = dict(case.states)
    before = dict(states)
    for event in case.events:
        for outcome in cascade(program, states, new_state, event):
            customer = outcome.event.customer
            yield Taken(
                program, before.get(customer) or new_state(customer), outcome, states[customer]
            )
            before[customer] = states[customer]
