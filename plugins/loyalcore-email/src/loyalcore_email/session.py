"""One connection to the mail server, logged in, over which messages go one after another."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from smtplib import (
    SMTP,
    SMTP_SSL,
    SMTPException,
    SMTPResponseException,
    SMTPServerDisconnected,
)

from loyalcore.channels import GiveUp, Throttled, TryAgain
from loyalcore_email.composing import Mail
from loyalcore_email.replies import MENDED_LATER, Stage, failure
from loyalcore_email.settings import EmailSettings


class Session:
    """A connection, from its greeting on. Not for several threads at once."""

    def __init__(self, settings: EmailSettings, context: ssl.SSLContext) -> None:
        """Connect and log in. Raises Undelivered."""
        host, port = settings.at
        helo, timeout = settings.helo, settings.timeout
        with _told("connection"):
            if settings.tls == "implicit":
                self._smtp: SMTP = SMTP_SSL(host, port, helo, timeout=timeout, context=context)
            else:
                self._smtp = SMTP(host, port, helo, timeout=timeout)
        try:
            self._greet(settings, context)
        except BaseException:
            self._smtp.close()
            raise

    def _greet(self, settings: EmailSettings, context: ssl.SSLContext) -> None:
        with _told("connection"):
            if settings.tls == "starttls":
                self._smtp.starttls(context=context)
            self._smtp.ehlo_or_helo_if_needed()
        if settings.username is not None and settings.password is not None:
            with _told("login"):
                self._smtp.login(settings.username, settings.password.get_secret_value())

    @property
    def is_open(self) -> bool:
        return self._smtp.sock is not None

    def begin(self, mail: Mail) -> None:
        """Say who writes, and how much. Raises Undelivered; nothing is sent then."""
        options = [f"SIZE={len(mail.content)}"] if self._smtp.has_extn("size") else []
        if mail.international:
            if not self._smtp.has_extn("smtputf8"):
                raise GiveUp("the server takes no address that is not in ASCII")
            options += ["SMTPUTF8", "BODY=8BITMIME"]
        with _told("sender"):
            self._expect("sender", self._smtp.mail(mail.sender, options))

    def hand_over(self, mail: Mail) -> str:
        """Send what was begun; what the server says of it. Raises Undelivered."""
        with _told("recipient"):
            self._expect("recipient", self._smtp.rcpt(mail.recipient))
        with _told("content"):
            return self._expect("content", self._smtp.data(mail.content))

    def reset(self) -> None:
        """Forget what was begun, so that another message may go."""
        try:
            code, _ = self._smtp.rset()
        except (OSError, SMTPException):
            code = 0
        if code != 250:
            self.close()

    def close(self) -> None:
        self._smtp.close()

    def quit(self) -> None:
        try:
            self._smtp.quit()
        except (OSError, SMTPException):
            self._smtp.close()

    def _expect(self, stage: Stage, reply: tuple[int, bytes]) -> str:
        code, text = reply
        if code == -1 or not 200 <= code < 600:
            self.close()
            raise TryAgain("the server speaks no SMTP")
        if code >= 300:
            if code == 421:  # it closes the connection
                self.close()
            raise failure(stage, code, text)
        return " ".join(text.decode("utf-8", "replace").split())


@contextmanager
def _told(stage: Stage) -> Iterator[None]:
    """Whatever goes wrong here as one of the failures that delivery knows."""
    try:
        yield
    except SMTPResponseException as error:
        reply = error.smtp_error
        text = reply if isinstance(reply, bytes) else str(reply).encode()
        raise failure(stage, error.smtp_code, text) from None
    except SMTPServerDisconnected:
        raise TryAgain("the connection broke off, or no answer came in time") from None
    except ssl.SSLCertVerificationError as error:
        raise TryAgain(f"its certificate is not trusted: {error.verify_message}") from None
    except ssl.SSLError as error:
        raise TryAgain(f"no TLS: {error.reason}") from None
    except TimeoutError:
        raise TryAgain("no answer came in time") from None
    except SMTPException as error:  # no STARTTLS or AUTH there; it is an OSError, too
        raise Throttled(f"{stage} refused: {error}", MENDED_LATER) from None
    except OSError:
        raise TryAgain("no connection") from None
