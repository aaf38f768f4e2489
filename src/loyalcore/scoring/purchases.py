"""What most strategies are told of: which events are purchases, and what they are worth."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from loyalcore.calendars import Duration, read_duration
from loyalcore.ruleset.words import Formula, Label, worded
from loyalcore.scoring.figures import total
from loyalcore.scoring.strategy import Asked, Input, Occurrence, StrategySettings
from loyalcore.values import FLAG, INTEGER, MONEY, NUMBER, Type

AMOUNTS = (MONEY, NUMBER, INTEGER)


def asked(setting: str, text: str, *wants: Type) -> Asked:
    """The expression in a setting."""
    return Asked(text, wants, (setting,))


def window(over: str | None) -> Duration | None:
    """The time that a strategy looks back, as a setting says it."""
    return None if over is None else read_duration(over)


class EventsSettings(StrategySettings):
    """Events of one type, and which of them."""

    event: str = Field(description="the event type that counts: purchase")
    where: Formula | None = Field(None, description="only events for which this holds")

    def input(self, *values: Asked, over: Duration | None = None) -> Input:
        """The events as a strategy asks for them."""
        where = None if self.where is None else asked("where", self.where, FLAG)
        return Input(self.event, ("event",), values, where, over)


class AmountSettings(EventsSettings):
    """Events of one type, what each is worth, and what was given back since."""

    amount: Formula = Field(
        description="what one is worth, an expression over the event: amount, amount - cost"
    )
    returns: Label | None = Field(None, description="the event type that takes worth back: refund")
    returned: Formula | None = Field(
        None, description="how much one of those takes back, an expression over it"
    )

    @model_validator(mode="after")
    def _both(self) -> AmountSettings:
        if (self.returns is None) != (self.returned is None):
            raise PydanticCustomError("bad-score", "returns and returned go together")
        return self

    def inputs(self, over: Duration | None) -> tuple[Input, ...]:
        """The events with their worth; then, where the ruleset names them, the returns."""
        bought = self.input(asked("amount", self.amount, *AMOUNTS), over=over)
        if self.returns is None or self.returned is None:
            return (bought,)
        back = asked("returned", self.returned, *AMOUNTS)
        return bought, Input(self.returns, ("returns",), (back,), over=over)


def bought(history: Iterable[Occurrence]) -> list[Occurrence]:
    """The purchases, without the returns."""
    return [one for one in history if one.input == 0]


def net(history: Iterable[Occurrence]) -> int | float:
    """What the purchases came to, less what was returned."""
    history = list(history)
    back = total(one.values[0] for one in history if one.input == 1)
    return total(one.values[0] for one in bought(history)) - back


def _percent(text: str) -> str:
    number = text.removesuffix("%").strip()
    if not (number.isascii() and number.isdigit() and int(number) <= 100):
        raise PydanticCustomError("bad-value", "expected a share such as 80 %")
    return f"{number} %"


Share = Annotated[str, BeforeValidator(worded), AfterValidator(_percent)]
"""So many whole per cent."""


def percent(share: str) -> int:
    """The number of a share."""
    return int(share.removesuffix("%").strip())
