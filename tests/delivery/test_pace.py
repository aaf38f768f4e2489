"""How long a message waits, and how many go through a second."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from loyalcore.delivery.pace import Meter, Pace, backoff

SECOND = 1_000_000


def test_each_wait_is_twice_the_one_before_up_to_the_longest() -> None:
    pace = Pace(backoff=10, longest=100)
    waits = [backoff(pace, "a-message", attempt) / SECOND for attempt in range(1, 8)]
    for wait, whole in zip(waits, (10, 20, 40, 80, 100, 100, 100), strict=True):
        assert whole / 2 <= wait < whole


def test_what_failed_together_is_not_tried_again_together() -> None:
    waits = {backoff(Pace(), f"message-{number}", 1) for number in range(1_000)}
    assert len(waits) > 990
    assert max(waits) - min(waits) > 14 * SECOND


@given(st.integers(1, 10_000), st.text(max_size=40))
def test_no_wait_is_ever_longer_than_the_longest(attempt: int, key: str) -> None:
    assert 0 < backoff(Pace(backoff=1, longest=60), key, attempt) <= 60 * SECOND


@given(st.floats(0.1, 500), st.lists(st.floats(0.0, 2.0), min_size=1, max_size=60))
def test_a_meter_never_lets_more_through_than_its_rate(rate: float, waits: list[float]) -> None:
    meter, now, gone = Meter(rate), 0.0, 0
    for wait in waits:
        now += wait
        most = meter.allows(now, 1_000)
        assert (most > 0) == (meter.wait(now) == 0)
        meter.spend(now, most)
        gone += most
    # One burst may be under way: a second's worth, or a single message.
    assert gone <= rate * now + max(1, rate) + 1e-6


def test_without_a_rate_any_may_go() -> None:
    meter = Meter(None)
    meter.spend(0.0, 1_000_000)
    assert (meter.allows(0.0, 7), meter.wait(0.0)) == (7, 0.0)
