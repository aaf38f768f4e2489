"""Adding entries up again: what is sound passes, and each kind of damage is named."""

from __future__ import annotations

from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from loyalcore.ledger import BUCKETS, EMPTY, Account, Book, Terms
from loyalcore.ledger.audit import Audit, Finding

TERMS = {"beans": Terms("beans", minimum=None), "stars": Terms("stars")}


class Row(NamedTuple):
    """An entry, as the store would have it."""

    seq: int
    wallet: str
    lot: int
    bucket: str
    points: int
    event: int


def history() -> tuple[Account, list[Row]]:
    """Ten beans earned, fifteen spent, twenty earned: the debt is settled."""
    account = EMPTY
    rows: list[Row] = []
    for event, points in enumerate((10, -15, 20), start=1):
        book = Book(account, TERMS, ZoneInfo("UTC"), 0)
        if points > 0:
            book.accrue("beans", points, event)
        else:
            assert book.spend("beans", -points, event)
        for entry in book.entries:
            rows.append(
                Row(len(rows) + 1, entry.wallet, entry.lot, entry.bucket, entry.points, event)
            )
        account = book.account
    return account, rows


def findings(account: Account, rows: list[Row]) -> list[Finding]:
    audit = Audit()
    return [*audit.add(rows), *audit.against(account)]


def test_what_the_book_posts_is_sound() -> None:
    account, rows = history()
    assert account.balances == {"beans": 15}
    assert findings(account, rows) == []


@pytest.mark.parametrize(
    ("number", "changed", "finding"),
    [
        # seq, wallet, lot, bucket, points, event of the row that was tampered with
        (1, {"points": 11}, ("lot 1 in the customer's state", "active 1", "0")),
        (1, {"points": 9}, ("entry 2, lot 1", "active 0 or more", "-1")),
        (3, {"points": 9}, ("lot 1 after entry 3", "10 points in all, as it was opened with", "9")),
        (3, {"bucket": "lost"}, ("entry 3", f"a bucket: {', '.join(BUCKETS)}", "lost")),
        (4, {"points": 5}, ("entry 4, lot 2", "owed 0 or less", "5")),
        (6, {"wallet": "stars"}, ("entry 9, lot 3", "stars", "beans")),
        (6, {"lot": 9}, ("entry 6", "lot 3 next", "lot 9")),
    ],
)
def test_a_row_that_was_tampered_with(
    number: int, changed: dict[str, object], finding: tuple[str, str, str]
) -> None:
    account, rows = history()
    rows[number - 1] = Row(**{**rows[number - 1]._asdict(), **changed})
    assert findings(account, rows)[0] == Finding(*finding)


def test_a_lot_that_a_state_has_forgotten_must_be_empty() -> None:
    account, rows = history()
    forgotten = account.with_lots(account.lots[:-1])
    assert findings(forgotten, rows)[0] == Finding(
        "lot 3", "active 15, spent 5", "not in the customer's state"
    )
    assert findings(account.with_lots(account.lots[1:]), rows) == []  # lot 1 is all spent


def test_a_state_that_says_something_else() -> None:
    account, rows = history()
    richer = replace(account.lots[-1], active=115, spent=5)
    (lot,) = findings(account.with_lots((*account.lots[:-1], richer)), rows)
    assert lot == Finding("lot 3 in the customer's state", "active 15", "active 115")
    (balance,) = findings(replace(account, balances={"beans": 115}), rows)
    assert balance == Finding("balance of beans in the customer's state", "15", "115")
    (pending,) = findings(replace(account, pending={"stars": 1}), rows)
    assert pending == Finding("pending of stars in the customer's state", "0", "1")


def test_a_lot_that_no_entry_tells_of() -> None:
    account, _ = history()
    assert findings(account, [])[0] == Finding("lot 1", "entries of it", "none")
