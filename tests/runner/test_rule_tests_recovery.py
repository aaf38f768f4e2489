"""Rule tests of cases: where they stand, what was never tried, and why not."""

from __future__ import annotations

from pathlib import Path

import pytest

from loyalcore.errors import RulesetInvalid
from runner.suites import covered, load, outcome

CLUB = """\
program: club
events: {complaint: {ticket: id}, answer: {ticket: id}, resolution: {ticket: id, happy: flag}}
wallets: {beans: {}}
recovery:
  complaints:
    open: complaint
    case: ticket
    promise: 2 days
    answered: answer
    resolved: resolution
    satisfied: happy
    close: 10 days
    reopens: 5 days
    goodwill: {do: {earn: {beans: 5}}}
    then: {overdue: {earn: {beans: 1}}}
"""

OPENED = "{type: complaint, time: 2026-01-01T10:00, ticket: t-1}"
ANSWERED = "{type: answer, time: 2026-01-02T10:00, ticket: t-1}"
HAPPY = "{type: resolution, time: 2026-01-05, ticket: t-1, happy: true}"


def stands(status: str, at: str = "") -> str:
    return f"{{{at and f'at: {at}, '}cases: {{complaints: {{t-1: {status}}}}}}}"


@pytest.mark.parametrize(
    ("events", "expect"),
    [
        (OPENED, "{decisions: [recovery.complaints.opened], cases: {complaints: {t-1: open}}}"),
        (OPENED, stands("overdue", "2026-01-03")),
        (OPENED, stands("none", "2026-01-01T09:00")),
        (f"{OPENED}, {ANSWERED}", stands("answered")),
        (f"{OPENED}, {ANSWERED}", stands("lapsed", "2026-01-12")),
        (f"{OPENED}, {ANSWERED}, {HAPPY}", stands("satisfied")),
        (
            f"{OPENED}, {HAPPY}, {OPENED.replace('01-01', '01-06')}",
            f"[{stands('satisfied', '2026-01-05')}, {stands('open')}]",
        ),
        (ANSWERED, "{held: {recovery.complaints.answered: no such case is known}}"),
    ],
)
def test_what_is_expected_of_cases(tmp_path: Path, events: str, expect: str) -> None:
    assert outcome(tmp_path, CLUB, f"{{events: [{events}], expect: {expect}}}").failures == ()


def test_a_failure_says_where_the_case_stands(tmp_path: Path) -> None:
    result = outcome(tmp_path, CLUB, f"{{events: [{OPENED}], expect: {stands('answered')}}}")
    (failure,) = result.failures
    (mismatch,) = failure.mismatches
    assert (mismatch.what, mismatch.rows) == ("cases.complaints.t-1", (("answered", "open"),))
    (reason,) = failure.reasons
    assert "case 1 is open since 2026-01-01T10:00:00Z, to be answered before" in str(reason)


@pytest.mark.parametrize(
    ("expect", "told"),
    [
        ("{cases: {complaint: {t-1: open}}}", "there is no recovery 'complaint'"),
        ("{cases: {complaints: {t-1: opened}}}", "no case is ever 'opened'"),
        ("{decisions: [recovery.complaints.open]}", "there is no rule 'recovery.complaints.open'"),
    ],
)
def test_a_slip_in_a_test_is_no_failure(tmp_path: Path, expect: str, told: str) -> None:
    with pytest.raises(RulesetInvalid) as invalid:
        load(tmp_path, CLUB, f"{{events: [{OPENED}], expect: {expect}}}")
    assert told in str(invalid.value)


def test_what_was_never_tried_is_told(tmp_path: Path) -> None:
    test = f"{{events: [{OPENED}, {ANSWERED}], expect: {stands('answered')}}}"
    coverage = covered(load(tmp_path, CLUB, test))
    assert [gap.rule for gap in coverage.gaps] == [
        "recovery.complaints.overdue",
        "recovery.complaints.goodwill",
    ]
