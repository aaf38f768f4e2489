"""Relationships that are ended well: for a reason, by a person, in phases, nothing left over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from loyalcore.engine.cascade import cascade
from loyalcore.engine.state import new_state
from loyalcore.events import Event
from loyalcore.values import read_time, to_datetime

MakeClub = Callable[[str], Any]

OSLO = ZoneInfo("Europe/Oslo")

SHOP = """
customer: {protected: flag, hardship: flag}
events:
  purchase: {amount: money}
  refund: {purchase: id, amount: money, reverses: {event: purchase, take: may go negative}}
  cost: {amount: money}
  meeting: {}
  breach: {severe: flag}
  wish: {}
  renewed: {}
  returned: {}
  visit: {}
  news: {}
  know: {flag: flag}
  hard: {flag: flag}
  promote: {}
  join: {other: id, merges: other}
metrics:
  income: {sum: purchase.amount, over: this quarter}
  costs: {sum: cost.amount, over: this quarter}
  visits: {count: visit, over: 7 days}
  spend: {sum: purchase.amount, over: 365 days}
  closed: {count: dissolution_ended, where: outcome == 'closed'}
wallets:
  points: {pending: 10 days, minimum: none, price: 0.02}
  stars: {}
  credits: {}
tiers:
  club: {by: spend, levels: {basic: 0, gold: 1000}, keep: 24 months}
stages:
  client:
  partner: {enter: {on: meeting}}
  former:
people: {anna: [manager], bo: [manager], carl: [clerk]}
approvals:
  dissolve: {role: manager, expires: 30 days}
tasks:
  talk: {role: clerk, outcomes: [agreed, nothing]}
messages:
  part: {text: "We part; earn until {{ dissolution.partners.earn_until }}"}
  use: {text: "Use {{ balance.points }} until {{ dissolution.partners.redeem_until }}"}
  thanks: {text: Thank you}
  back: {text: Welcome back}
  on: {text: We go on}
  offers: {text: Buy, purpose: promotional}
  receipt: {text: Receipt}
offers:
  punch: {open: {on: visit}, reach: {count: purchase, at_least: 9}, then: [{earn: {stars: 9}}]}
journeys:
  care: {enter: visit, again: true, steps: [{after 90 days: {send: receipt}}]}
rewards:
  mug: {price: {points: 10}, then: [{send: receipt}]}
rules:
  earn: {on: purchase, then: [{earn: {points: amount / 10}}]}
  more: {on: visit, then: [{earn: {stars: 1}}]}
  promote: {on: promote, then: [{send: offers}, {send: receipt}]}
  know: {on: know, then: [{set: {protected: flag}}]}
  hard: {on: hard, then: [{set: {hardship: flag}}]}
"""

REASONS = """
      unprofitable: {when: income < costs, for: 3 quarters}
      drifted: {silent: {event: meeting, for: 12 months}}
      breach: {on: breach, when: severe}
      wish: wish
"""

PHASES = """
      announced: {do: {send: part}, lasts: 14 days}
      notice: {lasts: 3 months, accrual: stops}
      redemption: {lasts: 60 days, do: {send: use}}
      settlement: {lasts: 1 day}
      closed: {do: {send: thanks}}
"""

IMPROVE = (
    "    improve: {do: {task: talk}, within: 90 days, improved: income > costs, skip: [wish]}\n"
)


def parting(more: str = "", *, phases: str = PHASES, reasons: str = REASONS) -> str:
    return (
        f"{SHOP}dissolution:\n  partners:\n"
        "    approval: dissolve\n"
        f"    never: protected\n    pause: hardship\n    reasons:{reasons}    phases:{phases}"
        "    settle: {points: {pay_out: 0.01}, stars: expire,"
        " credits: {convert: {to: stars, rate: 2}}}\n"
        "    withdraw: {on: renewed, do: {send: on}}\n    stage: former\n"
        "    evidence: {spend: spend}\n    cool_off: 12 months\n"
        f"{more}"
    )


def at(time: int) -> str:
    local = to_datetime(time, OSLO)
    return f"{local:%Y-%m-%d}" if not (local.hour or local.minute) else f"{local:%Y-%m-%dT%H:%M}"


def told(shop: Any) -> list[str]:
    """What dissolutions did, in order, with when: what was held back in brackets."""
    found = []
    for outcome in shop.outcomes:
        for decision in outcome.decisions:
            section, _, rest = decision.rule.partition(".")
            if section != "dissolution":
                continue
            what = rest.partition(".")[2]
            when = at(outcome.event.time)
            found.append(f"{when} [{decision.reason}]" if decision.reason else f"{when} {what}")
    return found


def sent(shop: Any) -> list[str]:
    return [effect["message"] for effect in shop.effects if effect["effect"] == "send"]


def settled(shop: Any) -> list[str]:
    return [
        " ".join(
            str(effect[key])
            for key in ("how", "points", "wallet", "amount", "given", "to")
            if key in effect
        )
        for effect in shop.effects
        if effect["effect"] == "settle"
    ]


def answer(shop: Any, time: str | int, *, approved: bool = True, by: str = "anna") -> Any:
    return shop.happens("approval_given", time, approval="dissolve", approved=approved, by=by)


def just_before(text: str) -> int:
    return read_time(text, OSLO) - 1


def phase(shop: Any, customer: str = "ann") -> str | None:
    one = shop.states[customer].life.dissolution
    return None if one is None else one.phase


# --- proposed ---------------------------------------------------------------------------------


def test_from_a_wish_to_the_last_thanks_each_phase_at_its_instant(club: MakeClub) -> None:
    shop = club(parting())
    shop.happens("purchase", "2026-01-01", amount=100).happens("wish", "2026-01-02")
    assert told(shop) == ["2026-01-02 proposed"]
    shop.waits("2026-01-09")
    assert told(shop) == []
    answer(shop, "2026-01-10")
    assert (told(shop), sent(shop)) == (["2026-01-10 announced"], ["part"])
    assert shop.effects[-1]["values"] == {"dissolution.partners.earn_until": "2026-01-23T23:00:00Z"}
    shop.waits(just_before("2026-01-24"))
    assert told(shop) == []
    shop.waits("2026-01-24")
    assert told(shop) == ["2026-01-24 notice"]
    shop.waits(just_before("2026-04-24"))
    assert told(shop) == []
    shop.waits("2026-04-24")
    assert (told(shop), sent(shop)) == (["2026-04-24 redemption"], ["use"])
    shop.waits(just_before("2026-06-23"))
    assert told(shop) == []
    shop.waits("2026-06-23")
    assert told(shop) == ["2026-06-23 settlement", "2026-06-23 settled"]
    assert settled(shop) == ["paid out 10 points 0.10"]
    shop.waits("2026-06-24")
    assert (told(shop), sent(shop)) == (["2026-06-24 closed"], ["thanks"])
    assert shop.states["ann"].life.stage.stage == "former"
    emitted = [outcome.event for outcome in shop.outcomes if outcome.event.depth]
    assert [event.data for event in emitted if event.type == "dissolution_ended"] == [
        {"dissolution": "partners", "number": 1, "outcome": "closed"}
    ]


def test_nothing_begins_without_an_approval(club: MakeClub) -> None:
    shop = club(parting())
    shop.happens("wish", "2026-01-01").waits(just_before("2026-01-31"))
    assert phase(shop) == "proposed"
    shop.waits("2026-01-31")  # as the approval expires
    assert told(shop) == ["2026-01-31 expired"]
    shop.happens("wish", just_before("2027-01-31"))
    assert told(shop) == ["2027-01-30T23:59 [cool off: until 2027-01-30T23:00:00Z]"]
    shop.happens("wish", "2027-01-31")
    assert told(shop) == ["2027-01-31 proposed"]
    answer(shop, "2027-02-01", approved=False)
    assert told(shop) == ["2027-02-01 rejected"]
    assert shop.states["ann"].life.parted["partners"].number == 2


def test_who_may_not_approve_begins_nothing(club: MakeClub) -> None:
    shop = club(parting())
    shop.happens("wish", "2026-01-01")
    answer(shop, "2026-01-02", by="carl")
    assert shop.held == {"events.approval_given": "carl has not the role manager"}
    assert phase(shop) == "proposed"


def test_what_is_unprofitable_is_judged_as_each_period_ends(club: MakeClub) -> None:
    shop = club(parting(IMPROVE))
    shop.happens("meeting", "2025-12-31").happens("cost", "2026-02-01", amount=5)
    shop.happens("cost", "2026-05-01", amount=5).happens("cost", "2026-08-01", amount=6)
    shop.waits(just_before("2026-10-01"))
    assert told(shop) == []
    place = "dissolution.partners.unprofitable"
    assert shop.states["ann"].life.streaks[place].count == 2
    shop.waits("2026-10-01")
    assert told(shop) == ["2026-10-01 improving"]
    assert [task.task for task in shop.states["ann"].life.tasks] == ["talk"]
    shop.happens("task_done", "2026-12-01", task="talk", outcome="nothing", by="carl")
    shop.waits(just_before("2026-12-29T23:00"))
    assert phase(shop) == "improving"
    shop.waits("2026-12-29T23:00")  # 90 days on, by a clock that was set back meanwhile
    assert [line.split()[1] for line in told(shop)] == ["proposed"]
    (approval,) = shop.states["ann"].life.approvals
    assert approval.evidence == {
        "spend": "0.00",
        "reason": "unprofitable",
        "periods": [
            {"ended": "2026-03-31T22:00:00Z", "costs": "5.00", "income": "0.00"},
            {"ended": "2026-06-30T22:00:00Z", "costs": "5.00", "income": "0.00"},
            {"ended": "2026-09-30T22:00:00Z", "costs": "6.00", "income": "0.00"},
        ],
        "tried": [{"time": "2026-09-30T22:00:00Z", "what": "task talk", "outcome": "nothing"}],
    }


def test_a_period_that_pays_begins_the_count_again(club: MakeClub) -> None:
    shop = club(parting())
    shop.happens("visit", "2025-12-31")
    for month, amount in (("02", 5), ("05", 5), ("08", 5), ("11", 5)):
        shop.happens("cost", f"2026-{month}-01", amount=amount)
        if month == "05":
            shop.happens("purchase", "2026-05-02", amount=6)
    shop.waits("2027-01-01")
    assert told(shop) == ["2027-01-01 [for: 2 of 3 quarters]"]


def test_a_period_is_judged_once_whatever_else_is_due_then(club: MakeClub) -> None:
    shop = club(parting())
    shop.happens("visit", "2025-12-31").happens("cost", "2026-02-01", amount=5)
    shop.waits("2026-04-01")
    now = read_time("2026-04-01", OSLO)
    again = Event(shop.program.source, "again", "due", "ann", now, {}, "{}")
    shop.outcomes = [*cascade(shop.program, shop.states, new_state, again, shop.shared)]
    assert told(shop) == []
    assert shop.states["ann"].life.streaks["dissolution.partners.unprofitable"].count == 1


def test_a_period_that_the_customer_came_in_does_not_count(club: MakeClub) -> None:
    shop = club(parting())
    shop.happens("cost", "2026-01-01T00:00:01", amount=5)
    shop.waits("2026-04-01")
    assert told(shop) == []
    assert shop.states["ann"].life.streaks == {}


@pytest.mark.parametrize(("amount", "outcome"), [(5, "proposed"), (6, "improved")])
def test_what_improves_is_left_alone(club: MakeClub, amount: int, outcome: str) -> None:
    shop = club(parting(IMPROVE.replace("90 days", "2 quarters")))
    shop.happens("meeting", "2025-12-31")
    for month in ("02", "05", "08"):
        shop.happens("cost", f"2026-{month}-01", amount=5)
    shop.happens("purchase", "2026-10-02", amount=amount)
    shop.happens("cost", "2026-10-03", amount=5)
    shop.waits(just_before("2027-01-01"))
    assert phase(shop) == "improving"
    shop.waits("2027-01-01")
    if outcome == "improved":
        assert told(shop) == ["2027-01-01 improved"]
        assert shop.states["ann"].life.streaks == {}
    else:
        assert told(shop) == []
        shop.waits("2027-04-01")
        assert told(shop) == ["2027-04-01 proposed"]


def test_a_silence_is_a_reason(club: MakeClub) -> None:
    shop = club(parting())
    shop.happens("meeting", "2026-01-01").waits(just_before("2027-01-01"))
    assert told(shop) == []
    shop.waits("2027-01-01")
    assert told(shop) == ["2027-01-01 proposed"]
    assert shop.states["ann"].life.dissolution.reason == "drifted"


def test_only_such_an_event_and_such_a_customer(club: MakeClub) -> None:
    shop = club(parting("    who: stage == 'partner'\n"))
    shop.happens("breach", "2026-01-01", severe=True)
    assert told(shop) == ["2026-01-01 [who: stage == 'partner']"]
    shop.happens("meeting", "2026-01-02").happens("breach", "2026-01-03", severe=False)
    assert told(shop) == []
    shop.happens("breach", "2026-01-04", severe=True)
    assert told(shop) == ["2026-01-04 proposed"]
    shop.happens("wish", "2026-01-05")
    assert told(shop) == ["2026-01-05 [in dissolution.partners already: proposed]"]


# --- never, and held --------------------------------------------------------------------------


def test_it_is_never_proposed_to_who_is_protected(club: MakeClub) -> None:
    shop = club(parting())
    shop.happens("know", "2026-01-01", flag=True).happens("wish", "2026-01-02")
    assert told(shop) == ["2026-01-02 [never: protected]"]


def test_who_is_protected_between_proposal_and_approval_hears_nothing(club: MakeClub) -> None:
    shop = club(parting())
    shop.happens("wish", "2026-01-01").happens("know", "2026-01-02", flag=True)
    answer(shop, "2026-01-03")
    assert (told(shop), sent(shop)) == (["2026-01-03 held"], [])
    shop.waits("2026-06-01")
    assert told(shop) == []
    shop.happens("know", "2026-06-01", flag=False)
    assert told(shop) == ["2026-06-01 resumed", "2026-06-01 announced"]


def test_lengths_go_on_when_the_pause_is_over(club: MakeClub) -> None:
    shop = club(parting())
    shop.happens("wish", "2026-01-01")
    answer(shop, "2026-01-01")
    shop.happens("hard", "2026-01-11", flag=True)
    assert told(shop) == ["2026-01-11 held"]
    assert shop.states["ann"].life.dissolution.held == "pause: hardship"
    shop.waits("2026-02-01")
    shop.happens("hard", "2026-02-02", flag=False).waits(just_before("2026-02-06"))
    assert phase(shop) == "announced"
    shop.waits("2026-02-06")
    assert told(shop) == ["2026-02-06 notice"]


def test_figures_that_time_changes_hold_it_to_the_microsecond(club: MakeClub) -> None:
    shop = club(parting().replace("pause: hardship", "pause: visits > 0"))
    shop.happens("wish", "2026-01-01")
    answer(shop, "2026-01-01")
    shop.happens("visit", "2026-01-10")
    assert phase(shop) == "announced"
    assert shop.states["ann"].life.dissolution.held == "pause: visits > 0"
    shop.waits(just_before("2026-01-17"))
    assert told(shop) == []
    shop.waits("2026-01-17")
    assert told(shop) == ["2026-01-17 resumed"]
    shop.waits(just_before("2026-01-22"))
    assert phase(shop) == "announced"
    shop.waits("2026-01-22")
    assert told(shop) == ["2026-01-22 notice"]


def test_operators_hold_it_and_let_it_go_on(club: MakeClub) -> None:
    shop = club(parting())
    shop.happens("wish", "2026-01-01")
    answer(shop, "2026-01-01")
    for by, reason in (
        ("carl", "carl has not the role manager"),
        (None, "by is missing: who says so"),
    ):
        shop.happens("pause_dissolution", "2026-01-02", **({"by": by} if by else {}))
        assert shop.held == {"events.pause_dissolution": reason}
    shop.happens("pause_dissolution", "2026-01-03", by="bo", reason="talks")
    assert shop.effects == [
        {"effect": "hold", "dissolution": "partners", "number": 1, "on": True, "why": "by hand"}
    ]
    shop.waits("2026-06-01").happens("pause_dissolution", "2026-06-01", by="bo")
    assert shop.held == {"events.pause_dissolution": "it is held by hand already"}
    shop.happens("resume_dissolution", "2026-06-03", by="bo")
    shop.waits(just_before("2026-06-15"))
    assert told(shop) == []
    shop.waits("2026-06-15")
    assert told(shop) == ["2026-06-15 notice"]
    shop.happens("resume_dissolution", "2026-06-16", by="bo")
    assert shop.held == {"events.resume_dissolution": "nobody holds it by hand"}


def test_nobody_who_waits_for_an_answer_is_parted_with(club: MakeClub) -> None:
    text = parting().replace(
        "dissolution:\n",
        "recovery:\n  complaints: {open: complaint, answered: reply, resolved: resolved}\n"
        "dissolution:\n",
    )
    text = text.replace("events:\n", "events:\n  complaint: {}\n  reply: {}\n  resolved: {}\n")
    shop = club(text)
    shop.happens("complaint", "2026-01-01").happens("wish", "2026-01-02")
    assert told(shop) == ["2026-01-02 [a case of complaints is open]"]
    shop.happens("resolved", "2026-01-03").happens("wish", "2026-01-04")
    answer(shop, "2026-01-05")
    shop.happens("complaint", "2026-01-06")
    assert told(shop) == ["2026-01-06 held"]
    shop.waits("2026-12-31").happens("resolved", "2027-01-01")
    assert told(shop) == ["2027-01-01 resumed"]
    shop.waits("2027-01-14")
    assert told(shop) == ["2027-01-14 notice"]


# --- what ends with it ------------------------------------------------------------------------


def test_journeys_and_offers_end_and_nothing_is_promoted(club: MakeClub) -> None:
    shop = club(parting())
    shop.happens("visit", "2026-01-01").happens("wish", "2026-01-02")
    shop.happens("promote", "2026-01-03")
    assert sent(shop) == ["offers", "receipt"]
    answer(shop, "2026-01-04")
    assert shop.states["ann"].life.journeys == ()
    assert [it["outcome"] for it in shop.effects if it["effect"] == "end"] == ["stopped"]
    assert [it["how"] for it in shop.effects if it["effect"] == "close"] == ["revoked"]
    shop.happens("promote", "2026-01-05")
    assert sent(shop) == ["receipt"]
    assert shop.effects[0]["reason"] == "offers: paused: dissolution.partners"
    shop.happens("visit", "2026-01-06")
    assert shop.held == {
        "offers.punch.opened": "in dissolution.partners: announced",
        "journeys.care": "in dissolution.partners: announced",
    }


def test_accrual_stops_at_its_phase_and_pending_points_turn_active(club: MakeClub) -> None:
    shop = club(parting())
    shop.happens("wish", "2026-01-01")
    answer(shop, "2026-01-01")
    shop.happens("purchase", just_before("2026-01-15"), amount=100)
    assert shop.states["ann"].account.pending == {"points": 10}
    shop.waits("2026-01-15")
    assert shop.balance("points") == 10
    assert told(shop) == ["2026-01-15 notice", "2026-01-15 pending"]
    shop.happens("purchase", "2026-01-16", amount=100)
    assert shop.effects[0]["reason"] == "points: accrual has stopped: dissolution.partners"
    assert shop.balance("points") == 10


def test_pending_points_lapse_where_that_is_declared(club: MakeClub) -> None:
    shop = club(parting("    pending: lapse\n"))
    shop.happens("wish", "2026-01-01")
    answer(shop, "2026-01-01")
    shop.happens("purchase", "2026-01-14", amount=100).waits("2026-01-15")
    assert settled(shop) == ["lapsed 10 points"]
    assert shop.states["ann"].account.pending == {}


def through(shop: Any, begins: str = "2026-01-01") -> Any:
    """Closed, without waiting in between."""
    shop.happens("wish", begins)
    answer(shop, begins)
    return shop


AT_ONCE = " {closed: {do: {send: thanks}}}\n"


def test_every_wallet_is_settled_as_declared(club: MakeClub) -> None:
    shop = club(parting(phases=AT_ONCE))
    for wallet, points in (("points", 7), ("stars", 3), ("credits", 5)):
        shop.happens("adjust_points", "2026-01-01", wallet=wallet, points=points)
    through(shop)
    assert settled(shop) == [
        "converted 5 credits 10 stars",
        "paid out 7 points 0.07",
        "expired 13 stars",
    ]
    assert shop.states["ann"].account.balances == {}
    assert [line for line in shop.entries if "+" in line] == [
        "credits 3 convert: +5 spent",
        "stars 4 convert: +10 active",
        "points 1 pay out: +7 spent",
        "stars 2 expire: +3 expired",
        "stars 4 expire: +10 expired",
    ]
    assert phase(shop) == "closed"


def test_a_voucher_stands_for_what_is_left(club: MakeClub) -> None:
    text = parting(phases=AT_ONCE).replace(
        "stars: expire", "stars: {voucher: {name: bye, at_least: 5}}"
    )
    for points, wanted in ((5, ["vouchered 5 stars bye"]), (4, ["expired 4 stars"])):
        shop = club(text)
        shop.happens("adjust_points", "2026-01-01", wallet="stars", points=points)
        assert settled(through(shop)) == wanted
        assert sum(it["effect"] == "issue" for it in shop.effects) == (points == 5)


@pytest.mark.parametrize(
    ("debts", "wanted"),
    [
        ("", "waived 30 points"),
        ("    debts: {points: invoice}\n", "invoiced 30 points 0.60"),
        ("    debts: {points: {invoice: 0.5}}\n", "invoiced 30 points 15.00"),
    ],
)
def test_what_is_owed_is_waived_or_invoiced(club: MakeClub, debts: str, wanted: str) -> None:
    shop = club(parting(debts, phases=AT_ONCE))
    shop.happens("adjust_points", "2026-01-01", wallet="points", points=-30)
    assert shop.balance("points") == -30
    assert settled(through(shop)) == [wanted]
    assert shop.balance("points") == 0


def test_what_comes_afterwards_is_settled_at_once(club: MakeClub) -> None:
    shop = club(parting(phases=AT_ONCE))
    shop.happens("purchase", "2026-01-01", amount=100, customer="ann")
    through(shop, "2026-02-01")
    assert settled(shop) == ["paid out 10 points 0.10"]
    shop.happens("refund", "2026-02-02", purchase="1", amount=100)
    assert settled(shop) == ["waived 10 points"]
    shop.happens("adjust_points", "2026-02-03", wallet="stars", points=4)
    assert settled(shop) == ["expired 4 stars"]
    shop.happens("purchase", "2026-02-04", amount=100)
    assert shop.states["ann"].account.pending == {}
    assert shop.states["ann"].account.balances == {}


# --- withdrawn and taken up again -------------------------------------------------------------


@pytest.mark.parametrize("days", [0, 5, 20, 150])
def test_it_is_withdrawn_as_long_as_it_is_not_closed(club: MakeClub, days: int) -> None:
    shop = club(parting())
    shop.happens("wish", "2026-01-01")
    if days:
        answer(shop, "2026-01-01")
    time = read_time("2026-01-02", OSLO) + days * 86_400_000_000
    shop.happens("renewed", time)
    assert [line.split()[-1] for line in told(shop)][-1] == "withdrawn"
    assert sent(shop)[-1] == "on"
    life = shop.states["ann"].life
    assert (life.dissolution, life.approvals) == (None, ())
    shop.happens("purchase", time, amount=100)
    assert shop.states["ann"].account.pending == {"points": 10}


def test_operators_withdraw_it_with_a_reason(club: MakeClub) -> None:
    shop = club(parting())
    shop.happens("withdraw_dissolution", "2026-01-01", by="anna")
    assert shop.held == {"events.withdraw_dissolution": "the customer is in no dissolution"}
    shop.happens("wish", "2026-01-01")
    answer(shop, "2026-01-02")
    shop.happens("withdraw_dissolution", "2026-01-03", by="anna", reason="new terms")
    assert sent(shop) == ["on"]
    assert phase(shop) is None


REOPEN = (
    "    reopen: {on: returned, after: 6 months, do: {send: back},"
    " restores: {tier: true, stage: client, points: true}}\n"
)


def test_what_is_declared_comes_back_and_nothing_else(club: MakeClub) -> None:
    shop = club(parting(REOPEN, phases=AT_ONCE))
    shop.happens("purchase", "2025-12-01", amount=2000).waits("2025-12-31")
    for wallet, points in (("stars", 3), ("credits", 5)):
        shop.happens("adjust_points", "2026-01-01", wallet=wallet, points=points)
    assert shop.states["ann"].life.tiers["club"].level == "gold"
    through(shop)
    life = shop.states["ann"].life
    assert (life.tiers, life.stage.stage) == ({}, "former")
    shop.happens("returned", just_before("2026-07-01"))
    assert told(shop) == ["2026-06-30T23:59 [after: not before 2026-06-30T22:00:00Z]"]
    shop.happens("returned", "2026-07-01")
    assert (told(shop), sent(shop)) == (["2026-07-01 reopened"], ["back"])
    state = shop.states["ann"]
    assert state.life.tiers["club"].level == "gold"
    assert state.life.stage.stage == "client"
    assert state.account.balances == {"stars": 13}  # all that expired; what was paid out did not
    shop.happens("purchase", "2026-07-02", amount=100)
    assert shop.states["ann"].account.pending == {"points": 10}
    shop.happens("wish", "2026-07-03")
    assert told(shop) == ["2026-07-03 [cool off: until 2027-06-30T22:00:00Z]"]


def test_without_restores_nothing_comes_back(club: MakeClub) -> None:
    shop = club(parting("    reopen: returned\n", phases=AT_ONCE))
    shop.happens("adjust_points", "2026-01-01", wallet="stars", points=3)
    through(shop).happens("returned", "2026-01-02")
    state = shop.states["ann"]
    assert (state.account.balances, state.life.stage.stage) == ({}, "former")
    assert state.life.dissolution is None


def test_levels_and_stages_stand_still_while_it_is_closed(club: MakeClub) -> None:
    shop = through(club(parting(phases=AT_ONCE)))
    shop.happens("purchase", "2026-02-01", amount=5000).happens("meeting", "2026-02-02")
    shop.waits("2030-01-01")
    life = shop.states["ann"].life
    assert (life.tiers["club"].level, life.stage.stage) == ("basic", "former")


def test_operators_take_it_up_again_whenever_that_is(club: MakeClub) -> None:
    shop = club(parting(REOPEN, phases=AT_ONCE))
    shop.happens("reopen_dissolution", "2026-01-01", by="anna")
    assert shop.held == {"events.reopen_dissolution": "no dissolution of the customer is closed"}
    through(shop).happens("reopen_dissolution", "2026-01-02", by="anna")
    assert sent(shop) == ["back"]
    assert phase(shop) is None


# --- merged -----------------------------------------------------------------------------------


def test_who_is_parted_with_is_not_merged_into_another(club: MakeClub) -> None:
    shop = club(parting())
    shop.happens("wish", "2026-01-01").happens("visit", "2026-01-01", "bob")
    answer(shop, "2026-01-02")
    shop.happens("join", "2026-01-03", other="bob")
    reason = "in dissolution.partners: announced; withdraw it first"
    assert shop.held == {"events.join.merges": reason}


def test_who_takes_another_in_is_not_parted_with_on_that_decision(club: MakeClub) -> None:
    shop = club(parting(phases=AT_ONCE))
    shop.happens("adjust_points", "2026-01-01", "bob", wallet="stars", points=3)
    through(shop).happens("join", "2026-01-02", "bob", other="ann")
    assert told(shop) == ["2026-01-02 merged"]
    assert phase(shop) is None
    assert shop.balance("stars") == 3


def test_a_proposal_does_not_go_along(club: MakeClub) -> None:
    shop = club(parting())
    shop.happens("visit", "2026-01-01", "bob").happens("wish", "2026-01-01")
    shop.happens("join", "2026-01-02", other="bob")
    assert told(shop) == ["2026-01-02 merged"]
    life = shop.states["bob"].life
    assert (life.dissolution, life.approvals) == (None, ())
    assert life.parted["partners"].number == 1


# --- late, and what it costs ------------------------------------------------------------------


def test_s3_a_late_event_withdraws_what_is_not_closed_and_reopens_nothing_of_before(
    club: MakeClub,
) -> None:
    shop = club(parting(REOPEN.replace("after: 6 months, ", ""), phases=AT_ONCE))
    through(shop, "2026-02-01")
    shop.happens("visit", "2026-02-05").happens("returned", just_before("2026-02-01"))
    assert told(shop) == []
    shop.happens("returned", "2026-02-01")
    assert told(shop) == ["2026-02-01 reopened"]
    shop = club(parting())
    through(shop, "2026-02-01").happens("visit", "2026-02-05")
    shop.happens("renewed", "2026-01-01")
    assert told(shop) == ["2026-01-01 withdrawn"]


def test_what_a_phase_costs_is_told(club: MakeClub) -> None:
    phases = " {announced: {do: {send: part}, cost: 12.50, lasts: 9 days}}\n"
    shop = through(club(parting(phases=phases)))
    (announced,) = [
        one
        for outcome in shop.outcomes
        for one in outcome.decisions
        if one.rule == "dissolution.partners.announced"
    ]
    assert announced.cost == 1250


def test_nothing_can_be_spent_once_all_is_settled(club: MakeClub) -> None:
    text = parting(phases=AT_ONCE).replace(
        "promote: {on: promote, then: [{send: offers}",
        "promote: {on: promote, then: [{spend: {points: 1}}",
    )
    shop = through(club(text)).happens("promote", "2026-01-02")
    assert shop.effects[0]["reason"] == "all is settled: dissolution.partners"


def test_rules_metrics_and_journeys_are_on_what_is_told(club: MakeClub) -> None:
    text = parting(phases=AT_ONCE).replace(
        "journeys:\n",
        "journeys:\n"
        "  after: {enter: dissolution_ended, steps: [{after 9 days: {send: receipt}}]}\n",
    )
    shop = through(club(text)).waits("2026-01-10")
    assert sent(shop) == ["receipt"]
