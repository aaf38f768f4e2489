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
    ruleset = CLUB / "coffee-club.yaml"
    result = CliRunner().invoke(
        main,
        ["run", str(ruleset), str(CLUB / "events.jsonl"), "--db", str(tmp_path / "c.db"), "--json"],
    )
    assert result.exit_code == 0, result.output
    summary = json.loads(result.stdout)
    plans = load_program(ruleset, "compiled").program.events.values()
    assert set(summary["fired"]) == {rule.name for plan in plans for rule in plan.rules}
    lines = (CLUB / "events.jsonl").read_text().splitlines()
    types = {json.loads(line)["type"] for line in lines}
    declared = {plan.name for plan in plans} - BUILTIN_EVENTS.keys()
    assert (summary["events"], types) == (len(lines), declared - {"referral"})
    assert summary["emitted"] == summary["fired"]["thank-the-referrer"]
