"""Gathering what plugins add, by pluggy: words of the language, and channels.

Each command makes its own manager: there is no global state, and a test registers what
it likes. The order in which plugins load never matters; two that claim one name are an
error that names both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Any, TypeVar, cast

import pluggy

from loyalcore import __version__, builtin, hookspecs
from loyalcore.channels import AnyChannelKind, ChannelKind
from loyalcore.effects.kind import EffectKind
from loyalcore.errors import PluginError, did_you_mean
from loyalcore.expression import Function
from loyalcore.program.vocabulary import Vocabulary
from loyalcore.scoring import AnyStrategyKind, StrategyKind

GROUP = "loyalcore"

Word = TypeVar("Word", EffectKind[Any], Function, ChannelKind[Any], StrategyKind[Any])

HOOKS = ("loyalcore_effects", "loyalcore_functions", "loyalcore_channels", "loyalcore_scoring")


@dataclass(frozen=True)
class Plugin:
    """An installed plugin: its name, the version of its distribution, and what it adds."""

    name: str
    version: str
    words: tuple[str, ...]


def make_manager(extra: Iterable[tuple[str, object]] = ()) -> pluggy.PluginManager:
    """A manager with loyalcore's own words, those of every installed plugin, and `extra`.

    Raises PluginError, naming the plugin, when one can't be imported, has the name of
    another, or implements a hook that does not exist.
    """
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(hookspecs)
    manager.register(builtin, "loyalcore")
    for point in entry_points(group=GROUP):
        if manager.has_plugin(point.name):
            raise PluginError(f"there are two plugins of the name '{point.name}'")
        with _blamed_on(point.name):
            manager.load_setuptools_entrypoints(GROUP, point.name)
    for name, plugin in extra:
        with _blamed_on(name):
            manager.register(plugin, name)
    _check_hooks(manager)
    return manager


@contextmanager
def _blamed_on(plugin: str) -> Iterator[None]:
    """Whatever is raised here is the plugin's fault, and says so."""
    try:
        yield
    except Exception as error:
        raise PluginError(f"plugin '{plugin}': {type(error).__name__}: {error}") from error


def _check_hooks(manager: pluggy.PluginManager) -> None:
    for name, plugin in manager.list_name_plugin():
        for hook in manager.get_hookcallers(plugin) or ():
            if not hook.has_spec():
                hint = did_you_mean(hook.name, HOOKS) or f"hooks are {', '.join(HOOKS)}"
                raise PluginError(f"plugin '{name}': there is no hook {hook.name} ({hint})")


def vocabulary(manager: pluggy.PluginManager) -> Vocabulary:
    """All words of all plugins. Raises PluginError when two claim the same word, or one
    gives something else than words."""
    hook = manager.hook
    speaking = {
        impl.plugin_name
        for asked in (hook.loyalcore_effects, hook.loyalcore_functions)
        for impl in asked.get_hookimpls()
    }
    return Vocabulary(
        effects=_gathered(hook.loyalcore_effects, EffectKind, "effect"),
        functions=_gathered(hook.loyalcore_functions, Function, "function"),
        strategies=scoring_strategies(manager),
        fingerprint=" ".join(
            f"{n}={version}" for n, version in _versions(manager).items() if n in speaking
        ),
    )


def channel_kinds(manager: pluggy.PluginManager) -> Mapping[str, AnyChannelKind]:
    """All channels of all plugins, by name. Raises PluginError when two have one name."""
    return _gathered(manager.hook.loyalcore_channels, ChannelKind, "channel")


def scoring_strategies(manager: pluggy.PluginManager) -> Mapping[str, AnyStrategyKind]:
    """All scoring strategies of all plugins, by name. Raises PluginError when two have one
    name."""
    return _gathered(manager.hook.loyalcore_scoring, StrategyKind, "scoring strategy")


def installed(manager: pluggy.PluginManager) -> tuple[Plugin, ...]:
    """The plugins of `manager`, loyalcore itself included, by name."""
    words: dict[str, list[str]] = {name: [] for name, _ in manager.list_name_plugin()}
    for impl in manager.hook.loyalcore_effects.get_hookimpls():
        words[impl.plugin_name] += (effect.name for effect in _given(impl, EffectKind))
    for impl in manager.hook.loyalcore_functions.get_hookimpls():
        words[impl.plugin_name] += (function.name for function in _given(impl, Function))
    for impl in manager.hook.loyalcore_channels.get_hookimpls():
        words[impl.plugin_name] += (channel.name for channel in _given(impl, ChannelKind))
    for impl in manager.hook.loyalcore_scoring.get_hookimpls():
        words[impl.plugin_name] += (kind.name for kind in _given(impl, StrategyKind))
    return tuple(
        Plugin(name, version, tuple(words[name])) for name, version in _versions(manager).items()
    )


def _versions(manager: pluggy.PluginManager) -> Mapping[str, str]:
    """The version of each plugin, by name: that of its distribution, or its own."""
    released = {id(p): str(d.metadata["version"]) for p, d in manager.list_plugin_distinfo()}
    released[id(builtin)] = __version__
    return {
        name: released.get(id(plugin)) or str(getattr(plugin, "__version__", "0"))
        for name, plugin in sorted(manager.list_name_plugin(), key=lambda pair: pair[0])
    }


def _gathered(hook: pluggy.HookCaller, kind: type[Word], what: str) -> Mapping[str, Word]:
    words: dict[str, Word] = {}
    owners: dict[str, str] = {}
    for impl in hook.get_hookimpls():
        for word in _given(impl, kind):
            if word.name in words:
                both = " and ".join(sorted((owners[word.name], impl.plugin_name)))
                raise PluginError(f"the {what} '{word.name}' is registered twice, by {both}")
            words[word.name], owners[word.name] = word, impl.plugin_name
    return dict(sorted(words.items()))


def _given(impl: pluggy.HookImpl, kind: type[Word]) -> list[Word]:
    """The words that a plugin gives by one of its hooks."""
    with _blamed_on(impl.plugin_name):
        words = list(cast(Iterable[Word], impl.function()))
        for word in words:
            if not isinstance(word, kind):
                raise TypeError(f"{word!r} is no {kind.__name__}")
    return words


def default_vocabulary() -> Vocabulary:
    """The words of loyalcore and of every installed plugin."""
    return vocabulary(make_manager())
