"""The `loyalcore` command: its sub-commands, and the one place where errors are told."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import click

from loyalcore import __version__
from loyalcore.errors import LoyalcoreError, PluginError, RulesetInvalid, UsageError
from loyalcore.plugins.choice import FOLDERS, plugin_folders

COMMANDS = (
    "approvals",
    "cases",
    "check",
    "consent",
    "customer",
    "decisions",
    "deliver",
    "dissolution",
    "doctor",
    "economics",
    "events",
    "explain",
    "insights",
    "journeys",
    "ledger",
    "message",
    "new",
    "offers",
    "outbox",
    "plugins",
    "program",
    "recovery",
    "rejects",
    "report",
    "rewards",
    "run",
    "schema",
    "score",
    "stages",
    "tasks",
    "test",
    "tier",
    "win-back",
)
"""Each is a module of this package, with the command of its name (- is _)."""


class _Commands(click.Group):
    """Imports the command that is asked for, and no other: half of what a small command takes
    is importing. Tells a LoyalcoreError in plain words, and so whatever the command of a plugin
    raises; anything else is a bug and shows itself."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        try:
            return sorted((*COMMANDS, *_brought()))
        except LoyalcoreError as error:  # what loyalcore itself can do is listed all the same
            click.echo(f"error: {error}", err=True)
            return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return _brought().get(cmd_name, ("", None))[1]
        module = cmd_name.replace("-", "_")
        found = getattr(import_module(f"loyalcore.cli.{module}"), module)
        assert isinstance(found, click.Command)
        return found

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except RulesetInvalid as invalid:
            for problem in invalid.problems:
                click.echo(str(problem), err=True)
            count = len(invalid.problems)
            click.echo(f"{count} problem{'s' * (count != 1)}; nothing was run.", err=True)
            ctx.exit(1)
        except UsageError as error:
            click.echo(f"error: {error}", err=True)
            ctx.exit(2)
        except LoyalcoreError as error:
            click.echo(f"error: {error}", err=True)
            ctx.exit(1)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            name = ctx.invoked_subcommand
            if name is None or name in COMMANDS:
                raise
            plugin, _ = _brought()[name]
            told = f"plugin '{plugin}': command '{name}' failed: {type(error).__name__}: {error}"
            click.echo(f"error: {told}", err=True)
            ctx.exit(1)


def _brought() -> dict[str, tuple[str, click.Command]]:
    """The commands of plugins, with the plugin, by name. Only asked for where loyalcore has no
    such command, or for a list of all: it takes all plugins."""
    from loyalcore.plugins.gathering import gathered, owners
    from loyalcore.plugins.loading import make_manager

    manager = make_manager()
    owner = owners(manager, "loyalcore_commands")
    for name in owner:
        if name in COMMANDS:
            both = " and ".join(sorted((owner[name], "loyalcore")))
            raise PluginError(f"the command '{name}' is registered twice, by {both}")
    commands = gathered(manager, "loyalcore_commands")
    return {name: (owner[name], command) for name, command in commands.items()}


def _look_in(ctx: click.Context, param: click.Parameter, folders: tuple[Path, ...]) -> None:
    """Before any command is looked for: plugins may bring some."""
    if folders:
        ctx.with_resource(plugin_folders(folders))


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="loyalcore")
@click.option(
    "--plugin-dir",
    multiple=True,
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    callback=_look_in,
    expose_value=False,
    is_eager=True,
    help=f"Plugins that are single files: a folder of them (also {FOLDERS}).",
)
def main() -> None:
    """Run loyalty and customer-relationship programmes written as YAML rulesets.

    Start with `loyalcore new DIR`, then `loyalcore check`, `test` and `run`.
    """
