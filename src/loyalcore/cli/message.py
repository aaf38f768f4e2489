"""`loyalcore message`: how a message will look."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import click

from loyalcore.cli.output import json_option, print_json
from loyalcore.cli.reading import TIME, check_word, known_customer, open_store, shown_time
from loyalcore.delivery.rendering import reader_of, words
from loyalcore.engine.care.contact import chosen
from loyalcore.engine.state import CustomerState
from loyalcore.engine.telling.profile import known_values
from loyalcore.errors import UsageError
from loyalcore.program.care.messages import Shown, template_names
from loyalcore.program.plan import Program
from loyalcore.runner.loading import load_program
from loyalcore.runner.replay import current_state
from loyalcore.values import ValueInvalid, read_value, to_microseconds, write_value


@click.group()
def message() -> None:
    """How a message will look."""


@message.command()
@click.argument("ruleset", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.argument("name", metavar="MESSAGE")
@click.option(
    "--set", "given", multiple=True, metavar="NAME=VALUE", help="A value that the message names."
)
@click.option("--locale", default="", metavar="L", help="For a reader of nb, en-GB, ...")
@click.option("--customer", metavar="C", help="For this customer of --db, as they are known there.")
@click.option("--db", type=click.Path(path_type=Path, dir_okay=False), help="Their store.")
@click.option("--time", type=TIME, help="With --customer: sent then. [now]")
@json_option
def preview(
    ruleset: Path,
    name: str,
    given: tuple[str, ...],
    locale: str,
    customer: str | None,
    db: Path | None,
    time: int | None,
    as_json: bool,
) -> None:
    """Show what MESSAGE of RULESET says. Names that nothing gives a value are shown as
    themselves, in ‹angles›.

    With --customer and --db, what is known of the customer is filled in, in their language, and
    it is told by which channel the message would go to them, when, or why not.
    """
    if (customer is None) != (db is None):
        raise UsageError("--customer and --db go together: a customer of a store")
    program = load_program(ruleset, "compiled").program
    check_word("message", name, program.messages)
    names = {one for _, text in program.messages[name].parts() for one in template_names(text)}
    values: dict[str, object] = {one: Shown(f"‹{one}›", f"‹{one}›") for one in names}
    going: dict[str, object] = {}
    if customer is not None and db is not None:
        state = _state(db, program, customer)
        known = known_values(program, state)
        values |= {one: known[one] for one in names & known.keys()}
        locale = locale or str(state.attributes.get(program.languages.of or "") or "")
        now = to_microseconds(datetime.now(UTC)) if time is None else time
        choice = chosen(program, state, name, max(now, state.clock))
        going = {
            "customer": state.customer,
            "channel": choice.channel,
            "due": shown_time(choice.due),
            "reason": choice.reason,
        }
    values |= _values(program, name, names, given)
    said = words(program, name, values, locale)
    if as_json:
        print_json({**said._asdict(), **going})
        return
    parts = {"subject": said.subject, "text": said.text, "html": said.html, **said.attached}
    for part, text in parts.items():
        if text:
            click.echo(f"{part}:\n{text.rstrip()}\n")
    if going:
        click.echo(_told(going))


def _told(going: Mapping[str, object]) -> str:
    if not going["channel"]:
        return f"It would not be sent to {going['customer']}: {going['reason']}"
    due = f", not before {going['due']}" if going["due"] else ""
    return f"It would go to {going['customer']} by {going['channel']}{due}."


def _state(db: Path, program: Program, customer: str) -> CustomerState:
    """A customer, or whom they are merged into, as `program` reads what the store has."""
    with open_store(db) as store:
        known_customer(store, customer)
        reader = reader_of(store.connection, customer).customer
        return current_state(store.connection, program, reader, known_customer(store, reader))


def _values(
    program: Program, message: str, names: set[str], given: Iterable[str]
) -> dict[str, object]:
    """What --set gives, each read as the type that the rules send it with."""
    types = program.written.get(message, {})
    values: dict[str, object] = {}
    for pair in given:
        name, sign, text = pair.partition("=")
        if not sign:
            raise UsageError(f"--set {pair}: write NAME=VALUE")
        check_word("name in the message", name, sorted(names))
        try:
            value = read_value(types[name], text, program.locale) if name in types else text
        except ValueInvalid as error:
            raise UsageError(f"--set {name}: {error}") from None
        values[name] = write_value(types[name], value, program.locale) if name in types else text
    return values
