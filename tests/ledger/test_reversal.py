"""A refund takes back what its purchase earned, and no more (S9)."""

from __future__ import annotations

from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalcore.ledger import BUCKETS, EMPTY, POLICIES, Book, Entry, Pending, Policy, Terms

HALF, WHOLE = Fraction(1, 2), Fraction(1)
WAITING = Terms("beans", pending=Pending())


def book_of(*terms: Terms) -> Book:
    return Book(EMPTY, {term.name: term for term in terms}, ZoneInfo("Europe/Oslo"), 0)


def lots(book: Book) -> list[dict[str, int]]:
    """What is in each lot, by bucket."""
    return [
        {bucket: points for bucket in BUCKETS if (points := getattr(lot, bucket))}
        for lot in book.account.lots
    ]


def test_a_refund_takes_back_in_proportion() -> None:
    book = book_of(Terms("beans"))
    book.accrue("beans", 101, 1, origin="till/1")
    book.accrue("beans", 50, 1, origin="till/2")
    book.accrue("cups", 3, 1, origin="till/1")
    book.accrue("beans", 7, 1, origin="till/1", share=False)

    assert book.reverse("till/1", HALF, "within balance", 2) == ({"beans": 50, "cups": 1}, {})
    assert lots(book) == [
        {"active": 51, "reversed": 50},
        {"active": 50},
        {"active": 2, "reversed": 1},
        {"active": 7},
    ]
    assert book.entries[4:6] == [
        Entry("beans", 1, "reverse", "active", -50),
        Entry("beans", 1, "reverse", "reversed", 50),
    ]


def test_the_share_is_that_of_all_refunds_so_far() -> None:
    book = book_of(Terms("beans"))
    book.accrue("beans", 100, 1, origin="till/1")

    assert book.reverse("till/1", Fraction(1, 3), "within balance", 2).taken == {"beans": 33}
    assert book.reverse("till/1", Fraction(1, 3), "within balance", 3).taken == {}
    assert book.reverse("till/1", Fraction(2, 3), "within balance", 4).taken == {"beans": 33}
    assert book.reverse("till/1", HALF, "within balance", 5).taken == {}
    assert book.reverse("till/1", WHOLE, "within balance", 6).taken == {"beans": 34}
    assert book.reverse("till/1", WHOLE, "within balance", 7) == ({}, {})
    assert lots(book) == [{"reversed": 100}]


def test_pending_points_go_first() -> None:
    book = book_of(WAITING)
    book.accrue("beans", 100, 1, origin="till/1")
    book.reverse("till/1", HALF, "within balance", 2)

    assert lots(book) == [{"pending": 50, "reversed": 50}]
    assert book.account.pending == {"beans": 50}


def test_a_lot_of_which_all_is_taken_is_no_longer_due() -> None:
    book = book_of(Terms("beans"))
    book.accrue("beans", 100, 1, origin="till/1", expires=9)
    book.accrue("beans", 100, 1, origin="till/2", expires=12)
    book.reverse("till/1", WHOLE, "within balance", 2)

    assert book.account.due == 12


def test_expired_points_are_taken_before_any_others_are() -> None:
    book = book_of(Terms("beans"))
    book.accrue("beans", 40, 1, origin="till/1", expires=5)
    book.spend("beans", 10, 2)
    book.fall_due(5)
    book.accrue("beans", 100, 6)

    assert book.reverse("till/1", WHOLE, "within balance", 7).taken == {"beans": 40}
    assert lots(book) == [{"reversed": 40}, {"active": 90, "spent": 10}]


def test_within_balance_other_points_take_the_place_of_those_spent() -> None:
    book = book_of(Terms("beans"))
    book.accrue("beans", 100, 1, origin="till/1")
    book.spend("beans", 80, 2)
    book.accrue("beans", 50, 3)

    assert book.reverse("till/1", WHOLE, "within balance", 4) == ({"beans": 70}, {"beans": 30})
    assert lots(book) == [{"spent": 30, "reversed": 70}, {"spent": 50}]
    assert book.balance("beans") == 0


def test_what_was_forgiven_is_not_asked_for_again() -> None:
    book = book_of(Terms("beans"))
    book.accrue("beans", 100, 1, origin="till/1")
    book.spend("beans", 100, 2)
    assert book.reverse("till/1", HALF, "within balance", 3) == ({}, {"beans": 50})
    book.accrue("beans", 500, 4)

    assert book.reverse("till/1", WHOLE, "within balance", 5) == ({"beans": 50}, {})
    assert book.balance("beans") == 450


def test_a_wallet_may_go_negative() -> None:
    book = book_of(Terms("beans"))
    book.accrue("beans", 100, 1, origin="till/1")
    book.spend("beans", 80, 2)
    book.accrue("beans", 50, 3)

    assert book.reverse("till/1", WHOLE, "may go negative", 4) == ({"beans": 100}, {})
    assert lots(book) == [{"owed": -30, "spent": 30, "reversed": 100}, {"spent": 50}]
    assert book.balance("beans") == -30

    book.accrue("beans", 40, 5)
    assert lots(book) == [{"reversed": 100}, {"spent": 50}, {"active": 10, "spent": 30}]


def test_what_is_owed_for_points_that_moved_is_settled_as_moved() -> None:
    book = book_of(Terms("beans"))
    book.accrue("beans", 100, 1, origin="till/1")
    book.spend("beans", 10, 2)
    book.transfer_out("beans", 90, 3)
    book.reverse("till/1", WHOLE, "may go negative", 4)
    assert lots(book) == [{"owed": -100, "spent": 10, "reversed": 100, "moved": 90}]

    book.accrue("beans", 30, 5)
    assert lots(book) == [
        {"owed": -70, "reversed": 100, "moved": 70},
        {"spent": 10, "moved": 20},
    ]


def test_a_redemption_that_is_cancelled_cancels_what_is_owed_for_it() -> None:
    book = book_of(Terms("beans"))
    book.accrue("beans", 100, 1, origin="till/1")
    taken = book.spend("beans", 100, 2)
    assert taken is not None
    book.reverse("till/1", HALF, "may go negative", 3)
    assert lots(book) == [{"owed": -50, "spent": 100, "reversed": 50}]

    book.give_back(taken, 4)
    assert lots(book) == [{"active": 50, "reversed": 50}]


def test_a_redemption_that_others_covered_is_given_back_to_them() -> None:
    book = book_of(Terms("beans"))
    book.accrue("beans", 100, 1, origin="till/1")
    taken = book.spend("beans", 100, 2)
    assert taken is not None
    book.accrue("beans", 60, 3)
    book.reverse("till/1", WHOLE, "within balance", 4)
    assert lots(book) == [{"spent": 40, "reversed": 60}, {"spent": 60}]

    assert book.give_back(taken, 5) == 100
    assert lots(book) == [{"active": 40, "reversed": 60}, {"active": 60}]


def test_pending_only_leaves_all_others() -> None:
    book = book_of(WAITING)
    book.accrue("beans", 100, 1, origin="till/1")
    book.accrue("beans", 100, 1, origin="till/1", activates=None)

    taken = book.reverse("till/1", HALF, "pending only", 2)
    assert taken == ({"beans": 50}, {"beans": 50})
    assert lots(book) == [{"pending": 50, "reversed": 50}, {"active": 100}]


def test_points_that_were_adjusted_away_are_not_taken_twice() -> None:
    book = book_of(Terms("beans"))
    book.accrue("beans", 100, 1, origin="till/1")
    book.adjust("beans", -30, 2)
    book.accrue("beans", 100, 3)

    assert book.reverse("till/1", WHOLE, "may go negative", 4) == ({"beans": 70}, {"beans": 30})
    assert lots(book) == [{"reversed": 100}, {"active": 100}]


def test_no_more_is_owed_than_was_used() -> None:
    book = book_of(Terms("beans"))
    book.accrue("beans", 100, 1, origin="till/1")
    book.adjust("beans", -30, 2)
    book.spend("beans", 70, 3)

    assert book.reverse("till/1", HALF, "may go negative", 4) == ({"beans": 50}, {})
    assert book.reverse("till/1", WHOLE, "may go negative", 5) == ({"beans": 20}, {"beans": 30})
    assert lots(book) == [{"owed": -70, "spent": 70, "reversed": 100}]


def test_nothing_refers_to_points_without_an_origin() -> None:
    book = book_of(Terms("beans"))
    book.accrue("beans", 100, 1)

    assert book.reverse("", WHOLE, "may go negative", 2) == ({}, {})


@pytest.mark.parametrize("share", [Fraction(-1, 2), Fraction(3, 2)])
def test_a_share_is_from_nothing_to_all(share: Fraction) -> None:
    with pytest.raises(ValueError, match="a share is from 0 to 1"):
        book_of(Terms("beans")).reverse("till/1", share, "within balance", 1)


shares = st.fractions(0, 1, max_denominator=7)
steps = st.lists(
    st.tuples(st.just("spend"), st.integers(1, 150))
    | st.tuples(st.just("accrue"), st.integers(1, 150))
    | st.tuples(st.just("refund"), shares),
    max_size=12,
)


@given(st.integers(1, 200), steps, st.sampled_from(POLICIES))
def test_s9_totals_are_those_of_plain_sums(
    earned: int, steps: list[tuple[str, int | Fraction]], policy: Policy
) -> None:
    """The oracle knows no lots: of the balance, only what the purchase earned and refunds
    have asked for."""
    book = book_of(Terms("beans"))
    book.accrue("beans", earned, 0, origin="till/1")
    balance, asked, taken, forgiven = earned, 0, 0, 0
    for now, (what, number) in enumerate(steps, start=1):
        if what == "spend":
            if number <= balance:
                balance -= int(number)
            book.spend("beans", int(number), now)
        elif what == "accrue":
            balance += int(number)
            book.accrue("beans", int(number), now)
        else:
            more = max(0, int(earned * number) - asked)
            asked += more
            covered = {
                "within balance": max(0, min(more, balance)),
                "may go negative": more,
                "pending only": 0,
            }[policy]
            balance -= covered
            reversal = book.reverse("till/1", Fraction(number), policy, now)
            taken += sum(reversal.taken.values())
            forgiven += sum(reversal.forgiven.values())
            assert reversal.taken.get("beans", 0) == covered
        assert book.balance("beans") == balance
    assert taken + forgiven == asked <= earned
    assert book.account.lots[0].reversed == taken
