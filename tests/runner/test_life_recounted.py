"""The life of one customer beside a plain recount of it: silences, waits and a tier ladder.

The recount knows nothing of the engine: it goes from instant to instant over a list of purchases.
Hours are counted from the beginning.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from runner.histories import NewShop

HOUR = 3_600_000_000
DAY = 24
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
ALLOWED = 6 * DAY

RULESET = """
program: shop
allow_late: 6 days
events: {purchase: {order: id, amount: money}, return: {order: id}, visit: {}}
metrics:
  spend: {sum: purchase.amount, over: 40 days}
  recent: {sum: purchase.amount, over: 20 days}
  before: {sum: purchase.amount, over: 20 days, ending: 20 days ago}
  monthly: {sum: purchase.amount, over: this month}
segments:
  fair: recent >= 30 and before >= 30
triggers:
  gone: {silence: purchase, for: 9 days, repeat: 5 days}
  never: {silence: purchase, for: 14 days, repeat: 14 days, since: enrolment}
  once: {silence: [purchase, visit], for: 10 days}
  ask: {after: purchase, wait: 3 days, unless: return, where: order == earlier.order}
  up: {metric: recent, rises_to: 60}
  down: {metric: monthly, falls_below: 60}
  less: {metric: recent, falls_by: 50 %, against: before}
  more: {metric: recent, rises_by: 100 %, against: before}
  in: {enters: fair}
  out: {leaves: fair}
  nine: {after: purchase, wait: 30 hours, at: '09:00', unless: [return, visit]}
rules:
  any:
    on: [gone, never, once, ask, nine, up, down, less, more, in, out]
    then: [set: {tags.told: true}]
  level:
    on: [tier_entered, tier_left, tier_retained, tier_at_risk, stage_entered]
    then: [set: {tags.told: true}]
tiers:
  club:
    by: spend
    levels: {base: 0, silver: 30, gold: {at_least: 80, stay: 60}}
    keep: 45 days
    grace: 10 days
    warn: 7 days
  live:
    by: recent
    levels: {one: 30, two: {at_least: 60, stay: 45}, three: {at_least: 90, stay: 80}}
stages:
  new: {}
  busy:
    enter: [{from: new, when: recent >= 30}, {from: idle, when: monthly >= 60}]
    leave: {to: idle, when: recent < 30}
    dwell: 5 days
  idle: {dwell: 36 hours}
"""


class Deed(NamedTuple):
    """What happens at `time`, and is handled at `clock`, which is later where it comes late."""

    time: int
    clock: int
    type: str
    order: str = ""
    amount: int = 0


@st.composite
def deeds(draw: st.DrawFn, *, late: bool) -> list[Deed]:
    """What a customer does, in the order in which it is handled."""
    found: list[Deed] = []
    hours = draw(st.integers(0, 30))
    kinds = st.sampled_from(["purchase"] * 5 + ["return", "visit"])
    for _ in range(draw(st.integers(1, 14))):
        hours += draw(st.sampled_from([0, 1, 24, 30, 72, 216, 240, 336, 456, 960, 1080, 1320]))
        type, order = draw(kinds), draw(st.sampled_from("xy"))
        found.append(Deed(hours, hours, type, order, draw(st.sampled_from([5, 15, 30, 60, 90]))))
    for _ in range(draw(st.integers(1, 3)) if late else 0):
        time = max(0, hours - draw(st.integers(0, ALLOWED)))
        type, order = draw(kinds), draw(st.sampled_from("xy"))
        found.append(Deed(time, hours, type, order, draw(st.sampled_from([5, 30, 90]))))
    return found


def told(shop: Any, *types: str) -> list[tuple[int, str, Any]]:
    """The events of these types: when, which, and with what in it."""
    marks = ",".join("?" * len(types))
    rows = shop.ask(f"select time, type, data from events where type in ({marks})", *types)
    begin = int(BEGIN.timestamp()) * 1_000_000
    assert all((time - begin) % HOUR == 0 for time, _, _ in rows)
    return [((time - begin) // HOUR, type, json.loads(data)) for time, type, data in rows]


def run(shop: Any, history: Sequence[Deed], until: int) -> None:
    """Run the history, what is late in runs of its own."""
    begun = [deed for deed in history if deed.time == deed.clock]
    for number, some in enumerate([begun, *([one] for one in history if one not in begun)]):
        lines = [
            {
                "id": f"{number}-{place:03}",
                "customer": "ann",
                "time": at(deed.time),
                "type": deed.type,
                "order": deed.order,
                "amount": deed.amount,
            }
            for place, deed in enumerate(some)
        ]
        assert not shop.run(RULESET, lines).rejected
    shop.run(RULESET, until=at(until))


def at(hours: int) -> str:
    return f"{BEGIN + timedelta(hours=hours):%Y-%m-%dT%H:%MZ}"


# --- silences and waits -----------------------------------------------------------------------


def silence(
    history: Sequence[Deed],
    until: int,
    types: set[str],
    length: int,
    repeat: int,
    *,
    enrolled: bool,
) -> Iterator[tuple[int, int, int]]:
    """When a silence comes: at which hour, counted from which, and how often by then."""
    since: int | None = None
    looked = -1  # what comes by then has come
    for deed in [*history, None]:
        now = until if deed is None else deed.clock
        if since is not None:
            yield from silent(since, looked, now, length, repeat)
        looked = now
        if deed is None:
            return
        heard = deed.type in types or (enrolled and since is None)
        if heard and (since is None or deed.time > since):
            since = deed.time


def silent(
    since: int, after: int, until: int, length: int, repeat: int
) -> Iterator[tuple[int, int, int]]:
    due, times = since + length, 1
    while due <= until:
        if due > after:
            yield due, since, times
        if not repeat:
            return
        due, times = due + repeat, times + 1


def waits(
    history: Sequence[Deed], until: int, wait: int, ends: set[str], *, at_nine: bool, same: bool
) -> Iterator[tuple[int, int]]:
    """When something comes that waits for a purchase: at which hour, and of which purchase."""
    for place, deed in enumerate(history):
        due = deed.time + wait
        while at_nine and due % DAY != 9:
            due += 1
        if deed.type != "purchase" or not deed.clock < due <= until:
            continue
        if not any(
            other.type in ends
            and (other.order == deed.order or not same)
            and other.clock < due
            and other.time >= deed.time
            for other in history[place + 1 :]
        ):
            yield due, deed.time


def hours_of(text: str) -> int:
    return int((datetime.fromisoformat(text) - BEGIN) / timedelta(hours=1))


@given(st.booleans().flatmap(lambda late: deeds(late=late)), st.integers(0, 2_000))
def test_s3_s4_silences_and_waits_are_those_of_a_plain_recount(
    new_shop: NewShop, history: list[Deed], more: int
) -> None:
    until = history[-1].clock + more
    with new_shop() as shop:
        run(shop, history, until)
        for name, types, length, repeat, enrolled in (
            ("gone", {"purchase"}, 9 * DAY, 5 * DAY, False),
            ("never", {"purchase"}, 14 * DAY, 14 * DAY, True),
            ("once", {"purchase", "visit"}, 10 * DAY, 0, False),
        ):
            found = [(t, hours_of(d["since"]), d["times"]) for t, _, d in told(shop, name)]
            assert found == [*silence(history, until, types, length, repeat, enrolled=enrolled)]
        asked = [(time, hours_of(data["since"])) for time, _, data in told(shop, "ask")]
        wanted = waits(history, until, 3 * DAY, {"return"}, at_nine=False, same=True)
        assert sorted(asked) == sorted(wanted)
        nine = [(time, hours_of(data["since"])) for time, _, data in told(shop, "nine")]
        wanted = waits(history, until, 30, {"return", "visit"}, at_nine=True, same=False)
        assert sorted(nine) == sorted(wanted)


# --- lines that are crossed -------------------------------------------------------------------


class Lines:
    """What holds of one customer, and where that leads, looked at hour by hour."""

    def __init__(self) -> None:
        self.bought: list[tuple[int, int]] = []
        self.held = {"up": False, "down": False, "less": False, "more": False, "in": False}
        self.level = 0
        self.stage, self.since = "", 0
        self.crossed: list[tuple[int, str]] = []
        self.moved: list[tuple[int, str]] = []
        self.stages: list[tuple[int, str]] = []

    def spend(self, after: int, until: int) -> int:
        return sum(amount for when, amount in self.bought if after < when <= until)

    def look(self, hour: int) -> None:
        recent = self.spend(hour - 20 * DAY, hour)
        before = self.spend(hour - 40 * DAY, hour - 20 * DAY)
        begun = (BEGIN + timedelta(hours=hour)).replace(day=1, hour=0)
        monthly = self.spend(hours_of(begun.isoformat()) - 1, hour)
        fair = recent >= 30 and before >= 30
        now = {
            "up": recent >= 60,
            "down": monthly >= 60,
            "less": before > 0 and recent * 2 <= before,
            "more": before > 0 and recent >= before * 2,
            "in": fair,
        }
        for name, holds in now.items():
            if holds != self.held[name]:
                if name == "in":
                    self.crossed.append((hour, "in" if holds else "out"))
                elif holds != (name == "down"):
                    self.crossed.append((hour, name))
        self.held = now
        self.follow(hour, recent)
        self.walk(hour, recent, monthly)

    def follow(self, hour: int, recent: int) -> None:
        names, reach, stay = ("", "one", "two", "three"), (0, 30, 60, 90), (0, 30, 45, 80)
        was, earned = self.level, max(n for n in range(4) if recent >= reach[n])
        while recent < stay[self.level]:
            self.level -= 1
        self.level = max(self.level, earned)
        if was != self.level:
            self.moved.append((hour, names[self.level]))

    def walk(self, hour: int, recent: int, monthly: int) -> None:
        ways = {
            "": ("new", True, 0),
            "new": ("busy", recent >= 30, 0),
            "busy": ("idle", recent < 30, 5 * DAY),
            "idle": ("busy", monthly >= 60, 36),
        }
        while True:
            to, open, dwell = ways[self.stage]
            if not open or hour < self.since + dwell:
                return
            self.stage, self.since = to, hour
            self.stages.append((hour, to))


@given(st.booleans().flatmap(lambda late: deeds(late=late)), st.integers(0, 1_500))
def test_s3_s5_lines_are_crossed_at_the_hour_of_a_plain_recount(
    new_shop: NewShop, history: list[Deed], more: int
) -> None:
    until = history[-1].clock + more
    lines, clock = Lines(), history[0].clock
    for deed in history:
        for hour in range(clock, deed.clock + (deed != history[0])):
            lines.look(hour)
        clock = deed.clock
        if deed.type == "purchase":
            lines.bought.append((deed.time, deed.amount))
        lines.look(clock)
    for hour in range(clock, until + 1):
        lines.look(hour)
    with new_shop() as shop:
        run(shop, history, until)
        found = told(shop, "up", "down", "less", "more", "in", "out")
        assert [(time, type) for time, type, _ in found] == lines.crossed
        entered = told(shop, "tier_entered", "tier_left")
        levels = [
            (time, data["level"] if type == "tier_entered" else "")
            for time, type, data in entered
            if data["ladder"] == "live" and (type == "tier_entered" or "to" not in data)
        ]
        assert levels == lines.moved
        stages = [(time, data["entered"]) for time, _, data in told(shop, "stage_entered")]
        assert stages == lines.stages


# --- a tier ladder ----------------------------------------------------------------------------

LEVELS = ("base", "silver", "gold")
REACH, STAY = (0, 30, 80), (0, 30, 60)
KEEP, GRACE, WARN, WINDOW = 45 * DAY, 10 * DAY, 7 * DAY, 40 * DAY

Move = tuple[int, str, str]


class Ladder:
    """The levels of one customer, hour by hour where something happens."""

    def __init__(self) -> None:
        self.bought: list[tuple[int, int]] = []
        self.moves: list[Move] = []
        self.level = -1
        self.until: int | None = None
        self.grace: int | None = None
        self.warn: int | None = None

    def spend(self, time: int) -> int:
        return sum(amount for when, amount in self.bought if time - WINDOW < when <= time)

    def earned(self, spend: int) -> int:
        return max(level for level in range(3) if spend >= REACH[level])

    def kept(self, time: int) -> bool:
        spend = self.spend(time)
        return spend >= STAY[self.level] or self.earned(spend) >= self.level

    def enter(self, time: int, level: int) -> None:
        if self.level >= 0:
            self.moves.append((time, "tier_left", LEVELS[self.level]))
        self.moves.append((time, "tier_entered", LEVELS[level]))
        self.level = level
        self.keep(time)

    def keep(self, time: int) -> None:
        self.grace, self.until = None, time + KEEP if self.level else None
        self.warn = time + KEEP - WARN if self.level else None

    def next(self) -> int | None:
        times = [t for t in (self.warn, self.grace or self.until) if t is not None]
        return min(times, default=None)

    def pass_to(self, until: int) -> None:
        while (time := self.next()) is not None and time <= until:
            at_risk = (time, "tier_at_risk", LEVELS[self.level])
            if time == self.warn:
                self.warn = None
                assert self.until is not None
                if not self.kept(self.until):
                    self.moves.append(at_risk)
            elif self.kept(time):
                self.moves.append((time, "tier_retained", LEVELS[self.level]))
                self.keep(time)
            elif self.grace is None:
                self.grace = time + GRACE
                self.moves.append(at_risk)
            else:
                self.enter(time, self.level - 1)

    def buy(self, time: int, amount: int) -> None:
        self.bought.append((time, amount))
        if (earned := self.earned(self.spend(time))) > self.level:
            self.enter(time, earned)
        elif self.grace is not None and self.kept(time):
            self.moves.append((time, "tier_retained", LEVELS[self.level]))
            self.keep(time)


@given(deeds(late=False), st.integers(0, 5_000))
def test_levels_are_those_of_a_plain_recount(
    new_shop: NewShop, history: list[Deed], more: int
) -> None:
    until = history[-1].clock + more
    ladder = Ladder()
    for deed in history:
        ladder.pass_to(deed.time)
        ladder.buy(deed.time, deed.amount if deed.type == "purchase" else 0)
    ladder.pass_to(until)
    with new_shop() as shop:
        run(shop, history, until)
        types = ("tier_entered", "tier_left", "tier_retained", "tier_at_risk")
        found = [
            (time, type, data["level"])
            for time, type, data in told(shop, *types)
            if data["ladder"] == "club"
        ]
    assert found == ladder.moves
