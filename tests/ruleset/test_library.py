"""The files that come with loyalcore: included from anywhere, and stored as any other."""

from __future__ import annotations

from pathlib import Path

import pytest

from loyalcore.errors import RulesetInvalid
from loyalcore.program.plan import Program
from loyalcore.ruleset.library import library_names
from loyalcore.ruleset.source import Source, parse, read_source
from loyalcore.runner.loading import load_from

LADDERS = ("loyalcore/ladder-by-loyalty.yaml", "loyalcore/ladder-by-phase.yaml")
EVENTS = "events: {purchase: {}, referral: {}, partnership_agreed: {}, partnership_ended: {}}\n"


def ruleset(folder: Path, text: str, **files: str) -> Source:
    """The source of a ruleset on disk, `files` beside it by the names of their folders."""
    (folder / "club.yaml").write_text(f"program: club\n{text}")
    for name, content in files.items():
        (folder / name).mkdir()
        (folder / name / "more.yaml").write_text(content)
    return read_source(folder / "club.yaml")


def stages(program: Program) -> tuple[str, ...]:
    assert program.life is not None
    assert program.life.stages is not None
    return program.life.stages.stages


def test_what_there_is() -> None:
    assert library_names() == sorted(LADDERS)


@pytest.mark.parametrize("name", LADDERS)
def test_a_ladder_is_sound_with_the_events_that_it_asks_for(tmp_path: Path, name: str) -> None:
    loaded = load_from(ruleset(tmp_path, f"include: {name}\n{EVENTS}"))
    assert loaded.warnings == ()
    assert len(stages(loaded.program)) in (5, 6)


def test_of_two_ladders_the_second_is_out_of_reach(tmp_path: Path) -> None:
    text = f"include: [{', '.join(LADDERS)}]\n{EVENTS}"
    loaded = load_from(ruleset(tmp_path, text))
    assert stages(loaded.program)[:2] == ("prospect", "customer")
    assert [warning.code for warning in loaded.warnings] == ["unreached"] * 5


@pytest.mark.parametrize("event", ["purchase", "referral", "partnership_agreed"])
@pytest.mark.parametrize("name", LADDERS)
def test_an_event_that_is_not_there_is_told_in_the_ladder(
    tmp_path: Path, name: str, event: str
) -> None:
    without = EVENTS.replace(f"{event}: {{}}, ", "")
    with pytest.raises(RulesetInvalid) as invalid:
        load_from(ruleset(tmp_path, f"include: {name}\n{without}"))
    first = invalid.value.problems[0]
    assert (first.code, first.location.file) == ("unknown-name", name)
    assert f"there is no event '{event}'" in first.message


def test_it_is_named_the_same_from_any_folder(tmp_path: Path) -> None:
    source = ruleset(
        tmp_path, f"include: rules/more.yaml\n{EVENTS}", rules=f"include: {LADDERS[0]}\n"
    )
    assert list(source.files) == ["club.yaml", "rules/more.yaml", LADDERS[0]]
    assert parse(source).problems == ()


def test_a_folder_of_that_name_hides_nothing(tmp_path: Path) -> None:
    source = ruleset(tmp_path, "include: loyalcore/more.yaml\n", loyalcore="rules: {}\n")
    (problem,) = parse(source).problems
    assert str(problem.location) == "club.yaml:2:10"
    assert problem.message == "loyalcore has no file 'loyalcore/more.yaml'"


def test_a_misspelt_name(tmp_path: Path) -> None:
    (problem,) = parse(ruleset(tmp_path, "include: loyalcore/ladder-by-fase.yaml\n")).problems
    assert problem.hint == f"did you mean '{LADDERS[1]}'?"


def test_what_is_stored_needs_no_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = ruleset(tmp_path, f"include: {LADDERS[0]}\n{EVENTS}")
    loaded = load_from(source)
    monkeypatch.setattr("loyalcore.ruleset.disk.library_names", list)
    again = load_from(Source.from_json(source.to_json()))
    assert again.program.hash == loaded.program.hash
