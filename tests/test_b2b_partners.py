"""Three years of the industrial supplier: each customer's story ends as its README tells it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from loyalcore.cli import main

FOLDER = Path(__file__).parents[1] / "rulesets" / "b2b-partners"
RULESET, EVENTS = str(FOLDER / "b2b-partners.yaml"), FOLDER / "events.jsonl"
LINES = [json.loads(line) for line in EVENTS.read_text("utf-8").splitlines()]


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
        if each["customer"] == customer and not each["reason"] and each["rule"].startswith(sections)
    ]


# --- the whole of it --------------------------------------------------------------------------


def test_every_event_is_taken(run: tuple[str, dict[str, Any]]) -> None:
    assert (run[1]["events"], run[1]["rejected"]) == (len(LINES), {})


def test_every_point_is_accounted_for_and_everything_is_decided_again_alike(store: str) -> None:
    verified = CliRunner().invoke(main, ["ledger", "verify", "--db", store])
    assert verified.exit_code == 0, verified.output


def test_the_readme_tells_of_every_customer() -> None:
    told = (FOLDER / "README.md").read_text("utf-8")
    assert {line["customer"] for line in LINES} == {*re.findall(r"\*\*([\w-]+)\*\*", told)}


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


# --- story by story ---------------------------------------------------------------------------


def test_viken_boats_climbs_from_prospect_to_partner(decisions: list[dict[str, Any]]) -> None:
    assert story(decisions, "viken-boats", "stages.", "journeys.joint") == [
        "2024-01-15 stages.prospect",
        "2024-02-05 stages.customer",
        "2024-03-04 stages.client",
        "2024-09-18 stages.supporter",
        "2025-02-17 journeys.joint-development",
        "2025-02-17 journeys.joint-development",
        "2025-05-20 journeys.joint-development",
        "2025-08-18 journeys.joint-development",
        "2025-09-15 journeys.joint-development",
        "2025-10-01 stages.partner",
    ]


def test_nord_lift_is_parted_from_step_by_step_and_comes_back(
    decisions: list[dict[str, Any]],
) -> None:
    assert story(decisions, "nord-lift", "dissolution.", "approvals.") == [
        "2025-05-15 dissolution.partners.improving",
        "2025-08-13 dissolution.partners.proposed",
        "2025-08-20 approvals.part-ways.given",
        "2025-08-22 approvals.part-ways.approved",
        "2025-08-22 dissolution.partners.announced",
        "2025-09-05 dissolution.partners.notice",
        "2025-12-04 dissolution.partners.redemption",
        "2026-02-02 dissolution.partners.settlement",
        "2026-02-02 dissolution.partners.settled",
        "2026-02-02 dissolution.partners.closed",
        "2026-09-14 dissolution.partners.reopened",
    ]


def test_nord_lifts_ledger_comes_to_nothing_with_a_cause_for_every_entry(store: str) -> None:
    entries = said("ledger", "show", "--db", store, "--customer", "nord-lift", "--limit", "999")
    assert {entry["rule"] for entry in entries} == {
        "credits",
        "events.payment.activates",
        "rewards.training-day",
        "dissolution.partners.settled",
    }
    assert sum(e["points"] for e in entries if e["bucket"] in ("active", "pending", "owed")) == 0
    (balance,) = said("ledger", "balance", "--db", store, "--customer", "nord-lift")
    assert (balance["balance"], balance["pending"], balance["owed"]) == (0, 0, 0)


def test_what_was_left_of_nord_lifts_credits_is_paid_out(decisions: list[dict[str, Any]]) -> None:
    earned = 38000 * 3 + 9000 * 3 + 5000 * 3 + 4000 * 3  # an A customer's, each in hundredths
    left = earned // 100 - 400  # after a day of training
    (settled,) = [each for each in decisions if each["rule"] == "dissolution.partners.settled"]
    assert settled["effects"] == [
        {
            "effect": "settle",
            "wallet": "credits",
            "points": left,
            "how": "paid out",
            "amount": f"{left * 60 // 100}.00",
        }
    ]


def test_nothing_is_earned_in_the_notice(decisions: list[dict[str, Any]]) -> None:
    (credits,) = [
        each
        for each in decisions
        if each["customer"] == "nord-lift"
        and each["rule"] == "credits"
        and each["time"].startswith("2025-09-08")
    ]
    assert [effect["reason"] for effect in credits["effects"]] == [
        "credits: accrual has stopped: dissolution.partners"
    ]


@pytest.mark.parametrize(
    ("customer", "told"),
    [
        (
            "holland-glas",
            [
                "2024-12-31 dissolution.accounts.improving",
                "2025-03-31 dissolution.accounts.improved",
            ],
        ),
        (
            "pack-right",
            [
                "2025-03-31 dissolution.accounts.improving",
                "2025-06-29 dissolution.accounts.proposed",
                "2025-07-08 approvals.part-ways.rejected",
                "2025-07-08 dissolution.accounts.rejected",
            ],
        ),
        (
            "zonne-kap",
            [
                "2024-12-31 dissolution.accounts.improving",
                "2025-03-31 dissolution.accounts.proposed",
                "2025-04-08 approvals.part-ways.given",
                "2025-04-09 approvals.part-ways.approved",
                "2025-04-09 dissolution.accounts.announced",
                "2025-04-23 dissolution.accounts.notice",
                "2025-05-27 dissolution.accounts.withdrawn",
            ],
        ),
        ("sint-clara", []),
    ],
)
def test_of_those_with_a_loss_each_ends_differently(
    decisions: list[dict[str, Any]], customer: str, told: list[str]
) -> None:
    assert story(decisions, customer, "dissolution.", "approvals.") == told


def test_who_is_silent_returns_or_is_left_in_peace(store: str) -> None:
    def ended(customer: str) -> list[tuple[str, str]]:
        shown = said("journeys", "show", customer, "--db", store)
        return [(each["journey"], each["outcome"]) for each in shown["journeys"]]

    assert ("win_back.silent-buyers", "returned") in ended("meubel-hart")
    assert ("win_back.buys-less", "gone") in ended("rotor-blad")


def test_the_right_person_is_invited_to_the_fair(store: str) -> None:
    sent = said("outbox", "list", "--db", store, "--customer", "bus-bouw")
    invited = [each for each in sent if each["message"] == "fair-invitation"]
    assert [each["data"]["buyer"] for each in invited] == ["Bram Kok"]


def test_explain_tells_why_nobody_invited_nord_lift(store: str) -> None:
    told = CliRunner().invoke(
        main, ["explain", "--db", store, "--customer", "nord-lift", "--rule", "invite-others"]
    )
    assert "invite-others did not fire, held back by who: segment.contact_current" in told.output


def test_nord_lift_hears_of_nothing_else_from_the_announcement_on(store: str) -> None:
    sent = said("outbox", "list", "--db", store, "--customer", "nord-lift", "--limit", "999")
    heard = sorted((each["time"], each["message"]) for each in sent)
    assert [message for time, message in heard if "2025-08-22" <= time < "2026-10"] == [
        "we-part",
        "notice",
        "use-your-credits",
        "settled",
        "thanks",
        "welcome-back",
    ]


def test_tegel_werk_has_two_complaints_at_once_and_a_year_later_one_again(
    decisions: list[dict[str, Any]],
) -> None:
    told = story(decisions, "tegel-werk", "recovery.")
    assert [line for line in told if not line.endswith(".survey")] == [
        "2024-08-22 recovery.complaints.opened",
        "2024-08-22 recovery.complaints.overdue",
        "2024-08-22 recovery.complaints.opened",
        "2024-08-23 recovery.complaints.answered",
        "2024-08-23 recovery.complaints.answered",
        "2024-08-27 recovery.complaints.satisfied",
        "2024-08-27 recovery.complaints.goodwill",
        "2024-08-29 recovery.complaints.satisfied",
        "2025-04-22 recovery.complaints.opened",
        "2025-04-22 recovery.complaints.answered",
        "2025-04-22 recovery.complaints.satisfied",
        "2025-04-22 recovery.complaints.goodwill",
        "2025-05-06 recovery.complaints.reopened",
        "2025-05-06 recovery.complaints.answered",
        "2025-05-09 recovery.complaints.unsatisfied",
    ]


def test_nobody_is_asked_of_snel_bouw_while_their_complaint_is_open(
    decisions: list[dict[str, Any]],
) -> None:
    asked = [
        (each["time"][:10], each["reason"])
        for each in decisions
        if each["customer"] == "snel-bouw" and each["rule"].startswith("dissolution.accounts.")
    ]
    assert asked == [
        ("2025-04-03", "a case of complaints is open"),
        ("2025-06-02", ""),
        ("2025-07-02", ""),
    ]


def test_delta_coat_is_invited_once_and_not_after_unsubscribing(
    decisions: list[dict[str, Any]],
) -> None:
    invited = [
        (each["time"][:10], [effect.get("reason", "sent") for effect in each["effects"]])
        for each in decisions
        if each["customer"] == "delta-coat" and each["rule"].startswith("invite-")
        if not each["reason"]
    ]
    assert invited == [
        ("2024-09-15", ["sent"]),
        ("2025-09-15", ["fair-invitation: by letter: consent withdrawn"]),
    ]
