"""From a ruleset's path, or what the store kept of it, to a compiled Program."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from loyalcore.matching import MatcherName, default_matcher, why_unavailable
from loyalcore.errors import UsageError
from loyalcore.plugins import default_vocabulary
from loyalcore.program.compiler import compile_program
from loyalcore.program.plan import Program
from loyalcore.program.vocabulary import Vocabulary
from loyalcore.ruleset.load import load_source
from loyalcore.ruleset.source import Source, read_source


class Loaded(NamedTuple):
    """A program with the files that it was made from."""

    program: Program
    source: Source


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
    ruleset, document = load_source(source)
    program = compile_program(
        ruleset, document, vocabulary or default_vocabulary(), matcher or default_matcher()
    )
    return Loaded(program, source)
