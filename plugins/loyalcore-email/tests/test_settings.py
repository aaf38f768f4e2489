"""Settings of a mail server: what is refused, and that no secret is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from loyalcore.delivery.settings import read_settings
from loyalcore.errors import UsageError
from loyalcore_email import EMAIL, loyalcore_channels
from loyalcore_email.settings import EmailSettings

URL = "https://club.example.org/u/{token}"


def settings(**own: Any) -> EmailSettings:
    usual = {"host": "mail.example.org", "sender": "Club <club@example.org>"}
    return EmailSettings.model_validate({**usual, **own})


@pytest.mark.parametrize(
    ("tls", "port"), [("starttls", 587), ("implicit", 465), ("none", 25), ("none", 1025)]
)
def test_the_port_follows_from_tls(tls: str, port: int) -> None:
    own = {"port": port} if port == 1025 else {}
    assert settings(tls=tls, host="localhost", **own).at == ("localhost", port)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "::1"])
def test_this_machine_may_be_spoken_to_in_clear(host: str) -> None:
    assert settings(tls="none", host=host)


def test_another_may_where_that_is_allowed() -> None:
    assert settings(tls="none", allow_plain=True)


@pytest.mark.parametrize(
    ("own", "says"),
    [
        ({"tls": "none"}, "`allow_plain = true` lets it"),
        ({"tls": "none", "host": "192.168.0.1"}, "`allow_plain = true` lets it"),
        ({"username": "club"}, "username and password come together"),
        ({"password": "hunter22"}, "username and password come together"),
        ({"username": "club", "password": "hunter22ø"}, "username and password: expected ASCII"),
        ({"host": "mail example"}, "should match pattern"),
        ({"sender": "Club"}, "this is no e-mail address"),
        ({"sender": "Club <a@x.org>, <b@x.org>"}, "this is no e-mail address"),
        ({"sender": "Cl\nub <club@example.org>"}, "a name is printable text"),
        ({"bounces": "Club <club@example.org>"}, "this is no e-mail address"),
        ({"headers": {"Bcc": "all@example.org"}}, "a header of this name can't be set"),
        ({"headers": {"X: Y": "z"}}, "a header of this name can't be set"),
        ({"headers": {"X-Y": "z\r\nBcc: all"}}, "the value of a header is printable text"),
        ({"unsubscribe": {"secret": "hunter22", "url": URL}}, "at least 16 items"),
        (
            {"unsubscribe": {"secret": "hunter22" * 2, "url": "http://x/{token}"}},
            "expected https://..., in ASCII, with {token} in it",
        ),
        ({"unsubscribe": {"secret": "hunter22" * 2, "url": "https://x/"}}, "with {token} in it"),
        ({"retries": 3}, "Extra inputs are not permitted"),
    ],
)
def test_mistakes_are_told_without_secrets(own: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError) as wrong:
        settings(**own)
    (first, *_) = wrong.value.errors(include_input=False, include_url=False)
    assert says in first["msg"]
    assert "hunter22" not in first["msg"]


def test_an_operator_is_told_the_key(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('[channels.email]\nhost = "h"\nsender = "Club"\n')
    with pytest.raises(UsageError, match=r"channels\.email\.sender: Value error, this is no e-m"):
        read_settings(file, {"email": EMAIL})


def test_what_the_channel_can_do() -> None:
    assert [*loyalcore_channels()] == [EMAIL]
    assert EMAIL.takes == ("text", "HTML", "attachments", "replies")
    assert "hunter22" not in repr(settings(username="club", password="hunter22"))
