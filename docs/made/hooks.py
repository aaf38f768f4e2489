"""Every hook, for plugins.md."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping

from loyalcore import hookspecs
from made.markdown import code, prose, table


def hooks() -> str:
    """Every hook, its arguments and what it is for."""
    rows = [
        (code(f"{name}{inspect.signature(hook)}"), prose(hook.__doc__))
        for name, hook in vars(hookspecs).items()
        if name.startswith("loyalcore_")
    ]
    return table(("hook", "what it gives"), rows)


PARTS: Mapping[str, Callable[[], str]] = {"hooks": hooks}
