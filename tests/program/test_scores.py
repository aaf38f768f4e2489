"""The section `scores`: settings of strategies, and what expressions may read of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

import pytest

from loyalcore.plugins.gathering import default_vocabulary
from loyalcore.program.compiler import Compiled, compile_program
from loyalcore.ruleset.load import draft
from loyalcore.ruleset.source import Source
from loyalcore.scoring import (
    Locale,
    Occurrence,
    Strategy,
    StrategyKind,
    StrategySettings,
    Summary,
    Type,
    Value,
)

CLUB = """\
program: club
events:
  purchase: {amount: money, channel: text, when_paid: time}
  review: {stars: integer}
rules: {r: {on: purchase, when: WHEN, then: [{issue: {voucher: v}}]}}
scores:
"""
RFM = "  rfm: {event: purchase, amount: amount}"


def club(scores: str, when: str = "amount > 0") -> str:
    return f"{CLUB.replace('WHEN', when)}{scores}\n"


@pytest.mark.parametrize(
    ("scores", "says"),
    [
        (
            "  best: {strategy: rmf, event: purchase}",
            "7:20: error: there is no scoring strategy 'rmf' (did you mean 'rfm'?)",
        ),
        (
            "  best: {event: purchase}",
            "7:3: error: there is no scoring strategy 'best' (strategies are abc, churn, ",
        ),
        ("  rfm: {event: purchase}", "7:3: error: 'amount' is missing [missing-key]"),
        (
            "  rfm: {event: purchase, amount: amount, grade: 5}",
            "7:42: error: there is no 'grade' here (did you mean 'grades'?) [unknown-key]",
        ),
        (
            "  rfm: {event: purchse, amount: amount}",
            "7:16: error: there is no event 'purchse' (did you mean 'purchase'?) [unknown-name]",
        ),
        (
            "  rfm: {event: purchase, amount: amont}",
            "7:34: error: there is no 'amont' (did you mean 'amount'?) [unknown-name]",
        ),
        (
            "  rfm: {event: purchase, amount: channel}",
            "7:34: error: this is text, where money or number or integer should ",
        ),
        (
            "  rfm: {event: purchase, amount: amount, where: channel}",
            "7:49: error: this is text, where a condition should ",
        ),
        (
            "  rfm: {event: purchase, amount: amount, grades: 3}",
            "7:3: error: segments must be named where there are not 5 grades [bad-score]",
        ),
        (
            "  rfm: {event: purchase, amount: amount, grades: 3, segments: {top: {recency: 4-5}}}",
            "7:3: error: no grades from 1 to 3 are 'top' [bad-score]",
        ),
        (
            "  rfm: {event: purchase, amount: amount, segments: {top: {recency: best}}}",
            "7:68: error: expected a grade, or grades such as 4-5 [bad-value]",
        ),
        (
            "  abc: {event: purchase, amount: amount, a: most}",
            "7:45: error: expected a share such as 80 % [bad-value]",
        ),
        (
            "  abc: {event: purchase, amount: amount, a: 80 %, b: 70 %}",
            "7:3: error: a is a share above 0 %, and b one that is not below it [bad-score]",
        ),
        (
            "  churn: {event: purchase, over: long}",
            "7:34: error: expected a length of time such as",
        ),
        ("  engagement: {events: {revew: 1}}", "7:32: error: there is no event 'revew'"),
        (
            "  answers: {strategy: satisfaction, event: review}",
            "7:3: error: say what customers answer: experience, recommends, or both [bad-score]",
        ),
    ],
)
def test_what_is_wrong_with_a_score_is_told_where_it_stands(
    problems: Callable[..., list[str]], scores: str, says: str
) -> None:
    found = [one.removeprefix("club.yaml:") for one in problems(club(scores))]
    assert [one[: len(says)] for one in found] == [says]


@pytest.mark.parametrize(
    ("when", "says"),
    [
        ("score.rfm.segment == 'loyal' and score.rfm.recency >= 4", ""),
        ("score.rfm.since > customer.since", ""),
        ("score.rfm.segment == 'royal'", "it is never 'royal' (did you mean 'loyal'?)"),
        ("score.rfm.sgment == 'loyal'", "there is no 'score.rfm.sgment' (did you mean"),
        ("score.rfm.recency == 'loyal'", "integer"),
        ("score.rfm", "'score.rfm' is a group (write one of"),
    ],
)
def test_what_a_score_says_is_typed(
    problems: Callable[..., list[str]], when: str, says: str
) -> None:
    found = problems(club(RFM, when))
    assert bool(found) == bool(says)
    assert all(says in one for one in found)


def test_a_score_with_a_mistake_is_told_once(problems: Callable[..., list[str]]) -> None:
    """Not again wherever it is read."""
    found = problems(club("  rfm: {event: purchase, amount: amont}", "score.rfm.segment == 'lost'"))
    assert len(found) == 1
    found = problems(club("  rfm: {event: purchase}", "score.rfm.segment == 'lost'"))
    assert len(found) == 1


def test_an_attribute_is_not_taken_for_a_score(problems: Callable[..., list[str]]) -> None:
    text = club(RFM).replace("events:", "customer: {score: {rfm: {segment: text}}}\nevents:", 1)
    (found,) = problems(text)
    assert "'score.rfm.segment' is a customer attribute" in found


def test_a_field_may_be_called_score(problems: Callable[..., list[str]]) -> None:
    text = club(RFM, "score >= 9 and score.rfm.segment == 'loyal'")
    assert not problems(text.replace("amount: money,", "amount: money, score: integer,"))


# --- versions ---------------------------------------------------------------------------------


class Nothing(StrategySettings):
    """Nothing to say."""


class Same(Strategy[None]):
    """Says the same of everyone."""

    def __init__(self, settings: Nothing, locale: Locale) -> None:
        self.inputs = ()
        self.outputs = {"word": Type("text", ("same",))}

    def observe(self, history: Sequence[Occurrence], at: int) -> Summary | None:
        return ()

    def fit(self, summaries: Iterable[Summary], at: int) -> None:
        return None

    def score(self, summary: Summary, model: None) -> Mapping[str, Value | None]:
        return {"word": "same"}


def test_the_version_of_a_strategy_is_part_of_the_programs_that_use_it() -> None:
    words = default_vocabulary()
    first = StrategyKind("same", "1", Nothing, Same)

    def hash_of(text: str, kind: StrategyKind[Nothing]) -> str:
        known = replace(words, strategies={**words.strategies, "same": kind})
        drafted = draft(Source({"club.yaml": text}, "club.yaml"))
        compiled: Compiled = compile_program(drafted, known, "compiled")
        return compiled.program.hash

    using, other = club("  same: {}"), club(RFM)
    second = replace(first, version="2")
    assert hash_of(using, first) != hash_of(using, second)
    assert hash_of(other, first) == hash_of(other, second)
    # A score that needs no settings may stand without any.
    assert hash_of(using, first) == hash_of(club("  same:"), first)
