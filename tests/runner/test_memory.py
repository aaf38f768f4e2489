"""Memory is bounded: that of a run does not grow with the number of its events (S2)."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

RULESET = """\
program: shop
events: {purchase: {amount: money}}
metrics:
  spend: {sum: purchase.amount, over: 1 hour}
  orders: {count: purchase}
wallets: {points: {}}
rules:
  earn: {on: purchase, then: [earn: {points: spend}]}
  often: {on: purchase, when: orders % 50 == 0, then: [send: thanks]}
messages: {thanks: {text: Thank you}}
"""

# What a run keeps for speed is made small, so that a small run is large.
MEASURE = """
import resource, sys
from loyalcore.cli import main
from loyalcore.intake import staging
from loyalcore.runner import fold
from loyalcore.store import schema

fold.CACHED = 200
staging.CACHE_KIB = schema.CACHE_KIB = 2_048
try:
    main(["run", "--batch", "1000", "--json", *sys.argv[1:]])
finally:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_memory_does_not_grow_with_the_number_of_events(tmp_path: Path) -> None:
    few, many = (peak_mib(tmp_path, count) for count in (8_000, 60_000))
    assert many - few < 10


def peak_mib(folder: Path, count: int) -> float:
    """Peak memory of a run of so many events."""
    (folder / "shop.yaml").write_text(RULESET)
    events = folder / f"{count}.jsonl"
    with events.open("w") as file:
        file.writelines(purchases(count))
    paths = [folder / "shop.yaml", "--db", folder / f"{count}.db", events]
    command = [sys.executable, "-c", MEASURE, *map(str, paths)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    *summary, peak = done.stdout.splitlines()
    assert json.loads("".join(summary))["events"] == count
    # Linux counts in KiB, macOS in bytes.
    return int(peak) / (2**20 if sys.platform == "darwin" else 2**10)


def purchases(count: int) -> Iterator[str]:
    """The first half in order, then the second half before them; every tenth event is of one
    busy customer, the others of ever new ones."""
    for place in range(count):
        number = (place + count // 2) % count
        day, second = divmod(number, 2_880)
        hour, second = divmod(second * 30, 3_600)
        time = f"2026-01-{day + 1:02}T{hour:02}:{second // 60:02}:{second % 60:02}Z"
        customer = "busy" if number % 10 == 0 else f"c{number // 20}"
        yield (
            f'{{"id":"{number}","customer":"{customer}","type":"purchase",'
            f'"time":"{time}","amount":{number % 90}}}\n'
        )
