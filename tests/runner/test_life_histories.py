"""Random lives in a store: all that time, levels and stages do, with everything else about.

However it is run, the same rows; told again, the same decisions and the same state; nothing is
left that was due, and no customer's clock goes back.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from time import sleep
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from loyalcore.ruleset.source import Source
from loyalcore.runner.loading import load_from
from runner.histories import Line, NewShop, in_two_runs, of_orders, on, run_anyhow

MakeShop = Callable[[Path], Any]

RULESET = """
program: shop
timezone: ZONE
allow_late: 6 days
customer: {birthday: date, home: text}
events:
  purchase: {order: id, amount: money}
  refund: {order: id, amount: money, reverses: purchase}
  complaint: {case: id}
  survey: {case: id, score: integer}
  profile: {birthday: date, home: text}
  merge: {into: id, merges: into}
  split: {whom: id, unmerges: whom}
metrics:
  spend: {sum: purchase.amount, over: 20 days}
  before: {sum: purchase.amount, over: 20 days, ending: 20 days ago}
  spend_month: {sum: purchase.amount, over: this month}
  spend_membership: {sum: purchase.amount, over: this membership year}
  orders: {count: purchase}
  silences: {count: gone, over: 2 months}
  rises: {count: tier_entered}
wallets:
  beans: {expires: 30 days}
  status: {expires: end of month}
  stars: {pending: 2 days, expires: 9 days without purchase}
segments:
  rich: spend >= 60
  golden: tier.club == 'gold' or stage == 'friend'
triggers:
  gone: {silence: purchase, for: 9 days, repeat: 5 days, when: silences < 6}
  quiet: {silence: [purchase, survey], for: 1 month, repeat: 1 month, since: enrolment}
  ask: {after: purchase, wait: 3 days, at: '02:30', unless: refund, where: order == earlier.order}
  hear: {after: [complaint, gone], wait: 1 day}
  heard: {after: complaint, then: survey, within: 4 days, where: case == earlier.case}
  again: {after: purchase, then: purchase, within: 3 days}
  weekly: {every: week, on: sunday, at: '02:30', zone: home}
  pay-day: {every: month, on: last}
  once: {once: 2026-03-29, at: '02:30', zone: home}
  birthday: {anniversary: birthday, before: 2 days, at: '09:00', zone: home}
  joined: {anniversary: customer.since}
  up: {metric: spend, rises_to: 40}
  down: {metric: spend, falls_below: 40}
  less: {metric: spend, falls_by: 50 %, against: before}
  in: {enters: golden}
  out: {leaves: rich}
  soon: {expires: beans, before: 7 days}
  hurry: {ends: back, before: 2 days}
  sorry: {after: heard, wait: 1 day}
  proud: {after: tier_entered, wait: 2 days, unless: tier_left}
offers:
  back:
    open: {on: gone, when: times == 1}
    lasts: 10 days
    reach: {one: purchase}
    then: [earn: {beans: 50}, upgrade: {club: {level: silver, keep: 10 days}}]
tiers:
  club:
    by: spend
    levels: {base: 0, silver: 30, gold: {at_least: 80, stay: 60}}
    keep: 1 month
    grace: 10 days
    warn: 7 days
  live:
    by: balance.status
    levels: {bronze: 20, iron: {any: {balance.status: 90, orders: 12}}}
  year:
    by: spend_month
    levels: {base: 0, silver: 20, gold: {at_least: 60}, black: {invitation: true}}
    upgrade: at review
    review: month
    keep: end of month
    drop: by balance
  member:
    by: spend_membership
    levels: {one: 10, two: 50}
    upgrade: at review
    review: membership year
stages:
  new: {}
  guest: {enter: orders >= 1, leave: {to: lost, on: quiet}}
  friend: {enter: [{from: guest, when: spend >= 60}, {on: heard}], dwell: 6 days}
  lost: {enter: {from: friend, when: spend < 10}, leave: {to: guest, on: [purchase, set_tier]}}
rules:
  earn: {on: purchase, then: [earn: {beans: amount, status: amount, stars: 2}]}
  write:
    on: [gone, quiet, pay-day, weekly, once, birthday, joined, less, out]
    then: [send: hello]
  ask: {on: ask, then: [send: asked]}
  score: {on: heard, when: score < 3, then: [send: sorry]}
  thank: {on: [up, sorry, in, proud, again], then: [earn: {beans: 5}]}
  warn: {on: [soon, hurry], then: [emit: {type: complaint, customer: "'cat'", data: {case: "'w'"}}]}
  know: {on: profile, then: [set: {birthday: birthday, home: home}]}
  told: {on: [tier_entered, tier_left, tier_retained, tier_at_risk], then: [earn: {status: 1}]}
  lift: {on: stage_entered, when: "entered == 'friend'", then: [upgrade: {year: black}]}
  fall:
    on: [stage_left, down]
    limit: 1 per 10 days
    then: [emit: {type: survey, data: {case: "'w'", score: 1}}]
messages:
  hello: {text: '{{ silences }} {{ tier.club }} {{ stage }}'}
  asked: {text: '{{ order }} {{ amount }} {{ since }}'}
  sorry: {text: '{{ case }} {{ earlier.time }}'}
"""

ZONES = {  # with a day on which a history about their clocks' changes begins
    "Europe/Oslo": (2026, 3, 20),
    "America/New_York": (2026, 10, 20),
    "Asia/Kathmandu": (1985, 12, 20),
    "Australia/Lord_Howe": (2026, 3, 25),
    "Pacific/Apia": (2011, 12, 20),
}
CUSTOMERS = ["ann", "ann", "ann", "bob", "cat"]


PURCHASES = st.fixed_dictionaries(
    {"type": st.just("purchase"), "amount": st.sampled_from([4, 17, 25, 62, 90])}
)
DEEDS: st.SearchStrategy[Mapping[str, object]] = st.one_of(
    *[PURCHASES] * 7,
    st.just({"type": "refund"}),
    st.just({"type": "complaint", "case": "w"}),
    st.just({"type": "survey", "case": "w", "score": 2}),
    st.fixed_dictionaries(
        {
            "type": st.just("profile"),
            "birthday": st.sampled_from(["2000-02-29", "2000-04-03", "1990-11-01"]),
            "home": st.sampled_from([*ZONES, "nowhere"]),
        }
    ),
    st.fixed_dictionaries({"type": st.just("merge"), "into": st.sampled_from(CUSTOMERS)}),
    st.fixed_dictionaries({"type": st.just("split"), "whom": st.sampled_from(CUSTOMERS)}),
    st.fixed_dictionaries(
        {
            "type": st.just("set_tier"),
            "ladder": st.sampled_from(["club", "live", "year"]),
            "level": st.sampled_from(["silver", "gold", "black", "iron", ""]),
        }
    ),
    st.fixed_dictionaries(
        {"type": st.just("set_stage"), "to": st.sampled_from(["friend", "lost", "new"])}
    ),
    st.just({"type": "open_offer", "offer": "back"}),
)


@settings(max_examples=settings().max_examples // 4)
@given(st.sampled_from([*ZONES]), st.data())
def test_s2_s4_s11_however_lives_are_run_they_go_the_same_way(
    new_shop: NewShop, zone: str, data: st.DataObject
) -> None:
    begin = datetime(*ZONES[zone])
    ruleset = RULESET.replace("ZONE", zone)
    gaps = [0, 1, 24, 47, 72, 72, 216, 500]
    late = [0, 0, 30, 100, 160]
    drawn = in_two_runs(
        of_orders(DEEDS), gaps=gaps, customers=CUSTOMERS, most=14, late=late, begin=begin
    )
    runs = data.draw(drawn, "runs")
    last = max(datetime.fromisoformat(str(line["time"])) for lines in runs for line in lines)
    until = f"{last + timedelta(days=60):%Y-%m-%dT%H:%MZ}"
    with new_shop() as simple, new_shop() as odd:
        for lines in runs:
            simple.run(ruleset, lines)
            run_anyhow(odd, ruleset, lines, data, between=True)
        simple.run(ruleset, until=until)
        run_anyhow(odd, ruleset, [], data, until=until)
        assert odd.history() == simple.history()
        settled(odd, until)


def settled(shop: Any, until: str) -> None:
    """Hold a store to what must be true of it after a run until then."""
    shop.check()
    horizon = datetime.fromisoformat(until).timestamp() * 1_000_000
    for state in shop.customers().values():
        assert state.due is None or state.due > horizon
        assert all(timer.due > state.clock for timer in state.life.timers)
    clocks: dict[str, int] = {}
    for customer, time, at in shop.ask("select customer, time, at from events order by seq"):
        assert clocks.get(customer, time) <= (at or time), "a clock has gone back"
        clocks[customer] = at or time
        if at is not None:
            assert time < at


# --- one that is known ------------------------------------------------------------------------


def busy(number: int) -> list[Line]:
    """Lines of so many events of a few months, in order, in which everything happens."""
    chance = Random(7)
    hours = 0
    lines: list[Line] = []
    for order in range(number):
        hours += chance.choice([0, 1, 5, 24, 47])
        deed: Line = chance.choice(
            [
                *[Line(type="purchase", amount=amount) for amount in (4, 17, 25, 62, 90)] * 4,
                {"type": "refund"},
                {"type": "complaint", "case": "w"},
                {"type": "survey", "case": "w", "score": 2},
                {"type": "profile", "birthday": "2000-03-04", "home": chance.choice([*ZONES])},
                {"type": "set_tier", "ladder": "club", "level": chance.choice(["gold", "silver"])},
                {"type": "set_stage", "to": chance.choice(["friend", "lost"])},
                {"type": "merge", "into": "ann"},
                {"type": "split", "whom": "bob"},
            ]
        )
        about = order - chance.randint(1, 3) if deed["type"] == "refund" else order
        line = {"id": f"{order:04}", "order": str(about), "time": on(hours)}
        lines.append({**line, "customer": chance.choice(["ann", "ann", "bob", "cat"]), **deed})
    return lines


def test_histories_come_to_something(shop: Any) -> None:
    # Guards the test above: the program does all that it is there for.
    ruleset = RULESET.replace("ZONE", "Europe/Oslo")
    summary = shop.run(ruleset, busy(150), until="2027-03-31")
    life = load_from(Source({"shop.yaml": ruleset}, "shop.yaml"), "compiled").program.life
    assert life is not None
    assert life.stages is not None
    assert {
        *(trigger.place for trigger in life.triggers),
        *(ladder.place for ladder in life.ladders),
        *(f"stages.{stage}" for stage in life.stages.stages),
    } - summary.fired.keys() == set()
    settled(shop, "2027-03-31T00:00+01:00")


def test_s11_a_life_that_is_killed_in_the_midst_is_simply_run_again(
    shop_in: MakeShop, tmp_path: Path
) -> None:
    (tmp_path / "shop.yaml").write_text(RULESET.replace("ZONE", "Europe/Oslo"))
    text = "".join(f"{json.dumps(line)}\n" for line in busy(30))
    (tmp_path / "events.jsonl").write_text(text)

    def command(shop: Any) -> list[str]:
        return [
            *(sys.executable, "-m", "loyalcore", "run", "--batch", "5", "--db", str(shop.path)),
            *("--until", "2026-05-31", "--allow-rejects"),
            *(str(tmp_path / "shop.yaml"), str(tmp_path / "events.jsonl")),
        ]

    whole, killed = (shop_in(tmp_path / name) for name in ("whole", "killed"))
    for shop in (whole, killed):
        shop.path.parent.mkdir()
    subprocess.run(command(whole), check=True, stdout=subprocess.DEVNULL)
    history = whole.history()
    for part in (4, 2, 1.2):
        with subprocess.Popen(command(killed), stdout=subprocess.DEVNULL) as run:
            while logged(killed) < len(history["events"]) / part:
                assert run.poll() is None, "the run ended before it was killed"
                sleep(0.002)
            run.kill()
        assert logged(killed) < len(history["events"])
    subprocess.run(command(killed), check=True, stdout=subprocess.DEVNULL)
    assert killed.history() == history
    settled(killed, "2026-05-31T23:00+02:00")


def logged(shop: Any) -> int:
    """How many events are in the store, which may have no tables yet."""
    if not shop.path.exists():
        return 0
    if not shop.ask("select 1 from sqlite_master where name = 'events'"):
        return 0
    (count,) = shop.ask("select count(*) from events")
    return int(count)
