"""Cases: opened, answered, ended and opened again, at the instants at which promises are over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.engine.conftest import Club

from loyalcore.values import read_time

MakeClub = Callable[[str], Club]

DESK = """\
allow_late: 3 days
events:
  complaint: {ticket: id, severity: text}
  answer: {ticket: id}
  resolution: {ticket: id, happy: flag}
  reopening: {ticket: id}
  questionnaire: {ticket: id}
  visit: {}
  marry: {into: id, merges: into}
  part: {other: id, unmerges: other}
wallets: {beans: {price: 0.10}}
tasks: {reply: {role: desk, due: 1 week, escalate: boss}}
messages:
  promo: {purpose: promotional, text: Buy.}
  news: {text: "Case {{ case.id }}, {{ entry.severity }}, {{ case.times }}"}
segments: {upset: recovery.complaints.open > 0}
rules:
  push: {on: [visit, complaint, resolution], then: [send: promo]}
  late: {on: case_overdue, then: [set: {tags.late: true}]}
recovery:
  complaints:
    open: complaint
    case: ticket
    promise:
      - {when: severity == 'high', within: 4 hours}
      - {within: 2 days}
    task: reply
    remind: 1 hour
    answered: answer
    resolved: resolution
    satisfied: happy
    reopened: reopening
    reopens: 30 days
    close: 60 days
    goodwill: {when: case.times == 1, do: {earn: {beans: 5}}, limit: 1 per year, budget: {money: 1}}
    survey: {after: 3 days, do: {send: news}, unless: questionnaire}
    then:
      opened: {send: news}
      reminded: {set: {tags.soon: true}}
      overdue: {set: {tags.overdue: true}}
      answered: {set: {tags.answered: true}}
      satisfied: {set: {tags.happy: true}}
      unsatisfied: {set: {tags.unhappy: true}}
      lapsed: {set: {tags.lapsed: true}}
      reopened: {set: {tags.again: true}}
"""

ASK = """\
events: {enquiry: {about: text}, reply: {}, visit: {}}
messages: {promo: {purpose: promotional, text: Buy.}}
rules: {push: {on: visit, then: [send: promo]}}
recovery:
  enquiries: {open: enquiry, promise: 1 day, answered: reply, pause: none}
"""

UTC = ZoneInfo("UTC")
START = read_time("2026-01-05T09:00:00Z", UTC)
HOUR = 3_600_000_000
DAY = 24 * HOUR


@pytest.fixture
def desk(club: MakeClub) -> Club:
    """A desk to which a customer has complained at START."""
    return club(DESK).happens("complaint", START, ticket="t-1", severity="high")


def cases(club: Club, customer: str = "ann") -> list[tuple[Any, ...]]:
    """Cases by name: how often opened, and where they stand."""
    return [
        (one.id, one.times, one.outcome or ("answered" if one.answered else "open"))
        for one in club.states[customer].life.cases
    ]


def changes(club: Club) -> list[str]:
    """What became of cases, in order."""
    told = []
    for effect in club.effects:
        if effect["effect"] == "case":
            told.append(f"{effect['case']} opened")
        elif effect["effect"] == "case changed":
            late = " late" if effect.get("late") else ""
            outcome = f" {effect['outcome']}" if "outcome" in effect else ""
            told.append(f"{effect['case']} {effect['how']}{late}{outcome}")
    return told


def tasks(club: Club) -> list[tuple[str, int]]:
    return [(one.task, one.due or 0) for one in club.states["ann"].life.tasks]


def test_a_case_is_opened_with_its_promise_and_its_task(desk: Club) -> None:
    assert desk.fired == ["recovery.complaints.opened", "push"]
    assert desk.effects[0] == {
        "effect": "case",
        "recovery": "complaints",
        "case": "t-1",
        "number": 1,
        "opened": "2026-01-05T09:00:00Z",
        "due": "2026-01-05T13:00:00Z",
    }
    assert tasks(desk) == [("reply", START + 4 * HOUR)]
    values = {"case.id": "t-1", "entry.severity": "high", "case.times": 1}
    assert desk.effects[2] == {
        "effect": "send",
        "message": "news",
        "channel": "file",
        "values": values,
    }


def test_the_first_promise_that_holds_is_given(club: MakeClub) -> None:
    desk = club(DESK).happens("complaint", START, ticket="t-1", severity="low")
    assert tasks(desk) == [("reply", START + 2 * DAY)]
    desk.happens("complaint", START + 1, ticket="t-2")  # nobody says how severe it is
    assert tasks(desk)[1] == ("reply", START + 1 + 2 * DAY)


@pytest.mark.parametrize(
    ("at", "before", "told"),
    [
        (START + 4 * HOUR - 1, [], ["t-1 answered"]),
        (START + 4 * HOUR, ["t-1 overdue"], ["t-1 answered late"]),
        (START + 4 * HOUR + 1, ["t-1 overdue"], ["t-1 answered late"]),
    ],
)
def test_a_promise_is_over_at_its_very_instant(
    desk: Club, at: int, before: list[str], told: list[str]
) -> None:
    desk.waits(at)
    assert [one for one in changes(desk) if "overdue" in one] == before
    desk.happens("answer", at, ticket="t-1")
    assert changes(desk) == told
    assert cases(desk) == [("t-1", 1, "answered")]


def test_it_is_reminded_of_an_hour_before(desk: Club) -> None:
    assert desk.waits(START + 3 * HOUR - 1).fired == []
    assert desk.waits(START + 3 * HOUR).fired == ["recovery.complaints.reminded"]
    desk.happens("complaint", START + 3 * HOUR, ticket="t-2", severity="high")
    desk.happens("answer", START + 4 * HOUR, ticket="t-2")
    assert "soon" in desk.states["ann"].tags
    assert [due for due in desk.waits(START + 10 * HOUR).fired if "reminded" in due] == []


def test_overdue_is_an_event_and_what_people_do_goes_on(desk: Club) -> None:
    desk.waits(START + 5 * HOUR)
    assert desk.fired == [
        "recovery.complaints.reminded",
        "tasks.reply.escalated",
        "recovery.complaints.overdue",
        "late",
    ]
    assert desk.states["ann"].tags == ("late", "overdue", "soon")


def test_the_answer_closes_the_task(desk: Club) -> None:
    desk.happens("answer", START + HOUR, ticket="t-1")
    assert desk.fired == ["recovery.complaints.answered", "tasks.reply.done"]
    assert desk.effects[-1] == {
        "effect": "task changed",
        "task": "reply",
        "number": 1,
        "how": "done",
        "outcome": "answered",
    }
    assert tasks(desk) == []


def test_a_task_that_a_person_has_done_is_no_answer(desk: Club) -> None:
    desk.happens("task_done", START + HOUR, task="reply", by="bo", outcome="called")
    assert cases(desk) == [("t-1", 1, "open")]
    desk.happens("answer", START + 2 * HOUR, ticket="t-1")
    assert desk.fired == ["recovery.complaints.answered"]


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ({"happy": True}, "satisfied"),
        ({"happy": False}, "unsatisfied"),
        ({}, "resolved"),
    ],
)
def test_how_it_ends(desk: Club, said: dict[str, object], outcome: str) -> None:
    desk.happens("answer", START + HOUR, ticket="t-1")
    desk.happens("resolution", START + DAY, ticket="t-1", **said)
    assert desk.fired[0] == f"recovery.complaints.{outcome}"
    assert changes(desk) == [f"t-1 closed {outcome}"]
    assert ("recovery.complaints.goodwill" in desk.fired) == (outcome != "unsatisfied")
    assert desk.balance("beans") == (5 if outcome != "unsatisfied" else 0)


def test_a_resolution_answers_too(desk: Club) -> None:
    desk.happens("resolution", START + HOUR, ticket="t-1", happy=True)
    assert changes(desk) == ["t-1 answered", "t-1 closed satisfied"]
    assert desk.fired[:3] == [
        "recovery.complaints.answered",
        "tasks.reply.done",
        "recovery.complaints.satisfied",
    ]


def test_what_does_nothing_says_why(desk: Club) -> None:
    def reason(event: str, hours: int, how: str, **data: object) -> str:
        desk.happens(event, START + hours * HOUR, **data)
        assert changes(desk) == []
        return desk.held[f"recovery.complaints.{how}"]

    assert reason("answer", 1, "answered") == "ticket is missing"
    assert reason("reopening", 1, "reopened") == "ticket is missing"
    assert reason("answer", 1, "answered", ticket="t-9") == "no such case is known"
    assert reason("complaint", 1, "opened") == "ticket is missing"
    assert reason("complaint", 1, "opened", ticket="t-1") == "the case is open already"
    assert reason("reopening", 1, "reopened", ticket="t-1") == "the case is open already"
    assert reason("reopening", 1, "reopened", ticket="t-9") == "no such case is known"
    desk.happens("answer", START + 2 * HOUR, ticket="t-1")
    assert reason("answer", 3, "answered", ticket="t-1") == "the case is answered already"
    desk.happens("resolution", START + 4 * HOUR, ticket="t-1")
    assert reason("answer", 5, "answered", ticket="t-1") == "the case has ended"
    assert reason("resolution", 5, "resolved", ticket="t-1") == "the case has ended"
    assert reason("reopening", 5 + 30 * 24, "reopened", ticket="t-1") == "it ended too long ago"


def test_no_reason_names_a_case(desk: Club) -> None:
    desk.happens("answer", START + HOUR, ticket="secret-9")
    assert not any("secret" in reason for reason in desk.held.values())


# --- two at once, and again -------------------------------------------------------------------


def test_two_are_open_at_once(desk: Club) -> None:
    desk.happens("complaint", START + HOUR, ticket="t-2", severity="low")
    desk.happens("answer", START + 2 * HOUR, ticket="t-1")
    assert cases(desk) == [("t-1", 1, "answered"), ("t-2", 1, "open")]
    desk.happens("resolution", START + 3 * HOUR, ticket="t-2", happy=True)
    assert cases(desk) == [("t-1", 1, "answered"), ("t-2", 1, "satisfied")]


@pytest.mark.parametrize("event", ["complaint", "reopening"])
def test_a_case_that_has_ended_is_opened_again(desk: Club, event: str) -> None:
    desk.happens("resolution", START + HOUR, ticket="t-1", happy=True)
    again = START + HOUR + 30 * DAY - 1
    said = {"severity": "high"} if event == "complaint" else {}
    desk.waits(again).happens(event, again, ticket="t-1", **said)
    assert changes(desk) == ["t-1 reopened"]
    assert desk.fired == ["recovery.complaints.reopened", *(["push"] if said else [])]
    assert cases(desk) == [("t-1", 2, "open")]
    assert tasks(desk) == [("reply", again + 4 * HOUR)]  # promised anew
    desk.happens("resolution", again + HOUR, ticket="t-1", happy=True)
    assert desk.held["recovery.complaints.goodwill"] == "again: it was given for this case"


def test_after_that_it_is_another_case(desk: Club) -> None:
    desk.happens("resolution", START + HOUR, ticket="t-1", happy=True)
    desk.happens("complaint", START + HOUR + 30 * DAY, ticket="t-1", severity="low")
    assert changes(desk) == ["t-1 opened"]
    assert cases(desk) == [("t-1", 1, "satisfied"), ("t-1", 1, "open")]
    desk.happens("resolution", START + 40 * DAY, ticket="t-1", happy=True)
    assert desk.held["recovery.complaints.goodwill"] == "limit: 1 per year"


def test_a_case_that_was_answered_is_opened_again_before_it_ends(desk: Club) -> None:
    desk.happens("answer", START + HOUR, ticket="t-1")
    desk.happens("reopening", START + 2 * HOUR, ticket="t-1")
    assert cases(desk) == [("t-1", 2, "open")]
    assert "t-1 overdue" in changes(desk.waits(START + 6 * HOUR))


def test_it_lapses_when_nothing_more_comes(desk: Club) -> None:
    desk.happens("answer", START + HOUR, ticket="t-1")
    assert desk.waits(START + HOUR + 60 * DAY - 1).fired == []
    assert desk.waits(START + HOUR + 60 * DAY).fired == ["recovery.complaints.lapsed"]
    assert cases(desk) == [("t-1", 1, "lapsed")]
    assert desk.balance("beans") == 0


def test_what_is_long_over_is_forgotten(desk: Club) -> None:
    desk.happens("resolution", START + HOUR, ticket="t-1")
    desk.happens("complaint", START + 40 * DAY, ticket="t-2")
    assert cases(desk) == [("t-2", 1, "open")]


# --- what follows -----------------------------------------------------------------------------


def test_goodwill_is_within_its_budget_and_its_condition(desk: Club) -> None:
    for number in range(2, 4):
        desk.happens("complaint", START, f"c{number}", ticket="t", severity="high")
    desk.happens("resolution", START + HOUR, ticket="t-1", happy=True)
    (decision,) = (
        one for out in desk.outcomes for one in out.decisions if one.rule.endswith("goodwill")
    )
    assert decision.cost == 50
    desk.happens("resolution", START + HOUR, "c2", ticket="t", happy=True)
    desk.happens("resolution", START + HOUR, "c3", ticket="t", happy=True)
    assert desk.held == {"recovery.complaints.goodwill": "budget: 1"}


def test_goodwill_may_depend_on_the_case(desk: Club) -> None:
    desk.happens("answer", START + HOUR, ticket="t-1")
    desk.happens("reopening", START + 2 * HOUR, ticket="t-1")
    desk.happens("resolution", START + 3 * HOUR, ticket="t-1", happy=True)
    assert desk.held["recovery.complaints.goodwill"] == "when: case.times == 1"


def test_a_survey_follows_unless_it_came_already(desk: Club) -> None:
    desk.happens("resolution", START + HOUR, ticket="t-1", happy=True)
    assert desk.waits(START + HOUR + 3 * DAY - 1).fired == []
    desk.waits(START + HOUR + 3 * DAY)
    assert desk.fired == ["recovery.complaints.survey"]
    desk.happens("complaint", START + 10 * DAY, ticket="t-2")
    desk.happens("resolution", START + 11 * DAY, ticket="t-2")
    desk.happens("questionnaire", START + 12 * DAY, ticket="t-2")
    assert desk.waits(START + 20 * DAY).fired == []


def test_a_survey_of_another_case_is_asked_for(desk: Club) -> None:
    desk.happens("resolution", START + HOUR, ticket="t-1", happy=True)
    desk.happens("questionnaire", START + DAY, ticket="t-2")
    assert desk.waits(START + 5 * DAY).fired == ["recovery.complaints.survey"]


def test_no_promotion_while_a_case_is_open(desk: Club) -> None:
    paused = {
        "effect": "skipped",
        "kind": "send",
        "reason": "promo: paused: a case of complaints is open",
    }
    assert desk.effects[-1] == paused  # at the complaint itself too
    for event, hours in (("visit", 1), ("visit", 30)):
        assert desk.happens(event, START + hours * HOUR).effects[-1] == paused
    desk.happens("resolution", START + 31 * HOUR, ticket="t-1")
    assert paused in desk.effects  # it was open until now
    assert desk.happens("visit", START + 32 * HOUR).effects[-1]["effect"] == "send"


def test_a_recovery_may_pause_nothing_and_have_no_names(club: MakeClub) -> None:
    shop = club(ASK).happens("enquiry", START, about="tea").happens("enquiry", START + HOUR)
    assert shop.happens("visit", START + HOUR).effects[-1]["effect"] == "send"
    shop.happens("reply", START + 2 * HOUR)
    assert [one[1:] for one in cases(shop)] == [(1, "open"), (1, "answered")]  # the latest first
    shop.happens("reply", START + 3 * HOUR)
    assert changes(shop) == ["1 answered", "1 closed answered"]
    shop.happens("reply", START + 4 * HOUR)
    assert shop.held == {"recovery.enquiries.answered": "no case of enquiries waits for it"}


# --- late events ------------------------------------------------------------------------------


def test_an_answer_that_comes_before_its_complaint(club: MakeClub) -> None:
    desk = club(DESK).happens("answer", START + HOUR, ticket="t-1")
    assert desk.held == {"recovery.complaints.answered": "no such case is known"}
    desk.happens("visit", START + 2 * DAY)
    desk.happens("complaint", START, ticket="t-1", severity="high")
    assert changes(desk) == ["t-1 opened", "t-1 answered"]
    assert tasks(desk) == []
    assert desk.waits(START + 10 * DAY).fired == []
    assert desk.states["ann"].life.early == ()


def test_a_resolution_that_comes_before_its_complaint(club: MakeClub) -> None:
    desk = club(DESK).happens("resolution", START + 5 * HOUR, ticket="t-1", happy=True)
    desk.happens("complaint", START, ticket="t-1", severity="high")
    assert changes(desk) == ["t-1 opened", "t-1 answered late", "t-1 closed satisfied"]
    assert desk.balance("beans") == 5


def test_it_is_remembered_for_as_long_as_its_complaint_may_come(club: MakeClub) -> None:
    desk = club(DESK).happens("answer", START, ticket="t-1")
    desk.happens("answer", START + 3 * DAY, ticket="t-2")
    assert [one.id for one in desk.states["ann"].life.early] == ["t-1", "t-2"]
    desk.happens("answer", START + 3 * DAY + 1, ticket="t-3")
    assert [one.id for one in desk.states["ann"].life.early] == ["t-2", "t-3"]


def test_nothing_is_remembered_where_nothing_may_come_late(club: MakeClub) -> None:
    desk = club(DESK.replace("allow_late: 3 days\n", "")).happens("answer", START, ticket="t-1")
    assert desk.states["ann"].life.early == ()


def test_an_answer_from_before_the_complaint_is_none(club: MakeClub) -> None:
    desk = club(DESK).happens("answer", START, ticket="t-1")
    desk.happens("complaint", START + 1, ticket="t-1", severity="high")
    assert cases(desk) == [("t-1", 1, "open")]
    desk.happens("answer", START, ticket="t-1")
    assert desk.held == {"recovery.complaints.answered": "it is from before the case was opened"}


def test_a_complaint_whose_promise_is_over_as_it_comes(club: MakeClub) -> None:
    desk = club(DESK).happens("visit", START + DAY)
    desk.happens("complaint", START, ticket="t-1", severity="high")
    assert tasks(desk) == [("reply", START + 4 * HOUR)]
    desk.waits(START + DAY)
    assert desk.fired == ["tasks.reply.escalated", "recovery.complaints.overdue", "late"]


def test_an_answer_in_time_that_comes_late(desk: Club) -> None:
    desk.happens("visit", START + DAY)
    assert "overdue" in desk.states["ann"].tags
    desk.happens("answer", START + HOUR, ticket="t-1")
    assert changes(desk) == ["t-1 answered"]


def test_a_late_reopening_finds_the_answer_that_came_before_it(desk: Club) -> None:
    desk.happens("answer", START + HOUR, ticket="t-1")
    desk.happens("answer", START + 3 * HOUR, ticket="t-1")  # to what is not known yet
    desk.happens("reopening", START + 2 * HOUR, ticket="t-1")
    assert changes(desk) == ["t-1 reopened", "t-1 answered"]
    assert cases(desk) == [("t-1", 2, "answered")]


# --- other customers --------------------------------------------------------------------------


def test_cases_go_along_when_customers_are_merged_and_come_back(desk: Club) -> None:
    desk.happens("complaint", START, "bob", ticket="t-7", severity="low")
    desk.happens("marry", START + HOUR, into="bob")
    assert cases(desk, "bob") == [("t-7", 1, "open"), ("t-1", 1, "open")]
    assert desk.states["ann"].life.cases == ()
    desk.happens("part", START + 2 * HOUR, "bob", other="ann")
    assert cases(desk, "bob") == [("t-7", 1, "open")]
    assert cases(desk) == [("t-1", 1, "open")]
    desk.happens("answer", START + 2 * HOUR, ticket="t-1")
    assert desk.fired == ["recovery.complaints.answered", "tasks.reply.done"]


def test_a_case_that_has_ended_goes_along_and_may_be_opened_again(desk: Club) -> None:
    desk.happens("resolution", START + HOUR, ticket="t-1", happy=True)
    desk.happens("visit", START + HOUR, "bob").happens("marry", START + 2 * HOUR, into="bob")
    assert cases(desk, "bob") == [("t-1", 1, "satisfied")]
    desk.happens("reopening", START + 3 * HOUR, ticket="t-1")
    assert changes(desk) == ["t-1 reopened"]
    desk.happens("resolution", START + 4 * HOUR, "bob", ticket="t-1", happy=True)
    assert desk.held["recovery.complaints.goodwill"] == "again: it was given for this case"


def test_the_promise_goes_along_too(desk: Club) -> None:
    desk.happens("visit", START, "bob").happens("marry", START + HOUR, into="bob")
    desk.waits(START + 4 * HOUR)
    assert "t-1 overdue" in changes(desk)
    desk.happens("answer", START + 5 * HOUR, ticket="t-1")  # ann's events are bob's
    assert changes(desk) == ["t-1 answered late"]
    assert desk.states["bob"].life.tasks == ()
    assert [one.number for one in desk.states["bob"].life.cases] == [1]


# --- together with the rest -------------------------------------------------------------------


def test_a_message_is_paused_for_the_first_cause_that_holds(club: MakeClub) -> None:
    desk = club(DESK + "pause: {promotional: balance.beans > 0}\n")
    desk.happens("complaint", START, ticket="t-1")
    assert desk.happens("visit", START).effects[-1]["reason"] == (
        "promo: paused: a case of complaints is open"
    )
    desk.happens("adjust_points", START, wallet="beans", points=5)
    assert desk.happens("visit", START).effects[-1]["reason"] == "promo: paused: balance.beans > 0"
    desk.happens("resolution", START + HOUR, ticket="t-1", happy=False)
    assert desk.happens("visit", START + 2 * HOUR).effects[-1]["effect"] == "skipped"


def test_a_journey_stops_and_a_stage_moves_as_a_case_opens(club: MakeClub) -> None:
    text = DESK + (
        "journeys:\n  tips: {enter: visit, steps: [after 3 days: {send: promo}], "
        "stop: recovery.complaints.open > 0}\n"
        "stages: {calm: , upset: {enter: segment.upset, leave: {to: calm, when: "
        "not segment.upset}}}\n"
        "triggers: {angry: {enters: upset}}\n"
    )
    desk = club(text).happens("visit", START)
    assert [run.journey for run in desk.states["ann"].life.journeys] == ["journeys.tips"]
    desk.happens("complaint", START + HOUR, ticket="t-1")
    assert desk.states["ann"].life.journeys == ()
    assert {"stages.upset", "triggers.angry"} <= {*desk.fired}
    desk.happens("resolution", START + 2 * HOUR, ticket="t-1")
    assert "stages.calm" in desk.fired


def test_the_events_of_cases_are_counted_and_followed(club: MakeClub) -> None:
    rules = (
        "  tell: {on: [case_opened, case_answered, case_closed, case_reopened], when: recovery == "
    )
    text = DESK.replace("rules:\n", f"rules:\n{rules}'complaints', then: [earn: {{beans: 1}}]}}\n")
    text += "metrics: {satisfied: {count: case_closed, where: outcome == 'satisfied'}}\n"
    text = text.replace("when: case.times == 1", "when: satisfied < 9")
    desk = club(text).happens("complaint", START, ticket="t-1")
    assert desk.balance("beans") == 1
    desk.happens("resolution", START + HOUR, ticket="t-1", happy=True)
    assert desk.balance("beans") == 1 + 5 + 2
    desk.happens("reopening", START + 2 * HOUR, ticket="t-1")
    assert desk.balance("beans") == 9
