"""What points will come to is what they do come to; and all of it is accounted for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loyalcore.ledger.standing import Standing, standings
from loyalcore.runner.reports import holdings, liabilities, now_of, program_of
from loyalcore.runner.verify import verify
from loyalcore.store import Store
from loyalcore.values import to_microseconds
from runner.histories import NewShop

RULESET = """\
timezone: Europe/Oslo
events:
  purchase: {amount: money}
  refund: {purchase: id, amount: money, reverses: {event: purchase, take: may go negative}}
  delivery: {purchase: id, activates: purchase}
  redeem: {reward: text, redeems: reward}
  cancel: {redeem: id, cancels: redeem}
  gift: {to: id, points: integer}
  tick: {}
wallets:
  beans: {pending: 3 days, expires: 9 days, minimum: -50, price: 0.01}
  seeds: {pending: {until: delivery, lapse: 5 days}, expires: end of week, price: 0.02}
  leaves: {expires: 4 days without activity, transferable: true}
  roots: {expires: 6 days without purchase}
rewards:
  mug: {price: {beans: 7, leaves: 3}}
rules:
  earn: {on: purchase, then: [{earn: {beans: amount, seeds: amount, leaves: amount, roots: 1}}]}
  give: {on: gift, then: [{transfer: {wallet: leaves, points: points, to: to}}]}
"""

START = datetime(2026, 3, 26, tzinfo=UTC)  # clocks go forward on the 29th

KINDS = ["purchase", "purchase", "purchase", "refund", "delivery", "redeem", "cancel", "gift"]

day = st.integers(0, 12)
customers = st.sampled_from(["ann", "bob"])
happenings = st.lists(
    st.tuples(
        customers,
        day,
        st.integers(0, 23),
        st.sampled_from(KINDS),
        st.integers(1, 40),
    ),
    min_size=5,
    max_size=25,
)


def lines(happened: list[Any]) -> list[dict[str, object]]:
    """Events as they happened, each about the latest of that customer that it can be about."""
    latest: dict[tuple[str, str], str] = {}
    made = []
    happened = sorted(happened, key=lambda one: (one[1], one[2], one[0]))
    for number, (customer, days, hours, type_, points) in enumerate(happened):
        time = START + timedelta(days=days, hours=hours, seconds=number)
        id = f"e{number:03}"
        event = {"id": id, "customer": customer, "type": type_, "time": time.isoformat()}
        match type_:
            case "purchase":
                event |= {"amount": points}
            case "refund":
                about = latest.get((customer, "purchase"), "none")
                event |= {"purchase": about, "amount": points}
            case "delivery":
                event |= {"purchase": latest.get((customer, "purchase"), "none")}
            case "redeem":
                event |= {"reward": "mug"}
            case "cancel":
                event |= {"redeem": latest.get((customer, "redeem"), "none")}
            case "gift":
                event |= {"to": "bob" if customer == "ann" else "ann", "points": points}
        latest[customer, type_] = id
        made.append(event)
    return made


def standing_at(store: Store, at: int) -> dict[str, list[Standing]]:
    program = program_of(store.connection)
    return {
        held.customer: standings(held.account, program.wallets, program.locale.zone, held.since)
        for held in holdings(store.connection, program, at=at)
        if held.customer != "clock"
    }


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(happenings, day, st.integers(0, 23))
def test_what_will_be_is_what_comes(
    new_shop: NewShop, happened: list[Any], days: int, hours: int
) -> None:
    """Ask at once for an instant to come; let time pass that far; ask again, of what has then
    been written, and once more when everything is long past."""
    events = lines(happened)
    then = START + timedelta(days=13 + days, hours=hours)
    at = to_microseconds(then)
    tick = {"id": "t", "customer": "clock", "type": "tick", "time": then.isoformat()}
    later = {**tick, "id": "u", "time": (then + timedelta(days=40)).isoformat()}
    with new_shop() as shop:
        shop.run(RULESET, events)
        with Store.open(shop.path) as store:
            program = program_of(store.connection)
            halfway = now_of(store.connection)
            known = standing_at(store, halfway)
            foreseen = standing_at(store, at)
            owed = liabilities(store.connection, program, at=at)
            assert owed.differences == ()
        shop.run(RULESET, [tick])
        with Store.open(shop.path) as store:
            assert standing_at(store, at) == foreseen
            assert liabilities(store.connection, program, at=at).wallets == owed.wallets
        shop.run(RULESET, [later])
        with Store.open(shop.path) as store:
            assert standing_at(store, at) == foreseen
            assert standing_at(store, halfway) == known
            assert verify(store.connection).difference is None
