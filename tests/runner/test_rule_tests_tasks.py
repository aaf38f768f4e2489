"""Rule tests of tasks and approvals: what people answer, what is open, and what was never tried."""

from __future__ import annotations

from pathlib import Path

import pytest

from loyalcore.errors import RulesetInvalid
from runner.suites import covered, load, outcome

CLUB = """\
program: club
events: {complaint: {about: text}, loss: {}}
wallets: {beans: {}}
people: {anna: adviser, bo: manager, cid: manager}
tasks:
  call:
    role: adviser
    due: 3 days
    remind: 1 day
    escalate: manager
    outcomes: [reached]
    then: {reached: [earn: {beans: 5}]}
approvals: {gift: {role: manager, eyes: 2, expires: 9 days, approved: [earn: {beans: 50}]}}
rules:
  call: {on: complaint, then: [task: call]}
  give: {on: loss, then: [approval: gift]}
"""

COMPLAINT = "{type: complaint, time: 2026-01-01T10:00}"
LOSS = "{type: loss, time: 2026-01-01T10:00}"


def given(by: str, hour: int) -> str:
    return (
        f"{{type: approval_given, time: 2026-01-02T{hour}:00, approval: gift, approved: true, "
        f"by: {by}}}"
    )


@pytest.mark.parametrize(
    ("events", "expect"),
    [
        (COMPLAINT, "{decisions: [call], tasks: [call], approvals: []}"),
        (
            (
                f"{COMPLAINT}, {{type: task_done, time: 2026-01-02, task: call, outcome: reached, "
                "by: anna}"
            ),
            "{decisions: [call, tasks.call.done], tasks: [], balance: {beans: 5}}",
        ),
        (
            (
                f"{COMPLAINT}, {{type: task_done, time: 2026-01-02, task: call, outcome: reached, "
                "by: bo}"
            ),
            "{held: {events.task_done: bo has not the role adviser}, tasks: [call]}",
        ),
        (  # a reminder need not be named
            f"{COMPLAINT}, {{type: complaint, time: 2026-01-04T10:00}}",
            "{decisions: [call, tasks.call.escalated, call], tasks: [call, call]}",
        ),
        (
            f"{COMPLAINT}, {{type: loss, time: 2026-01-03T10:00}}",
            "{decisions: [call, tasks.call.reminded, give]}",
        ),
        (
            f"{LOSS}, {given('bo', 10)}, {given('cid', 11)}",
            "{decisions: [give, approvals.gift.given, approvals.gift.approved], approvals: []}",
        ),
        (LOSS, "[{at: 2026-01-01, approvals: [gift]}]"),
        (
            f"{LOSS}, {{type: complaint, time: 2026-01-11}}",
            "{decisions: [give, approvals.gift.expired, call], approvals: []}",
        ),
    ],
)
def test_what_is_expected_holds(tmp_path: Path, events: str, expect: str) -> None:
    assert outcome(tmp_path, CLUB, f"{{events: [{events}], expect: {expect}}}").failures == ()


def test_what_is_open_is_told_where_another_is_expected(tmp_path: Path) -> None:
    result = outcome(
        tmp_path, CLUB, f"{{events: [{COMPLAINT}], expect: {{tasks: [], approvals: [gift]}}}}"
    )
    (failure,) = result.failures
    assert [(one.what, one.rows) for one in failure.mismatches] == [
        ("tasks", (("", "call"),)),
        ("approvals", (("gift", ""),)),
    ]


@pytest.mark.parametrize(
    ("expect", "problem"),
    [
        ("{tasks: [cal]}", "there is no task 'cal'"),
        ("{approvals: [call]}", "there is no approval 'call'"),
        ("{decisions: [tasks.call.don]}", "there is no rule 'tasks.call.don'"),
    ],
)
def test_what_is_not_there_is_no_expectation(tmp_path: Path, expect: str, problem: str) -> None:
    with pytest.raises(RulesetInvalid, match=problem):
        load(tmp_path, CLUB, f"{{events: [{COMPLAINT}], expect: {expect}}}")


def test_only_the_program_makes_the_events_that_tell(tmp_path: Path) -> None:
    with pytest.raises(RulesetInvalid, match="only the program itself makes events"):
        load(tmp_path, CLUB, "{events: [{type: task_created, time: 2026-01-01}], expect: nothing}")


def test_what_was_never_tried_is_told(tmp_path: Path) -> None:
    test = f"{{events: [{COMPLAINT}], expect: {{decisions: [call]}}}}"
    coverage = covered(load(tmp_path, CLUB, test))
    assert [gap.rule for gap in coverage.gaps if "." in gap.rule] == [
        "tasks.call.done",
        "tasks.call.escalated",
        "approvals.gift.approved",
        "approvals.gift.rejected",
        "approvals.gift.expired",
    ]
