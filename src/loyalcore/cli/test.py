"""`loyalcore test`: rule tests, what failed and why, and what they leave untried."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import BinaryIO, NamedTuple

import click
from msgspec import to_builtins
from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from loyalcore.cli.drawing import add_drawing
from loyalcore.cli.effects import value_text
from loyalcore.cli.output import console, json_option, print_json, print_table
from loyalcore.errors import Problem, RulesetInvalid, UsageError, did_you_mean
from loyalcore.matching import MatcherName
from loyalcore.plugins.gathering import default_vocabulary
from loyalcore.program.plan import Program
from loyalcore.runner.loading import load_program
from loyalcore.runner.rule_tests import (
    Coverage,
    Failure,
    Gap,
    Reason,
    Result,
    Suite,
    find,
    junit,
    load_suite,
    run_case,
)


class _Tested(NamedTuple):
    """A test file with what came of its cases."""

    suite: Suite
    results: tuple[Result, ...]


@click.command()
@click.argument(
    "paths",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path, exists=True),
    metavar="PATH...",
)
@click.option("--rule", default="", metavar="NAME", help="Only tests that concern this rule.")
@click.option(
    "--junit",
    "xml",
    type=click.File("wb"),
    help="Write the results to this file, in the XML of JUnit.",
)
@click.option("--coverage", "covering", is_flag=True, help="Show what no test has tried.")
@click.option(
    "--matcher",
    type=click.Choice(["durable", "compiled"]),
    default=None,
    help="What matches conditions [durable where it can be imported].",
)
@json_option
@click.pass_context
def test(
    ctx: click.Context,
    paths: tuple[Path, ...],
    rule: str,
    xml: BinaryIO | None,
    covering: bool,
    matcher: MatcherName | None,
    as_json: bool,
) -> None:
    """Run the rule tests in PATH: files, or folders that are searched for *.test.yaml.

    A ruleset stands for the tests beside it. A test concerns the rules that it names
    under `rule`, or else those that it expects to fire or to be held back. Exit status 1
    when a test fails or has problems.
    """
    files = find(paths)
    suites, problems = _load(files, matcher)
    if rule:
        _known(rule, suites)
    tested = [
        _Tested(
            suite,
            tuple(
                run_case(suite.program, case)
                for case in suite.cases
                if not rule or rule in case.rules
            ),
        )
        for suite in suites
    ]
    untried = _untried(tested, rule) if covering else []
    results = [result for each in tested for result in each.results]
    if not results and not problems:
        raise UsageError(f"no test concerns the rule '{rule}'")
    if xml is not None:
        xml.write(junit({each.suite.path: each.results for each in tested}, problems))
    if as_json:
        print_json(_as_json(tested, problems, untried))
    else:
        for problem in problems:
            click.echo(str(problem), err=True)
        for result in results:
            if not result.passed:
                console().print(_drawn(result))
        if covering:
            _print_untried(untried)
        click.echo(_verdict(results, problems, len(files)))
    ctx.exit(0 if not problems and all(result.passed for result in results) else 1)


def _load(files: Sequence[Path], matcher: MatcherName | None) -> tuple[list[Suite], list[Problem]]:
    """The suites in `files`, and the problems of those that have some."""
    vocabulary = default_vocabulary()

    @cache
    def program(path: Path) -> Program:
        return load_program(path, matcher, vocabulary).program

    suites: list[Suite] = []
    problems: dict[Problem, None] = {}  # two test files may try one ruleset
    for file in files:
        try:
            suites.append(load_suite(file, program))
        except RulesetInvalid as invalid:
            problems |= dict.fromkeys(invalid.problems)
    return suites, list(problems)


def _known(rule: str, suites: Sequence[Suite]) -> None:
    rules = {name for suite in suites for name in suite.rules}
    if suites and rule not in rules:
        hint = did_you_mean(rule, sorted(rules))
        raise UsageError(f"--rule {rule}: there is no such rule" + (f"; {hint}" if hint else ""))


class _Untried(NamedTuple):
    """What no test of a program has tried."""

    program: str
    gaps: tuple[Gap, ...]


def _untried(tested: Sequence[_Tested], rule: str) -> list[_Untried]:
    """What is left to try of each program, or of its rule of this name."""
    coverages: dict[str, Coverage] = {}
    for suite, results in tested:
        program = suite.program
        coverage = coverages.setdefault(program.hash, Coverage(program))
        for result in results:
            for step in result.taken:
                coverage.add(step)
    return [
        _Untried(
            coverage.program.name, tuple(gap for gap in coverage.gaps if rule in ("", gap.rule))
        )
        for coverage in coverages.values()
    ]


def _print_untried(untried: Sequence[_Untried]) -> None:
    for program, gaps in untried:
        if gaps:
            print_table((program, "untried", "condition"), gaps)
            click.echo()
        else:
            click.echo(f"{program}: every rule and condition is tried.\n")


def _verdict(results: Sequence[Result], problems: Sequence[Problem], files: int) -> str:
    passed = sum(result.passed for result in results)
    counts = [f"{passed} passed"]
    if passed < len(results):
        counts.append(f"{len(results) - passed} failed")
    if problems:
        counts.append(f"{len(problems)} problem{'s' * (len(problems) != 1)}")
    return f"{', '.join(counts)} in {files} file{'s' * (files != 1)}."


# --- for people -------------------------------------------------------------------------------


def _drawn(result: Result) -> RenderableType:
    heading = Text(f"{result.case.location}: ")
    heading.append("FAILED", style="bold red").append(f" {result.case.name}")
    parts: list[RenderableType] = []
    for failure in result.failures:
        if failure.point:
            parts.append(Text(failure.point, style="bold"))
        parts += [_sides(failure), *map(_reason, failure.reasons)]
    return Group(heading, *(Padding.indent(part, 2) for part in parts), "")


def _sides(failure: Failure) -> Table:
    """Expected against got, side by side."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")
    for column in ("", "expected", "got"):
        table.add_column(column, overflow="fold")
    for what, rows in failure.mismatches:
        for number, (expected, got) in enumerate(rows):
            table.add_row(
                what if number == 0 else "",
                Text(value_text(expected)),
                Text(value_text(got), style="" if expected == got else "red"),
            )
    return table


def _reason(reason: Reason) -> RenderableType:
    if reason.drawing is None:
        return Text(reason.text)
    tree = Tree(Text(reason.text), guide_style="dim")
    add_drawing(tree, reason.drawing)
    return tree


# --- for machines -----------------------------------------------------------------------------


def _as_json(
    tested: Sequence[_Tested],
    problems: Sequence[Problem],
    untried: Sequence[_Untried],
) -> dict[str, object]:
    results = [result for each in tested for result in each.results]
    passed = sum(result.passed for result in results)
    return {
        "passed": passed,
        "failed": len(results) - passed,
        "tests": [_test(result) for result in results],
        "problems": [
            {
                **problem.location._asdict(),
                "code": problem.code,
                "message": problem.message,
                "hint": problem.hint,
            }
            for problem in problems
        ],
        "untried": [
            {"program": program, **gap._asdict()} for program, gaps in untried for gap in gaps
        ],
    }


def _test(result: Result) -> dict[str, object]:
    return {
        "name": result.case.name,
        **result.case.location._asdict(),
        "passed": result.passed,
        "failures": [
            {
                "point": failure.point,
                "mismatches": [
                    {"what": what, "expected": wanted, "got": got}
                    for what, rows in failure.mismatches
                    for wanted, got in rows
                    if wanted != got
                ],
                "why": [_why(reason) for reason in failure.reasons],
            }
            for failure in result.failures
        ],
    }


def _why(reason: Reason) -> dict[str, object]:
    return {"text": reason.text, "condition": to_builtins(reason.drawing)}
