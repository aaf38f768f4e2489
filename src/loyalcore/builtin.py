"""What loyalcore itself registers, through the same hooks as any plugin."""

from __future__ import annotations

from collections.abc import Iterable

from loyalcore.effects.builtin import EFFECTS
from loyalcore.effects.kind import AnyEffectKind
from loyalcore.effects.offers import EFFECTS as ON_OFFERS
from loyalcore.expression import FUNCTIONS, Function
from loyalcore.hookspecs import hookimpl


@hookimpl
def loyalcore_effects() -> Iterable[AnyEffectKind]:
    """Those on points, issue, send, set, emit, and those on offers."""
    return (*EFFECTS, *ON_OFFERS)


@hookimpl
def loyalcore_functions() -> Iterable[Function]:
    """The functions of the language reference."""
    return FUNCTIONS.values()
