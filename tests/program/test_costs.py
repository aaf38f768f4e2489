"""What may be said of costs, and of pauses; and what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import pytest

from loyalcore.program.compiler import Compiled

CLUB = """\
program: club
currency: EUR
events: {purchase: {amount: money}}
rules: {hello: {on: purchase, then: [send: hello, issue: {voucher: cake}]}}
"""


def club(*lines: str) -> str:
    return CLUB + "\n".join(lines) + "\n"


HELLO = "messages: {hello: {channel: sms, text: Hello.}}"


def test_costs_are_exact_and_in_minor_units(compiled: Callable[..., Compiled]) -> None:
    costs = compiled(
        club(
            "messages:",
            "  hello: {channel: sms, text: Hello.}",
            "  card: {channel: sms, cost: 2.5, text: Happy birthday.}",
            "  note: {text: A note.}",
            "costs: {send: {sms: 0.015}, issue: {cake: 45}}",
        )
    ).program.costs
    assert costs.messages == {
        ("hello", ""): Fraction(3, 2),
        ("hello", "sms"): Fraction(3, 2),
        ("card", ""): 250,
        ("card", "sms"): 250,
    }
    assert costs.issued == {"cake": 4500}


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("costs: {send: {sms: -1}}", "6:21: error: a cost is 0 or more, in money [bad-value]"),
        (
            "costs: {send: {sms: amount}}",
            "6:21: error: there is no 'amount' (did you mean 'month'?) [unknown-name]",
        ),
        (
            "costs: {send: {email: 1}}",
            (
                "6:16: warning: no message goes by the channel 'email' (costs of messages are by "
                "channel; write a message's own as its `cost`) [unused]"
            ),
        ),
        (
            "costs: {issue: {cakes: 1}}",
            (
                "6:17: warning: nothing issues 'cakes' (name a benefit, a voucher, or an offer "
                "that opens with a personal code) [unused]"
            ),
        ),
        (
            "pause: {promotional: tags == 1}",
            "6:22: error: can't compare list of text and integer [type]",
        ),
        (
            "pause: {promotional: amount > 1}",
            "6:22: error: there is no 'amount' (did you mean 'month'?) [unknown-name]",
        ),
        (
            "pause: {promotional: \"'vip' in tags\"}",
            (
                "6:9: warning: no message is promotional (write `purpose: promotional` in those "
                "that may be paused) [unused]"
            ),
        ),
    ],
)
def test_what_makes_no_sense_is_told(
    problems: Callable[..., list[str]], line: str, problem: str
) -> None:
    assert problems(club(HELLO, line)) == [f"club.yaml:{problem}"]
