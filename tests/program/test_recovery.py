"""Recoveries that are refused, each with the place of the mistake; and what is fine."""

from __future__ import annotations

import pytest

from loyalcore.errors import RulesetInvalid
from loyalcore.ruleset.source import Source
from loyalcore.runner.loading import load_from

BEGIN = """\
program: club
events:
  complaint: {ticket: id, amount: money}
  review: {stars: integer}
  answer: {ticket: id}
  resolution: {ticket: id, happy: flag}
wallets: {beans: {}}
"""


def of(recovery: str) -> str:
    return f"recovery:\n  a: {{{recovery}}}"


@pytest.mark.parametrize(
    ("text", "code", "at"),
    [
        (of("open: complaint"), "missing-key", "9:3"),
        (of("open: complain, answered: answer"), "unknown-name", "9:13"),
        (of("open: due, answered: answer"), "bad-recovery", "9:13"),
        (of("open: complaint, answered: reply"), "unknown-name", "9:34"),
        (of("open: complaint, answered: complaint"), "bad-recovery", "9:6"),
        (of("open: complaint, answered: answer, case: stars"), "bad-recovery", "9:48"),
        (of("open: complaint, answered: review, case: ticket"), "bad-recovery", "9:48"),
        (of("open: {on: complaint, when: ticket > 3}, answered: answer"), "type", "9:35"),
        (of("open: complaint, answered: answer, task: call"), "unknown-name", "9:48"),
        (of("open: complaint, answered: answer, promise: soon"), "bad-value", "9:51"),
        (of("open: complaint, answered: answer, satisfied: happy"), "bad-recovery", "9:6"),
        (of("open: complaint, answered: answer, close: 3 days"), "bad-recovery", "9:6"),
        (of("open: complaint, answered: answer, reopened: review"), "bad-recovery", "9:6"),
        (of("open: complaint, answered: answer, remind: 1 hour"), "bad-recovery", "9:6"),
        (of("open: complaint, answered: answer, pause: all"), "bad-value", "9:49"),
        (of("open: complaint, answered: answer, goodwill: {do: []}"), "bad-value", "9:57"),
        (
            of("open: complaint, answered: answer, resolved: resolution, satisfied: sad"),
            "unknown-name",
            "9:75",
        ),
        (
            of("open: complaint, answered: answer, then: {overdue: {earn: {beans: 1}}}"),
            "bad-recovery",
            "9:6",
        ),
        *(
            (
                of(f"open: complaint, answered: answer, then: {{{how}: {{earn: {{beans: 1}}}}}}"),
                "bad-recovery",
                "9:6",
            )
            for how in ("satisfied", "unsatisfied", "resolved", "lapsed", "reopened", "reminded")
        ),
        (
            of("open: complaint, answered: answer, then: {opened: {earn: {bean: 1}}}"),
            "unknown-name",
            "9:65",
        ),
        (
            of(
                "open: complaint, answered: answer, goodwill: {do: {earn: {beans: 1}}, limit: some}"
            ),
            "bad-limit",
            "9:84",
        ),
        (
            of(
                "open: complaint, answered: answer, promise: [{within: 1 day}, "
                "{when: amount > 3, within: 2 days}]"
            ),
            "bad-recovery",
            "9:6",
        ),
        (
            of(
                "open: [complaint, review], answered: answer, "
                "promise: {when: amount > 3, within: 1 day}"
            ),
            "unknown-name",
            "9:68",
        ),
        (
            of(
                "open: complaint, answered: answer, promise: 2 hours, remind: 2 hours, "
                "then: {reminded: {earn: {beans: 1}}}"
            ),
            "bad-recovery",
            "9:68",
        ),
        (
            "segments: {upset: recovery.b.open > 0}\n" + of("open: review, answered: answer"),
            "unknown-name",
            "8:19",
        ),
    ],
)
def test_a_recovery_that_makes_no_sense_is_refused(text: str, code: str, at: str) -> None:
    assert (code, at) in problems(text)


@pytest.mark.parametrize(
    "text",
    [
        of("open: complaint, answered: answer"),
        of("open: [complaint, review], answered: answer, promise: [{within: 2 days}]"),
        of("open: {on: review, when: stars <= 2}, answered: answer, promise: 1 day"),
        of("open: complaint, case: ticket, answered: answer, resolved: resolution, close: 1 day"),
        of(
            "open: complaint, answered: answer, promise: {when: amount > 3, within: 1 day}, "
            "then: {opened: {set: {tags.big: true}}, overdue: [{earn: {beans: entry.amount}}]}"
        ),
        "segments: {upset: recovery.a.open > recovery.a.overdue}\nrules: {r: {on: review, when: "
        "segment.upset, then: [earn: {beans: 1}]}}\n" + of("open: review, answered: answer"),
        "metrics: {tardy: {count: case_answered, where: late}, ended: {count: case_closed, where: "
        "recovery == 'a' and outcome == 'answered'}}\nrules: {r: {on: case_overdue, "
        "when: tardy > 1 and ended == 0, then: [earn: {beans: 1}]}}\n"
        + of("open: review, answered: answer"),
    ],
)
def test_what_is_fine(text: str) -> None:
    assert problems(text) == []


def test_a_case_is_also_a_field_of_events() -> None:
    text = BEGIN.replace("review: {stars: integer}", "review: {case: id}")
    recovery = "recovery: {a: {open: review, case: case, answered: answer}}\n"
    text = text.replace("answer: {ticket: id}", "answer: {case: id}") + recovery
    load_from(Source({"club.yaml": text}, "club.yaml"), "compiled")


def problems(text: str) -> list[tuple[str, str]]:
    """Code and place of every problem."""
    source = Source({"club.yaml": f"{BEGIN}{text}\n"}, "club.yaml")
    try:
        load_from(source, "compiled")
    except RulesetInvalid as error:
        return [(one.code, f"{one.location.line}:{one.location.column}") for one in error.problems]
    return []


def test_a_case_promotes_nothing_that_it_would_itself_hold_back() -> None:
    text = f"""{BEGIN}messages: {{ad: {{purpose: promotional, text: Buy}}}}
recovery:
  a: {{open: complaint, answered: answer, resolved: resolution, then: {{answered: {{send: ad}}}}}}
"""
    with pytest.raises(RulesetInvalid) as refused:
        load_from(Source({"club.yaml": text}, "club.yaml"), "compiled")
    (problem,) = refused.value.problems
    assert (problem.code, problem.location.line) == ("bad-recovery", 10)
    assert problem.message == "'ad' is promotional: it is never sent while the case is open"
    for fine in (
        text.replace("resolved: resolution", "pause: none"),
        text.replace("answered: {", "resolved: {"),
    ):
        load_from(Source({"club.yaml": fine}, "club.yaml"), "compiled")
