"""The sample events of the coffee club: a run takes all of them, and every rule fires."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from loyalcore.cli import main
from loyalcore.program.builtin_events import BUILTIN_EVENTS
from loyalcore.runner.loading import load_program

CLUB = Path(__file__).parents[1] / "rulesets" / "coffee-club"


def test_every_event_is_taken_and_every_rule_fires(tmp_path: Path) -> None:
    ruleset, store = CLUB / "coffee-club.yaml", str(tmp_path / "c.db")
    events = ["run", str(ruleset), str(CLUB / "events.jsonl"), "--db", store]
    # Beans are gone after two years.
    result = CliRunner().invoke(main, [*events, "--until", "2028-12-31", "--json"])
    assert result.exit_code == 0, result.output
    summary = json.loads(result.stdout)
    program = load_program(ruleset, "compiled").program
    plans = program.events.values()
    assert {rule.name for plan in plans for rule in plan.rules} <= set(summary["fired"])
    lines = (CLUB / "events.jsonl").read_text().splitlines()
    types = {json.loads(line)["type"] for line in lines}
    declared = {plan.name for plan in plans} - BUILTIN_EVENTS.keys()
    assert (summary["events"], types) == (len(lines), declared - {"referral"})


def test_every_reward_and_offer_is_had_and_all_points_are_accounted_for(tmp_path: Path) -> None:
    store = str(tmp_path / "c.db")
    ruleset, events = str(CLUB / "coffee-club.yaml"), str(CLUB / "events.jsonl")
    result = CliRunner().invoke(main, ["run", ruleset, events, "--db", store, "--json"])
    fired = json.loads(result.stdout)["fired"]
    for name in ("rewards.espresso", "rewards.mug", "rewards.breakfast-for-two"):
        assert name in fired
    for name in ("offers.first-month", "offers.spend-more", "offers.autumn"):
        assert name in fired
    verified = CliRunner().invoke(main, ["ledger", "verify", "--db", store])
    assert verified.exit_code == 0, verified.output
