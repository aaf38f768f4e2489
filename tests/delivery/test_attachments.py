"""What goes with a message beside its text: files, the address for answers, its purpose."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from loyalcore.channels import AnyChannelKind, Attachment, ChannelKind, Message, NoSettings
from loyalcore.cli import main
from loyalcore.delivery.file import FILE

CLUB = """\
program: club
languages: {default: en, of: language}
customer: {name: text, language: text}
events: {join: {name: text}}
rules:
  hello: {on: join, then: [{send: welcome}]}
messages:
  welcome:
    purpose: promotional
    reply_to: care@example.org
    text: {en: Welcome, nb: Velkommen}
    attach:
      party.ics: 'SUMMARY:{{ name }} & us'
      card.html: {en: '<b>{{ name }} & us</b>', nb: '<b>{{ name }} og vi</b>'}
"""


def told(*command: str) -> str:
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 0, done.output
    return done.output


def test_a_message_takes_files_a_purpose_and_an_address_for_answers(
    make_club: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    club = make_club(1, CLUB.replace("name: text}}", "name: text}}", 1))
    monkeypatch.chdir(club.path.parent)

    told("deliver", "--db", str(club.path))

    (line,) = Path("messages.jsonl").read_text("utf-8").splitlines()
    sent = json.loads(line)
    assert (sent["purpose"], sent["reply_to"]) == ("promotional", "care@example.org")
    assert sent["time"] == "2026-01-01T00:00:00Z"
    assert sent["attachments"] == [
        {"name": "party.ics", "type": "text/calendar", "text": "SUMMARY:Kari-0 & us"},
        {"name": "card.html", "type": "text/html", "text": "<b>Kari-0 & us</b>"},
    ]
    shown = json.loads(told("outbox", "show", "1", "--db", str(club.path), "--json"))
    assert shown["party.ics"] == "SUMMARY:Kari-0 & us"


def test_a_channel_that_takes_no_files_gets_none(make_club: Any) -> None:
    club = make_club(1, CLUB.replace("purpose: promotional", "channel: post"))
    seen: list[Message] = []
    club.deliver(seen.append, limit=1)
    (message,) = seen
    assert (message.attachments, message.reply_to) == ((), "care@example.org")


def test_a_preview_shows_files(tmp_path: Path) -> None:
    (tmp_path / "club.yaml").write_text(CLUB)
    shown = told("message", "preview", str(tmp_path / "club.yaml"), "welcome", "--locale", "nb")
    assert "card.html:\n<b>‹name› og vi</b>\n" in shown


@pytest.mark.parametrize(
    ("message", "says"),
    [
        ("attach: {a.exe: x}", "an attachment is named by letters, digits, blanks and .-_ and"),
        ("attach: {../a.txt: x}", "an attachment is named by"),
        ("attach: {a.txt: {en: x}}", "a.txt is in en, and text in one language"),
        ("attach: {a.txt: '{{ nam }}'}", "there is no 'nam' (sent by rule 'hello')"),
        ("reply_to: our shop", "an address is written without blanks"),
    ],
)
def test_mistakes_are_told(problems: Any, message: str, says: str) -> None:
    text = (
        "program: club\nevents: {join: {name: text}}\nrules:\n"
        "  hello: {on: join, then: [{send: welcome}]}\n"
        f"messages: {{welcome: {{text: Hi, {message}}}}}\n"
    )
    assert [says in problem for problem in problems(text)] == [True], problems(text)


def test_what_a_channel_takes_is_told() -> None:
    kind: AnyChannelKind = ChannelKind("post", NoSettings, lambda settings: None, reply=True)  # type: ignore[arg-type, return-value]
    assert kind.takes == ("text", "replies")
    assert FILE.takes == ("text", "HTML", "attachments", "replies")


def test_a_message_in_plain_json_tells_what_it_has() -> None:
    message = Message("k", "ann", "hello", "", "", "Hi", None, "en", {}, time=1_500_000)
    assert message.plain() == {
        "key": "k",
        "customer": "ann",
        "name": "hello",
        "to": "",
        "subject": "",
        "text": "Hi",
        "locale": "en",
        "values": {},
        "purpose": "service",
        "time": "1970-01-01T00:00:01.500000Z",
    }
    with_file = Message(
        *("k", "ann", "hello", "", "", "Hi", None, "en"),
        attachments=(Attachment("a.txt", "text/plain", "A"),),
    )
    files = with_file.plain()["attachments"]
    assert files == [{"name": "a.txt", "type": "text/plain", "text": "A"}]
