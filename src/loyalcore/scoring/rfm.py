"""Recency, frequency and monetary value: who bought last, most often, and most.

Customers are put in order by each of the three and cut into equal parts, the best part having
the highest grade (A. M. Hughes, "Strategic Database Marketing", Probus 1994, who cut fifths).
Equal figures have equal grades, so parts may be uneven where many are alike, as those with a
single purchase are.

Segments are names for grades: {best: {recency: 4-5, monetary: 5}}. Those that are there without
naming any go by the first two, since how recent and how frequent are what tells of purchases to
come (P. S. Fader, B. G. S. Hardie and K. L. Lee, "RFM and CLV", Journal of Marketing Research
42(4), 2005).
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Annotated, NamedTuple

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from loyalcore.ruleset.words import DurationText, Label, Section, worded
from loyalcore.scoring.figures import column, grade
from loyalcore.scoring.purchases import AmountSettings, bought, net, window
from loyalcore.scoring.strategy import Occurrence, Strategy, StrategyKind, Summary
from loyalcore.values import INTEGER, Locale, Type, Value

_GRADES = re.compile(r"(\d{1,2})(?:\s*-\s*(\d{1,2}))?", re.ASCII)


def _grades(text: str) -> str:
    if not _GRADES.fullmatch(text.strip()):
        raise PydanticCustomError("bad-value", "expected a grade, or grades such as 4-5")
    return text


Grades = Annotated[str, BeforeValidator(worded), AfterValidator(_grades)]


class SegmentSpec(Section):
    """Grades that make a segment; what isn't said may be any."""

    recency: Grades | None = Field(None, description="how recent: 4-5")
    frequency: Grades | None = Field(None, description="how often: 1")
    monetary: Grades | None = Field(None, description="how much: 5")

    def holds(self, grades: Sequence[int]) -> bool:
        """Whether a customer with these three grades is of it."""
        wanted = (self.recency, self.frequency, self.monetary)
        return all(
            text is None or _within(text, own) for text, own in zip(wanted, grades, strict=True)
        )


def _within(text: str, own: int) -> bool:
    found = _GRADES.fullmatch(text.strip())
    assert found is not None
    return int(found[1]) <= own <= int(found[2] or found[1])


FIFTHS: Mapping[str, SegmentSpec] = {
    "champions": SegmentSpec(recency="4-5", frequency="4-5"),
    "new": SegmentSpec(recency="5", frequency="1"),
    "promising": SegmentSpec(recency="4-5", frequency="1-2"),
    "loyal": SegmentSpec(recency="3-5", frequency="3-5"),
    "needs_attention": SegmentSpec(recency="3", frequency="1-2"),
    "cant_lose": SegmentSpec(recency="1", frequency="5"),
    "at_risk": SegmentSpec(recency="1-2", frequency="3-5"),
    "hibernating": SegmentSpec(recency="2", frequency="1-2"),
    "lost": SegmentSpec(recency="1", frequency="1-2"),
}
"""The segments where the ruleset names none."""


class RfmSettings(AmountSettings):
    """Recency, frequency and monetary value, each as a grade, and segments of those."""

    over: DurationText | None = Field(
        None, description="how far back: 24 months; without it, all that there is"
    )
    grades: int = Field(5, ge=2, le=10, strict=True, description="how many equal parts")
    segments: dict[Label, SegmentSpec] = Field(
        default_factory=dict,
        description="names for grades, the first that fits counting; without it, those of fifths",
    )


class Cuts(NamedTuple):
    """The figures of all customers, each in order of size: what grades are cut from."""

    recency: array[float]
    frequency: array[float]
    monetary: array[float]


class Rfm(Strategy[Cuts]):
    """A summary is the time of the last purchase, how many there were, and what they came to."""

    def __init__(self, settings: RfmSettings, locale: Locale) -> None:
        if not settings.segments and settings.grades != 5:
            raise ValueError("segments must be named where there are not 5 grades")
        self._grades = settings.grades
        self._segments = settings.segments or FIFTHS
        grades = range(1, settings.grades + 1)
        triples = list(product(grades, grades, grades))
        for name, spec in self._segments.items():
            if not any(spec.holds(triple) for triple in triples):
                raise ValueError(f"no grades from 1 to {settings.grades} are '{name}'")
        self.inputs = settings.inputs(window(settings.over))
        self.outputs = {
            "recency": INTEGER,
            "frequency": INTEGER,
            "monetary": INTEGER,
            "segment": Type("text", tuple(self._segments)),
        }

    def observe(self, history: Sequence[Occurrence], at: int) -> Summary | None:
        purchases = bought(history)
        if not purchases:
            return None
        return purchases[-1].time, len(purchases), net(history)

    def fit(self, summaries: Iterable[Summary], at: int) -> Cuts:
        return Cuts(column(summaries, 0), column(summaries, 1), column(summaries, 2))

    def score(self, summary: Summary, model: Cuts) -> Mapping[str, Value | None]:
        grades = [
            grade(ordered, figure, self._grades)
            for ordered, figure in zip(model, summary, strict=True)
            if isinstance(figure, int | float)
        ]
        segment = next((name for name, spec in self._segments.items() if spec.holds(grades)), None)
        recency, frequency, monetary = grades
        return {
            "recency": recency,
            "frequency": frequency,
            "monetary": monetary,
            "segment": segment,
        }


RFM = StrategyKind("rfm", "1", RfmSettings, Rfm)
