"""The past told again: each event finds its customer as they were, under its own program."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from loyalcore.effects.builtin import EFFECTS
from loyalcore.errors import StoreError
from loyalcore.expression import FUNCTIONS
from loyalcore.intake import Form, stage
from loyalcore.program.extending.vocabulary import Vocabulary
from loyalcore.ruleset.source import Source
from loyalcore.runner.explanation import explain_event
from loyalcore.runner.loading import load_from
from loyalcore.runner.replay import replay
from loyalcore.runner.run import run
from loyalcore.store import Store
from loyalcore.store.events import list_events

CLUB = """\
program: club
currency: EUR
timezone: Europe/Oslo
customer: {friend: id, level: integer}
events:
  purchase: {amount: money, friend: id}
  hello: {by: id}
metrics:
  orders: {count: purchase}
  spend: {sum: purchase.amount, over: 10 days}
wallets: {points: {}}
rules:
  earn:
    on: purchase
    then: [{earn: {points: spend / 3}}]
  friend:
    on: purchase
    when: not missing(friend) and orders <= 3
    limit: 2 per month
    then: [{emit: {type: hello, customer: friend, data: {by: customer.id}}}]
  back:
    on: hello
    when: balance.points < 1000
    then:
      - earn: {points: 7}
      - emit: {type: hello, customer: by, data: {by: customer.id}}
"""
# Another program over the same customers: a metric is new, one is gone, as is a rule.
LATER = (
    CLUB.replace(
        "  spend: {sum: purchase.amount, over: 10 days}", "  biggest: {max: purchase.amount}"
    )
    .replace("spend / 3", "biggest / 2")
    .replace("2 per month", "1 per month")
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "club.db", create=True) as store:
        yield store


class Runs:
    """Runs into a store: each of some purchases, a day after one another."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store = store
        self.folder = folder
        self.day = 0

    def __call__(self, ruleset: str, vocabulary: Vocabulary | None = None) -> None:
        loaded = load_from(Source({"club.yaml": ruleset}, "club.yaml"), "compiled", vocabulary)
        lines = []
        for customer, friend in (("ann", None), ("bob", "ann"), ("ann", "bob"), ("cat", "cat")):
            self.day += 1
            fields = {"amount": self.day * 3.5} | ({"friend": friend} if friend else {})
            time = f"2026-01-{self.day:02d}T10:00Z"
            envelope = {"id": str(self.day), "customer": customer, "type": "purchase"}
            lines.append(json.dumps(envelope | {"time": time} | fields))
        path = self.folder / f"{self.day}.jsonl"
        path.write_text("\n".join(lines))
        with stage([str(path)], Form(ZoneInfo("UTC"))) as staged:
            run(loaded, self.store, staged)


@pytest.fixture
def runs(store: Store, tmp_path: Path) -> Runs:
    return Runs(store, tmp_path)


def test_every_event_comes_out_as_it_was_decided(store: Store, runs: Runs) -> None:
    runs(CLUB)
    log = list_events(store.connection)
    # Greetings go back and forth until events have caused events to the bound.
    assert sum(event.type == "hello" for event in log) > 10
    for event in log:
        assert replay(store.connection, event).warnings == ()


def test_each_event_is_told_under_the_program_that_handled_it(store: Store, runs: Runs) -> None:
    for ruleset in (CLUB, LATER, CLUB, CLUB):
        runs(ruleset)
    log = list_events(store.connection)
    assert {event.program for event in log} == {1, 2}
    for event in log:
        assert replay(store.connection, event).warnings == ()
    latest = replay(store.connection, log[-1])
    assert latest.program.hash == load_from(Source({"a": CLUB}, "a"), "compiled").program.hash


def test_the_state_is_that_just_before_the_event(store: Store, runs: Runs) -> None:
    runs(CLUB)
    first, *_, last = list_events(store.connection, customer="ann")
    assert replay(store.connection, first).state.account.balances == {}
    before = replay(store.connection, last)
    (stored,) = store.connection.execute(
        "select sum(points) from entries where customer = 'ann' and event < ?", (last.seq,)
    ).fetchone()
    assert before.state.account.balances == {"points": stored}


def test_another_version_of_a_plugin_is_told(store: Store, runs: Runs) -> None:
    old = Vocabulary(
        {kind.name: kind for kind in EFFECTS}, dict(FUNCTIONS), "loyalcore=0.0.1 a-plugin=3"
    )
    runs(CLUB, old)
    (event, *_) = list_events(store.connection)
    changed, calming = explain_event(store.connection, event).warnings
    assert "compiles to another one here" in changed
    assert calming == "all the same, everything decided for this customer comes out as stored"


def test_a_decision_that_comes_out_differently_is_told(store: Store, runs: Runs) -> None:
    runs(CLUB)
    log = list_events(store.connection, customer="bob")
    with store.writing() as writer, writer.transaction():
        tamper(store.connection, log[0].seq)
    (warning,) = replay(store.connection, log[0]).warnings
    assert warning.startswith("earn: decision 00000000000000000000000000000000 is stored, but ")
    (warning,) = replay(store.connection, log[-1]).warnings
    assert warning.startswith(f"1 of this customer's {len(log) - 1} earlier events are decided")


def tamper(connection: sqlite3.Connection, event: int) -> None:
    """Change a decision, as someone might who opens the file with other tools."""
    connection.execute("drop trigger decisions_no_update")
    connection.execute(
        "update decisions set id = ? where event = ? and rule = 'earn'", ("0" * 32, event)
    )


def test_a_program_that_does_not_compile_here_is_an_error(store: Store, runs: Runs) -> None:
    runs(CLUB)
    (event, *_) = list_events(store.connection)
    with store.writing() as writer, writer.transaction():
        store.connection.execute("update programs set source = replace(source, 'earn:', 'burn:')")
    with pytest.raises(StoreError, match=r"the program club \(.*\), which decided, can't be compi"):
        replay(store.connection, event)
