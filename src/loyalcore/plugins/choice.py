"""Which plugins may be used: what the environment says.

`LOYALCORE_PLUGINS` allows (`a,b`: only these) or denies (`-c`: all but this one);
`LOYALCORE_PLUGIN_DIR` names folders of plugins that are single files. The option
`--plugin-dir` is that variable for the time of one command.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from loyalcore.errors import UsageError, did_you_mean

NAMES = "LOYALCORE_PLUGINS"
FOLDERS = "LOYALCORE_PLUGIN_DIR"


@dataclass(frozen=True)
class Choice:
    """Folders of single files, and the names allowed (None: all) or denied."""

    folders: tuple[Path, ...] = ()
    only: frozenset[str] | None = None
    without: frozenset[str] = frozenset()

    def allows(self, name: str) -> bool:
        """Whether the plugin of this name may be used."""
        return name not in self.without and (self.only is None or name in self.only)

    def check(self, known: Collection[str]) -> None:
        """Raise UsageError where it names a plugin that is not there: a name with a slip in
        it would allow, or deny, nothing."""
        for name in sorted(self.without | (self.only or frozenset())):
            if name not in known:
                hint = did_you_mean(name, known) or f"there is {', '.join(sorted(known))}"
                raise UsageError(f"{NAMES}: there is no plugin '{name}'; {hint}")


def choice_of_environment() -> Choice:
    """What the environment says. Raises UsageError where it makes no sense."""
    names = [name.strip() for name in os.environ.get(NAMES, "").split(",") if name.strip()]
    denied = [name.removeprefix("-") for name in names if name.startswith("-")]
    if denied and len(denied) < len(names):
        raise UsageError(f"{NAMES} either allows (a,b) or denies (-a,-b); it does both")
    folders = tuple(Path(part) for part in _split(os.environ.get(FOLDERS, "")))
    for folder in folders:
        if not folder.is_dir():
            raise UsageError(f"there is no folder {folder} of plugins (--plugin-dir, {FOLDERS})")
    return Choice(folders, None if denied or not names else frozenset(names), frozenset(denied))


@contextmanager
def plugin_folders(folders: Sequence[Path]) -> Iterator[None]:
    """Have plugins looked for in `folders` too, for as long as this lasts."""
    before = os.environ.get(FOLDERS)
    os.environ[FOLDERS] = os.pathsep.join([*map(str, folders), *_split(before or "")])
    try:
        yield
    finally:
        if before is None:
            del os.environ[FOLDERS]
        else:
            os.environ[FOLDERS] = before


def _split(paths: str) -> list[str]:
    return [path for path in paths.split(os.pathsep) if path]
