"""The `loyalcore` command: its sub-commands, and the one place where errors are told."""

from __future__ import annotations

from typing import Any

import click

from loyalcore import __version__
from loyalcore.cli.check import check
from loyalcore.cli.customer import customer
from loyalcore.cli.decisions import decisions
from loyalcore.cli.doctor import doctor
from loyalcore.cli.events import events
from loyalcore.cli.explain import explain
from loyalcore.cli.ledger import ledger
from loyalcore.cli.new import new
from loyalcore.cli.offers import offers
from loyalcore.cli.outbox import outbox
from loyalcore.cli.rejects import rejects
from loyalcore.cli.rewards import rewards
from loyalcore.cli.run import run
from loyalcore.cli.schema import schema
from loyalcore.cli.test import test
from loyalcore.errors import LoyalcoreError, RulesetInvalid, UsageError


class _Commands(click.Group):
    """Tells a LoyalcoreError in plain words; anything else is a bug and shows itself."""

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


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="loyalcore")
def main() -> None:
    """Run loyalty and customer-relationship programmes written as YAML rulesets.

    Start with `loyalcore new DIR`, then `loyalcore check`, `test` and `run`.
    """


for command in (
    check,
    customer,
    decisions,
    doctor,
    events,
    explain,
    ledger,
    new,
    offers,
    outbox,
    rejects,
    rewards,
    run,
    schema,
    test,
):
    main.add_command(command)
