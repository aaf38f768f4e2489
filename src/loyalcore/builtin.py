"""What loyalcore itself registers, through the same hooks as any plugin.

What few commands use is imported as it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from loyalcore.effects.builtin import EFFECTS
from loyalcore.effects.kind import AnyEffectKind
from loyalcore.expression import FUNCTIONS, Function
from loyalcore.hookspecs import hookimpl
from loyalcore.scoring import AnyStrategyKind
from loyalcore.scoring.builtin import STRATEGIES

if TYPE_CHECKING:
    from loyalcore.channels import AnyChannelKind
    from loyalcore.reports import ReportSection


@hookimpl
def loyalcore_effects() -> Iterable[AnyEffectKind]:
    """Those on points and offers, and issue, send, set, emit."""
    return EFFECTS


@hookimpl
def loyalcore_functions() -> Iterable[Function]:
    """The functions of the language reference."""
    return FUNCTIONS.values()


@hookimpl
def loyalcore_reports() -> Iterable[ReportSection]:
    """Rules and messages."""
    from loyalcore.store.section import SECTIONS

    return SECTIONS


@hookimpl
def loyalcore_channels() -> Iterable[AnyChannelKind]:
    """The channel into files."""
    from loyalcore.delivery.file import FILE

    return [FILE]


@hookimpl
def loyalcore_scoring() -> Iterable[AnyStrategyKind]:
    """rfm, abc, trend, churn, shopper, satisfaction and engagement."""
    return STRATEGIES
