"""The twenty rules of bench.yaml as a program written by hand for nothing else.

It is what loyalcore is measured against: the fewest steps from the file of events to the
same rows in the same tables. It knows the rules, fields and tables by heart; it checks no
input, finds no duplicates, sorts nothing, keeps every customer in memory, and can neither
explain a decision nor take another rule. What it writes of a customer's state is a form of
its own; every other row is, to the letter, that of `loyalcore run`.

    python handwritten.py EVENTS STORE BATCH

STORE has its tables already, and the number of the program that decides (see inputs.py).
"""

from __future__ import annotations

import hmac
import sqlite3
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import blake2b, sha256
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

from msgspec import Raw, Struct, field
from msgspec.json import Decoder, Encoder

ZONE = ZoneInfo("Europe/Oslo")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
HOUR = 3_600_000_000  # all times are in microseconds
DAY = 24 * HOUR
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Envelope(Struct, gc=False):
    id: str
    source: str
    type: str
    subject: str
    time: datetime
    data: Raw


class PurchaseData(Struct, gc=False):
    amount: float
    channel: str
    store: str
    category: str | None = None
    quantity: int | None = None


class VisitData(Struct, gc=False):
    page: str
    channel: str
    minutes: int


class Customer(Struct):
    """What is kept of a customer. `year`, `half`, `quarter` and `month` are the positions of
    the first purchases within the last 365, 180, 90 and 30 days."""

    times: list[int] = field(default_factory=list)
    amounts: list[int] = field(default_factory=list)
    year: int = 0
    half: int = 0
    quarter: int = 0
    month: int = 0
    spend_year: int = 0
    spend_quarter: int = 0
    spend_before: int = 0
    orders: int = 0
    biggest: int = 0
    visits: list[int] = field(default_factory=list)
    points: int = 0
    lots: int = 0
    band: str = ""
    regular: bool = False
    collector: bool = False
    busy: int = -(2**62)  # when these rules fired last
    comeback: int = -(2**62)
    curious: tuple[int, ...] = ()


class Purchase(Struct, gc=False):
    """A purchase with everything its rules read."""

    customer: Customer
    time: int
    amount: int
    channel: str
    store: str
    category: str | None
    quantity: int | None
    weekday: str
    orders: int
    orders_month: int
    spend_year: int
    spend_quarter: int
    spend_before: int
    biggest: int
    balance: int


class Visit(Struct, gc=False):
    """A visit with everything its rules read."""

    customer: Customer
    time: int
    page: str
    channel: str
    minutes: int
    visits_month: int
    spend_year: int


# --- the figures -------------------------------------------------------------------------


def enter_purchase(customer: Customer, time: int, data: PurchaseData) -> Purchase:
    amount = round(data.amount * 100)
    customer.times.append(time)
    customer.amounts.append(amount)
    customer.spend_year += amount
    customer.spend_quarter += amount
    customer.orders += 1
    customer.biggest = max(customer.biggest, amount)
    advance(customer, time)
    return Purchase(
        customer,
        time,
        amount,
        data.channel,
        data.store,
        data.category,
        data.quantity,
        local(time // HOUR)[0],
        customer.orders,
        len(customer.times) - customer.month,
        customer.spend_year,
        customer.spend_quarter,
        customer.spend_before,
        customer.biggest,
        customer.points,
    )


def enter_visit(customer: Customer, time: int, data: VisitData) -> Visit:
    visits = customer.visits
    visits.append(time)
    while visits[0] <= time - 30 * DAY:
        del visits[0]
    advance(customer, time)
    return Visit(
        customer, time, data.page, data.channel, data.minutes, len(visits), customer.spend_year
    )


def advance(customer: Customer, now: int) -> None:
    """Let the windows end at `now`."""
    times, amounts, count = customer.times, customer.amounts, len(customer.times)
    while customer.month < count and times[customer.month] <= now - 30 * DAY:
        customer.month += 1
    while customer.quarter < count and times[customer.quarter] <= now - 90 * DAY:
        customer.spend_quarter -= amounts[customer.quarter]
        customer.spend_before += amounts[customer.quarter]
        customer.quarter += 1
    while customer.half < customer.quarter and times[customer.half] <= now - 180 * DAY:
        customer.spend_before -= amounts[customer.half]
        customer.half += 1
    while customer.year < count and times[customer.year] <= now - 365 * DAY:
        customer.spend_year -= amounts[customer.year]
        customer.year += 1
    if customer.year > 32:
        del times[: customer.year], amounts[: customer.year]
        customer.half -= customer.year
        customer.quarter -= customer.year
        customer.month -= customer.year
        customer.year = 0


@lru_cache(maxsize=10_000)
def local(hour: int) -> tuple[str, int]:
    """The weekday, and the first instant of the month, of an hour since the epoch."""
    moment = (EPOCH + timedelta(hours=hour)).astimezone(ZONE)
    month = datetime(moment.year, moment.month, 1, tzinfo=ZONE)
    return WEEKDAYS[moment.weekday()], (month - EPOCH) // MICROSECOND


# --- the rows ----------------------------------------------------------------------------


class Rows:
    """The rows of a batch, and the numbers of the last ones written."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.program, self.hash = connection.execute("select id, hash from programs").fetchone()
        (self.secret,) = connection.execute(
            "select value from meta where name = 'secret'"
        ).fetchone()
        self.customers: dict[str, Customer] = {}
        self.event_seq = self.decision_seq = self.entry_seq = self.issued_seq = 0
        self.message_seq = 0
        self.empty()

    def empty(self) -> None:
        self.touched: dict[str, int] = {}
        self.events: list[tuple[object, ...]] = []
        self.decisions: list[tuple[object, ...]] = []
        self.entries: list[tuple[object, ...]] = []
        self.issues: list[tuple[object, ...]] = []
        self.messages: list[tuple[object, ...]] = []

    def event(self, event: Envelope, time: int) -> Customer:
        """Log the event; everything until the next one is about it."""
        self.event_seq += 1
        self.source, self.id, self.name, self.time = event.source, event.id, event.subject, time
        self.touched[event.subject] = time
        self.events.append(
            (
                self.event_seq,
                event.source,
                event.id,
                event.type,
                event.subject,
                time,
                bytes(event.data).decode(),
                "",
                self.program,
            )
        )
        customer = self.customers.get(event.subject)
        if customer is None:
            customer = self.customers[event.subject] = Customer()
        self.customer = customer
        return customer

    def decide(self, rule: str, facts: str, effects: str = "[]", reason: str = "") -> None:
        self.decision_seq += 1
        said = (
            f"{self.hash}\0{rule}\0{self.source}\0{self.id}\0{self.name}\0{reason}{facts}{effects}"
        )
        self.decision = blake2b(said.encode(), digest_size=16).hexdigest()
        self.rule = rule
        self.decisions.append(
            (
                self.decision_seq,
                self.decision,
                self.event_seq,
                self.name,
                rule,
                reason,
                self.time,
                self.program,
                facts,
                effects,
            )
        )

    def earn(self, points: int) -> None:
        self.customer.points += points
        self.customer.lots += 1
        self.entry_seq += 1
        self.entries.append(
            (
                self.entry_seq,
                self.name,
                self.customer.lots,
                points,
                self.time,
                self.event_seq,
                self.decision_seq,
                self.program,
                self.rule,
            )
        )

    def issue(self, kind: str, name: str, code: str = "") -> None:
        self.issued_seq += 1
        self.issues.append(
            (self.issued_seq, self.name, kind, name, code, self.time, self.decision_seq)
        )

    def send(self, message: str, data: str, position: int) -> None:
        self.message_seq += 1
        self.messages.append(
            (
                self.message_seq,
                f"{self.decision}-{position}",
                self.name,
                message,
                data,
                self.time,
                self.decision_seq,
                self.time,
            )
        )

    def commit(self) -> None:
        write = self.connection.executemany
        self.connection.execute("begin immediate")
        write("insert into events values (?, ?, ?, ?, ?, ?, ?, ?, ?, null)", self.events)
        write("insert into decisions values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, null)", self.decisions)
        write(
            "insert into entries "
            "values (?, ?, 'points', ?, 'accrue', 'active', ?, ?, ?, ?, ?, ?, null, null)",
            self.entries,
        )
        write("insert into issued values (?, ?, ?, ?, ?, ?, ?)", self.issues)
        write(
            "insert into outbox (seq, key, customer, message, channel, data, time, decision, "
            "status, attempts, due) values (?, ?, ?, ?, 'file', ?, ?, ?, 'pending', 0, ?)",
            self.messages,
        )
        write(
            "insert into customers values (?, ?, null, ?) on conflict (customer) "
            "do update set clock = excluded.clock, state = excluded.state",
            [(name, clock, encode(self.customers[name])) for name, clock in self.touched.items()],
        )
        self.connection.execute("commit")
        self.empty()


def money(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02}"


def earned(points: int) -> str:
    return f'[{{"effect":"accrue","wallet":"points","points":{points}}}]'


def sent(message: str, values: str) -> str:
    return f'{{"effect":"send","message":"{message}","channel":"file","values":{values}}}'


def voucher_code(secret: bytes, customer: str, decision: str) -> str:
    key = hmac.digest(secret, customer.encode(), sha256).hex()
    number = int.from_bytes(hmac.digest(key.encode(), f"{decision}:0".encode(), sha256))
    groups = []
    for _ in range(3):
        letters = ""
        for _ in range(4):
            number, letter = divmod(number, 27)
            letters += "23456789BCDFGHJKMNPQRSTVWXZ"[letter]
        groups.append(letters)
    return "-".join(groups)


# --- the rules on a purchase, in their order -----------------------------------------------


def tenth_purchase(at: Purchase, rows: Rows) -> None:
    at.customer.regular = True
    rows.decide(
        "tenth-purchase",
        '{"orders":10}',
        '[{"effect":"tag","tag":"regular","on":true},'
        '{"effect":"accrue","wallet":"points","points":100}]',
    )
    rows.earn(100)


def earn(at: Purchase, rows: Rows) -> None:
    points = at.amount // 200
    rows.decide("earn", f'{{"amount":"{money(at.amount)}"}}', earned(points))
    rows.earn(points)


def web_hundred(at: Purchase, rows: Rows) -> None:
    rows.decide("web-hundred", f'{{"amount":"{money(at.amount)}","channel":"web"}}', earned(25))
    rows.earn(25)


def app_tuesday(at: Purchase, rows: Rows) -> None:
    points = at.amount // 400
    rows.decide(
        "app-tuesday",
        f'{{"amount":"{money(at.amount)}","channel":"app","weekday":"tuesday"}}',
        earned(points),
    )
    rows.earn(points)


def bookworm(at: Purchase, rows: Rows) -> None:
    assert at.quantity is not None
    points = 5 * at.quantity
    rows.decide("bookworm", f'{{"category":"books","quantity":{at.quantity}}}', earned(points))
    rows.earn(points)


def fresh(at: Purchase, rows: Rows) -> None:
    rows.decide("fresh", f'{{"amount":"{money(at.amount)}","category":"{at.category}"}}', earned(8))
    rows.earn(8)


def second_purchase(at: Purchase, rows: Rows) -> None:
    values = f'{{"balance.points":{at.balance}}}'
    rows.decide(
        "second-purchase",
        f'{{"balance.points":{at.balance},"orders":2}}',
        '[{"effect":"accrue","wallet":"points","points":50},'
        + sent("good-to-see-you", values)
        + "]",
    )
    rows.earn(50)
    rows.send("good-to-see-you", values, 1)


def collector(at: Purchase, rows: Rows) -> None:
    facts = f'{{"spend_year":"{money(at.spend_year)}"}}'
    if at.customer.collector:
        rows.decide("collector", facts, reason="limit: once")
        return
    at.customer.collector = True
    rows.decide(
        "collector",
        facts,
        '[{"effect":"tag","tag":"collector","on":true},'
        '{"effect":"issue","kind":"benefit","name":"free-shipping"}]',
    )
    rows.issue("benefit", "free-shipping")


def busy_month(at: Purchase, rows: Rows) -> None:
    facts = f'{{"orders_month":{at.orders_month}}}'
    if at.customer.busy > at.time - 30 * DAY:
        rows.decide("busy-month", facts, reason="limit: 1 per 30 days")
        return
    at.customer.busy = at.time
    rows.decide("busy-month", facts, earned(10 * at.orders_month))
    rows.earn(10 * at.orders_month)


def silver(at: Purchase, rows: Rows) -> None:
    at.customer.band = "silver"
    rows.decide(
        "silver",
        f'{{"amount":"{money(at.amount)}","spend_year":"{money(at.spend_year)}"}}',
        '[{"effect":"set","attribute":"band","value":"silver"}]',
    )


def comeback(at: Purchase, rows: Rows) -> None:
    facts = (
        f'{{"spend_before":"{money(at.spend_before)}","spend_quarter":"{money(at.spend_quarter)}"}}'
    )
    if at.customer.comeback > at.time - 180 * DAY:
        rows.decide("comeback", facts, reason="limit: 1 per 180 days")
        return
    at.customer.comeback = at.time
    rows.decide("comeback", facts, '[{"effect":"issue","kind":"voucher","name":"fifteen-off"}]')
    rows.issue("voucher", "fifteen-off", voucher_code(rows.secret, rows.name, rows.decision))


def capital(at: Purchase, rows: Rows) -> None:
    rows.decide(
        "capital",
        f'{{"amount":"{money(at.amount)}","channel":"shop","store":"oslo"}}',
        earned(12),
    )
    rows.earn(12)


def west_coast(at: Purchase, rows: Rows) -> None:
    rows.decide(
        "west-coast",
        f'{{"channel":"{at.channel}","quantity":{at.quantity},"store":"{at.store}"}}',
        earned(4),
    )
    rows.earn(4)


def big_basket(at: Purchase, rows: Rows) -> None:
    points = at.amount // 1000
    facts = f'{{"amount":"{money(at.amount)}"}}'
    rows.decide(
        "big-basket",
        facts,
        f'[{{"effect":"accrue","wallet":"points","points":{points}}},'
        + sent("thank-you", facts)
        + "]",
    )
    rows.earn(points)
    rows.send("thank-you", facts, 1)


def toy_box(at: Purchase, rows: Rows) -> None:
    rows.decide(
        "toy-box",
        f'{{"category":"toys","channel":"{at.channel}","quantity":{at.quantity}}}',
        earned(3),
    )
    rows.earn(3)


def record(at: Purchase, rows: Rows) -> None:
    amount = money(at.amount)
    rows.decide(
        "record",
        f'{{"amount":"{amount}","biggest":"{amount}","orders":{at.orders}}}',
        earned(30),
    )
    rows.earn(30)


# --- the rules on a visit ------------------------------------------------------------------


def curious(at: Visit, rows: Rows) -> None:
    facts = f'{{"visits_month":{at.visits_month}}}'
    fired = at.customer.curious
    if len(fired) == 2 and fired[0] >= local(at.time // HOUR)[1]:
        rows.decide("curious", facts, reason="limit: 2 per month")
        return
    at.customer.curious = (*fired, at.time)[-2:]
    rows.decide("curious", facts, f"[{sent('what-is-new', facts)}]")
    rows.send("what-is-new", facts, 0)


def cart_left(at: Visit, rows: Rows) -> None:
    rows.decide(
        "cart-left",
        f'{{"minutes":{at.minutes},"page":"cart"}}',
        f"[{sent('your-cart', '{}')}]",
    )
    rows.send("your-cart", "{}", 0)


def campaign(at: Visit, rows: Rows) -> None:
    rows.decide("campaign", '{"channel":"mail","page":"campaign"}', earned(5))
    rows.earn(5)


def known_face(at: Visit, rows: Rows) -> None:
    rows.decide(
        "known-face",
        f'{{"page":"{at.page}","spend_year":"{money(at.spend_year)}"}}',
        '[{"effect":"issue","kind":"benefit","name":"early-access"}]',
    )
    rows.issue("benefit", "early-access")


# --- the conditions ------------------------------------------------------------------------

OnPurchase = Callable[[Purchase, Rows], None]
OnVisit = Callable[[Visit, Rows], None]


def purchase_rules(at: Purchase) -> list[OnPurchase]:
    """The rules whose condition holds, in their order."""
    fired: list[OnPurchase] = []
    amount, channel, category, quantity = at.amount, at.channel, at.category, at.quantity
    if at.orders == 10:
        fired.append(tenth_purchase)
    if amount >= 35_00:
        fired.append(earn)
    if channel == "web" and amount >= 100_00:
        fired.append(web_hundred)
    if channel == "app" and at.weekday == "tuesday":
        fired.append(app_tuesday)
    if category == "books" and quantity is not None and quantity >= 3:
        fired.append(bookworm)
    if (category == "fruit" or category == "bakery") and amount >= 45_00:
        fired.append(fresh)
    if at.orders == 2:
        fired.append(second_purchase)
    if at.spend_year >= 1500_00:
        fired.append(collector)
    if at.orders_month >= 5:
        fired.append(busy_month)
    if 600_00 <= at.spend_year < 900_00 and amount >= 50_00:
        fired.append(silver)
    if at.spend_before > 0 and at.spend_quarter >= 3 * at.spend_before:
        fired.append(comeback)
    if at.store == "oslo" and channel == "shop" and amount >= 40_00:
        fired.append(capital)
    if (
        (at.store == "bergen" or at.store == "stavanger")
        and quantity is not None
        and quantity >= 2
        and channel != "web"
    ):
        fired.append(west_coast)
    if amount >= 150_00:
        fired.append(big_basket)
    if (
        category == "toys"
        and (channel == "web" or channel == "app")
        and quantity is not None
        and quantity < 4
    ):
        fired.append(toy_box)
    if amount == at.biggest and at.orders >= 5:
        fired.append(record)
    return fired


def visit_rules(at: Visit) -> list[OnVisit]:
    """The rules whose condition holds, in their order."""
    fired: list[OnVisit] = []
    page = at.page
    if at.visits_month >= 3:
        fired.append(curious)
    if page == "cart" and at.minutes >= 5:
        fired.append(cart_left)
    if page == "campaign" and at.channel == "mail":
        fired.append(campaign)
    if (page == "home" or page == "news") and at.spend_year >= 500_00:
        fired.append(known_face)
    return fired


# --- the job -------------------------------------------------------------------------------

encode = Encoder().encode
decode = Decoder(Envelope).decode
decode_purchase = Decoder(PurchaseData).decode
decode_visit = Decoder(VisitData).decode


def run(
    events: Path,
    store: Path,
    batch: int,
    match_purchase: Callable[[Purchase], list[OnPurchase]] = purchase_rules,
    match_visit: Callable[[Visit], list[OnVisit]] = visit_rules,
) -> None:
    """Fold the events into the store, a transaction a batch."""
    connection = sqlite3.connect(store, isolation_level=None)
    for setting in ("synchronous = normal", "cache_size = -32768", "wal_autocheckpoint = 16000"):
        connection.execute(f"pragma {setting}")  # as loyalcore opens a store
    rows = Rows(connection)
    with events.open("rb") as file:
        while lines := list(islice(file, batch)):
            for line in lines:
                event = decode(line)
                time = (event.time - EPOCH) // MICROSECOND
                customer = rows.event(event, time)
                if event.type == "purchase":
                    purchase = enter_purchase(customer, time, decode_purchase(event.data))
                    for on_purchase in match_purchase(purchase):
                        on_purchase(purchase, rows)
                else:
                    visit = enter_visit(customer, time, decode_visit(event.data))
                    for on_visit in match_visit(visit):
                        on_visit(visit, rows)
            rows.commit()
    connection.close()


if __name__ == "__main__":
    run(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
