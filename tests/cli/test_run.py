"""`loyalcore run`: the forms of its input, its options, what it says, and how it exits."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]

SHOP = """\
program: shop
currency: EUR
events: {purchase: {amount: {type: money, required: true}, shop: text}, visit: {}}
wallets: {points: }
rules:
  earn: {on: purchase, then: [{earn: {points: amount}}]}
  often: {on: purchase, limit: once, then: [{set: {tags.often: true}}]}
"""

JSONL = """\
{"id": "1", "customer": "ann", "type": "purchase", "time": "2026-01-02T10:00Z", "amount": 12.5}
{"id": "2", "customer": "bob", "type": "purchase", "time": "2026-01-03T10:00Z", "amount": 129.50}
{"id": "3", "customer": "ann", "type": "visit", "time": "2026-01-01T10:00Z"}
"""

CSV = """\
no;cust;day;kind;sum;where
1;ann;2026-01-02;purchase;12.50;A
2;bob;2026-01-03;purchase;129.5;B
"""

BAD = """\
{"id": "4", "customer": "ann", "type": "purchase", "time": "2026-01-04T10:00Z", "amount": "dear"}
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to be in, with a ruleset and files of events."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop.yaml").write_text(SHOP)
    (tmp_path / "events.jsonl").write_text(JSONL)
    (tmp_path / "events.csv").write_text(CSV)
    (tmp_path / "bad.jsonl").write_text(BAD)
    return tmp_path


RUN = ("run", "shop.yaml", "--db", "shop.db")


# --- what it says -----------------------------------------------------------------------------


@pytest.mark.usefixtures("shop")
def test_people_get_a_summary(process: Cli) -> None:
    said = process(*RUN, "events.jsonl", "bad.jsonl")
    assert said.out.splitlines() == [
        "3 events decided",
        "",
        "rule    fired   held back",
        "─────────────────────────",
        "earn        2           0",
        "often       2           0",
        "",
        "           name        count",
        "─" * 28,
        "points     points        141",
        "rejected   bad-field       1",
    ]
    assert said.err == "1 rejected; see: loyalcore rejects list --db shop.db\n"
    assert said.status == 1


@pytest.mark.usefixtures("shop")
def test_machines_get_json(cli: Cli) -> None:
    said = cli(*RUN, "events.jsonl", "--json")
    assert said.status == 0
    report = said.json
    assert len(report.pop("program")) == 64
    assert report.pop("matcher") in ("durable", "compiled")
    assert {name: value for name, value in report.items() if value} == {
        "events": 3,
        "fired": {"earn": 2, "often": 2},
        "points": {"points": 141},
    }


@pytest.mark.usefixtures("shop")
def test_the_same_events_again_change_nothing(cli: Cli) -> None:
    assert cli(*RUN, "events.jsonl").status == 0
    again = cli(*RUN, "events.jsonl", "--json")
    assert (again.status, again.json["events"], again.json["duplicates"]) == (0, 0, 3)
    assert "3 duplicates passed over" in cli(*RUN, "events.jsonl").out


@pytest.mark.usefixtures("shop")
def test_rejects_are_no_failure_where_they_are_allowed(cli: Cli) -> None:
    said = cli(*RUN, "bad.jsonl", "--allow-rejects", "--json")
    assert (said.status, said.json["rejected"]) == (0, {"bad-field": 1})


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("matcher", ["durable", "compiled"])
def test_either_matcher_may_be_asked_for(cli: Cli, matcher: str) -> None:
    said = cli(*RUN, "events.jsonl", "--matcher", matcher, "--json")
    assert (said.status, said.json["matcher"]) == (0, matcher)
    assert said.json["fired"] == {"earn": 2, "often": 2}


# --- the forms of the input -------------------------------------------------------------------


@pytest.mark.usefixtures("shop")
def test_columns_of_other_names_are_mapped(cli: Cli) -> None:
    names = "id=no,customer=cust,time=day,type=kind"
    said = cli(*RUN, "events.csv", "--map", names, "--map", "amount=sum,shop=where", "--json")
    assert (said.status, said.json["points"]) == (0, {"points": 141})
    events = cli("events", "list", "--db", "shop.db", "--json").json
    assert [(event["id"], event["customer"]) for event in events] == [("2", "bob"), ("1", "ann")]
    assert {event["source"] for event in events} == {"events"}


def test_lines_that_name_no_type_are_of_the_one_that_is_given(cli: Cli, shop: Path) -> None:
    (shop / "tills.csv").write_text("customer,time,amount\nann,2026-01-02,12.50\n")
    said = cli(*RUN, "tills.csv", "--type", "purchase", "--source", "till-7", "--json")
    assert (said.status, said.json["points"]) == (0, {"points": 12})
    (event,) = cli("events", "list", "--db", "shop.db", "--json").json
    assert (event["type"], event["source"]) == ("purchase", "till-7")


def test_a_program_of_one_event_type_needs_no_type(cli: Cli, shop: Path) -> None:
    (shop / "shop.yaml").write_text(SHOP.replace(", visit: {}", ""))
    (shop / "tills.csv").write_text("customer,time,amount\nann,2026-01-02,12.50\n")
    assert cli(*RUN, "tills.csv").status == 0


def test_gzip_is_seen_whatever_the_name(cli: Cli, shop: Path) -> None:
    (shop / "events.gz").write_bytes(gzip.compress(JSONL.encode()))
    (shop / "packed").write_bytes(gzip.compress(BAD.encode()))
    said = cli(*RUN, "events.gz", "packed", "--allow-rejects", "--json")
    assert (said.status, said.json["events"]) == (0, 3)
    assert said.json["rejected"] == {"bad-field": 1}


@pytest.mark.usefixtures("shop")
def test_standard_input_is_read_where_no_file_is_named() -> None:
    def piped(content: bytes, *named: str) -> Any:
        done = subprocess.run(
            [sys.executable, "-m", "loyalcore", *RUN, "--json", "--source", "till", *named],
            input=content,
            capture_output=True,
            check=True,
        )
        return json.loads(done.stdout)

    assert piped(JSONL.encode())["events"] == 3
    assert piped(gzip.compress(JSONL.encode()), "-")["duplicates"] == 3


@pytest.mark.usefixtures("shop")
def test_the_form_of_the_input_may_be_told(cli: Cli) -> None:
    said = cli(*RUN, "events.jsonl", "--format", "csv")
    assert said.status == 2
    assert "events.jsonl has no column" in said.err or "two columns" in said.err


# --- a mistake in each option -----------------------------------------------------------------


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["run"], "Missing argument 'RULESET'"),
        (["run", "shop.yaml", "events.jsonl"], "Missing option '--db'"),
        (["run", "nothing.yaml", "--db", "shop.db"], "File 'nothing.yaml' does not exist."),
        ([*RUN, "nothing.jsonl"], "error: there is no file nothing.jsonl"),
        ([*RUN, "events.jsonl", "--type", "sale"], "error: --type sale: the ruleset declares"),
        ([*RUN, "events.csv"], "error: events.csv has no column customer; the columns"),
        ([*RUN, "events.csv", "--map", "customer"], "error: --map wants NAME=COLUMN, such as"),
        ([*RUN, "events.csv", "--map", "who=cust"], "error: --map who=cust: there is no who;"),
        ([*RUN, "events.csv", "--map", "customer=c"], "error: --map customer=c: no such column;"),
        (
            [*RUN, "events.csv", "--map", "customer=cust,customer=no"],
            "error: --map names customer twice",
        ),
        (
            [*RUN, "events.jsonl", "--format", "xml"],
            "there is no format 'xml'; there are cloudevents, short, csv",
        ),
        ([*RUN, "events.jsonl", "--matcher", "fast"], "'fast' is not one of 'durable'"),
        ([*RUN, "events.jsonl", "--batch", "0"], "0 is not in the range x>=1"),
        ([*RUN, "events.jsonl", "--wait", "-1"], "-1.0 is not in the range x>=0"),
        ([*RUN, "events.jsonl", "--fast"], "No such option '--fast'"),
    ],
)
def test_wrong_usage_exits_2_and_decides_nothing(cli: Cli, arguments: list[str], says: str) -> None:
    said = cli(*arguments)
    assert said.status == 2
    assert says in said.err
    assert said.out == ""
    if Path("shop.db").exists():
        assert cli("events", "list", "--db", "shop.db", "--json").json == []


def test_a_ruleset_with_problems_is_not_run(cli: Cli, shop: Path) -> None:
    (shop / "shop.yaml").write_text(SHOP.replace("amount}}]}", "amuont}}]}"))
    said = cli(*RUN, "events.jsonl")
    assert said.status == 1
    assert said.err.splitlines() == [
        "shop.yaml:6:47: error: there is no 'amuont' (did you mean 'amount'?) [unknown-name]",
        "1 problem; nothing was run.",
    ]
    assert not (shop / "shop.db").exists()


@pytest.mark.parametrize(
    ("db", "says"),
    [
        ("events.csv", "not an SQLite file"),
        ("nowhere/shop.db", "nowhere"),
    ],
)
@pytest.mark.usefixtures("shop")
def test_a_store_that_cannot_be_is_an_error(cli: Cli, db: str, says: str) -> None:
    said = cli("run", "shop.yaml", "--db", db, "events.jsonl")
    assert said.status == 1
    assert said.err.startswith("error: ")
    assert says in said.err


def test_a_packed_file_that_is_cut_off_decides_nothing(cli: Cli, shop: Path) -> None:
    (shop / "cut.gz").write_bytes(gzip.compress(JSONL.encode() * 50)[:-20])
    said = cli(*RUN, "cut.gz")
    assert said.status != 0
    assert "cut.gz" in said.err
    assert cli("events", "list", "--db", "shop.db", "--json").json == []


# --- time -------------------------------------------------------------------------------------


@pytest.fixture
def expiring(shop: Path) -> Path:
    """The shop, whose points expire."""
    text = SHOP.replace("{points: }", "{points: {expires: 10 days}}")
    (shop / "shop.yaml").write_text(text.replace("currency: EUR", "timezone: Europe/Oslo"))
    return shop


@pytest.mark.usefixtures("expiring")
def test_time_passes_as_far_as_is_asked(cli: Cli) -> None:
    assert cli(*RUN, "events.jsonl").status == 0
    said = cli(*RUN, "--until", "2026-01-12T10:59:59", "--json")  # local: an hour ahead of UTC
    assert (said.json["timers"], said.json["expired"]) == (0, {})
    said = cli(*RUN, "--until", "2026-01-12")
    assert "1 timer fell due" in said.out
    assert "points expired   points      12" in said.out


def test_time_passes_up_to_now(cli: Cli, shop: Path) -> None:
    ruleset = SHOP.replace("{points: }", "{points: {pending: 2 days}}")
    (shop / "shop.yaml").write_text(ruleset)
    now = datetime.now(UTC)
    events = [
        {"customer": customer, "type": "purchase", "time": time.isoformat(), "amount": 5}
        for customer, time in (("ann", now - timedelta(days=3)), ("bob", now - timedelta(days=1)))
    ]
    (shop / "late.jsonl").write_text("".join(f"{json.dumps(event)}\n" for event in events))
    cli(*RUN, "late.jsonl", "--until", "now")

    def balance(customer: str) -> object:
        return cli("customer", "show", customer, "--db", "shop.db", "--json").json["balances"]

    assert (balance("ann"), balance("bob")) == ({"points": 5}, {"points": 0})


@pytest.mark.usefixtures("expiring")
def test_events_come_before_the_time_that_is_asked_for(cli: Cli) -> None:
    said = cli(*RUN, "events.jsonl", "--until", "2027-01-01", "--json")
    assert (said.json["events"], said.json["timers"]) == (3, 2)


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("time", ["soon", "2026-13-01", "2026-02-30", "9999-99-99T99"])
def test_a_time_that_is_none_is_told(cli: Cli, time: str) -> None:
    said = cli(*RUN, "--until", time)
    assert (said.status, said.out) == (2, "")
    assert f"--until {time}: write a day such as 2026-12-31" in said.err
