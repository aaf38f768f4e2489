"""The channels `webhook` and `webhook-batch`: messages as CloudEvents by HTTP POST, signed by
the Standard Webhooks scheme.

    message -> CloudEvent (events) -> signature (signing) -> POST (channel), to addresses that
    may be reached (network)
"""

from __future__ import annotations

from collections.abc import Iterable

from loyalcore.channels import AnyChannelKind, ChannelKind
from loyalcore.hookspecs import hookimpl
from loyalcore_webhook.channel import WebhookChannel
from loyalcore_webhook.settings import WebhookSettings

WEBHOOK = ChannelKind(
    "webhook", WebhookSettings, WebhookChannel, html=True, attachments=True, reply=True
)
WEBHOOK_BATCH = ChannelKind(
    "webhook-batch",
    WebhookSettings,
    WebhookChannel,
    html=True,
    attachments=True,
    reply=True,
    batch=100,
)


@hookimpl
def loyalcore_channels() -> Iterable[AnyChannelKind]:
    """One message in a request, or up to a hundred."""
    return [WEBHOOK, WEBHOOK_BATCH]
