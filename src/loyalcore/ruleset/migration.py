"""What becomes of what customers have, when this ruleset takes over from another."""

from __future__ import annotations

from pydantic import Field

from loyalcore.ruleset.words import Label, Section, Word


class MigrationSpec(Section):
    """Old names to new ones, for what running customers carry over: `wallets: {stars: beans}`.

    What keeps its name needs no line. What is not here any more, and has no new name, is told
    before the ruleset is activated.
    """

    attributes: dict[str, str] = Field(default_factory=dict, description="customer attributes")
    wallets: dict[Word, Word] = Field(default_factory=dict, description="wallets: points move over")
    offers: dict[Label, Label] = Field(default_factory=dict, description="offers that are open")
    tiers: dict[Word, Word] = Field(default_factory=dict, description="tier ladders")
    levels: dict[Word, dict[Word, Word]] = Field(
        default_factory=dict,
        description="levels, by the new name of their ladder: {club: {silver: plus}}",
    )
    stages: dict[Label, Label] = Field(default_factory=dict, description="stages")
