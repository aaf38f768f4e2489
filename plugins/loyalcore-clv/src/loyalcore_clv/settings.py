"""What a ruleset says of a score of the strategy `clv`, and the strategy as it is registered."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from pydantic import Field

from loyalcore.scoring import (
    DurationText,
    Formula,
    Locale,
    Strategy,
    StrategyKind,
    StrategySettings,
)


class ClvSettings(StrategySettings):
    """Probability alive, expected purchases, and value, by BG/NBD and Gamma-Gamma."""

    event: str = Field(description="the event type that is a purchase")
    where: Formula | None = Field(None, description="only events for which this holds")
    amount: Formula = Field(
        description="what one brings, an expression in money: amount, or amount - cost"
    )
    horizon: DurationText = Field("12 months", description="how far ahead it looks")
    discount: Decimal = Field(
        Decimal(0), ge=0, lt=100, description="by how many per cent a year later money is less"
    )


def _made(settings: ClvSettings, locale: Locale) -> Strategy[Any]:
    # Here, for scipy takes long to import: commands that score nothing need not wait for it.
    from loyalcore_clv.strategy import Clv

    return Clv(settings, locale)


CLV = StrategyKind("clv", "1", ClvSettings, _made)
