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
