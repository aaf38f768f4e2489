"""Matching alone: the same facts through each matcher, which must find as many matches.

    python matching.py EVENTS COUNT MATCHER      MATCHER is one of MATCHERS
    python matching.py EVENTS COUNT selective-N  the compiled matcher with N selective rules

Works out the facts of the first COUNT events before the clock starts, then prints as JSON
how many they were, how many conditions were true of them, and the seconds of the processor
that took.
"""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import compress, islice
from pathlib import Path
from random import Random
from time import process_time
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import zen
from handwritten import (
    EPOCH,
    MICROSECOND,
    Customer,
    Purchase,
    Visit,
    decode,
    decode_purchase,
    decode_visit,
    enter_purchase,
    enter_visit,
    purchase_rules,
    visit_rules,
)
from inputs import RULESET

from loyalcore.expression import Node, Scope, check
from loyalcore.matching import Matcher, build
from loyalcore.runner.loading import load_program
from loyalcore.values import FLAG, MONEY, TEXT, Locale

At = Purchase | Visit
Facts = dict[str, Any]
Ready = tuple[Callable[[Any], Sequence[object]], object]  # how one event is matched, and what

# The conditions of bench.yaml as zen-engine writes them. It can't order what is missing.
ZEN_PURCHASE = (
    "orders == 10",
    "amount >= 3500",
    "channel == 'web' and amount >= 10000",
    "channel == 'app' and weekday == 'tuesday'",
    "category == 'books' and quantity != null and quantity >= 3",
    "category in ['fruit', 'bakery'] and amount >= 4500",
    "orders == 2",
    "spend_year >= 150000",
    "orders_month >= 5",
    "spend_year >= 60000 and spend_year < 90000 and amount >= 5000",
    "spend_before > 0 and spend_quarter >= 3 * spend_before",
    "store == 'oslo' and channel == 'shop' and amount >= 4000",
    "store in ['bergen', 'stavanger'] and quantity != null and quantity >= 2 and channel != 'web'",
    "amount >= 15000",
    "category == 'toys' and channel in ['web', 'app'] and quantity != null and quantity < 4",
    "amount == biggest and orders >= 5",
)
ZEN_VISIT = (
    "visits_month >= 3",
    "page == 'cart' and minutes >= 5",
    "page == 'campaign' and channel == 'mail'",
    "page in ['home', 'news'] and spend_year >= 50000",
)


def replayed(path: Path, count: int) -> Iterator[At]:
    """The events with their figures, as the handwritten rules read them."""
    customers: dict[str, Customer] = {}
    with path.open("rb") as file:
        for line in islice(file, count):
            event = decode(line)
            time = (event.time - EPOCH) // MICROSECOND
            customer = customers.setdefault(event.subject, Customer())
            if event.type == "purchase":
                yield enter_purchase(customer, time, decode_purchase(event.data))
            else:
                yield enter_visit(customer, time, decode_visit(event.data))


def facts_of(at: At) -> Facts:
    """What the conditions read, and no more: some matchers pay for every fact."""
    facts = msgspec.structs.asdict(at)
    for name in ("customer", "time", "balance"):
        facts.pop(name, None)
    return facts


def by_loyalcore(
    make: Callable[[Sequence[Node | None]], Matcher], ats: Iterator[At]
) -> list[Ready]:
    """One of loyalcore's matchers for each event type."""
    plans = load_program(RULESET, "compiled").program.events
    on_purchase, on_visit = (
        make([rule.condition for rule in plans[event].rules]).match
        for event in ("purchase", "visit")
    )
    return [(on_purchase if isinstance(at, Purchase) else on_visit, facts_of(at)) for at in ats]


def by_zen(ats: Iterator[At]) -> list[Ready]:
    """All conditions of an event type fused into one expression. Of the ways to drive
    zen-engine that were tried (a sum of bits, a filter, facts as JSON) this is the fastest."""

    def fused(conditions: Sequence[str]) -> Callable[[Facts], Sequence[int]]:
        evaluate = zen.compile_expression(f"[{', '.join(conditions)}]").evaluate
        places = range(len(conditions))
        return lambda facts: tuple(compress(places, evaluate(facts)))

    on_purchase, on_visit = fused(ZEN_PURCHASE), fused(ZEN_VISIT)
    return [(on_purchase if isinstance(at, Purchase) else on_visit, facts_of(at)) for at in ats]


def by_hand(ats: Iterator[At]) -> list[Ready]:
    """The `if`s of the handwritten program, on facts in the form that suits them."""
    return [(purchase_rules if isinstance(at, Purchase) else visit_rules, at) for at in ats]


def selective(rules: int, count: int) -> list[Ready]:
    """Rules that each ask for an article, or one of two, and an amount. Each event is about
    an article that some rule asks for: it has as many matches, however many rules there are."""
    scope = Scope({"sku": TEXT, "amount": MONEY}, {}, {}, Locale("EUR", 2, ZoneInfo("UTC")))
    random = Random(rules)
    conditions = []
    for number in range(rules):
        one, other = f"'s{number}'", f"'s{(number + 1) % rules}'"
        asked = f"sku == {one}" if number % 2 else f"sku in [{one}, {other}]"
        node, mistakes = check(f"{asked} and amount >= {random.randrange(90)}", scope, FLAG)
        assert not mistakes
        conditions.append(node)
    match = build(conditions, "compiled").match
    return [
        (match, {"sku": f"s{random.randrange(rules)}", "amount": random.randrange(100_00)})
        for _ in range(count)
    ]


MATCHERS: Mapping[str, Callable[[Iterator[At]], list[Ready]]] = {
    "durable": partial(by_loyalcore, partial(build, matcher="durable")),
    "durable-bare": partial(by_loyalcore, partial(build, matcher="durable", memo=0)),
    "compiled": partial(by_loyalcore, partial(build, matcher="compiled")),
    "zen": by_zen,
    "by-hand": by_hand,
}


def clocked(ready: list[Ready]) -> dict[str, float]:
    """Match everything once."""
    for match, facts in ready[:100]:
        match(facts)
    gc.freeze()
    matches = 0
    started = process_time()
    for match, facts in ready:
        matches += len(match(facts))
    return {"facts": len(ready), "matches": matches, "seconds": process_time() - started}


if __name__ == "__main__":
    events, count, name = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    kind, _, rules = name.partition("-")
    if kind == "selective":
        ready = selective(int(rules), count)
    else:
        ready = MATCHERS[name](replayed(events, count))
    print(json.dumps(clocked(ready)))
