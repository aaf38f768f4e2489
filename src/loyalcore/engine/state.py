"""What is known of one customer between two events.

A state is a value: a step never changes the one it is given, it makes the next. That
stays cheap because the long part, the samples in a metric's window, is shared between
versions and only ever appended to (metrics.py).

`pack_state` and `unpack_state` are its form in the store: JSON, readable where it lies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from loyalcore.engine.metrics import Series, enter, restored
from loyalcore.engine.moment import moment_facts
from loyalcore.events import Event
from loyalcore.program.plan import MetricPlan, Program
from loyalcore.values import Value, ValueInvalid, read_value, write_number, write_value


class CustomerState(Struct, frozen=True, omit_defaults=True):
    """A customer as the step sees them.

    `clock` is the time of their latest event and never goes back; `since` that of their
    first. `metrics` has a series for each MetricPlan.key, and `kept` names the set of
    metrics that is kept (Program.kept). `fired` holds, for each rule with a limit, the
    times of its latest firings.
    """

    customer: str
    clock: int
    since: int
    attributes: Mapping[str, Any]  # Values
    tags: tuple[str, ...] = ()
    metrics: Mapping[str, Series] = {}
    fired: Mapping[str, tuple[int, ...]] = {}
    balances: Mapping[str, int] = {}
    kept: str = ""


BEGINNING = -(2**62)  # before every event: the clock of a customer never seen


def new_state(customer: str) -> CustomerState:
    """A customer of whom nothing is known yet."""
    return CustomerState(customer, BEGINNING, BEGINNING, {})


def _as_text(value: object) -> str:
    assert isinstance(value, Fraction)
    return write_number(value)


_encode = msgspec.json.Encoder(enc_hook=_as_text).encode
_decode = msgspec.json.Decoder(CustomerState).decode


def pack_state(program: Program, state: CustomerState) -> bytes:
    """The stored form of `state`."""
    if state.attributes:
        plain = {
            name: write_value(program.attributes[name], value, program.locale)
            for name, value in state.attributes.items()
        }
        state = replace(state, attributes=plain)
    return _encode(state)


def unpack_state(
    program: Program, packed: bytes, past: Callable[[], Iterable[Event]]
) -> CustomerState:
    """The state that was packed, as `program` reads it.

    Attributes that the program no longer declares, or declares with a type they don't
    fit, are left out. Metrics that the packing program did not keep are made anew from
    `past`, the customer's logged events in order, which is asked for only then (S15).
    """
    state = _decode(packed)
    metrics = {
        key: restored(plan, state.metrics[key])
        for key, plan in program.kept_metrics.items()
        if key in state.metrics
    }
    if state.kept != program.kept:
        absent = [plan for key, plan in program.kept_metrics.items() if key not in metrics]
        metrics |= _from_the_log(program, absent, past())
    attributes = dict(_attributes(program, state.attributes))
    return replace(state, attributes=attributes, metrics=metrics, kept=program.kept)


def _attributes(program: Program, stored: Mapping[str, object]) -> Iterator[tuple[str, Value]]:
    for name, raw in stored.items():
        if (type_ := program.attributes.get(name)) is None:
            continue
        try:
            value = read_value(type_, raw, program.locale)
        except ValueInvalid:
            continue
        if value is not None:
            yield name, value


def _from_the_log(
    program: Program, plans: Iterable[MetricPlan], past: Iterable[Event]
) -> dict[str, Series]:
    """The series that would be there, had `plans` been kept from the first event on."""
    metrics: dict[str, Series] = {}
    for event in past:
        facts = moment_facts(program.events[event.type], event)
        for plan in plans:
            if plan.event == event.type:
                series = enter(plan, metrics.get(plan.key), event.time, facts)
                if series is not None:
                    metrics[plan.key] = series
    return metrics
