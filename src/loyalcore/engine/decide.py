"""A decision: changes asked for -> applied, recorded with what they rested on, and named (S10)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b

import msgspec
from msgspec.structs import replace

from loyalcore.effects.changes import (
    Accrue,
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
from loyalcore.effects.kind import Facts
from loyalcore.engine.apply import MAX_DEPTH, apply
from loyalcore.engine.outcome import Decision
from loyalcore.engine.turn import Turn
from loyalcore.events import Event
from loyalcore.ledger.lots import Entry
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
from loyalcore.program.selecting.rule_plan import RulePlan
from loyalcore.values import write_time

_SILENT = ("merged", "withdrawn")
"""Outcomes of journeys that nobody is told."""

_json = msgspec.json.Encoder().encode


def decide(
    turn: Turn, rule: RulePlan, wanted: Iterable[Change], reason: str = "", cost: int | None = None
) -> Decision:
    """Take in a rule's decision: what it wants is done, as far as it can be. A `reason` says
    why it is held back instead."""
    done = [apply(turn, change) for change in wanted]
    return record(turn, rule.name, rested_on(rule, turn.facts), done, reason, cost)


def rested_on(rule: RulePlan, facts: Facts) -> Mapping[str, object]:
    """The values that a rule read, in plain form."""
    read = {}
    for name, write in rule.reads:
        value = facts[name]
        read[name] = value if write is None or value is None else write(value)
    return read


def record(
    turn: Turn,
    rule: str,
    read: Mapping[str, object],
    done: Iterable[Change],
    reason: str = "",
    cost: int | None = None,
    entries: tuple[Entry, ...] | None = None,
) -> Decision:
    """Take in a decision whose changes are done. It rested on the plain values `read`. Its
    entries are `entries`, or without them all that no decision has had yet."""
    changes = tuple(done)
    rested_on = _json(read).decode()
    effects = _json(changes).decode() if changes else "[]"
    event = turn.event
    cause = "\0".join((turn.program.hash, rule, event.source, event.id, event.customer, reason))
    id = blake2b(f"{cause}{rested_on}{effects}".encode(), digest_size=16).hexdigest()
    for position, change in enumerate(changes):
        if type(change) is Accrue:  # by far the most usual
            continue
        match change:
            case Emit(type_, customer, data):
                _emit(turn, id, position, type_, customer, data)
            case Transfer():
                _emit(turn, id, position, POINTS_RECEIVED, change.to, _received(turn, change))
            case Activate(points):
                _tell(turn, id, position, POINTS_ACTIVATED, points)
            case Expire(points):
                _tell(turn, id, position, POINTS_EXPIRED, points)
            case SetTier() | Retain() | AtRisk():
                for type_, data in _told_of_tier(change):
                    _tell_of(turn, id, f"{position}.{type_}", type_, data)
            case SetStage():
                for type_, data in _told_of_stage(change):
                    _tell_of(turn, id, f"{position}.{type_}", type_, data)
            case CreateTask() | ChangeTask() | ChangeApproval():
                for type_, data in _told_of_work(change):
                    _tell_of(turn, id, f"{position}.{type_}", type_, data)
            case Part() | EndParting() | Settle():
                for type_, data in _told_of_parting(change):
                    _tell_of(turn, id, f"{position}.{type_}", type_, data)
            case OpenCase() | ChangeCase():
                for type_, data in _told_of_case(change):
                    _tell_of(turn, id, f"{position}.{type_}", type_, data)
            case EnterJourney() | EndJourney():
                _tell_of_journey(turn, id, position, change)
            case Open(number=number) if number:
                turn.offers = tuple(
                    replace(offer, code=f"{id}:{position}") if offer.number == number else offer
                    for offer in turn.offers
                )
    if entries is None:
        entries = turn.entries()
    decision = Decision(id, rule, reason, rested_on, effects, changes, cost, entries)
    turn.decisions.append(decision)
    return decision


def _tell(turn: Turn, decision: str, position: int, type: str, points: Mapping[str, int]) -> None:
    """Emit what has happened to points by themselves, where a rule wants to know."""
    if turn.program.events[type].wanted:
        for wallet, number in points.items():
            data = {"wallet": wallet, "points": number}
            _emit(turn, decision, f"{position}.{wallet}", type, turn.event.customer, data)


def _told_of_tier(
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


def _told_of_stage(change: SetStage) -> Iterator[tuple[str, Mapping[str, object]]]:
    """What is told of a stage: that the one before was left, if there was one, then that it
    was entered."""
    stage, was = change.stage, change.was
    if was:
        yield STAGE_LEFT, {"left": was, "to": stage}
    yield STAGE_ENTERED, {"entered": stage, "was": was}


def _told_of_work(
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


def _told_of_parting(
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


def _told_of_case(
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


def _tell_of_journey(
    turn: Turn, decision: str, position: int, change: EnterJourney | EndJourney
) -> None:
    """Tell that a journey was entered, or has ended; not where it was not the customer to whom
    something has happened."""
    data = {"journey": change.journey, "kind": change.kind, "number": change.number}
    if isinstance(change, EnterJourney):
        _tell_of(turn, decision, f"{position}", JOURNEY_ENTERED, data)
    elif change.outcome not in _SILENT:
        _tell_of(turn, decision, f"{position}", JOURNEY_ENDED, {**data, "outcome": change.outcome})


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
    turn.emitted.append(
        Event(
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
    )
