"""Who is written to, when, how often and by which channel, as it is decided."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalcore.calendars import read_duration
from loyalcore.engine.care.contact import chosen, quiet_until, standings
from loyalcore.engine.state import pack_state, unpack_state
from loyalcore.values import read_time, write_time

Clubs = Callable[[str], Any]

CLUB = """\
allow_late: 30 days
customer: {email: text, phone: text, likes: text, zone: text, sms_ok: flag}
events:
  join: {email: text, phone: text, likes: text, zone: text, sms_ok: flag}
  visit: {}
  remind: {}
  merge: {into: id, merges: into}
  split: {who: id, unmerges: who}
rules:
  known:
    on: join
    then: [set: {email: email, phone: phone, likes: likes, zone: zone, sms_ok: sms_ok}]
  offer: {on: visit, then: [send: offer]}
  remind: {on: remind, then: [send: reminder]}
messages:
  offer: {purpose: promotional, text: Come back.}
  reminder: {text: Bring your card.}
contact:
  consent:
    promotional: {email: register, sms: sms_ok}
  channels:
    order: [email, sms]
    prefer: likes
    to: {email: email, sms: phone}
"""
BOTH = {"email": "ann@example.org", "phone": "123", "sms_ok": True}


def sent(shop: Any) -> list[str]:
    """The channels of what was sent, and why something was not."""
    return [
        effect["channel"] if effect["effect"] == "send" else effect["reason"]
        for effect in shop.effects
        if effect["effect"] == "send" or effect.get("kind") == "send"
    ]


# --- consent ----------------------------------------------------------------------------------


def test_the_first_channel_that_is_allowed_carries_it(club: Clubs) -> None:
    shop = club(CLUB).happens("join", "2026-01-01", **BOTH)
    assert sent(shop.happens("visit", "2026-01-02")) == ["sms"]  # nothing was said of email
    shop.happens("consent_given", "2026-01-03", purpose="promotional", channel="email")
    assert shop.effects == [
        {"effect": "consent", "given": True, "purpose": "promotional", "channel": "email"}
    ]
    assert sent(shop.happens("visit", "2026-01-04")) == ["email"]


def test_why_it_goes_by_no_channel_is_recorded(club: Clubs) -> None:
    shop = club(CLUB).happens("join", "2026-01-01", email="ann@example.org", sms_ok=True)
    shop.happens("visit", "2026-01-02")
    assert sent(shop) == ["offer: by email: no consent; by sms: no address"]
    assert shop.fired == ["offer"]


def test_who_prefers_a_channel_gets_it_there(club: Clubs) -> None:
    shop = club(CLUB).happens("join", "2026-01-01", likes="sms", **BOTH)
    assert sent(shop.happens("remind", "2026-01-02")) == ["sms"]  # service needs no consent
    shop.happens("join", "2026-01-03", likes="pigeon", **BOTH)
    assert sent(shop.happens("remind", "2026-01-04")) == ["email"]


@pytest.mark.parametrize("how", ["consent_withdrawn", "unsubscribed"])
def test_who_says_no_is_written_to_no_more_whatever_the_condition_says(
    club: Clubs, how: str
) -> None:
    shop = club(CLUB).happens("join", "2026-01-01", **BOTH)
    shop.happens(how, "2026-01-02", origin="link")
    refused = "offer: by email: consent withdrawn; by sms: consent withdrawn"
    assert sent(shop.happens("visit", "2026-01-03")) == [refused]
    assert sent(shop.happens("remind", "2026-01-03")) == ["email"]
    shop.happens("consent_given", "2026-01-04", channel="sms")
    assert sent(shop.happens("visit", "2026-01-05")) == ["sms"]


def test_what_is_said_later_of_all_undoes_what_was_said_of_one(club: Clubs) -> None:
    shop = club(CLUB).happens("join", "2026-01-01", **BOTH)
    shop.happens("consent_given", "2026-01-02", purpose="promotional", channel="email")
    shop.happens("unsubscribed", "2026-01-03")
    assert list(shop.states["ann"].life.consents) == ["*/*"]
    assert "by email: consent withdrawn" in sent(shop.happens("visit", "2026-01-04"))[0]


def test_a_yes_that_comes_late_undoes_no_later_no(club: Clubs) -> None:
    shop = club(CLUB).happens("join", "2026-01-01", **BOTH)
    shop.happens("unsubscribed", "2026-01-10", channel="email")
    shop.happens("consent_given", "2026-01-05", purpose="promotional", channel="email")
    said = "something else was said later: 2026-01-09T23:00:00Z"
    assert shop.held == {"events.consent_given": said}
    assert sent(shop.happens("visit", "2026-01-11")) == ["sms"]


def test_what_nobody_can_say_anything_of_is_told(club: Clubs) -> None:
    shop = club(CLUB).happens("unsubscribed", "2026-01-02", purpose="promotion")
    said = "there is no purpose 'promotion' (did you mean 'promotional'?)"
    assert shop.held == {"events.unsubscribed": said}
    shop.happens("consent_given", "2026-01-02", channel="mail")
    said = "there is no channel 'mail' (did you mean 'email'?)"
    assert shop.held == {"events.consent_given": said}
    assert not shop.states["ann"].life.consents


def test_consent_counts_within_the_decision_that_notes_it(club: Clubs) -> None:
    shop = club(CLUB.replace("sms_ok: sms_ok}]", "sms_ok: sms_ok}, send: offer]")).happens(
        "join", "2026-01-01", **BOTH
    )
    assert sent(shop) == ["sms"]


def test_a_withdrawal_holds_without_the_section_too(club: Clubs) -> None:
    shop = club(CLUB[: CLUB.index("contact:")].replace("purpose:", "channel: sms, purpose:"))
    assert sent(shop.happens("visit", "2026-01-01")) == ["sms"]
    shop.happens("unsubscribed", "2026-01-02")
    assert sent(shop.happens("visit", "2026-01-03")) == ["offer: by sms: consent withdrawn"]


def test_a_purpose_of_ones_own(club: Clubs) -> None:
    text = CLUB.replace("  channels:", "    news: register\n  channels:")
    text = text.replace("purpose: promotional", "purpose: news, channel: email")
    shop = club(text).happens("join", "2026-01-01", **BOTH)
    assert sent(shop.happens("visit", "2026-01-02")) == ["offer: by email: no consent"]
    shop.happens("consent_given", "2026-01-03", purpose="news")
    assert sent(shop.happens("visit", "2026-01-04")) == ["email"]


def test_expressions_may_ask(club: Clubs) -> None:
    asked = """\
  told: {on: visit, when: contact.promotional.email, then: [set: {tags.mail: true}]}
  no: {on: visit, when: contact.promotional.sms.said == 'withdrawn', then: [set: {tags.no: true}]}
messages:
"""
    shop = club(CLUB.replace("messages:\n", asked)).happens("join", "2026-01-01", **BOTH)
    assert shop.happens("visit", "2026-01-02").fired == ["offer"]
    shop.happens("consent_given", "2026-01-03", channel="email")
    shop.happens("unsubscribed", "2026-01-03", channel="sms")
    assert shop.happens("visit", "2026-01-04").fired == ["offer", "told", "no"]
    rested_on = shop.outcomes[0].decisions[1].facts
    assert rested_on == '{"contact.promotional.email":true}'


def test_it_costs_what_its_channel_does(club: Clubs) -> None:
    shop = club(CLUB + "costs: {send: {sms: 0.40, email: 0.01}}\n")
    shop.happens("join", "2026-01-01", **BOTH)
    assert shop.happens("visit", "2026-01-02").outcomes[0].decisions[0].cost == 40
    shop.happens("consent_given", "2026-01-03")
    assert shop.happens("visit", "2026-01-04").outcomes[0].decisions[0].cost == 1
    shop.happens("unsubscribed", "2026-01-05")
    assert shop.happens("visit", "2026-01-06").outcomes[0].decisions[0].cost is None


def test_how_it_stands(club: Clubs) -> None:
    shop = club(CLUB).happens("join", "2026-01-01", email="ann@example.org", sms_ok=False)
    shop.happens("unsubscribed", "2026-01-02", channel="email")
    said = {(one.purpose, one.channel): one for one in standings(shop.program, shop.states["ann"])}
    assert {key: one.reason for key, one in said.items()} == {
        ("promotional", "email"): "consent withdrawn",
        ("promotional", "sms"): "no consent: sms_ok",
        ("service", "email"): "",
        ("service", "sms"): "no address",
    }
    mail = said["promotional", "email"]
    assert (mail.said, mail.since) == ("withdrawn", "2026-01-01T23:00:00Z")


# --- two customers who are one ----------------------------------------------------------------


def test_of_two_who_are_one_the_stricter_wins_and_both_keep_it_apart(club: Clubs) -> None:
    shop = club(CLUB).happens("join", "2026-01-01", **BOTH)
    shop.happens("join", "2026-01-01", "bob", **BOTH)
    shop.happens("unsubscribed", "2026-01-02", "bob", purpose="promotional", channel="email")
    shop.happens("consent_given", "2026-01-03", purpose="promotional")  # of ann, and later
    shop.happens("merge", "2026-01-04", "bob", into="ann")
    assert sent(shop.happens("visit", "2026-01-05")) == ["sms"]
    shop.happens("split", "2026-01-06", who="bob")
    assert sent(shop.happens("visit", "2026-01-07")) == ["sms"]
    assert sent(shop.happens("visit", "2026-01-07", "bob")) == ["sms"]


SAID = st.tuples(
    st.booleans(),
    st.sampled_from(["", "promotional", "service"]),
    st.sampled_from(["", "email", "sms"]),
)


@given(st.lists(SAID, max_size=5), st.lists(SAID, max_size=5))
def test_no_merge_allows_what_one_of_them_has_withdrawn(
    club: Clubs, anns: list[Any], bobs: list[Any]
) -> None:
    shop = club(CLUB)
    for who, all_said in (("ann", anns), ("bob", bobs)):
        shop.happens("join", "2026-01-01", who, **BOTH)
        for given_, purpose, channel in all_said:
            type_ = "consent_given" if given_ else "consent_withdrawn"
            what = {"purpose": purpose, "channel": channel}
            shop.happens(type_, "2026-01-02", who, **{k: v for k, v in what.items() if v})
    before = [standings(shop.program, shop.states[who]) for who in ("ann", "bob")]
    shop.happens("merge", "2026-01-04", "bob", into="ann")
    for mine, theirs, both in zip(
        *before, standings(shop.program, shop.states["ann"]), strict=True
    ):
        said = {mine.said, theirs.said}
        wanted = next((one for one in ("withdrawn", "given") if one in said), None)
        assert both.said == wanted


# --- how often --------------------------------------------------------------------------------

CAPPED = CLUB.replace(
    "  channels:",
    "  caps: {promotional: [1 per day, 2 per 7 days], all: 3 per 30 days}\n  channels:",
)


def test_a_cap_is_over_at_the_microsecond(club: Clubs) -> None:
    shop = club(CAPPED.replace("1 per day, 2 per 7 days", "1 per 24 hours"))
    shop.happens("join", "2026-01-01", **BOTH)
    assert sent(shop.happens("visit", "2026-01-02T10:00:00.000001Z")) == ["sms"]
    capped = ["offer: cap: 1 per 24 hours (promotional)"]
    assert sent(shop.happens("visit", "2026-01-03T10:00:00.000000Z")) == capped
    assert sent(shop.happens("visit", "2026-01-03T10:00:00.000001Z")) == ["sms"]


def test_caps_count_what_is_sent_by_any_rule_and_nothing_else(club: Clubs) -> None:
    shop = club(CAPPED).happens("join", "2026-01-01", **BOTH)
    assert sent(shop.happens("visit", "2026-01-02T09:00")) == ["sms"]
    assert sent(shop.happens("visit", "2026-01-02T10:00")) == [
        "offer: cap: 1 per day (promotional)"
    ]
    assert sent(shop.happens("remind", "2026-01-02T11:00")) == ["email"]
    assert sent(shop.happens("visit", "2026-01-03T09:00")) == ["sms"]
    assert sent(shop.happens("remind", "2026-01-04")) == ["reminder: cap: 3 per 30 days of all"]


def test_two_caps_of_one_window_count_once(club: Clubs) -> None:
    shop = club(CAPPED.replace("1 per day, 2 per 7 days", "3 per day, 2 per day"))
    shop.happens("join", "2026-01-01", **BOTH)
    for hour in (9, 10):
        assert sent(shop.happens("visit", f"2026-01-02T{hour:02}:00")) == ["sms"]
    capped = ["offer: cap: 2 per day (promotional)"]
    assert sent(shop.happens("visit", "2026-01-02T11:00")) == capped


def test_a_late_event_counts_when_it_is_decided(club: Clubs) -> None:
    shop = club(CAPPED).happens("join", "2026-01-10", **BOTH)
    assert sent(shop.happens("visit", "2026-01-05")) == ["sms"]  # decided on 10 January
    assert sent(shop.happens("visit", "2026-01-10T09:00")) == [
        "offer: cap: 1 per day (promotional)"
    ]


def test_without_caps_nothing_is_kept_of_what_is_sent(club: Clubs) -> None:
    shop = club(CLUB).happens("join", "2026-01-01", **BOTH).happens("visit", "2026-01-02")
    assert shop.states["ann"].used == {}


HOURS = st.lists(st.integers(0, 40 * 24), min_size=1, max_size=25)


@given(HOURS, st.sampled_from(["visit", "remind"]))
def test_no_window_ever_has_more_than_its_cap(club: Clubs, hours: list[int], other: str) -> None:
    shop = club(CAPPED)
    start = read_time("2026-01-01", shop.program.locale.zone)
    shop.happens("join", start, **BOTH)
    days: list[int] = []
    all_: list[int] = []
    for number, hour in enumerate(sorted(hours)):
        time = start + hour * 3_600_000_000
        type_ = "visit" if number % 3 else other
        done = sent(shop.happens(type_, time)) in (["sms"], ["email"])
        if done:
            all_.append(time)
            if type_ == "visit":
                days.append(time)
    zone = shop.program.locale.zone
    for times, most, window in ((days, 2, "7 days"), (all_, 3, "30 days")):
        for end in times:
            since = read_duration(window).before(end, zone)
            assert sum(since < one <= end for one in times) <= most


@given(st.data())
def test_nothing_is_sent_for_a_purpose_without_consent(club: Clubs, data: st.DataObject) -> None:
    shop = club(CLUB).happens("join", "2026-01-01", email="a", phone="1")
    allowed = False
    for day in range(2, data.draw(st.integers(3, 12))):
        what = data.draw(st.sampled_from(["consent_given", "unsubscribed", "visit"]))
        fields = data.draw(st.sampled_from([{}, {"channel": "email"}, {"purpose": "promotional"}]))
        if what == "visit":
            assert (sent(shop.happens("visit", f"2026-01-{day:02}")) == ["email"]) is allowed
        else:
            shop.happens(what, f"2026-01-{day:02}", **fields)
            allowed = what == "consent_given"


# --- when -------------------------------------------------------------------------------------


def quiet(line: str, club: Clubs, zone: str = "Europe/Oslo", purpose: str = "promotional") -> Any:
    """How long a message waits, for a customer in a zone: from an instant to the end, in UTC."""
    shop = club(CLUB.replace("  channels:", f"  quiet: {line}\n  channels:"))
    shop.happens("join", "2026-01-01", zone=zone, **BOTH)

    def until(at: str) -> str | None:
        time = read_time(at, shop.program.locale.zone)
        found = quiet_until(shop.program, shop.states["ann"], purpose, time)
        return None if found is None else write_time(found)

    return until


def test_quiet_hours_go_past_midnight_and_are_half_open(club: Clubs) -> None:
    until = quiet("{hours: 21:00-08:00, zone: zone}", club)
    assert until("2026-01-10T20:59:59.999999+01:00") is None
    assert until("2026-01-10T21:00+01:00") == "2026-01-11T07:00:00Z"
    assert until("2026-01-11T00:30+01:00") == "2026-01-11T07:00:00Z"
    assert until("2026-01-11T07:59:59.999999+01:00") == "2026-01-11T07:00:00Z"
    assert until("2026-01-11T08:00+01:00") is None


def test_the_night_of_a_clock_change_is_as_long_as_the_wall_shows(club: Clubs) -> None:
    until = quiet("{hours: 21:00-08:00, zone: zone}", club)
    assert until("2026-03-28T21:00+01:00") == "2026-03-29T06:00:00Z"  # an hour less
    assert until("2026-10-24T21:00+02:00") == "2026-10-25T07:00:00Z"  # an hour more
    gap = quiet("{hours: 01:00-02:30, zone: zone}", club)
    assert gap("2026-03-29T01:30+01:00") == "2026-03-29T01:00:00Z"  # 02:30 is not there: 03:00
    twice = quiet("{hours: 01:00-02:30, zone: zone}", club)
    assert twice("2026-10-25T02:15+02:00") == "2026-10-25T00:30:00Z"  # the first 02:30
    assert twice("2026-10-25T02:15+01:00") is None


def test_it_is_the_night_where_the_customer_is(club: Clubs) -> None:
    until = quiet("{hours: 21:00-08:00, zone: zone}", club, "America/New_York")
    assert until("2026-01-10T21:30+01:00") is None
    assert until("2026-01-11T03:00+01:00") == "2026-01-11T13:00:00Z"
    nowhere = quiet("{hours: 21:00-08:00, zone: zone}", club, "Atlantis")
    assert nowhere("2026-01-10T21:30+01:00") == "2026-01-11T07:00:00Z"


def test_whole_days_and_nights_that_meet_are_one(club: Clubs) -> None:
    until = quiet("[{hours: 21:00-08:00}, {weekdays: [saturday, sunday]}]", club)
    assert until("2026-01-09T22:00") == "2026-01-12T07:00:00Z"  # a Friday night, to Monday
    assert until("2026-01-12T08:00") is None
    night = quiet("{hours: 22:00-06:00, weekdays: friday}", club)
    assert night("2026-01-10T05:00") == "2026-01-10T05:00:00Z"  # it began on Friday
    assert night("2026-01-10T23:00") is None


def test_service_is_not_quiet_unless_it_is_named(club: Clubs) -> None:
    assert quiet("{hours: 21:00-08:00}", club, purpose="service")("2026-01-10T22:00") is None
    named = quiet("{hours: 21:00-08:00, purposes: service}", club, purpose="service")
    assert named("2026-01-10T22:00") == "2026-01-11T07:00:00Z"


def test_what_is_decided_at_night_says_when_it_goes(club: Clubs) -> None:
    shop = club(CLUB.replace("  channels:", "  quiet: {hours: 21:00-08:00}\n  channels:"))
    shop.happens("join", "2026-01-01", **BOTH).happens("visit", "2026-01-10T22:00")
    assert shop.effects == [
        {
            "effect": "send",
            "message": "offer",
            "channel": "sms",
            "values": {},
            "purpose": "promotional",
            "due": "2026-01-11T07:00:00Z",
        }
    ]


@given(st.integers(0, 400 * 1440), st.integers(0, 1439), st.integers(1, 1440))
def test_when_it_is_over_it_is_over(club: Clubs, minute: int, start: int, length: int) -> None:
    end = (start + length) % 1440
    if end == start:
        return
    hours = f"{start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02}"
    shop = club(CLUB.replace("  channels:", f"  quiet: {{hours: {hours}}}\n  channels:"))
    state = shop.happens("join", "2026-01-01", **BOTH).states["ann"]
    at = read_time("2026-01-01", shop.program.locale.zone) + minute * 60_000_000
    until = quiet_until(shop.program, state, "promotional", at)
    if until is not None:
        assert at < until <= at + 25 * 3_600_000_000
        assert quiet_until(shop.program, state, "promotional", until) is None
        assert quiet_until(shop.program, state, "promotional", until - 1) == until


# --- what is kept -----------------------------------------------------------------------------


def test_what_was_said_and_sent_is_read_back(club: Clubs) -> None:
    shop = club(CAPPED).happens("join", "2026-01-01", **BOTH)
    shop.happens("consent_given", "2026-01-02").happens("visit", "2026-01-03")
    state = shop.states["ann"]
    read = unpack_state(shop.program, pack_state(shop.program, state), lambda: ())
    assert read == state
    at = read_time("2026-01-03T12:00", shop.program.locale.zone)
    assert chosen(shop.program, read, "offer", at).reason == "cap: 1 per day (promotional)"
