"""From a row of the outbox to a message with words: by the program that decided it (S15)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import PurePath
from sqlite3 import Connection
from typing import NamedTuple, Protocol

from jinja2 import TemplateError
from msgspec import Struct

from loyalcore.channels import Attachment, Message
from loyalcore.delivery.languages import chosen, in_words, locale_for
from loyalcore.engine.state import CustomerState, Stored, stored_reader
from loyalcore.errors import StoreError
from loyalcore.program.care.messages import render
from loyalcore.program.plan import Program
from loyalcore.ruleset.words import ATTACHED
from loyalcore.store.customers import load_states
from loyalcore.store.outbox import Message as Row


class Programs(Protocol):
    """The programs of a store, compiled, by number."""

    def __getitem__(self, number: int) -> Program:
        """Raises StoreError where one can't be compiled any more."""

    def latest(self) -> Program:
        """That of the latest run."""

    def current(self, customer: str) -> CustomerState | None:
        """A customer as the latest program knows them by now; None where nobody does."""


class _Life(Struct, frozen=True):
    consents: Mapping[str, object] = {}


class _Known(Stored, frozen=True):
    """What of a packed state is asked here."""

    attributes: Mapping[str, object] = {}
    merged: str = ""
    life: _Life = _Life()


_known = stored_reader(_Known)


class Reader(NamedTuple):
    """Whom a message is for, who may be merged into another by now: their name, their attributes
    in plain JSON, and whether they have said anything of being written to."""

    customer: str
    attributes: Mapping[str, object]
    said: bool = False


def reader_of(connection: Connection, customer: str) -> Reader:
    """What is known of a customer now: of the one whom they are merged into, if they are."""
    seen: set[str] = set()
    while customer not in seen and (state := load_states(connection, [customer]).get(customer)):
        seen.add(customer)
        known = _known(state.state)
        if not known.merged:
            return Reader(customer, known.attributes, bool(known.life.consents))
        customer = known.merged
    return Reader(customer, {})


class Unrenderable(Exception):
    """A message that can't be put into words here; the text says why."""


class Words(NamedTuple):
    """What a message says. `html` is empty where it has none."""

    subject: str
    text: str
    html: str
    locale: str
    attached: Mapping[str, str] = {}


def words(program: Program, message: str, values: Mapping[str, object], wanted: str) -> Words:
    """What a message of `program` says with these values (plain JSON), in the language that is
    `wanted` or the nearest there is. Raises Unrenderable, in words without personal data."""
    spec = program.messages.get(message)
    if spec is None:
        raise Unrenderable("its program has no message of this name")
    language = chosen(spec.text, wanted, program.languages.default)
    locale = locale_for(language, wanted)
    shown = in_words(values, program.written.get(message, {}), locale, program.locale)

    def said(texts: Mapping[str, str], *, html: bool = False) -> str:
        return render(texts.get("") or texts.get(language, ""), shown, html=html)

    try:
        return Words(
            said(spec.subject),
            said(spec.text),
            said(spec.html, html=True),
            str(locale),
            {
                name: said(texts, html=name.endswith((".html", ".xml")))
                for name, texts in spec.attach.items()
            },
        )
    except (TypeError, ValueError, TemplateError) as error:
        raise Unrenderable(f"{type(error).__name__} in its template") from None


def _address(program: Program, row: Row) -> str:
    return program.contact.routes[row.message].addresses.get(row.channel, "")


def rendered(
    row: Row,
    programs: Programs,
    attributes: Mapping[str, object],
    *,
    html: bool,
    attachments: bool = True,
) -> Message:
    """A message in the language of the customer with these `attributes`, with its `html` and its
    `attachments` where they are wanted. Raises Unrenderable, in words without personal data."""
    try:
        program = programs[row.program]
    except StoreError as error:
        raise Unrenderable(str(error)) from None
    values = json.loads(row.data)
    said = words(
        program, row.message, values, str(attributes.get(program.languages.of or "") or "")
    )
    spec = program.messages[row.message]
    return Message(
        key=row.key,
        customer=row.customer,
        name=row.message,
        to=str(attributes.get(_address(program, row)) or ""),
        subject=said.subject,
        text=said.text,
        html=(said.html or None) if html else None,
        locale=said.locale,
        values=values,
        purpose=spec.purpose,
        time=row.time,
        reply_to=spec.reply_to or "",
        attachments=tuple(
            Attachment(name, ATTACHED[PurePath(name).suffix], text)
            for name, text in (said.attached if attachments else {}).items()
        ),
    )
