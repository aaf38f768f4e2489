"""Three years of the industrial supplier: each customer's story ends as its README tells it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from loyalcore.cli import main

FOLDER = Path(__file__).parents[1] / "rulesets" / "b2b-partners"
RULESET, EVENTS = str(FOLDER / "b2b-partners.yaml"), FOLDER / "events.jsonl"
LINES = [json.loads(line) for line in EVENTS.read_text("utf-8").splitlines()]
PHASES = ("announced", "notice", "redemption", "settlement", "settled", "closed")


def said(*arguments: str) -> Any:
    result = CliRunner().invoke(main, [*arguments, "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, Any]]:
    """The store of a run until November 2026, and the summary of the run."""
    path = str(tmp_path_factory.mktemp("b2b") / "b2b.db")
    return path, said("run", RULESET, str(EVENTS), "--db", path, "--until", "2026-11-01")


@pytest.fixture(scope="module")
def store(run: tuple[str, dict[str, Any]]) -> str:
    return run[0]


@pytest.fixture(scope="module")
def decisions(store: str) -> list[dict[str, Any]]:
    """All that was decided, in order of time."""
    found = said("decisions", "list", "--db", store, "--limit", "9999")
    return list(reversed(found))


def story(decisions: list[dict[str, Any]], customer: str, *sections: str) -> list[str]:
    """What fired for the customer in these sections, each with its day."""
    return [
        f"{each['time'][:10]} {each['rule']}"
        for each in decisions
        if each["customer"] == customer
        and not each["reason"]
        and each["rule"].startswith(sections)
    ]


def balances(store: str, customer: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = said("ledger", "balance", "--db", store, "--customer", customer)
    return found


# --- the whole of it --------------------------------------------------------------------------


def test_every_event_is_taken(run: tuple[str, dict[str, Any]]) -> None:
    assert (run[1]["events"], run[1]["rejected"]) == (len(LINES), {})


def test_every_point_is_accounted_for_and_everything_is_decided_again_alike(store: str) -> None:
    verified = CliRunner().invoke(main, ["ledger", "verify", "--db", store])
    assert verified.exit_code == 0, verified.output


def test_the_readme_tells_of_every_customer() -> None:
    told = (FOLDER / "README.md").read_text("utf-8")
    assert [name for name in {line["customer"] for line in LINES} if f"**{name}**" not in told] == []


def test_nothing_is_proposed_but_after_a_reason_and_nothing_begins_without_two_people(
    decisions: list[dict[str, Any]],
) -> None:
    begun = [each for each in decisions if each["rule"].endswith(".announced")]
    for each in begun:
        before = story(
            [one for one in decisions if one["time"] <= each["time"]],
            each["customer"],
            "approvals.part-ways.",
        )
        assert [line[11:] for line in before] == [
            "approvals.part-ways.given",
            "approvals.part-ways.approved",
        ]
    assert {each["customer"] for each in begun} == {"nord-lift", "zonne-kap"}
