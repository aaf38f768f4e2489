"""The handwritten job with its matching done by durable_rules, as its manual shows it.

The rules are written in durable.lang and every event is a fact of one ruleset, asserted
and retracted again through the Host, all under one sid. What durable.lang can't say of a
single fact (one figure against another) is worked out beforehand.

    python host.py EVENTS STORE BATCH
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import handwritten
from durable.engine import MessageNotHandledException
from durable.lang import assert_fact, m, retract_fact, ruleset, when_all
from handwritten import OnPurchase, OnVisit, Purchase, Visit

ON_PURCHASE: dict[OnPurchase, object] = {
    handwritten.tenth_purchase: m.orders == 10,
    handwritten.earn: m.amount >= 35_00,
    handwritten.web_hundred: (m.channel == "web") & (m.amount >= 100_00),
    handwritten.app_tuesday: (m.channel == "app") & (m.weekday == "tuesday"),
    handwritten.bookworm: (m.category == "books") & (m.quantity >= 3),
    handwritten.fresh: ((m.category == "fruit") | (m.category == "bakery")) & (m.amount >= 45_00),
    handwritten.second_purchase: m.orders == 2,
    handwritten.collector: m.spend_year >= 1500_00,
    handwritten.busy_month: m.orders_month >= 5,
    handwritten.silver: ((m.spend_year >= 600_00) & (m.spend_year < 900_00) & (m.amount >= 50_00)),
    handwritten.comeback: m.comes_back == 1,
    handwritten.capital: (m.store == "oslo") & (m.channel == "shop") & (m.amount >= 40_00),
    handwritten.west_coast: (
        ((m.store == "bergen") | (m.store == "stavanger"))
        & (m.quantity >= 2)
        & (m.channel != "web")
    ),
    handwritten.big_basket: m.amount >= 150_00,
    handwritten.toy_box: (
        (m.category == "toys") & ((m.channel == "web") | (m.channel == "app")) & (m.quantity < 4)
    ),
    handwritten.record: (m.biggest_yet == 1) & (m.orders >= 5),
}

ON_VISIT: dict[OnVisit, object] = {
    handwritten.curious: m.visits_month >= 3,
    handwritten.cart_left: (m.page == "cart") & (m.minutes >= 5),
    handwritten.campaign: (m.page == "campaign") & (m.channel == "mail"),
    handwritten.known_face: (((m.page == "home") | (m.page == "news")) & (m.spend_year >= 500_00)),
}

fired: list[int] = []  # by the fact at hand, by their places in the tables above


def note(place: int) -> Callable[[object], None]:
    """The action of the rule in that place."""

    def action(context: object) -> None:
        fired.append(place)

    return action


for name, conditions in (("purchase", ON_PURCHASE), ("visit", ON_VISIT)):
    with ruleset(name):
        for place, condition in enumerate(conditions.values()):
            when_all(condition)(note(place))

PURCHASE_RULES, VISIT_RULES = list(ON_PURCHASE), list(ON_VISIT)


def match_purchase(at: Purchase) -> list[OnPurchase]:
    fact: dict[str, object] = {
        "amount": at.amount,
        "channel": at.channel,
        "store": at.store,
        "weekday": at.weekday,
        "orders": at.orders,
        "orders_month": at.orders_month,
        "spend_year": at.spend_year,
    }
    if at.category is not None:
        fact["category"] = at.category
    if at.quantity is not None:
        fact["quantity"] = at.quantity
    if at.spend_before > 0 and at.spend_quarter >= 3 * at.spend_before:
        fact["comes_back"] = 1
    if at.amount == at.biggest:
        fact["biggest_yet"] = 1
    return [PURCHASE_RULES[place] for place in matched("purchase", fact)]


def match_visit(at: Visit) -> list[OnVisit]:
    fact: dict[str, object] = {
        "page": at.page,
        "channel": at.channel,
        "minutes": at.minutes,
        "visits_month": at.visits_month,
        "spend_year": at.spend_year,
    }
    return [VISIT_RULES[place] for place in matched("visit", fact)]


def matched(name: str, fact: dict[str, object]) -> list[int]:
    fired.clear()
    fact["id"] = 1
    try:
        assert_fact(name, fact)
    except MessageNotHandledException:  # no rule fires; the fact isn't kept either
        return []
    retract_fact(name, fact)
    return sorted(set(fired))


if __name__ == "__main__":
    # The Host looks for work five times a second in a thread of its own, which would now and
    # then take a fact's actions away from the call that is about to run them.
    sys.setswitchinterval(3600)
    handwritten.run(
        Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), match_purchase, match_visit
    )
