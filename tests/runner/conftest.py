"""A shop: a store in a folder of its own, runs into it, and all that is in it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from loyalcore.engine.state import CustomerState, read_stored
from loyalcore.intake import Form, stage
from loyalcore.matching import MatcherName
from loyalcore.ruleset.source import Source
from loyalcore.runner.clock import last_moment
from loyalcore.runner.loading import load_from
from loyalcore.runner.run import run
from loyalcore.runner.summary import Summary
from loyalcore.store import Store

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
        text = ruleset if "program:" in ruleset else f"program: shop\n{ruleset}"
        loaded = load_from(Source({"shop.yaml": text}, "shop.yaml"), matcher)
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


def written(line: Line) -> str:
    return line if isinstance(line, str) else json.dumps(line, ensure_ascii=False)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path / "shop.db")


@pytest.fixture(scope="session")
def shop_in() -> Callable[[Path], Shop]:
    """Makes a shop whose store is in a folder."""
    return lambda folder: Shop(folder / "shop.db")
