"""Settings of an endpoint: what is refused, and that nothing of it is told."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from loyalcore.delivery.settings import read_settings
from loyalcore.errors import UsageError
from loyalcore_webhook import WEBHOOK, WEBHOOK_BATCH, loyalcore_channels
from loyalcore_webhook.addresses import is_public
from loyalcore_webhook.settings import WebhookSettings

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def settings(**own: Any) -> WebhookSettings:
    return WebhookSettings.model_validate(
        {"url": "https://hooks.example.org/t0ken", "secrets": [SECRET], **own}
    )


@pytest.mark.parametrize(
    ("own", "says"),
    [
        ({"url": "http://hooks.example.org/"}, "expected https://; `allow_http = true` lets it"),
        ({"url": "ftp://hooks.example.org/"}, "expected https://host/path"),
        ({"url": "https:///t0ken"}, "expected https://host/path"),
        ({"url": "https://h:99999/t0ken"}, "expected https://host/path"),
        ({"url": "https://[::1/t0ken"}, "expected https://host/path"),
        ({"url": "https://bø.example.org/"}, "expected https://host/path"),
        ({"url": "https://h/a b"}, "expected https://host/path"),
        ({"url": "https://h/\r\nx-evil: 1"}, "expected https://host/path"),
        ({"url": "https://me:t0ken@h/"}, "a login goes into `headers`"),
        ({"url": "https://127.0.0.1/"}, "its address is not public"),
        ({"url": "https://[::1]/"}, "its address is not public"),
        ({"url": "https://[::ffff:10.0.0.1]/"}, "its address is not public"),
        ({"secrets": []}, "at least 1 item"),
        ({"secrets": ["whsec_c2hvcnQ="]}, "expected whsec_ and 24 to 64 bytes in base64"),
        ({"secrets": ["whsec_!t0ken"]}, "expected whsec_ and 24 to 64 bytes in base64"),
        ({"headers": {"Host": "x"}}, "a header of this name can't be set"),
        ({"headers": {"webhook-id": "x"}}, "a header of this name can't be set"),
        ({"headers": {"a b": "x"}}, "a header of this name can't be set"),
        ({"headers": {"x": "t0ken\r\ny: z"}}, "the value of a header is printable ASCII"),
        ({"retries": 3}, "Extra inputs are not permitted"),
    ],
)
def test_mistakes_are_told_without_secrets(own: dict[str, Any], says: str, tmp_path: Path) -> None:
    with pytest.raises(ValidationError) as wrong:
        settings(**own)
    (first, *_) = wrong.value.errors(include_input=False, include_url=False)
    assert says in first["msg"]
    assert "t0ken" not in first["msg"]


def test_an_operator_is_told_the_key_and_no_secret(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('[channels.webhook]\nurl = "https://h/t0ken"\nsecrets = ["whsec_t0ken"]\n')
    with pytest.raises(UsageError) as wrong:
        read_settings(file, {"webhook": WEBHOOK})
    assert str(wrong.value).endswith(
        "channels.webhook.secrets.0: Value error, expected whsec_ and 24 to 64 bytes in base64"
    )


def test_settings_show_no_secret() -> None:
    shown = repr(settings(headers={"Authorization": "Bearer t0ken"}))
    assert "t0ken" not in shown
    assert SECRET not in shown


def test_two_channels_one_and_many_at_a_time() -> None:
    assert [*loyalcore_channels()] == [WEBHOOK, WEBHOOK_BATCH]
    assert (WEBHOOK.batch, WEBHOOK_BATCH.batch) == (1, 100)
    assert WEBHOOK.takes == ("text", "HTML", "attachments", "replies")


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("64:ff9b::5db8:d70e", True),  # the first one, through NAT64
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),  # where clouds keep secrets
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("240.0.0.1", False),
        ("255.255.255.255", False),
        ("::", False),
        ("::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:169.254.169.254", False),
        ("::7f00:1", False),
        ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::", False),
        ("2001:0:7f00:1::", False),
        ("fc00::1", False),
        ("fe80::1", False),
        ("fe80::1%eth0", False),
        ("fec0::1", False),
        ("ff02::1", False),
    ],
)
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert is_public(ip_address(address)) is public
