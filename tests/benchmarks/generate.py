"""The benchmark's events: a shop's year as CloudEvents, in time order, the same on every run.

Customers are a tenth of the events, so that at every size a customer has as many events,
and a window as many samples. A tenth of the customers make four tenths of the events.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

START = datetime(2025, 1, 1, tzinfo=UTC)
YEAR = timedelta(days=365)

CHANNELS = ("web",) * 8 + ("app",) * 6 + ("shop",) * 5 + ("mail",)
STORES = ("oslo", "bergen", "stavanger", "trondheim", "hamar", "moss", "molde", "narvik")
CATEGORIES = ("books", "toys", "fruit", "bakery", "music", "garden", "paper", "tea")
QUANTITIES = (1, 1, 1, 1, 2, 2, 2, 3, 4, 5)
PAGES = ("home", "news", "cart", "campaign", "product")


def write_events(path: Path, count: int) -> None:
    """Write `count` events to `path`, unless they are there already."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    with unfinished.open("w", encoding="utf-8") as file:
        file.writelines(lines(count))
    unfinished.rename(path)


def lines(count: int) -> Iterator[str]:
    """The events, a line each. Seven of ten are purchases, the others visits."""
    random = Random(count)
    customers = max(count // 10, 10)
    for number in range(count):
        time = START + YEAR * ((number + random.random()) / count)
        customer = random.randrange(customers // 10 if random.random() < 0.4 else customers)
        kind, data = ("purchase", purchase) if random.random() < 0.7 else ("visit", visit)
        yield (
            f'{{"specversion":"1.0","id":"e{number:08}","source":"shop","type":"{kind}",'
            f'"subject":"c{customer:06}","time":"{time:%Y-%m-%dT%H:%M:%SZ}",'
            f'"data":{{{data(random)}}}}}\n'
        )


def purchase(random: Random) -> str:
    """The fields of a purchase. A few have no category or no quantity."""
    fields = [
        f'"amount":{round(5 + random.expovariate(1 / 40), 2)}',
        f'"channel":"{random.choice(CHANNELS)}"',
        f'"store":"{random.choice(STORES)}"',
    ]
    if random.random() < 0.97:
        fields.append(f'"category":"{random.choice(CATEGORIES)}"')
    if random.random() < 0.98:
        fields.append(f'"quantity":{random.choice(QUANTITIES)}')
    return ",".join(fields)


def visit(random: Random) -> str:
    """The fields of a visit."""
    page, channel = random.choice(PAGES), random.choice(CHANNELS)
    return f'"page":"{page}","channel":"{channel}","minutes":{random.randrange(1, 9)}'
