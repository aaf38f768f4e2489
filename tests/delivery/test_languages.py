"""Messages in the customer's language."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner

from loyalcore.channels import Message, Receipt
from loyalcore.cli import main
from loyalcore.delivery.languages import chosen, in_words, locale_for
from loyalcore.values import DATE, INTEGER, MONEY, NUMBER, TEXT, TIME, Locale

OSLO = Locale("NOK", 2, ZoneInfo("Europe/Oslo"))
TYPES = {
    "amount": MONEY,
    "born": DATE,
    "count": INTEGER,
    "name": TEXT,
    "share": NUMBER,
    "third": NUMBER,
    "when": TIME,
}
VALUES = {
    "amount": "1212.50",
    "born": "2001-02-03",
    "count": 12000,
    "name": "2001-02-03",
    "share": "0.5",
    "third": "1/3",
    "when": "2026-06-30T22:30:00Z",
    "gone": None,
}


@pytest.mark.parametrize(
    ("texts", "wanted", "language"),
    [
        ({"": "Hi"}, "nb", "sv"),  # in one language only: the program's default
        ({"nb": "", "sv": ""}, "nb", "nb"),
        ({"nb": "", "sv": ""}, "nb-NO", "nb"),
        ({"nb": "", "sv": ""}, "", "sv"),
        ({"nb": "", "da": ""}, "fi", "nb"),
        ({"en-GB": "", "nb": ""}, "en-US", "en-GB"),
        ({"en": "", "en_GB": ""}, "en_GB", "en_GB"),
        ({"nb": "", "sv_FI": ""}, "fi", "sv_FI"),
        ({"nb": "", "sv": ""}, "../../etc", "sv"),
    ],
)
def test_the_language_of_a_message(texts: dict[str, str], wanted: str, language: str) -> None:
    assert chosen(texts, wanted, "sv") == language


@pytest.mark.parametrize(
    ("language", "wanted", "locale"),
    [
        ("nb", "nb-NO", "nb_NO"),
        ("nb", "sv", "nb"),
        ("en", "en_GB", "en_GB"),
        ("en", "en_XX-1 2", "en"),
        ("qq", "qq", "en"),
        ("nb", "", "nb"),
    ],
)
def test_how_values_are_written(language: str, wanted: str, locale: str) -> None:
    assert str(locale_for(language, wanted)) == locale


@pytest.mark.parametrize(
    ("locale", "amount", "born", "share", "when"),
    [
        ("nb", "1 212,50 kr", "3. februar 2001", "0,5", "1. juli 2026 00:30"),
        ("sv", "1 212,50 Nkr", "3 februari 2001", "0,5", "1 juli 2026 00:30"),
        ("da", "1.212,50 NOK", "3. februar 2001", "0,5", "1. juli 2026 00:30"),
        ("en_GB", "NOK 1,212.50", "3 February 2001", "0.5", "1 July 2026 00:30"),
    ],
)
def test_amounts_dates_times_and_numbers(
    locale: str, amount: str, born: str, share: str, when: str
) -> None:
    words: Any = in_words(VALUES, TYPES, locale_for(locale, ""), OSLO)
    shown = {name: getattr(value, "shown", value) for name, value in words.items()}
    # Blanks that hold a line together differ from release to release of the CLDR.
    assert shown["amount"].replace("\xa0", " ").replace("NOK1", "NOK 1") == amount
    assert (shown["born"], shown["share"], shown["when"]) == (born, share, when)
    assert (shown["count"], shown["name"], shown["third"]) == (12000, "2001-02-03", "1/3")
    assert shown["gone"] is None
    assert words["amount"] == "1212.50"


CLUB = """\
program: club
currency: NOK
languages: {default: en, of: language}
customer: {name: text, language: text}
events: {join: {name: text}, move: {language: text}}
rules:
  hello: {on: join, then: [{send: welcome}]}
  moved: {on: move, then: [{set: {language: language}}]}
messages:
  welcome:
    channel: post
    to: language
    subject: {en: Hello, nb: Hei}
    text: {en: 'Welcome, {{ name }}.', nb: 'Velkommen, {{ name }}.'}
    html: {en: '<p>{{ name }}</p>', nb: '<b>{{ name }}</b>'}
"""


def test_it_is_the_language_of_when_the_message_is_sent(make_club: Any) -> None:
    club = make_club(2, CLUB)
    seen: dict[str, Message] = {}
    # Since the message was decided, one of them has told us.
    folder = club.path.parent
    (folder / "moved.jsonl").write_text(
        '{"id": "m", "customer": "c00001", "type": "move", "time": "2026-02-01", '
        '"language": "nb-NO"}\n'
    )
    files = (folder / "club.yaml", folder / "moved.jsonl")
    done = CliRunner().invoke(main, ["run", *map(str, files), "--db", str(club.path)])
    assert done.exit_code == 0, done.output

    club.deliver(lambda m: seen.setdefault(m.customer, m) and Receipt())

    assert (seen["c00000"].text, seen["c00000"].locale) == ("Welcome, Kari-0.", "en")
    assert (seen["c00001"].text, seen["c00001"].subject) == ("Velkommen, Kari-1.", "Hei")
    assert seen["c00001"].locale == "nb_NO"
    assert (seen["c00000"].to, seen["c00001"].to) == ("", "nb-NO")  # so is an address
    assert seen["c00001"].html is None  # this channel doesn't take it
