"""Conditions and figures that are watched over time: whatever moves them, they are looked at.

They are read at any event, after what it does, and at instants when no event comes but the
clock's. So they may rest on what is known of the customer, but on no event, and not on what
the clock shows, which would have to be looked at all the time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from loyalcore.expression import Node
from loyalcore.program.builtin_events import DUE
from loyalcore.program.figures.derived import Derived
from loyalcore.program.names import MOMENTS, Names
from loyalcore.program.offering.reach import PlannerIn
from loyalcore.program.planner import RulePlanner
from loyalcore.program.report import Place, Report
from loyalcore.ruleset.model import Ruleset
from loyalcore.values import Type

_OF_EVENTS = ("event.id", "event.type", "event.source")


@dataclass
class Watching:
    """What the planners of triggers, tiers and stages share.

    `read` is filled with the names that each event type needs for them; `watched` with all
    that watched expressions rest on, segments opened up.
    """

    ruleset: Ruleset
    names: Names
    planner_in: PlannerIn
    derived: Iterable[Derived]
    report: Report
    read: dict[str, set[str]] = field(default_factory=dict)
    watched: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.read = {event: set() for event in self.names.events}

    def planner(self, own: Mapping[str, Type] | None = None) -> RulePlanner:
        """A planner for what is known of a customer at any time, and for names of `own`."""
        return self.planner_in({**self.names.of_rule(DUE), **(own or {})})

    def checked(
        self, planner: RulePlanner, text: str, wants: tuple[Type, ...], place: Place
    ) -> Node | None:
        """The watched expression `text`, checked in the scope of `planner`, which is made by
        `planner()`; None where a mistake was reported."""
        node = planner.checked(text, wants, place)
        if node is None:
            return None
        read = self.opened(planner.read)
        for name in sorted(read & {*MOMENTS, *_OF_EVENTS}):
            self.report.problem(
                "bad-watch",
                f"'{name}' can't be watched: it is another at every moment",
                place,
                hint="use a metric over a window, as {count: purchase, over: 90 days}, or a "
                "trigger on the calendar",
            )
            return None
        self.watched |= read
        self.read[DUE] |= planner.read
        return node

    def opened(self, read: Iterable[str]) -> set[str]:
        """Names, and what those of them are made of that are made of others."""
        names = set(read)
        for one in reversed(tuple(self.derived)):
            if one.name in names:
                names |= one.reads
        return names
