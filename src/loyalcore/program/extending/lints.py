"""Lints: what a plugin would have authors look at in a ruleset that runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from loyalcore.errors import Location, Problem
from loyalcore.program.extending.guard import failure
from loyalcore.program.plan import Program
from loyalcore.ruleset.load import Draft
from loyalcore.ruleset.model import Ruleset


@dataclass(frozen=True)
class Finding:
    """Something to look at, at a `place` in the ruleset: ("rules", "earn", "limit"). `hint` says
    what to do about it."""

    message: str
    place: tuple[str | int, ...]
    hint: str = ""


@dataclass(frozen=True)
class Lint:
    """A look at whole rulesets, as a plugin registers it.

    `name` is the code of its findings, and `about` a line for people. `look` is pure; it sees
    what the author wrote, and the program that came of it.
    """

    name: str
    about: str
    look: Callable[[Ruleset, Program], Iterable[Finding]]


def lint(
    lints: Mapping[str, Lint], owners: Mapping[str, str], draft: Draft, program: Program
) -> tuple[Problem, ...]:
    """The findings of all lints, as warnings. One that fails is a warning that names it, and
    its plugin."""
    found: list[Problem] = []
    for name, one in lints.items():
        try:
            for finding in one.look(draft.ruleset, program):
                location = draft.document.locate(finding.place, key=True)
                told = Problem(name, finding.message, location, finding.hint, "warning")
                found.append(told)
        except (Exception, SystemExit) as error:  # noqa: BLE001 (it is somebody else's code)
            message = str(failure(owners[name], f"lint '{name}'", error))
            location = Location(draft.document.source.main)
            found.append(Problem("lint-failed", message, location, severity="warning"))
    return tuple(found)
