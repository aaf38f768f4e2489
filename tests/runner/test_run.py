"""One run: what it keeps, counts and leaves behind."""

from __future__ import annotations

import gc
import json
from typing import Any

import pytest

from loyalcore.runner.fold import Fold

RULESET = """
events: {purchase: {amount: money, friend: id}, hello: {}}
metrics:
  spend: {sum: purchase.amount, over: 30 days}
  kinds: {distinct: purchase.amount}
wallets: {points: {}}
rules:
  earn: {on: purchase, then: [earn: {points: spend}]}
  big: {on: purchase, when: amount > 5, limit: 1 per day, then: [issue: {voucher: cake}]}
  tell: {on: purchase, when: not missing(friend), then: [emit: {type: hello, customer: friend}]}
  thank: {on: hello, then: [send: thanks]}
messages: {thanks: {text: Thank you}}
"""


def purchases(count: int, customers: int = 7) -> list[dict[str, object]]:
    """Purchases of one to nine, an hour after one another."""
    return [
        {
            "id": f"{number:06}",
            "type": "purchase",
            "customer": f"c{number % customers}",
            "time": f"2026-{1 + number // 672:02}-{1 + number // 24 % 28:02}T{number % 24:02}:00Z",
            "amount": 1 + number % 9,
            **({"friend": f"c{number % 3}"} if number % 5 == 0 else {}),
        }
        for number in range(count)
    ]


def test_a_run_is_summed_up_and_logged(shop: Any) -> None:
    summary = shop.run(RULESET, [*purchases(48), purchases(1)[0], "{"])
    assert (summary.events, summary.emitted, summary.duplicates) == (48, 10, 1)
    assert (summary.fired["earn"], summary.fired["thank"]) == (48, 10)
    assert summary.held["big"] + summary.fired["big"] == 20
    assert summary.messages == {"thanks": 10}
    assert summary.issued == {"cake": summary.fired["big"]}
    assert summary.rejected == {"bad-json": 1}
    assert [summary.points["points"]] == shop.ask("select sum(points) from entries")
    ((program, started, finished, logged),) = shop.ask(
        "select program, started, finished, summary from runs"
    )
    assert program == 1
    assert started < finished
    assert json.loads(logged)["points"] == summary.points


def test_a_run_of_nothing_is_a_run(shop: Any) -> None:
    assert shop.run(RULESET, []).events == 0
    assert shop.ask("select count(*) from runs where finished is not null") == [1]
    assert shop.ask("select name from programs") == ["shop"]


@pytest.mark.parametrize("batch", [1, 3, 5_000])
def test_every_line_that_is_no_event_is_kept(shop: Any, batch: int) -> None:
    lines: list[Any] = ["{", *purchases(5), "[", "nonsense", '{"customer": "ann"}', '"\\ud800"']
    summary = shop.run(RULESET, lines, batch=batch)
    assert sum(summary.rejected.values()) == 5
    assert shop.ask("select line from rejects order by line") == [1, 7, 8, 9, 10]


def test_a_run_that_fails_keeps_what_was_committed(
    shop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = type(shop)(shop.path.with_name("whole.db"))
    whole.run(RULESET, purchases(100))
    accepted = Fold._accepted

    def failing(fold: Fold, raw: Any, *rest: Any) -> Any:
        if raw.id == "000055":
            raise RuntimeError("a bug")
        return accepted(fold, raw, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(Fold, "_accepted", failing)
        with pytest.raises(RuntimeError, match="a bug"):
            shop.run(RULESET, purchases(100), batch=10)
    assert shop.ask("select count(*) from events where cause = ''") == [50]
    assert shop.ask("select finished from runs") == [None]
    shop.run(RULESET, purchases(100), batch=10)
    assert shop.history() == whole.history()


# --- no garbage -------------------------------------------------------------------------------


def test_a_run_leaves_the_garbage_collector_as_it_was(
    shop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bool] = []
    accepted = Fold._accepted

    def watched(fold: Fold, raw: Any, *rest: Any) -> Any:
        seen.append(gc.isenabled())
        if raw.id == "000009":
            raise RuntimeError
        return accepted(fold, raw, *rest)

    assert gc.isenabled()
    monkeypatch.setattr(Fold, "_accepted", watched)
    shop.run(RULESET, purchases(9))
    assert gc.isenabled()
    with pytest.raises(RuntimeError):
        shop.run(RULESET, purchases(10))
    assert gc.isenabled()
    assert not any(seen)
    gc.disable()
    try:
        shop.run(RULESET, purchases(9))
        assert not gc.isenabled()
    finally:
        gc.enable()


def garbage(shop: Any, lines: list[Any]) -> int:
    """How many objects only the search for reference cycles would have found after a run."""
    gc.collect()
    gc.disable()  # so that nothing looks for them before this does
    try:
        shop.run(RULESET, lines, batch=100)
        return gc.collect()
    finally:
        gc.enable()


@pytest.mark.parametrize("kind", ["decided", "duplicate", "rejected"])
def test_the_fold_makes_no_reference_cycles(shop: Any, kind: str) -> None:
    # For a fold runs without that search: what it makes of each event must go by itself.
    def lines(count: int) -> list[Any]:
        if kind == "rejected":
            return [{**line, "amount": "much"} for line in purchases(count)]
        return list(purchases(count))

    if kind == "duplicate":
        shop.run(RULESET, lines(2_000))
    garbage(shop, lines(20))
    few, many = garbage(shop, lines(100)), garbage(shop, lines(2_000))
    assert many - few < 100
