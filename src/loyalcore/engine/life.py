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
    """That a journey (or a dissolution) has ended: when it last did, and how often it was
    entered."""

    time: int
    number: int


class Figure(Struct, frozen=True):
    """A period that ended at `ended`, and the figures of it, in plain JSON form."""

    ended: int
    values: Mapping[str, Any]


class Streak(Struct, frozen=True):
    """That a reason has held for `count` periods one after another: the last of them was judged
    as it ended, `at` then. `figures` are those of the latest."""

    at: int
    count: int
    figures: tuple[Figure, ...]


class Tried(Struct, frozen=True, omit_defaults=True):
    """Something that was tried: when, what, and what it came to. Of a task, its `number`."""

    time: int
    what: str
    number: int = 0
    outcome: str = ""


class Dissolution(Struct, frozen=True, omit_defaults=True):
    """A relationship that is being ended, or is: by the dissolution `name`, for the `number`th
    time, for a `reason`, since `begun`.

    It is in a `phase` since `came`: "improving", "proposed" (as the approval of this number),
    "approved", then the phases themselves. It goes on by itself at `due`. While it is `held`,
    for which reason, since `held_since`, it does not; `by_hand` says that somebody wants it so.
    `anchor` is what the length of the phase counts from: later than `came` by all the time held.
    Accrual has `stopped` or not. `figures` are those of a reason by periods, `tried` what was
    tried. Until it is taken up again: `tiers` are the levels lost, by ladder, and `expired` the
    points that expired as it was settled, by wallet. `earn_until` and `redeem_until` are when
    that ends, if nothing holds it.
    """

    name: str
    number: int
    reason: str
    begun: int
    phase: str
    came: int
    anchor: int
    due: int | None = None
    approval: int = 0
    held: str = ""
    held_since: int = 0
    by_hand: bool = False
    stopped: bool = False
    figures: tuple[Figure, ...] = ()
    tried: tuple[Tried, ...] = ()
    tiers: Mapping[str, str] = {}
    expired: Mapping[str, int] = {}
    earn_until: int | None = None
    redeem_until: int | None = None

    @property
    def place(self) -> str:
        return f"dissolution.{self.name}"

    @property
    def begins(self) -> bool:
        """Whether a person has approved it."""
        return self.phase not in ("improving", "proposed")

    @property
    def announced(self) -> bool:
        """Whether the first of its phases has begun: nothing is promoted any more."""
        return self.begins and self.phase != "approved"

    @property
    def settled(self) -> bool:
        """Whether what was left is settled: nothing is kept any more."""
        return self.phase in ("settlement", "closed")

    @property
    def closed(self) -> bool:
        return self.phase == "closed"


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


class Consent(Struct, frozen=True, omit_defaults=True):
    """What the customer has said at `since` of being written to: yes, or no."""

    given: bool
    since: int


class Life(Struct, frozen=True, omit_defaults=True):
    """All of it. `watched` names the watched conditions that hold; `tiers` has ranks by
    ladder. `due` is the next instant at which any of it changes by itself, or may. `set`
    counts the timers ever set.

    `firsts` are events that another may still follow, of triggers that are two in a row: what
    is due then is only that they are forgotten, which no step is taken for. `journeys` are those
    that the customer is in, in the order entered; `ended` tells of those that are over, by
    their place. `tasks` and `approvals` are those that are open, `asked` counts those that ever
    were. `cases` are those that are open, and that may be again; `cased` counts those that ever
    were. `early` are answers that may be to cases which come late. `dissolution` is the one that
    they are in, `parted` tells of those that are over, by name; `streaks` of the reasons that hold
    by now, by the place of each. `consents` are by purpose/channel, * being any of them; what is
    said of some later than of all stands beside it. `scores` has the latest of each score."""

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
    dissolution: Dissolution | None = None
    parted: Mapping[str, Ended] = {}
    streaks: Mapping[str, Streak] = {}
    cases: tuple[Case, ...] = ()
    cased: int = 0
    early: tuple[Early, ...] = ()
    consents: Mapping[str, Consent] = {}
    scores: Mapping[str, Score] = {}


UNBORN = Life()
