"""`loyalcore score` and `loyalcore insights`, as an operator uses them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

RULESET = """\
program: shop
currency: EUR
events:
  purchase: {amount: money}
scores:
  rfm: {event: purchase, amount: amount}
  value: {strategy: abc, event: purchase, amount: amount}
rules:
  thank: {on: scored, when: score.value.value_class == 'A', limit: once, then: [send: thanks]}
messages: {thanks: {text: 'You are among our {{ score.rfm.segment }}.'}}
"""
EVENTS = """\
id,customer,time,amount
1,ann,2026-01-01,100
2,ann,2026-03-01,900
3,bob,2026-02-01,50
4,cat,2026-03-02,50
"""

Cli = Callable[..., Any]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, cli: Cli) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    (folder / "shop.yaml").write_text(RULESET)
    (folder / "events.csv").write_text(EVENTS)
    done = cli("run", folder / "shop.yaml", folder / "events.csv", "--db", folder / "shop.db")
    assert done.status == 0, done.err
    return folder


@pytest.fixture
def shop(made: Path, tmp_path: Path) -> Path:
    """The store, not scored yet."""
    return Path(shutil.copy(made / "shop.db", tmp_path / "shop.db"))


def test_scoring_and_what_came_of_it(process: Cli, cli: Cli, shop: Path) -> None:
    done = process("score", "--db", shop, "--json")
    assert (done.status, done.err) == (0, "")
    assert done.json["at"] == "2026-03-02T00:00:00Z"
    assert [(one["score"], one["changed"]) for one in done.json["scores"]] == [
        ("rfm", 3),
        ("value", 3),
    ]
    assert done.json["scores"][1]["outputs"] == {"value_class": {"A": 1, "B": 2, "C": 0}}
    assert done.json["run"]["messages"] == {"thanks": 1}
    again = cli("score", "--db", shop)
    assert "3 customers at 2026-03-02T00:00:00Z" in again.out
    assert cli("score", "--db", shop, "--json").json["run"] is None

    known = cli("customer", "show", "ann", "--db", shop, "--json").json
    assert known["scores"]["value"]["values"] == {"value_class": "A"}
    told = cli("explain", "--db", shop, "--customer", "ann", "--rule", "thank")
    assert "score.value.value_class" in told.out
    assert cli("ledger", "verify", "--db", shop).status == 0
    (event,) = cli("events", "list", "--db", shop, "--customer", "bob", "--json").json[:1]
    assert (event["type"], event["source"]) == ("scored", "scoring")


def test_how_the_customers_divide_and_who_they_are(cli: Cli, shop: Path) -> None:
    assert cli("insights", "--db", shop, "--json").json[1]["unscored"] == 3
    cli("score", "--db", shop)
    told = cli("insights", "--db", shop)
    assert "value (abc): 3 scored, as of 2026-03-02T00:00:00Z" in told.out
    (value,) = cli("insights", "--db", shop, "--score", "value", "--json").json
    assert value["outputs"] == {"value_class": {"A": 1, "B": 2, "C": 0}}
    asked = ("insights", "--db", shop, "--score", "value", "--of", "value_class=B")
    assert [one["customer"] for one in cli(*asked, "--json").json] == ["bob", "cat"]
    listed = cli(*asked, "--limit", "1")
    assert "bob" in listed.out
    assert "cat" not in listed.out
    assert "Only the first 1 are shown" in listed.err
    assert "Of no customer." in cli(*asked[:-1], "value_class=C").out


def test_a_dry_run_and_one_score_alone(cli: Cli, shop: Path, made: Path) -> None:
    before = shop.read_bytes()
    told = cli("score", "--db", shop, "--dry-run", "--strategy", "abc", "--at", "2026-02-01")
    assert "would change" in told.out
    assert "rfm" not in told.out
    assert shop.read_bytes() == before
    done = cli("score", made / "shop.yaml", "--db", shop, "--score", "rfm", "--json")
    assert [one["score"] for one in done.json["scores"]] == ["rfm"]


def test_a_late_allowance_does_not_make_a_past_score_count(cli: Cli, shop: Path) -> None:
    told = cli("score", "--db", shop, "--at", "2026-02-01", "--json").json
    assert [(one["changed"], one["passed"]) for one in told["scores"]] == [(1, 1), (1, 1)]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("score", "--score", "rmf"), "there is no score 'rmf'; did you mean 'rfm'?"),
        (("score", "--strategy", "clv"), "there is no score by the strategy 'clv'; there is"),
        (("insights", "--score", "abc"), "there is no score 'abc'; there is rfm, value"),
        (("insights", "--of", "segment=lost"), "--of: say of which one, with --score"),
        (
            ("insights", "--score", "rfm", "--of", "segmnt=lost"),
            "write OUTPUT=VALUE; did you mean 'segment'?",
        ),
        (("insights", "--score", "rfm", "--of", "segment=royal"), "expected one of champions"),
        (("insights", "--score", "rfm", "--of", "recency="), "say what recency is"),
    ],
)
def test_what_is_asked_wrongly_is_told(
    cli: Cli, shop: Path, arguments: tuple[str, ...], says: str
) -> None:
    done = cli(*arguments, "--db", shop)
    assert done.status == 2
    assert says in done.err


def test_a_programme_without_scores_says_so(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "plain.yaml").write_text("program: plain\nevents: {purchase: {}}\n")
    (tmp_path / "e.jsonl").write_text(
        '{"id": "1", "customer": "a", "type": "purchase", "time": "2026-01-01"}\n'
    )
    db = tmp_path / "plain.db"
    cli("run", tmp_path / "plain.yaml", tmp_path / "e.jsonl", "--db", db)
    for command in ("score", "insights"):
        done = cli(command, "--db", db)
        assert (done.status, done.err) == (
            2,
            "error: plain declares no scores; see the section `scores`\n",
        )
