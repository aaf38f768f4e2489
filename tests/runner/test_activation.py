"""Another program takes over: from when, whom it concerns, and what they carry along (S15)."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

from loyalcore.errors import RulesetInvalid, UsageError
from loyalcore.ruleset.source import Source
from loyalcore.runner.loading import Loaded, load_from
from loyalcore.runner.replay import replay
from loyalcore.runner.run import activate
from loyalcore.runner.verify import verify
from loyalcore.store import Store
from loyalcore.store.events import list_events
from loyalcore.values import read_time

MakeShop = Callable[[Path], Any]

HEAD = """
program: shop
timezone: Europe/Oslo
customer: {name: text}
events:
  purchase: {amount: money, order: id}
  hello: {by: id}
"""
OLD = f"""{HEAD}
metrics: {{spend: {{sum: purchase.amount}}}}
wallets: {{stars: {{expires: 100 days}}, other: {{}}}}
triggers: {{quiet: {{silence: purchase, for: 30 days}}}}
tiers: {{club: {{by: spend, levels: {{base: , silver: 10, gold: 100}}, keep: 12 months}}}}
stages: {{new: , regular: {{enter: spend >= 10}}}}
offers:
  card: {{open: {{on: purchase}}, reach: {{count: purchase, at_least: 9}}}}
rules:
  earn: {{on: purchase, then: [earn: {{stars: amount}}]}}
  miss: {{on: quiet, then: [earn: {{stars: 1}}]}}
"""
NEW = f"""{HEAD}
metrics: {{spend: {{sum: purchase.amount}}, orders: {{count: purchase}}}}
wallets: {{beans: {{expires: 10 days}}, other: {{}}}}
triggers: {{silent: {{silence: purchase, for: 60 days}}, third: {{metric: orders, rises_to: 3}}}}
tiers:
  circle: {{by: spend, levels: {{base: , plus: 50, gold: 100}}, keep: 12 months}}
  extra: {{by: orders, levels: {{base: , often: 2}}}}
stages: {{fresh: , regular: {{enter: spend >= 10}}}}
offers:
  punch: {{open: {{on: hello}}, reach: {{count: purchase, at_least: 9}}}}
rules:
  earn: {{on: purchase, then: [earn: {{beans: amount * 2}}]}}
  miss: {{on: silent, then: [earn: {{beans: 5}}]}}
  third: {{on: third, then: [earn: {{beans: 1000}}]}}
migration:
  wallets: {{stars: beans}}
  offers: {{card: punch}}
  tiers: {{club: circle}}
  levels: {{circle: {{silver: plus}}}}
  stages: {{new: fresh}}
"""
SAME = OLD.replace("earn: {stars: amount}", "earn: {stars: amount * 3}")


def purchase(id: object, time: str, customer: str = "ann", amount: int = 20) -> dict[str, object]:
    return {"id": id, "type": "purchase", "customer": customer, "time": time, "amount": amount}


def loaded(text: str) -> Loaded:
    return load_from(Source({"shop.yaml": text}, "shop.yaml"), "compiled")


def activated(shop: Any, text: str, at: str | None = None, batch: int = 1_000) -> Any:
    """Activate a program at a time, or from the latest event on."""
    program = loaded(text)
    time = None if at is None else read_time(at, program.program.locale.zone)
    with Store.open(shop.path, create=True) as store:
        return activate(program, store, time, batch=batch)


def handed_over(shop: Any) -> list[str]:
    return [*shop.ask("select customer from events where type = 'program_activated' order by seq")]


def check(shop: Any) -> None:
    """What is stored is what comes of the events when they are told again."""
    with Store.open(shop.path) as store:
        verified = verify(store.connection)
        assert verified.difference is None
        for event in list_events(store.connection):
            assert replay(store.connection, event).warnings == ()


SPRING = [
    purchase(1, "2026-01-01"),
    purchase(2, "2026-01-02", "bob", 5),
    purchase(3, "2026-01-03", "cat", 200),
]


@pytest.fixture
def switched(shop: Any) -> Any:
    shop.run(OLD, SPRING)
    summary = activated(shop, NEW)
    assert summary.handed_over == 3
    return shop


def test_s15_what_customers_have_has_its_new_name(switched: Any) -> None:
    assert handed_over(switched) == ["ann", "bob", "cat"]
    life = switched.state().life
    assert {ladder: rank.level for ladder, rank in life.tiers.items()} == {
        "circle": "plus",
        "extra": "base",
    }
    assert switched.state("cat").life.tiers["circle"].level == "gold"
    assert switched.state("bob").life.stage.stage == "fresh"
    assert life.stage.stage == "regular"
    assert [one.trigger for one in life.timers] == ["silent"]
    assert [one.offer for one in switched.state().offers] == ["punch"]
    check(switched)


def test_s15_points_move_to_their_new_wallet_and_keep_their_expiry(switched: Any) -> None:
    assert switched.ask(
        "select kind, wallet, bucket, points, substr(expires, 1, 10) from ledger "
        "where customer = 'ann' order by seq"
    ) == [
        ("accrue", "stars", "active", 20, "2026-04-10"),
        ("move out", "stars", "active", -20, None),
        ("move out", "stars", "moved", 20, None),
        ("move in", "beans", "active", 20, "2026-04-10"),
    ]
    decision = "select effects from decisions where customer = 'ann' and rule = 'migration'"
    assert json.loads(switched.ask(decision)[0])[0] == {
        "effect": "carry",
        "what": "wallet",
        "name": "stars",
        "to": "beans",
        "points": 20,
    }
    check(switched)


def test_s15_what_is_new_knows_the_past_and_what_is_gone_does_not_come(switched: Any) -> None:
    switched.run(NEW, [purchase(4, "2026-01-10"), purchase(5, "2026-01-11")], until="2026-03-20")
    fired = "select substr(time, 1, 10), customer, rule from decision_log "
    fired += "where rule in ('miss', 'third') and result = 'fired' order by seq"
    assert switched.ask(fired) == [
        ("2026-01-10", "ann", "third"),  # the first of three was before the program
        ("2026-03-02", "bob", "miss"),  # 60 days after a purchase under the other program
        ("2026-03-03", "cat", "miss"),
        ("2026-03-11", "ann", "miss"),
    ]
    assert switched.state().life.tiers["extra"].level == "often"
    check(switched)


def test_s15_a_changed_rule_touches_nobody(shop: Any) -> None:
    shop.run(OLD, SPRING)
    before = shop.ask("select state from customers")
    assert activated(shop, SAME).handed_over == 0
    assert shop.ask("select state from customers") == before
    shop.run(SAME, [purchase(4, "2026-01-04")])
    assert shop.ask("select points from entries where kind = 'accrue' order by seq")[-1] == 60
    check(shop)


def test_s15_a_line_of_migration_that_was_followed_may_stay(switched: Any) -> None:
    assert activated(switched, NEW.replace("amount * 2", "amount * 3")).handed_over == 0
    assert len(handed_over(switched)) == 3


# --- from when -------------------------------------------------------------------------------

YEAR = [
    purchase(n, f"2026-{1 + n // 10:02}-{1 + n % 10 * 2:02}T{n % 24:02}:00", c, 3 * n)
    for n in range(30)
    for c in ("ann", "bob", "cat", "dan")[n % 4 : n % 4 + 1]
]


def test_s15_a_planned_switch_comes_in_the_midst_of_a_run(
    shop_in: MakeShop, tmp_path: Path
) -> None:
    at = "2026-02-16T09:00"
    [first, *rest], late = YEAR[:18], YEAR[18:]
    assert rest[-1]["time"] < at < late[0]["time"]  # type: ignore[operator]
    histories: list[Any] = []
    for batch in (1, 2, 7, 1_000):
        (tmp_path / str(batch)).mkdir()
        shop = shop_in(tmp_path / str(batch))
        shop.run(OLD, [first])
        assert activated(shop, NEW, at) is None
        shop.run(OLD, [*rest, *late], until="2026-06-01", batch=batch)
        histories.append(shop.history())
        check(shop)
        assert handed_over(shop) == ["ann", "bob", "cat", "dan"]
    assert all(history == histories[0] for history in histories)

    (tmp_path / "two").mkdir()
    two = shop_in(tmp_path / "two")
    two.run(OLD, [first])
    activated(two, NEW, at)
    two.run(OLD, rest, until="2026-02-16T08:59:59.999999")
    assert handed_over(two) == []
    two.run(NEW, late, until="2026-06-01")
    assert two.ask("select distinct time from event_log where type = 'program_activated'") == [
        "2026-02-16T08:00:00Z"
    ]
    assert two.history() == histories[0]


def test_s15_what_is_due_before_the_switch_is_decided_as_before(shop: Any) -> None:
    shop.run(OLD, [purchase(1, "2026-01-01")])
    activated(shop, NEW, "2026-01-31")  # the silence is at this very instant
    shop.run(OLD, until="2026-06-01")
    missed = "select substr(time, 1, 10) from decision_log where rule = 'miss'"
    assert shop.ask(missed) == ["2026-03-01"]
    (other,) = [shop.path.with_name("other.db")]
    sooner = type(shop)(other)
    sooner.run(OLD, [purchase(1, "2026-01-01")])
    activated(sooner, NEW, "2026-01-31T00:00:00.000001")
    sooner.run(OLD, until="2026-06-01")
    assert sooner.ask(missed) == ["2026-01-30", "2026-03-01"]


def test_s15_a_late_comer_is_decided_by_the_program_in_force(shop: Any) -> None:
    shop.run(OLD, SPRING)
    activated(shop, NEW, "2026-02-01")
    shop.run(OLD, [purchase(4, "2026-02-02")])
    shop.run(NEW, [purchase(5, "2026-01-20", "eve")])
    assert shop.ask("select wallet from entries where customer = 'eve'") == ["beans"]
    check(shop)


def test_s15_nothing_is_activated_in_the_past(shop: Any) -> None:
    shop.run(OLD, SPRING)
    activated(shop, SAME, "2026-02-01")
    shop.run(OLD, [purchase(4, "2026-03-01")])
    with pytest.raises(UsageError, match=r"2026-02-14T23:00:00Z is over"):
        activated(shop, OLD, "2026-02-15")


def test_s15_the_first_program_is_in_force_from_the_beginning(shop: Any) -> None:
    with pytest.raises(UsageError, match="from the beginning"):
        activated(shop, OLD, "2026-02-01")
    assert activated(shop, OLD).handed_over == 0
    shop.run(OLD, SPRING)
    assert handed_over(shop) == []
    assert shop.ask("select count(*) from activations") == [1]


def test_s15_who_was_replaced_by_hand_is_not_run_by_mistake(shop: Any) -> None:
    shop.run(OLD, SPRING)
    shop.run(SAME, [purchase(4, "2026-01-04")])
    shop.run(OLD, [purchase(5, "2026-01-05")])  # who only runs may go back
    activated(shop, SAME)
    with pytest.raises(UsageError, match="is in force no more"):
        shop.run(OLD, [purchase(6, "2026-01-06")])
    activated(shop, OLD)
    shop.run(OLD, [purchase(6, "2026-01-06")])
    points = shop.ask("select points from entries where kind = 'accrue' order by seq")
    assert points == [20, 5, 200, 60, 20, 20]


def test_s15_a_plan_gives_way_to_another_for_the_same_instant(shop: Any) -> None:
    shop.run(OLD, SPRING)
    activated(shop, NEW, "2026-02-01")
    activated(shop, SAME, "2026-02-01")
    shop.run(OLD, [purchase(4, "2026-02-02")])
    assert shop.ask("select points from entries order by seq")[-1] == 60


# --- killed ----------------------------------------------------------------------------------

TELLING = NEW.replace("rules:", "rules:\n  meet: {on: program_activated, then: [earn: {other: 1},"
" emit: {type: hello, customer: \"'c7'\", data: {by: customer.id}}]}\n"
"  met: {on: hello, then: [earn: {other: 1}]}")  # fmt: skip


def many(count: int) -> list[dict[str, object]]:
    return [purchase(n, f"2026-01-{1 + n % 9:02}", f"c{n % (count // 2)}", n) for n in range(count)]


def test_s15_killed_while_it_takes_over_and_run_again_it_is_the_same(
    shop_in: MakeShop, tmp_path: Path
) -> None:
    for name in ("whole", "killed"):
        (tmp_path / name).mkdir()
    whole, killed = shop_in(tmp_path / "whole"), shop_in(tmp_path / "killed")
    (tmp_path / "shop.yaml").write_text(TELLING)
    customers = 400
    for shop in (whole, killed):
        shop.run(OLD, many(2 * customers))
    activated(whole, TELLING, batch=50)
    start = [sys.executable, "-m", "loyalcore", "run", "--until", "2026-01-10", "--batch", "3"]
    start += ["--db", str(killed.path), str(tmp_path / "shop.yaml")]
    for enough in (1, customers // 4, customers // 2):
        with subprocess.Popen(start, stdout=subprocess.DEVNULL) as run:
            deadline = monotonic() + 60
            while len(handed_over(killed)) < enough:
                assert run.poll() is None
                assert monotonic() < deadline
                sleep(0.002)
            run.kill()
        assert enough <= len(handed_over(killed)) < customers
    subprocess.run(start, check=True, stdout=subprocess.DEVNULL)
    whole.run(TELLING, until="2026-01-10")
    assert killed.history() == whole.history()
    assert sorted(handed_over(killed)) == sorted({f"c{n}" for n in range(customers)})
    assert handed_over(killed)[:2] == ["c0", "c7"]  # whom the first greeted
    check_some(killed)


def check_some(shop: Any) -> None:
    with Store.open(shop.path) as store:
        assert verify(store.connection).difference is None


# --- what can't be carried -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (
            ("  wallets: {stars: beans}\n", ""),
            "there is no wallet 'stars' any more; 225 points in it are those of 3 customers",
        ),
        (
            ("  offers: {card: punch}\n", ""),
            "there is no offer 'card' any more; it is open for 3 customers",
        ),
        (
            ("  tiers: {club: circle}\n  levels: {circle: {silver: plus}}\n", ""),
            "there is no tier ladder 'club' any more; it is climbed by 3 customers",
        ),
        (
            ("  levels: {circle: {silver: plus}}\n", ""),
            "there is no level 'club.silver' any more; it is that of 1 customer",
        ),
        (
            ("  stages: {new: fresh}\n", ""),
            "there is no stage 'new' any more; it is that of 1 customer",
        ),
        (("program: shop", "program: store"), "the program of this store is called 'shop'"),
        (("timezone:", "currency: NOK\ntimezone:"), "the amounts in this store are EUR, not NOK"),
        (("{stars: beans}", "{stras: beans}"), "the program in force has no wallet 'stras'"),
    ],
)
def test_s15_what_can_not_be_carried_is_told_before(
    shop: Any, change: tuple[str, str], problem: str
) -> None:
    assert change[0] in NEW
    shop.run(OLD, SPRING)
    before = shop.history()
    for attempt in (shop.run, lambda text: activated(shop, text)):
        with pytest.raises(RulesetInvalid) as invalid:
            attempt(NEW.replace(*change))
        assert problem in [found.message for found in invalid.value.problems]
    assert shop.history() == before
    with pytest.raises(RulesetInvalid):
        activated(shop, NEW.replace(*change), "2027-01-01")


def test_s15_all_of_it_is_told_at_once(shop: Any) -> None:
    shop.run(OLD, SPRING)
    with pytest.raises(RulesetInvalid) as invalid:
        shop.run(NEW.partition("migration:")[0])
    assert len(invalid.value.problems) == 4


# --- stores and customers of all kinds -------------------------------------------------------


def test_s15_who_is_merged_into_another_is_handed_over_as_that_one(shop: Any) -> None:
    def joining(text: str) -> str:
        return text.replace("  hello:", "  join: {into: id, merges: into}\n  hello:")

    shop.run(joining(OLD), SPRING)
    line = {"id": 9, "type": "join", "customer": "bob", "time": "2026-01-05", "into": "ann"}
    shop.run(joining(OLD), [line])
    assert activated(shop, joining(NEW)).handed_over == 2
    assert handed_over(shop) == ["ann", "cat"]
    wallets = "select wallet, sum(points) from entries where customer = 'ann' "
    wallets += "and bucket in ('active', 'owed') group by wallet"
    assert dict(shop.ask(wallets)) == {"beans": 25, "stars": 0}
    check(shop)


def test_s15_a_store_of_before_knows_which_program_is_in_force(shop: Any) -> None:
    shop.run(OLD, SPRING)
    shop.run(SAME, [purchase(4, "2026-01-04")])
    known = "select program, at, begun, done from activations order by seq"
    before = shop.ask(known)
    assert [program for program, *_ in before] == [1, 2]
    shop.ask("drop table activations")
    connection = sqlite3.connect(shop.path)
    with connection:
        connection.execute("delete from _sqlite_migrations where name = 'activations'")
    connection.close()
    shop.run(SAME, [purchase(5, "2026-01-05")])
    assert shop.ask(known) == before
