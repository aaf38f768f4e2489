"""What sections decide by themselves, in words."""

from __future__ import annotations

import pytest

from loyalcore.cli.sections import section_text


@pytest.mark.parametrize(
    ("name", "reason", "text"),
    [
        ("rewards.cup", "", "bought"),
        ("rewards.cup", "out of stock", "not bought: out of stock"),
        ("offers.card", "", "the offer was completed"),
        ("offers.card", "cap: 5 per day", "reached, but held back: cap: 5 per day"),
        ("offers.card.opened", "at once: 1", "the offer was not opened: at once: 1"),
        ("offers.card.lapsed", "", "the offer's time was over"),
        ("wallets.beans.pending", "", "points that were pending became active, or lapsed"),
        ("events.refund.reverses", "waiting", "no points were taken back: waiting"),
        ("events.purchase.presents", "no such code", "the code was not accepted: no such code"),
        ("triggers.quiet", "", "the trigger came"),
        ("events.open_offer", "offer is missing", "not done: offer is missing"),
    ],
)
def test_a_section_says_what_it_did_or_why_not(name: str, reason: str, text: str) -> None:
    assert section_text(name, reason) == text
