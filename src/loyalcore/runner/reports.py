"""What a store's points come to at an instant: accounts, and what is outstanding.

Of an instant that a customer's clock has reached, the entries tell. After it, the account in
their state does, with all that falls due by then, by the rules of the latest program, as it
will if nothing else happens.
"""

from __future__ import annotations

from collections.abc import Iterator
from sqlite3 import Connection
from typing import NamedTuple

from loyalcore.engine.points.standing import Kept, read_kept
from loyalcore.errors import UsageError
from loyalcore.ledger.expiry import ACTIVITY
from loyalcore.ledger.falling import Fallen
from loyalcore.ledger.lots import Account
from loyalcore.ledger.report import Liability, Reckoning
from loyalcore.ledger.standing import rebuild, stand
from loyalcore.program.plan import Program
from loyalcore.runner.replay import CompiledPrograms
from loyalcore.store import State
from loyalcore.store.customers import each_state, latest_time
from loyalcore.store.ledger import histories, latest_activity, latest_posting, list_lots, totals
from loyalcore.store.programs import latest_program


class Held(NamedTuple):
    """A customer's account at an instant. `since` is their first event; `before` the account
    without what has fallen due since their latest, `fallen`."""

    customer: str
    since: int
    account: Account
    before: Account
    fallen: tuple[Fallen, ...]


class Outstandings(NamedTuple):
    """What is outstanding at the instant `at`, and where the accounts and the entries do not
    come to the same, in words."""

    at: int
    wallets: tuple[Liability, ...]
    differences: tuple[str, ...]


def program_of(connection: Connection) -> Program:
    """The program of the latest run. Raises UsageError where there was none."""
    latest = latest_program(connection)
    if latest is None:
        raise UsageError("the store is empty: nothing was run into it yet")
    return CompiledPrograms(connection)[latest.id]


def now_of(connection: Connection) -> int:
    """The time of the store's latest event. Raises UsageError where there is none."""
    time = latest_time(connection)
    if time is None:
        raise UsageError("the store has no events yet")
    return time


def holdings(
    connection: Connection, program: Program, *, at: int, customer: str | None = None
) -> Iterator[Held]:
    """The account of each customer at the instant `at`, by name; of those who came by then."""
    for name, state in each_state(connection, customer=customer):
        kept = read_kept(state.state)
        if kept.since <= at:
            yield _held(connection, program, name, state, kept, at)


def _held(
    connection: Connection, program: Program, customer: str, state: State, kept: Kept, at: int
) -> Held:
    if state.clock <= at:
        terms, zone = program.wallets, program.locale.zone
        account, fallen = stand(kept.account, terms, zone, kept.since, at)
        return Held(customer, kept.since, account, kept.account, fallen)
    account = _as_of(connection, program, customer, at)
    return Held(customer, kept.since, account, account, ())


def _as_of(connection: Connection, program: Program, customer: str, at: int) -> Account:
    """An account as entries tell it, with the activity that kept points alive by then."""
    lots = list_lots(connection, customer, at=at)
    activity = {}
    for wallet in {lot.wallet for lot in lots if lot.active and lot.expires is None}:
        terms = program.wallets.get(wallet)
        if terms is None or terms.idle is None:
            continue
        events = tuple(event for event in terms.idle.events if event != ACTIVITY)
        times = [latest_activity(connection, customer, events, at=at)]
        if ACTIVITY in terms.idle.events:
            times.append(latest_posting(connection, customer, wallet, at=at))
        if known := [time for time in times if time is not None]:
            activity[wallet] = max(known)
    return rebuild(lots, activity)


def liabilities(connection: Connection, program: Program, *, at: int) -> Outstandings:
    """What is outstanding in each wallet at the instant `at`, checked against the entries."""
    reckoning = Reckoning(program.wallets, program.locale.zone)
    accounts: dict[tuple[str, str], int] = {}
    fallen: dict[str, int] = {}
    for held in holdings(connection, program, at=at):
        reckoning.add(held.account, held.since)
        for what, sums in (("balance", held.before.balances), ("pending", held.before.pending)):
            for wallet, points in sums.items():
                accounts[wallet, what] = accounts.get((wallet, what), 0) + points
        for fell in held.fallen:
            if fell.kind == "expired":
                fallen[fell.wallet] = fallen.get(fell.wallet, 0) + fell.points
    entries = totals(connection, at=at)
    expired = {
        wallet: entries.get(wallet, {}).get("expired", 0) + fallen.get(wallet, 0)
        for wallet in {*entries, *fallen}
    }
    differences = []
    for wallet in sorted({*entries, *(wallet for wallet, _ in accounts)}):
        sums = entries.get(wallet, {})
        for what, summed in (
            ("balance", sums.get("active", 0) + sums.get("owed", 0)),
            ("pending", sums.get("pending", 0)),
        ):
            if (kept := accounts.get((wallet, what), 0)) != summed:
                differences.append(
                    f"{wallet}: {what} {kept:,} by customers' states, {summed:,} by entries"
                )
    wallets = reckoning.liabilities(expired, histories(connection, at=at))
    return Outstandings(at, wallets, tuple(differences))


def outstanding_of(
    connection: Connection, program: Program, *, at: int, customer: str
) -> tuple[Liability, ...]:
    """What is outstanding to one customer in each wallet at the instant `at`."""
    reckoning = Reckoning(program.wallets, program.locale.zone)
    for held in holdings(connection, program, at=at, customer=customer):
        reckoning.add(held.account, held.since)
    return reckoning.liabilities({}, {})
