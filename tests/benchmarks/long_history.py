"""How long a customer with 100,000 ledger entries takes to list, to balance and to state,
among others who have as many in all.

    python long_history.py
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from click.testing import CliRunner
from msgspec.structs import replace

from loyalcore.cli import main
from loyalcore.engine.outcome import Decision, Outcome
from loyalcore.engine.state import new_state, pack_state
from loyalcore.events import Event
from loyalcore.ledger import Account, Entry, Lot
from loyalcore.ruleset.source import Source
from loyalcore.runner.loading import load_from
from loyalcore.store import State, Store, Writer
from loyalcore.values import write_time

RULESET = """\
program: long
events: {purchase: {amount: money}}
wallets: {beans: {expires: 100 years}}
rules: {earn: {on: purchase, then: [{earn: {beans: amount}}]}}
"""

LOTS = 34_000  # of three entries each: earned, and spent, but for the last ones
LEFT = 1_000  # lots that are not spent
HOUR = 3_600_000_000
EXPIRES = 100 * 365 * 24 * HOUR

COMMANDS = {
    "show": ("show",),
    "show at": ("show", "--at", write_time(LOTS * HOUR // 2)),
    "balance": ("balance",),
    "balance of the past": ("balance", "--at", write_time(LOTS * HOUR // 2)),
    "balance to come": ("balance", "--at", write_time(EXPIRES + (LOTS - 10) * HOUR)),
    "statement of a week": ("statement", "--from", "1972-01-01", "--to", "1972-01-08"),
}


def make_store(path: Path) -> None:
    """Ann's history, with that of others in between."""
    loaded = load_from(Source({"long.yaml": RULESET}, "long.yaml"), "compiled")
    program = loaded.program
    with Store.open(path, create=True) as store, store.writing() as writer:
        writer.start_run(
            hash=program.hash, name=program.name, source=loaded.source.to_json(), now=0
        )
        lots = list(write_history(writer))
        account = Account(
            last=LOTS,
            balances={"beans": 10 * LEFT},
            due=EXPIRES + (LOTS - LEFT + 1) * HOUR,
            unwritten=tuple(lots),
        )
        clock = LOTS * HOUR
        for customer, kept in [("ann", account), *((f"c{n}", Account()) for n in range(100))]:
            state = new_state(customer)
            state = replace(state, clock=clock, since=HOUR, kept=program.kept, account=kept)
            packed = pack_state(program, state)
            writer.commit((), [(customer, State(clock, state.due, packed))])
        writer.finish_run(summary={}, now=0)


def write_history(writer: Writer) -> Iterator[Lot]:
    """Every hour ann earns ten and spends them, and somebody else earns some."""
    outcomes = []
    for number in range(1, LOTS + 1):
        now = number * HOUR
        spent = number <= LOTS - LEFT
        entries = [Entry("beans", number, "accrue", "active", 10, None, EXPIRES + now)]
        if spent:
            entries.append(Entry("beans", number, "redeem", "active", -10))
            entries.append(Entry("beans", number, "redeem", "spent", 10))
        outcomes.append(outcome("ann", number, now, tuple(entries)))
        other = (Entry("beans", number // 100 + 1, "accrue", "active", 1, None, EXPIRES + now),)
        outcomes.append(outcome(f"c{number % 100}", LOTS + number, now, other))
        active, used = (0, 10) if spent else (10, 0)
        yield Lot(number, "beans", "accrue", now, None, EXPIRES + now, active=active, spent=used)
    writer.commit(outcomes, ())


def outcome(customer: str, number: int, now: int, entries: tuple[Entry, ...]) -> Outcome:
    event = Event("till", f"e{number}", "purchase", customer, now, {}, "{}")
    decision = Decision(f"{number:032x}", "earn", "", "{}", "[]", (), entries=entries)
    return Outcome(event, (decision,), ())


def seconds(path: Path, command: tuple[str, ...]) -> float:
    """How long a command takes, the best of three."""
    best = 60.0
    name, *options = command
    for _ in range(3):
        started = perf_counter()
        arguments = ["ledger", name, "--db", str(path), "--customer", "ann", *options]
        said = CliRunner().invoke(main, arguments, catch_exceptions=False)
        best = min(best, perf_counter() - started)
        assert said.exit_code == 0
        assert "beans" in said.stdout
    return best


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        store = Path(folder) / "long.db"
        make_store(store)
        print(json.dumps({name: seconds(store, command) for name, command in COMMANDS.items()}))
