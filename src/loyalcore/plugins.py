"""Gathering the open words of the language from plugins, by pluggy.

Each command makes its own manager: there is no global state, and a test registers what
it likes. The order in which plugins load never matters; two that claim one name are an
error that names both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar, cast

import pluggy

from loyalcore import __version__, builtin, hookspecs
from loyalcore.errors import PluginError
from loyalcore.program.vocabulary import Vocabulary

GROUP = "loyalcore"


class _Named(Protocol):
    @property
    def name(self) -> str: ...


Word = TypeVar("Word", bound=_Named)


@dataclass(frozen=True)
class Plugin:
    """An installed plugin: its name, the version of its distribution, and what it adds."""

    name: str
    version: str
    words: tuple[str, ...]


def make_manager(extra: Iterable[tuple[str, object]] = ()) -> pluggy.PluginManager:
    """A manager with loyalcore's own words, those of every installed plugin, and `extra`.

    Raises PluginError, naming the plugin, when one can't be imported or implements a hook
    that does not exist.
    """
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(hookspecs)
    manager.register(builtin, "loyalcore")
    try:
        manager.load_setuptools_entrypoints(GROUP)
        for name, plugin in extra:
            manager.register(plugin, name)
        manager.check_pending()
    except Exception as error:
        raise PluginError(f"a plugin could not be loaded: {error}") from error
    return manager


def vocabulary(manager: pluggy.PluginManager) -> Vocabulary:
    """All words of all plugins. Raises PluginError when two claim the same word."""
    return Vocabulary(
        effects=_gathered(manager, manager.hook.loyalcore_effects, "effect"),
        functions=_gathered(manager, manager.hook.loyalcore_functions, "function"),
        fingerprint=" ".join(f"{p.name}={p.version}" for p in installed(manager)),
    )


def installed(manager: pluggy.PluginManager) -> tuple[Plugin, ...]:
    """The plugins of `manager`, loyalcore itself included, by name."""
    versions = {id(p): d.metadata["version"] for p, d in manager.list_plugin_distinfo()}
    return tuple(
        Plugin(name, _version(plugin, versions), _words(plugin))
        for name, plugin in sorted(manager.list_name_plugin())
        if plugin is not None
    )


def _version(plugin: object, versions: Mapping[int, str]) -> str:
    if plugin is builtin:
        return __version__
    found = versions.get(id(plugin)) or getattr(plugin, "__version__", "0")
    return str(found)


def _words(plugin: object) -> tuple[str, ...]:
    hooks = ("loyalcore_effects", "loyalcore_functions")
    registers: list[Callable[[], Iterable[_Named]]] = [
        getattr(plugin, hook) for hook in hooks if hasattr(plugin, hook)
    ]
    return tuple(word.name for register in registers for word in register())


def _gathered(
    manager: pluggy.PluginManager, hook: pluggy.HookCaller, what: str
) -> Mapping[str, Word]:
    words: dict[str, Word] = {}
    owners: dict[str, str] = {}
    for impl in hook.get_hookimpls():
        for word in cast(Iterable[Word], impl.function()):
            if word.name in words:
                both = f"{owners[word.name]} and {impl.plugin_name}"
                raise PluginError(f"the {what} '{word.name}' is registered twice, by {both}")
            words[word.name], owners[word.name] = word, impl.plugin_name
    return dict(sorted(words.items()))


def default_vocabulary() -> Vocabulary:
    """The words of loyalcore and of every installed plugin."""
    return vocabulary(make_manager())
