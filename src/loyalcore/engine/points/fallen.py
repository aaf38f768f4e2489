"""What happens to points by themselves, told from the entries that it made."""

from __future__ import annotations

from collections.abc import Iterable

from loyalcore.effects.changes import Activate, Change, Expire
from loyalcore.engine.decide import record
from loyalcore.engine.turn import Turn
from loyalcore.ledger.lots import Entry


def fall_due(turn: Turn) -> None:
    """Let everything happen to the points that is due: one decision for each wallet and what
    happens there. Points that settle a debt do so as they turn active."""
    turn.book.fall_due(turn.now)
    happened: dict[str, list[Entry]] = {}
    for entry in turn.entries():
        what = "expires" if entry.kind == "expire" else "pending"
        happened.setdefault(f"wallets.{entry.wallet}.{what}", []).append(entry)
    for rule, entries in happened.items():
        lots = dict.fromkeys(entry.lot for entry in entries)
        record(turn, rule, {"lots": [*lots]}, fallen_in(entries), entries=tuple(entries))


def fallen_in(entries: Iterable[Entry]) -> list[Change]:
    """The activations and expiries that these entries tell, one for each wallet."""
    fallen: dict[tuple[str, str], int] = {}
    for entry in entries:
        what = entry.kind, entry.bucket
        if what in (("activate", "active"), ("expire", "expired")):
            which = entry.kind, entry.wallet
            fallen[which] = fallen.get(which, 0) + entry.points
    return [
        (Activate if kind == "activate" else Expire)({wallet: points})
        for (kind, wallet), points in fallen.items()
    ]
