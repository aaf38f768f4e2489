"""Plugins: new words from installed packages, and what is said when one breaks its contract."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from click.testing import CliRunner, Result

import loyalcore
from loyalcore.cli import main
from loyalcore.delivery.file import FILE
from loyalcore.effects.builtin import EFFECTS
from loyalcore.errors import PluginError, UsageError
from loyalcore.expression import FUNCTIONS
from loyalcore.hookspecs import hookimpl, loyalcore_effects
from loyalcore.plugins.choice import Choice
from loyalcore.plugins.gathering import channel_kinds, installed, vocabulary
from loyalcore.plugins.loading import Manager, make_manager
from loyalcore.ruleset.source import Source
from loyalcore.runner.loading import load_from
from loyalcore.scoring.builtin import STRATEGIES

NONE = Choice(only=frozenset({"loyalcore"}))

STAMPS = '''\
"""Stamp cards, and whether a day is at the weekend."""

from pydantic import RootModel

from loyalcore.effects.changes import Issue, Skipped
from loyalcore.effects.kind import EffectKind
from loyalcore.expression import Form, Function
from loyalcore.hookspecs import hookimpl
from loyalcore.ruleset.model import Formula
from loyalcore.values import DATE, FLAG, INTEGER


class Stamp(RootModel[dict[str, Formula]]):
    """A full card by name, where its formula reaches ten: `stamp: {tea: orders}`."""


def plan_stamp(spec, planner):
    cards = {card: planner.formula(text, (INTEGER,), card) for card, text in spec.root.items()}
    if None in cards.values():
        return None

    def run(facts):
        for card, formula in cards.items():
            full = formula(facts) >= 10
            yield Issue("benefit", card) if full else Skipped("stamp", f"{card}: not full")

    return run


@hookimpl
def loyalcore_effects():
    return [EffectKind("stamp", Stamp, plan_stamp)]


@hookimpl
def loyalcore_functions():
    form = Form((DATE,), FLAG, lambda day: day.weekday() >= 5)
    return [Function("weekend", "weekend(d)", "whether d is a Saturday or Sunday", (form,))]
'''

SPOOL = '''\
"""A channel that keeps what it is given."""

from loyalcore.channels import Channel, ChannelKind, NoSettings, Receipt
from loyalcore.hookspecs import hookimpl


class Spool(Channel):
    def __init__(self, settings):
        self.messages = []

    def send(self, message):
        self.messages.append(message)
        return Receipt(str(len(self.messages)))


@hookimpl
def loyalcore_channels():
    return [ChannelKind("spool", NoSettings, Spool)]
'''

CLUB = """\
program: club
events: {purchase: {n: integer}}
rules:
  tea:
    on: purchase
    when: weekend(date)
    then: [{stamp: {tea: n}}]
"""

EVENTS = """\
{"id": "1", "customer": "ann", "type": "purchase", "time": "2026-01-02", "n": 12}
{"id": "2", "customer": "ann", "type": "purchase", "time": "2026-01-03", "n": 9}
{"id": "3", "customer": "ann", "type": "purchase", "time": "2026-01-04", "n": 10}
"""


def install(site: Path, name: str, module: str, source: str, version: str = "1.0") -> None:
    """Lay a distribution into `site` as pip does, with one entry point of its name."""
    site.mkdir(exist_ok=True)
    (site / f"{module}.py").write_text(source)
    info = site / f"{module}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: {version}\n")
    (info / "entry_points.txt").write_text(f"[loyalcore]\n{name} = {module}\n")


def command(site: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """The command line as a process that finds the packages in `site`."""
    path = os.pathsep.join([str(site), str(Path(loyalcore.__file__).parents[1])])
    return subprocess.run(
        [sys.executable, "-m", "loyalcore", *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def here(*arguments: object) -> Result:
    """The command line, in this process."""
    return CliRunner().invoke(main, [*map(str, arguments)])


def imported(site: Path, source: str) -> ModuleType:
    """A module of this text, that no entry point names."""
    name = f"loyalcore_test_{abs(hash((site, source)))}"
    (site / f"{name}.py").write_text(source)
    return import_module(name)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of installed packages, for the time of a test."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(site)
    return site


def module(**functions: Callable[..., Any]) -> ModuleType:
    """A plugin with these hooks."""
    made = ModuleType("made")
    for name, function in functions.items():
        setattr(made, name, hookimpl(function))
    return made


def nothing() -> list[object]:
    return []


# --- what a plugin adds -----------------------------------------------------------------------


def test_an_installed_package_adds_words_to_every_command(tmp_path: Path) -> None:
    install(tmp_path / "site", "stamps", "loyalcore_test_stamps", STAMPS, "2.5")
    (tmp_path / "club.yaml").write_text(CLUB)
    (tmp_path / "events.jsonl").write_text(EVENTS)
    path = os.pathsep.join([str(tmp_path / "site"), str(Path(loyalcore.__file__).parents[1])])

    def said(*arguments: str) -> Any:
        done = subprocess.run(
            [sys.executable, "-m", "loyalcore", *arguments],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": path},
            capture_output=True,
            check=True,
        )
        return json.loads(done.stdout)

    ran = said("run", "club.yaml", "--db", "club.db", "events.jsonl", "--json")
    assert ran["fired"] == {"tea": 2}
    assert ran["issued"] == {"tea": 1}
    assert {
        "name": "stamps",
        "version": "2.5",
        "words": ["stamp", "weekend"],
        "failed": "",
    } in said("doctor", "--json")["plugins"]
    assert "stamp" in said("schema")["$defs"]["Effect"]["properties"]


def hash_of(ruleset: str, *extra: tuple[str, object]) -> str:
    """The hash of the program that a text describes, with the words of these plugins."""
    source = Source({"club.yaml": ruleset}, "club.yaml")
    return load_from(source, "compiled", vocabulary(make_manager(extra))).program.hash


def test_the_version_of_a_plugin_is_part_of_the_programs_that_use_it(site: Path) -> None:
    stamps = imported(site, STAMPS)
    vars(stamps)["__version__"] = "1"
    before = hash_of(CLUB, ("stamps", stamps))
    assert hash_of(CLUB, ("stamps", stamps)) == before
    vars(stamps)["__version__"] = "2"
    assert hash_of(CLUB, ("stamps", stamps)) != before


def test_a_plugin_that_a_program_does_not_use_is_no_part_of_it(site: Path) -> None:
    plain = CLUB.replace("stamp: {tea: n}", "issue: {benefit: tea}").replace("weekend(date)", "n")
    plain = plain.replace("when: n", "when: n > 1")
    assert hash_of(plain, ("stamps", imported(site, STAMPS))) == hash_of(plain)


def test_loyalcore_registers_its_own_words_in_the_same_way() -> None:
    own = {plugin.name: plugin for plugin in installed(make_manager())}["loyalcore"]
    assert (own.version, own.where) == (loyalcore.__version__, "built in")
    assert own.provides["effect"] == tuple(kind.name for kind in EFFECTS)
    assert own.provides["function"] == tuple(FUNCTIONS)
    assert own.provides["channel"] == ("file",)
    assert own.provides["scoring strategy"] == tuple(kind.name for kind in STRATEGIES)


def test_a_test_registers_what_it_likes_and_leaves_nothing_behind() -> None:
    extra = module(loyalcore_functions=nothing)
    vars(extra)["__version__"] = "7"
    found = installed(make_manager([("extra", extra)]))
    assert ("extra", "7") in {(plugin.name, plugin.version) for plugin in found}
    assert "extra" not in {plugin.name for plugin in installed(make_manager())}


def test_a_hook_that_is_not_marked_is_an_error() -> None:
    plain = ModuleType("plain")
    vars(plain)["loyalcore_effects"] = lambda: EFFECTS
    with pytest.raises(PluginError) as error:
        make_manager([("plain", plain)])
    assert str(error.value).startswith("plugin 'plain': loyalcore_effects is not marked by @hookim")
    vars(plain)["loyalcore_effects"] = loyalcore_effects  # that of hookspecs, by an import *
    assert "plain" in make_manager([("plain", plain)]).origins


def test_a_channel_is_no_word_of_the_language(site: Path) -> None:
    without = vocabulary(make_manager())
    install(site, "spool", "loyalcore_test_spool", SPOOL)
    manager = make_manager()
    assert channel_kinds(manager).keys() >= {"file", "spool"}
    assert vocabulary(manager).origins == without.origins


def test_a_strategy_is_a_word_with_a_version_of_its_own() -> None:
    without = vocabulary(make_manager())
    better = replace(STRATEGIES[0], name="better", version="2")
    words = vocabulary(make_manager([("better", module(loyalcore_scoring=lambda: [better]))]))
    assert words.strategies == {**without.strategies, "better": better}
    # It counts in the programs that use it, and in no others.
    assert words.fingerprint == without.fingerprint


# --- a broken contract ------------------------------------------------------------------------


def test_two_plugins_with_one_word_are_an_error_that_names_both() -> None:
    again = module(loyalcore_effects=lambda: [EFFECTS[0]])
    with pytest.raises(PluginError) as error:
        vocabulary(make_manager([("again", again)]))
    assert str(error.value) == "the effect 'earn' is registered twice, by again and loyalcore"
    one, other = (module(loyalcore_functions=lambda: [FUNCTIONS["min"]]) for _ in range(2))
    with pytest.raises(PluginError, match=r"function 'min' is registered twice, by .* and "):
        vocabulary(make_manager([("one", one), ("other", other)]))


def test_two_plugins_with_one_channel_are_an_error_that_names_both() -> None:
    again = module(loyalcore_channels=lambda: [FILE])
    with pytest.raises(PluginError) as error:
        channel_kinds(make_manager([("again", again)]))
    assert str(error.value) == "the channel 'file' is registered twice, by again and loyalcore"
    odd = module(loyalcore_channels=lambda: ["post"])
    with pytest.raises(
        PluginError, match=r"^plugin 'odd': TypeError: loyalcore_channels gave str, "
    ):
        channel_kinds(make_manager([("odd", odd)]))


def test_two_plugins_with_one_strategy_are_an_error_that_names_both() -> None:
    again = module(loyalcore_scoring=lambda: [STRATEGIES[0]])
    with pytest.raises(PluginError) as error:
        vocabulary(make_manager([("again", again)]))
    says = "the scoring strategy 'rfm' is registered twice, by again and loyalcore"
    assert str(error.value) == says


def test_two_packages_of_one_name_are_an_error(site: Path) -> None:
    install(site, "stamps", "loyalcore_test_first", "")
    install(site, "stamps", "loyalcore_test_second", "")
    with pytest.raises(PluginError) as error:
        make_manager()
    assert str(error.value) == (
        "there are two plugins of the name 'stamps': loyalcore_test_first 1.0 "
        "(loyalcore_test_first), and loyalcore_test_second 1.0 (loyalcore_test_second); "
        "uninstall one of them, or leave both out by LOYALCORE_PLUGINS=-stamps"
    )


def test_no_package_can_take_the_place_of_loyalcore(site: Path) -> None:
    install(site, "loyalcore", "loyalcore_test_impostor", "")
    with pytest.raises(PluginError, match="there are two plugins of the name 'loyalcore'"):
        make_manager()


@pytest.mark.parametrize(
    ("source", "says"),
    [
        (
            "import there_is_no_such_module",
            "ModuleNotFoundError: No module named 'there_is_no_such_module'",
        ),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("def", "SyntaxError: "),
        ("raise SystemExit(3)", "SystemExit: 3"),
    ],
)
def test_a_package_that_cannot_be_imported_is_left_out_and_told(
    site: Path,
    source: str,
    says: str,
    request: pytest.FixtureRequest,
    caplog: pytest.LogCaptureFixture,
) -> None:
    name = f"loyalcore_test_{abs(hash(request.node.name))}"
    install(site, "broken", name, source)
    manager = make_manager()
    assert manager.failed["broken"].startswith(says)
    (told,) = caplog.messages
    assert told.startswith(f"warning: plugin 'broken' ({name} 1.0 ({name})) can't be loaded")
    make_manager()
    assert len(caplog.messages) == 1  # once is enough
    (broken,) = [plugin for plugin in installed(manager) if plugin.name == "broken"]
    assert broken.failed.startswith(says)
    assert (
        vocabulary(manager).effects.keys() == vocabulary(make_manager(choice=NONE)).effects.keys()
    )


def test_a_program_that_needs_words_of_a_lost_plugin_stops_and_says_so(
    tmp_path: Path, site: Path
) -> None:
    install(site, "stamps", "loyalcore_test_lost", STAMPS)
    (tmp_path / "club.yaml").write_text(CLUB)
    (tmp_path / "events.jsonl").write_text(EVENTS)
    run = ("run", tmp_path / "club.yaml", "--db", tmp_path / "club.db", tmp_path / "events.jsonl")
    assert here(*run).exit_code == 0
    (site / "loyalcore_test_lost.py").write_text("import no_such_thing")
    del sys.modules["loyalcore_test_lost"]

    said = command(site, *run)
    assert said.returncode == 1
    assert "there is no effect 'stamp'" in said.stderr
    assert "plugin 'stamps' can't be loaded: ModuleNotFoundError" in said.stderr
    again = here("explain", "--db", tmp_path / "club.db", "--customer", "ann")
    assert again.exit_code == 1
    assert "can't be compiled here" in again.stderr
    assert "Are the plugins that it used installed?" in again.stderr
    # What needs none of its words goes on.
    again = here("customer", "list", "--db", tmp_path / "club.db")
    assert (again.exit_code, "ann" in again.stdout) == (0, True)


# --- which may be used ------------------------------------------------------------------------


def names(manager: Manager) -> set[str]:
    return {name for name, _ in manager.list_name_plugin()}


def test_the_environment_allows_some(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("one", "two", "three"):
        install(site, name, f"loyalcore_test_{name}", "")
    assert {"loyalcore", "one", "two", "three"} <= names(make_manager())
    monkeypatch.setenv("LOYALCORE_PLUGINS", "one, two")
    assert names(make_manager()) == {"loyalcore", "one", "two"}
    monkeypatch.setenv("LOYALCORE_PLUGINS", "-two,-three")
    assert {"loyalcore", "one"} <= names(make_manager())
    assert {"two", "three"}.isdisjoint(names(make_manager()))
    monkeypatch.setenv("LOYALCORE_PLUGINS", "loyalcore")
    assert names(make_manager()) == {"loyalcore"}
    monkeypatch.setenv("LOYALCORE_PLUGINS", "")
    assert {"one", "two", "three"} <= names(make_manager())


def test_one_of_two_of_a_name_is_left_out_by_leaving_out_both(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(site, "stamps", "loyalcore_test_once", "")
    install(site, "stamps", "loyalcore_test_twice", "")
    monkeypatch.setenv("LOYALCORE_PLUGINS", "-stamps")
    assert "stamps" not in names(make_manager())


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ("one,-two", "either allows (a,b) or denies (-a,-b); it does both"),
        ("loyalcor", "there is no plugin 'loyalcor'; did you mean 'loyalcore'?"),
        ("-zebra", "there is no plugin 'zebra'; there is "),
    ],
)
def test_a_choice_that_makes_no_sense_is_an_error(
    said: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOYALCORE_PLUGINS", said)
    with pytest.raises(UsageError) as error:
        make_manager()
    assert says in str(error.value)


def test_a_folder_of_single_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "stamps.py").write_text(STAMPS)
    (folder / "_draft.py").write_text("1 / 0")
    (folder / "spool.py").write_text('__version__ = "3"\n' + SPOOL)
    monkeypatch.setenv("LOYALCORE_PLUGIN_DIR", str(folder))
    manager = make_manager()
    found = {plugin.name: plugin for plugin in installed(manager)}
    assert found["stamps"].words == ("stamp", "weekend")
    assert found["stamps"].about == "Stamp cards, and whether a day is at the weekend."
    assert found["stamps"].where == str(folder / "stamps.py")
    assert found["spool"].version == "3"
    assert "_draft" not in found
    # Without a version of its own, another text is another version.
    first = found["stamps"].version
    (folder / "stamps.py").write_text(STAMPS.replace(">= 10", ">= 11"))
    assert {one.name: one.version for one in installed(make_manager())}["stamps"] != first
    monkeypatch.setenv("LOYALCORE_PLUGIN_DIR", str(folder / "none"))
    with pytest.raises(UsageError, match=r"there is no folder .*none of plugins"):
        make_manager()


def test_a_file_with_the_name_of_a_package_is_an_error_that_names_both(
    site: Path, tmp_path: Path
) -> None:
    install(site, "stamps", "loyalcore_test_packed", "")
    (tmp_path / "stamps.py").write_text("")
    with pytest.raises(PluginError, match=r"'stamps': .*stamps\.py, and loyalcore_test_packed "):
        make_manager(choice=Choice((tmp_path,)))


def test_the_command_line_looks_in_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "stamps.py").write_text(STAMPS)
    (folder / "broken.py").write_text("1 / 0")
    said = command(tmp_path, "--plugin-dir", folder, "plugins", "list", "--json")
    found = {plugin["name"]: plugin for plugin in json.loads(said.stdout)}
    assert found["stamps"]["provides"] == {"effect": ["stamp"], "function": ["weekend"]}
    assert found["broken"]["failed"] == "ZeroDivisionError: division by zero"
    assert said.stderr.count("can't be loaded and is left out") == 1
    assert said.returncode == 0
    said = here("--plugin-dir", folder, "plugins", "show", "stamps")
    assert said.exit_code == 0
    assert "effect     stamp" in said.stdout
    said = here("plugins", "show", "loyalcore")
    assert re.search(r"channel +file +text, HTML, attachments, replies", said.stdout)
    said = here("--plugin-dir", folder, "plugins", "show", "broken")
    assert said.exit_code == 1
    assert "It can't be used: ZeroDivisionError" in said.stdout
    said = here("--plugin-dir", folder, "plugins", "show", "stmps")
    assert said.exit_code == 2
    assert "did you mean 'stamps'?" in said.stderr
    assert "plugin 'broken' can't be used" in here("--plugin-dir", folder, "doctor").stdout


def test_a_hook_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(PluginError) as error:
        make_manager([("typo", module(loyalcore_efects=nothing))])
    assert str(error.value) == (
        "plugin 'typo': there is no hook loyalcore_efects (did you mean 'loyalcore_effects'?)"
    )


def test_a_hook_with_arguments_of_its_own_is_an_error() -> None:
    def wants_more(more: object) -> list[object]:
        return [more]

    with pytest.raises(PluginError, match=r"^plugin 'greedy': PluginValidationError: "):
        make_manager([("greedy", module(loyalcore_effects=wants_more))])


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (["earn"], "TypeError: loyalcore_effects gave str, which is no EffectKind"),
        ([FUNCTIONS["min"]], "TypeError: loyalcore_effects gave Function, which is no "),
        (None, "TypeError: loyalcore_effects gave NoneType, not a list of EffectKinds"),
        ("earn", "TypeError: loyalcore_effects gave str, not a list of EffectKinds"),
        (EFFECTS[0], "TypeError: loyalcore_effects gave EffectKind, not a list of EffectKinds"),
        ([replace(EFFECTS[0], name=" ")], "TypeError: loyalcore_effects gave EffectKind without"),
    ],
)
def test_a_hook_that_gives_something_else_than_words_is_an_error(given: Any, says: str) -> None:
    manager = make_manager([("odd", module(loyalcore_effects=lambda: given))])
    with pytest.raises(PluginError) as error:
        vocabulary(manager)
    assert str(error.value).startswith(f"plugin 'odd': {says}")
    (odd,) = [plugin for plugin in installed(manager) if plugin.name == "odd"]
    assert odd.failed.startswith(says)


def test_a_hook_that_fails_is_an_error_that_names_its_plugin() -> None:
    def fail() -> list[object]:
        raise OSError("no network")

    with pytest.raises(PluginError, match=r"^plugin 'failing': OSError: no network$"):
        vocabulary(make_manager([("failing", module(loyalcore_functions=fail))]))
