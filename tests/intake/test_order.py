"""The order of a run, ids of events that have none, and memory that is bounded (S3)."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalcore.errors import StoreError
from loyalcore.events import Reject
from loyalcore.intake import RawEvent, Staged, staging
from loyalcore.intake.envelope import Row

Write = Callable[[str, str | bytes], Path]
Read = Callable[..., tuple[list[RawEvent], list[Reject]]]

HEADER = "customer,type,time,amount\n"
COFFEE = "ann,purchase,2026-03-31T09:30:00,3.50\n"
TEA = "ann,purchase,2026-03-31T09:30:00,3.00\n"

rows = st.builds(
    lambda time, source, id, data: (time, source, id, "visit", "ann", data, "f", 1, b"", 0),
    st.integers(-(10**15), 10**15) | st.integers(0, 3),
    st.sampled_from(["a", "b", "æ", "\U0001f600"]),
    st.sampled_from(["1", "2", "10", "x"]),
    st.sampled_from(["{}", '{"a":1}']),
)


def test_files_in_any_order_are_handled_in_one(write: Write, read: Read) -> None:
    line = '{{"customer":"ann","type":"visit","time":"{}","id":"{}","source":"{}"}}\n'
    times = ["2026-03-31", "2026-01-01", "2026-03-31T00:00:00+02:00"]
    paths = [
        write(f"{source}-{id}.jsonl", "".join(line.format(time, id, source) for time in times))
        for id, source in (("2", "web"), ("1", "web"), ("9", "till"))
    ]
    events, _ = read(*paths)
    assert [event[:3] for event in events] == sorted(event[:3] for event in events)
    assert [(event.source, event.id) for event in events[:3]] == [
        ("till", "9"),
        ("web", "1"),
        ("web", "2"),
    ]


@given(st.lists(st.lists(rows, max_size=6), max_size=6))
def test_staging_sorts_as_python_does(blocks: list[list[Row]]) -> None:
    everything = [row for block in blocks for row in block]
    with Staged() as staged:
        for block in blocks:
            staged.add(block)
        expected = sorted(everything, key=lambda row: row[:3])
        assert list(staged) == expected
        assert list(staged) == expected
        assert staged.accepted == len(everything)


def test_events_that_come_in_order_are_not_sorted_again() -> None:
    ordered: list[Row] = [
        (time, "a", "1", "visit", "ann", "{}", "f", 1, b"", 0) for time in range(9)
    ]
    with Staged() as staged:
        for row in ordered:
            staged.add([row])
        assert staged._ordered
        staged.add(ordered[:1])
        assert not staged._ordered


def test_equal_rows_are_events_of_their_own(write: Write, read: Read) -> None:
    table = HEADER + COFFEE * 2 + TEA + COFFEE
    events, _ = read(write("till.csv", table))
    ids = {event.id for event in events}
    assert len(ids) == 4
    coffee = [event.id for event in events if "3.50" in event.data]
    assert coffee == [coffee[0], f"{coffee[0]}-000000002", f"{coffee[0]}-000000003"]
    assert coffee[0].startswith("2026-03-31-")


def test_the_same_rows_are_the_same_events_whatever_surrounds_them(
    write: Write, read: Read
) -> None:
    first, _ = read(write("till.csv", HEADER + COFFEE * 2 + TEA))
    longer = "ann,purchase,2026-03-30,1\n" + TEA + COFFEE * 2 + "bo,purchase,2026-04-01,1\n"
    later, _ = read(write("till.csv", HEADER + longer))
    assert {event.id for event in first} < {event.id for event in later}
    swapped = "amount,time,type,customer\n3.00,2026-03-31T09:30:00,purchase,ann\n"
    (tea,), _ = read(write("till.csv", swapped))
    assert tea.id in {event.id for event in first}


def test_the_same_file_twice_has_the_same_events_twice(write: Write, read: Read) -> None:
    path = write("till.csv", HEADER + COFFEE * 2 + TEA)
    once, _ = read(path)
    twice, _ = read(path, path)
    assert len(twice) == 6
    assert {event.key for event in twice} == {event.key for event in once}


def test_rejects_are_kept_in_the_order_of_the_input(write: Write, read: Read) -> None:
    good = '{"customer":"ann","type":"visit","time":"2026-03-31","id":1}\n'
    _, rejects = read(write("a.jsonl", (good + "{\n") * 10), write("b.jsonl", good + "[\n"))
    assert [reject.line for reject in rejects] == [*range(2, 21, 2), 2]
    assert rejects[-1].file == "b.jsonl"


def test_a_full_disk_is_said_in_one_sentence(
    write: Write, read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = staging._temporary_database

    def full() -> object:
        database = make()
        database.execute("pragma max_page_count = 4")
        return database

    monkeypatch.setattr(staging, "_temporary_database", full)
    table = HEADER + "".join(f"c{n},purchase,2026-03-31,{n}{'0' * 90}\n" for n in range(20_000))
    with pytest.raises(StoreError, match="set SQLITE_TMPDIR"):
        read(write("till.csv", table))


MEASURE = """
import resource, sys
from zoneinfo import ZoneInfo
from loyalcore.intake import Form, stage
with stage([sys.argv[1]], Form(ZoneInfo("UTC"), type="visit")) as staged:
    count = sum(1 for _ in staged)
print(count, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_memory_does_not_grow_with_the_input(tmp_path: Path) -> None:
    small, large = (peak_kib(tmp_path, count) for count in (20_000, 150_000))
    assert large - small < 40 * 1024


def peak_kib(folder: Path, count: int) -> int:
    """Peak memory of a process that stages `count` shuffled rows without ids."""
    path = folder / f"{count}.csv"
    path.write_text("customer,time\n" + "".join(shuffled(count)))
    command = [sys.executable, "-c", MEASURE, str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    staged, peak = map(int, done.stdout.split())
    assert staged == count
    # Linux counts in KiB, macOS in bytes.
    return peak // 1024 if sys.platform == "darwin" else peak


def shuffled(count: int) -> Iterator[str]:
    numbers = list(range(count))
    random.Random(1).shuffle(numbers)
    for number in numbers:
        day, minute = divmod(number % 40_000, 1_440)
        hour, minute = divmod(minute, 60)
        yield f"c{number % 1000},2026-01-{day + 1:02d}T{hour:02d}:{minute:02d}:00Z\n"
