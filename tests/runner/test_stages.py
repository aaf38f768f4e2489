"""The two ladders through a store: up, down and back, and the same however it is run."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyalcore.ruleset.library import library_bytes
from runner.histories import Line, NewShop, histories, on, run_anyhow

EVENTS = """
events:
  enquiry: {}
  purchase: {amount: money}
  referral: {friend: id}
  partnership_agreed: {}
  partnership_ended: {}
"""
BY_LOYALTY, BY_PHASE = (
    EVENTS + library_bytes(f"loyalcore/ladder-by-{name}.yaml").decode()
    for name in ("loyalty", "phase")
)

LIFE = (
    ("enquiry", "2020-01-01"),
    ("purchase", "2020-02-01"),
    ("purchase", "2020-03-01"),
    ("referral", "2020-04-01"),
    ("partnership_agreed", "2020-05-01"),
    ("partnership_ended", "2021-05-01"),
    ("enquiry", "2024-01-01"),
    ("purchase", "2024-02-01"),
    ("partnership_agreed", "2024-03-01"),
    ("enquiry", "2030-01-01"),
    ("partnership_ended", "2030-02-01"),
)


def happened(type_: str, day: str) -> Line:
    return {"id": day, "type": type_, "customer": "ann", "time": f"{day}T12:00:00Z"}


def entered(shop: Any) -> list[tuple[str, str]]:
    """The stages entered: the day, and the stage."""
    return [
        (time[:10], rule.removeprefix("stages."))
        for time, rule in shop.ask("select time, rule from decision_log order by seq")
    ]


def test_the_ladder_by_loyalty_up_and_down_and_up_again(shop: Any) -> None:
    shop.run(BY_LOYALTY, [happened(*one) for one in LIFE])
    assert entered(shop) == [
        ("2020-01-01", "prospect"),
        ("2020-02-01", "customer"),
        ("2020-03-01", "client"),
        ("2020-04-01", "supporter"),
        ("2020-05-01", "partner"),
        ("2021-05-01", "client"),  # no partner any more, and still
        ("2021-05-01", "supporter"),  # who recommends
        ("2022-03-01", "former"),  # 24 months after the last purchase
        ("2024-02-01", "customer"),
        ("2024-03-01", "partner"),
        ("2030-02-01", "client"),  # the partnership held without a purchase, and with it
        ("2030-02-01", "former"),  # goes all
    ]


def test_the_ladder_by_phase_up_and_down_and_up_again(shop: Any) -> None:
    shop.run(BY_PHASE, [happened(*one) for one in LIFE])
    assert entered(shop) == [
        ("2020-01-01", "awareness"),
        ("2020-02-01", "exploration"),
        ("2020-03-01", "expansion"),
        ("2020-04-01", "commitment"),  # by the referral, then the partnership, then the referral
        ("2022-03-01", "dissolution"),
        ("2024-02-01", "exploration"),
        ("2024-03-01", "commitment"),
        ("2030-02-01", "dissolution"),
    ]


def test_who_recommends_no_more_is_a_client_again(shop: Any) -> None:
    life = (
        ("purchase", "2020-02-01"),
        ("referral", "2020-02-02"),
        ("purchase", "2021-02-01"),
        ("enquiry", "2024-01-01"),
    )
    shop.run(BY_LOYALTY, [happened(*one) for one in life])
    assert entered(shop)[2:] == [
        ("2020-02-02", "supporter"),
        ("2022-02-02", "client"),
        ("2023-02-01", "former"),
    ]


TOLD = """
wallets: {told: {}}
rules: {told: {on: [stage_left, stage_entered], then: [earn: {told: 1}]}}
"""


@settings(max_examples=8)
@given(
    histories(
        lambda number: st.sampled_from(
            [{"type": kind} for kind in ("enquiry", "purchase", "referral", "partnership_agreed")]
        ),
        gaps=[24 * days for days in (0, 1, 31, 120, 200, 366, 740)],
        customers=["ann", "bob"],
        most=10,
    ),
    st.data(),
)
@pytest.mark.parametrize("ruleset", [BY_LOYALTY, BY_PHASE], ids=["loyalty", "phase"])
def test_s2_batches_and_runs_change_nothing_and_the_past_agrees(
    new_shop: NewShop, ruleset: str, lines: list[Line], data: st.DataObject
) -> None:
    until = on(days=7_500)
    with new_shop() as simple, new_shop() as odd:
        simple.run(ruleset + TOLD, lines, until=until)
        run_anyhow(odd, ruleset + TOLD, lines, data, until=until)
        assert odd.history() == simple.history()
        odd.check()
