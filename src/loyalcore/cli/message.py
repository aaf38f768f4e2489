"""`loyalcore message`: how a message will look."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from loyalcore.cli.output import json_option, print_json
from loyalcore.cli.reading import check_word
from loyalcore.delivery.rendering import words
from loyalcore.errors import UsageError
from loyalcore.program.messages import Shown, template_names
from loyalcore.program.plan import Program
from loyalcore.runner.loading import load_program
from loyalcore.values import ValueInvalid, read_value, write_value


@click.group()
def message() -> None:
    """How a message will look."""


@message.command()
@click.argument("ruleset", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.argument("name", metavar="MESSAGE")
@click.option(
    "--set", "given", multiple=True, metavar="NAME=VALUE", help="A value that the message names."
)
@click.option("--locale", default="", metavar="L", help="For a reader of nb, en-GB, ...")
@json_option
def preview(ruleset: Path, name: str, given: tuple[str, ...], locale: str, as_json: bool) -> None:
    """Show what MESSAGE of RULESET says. Names that no --set gives a value are shown as
    themselves, in ‹angles›."""
    program = load_program(ruleset, "compiled").program
    check_word("message", name, program.messages)
    names = {one for _, text in program.messages[name].parts() for one in template_names(text)}
    unset = {one: Shown(f"‹{one}›", f"‹{one}›") for one in names}
    values = unset | _values(program, name, names, given)
    said = words(program, name, values, locale)
    if as_json:
        print_json(said._asdict())
        return
    parts = {"subject": said.subject, "text": said.text, "html": said.html, **said.attached}
    for part, text in parts.items():
        if text:
            click.echo(f"{part}:\n{text.rstrip()}\n")


def _values(
    program: Program, message: str, names: set[str], given: Iterable[str]
) -> dict[str, object]:
    """What --set gives, each read as the type that the rules send it with."""
    types = program.written.get(message, {})
    values: dict[str, object] = {}
    for pair in given:
        name, sign, text = pair.partition("=")
        if not sign:
            raise UsageError(f"--set {pair}: write NAME=VALUE")
        check_word("name in the message", name, sorted(names))
        try:
            value = read_value(types[name], text, program.locale) if name in types else text
        except ValueInvalid as error:
            raise UsageError(f"--set {name}: {error}") from None
        values[name] = write_value(types[name], value, program.locale) if name in types else text
    return values
