"""Leases: who has taken a message to send it, and until when."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Protocol

import pytest
from sqlite_utils import Database

from loyalcore.effects.changes import Change, Send
from loyalcore.engine.outcome import Outcome
from loyalcore.store import Store, Writer
from loyalcore.store.outbox import (
    Message,
    any_due,
    cancel,
    claim,
    count_due,
    extend,
    list_messages,
    mark_failed,
    mark_sent,
    revive,
)
from loyalcore.store.schema import migrations, open_database

MINUTE = 60_000_000


class MakeOutcome(Protocol):
    def __call__(self, number: int, *changes: Change) -> Outcome: ...


@pytest.fixture
def club(store: Store, writer: Writer, outcome: MakeOutcome) -> Store:
    """Three thanks by e-mail and one by text message, due in the seconds 1 to 4."""
    channels = ("email", "email", "email", "sms")
    writer.commit([outcome(n, Send("thanks", by, {})) for n, by in enumerate(channels, 1)], {})
    return store


def take(store: Store, lease: str, now: int, limit: int = 10) -> list[Message]:
    """Take e-mails for a minute."""
    return claim(store.connection, lease, "email", now=now, until=now + MINUTE, limit=limit)


def test_what_is_taken_nobody_else_gets_until_the_lease_ends(club: Store) -> None:
    assert [one.seq for one in take(club, "mine", MINUTE, limit=2)] == [1, 2]
    assert [one.seq for one in take(club, "yours", MINUTE)] == [3]
    assert take(club, "hers", 2 * MINUTE - 1) == []
    again = take(club, "hers", 2 * MINUTE)
    assert [(one.seq, one.attempts, one.lease) for one in again] == [
        (1, 2, "hers"),
        (2, 2, "hers"),
        (3, 2, "hers"),
    ]


def test_a_lease_can_be_held_longer_while_it_is_still_ones_own(club: Store) -> None:
    take(club, "mine", MINUTE)
    extend(club.connection, "mine", 5 * MINUTE)
    assert take(club, "yours", 3 * MINUTE) == []
    take(club, "yours", 5 * MINUTE)
    extend(club.connection, "mine", 99 * MINUTE)  # too late
    assert len(take(club, "hers", 6 * MINUTE)) == 3


def test_a_failure_that_is_told_after_the_lease_is_lost_changes_nothing(club: Store) -> None:
    take(club, "mine", MINUTE)
    take(club, "yours", 2 * MINUTE)
    assert not mark_failed(club.connection, 1, "mine", "timed out", due=None)
    (one,) = list_messages(club.connection, seq=1)
    assert (one.status, one.reason, one.lease) == ("pending", None, "yours")


def test_a_success_counts_whoever_tells_of_it(club: Store) -> None:
    take(club, "mine", MINUTE)
    take(club, "yours", 2 * MINUTE)
    mark_sent(club.connection, 1, 2 * MINUTE, "first")
    mark_sent(club.connection, 1, 3 * MINUTE, "second")
    assert not mark_failed(club.connection, 1, "yours", "timed out", due=None)
    (one,) = list_messages(club.connection, seq=1)
    assert (one.status, one.sent, one.receipt) == ("sent", 2 * MINUTE, "first")


def test_what_was_not_tried_does_not_count(club: Store) -> None:
    take(club, "mine", MINUTE)
    mark_failed(club.connection, 1, "mine", "too many messages", 5 * MINUTE, tried=False)
    (one,) = list_messages(club.connection, seq=1)
    assert (one.attempts, one.due, one.reason) == (0, 5 * MINUTE, "too many messages")


def test_what_is_due_by_channel(club: Store) -> None:
    assert count_due(club.connection, 2_000_000) == {"email": 2}
    assert count_due(club.connection, MINUTE) == {"email": 3, "sms": 1}
    assert not any_due(club.connection, "sms", 3_999_999)
    assert any_due(club.connection, "sms", 4_000_000)
    assert not any_due(club.connection, "post", MINUTE)


def test_only_what_is_not_being_sent_can_be_cancelled(club: Store) -> None:
    take(club, "mine", MINUTE, limit=1)
    mark_sent(club.connection, 2, MINUTE, "")
    assert cancel(club.connection, (1, 2, 3), MINUTE, "a mistake") == 1
    assert [one.seq for one in list_messages(club.connection, status="cancelled")] == [3]
    # Who held the first one was killed: it is nobody's by now.
    assert cancel(club.connection, (1,), 2 * MINUTE, "a mistake") == 1
    assert take(club, "hers", 9 * MINUTE) == []


def test_what_is_dead_or_cancelled_can_be_tried_again_from_the_start(club: Store) -> None:
    take(club, "mine", MINUTE, limit=1)
    mark_failed(club.connection, 1, "mine", "no such address", due=None)
    cancel(club.connection, (2,), MINUTE, "a mistake")
    mark_sent(club.connection, 3, MINUTE, "")
    assert revive(club.connection, (1, 2, 3), 2 * MINUTE) == 2
    first, second = take(club, "yours", 2 * MINUTE)
    assert (first.seq, first.attempts, first.reason) == (1, 1, None)
    assert (second.seq, second.attempts, second.reason) == (2, 1, None)


def test_nothing_is_asked_for_nothing(club: Store) -> None:
    assert revive(club.connection, (), MINUTE) == 0


def test_messages_of_an_older_store_keep_their_reasons(path: Path) -> None:
    with closing(open_database(path, create=True)) as connection:
        migrations().apply(Database(connection), stop_before="outbox_leases")
        before = (1, "k", "ann", "thanks", "email", "{}", 1, 1, "dead", 8, 1, None, None, "gone")
        connection.execute(f"insert into outbox values ({', '.join('?' * 14)})", before)
        decision = (1, "d", 1, "ann", "earn", "", 1, 1, "{}", "[]", None)
        connection.execute(f"insert into decisions values ({', '.join('?' * 11)})", decision)
        connection.commit()
    with Store.open(path) as store:
        (one,) = list_messages(store.connection)
        assert (one.key, one.status, one.reason, one.lease) == ("k", "dead", "gone", None)
