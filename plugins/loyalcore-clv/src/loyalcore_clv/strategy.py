"""The strategy `clv`: whether a customer is still there, how often they will buy, and for how
much.

What a customer does on one day is one purchase, and the first is no repeat: it only says when
they came. Days are those of the program's time zone, times are in weeks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from loyalcore.scoring import (
    DAY,
    FLAG,
    MONEY,
    NUMBER,
    Asked,
    CannotScore,
    Input,
    Locale,
    Occurrence,
    Strategy,
    Summary,
    Value,
    read_duration,
    rounded,
)
from loyalcore.values import to_datetime
from loyalcore_clv import bgnbd, gamma_gamma
from loyalcore_clv.bgnbd import BgNbd
from loyalcore_clv.gamma_gamma import GammaGamma, Spending
from loyalcore_clv.settings import ClvSettings

WEEK = 7.0  # days
LEAST = 20  # customers who came back: with fewer there is nothing to learn from
STEP = 365.25 / 12 / WEEK  # weeks of a month: what is expected is discounted month by month


class Fitted(NamedTuple):
    """What was found of all customers together."""

    buying: BgNbd
    spending: GammaGamma


class Clv(Strategy[Fitted]):
    """A summary is x, t and T in weeks (see bgnbd.py), and the mean worth of repeat purchases in
    whole units of the currency."""

    def __init__(self, settings: ClvSettings, locale: Locale) -> None:
        self._zone, self._unit = locale.zone, locale.unit
        where = None if settings.where is None else Asked(settings.where, (FLAG,), ("where",))
        amount = Asked(settings.amount, (MONEY,), ("amount",))
        self.inputs = (Input(settings.event, ("event",), (amount,), where),)
        self.outputs = {"alive": NUMBER, "purchases": NUMBER, "spend": MONEY, "value": MONEY}
        horizon = read_duration(settings.horizon)
        weeks = horizon.months * STEP + horizon.microseconds / DAY / WEEK
        # By months, the last of which may be cut short.
        self._ahead = np.append(np.arange(1, np.ceil(weeks / STEP - 1e-9)) * STEP, weeks)
        yearly = 1 + float(settings.discount) / 100
        self._discounts = yearly ** -(self._ahead / (12 * STEP))

    def observe(self, history: Sequence[Occurrence], at: int) -> Summary | None:
        worth: dict[int, int] = {}
        for one in history:
            amount = one.values[0]
            day = self._day(one.time)
            worth[day] = worth.get(day, 0) + (amount if isinstance(amount, int) else 0)
        if not worth:
            return None
        first, *repeats = sorted(worth)
        last = repeats[-1] if repeats else first
        mean = sum(worth[day] for day in repeats) / len(repeats) if repeats else 0.0
        lasting = (self._day(at) - first) / WEEK
        return len(repeats), (last - first) / WEEK, lasting, mean / self._unit

    def _day(self, time: int) -> int:
        return to_datetime(time, self._zone).toordinal()

    def fit(self, summaries: Iterable[Summary], at: int) -> Fitted:
        rows = np.fromiter(summaries, dtype=np.dtype((np.float64, 4)))
        x, t, T, mean = rows.T if len(rows) else np.empty((4, 0))
        worth = (x > 0) & (mean > 0)
        if worth.sum() < LEAST:
            raise CannotScore(
                f"{worth.sum():,} customers came back and paid; it takes {LEAST} to learn from"
            )
        buying = bgnbd.fit(bgnbd.grouped(x, t, T))
        return Fitted(buying, gamma_gamma.fit(Spending(x[worth], mean[worth])))

    def score(self, summary: Summary, model: Fitted) -> Mapping[str, Value | None]:
        x, t, T, mean = (float(figure) for figure in summary)  # type: ignore[arg-type]  # numbers
        expected = model.buying.expected(self._ahead, x, t, T)
        spend = model.spending.expected(x, max(mean, 0.0))
        monthly = np.diff(expected, prepend=0.0)
        return {
            "alive": rounded(model.buying.alive(x, t, T), 2),
            "purchases": rounded(float(expected[-1]), 2),
            "spend": round(spend * self._unit),
            "value": round(float(monthly @ self._discounts) * spend * self._unit),
        }

    def parameters(self, model: Fitted) -> Mapping[str, float]:
        return {**model.buying._asdict(), **model.spending._asdict()}
