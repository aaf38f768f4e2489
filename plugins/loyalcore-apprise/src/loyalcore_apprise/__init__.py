"""The channel `apprise`: messages by the services that Apprise knows: SMS, chat, push.

message -> the service's URL with the customer's address (settings) -> Apprise, and of what it
tells what became of the message (channel)
"""

from __future__ import annotations

from collections.abc import Iterable

from loyalcore.api import hookimpl
from loyalcore.channels import AnyChannelKind, Channel, ChannelKind
from loyalcore_apprise.settings import AppriseSettings


def open_apprise(settings: AppriseSettings) -> Channel:
    """The channel by a service. Apprise is only loaded here: it is large, and every command loads
    the plugins. Raises ValueError where Apprise knows no such service."""
    from loyalcore_apprise.channel import AppriseChannel

    return AppriseChannel(settings)


APPRISE = ChannelKind("apprise", AppriseSettings, open_apprise, html=True, attachments=True)


@hookimpl
def loyalcore_channels() -> Iterable[AnyChannelKind]:
    """Whatever Apprise can send by."""
    return [APPRISE]
