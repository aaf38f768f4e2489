"""Rule tests beside the ruleset of a small club, what comes of them, and what they never try."""

from __future__ import annotations

from pathlib import Path

from loyalcore.program.plan import Program
from loyalcore.runner.loading import load_program
from loyalcore.runner.rule_tests import Coverage, Result, Suite, load_suite, run_case


def load(folder: Path, ruleset: str, tests: str) -> Suite:
    """The suite of `tests`, as it stands below `tests:`, or of the one that it is in braces."""
    (folder / "club.yaml").write_text(ruleset)
    file = folder / "club.test.yaml"
    file.write_text(f"tests:\n  one: {tests}\n" if tests[0] == "{" else f"tests:\n{tests}")
    return load_suite(file, compiled)


def compiled(path: Path) -> Program:
    return load_program(path, "compiled").program


def outcome(folder: Path, ruleset: str, tests: str) -> Result:
    """What comes of the one test in `tests`."""
    suite = load(folder, ruleset, tests)
    (case,) = suite.cases
    return run_case(suite.program, case)


def told(result: Result) -> list[str]:
    """Every row that is not as expected: `what: expected > got`."""
    return [
        f"{mismatch.what}: {expected} > {got}"
        for failure in result.failures
        for mismatch in failure.mismatches
        for expected, got in mismatch.rows
        if expected != got
    ]


def why(result: Result) -> list[str]:
    return [reason.text for failure in result.failures for reason in failure.reasons]


def covered(suite: Suite) -> Coverage:
    """What the tests of a suite have tried, and what is left."""
    coverage = Coverage(suite.program)
    for case in suite.cases:
        for step in run_case(suite.program, case).taken:
            coverage.add(step)
    return coverage
