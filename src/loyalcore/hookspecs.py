"""The hooks that a plugin may implement. Each is called once, when a command starts, and
registers things that have a name.

A plugin is a package with an entry point in the group `loyalcore`, or a single file in a
folder that `--plugin-dir` names; its functions marked with `loyalcore.hookspecs.hookimpl` and
named as below are called. The order in which plugins are called means nothing.

Three kinds of hooks:

- what is part of the **step** is pure (no clock, chance, disk or network: the same input, the
  same result), is found when a program is compiled, and is part of its hash by plugin and
  version: effects, functions, metrics, choosers, preparers, reviewers; and scoring strategies,
  which are asked apart from it, and whose scores come to it as events;
- what **speaks to authors and operators** sees what there is, and changes nothing: readers,
  lints, reports, commands (which may do what they like by themselves);
- what **acts on the world**, after all is decided: channels and observers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:  # so that no command waits for modules that it doesn't use
    from collections.abc import Iterable

    import click

    from loyalcore.channels import AnyChannelKind
    from loyalcore.effects.choosing import Chooser
    from loyalcore.effects.kind import AnyEffectKind
    from loyalcore.expression import Function
    from loyalcore.intake.reader import EventReader
    from loyalcore.observers import Observer
    from loyalcore.program.extending.acting import Preparer, Reviewer
    from loyalcore.program.extending.lints import Lint
    from loyalcore.program.figures.metric_kind import MetricKind
    from loyalcore.reports import ReportSection
    from loyalcore.scoring import AnyStrategyKind

hookspec = pluggy.HookspecMarker("loyalcore")
hookimpl = pluggy.HookimplMarker("loyalcore")


@hookspec
def loyalcore_effects() -> Iterable[AnyEffectKind]:  # type: ignore[empty-body]
    """Effect kinds: new words under `then`. Pure; say what they want as changes."""


@hookspec
def loyalcore_functions() -> Iterable[Function]:  # type: ignore[empty-body]
    """Functions: new words in expressions. Pure; change nothing."""


@hookspec
def loyalcore_metrics() -> Iterable[MetricKind]:  # type: ignore[empty-body]
    """Metrics: new figures over a window of events. Pure; change nothing."""


@hookspec
def loyalcore_choosers() -> Iterable[Chooser]:  # type: ignore[empty-body]
    """Choosers: which of several messages is sent. Pure; may choose one of them, or none."""


@hookspec
def loyalcore_preparers() -> Iterable[Preparer]:  # type: ignore[empty-body]
    """Preparers: an event before it is read. Pure; may change its data, or drop it with a
    reason."""


@hookspec
def loyalcore_reviewers() -> Iterable[Reviewer]:  # type: ignore[empty-body]
    """Reviewers: a decision before it is taken. Pure; may hold it back with a reason, or note
    something with it."""


@hookspec
def loyalcore_channels() -> Iterable[AnyChannelKind]:  # type: ignore[empty-body]
    """Channels: ways to carry messages to customers. May do what they like."""


@hookspec
def loyalcore_scoring() -> Iterable[AnyStrategyKind]:  # type: ignore[empty-body]
    """Scoring strategies: ways to tell customers apart by their past. Pure."""


@hookspec
def loyalcore_observers() -> Iterable[Observer]:  # type: ignore[empty-body]
    """Observers: what was decided, after it is committed. May do what they like, outside."""


@hookspec
def loyalcore_readers() -> Iterable[EventReader]:  # type: ignore[empty-body]
    """Readers: events from files of another form, by `--format`. Change nothing."""


@hookspec
def loyalcore_lints() -> Iterable[Lint]:  # type: ignore[empty-body]
    """Lints: what `loyalcore check` warns of. Pure; change nothing."""


@hookspec
def loyalcore_reports() -> Iterable[ReportSection]:  # type: ignore[empty-body]
    """Sections of `loyalcore report`: tables made of a store. Read only."""


@hookspec
def loyalcore_commands() -> Iterable[click.Command]:  # type: ignore[empty-body]
    """Commands, or groups of them, under `loyalcore`. May do what they like."""
