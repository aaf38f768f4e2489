"""What README.md shows an operator works."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from loyalcore.delivery.settings import read_settings
from loyalcore_webhook import loyalcore_channels

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
KINDS = {kind.name: kind for kind in loyalcore_channels()}
ENVIRONMENT = {
    "WEBHOOK_URL": "https://hooks.example.org/loyalcore",
    "WEBHOOK_SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "WEBHOOK_AUTHORIZATION": "Bearer t0ken",
}


def block(language: str) -> str:
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    return str(found)


def test_the_settings_are_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    file = tmp_path / "settings.toml"
    file.write_text(block("toml"))
    for configured in read_settings(file, KINDS).values():
        configured.open().close()


def test_every_setting_is_told() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", README, re.MULTILINE)
    (*_, kind) = KINDS.values()
    assert rows == [*kind.settings.model_fields]
