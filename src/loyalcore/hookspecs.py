"""The hooks that a plugin may implement. Each is called once, when a command starts.

A plugin is a package with an entry point in the group `loyalcore`; its functions marked
with `loyalcore.hookspecs.hookimpl` and named as below are called. Effects and functions
become part of every program's hash, so they must be pure: the same facts, the same result.
Channels may do what they like: they are opened by `loyalcore deliver` alone, when all is
decided.
"""

from __future__ import annotations

from collections.abc import Iterable

import pluggy

from loyalcore.channels import AnyChannelKind
from loyalcore.effects.kind import AnyEffectKind
from loyalcore.expression import Function
from loyalcore.scoring import AnyStrategyKind

hookspec = pluggy.HookspecMarker("loyalcore")
hookimpl = pluggy.HookimplMarker("loyalcore")


@hookspec
def loyalcore_effects() -> Iterable[AnyEffectKind]:  # type: ignore[empty-body]
    """Effect kinds: new words under `then`."""


@hookspec
def loyalcore_functions() -> Iterable[Function]:  # type: ignore[empty-body]
    """Functions: new words in expressions."""


@hookspec
def loyalcore_channels() -> Iterable[AnyChannelKind]:  # type: ignore[empty-body]
    """Channels: ways to carry messages to customers."""


@hookspec
def loyalcore_scoring() -> Iterable[AnyStrategyKind]:  # type: ignore[empty-body]
    """Scoring strategies: ways to tell customers apart by their past."""
