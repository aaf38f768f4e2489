"""What is known of one customer between two events.

A state is a value: a step never changes the one it is given, it makes the next. That
stays cheap because the long part, the logs of samples that windows look at, is shared
between versions and only ever appended to (metrics.py).

`pack_state` and `unpack_state` are its form in the store: JSON, readable where it lies.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from loyalcore.engine.metrics import (
    Log,
    Series,
    keep,
    restored_log,
    restored_series,
    write_array,
)
from loyalcore.engine.moment import moment_facts
from loyalcore.events import Event
from loyalcore.program.plan import Program
from loyalcore.values import Value, ValueInvalid, read_value, write_number, write_value


class CustomerState(Struct, frozen=True, omit_defaults=True):
    """A customer as the step sees them.

    `clock` is the time of their latest event and never goes back; `since` that of their
    first. `metrics` and `logs` hold what figures are made of, by the names of MetricPlan
    and LogPlan; `kept` names the set of them (Program.kept). `fired` holds, for each rule
    with a limit, the times of its latest firings.
    """

    customer: str
    clock: int
    since: int
    attributes: Mapping[str, Any]  # Values
    tags: tuple[str, ...] = ()
    metrics: Mapping[str, Series] = {}
    logs: Mapping[str, Log] = {}
    fired: Mapping[str, tuple[int, ...]] = {}
    balances: Mapping[str, int] = {}
    kept: str = ""


BEGINNING = -(2**62)  # before every event: the clock of a customer never seen


def new_state(customer: str) -> CustomerState:
    """A customer of whom nothing is known yet."""
    return CustomerState(customer, BEGINNING, BEGINNING, {})


def _as_json(value: object) -> object:
    if isinstance(value, array):
        return write_array(value)
    assert isinstance(value, Fraction)
    return write_number(value)


_encode = msgspec.json.Encoder(enc_hook=_as_json).encode
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
    fit, are left out. Where another set of metrics was kept, they are made anew from
    `past`, the customer's logged events in order, which is asked for only then (S15).
    """
    state = _decode(packed)
    state = replace(state, attributes=dict(_attributes(program, state.attributes)))
    if state.kept != program.kept:
        return _kept_anew(program, state, past())
    return replace(
        state,
        metrics={
            name: restored_series(program.metrics[name], series)
            for name, series in state.metrics.items()
        },
        logs={name: restored_log(program.logs[name], log) for name, log in state.logs.items()},
    )


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


def _kept_anew(program: Program, state: CustomerState, past: Iterable[Event]) -> CustomerState:
    """`state` with the figures it would have, had `program` kept them from the first event."""
    metrics: dict[str, Series] = {}
    logs: dict[str, Log] = {}
    for event in past:
        plan = program.events[event.type]
        keep(plan, metrics, logs, event.time, moment_facts(plan, event))
    return replace(state, metrics=metrics, logs=logs, kept=program.kept)
