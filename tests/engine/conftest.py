"""A program from a few lines of YAML, and customers to whom things happen."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import pytest

from loyalcore.engine.cascade import cascade, pass_time
from loyalcore.engine.outcome import Outcome
from loyalcore.engine.shared import Tally
from loyalcore.engine.state import CustomerState, new_state
from loyalcore.events import Event
from loyalcore.program.plan import Program
from loyalcore.ruleset.source import Source
from loyalcore.runner.loading import load_from
from loyalcore.values import read_time


def program_of(text: str) -> Program:
    """The program that `text` describes, without what every program begins with."""
    text = f"program: club\ncurrency: EUR\ntimezone: Europe/Oslo\n{text}"
    return load_from(Source({"club.yaml": text}, "club.yaml"), "compiled").program


class Club:
    """A program and its customers. What happened last is in `outcomes`."""

    def __init__(self, text: str) -> None:
        self.program = program_of(text)
        self.states: dict[str, CustomerState] = {}
        self.shared = Tally()
        self.outcomes: list[Outcome] = []
        self.events = 0

    def event(self, type: str, time: str | int, customer: str = "ann", **data: object) -> Event:
        """An event from outside; its id counts the events of the club."""
        self.events += 1
        zone = self.program.locale.zone
        return self.program.event(
            source="till",
            id=str(self.events),
            type=type,
            customer=customer,
            time=time if isinstance(time, int) else read_time(time, zone),
            text=json.dumps(data),
        )

    def happens(self, type: str, time: str | int, customer: str = "ann", **data: object) -> Club:
        """Decide what is due before an event, the event, and all that they lead to."""
        event = self.event(type, time, customer, **data)
        self.waits(event.time)
        self.outcomes += cascade(self.program, self.states, new_state, event, self.shared)
        return self

    def waits(self, until: str | int) -> Club:
        """Decide what is due by then."""
        zone = self.program.locale.zone
        time = until if isinstance(until, int) else read_time(until, zone)
        self.outcomes = [*pass_time(self.program, self.states, new_state, time, self.shared)]
        return self

    @property
    def fired(self) -> list[str]:
        """The rules that fired, in order."""
        return [one.rule for outcome in self.outcomes for one in outcome.decisions if one.fired]

    @property
    def held(self) -> Mapping[str, str]:
        """The rules that were held back, with the reason."""
        decisions = [one for outcome in self.outcomes for one in outcome.decisions]
        return {one.rule: one.reason for one in decisions if one.reason}

    @property
    def entries(self) -> list[str]:
        """The movements of points, in order: lot, kind, signed points and bucket."""
        return [
            f"{entry.wallet} {entry.lot} {entry.kind}: {entry.points:+} {entry.bucket}"
            for outcome in self.outcomes
            for decision in outcome.decisions
            for entry in decision.entries
        ]

    def balance(self, wallet: str, customer: str = "ann") -> int:
        """The active points of a customer, less what they owe."""
        return self.states[customer].account.balances.get(wallet, 0)

    @property
    def effects(self) -> list[dict[str, object]]:
        """What was done, in order, as the decisions record it."""
        return [
            effect
            for outcome in self.outcomes
            for decision in outcome.decisions
            for effect in json.loads(decision.effects)
        ]


@pytest.fixture(scope="session")
def program() -> Callable[[str], Program]:
    return program_of


@pytest.fixture(scope="session")
def club() -> Callable[[str], Club]:
    return Club
