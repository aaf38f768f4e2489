"""From a ruleset's path, or what the store kept of it, to a compiled Program."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from loyalcore.errors import Location, Problem, RulesetInvalid, UsageError
from loyalcore.matching import MatcherName, default_matcher, why_unavailable
from loyalcore.plugins.gathering import default_vocabulary
from loyalcore.program.compiler import compile_program
from loyalcore.program.extending.vocabulary import Vocabulary
from loyalcore.program.plan import Program
from loyalcore.ruleset.load import draft
from loyalcore.ruleset.source import Source, read_source


class Loaded(NamedTuple):
    """A program with the files that it was made from, and what a careful author would
    still look at."""

    program: Program
    source: Source
    warnings: tuple[Problem, ...] = ()


def load_program(
    path: Path, matcher: MatcherName | None = None, vocabulary: Vocabulary | None = None
) -> Loaded:
    """The program in the ruleset at `path`. Raises RulesetInvalid with every problem."""
    return load_from(read_source(path), matcher, vocabulary)


def load_from(
    source: Source, matcher: MatcherName | None = None, vocabulary: Vocabulary | None = None
) -> Loaded:
    """The program that `source` describes. Without `matcher`, the best there is."""
    if matcher == "durable" and (why := why_unavailable()):
        raise UsageError(f"--matcher durable: {why}")
    words = vocabulary or default_vocabulary()
    try:
        compiled = compile_program(draft(source), words, matcher or default_matcher())
    except RulesetInvalid as invalid:
        raise RulesetInvalid((*invalid.problems, *_absent(source, words))) from None
    return Loaded(compiled.program, source, compiled.warnings)


def _absent(source: Source, vocabulary: Vocabulary) -> tuple[Problem, ...]:
    """What may be behind the problems of a ruleset: plugins that could not be loaded."""
    hint = "words of it are unknown here"
    return tuple(
        Problem(
            "plugin-absent",
            f"plugin '{name}' can't be loaded: {why}",
            Location(source.main),
            hint,
            "warning",
        )
        for name, why in vocabulary.absent.items()
    )
