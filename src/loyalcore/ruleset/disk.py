"""Reading the files of a ruleset from disk, or refusing them.

Only regular files in or below the folder of the main file are read, UTF-8 and of bounded size:
a ruleset may come from somebody who should not see the rest of the disk. Beside them there are
those that come with loyalcore (library.py).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path, PurePosixPath

from loyalcore.errors import Location, Problem, did_you_mean
from loyalcore.ruleset.library import FOLDER, library_bytes, library_names
from loyalcore.ruleset.text import Text, shown

MAX_BYTES = 5 * 2**20  # of one file


class Refused(Exception):
    """A file that can't be read. The location has a line only where the file itself is wrong;
    otherwise the place that named the file is the one to tell about."""

    def __init__(self, code: str, message: str, location: Location, hint: str = "") -> None:
        self.problem = Problem(code, message, location, hint)
        super().__init__(message)


def folder_reader(folder: Path, main: str) -> Callable[[str], bytes]:
    """A function that gives the bytes of a file in `folder` by its relative path: of a file
    too large, only enough to tell. It raises Refused or OSError. `main` was named by the
    operator and may be a link to anywhere; all others must lie inside the folder, or come with
    loyalcore."""

    def read(name: str) -> bytes:
        if name.startswith(FOLDER):
            return _shipped(name)
        path = folder / name
        if not path.exists():
            hint = did_you_mean(name, _beside(path, PurePosixPath(name)))
            raise Refused("file-missing", f"there is no file {shown(name)}", Location(name), hint)
        if name != main and not path.resolve().is_relative_to(folder.resolve()):
            raise outside(name)
        if not path.is_file():
            raise Refused("file-unreadable", f"{shown(name)} is not a file", Location(name))
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)

    return read


def _shipped(name: str) -> bytes:
    known = library_names()
    if name in known:
        return library_bytes(name)
    hint = did_you_mean(name, known) or f"there is {', '.join(known)}"
    raise Refused("file-missing", f"loyalcore has no file {shown(name)}", Location(name), hint)


def _beside(path: Path, name: PurePosixPath) -> list[str]:
    """The files in the folder of `path`, named as `name` is."""
    if not path.parent.is_dir():
        return []
    return sorted(str(name.with_name(entry.name)) for entry in path.parent.iterdir())


def outside(name: str) -> Refused:
    return Refused(
        "include-outside",
        f"{shown(name)} is outside of the folder of the main file",
        Location(name),
        "put it beside the main file or in a folder below it, and name it from there",
    )


def read_text(name: str, read: Callable[[str], bytes]) -> str:
    """The text of a file, without its byte order mark. Raises Refused."""
    try:
        raw = read(name)
    except FileNotFoundError:
        raise Refused("file-missing", f"there is no file {shown(name)}", Location(name)) from None
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise Refused(
            "file-unreadable", f"{shown(name)} can't be read: {why}", Location(name)
        ) from None
    if len(raw) > MAX_BYTES:
        raise Refused(
            "file-too-large",
            f"{shown(name)} is larger than {MAX_BYTES // 2**20} MiB",
            Location(name),
            "split a ruleset with 'include'; keep in a table only what rules look up",
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _not_utf8(name, raw, error.start) from None


def _not_utf8(name: str, raw: bytes, at: int) -> Refused:
    bom = 3 if raw.startswith(b"\xef\xbb\xbf") else 0
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        message, at = "this file is UTF-16, not UTF-8", 0
    else:
        byte = raw[bom + at : bom + at + 1]
        seen = byte.decode("cp1252", errors="ignore")
        perhaps = f", '{seen}' in Windows-1252" if seen.isprintable() and seen else ""
        message = f"this is not UTF-8: byte {bom + at} of the file is 0x{byte[0]:02X}{perhaps}"
    before = raw[bom : bom + at].decode()
    return Refused(
        "not-utf8",
        message,
        Text.of(name, before).location(len(before)),
        "save the file as UTF-8",
    )
