"""What may be said under contact, and what is wrong with it, or hardly meant."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Problems = Callable[..., list[str]]

CLUB = """\
program: club
customer: {email: text, zone: text, age: integer, contact: text}
events: {visit: {}}
rules: {offer: {on: visit, then: [send: offer, send: card]}}
messages:
  offer: {purpose: promotional, channel: [email, sms], text: Come.}
  card: {channel: email, text: Your card.}
"""


def test_all_of_it_together_is_fine(problems: Problems) -> None:
    text = CLUB.replace(", contact: text", "").replace("purpose: promotional", "purpose: news")
    text += """\
contact:
  consent: {news: {email: register, sms: age >= 18}}
  quiet:
    - {hours: [21:00-08:00, 12:00-13:00], zone: customer.zone, purposes: [news, service]}
    - {weekdays: sunday}
  caps: {news: 1 per day, all: [10 per 30 days, 100 per year]}
  channels: {order: [email, sms], prefer: zone, to: {email: email}}
"""
    assert problems(text) == []


def test_an_attribute_may_be_called_contact_where_there_is_no_such_section(
    problems: Problems,
) -> None:
    assert problems(CLUB) == []
    (problem,) = problems(CLUB + "contact: {consent: {promotional: register}}\n")
    assert "2:51: error: 'contact' already has a meaning in every expression" in problem


@pytest.mark.parametrize(
    ("section", "problem"),
    [
        ("consent: {promotional: ages > 18}", "there is no 'ages' (did you mean 'age'?)"),
        ("consent: {promotional: age}", "this is integer, where a condition should be"),
        ("consent: {all: register}", "'all' is every purpose"),
        ("caps: {promotion: 1 per day}", "there is no purpose 'promotion' (did you mean"),
        ("caps: {all: often}", "can't read the limit 'often'"),
        ("quiet: {hours: 21-8}", "expected hours such as"),
        ("quiet: {zone: zone}", "quiet hours say when"),
        ("quiet: {hours: 21:00-08:00, zone: age}", "'age' is integer; a time zone is a text"),
        ("quiet: {hours: 21:00-08:00, purposes: [news]}", "there is no purpose 'news' (purposes:"),
        ("quiet: {weekdays: [sunnday]}", "did you mean 'sunday'?"),
        ("quiet: [{hours: 21-8}]", "expected hours such as"),
        ("quiet: [{hours: 21:00-08:00, zone: age}]", "'age' is integer; a time zone is a text"),
        ("channels: {to: {email: mail}}", "there is no attribute 'mail'"),
        ("channels: {to: {email: age}}", "'age' is integer; an address is a text"),
        ("channels: {prefer: age}", "'age' is integer; a channel is a text"),
        ("channels: {order: [email, email]}", "'email' is named twice"),
    ],
)
def test_a_mistake_is_told(problems: Problems, section: str, problem: str) -> None:
    text = CLUB.replace(", contact: text", "") + f"contact: {{{section}}}\n"
    (told,) = problems(text)
    assert told.startswith("club.yaml:8:")
    assert problem in told


@pytest.mark.parametrize(
    ("message", "problem"),
    [
        ("purpose: fun", "there is no purpose 'fun' (purposes: service, promotional; others"),
        ("channel: email, to: {sms: email}", "the message does not go by 'sms' (it goes by email)"),
        ("to: age", "'age' is integer; an address is a text"),
        ("to: {file: mail}", "there is no attribute 'mail' (did you mean 'email'?)"),
    ],
)
def test_a_mistake_in_a_message_is_told(problems: Problems, message: str, problem: str) -> None:
    (told,) = problems(CLUB.replace("card: {channel: email", f"card: {{{message}"))
    assert told.startswith("club.yaml:7:")
    assert problem in told


@pytest.mark.parametrize(
    ("section", "warnings"),
    [
        (
            "consent: {promotional: {email: register, post: register}}",
            ["'promotional' by sms", "no message goes by 'post'"],
        ),
        (
            "consent: {news: register}",
            ["'promotional' needs no consent", "no message is for 'news'"],
        ),
        (
            "consent: {promotional: register, news: register}, caps: {news: once}",
            ["no message is for 'news'", "no message is for 'news'"],
        ),
        ("channels: {to: {post: email}}", ["no message goes by 'post'"]),
        ("quiet: {hours: 00:00-24:00}", ["'promotional' messages are never sent"]),
        ("quiet: [{hours: [08:00-20:00, 19:00-08:00]}]", ["'promotional' messages are never sent"]),
        ("quiet: {hours: 08:00-07:59}", []),
        ("quiet: {hours: 00:00-24:00, purposes: service}", ["'service' messages are never sent"]),
    ],
)
def test_what_is_hardly_meant_is_told(
    problems: Problems, section: str, warnings: list[str]
) -> None:
    text = CLUB.replace(", contact: text", "") + f"contact: {{{section}}}\n"
    found = problems(text)
    assert all(": warning: " in one for one in found)
    assert len(found) == len(warnings)
    for warning in warnings:
        assert any(warning in one for one in found), found
