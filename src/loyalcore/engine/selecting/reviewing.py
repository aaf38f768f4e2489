"""Reviews: what plugins have to say of a decision before it is taken."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from loyalcore.effects.changes import Change, Noted
from loyalcore.effects.kind import Facts
from loyalcore.engine.selecting.bounds import Register
from loyalcore.program.extending.acting import Note, Proposal, Veto
from loyalcore.program.extending.guard import read_only
from loyalcore.program.selecting.rule_plan import RulePlan


def vetoed(turn: Register, rule: RulePlan, wanted: Iterable[Change], facts: Facts) -> str:
    """Why a reviewer holds back `rule`, which wants these changes: "review: fraud: too many".
    Empty where none does."""
    for name, verdict in _verdicts(turn, rule, wanted, facts):
        if isinstance(verdict, Veto):
            return f"review: {name}: {verdict.reason}"
    return ""


def notes(turn: Register, rule: RulePlan, wanted: Iterable[Change], facts: Facts) -> list[Noted]:
    """What reviewers note with a decision that none of them is against."""
    return [
        Noted(name, verdict.text)
        for name, verdict in _verdicts(turn, rule, wanted, facts)
        if isinstance(verdict, Note)
    ]


def _verdicts(
    turn: Register, rule: RulePlan, wanted: Iterable[Change], facts: Facts
) -> Iterator[tuple[str, Veto | Note | None]]:
    event = turn.event
    reviews = turn.program.events[event.type].reviews
    if not reviews:  # by far the most usual
        return
    changes, data = tuple(wanted), read_only(event.data)
    for review in reviews:
        if (values := review.told(facts)) is not None:
            proposal = Proposal(
                rule.name, event.customer, event.type, turn.now, data, changes, values
            )
            yield review.name, review.ask(proposal)
