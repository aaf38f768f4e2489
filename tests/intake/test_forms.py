"""The three forms of an event: the same purchase as CloudEvent, as short JSON and as CSV."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from loyalcore.errors import UsageError
from loyalcore.intake import Form, RawEvent, read_names, stage
from loyalcore.intake.sources import source_name
from loyalcore.values import write_time

Write = Callable[[str, str | bytes], Path]
Read = Callable[..., tuple[list[RawEvent], list[object]]]

CLOUD = (
    '{"specversion":"1.0","id":"p-1","source":"/tills/4","type":"purchase","subject":"ann",'
    '"time":"2026-03-31T09:30:00Z","data":{"amount": 12.50, "gift": true}}\n'
)
SHORT = (
    '{"customer":"ann","type":"purchase","time":"2026-03-31T09:30:00Z","id":"p-1",'
    '"source":"/tills/4","gift":true,"amount":12.50}\n'
)
CSV = (
    "customer,type,time,id,source,amount,gift\n"
    "ann,purchase,2026-03-31T09:30:00Z,p-1,/tills/4,12.50,true\n"
)


@pytest.mark.parametrize(
    ("name", "content", "data"),
    [
        ("cloud.jsonl", CLOUD, '{"amount": 12.50, "gift": true}'),
        ("short.jsonl", SHORT, '{"amount":12.50,"gift":true}'),
        ("table.csv", CSV, '{"amount":"12.50","gift":"true"}'),
        ("semicolons.csv", CSV.replace(",", ";"), '{"amount":"12.50","gift":"true"}'),
        ("tabs.tsv", CSV.replace(",", "\t"), '{"amount":"12.50","gift":"true"}'),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_one_event_in_every_form(
    write: Write, read: Read, name: str, content: str, data: str, packed: bool
) -> None:
    raw = content.encode()
    (event,), rejects = read(write(name, gzip.compress(raw) if packed else raw))
    assert rejects == []
    assert (event.source, event.id, event.type, event.customer) == (
        "/tills/4",
        "p-1",
        "purchase",
        "ann",
    )
    assert write_time(event.time) == "2026-03-31T09:30:00Z"
    assert event.data == data
    assert event.original == raw.splitlines()[-1]
    assert (event.file, event.line) == (name, 2 if name.endswith("sv") else 1)


@pytest.mark.parametrize("content", [CLOUD, SHORT, CSV])
@pytest.mark.parametrize(
    "change",
    [
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\n", "\r\n"),
        lambda text: "\n  \n" + text + "\n\n",
        lambda text: text.rstrip("\n"),
    ],
    ids=["byte-order-mark", "windows-line-ends", "blank-lines", "no-last-line-end"],
)
def test_harmless_differences_are_none(
    write: Write, read: Read, content: str, change: Callable[[str], str]
) -> None:
    (plain,), _ = read(write("plain", content))
    (event,), rejects = read(write("changed", change(content)))
    assert rejects == []
    assert event[:6] == plain[:6]


def test_an_event_without_a_source_has_the_name_of_its_file(write: Write, read: Read) -> None:
    line = '{"customer":"ann","type":"visit","time":"2026-03-31","id":7}'
    (event,), _ = read(write("visits.2026.jsonl.gz", gzip.compress(line.encode())))
    assert (event.source, event.id) == ("visits.2026", "7")


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("/logs/tills.csv", "tills"),
        ("tills.JSONL.gz", "tills"),
        ("2026-03.31.csv", "2026-03.31"),
        (".csv", ".csv"),
        ("-", "stdin"),
    ],
)
def test_source_names(path: str, source: str) -> None:
    assert source_name(path) == source


def test_what_the_operator_says_is_for_events_that_do_not(
    write: Write, read: Read, form: Form
) -> None:
    lines = (
        '{"customer":"ann","time":"2026-03-31","id":1}\n'
        '{"customer":"ann","time":"2026-04-01","id":2,"type":"visit","source":"web"}\n'
    )
    told = replace(form, source="till", type="purchase")
    first, second = read(write("events.jsonl", lines), form=told)[0]
    assert (first.source, first.type) == ("till", "purchase")
    assert (second.source, second.type) == ("web", "visit")


def test_times_without_offset_are_of_the_program(write: Write, read: Read) -> None:
    times = ("2026-07-01", "2026-07-01T12:00", "2026-07-01T12:00:00-05:00", "20260702")
    lines = [f'{{"customer":"ann","type":"visit","time":"{time}","id":"{time}"}}' for time in times]
    events, _ = read(write("visits.jsonl", "\n".join(lines)))
    assert [write_time(event.time) for event in events] == [
        "2026-06-30T22:00:00Z",
        "2026-07-01T10:00:00Z",
        "2026-07-01T17:00:00Z",
        "2026-07-01T22:00:00Z",
    ]


def test_columns_of_other_names(write: Write, read: Read, form: Form) -> None:
    path = write("shop.csv", "cust_no,date,dollars,note\n7,2026-03-31,9.90,\n")
    names = read_names(["customer=cust_no,time=date", "amount=dollars"], {"amount"})
    (event,), _ = read(path, form=replace(form, names=names, type="purchase"))
    assert (event.customer, event.data) == ("7", '{"amount":"9.90","note":""}')


def test_top_level_names_of_other_names(write: Write, read: Read, form: Form) -> None:
    path = write("shop.jsonl", '{"who":7,"when":"2026-03-31","dollars":9.90,"amount":1}')
    names = {"customer": "who", "time": "when", "amount": "dollars"}
    (event,), _ = read(path, form=replace(form, names=names, type="purchase"))
    assert (event.customer, event.data) == ("7", '{"amount":9.90}')


def test_cells_in_quotes_may_hold_anything(write: Write, read: Read) -> None:
    table = 'customer,type,time,id,note\nann,visit,2026-03-31,1,"two\nlines, ""quoted"""\n'
    table += "bo,visit,2026-03-31,2,x\n"
    first, second = read(write("notes.csv", table))[0]
    assert first.data == '{"note":"two\\nlines, \\"quoted\\""}'
    assert (first.line, second.line) == (2, 4)


def test_standard_input(form: Form, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = gzip.compress(SHORT.encode())
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(packed)))
    with stage(["-"], form) as staged:
        (event,) = staged
    assert (event.customer, event.file) == ("ann", "stdin")


def test_a_file_of_nothing_has_no_events(write: Write, read: Read) -> None:
    assert read(write("none.csv", ""), write("blank.jsonl", "\n\n")) == ([], [])


def test_progress_is_told_in_bytes_of_the_files(write: Write, form: Form) -> None:
    plain = write("plain.jsonl", SHORT * 10_000)
    packed = write("packed.jsonl.gz", gzip.compress((SHORT * 10_000).encode()))
    total = plain.stat().st_size + packed.stat().st_size
    told: list[tuple[int, int | None]] = []
    stage([str(plain), str(packed)], form, lambda *now: told.append(now)).close()
    assert told[-1] == (total, total)
    assert told == sorted(told)
    assert len(told) > 5


@pytest.mark.parametrize(
    ("content", "names", "message"),
    [
        ("a,b\n1,2\n", {}, "no column customer; the columns of in.csv are: a, b"),
        ("customer,time\nann,2026-01-01\n", {}, "no column type.* or --type TYPE for all rows"),
        ("a,b\n1,2\n", {"customer": "c"}, "--map customer=c: no such column; .*: a, b"),
        ("customer,time,time\n", {}, "has two columns time"),
        ("customer,t\xeed\n".encode("latin-1"), {}, "not UTF-8 text"),
        ("customer,time,type\n".encode("utf-16"), {}, "not UTF-8 text"),
        ("[\n", {}, "is a JSON list; write one event a line"),
        (CLOUD, {"customer": "c"}, "--map is for CSV and short JSONL"),
        (gzip.compress(CLOUD.encode())[:-12], {}, "ends in the middle of its gzip data"),
        (gzip.compress(CLOUD.encode())[:30] + b"\xff" * 99, {}, "has damaged gzip data"),
    ],
)
def test_a_file_that_can_not_be_read_as_a_whole(
    write: Write, read: Read, form: Form, content: str | bytes, names: dict[str, str], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        read(write("in.csv", content), form=replace(form, names=names))


def test_files_that_are_not_there(tmp_path: Path, read: Read, form: Form) -> None:
    with pytest.raises(UsageError, match="there is no file"):
        read(tmp_path / "none.csv")
    with pytest.raises(UsageError, match="is a folder"):
        read(tmp_path)
    with pytest.raises(UsageError, match="only once"):
        stage(["-", "-"], form)


def test_a_format_that_is_told_is_not_looked_for(write: Write, read: Read, form: Form) -> None:
    told = replace(form, format="short")
    events, rejects = read(write("in.csv", CSV), form=told)
    assert (len(events), len(rejects)) == (0, 2)
    with pytest.raises(
        UsageError, match="there is no format 'xml'; there are cloudevents, short, csv"
    ):
        replace(form, format="xml")


@pytest.mark.parametrize(
    ("pair", "message"),
    [
        ("customer", "wants NAME=COLUMN"),
        ("customer=", "wants NAME=COLUMN"),
        ("color=c", "there is no color; there are customer, .*, amount"),
        ("time=a,time=b", "names time twice"),
    ],
)
def test_maps_that_make_no_sense(pair: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read_names([pair], {"amount"})


def test_the_hour_that_comes_twice_is_the_first(write: Write, read: Read) -> None:
    line = '{"customer":"ann","type":"visit","time":"2026-10-25T02:30:00","id":1}'
    (event,), _ = read(write("visits.jsonl", line))
    assert write_time(event.time) == "2026-10-25T00:30:00Z"
