"""Delivering by one channel: each message once, whatever the channel does."""

from __future__ import annotations

import time
from collections import Counter
from threading import Thread
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr

from loyalcore.channels import GiveUp, Message, Receipt, Throttled, TryAgain
from loyalcore.delivery.lane import Tally
from loyalcore.errors import PluginError

Club = Any


def taken(message: Message) -> Receipt:
    return Receipt(f"letter to {message.name}")


# --- as it should be --------------------------------------------------------------------------


def test_a_message_has_its_words_and_its_key(club: Club) -> None:
    seen: list[Message] = []

    assert club.deliver(lambda m: seen.append(m) or Receipt("r-1")) == Tally(sent=10)

    rows = club.rows()
    assert {m.key for m in seen} == {row.key for row in rows}
    one = min(seen, key=lambda m: m.customer)
    assert (one.customer, one.name, one.subject) == ("c00000", "welcome", "Hello")
    assert (one.text, one.values) == ("Welcome, Kari-0.", {"name": "Kari-0"})
    assert {(row.status, row.receipt, row.attempts, row.lease) for row in rows} == {
        ("sent", "r-1", 1, None)
    }
    assert all(row.sent > row.time for row in rows)


def test_what_is_sent_is_not_sent_again(club: Club) -> None:
    club.deliver(taken)
    assert club.deliver(taken) == Tally()


def test_several_go_at_once_in_one_call(club: Club) -> None:
    sizes: list[int] = []

    def many(messages: list[Message]) -> list[Receipt]:
        sizes.append(len(messages))
        return [Receipt(m.customer) for m in messages]

    assert club.deliver(many, batch=4, workers=1) == Tally(sent=10)
    assert sizes == [4, 4, 2]


def test_no_more_are_tried_than_asked_for(club: Club) -> None:
    assert club.deliver(taken, limit=3) == Tally(sent=3)
    assert club.deliver(taken, limit=30) == Tally(sent=7)


def test_what_happens_next_is_seen_by_who_follows(club: Club) -> None:
    seen: list[str] = []

    def again(message: Message) -> Receipt:
        seen.append(message.key)
        if len(set(seen)) == 10 and len(seen) >= 20:
            club.stop.set()
        if seen.count(message.key) == 1:
            raise TryAgain("busy")
        return Receipt()

    tally = club.deliver(again, follow=True)

    assert (tally.sent, tally.later) == (10, 10)
    assert Counter(seen).most_common(1)[0][1] == 2


def test_who_is_asked_to_stop_ends_what_was_begun(club: Club) -> None:
    def slow(message: Message) -> Receipt:
        club.stop.set()
        time.sleep(0.1)
        return Receipt()

    assert club.deliver(slow, follow=True, workers=2).sent == 2
    assert Counter(row.status for row in club.rows()) == {"sent": 2, "pending": 8}


def test_no_more_a_second_than_the_settings_allow(club: Club) -> None:
    times: list[float] = []

    club.deliver(lambda m: times.append(time.monotonic()) or Receipt(), rate=20, workers=1)

    assert len(times) == 10
    assert times[-1] - times[0] > 0.35


# --- failures ---------------------------------------------------------------------------------


def test_what_fails_is_tried_again_later_and_dead_in_the_end(club: Club) -> None:
    def busy(message: Message) -> Receipt:
        raise TryAgain("the post office is closed")

    assert club.deliver(busy, limit=10) == Tally(later=10)
    assert club.statuses() == {("pending", "the post office is closed")}
    assert club.deliver(busy, attempts=3, follow=False) is not None
    time.sleep(0.05)
    club.deliver(busy, attempts=3)
    time.sleep(0.05)
    club.deliver(busy, attempts=3)
    assert club.statuses() == {("dead", "tried 3 times: the post office is closed")}
    assert club.deliver(taken) == Tally()


def test_what_is_refused_is_dead_at_once(club: Club) -> None:
    def refuse(message: Message) -> Receipt:
        raise GiveUp("moved away\nand more that is for nobody")

    assert club.deliver(refuse) == Tally(dead=10)
    assert club.statuses() == {("dead", "moved away")}


def test_a_channel_that_wants_fewer_is_left_alone(club: Club) -> None:
    calls: list[str] = []

    def throttle(message: Message) -> Receipt:
        calls.append(message.key)
        raise Throttled("slow down", seconds=3_600)

    before = time.time_ns() // 1_000
    assert club.deliver(throttle, workers=1) == Tally(throttled=1)
    (waiting,) = [row for row in club.rows() if row.reason == "slow down"]
    # The try does not count, and it comes again when the hour is over.
    assert (waiting.status, waiting.attempts) == ("pending", 0)
    assert waiting.due - before >= 3_600_000_000
    assert len(calls) == 1


def test_of_a_batch_some_may_fail(club: Club) -> None:
    def some(messages: list[Message]) -> list[object]:
        return [Receipt() if m.customer < "c00005" else GiveUp("no") for m in messages]

    assert club.deliver(some, batch=100) == Tally(sent=5, dead=5)


# --- channels that break their contract -------------------------------------------------------


def raises(error: BaseException) -> Any:
    def script(message: object) -> Receipt:
        raise error

    return script


@pytest.mark.parametrize(
    ("script", "batch", "reason"),
    [
        (raises(ValueError("Kari-1 lives at Storgata 5")), 1, "ValueError in the channel"),
        (raises(SystemExit()), 1, "SystemExit in the channel"),
        (raises(KeyboardInterrupt()), 7, "KeyboardInterrupt in the channel"),
        (lambda m: None, 1, "the channel gave a NoneType instead of a Receipt"),
        (lambda m: "sent!", 1, "the channel gave a str instead of a Receipt"),
        (lambda ms: None, 7, "the channel gave no result for each of "),
        (lambda ms: [Receipt()], 7, "the channel gave no result for each of "),
        (lambda ms: [1] * len(ms), 7, "the channel gave a int instead of a Receipt"),
    ],
)
def test_nonsense_is_a_failure_that_may_go_better_later(
    club: Club, script: Any, batch: int, reason: str
) -> None:
    assert club.deliver(script, batch=batch, limit=10) == Tally(later=10)
    assert all(row.reason.startswith(reason) for row in club.rows())
    time.sleep(0.05)
    assert club.deliver(taken) == Tally(sent=10)


@pytest.mark.parametrize("seconds", [-1, 0, float("nan"), float("inf"), "soon", None])
def test_a_throttle_that_makes_no_sense_is_a_minute(club: Club, seconds: Any) -> None:
    before = time.time_ns() // 1_000
    club.deliver(raises(Throttled("slow", seconds=seconds)), workers=1)
    (waiting,) = [row for row in club.rows() if row.reason]
    assert 60_000_000 <= waiting.due - before < 120_000_000


def test_a_channel_that_changes_what_it_is_given_changes_nothing_else(club: Club) -> None:
    def meddle(message: Message) -> Receipt:
        message.values["name"] = "Ola"  # type: ignore[index]
        object.__setattr__(message, "key", "another")
        raise TryAgain("later")

    before = [(row.key, row.data) for row in club.rows()]
    club.deliver(meddle, limit=10)
    assert [(row.key, row.data) for row in club.rows()] == before
    assert club.statuses() == {("pending", "later")}


def test_a_channel_that_hangs_is_given_up_and_holds_up_nobody(club: Club) -> None:
    def hang(message: Message) -> Receipt:
        if message.customer == "c00003":
            time.sleep(30)
        return Receipt()

    began = time.monotonic()
    tally = club.deliver(hang, workers=2, timeout=0.3, backoff=60.0, longest=60.0)
    assert time.monotonic() - began < 10
    assert tally == Tally(sent=9, later=1)
    (hung,) = [row for row in club.rows() if row.status == "pending"]
    assert hung.reason == "no answer within 0.3 seconds"


def test_a_success_that_comes_too_late_is_still_noted(club: Club) -> None:
    def slow(message: Message) -> Receipt:
        time.sleep(0.6 if message.customer == "c00000" else 0.2)
        return Receipt("late" if message.customer == "c00000" else "")

    club.deliver(slow, workers=1, timeout=0.4, backoff=60.0, longest=60.0)
    assert {row.status for row in club.rows()} == {"sent"}


def test_a_channel_that_can_not_be_opened_is_named(club: Club) -> None:
    with pytest.raises(PluginError, match="channel 'post' can't be opened: post gave a str"):
        club.deliver(taken, opened="no channel")
    assert {row.status for row in club.rows()} == {"pending"}


def test_nothing_secret_or_personal_is_kept(club: Club) -> None:
    class Login(BaseModel):
        password: SecretStr = SecretStr("open sesame")

    def tell(message: Message) -> Receipt:
        raise TryAgain(f"<{message.customer}@example.org> {message.values['name']}: open sesame!")

    club.deliver(tell, settings=Login(), limit=10)
    assert club.statuses() == {("pending", "<…> …: …!")}


# --- several deliverers -----------------------------------------------------------------------


def test_two_deliverers_never_send_the_same_message(make_club: Any) -> None:
    club = make_club(300)
    sent: Counter[str] = Counter()

    def count(message: Message) -> Receipt:
        sent[message.key] += 1
        time.sleep(0.002)
        return Receipt()

    deliverers = [Thread(target=club.deliver, args=(count,)) for _ in range(3)]
    for one in deliverers:
        one.start()
    for one in deliverers:
        one.join()

    assert len(sent) == 300
    assert set(sent.values()) == {1}


def test_a_slow_send_keeps_its_lease(club: Club) -> None:
    sent: Counter[str] = Counter()

    def slow(message: Message) -> Receipt:
        sent[message.key] += 1
        time.sleep(1.5)
        return Receipt()

    first = Thread(target=club.deliver, args=(slow,), kwargs={"workers": 10, "lease": 0.6})
    first.start()
    time.sleep(1.2)  # twice the lease
    assert club.deliver(taken) == Tally()
    first.join()
    assert set(sent.values()) == {1}
