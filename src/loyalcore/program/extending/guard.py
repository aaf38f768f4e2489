"""Guards around what plugins bring to the step: their failures are named, their input is safe.

What a plugin's function raises becomes PluginFailed, which names the plugin and the place,
and repeats nothing of the error's text: that may hold what customers wrote. Facts come to it
as a view that can't be written to. There is no bound on time: one that holds inside a pure
step can't be had without threads, and what is pure and slow must be told by a profiler.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from types import MappingProxyType
from typing import Any, ParamSpec, TypeVar, get_args

from loyalcore.effects.changes import Change
from loyalcore.effects.kind import AnyEffectKind, Facts, Planner, Run
from loyalcore.errors import PluginError, PluginFailed
from loyalcore.expression import Form, Function

P = ParamSpec("P")
Result = TypeVar("Result")

_CHANGES = get_args(Change)


def guarded(plugin: str, what: str, call: Callable[P, Result]) -> Callable[P, Result]:
    """`call`, which is of `plugin` and known as `what`, raising PluginFailed where it fails."""

    def safely(*arguments: P.args, **named: P.kwargs) -> Result:
        try:
            return call(*arguments, **named)
        except PluginFailed:
            raise
        except (Exception, SystemExit) as error:
            raise failure(plugin, what, error) from error

    return safely


def failure(plugin: str, what: str, error: BaseException) -> PluginFailed:
    """What is told of an error: its kind and its place."""
    at = error.__traceback__
    while at is not None and at.tb_frame.f_code.co_filename == __file__:
        at = at.tb_next
    place = f" at {at.tb_frame.f_globals.get('__name__')}:{at.tb_lineno}" if at is not None else ""
    return PluginFailed(f"plugin '{plugin}': {what} failed: {type(error).__name__}{place}")


def nonsense(plugin: str, what: str, given: object, wanted: str) -> PluginFailed:
    """What is told of a result that is none; never the result itself."""
    return PluginFailed(f"plugin '{plugin}': {what} gave a {type(given).__name__}, not {wanted}")


def guarded_function(plugin: str, function: Function) -> Function:
    """A function of expressions."""
    what = f"function '{function.name}'"

    def form(one: Form) -> Form:
        prepare = one.prepare
        call = guarded(plugin, what, one.call)
        if prepare is None:
            return replace(one, call=call)
        return replace(
            one, call=call, prepare=lambda argument: guarded(plugin, what, prepare(argument))
        )

    return replace(function, forms=tuple(map(form, function.forms)))


def guarded_effect(plugin: str, kind: AnyEffectKind) -> AnyEffectKind:
    """An effect: what it plans is asked for all its changes at once, and they must be some."""
    what = f"effect '{kind.name}'"

    def plan(spec: Any, planner: Planner) -> Run | None:
        try:
            run = kind.plan(spec, planner)
        except Exception as error:
            raise PluginError(str(failure(plugin, what, error))) from error
        if run is None:
            return None
        asked = guarded(plugin, what, lambda facts: _changes(plugin, what, run(facts)))
        return lambda facts: asked(read_only(facts))

    return replace(kind, plan=plan)


def _changes(plugin: str, what: str, given: Iterable[Change]) -> tuple[Change, ...]:
    changes = tuple(given)
    for change in changes:
        if not isinstance(change, _CHANGES):
            raise nonsense(plugin, what, change, "a change")
    return changes


def read_only(facts: Facts) -> Facts:
    """A view of `facts` that can't be written to."""
    return MappingProxyType(dict(facts))
