"""From a row of the outbox to a message with words: by the program that decided it (S15)."""

from __future__ import annotations

import json
from typing import Protocol

from loyalcore.channels import Message
from loyalcore.errors import StoreError
from loyalcore.program.messages import render
from loyalcore.program.plan import Program
from loyalcore.store.outbox import Message as Row


class Programs(Protocol):
    """The programs of a store, compiled, by number."""

    def __getitem__(self, number: int) -> Program:
        """Raises StoreError where one can't be compiled any more."""


class Unrenderable(Exception):
    """A message that can't be put into words here; the text says why."""


def rendered(row: Row, programs: Programs, *, html: bool) -> Message:
    """The words of a message. Raises Unrenderable, in words without personal data."""
    try:
        program = programs[row.program]
    except StoreError as error:
        raise Unrenderable(str(error)) from None
    spec = program.messages.get(row.message)
    if spec is None:
        raise Unrenderable("its program has no message of this name")
    values = json.loads(row.data)
    return Message(
        key=row.key,
        customer=row.customer,
        name=row.message,
        to="",
        subject=render(spec.subject, values),
        text=render(spec.text, values),
        html=None,
        locale="",
        values=values,
    )
