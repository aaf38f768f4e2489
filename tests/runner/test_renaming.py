"""Another program takes over, which calls journeys, cases, dissolutions, tasks, approvals, scores
and purposes something else: customers go on in them (S15)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import to_builtins
from msgspec.structs import replace

from loyalcore.errors import RulesetInvalid
from loyalcore.ruleset.source import Source
from loyalcore.runner import journeys, recovery
from loyalcore.runner.carrying import Takeover, takeover
from loyalcore.runner.dissolution import partings
from loyalcore.runner.loading import Loaded, load_from
from loyalcore.runner.run import activate
from loyalcore.runner.verify import verify
from loyalcore.store import Store
from loyalcore.store.decided import DISSOLUTION
from runner.histories import NewShop

OLD = """\
program: shop
events:
  purchase: {amount: money}
  hello: {}
  complaint: {ticket: id}
  answer: {ticket: id}
  solved: {ticket: id}
  wish: {}
  merge: {into: id, merges: into}
  split: {whom: id, unmerges: whom}
wallets: {points: {}}
people: {anna: boss}
tasks: {talk: {role: boss, due: 2 days, remind: 1 day}, look: {role: boss}}
approvals: {part: {role: boss, expires: 6 days}}
scores: {worth: {strategy: rfm, event: purchase, amount: amount}}
messages:
  ad: {text: Buy!, purpose: promotional}
  news: {text: News., purpose: news, channel: paper}
contact: {consent: {news: register}, caps: {news: 2 per 9 days}}
rules:
  earn: {on: purchase, then: [earn: {points: amount}]}
  look: {on: hello, then: [task: look, send: news]}
journeys:
  care:
    enter: hello
    limit: 3 per year
    steps: [after 1 day: {earn: {points: 1}}, after 3 days: {send: ad}, after 9 days: {send: ad}]
win_back:
  lost:
    silent: {event: purchase, for: 8 days, repeat: 20 days}
    again: true
    cap: {points: 5 per year}
    steps: [after 1 day: {send: ad}, after 6 days: {earn: {points: 2}}]
    until: purchase
    attribution: 4 days
    cool_off: 5 days
recovery:
  complaints:
    open: complaint
    case: ticket
    promise: 2 days
    task: talk
    answered: answer
    resolved: solved
    reopens: 4 days
    close: 6 days
    goodwill: {do: [earn: {points: 5}], limit: 2 per year}
dissolution:
  partners:
    reasons: {wish: wish, quiet: {silent: {event: purchase, for: 40 days}}}
    improve: {do: {task: talk}, within: 3 days, skip: [wish]}
    approval: part
    phases: {announced: {lasts: 3 days}, notice: {lasts: 4 days}, redemption: {lasts: 3 days}}
    settle: {points: expire}
    reopen: {on: purchase, after: 2 days, restores: {points: true}}
    cool_off: 5 days
"""
NAMES = {
    "look": "check",
    "talk": "call",
    "part": "agree",
    "worth": "value",
    "news": "letters",
    "paper": "post",
    "care": "welcome",
    "lost": "gone",
    "complaints": "grievances",
    "partners": "clients",
}
MIGRATION = """\
migration:
  tasks: {look: check, talk: call}
  approvals: {part: agree}
  scores: {worth: value}
  purposes: {news: letters}
  channels: {paper: post}
  journeys: {care: welcome}
  win_back: {lost: gone}
  recovery: {complaints: grievances}
  dissolution: {partners: clients}
"""


def renamed(text: str) -> str:
    """The ruleset with the new names of what it has, as a program of its own."""
    for was, to in (
        ("task: look", "task: check"),
        ("look: {role", "check: {role"),
        ("talk", "call"),
        ("part: {role", "agree: {role"),
        ("approval: part", "approval: agree"),
        ("worth:", "value:"),
        ("purpose: news", "purpose: letters"),
        ("consent: {news", "consent: {letters"),
        ("caps: {news", "caps: {letters"),
        ("paper", "post"),
        ("  care:", "  welcome:"),
        ("  lost:", "  gone:"),
        ("  complaints:", "  grievances:"),
        ("  partners:", "  clients:"),
    ):
        assert was in text
        text = text.replace(was, to)
    return text


NEW = renamed(OLD)
TAKES_OVER = NEW + MIGRATION


def loaded(text: str) -> Loaded:
    return load_from(Source({"shop.yaml": text}, "shop.yaml"), "compiled")


def activated(shop: Any, text: str) -> Takeover:
    """What was told before, as the program takes over from the latest event on."""
    program = loaded(text)
    with Store.open(shop.path) as store:
        told = takeover(program, store.connection)
        activate(program, store)
    return told


def refused(shop: Any, text: str) -> list[str]:
    with Store.open(shop.path) as store, pytest.raises(RulesetInvalid) as invalid:
        takeover(loaded(text), store.connection).check()
    return [str(found) for found in invalid.value.problems]


def life(shop: Any, customer: str = "ann") -> Any:
    return to_builtins(shop.state(customer).life)


def check(shop: Any) -> None:
    """What is stored is what comes of the events when they are told again."""
    with Store.open(shop.path) as store:
        assert verify(store.connection).difference is None


def on(hour: int) -> str:
    return (datetime(2026, 1, 1) + timedelta(hours=hour)).isoformat()


def line(id: object, type: str, hour: int, customer: str = "ann", **data: object) -> Any:
    return {"id": f"{id}", "type": type, "customer": customer, "time": on(hour), **data}


BEGUN = [
    line(1, "purchase", 0, amount=9),
    line(2, "hello", 200),
    line(3, "complaint", 210, ticket="a"),
    line(4, "consent_given", 211, purpose="news"),
    line(5, "complaint", 212, ticket="b"),
    line(6, "answer", 213, ticket="b"),
    line(7, "solved", 214, ticket="b"),
    line(8, "purchase", 215, "bob", amount=4),
    line(9, "wish", 216, "bob"),
    line(10, "scored", 217, score="worth", strategy="rfm", values={"segment": "loyal"}),
]


@pytest.fixture
def begun(shop: Any) -> Any:
    shop.run(OLD, BEGUN)
    return shop


def test_s15_customers_go_on_where_they_are_under_the_new_names(begun: Any) -> None:
    before = life(begun)
    told = activated(begun, TAKES_OVER)
    after = life(begun)
    assert [run["journey"] for run in after["journeys"]] == ["win_back.gone", "journeys.welcome"]
    for was, now in zip(before["journeys"], after["journeys"], strict=True):
        assert {**was, "journey": ""} == {**now, "journey": ""}
    for was, now in zip(before["cases"], after["cases"], strict=True):
        assert {**was, "recovery": "grievances"} == now
    assert [task["task"] for task in after["tasks"]] == ["check", "call"]
    assert after["scores"] == {"value": before["scores"]["worth"]}
    assert after["consents"] == {"letters/*": before["consents"]["news/*"]}
    parting = life(begun, "bob")["dissolution"]
    assert (parting["name"], parting["phase"], parting["number"]) == ("clients", "proposed", 1)
    assert begun.ask("select kind, name, status from tasks order by seq") == [
        ("task", "check", "open"),
        ("task", "call", "open"),
        ("task", "talk", "done"),
        ("approval", "agree", "open"),
    ]
    assert begun.ask("select recovery, name from cases") == [
        ("grievances", "a"),
        ("grievances", "b"),
    ]
    assert sorted(map(str, told.items)) == [
        "approval part becomes agree: 1 customer",
        "case complaints becomes grievances: 1 customer",
        "dissolution partners becomes clients: 1 customer",
        "journey journeys.care becomes journeys.welcome: 1 customer",
        "score worth becomes value: 1 customer",
        "task look becomes check: 1 customer",
        "task talk becomes call: 1 customer",
        "win-back win_back.lost becomes win_back.gone: 1 customer",
    ]
    check(begun)


def test_s15_what_was_renamed_is_a_decision_of_the_migration(begun: Any) -> None:
    activated(begun, TAKES_OVER)
    (effects,) = begun.ask(
        "select effects from decisions where rule = 'migration' and customer = 'bob'"
    )
    assert json.loads(effects) == [
        {
            "effect": "carry",
            "what": "dissolution",
            "name": "partners",
            "to": "clients",
            "number": 1,
        },
        {"effect": "carry", "what": "approval", "name": "part", "to": "agree", "number": 1},
    ]


def test_s15_reports_follow_what_goes_on(begun: Any) -> None:
    activated(begun, TAKES_OVER)
    end = [
        line(20, "purchase", 300, amount=1),
        line(21, "solved", 301, ticket="a"),
        line(22, "approval_given", 302, "bob", approval="agree", approved=True, by="anna"),
    ]
    begun.run(TAKES_OVER, end, until=on(340))
    with Store.open(begun.path) as store:
        places = ["win_back.lost", "win_back.gone"]
        lost, gone = journeys.report(store.connection, places, None, None)
        assert (lost.treated.entered, gone.treated.entered) == (0, 1)
        assert gone.treated.outcomes == {"returned": 1}
        was, now = recovery.report(store.connection, ["complaints", "grievances"], None, None)
        assert (was.opened, was.outcomes) == (1, {"resolved": 1})  # it had ended before
        assert (now.opened, now.outcomes) == (1, {"resolved": 1})
        (parting,) = partings(DISSOLUTION.each_decided(store.connection))
        assert (parting.name, [*parting.phases]) == ("clients", ["proposed", "announced"])
    check(begun)


def test_s15_who_has_said_no_is_not_written_to_under_the_new_name(begun: Any) -> None:
    begun.run(OLD, [line(30, "unsubscribed", 220, purpose="news", channel="paper")])
    activated(begun, TAKES_OVER)
    begun.run(TAKES_OVER, [line(31, "hello", 230)])
    assert begun.ask("select count(*) from outbox where purpose = 'letters'") == [0]
    check(begun)


def test_s15_what_came_with_another_customer_goes_back_under_its_new_name(begun: Any) -> None:
    begun.run(OLD, [line(40, "merge", 220, into="eve"), line(41, "hello", 221, "eve")])
    activated(begun, TAKES_OVER)
    begun.run(TAKES_OVER, [line(42, "split", 222, "eve", whom="ann")])
    assert [task["task"] for task in life(begun)["tasks"]] == ["check", "call"]
    assert [case["recovery"] for case in life(begun)["cases"]] == ["grievances"] * 2
    assert [task["task"] for task in life(begun, "eve")["tasks"]] == ["check"]
    assert sorted(begun.state("ann").fired) == ["journeys.welcome", "recovery.grievances.goodwill"]
    check(begun)


# --- what has no place ------------------------------------------------------------------------

PARTS = {
    "journeys": "1 customer is in journeys.care, which {}: it ends as withdrawn",
    "win_back": "1 customer is in win_back.lost, which {}: it ends as withdrawn",
    "recovery": "1 customer has open cases of complaints, which {}: they are withdrawn",
    "dissolution": "1 customer is being parted with by partners, which {}: it is withdrawn",
    "tasks": "1 customer has the open task look, which {}: it is withdrawn",
    "approvals": "1 customer has the open approval part, which {}: it is withdrawn",
    "scores": "1 customer has the score worth, which {}: nothing asks for it any more",
}


def without(section: str) -> Iterator[tuple[str, str, str]]:
    """The migration without the lines of a section, or with ones that let go."""
    lines = [one for one in MIGRATION.splitlines() if f"  {section}: " not in one]
    was = PARTS[section].partition(",")[0].rpartition(" ")[2].rpartition(".")[2]
    rename = f" (rename it under migration: {section}: {{{was}: NEW}})"
    yield "\n".join(lines) + "\n", "the new program has not", rename
    yield "\n".join([*lines, f"  {section}: {{{was}: }}"]) + "\n", "is let go of", ""


@pytest.mark.parametrize("section", PARTS)
def test_s15_what_ends_is_told_before_and_ends(new_shop: NewShop, section: str) -> None:
    for migration, gone, rename in without(section):
        with new_shop() as shop:
            shop.run(OLD, BEGUN)
            told = [str(item) for item in activated(shop, NEW + migration).items]
            assert f"{PARTS[section].format(gone)}{rename}" in told
            check(shop)


def test_s15_who_was_parted_with_stays_so_and_is_counted(begun: Any) -> None:
    said = {"approval": "part", "approved": True, "by": "anna"}
    begun.run(OLD, [line(50, "approval_given", 220, "bob", **said)], until=on(700))
    lines = MIGRATION.replace("  dissolution: {partners: clients}\n", "")
    told = [str(item) for item in activated(begun, NEW + lines).items]
    assert (
        "1 customer was parted with by partners, which the new program has not: that stays so, and "
        "only an operator can take it up again (rename it under migration: dissolution: "
        "{partners: NEW})"
    ) in told
    assert life(begun, "bob")["dissolution"]["phase"] == "closed"
    check(begun)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            ", after 6 days: {earn: {points: 2}}]",
            "]",
            "there is no step 2 of win_back.lost any more; it is the next of 1 customer",
        ),
        (
            ", after 9 days: {send: ad}]",
            "]",
            "there is no step 3 of journeys.care any more; it is the next of 1 customer",
        ),
        (
            "notice: {lasts: 4 days}, ",
            "",
            "there is no phase notice of dissolution.partners any more; it is that of 1 customer",
        ),
    ],
)
def test_s15_a_step_or_phase_that_is_gone_is_a_problem_for_who_is_there(
    begun: Any, old: str, new: str, problem: str
) -> None:
    said = {"approval": "part", "approved": True, "by": "anna"}
    begun.run(OLD, [line(60, "approval_given", 220, "bob", **said)], until=on(300))
    for text in (TAKES_OVER, OLD.replace("hello: {}", "hello: {}\n  other: {}")):
        assert old in text
        before = begun.history()
        (found,) = refused(begun, text.replace(old, new))
        assert problem in found
        assert "keep it until they are through" in found
        assert begun.history() == before


def test_s15_points_that_would_come_back_need_their_wallet(begun: Any) -> None:
    said = {"approval": "part", "approved": True, "by": "anna"}
    begun.run(OLD, [line(70, "approval_given", 220, "bob", **said)], until=on(700))
    text = TAKES_OVER.replace("points", "stars").replace("restores: {stars", "restores: {points")
    message = "there is no wallet 'points' any more; what expired there would come back to 1 cust"
    found = refused(begun, text)
    assert any(message in one for one in found), found
    activated(begun, f"{text}  wallets: {{points: stars}}\n")
    begun.run(f"{text}  wallets: {{points: stars}}\n", [line(71, "purchase", 900, "bob", amount=1)])
    assert begun.state("bob").account.balances["stars"] == 4


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("journeys: {care: welcom}", "there is no journey 'welcom' (did you mean 'welcome'?)"),
        ("win_back: {gone: gone}", "'gone' is still a win-back here"),
        ("tasks: {talk: cal}", "there is no task 'cal'"),
        ("approvals: {part: agre}", "there is no approval 'agre'"),
        ("recovery: {a: grievances, b: grievances}", "can take over from one recovery only"),
        ("scores: {worth: valu}", "there is no score 'valu'"),
        ("purposes: {news: leters}", "there is no purpose 'leters'"),
        ("channels: {paper: psot}", "there is no channel 'psot'"),
    ],
)
def test_lines_that_lead_nowhere(line: str, problem: str) -> None:
    with pytest.raises(RulesetInvalid) as invalid:
        loaded(f"{NEW}migration:\n  {line}\n")
    assert problem in str(invalid.value)


def test_s15_two_that_customers_may_both_be_in_do_not_become_one(shop: Any) -> None:
    two = OLD.replace("win_back:\n", "win_back:\n  gone: {enter: wish, steps: [now: {send: ad}], "
                      "until: purchase}\n")  # fmt: skip
    shop.run(two, BEGUN)
    problems = refused(shop, TAKES_OVER)
    assert any("has a win-back 'gone' beside 'lost'" in found for found in problems)


# --- random histories -------------------------------------------------------------------------

KINDS: Sequence[Mapping[str, object]] = (
    *({"type": "purchase", "amount": amount} for amount in (1, 20)),
    *({"type": kind, "ticket": one} for kind in ("complaint", "answer", "solved") for one in "ab"),
    {"type": "hello"},
    {"type": "wish"},
    {"type": "approval_given", "approval": "part", "approved": True, "by": "anna"},
    {"type": "task_done", "task": "talk", "by": "anna"},
    {"type": "consent_given", "purpose": "news"},
    {"type": "consent_withdrawn", "purpose": "news", "channel": "paper"},
    {"type": "scored", "score": "worth", "strategy": "rfm", "values": {"segment": "loyal"}},
)
CUSTOMERS = ["ann", "bob", "cat", "dan"]

events = st.tuples(st.integers(0, 20), st.sampled_from(CUSTOMERS), st.sampled_from(KINDS))


def lines_of(happens: Sequence[tuple[int, str, Mapping[str, object]]], names: bool) -> list[Any]:
    """The events at their times, each so many hours after the one before."""
    hour, lines = 0, []
    for number, (hours, customer, what) in enumerate(happens):
        hour += hours
        said = {
            key: NAMES.get(str(value), value) if names and key != "values" else value
            for key, value in what.items()
        }
        lines.append({"id": f"{number}", "customer": customer, "time": on(hour), **said})
    return lines


def comes_to(shop: Any) -> object:
    """All that customers have, and what people are asked; but for numbers of timers, which an
    activation makes more of, and what is over is called."""
    found = []
    for customer in shop.ask("select customer from customers order by customer"):
        state = shop.state(customer)
        timers = [replace(timer, number=0) for timer in state.life.timers]
        its = replace(state.life, timers=(), set=0)
        kept = state.fired, state.used, state.account
        found.append((customer, sorted(map(str, timers)), its, kept))
    columns = "customer, number, name, status, roles, assignee, due, outcome, closed"
    asked = shop.ask(f"select kind, {columns} from tasks order by seq")
    columns = "customer, number, recovery, name, status, opened, due, times, late, outcome, closed"
    cases = shop.ask(f"select {columns} from cases order by seq")
    asked, cases = (
        [[NAMES.get(one, one) for one in row] for row in rows] for rows in (asked, cases)
    )
    return found, asked, cases, shop.ask("select customer, message, time from outbox order by seq")


@given(st.lists(events, min_size=20, max_size=50), st.data())
@settings(max_examples=8)  # each is a history of several customers
def test_s15_it_is_as_if_the_names_had_always_been_those(
    new_shop: NewShop, happens: Any, data: st.DataObject
) -> None:
    cut = data.draw(st.integers(1, len(happens)), "cut")
    with new_shop() as shop, new_shop() as always:
        early, late = lines_of(happens, names=False), lines_of(happens, names=True)
        shop.run(OLD, early[:cut])
        activated(shop, TAKES_OVER)
        end = (datetime.fromisoformat(late[-1]["time"]) + timedelta(days=40)).isoformat()
        shop.run(TAKES_OVER, late[cut:], until=end)
        always.run(NEW, late, until=end)
        assert comes_to(shop) == comes_to(always)
        check(shop)
