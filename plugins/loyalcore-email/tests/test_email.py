"""E-mails by a real server: what they hold, and what became of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loyalcore.channels import Attachment, GiveUp, Message, Receipt, Throttled, TryAgain
from loyalcore_email.addresses import address
from loyalcore_email.composing import composed
from loyalcore_email.settings import EmailSettings
from loyalcore_email.unsubscribe import token, verified

Make = Callable[..., Any]

SECRET = "a secret of some length"
UNSUBSCRIBE = {
    "secret": SECRET,
    "url": "https://club.example.org/unsubscribe?token={token}",
    "mailto": "unsubscribe@club.example.org",
}


# --- what an e-mail holds ---------------------------------------------------------------------


def test_a_message_is_an_email(office: Any, open_channel: Make, message: Make) -> None:
    channel = open_channel(office, reply_to="Care <care@example.org>", headers={"X-Team": "club"})

    receipt = channel.send(message(subject="Velkommen, Kåri", html="<p>Hei på deg.</p>"))

    assert receipt == Receipt("2.0.0 Ok: queued as Q1")
    (letter,) = office.letters
    assert (letter.sender, letter.recipients) == ("club@example.org", ["kari@example.com"])
    mail = letter.mail
    assert str(mail["From"]) == "Bø & co <club@example.org>"
    assert (str(mail["To"]), mail["Subject"]) == ("kari@example.com", "Velkommen, Kåri")
    assert str(mail["Reply-To"]) == "Care <care@example.org>"
    assert mail["Message-ID"] == "<0a1b-0@example.org>"
    assert abs(mail["Date"].datetime - datetime.now(UTC)).total_seconds() < 60
    assert (mail["Content-Language"], mail["X-Team"]) == ("nb-NO", "club")
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["List-Unsubscribe"] is None
    assert mail.get_content_type() == "multipart/alternative"
    plain, html = mail.iter_parts()
    assert plain.get_content().rstrip() == "Hei på deg."
    assert (html.get_content_type(), html.get_content()) == ("text/html", "<p>Hei på deg.</p>\r\n")
    assert letter.content.isascii()


def test_a_text_alone_is_one_part(office: Any, open_channel: Make, message: Make) -> None:
    long = "æ" * 3_000 + "\n.\n..\nQUIT\nFrom here\n"
    open_channel(office).send(message(text=long))
    mail = office.letters[0].mail
    assert mail.get_content_type() == "text/plain"
    assert mail.get_content().replace("\r\n", "\n") == long


def test_files_go_with_it(office: Any, open_channel: Make, message: Make) -> None:
    files = (
        Attachment("fest på lørdag.ics", "text/calendar", "SUMMARY:Fest på lørdag\n"),
        Attachment("points.json", "application/json", '{"points": 1}'),
    )
    open_channel(office).send(message(attachments=files, html="<p>Hei</p>"))
    mail = office.letters[0].mail
    found = [(part.get_filename(), part.get_content_type()) for part in mail.iter_attachments()]
    assert found == [
        ("fest på lørdag.ics", "text/calendar"),
        ("points.json", "application/json"),
    ]
    first = next(iter(mail.iter_attachments()))
    assert first.get_content() == "SUMMARY:Fest på lørdag\n"


def test_what_is_not_about_something_can_be_ended_by_one_click(
    office: Any, open_channel: Make, message: Make
) -> None:
    key = "0123456789abcdef" * 4 + "-12"
    channel = open_channel(office, unsubscribe=UNSUBSCRIBE)
    channel.send(message(key=key, purpose="promotional"))
    (letter,) = office.letters
    expected = token(key, SECRET)
    assert letter.mail["List-Unsubscribe"] == (
        f"<https://club.example.org/unsubscribe?token={expected}>, "
        f"<mailto:unsubscribe@club.example.org?subject={expected}>"
    )
    # Machines read it as it stands: it is not put into encoded words.
    assert f"<https://club.example.org/unsubscribe?token={expected}>".encode() in letter.content
    assert letter.mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert letter.mail["Auto-Submitted"] is None
    assert b"c-17" not in letter.content  # the customer is not named
    assert verified(expected, SECRET) == key


@pytest.mark.parametrize("forged", ["", ".", "0a1b-0", "0a1b-0.", "0a1b-1.{}", "0a1b-0.{}x", "æ.ø"])
def test_a_token_can_not_be_forged(forged: str) -> None:
    signature = token("0a1b-0", SECRET).rpartition(".")[2]
    assert verified(forged.format(signature), SECRET) is None
    assert verified(token("0a1b-0", "another secret, as long"), SECRET) is None


def test_answers_go_where_the_message_says(office: Any, open_channel: Make, message: Make) -> None:
    channel = open_channel(office, reply_to="care@example.org", bounces="bounces@example.org")
    channel.send(message(reply_to="box@example.org"))
    (letter,) = office.letters
    assert (str(letter.mail["Reply-To"]), letter.sender) == (
        "box@example.org",
        "bounces@example.org",
    )


# --- addresses --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "ascii"),
    [
        ("kari@example.com", "kari@example.com"),
        ("k.a+r_i'o@localhost", "k.a+r_i'o@localhost"),
        ("kari@Bø.example", "kari@xn--b-5ga.example"),
        ("kåri@example.com", "kåri@example.com"),
    ],
)
def test_addresses(written: str, ascii: str) -> None:
    assert str(address(written)) == ascii


@pytest.mark.parametrize(
    "wrong",
    [
        *("kari", "@example.com", "kari@", "kari@@example.com", "a b@example.com"),
        *("a@example.com, b@example.com", "a@example.com\r\nRCPT TO:<b@x>", "a@example.com\n"),
        *("Kari <kari@example.com>", "<kari@example.com>", '"a b"@example.com', ".a@example.com"),
        *("a..b@example.com", "a@exa mple.com", "a@-x.com", "a@x..com", "a@[127.0.0.1]"),
        *("a\x00@example.com", "a\u202e@example.com", "a\ud800@example.com", "æ" * 33 + "@x.com"),
        *("a" * 65 + "@x.com", "a@" + "x" * 64, "a@" + "x." * 130 + "com", "a@x\u2028.com"),
    ],
)
def test_what_is_no_address_is_given_up(
    office: Any, open_channel: Make, message: Make, wrong: str
) -> None:
    with pytest.raises(GiveUp, match=r"^this is no e-mail address$"):
        open_channel(office).send(message(wrong))
    assert office.connections == 0


def test_a_customer_without_address(office: Any, open_channel: Make, message: Make) -> None:
    with pytest.raises(GiveUp, match=r"^the customer has no e-mail address$"):
        open_channel(office).send(message(""))


def test_an_address_in_any_script(office: Any, open_channel: Make, message: Make) -> None:
    open_channel(office).send(message("kåri@bø.example", subject="Hæ"))
    (letter,) = office.letters
    assert letter.recipients == ["kåri@xn--b-5ga.example"]
    assert "SMTPUTF8" in letter.options
    assert "To: kåri@xn--b-5ga.example".encode() in letter.content
    assert letter.mail["Subject"] == "Hæ"


def test_an_address_that_the_server_can_not_take(
    server: Make, open_channel: Make, message: Make
) -> None:
    with server(smtputf8=False) as office:
        channel = open_channel(office)
        with pytest.raises(GiveUp, match="takes no address that is not in ASCII"):
            channel.send(message("kåri@example.com"))
        channel.send(message())
    assert office.connections == 1


TEXT = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("\r\n:<>@, "))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(subject=TEXT, to=TEXT, text=TEXT, key=TEXT, locale=TEXT, name=TEXT)
def test_nothing_that_is_written_becomes_a_header(
    subject: str, to: str, text: str, key: str, locale: str, name: str
) -> None:
    file = Attachment(name, "text/plain", text)
    own = EmailSettings.model_validate({"host": "localhost", "sender": "club@example.org"})
    wanted = {"from", "to", "subject", "date", "message-id", "mime-version", "content-type"}
    wanted |= {"auto-submitted", "content-language"}
    for address_ in (to, "kari@example.com"):
        message = Message(key, "c", "m", address_, subject, text, None, locale, attachments=(file,))
        try:
            mail = composed(message, own, 0.0)
        except ValueError:
            assert address_ == to  # it is no address
            continue
        head = mail.content.partition(b"\r\n\r\n")[0].decode()
        names = [ln.partition(":")[0].lower() for ln in head.split("\r\n") if ln[0] not in " \t"]
        assert {*names} <= wanted, head
        assert len(names) == len({*names})
        assert "\n" not in head.replace("\r\n", "")
        assert not any(c in mail.recipient for c in "\r\n <>,")


# --- connections ------------------------------------------------------------------------------


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_tls_and_login(server: Make, open_channel: Make, message: Make, tls: str) -> None:
    with server(tls, login=True) as office:
        login = {"tls": tls, "username": "club", "password": "open sesame"}
        assert open_channel(office, **login).send(message())
        with pytest.raises(TryAgain, match="its certificate is not trusted: "):
            open_channel(office, **login, ca_file=None).send(message())
    assert (len(office.letters), office.logins) == (1, [True])


def test_a_login_that_is_refused_waits_and_costs_no_message(
    server: Make, open_channel: Make, message: Make
) -> None:
    with server("starttls", login=True) as office:
        wrong = {"tls": "starttls", "username": "club", "password": "hunter22"}
        with pytest.raises(Throttled, match=r"^login refused: 535 ") as refused:
            open_channel(office, **wrong).send(message())
    assert refused.value.seconds == 300
    assert "hunter22" not in str(refused.value)
    assert office.letters == []


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_without_the_tls_that_was_asked_for_nothing_is_said(
    office: Any, open_channel: Make, message: Make, tls: str
) -> None:
    login = {"tls": tls, "username": "club", "password": "hunter22"}
    with pytest.raises((Throttled, TryAgain), match=r"STARTTLS|no TLS"):
        open_channel(office, **login).send(message())
    assert (office.letters, office.logins) == ([], [])


def test_a_connection_is_kept_for_the_next_message(
    office: Any, open_channel: Make, message: Make
) -> None:
    channel = open_channel(office)
    for number in range(10):
        channel.send(message(key=f"k-{number}"))
    assert (len(office.letters), office.connections) == (10, 1)


def test_several_threads_have_a_connection_each(
    office: Any, open_channel: Make, message: Make
) -> None:
    channel = open_channel(office)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: channel.send(message(key=f"k-{number}")), range(40)))
    ids = {letter.mail["Message-ID"] for letter in office.letters}
    assert (len(office.letters), len(ids)) == (40, 40)
    assert office.connections <= 4


def hang_up(smtp: Any, about: str) -> None:
    smtp.transport.abort()


@pytest.mark.parametrize("say", [hang_up, lambda smtp, about: "421 4.4.2 idle for too long"])
def test_a_kept_connection_that_the_server_has_closed_is_made_anew(
    office: Any, open_channel: Make, message: Make, say: Any
) -> None:
    channel = open_channel(office)
    channel.send(message())
    told: list[object] = []

    def once(smtp: Any, about: str) -> Any:
        return None if told else (told.append(smtp), say(smtp, about))[1]

    office.replies["mail"] = once
    channel.send(message(key="k-2"))
    assert (len(office.letters), office.connections) == (2, 2)


@pytest.mark.parametrize("step", ["mail", "rcpt", "data"])
def test_a_connection_that_drops_in_the_middle(
    office: Any, open_channel: Make, message: Make, step: str
) -> None:
    channel = open_channel(office)
    office.replies[step] = hang_up
    with pytest.raises(TryAgain, match="the connection broke off"):
        channel.send(message())
    office.replies.clear()
    channel.send(message())
    mail = office.letters[-1].mail
    assert (mail["Message-ID"], office.connections) == ("<0a1b-0@example.org>", 2)


def test_nobody_there(office: Any, open_channel: Make, message: Make) -> None:
    with pytest.raises(TryAgain, match=r"^no connection$"):
        open_channel(office, port=1).send(message())


def test_a_server_that_takes_too_long(office: Any, open_channel: Make, message: Make) -> None:
    def sleep(smtp: Any, about: str) -> None:
        time.sleep(0.6)

    office.replies["rcpt"] = sleep
    channel = open_channel(office, timeout=0.2)
    began = time.monotonic()
    with pytest.raises(TryAgain, match="no answer came in time"):
        channel.send(message())
    assert time.monotonic() - began < 0.6
    time.sleep(0.5)


# --- replies ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "reply", "kind", "seconds"),
    [
        ("rcpt", "550 5.1.1 <kari@example.com>: no such user", GiveUp, 0),
        ("rcpt", "553 5.1.3 bad address", GiveUp, 0),
        ("rcpt", "450 4.2.0 greylisted", TryAgain, 0),
        ("rcpt", "451 4.3.0 try later", TryAgain, 0),
        ("rcpt", "452 4.2.2 mailbox full", TryAgain, 0),
        ("rcpt", "452 4.5.3 too many recipients", Throttled, 60),
        ("rcpt", "421 4.7.0 too fast", Throttled, 60),
        ("data", "554 5.7.1 looks like spam", GiveUp, 0),
        ("data", "552 5.3.4 too large", GiveUp, 0),
        ("data", "451 4.3.0 try later", TryAgain, 0),
        ("data", "452 4.3.1 disk full", Throttled, 60),
        ("mail", "552 5.3.4 too large", GiveUp, 0),
        ("mail", "550 5.7.1 not your address", Throttled, 300),
        ("mail", "530 5.7.0 authenticate first", Throttled, 300),
        ("mail", "450 4.7.1 too many messages", Throttled, 60),
        ("mail", "451 4.7.1 too many messages", Throttled, 60),
    ],
)
def test_replies_are_told_apart(
    office: Any, open_channel: Make, message: Make, step: str, reply: str, kind: Any, seconds: int
) -> None:
    channel = open_channel(office)
    office.replies[step] = lambda smtp, about: reply
    with pytest.raises(kind) as failed:
        channel.send(message())
    assert type(failed.value) is kind
    names = {"mail": "sender", "rcpt": "recipient", "data": "content"}
    assert str(failed.value) == f"{names[step]} refused: {reply}"
    assert getattr(failed.value, "seconds", 0) == seconds

    office.replies.clear()
    assert channel.send(message(key="k-2"))  # and the connection still serves the next one
    assert office.connections == (2 if "421" in reply else 1)
    assert [letter.recipients for letter in office.letters] == [["kari@example.com"]]
