"""A store whose customers bought one to five times each, to be scored.

python scores.py FILE CUSTOMERS
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from msgspec.structs import replace

from loyalcore.engine.outcome import Outcome
from loyalcore.engine.state import new_state, pack_state
from loyalcore.events import Event
from loyalcore.ruleset.source import Source
from loyalcore.runner.loading import Loaded, load_from
from loyalcore.runner.run import run
from loyalcore.store import State, Store

RULESET = """\
program: scores
events: {purchase: {amount: money}}
scores:
  rfm: {event: purchase, amount: amount}
  churn: {event: purchase}
"""

DAY = 86_400_000_000
NOW = 20_000 * DAY
PAGE = 10_000


def make_store(path: Path, loaded: Loaded, customers: int) -> None:
    """The log and the states as a run would leave them."""
    with Store.open(path, create=True) as store:
        run(loaded, store, ())
        with store.writing() as writer:
            writer.program = 1
            each = each_customer(loaded, customers)
            while page := list(islice(each, PAGE)):
                events = [event for own, _ in page for event in own]
                states = [(own[0].customer, state) for own, state in page]
                writer.commit((Outcome(event, (), ()) for event in events), states)


def each_customer(loaded: Loaded, customers: int) -> Iterator[tuple[list[Event], State]]:
    for number in range(customers):
        name = f"c{number:07}"
        last = NOW - (number * 7919) % 700 * DAY
        times = [last - n * (20 + number % 50) * DAY for n in range(number * 31 % 5, -1, -1)]
        events = []
        for time in times:
            text = f'{{"amount": {5 + (number * 37 + time // DAY) % 300}}}'
            events.append(Event("till", f"{name}-{time // DAY}", "purchase", name, time, {}, text))
        state = replace(new_state(name), clock=last, since=times[0], kept=loaded.program.kept)
        yield events, State(last, None, pack_state(loaded.program, state))


if __name__ == "__main__":
    made = load_from(Source({"scores.yaml": RULESET}, "scores.yaml"), "compiled")
    make_store(Path(sys.argv[1]), made, int(sys.argv[2]))
