"""What the operator says of an endpoint. Nothing here is repeated in an error: a URL may hold
a token."""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

from loyalcore_webhook.addresses import is_public
from loyalcore_webhook.signing import key_of

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\x20-\x7e]*")
_OWN = re.compile(r"host|connection|content-.*|transfer-encoding|webhook-.*", re.IGNORECASE)


def _signs(secret: SecretStr) -> SecretStr:
    key_of(secret.get_secret_value())
    return secret


def _header(name: str) -> str:
    if not _TOKEN.fullmatch(name) or _OWN.fullmatch(name):
        raise ValueError("a header of this name can't be set")
    return name


def _value(value: SecretStr) -> SecretStr:
    if not _VALUE.fullmatch(value.get_secret_value()):
        raise ValueError("the value of a header is printable ASCII")
    return value


class WebhookSettings(BaseModel):
    """Where messages are posted, and what is allowed there."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: SecretStr = Field(description="where messages are posted: https://...")
    secrets: tuple[Annotated[SecretStr, AfterValidator(_signs)], ...] = Field(
        description="what they are signed with: whsec_ and 24 to 64 bytes in base64; two while "
        "one takes the other's place",
        min_length=1,
    )
    source: str = Field("loyalcore", description="the CloudEvents source", min_length=1)
    type: str = Field("loyalcore.message", description="the CloudEvents type", min_length=1)
    headers: Mapping[
        Annotated[str, AfterValidator(_header)], Annotated[SecretStr, AfterValidator(_value)]
    ] = Field(default_factory=dict, description="headers beside its own, such as Authorization")
    timeout: float = Field(
        10.0, gt=0, le=600, description="seconds for the whole of a request and its answer"
    )
    ca_file: Path | None = Field(
        None, description="certificates to trust, instead of those of the machine"
    )
    allow_http: bool = Field(False, description="whether it may be http, which all may read")
    allow_private: bool = Field(
        False, description="whether it may be an address that is not public: 127.0.0.1, 10.0.0.1"
    )

    @model_validator(mode="after")
    def _reachable(self) -> WebhookSettings:
        parts = _split(self.url.get_secret_value())
        if parts.scheme != "https" and not self.allow_http:
            raise ValueError("url: expected https://; `allow_http = true` lets it be http://")
        if not (self.allow_private or _may_be_public(parts.hostname or "")):
            raise ValueError("url: its address is not public; `allow_private = true` lets it be")
        return self


def _split(url: str) -> SplitResult:
    expected = "url: expected https://host/path, in ASCII (xn-- and %20 for the rest)"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError(expected) from None
    sound = parts.scheme in ("https", "http") and parts.hostname and port != 0
    if not (sound and re.fullmatch(r"[\x21-\x7e]+", url)):
        raise ValueError(expected)
    if parts.username is not None:
        raise ValueError("url: a login goes into `headers`, as Authorization")
    return parts


def _may_be_public(host: str) -> bool:
    """Whether a request may go there, as far as the name tells."""
    try:
        return is_public(ip_address(host))
    except ValueError:
        return True
