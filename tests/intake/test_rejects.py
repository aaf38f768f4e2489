"""Lines that are no event: each is kept with its reason, and stops nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalcore.events import Reject
from loyalcore.intake import Form, RawEvent, reread, same_data, stage
from loyalcore.intake.envelope import KEPT, MAX_LINE

Write = Callable[[str, str | bytes], Path]
Read = Callable[..., tuple[list[RawEvent], list[Reject]]]

GOOD = b'{"customer":"ann","type":"visit","time":"2026-03-31","id":"%d"}'
CLOUD = b'{"specversion":"1.0","id":"1","type":"visit","subject":"ann","time":"2026-03-31"%s}'


@pytest.mark.parametrize(
    ("line", "code", "message"),
    [
        (b"{", "bad-json", "truncated"),
        (b"null", "bad-envelope", "Expected `object`"),
        (b'{"customer":"ann"} x', "bad-json", "trailing characters"),
        (b'{"a":%s%s}' % (b"[" * 30_000, b"]" * 30_000), "bad-json", "nested too deep"),
        (b'{"note":"\xff"}', "bad-text", "not UTF-8"),
        (b'{"type":"visit"}', "bad-envelope", "customer is missing"),
        (b'{"customer":null,"type":"visit"}', "bad-envelope", "customer is missing"),
        (b'{"customer":["ann"],"type":"visit"}', "bad-envelope", "customer is not text"),
        (b'{"customer":true,"type":"visit"}', "bad-envelope", "customer is not text"),
        (b'{"customer":"a\\u0007","type":"visit"}', "bad-envelope", "control characters"),
        (b'{"customer":"%s","type":"visit"}' % (b"a" * 257), "bad-envelope", "longer than 256"),
        (b'{"customer":"ann","time":"2026-03-31"}', "bad-envelope", "type is missing"),
        (b'{"customer":"ann","type":"visit"}', "bad-envelope", "time is missing"),
        (b'{"customer":"ann","type":"visit","time":"soon"}', "bad-time", "not in ISO 8601"),
        (b'{"customer":"ann","type":"visit","time":"0001-01-01"}', "bad-time", "year 1900"),
        (b'{"customer":"ann","type":"visit","time":"9999-12-31"}', "bad-time", "year 1900"),
    ],
)
def test_a_short_line_that_is_no_event(
    write: Write, read: Read, line: bytes, code: str, message: str
) -> None:
    path = write("visits.jsonl", b"\n".join([GOOD % 1, line, GOOD % 2]))
    events, (reject,) = read(path)
    assert [event.id for event in events] == ["1", "2"]
    assert (reject.code, reject.file, reject.line) == (code, "visits.jsonl", 2)
    assert message in reject.message
    assert reject.original == line


@pytest.mark.parametrize(
    ("line", "code", "message"),
    [
        (CLOUD.replace(b"1.0", b"0.3") % b"", "bad-envelope", "specversion is not 1.0"),
        (CLOUD.replace(b'"id":"1",', b"") % b"", "bad-envelope", "id is missing"),
        (CLOUD.replace(b"subject", b"customer") % b"", "bad-envelope", "customer is missing"),
        (CLOUD % b',"data":"text"', "bad-data", "data is not a JSON object"),
        (CLOUD % b',"data":null', "bad-data", "data is not a JSON object"),
        (CLOUD % b',"data_base64":"AA=="', "bad-data", "use data"),
        (CLOUD % b',"data":{"a":01}', "bad-json", "invalid number"),
        (CLOUD % b',"data":{"a":"\xff"}', "bad-text", "not UTF-8"),
        (CLOUD % b',"data":{"a":"\\ud800"}', "bad-json", ""),
        (CLOUD.replace(b'"ann"', b"{}") % b"", "bad-envelope", "`$.subject`"),
    ],
)
def test_a_line_that_is_no_cloud_event(
    write: Write, read: Read, line: bytes, code: str, message: str
) -> None:
    events, (reject,) = read(write("visits.jsonl", CLOUD % b"" + b"\n" + line))
    assert [(event.id, event.data) for event in events] == [("1", "{}")]
    assert reject.code == code
    assert message in reject.message


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (b"bo,visit,2026-03-31,2", "bad-row"),
        (b"bo,visit,2026-03-31,2,x,y", "bad-row"),
        (b'bo,visit,2026-03-31,2,"x"y', "bad-row"),
        (b"bo,visit,2026-03-31,2,\xe6", "bad-text"),
        (b"\xe6,visit,2026-03-31,2,x", "bad-text"),
        (b",visit,2026-03-31,2,x", "bad-envelope"),
        (b"bo,visit,31/03/2026,2,x", "bad-time"),
        (b"bo,visit,2026-03-31,2," + b"x" * MAX_LINE, "too-long"),
    ],
)
def test_a_row_that_is_no_event(write: Write, read: Read, row: bytes, code: str) -> None:
    table = b"customer,type,time,id,note\nann,visit,2026-03-31,1,x\n%s\ncy,visit,2026-03-31,3,x\n"
    events, (reject,) = read(write("visits.csv", table % row))
    assert [event.customer for event in events] == ["ann", "cy"]
    assert (reject.code, reject.line) == (code, 3)
    assert reject.original == row[:KEPT]


def test_a_quote_that_is_never_closed_takes_the_rest_of_a_small_file(
    write: Write, read: Read
) -> None:
    table = 'customer,type,time,note\nann,visit,2026-03-31,x\nbo,visit,2026-03-31,"x\ncy\n'
    events, (reject,) = read(write("visits.csv", table))
    assert [event.customer for event in events] == ["ann"]
    assert (reject.code, reject.line) == ("bad-row", 3)
    assert reject.original == b'bo,visit,2026-03-31,"x\ncy'


def test_a_very_long_line_is_cut(write: Write, read: Read) -> None:
    long = b'{"note":"' + b"x" * 3 * MAX_LINE + b'"}'
    events, (reject,) = read(write("visits.jsonl", b"\n".join([GOOD % 1, long, GOOD % 2])))
    assert [event.id for event in events] == ["1", "2"]
    assert (reject.code, reject.line, len(reject.original)) == ("too-long", 2, KEPT)


def test_no_message_repeats_what_a_customer_is(write: Write, read: Read) -> None:
    lines = [
        '{"customer":"secret\\u0000","type":"visit","time":"2026-03-31"}',
        '{"customer":{"name":"secret"}}',
        '{"customer":"ann","type":"visit","time":"secret"}',
        '{"customer":"ann","type":"secret',
    ]
    _, rejects = read(write("visits.jsonl", "\n".join(lines)))
    assert len(rejects) == len(lines)
    assert not any("secret" in reject.message for reject in rejects)


# A zero byte near the start means that the file is no text: that is another answer.
bytes_of_lines = st.binary(max_size=60).map(lambda line: line.replace(b"\0", b" "))


@given(st.lists(bytes_of_lines | st.sampled_from([GOOD % 1, CLOUD % b""]), max_size=8))
def test_no_bytes_are_too_strange(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes]
) -> None:
    path = tmp_path_factory.mktemp("strange") / "in"
    path.write_bytes(b"\n".join([GOOD % 0, *lines]))
    for format in ("short", "cloudevents"):
        with stage([str(path)], Form(ZoneInfo("UTC"), format=format)) as staged:
            content = sum(bool(line.strip()) for line in path.read_bytes().split(b"\n"))
            assert staged.accepted + staged.rejected == content


def test_a_later_stage_can_refuse_an_event_and_read_it_again(write: Write, read: Read) -> None:
    line = b'{"customer":"ann","type":"visit","time":"2026-03-31","id":"1","amount":1.50}'
    (event,), _ = read(write("visits.jsonl", line))
    reject = event.reject("unknown-type", "no event type visit")
    assert (reject.file, reject.line, reject.original) == ("visits.jsonl", 1, line)
    assert reject.record is not None
    assert reread(reject.record, reject.original) == event


def test_the_same_reject_has_the_same_id(write: Write, read: Read) -> None:
    path = write("visits.jsonl", b"{\n{")
    first, second = read(path)[1]
    assert [first.id, second.id] == [reject.id for reject in read(path)[1]]
    assert first.id != second.id


def test_data_is_compared_by_what_it_says() -> None:
    assert same_data('{"a":1.50,"b":[true]}', '{"b": [true], "a": 1.5}')
    assert not same_data('{"a":1}', '{"a":2}')
    assert not same_data('{"a":1e99999999999999999999}', "{}")
