"""The migration section names what is here as new, and what is gone as old."""

from __future__ import annotations

from collections.abc import Callable

import pytest

CLUB = """\
program: club
customer: {name: text}
events: {purchase: {amount: money}}
metrics: {spend: {sum: purchase.amount}}
wallets: {beans: {}}
offers: {punch: {open: {on: purchase}, reach: {count: purchase, at_least: 9}}}
tiers: {club: {by: spend, levels: {base: , plus: 100}}}
stages: {fresh: , regular: {enter: spend > 0}}
rules: {earn: {on: purchase, then: [earn: {beans: amount}]}}
"""


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ("wallets: {stars: bean}", "there is no wallet 'bean' (did you mean 'beans'?)"),
        ("wallets: {beans: beans}", "'beans' is still a wallet here"),
        ("offers: {card: pnuch}", "there is no offer 'pnuch' (did you mean 'punch'?)"),
        ("tiers: {circle: clubs}", "there is no tier ladder 'clubs' (did you mean 'club'?)"),
        ("tiers: {a: club, b: club}", "'club' can take over from one tier ladder only"),
        ("levels: {circle: {silver: plus}}", "there is no tier ladder 'circle'"),
        ("levels: {club: {silver: gold}}", "there is no level of club 'gold'"),
        ("levels: {club: {plus: base}}", "'plus' is still a level of club here"),
        ("stages: {new: frseh}", "there is no stage 'frseh' (did you mean 'fresh'?)"),
        ("attributes: {nick: nmae}", "there is no attribute 'nmae' (did you mean 'name'?)"),
        ("attributes: {a: name, b: name}", "'name' can take over from one attribute only"),
    ],
)
def test_lines_that_lead_nowhere(
    problems: Callable[..., list[str]], lines: str, problem: str
) -> None:
    (found,) = [one for one in problems(f"{CLUB}migration:\n  {lines}\n") if "error" in one]
    assert problem in found
    assert found.startswith("club.yaml:11:")


def test_lines_that_are_sound(compiled: Callable[..., object]) -> None:
    found: object = compiled(
        f"{CLUB}migration:\n  wallets: {{stars: beans, dust: beans}}\n  offers: {{card: }}\n"
        "  levels: {club: {silver: plus, gold: }}\n  stages: {new: fresh}\n  tiers: {circle: }\n"
    )
    migration = found.program.migration  # type: ignore[attr-defined]
    assert migration.wallets == {"stars": "beans", "dust": "beans"}
    assert migration.offers == {"card": ""}
    assert migration.levels == {"club": {"silver": "plus", "gold": ""}}
    assert migration.tiers == {"circle": ""}


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("earn: {beans: amount}", "earn: {beans: 2}", True),
        ("wallets: {beans: {}}", "wallets: {beans: {}, other: {}}", True),
        ("plus: 100", "plus: 200", False),
        ("sum: purchase.amount", "sum: purchase.amount, over: 1 year", False),
        ("metrics: {", "metrics: {orders: {count: purchase}, ", True),
        ("enter: spend > 0", "enter: spend > 1", False),
        ("regular: {", "regular: {responsible: Ann, ", True),
    ],
)
def test_only_what_moves_a_life_concerns_everyone(
    compiled: Callable[..., object], old: str, new: str, same: bool
) -> None:
    assert CLUB.count(old) == 1
    before, after = compiled(CLUB), compiled(CLUB.replace(old, new))
    alike = before.program.terms == after.program.terms  # type: ignore[attr-defined]
    assert alike == same
