"""`loyalcore schema`: the JSON Schema of rulesets, for editors."""

from __future__ import annotations

import click

from loyalcore.cli.output import print_json
from loyalcore.plugins.gathering import default_vocabulary
from loyalcore.program.schema import json_schema


@click.command()
def schema() -> None:
    """Print the JSON Schema of rulesets.

    Save it and point your editor at it by a first line in the ruleset such as
    `# yaml-language-server: $schema=ruleset.schema.json`: it then completes and checks
    as you type. The effects and scoring strategies of installed plugins are in it.
    """
    words = default_vocabulary()
    print_json(json_schema(words.effects, words.strategies))
