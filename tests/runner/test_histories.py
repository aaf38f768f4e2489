"""Random histories of customers with everything that moves points, from files to the store.

Whatever happens, and however it is run: every point is in one bucket, no bucket of a lot is
negative but what is owed, a balance is the sum of its entries at every instant, what expires
first is spent first, and no more is taken back than was earned.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from loyalcore.store import Store
from loyalcore.store.ledger import Entry, list_balances, list_entries
from runner.histories import Line, NewShop, histories, on, run_anyhow

RULESET = """\
program: shop
events:
  purchase: {order: id, amount: money, voucher: text, presents: voucher}
  delivery: {order: id, activates: purchase}
  refund: {order: id, amount: money, reverses: purchase}
  chargeback: {order: id, reverses: {event: purchase, take: may go negative}}
  redeem: {reward: id, quantity: integer, redeems: {reward: reward, quantity: quantity}}
  cancel: {redeem: id, cancels: redeem}
  gift: {to: id, points: integer}
  merge: {into: id, merges: into}
  split: {whom: id, unmerges: whom}
wallets:
  beans: {expires: 20 days, transferable: true, maximum: 90}
  miles: {pending: {until: delivery, lapse: 9 days}, expires: end of month}
  stars: {expires: 6 days without purchase, minimum: -5}
rewards:
  cup: {price: {beans: 12}, stock: 9, limit: 3 per week}
  trip: {price: {beans: 5, stars: 2}}
offers:
  thrice:
    open: {on: purchase}
    lasts: 8 days
    reach: {count: purchase, at_least: 3}
    then: [earn: {beans: 7}]
  code:
    code: SPRING
    reach: {one: purchase, where: amount > 5}
    limit: once
    then: [earn: {stars: 1}]
rules:
  earn: {on: purchase, then: [earn: {beans: amount}, earn: {miles: amount / 2}]}
  star: {on: purchase, when: amount > 8, cap: {stars: 3 per week}, then: [earn: {stars: 2}]}
  shared: {on: purchase, budget: {beans: 40 per month}, then: [earn: {beans: amount / 3}]}
  give: {on: gift, then: [transfer: {wallet: beans, points: points, to: to}]}
"""

CUSTOMERS = ["ann", "bob", "cat"]


def deeds(number: int) -> st.SearchStrategy[Mapping[str, object]]:
    earlier = st.sampled_from([f"{order:03}" for order in range(number + 2)])
    # Or the order itself, or what is yet to come.
    purchase = st.fixed_dictionaries(
        {
            "type": st.just("purchase"),
            "order": st.just(f"{number:03}"),
            "amount": st.sampled_from([3, 10, 31]),
        },
        optional={"voucher": st.sampled_from(["spring", "none"])},
    )
    return st.one_of(
        *[purchase] * 4,
        st.fixed_dictionaries({"type": st.just("delivery"), "order": earlier}),
        st.fixed_dictionaries(
            {"type": st.just("refund"), "order": earlier},
            optional={"amount": st.sampled_from([1, 10, 31])},
        ),
        st.fixed_dictionaries({"type": st.just("chargeback"), "order": earlier}),
        st.fixed_dictionaries(
            {
                "type": st.just("redeem"),
                "reward": st.sampled_from(["cup", "trip"]),
                "quantity": st.integers(1, 2),
            }
        ),
        st.fixed_dictionaries({"type": st.just("cancel"), "redeem": earlier}),
        st.fixed_dictionaries(
            {
                "type": st.just("gift"),
                "to": st.sampled_from(CUSTOMERS),
                "points": st.integers(1, 20),
            }
        ),
        st.fixed_dictionaries({"type": st.just("merge"), "into": st.sampled_from(CUSTOMERS)}),
        st.fixed_dictionaries({"type": st.just("split"), "whom": st.sampled_from(CUSTOMERS)}),
    )


@given(
    histories(deeds, gaps=[0, 1, 24, 24, 50, 200], customers=CUSTOMERS, most=30, again=3),
    st.data(),
)
def test_every_point_is_accounted_for_however_it_is_run(
    new_shop: NewShop, lines: list[Line], data: st.DataObject
) -> None:
    until = on(days=90)
    late = data.draw(st.lists(st.sampled_from(lines), max_size=3), "late")
    with new_shop() as simple, new_shop() as odd:
        simple.run(RULESET, lines, until=until)
        run_anyhow(odd, RULESET, lines, data, until=until)
        for shop in (simple, odd):
            shop.run(RULESET, [{**line, "id": f"late {n}"} for n, line in enumerate(late)])
        assert odd.history() == simple.history()
        accounted(simple)


def accounted(shop: Any) -> None:
    """Hold the entries of a store to what must be true of them after each."""
    shop.check()
    with Store.open(shop.path) as store:
        connection = store.connection
        buckets: dict[tuple[str, int], dict[str, int]] = defaultdict(lambda: defaultdict(int))
        opened: dict[tuple[str, int], Entry] = {}
        balances: dict[tuple[str, str], int] = defaultdict(int)
        entries = list_entries(connection)
        for place, entry in enumerate(entries):
            lot = (entry.customer, entry.lot)
            opened.setdefault(lot, entry)
            buckets[lot][entry.bucket] += entry.points
            if entry.bucket in ("active", "owed"):
                balances[entry.customer, entry.wallet] += entry.points
            following = entries[place + 1 : place + 2]
            if following and following[0].decision == entry.decision:
                continue  # a decision's entries are one movement
            for points in buckets.values():
                assert all(n >= 0 for bucket, n in points.items() if bucket != "owed"), entry
                assert points["owed"] <= 0
        for lot, points in buckets.items():
            first = opened[lot]
            earned = first.points if first.bucket in ("pending", "active") else 0
            assert sum(points.values()) == earned
            assert points["reversed"] <= earned
        assert {key: points for key, points in balances.items() if points} == {
            (row.customer, row.wallet): total
            for row in list_balances(connection)
            if (total := balances[row.customer, row.wallet])
        }
        spent_in_order(entries, opened)


def spent_in_order(entries: list[Entry], opened: dict[tuple[str, int], Entry]) -> None:
    """When points are redeemed, no lot keeps any that would have expired before them."""
    active: dict[tuple[str, int], int] = defaultdict(int)
    for place, entry in enumerate(entries):
        lot = (entry.customer, entry.lot)
        if entry.bucket != "active":
            continue
        active[lot] += entry.points
        if entry.kind != "redeem" or entry.points > 0:
            continue
        later = entries[place + 1 : place + 3]
        if any(
            one.kind == "redeem" and one.decision == entry.decision and one.points < 0
            for one in later
        ):
            continue  # more of the same price is still to come
        expires = opened[lot].expires
        for other, points in active.items():
            first = opened[other]
            same = (first.customer, first.wallet) == (entry.customer, entry.wallet)
            if same and points and other != lot and first.expires is not None:
                assert expires is not None
                assert first.expires >= expires


def test_histories_come_to_something(shop: Any) -> None:
    # Guards the test above: the program does all that it is there for.
    lines: list[Line] = []
    for number in range(40):
        day = number // 2
        base = {
            "id": str(number),
            "customer": "ann",
            "time": f"2026-01-{day + 1:02}T0{number % 2}:00Z",
        }
        kind: Line = {"type": "purchase", "order": str(number), "amount": 10, "voucher": "SPRING"}
        match number % 10:
            case 3:
                kind = {"type": "refund", "order": str(number - 1), "amount": 4}
            case 5:
                kind = {"type": "redeem", "reward": "cup"}
            case 6:
                kind = {"type": "cancel", "redeem": str(number - 1)}
            case 7:
                kind = {"type": "delivery", "order": str(number - 3)}
            case 8:
                kind = {"type": "gift", "to": "bob", "points": 2}
            case 9:
                kind = {"type": "chargeback", "order": str(number - 5)}
        lines.append({**base, **kind})
    lines.append(
        {"id": "m", "type": "merge", "customer": "bob", "into": "ann", "time": "2026-01-21"}
    )
    lines.append(
        {"id": "s", "type": "split", "customer": "ann", "whom": "bob", "time": "2026-01-22"}
    )
    summary = shop.run(RULESET, lines, until="2026-04-01")
    assert summary.fired.keys() >= {
        *("earn", "star", "shared", "give", "rewards.cup", "offers.thrice", "offers.code"),
        *("events.refund.reverses", "events.chargeback.reverses", "events.cancel.cancels"),
        *("events.delivery.activates", "events.merge.merges", "events.split.unmerges"),
        *("wallets.beans.expires", "wallets.miles.expires", "wallets.stars.expires"),
    }
    accounted(shop)
