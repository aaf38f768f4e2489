"""The sample events of the coffee club: a run takes all of them, every rule fires, and time
brings about what the calendar says, reckoned anew here from the events alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner

from loyalcore.cli import main
from loyalcore.program.builtin_events import BUILTIN_EVENTS
from loyalcore.runner.loading import load_program

CLUB = Path(__file__).parents[1] / "rulesets" / "coffee-club"
RULESET, EVENTS = str(CLUB / "coffee-club.yaml"), str(CLUB / "events.jsonl")
OSLO = ZoneInfo("Europe/Oslo")
END = datetime(2028, 12, 31, tzinfo=UTC)  # when all beans are gone, and all levels are lost
DAY = timedelta(days=1)
LINES = [json.loads(line) for line in (CLUB / "events.jsonl").read_text().splitlines()]

Moves = dict[str, list[tuple[datetime, str]]]


def said(*arguments: str) -> Any:
    result = CliRunner().invoke(main, [*arguments, "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, Any]]:
    """The store of a run until the END, and the summary of the run."""
    path = str(tmp_path_factory.mktemp("club") / "club.db")
    until = END.isoformat()
    return path, said("run", RULESET, EVENTS, "--db", path, "--until", until)


@pytest.fixture(scope="module")
def store(run: tuple[str, dict[str, Any]]) -> str:
    return run[0]


def decided(store: str, rule: str) -> list[dict[str, Any]]:
    """What a rule, a trigger or a ladder has decided, in order of time."""
    found = said("decisions", "list", "--db", store, "--rule", rule, "--fired", "--limit", "9999")
    return [{**each, "time": datetime.fromisoformat(each["time"])} for each in reversed(found)]


def came(store: str, trigger: str) -> set[tuple[str, datetime]]:
    return {(each["customer"], each["time"]) for each in decided(store, f"triggers.{trigger}")}


# --- the events, read by themselves -----------------------------------------------------------


def happened(line: dict[str, Any]) -> datetime:
    """In UTC, as differences of local times pass over the hours of the clocks."""
    return datetime.fromisoformat(line["time"]).replace(tzinfo=OSLO).astimezone(UTC)


def by_customer(kind: str) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for line in sorted(LINES, key=happened):
        if line["type"] == kind:
            found.setdefault(line["customer"], []).append(line)
    return found


PURCHASES = by_customer("purchase")
SIGN_UPS = {customer: lines[0] for customer, lines in by_customer("sign_up").items()}
MAILED = {customer: line for customer, line in SIGN_UPS.items() if line.get("email_consent")}


def bought(customer: str, at: datetime, days: int = 365) -> list[dict[str, Any]]:
    """What they have bought in so many days up to `at`."""
    lines = PURCHASES.get(customer, [])
    return [line for line in lines if at - days * DAY < happened(line) <= at]


def spent(customer: str, at: datetime) -> int:
    amounts = [line["amount"] for line in bought(customer, at)]
    return sum(amounts)


def later(at: datetime, years: int = 0, months: int = 0) -> datetime:
    local = at.astimezone(OSLO)
    month = local.month - 1 + months
    return local.replace(year=local.year + years + month // 12, month=month % 12 + 1).astimezone(
        UTC
    )


def nine_o_clock(day: date, sign_up: dict[str, Any]) -> datetime:
    zone = ZoneInfo(sign_up.get("zone", "Europe/Oslo"))
    return datetime(day.year, day.month, day.day, 9, tzinfo=zone).astimezone(UTC)


def in_year(day: date, year: int) -> date:
    leap = (day.month, day.day) == (2, 29) and year % 4
    return date(year, day.month, 28 if leap else day.day)


# --- what a run does --------------------------------------------------------------------------


def test_every_event_is_taken_and_everything_in_the_ruleset_happens(
    run: tuple[str, dict[str, Any]],
) -> None:
    summary = run[1]
    program = load_program(Path(RULESET), "compiled").program
    plans = program.events.values()
    life = program.life
    assert life is not None
    assert life.stages is not None
    assert {rule.name for plan in plans for rule in plan.rules} <= set(summary["fired"])
    assert {trigger.place for trigger in life.triggers} <= set(summary["fired"])
    assert {f"stages.{stage}" for stage in life.stages.stages} <= set(summary["fired"])
    types = {line["type"] for line in LINES}
    declared = {plan.name for plan in plans} - BUILTIN_EVENTS.keys()
    declared -= {trigger.name for trigger in life.triggers}
    assert (summary["events"], types) == (len(LINES), declared - {"referral"})


def test_every_reward_and_offer_is_had_and_all_points_are_accounted_for(store: str) -> None:
    for name in ("rewards.espresso", "rewards.mug", "rewards.breakfast-for-two"):
        assert decided(store, name)
    for name in ("first-month", "spend-more", "autumn", "gold-trial"):
        assert decided(store, f"offers.{name}")
    verified = CliRunner().invoke(main, ["ledger", "verify", "--db", store])
    assert verified.exit_code == 0, verified.output


def test_the_hut_in_the_mountains_tells_of_its_guests_three_days_later(tmp_path: Path) -> None:
    path, hut = str(tmp_path / "c.db"), str(CLUB / "hut.jsonl")
    said("run", RULESET, EVENTS, "--db", path)
    summary = said("run", RULESET, hut, "--db", path, "--allow-rejects")
    assert (summary["events"], summary["rejected"]) == (1, {"late": 1})
    visits = [line for line in PURCHASES["kari"] if happened(line).year == 2028]
    shown = said("customer", "show", "kari", "--db", path)
    assert shown["metrics"]["orders_quarter"] == len(visits) + 1


# --- what time brings -------------------------------------------------------------------------


def test_silence_comes_after_sixty_days_and_after_sixty_more(store: str) -> None:
    expected = set()
    for customer, lines in PURCHASES.items():
        times = [happened(line) for line in lines]
        for number, (last, following) in enumerate(zip(times, [*times[1:], END], strict=True), 1):
            dues = (last + 60 * DAY, last + 120 * DAY)
            expected |= {(customer, due) for due in dues if number >= 5 and due <= following}
    assert came(store, "quiet") == expected


def test_who_signs_up_and_does_not_come_is_asked_twice(store: str) -> None:
    expected = {
        (customer, due)
        for customer, line in MAILED.items()
        for due in (happened(line) + 7 * DAY, happened(line) + 14 * DAY)
        if due <= happened(PURCHASES[customer][0])
    }
    assert came(store, "never-came") == expected
    assert {customer for customer, _ in expected} == {"nora"}


def test_birthdays_are_foretold_a_week_before_in_the_customers_own_morning(store: str) -> None:
    expected = set()
    for customer, line in MAILED.items():
        for year in range(2026, 2030):
            day = in_year(date.fromisoformat(line["birthday"]), year) - 7 * DAY
            at = nine_o_clock(day, line)
            if happened(line) < at <= END and bought(customer, at):
                expected.add((customer, at))
    assert came(store, "birthday-soon") == expected
    assert ("nora", datetime(2027, 2, 11, 9, tzinfo=UTC)) in expected


def test_each_year_with_us_is_told_to_who_came_four_times_in_it(store: str) -> None:
    expected = set()
    for customer, line in MAILED.items():
        first = happened(line).astimezone(OSLO).date()
        for years in (1, 2):
            at = nine_o_clock(in_year(first, first.year + years), line)
            if at <= END and len(bought(customer, at)) >= 4:
                expected.add((customer, at))
    assert came(store, "years-with-us") == expected


def test_complaints_with_a_number_are_answered_in_a_day_or_are_for_the_manager(store: str) -> None:
    answers = [(line["number"], happened(line)) for line in LINES if line["type"] == "answer"]
    expected = set()
    for line in LINES:
        if line["type"] == "complaint" and "number" in line:
            due = happened(line) + DAY
            if not any(number == line["number"] and at < due for number, at in answers):
                expected.add((line["customer"], due))
    overdue = decided(store, "recovery.complaints.overdue")
    assert {(each["customer"], each["time"]) for each in overdue} == expected
    assert len(expected) < len(answers)


def test_who_came_on_five_working_days_has_a_bun(store: str) -> None:
    expected = set()
    for customer, lines in PURCHASES.items():
        weeks: dict[tuple[int, int], set[int]] = {}
        for line in lines:
            local = happened(line).astimezone(OSLO)
            year, week, weekday = local.isocalendar()
            if weekday < 5 or (weekday == 5 and local.hour < 14):
                weeks.setdefault((year, week), set()).add(weekday)
        for (year, week), weekdays in weeks.items():
            if len(weekdays) == 5:
                friday = date.fromisocalendar(year, week, 5)
                at = datetime(friday.year, friday.month, friday.day, 14, tzinfo=OSLO)
                expected.add((customer, at.astimezone(UTC)))
    assert came(store, "week-done") == expected
    assert len(expected) == 1


# --- levels -----------------------------------------------------------------------------------

LEVELS = ("bronze", "silver", "gold", "circle")
REACH, STAY = {1: 2500, 2: 6000}, {1: 2000, 2: 5000, 3: 5000}


def lifted() -> dict[tuple[str, datetime], tuple[int, int]]:
    """Who is lifted to which level when, for how many months: by the tenth visit of the trial,
    and by a friend who comes."""
    (match,) = by_customer("status_match")["elin"]
    trial = [line for line in PURCHASES["elin"] if happened(line) >= happened(match)]
    assert happened(trial[9]) <= later(happened(match), months=1)
    return {
        ("elin", happened(trial[9])): (2, 6),
        ("elin", happened(PURCHASES["nora"][0])): (3, 12),
    }


def club(customer: str) -> Iterator[tuple[datetime, str]]:
    """When they come to which level, walked from one instant to the next."""
    lifts = {at: lift for (who, at), lift in lifted().items() if who == customer}
    first = happened(SIGN_UPS[customer])
    times = {happened(line) for line in PURCHASES[customer]} | lifts.keys()
    rung, until, grace = 0, END, False
    yield first, LEVELS[0]
    for at in sorted(times | {END}):
        while rung and until <= at:
            if spent(customer, until) >= STAY[rung]:
                until, grace = later(until, years=1), False
            elif not grace:
                until, grace = until + 30 * DAY, True
            else:
                rung, grace = rung - 1, False
                yield until, LEVELS[rung]
                until = later(until, years=1)
        sum_ = spent(customer, at)
        earned = max((level for level, least in REACH.items() if sum_ >= least), default=0)
        lift, months = lifts.get(at, (0, 0))
        if max(earned, lift) > rung:
            rung, grace = max(earned, lift), False
            until = later(at, months=months or 12)
            yield at, LEVELS[rung]
        elif rung and grace and sum_ >= STAY[rung]:
            until, grace = later(at, years=1), False


def told(store: str, ladder: str) -> Moves:
    """The levels that the run has brought everyone to."""
    moves: list[tuple[datetime, str, str]] = []
    for rule in (f"tiers.{ladder}", "offers.gold-trial", "into-the-circle"):
        for each in decided(store, rule):
            moves += [
                (each["time"], each["customer"], effect.get("level", ""))
                for effect in each["effects"]
                if effect["effect"] == "tier" and effect["ladder"] == ladder
            ]
    found: Moves = {}
    for at, customer, level in sorted(moves):
        found.setdefault(customer, []).append((at, level))
    return found


def test_levels_are_reached_kept_and_gently_lost(store: str) -> None:
    expected = {customer: list(club(customer)) for customer in SIGN_UPS}
    assert told(store, "club") == expected
    reached = {level for moves in expected.values() for _, level in moves}
    assert reached == set(LEVELS)
    assert [level for _, level in expected["ingrid"]] == ["bronze", "silver", "bronze"]


def test_the_board_is_written_on_new_years_day(store: str) -> None:
    refunded = {line["order"]: line["amount"] for line in LINES if line["type"] == "refund"}
    expected: Moves = {}
    for customer, lines in PURCHASES.items():
        kept = [line for line in lines if refunded.get(line["order"]) != line["amount"]]
        was = ""
        for year in (2026, 2027):
            visits = sum(happened(line).astimezone(OSLO).year == year for line in kept)
            level = "house_friend" if visits >= 20 else "familiar_face" if visits >= 12 else ""
            if level != was:
                at = datetime(year + 1, 1, 1, tzinfo=OSLO).astimezone(UTC)
                expected.setdefault(customer, []).append((at, level))
            was = level
    assert told(store, "board") == expected
    assert [level for _, level in expected["kari"]] == ["house_friend", ""]


def test_who_is_close_to_us_goes_away_and_comes_back(store: str) -> None:
    shown = said("stages", "show", "kari", "--db", store)
    stages = [stay["stage"] for stay in shown["stages"]]
    assert stages == [
        "guest", "regular", "ambassador", "away", "regular", "away", "gone", "guest",
    ]  # fmt: skip
