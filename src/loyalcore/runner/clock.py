"""Whose time comes next, of all customers: what a run needs to let time pass (S4).

The store knows when something is due for each customer, as of the last commit; of those
that have changed since, the run tells. So nobody is looked at before their time, and memory
holds a page of the one and the changes of one batch.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from heapq import heappop, heappush
from sqlite3 import Connection
from zoneinfo import ZoneInfo

from loyalcore.intake.envelope import read_moment
from loyalcore.store.customers import due_customers

PAGE = 1_000

Due = tuple[int, str]  # when, and for whom


class Clock:
    """The customers of a store by when something is due for them.

    `changed` are those that have changed since the last commit, in the order in which they
    first did, each with what is due now.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.committed()

    def committed(self) -> None:
        """Whatever has changed is in the store now."""
        self.changed: dict[str, int | None] = {}
        self._soon: list[Due] = []  # a heap of the changed; those overtaken are passed over
        self._page: list[Due] = []
        self._read = 0  # how far
        self._last: Due | None = None  # of the pages read
        self._more = True

    def change(self, customer: str, due: int | None) -> None:
        """Something else may be due for a customer from now on."""
        if due is not None and self.changed.get(customer) != due:
            heappush(self._soon, (due, customer))
        self.changed[customer] = due

    def next(self, until: int) -> str | None:
        """The customer for whom something is due first, by `until`: by (due, customer)."""
        dues = [due for due in (self._next_stored(), self._next_changed()) if due is not None]
        first = min(dues, default=None)
        return None if first is None or first[0] > until else first[1]

    def coming(self, until: int) -> Iterator[str]:
        """Who may be next after that, to be had at hand: not all."""
        for due, customer in self._page[self._read :]:
            if due > until:
                break
            yield customer

    def _next_stored(self) -> Due | None:
        while True:
            while self._read < len(self._page):
                found = self._page[self._read]
                if found[1] not in self.changed:
                    return found
                self._read += 1
            if not self._more:
                return None
            self._page = due_customers(self._connection, after=self._last, limit=PAGE)
            self._read = 0
            self._more = len(self._page) == PAGE
            if self._page:
                self._last = self._page[-1]

    def _next_changed(self) -> Due | None:
        soon = self._soon
        while soon and self.changed[soon[0][1]] != soon[0][0]:
            heappop(soon)
        return soon[0] if soon else None


def last_moment(text: str, zone: ZoneInfo) -> int:
    """The instant that a time names; of a day, its last microsecond: it counts whole, as in a
    rule's `until`. Raises EventInvalid or ValueError where it is no time."""
    text = text.strip()
    if len(text) != len("2026-01-31"):
        return read_moment(text, zone)
    after = date.fromisoformat(text) + timedelta(days=1)
    return read_moment(after.isoformat(), zone) - 1
