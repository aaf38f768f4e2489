"""Random histories of relationships that are ended, in a store: what must hold of each of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from loyalcore.effects.changes import Accrue, ChangeApproval, EndParting, Part, Send
from loyalcore.ruleset.dissolution import PHASES
from loyalcore.ruleset.source import Source
from loyalcore.runner.carrying import takeover
from loyalcore.runner.dissolution import foresee, partings, summaries
from loyalcore.runner.loading import load_from
from loyalcore.runner.replay import CompiledPrograms, Told, current_state, retell
from loyalcore.runner.run import activate
from loyalcore.runner.verify import verify
from loyalcore.store import Store
from loyalcore.store.customers import each_state
from loyalcore.store.decided import DISSOLUTION
from loyalcore.values import read_time
from runner.histories import Line, NewShop, in_two_runs, of_orders, on, run_anyhow

RULESET = """\
program: shop
timezone: Europe/Oslo
allow_late: 5 days
customer: {protected: flag}
events:
  purchase: {order: id, amount: money}
  refund: {order: id, amount: money, reverses: {event: purchase, take: may go negative}}
  cost: {amount: money}
  wish: {}
  renewed: {}
  returned: {}
  visit: {}
  know: {flag: flag}
  redeem: {reward: id, redeems: reward}
  merge: {into: id, merges: into}
  split: {whom: id, unmerges: whom}
metrics:
  income: {sum: purchase.amount, over: this week}
  costs: {sum: cost.amount, over: this week}
  visits: {count: visit, over: 2 days}
  spend: {sum: purchase.amount, over: 60 days}
wallets:
  points: {pending: 2 days, minimum: none, price: 0.01, expires: 30 days}
  stars: {}
  credits: {pending: 9 days}
tiers:
  club: {by: spend, levels: {basic: 0, gold: 30}, keep: 90 days, grace: 5 days, warn: 5 days}
stages: {client: , partner: {enter: spend >= 30}, former: }
people: {anna: boss, bo: boss}
approvals: {part: {role: boss, expires: 6 days}}
tasks: {talk: {role: boss, due: 2 days}}
offers:
  punch: {open: {on: visit}, reach: {count: purchase, at_least: 3}, then: [{earn: {stars: 5}}]}
rewards: {mug: {price: {points: 3}, then: [{send: receipt}]}}
journeys:
  care:
    enter: visit
    again: true
    steps: [{after 3 days: {earn: {stars: 2}}}, {after 4 days: {send: ad}}]
messages:
  news: {text: "{{ dissolution.partners.phase }} {{ dissolution.partners.until }}"}
  ad: {text: ad, purpose: promotional}
  receipt: {text: receipt}
rules:
  earn: {on: purchase, then: [{earn: {points: amount, credits: 1}}, {send: ad}]}
  know: {on: know, then: [{set: {protected: flag}}]}
  ad: {on: visit, then: [{send: ad}, {earn: {stars: 1}}]}
  told:
    on: [dissolution_phase, dissolution_ended, paid_out]
    then: [{send: receipt}, {earn: {stars: 1}}]
dissolution:
  partners:
    never: protected
    pause: visits >= 2
    reasons:
      unprofitable: {when: income < costs, for: 2 weeks}
      silent: {silent: {event: purchase, for: 40 days}}
      wish: wish
    improve: {do: {task: talk}, within: 6 days, improved: income > costs, skip: [wish]}
    approval: part
    evidence: {spend: spend}
    phases:
      announced: {do: {send: news}, lasts: 3 days}
      notice: {lasts: 5 days, accrual: stops}
      redemption: {lasts: 4 days, do: {send: news}}
      settlement: {lasts: 2 days}
      closed: {do: {send: news}}
    settle: {points: {pay_out: 0.01}, stars: expire, credits: {convert: {to: stars, rate: 1.5}}}
    debts: {points: invoice}
    stage: former
    withdraw: renewed
    reopen: {on: returned, after: 4 days, restores: {tier: true, points: true, stage: client}}
    cool_off: 10 days
"""

YES = {"type": "approval_given", "approval": "part", "approved": True, "by": "anna"}
KINDS: list[Mapping[str, object]] = [
    *[{"type": "purchase", "amount": amount} for amount in (3, 20, 40)],
    {"type": "refund", "amount": 20},
    {"type": "cost", "amount": 50},
    *[{"type": "wish"}] * 4,
    *[YES] * 6,
    {**YES, "approved": False, "by": "bo"},
    {"type": "renewed"},
    *[{"type": "returned"}] * 2,
    {"type": "visit"},
    {"type": "know", "flag": True},
    {"type": "know", "flag": False},
    {"type": "redeem", "reward": "mug"},
    {"type": "merge", "into": "ann"},
    {"type": "split", "whom": "bob"},
    {"type": "pause_dissolution", "by": "anna", "reason": "talks"},
    {"type": "resume_dissolution", "by": "bo"},
    {"type": "withdraw_dissolution", "by": "bo"},
    {"type": "reopen_dissolution", "by": "bo"},
    {"type": "adjust_points", "wallet": "points", "points": -15, "note": "n"},
    {"type": "adjust_points", "wallet": "credits", "points": 4, "note": "n"},
]


@settings(max_examples=settings().max_examples // 2)
@given(
    in_two_runs(
        of_orders(st.sampled_from(KINDS)),
        gaps=[0, 1, 23, 24, 24, 72, 120, 240],
        customers=["ann", "ann", "ann", "bob"],
        most=16,
        late=[0, 0, 40, 90],
    ),
    st.data(),
)
def test_whatever_happens_it_ends_well(
    new_shop: NewShop, runs: list[list[Line]], data: st.DataObject
) -> None:
    until = on(days=200)
    with new_shop() as simple, new_shop() as odd:
        for lines in runs:
            simple.run(RULESET, lines)
            run_anyhow(odd, RULESET, lines, data)
        simple.run(RULESET, until=until)
        run_anyhow(odd, RULESET, [], data, until=until)
        assert odd.history() == simple.history()
        odd.check()
        with Store.open(odd.path) as store:
            compiled = CompiledPrograms(store.connection)
            for customer, _ in each_state(store.connection):
                holds([*retell(store.connection, customer, compiled)])


def holds(history: list[Told]) -> None:
    """What must be true of each customer, step by step."""
    approved: set[int] = set()
    asked: dict[int, int] = {}  # the approval of each dissolution, by number
    reached: dict[int, list[str]] = {}
    for told in history:
        before, after = told.before.life.dissolution, told.after.life.dissolution
        for decision in told.outcome.decisions:
            for change in decision.changes:
                match change:
                    case ChangeApproval(number=number, how="approved"):
                        approved.add(number)
                    case Part(number=number, phase=phase):
                        if phase in PHASES:
                            assert asked[number] in approved, "nothing without an approval"
                        reached.setdefault(number, []).append(phase)
                    case Send(purpose="promotional"):
                        assert not (before and before.announced), "nothing is promoted"
                    case Accrue():
                        assert not (before and before.stopped and after is before)
        if after is not None and after.phase == "proposed":
            asked[after.number] = after.approval
        if after is not None and after.settled:
            lots = told.after.account.lots
            assert not any(lot.pending or lot.active or lot.owed for lot in lots)
        if after is not None and before is not None and before.stopped and after.stopped:
            kinds = {entry.kind for one in told.outcome.decisions for entry in one.entries}
            assert "accrue" not in kinds
        moved: dict[str, int] = {}
        for decision in told.outcome.decisions:
            for entry in decision.entries:
                if entry.bucket in ("active", "owed"):
                    moved[entry.wallet] = moved.get(entry.wallet, 0) + entry.points
        was, now = told.before.account.balances, told.after.account.balances
        for wallet in {*was, *now, *moved}:
            assert now.get(wallet, 0) == was.get(wallet, 0) + moved.get(wallet, 0)
        reopened(told)
    order = ["improving", "proposed", *PHASES]
    for phases in reached.values():
        places = [order.index(phase) for phase in phases]
        assert places == sorted(set(places)), "each phase once, in order"


def reopened(told: Told) -> None:
    """What comes back is what expired as it was settled, the levels, and the stage."""
    one = told.before.life.dissolution
    changes = [c for d in told.outcome.decisions for c in d.changes]
    if one is None or EndParting("partners", one.number, "reopened") not in changes:
        return
    assert told.after.account.balances == one.expired
    assert {*told.after.life.tiers} >= {*one.tiers}
    assert told.after.life.stage is not None
    assert told.after.life.dissolution is None


def test_histories_come_to_something(shop: Any) -> None:
    # Guards the test above: what it draws from does lead to every phase, and back.
    deeds: list[Mapping[str, object]] = [
        *({"type": "visit"}, {"type": "purchase", "amount": 40}, {"type": "wish"}, YES),
        *({"type": "redeem", "reward": "mug"}, {"type": "returned"}, {"type": "wish"}, YES),
        {"type": "renewed"},
    ]
    hours = [0, 1, 24, 48, 300, 800, 1100, 1101, 1200]
    lines = [
        {"id": f"{n:03}", "customer": "ann", "time": on(hour), "order": str(n), **deed}
        for n, (hour, deed) in enumerate(zip(hours, deeds, strict=True))
    ]
    fired = shop.run(RULESET, lines, until=on(days=60)).fired
    assert {f"dissolution.partners.{phase}" for phase in ("proposed", *PHASES)} <= fired.keys()
    assert fired["dissolution.partners.announced"] == 2
    assert {"dissolution.partners.reopened", "dissolution.partners.withdrawn"} <= fired.keys()


LINES: list[dict[str, object]] = [
    {"id": "1", "customer": "ann", "type": "purchase", "time": on(0), "amount": 40, "order": "1"},
    {"id": "2", "customer": "ann", "type": "wish", "time": on(24)},
    {"id": "3", "customer": "ann", **YES, "time": on(48)},
]


def test_what_is_foreseen_is_what_happens(shop: Any) -> None:
    shop.run(RULESET, LINES[:2])
    with Store.open(shop.path) as store:
        program = CompiledPrograms(store.connection)[1]
        at = read_time(on(48), program.locale.zone)
        before = shop.history()
        _, ahead = foresee(store.connection, program, "ann", "partners", at)
    assert shop.history() == before  # nothing is written
    shop.run(RULESET, LINES[2:], until=on(days=60))
    with Store.open(shop.path) as store:
        (one,) = partings(DISSOLUTION.decided_of(store.connection, "ann"))
    begun = {phase: time for phase, time in one.phases.items() if phase in PHASES}
    assert {each.phase: each.time for each in ahead.phases} == begun
    settled = [it for it in one.settled if it["how"] != "activated"]
    foreseen = [it for it in ahead.points if it.change.how != "activated"]
    assert [(it.time, it.change.how, it.change.points) for it in foreseen] == [
        (it["time"], it["how"], it["points"]) for it in settled
    ]
    sent = shop.ask("select message, time from outbox where message = 'news' order by seq")
    assert [(it.send.message, it.time) for it in ahead.messages] == sent


def test_the_outlook_says_what_would_hold_it(shop: Any) -> None:
    protected = {"id": "0", "customer": "ann", "type": "know", "flag": True, "time": on(0)}
    shop.run(RULESET, [protected])
    with Store.open(shop.path) as store:
        program = CompiledPrograms(store.connection)[1]
        _, ahead = foresee(store.connection, program, "ann", "partners", 0)
    assert (ahead.phases, ahead.held) == ((), "never: protected")


def test_summaries_count_what_became_of_them(shop: Any) -> None:
    shop.run(RULESET, LINES, until=on(days=60))
    with Store.open(shop.path) as store:
        (one,) = summaries(DISSOLUTION.each_decided(store.connection), ["partners"])
    assert (one.proposed, one.begun, one.outcomes) == (1, 1, {"closed": 1})
    assert one.now == {"closed": 1}
    assert one.amounts == {("points", "paid out"): ["0.40"]}
    assert one.settled[("credits", "converted")] == 1


# --- another program takes over ---------------------------------------------------------------


def taken_over(shop: Any, ruleset: str, time: str) -> Any:
    loaded = load_from(Source({"shop.yaml": ruleset}, "shop.yaml"), "compiled")
    with Store.open(shop.path) as store:
        items = takeover(loaded, store.connection).items
        activate(loaded, store, read_time(time, loaded.program.locale.zone))
    return [item for item in items if item.what == "dissolution"]


def current(shop: Any) -> Any:
    with Store.open(shop.path) as store:
        programs = CompiledPrograms(store.connection)
        ((_, stored),) = each_state(store.connection)
        (number,) = shop.ask("select max(program) from events")
        return current_state(store.connection, programs[number], "ann", stored).life


def test_s15_one_that_runs_goes_on_by_the_new_lengths(shop: Any) -> None:
    shop.run(RULESET, LINES)
    longer = RULESET.replace("lasts: 3 days", "lasts: 30 days")
    assert taken_over(shop, longer, on(60)) == []
    shop.run(longer, until=on(48 + 30 * 24 - 1))
    assert current(shop).dissolution.phase == "announced"
    shop.run(longer, until=on(48 + 30 * 24))
    assert current(shop).dissolution.phase == "notice"


def test_s15_one_that_is_gone_is_withdrawn_and_counted(shop: Any) -> None:
    shop.run(RULESET, LINES)
    ruleset = RULESET.replace("  partners:\n    never", "  others:\n    never")
    ruleset = ruleset.replace("dissolution.partners", "dissolution.others")
    (item,) = taken_over(shop, ruleset, on(60))
    assert (item.name, item.to, item.customers) == ("partners", None, 1)
    shop.run(ruleset, until=on(61))
    life = current(shop)
    assert life.dissolution is None
    assert "partners" in life.parted
    with Store.open(shop.path) as store:
        (one,) = partings(DISSOLUTION.decided_of(store.connection, "ann"))
        assert (one.outcome, one.there) == ("withdrawn", False)
        assert verify(store.connection).difference is None


def test_s15_what_is_closed_stays_so(shop: Any) -> None:
    shop.run(RULESET, LINES, until=on(days=60))
    ruleset = RULESET[: RULESET.index("dissolution:\n")].replace("dissolution.partners.", "time")
    ruleset = ruleset.replace("{{ timephase }} {{ timeuntil }}", "news")
    assert taken_over(shop, ruleset, on(days=61)) == []
    visit = {"id": "9", "customer": "ann", "type": "visit", "time": on(days=62)}
    shop.run(ruleset, [visit])
    assert current(shop).dissolution.phase == "closed"
    assert shop.ask("select count(*) from outbox where message = 'ad' and time > ?", 0) == [1]


# --- as stored ---------------------------------------------------------------------------------


def test_json_of_decisions_is_readable(shop: Any) -> None:
    shop.run(RULESET, LINES)
    (effects,) = shop.ask(
        "select effects from decisions where rule = 'dissolution.partners.announced'"
    )
    assert json.loads(effects)[0] == {
        "effect": "part",
        "dissolution": "partners",
        "number": 1,
        "phase": "announced",
        "reason": "wish",
        "until": "2026-01-06T00:00:00Z",
    }
