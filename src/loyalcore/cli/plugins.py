"""`loyalcore plugins`: what is installed, and what each of them provides."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from shlex import quote

import click

from loyalcore.cli.output import json_option, print_json, print_table
from loyalcore.cli.plugin_package import KINDS, package
from loyalcore.cli.reading import check_word
from loyalcore.errors import UsageError
from loyalcore.plugins.gathering import Plugin, installed
from loyalcore.plugins.loading import make_manager


@click.group()
def plugins() -> None:
    """What extends loyalcore here: packages with an entry point, and single files.

    LOYALCORE_PLUGINS says which of them may be used: `a,b` only these, `-c` all but this.
    """


@plugins.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List the plugins that may be used, loyalcore itself among them, and what each provides."""
    found = installed(make_manager())
    if as_json:
        print_json([asdict(plugin) for plugin in found])
        return
    print_table(
        ("plugin", "version", "provides", "from"),
        [(one.name, one.version, _summary(one), one.where) for one in found],
    )
    for one in found:
        if one.failed:
            click.echo(f"\n{one.name} can't be used: {one.failed}", err=True)


@plugins.command()
@click.argument("name")
@json_option
@click.pass_context
def show(ctx: click.Context, name: str, as_json: bool) -> None:
    """Show what the plugin NAME provides, its version and where it comes from.

    Exit status 1 when it can't be used.
    """
    found = {plugin.name: plugin for plugin in installed(make_manager())}
    check_word("plugin", name, found)
    plugin = found[name]
    if as_json:
        print_json(asdict(plugin))
    else:
        click.echo(f"{plugin.name} {plugin.version}, {plugin.where}")
        if plugin.about:
            click.echo(plugin.about)
        if plugin.failed:
            click.echo(f"It can't be used: {plugin.failed}")
        click.echo()
        rows = [
            (what, name, ", ".join(plugin.takes.get(name, ()) if what == "channel" else ()))
            for what, names in plugin.provides.items()
            for name in names
        ]
        columns = 3 if plugin.takes else 2
        print_table(
            ("kind", "name", "takes")[:columns],
            [row[:columns] for row in rows],
            empty="It provides nothing.",
        )
    ctx.exit(1 if plugin.failed else 0)


def _summary(plugin: Plugin) -> str:
    """Its names by kind; how many, of those that are many."""
    if plugin.failed:
        return "(failed)"
    return "; ".join(
        f"{len(names)} {_plural(what)}" if len(names) > 5 else f"{what} {', '.join(names)}"
        for what, names in plugin.provides.items()
    )


def _plural(what: str) -> str:
    return f"{what[:-1]}ies" if what.endswith("y") else f"{what}s"


@plugins.command()
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("name")
@click.argument("folder", required=False, metavar="[DIR]", type=click.Path(path_type=Path))
def new(kind: str, name: str, folder: Path | None) -> None:
    """Lay a package that brings a plugin NAME, in DIR or in a folder loyalcore-NAME.

    It can be installed as it is, with an entry point, tests, a README, types and a workflow
    for CI, and passes its own tests. Nothing that is there already is overwritten.
    """
    contents = package(kind, name)
    folder = folder or Path(f"loyalcore-{name}")
    taken = [path for path in contents if (folder / path).exists()]
    if taken:
        raise UsageError(f"{folder / taken[0]} is already there; choose another folder")
    try:
        for path, text in contents.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
            click.echo(f"wrote {folder / path}")
    except OSError as error:
        raise UsageError(f"{folder} can't be written: {error.strerror}") from None
    where = quote(str(folder))
    click.echo(f"\nTry:\n  pip install --editable {where}\n  pytest {where}")
