"""Every command of the command line, for cli.md."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping

import click

from loyalcore.cli import main as command_line
from made.markdown import code, table


def commands() -> str:
    """Every command, its arguments and its options."""
    top = click.Context(command_line, info_name="loyalcore")
    parts = []
    for path, command in _commands((), command_line):
        context = click.Context(command, info_name=" ".join(path), parent=top)
        usage = " ".join(("loyalcore", *path, *command.collect_usage_pieces(context)))
        options = [
            (code(record[0]), record[1])
            for parameter in command.get_params(context)
            if isinstance(parameter, click.Option)
            and (record := parameter.get_help_record(context))
            and "--help" not in record[0]
        ]
        help_ = inspect.cleandoc(command.help or "").replace("\b\n", "")
        parts.append(f"## `loyalcore {' '.join(path)}`\n\n`{usage}`\n\n{help_}")
        if options:
            parts.append(table(("option", "what it does"), options))
    return "\n\n".join(parts)


def _commands(
    path: tuple[str, ...], command: click.Command
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """The commands that do something, by their words, in order."""
    if not isinstance(command, click.Group):
        yield path, command
        return
    context = click.Context(command)
    for name in sorted(command.list_commands(context)):
        below = command.get_command(context, name)
        assert below is not None
        yield from _commands((*path, name), below)


PARTS: Mapping[str, Callable[[], str]] = {"commands": commands}
