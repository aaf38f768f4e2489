"""`loyalcore events late`, and what other commands tell of events that came late."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]

RULESET = """\
program: shop
timezone: Europe/Oslo
allow_late: 3 days
events: {purchase: {amount: money}, visit: {}}
metrics: {spend: {sum: purchase.amount, over: 30 days}}
rules: {note: {on: purchase, when: spend > 5, then: [set: {tags.spender: true}]}}
"""


def lines(*events: tuple[int, str, int]) -> str:
    return "".join(
        json.dumps(
            {
                "id": str(number),
                "type": type,
                "customer": "ann",
                "time": f"2026-01-{day:02}T12:00Z",
                **({"amount": 4} if type == "purchase" else {}),
            }
        )
        + "\n"
        for number, type, day in events
    )


@pytest.fixture(scope="module")
def late_db(cli: Cli, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with three late events, and two that were too late."""
    folder = tmp_path_factory.mktemp("late")
    (folder / "shop.yaml").write_text(RULESET)
    deliveries = [
        [(1, "purchase", 20)],
        [(2, "purchase", 19), (3, "purchase", 17), (4, "visit", 18)],
        [(5, "purchase", 10), (6, "visit", 15)],
    ]
    for number, events in enumerate(deliveries):
        (folder / f"{number}.jsonl").write_text(lines(*events))
        file = folder / f"{number}.jsonl"
        cli("run", folder / "shop.yaml", "--db", folder / "shop.db", file)
    return folder / "shop.db"


def test_how_late_events_came(cli: Cli, late_db: Path) -> None:
    day = 24 * 60 * 60
    assert cli("events", "late", "--db", late_db, "--json").json == {
        "from": None,
        "to": None,
        "accepted": [
            {"type": "purchase", "events": 2, "median_seconds": 3 * day, "most_seconds": 3 * day},
            {"type": "visit", "events": 1, "median_seconds": 2 * day, "most_seconds": 2 * day},
        ],
        "rejected": [
            {"type": "purchase", "events": 1, "median_seconds": 10 * day, "most_seconds": 10 * day},
            {"type": "visit", "events": 1, "median_seconds": 5 * day, "most_seconds": 5 * day},
        ],
        "allowances": [{"allow_late": "7 days", "takes": 1}, {"allow_late": "14 days", "takes": 2}],
    }


def test_how_late_events_came_for_people(cli: Cli, late_db: Path) -> None:
    said = cli("events", "late", "--db", late_db)
    rows = [line.split() for line in said.out.splitlines() if line and "─" not in line]
    assert rows[:8] == [
        ["accepted", "events", "median", "most"],
        ["purchase", "2", "3", "days", "3", "days"],
        ["visit", "1", "2", "days", "2", "days"],
        ["too", "late", "events", "median", "most"],
        ["purchase", "1", "10", "days", "10", "days"],
        ["visit", "1", "5", "days", "5", "days"],
        ["allow_late", "would", "let", "in"],
        ["7", "days", "1"],
    ]
    assert said.out.endswith(
        f"`loyalcore rejects retry --db {late_db} RULESET` tries them again.\n"
    )


def test_of_a_period(cli: Cli, late_db: Path) -> None:
    said = cli("events", "late", "--db", late_db, "--from", "2026-01-18", "--to", "2026-01-19")
    assert [line.split() for line in said.out.splitlines()][2:] == [
        ["visit", "1", "2", "days", "2", "days"],
        [],
        ["No", "event", "was", "too", "late."],
    ]
    wrong = cli("events", "late", "--db", late_db, "--from", "2026-02", "--to", "2026-01")
    assert (wrong.status, "--from must be before --to" in wrong.err) == (2, True)


def test_where_nothing_was_late(cli: Cli, db: Path) -> None:
    said = cli("events", "late", "--db", db)
    assert said.out == "No event that was accepted came late.\n\nNo event was too late.\n"


def test_the_log_tells_when_a_late_event_was_decided(cli: Cli, late_db: Path, db: Path) -> None:
    events = cli("events", "list", "--db", late_db, "--json").json
    assert [(event["id"], event["at"]) for event in events] == [
        ("2", "2026-01-20T12:00:00Z"),
        ("4", "2026-01-20T12:00:00Z"),
        ("3", "2026-01-20T12:00:00Z"),
        ("1", None),
    ]
    assert cli("events", "list", "--db", late_db).out.split()[:3] == ["seq", "time", "at"]
    assert cli("events", "list", "--db", db).out.split()[:3] == ["seq", "time", "customer"]


def test_an_explanation_tells_when_a_late_event_was_decided(cli: Cli, late_db: Path) -> None:
    said = cli("explain", "--db", late_db, "--event", "3")
    assert "2026-01-17T12:00:00Z, late: decided at 2026-01-20T12:00:00Z\n" in said.out
