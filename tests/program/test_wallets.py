"""What wallets declare, and what is said of those that make no sense."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import pytest

from loyalcore.program.compiler import Compiled

RULESET = """\
program: shop
events: {{purchase: {{amount: money}}, delivery: {{}}}}
wallets: {{beans: {{{wallet}}}}}
"""


@pytest.mark.parametrize(
    ("wallet", "said"),
    [
        ("minimum: 9, maximum: 9", "3:28: error: the minimum is not below the maximum"),
        ("pending: until delivry", "3:28: error: there is no event 'delivry' (did you mean"),
        ("pending: until delivery", "3:28: error: delivery does not say what it activates (write"),
        ("expires: sometimes", "3:28: error: expected "),
        ("expires: 1 year without purchse", "3:28: error: there is no event 'purchse' (did you"),
        ("price: -0.10", "3:26: error: a price is 0 or more, in money [bad-wallet]"),
        ("price: much", "3:26: error: there is no 'much'"),
        ("kind: qualifying, transferable: true", "3:51: error: qualifying points are counted"),
    ],
)
def test_a_mistake_is_told_at_its_place(
    problems: Callable[..., list[str]], wallet: str, said: str
) -> None:
    (problem,) = problems(RULESET.format(wallet=wallet))
    assert problem.startswith(f"club.yaml:{said}")


@pytest.mark.parametrize(
    ("price", "cents"), [("0.10", 10), ("0.005", Fraction(1, 2)), ("1 / 3", Fraction(100, 3))]
)
def test_s7_a_point_may_cost_less_than_a_cent(
    compiled: Callable[..., Compiled], price: str, cents: Fraction | int
) -> None:
    program = compiled(RULESET.format(wallet=f"price: {price}")).program
    assert program.wallets["beans"].price == cents
