"""A ruleset as a whole: its currency and zone, its hash, and all its mistakes at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from loyalcore.plugins.gathering import default_vocabulary
from loyalcore.program.compiler import Compiled, compile_program
from loyalcore.ruleset.load import draft
from loyalcore.ruleset.source import Source, read_source

Compile = Callable[..., Compiled]
Problems = Callable[..., list[str]]

RULESETS = Path(__file__).parents[2] / "rulesets"


# --- all mistakes at once ---------------------------------------------------------------------


def test_mistakes_of_shape_and_of_meaning_are_told_together_file_by_file(
    problems: Problems,
) -> None:
    club = """\
program: club
currency: NKO
timezone: Europe/Olso
include: [rules.yaml, a.yaml]
events:
  purchase: {amount: money, shop: text}
metrics:
  spend: {sum: purchase.amuont}
  visits: {count: purchase, over: a while}
wallets: {beans: }
"""
    rules = """\
rules:
  big:
    on: purchase
    when: visits > 1 and spend > 1 and amount > 'x' and shpo == 'A'
    then: [{earn: {bean: amount}}]
    limit: often
  small: {onn: purchase, then: [{send: hello}]}
"""
    more = "messages: {hello: {text: '{{ nam }}', chanel: x}}\n"
    assert problems(club, {"rules.yaml": rules, "a.yaml": more}) == [
        "club.yaml:2:11: error: unknown currency 'NKO' (did you mean 'NOK'?) [bad-value]",
        (
            "club.yaml:3:11: error: unknown time zone 'Europe/Olso' (did you mean 'Europe/Oslo'?)"
            " [bad-value]"
        ),
        (
            "club.yaml:8:16: error: purchase has no field 'amuont' (did you mean 'amount'?)"
            " [unknown-name]"
        ),
        (
            "club.yaml:9:35: error: expected a window such as 365 days, 12 months, this month or"
            " this membership year [bad-value]"
        ),
        (
            "rules.yaml:4:40: error: can't compare money and text (write amounts without quotes)"
            " [type]"
        ),
        "rules.yaml:4:57: error: there is no 'shpo' (did you mean 'shop'?) [unknown-name]",
        (
            "rules.yaml:5:20: error: there is no wallet 'bean' (did you mean 'beans'?)"
            " [unknown-name]"
        ),
        (
            "rules.yaml:6:12: error: can't read the limit 'often' (write 1 per day, 3 per month,"
            " 2 per 30 days or once (at most 1000 times)) [bad-limit]"
        ),
        "rules.yaml:7:3: error: 'on' is missing in rules small [missing-key]",
        "rules.yaml:7:11: error: there is no 'onn' here (did you mean 'on'?) [unknown-key]",
        "a.yaml:1:39: error: there is no 'chanel' here (did you mean 'channel'?) [unknown-key]",
    ]


FOLLOWING = """\
wallets: {beans: }
messages: {hello: {text: '{{ home.town }} {{ customer.home.town }}'}}
rules:
  r:
    on: purchase
    when: spend > 1 and home.town == 'Oslo' and products[shop].name == 'A'
    then: [{earn: {beans: spend}}, {send: hello}, {set: {home.town: shop}}]
"""


@pytest.mark.parametrize(
    ("declared", "problem"),
    [
        (
            "customer: {home: {town: txt}}",
            "6:25: error: there is no type 'txt' (did you mean 'text'?) [unknown-type]",
        ),
        (
            "metrics: {spend: {sum: purchase.amuont}}",
            "6:24: error: purchase has no field 'amuont' (did you mean 'amount'?) [unknown-name]",
        ),
        (
            "tables: {products: {key: a, columns: {a: text}}}",
            "6:20: error: a table has either rows or csv [bad-table]",
        ),
        ("wallets: [beans]", "6:10: error: expected lines of `name: value` [bad-value]"),
        ("messages: {hello: Hi}", "6:19: error: expected lines of `name: value` [bad-value]"),
        (
            "include: missing.yaml",
            "6:10: error: there is no file 'missing.yaml' [file-missing]",
        ),
    ],
)
def test_what_only_follows_from_a_mistake_is_not_told(
    problems: Problems, declared: str, problem: str
) -> None:
    sound = {
        "customer": "customer: {home: {town: text}}",
        "metrics": "metrics: {spend: {sum: purchase.amount}}",
        "tables": "tables: {products: {key: a, columns: {a: text, name: text}, rows: [{a: b}]}}",
    }
    section = declared.partition(":")[0]
    if section == "include":  # anything may have been declared there
        sound.clear()
    sound.pop(section, None)
    following = "".join(
        line for line in FOLLOWING.splitlines(keepends=True) if not line.startswith(f"{section}:")
    )
    text = f"""\
program: club
currency: NOK
events:
  purchase: {{amount: money, shop: text}}
about: A club.
{declared}
{chr(10).join(sound.values())}
{following}"""
    assert problems(text) == [f"club.yaml:{problem}"]


def test_what_a_section_with_a_mistake_would_have_known_is_not_missed(problems: Problems) -> None:
    text = """\
program: club
events: {complaint: {}, answer: {}}
recovery: {complaints: {open: complaint, answered: answer, close: 2 days}}
segments: {angry: recovery.complaints.open > 0}
"""
    assert problems(text) == [
        (
            "club.yaml:3:24: error: close needs resolved: without it, the answer ends the case"
            " [bad-recovery]"
        ),
    ]


def test_a_misspelt_name_is_told_even_when_a_file_is_missing(problems: Problems) -> None:
    text = """\
program: club
include: missing.yaml
events: {purchase: {amount: money}}
rules: {r: {on: purchase, when: amuont > 1 and other > 1, then: [{set: {tags.a: true}}]}}
"""
    assert problems(text) == [
        "club.yaml:2:10: error: there is no file 'missing.yaml' [file-missing]",
        "club.yaml:4:33: error: there is no 'amuont' (did you mean 'amount'?) [unknown-name]",
    ]


# --- currency and time zone -------------------------------------------------------------------


@pytest.mark.parametrize(("currency", "exponent"), [("EUR", 2), ("JPY", 0), ("KWD", 3)])
def test_money_has_the_decimals_of_its_currency(
    compiled: Compile, currency: str, exponent: int
) -> None:
    program, _ = compiled(f"program: club\ncurrency: {currency}\nevents: {{visit: }}\n")
    assert (program.locale.currency, program.locale.exponent) == (currency, exponent)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("currency: eur", "unknown currency 'eur' (did you mean 'EUR'?)"),
        ("currency: $$$", "unknown currency '$$$' (an ISO 4217 code such as EUR)"),
        ("currency: XAU", "unknown currency 'XAU'"),  # gold has no minor unit
        ("timezone: Oslo", "unknown time zone 'Oslo'"),
        ("timezone: ../../etc/passwd", "unknown time zone '../../etc/passwd'"),
        ("timezone: Europe", "unknown time zone 'Europe'"),
        ("timezone: ''", "unknown time zone ''"),
    ],
)
def test_a_currency_or_zone_that_is_none_is_told(problems: Problems, line: str, says: str) -> None:
    (problem,) = problems(f"program: club\n{line}\nevents: {{visit: }}\n")
    assert problem.startswith(f"club.yaml:2:11: error: {says}")
    assert problem.endswith("[bad-value]")


# --- the hash ---------------------------------------------------------------------------------

CLUB = """\
program: club
currency: NOK
timezone: Europe/Oslo
about: A club.
customer: {name: text}
events:
  purchase: {amount: {type: money, required: true}, shop: text}
metrics: {orders: {count: purchase, over: 30 days}}
wallets: {beans: {rounding: down}, stars: }
tables: {shops: {key: shop, columns: {shop: text, town: text}, csv: shops.csv}}
rules:
  first: {on: purchase, when: orders == 1, then: [{earn: {beans: amount / 10, stars: 1}}]}
  second: {on: purchase, when: "shops[shop].town == 'Oslo'", then: [{send: hello}], limit: once}
messages: {hello: {text: Hello}}
"""
SHOPS = {"shops.csv": "shop,town\nA,Oslo\n"}


@pytest.fixture(scope="module")
def hash_of(compiled: Compile) -> Callable[..., str]:
    def hash_of(text: str, files: Mapping[str, str] = SHOPS) -> str:
        program, _ = compiled(text, files)
        assert len(program.hash) == 64
        return str(program.hash)

    return hash_of


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ("program: club", "# The club.\n\nprogram:   'club'   # its name"),
        ("{count: purchase, over: 30 days}", "{count: purchase,\n                over: '30 days'}"),
        ("wallets: {beans: {rounding: down}, stars: }", "wallets:\n  beans: {}\n  stars: {}"),
        ("on: purchase, when: orders", "on: [purchase], when: orders"),
        ("limit: once", "limit: [once]"),
        ("about: A club.\n", ""),
        ("about: A club.", "about: What people read changes nothing."),
        ("first: {on", "first: {about: Why it is there., on"),
    ],
)
def test_the_same_meaning_has_the_same_hash_however_it_is_written(
    hash_of: Callable[..., str], was: str, becomes: str
) -> None:
    assert was in CLUB
    assert hash_of(CLUB.replace(was, becomes, 1)) == hash_of(CLUB)


def test_the_same_meaning_has_the_same_hash_in_however_many_files(
    hash_of: Callable[..., str],
) -> None:
    head, rules = CLUB.split("rules:\n")
    files = {**SHOPS, "parts/rules.yaml": f"rules:\n{rules}"}
    assert hash_of(f"include: parts/rules.yaml\n{head}", files) == hash_of(CLUB)


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ("program: club", "program: club2"),
        ("currency: NOK", "currency: SEK"),
        ("timezone: Europe/Oslo", "timezone: Europe/Stockholm"),
        ("customer: {name: text}", "customer: {name: id}"),
        ("required: true", "required: false"),
        ("shop: text}\n", "shop: id}\n"),
        ("30 days", "31 days"),
        ("rounding: down", "rounding: up"),
        ("amount / 10", "amount / 11"),
        ("orders == 1", "orders == 2"),
        ("limit: once", "limit: 1 per day"),
        ("limit: once", "priority: 1"),
        ("limit: once", "from: 2026-01-01"),
        ("text: Hello", "text: Goodbye"),
        ("text: Hello", "text: Hello, channel: sms"),
        ("columns: {shop: text, town: text}", "columns: {shop: id, town: text}"),
        ("[{send: hello}]", "[{send: hello}, {set: {tags.oslo: true}}]"),
        # What is decided is recorded in this order.
        ("{beans: amount / 10, stars: 1}", "{stars: 1, beans: amount / 10}"),
        ("first: {on", "zeroth: {on"),
    ],
)
def test_another_meaning_has_another_hash(
    hash_of: Callable[..., str], was: str, becomes: str
) -> None:
    assert was in CLUB
    assert hash_of(CLUB.replace(was, becomes, 1)) != hash_of(CLUB)


def test_the_order_of_rules_is_part_of_the_meaning(hash_of: Callable[..., str]) -> None:
    # Among equal priorities the order written decides.
    lines = CLUB.splitlines(keepends=True)
    first, second = (
        next(n for n, line in enumerate(lines) if line.startswith(f"  {name}:"))
        for name in ("first", "second")
    )
    lines[first], lines[second] = lines[second], lines[first]
    assert hash_of("".join(lines)) != hash_of(CLUB)


def test_the_content_of_a_table_is_part_of_the_meaning(hash_of: Callable[..., str]) -> None:
    assert hash_of(CLUB, {"shops.csv": "shop,town\nA,Bergen\n"}) != hash_of(CLUB)


def test_the_version_of_a_plugin_is_part_of_the_meaning() -> None:
    words = default_vocabulary()
    newer = replace(words, fingerprint=f"{words.fingerprint} other=2")
    source = Source({"club.yaml": CLUB, **SHOPS}, "club.yaml")
    hashes = {
        compile_program(draft(source), vocabulary, "compiled").program.hash
        for vocabulary in (words, newer)
    }
    assert len(hashes) == 2


def test_the_matcher_is_no_part_of_the_meaning() -> None:
    source = read_source(RULESETS / "coffee-club" / "coffee-club.yaml")
    programs = [
        compile_program(draft(source), default_vocabulary(), matcher).program
        for matcher in ("compiled", "durable")
    ]
    assert [program.matcher for program in programs] == ["compiled", "durable"]
    assert programs[0].hash == programs[1].hash


def test_a_program_is_the_same_from_its_stored_files(compiled: Compile) -> None:
    source = read_source(RULESETS / "coffee-club" / "coffee-club.yaml")
    stored = Source.from_json(source.to_json())
    hashes = {
        compile_program(draft(each), default_vocabulary(), "compiled").program.hash
        for each in (source, stored)
    }
    assert len(hashes) == 1
