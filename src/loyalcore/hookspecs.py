"""The hooks that a plugin may implement. Each is called once, when a command starts.

A plugin is a package with an entry point in the group `loyalcore`; its functions marked
with `loyalcore.hookimpl` and named as below are called. What it registers here becomes
part of every program's hash, so it must be pure: the same facts, the same result.
"""

from __future__ import annotations

from collections.abc import Iterable

import pluggy

from loyalcore.effects.kind import AnyEffectKind
from loyalcore.expression import Function

hookspec = pluggy.HookspecMarker("loyalcore")
hookimpl = pluggy.HookimplMarker("loyalcore")


@hookspec
def loyalcore_effects() -> Iterable[AnyEffectKind]:  # type: ignore[empty-body]
    """Effect kinds: new words under `then`."""


@hookspec
def loyalcore_functions() -> Iterable[Function]:  # type: ignore[empty-body]
    """Functions: new words in expressions."""
