"""`loyalcore test`: what it prints, what it writes, and how it exits."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from loyalcore.cli import main

ROOT = Path(__file__).parents[2]

CLUB = """\
program: club
events: {purchase: {amount: money}}
wallets: {beans: {}}
rules:
  earn:
    on: purchase
    then: [{earn: {beans: amount}}]
  big:
    on: purchase
    when: amount > 100 and not missing(amount)
    then: [{earn: {beans: 10}}]
"""

PASSES = """\
tests:
  a purchase earns:
    events: [{type: purchase, time: 2026-01-06T10:00, amount: 12}]
    expect: {decisions: [earn], balance: {beans: 12}}
"""

FAILS = """\
tests:
  a purchase earns:
    events: [{type: purchase, time: 2026-01-06T10:00, amount: 12}]
    expect: {decisions: [earn]}
  a hundred is big:
    rule: big
    events: [{type: purchase, time: 2026-01-06T10:00, amount: 100}]
    expect: {decisions: [earn, big], balance: {beans: 110}}
"""

BROKEN = PASSES.replace("beans", "bean")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to run in, with the ruleset of a club."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "club.yaml").write_text(CLUB)
    return tmp_path


def said_of(tests: str, *arguments: str) -> Result:
    """What `loyalcore test .` says of `tests`."""
    Path("club.test.yaml").write_text(tests)
    return CliRunner().invoke(main, ["test", ".", *arguments])


@pytest.mark.usefixtures("folder")
def test_all_pass() -> None:
    result = said_of(PASSES)
    assert (result.exit_code, result.output) == (0, "1 passed in 1 file.\n")


@pytest.mark.usefixtures("folder")
def test_a_failure_shows_both_sides_and_why() -> None:
    result = said_of(FAILS)
    assert result.exit_code == 1
    assert [line.rstrip() for line in result.output.splitlines()] == [
        "club.test.yaml:5:3: FAILED a hundred is big",
        "                  expected   got",
        "  ───────────────────────────────",
        "  decisions       earn       earn",
        "                  big",
        "  balance.beans   110        100",
        "  big did not fire at the purchase of 2026-01-06 10:00: its condition is false",
        "  └── ✗ amount > 100 and not missing(amount)",
        "      ├── ✗ amount > 100",
        "      │   └── amount = 100.00",
        "      └── ✓ not missing(amount)",
        "          └── ✗ missing(amount)",
        "              └── amount = 100.00",
        "  earn at the purchase of 2026-01-06 10:00: +100 beans",
        "",
        "1 passed, 1 failed in 1 file.",
    ]


@pytest.mark.usefixtures("folder")
def test_a_failure_names_its_point_in_time() -> None:
    result = said_of(PASSES.replace("expect: {", "expect: {at: 2026-01-05, "))
    assert result.exit_code == 1
    assert result.output.splitlines()[1].strip() == "2026-01-05"


@pytest.mark.usefixtures("folder")
def test_a_slip_in_a_test_is_told_with_its_place() -> None:
    result = said_of(BROKEN)
    assert result.exit_code == 1
    assert result.stderr == (
        "club.test.yaml:4:43: error: there is no wallet 'bean' (did you mean 'beans'?)"
        " [unknown-name]\n"
    )
    assert result.stdout == "0 passed, 1 problem in 1 file.\n"


def test_a_problem_in_one_file_does_not_keep_others_from_running(folder: Path) -> None:
    (folder / "other.test.yaml").write_text(f"ruleset: club.yaml\n{BROKEN}")
    result = said_of(PASSES)
    assert result.exit_code == 1
    assert result.stdout == "1 passed, 1 problem in 2 files.\n"


def test_the_problems_of_a_ruleset_are_told_once(folder: Path) -> None:
    (folder / "club.yaml").write_text(CLUB.replace("amount > 100", "amont > 100"))
    (folder / "other.test.yaml").write_text(f"ruleset: club.yaml\n{PASSES}")
    result = said_of(PASSES)
    assert result.exit_code == 1
    assert result.stderr.count("amont") == 1
    assert result.stdout == "0 passed, 1 problem in 2 files.\n"


@pytest.mark.usefixtures("folder")
def test_a_rule_selects_the_tests_that_concern_it() -> None:
    assert said_of(FAILS, "--rule", "earn").stdout == "1 passed in 1 file.\n"
    assert "1 failed" in said_of(FAILS, "--rule", "big").stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--rule", "earnt"], "there is no such rule; did you mean 'earn'?"),
        (["--rule", "big"], "no test concerns the rule 'big'"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_a_rule_that_selects_nothing_is_wrong_usage(arguments: list[str], said: str) -> None:
    result = said_of(PASSES, *arguments)
    assert result.exit_code == 2
    assert said in result.stderr


def test_no_tests_is_wrong_usage(folder: Path) -> None:
    result = CliRunner().invoke(main, ["test", str(folder)])
    assert result.exit_code == 2
    assert "there are no rule tests" in result.stderr


@pytest.mark.usefixtures("folder")
def test_coverage_shows_what_is_untried() -> None:
    result = said_of(PASSES, "--coverage")
    assert result.exit_code == 0
    assert [line.split() for line in result.output.splitlines()[2:]] == [
        ["big", "never", "fired"],
        ["big", "never", "true", "amount", ">", "100"],
        ["big", "never", "true", "missing(amount)"],
        [],
        ["1", "passed", "in", "1", "file."],
    ]
    told = said_of(PASSES, "--coverage", "--rule", "earn").output
    assert told == "club: every rule and condition is tried.\n\n1 passed in 1 file.\n"


@pytest.mark.usefixtures("folder")
def test_json_is_for_machines() -> None:
    report = json.loads(said_of(FAILS, "--json", "--coverage").stdout)
    assert (report["passed"], report["failed"], report["problems"]) == (1, 1, [])
    assert report["untried"][0] == {"program": "club", "rule": "big", "what": "never fired"} | {
        "condition": ""
    }
    failed = report["tests"][1]
    assert (failed["name"], failed["file"], failed["line"], failed["passed"]) == (
        "a hundred is big",
        "club.test.yaml",
        5,
        False,
    )
    (failure,) = failed["failures"]
    assert failure["mismatches"] == [
        {"what": "decisions", "expected": "big", "got": ""},
        {"what": "balance.beans", "expected": 110, "got": 100},
    ]
    condition = failure["why"][0]["condition"]
    assert (condition["value"], condition["parts"][0]["text"]) == (False, "amount > 100")


@pytest.mark.usefixtures("folder")
def test_json_tells_problems_too() -> None:
    report = json.loads(said_of(BROKEN, "--json").stdout)
    assert report["problems"] == [
        {
            "file": "club.test.yaml",
            "line": 4,
            "column": 43,
            "code": "unknown-name",
            "message": "there is no wallet 'bean'",
            "hint": "did you mean 'beans'?",
        }
    ]


def test_junit_is_written_to_a_file(folder: Path) -> None:
    assert said_of(FAILS, "--junit", "results.xml").exit_code == 1
    root = ElementTree.parse(folder / "results.xml").getroot()
    assert (root.get("tests"), root.get("failures")) == ("2", "1")


@pytest.mark.parametrize("matcher", ["durable", "compiled"])
@pytest.mark.parametrize("program", ["b2b-partners", "coffee-club", "record-shop"])
def test_the_tests_of_our_own_rulesets_pass_and_try_everything(program: str, matcher: str) -> None:
    result = CliRunner().invoke(
        main,
        ["test", str(ROOT / "rulesets" / program), "--coverage", "--matcher", matcher],
    )
    assert result.exit_code == 0, result.output
    assert f"{program}: every rule and condition is tried." in result.output
