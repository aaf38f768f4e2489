"""The folders of the source and what happens there, for architecture.md."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import loyalcore
from made.markdown import code, table


def layout() -> str:
    """The folders and modules of src/loyalcore, by what they say of themselves."""
    source = Path(loyalcore.__file__).parent
    return table(("where", "what happens there"), list(_layout(source, source)))


def _layout(folder: Path, source: Path) -> Iterator[tuple[str, str]]:
    """Of a folder its modules too where it is the whole, and else the folders in it."""
    for path in sorted(folder.iterdir()):
        module = path / "__init__.py" if path.is_dir() else path
        shown = path.is_dir() or folder == source
        if shown and module.suffix == ".py" and module.exists() and path.name[:2] != "__":
            doc = inspect.cleandoc(module.read_text("utf-8").split('"""')[1]).partition("\n\n")[0]
            name = path.relative_to(source).as_posix()
            yield code(name + "/" * path.is_dir()), doc
            if path.is_dir():
                yield from _layout(path, source)


PARTS: Mapping[str, Callable[[], str]] = {"layout": layout}
