"""A real SMTP server on loopback, of which a test says how it replies."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from loyalcore.channels import Message
from loyalcore_email.channel import EmailChannel
from loyalcore_email.settings import EmailSettings

PASSWORD = "open sesame"


@dataclass(frozen=True)
class Letter:
    """A message as the server took it."""

    sender: str
    recipients: list[str]
    content: bytes
    options: list[str]

    @property
    def mail(self) -> EmailMessage:
        parsed = message_from_bytes(self.content, policy=default)
        assert isinstance(parsed, EmailMessage)
        assert not parsed.defects
        return parsed


# What is replied at a step of the dialogue; None goes on as usual. It may do things with the
# server first, such as close the connection.
Reply = Callable[[SMTP, str], str | None]


@dataclass
class Office:
    """What a server has taken, and how it replies at `login`, `mail`, `rcpt` and `data`."""

    host: str = "127.0.0.1"
    port: int = 0
    ca_file: Path = Path()
    letters: list[Letter] = field(default_factory=list)
    connections: int = 0
    transports: list[Any] = field(default_factory=list)
    logins: list[bool] = field(default_factory=list)
    replies: dict[str, Reply] = field(default_factory=dict)

    def reply(self, step: str, server: SMTP, about: str = "") -> str | None:
        return self.replies[step](server, about) if step in self.replies else None

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, host: str, replies: list[str]
    ) -> list[str]:
        session.host_name = host
        return replies

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if (reply := self.reply("mail", server, address)) is not None:
            return reply
        envelope.mail_from, envelope.mail_options = address, options
        return "250 2.1.0 Ok"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if (reply := self.reply("rcpt", server, address)) is not None:
            return reply
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if (reply := self.reply("data", server)) is not None:
            return reply
        assert isinstance(envelope.content, bytes)
        assert envelope.mail_from is not None
        self.letters.append(
            Letter(
                envelope.mail_from,
                [*envelope.rcpt_tos],
                envelope.content,
                [*envelope.mail_options],
            )
        )
        return f"250 2.0.0 Ok: queued as Q{len(self.letters)}"

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append(data.password == PASSWORD.encode())
        if (reply := self.reply("login", server)) is not None:
            return AuthResult(success=False, handled=False, message=reply)
        return AuthResult(success=self.logins[-1], handled=False)


class _Server(SMTP):
    def connection_made(self, transport: Any) -> None:
        if self.session is None:  # not when TLS begins on a connection that is there
            self.event_handler.connections += 1
        self.event_handler.transports.append(transport)
        super().connection_made(transport)


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@contextmanager
def _open(
    authority: trustme.CA, folder: Path, tls: str, *, login: bool = False, smtputf8: bool = True
) -> Iterator[Office]:
    office = Office(ca_file=folder / "ca.pem")
    authority.cert_pem.write_to_path(str(office.ca_file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    options: dict[str, Any] = {"enable_SMTPUTF8": smtputf8}
    if tls == "starttls":
        options |= {"tls_context": context, "require_starttls": True}
    if login:
        secured = tls == "starttls"  # what it knows of: TLS from the first byte is beneath it
        options |= {"authenticator": office.authenticate}
        options |= {"auth_required": secured, "auth_require_tls": secured}
    loop = asyncio.new_event_loop()
    made = loop.create_server(
        lambda: _Server(office, loop=loop, **options),
        "127.0.0.1",
        ssl=context if tls == "implicit" else None,
    )
    listening = loop.run_until_complete(made)
    office.port = listening.sockets[0].getsockname()[1]
    thread = Thread(target=loop.run_forever)
    thread.start()
    try:
        yield office
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        listening.close()
        for transport in office.transports:
            transport.abort()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0.01))
        loop.close()


@pytest.fixture
def server(authority: trustme.CA, tmp_path: Path) -> Callable[..., Any]:
    """Open a server, with TLS or without; `login` has it ask for one."""
    return lambda tls="none", **options: _open(authority, tmp_path, tls, **options)


@pytest.fixture
def office(server: Callable[..., Any]) -> Iterator[Office]:
    with server() as office:
        yield office


@pytest.fixture
def open_channel() -> Iterator[Callable[..., EmailChannel]]:
    """Open a channel to an office; `settings` are its others."""
    channels: list[EmailChannel] = []

    def open_(office: Office, **settings: object) -> EmailChannel:
        usual = {
            "host": office.host,
            "port": office.port,
            "tls": "none",
            "sender": "Bø & co <club@example.org>",
            "ca_file": office.ca_file,
            "timeout": 5,
            "helo": "club.example.org",
        }
        channels.append(EmailChannel(EmailSettings.model_validate({**usual, **settings})))
        return channels[-1]

    yield open_
    for channel in channels:
        channel.close()


@pytest.fixture
def message() -> Callable[..., Message]:
    def make(to: str = "kari@example.com", key: str = "0a1b-0", **parts: Any) -> Message:
        usual: dict[str, Any] = {"subject": "Velkommen til oss", "text": "Hei på deg.\n"}
        usual |= {"html": None, "locale": "nb_NO"}
        return Message(key=key, customer="c-17", name="welcome", to=to, **{**usual, **parts})

    return make
