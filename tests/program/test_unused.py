"""What is declared and used by nothing is told, as a warning; what is used in any way is not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Problems = Callable[..., list[str]]

CLUB = """\
program: club
events:
  visit: {code: text, presents: code}
wallets: {beans: {}}
messages: {hello: {text: 'Hi, {{ variant.wording }}'}}
rules:
  come: {on: visit, RULE then: [earn: {beans: 1}, send: hello]}
experiments: {wording: {variants: {short: 1, long: 1}}}
"""

WORDED = "{on: visit, experiment: wording,"


def club(more: str, rule: str = "") -> str:
    """A club with so much `more` from line 9 on, whose one rule says `rule` too."""
    return CLUB.replace("RULE", rule) + more


@pytest.mark.parametrize(
    ("more", "warning"),
    [
        (
            "segments: {regulars: day > 1}",
            "12: warning: nothing asks for the segment 'regulars' [unused]",
        ),
        (
            "groups: {sale: {stack: best}}",
            "10: warning: no rule is in the group 'sale' (write `group: sale` in a rule) [unused]",
        ),
        (
            "offers: {card: {reach: {one: visit}}}",
            (
                "10: warning: nothing in the ruleset opens the offer 'card' (say which event "
                "opens it, unless only operators do: loyalcore offers open) [unused]"
            ),
        ),
        (
            "offers: {card: {code: personal, reach: {one: visit}, revoked: [revoke: card]}}",
            (
                "10: warning: nothing in the ruleset opens the offer 'card' (say which event "
                "opens it, unless only operators do: loyalcore offers open) [unused]"
            ),
        ),
        (
            "rewards: {cup: {price: {beans: 1}}}",
            (
                "1: warning: no event redeems rewards (declare one, such as redeem: {reward: id, "
                "redeems: reward}) [unused]"
            ),
        ),
    ],
)
def test_what_nothing_uses_is_told(problems: Problems, more: str, warning: str) -> None:
    assert problems(club(more)) == [f"club.yaml:9:{warning}"]


@pytest.mark.parametrize(
    ("uses", "told"),
    [
        ("", True),
        ("rules: {r: {on: [visit, quiet], then: [earn: {beans: 1}]}}", False),
        ("metrics: {often: {count: quiet}}", False),
        ("metrics: {last: {latest: quiet.since}}", False),
        ("offers: {back: {open: {on: quiet}, reach: {one: visit}}}", False),
        ("offers: {back: {open: {on: visit}, reach: {count: quiet, at_least: 2}}}", False),
        ("stages: {friend: , stranger: {enter: {on: quiet}}}", False),
    ],
)
def test_a_trigger_that_nothing_is_on_is_told(problems: Problems, uses: str, told: bool) -> None:
    quiet = (
        "program: club\nevents: {visit: {}}\nwallets: {beans: {}}\n"
        "triggers: {quiet: {silence: visit, for: 90 days}}\n"
    )
    warning = (
        "club.yaml:4:12: warning: nothing is on the trigger 'quiet' "
        "(write `on: quiet` in a rule) [unused]"
    )
    assert problems(f"{quiet}{uses}") == [warning] * told


def test_a_trigger_may_be_there_for_another(problems: Problems) -> None:
    triggers = "{quiet: {silence: visit, for: 90 days}, still: {silence: quiet, for: 1 year}}"
    (only,) = problems(f"program: club\nevents: {{visit: {{}}}}\ntriggers: {triggers}")
    assert "nothing is on the trigger 'still'" in only


def test_an_experiment_that_nothing_is_part_of_is_told(problems: Problems) -> None:
    text = club("").replace("variant.wording", "event.id")
    assert problems(text) == [
        (
            "club.yaml:8:15: warning: no rule is part of the experiment 'wording' "
            "(write `experiment: wording` in a rule, or ask for variant.wording) [unused]"
        )
    ]
    assert problems(text.replace("{on: visit,", WORDED)) == []


@pytest.mark.parametrize(
    ("more", "rule"),
    [
        ("segments: {regulars: day > 1}", "who: segment.regulars,"),
        ("segments: {regulars: day > 1}", "when: not segment.regulars,"),
        ("groups: {sale: {in: all}, all: }", "group: sale,"),
        ("offers: {card: {open: {on: visit}, reach: {one: visit}}}", ""),
        ("offers: {card: {code: SUMMER, reach: {one: visit}}}", ""),
        ("offers: {card: {code: batch, reach: {one: visit}}}", ""),
        ("segments: {new: variant.wording == 'long'}", "when: segment.new,"),
    ],
)
def test_what_is_used_in_any_way_is_not(problems: Problems, more: str, rule: str) -> None:
    assert problems(club(more, rule)) == []


def test_an_effect_opens_an_offer(problems: Problems) -> None:
    text = club("offers: {card: {reach: {one: visit}}}").replace("send: hello", "open: card")
    text = text.replace("messages: {hello", "messages: {}\n#").replace("experiments:", "#")
    assert problems(text) == []


def test_of_what_has_mistakes_nothing_is_told_to_be_unused(problems: Problems) -> None:
    (only,) = problems(club("segments: {regulars: day > 1}", "when: segment.regular,"))
    assert "error: there is no 'segment.regular'" in only
