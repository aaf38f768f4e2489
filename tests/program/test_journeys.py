"""Journeys that are refused, each with the place of the mistake."""

from __future__ import annotations

import pytest

from loyalcore.errors import RulesetInvalid
from loyalcore.ruleset.source import Source
from loyalcore.runner.loading import load_from

BEGIN = """\
program: club
events:
  visit: {score: integer}
  purchase: {amount: money}
metrics: {orders: {count: purchase}, spend: {sum: purchase.amount, over: 30 days}}
messages: {tips: {text: tips}}
"""
VISITED = "journeys:\n  a:\n    enter: visit\n    "
LOST = "win_back:\n  a:\n    until: visit\n    "
STEPS = "steps: [{now: {send: tips}}]"


@pytest.mark.parametrize(
    ("text", "code", "at"),
    [
        (f"journeys:\n  a: {{{STEPS}}}", "bad-journey", "8:6"),
        (f"journeys:\n  a: {{enter: visitt, {STEPS}}}", "unknown-name", "8:14"),
        (f"journeys:\n  a: {{enter: due, {STEPS}}}", "bad-journey", "8:14"),
        (
            f"{VISITED}until: bought\n    {STEPS}",
            "unknown-name",
            "10:12",
        ),
        (
            f"{VISITED}until: visit\n    stops: {{no: visit}}\n    {STEPS}",
            "bad-journey",
            "9:5",
        ),
        (
            f"{VISITED}holdout: many\n    {STEPS}",
            "bad-value",
            "10:14",
        ),
        (f"{VISITED}to: soon\n    {STEPS}", "bad-value", "10:9"),
        (
            f"{VISITED}stop: month == 3\n    {STEPS}",
            "bad-watch",
            "10:11",
        ),
        (f"win_back:\n  a:\n    enter: visit\n    {STEPS}", "missing-key", "8:3"),
        (f"{LOST}silent: {{event: bought, for: 3 days}}\n    {STEPS}", "unknown-name", "10:21"),
        (
            f"{LOST}decline: {{metric: spent, by: 3 %, against: spend}}\n    {STEPS}",
            "unknown-name",
            "10:23",
        ),
    ],
)
def test_a_journey_that_makes_no_sense_is_refused(text: str, code: str, at: str) -> None:
    assert (code, at) in problems(text)


@pytest.mark.parametrize(
    ("step", "code"),
    [
        ("soon: {send: tips}", "bad-journey"),
        ("now: ", "bad-journey"),
        ("now: {send: tip}", "unknown-name"),
        ("now: {sent: tips}", "unknown-effect"),
        ("after: {send: tips}", "bad-journey"),
        ("after a while: {send: tips}", "bad-value"),
        ("after 3 days at 25:00: {send: tips}", "bad-value"),
        ("after 3 days: {do: {send: tips}, within: 2 days}", "bad-journey"),
        ("after 3 days: {do: {send: tips}, else: {send: tips}}", "bad-journey"),
        ("after 3 days: {do: {send: tips}, when: score > 1}", "unknown-name"),
        ("on visits: {send: tips}", "unknown-name"),
        ("on visit: {do: {send: tips}, when: scores > 1}", "unknown-name"),
        ("once orders: {send: tips}", "not-a-condition"),
        ("once orders > 1: {do: {send: tips}, when: orders > 2}", "bad-journey"),
    ],
)
def test_a_step_that_makes_no_sense_is_refused(step: str, code: str) -> None:
    found = problems(f"journeys:\n  a:\n    enter: purchase\n    steps:\n      - {step}")
    assert code in {found_code for found_code, _ in found}
    assert all(at.split(":")[0] in ("8", "9", "11") for _, at in found)


def test_steps_are_written_in_the_order_of_time() -> None:
    steps = "[{after 3 days: {send: tips}}, {after 2 days: {send: tips}}]"
    assert ("bad-journey", "8:59") in problems(f"journeys:\n  a: {{enter: visit, steps: {steps}}}")
    steps = "[{after 3 days: {send: tips}}, {on visit: }, {after 2 days: {send: tips}}]"
    assert problems(f"journeys:\n  a: {{enter: visit, steps: {steps}}}") == []


def test_a_win_back_does_not_wait_for_ever() -> None:
    steps = "steps: [{on visit: {send: tips}}]"
    text = f"win_back:\n  a: {{enter: visit, until: purchase, {steps}}}"
    assert [code for code, _ in problems(text)] == ["bad-journey"]


def problems(text: str) -> list[tuple[str, str]]:
    """The code of each problem, and where it stands."""
    try:
        load_from(Source({"club.yaml": BEGIN + text}, "club.yaml"), "compiled")
    except RulesetInvalid as invalid:
        return [
            (one.code, f"{one.location.line}:{one.location.column}")
            for one in invalid.problems
            if one.severity == "error"
        ]
    return []
