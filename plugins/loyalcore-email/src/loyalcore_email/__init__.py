"""The channel `email`: messages by e-mail, over SMTP.

message -> address (addresses) -> e-mail (composing), with a way to unsubscribe (unsubscribe)
-> SMTP (session, channel), whose replies tell what became of it (replies)
"""

from __future__ import annotations

from collections.abc import Iterable

from loyalcore.channels import AnyChannelKind, ChannelKind
from loyalcore.hookspecs import hookimpl
from loyalcore_email.channel import EmailChannel
from loyalcore_email.settings import EmailSettings

EMAIL = ChannelKind("email", EmailSettings, EmailChannel, html=True, attachments=True, reply=True)


@hookimpl
def loyalcore_channels() -> Iterable[AnyChannelKind]:
    """E-mail."""
    return [EMAIL]
