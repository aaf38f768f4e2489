"""Sending by a service of Apprise, and what became of it as far as Apprise tells."""

from __future__ import annotations

import logging
import re

from apprise import Apprise, AppriseAttachment, AppriseResult, NotifyFormat
from apprise.attachment.memory import AttachMemory
from apprise.manager_plugins import NotificationManager
from apprise.plugins import NotifyBase

from loyalcore.channels import (
    Channel,
    GiveUp,
    Message,
    Receipt,
    Throttled,
    TryAgain,
    Undelivered,
)
from loyalcore_apprise.settings import AppriseSettings

LATER = {408, 425}  # request timeout, too early

# How Apprise's services log the status of an answer that is no yes.
_STATUS = re.compile(r"\berror=(\d{3})\b")


class AppriseChannel(Channel):
    """By one service. What Apprise knows of it is made anew for each message, so that threads
    share nothing. Raises ValueError where Apprise knows no service of its name."""

    def __init__(self, settings: AppriseSettings) -> None:
        service = settings.url.get_secret_value().partition("://")[0].lower()
        if service not in NotificationManager():  # type: ignore[no-untyped-call]
            raise ValueError("Apprise knows no service by the word before ://")
        self._settings = settings
        _hush()

    def send(self, message: Message) -> Receipt:
        if self._settings.names_customers and not message.to:
            raise GiveUp("the customer has no address for this channel")
        if not message.text.strip():
            raise GiveUp("the message says nothing")
        service = Apprise.instantiate(self._settings.url_for(message.to))
        if service is None:
            raise GiveUp("Apprise makes no service of this URL and this address")
        result = _sent(message, service)
        if not result:
            raise _failure(str(service.service_name), result)
        return Receipt()


def _hush() -> None:
    """Let nobody see what Apprise logs: it holds addresses, answers and parts of URLs."""
    logger = logging.getLogger("apprise")
    logger.propagate = False
    logger.setLevel(logging.WARNING)


def _sent(message: Message, service: NotifyBase) -> AppriseResult:
    """What Apprise says of it."""
    html = message.html if service.resolve_format(NotifyFormat.HTML) == NotifyFormat.HTML else None
    files = AppriseAttachment()
    for file in message.attachments if service.attachment_support else ():
        content = AttachMemory(  # type: ignore[no-untyped-call]
            file.text.encode(), name=file.name, mimetype=file.type
        )
        files.add(content)
    sender = Apprise()
    sender.add(service)
    return sender.notify(
        body=html or message.text,
        title=message.subject,
        body_format=NotifyFormat.HTML if html else NotifyFormat.TEXT,
        attach=files if len(files) else None,
    )


def _failure(service: str, result: AppriseResult) -> Undelivered:
    """The worst that is told; where nothing is, it may go better later."""
    statuses = [int(found) for log in result.logs() for found in _STATUS.findall(log.message)]
    if not statuses:
        return TryAgain(f"{service}: no connection, or no reason told")
    if 429 in statuses:
        return Throttled(f"{service}: HTTP 429")
    status = max(statuses)
    said = f"{service}: HTTP {status}"
    return GiveUp(said) if 400 <= status < 500 and status not in LATER else TryAgain(said)
