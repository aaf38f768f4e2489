"""What becomes of what customers have, when this ruleset takes over from another."""

from __future__ import annotations

from pydantic import Field

from loyalcore.ruleset.words import Label, Section, Word


class MigrationSpec(Section):
    """Old names to new ones, for what running customers carry over: `wallets: {stars: beans}`.

    What keeps its name needs no line. What is not here any more, and has no new name, is told
    before the ruleset is activated. An empty new name lets go of it: `offers: {card: }` takes
    back the cards that are open. A line that was followed once may stay; it does nothing more.
    """

    attributes: dict[str, str] = Field(default_factory=dict, description="customer attributes")
    wallets: dict[Word, Word] = Field(default_factory=dict, description="wallets: points move over")
    offers: dict[Label, Label | None] = Field(
        default_factory=dict, description="offers that are open; empty: taken back"
    )
    tiers: dict[Word, Word | None] = Field(
        default_factory=dict, description="tier ladders; empty: their levels are lost"
    )
    levels: dict[Word, dict[Word, Word | None]] = Field(
        default_factory=dict,
        description="levels, by the new name of their ladder: {club: {silver: plus}}; empty: "
        "customers begin there as if they were new",
    )
    stages: dict[Label, Label | None] = Field(
        default_factory=dict, description="stages; empty: back to the first"
    )
    journeys: dict[Label, Label | None] = Field(
        default_factory=dict, description="journeys that customers are in; empty: withdrawn"
    )
    win_back: dict[Label, Label | None] = Field(
        default_factory=dict, description="win-backs that customers are in; empty: withdrawn"
    )
    recovery: dict[Word, Word | None] = Field(
        default_factory=dict, description="recoveries, for their cases; empty: withdrawn"
    )
    dissolution: dict[Word, Word | None] = Field(
        default_factory=dict,
        description="dissolutions; empty: withdrawn, and what is closed stays so",
    )
    tasks: dict[Label, Label | None] = Field(
        default_factory=dict, description="tasks that are open; empty: withdrawn"
    )
    approvals: dict[Label, Label | None] = Field(
        default_factory=dict, description="approvals that are open; empty: withdrawn"
    )
    scores: dict[Word, Word | None] = Field(
        default_factory=dict, description="scores; empty: forgotten"
    )
    purposes: dict[Word, Word] = Field(
        default_factory=dict, description="purposes of messages, for what customers said of them"
    )
    channels: dict[Label, Label] = Field(
        default_factory=dict, description="channels, for what customers said of them"
    )
