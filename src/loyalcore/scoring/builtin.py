"""The strategies that loyalcore brings."""

from __future__ import annotations

from loyalcore.scoring.rfm import RFM
from loyalcore.scoring.strategy import AnyStrategyKind

STRATEGIES: tuple[AnyStrategyKind, ...] = (RFM,)
