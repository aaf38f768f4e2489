"""Who is in which journey, what journeys have brought, and why a step was taken."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]

RULESET = """\
program: club
timezone: Europe/Oslo
events:
  purchase: {amount: money}
  sign_up: {}
messages: {tips: {text: tips}, more: {text: more}}
journeys:
  series: {enter: sign_up, steps: [{after 3 days: {send: tips}}]}
win_back:
  lost:
    silent: {event: purchase, for: 30 days}
    cost: 1.50
    steps: [{now: {send: tips}}, {after 10 days: {send: more}}]
    until: purchase
"""

EVENTS = """\
{"id": "1", "customer": "ann", "type": "purchase", "time": "2026-01-01T10:00Z", "amount": 1}
{"id": "2", "customer": "bob", "type": "purchase", "time": "2026-01-02T10:00Z", "amount": 1}
{"id": "3", "customer": "bob", "type": "sign_up", "time": "2026-02-01T10:00Z"}
{"id": "4", "customer": "ann", "type": "purchase", "time": "2026-02-02T10:00Z", "amount": 1}
"""


@pytest.fixture
def db(folded: Callable[..., Path], tmp_path: Path) -> Path:
    return folded(tmp_path, RULESET, EVENTS)


def asked(cli: Cli, *command: object) -> Any:
    return cli(*command, "--json").json


def test_the_report_tells_outcomes_rate_and_cost(cli: Cli, db: Path) -> None:
    (found,) = asked(cli, "win-back", "report", "--db", db, "--journey", "lost")
    assert found["treated"] == {
        "entered": 2,
        "now": {"1": 1},
        "outcomes": {"returned": 1},
        "won": 1,
        "counted": 2,
        "rate": 0.5,
        "cost": "3.00",
        "cost_per_won": "3.00",
    }
    assert (found["held_out"]["entered"], found["uplift"]) == (0, None)
    (found,) = asked(cli, "win-back", "report", "--db", db, "--to", "2026-02-01")
    assert found["treated"]["entered"] == 1
    shown = cli("win-back", "report", "--db", db).out
    assert "1 after step 1" in shown
    assert "no uplift is known" in shown


def test_who_is_in_what(cli: Cli, db: Path) -> None:
    assert asked(cli, "journeys", "list", "--db", db) == [
        {"journey": "journeys.series", "entered": 1, "held_out": 0, "now": 1},
        {"journey": "win_back.lost", "entered": 2, "held_out": 0, "now": 1},
    ]
    assert "win_back.lost" in cli("journeys", "list", "--db", db).out
    (one,) = asked(cli, "journeys", "show", "ann", "--db", db)["journeys"]
    assert (one["outcome"], one["steps"], one["cost"]) == ("returned", 1, "1.50")
    shown = cli("journeys", "show", "bob", "--db", db).out
    assert "in it now" in shown
    (found,) = asked(cli, "journeys", "report", "--db", db)
    assert found["treated"]["now"] == {"0": 1}


def test_explain_tells_what_comes_next(cli: Cli, db: Path) -> None:
    told = cli("explain", "--db", db, "--customer", "bob", "--rule", "win_back.lost").out
    assert "step 2 comes next (after 10 days)" in told


def test_what_is_not_there_is_refused(cli: Cli, db: Path) -> None:
    assert "lost" in cli("win-back", "report", "--db", db, "--journey", "lots").err
