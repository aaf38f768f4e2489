"""A message that may not go by now is withheld, or waits, whatever was decided before."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from loyalcore.cli import main
from loyalcore.store import Store
from loyalcore.store.outbox import Message, list_messages

CLUB = """\
program: club
customer: {email: text, zone: text}
events:
  join: {email: text}
  complaint: {}
  merge: {into: id, merges: into}
metrics: {complaints: {count: complaint}}
rules:
  hello: {on: join, then: [set: {email: email}, send: offer]}
messages:
  offer: {purpose: promotional, channel: [email, file], to: {email: email}, text: Come back.}
"""
CONTACT = "contact: {consent: {promotional: register}}\n"

Line = Mapping[str, object]


class Office:
    """A store, runs into it, and processes that deliver from it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.db = folder / "club.db"
        self.spool = folder / "mail.jsonl"
        settings = {"channels": {"email": {"kind": "file", "path": str(self.spool)}}}
        (folder / "settings.yaml").write_text(json.dumps(settings))

    def start(self, *arguments: object) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "loyalcore", *map(str, arguments), "--db", str(self.db)]
        return subprocess.Popen(command, stdout=-1, stderr=-1, text=True, cwd=self.folder)

    def told(self, *arguments: object) -> Any:
        """What a command tells, in this process: to start one takes long."""
        done = CliRunner().invoke(main, [*map(str, arguments), "--db", str(self.db)])
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout) if "--json" in arguments else done.stdout

    def run(self, text: str, *lines: Line) -> None:
        (self.folder / "club.yaml").write_text(text)
        (self.folder / "events.jsonl").write_text("".join(f"{json.dumps(one)}\n" for one in lines))
        self.told("run", self.folder / "club.yaml", self.folder / "events.jsonl")

    def deliver(self) -> Mapping[str, int]:
        """What became of those by the channel `email`."""
        told = self.told("deliver", "--settings", self.folder / "settings.yaml", "--json")
        found: Mapping[str, int] = told["channels"]["email"]
        return found

    def rows(self) -> list[Message]:
        with Store.open(self.db) as store:
            return list_messages(store.connection)

    def fates(self) -> list[tuple[str, str, str | None]]:
        return [(row.customer, row.status, row.reason) for row in self.rows()]

    def sent(self) -> Counter[str]:
        """To whom, and how often."""
        lines = self.spool.read_text().splitlines() if self.spool.exists() else ()
        return Counter(json.loads(line)["customer"] for line in lines)


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    monkeypatch.chdir(tmp_path)
    return Office(tmp_path)


def said(customer: str, type_: str, day: int = 1, **fields: object) -> Line:
    time = f"2026-01-{day:02}"
    return {
        "id": f"{customer}{type_}{day}",
        "customer": customer,
        "type": type_,
        "time": time,
    } | fields


def joined(customer: str) -> Iterable[Line]:
    """A customer to whom the message is decided, with consent."""
    yield said(customer, "consent_given")
    yield said(customer, "join", 2, email=f"{customer}@example.org")


def test_consent_that_is_withdrawn_before_the_delivery(office: Office) -> None:
    office.run(CLUB + CONTACT, *joined("ann"), *joined("bob"))
    assert {row.channel for row in office.rows()} == {"email"}
    office.run(CLUB + CONTACT, said("ann", "unsubscribed", 3, channel="email", origin="link"))
    with office.start("deliver", "--settings", "settings.yaml") as process:
        _, err = process.communicate()
    assert process.returncode == 0
    assert err.startswith("1 withheld; see: loyalcore outbox list")
    assert office.fates() == [("ann", "withheld", "consent withdrawn"), ("bob", "sent", None)]
    (line,) = office.spool.read_text().splitlines()
    assert json.loads(line)["to"] == "bob@example.org"
    ann, bob = office.rows()
    assert (ann.attempts, bob.attempts, ann.purpose) == (0, 1, "promotional")


def test_it_is_withheld_without_the_section_too(office: Office) -> None:
    text = CLUB.replace("[email, file]", "email")
    office.run(text, *joined("ann"))
    office.run(text, said("ann", "consent_withdrawn", 3))
    office.deliver()
    assert office.fates() == [("ann", "withheld", "consent withdrawn")]


def test_what_was_withheld_goes_once_it_may(office: Office) -> None:
    office.run(CLUB + CONTACT, *joined("ann"))
    office.run(CLUB + CONTACT, said("ann", "unsubscribed", 3))
    office.deliver()
    office.told("outbox", "retry", "--status", "withheld")
    assert office.deliver()["withheld"] == 1  # they still have not agreed
    office.told("consent", "give", "--customer", "ann", "--origin", "phone", "--json")
    office.told("outbox", "retry", "--status", "withheld")
    assert office.deliver()["sent"] == 1
    assert office.fates() == [("ann", "sent", None)]


def test_a_complaint_that_is_open_by_then(office: Office) -> None:
    text = CLUB.replace("[email, file]", "email") + "pause: {promotional: complaints > 0}\n"
    office.run(text, *joined("ann"))
    office.run(text, said("ann", "complaint", 3))
    office.deliver()
    assert office.fates() == [("ann", "withheld", "paused: complaints > 0")]


def test_who_is_another_by_then_is_asked_as_they_are(office: Office) -> None:
    office.run(CLUB + CONTACT, *joined("ann"), *joined("bob"), said("ann", "unsubscribed", 3))
    office.run(CLUB + CONTACT, said("bob", "merge", 4, into="ann"))
    office.deliver()
    assert {status for _, status, _ in office.fates()} == {"withheld"}


def test_an_address_that_is_gone_by_then(office: Office) -> None:
    text = CLUB.replace("complaint: {}", "erased: {email: text}").replace(
        "rules:\n", "rules:\n  bye: {on: erased, then: [set: {email: email}]}\n"
    )
    gone = text[: text.index("metrics:")] + text[text.index("rules:") :] + CONTACT
    office.run(gone, *joined("ann"))
    office.run(gone, said("ann", "erased", 3))
    office.deliver()
    assert office.fates() == [("ann", "withheld", "no address")]


def test_the_program_that_is_in_force_says_who_may_be_written_to(office: Office) -> None:
    office.run(CLUB, said("ann", "join", 2, email="ann@example.org"))
    office.run(CLUB + CONTACT, said("bob", "complaint", 3))
    office.deliver()
    assert office.fates() == [("ann", "withheld", "no consent")]


def test_quiet_hours_that_have_begun_since_put_it_off(office: Office) -> None:
    now = datetime.now(UTC)
    hours = "-".join(f"{now + timedelta(hours=by):%H:%M}" for by in (-1, 2))
    quiet = CLUB + CONTACT.replace("}}\n", f"}}, quiet: {{hours: {hours}}}}}\n")
    office.run(CLUB + CONTACT, *joined("ann"))
    office.run(quiet, said("bob", "complaint", 3))
    assert office.deliver() == {"sent": 0, "later": 1, "dead": 0, "throttled": 0, "withheld": 0}
    (row,) = office.rows()
    assert (row.status, row.attempts) == ("pending", 0)
    assert (row.reason or "").startswith("quiet: until ")
    due = datetime.fromtimestamp(row.due / 1e6, UTC)
    assert f"{due:%H:%M}" == hours.partition("-")[2]
    office.run(CLUB + CONTACT, said("bob", "complaint", 4))
    office.told("outbox", "retry", row.seq)
    assert office.deliver()["sent"] == 1


def test_two_deliverers_send_to_all_who_may_be_written_to_and_to_nobody_else(
    office: Office,
) -> None:
    everybody = [f"c{number:03}" for number in range(300)]
    lines = [line for customer in everybody for line in joined(customer)]
    office.run(CLUB + CONTACT, *lines)
    gone = everybody[::3]
    office.run(CLUB + CONTACT, *(said(customer, "unsubscribed", 3) for customer in gone))
    deliverers = [office.start("deliver", "--settings", "settings.yaml") for _ in range(2)]
    for process in deliverers:
        with process:
            _, err = process.communicate()
            assert process.returncode == 0, err
    assert office.sent() == Counter(set(everybody) - set(gone))
    withheld = {customer for customer, status, _ in office.fates() if status == "withheld"}
    assert withheld == set(gone)
