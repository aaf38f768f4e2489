"""A store whose customers' states are JSON, as they were before they were packed."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from loyalcore.engine.state import unpack_state
from loyalcore.ruleset.source import Source
from loyalcore.runner.loading import load_from
from loyalcore.store import Store

RULESET = """\
currency: EUR
timezone: Europe/Oslo
customer: {name: text, birthday: date, share: number}
events:
  sign_up: {name: text, birthday: date, share: number}
  purchase: {order: id, amount: money, kilos: number, pieces: integer, kind: text, wrapped: date}
  refund: {order: id, amount: money, reverses: purchase}
metrics:
  orders: {count: purchase}
  all_pieces: {sum: purchase.pieces}
  spend: {sum: purchase.amount, over: 90 days}
  lately: {count: purchase, over: 30 days}
  mean: {average: purchase.kilos, over: 90 days}
  kinds: {distinct: purchase.kind}
  first_wrapped: {first: purchase.wrapped}
  latest: {max: purchase.wrapped, over: 90 days}
wallets: {points: {}, stars: {pending: 14 days, expires: 12 months}}
triggers: {quiet: {silence: purchase, for: 60 days}}
rules:
  join: {on: sign_up, then: [set: {name: name, birthday: birthday, share: share / 3}]}
  earn: {on: purchase, limit: 3 per 30 days, then: [earn: {points: amount, stars: kilos}]}
"""


def bought(customer: str, day: int, **fields: object) -> dict[str, object]:
    order = f"o-{day}"
    known = {"type": "purchase", "id": f"{customer}-{day}", "customer": customer, "order": order}
    return {**known, "time": f"2026-01-{day:02}", **fields}


def refunded(customer: str, order: str) -> dict[str, object]:
    known = {"type": "refund", "id": f"{customer}-r", "customer": customer, "order": order}
    return {**known, "time": "2026-01-21", "amount": "3.50"}


ANN = {"name": "Ann ☕", "birthday": "2000-02-29", "share": 2}
EVENTS = [
    {"type": "sign_up", "id": "ann", "customer": "ann", "time": "2026-01-01", **ANN},
    bought("ann", 2, amount=12.5, kilos=2.5, pieces=3, kind="tea", wrapped="2026-01-01"),
    bought("ann", 3, amount=7, kilos=1, pieces=2**62, kind="cake"),
    bought("ann", 20, amount=8, kilos="0.1", kind="tea", wrapped="2026-01-19"),
    refunded("ann", "o-3"),
    refunded("bob", "o-1"),
    *(bought("cat", day, amount=1, pieces=2**63 - 1) for day in (10, 11, 12, 13)),
]
STATES = """
{"customer":"ann","clock":1768950000000000,"since":1767222000000000,"attributes":{"name":"Ann ☕",
"birthday":"2000-02-29","share":"2/3"},"metrics":{"orders":["running",3,3],"all_pieces":[
"running",2,4611686018427387907],"kinds":["distinct",2,{"tea":0,"cake":1}],"first_wrapped":[
"dated",2,"2026-01-01",1767308400000000]},"logs":{"spend":[0,3,"APxjjVtHBgAAXDurb0cGAAC8iKbFSAYA",
"4gQAAAAAAAC8AgAAAAAAACADAAAAAAAA"],"lately":[0,3,"APxjjVtHBgAAXDurb0cGAAC8iKbFSAYA",[]],"mean":
[0,3,"APxjjVtHBgAAXDurb0cGAAC8iKbFSAYA",["2.5",1,"0.1"]],"latest":[0,2,"APxjjVtHBgAAvIimxUgGAA==",
["2026-01-01","2026-01-19"]]},"fired":{"earn":[1767308400000000,1767394800000000,
1768863600000000]},"kept":"8c3b491869ca","account":{"lots":[{"n":1,"w":"points","at":
1767308400000000,"origin":"purchase:o-2","active":12},{"n":2,"w":"stars","at":1767308400000000,
"activates":1768518000000000,"expires":1798844400000000,"origin":"purchase:o-2","active":2},{"n":
3,"w":"points","at":1767394800000000,"origin":"purchase:o-3","active":4,"reversed":3,"claimed":3},
{"n":4,"w":"stars","at":1767394800000000,"activates":1768604400000000,"expires":1798930800000000,
"origin":"purchase:o-3","active":1},{"n":5,"w":"points","at":1768863600000000,"origin":
"purchase:o-20","active":8}],"last":5,"balances":{"points":24,"stars":3},"due":1798844400000000},
"origins":{"purchase:o-2":[1767308400000000,1250,0,0],"purchase:o-3":[1767394800000000,700,350,0],
"purchase:o-20":[1768863600000000,800,0,0]},"life":{"timers":[{"due":1774047600000000,"trigger":
"quiet","since":1768863600000000,"number":3}],"due":1774047600000000,"set":3}}

{"customer":"bob","clock":1768950000000000,"since":1768950000000000,"attributes":{},"kept":
"8c3b491869ca","waiting":[["refund","bob-r","purchase:o-1",350,1768950000000000]],"life":{}}

{"customer":"cat","clock":1768258800000000,"since":1767999600000000,"attributes":{},"metrics":{
"orders":["running",4,4],"all_pieces":["running",4,36893488147419103228]},"logs":{"spend":[0,4,
"APwefPxHBgAAXPaZEEgGAAC8zbckSAYAAByl1ThIBgA=","ZAAAAAAAAABkAAAAAAAAAGQAAAAAAAAAZAAAAAAAAAA="],
"lately":[0,4,"APwefPxHBgAAXPaZEEgGAAC8zbckSAYAAByl1ThIBgA=",[]]},"fired":{"earn":
[1767999600000000,1768086000000000,1768172400000000]},"kept":"8c3b491869ca","account":{"lots":[{
"n":1,"w":"points","at":1767999600000000,"origin":"purchase:o-10","active":1},{"n":2,"w":"points",
"at":1768086000000000,"origin":"purchase:o-11","active":1},{"n":3,"w":"points","at":
1768172400000000,"origin":"purchase:o-12","active":1}],"last":3,"balances":{"points":3}},
"origins":{"purchase:o-10":[1767999600000000,100,0,0],"purchase:o-11":[1768086000000000,100,0,0],
"purchase:o-12":[1768172400000000,100,0,0],"purchase:o-13":[1768258800000000,100,0,0]},"life":{
"timers":[{"due":1773442800000000,"trigger":"quiet","since":1768258800000000,"number":4}],"due":
1773442800000000,"set":4}}
"""
"""Of ann, bob and cat after these events; broken into lines. Cat has more pieces than 64 bits."""


def shop_of_before(shop: Any) -> Any:
    """The shop with its store as it was."""
    shop.run(RULESET, EVENTS)
    states = [text.replace("\n", "").encode() for text in STATES.strip().split("\n\n")]
    connection = sqlite3.connect(shop.path)
    with connection:
        for customer, state in zip(("ann", "bob", "cat"), states, strict=True):
            connection.execute(
                "update customers set state = ? where customer = ?", (state, customer)
            )
        connection.execute("delete from _sqlite_migrations where name = 'packed_states'")
    connection.close()
    return shop


def test_the_states_of_before_are_those_of_now(shop: Any, shop_in: Callable[[Path], Any]) -> None:
    shop.run(RULESET, EVENTS)
    (shop.path.parent / "before").mkdir()
    before = shop_of_before(shop_in(shop.path.parent / "before"))
    Store.open(before.path).close()
    program = load_from(Source({"shop.yaml": f"program: shop\n{RULESET}"}, "shop.yaml")).program
    states = "select state from customers order by customer"
    was, now = (
        [unpack_state(program, state, list) for state in one.ask(states)] for one in (before, shop)
    )
    assert was == now


def test_a_run_goes_on_from_the_states_of_before(shop: Any, shop_in: Callable[[Path], Any]) -> None:
    (shop.path.parent / "before").mkdir()
    before = shop_of_before(shop_in(shop.path.parent / "before"))
    later = [
        bought("ann", 25, amount=2, kilos="0.4", kind="jam", wrapped="2026-01-02"),
        bought("bob", 26, order="o-1", amount=7, kilos=1),
        bought("cat", 27, amount=10, pieces=1),
    ]
    shop.run(RULESET, EVENTS)
    for one in (shop, before):
        one.run(RULESET, later, until="2027-03-01")
    assert before.ask("select * from decisions") == shop.ask("select * from decisions")
    assert before.ask("select * from entries") == shop.ask("select * from entries")
