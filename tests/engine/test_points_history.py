"""Whatever customers do, and in whatever order, each of their points is accounted for (S8, S9).

Steps as a run takes them, over random histories of a few customers: the state and the entries
are told apart only by how they came about.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from functools import cache

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from loyalcore.effects.changes import CancelRedemption, Change, Spend
from loyalcore.engine.cascade import cascade, pass_time
from loyalcore.engine.outcome import Outcome
from loyalcore.engine.shared import Tally
from loyalcore.engine.state import CustomerState, new_state, pack_state, unpack_state
from loyalcore.events import Event
from loyalcore.ledger import BUCKETS, Lot
from loyalcore.program.plan import Program
from loyalcore.ruleset.source import Source
from loyalcore.runner.loading import load_from
from loyalcore.values import read_time

DAY = 86_400_000_000
CUSTOMERS = ("ann", "bob", "eve")
ORDERS = ("A", "B", "C", "D")
STOCK = 6

CLUB = """
program: club
currency: EUR
timezone: Europe/Oslo
events:
  purchase: {order: id, amount: money}
  delivery: {order: id, activates: purchase}
  refund: {order: id, amount: money, reverses: {event: purchase, take: POLICY WITHIN}}
  redeem: {reward: id, quantity: integer, redeems: {reward: reward, quantity: quantity}}
  cancel: {redeem: id, cancels: redeem}
  gift: {to: id, points: integer}
  regret: {points: integer}
wallets:
  beans: {pending: 7 days, expires: 40 days, transferable: true MINIMUM}
  stars:
    pending: {until: delivery, lapse: 30 days}
    expires: 50 days without purchase
    maximum: 400
rewards:
  mug: {price: {beans: 40}, stock: 6}
  set: {price: {beans: 30, stars: 10}, then: [earn: {beans: 5}]}
rules:
  earn: {on: purchase, then: [earn: {beans: amount, stars: amount / 2}]}
  give: {on: gift, then: [transfer: {wallet: beans, points: points, to: to}]}
  again: {on: regret, then: [reinstate: {beans: points, stars: points}]}
"""


@cache
def program_of(policy: str, minimum: str, within: str) -> Program:
    text = CLUB.replace("POLICY", policy).replace("MINIMUM", minimum).replace("WITHIN", within)
    return load_from(Source({"club.yaml": text}, "club.yaml"), "compiled").program


customers = st.sampled_from(CUSTOMERS)
orders = st.sampled_from(ORDERS)
wallets = st.sampled_from(("beans", "stars"))


class History(RuleBasedStateMachine):
    """Customers of one club, and all that was ever decided about them."""

    @initialize(
        policy=st.sampled_from(("within balance", "may go negative", "pending only")),
        minimum=st.sampled_from(("", ", minimum: -30", ", minimum: none")),
        within=st.sampled_from(("", ", within: 20 days")),
    )
    def begin(self, policy: str, minimum: str, within: str) -> None:
        self.program = program_of(policy, minimum, within)
        self.states: dict[str, CustomerState] = {}
        self.shared = Tally()
        self.now = read_time("2026-01-01", self.program.locale.zone)
        self.events = 0
        self.entries: dict[tuple[str, int], Counter[tuple[str, str]]] = defaultdict(Counter)
        self.opened: dict[tuple[str, int], int] = {}
        self.moved: Counter[tuple[str, str]] = Counter()
        self.bought: dict[tuple[str, str], list[int]] = defaultdict(list)
        self.refunded: Counter[tuple[str, str]] = Counter()
        self.spent: dict[tuple[str, str], Spend] = {}
        self.stock = 0

    def happens(self, type: str, customer: str, **data: object) -> list[Change]:
        """One event, after what is due, and all that it leads to; every state is stored and
        read back. Returns the changes it made by itself and by rules."""
        self.events += 1
        event = self.program.event(
            source="till",
            id=str(self.events),
            type=type,
            customer=customer,
            time=self.now,
            text=json.dumps(data),
        )
        due = pass_time(self.program, self.states, new_state, self.now, self.shared)
        self.take_in(due)
        outcomes = [*cascade(self.program, self.states, new_state, event, self.shared)]
        self.take_in(outcomes)
        return [
            change for outcome in outcomes for one in outcome.decisions for change in one.changes
        ]

    def take_in(self, outcomes: Iterable[Outcome]) -> None:
        for outcome in outcomes:
            customer = outcome.event.customer
            assert dict(outcome.draws).get("rewards.mug:stock", 0) in range(-STOCK, STOCK + 1)
            for decision in outcome.decisions:
                assert not (decision.reason and (decision.entries or decision.changes))
                for entry in decision.entries:
                    lot = customer, entry.lot
                    overdraft = entry.bucket == "owed"  # it begins with what is not there
                    self.opened.setdefault(lot, 0 if overdraft else entry.points)
                    self.entries[lot][entry.wallet, entry.bucket] += entry.points
                    self.moved[entry.kind, entry.bucket] += entry.points
        for customer, state in self.states.items():
            packed = pack_state(self.program, state)
            self.states[customer] = unpack_state(self.program, packed, _no_past)
            assert pack_state(self.program, self.states[customer]) == packed

    @rule(days=st.integers(0, 25), rest=st.integers(0, 1))
    def wait(self, days: int, rest: int) -> None:
        self.now += days * DAY + rest
        self.take_in(pass_time(self.program, self.states, new_state, self.now, self.shared))
        assert all(state.due is None or state.due > self.now for state in self.states.values())

    @rule(customer=customers, order=orders, euros=st.integers(1, 90))
    def buy(self, customer: str, order: str, euros: int) -> None:
        self.bought[customer, f"purchase:{order}"].append(euros)
        self.happens("purchase", customer, order=order, amount=euros)

    @rule(customer=customers, order=orders)
    def deliver(self, customer: str, order: str) -> None:
        self.happens("delivery", customer, order=order)

    @rule(customer=customers, order=orders, euros=st.integers(1, 60) | st.none())
    def refund(self, customer: str, order: str, euros: int | None) -> None:
        self.refunded[customer, f"purchase:{order}"] += 10**6 if euros is None else euros
        self.happens("refund", customer, order=order, amount=euros)

    @rule(customer=customers, reward=st.sampled_from(("mug", "set")), quantity=st.integers(1, 3))
    def redeem(self, customer: str, reward: str, quantity: int) -> None:
        for change in self.happens("redeem", customer, reward=reward, quantity=quantity):
            if isinstance(change, Spend):
                self.spent[customer, change.redemption] = change
                self.stock += quantity if reward == "mug" else 0

    @precondition(lambda self: self.spent)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        customer, redemption = data.draw(st.sampled_from([*self.spent]))
        changes = self.happens("cancel", customer, redeem=redemption)
        for change in changes:
            if isinstance(change, CancelRedemption):
                spent = self.spent[customer, redemption]
                assert change.price == spent.price
                self.stock -= spent.quantity if spent.reward == "mug" else 0
        assert self.happens("cancel", customer, redeem=redemption) == []

    @rule(customer=customers, to=customers, points=st.integers(1, 50))
    def give(self, customer: str, to: str, points: int) -> None:
        self.happens("gift", customer, to=to, points=points)

    @rule(customer=customers, wallet=wallets, points=st.integers(-60, 60))
    def adjust(self, customer: str, wallet: str, points: int) -> None:
        self.happens("adjust_points", customer, wallet=wallet, points=points)

    @rule(customer=customers, points=st.integers(1, 50))
    def regret(self, customer: str, points: int) -> None:
        self.happens("regret", customer, points=points)

    @invariant()
    def every_point_is_in_one_bucket_of_its_lot(self) -> None:
        for lot, buckets in self.entries.items():
            assert buckets.total() == self.opened[lot] >= 0
            for (_, bucket), points in buckets.items():
                assert points <= 0 if bucket == "owed" else points >= 0

    @invariant()
    def the_state_is_the_sum_of_the_entries(self) -> None:
        for customer, state in self.states.items():
            kept = {lot.number: lot for lot in state.account.lots}
            balances: Counter[str] = Counter()
            pending: Counter[str] = Counter()
            for (whose, number), buckets in self.entries.items():
                if whose != customer:
                    continue
                for (wallet, bucket), points in buckets.items():
                    if bucket in ("active", "owed"):
                        balances[wallet] += points
                    elif bucket == "pending":
                        pending[wallet] += points
                    if number not in kept:  # nothing is lost with what was let go
                        assert bucket not in ("pending", "active", "owed") or not points
                if number in kept:
                    lot = kept[number]
                    assert _buckets(lot) == {bucket: n for (_, bucket), n in buckets.items() if n}
            assert {k: v for k, v in balances.items() if v} == dict(state.account.balances)
            assert {k: v for k, v in pending.items() if v} == dict(state.account.pending)

    @invariant()
    def no_more_is_taken_back_than_was_refunded(self) -> None:
        for customer, state in self.states.items():
            for lot in state.account.lots:
                assert 0 <= lot.claimed <= lot.accrued or lot.kind == "overdraft"
                if len(paid := self.bought[customer, lot.origin]) == 1:
                    back = min(paid[0], self.refunded[customer, lot.origin])
                    assert lot.claimed <= lot.accrued * back // paid[0]

    @invariant()
    def the_stock_is_what_was_bought_and_not_cancelled(self) -> None:
        assert self.shared.drawn("rewards.mug:stock") == self.stock <= STOCK

    @invariant()
    def what_one_gave_another_received(self) -> None:
        assert self.moved["transfer out", "moved"] == self.moved["transfer in", "active"]


def _buckets(lot: Lot) -> dict[str, int]:
    return {bucket: points for bucket in BUCKETS if (points := getattr(lot, bucket))}


def _no_past() -> Iterator[Event]:
    raise AssertionError("the same metrics are kept")


TestHistory = History.TestCase
TestHistory.settings = settings(stateful_step_count=40)
