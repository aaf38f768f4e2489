"""What is another in one ruleset than in another, told in plain words."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from loyalcore.program.difference import difference
from loyalcore.ruleset.load import Draft, draft
from loyalcore.ruleset.source import Source

CLUB = """\
program: club
currency: EUR
customer: {name: text, birthday: date}
events: {purchase: {amount: money, sku: text}, hello: {}}
metrics: {spend: {sum: purchase.amount, over: 1 year}}
wallets: {beans: {expires: 24 months}}
tables: {products: {key: sku, columns: {sku: text, points: integer}, csv: products.csv}}
segments: {vip: spend > 500}
triggers: {quiet: {silence: purchase, for: 90 days}}
tiers: {club: {by: spend, levels: {base: , silver: 100, gold: {at_least: 500}}, keep: 12 months}}
stages: {new: , regular: {enter: spend > 0}}
rewards: {cake: {price: {beans: 300}}}
offers: {card: {open: {on: hello}, lasts: 30 days, reach: {count: purchase, at_least: 9}}}
rules:
  earn: {on: purchase, then: [earn: {beans: amount}]}
  bonus: {on: purchase, when: amount >= 50, limit: 1 per day, then: [earn: {beans: 10}]}
messages: {thanks: {text: Thank you}}
"""
FILES = {"products.csv": "sku,points\na,1\nb,2\n"}


def drafted(text: str, files: Mapping[str, str]) -> Draft:
    return draft(Source({"club.yaml": text, **files}, "club.yaml"))


def told(text: str, files: Mapping[str, str] = FILES) -> list[str]:
    return [str(one) for one in difference(drafted(CLUB, FILES), drafted(text, files))]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("currency: EUR", "currency: NOK", ["currency: EUR -> NOK"]),
        (
            "messages: ",
            "contact: {consent: {news: register}, caps: {all: 1 per day}}\nmessages: ",
            ["contact consent is new: news: register", "contact caps is new: all: 1 per day"],
        ),
        ("name: text,", "name: text, city: text,", ["attribute city is new: text"]),
        ("birthday: date", "birthday: text", ["attribute birthday: date -> text"]),
        ("amount: money", "amount: number", ["event purchase: amount: money -> number"]),
        ("over: 1 year", "over: 90 days", ["metric spend: over: 1 year -> 90 days"]),
        (", over: 1 year", "", ["metric spend: over is gone: 1 year"]),
        ("24 months", "12 months", ["wallet beans: expires: 24 months -> 12 months"]),
        ("spend > 500", "spend > 900", ["segment vip: spend > 500 -> spend > 900"]),
        ("for: 90 days", "for: 60 days", ["trigger quiet: how long: 90 days -> 60 days"]),
        ("silver: 100", "silver: 200", ["tier ladder club: level silver at least: 100 -> 200"]),
        ("silver: 100, ", "", ["tier ladder club: level silver at least is gone: 100"]),
        ("keep: 12", "keep: 24", ["tier ladder club: keep: 12 months -> 24 months"]),
        ("spend > 0", "spend > 1", ["stage regular: enter when: spend > 0 -> spend > 1"]),
        ("beans: 300", "beans: 400", ["reward cake: price beans: 300 -> 400"]),
        ("at_least: 9", "at_least: 5", ["offer card: what completes it at least: 9 -> 5"]),
        ("lasts: 30 days, ", "", ["offer card: lasts is gone: 30 days"]),
        ("amount >= 50", "amount >= 80", ["rule bonus: condition: amount >= 50 -> amount >= 80"]),
        ("limit: 1 per day, ", "", ["rule bonus: limit is gone: 1 per day"]),
        (
            "[earn: {beans: amount}]",
            "[earn: {beans: amount}, send: thanks]",
            [
                (
                    "rule earn: what it does: earn: {beans: amount} -> "
                    "[{earn: {beans: amount}}, {send: thanks}]"
                )
            ],
        ),
        ("Thank you", "Thanks", ["message thanks: text: Thank you -> Thanks"]),
        (
            "  bonus:",
            "  extra:",
            [
                (
                    "rule extra is new: limit: 1 per day, on: purchase, when: amount >= 50, "
                    "then: {earn: {beans: 10}}"
                ),
                "rule bonus is gone",
            ],
        ),
        (
            "wallets: {beans: {expires: 24 months}}",
            "wallets: {stars: {expires: 6 months}}\nmigration: {wallets: {beans: stars}}",
            [
                "wallet beans is called stars now",
                "wallet stars: expires: 24 months -> 6 months",
                "migration wallets is new: beans: stars",
            ],
        ),
        (
            "silver: 100",
            "plus: 150",
            [
                "tier ladder club: level plus at least is new: 150",
                "tier ladder club: level silver at least is gone: 100",
            ],
        ),
        ("program: club", "program: club\nabout: For people.", []),
        ("keep: 12 months", "keep: 12 months, about: For people.", []),
    ],
)
def test_each_change_has_its_words(old: str, new: str, words: list[str]) -> None:
    assert CLUB.count(old) == 1
    found = told(CLUB.replace(old, new))
    assert sorted(found) == sorted(words)


def test_nothing_is_another_in_the_same() -> None:
    assert told(f"# another comment\n{CLUB}") == []


def test_levels_that_are_renamed_are_held_against_what_they_were() -> None:
    text = CLUB.replace("silver: 100", "plus: 150")
    assert told(f"{text}migration: {{levels: {{club: {{silver: plus}}}}}}\n") == [
        "tier ladder club, level silver, is called plus now",
        "tier ladder club: level plus at least: 100 -> 150",
        "migration levels is new: club: {silver: plus}",
    ]


def test_rows_of_a_table_are_told_by_their_key() -> None:
    assert told(CLUB, {"products.csv": "sku,points\na,3\nc,4\n"}) == [
        "table products: row a: sku: a, points: 1 -> sku: a, points: 3",
        "table products: row c is new: sku: c, points: 4",
        "table products: row b is gone: sku: b, points: 2",
    ]


def test_the_order_of_rules_and_levels_means_something() -> None:
    lines = CLUB.splitlines(keepends=True)
    at = next(number for number, line in enumerate(lines) if line.startswith("  earn:"))
    lines[at], lines[at + 1] = lines[at + 1], lines[at]
    assert told("".join(lines)) == ["rules: order: [earn, bonus] -> [bonus, earn]"]
    swapped = CLUB.replace("silver: 100, gold: {at_least: 500}", "gold: 500, silver: 100")
    assert told(swapped) == [
        "tier ladder club: order: [base, silver, gold] -> [base, gold, silver]"
    ]


def test_machines_are_given_what_is_written() -> None:
    new = drafted(CLUB.replace("beans: 300", "beans: 400"), FILES)
    (one,) = difference(drafted(CLUB, FILES), new)
    assert one == ("rewards", "cake", "changed", "price.beans", "300", "400")


RELATIONSHIP = """\
program: club
events: {purchase: {amount: money}, complaint: {ticket: id}, answer: {ticket: id}, wish: {}}
wallets: {beans: {price: 0.01}}
people: {anna: boss}
tasks: {call: {role: boss, due: 2 days}}
approvals: {part: {role: boss, expires: 6 days}}
scores: {worth: {strategy: rfm, event: purchase, amount: amount}}
messages: {ad: {text: Buy!, purpose: promotional}, note: {text: A note.}}
win_back:
  lost:
    silent: {event: purchase, for: 90 days}
    steps: [now: {send: note}, after 3 days: {send: ad}]
    until: purchase
recovery:
  complaints:
    open: complaint
    case: ticket
    promise: 2 days
    answered: answer
    goodwill: {do: {earn: {beans: 5}}}
dissolution:
  partners:
    reasons: {wish: wish}
    approval: part
    phases: {announced: {lasts: 3 days}, notice: {}}
    settle: {beans: expire}
contact:
  consent: {promotional: register}
  quiet: {hours: 21:00-08:00}
  caps: {promotional: 1 per day}
"""


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("for: 90 days", "for: 60 days", ["win-back lost: silent for: 90 days -> 60 days"]),
        (
            "[now: {send: note}, after 3 days: {send: ad}]",
            "[now: {send: note}, after 1 day: {send: note}, after 3 days: {send: ad}]",
            ["win-back lost: step 2 is new: after 1 day: {send: note}"],
        ),
        (
            "now: {send: note}, after 3 days",
            "after 4 days",
            [
                "win-back lost: step 1: now: {send: note} -> after 4 days: {send: ad}",
                "win-back lost: step 2 is gone: after 3 days: {send: ad}",
            ],
        ),
        (
            "promise: 2 days",
            "promise: [{when: ticket == 'a', within: 1 day}, {within: 3 days}]",
            [
                (
                    "recovery complaints: promise: within: 2 days -> "
                    "[{when: ticket == 'a', within: 1 day}, {within: 3 days}]"
                )
            ],
        ),
        (
            "{beans: 5}",
            "{beans: 9}",
            ["recovery complaints: goodwill do: earn: {beans: 5} -> earn: {beans: 9}"],
        ),
        (
            "lasts: 3 days}, notice: {}",
            "lasts: 5 days, do: {send: note}}",
            [
                "dissolution partners: phase announced do is new: send: note",
                "dissolution partners: phase announced lasts: 3 days -> 5 days",
                "dissolution partners: phase notice is gone",
            ],
        ),
        (
            "beans: expire",
            "beans: pay out",
            ["dissolution partners: what becomes of beans: expire: true -> pay_out: price"],
        ),
        (
            "expires: 6 days",
            "expires: 6 days, eyes: 2",
            ["approval part: how many must approve is new: 2"],
        ),
        ("due: 2 days", "due: 3 days", ["task call: due: 2 days -> 3 days"]),
        (
            "amount: amount}",
            "amount: amount, over: 1 year}",
            ["score worth: over is new: 1 year"],
        ),
        (
            "{promotional: register}",
            "{promotional: {email: register}}",
            ["contact consent: promotional: register -> email: register"],
        ),
        ("21:00", "22:00", ["contact quiet: hours: 21:00-08:00 -> 22:00-08:00"]),
        (
            "1 per day",
            "[1 per day, 3 per month]",
            ["contact caps: promotional: 1 per day -> [1 per day, 3 per month]"],
        ),
        (
            "contact:\n",
            "plugins: {on_error: stop}\ncontact:\n",
            ["plugins on_error is new: stop"],
        ),
        (
            "  complaints:\n",
            "  letters:\n",
            [
                "recovery complaints is called letters now",
                "migration recovery is new: complaints: letters",
            ],
        ),
    ],
)
def test_what_becomes_of_relationships_has_its_words(old: str, new: str, words: list[str]) -> None:
    assert RELATIONSHIP.count(old) == 1
    text = RELATIONSHIP.replace(old, new)
    if "letters" in new:
        text += "migration: {recovery: {complaints: letters}}\n"
    before, after = drafted(RELATIONSHIP, {}), drafted(text, {})
    assert [str(one) for one in difference(before, after)] == words
