"""How mistakes and their hints are said."""

from __future__ import annotations

import pytest

from loyalcore.errors import Location, Problem, RulesetInvalid, did_you_mean


@pytest.mark.parametrize(
    ("word", "known", "hint"),
    [
        ("purchse", ["refund", "purchase"], "did you mean 'purchase'?"),
        ("PURCHASE", ["refund", "purchase"], "did you mean 'purchase'?"),
        ("spendyear", ["spend_year", "spend_month"], "did you mean 'spend_year'?"),
        ("whne", ["when", "then", "on"], "did you mean 'when'?"),
        ("tea", ["purchase"], ""),
        ("", ["purchase"], ""),
        ("purchase", [], ""),
    ],
)
def test_the_closest_word_is_meant(word: str, known: list[str], hint: str) -> None:
    assert did_you_mean(word, known) == hint


def test_very_long_words_are_not_compared() -> None:
    assert did_you_mean("a" * 1_000_000, ["a" * 1_000_000]) == ""
    assert did_you_mean("ab", ["a" * 1_000_000, "abc"]) == "did you mean 'abc'?"


def test_of_very_many_words_the_first_thousand_are_compared() -> None:
    assert did_you_mean("rule", (f"word{n}" for n in range(10**9))) == ""


def test_a_problem_reads_as_one_line() -> None:
    problem = Problem("unknown-name", "there is no 'amout'", Location("a.yaml", 3, 5), "look")
    assert str(problem) == "a.yaml:3:5: error: there is no 'amout' (look) [unknown-name]"
    whole_file = Problem("file-empty", "nothing", Location("a.yaml"), severity="warning")
    assert str(whole_file) == "a.yaml: warning: nothing [file-empty]"
    assert str(RulesetInvalid([problem, whole_file])) == f"{problem}\n{whole_file}"
