"""What a ruleset declares and nothing uses: it runs, but hardly as meant."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import chain

from loyalcore.program.offering.offer_plan import PERSONAL
from loyalcore.program.report import Place, Report
from loyalcore.ruleset.costs import EVERYONE
from loyalcore.ruleset.model import Ruleset
from loyalcore.ruleset.selection import Selected


def warn_unused(
    ruleset: Ruleset, used: Collection[Place], read: Collection[str], report: Report
) -> None:
    """Report messages, costs, offers, triggers, tasks, approvals, segments, groups and
    experiments without effect. `used` are the messages that something sends, the offers that
    an effect opens, the tasks and approvals that one asks for; `read` are the names that any
    expression reads.

    Nothing is reported of a ruleset with mistakes: what isn't sound may be what uses them.
    """
    if report.broken:
        return
    for place, message, hint in chain(
        _messages(ruleset, used),
        _costs(ruleset, used),
        _offers(ruleset, used),
        _triggers(ruleset),
        _asked(ruleset, used),
        _selections(ruleset, read),
    ):
        report.warning("unused", message, place, hint=hint)


Found = Iterator[tuple[Place, str, str]]


def _messages(ruleset: Ruleset, used: Collection[Place]) -> Found:
    for name in ruleset.messages:
        if ("messages", name) not in used:
            yield ("messages", name), f"no rule sends the message '{name}'", ""


def _costs(ruleset: Ruleset, used: Collection[Place]) -> Found:
    messages = ruleset.messages.values()
    channels = {channel for message in messages for channel in ruleset.channels_of(message)}
    for name in ruleset.costs.send:
        if name not in channels:
            hint = "costs of messages are by channel; write a message's own as its `cost`"
            yield ("costs", "send", name), f"no message goes by the channel '{name}'", hint
    for name in ruleset.costs.issue:
        coded = name in ruleset.offers and ruleset.offers[name].code == PERSONAL
        if not coded and ("costs", "issue", name) not in used:
            hint = "name a benefit, a voucher, or an offer that opens with a personal code"
            yield ("costs", "issue", name), f"nothing issues '{name}'", hint
    workers = {task.role for task in ruleset.tasks.values()}
    for role in ruleset.costs.hour:
        if role not in workers and (role != EVERYONE or not ruleset.tasks):
            hint = "costs of work are by the role of a task"
            yield ("costs", "hour", role), f"no task is for the role '{role}'", hint
    purposes = {message.purpose for message in ruleset.messages.values()}
    if ruleset.pause.promotional is not None and "promotional" not in purposes:
        hint = "write `purpose: promotional` in those that may be paused"
        yield ("pause", "promotional"), "no message is promotional", hint


def _offers(ruleset: Ruleset, used: Collection[Place]) -> Found:
    for name, spec in ruleset.offers.items():
        opened = spec.open is not None or ("offers", name) in used
        if not opened and spec.code in (None, PERSONAL):
            hint = "say which event opens it, unless only operators do: loyalcore offers open"
            yield ("offers", name), f"nothing in the ruleset opens the offer '{name}'", hint


def _triggers(ruleset: Ruleset) -> Found:
    on = set(_events_used(ruleset))
    for name in ruleset.triggers:
        if name not in on:
            hint = f"write `on: {name}` in a rule"
            yield ("triggers", name), f"nothing is on the trigger '{name}'", hint


def _asked(ruleset: Ruleset, used: Collection[Place]) -> Found:
    for section in ("tasks", "approvals"):
        for name in getattr(ruleset, section):
            if (section, name) not in used:
                what = section.removesuffix("s")
                hint = f"write `{what}: {name}` among the effects of a rule"
                yield (section, name), f"nothing asks for the {what} '{name}'", hint


def _events_used(ruleset: Ruleset) -> Iterator[str]:
    """The types of events that anything in the ruleset is on."""
    for rule in ruleset.rules.values():
        yield from rule.on
    for metric in ruleset.metrics.values():
        yield from (metric.source, metric.source.rpartition(".")[0])
    for offer in ruleset.offers.values():
        yield from offer.open.on if offer.open else ()
        reach = offer.reach
        yield reach.count or reach.one or (reach.sum or "").rpartition(".")[0]
    for trigger in ruleset.triggers.values():
        for others in (trigger.silence, trigger.after, trigger.unless, trigger.then):
            yield from others or ()
    for journey in (*ruleset.journeys.values(), *ruleset.win_back.values()):
        yield from journey.enter.on if journey.enter is not None else ()
        yield from journey.until
        for events in journey.stops.values():
            yield from events
        for step in journey.steps:
            if step.word == "on":
                yield from (event.strip() for event in step.rest.split(","))
    for recovery in ruleset.recovery.values():
        yield from (*recovery.open.on, *recovery.answered, *recovery.resolved)
        yield from recovery.reopened
        yield from recovery.survey.unless if recovery.survey is not None else ()
    for section, journeys in (("journeys", ruleset.journeys), ("win_back", ruleset.win_back)):
        yield from (f"{section}.{name}" for name in journeys)
    for name, parting in ruleset.dissolution.items():
        for reason, spec in parting.reasons.items():
            yield from (f"dissolution.{name}.{reason}", *spec.on)
        yield from (*parting.withdraw.on, *(parting.reopen.on if parting.reopen else ()))
    for stage in ruleset.stages.values():
        for way in (*stage.enter, *stage.leave):
            yield from way.on


def _selections(ruleset: Ruleset, read: Collection[str]) -> Found:
    selected: list[Selected] = [
        *ruleset.rules.values(),
        *ruleset.rewards.values(),
        *ruleset.offers.values(),
    ]
    for name in ruleset.segments:
        if f"segment.{name}" not in read:
            yield ("segments", name), f"nothing asks for the segment '{name}'", ""
    experiments = {spec.experiment for spec in selected}
    experiments |= {spec.experiment for spec in ruleset.journeys.values()}
    experiments |= {spec.experiment for spec in ruleset.win_back.values()}
    for name in ruleset.experiments:
        if name not in experiments and f"variant.{name}" not in read:
            hint = f"write `experiment: {name}` in a rule, or ask for variant.{name}"
            yield ("experiments", name), f"no rule is part of the experiment '{name}'", hint
    groups = {spec.group for spec in selected} | {spec.in_ for spec in ruleset.groups.values()}
    for name in ruleset.groups:
        if name not in groups:
            hint = f"write `group: {name}` in a rule"
            yield ("groups", name), f"no rule is in the group '{name}'", hint
