"""Tasks and approvals compiled: what an author may write, and every mistake at its place."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Problems = Callable[..., list[str]]

CLUB = """\
program: club
customer: {adviser: text, born: date}
events: {purchase: {amount: money, place: text}}
wallets: {beans: {}}
people: {anna: adviser, bo: [manager], cid: }
"""
RULE = "rules: {ask: {on: purchase, then: [%s]}}\n"


def club(tasks: str = "", approvals: str = "", effects: str = "", people: bool = True) -> str:
    text = CLUB if people else "".join(CLUB.splitlines(keepends=True)[:-1])
    text += f"tasks: {{{tasks}}}\n" if tasks else ""
    text += f"approvals: {{{approvals}}}\n" if approvals else ""
    named = [f"task: {name}" for name in ["call"] if tasks and not effects]
    named += [f"approval: {name}" for name in ["gift"] if approvals and not effects]
    return text + RULE % (effects or ", ".join(named))


@pytest.mark.parametrize(
    "task",
    [
        "{role: adviser}",
        "{assignee: adviser}",
        "{assignee: customer.adviser, role: adviser, about: Call}",
        "{role: adviser, due: 3 days, remind: 1 day, escalate: manager}",
        "{role: adviser, due: 1 month, remind: 27 days}",
        "{role: adviser, due: 1 day, escalate: [manager, {after: 1 day, to: adviser}]}",
        "{role: adviser, outcomes: [a, b], then: {a: [earn: {beans: 1}, task: call]}}",
        "{role: adviser, outcomes: yes, then: {yes: [set: {adviser: by}]}}",
    ],
)
def test_tasks_may_be_written_like_this(problems: Problems, task: str) -> None:
    assert problems(club(tasks=f"call: {task}")) == []


@pytest.mark.parametrize(
    ("effect", "place"),
    [
        ("task: call", ""),
        ("task: {call: }", ""),
        ("task: {call: {note: place, due: 2 days}}", ""),
        ("task: {call: {note: event.id}, other: }", ""),
    ],
)
def test_a_task_may_be_asked_like_this(problems: Problems, effect: str, place: str) -> None:
    tasks = "call: {role: adviser, due: 3 days}"
    tasks += ", other: {role: manager}" if "other" in effect else ""
    assert problems(club(tasks=tasks, effects=effect)) == []


def test_a_recovery_says_by_its_promises_when_its_task_is_due(problems: Problems) -> None:
    text = """\
program: club
events: {complaint: {}, answer: {}}
people: {ann: desk, bo: boss}
tasks: {call: {role: desk, remind: 1 hour, escalate: boss}}
recovery: {complaints: {open: complaint, answered: answer, task: call, promise: 4 hours}}
"""
    assert problems(text) == []
    assert problems(text.replace("remind: 1 hour", "remind: 4 hours")) == [
        (
            "club.yaml:4:36: error: a reminder 4 hours before it is due, but there are 4 hours only"
            " (make remind shorter than due) [bad-task]"
        ),
    ]
    assert problems(text.replace(", promise: 4 hours", "")) == [
        "club.yaml:4:15: error: remind needs due: by when it is to be done [bad-task]"
    ]


@pytest.mark.parametrize(
    ("task", "problem"),
    [
        ("{due: 1 day}", "6:15: error: say whose task it is: role, or assignee [bad-task]"),
        (
            "{role: adviser, remind: 1 day}",
            "6:15: error: remind needs due: by when it is to be done [bad-task]",
        ),
        (
            "{role: adviser, escalate: manager}",
            "6:15: error: escalate needs due: by when it is to be done [bad-task]",
        ),
        (
            "{role: adviser, due: 1 day, remind: 24 hours}",
            (
                "6:51: error: a reminder 24 hours before it is due, but there are 1 day only "
                "(make remind shorter than due) [bad-task]"
            ),
        ),
        (
            "{role: adviser, outcomes: [reached], then: {reachd: []}}",
            (
                "6:59: error: 'reachd' is no outcome of the task 'call' (did you mean 'reached'?) "
                "[unknown-name]"
            ),
        ),
        (
            "{role: adviser, then: {reached: []}}",
            (
                "6:38: error: 'reached' is no outcome of the task 'call' (outcomes: none) "
                "[unknown-name]"
            ),
        ),
        (
            "{assignee: advisor}",
            "6:26: error: there is no attribute 'advisor' (did you mean 'adviser'?) [unknown-name]",
        ),
        (
            "{assignee: born}",
            (
                "6:26: error: 'born' is no name of a person: it is a date (make it a text or an "
                "id) [bad-task]"
            ),
        ),
        (
            "{role: adviser, outcomes: [a], then: {a: [earn: {baens: 1}]}}",
            "6:64: error: there is no wallet 'baens' (did you mean 'beans'?) [unknown-name]",
        ),
        (
            "{role: adviser, outcomes: [a], then: {a: [set: {adviser: place}]}}",
            "6:72: error: there is no 'place' [unknown-name]",
        ),
        (
            "{role: advisr}",
            (
                "6:9: warning: nobody has the role 'advisr' of the task 'call' (did you mean "
                "'adviser'?) [nobody]"
            ),
        ),
        (
            "{role: adviser, due: 1 day, escalate: [{after: 1 day, to: boss}]}",
            (
                "6:9: warning: nobody has the role 'boss' of the task 'call' (roles: adviser, "
                "manager) [nobody]"
            ),
        ),
    ],
)
def test_a_mistake_in_a_task_has_its_place(problems: Problems, task: str, problem: str) -> None:
    assert [found.partition("club.yaml:")[2] for found in problems(club(f"call: {task}"))] == [
        problem
    ]


@pytest.mark.parametrize(
    ("approval", "problem"),
    [
        (
            "{role: manager, expired: [task: call]}",
            (
                "7:44: error: it never expires, so nothing follows of that (say when: expires: "
                "30 days) [bad-task]"
            ),
        ),
        (
            "{role: manager, eyes: 2}",
            (
                "7:13: warning: 'gift' can't be approved: only bo may (it takes 2: give the role "
                "to others, under people) [nobody]"
            ),
        ),
        (
            "{role: managr}",
            (
                "7:13: warning: 'gift' can't be approved: nobody may (managr: did you mean "
                "'manager'?) [nobody]"
            ),
        ),
        (
            "{role: boss}",
            (
                "7:13: warning: 'gift' can't be approved: nobody may (it takes 1: give the role to "
                "others, under people) [nobody]"
            ),
        ),
    ],
)
def test_a_mistake_in_an_approval_has_its_place(
    problems: Problems, approval: str, problem: str
) -> None:
    text = club("call: {role: adviser}", f"gift: {approval}")
    text = text.replace("[task: call, approval: gift]", "[{task: call}, {approval: gift}]")
    assert [found.partition("club.yaml:")[2] for found in problems(text)] == [problem]


def test_that_anyone_can_decide_is_told(problems: Problems) -> None:
    (problem,) = problems(club(approvals="gift: {role: boss}", people=False))
    assert problem.endswith(
        "warning: anyone can decide 'gift': there are no people (name those who may: "
        "people: {anna: [boss]}) [nobody]"
    )


@pytest.mark.parametrize(
    ("effect", "problem"),
    [
        ("task: cal", "there is no task 'cal' (did you mean 'call'?) [unknown-name]"),
        ("task: {cal: {note: place}}", "there is no task 'cal' (did you mean 'call'?)"),
        ("task: {call: {note: amount}}", "this is money, where text or id should be"),
        ("task: {call: {not: place}}", "there is no 'not' here"),
        ("task: {}", "task names a task: call, or {call: {note: ..., due: 2 days}}"),
        ("approval: gft", "there is no approval 'gft' (did you mean 'gift'?)"),
        ("approval: {gift: {lost: amout}}", "there is no 'amout' (did you mean 'amount'?)"),
        ("approval: []", "approval names one: dissolve, or {dissolve: {margin: margin_year}}"),
    ],
)
def test_a_mistake_in_what_is_asked_is_told(problems: Problems, effect: str, problem: str) -> None:
    text = club("call: {role: adviser}", "gift: {role: manager}", effect)
    assert any(problem in found for found in problems(text)), problems(text)


def test_what_nobody_asks_for_is_told(problems: Problems) -> None:
    text = club("call: {role: adviser}", "gift: {role: manager}", "earn: {beans: 1}")
    assert [found.partition("warning: ")[2] for found in problems(text)] == [
        (
            "nothing asks for the task 'call' (write `task: call` among the effects of a rule) "
            "[unused]"
        ),
        (
            "nothing asks for the approval 'gift' (write `approval: gift` among the effects of a "
            "rule) [unused]"
        ),
    ]
