"""From the files of a ruleset to its sections, or to every mistake in their shape at once."""

from __future__ import annotations

import pytest

from loyalcore.ruleset.load import Draft, draft
from loyalcore.ruleset.source import Source

HEAD = "program: club\nevents: {visit: {amount: money}}\n"


def load(main: str, **files: str) -> Draft:
    """The draft of `main`, the text of club.yaml, and of others by name (`messages` is
    messages.yaml)."""
    others = {f"{name}.yaml": text for name, text in files.items()}
    return draft(Source({"club.yaml": main, **others}, "club.yaml"))


def problems(main: str, **files: str) -> list[str]:
    return [str(p) for p in sorted(load(main, **files).problems, key=lambda p: p.location)]


def test_a_sound_ruleset_has_no_problems() -> None:
    read = load(HEAD + "rules: {hello: {on: visit, then: [{send: hi}]}}\n")
    assert (read.problems, read.broken, read.whole) == ((), frozenset(), True)
    assert read.ruleset.program == "club"
    assert read.ruleset.rules["hello"].on == ("visit",)


def test_the_mistakes_of_all_files_are_told_at_once_each_at_its_place() -> None:
    club = """\
program: club
currncy: NOK
include: [rules.yaml, messages.yaml]
events:
  visit:
    amount: mony
wallets: {beans: {rounding: sideways}}
metrics: {Orders: {count: visit}}
"""
    rules = """\
rules:
  hello:
    onn: visit
    then: [{send: hi}]
    priority: high
"""
    messages = "messages:\n  hi: {txt: Hello}\n"
    assert problems(club, rules=rules, messages=messages) == [
        "club.yaml:2:1: error: there is no 'currncy' here (did you mean 'currency'?) [unknown-key]",
        "club.yaml:6:13: error: there is no type 'mony' (did you mean 'money'?) [unknown-type]",
        "club.yaml:7:29: error: expected 'down', 'up', 'half up' or 'half even' [bad-value]",
        (
            "club.yaml:8:11: error: 'Orders': a name that expressions use has small letters, digits"
            " and _, and starts with a letter [bad-name]"
        ),
        "messages.yaml:2:3: error: 'text' is missing in messages hi [missing-key]",
        "messages.yaml:2:8: error: there is no 'txt' here (did you mean 'text'?) [unknown-key]",
        "rules.yaml:2:3: error: 'on' is missing in rules hello [missing-key]",
        "rules.yaml:3:5: error: there is no 'onn' here (did you mean 'on'?) [unknown-key]",
        "rules.yaml:5:15: error: expected a whole number [bad-value]",
    ]


@pytest.mark.parametrize(
    ("section", "problem"),
    [
        ("rules: [hello]", "3:8: error: expected lines of `name: value` [bad-value]"),
        ("rules: {hello: }", "3:15: error: expected lines of `name: value` [bad-value]"),
        (
            "rules: {hello: {on: visit, then: [hi]}}",
            "3:35: error: expected lines of `name: value` [bad-value]",
        ),
        (
            "rules: {hello: {on: visit, then: {send: hi}}}",
            "3:34: error: expected a list [bad-value]",
        ),
        (
            "rules: {hello: {on: visit, then: []}}",
            "3:34: error: expected at least one [bad-value]",
        ),
        (
            "rules: {hello: {on: [visit, visit], then: [{send: hi}]}}",
            "3:21: error: 'visit' is named twice [bad-value]",
        ),
        (
            "rules: {hello: {on: visit, then: [{send: hi}], limit: 5}}",
            "3:55: error: expected text [bad-value]",
        ),
        (
            "rules: {hello: {on: visit, then: [{send: hi}], limit: [once, 5]}}",
            "3:62: error: expected text [bad-value]",
        ),
        ("about: [a, b]", "3:8: error: expected text [bad-value]"),
        (
            "customer: {age: {type: integer, requird: true}}",
            "3:33: error: there is no 'requird' here (did you mean 'required'?) [unknown-key]",
        ),
        (
            "customer: {home: {town: {type: text, oneof: [a]}}}",
            "3:38: error: there is no 'oneof' here (did you mean 'one_of'?) [unknown-key]",
        ),
        (
            "customer: {age: {type: integer, required: yes}}",
            "3:43: error: expected true or false [bad-value]",
        ),
        (
            "tasks: {call: {about: Call, and ask how it went.}}",
            (
                "3:29: error: there is no 'and ask how it went.' here"
                " (in braces, quote a text with a comma) [unknown-key]"
            ),
        ),
        (
            "customer: {tel: [number]}",
            (
                "3:17: error: a field is the name of a type, [text], or a list of one set of fields"
                " (types are text, id, integer, number, money, flag, date, time, [text] or line"
                " items) [bad-field]"
            ),
        ),
        (
            "customer: {home: {town: txt}}",
            "3:25: error: there is no type 'txt' (did you mean 'text'?) [unknown-type]",
        ),
        (
            "tables: {t: {key: a, columns: {a: [{b: txt}]}, csv: t.csv}}",
            "3:40: error: there is no type 'txt' (did you mean 'text'?) [unknown-type]",
        ),
        (
            "wallets: {in: {}}",
            "3:11: error: 'in': this word has a meaning in expressions [reserved-name]",
        ),
        (
            "metrics: {m: {count: visit, sum: visit.amount}}",
            (
                "3:14: error: a metric is exactly one of count, sum, average, min, max, latest,"
                " first, distinct, figure [bad-metric]"
            ),
        ),
        (
            "metrics: {m: {count: visit, over: 90}}",
            "3:35: error: expected text [bad-value]",
        ),
        (
            "metrics: {m: {count: visit, over: a while}}",
            (
                "3:35: error: expected a window such as 365 days, 12 months, this month or this"
                " membership year [bad-value]"
            ),
        ),
        (
            "tables: {t: {key: a, columns: {a: text}}}",
            "3:13: error: a table has either rows or csv [bad-table]",
        ),
        (
            "partings: {}",
            (
                "3:1: error: there is no 'partings' here (known here: program, currency,"
                " timezone, allow_late, about, include, customer, events, triggers, metrics,"
                " wallets, tables, segments, scores, tiers, stages, people, tasks, approvals,"
                " experiments, groups, rewards, offers, journeys, win_back, recovery,"
                " dissolution, rules, messages, languages, contact, pause, costs, plugins,"
                " migration) [unknown-key]"
            ),
        ),
    ],
)
def test_a_mistake_in_the_shape_has_its_place(section: str, problem: str) -> None:
    files = {"t.csv": "a\n"}
    read = draft(Source({"club.yaml": f"{HEAD}{section}\n", **files}, "club.yaml"))
    assert [str(found) for found in read.problems] == [f"club.yaml:{problem}"]


@pytest.mark.parametrize(
    ("section", "problem"),
    [
        (
            "wallets: {beans: {pending: {untill: visit}}}",
            "3:29: error: there is no 'untill' here (did you mean 'until'?) [unknown-key]",
        ),
        (
            "wallets: {beans: {pending: a while}}",
            (
                "3:28: error: expected a length of time such as 90 days, 12 hours, 6 months or"
                " 1 year [bad-value]"
            ),
        ),
        (
            "wallets: {beans: {minimum: nothing}}",
            "3:28: error: expected a whole number, or none [bad-value]",
        ),
        (
            "rewards: {cup: {price: {beans: 90}, schedule: {weekday: monday}}}",
            "3:48: error: there is no 'weekday' here (did you mean 'weekdays'?) [unknown-key]",
        ),
        (
            "rewards: {cup: {price: {}}}",
            "3:24: error: expected at least one [bad-value]",
        ),
        (
            "rewards: {cup: {stock: 5}}",
            "3:11: error: 'price' is missing in rewards cup [missing-key]",
        ),
        (
            "offers: {card: {reach: {cuont: visit, at_least: 3}}}",
            "3:25: error: there is no 'cuont' here (did you mean 'count'?) [unknown-key]",
        ),
        (
            "offers: {card: {reach: {one: visit}, open: {on: visit, wit: {}}}}",
            "3:56: error: there is no 'wit' here (did you mean 'with'?) [unknown-key]",
        ),
        (
            "offers: {card: {reach: {one: visit}, fields: {n: {type: text, onof: [a]}}}}",
            "3:63: error: there is no 'onof' here (did you mean 'one_of'?) [unknown-key]",
        ),
        (
            "groups: {bonus: {stack: best, prioriti: 5}}",
            (
                "3:31: error: there is no 'prioriti' here (known here: limit, cap, budget, edge,"
                " stack, in) [unknown-key]"
            ),
        ),
        (
            "experiments: {letter: {variants: {short: 50, holdout: 10}}}",
            "3:23: error: holdout is the control group, not a variant [bad-name]",
        ),
        (
            "rules: {hello: {on: visit, then: [{send: hi}], cap: {Beans: 5}}}",
            (
                "3:54: error: 'Beans': a name that expressions use has small letters, digits and _,"
                " and starts with a letter [bad-name]"
            ),
        ),
    ],
)
def test_a_mistake_deep_in_a_section_has_its_place_and_what_is_known_there(
    section: str, problem: str
) -> None:
    assert problems(f"{HEAD}{section}\n") == [f"club.yaml:{problem}"]


@pytest.mark.parametrize(
    ("event", "problem"),
    [
        (
            "{order: id, reverses: {evnt: visit, event: visit}}",
            "2:36: error: there is no 'evnt' here (did you mean 'event'?) [unknown-key]",
        ),
        # It could be a field, so it is what stands there that is wrong.
        (
            "{order: id, reverse: visit}",
            (
                "2:34: error: there is no type 'visit' (did you mean 'reverses' instead of"
                " 'reverse'?) [unknown-type]"
            ),
        ),
        (
            "{class: text}",
            "2:14: error: 'class': this word has a meaning in expressions [reserved-name]",
        ),
        (
            "{items: [{Sku: id}]}",
            (
                "2:23: error: 'Sku': a name that expressions use has small letters, digits and _,"
                " and starts with a letter [bad-name]"
            ),
        ),
        (
            "{order: id, presents: The code}",
            (
                "2:35: error: a name that expressions use has small letters, digits and _,"
                " and starts with a letter [bad-name]"
            ),
        ),
        (
            "{order: id, redeems: {quantity: n}}",
            "2:25: error: 'reward' is missing in events e redeems [missing-key]",
        ),
    ],
)
def test_a_mistake_in_an_event_has_its_place(event: str, problem: str) -> None:
    assert problems(f"program: club\nevents: {{e: {event}}}\n") == [f"club.yaml:{problem}"]


def test_what_has_a_mistake_is_left_out_and_the_rest_is_still_there() -> None:
    read = load(
        HEAD
        + """\
metrics: {orders: {count: visit}, spend: {summ: visit.amount}}
wallets: [beans]
"""
    )
    assert [*read.ruleset.metrics] == ["orders"]
    assert read.broken == {"spend", "wallets"}
    assert not read.whole  # a whole section is unknown


def test_a_ruleset_of_nothing_lacks_its_name_and_its_events() -> None:
    assert problems("currency: NOK\n") == [
        "club.yaml:1:1: error: 'program' is missing [missing-key]",
        "club.yaml:1:1: error: 'events' is missing [missing-key]",
    ]


def test_what_may_stand_in_a_file_that_is_missing_is_not_missed() -> None:
    read = load("program: club\ninclude: events.yaml\n")
    assert [str(problem) for problem in read.problems] == [
        "club.yaml:2:10: error: there is no file 'events.yaml' [file-missing]"
    ]
    assert not read.whole


def test_a_mistake_is_placed_in_the_file_that_has_it() -> None:
    assert problems(HEAD + "include: more.yaml\n", more="# first line\nwallets: {a: {x: 1}}\n") == [
        (
            "more.yaml:2:15: error: there is no 'x' here (known here: name, rounding, kind,"
            " pending, expires, minimum, maximum, price, transferable) [unknown-key]"
        )
    ]
