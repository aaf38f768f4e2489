"""A plugin with something of every kind, that tests install by its entry point."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO

import click
from pydantic import BaseModel, ConfigDict

from loyalcore.channels import AnyChannelKind, ChannelKind, NoSettings
from loyalcore.effects.changes import Issue
from loyalcore.effects.choosing import Candidates, Chooser
from loyalcore.effects.kind import AnyEffectKind, EffectKind, Planner, Run
from loyalcore.expression import Form, Function
from loyalcore.hookspecs import hookimpl
from loyalcore.intake.reader import EventReader, Record
from loyalcore.observers import Committed, Observer
from loyalcore.program.extending.acting import (
    Drop,
    Incoming,
    Note,
    Preparer,
    Proposal,
    Reviewer,
    Veto,
)
from loyalcore.program.extending.lints import Finding, Lint
from loyalcore.program.figures.metric_kind import MetricKind
from loyalcore.program.plan import Program
from loyalcore.reports import ReportSection
from loyalcore.ruleset.model import Ruleset
from loyalcore.scoring import (
    AnyStrategyKind,
    Input,
    Locale,
    Occurrence,
    Strategy,
    StrategyKind,
    StrategySettings,
    Summary,
)
from loyalcore.testing import Recorder
from loyalcore.values import DATE, INTEGER, Value


class Badge(BaseModel):
    """A badge: `badge: {name: explorer}`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str


def plan_badge(spec: Badge, planner: Planner) -> Run:
    return lambda facts: [Issue("benefit", spec.name)]


@hookimpl
def loyalcore_effects() -> Iterable[AnyEffectKind]:
    return [EffectKind("badge", Badge, plan_badge)]


def quarter(day: date) -> int:
    return (day.month + 2) // 3


@hookimpl
def loyalcore_functions() -> Iterable[Function]:
    form = Form((DATE,), INTEGER, quarter)
    return [Function("quarter", "quarter(d)", "the quarter of a date", (form,))]


def median(values: Sequence[Value], times: Sequence[int]) -> Value:
    found: Any = sorted(values, key=lambda value: value)  # type: ignore[arg-type, return-value]
    return found[len(found) // 2]  # type: ignore[no-any-return]


@hookimpl
def loyalcore_metrics() -> Iterable[MetricKind]:
    samples = ("integer", "money")
    return [MetricKind("median", "the middle value", samples, lambda sample: sample, median)]


def in_turn(candidates: Candidates) -> str | None:
    turn = candidates.values["turn"]
    return candidates.names[(turn - 1) % len(candidates.names)] if isinstance(turn, int) else None


@hookimpl
def loyalcore_choosers() -> Iterable[Chooser]:
    return [Chooser("in_turn", "one after the other", in_turn)]


def tidy(incoming: Incoming) -> Mapping[str, Any] | Drop:
    if incoming.data.get("till") == "test":
        return Drop("a till under test")
    incoming.data["shop"] = str(incoming.data.get("shop", "")).strip().lower()
    return incoming.data


@hookimpl
def loyalcore_preparers() -> Iterable[Preparer]:
    return [Preparer("tidy", "shops in small letters, without tills under test", tidy)]


def velocity(proposal: Proposal) -> Veto | Note | None:
    orders = proposal.values["orders"]
    if isinstance(orders, int) and orders > 2:
        return Veto("too many orders in a day")
    return Note("the second of its day") if orders == 2 else None


@hookimpl
def loyalcore_reviewers() -> Iterable[Reviewer]:
    return [Reviewer("velocity", "holds back what comes too often", velocity)]


@hookimpl
def loyalcore_channels() -> Iterable[AnyChannelKind]:
    return [ChannelKind("shelf", NoSettings, lambda settings: Recorder())]


def journal(committed: Committed) -> None:
    if "JOURNAL" in os.environ:
        with Path(os.environ["JOURNAL"]).open("a") as file:
            for event in committed.events:
                rules = ",".join(one.rule for one in event.decisions if not one.reason)
                file.write(f"{event.type} {event.id}: {rules}\n")


@hookimpl
def loyalcore_observers() -> Iterable[Observer]:
    return [Observer("journal", "a line for each event", journal)]


def read_piped(file: BinaryIO) -> Iterator[Record]:
    for position, line in enumerate(file, start=1):
        cells = line.decode().strip().split("|")
        if len(cells) == 4:
            names = ("customer", "type", "time", "amount")
            event = dict(zip(names, cells, strict=True))
            yield Record(position, {**event, "amount": int(event["amount"])})
        else:
            yield Record(position, None, f"{len(cells)} cells, not 4")


@hookimpl
def loyalcore_readers() -> Iterable[EventReader]:
    return [EventReader("piped", "customer|type|time|amount", read_piped)]


def unlimited(ruleset: Ruleset, program: Program) -> Iterator[Finding]:
    for name, rule in ruleset.rules.items():
        if not rule.limit and any("badge" in effect for effect in rule.then):
            yield Finding("badges without end", ("rules", name), "give it a limit")


@hookimpl
def loyalcore_lints() -> Iterable[Lint]:
    return [Lint("unlimited-badges", "badges want a limit", unlimited)]


def newest(connection: sqlite3.Connection) -> Iterable[Sequence[object]]:
    return connection.execute("select customer, clock from customers order by customer")


@hookimpl
def loyalcore_reports() -> Iterable[ReportSection]:
    return [ReportSection("clocks", "where each customer's clock is", ("customer", "at"), newest)]


@click.command()
@click.argument("name")
def greet(name: str) -> None:
    """Greet somebody."""
    if name == "nobody":
        raise ValueError("there is nobody")
    click.echo(f"Hello, {name}.")


@hookimpl
def loyalcore_commands() -> Iterable[click.Command]:
    return [greet]


class TopSettings(StrategySettings):
    """How far behind the best a customer is: `top: {event: purchase}`."""

    event: str


class Top(Strategy[int]):
    """A summary is how many there were; the model is how many the best has."""

    def __init__(self, settings: TopSettings, locale: Locale) -> None:
        self.inputs = (Input(settings.event, ("event",)),)
        self.outputs = {"behind": INTEGER}

    def observe(self, history: Sequence[Occurrence], at: int) -> Summary | None:
        return (len(history),)

    def fit(self, summaries: Iterable[Summary], at: int) -> int:
        return max((int(str(summary[0])) for summary in summaries), default=0)

    def score(self, summary: Summary, model: int) -> Mapping[str, Value | None]:
        return {"behind": model - int(str(summary[0]))}


@hookimpl
def loyalcore_scoring() -> Iterable[AnyStrategyKind]:
    return [StrategyKind("top", "1", TopSettings, Top)]
