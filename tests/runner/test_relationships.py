"""Random histories of customers who are won back, complain and are parted with, all at once.

Nobody is in two win-backs, whatever rules overlap; nobody who waits for an answer, or is parted
with, is promoted to; and who is parted with leaves nothing in the ledger.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from loyalcore.effects.changes import EndParting, EnterJourney, OpenCase, Send
from loyalcore.engine.life import Life
from loyalcore.runner.replay import CompiledPrograms, Told, retell
from loyalcore.store import Store
from loyalcore.store.customers import each_state
from runner.histories import Line, NewShop, in_two_runs, on

RULESET = """\
program: shop
timezone: Europe/Oslo
allow_late: 3 days
events:
  purchase: {amount: money}
  complaint: {ticket: id}
  answer: {ticket: id}
  solved: {ticket: id}
  enquiry: {}
  wish: {}
  lost: {}
  returned: {}
  merge: {into: id, merges: into}
metrics:
  spend: {sum: purchase.amount, over: 20 days}
  spend_before: {sum: purchase.amount, over: 20 days, ending: 20 days ago}
wallets: {points: {pending: 2 days, price: 0.01}, stars: {}}
people: {anna: boss}
approvals: {part: {role: boss, expires: 6 days}}
messages:
  ad: {text: Buy!, purpose: promotional}
  note: {text: A note.}
rules:
  earn: {on: purchase, then: [earn: {points: amount}, send: ad]}
  ad: {on: [complaint, solved, answer, enquiry, wish, case_closed], then: [send: ad, send: note]}
win_back:
  silent:
    silent: {event: purchase, for: 10 days}
    again: true
    steps: [now: {send: ad}, after 3 days: {send: note}, after 9 days: {send: ad}]
    until: purchase
    attribution: 4 days
    cool_off: 5 days
  less:
    decline: {metric: spend, by: 30 %, against: spend_before}
    again: true
    steps: [after 1 day: {send: ad}, on enquiry: {do: {send: ad}, within: 6 days}]
    until: purchase
    stops: {complained: complaint}
  gone:
    enter: lost
    holdout: 30 %
    again: true
    steps: [now: {send: ad}, after 5 days: {earn: {stars: 3}}]
    until: purchase
recovery:
  complaints:
    open: complaint
    case: ticket
    promise: 2 days
    answered: answer
    resolved: solved
    reopens: 4 days
    close: 6 days
    goodwill: {do: [earn: {stars: 5}, send: ad]}
    survey: {after: 1 day, do: {send: ad}}
  enquiries: {open: enquiry, answered: answer, pause: none}
dissolution:
  partners:
    reasons: {wish: wish}
    approval: part
    phases:
      announced: {do: {send: note}, lasts: 3 days}
      notice: {lasts: 3 days}
      redemption: {lasts: 2 days}
      settlement:
      closed: {do: {send: note}}
    settle: {points: pay out, stars: expire}
    reopen: {on: returned, restores: {points: true}}
"""

YES = {"type": "approval_given", "approval": "part", "approved": True, "by": "anna"}
KINDS: list[Mapping[str, object]] = [
    *[{"type": "purchase", "amount": amount} for amount in (2, 9, 40)],
    *[{"type": kind, "ticket": ticket} for kind in ("complaint", "answer") for ticket in "ab"],
    *[{"type": kind, "ticket": "a"} for kind in ("complaint", "solved")],
    *[{"type": kind} for kind in ("enquiry", "lost", "lost", "wish", "wish", "returned")],
    *[YES] * 3,
    {"type": "merge", "into": "ann"},
]


@settings(max_examples=settings().max_examples // 2)
@given(
    in_two_runs(
        lambda number: st.sampled_from(KINDS),
        gaps=[0, 0, 1, 24, 24, 72, 240],
        customers=["ann", "ann", "bob"],
        most=16,
        late=[0, 40],
    )
)
def test_relationships_are_kept_apart(new_shop: NewShop, runs: list[list[Line]]) -> None:
    with new_shop() as shop:
        for lines in runs:
            shop.run(RULESET, lines)
        shop.run(RULESET, until="2026-12-31")
        shop.check()
        with Store.open(shop.path) as store:
            compiled = CompiledPrograms(store.connection)
            for customer, _ in each_state(store.connection):
                for told in retell(store.connection, customer, compiled):
                    holds(told)


def holds(told: Told) -> None:
    """What must be true of every step of every customer."""
    before, after = told.before.life, told.after.life
    changes = [change for decision in told.outcome.decisions for change in decision.changes]
    assert len(won_back(after)) <= 1
    entered = [change for change in changes if isinstance(change, EnterJourney)]
    assert not (won_back(before) & won_back(after) and entered), "one more while in one"
    if any(isinstance(change, Send) and change.purpose == "promotional" for change in changes):
        assert not (waits(before) and waits(after)), "who waits for an answer is promoted to"
        assert not (opened(changes) and waits(after)), "who has just complained is promoted to"
        assert not parted(before), "who is parted with is promoted to"
    ended = any(isinstance(change, EndParting) for change in changes)
    if parted(after) and after.dissolution.phase == "closed" and not ended:  # type: ignore[union-attr]
        assert not any(told.after.account.balances.values()), "something is left"


def won_back(life: Life) -> set[tuple[str, int]]:
    return {(r.journey, r.number) for r in life.journeys if r.journey.startswith("win_back.")}


def waits(life: Life) -> set[int]:
    return {c.number for c in life.cases if c.recovery == "complaints" and c.ended is None}


def opened(changes: Iterable[object]) -> bool:
    return any(isinstance(c, OpenCase) and c.recovery == "complaints" for c in changes)


def parted(life: Life) -> bool:
    return life.dissolution is not None and bool(life.dissolution.announced)


def test_histories_come_to_something(shop: Any) -> None:
    # Guards the test above: all of it happens.
    def line(day: int, customer: str = "ann", **data: object) -> dict[str, object]:
        id = f"{day}-{len(data)}-{customer}"
        return {"id": id, "customer": customer, "time": on(12, days=day), **data}

    shop.run(
        RULESET,
        [
            line(0, type="purchase", amount=40),
            line(1, type="complaint", ticket="a"),
            line(2, type="solved", ticket="a"),
            line(5, "bob", type="purchase", amount=40),
            *[line(day, "cat", type="purchase", amount=40 - 4 * day) for day in (0, 9)],
            line(13, type="lost"),
            line(18, "cat", type="purchase", amount=2),
            line(40, type="wish"),
            line(41, **YES),
            line(60, "bob", type="complaint", ticket="b"),
        ],
        until="2026-12-31",
    )
    rules = set(shop.ask("select rule from decisions where reason = ''"))
    assert {
        *("win_back.silent", "win_back.less", "recovery.complaints.opened"),
        *("recovery.complaints.goodwill", "recovery.complaints.survey"),
        *("dissolution.partners.announced", "dissolution.partners.closed"),
    } <= rules
    held = set(shop.ask("select rule from decisions where reason like 'in win_back.%'"))
    assert held & {"win_back.gone", "win_back.less", "win_back.silent"}
