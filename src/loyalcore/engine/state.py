"""What is known of one customer between two events.

A state is a value: a step never changes the one it is given, it makes the next. That
stays cheap because the long part, the logs of samples that windows look at, is shared
between versions and only ever appended to (metrics.py).

`pack_state` and `unpack_state` are its form in the store: MessagePack, as short as it can be.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from typing import Any, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from loyalcore.engine.life import UNBORN, Approval, Case, Early, Life, Task, Timer
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
from loyalcore.ledger.lots import EMPTY, Account
from loyalcore.program.plan import Program
from loyalcore.values import Value, ValueInvalid, read_value, write_number, write_value


class Origin(Struct, frozen=True, array_like=True):
    """An event that later ones may refer to: a purchase that may be refunded.

    `amount` is the value of the field whose share a refund takes back, in its smallest
    unit, None where all of it goes; `back` is what refunds have had of it so far. `margin`
    is what it brought the business, which they take back with it.
    """

    time: int
    amount: Any = None  # a Number
    back: Any = 0
    margin: int = 0


class Waiting(Struct, frozen=True, array_like=True):
    """A refund (or a delivery) that came at `time`, before what it is about: `event` is its
    type, `id` its own id, `key` names the origin it waits for."""

    event: str
    id: str
    key: str
    amount: Any = None
    time: int = 0


class Uses(Struct, frozen=True, array_like=True):
    """What was counted, by key: how often against limits, how much against caps and budgets
    of customers, and what was drawn from other budgets."""

    fired: Mapping[str, int] = {}
    used: Mapping[str, int] = {}
    drawn: Mapping[str, int] = {}


class Redemption(Struct, frozen=True, array_like=True):
    """Points that were spent, and the lots they came from: wallet -> (lot, points). The
    `quantity` of a cancelled one is 0; until then `uses` is what it used up."""

    time: int
    reward: str
    quantity: int
    taken: Mapping[str, tuple[tuple[int, int], ...]]
    uses: Uses = Uses()


class Part(Struct, frozen=True, array_like=True):
    """What one event brought towards an offer: `origin` is its key, where a refund may
    refer to it, and `back` the share of it that was refunded. What no refund refers to is
    added up in one. Numbers that are not whole are texts."""

    time: int
    amount: int | str
    origin: str = ""
    back: int | str = 0


class Instance(Struct, frozen=True, array_like=True):
    """An offer opened for the customer: the `number`th opening of any.

    It is open from `opened` to `ends` (None: for good). `fields` are plain JSON. `code` is
    what its personal code is made of: the opening decision's id and position. `target` is
    what it was last to reach. `closed` is "" while it is open, else as in Close. Completed
    ones are kept while a refund may still undo them, with the `lots` of points that they
    gave; and the latest that had personal codes, to tell who presents one again why not.
    """

    offer: str
    number: int
    opened: int
    ends: int | None = None
    fields: Mapping[str, Any] = {}
    parts: tuple[Part, ...] = ()
    code: str = ""
    closed: str = ""
    target: int | str | None = None
    lots: tuple[int, ...] = ()

    def open_at(self, now: int) -> bool:
        """Whether it is open, and its time not over."""
        return not self.closed and (self.ends is None or now < self.ends)


class Absorbed(Struct, frozen=True, omit_defaults=True):
    """What came with a customer who was merged into this one, so that it can be undone.

    `into` is whom they were merged into by name: this one, or one merged into this one. `logs`
    has them and all who had been merged into them, each with the source and id of the last
    event that they bring. `lots` are pairs of numbers: here, and where the points were. `debts`
    are what was spent to take theirs over, by wallet. All else is what was added here.
    """

    into: str
    logs: Mapping[str, tuple[str, str]]
    lots: tuple[tuple[int, int], ...] = ()
    debts: Mapping[str, tuple[tuple[int, int], ...]] = {}
    frozen: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    attributes: Mapping[str, Any] = {}  # in plain JSON form
    offers: tuple[Instance, ...] = ()
    fired: Mapping[str, tuple[int, ...]] = {}
    used: Mapping[str, tuple[tuple[int, int], ...]] = {}
    origins: tuple[str, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    timers: tuple[Timer, ...] = ()
    firsts: tuple[Timer, ...] = ()
    tasks: tuple[Task, ...] = ()
    approvals: tuple[Approval, ...] = ()
    cases: tuple[Case, ...] = ()
    early: tuple[Early, ...] = ()


class Stored(
    Struct,
    frozen=True,
    rename={
        "customer": "c",
        "clock": "t",
        "since": "s",
        "attributes": "a",
        "metrics": "m",
        "logs": "l",
        "kept": "k",
        "account": "p",
    },
):
    """Fields as they are called in the store, where names would be much of a state."""


class CustomerState(Stored, frozen=True, omit_defaults=True):
    """A customer as the step sees them.

    `clock` is the time of their latest event and never goes back; `since` that of their
    first. `metrics` and `logs` hold what figures are made of, by the names of MetricPlan
    and LogPlan; `kept` names the set of them (Program.kept). `fired` holds, for each rule
    with a limit, the times of its latest firings; `used`, for each cap, when how much of
    it was used. `origins`, `waiting` and `redemptions` are what refunds, deliveries and
    cancellations refer to, by key. `opened` counts offers ever opened. `key` is the secret
    that the customer's voucher codes are made with. `merged` is whom the customer is merged
    into, `formerly` whom they were; `absorbed` are those merged into them. `life` has timers,
    tiers and stage.
    """

    customer: str
    clock: int
    since: int
    attributes: Mapping[str, Any] = {}  # Values
    tags: tuple[str, ...] = ()
    metrics: Mapping[str, Series] = {}
    logs: Mapping[str, Log] = {}
    fired: Mapping[str, tuple[int, ...]] = {}
    kept: str = ""
    account: Account = EMPTY
    used: Mapping[str, tuple[tuple[int, int], ...]] = {}
    origins: Mapping[str, Origin] = {}
    waiting: tuple[Waiting, ...] = ()
    redemptions: Mapping[str, Redemption] = {}
    offers: tuple[Instance, ...] = ()
    opened: int = 0
    key: str = ""
    merged: str = ""
    formerly: tuple[str, ...] = ()
    absorbed: Mapping[str, Absorbed] = {}
    life: Life = UNBORN

    @property
    def due(self) -> int | None:
        """The next instant at which something happens by itself: points turn active or
        expire, an offer's time is over, or a timer runs out. None where nothing will."""
        if not self.offers and self.life.due is None:  # by far the most usual
            return self.account.due
        dues = [due for due in (self.account.due, self.life.due) if due is not None]
        dues += (offer.ends for offer in self.offers if offer.ends is not None and not offer.closed)
        return min(dues, default=None)


_NONE: Mapping[str, Any] = {}  # never changed: thousands of customers share it

BEGINNING = -(2**62)  # before every event: the clock of a customer never seen


def new_state(customer: str, key: str = "") -> CustomerState:
    """A customer of whom nothing is known yet. Without a `key`, their codes are no secret."""
    return CustomerState(
        customer,
        BEGINNING,
        BEGINNING,
        _NONE,
        metrics=_NONE,
        logs=_NONE,
        fired=_NONE,
        used=_NONE,
        origins=_NONE,
        redemptions=_NONE,
        key=key,
        absorbed=_NONE,
    )


def _plain(value: object) -> object:
    if isinstance(value, array):
        return write_array(value)
    assert isinstance(value, Fraction)
    return write_number(value)


Fields = TypeVar("Fields", bound=Stored)

_write_packed = msgspec.msgpack.Encoder(enc_hook=_plain).encode
_write_text = msgspec.json.Encoder(enc_hook=_plain).encode


def write_stored(state: CustomerState) -> bytes:
    """What is stored of `state`, whose attributes are in plain JSON form: MessagePack, or JSON
    where it has a number that is too large for that."""
    try:
        return _write_packed(state)
    except OverflowError:  # beyond 64 bits: a sum of sums, or a number of many digits
        return _write_text(state)


def stored_reader(fields: type[Fields]) -> Callable[[bytes], Fields]:
    """What reads a state, or some `fields` of it, from what `write_stored` wrote."""
    read_packed = msgspec.msgpack.Decoder(fields).decode
    read_text = msgspec.json.Decoder(fields).decode

    def read(stored: bytes) -> Fields:
        return read_text(stored) if stored.startswith(b"{") else read_packed(stored)

    return read


read_stored = stored_reader(CustomerState)
"""A state, whose attributes and figures are in plain JSON form."""


def lots_written(state: CustomerState) -> CustomerState:
    """The same customer, whose lots lie as they are stored: to be packed again and again, they
    need be written only once."""
    account = state.account.to_store()
    return state if account is state.account else replace(state, account=account)


def pack_state(program: Program, state: CustomerState) -> bytes:
    """The stored form of `state`."""
    state = lots_written(state)
    if state.attributes:
        attributes = {
            name: write_value(program.attributes[name], value, program.locale)
            for name, value in state.attributes.items()
        }
        state = replace(state, attributes=attributes)
    return write_stored(state)


def unpack_state(
    program: Program, packed: bytes, past: Callable[[], Iterable[Event]]
) -> CustomerState:
    """The state that was packed, as `program` reads it.

    Attributes that have a new name there have it from now on; those that the program no longer
    declares, or declares with a type they don't fit, are left out. Where another set of metrics
    was kept, they are made anew from `past`, the customer's logged events in order, which is
    asked for only then (S15).
    """
    state = read_stored(packed)
    attributes = dict(_attributes(program, state.attributes)) if state.attributes else _NONE
    if state.kept != program.kept:
        return kept_anew(program, replace(state, attributes=attributes), past())
    metrics = state.metrics
    if not program.plain:
        metrics = {
            name: restored_series(program.metrics[name], series) for name, series in metrics.items()
        }
    return replace(
        state,
        attributes=attributes,
        metrics=metrics,
        logs={name: restored_log(program.logs[name], log) for name, log in state.logs.items()},
        fired=state.fired or _NONE,
        used=state.used or _NONE,
        origins=state.origins or _NONE,
        redemptions=state.redemptions or _NONE,
        absorbed=state.absorbed or _NONE,
    )


def _attributes(program: Program, stored: Mapping[str, object]) -> Iterator[tuple[str, Value]]:
    renamed = program.migration.attributes
    for was, raw in stored.items():
        name = was if was in program.attributes else renamed.get(was, "")
        if (type_ := program.attributes.get(name)) is None or (name != was and name in stored):
            continue
        try:
            value = read_value(type_, raw, program.locale)
        except ValueInvalid:
            continue
        if value is not None:
            yield name, value


def kept_anew(program: Program, state: CustomerState, past: Iterable[Event]) -> CustomerState:
    """`state` with the figures it would have, had `program` kept them from the first event."""
    metrics: dict[str, Series] = {}
    logs: dict[str, Log] = {}
    clock = BEGINNING
    for event in past:
        plan, time = program.events[event.type], event.time
        facts = moment_facts(plan, event)
        keep(plan, metrics, logs, time, facts, state.since, late=time < clock)
        clock = max(clock, time)
    return replace(state, metrics=metrics, logs=logs, kept=program.kept)
