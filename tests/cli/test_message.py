"""`loyalcore message preview`: how a message will look."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]

CLUB = """\
program: club
currency: NOK
events: {purchase: {amount: money, shop: text}}
rules:
  thanks: {on: purchase, then: [{send: thanks}]}
messages:
  thanks:
    subject: {nb: Takk, en: Thank you}
    text: {nb: "{{ amount }} hos {{ shop }}", en: "{{ amount }} at {{ shop }}"}
    html: {nb: "<b>{{ shop }}</b>", en: "<i>{{ shop }}</i>"}
languages: {default: nb}
"""


@pytest.fixture
def ruleset(tmp_path: Path) -> Path:
    (tmp_path / "club.yaml").write_text(CLUB)
    return tmp_path / "club.yaml"


def test_a_message_with_its_values(cli: Cli, ruleset: Path) -> None:
    said = cli(
        *("message", "preview", ruleset, "thanks", "--set", "amount=12.5"),
        *("--set", "shop=Bø & co"),
    )
    assert said.status == 0
    assert said.out.replace("\xa0", " ") == (
        "subject:\nTakk\n\ntext:\n12,50 kr hos Bø & co\n\nhtml:\n<b>Bø &amp; co</b>\n\n"
    )


def test_what_is_not_given_is_named(cli: Cli, ruleset: Path) -> None:
    said = cli("message", "preview", ruleset, "thanks", "--locale", "en-GB", "--json").json
    assert said == {
        "subject": "Thank you",
        "text": "‹amount› at ‹shop›",
        "html": "<i>‹shop›</i>",
        "locale": "en_GB",
        "attached": {},
    }


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["thank"], "there is no message 'thank'; did you mean 'thanks'?"),
        (["thanks", "--set", "amont=1"], "there is no name in the message 'amont'; did you mean"),
        (["thanks", "--set", "amount"], "--set amount: write NAME=VALUE"),
        (["thanks", "--set", "amount=much"], "--set amount: expected a number such as 12.50"),
    ],
)
def test_mistakes(cli: Cli, ruleset: Path, arguments: list[str], says: str) -> None:
    said = cli("message", "preview", ruleset, *arguments)
    assert (said.status, said.out) == (2, "")
    assert says in said.err
