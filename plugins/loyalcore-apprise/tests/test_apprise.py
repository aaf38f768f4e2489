"""Messages by Apprise, to its services for one's own servers (json:// and form://)."""

from __future__ import annotations

import base64
import io
import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from loyalcore.channels import Attachment, GiveUp, Message, Receipt, Throttled, TryAgain
from loyalcore.delivery.settings import read_settings
from loyalcore.errors import PluginError
from loyalcore_apprise import APPRISE, loyalcore_channels
from loyalcore_apprise.channel import AppriseChannel
from loyalcore_apprise.settings import AppriseSettings

# Apprise loads a module of the standard library that Python 3.13 leaves out.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


def channel(url: str) -> AppriseChannel:
    return AppriseChannel(AppriseSettings.model_validate({"url": url}))


def message(to: str = "+4712345678", **parts: Any) -> Message:
    usual: dict[str, Any] = {"subject": "Hei", "text": "Velkommen, Kåri.", "html": None}
    return Message(
        key="k-1", customer="ann", name="welcome", to=to, locale="nb", **{**usual, **parts}
    )


def test_a_message_goes_to_the_customers_address(service: Any) -> None:
    url = f"json://127.0.0.1:{service.port}/sms/{{to}}"
    assert channel(url).send(message()) == Receipt()
    ((path, _),), (body,) = service.requests, service.bodies
    assert path == "/sms/+4712345678"
    assert (body["title"], body["message"]) == ("Hei", "Velkommen, Kåri.")


def test_another_service(service: Any) -> None:
    channel(f"form://127.0.0.1:{service.port}/").send(message(""))
    ((_, body),) = service.requests
    assert b"Velkommen" in body


def test_html_goes_where_the_service_wants_it(service: Any) -> None:
    html = message(html="<p>Velkommen</p>")
    channel(f"json://127.0.0.1:{service.port}/").send(html)
    channel(f"json://127.0.0.1:{service.port}/?format=text").send(html)
    assert [body["message"] for body in service.bodies] == ["<p>Velkommen</p>", "Velkommen, Kåri."]


def test_files_go_with_it(service: Any) -> None:
    file = Attachment("fest.ics", "text/calendar", "SUMMARY:Fest på lørdag")
    channel(f"json://127.0.0.1:{service.port}/").send(message(attachments=(file,)))
    (body,) = service.bodies
    (sent,) = body["attachments"]
    assert (sent["filename"], sent["mimetype"]) == ("fest.ics", "text/calendar")
    assert base64.b64decode(sent["base64"]).decode() == file.text


@pytest.mark.parametrize("to", ["../../admin", "a?format=html", "a/b", "a@b.no/x", "a#b", "{to}"])
def test_an_address_is_one_part_of_the_url(service: Any, to: str) -> None:
    channel(f"json://127.0.0.1:{service.port}/sms/{{to}}/end").send(message(to))
    ((path, _),) = service.requests
    assert path.count("/") == 3
    assert path.endswith("/end")


@pytest.mark.parametrize(
    ("status", "kind", "says"),
    [
        (400, GiveUp, "JSON: HTTP 400"),
        (401, GiveUp, "JSON: HTTP 401"),
        (404, GiveUp, "JSON: HTTP 404"),
        (408, TryAgain, "JSON: HTTP 408"),
        (429, Throttled, "JSON: HTTP 429"),
        (500, TryAgain, "JSON: HTTP 500"),
        (503, TryAgain, "JSON: HTTP 503"),
    ],
)
def test_failures_are_told_apart_where_apprise_tells(
    service: Any, status: int, kind: Any, says: str
) -> None:
    service.status = status
    with pytest.raises(kind) as failed:
        channel(f"json://127.0.0.1:{service.port}/").send(message())
    assert (type(failed.value), str(failed.value)) == (kind, says)


def test_nobody_there() -> None:
    with pytest.raises(TryAgain, match="no connection, or no reason told"):
        channel("json://127.0.0.1:1/").send(message())


def test_no_address_and_no_words_are_given_up(service: Any) -> None:
    with pytest.raises(GiveUp, match="no address"):
        channel("json://127.0.0.1:1/{to}").send(message(""))
    with pytest.raises(GiveUp, match="says nothing"):
        channel("json://127.0.0.1:1/").send(message(text=" \n"))
    with pytest.raises(GiveUp, match="Apprise makes no service of this URL and this address"):
        channel("twilio://{to}").send(message())


def test_threads_hear_only_of_their_own(service: Any) -> None:
    opened = channel(f"json://127.0.0.1:{service.port}/{{to}}")

    def what_became_of(status: int) -> str:
        try:
            opened.send(message(str(status)))
        except Exception as error:  # noqa: BLE001 (its kind is what is looked at)
            return type(error).__name__
        return "sent"

    expected = {200: "sent", 404: "GiveUp", 429: "Throttled", 500: "TryAgain"}
    asked = [*expected] * 10
    with ThreadPoolExecutor(8) as pool:
        assert [*pool.map(what_became_of, asked)] == [expected[status] for status in asked]


def test_its_logs_are_seen_by_nobody(
    service: Any, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = io.StringIO()
    monkeypatch.setattr(logging.getLogger(), "handlers", [logging.StreamHandler(seen)])
    service.status = 401
    with pytest.raises(GiveUp, match=r"^JSON: HTTP 401$"):
        channel(f"json://club:t0ken@127.0.0.1:{service.port}/{{to}}").send(message("12345678"))
    assert (seen.getvalue(), *capfd.readouterr()) == ("", "", "")


@pytest.mark.parametrize("url", ["t0ken", "nosuch://t0ken", "://t0ken"])
def test_a_service_that_apprise_does_not_know(url: str, tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(f'[channels.sms]\nkind = "apprise"\nurl = "{url}"\n')
    with pytest.raises(PluginError) as wrong:
        read_settings(file, {"apprise": APPRISE})["sms"].open()
    assert str(wrong.value) == (
        "channel 'sms' can't be opened: ValueError: Apprise knows no service by the word before ://"
    )
    assert "t0ken" not in repr(AppriseSettings.model_validate({"url": "json://t0ken"}))


def test_what_the_channel_can_do() -> None:
    assert [*loyalcore_channels()] == [APPRISE]
    assert APPRISE.takes == ("text", "HTML", "attachments")
