"""Rule tests of dissolutions: the phase, what was held back, why not, and what was never tried."""

from __future__ import annotations

from pathlib import Path

import pytest

from loyalcore.errors import RulesetInvalid
from runner.suites import covered, load, outcome

CLUB = """\
program: club
events: {wish: {}, cost: {amount: money}, returned: {}}
metrics: {costs: {sum: cost.amount, over: this month}}
wallets: {beans: {}}
people: {anna: boss}
approvals: {part: {role: boss}}
dissolution:
  partners:
    reasons: {wish: wish, dear: {when: costs > 0, for: 2 months}}
    approval: part
    phases: {announced: {lasts: 10 days}}
    settle: {beans: expire}
    reopen: returned
"""

WISH = "{type: wish, time: 2026-01-01}"
YES = "{type: approval_given, time: 2026-01-02, approval: part, approved: true, by: anna}"


@pytest.mark.parametrize(
    ("events", "expect"),
    [
        (WISH, "{dissolution: {partners: proposed}, decisions: [dissolution.partners.proposed]}"),
        (f"{WISH}, {YES}", "{at: 2026-01-11T23:59, dissolution: {partners: announced}}"),
        (f"{WISH}, {YES}", "{at: 2026-01-12, dissolution: {partners: closed}}"),
        ("{type: returned, time: 2026-01-01}", "{dissolution: {partners: none}}"),
        (
            "{type: returned, time: 2025-12-31}, {type: cost, time: 2026-01-01, amount: 1}",
            "{at: 2026-02-01, held: {dissolution.partners.dear: 1 of 2 months}}",
        ),
    ],
)
def test_the_phase_is_expected(tmp_path: Path, events: str, expect: str) -> None:
    assert outcome(tmp_path, CLUB, f"{{events: [{events}], expect: {expect}}}").failures == ()


def test_what_is_not_so_is_told_with_how_it_stands(tmp_path: Path) -> None:
    test = f"{{events: [{WISH}], expect: {{dissolution: {{partners: announced}}}}}}"
    (failure,) = outcome(tmp_path, CLUB, test).failures
    (mismatch,) = failure.mismatches
    assert mismatch.what == "dissolution.partners"
    assert mismatch.rows == (("announced", "proposed"),)
    (reason,) = failure.reasons
    assert "proposed since 2026-01-01T00:00:00Z, for wish" in reason.text


def test_a_reason_that_has_not_held_long_enough_says_how_long(tmp_path: Path) -> None:
    events = "{type: returned, time: 2025-12-31}, {type: cost, time: 2026-01-01, amount: 1}"
    expect = "{at: 2026-02-02, dissolution: {partners: proposed}}"
    (failure,) = outcome(tmp_path, CLUB, f"{{events: [{events}], expect: {expect}}}").failures
    assert any("dear for 1 of 2 months" in reason.text for reason in failure.reasons)


@pytest.mark.parametrize(
    ("expect", "message"),
    [
        ("{dissolution: {friends: notice}}", "there is no dissolution 'friends'"),
        ("{dissolution: {partners: notise}}", "there is no phase 'notise'"),
        ("{decisions: [dissolution.partners.parted]}", "there is no rule"),
    ],
)
def test_what_nobody_knows_is_a_problem(tmp_path: Path, expect: str, message: str) -> None:
    with pytest.raises(RulesetInvalid) as invalid:
        load(tmp_path, CLUB, f"{{events: [{WISH}], expect: {expect}}}")
    assert message in str(invalid.value.problems[0])


def test_what_was_never_tried_is_told(tmp_path: Path) -> None:
    test = f"{{events: [{WISH}, {YES}], expect: {{at: 2026-02-01, messages: []}}}}"
    coverage = covered(load(tmp_path, CLUB, test))
    untried = {gap.rule for gap in coverage.gaps}
    assert "dissolution.partners.reopened" in untried
    assert "dissolution.partners.closed" not in untried
