"""Whether a message may go to a customer: yes, not before an instant, or no because ...

It is asked twice. As a message is decided, for each of its channels in turn, and what is decided
counts against the caps. And as it is about to be handed over, of the channel that was chosen, of
the customer as they are by then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from msgspec.structs import replace

from loyalcore.days import instant_of, local_day, zone_named
from loyalcore.effects.changes import Change, Send, Skipped
from loyalcore.engine.facts import facts_at
from loyalcore.engine.selecting.bounds import use_up, used
from loyalcore.engine.state import CustomerState
from loyalcore.engine.turn import Turn
from loyalcore.program.care.contact_plan import QuietPlan, said_of, said_since, why_not
from loyalcore.program.plan import Program
from loyalcore.ruleset.contact import ALL, PROMOTIONAL
from loyalcore.values import write_time


class Verdict(NamedTuple):
    """Whether a message may go. It may where there is no `reason`; not before `due`, where
    there is one (None: at once), which a `reason` then tells of."""

    reason: str = ""
    due: int | None = None


YES = Verdict()


def may_go(
    program: Program, state: CustomerState, purpose: str, channel: str, address: str, at: int
) -> Verdict:
    """Whether a message for this purpose may go to the customer in `state` by this channel at the
    instant `at`, not before their clock. `address` is the attribute that it goes to ("": it needs
    none). What was sent before is not asked."""
    if reason := _barred(program, state, purpose, channel, address, at):
        return Verdict(reason)
    due = quiet_until(program, state, purpose, at)
    return YES if due is None else Verdict(f"quiet: until {write_time(due)}", due)


@dataclass(frozen=True)
class Standing:
    """Whether the customer may be written to for a purpose by a channel: where there is no
    `reason`. `said` is what they have said of it ("given", "withdrawn"), at `since` (ISO 8601 in
    UTC)."""

    purpose: str
    channel: str
    said: str | None
    since: str | None
    reason: str


def standings(program: Program, state: CustomerState) -> tuple[Standing, ...]:
    """How it stands for each purpose and channel that a message may go by, at the customer's
    clock; but for quiet hours and caps, which pass."""
    asked = {
        (route.purpose, channel, route.addresses.get(channel, ""))
        for route in program.contact.routes.values()
        for channel in route.channels
    }
    return tuple(dict.fromkeys(_standing(program, state, *one) for one in sorted(asked)))


def _standing(
    program: Program, state: CustomerState, purpose: str, channel: str, address: str
) -> Standing:
    reason = _barred(program, state, purpose, channel, address, state.clock)
    said = said_of(state.life, purpose, channel)
    since = said_since(state.life, purpose, channel)
    return Standing(purpose, channel, said, None if since is None else write_time(since), reason)


def _barred(
    program: Program, state: CustomerState, purpose: str, channel: str, address: str, at: int
) -> str:
    """Why it may not go at all; "" where it may."""
    plan = program.contact
    facts = facts_at(program, state, at) if plan.concerns(purpose) else {}
    if purpose == PROMOTIONAL:
        for fact, why in plan.pauses:
            if facts[fact] is True:
                return f"paused: {why}"
    if reason := why_not(plan, purpose, channel, said_of(state.life, purpose, channel), facts):
        return reason
    return "no address" if plan.declared and address and not state.attributes.get(address) else ""


# --- as it is decided -------------------------------------------------------------------------


class Choice(NamedTuple):
    """The channel that a message goes by, not before `due` (None: at once); or "" and the
    `reason` why it goes by none."""

    channel: str
    due: int | None = None
    reason: str = ""


def chosen(program: Program, state: CustomerState, message: str, at: int) -> Choice:
    """How a message goes to the customer in `state` at the instant `at`: by the first of its
    channels that it may go by, that which the customer prefers before the others; and by none
    where a cap is reached."""
    plan, route = program.contact, program.contact.routes[message]
    preferred = state.attributes.get(plan.prefer)
    reasons = []
    for channel in sorted(route.channels, key=lambda one: one != preferred):
        address = route.addresses.get(channel, "")
        verdict = may_go(program, state, route.purpose, channel, address, at)
        if verdict.reason and verdict.due is None:
            reasons.append(f"by {channel}: {verdict.reason}")
        elif full := _full(program, state, route.purpose, at):
            return Choice("", reason=full)
        else:
            return Choice(channel, verdict.due)
    return Choice("", reason="; ".join(reasons))


def choose_route(turn: Turn, change: Send) -> Change:
    """The message by the channel that is chosen, counted against the caps; or why by none."""
    plan = turn.program.contact
    parting = turn.life.dissolution
    paused = parting.place if parting is not None and parting.announced else turn.paused
    if paused and change.purpose == PROMOTIONAL:
        return Skipped("send", f"{change.message}: paused: {paused}")
    if change.channel and not plan.declared and not turn.life.consents:
        return change  # by far the most usual
    channel, due, reason = chosen(turn.program, turn.state(), change.message, turn.now)
    if not channel:
        return Skipped("send", f"{change.message}: {reason}")
    for cap in {cap.key: cap for cap in plan.caps_of(change.purpose)}.values():
        use_up(turn, cap, 1)
    return replace(change, channel=channel, due="" if due is None else write_time(due))


def _full(program: Program, state: CustomerState, purpose: str, now: int) -> str:
    """Which cap leaves no room for one more message of this purpose; "" where none."""
    for cap in program.contact.caps_of(purpose):
        if used(state.used, cap, now, program.locale.zone) >= cap.amount:
            return f"cap: {cap.text}{' of all' if cap.what == ALL else f' ({cap.what})'}"
    return ""


# --- quiet hours ------------------------------------------------------------------------------


def quiet_until(program: Program, state: CustomerState, purpose: str, at: int) -> int | None:
    """When the quiet hours end that are at `at` for messages of this purpose; None where there
    are none then. Those that follow one another without a break are one."""
    quiets = [quiet for quiet in program.contact.quiet if quiet.concerns(purpose)]
    end, ends = at, _ends(program, state, quiets, at)
    while ends:
        end = max(ends)
        ends = _ends(program, state, quiets, end) if end - at < _LONGEST else ()
    return None if end == at else end


_LONGEST = 8 * 86_400_000_000
"""Beyond this they have no end: then messages are tried again that late."""


def _ends(
    program: Program, state: CustomerState, quiets: Iterable[QuietPlan], at: int
) -> tuple[int, ...]:
    """The ends of all quiet hours that `at` is within."""
    return tuple(
        end
        for quiet in quiets
        for begin, end in _spans(program, state, quiet, at)
        if begin <= at < end
    )


def _spans(
    program: Program, state: CustomerState, quiet: QuietPlan, at: int
) -> Iterator[tuple[int, int]]:
    """Those that begin on the day of `at`, or the day before."""
    name = state.attributes.get(quiet.zone)
    zone = (zone_named(name) if isinstance(name, str) else None) or program.locale.zone
    today = local_day(at, zone)
    for day in (today - 1, today):
        if (day - 1) % 7 not in quiet.weekdays:  # day 1 of the calendar is a Monday
            continue
        for start, end in quiet.hours:
            last = day + 1 if end <= start else day
            yield instant_of(day, start, zone), instant_of(last, end, zone)
