"""Contact over whole runs: cut into pieces, told again, and by another program."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from runner.histories import Line, NewShop, histories, on, run_anyhow

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

SAID = st.sampled_from([{}, {"purpose": "promotional"}, {"purpose": "news"}, {"channel": "mail"}])
ZONE = st.sampled_from(["Asia/Tokyo", "America/New_York", None])
WHO = st.sampled_from(["ann", "bob"])
DEEDS: st.SearchStrategy[Mapping[str, object]] = st.one_of(
    ZONE.map(lambda zone: {"type": "join", "mail": "a@example.org", "zone": zone}),
    *[st.just({"type": "visit"})] * 2,
    SAID.map(lambda said: {"type": "consent_given", **said}),
    SAID.map(lambda said: {"type": "unsubscribed", **said}),
    WHO.map(lambda who: {"type": "merge", "into": who}),
    WHO.map(lambda who: {"type": "split", "who": who}),
)


@given(
    histories(
        lambda number: DEEDS, gaps=[0, 1, 7, 12, 24, 36, 49], customers=["ann", "bob"], most=25
    ),
    st.data(),
)
def test_however_it_is_cut_the_same_is_sent(
    new_shop: NewShop, lines: list[Line], data: st.DataObject
) -> None:
    until = on(days=60)
    with new_shop() as simple, new_shop() as odd:
        simple.run(SHOP, lines, until=until)
        run_anyhow(odd, SHOP, lines, data, until=until)
        assert odd.history() == simple.history()
        odd.check()


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
