"""What plugins add: words of the language, channels, and the rest that they register.

Two plugins that claim one name are an error that names both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, TypeVar, cast

import click
import pluggy

from loyalcore.channels import AnyChannelKind, ChannelKind
from loyalcore.effects.choosing import Chooser
from loyalcore.effects.kind import EffectKind
from loyalcore.errors import PluginError
from loyalcore.expression import Function
from loyalcore.intake.reader import EventReader
from loyalcore.observers import Observer
from loyalcore.plugins.loading import OWN, Manager, about, blamed_on, make_manager
from loyalcore.program.extending.acting import Preparer, Reviewer
from loyalcore.program.extending.guard import guarded_effect, guarded_function
from loyalcore.program.extending.lints import Lint
from loyalcore.program.extending.vocabulary import Vocabulary
from loyalcore.program.figures.metric_kind import MetricKind
from loyalcore.reports import ReportSection
from loyalcore.scoring import StrategyKind


class Named(Protocol):
    """Whatever a plugin registers has a name."""

    @property
    def name(self) -> str: ...


Word = TypeVar("Word", bound=Named)


Guard = Callable[[str, Any], Any]


class Registered(NamedTuple):
    """What a hook gives: how one of them is called, and its class."""

    what: str
    kind: type[Any]


REGISTERED: Mapping[str, Registered] = {
    "loyalcore_effects": Registered("effect", EffectKind),
    "loyalcore_functions": Registered("function", Function),
    "loyalcore_metrics": Registered("metric", MetricKind),
    "loyalcore_choosers": Registered("chooser", Chooser),
    "loyalcore_preparers": Registered("preparer", Preparer),
    "loyalcore_reviewers": Registered("reviewer", Reviewer),
    "loyalcore_channels": Registered("channel", ChannelKind),
    "loyalcore_scoring": Registered("scoring strategy", StrategyKind),
    "loyalcore_observers": Registered("observer", Observer),
    "loyalcore_readers": Registered("reader", EventReader),
    "loyalcore_lints": Registered("lint", Lint),
    "loyalcore_reports": Registered("report section", ReportSection),
    "loyalcore_commands": Registered("command", click.Command),
}
"""The hooks by which plugins register things of a name."""


@dataclass(frozen=True)
class Plugin:
    """A plugin: its name, the version of its distribution, where it comes from, and what it
    provides, by what that is called. `failed` says why it is not in use ("": it is). `takes` is
    what each of its channels can carry."""

    name: str
    version: str
    where: str
    provides: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    failed: str = ""
    about: str = ""
    takes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def words(self) -> tuple[str, ...]:
        """The names of everything that it provides."""
        return tuple(name for names in self.provides.values() for name in names)


def gathered(manager: Manager, hook: str) -> Mapping[str, Any]:
    """What all plugins register by `hook`, by name. Raises PluginError where two claim one
    name, or one gives something else."""
    return {word.name: word for _, word in _each(manager, hook)}


def owners(manager: Manager, hook: str) -> Mapping[str, str]:
    """The plugin of everything that is registered by `hook`, by name."""
    return {word.name: plugin for plugin, word in _each(manager, hook)}


def _each(manager: Manager, hook: str) -> list[tuple[str, Any]]:
    what, kind = REGISTERED[hook]
    found: dict[str, tuple[str, Any]] = {}
    for impl in _impls(manager, hook):
        for word in _given(impl, hook, kind):
            if word.name in found:
                both = " and ".join(sorted((found[word.name][0], impl.plugin_name)))
                raise PluginError(f"the {what} '{word.name}' is registered twice, by {both}")
            found[word.name] = (impl.plugin_name, word)
    return [found[name] for name in sorted(found)]


def _impls(manager: Manager, hook: str) -> list[pluggy.HookImpl]:
    caller: pluggy.HookCaller = getattr(manager.hook, hook)
    return caller.get_hookimpls()


def _given(impl: pluggy.HookImpl, hook: str, kind: type[Word]) -> list[Word]:
    """What a plugin gives by one of its hooks."""
    with blamed_on(impl.plugin_name):
        given: object = impl.function()
        if isinstance(given, str) or not isinstance(given, Iterable):
            raise TypeError(f"{hook} gave {type(given).__name__}, not a list of {kind.__name__}s")
        words = list(cast(Iterable[Word], given))
        for word in words:
            if not isinstance(word, kind):
                raise TypeError(f"{hook} gave {type(word).__name__}, which is no {kind.__name__}")
            if not (isinstance(word.name, str) and word.name.isprintable() and word.name.strip()):
                raise TypeError(f"{hook} gave {kind.__name__} without a name")
    return words


def vocabulary(manager: Manager) -> Vocabulary:
    """All words of all plugins. Raises PluginError when two claim the same word, or one
    gives something else than words."""
    origins: dict[tuple[str, str], str] = {}

    def words(section: str, guard: Guard = lambda plugin, word: word) -> dict[str, Any]:
        found = {}
        for plugin, word in _each(manager, f"loyalcore_{section}"):
            found[word.name] = word
            if plugin != OWN:
                found[word.name] = guard(plugin, word)
                origins[section, word.name] = f"{plugin}={manager.origins[plugin].version}"
        return found

    return Vocabulary(
        effects=words("effects", guarded_effect),
        functions=words("functions", guarded_function),
        strategies=gathered(manager, "loyalcore_scoring"),
        metrics=words("metrics"),
        choosers=words("choosers"),
        preparers=words("preparers"),
        reviewers=words("reviewers"),
        fingerprint=f"{OWN}={manager.origins[OWN].version}",
        origins=origins,
        absent=manager.failed,
    )


def channel_kinds(manager: Manager) -> Mapping[str, AnyChannelKind]:
    """All channels of all plugins, by name. Raises PluginError when two have one name."""
    return gathered(manager, "loyalcore_channels")


def observers(manager: Manager) -> Mapping[str, tuple[str, Observer]]:
    """All observers of all plugins, by name, each with its plugin."""
    return {word.name: (plugin, word) for plugin, word in _each(manager, "loyalcore_observers")}


def default_observers() -> Mapping[str, tuple[str, Observer]]:
    """The observers of every plugin that may be used."""
    return observers(make_manager())


def installed(manager: Manager) -> tuple[Plugin, ...]:
    """The plugins of `manager`, loyalcore itself included, by name; those that failed, or
    whose hooks do, with the reason."""
    return tuple(
        _described(manager, name, origin.failed) for name, origin in sorted(manager.origins.items())
    )


def _described(manager: Manager, name: str, failed: str) -> Plugin:
    origin = manager.origins[name]
    provides = {}
    takes: dict[str, tuple[str, ...]] = {}
    try:
        for hook, (what, kind) in REGISTERED.items():
            words = [
                word
                for impl in _impls(manager, hook)
                if impl.plugin_name == name
                for word in _given(impl, hook, kind)
            ]
            if words:
                provides[what] = tuple(word.name for word in words)
            takes |= {word.name: word.takes for word in words if isinstance(word, ChannelKind)}
    except PluginError as error:
        failed = str(error).removeprefix(f"plugin '{name}': ")
    told = about(manager, name)
    return Plugin(name, origin.version, origin.where, provides, failed, told, takes)


def default_vocabulary() -> Vocabulary:
    """The words of loyalcore and of every plugin that may be used."""
    return vocabulary(make_manager())
