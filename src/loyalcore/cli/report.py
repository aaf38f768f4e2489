"""`loyalcore report`: tables about a store, from loyalcore and from plugins."""

from __future__ import annotations

from pathlib import Path

import click

from loyalcore.cli.output import json_option, print_json, print_table
from loyalcore.cli.reading import check_word, open_store
from loyalcore.cli.run import db_option
from loyalcore.errors import PluginError
from loyalcore.plugins.gathering import gathered, owners
from loyalcore.plugins.loading import make_manager
from loyalcore.reports import ReportSection
from loyalcore.store import Store

Rows = list[tuple[object, ...]]


@click.command()
@click.argument("names", metavar="[SECTION]...", nargs=-1)
@db_option
@json_option
@click.pass_context
def report(ctx: click.Context, names: tuple[str, ...], db: Path, as_json: bool) -> None:
    """Show the sections of these names, or all there are.

    Plugins may bring more of them. One that fails is told, and the others are shown; then the
    exit status is 1.
    """
    manager = make_manager()
    sections = gathered(manager, "loyalcore_reports")
    for name in names:
        check_word("section", name, sections)
    shown: dict[str, Rows] = {}
    failed: dict[str, str] = {}
    with open_store(db) as store:
        for name in names or sections:
            try:
                shown[name] = _rows(store, sections[name])
            except (Exception, SystemExit) as error:  # noqa: BLE001 (it is somebody else's code)
                plugin = owners(manager, "loyalcore_reports")[name]
                failed[name] = f"plugin '{plugin}': {type(error).__name__}: {error}"
    if as_json:
        made = {
            n: [dict(zip(sections[n].columns, r, strict=True)) for r in shown[n]] for n in shown
        }
        print_json({"sections": made, "failed": failed})
    for name, rows in shown.items() if not as_json else ():
        click.echo(f"{name}: {sections[name].about}\n")
        print_table(sections[name].columns, rows)
        click.echo()
    for name, why in failed.items():
        click.echo(f"the section '{name}' can't be made: {why}", err=True)
    ctx.exit(1 if failed else 0)


def _rows(store: Store, section: ReportSection) -> Rows:
    store.connection.execute("pragma query_only = on")
    try:
        rows = [tuple(row) for row in section.rows(store.connection)]
    finally:
        store.connection.execute("pragma query_only = off")
    for row in rows:
        if len(row) != len(section.columns):
            raise PluginError(f"a row has {len(row)} values for {len(section.columns)} columns")
    return rows
