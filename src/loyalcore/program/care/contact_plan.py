"""Contact compiled: who may be written to, when, how often, and by which channel."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from loyalcore.effects.kind import Facts
from loyalcore.program.selecting.rule_plan import Quota
from loyalcore.ruleset.contact import ALL, PROMOTIONAL, SERVICE

Condition = Callable[[Facts], bool]

GIVEN, WITHDRAWN = "given", "withdrawn"
"""What a customer has said of being written to."""

ANY = "*"
"""Every purpose, or every channel, in the key of what was said: purpose/channel."""


class ConsentPlan(Struct, frozen=True):
    """Who may be written to for a purpose by a channel: those of whom the condition `holds`, and
    who have not said no; or, where there is none, those who have said yes. `text` is as written."""

    holds: Condition | None
    text: str


class QuietPlan(Struct, frozen=True):
    """Hours in which messages of these `purposes` (none: all but service) wait: from and up to so
    many minutes after midnight, on the `weekdays` (0 is Monday) on which they begin, in the time
    zone that the attribute `zone` names ("": the program's). An end that is not later than its
    beginning is on the next day."""

    hours: tuple[tuple[int, int], ...]
    weekdays: frozenset[int]
    zone: str
    purposes: frozenset[str]

    def concerns(self, purpose: str) -> bool:
        return purpose in self.purposes if self.purposes else purpose != SERVICE


class Route(Struct, frozen=True):
    """How a message may go: its purpose, its channels in order, and the attributes with the
    addresses, by channel; a channel without one needs none."""

    purpose: str
    channels: tuple[str, ...]
    addresses: Mapping[str, str]


class ContactPlan(Struct, frozen=True):
    """All of it. `declared` says whether the ruleset has the section, or messages that may go by
    several channels; `purposes` and `channels` are all that there are. `consents` are by purpose,
    then channel ("": by any); a purpose without any needs none. `caps` count messages of the
    purpose that is their `what`, or of all; several may have one key. `prefer` is the attribute
    with the channel that a customer likes best ("": there is none). While one of the facts that
    `pauses` names holds, nothing promotional goes; each with the words that tell it. `routes` are
    by message."""

    declared: bool = False
    purposes: tuple[str, ...] = ()
    channels: frozenset[str] = frozenset()
    consents: Mapping[str, Mapping[str, ConsentPlan]] = {}
    quiet: tuple[QuietPlan, ...] = ()
    caps: tuple[Quota, ...] = ()
    prefer: str = ""
    pauses: tuple[tuple[str, str], ...] = ()
    routes: Mapping[str, Route] = {}

    def concerns(self, purpose: str) -> bool:
        """Whether anything here may keep a message of this purpose from being sent later than
        it was decided, whatever its customer has said."""
        return self.declared or (purpose == PROMOTIONAL and bool(self.pauses))

    def caps_of(self, purpose: str) -> Iterator[Quota]:
        """Those that count messages of this purpose."""
        return (cap for cap in self.caps if cap.what in (purpose, ALL))


def said_entry(life: Any, purpose: str, channel: str) -> Any:
    """What the customer with this Life has said of a purpose and channel, None where nothing:
    what was said of just these, else what was said last of all channels, or all purposes."""
    said = life.consents
    if not said:
        return None
    if (found := said.get(f"{purpose}/{channel}")) is not None:
        return found
    wider = [one for key in (f"{purpose}/{ANY}", f"{ANY}/{channel}") if (one := said.get(key))]
    if wider:
        return max(wider, key=lambda one: (one.since, not one.given))
    return said.get(f"{ANY}/{ANY}")


def said_of(life: Any, purpose: str, channel: str) -> str | None:
    """The same as a word."""
    found = said_entry(life, purpose, channel)
    return None if found is None else GIVEN if found.given else WITHDRAWN


def said_since(life: Any, purpose: str, channel: str) -> int | None:
    """When it was said."""
    found = said_entry(life, purpose, channel)
    return None if found is None else int(found.since)


def why_not(plan: ContactPlan, purpose: str, channel: str, said: object, facts: Facts) -> str:
    """Why a customer who has `said` so (None: nothing) may not be written to for this purpose by
    this channel; "" where they may."""
    by_channel = plan.consents.get(purpose)
    if by_channel is None:
        return "" if purpose == SERVICE or said != WITHDRAWN else "consent withdrawn"
    consent = by_channel.get(channel) or by_channel.get("")
    if consent is None:
        return "no consent is asked for"
    if said == WITHDRAWN:
        return "consent withdrawn"
    if consent.holds is None:
        return "" if said == GIVEN else "no consent"
    return "" if consent.holds(facts) else f"no consent: {consent.text}"
