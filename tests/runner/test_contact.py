"""Contact over whole runs: cut into pieces, told again, and by another program."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from loyalcore.runner.verify import verify
from loyalcore.store import Store

MakeShop = Callable[[Path], Any]

SHOP = """\
program: shop
timezone: Europe/Oslo
allow_late: 3 days
customer: {mail: text, zone: text}
events:
  join: {mail: text, zone: text}
  visit: {}
  merge: {into: id, merges: into}
  split: {who: id, unmerges: who}
triggers: {quiet: {silence: visit, for: 2 days}}
rules:
  known: {on: join, then: [set: {mail: mail, zone: zone}]}
  offer: {on: [visit, quiet], then: [send: offer]}
  nudge: {on: quiet, then: [send: nudge]}
messages:
  offer: {purpose: promotional, text: Come.}
  nudge: {purpose: news, text: Where are you?}
contact:
  consent: {promotional: {mail: register, post: zone == 'Asia/Tokyo'}, news: register}
  quiet: {hours: 20:00-09:00, zone: zone}
  caps: {promotional: 1 per 36 hours, all: 4 per month}
  channels: {order: [mail, post], to: {mail: mail}}
"""

EVENT = st.tuples(
    st.sampled_from(["ann", "bob"]),
    st.sampled_from(["join", "visit", "visit", "consent_given", "unsubscribed", "merge", "split"]),
    st.integers(0, 20 * 24),
    st.sampled_from([{}, {"purpose": "promotional"}, {"purpose": "news"}, {"channel": "mail"}]),
    st.sampled_from(["Asia/Tokyo", "America/New_York", None]),
)


def lines(drawn: list[Any]) -> list[dict[str, object]]:
    """Events in the order of their times."""
    told = []
    for number, (customer, type_, hour, said, zone) in enumerate(drawn):
        other = "bob" if customer == "ann" else "ann"
        fields = {
            "join": {"mail": "a@example.org", "zone": zone},
            "merge": {"into": other},
            "split": {"who": other},
            "visit": {},
        }.get(type_, said)
        time = f"2026-03-{20 + hour // 24 % 11:02}T{hour % 24:02}:30"
        told.append(
            {"id": str(number), "customer": customer, "type": type_, "time": time, **fields}
        )
    return sorted(told, key=lambda one: (str(one["time"]), str(one["id"])))


@given(st.lists(EVENT, max_size=25), st.integers(0, 25), st.sampled_from([1, 3, 5_000]))
def test_however_it_is_cut_the_same_is_sent(
    shop_in: MakeShop, drawn: list[Any], cut: int, batch: int
) -> None:
    events = lines(drawn)
    with TemporaryDirectory() as one, TemporaryDirectory() as other:
        whole, parts = shop_in(Path(one)), shop_in(Path(other))
        whole.run(SHOP, events, until="2026-04-05")
        parts.run(SHOP, events[:cut], batch=batch)
        parts.run(SHOP, events[cut:], batch=batch, until="2026-04-05")
        assert whole.history() == parts.history()
        with Store.open(whole.path) as store:
            assert verify(store.connection).difference is None


def test_another_program_counts_on_and_knows_what_was_said(shop: Any) -> None:
    def said(day: int, type_: str) -> dict[str, object]:
        time = f"2026-03-{day:02}T12:00"
        return {"id": str(day), "customer": "ann", "type": type_, "time": time, "mail": "a"}

    text = SHOP.replace("order: [mail, post]", "order: mail").replace(
        ", post: zone == 'Asia/Tokyo'", ""
    )
    first = [said(1, "join"), said(2, "consent_given"), said(3, "visit")]
    shop.run(text, first)
    shop.run(text.replace("1 per 36 hours", "2 per 36 hours"), [said(4, "visit")])
    assert shop.ask("select count(*) from outbox") == [2]
    shop.run(text, [{**said(4, "visit"), "id": "again", "time": "2026-03-04T13:00"}])
    (skipped,) = shop.ask("select effects from decisions where effects like '%cap:%'")
    assert "offer: cap: 1 per 36 hours (promotional)" in skipped
