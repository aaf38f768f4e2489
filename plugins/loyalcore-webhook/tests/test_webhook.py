"""What is posted, how it is signed, and what each answer means."""

from __future__ import annotations

import json
import socket
import ssl
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
import trustme
from standardwebhooks.webhooks import WebhookVerificationError

from loyalcore.channels import GiveUp, Receipt, Throttled, TryAgain

Make = Callable[..., Any]

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDazZzcsNbqMs="


def always(status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> Any:
    return lambda request: (status, headers or {}, body)


# --- what is posted ---------------------------------------------------------------------------


def test_a_message_is_a_signed_cloud_event(
    receiver: Any, open_channel: Make, message: Make
) -> None:
    receiver.answer = always(200, {"x-request-id": "req-7"}, b"thanks")

    assert open_channel(receiver.url).send(message()) == Receipt("req-7")

    (request,) = receiver.requests
    assert request.verified() == {
        "specversion": "1.0",
        "id": "k-1",
        "source": "loyalcore",
        "type": "loyalcore.message",
        "subject": "ann",
        "time": "2026-02-02T02:40:00Z",
        "datacontenttype": "application/json",
        "data": {
            "key": "k-1",
            "customer": "ann",
            "name": "welcome",
            "to": "+4712345678",
            "subject": "Hello",
            "text": "Welcome, Kåri.",
            "html": "<p>Hi</p>",
            "locale": "nb",
            "values": {"name": "Kåri"},
            "purpose": "promotional",
        },
    }
    assert request.headers["content-type"] == "application/cloudevents+json; charset=utf-8"
    assert request.headers["webhook-id"] == "k-1"
    assert request.path == "/hook"


def test_the_same_message_again_has_the_same_id_and_content(
    receiver: Any, open_channel: Make, message: Make
) -> None:
    channel = open_channel(receiver.url)
    channel.send(message())
    channel.send(message())
    first, second = receiver.requests
    assert (first.body, first.headers["webhook-id"]) == (second.body, second.headers["webhook-id"])


def test_while_secrets_change_either_verifies(
    receiver: Any, open_channel: Make, message: Make
) -> None:
    open_channel(receiver.url, secrets=[SECRET, OTHER]).send(message())
    (request,) = receiver.requests
    assert request.verified() == request.verified(OTHER)
    with pytest.raises(WebhookVerificationError):
        request.verified("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")


def test_headers_source_and_type_are_the_operators(
    receiver: Any, open_channel: Make, message: Make
) -> None:
    own = {"headers": {"Authorization": "Bearer t"}, "source": "/club", "type": "club.message"}
    open_channel(receiver.url, **own).send(message())
    (request,), (body,) = receiver.requests, receiver.bodies
    assert request.headers["authorization"] == "Bearer t"
    assert (body["source"], body["type"]) == ("/club", "club.message")


def test_connections_are_kept_and_shared_by_threads(
    receiver: Any, open_channel: Make, message: Make
) -> None:
    channel = open_channel(receiver.url)
    for number in range(20):
        channel.send(message(f"a-{number}"))
    assert receiver.connections == 1
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: channel.send(message(f"b-{number}")), range(100)))
    assert receiver.connections <= 4
    ids = [request.verified()["id"] for request in receiver.requests]
    assert len(ids) == len({*ids}) == 120


def test_a_connection_that_was_closed_meanwhile_costs_no_message(
    receiver: Any, open_channel: Make, message: Make
) -> None:
    receiver.answer = always(204, {"connection": "close"})
    channel = open_channel(receiver.url)
    for number in range(3):
        channel.send(message(f"k-{number}"))
    assert receiver.connections == 3


# --- several in a request ---------------------------------------------------------------------


def test_a_batch_is_one_request(receiver: Any, open_channel: Make, message: Make) -> None:
    messages = [message(f"k-{number}") for number in range(3)]
    channel = open_channel(receiver.url)
    assert channel.send_batch(messages) == [Receipt()] * 3
    channel.send_batch(messages)
    first, again = receiver.requests
    assert [event["id"] for event in first.verified()] == ["k-0", "k-1", "k-2"]
    assert first.headers["content-type"].startswith("application/cloudevents-batch+json")
    assert first.headers["webhook-id"] == again.headers["webhook-id"]


def test_a_message_that_is_refused_holds_up_no_other(
    receiver: Any, open_channel: Make, message: Make
) -> None:
    receiver.answer = lambda request: (422 if b'"bad"' in request.body else 200, {}, b"")
    texts = ["fine", "fine", "fine", "bad", "fine", "bad", "fine"]
    messages = [message(f"k-{number}", text) for number, text in enumerate(texts)]
    results = open_channel(receiver.url).send_batch(messages)
    assert [isinstance(result, Receipt) for result in results] == [t == "fine" for t in texts]
    assert {str(one) for one in results if isinstance(one, GiveUp)} == {"HTTP 422"}


@pytest.mark.parametrize(("status", "kind"), [(401, GiveUp), (500, TryAgain), (429, Throttled)])
def test_a_batch_that_fails_otherwise_fails_whole(
    receiver: Any, open_channel: Make, message: Make, status: int, kind: type
) -> None:
    receiver.answer = always(status)
    results = open_channel(receiver.url).send_batch([message("a"), message("b")])
    assert [type(result) for result in results] == [kind, kind]
    assert len(receiver.requests) == 1


# --- answers ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "kind", "says"),
    [
        (301, GiveUp, "HTTP 301: redirects are not followed"),
        (302, GiveUp, "HTTP 302: redirects are not followed"),
        (307, GiveUp, "HTTP 307: redirects are not followed"),
        (400, GiveUp, "HTTP 400"),
        (401, GiveUp, "HTTP 401"),
        (404, GiveUp, "HTTP 404"),
        (408, TryAgain, "HTTP 408"),
        (410, GiveUp, "HTTP 410"),
        (413, GiveUp, "HTTP 413"),
        (425, TryAgain, "HTTP 425"),
        (500, TryAgain, "HTTP 500"),
        (502, TryAgain, "HTTP 502"),
        (503, TryAgain, "HTTP 503"),
        (599, TryAgain, "HTTP 599"),
    ],
)
def test_failures_are_told_apart(
    receiver: Any, open_channel: Make, message: Make, status: int, kind: type, says: str
) -> None:
    receiver.answer = always(status, {"location": receiver.url}, b"ann does not exist")
    with pytest.raises(kind) as failed:
        open_channel(receiver.url).send(message())
    assert type(failed.value) is kind or kind is GiveUp
    assert str(failed.value) == says
    assert len(receiver.requests) == 1  # nothing was followed


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("retry_after", "seconds"), [("7", 7), ("0", 1), ("in a date", 90), ("soon", 60), ("-3", 60)]
)
def test_who_wants_fewer_says_for_how_long(
    receiver: Any, open_channel: Make, message: Make, status: int, retry_after: str, seconds: int
) -> None:
    if retry_after == "in a date":
        then = datetime.now(UTC) + timedelta(seconds=seconds)
        retry_after = format_datetime(then, usegmt=True)
    receiver.answer = always(status, {"Retry-After": retry_after})
    with pytest.raises(Throttled) as throttled:
        open_channel(receiver.url).send(message())
    assert seconds - 2 < throttled.value.seconds <= seconds


def test_a_429_without_more_is_a_minute(receiver: Any, open_channel: Make, message: Make) -> None:
    receiver.answer = always(429)
    with pytest.raises(Throttled) as throttled:
        open_channel(receiver.url).send(message())
    assert throttled.value.seconds == 60


def test_a_request_id_that_is_none_is_not_kept(
    receiver: Any, open_channel: Make, message: Make
) -> None:
    receiver.answer = always(200, {"x-request-id": "ann at Storgata 5"})
    assert open_channel(receiver.url).send(message()) == Receipt("")


# --- bad connections --------------------------------------------------------------------------


def test_nobody_there(receiver: Any, open_channel: Make, message: Make) -> None:
    with pytest.raises(TryAgain, match=r"^no connection$"):
        open_channel("http://127.0.0.1:1/").send(message())


def test_a_connection_that_breaks_off(receiver: Any, open_channel: Make, message: Make) -> None:
    receiver.answer = lambda request: lambda handler: handler.connection.shutdown(2)
    with pytest.raises(TryAgain, match="the connection broke off"):
        open_channel(receiver.url).send(message())


def test_an_answer_that_is_no_http(receiver: Any, open_channel: Make, message: Make) -> None:
    def chatter(handler: Any) -> None:
        handler.wfile.write(b"220 hello, this is SMTP\r\n")
        handler.close_connection = True

    receiver.answer = lambda request: chatter
    with pytest.raises(TryAgain, match="the connection broke off"):
        open_channel(receiver.url).send(message())


def drip(start: bytes) -> Any:
    """An answer of which a byte comes every 50 ms, for a minute."""

    def answer(handler: Any) -> None:
        try:
            handler.wfile.write(start)
            for _ in range(1_200):
                handler.wfile.write(b"x")
                time.sleep(0.05)
        except OSError:
            handler.close_connection = True

    return lambda request: answer


@pytest.mark.parametrize(
    "start",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nx-long: ",
        b"HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
    ],
)
def test_an_answer_in_drops_takes_no_longer_than_the_whole_time(
    receiver: Any, open_channel: Make, message: Make, start: bytes
) -> None:
    receiver.answer = drip(start)
    began = time.monotonic()
    with pytest.raises(TryAgain, match=r"no answer within 0\.4 seconds"):
        open_channel(receiver.url, timeout=0.4).send(message())
    assert time.monotonic() - began < 2


def test_a_long_answer_is_cut_off(receiver: Any, open_channel: Make, message: Make) -> None:
    sent = 0

    def endless(handler: Any) -> None:
        nonlocal sent
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n")
        try:
            for _ in range(1_000):
                handler.wfile.write(b"x" * 65_536)
                sent += 65_536
        except OSError:
            handler.close_connection = True

    receiver.answer = lambda request: endless
    assert open_channel(receiver.url).send(message()) == Receipt("")
    time.sleep(0.1)
    assert sent < 20_000_000


# --- where it may go --------------------------------------------------------------------------


def test_a_name_that_leads_to_a_private_address_is_not_connected_to(
    receiver: Any, open_channel: Make, message: Make
) -> None:
    url = receiver.url.replace("127.0.0.1", "localhost")
    with pytest.raises(TryAgain, match="its address is not public"):
        open_channel(url, allow_private=False).send(message())
    assert receiver.connections == 0


def test_a_name_that_leads_elsewhere_a_moment_later_changes_nothing(
    receiver: Any, open_channel: Make, message: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first look-up tells a public address, and each one after it loopback."""
    real = socket.getaddrinfo
    connected: list[str] = []
    asked: list[object] = []

    def rebinding(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        if host != "rebind.example":
            return real(host, port, *args, **kwargs)
        asked.append(host)
        address = "93.184.215.14" if len(asked) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    def connect(address: tuple[str, int], *args: Any, **kwargs: Any) -> Any:
        connected.append(address[0])
        raise ConnectionRefusedError  # nothing leaves this machine

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    monkeypatch.setattr(socket, "create_connection", connect)
    channel = open_channel("http://rebind.example/", allow_private=False)
    with pytest.raises(TryAgain, match="no connection"):
        channel.send(message())
    with pytest.raises(TryAgain, match="not public"):
        channel.send(message())
    assert connected == ["93.184.215.14"]


def test_no_proxy_of_the_environment_is_used(
    receiver: Any, open_channel: Make, message: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert open_channel(receiver.url).send(message()) == Receipt()


def test_https_by_a_trusted_certificate_only(
    listen: Make, open_channel: Make, message: Make, tmp_path: Path
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with listen(context) as receiver:
        trusting = open_channel(receiver.url, allow_http=False, ca_file=tmp_path / "ca.pem")
        assert trusting.send(message()) == Receipt()
        with pytest.raises(TryAgain, match="its certificate is not trusted: "):
            open_channel(receiver.url).send(message())
        other_name = receiver.url.replace("127.0.0.1", "localhost")
        with pytest.raises(TryAgain, match="its certificate is not trusted: "):
            open_channel(other_name, ca_file=tmp_path / "ca.pem").send(message())
    assert len(receiver.requests) == 1
    assert json.loads(receiver.requests[0].body)["id"] == "k-1"
