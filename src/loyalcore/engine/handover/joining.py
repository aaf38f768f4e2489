"""The log of a customer whom others are merged into: theirs and those of the others as one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import Protocol, TypeVar

from loyalcore.engine.state import Absorbed


class Logged(Protocol):
    """An event in a log."""

    @property
    def source(self) -> str: ...
    @property
    def id(self) -> str: ...
    @property
    def time(self) -> int: ...


Log = TypeVar("Log", bound=Logged)
Read = Callable[[str], Iterable[tuple[int, Log]]]
"""A customer -> the events they have had themselves, each with its number, in the order in
which they were handled: numbers are those of all customers."""


def joined(read: Read[Log], customer: str, absorbed: Mapping[str, Absorbed]) -> Iterator[Log]:
    """The events that count for a customer: their own, and those that each of the `absorbed`
    had before they were merged. All in the order in which they were handled, or in that of time
    and, of one instant, as they were handled."""
    if not absorbed:
        for _, logged in read(customer):
            yield logged
        return
    logs = [read(customer)]
    for one in absorbed.values():
        logs += (_up_to(read(name), last) for name, last in one.logs.items())
    both = sorted(chain.from_iterable(logs), key=lambda one: (one[1].time, one[0]))
    for _, logged in both:
        yield logged


def _up_to(log: Iterable[tuple[int, Log]], last: tuple[str, str]) -> Iterator[tuple[int, Log]]:
    for numbered in log:
        yield numbered
        if (numbered[1].source, numbered[1].id) == last:
            return
