"""The options that commands which list what is in a store have alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from loyalcore.cli.output import json_option, limit_option
from loyalcore.cli.reading import customer_option
from loyalcore.cli.run import db_option

Command = Callable[..., Any]


def listing(command: Command) -> Command:
    """--db, --customer, --limit and --json."""
    for option in (json_option, limit_option, customer_option, db_option):
        command = option(command)
    return command
