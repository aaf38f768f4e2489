"""What one YAML scalar means, and where each character of its value stands in the file.

Only what nobody reads in two ways becomes something other than text::

    true false (True, TRUE, ...)   bool
    null ~ and nothing at all      None
    12 -3 0                        int
    12.50 -0.5                     Decimal, never a binary float

Everything else stays the text it is, for the field that holds it to judge: `no`, `yes`, `on`,
`NO` (Norway), `2024-01-01`, `09:00`, `007`, `+47`, `1_000`, `0x1F`, `0o17`, `1e3`, `.5`, `.inf`.
So does everything in quotes.
"""

from __future__ import annotations

import re
import sys
from decimal import Decimal
from typing import NamedTuple

from loyalcore.values import MAX_DIGITS

LONGEST_SEARCHED = 100_000  # characters; texts here have at most a tenth of that

_WORDS = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("null", "Null", "NULL", "~", "")),
}
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?")
_NUMBER_START = frozenset("-0123456789")
_BLANK = frozenset(" \t\r\n")
_QUOTED = re.compile(
    r"\\(?:x(?P<x>[0-9A-Fa-f]{2})|u(?P<u>[0-9A-Fa-f]{4})|U(?P<U>[0-9A-Fa-f]{8})"
    r"|(?P<fold>(?:\r\n|\r|\n)[ \t]*)|(?P<mark>.))|(?P<char>.)",
    re.DOTALL,
)
_ESCAPES = {
    "0": "\0", "a": "\a", "b": "\b", "t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r",
    "e": "\x1b", "N": "\x85", "_": "\xa0", "L": "\u2028", "P": "\u2029",
}  # fmt: skip


class NumberTooLong(ValueError):
    """A plain number of more digits than anything here calculates with."""


def read_plain(text: str) -> str | int | Decimal | bool | None:
    """The value of a scalar written without quotes. Raises NumberTooLong."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] in _NUMBER_START and (number := _NUMBER.fullmatch(text)):
        if len(text) - text.count("-") - text.count(".") > MAX_DIGITS:
            raise NumberTooLong
        return Decimal(text) if number[1] else int(text)
    return text


class _Char(NamedTuple):
    """One character of a scalar, and the half-open range of `raw` that writes it."""

    char: str
    start: int
    end: int


def index_in(raw: str, value: str, offset: int) -> int:
    """The index in `raw`, a scalar as written, of the character of `value` at `offset`.

    `value` is the text that `raw` stands for. `offset` may be its length: the place just after
    the last character. Quotes, escapes, folded lines and indentation are seen through. Where
    YAML folds several blanks into fewer, a blank's place is one of theirs. Of a scalar too long
    for anybody to look for a place in it: its start, 0.
    """
    if len(raw) > LONGEST_SEARCHED:
        return 0
    written = _written(raw)
    matched: list[_Char] = []
    at = 0
    while len(matched) < len(value):
        blanks = _blanks(value, len(matched))
        end = at
        while end < len(written) and written[end].char in _BLANK:
            end += 1
        if blanks:
            if end - at < blanks:
                return 0  # not what `raw` stands for
            # The first blank follows the word before, the last ones lead up to the word after.
            matched.append(written[at if matched else end - blanks])
            matched.extend(written[end - blanks + 1 : end])
            at = end
        else:
            if end == len(written) or written[end].char != value[len(matched)]:
                return 0
            matched.append(written[end])
            at = end + 1
    if not matched:
        return 0
    return matched[-1].end if offset >= len(value) else matched[max(offset, 0)].start


def _blanks(text: str, start: int) -> int:
    """How many blanks follow one another in `text` from `start` on."""
    end = start
    while end < len(text) and text[end] in _BLANK:
        end += 1
    return end - start


def _written(raw: str) -> list[_Char]:
    """The characters that `raw` writes, with its blanks and line ends not yet folded."""
    if raw[:1] in ("|", ">"):
        header = len(raw.splitlines(keepends=True)[0])
        return [_Char(raw[i], i, i + 1) for i in range(header, len(raw))]
    if raw[:1] == "'":
        quoted = re.finditer(r"''|.", raw[1:-1], re.DOTALL)
        return [_Char(part[0][0], part.start() + 1, part.end() + 1) for part in quoted]
    if raw[:1] == '"':
        return [
            _Char(_unescaped(part), part.start() + 1, part.end() + 1)
            for part in _QUOTED.finditer(raw[1:-1])
            if part["fold"] is None
        ]
    return [_Char(char, i, i + 1) for i, char in enumerate(raw)]


def _unescaped(part: re.Match[str]) -> str:
    if part["char"] is not None:
        return part["char"]
    if part["mark"] is not None:
        return _ESCAPES.get(part["mark"], part["mark"])
    code = int(part["x"] or part["u"] or part["U"], 16)
    return chr(code) if code <= sys.maxunicode else ""
