"""YAML text to parser events, by ruamel.yaml's own scanner and parser (YAML 1.2, pure Python).

The first step of reading a ruleset. Events, not composed nodes: they carry the same marks,
nothing in them is recursive, and reading can stop at any of them. Three small overrides make
it a third faster on large rulesets without changing one event (a test compares them with the
library's). The library's optional C parser is not used: a ruleset must not be read
differently where an extension happens to be installed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NoReturn

from ruamel.yaml import YAML
from ruamel.yaml.error import FileMark
from ruamel.yaml.events import Event
from ruamel.yaml.parser import Parser
from ruamel.yaml.reader import Reader
from ruamel.yaml.scanner import Scanner, ScannerError
from ruamel.yaml.tokens import Token

DIRECTIVE = "directives are not allowed"
NO_CHARACTER = "escape of no character"


def events(text: str) -> Iterator[Event]:
    """The parser events of `text`. Raises ruamel's YAMLError at the first syntax error."""
    yaml = YAML(typ="safe", pure=True)
    yaml.Reader = _Reader
    yaml.Scanner = _Scanner
    yaml.Parser = _Parser
    parsed: Iterator[Event] = yaml.parse(text)
    return parsed


class _Reader(Reader):
    """Moves over a run of characters at once where no line ends in it."""

    def forward(self, length: int = 1) -> None:
        end = self.pointer + length
        passed = self.buffer[self.pointer : end]
        if "\n" in passed or "\r" in passed or "\ufeff" in passed or end >= len(self.buffer):
            super().forward(length)
        else:
            self.pointer = end
            self.index += length
            self.column += length

    def get_mark(self) -> FileMark:
        return FileMark(self.name, self.index, self.line, self.column)


class _Scanner(Scanner):
    """Refuses directives (`%YAML 1.1` would change the meaning of the text after it), and says
    where an escape names no character, which the library lets fail on its own."""

    def fetch_directive(self) -> NoReturn:
        raise ScannerError(None, None, DIRECTIVE, self.reader.get_mark())

    def scan_flow_scalar_non_spaces(self, double: bool, start_mark: FileMark) -> list[str]:
        try:
            chunks: list[str] = super().scan_flow_scalar_non_spaces(double, start_mark)
        except (ValueError, OverflowError):  # chr() of a number beyond Unicode
            raise ScannerError(None, None, NO_CHARACTER, self.reader.get_mark()) from None
        return chunks


class _Tokens:
    """What a parser asks of its scanner, with the next token kept at hand: the parser asks
    about each token many times over, and the scanner recomputes much for every answer."""

    def __init__(self, scanner: Scanner) -> None:
        self._scanner = scanner
        self._next: Token | None = None

    def peek_token(self) -> Token | None:
        if self._next is None:
            self._next = self._scanner.get_token()
        return self._next

    def check_token(self, *choices: type[Token]) -> bool:
        token = self.peek_token()
        return isinstance(token, choices) if choices else token is not None

    def get_token(self) -> Token | None:
        token = self.peek_token()
        self._next = None
        return token


class _Parser(Parser):
    scanner: _Tokens | None = None

    def __init__(self, loader: YAML) -> None:
        super().__init__(loader)
        self.scanner = _Tokens(loader.scanner)
