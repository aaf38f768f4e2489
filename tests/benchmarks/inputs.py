"""What the contestants start from: a store with its tables, and the program in it.

Every store is a copy of one that is made before the clock starts: so all hold the same
secret, and voucher codes can be compared too.

    python inputs.py STORE
"""

from __future__ import annotations

import sys
from pathlib import Path

from loyalcore.runner.loading import load_program
from loyalcore.store import Store

RULESET = Path(__file__).with_name("bench.yaml")


def make_store(path: Path) -> None:
    """A new store at `path`, in which the program of bench.yaml has the number 1."""
    loaded = load_program(RULESET)
    with Store.open(path, create=True) as store, store.writing() as writer:
        writer.start_run(
            hash=loaded.program.hash,
            name=loaded.program.name,
            source=loaded.source.to_json(),
            now=0,
        )


if __name__ == "__main__":
    make_store(Path(sys.argv[1]))
