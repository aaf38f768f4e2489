"""A new plugin as an installable package, made of templates (src/loyalcore/scaffold)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import PurePosixPath

from jinja2 import Environment, StrictUndefined

from loyalcore import __version__
from loyalcore.errors import UsageError

SUMMARIES = {
    "channel": "The channel {name} for loyalcore: a way to carry messages to customers.",
    "scoring": "The scoring strategy {name} for loyalcore: a way to tell customers apart.",
    "effect": "The effect {word} for loyalcore: a new word under `then`.",
    "function": "The function {word} for loyalcore: a new word in expressions.",
}
KINDS = tuple(SUMMARIES)
LONGEST = 40  # characters of a name

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def package(kind: str, name: str) -> Mapping[PurePosixPath, str]:
    """The files of a package that brings a plugin of this `kind`, by their paths. It passes its
    own tests as it is. Raises UsageError for what can't be the name of one."""
    if not _NAME.fullmatch(name) or len(name) > LONGEST or name == "loyalcore":
        raise UsageError(
            f"'{name}' can't name a plugin; write small letters and digits, with - between words"
        )
    word = name.replace("-", "_")
    module = f"loyalcore_{word}"
    values = {
        "name": name,
        "word": word,
        "class": "".join(part.capitalize() for part in name.split("-")),
        "module": module,
        "distribution": f"loyalcore-{name}",
        "summary": SUMMARIES[kind].format(name=name, word=word),
        "version": __version__,
    }
    render = Environment(undefined=StrictUndefined, keep_trailing_newline=True).from_string
    templates = files("loyalcore") / "scaffold"

    def made(template: Traversable, **more: str) -> str:
        return render(template.read_text("utf-8")).render({**values, **more})

    of_kind = templates / kind
    usage = made(of_kind / "usage.md.j2").rstrip()
    return {
        **{path: made(template, usage=usage) for path, template in _package(templates / "package")},
        PurePosixPath("src", module, "__init__.py"): made(of_kind / "module.py.j2"),
        PurePosixPath("src", module, "py.typed"): "",
        PurePosixPath("tests", f"test_{word}.py"): made(of_kind / "test.py.j2"),
    }


def _package(folder: Traversable, *at: str) -> Iterator[tuple[PurePosixPath, Traversable]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            yield from _package(entry, *at, entry.name)
        else:
            yield PurePosixPath(*at, entry.name.removesuffix(".j2")), entry
