"""Plugins: new words from installed packages, and what is said when one breaks its contract."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import loyalcore
from loyalcore.delivery.file import FILE
from loyalcore.effects.builtin import EFFECTS
from loyalcore.errors import PluginError
from loyalcore.expression import FUNCTIONS
from loyalcore.hookspecs import hookimpl
from loyalcore.plugins import Plugin, channel_kinds, installed, make_manager, vocabulary
from loyalcore.scoring.builtin import STRATEGIES

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
    } in said("doctor", "--json")["plugins"]
    assert "stamp" in said("schema")["$defs"]["Effect"]["properties"]


def test_its_version_is_in_the_fingerprint_of_its_words(site: Path) -> None:
    without = vocabulary(make_manager())
    install(site, "stamps", "loyalcore_test_versioned", STAMPS, "2.5")
    words = vocabulary(make_manager())
    assert words.fingerprint == f"{without.fingerprint} stamps=2.5"
    assert words.effects.keys() - without.effects.keys() == {"stamp"}
    assert words.functions.keys() - without.functions.keys() == {"weekend"}


def test_loyalcore_registers_its_own_words_in_the_same_way() -> None:
    manager = make_manager()
    words = (*(kind.name for kind in EFFECTS), *FUNCTIONS, "file")
    words += tuple(kind.name for kind in STRATEGIES)
    assert Plugin("loyalcore", loyalcore.__version__, words) in installed(manager)
    assert {kind.name for kind in EFFECTS} <= vocabulary(manager).effects.keys()


def test_a_test_registers_what_it_likes_and_leaves_nothing_behind() -> None:
    extra = module(loyalcore_functions=nothing)
    vars(extra)["__version__"] = "7"
    assert Plugin("extra", "7", ()) in installed(make_manager([("extra", extra)]))
    assert "extra" not in {plugin.name for plugin in installed(make_manager())}


def test_a_function_that_is_not_marked_is_no_hook() -> None:
    plain = ModuleType("plain")
    vars(plain)["loyalcore_effects"] = lambda: EFFECTS
    manager = make_manager([("plain", plain)])
    assert Plugin("plain", "0", ()) in installed(manager)
    assert vocabulary(manager).effects


def test_a_channel_is_no_word_of_the_language(site: Path) -> None:
    without = vocabulary(make_manager())
    install(site, "spool", "loyalcore_test_spool", SPOOL)
    manager = make_manager()
    assert channel_kinds(manager).keys() == {"file", "spool"}
    # Who installs a channel doesn't have other programs by that.
    assert vocabulary(manager).fingerprint == without.fingerprint


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
    with pytest.raises(PluginError, match=r"^plugin 'odd': TypeError: 'post' is no ChannelKind$"):
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
    with pytest.raises(PluginError, match="there are two plugins of the name 'stamps'"):
        make_manager()


def test_no_package_can_take_the_place_of_loyalcore(site: Path) -> None:
    install(site, "loyalcore", "loyalcore_test_impostor", "")
    with pytest.raises(PluginError, match="there are two plugins of the name 'loyalcore'"):
        make_manager()


@pytest.mark.parametrize(
    ("source", "says"),
    [
        (
            "import there_is_no_such_module",
            "plugin 'broken': ModuleNotFoundError: No module named 'there_is_no_such_module'",
        ),
        ("1 / 0", "plugin 'broken': ZeroDivisionError: division by zero"),
        ("def", "plugin 'broken': SyntaxError: "),
    ],
)
def test_a_package_that_cannot_be_imported_is_named(
    site: Path, source: str, says: str, request: pytest.FixtureRequest
) -> None:
    install(site, "broken", f"loyalcore_test_{abs(hash(request.node.name))}", source)
    with pytest.raises(PluginError) as error:
        make_manager()
    assert str(error.value).startswith(says)


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
        (["earn"], "TypeError: 'earn' is no EffectKind"),
        ([FUNCTIONS["min"]], "TypeError: Function(name='min'"),
        (None, "TypeError: 'NoneType' object is not iterable"),
    ],
)
def test_a_hook_that_gives_something_else_than_words_is_an_error(given: Any, says: str) -> None:
    manager = make_manager([("odd", module(loyalcore_effects=lambda: given))])
    for ask in (vocabulary, installed):
        with pytest.raises(PluginError) as error:
            ask(manager)
        assert str(error.value).startswith(f"plugin 'odd': {says}")


def test_a_hook_that_fails_is_an_error_that_names_its_plugin() -> None:
    def fail() -> list[object]:
        raise OSError("no network")

    with pytest.raises(PluginError, match=r"^plugin 'failing': OSError: no network$"):
        vocabulary(make_manager([("failing", module(loyalcore_functions=fail))]))
