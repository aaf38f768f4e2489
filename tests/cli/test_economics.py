"""`loyalcore economics`: every figure of a small store, by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Cli

RULESET = """\
program: coffee
currency: EUR
timezone: Europe/Dublin
events:
  purchase: {order: id, amount: money, brings: amount * 0.4}
  refund: {order: id, amount: money, reverses: purchase}
  letter_day: {}
  merge: {into: id, merges: into}
wallets: {beans: {price: 0.01}}
experiments: {letters: {holdout: 40 %}}
costs: {send: {post: 1.20}, issue: {cake: 3.50}}
messages: {come-back: {channel: post, purpose: promotional, text: We miss you.}}
rules:
  earn: {on: purchase, then: [earn: {beans: amount}]}
  come-back:
    on: letter_day
    experiment: letters
    budget: {money: 4.80 per month, count: 100}
    then: [send: come-back]
  cake: {on: purchase, when: amount >= 50, then: [issue: {benefit: cake}]}
  tag: {on: purchase, then: [set: {tags.buyer: true}]}
"""

# By their hashes ann, cat, ida and jon are reached; the others are held out.
NAMES = ("ann", "bea", "cat", "dan", "eve", "fay", "gus", "hal", "ida", "jon")

EVENTS = "customer,type,time,order,amount,into\n" + "".join(
    [
        *(f"{name},letter_day,2026-03-02T09:00,,,\n" for name in NAMES),
        "ann,purchase,2026-03-04T12:00,1,40.00,\n",
        "bea,purchase,2026-03-05T12:00,2,25.00,\n",
        "cat,purchase,2026-03-09T12:00,3,60.00,\n",
        "eve,purchase,2026-03-12T12:00,4,20.00,\n",
        "cat,refund,2026-03-14T12:00,3,30.00,\n",
        "hal,purchase,2026-03-20T12:00,5,10.00,\n",
        "jon,purchase,2026-04-01T09:00,6,5.00,\n",  # an hour before 30 days are over
        "ann,purchase,2026-04-20T12:00,7,40.00,\n",
    ]
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, cli: Cli) -> Path:
    folder = tmp_path_factory.mktemp("coffee")
    (folder / "coffee.yaml").write_text(RULESET)
    (folder / "events.csv").write_text(EVENTS)
    run(cli, folder, "events.csv")
    return folder


def run(cli: Cli, folder: Path, events: str) -> None:
    done = cli("run", folder / "coffee.yaml", "--db", folder / "coffee.db", folder / events)
    assert done.status == 0, done.err


def told(cli: Cli, folder: Path, *options: object) -> Any:
    said = cli("economics", "--db", folder / "coffee.db", "--json", *options)
    assert said.status == 0, said.err
    return said.json


def rows(cli: Cli, folder: Path, *options: object) -> dict[str, Any]:
    found = told(cli, folder, *options)
    return {row[found["by"]]: row for row in found["rows"]}


def figures(row: dict[str, Any]) -> tuple[object, ...]:
    return tuple(row[name] for name in ("fired", "reached", "cost", "responded", "margin"))


def test_each_rule_has_what_it_cost_and_what_came_after(cli: Cli, folder: Path) -> None:
    found = rows(cli, folder)
    assert {rule: figures(row) for rule, row in found.items()} == {
        # Four letters at 1.20. ann brought 16, cat 24 less 12 that was refunded, jon 2.
        "come-back": (4, 4, "4.80", 3, "30.00"),
        "cake": (1, 1, "3.50", 0, "0.00"),
        # 40 + 25 + 60 + 20 + 10 + 5 + 40 beans at 0.01. Nobody bought again within 30 days.
        "earn": (7, 6, "2.00", 0, "0.00"),
        "tag": (7, 6, None, 0, "0.00"),
    }


def test_a_control_group_tells_what_it_brought(cli: Cli, folder: Path) -> None:
    control = rows(cli, folder)["come-back"]["control"]
    # 30 of four; 10 of bea, 8 of eve and 4 of hal, of six.
    assert (control["treated"], control["treated_margin"]) == (4, "7.50")
    assert (control["held_out"], control["held_out_margin"]) == (6, "3.67")
    assert control["difference"] == "3.83"
    low, high = map(float, control["interval"])
    assert low < 0 < high
    assert round((low + high) / 2, 2) == pytest.approx(3.83, abs=0.011)
    assert rows(cli, folder)["earn"]["control"] is None


def test_a_shorter_time_has_fewer_answers(cli: Cli, folder: Path) -> None:
    found = rows(cli, folder, "--within", "7 days", "--rule", "come-back")
    assert [*found] == ["come-back"]
    assert figures(found["come-back"]) == (4, 4, "4.80", 1, "16.00")  # cat is three hours late
    found = rows(cli, folder, "--within", "29 days", "--rule", "come-back")
    assert figures(found["come-back"]) == (4, 4, "4.80", 2, "28.00")  # without jon


def test_a_period_is_of_what_was_decided_in_it(cli: Cli, folder: Path) -> None:
    found = rows(cli, folder, "--from", "2026-04", "--to", "2026-05")
    assert {rule: figures(row) for rule, row in found.items()} == {
        "earn": (2, 2, "0.45", 0, "0.00"),
        "tag": (2, 2, None, 0, "0.00"),
    }


def test_by_month_section_and_experiment(cli: Cli, folder: Path) -> None:
    months = rows(cli, folder, "--by", "month")
    assert {month: figures(row)[:3] for month, row in months.items()} == {
        "2026-03": (4 + 1 + 5 + 5, 7, "9.85"),
        "2026-04": (4, 2, "0.45"),
    }
    (section,) = rows(cli, folder, "--by", "section").values()
    assert figures(section) == (19, 7, "10.30", 3, "30.00")
    assert section["control"] is None
    assert figures(rows(cli, folder, "--by", "experiment")["letters"]) == (
        *(4, 4, "4.80"),
        *(3, "30.00"),
    )


def test_budgets_say_what_is_used_and_left(cli: Cli, folder: Path) -> None:
    of = {"of": "come-back", "text": "4.80 per month"}
    assert told(cli, folder)["budgets"] == [
        {**of, "what": "money", "period": "month 2026-03-01", "used": "4.80", "left": "0.00"},
        {**of, "what": "money", "period": "month 2026-04-01", "used": "0.00", "left": "4.80"},
        {"of": "come-back", "what": "count", "text": "100", "period": "", "used": 4, "left": 96},
    ]
    march = told(cli, folder, "--from", "2026-03", "--to", "2026-04")["budgets"]
    assert [each["period"] for each in march] == ["month 2026-03-01", ""]


def test_the_table_is_honest_about_what_it_does_not_show(cli: Cli, folder: Path) -> None:
    said = cli("economics", "--db", folder / "coffee.db").out
    assert "6 held out" in said
    assert "not what came of it: an experiment with a holdout would tell" in said
    assert "The time to answer is not over yet for up to 2 customers." in said
    said = cli("economics", "--db", folder / "coffee.db", "--by", "section").out
    assert "control group " not in said
    assert "--by rule and --by experiment compare with control groups" in said


def test_what_is_asked_wrongly_is_told(cli: Cli, folder: Path) -> None:
    db = folder / "coffee.db"
    said = cli("economics", "--db", db, "--rule", "come-bak")
    assert (said.status, said.err) == (
        2,
        "error: there is no rule 'come-bak'; did you mean 'come-back'?\n",
    )
    assert cli("economics", "--db", db, "--within", "soon").status == 2
    assert cli("economics", "--db", db, "--from", "2026-04", "--to", "2026-03").status == 2
    assert cli("economics", "--db", folder / "none.db").status == 2


def test_the_log_told_again_brings_the_same(cli: Cli, folder: Path) -> None:
    assert cli("ledger", "verify", "--db", folder / "coffee.db").status == 0


def test_customers_who_are_one_count_once(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "coffee.yaml").write_text(RULESET)
    (tmp_path / "events.csv").write_text(EVENTS)
    (tmp_path / "merges.csv").write_text(
        "customer,type,time,order,amount,into\n"
        "jon,merge,2026-04-21T09:00,,,ann\n"  # both were reached
        "bea,merge,2026-04-21T09:00,,,cat\n"  # held out, and reached
        "ann,refund,2026-04-22T09:00,6,5.00,\n"  # of what jon bought
    )
    run(cli, tmp_path, "events.csv")
    run(cli, tmp_path, "merges.csv")
    row = rows(cli, tmp_path)["come-back"]
    # bea's 10 count for cat, who was reached; jon's 2 were refunded.
    assert figures(row) == (4, 3, "4.80", 2, "38.00")
    control = row["control"]
    assert (control["treated"], control["treated_margin"]) == (2, "8.00")  # ann 16, ida 0
    assert (control["held_out"], control["in_both"]) == (5, 1)


def test_a_store_without_margins_tells_the_costs(cli: Cli, db: Path) -> None:
    said = cli("economics", "--db", db, "--json")
    assert said.status == 0, said.err
    assert {row["margin"] for row in said.json["rows"]} == {"0.00"}


JOURNEY = """\
program: quiet
currency: EUR
events: {purchase: {amount: money, brings: amount * 0.4}}
messages: {come-back: {text: We miss you.}}
people: {anna: adviser}
costs: {send: {file: 1.00}, hour: 60}
tasks: {call: {role: adviser, takes: 30 minutes}}
win_back:
  lost:
    silent: {event: purchase, for: 90 days}
    holdout: 50 %
    budget: {money: 100, customers: 50}
    until: purchase
    attribution: 30 days
    steps:
      - now: {send: come-back}
      - after 10 days: {task: call}
"""


def test_a_journey_is_compared_with_those_whom_it_leaves_out(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "quiet.yaml").write_text(JOURNEY)
    lines = [f"{name},2026-01-01T09:00,10" for name in NAMES]
    lines += [f"{name},2026-04-10T09:00,20" for name in NAMES[:6]]
    (tmp_path / "e.csv").write_text("customer,time,amount\n" + "\n".join(lines) + "\n")
    store = ("--db", tmp_path / "quiet.db")
    done = cli(
        *("run", tmp_path / "quiet.yaml", *store, "--type", "purchase", "--until", "2026-05-01"),
        tmp_path / "e.csv",
    )
    assert done.status == 0, done.err
    shown = {name: cli("journeys", "show", name, *store, "--json").json for name in NAMES}
    held = {name for name, travels in shown.items() if travels["journeys"][0]["held_out"]}
    back = set(NAMES[:6])
    found = cli("economics", *store, "--json").json
    (row,) = found["rows"]
    assert (row["rule"], row["experiment"]) == ("win_back.lost", "win_back.lost")
    treated = set(NAMES) - held
    # entered on 1 April, called on the 11th where they had not returned: 1.00, and 30.00
    assert row["reached"] == len(treated)
    assert row["fired"] == 2 * len(treated) + len(treated - back)
    assert row["cost"] == f"{len(treated) + 30 * len(treated - back)}.00"
    assert row["responded"] == len(treated & back)
    assert row["margin"] == f"{8 * len(treated & back)}.00"
    control = row["control"]
    assert (control["treated"], control["held_out"]) == (len(treated), len(held))
    budgets = {one["what"]: (one["used"], one["left"]) for one in found["budgets"]}
    assert budgets["money"] == (row["cost"], f"{100 - int(float(row['cost']))}.00")
    assert budgets["customers"] == (len(NAMES), 50 - len(NAMES))


CARE = """\
program: care
currency: EUR
events:
  purchase: {amount: money, brings: amount * 0.4}
  complaint: {ticket: id}
  answer: {ticket: id}
wallets: {beans: {price: 0.05}}
messages: {sorry: {text: We are sorry.}}
costs: {send: {file: 0.50}}
recovery:
  complaints:
    open: complaint
    case: ticket
    promise: 2 days
    answered: answer
    goodwill: {do: {earn: {beans: 100}}, budget: {money: 8}}
    then: {overdue: {send: sorry}}
"""


def test_goodwill_has_its_budget_and_bookkeeping_no_line(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "care.yaml").write_text(CARE)
    (tmp_path / "e.csv").write_text(
        "customer,type,time,ticket,amount\n"
        "ann,complaint,2026-01-01T09:00,a,\n"
        "bob,complaint,2026-01-01T09:00,b,\n"
        "ann,answer,2026-01-02T09:00,a,\n"
        "bob,answer,2026-01-05T09:00,b,\n"
        "ann,purchase,2026-01-06T09:00,,50\n"
    )
    store = ("--db", tmp_path / "care.db")
    done = cli("run", tmp_path / "care.yaml", *store, tmp_path / "e.csv")
    assert done.status == 0, done.err
    found = cli("economics", *store, "--json").json
    rows = {row["rule"]: (row["fired"], row["cost"], row["responded"]) for row in found["rows"]}
    assert rows == {
        "recovery.complaints.goodwill": (2, "8.00", 1),  # 5.00, and what the budget leaves
        "recovery.complaints.overdue": (1, "0.50", 0),
    }
    (budget,) = found["budgets"]
    assert (budget["what"], budget["used"], budget["left"]) == ("money", "8.00", "0.00")
    by_section = cli("economics", *store, "--json", "--by", "section").json["rows"]
    assert [row["section"] for row in by_section] == ["recovery"]
