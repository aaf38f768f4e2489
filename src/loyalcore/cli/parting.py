"""What the ending of a relationship would come to, in words: for who is to approve it."""

from __future__ import annotations

import click
from msgspec import to_builtins

from loyalcore.cli.effects import effect_text
from loyalcore.cli.output import print_table
from loyalcore.cli.reading import shown_time
from loyalcore.delivery.rendering import Words, words
from loyalcore.effects.changes import Send
from loyalcore.engine.parting.parting_outlook import Outlook
from loyalcore.engine.state import CustomerState
from loyalcore.program.plan import Program


def preview_json(program: Program, state: CustomerState, ahead: Outlook) -> dict[str, object]:
    """It as JSON: what each wallet holds now, and what would happen."""
    account = state.account
    return {
        "customer": state.customer,
        "wallets": {
            wallet: {
                "balance": account.balances.get(wallet, 0),
                "pending": account.pending.get(wallet, 0),
            }
            for wallet in _wallets(program, state)
        },
        "phases": [{"phase": one.phase, "begins": shown_time(one.time)} for one in ahead.phases],
        "points": [
            {"time": shown_time(one.time), **to_builtins(one.change)} for one in ahead.points
        ],
        "messages": [
            {
                "time": shown_time(one.time),
                "message": one.send.message,
                "channel": one.send.channel,
                **_said(program, state, one.send)._asdict(),
            }
            for one in ahead.messages
        ],
        "held": ahead.held or None,
    }


def print_preview(program: Program, state: CustomerState, ahead: Outlook) -> None:
    """It as tables, then the messages as they would be written."""
    account = state.account
    print_table(
        ("wallet", "balance", "pending"),
        [
            (wallet, account.balances.get(wallet, 0), account.pending.get(wallet, 0))
            for wallet in _wallets(program, state)
        ],
        empty="There are no wallets.",
    )
    if ahead.phases:
        click.echo()
        print_table(
            ("phase", "would begin"), [(one.phase, shown_time(one.time)) for one in ahead.phases]
        )
    if ahead.points:
        click.echo()
        print_table(
            ("points", "at"),
            [(effect_text(to_builtins(one.change)), shown_time(one.time)) for one in ahead.points],
        )
    for one in ahead.messages:
        said = _said(program, state, one.send)
        click.echo(f"\n{one.send.message} by {one.send.channel} at {shown_time(one.time)}:")
        for text in (said.subject, said.text):
            if text:
                click.echo(text.rstrip())
    if ahead.held:
        click.echo(f"\nIt would be held: {ahead.held}")


def _wallets(program: Program, state: CustomerState) -> list[str]:
    return [*dict.fromkeys((*program.wallets, *sorted(state.account.balances)))]


def _said(program: Program, state: CustomerState, send: Send) -> Words:
    language = state.attributes.get(program.languages.of or "")
    return words(program, send.message, send.values, str(language or ""))
