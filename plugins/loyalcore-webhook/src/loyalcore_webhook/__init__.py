"""The channels `webhook` and `webhook-batch`: messages as signed CloudEvents by HTTP POST.

message -> CloudEvent (events) -> signature (signing) -> POST (channel), to addresses that
may be reached (addresses, network)
"""

from __future__ import annotations

from collections.abc import Iterable

from loyalcore.api import hookimpl
from loyalcore.channels import AnyChannelKind, Channel, ChannelKind
from loyalcore_webhook.settings import WebhookSettings


def open_webhook(settings: WebhookSettings) -> Channel:
    """The channel to an endpoint. HTTP is only loaded here: every command loads the plugins."""
    from loyalcore_webhook.channel import WebhookChannel

    return WebhookChannel(settings)


def _kind(name: str, batch: int) -> AnyChannelKind:
    takes = {"html": True, "attachments": True, "reply": True}
    return ChannelKind(name, WebhookSettings, open_webhook, batch=batch, **takes)


WEBHOOK, WEBHOOK_BATCH = _kind("webhook", 1), _kind("webhook-batch", 100)


@hookimpl
def loyalcore_channels() -> Iterable[AnyChannelKind]:
    """One message in a request, or up to a hundred."""
    return [WEBHOOK, WEBHOOK_BATCH]
