"""What goes from one customer to another as they are merged, or taken apart: the data of the two
events that hand it over."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec import Struct

from loyalcore.engine.life import Approval, Case, Consent, Early, Ended, Task, Timer
from loyalcore.engine.state import Instance, Origin, Waiting
from loyalcore.ledger.lots import Parcel


class Moved(Struct, frozen=True):
    """A parcel of points, and the number of the lot that they left, or are to come back to."""

    lot: int
    wallet: str
    parcel: Parcel


class Carried(Struct, frozen=True, omit_defaults=True):
    """What goes from one customer to the other. Attributes are in plain JSON form; `logs` is
    as in Absorbed; all else as in CustomerState. Debts are points owed, by wallet. Of timers,
    those go along that are about something that has happened; others are the customer's own.
    `journeys` and `parted` tell of what is over, so that no cool-off is forgotten. Tasks,
    approvals and cases that are open go along, those cases that may be opened again, and what
    was said of being written to."""

    parcels: tuple[Moved, ...] = ()
    debts: Mapping[str, int] = {}
    frozen: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    attributes: Mapping[str, object] = {}
    offers: tuple[Instance, ...] = ()
    fired: Mapping[str, tuple[int, ...]] = {}
    used: Mapping[str, tuple[tuple[int, int], ...]] = {}
    origins: Mapping[str, Origin] = {}
    waiting: tuple[Waiting, ...] = ()
    timers: tuple[Timer, ...] = ()
    firsts: tuple[Timer, ...] = ()
    tasks: tuple[Task, ...] = ()
    approvals: tuple[Approval, ...] = ()
    cases: tuple[Case, ...] = ()
    early: tuple[Early, ...] = ()
    journeys: Mapping[str, Ended] = {}
    parted: Mapping[str, Ended] = {}
    consents: Mapping[str, Consent] = {}
    logs: Mapping[str, tuple[str, str]] = {}


class Handed(Struct, frozen=True):
    """The data of the two events that hand it over: `by` is the type of the event that asked
    for it, `into` whom that named."""

    sender: str
    by: str
    carried: Carried
    into: str = ""


read_handed = msgspec.json.Decoder(Handed).decode
