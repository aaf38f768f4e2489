"""What effects cost the business, and when promotion is out of place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import BeforeValidator, Field

from loyalcore.ruleset.words import Formula, Label, Section

EVERYONE = "everyone"
"""The role under which stands what an hour of all other roles costs."""


def _of_everyone(raw: object) -> object:
    """`hour: 60.00` in full."""
    return raw if raw is None or isinstance(raw, Mapping) else {EVERYONE: raw}


Hours = Annotated[dict[Label, Formula], BeforeValidator(_of_everyone)]


class CostsSpec(Section):
    """What effects cost the business each time, in money: plain numbers, which may be parts of
    the smallest coin.

    A message costs what its channel does, unless it has a `cost` of its own. What a decision
    costs is added up exactly, and rounded once to the smallest coin, halves up.
    """

    send: dict[Label, Formula] = Field(
        default_factory=dict, description="a message, by channel: {sms: 0.40, email: 0.001}"
    )
    issue: dict[Label, Formula] = Field(
        default_factory=dict,
        description="a benefit or voucher, by name; or an offer that opens with a personal code",
    )
    hour: Hours = Field(
        default_factory=dict,
        description="an hour of work on tasks: 60.00, or by role: {adviser: 80, everyone: 60}",
    )


class PauseSpec(Section):
    """When messages are not sent: while the condition, on what is known of the customer, holds
    at the event that would send them."""

    promotional: Formula | None = Field(
        None, description="no promotional message while this holds: open_complaints > 0"
    )
