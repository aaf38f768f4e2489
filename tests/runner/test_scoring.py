"""Scoring a store: what a strategy sees, what is written, and what a broken strategy does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loyalcore.engine.state import read_stored
from loyalcore.errors import PluginError, UsageError
from loyalcore.plugins.gathering import default_vocabulary
from loyalcore.ruleset.source import Source
from loyalcore.runner.insights import insights
from loyalcore.runner.loading import Loaded, load_from
from loyalcore.runner.scoring import Scoring, score
from loyalcore.runner.verify import verify
from loyalcore.scoring import (
    FLAG,
    INTEGER,
    MONEY,
    NUMBER,
    TEXT,
    Asked,
    CannotScore,
    Input,
    Locale,
    Occurrence,
    Strategy,
    StrategyKind,
    StrategySettings,
    Summary,
    Value,
    read_duration,
)
from loyalcore.store import Store
from loyalcore.values import read_time

RULESET = """\
program: shop
events:
  purchase: {amount: money, channel: text}
  refund: {amount: money}
  merge: {into: id, merges: into}
scores: {seen: {}}
wallets: {beans: {}}
rules:
  thank: {on: scored, when: score.seen.count >= 3, limit: once, then: [earn: {beans: 5}]}
"""


class Nothing(StrategySettings):
    """Nothing to say."""


class Seen(Strategy[int]):
    """Tells what it was given: how many purchases, when the latest was, and what they came to;
    and how many customers had any."""

    def __init__(self, settings: Nothing, locale: Locale) -> None:
        amount = Asked("amount", (MONEY,), ("event",))
        by_web = Asked("channel == 'web'", (FLAG,), ("where",))
        self.inputs = (
            Input("purchase", ("event",), (amount,), over=read_duration("30 days")),
            Input("purchase", ("event",), (amount,), where=by_web),
            Input("refund", ("event",), (amount, Asked("weekday", (TEXT,), ("event",)))),
        )
        self.outputs = {
            "count": INTEGER,
            "web": INTEGER,
            "spent": MONEY,
            "back": TEXT,
            "share": NUMBER,
        }

    def observe(self, history: Sequence[Occurrence], at: int) -> Summary | None:
        assert all(one.time <= at for one in history)
        assert list(history) == sorted(history, key=lambda one: one.time)
        recent, web, back = ([one for one in history if one.input == n] for n in range(3))
        if not history:
            return None
        days = ",".join(str(one.values[1]) for one in back)
        return len(recent), len(web), sum(int(str(one.values[0])) for one in recent), days

    def fit(self, summaries: Iterable[Summary], at: int) -> int:
        assert len([*summaries]) == len([*summaries])  # they can be gone through again
        return len([*summaries])

    def score(self, summary: Summary, model: int) -> Mapping[str, Value | None]:
        count, web, spent, back = summary
        assert isinstance(count, int)
        assert isinstance(web, int)
        assert isinstance(spent, int)
        return {"count": count, "web": web, "spent": spent, "back": str(back) or None}


SEEN = StrategyKind("seen", "1", Nothing, Seen)


def loaded(text: str = RULESET, kind: StrategyKind[Nothing] = SEEN) -> Loaded:
    words = default_vocabulary()
    words = replace(words, strategies={**words.strategies, "seen": kind})
    return load_from(Source({"shop.yaml": text}, "shop.yaml"), "compiled", words)


def bought(customer: str, day: str, amount: int = 10, **fields: object) -> dict[str, object]:
    return {"customer": customer, "type": "purchase", "time": day, "amount": amount, **fields}


@pytest.fixture(autouse=True)
def _known(monkeypatch: pytest.MonkeyPatch) -> None:
    """The strategy is there wherever a ruleset is compiled, as an installed one would be."""
    words = default_vocabulary()
    words = replace(words, strategies={**words.strategies, "seen": SEEN})
    monkeypatch.setattr("loyalcore.runner.loading.default_vocabulary", lambda: words)


def scored(shop: Any, at: str | None = None, **options: Any) -> Scoring:
    program = options.pop("loaded", None) or loaded()
    with Store.open(shop.path) as store:
        time = None if at is None else read_time(at, program.program.locale.zone)
        return score(program, store, at=time, **options)


def said(shop: Any, name: str = "seen") -> dict[str, Any]:
    """What the customers' scores are in the file."""
    rows = shop.ask("select customer, state from customers order by customer")
    scores = {customer: read_stored(state).life.scores.get(name) for customer, state in rows}
    return {customer: score.values for customer, score in scores.items() if score and score.values}


# --- what a strategy sees ---------------------------------------------------------------------


def test_a_strategy_sees_the_past_of_its_instant_in_the_order_of_time(shop: Any) -> None:
    shop.run(
        f"allow_late: 90 days\n{RULESET}",
        [
            bought("ann", "2026-01-31", 1, channel="web"),
            bought("ann", "2026-02-01", 2),
            bought("ann", "2026-03-03", 4, channel="web"),
            {"customer": "ann", "type": "refund", "time": "2026-02-02", "amount": 1},
            {"customer": "cat", "type": "refund", "time": "2026-02-03", "amount": 1},
            bought("bob", "2026-04-01", 8),
        ],
        [bought("ann", "2026-02-20", 16)],
    )
    found = scored(shop, "2026-03-03", write=False)
    # (t - 30 days, t]: that of 1 February is out. bob's lies ahead, so nothing is said of him.
    assert (found.customers, found.run) == (3, None)
    (one,) = found.scores
    assert (one.scored, one.unscored, one.changed, one.passed) == (2, 1, 2, 0)
    assert (one.spread.figures["count"].greatest, one.spread.figures["spent"].total) == (2, 2000)
    assert one.spread.figures["web"].greatest == 2
    assert one.spread.words["back"] == {"monday": 1, "tuesday": 1}
    assert said(shop) == {}


def test_customers_who_are_one_by_now_are_scored_as_one(shop: Any) -> None:
    shop.run(
        RULESET,
        [
            bought("ann", "2026-01-02", 1),
            bought("bob", "2026-01-01", 2),
            {"customer": "bob", "type": "merge", "time": "2026-01-03", "into": "ann"},
            bought("bob", "2026-01-04", 4),
        ],
    )
    assert scored(shop).customers == 1
    assert said(shop) == {"ann": {"count": 3, "web": 0, "spent": "7.00"}}
    assert shop.ask("select customer, points from balances") == [("ann", 5)]


# --- what is written --------------------------------------------------------------------------


def test_only_what_is_another_than_before_is_written(shop: Any) -> None:
    shop.run(RULESET, [bought("ann", "2026-01-01"), bought("bob", "2026-01-02")])
    first = scored(shop)
    assert [one.changed for one in first.scores] == [2]
    once = shop.history()
    again = scored(shop)
    assert ([one.changed for one in again.scores], again.run) == ([0], None)
    assert shop.history() == once
    shop.run(RULESET, [bought("ann", "2026-01-03")])
    assert [one.changed for one in scored(shop).scores] == [1]
    events = shop.ask(
        "select customer, time, source, json_extract(data, '$.values.count') from events "
        "where type = 'scored' order by seq"
    )
    second, third = (read_time(f"2026-01-0{n}", loaded().program.locale.zone) for n in (2, 3))
    assert sorted(events) == [
        ("ann", second, "scoring", 1),
        ("ann", third, "scoring", 2),
        ("bob", second, "scoring", 1),
    ]


def test_who_has_later_events_keeps_what_was_said(shop: Any) -> None:
    shop.run(RULESET, [bought("ann", "2026-01-01"), bought("bob", "2026-02-01")])
    found = scored(shop, "2026-01-15")
    # Nothing is to be said of bob in January, and nothing was.
    assert [(one.changed, one.passed) for one in found.scores] == [(1, 0)]
    assert said(shop).keys() == {"ann"}
    scored(shop, "2026-02-02")
    shop.run(RULESET, [bought("ann", "2026-03-01"), bought("bob", "2026-03-01")])
    found = scored(shop, "2026-01-15")
    assert [(one.changed, one.passed) for one in found.scores] == [(0, 2)]
    assert not shop.ask("select code from rejects")


def test_of_whom_nothing_can_be_said_any_more_nothing_is_said(shop: Any) -> None:
    text = RULESET.replace("seen: {}", "trend: {event: purchase, amount: amount}").replace(
        "score.seen.count >= 3", "score.trend.volume == 'up'"
    )
    program = loaded(text)
    shop.run(text, [bought("ann", "2026-01-01")])
    scored(shop, loaded=program)
    assert said(shop, "trend")["ann"]["volume"] == "new"
    found = scored(shop, "2027-01-01", loaded=program)
    assert [(one.changed, one.unscored) for one in found.scores] == [(1, 1)]
    assert said(shop, "trend") == {}


def test_a_store_with_scores_is_what_its_events_make_it(shop: Any, tmp_path: Path) -> None:
    """Also where the strategy is not there any more: it is asked nothing."""
    shop.run(RULESET, [bought("ann", f"2026-01-0{day}") for day in range(1, 5)])
    scored(shop)
    assert shop.ask("select rule, reason from decisions order by seq") == [
        ("scores.seen", ""),
        ("thank", ""),
    ]
    with Store.open(shop.path) as store:
        found = verify(store.connection)
        assert (found.difference, found.events) == (None, 5)


def test_time_passes_to_the_instant_first(shop: Any) -> None:
    text = RULESET.replace(
        "rules:", "triggers: {quiet: {silence: purchase, for: 10 days}}\nrules:"
    ).replace("on: scored, when: score.seen.count >= 3", "on: quiet, when: true")
    shop.run(text, [bought("ann", "2026-01-01")])
    scored(shop, "2026-01-20", loaded=loaded(text))
    assert shop.ask("select rule from decisions order by seq") == [
        "triggers.quiet",
        "thank",
        "scores.seen",
    ]


def test_another_ruleset_takes_over_before_its_scores_are_given(shop: Any) -> None:
    shop.run(
        RULESET.replace("scores: {seen: {}}\n", "").replace("score.seen.count >= 3", "true"),
        [bought("ann", "2026-01-01")],
    )
    found = scored(shop)
    assert [one.changed for one in found.scores] == [1]
    with Store.open(shop.path) as store:
        (insight,) = insights(store.connection, loaded().program, ["seen"])
    assert (insight.scored, insight.unscored) == (1, 0)


def test_an_empty_store_has_nobody_to_score(shop: Any) -> None:
    with Store.open(shop.path, create=True) as store, pytest.raises(UsageError, match="is empty"):
        score(loaded(), store)


# --- strategies that break their contract -----------------------------------------------------


class Broken(Seen):
    """Fails where it is told to."""

    where = ""

    def observe(self, history: Sequence[Occurrence], at: int) -> Summary | None:
        if self.where == "observe":
            raise KeyError("ann@example.org")
        if self.where == "summary":
            return (object(),)  # type: ignore[return-value]
        return super().observe(history, at)

    def fit(self, summaries: Iterable[Summary], at: int) -> int:
        if self.where == "fit":
            raise ZeroDivisionError
        if self.where == "too few":
            raise CannotScore("3 customers came back; it takes 20")
        return super().fit(summaries, at)

    def score(self, summary: Summary, model: int) -> Mapping[str, Value | None]:
        said: dict[str, Mapping[str, Any]] = {
            "unknown": {"mood": "good"},
            "float": {"share": 0.5},
            "flag": {"count": True},
            "text": {"count": "many"},
        }
        return said.get(self.where) or super().score(summary, model)


@pytest.mark.parametrize(
    ("where", "says"),
    [
        ("observe", "its strategy 'seen' has failed with KeyError"),
        ("summary", "its strategy 'seen' has failed with TypeError"),
        ("fit", "its strategy 'seen' has failed with ZeroDivisionError"),
        ("too few", "3 customers came back; it takes 20"),
        ("unknown", "its strategy 'seen' says 'mood', which it does not declare"),
        ("float", "its strategy 'seen' says 'share', which is no number"),
        ("flag", "its strategy 'seen' says 'count', which is no integer"),
        ("text", "its strategy 'seen' says 'count', which is no integer"),
    ],
)
def test_a_strategy_that_fails_is_named_and_nothing_is_scored(
    shop: Any, where: str, says: str
) -> None:
    broken = type("Broken", (Broken,), {"where": where})
    program = loaded(kind=StrategyKind("seen", "1", Nothing, broken))
    shop.run(RULESET, [bought("ann", "2026-01-01")])
    before = shop.history()
    with pytest.raises(PluginError) as error:
        scored(shop, loaded=program)
    # What it raised is not repeated: it may have something of a customer in it.
    assert str(error.value) == f"the score seen: {says}; nothing was scored"
    assert shop.history() == before


# --- all of it --------------------------------------------------------------------------------

MOMENTS = st.lists(
    st.tuples(
        st.sampled_from(["ann", "bob", "cat"]),
        st.integers(1, 60),
        st.sampled_from(["web", "shop"]),
    ),
    min_size=1,
    max_size=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moments=MOMENTS, splits=st.sets(st.integers(1, 60), max_size=2))
def test_scores_are_the_same_however_often_one_scores(
    tmp_path_factory: pytest.TempPathFactory, shop_in: Any, moments: Any, splits: set[int]
) -> None:
    """Scored in between or not, the last scores are those of the whole past."""
    events = [
        bought(who, f"2026-{1 + day // 28:02}-{1 + day % 28:02}", day, channel=channel, id=str(n))
        for n, (who, day, channel) in enumerate(sorted(moments, key=lambda one: one[1]))
    ]
    often, once = (shop_in(tmp_path_factory.mktemp("scored")) for _ in range(2))
    done = 0
    for day in (*sorted(splits), 61):
        upto = sum(1 for _, on, _ in moments if on <= day)
        if upto > done:
            often.run(RULESET, events[done:upto])
            scored(often)
            done = upto
    once.run(RULESET, events)
    scored(once)
    assert said(often) == said(once)
    with Store.open(often.path) as store:
        assert verify(store.connection).difference is None
