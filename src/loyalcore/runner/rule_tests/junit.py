"""Results in the XML that build servers read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from junitparser import Error, JUnitXml, TestCase, TestSuite
from junitparser import Failure as Failed

from loyalcore.errors import Problem
from loyalcore.runner.rule_tests.verdict import Failure, Result


def junit(results: Mapping[Path, Sequence[Result]], problems: Iterable[Problem]) -> bytes:
    """The XML of all results, a suite for each file; a problem is an error in a suite of
    its own file."""
    document = JUnitXml("loyalcore")
    suites: dict[str, TestSuite] = {}

    def add(file: str, case: TestCase) -> None:
        suites.setdefault(file, TestSuite(file)).append(case)

    for path, of_file in results.items():
        for result in of_file:
            case = TestCase(result.case.name, classname=str(path))
            case.result = [_failed(failure) for failure in result.failures]
            add(str(path), case)
    for problem in problems:
        case = TestCase(str(problem.location), classname=problem.location.file)
        case.result = [Error(problem.message, problem.code)]
        add(problem.location.file, case)
    for suite in suites.values():
        document.append(suite)
    document.update_statistics()
    xml: bytes = document.tostring()
    return xml


def _failed(failure: Failure) -> Failed:
    heading = ", ".join(mismatch.what for mismatch in failure.mismatches)
    failed = Failed(f"{failure.point}: {heading}" if failure.point else heading, "expected")
    lines = [
        f"{mismatch.what}: expected {wanted!r}, got {got!r}"
        for mismatch in failure.mismatches
        for wanted, got in mismatch.rows
        if wanted != got
    ]
    failed.text = "\n".join([*lines, *(reason.text for reason in failure.reasons)])
    return failed
