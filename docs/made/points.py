"""What `loyalcore ledger show` tells of the files of events on points.md."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from click.testing import CliRunner

from loyalcore.cli import main as command_line
from loyalcore.program.builtin_events import BUILTIN_EVENTS
from made.markdown import code, table

PAGE = Path(__file__).parents[1] / "points.md"
FILE = re.compile(r"^```(?:yaml|csv) (?P<name>\S+)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)


def entries(events: str) -> Callable[[], str]:
    """What `loyalcore ledger show` tells of one of the files of events on the page."""
    return lambda: _ledger()[events]


@cache
def _ledger() -> Mapping[str, str]:
    """The entries that each file of events on the page adds, when they are run in turn."""
    made = {}
    files = dict(FILE.findall((PAGE).read_text("utf-8")))
    with TemporaryDirectory() as folder:
        for name, text in files.items():
            Path(folder, name).write_text(text, "utf-8")
        ruleset, *events = (Path(folder, name) for name in files)
        store = str(Path(folder, "points.db"))
        last = 0
        for file in events:
            _say("run", str(ruleset), str(file), "--db", store)
            shown = json.loads(_say("ledger", "show", "--db", store, "--limit", "1000", "--json"))
            added = [entry for entry in reversed(shown) if entry["seq"] > last]
            last += len(added)
            made[file.stem] = _entries(added)
    return made


def _say(*command: str) -> str:
    """What a command of the page says; that it is refused would be a mistake of the page."""
    return CliRunner().invoke(command_line, command, catch_exceptions=False).stdout


def _entries(entries: Iterable[Mapping[str, object]]) -> str:
    def cells(entry: Mapping[str, object]) -> tuple[str, ...]:
        who = f"{entry['customer']}, lot {entry['lot']}"
        until = f", expires {entry['expires']}" if entry["expires"] else ""
        points, event = f"{entry['points']:+}", str(entry["event"])
        type_ = event.partition(" ")[0]  # what the program makes itself has a hash for an id
        time = str(entry["time"])
        return (
            time,
            who,
            f"{entry['kind']}{until}",
            str(entry["bucket"]),
            points,
            code(str(entry["rule"])),
            event if type_ not in BUILTIN_EVENTS else type_,
        )

    return table(
        ("time", "whose", "kind", "bucket", "points", "rule", "event"),
        [cells(entry) for entry in entries],
    )


PARTS: Mapping[str, Callable[[], str]] = {
    f"entries-{name}": entries(name)
    for name in (
        *("earn", "deliver", "spend", "cancel", "refund", "gift", "owe", "expire"),
        *("merge", "split"),
    )
}
