"""Observers: what a plugin writes to hear of what was decided, once it is committed.

An observer may do what it likes, outside of the store: nothing of what it does or raises can
change what was decided. After each commit it is told of that batch, in order. It is told at
most once: where a run is killed between a commit and the observer's return, that batch is not
told again, and the next run says which events went unobserved. So does a run in which it
raised, and goes on with the next batch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class ObservedDecision:
    """A decision: its id, the rule or place that decided, why it was held back ("": it was
    not), and what it did, as JSON."""

    id: str
    rule: str
    reason: str
    effects: str


@dataclass(frozen=True)
class ObservedEvent:
    """An event that was accepted, with all that was decided for it. `data` is JSON, as it came;
    `time` is in microseconds since 1970 UTC; `cause` is the decision that emitted it, or ""."""

    source: str
    id: str
    type: str
    customer: str
    time: int
    data: str
    cause: str
    decisions: tuple[ObservedDecision, ...]


@dataclass(frozen=True)
class Committed:
    """One batch that is in the store for good: its events in the order handled, emitted ones
    among them."""

    program: str
    events: tuple[ObservedEvent, ...]


@dataclass(frozen=True)
class Observer:
    """Who is told, as a plugin registers it: `name` for people, and `observe`, which is called
    in the process of the run, while it waits."""

    name: str
    about: str
    observe: Callable[[Committed], None]
