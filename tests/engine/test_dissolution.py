"""Relationships that are ended well: for a reason, by a person, in phases, and with nothing left."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest

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

IMPROVE = "    improve: {do: {task: talk}, within: 90 days, improved: income > costs, skip: [wish]}\n"


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
            str(effect[key]) for key in ("how", "points", "wallet", "amount", "given", "to")
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
    assert shop.effects[-1]["values"] == {
        "dissolution.partners.earn_until": "2026-01-23T23:00:00Z"
    }
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
    assert shop.states["ann"].metrics["closed"].value == 1
