"""The text of one file of a ruleset, and its lines and columns."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field

from loyalcore.errors import Location, Problem

LONGEST_SHOWN = 60

_LINE_END = re.compile(r"\r\n|\r|\n")
# Control characters, halves of surrogate pairs, and what looks like nothing or like a line end
# and is neither (U+2028, U+2029, U+FEFF).
UNSEEN = re.compile(
    "[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)


@dataclass(frozen=True)
class Text:
    """The text of a file, and where its lines start."""

    name: str
    content: str = field(repr=False)
    lines: tuple[int, ...] = field(repr=False)

    @classmethod
    def of(cls, name: str, content: str) -> Text:
        return cls(name, content, (0, *(end.end() for end in _LINE_END.finditer(content))))

    def location(self, index: int) -> Location:
        """The line and column of the character at `index`."""
        line = bisect_right(self.lines, index)
        return Location(self.name, line, index - self.lines[line - 1] + 1)

    def unseen(self) -> Problem | None:
        """The first character that nobody can see and no file should hold, as a Problem."""
        found = UNSEEN.search(self.content)
        if not found:
            return None
        return Problem(
            "control-character",
            f"an invisible control character (U+{ord(found[0]):04X})",
            self.location(found.start()),
            "delete it; a text that needs it doesn't belong in a ruleset",
        )


def shown(word: str) -> str:
    """`word` for a message: in quotes, and cut where it is long."""
    return f"'{word}'" if len(word) <= LONGEST_SHOWN else f"'{word[:LONGEST_SHOWN]}...'"
