"""Sending e-mails, over connections that are kept for the next ones."""

from __future__ import annotations

import ssl
from threading import Lock
from time import monotonic, time

from loyalcore.channels import Channel, GiveUp, Message, Receipt, Undelivered
from loyalcore_email.addresses import AddressInvalid
from loyalcore_email.composing import Mail, composed
from loyalcore_email.session import Session
from loyalcore_email.settings import EmailSettings

IDLE = 60.0  # seconds after which a connection is not used again: servers close them


class EmailChannel(Channel):
    """By one mail server. Each thread that sends has a connection to itself while it does."""

    def __init__(self, settings: EmailSettings) -> None:
        self._settings = settings
        self._context = ssl.create_default_context(cafile=settings.ca_file)
        self._lock = Lock()
        self._idle: list[tuple[float, Session]] = []  # and since when

    def send(self, message: Message) -> Receipt:
        try:
            mail = composed(message, self._settings, time())
        except AddressInvalid as error:
            raise GiveUp(str(error)) from None
        session = self._begun(mail)
        try:
            said = session.hand_over(mail)
        except Undelivered:
            if session.is_open:
                session.reset()
            self._keep(session)
            raise
        except BaseException:
            session.close()
            raise
        self._keep(session)
        return Receipt(said)

    def close(self) -> None:
        while (session := self._kept()) is not None:
            session.quit()

    def _begun(self, mail: Mail) -> Session:
        """A connection on which this one may go. Where one that was kept turns out to be
        closed by the server, another is made."""
        session = self._kept()
        if session is not None:
            try:
                session.begin(mail)
                return session
            except Undelivered:
                if session.is_open:
                    session.reset()
                    self._keep(session)
                    raise
        session = Session(self._settings, self._context)
        try:
            session.begin(mail)
        except Undelivered:
            self._keep(session)
            raise
        return session

    def _kept(self) -> Session | None:
        """The connection that was used last, if it is no older than IDLE."""
        while True:
            with self._lock:
                if not self._idle:
                    return None
                since, session = self._idle.pop()
            if monotonic() - since < IDLE:
                return session
            session.close()

    def _keep(self, session: Session) -> None:
        if session.is_open:
            with self._lock:
                self._idle.append((monotonic(), session))
