"""`loyalcore win-back`: what winning customers back has brought."""

from __future__ import annotations

from pathlib import Path

import click

from loyalcore.cli.journeys import tell
from loyalcore.cli.output import json_option
from loyalcore.cli.run import db_option


@click.group("win-back")
def win_back() -> None:
    """What winning customers back has brought."""


@win_back.command()
@db_option
@click.option("--journey", metavar="NAME", help="Only this one.")
@click.option("--from", "from_", metavar="DAY", help="Who entered from this month or day on.")
@click.option("--to", metavar="DAY", help="Who entered before this month or day.")
@json_option
def report(db: Path, journey: str | None, from_: str | None, to: str | None, as_json: bool) -> None:
    """Tell who was won back, and how many of them would have returned by themselves.

    A rate is of all who entered, but for those who are mistaken, merged or withdrawn; who is
    still in it has not returned yet. The uplift is the difference of the rates of those treated
    and held out, with its 95 % confidence interval (Newcombe 1998, method 10).
    """
    tell(db, "win_back", journey, from_, to, as_json)
