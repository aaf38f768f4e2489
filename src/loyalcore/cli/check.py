"""`loyalcore check`: every problem of every ruleset, at once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import click

from loyalcore.cli.output import print_json
from loyalcore.errors import Location, Problem, RulesetInvalid, UsageError
from loyalcore.matching import MatcherName
from loyalcore.plugins.gathering import gathered, owners, vocabulary
from loyalcore.plugins.loading import make_manager
from loyalcore.program.extending.lints import Lint, lint
from loyalcore.program.extending.vocabulary import Vocabulary
from loyalcore.ruleset.load import draft
from loyalcore.ruleset.source import parse, read_source
from loyalcore.runner.loading import load_from


@click.command()
@click.argument(
    "paths",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path, exists=True),
    metavar="PATH...",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    show_default=True,
    help="github annotates the lines of a pull request.",
)
@click.option("--json", "form", flag_value="json", help="The same as --format json.")
@click.option("--strict", is_flag=True, help="Exit 1 on warnings too.")
@click.pass_context
def check(ctx: click.Context, paths: tuple[Path, ...], form: str, strict: bool) -> None:
    """Check rulesets and all that they include, without running anything.

    A folder means every ruleset in it. Exit status 1 when there are problems.
    """
    manager = make_manager()
    words = vocabulary(manager)
    lints = gathered(manager, "loyalcore_lints")
    lint_owners = owners(manager, "loyalcore_lints")
    rulesets = list(find_rulesets(paths))
    if not rulesets:
        raise UsageError(f"there is no ruleset in {', '.join(map(str, paths))}")
    found = [
        (path, problem)
        for path in rulesets
        for problem in problems_of(path, words, lints, lint_owners)
    ]
    match form:
        case "json":
            print_json([_as_json(path, problem) for path, problem in found])
        case "github":
            for path, problem in found:
                click.echo(_as_annotation(path, problem))
        case _:
            for path, problem in found:
                click.echo(str(problem._replace(location=_place(path, problem))))
            click.echo(_verdict(len(rulesets), [problem for _, problem in found]))
    failing = {"error", "warning"} if strict else {"error"}
    ctx.exit(1 if any(problem.severity in failing for _, problem in found) else 0)


def find_rulesets(paths: Sequence[Path]) -> Iterator[Path]:
    """The files named, and in folders those that are rulesets; each of them once."""
    found = {}
    for path in paths:
        inside = sorted((*path.rglob("*.yaml"), *path.rglob("*.yml"))) if path.is_dir() else []
        rulesets = [file for file in inside if _is_ruleset(file)] if path.is_dir() else [path]
        found.update({file.resolve(): file for file in rulesets})
    return iter(found.values())


_NAMES_A_PROGRAM = re.compile(r"^program\s*:", re.MULTILINE)


def _is_ruleset(file: Path) -> bool:
    """Whether the file names a program, or should but is too broken to tell."""
    if file.stem.endswith(".test"):
        return False
    source = read_source(file)
    text = source.files.get(source.main)
    return text is None or "program" in parse(source).data or bool(_NAMES_A_PROGRAM.search(text))


def problems_of(
    path: Path, vocabulary: Vocabulary, lints: Mapping[str, Lint], owners: Mapping[str, str]
) -> tuple[Problem, ...]:
    """Errors and warnings of the ruleset at `path`, in the order of its files; then, where it
    runs, what lints find."""
    # Conditions are compiled in plain Python: a check wants no rule network.
    matcher: MatcherName = "compiled"
    try:
        loaded = load_from(read_source(path), matcher, vocabulary)
    except RulesetInvalid as invalid:
        return invalid.problems
    if not lints:
        return loaded.warnings
    return (*loaded.warnings, *lint(lints, owners, draft(loaded.source), loaded.program))


def _place(path: Path, problem: Problem) -> Location:
    return problem.location._replace(file=str(path.parent / problem.location.file))


def _as_json(path: Path, problem: Problem) -> dict[str, object]:
    file, line, column = problem.location
    return {
        "file": str(path.parent / file),
        "line": line,
        "column": column,
        "severity": problem.severity,
        "code": problem.code,
        "message": problem.message,
        "hint": problem.hint,
    }


def _as_annotation(path: Path, problem: Problem) -> str:
    """A GitHub workflow command; its own marks in texts are escaped as GitHub wants."""
    file, line, column = problem.location
    hint = f" ({problem.hint})" if problem.hint else ""
    place = f"file={_escaped(str(path.parent / file), ':,')},line={line},col={column}"
    title = _escaped(problem.code, ":,")
    return f"::{problem.severity} {place},title={title}::{_escaped(problem.message + hint)}"


def _escaped(text: str, also: str = "") -> str:
    for character in "%\r\n" + also:
        text = text.replace(character, f"%{ord(character):02X}")
    return text


def _verdict(rulesets: int, problems: Sequence[Problem]) -> str:
    errors = sum(problem.severity == "error" for problem in problems)
    warnings = len(problems) - errors
    what = f"{rulesets} ruleset{'s' * (rulesets != 1)}"
    if not problems:
        return f"{what} checked; no problems."
    counts = f"{errors} error{'s' * (errors != 1)}, {warnings} warning{'s' * (warnings != 1)}"
    return f"{what} checked; {counts}."
