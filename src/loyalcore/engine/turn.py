"""One step being taken: the customer as they will come out of it, and what is decided so far."""

from __future__ import annotations

from collections.abc import Mapping

from loyalcore.engine.outcome import Decision, Outcome
from loyalcore.engine.shared import Shared
from loyalcore.engine.state import CustomerState
from loyalcore.events import Event
from loyalcore.ledger.book import Book
from loyalcore.ledger.lots import Account, Entry
from loyalcore.program.plan import EventPlan, Program
from loyalcore.values import Value


class Turn:
    """The customer of `state` at `event`, whose facts are `facts`. `now` is their clock then.

    It lives within one step only. Its public attributes are the parts of the state that
    are under way; who changes one puts a new value in its place, so that the state that
    the step was given stays as it was. `origin` is the key by which later events may
    refer to this one, "" where none can; a refund takes a `share` of the points back.
    `margin` is what the event brings the business, None where that is not known. `paused` says
    why promotional messages are not sent any more, from within this step on.
    """

    recount = False
    paused = ""
    origin = ""
    share = True
    decisions: tuple[Decision, ...] = ()
    emitted: tuple[Event, ...] = ()
    _draws: Mapping[str, int] = {}
    _brought: tuple[tuple[int, int], ...] = ()
    _book: Book | None = None
    _booked = 0

    def __init__(
        self,
        program: Program,
        plan: EventPlan,
        state: CustomerState,
        event: Event,
        facts: Mapping[str, Value | None],
        shared: Shared,
    ) -> None:
        self.program = program
        self.plan = plan
        self.event = event
        self.now = max(event.time, state.clock)
        self.facts = facts
        self.attributes = state.attributes
        self.tags = state.tags
        self.fired = state.fired
        self.used = state.used
        self.origins = state.origins
        self.waiting = state.waiting
        self.redemptions = state.redemptions
        self.offers = state.offers
        self.opened = state.opened
        self.merged = state.merged
        self.formerly = state.formerly
        self.absorbed = state.absorbed
        self.life = state.life
        self.margin = None if plan.margin is None else plan.margin.of(facts)
        self._state = state
        self._shared = shared
        if self.margin:
            self._brought = ((self.margin, event.time),)

    @property
    def book(self) -> Book:
        """The customer's account, to be posted to."""
        if self._book is None:
            program, state = self.program, self._state
            self._book = Book(state.account, program.wallets, program.locale.zone, state.since)
        return self._book

    @property
    def found(self) -> Account:
        """The customer's account as the step found it."""
        return self._state.account

    @property
    def key(self) -> str:
        """The secret that the customer's voucher codes are made with."""
        return self._state.key

    @property
    def since(self) -> int:
        """The time of the customer's first event."""
        return self._state.since

    @property
    def booked(self) -> bool:
        """Whether anything may have been posted to the account in this step."""
        return self._book is not None

    @property
    def account(self) -> Account:
        """The customer's account, as far as the step has come."""
        return self._state.account if self._book is None else self._book.account

    def entries(self) -> tuple[Entry, ...]:
        """The movements of points since this was last asked."""
        if self._book is None:
            return ()
        entries = tuple(self._book.entries[self._booked :])
        self._booked += len(entries)
        return entries

    def drawn(self, key: str) -> int:
        """How much of what all customers share was drawn under `key`, by now."""
        return self._shared.drawn(key) + self._draws.get(key, 0)

    def draw(self, key: str, amount: int) -> None:
        """Draw some of it; or give it back, below 0."""
        self._draws = {**self._draws, key: self._draws.get(key, 0) + amount}

    def bring(self, margin: int, time: int) -> None:
        """Count margin to what was done at `time`; or take it back, below 0."""
        if margin:
            self._brought += ((margin, time),)

    def offer_of(self, code: str) -> str | None:
        """The offer that the code of a batch belongs to."""
        return self._shared.offer_of(code)

    def state(self) -> CustomerState:
        """The customer, as far as the step has come."""
        state = self._state
        return CustomerState(
            state.customer,
            state.clock,
            state.since,
            self.attributes,
            self.tags,
            state.metrics,
            state.logs,
            self.fired,
            state.kept,
            self.account,
            self.used,
            self.origins,
            self.waiting,
            self.redemptions,
            self.offers,
            self.opened,
            state.key,
            self.merged,
            self.formerly,
            self.absorbed,
            self.life,
        )

    def end(self) -> tuple[CustomerState, Outcome]:
        """The customer after the step, and its outcome."""
        at = None if self.now == self.event.time else self.now
        draws = tuple(self._draws.items()) if self._draws else ()
        outcome = Outcome(
            self.event, self.decisions, self.emitted, draws, self.recount, at, self._brought
        )
        return self.state(), outcome
