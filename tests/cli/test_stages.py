"""How customers move between stages, the history of one, and stages set by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]

RULESET = """\
program: club
timezone: Europe/Oslo
include: loyalcore/ladder-by-loyalty.yaml
events:
  enquiry: {}
  purchase: {amount: money}
  referral: {}
  partnership_agreed: {}
  partnership_ended: {}
  merge: {into: id, merges: into}
"""

EVENTS = """\
{"id": "1", "customer": "ann", "type": "enquiry", "time": "2026-01-01T10:00Z"}
{"id": "2", "customer": "bob", "type": "enquiry", "time": "2026-01-01T10:00Z"}
{"id": "3", "customer": "cat", "type": "enquiry", "time": "2026-01-01T10:00Z"}
{"id": "4", "customer": "ann", "type": "purchase", "time": "2026-01-11T10:00Z"}
{"id": "5", "customer": "bob", "type": "purchase", "time": "2026-01-21T22:00Z"}
{"id": "6", "customer": "ann", "type": "purchase", "time": "2026-02-11T10:00Z"}
{"id": "7", "customer": "dan", "type": "purchase", "time": "2026-02-28T23:30Z"}
"""


@pytest.fixture
def db(cli: Cli, tmp_path: Path) -> Path:
    (tmp_path / "club.yaml").write_text(RULESET)
    fold(cli, tmp_path / "club.db", EVENTS)
    return tmp_path / "club.db"


def fold(cli: Cli, db: Path, events: str) -> None:
    (db.parent / "events.jsonl").write_text(events)
    said = cli("run", db.parent / "club.yaml", db.parent / "events.jsonl", "--db", db)
    assert said.status == 0, said.err


def flows(said: Any) -> list[tuple[str | None, str, int, int, float | None]]:
    assert said.status == 0, said.err
    return [tuple(flow.values()) for flow in said.json["flows"]]


def now(cli: Cli, db: Path) -> dict[str | None, int]:
    said = cli("stages", "--db", db, "--json").json
    return {one["stage"]: one["customers"] for one in said["stages"] if one["customers"]}


# --- the flow ---------------------------------------------------------------------------------


def test_the_flow_between_stages(cli: Cli, db: Path) -> None:
    assert flows(cli("stages", "--db", db, "--json")) == [
        (None, "prospect", 4, 4, None),
        ("prospect", "customer", 3, 3, 10.0),  # after 10, 20.5 and 0 days
        ("customer", "client", 1, 1, 31.0),
    ]
    said = cli("stages", "flow", "--db", db)
    lines = [line.split() for line in said.out.splitlines()]
    assert ["prospect", "customer", "3", "3", "10.0"] in lines
    assert ["(new)", "prospect", "4", "4"] in lines
    assert ["client", "1", "sales"] in lines
    assert lines[0][-1] == "(Europe/Oslo)"


def test_the_flow_in_a_period(cli: Cli, db: Path) -> None:
    # dan came at 00:30 on 1 March, in the time zone of the program.
    february = ("--from", "2026-02", "--to", "2026-03")
    assert flows(cli("stages", "--db", db, "--json", *february)) == [
        ("customer", "client", 1, 1, 31.0)
    ]
    assert flows(cli("stages", "--db", db, "--json", "--from", "2026-03-01")) == [
        (None, "prospect", 1, 1, None),
        ("prospect", "customer", 1, 1, 0.0),
    ]
    first = cli("stages", "--db", db, "--json", "--to", "2026-01-11T10:00Z")
    assert flows(first) == [(None, "prospect", 3, 3, None)]
    assert first.json["to"] == "2026-01-11T10:00:00Z"
    none = cli("stages", "--db", db, "--from", "2026-04", "--to", "2026-05")
    assert "Nobody moved." in none.out


def test_the_median_of_an_even_number(cli: Cli, db: Path) -> None:
    said = cli("stages", "--db", db, "--json", "--to", "2026-02")
    assert flows(said)[1] == ("prospect", "customer", 2, 2, 15.2)  # after 10 and 20.5 days


def test_who_is_where_now_and_who_is_responsible(cli: Cli, db: Path) -> None:
    said = cli("stages", "--db", db, "--json").json
    assert said["stages"] == [
        {"stage": "prospect", "customers": 1, "responsible": "marketing"},
        {"stage": "customer", "customers": 2, "responsible": "sales"},
        {"stage": "client", "customers": 1, "responsible": "sales"},
        {"stage": "supporter", "customers": 0, "responsible": "customer care"},
        {"stage": "partner", "customers": 0, "responsible": "personal adviser"},
        {"stage": "former", "customers": 0, "responsible": "win-back"},
    ]


def test_who_is_merged_is_not_counted_twice(cli: Cli, db: Path) -> None:
    fold(
        cli,
        db,
        '{"id": "8", "customer": "bob", "type": "merge", "time": "2026-03-02", "into": "ann"}',
    )
    assert now(cli, db) == {"prospect": 1, "customer": 1, "client": 1}
    # Of three who became customers, two are one by now.
    assert flows(cli("stages", "--db", db, "--json"))[1][:4] == ("prospect", "customer", 3, 2)
    said = cli("stages", "show", "bob", "--db", db)
    assert "bob is merged into ann, whose stage counts" in said.out
    assert cli("stages", "show", "bob", "--db", db, "--json").json["merged"] == "ann"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--from", "2026-02", "--to", "2026-02"), "--from must be before --to"),
        (("--from", "soon"), "--from soon: expected 2026-03, 2026-03-31 or"),
    ],
)
def test_a_period_that_is_none(cli: Cli, db: Path, options: tuple[str, ...], message: str) -> None:
    said = cli("stages", "--db", db, *options)
    assert said.status == 2
    assert message in said.err


def test_a_program_without_stages(cli: Cli, db: Path, tmp_path: Path) -> None:
    (tmp_path / "plain.yaml").write_text("program: plain\nevents: {purchase: {}}\n")
    (tmp_path / "none.jsonl").write_text(EVENTS.splitlines()[3])
    other = tmp_path / "plain.db"
    assert cli("run", tmp_path / "plain.yaml", tmp_path / "none.jsonl", "--db", other).status == 0
    said = cli("stages", "--db", other)
    assert (said.status, said.err) == (2, "error: the program plain has no stages\n")


# --- one customer -----------------------------------------------------------------------------


def test_the_history_of_a_customer_with_reasons(cli: Cli, db: Path) -> None:
    (db.parent / "club.yaml").unlink()  # the store needs no files
    told = cli("stages", "show", "ann", "--db", db, "--json").json
    assert [(one["stage"], one["was"], one["days"]) for one in told["stages"]] == [
        ("prospect", None, 10.0),
        ("customer", "prospect", 31.0),
        ("client", "customer", 17.6),  # up to the latest event of the store
    ]
    _, _, client = told["stages"]
    assert client["since"] == "2026-02-11T10:00:00Z"
    assert client["until"] is None
    assert (client["way"], client["facts"]) == (
        "when ladder_purchases >= 2",
        {"ladder_purchases": 2},
    )
    assert client["responsible"] == "sales"
    said = cli("stages", "show", "ann", "--db", db)
    assert "begins here" in said.out
    assert said.out.endswith("responsible: sales\n")
    explained = cli("explain", client["decision"], "--db", db)
    assert explained.status == 0, explained.err
    assert "stage client (was customer)" in explained.out


def test_a_customer_who_is_not_known(cli: Cli, db: Path) -> None:
    said = cli("stages", "show", "eve", "--db", db)
    assert said.status == 2
    assert "there is no customer 'eve'" in said.err


# --- by hand ----------------------------------------------------------------------------------


def set_(cli: Cli, db: Path, customer: str, stage: str, *options: object) -> Any:
    return cli(
        *("stages", "set", customer, stage, "--db", db, "--note", "we met"),
        *("--time", "2026-03-05T10:00Z", *options),
    )


def test_set_by_hand(cli: Cli, db: Path) -> None:
    said = set_(cli, db, "cat", "partner", "--id", "s-1")
    assert said.status == 0, said.err
    assert said.out == (
        "events.set_stage: stage partner (was prospect)\n"
        "event s-1 of operator at 2026-03-05T10:00:00Z\n"
    )
    assert now(cli, db)["partner"] == 1
    last = cli("stages", "show", "cat", "--db", db, "--json").json["stages"][-1]
    assert last["facts"] == {"note": "we met", "to": "partner"}
    again = set_(cli, db, "cat", "partner", "--id", "s-1")
    assert again.status == 0
    assert "nothing has changed" in again.out


def test_what_is_no_move_exits_1(cli: Cli, db: Path) -> None:
    said = set_(cli, db, "ann", "client", "--json")
    assert said.status == 1
    assert said.json["decisions"][0]["reason"] == "the customer is in 'client' already"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("ann", "partnr", "--note", "x"), "there is no stage 'partnr'; did you mean 'partner'?"),
        (("eve", "partner", "--note", "x"), "there is no customer 'eve'"),
        (("ann", "partner", "--note", " "), "--note: say why"),
        (("ann", "partner"), "Missing option '--note'"),
    ],
)
def test_what_can_not_be_set(cli: Cli, db: Path, arguments: tuple[str, ...], message: str) -> None:
    said = cli("stages", "set", *arguments, "--db", db)
    assert said.status == 2
    assert message in said.err


def test_the_commands_are_told(cli: Cli) -> None:
    said = cli("stages", "--help")
    assert said.status == 0
    assert all(name in said.out for name in ("flow", "set", "show"))
    assert "No such command 'shw'" in cli("stages", "shw").err
