"""`loyalcore check`: what it finds, in three forms, and how it exits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]

ROOT = Path(__file__).parents[2]

SOUND = "program: sound\nevents: {visit: }\n"
UNUSED = f"{SOUND}messages: {{hi: {{text: Hello}}}}\n"
BROKEN = """\
program: broken
include: more.yaml
events: {visit: {shop: txt}}
wallets: {beans: }
"""
MORE = "rules:\n  r: {on: visit, then: [{ern: {beans: 1}}]}\n  s: {onn: visit}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to be in, with one sound ruleset and one broken one, of two files."""
    monkeypatch.chdir(tmp_path)
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "broken.yaml").write_text(BROKEN)
    (inner / "more.yaml").write_text(MORE)
    (tmp_path / "sound.yml").write_text(SOUND)
    return tmp_path


def test_the_rulesets_here_are_sound(cli: Cli) -> None:
    said = cli("check", "--strict", ROOT / "rulesets")
    assert (said.status, said.out) == (0, "3 rulesets checked; no problems.\n")


@pytest.mark.usefixtures("folder")
def test_every_problem_of_every_file_is_told(process: Cli) -> None:
    said = process("check", "sound.yml", "inner/broken.yaml")
    assert said.out.splitlines() == [
        (
            "inner/broken.yaml:3:24: error: there is no type 'txt' (did you mean 'text'?)"
            " [unknown-type]"
        ),
        "inner/more.yaml:3:3: error: 'on' is missing in rules s [missing-key]",
        "inner/more.yaml:3:3: error: 'then' is missing in rules s [missing-key]",
        "inner/more.yaml:3:7: error: there is no 'onn' here (did you mean 'on'?) [unknown-key]",
        "2 rulesets checked; 4 errors, 0 warnings.",
    ]
    assert (said.status, said.err) == (1, "")


def test_a_folder_is_every_ruleset_in_it(cli: Cli, folder: Path) -> None:
    (folder / "sound.test.yaml").write_text("tests: {}\n")
    (folder / "other.yaml").write_text("services: {web: {image: nginx}}\n")
    said = cli("check", ".")
    assert said.status == 1
    assert said.out.splitlines()[-1] == "2 rulesets checked; 4 errors, 0 warnings."


def test_a_ruleset_named_twice_is_checked_once(cli: Cli, folder: Path) -> None:
    said = cli("check", ".", "inner", "inner/broken.yaml", folder / "inner" / "broken.yaml")
    assert said.out.splitlines()[-1] == "2 rulesets checked; 4 errors, 0 warnings."


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"program: club\nrules: {r: [\n", "yaml-syntax"),
        (b"rules: {r: [\nprogram: club\n", "yaml-syntax"),  # broken before it is named
        (b"program: caf\xe9\n", "not-utf8"),
    ],
)
def test_a_ruleset_too_broken_to_be_read_is_not_passed_over(
    cli: Cli, folder: Path, content: bytes, code: str
) -> None:
    (folder / "bad.yaml").write_bytes(content)
    said = cli("check", ".", "--json")
    assert said.status == 1
    assert ("bad.yaml", code) in [(problem["file"], problem["code"]) for problem in said.json]


@pytest.mark.usefixtures("folder")
def test_json_says_the_same_for_machines(cli: Cli) -> None:
    said = cli("check", "inner", "--format", "json")
    assert said.status == 1
    assert said.json[0] == {
        "file": "inner/broken.yaml",
        "line": 3,
        "column": 24,
        "severity": "error",
        "code": "unknown-type",
        "message": "there is no type 'txt'",
        "hint": "did you mean 'text'?",
    }
    assert cli("check", "inner", "--json") == said
    assert cli("check", "sound.yml", "--json").json == []


def test_github_annotates_the_lines(cli: Cli, folder: Path) -> None:
    odd = folder / "50%,odd:name.yaml"
    odd.write_text("program: club\nevents: {visit: {shop: txt}}\n")
    said = cli("check", odd.name, "--format", "github")
    assert said.status == 1
    assert said.out == (
        "::error file=50%25%2Codd%3Aname.yaml,line=2,col=24,title=unknown-type"
        "::there is no type 'txt' (did you mean 'text'?)\n"
    )


def test_a_warning_fails_only_a_strict_check(cli: Cli, folder: Path) -> None:
    (folder / "sound.yml").write_text(UNUSED)
    said = cli("check", "sound.yml")
    assert said.status == 0
    assert said.out == (
        "sound.yml:3:12: warning: no rule sends the message 'hi' [unused]\n"
        "1 ruleset checked; 0 errors, 1 warning.\n"
    )
    assert cli("check", "sound.yml", "--strict").status == 1
    annotated = cli("check", "sound.yml", "--format", "github").out
    assert annotated.startswith("::warning file=sound.yml,line=3,col=12,title=unused::no rule")


@pytest.mark.usefixtures("folder")
def test_a_file_that_is_no_ruleset_is_told_what_it_lacks(cli: Cli) -> None:
    said = cli("check", "inner/more.yaml", "--json")
    assert {problem["message"] for problem in said.json} >= {
        "'program' is missing",
        "'events' is missing",
    }


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "Missing argument 'PATH...'"),
        (["nowhere.yaml"], "Path 'nowhere.yaml' does not exist."),
        (["empty"], "error: there is no ruleset in empty"),
        (["sound.yml", "--format", "xml"], "'xml' is not one of 'text', 'json', 'github'."),
    ],
)
def test_wrong_usage_exits_2(cli: Cli, folder: Path, arguments: list[str], says: str) -> None:
    (folder / "empty").mkdir()
    said = cli("check", *arguments)
    assert said.status == 2
    assert says in said.err
