"""What effects cost: messages, benefits and vouchers count as points and a rule's own cost do."""

from __future__ import annotations

from collections.abc import Callable

from tests.engine.conftest import Club

SHOP = """\
events: {purchase: {amount: money}, leave: {}}
wallets: {beans: {price: 0.004}, stamps: {}}
messages:
  hello: {channel: sms, text: Hello.}
  letter: {channel: post, cost: 1.20, text: Dear customer.}
  note: {text: Thank you.}
costs:
  send: {sms: 0.40, post: 0.95}
  issue: {cake: 45, fifteen-off: 0.005}
"""

MakeClub = Callable[[str], Club]


def costs(club: Club) -> dict[str, int | None]:
    return {one.rule: one.cost for outcome in club.outcomes for one in outcome.decisions}


def test_what_a_decision_costs_is_added_up_exactly_and_rounded_once(club: MakeClub) -> None:
    shop = club(
        SHOP
        + """\
rules:
  both:
    on: purchase
    cost: amount / 100
    then: [send: hello, send: letter, issue: {benefit: cake}]
  points: {on: purchase, then: [earn: {beans: 100}, send: hello]}
  halves: {on: purchase, then: [issue: {voucher: fifteen-off}, earn: {beans: 1}]}
  free: {on: purchase, then: [send: note, earn: {stamps: 5}]}
"""
    )
    shop.happens("purchase", "2026-01-05", amount=50)
    # 0.50 + 0.40 + 1.20 + 45.00; 0.40 + 0.40; 0.005 + 0.004 = 0.009, which is 0.01
    assert costs(shop) == {"both": 4710, "points": 80, "halves": 1, "free": None}


def test_a_budget_runs_out_at_the_message_that_exceeds_it(club: MakeClub) -> None:
    shop = club(
        SHOP
        + """\
rules:
  hello: {on: purchase, budget: {money: 1.20 per month}, then: [send: hello]}
"""
    )
    for day in (1, 2, 3, 4):
        shop.happens("purchase", f"2026-01-0{day}", customer=f"c{day}", amount=1)
    assert shop.held == {"hello": "budget: 1.20 per month"}
    shop.happens("purchase", "2026-02-01", customer="c4", amount=1)
    assert shop.fired == ["hello"]
    assert shop.shared.drawn("budget hello money month 2026-01-01") == 120
    assert shop.shared.drawn("budget hello money month 2026-02-01") == 40


def test_points_are_cut_to_what_the_message_beside_them_leaves(club: MakeClub) -> None:
    rule = "{on: purchase, budget: {money: 1}, edge: %s, then: [send: hello, earn: {beans: 200}]}"
    shop = club(SHOP + f"rules:\n  hello: {rule % 'reduce'}\n")
    shop.happens("purchase", "2026-01-01", amount=1)
    assert shop.balance("beans") == 150  # at 0.004 each, with the 0.60 that the message leaves
    assert costs(shop) == {"hello": 100}
    shop.happens("purchase", "2026-01-02", amount=1)
    assert shop.held == {"hello": "budget: 1"}
    shop = club(SHOP + f"rules:\n  hello: {rule % 'refuse'}\n")
    shop.happens("purchase", "2026-01-01", amount=1)
    assert shop.held == {"hello": "budget: 1"}


def test_a_benefit_counts_against_the_budget_of_a_group(club: MakeClub) -> None:
    shop = club(
        SHOP
        + """\
groups: {treats: {budget: {money: 100}}}
rules:
  cake: {on: purchase, group: treats, then: [issue: {benefit: cake}]}
"""
    )
    for day in (1, 2, 3):
        shop.happens("purchase", f"2026-01-0{day}", amount=1)
    assert shop.held == {"cake": "budget: 100 (group treats)"}


def test_the_best_of_a_group_is_tried_with_what_its_effects_cost(club: MakeClub) -> None:
    shop = club(
        SHOP
        + """\
groups: {one: {stack: best}}
rules:
  dear: {on: purchase, group: one, budget: {money: 1}, then: [earn: {beans: 9}, send: letter]}
  cheap: {on: purchase, group: one, then: [earn: {beans: 1}, send: hello]}
"""
    )
    shop.happens("purchase", "2026-01-01", amount=1)
    assert shop.fired == ["cheap"]
    assert shop.held == {"dear": "budget: 1"}


def test_a_reward_costs_what_it_gives(club: MakeClub) -> None:
    shop = club(
        SHOP.replace(
            "leave: {}",
            "leave: {}, redeem: {reward: id, pieces: integer, "
            "redeems: {reward: reward, quantity: pieces}}",
        )
        + """\
rules: {earn: {on: purchase, then: [earn: {stamps: 10}]}}
rewards: {cake: {price: {stamps: 2}, then: [issue: {benefit: cake}, send: hello]}}
"""
    )
    shop.happens("purchase", "2026-01-01", amount=1)
    shop.happens("redeem", "2026-01-02", reward="cake", pieces=3)
    assert costs(shop) == {"rewards.cake": 3 * 4500 + 40}  # three cakes, one message


WORK = """\
events: {complaint: {}, praise: {}}
people: {anna: adviser, bo: clerk}
wallets: {beans: {price: 0.01}}
costs: {hour: {adviser: 80, everyone: 50}}
tasks:
  call: {role: adviser, takes: 30 minutes, outcomes: [well], then: {well: [earn: {beans: 7}]}}
  letter: {role: clerk, takes: 20 minutes}
  look: {role: clerk}
rules:
  both: {on: complaint, then: [task: call, task: letter]}
  look: {on: praise, then: [task: look]}
"""


def test_the_work_on_a_task_costs_what_it_is_thought_to_take(club: MakeClub) -> None:
    shop = club(WORK)
    shop.happens("complaint", "2026-01-01")
    assert costs(shop) == {"both": 4000 + 1667}  # 16.666…, rounded once with the other
    shop.happens("praise", "2026-01-02")
    assert costs(shop)["look"] is None


def test_what_a_task_really_took_is_set_right_as_it_is_done(club: MakeClub) -> None:
    shop = club(WORK)
    shop.happens("complaint", "2026-01-01")
    shop.happens("task_done", "2026-01-02", number=1, by="anna", outcome="well", minutes=45)
    assert costs(shop) == {"tasks.call.done": 2000 + 7}  # 15 minutes more, and the points
    shop.happens("task_done", "2026-01-03", number=2, by="bo", minutes=8)
    assert costs(shop) == {"tasks.letter.done": -1000}
    shop.happens("praise", "2026-01-04")
    shop.happens("task_done", "2026-01-05", number=3, by="bo")
    assert costs(shop)["tasks.look.done"] is None


def test_a_task_is_not_done_in_less_than_no_time(club: MakeClub) -> None:
    shop = club(WORK)
    shop.happens("complaint", "2026-01-01")
    shop.happens("task_done", "2026-01-02", number=2, by="bo", minutes=-1)
    assert shop.held == {"events.task_done": "minutes is less than none"}


def test_a_budget_counts_the_work_that_it_asks_for(club: MakeClub) -> None:
    shop = club(WORK.replace("both: {", "both: {budget: {money: 100}, "))
    shop.happens("complaint", "2026-01-01")
    assert shop.fired == ["both"]
    shop.happens("complaint", "2026-01-02")
    assert shop.held == {"both": "budget: 100"}
