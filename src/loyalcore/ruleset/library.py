"""The files that come with loyalcore, for rulesets to include: `loyalcore/ladder-by-phase.yaml`.

They are read as any other file of a ruleset is, and their text is part of its Source: a stored
program stays what it was when a later loyalcore brings another text.
"""

from __future__ import annotations

from importlib.resources import files

FOLDER = "loyalcore/"
"""What their names begin with, from wherever they are included."""

_LIBRARY = files("loyalcore") / "library"


def library_names() -> list[str]:
    """The files that there are, by name."""
    return sorted(FOLDER + file.name for file in _LIBRARY.iterdir() if file.name[0] not in "._")


def library_bytes(name: str) -> bytes:
    """The bytes of one of them."""
    return (_LIBRARY / name.removeprefix(FOLDER)).read_bytes()
