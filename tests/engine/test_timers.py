"""What time brings by itself: its events, their order, and their end (S4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from loyalcore.engine.cascade import cascade, pass_time
from loyalcore.engine.state import new_state
from loyalcore.engine.step import step
from loyalcore.engine.timing.timers import due_event

MakeClub = Callable[[str], Any]

CLUB = """
events: {purchase: {amount: integer}, hello: {}}
wallets: {beans: {pending: 1 day}, stars: {expires: 2 days}}
rules:
  earn: {on: purchase, then: [earn: {beans: amount}, earn: {stars: amount}]}
  greet: {on: points_activated, then: [emit: {type: hello, customer: "'bob'"}]}
"""


def passes(club: Any, until: str) -> list[tuple[str, str, int]]:
    """Let time pass: what happened, to whom, and how many hours after the year began."""
    begin, end = (club.event("hello", time).time for time in ("2026-01-01T00:00", until))
    return [
        (one.event.type, one.event.customer, (one.event.time - begin) // 3_600_000_000)
        for one in pass_time(club.program, club.states, new_state, end)
    ]


def test_s4_what_is_due_happens_in_the_order_of_time_and_customer(club: MakeClub) -> None:
    shop = club(CLUB)
    for customer in ("cat", "ann"):
        shop.happens("purchase", "2026-01-01T00:00", customer, amount=1)
    assert passes(shop, "2026-01-01T23:59:59") == []
    assert passes(shop, "2026-01-02T00:00") == [
        *(("due", "ann", 24), ("points_activated", "ann", 24), ("hello", "bob", 24)),
        *(("due", "cat", 24), ("points_activated", "cat", 24), ("hello", "bob", 24)),
    ]
    assert passes(shop, "2026-02-01T00:00") == [("due", "ann", 48), ("due", "cat", 48)]


def test_s4_what_is_due_for_another_customer_comes_before_the_event_they_are_sent(
    club: MakeClub,
) -> None:
    shop = club(CLUB).happens("purchase", "2026-01-01T00:00", "ann", amount=1)
    shop.happens("purchase", "2026-01-01T00:00", "bob", amount=1)
    assert passes(shop, "2026-01-02T00:00")[:4] == [
        *(("due", "ann", 24), ("points_activated", "ann", 24)),
        *(("due", "bob", 24), ("hello", "bob", 24)),
    ]


def test_s10_the_event_is_the_same_whenever_it_is_made(club: MakeClub) -> None:
    shop = club(CLUB).happens("purchase", "2026-01-01T00:00", amount=1)
    ann = shop.states["ann"]
    event = due_event(shop.program, ann)
    assert event == due_event(shop.program, ann)
    assert (event.source, event.cause, event.depth) == ("loyalcore:club", "", 0)
    assert event.id.startswith("due-2026-01-01-")  # in UTC


def test_what_is_due_again_at_one_instant_has_another_id(club: MakeClub) -> None:
    shop = club(CLUB).happens("purchase", "2026-01-01T00:00", amount=1)
    ann = shop.states["ann"]
    later = replace(ann, account=replace(ann.account, last=ann.account.last + 1))
    ids = {due_event(shop.program, state).id for state in (ann, later, replace(ann, opened=1))}
    assert len(ids) == 3


def test_it_comes_at_the_clock_of_who_is_ahead(club: MakeClub) -> None:
    shop = club(CLUB).happens("purchase", "2026-01-01T00:00", amount=1)
    ann = shop.states["ann"]
    ahead = replace(ann, clock=ann.due + 5)
    assert due_event(shop.program, ahead).time == ann.due + 5


def test_a_step_that_left_something_due_is_not_repeated_for_ever(
    club: MakeClub, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = club(CLUB).happens("purchase", "2026-01-01T00:00", amount=1)

    def idle(program: Any, state: Any, *rest: Any) -> Any:
        return state, step(program, state, *rest)[1]

    monkeypatch.setattr("loyalcore.engine.cascade.step", idle)
    event = due_event(shop.program, shop.states["ann"])
    with pytest.raises(RuntimeError, match="left something due at its own instant"):
        list(cascade(shop.program, shop.states, new_state, event))
