"""`loyalcore email`: from the token of an e-mail to an event `unsubscribed`.

token -> key of the message (unsubscribe) -> its customer, purpose and channel -> event
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from loyalcore.cli.operators import Hand, act, latest
from loyalcore.cli.output import json_option, print_json
from loyalcore.cli.reading import known_customer, open_store
from loyalcore.cli.run import db_option, wait_option
from loyalcore.delivery.rendering import reader_of
from loyalcore.delivery.settings import read_settings
from loyalcore.errors import UsageError
from loyalcore.plugins.gathering import channel_kinds
from loyalcore.plugins.loading import make_manager
from loyalcore.program.builtin_events import UNSUBSCRIBED
from loyalcore.program.care.contact_plan import WITHDRAWN, said_of
from loyalcore.runner.replay import CompiledPrograms
from loyalcore.store import Store
from loyalcore.store.outbox import Message, list_messages
from loyalcore.values import to_microseconds
from loyalcore_email.settings import EmailSettings
from loyalcore_email.unsubscribe import verified


@click.group()
def email() -> None:
    """What people do with the e-mails that they get."""


@email.command()
@click.argument("token")
@db_option
@click.option(
    "--settings",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    required=True,
    help="The settings of channels, as deliver has them: what tokens are signed with.",
)
@wait_option
@json_option
@click.pass_context
def unsubscribe(
    ctx: click.Context, token: str, db: Path, settings: Path, wait: float, as_json: bool
) -> None:
    """Unsubscribe who got the message of TOKEN from messages for that purpose, by that channel.

    It is an event of type unsubscribed, kept and decided as any other, and holds at once, also
    for messages that wait in the outbox. The same token again changes nothing, unless its customer
    has agreed anew since. What comes from outside belongs behind --, as the last argument.

    Exit status 1 when the token is not genuine, or its message is not in this store.
    """
    secrets = _secrets(settings)
    with open_store(db) as store:
        found = _message_of(store, token, secrets)
        if found is None:
            click.echo("error: no message of this store has this token", err=True)
            ctx.exit(1)
        customer = reader_of(store.connection, found.customer).customer
        if _is_withdrawn(store, found, customer):
            _tell_again(found, customer, as_json)
            return
        now = max(to_microseconds(datetime.now(UTC)), known_customer(store, customer).clock)
        said = {"purpose": found.purpose, "channel": found.channel}
        data = {**said, "origin": "e-mail", "note": f"message {found.key}"}
        act(Hand(now, None, wait, as_json), store, latest(store), UNSUBSCRIBED, customer, data)


def _secrets(settings: Path) -> list[str]:
    """What the e-mail channels of these settings sign tokens with."""
    found = [
        one.settings.unsubscribe.secret.get_secret_value()
        for one in read_settings(settings, channel_kinds(make_manager())).values()
        if isinstance(one.settings, EmailSettings) and one.settings.unsubscribe is not None
    ]
    if not found:
        raise UsageError(f"{settings}: no channel of the kind email has the setting unsubscribe")
    return found


def _message_of(store: Store, token: str, secrets: list[str]) -> Message | None:
    """The message whose token this is; None where it is forged, or there is none."""
    for secret in secrets:
        if (key := verified(token, secret)) is not None:
            return next(iter(list_messages(store.connection, key=key)), None)
    return None


def _is_withdrawn(store: Store, message: Message, customer: str) -> bool:
    """Whether the customer has said no to such messages already, and has not agreed anew."""
    state = CompiledPrograms(store.connection).current(customer)
    assert state is not None
    return said_of(state.life, message.purpose, message.channel) == WITHDRAWN


def _tell_again(message: Message, customer: str, as_json: bool) -> None:
    told = {"purpose": message.purpose, "channel": message.channel}
    if as_json:
        print_json({"type": UNSUBSCRIBED, "customer": customer, **told, "again": True})
    else:
        click.echo(f"{message.purpose} by {message.channel} is ended already; nothing has changed")
