"""The channel `email`: messages by e-mail, over SMTP; and the command `email`.

message -> address (addresses) -> e-mail (composing), with a way to unsubscribe (unsubscribe)
-> SMTP (session, channel), whose replies tell what became of it (replies)
token of an e-mail that somebody got -> event `unsubscribed` (commands)
"""

from __future__ import annotations

from collections.abc import Iterable

import click

from loyalcore.api import hookimpl
from loyalcore.channels import AnyChannelKind, Channel, ChannelKind
from loyalcore_email.settings import EmailSettings


def open_email(settings: EmailSettings) -> Channel:
    """The channel to a mail server. SMTP is only loaded here: every command loads the plugins."""
    from loyalcore_email.channel import EmailChannel

    return EmailChannel(settings)


EMAIL = ChannelKind("email", EmailSettings, open_email, html=True, attachments=True, reply=True)


@hookimpl
def loyalcore_channels() -> Iterable[AnyChannelKind]:
    """E-mail."""
    return [EMAIL]


@hookimpl
def loyalcore_commands() -> Iterable[click.Command]:
    """What people do with e-mails."""
    from loyalcore_email.commands import email  # other commands need not wait for it

    return [email]
