"""What customers say of being written to: heard, kept, and joined where two are one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import product

from msgspec.structs import replace

from loyalcore.effects.changes import SetConsent
from loyalcore.engine.decide import record
from loyalcore.engine.life import Consent, Life
from loyalcore.engine.turn import Turn
from loyalcore.errors import did_you_mean
from loyalcore.program.builtin_events import CONSENT_GIVEN
from loyalcore.program.care.contact_plan import ANY, said_entry
from loyalcore.values import write_time

Consents = Mapping[str, Consent]


def hear(turn: Turn) -> None:
    """Keep what the event says: the customer may be written to for a purpose by a channel, or
    may not. It counts from the event's own time: late, it does not undo what was said later."""
    event, data = turn.event, turn.event.data
    purpose, channel = str(data["purpose"] or ""), str(data["channel"] or "")
    given = event.type == CONSENT_GIVEN
    read = {name: data[name] for name in ("purpose", "channel", "origin", "note")}
    name = f"events.{event.type}"
    plan = turn.program.contact
    for what, word, known in (
        ("purpose", purpose, plan.purposes),
        ("channel", channel, sorted(plan.channels)),
    ):
        if word and word not in known:
            hint = did_you_mean(word, known)
            record(turn, name, read, (), f"there is no {what} '{word}'{hint and f' ({hint})'}")
            return
    key = f"{purpose or ANY}/{channel or ANY}"
    said = Consent(given, event.time)
    later = [
        one.since for k, one in turn.life.consents.items() if _covers(k, key) and _wins(one, said)
    ]
    if later:
        record(turn, name, read, (), f"something else was said later: {write_time(max(later))}")
        return
    kept = {
        k: one for k, one in turn.life.consents.items() if not _covers(key, k) or _wins(one, said)
    }
    turn.life = replace(turn.life, consents={**kept, key: said})
    record(turn, name, read, (SetConsent(given, purpose, channel),))


def _covers(wide: str, key: str) -> bool:
    """Whether what is said under one key is said of all under the other."""
    return all(
        mine in (ANY, theirs) for mine, theirs in zip(wide.split("/"), key.split("/"), strict=True)
    )


def _wins(one: Consent, other: Consent) -> bool:
    """Whether one was said after the other; at one instant, no is said after yes."""
    return (one.since, not one.given) > (other.since, not other.given)


def stricter(mine: Life, theirs: Consents) -> Consents:
    """What holds for two customers who are one: no where either has said no, else yes where
    either has said yes."""
    if not (mine.consents and theirs):
        return mine.consents or theirs
    other = replace(mine, consents=theirs)
    keys = [key.split("/") for key in (*mine.consents, *theirs)]
    purposes, channels = ({key[part] for key in keys} | {ANY} for part in (0, 1))
    joined = {}
    for purpose, channel in sorted(product(purposes, channels)):
        both = (said_entry(life, purpose, channel) for life in (mine, other))
        if found := _stricter(one for one in both if one is not None):
            joined[f"{purpose}/{channel}"] = found
    return joined


def _stricter(said: Iterable[Consent]) -> Consent | None:
    return min(said, key=lambda one: (one.given, -one.since), default=None)
