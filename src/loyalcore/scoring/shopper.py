"""Shopper type: who buys for the price, and who for the relationship.

Transaction shoppers look for the best deal, enjoy comparing, and leave for the next promotion;
relationship shoppers look for somebody to trust, are slow to win, and then come back (on why
people choose to choose less: J. N. Sheth and A. Parvatiyar, "Relationship Marketing in Consumer
Markets", Journal of the Academy of Marketing Science 23(4), 1995). Three signs can be seen in a
log:

- how many of a customer's purchases were on promotion (deal proneness: R. C. Blattberg and S. A.
  Neslin, "Sales Promotion: Concepts, Methods, and Strategies", Prentice Hall 1990);
- how regularly they come: the standard deviation of the gaps over their mean, which is 1 for
  purchases at random and less for a habit;
- whether they do more than buy: visits, reviews, referrals, as the ruleset names them.

Each sign that can be seen counts one point for or against a relationship, and the sum decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean, pstdev

from pydantic import Field

from loyalcore.ruleset.words import DurationText, Formula, Labels
from loyalcore.scoring.figures import gaps_of, rounded
from loyalcore.scoring.purchases import EventsSettings, Share, asked, bought, percent, window
from loyalcore.scoring.strategy import Input, Occurrence, Strategy, StrategyKind, Summary
from loyalcore.values import FLAG, NUMBER, Locale, Type, Value


class ShopperSettings(EventsSettings):
    """Transaction, relationship or mixed: by promotions, regularity, and what else they do."""

    over: DurationText | None = Field(
        None, description="how far back: 24 months; without it, all that there is"
    )
    promotion: Formula = Field(
        description="whether a purchase was on promotion, a condition over the event: discount > 0"
    )
    relates: Labels = Field(
        (), description="events by which customers show attachment: [review, referral]"
    )
    deals: Share = Field("50 %", description="the share on promotion from which it tells of deals")
    trust: Share = Field("20 %", description="the share up to which it tells of trust")
    purchases: int = Field(
        3, ge=2, strict=True, description="how many purchases it takes to say anything"
    )


class Shopper(Strategy[None]):
    """A summary is the share on promotion, how irregular the gaps are (None: too few of them),
    and how often the customer showed attachment."""

    def __init__(self, settings: ShopperSettings, locale: Locale) -> None:
        self._least, self._relates = settings.purchases, bool(settings.relates)
        self._deals, self._trust = percent(settings.deals), percent(settings.trust)
        if self._trust >= self._deals:
            raise ValueError("trust is a share below that of deals")
        over = window(settings.over)
        promotion = asked("promotion", settings.promotion, FLAG)
        self.inputs = (
            settings.input(promotion, over=over),
            *(
                Input(event, ("relates", place), over=over)
                for place, event in enumerate(settings.relates)
            ),
        )
        self.outputs = {
            "type": Type("text", ("transaction", "mixed", "relationship")),
            "promotion_share": NUMBER,
            "irregularity": NUMBER,
        }

    def observe(self, history: Sequence[Occurrence], at: int) -> Summary | None:
        purchases = bought(history)
        if len(purchases) < self._least:
            return None
        promoted = sum(one.values[0] is True for one in purchases)
        gaps = gaps_of(purchases, at)
        irregular = pstdev(gaps) / fmean(gaps) if len(gaps) >= 2 else None
        return 100 * promoted / len(purchases), irregular, len(history) - len(purchases)

    def fit(self, summaries: Iterable[Summary], at: int) -> None:
        """Nobody else matters."""

    def score(self, summary: Summary, model: None) -> Mapping[str, Value | None]:
        share, irregular, shown = summary
        assert isinstance(share, float)
        signs = int(share <= self._trust) - int(share >= self._deals)
        if isinstance(irregular, float):
            signs += 1 if irregular < 1 else -1
        if self._relates:
            signs += 1 if shown else -1
        kind = "relationship" if signs >= 2 else "transaction" if signs <= -2 else "mixed"
        return {
            "type": kind,
            "promotion_share": rounded(share, 1),
            "irregularity": rounded(irregular) if isinstance(irregular, float) else None,
        }


SHOPPER = StrategyKind("shopper", "1", ShopperSettings, Shopper)
