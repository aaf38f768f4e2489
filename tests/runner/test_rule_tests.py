"""Rule tests in, verdicts out: what passes, what fails and why, and what is a mistake."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from loyalcore.errors import RulesetInvalid, UsageError
from loyalcore.runner.rule_tests import (
    find,
    junit,
    load_suite,
    run_case,
)
from runner.suites import compiled, covered, load, outcome, told, why

CLUB = """\
program: club
currency: NOK
timezone: Europe/Oslo
customer: {name: text, referrer: id, birthday: date, consent: {email: flag}}
events:
  purchase: {amount: {type: money, required: true}, items: [{sku: id, quantity: integer}]}
  hello: {}
metrics:
  orders: {count: purchase}
  spend: {sum: purchase.amount, over: 30 days}
wallets: {beans: {}}
rules:
  earn:
    on: purchase
    then: [{earn: {beans: amount / 10}}]
  daily:
    on: purchase
    when: amount >= 100
    then: [{set: {tags.big: true}}, {issue: {voucher: cup}}]
    limit: 1 per day
  friend:
    on: purchase
    when: orders == 1 and not missing(referrer)
    then: [{emit: {type: hello, customer: referrer}}]
  greet:
    on: hello
    then: [{set: {name: "'friend'"}}, {send: thanks}]
  spender:
    on: purchase
    when: spend >= 1000
    from: 2026-02-01
    then: [{earn: {beans: 1}}]
messages: {thanks: {text: Thank you}}
"""


def problems(folder: Path, tests: str) -> list[str]:
    """The problems of `tests`: line, column (of the whole file), code and message."""
    with pytest.raises(RulesetInvalid) as caught:
        load(folder, CLUB, tests)
    return [
        f"{p.location.line}:{p.location.column} {p.code}: {p.message} ({p.hint})"
        for p in caught.value.problems
    ]


# --- what passes ------------------------------------------------------------------------------


def test_everything_that_happens_can_be_expected(tmp_path: Path) -> None:
    result = outcome(
        tmp_path,
        CLUB,
        """
  a big purchase:
    customer: {name: Ola, tags: [old], balance: {beans: 5}, consent: {email: true}}
    events:
      - {type: purchase, time: 2026-01-06T10:00, amount: 120.50, items: [{sku: A, quantity: 2}]}
      - {type: purchase, time: 2026-01-06T11:00, amount: 100}
    expect:
      decisions: [earn, daily, earn]
      held: {daily: 1 per day}
      balance: {beans: 27}
      customer: {name: Ola, birthday: null, consent: {email: true}, tags: [big, old]}
      messages: []
      issued: [cup]
""",
    )
    assert told(result) == []


@pytest.mark.parametrize("expect", ["{}", "nothing", "", "\n      - {}", "{at: 2026-01-31}"])
def test_an_empty_expectation_means_that_nothing_may_fire(tmp_path: Path, expect: str) -> None:
    result = outcome(
        tmp_path,
        CLUB,
        f"""
  a purchase:
    events: [{{type: purchase, time: 2026-01-06T10:00, amount: 1}}]
    expect: {expect}
""",
    )
    assert told(result) == ["decisions:  > earn"]


def test_what_an_expectation_leaves_out_is_not_looked_at(tmp_path: Path) -> None:
    result = outcome(
        tmp_path,
        CLUB,
        """
  a purchase:
    events: [{type: purchase, time: 2026-01-06T10:00, amount: 100}]
    expect: {balance: {beans: 10}}
""",
    )
    assert result.passed


def test_points_in_time_each_cover_what_came_since_the_one_before(tmp_path: Path) -> None:
    result = outcome(
        tmp_path,
        CLUB,
        """
  the day counts in Oslo, and whole:
    events:
      - {type: purchase, time: 2026-01-05T23:00:00Z, amount: 100}
      - {type: purchase, time: 2026-01-06T23:59:59.999999, amount: 100}
      - {type: purchase, time: 2026-01-07, amount: 100}
    expect:
      - {at: 2026-01-05, decisions: []}
      - {at: 2026-01-06T00:00, decisions: [earn, daily], balance: {beans: 10}}
      - {at: 2026-01-06, decisions: [earn], held: {daily: "limit: 1 per day"}, issued: []}
      - {decisions: [earn, daily], balance: {beans: 30}}
""",
    )
    assert told(result) == []


def test_events_happen_in_order_of_time_however_they_are_written(tmp_path: Path) -> None:
    result = outcome(
        tmp_path,
        CLUB,
        """
  the later one is held:
    events:
      - {type: purchase, time: 2026-01-06T11:00, amount: 200}
      - {type: purchase, time: 2026-01-06T10:00, amount: 100}
    expect:
      - {at: 2026-01-06T10:30, decisions: [earn, daily], balance: {beans: 10}}
      - {decisions: [earn], balance: {beans: 30}}
""",
    )
    assert told(result) == []


def test_another_customer_is_looked_at_by_name(tmp_path: Path) -> None:
    result = outcome(
        tmp_path,
        CLUB,
        """
  the referrer is thanked:
    customer: {id: ola, referrer: kari}
    others: {kari: {name: Kari, tags: [vip]}}
    events:
      - {type: purchase, time: 2026-01-06T10:00, amount: 10}
      - {type: purchase, time: 2026-01-07T10:00, amount: 10, customer: kari}
    expect:
      - {at: 2026-01-06, decisions: [earn, friend], messages: []}
      - of: kari
        at: 2026-01-06
        decisions: [greet]
        customer: {name: friend, tags: [vip]}
        messages: [thanks]
      - {}
      - {of: kari, decisions: [earn]}
""",
    )
    assert told(result) == []


def test_a_customer_may_be_known_for_long(tmp_path: Path) -> None:
    suite = load(
        tmp_path,
        CLUB,
        """
  an old customer:
    customer: {since: 2020-01-01}
    events: [{type: hello, time: 2026-01-06}]
    expect: {decisions: [greet]}
""",
    )
    (step,) = run_case(suite.program, suite.cases[0]).taken
    assert step.before.since == step.after.since == 1_577_833_200_000_000


# --- what fails, and why ----------------------------------------------------------------------


def test_expected_and_got_stand_side_by_side(tmp_path: Path) -> None:
    result = outcome(
        tmp_path,
        CLUB,
        """
  all wrong:
    customer: {name: Ola}
    events: [{type: purchase, time: 2026-01-06, amount: 100}]
    expect:
      decisions: [friend, earn]
      held: {daily: 1 per day}
      balance: {beans: 11}
      customer: {name: Kari, birthday: 1990-05-01, tags: [small]}
      messages: [thanks]
      issued: [mug]
""",
    )
    (failure,) = result.failures
    assert [(m.what, m.rows) for m in failure.mismatches] == [
        ("decisions", (("friend", ""), ("earn", "earn"), ("", "daily"))),
        ("held.daily", (("1 per day", ""),)),
        ("messages", (("thanks", ""),)),
        ("issued", (("mug", "cup"),)),
        ("balance.beans", ((11, 10),)),
        ("customer.name", (("Kari", "Ola"),)),
        ("customer.birthday", (("1990-05-01", None),)),
        ("customer.tags", (("small", "big"),)),
    ]


def test_a_rule_that_did_not_fire_shows_its_condition(tmp_path: Path) -> None:
    result = outcome(
        tmp_path,
        CLUB,
        """
  not enough:
    events: [{type: purchase, time: 2026-01-06T10:00, amount: 99}]
    expect: {decisions: [earn, daily]}
""",
    )
    ((reason,),) = [failure.reasons for failure in result.failures]
    assert reason.text == (
        "daily did not fire at the purchase of 2026-01-06 10:00: its condition is false"
    )
    assert reason.drawing is not None
    assert (reason.drawing.text, reason.drawing.truth) == ("amount >= 100", False)
    assert [(part.text, part.value) for part in reason.drawing.parts] == [("amount", "99.00")]


@pytest.mark.parametrize(
    ("events", "expected", "reason"),
    [
        pytest.param(
            [
                "purchase, time: 2026-01-06T08:00, amount: 100",
                "purchase, time: 2026-01-06T09:00, amount: 100",
            ],
            "earn, daily, earn, daily",
            "daily did not fire at the purchase of 2026-01-06 09:00: limit: 1 per day",
            id="held by a limit",
        ),
        pytest.param(
            ["purchase, time: 2026-01-31T23:59, amount: 1000"],
            "earn, daily, spender",
            "spender did not fire at the purchase of 2026-01-31 23:59: it had not begun yet",
            id="before its time",
        ),
        pytest.param(
            ["purchase, time: 2026-01-06, amount: 1"],
            "earn, greet",
            "greet is on hello; no such event came",
            id="no event",
        ),
        pytest.param(
            ["hello, time: 2026-01-06"],
            "greet, greet",
            "greet is on hello; no other such event came",
            id="once instead of twice",
        ),
        pytest.param(
            ["hello, time: 2026-01-06"],
            "",
            "greet fired at the hello of 2026-01-06 00:00: it has no condition",
            id="should not have fired",
        ),
        pytest.param(
            ["purchase, time: 2026-01-06, amount: 100"],
            "daily, earn",
            "the rules are the same; they fire by priority, then as they are written",
            id="other order",
        ),
    ],
)
def test_a_failure_says_why(tmp_path: Path, events: list[str], expected: str, reason: str) -> None:
    written = "".join(f"\n      - {{type: {event}}}" for event in events)
    result = outcome(
        tmp_path, CLUB, f"\n  one:\n    events:{written}\n    expect: {{decisions: [{expected}]}}\n"
    )
    assert why(result) == [reason]


def test_a_wrong_balance_shows_what_moved_it(tmp_path: Path) -> None:
    result = outcome(
        tmp_path,
        CLUB,
        """
  two purchases:
    events:
      - {type: purchase, time: 2026-01-06T10:00, amount: 40}
      - {type: purchase, time: 2026-01-07T10:00, amount: 50}
    expect:
      - {at: 2026-01-06}
      - {balance: {beans: 10}}
""",
    )
    assert told(result) == ["decisions:  > earn", "balance.beans: 10 > 9"]
    assert [failure.point for failure in result.failures] == ["2026-01-06", ""]
    assert why(result)[1:] == [
        "earn at the purchase of 2026-01-06 10:00: +4 beans",
        "earn at the purchase of 2026-01-07 10:00: +5 beans",
    ]


def test_a_limit_that_did_not_hold_says_why(tmp_path: Path) -> None:
    result = outcome(
        tmp_path,
        CLUB,
        """
  two purchases:
    events:
      - {type: purchase, time: 2026-01-06, amount: 100}
      - {type: purchase, time: 2026-01-06T10:00, amount: 90}
    expect:
      - {at: 2026-01-06T00:00, held: {daily: 1 per day}}
      - {held: {daily: 1 per day}}
""",
    )
    assert told(result) == ["held.daily: 1 per day > "] * 2
    assert why(result) == [
        "daily fired at the purchase of 2026-01-06 00:00: its condition is true",
        "daily did not fire at the purchase of 2026-01-06 10:00: its condition is false",
    ]


def test_points_that_could_not_be_earned_say_why(tmp_path: Path) -> None:
    (tmp_path / "club.yaml").write_text(
        "program: club\nevents: {purchase: {amount: money}}\nwallets: {beans: {}}\n"
        "rules: {earn: {on: purchase, then: [{earn: {beans: amount}}]}}\n"
    )
    file = tmp_path / "club.test.yaml"
    file.write_text(
        "tests:\n  one:\n    events: [{type: purchase, time: 2026-01-06}]\n"
        "    expect: {balance: {beans: 1}}\n"
    )
    suite = load_suite(file, compiled)
    assert why(run_case(suite.program, suite.cases[0])) == [
        "earn at the purchase of 2026-01-06 00:00: beans: a value that the formula needs is missing"
    ]


def test_anything_else_that_is_wrong_shows_what_fired(tmp_path: Path) -> None:
    result = outcome(
        tmp_path,
        CLUB,
        """
  a purchase:
    events: [{type: purchase, time: 2026-01-06, amount: 100}]
    expect: {messages: [thanks]}
""",
    )
    assert why(result) == ["these fired: earn, daily"]


# --- mistakes ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("test", "problem"),
    [
        pytest.param(
            "events: [{type: hello, time: 2026-01-06}]\n    expect: {decisions: [gret]}",
            "4:26 unknown-name: there is no rule 'gret' (did you mean 'greet'?)",
            id="rule",
        ),
        pytest.param(
            "events: [{type: hello, time: 2026-01-06}]\n"
            "    expect:\n      - decisions: [greet, gret]",
            "5:28 unknown-name: there is no rule 'gret' (did you mean 'greet'?)",
            id="rule in a list of points",
        ),
        pytest.param(
            "events: [{type: hello, time: 2026-01-06}]\n    expect: {held: {gret: once}}",
            "4:21 unknown-name: there is no rule 'gret' (did you mean 'greet'?)",
            id="held rule",
        ),
        pytest.param(
            "events: [{type: hello, time: 2026-01-06}]\n    expect: {}\n    rule: gret",
            "5:5 unknown-name: there is no rule 'gret' (did you mean 'greet'?)",
            id="rule it is about",
        ),
        pytest.param(
            "events: [{type: hello, time: 2026-01-06}]\n    expect: {balance: {bean: 1}}",
            "4:24 unknown-name: there is no wallet 'bean' (did you mean 'beans'?)",
            id="wallet",
        ),
        pytest.param(
            "events: [{type: hello, time: 2026-01-06}]\n    expect: {messages: [thank]}",
            "4:25 unknown-name: there is no message 'thank' (did you mean 'thanks'?)",
            id="message",
        ),
        pytest.param(
            "events: [{type: hello, time: 2026-01-06}]\n"
            "    expect: {customer: {consent: {mail: true}}}",
            "4:35 unknown-name: there is no attribute 'consent.mail' "
            "(did you mean 'consent.email'?)",
            id="attribute",
        ),
        pytest.param(
            "events: [{type: hello, time: 2026-01-06}]\n    expect: {decision: [greet]}",
            "4:14 unknown-key: there is no 'decision' here (did you mean 'decisions'?)",
            id="expectation",
        ),
        pytest.param(
            "events: [{type: hello, time: 2026-01-06}]\n    expect: {}\n    rules: greet",
            "5:5 unknown-key: there is no 'rules' here (did you mean 'rule'?)",
            id="key of a test",
        ),
        pytest.param(
            "events: [{type: hello, time: 2026-01-06}]\n    expect: {}\nruleste: club.yaml",
            "5:1 unknown-key: there is no 'ruleste' here (did you mean 'ruleset'?)",
            id="key of the file",
        ),
        pytest.param(
            "events: [{type: hello, time: 2026-01-06]\n    expect: {}",
            "3:44 yaml-syntax: expected ',' or '}' in the braces that open at line 3, column 14 "
            "(close them with '}'; put a text that contains one of , : [ ] { } in quotes)",
            id="YAML",
        ),
        pytest.param(
            "events: [{type: helo, time: 2026-01-06}]\n    expect: {}",
            "3:21 unknown-name: there is no event 'helo' (did you mean 'hello'?)",
            id="event",
        ),
        pytest.param(
            "events: [{type: purchase, time: 2026-01-06, amont: 1}]\n    expect: {}",
            "3:49 unknown-name: there is no field 'amont' (did you mean 'amount'?)",
            id="field",
        ),
        pytest.param(
            "events: [{type: purchase, time: 2026-01-06, amount: 1, items: [{sq: A}]}]\n"
            "    expect: {}",
            "3:69 unknown-name: there is no field 'sq' (known here: sku, quantity)",
            id="field of a line item",
        ),
        pytest.param(
            "events: [{type: purchase, time: 2026-01-06, amount: 1.005}]\n    expect: {}",
            "3:57 bad-value: NOK has 2 decimals, here are more ()",
            id="value of a field",
        ),
        pytest.param(
            "events: [{type: purchase, time: 2026-01-06, amount: 1, items: [{quantity: x}]}]\n"
            "    expect: {}",
            "3:79 bad-value: expected a number such as 12.50 ()",
            id="value of a line item",
        ),
        pytest.param(
            "events: [{type: purchase, time: 2026-01-06}]\n    expect: {}",
            "3:14 bad-value: purchase.amount is required ()",
            id="field that is required",
        ),
        pytest.param(
            "events: [{type: hello, time: yesterday}]\n    expect: {}",
            "3:34 bad-value: time is not in ISO 8601, such as 2026-01-31T09:30:00Z or "
            "2026-01-31 ()",
            id="time",
        ),
        pytest.param(
            "events: [{type: hello, time: 2026-01-06}]\n    expect: {at: soon}",
            "4:18 bad-value: expected a day such as 2026-01-31, or a time on it ()",
            id="time of a point",
        ),
        pytest.param(
            "events: [{type: hello, time: 2026-01-06}]\n    expect: {at: 9999-12-31}",
            "4:18 bad-value: expected a day such as 2026-01-31, or a time on it ()",
            id="the last day there is",
        ),
        pytest.param(
            "events: [{type: hello, time: 2026-01-06}]\n"
            "    expect: [{at: 2026-01-07}, {at: 2026-01-06}]",
            "4:37 bad-test: points stand in order of time ()",
            id="order of points",
        ),
        pytest.param(
            "events: [{type: hello, time: 2026-01-06}]\n    expect: [{}, {at: 2026-01-06}]",
            "4:23 bad-test: points stand in order of time ()",
            id="a point after the end",
        ),
        pytest.param(
            "events: [{type: hello, time: 2026-01-06, id: a}, "
            "{type: hello, time: 2026-01-06, id: a}]\n    expect: {}",
            "3:54 bad-test: another event has the id 'a' ()",
            id="one id twice",
        ),
        pytest.param(
            "events: [{type: hello, time: 2026-01-06, customer: kari}]\n    expect: nothing",
            "4:13 bad-test: whose decisions are meant? Every event names a customer "
            "(say it with of: CUSTOMER, or give the test a customer with an id)",
            id="nobody's expectation",
        ),
        pytest.param(
            "events: []\n    expect: {}",
            "3:13 bad-value: expected at least one ()",
            id="no events",
        ),
        pytest.param(
            "events: [{type: hello, time: 2026-01-06}]",
            "2:3 missing-key: 'expect' is missing in tests one ()",
            id="no expectation",
        ),
        pytest.param(
            "customer: {balance: {beans: many}}\n    events: [{type: hello, time: 2026-01-06}]\n"
            "    expect: {}",
            "3:33 bad-value: expected a whole number ()",
            id="balance at the start",
        ),
        pytest.param(
            "customer: {balance: 7}\n    events: [{type: hello, time: 2026-01-06}]\n    expect: {}",
            "3:25 bad-value: expected lines of `name: value` ()",
            id="balance without a wallet",
        ),
        pytest.param(
            "others: {kari: {nam: Kari}}\n    events: [{type: hello, time: 2026-01-06}]\n"
            "    expect: {}",
            "3:21 unknown-name: there is no attribute 'nam' (did you mean 'name'?)",
            id="attribute at the start",
        ),
        pytest.param(
            "others: {c1: {name: Kari}}\n    events: [{type: hello, time: 2026-01-06}]\n"
            "    expect: {}",
            "3:18 bad-test: 'c1' is the test's own customer ()",
            id="the same customer twice",
        ),
    ],
)
def test_a_slip_in_a_test_is_a_problem_at_its_place(
    tmp_path: Path, test: str, problem: str
) -> None:
    assert problems(tmp_path, f"  one:\n    {test}\n") == [problem]


def test_of_many_names_those_of_the_same_section_are_told(tmp_path: Path) -> None:
    extras = "".join(f"  extra-{n}: {{on: hello, then: [{{send: thanks}}]}}\n" for n in range(20))
    (tmp_path / "big.yaml").write_text(CLUB.replace("messages:", f"{extras}messages:"))
    file = tmp_path / "big.test.yaml"
    events = "events: [{type: hello, time: 2026-01-06}]"
    file.write_text(f"tests:\n  one: {{rule: events.quux, {events}, expect: {{}}}}\n")
    with pytest.raises(RulesetInvalid) as caught:
        load_suite(file, compiled)
    (problem,) = caught.value.problems
    assert problem.hint.startswith("known here: events.adjust_points, ")
    assert problem.hint.endswith(", ...")
    assert "extra" not in problem.hint


def test_all_problems_of_all_tests_are_told_at_once(tmp_path: Path) -> None:
    told = problems(
        tmp_path,
        """\
  one:
    events: [{type: helo, time: 2026-01-06}]
    expect: {decisions: [gret]}
  two:
    events: [{type: hello, time: 2026-01-06}]
    expect: {balance: {bean: 1}}
""",
    )
    assert [problem.split(" ")[0] for problem in told] == ["3:21", "4:26", "7:24"]


def test_a_problem_names_a_file_that_can_be_opened(tmp_path: Path) -> None:
    (tmp_path / "club.test.yaml").write_text("tests: {one: {events: [], expect: {}}}")
    (tmp_path / "clib.yaml").write_text(CLUB)
    with pytest.raises(RulesetInvalid) as caught:
        load_suite(tmp_path / "club.test.yaml", compiled)
    assert str(caught.value).startswith(f"{tmp_path / 'club.test.yaml'}:1:")


def test_a_ruleset_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "clib.yaml").write_text(CLUB)
    (tmp_path / "club.test.yaml").write_text(
        "tests:\n  one:\n    events: [{type: hello, time: 2026-01-06}]\n    expect: {}\n"
    )
    with pytest.raises(RulesetInvalid, match=r"no ruleset 'club\.yaml'.*mean 'clib\.yaml'"):
        load_suite(tmp_path / "club.test.yaml", compiled)


def test_the_problems_of_a_ruleset_come_before_those_of_its_tests(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "broken.yaml").write_text("program: club\nevents: {}\nruls: {}\n")
    (tmp_path / "sub" / "club.test.yaml").write_text(
        "ruleset: ../broken.yaml\n"
        "tests:\n  one:\n    events: [{type: hello, time: 2026-01-06}]\n    expect: {}\n"
    )
    with pytest.raises(RulesetInvalid) as caught:
        load_suite(tmp_path / "sub" / "club.test.yaml", compiled)
    (problem,) = caught.value.problems
    assert problem.location.file == str(tmp_path / "sub" / ".." / "broken.yaml")


# --- finding tests ----------------------------------------------------------------------------


def test_a_folder_stands_for_its_test_files_and_a_ruleset_for_its_own(tmp_path: Path) -> None:
    names = ["a.yaml", "a.test.yaml", "sub/b.test.yaml", ".hidden/c.test.yaml"]
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    a, b = tmp_path / "a.test.yaml", tmp_path / "sub" / "b.test.yaml"
    assert find([tmp_path]) == (a, b)
    assert find([tmp_path / "a.yaml", a]) == (a,)


def test_where_there_are_no_tests_it_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"there are no rule tests \(\*\.test\.yaml\)"):
        find([tmp_path])
    (tmp_path / "lonely.yaml").touch()
    with pytest.raises(UsageError, match=r"there are no rule tests \(lonely\.test\.yaml\)"):
        find([tmp_path / "lonely.yaml"])


# --- coverage, JUnit --------------------------------------------------------------------------


def test_coverage_tells_what_no_test_has_tried(tmp_path: Path) -> None:
    suite = load(
        tmp_path,
        CLUB,
        """
  a purchase:
    events: [{type: purchase, time: 2026-01-06, amount: 1000}]
    expect: {decisions: [earn, daily]}
""",
    )
    coverage = covered(suite)
    assert [" ".join(gap).strip() for gap in coverage.gaps] == [
        "daily never held back",
        "daily never false amount >= 100",
        "friend never fired",
        "friend never false orders == 1",
        "friend never false missing(referrer)",
        "spender never fired",
        "spender never true spend >= 1000",  # the rule was not in force yet
        "spender never false spend >= 1000",
        "greet never fired",
    ]
    assert coverage.total == 14


def test_junit_has_a_suite_for_each_file_and_an_error_for_each_problem(tmp_path: Path) -> None:
    suite = load(
        tmp_path,
        CLUB,
        """
  it passes:
    events: [{type: hello, time: 2026-01-06}]
    expect: {decisions: [greet]}
  it fails:
    events: [{type: purchase, time: 2026-01-06, amount: 1}]
    expect: {decisions: [earn, daily], customer: {name: <Ola> & Kari}}
""",
    )
    results = [run_case(suite.program, case) for case in suite.cases]
    broken = tmp_path / "broken"
    broken.mkdir()
    with pytest.raises(RulesetInvalid) as caught:
        load(broken, CLUB, "  one: {events: [{type: helo, time: 2026-01-06}], expect: {}}")
    root = ElementTree.fromstring(junit({suite.path: results}, caught.value.problems))
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("3", "1", "1")
    assert [each.get("name") for each in root.iter("testsuite")] == [
        str(suite.path),
        str(broken / "club.test.yaml"),
    ]
    (failure,) = root.iter("failure")
    assert failure.get("message") == "decisions, customer.name"
    assert failure.text is not None
    assert "decisions: expected 'daily', got ''" in failure.text
    assert "daily did not fire at the purchase" in failure.text
    (error,) = root.iter("error")
    assert (error.get("type"), error.get("message")) == (
        "unknown-name",
        "there is no event 'helo'",
    )
