"""What a wallet declares, made ready for the book."""

from __future__ import annotations

from fractions import Fraction
from functools import cached_property
from zoneinfo import ZoneInfo

from msgspec import Struct

from loyalcore.calendars import Duration
from loyalcore.ledger.expiry import ACTIVITY, Expiry


class Pending(Struct, frozen=True):
    """How long new points are pending: `until` so long after they were opened or, without
    it, until they are activated; those not activated within `lapse` expire."""

    until: Duration | None = None
    lapse: Duration | None = None

    def of(self, opened: int, zone: ZoneInfo) -> tuple[int | None, int | None]:
        """When points of `opened` turn active, and when they lapse: one of them at most."""
        if self.until is not None:
            return self.until.after(opened, zone), None
        return None, None if self.lapse is None else self.lapse.after(opened, zone)


class Terms(Struct, frozen=True, dict=True):
    """The terms of one wallet.

    A balance may go down to `minimum` (below zero where it is negative, without bound
    where it is None), and accruals stop at `maximum`, pending points included. `qualifying`,
    `transferable` and `price` (minor units of money for one point) are for who drives the
    book: it does not ask for them.
    """

    name: str
    qualifying: bool = False
    pending: Pending | None = None
    expiry: Expiry | None = None
    minimum: int | None = 0
    maximum: int | None = None
    transferable: bool = False
    price: Fraction | int | None = None

    @cached_property
    def plain(self) -> bool:
        """Whether what is accrued is simply there: active at once, and until it is spent."""
        return self.pending is None and self.expiry is None and self.maximum is None

    @cached_property
    def idle(self) -> Expiry | None:
        """The expiry, where it is by inactivity: of the wallet, not of each lot."""
        return self.expiry if self.expiry is not None and self.expiry.events else None

    @cached_property
    def renews(self) -> bool:
        """Whether its own accruals and spendings put off its expiry."""
        return self.idle is not None and ACTIVITY in self.idle.events

    def expires(self, opened: int, since: int, zone: ZoneInfo) -> int | None:
        """When a lot of `opened` expires; None for never, and where it is by inactivity."""
        if self.expiry is None or self.expiry.events:
            return None
        return self.expiry.of(opened, since, opened, zone)
