"""From a message to an e-mail. Headers are made of values, never of text put together, so that
nothing a customer wrote becomes one."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.headerregistry import Address as HeaderAddress
from email.headerregistry import BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import format_datetime
from hashlib import sha256
from typing import NamedTuple

from loyalcore.channels import Message
from loyalcore_email.addresses import AddressInvalid, Mailbox, address, mailbox
from loyalcore_email.settings import EmailSettings
from loyalcore_email.unsubscribe import headers as unsubscribe_headers

_KEY = re.compile(r"[A-Za-z0-9_-]{1,100}")


class _AsWritten(UnstructuredHeader, BaseHeader):
    """A header in one line: the library would put what is longer than a line into words that
    no reader of URLs understands."""

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


_headers = HeaderRegistry()
_headers.map_to_type("list-unsubscribe", _AsWritten)
_headers.map_to_type("message-id", _AsWritten)

# 7 bits only, so that every server takes it.
POLICY = SMTP.clone(cte_type="7bit", header_factory=_headers)


class Mail(NamedTuple):
    """An e-mail and its envelope; `international` where an address in it is not in ASCII
    (RFC 6531)."""

    sender: str
    recipient: str
    content: bytes
    international: bool


def composed(message: Message, settings: EmailSettings, now: float) -> Mail:
    """`message` as an e-mail. `now` is in seconds since 1970. Raises AddressInvalid where an
    address of the message is none."""
    if not message.to:
        raise AddressInvalid("the customer has no e-mail address")
    sender, to = mailbox(settings.sender), Mailbox("", address(message.to))
    bounces = address(settings.bounces) if settings.bounces else sender.address
    mail = EmailMessage(POLICY)
    mailboxes = {"From": sender, "To": to}
    if reply_to := message.reply_to or settings.reply_to:
        mailboxes["Reply-To"] = mailbox(reply_to)
    for name, one in mailboxes.items():
        mail[name] = HeaderAddress(one.name, one.address.local, one.address.domain)
    mail["Subject"] = _line(message.subject)
    mail["Date"] = format_datetime(datetime.fromtimestamp(now, UTC))
    _describe(mail, message, settings)
    _fill(mail, message)
    addresses = (bounces, *(one.address for one in mailboxes.values()))
    international = not all(one.local.isascii() for one in addresses)
    content = mail.as_bytes(policy=POLICY.clone(utf8=international))
    return Mail(str(bounces), str(to.address), content, international)


def _describe(mail: EmailMessage, message: Message, settings: EmailSettings) -> None:
    """What the readers of machines are told."""
    mail["Message-ID"] = message_id(message.key, mailbox(settings.sender).address.domain)
    if message.purpose == "service":
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no answers by machines
    elif settings.unsubscribe is not None:
        for name, value in unsubscribe_headers(message.key, settings.unsubscribe).items():
            mail[name] = value
    for name, value in settings.headers.items():
        mail[name] = value


def message_id(key: str, domain: str) -> str:
    """The same for the same key, by which those who get a message twice can tell."""
    name = key if _KEY.fullmatch(key) else sha256(key.encode()).hexdigest()
    return f"<{name}@{domain}>"


def _fill(mail: EmailMessage, message: Message) -> None:
    """Put in what it says."""
    mail.set_content(message.text)
    if message.html is not None:
        mail.add_alternative(message.html, subtype="html")
    for file in message.attachments:
        maintype, _, subtype = file.type.partition("/")
        mail.add_attachment(
            file.text.encode(),
            maintype,
            subtype,
            filename=_line(file.name),
            params={"charset": "utf-8"},
        )
    if language := _line(message.locale.replace("_", "-")):
        mail["Content-Language"] = language  # of all its parts, so after them


def _line(text: str) -> str:
    """`text` in one line, without what can't be seen."""
    return "".join(c for c in " ".join(text.split()) if c.isprintable())
