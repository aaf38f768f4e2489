"""What a controller asks for: statements, what is outstanding, and whether it is right."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]

RULESET = """\
program: beans
timezone: Europe/Oslo
currency: NOK
events:
  purchase: {amount: money}
  refund: {purchase: id, amount: money, reverses: purchase}
  redeem: {reward: text, redeems: reward}
  cancel: {redeem: id, cancels: redeem}
wallets:
  beans: {pending: 14 days, expires: end of year, price: 0.10}
  status: {kind: qualifying}
rewards:
  mug: {price: {beans: 30}}
rules:
  earn: {on: purchase, then: [{earn: {beans: amount, status: 1}}]}
"""

EVENTS = """\
{"id": "p1", "customer": "ann", "type": "purchase", "time": "2026-01-10T10:00Z", "amount": 100}
{"id": "p2", "customer": "ann", "type": "purchase", "time": "2026-02-28T23:30Z", "amount": 40}
{"id": "r1", "customer": "ann", "type": "refund", "time": "2026-03-05T10:00Z", "purchase": "p2", \
"amount": 20}
{"id": "m1", "customer": "ann", "type": "redeem", "time": "2026-03-10T10:00Z", "reward": "mug"}
{"id": "m2", "customer": "ann", "type": "redeem", "time": "2026-03-11T10:00Z", "reward": "mug"}
{"id": "c1", "customer": "ann", "type": "cancel", "time": "2026-03-12T10:00Z", "redeem": "m2"}
{"id": "b1", "customer": "bob", "type": "purchase", "time": "2026-03-31T22:30Z", "amount": 7.50}
"""


@pytest.fixture(scope="module")
def beans(cli: Cli, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ann's purchases, a refund, a mug and one that she cancelled; Bob's purchase, which in
    Oslo is in April."""
    folder = tmp_path_factory.mktemp("beans")
    (folder / "beans.yaml").write_text(RULESET)
    (folder / "events.jsonl").write_text(EVENTS)
    db = folder / "beans.db"
    said = cli("run", folder / "beans.yaml", folder / "events.jsonl", "--db", db)
    assert said.status == 0, said.err
    return db


def test_a_statement_of_march(cli: Cli, beans: Path) -> None:
    """In Oslo the second purchase was in March, an hour after midnight."""
    said = cli(
        *("ledger", "statement", "--db", beans, "--customer", "ann", "--wallet", "beans"),
        *("--from", "2026-03", "--to", "2026-04", "--json"),
    ).json
    assert (said["from"], said["to"]) == ("2026-02-28T23:00:00Z", "2026-03-31T22:00:00Z")
    (one,) = said["wallets"]
    assert (one["opening"], one["opening_pending"]) == (100, 0)
    assert [
        (move["what"], move["rule"], move["points"], move["pending"], move["balance"])
        for move in one["movements"]
    ] == [
        ("earned, pending until 2026-03-14T23:30:00Z", "earn", 0, 40, 100),
        ("taken back", "events.refund.reverses", 0, -20, 100),
        ("spent", "rewards.mug", -30, 0, 70),
        ("spent", "rewards.mug", -30, 0, 40),
        ("given back", "events.cancel.cancels", 30, 0, 70),
        ("became active", "wallets.beans.pending", 20, -20, 90),
    ]
    assert (one["closing"], one["closing_pending"]) == (90, 0)


def test_a_statement_for_people(cli: Cli, beans: Path) -> None:
    said = cli("ledger", "statement", "--db", beans, "--customer", "ann", "--from", "2026-03-12")
    lines = [" ".join(line.split()) for line in said.out.splitlines()]
    assert lines[0] == "ann, from 2026-03-12 on (Europe/Oslo)"
    start = "2026-03-11T23:00:00Z"
    assert f"{start} opening balance 40 20" in lines
    assert "2026-03-12T10:00:00Z given back events.cancel.cancels cancel c1 +30 70 20" in lines
    assert "closing balance 90 0" in lines
    assert f"{start} opening balance 2 0" in lines  # status


def test_statements_follow_on_each_other(cli: Cli, beans: Path) -> None:
    closed: dict[str, int] = {}
    for month in range(1, 5):
        period = ("--from", f"2026-{month:02}", "--to", f"2026-{month + 1:02}")
        said = cli(
            "ledger", "statement", "--db", beans, "--customer", "ann", *period, "--json"
        ).json
        for one in said["wallets"]:
            assert one["opening"] == closed.get(one["wallet"], 0)
            closed[one["wallet"]] = one["closing"]
    rows = cli("ledger", "balance", "--db", beans, "--customer", "ann", "--json").json
    assert {row["wallet"]: row["balance"] for row in rows} == closed == {"beans": 90, "status": 2}


@pytest.mark.parametrize(
    ("options", "answer"),
    [
        (["--from", "2026-13"], "--from 2026-13: expected 2026-03, 2026-03-31 or"),
        (["--from", "2026-04", "--to", "2026-04"], "--from must be before --to"),
    ],
)
def test_periods_that_are_none(cli: Cli, beans: Path, options: list[str], answer: str) -> None:
    said = cli("ledger", "statement", "--db", beans, "--customer", "ann", *options)
    assert said.status == 2
    assert answer in said.err


def test_liability(cli: Cli, beans: Path) -> None:
    said = cli("ledger", "liability", "--db", beans, "--json")
    assert said.status == 0
    assert said.json == {
        "at": "2026-03-31T22:30:00Z",
        "currency": "NOK",
        "wallets": [
            {
                "wallet": "beans",
                "active": 90,
                "pending": 7,
                "value": "9.70",
                "owed": 0,
                "expired": 0,
                "breakage_rate": None,
                "breakage": None,
                "breakage_value": None,
                "months": [{"expires": "2026-12", "active": 90, "pending": 7, "value": "9.70"}],
            }
        ],
        "differences": [],
    }


@pytest.mark.parametrize(
    ("at", "active", "pending", "expired"),
    [
        ("2026-01-10T09:59:59Z", 0, 0, 0),
        ("2026-01-10T10:00:00Z", 0, 100, 0),
        ("2026-03-10T09:59:59Z", 100, 20, 0),
        ("2026-03-11T10:00:00Z", 40, 20, 0),
        ("2026-12-31T22:59:59Z", 97, 0, 0),
        ("2026-12-31T23:00:00Z", 0, 0, 97),
    ],
)
def test_liability_at_any_instant(
    cli: Cli, beans: Path, at: str, active: int, pending: int, expired: int
) -> None:
    """Past and to come; the year ends at midnight in Oslo."""
    said = cli("ledger", "liability", "--db", beans, "--at", at, "--json")
    assert said.status == 0, said.err
    sums = [(one["active"], one["pending"], one["expired"]) for one in said.json["wallets"]]
    assert sums == ([(active, pending, expired)] if active or pending or expired else [])
    balances = cli("ledger", "balance", "--db", beans, "--at", at, "--wallet", "beans", "--json")
    assert sum(row["balance"] for row in balances.json) == active


def test_liability_for_people(cli: Cli, beans: Path) -> None:
    said = cli("ledger", "liability", "--db", beans)
    lines = [" ".join(line.split()) for line in said.out.splitlines()]
    assert lines[0] == "at 2026-03-31T22:30:00Z, values in NOK"
    assert "beans 2026-12 90 7 9.70" in lines
    assert "beans 90 7 9.70 not enough history (under 30 lots) 0 0" in lines
    by_wallet = cli("ledger", "liability", "--db", beans, "--by", "wallet").out
    assert "2026-12" not in by_wallet


def test_breakage(cli: Cli, tmp_path: Path) -> None:
    """Thirty customers of 2025 have let a quarter of their points expire; of 2026 100 points
    are outstanding. The one who spent all long before counts too."""
    (tmp_path / "beans.yaml").write_text(RULESET.replace("14 days", "1 day"))
    lines = []
    for number in range(30):
        name = f"c{number}"
        lines.append(
            f'{{"id": "p{number}", "customer": "{name}", "type": "purchase", '
            f'"time": "2025-03-01T10:00Z", "amount": 40}}'
        )
        lines.append(
            f'{{"id": "m{number}", "customer": "{name}", "type": "redeem", '
            f'"time": "2025-04-01T10:00Z", "reward": "mug"}}'
        )
    lines.append(
        '{"id": "q", "customer": "c1", "type": "purchase", "time": "2026-02-01T10:00Z", '
        '"amount": 100}'
    )
    (tmp_path / "events.jsonl").write_text("\n".join(lines))
    db = tmp_path / "beans.db"
    assert cli("run", tmp_path / "beans.yaml", tmp_path / "events.jsonl", "--db", db).status == 0
    (one,) = cli("ledger", "liability", "--db", db, "--json").json["wallets"]
    assert (one["pending"], one["expired"]) == (100, 300)
    assert (one["breakage_rate"], one["breakage"], one["breakage_value"]) == ("1/4", 25, "2.50")
    assert "25 (25.0%)" in cli("ledger", "liability", "--db", db).out


def test_liability_tells_where_states_and_entries_differ(
    cli: Cli, beans: Path, tmp_path: Path
) -> None:
    db = tmp_path / "copy.db"
    db.write_bytes(beans.read_bytes())
    connection = sqlite3.connect(db)
    connection.execute("drop trigger entries_no_update")
    connection.execute("update entries set points = points + 5 where seq = 1")
    connection.commit()
    connection.close()
    said = cli("ledger", "liability", "--db", db)
    assert said.status == 1
    assert "error: beans: pending 7 by customers' states, 12 by entries" in said.err
    verified = cli("ledger", "verify", "--db", db)
    assert verified.status == 1
    assert verified.out.splitlines() == [
        "customer ann, lot 1 in the customer's state",
        "  expected: pending 5",
        "  found:    0",
    ]


def test_verify(cli: Cli, beans: Path) -> None:
    said = cli("ledger", "verify", "--db", beans)
    assert said.status == 0
    assert said.out.startswith("Every point is accounted for: 2 customers, ")
    quick = cli("ledger", "verify", "--db", beans, "--quick")
    assert quick.out.endswith("entries, events not stepped again.\n")
    told = cli("ledger", "verify", "--db", beans, "--json").json
    assert (told["customers"], told["difference"]) == (2, None)
