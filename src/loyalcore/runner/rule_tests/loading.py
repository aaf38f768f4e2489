"""From paths to suites: which files hold rule tests, and what they say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from loyalcore.errors import Problem, RulesetInvalid, UsageError, did_you_mean
from loyalcore.program.plan import Program
from loyalcore.program.report import Report
from loyalcore.ruleset.load import shape_problems
from loyalcore.ruleset.source import Document, parse, read_source
from loyalcore.runner.rule_tests.cases import Case, read_cases
from loyalcore.runner.rule_tests.model import TestFileSpec, known_keys
from loyalcore.runner.rule_tests.sections import decision_names

ENDING = ".test.yaml"

LoadProgram = Callable[[Path], Program]


@dataclass(frozen=True)
class Suite:
    """The cases of one test file, and the program they try."""

    path: Path
    program: Program
    cases: tuple[Case, ...]

    @property
    def rules(self) -> tuple[str, ...]:
        """All that a test may be about: rules, and what sections decide by themselves."""
        return decision_names(self.program)


def find(paths: Iterable[Path]) -> tuple[Path, ...]:
    """The test files that `paths` mean, each once: a folder stands for all those in it, a
    ruleset for those beside it. Raises UsageError where there are none."""
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            files = [file for file in sorted(path.rglob(f"*{ENDING}")) if _visible(path, file)]
        else:
            file = path if path.name.endswith(ENDING) else path.with_suffix(ENDING)
            files = [file] if file.is_file() else []
        if not files:
            sought = f"*{ENDING}" if path.is_dir() else path.with_suffix(ENDING).name
            raise UsageError(f"{path}: there are no rule tests ({sought})")
        found |= dict.fromkeys(files)
    return tuple(found)


def _visible(folder: Path, file: Path) -> bool:
    return not any(part.startswith(".") for part in file.relative_to(folder).parts)


def load_suite(path: Path, load_program: LoadProgram) -> Suite:
    """The tests in the file at `path`. Raises RulesetInvalid with every problem of the
    ruleset, or else of the tests, each with a path that the operator can open."""
    with _placed(path.parent):
        document, spec = _read(path)
        report = Report(document)
        ruleset = _ruleset(path, spec, report)
        _raise(report)
    with _placed(ruleset.parent):
        program = load_program(ruleset)
    with _placed(path.parent):
        cases = tuple(read_cases(path, spec, program, report))
        _raise(report)
    return Suite(path, program, cases)


@contextmanager
def _placed(folder: Path) -> Iterator[None]:
    """Problems know their file by its path from the main file's folder, which is this one."""
    try:
        yield
    except RulesetInvalid as invalid:
        raise RulesetInvalid([_in(folder, problem) for problem in invalid.problems]) from None


def _in(folder: Path, problem: Problem) -> Problem:
    at = problem.location
    return problem._replace(location=at._replace(file=str(folder / at.file)))


def _raise(report: Report) -> None:
    if report.broken:
        raise RulesetInvalid(report.problems)


def _read(path: Path) -> tuple[Document, TestFileSpec]:
    document = parse(read_source(path))
    if any(problem.severity == "error" for problem in document.problems):
        raise RulesetInvalid(document.problems)
    try:
        return document, TestFileSpec.model_validate(document.data)
    except ValidationError as invalid:
        raise RulesetInvalid(shape_problems(invalid, document, keys=known_keys)) from None


def _ruleset(path: Path, spec: TestFileSpec, report: Report) -> Path:
    """The ruleset that the tests in `path` try. Reports one that is not there."""
    name = spec.ruleset or f"{path.name.removesuffix(ENDING)}.yaml"
    ruleset = path.parent / name
    if not ruleset.is_file():
        beside = sorted(file.name for file in path.parent.glob("*.yaml"))
        hint = did_you_mean(name, beside) or "name it with ruleset: FILE"
        report.problem("file-missing", f"there is no ruleset '{name}'", ("ruleset",), hint=hint)
    return ruleset
