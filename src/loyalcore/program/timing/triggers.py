"""Triggers: from what the author declares to when each of them comes.

`declare_triggers` gives each its event, so that anything may be on it that is checked after;
`plan_triggers` comes when metrics, segments and offers are known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypedDict

from loyalcore.calendars import read_duration
from loyalcore.errors import did_you_mean
from loyalcore.expression import compile_true
from loyalcore.program.builtin_events import BUILTIN_EVENTS, DUE
from loyalcore.program.names import Names
from loyalcore.program.offering.reach import reads_of
from loyalcore.program.report import Place, Report
from loyalcore.program.timing.crossings import plan_crossing
from loyalcore.program.timing.following import common_fields, plan_following, with_earlier
from loyalcore.program.timing.life_plan import (
    Condition,
    Ending,
    Expiring,
    Silence,
    TriggerPlan,
    Writers,
    Written,
)
from loyalcore.program.timing.occasions import plan_occasion
from loyalcore.program.timing.watching import Watching
from loyalcore.ruleset.model import Ruleset
from loyalcore.ruleset.triggers import TriggerSpec
from loyalcore.values import DATE, FLAG, INTEGER, NUMBER, TEXT, TIME, Type

_CROSSINGS = ("metric", "enters", "leaves")
_OCCASIONS = ("every", "once", "anniversary")


class Common(TypedDict):
    """What every trigger has, as the fields of TriggerPlan."""

    name: str
    when: Condition | None
    reads: Writers
    touched: frozenset[str]
    condition: Written | None


# --- declared ---------------------------------------------------------------------------------


def declare_triggers(ruleset: Ruleset, names: Names, report: Report) -> None:
    """Declare the event of every trigger, with its fields. The value of a metric that is made
    by a formula has its type only once that is planned (`declare_figures`)."""
    for name, spec in ruleset.triggers.items():
        if name in names.events:
            report.problem(
                "reserved-name",
                f"there is an event '{name}' already",
                ("triggers", name),
                hint="give the trigger another name",
                key=True,
            )
            continue
        sound = [_may_be_on(*on, name, ruleset, names, report) for on in _events_of(spec)]
        if not all(sound):
            report.missing((name,))
            continue
        names.events[name] = _fields(spec, ruleset, names)
        _apart(name, ruleset, names, report)


def declare_figures(ruleset: Ruleset, names: Names) -> None:
    """Give the events of triggers that watch a metric the type of its value."""
    for name, spec in ruleset.triggers.items():
        if spec.metric in names.figures and _declared(name, ruleset, names):
            names.events[name] = {"value": names.figures[spec.metric]}


def _declared(name: str, ruleset: Ruleset, names: Names) -> bool:
    """Whether the event of this name is that of the trigger."""
    return name in names.events and name not in ruleset.events and name not in BUILTIN_EVENTS


def _events_of(spec: TriggerSpec) -> Iterator[tuple[str, Place]]:
    """The event types that the trigger is on, each with its place below the trigger."""
    for key in ("silence", "after", "unless", "then"):
        for position, event in enumerate(getattr(spec, key) or ()):
            yield event, (key, position)


def _may_be_on(
    event: str, at: Place, name: str, ruleset: Ruleset, names: Names, report: Report
) -> bool:
    """Whether the trigger may be on `event`; reported where it may not."""
    place = ("triggers", name, *at)
    if event == DUE:
        report.problem(
            "bad-trigger",
            f"a trigger can't be on '{DUE}', which is everything that time brings",
            place,
            hint="name what it brings, such as points_expired, or another trigger",
        )
    elif event in names.events:
        return True
    elif event in ruleset.triggers:
        message = "a trigger can't be on itself"
        if event != name:
            message = f"a trigger may be on those above it, and '{event}' is not one that is sound"
        report.problem("bad-trigger", message, place, hint=f"declare '{event}' first")
    else:
        hint = did_you_mean(event, names.events)
        report.problem("unknown-name", f"there is no event '{event}'", place, hint=hint)
    return False


def _fields(spec: TriggerSpec, ruleset: Ruleset, names: Names) -> dict[str, Type]:
    match spec.kind:
        case "silence":
            return {"since": TIME, "times": INTEGER}
        case "after" if spec.then is not None:
            return with_earlier(names, spec.after or (), spec.then)
        case "after":
            return {**common_fields(names, spec.after or ()), "since": TIME}
        case "anniversary":
            of = (spec.anniversary or "").removeprefix("customer.")
            return {"years": INTEGER, "since": TIME if of == "since" else _date(of, names)}
        case "metric":
            figure = _figure(spec.metric or "", ruleset, names)
            return {} if figure is None else {"value": figure}
        case "expires":
            return {"wallet": TEXT, "points": INTEGER, "expires": TIME}
        case "ends":
            return {"offer": TEXT, "number": INTEGER, "until": TIME}
    return {}


def _date(attribute: str, names: Names) -> Type:
    return names.attributes.get(attribute, DATE)


def _figure(metric: str, ruleset: Ruleset, names: Names) -> Type | None:
    """The type of a metric, as far as it is known before any is planned."""
    spec = ruleset.metrics.get(metric)
    if spec is None or spec.of is not None:
        return None
    if spec.kind in ("count", "distinct"):
        return INTEGER
    event, _, field = spec.source.rpartition(".")
    type_ = names.events.get(event, {}).get(field)
    return NUMBER if spec.kind == "average" and type_ == INTEGER else type_


def _apart(name: str, ruleset: Ruleset, names: Names, report: Report) -> None:
    """A metric must not share its name with a field of the trigger."""
    for metric in ruleset.metrics:
        if metric in names.events[name]:
            report.problem(
                "reserved-name",
                f"'{metric}' is already a field of an event",
                ("metrics", metric),
                hint="give the metric another name",
                key=True,
            )


# --- planned ----------------------------------------------------------------------------------


def plan_triggers(watching: Watching) -> tuple[TriggerPlan, ...]:
    """Every trigger that is sound, in the order written; the others are reported."""
    planned = (
        _plan(name, spec, watching)
        for name, spec in watching.ruleset.triggers.items()
        if _declared(name, watching.ruleset, watching.names)
    )
    return tuple(trigger for trigger in planned if trigger is not None)


def _plan(name: str, spec: TriggerSpec, watching: Watching) -> TriggerPlan | None:
    touched = frozenset(event for event, _ in _events_of(spec))
    condition, reads = _condition(name, spec, watching)
    when = None if condition is None else compile_true(condition.node)
    common = Common(name=name, when=when, reads=reads, touched=touched, condition=condition)
    if spec.kind in _OCCASIONS:
        return plan_occasion(name, spec, common, watching)
    if spec.kind in _CROSSINGS:
        return plan_crossing(name, spec, common, watching)
    return _PLANS[spec.kind](name, spec, common, watching)


def _condition(name: str, spec: TriggerSpec, watching: Watching) -> tuple[Written | None, Writers]:
    """The trigger's `when`, and the facts of the customer that it rests on. It may also read
    the trigger's own fields."""
    if spec.when is None:
        return None, ()
    place: Place = ("triggers", name, "when")
    names, own = watching.names, watching.names.events[name]
    events = spec.then or (DUE,)
    hidden = {field for event in events for field in names.events[event]}
    known = {
        fact: type_
        for fact, type_ in names.of_rule(DUE).items()
        if fact not in hidden and not fact.startswith("event.")
    }
    planner = watching.planner_in({**known, **own})
    if spec.kind in _CROSSINGS:  # they come whenever they come: no moment is theirs
        node = watching.checked(planner, spec.when, (FLAG,), place)
    else:
        node = planner.checked(spec.when, (FLAG,), place)
    for event in events:
        watching.read[event] |= planner.read - own.keys()
    if node is None:
        return None, ()
    reads = tuple(read for read in reads_of(planner) if read[0] not in own)
    return Written(node, spec.when), reads


def _plan_silence(name: str, spec: TriggerSpec, common: Common, watching: Watching) -> TriggerPlan:
    assert spec.silence is not None
    assert spec.for_ is not None
    return Silence(
        **common,
        events=spec.silence,
        length=read_duration(spec.for_),
        repeat=None if spec.repeat is None else read_duration(spec.repeat),
        enrolment=spec.since == "enrolment",
    )


def _plan_expiring(
    name: str, spec: TriggerSpec, common: Common, watching: Watching
) -> TriggerPlan | None:
    assert spec.expires is not None
    assert spec.before is not None
    place: Place = ("triggers", name, "expires")
    wallets = watching.ruleset.wallets
    wallet = wallets.get(spec.expires)
    if wallet is None:
        hint = did_you_mean(spec.expires, wallets) or f"wallets: {', '.join(wallets) or 'none'}"
        watching.report.problem(
            "unknown-name", f"there is no wallet '{spec.expires}'", place, hint=hint
        )
        return None
    if wallet.expires is None:
        message = f"points of '{spec.expires}' never expire"
        watching.report.problem("bad-trigger", message, place, hint="say when in the wallet")
        return None
    if " without " in wallet.expires:
        watching.report.problem(
            "bad-trigger",
            f"when points of '{spec.expires}' expire is known only as they do: by inactivity",
            place,
            hint="use a silence, of the events that keep them alive",
        )
        return None
    return Expiring(**common, wallet=spec.expires, before=read_duration(spec.before))


def _plan_ending(
    name: str, spec: TriggerSpec, common: Common, watching: Watching
) -> TriggerPlan | None:
    assert spec.ends is not None
    assert spec.before is not None
    place: Place = ("triggers", name, "ends")
    offers = watching.ruleset.offers
    offer = offers.get(spec.ends)
    if offer is None:
        hint = did_you_mean(spec.ends, offers) or f"offers: {', '.join(offers) or 'none'}"
        watching.report.problem(
            "unknown-name", f"there is no offer '{spec.ends}'", place, hint=hint
        )
        return None
    if offer.lasts is None and offer.ends is None:
        message = f"the offer '{spec.ends}' never ends"
        watching.report.problem("bad-trigger", message, place, hint="give it lasts or ends")
        return None
    return Ending(**common, offer=spec.ends, before=read_duration(spec.before))


_PLANS: Mapping[str, Callable[[str, TriggerSpec, Common, Watching], TriggerPlan | None]] = {
    "silence": _plan_silence,
    "after": plan_following,
    "expires": _plan_expiring,
    "ends": _plan_ending,
}
