"""What the operator says of the mail server, and of who writes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

from loyalcore_email.addresses import address, mailbox

TOKEN = "{token}"
PORTS = {"implicit": 465, "starttls": 587, "none": 25}

_NAME = re.compile(r"[!-9;-~]+")
_OWN = re.compile(
    r"from|to|cc|bcc|sender|reply-to|subject|date|message-id|mime-version|content-.*|"
    r"list-unsubscribe.*|auto-submitted|return-path|received",
    re.IGNORECASE,
)


def _mailbox(text: str) -> str:
    mailbox(text)
    return text


def _address(text: str) -> str:
    address(text)
    return text


def _header(name: str) -> str:
    if not _NAME.fullmatch(name) or _OWN.fullmatch(name):
        raise ValueError("a header of this name can't be set")
    return name


def _value(value: str) -> str:
    if not value.isprintable():
        raise ValueError("the value of a header is printable text")
    return value


def _https(url: str) -> str:
    if not re.fullmatch(r"https://[\x21-\x7e]+", url) or TOKEN not in url or set(url) & set("<>,"):
        raise ValueError("expected https://..., in ASCII, with {token} in it")
    return url


class UnsubscribeSettings(BaseModel):
    """How people can end what they did not ask for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    secret: SecretStr = Field(description="what tokens are signed with", min_length=16)
    url: Annotated[str, AfterValidator(_https)] = Field(
        description="what is posted to with one click (RFC 8058), with {token} in it",
        max_length=500,
    )
    mailto: Annotated[str, AfterValidator(_address)] | None = Field(
        None, description="the address that may be written to instead; the subject is the token"
    )


class EmailSettings(BaseModel):
    """The mail server, and who writes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = Field(description="the mail server", pattern=r"^[A-Za-z0-9.:_-]+$")
    port: int | None = Field(
        None, ge=1, le=65_535, description="its port; without it 587, 465 or 25, by `tls`"
    )
    tls: Literal["starttls", "implicit", "none"] = Field(
        "starttls", description="starttls, implicit (from the first byte), or none"
    )
    username: str | None = Field(None, description="who logs in; without it, nobody does")
    password: SecretStr | None = Field(None, description="the password of `username`")
    sender: Annotated[str, AfterValidator(_mailbox)] = Field(
        description="who writes: Club <club@example.org>"
    )
    reply_to: Annotated[str, AfterValidator(_mailbox)] | None = Field(
        None, description="where answers go, when the message doesn't say"
    )
    bounces: Annotated[str, AfterValidator(_address)] | None = Field(
        None, description="where mail that can't be delivered goes; without it, to the sender"
    )
    unsubscribe: UnsubscribeSettings | None = Field(
        None, description="how people can end messages that are not about something they did"
    )
    headers: Mapping[
        Annotated[str, AfterValidator(_header)], Annotated[str, AfterValidator(_value)]
    ] = Field(default_factory=dict, description="headers beside its own")
    timeout: float = Field(
        30.0, gt=0, le=600, description="seconds that the server may take for each answer"
    )
    ca_file: Path | None = Field(
        None, description="certificates to trust, instead of those of the machine"
    )
    helo: str | None = Field(
        None,
        description="what this machine calls itself; without it, its name",
        pattern=r"^[A-Za-z0-9.:\[\]_-]+$",
    )
    allow_plain: bool = Field(
        False, description="whether `tls: none` may be used beyond this machine"
    )

    @model_validator(mode="after")
    def _whole(self) -> EmailSettings:
        if (self.username is None) != (self.password is None):
            raise ValueError("username and password come together")
        if not f"{self.username}{self.password and self.password.get_secret_value()}".isascii():
            raise ValueError("username and password: expected ASCII")
        if self.tls == "none" and not (self.allow_plain or _is_loopback(self.host)):
            raise ValueError("tls: none sends in clear; `allow_plain = true` lets it")
        return self

    @property
    def at(self) -> tuple[str, int]:
        """Host and port."""
        return self.host, self.port or PORTS[self.tls]


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
