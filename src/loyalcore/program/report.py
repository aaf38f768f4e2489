"""Collecting the mistakes of a ruleset while it is compiled, each with its place."""

from __future__ import annotations

from collections.abc import Iterable

from loyalcore.errors import Problem
from loyalcore.expression import Mistake
from loyalcore.ruleset.source import Document

Place = tuple[str | int, ...]


class Report:
    """The problems found so far. Places are paths into the document: ("rules", "earn", "on")."""

    def __init__(
        self, document: Document, problems: Iterable[Problem] = (), missing: Iterable[str] = ()
    ) -> None:
        self.document = document
        self._problems = dict.fromkeys(problems)  # the same mistake is told once
        self._missing = set(missing)

    def missing(self, names: Iterable[str]) -> None:
        """Names that were meant to be declared, but had mistakes: told once, there, and
        not again wherever they are used."""
        self._missing |= set(names)

    def _follows(self, message: str) -> bool:
        return any(f"'{name}'" in message for name in self._missing)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """All of them, in the order of the files."""
        return tuple(sorted(self._problems, key=lambda p: p.location))

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
        if code.startswith("unknown") and self._follows(message):
            return
        location = self.document.locate(place, key=key)
        self._problems[Problem(code, message, location, hint)] = None

    def warning(self, code: str, message: str, place: Place, *, hint: str = "") -> None:
        """Something that runs, but hardly as meant."""
        location = self.document.locate(place, key=True)
        self._problems[Problem(code, message, location, hint, "warning")] = None

    def mistakes(self, mistakes: Iterable[Mistake], place: Place) -> None:
        """The mistakes inside the expression at `place`."""
        for mistake in mistakes:
            if mistake.code.startswith("unknown") and self._follows(mistake.message):
                continue
            location = self.document.locate_in_text(place, mistake.span.start)
            problem = Problem(mistake.code, mistake.message, location, mistake.hint)
            self._problems[problem] = None
