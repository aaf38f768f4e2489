"""Statements, what is outstanding, and breakage, from rows and accounts."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalcore.calendars import read_duration
from loyalcore.ledger import EMPTY, Account, Book, Pending, Terms, read_expiry
from loyalcore.ledger.report import (
    ENOUGH,
    History,
    Reckoning,
    Statement,
    breakage_rate,
    statements,
)
from loyalcore.values import to_microseconds

OSLO = ZoneInfo("Europe/Oslo")


class Row(NamedTuple):
    """An entry, as the store would have it."""

    wallet: str
    kind: str
    bucket: str
    points: int
    time: int
    event: int
    rule: str = "earn"
    activates: int | None = None


def at(text: str) -> int:
    return to_microseconds(datetime.fromisoformat(text).replace(tzinfo=OSLO))


def lines(statement: Statement) -> list[tuple[str, int, int, int, int]]:
    return [(m.what, m.points, m.pending, m.balance, m.waiting) for m in statement.movements]


def test_a_statement_tells_every_movement() -> None:
    (beans,) = statements(
        {"beans": (40, 10)},
        [
            Row("beans", "activate", "pending", -10, 1, 1),
            Row("beans", "activate", "active", 10, 1, 1),
            Row("beans", "accrue", "pending", 25, 2, 2, activates=9),
            Row("beans", "redeem", "active", -30, 3, 3, "rewards.mug"),
            Row("beans", "redeem", "spent", 30, 3, 3, "rewards.mug"),
            Row("beans", "cancel redemption", "spent", -30, 4, 4),
            Row("beans", "cancel redemption", "active", 30, 4, 4),
            Row("beans", "expire", "active", -50, 5, 5),
            Row("beans", "expire", "expired", 50, 5, 5),
        ],
    )
    assert (beans.opening, beans.opening_pending) == (40, 10)
    assert lines(beans) == [
        ("became active", 10, -10, 50, 0),
        ("earned, pending", 0, 25, 50, 25),
        ("spent", -30, 0, 20, 25),
        ("given back", 30, 0, 50, 25),
        ("expired", -50, 0, 0, 25),
    ]
    assert (beans.closing, beans.closing_pending) == (0, 25)
    assert beans.movements[1].activates == 9


def test_lots_spent_together_are_one_movement() -> None:
    spent = [
        Row("beans", "redeem", bucket, sign * points, 1, 7, "rewards.mug")
        for points in (10, 20)
        for bucket, sign in (("active", -1), ("spent", 1))
    ]
    (beans,) = statements({"beans": (50, 0)}, spent)
    assert lines(beans) == [("spent", -30, 0, 20, 0)]


@pytest.mark.parametrize(
    ("kind", "buckets", "words"),
    [
        ("accrue", {"active": 5}, "earned"),
        ("expire", {"pending": -5, "expired": 5}, "lapsed before they were active"),
        ("reverse", {"active": -5, "reversed": 5}, "taken back"),
        ("reverse", {"expired": -5, "reversed": 5}, "taken back of what had expired"),
        ("reverse", {"owed": -5, "reversed": 5}, "taken back"),
        ("redeem", {"owed": -5, "spent": 5}, "spent, in part below zero"),
        ("settle", {"active": -5, "owed": 5}, "settled what was owed"),
        ("transfer in", {"pending": 5}, "received, pending"),
        ("transfer in", {"active": 5}, "received"),
        ("transfer in", {"owed": -5, "spent": 5}, "debt taken over"),
        ("transfer out", {"owed": 5, "spent": -5}, "debt handed over to another customer"),
        ("adjust", {"active": 5}, "adjusted by hand"),
    ],
)
def test_words(kind: str, buckets: dict[str, int], words: str) -> None:
    rows = [Row("beans", kind, bucket, points, 1, 1) for bucket, points in buckets.items()]
    (beans,) = statements({}, rows)
    assert [movement.what for movement in beans.movements] == [words]


def test_a_quiet_wallet_has_a_statement_too() -> None:
    (beans,) = statements({"beans": (40, 10)}, [])
    assert beans == Statement("beans", 40, 10, (), 40, 10)


moves = st.builds(
    Row,
    st.sampled_from(["beans", "stars"]),
    st.sampled_from(["accrue", "expire", "reverse", "settle"]),
    st.sampled_from(["pending", "active", "owed", "spent", "expired"]),
    st.integers(-50, 50),
    st.just(0),
    st.integers(1, 5),
)


@given(st.lists(moves, max_size=30), st.integers(0, 30))
def test_what_one_statement_closes_with_the_next_one_opens_with(rows: list[Row], cut: int) -> None:
    before = statements({}, rows[:cut])
    opening = {one.wallet: (one.closing, one.closing_pending) for one in before}
    whole = {one.wallet: one for one in statements({}, rows)}
    for after in statements(opening, rows[cut:]):
        assert after.closing == whole[after.wallet].closing
        assert after.closing_pending == whole[after.wallet].closing_pending
        assert after.closing == sum(
            row.points
            for row in rows
            if row.wallet == after.wallet and row.bucket in ("active", "owed")
        )


# --- liability --------------------------------------------------------------------------------

TERMS = {
    "beans": Terms(
        "beans",
        expiry=read_expiry("31 December"),
        price=Fraction(1, 3),
        pending=Pending(until=read_duration("14 days")),
    ),
    "cash": Terms("cash", price=1, minimum=None),
    "status": Terms("status", qualifying=True),
    "gone": Terms("gone"),
}


def account(*accruals: tuple[str, int, str]) -> Account:
    since = at(accruals[0][2])
    book = Book(EMPTY, TERMS, OSLO, since)
    for wallet, points, when in accruals:
        book.accrue(wallet, points, at(when))
    return book.account


def test_outstanding_points_by_wallet_and_month() -> None:
    reckoning = Reckoning(TERMS, OSLO)
    ann = account(
        ("beans", 10, "2025-03-01"), ("beans", 20, "2026-12-30"), ("cash", 5, "2026-12-31")
    )
    reckoning.add(ann, at("2025-03-01"))
    reckoning.add(
        account(("beans", 30, "2026-01-01"), ("status", 9, "2026-01-02")), at("2026-01-01")
    )
    beans, cash = reckoning.liabilities({}, {})
    assert (beans.wallet, beans.active, beans.pending) == ("beans", 0, 60)
    assert beans.value == 20
    assert [(part.month, part.pending, part.value) for part in beans.months] == [
        ("2025-12", 10, Fraction(10, 3)),
        ("2026-12", 50, Fraction(50, 3)),
    ]
    assert [(part.month, part.active) for part in cash.months] == [("never", 5)]


def test_points_that_are_there_until_the_end_of_a_month_expire_in_it() -> None:
    """31 December is the first instant of 1 January; in UTC it would be in December anyway."""
    reckoning = Reckoning({"beans": Terms("beans", expiry=read_expiry("end of month"))}, OSLO)
    book = Book(EMPTY, {"beans": Terms("beans", expiry=read_expiry("end of month"))}, OSLO, 0)
    book.accrue("beans", 1, at("2026-02-28T23:59:59"))
    book.accrue("beans", 2, at("2026-03-01T00:00:00"))
    reckoning.add(book.account, 0)
    (beans,) = reckoning.liabilities({}, {})
    assert [(part.month, part.active) for part in beans.months] == [("2026-02", 1), ("2026-03", 2)]


def test_what_is_owed_is_not_set_off() -> None:
    reckoning = Reckoning(TERMS, OSLO)
    reckoning.add(account(("cash", 100, "2026-01-01")), 0)
    book = Book(EMPTY, TERMS, OSLO, 0)
    assert book.spend("cash", 40, 1) is not None
    reckoning.add(book.account, 0)
    (cash,) = reckoning.liabilities({}, {})
    assert (cash.active, cash.owed) == (100, 40)
    assert cash.value == 100


def test_breakage_is_an_estimate_beside_what_has_expired() -> None:
    reckoning = Reckoning(TERMS, OSLO)
    reckoning.add(account(("beans", 101, "2026-01-01")), at("2026-01-01"))
    history = {"beans": History(ENOUGH, 250, 750), "gone": History(ENOUGH - 1, 10, 10)}
    beans, gone = reckoning.liabilities({"beans": 260, "gone": 10}, history)
    assert (beans.rate, beans.breakage, beans.expired) == (Fraction(1, 4), 25, 260)
    assert beans.breakage_value == Fraction(25, 3)
    assert beans.value == Fraction(101, 3)
    assert (gone.rate, gone.breakage, gone.breakage_value, gone.expired) == (None, None, None, 10)


@pytest.mark.parametrize(
    ("history", "rate"),
    [
        (None, None),
        (History(ENOUGH - 1, 1, 1), None),
        (History(ENOUGH, 0, 0), None),
        (History(ENOUGH, 0, 10), 0),
        (History(ENOUGH, 10, 0), 1),
        (History(ENOUGH, 1, 2), Fraction(1, 3)),
    ],
)
def test_the_rate_of_breakage(history: History | None, rate: Fraction | None) -> None:
    assert breakage_rate(history) == rate
