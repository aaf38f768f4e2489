"""Collecting the mistakes of a ruleset while it is compiled, each with its place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from loyalcore.errors import Problem
from loyalcore.expression import Mistake
from loyalcore.ruleset.load import written
from loyalcore.ruleset.source import Document

Place = tuple[str | int, ...]

# What something that is declared may cure.
_UNDECLARED = ("unknown-name", "unknown-table", "unknown-row")


_QUOTED = re.compile("'([^']+)'")


def _parts(name: str) -> Iterator[str]:
    """A dotted name, and every part of it that may be a name by itself."""
    words = name.split(".")
    for start in range(len(words)):
        for end in range(start, len(words)):
            yield ".".join(words[start : end + 1])


class Report:
    """The problems found so far. Places are paths into the document: ("rules", "earn", "on")."""

    def __init__(
        self,
        document: Document,
        problems: Iterable[Problem] = (),
        missing: Iterable[str] = (),
        *,
        whole: bool = True,
    ) -> None:
        self.document = document
        self._whole = whole
        self._problems = dict.fromkeys(problems)  # the same mistake is told once
        self._missing = set(missing)
        self._elsewhere: list[tuple[Place, Place]] = []

    def stands(self, place: Place, really: Place) -> None:
        """What is checked as if it stood at `place` stands `really` there: what is made of
        something shorter. More of a place is told before less of it."""
        self._elsewhere.append((place, really))

    def _at(self, place: Place) -> Place:
        """Where it is written: what is made of something shorter stands where that does."""
        for prefix, really in self._elsewhere:
            if place[: len(prefix)] == prefix:
                place = (*really, *place[len(prefix) :])
                break
        return written(self.document.data, place)

    def missing(self, names: Iterable[str]) -> None:
        """Names that were meant to be declared, but had mistakes: told once, there, and
        not again wherever they are used."""
        self._missing |= set(names)

    def _follows(self, code: str, message: str, hint: str) -> bool:
        """Whether it is wrong only for want of something else, which is told already."""
        if not code.startswith("unknown"):
            return False
        if not self._whole and code in _UNDECLARED and not hint.startswith("did you mean"):
            return True
        parts = {part for told in _QUOTED.findall(message) for part in _parts(told)}
        return not parts.isdisjoint(self._missing)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """All of them, in the order of the files."""
        order = {name: place for place, name in enumerate(self.document.source.files)}
        return tuple(
            sorted(self._problems, key=lambda p: (order.get(p.location.file, 0), p.location))
        )

    @property
    def broken(self) -> bool:
        return any(problem.severity == "error" for problem in self._problems)

    def add(self, problems: Iterable[Problem]) -> None:
        """Problems that were found elsewhere."""
        self._problems |= dict.fromkeys(problems)

    def problem(
        self, code: str, message: str, place: Place, *, hint: str = "", key: bool = False
    ) -> None:
        """A mistake in the value at `place`, or in its name where `key`."""
        if self._follows(code, message, hint):
            return
        location = self.document.locate(self._at(place), key=key)
        self._problems[Problem(code, message, location, hint)] = None

    def warning(self, code: str, message: str, place: Place, *, hint: str = "") -> None:
        """Something that runs, but hardly as meant."""
        location = self.document.locate(self._at(place), key=True)
        self._problems[Problem(code, message, location, hint, "warning")] = None

    def mistakes(self, mistakes: Iterable[Mistake], place: Place) -> None:
        """The mistakes inside the expression at `place`."""
        for mistake in mistakes:
            if self._follows(mistake.code, mistake.message, mistake.hint):
                continue
            location = self.document.locate_in_text(self._at(place), mistake.span.start)
            problem = Problem(mistake.code, mistake.message, location, mistake.hint)
            self._problems[problem] = None
