"""A writer for test_killed.py: batch after batch, until somebody kills it.

Every purchase of a batch earns one bean, and every state counts the customer's purchases.
"""

from __future__ import annotations

import sys
from pathlib import Path

from loyalcore.effects.changes import Accrue, Send
from loyalcore.engine.outcome import Decision, Outcome
from loyalcore.events import Event
from loyalcore.ledger import Entry
from loyalcore.store import State, Store
from loyalcore.store.customers import load_states

BATCH = 50


def purchase(number: int) -> Outcome:
    event = Event("till", f"p-{number:06d}", "purchase", f"c{number % 7}", number, {}, "{}")
    changes = (Accrue("beans", 1), Send("thanks", "email", {}))
    entries = (Entry("beans", number, "accrue", "active", 1),)
    decision = Decision(
        f"{number:032x}", "earn", "", "{}", "[]", changes, cost=None, entries=entries
    )
    return Outcome(event, (decision,), ())


def main(path: Path) -> None:
    with Store.open(path, create=True) as store, store.writing() as writer:
        writer.start_run(hash="abc", name="coffee-club", source="{}", now=0)
        (done,) = store.connection.execute("select count(*) from events").fetchone()
        while True:
            outcomes = [purchase(done + step) for step in range(BATCH)]
            customers = [one.event.customer for one in outcomes]
            before = load_states(store.connection, customers)
            states = {}
            for customer in dict.fromkeys(customers):
                count = int(before[customer].state) if customer in before else 0
                count += customers.count(customer)
                states[customer] = State(done, None, str(count).encode())
            writer.commit(outcomes, states.items())
            done += BATCH
            sys.stdout.write(f"{done}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
