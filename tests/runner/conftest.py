"""A shop: a store in a folder of its own, runs into it, and all that is in it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest

from loyalcore.engine.state import CustomerState, read_stored
from loyalcore.intake import Form, stage
from loyalcore.matching import MatcherName
from loyalcore.ruleset.source import Source
from loyalcore.runner.clock import last_moment
from loyalcore.runner.loading import Loaded, load_from
from loyalcore.runner.replay import CompiledPrograms, current_state, retell
from loyalcore.runner.run import run
from loyalcore.runner.summary import Summary
from loyalcore.runner.verify import verify
from loyalcore.store import Store
from loyalcore.store.customers import each_state

Line = Mapping[str, object] | str

# What two stores of one history may differ in: a run's row has the wall clock, and a code
# the secret of its store. A reject says where in which file it stood.
COMPARED = {
    "programs": "*",
    "events": "*",
    "customers": "*",
    "decisions": "*",
    "entries": "*",
    "outbox": "*",
    "draws": "*",
    "issued": "seq, customer, kind, name, time, decision",
    "tasks": "*",
    "cases": "*",
}


class Shop:
    """A store at `path`, into which events are run."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def run(
        self,
        ruleset: str,
        *files: Iterable[Line],
        until: str | None = None,
        batch: int = 5_000,
        matcher: MatcherName = "compiled",
    ) -> Summary:
        """Run files of events, each given as its lines: short JSONL, an object a line; and let
        time pass to `until`."""
        loaded = loaded_once(ruleset, matcher)
        paths = []
        for number, lines in enumerate(files, start=1):
            path = self.path.with_name(f"{self.path.stem}-{number}.jsonl")
            path.write_text("".join(f"{written(line)}\n" for line in lines), encoding="utf-8")
            paths.append(str(path))
        form = Form(loaded.program.locale.zone, format="short", source="till")
        with Store.open(self.path, create=True) as store, stage(paths, form) as staged:
            last = None if until is None else last_moment(until, loaded.program.locale.zone)
            return run(loaded, store, staged, staged.rejects(), until=last, batch=batch)

    def ask(self, query: str, *values: object) -> list[Any]:
        """The rows of a query; the values alone where they have one column."""
        connection = sqlite3.connect(f"{self.path.as_uri()}?mode=rw", uri=True)
        try:
            rows = connection.execute(query, values).fetchall()
        finally:
            connection.close()
        return [row[0] if len(row) == 1 else row for row in rows]

    def state(self, customer: str = "ann") -> CustomerState:
        """What is stored of a customer."""
        (packed,) = self.ask("select state from customers where customer = ?", customer)
        return read_stored(packed)

    def history(self) -> dict[str, Sequence[object]]:
        """All that must not depend on how it was run, as it stands in the file."""
        tables: dict[str, Sequence[object]] = {
            table: self.ask(f"select {columns} from {table} order by rowid")
            for table, columns in COMPARED.items()
        }
        tables["rejects"] = sorted(
            self.ask("select distinct code, message, original, status from rejects")
        )
        return tables

    def customers(self) -> dict[str, CustomerState]:
        """Everyone, as the program of the latest run knows them."""
        with Store.open(self.path) as store:
            program = CompiledPrograms(store.connection).latest()
            return {
                customer: current_state(store.connection, program, customer, stored)
                for customer, stored in each_state(store.connection)
            }

    def check(self) -> None:
        """Hold the store to its log: told again, all that was decided comes out as it is
        stored, and every customer as they are known."""
        with Store.open(self.path) as store:
            connection = store.connection
            assert verify(connection).difference is None
            compiled = CompiledPrograms(connection)
            for customer, stored in each_state(connection):
                *_, told = retell(connection, customer, compiled)
                now = current_state(connection, told.program, customer, stored)
                assert msgspec.to_builtins(told.after.life) == msgspec.to_builtins(now.life)
                assert told.after.due == now.due == stored.due


@lru_cache(maxsize=8)
def loaded_once(ruleset: str, matcher: MatcherName) -> Loaded:
    """The program of a ruleset, which a random history runs many times."""
    text = ruleset if "program:" in ruleset else f"program: shop\n{ruleset}"
    return load_from(Source({"shop.yaml": text}, "shop.yaml"), matcher)


def written(line: Line) -> str:
    return line if isinstance(line, str) else json.dumps(line, ensure_ascii=False)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path / "shop.db")


@pytest.fixture(scope="session")
def shop_in() -> Callable[[Path], Shop]:
    """Makes a shop whose store is in a folder."""
    return lambda folder: Shop(folder / "shop.db")


@pytest.fixture(scope="session")
def new_shop() -> Callable[[], AbstractContextManager[Shop]]:
    """Makes a shop for as long as a `with`: where a test runs many histories (Hypothesis)."""

    @contextmanager
    def opened() -> Iterator[Shop]:
        with TemporaryDirectory() as folder:
            yield Shop(Path(folder, "shop.db"))

    return opened
