"""Where events come from: files and standard input, plain or gzip, as blocks of lines."""

from __future__ import annotations

import gzip
import sys
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from io import BufferedReader, RawIOBase
from pathlib import Path
from typing import BinaryIO, cast

from loyalcore.errors import UsageError
from loyalcore.intake.envelope import MAX_LINE

STANDARD_INPUT = "-"
BLOCK = 1 << 16  # bytes read at a time: what is made of them is still in the cache when staged

_GZIP = b"\x1f\x8b"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_SUFFIXES = {".gz", ".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson"}

Lines = list[bytes]
Advance = Callable[[int], None]


def display_name(path: str) -> str:
    """The name by which rejects and messages call a file: without its folders."""
    return "stdin" if path == STANDARD_INPUT else Path(path).name


def source_name(path: str) -> str:
    """The source of events that name none: the file's name without folders and endings.

    So the same file from another folder, or packed, holds the same events.
    """
    name = Path(display_name(path))
    while name.suffix.lower() in _SUFFIXES and name.stem:
        name = name.with_suffix("")
    return name.name


def check_paths(paths: Sequence[str]) -> int | None:
    """How many bytes there are to read, None where that can't be known.

    Raises UsageError for a path that can't be read, before anything is.
    """
    if paths.count(STANDARD_INPUT) > 1:
        raise UsageError("standard input (-) can be read only once")
    total: int | None = 0
    for path in paths:
        if path == STANDARD_INPUT:
            total = None
        elif Path(path).is_dir():
            raise UsageError(f"{path} is a folder; name the files in it")
        elif not Path(path).exists():
            raise UsageError(f"there is no file {path}")
        elif total is not None:
            total = total + Path(path).stat().st_size if Path(path).is_file() else None
    return total


def read_lines(path: str, advance: Advance) -> Iterator[Lines]:
    """The lines of a file, without their ends, a block at a time.

    A line longer than MAX_LINE is cut to one byte more, so that it can be told. `advance`
    is called with the number of bytes read since the last call. Raises UsageError for what
    is not UTF-8 text or a gzip of it.
    """
    with _explained(path), _opened(path) as file:
        # By its first bytes: logs are renamed, and standard input has no name.
        packed = file.peek(2)[:2] == _GZIP
        text = gzip.GzipFile(fileobj=file) if packed else file
        yield from _split(_blocks(text, file, advance), path)


@contextmanager
def open_source(path: str, advance: Advance) -> Iterator[BinaryIO]:
    """The content of a file, unpacked where it is gzip; `advance` is called with its size when
    all is read. Raises UsageError for what can't be read."""
    with _explained(path), _opened(path) as file:
        packed = file.peek(2)[:2] == _GZIP
        yield cast(BinaryIO, gzip.GzipFile(fileobj=file)) if packed else file
        advance(file.tell() if file.seekable() else 0)


@contextmanager
def _opened(path: str) -> Iterator[BufferedReader]:
    if path == STANDARD_INPUT:
        stdin = sys.stdin.buffer
        yield stdin if isinstance(stdin, BufferedReader) else BufferedReader(cast(RawIOBase, stdin))
        return
    with Path(path).open("rb") as file:
        yield file


@contextmanager
def _explained(path: str) -> Iterator[None]:
    """Turn what unpacking and disks say into one sentence about the file."""
    try:
        yield
    except EOFError:
        raise UsageError(
            f"{path} ends in the middle of its gzip data; nothing was handled. Fetch the file again"
        ) from None
    except (zlib.error, gzip.BadGzipFile):
        raise UsageError(f"{path} has damaged gzip data; nothing was handled") from None
    except OSError as error:
        raise UsageError(f"{path} can't be read: {error.strerror}") from None


def _blocks(text: BinaryIO | gzip.GzipFile, file: BinaryIO, advance: Advance) -> Iterator[bytes]:
    """The content in blocks. Progress is counted in the bytes of the file, packed or not."""
    told = 0
    while block := text.read(BLOCK):
        yield block
        reached = file.tell() if file.seekable() else told + len(block)
        advance(reached - told)
        told = reached


def _split(blocks: Iterator[bytes], path: str) -> Iterator[Lines]:
    rest = b""
    first = True
    for block in blocks:
        if first:
            first = False
            _check_text(block, path)
            block = block.removeprefix(_BYTE_ORDER_MARK)
        lines = block.split(b"\n")
        if len(lines) == 1:
            # Within a very long line: keep no more of it than tells that it is too long.
            rest = (rest + block)[: MAX_LINE + 1]
            continue
        lines[0] = (rest + lines[0])[: MAX_LINE + 1]
        rest = lines.pop()
        yield lines
    if rest:
        yield [rest]


def _check_text(block: bytes, path: str) -> None:
    if b"\0" in block[:1024]:
        raise UsageError(
            f"{path} is not UTF-8 text (a spreadsheet, or UTF-16?); save it as UTF-8 CSV or JSONL"
        )
