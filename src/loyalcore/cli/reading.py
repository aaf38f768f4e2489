"""What the commands that look into a store share: how it is opened and asked."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol, TypeVar
from zoneinfo import ZoneInfo

import click

from loyalcore.errors import UsageError, did_you_mean
from loyalcore.runner.reports import program_of
from loyalcore.store import State, Store
from loyalcore.store.customers import count_customers, list_customers, load_states
from loyalcore.store.ledger import list_wallets
from loyalcore.store.programs import latest_program
from loyalcore.values import ValueInvalid, read_time, write_time

Row = TypeVar("Row")

SHORT = 12  # characters of an id in a table: enough to ask for it


class _Time(click.ParamType[int]):
    """An instant: ISO 8601, in UTC where it has no offset."""

    name = "time"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        try:
            return read_time(value, ZoneInfo("UTC"))
        except (ValueInvalid, OverflowError):
            self.fail("expected 2026-01-31 or 2026-01-31T09:30:00+01:00 (UTC without offset)")


TIME = _Time()

customer_option = click.option("--customer", metavar="C", help="Of this customer only.")
since_option = click.option(
    "--since", type=TIME, help="From this time on; UTC where it has no offset."
)
until_option = click.option(
    "--until", type=TIME, help="Before this time; UTC where it has no offset."
)


def open_store(path: Path) -> Store:
    """The store that is there at `path`."""
    if not path.exists():
        raise UsageError(f"there is no store at {path}; `loyalcore run --db {path}` makes one")
    return Store.open(path)


def known_customer(store: Store, customer: str) -> State:
    """What the store has of a customer. Raises UsageError, saying who is known."""
    state = load_states(store.connection, [customer]).get(customer)
    if state is not None:
        return state
    count = count_customers(store.connection)
    if not count:
        raise UsageError(f"there is no customer '{customer}'; the store has none yet")
    # Another customer's name that is spelt alike would only mislead.
    some = ", ".join(one.customer for one in list_customers(store.connection, limit=3))
    dots = ", …" if count > 3 else ""
    raise UsageError(f"there is no customer '{customer}'; {count:,} are known: {some}{dots}")


def check_customer(store: Store, customer: str | None) -> None:
    """Raise UsageError where a customer is asked for whom the store doesn't know."""
    if customer is not None:
        known_customer(store, customer)


def check_word(what: str, word: str, words: Iterable[str]) -> None:
    """Raise UsageError where there is no such wallet, offer, ... among `words`."""
    known = tuple(words)
    if word not in known:
        hint = did_you_mean(word, known) or f"there is {', '.join(known) or 'none'}"
        raise UsageError(f"there is no {what} '{word}'; {hint}")


def check_wallet(store: Store, wallet: str | None) -> None:
    """Raise UsageError where a wallet is asked for that neither the store's latest program
    knows nor any entry is of."""
    moved = list_wallets(store.connection)
    if wallet is not None and wallet not in moved and latest_program(store.connection) is not None:
        check_word("wallet", wallet, dict.fromkeys((*program_of(store.connection).wallets, *moved)))


def first(rows: Sequence[Row], limit: int) -> Sequence[Row]:
    """The first `limit` of rows, of which one more was asked for, to tell that there are
    more."""
    if len(rows) > limit:
        click.echo(f"Only the first {limit:,} are shown; --limit shows more.", err=True)
    return rows[:limit]


def shown_time(time: int | None) -> str | None:
    """A time as it is shown: ISO 8601 in UTC."""
    return None if time is None else write_time(time)


def event_text(type: str, id: str, source: str) -> str:
    """An event by type and id; one that the program made itself by its type."""
    return type if source.startswith("loyalcore:") else f"{type} {id}"


class Telling(Protocol):
    """A decision that was stored: what it did is JSON."""

    @property
    def effects(self) -> str: ...


def effects_of(decision: Telling) -> list[dict[str, object]]:
    """What a decision did, each effect by its fields."""
    effects: list[dict[str, object]] = json.loads(decision.effects)
    return effects


def parsed(text: str) -> object:
    """What a column of JSON text holds."""
    value: object = json.loads(text)
    return value
