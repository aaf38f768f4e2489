"""What is wrong with a dissolution, told where it stands; and what an editor is told."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from jsonschema import Draft202012Validator

from loyalcore.effects.builtin import EFFECTS
from loyalcore.program.schema import json_schema
from loyalcore.ruleset.text import Text
from loyalcore.ruleset.tree import read_tree

Problems = Callable[[str], list[str]]

HEAD = """\
program: club
events: {purchase: {amount: money}, wish: {hard: flag}, renewed: {}}
metrics: {margin: {sum: purchase.amount, over: this quarter}}
wallets: {beans: {price: 0.01}, stars: {}, status: {kind: qualifying}}
stages: {client: , former: {enter: margin < 0}}
people: {anna: boss}
approvals: {part: {role: boss}}
messages: {bye: {text: bye}, ad: {text: ad, purpose: promotional}}
rules: {earn: {on: purchase, then: [{earn: {beans: 1, stars: 1, status: 1}}]}}
"""
SOUND = {
    "approval": "part",
    "reasons": "{wish: wish}",
    "settle": "{beans: pay out, stars: expire}",
    "phases": "{closed: {do: {send: bye}}}",
}


def written(**more: str) -> str:
    keys = {**SOUND, **more}
    lines = "".join(f"    {key}: {text}\n" for key, text in keys.items() if text)
    return f"{HEAD}dissolution:\n  partners:\n{lines}"


def told(problems: Problems, **more: str) -> list[str]:
    return [line for line in problems(written(**more)) if "message 'ad'" not in line]


def test_what_is_sound_has_no_problems(problems: Problems) -> None:
    assert (
        told(
            problems,
            who="stage == 'client'",
            never="margin > 100",
            reasons=(
                "{poor: {when: margin < 0, for: 3 quarters}, "
                "quiet: {silent: {event: purchase, for: 1 year}}, wish: {on: wish, when: hard}}"
            ),
            improve="{do: {send: bye}, within: 90 days, improved: margin >= 0, skip: [wish]}",
            evidence="{margin: margin, phase: dissolution.partners.phase}",
            stage="former",
            withdraw="[renewed]",
            reopen="{on: purchase, restores: {stage: client, points: true}}",
        )
        == []
    )


def test_a_stage_that_only_a_dissolution_leads_to_is_reached(problems: Problems) -> None:
    apart = "{client: , former: , back: }"
    text = written(stage="former", reopen="{on: purchase, restores: {stage: back}}")
    lines = problems(text.replace("{client: , former: {enter: margin < 0}}", apart))
    assert [line for line in lines if "no way leads" in line] == []


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"approval": "leave"}, "there is no approval 'leave'"),
        ({"reasons": "{poor: {when: margin < 0}}"}, "a reason is one of"),
        ({"reasons": "{poor: {for: 3 quarters}}"}, "say what holds for so long: when"),
        ({"reasons": "{poor: {when: margin < 0, for: 3 moons}}"}, "expected periods of the cal"),
        ({"reasons": "{poor: {when: margin < 'x', for: 1 week}}"}, "compare"),
        ({"reasons": "{poor: {when: hour < 9, for: 1 week}}"}, "'hour' can't be watched"),
        ({"reasons": "{wish: wsh}"}, "there is no event 'wsh'"),
        ({"reasons": "{wish: due}"}, "a dissolution is not on 'due'"),
        (
            {"reasons": "{q: {silent: {event: purchase, for: 1 year}, when: margin < 0}}"},
            "a silence has no `when`",
        ),
        ({"reasons": "{wish: {on: wish, when: hadr}}"}, "there is no 'hadr'"),
        ({"improve": "{within: 1 day, skip: [whim]}"}, "there is no reason 'whim' to skip"),
        ({"evidence": "{reason: margin}"}, "'reason' is told with every proposal"),
        ({"settle": "{beans: expire}"}, "nothing says what becomes of the stars"),
        ({"settle": ""}, "nothing says what becomes of the beans and stars"),
        ({"settle": "{beans: burn, stars: expire}"}, "expected expire, pay out"),
        ({"settle": "{beans: expire, stars: pay out}"}, "the wallet stars has no price"),
        ({"settle": "{beans: {expire: true, pay_out: 1}, stars: expire}"}, "exactly one of"),
        ({"settle": "{beans: expire, stars: {convert: {to: bens}}}"}, "there is no wallet 'bens'"),
        (
            {"settle": "{beans: {convert: {to: stars}}, stars: {convert: {to: beans}}}"},
            "points of stars are converted themselves",
        ),
        ({"settle": "{beans: expire, stars: expire, moons: expire}"}, "no wallet 'moons'"),
        ({"debts": "{moons: waive}"}, "there is no wallet 'moons'"),
        ({"debts": "{stars: invoice}"}, "the wallet stars has no price"),
        ({"debts": "{stars: forget}"}, "expected waive, invoice"),
        ({"stage": "gone"}, "there is no stage 'gone'"),
        ({"reopen": "{on: purchase, restores: {stage: gone}}"}, "there is no stage 'gone'"),
        ({"reopen": "{on: purchase, restores: {tier: true}}"}, "there are no tiers to come back"),
        ({"withdraw": "wish"}, "'wish' is a reason for it and withdraws it too"),
        ({"phases": "{closed: {do: {send: ad}}}"}, "'ad' is promotional"),
        ({"phases": "{closed: {lasts: 1 day}}"}, "what is closed has no length"),
        ({"phases": "{closed: {accrual: stops}}"}, "accrual stops before what is left"),
        (
            {"phases": "{notice: {accrual: stops}, redemption: {accrual: stops}}"},
            "accrual stops once: in notice already",
        ),
        ({"phases": "{notic: {}}"}, "there is no 'notic' here"),
        ({"never": "margn > 1"}, "there is no 'margn'"),
    ],
)
def test_what_is_wrong_is_told_in_its_place(
    problems: Problems, more: dict[str, str], message: str
) -> None:
    found = [line for line in told(problems, **more) if "warning" not in line]
    assert any(message in line for line in found), found
    assert all(int(line.split(":")[1]) > HEAD.count("\n") for line in found), found


def test_what_nothing_asks_for_is_no_more_unused(problems: Problems) -> None:
    assert told(problems) == []
    assert any("approval 'part'" in line for line in problems(HEAD))


VALIDATOR = Draft202012Validator(json_schema({kind.name: kind for kind in EFFECTS}))


@pytest.mark.parametrize(
    ("more", "accepted"),
    [
        ({}, True),
        ({"reasons": "{wish: [wish, renewed]}"}, True),
        ({"reasons": "{poor: {when: margin < 0, for: 3 quarters}}"}, True),
        ({"reasons": "{poor: {when: margin < 0}}"}, False),
        ({"settle": "{beans: {pay_out: 0.01}, stars: {voucher: bye}}"}, True),
        ({"settle": "{beans: {pay_out: 0.01, expire: true}, stars: expire}"}, False),
        ({"debts": "{beans: invoice, stars: {invoice: 1}}"}, True),
        ({"phases": "{notice: , closed: {do: [{send: bye}]}}"}, True),
        ({"phases": "{closed: {do: bye}}"}, False),
        ({"withdraw": "[renewed]", "reopen": "purchase"}, True),
    ],
)
def test_an_editor_accepts_what_is_read(more: dict[str, str], accepted: bool) -> None:
    data = read_tree(Text.of("club.yaml", written(**more))).root.value
    assert VALIDATOR.is_valid(_plain(data)) == accepted


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return value if isinstance(value, str | int | bool | None) else float(str(value))
