"""What the sections of a ruleset decide by themselves, by the names that decisions have.

A decision is named by the place in the ruleset that says so: "rewards.espresso" when it is
bought, "offers.three-visits" when it is completed, "wallets.beans.expires".
"""

from __future__ import annotations

from collections.abc import Iterator

from loyalcore.program.builtin_events import (
    ADJUST_POINTS,
    FROM_OPERATORS,
    OPEN_OFFER,
    POINTS_RECEIVED,
    REVOKE_OFFER,
)
from loyalcore.program.plan import Program

_ACTS = ("reverses", "activates", "redeems", "cancels", "merges", "unmerges")
_OFFERED = ("opened", "advanced", "lapsed", "revoked", "rejudged")


def rule_names(program: Program) -> tuple[str, ...]:
    """Every rule of a program, once."""
    return tuple(
        dict.fromkeys(rule.name for plan in program.events.values() for rule in plan.rules)
    )


def decision_names(program: Program) -> tuple[str, ...]:
    """Everything that can decide: the rules, and the sections that do so by themselves."""
    return (*rule_names(program), *dict.fromkeys(_of_sections(program)))


def housekeeping(name: str) -> bool:
    """Whether a decision only keeps the books: points that turn active or expire, and the
    steps towards an offer. Tests pass over those that they don't name."""
    section, _, rest = name.partition(".")
    return section == "wallets" or (section == "offers" and rest.endswith(".advanced"))


def to_try(program: Program) -> Iterator[str]:
    """What tests should see happen, beside the rules: rewards bought, offers completed and
    lapsed, refunds and whatever else events do by themselves."""
    for plan in program.events.values():
        yield from (reward.rule.name for reward in plan.rewards.values())
    for name, offer in program.offers.items():
        yield f"offers.{name}"
        if offer.lapsed.effects:
            yield f"offers.{name}.lapsed"
    for event, plan in program.events.items():
        for act in ("reverses", "activates", "cancels", "merges", "unmerges"):
            if plan.acts is not None and getattr(plan.acts, act) is not None:
                yield f"events.{event}.{act}"


def _of_sections(program: Program) -> Iterator[str]:
    yield from to_try(program)
    for wallet in program.wallets:
        yield from (f"wallets.{wallet}.pending", f"wallets.{wallet}.expires")
    for offer in program.offers:
        yield from (f"offers.{offer}.{what}" for what in _OFFERED)
    for event, plan in program.events.items():
        if plan.acts is not None and event not in FROM_OPERATORS:
            acts = (act for act in _ACTS if getattr(plan.acts, act) is not None)
            yield from (f"events.{event}.{act}" for act in acts)
        if plan.offers is not None and plan.offers.presents:
            yield f"events.{event}.presents"
    for event in (ADJUST_POINTS, OPEN_OFFER, REVOKE_OFFER, POINTS_RECEIVED):
        yield f"events.{event}"
