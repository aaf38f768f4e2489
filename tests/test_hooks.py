"""Every hook, by a plugin that is installed; and hostile plugins at each of them."""

from __future__ import annotations

import inspect
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner

from loyalcore import builtin, hookspecs
from loyalcore.cli import main
from loyalcore.effects.choosing import Chooser
from loyalcore.effects.kind import EffectKind
from loyalcore.errors import PluginError, RulesetInvalid
from loyalcore.expression import Form, Function
from loyalcore.hookspecs import hookimpl
from loyalcore.intake import Form as InputForm
from loyalcore.intake import stage
from loyalcore.observers import Committed, Observer
from loyalcore.plugins.choice import Choice
from loyalcore.plugins.gathering import gathered
from loyalcore.plugins.loading import HOOKS, make_manager
from loyalcore.program.extending.acting import Incoming, Preparer, Proposal, Reviewer, Veto
from loyalcore.program.figures.metric_kind import MetricKind
from loyalcore.ruleset.model import RuleSpec
from loyalcore.ruleset.source import Source
from loyalcore.runner.loading import load_from
from loyalcore.runner.run import run as run_events
from loyalcore.store import Store
from loyalcore.testing import Played, play
from loyalcore.values import INTEGER

NONE = Choice(only=frozenset({"loyalcore"}))
ROOT = Path(__file__).parents[1]
SHOWCASE = ROOT / "tests" / "showcase" / "loyalcore_showcase.py"

CLUB = """\
program: club
events: {purchase: {amount: integer, shop: text}}
metrics:
  orders: {count: purchase}
  today: {count: purchase, over: 1 day}
  middle: {figure: {median: purchase.amount}, over: 30 days}
wallets: {points: {}}
plugins:
  prepare: {tidy: {on: purchase}}
  review: {velocity: {on: purchase, when: amount > 0, with: {orders: today}}}
rules:
  earn: {on: purchase, then: [{earn: {points: 10}}]}
  badge: {on: purchase, when: quarter(date) == 1, limit: once, then: [{badge: {name: early}}]}
  oslo: {on: purchase, when: shop == 'oslo', then: [{issue: {benefit: map}}]}
  typical: {on: purchase, when: middle == 20, then: [{issue: {benefit: middle}}]}
  write:
    on: purchase
    then: [{send: {choose: [tea, cake], by: in_turn, with: {turn: orders}}}]
messages: {tea: {text: Tea}, cake: {text: Cake}}
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the showcase is installed as pip installs it."""
    site = tmp_path_factory.mktemp("site")
    (site / SHOWCASE.name).write_text(SHOWCASE.read_text())
    info = site / "loyalcore_showcase-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: showcase\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text("[loyalcore]\nshowcase = loyalcore_showcase\n")
    return site


class Said(NamedTuple):
    """What a command said."""

    returncode: int
    stdout: str
    stderr: str


def in_process(*arguments: object) -> Said:
    """The command line, in this process."""
    result = CliRunner().invoke(main, [*map(str, arguments)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Said(result.exit_code, result.stdout, result.stderr)


@pytest.fixture
def command(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Said]:
    """The command line where the showcase is installed, in a folder with the club."""
    (tmp_path / "club.yaml").write_text(CLUB)
    monkeypatch.syspath_prepend(site)
    monkeypatch.chdir(tmp_path)
    return in_process


@pytest.fixture
def showcase(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The showcase is installed."""
    monkeypatch.syspath_prepend(site)


def bought(number: int, time: str = "2026-01-01", **fields: object) -> dict[str, object]:
    return {
        "customer": "ann",
        "type": "purchase",
        "id": str(number),
        "time": time,
        "amount": 10,
        **fields,
    }


def plugin(**hooks: Callable[..., Any]) -> dict[str, object]:
    """A plugin `mine` with these hooks, by their names without `loyalcore_`."""
    made = ModuleType("mine")
    for name, hook in hooks.items():
        vars(made)[f"loyalcore_{name}"] = hookimpl(hook)
    return {"mine": made}


# --- meta -------------------------------------------------------------------------------------


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_is_documented_tested_and_used(hook: str) -> None:
    page = (ROOT / "docs" / "plugins.md").read_text("utf-8")
    signature = inspect.signature(getattr(hookspecs, hook))
    assert f"`{hook}{signature}`" in page, f"{hook} is not on docs/plugins.md"
    assert page.count(f"def {hook}(") + page.count(f"`{hook}`") > 0, f"{hook} has no example"
    tests = Path(__file__).read_text("utf-8")
    assert re.search(rf"def test_{hook}\b", tests), f"{hook} has no test (test_{hook})"
    plugins = [*ROOT.glob("plugins/*/src/**/*.py"), SHOWCASE, Path(builtin.__file__)]
    used = any(f"def {hook}(" in path.read_text("utf-8") for path in plugins)
    assert used, f"no plugin uses {hook}"


def test_the_showcase_has_something_of_every_kind(command: Any) -> None:
    shown = json.loads(command("plugins", "show", "showcase", "--json").stdout)
    assert (shown["version"], shown["failed"]) == ("1.2", "")
    assert shown["provides"] == {
        "effect": ["badge"],
        "function": ["quarter"],
        "metric": ["median"],
        "chooser": ["in_turn"],
        "preparer": ["tidy"],
        "reviewer": ["velocity"],
        "channel": ["shelf"],
        "scoring strategy": ["top"],
        "observer": ["journal"],
        "reader": ["piped"],
        "lint": ["unlimited-badges"],
        "report section": ["clocks"],
        "command": ["greet"],
    }


@pytest.mark.parametrize("hook", HOOKS)
def test_what_two_plugins_register_is_an_error_that_names_both(
    hook: str, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(site)
    word = next(iter(gathered(make_manager(), hook).values()))
    again = plugin(**{hook.removeprefix("loyalcore_"): lambda: [word]})
    with pytest.raises(PluginError, match=rf"'{word.name}' is registered twice, by .* and "):
        gathered(make_manager(again.items()), hook)
    twice = plugin(**{hook.removeprefix("loyalcore_"): lambda: [word, word]})
    with pytest.raises(PluginError, match="is registered twice"):
        gathered(make_manager(twice.items(), NONE), hook)
    odd = plugin(**{hook.removeprefix("loyalcore_"): lambda: ["nonsense"]})
    with pytest.raises(PluginError, match=f"plugin 'mine': TypeError: {hook} gave str, "):
        gathered(make_manager(odd.items()), hook)


# --- each hook --------------------------------------------------------------------------------


def decided(*events: Mapping[str, object]) -> Played:
    return play(CLUB, events)


@pytest.mark.usefixtures("showcase")
def test_loyalcore_effects() -> None:
    assert decided(bought(1)).issued == {"ann": ("early",)}


@pytest.mark.usefixtures("showcase")
def test_loyalcore_functions() -> None:
    assert "badge" not in decided(bought(1, "2026-05-01")).fired


@pytest.mark.usefixtures("showcase")
def test_loyalcore_metrics() -> None:
    events = [
        bought(n, f"2026-05-{day:02}", amount=amount)
        for n, (day, amount) in enumerate([(1, 10), (5, 20), (9, 30), (20, 40)])
    ]
    typical = [one.event for one in decided(*events).decisions if one.rule == "typical"]
    assert len(typical) == 2  # of 10, 20 the upper middle; of 10, 20, 30 the middle


@pytest.mark.usefixtures("showcase")
def test_loyalcore_choosers() -> None:
    played = decided(*(bought(n, f"2026-05-0{n}") for n in (1, 2, 3)))
    assert [one.message for one in played.messages] == ["tea", "cake", "tea"]


@pytest.mark.usefixtures("showcase")
def test_loyalcore_preparers() -> None:
    played = decided(bought(1, "2026-05-01", shop=" Oslo "), bought(2, "2026-05-02", till="test"))
    assert played.issued == {"ann": ("map",)}
    (reject,) = played.rejects
    assert (reject.code, reject.message) == ("dropped", "prepare: tidy: a till under test")


@pytest.mark.usefixtures("showcase")
def test_loyalcore_reviewers() -> None:
    played = decided(
        *(bought(hour, f"2026-05-01T0{hour}:00:00Z") for hour in (1, 2, 3)),
        bought(4, "2026-05-01T04:00:00Z", amount=0),
    )
    earned = [one for one in played.decisions if one.rule == "earn"]
    held = "review: velocity: too many orders in a day"
    assert [one.reason for one in earned] == ["", "", held, ""]
    noted = {"effect": "noted", "by": "velocity", "text": "the second of its day"}
    assert [noted in one.effects for one in earned] == [False, True, False, False]
    assert played.balances == {"ann": {"points": 30}}
    assert [one.reason for one in played.decisions if one.rule == "write"][2] == held


def test_loyalcore_channels(command: Any, tmp_path: Path) -> None:
    (tmp_path / "shelf.toml").write_text("[channels.file]\nkind = 'shelf'\n")
    run(command, tmp_path, [bought(1)])
    said = command("deliver", "--db", "club.db", "--settings", "shelf.toml", "--json")
    assert json.loads(said.stdout)["channels"]["file"]["sent"] == 1


def run(command: Any, folder: Path, events: list[dict[str, object]]) -> Any:
    (folder / "events.jsonl").write_text("\n".join(map(json.dumps, events)))
    return command("run", "club.yaml", "--db", "club.db", "events.jsonl", "--json")


def test_loyalcore_observers(command: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = tmp_path / "journal"
    monkeypatch.setenv("JOURNAL", str(journal))
    events = [bought(1, "2026-05-01"), bought(2, "2026-05-02")]
    assert run(command, tmp_path, events).returncode == 0
    assert journal.read_text() == "purchase 1: earn,write\npurchase 2: earn,write\n"
    assert run(command, tmp_path, events).returncode == 0  # nothing new
    run(command, tmp_path, [*events, bought(3, "2026-05-03")])
    assert journal.read_text().count("\n") == 3


def test_loyalcore_readers(command: Any, tmp_path: Path) -> None:
    (tmp_path / "till.txt").write_text(
        "ann|purchase|2026-05-01|10\nann|purchase\nbob|purchase|x|1\n"
    )
    said = command("run", "club.yaml", "--db", "club.db", "till.txt", "--format", "piped", "--json")
    assert said.returncode == 1
    found = json.loads(said.stdout)
    assert found["rejected"] == {"bad-record": 1, "bad-time": 1}
    rejects = json.loads(command("rejects", "list", "--db", "club.db", "--json").stdout)
    assert (rejects[0]["line"], rejects[0]["message"]) == (2, "2 cells, not 4")


def test_loyalcore_lints(command: Any, tmp_path: Path) -> None:
    assert "no problems" in command("check", "club.yaml").stdout
    (tmp_path / "club.yaml").write_text(CLUB.replace(", limit: once", ""))
    said = command("check", "club.yaml", "--strict")
    assert said.returncode == 1
    place = "club.yaml:13:3: warning: badges without end (give it a limit) [unlimited-badges]"
    assert place in said.stdout


def test_loyalcore_reports(command: Any, tmp_path: Path) -> None:
    run(command, tmp_path, [bought(1)])
    said = command("report", "--db", "club.db", "--json")
    found = json.loads(said.stdout)
    assert found["failed"] == {}
    assert found["sections"]["clocks"][0]["customer"] == "ann"
    assert {"rule": "earn", "fired": 1, "held back": 0} in found["sections"]["rules"]
    assert "where each customer's clock is" in command("report", "clocks", "--db", "club.db").stdout
    assert command("report", "clokcs", "--db", "club.db").returncode == 2


def test_loyalcore_scoring(command: Any, tmp_path: Path) -> None:
    run(command, tmp_path, [bought(1), bought(2), {**bought(3), "customer": "bob"}])
    (tmp_path / "club.yaml").write_text(f"{CLUB}scores: {{top: {{event: purchase}}}}\n")
    said = json.loads(command("score", "club.yaml", "--db", "club.db", "--json").stdout)
    assert [(one["score"], one["changed"]) for one in said["scores"]] == [("top", 2)]
    listed = command("insights", "--db", "club.db", "--of", "behind=1", "--json").stdout
    assert [one["customer"] for one in json.loads(listed)] == ["bob"]


def test_loyalcore_commands(command: Any) -> None:
    assert command("greet", "Ola").stdout == "Hello, Ola.\n"
    assert "Greet somebody." in command("--help").stdout
    said = command("greet", "nobody")
    assert said.returncode == 1
    assert said.stderr == (
        "error: plugin 'showcase': command 'greet' failed: ValueError: there is nobody\n"
    )
    assert command("gret", "Ola").returncode == 2
    assert command("greet").returncode == 2


# --- hostile plugins in the step ----------------------------------------------------------------

PLAIN = """\
program: club
events: {purchase: {n: integer}, other: {}}
metrics: {last: {latest: purchase.n}}
wallets: {points: {}}
rules:
  earn: {on: purchase, then: [{earn: {points: 10}}]}
  bad: {on: purchase, when: n == 1, then: [THEN]}
PLUGINS
"""


def events(*numbers: int) -> list[dict[str, object]]:
    return [
        {"customer": "ann", "type": "purchase", "id": str(at), "time": f"2026-01-0{at}", "n": n}
        for at, n in enumerate(numbers, start=1)
    ]


def leaves(*arguments: object) -> Any:
    raise SystemExit(3)


def fails(*arguments: object) -> Any:
    raise ValueError("of ann, 4111 1111 1111 1111")


def bad_effect(run: Callable[..., Any]) -> dict[str, object]:
    kind = EffectKind("spoil", RuleSpec, lambda spec, planner: run)
    return plugin(effects=lambda: [kind])


def bad_function(call: Callable[..., Any]) -> dict[str, object]:
    one = Function("spoil", "spoil(n)", "spoils", (Form((INTEGER,), INTEGER, call),))
    return plugin(functions=lambda: [one])


EFFECT = PLAIN.replace("THEN", "{spoil: {on: a, then: [{}]}}").replace("PLUGINS", "")
FORMULA = PLAIN.replace("THEN", "{earn: {points: spoil(n)}}").replace("PLUGINS", "")
REVIEW = PLAIN.replace("THEN", "{earn: {points: 1}}").replace(
    "PLUGINS", "plugins: {review: {mine: {on: purchase, when: n == 1}}}"
)
PREPARE = REVIEW.replace(
    "review: {mine: {on: purchase, when: n == 1}}", "prepare: {mine: {on: purchase}}"
)
CHOICE = PLAIN.replace("THEN", "{send: {choose: [tea, cake], by: mine}}").replace(
    "PLUGINS", "messages: {tea: {text: Tea}, cake: {text: Cake}}"
)
FIGURE = PLAIN.replace(
    "last: {latest: purchase.n}", "odd: {figure: {mine: purchase.n}, over: 1 day}"
)
FIGURE = FIGURE.replace("THEN", "{earn: {points: odd}}").replace("PLUGINS", "")


def reviewer(review: Callable[[Proposal], Any]) -> dict[str, object]:
    return plugin(reviewers=lambda: [Reviewer("mine", "", review)])


def preparer(prepare: Callable[[Incoming], Any]) -> dict[str, object]:
    return plugin(preparers=lambda: [Preparer("mine", "", prepare)])


def chooser(choose: Callable[..., Any]) -> dict[str, object]:
    return plugin(choosers=lambda: [Chooser("mine", "", choose)])


def metric(figure: Callable[..., Any]) -> dict[str, object]:
    return plugin(
        metrics=lambda: [MetricKind("mine", "", ("integer",), lambda sample: INTEGER, figure)]
    )


def poor_prepare(incoming: Incoming) -> Any:
    return fails() if incoming.data["n"] == 1 else incoming.data


def poor_figure(values: Any, times: Any) -> Any:
    return fails() if values[-1] == 1 else 1


HOSTILE = [
    (EFFECT, bad_effect(fails), "effect 'spoil' failed: ValueError"),
    (EFFECT, bad_effect(lambda facts: None), "effect 'spoil' failed: TypeError"),
    (EFFECT, bad_effect(lambda facts: ["earn"]), "effect 'spoil' gave a str, not a change"),
    (EFFECT, bad_effect(lambda facts: facts.clear()), "effect 'spoil' failed: AttributeError"),
    (FORMULA, bad_function(fails), "function 'spoil' failed: ValueError"),
    (REVIEW, reviewer(leaves), "review 'mine' failed: SystemExit"),
    (REVIEW, reviewer(fails), "review 'mine' failed: ValueError"),
    (REVIEW, reviewer(lambda proposal: "no"), "review 'mine' gave a str, not a Veto, a Note or"),
    (REVIEW, reviewer(lambda p: p.data.update(n=9)), "review 'mine' failed: AttributeError"),
    (PREPARE, preparer(poor_prepare), "prepare 'mine' failed: ValueError"),
    (CHOICE, chooser(fails), "chooser 'mine' failed: ValueError"),
    (CHOICE, chooser(lambda candidates: "tee"), "chooser 'mine' gave a str, not one of the cand"),
    (FIGURE, metric(poor_figure), "figure 'mine' failed: ValueError"),
]


@pytest.mark.parametrize(("ruleset", "mine", "says"), HOSTILE, ids=[says for *_, says in HOSTILE])
def test_an_event_at_which_a_plugin_fails_is_rejected_and_nothing_of_it_is_done(
    ruleset: str, mine: dict[str, object], says: str
) -> None:
    played = play(ruleset, events(0, 1, 0), plugins=mine)
    (reject,) = played.rejects
    assert reject.code == "plugin-failed"
    assert reject.message.startswith(f"plugin 'mine': {says}")
    assert "4111" not in reject.message  # what it says may be somebody's
    assert [one.rule for one in played.decisions] == ["earn", "earn"]
    assert played.balances == {"ann": {"points": 20}}


@pytest.mark.parametrize(("ruleset", "mine", "says"), HOSTILE, ids=[says for *_, says in HOSTILE])
def test_the_run_stops_there_if_the_ruleset_says_so(
    ruleset: str, mine: dict[str, object], says: str
) -> None:
    section = "plugins: {" if "plugins: {" in ruleset else "plugins: {}"
    stopping = ruleset if "plugins: {" in ruleset else f"{ruleset}{section}\n"
    stopping = stopping.replace("plugins: {", "plugins: {on_error: stop, ").replace(", }", "}")
    with pytest.raises(PluginError, match=re.escape(f"plugin 'mine': {says}")):
        play(stopping, events(0, 1, 0), plugins=mine)


def test_a_rejected_event_is_taken_once_the_plugin_is_mended(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    text = (
        "from loyalcore.hookspecs import hookimpl\n"
        "from loyalcore.program.extending.acting import Preparer\n"
        "@hookimpl\n"
        "def loyalcore_preparers():\n"
        "    return [Preparer('mine', '', lambda incoming: BODY)]\n"
    )
    (folder / "mine.py").write_text(text.replace("BODY", "incoming.data['none']"))
    (tmp_path / "club.yaml").write_text(PREPARE)
    (tmp_path / "events.jsonl").write_text("\n".join(map(json.dumps, events(0))))

    def said(*arguments: object) -> Any:
        return in_process("--plugin-dir", folder, *arguments)

    db = tmp_path / "club.db"
    assert (
        said("run", tmp_path / "club.yaml", "--db", db, tmp_path / "events.jsonl").returncode == 1
    )
    (folder / "mine.py").write_text(text.replace("BODY", "incoming.data"))
    assert said("rejects", "retry", tmp_path / "club.yaml", "--db", db).returncode == 0


def test_what_is_due_by_itself_cannot_be_rejected_so_the_run_stops() -> None:
    ruleset = """\
program: club
events: {visit: {}}
triggers: {silence: {after: visit, wait: 3 days}}
rules: {bad: {on: silence, then: [{spoil: {on: a, then: [{}]}}]}}
"""
    visit = {"customer": "ann", "type": "visit", "time": "2026-01-01"}
    with pytest.raises(PluginError, match="can't be rejected, so the run stops"):
        play(ruleset, [visit], plugins=bad_effect(fails), until="2026-02-01")


def test_a_plan_that_fails_is_an_error_that_names_it() -> None:
    def plan(spec: Any, planner: Any) -> Any:
        raise KeyError("x")

    mine = plugin(effects=lambda: [EffectKind("spoil", RuleSpec, plan)])
    with pytest.raises(PluginError, match="plugin 'mine': effect 'spoil' failed: KeyError"):
        play(EFFECT, [], plugins=mine)


@pytest.mark.usefixtures("showcase")
@pytest.mark.parametrize(
    ("section", "says"),
    [
        ("review: {velocty: {on: purchase}}", "there is no reviewer 'velocty' (did you mean 'vel"),
        ("prepare: {tody: {on: purchase}}", "there is no way to prepare events 'tody' (did you"),
        ("review: {velocity: {on: purchse}}", "there is no event 'purchse' (did you mean"),
        ("prepare: {tidy: {on: purchse}}", "there is no event 'purchse' (did you mean"),
        ("review: {velocity: {on: purchase, when: nn == 1}}", "'nn'"),
        ("review: {velocity: {on: purchase, with: {x: nn}}}", "'nn'"),
    ],
)
def test_a_slip_in_the_plugins_section_is_told(section: str, says: str) -> None:
    ruleset = PLAIN.replace("THEN", "{earn: {points: 1}}").replace(
        "PLUGINS", f"plugins: {{{section}}}"
    )
    with pytest.raises(RulesetInvalid) as invalid:
        play(ruleset, [])
    assert says in str(invalid.value)


@pytest.mark.usefixtures("showcase")
@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("{median:", "{medan:"), "there is no figure 'medan' (did you mean 'median'?)"),
        ((", over: 30 days", ""), "a figure of a plugin needs over: the length of the window"),
        (("median: purchase.amount", "median: purchase.shop"), "there is no median of text"),
        (("by: in_turn", "by: in_trun"), "there is no chooser 'in_trun' (did you mean 'in_turn'?)"),
        (("[tea, cake]", "[tea, cakes]"), "there is no message 'cakes'"),
    ],
)
def test_a_slip_in_a_figure_or_a_choice_is_told(change: tuple[str, str], says: str) -> None:
    with pytest.raises(RulesetInvalid) as invalid:
        play(CLUB.replace(*change), [])
    assert says in str(invalid.value)


# --- hostile plugins beside the step --------------------------------------------------------------


def test_an_observer_that_fails_is_told_of_the_next_batch(caplog: pytest.LogCaptureFixture) -> None:
    seen: list[str] = []

    def observe(committed: Committed) -> None:
        seen.extend(event.id for event in committed.events)
        raise OSError("no network")

    mine = plugin(observers=lambda: [Observer("mine", "", observe)])
    ruleset = PLAIN.replace("THEN", "{earn: {points: 1}}").replace("PLUGINS", "")
    played = play(ruleset, events(0, 1), plugins=mine)
    assert played.balances == {"ann": {"points": 21}}
    assert seen == ["1", "2"]
    assert caplog.messages == [
        "warning: observer 'mine' missed the events 1 to 2: plugin 'mine': OSError: no network"
    ]


KILLED = """\
import os, sys
from loyalcore.hookspecs import hookimpl
from loyalcore.observers import Observer

def observe(committed):
    if os.environ.get("KILL"):
        os._exit(9)
    print("told of", len(committed.events), file=sys.stderr)

@hookimpl
def loyalcore_observers():
    return [Observer("killed", "", observe)]
"""


def test_a_batch_that_a_killed_run_did_not_tell_is_never_told_but_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "killed.py").write_text(KILLED)
    ruleset = PLAIN.replace("THEN", "{earn: {points: 1}}").replace("PLUGINS", "")
    (tmp_path / "club.yaml").write_text(ruleset)
    monkeypatch.chdir(tmp_path)
    arguments = ["--plugin-dir", "plugins", "run", "club.yaml", "--db", "club.db"]
    arguments += ["events.jsonl", "--json"]

    def ran(*numbers: int) -> Said:
        (tmp_path / "events.jsonl").write_text("\n".join(map(json.dumps, events(*numbers))))
        return in_process(*arguments)

    assert ran(0).stderr == "told of 1\n"
    (tmp_path / "events.jsonl").write_text("\n".join(map(json.dumps, events(0, 0, 0))))
    killing = {**os.environ, "KILL": "1"}
    killed = subprocess.run(
        [sys.executable, "-m", "loyalcore", *arguments], env=killing, check=False
    )
    assert killed.returncode == 9
    said = ran(0, 0, 0, 0)
    assert said.stderr == "told of 1\n"
    why = "an earlier run ended before it was told"
    assert caplog.messages == [f"warning: observer 'killed' missed the events 2 to 3: {why}"]
    assert json.loads(said.stdout)["unobserved"] == {"killed": 2}
    assert ran(0, 0, 0, 0).stderr == ""


def test_hostile_readers_lints_and_reports_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = """
from loyalcore.hookspecs import hookimpl
from loyalcore.intake.reader import EventReader, Record
from loyalcore.program.extending.lints import Lint
from loyalcore.reports import ReportSection

def raises(*given):
    raise ValueError("broken")
    yield

@hookimpl
def loyalcore_readers():
    return [
        EventReader("raises", "", raises),
        EventReader("nonsense", "", lambda file: ["event"]),
        EventReader("odd", "", lambda file: [Record(1, {"customer": object()})]),
    ]

@hookimpl
def loyalcore_lints():
    return [Lint("fussy", "", raises)]

@hookimpl
def loyalcore_reports():
    return [
        ReportSection("raises", "", ("a",), raises),
        ReportSection("writes", "", ("a",), lambda c: c.execute("delete from events")),
        ReportSection("short", "", ("a", "b"), lambda c: [(1,)]),
    ]
"""
    (tmp_path / "hostile.py").write_text(text)
    monkeypatch.setenv("LOYALCORE_PLUGIN_DIR", str(tmp_path))
    club, db, file = tmp_path / "club.yaml", tmp_path / "club.db", tmp_path / "events.jsonl"
    club.write_text(PLAIN.replace("THEN", "{earn: {points: 1}}").replace("PLUGINS", ""))
    file.write_text("\n".join(map(json.dumps, events(0, 1))))
    for name, says in (
        ("raises", "--format raises can't read"),
        ("nonsense", "TypeError: a str is no Record"),
        ("odd", "--format odd gave no plain JSON"),
        ("nonsens", "there is no format 'nonsens'; did you mean 'nonsense'?"),
    ):
        result = in_process("run", club, "--db", db, file, "--format", name)
        assert (result.returncode, says in result.stderr) == (2, True), result.stderr
    result = in_process("check", club)
    assert result.returncode == 0
    assert "plugin 'hostile': lint 'fussy' failed: ValueError" in result.stdout
    assert in_process("run", club, "--db", db, file).returncode == 0
    result = in_process("report", "--db", db, "--json")
    assert result.returncode == 1
    failed = json.loads(result.stdout)["failed"]
    assert failed["raises"] == "plugin 'hostile': ValueError: broken"
    assert "attempt to write a readonly database" in failed["writes"]
    assert "a row has 1 values for 2 columns" in failed["short"]
    assert json.loads(result.stdout)["sections"]["rules"]


def test_a_command_of_a_name_that_is_taken_is_an_error(tmp_path: Path) -> None:
    text = (
        "import click\n"
        "from loyalcore.hookspecs import hookimpl\n"
        "@hookimpl\n"
        "def loyalcore_commands():\n"
        "    return [click.Command('run')]\n"
    )
    (tmp_path / "thief.py").write_text(text)
    result = in_process("--plugin-dir", tmp_path, "nothing")
    assert "the command 'run' is registered twice, by loyalcore and thief" in result.stderr
    assert result.returncode == 1


@pytest.mark.parametrize("hook", ["commands", "comands"])
def test_no_plugin_keeps_loyalcore_from_telling_what_it_can(tmp_path: Path, hook: str) -> None:
    (tmp_path / "thief.py").write_text(
        "import click\n"
        "from loyalcore.hookspecs import hookimpl\n"
        "@hookimpl\n"
        f"def loyalcore_{hook}():\n"
        "    return [click.Command('run'), click.Command(None)]\n"
    )
    result = in_process("--plugin-dir", tmp_path, "--help")
    assert result.returncode == 0
    assert "thief" in result.stderr
    assert "deliver " in result.stdout


def test_a_veto_in_a_stacking_group_lets_another_rule_win() -> None:
    ruleset = """\
program: club
events: {purchase: {n: integer}}
wallets: {points: {}}
groups: {bonus: {stack: best}}
plugins: {review: {mine: {on: purchase}}}
rules:
  big: {on: purchase, group: bonus, then: [{earn: {points: 100}}]}
  small: {on: purchase, group: bonus, then: [{earn: {points: 10}}]}
"""
    mine = reviewer(lambda proposal: Veto("no") if proposal.rule == "big" else None)
    played = play(ruleset, events(0), plugins=mine)
    assert (played.fired, played.held) == (("small",), {"big": "review: mine: no"})


# --- together with the rest -----------------------------------------------------------------------


def test_a_held_back_decision_is_explained_and_replayed(command: Any, tmp_path: Path) -> None:
    events = [bought(hour, f"2026-05-01T0{hour}:00:00Z", shop=" OSLO ") for hour in (1, 2, 3)]
    assert run(command, tmp_path, events).returncode == 0
    said = command("explain", "--db", "club.db", "--customer", "ann", "--rule", "oslo")
    assert "review: velocity: too many orders in a day" in said.stdout
    assert "shop == 'oslo'" in said.stdout  # as it was prepared
    said = command("decisions", "list", "--db", "club.db", "--rule", "earn")
    assert "noted by velocity: the second of its day" in said.stdout
    assert command("ledger", "verify", "--db", "club.db").returncode == 0
    # What the store keeps is the event as it came, so the same again is the same.
    logged = json.loads(command("events", "list", "--db", "club.db", "--json").stdout)
    assert logged[0]["data"]["shop"] == " OSLO "
    assert json.loads(run(command, tmp_path, events).stdout)["duplicates"] == 3


def test_rule_tests_see_what_plugins_do(command: Any, tmp_path: Path) -> None:
    (tmp_path / "club.test.yaml").write_text("""\
tests:
  the third of a day is held back:
    events:
      - {type: purchase, time: 2026-05-01T10:00, amount: 10, shop: " Oslo"}
      - {type: purchase, time: 2026-05-01T11:00, amount: 10}
      - {type: purchase, time: 2026-05-01T12:00, amount: 10}
    expect:
      - at: 2026-05-01T11:30
        decisions: [earn, oslo, write, earn, write]
      - held: {earn: "review: velocity: too many orders in a day",
               write: "velocity: too many orders in a day"}
        decisions: []
""")
    said = command("test", "club.yaml")
    assert said.returncode == 0, said.stdout


MERGING = """\
program: club
allow_late: 7 days
events:
  purchase: {n: integer}
  same_person: {other: id, merges: other}
  gift: {n: integer}
metrics: {spent: {sum: purchase.n}, week: {count: purchase, over: 7 days}}
wallets: {points: {expires: 20 days}}
rules:
  earn: {on: purchase, budget: {points: 50}, then: [{earn: {points: n}}]}
  often:
    on: purchase
    when: week > 1
    limit: 2 per day
    then: [{emit: {type: gift, data: {n: n}}}]
  gift: {on: gift, when: spent > 10, then: [{issue: {benefit: mug}}]}
"""


def dumped(ruleset: str, lines: str, folder: Path, plugins: tuple[str, ...]) -> list[str]:
    """The store that comes of a run in which the program has these plugins."""
    loaded = load_from(Source({"club.yaml": ruleset}, "club.yaml"), "compiled")
    loaded = loaded._replace(program=replace(loaded.program, plugins=plugins))
    file = folder / "events.jsonl"
    file.write_text(lines)
    name = folder / f"{len(plugins)}.db"
    with (
        Store.open(name, create=True) as store,
        stage([str(file)], InputForm(loaded.program.locale.zone)) as staged,
    ):
        # One secret, so that both make the same codes.
        store.connection.execute("update meta set value = x'00' where name = 'secret'")
        store.connection.commit()
        run_events(loaded, store, staged, staged.rejects(), batch=3)
        tables = ("events", "decisions", "entries", "issued", "customers", "draws", "rejects")
        return [
            repr(row)
            for table in tables
            for row in store.connection.execute(f"select * from {table}")
        ]


def test_nothing_is_decided_otherwise_where_a_plugin_could_fail(tmp_path: Path) -> None:
    lines = [
        {
            "customer": "ann" if at % 3 else "bea",
            "type": "purchase",
            "time": f"2026-01-{1 + at - at % 4:02}",
            "id": str(at),
            "n": at,
        }
        for at in range(1, 25)
    ]
    merged = {"customer": "ann", "type": "same_person", "time": "2026-01-17", "other": "bea"}
    late = {"customer": "bea", "type": "purchase", "time": "2026-01-16", "id": "late", "n": 3}
    text = "\n".join(map(json.dumps, [*lines, merged, late]))
    plain = dumped(MERGING, text, tmp_path, ())
    assert dumped(MERGING, text, tmp_path, ("some=1",)) == plain
    assert len(plain) > 60
