"""What a book does to lots, at the instant at which it does it (S8)."""

from __future__ import annotations

from fractions import Fraction
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from loyalcore.calendars import read_duration
from loyalcore.ledger import (
    BUCKETS,
    EMPTY,
    MAX_POINTS,
    Account,
    Book,
    Entry,
    Fallen,
    Lot,
    Parcel,
    Pending,
    Terms,
    read_expiry,
)
from loyalcore.values import MAX_INTEGER, read_time

OSLO = ZoneInfo("Europe/Oslo")
SINCE = read_time("2026-01-01", OSLO)
FORTNIGHT = Pending(until=read_duration("14 days"))


def at(time: str) -> int:
    return read_time(time, OSLO)


def book_of(*terms: Terms) -> Book:
    return Book(EMPTY, {term.name: term for term in terms}, OSLO, SINCE)


def lots(book: Book) -> list[dict[str, int]]:
    """What is in each lot, by bucket."""
    return [
        {bucket: points for bucket in BUCKETS if (points := getattr(lot, bucket))}
        for lot in book.account.lots
    ]


# Plain points


def test_an_accrual_opens_a_lot() -> None:
    book = book_of(Terms("beans"))

    assert book.accrue("beans", 100, at("2026-01-05"), origin="till/1") == 100

    assert book.account == Account(
        unwritten=(Lot(1, "beans", "accrue", at("2026-01-05"), origin="till/1", active=100),),
        last=1,
        balances={"beans": 100},
    )
    assert book.entries == [Entry("beans", 1, "accrue", "active", 100)]


def test_the_account_that_was_given_stays_as_it_was() -> None:
    first = book_of(Terms("beans"))
    first.accrue("beans", 100, at("2026-01-05"))
    account = first.account
    before = msgspec.json.encode(account)

    book = Book(account, {"beans": Terms("beans")}, OSLO, SINCE)
    book.spend("beans", 60, at("2026-01-06"))
    book.accrue("beans", 5, at("2026-01-06"))

    assert msgspec.json.encode(account) == before
    assert book.account.balances == {"beans": 45}
    assert msgspec.json.decode(before, type=Account) == account


def test_a_lot_is_packed_with_what_is_not_usual() -> None:
    book = book_of(Terms("beans"))
    book.accrue("beans", 100, 5)
    book.accrue("beans", 50, 6, "purchase:7", expires=9)

    assert msgspec.msgpack.decode(book.account.to_store().written) == [
        {"n": 1, "w": "beans", "o": 5, "a": 100},
        {"n": 2, "w": "beans", "o": 6, "e": 9, "of": "purchase:7", "a": 50},
    ]


@given(st.lists(st.booleans(), max_size=40))
def test_lots_are_written_alike_however_often_they_were(stored: list[bool]) -> None:
    account = Account()
    for points, put_away in enumerate(stored, start=1):
        book = Book(account, {}, OSLO, SINCE)
        book.accrue("beans", points, points)
        account = book.account.to_store() if put_away else book.account
    assert account.to_store() == replace(account)
    assert account.to_store().written == account.with_lots(account.lots).to_store().written
    assert [lot.active for lot in account.lots] == [*range(1, len(stored) + 1)]


def test_accruals_stop_at_the_maximum_with_what_is_pending() -> None:
    book = book_of(Terms("beans", maximum=100))

    assert book.accrue("beans", 60, at("2026-01-05"), activates=at("2026-02-01")) == 60
    assert book.accrue("beans", 60, at("2026-01-06")) == 40
    assert book.accrue("beans", 60, at("2026-01-07")) == 0
    assert lots(book) == [{"pending": 60}, {"active": 40}]


@pytest.mark.parametrize("points", [0, -1, MAX_POINTS + 1])
def test_points_are_moved_in_positive_numbers_within_bounds(points: int) -> None:
    book = book_of(Terms("beans"))
    with pytest.raises(ValueError, match="points are moved in numbers from 1 to"):
        book.accrue("beans", points, at("2026-01-05"))
    with pytest.raises(ValueError, match="points are moved in numbers from 1 to"):
        book.spend("beans", points, at("2026-01-05"))


def test_a_wallet_that_is_no_longer_declared_keeps_its_lots_on_plain_terms() -> None:
    first = book_of(Terms("beans", expiry=read_expiry("90 days"), minimum=-50))
    first.accrue("beans", 100, at("2026-01-05"))

    book = Book(first.account, {}, OSLO, SINCE)

    assert book.available("beans") == 100
    assert book.fall_due(at("2027-01-01")) == (Fallen("expired", "beans", 100, (1,)),)


# Spending


def test_what_expires_first_is_spent_first() -> None:
    book = book_of(Terms("beans"))
    now = at("2026-01-05")
    book.accrue("beans", 10, now)
    book.accrue("beans", 10, now, expires=at("2026-09-01"))
    book.accrue("beans", 10, now, expires=at("2026-08-01"))
    book.accrue("beans", 10, now + 1, expires=at("2026-08-01"))

    assert book.spend("beans", 35, now + 2) == ((3, 10), (4, 10), (2, 10), (1, 5))
    assert lots(book) == [{"active": 5, "spent": 5}, {"spent": 10}, {"spent": 10}, {"spent": 10}]


def test_a_movement_is_two_entries() -> None:
    book = book_of(Terms("beans"))
    book.accrue("beans", 100, at("2026-01-05"))
    book.spend("beans", 30, at("2026-01-06"))

    assert book.entries[1:] == [
        Entry("beans", 1, "redeem", "active", -30),
        Entry("beans", 1, "redeem", "spent", 30),
    ]


@pytest.mark.parametrize(
    ("minimum", "available"), [(0, 100), (30, 70), (200, 0), (-50, 150), (None, MAX_INTEGER)]
)
def test_a_balance_goes_down_to_the_minimum(minimum: int | None, available: int) -> None:
    book = book_of(Terms("beans", minimum=minimum))
    book.accrue("beans", 100, at("2026-01-05"))
    assert book.available("beans") == available

    if available < MAX_POINTS:
        assert book.spend("beans", available + 1, at("2026-01-06")) is None
        assert len(book.entries) == 1
    if available:
        points = min(available, 1000)
        assert book.spend("beans", points, at("2026-01-06")) is not None
        assert book.balance("beans") == 100 - points


def test_an_overdraft_is_settled_by_the_next_points() -> None:
    book = book_of(Terms("beans", minimum=-50))
    book.accrue("beans", 100, at("2026-01-05"))
    assert book.spend("beans", 130, at("2026-01-06")) == ((1, 100), (2, 30))
    assert lots(book) == [{"spent": 100}, {"owed": -30, "spent": 30}]

    book.accrue("beans", 20, at("2026-01-07"))
    assert lots(book)[1:] == [{"owed": -10, "spent": 10}, {"spent": 20}]
    assert book.balance("beans") == -10

    book.accrue("beans", 25, at("2026-01-08"))
    assert lots(book)[1:] == [{}, {"spent": 20}, {"active": 15, "spent": 10}]
    assert [lot.accrued for lot in book.account.lots] == [100, 0, 20, 25]


def test_pending_points_settle_nothing_until_they_are_active() -> None:
    book = book_of(Terms("beans", minimum=None, pending=FORTNIGHT))
    book.spend("beans", 30, at("2026-01-05"))
    book.accrue("beans", 100, at("2026-01-06"))
    assert book.balance("beans") == -30

    book.fall_due(at("2026-01-20"))
    assert book.balance("beans") == 70
    assert lots(book) == [{}, {"active": 70, "spent": 30}]


def test_nothing_is_spent_from_a_frozen_wallet() -> None:
    book = book_of(Terms("beans", minimum=None))
    book.accrue("beans", 100, at("2026-01-05"))
    book.freeze("beans")
    book.freeze("beans")
    assert book.account.frozen == ("beans",)

    assert book.available("beans") == 0
    assert book.spend("beans", 10, at("2026-01-06")) is None
    assert book.transfer_out("beans", 10, at("2026-01-06")) is None
    assert book.accrue("beans", 10, at("2026-01-06")) == 10

    book.thaw("beans")
    assert book.spend("beans", 110, at("2026-01-06")) is not None
    assert not book.account.frozen


# Giving back


def test_what_is_given_back_is_where_it_was() -> None:
    book = book_of(Terms("beans", minimum=-50))
    book.accrue("beans", 10, at("2026-01-05"), expires=at("2026-08-01"))
    book.accrue("beans", 10, at("2026-01-05"))
    before = book.account.lots
    taken = book.spend("beans", 45, at("2026-01-06"))
    assert taken == ((1, 10), (2, 10), (3, 25))

    assert book.give_back(taken, at("2026-01-07")) == 45
    assert book.account.lots[:2] == before
    assert lots(book)[2] == {}


def test_what_is_given_back_after_its_time_expires_at_once() -> None:
    book = book_of(Terms("beans"))
    book.accrue("beans", 10, at("2026-01-05"), expires=at("2026-08-01"))
    taken = book.spend("beans", 10, at("2026-01-06"))
    assert taken is not None

    book.give_back(taken, at("2026-08-01"))
    assert lots(book) == [{"expired": 10}]
    assert [(entry.kind, entry.bucket, entry.points) for entry in book.entries[3:]] == [
        ("cancel redemption", "spent", -10),
        ("cancel redemption", "active", 10),
        ("expire", "active", -10),
        ("expire", "expired", 10),
    ]


def test_what_is_given_back_settles_what_is_owed() -> None:
    book = book_of(Terms("beans", minimum=-50))
    book.accrue("beans", 40, at("2026-01-05"))
    first = book.spend("beans", 40, at("2026-01-06"))
    book.spend("beans", 30, at("2026-01-07"))
    assert first is not None

    book.give_back(first, at("2026-01-08"))
    assert lots(book) == [{"active": 10, "spent": 30}, {}]


def test_an_overdraft_is_cancelled_before_points_are_given_back_that_would_settle_it() -> None:
    book = book_of(Terms("beans", minimum=-50))
    book.accrue("beans", 10, at("2026-01-05"))
    book.spend("beans", 10, at("2026-01-06"))
    book.accrue("beans", 10, at("2026-01-05"), expires=at("2026-08-01"))
    taken = book.spend("beans", 15, at("2026-01-07"))
    assert taken == ((2, 10), (3, 5))

    book.give_back(taken, at("2026-01-08"))
    assert lots(book) == [{"spent": 10}, {"active": 10}, {}]


def test_an_overdraft_that_was_settled_is_given_back_where_it_was_covered() -> None:
    book = book_of(Terms("beans", minimum=-50))
    taken = book.spend("beans", 30, at("2026-01-05"))
    book.accrue("beans", 100, at("2026-01-06"))
    assert lots(book) == [{}, {"active": 70, "spent": 30}]
    assert taken is not None

    assert book.give_back(taken, at("2026-01-07")) == 30
    assert lots(book) == [{}, {"active": 100}]


def test_points_of_a_dropped_lot_are_not_given_back() -> None:
    book = book_of(Terms("beans"))
    book.accrue("beans", 10, at("2026-01-05"))
    taken = book.spend("beans", 10, at("2026-01-06"))
    assert taken is not None
    book.forget(lambda lot: False)

    assert book.give_back(taken, at("2026-01-07")) == 0
    assert book.account.lots == ()


def test_an_empty_lot_is_kept_for_what_may_be_given_back() -> None:
    book = book_of(Terms("beans", minimum=-5))
    taken = book.spend("beans", 5, at("2026-01-05"))
    assert taken == ((1, 5),)
    book.accrue("beans", 5, at("2026-01-06"))
    book.forget(lambda lot: lot.number == 1 or lot.spent > 0)
    assert lots(book) == [{}, {"spent": 5}]

    assert book.give_back(taken, at("2026-01-07")) == 5
    assert lots(book) == [{}, {"active": 5}]


# Pending points


def test_pending_points_turn_active_at_the_instant_they_say() -> None:
    book = book_of(Terms("beans", pending=FORTNIGHT))
    book.accrue("beans", 100, at("2026-03-20T12:00"))
    due = at("2026-04-03T13:00")  # fourteen times 24 hours, and the clocks were set forward
    assert book.account.due == due
    assert book.entries[0] == Entry("beans", 1, "accrue", "pending", 100, due)

    assert book.fall_due(due - 1) == ()
    assert book.account.pending == {"beans": 100}
    assert book.available("beans") == 0

    assert book.fall_due(due) == (Fallen("activated", "beans", 100, (1,)),)
    assert book.account.pending == {}
    assert book.available("beans") == 100
    assert book.account.due is None


def test_points_wait_to_be_activated_and_lapse() -> None:
    book = book_of(Terms("beans", pending=Pending(lapse=read_duration("1 month"))))
    book.accrue("beans", 10, at("2026-01-10"), origin="till/1")
    book.accrue("beans", 20, at("2026-01-11"), origin="till/2")
    book.accrue("beans", 30, at("2026-01-12"), origin="till/2")

    assert book.activate("till/2", at("2026-02-01")) == (Fallen("activated", "beans", 50, (2, 3)),)
    assert book.activate("till/2", at("2026-02-02")) == ()
    assert book.activate("", at("2026-02-02")) == ()
    assert book.account.due == at("2026-02-10")
    assert book.fall_due(at("2026-02-10") - 1) == ()
    assert book.fall_due(at("2026-02-10")) == (Fallen("expired", "beans", 10, (1,)),)
    assert lots(book) == [{"expired": 10}, {"active": 20}, {"active": 30}]


def test_points_wait_for_ever_where_nothing_lets_them_lapse() -> None:
    book = book_of(Terms("beans", pending=Pending()))
    book.accrue("beans", 10, at("2026-01-10"))
    assert book.account.due is None

    assert book.activate([1, 7], at("2030-01-01")) == (Fallen("activated", "beans", 10, (1,)),)


def test_points_that_expire_before_they_are_active_do_both_at_once() -> None:
    book = book_of(Terms("beans", pending=FORTNIGHT, expiry=read_expiry("7 days")))
    book.accrue("beans", 10, at("2026-01-10"))

    assert book.fall_due(at("2026-01-17")) == ()
    assert book.fall_due(at("2026-01-24")) == (
        Fallen("activated", "beans", 10, (1,)),
        Fallen("expired", "beans", 10, (1,)),
    )
    assert book.account.due is None


# Expiry


def test_points_expire_at_the_instant_they_say() -> None:
    book = book_of(Terms("beans", expiry=read_expiry("31 December")))
    book.accrue("beans", 10, at("2026-01-10"))
    book.accrue("beans", 20, at("2026-12-31T23:59:59"))
    midnight = at("2027-01-01")
    assert book.account.due == midnight

    assert book.fall_due(midnight - 1) == ()
    assert book.available("beans") == 30
    assert book.fall_due(midnight) == (Fallen("expired", "beans", 30, (1, 2)),)
    assert book.available("beans") == 0
    assert book.account.due is None


def test_what_is_due_happens_in_the_order_of_its_instants() -> None:
    book = book_of(Terms("beans"), Terms("stamps"))
    now = at("2026-01-10")
    book.accrue("beans", 1, now, activates=now + 5, expires=now + 9)
    book.accrue("stamps", 2, now, expires=now + 3)
    book.accrue("beans", 3, now, activates=now + 4)
    book.accrue("stamps", 4, now, expires=now + 5)

    assert book.fall_due(now + 9) == (
        Fallen("expired", "stamps", 6, (2, 4)),
        Fallen("activated", "beans", 4, (3, 1)),
        Fallen("expired", "beans", 1, (1,)),
    )


def test_an_accrual_keeps_a_wallet_alive_that_expires_by_inactivity() -> None:
    book = book_of(Terms("beans", expiry=read_expiry("12 months without activity")))
    book.accrue("beans", 10, at("2026-01-10"))
    assert book.account.due == at("2027-01-10")
    book.accrue("beans", 20, at("2026-03-10"))
    assert book.account.due == at("2027-03-10")
    book.spend("beans", 5, at("2026-05-10"))
    assert book.account.due == at("2027-05-10")

    assert book.fall_due(at("2027-05-10") - 1) == ()
    assert book.fall_due(at("2027-05-10")) == (Fallen("expired", "beans", 25, (1, 2)),)
    assert book.entries[0] == Entry("beans", 1, "accrue", "active", 10)


def test_only_the_events_that_count_keep_a_wallet_alive() -> None:
    book = book_of(Terms("beans", expiry=read_expiry("12 months without purchase")), Terms("cups"))
    book.accrue("beans", 10, at("2026-01-10"))
    book.active("beans", at("2026-02-10"))
    book.active("cups", at("2026-02-10"))
    book.spend("beans", 5, at("2026-05-10"))
    book.accrue("beans", 10, at("2026-06-10"))
    assert book.account.activity == {"beans": at("2026-02-10")}
    assert book.account.due == at("2027-02-10")

    assert book.fall_due(at("2027-02-10")) == (Fallen("expired", "beans", 5, (1,)),)
    assert book.account.due == at("2027-06-10")


def test_a_lot_may_have_an_expiry_of_its_own() -> None:
    book = book_of(Terms("beans", expiry=read_expiry("24 months")))
    book.accrue("beans", 10, at("2026-01-10"), expires=at("2026-02-01"))
    book.accrue("beans", 10, at("2026-01-10"), expires=None)
    book.accrue("beans", 10, at("2026-01-10"))

    assert [lot.expires for lot in book.account.lots] == [
        at("2026-02-01"),
        None,
        at("2028-01-10"),
    ]


def test_other_terms_take_effect_where_they_are_reckoned_with() -> None:
    first = book_of(Terms("beans", expiry=read_expiry("12 months without purchase")))
    first.accrue("beans", 10, at("2026-01-10"))

    shorter = {"beans": Terms("beans", expiry=read_expiry("6 months without purchase"))}
    book = Book(first.account, shorter, OSLO, SINCE)
    assert book.account.due == at("2027-01-10")
    book.reckon()
    assert book.account.due == at("2026-07-10")


# Adjustments


def test_an_adjustment_gives_points_whatever_the_maximum() -> None:
    terms = Terms("beans", maximum=10, pending=FORTNIGHT, expiry=read_expiry("90 days"))
    book = book_of(terms)

    assert book.adjust("beans", 50, at("2026-01-10"), origin="desk/1") == 50
    (lot,) = book.account.lots
    assert (lot.kind, lot.origin, lot.active, lot.expires) == (
        "adjust",
        "desk/1",
        50,
        at("2026-04-10T01:00"),
    )


@pytest.mark.parametrize(
    ("minimum", "applied", "left"),
    [
        (0, -100, [{"reversed": 100}]),
        (30, -70, [{"active": 30, "reversed": 70}]),
        (-20, -120, [{"reversed": 100}, {"owed": -20, "spent": 20}]),
        (None, -150, [{"reversed": 100}, {"owed": -50, "spent": 50}]),
    ],
)
def test_an_adjustment_takes_points_down_to_the_minimum(
    minimum: int | None, applied: int, left: list[dict[str, int]]
) -> None:
    book = book_of(Terms("beans", minimum=minimum))
    book.accrue("beans", 100, at("2026-01-05"))

    assert book.adjust("beans", -150, at("2026-01-06")) == applied
    assert lots(book) == left


# Transfers


def test_transferred_points_keep_their_expiry() -> None:
    giver = book_of(Terms("beans", minimum=-100))
    giver.accrue("beans", 10, at("2026-01-05"))
    giver.accrue("beans", 20, at("2026-01-05"), expires=at("2026-08-01"))
    assert giver.transfer_out("beans", 31, at("2026-01-06")) is None

    parcels = giver.transfer_out("beans", 25, at("2026-01-06"))
    assert parcels == (Parcel(20, at("2026-08-01")), Parcel(5))
    assert lots(giver) == [{"active": 5, "moved": 5}, {"moved": 20}]

    taker = book_of(Terms("beans", maximum=1, expiry=read_expiry("90 days")))
    assert taker.transfer_in("beans", parcels, at("2026-01-07")) == 25
    assert [(lot.kind, lot.active, lot.expires) for lot in taker.account.lots] == [
        ("transfer in", 20, at("2026-08-01")),
        ("transfer in", 5, None),
    ]


def test_what_became_due_on_the_way_happens_on_arrival() -> None:
    book = book_of(Terms("beans"))
    now = at("2026-05-01")
    parcels = (
        Parcel(1, expires=now),
        Parcel(2, activates=now, pending=True),
        Parcel(3, activates=now - 5, expires=now - 1, pending=True),
        Parcel(4, lapses=now, pending=True),
        Parcel(5, activates=now + 1, pending=True),
    )

    book.transfer_in(
        "beans", msgspec.json.decode(msgspec.json.encode(parcels), type=tuple[Parcel, ...]), now
    )
    assert lots(book) == [
        {"expired": 1},
        {"active": 2},
        {"expired": 3},
        {"expired": 4},
        {"pending": 5},
    ]
    assert book.account.due == now + 1


def test_a_merged_customer_surrenders_everything_but_debts() -> None:
    book = book_of(
        Terms("beans", pending=Pending(lapse=read_duration("30 days"))), Terms("cups", minimum=-5)
    )
    now = at("2026-01-05")
    book.accrue("beans", 10, now)
    book.accrue("beans", 20, now, activates=None, expires=at("2026-08-01"))
    book.accrue("beans", 30, now, activates=at("2026-02-01"))
    book.spend("cups", 5, now)

    assert book.surrender(now) == {
        1: ("beans", Parcel(10, lapses=at("2026-02-04"), pending=True)),
        2: ("beans", Parcel(20, at("2026-08-01"))),
        3: ("beans", Parcel(30, activates=at("2026-02-01"), pending=True)),
    }
    assert book.account.balances == {"cups": -5}
    assert book.account.pending == {}
    assert book.account.due is None


def test_what_earned_points_goes_with_them_where_customers_are_merged() -> None:
    now = at("2026-01-05")
    book, other = book_of(Terms("beans")), book_of(Terms("beans"))
    book.accrue("beans", 10, now, origin="till/1")
    book.accrue("beans", 10, now, origin="till/2", share=False)

    parcels = book.surrender(now, lots=(1,))
    assert parcels == {1: ("beans", Parcel(10, origin="till/1"))}
    assert book.reverse("till/1", Fraction(1), "within balance", now).taken == {}
    other.transfer_in("beans", [parcel for _, parcel in parcels.values()], now)
    assert other.reverse("till/1", Fraction(1, 2), "within balance", now).taken == {"beans": 5}
    assert book.surrender(now) == {2: ("beans", Parcel(10, origin="till/2", share=False))}


def test_a_debt_is_taken_over_by_another_customer() -> None:
    now = at("2026-01-05")
    book = book_of(Terms("beans", minimum=None))
    book.accrue("beans", 10, now, origin="till/1")
    book.spend("beans", 25, now)
    book.reverse("till/1", Fraction(1), "may go negative", now)
    assert book.surrender_debts() == {"beans": 25}
    assert book.account.balances == {}
    assert lots(book) == [{"reversed": 10}, {}]

    other = book_of(Terms("beans"))
    other.accrue("beans", 20, now)
    taken = other.take_over("beans", 25, now)
    assert other.account.balances == {"beans": -5}
    assert lots(other) == [{"spent": 20}, {"spent": 5, "owed": -5}]
    other.give_back(taken, now)
    assert other.account.balances == {"beans": 20}


# Coming back, and being let go


def test_expired_points_come_back_the_latest_first() -> None:
    book = book_of(Terms("beans", expiry=read_expiry("90 days")), Terms("cups"))
    book.accrue("beans", 10, at("2026-01-01"))
    book.accrue("beans", 10, at("2026-01-02"))
    book.accrue("cups", 10, at("2026-01-01"), expires=at("2026-05-01"))
    book.fall_due(at("2026-06-01"))

    assert book.reinstate("beans", 15, at("2026-06-02")) == 15
    assert lots(book) == [
        {"expired": 5, "moved": 5},
        {"moved": 10},
        {"expired": 10},
        {"active": 15},
    ]
    assert book.account.lots[-1].kind == "reinstate"
    assert book.account.due == at("2026-08-31")
    assert book.reinstate("beans", 15, at("2026-06-03")) == 5
    assert book.reinstate("beans", 15, at("2026-06-04")) == 0


def test_lots_without_points_are_let_go() -> None:
    book = book_of(Terms("beans", minimum=-5))
    now = at("2026-01-05")
    book.accrue("beans", 10, now, origin="till/1")
    book.accrue("beans", 10, now, origin="till/2")
    book.spend("beans", 25, now)
    book.accrue("cups", 1, now, activates=now + 9)
    book.accrue("cups", 1, now)

    book.forget(lambda lot: lot.origin == "till/2")
    assert [lot.number for lot in book.account.lots] == [2, 3, 4, 5]
    book.accrue("beans", 1, now)
    assert book.account.last == 6
