"""What may be kept of a failure."""

from __future__ import annotations

import pytest
from pydantic import BaseModel, SecretStr

from loyalcore.channels import Message
from loyalcore.delivery.privacy import hidden, personal, secrets


class Server(BaseModel):
    host: str = "mail"
    token: SecretStr = SecretStr("t0p-secret")


class Settings(BaseModel):
    servers: list[Server] = [Server()]
    words: dict[str, SecretStr] = {"key": SecretStr("abracadabra")}
    password: SecretStr = SecretStr("hunter2")


def test_secrets_are_found_however_deep() -> None:
    assert secrets(Settings()) == {"t0p-secret", "abracadabra", "hunter2"}


def test_a_message_tells_of_its_customer() -> None:
    values = {"name": "Kari", "topics": ["tea", "go"], "points": 12}
    message = Message("k", "c-17", "hello", "kari@example.org", "", "", None, "", values)
    assert personal(message) == {"c-17", "kari@example.org", "Kari", "tea", "go"}


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("550 <kari@example.org>: no such user", "550 <…>: no such user"),
        ("login of bot with hunter2 failed", "login of bot with … failed"),
        ("Kari and Karianne are out", "… and …anne are out"),
        ("KARI and kari are out", "… and … are out"),
        ("go away", "go away"),  # too short to give anybody away
        ("\n one line\nand another", "one line"),
        ("", ""),
        ("x" * 1_000, "x" * 200),
    ],
)
def test_a_reason_is_one_line_without_them(text: str, kept: str) -> None:
    assert hidden(text, {"hunter2", "Kari", "go", ""}) == kept
