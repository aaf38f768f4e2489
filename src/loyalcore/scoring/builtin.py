"""The strategies that loyalcore brings."""

from __future__ import annotations

from loyalcore.scoring.abc import ABC
from loyalcore.scoring.churn import CHURN
from loyalcore.scoring.engagement import ENGAGEMENT
from loyalcore.scoring.rfm import RFM
from loyalcore.scoring.satisfaction import SATISFACTION
from loyalcore.scoring.shopper import SHOPPER
from loyalcore.scoring.strategy import AnyStrategyKind
from loyalcore.scoring.trend import TREND

STRATEGIES: tuple[AnyStrategyKind, ...] = (
    RFM,
    ABC,
    TREND,
    CHURN,
    SHOPPER,
    SATISFACTION,
    ENGAGEMENT,
)
