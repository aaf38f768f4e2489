"""Where a customer stands in time: the timers that are set, tiers and stage, what people are
asked to do about them, and how they were scored. Values, as all of a state (state.py); what
makes the next ones of them is in living.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct


class Timer(Struct, frozen=True, omit_defaults=True):
    """A trigger that will come at `due`, unless something puts it off.

    It counts from `since`. `times` says how often it has come already, of one that repeats.
    `data` are the fields of the event that set it, in plain JSON form. `number` tells the
    customer's timers apart: it is the `number`th that was ever set.
    """

    due: int
    trigger: str
    since: int
    number: int
    times: int = 0
    data: Mapping[str, Any] = {}


class Rank(Struct, frozen=True, omit_defaults=True):
    """A level of a tier ladder, since when, and how it was reached ("qualified", ...).

    It is kept until `until` (None: while it is earned, or for good), and where it isn't earned
    by then, until `grace`. `warned` says whether its loss was foretold.
    """

    level: str
    since: int
    how: str
    until: int | None = None
    grace: int | None = None
    warned: bool = False


class Stay(Struct, frozen=True, omit_defaults=True):
    """A stage of the relationship, since when, and whether somebody set it `by_hand`."""

    stage: str
    since: int
    by_hand: bool = False


class Task(Struct, frozen=True, omit_defaults=True):
    """A task that is open: the customer's `number`th of tasks and approvals together, since
    `created`. It is for those who have one of the `roles`, and for the `assignee`. `remind` and
    `escalate` are the instants that are still to come, each of these with the role."""

    task: str
    number: int
    created: int
    due: int | None = None
    remind: int | None = None
    escalate: tuple[tuple[int, str], ...] = ()
    roles: tuple[str, ...] = ()
    assignee: str = ""
    note: str = ""


class Approval(Struct, frozen=True, omit_defaults=True):
    """A decision that people are asked for, numbered as tasks are. `given` are those who have
    approved. `evidence` is in plain JSON form."""

    approval: str
    number: int
    created: int
    expires: int | None = None
    given: tuple[str, ...] = ()
    evidence: Mapping[str, Any] = {}


class Run(Struct, frozen=True, omit_defaults=True):
    """A journey that the customer is in, for the `number`th time, since `entered`.

    `journey` is its place, as "win_back.lost". `step` is how many of its steps are over: the
    next is awaited since `came`; what is so long after counts from `anchor`. It goes on by
    itself at `due` (None: it waits). `entry` are the fields of the event that it was entered
    with, in plain JSON form. Of who is `held_out`, it does nothing.
    """

    journey: str
    number: int
    entered: int
    anchor: int
    came: int
    step: int = 0
    due: int | None = None
    held_out: bool = False
    entry: Mapping[str, Any] = {}


class Ended(Struct, frozen=True):
    """That a journey has ended: when it last did, and how often it was entered."""

    time: int
    number: int


class Case(Struct, frozen=True, omit_defaults=True):
    """Something that the customer has opened, the business must answer, and perhaps has: the
    customer's `number`th case of any recovery.

    `id` is what tells it from others, `opened` the time of its event, `since` that of the event
    that opened it last, for the `times`th time. It is promised to be answered before `due` (None:
    at no time), and was at `answered`. What is still to come by itself: it is reminded of at
    `remind`, ends by itself at `closes`, and a survey follows at `survey`. `task` is the number of
    the open one that it is (0: none). It has `ended` with an `outcome`, and is remembered then
    while it may be opened again. `entry` are the fields of its event, in plain JSON form.
    """

    recovery: str
    id: str
    number: int
    opened: int
    since: int
    due: int | None = None
    remind: int | None = None
    overdue: bool = False
    answered: int | None = None
    closes: int | None = None
    survey: int | None = None
    task: int = 0
    times: int = 1
    goodwill: bool = False
    ended: int | None = None
    outcome: str = ""
    entry: Mapping[str, Any] = {}


class Early(Struct, frozen=True, array_like=True):
    """An answer to a case, or (`ends`) its resolution, at `time`, before what opened it has come.
    `outcome` is what it would end with."""

    recovery: str
    id: str
    time: int
    ends: bool = False
    outcome: str = ""


class Score(Struct, frozen=True, omit_defaults=True):
    """What a score says of the customer since `time`, in plain JSON form; by which version of
    which strategy ("": nobody said)."""

    time: int
    values: Mapping[str, Any]
    strategy: str = ""
    version: str = ""


class Life(Struct, frozen=True, omit_defaults=True):
    """All of it. `watched` names the watched conditions that hold; `tiers` has ranks by
    ladder. `due` is the next instant at which any of it changes by itself, or may. `set`
    counts the timers ever set.

    `firsts` are events that another may still follow, of triggers that are two in a row: what
    is due then is only that they are forgotten, which no step is taken for. `journeys` are those
    that the customer is in, in the order entered; `ended` tells of those that are over, by
    their place. `tasks` and `approvals` are those that are open, `asked` counts those that ever
    were. `cases` are those that are open, and that may be again; `cased` counts those that ever
    were. `early` are answers that may be to cases which come late. `scores` has the
    latest of each score."""

    timers: tuple[Timer, ...] = ()
    firsts: tuple[Timer, ...] = ()
    watched: tuple[str, ...] = ()
    tiers: Mapping[str, Rank] = {}
    stage: Stay | None = None
    due: int | None = None
    set: int = 0
    tasks: tuple[Task, ...] = ()
    approvals: tuple[Approval, ...] = ()
    asked: int = 0
    journeys: tuple[Run, ...] = ()
    ended: Mapping[str, Ended] = {}
    cases: tuple[Case, ...] = ()
    cased: int = 0
    early: tuple[Early, ...] = ()
    scores: Mapping[str, Score] = {}


UNBORN = Life()
