"""Speed and memory, measured side by side: `make bench`.

The whole job, from a file of events to the rows in a store, by loyalcore, by a program
written by hand for the same twenty rules, and by that program with its matching done
through the Host of durable_rules; they must write the same rows. Then what an event costs in
small and large runs; what budgets, points that wait and expire, and tiers add to it; how long a
long account takes to read; what ten events take where everyone has a timer; and matching alone.

Each contestant runs in a process of its own, start-up included, one after the other in
turns; a figure is the median of its turns. The last lines are `name: value`.

    python bench.py [--quick] [--folder FOLDER]
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from statistics import median
from time import perf_counter

from generate import write_events

HERE = Path(__file__).parent
FOLDER = HERE.parents[1] / "build" / "bench"
BATCH = 4_000  # events a transaction, for every contestant: the default of `loyalcore run`

_EARN = "      - earn: {points: amount / 2}\n"
_WALLET = "  points: {name: Points}\n"
_CLUB = (
    "{by: spend_year, levels: {blue: 0, silver: 200, gold: 500}, keep: 3 months, grace: 30 days}"
)
EXTRAS = {
    "budget": (_EARN, f"{_EARN}    budget: {{points: 100000000 per month}}\n"),
    "expiring": (_WALLET, "  points: {name: Points, pending: 14 days, expires: 6 months}\n"),
    "silent": (_WALLET, f"{_WALLET}triggers: {{quiet: {{silence: purchase, for: 60 days}}}}\n"),
    "tiers": (_WALLET, f"{_WALLET}tiers: {{club: {_CLUB}}}\n"),
}
"""What is replaced in bench.yaml, and by what: the rule that fires most draws on a budget, all
points wait and expire, every silence is told, or there is a tier ladder."""


@dataclass(frozen=True)
class Scale:
    """How many events, and how many turns."""

    small: int = 10_000
    batch: int = 200  # of a small run
    middle: int = 100_000
    usual: int = 200_000
    large: int = 1_000_000
    facts: int = 200_000
    rounds: int = 3
    matching_rounds: int = 7
    few: int = 1_000  # customers with timers
    many: int = 1_000_000
    scored: int = 100_000  # customers, all of whom are told something new


QUICK = Scale(
    small=200,
    batch=50,
    middle=500,
    usual=1_000,
    large=2_000,
    facts=500,
    rounds=1,
    matching_rounds=1,
    few=20,
    many=200,
    scored=100,
)


@dataclass(frozen=True)
class Ran:
    """What a process took: seconds by the clock and of the processor, and its peak memory."""

    seconds: float
    cpu: float
    mib: float


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the speed and memory of loyalcore.")
    parser.add_argument("--quick", action="store_true", help="a few events, to see that it works")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where events and stores go")
    asked = parser.parse_args()
    bench = Bench(QUICK if asked.quick else Scale(), asked.folder)
    figures = {
        **bench.jobs(),
        **bench.sizes(),
        **bench.points(),
        **bench.timers(),
        **bench.scores(),
        **bench.matching(),
        **bench.rules(),
    }
    print()
    for name, figure in figures.items():
        print(f"{name}: {figure:.2f}")


class Bench:
    """The measurements, each of which prints a table and gives its named figures."""

    def __init__(self, scale: Scale, folder: Path) -> None:
        self.scale = scale
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.empty = self.store("empty")
        python("inputs.py", self.empty)

    def jobs(self) -> Mapping[str, float]:
        """The whole job by three contestants."""
        count = self.scale.usual
        events = self.events(count)
        runs: dict[str, list[Ran]] = {"loyalcore": [], "handwritten": [], "durable-host": []}
        for turn in range(self.scale.rounds):
            runs["loyalcore"].append(self.loyalcore(events, "loyalcore"))
            runs["handwritten"].append(self.script("handwritten", events))
            if turn == 0:  # takes long, and its ratio is not a close one
                runs["durable-host"].append(self.script("host", events))
                check_same(self.path("loyalcore"), self.path("handwritten"), self.path("host"))
        heading(f"The job: {count:,} events, 20 rules, the same rows", JOB_COLUMNS)
        for name, ran in runs.items():
            print_job(name, count, ran)
        ours, hand, host = (typical(ran) for ran in runs.values())
        return {
            "run_events_per_second": count / ours.seconds,
            "run_vs_handwritten": hand.seconds / ours.seconds,
            "run_vs_handwritten_cpu": hand.cpu / ours.cpu,
            "run_vs_durable_host": host.seconds / ours.seconds,
            "run_peak_mib": ours.mib,
        }

    def sizes(self) -> Mapping[str, float]:
        """What an event costs, start-up left out, and what memory a run takes, by size."""
        scale = self.scale
        runs: dict[tuple[int, int], list[Ran]] = {}
        for count, batch in [
            *[(0, BATCH), (scale.small, BATCH), (scale.small, scale.batch)] * scale.rounds,
            (scale.middle, BATCH),
            (scale.large, BATCH),
        ]:
            ran = self.loyalcore(self.events(count), "sizes", batch)
            runs.setdefault((count, batch), []).append(ran)
        heading("loyalcore run, by size of the run and of its batches", JOB_COLUMNS)
        for (count, batch), turns in runs.items():
            print_job(f"{count:,} / {batch:,}", count, turns)
        start = typical(runs[0, BATCH])
        # Batches of the usual size meet each of a few customers several times, and write
        # their state once: small batches make an event as much work as in a large run.
        small = typical(runs[scale.small, scale.batch])
        middle, large = (typical(runs[count, BATCH]) for count in (scale.middle, scale.large))
        costs = [
            max(ran.seconds - start.seconds, 0.001) / count  # a quick run is lost in start-up
            for ran, count in ((small, scale.small), (large, scale.large))
        ]
        return {
            "run_startup_seconds": start.seconds,
            "cost_1m_vs_10k": costs[1] / costs[0],
            "run_peak_mib_1m": large.mib,
            "memory_1m_vs_100k": large.mib / middle.mib,
        }

    def points(self) -> Mapping[str, float]:
        """What a budget that all customers share adds to a run, and points that are pending
        and expire; and how long the account of 100,000 entries takes to read."""
        events, count = self.events(self.scale.middle), self.scale.middle
        runs: dict[str, list[Ran]] = {name: [] for name in ("plain", *EXTRAS)}
        for _ in range(self.scale.rounds):
            for name, ran in runs.items():
                ran.append(self.loyalcore(events, name, ruleset=self.ruleset(name)))
        heading(f"loyalcore run of {count:,} events, by what its points are", JOB_COLUMNS)
        for name, ran in runs.items():
            print_job(name, count, ran)
        plain = typical(runs["plain"]).cpu
        long = json.loads(python("long_history.py"))
        print("\nReading the account of a customer with 100,000 entries")
        for name, seconds in long.items():
            print(f"{name:<24}{seconds:>8.3f} s")
        return {
            **{f"{name}_vs_plain": typical(runs[name]).cpu / plain for name in EXTRAS},
            "long_account_seconds": max(long.values()),
        }

    def timers(self) -> Mapping[str, float]:
        """What a run of ten events takes among many customers with timers, against few."""
        few, many = (
            json.loads(python("timers.py", count)) for count in (self.scale.few, self.scale.many)
        )
        print("\nTen events where everyone has a timer set")
        for count, seconds in ((self.scale.few, few), (self.scale.many, many)):
            print(f"{count:<24,}{seconds:>8.3f} s")
        return {"million_timers_vs_thousand": many / few}

    def scores(self) -> Mapping[str, float]:
        """What it takes to compute two scores of a million customers, of whom nothing is
        written; and of fewer, all of whom get both."""
        scale, ran = self.scale, {}
        stores: dict[int, Path] = {}
        for count, options in (
            (scale.scored, ("--dry-run",)),
            (scale.many, ("--dry-run",)),
            (scale.scored, ()),
        ):
            if count not in stores:
                stores[count] = self.store(f"scores-{count}")
                python("scores.py", stores[count], count)
            store = stores[count]
            command = ("-m", "loyalcore", "score", "--db", store, "--json", *options)
            ran[count, bool(options)] = timed(*command)
        heading("loyalcore score, two scores, by customers", JOB_COLUMNS)
        for (count, dry), one in ran.items():
            print_job(f"{count:,}{' dry' if dry else ''}", count, [one])
        many = ran[scale.many, True]
        return {
            "scores_per_second": 2 * scale.many / many.seconds,
            "scores_peak_mib_1m": many.mib,
        }

    def ruleset(self, name: str) -> Path:
        """The ruleset of the benchmark with what EXTRAS says of `name`."""
        before, after = EXTRAS.get(name, ("", ""))
        path = self.folder / f"{name}.yaml"
        path.write_text((HERE / "bench.yaml").read_text().replace(before, after, 1))
        return path

    def matching(self) -> Mapping[str, float]:
        """The same conditions and facts, by every matcher: durable as a run has it, which
        remembers projected facts, and bare, with nothing remembered."""
        matchers = ("durable", "durable-bare", "compiled", "zen", "by-hand")
        rates = self.rates(matchers, f"Matching alone: {self.scale.facts:,} facts", equal=True)
        return {
            "match_durable_vs_zen": rates["durable"] / rates["zen"],
            "match_durable_bare_vs_zen": rates["durable-bare"] / rates["zen"],
            "match_compiled_vs_zen": rates["compiled"] / rates["zen"],
            "match_durable_vs_handwritten": rates["durable"] / rates["by-hand"],
            "match_compiled_vs_handwritten": rates["compiled"] / rates["by-hand"],
        }

    def rules(self) -> Mapping[str, float]:
        """What an event costs with few and many rules of which it meets one or two."""
        sizes = tuple(f"selective-{rules}" for rules in (10, 100, 1_000))
        rates = self.rates(sizes, "The compiled matcher, by rules", equal=False)
        return {"compiled_1000_vs_10": rates[sizes[0]] / rates[sizes[-1]]}

    def rates(self, matchers: Sequence[str], title: str, *, equal: bool) -> Mapping[str, float]:
        """Facts a second, by matcher. With `equal`, all must find as many matches."""
        events = self.events(self.scale.middle)
        told: dict[str, list[dict[str, float]]] = {matcher: [] for matcher in matchers}
        for _ in range(self.scale.matching_rounds):
            for matcher in matchers:
                told[matcher].append(
                    json.loads(python("matching.py", events, self.scale.facts, matcher))
                )
        heading(title, f"{'facts/s':>12}{'matches':>12}")
        rates = {}
        for matcher, turns in told.items():
            rates[matcher] = turns[0]["facts"] / median(turn["seconds"] for turn in turns)
            print(f"{matcher:<16}{rates[matcher]:>12,.0f}{turns[0]['matches']:>12,}")
        if equal and len({turn["matches"] for turns in told.values() for turn in turns}) != 1:
            sys.exit("the matchers do not agree")
        return rates

    def loyalcore(
        self, events: Path, name: str, batch: int = BATCH, ruleset: Path = HERE / "bench.yaml"
    ) -> Ran:
        command = ("-m", "loyalcore", "run", ruleset, events, "--json")
        return timed(*command, "--batch", batch, "--db", self.copy(name))

    def script(self, name: str, events: Path) -> Ran:
        return timed(HERE / f"{name}.py", events, self.copy(name), BATCH)

    def events(self, count: int) -> Path:
        path = self.folder / f"events-{count}.jsonl"
        write_events(path, count)
        return path

    def path(self, name: str) -> Path:
        return self.folder / f"{name}.db"

    def store(self, name: str) -> Path:
        """Where the store of that name goes; nothing is there."""
        path = self.path(name)
        for suffix in ("", "-wal", "-shm", ".lock"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        return path

    def copy(self, name: str) -> Path:
        return Path(shutil.copy(self.empty, self.store(name)))


def timed(*arguments: object) -> Ran:
    """Run Python on `arguments` and say what it took.

    This process stays small (it imports no more than it must), for a child's peak memory is
    never less than its parent's when it was born.
    """
    started = perf_counter()
    process = subprocess.Popen([sys.executable, *map(str, arguments)], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, process.args)
    return Ran(
        seconds=perf_counter() - started,
        cpu=usage.ru_utime + usage.ru_stime,
        mib=usage.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10),
    )


def python(script: str, *arguments: object) -> str:
    """What a script of this folder prints."""
    command = [sys.executable, str(HERE / script), *map(str, arguments)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def typical(runs: Sequence[Ran]) -> Ran:
    """The median of each figure."""
    return Ran(
        median(ran.seconds for ran in runs),
        median(ran.cpu for ran in runs),
        median(ran.mib for ran in runs),
    )


WRITTEN = (
    *(
        f"select * from {name} order by seq"
        for name in ("events", "decisions", "entries", "issued", "outbox")
    ),
    "select customer, clock from customers order by customer",
)


def check_same(first: Path, *others: Path) -> None:
    """Exit unless all stores hold the same rows, from the first to the last."""
    for other in others:
        for query in WRITTEN:
            for one, two in zip_longest(rows(first, query), rows(other, query)):
                if one != two:
                    sys.exit(f"{first.name} and {other.name} differ\n{query}\n{one}\n{two}")


def rows(path: Path, query: str) -> Iterable[tuple[object, ...]]:
    connection = sqlite3.connect(path)
    yield from connection.execute(query)
    connection.close()


JOB_COLUMNS = f"{'events/s':>12}{'seconds':>12}{'cpu s':>12}{'peak MiB':>12}{'turns':>8}"


def heading(title: str, columns: str) -> None:
    print(f"\n{title}\n{'':<16}{columns}", flush=True)


def print_job(name: str, count: int, runs: Sequence[Ran]) -> None:
    ran = typical(runs)
    print(
        f"{name:<16}{count / ran.seconds:>12,.0f}{ran.seconds:>12.2f}{ran.cpu:>12.2f}"
        f"{ran.mib:>12.1f}{len(runs):>8}",
        flush=True,
    )


if __name__ == "__main__":
    main()
