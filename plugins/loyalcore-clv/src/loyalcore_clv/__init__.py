"""Customer lifetime value for loyalcore: the scoring strategy `clv`."""

from __future__ import annotations

from collections.abc import Iterable

from loyalcore.api import hookimpl
from loyalcore.scoring import AnyStrategyKind
from loyalcore_clv.settings import CLV

__version__ = "0.1.0"


@hookimpl
def loyalcore_scoring() -> Iterable[AnyStrategyKind]:
    """clv."""
    return [CLV]
