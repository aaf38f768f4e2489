"""`loyalcore email unsubscribe`: from the token of a letter to a customer who gets no more."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from click.testing import CliRunner, Result

from loyalcore.cli import main
from loyalcore_email.unsubscribe import token

Run = Callable[..., Result]

SECRET = "a secret of some length"

RULESET = """\
program: club
customer: {email: text}
events: {join: {email: text}, edition: {}, merge: {into: id, merges: into}}
rules:
  known: {on: join, then: [{set: {email: email}}]}
  news: {on: edition, then: [{send: news}]}
messages: {news: {channel: email, to: email, purpose: news, subject: News, text: There is news.}}
contact: {consent: {news: register}}
"""
EVENTS = (
    {"id": "1", "customer": "ann", "type": "join", "email": "ann@example.org"},
    {"id": "2", "customer": "ann", "type": "consent_given", "purpose": "news", "origin": "form"},
    {"id": "3", "customer": "ann", "type": "edition"},
)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command where the club is."""
    monkeypatch.chdir(tmp_path)
    Path("club.yaml").write_text(RULESET)
    Path("settings.toml").write_text(
        "[channels.email]\n"
        'host = "127.0.0.1"\nport = 1\ntls = "none"\nsender = "club@example.org"\n'
        "[channels.email.unsubscribe]\n"
        f'secret = "{SECRET}"\nurl = "https://club.example.org/u?t={{token}}"\n'
    )
    play(*EVENTS)
    return command


def command(*words: str) -> Result:
    return CliRunner().invoke(main, words)


def play(*events: dict[str, str]) -> None:
    lines = [json.dumps({"time": f"2026-01-01T{int(one['id']):02}:00", **one}) for one in events]
    Path("events.jsonl").write_text("\n".join(lines))
    done = command("run", "club.yaml", "--db", "club.db", "events.jsonl")
    assert done.exit_code == 0, done.output


def unsubscribe(given: str) -> Result:
    options = ("--db", "club.db", "--settings", "settings.toml", "--json", "--", given)
    return command("email", "unsubscribe", *options)


def own_token() -> str:
    (row,) = json.loads(command("outbox", "list", "--db", "club.db", "--json").stdout)
    return token(row["key"], SECRET)


def standing(customer: str = "ann") -> Any:
    shown = command("consent", "show", customer, "--db", "club.db", "--json")
    (one,) = json.loads(shown.stdout)["standing"]
    return one["said"], one["reason"]


def test_who_unsubscribes_gets_no_more(run: Run) -> None:
    done = unsubscribe(own_token())

    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert (said["type"], said["customer"], said["again"]) == ("unsubscribed", "ann", False)
    assert standing() == ("withdrawn", "consent withdrawn")
    run("deliver", "--db", "club.db", "--settings", "settings.toml")
    (row,) = json.loads(run("outbox", "list", "--db", "club.db", "--json").stdout)
    assert (row["status"], row["reason"]) == ("withheld", "consent withdrawn")


def test_twice_is_as_once(run: Run) -> None:
    for again in (False, True):
        done = unsubscribe(own_token())
        assert done.exit_code == 0
        said = json.loads(done.stdout)
        assert (said["customer"], said["again"]) == ("ann", again)
    said = json.loads(run("consent", "list", "--db", "club.db", "--json").stdout)
    assert [one["event"] for one in said] == ["unsubscribed", "consent_given"]


def test_who_agreed_anew_may_unsubscribe_by_an_old_letter(run: Run) -> None:
    unsubscribe(own_token())
    given = ("--customer", "ann", "--purpose", "news", "--origin", "shop")
    assert run("consent", "give", "--db", "club.db", *given).exit_code == 0
    assert standing() == ("given", "")

    done = json.loads(unsubscribe(own_token()).stdout)

    assert (done["again"], done["done"]) == (False, True)
    assert standing() == ("withdrawn", "consent withdrawn")


def test_whoever_goes_on_for_them_is_unsubscribed(run: Run) -> None:
    play(
        {"id": "4", "customer": "bo", "type": "join", "email": "bo@example.org"},
        {"id": "5", "customer": "ann", "type": "merge", "into": "bo"},
    )
    assert json.loads(unsubscribe(own_token()).stdout)["customer"] == "bo"
    assert standing("bo") == ("withdrawn", "consent withdrawn")


def test_a_customer_ahead_of_the_clock_may_too(run: Run) -> None:
    play({"id": "6", "customer": "ann", "type": "edition", "time": "2199-01-01"})
    (row, _) = json.loads(command("outbox", "list", "--db", "club.db", "--json").stdout)
    assert unsubscribe(token(row["key"], SECRET)).exit_code == 0
    assert standing() == ("withdrawn", "consent withdrawn")


@pytest.mark.parametrize("forged", ["", ".", "--help", "{key}.", "{key}.{signature}x", "é.é"])
def test_what_is_not_genuine_changes_nothing(run: Run, forged: str) -> None:
    key, _, signature = own_token().rpartition(".")
    done = unsubscribe(forged.format(key=key, signature=signature))
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == "error: no message of this store has this token\n"
    assert standing() == ("given", "")


def test_a_message_of_another_store_is_told_as_one_that_is_forged(run: Run) -> None:
    assert unsubscribe(token("no-such-key", SECRET)).exit_code == 1


def test_settings_without_a_secret_are_wrong_usage(run: Run) -> None:
    settings = Path("settings.toml")
    settings.write_text(re.sub(r"\[channels.email.unsubscribe\](\n.+)+", "", settings.read_text()))
    done = unsubscribe(own_token())
    assert done.exit_code == 2
    assert "no channel of the kind email has the setting unsubscribe" in done.stderr


def test_the_web_application_of_the_readme(run: Run) -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
    (source,) = re.findall(r"^```python\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL)
    served: dict[str, Any] = {}
    exec(compile(source, "README.md", "exec"), served)
    statuses = []

    def ask(method: str, token: str) -> str:
        query = urlencode({"token": token})
        environ = {"REQUEST_METHOD": method, "QUERY_STRING": query}
        served["application"](environ, lambda status, _: statuses.append(status))
        return statuses[-1]

    assert ask("GET", own_token()) == "200 OK"
    assert ask("POST", "--help") == ask("POST", "a\0b") == "400 Bad Request"
    assert standing() == ("given", "")
    assert ask("POST", own_token()) == "200 OK"
    assert standing() == ("withdrawn", "consent withdrawn")
