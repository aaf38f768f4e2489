"""Tasks and approvals: asked, reminded of, escalated, done or decided, each at its instant."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from loyalcore.engine.handover.activation import activation_event, concerns_everyone
from loyalcore.engine.state import pack_state, unpack_state
from loyalcore.engine.step import step
from loyalcore.values import read_time, to_datetime

MakeClub = Callable[[str], Any]
MakeProgram = Callable[[str], Any]

OSLO = ZoneInfo("Europe/Oslo")

CLUB = """
customer: {adviser: text, mood: text}
events:
  complaint: {about: text, cost: money}
  loss: {amount: money}
  moved: {adviser: text}
  merge: {into: id, merges: into}
  split: {customer_id: id, unmerges: customer_id}
wallets: {beans: {}}
metrics: {calls: {count: task_completed}}
people: {anna: adviser, bo: [manager], cid: [manager, director], dag: }
tasks:
  call:
    role: adviser
    assignee: customer.adviser
    due: 3 days
    remind: 1 day
    escalate: [manager, {after: 2 days, to: director}]
    outcomes: [reached, refused]
    then:
      reached: [{earn: {beans: 5}}, {set: {mood: note}}]
      refused: [{task: {letter: {note: "concat('after ', by)"}}}]
  letter: {assignee: adviser}
  look: {role: adviser, due: 1 month, remind: 2 weeks}
approvals:
  dissolve:
    role: [manager, director]
    eyes: 2
    expires: 30 days
    approved: [{set: {tags.gone: true}}]
    rejected: [{task: call}]
    expired: [{task: letter}]
  gift: {role: manager, approved: [{earn: {beans: 50}}]}
rules:
  call: {on: complaint, then: [{task: {call: {note: about}}}]}
  hurry: {on: complaint, when: cost > 100, then: [{task: {call: {due: 12 hours}, look: }}]}
  end: {on: loss, then: [{approval: {dissolve: {lost: amount, beans: balance.beans}}}]}
  give: {on: loss, when: amount == 1, then: [{approval: gift}]}
  adviser: {on: moved, then: [{set: {adviser: adviser}}]}
  created: {on: task_created, when: task == 'letter', then: [{set: {tags.letter: true}}]}
  escalated: {on: task_escalated, when: to == 'director', then: [{set: {tags.late: true}}]}
  completed: {on: task_completed, then: [{set: {tags.called: outcome == 'reached'}}]}
  decided: {on: approval_decided, when: decision == 'expired', then: [{set: {tags.slow: true}}]}
"""


def work(shop: Any) -> list[str]:
    """What became of tasks and approvals, in order, with the moment."""
    told = []
    for outcome in shop.outcomes:
        for decision in outcome.decisions:
            for effect in json.loads(decision.effects):
                what, *changed = str(effect["effect"]).split(" ")
                if what in ("task", "approval") and changed:
                    named = [str(effect[key]) for key in ("to", "by", "outcome") if key in effect]
                    text = " ".join([effect[what], str(effect["number"]), effect["how"], *named])
                    told.append(f"{moment(outcome.event.time)}: {text}")
    return told


def moment(time: int) -> str:
    return f"{to_datetime(time, OSLO):%m-%dT%H:%M}"


def open_tasks(shop: Any, customer: str = "ann") -> list[str]:
    return [f"{one.task} {one.number}" for one in shop.states[customer].life.tasks]


def just_before(text: str) -> int:
    return read_time(text, OSLO) - 1


def done(shop: Any, time: str, by: str = "anna", outcome: str = "reached", **more: object) -> Any:
    return shop.happens("task_done", time, task="call", by=by, outcome=outcome, **more)


def answer(shop: Any, time: str, by: str, approved: bool = True, **more: object) -> Any:
    return shop.happens(
        "approval_given", time, approval="dissolve", by=by, approved=approved, **more
    )


# --- tasks, by time ---------------------------------------------------------------------------


def test_a_task_is_asked_and_tells_by_when(club: MakeClub) -> None:
    shop = club(CLUB)
    shop.happens("complaint", "2026-01-01T10:00", about="cold tea")
    assert shop.effects == [
        {
            "effect": "task",
            "task": "call",
            "note": "cold tea",
            "number": 1,
            "roles": ["adviser"],
            "due": "2026-01-04T09:00:00Z",
        }
    ]


def test_it_is_reminded_of_and_escalated_each_at_its_instant(club: MakeClub) -> None:
    shop = club(CLUB)
    shop.happens("complaint", "2026-01-01T10:00")
    for instant, what in (
        ("2026-01-03T10:00", "call 1 reminded"),
        ("2026-01-04T10:00", "call 1 escalated manager"),
        ("2026-01-06T10:00", "call 1 escalated director"),
    ):
        assert work(shop.waits(just_before(instant))) == []
        assert work(shop.waits(instant)) == [f"{instant[5:]}: {what}"]
    assert shop.states["ann"].tags == ("late",)
    assert work(shop.waits("2030-01-01")) == []
    assert open_tasks(shop) == ["call 1"]  # however late
    assert shop.states["ann"].due is None


def test_a_task_that_is_done_before_its_reminder_has_none(club: MakeClub) -> None:
    shop = club(CLUB)
    shop.happens("complaint", "2026-01-01T10:00")
    done(shop, "2026-01-03T09:59")
    assert work(shop) == ["01-03T09:59: call 1 done anna reached"]
    assert shop.states["ann"].due is None
    assert work(shop.waits("2026-02-01")) == []


def test_what_is_done_at_the_instant_of_an_escalation_comes_after_it(club: MakeClub) -> None:
    shop = club(CLUB)
    shop.happens("complaint", "2026-01-01T10:00")
    shop.waits(just_before("2026-01-04T10:00"))
    event = shop.event("task_done", "2026-01-04T10:00", task="call", by="bo", outcome="reached")
    assert work(shop.waits(event.time)) == ["01-04T10:00: call 1 escalated manager"]
    done(shop, "2026-01-04T10:00", by="bo")
    assert work(shop) == ["01-04T10:00: call 1 done bo reached"]


def test_an_effect_may_give_less_time_and_then_no_reminder_fits(club: MakeClub) -> None:
    shop = club(CLUB)
    shop.happens("complaint", "2026-01-01T10:00", cost=200)
    assert open_tasks(shop) == ["call 1", "call 2", "look 3"]
    shop.waits("2026-01-01T22:00")
    assert work(shop) == ["01-01T22:00: call 2 escalated manager"]


def test_lengths_in_months_are_of_the_calendar(club: MakeClub) -> None:
    shop = club(CLUB)
    shop.happens("complaint", "2026-01-31T10:00", cost=200)
    (look,) = [one for one in shop.states["ann"].life.tasks if one.task == "look"]
    assert moment(look.due) == "03-01T00:00"  # a step to a day that isn't there
    assert moment(look.remind) == "02-15T00:00"


def test_tasks_fall_due_in_order_and_points_are_not_forgotten(club: MakeClub) -> None:
    shop = club(CLUB)
    shop.happens("complaint", "2026-01-01T10:00")
    shop.happens("complaint", "2026-01-02T10:00")
    shop.waits("2026-01-05T10:00")
    assert work(shop) == [
        "01-03T10:00: call 1 reminded",
        "01-04T10:00: call 1 escalated manager",
        "01-04T10:00: call 2 reminded",
        "01-05T10:00: call 2 escalated manager",
    ]


def test_of_a_customer_who_is_unpacked_again_all_is_there(club: MakeClub) -> None:
    shop = club(CLUB)
    shop.happens("complaint", "2026-01-01T10:00", about="cold")
    shop.happens("loss", "2026-01-01T11:00", amount=5)
    answer(shop, "2026-01-01T12:00", "bo")
    state = shop.states["ann"]
    assert unpack_state(shop.program, pack_state(shop.program, state), lambda: ()) == state


# --- tasks, by people -------------------------------------------------------------------------


def test_the_outcome_has_its_effects(club: MakeClub) -> None:
    shop = club(CLUB)
    shop.happens("complaint", "2026-01-01T10:00")
    done(shop, "2026-01-02T10:00", note="glad")
    assert shop.balance("beans") == 5
    assert shop.states["ann"].attributes["mood"] == "glad"
    assert shop.fired == ["tasks.call.done", "completed"]
    assert shop.states["ann"].tags == ("called",)
    assert open_tasks(shop) == []


def test_an_outcome_may_ask_for_another_task(club: MakeClub) -> None:
    shop = club(CLUB)
    shop.happens("complaint", "2026-01-01T10:00")
    done(shop, "2026-01-02T10:00", outcome="refused")
    assert open_tasks(shop) == ["letter 2"]
    assert shop.states["ann"].life.tasks[0].note == "after anna"
    assert shop.states["ann"].tags == ("letter",)
    assert shop.states["ann"].due is None  # nobody is reminded of a letter


def test_a_task_may_be_done_late_by_whom_it_was_asked_first(club: MakeClub) -> None:
    shop = club(CLUB)
    shop.happens("complaint", "2026-01-01T10:00")
    shop.waits("2026-01-20")
    done(shop, "2026-01-20T10:00")
    assert work(shop) == ["01-20T10:00: call 1 done anna reached"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({"task": None}, "task is missing"),
        ({"task": "cal"}, "there is no task 'cal' (did you mean 'call'?)"),
        ({"task": "letter"}, "no task letter is open"),
        ({"number": 2}, "task call 2 is not open"),
        ({"task": "letter", "number": 1}, "task letter 1 is not open any more"),
        ({"outcome": "gone"}, "outcome 'gone' is none of this task: reached, refused"),
        ({"outcome": None}, "outcome is missing: reached, refused"),
        ({"by": None}, "by is missing: who says so"),
        ({"by": "  "}, "by is missing: who says so"),
        ({"by": "ana"}, "ana is none of the people (did you mean 'anna'?)"),
        ({"by": "dag"}, "dag has not the role adviser"),
        ({"by": "bo"}, "bo has not the role adviser"),
    ],
)
def test_what_can_not_be_done_has_a_reason(
    club: MakeClub, data: dict[str, object], reason: str
) -> None:
    shop = club(CLUB)
    shop.happens("complaint", "2026-01-01T10:00")
    whole = {"task": "call", "by": "anna", "outcome": "reached", **data}
    shop.happens("task_done", "2026-01-02T10:00", **whole)
    assert (shop.fired, shop.held) == ([], {"events.task_done": reason})
    assert open_tasks(shop) == ["call 1"]
    assert shop.balance("beans") == 0


def test_of_two_who_have_done_it_the_second_is_refused(club: MakeClub) -> None:
    shop = club(CLUB)
    shop.happens("complaint", "2026-01-01T10:00")
    done(shop, "2026-01-02T10:00", number=1)
    done(shop, "2026-01-02T10:00", number=1)
    assert shop.held == {"events.task_done": "task call 1 is not open any more"}
    done(shop, "2026-01-02T10:00")
    assert shop.held == {"events.task_done": "no task call is open"}
    assert shop.balance("beans") == 5


def test_without_a_number_it_is_the_latest(club: MakeClub) -> None:
    shop = club(CLUB)
    shop.happens("complaint", "2026-01-01T10:00")
    shop.happens("complaint", "2026-01-01T11:00")
    done(shop, "2026-01-01T12:00")
    assert open_tasks(shop) == ["call 1"]
    shop.happens("task_done", "2026-01-01T12:00", number=1, by="anna", outcome="reached")
    assert open_tasks(shop) == []


def test_the_adviser_of_the_customer_may_whatever_their_role(club: MakeClub) -> None:
    shop = club(CLUB)
    shop.happens("moved", "2026-01-01T09:00", adviser="eve")
    shop.happens("complaint", "2026-01-01T10:00")
    shop.happens("moved", "2026-01-01T11:00", adviser="fay")  # of tasks that come later
    assert shop.states["ann"].life.tasks[0].assignee == "eve"
    done(shop, "2026-01-02T10:00", by="fay")
    assert shop.held == {"events.task_done": "fay is none of the people"}
    done(shop, "2026-01-02T10:00", by="eve", outcome="refused")
    assert work(shop) == ["01-02T10:00: call 1 done eve refused"]
    shop.happens("task_done", "2026-01-03", task="letter", by="anna")
    assert shop.held == {"events.task_done": "it is fay's"}
    shop.happens("task_done", "2026-01-03", task="letter", by="fay", outcome="sent")
    assert work(shop) == ["01-03T00:00: letter 2 done fay sent"]


def test_a_task_is_handed_on(club: MakeClub) -> None:
    shop = club(CLUB)
    shop.happens("complaint", "2026-01-01T10:00")
    for to, by, reason in (
        ("dag", "bo", "dag has not the role adviser"),
        ("anna", "zoe", "zoe is none of the people"),
        (None, "bo", "to is missing: whose it is from now on"),
        ("anna", None, "by is missing: who says so"),
    ):
        shop.happens("task_assigned", "2026-01-01T11:00", task="call", to=to, by=by)
        assert shop.held == {"events.task_assigned": reason}
    shop.happens("task_assigned", "2026-01-01T11:00", task="call", to="anna", by="dag")
    assert work(shop) == ["01-01T11:00: call 1 assigned anna dag"]
    shop.happens("task_assigned", "2026-01-01T11:00", task="call", to="anna", by="dag")
    assert shop.held == {"events.task_assigned": "it is anna's already"}
    shop.waits("2026-01-04T10:00")
    shop.happens("task_assigned", "2026-01-04T11:00", task="call", to="bo", by="bo")
    assert shop.states["ann"].life.tasks[0].assignee == "bo"
    done(shop, "2026-01-04T12:00", by="bo")
    assert open_tasks(shop) == []


def test_without_people_whoever_says_so_is_believed(club: MakeClub) -> None:
    shop = club("\n".join(line for line in CLUB.splitlines() if not line.startswith("people:")))
    shop.happens("complaint", "2026-01-01T10:00")
    shop.happens("loss", "2026-01-01T10:00", amount=5)
    done(shop, "2026-01-01T11:00", by="anyone")
    for by in ("x", "x", "y"):
        answer(shop, "2026-01-01T11:00", by)
    assert work(shop) == ["01-01T11:00: dissolve 2 approved y"]


# --- approvals --------------------------------------------------------------------------------


def test_four_eyes_see_more_than_two(club: MakeClub) -> None:
    shop = club(CLUB)
    shop.happens("loss", "2026-01-01T10:00", amount=5)
    assert shop.effects[0]["evidence"] == {"lost": "5.00", "beans": 0}
    assert work(answer(shop, "2026-01-02T10:00", "bo")) == ["01-02T10:00: dissolve 1 given bo"]
    answer(shop, "2026-01-02T11:00", "bo")
    twice = "bo has approved it already; another person must"
    assert shop.held == {"events.approval_given": twice}
    assert answer(shop, "2026-01-02T11:00", "bo", False).held == {"events.approval_given": twice}
    assert "gone" not in shop.states["ann"].tags
    answer(shop, "2026-01-02T12:00", "cid", reason="agreed")
    assert shop.fired == ["approvals.dissolve.approved"]
    assert shop.effects[0]["note"] == "agreed"
    assert shop.states["ann"].tags == ("gone",)
    assert shop.states["ann"].due is None
    answer(shop, "2026-01-02T13:00", "cid")
    assert shop.held == {"events.approval_given": "no approval dissolve is open"}


def test_one_may_reject_even_after_another_approved(club: MakeClub) -> None:
    shop = club(CLUB)
    shop.happens("loss", "2026-01-01T10:00", amount=5)
    answer(shop, "2026-01-02T10:00", "bo")
    answer(shop, "2026-01-02T10:00", "cid", False)
    assert work(shop) == ["01-02T10:00: dissolve 1 rejected cid"]
    assert open_tasks(shop) == ["call 2"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({"by": "anna"}, "anna has not the role manager or director"),
        ({"by": "zoe"}, "zoe is none of the people"),
        ({"by": None}, "by is missing: who says so"),
        ({"approved": None}, "approved is missing: true or false"),
        ({"approval": "disolve"}, "there is no approval 'disolve' (did you mean 'dissolve'?)"),
        ({"approval": "gift"}, "no approval gift is open"),
        ({"number": 7}, "approval dissolve 7 is not open"),
    ],
)
def test_who_may_not_decide_is_told(club: MakeClub, data: dict[str, object], reason: str) -> None:
    shop = club(CLUB)
    shop.happens("loss", "2026-01-01T10:00", amount=5)
    whole = {"approval": "dissolve", "by": "bo", "approved": True, **data}
    shop.happens("approval_given", "2026-01-02T10:00", **whole)
    assert (shop.fired, shop.held) == ([], {"events.approval_given": reason})
    assert [one.given for one in shop.states["ann"].life.approvals] == [()]


def test_it_expires_at_its_instant_and_is_not_given_then(club: MakeClub) -> None:
    shop = club(CLUB)
    shop.happens("loss", "2026-01-01T10:00", amount=5)
    answer(shop, "2026-01-31T09:59", "bo")
    assert work(shop.waits(just_before("2026-01-31T10:00"))) == []
    answer(shop, "2026-01-31T10:00", "cid")
    assert shop.held == {"events.approval_given": "no approval dissolve is open"}
    assert open_tasks(shop) == ["letter 2"]
    assert {"slow", "letter"} == set(shop.states["ann"].tags)


def test_the_last_moment_before_it_expires_is_in_time(club: MakeClub) -> None:
    shop = club(CLUB)
    shop.happens("loss", "2026-01-01T10:00", amount=5)
    for by in ("bo", "cid"):
        shop.happens(
            "approval_given",
            just_before("2026-01-31T10:00"),
            approval="dissolve",
            by=by,
            approved=True,
        )
    assert shop.fired == ["approvals.dissolve.approved"]


def test_one_of_a_kind_is_open_at_a_time(club: MakeClub) -> None:
    shop = club(CLUB)
    shop.happens("loss", "2026-01-01T10:00", amount=1)
    shop.happens("loss", "2026-01-02T10:00", amount=2)
    assert [one.approval for one in shop.states["ann"].life.approvals] == ["dissolve", "gift"]
    assert shop.effects == [
        {
            "effect": "skipped",
            "kind": "approval",
            "reason": "dissolve: number 1 is open already",
        }
    ]
    shop.happens("approval_given", "2026-01-03", approval="gift", by="bo", approved=True)
    assert shop.balance("beans") == 50


# --- merged, and taken over -------------------------------------------------------------------


def merged(club: MakeClub) -> Any:
    """Bob, who is also ann, has a task and an approval open, and ann a task."""
    shop = club(CLUB)
    shop.happens("complaint", "2026-01-01T10:00", "ann", about="hers")
    shop.happens("complaint", "2026-01-02T10:00", "bob", about="his")
    shop.happens("loss", "2026-01-02T11:00", "bob", amount=5)
    shop.happens("approval_given", "2026-01-02T12:00", "bob", number=2, by="bo", approved=True)
    return shop.happens("merge", "2026-01-02T13:00", "bob", into="ann")


def test_what_is_open_goes_along_under_new_numbers(club: MakeClub) -> None:
    shop = merged(club)
    assert work(shop) == ["01-02T13:00: call 1 moved ann", "01-02T13:00: dissolve 2 moved ann"]
    assert (open_tasks(shop), open_tasks(shop, "bob")) == (["call 1", "call 2"], [])
    (approval,) = shop.states["ann"].life.approvals
    assert (approval.number, approval.given) == (3, ("bo",))
    shop.waits("2026-01-05T10:00")
    assert "01-05T10:00: call 2 escalated manager" in work(shop)
    shop.happens("approval_given", "2026-01-06", "bob", number=3, by="cid", approved=True)
    assert work(shop) == ["01-06T00:00: dissolve 3 approved cid"]


def test_what_is_untouched_goes_back(club: MakeClub) -> None:
    shop = merged(club)
    shop.happens("task_done", "2026-01-02T14:00", "ann", number=2, by="anna", outcome="reached")
    shop.happens("split", "2026-01-02T15:00", "ann", customer_id="bob")
    assert open_tasks(shop) == ["call 1"]
    assert (open_tasks(shop, "bob"), shop.states["ann"].life.approvals) == ([], ())
    (approval,) = shop.states["bob"].life.approvals
    assert (approval.number, approval.given) == (3, ("bo",))
    shop.happens("approval_given", "2026-01-03", "bob", number=3, by="cid", approved=True)
    assert shop.states["bob"].tags == ("gone",)


def test_another_program_withdraws_what_it_has_not_and_keeps_the_dates(
    club: MakeClub, program: MakeProgram
) -> None:
    shop = club(CLUB)
    shop.happens("complaint", "2026-01-01T10:00", cost=200)
    shop.happens("loss", "2026-01-01T11:00", amount=1)
    text = CLUB.replace("  look: {role: adviser, due: 1 month, remind: 2 weeks}\n", "")
    text = text.replace("due: 12 hours}, look: }", "due: 12 hours}}").replace(
        "due: 3 days", "due: 30 days"
    )
    text = text.replace("  gift: {role: manager, approved: [{earn: {beans: 50}}]}\n", "")
    text = text.replace("  give: {on: loss, when: amount == 1, then: [{approval: gift}]}\n", "")
    new = program(text)
    assert concerns_everyone(shop.program, new)
    state = unpack_state(new, pack_state(shop.program, shop.states["ann"]), lambda: ())
    state, outcome = step(new, state, activation_event(new, "ann", state.clock))
    (decision,) = outcome.decisions
    assert [(one["effect"], one["number"], one["how"]) for one in json.loads(decision.effects)] == [
        ("task changed", 3, "withdrawn"),
        ("approval changed", 5, "withdrawn"),
    ]
    assert [one.task for one in state.life.tasks] == ["call", "call"]
    shop.program, shop.states = new, {"ann": state}
    assert "01-03T10:00: call 1 reminded" in work(shop.waits("2026-01-03T10:00"))


def test_a_program_that_asks_nobody_withdraws_everything(
    club: MakeClub, program: MakeProgram
) -> None:
    shop = club(CLUB)
    shop.happens("complaint", "2026-01-01T10:00")
    new = program("events: {complaint: {}}\nrules: {}\n")
    state = unpack_state(new, pack_state(shop.program, shop.states["ann"]), lambda: ())
    state, outcome = step(new, state, activation_event(new, "ann", state.clock))
    assert "withdrawn" in outcome.decisions[0].effects
    assert (state.life.tasks, state.due, state.life.asked) == ((), None, 1)


def test_a_program_with_more_of_them_leaves_everyone_alone(
    club: MakeClub, program: MakeProgram
) -> None:
    old = program(CLUB)
    more = CLUB.replace("  letter: {", "  visit: {role: adviser}\n  letter: {")
    assert not concerns_everyone(old, program(more))


# --- what may be on them ----------------------------------------------------------------------

TOLD = """
events: {complaint: {}}
tasks: {call: {role: adviser, due: 2 days, escalate: manager}}
approvals: {end: {role: manager}}
triggers: {unheard: {after: task_created, wait: 1 day, unless: task_completed}}
stages:
  calm:
  upset: {enter: {on: task_escalated}, leave: {to: calm, on: task_completed}}
  gone: {enter: {from: [calm, upset], on: approval_decided, when: decision == 'approved'}}
rules:
  ask: {on: complaint, then: [task: call]}
  end: {on: unheard, then: [approval: end]}
"""


def test_triggers_and_stages_may_be_on_what_is_told(club: MakeClub) -> None:
    shop = club(TOLD)
    shop.happens("complaint", "2026-01-01T10:00")
    shop.waits("2026-01-02T10:00")
    assert shop.fired == ["triggers.unheard", "end"]
    shop.waits("2026-01-03T10:00")
    assert shop.fired == ["tasks.call.escalated", "stages.upset"]
    done(shop, "2026-01-04T10:00")
    assert shop.fired == ["tasks.call.done", "stages.calm"]
    shop.happens("approval_given", "2026-01-05", approval="end", by="x", approved=True)
    assert shop.fired == ["approvals.end.approved", "stages.gone"]


def test_what_nothing_is_on_is_not_told(club: MakeClub) -> None:
    lines = [line for line in TOLD.splitlines() if line.startswith(("events", "tasks"))]
    lines.append("rules: {ask: {on: complaint, then: [task: call]}}")
    shop = club("\n".join(lines))
    shop.happens("complaint", "2026-01-01T10:00")
    assert [one.event.type for one in shop.outcomes] == ["complaint"]
    done(shop, "2026-01-02T10:00")
    assert [one.event.type for one in shop.outcomes] == ["task_done"]
