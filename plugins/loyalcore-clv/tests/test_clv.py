"""From the events in a store, by `loyalcore score`, to the published parameters and values."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

import loyalcore
import loyalcore_clv
from loyalcore.plugins.choice import Choice
from loyalcore.plugins.gathering import vocabulary
from loyalcore.plugins.loading import make_manager
from loyalcore.scoring import Locale
from loyalcore_clv.bgnbd import BgNbd
from loyalcore_clv.gamma_gamma import GammaGamma
from loyalcore_clv.settings import CLV
from loyalcore_clv.strategy import Fitted

RULESET = """\
program: cds
currency: USD
timezone: America/New_York
events:
  purchase: {amount: money}
scores:
  clv: {event: purchase, amount: amount, horizon: 39 weeks}
rules:
  dear: {on: scored, when: score.clv.value >= 500 and score.clv.alive > 0.5, then: [send: dear]}
messages: {dear: {text: 'You are dear to us.'}}
"""


def said(folder: Path, *arguments: str) -> Any:
    """What a command says in JSON, with the plugin installed in a folder beside the store."""
    info = folder / "site" / "loyalcore_clv-0.1.0.dist-info"
    if not info.exists():
        info.mkdir(parents=True)
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: loyalcore-clv\nVersion: 0.1\n")
        (info / "entry_points.txt").write_text("[loyalcore]\nclv = loyalcore_clv\n")
    places = [Path(module.__file__ or "").parents[1] for module in (loyalcore, loyalcore_clv)]
    done = subprocess.run(
        [sys.executable, "-m", "loyalcore", *arguments, "--json"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (*places, info.parent)))},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def store(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the store of the sample, up to the end of the calibration."""
    folder = tmp_path_factory.mktemp("cds")
    (folder / "cds.yaml").write_text(RULESET)
    lines = sample.read_text().splitlines()
    kept = [line for line in lines if line.startswith("id") or line.split(",")[2] <= "1997-09-30"]
    (folder / "calibration.csv").write_text("\n".join(kept))
    said(folder, "run", "cds.yaml", "calibration.csv", "--db", "cds.db")
    return folder


def test_the_published_parameters_are_found_from_the_store(store: Path) -> None:
    """Fader, Hardie and Lee 2005, table 2; Fader and Hardie 2013 for the spending."""
    found = said(store, "score", "--db", "cds.db", "--at", "1997-09-30T12:00")
    assert found["customers"] == 2_357
    (clv,) = found["scores"]
    published = {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}
    for name, parameter in published.items():
        assert clv["parameters"][name] == pytest.approx(parameter, abs=0.005), name
    spending = {"p": 6.25, "q": 3.74, "gamma": 15.44}
    for name, parameter in spending.items():
        assert clv["parameters"][name] == pytest.approx(parameter, abs=0.01), name
    assert found["run"]["fired"]["scores.clv"] == clv["changed"] == 2_357
    assert found["run"]["messages"]["dear"] > 0

    # A customer with x = 2, t = 30.43 and T = 38.86 weeks, as the paper's authors work out.
    known = said(store, "customer", "show", "0001", "--db", "cds.db")["scores"]["clv"]["values"]
    assert known["purchases"] == "1.23"
    assert known["alive"] == "0.73"
    value, spend = float(known["value"]), float(known["spend"])
    assert value == pytest.approx(1.226 * spend, rel=1e-3)
    again = said(store, "score", "--db", "cds.db", "--at", "1997-09-30T12:00")
    assert again["run"] is None


def test_with_too_few_who_came_back_nothing_is_said(tmp_path: Path) -> None:
    (tmp_path / "cds.yaml").write_text(RULESET)
    (tmp_path / "few.csv").write_text("id,customer,time,amount\n1,ann,1997-01-01,10\n")
    said(tmp_path, "run", "cds.yaml", "few.csv", "--db", "few.db")
    with pytest.raises(AssertionError) as error:
        said(tmp_path, "score", "--db", "few.db")
    assert "the score clv: 0 customers came back and paid; it takes 20" in str(error.value)


def test_it_registers_by_its_hook() -> None:
    alone = Choice(only=frozenset({"loyalcore"}))
    manager = make_manager([("by-hand", loyalcore_clv)], alone)
    assert vocabulary(manager).strategies["clv"] == CLV


def test_discount_makes_later_money_less() -> None:
    locale = Locale("USD", 2, ZoneInfo("America/New_York"))
    model = Fitted(BgNbd(0.243, 4.414, 0.793, 2.426), GammaGamma(6.25, 3.74, 15.44))

    def value(**settings: Any) -> tuple[int, object]:
        spec = CLV.settings(event="purchase", amount="amount", **settings)
        says = CLV.make(spec, locale).score((2, 30.43, 38.86, 22.35), model)
        return int(str(says["value"])), says["purchases"]

    plain, purchases = value()
    less, same = value(discount=15)
    assert purchases == same
    assert 0.87 * plain < less < plain
    assert value(horizon="6 months")[0] < plain < value(horizon="24 months")[0]
    assert value(horizon="364 days")[0] == pytest.approx(value(horizon="12 months")[0], rel=0.02)
