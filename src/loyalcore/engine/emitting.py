"""What comes of a decision once it has its id: the events that tell of its changes, and the
personal codes of the offers that it opened."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from loyalcore.effects.changes import (
    Activate,
    AtRisk,
    Change,
    ChangeApproval,
    ChangeCase,
    ChangeTask,
    CreateTask,
    Emit,
    EndJourney,
    EndParting,
    EnterJourney,
    Expire,
    Open,
    OpenCase,
    Part,
    Retain,
    SetStage,
    SetTier,
    Settle,
    Transfer,
)
from loyalcore.engine.apply import MAX_DEPTH
from loyalcore.engine.turn import Turn
from loyalcore.events import Event
from loyalcore.program.builtin_events import (
    APPROVAL_DECIDED,
    CASE_ANSWERED,
    CASE_CLOSED,
    CASE_OPENED,
    CASE_OVERDUE,
    CASE_REOPENED,
    DEBT_INVOICED,
    DISSOLUTION_ENDED,
    DISSOLUTION_PHASE,
    DISSOLUTION_PROPOSED,
    DISSOLUTION_REOPENED,
    JOURNEY_ENDED,
    JOURNEY_ENTERED,
    PAID_OUT,
    POINTS_ACTIVATED,
    POINTS_EXPIRED,
    POINTS_RECEIVED,
    STAGE_ENTERED,
    STAGE_LEFT,
    TASK_COMPLETED,
    TASK_CREATED,
    TASK_ESCALATED,
    TIER_AT_RISK,
    TIER_ENTERED,
    TIER_LEFT,
    TIER_RETAINED,
)
from loyalcore.values import write_time

_SILENT = ("merged", "withdrawn")
"""Outcomes of journeys that nobody is told."""

_json = msgspec.json.Encoder().encode


Tell = Callable[[Turn, str, int, Any], None]


def _as_asked(turn: Turn, decision: str, position: int, change: Emit) -> None:
    _emit(turn, decision, position, change.type, change.customer, change.data)


def _to_receiver(turn: Turn, decision: str, position: int, change: Transfer) -> None:
    _emit(turn, decision, position, POINTS_RECEIVED, change.to, _received(turn, change))


def _of_points(type: str) -> Tell:
    """Emit what has happened to points by themselves, where a rule wants to know."""

    def tell(turn: Turn, decision: str, position: int, change: Activate | Expire) -> None:
        if turn.program.events[type].wanted:
            for wallet, number in change.points.items():
                data = {"wallet": wallet, "points": number}
                _emit(turn, decision, f"{position}.{wallet}", type, turn.event.customer, data)

    return tell


def _each(told: Callable[[Any], Iterator[tuple[str, Mapping[str, object]]]]) -> Tell:
    """Emit each event that is `told` of a change."""

    def tell(turn: Turn, decision: str, position: int, change: Change) -> None:
        for type_, data in told(change):
            _tell_of(turn, decision, f"{position}.{type_}", type_, data)

    return tell


def _of_tier(
    change: SetTier | Retain | AtRisk,
) -> Iterator[tuple[str, Mapping[str, object]]]:
    """What is told of a level: the events, and their fields. Nothing is where only the
    program has changed."""
    ladder, level = change.ladder, change.level
    match change:
        case SetTier(how="activated"):
            return
        case SetTier(was=was, how=how):
            if was:
                yield TIER_LEFT, {"ladder": ladder, "level": was, "to": level, "how": how}
            if level:
                yield TIER_ENTERED, {"ladder": ladder, "level": level, "was": was, "how": how}
        case Retain(until=until):
            yield TIER_RETAINED, {"ladder": ladder, "level": level, "until": until}
        case AtRisk(to=to, until=until):
            yield TIER_AT_RISK, {"ladder": ladder, "level": level, "to": to, "until": until}


def _tell_of(
    turn: Turn, decision: str, position: str, type: str, data: Mapping[str, object]
) -> None:
    """Emit what has become of where the customer stands, where a rule wants to know; but for
    events that go round in circles. What is empty is missing."""
    if turn.program.events[type].wanted and turn.event.depth < MAX_DEPTH:
        data = {name: value for name, value in data.items() if value != ""}
        _emit(turn, decision, position, type, turn.event.customer, data)


def _of_stage(change: SetStage) -> Iterator[tuple[str, Mapping[str, object]]]:
    """What is told of a stage: that the one before was left, if there was one, then that it
    was entered."""
    stage, was = change.stage, change.was
    if was:
        yield STAGE_LEFT, {"left": was, "to": stage}
    yield STAGE_ENTERED, {"entered": stage, "was": was}


def _of_work(
    change: CreateTask | ChangeTask | ChangeApproval,
) -> Iterator[tuple[str, Mapping[str, object]]]:
    """What is told of a task or an approval; nothing of one that came with another customer."""
    match change:
        case CreateTask(task, number=number, sender=""):
            yield TASK_CREATED, {"task": task, "number": number}
        case ChangeTask(task, number, "escalated", to):
            yield TASK_ESCALATED, {"task": task, "number": number, "to": to}
        case ChangeTask(task, number, "done", outcome=outcome, by=by):
            done = {"task": task, "number": number, "outcome": outcome, "by": by}
            yield TASK_COMPLETED, done
        case ChangeApproval(approval, number, "approved" | "rejected" | "expired" as how):
            data = {"approval": approval, "number": number, "decision": how}
            yield APPROVAL_DECIDED, data


def _of_parting(
    change: Part | EndParting | Settle,
) -> Iterator[tuple[str, Mapping[str, object]]]:
    """What is told of a relationship that is ended, and of what it comes to in money."""
    match change:
        case Part(name, number, "proposed", reason):
            yield DISSOLUTION_PROPOSED, {"dissolution": name, "number": number, "reason": reason}
        case Part(name, number, phase, reason):
            data = {"dissolution": name, "number": number, "phase": phase, "reason": reason}
            yield DISSOLUTION_PHASE, data
        case EndParting(name, number, "reopened"):
            yield DISSOLUTION_REOPENED, {"dissolution": name, "number": number}
        case EndParting(name, number, outcome):
            yield DISSOLUTION_ENDED, {"dissolution": name, "number": number, "outcome": outcome}
        case Settle(wallet, points, "paid out", amount):
            yield PAID_OUT, {"wallet": wallet, "points": points, "amount": amount}
        case Settle(wallet, points, "invoiced", amount):
            yield DEBT_INVOICED, {"wallet": wallet, "points": points, "amount": amount}


def _of_case(
    change: OpenCase | ChangeCase,
) -> Iterator[tuple[str, Mapping[str, object]]]:
    """What is told of a case; nothing of one that came with another customer."""
    known = {"recovery": change.recovery, "case": change.case, "number": change.number}
    match change:
        case OpenCase(sender=""):
            yield CASE_OPENED, known
        case ChangeCase(how="overdue"):
            yield CASE_OVERDUE, known
        case ChangeCase(how="answered", late=late):
            yield CASE_ANSWERED, {**known, "late": late}
        case ChangeCase(how="closed", outcome=outcome):
            yield CASE_CLOSED, {**known, "outcome": outcome}
        case ChangeCase(how="reopened", times=times):
            yield CASE_REOPENED, {**known, "times": times}


def _of_journey(
    turn: Turn, decision: str, position: int, change: EnterJourney | EndJourney
) -> None:
    """Tell that a journey was entered, or has ended; not where it was not the customer to whom
    something has happened."""
    data = {"journey": change.journey, "kind": change.kind, "number": change.number}
    if isinstance(change, EnterJourney):
        _tell_of(turn, decision, f"{position}", JOURNEY_ENTERED, data)
    elif change.outcome not in _SILENT:
        _tell_of(turn, decision, f"{position}", JOURNEY_ENDED, {**data, "outcome": change.outcome})


def _give_code(turn: Turn, decision: str, position: int, change: Open) -> None:
    """Note what the personal code of an offer is made of, if it is open."""
    if change.number:
        turn.offers = tuple(
            replace(offer, code=f"{decision}:{position}")
            if offer.number == change.number
            else offer
            for offer in turn.offers
        )


def _received(turn: Turn, change: Transfer) -> Mapping[str, object]:
    """What the customer who receives points is told: how many expire (and activate) when."""
    parcels = [
        {
            "points": parcel.points,
            **{
                name: write_time(time)
                for name in ("expires", "activates", "lapses")
                if (time := getattr(parcel, name)) is not None
            },
            **({"pending": True} if parcel.pending else {}),
        }
        for parcel in change.parcels
    ]
    return {
        "wallet": change.wallet,
        "points": change.points,
        "sender": turn.event.customer,
        "parcels": parcels,
    }


def _emit(
    turn: Turn,
    decision: str,
    position: int | str,
    type: str,
    customer: str,
    data: Mapping[str, object],
) -> None:
    event = Event(
        turn.program.source,
        f"{decision}.{position}",
        type,
        customer,
        turn.now,
        turn.program.events[type].read(data),
        _json(data).decode(),
        decision,
        turn.event.depth + 1,
    )
    turn.emitted += (event,)


FOLLOWING: Mapping[type, Tell] = {
    Emit: _as_asked,
    Transfer: _to_receiver,
    Activate: _of_points(POINTS_ACTIVATED),
    Expire: _of_points(POINTS_EXPIRED),
    SetTier: _each(_of_tier),
    Retain: _each(_of_tier),
    AtRisk: _each(_of_tier),
    SetStage: _each(_of_stage),
    CreateTask: _each(_of_work),
    ChangeTask: _each(_of_work),
    ChangeApproval: _each(_of_work),
    Part: _each(_of_parting),
    EndParting: _each(_of_parting),
    Settle: _each(_of_parting),
    OpenCase: _each(_of_case),
    ChangeCase: _each(_of_case),
    EnterJourney: _of_journey,
    EndJourney: _of_journey,
    Open: _give_code,
}
"""What comes of each kind of change, if anything: of the change at a position of a decision."""
