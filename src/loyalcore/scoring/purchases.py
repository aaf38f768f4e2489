"""What most strategies are told of: which events are purchases, and what they are worth."""

from __future__ import annotations

from pydantic import Field

from loyalcore.calendars import Duration, read_duration
from loyalcore.ruleset.words import DurationText, Formula
from loyalcore.scoring.strategy import Asked, Input, StrategySettings
from loyalcore.values import FLAG, INTEGER, MONEY, NUMBER, Type

AMOUNTS = (MONEY, NUMBER, INTEGER)


class EventsSettings(StrategySettings):
    """Events of one type, and which of them."""

    event: str = Field(description="the event type that counts: purchase")
    where: Formula | None = Field(None, description="only events for which this holds")

    def input(self, *values: Asked, over: Duration | None = None) -> Input:
        """The events as a strategy asks for them."""
        where = None if self.where is None else Asked(self.where, (FLAG,), ("where",))
        return Input(self.event, ("event",), values, where, over)


class WindowSettings(EventsSettings):
    """Events of one type within a time."""

    over: DurationText | None = Field(
        None, description="how far back: 24 months; without it, all that there is"
    )

    @property
    def window(self) -> Duration | None:
        return None if self.over is None else read_duration(self.over)


class AmountSettings(WindowSettings):
    """Events of one type within a time, and what each is worth."""

    amount: Formula = Field(
        description="what one is worth, an expression over the event: amount, amount - cost"
    )

    @property
    def worth(self) -> Asked:
        return asked("amount", self.amount, *AMOUNTS)


def asked(setting: str, text: str, *wants: Type) -> Asked:
    """The expression in a setting."""
    return Asked(text, wants, (setting,))
