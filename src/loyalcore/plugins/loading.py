"""From entry points and single files to a manager that knows all plugins.

A plugin that can't be imported is left out, and told once on standard error: commands that
don't need it go on. What is wrong with the plugins themselves (two of one name, a hook that
does not exist) is an error that names them.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from importlib.metadata import EntryPoint, entry_points
from importlib.util import module_from_spec, spec_from_file_location
from inspect import getdoc
from pathlib import Path
from typing import NamedTuple

import pluggy

from loyalcore import __version__, builtin, hookspecs
from loyalcore.errors import PluginError, did_you_mean
from loyalcore.plugins.choice import Choice, choice_of_environment

GROUP = "loyalcore"
OWN = "loyalcore"

HOOKS = tuple(name for name in vars(hookspecs) if name.startswith("loyalcore_"))

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Origin:
    """What is known of a plugin before it is asked for anything: its version, where it comes
    from, and why it could not be loaded ("": it was)."""

    version: str
    where: str
    failed: str = ""


class _Found(NamedTuple):
    name: str
    origin: Origin
    load: Callable[[], object]


class Manager(pluggy.PluginManager):
    """The plugins of one command; `origins` has those that failed too, by name."""

    def __init__(self) -> None:
        super().__init__(GROUP)
        self.origins: dict[str, Origin] = {}

    @property
    def failed(self) -> dict[str, str]:
        """Why each plugin that could not be loaded could not."""
        return {name: origin.failed for name, origin in self.origins.items() if origin.failed}


def make_manager(extra: Iterable[tuple[str, object]] = (), choice: Choice | None = None) -> Manager:
    """A manager with loyalcore's own words, those of every plugin that `choice` allows (the
    environment does, without one), and `extra`.

    Raises PluginError, naming the plugin, where one has the name of another, or implements a
    hook that does not exist; UsageError where the choice makes no sense.
    """
    choice = choice_of_environment() if choice is None else choice
    manager = Manager()
    manager.add_hookspecs(hookspecs)
    _register(manager, OWN, builtin, Origin(__version__, "built in"))
    found = [*_installed(), *_in_folders(choice.folders)]
    found.sort(key=lambda one: (one.name, one.origin.where))
    choice.check({OWN, *(one.name for one in found)})
    for one in (one for one in found if choice.allows(one.name)):
        _check_new(manager, one.name, one.origin.where)
        try:
            plugin = one.load()
        except (Exception, SystemExit) as error:  # noqa: BLE001 (it is somebody else's code)
            why = f"{type(error).__name__}: {error}"
            manager.origins[one.name] = replace(one.origin, failed=why)
            _tell(one.name, one.origin.where, why)
        else:
            _register(manager, one.name, plugin, one.origin)
    for name, plugin in extra:
        _check_new(manager, name, "registered by hand")
        version = str(getattr(plugin, "__version__", "0"))
        _register(manager, name, plugin, Origin(version, "registered by hand"))
    return manager


def _installed() -> Iterator[_Found]:
    for point in entry_points(group=GROUP):
        assert point.dist is not None
        version = str(point.dist.metadata["version"])
        where = f"{point.dist.metadata['name']} {version} ({point.value})"
        yield _Found(point.name, Origin(version, where), _load_of(point))


def _load_of(point: EntryPoint) -> Callable[[], object]:
    return lambda: point.load()


def _in_folders(folders: Iterable[Path]) -> Iterator[_Found]:
    """Every file of Python in the folders, by its name. Without a `__version__` it has the
    hash of its text for one: another text may mean something else."""
    for folder in folders:
        for path in folder.glob("*.py"):
            if not path.name.startswith("_"):
                text = path.read_bytes()
                version = _version_in(text) or f"0+{sha256(text).hexdigest()[:8]}"
                yield _Found(path.stem, Origin(version, str(path)), _load_from(path))


def _version_in(text: bytes) -> str:
    for line in text.decode("utf-8", "replace").splitlines():
        if line.startswith("__version__"):
            return line.partition("=")[2].strip().strip("\"'")
    return ""


def _load_from(path: Path) -> Callable[[], object]:
    def load() -> object:
        name = f"loyalcore_plugin_{path.stem}"
        spec = spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        module = sys.modules[name] = module_from_spec(spec)
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[name]
            raise
        return module

    return load


@cache
def _tell(name: str, where: str, why: str) -> None:
    """Warn, once in a process, that a plugin is left out."""
    told = f"warning: plugin '{name}' ({where}) can't be loaded and is left out: {why}"
    _log.warning(told)


def _check_new(manager: Manager, name: str, where: str) -> None:
    if (other := manager.origins.get(name)) is not None:
        raise PluginError(
            f"there are two plugins of the name '{name}': {other.where}, and {where}; "
            f"uninstall one of them, or leave both out by LOYALCORE_PLUGINS=-{name}"
        )


def _register(manager: Manager, name: str, plugin: object, origin: Origin) -> None:
    with blamed_on(name):
        manager.register(plugin, name)
    for hook in manager.get_hookcallers(plugin) or ():
        if not hook.has_spec():
            hint = did_you_mean(hook.name, HOOKS) or f"hooks are {', '.join(HOOKS)}"
            raise PluginError(f"plugin '{name}': there is no hook {hook.name} ({hint})")
    manager.origins[name] = origin


@contextmanager
def blamed_on(plugin: str) -> Iterator[None]:
    """Whatever is raised here is the plugin's fault, and says so."""
    try:
        yield
    except PluginError:
        raise
    except Exception as error:
        raise PluginError(f"plugin '{plugin}': {type(error).__name__}: {error}") from error


def about(manager: Manager, name: str) -> str:
    """What the plugin of this name says of itself: the first line of its docstring."""
    plugin = manager.get_plugin(name)
    return (getdoc(plugin) or "").partition("\n")[0] if plugin is not None else ""
