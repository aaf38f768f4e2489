"""A store in a folder of its own, and what a run would write into it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from loyalcore.effects.changes import Accrue, Change
from loyalcore.engine.outcome import Decision, Outcome
from loyalcore.events import Event
from loyalcore.ledger import Entry
from loyalcore.store import Store, Writer


class MakeOutcome(Protocol):
    def __call__(
        self, number: int, *changes: Change, customer: str = "ann", reason: str = ""
    ) -> Outcome: ...


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "club.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with Store.open(path, create=True) as store:
        yield store


@pytest.fixture
def writer(store: Store) -> Iterator[Writer]:
    """The writer of `store`, in a run."""
    with store.writing() as writer:
        writer.start_run(hash="abc", name="coffee-club", source="{}", now=0)
        yield writer


@pytest.fixture
def outcome() -> MakeOutcome:
    """Purchase `number`, in that second of 1970, with one decision of the rule `earn`,
    whose points are in a lot of the same number."""

    def make(number: int, *changes: Change, customer: str = "ann", reason: str = "") -> Outcome:
        event = Event(
            source="till",
            id=f"p-{number}",
            type="purchase",
            customer=customer,
            time=number * 1_000_000,
            data={},
            text='{"amount":10}',
        )
        decision = Decision(
            id=f"{number:032x}",
            rule="earn",
            reason=reason,
            facts='{"amount":"10.00"}',
            effects="[]",
            changes=changes,
            entries=tuple(
                Entry(change.wallet, number, "accrue", "active", change.points)
                for change in changes
                if isinstance(change, Accrue)
            ),
        )
        return Outcome(event=event, decisions=(decision,), emitted=())

    return make
