"""Messages as CloudEvents 1.0, structured: one as an object, several as a list."""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256

from loyalcore.channels import Message
from loyalcore_webhook.settings import WebhookSettings

ONE = "application/cloudevents+json; charset=utf-8"
BATCH = "application/cloudevents-batch+json; charset=utf-8"


def event_of(message: Message, settings: WebhookSettings) -> dict[str, object]:
    """`message` as an event about its customer; `id` is its key."""
    plain = message.plain()
    return {
        "specversion": "1.0",
        "id": message.key,
        "source": settings.source,
        "type": settings.type,
        "subject": message.customer,
        "time": plain.pop("time"),
        "datacontenttype": "application/json",
        "data": plain,
    }


def as_json(content: object) -> bytes:
    """In the same bytes every time."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def batch_id(messages: Sequence[Message]) -> str:
    """What a request with several messages is called: the same for the same ones."""
    keys = " ".join(message.key for message in messages)
    return f"batch-{sha256(keys.encode()).hexdigest()[:32]}"
