"""The channel that comes with loyalcore: messages into a file, or into a folder of them.

For programmes whose messages another system picks up, and for trying things out. A message
is there when its receipt is given (fsync), and only once, however often it is sent.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Literal

from filelock import FileLock
from pydantic import BaseModel, ConfigDict, Field

from loyalcore.channels import Channel, ChannelKind, GiveUp, Message, Receipt, TryAgain


class FileSettings(BaseModel):
    """Where messages go."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Path = Field(
        Path("messages.jsonl"), description="the file, or the folder; its parent must exist"
    )
    form: Literal["lines", "folder"] = Field(
        "lines", description="lines of JSON in one file, or a folder with a file per message"
    )


def open_file(settings: FileSettings) -> Channel:
    """The channel into the file, or the folder."""
    if settings.form == "folder":
        return FolderChannel(settings.path)
    return LinesChannel(settings.path)


def as_json(message: Message) -> str:
    """`message` as one line of JSON, in the same words every time."""
    return json.dumps(message.plain(), ensure_ascii=False)


class LinesChannel(Channel):
    """Lines of JSON at the end of one file, which others may write to in the same way."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._own = Lock()  # among the threads of this process
        self._lock = FileLock(f"{path}.lock", thread_local=False)  # among processes
        self._file = 0  # the number that the system has for it: another once it is moved away
        self._seen: dict[str, int] = {}  # the line of each key
        self._read = 0  # bytes of the file that `_seen` tells of
        self._lines = 0

    def send(self, message: Message) -> Receipt:
        (receipt,) = self.send_batch([message])
        return receipt

    def send_batch(self, messages: Sequence[Message]) -> Sequence[Receipt]:
        if not self._path.parent.is_dir():
            raise TryAgain("its folder does not exist")
        try:
            with self._own, self._lock, self._path.open("a+b") as file:
                self._catch_up(file.fileno())
                new = {m.key: as_json(m) for m in messages if m.key not in self._seen}
                if new:
                    file.write("".join(f"{line}\n" for line in new.values()).encode())
                    file.flush()
                    os.fsync(file.fileno())
                    self._catch_up(file.fileno())
        except OSError as error:
            raise TryAgain(f"the file can't be written: {error.strerror}") from error
        return [Receipt(f"{self._path.name}:{self._seen[m.key]}") for m in messages]

    def _catch_up(self, file: int) -> None:
        """Note the keys of lines that are new in the file, and take away a last line that was
        cut short: its writer was killed before it gave a receipt."""
        status = os.fstat(file)
        if status.st_ino != self._file or status.st_size < self._read:
            self._file, self._read, self._lines = status.st_ino, 0, 0
            self._seen.clear()
        with os.fdopen(os.dup(file), "rb") as reader:
            reader.seek(self._read)
            for line in reader:
                if not line.endswith(b"\n"):
                    os.truncate(file, self._read)
                    return
                self._read += len(line)
                self._lines += 1
                self._seen.setdefault(_key(line), self._lines)


def _key(line: bytes) -> str:
    try:
        return str(json.loads(line)["key"])
    except (ValueError, LookupError, TypeError):
        return ""  # somebody else's line


class FolderChannel(Channel):
    """A file per message, named by its key."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, message: Message) -> Receipt:
        name = f"{message.key}.json"
        if Path(name).name != name:
            raise GiveUp("its key is no name of a file")
        try:
            self._folder.mkdir(exist_ok=True)
            if not (self._folder / name).exists():
                self._write(name, f"{as_json(message)}\n".encode())
        except OSError as error:
            raise TryAgain(f"the folder can't be written: {error.strerror}") from error
        return Receipt(name)

    def _write(self, name: str, content: bytes) -> None:
        """Whole or not at all: under another name first."""
        part = self._folder / f".{name}.{os.getpid()}"
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(self._folder / name)
        with _opened(self._folder) as folder:
            os.fsync(folder)


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


FILE = ChannelKind(
    "file", FileSettings, open_file, html=True, batch=100, attachments=True, reply=True
)
