"""`loyalcore new`: lay a small working program to start from."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path
from shlex import quote

import click

from loyalcore.cli.output import as_json_text
from loyalcore.errors import UsageError
from loyalcore.plugins.gathering import default_vocabulary
from loyalcore.program.schema import json_schema


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
def new(folder: Path) -> None:
    """Lay a small working program in DIR: a ruleset, its test, and sample events.

    The program is named after the folder. Nothing that is there already is overwritten.
    """
    name = re.sub(r"[^a-z0-9-]+", "-", folder.resolve().name.lower()).strip("-")
    if not name or not name[0].isalpha():
        raise UsageError(f"'{folder.name}' can't name a program; start it with a letter")
    starter = files("loyalcore") / "starter"
    words = default_vocabulary()
    schema = json_schema(words.effects, words.strategies)
    contents = {
        f"{name}.yaml": (starter / "program.yaml").read_text("utf-8").replace("PROGRAM", name),
        f"{name}.test.yaml": (starter / "program.test.yaml").read_text("utf-8"),
        "events.jsonl": (starter / "events.jsonl").read_text("utf-8"),
        "ruleset.schema.json": as_json_text(schema) + "\n",
    }
    taken = [file for file in contents if (folder / file).exists()]
    if taken:
        raise UsageError(f"{folder / taken[0]} is already there; choose another folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file, text in contents.items():
            (folder / file).write_text(text, encoding="utf-8")
            click.echo(f"wrote {folder / file}")
    except OSError as error:
        raise UsageError(f"{folder} can't be written: {error.strerror}") from None
    ruleset, store, events = (
        quote(str(folder / file)) for file in (f"{name}.yaml", f"{name}.db", "events.jsonl")
    )
    click.echo(
        f"\nTry:\n"
        f"  loyalcore check {quote(str(folder))}\n"
        f"  loyalcore test {quote(str(folder))}\n"
        f"  loyalcore run {ruleset} --db {store} {events}"
    )
