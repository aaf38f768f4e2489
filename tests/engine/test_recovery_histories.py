"""Random histories of several cases, late and out of order, against a model of what they say."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st
from tests.engine.conftest import Club

HOUR = 3_600_000_000
START = 490_000 * HOUR
LATE, REOPENS, CLOSE = 12, 20, 15

DESK = f"""\
allow_late: {LATE} hours
events:
  complaint: {{ticket: id, severity: text}}
  answer: {{ticket: id}}
  resolution: {{ticket: id, happy: flag}}
  reopening: {{ticket: id}}
  visit: {{}}
tasks: {{reply: {{role: desk}}}}
messages: {{promo: {{purpose: promotional, text: Buy.}}}}
rules: {{push: {{on: [visit, complaint, answer, resolution, reopening], then: [send: promo]}}}}
recovery:
  complaints:
    open: complaint
    case: ticket
    promise: [{{when: severity == 'high', within: 4 hours}}, {{within: 10 hours}}]
    task: reply
    answered: answer
    resolved: resolution
    satisfied: happy
    reopened: reopening
    reopens: {REOPENS} hours
    close: {CLOSE} hours
"""


@dataclass
class Ticket:
    """A case as the model has it, in hours."""

    since: int
    due: int
    times: int = 1
    overdue: bool = False
    answered: int | None = None
    ended: int | None = None
    outcome: str = ""
    task: bool = True

    @property
    def next(self) -> int | None:
        """When anything happens to it by itself."""
        if self.ended is not None:
            return None
        if self.answered is not None:
            return self.answered + CLOSE
        return None if self.overdue else self.due

    @property
    def settled(self) -> int:
        return max(hour for hour in (self.answered, self.ended) if hour is not None)


@dataclass
class Desk:
    """What the documentation says of cases, told hour by hour."""

    clock: int = -1
    tickets: dict[str, Ticket] = field(default_factory=dict)
    early: list[tuple[str, int, bool, str]] = field(default_factory=list)

    def wait(self, until: int) -> None:
        """Let happen what is due by then; with it all that the clock has passed already."""
        due = [hour for one in self.tickets.values() if (hour := one.next) is not None]
        if min(due, default=until + 1) > until:
            return
        self.clock = max(self.clock, until)
        for one in self.tickets.values():
            if one.next is None or one.next > self.clock:
                continue
            if one.answered is None:
                one.overdue = True
            else:
                one.ended, one.outcome = one.answered + CLOSE, "lapsed"

    def happens(self, event: str, ticket: str, hour: int, severity: str, happy: bool) -> None:
        self.clock = max(self.clock, hour)
        one = self.tickets.get(ticket)
        known = one if one is not None else Ticket(0, 0)
        match event:
            case "complaint" | "reopening":
                if one is None:
                    if event == "complaint":
                        self.open(ticket, hour, severity, 1)
                elif one.ended is None and one.answered is None:
                    pass
                elif one.ended is not None and hour >= one.ended + REOPENS:
                    if event == "complaint":
                        self.open(ticket, hour, severity, 1)
                elif hour >= one.settled:
                    within = 4 if one.due - one.since == 4 else 10
                    if event == "complaint":
                        within = 4 if severity == "high" else 10
                    self.open(ticket, hour, "high" if within == 4 else "", one.times + 1)
            case "answer" | "resolution":
                ends = event == "resolution"
                outcome = ("satisfied" if happy else "unsatisfied") if ends else ""
                if one is not None and hour < one.since:
                    return
                waits = known.ended is None and (ends or known.answered is None)
                if one is not None and waits:
                    self.answer(one, hour, ends=ends, outcome=outcome)
                elif one is None or hour >= one.settled:
                    self.early.append((ticket, hour, ends, outcome))

    def open(self, ticket: str, hour: int, severity: str, times: int) -> None:
        one = Ticket(hour, hour + (4 if severity == "high" else 10), times)
        self.tickets[ticket] = one
        found = [e for e in self.early if e[0] == ticket and e[1] >= hour]
        one.task = not found
        self.early = [e for e in self.early if e not in found]
        for _, at, ends, outcome in sorted(found, key=lambda e: (e[1], e[2])):
            if one.ended is None:
                self.answer(one, at, ends=ends, outcome=outcome)

    @staticmethod
    def answer(one: Ticket, hour: int, *, ends: bool, outcome: str) -> None:
        if one.answered is None:
            one.answered, one.task = hour, False
        if ends:
            one.ended, one.outcome = hour, outcome

    @property
    def open_now(self) -> bool:
        return any(one.ended is None for one in self.tickets.values())


Happening = tuple[str, str, int, int, str, bool]
happenings: st.SearchStrategy[Happening] = st.tuples(
    st.sampled_from(["complaint", "answer", "resolution", "reopening", "visit"]),
    st.sampled_from(["a", "b", "c"]),
    st.integers(0, 9),  # hours since the one before
    st.integers(0, LATE).flatmap(lambda late: st.sampled_from([0, 0, late])),
    st.sampled_from(["high", "low"]),
    st.booleans(),
)


def stands(club: Club) -> dict[str, tuple[object, ...]]:
    found = {}
    for one in sorted(club.states["ann"].life.cases, key=lambda case: (case.since, case.number)):
        hours = [
            None if time is None else time // HOUR - START // HOUR
            for time in (one.since, one.due, one.answered, one.ended)
        ]
        found[one.id] = (*hours, one.times, one.overdue, one.outcome, one.task > 0)
    return found


def expected(desk: Desk) -> dict[str, tuple[object, ...]]:
    return {
        name: (
            *(one.since, one.due, one.answered, one.ended, one.times, one.overdue, one.outcome),
            one.task,
        )
        for name, one in desk.tickets.items()
    }


@given(st.lists(happenings, min_size=1, max_size=25))
def test_cases_stand_as_the_model_says(history: list[Happening]) -> None:
    club, desk = Club(DESK), Desk()
    clock = 0
    for event, ticket, later, late, severity, happy in history:
        clock += later
        hour = clock - late
        fields: dict[str, object] = {} if event == "visit" else {"ticket": ticket}
        if event == "complaint":
            fields["severity"] = severity
        if event == "resolution":
            fields["happy"] = happy
        desk.wait(hour)
        was_open = desk.open_now
        club.happens(event, START + hour * HOUR, **fields)
        desk.happens(event, ticket, hour, severity, happy)
        told, kept = stands(club), expected(desk)
        assert {name: told.get(name, kept[name]) for name in kept} == kept
        assert {name for name, one in desk.tickets.items() if one.ended is None} <= told.keys()
        sent = any(one["effect"] == "send" for one in club.effects)
        assert sent == (not was_open and not desk.open_now)
    club.waits(START + (clock + 1) * HOUR)
    desk.wait(clock + 1)
    tasks = len(club.states["ann"].life.tasks)
    assert tasks == sum(one.task for one in desk.tickets.values())
