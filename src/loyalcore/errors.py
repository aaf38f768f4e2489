"""What can go wrong, and how it is said. The bottom of the import order.

Mistakes of a ruleset author are *values*: a `Problem` has a code, a message, a place and
a hint; all of them are collected and reported at once. What stops a command is an
exception under one base, printed in one line by the command line. Anything else is a bug
and shows its traceback::

    LoyalcoreError
    ├── RulesetInvalid     a ruleset has problems (carries all of them)
    ├── EventInvalid       one event can't be read or decided (it is kept as a reject)
    │   └── PluginFailed   what a plugin brings to the step failed at this event
    ├── StoreError         the SQLite file is locked, newer than this program, or damaged
    ├── PluginError        a plugin broke its contract (names the plugin)
    └── UsageError         the operator asked for something that is not there
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from itertools import islice
from typing import Literal, NamedTuple


class Location(NamedTuple):
    """A place in a file. `line` and `column` count from 1; 0 means the whole file."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        if not self.line:
            return self.file
        return f"{self.file}:{self.line}:{self.column}"


class Problem(NamedTuple):
    """One mistake in what an author wrote.

    `code` is a stable, documented word (docs/problems.md); `message` says what is wrong;
    `hint` says what to do about it. Only `error` stops a ruleset from running.
    """

    code: str
    message: str
    location: Location
    hint: str = ""
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        hint = f" ({self.hint})" if self.hint else ""
        return f"{self.location}: {self.severity}: {self.message}{hint} [{self.code}]"


LONGEST_WORD = 100  # comparing words is quadratic in their length, and words come from people
MOST_CANDIDATES = 1_000


def did_you_mean(word: str, candidates: Iterable[str]) -> str:
    """A hint such as "did you mean 'purchase'?", or "" where no candidate is close to `word`.

    Case does not count. Bounded in time: very long words, and candidates beyond the first
    thousand, are not compared.
    """
    if len(word) > LONGEST_WORD:
        return ""
    known: dict[str, str] = {}
    for candidate in islice(candidates, MOST_CANDIDATES):
        if len(candidate) <= LONGEST_WORD:
            known.setdefault(candidate.casefold(), candidate)
    close = get_close_matches(word.casefold(), known, n=1, cutoff=0.65)
    return f"did you mean '{known[close[0]]}'?" if close else ""


class LoyalcoreError(Exception):
    """Base of everything loyalcore raises on purpose."""


class RulesetInvalid(LoyalcoreError):
    """A ruleset can't be used. `problems` holds every mistake found, in file order."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class EventInvalid(LoyalcoreError):
    """An event that can't be accepted. `code` is a stable, documented word."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


class PluginFailed(EventInvalid):
    """What a plugin brings to the step failed at this event. The message names the plugin."""

    def __init__(self, message: str) -> None:
        super().__init__("plugin-failed", message)


class StoreError(LoyalcoreError):
    """The store can't be opened or written as asked."""


class PluginError(LoyalcoreError):
    """A plugin broke its contract. The message names the plugin."""


class UsageError(LoyalcoreError):
    """What was asked for does not exist or makes no sense; the message says what does."""
