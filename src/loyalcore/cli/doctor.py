"""`loyalcore doctor`: is everything here that a run needs?"""

from __future__ import annotations

import platform
import sqlite3
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import click

from loyalcore import __version__
from loyalcore.cli.output import json_option, print_json, print_table
from loyalcore.matching import default_matcher, why_unavailable
from loyalcore.plugins.gathering import installed
from loyalcore.plugins.loading import make_manager
from loyalcore.store import Store
from loyalcore.store.health import health

LIBRARIES = (
    "durable-rules",
    "pluggy",
    "pydantic",
    "click",
    "sqlite-utils",
    "msgspec",
    "ruamel.yaml",
)


@click.command()
@click.option("--db", type=click.Path(path_type=Path, dir_okay=False), help="Look at a store too.")
@json_option
@click.pass_context
def doctor(ctx: click.Context, db: Path | None, as_json: bool) -> None:
    """Tell versions, the matcher in use, plugins, and whether a store is sound.

    Exit status 1 when the store is damaged.
    """
    plugins = installed(make_manager())
    notices = []
    if why := why_unavailable():
        notices.append(f"durable_rules can't be used here, so conditions run compiled: {why}")
    notices += [
        f"plugin '{plugin.name}' can't be used: {plugin.failed}"
        for plugin in plugins
        if plugin.failed
    ]
    findings: tuple[str, ...] = ()
    figures: dict[str, object] = {}
    if db is not None:
        with Store.open(db) as store:
            figures, findings = health(store)
    report = {
        "loyalcore": __version__,
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "matcher": default_matcher(),
        "libraries": {name: _version(name) for name in LIBRARIES},
        "plugins": [
            {
                "name": plugin.name,
                "version": plugin.version,
                "words": list(plugin.words),
                "failed": plugin.failed,
            }
            for plugin in plugins
        ],
        "notices": notices,
        "store": figures,
        "damage": list(findings),
    }
    if as_json:
        print_json(report)
    else:
        told = (f"{p.name} {p.version}{' (failed)' if p.failed else ''}" for p in plugins)
        _print(report, plugins_text=", ".join(told))
    ctx.exit(1 if findings else 0)


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return "absent"


def _print(report: Mapping[str, object], *, plugins_text: str) -> None:
    rows: list[tuple[object, object]] = [
        (name, report[name]) for name in ("loyalcore", "python", "sqlite", "matcher")
    ]
    libraries = report["libraries"]
    assert isinstance(libraries, dict)
    rows += libraries.items()
    rows.append(("plugins", plugins_text))
    print_table(("what", "here"), rows)
    figures = report["store"]
    assert isinstance(figures, dict)
    if figures:
        click.echo()
        print_table(("store", ""), list(figures.items()))
    for key in ("notices", "damage"):
        lines = report[key]
        assert isinstance(lines, list)
        for line in lines:
            click.echo(f"{key.rstrip('s')}: {line}")
