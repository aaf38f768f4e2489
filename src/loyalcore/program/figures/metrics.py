"""Metrics: from what the author declares to what the step keeps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from loyalcore.calendars import Duration, MembershipYear, read_duration, read_window
from loyalcore.errors import did_you_mean
from loyalcore.expression import (
    Lookup,
    Node,
    Scope,
    check,
    compile_true,
    compile_value,
    walk,
)
from loyalcore.expression import names as names_read
from loyalcore.program.extending.guard import guarded
from loyalcore.program.extending.vocabulary import Vocabulary
from loyalcore.program.figures.metric_kind import MetricKind
from loyalcore.program.figures.metric_plan import Feed, Figure, LogPlan, MetricPlan
from loyalcore.program.names import Names
from loyalcore.program.points.margins import BRINGS, whole
from loyalcore.program.report import Place, Report
from loyalcore.ruleset.model import MetricSpec, Ruleset
from loyalcore.values import FLAG, INTEGER, Type

DAY = 86_400_000_000

_NUMERIC = ("integer", "number", "money")
_ORDERED = (*_NUMERIC, "date", "time")


@dataclass(frozen=True)
class _Source:
    event: str
    field: str  # empty for a count, or with `of`


def plan_metrics(
    ruleset: Ruleset, names: Names, scope: Scope, vocabulary: Vocabulary, report: Report
) -> dict[str, MetricPlan]:
    """The plan of every metric that is sound; the others are reported."""
    plans: dict[str, MetricPlan] = {}
    for name, spec in ruleset.metrics.items():
        plan = _plan(name, spec, ruleset, names, scope, vocabulary, report)
        if plan is not None:
            plans[name] = plan
    return {name: _with_log(plan, plans.values()) for name, plan in plans.items()}


def _with_log(plan: MetricPlan, plans: Iterable[MetricPlan]) -> MetricPlan:
    """The plan with its log, if it has a window. Windows on one feed share a log, and counts
    that of values; it is named after the first with such samples."""
    if plan.window is None:
        return plan
    windows = [other for other in plans if other.window is not None]
    if plan.feed.value is not None:
        sharing = [other for other in windows if other.feed.definition == plan.feed.definition]
    else:
        sharing = [other for other in windows if other.feed.events == plan.feed.events]
        sharing.sort(key=lambda other: other.feed.value is None)
    log = sharing[0].name
    return replace(plan, log=log, definition=f"{plan.definition} in {log}")


def _plan(
    name: str,
    spec: MetricSpec,
    ruleset: Ruleset,
    names: Names,
    scope: Scope,
    vocabulary: Vocabulary,
    report: Report,
) -> MetricPlan | None:
    place: Place = ("metrics", name)
    at_source: Place = (*place, spec.kind, *(spec.figure or ()))
    source = _source(spec, ruleset, names, at_source, report)
    made = _made(spec, vocabulary, place, report)
    if source is None or (made is None and spec.figure is not None):
        return None
    inner = replace(scope, names=names.of_event(source.event))
    where = _checked(spec.where, inner, (FLAG,), (*place, "where"), report)
    value: Node | None = None
    if spec.kind != "count":
        text, at = spec.of or source.field, at_source
        if spec.of is not None:
            at = (*place, "of")
        elif text == BRINGS:
            text, at = ruleset.events[source.event].brings or "", ("events", source.event, BRINGS)
        value = _checked(text, inner, (), at, report)
        if value is None or not _fits(spec.kind, made, value.type, at, report):
            return None
    elif spec.of is not None:
        report.problem("bad-metric", "a count counts events; it has no 'of'", (*place, "of"))
    if spec.where is not None and where is None:
        return None
    window = None if spec.over is None else read_window(spec.over)
    if isinstance(window, MembershipYear) and _late_by_a_year(ruleset):
        report.problem(
            "bad-metric",
            "a membership year begins with the customer's first event, which may come too late "
            "for it",
            (*place, "over"),
            hint="allow_late less than a year, or take another window",
        )
        return None
    feed = _feed(spec, source, value, where, ruleset, always=_always(spec, source, ruleset))
    kind = spec.kind if made is None else _word(vocabulary, made)
    windowed = {"over": spec.over, "ending": spec.ending}
    dated = " by time" if spec.over is None and spec.kind in ("first", "latest") else ""
    return MetricPlan(
        name=name,
        kind=spec.kind,
        feed=feed,
        type=_figure_type(spec.kind, feed.sample) if made is None else made.type(feed.sample),
        made=None if made is None else _figure_of(vocabulary, made),
        window=window,
        ending=None if spec.ending is None else read_duration(spec.ending.removesuffix(" ago")),
        log="",
        definition=f"{kind} of {feed.definition} {windowed}{dated}",
    )


def _made(
    spec: MetricSpec, vocabulary: Vocabulary, place: Place, report: Report
) -> MetricKind | None:
    """The kind of a plugin, where it is one."""
    for word in spec.figure or ():
        if (kind := vocabulary.metrics.get(word)) is not None:
            return kind
        known = list(vocabulary.metrics)
        hint = did_you_mean(word, known) or f"plugins bring {', '.join(known) or 'none'}"
        at = (*place, "figure", word)
        report.problem("unknown-name", f"there is no figure '{word}'", at, hint=hint, key=True)
    return None


def _word(vocabulary: Vocabulary, kind: MetricKind) -> str:
    """Names the kind and the version of it: what is kept is made anew with another."""
    return f"{kind.name} {vocabulary.origins.get(('metrics', kind.name), '')}"


def _figure_of(vocabulary: Vocabulary, kind: MetricKind) -> Figure:
    what = f"figure '{kind.name}'"
    return guarded(vocabulary.owner("metrics", kind.name), what, kind.figure)


def _late_by_a_year(ruleset: Ruleset) -> bool:
    """Whether the first event of a customer may come after their first membership year: then
    what fell out of a window might have to come into it again."""
    late = Duration() if ruleset.allow_late is None else read_duration(ruleset.allow_late)
    return late.months > 11 or late.microseconds >= 364 * DAY


def _always(spec: MetricSpec, source: _Source, ruleset: Ruleset) -> bool:
    """Whether every event that counts has a value: a count asks for none."""
    if spec.kind == "count":
        return True
    declared = ruleset.events.get(source.event)
    field = declared.fields.get(source.field) if declared is not None else None
    return field is not None and field.required


def _feed(
    spec: MetricSpec,
    source: _Source,
    value: Node | None,
    where: Node | None,
    ruleset: Ruleset,
    *,
    always: bool,
) -> Feed:
    nodes = [node for node in (value, where) if node is not None]
    sample = INTEGER if value is None else value.type
    tables = sorted(
        f"{part.table}.{part.column} {sorted(part.cells.items(), key=str)}"
        for node in nodes
        for part in walk(node)
        if isinstance(part, Lookup)
    )
    of, margin = spec.of or source.field, source.field == BRINGS
    if margin:
        of = f"{BRINGS} {ruleset.events[source.event].brings}"
    events = (source.event, f"where {spec.where}", *tables)
    definition = " ".join((source.event, sample.kind, of, *events[1:]))
    return Feed(
        event=source.event,
        sample=sample,
        value=None if value is None else (whole if margin else compile_value)(value),
        where=None if where is None else compile_true(where),
        reads=frozenset().union(*map(names_read, nodes)),
        plain=sample.kind not in ("number", "date")
        and not (sample.kind == "money" and spec.of is not None),
        whole=sample.kind in ("integer", "money", "time") and spec.of is None,
        definition=definition,
        events=" ".join(events) if always else definition,
    )


def plan_logs(metrics: Iterable[MetricPlan]) -> dict[str, LogPlan]:
    """The logs of samples that the windows of `metrics` look at. Each has the feed of the
    metric that it is named after."""
    sharing: dict[str, list[MetricPlan]] = {}
    for metric in metrics:
        if metric.log:
            sharing.setdefault(metric.log, []).append(metric)
    return {
        name: LogPlan(name, next(one.feed for one in group if one.name == name), tuple(group))
        for name, group in sharing.items()
    }


def _source(
    spec: MetricSpec, ruleset: Ruleset, names: Names, place: Place, report: Report
) -> _Source | None:
    """What the metric is taken from: `purchase`, or `purchase.amount`."""
    if spec.source in names.events:
        if spec.kind != "count" and spec.of is None:
            report.problem(
                "bad-metric",
                f"{spec.kind} needs a field",
                place,
                hint=f"write {spec.source}.FIELD, or say which value with 'of'",
            )
            return None
        return _Source(spec.source, "")
    event, _, field = spec.source.rpartition(".")
    if event in names.events and spec.kind != "count" and spec.of is not None:
        report.problem(
            "bad-metric",
            f"'of' says which value, and so does .{field}",
            place,
            hint=f"write {event}, or leave 'of' out",
        )
        return None
    if event in names.events and spec.kind == "count":
        report.problem("bad-metric", "a count counts events", place, hint=f"write {event}")
        return None
    if event in names.events:
        if field in names.events[event]:
            return _Source(event, field)
        declared = ruleset.events.get(event)
        if field == BRINGS and declared is not None:
            if declared.brings is not None:
                return _Source(event, field)
            report.problem(
                "bad-metric",
                f"{event} does not say what it brings",
                place,
                hint=f"write `brings: FORMULA` among the fields of {event}",
            )
            return None
        hint = did_you_mean(field, names.events[event])
        report.problem("unknown-name", f"{event} has no field '{field}'", place, hint=hint)
        return None
    wanted = event if spec.kind != "count" and event else spec.source
    hint = did_you_mean(wanted, names.events)
    report.problem("unknown-name", f"there is no event '{wanted}'", place, hint=hint)
    return None


def _fits(kind: str, made: MetricKind | None, type_: Type, place: Place, report: Report) -> bool:
    allowed = {"sum": _NUMERIC, "average": _NUMERIC, "min": _ORDERED, "max": _ORDERED}.get(kind)
    if made is not None:
        kind, allowed = made.name, made.samples
    if (allowed is None and type_.kind not in ("texts", "lines", "duration")) or (
        allowed is not None and type_.kind in allowed
    ):
        return True
    report.problem("wrong-type", f"there is no {kind} of {type_}", place)
    return False


def _figure_type(kind: str, sample: Type) -> Type:
    if kind in ("count", "distinct"):
        return INTEGER
    if kind == "average" and sample.kind == "integer":
        return Type("number")
    return sample


def _checked(
    text: str | None, scope: Scope, wants: tuple[Type, ...], place: Place, report: Report
) -> Node | None:
    if text is None:
        return None
    node, mistakes = check(text, scope, *wants)
    report.mistakes(mistakes, place)
    return node
